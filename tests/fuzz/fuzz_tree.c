/*
 * Trees and their proofs, by the first byte.
 *
 * 'p': any bytes against a fixed state tree: whatever the verifier accepts is, byte for byte, the proof that the tree
 *      itself makes. Second byte: which key (0..31, of which 0..19 are in the tree); the rest: the proof.
 * 's': sequences of batches against a naive recomputation of the root. Two bytes an operation: the first is the key
 * (its high nibble how many leading bytes of the key hash are zero, so that deep records appear), of the second bit 7
 *      ends the batch, bit 6 removes, the rest is the value.
 * 'i', 'c': an inclusion or a consistency proof of a log with damage: it is accepted only when it is the good one.
 * Three bytes choose the sizes and the leaf, two more are added to them, then come (offset u16, xor u8), and a byte
 * that is left is the number of hashes.
 */
#include "core/reader.h"
#include "ledger/merkle/build/smt.h"
#include "ledger/merkle/rfc6962.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    KEYS = 32,
    PRESENT = 20,
};

static uint8_t tree_arena[1 << 18];
static uint8_t honest[KEYS][FWL_PROOF_MAX];
static size_t honest_size[KEYS];
static struct fwl_hash32 key_hash[KEYS];
static struct fwl_hash32 fixed_root;

static void
build(void)
{
    struct fwl_smt_change changes[PRESENT];
    struct fwl_overlay o;
    struct fwl_kv kv;

    fwl_overlay_init(&o, NULL, tree_arena, sizeof(tree_arena));
    kv = fwl_overlay_kv(&o);
    for (unsigned i = 0; i < KEYS; i++) {
        const uint8_t byte = (uint8_t)i;

        fwl_tree_key_hash(&key_hash[i], 9, fwl_span(&byte, 1));
        if (i < PRESENT) {
            changes[i] = (struct fwl_smt_change){.key_hash = key_hash[i]};
            fwl_tree_value_hash(&changes[i].value_hash, fwl_span(&byte, 1));
        }
    }
    FWL_ASSERT(fwl_smt_update(&o, &fixed_root, changes, PRESENT) == FWL_OK);
    for (size_t i = 0; i < KEYS; i++) {
        struct fwl_hash32 shown;

        FWL_ASSERT(fwl_smt_prove(&kv, honest[i], &honest_size[i], &shown, &key_hash[i]) == FWL_OK);
        FWL_ASSERT(fwl_hash32_equal(&shown, &fixed_root));
    }
}

static void
try_proof(const uint8_t *data, size_t size)
{
    struct fwl_proven out;
    struct fwl_span proof;
    size_t proof_size;
    size_t key;

    if (size == 0) {
        return;
    }
    if (honest_size[0] == 0) {
        build();
    }
    key = data[0] % KEYS;
    proof = fwl_span(data + 1, size - 1);
    if (fwl_proof_verify_hash(&out, &fixed_root, &key_hash[key], proof) == FWL_OK) {
        FWL_ASSERT(fwl_span_equal(proof, fwl_span(honest[key], honest_size[key])));
        FWL_ASSERT(out.present == (key < PRESENT));
        FWL_ASSERT(fwl_proof_size(&proof_size, proof) == FWL_OK && proof_size == proof.size);
    } else {
        FWL_ASSERT(!out.present && fwl_hash32_is_zero(&out.value_hash));
    }
    if (fwl_proof_size(&proof_size, proof) == FWL_OK) {
        FWL_ASSERT(proof_size <= proof.size);
    }
}

enum {
    OPS_MAX = 64,
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

static void
try_batches(const uint8_t *data, size_t size)
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
}

/* The root of leaves @from..@to of a log whose leaf i has the hash i + 1. Recursion: halves, few leaves. */
static struct fwl_hash32
log_root(size_t from, size_t to)
{
    struct fwl_hash32 out = {.b = {(uint8_t)(from + 1)}};
    struct fwl_hash32 right;
    size_t half = 1;

    if (to - from == 1) {
        return out;
    }
    while (2 * half < to - from) {
        half *= 2;
    }
    out = log_root(from, from + half);
    right = log_root(from + half, to);
    fwl_rfc6962_node(&out, &out, &right);
    return out;
}

/*
 * RFC 6962 2.1.1 and 2.1.2 as they are written: the path of leaf @m in leaves @from..@to, or the proof that the first
 * @m of them are a tree that the verifier knows (@known) or not.
 */
static size_t
log_path(struct fwl_hash32 *path, size_t m, size_t from, size_t to, bool inclusion, bool known)
{
    size_t half = 1;
    size_t count = 0;

    if (inclusion ? to - from == 1 : m == to - from) {
        if (!inclusion && !known) {
            path[count++] = log_root(from, to);
        }
        return count;
    }
    while (2 * half < to - from) {
        half *= 2;
    }
    if (inclusion ? m < half : m <= half) {
        count = log_path(path, m, from, from + half, inclusion, known);
        path[count++] = log_root(from + half, to);
    } else {
        count = log_path(path, m - half, from + half, to, inclusion, false);
        path[count++] = log_root(from, from + half);
    }
    return count;
}

static void
try_log(const uint8_t *data, size_t size, bool inclusion)
{
    struct fwl_hash32 path[FWL_FRONTIER_LEVELS] = {{{0}}};
    struct fwl_hash32 good[FWL_FRONTIER_LEVELS] = {{{0}}};
    struct fwl_hash32 whole;
    struct fwl_hash32 part;
    struct fwl_reader r;
    size_t n = 0;
    size_t m = 0;
    size_t count = 0;
    size_t good_count = 0;
    uint8_t other = 0;
    bool same = true;
    enum fwl_err err = FWL_OK;

    if (size < 3) {
        return;
    }
    fwl_reader_init(&r, fwl_span(data, size));
    n = fwl_reader_u8(&r) % 64 + 1U;
    m = fwl_reader_u8(&r) % n + !inclusion;
    other = fwl_reader_u8(&r);
    whole = log_root(0, n);
    part = inclusion ? log_root(m, m + 1) : log_root(0, m);
    good_count = count = log_path(good, m, 0, n, inclusion, true);
    memcpy(path, good, sizeof(path));
    while (r.left >= 3) {
        size_t at = fwl_reader_u16(&r) % (good_count * 32 + 1);

        path[at / 32].b[at % 32] ^= fwl_reader_u8(&r);
    }
    if (r.left > 0) {
        count = fwl_reader_u8(&r) % FWL_COUNT(path);
    }
    same = count == good_count && memcmp(path, good, count * 32) == 0 && other / 4 == 0;
    err = inclusion ? fwl_rfc6962_inclusion(&whole, n + other % 4, m + other / 4, &part, path, count)
                    : fwl_rfc6962_consistency(m + other / 4, &part, n + other % 4, &whole, path, count);
    /* The root does not hold the size: leaf 0 has one path in trees of three and of four leaves. */
    FWL_ASSERT(other % 4 == 0 ? (err == FWL_OK) == same : err != FWL_OK || memcmp(path, good, count * 32) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    switch (size == 0 ? 0 : data[0]) {
    case 'p': try_proof(data + 1, size - 1); break;
    case 's': try_batches(data + 1, size - 1); break;
    case 'i': try_log(data + 1, size - 1, true); break;
    case 'c': try_log(data + 1, size - 1, false); break;
    default: break;
    }
    return 0;
}
