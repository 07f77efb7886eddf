/*
 * epoch - epoch step: how a device goes from one validator set to the next. Zone F.
 *
 * header 344 || FINAL certificate in short form || ValidatorSet || GovernorSet || signatures of that GovernorSet ||
 * signatures of the stored GovernorSet when it differs. Source: docs/spec/consensus.md "Epoch step".
 */
#ifndef FWL_LEDGER_MODEL_EPOCH_H
#define FWL_LEDGER_MODEL_EPOCH_H

#include "ledger/model/cert.h"
#include "ledger/model/governors.h"
#include "ledger/model/header.h"

struct fwl_epoch_step {
    struct fwl_header header;
    struct fwl_cert cert;
    struct fwl_validators validators; /* the new set */
    struct fwl_governors governors;   /* in force after the change */
    struct fwl_span sigs;             /* view: of @governors */
    struct fwl_span old_sigs;         /* view: of the stored governors; empty when they are the same */
};

/**
 * fwl_epoch_decode - @n: members of the stored set, 1..FWL_VALIDATORS_MAX (FWL_ASSERT).
 *
 * The bytes after @sigs are @old_sigs; their length is judged by fwl_epoch_verify, which knows the stored set.
 * Owns:    @out views @in; zeros on failure.
 * Returns: FWL_OK, the errors of the parts, FWL_ERR_LIMIT when old_sigs is longer than any can be.
 */
FWL_NODISCARD enum fwl_err fwl_epoch_decode(struct fwl_epoch_step *out, struct fwl_span in, uint16_t n);
/** fwl_epoch_put - the inverse. */
void fwl_epoch_put(struct fwl_writer *w, const struct fwl_epoch_step *step);

/** What the verifier trusts before the step. */
struct fwl_epoch_trusted {
    struct fwl_hash32 chain_id;
    uint64_t epoch, height, time_ms;
    struct fwl_validators validators;
    struct fwl_governors governors;
};

/**
 * fwl_epoch_verify - every rule of an epoch step.
 *
 * Returns: FWL_OK; FWL_ERR_CHAIN        another chain
 *          FWL_ERR_EPOCH        not the stored set or epoch, no change of set, or the new set has another hash
 *          FWL_ERR_ROLLBACK     height or time_ms below the stored one
 *          FWL_ERR_CERTIFICATE  the certificate of the stored set does not hold
 *          FWL_ERR_KEYS, FWL_ERR_SIGNATURE  the governors' signatures, new set or stored set
 * Cost:    q BIP-340 and k or 2k ECDSA verifications; the cheap checks come first.
 */
FWL_NODISCARD enum fwl_err fwl_epoch_verify(const struct fwl_epoch_step *step, const struct fwl_epoch_trusted *trusted);
/** fwl_epoch_verify_with - the same with the caller's check of one signature of a validator. */
FWL_NODISCARD enum fwl_err fwl_epoch_verify_with(const struct fwl_epoch_step *step,
                                                 const struct fwl_epoch_trusted *trusted, fwl_cert_verifier verify,
                                                 void *cookie);

#endif
