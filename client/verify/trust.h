/*
 * trust - what a device trusts, and how that moves: epoch steps, tips, re-anchoring, time. Zone F.
 *
 * Trust starts from a provisioned anchor and changes only here. Nothing goes back: epoch, height and time only rise,
 * and a new set of validators or governors needs the old quorum and the governors. All functions leave @trust as it
 * was when they fail.
 * Source: docs/spec/answer.md "What a device checks" (consensus.md 3.2).
 */
#ifndef FWL_CLIENT_VERIFY_TRUST_H
#define FWL_CLIENT_VERIFY_TRUST_H

#include "ledger/model/answer.h"
#include "ledger/model/attest.h"
#include "ledger/model/epoch.h"

#define FWL_TRUST_PERIOD_MS  UINT64_C(63072000000) /* default trusting period: 730 days */
#define FWL_TRUST_FUTURE_MS  10000                 /* a tip may be ahead of the device's clock */
#define FWL_TRUST_MAX_AGE_MS 660000                /* default cap: 2 * 300 s heartbeat + 60 s */

/* About 3.9 KiB: it owns the bytes of both sets, so answers may go away. */
struct fwl_trust {
    struct fwl_hash32 chain_id;
    uint64_t epoch;
    uint64_t height;
    uint64_t time_ms;
    struct fwl_hash32 block_hash;
    bool reanchored; /* not saved yet (client/verify/device.h) */
    uint16_t validators_size;
    uint16_t governors_size;
    uint8_t validators[FWL_VALIDATORS_SIZE_MAX]; /* ValidatorSet */
    uint8_t governors[FWL_GOVERNORS_SIZE_MAX];   /* GovernorSet */
};

/* A provisioned anchor, or the content of a re-anchor document. */
struct fwl_anchor {
    struct fwl_hash32 chain_id;
    uint64_t epoch;
    uint64_t height;
    uint64_t time_ms;
    struct fwl_hash32 block_hash;
    struct fwl_validators validators;
    struct fwl_governors governors;
};

/** fwl_trust_start - trust an anchor that came by a trusted way. Copies both sets. FWL_ERR_ARG for a set that is not
 * well-formed. */
FWL_NODISCARD enum fwl_err fwl_trust_start(struct fwl_trust *out, const struct fwl_anchor *anchor);

/** fwl_trust_sets - both sets, decoded; views into @trust. */
void fwl_trust_sets(struct fwl_validators *validators, struct fwl_governors *governors, const struct fwl_trust *trust);

/**
 * fwl_trust_step - take one epoch step.
 *
 * A step out of an epoch before trust->epoch is skipped: FWL_OK, *taken false.
 * Returns: FWL_OK
 *          FWL_ERR_CHAIN        another chain
 *          FWL_ERR_EPOCH        not from the trusted set or epoch, no change, another hash, or the trusting period is
 *                               over: *expired is set then, and only a re-anchor helps
 *          FWL_ERR_ROLLBACK     a certified header with a height or time below the trusted one
 *          FWL_ERR_CERTIFICATE, FWL_ERR_KEYS, FWL_ERR_SIGNATURE
 *          malformed            codes 20..39 and FWL_ERR_LIMIT
 * Cost:    q BIP-340 and k or 2k ECDSA verifications.
 */
FWL_NODISCARD enum fwl_err fwl_trust_step(struct fwl_trust *trust, bool *taken, bool *expired, struct fwl_span step,
                                          uint64_t now_ms, uint64_t period_ms);

/** fwl_trust_is_older - would a tip at this place take the trusted one back, in epoch, height or time?
 * fwl_trust_is_fork - is it another block of the same height? */
bool fwl_trust_is_older(const struct fwl_trust *trust, uint64_t epoch, uint64_t height, uint64_t time_ms);
bool fwl_trust_is_fork(const struct fwl_trust *trust, uint64_t height, const struct fwl_hash32 *block_hash);

/**
 * fwl_trust_tip - does the certificate make this header the tip of the trusted chain?
 *
 * Everything but the clock; moves height, time and block hash to the tip.
 * Fills:   @header; *fork when the tip is certified and differs from the trusted block of its height: keep both
 *          certificates and report them, they convict.
 * Returns: FWL_OK
 *          FWL_ERR_CHAIN        another chain
 *          FWL_ERR_EPOCH        of a later epoch: steps are missing
 *          FWL_ERR_CERTIFICATE  not certified by the trusted set, or a fork
 *          FWL_ERR_ROLLBACK     epoch, height or time below the trusted one
 *          malformed            codes 20..39
 * Cost:    q BIP-340 verifications.
 */
FWL_NODISCARD enum fwl_err fwl_trust_tip(struct fwl_trust *trust, struct fwl_header *header, bool *fork,
                                         struct fwl_span header_bytes, struct fwl_span cert);

/** fwl_trust_fresh - the clock rule: now - max_age <= time <= now + 10 s. FWL_OK or FWL_ERR_STALE. */
FWL_NODISCARD enum fwl_err fwl_trust_fresh(uint64_t time_ms, uint64_t now_ms, uint64_t max_age_ms);

/**
 * fwl_trust_reanchor - take a re-anchor document: the only way on after the trusting period or a recovery.
 *
 * Shape:   "FWR1" || new chain_id 32 || epoch u64 || height u64 || time_ms u64 || block_hash 32 || ValidatorSet ||
 *          GovernorSet || signatures of that GovernorSet || when it differs, signatures of the trusted one
 * Fills:   @trust, and trust->reanchored: the state must be saved. Begin a question (client/verify/verify.h) after it.
 * Returns: FWL_OK
 *          FWL_ERR_ROLLBACK  same chain, and epoch, height or time_ms below the trusted one
 *          FWL_ERR_KEYS, FWL_ERR_SIGNATURE  the governors' signatures
 *          malformed         codes 20..39 and FWL_ERR_LIMIT
 * Cost:    k or 2k ECDSA verifications.
 */
FWL_NODISCARD enum fwl_err fwl_trust_reanchor(struct fwl_trust *trust, struct fwl_span document);

/** fwl_trust_reanchor_put - encode a re-anchor document; @sigs by the governors of @anchor, @old_sigs by the trusted
 * ones, empty when they are the same. */
void fwl_trust_reanchor_put(struct fwl_writer *w, const struct fwl_anchor *anchor, struct fwl_span sigs,
                            struct fwl_span old_sigs);

/**
 * fwl_trust_time - the time for a device without a clock: lower median of q distinct validators.
 *
 * Shape:   @attests is a file of attestations (ledger/model/attest.h) over @nonce, which the device made for this
 *          question alone, and over the tip that @trust is at. Attestations that do not verify do not count.
 * Fills:   @time_ms; 0 on failure. It is not before the moment at which the device sent its nonce, nor after now.
 * Returns: FWL_OK
 *          FWL_ERR_STALE        of another nonce or tip: the answer to another question
 *          FWL_ERR_CERTIFICATE  fewer than q good ones
 *          malformed            codes 20..39 and FWL_ERR_LIMIT
 * Cost:    q BIP-340 verifications, up to one for each validator with bad ones among them; 800 bytes of stack.
 */
FWL_NODISCARD enum fwl_err fwl_trust_time(uint64_t *time_ms, const struct fwl_trust *trust,
                                          const uint8_t nonce[FWL_ATTEST_NONCE_SIZE], struct fwl_span attests);

#endif
