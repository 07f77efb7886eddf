/* The author's signature over a release record: COSE_Sign1 with detached payload. */
#include "ledger/model/release.h"

enum {
    COSE_SIGN1 = 18, /* CBOR tag */
    PROTECTED_MAX = 16,
    STATEMENT_MAX = 384, /* class 193, version 66, digest 70, two numbers 18, head 1 */
};

static void
put_protected(struct fwl_writer *w, int64_t alg, const struct fwl_kid *kid)
{
    uint8_t bytes[PROTECTED_MAX];
    struct fwl_writer p;
    struct fwl_span done;

    fwl_writer_init(&p, bytes, sizeof(bytes));
    fwl_cbor_put_map(&p, 2);
    fwl_cbor_put_uint(&p, 1);
    fwl_cbor_put_int(&p, alg);
    fwl_cbor_put_uint(&p, 4);
    fwl_cbor_put_bytes(&p, fwl_span(kid->b, sizeof(kid->b)));
    if (fwl_writer_finish(&p, &done) != FWL_OK) {
        fwl_writer_fail(w, FWL_ERR_UNKNOWN);
    }
    fwl_cbor_put_bytes(w, done);
}

void
fwl_release_author_digest(struct fwl_hash32 *out, const struct fwl_release *release, int64_t alg,
                          const struct fwl_kid *kid)
{
    uint8_t statement[STATEMENT_MAX];
    uint8_t bytes[STATEMENT_MAX + 64];
    struct fwl_writer w;
    struct fwl_span s;

    fwl_writer_init(&w, statement, sizeof(statement));
    fwl_cbor_put_array(&w, 5);
    fwl_cbor_put_text(&w, release->class_name);
    fwl_cbor_put_text(&w, release->version);
    fwl_digest_put(&w, &release->digest);
    fwl_cbor_put_uint(&w, release->size);
    fwl_cbor_put_uint(&w, release->counter);
    FWL_ASSERT(fwl_writer_finish(&w, &s) == FWL_OK);
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_cbor_put_array(&w, 4);
    fwl_cbor_put_text(&w, fwl_span_text("Signature1"));
    put_protected(&w, alg, kid);
    fwl_cbor_put_bytes(&w, fwl_span(NULL, 0));
    fwl_cbor_put_bytes(&w, s);
    FWL_ASSERT(fwl_writer_finish(&w, &s) == FWL_OK);
    fwl_sha256(out, s);
}

void
fwl_release_author_put(struct fwl_writer *w, int64_t alg, const struct fwl_kid *kid, const struct fwl_sig64 *sig)
{
    fwl_cbor_put_tag(w, COSE_SIGN1);
    fwl_cbor_put_array(w, 4);
    put_protected(w, alg, kid);
    fwl_cbor_put_map(w, 0);
    fwl_cbor_put_null(w);
    fwl_cbor_put_bytes(w, fwl_span(sig->b, sizeof(sig->b)));
}

enum fwl_err
fwl_release_author_verify(const struct fwl_release *release, const struct fwl_key *keys, size_t count)
{
    uint8_t expected[32 + 64 + 32];
    struct fwl_hash32 digest;
    struct fwl_sig64 sig;
    struct fwl_kid kid;
    struct fwl_writer w;
    struct fwl_span bytes;

    if ((release->has & FWL_HAS(FWL_RELEASE_AUTHOR)) == 0 || release->author.kind != FWL_AUTHOR_RECORD ||
        release->author.sig.size < sizeof(sig.b)) {
        return FWL_ERR_AUTHOR;
    }
    /* There is one encoding for a key and a signature, so the bytes are compared and not parsed. */
    memcpy(sig.b, release->author.sig.p + release->author.sig.size - sizeof(sig.b), sizeof(sig.b));
    for (size_t i = 0; i < count; i++) {
        fwl_key_kid(&kid, &keys[i]);
        fwl_writer_init(&w, expected, sizeof(expected));
        fwl_release_author_put(&w, keys[i].alg, &kid, &sig);
        if (fwl_writer_finish(&w, &bytes) != FWL_OK || !fwl_span_equal(bytes, release->author.sig)) {
            continue;
        }
        fwl_release_author_digest(&digest, release, keys[i].alg, &kid);
        if (fwl_ecdsa_verify(keys[i].alg, &sig, &digest, &keys[i].point) == FWL_OK) {
            return FWL_OK;
        }
    }
    return FWL_ERR_AUTHOR;
}
