#include "ledger/model/key.h"

void
fwl_key_cose(struct fwl_writer *w, const struct fwl_key *key)
{
    fwl_cbor_put_map(w, 5);
    fwl_cbor_put_uint(w, 1);
    fwl_cbor_put_uint(w, 2);
    fwl_cbor_put_uint(w, 3);
    fwl_cbor_put_int(w, key->alg);
    fwl_cbor_put_int(w, -1);
    fwl_cbor_put_uint(w, key->alg == FWL_ALG_ES256K ? 8 : 1);
    fwl_cbor_put_int(w, -2);
    fwl_cbor_put_bytes(w, fwl_span(key->point.b + 1, 32));
    fwl_cbor_put_int(w, -3);
    fwl_cbor_put_bool(w, key->point.b[0] == 3);
}

void
fwl_key_kid(struct fwl_kid *out, const struct fwl_key *key)
{
    uint8_t bytes[FWL_COSE_KEY_SIZE];
    struct fwl_writer w;
    struct fwl_span cose;
    struct fwl_hash32 hash;

    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_key_cose(&w, key);
    FWL_ASSERT(fwl_writer_finish(&w, &cose) == FWL_OK);
    fwl_sha256(&hash, cose);
    memcpy(out->b, hash.b, sizeof(out->b));
}

void
fwl_key_read(struct fwl_reader *r, struct fwl_key *out)
{
    fwl_cbor_array_exact(r, 2);
    out->alg = fwl_cbor_int(r);
    if (fwl_reader_ok(r) && out->alg != FWL_ALG_ES256K && out->alg != FWL_ALG_ESP256) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
    fwl_cbor_bytes_exact(r, out->point.b, sizeof(out->point.b));
    if (fwl_reader_ok(r) && out->point.b[0] != 2 && out->point.b[0] != 3) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

void
fwl_key_put(struct fwl_writer *w, const struct fwl_key *key)
{
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_int(w, key->alg);
    fwl_cbor_put_bytes(w, fwl_span(key->point.b, sizeof(key->point.b)));
}

void
fwl_key_item(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_key key;
    struct fwl_kid kid;

    fwl_key_read(r, &key);
    if (fwl_reader_ok(r)) {
        fwl_key_kid(&kid, &key);
        fwl_form_ascend(r, order, fwl_span(kid.b, sizeof(kid.b)));
        memcpy(order->copy, kid.b, sizeof(order->copy));
        order->key = fwl_span(order->copy, sizeof(order->copy));
    }
}

bool
fwl_key_next(struct fwl_reader *it, struct fwl_key *key)
{
    bool more = it->left != 0;

    *key = (struct fwl_key){0};
    if (more) {
        fwl_key_read(it, key);
    }
    return more && fwl_reader_ok(it);
}

bool
fwl_key_find(struct fwl_key *out, struct fwl_list keys, const struct fwl_kid *kid)
{
    struct fwl_reader it;
    struct fwl_kid other;

    for (fwl_list_begin(&it, keys); fwl_key_next(&it, out);) {
        fwl_key_kid(&other, out);
        if (memcmp(other.b, kid->b, sizeof(other.b)) == 0) {
            return true;
        }
    }
    return false;
}

bool
fwl_key_has(struct fwl_list keys, const struct fwl_key *key)
{
    struct fwl_reader it;
    struct fwl_key other;

    for (fwl_list_begin(&it, keys); fwl_key_next(&it, &other);) {
        if (other.alg == key->alg && memcmp(other.point.b, key->point.b, sizeof(other.point.b)) == 0) {
            return true;
        }
    }
    return false;
}

enum fwl_err
fwl_key_check_points(struct fwl_list keys)
{
    struct fwl_reader it;
    struct fwl_key key;

    for (fwl_list_begin(&it, keys); fwl_key_next(&it, &key);) {
        if (fwl_ecdsa_key_check(key.alg, &key.point) != FWL_OK) {
            return FWL_ERR_VALUE;
        }
    }
    return FWL_OK;
}

void
fwl_key_put_list(struct fwl_writer *w, struct fwl_key *keys, size_t count)
{
    struct fwl_kid kids[FWL_KEYS_MAX];

    if (count > FWL_KEYS_MAX) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct fwl_key key = keys[i];
        struct fwl_kid kid;
        size_t at = i;

        fwl_key_kid(&kid, &key);
        for (; at > 0 && memcmp(kids[at - 1].b, kid.b, sizeof(kid.b)) > 0; at--) {
            kids[at] = kids[at - 1];
            keys[at] = keys[at - 1];
        }
        if (at > 0 && memcmp(kids[at - 1].b, kid.b, sizeof(kid.b)) == 0) {
            fwl_writer_fail(w, FWL_ERR_DUPLICATE);
        }
        kids[at] = kid;
        keys[at] = key;
    }
    for (size_t i = 0; i < count; i++) {
        fwl_key_put(w, &keys[i]);
    }
}

enum fwl_err
fwl_key_governors(struct fwl_governors *out, uint8_t buffer[33 * FWL_KEYS_MAX], struct fwl_list keys,
                  uint64_t threshold)
{
    struct fwl_reader it;
    struct fwl_key key;
    size_t count = 0;

    *out = (struct fwl_governors){0};
    for (fwl_list_begin(&it, keys); fwl_key_next(&it, &key); count++) {
        size_t at = count;

        if (count == FWL_KEYS_MAX) {
            return FWL_ERR_LIMIT;
        }
        if (key.alg != FWL_ALG_ES256K) {
            return FWL_ERR_UNKNOWN;
        }
        for (; at > 0 && memcmp(buffer + 33 * (at - 1), key.point.b, 33) > 0; at--) {
            memcpy(buffer + 33 * at, buffer + 33 * (at - 1), 33);
        }
        memcpy(buffer + 33 * at, key.point.b, 33);
    }
    if (threshold == 0 || threshold > count) {
        return FWL_ERR_VALUE;
    }
    *out = (struct fwl_governors){
        .threshold = (uint8_t)threshold, .count = (uint8_t)count, .keys = fwl_span(buffer, 33 * count)};
    return FWL_OK;
}
