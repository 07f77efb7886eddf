#include "contracts/cel/compile/compile.h"

#include "contracts/cel/compile/compiler.h"
#include "core/cbor.h"

/* The compiler itself stands at the start of the arena. NULL: not even that fits. */
static struct fwl_cel_compiler *
start(struct fwl_cel_diagnostic *diagnostic, void *arena, size_t arena_bytes, struct fwl_span source,
      const struct fwl_cel_options *options)
{
    struct fwl_cel_compiler *c = arena;

    memset(diagnostic, 0, sizeof(*diagnostic));
    if (arena_bytes < sizeof(*c)) {
        diagnostic->err = FWL_ERR_MEMORY;
        return NULL;
    }
    memset(c, 0, offsetof(struct fwl_cel_compiler, trail));
    c->options = options;
    c->limits = options->limits;
    c->source = source;
    c->arena = (uint8_t *)arena + sizeof(*c);
    c->arena_left = arena_bytes - sizeof(*c);
    c->diagnostic = diagnostic;
    if (source.size > c->limits->source_bytes) {
        fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, 0, "the rule has % bytes, at most % are possible",
                              fwl_cel_compiler_number(c, (uint32_t)FWL_MIN(source.size, UINT32_MAX)),
                              fwl_cel_compiler_number(c, c->limits->source_bytes));
    } else if (!fwl_utf8_check(source)) {
        c->source = fwl_cel_none(); /* a view of it could not be printed */
        fwl_cel_compiler_fail(c, FWL_ERR_UTF8, 0, "the rule is not valid UTF-8", fwl_cel_none(), fwl_cel_none());
    }
    return c;
}

enum fwl_err
fwl_cel_worst_cost(struct fwl_cel_compiler *c, uint32_t *cost, struct fwl_span code)
{
    struct fwl_cel_program program;
    struct fwl_cel_limits limits = *c->limits;
    struct fwl_cel_cell *constants = fwl_cel_compiler_alloc(c, limits.constants * sizeof(*constants));
    enum fwl_err err = FWL_ERR_MEMORY;

    limits.cost = UINT32_MAX;
    if (constants != NULL) {
        err = fwl_cel_load(&program, constants, limits.constants, code, &limits);
    }
    if (err == FWL_OK) {
        *cost = program.cost;
    }
    return err;
}

/* The source of a part; of a long one its beginning. */
static struct fwl_span
part_text(struct fwl_cel_compiler *c, const struct fwl_cel_node *n)
{
    static const char dots[] = {'.', '.', '.'};
    struct fwl_span text = fwl_span(c->source.p + n->start, n->end - n->start);
    size_t size = FWL_CEL_MESSAGE_BYTES / 2;
    uint8_t *cut = NULL;

    if (text.size <= size) {
        return text;
    }
    cut = fwl_cel_compiler_alloc(c, size);
    if (cut == NULL) {
        return text;
    }
    size -= sizeof(dots);
    while ((text.p[size] & 0xc0) == 0x80) { /* whole code points */
        size--;
    }
    memcpy(cut, text.p, size);
    memcpy(cut + size, dots, sizeof(dots));
    return fwl_span(cut, size + sizeof(dots));
}

static void
too_dear(struct fwl_cel_compiler *c, struct fwl_cel_node *root, uint32_t total)
{
    uint32_t share = 0;
    const struct fwl_cel_node *part = fwl_cel_dearest(c, &share, root, total);
    struct fwl_span number = fwl_cel_compiler_number(c, share);

    fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, part->start, "the rule may cost % units; its dearest part is `%`",
                          fwl_cel_compiler_number(c, total), part_text(c, part));
    fwl_cel_compiler_hint(c, "that part may cost %; the limit of a rule is %: shorten lists, put no loop into a loop",
                          number, fwl_cel_compiler_number(c, c->limits->cost));
}

/* A published rule cannot run out of the arena. */
static void
check_usage(struct fwl_cel_compiler *c, const struct fwl_cel_node *root)
{
    struct fwl_cel_usage most = {0};
    uint32_t units = fwl_cel_usage(c, &most, root);
    bool anew = most.in_loop && (most.part->kind == FWL_CEL_N_LIST || most.part->kind == FWL_CEL_N_MAP);

    if (units <= c->limits->arena_units) {
        return;
    }
    fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, most.part->start,
                          "the rule may use % units of memory; most of them are for `%`",
                          fwl_cel_compiler_number(c, units), part_text(c, most.part));
    fwl_cel_compiler_hint(c,
                          anew
                              ? "that part may use %, a rule at most %: a literal is made anew in each turn of a loop; "
                                "make it once, before: cel.bind(name, [...], ...)"
                              : "that part may use %, a rule at most %: make less of texts, lists and optionals in a "
                                "loop, shorten lists",
                          fwl_cel_compiler_number(c, most.units), fwl_cel_compiler_number(c, c->limits->arena_units));
}

/* The verifier is the judge of stack, loops and worst-case cost, here as on the device. */
static void
verify(struct fwl_cel_compiler *c, struct fwl_cel_compiled *out, struct fwl_cel_node *root)
{
    enum fwl_err err = fwl_cel_worst_cost(c, &out->cost, out->code);

    if (err == FWL_ERR_LIMIT) {
        fwl_cel_compiler_fail(c, err, 0, "the rule is nested too deeply: it needs more than % cells of the stack",
                              fwl_cel_compiler_number(c, c->limits->stack_cells), fwl_cel_none());
        fwl_cel_compiler_hint(c, "an entry of a literal list takes a cell, one of a map two: shorten them",
                              fwl_cel_none(), fwl_cel_none());
    } else if (err != FWL_OK) {
        fwl_cel_compiler_fail(c, err, 0, "a constant of the rule is over a limit", fwl_cel_none(), fwl_cel_none());
    }
    if (c->err == FWL_OK && out->cost > c->limits->cost) {
        too_dear(c, root, out->cost);
    }
    if (c->err == FWL_OK && c->options->profile == FWL_CEL_PUBLISH) {
        check_usage(c, root);
    }
}

static void
generate(struct fwl_cel_compiler *c, struct fwl_cel_compiled *out, struct fwl_cel_node *n)
{
    const struct fwl_cel_type *type = NULL;

    fwl_cel_check(c, n);
    if (c->err != FWL_OK) {
        return;
    }
    type = fwl_cel_type_resolve(n->type);
    out->type = (const char *)fwl_cel_type_text(c, n->type).p; /* zeros follow in the arena */
    if (c->options->want_bool && type->kind != FWL_CEL_T_BOOL && type->kind != FWL_CEL_T_DYN) {
        fwl_cel_compiler_fail(c, FWL_ERR_TYPE, n->at, "a rule must give a bool, this gives %", fwl_span_text(out->type),
                              fwl_cel_none());
    }
    out->code = fwl_cel_emit(c, n);
    if (c->err == FWL_OK) {
        verify(c, out, n);
    }
}

enum fwl_err
fwl_cel_compile(struct fwl_cel_compiled *out, struct fwl_cel_diagnostic *diagnostic, void *arena, size_t arena_bytes,
                struct fwl_span source, const struct fwl_cel_options *options)
{
    struct fwl_cel_diagnostic unread;
    struct fwl_cel_compiler *c = start(diagnostic != NULL ? diagnostic : &unread, arena, arena_bytes, source, options);
    struct fwl_cel_node *n = NULL;

    memset(out, 0, sizeof(*out));
    if (c == NULL) {
        return FWL_ERR_MEMORY;
    }
    if (c->err == FWL_OK) {
        n = fwl_cel_parser_parse(c);
    }
    if (c->err == FWL_OK) {
        generate(c, out, n);
    }
    if (c->err != FWL_OK) {
        memset(out, 0, sizeof(*out));
    }
    return c->err;
}

enum fwl_err
fwl_cel_compile_syntax(struct fwl_cel_diagnostic *diagnostic, void *arena, size_t arena_bytes, struct fwl_span source,
                       const struct fwl_cel_options *options)
{
    struct fwl_cel_diagnostic unread;
    struct fwl_cel_compiler *c = start(diagnostic != NULL ? diagnostic : &unread, arena, arena_bytes, source, options);

    if (c == NULL) {
        return FWL_ERR_MEMORY;
    }
    if (c->err == FWL_OK) {
        (void)fwl_cel_parser_parse(c);
    }
    return c->err;
}

static struct fwl_cel_options
to_publish(struct fwl_cel_schema schema, struct fwl_cel_schema params, enum fwl_scheme scheme)
{
    return (struct fwl_cel_options){.limits = &fwl_cel_limits_lang1,
                                    .schema = schema,
                                    .extra = params,
                                    .profile = FWL_CEL_PUBLISH,
                                    .scheme = scheme,
                                    .want_bool = true};
}

enum fwl_err
fwl_cel_compile_condition(struct fwl_cel_compiled *out, struct fwl_cel_diagnostic *diagnostic, void *arena,
                          size_t arena_bytes, struct fwl_span source, struct fwl_cel_schema params,
                          enum fwl_scheme scheme)
{
    const struct fwl_cel_options options = to_publish(fwl_cel_schema_lang1, params, scheme);

    return fwl_cel_compile(out, diagnostic, arena, arena_bytes, source, &options);
}

enum fwl_err
fwl_cel_compile_progress(struct fwl_cel_compiled *out, struct fwl_cel_diagnostic *diagnostic, void *arena,
                         size_t arena_bytes, struct fwl_span source, struct fwl_cel_schema params)
{
    const struct fwl_cel_options options = to_publish(fwl_cel_schema_progress, params, (enum fwl_scheme)0);

    return fwl_cel_compile(out, diagnostic, arena, arena_bytes, source, &options);
}
