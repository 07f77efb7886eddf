/*
 * cel_conformance FILE.jsonl - the rule language against a file of vectors, one case a line (tests/vectors/cel).
 *
 * A case that is outside the subset must be refused, by the compiler or here when a declaration has no meaning in the
 * rule language; it then counts as skipped. The variables of lang 1 may be bound by their names ("device.battery",
 * "now", "params.soak"); a line that binds "device" itself means a map of that name. Ends with "N passed, M failed,
 * K skipped"; exit code 1 when any failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contracts/cel/compile/compile.h"
#include "contracts/cel/eval/code.h"
#include "tests/cel/values.h"

enum {
    ARENA = 4 << 20,
    LINE_VARIABLES = 64,
    VARIABLES = LINE_VARIABLES + 64, /* and those of lang 1 */
    SLOTS = FWL_CEL_SLOTS + LINE_VARIABLES,
    UNITS = 1 << 20,
};

/* Raised, so that the limits of lang 1 do not decide; the objects are those that ship. */
static const struct fwl_cel_limits limits = {
    .source_bytes = 65535,
    .code_bytes = 65535,
    .cost = FWL_CEL_COST_CAP,
    .arena_units = UNITS,
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
    bool in_subset;
    struct values values; /* of bindings and expected values */
    struct fwl_cel_variable variables[VARIABLES];
    size_t variable_count;
    struct fwl_cel_cell slots[SLOTS];
    uint8_t arena[ARENA];
    struct fwl_cel_cell constants[255];
    struct fwl_cel_cell stack[FWL_CEL_STACK_MAX];
    struct fwl_cel_cell memory[UNITS / sizeof(struct fwl_cel_cell)];
    char reason[512];
};

static const char *
text_of(const struct test *t, const char *key)
{
    const char *text = json_string_value(json_object_get(t->line, key));

    return text == NULL ? "" : text;
}

static bool
has(const struct test *t, const char *key)
{
    return json_object_get(t->line, key) != NULL;
}

static enum verdict
fail(struct test *t, const char *why, const char *detail)
{
    (void)snprintf(t->reason, sizeof(t->reason), "%s %s", why, detail);
    return FAILED;
}

/* What is outside the subset must be refused; what is inside may not be. */
static enum verdict
refuse(struct test *t, const char *why)
{
    return t->in_subset ? fail(t, why, "") : REFUSED;
}

/* ---- variables ---- */

static struct fwl_cel_variable *
find(struct test *t, const char *name)
{
    for (size_t i = 0; i < t->variable_count; i++) {
        if (strcmp(t->variables[i].name, name) == 0) {
            return &t->variables[i];
        }
    }
    return NULL;
}

static const struct fwl_cel_variable *
find_lang1(const char *name)
{
    for (size_t i = 0; i < fwl_cel_schema_lang1.count; i++) {
        if (strcmp(fwl_cel_schema_lang1.variables[i].name, name) == 0) {
            return &fwl_cel_schema_lang1.variables[i];
        }
    }
    return NULL;
}

/* Dotted names are those of lang 1 and of the params of a policy; a package or a container there is not. */
static bool
is_name(const char *name)
{
    return strchr(name, '.') == NULL || find_lang1(name) != NULL || strncmp(name, "params.", 7) == 0;
}

/* The variable of a line, declared now or before; NULL when the rule language cannot have it. */
static struct fwl_cel_variable *
declare(struct test *t, const char *name, const char *type)
{
    struct fwl_cel_variable *v = find(t, name);

    if (v == NULL && is_name(name) && type != NULL && t->variable_count < LINE_VARIABLES) {
        v = &t->variables[t->variable_count];
        *v = (struct fwl_cel_variable){.name = name,
                                       .type = type,
                                       .slot = (uint16_t)(FWL_CEL_SLOTS + t->variable_count),
                                       .from = FWL_CEL_FROM_TEST};
        t->variable_count++;
    }
    return v;
}

/* The names of lang 1 that the line leaves as they are: with a variable `device`, `device.id` is a field of it. */
static void
add_lang1(struct test *t)
{
    size_t own = t->variable_count;

    for (size_t i = 0; i < fwl_cel_schema_lang1.count; i++) {
        const struct fwl_cel_variable *v = &fwl_cel_schema_lang1.variables[i];
        bool hidden = false;

        for (size_t j = 0; j < own; j++) {
            size_t size = strlen(t->variables[j].name);

            hidden = hidden || (strncmp(v->name, t->variables[j].name, size) == 0 &&
                                (v->name[size] == '\0' || v->name[size] == '.'));
        }
        if (!hidden) {
            FWL_ASSERT(t->variable_count < VARIABLES);
            t->variables[t->variable_count++] = *v;
        }
    }
}

/* Variables and bindings of the line; VALUES_FOREIGN when the rule language cannot have them. */
static enum values_verdict
declare_all(struct test *t)
{
    json_t *vars = json_object_get(t->line, "vars");
    json_t *bindings = json_object_get(t->line, "bindings");
    const char *name = NULL;
    json_t *value = NULL;

    if (text_of(t, "container")[0] != '\0' || json_object_size(json_object_get(t->line, "funcs")) != 0) {
        return VALUES_FOREIGN;
    }
    json_object_foreach(vars, name, value)
    {
        if (declare(t, name, json_string_value(value)) == NULL) {
            return VALUES_FOREIGN;
        }
    }
    json_object_foreach(bindings, name, value)
    {
        const struct fwl_cel_variable *known = find_lang1(name);
        const struct fwl_cel_variable *v = declare(t, name, known != NULL ? known->type : "dyn");
        enum values_verdict verdict = v == NULL ? VALUES_FOREIGN : values_read(&t->values, &t->slots[v->slot], value);

        if (verdict != VALUES_OK) {
            return verdict;
        }
    }
    add_lang1(t);
    return VALUES_OK;
}

/* Is the expected value a type that has another name here, or none? */
static bool
expects_foreign_type(struct test *t)
{
    const json_t *value = json_object_get(t->line, "value");
    struct fwl_cel_cell unused;

    return json_object_get(value, "type") != NULL && values_read(&t->values, &unused, value) == VALUES_FOREIGN;
}

/* ---- verdicts ---- */

/* Does the line expect that a name is unknown? */
static bool
expects_unknown(const struct test *t)
{
    const char *text = text_of(t, "error");

    return strstr(text, "undeclared") != NULL || strstr(text, "unbound") != NULL || strstr(text, "unknown") != NULL;
}

/* The compiler said no: right when the line expects an error, though not for the reason that we lack something. */
static enum verdict
judge_refusal(struct test *t, const struct fwl_cel_diagnostic *d)
{
    if (!t->in_subset) {
        return REFUSED;
    }
    if (!has(t, "error") || has(t, "cost") || has(t, "limit")) {
        return fail(t, "does not compile:", d->message);
    }
    if (d->err == FWL_ERR_LIMIT || d->err == FWL_ERR_MEMORY || d->err == FWL_ERR_ARG) {
        return fail(t, "a limit of this program:", d->message);
    }
    return d->err == FWL_ERR_UNKNOWN && !expects_unknown(t) ? fail(t, "not in the subset:", d->message) : PASSED;
}

/* An evaluation failed: was it for something that the language has, and not for a limit of this program? */
static enum verdict
judge_error(struct test *t, const struct fwl_cel_result *result, struct fwl_span code)
{
    const char *text = fwl_cel_err_text(result->err);
    bool unbound = result->err == FWL_CEL_ERR_UNSET && code.p[result->position + 1] == FWL_CEL_SLOT_UNBOUND;

    if (!has(t, "error")) {
        return fail(t, "error:", text);
    }
    if (has(t, "limit")) {
        return result->err == FWL_CEL_ERR_COST ? PASSED : fail(t, "not the cost limit but:", text);
    }
    if (result->err == FWL_CEL_ERR_COST || result->err == FWL_CEL_ERR_ARENA || result->err == FWL_CEL_ERR_SIZE) {
        return fail(t, "a limit of this program:", text);
    }
    return unbound && !expects_unknown(t) ? fail(t, "unknown function or name", "") : PASSED;
}

static enum verdict
judge_value(struct test *t, const struct fwl_cel_result *result)
{
    struct fwl_cel_cell expected;
    char text[64];

    if (has(t, "error")) {
        return fail(t, "gave a value, not the error", text_of(t, "error"));
    }
    if (has(t, "cost") && result->cost != json_integer_value(json_object_get(t->line, "cost"))) {
        (void)snprintf(text, sizeof(text), "%u", (unsigned)result->cost);
        return fail(t, "costs", text);
    }
    if (!has(t, "value")) {
        return has(t, "cost") ? PASSED : fail(t, "the line expects nothing", "");
    }
    if (values_read(&t->values, &expected, json_object_get(t->line, "value")) != VALUES_OK) {
        return fail(t, "gave a value, where the rule language has none like the expected one", "");
    }
    return values_same(&result->value, &expected) ? PASSED : fail(t, "another value", "");
}

static enum verdict
evaluate(struct test *t, const struct fwl_cel_compiled *compiled)
{
    struct fwl_cel_program program;
    struct fwl_cel_result result;
    struct fwl_cel_limits run = limits;
    const struct fwl_cel_memory memory = {t->stack, FWL_COUNT(t->stack), t->memory, sizeof(t->memory)};
    json_int_t limit = json_integer_value(json_object_get(t->line, "limit"));

    if (fwl_cel_load(&program, t->constants, FWL_COUNT(t->constants), compiled->code, &limits) != FWL_OK) {
        return fail(t, "compiled code does not load", "");
    }
    if (has(t, "limit")) {
        run.cost = (uint32_t)FWL_MAX(0, FWL_MIN(limit, FWL_CEL_COST_CAP));
    }
    fwl_cel_eval(&result, &memory, &program, t->slots, FWL_COUNT(t->slots), &run);
    if (!has(t, "limit") && result.cost > program.cost) {
        return fail(t, "costs more than the worst case", "");
    }
    return result.err == FWL_CEL_OK ? judge_value(t, &result) : judge_error(t, &result, compiled->code);
}

static enum verdict
run_parse(struct test *t, struct fwl_span expr, const struct fwl_cel_options *options)
{
    const char *expected = text_of(t, "parse");
    struct fwl_cel_diagnostic d;
    enum fwl_err err = fwl_cel_compile_syntax(&d, t->arena, sizeof(t->arena), expr, options);

    if (strcmp(expected, "limit") == 0) {
        return PASSED;
    }
    if (!t->in_subset) {
        /* what only another implementation reserves may be accepted */
        return err != FWL_OK ? REFUSED : PASSED;
    }
    if (strcmp(expected, "ok") == 0) {
        return err == FWL_OK ? PASSED : fail(t, "refused:", d.message);
    }
    return err != FWL_OK ? PASSED : fail(t, "accepted", "");
}

static enum verdict
run(struct test *t)
{
    const json_t *text = json_object_get(t->line, "expr");
    struct fwl_span expr = fwl_span(json_string_value(text), json_string_length(text));
    struct fwl_cel_options options = {.limits = &limits,
                                      .profile = FWL_CEL_SUITE,
                                      .scheme = FWL_SCHEME_SEMVER,
                                      .unchecked = json_is_true(json_object_get(t->line, "disable_check"))};
    struct fwl_cel_compiled compiled;
    struct fwl_cel_diagnostic d;
    enum values_verdict declared = VALUES_OK;

    if (!json_is_string(text)) {
        return fail(t, "no expression", "");
    }
    if (has(t, "parse")) {
        return run_parse(t, expr, &options);
    }
    declared = declare_all(t);
    if (declared == VALUES_FOREIGN || expects_foreign_type(t)) {
        return refuse(t, "a variable, its value or the expected type is not in the language");
    }
    if (declared == VALUES_MALFORMED) {
        return fail(t, "a malformed value", "");
    }
    options.schema = (struct fwl_cel_schema){t->variables, t->variable_count};
    if (fwl_cel_compile(&compiled, &d, t->arena, sizeof(t->arena), expr, &options) != FWL_OK) {
        return judge_refusal(t, &d);
    }
    if (has(t, "type") && strcmp(text_of(t, "type"), compiled.type) != 0) {
        return fail(t, "deduced type", compiled.type);
    }
    return json_is_true(json_object_get(t->line, "check_only")) ? PASSED : evaluate(t, &compiled);
}

/* One line of the file; what is no JSON object fails. */
static enum verdict
run_line(struct test *t, const char *text)
{
    json_error_t error;
    json_t *line = json_loads(text, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    enum verdict verdict = FAILED;

    t->line = line;
    t->in_subset = !json_is_false(json_object_get(line, "subset"));
    t->values.cell_count = 0;
    t->values.byte_count = 0;
    t->variable_count = 0;
    t->reason[0] = '\0';
    memset(t->slots, 0, sizeof(t->slots));
    if (line == NULL) {
        return fail(t, "no JSON:", error.text);
    }
    verdict = run(t);
    if (verdict == FAILED) {
        char why[sizeof(t->reason)];

        memcpy(why, t->reason, sizeof(why));
        (void)snprintf(t->reason, sizeof(t->reason), "%s %s: %s: %.200s", text_of(t, "section"), text_of(t, "name"),
                       text_of(t, "expr"), why);
    }
    json_decref(line);
    return verdict;
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
        enum verdict verdict = PASSED;

        number++;
        if (line[strspn(line, " \t\r\n")] == '\0') {
            continue;
        }
        verdict = run_line(&t, line);
        counts[verdict]++;
        if (verdict == FAILED) {
            (void)printf("%s:%lu: %s\n", argv[1], number, t.reason);
        }
    }
    free(line);
    (void)fclose(f);
    (void)printf("%lu passed, %lu failed, %lu skipped\n", counts[PASSED], counts[FAILED], counts[REFUSED]);
    return counts[FAILED] == 0 ? 0 : 1;
}
