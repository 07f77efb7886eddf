#include "ledger/model/cert.h"

#include "core/mutant.h"
enum {
    HEAD_SIZE = 1 + 8 + 4 + 32,
};

static size_t
bitmap_size(uint32_t n)
{
    return (n + 7) / 8;
}

size_t
fwl_cert_size(uint32_t n)
{
    return HEAD_SIZE + bitmap_size(n) + 64 * (size_t)fwl_validators_quorum(n);
}

size_t
fwl_cert_size_short(uint32_t n)
{
    return 4 + bitmap_size(n) + 64 * (size_t)fwl_validators_quorum(n);
}

bool
fwl_cert_signed(const struct fwl_cert *cert, uint32_t index)
{
    return index < cert->n && (cert->bitmap.p[index / 8] >> (index % 8) & 1) != 0;
}

/* Bitmap and signatures, the end of both forms. */
static void
read_signatures(struct fwl_cert *out, struct fwl_reader *r)
{
    uint32_t population = 0;

    fwl_reader_field(r, "certificate.signatures");
    out->bitmap = fwl_reader_bytes(r, bitmap_size(out->n));
    for (uint32_t i = 0; i < 8 * out->bitmap.size; i++) {
        if ((out->bitmap.p[i / 8] >> (i % 8) & 1) == 0) {
            continue;
        }
        population++;
        if (i >= out->n) {
            fwl_reader_fail(r, FWL_ERR_VALUE);
        }
    }
    if (fwl_reader_ok(r) && population != fwl_validators_quorum(out->n) &&
        !(FWL_MUTANT(14, 2) && population < fwl_validators_quorum(out->n))) { /* bits are not counted */
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    out->sigs = fwl_reader_bytes(r, 64 * (size_t)fwl_validators_quorum(out->n));
    if (!fwl_reader_ok(r)) {
        *out = (struct fwl_cert){.kind = FWL_VOTE_NOTARIZE};
    }
}

void
fwl_cert_read(struct fwl_cert *out, struct fwl_reader *r, uint16_t n)
{
    uint8_t kind = 0;

    FWL_ASSERT(n > 0 && n <= FWL_VALIDATORS_MAX);
    *out = (struct fwl_cert){.kind = FWL_VOTE_NOTARIZE, .n = n};
    fwl_reader_field(r, "certificate");
    kind = fwl_reader_u8(r);
    if (fwl_reader_ok(r) && (kind < FWL_VOTE_NOTARIZE || kind > FWL_VOTE_FINALIZE)) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    out->kind = (enum fwl_vote_kind)kind;
    out->height = fwl_reader_u64(r);
    out->view = fwl_reader_u32(r);
    fwl_reader_copy(r, out->block_hash.b, 32);
    if (fwl_reader_ok(r) && out->kind == FWL_VOTE_NULLIFY && !fwl_hash32_is_zero(&out->block_hash)) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    read_signatures(out, r);
}

void
fwl_cert_read_short(struct fwl_cert *out, struct fwl_reader *r, uint16_t n, uint64_t height,
                    const struct fwl_hash32 *block_hash)
{
    FWL_ASSERT(n > 0 && n <= FWL_VALIDATORS_MAX);
    *out = (struct fwl_cert){.kind = FWL_VOTE_FINALIZE, .n = n, .height = height, .block_hash = *block_hash};
    out->view = fwl_reader_u32(r);
    read_signatures(out, r);
}

enum fwl_err
fwl_cert_decode(struct fwl_cert *out, struct fwl_span in, uint16_t n)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    fwl_cert_read(out, &r, n);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_cert){.kind = FWL_VOTE_NOTARIZE};
    }
    return r.err;
}

enum fwl_err
fwl_cert_decode_short(struct fwl_cert *out, struct fwl_span in, uint16_t n, uint64_t height,
                      const struct fwl_hash32 *block_hash)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    fwl_cert_read_short(out, &r, n, height, block_hash);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_cert){.kind = FWL_VOTE_NOTARIZE};
    }
    return r.err;
}

void
fwl_cert_put(struct fwl_writer *w, const struct fwl_cert *cert)
{
    fwl_writer_u8(w, (uint8_t)cert->kind);
    fwl_writer_u64(w, cert->height);
    fwl_writer_u32(w, cert->view);
    fwl_writer_bytes(w, cert->block_hash.b, 32);
    fwl_writer_span(w, cert->bitmap);
    fwl_writer_span(w, cert->sigs);
}

void
fwl_cert_put_short(struct fwl_writer *w, const struct fwl_cert *cert)
{
    fwl_writer_u32(w, cert->view);
    fwl_writer_span(w, cert->bitmap);
    fwl_writer_span(w, cert->sigs);
}

void
fwl_cert_vote(struct fwl_vote *out, const struct fwl_cert *cert, uint32_t which)
{
    uint32_t seen = 0;
    uint32_t i = 0;

    FWL_ASSERT(which < fwl_validators_quorum(cert->n));
    while (!fwl_cert_signed(cert, i) || seen++ < which) {
        i++;
        FWL_ASSERT(i < cert->n);
    }
    *out = (struct fwl_vote){.kind = cert->kind,
                             .height = cert->height,
                             .view = cert->view,
                             .block_hash = cert->block_hash,
                             .idx = (uint16_t)i};
    memcpy(out->sig.b, cert->sigs.p + 64 * (size_t)which, 64);
}

enum fwl_err
fwl_cert_schnorr(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                 const struct fwl_pubkey32 *key)
{
    (void)cookie;
    return fwl_schnorr_verify(sig, digest, key);
}

enum fwl_err
fwl_cert_verify(const struct fwl_cert *cert, const struct fwl_validators *set, const struct fwl_hash32 *chain_id)
{
    return fwl_cert_verify_with(cert, set, chain_id, fwl_cert_schnorr, NULL);
}

enum fwl_err
fwl_cert_verify_with(const struct fwl_cert *cert, const struct fwl_validators *set, const struct fwl_hash32 *chain_id,
                     fwl_cert_verifier verify, void *cookie)
{
    uint32_t q = fwl_validators_quorum(set->n);
    uint32_t done = 0;
    struct fwl_hash32 digest;

    if (set->n == 0 || cert->n != set->n || cert->sigs.size != 64 * (size_t)q) {
        return FWL_ERR_CERTIFICATE;
    }
    fwl_vote_digest(&digest, chain_id, cert->kind, cert->height, cert->view, &cert->block_hash);
    for (uint32_t i = 0; i < set->n; i++) {
        struct fwl_pubkey32 key;
        struct fwl_sig64 sig;

        if (!fwl_cert_signed(cert, i)) {
            continue;
        }
        if (done == q) {
            return FWL_ERR_CERTIFICATE;
        }
        memcpy(sig.b, cert->sigs.p + 64 * (size_t)done, sizeof(sig.b));
        done++;
        fwl_validators_key(&key, set, i);
        if (verify(cookie, &sig, &digest, &key) != FWL_OK) {
            return FWL_ERR_CERTIFICATE;
        }
    }
    return done == q || FWL_MUTANT(14, 2) ? FWL_OK : FWL_ERR_CERTIFICATE;
}

enum fwl_err
fwl_cert_make(struct fwl_cert *out, uint8_t *buffer, size_t room, uint16_t n, const struct fwl_vote *const *votes,
              size_t count)
{
    size_t map = bitmap_size(n);

    *out = (struct fwl_cert){.kind = FWL_VOTE_NOTARIZE};
    if (n == 0 || n > FWL_VALIDATORS_MAX || count != fwl_validators_quorum(n) || votes[0]->kind == FWL_VOTE_PROPOSE) {
        return FWL_ERR_ARG;
    }
    if (room < map + 64 * count) {
        return FWL_ERR_SPACE;
    }
    memset(buffer, 0, map);
    for (size_t i = 0; i < count; i++) {
        const struct fwl_vote *v = votes[i];

        if (v->idx >= n || (i > 0 && v->idx <= votes[i - 1]->idx) || v->kind != votes[0]->kind ||
            v->height != votes[0]->height || v->view != votes[0]->view ||
            !fwl_hash32_equal(&v->block_hash, &votes[0]->block_hash)) {
            return FWL_ERR_ARG;
        }
        buffer[v->idx / 8] |= (uint8_t)(1 << (v->idx % 8));
        memcpy(buffer + map + 64 * i, v->sig.b, 64);
    }
    *out = (struct fwl_cert){.kind = votes[0]->kind,
                             .height = votes[0]->height,
                             .view = votes[0]->view,
                             .block_hash = votes[0]->block_hash,
                             .n = n,
                             .bitmap = fwl_span(buffer, map),
                             .sigs = fwl_span(buffer + map, 64 * count)};
    return FWL_OK;
}
