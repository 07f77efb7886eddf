/*
 * How much of the evaluator's arena may a rule use? One walk over the checked tree; docs/spec/rules.md, section 4, says
 * what takes units. Every size is at its maximum, every element is kept, both sides of && and || run, and of ?: the
 * branch that uses more. Types tell here what code cannot: which steps make an optional, which + joins texts or lists.
 * So the verifier, which sees code only, has no part in this, and a device needs none of it.
 */
#include "contracts/cel/compile/compiler.h"
#include "contracts/cel/eval/bound.h"

enum {
    CELL = 16,    /* units */
    ADDRESS = 16, /* of an address or network */
};

/* Of a part: its units, how large its value can be, and which part of it takes most. */
struct use {
    uint32_t units;
    struct fwl_cel_bound bound;
    struct fwl_cel_usage most;
};

struct walk {
    struct fwl_cel_compiler *c;
    uint16_t any; /* size of a value nothing is known about */
};

static struct use part(const struct walk *w, const struct fwl_cel_node *n);

static uint32_t
capped(uint64_t units)
{
    return (uint32_t)FWL_MIN(units, FWL_CEL_COST_CAP);
}

/* What @b uses is used besides. */
static void
add(struct use *a, const struct use *b)
{
    a->units = capped((uint64_t)a->units + b->units);
    if (b->most.units > a->most.units) {
        a->most = b->most;
    }
}

/* @n itself takes @units. */
static void
take(struct use *u, const struct fwl_cel_node *n, uint64_t units)
{
    struct use own = {.units = capped(units), .most = {.part = n, .units = capped(units)}};

    add(u, &own);
}

static enum fwl_cel_type_kind
kind_of(const struct fwl_cel_node *n)
{
    return fwl_cel_type_resolve(n->type)->kind;
}

/* A type that is not known may be the one that takes most. */
static bool
may_be(const struct fwl_cel_node *n, enum fwl_cel_type_kind kind)
{
    enum fwl_cel_type_kind is = kind_of(n);

    return is == kind || is == FWL_CEL_T_DYN || is == FWL_CEL_T_VAR;
}

static struct use
literal(const struct fwl_cel_node *n)
{
    struct use u = {0};
    uint8_t kind = n->literal.kind;

    if (kind == FWL_CEL_STRING || kind == FWL_CEL_BYTES || kind == FWL_CEL_VERSION) {
        u.bound.size = (uint16_t)fwl_cel_cell_span(&n->literal).size;
    }
    return u;
}

/* List and map literals: a cell for each element, key and value. */
static struct use
entries(const struct walk *w, const struct fwl_cel_node *n)
{
    struct use u = {.bound = {n->kind == FWL_CEL_N_MAP ? n->count / 2 : n->count, 0}};

    for (const struct fwl_cel_node *k = n->first; k != NULL; k = k->next) {
        struct use kid = part(w, k);

        add(&u, &kid);
        u.bound.element = FWL_MAX(u.bound.element, kid.bound.size);
    }
    take(&u, n, (uint64_t)n->count * CELL);
    return u;
}

/* A field or an element: an optional of it takes a cell. */
static struct use
step(const struct walk *w, const struct fwl_cel_node *n)
{
    struct use u = part(w, n->first);

    if (n->kind == FWL_CEL_N_INDEX) {
        struct use key = part(w, n->last);

        add(&u, &key);
    }
    u.bound = n->kind == FWL_CEL_N_HAS ? (struct fwl_cel_bound){0} : (struct fwl_cel_bound){u.bound.element, w->any};
    if (n->kind != FWL_CEL_N_HAS && may_be(n, FWL_CEL_T_OPTIONAL)) {
        take(&u, n, CELL);
    }
    return u;
}

static struct use
operation(const struct walk *w, const struct fwl_cel_node *n)
{
    const struct fwl_cel_limits *limits = w->c->limits;
    struct use u = part(w, n->first);
    struct use b = n->count == 2 ? part(w, n->last) : (struct use){0};
    uint32_t sum = (uint32_t)u.bound.size + b.bound.size;

    u.bound = (struct fwl_cel_bound){0, FWL_MAX(u.bound.element, b.bound.element)};
    add(&u, &b);
    if (n->op != FWL_CEL_OP_ADD) {
        return u;
    }
    if (may_be(n, FWL_CEL_T_LIST)) {
        u.bound.size = (uint16_t)FWL_MIN(sum, limits->entries);
        take(&u, n, (uint64_t)u.bound.size * CELL);
    } else if (kind_of(n) == FWL_CEL_T_STRING || kind_of(n) == FWL_CEL_T_BYTES) {
        u.bound.size = (uint16_t)FWL_MIN(sum, limits->string_bytes);
        take(&u, n, u.bound.size);
    }
    return u;
}

/* What the function itself takes; its result is as large as @result. Most give scalars, or views of what is there. */
static uint32_t
call_units(const struct fwl_cel_node *n, struct fwl_cel_bound result)
{
    enum fwl_cel_type_kind first = n->first == NULL ? FWL_CEL_T_DYN : kind_of(n->first);
    bool text = first == FWL_CEL_T_STRING || first == FWL_CEL_T_BYTES || first == FWL_CEL_T_VERSION;

    if (n->op == FWL_CEL_FN_STRING) {
        return text ? 0 : result.size;
    }
    if (n->op == FWL_CEL_FN_SEMVER && n->count == 2) {
        return FWL_MIN(result.size, FWL_VERSION_BYTES_MAX);
    }
    if (n->op == FWL_CEL_FN_OPTIONAL_OF || n->op == FWL_CEL_FN_OPTIONAL_OF_NON_ZERO) {
        return CELL;
    }
    return n->op == FWL_CEL_FN_IP || n->op == FWL_CEL_FN_CIDR || n->op == FWL_CEL_FN_MASKED ? ADDRESS : 0;
}

static struct use
call(const struct walk *w, const struct fwl_cel_node *n)
{
    struct use u = {0};
    struct fwl_cel_bound arguments[2] = {0};
    size_t i = 0;

    for (const struct fwl_cel_node *k = n->first; k != NULL; k = k->next, i++) {
        struct use argument = part(w, k);

        add(&u, &argument);
        if (i < FWL_COUNT(arguments)) {
            arguments[i] = argument.bound;
        }
    }
    u.bound = fwl_cel_bound_call_result((enum fwl_cel_function)n->op, arguments[0], arguments[1]);
    take(&u, n, call_units(n, u.bound));
    return u;
}

static struct use
choice(const struct walk *w, const struct fwl_cel_node *n)
{
    struct use u = part(w, n->first);
    struct use a = part(w, n->first->next);
    struct use b = part(w, n->last);

    u.bound = fwl_cel_bound_larger(a.bound, b.bound);
    add(&u, a.units > b.units ? &a : &b);
    return u;
}

/* map and filter take a cell for each element of the range; what the body takes it takes in each turn. */
static struct use
loop(const struct walk *w, const struct fwl_cel_node *n)
{
    struct use u = part(w, n->first);
    struct use turn = {0};
    struct fwl_cel_bound range = u.bound;

    n->scope->bound = (struct fwl_cel_bound){range.element, w->any};
    for (const struct fwl_cel_node *k = n->first->next; k != NULL; k = k->next) {
        struct use kid = part(w, k);

        add(&turn, &kid);
        turn.bound = kid.bound;
    }
    turn.units = capped((uint64_t)turn.units * range.size);
    turn.most.units = capped((uint64_t)turn.most.units * range.size);
    turn.most.in_loop = true;
    add(&u, &turn);
    if (n->op == FWL_CEL_MAP_EACH || n->op == FWL_CEL_MAP_WHEN) {
        u.bound = (struct fwl_cel_bound){range.size, turn.bound.size};
    } else if (n->op != FWL_CEL_FILTER) {
        u.bound = (struct fwl_cel_bound){0};
        return u;
    }
    take(&u, n, (uint64_t)range.size * CELL);
    return u;
}

/* cel.bind, optMap, optFlatMap */
static struct use
bind(const struct walk *w, const struct fwl_cel_node *n)
{
    struct use u = part(w, n->first);
    struct use body = {0};

    n->scope->bound = u.bound;
    body = part(w, n->last);
    u.bound = body.bound;
    add(&u, &body);
    if (n->kind == FWL_CEL_N_OPT && n->op == FWL_CEL_OP_OPT_MAP) {
        take(&u, n, CELL);
    }
    return u;
}

/* Recursion: depth of the tree. */
static struct use
part(const struct walk *w, const struct fwl_cel_node *n)
{
    struct use u = {0};
    struct use right = {0};

    switch (n->kind) {
    case FWL_CEL_N_LITERAL: return literal(n);
    case FWL_CEL_N_SLOT: u.bound = fwl_cel_names_bound(w->c, n->op); return u;
    case FWL_CEL_N_LOCAL: u.bound = n->scope->bound; return u;
    case FWL_CEL_N_LIST:
    case FWL_CEL_N_MAP: return entries(w, n);
    case FWL_CEL_N_SELECT:
    case FWL_CEL_N_HAS:
    case FWL_CEL_N_INDEX: return step(w, n);
    case FWL_CEL_N_OP: return operation(w, n);
    case FWL_CEL_N_CALL: return call(w, n);
    case FWL_CEL_N_COND: return choice(w, n);
    case FWL_CEL_N_LOOP: return loop(w, n);
    case FWL_CEL_N_BIND:
    case FWL_CEL_N_OPT: return bind(w, n);
    case FWL_CEL_N_LOGIC:
        u = part(w, n->first);
        right = part(w, n->last);
        add(&u, &right);
        u.bound = (struct fwl_cel_bound){0};
        return u;
    case FWL_CEL_N_TYPE:
    case FWL_CEL_N_IDENT: break;
    }
    return u;
}

uint32_t
fwl_cel_usage(struct fwl_cel_compiler *c, struct fwl_cel_usage *most, const struct fwl_cel_node *root)
{
    const struct walk w = {c, (uint16_t)FWL_MIN(FWL_MAX(c->limits->string_bytes, c->limits->entries), UINT16_MAX)};
    struct use u = part(&w, root);

    *most = u.most;
    return u.units;
}
