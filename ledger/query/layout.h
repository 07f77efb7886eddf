/*
 * layout - values of the spaces of `chain` that are more than one field (docs/spec/state-tree.md "Spaces"). Zone P.
 *
 *   hdr   height u64       -> header, 344 bytes
 *   blk   height u64       -> count u32 || count times (length u32 || transaction): the body without its header
 *   fin   height u64       -> FINAL certificate in short form
 *   kv    table u8 || key  -> value
 *   val   value hash 32    -> 1 || table u8 || key: the bytes are in kv; 2 || bytes: they were replaced lately
 *   set   epoch u64        -> first height u64 || ValidatorSet || epoch step out of it, empty for the present one
 *   txid  txid 32          -> height u64 || index u32
 *   meta  "height"         -> height u64 of the tip
 */
#ifndef FWL_LEDGER_QUERY_LAYOUT_H
#define FWL_LEDGER_QUERY_LAYOUT_H

#include "ledger/model/validators.h"

#define FWL_LAYOUT_META_HEIGHT "height"

struct fwl_layout_value {
    bool replaced;
    struct fwl_span key;   /* table || key, when not replaced */
    struct fwl_span bytes; /* when replaced */
};

struct fwl_layout_set {
    uint64_t first;
    struct fwl_validators validators;
    struct fwl_span step;
};

/** Decoders; views of @in. FWL_OK or FWL_ERR_CORRUPT, with zeros. */
FWL_NODISCARD enum fwl_err fwl_layout_value(struct fwl_layout_value *out, struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_layout_set(struct fwl_layout_set *out, struct fwl_span in);
/** fwl_layout_block - the transactions of a block that has @count of them. */
FWL_NODISCARD enum fwl_err fwl_layout_block(struct fwl_span *txs, struct fwl_span in, uint32_t count);

#endif
