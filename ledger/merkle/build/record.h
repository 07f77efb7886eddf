/*
 * record - the stored form of 16 children of the state tree; for smt.c and smt_proof.c only. Zone P.
 */
#ifndef FWL_LEDGER_MERKLE_BUILD_RECORD_H
#define FWL_LEDGER_MERKLE_BUILD_RECORD_H

#include "ledger/kv/overlay.h"
#include "ledger/merkle/tree.h"

enum {
    FWL_RECORD_WIDTH = 16,
    FWL_RECORD_BITS = 4,                                  /* binary levels of a record */
    FWL_RECORD_DEPTHS = 64,                               /* nibbles of a key hash */
    FWL_RECORD_BYTES_MAX = 4 + FWL_RECORD_WIDTH * 2 * 32, /* all children leaves */
};

enum fwl_child_kind {
    FWL_CHILD_NONE = 0,
    FWL_CHILD_LEAF = 1,
    FWL_CHILD_INNER = 2,
};

struct fwl_child {
    enum fwl_child_kind kind;
    struct fwl_hash32 hash;     /* leaf: of its value; inner: of the subtree */
    struct fwl_hash32 key_hash; /* leaf */
};

struct fwl_record {
    struct fwl_child child[FWL_RECORD_WIDTH];
};

/** fwl_record_nibble - digit @depth of a key hash. */
static inline unsigned
fwl_record_nibble(const struct fwl_hash32 *key_hash, unsigned depth)
{
    return depth % 2 == 0 ? key_hash->b[depth / 2] >> 4 : key_hash->b[depth / 2] & 15U;
}

/** fwl_record_same - do two key hashes begin with the same @nibbles digits? */
bool fwl_record_same(const struct fwl_hash32 *a, const struct fwl_hash32 *b, unsigned nibbles);

/** fwl_record_load - read the record at the first @depth digits of @prefix. FWL_OK; FWL_ERR_ABSENT; FWL_ERR_CORRUPT;
 * the error of the read. */
FWL_NODISCARD enum fwl_err fwl_record_load(const struct fwl_kv *kv, struct fwl_record *rec,
                                           const struct fwl_hash32 *prefix, unsigned depth);

/** fwl_record_store, fwl_record_delete - write it. FWL_OK or FWL_ERR_SPACE. */
FWL_NODISCARD enum fwl_err fwl_record_store(struct fwl_overlay *o, const struct fwl_record *rec,
                                            const struct fwl_hash32 *prefix, unsigned depth);
FWL_NODISCARD enum fwl_err fwl_record_delete(struct fwl_overlay *o, const struct fwl_hash32 *prefix, unsigned depth);

/** fwl_record_part - a child as the fold wants it. */
void fwl_record_part(struct fwl_tree_part *part, const struct fwl_child *child);

/** fwl_record_fold - the subtree of a record. */
void fwl_record_fold(struct fwl_tree_part *part, const struct fwl_record *rec);

/**
 * fwl_record_fold_path - fold a record along the way of digit @nibble.
 *
 * Fills: for each binary level, top first: own[i] the subtree that holds the digit before going down that level (own[0]
 * is the whole record), sibling[i] what lies beside the way below it.
 */
void fwl_record_fold_path(struct fwl_tree_part own[FWL_RECORD_BITS], struct fwl_tree_part sibling[FWL_RECORD_BITS],
                          const struct fwl_record *rec, unsigned nibble);

#endif
