/*
 * Sequences of batches against a naive recomputation of the root. Two bytes an operation: the first is the key (its
 * high nibble how many leading bytes of the key hash are zero, so that deep records appear), of the second bit 7 ends
 * the batch, bit 6 removes, the rest is the value.
 */
#include "ledger/merkle/build/smt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    OPS_MAX = 256,
};

static struct fwl_smt_change leaves[256]; /* by key byte; removed = not there */

static void
change_of(struct fwl_smt_change *c, uint8_t key, uint8_t op)
{
    *c = (struct fwl_smt_change){.removed = (op & 0x40) != 0};
    fwl_tree_key_hash(&c->key_hash, 0, fwl_span(&key, 1));
    memset(c->key_hash.b, 0, (size_t)(key >> 4) * 2);
    c->value_hash.b[0] = op & 0x3f;
    c->value_hash.b[1] = 1;
}

/* Recursion: one level a bit, 256 at most. */
static struct fwl_hash32
naive_root(const struct fwl_smt_change *const *set, size_t count, unsigned depth)
{
    const struct fwl_smt_change *side[2][256];
    size_t n[2] = {0, 0};
    struct fwl_hash32 out = {.b = {0}};
    struct fwl_hash32 right;

    if (count == 1) {
        fwl_tree_leaf(&out, &set[0]->key_hash, &set[0]->value_hash);
    }
    if (count <= 1) {
        return out;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned bit = fwl_tree_bit(&set[i]->key_hash, depth);

        side[bit][n[bit]++] = set[i];
    }
    out = naive_root(side[0], n[0], depth + 1);
    right = naive_root(side[1], n[1], depth + 1);
    fwl_tree_inner(&out, &out, &right);
    return out;
}

static void
apply(struct fwl_overlay *o, struct fwl_smt_change *batch, size_t count)
{
    static uint8_t proof[FWL_PROOF_MAX];
    const struct fwl_kv kv = fwl_overlay_kv(o);
    const struct fwl_smt_change *set[256];
    struct fwl_hash32 root;
    struct fwl_hash32 shown;
    struct fwl_hash32 want;
    struct fwl_proven out;
    size_t proof_size;
    size_t n = 0;

    for (size_t i = 0; i < 256; i++) {
        if (!leaves[i].removed) {
            set[n++] = &leaves[i];
        }
    }
    want = naive_root(set, n, 0);
    FWL_ASSERT(fwl_smt_update(o, &root, batch, count) == FWL_OK);
    FWL_ASSERT(fwl_hash32_equal(&root, &want));
    for (size_t i = 0; i < count; i++) {
        FWL_ASSERT(fwl_smt_prove(&kv, proof, &proof_size, &shown, &batch[i].key_hash) == FWL_OK);
        FWL_ASSERT(fwl_proof_verify_hash(&out, &root, &batch[i].key_hash, fwl_span(proof, proof_size)) == FWL_OK);
        FWL_ASSERT(out.present != batch[i].removed);
    }
    FWL_ASSERT(n > 0 || fwl_hash32_is_zero(&root));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t arena[4 << 20];
    struct fwl_smt_change batch[OPS_MAX];
    struct fwl_overlay o;
    size_t count = 0;

    for (size_t i = 0; i < 256; i++) {
        leaves[i].removed = true;
    }
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    for (size_t i = 0; i + 1 < FWL_MIN(size, (size_t)2 * OPS_MAX); i += 2) {
        struct fwl_smt_change c;
        size_t at = 0;

        change_of(&c, data[i], data[i + 1]);
        while (at < count && !fwl_hash32_equal(&batch[at].key_hash, &c.key_hash)) {
            at++;
        }
        batch[at] = c;
        count += at == count;
        leaves[data[i]] = c;
        if ((data[i + 1] & 0x80) != 0) {
            apply(&o, batch, count);
            count = 0;
        }
    }
    apply(&o, batch, count);
    return 0;
}
