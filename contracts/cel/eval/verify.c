/*
 * One pass over the instructions with an abstract stack: of each cell only an upper bound of its size is known. Since
 * jumps go forward only, everything that can reach an instruction is known when the pass gets there: open branches
 * wait on a stack of joins, innermost last, with the depth, cost and top of the stack at the place they left.
 *
 * What is proven: every operand exists, every jump lands on an instruction with the same stack depth from all sides,
 * loops nest properly, no instruction is unreachable, and no path costs more than `cost`, provided that variables keep
 * the maxima in the slot list. Kinds are not proven; the evaluator checks them.
 */
#include "contracts/cel/eval/bound.h"
#include "contracts/cel/eval/vm.h"

struct join {
    uint32_t cost;
    uint16_t target;
    uint8_t depth;
    uint8_t loop; /* loops open when it was made */
    struct fwl_cel_bound top;
};

struct open_loop {
    uint64_t cost; /* before the loop */
    uint16_t end;
    uint8_t macro;
    uint8_t depth; /* of the accumulator */
    bool when;     /* WHEN has been seen */
    struct fwl_cel_bound range;
};

struct verifier {
    const struct fwl_cel_limits *limits;
    const struct fwl_cel_program *program;
    struct fwl_span slots;
    const uint8_t *pc; /* operands of the instruction under the pass */
    uint16_t next;     /* offset of the one after it */
    enum fwl_err err;
    uint64_t cost; /* in the innermost open loop: of one turn */
    bool dead;     /* behind JUMP: only a join leads here */
    uint8_t slot_end;
    unsigned depth;
    unsigned deepest;
    unsigned join_count;
    unsigned loop_count;
    unsigned loops_deepest;
    struct fwl_cel_bound any; /* of a value nothing is known about */
    struct fwl_cel_bound stack[FWL_CEL_STACK_MAX];
    struct join joins[FWL_CEL_JOINS_MAX];
    struct open_loop loops[FWL_CEL_LOOPS_MAX];
};

static void
fail(struct verifier *v, enum fwl_err err)
{
    if (v->err == FWL_OK) {
        v->err = err;
    }
}

static uint64_t
saturate(uint64_t cost)
{
    return FWL_MIN(cost, UINT32_MAX);
}

static void
push(struct verifier *v, struct fwl_cel_bound b)
{
    if (v->depth >= FWL_MIN(v->limits->stack_cells, FWL_CEL_STACK_MAX)) {
        fail(v, FWL_ERR_LIMIT);
        return;
    }
    v->stack[v->depth++] = b;
    v->deepest = FWL_MAX(v->deepest, v->depth);
}

/* Cells that an instruction may take: those above the element of the innermost loop. */
static struct fwl_cel_bound
pop(struct verifier *v)
{
    unsigned floor = v->loop_count == 0 ? 0 : v->loops[v->loop_count - 1].depth + 2U;

    if (v->depth <= floor) {
        fail(v, FWL_ERR_FORM);
        return v->any;
    }
    return v->stack[--v->depth];
}

static void
open_join(struct verifier *v, size_t target)
{
    struct join *j = &v->joins[v->join_count];
    struct fwl_cel_bound top = v->depth > 0 ? v->stack[v->depth - 1] : (struct fwl_cel_bound){0, 0};

    if (v->join_count > 0 && j[-1].target == target && j[-1].depth == v->depth && j[-1].loop == v->loop_count) {
        j[-1].cost = (uint32_t)FWL_MAX(j[-1].cost, v->cost);
        j[-1].top = fwl_cel_bound_larger(j[-1].top, top);
        return;
    }
    if (v->join_count == FWL_CEL_JOINS_MAX) {
        fail(v, FWL_ERR_LIMIT);
        return;
    }
    if (target >= v->program->size || (v->join_count > 0 && target > v->joins[v->join_count - 1].target &&
                                       v->joins[v->join_count - 1].loop == v->loop_count)) {
        fail(v, FWL_ERR_FORM);
        return;
    }
    *j = (struct join){.cost = (uint32_t)v->cost,
                       .target = (uint16_t)target,
                       .depth = (uint8_t)v->depth,
                       .loop = (uint8_t)v->loop_count,
                       .top = top};
    v->join_count++;
}

/* Branches that end at this instruction. */
static void
close_joins(struct verifier *v, uint16_t at)
{
    while (v->join_count > 0 && v->joins[v->join_count - 1].target <= at) {
        const struct join *j = &v->joins[--v->join_count];

        if (j->target != at || j->loop != v->loop_count || (!v->dead && j->depth != v->depth)) {
            fail(v, FWL_ERR_FORM);
            return;
        }
        if (v->dead) {
            v->depth = j->depth;
            v->cost = j->cost;
            v->dead = false;
            if (v->depth > 0) {
                v->stack[v->depth - 1] = j->top;
            }
        } else {
            v->cost = FWL_MAX(v->cost, j->cost);
            if (v->depth > 0) {
                v->stack[v->depth - 1] = fwl_cel_bound_larger(v->stack[v->depth - 1], j->top);
            }
        }
    }
    if (v->dead) {
        fail(v, FWL_ERR_FORM);
    }
}

static uint16_t
cap(const struct verifier *v, uint32_t size)
{
    return (uint16_t)FWL_MIN(size, FWL_MAX(v->any.size, v->any.element));
}

static void
variable(struct verifier *v, uint8_t slot)
{
    for (size_t i = 0; i < v->slots.size; i += FWL_CEL_SLOT_ENTRY) {
        const uint8_t *entry = v->slots.p + i;

        if (entry[0] == slot) {
            v->slot_end = (uint8_t)FWL_MAX(v->slot_end, FWL_MIN(slot + 1U, UINT8_MAX));
            push(v, (struct fwl_cel_bound){fwl_load_be16(entry + 1), fwl_load_be16(entry + 3)});
            return;
        }
    }
    fail(v, FWL_ERR_FORM);
}

static const struct fwl_cel_cell *
constant(struct verifier *v, uint8_t number)
{
    if (number < v->program->constant_count) {
        return &v->program->constants[number];
    }
    fail(v, FWL_ERR_FORM);
    return NULL;
}

static void
push_constant(struct verifier *v, uint8_t number)
{
    const struct fwl_cel_cell *c = constant(v, number);

    if (c != NULL) {
        bool text = c->kind == FWL_CEL_STRING || c->kind == FWL_CEL_BYTES || c->kind == FWL_CEL_VERSION;

        push(v, (struct fwl_cel_bound){(uint16_t)(text ? fwl_cel_cell_span(c).size : 0), 0});
    }
}

/* The key of FIELD, OPT_FIELD and HAS. */
static void
key(struct verifier *v, uint8_t number)
{
    const struct fwl_cel_cell *c = constant(v, number);

    if (c != NULL && c->kind != FWL_CEL_STRING) {
        fail(v, FWL_ERR_FORM);
    }
}

/* LIST and MAP: takes @count cells; what is inside is as large as the largest of them. */
static void
literal(struct verifier *v, size_t count, uint16_t entries)
{
    struct fwl_cel_bound b = {entries, 0};

    for (size_t i = 0; i < count && v->err == FWL_OK; i++) {
        struct fwl_cel_bound inside = pop(v);

        b.element = FWL_MAX(b.element, inside.size);
    }
    push(v, b);
}

static void
binary(struct verifier *v, enum fwl_cel_op op)
{
    struct fwl_cel_bound b = pop(v);
    struct fwl_cel_bound a = pop(v);
    struct fwl_cel_bound result = {0, 0};
    uint64_t cost = 1;

    if (op >= FWL_CEL_OP_EQ && op <= FWL_CEL_OP_GE) {
        cost = fwl_cel_bound_tenths(FWL_MIN(a.size, b.size));
    } else if (op == FWL_CEL_OP_IN) {
        cost = FWL_MAX(b.size, 1);
    } else if (op == FWL_CEL_OP_ADD) {
        cost = fwl_cel_bound_tenths((uint32_t)a.size + b.size);
        result = (struct fwl_cel_bound){cap(v, (uint32_t)a.size + b.size), FWL_MAX(a.element, b.element)};
    } else if (op == FWL_CEL_OP_INDEX || op == FWL_CEL_OP_OPT_INDEX) {
        result = (struct fwl_cel_bound){a.element, v->any.element};
    }
    v->cost += cost;
    push(v, result);
}

static void
call(struct verifier *v, uint8_t fn, uint8_t count)
{
    static const uint8_t arity[FWL_CEL_FN_COUNT][2] = {
#define ARITY(name, number, least, most) [number] = {(least), (most)},
        FWL_CEL_FUNCTIONS(ARITY)
#undef ARITY
    };
    struct fwl_cel_bound first[2] = {{0, 0}, {0, 0}};

    if (fn >= FWL_CEL_FN_KNOWN) {
        fail(v, FWL_ERR_UNKNOWN);
        return;
    }
    if (count < arity[fn][0] || count > arity[fn][1]) {
        fail(v, FWL_ERR_FORM);
        return;
    }
    for (unsigned i = count; i > 0; i--) {
        struct fwl_cel_bound b = pop(v);

        if (i <= 2) {
            first[i - 1] = b;
        }
    }
    v->cost += fwl_cel_bound_call_cost(fn, first[0], first[1]);
    push(v, fwl_cel_bound_call_result(fn, first[0], first[1]));
}

static void
open_loop(struct verifier *v, uint8_t macro, uint16_t distance)
{
    struct fwl_cel_bound range = pop(v);
    struct open_loop *loop = &v->loops[v->loop_count];

    if (macro >= FWL_CEL_MACROS) {
        fail(v, FWL_ERR_UNKNOWN);
    } else if (v->loop_count >= FWL_MIN(v->limits->loops, FWL_CEL_LOOPS_MAX)) {
        fail(v, FWL_ERR_LIMIT);
    }
    if (v->err != FWL_OK) {
        return;
    }
    *loop = (struct open_loop){.cost = v->cost,
                               .end = (uint16_t)FWL_MIN((size_t)v->next + distance, UINT16_MAX),
                               .macro = macro,
                               .depth = (uint8_t)v->depth,
                               .range = range};
    push(v, (struct fwl_cel_bound){range.size, v->any.size});
    push(v, (struct fwl_cel_bound){range.element, v->any.element});
    v->loop_count++;
    v->loops_deepest = FWL_MAX(v->loops_deepest, v->loop_count);
    v->cost = 0;
}

/* In WHEN and NEXT the body stands alone: one cell above the element, no open branch of its own. */
static struct open_loop *
in_loop(struct verifier *v)
{
    struct open_loop *loop = NULL;

    if (v->loop_count == 0) {
        fail(v, FWL_ERR_FORM);
        return NULL;
    }
    loop = &v->loops[v->loop_count - 1];
    if (v->depth != loop->depth + 3U || (v->join_count > 0 && v->joins[v->join_count - 1].loop == v->loop_count)) {
        fail(v, FWL_ERR_FORM);
        return NULL;
    }
    return loop;
}

static void
when(struct verifier *v)
{
    struct open_loop *loop = in_loop(v);

    if (loop != NULL) {
        if (loop->macro != FWL_CEL_MAP_WHEN || loop->when) {
            fail(v, FWL_ERR_FORM);
        }
        loop->when = true;
        v->depth--;
    }
}

static void
close_loop(struct verifier *v)
{
    static const uint8_t once[FWL_CEL_MACROS] = {1, 1, 2, 11, 11, 11};
    static const uint8_t each[FWL_CEL_MACROS] = {3, 4, 2, 12, 12, 13};
    struct open_loop *loop = in_loop(v);
    struct fwl_cel_bound body = {0, 0};
    struct fwl_cel_bound result = {0, 0};

    if (loop == NULL) {
        return;
    }
    if (loop->end != v->next || loop->when != (loop->macro == FWL_CEL_MAP_WHEN)) {
        fail(v, FWL_ERR_FORM);
        return;
    }
    body = v->stack[v->depth - 1];
    if (loop->macro == FWL_CEL_MAP_EACH || loop->macro == FWL_CEL_MAP_WHEN) {
        result = (struct fwl_cel_bound){loop->range.size, body.size};
    } else if (loop->macro == FWL_CEL_FILTER) {
        result = loop->range;
    }
    v->cost =
        saturate(loop->cost + once[loop->macro] + saturate(loop->range.size * saturate(v->cost + each[loop->macro])));
    v->depth = loop->depth;
    v->loop_count--;
    push(v, result);
}

static void
jump(struct verifier *v, enum fwl_cel_op op)
{
    size_t target = (size_t)v->next + fwl_load_be16(v->pc);
    struct join other;

    if (op == FWL_CEL_OP_BRANCH) {
        (void)pop(v);
        v->depth++; /* an error stays on the stack and goes to the end */
        open_join(v, (size_t)v->next + fwl_load_be16(v->pc + 2));
        v->depth--;
        open_join(v, target);
    } else if (op == FWL_CEL_OP_JUMP) {
        /* the else part begins right behind */
        if (v->join_count == 0 || v->joins[v->join_count - 1].target != v->next) {
            fail(v, FWL_ERR_FORM);
            return;
        }
        other = v->joins[--v->join_count];
        open_join(v, target);
        v->dead = true;
        if (v->join_count < FWL_CEL_JOINS_MAX) {
            v->joins[v->join_count++] = other;
        }
    } else {
        struct fwl_cel_bound top = pop(v);

        push(v, top);
        v->cost += op == FWL_CEL_OP_OPT_BIND;
        open_join(v, target);
    }
}

static void
local(struct verifier *v, uint8_t cell)
{
    if (cell >= v->depth) {
        fail(v, FWL_ERR_FORM);
    } else {
        push(v, v->stack[cell]);
    }
}

/* Operations on the top of the stack. */
static void
unary(struct verifier *v, enum fwl_cel_op op)
{
    struct fwl_cel_bound a = pop(v);

    if (op == FWL_CEL_OP_FIELD || op == FWL_CEL_OP_OPT_FIELD) {
        key(v, v->pc[0]);
        a = (struct fwl_cel_bound){a.element, v->any.element};
    } else if (op != FWL_CEL_OP_SPLICE) {
        a = (struct fwl_cel_bound){0, 0};
    }
    if (op == FWL_CEL_OP_HAS) {
        key(v, v->pc[0]);
    }
    v->cost += op != FWL_CEL_OP_SPLICE;
    push(v, a);
}

/* Drop the cell below the top: the variable of cel.bind or optMap; or the two sides of && and ||. */
static void
fold(struct verifier *v, bool keep)
{
    struct fwl_cel_bound top = pop(v);

    (void)pop(v);
    push(v, keep ? top : (struct fwl_cel_bound){0, 0});
}

static void
instruction(struct verifier *v, enum fwl_cel_op op)
{
    switch (op) {
    case FWL_CEL_OP_RETURN:
        if (v->next != v->program->size || v->depth != 1 || v->join_count != 0 || v->loop_count != 0) {
            fail(v, FWL_ERR_FORM);
        }
        break;
    case FWL_CEL_OP_NULL:
    case FWL_CEL_OP_FALSE:
    case FWL_CEL_OP_TRUE:
    case FWL_CEL_OP_INT8: push(v, (struct fwl_cel_bound){0, 0}); break;
    case FWL_CEL_OP_CONST: push_constant(v, v->pc[0]); break;
    case FWL_CEL_OP_TYPE:
        push(v, (struct fwl_cel_bound){0, 0});
        if (v->pc[0] < FWL_CEL_NULL || v->pc[0] >= FWL_CEL_KINDS) {
            fail(v, FWL_ERR_UNKNOWN);
        }
        break;
    case FWL_CEL_OP_SLOT:
        v->cost++;
        variable(v, v->pc[0]);
        break;
    case FWL_CEL_OP_SLOT_FIELD:
        v->cost += 2;
        variable(v, v->pc[0]);
        break;
    case FWL_CEL_OP_SLOT_FREE: variable(v, v->pc[0]); break;
    case FWL_CEL_OP_LOCAL:
        v->cost++;
        local(v, v->pc[0]);
        break;
    case FWL_CEL_OP_LOCAL_FREE: local(v, v->pc[0]); break;
    case FWL_CEL_OP_NOT:
    case FWL_CEL_OP_NEG:
    case FWL_CEL_OP_FIELD:
    case FWL_CEL_OP_OPT_FIELD:
    case FWL_CEL_OP_HAS:
    case FWL_CEL_OP_SPLICE: unary(v, op); break;
    case FWL_CEL_OP_EQ:
    case FWL_CEL_OP_NE:
    case FWL_CEL_OP_LT:
    case FWL_CEL_OP_LE:
    case FWL_CEL_OP_GT:
    case FWL_CEL_OP_GE:
    case FWL_CEL_OP_IN:
    case FWL_CEL_OP_ADD:
    case FWL_CEL_OP_SUB:
    case FWL_CEL_OP_MUL:
    case FWL_CEL_OP_DIV:
    case FWL_CEL_OP_MOD:
    case FWL_CEL_OP_INDEX:
    case FWL_CEL_OP_OPT_INDEX: binary(v, op); break;
    case FWL_CEL_OP_LIST:
        v->cost += 10;
        literal(v, v->pc[0], v->pc[0]);
        break;
    case FWL_CEL_OP_MAP:
        v->cost += 30;
        literal(v, 2 * (size_t)v->pc[0], v->pc[0]);
        break;
    case FWL_CEL_OP_CALL: call(v, v->pc[0], v->pc[1]); break;
    case FWL_CEL_OP_AND_JUMP:
    case FWL_CEL_OP_OR_JUMP:
    case FWL_CEL_OP_BRANCH:
    case FWL_CEL_OP_JUMP:
    case FWL_CEL_OP_OPT_BIND: jump(v, op); break;
    case FWL_CEL_OP_AND:
    case FWL_CEL_OP_OR: fold(v, false); break;
    case FWL_CEL_OP_LOOP: open_loop(v, v->pc[0], fwl_load_be16(v->pc + 1)); break;
    case FWL_CEL_OP_WHEN: when(v); break;
    case FWL_CEL_OP_NEXT: close_loop(v); break;
    case FWL_CEL_OP_NIP:
    case FWL_CEL_OP_OPT_MAP:
    case FWL_CEL_OP_OPT_FLAT: fold(v, true); break;
    case FWL_CEL_OP_COUNT: fail(v, FWL_ERR_UNKNOWN); break;
    }
    v->cost = saturate(v->cost);
}

enum fwl_err
fwl_cel_verify(struct fwl_cel_program *program, struct fwl_span slot_list, const struct fwl_cel_limits *limits)
{
    static const uint8_t operands[FWL_CEL_OP_COUNT] = {
#define OPERANDS(name, number, bytes, takes, gives) [number] = (bytes),
        FWL_CEL_OPS(OPERANDS)
#undef OPERANDS
    };
    struct verifier v;
    uint16_t at = 0;

    memset(&v, 0, sizeof(v));
    v.limits = limits;
    v.program = program;
    v.slots = slot_list;
    v.any.size = (uint16_t)FWL_MIN(FWL_MAX(limits->string_bytes, limits->entries), UINT16_MAX);
    v.any.element = v.any.size;
    while (at < program->size && v.err == FWL_OK) {
        uint8_t op = program->code[at];

        if (op >= FWL_CEL_OP_COUNT) {
            return FWL_ERR_UNKNOWN;
        }
        if (operands[op] >= program->size - at) {
            return FWL_ERR_TRUNCATED;
        }
        close_joins(&v, at);
        v.pc = program->code + at + 1;
        v.next = (uint16_t)(at + 1 + operands[op]);
        if (v.err == FWL_OK) {
            instruction(&v, (enum fwl_cel_op)op);
        }
        if (op == FWL_CEL_OP_RETURN && v.err == FWL_OK) {
            break;
        }
        at = v.next;
    }
    if (v.err == FWL_OK && at >= program->size) {
        return FWL_ERR_TRUNCATED;
    }
    if (v.err == FWL_OK && v.cost > limits->cost) {
        return FWL_ERR_LIMIT;
    }
    program->cost = (uint32_t)v.cost;
    program->stack_cells = (uint8_t)v.deepest;
    program->loops = (uint8_t)v.loops_deepest;
    program->slot_end = v.slot_end;
    return v.err;
}
