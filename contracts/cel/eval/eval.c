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

/* For short texts: a call of memcmp would take longer. */
static inline bool
same_text(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    if (a->size != b->size) {
        return false;
    }
    for (uint32_t i = 0; i < a->size; i++) {
        if (a->v.p[i] != b->v.p[i]) {
            return false;
        }
    }
    return true;
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
        yes = same_text(&at[0], &at[1]) == (op == FWL_CEL_OP_EQ);
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
        fwl_cel_set_bool(at, decisive);
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

/*
 * CASE(name, body), and CASE_n for n instructions of one body. Where size counts the body stands once, and what the
 * instruction takes, gives and costs is read from the table before the switch. Where speed counts each instruction has
 * the body for itself, in which all this and `op` are constants: half of the time of a short rule. One source either
 * way: the columns of FWL_CEL_OPS. The vectors run through both (cel_conformance, cel_conformance_small).
 */
enum {
#define ROW(name, number, operands, takes, gives, cost, shape)                                                         \
    TAKES_##name = (takes), GIVES_##name = (gives), COST_##name = (cost),
    FWL_CEL_OPS(ROW)
#undef ROW
};

/* clang-format off */
#if FWL_FOR_SPEED
#define CASE(name, ...)                                                                                                \
    case FWL_CEL_OP_##name:                                                                                            \
        op = FWL_CEL_OP_##name;                                                                                        \
        takes = TAKES_##name;                                                                                          \
        at = sp - TAKES_##name;                                                                                        \
        sp = at + GIVES_##name;                                                                                        \
        vm->cost += COST_##name;                                                                                       \
        __VA_ARGS__;
#define ALSO(name, ...) CASE(name, __VA_ARGS__)
#else
#define CASE(name, ...) case FWL_CEL_OP_##name: __VA_ARGS__;
#define ALSO(name, ...) case FWL_CEL_OP_##name:
#endif
#define CASE_2(a, b, ...)             ALSO(a, __VA_ARGS__) CASE(b, __VA_ARGS__)
#define CASE_3(a, b, c, ...)          ALSO(a, __VA_ARGS__) CASE_2(b, c, __VA_ARGS__)
#define CASE_5(a, b, c, d, e, ...)    ALSO(a, __VA_ARGS__) ALSO(b, __VA_ARGS__) CASE_3(c, d, e, __VA_ARGS__)
#define CASE_6(a, b, c, d, e, f, ...) ALSO(a, __VA_ARGS__) CASE_5(b, c, d, e, f, __VA_ARGS__)
/* clang-format on */

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
        size_t takes = 0;
        struct fwl_cel_cell *at = NULL; /* the first cell taken, and given */
        enum fwl_cel_err err = FWL_CEL_OK;

        if (!FWL_FOR_SPEED) {
            const struct fwl_cel_op_row *row = &fwl_cel_op_rows[op];

            takes = row->takes;
            at = sp - takes;
            sp = at + row->gives;
            vm->cost += row->cost;
        }
        vm->at = pc++;
        /* clang-format off */
        switch (op) {
        case FWL_CEL_OP_RETURN:
        case FWL_CEL_OP_COUNT: return;
        CASE(NULL, fwl_cel_set(at, FWL_CEL_NULL, 0); continue)
        CASE(FALSE, fwl_cel_set_bool(at, false); continue)
        CASE(TRUE, fwl_cel_set_bool(at, true); continue)
        CASE(INT8, fwl_cel_set(at, FWL_CEL_INT, (int8_t)*pc++); continue)
        CASE(TYPE, fwl_cel_set(at, FWL_CEL_TYPE, *pc++); continue)
        CASE(CONST, *at = constants[*pc++]; continue)
        CASE_3(SLOT, SLOT_FIELD, SLOT_FREE, err = slot(at, slots, slot_count, *pc++); break)
        CASE_2(LOCAL, LOCAL_FREE, *at = stack[*pc++]; continue)
        CASE_2(NOT, NEG, err = negate(at, op); break)
        CASE_6(EQ, NE, LT, LE, GT, GE, err = compare(vm, at, op); break)
        CASE(IN, err = fwl_cel_operators_in(vm, at); break)
        CASE_5(ADD, SUB, MUL, DIV, MOD, err = fwl_cel_operators_arithmetic(vm, at, op); break)
        CASE_2(INDEX, OPT_INDEX, err = fwl_cel_access_index(vm, at, at + 1, op == FWL_CEL_OP_OPT_INDEX); break)
        CASE_2(FIELD, OPT_FIELD,
               err = fwl_cel_access_index(vm, at, &constants[*pc++], op == FWL_CEL_OP_OPT_FIELD); break)
        CASE(HAS, err = fwl_cel_access_has(at, &constants[*pc++]); break)
        CASE(SPLICE, err = fwl_cel_access_splice(at); break)
        CASE_2(LIST, MAP,
               takes = *pc++ * (op == FWL_CEL_OP_MAP ? 2U : 1U);
               sp -= takes;
               at -= takes;
               err = op == FWL_CEL_OP_MAP ? fwl_cel_access_map(vm, at, takes / 2) : fwl_cel_access_list(vm, at, takes);
               break)
        CASE(CALL,
             sp -= pc[1];
             fwl_cel_call(vm, at - pc[1], (enum fwl_cel_function)pc[0], pc[1]);
             pc += 2;
             continue)
        CASE_2(AND_JUMP, OR_JUMP, pc += is_bool(at, op == FWL_CEL_OP_OR_JUMP) ? 2 + distance(pc) : 2; continue)
        CASE_2(AND, OR, err = join(at, op == FWL_CEL_OP_OR); break)
        CASE(BRANCH,
             if (at->kind == FWL_CEL_BOOL) {
                 pc += fwl_cel_cell_true(at) ? 4 : 4 + distance(pc);
                 continue;
             }
             err = FWL_CEL_ERR_TYPE; /* an error, which stays */
             sp++;
             pc += 4 + distance(pc + 2);
             break)
        CASE(JUMP, pc += 2 + distance(pc); continue)
        CASE_3(LOOP, WHEN, NEXT, sp = turn(vm, at, &pc, op); continue)
        CASE(NIP, *at = at[1]; continue)
        CASE(OPT_BIND, pc = bind(at, pc, &err); break)
        CASE_2(OPT_MAP, OPT_FLAT, err = wrap(vm, at, op == FWL_CEL_OP_OPT_FLAT); break)
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
