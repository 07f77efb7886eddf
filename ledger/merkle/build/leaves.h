/*
 * leaves - the subtree over leaves that come in the order of their key hashes, without a store. Zone P.
 *
 * For the chunks of a snapshot: a receiver hashes what came before it writes anything. The memory is the right edge of
 * the tree, one finished left subtree per level at most; two neighbours that share c bits meet at level c. The result
 * is what fwl_smt_part gives for a tree with these leaves. docs/spec/state-tree.md.
 */
#ifndef FWL_LEDGER_MERKLE_BUILD_LEAVES_H
#define FWL_LEDGER_MERKLE_BUILD_LEAVES_H

#include "ledger/merkle/tree.h"

enum {
    FWL_LEAVES_DEPTHS = 256, /* bits of a key hash */
};

/* About 9 KiB. */
struct fwl_leaves {
    bool any;
    struct fwl_hash32 last;   /* key hash of the last leaf */
    struct fwl_tree_part acc; /* the subtree that ends with it */
    unsigned depth;           /* level of acc, when it has more than one leaf */
    size_t open;
    struct {
        struct fwl_tree_part part; /* a left child that waits for its sibling */
        uint8_t depth;             /* level of their parent */
    } left[FWL_LEAVES_DEPTHS];     /* depths ascend */
};

/** fwl_leaves_begin - no leaf yet. */
void fwl_leaves_begin(struct fwl_leaves *l);

/**
 * fwl_leaves_add - the next leaf.
 *
 * Returns: FWL_OK; FWL_ERR_ORDER when @key_hash is not above the last one.
 * Cost:    amortised, the hashes of the levels that it finishes.
 */
FWL_NODISCARD enum fwl_err fwl_leaves_add(struct fwl_leaves *l, const struct fwl_hash32 *key_hash,
                                          const struct fwl_hash32 *value_hash);

/**
 * fwl_leaves_end - the subtree at level @depth, whose bits all leaves share (FWL_ASSERT); fwl_leaves_begin starts anew.
 */
void fwl_leaves_end(struct fwl_leaves *l, struct fwl_tree_part *part, unsigned depth);

#endif
