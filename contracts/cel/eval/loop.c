/* The loops of the macros. A loop's state stands beside the stack; its accumulator and element stand on it. */
#include "contracts/cel/eval/vm.h"

static void
finish(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_loop *loop)
{
    vm->loop_count--;
    vm->cost += loop->macro == FWL_CEL_EXISTS_ONE ? 2 : 1;
    if (loop->macro == FWL_CEL_EXISTS_ONE && at->kind == FWL_CEL_INT) {
        *at = fwl_cel_cell_bool(at->v.i == 1);
    }
}

/* Fetch the next element to at[1]; false when the loop is over, at[0] then holds its value. */
static bool
fetch(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, struct fwl_cel_loop *loop)
{
    struct fwl_cel_cell value;
    enum fwl_cel_err err = FWL_CEL_OK;

    if (!loop->iter.is_cbor && loop->iter.left != 0) {
        loop->iter.left--;
        at[1] = *loop->iter.cells;
        loop->iter.cells += loop->iter.is_map ? 2 : 1;
    } else {
        err = fwl_cel_iter_next(&loop->iter, &at[1], loop->iter.is_map ? &value : &at[1]);
    }
    if (err == FWL_CEL_OK && !fwl_cel_vm_over_cost(vm)) {
        return true;
    }
    if (err != FWL_CEL_OK && err != FWL_CEL_ERR_KEY) {
        fwl_cel_vm_fail(vm, at, err);
    }
    finish(vm, at, loop);
    return false;
}

bool
fwl_cel_loop_begin(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_macro macro, const uint8_t *body,
                   const uint8_t *end)
{
    struct fwl_cel_loop *loop = &vm->loops[vm->loop_count];

    if (at->kind != FWL_CEL_LIST && at->kind != FWL_CEL_MAP) {
        fwl_cel_vm_mismatch(vm, at, 1);
        return false;
    }
    if (!fwl_cel_iter_begin(&loop->iter, at)) {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_INPUT);
        return false;
    }
    loop->macro = (uint8_t)macro;
    loop->stopped = false;
    loop->body = body;
    loop->end = end;
    if (macro == FWL_CEL_ALL || macro == FWL_CEL_EXISTS) {
        *at = fwl_cel_cell_bool(macro == FWL_CEL_ALL);
    } else if (macro == FWL_CEL_EXISTS_ONE) {
        *at = fwl_cel_cell_int(0);
    } else {
        vm->cost += 10;
        loop->kept = fwl_cel_vm_cells(vm, at, loop->iter.left);
        if (loop->kept == NULL) {
            return false;
        }
        *at = fwl_cel_cell_list(loop->kept, 0);
    }
    vm->loop_count++;
    return fetch(vm, at, loop);
}

/* all and exists absorb errors like && and ||: a decisive element ends the loop, an error is kept until then. */
static void
accumulate_bool(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, struct fwl_cel_loop *loop)
{
    bool decisive = loop->macro == FWL_CEL_EXISTS;

    vm->cost += decisive ? 4 : 3;
    if (at[2].kind == FWL_CEL_BOOL) {
        if ((at[2].v.i != 0) == decisive) {
            *at = at[2];
            loop->stopped = true;
        }
        return;
    }
    if (at->kind != FWL_CEL_ERROR) {
        fwl_cel_vm_mismatch(vm, &at[2], 1);
        *at = at[2];
    }
}

static void
append(struct fwl_cel_loop *loop, struct fwl_cel_cell *at, struct fwl_cel_cell value)
{
    loop->kept[at->size] = value;
    at->size++;
}

/* exists_one, map, filter do not absorb: the first error ends the loop. */
static void
accumulate(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, struct fwl_cel_loop *loop)
{
    bool each = loop->macro == FWL_CEL_MAP_EACH || loop->macro == FWL_CEL_MAP_WHEN;

    if (at[2].kind == FWL_CEL_ERROR || (!each && at[2].kind != FWL_CEL_BOOL)) {
        fwl_cel_vm_mismatch(vm, &at[2], 1);
        *at = at[2];
        loop->stopped = true;
    } else if (each) {
        vm->cost += 12;
        append(loop, at, at[2]);
    } else if (at[2].v.i != 0 && loop->macro == FWL_CEL_FILTER) {
        vm->cost += 13;
        append(loop, at, at[1]);
    } else if (at[2].v.i != 0) {
        vm->cost += 2;
        at->v.i++;
    }
}

bool
fwl_cel_loop_next(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_loop *loop = &vm->loops[vm->loop_count - 1];

    if (loop->macro == FWL_CEL_ALL || loop->macro == FWL_CEL_EXISTS) {
        accumulate_bool(vm, at, loop);
        if (loop->stopped && loop->iter.left != 0) {
            vm->cost += loop->macro == FWL_CEL_ALL ? 2 : 3;
        }
    } else {
        accumulate(vm, at, loop);
    }
    if (loop->stopped) {
        finish(vm, at, loop);
        return false;
    }
    return fetch(vm, at, loop);
}

int
fwl_cel_loop_when(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_loop *loop = &vm->loops[vm->loop_count - 1];

    if (at[2].kind != FWL_CEL_BOOL) {
        fwl_cel_vm_mismatch(vm, &at[2], 1);
        *at = at[2];
        finish(vm, at, loop);
        return -1;
    }
    if (at[2].v.i != 0) {
        return 1;
    }
    return fetch(vm, at, loop) ? 0 : -1;
}
