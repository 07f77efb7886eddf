/*
 * tree - the hashes of the state tree (docs/spec/state-tree.md). Zone F.
 *
 * The tree is a compact sparse Merkle tree over 256-bit hashed keys: a subtree without leaves is 32 zero bytes, one
 * with exactly one leaf is that leaf's hash at whatever depth, any other is inner(left, right). So equal maps have
 * equal roots, whatever their history. Bit i of a key hash, i = 0 being the most significant of byte 0, chooses the
 * side: 0 = left.
 */
#ifndef FWL_LEDGER_MERKLE_TREE_H
#define FWL_LEDGER_MERKLE_TREE_H

#include "core/error.h"
#include "core/sha256.h"

/** fwl_tree_key_hash - SHA256(0x12 || table || key). */
void fwl_tree_key_hash(struct fwl_hash32 *out, uint8_t table, struct fwl_span key);

/** fwl_tree_value_hash - SHA256(0x13 || value). */
void fwl_tree_value_hash(struct fwl_hash32 *out, struct fwl_span value);

/** fwl_tree_leaf - SHA256(0x10 || key_hash || value_hash). */
void fwl_tree_leaf(struct fwl_hash32 *out, const struct fwl_hash32 *key_hash, const struct fwl_hash32 *value_hash);

/** fwl_tree_inner - SHA256(0x11 || left || right). @out may be an input. */
void fwl_tree_inner(struct fwl_hash32 *out, const struct fwl_hash32 *left, const struct fwl_hash32 *right);

/** fwl_tree_bit - bit @i (0..255) of a key hash: 0 left, 1 right. */
static inline unsigned
fwl_tree_bit(const struct fwl_hash32 *key_hash, unsigned i)
{
    return (key_hash->b[i / 8] >> (7 - i % 8)) & 1U;
}

/**
 * fwl_tree_value_check - are @value the bytes behind a proven hash?
 *
 * @size_max is the maximum of the value's table, asked before anything is hashed. That the bytes decode as the entry
 * the naming field demands is for the caller.
 * Returns: FWL_OK, FWL_ERR_LIMIT too long, FWL_ERR_HASH another value.
 */
FWL_NODISCARD enum fwl_err fwl_tree_value_check(const struct fwl_hash32 *value_hash, struct fwl_span value,
                                                size_t size_max);

/* A subtree as its parent needs it: one that has exactly one leaf is not hashed with its empty sibling, so the
 * hash alone is not enough. */
struct fwl_tree_part {
    struct fwl_hash32 hash; /* zeros when empty */
    uint8_t count;          /* leaves: 0, 1, or 2 for more */
};

/**
 * fwl_tree_fold - the subtree above @count parts that are side by side.
 *
 * Shape:   @count is a power of two, 1 at least (FWL_ASSERT); @parts is used up as working memory.
 * Fills:   @out, which may be parts[0]. Used inside records of 16 and for the 256 or 4,096 chunk roots of a snapshot.
 * Returns: FWL_OK, or FWL_ERR_VALUE: a count above 2, or a hash that is zero with a count or not zero without.
 */
FWL_NODISCARD enum fwl_err fwl_tree_fold(struct fwl_tree_part *out, struct fwl_tree_part *parts, size_t count);

#endif
