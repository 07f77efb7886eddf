#include "ledger/model/governors.h"

static struct fwl_span
key_at(struct fwl_span keys, size_t index)
{
    return fwl_span(keys.p + 33 * index, 33);
}

static void
check_keys(const struct fwl_governors *g, struct fwl_reader *r)
{
    for (size_t i = 0; i < g->count && fwl_reader_ok(r); i++) {
        struct fwl_span key = key_at(g->keys, i);
        int order = i == 0 ? -1 : fwl_span_compare(key_at(g->keys, i - 1), key);

        if (key.p[0] != 2 && key.p[0] != 3) {
            fwl_reader_fail(r, FWL_ERR_VALUE);
        } else if (order >= 0) {
            fwl_reader_fail(r, order == 0 ? FWL_ERR_DUPLICATE : FWL_ERR_ORDER);
        }
    }
}

void
fwl_governors_read(struct fwl_governors *out, struct fwl_reader *r)
{
    struct fwl_governors g = {0};

    fwl_reader_field(r, "governors");
    g.threshold = fwl_reader_u8(r);
    g.count = fwl_reader_u8(r);
    if (fwl_reader_ok(r) && g.count > FWL_KEYS_MAX) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
    } else if (fwl_reader_ok(r) && (g.threshold == 0 || g.threshold > g.count)) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    g.keys = fwl_reader_bytes(r, 33 * (size_t)g.count);
    check_keys(&g, r);
    *out = fwl_reader_ok(r) ? g : (struct fwl_governors){0};
}

enum fwl_err
fwl_governors_decode(struct fwl_governors *out, struct fwl_span in)
{
    struct fwl_reader r;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, in);
    fwl_governors_read(out, &r);
    err = fwl_reader_finish(&r);
    if (err != FWL_OK) {
        *out = (struct fwl_governors){0};
    }
    return err;
}

void
fwl_governors_put(struct fwl_writer *w, const struct fwl_governors *set)
{
    fwl_writer_u8(w, set->threshold);
    fwl_writer_u8(w, set->count);
    fwl_writer_span(w, set->keys);
}

void
fwl_governors_hash(struct fwl_hash32 *out, const struct fwl_governors *set)
{
    uint8_t head[2] = {set->threshold, set->count};

    fwl_hash2(out, FWL_HASH_GOVERNORS, fwl_span(head, sizeof(head)), set->keys);
}

bool
fwl_governors_equal(const struct fwl_governors *a, const struct fwl_governors *b)
{
    return a->threshold == b->threshold && a->count == b->count && fwl_span_equal(a->keys, b->keys);
}

size_t
fwl_governors_sigs_size(const struct fwl_governors *set)
{
    return ((size_t)set->count + 7) / 8 + 64 * (size_t)set->threshold;
}

enum fwl_err
fwl_governors_verify(const struct fwl_governors *set, struct fwl_span sigs, const struct fwl_hash32 *digest)
{
    size_t bitmap = ((size_t)set->count + 7) / 8;
    size_t signers = 0;

    if (set->count == 0 || set->threshold == 0 || sigs.size != fwl_governors_sigs_size(set)) {
        return FWL_ERR_KEYS;
    }
    for (size_t i = 0; i < 8 * bitmap; i++) {
        if ((sigs.p[i / 8] >> (i % 8) & 1) == 0) {
            continue;
        }
        if (i >= set->count) {
            return FWL_ERR_KEYS;
        }
        signers++;
    }
    if (signers != set->threshold) {
        return FWL_ERR_KEYS;
    }
    signers = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct fwl_sig64 sig;
        struct fwl_pubkey33 key;

        if ((sigs.p[i / 8] >> (i % 8) & 1) == 0) {
            continue;
        }
        memcpy(sig.b, sigs.p + bitmap + 64 * signers++, sizeof(sig.b));
        memcpy(key.b, key_at(set->keys, i).p, sizeof(key.b));
        if (fwl_ecdsa_verify(FWL_ALG_ES256K, &sig, digest, &key) != FWL_OK) {
            return FWL_ERR_SIGNATURE;
        }
    }
    return FWL_OK;
}
