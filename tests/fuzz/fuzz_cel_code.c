/* Any bytes are either refused by the verifier or safe to run. */
#include "tests/fuzz/fuzz_cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fwl_cel_cell constants[FWL_CEL_CONSTANTS];
    static struct fwl_cel_cell arena[FWL_CEL_ARENA_UNITS / sizeof(struct fwl_cel_cell)];
    struct fwl_cel_cell stack[FWL_CEL_STACK_CELLS];
    struct fwl_cel_cell slots[FWL_CEL_SLOTS];
    struct fwl_cel_program program;
    struct fwl_cel_result result;
    struct fwl_cel_memory memory = {stack, 0, arena, sizeof(arena)};

    if (fwl_cel_load(&program, constants, FWL_CEL_CONSTANTS, fwl_span(data, size), &fwl_cel_limits_lang1) != FWL_OK) {
        return 0;
    }
    memory.stack_cells = program.stack_cells;
    fuzz_slots(slots);
    fwl_cel_eval(&result, &memory, &program, slots, FWL_CEL_SLOTS, &fwl_cel_limits_lang1);
    FWL_ASSERT(result.err == FWL_CEL_OK || result.position < size);
    FWL_ASSERT(result.err == FWL_CEL_ERR_COST || result.cost <= fwl_cel_limits_lang1.cost);
    return 0;
}
