/* What the tests of the rule language share: compile, load and evaluate one expression over given slots. */
#ifndef FWL_TESTS_UNIT_CEL_CEL_H
#define FWL_TESTS_UNIT_CEL_CEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contracts/cel/compile/compile.h"

struct cel {
    struct fwl_cel_options options;
    struct fwl_cel_limits limits;
    struct fwl_cel_compiled compiled;
    struct fwl_cel_diagnostic diagnostic;
    struct fwl_cel_program program;
    struct fwl_cel_result result;
    struct fwl_cel_cell slots[FWL_CEL_SLOTS];
    struct fwl_cel_cell constants[FWL_CEL_CONSTANTS];
    struct fwl_cel_cell stack[FWL_CEL_STACK_MAX];
    struct fwl_cel_cell arena[FWL_CEL_ARENA_UNITS / sizeof(struct fwl_cel_cell)];
    void *memory[FWL_CEL_COMPILE_ARENA / sizeof(void *)];
};

static inline struct cel *
cel_new(void)
{
    static struct cel cel;

    memset(&cel, 0, sizeof(cel));
    cel.limits = fwl_cel_limits_lang1;
    cel.options = (struct fwl_cel_options){
        .limits = &cel.limits, .schema = fwl_cel_schema_lang1, .profile = FWL_CEL_SUITE, .scheme = FWL_SCHEME_SEMVER};
    return &cel;
}

static inline struct fwl_cel_cell
cel_text(const char *text)
{
    return fwl_cel_cell_string(fwl_span_text(text));
}

static inline struct fwl_cel_cell
cel_version(enum fwl_scheme scheme, const char *text, uint32_t order)
{
    return fwl_cel_cell_version(scheme, fwl_span_text(text), order);
}

static inline enum fwl_err
cel_compile(struct cel *cel, const char *source)
{
    return fwl_cel_compile(&cel->compiled, &cel->diagnostic, cel->memory, sizeof(cel->memory), fwl_span_text(source),
                           &cel->options);
}

/* The error of the evaluation; the expression must compile and load. */
static inline enum fwl_cel_err
cel_eval(struct cel *cel, const char *source)
{
    const struct fwl_cel_memory memory = {cel->stack, FWL_CEL_STACK_MAX, cel->arena, sizeof(cel->arena)};
    enum fwl_err err = cel_compile(cel, source);

    if (err != FWL_OK) {
        fail_msg("%s: %s", source, cel->diagnostic.message);
    }
    assert_int_equal(fwl_cel_load(&cel->program, cel->constants, FWL_CEL_CONSTANTS, cel->compiled.code, &cel->limits),
                     FWL_OK);
    assert_int_equal(cel->program.cost, cel->compiled.cost);
    fwl_cel_eval(&cel->result, &memory, &cel->program, cel->slots, FWL_CEL_SLOTS, &cel->limits);
    return cel->result.err;
}

/* The expression is true. */
static inline void
cel_true(struct cel *cel, const char *source)
{
    if (cel_eval(cel, source) != FWL_CEL_OK) {
        fail_msg("%s: %s", source, fwl_cel_err_text(cel->result.err));
    }
    if (cel->result.value.kind != FWL_CEL_BOOL || cel->result.value.v.i != 1) {
        fail_msg("%s: not true", source);
    }
}

#endif
