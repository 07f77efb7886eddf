/*
 * cel_conformance FILE.jsonl - the rule language against a file of vectors, one case a line (tests/vectors/cel).
 *
 * A case that is outside the subset must be refused, by the compiler or here when a declaration has no meaning in the
 * rule language; it then counts as skipped. Ends with "N passed, M failed, K skipped"; exit code 1 when any failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "contracts/cel/compile/compile.h"

enum {
    ARENA = 4 << 20,
    CELLS = 1 << 16,
    VARIABLES = 64,
};

/* Raised, so that the limits of lang 1 do not decide; the objects are those that ship. */
static const struct fwl_cel_limits limits = {
    .source_bytes = 65535,
    .code_bytes = 65535,
    .cost = FWL_CEL_COST_CAP,
    .arena_units = 1 << 20,
    .string_bytes = 4096,
    .entries = 4096,
    .constants = 255,
    .stack_cells = FWL_CEL_STACK_MAX,
    .loops = FWL_CEL_LOOPS_MAX,
    .nesting = 250,
};

enum verdict { PASSED, FAILED, REFUSED };

struct test {
    const json_t *line;
    struct fwl_cel_cell cells[CELLS]; /* of bindings and expected values */
    size_t cell_count;
    uint8_t bytes[1 << 20];
    size_t byte_count;
    struct fwl_cel_variable variables[VARIABLES];
    size_t variable_count;
    struct fwl_cel_cell slots[256];
    uint8_t arena[ARENA];
    struct fwl_cel_cell constants[255];
    struct fwl_cel_cell stack[FWL_CEL_STACK_MAX];
    struct fwl_cel_cell memory[(1 << 20) / sizeof(struct fwl_cel_cell)];
    char reason[512];
};

static const char *
text_of(const struct test *t, const char *key)
{
    const char *text = json_string_value(json_object_get(t->line, key));

    return text == NULL ? "" : text;
}

static struct fwl_cel_cell *
take(struct test *t, size_t count)
{
    struct fwl_cel_cell *cells = t->cells + t->cell_count;

    if (t->cell_count + count > CELLS) {
        (void)fprintf(stderr, "too many values in one line\n");
        exit(2);
    }
    t->cell_count += count;
    return cells;
}

static bool to_cell(struct test *t, struct fwl_cel_cell *out, const json_t *value);

static bool
list_cell(struct test *t, struct fwl_cel_cell *out, const json_t *items)
{
    size_t count = json_array_size(items);
    struct fwl_cel_cell *cells = take(t, count);

    for (size_t i = 0; i < count; i++) {
        if (!to_cell(t, &cells[i], json_array_get(items, i))) {
            return false;
        }
    }
    *out = fwl_cel_cell_list(cells, count);
    return true;
}

static bool
map_cell(struct test *t, struct fwl_cel_cell *out, const json_t *pairs)
{
    size_t count = json_array_size(pairs);
    struct fwl_cel_cell *cells = take(t, 2 * count);

    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(pairs, i);

        if (!to_cell(t, &cells[2 * i], json_array_get(pair, 0)) ||
            !to_cell(t, &cells[2 * i + 1], json_array_get(pair, 1))) {
            return false;
        }
    }
    *out = fwl_cel_cell_map(cells, count);
    return true;
}

static int
nibble(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static struct fwl_cel_cell
bytes_cell(struct test *t, const char *hex)
{
    uint8_t *start = t->bytes + t->byte_count;
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        start[i] = (uint8_t)(nibble(hex[2 * i]) * 16 + nibble(hex[2 * i + 1]));
    }
    t->byte_count += size;
    return fwl_cel_cell_bytes(fwl_span(start, size));
}

static bool
type_cell(struct fwl_cel_cell *out, const char *name)
{
    static const struct {
        const char *name;
        enum fwl_cel_kind kind;
    } types[] = {
        {"bool", FWL_CEL_BOOL},     {"int", FWL_CEL_INT},     {"uint", FWL_CEL_UINT},
        {"string", FWL_CEL_STRING}, {"bytes", FWL_CEL_BYTES}, {"list", FWL_CEL_LIST},
        {"map", FWL_CEL_MAP},       {"type", FWL_CEL_TYPE},   {"null_type", FWL_CEL_NULL},
    };

    for (size_t i = 0; i < FWL_COUNT(types); i++) {
        if (strcmp(types[i].name, name) == 0) {
            *out = (struct fwl_cel_cell){.kind = FWL_CEL_TYPE, .v.u = types[i].kind};
            return true;
        }
    }
    return false;
}

/* A VALUE of the vectors; false when the rule language has no such value. */
static bool
to_cell(struct test *t, struct fwl_cel_cell *out, const json_t *value)
{
    const json_t *v = NULL;
    const char *kind = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)value));
    long long seconds = 0;
    long long nanos = 0;

    if (kind == NULL) {
        return false;
    }
    v = json_object_get(value, kind);
    if (json_is_array(v) && json_array_size(v) == 2 && json_is_string(json_array_get(v, 0))) {
        seconds = strtoll(json_string_value(json_array_get(v, 0)), NULL, 10);
        nanos = json_integer_value(json_array_get(v, 1));
    }
    if (strcmp(kind, "null") == 0) {
        *out = fwl_cel_cell_null();
    } else if (strcmp(kind, "bool") == 0) {
        *out = fwl_cel_cell_bool(json_is_true(v));
    } else if (strcmp(kind, "int") == 0) {
        *out = fwl_cel_cell_int(strtoll(json_string_value(v), NULL, 10));
    } else if (strcmp(kind, "uint") == 0) {
        *out = fwl_cel_cell_uint(strtoull(json_string_value(v), NULL, 10));
    } else if (strcmp(kind, "string") == 0) {
        *out = fwl_cel_cell_string(fwl_span(json_string_value(v), json_string_length(v)));
    } else if (strcmp(kind, "bytes") == 0) {
        *out = bytes_cell(t, json_string_value(v));
    } else if (strcmp(kind, "list") == 0) {
        return list_cell(t, out, v);
    } else if (strcmp(kind, "map") == 0) {
        return map_cell(t, out, v);
    } else if (strcmp(kind, "type") == 0) {
        return type_cell(out, json_string_value(v));
    } else if (strcmp(kind, "timestamp") == 0) {
        *out = fwl_cel_cell_timestamp(seconds, (uint32_t)nanos);
    } else if (strcmp(kind, "duration") == 0) {
        *out = fwl_cel_cell_duration(seconds * 1000000000 + nanos);
    } else if (strcmp(kind, "semver") == 0) {
        *out = fwl_cel_cell_version(FWL_SCHEME_SEMVER, fwl_span_text(json_string_value(v)), 0);
    } else {
        return false;
    }
    return true;
}

/* Equal in kind and value at any depth: here int 1 is not uint 1. Maps: the same keys in any order. */
static bool
same(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == FWL_CEL_LIST) {
        for (uint32_t i = 0; a->size == b->size && i < a->size; i++) {
            if (!same(&a->v.cells[i], &b->v.cells[i])) {
                return false;
            }
        }
        return a->size == b->size;
    }
    if (a->kind == FWL_CEL_MAP) {
        for (size_t i = 0; a->size == b->size && i < a->size; i++) {
            size_t j = 0;

            while (j < b->size && !same(&a->v.cells[2 * i], &b->v.cells[2 * j])) {
                j++;
            }
            if (j == b->size || !same(&a->v.cells[2 * i + 1], &b->v.cells[2 * j + 1])) {
                return false;
            }
        }
        return a->size == b->size;
    }
    return fwl_cel_equal(a, b);
}

static enum verdict
refuse(struct test *t, const char *why)
{
    (void)snprintf(t->reason, sizeof(t->reason), "refused: %s", why);
    return REFUSED;
}

static enum verdict
fail(struct test *t, const char *why, const char *detail)
{
    (void)snprintf(t->reason, sizeof(t->reason), "%s %s", why, detail);
    return FAILED;
}

static bool
declare(struct test *t, const char *name, const char *type)
{
    if (strchr(name, '.') != NULL || t->variable_count == VARIABLES) {
        return false;
    }
    for (size_t i = 0; i < t->variable_count; i++) {
        if (strcmp(t->variables[i].name, name) == 0) {
            return true;
        }
    }
    t->variables[t->variable_count] = (struct fwl_cel_variable){
        .name = name, .type = type, .slot = (uint16_t)(FWL_CEL_SLOTS + t->variable_count), .from = FWL_CEL_FROM_TEST};
    t->variable_count++;
    return true;
}

static bool
bind(struct test *t, const char *name, const json_t *value)
{
    for (size_t i = 0; i < t->variable_count; i++) {
        if (strcmp(t->variables[i].name, name) == 0) {
            return to_cell(t, &t->slots[t->variables[i].slot], value);
        }
    }
    return false;
}

/* Variables and bindings of the line; false when the rule language cannot have them. */
static bool
declare_all(struct test *t)
{
    json_t *vars = json_object_get(t->line, "vars");
    json_t *bindings = json_object_get(t->line, "bindings");
    const char *name = NULL;
    json_t *value = NULL;

    if (text_of(t, "container")[0] != '\0' || json_object_size(json_object_get(t->line, "funcs")) != 0) {
        return false;
    }
    json_object_foreach(vars, name, value)
    {
        if (!declare(t, name, json_string_value(value))) {
            return false;
        }
    }
    json_object_foreach(bindings, name, value)
    {
        if (!declare(t, name, "dyn") || !bind(t, name, value)) {
            return false;
        }
    }
    return true;
}

/* Is the expected value, if there is one, a value of the rule language? */
static bool
has_expected_value(struct test *t)
{
    const json_t *value = json_object_get(t->line, "value");
    struct fwl_cel_cell unused;

    return value == NULL || to_cell(t, &unused, value);
}

static bool
says_unknown(const char *text)
{
    return strstr(text, "undeclared") != NULL || strstr(text, "unbound") != NULL || strstr(text, "unknown") != NULL;
}

/* The compiler said no: right when the line expects an error, though not for the reason that we lack something. */
static enum verdict
judge_refusal(struct test *t, const struct fwl_cel_diagnostic *d, bool in_subset)
{
    const char *error = text_of(t, "error");

    if (!in_subset) {
        return refuse(t, d->message);
    }
    if (json_object_get(t->line, "error") == NULL || json_object_get(t->line, "cost") != NULL) {
        return fail(t, "does not compile:", d->message);
    }
    return d->err == FWL_ERR_UNKNOWN && !says_unknown(error) ? fail(t, "not in the subset:", d->message) : PASSED;
}

static enum verdict
judge_value(struct test *t, const struct fwl_cel_result *result)
{
    const json_t *value = json_object_get(t->line, "value");
    struct fwl_cel_cell expected;
    char text[64];

    if (json_object_get(t->line, "error") != NULL) {
        return result->err != FWL_CEL_OK ? PASSED : fail(t, "gave a value, not the error", text_of(t, "error"));
    }
    if (result->err != FWL_CEL_OK) {
        return fail(t, "error:", fwl_cel_err_text(result->err));
    }
    if (json_object_get(t->line, "cost") != NULL) {
        (void)snprintf(text, sizeof(text), "%u", (unsigned)result->cost);
        return result->cost == json_integer_value(json_object_get(t->line, "cost")) ? PASSED : fail(t, "costs", text);
    }
    return to_cell(t, &expected, value) && same(&result->value, &expected) ? PASSED : fail(t, "another value", "");
}

static enum verdict
evaluate(struct test *t, const struct fwl_cel_compiled *compiled)
{
    struct fwl_cel_program program;
    struct fwl_cel_result result;
    struct fwl_cel_limits run = limits;
    const struct fwl_cel_memory memory = {t->stack, FWL_COUNT(t->stack), t->memory, sizeof(t->memory)};
    const json_t *limit = json_object_get(t->line, "limit");

    if (fwl_cel_load(&program, t->constants, FWL_COUNT(t->constants), compiled->code, &limits) != FWL_OK) {
        return fail(t, "compiled code does not load", "");
    }
    if (limit != NULL) {
        run.cost = (uint32_t)json_integer_value(limit);
    }
    fwl_cel_eval(&result, &memory, &program, t->slots, FWL_COUNT(t->slots), &run);
    if (limit == NULL && result.cost > program.cost) {
        return fail(t, "costs more than the worst case", "");
    }
    return judge_value(t, &result);
}

static enum verdict
run_parse(struct test *t, const struct fwl_cel_options *options, bool in_subset)
{
    const json_t *expr = json_object_get(t->line, "expr");
    const char *expected = text_of(t, "parse");
    struct fwl_cel_diagnostic d;
    enum fwl_err err = fwl_cel_compile_syntax(&d, t->arena, sizeof(t->arena),
                                              fwl_span(json_string_value(expr), json_string_length(expr)), options);

    if (strcmp(expected, "limit") == 0) {
        return PASSED;
    }
    if (!in_subset) {
        /* what only another implementation reserves may be accepted */
        return err != FWL_OK ? refuse(t, d.message) : PASSED;
    }
    if (strcmp(expected, "ok") == 0) {
        return err == FWL_OK ? PASSED : fail(t, "refused:", d.message);
    }
    return err != FWL_OK ? PASSED : fail(t, "accepted", "");
}

static enum verdict
run(struct test *t, bool in_subset)
{
    const json_t *expr = json_object_get(t->line, "expr");
    struct fwl_cel_options options = {.limits = &limits,
                                      .schema = fwl_cel_schema_lang1,
                                      .profile = FWL_CEL_SUITE,
                                      .scheme = FWL_SCHEME_SEMVER,
                                      .unchecked = json_is_true(json_object_get(t->line, "disable_check"))};
    struct fwl_cel_compiled compiled;
    struct fwl_cel_diagnostic d;

    memset(t->slots, 0, sizeof(t->slots));
    t->cell_count = 0;
    t->byte_count = 0;
    t->variable_count = 0;
    if (json_object_get(t->line, "parse") != NULL) {
        return run_parse(t, &options, in_subset);
    }
    if (!declare_all(t) || !has_expected_value(t)) {
        return in_subset ? fail(t, "a variable or value is refused", "") : refuse(t, "variables or values");
    }
    options.extra = (struct fwl_cel_schema){t->variables, t->variable_count};
    if (fwl_cel_compile(&compiled, &d, t->arena, sizeof(t->arena),
                        fwl_span(json_string_value(expr), json_string_length(expr)), &options) != FWL_OK) {
        return judge_refusal(t, &d, in_subset);
    }
    if (json_object_get(t->line, "type") != NULL && strcmp(text_of(t, "type"), compiled.type) != 0) {
        return fail(t, "deduced type", compiled.type);
    }
    return json_is_true(json_object_get(t->line, "check_only")) ? PASSED : evaluate(t, &compiled);
}

int
main(int argc, char **argv)
{
    static struct test t;
    FILE *f = NULL;
    char *line = NULL;
    size_t room = 0;
    unsigned long counts[3] = {0, 0, 0};
    unsigned long number = 0;

    if (argc != 2 || (f = fopen(argv[1], "r")) == NULL) {
        (void)fprintf(stderr, "usage: cel_conformance FILE.jsonl\n");
        return 2;
    }
    while (getline(&line, &room, f) > 0) {
        json_error_t error;
        json_t *json = json_loads(line, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
        enum verdict verdict = FAILED;

        number++;
        if (json == NULL) {
            (void)fprintf(stderr, "%s:%lu: %s\n", argv[1], number, error.text);
            return 2;
        }
        t.line = json;
        t.reason[0] = '\0';
        verdict = run(&t, !json_is_false(json_object_get(json, "subset")));
        counts[verdict]++;
        if (verdict == FAILED) {
            (void)printf("%s:%lu: %s %s: %s: %s\n", argv[1], number, text_of(&t, "section"), text_of(&t, "name"),
                         text_of(&t, "expr"), t.reason);
        }
        json_decref(json);
    }
    free(line);
    (void)fclose(f);
    (void)printf("%lu passed, %lu failed, %lu skipped\n", counts[PASSED], counts[FAILED], counts[REFUSED]);
    return counts[FAILED] == 0 ? 0 : 1;
}
