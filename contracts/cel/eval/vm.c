#include "contracts/cel/eval/vm.h"

void
fwl_cel_vm_fail(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_err err)
{
    *at = (struct fwl_cel_cell){.kind = FWL_CEL_ERROR, .size = (uint32_t)err, .v.u = (uint64_t)(vm->at - vm->code)};
}

bool
fwl_cel_vm_strict(struct fwl_cel_cell *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (at[i].kind == FWL_CEL_ERROR) {
            *at = at[i];
            return false;
        }
    }
    return true;
}

void
fwl_cel_vm_mismatch(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t count)
{
    if (fwl_cel_vm_strict(at, count)) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_TYPE);
    }
}

static void
stop(struct fwl_cel_vm *vm, enum fwl_cel_err err)
{
    if (vm->final == FWL_CEL_OK) {
        vm->final = err;
        vm->final_position = (uint32_t)(vm->at - vm->code);
    }
}

struct fwl_cel_cell *
fwl_cel_vm_cells(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t count)
{
    struct fwl_cel_cell *cells = (struct fwl_cel_cell *)(void *)vm->low;

    if (count > (size_t)(vm->high - vm->low) / sizeof(struct fwl_cel_cell)) {
        stop(vm, FWL_CEL_ERR_ARENA);
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_ARENA);
        return NULL;
    }
    vm->low += count * sizeof(struct fwl_cel_cell);
    return cells;
}

uint8_t *
fwl_cel_vm_text(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t size)
{
    if (size > (size_t)(vm->high - vm->low)) {
        stop(vm, FWL_CEL_ERR_ARENA);
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_ARENA);
        return NULL;
    }
    vm->high -= size;
    return vm->high;
}

void
fwl_cel_vm_copy(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_kind kind, struct fwl_span bytes)
{
    uint8_t *copy = NULL;

    if (bytes.size > vm->limits->string_bytes) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_SIZE);
        return;
    }
    copy = fwl_cel_vm_text(vm, at, bytes.size);
    if (copy != NULL) {
        if (bytes.size != 0) {
            memcpy(copy, bytes.p, bytes.size);
        }
        *at = (struct fwl_cel_cell){.kind = (uint8_t)kind, .size = (uint32_t)bytes.size, .v.p = copy};
    }
}

bool
fwl_cel_add_digit(uint64_t *n, uint8_t digit)
{
    unsigned value = digit - (unsigned)'0';

    if (value > 9 || *n > UINT64_MAX / 10 || (*n == UINT64_MAX / 10 && value > UINT64_MAX % 10)) {
        return false;
    }
    *n = *n * 10 + value;
    return true;
}

void
fwl_cel_vm_spend(struct fwl_cel_vm *vm, uint32_t n)
{
    vm->cost = FWL_MIN(vm->cost, FWL_CEL_COST_CAP + 1U) + FWL_MIN(n, FWL_CEL_COST_CAP);
}

void
fwl_cel_vm_spend_text(struct fwl_cel_vm *vm, uint32_t size)
{
    fwl_cel_vm_spend(vm, fwl_cel_tenths(size));
}

bool
fwl_cel_vm_over_cost(struct fwl_cel_vm *vm)
{
    if (vm->cost <= vm->limits->cost) {
        return false;
    }
    stop(vm, FWL_CEL_ERR_COST);
    return true;
}
