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
        fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, 0, "the source of the rule is too long", fwl_cel_none(),
                              fwl_cel_none());
    } else if (!fwl_utf8_check(source)) {
        c->source = fwl_cel_none(); /* a view of it could not be printed */
        fwl_cel_compiler_fail(c, FWL_ERR_UTF8, 0, "the rule is not valid UTF-8", fwl_cel_none(), fwl_cel_none());
    }
    return c;
}

/* The verifier is the judge of stack, loops and worst-case cost, here as on the device. */
static void
verify(struct fwl_cel_compiler *c, struct fwl_cel_compiled *out)
{
    struct fwl_cel_program program;
    struct fwl_cel_limits limits = *c->limits;
    struct fwl_cel_cell *constants = fwl_cel_compiler_alloc(c, limits.constants * sizeof(*constants));
    enum fwl_err err = FWL_OK;

    if (constants == NULL) {
        return;
    }
    limits.cost = UINT32_MAX;
    err = fwl_cel_load(&program, constants, limits.constants, out->code, &limits);
    if (err == FWL_ERR_LIMIT) {
        fwl_cel_compiler_fail(c, err, 0, "the rule needs more stack or more nested loops than there are",
                              fwl_cel_none(), fwl_cel_none());
    } else if (err != FWL_OK) {
        fwl_cel_compiler_fail(c, err, 0, "a constant of the rule is over a limit", fwl_cel_none(), fwl_cel_none());
    }
    out->cost = program.cost;
    if (c->err == FWL_OK && program.cost > c->limits->cost) {
        fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, 0, "the rule may cost too much", fwl_cel_none(), fwl_cel_none());
        fwl_cel_compiler_hint(c, "shorten lists, or the loops inside loops", fwl_cel_none(), fwl_cel_none());
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
        verify(c, out);
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

enum fwl_err
fwl_cel_compile_condition(struct fwl_cel_compiled *out, struct fwl_cel_diagnostic *diagnostic, void *arena,
                          size_t arena_bytes, struct fwl_span source, struct fwl_cel_schema params,
                          enum fwl_scheme scheme)
{
    const struct fwl_cel_options options = {.limits = &fwl_cel_limits_lang1,
                                            .schema = fwl_cel_schema_lang1,
                                            .extra = params,
                                            .profile = FWL_CEL_PUBLISH,
                                            .scheme = scheme,
                                            .want_bool = true};

    return fwl_cel_compile(out, diagnostic, arena, arena_bytes, source, &options);
}
