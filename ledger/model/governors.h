/*
 * governors - GovernorSet: threshold u8 || count u8 || count 33-byte secp256k1 points, strictly ascending; and
 * signatures of it: bitmap ceil(count/8) || threshold signatures of 64 bytes. Zone F.
 */
#ifndef FWL_LEDGER_MODEL_GOVERNORS_H
#define FWL_LEDGER_MODEL_GOVERNORS_H

#include "core/limits.h"
#include "core/reader.h"
#include "core/sha256.h"
#include "core/signature.h"
#include "core/writer.h"

#define FWL_GOVERNORS_SIZE_MAX (2 + 33 * FWL_KEYS_MAX)

struct fwl_governors {
    uint8_t threshold;    /* 1..count */
    uint8_t count;        /* 1..FWL_KEYS_MAX */
    struct fwl_span keys; /* view: 33 count bytes */
};

/** fwl_governors_read - FWL_ERR_LIMIT (count), FWL_ERR_VALUE (threshold or count 0, threshold > count, no point),
 * FWL_ERR_ORDER, FWL_ERR_DUPLICATE. Only the form of a point is checked here; a signature check finds the rest. */
void fwl_governors_read(struct fwl_governors *out, struct fwl_reader *r);
/** fwl_governors_decode - exactly one set; the errors above, FWL_ERR_TRUNCATED, FWL_ERR_TRAILING; @out views @in, zeros
 * on failure. fwl_governors_put - the inverse. */
FWL_NODISCARD enum fwl_err fwl_governors_decode(struct fwl_governors *out, struct fwl_span in);
void fwl_governors_put(struct fwl_writer *w, const struct fwl_governors *set);
/** fwl_governors_hash - SHA-256(0x24 || GovernorSet). */
void fwl_governors_hash(struct fwl_hash32 *out, const struct fwl_governors *set);
/** fwl_governors_equal - the same threshold and the same keys? */
bool fwl_governors_equal(const struct fwl_governors *a, const struct fwl_governors *b);
/** fwl_governors_sigs_size - bytes of bitmap and signatures of this set. */
size_t fwl_governors_sigs_size(const struct fwl_governors *set);
/**
 * fwl_governors_verify - exactly threshold ES256K signatures of members over @digest.
 *
 * Shape:   @sigs = bitmap || signatures in ascending order of the members.
 * Returns: FWL_OK; FWL_ERR_KEYS  wrong size, padding bits set, or not exactly threshold signers
 *          FWL_ERR_SIGNATURE  one does not verify
 * Cost:    threshold ECDSA verifications.
 */
FWL_NODISCARD enum fwl_err fwl_governors_verify(const struct fwl_governors *set, struct fwl_span sigs,
                                                const struct fwl_hash32 *digest);

#endif
