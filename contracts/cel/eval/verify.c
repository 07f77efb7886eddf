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

/* The state at a place that jumps to @target. */
struct join {
    uint32_t cost;
    struct fwl_cel_bound top;
    uint16_t target;
    uint8_t depth;
    uint8_t loop; /* loops open when it was made */
};

struct open_loop {
    uint32_t cost; /* before the loop */
    struct fwl_cel_bound range;
    uint16_t end;
    uint8_t macro;
    uint8_t depth; /* of the accumulator */
    bool when;     /* WHEN has been seen */
};

struct verifier {
    const struct fwl_cel_limits *limits;
    const struct fwl_cel_program *program;
    struct fwl_span slots;
    const uint8_t *pc; /* operands of the instruction under the pass */
    uint32_t cost;     /* in the innermost open loop: of one turn */
    uint16_t next;     /* offset of the instruction after it */
    uint16_t any;      /* size of a value nothing is known about, and of what is inside it */
    bool dead;         /* behind JUMP: only a join leads here */
    uint8_t slot_end;
    uint8_t depth;
    uint8_t deepest;
    uint8_t join_count;
    uint8_t loop_count;
    uint8_t loops_deepest;
    struct fwl_cel_bound stack[FWL_CEL_STACK_MAX];
    struct join joins[FWL_CEL_JOINS_MAX];
    struct open_loop loops[FWL_CEL_LOOPS_MAX];
};

static enum fwl_err
push(struct verifier *v, struct fwl_cel_bound b)
{
    if (v->depth >= v->limits->stack_cells) {
        return FWL_ERR_LIMIT;
    }
    v->stack[v->depth++] = b;
    v->deepest = FWL_MAX(v->deepest, v->depth);
    return FWL_OK;
}

/* Cells that an instruction may take: those above the element of the innermost loop. */
static unsigned
available(const struct verifier *v)
{
    return v->depth - (v->loop_count == 0 ? 0U : v->loops[v->loop_count - 1].depth + 2U);
}

/* The branch opened last in the innermost loop, or NULL. */
static struct join *
last_join(struct verifier *v)
{
    struct join *last = v->join_count == 0 ? NULL : &v->joins[v->join_count - 1];

    return last != NULL && last->loop == v->loop_count ? last : NULL;
}

/* A jump to so many bytes behind the instruction. */
static enum fwl_err
open_join(struct verifier *v, const uint8_t *distance)
{
    size_t target = (size_t)v->next + fwl_load_be16(distance);
    struct join *j = last_join(v);

    if (target >= v->program->size || (j != NULL && target > j->target)) {
        return FWL_ERR_FORM;
    }
    if (j == NULL || j->target != target || j->depth != v->depth) {
        if (v->join_count == FWL_CEL_JOINS_MAX) {
            return FWL_ERR_LIMIT;
        }
        j = &v->joins[v->join_count++];
        j->cost = 0;
        j->top = (struct fwl_cel_bound){0, 0};
        j->target = (uint16_t)target;
        j->depth = v->depth;
        j->loop = v->loop_count;
    }
    j->cost = FWL_MAX(j->cost, v->cost);
    if (v->depth > 0) {
        j->top = fwl_cel_bound_larger(j->top, v->stack[v->depth - 1]);
    }
    return FWL_OK;
}

/* Branches that end at this instruction. */
static enum fwl_err
close_joins(struct verifier *v, uint16_t at)
{
    while (v->join_count > 0 && v->joins[v->join_count - 1].target <= at) {
        const struct join *j = &v->joins[--v->join_count];
        struct fwl_cel_bound *top = &v->stack[j->depth == 0 ? 0 : j->depth - 1];

        if (v->dead) {
            v->dead = false;
            v->depth = j->depth;
            v->cost = 0;
            *top = j->top;
        }
        if (j->target != at || j->loop != v->loop_count || j->depth != v->depth) {
            return FWL_ERR_FORM;
        }
        v->cost = FWL_MAX(v->cost, j->cost);
        *top = fwl_cel_bound_larger(*top, j->top);
    }
    return v->dead ? FWL_ERR_FORM : FWL_OK;
}

/* The entry of the slot list, or NULL. */
static const uint8_t *
variable(struct verifier *v, uint8_t slot)
{
    for (size_t i = 0; i < v->slots.size; i += FWL_CEL_SLOT_ENTRY) {
        if (v->slots.p[i] == slot) {
            v->slot_end = (uint8_t)FWL_MAX(v->slot_end, FWL_MIN(slot + 1U, UINT8_MAX));
            return v->slots.p + i;
        }
    }
    return NULL;
}

static enum fwl_err
open_loop(struct verifier *v)
{
    struct open_loop *loop = &v->loops[v->loop_count];
    const struct fwl_cel_bound range = v->stack[v->depth];
    enum fwl_err err = FWL_OK;

    if (v->pc[0] >= FWL_CEL_MACROS) {
        return FWL_ERR_UNKNOWN;
    }
    if (v->loop_count >= v->limits->loops) {
        return FWL_ERR_LIMIT;
    }
    loop->cost = v->cost;
    loop->end = (uint16_t)FWL_MIN((size_t)v->next + fwl_load_be16(v->pc + 1), UINT16_MAX);
    loop->macro = v->pc[0];
    loop->depth = v->depth;
    loop->when = false;
    loop->range = range;
    v->cost = 0;
    v->loop_count++;
    v->loops_deepest = FWL_MAX(v->loops_deepest, v->loop_count);
    err = push(v, (struct fwl_cel_bound){range.size, v->any});
    return err == FWL_OK ? push(v, (struct fwl_cel_bound){range.element, v->any}) : err;
}

/* WHEN and NEXT. The body stands alone there: one cell above the element, no open branch of its own. */
static enum fwl_err
turn_loop(struct verifier *v, bool next)
{
    static const uint8_t once[FWL_CEL_MACROS] = {1, 1, 2, 11, 11, 11};
    static const uint8_t each[FWL_CEL_MACROS] = {3, 4, 2, 12, 12, 13};
    struct open_loop *loop = NULL;
    bool filtered = false;
    struct fwl_cel_bound result = {0, 0};
    uint64_t turns = 0;

    if (v->loop_count == 0 || last_join(v) != NULL || available(v) != 1) {
        return FWL_ERR_FORM;
    }
    loop = &v->loops[v->loop_count - 1];
    filtered = loop->macro == FWL_CEL_MAP_WHEN;
    if (!next) {
        bool first = filtered && !loop->when;

        loop->when = true;
        v->depth--;
        return first ? FWL_OK : FWL_ERR_FORM;
    }
    if (loop->end != v->next || loop->when != filtered) {
        return FWL_ERR_FORM;
    }
    if (filtered || loop->macro == FWL_CEL_MAP_EACH) {
        result = (struct fwl_cel_bound){loop->range.size, v->stack[v->depth - 1].size};
    } else if (loop->macro == FWL_CEL_FILTER) {
        result = loop->range;
    }
    turns = (uint64_t)(v->cost + each[loop->macro]) * loop->range.size;
    v->cost = loop->cost + once[loop->macro] + (uint32_t)FWL_MIN(turns, FWL_CEL_COST_CAP);
    v->depth = loop->depth;
    v->loop_count--;
    return push(v, result);
}

/* JUMP: the else part begins right behind, so its branch, the last one, stays the last. */
static enum fwl_err
jump(struct verifier *v)
{
    struct join *last = last_join(v);
    struct join other;
    enum fwl_err err = FWL_OK;

    if (last == NULL || last->target != v->next) {
        return FWL_ERR_FORM;
    }
    other = *last;
    v->join_count--;
    v->dead = true;
    err = open_join(v, v->pc);
    if (err == FWL_OK && v->join_count == FWL_CEL_JOINS_MAX) {
        err = FWL_ERR_LIMIT;
    }
    if (err == FWL_OK) {
        v->joins[v->join_count++] = other;
    }
    return err;
}

/* CALL: @at are its arguments; the result. */
static enum fwl_err
call(struct verifier *v, struct fwl_cel_bound *result, const struct fwl_cel_bound *at)
{
    uint8_t fn = v->pc[0];
    uint8_t count = v->pc[1];

    if (fn >= FWL_CEL_FN_KNOWN) {
        return FWL_ERR_UNKNOWN;
    }
    if (count < fwl_cel_function_rows[fn].arity >> 4 || count > (fwl_cel_function_rows[fn].arity & 15)) {
        return FWL_ERR_FORM;
    }
    v->cost += fwl_cel_bound_call_cost((enum fwl_cel_function)fn, FWL_MAX(at[0].size, 1), FWL_MAX(at[1].size, 1));
    *result = fwl_cel_bound_call_result((enum fwl_cel_function)fn, at[0], at[1]);
    return FWL_OK;
}

/* CONST: the constant; FIELD, OPT_FIELD, HAS: the key, which is a string. */
static enum fwl_err
constant(struct verifier *v, struct fwl_cel_bound *result, bool key)
{
    const struct fwl_cel_cell *c = &v->program->constants[v->pc[0]];

    if (v->pc[0] >= v->program->constant_count || (key && c->kind != FWL_CEL_STRING)) {
        return FWL_ERR_FORM;
    }
    if (!key && (c->kind == FWL_CEL_STRING || c->kind == FWL_CEL_BYTES || c->kind == FWL_CEL_VERSION)) {
        result->size = (uint16_t)fwl_cel_cell_span(c).size;
    }
    return FWL_OK;
}

static FWL_NOINLINE enum fwl_err
instruction(struct verifier *v, enum fwl_cel_op op)
{
    const struct fwl_cel_op_row *row = &fwl_cel_op_rows[op];
    enum fwl_cel_shape shape = (enum fwl_cel_shape)(row->form & 31);
    const struct fwl_cel_bound *at = NULL; /* the first cell taken */
    const uint8_t *slot = NULL;
    struct fwl_cel_bound result = {0, 0};
    enum fwl_err err = FWL_OK;
    uint32_t sum = 0;
    size_t takes = row->takes;

    if (shape == FWL_CEL_SHAPE_TURN) {
        return turn_loop(v, op == FWL_CEL_OP_NEXT);
    }
    if (shape == FWL_CEL_SHAPE_LIST) {
        takes = op == FWL_CEL_OP_MAP ? 2 * (size_t)v->pc[0] : v->pc[0];
    } else if (shape == FWL_CEL_SHAPE_CALL) {
        takes = v->pc[1];
    }
    if (takes > available(v)) {
        return FWL_ERR_FORM;
    }
    v->depth = (uint8_t)(v->depth - takes);
    v->cost += row->cost;
    at = &v->stack[v->depth];
    switch (shape) {
    case FWL_CEL_SHAPE_CONST:
    case FWL_CEL_SHAPE_HAS: err = constant(v, &result, shape == FWL_CEL_SHAPE_HAS); break;
    case FWL_CEL_SHAPE_FIELD:
        err = constant(v, &result, true);
        result = (struct fwl_cel_bound){at[0].element, v->any};
        break;
    case FWL_CEL_SHAPE_ELEMENT: result = (struct fwl_cel_bound){at[0].element, v->any}; break;
    case FWL_CEL_SHAPE_SLOT:
        slot = variable(v, v->pc[0]);
        if (slot == NULL) {
            return FWL_ERR_FORM;
        }
        result = (struct fwl_cel_bound){fwl_load_be16(slot + 1), fwl_load_be16(slot + 3)};
        break;
    case FWL_CEL_SHAPE_LOCAL:
        if (v->pc[0] >= v->depth) {
            return FWL_ERR_FORM;
        }
        result = v->stack[v->pc[0]];
        break;
    case FWL_CEL_SHAPE_TYPE:
        if (v->pc[0] < FWL_CEL_NULL || v->pc[0] >= FWL_CEL_KINDS) {
            return FWL_ERR_UNKNOWN;
        }
        break;
    case FWL_CEL_SHAPE_COMPARE: v->cost += fwl_cel_bound_tenths(FWL_MAX(FWL_MIN(at[0].size, at[1].size), 1)); break;
    case FWL_CEL_SHAPE_IN: v->cost += FWL_MAX(at[1].size, 1U); break;
    case FWL_CEL_SHAPE_ADD:
        sum = (uint32_t)at[0].size + at[1].size;
        v->cost += fwl_cel_bound_tenths(FWL_MAX(sum, 1));
        result = (struct fwl_cel_bound){(uint16_t)FWL_MIN(sum, v->any), FWL_MAX(at[0].element, at[1].element)};
        break;
    case FWL_CEL_SHAPE_LIST:
        result.size = v->pc[0];
        for (size_t i = 0; i < takes; i++) {
            result.element = FWL_MAX(result.element, at[i].size);
        }
        break;
    case FWL_CEL_SHAPE_CALL: err = call(v, &result, at); break;
    case FWL_CEL_SHAPE_FIRST:
    case FWL_CEL_SHAPE_JUMP:
    case FWL_CEL_SHAPE_BRANCH: result = at[0]; break;
    case FWL_CEL_SHAPE_SECOND: result = at[1]; break;
    case FWL_CEL_SHAPE_ELSE: return jump(v);
    case FWL_CEL_SHAPE_LOOP: return open_loop(v);
    case FWL_CEL_SHAPE_SCALAR:
    case FWL_CEL_SHAPE_TURN: break;
    }
    err = err == FWL_OK ? push(v, result) : err;
    if (err == FWL_OK && shape == FWL_CEL_SHAPE_BRANCH) {
        err = open_join(v, v->pc + 2); /* an error stays on the stack and goes to the end */
        v->depth--;
    }
    if (err == FWL_OK && (shape == FWL_CEL_SHAPE_JUMP || shape == FWL_CEL_SHAPE_BRANCH)) {
        err = open_join(v, v->pc);
    }
    return err;
}

enum fwl_err
fwl_cel_verify(struct fwl_cel_program *program, struct fwl_span slot_list, const struct fwl_cel_limits *limits)
{
    struct verifier v;
    uint8_t op = FWL_CEL_OP_COUNT;

    FWL_DCHECK(limits->stack_cells <= FWL_CEL_STACK_MAX && limits->loops <= FWL_CEL_LOOPS_MAX);
    memset(&v, 0, sizeof(v));
    v.limits = limits;
    v.program = program;
    v.slots = slot_list;
    v.any = (uint16_t)FWL_MIN(FWL_MAX(limits->string_bytes, limits->entries), UINT16_MAX);
    do {
        uint16_t at = v.next;
        enum fwl_err err = FWL_OK;

        if (at >= program->size) {
            return FWL_ERR_TRUNCATED;
        }
        op = program->code[at];
        if (op >= FWL_CEL_OP_COUNT) {
            return FWL_ERR_UNKNOWN;
        }
        if ((fwl_cel_op_rows[op].form >> 5) >= program->size - at) {
            return FWL_ERR_TRUNCATED;
        }
        v.pc = program->code + at + 1;
        v.next = (uint16_t)(at + 1 + (fwl_cel_op_rows[op].form >> 5));
        err = close_joins(&v, at);
        if (err == FWL_OK) {
            err = instruction(&v, (enum fwl_cel_op)op);
        }
        if (err != FWL_OK) {
            return err;
        }
        v.cost = FWL_MIN(v.cost, FWL_CEL_COST_CAP + 1U);
    } while (op != FWL_CEL_OP_RETURN);
    if (v.next != program->size || v.depth != 1 || v.join_count != 0 || v.loop_count != 0) {
        return FWL_ERR_FORM;
    }
    program->cost = v.cost;
    program->stack_cells = v.deepest;
    program->loops = v.loops_deepest;
    program->slot_end = v.slot_end;
    return v.cost > limits->cost ? FWL_ERR_LIMIT : FWL_OK;
}
