/*
 * evidence - two conflicting votes of one signer, 224 bytes: 0x02 || type u8 || Vote || Vote. Zone F.
 *
 * Same height, view and index; the votes ascend by their bytes. E1 two NOTARIZE with different hashes; E2 two
 * FINALIZE with different hashes; E3 a NULLIFY and a FINALIZE; E4 two PROPOSE with different hashes.
 */
#ifndef FWL_LEDGER_MODEL_EVIDENCE_H
#define FWL_LEDGER_MODEL_EVIDENCE_H

#include "ledger/model/cert.h"

#define FWL_EVIDENCE_SIZE 224
#define FWL_EVIDENCE_TAG  0x02

/* stored: append only */
enum fwl_evidence_type {
    FWL_EVIDENCE_NOTARIZE = 1,
    FWL_EVIDENCE_FINALIZE = 2,
    FWL_EVIDENCE_FINALIZE_NULLIFY = 3,
    FWL_EVIDENCE_PROPOSE = 4,
};

struct fwl_evidence {
    enum fwl_evidence_type type;
    struct fwl_vote first, second;
};

/** fwl_evidence_text - what the signer did, for people: "E1: notarized two blocks in one view"; static, never NULL. */
const char *fwl_evidence_text(enum fwl_evidence_type type);
/** fwl_evidence_is - do the bytes of a transaction begin like evidence? */
bool fwl_evidence_is(struct fwl_span tx);
/** fwl_evidence_txid - the id of what stands in a block: a transaction or a record of evidence; false, and zeros, for
 * bytes that are neither. */
bool fwl_evidence_txid(struct fwl_hash32 *out, struct fwl_span tx);
/** fwl_evidence_decode - FWL_ERR_VALUE for another tag or when the pair is no such conflict, FWL_ERR_ORDER when the
 * votes are swapped, FWL_ERR_TRUNCATED, FWL_ERR_TRAILING; no signature is checked. fwl_evidence_encode - the inverse.
 */
FWL_NODISCARD enum fwl_err fwl_evidence_decode(struct fwl_evidence *out, struct fwl_span in);
void fwl_evidence_encode(uint8_t out[FWL_EVIDENCE_SIZE], const struct fwl_evidence *ev);
/** fwl_evidence_make - order two votes and name their conflict; FWL_ERR_VALUE when they do not conflict. */
FWL_NODISCARD enum fwl_err fwl_evidence_make(struct fwl_evidence *out, const struct fwl_vote *a,
                                             const struct fwl_vote *b);
/** fwl_evidence_verify - both signatures by @key, checked with @verify (fwl_cert_schnorr). FWL_OK or
 * FWL_ERR_SIGNATURE. */
FWL_NODISCARD enum fwl_err fwl_evidence_verify(const struct fwl_evidence *ev, const struct fwl_hash32 *chain_id,
                                               const struct fwl_pubkey32 *key, fwl_cert_verifier verify, void *cookie);

#endif
