/* The loops of the macros. A loop's state stands beside the stack; its accumulator and element stand on it. */
#include "contracts/cel/eval/vm.h"

static enum fwl_cel_turn
finish(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_macro macro)
{
    vm->loop_count--;
    vm->cost += macro == FWL_CEL_EXISTS_ONE ? 2 : 1;
    if (macro == FWL_CEL_EXISTS_ONE && at->kind == FWL_CEL_INT) {
        fwl_cel_set_bool(at, at->v.i == 1);
    }
    return FWL_CEL_TURN_END;
}

/* The next element is at at[1]; or the loop is over, and at[0] holds its value. */
static enum fwl_cel_turn
fetch(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, struct fwl_cel_loop *loop)
{
    struct fwl_cel_cell value;
    enum fwl_cel_err err = fwl_cel_iter_next(&loop->iter, &at[1], loop->iter.is_map ? &value : &at[1]);

    if (err == FWL_CEL_OK && !fwl_cel_vm_over_cost(vm)) {
        return FWL_CEL_TURN_BODY;
    }
    fwl_cel_vm_settle(vm, at, 1, err == FWL_CEL_ERR_KEY ? FWL_CEL_OK : err);
    return finish(vm, at, (enum fwl_cel_macro)loop->macro);
}

/* The accumulator, in place of the range. */
static FWL_NOINLINE enum fwl_cel_err
begin(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, struct fwl_cel_loop *loop, enum fwl_cel_macro macro)
{
    enum fwl_cel_err err = fwl_cel_iter_begin(&loop->iter, at);

    if (err != FWL_CEL_OK) {
        return err;
    }
    if (macro <= FWL_CEL_EXISTS_ONE) {
        fwl_cel_set(at, macro == FWL_CEL_EXISTS_ONE ? FWL_CEL_INT : FWL_CEL_BOOL, macro == FWL_CEL_ALL);
        return FWL_CEL_OK;
    }
    vm->cost += 10;
    loop->kept = fwl_cel_vm_cells(vm, loop->iter.left);
    fwl_cel_set_view(at, FWL_CEL_LIST, fwl_span(loop->kept, 0));
    return loop->kept == NULL ? FWL_CEL_ERR_ARENA : FWL_CEL_OK;
}

enum fwl_cel_turn
fwl_cel_loop_begin(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_macro macro, const uint8_t *body,
                   const uint8_t *end)
{
    struct fwl_cel_loop *loop = &vm->loops[vm->loop_count];
    enum fwl_cel_err err = begin(vm, at, loop, macro);

    loop->macro = (uint8_t)macro;
    loop->body = body;
    loop->end = end;
    if (err != FWL_CEL_OK) {
        fwl_cel_vm_settle(vm, at, 1, err);
        return FWL_CEL_TURN_END;
    }
    vm->loop_count++;
    return fetch(vm, at, loop);
}

/* A decisive element of all and exists, and an error that nothing absorbs, end a loop: what the body gave is its value.
 */
static enum fwl_cel_turn
decide(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_err err)
{
    fwl_cel_vm_settle(vm, &at[2], 1, err);
    *at = at[2];
    return finish(vm, at, (enum fwl_cel_macro)vm->loops[vm->loop_count - 1].macro);
}

/* all and exists absorb errors like && and ||: a decisive element ends the loop, an error is kept until then. */
static enum fwl_cel_turn
next_bool(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, struct fwl_cel_loop *loop)
{
    bool exists = loop->macro == FWL_CEL_EXISTS;

    vm->cost += exists ? 4 : 3;
    if (at[2].kind != FWL_CEL_BOOL) {
        fwl_cel_vm_settle(vm, &at[2], 1, FWL_CEL_ERR_TYPE);
        if (at->kind != FWL_CEL_ERROR) {
            *at = at[2];
        }
    } else if (fwl_cel_cell_true(&at[2]) == exists) {
        if (loop->iter.left != 0) {
            vm->cost += exists ? 3 : 2;
        }
        return decide(vm, at, FWL_CEL_OK);
    }
    return fetch(vm, at, loop);
}

static void
append(struct fwl_cel_vm *vm, struct fwl_cel_loop *loop, struct fwl_cel_cell *at, const struct fwl_cel_cell *value)
{
    vm->cost += loop->macro == FWL_CEL_FILTER ? 13 : 12;
    loop->kept[at->size] = *value;
    at->size++;
}

/* exists_one, map, filter do not absorb: the first error ends the loop. */
enum fwl_cel_turn
fwl_cel_loop_next(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    struct fwl_cel_loop *loop = &vm->loops[vm->loop_count - 1];
    bool each = loop->macro == FWL_CEL_MAP_EACH || loop->macro == FWL_CEL_MAP_WHEN;

    if (loop->macro <= FWL_CEL_EXISTS) {
        return next_bool(vm, at, loop);
    }
    if (at[2].kind == FWL_CEL_ERROR || (!each && at[2].kind != FWL_CEL_BOOL)) {
        return decide(vm, at, FWL_CEL_ERR_TYPE);
    }
    if (each) {
        append(vm, loop, at, &at[2]);
    } else if (fwl_cel_cell_true(&at[2]) && loop->macro == FWL_CEL_FILTER) {
        append(vm, loop, at, &at[1]);
    } else if (fwl_cel_cell_true(&at[2])) {
        vm->cost += 2;
        at->v.i++;
    }
    return fetch(vm, at, loop);
}

enum fwl_cel_turn
fwl_cel_loop_when(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    if (at[2].kind != FWL_CEL_BOOL) {
        return decide(vm, at, FWL_CEL_ERR_TYPE);
    }
    return fwl_cel_cell_true(&at[2]) ? FWL_CEL_TURN_ON : fetch(vm, at, &vm->loops[vm->loop_count - 1]);
}
