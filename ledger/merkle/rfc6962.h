/*
 * rfc6962 - append-only Merkle trees: hashes, frontier, verification of proofs. Zone F.
 *
 * Used for the transactions of a block (txs_root), the header tree (history_root) and the transaction log
 * (log_root): leaf = SHA256(0x00 || data), node = SHA256(0x01 || left || right), empty tree = SHA256("").
 * Sizes stay below 2^FWL_FRONTIER_LEVELS. Source: RFC 6962 2.1; verification as in RFC 9162 2.1.3.2 and 2.1.4.2.
 */
#ifndef FWL_LEDGER_MERKLE_RFC6962_H
#define FWL_LEDGER_MERKLE_RFC6962_H

#include "core/error.h"
#include "core/sha256.h"

enum {
    FWL_FRONTIER_LEVELS = 48, /* also the most hashes in an inclusion proof; a consistency proof has one more */
};

void fwl_rfc6962_empty(struct fwl_hash32 *out);
void fwl_rfc6962_leaf(struct fwl_hash32 *out, struct fwl_span data);
/** fwl_rfc6962_node - @out may be an input. */
void fwl_rfc6962_node(struct fwl_hash32 *out, const struct fwl_hash32 *left, const struct fwl_hash32 *right);

/**
 * fwl_rfc6962_inclusion - is @leaf (a leaf hash) number @index of the tree of @size leaves with this @root?
 *
 * @path runs from the leaf's sibling to the root.
 * Returns: FWL_OK, or FWL_ERR_PROOF: index >= size, a path of another length than the position demands, another root.
 * Cost:    one hash a level.
 */
FWL_NODISCARD enum fwl_err fwl_rfc6962_inclusion(const struct fwl_hash32 *root, uint64_t size, uint64_t index,
                                                 const struct fwl_hash32 *leaf, const struct fwl_hash32 *path,
                                                 size_t count);

/**
 * fwl_rfc6962_consistency - is the tree of @old_size leaves the beginning of that of @new_size?
 *
 * Equal sizes take an empty path and equal roots. Nothing is learnt from an empty old tree: old_size 0 is refused, a
 * caller that has a rule for it applies it before.
 * Returns: FWL_OK, or FWL_ERR_PROOF.
 */
FWL_NODISCARD enum fwl_err fwl_rfc6962_consistency(uint64_t old_size, const struct fwl_hash32 *old_root,
                                                   uint64_t new_size, const struct fwl_hash32 *new_root,
                                                   const struct fwl_hash32 *path, size_t count);

/* The roots of the full subtrees of a tree: all that is needed to append and to know the root. Zero = the empty tree.
 */
struct fwl_frontier {
    uint64_t size;                               /* leaves */
    struct fwl_hash32 node[FWL_FRONTIER_LEVELS]; /* node[i]: root of 2^i leaves, where bit i of size is set */
};

/** fwl_frontier_append - append a leaf hash; FWL_ERR_LIMIT when the tree is full. */
FWL_NODISCARD enum fwl_err fwl_frontier_append(struct fwl_frontier *f, const struct fwl_hash32 *leaf);

/** fwl_frontier_root - the root of the tree. */
void fwl_frontier_root(const struct fwl_frontier *f, struct fwl_hash32 *root);

/**
 * fwl_frontier_from - the frontier whose full subtrees, largest first, are @nodes (as in SNAPINFO and on disk).
 *
 * Returns: FWL_OK; FWL_ERR_LIMIT for @size; FWL_ERR_VALUE when @count is not the number of bits set in @size. On
 * failure
 *          @f is the empty tree.
 */
FWL_NODISCARD enum fwl_err fwl_frontier_from(struct fwl_frontier *f, uint64_t size, const struct fwl_hash32 *nodes,
                                             size_t count);

/** fwl_frontier_list - the inverse: fills @nodes, largest first, and returns their number. */
FWL_NODISCARD size_t fwl_frontier_list(const struct fwl_frontier *f, struct fwl_hash32 nodes[FWL_FRONTIER_LEVELS]);

#endif
