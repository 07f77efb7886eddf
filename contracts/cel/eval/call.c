#include "contracts/cel/eval/bound.h"
#include "contracts/cel/eval/vm.h"

static bool
is_text(const struct fwl_cel_cell *c)
{
    return c->kind == FWL_CEL_STRING || c->kind == FWL_CEL_BYTES;
}

/* By the sizes of texts; anything else counts as a scalar. */
static uint32_t
cost_of(const struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    uint32_t first = 1;
    uint32_t second = 0;

    if (fwl_cel_function_rows[fn].sizes >> 4 == FWL_CEL_COST_ONE ||
        (fn == FWL_CEL_FN_STRING && at->kind == FWL_CEL_STRING)) {
        return 1;
    }
    if (is_text(&at[0]) && !(fn == FWL_CEL_FN_BYTES && at->kind == FWL_CEL_BYTES)) {
        first = fwl_cel_size_of(&at[0]);
    }
    if (count > 1 && is_text(&at[1])) {
        second = fwl_cel_size_of(&at[1]);
    }
    return fwl_cel_bound_call_cost((uint8_t)fn, first, second);
}

static FWL_NOINLINE enum fwl_cel_err
dispatch(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    if (fn <= FWL_CEL_FN_ENDS_WITH) {
        return fwl_cel_text_call(at, fn);
    }
    if (fn <= FWL_CEL_FN_DYN) {
        return fwl_cel_convert_call(vm, at, fn);
    }
    if (fn <= FWL_CEL_FN_MILLISECONDS) {
        return fwl_cel_time_call(at, fn, count);
    }
    if (fn <= FWL_CEL_FN_OR_VALUE) {
        return fwl_cel_access_call(vm, at, fn);
    }
#ifndef FWL_CEL_NO_NET
    if (fn > FWL_CEL_FN_BUCKET) {
        return fwl_cel_net_call(vm, at, fn);
    }
#endif
    return fwl_cel_release_call(vm, at, fn, count);
}

void
fwl_cel_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    enum fwl_cel_err err = FWL_CEL_ERR_TYPE;
    uint32_t cost = 1;

    if (!fwl_cel_vm_has_error(at, count)) {
        cost = cost_of(at, fn, count);
        err = dispatch(vm, at, fn, count);
    }
    fwl_cel_vm_spend(vm, err == FWL_CEL_ERR_TYPE ? 1 : cost);
    fwl_cel_vm_settle(vm, at, count, err);
}
