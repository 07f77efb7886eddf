#include "p2p/consensus/rec.h"

#define REC_TAG "fwledger/rec/v1"

enum {
    HAS_PROPOSED = 1,
    HAS_NOTARIZE = 2,
    HAS_NULLIFY = 4,
    HAS_FINALIZE = 8,
};

uint8_t
fwl_rec_key(uint8_t out[40], uint64_t height, uint32_t view)
{
    fwl_store_be64(out, height);
    fwl_store_be32(out + 8, view);
    return 12;
}

uint8_t
fwl_rec_cert_key(uint8_t out[40], uint64_t height, uint32_t view, enum fwl_vote_kind kind)
{
    (void)fwl_rec_key(out, height, view);
    out[12] = (uint8_t)kind;
    return 13;
}

uint8_t
fwl_rec_body_key(uint8_t out[40], uint64_t height, const struct fwl_hash32 *hash)
{
    fwl_store_be64(out, height);
    memcpy(out + 8, hash->b, 32);
    return 40;
}

uint8_t
fwl_rec_name_key(uint8_t out[40], const char *name)
{
    size_t size = strlen(name);

    FWL_ASSERT(size <= 40);
    // NOLINTNEXTLINE(bugprone-not-null-terminated-result): a key has a length, no terminator
    memcpy(out, name, size);
    return (uint8_t)size;
}

/* The checksum covers a digest of the key and one of the value, so no split between them is ambiguous. */
static void
checksum(struct fwl_hash32 *out, struct fwl_span key, struct fwl_span value)
{
    uint8_t both[64];
    struct fwl_hash32 part;

    fwl_tagged_hash(&part, REC_TAG, key);
    memcpy(both, part.b, 32);
    fwl_tagged_hash(&part, REC_TAG, value);
    memcpy(both + 32, part.b, 32);
    fwl_tagged_hash(out, REC_TAG, fwl_span(both, sizeof(both)));
}

size_t
fwl_rec_seal(uint8_t *buffer, size_t size, struct fwl_span key)
{
    struct fwl_hash32 sum;

    checksum(&sum, key, fwl_span(buffer, size));
    memcpy(buffer + size, sum.b, 32);
    return size + 32;
}

enum fwl_err
fwl_rec_open(struct fwl_span *out, struct fwl_span key, struct fwl_span value)
{
    struct fwl_hash32 sum;

    *out = (struct fwl_span){0};
    if (value.size < 32) {
        return FWL_ERR_CORRUPT;
    }
    checksum(&sum, key, fwl_span(value.p, value.size - 32));
    if (memcmp(sum.b, value.p + value.size - 32, 32) != 0) {
        return FWL_ERR_CORRUPT;
    }
    *out = fwl_span(value.p, value.size - 32);
    return FWL_OK;
}

static void
put_signed(struct fwl_writer *w, bool present, const struct fwl_hash32 *hash, const struct fwl_sig64 *sig)
{
    if (present && hash != NULL) {
        fwl_writer_bytes(w, hash->b, 32);
    }
    if (present) {
        fwl_writer_bytes(w, sig->b, 64);
    }
}

size_t
fwl_rec_encode(uint8_t out[FWL_REC_SIZE_MAX], struct fwl_span key, const struct fwl_rec *rec)
{
    struct fwl_writer w;
    unsigned flags = (rec->proposed ? HAS_PROPOSED : 0u) | (rec->notarize ? HAS_NOTARIZE : 0u) |
                     (rec->nullify ? HAS_NULLIFY : 0u) | (rec->finalize ? HAS_FINALIZE : 0u);

    fwl_writer_init(&w, out, FWL_REC_SIZE_MAX - 32);
    fwl_writer_u8(&w, (uint8_t)flags);
    put_signed(&w, rec->proposed, &rec->proposed_hash, &rec->proposed_sig);
    put_signed(&w, rec->notarize, &rec->notarize_hash, &rec->notarize_sig);
    put_signed(&w, rec->nullify, NULL, &rec->nullify_sig);
    put_signed(&w, rec->finalize, &rec->finalize_hash, &rec->finalize_sig);
    FWL_ASSERT(w.err == FWL_OK);
    return fwl_rec_seal(out, w.size, key);
}

static bool
get_signed(struct fwl_reader *r, bool present, struct fwl_hash32 *hash, struct fwl_sig64 *sig)
{
    if (present && hash != NULL) {
        fwl_reader_copy(r, hash->b, 32);
    }
    if (present) {
        fwl_reader_copy(r, sig->b, 64);
    }
    return present;
}

enum fwl_err
fwl_rec_decode(struct fwl_rec *out, struct fwl_span key, struct fwl_span value)
{
    struct fwl_reader r;
    struct fwl_span inner;
    unsigned flags = 0;

    *out = (struct fwl_rec){0};
    if (fwl_rec_open(&inner, key, value) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    fwl_reader_init(&r, inner);
    flags = fwl_reader_u8(&r);
    out->proposed = get_signed(&r, (flags & HAS_PROPOSED) != 0, &out->proposed_hash, &out->proposed_sig);
    out->notarize = get_signed(&r, (flags & HAS_NOTARIZE) != 0, &out->notarize_hash, &out->notarize_sig);
    out->nullify = get_signed(&r, (flags & HAS_NULLIFY) != 0, NULL, &out->nullify_sig);
    out->finalize = get_signed(&r, (flags & HAS_FINALIZE) != 0, &out->finalize_hash, &out->finalize_sig);
    if (fwl_reader_finish(&r) != FWL_OK || flags > 15 || (out->nullify && out->finalize)) {
        *out = (struct fwl_rec){0};
        return FWL_ERR_CORRUPT;
    }
    return FWL_OK;
}
