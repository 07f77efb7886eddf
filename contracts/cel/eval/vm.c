#include "contracts/cel/eval/vm.h"

void
fwl_cel_vm_settle(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, size_t takes, enum fwl_cel_err err)
{
    if (err == FWL_CEL_ERR_TYPE) {
        for (size_t i = 0; i < takes; i++) {
            if (at[i].kind == FWL_CEL_ERROR) {
                *at = at[i];
                return;
            }
        }
    }
    if (err != FWL_CEL_OK) {
        fwl_cel_set(at, FWL_CEL_ERROR, vm->at - vm->code);
        at->size = (uint32_t)err;
    }
}

bool
fwl_cel_vm_has_error(const struct fwl_cel_cell *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (at[i].kind == FWL_CEL_ERROR) {
            return true;
        }
    }
    return false;
}

FWL_NOINLINE void
fwl_cel_vm_stop(struct fwl_cel_vm *vm, enum fwl_cel_err err)
{
    if (vm->final == FWL_CEL_OK) {
        vm->final = err;
        vm->final_position = (uint32_t)(vm->at - vm->code);
    }
}

struct fwl_cel_cell *
fwl_cel_vm_cells(struct fwl_cel_vm *vm, size_t count)
{
    struct fwl_cel_cell *cells = (struct fwl_cel_cell *)(void *)vm->low;

    if (count > (size_t)(vm->high - vm->low) / sizeof(struct fwl_cel_cell)) {
        fwl_cel_vm_stop(vm, FWL_CEL_ERR_ARENA);
        return NULL;
    }
    vm->low += count * sizeof(struct fwl_cel_cell);
    return cells;
}

uint8_t *
fwl_cel_vm_text(struct fwl_cel_vm *vm, size_t size)
{
    if (size > (size_t)(vm->high - vm->low)) {
        fwl_cel_vm_stop(vm, FWL_CEL_ERR_ARENA);
        return NULL;
    }
    vm->high -= size;
    return vm->high;
}

enum fwl_cel_err
fwl_cel_vm_keep(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_kind kind, size_t count)
{
    size_t cell_count = kind == FWL_CEL_MAP ? 2 * count : count;
    struct fwl_cel_cell *cells = NULL;

    if (count > vm->limits->entries) {
        return FWL_CEL_ERR_SIZE;
    }
    cells = fwl_cel_vm_cells(vm, cell_count);
    if (cells == NULL) {
        return FWL_CEL_ERR_ARENA;
    }
    memcpy(cells, at, cell_count * sizeof(*cells));
    fwl_cel_set_view(at, kind, fwl_span(cells, count));
    return FWL_CEL_OK;
}

static void
append(uint8_t *to, struct fwl_span bytes)
{
    if (bytes.size != 0) {
        memcpy(to, bytes.p, bytes.size);
    }
}

enum fwl_cel_err
fwl_cel_vm_join(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_kind kind, struct fwl_span a,
                struct fwl_span b)
{
    size_t size = a.size + b.size; /* cells and formatted texts are far below half of the address space */
    uint8_t *text = NULL;

    if (size > vm->limits->string_bytes) {
        return FWL_CEL_ERR_SIZE;
    }
    text = fwl_cel_vm_text(vm, size);
    if (text == NULL) {
        return FWL_CEL_ERR_ARENA;
    }
    append(text, a);
    append(text + a.size, b);
    fwl_cel_set_view(at, kind, fwl_span(text, size));
    return FWL_CEL_OK;
}

void
fwl_cel_vm_spend(struct fwl_cel_vm *vm, uint32_t n)
{
    vm->cost = FWL_MIN(vm->cost, FWL_CEL_COST_CAP + 1U) + FWL_MIN(n, FWL_CEL_COST_CAP);
}
