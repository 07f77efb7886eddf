#include "ledger/model/validators.h"

static struct fwl_span
key_at(struct fwl_span keys, uint32_t index)
{
    return fwl_span(keys.p + 32 * (size_t)index, 32);
}

void
fwl_validators_read(struct fwl_validators *out, struct fwl_reader *r)
{
    uint16_t n = 0;

    *out = (struct fwl_validators){0};
    fwl_reader_field(r, "validators");
    n = fwl_reader_u16(r);
    if (fwl_reader_ok(r) && (n == 0 || n > FWL_VALIDATORS_MAX)) {
        fwl_reader_fail(r, n == 0 ? FWL_ERR_VALUE : FWL_ERR_LIMIT);
    }
    *out = (struct fwl_validators){.n = n, .keys = fwl_reader_bytes(r, 32 * (size_t)n)};
    for (uint32_t i = 1; i < n && fwl_reader_ok(r); i++) {
        int order = fwl_span_compare(key_at(out->keys, i - 1), key_at(out->keys, i));

        if (order >= 0) {
            fwl_reader_fail(r, order == 0 ? FWL_ERR_DUPLICATE : FWL_ERR_ORDER);
        }
    }
    if (!fwl_reader_ok(r)) {
        *out = (struct fwl_validators){0};
    }
}

enum fwl_err
fwl_validators_decode(struct fwl_validators *out, struct fwl_span in)
{
    struct fwl_reader r;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, in);
    fwl_validators_read(out, &r);
    err = fwl_reader_finish(&r);
    if (err != FWL_OK) {
        *out = (struct fwl_validators){0};
    }
    return err;
}

void
fwl_validators_put(struct fwl_writer *w, const struct fwl_validators *set)
{
    fwl_writer_u16(w, set->n);
    fwl_writer_span(w, set->keys);
}

void
fwl_validators_hash(struct fwl_hash32 *out, const struct fwl_validators *set)
{
    uint8_t n[2];

    fwl_store_be16(n, set->n);
    fwl_hash2(out, FWL_HASH_VALIDATORS, fwl_span(n, sizeof(n)), set->keys);
}

void
fwl_validators_key(struct fwl_pubkey32 *out, const struct fwl_validators *set, uint32_t index)
{
    FWL_ASSERT(index < set->n);
    memcpy(out->b, key_at(set->keys, index).p, 32);
}

bool
fwl_validators_find(uint16_t *index, const struct fwl_validators *set, const struct fwl_pubkey32 *key)
{
    uint32_t low = 0;
    uint32_t high = set->n;

    *index = 0;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = fwl_span_compare(key_at(set->keys, middle), fwl_span(key->b, 32));

        if (order == 0) {
            *index = (uint16_t)middle;
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

uint16_t
fwl_validators_leader(const struct fwl_validators *set, const struct fwl_pubkey32 *proposer, uint64_t height,
                      uint64_t leader_term, uint32_t view)
{
    uint16_t index = 0;

    if (!fwl_validators_find(&index, set, proposer)) {
        index = (uint16_t)(height % set->n);
    }
    return (uint16_t)(((uint64_t)index + (height % leader_term == 0 ? 1 : 0) + view) % set->n);
}
