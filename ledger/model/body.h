/*
 * body - a whole block: header || count u32 || count times (length u32 || transaction). Zone F.
 *
 * Decoding checks lengths, txs_count and body_size; it decodes no transaction and computes no root.
 */
#ifndef FWL_LEDGER_MODEL_BODY_H
#define FWL_LEDGER_MODEL_BODY_H

#include "ledger/model/header.h"

struct fwl_body {
    struct fwl_header header;
    struct fwl_span header_bytes; /* view, FWL_HEADER_SIZE */
    uint32_t count;               /* transactions */
    struct fwl_span txs;          /* view: count times (length u32 || transaction) */
};

/**
 * fwl_body_decode - decode a body of at most @max_block bytes (the parameter in force).
 *
 * Returns: FWL_OK; FWL_ERR_LIMIT  larger than @max_block, or a transaction above FWL_TX_MAX
 *          FWL_ERR_VALUE  count or body_size differs from the header's, or a transaction is empty
 *          FWL_ERR_TRUNCATED, FWL_ERR_TRAILING, FWL_ERR_UNKNOWN (header version)
 * Cost:    one pass over the lengths.
 */
FWL_NODISCARD enum fwl_err fwl_body_decode(struct fwl_body *out, struct fwl_span in, size_t max_block);
/** fwl_body_begin - point @it at the first transaction. fwl_body_next - the next one; false at the end. */
void fwl_body_begin(struct fwl_reader *it, const struct fwl_body *body);
bool fwl_body_next(struct fwl_reader *it, struct fwl_span *tx);
/** fwl_body_put_start - header and count; then fwl_body_put_tx for each transaction. The caller set txs_count and
 * body_size (FWL_BODY_SIZE_START plus FWL_BODY_SIZE_TX of each). */
void fwl_body_put_start(struct fwl_writer *w, const struct fwl_header *header);
void fwl_body_put_tx(struct fwl_writer *w, struct fwl_span tx);

#define FWL_BODY_SIZE_START    (FWL_HEADER_SIZE + 4) /* bytes of a body without transactions */
#define FWL_BODY_SIZE_TX(size) (4 + (size))          /* bytes that a transaction of @size adds */

#endif
