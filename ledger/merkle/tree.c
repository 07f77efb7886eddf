#include "ledger/merkle/tree.h"

void
fwl_tree_key_hash(struct fwl_hash32 *out, uint8_t table, struct fwl_span key)
{
    fwl_hash2(out, FWL_HASH_STATE_KEY, fwl_span(&table, 1), key);
}

void
fwl_tree_value_hash(struct fwl_hash32 *out, struct fwl_span value)
{
    fwl_hash1(out, FWL_HASH_STATE_VALUE, value);
}

void
fwl_tree_leaf(struct fwl_hash32 *out, const struct fwl_hash32 *key_hash, const struct fwl_hash32 *value_hash)
{
    fwl_hash2(out, FWL_HASH_STATE_LEAF, fwl_hash32_span(key_hash), fwl_hash32_span(value_hash));
}

void
fwl_tree_inner(struct fwl_hash32 *out, const struct fwl_hash32 *left, const struct fwl_hash32 *right)
{
    struct fwl_hash32 hash;

    fwl_hash2(&hash, FWL_HASH_STATE_NODE, fwl_hash32_span(left), fwl_hash32_span(right));
    *out = hash;
}

enum fwl_err
fwl_tree_value_check(const struct fwl_hash32 *value_hash, struct fwl_span value, size_t size_max)
{
    struct fwl_hash32 actual;

    if (value.size > size_max) {
        return FWL_ERR_LIMIT;
    }
    fwl_tree_value_hash(&actual, value);
    return fwl_hash32_equal(&actual, value_hash) ? FWL_OK : FWL_ERR_HASH;
}

static void
fold_pair(struct fwl_tree_part *out, const struct fwl_tree_part *a, const struct fwl_tree_part *b)
{
    unsigned count = (unsigned)a->count + b->count;

    if (count >= 2) {
        fwl_tree_inner(&out->hash, &a->hash, &b->hash);
        out->count = 2;
    } else {
        *out = a->count == 1 ? *a : *b;
    }
}

enum fwl_err
fwl_tree_fold(struct fwl_tree_part *out, struct fwl_tree_part *parts, size_t count)
{
    FWL_ASSERT(count > 0 && (count & (count - 1)) == 0);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].count > 2 || (parts[i].count == 0) != fwl_hash32_is_zero(&parts[i].hash)) {
            *out = (struct fwl_tree_part){.count = 0};
            return FWL_ERR_VALUE;
        }
    }
    for (; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++) {
            fold_pair(&parts[i], &parts[2 * i], &parts[2 * i + 1]);
        }
    }
    *out = parts[0];
    return FWL_OK;
}
