#include "contracts/cel/eval/condition.h"

enum fwl_err
fwl_cel_condition_check(uint32_t *cost, struct fwl_cel_workspace *workspace, struct fwl_span code)
{
    struct fwl_cel_program program;
    enum fwl_err err = fwl_cel_load(&program, workspace->constants, FWL_CEL_CONSTANTS, code, &fwl_cel_limits_lang1);

    *cost = program.cost;
    return err;
}

enum fwl_err
fwl_cel_condition_eval(struct fwl_cel_verdict *verdict, struct fwl_cel_workspace *workspace, struct fwl_span code,
                       const struct fwl_cel_cell *slots, size_t slot_count)
{
    struct fwl_cel_program program;
    struct fwl_cel_result result;
    const struct fwl_cel_memory memory = {workspace->stack, FWL_CEL_STACK_CELLS, workspace->arena,
                                          sizeof(workspace->arena)};
    enum fwl_err err = FWL_OK;

    *verdict = (struct fwl_cel_verdict){.outcome = FWL_CEL_FAILED};
    err = fwl_cel_load(&program, workspace->constants, FWL_CEL_CONSTANTS, code, &fwl_cel_limits_lang1);
    if (err != FWL_OK) {
        return err;
    }
    fwl_cel_eval(&result, &memory, &program, slots, slot_count, &fwl_cel_limits_lang1);
    verdict->err = result.err;
    verdict->position = result.position;
    verdict->cost = result.cost;
    if (result.err == FWL_CEL_OK && result.value.kind == FWL_CEL_BOOL) {
        verdict->outcome = result.value.v.i != 0 ? FWL_CEL_TRUE : FWL_CEL_FALSE;
    } else if (result.err == FWL_CEL_OK) {
        verdict->err = FWL_CEL_ERR_RESULT;
    }
    return FWL_OK;
}
