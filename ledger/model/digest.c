#include "ledger/model/digest.h"

size_t
fwl_digest_size(int64_t alg)
{
    switch (alg) {
    case FWL_DIGEST_SHA256: return 32;
    case FWL_DIGEST_SHA384: return 48;
    case FWL_DIGEST_SHA512: return 64;
    default: return 0; /* not an enum: a number from outside */
    }
}

void
fwl_digest_read(struct fwl_reader *r, void *at)
{
    struct fwl_digest *out = at;

    fwl_cbor_array_exact(r, 2);
    out->alg = fwl_cbor_int(r);
    if (fwl_reader_ok(r) && fwl_digest_size(out->alg) == 0) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
    out->bytes = fwl_cbor_bytes(r, 64);
    if (fwl_reader_ok(r) && out->bytes.size != fwl_digest_size(out->alg)) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

void
fwl_digest_put(struct fwl_writer *w, const void *at)
{
    const struct fwl_digest *digest = at;

    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_int(w, digest->alg);
    fwl_cbor_put_bytes(w, digest->bytes);
}

bool
fwl_digest_equal(const struct fwl_digest *a, const struct fwl_digest *b)
{
    return a->alg == b->alg && fwl_span_equal(a->bytes, b->bytes);
}
