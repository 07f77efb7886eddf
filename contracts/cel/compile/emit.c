/* Code generation: one walk over the tree; jumps are patched when their end is known. */
#include "contracts/cel/compile/compiler.h"
#include "core/cbor.h"

struct emitter {
    struct fwl_cel_compiler *c;
    struct fwl_writer code; /* instructions */
    uint8_t *buffer;
    struct fwl_cel_cell constants[UINT8_MAX];
    uint8_t slots[UINT8_MAX];
    unsigned constant_count;
    unsigned slot_count;
    unsigned depth; /* cells on the stack */
};

static void emit(struct emitter *e, const struct fwl_cel_node *n, bool branch);

static void
too_large(struct emitter *e, uint32_t limit, const char *of)
{
    fwl_cel_compiler_fail(e->c, FWL_ERR_LIMIT, 0, "the rule is too large: more than % %",
                          fwl_cel_compiler_number(e->c, limit), fwl_span_text(of));
}

static void
op(struct emitter *e, enum fwl_cel_op code, unsigned depth)
{
    fwl_writer_u8(&e->code, (uint8_t)code);
    e->depth = depth;
}

static void
op1(struct emitter *e, enum fwl_cel_op code, unsigned operand, unsigned depth)
{
    op(e, code, depth);
    fwl_writer_u8(&e->code, (uint8_t)operand);
}

/* A distance to be patched; the result names the place. */
static size_t
hole(struct emitter *e)
{
    size_t at = e->code.size;

    fwl_writer_u16(&e->code, 0);
    return at;
}

/* Let the distance at @place, counted from @from, lead here. */
static void
patch(struct emitter *e, size_t place, size_t from)
{
    size_t distance = e->code.size - from;

    if (e->code.err == FWL_OK && distance <= UINT16_MAX) {
        fwl_store_be16(e->buffer + place, (uint16_t)distance);
    }
}

static bool
same_constant(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    if (a->kind != b->kind || a->detail != b->detail || a->text != b->text || a->size != b->size) {
        return false;
    }
    if (a->kind == FWL_CEL_STRING || a->kind == FWL_CEL_BYTES || a->kind == FWL_CEL_VERSION) {
        return fwl_span_equal(fwl_cel_cell_span(a), fwl_cel_cell_span(b));
    }
    if (a->kind == FWL_CEL_IP || a->kind == FWL_CEL_CIDR) {
        return memcmp(a->v.p, b->v.p, a->detail == 4 ? 4 : 16) == 0;
    }
    return a->v.u == b->v.u;
}

static unsigned
constant(struct emitter *e, struct fwl_cel_cell value)
{
    unsigned i = 0;

    while (i < e->constant_count && !same_constant(&e->constants[i], &value)) {
        i++;
    }
    if (i == e->constant_count) {
        if (i == FWL_MIN(e->c->limits->constants, UINT8_MAX)) {
            too_large(e, e->c->limits->constants, "constants");
            return 0;
        }
        e->constants[e->constant_count++] = value;
    }
    return i;
}

static void
literal(struct emitter *e, const struct fwl_cel_cell *value)
{
    if (value->kind == FWL_CEL_NULL) {
        op(e, FWL_CEL_OP_NULL, e->depth + 1);
    } else if (value->kind == FWL_CEL_BOOL) {
        op(e, value->v.i != 0 ? FWL_CEL_OP_TRUE : FWL_CEL_OP_FALSE, e->depth + 1);
    } else if (value->kind == FWL_CEL_INT && value->v.i >= INT8_MIN && value->v.i <= INT8_MAX) {
        op1(e, FWL_CEL_OP_INT8, (uint8_t)value->v.i, e->depth + 1);
    } else {
        op1(e, FWL_CEL_OP_CONST, constant(e, *value), e->depth + 1);
    }
}

static void
slot(struct emitter *e, const struct fwl_cel_node *n, bool branch)
{
    unsigned i = 0;
    enum fwl_cel_op code = n->steps > 1 ? FWL_CEL_OP_SLOT_FIELD : branch ? FWL_CEL_OP_SLOT_FREE : FWL_CEL_OP_SLOT;

    while (i < e->slot_count && e->slots[i] != n->op) {
        i++;
    }
    if (i == e->slot_count) {
        if (i == UINT8_MAX) {
            too_large(e, UINT8_MAX, "variables");
            return;
        }
        e->slots[e->slot_count++] = n->op;
    }
    op1(e, code, n->op, e->depth + 1);
}

static unsigned
field(struct emitter *e, const struct fwl_cel_node *n)
{
    return constant(e, fwl_cel_cell_string(n->name));
}

/* Elements, arguments: one cell each. */
static void
kids(struct emitter *e, const struct fwl_cel_node *n)
{
    for (const struct fwl_cel_node *k = n->first; k != NULL && e->c->err == FWL_OK; k = k->next) {
        emit(e, k, false);
        if (k->splice) {
            op(e, FWL_CEL_OP_SPLICE, e->depth);
        }
    }
}

static void
counted(struct emitter *e, const struct fwl_cel_node *n, enum fwl_cel_op code, unsigned count)
{
    unsigned depth = e->depth;

    if (count > UINT8_MAX) {
        too_large(e, UINT8_MAX, "entries in a literal");
        return;
    }
    kids(e, n);
    op1(e, code, count, depth + 1);
}

/*
 * Would `x in [...]` find too few cells? Then the list is made first, below x, and copied for IN: the longest literal
 * list takes the whole stack.
 */
static bool
is_wide(const struct emitter *e, const struct fwl_cel_node *n)
{
    bool literal = n->last->kind == FWL_CEL_N_LIST || n->last->kind == FWL_CEL_N_MAP;

    return n->kind == FWL_CEL_N_OP && n->op == FWL_CEL_OP_IN && literal &&
           e->depth + 1 + n->last->count > e->c->limits->stack_cells;
}

static void
in_wide(struct emitter *e, const struct fwl_cel_node *n)
{
    unsigned depth = e->depth;

    emit(e, n->last, false);
    emit(e, n->first, false);
    op1(e, FWL_CEL_OP_LOCAL_FREE, depth, depth + 3);
    op(e, FWL_CEL_OP_IN, depth + 2);
    op(e, FWL_CEL_OP_NIP, depth + 1);
}

static void
call(struct emitter *e, const struct fwl_cel_node *n)
{
    unsigned depth = e->depth;

    kids(e, n);
    op1(e, FWL_CEL_OP_CALL, n->op, depth + 1);
    fwl_writer_u8(&e->code, (uint8_t)n->count);
}

static void
logic(struct emitter *e, const struct fwl_cel_node *n)
{
    size_t place = 0;

    emit(e, n->first, false);
    op(e, n->op == FWL_CEL_OP_AND ? FWL_CEL_OP_AND_JUMP : FWL_CEL_OP_OR_JUMP, e->depth);
    place = hole(e);
    emit(e, n->last, false);
    op(e, (enum fwl_cel_op)n->op, e->depth - 1);
    patch(e, place, place + 2);
}

static void
cond(struct emitter *e, const struct fwl_cel_node *n)
{
    size_t to_else = 0;
    size_t to_end = 0;
    size_t over_else = 0;
    unsigned depth = e->depth;

    emit(e, n->first, false);
    op(e, FWL_CEL_OP_BRANCH, depth);
    to_else = hole(e);
    to_end = hole(e);
    emit(e, n->first->next, true);
    op(e, FWL_CEL_OP_JUMP, depth);
    over_else = hole(e);
    patch(e, to_else, to_end + 2);
    emit(e, n->last, true);
    patch(e, to_end, to_end + 2);
    patch(e, over_else, over_else + 2);
}

static void
loop(struct emitter *e, const struct fwl_cel_node *n)
{
    unsigned depth = e->depth;
    size_t place = 0;

    emit(e, n->first, false);
    op1(e, FWL_CEL_OP_LOOP, n->op, depth + 2); /* accumulator, element */
    place = hole(e);
    n->scope->cell = depth + 1;
    emit(e, n->first->next, false);
    if (n->op == FWL_CEL_MAP_WHEN) {
        op(e, FWL_CEL_OP_WHEN, e->depth - 1);
        emit(e, n->last, false);
    }
    op(e, FWL_CEL_OP_NEXT, depth + 1);
    patch(e, place, place + 2);
}

static void
bind(struct emitter *e, const struct fwl_cel_node *n)
{
    unsigned depth = e->depth;
    size_t place = 0;

    emit(e, n->first, false);
    n->scope->cell = depth;
    if (n->kind == FWL_CEL_N_OPT) {
        op(e, FWL_CEL_OP_OPT_BIND, e->depth);
        place = hole(e);
    }
    emit(e, n->last, false);
    op(e, n->kind == FWL_CEL_N_OPT ? (enum fwl_cel_op)n->op : FWL_CEL_OP_NIP, depth + 1);
    if (n->kind == FWL_CEL_N_OPT) {
        patch(e, place, place + 2);
    }
}

/* @branch: a direct branch of ?:, where a bare identifier costs nothing. Recursion: depth of the tree. */
static void
emit(struct emitter *e, const struct fwl_cel_node *n, bool branch)
{
    unsigned depth = e->depth;

    if (e->c->err != FWL_OK) {
        return;
    }
    switch (n->kind) {
    case FWL_CEL_N_LITERAL: literal(e, &n->literal); break;
    case FWL_CEL_N_SLOT: slot(e, n, branch); break;
    case FWL_CEL_N_LOCAL: op1(e, branch ? FWL_CEL_OP_LOCAL_FREE : FWL_CEL_OP_LOCAL, n->scope->cell, depth + 1); break;
    case FWL_CEL_N_TYPE: op1(e, FWL_CEL_OP_TYPE, n->op, depth + 1); break;
    case FWL_CEL_N_SELECT:
        emit(e, n->first, false);
        op1(e, n->optional ? FWL_CEL_OP_OPT_FIELD : FWL_CEL_OP_FIELD, field(e, n), depth + 1);
        break;
    case FWL_CEL_N_HAS:
        emit(e, n->first, false);
        op1(e, FWL_CEL_OP_HAS, field(e, n), depth + 1);
        break;
    case FWL_CEL_N_INDEX:
    case FWL_CEL_N_OP:
        if (is_wide(e, n)) {
            in_wide(e, n);
            break;
        }
        kids(e, n);
        op(e, (enum fwl_cel_op)n->op, depth + 1);
        break;
    case FWL_CEL_N_CALL: call(e, n); break;
    case FWL_CEL_N_LOGIC: logic(e, n); break;
    case FWL_CEL_N_COND: cond(e, n); break;
    case FWL_CEL_N_LIST: counted(e, n, FWL_CEL_OP_LIST, n->count); break;
    case FWL_CEL_N_MAP: counted(e, n, FWL_CEL_OP_MAP, n->count / 2U); break;
    case FWL_CEL_N_LOOP: loop(e, n); break;
    case FWL_CEL_N_BIND:
    case FWL_CEL_N_OPT: bind(e, n); break;
    case FWL_CEL_N_IDENT: FWL_ASSERT(n->kind != FWL_CEL_N_IDENT); break;
    }
}

static void
put_constant(struct fwl_writer *w, const struct fwl_cel_cell *c)
{
    fwl_writer_u8(w, c->kind);
    switch ((enum fwl_cel_kind)c->kind) {
    case FWL_CEL_INT:
    case FWL_CEL_DURATION: fwl_cbor_put_int(w, c->v.i); break;
    case FWL_CEL_UINT: fwl_cbor_put_uint(w, c->v.u); break;
    case FWL_CEL_STRING: fwl_cbor_put_text(w, fwl_cel_cell_span(c)); break;
    case FWL_CEL_BYTES: fwl_cbor_put_bytes(w, fwl_cel_cell_span(c)); break;
    case FWL_CEL_TIMESTAMP:
        fwl_cbor_put_int(w, c->v.i);
        fwl_cbor_put_uint(w, c->size);
        break;
    case FWL_CEL_VERSION:
        fwl_writer_u8(w, c->detail);
        fwl_cbor_put_text(w, fwl_cel_cell_span(c));
        break;
    case FWL_CEL_IP:
    case FWL_CEL_CIDR:
        fwl_cbor_put_bytes(w, fwl_span(c->v.p, c->detail == 4 ? 4 : 16));
        if (c->kind == FWL_CEL_CIDR) {
            fwl_writer_u8(w, (uint8_t)c->size);
        }
        break;
    case FWL_CEL_ABSENT:
    case FWL_CEL_ERROR:
    case FWL_CEL_NULL:
    case FWL_CEL_BOOL:
    case FWL_CEL_LIST:
    case FWL_CEL_MAP:
    case FWL_CEL_TYPE:
    case FWL_CEL_OPTIONAL:
    case FWL_CEL_KINDS: break;
    }
}

static void
put_slot(struct emitter *e, struct fwl_writer *w, uint8_t number)
{
    struct fwl_cel_bound bound = fwl_cel_names_bound(e->c, number);

    fwl_writer_u8(w, number);
    fwl_writer_u16(w, bound.size);
    fwl_writer_u16(w, bound.element);
}

static struct fwl_span
assemble(struct emitter *e, struct fwl_span instructions)
{
    struct fwl_writer w;
    struct fwl_span out = {0};
    size_t room = FWL_MIN(e->c->limits->code_bytes, UINT16_MAX);
    uint8_t *buffer = fwl_cel_compiler_alloc(e->c, room);

    if (buffer == NULL) {
        return out;
    }
    fwl_writer_init(&w, buffer, room);
    fwl_writer_u8(&w, FWL_CEL_LANG);
    fwl_writer_u8(&w, (uint8_t)e->constant_count);
    for (unsigned i = 0; i < e->constant_count; i++) {
        put_constant(&w, &e->constants[i]);
    }
    fwl_writer_u8(&w, (uint8_t)e->slot_count);
    for (unsigned i = 0; i < e->slot_count; i++) {
        put_slot(e, &w, e->slots[i]);
    }
    fwl_writer_span(&w, instructions);
    if (fwl_writer_finish(&w, &out) != FWL_OK) {
        too_large(e, e->c->limits->code_bytes, "bytes of code");
    }
    return out;
}

struct fwl_span
fwl_cel_emit(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct emitter *e = fwl_cel_compiler_alloc(c, sizeof(*e));
    size_t room = FWL_MIN(c->limits->code_bytes, UINT16_MAX);
    struct fwl_span instructions = {0};

    if (e == NULL) {
        return instructions;
    }
    e->c = c;
    e->buffer = fwl_cel_compiler_alloc(c, room);
    if (e->buffer == NULL) {
        return instructions;
    }
    fwl_writer_init(&e->code, e->buffer, room);
    emit(e, n, false);
    op(e, FWL_CEL_OP_RETURN, e->depth);
    if (fwl_writer_finish(&e->code, &instructions) != FWL_OK) {
        too_large(e, e->c->limits->code_bytes, "bytes of code");
    }
    return c->err == FWL_OK ? assemble(e, instructions) : fwl_cel_none();
}
