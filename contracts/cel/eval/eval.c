/*
 * The dispatch loop. Stack depth, jumps, constants and loops were verified by fwl_cel_load, so nothing of that is
 * checked here; kinds of values are, at every operation.
 */
#include "contracts/cel/eval/eval.h"

#include "contracts/cel/eval/vm.h"

static void
call(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_function fn, size_t count)
{
    if (count != 0 && !fwl_cel_vm_strict(at, count)) {
        vm->cost++;
        return;
    }
    if (fn <= FWL_CEL_FN_ENDS_WITH) {
        fwl_cel_text_call(vm, at, fn);
    } else if (fn <= FWL_CEL_FN_DYN) {
        fwl_cel_convert_call(vm, at, fn);
    } else if (fn <= FWL_CEL_FN_MILLISECONDS) {
        fwl_cel_time_call(vm, at, fn, count);
    } else if (fn <= FWL_CEL_FN_OR_VALUE) {
        fwl_cel_access_optional(vm, at, fn);
    } else if (fn <= FWL_CEL_FN_BUCKET) {
        fwl_cel_release_call(vm, at, fn, count);
    }
#ifndef FWL_CEL_NO_NET
    else {
        fwl_cel_net_call(vm, at, fn);
    }
#endif
}

static inline uint16_t
distance(const uint8_t *operand)
{
    return fwl_load_be16(operand);
}

/* Equality of short values without a call: what most rules consist of. */
static inline void
equal(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool wanted)
{
    if (fwl_cel_both(at, FWL_CEL_INT)) {
        vm->cost++;
        *at = fwl_cel_cell_bool((at[0].v.i == at[1].v.i) == wanted);
    } else if (fwl_cel_both(at, FWL_CEL_STRING) && at[0].size - 1 < 10 && at[1].size - 1 < 10) {
        vm->cost++;
        *at = fwl_cel_cell_bool((at[0].size == at[1].size && memcmp(at[0].v.p, at[1].v.p, at[0].size) == 0) == wanted);
    } else {
        fwl_cel_operators_equal(vm, at, wanted);
    }
}

static inline void
order(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, enum fwl_cel_op op)
{
    if (fwl_cel_both(at, FWL_CEL_INT)) {
        int64_t a = at[0].v.i;
        int64_t b = at[1].v.i;

        vm->cost++;
        *at = fwl_cel_cell_bool(op == FWL_CEL_OP_LT   ? a < b
                                : op == FWL_CEL_OP_LE ? a <= b
                                : op == FWL_CEL_OP_GT ? a > b
                                                      : a >= b);
    } else {
        fwl_cel_operators_order(vm, at, op);
    }
}

static inline bool
is_bool(const struct fwl_cel_cell *c, bool value)
{
    return c->kind == FWL_CEL_BOOL && (c->v.i != 0) == value;
}

static void
negate_bool(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    vm->cost++;
    if (at->kind == FWL_CEL_BOOL) {
        at->v.i ^= 1;
    } else {
        fwl_cel_vm_mismatch(vm, at, 1);
    }
}

/* && and || when the left side has not decided: @decisive is false for && and true for ||. */
static inline void
join(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool decisive)
{
    if (is_bool(&at[1], decisive)) {
        *at = at[1];
    } else if (at[0].kind != FWL_CEL_BOOL || at[1].kind != FWL_CEL_BOOL) {
        fwl_cel_vm_mismatch(vm, at, 2);
    }
}

static inline void
slot(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const struct fwl_cel_cell *slots, size_t count, uint8_t number)
{
    if (number < count && slots[number].kind != FWL_CEL_ABSENT) {
        *at = slots[number];
    } else {
        fwl_cel_vm_fail(vm, at, FWL_CEL_ERR_UNSET);
    }
}

/* BRANCH: where to go on. */
static const uint8_t *
branch(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, const uint8_t *pc)
{
    if (at->kind == FWL_CEL_BOOL) {
        return at->v.i != 0 ? pc + 4 : pc + 4 + distance(pc);
    }
    fwl_cel_vm_mismatch(vm, at, 1);
    return pc + 4 + distance(pc + 2);
}

/* OPT_BIND: true when there is a value, which is then at @at. */
static bool
unwrap(struct fwl_cel_vm *vm, struct fwl_cel_cell *at)
{
    vm->cost++;
    if (at->kind != FWL_CEL_OPTIONAL) {
        fwl_cel_vm_mismatch(vm, at, 1);
        return false;
    }
    if (!fwl_cel_has_value(at)) {
        return false;
    }
    *at = *at->v.cells;
    return true;
}

static void
wrap(struct fwl_cel_vm *vm, struct fwl_cel_cell *at, bool flat)
{
    *at = at[1];
    if (flat && at->kind != FWL_CEL_OPTIONAL) {
        fwl_cel_vm_mismatch(vm, at, 1);
    } else if (!flat && at->kind != FWL_CEL_ERROR) {
        fwl_cel_access_some(vm, at, at[1]);
    }
}

/* Runs until RETURN; the value is then stack[0]. */
static void
run(struct fwl_cel_vm *vm, struct fwl_cel_cell *const stack, const struct fwl_cel_cell *const slots,
    const size_t slot_count)
{
    const struct fwl_cel_cell *const constants = vm->constants;
    const uint8_t *pc = vm->code;
    struct fwl_cel_cell *sp = stack; /* first free cell */

    for (;;) {
        enum fwl_cel_op op = (enum fwl_cel_op) * pc;

        vm->at = pc++;
        /* clang-format off */
        switch (op) {
        case FWL_CEL_OP_RETURN: return;
        case FWL_CEL_OP_NULL: *sp++ = fwl_cel_cell_null(); break;
        case FWL_CEL_OP_FALSE: *sp++ = fwl_cel_cell_bool(false); break;
        case FWL_CEL_OP_TRUE: *sp++ = fwl_cel_cell_bool(true); break;
        case FWL_CEL_OP_INT8: *sp++ = fwl_cel_cell_int((int8_t)*pc++); break;
        case FWL_CEL_OP_CONST: *sp++ = constants[*pc++]; break;
        case FWL_CEL_OP_TYPE: *sp++ = (struct fwl_cel_cell){.kind = FWL_CEL_TYPE, .v.u = *pc++}; break;
        case FWL_CEL_OP_SLOT: vm->cost++; slot(vm, sp++, slots, slot_count, *pc++); break;
        case FWL_CEL_OP_SLOT_FIELD: vm->cost += 2; slot(vm, sp++, slots, slot_count, *pc++); break;
        case FWL_CEL_OP_SLOT_FREE: slot(vm, sp++, slots, slot_count, *pc++); break;
        case FWL_CEL_OP_LOCAL: vm->cost++; *sp++ = stack[*pc++]; break;
        case FWL_CEL_OP_LOCAL_FREE: *sp++ = stack[*pc++]; break;
        case FWL_CEL_OP_NOT: negate_bool(vm, sp - 1); break;
        case FWL_CEL_OP_NEG: fwl_cel_operators_negate(vm, sp - 1); break;
        case FWL_CEL_OP_EQ: sp--; equal(vm, sp - 1, true); break;
        case FWL_CEL_OP_NE: sp--; equal(vm, sp - 1, false); break;
        case FWL_CEL_OP_LT:
        case FWL_CEL_OP_LE:
        case FWL_CEL_OP_GT:
        case FWL_CEL_OP_GE: sp--; order(vm, sp - 1, op); break;
        case FWL_CEL_OP_IN: sp--; fwl_cel_operators_in(vm, sp - 1); break;
        case FWL_CEL_OP_ADD:
        case FWL_CEL_OP_SUB:
        case FWL_CEL_OP_MUL:
        case FWL_CEL_OP_DIV:
        case FWL_CEL_OP_MOD: sp--; fwl_cel_operators_arithmetic(vm, sp - 1, op); break;
        case FWL_CEL_OP_INDEX: sp--; fwl_cel_access_index(vm, sp - 1, sp, false); break;
        case FWL_CEL_OP_OPT_INDEX: sp--; fwl_cel_access_index(vm, sp - 1, sp, true); break;
        case FWL_CEL_OP_FIELD: fwl_cel_access_index(vm, sp - 1, &constants[*pc++], false); break;
        case FWL_CEL_OP_OPT_FIELD: fwl_cel_access_index(vm, sp - 1, &constants[*pc++], true); break;
        case FWL_CEL_OP_HAS: fwl_cel_access_has(vm, sp - 1, &constants[*pc++]); break;
        case FWL_CEL_OP_SPLICE: fwl_cel_access_splice(vm, sp - 1); break;
        case FWL_CEL_OP_LIST: sp -= pc[0]; fwl_cel_access_list(vm, sp++, pc[0]); pc++; break;
        case FWL_CEL_OP_MAP: sp -= 2 * (size_t)pc[0]; fwl_cel_access_map(vm, sp++, pc[0]); pc++; break;
        case FWL_CEL_OP_CALL: sp -= pc[1]; call(vm, sp++, (enum fwl_cel_function)pc[0], pc[1]); pc += 2; break;
        case FWL_CEL_OP_AND_JUMP: pc += is_bool(sp - 1, false) ? 2 + distance(pc) : 2; break;
        case FWL_CEL_OP_OR_JUMP: pc += is_bool(sp - 1, true) ? 2 + distance(pc) : 2; break;
        case FWL_CEL_OP_AND: sp--; join(vm, sp - 1, false); break;
        case FWL_CEL_OP_OR: sp--; join(vm, sp - 1, true); break;
        case FWL_CEL_OP_BRANCH: sp--; pc = branch(vm, sp, pc); sp += sp->kind == FWL_CEL_ERROR; break;
        case FWL_CEL_OP_JUMP: pc += 2 + distance(pc); break;
        case FWL_CEL_OP_LOOP:
            if (fwl_cel_loop_begin(vm, sp - 1, (enum fwl_cel_macro)pc[0], pc + 3, pc + 3 + distance(pc + 1))) {
                sp++;
                pc += 3;
            } else {
                pc += 3 + distance(pc + 1);
            }
            break;
        case FWL_CEL_OP_WHEN:
            sp--;
            switch (fwl_cel_loop_when(vm, sp - 2)) {
            case 0: pc = vm->loops[vm->loop_count - 1].body; break;
            case 1: break;
            default: sp--; pc = vm->loops[vm->loop_count].end; break;
            }
            break;
        case FWL_CEL_OP_NEXT:
            sp--;
            if (fwl_cel_loop_next(vm, sp - 2)) {
                pc = vm->loops[vm->loop_count - 1].body;
            } else {
                sp--;
            }
            break;
        case FWL_CEL_OP_NIP: sp--; sp[-1] = sp[0]; break;
        case FWL_CEL_OP_OPT_BIND: pc += unwrap(vm, sp - 1) ? 2 : 2 + distance(pc); break;
        case FWL_CEL_OP_OPT_MAP: sp--; wrap(vm, sp - 1, false); break;
        case FWL_CEL_OP_OPT_FLAT: sp--; wrap(vm, sp - 1, true); break;
        case FWL_CEL_OP_COUNT: return;
        }
        /* clang-format on */
    }
}

void
fwl_cel_eval(struct fwl_cel_result *out, const struct fwl_cel_memory *memory, const struct fwl_cel_program *program,
             const struct fwl_cel_cell *slots, size_t slot_count, const struct fwl_cel_limits *limits)
{
    struct fwl_cel_vm vm;

    FWL_ASSERT(memory->stack_cells >= program->stack_cells);
    FWL_ASSERT(memory->arena_bytes >= limits->arena_units && limits->cost <= FWL_CEL_COST_CAP);
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
