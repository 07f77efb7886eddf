/*
 * statement - the tagged digests that are signed outside votes (consensus.md "Digests"). Zone F.
 */
#ifndef FWL_LEDGER_MODEL_STATEMENT_H
#define FWL_LEDGER_MODEL_STATEMENT_H

#include "core/sha256.h"

/** fwl_statement_epoch - "fwledger/epoch/v1": governors (ES256K) agree to the set of epoch @epoch, the new one. */
void fwl_statement_epoch(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, uint64_t epoch,
                         const struct fwl_hash32 *validators_hash, const struct fwl_hash32 *governors_hash);

struct fwl_anchor_statement {
    struct fwl_hash32 stored_chain_id, new_chain_id;
    uint64_t epoch, height, time_ms;
    struct fwl_hash32 block_hash, validators_hash, governors_hash;
};

/** fwl_statement_anchor - "fwledger/anchor/v1": governors (ES256K) re-anchor devices. */
void fwl_statement_anchor(struct fwl_hash32 *out, const struct fwl_anchor_statement *a);
/** fwl_statement_possession - "fwledger/possession/v1": a new validator key (BIP-340) is live. */
void fwl_statement_possession(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, uint64_t height,
                              const struct fwl_hash32 *block_hash);
/** fwl_statement_attest - "fwledger/attest/v1": a validator (BIP-340) tells a device the time. */
void fwl_statement_attest(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, const uint8_t nonce[16],
                          uint64_t height, const struct fwl_hash32 *block_hash, uint64_t time_ms);

#endif
