/*
 * cert - certificate: q votes of one kind, view and hash. Zone F.
 *
 * Long form:  kind u8 (1..3) || height u64 || view u32 || block_hash 32 || bitmap ceil(n/8) || sigs 64 q
 * Short form (FINAL beside its header): view u32 || bitmap || sigs.
 * Bit i of the bitmap is bit i mod 8 (least significant first) of byte i/8; padding bits are 0; exactly q bits are
 * set; signatures ascend by index. Nothing in the bytes says n: the caller knows the set of the height.
 */
#ifndef FWL_LEDGER_MODEL_CERT_H
#define FWL_LEDGER_MODEL_CERT_H

#include "ledger/model/validators.h"
#include "ledger/model/vote.h"

struct fwl_cert {
    enum fwl_vote_kind kind; /* never PROPOSE */
    uint64_t height;
    uint32_t view;
    struct fwl_hash32 block_hash;
    uint16_t n;             /* members of the set */
    struct fwl_span bitmap; /* view: ceil(n/8) bytes */
    struct fwl_span sigs;   /* view: 64 q bytes */
};

/* Bytes of either form for the greatest set. */
enum {
    FWL_CERT_SIZE_SHORT_MAX = 4 + (FWL_VALIDATORS_MAX + 7) / 8 + 64 * (2 * FWL_VALIDATORS_MAX / 3 + 1),
    FWL_CERT_SIZE_MAX = 41 + FWL_CERT_SIZE_SHORT_MAX,
};

/** fwl_cert_size, fwl_cert_size_short - bytes of either form for a set of @n members. */
size_t fwl_cert_size(uint32_t n);
size_t fwl_cert_size_short(uint32_t n);

/**
 * fwl_cert_decode, fwl_cert_decode_short - @n is 1..FWL_VALIDATORS_MAX (FWL_ASSERT).
 *
 * The short form takes height and hash from the caller and has kind FINALIZE. No signature is checked.
 * Returns: FWL_OK; FWL_ERR_VALUE (kind, hash of a NULLIFY, padding bits, population of the bitmap is not q);
 *          FWL_ERR_TRUNCATED; FWL_ERR_TRAILING
 */
FWL_NODISCARD enum fwl_err fwl_cert_decode(struct fwl_cert *out, struct fwl_span in, uint16_t n);
FWL_NODISCARD enum fwl_err fwl_cert_decode_short(struct fwl_cert *out, struct fwl_span in, uint16_t n, uint64_t height,
                                                 const struct fwl_hash32 *block_hash);
/** fwl_cert_read, fwl_cert_read_short - the same from a reader, without the check for trailing bytes. */
void fwl_cert_read(struct fwl_cert *out, struct fwl_reader *r, uint16_t n);
void fwl_cert_read_short(struct fwl_cert *out, struct fwl_reader *r, uint16_t n, uint64_t height,
                         const struct fwl_hash32 *block_hash);
/** fwl_cert_put, fwl_cert_put_short - the inverse of the two forms. */
void fwl_cert_put(struct fwl_writer *w, const struct fwl_cert *cert);
void fwl_cert_put_short(struct fwl_writer *w, const struct fwl_cert *cert);

/** fwl_cert_signed - did member @index sign? False for index >= n. */
bool fwl_cert_signed(const struct fwl_cert *cert, uint32_t index);
/** fwl_cert_vote - the vote of the @which-th signer (0..q-1, FWL_ASSERT) as it was: for forensics and evidence. */
void fwl_cert_vote(struct fwl_vote *out, const struct fwl_cert *cert, uint32_t which);

/** How one signature is checked: fwl_schnorr_verify, or a simulator's cheap stand-in with its @cookie. */
typedef enum fwl_err (*fwl_cert_verifier)(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                                          const struct fwl_pubkey32 *key);

/** fwl_cert_schnorr - the real one: fwl_schnorr_verify; @cookie is not looked at. */
FWL_NODISCARD enum fwl_err fwl_cert_schnorr(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                                            const struct fwl_pubkey32 *key);

/**
 * fwl_cert_verify - does the certificate hold under @set?
 *
 * Returns: FWL_OK; FWL_ERR_CERTIFICATE  n differs from the set's, or a signature does not verify
 * Cost:    q BIP-340 verifications.
 */
FWL_NODISCARD enum fwl_err fwl_cert_verify(const struct fwl_cert *cert, const struct fwl_validators *set,
                                           const struct fwl_hash32 *chain_id);
/** fwl_cert_verify_with - the same with the caller's check of one signature. */
FWL_NODISCARD enum fwl_err fwl_cert_verify_with(const struct fwl_cert *cert, const struct fwl_validators *set,
                                                const struct fwl_hash32 *chain_id, fwl_cert_verifier verify,
                                                void *cookie);

/**
 * fwl_cert_make - a certificate from q votes.
 *
 * Shape:   @votes are exactly q pointers, ascending by idx, all of the kind, height, view and hash of the first.
 * Fills:   @buffer of @room >= ceil(n/8) + 64 q bytes with bitmap and signatures; @out points into it.
 * Returns: FWL_OK; FWL_ERR_ARG when the votes are not as demanded; FWL_ERR_SPACE
 */
FWL_NODISCARD enum fwl_err fwl_cert_make(struct fwl_cert *out, uint8_t *buffer, size_t room, uint16_t n,
                                         const struct fwl_vote *const *votes, size_t count);

#endif
