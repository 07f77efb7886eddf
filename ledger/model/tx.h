/*
 * tx - transactions: COSE_Sign (RFC 9052, tag 98) around a payload of actions. Zone F.
 *
 * [h'', {}, payload, signatures] with protected {1: alg, 4: kid} in each signature, which signs
 * ["Signature", h'', protected, h'', payload]. Signatures ascend by kid.
 */
#ifndef FWL_LEDGER_MODEL_TX_H
#define FWL_LEDGER_MODEL_TX_H

#include "ledger/model/action.h"

#define FWL_TX_SALT_SIZE 8

struct fwl_tx {
    struct fwl_span payload;
    uint64_t has;
    struct fwl_hash32 chain_id;
    struct fwl_span participant;
    uint64_t expires_s; /* Unix */
    struct fwl_span salt;
    struct fwl_list actions;    /* fwl_tx_next_action */
    struct fwl_list signatures; /* fwl_tx_next_signature */
};

struct fwl_tx_signature {
    int64_t alg;
    struct fwl_kid kid;
    struct fwl_sig64 sig;
};

/**
 * fwl_tx_decode - read one transaction of at most FWL_TX_MAX bytes and check all its forms; no signature is verified
 * and release records and policies inside it stay undecoded.
 *
 * Returns: FWL_OK, or why not; @fault (may be NULL) names the field.
 */
FWL_NODISCARD enum fwl_err fwl_tx_decode(struct fwl_tx *out, struct fwl_fault *fault, struct fwl_span in);
bool fwl_tx_next_action(struct fwl_reader *it, struct fwl_action *action);
bool fwl_tx_next_signature(struct fwl_reader *it, struct fwl_tx_signature *signature);
/** fwl_tx_id - tagged hash "fwledger/tx/v1" of the payload's bytes. */
void fwl_tx_id(struct fwl_hash32 *out, struct fwl_span payload);
/** fwl_tx_digest - what a key signs: SHA-256 of the Sig_structure for @alg and @kid. */
void fwl_tx_digest(struct fwl_hash32 *out, int64_t alg, const struct fwl_kid *kid, struct fwl_span payload);

/**
 * fwl_tx_verify - are the signatures exactly those of @threshold distinct keys of @keys?
 *
 * Returns: FWL_OK; FWL_ERR_KEYS       too few, too many, or a key that is none of the participant's
 *          FWL_ERR_SIGNATURE  one does not verify
 * Cost:    @threshold signature verifications, after the cheap checks.
 */
FWL_NODISCARD enum fwl_err fwl_tx_verify(const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold);
/** fwl_tx_verify_rotation - the same for participant.rotate: the thresholds of both lists are met, by keys of their
 * union, and no signature is superfluous. */
FWL_NODISCARD enum fwl_err fwl_tx_verify_rotation(const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold,
                                                  struct fwl_list new_keys, uint64_t new_threshold);

/** fwl_tx_put_payload - @tx's chain_id, participant, expires, salt and actions as a payload. */
void fwl_tx_put_payload(struct fwl_writer *w, const struct fwl_tx *tx);
/** fwl_tx_put - the transaction; sorts @signatures by kid. FWL_ERR_LIMIT above FWL_TX_SIGNATURES_MAX,
 * FWL_ERR_DUPLICATE for a kid twice. */
void fwl_tx_put(struct fwl_writer *w, struct fwl_span payload, struct fwl_tx_signature *signatures, size_t count);

#endif
