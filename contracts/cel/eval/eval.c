/*
 * The dispatch loop. Stack depth, jumps, constants and loops were verified by fwl_cel_load, so nothing of that is
 * checked here; kinds of values are, at every operation.
 */
#include "contracts/cel/eval/eval.h"

#include "contracts/cel/eval/vm.h"

static inline uint16_t
distance(const uint8_t *operand)
{
    return fwl_load_be16(operand);
}

static inline bool
is_bool(const struct fwl_cel_cell *c, bool value)
{
    return c->kind == FWL_CEL_BOOL && fwl_cel_cell_true(c) == value;
}

/* EQ .. GE of what most rules compare, ints and short texts; false: the general way is to do it. */
static inline bool
compare_quickly(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    int64_t a = at[0].v.i;
    int64_t b = at[1].v.i;
    bool yes = false;

    if (fwl_cel_both(at, FWL_CEL_INT)) {
        yes = op == FWL_CEL_OP_EQ   ? a == b
              : op == FWL_CEL_OP_NE ? a != b
              : op == FWL_CEL_OP_LT ? a < b
              : op == FWL_CEL_OP_LE ? a <= b
              : op == FWL_CEL_OP_GT ? a > b
                                    : a >= b;
    } else if (op <= FWL_CEL_OP_NE && fwl_cel_both(at, FWL_CEL_STRING) && at[0].size - 1 < 10 && at[1].size - 1 < 10) {
        yes = (at[0].size == at[1].size && memcmp(at[0].v.p, at[1].v.p, at[0].size) == 0) == (op == FWL_CEL_OP_EQ);
    } else {
        return false;
    }
    vm->cost++;
    fwl_cel_set_bool(at, yes);
    return true;
}

static inline enum fwl_cel_err
compare(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    if (FWL_FOR_SPEED && compare_quickly(vm, at, op)) {
        return FWL_CEL_OK;
    }
    return op <= FWL_CEL_OP_NE ? fwl_cel_operators_equal(vm, at, op == FWL_CEL_OP_EQ)
                               : fwl_cel_operators_order(vm, at, op);
}

static enum fwl_cel_err
negate(struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    if (op == FWL_CEL_OP_NOT && at->kind == FWL_CEL_BOOL) {
        at->v.i ^= 1;
        return FWL_CEL_OK;
    }
    if (op == FWL_CEL_OP_NEG && at->kind == FWL_CEL_INT) {
        return fwl_cel_number_set(at, FWL_CEL_INT, fwl_cel_number_magnitude(at->v.i), at->v.i >= 0);
    }
    return FWL_CEL_ERR_TYPE;
}

/* && and || when the left side has not decided: @decisive is false for && and true for ||. */
static inline enum fwl_cel_err
join(struct fwl_cel_cell *at, bool decisive)
{
    if (is_bool(&at[1], decisive)) {
        *at = at[1];
        return FWL_CEL_OK;
    }
    return fwl_cel_both(at, FWL_CEL_BOOL) ? FWL_CEL_OK : FWL_CEL_ERR_TYPE;
}

static inline enum fwl_cel_err
slot(struct fwl_cel_cell *at, const struct fwl_cel_cell *slots, size_t count, uint8_t number)
{
    if (number >= count || slots[number].kind == FWL_CEL_ABSENT) {
        return FWL_CEL_ERR_UNSET;
    }
    *at = slots[number];
    return FWL_CEL_OK;
}

/* OPT_BIND: the value in an optional goes on to the body; nothing, or an error, goes past it. */
static inline const uint8_t *
bind(struct fwl_cel_cell *at, const uint8_t *pc, enum fwl_cel_err *err)
{
    if (at->kind == FWL_CEL_OPTIONAL && fwl_cel_has_value(at)) {
        *at = *at->v.cells;
        return pc + 2;
    }
    *err = at->kind == FWL_CEL_OPTIONAL ? FWL_CEL_OK : FWL_CEL_ERR_TYPE;
    return pc + 2 + distance(pc);
}

/* OPT_MAP and OPT_FLAT: the value below is dropped. */
static enum fwl_cel_err
wrap(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool flat)
{
    *at = at[1];
    if (flat) {
        return at->kind == FWL_CEL_OPTIONAL ? FWL_CEL_OK : FWL_CEL_ERR_TYPE;
    }
    return at->kind == FWL_CEL_ERROR ? FWL_CEL_OK : fwl_cel_access_some(vm, at, &at[1]);
}

/* LOOP, WHEN and NEXT: moves @pc; the new top of the stack. */
static struct fwl_cel_cell *
turn(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const uint8_t **pc, enum fwl_cel_op op)
{
    const uint8_t *operands = *pc;
    enum fwl_cel_turn turn = FWL_CEL_TURN_ON;

    if (op == FWL_CEL_OP_LOOP) {
        *pc += 3;
        turn = fwl_cel_loop_begin(vm, at, (enum fwl_cel_macro)operands[0], *pc, *pc + distance(operands + 1));
    } else {
        turn = op == FWL_CEL_OP_WHEN ? fwl_cel_loop_when(vm, at) : fwl_cel_loop_next(vm, at);
    }
    if (turn == FWL_CEL_TURN_END) {
        *pc = vm->loops[vm->loop_count].end;
        return at + 1;
    }
    if (turn == FWL_CEL_TURN_BODY) {
        *pc = vm->loops[vm->loop_count - 1].body;
    }
    return at + 2;
}

/* Runs until RETURN; the value is then stack[0]. */
static FWL_NOINLINE void
run(struct fwl_cel_vm *vm, struct fwl_cel_cell *const stack, const struct fwl_cel_cell *const slots,
    const size_t slot_count)
{
    const struct fwl_cel_cell *const constants = vm->constants;
    const uint8_t *pc = vm->code;
    struct fwl_cel_cell *sp = stack; /* first free cell */

    for (;;) {
        enum fwl_cel_op op = (enum fwl_cel_op) * pc;
        const struct fwl_cel_op_row *row = &fwl_cel_op_rows[op];
        size_t takes = row->takes;
        struct fwl_cel_cell *at = sp - takes;
        enum fwl_cel_err err = FWL_CEL_OK;

        sp = at + row->gives;
        vm->cost += row->cost;
        vm->at = pc++;
        /* clang-format off */
        switch (op) {
        case FWL_CEL_OP_RETURN:
        case FWL_CEL_OP_COUNT: return;
        case FWL_CEL_OP_NULL: fwl_cel_set(at, FWL_CEL_NULL, 0); continue;
        case FWL_CEL_OP_FALSE: fwl_cel_set_bool(at, false); continue;
        case FWL_CEL_OP_TRUE: fwl_cel_set_bool(at, true); continue;
        case FWL_CEL_OP_INT8: fwl_cel_set(at, FWL_CEL_INT, (int8_t)*pc++); continue;
        case FWL_CEL_OP_TYPE: fwl_cel_set(at, FWL_CEL_TYPE, *pc++); continue;
        case FWL_CEL_OP_CONST: *at = constants[*pc++]; continue;
        case FWL_CEL_OP_SLOT:
        case FWL_CEL_OP_SLOT_FIELD:
        case FWL_CEL_OP_SLOT_FREE: err = slot(at, slots, slot_count, *pc++); break;
        case FWL_CEL_OP_LOCAL:
        case FWL_CEL_OP_LOCAL_FREE: *at = stack[*pc++]; continue;
        case FWL_CEL_OP_NOT:
        case FWL_CEL_OP_NEG: err = negate(at, op); break;
        case FWL_CEL_OP_EQ:
        case FWL_CEL_OP_NE:
        case FWL_CEL_OP_LT:
        case FWL_CEL_OP_LE:
        case FWL_CEL_OP_GT:
        case FWL_CEL_OP_GE: err = compare(vm, at, op); break;
        case FWL_CEL_OP_IN: err = fwl_cel_operators_in(vm, at); break;
        case FWL_CEL_OP_ADD:
        case FWL_CEL_OP_SUB:
        case FWL_CEL_OP_MUL:
        case FWL_CEL_OP_DIV:
        case FWL_CEL_OP_MOD: err = fwl_cel_operators_arithmetic(vm, at, op); break;
        case FWL_CEL_OP_INDEX:
        case FWL_CEL_OP_OPT_INDEX: err = fwl_cel_access_index(vm, at, at + 1, op == FWL_CEL_OP_OPT_INDEX); break;
        case FWL_CEL_OP_FIELD:
        case FWL_CEL_OP_OPT_FIELD:
            err = fwl_cel_access_index(vm, at, &constants[*pc++], op == FWL_CEL_OP_OPT_FIELD);
            break;
        case FWL_CEL_OP_HAS: err = fwl_cel_access_has(at, &constants[*pc++]); break;
        case FWL_CEL_OP_SPLICE: err = fwl_cel_access_splice(at); break;
        case FWL_CEL_OP_LIST:
        case FWL_CEL_OP_MAP:
            takes = *pc++ * (op == FWL_CEL_OP_MAP ? 2U : 1U);
            sp -= takes;
            at -= takes;
            err = op == FWL_CEL_OP_MAP ? fwl_cel_access_map(vm, at, takes / 2) : fwl_cel_access_list(vm, at, takes);
            break;
        case FWL_CEL_OP_CALL:
            sp -= pc[1];
            fwl_cel_call(vm, at - pc[1], (enum fwl_cel_function)pc[0], pc[1]);
            pc += 2;
            continue;
        case FWL_CEL_OP_AND_JUMP:
        case FWL_CEL_OP_OR_JUMP: pc += is_bool(at, op == FWL_CEL_OP_OR_JUMP) ? 2 + distance(pc) : 2; continue;
        case FWL_CEL_OP_AND:
        case FWL_CEL_OP_OR: err = join(at, op == FWL_CEL_OP_OR); break;
        case FWL_CEL_OP_BRANCH:
            if (at->kind == FWL_CEL_BOOL) {
                pc += fwl_cel_cell_true(at) ? 4 : 4 + distance(pc);
                continue;
            }
            err = FWL_CEL_ERR_TYPE; /* an error, which stays */
            sp++;
            pc += 4 + distance(pc + 2);
            break;
        case FWL_CEL_OP_JUMP: pc += 2 + distance(pc); continue;
        case FWL_CEL_OP_LOOP:
        case FWL_CEL_OP_WHEN:
        case FWL_CEL_OP_NEXT: sp = turn(vm, at, &pc, op); continue;
        case FWL_CEL_OP_NIP: *at = at[1]; continue;
        case FWL_CEL_OP_OPT_BIND: pc = bind(at, pc, &err); break;
        case FWL_CEL_OP_OPT_MAP:
        case FWL_CEL_OP_OPT_FLAT: err = wrap(vm, at, op == FWL_CEL_OP_OPT_FLAT); break;
        }
        /* clang-format on */
        if (err != FWL_CEL_OK) {
            fwl_cel_vm_settle(vm, at, takes, err);
        }
    }
}

void
fwl_cel_eval(struct fwl_cel_result *out, const struct fwl_cel_memory *memory, const struct fwl_cel_program *program,
             const struct fwl_cel_cell *slots, size_t slot_count, const struct fwl_cel_limits *limits)
{
    struct fwl_cel_vm vm;

    FWL_ASSERT(memory->stack_cells >= program->stack_cells && memory->arena_bytes >= limits->arena_units &&
               limits->cost <= FWL_CEL_COST_CAP);
    vm.limits = limits;
    vm.constants = program->constants;
    vm.code = program->code;
    vm.at = program->code;
    vm.cost = 0;
    vm.low = memory->arena;
    vm.high = vm.low + limits->arena_units;
    vm.final = FWL_CEL_OK;
    vm.final_position = 0;
    vm.loop_count = 0;
    run(&vm, memory->stack, slots, slot_count);
    (void)fwl_cel_vm_over_cost(&vm);
    out->cost = vm.cost;
    out->value = memory->stack[0];
    out->err = FWL_CEL_OK;
    out->position = 0;
    if (vm.final != FWL_CEL_OK) {
        out->err = vm.final;
        out->position = program->offset + vm.final_position;
    } else if (out->value.kind == FWL_CEL_ERROR) {
        out->err = (enum fwl_cel_err)out->value.size;
        out->position = program->offset + (uint32_t)out->value.v.u;
    }
    if (out->err != FWL_CEL_OK) {
        out->value = fwl_cel_cell_absent();
    }
}
