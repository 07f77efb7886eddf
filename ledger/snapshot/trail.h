/*
 * trail - the validator sets of a chain, one epoch after the other, from the genesis document on. Zone P.
 *
 * Whoever has the genesis document trusts a later set only by its epoch steps: each is signed by a quorum of the set
 * before and by the governors (docs/spec/consensus.md "Epoch step"). So a snapshot needs no other trust than the chain.
 */
#ifndef FWL_LEDGER_SNAPSHOT_TRAIL_H
#define FWL_LEDGER_SNAPSHOT_TRAIL_H

#include "ledger/model/epoch.h"
#include "ledger/model/genesis.h"

/* About 8 KiB; it points into itself and is not copied. */
struct fwl_trail {
    struct fwl_epoch_trusted at; /* the epoch that was reached; at.height is the height of the step into it, or 0 */
    uint64_t first;              /* height at which that epoch begins */
    uint8_t validators[FWL_VALIDATORS_SIZE_MAX];
    uint8_t governors[33 * FWL_KEYS_MAX];
};

/** fwl_trail_begin - epoch 0 of the chain of a genesis document. The errors of fwl_genesis_decode; FWL_ERR_VALUE. */
FWL_NODISCARD enum fwl_err fwl_trail_begin(struct fwl_trail *t, struct fwl_span genesis);

/**
 * fwl_trail_step - go on by one epoch. @verify judges a signature of a validator; fwl_cert_schnorr, or a stand-in.
 *
 * Returns: FWL_OK; the errors of fwl_epoch_decode and fwl_epoch_verify, and nothing has changed.
 */
FWL_NODISCARD enum fwl_err fwl_trail_step(struct fwl_trail *t, struct fwl_span step, fwl_cert_verifier verify,
                                          void *cookie);

/** fwl_trail_leads_to - is the set that was reached the one of the height after @header? FWL_OK or FWL_ERR_EPOCH. */
FWL_NODISCARD enum fwl_err fwl_trail_leads_to(const struct fwl_trail *t, const struct fwl_header *header);

#endif
