/*
 * header - the block header: 344 bytes, big-endian, no optional fields. Zone F.
 *
 * Source: docs/spec/consensus.md "Objects". Field meanings are there.
 */
#ifndef FWL_LEDGER_MODEL_HEADER_H
#define FWL_LEDGER_MODEL_HEADER_H

#include "core/limits.h"
#include "core/reader.h"
#include "core/sha256.h"
#include "core/writer.h"

#define FWL_HEADER_VERSION 1

struct fwl_header {
    uint16_t version; /* FWL_HEADER_VERSION */
    struct fwl_hash32 chain_id;
    uint64_t height;
    uint32_t view;     /* of the first proposal of this block */
    uint16_t proposer; /* index in the set of this height */
    uint64_t time_ms;  /* Unix */
    struct fwl_hash32 prev_hash;
    struct fwl_hash32 txs_root;
    uint32_t txs_count;
    uint32_t body_size; /* bytes of the whole body, this header included */
    struct fwl_hash32 state_root;
    struct fwl_hash32 validators_hash;
    struct fwl_hash32 next_validators_hash;
    struct fwl_hash32 history_root;
    uint64_t log_size; /* transactions in blocks 0..height */
    struct fwl_hash32 log_root;
    uint64_t epoch;
    uint64_t epoch_start;
    struct fwl_hash32 params_hash;
};

/** fwl_header_read - decode from a reader. FWL_ERR_UNKNOWN on the reader for another version. */
void fwl_header_read(struct fwl_header *out, struct fwl_reader *r);
/**
 * fwl_header_decode - exactly one header.
 *
 * Returns: FWL_OK; FWL_ERR_TRUNCATED or FWL_ERR_TRAILING for another size; FWL_ERR_UNKNOWN for another version.
 */
FWL_NODISCARD enum fwl_err fwl_header_decode(struct fwl_header *out, struct fwl_span in);
/** fwl_header_encode - the inverse. */
void fwl_header_encode(uint8_t out[FWL_HEADER_SIZE], const struct fwl_header *h);
/** fwl_header_hash - block hash: SHA-256(0x20 || the 344 bytes). */
void fwl_header_hash(struct fwl_hash32 *out, const struct fwl_header *h);
/** fwl_header_hash_bytes - the same from the encoded header; @bytes.size is FWL_HEADER_SIZE (FWL_ASSERT). */
void fwl_header_hash_bytes(struct fwl_hash32 *out, struct fwl_span bytes);

#endif
