/*
 * kv - the storage view: ordered key-value spaces behind one small read interface. Zone P.
 *
 * Everything that is durable lives in spaces, the tables of consensus.md 3.5. A key is 1..FWL_KV_KEY_MAX bytes and
 * keys of a space are ordered bytewise, a prefix first; numbers in keys are big-endian, so their order is numeric.
 * Execution, trees and queries read through struct fwl_kv and never know whether LMDB, memory or a pile of overlays
 * (overlay.h) answers. Writes go to an overlay, and a whole overlay at a time to a store (storage.h).
 *
 * Views that a read fills are valid until the next write to that object or below it, or the end of its read
 * transaction. Iteration keeps no state: the next entry is asked for by the last key, so writes between two steps are
 * fine.
 */
#ifndef FWL_LEDGER_KV_KV_H
#define FWL_LEDGER_KV_KV_H

#include "core/error.h"
#include "core/span.h"

enum {
    FWL_KV_KEY_MAX = 511, /* bytes; what LMDB takes */
};

/* stored: append only */
enum fwl_space {
    /* environment `chain`; keys and values in docs/spec/state-tree.md */
    FWL_SPACE_HDR = 1,
    FWL_SPACE_HASH = 2,
    FWL_SPACE_BLK = 3,
    FWL_SPACE_FIN = 4,
    FWL_SPACE_KV = 5, /* the entries of the state */
    FWL_SPACE_VAL = 6,
    FWL_SPACE_SMT = 7,  /* records of the state tree, ledger/merkle/build/smt.h */
    FWL_SPACE_HIST = 8, /* header tree, ledger/merkle/build/tiles.h */
    FWL_SPACE_LOG = 9,  /* transaction log tree, the same */
    FWL_SPACE_SET = 10,
    FWL_SPACE_TXID = 11,
    FWL_SPACE_EXP = 12,
    FWL_SPACE_EV = 13,
    FWL_SPACE_META = 14,
    /* environment `votes` */
    FWL_SPACE_REC = 15,
    FWL_SPACE_CERT = 16,
    FWL_SPACE_BODY = 17,
    FWL_SPACE_VMETA = 18,
};
#define FWL_SPACE_FIRST FWL_SPACE_HDR
#define FWL_SPACE_LAST  FWL_SPACE_VMETA

/** fwl_space_name - the name of a space as in 3.5 ("hdr"); NULL when @space is none. */
const char *fwl_space_name(enum fwl_space space);

struct fwl_kv_entry {
    struct fwl_span key;
    struct fwl_span value;
};

/* What an implementation supplies; callers use the functions below. */
struct fwl_kv_ops {
    enum fwl_err (*get)(void *ctx, struct fwl_span *value, enum fwl_space space, struct fwl_span key);
    enum fwl_err (*seek)(void *ctx, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span key, bool after);
};

/* A readable set of spaces; copied freely, owns nothing. */
struct fwl_kv {
    const struct fwl_kv_ops *ops;
    void *ctx;
};

/**
 * fwl_kv_get - the value of a key.
 *
 * Shape:   @key has 1..FWL_KV_KEY_MAX bytes, @space is one that the implementation has (FWL_ASSERT).
 * Fills:   @value, a view; empty on failure.
 * Returns: FWL_OK, FWL_ERR_ABSENT, and what the implementation adds: FWL_ERR_STORAGE or FWL_ERR_CORRUPT of LMDB.
 * Cost:    logarithmic.
 */
FWL_NODISCARD enum fwl_err fwl_kv_get(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_space space,
                                      struct fwl_span key);

/**
 * fwl_kv_seek - the first entry of @space whose key is @from or greater; an empty @from is the beginning.
 *
 * fwl_kv_next - the first entry whose key is greater than @key, which need not exist.
 *
 * Shape:   keys of at most FWL_KV_KEY_MAX bytes (FWL_ASSERT).
 * Fills:   @entry, views; empty on failure. @from and @key may be the key in @entry.
 * Returns: as fwl_kv_get; FWL_ERR_ABSENT when there is no further entry in this space.
 * Cost:    logarithmic, on an overlay plus the deleted entries that are passed over.
 */
FWL_NODISCARD enum fwl_err fwl_kv_seek(const struct fwl_kv *kv, struct fwl_kv_entry *entry, enum fwl_space space,
                                       struct fwl_span from);
FWL_NODISCARD enum fwl_err fwl_kv_next(const struct fwl_kv *kv, struct fwl_kv_entry *entry, enum fwl_space space,
                                       struct fwl_span key);

#endif
