/*
 * Any text either compiles or is an error with a place inside it. What compiles does so twice alike, loads under the
 * same limits with the same cost, and never costs more than that when it is evaluated.
 */
#include "contracts/cel/compile/compile.h"
#include "tests/fuzz/fuzz_cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *arenas[2][FWL_CEL_COMPILE_ARENA / sizeof(void *)];

static void
evaluate(const struct fwl_cel_compiled *compiled)
{
    static struct fwl_cel_cell constants[FWL_CEL_CONSTANTS];
    static struct fwl_cel_cell stack[FWL_CEL_STACK_CELLS];
    static struct fwl_cel_cell arena[FWL_CEL_ARENA_UNITS / sizeof(struct fwl_cel_cell)];
    struct fwl_cel_cell slots[FWL_CEL_SLOTS];
    const struct fwl_cel_memory memory = {stack, FWL_CEL_STACK_CELLS, arena, sizeof(arena)};
    struct fwl_cel_program program;
    struct fwl_cel_result result;

    FWL_ASSERT(fwl_cel_load(&program, constants, FWL_CEL_CONSTANTS, compiled->code, &fwl_cel_limits_lang1) == FWL_OK);
    FWL_ASSERT(program.cost == compiled->cost);
    fuzz_slots(slots);
    fwl_cel_eval(&result, &memory, &program, slots, FWL_CEL_SLOTS, &fwl_cel_limits_lang1);
    FWL_ASSERT(result.cost <= program.cost);
    FWL_ASSERT(result.err != FWL_CEL_ERR_COST);
    FWL_ASSERT(result.position < compiled->code.size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fwl_cel_options options = {.limits = &fwl_cel_limits_lang1, .schema = fwl_cel_schema_lang1};
    struct fwl_cel_compiled first;
    struct fwl_cel_compiled second;
    struct fwl_cel_diagnostic d;
    enum fwl_err err = FWL_OK;

    if (size == 0) {
        return 0;
    }
    options.profile = (data[0] & 1) != 0 ? FWL_CEL_SUITE : FWL_CEL_PUBLISH;
    options.unchecked = (data[0] & 3) == 3;
    options.scheme = (data[0] & 4) != 0 ? FWL_SCHEME_SEMVER : 0;
    err = fwl_cel_compile(&first, &d, arenas[0], sizeof(arenas[0]), fwl_span(data + 1, size - 1), &options);
    if (err != FWL_OK) {
        FWL_ASSERT(err != FWL_ERR_MEMORY);
        FWL_ASSERT(d.err == err && d.offset <= size && d.line >= 1 && d.column >= 1 && d.message[0] != '\0');
        return 0;
    }
    FWL_ASSERT(fwl_cel_compile(&second, NULL, arenas[1], sizeof(arenas[1]), fwl_span(data + 1, size - 1), &options) ==
               FWL_OK);
    FWL_ASSERT(fwl_span_equal(first.code, second.code) && first.cost == second.cost);
    evaluate(&first);
    return 0;
}
