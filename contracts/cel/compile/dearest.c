/*
 * Which part of a rule is dear? There is one calculator of costs, the verifier (docs/decisions/0005), and it sees code
 * only. So a part's share is found by putting a constant in its place and asking how much less the rule may then cost.
 */
#include "contracts/cel/compile/compiler.h"

enum {
    TRIALS = 256, /* at most, so that a bad rule costs its node little */
};

struct search {
    struct fwl_cel_compiler *c;
    struct fwl_cel_node *root;
    uint32_t total;
    unsigned trials;
};

/* What the whole rule may cost as its tree now stands. */
static uint32_t
cost_now(struct search *s)
{
    struct fwl_cel_compiler *c = s->c;
    uint8_t *mark = c->arena;
    size_t left = c->arena_left;
    uint32_t cost = s->total;

    if (s->trials < TRIALS) {
        struct fwl_span code = fwl_cel_emit(c, s->root);

        s->trials++;
        if (c->err != FWL_OK || fwl_cel_worst_cost(c, &cost, code) != FWL_OK) {
            cost = s->total;
        }
    }
    c->err = FWL_OK; /* of a trial that found no memory */
    c->arena = mark;
    c->arena_left = left;
    return cost;
}

/* How much of the total a part is. */
static uint32_t
share_of(struct search *s, struct fwl_cel_node *n)
{
    struct fwl_cel_node saved = *n;
    uint32_t without = 0;

    n->kind = FWL_CEL_N_LITERAL;
    n->literal = fwl_cel_cell_null();
    without = cost_now(s);
    *n = saved;
    return s->total - FWL_MIN(without, s->total);
}

/* Only operators and choices are looked into: a loop or a call is a part that people recognize. */
static bool
is_open(const struct fwl_cel_node *n)
{
    return n->kind == FWL_CEL_N_LOGIC || n->kind == FWL_CEL_N_OP || n->kind == FWL_CEL_N_COND ||
           n->kind == FWL_CEL_N_BIND || n->kind == FWL_CEL_N_LIST || n->kind == FWL_CEL_N_MAP;
}

/* The dearest kid, and its share. Without its value the body of cel.bind would cost little, too: so body first. */
static struct fwl_cel_node *
dearest_kid(struct search *s, uint32_t *share, struct fwl_cel_node *n)
{
    struct fwl_cel_node *best = NULL;
    uint32_t before = *share;

    *share = 0;
    if (n->kind == FWL_CEL_N_BIND) {
        best = n->last;
        *share = share_of(s, best);
    }
    for (struct fwl_cel_node *k = n->first; k != NULL && *share < before / 2; k = k->next) {
        uint32_t cost = share_of(s, k);

        if (cost > *share) {
            *share = cost;
            best = k;
        }
    }
    return best;
}

const struct fwl_cel_node *
fwl_cel_dearest(struct fwl_cel_compiler *c, uint32_t *share, struct fwl_cel_node *root, uint32_t total)
{
    struct search s = {.c = c, .root = root, .total = total};
    struct fwl_cel_node *n = root;

    *share = total;
    while (is_open(n)) {
        uint32_t most = *share;
        struct fwl_cel_node *kid = dearest_kid(&s, &most, n);

        /* && and || cost nothing themselves; elsewhere a part must be most of what it stands in */
        if (kid == NULL || most == 0 || (n->kind != FWL_CEL_N_LOGIC && most < *share / 2)) {
            break;
        }
        n = kid;
        *share = most;
    }
    return n;
}
