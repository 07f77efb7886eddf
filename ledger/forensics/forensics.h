/*
 * forensics - who broke the rules at one height? From votes and certificates to pairs that convict. Zone P.
 *
 * Two different FINAL certificates of one height need more than f faulty validators. While these are at most 2f, they
 * hold, together with the certificates that correct nodes stored for that height, conflicting signed votes of at least
 * f+1 members (agreement.md "Accountability"): each certificate is taken apart into its votes, equal ones are kept
 * once, and neighbours in the order (member, view, kind, hash) are compared. What convicts is a pair of signatures by
 * one key and nothing else, so nothing here is believed: a certificate that does not hold under the set of its height
 * is refused.
 *
 * A correct member never signs such a pair, whatever crashes it had, so it is never named.
 */
#ifndef FWL_LEDGER_FORENSICS_FORENSICS_H
#define FWL_LEDGER_FORENSICS_FORENSICS_H

#include "ledger/model/cert.h"
#include "ledger/model/evidence.h"

struct fwl_forensics {
    struct fwl_hash32 chain_id;
    uint64_t height;
    const struct fwl_validators *set; /* V(height) */
    fwl_cert_verifier verify;         /* fwl_cert_verify's, or a simulator's */
    void *cookie;
    struct fwl_vote *votes; /* @room elements of the caller */
    size_t room;
    size_t count; /* ascending by (idx, view, kind, hash), each once; begins as 0 */
};

/* Where a walk over the findings is; zeros to begin with. */
struct fwl_forensics_walk {
    size_t at;
    uint16_t idx;
    uint8_t told; /* types already told of member @idx: bit type */
};

/**
 * fwl_forensics_vote - take in one vote.
 *
 * Returns: FWL_OK             taken, or known already
 *          FWL_ERR_RANGE      of another height, or its signer is no member
 *          FWL_ERR_SIGNATURE  it does not hold
 *          FWL_ERR_SPACE      @room votes are held
 * Cost:    one signature; moves at most the votes held.
 */
FWL_NODISCARD enum fwl_err fwl_forensics_vote(struct fwl_forensics *f, const struct fwl_vote *vote);

/**
 * fwl_forensics_cert - take in the votes of a certificate, long form.
 *
 * Fills:   @out (may be NULL) with the certificate, a view of @bytes.
 * Returns: FWL_OK; the errors of fwl_cert_decode; FWL_ERR_RANGE for another height; FWL_ERR_CERTIFICATE when it does
 * not hold; FWL_ERR_SPACE. Of a refused certificate nothing is taken. Cost:    q signatures.
 */
FWL_NODISCARD enum fwl_err fwl_forensics_cert(struct fwl_forensics *f, struct fwl_cert *out, struct fwl_span bytes);

/** fwl_forensics_next - the next pair that convicts, at most one for each member and type, ascending by member; false
 * at the end. Cost: linear over a whole walk. */
bool fwl_forensics_next(const struct fwl_forensics *f, struct fwl_forensics_walk *walk, struct fwl_evidence *out);

#endif
