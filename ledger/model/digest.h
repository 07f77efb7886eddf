/*
 * digest - an image digest: [COSE algorithm, bytes]. Zone F.
 */
#ifndef FWL_LEDGER_MODEL_DIGEST_H
#define FWL_LEDGER_MODEL_DIGEST_H

#include "core/cbor.h"

enum fwl_digest_alg { /* COSE numbers; stored: append only */
                      FWL_DIGEST_SHA256 = -16,
                      FWL_DIGEST_SHA384 = -43,
                      FWL_DIGEST_SHA512 = -44,
};

struct fwl_digest {
    int64_t alg;           /* enum fwl_digest_alg */
    struct fwl_span bytes; /* view: 32, 48 or 64 bytes */
};

/** fwl_digest_read, fwl_digest_put - as custom fields of a form (form.h): @at is a struct fwl_digest. FWL_ERR_UNKNOWN
 * (algorithm), FWL_ERR_VALUE (a shorter length than its), FWL_ERR_LIMIT (over 64 bytes). */
void fwl_digest_read(struct fwl_reader *r, void *at);
void fwl_digest_put(struct fwl_writer *w, const void *at);
/** fwl_digest_size - bytes of @alg's digests, 0 when there is no such algorithm. */
size_t fwl_digest_size(int64_t alg);
/** fwl_digest_equal - the same algorithm and the same bytes? Not in constant time: digests are public. */
bool fwl_digest_equal(const struct fwl_digest *a, const struct fwl_digest *b);

#endif
