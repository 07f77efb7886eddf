/*
 * layout - values of the spaces of `chain` that are more than one field (docs/spec/storage.md). Zone P.
 */
#ifndef FWL_LEDGER_QUERY_LAYOUT_H
#define FWL_LEDGER_QUERY_LAYOUT_H

#include "ledger/model/validators.h"

#define FWL_LAYOUT_META_HEIGHT  "height"
#define FWL_LAYOUT_META_BASE    "base"
#define FWL_LAYOUT_META_HEADERS "headers"
#define FWL_LAYOUT_VAL_BY_HASH  1 /* first byte of the keys of `val` that a value hash follows */

struct fwl_layout_value {
    bool replaced;
    struct fwl_span key;   /* table || key, when not replaced */
    struct fwl_span bytes; /* when replaced */
    uint64_t replaced_ms;  /* when replaced and no entry has it: since when; else 0 */
};

struct fwl_layout_set {
    uint64_t first; /* height from which the set is in force */
    struct fwl_validators validators;
    struct fwl_span step; /* the epoch step out of it; empty while it is in force */
};

/** fwl_layout_value, fwl_layout_set - decode a value of space `val` (by hash), `set`; views of @in. FWL_OK or
 * FWL_ERR_CORRUPT, with zeros. */
FWL_NODISCARD enum fwl_err fwl_layout_value(struct fwl_layout_value *out, struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_layout_set(struct fwl_layout_set *out, struct fwl_span in);
/** fwl_layout_block - the transactions of a block that has @count of them, each with its length before it; a view of
 * @in. FWL_OK or FWL_ERR_CORRUPT, with an empty span. */
FWL_NODISCARD enum fwl_err fwl_layout_block(struct fwl_span *txs, struct fwl_span in, uint32_t count);

#endif
