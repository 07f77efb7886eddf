#include "contracts/cel/eval/vm.h"

static bool
find(struct fwl_span text, struct fwl_span part)
{
    if (part.size == 0) {
        return true;
    }
    for (size_t i = 0; i + part.size <= text.size; i++) {
        if (text.p[i] == part.p[0] && memcmp(text.p + i, part.p, part.size) == 0) {
            return true;
        }
    }
    return false;
}

/* a tenth of the text, @times */
static void
spend(struct fwl_cel_vm *vm, struct fwl_span text, uint32_t times)
{
    uint64_t cost = (uint64_t)fwl_cel_tenths(fwl_cel_size_points(text)) * times;

    fwl_cel_vm_spend(vm, (uint32_t)FWL_MIN(cost, UINT32_MAX));
}

static void
size_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    vm->cost++;
    if (at->kind == FWL_CEL_STRING || at->kind == FWL_CEL_BYTES || at->kind == FWL_CEL_LIST ||
        at->kind == FWL_CEL_MAP) {
        *at = fwl_cel_cell_int(fwl_cel_size_of(at));
    } else {
        fwl_cel_vm_mismatch(vm, at, 1);
    }
}

void
fwl_cel_text_call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn)
{
    struct fwl_span text = {0};
    struct fwl_span part = {0};
    bool yes = false;

    if (fn == FWL_CEL_FN_SIZE) {
        size_call(vm, at);
        return;
    }
    if (!fwl_cel_both(at, FWL_CEL_STRING)) {
        vm->cost++;
        fwl_cel_vm_mismatch(vm, at, 2);
        return;
    }
    text = fwl_cel_cell_span(&at[0]);
    part = fwl_cel_cell_span(&at[1]);
    spend(vm, text, fn == FWL_CEL_FN_CONTAINS ? fwl_cel_tenths(fwl_cel_size_points(part)) : 1);
    if (fn == FWL_CEL_FN_CONTAINS) {
        yes = find(text, part);
    } else if (text.size >= part.size) {
        size_t from = fn == FWL_CEL_FN_STARTS_WITH ? 0 : text.size - part.size;

        yes = part.size == 0 || memcmp(text.p + from, part.p, part.size) == 0;
    }
    *at = fwl_cel_cell_bool(yes);
}
