#include "ledger/merkle/build/leaves.h"

void
fwl_leaves_begin(struct fwl_leaves *l)
{
    l->any = false;
    l->acc = (struct fwl_tree_part){.count = 0};
    l->open = 0;
}

/* Bits that both begin with; the hashes differ. */
static unsigned
common_bits(const struct fwl_hash32 *a, const struct fwl_hash32 *b)
{
    size_t i = 0;

    while (a->b[i] == b->b[i]) {
        i++;
    }
    return (unsigned)(8 * i) + (unsigned)__builtin_clz((unsigned)(a->b[i] ^ b->b[i])) - 24;
}

/* acc as its ancestor at level @to: one leaf stays what it is, more are hashed with the empty side. */
static void
lift(struct fwl_leaves *l, unsigned to)
{
    static const struct fwl_hash32 empty;

    for (; l->acc.count > 1 && l->depth > to; l->depth--) {
        if (fwl_tree_bit(&l->last, l->depth - 1) == 0) {
            fwl_tree_inner(&l->acc.hash, &l->acc.hash, &empty);
        } else {
            fwl_tree_inner(&l->acc.hash, &empty, &l->acc.hash);
        }
    }
}

/* Left children whose parents lie at level @from or below get what came after them as their sibling. */
static void
close(struct fwl_leaves *l, unsigned from)
{
    for (; l->open > 0 && l->left[l->open - 1].depth >= from; l->open--) {
        unsigned parent = l->left[l->open - 1].depth;

        lift(l, parent + 1);
        fwl_tree_inner(&l->acc.hash, &l->left[l->open - 1].part.hash, &l->acc.hash);
        l->acc.count = 2;
        l->depth = parent;
    }
}

enum fwl_err
fwl_leaves_add(struct fwl_leaves *l, const struct fwl_hash32 *key_hash, const struct fwl_hash32 *value_hash)
{
    if (l->any) {
        unsigned common = 0;

        if (memcmp(key_hash->b, l->last.b, sizeof(l->last.b)) <= 0) {
            return FWL_ERR_ORDER;
        }
        common = common_bits(&l->last, key_hash);
        close(l, common + 1);
        lift(l, common + 1);
        FWL_ASSERT(l->open < FWL_LEAVES_DEPTHS); /* levels ascend, and there are not more */
        l->left[l->open].part = l->acc;
        l->left[l->open++].depth = (uint8_t)common;
    }
    l->any = true;
    l->last = *key_hash;
    l->acc.count = 1;
    fwl_tree_leaf(&l->acc.hash, key_hash, value_hash);
    return FWL_OK;
}

void
fwl_leaves_end(struct fwl_leaves *l, struct fwl_tree_part *part, unsigned depth)
{
    FWL_ASSERT(l->open == 0 || l->left[0].depth >= depth);
    close(l, depth);
    lift(l, depth);
    *part = l->acc;
    fwl_leaves_begin(l);
}
