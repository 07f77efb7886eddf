/*
 * smt - the state tree in the store: batch update and proofs. Zone P.
 *
 * The tree of ledger/merkle/tree.h kept as 16-ary records in space `smt`, one per subtree of a multiple of 4 bits that
 * has at least two leaves, and one for the root unless the tree is empty; bytes in docs/spec/state-tree.md. A record
 * names its up to 16 children, leaf or subtree, so a record is read alone and its four binary levels are recomputed.
 * Equal sets of leaves give equal records, whatever their history.
 *
 * Records come from the disk: whatever they hold, these functions return FWL_ERR_CORRUPT rather than a wrong answer
 * that they could have noticed; every record on the way of a proof is checked against the hash in its parent.
 *
 * Recursion: fwl_smt_update descends one level a record, 64 at most (keys are hashes, so about log16 of the number of
 * leaves), with frames of about 1.5 KiB: 100 KiB of stack in the worst case.
 */
#ifndef FWL_LEDGER_MERKLE_BUILD_SMT_H
#define FWL_LEDGER_MERKLE_BUILD_SMT_H

#include "core/limits.h"
#include "ledger/kv/overlay.h"
#include "ledger/merkle/proof.h"

struct fwl_smt_change {
    struct fwl_hash32 key_hash;
    struct fwl_hash32 value_hash; /* not looked at when removed */
    bool removed;                 /* removing what is absent changes nothing */
};

/** fwl_smt_root - the root of the stored tree; zeros when empty. FWL_OK, FWL_ERR_CORRUPT, or the error of the read. */
FWL_NODISCARD enum fwl_err fwl_smt_root(const struct fwl_kv *kv, struct fwl_hash32 *root);

/**
 * fwl_smt_update - apply a batch of changes to the tree.
 *
 * Shape:   @changes in any order; sorted in place. No key occurs twice: FWL_ERR_DUPLICATE, with nothing written.
 * Fills:   @root with the new root; zeros when empty and on failure.
 * Returns: FWL_OK, FWL_ERR_DUPLICATE, FWL_ERR_CORRUPT, FWL_ERR_SPACE, or the error of the read. After the last three
 *          the overlay holds a part of the change and is to be thrown away.
 * Cost:    each touched record read, hashed (15 hashes at most, and one a leaf) and written once a batch.
 */
FWL_NODISCARD enum fwl_err fwl_smt_update(struct fwl_overlay *o, struct fwl_hash32 *root,
                                          struct fwl_smt_change *changes, size_t count);

/**
 * fwl_smt_prove - the proof that a key is present or absent.
 *
 * Fills:   @proof (used up to FWL_PROOF_MAX bytes while working), @size, and @root, the root it verifies against.
 * Returns: FWL_OK; FWL_ERR_CORRUPT; FWL_ERR_LIMIT for two keys equal in 255 bits; or the error of the read.
 * Cost:    one record and 15 hashes per 4 levels.
 */
FWL_NODISCARD enum fwl_err fwl_smt_prove(const struct fwl_kv *kv, uint8_t proof[FWL_PROOF_MAX], size_t *size,
                                         struct fwl_hash32 *root, const struct fwl_hash32 *key_hash);

/**
 * fwl_smt_part - the subtree of all keys that begin with @nibbles hexadecimal digits of @prefix.
 *
 * The parts of a snapshot: 2 digits for 256 chunks, 3 for 4,096. They fold to the root (fwl_tree_fold).
 * Returns: FWL_OK, FWL_ERR_CORRUPT, or the error of the read. @nibbles is at most 63 (FWL_ASSERT).
 */
FWL_NODISCARD enum fwl_err fwl_smt_part(const struct fwl_kv *kv, struct fwl_tree_part *part,
                                        const struct fwl_hash32 *prefix, unsigned nibbles);

/**
 * fwl_smt_next - the leaf with the smallest key hash that is @from or greater.
 *
 * Fills:   @leaf (removed = false); zeros on failure.
 * Returns: FWL_OK, FWL_ERR_ABSENT after the last leaf, FWL_ERR_CORRUPT, or the error of the read.
 */
FWL_NODISCARD enum fwl_err fwl_smt_next(const struct fwl_kv *kv, struct fwl_smt_change *leaf,
                                        const struct fwl_hash32 *from);

#endif
