/*
 * vote - one signed vote, 111 bytes: kind u8 || height u64 || view u32 || block_hash 32 || idx u16 || sig 64. Zone F.
 */
#ifndef FWL_LEDGER_MODEL_VOTE_H
#define FWL_LEDGER_MODEL_VOTE_H

#include "core/reader.h"
#include "core/sha256.h"
#include "core/signature.h"
#include "core/writer.h"

#define FWL_VOTE_SIZE 111

/* stored: append only */
enum fwl_vote_kind {
    FWL_VOTE_PROPOSE = 0,
    FWL_VOTE_NOTARIZE = 1,
    FWL_VOTE_NULLIFY = 2, /* its hash is 32 zeros */
    FWL_VOTE_FINALIZE = 3,
};

struct fwl_vote {
    enum fwl_vote_kind kind;
    uint64_t height;
    uint32_t view; /* of the vote, not of the header */
    struct fwl_hash32 block_hash;
    uint16_t idx; /* of the signer in the set of @height */
    struct fwl_sig64 sig;
};

/** fwl_vote_read - FWL_ERR_VALUE for a kind above 3, or a NULLIFY with a hash. */
void fwl_vote_read(struct fwl_vote *out, struct fwl_reader *r);
/** fwl_vote_decode - exactly one vote of FWL_VOTE_SIZE bytes: the same, FWL_ERR_TRUNCATED, FWL_ERR_TRAILING; no
 * signature is checked. fwl_vote_put, fwl_vote_encode - the inverse. */
FWL_NODISCARD enum fwl_err fwl_vote_decode(struct fwl_vote *out, struct fwl_span in);
void fwl_vote_put(struct fwl_writer *w, const struct fwl_vote *vote);
void fwl_vote_encode(uint8_t out[FWL_VOTE_SIZE], const struct fwl_vote *vote);

/** fwl_vote_digest - what a vote signs: tagged hash "fwledger/vote/v1" of kind || chain_id || height || view || hash.
 */
void fwl_vote_digest(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, enum fwl_vote_kind kind,
                     uint64_t height, uint32_t view, const struct fwl_hash32 *block_hash);
/** fwl_vote_verify - BIP-340 over the digest by @key. FWL_OK or FWL_ERR_SIGNATURE. */
FWL_NODISCARD enum fwl_err fwl_vote_verify(const struct fwl_vote *vote, const struct fwl_hash32 *chain_id,
                                           const struct fwl_pubkey32 *key);

#endif
