#include "ledger/merkle/proof.h"

#include "core/mutant.h"
#include "core/reader.h"

enum {
    HASH_BYTES = 32,
};

/* The fixed part of a proof as it was read. */
struct head {
    uint8_t kind;
    uint8_t depth;
    struct fwl_hash32 other;      /* kind 3 */
    struct fwl_hash32 value_hash; /* kinds 1 and 3 */
    struct fwl_span bitmap;
};

static void
read_head(struct fwl_reader *r, struct head *h)
{
    *h = (struct head){.kind = 0};
    h->kind = fwl_reader_u8(r);
    if (fwl_reader_ok(r) && (h->kind < FWL_PROOF_PRESENT || h->kind > FWL_PROOF_ABSENT_OTHER) && !FWL_MUTANT(17, 0)) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
    h->depth = fwl_reader_u8(r);
    if (h->kind == FWL_PROOF_ABSENT_OTHER) {
        fwl_reader_copy(r, h->other.b, HASH_BYTES);
    }
    if (h->kind != FWL_PROOF_ABSENT_EMPTY) {
        fwl_reader_copy(r, h->value_hash.b, HASH_BYTES);
    }
    h->bitmap = fwl_reader_bytes(r, (h->depth + 7U) / 8U);
}

static bool
bitmap_bit(struct fwl_span bitmap, unsigned level)
{
    return level / 8 < bitmap.size && ((bitmap.p[level / 8] >> (7 - level % 8)) & 1) != 0;
}

/* No bit beyond the depth, and the deepest sibling is there: one encoding a statement. */
static bool
bitmap_canonical(struct fwl_span bitmap, unsigned depth)
{
    if (depth == 0) {
        return true;
    }
    for (unsigned level = depth; level < 8 * bitmap.size; level++) {
        if (bitmap_bit(bitmap, level) && !FWL_MUTANT(17, 1)) {
            return false;
        }
    }
    return bitmap_bit(bitmap, depth - 1) || FWL_MUTANT(17, 3);
}

static bool
same_place(const struct fwl_hash32 *a, const struct fwl_hash32 *b, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        if (fwl_tree_bit(a, i) != fwl_tree_bit(b, i)) {
            return false;
        }
    }
    return true;
}

/* The hash of the subtree that the key leads to, before any sibling. */
static enum fwl_err
start(struct fwl_hash32 *acc, const struct head *h, const struct fwl_hash32 *key_hash)
{
    *acc = (struct fwl_hash32){.b = {0}};
    if (h->kind == FWL_PROOF_PRESENT) {
        fwl_tree_leaf(acc, key_hash, &h->value_hash);
    } else if (h->kind == FWL_PROOF_ABSENT_OTHER) {
        if ((fwl_hash32_equal(&h->other, key_hash) && !FWL_MUTANT(17, 4)) ||
            (!same_place(&h->other, key_hash, h->depth) && !FWL_MUTANT(17, 5))) {
            return FWL_ERR_PROOF;
        }
        fwl_tree_leaf(acc, &h->other, &h->value_hash);
    }
    return FWL_OK;
}

static enum fwl_err
climb(struct fwl_hash32 *acc, struct fwl_reader *r, const struct head *h, const struct fwl_hash32 *key_hash)
{
    for (unsigned i = h->depth; i-- > 0;) {
        struct fwl_hash32 sibling = {.b = {0}};

        if (bitmap_bit(h->bitmap, i)) {
            fwl_reader_copy(r, sibling.b, HASH_BYTES);
            if (!fwl_reader_ok(r)) {
                break;
            }
            if (fwl_hash32_is_zero(&sibling) && !FWL_MUTANT(17, 2)) {
                return FWL_ERR_FORM;
            }
        }
        if (fwl_tree_bit(key_hash, i) == 1) {
            fwl_tree_inner(acc, &sibling, acc);
        } else {
            fwl_tree_inner(acc, acc, &sibling);
        }
    }
    return FWL_MUTANT(17, 6) ? r->err : fwl_reader_finish(r); /* bytes may be left */
}

enum fwl_err
fwl_proof_verify_hash(struct fwl_proven *out, const struct fwl_hash32 *root, const struct fwl_hash32 *key_hash,
                      struct fwl_span proof)
{
    struct fwl_reader r;
    struct head h;
    struct fwl_hash32 acc;
    enum fwl_err err;

    *out = (struct fwl_proven){.present = false};
    fwl_reader_init(&r, proof);
    read_head(&r, &h);
    if (!fwl_reader_ok(&r)) {
        return r.err;
    }
    if (!bitmap_canonical(h.bitmap, h.depth)) {
        return FWL_ERR_FORM;
    }
    err = start(&acc, &h, key_hash);
    if (err != FWL_OK) {
        return err;
    }
    err = climb(&acc, &r, &h, key_hash);
    if (err != FWL_OK) {
        return err;
    }
    if (!fwl_hash32_equal(&acc, root)) {
        return FWL_ERR_PROOF;
    }
    if (h.kind == FWL_PROOF_PRESENT) {
        *out = (struct fwl_proven){.present = true, .value_hash = h.value_hash};
    }
    return FWL_OK;
}

enum fwl_err
fwl_proof_verify(struct fwl_proven *out, const struct fwl_hash32 *root, uint8_t table, struct fwl_span key,
                 struct fwl_span proof)
{
    struct fwl_hash32 key_hash;

    fwl_tree_key_hash(&key_hash, table, key);
    return fwl_proof_verify_hash(out, root, &key_hash, proof);
}

enum fwl_err
fwl_proof_size(size_t *size, struct fwl_span bytes)
{
    struct fwl_reader r;
    struct head h;

    *size = 0;
    fwl_reader_init(&r, bytes);
    read_head(&r, &h);
    for (unsigned i = 0; fwl_reader_ok(&r) && i < h.depth; i++) {
        if (bitmap_bit(h.bitmap, i)) {
            (void)fwl_reader_bytes(&r, HASH_BYTES);
        }
    }
    if (fwl_reader_ok(&r)) {
        *size = r.offset;
    }
    return r.err;
}
