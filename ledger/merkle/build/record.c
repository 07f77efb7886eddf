#include "ledger/merkle/build/record.h"

#include "core/reader.h"
#include "core/writer.h"

enum {
    HASH_BYTES = 32,
    KEY_BYTES_MAX = 1 + HASH_BYTES,
};

bool
fwl_record_same(const struct fwl_hash32 *a, const struct fwl_hash32 *b, unsigned nibbles)
{
    return memcmp(a->b, b->b, nibbles / 2) == 0 &&
           (nibbles % 2 == 0 || a->b[nibbles / 2] >> 4 == b->b[nibbles / 2] >> 4);
}

static struct fwl_span
record_key(uint8_t key[KEY_BYTES_MAX], const struct fwl_hash32 *prefix, unsigned depth)
{
    FWL_ASSERT(depth < FWL_RECORD_DEPTHS);
    key[0] = (uint8_t)depth;
    memcpy(key + 1, prefix->b, (depth + 1) / 2);
    if (depth % 2 != 0) {
        key[1 + depth / 2] &= 0xf0;
    }
    return fwl_span(key, 1 + (depth + 1) / 2);
}

static void
read_child(struct fwl_reader *r, struct fwl_child *child, bool leaf, unsigned depth)
{
    child->kind = leaf ? FWL_CHILD_LEAF : FWL_CHILD_INNER;
    fwl_reader_copy(r, child->hash.b, HASH_BYTES);
    if (leaf) {
        fwl_reader_copy(r, child->key_hash.b, HASH_BYTES);
    } else if (depth + 1 == FWL_RECORD_DEPTHS || fwl_hash32_is_zero(&child->hash)) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static bool
decode(struct fwl_record *rec, struct fwl_span in, const struct fwl_hash32 *prefix, unsigned depth)
{
    struct fwl_reader r;
    unsigned present;
    unsigned leaves;

    *rec = (struct fwl_record){.child = {{.kind = FWL_CHILD_NONE}}};
    fwl_reader_init(&r, in);
    present = fwl_reader_u16(&r);
    leaves = fwl_reader_u16(&r);
    if (present == 0 || (leaves & ~present) != 0) {
        return false;
    }
    if (depth > 0 && leaves == present && (present & (present - 1)) == 0) {
        return false; /* one leaf has no record but at the root */
    }
    for (unsigned i = 0; i < FWL_RECORD_WIDTH && fwl_reader_ok(&r); i++) {
        bool leaf = ((leaves >> i) & 1) != 0;

        if (((present >> i) & 1) == 0) {
            continue;
        }
        read_child(&r, &rec->child[i], leaf, depth);
        if (leaf && (!fwl_record_same(&rec->child[i].key_hash, prefix, depth) ||
                     fwl_record_nibble(&rec->child[i].key_hash, depth) != i)) {
            return false;
        }
    }
    return fwl_reader_finish(&r) == FWL_OK;
}

enum fwl_err
fwl_record_load(const struct fwl_kv *kv, struct fwl_record *rec, const struct fwl_hash32 *prefix, unsigned depth)
{
    uint8_t key[KEY_BYTES_MAX];
    struct fwl_span value;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_SMT, record_key(key, prefix, depth));

    if (err != FWL_OK) {
        *rec = (struct fwl_record){.child = {{.kind = FWL_CHILD_NONE}}};
        return err;
    }
    return decode(rec, value, prefix, depth) ? FWL_OK : FWL_ERR_CORRUPT;
}

static size_t
record_masks(const struct fwl_record *rec, uint16_t *present, uint16_t *leaves)
{
    size_t size = 4;

    *present = 0;
    *leaves = 0;
    for (unsigned i = 0; i < FWL_RECORD_WIDTH; i++) {
        if (rec->child[i].kind == FWL_CHILD_NONE) {
            continue;
        }
        *present = (uint16_t)(*present | 1U << i);
        size += HASH_BYTES;
        if (rec->child[i].kind == FWL_CHILD_LEAF) {
            *leaves = (uint16_t)(*leaves | 1U << i);
            size += HASH_BYTES;
        }
    }
    return size;
}

enum fwl_err
fwl_record_store(struct fwl_overlay *o, const struct fwl_record *rec, const struct fwl_hash32 *prefix, unsigned depth)
{
    uint8_t key[KEY_BYTES_MAX];
    uint16_t present;
    uint16_t leaves;
    size_t size = record_masks(rec, &present, &leaves);
    uint8_t *to;
    struct fwl_writer w;
    struct fwl_span done;
    enum fwl_err err = fwl_overlay_reserve(o, &to, FWL_SPACE_SMT, record_key(key, prefix, depth), size);

    if (err != FWL_OK) {
        return err;
    }
    fwl_writer_init(&w, to, size);
    fwl_writer_u16(&w, present);
    fwl_writer_u16(&w, leaves);
    for (unsigned i = 0; i < FWL_RECORD_WIDTH; i++) {
        const struct fwl_child *child = &rec->child[i];

        if (child->kind != FWL_CHILD_NONE) {
            fwl_writer_bytes(&w, child->hash.b, HASH_BYTES);
        }
        if (child->kind == FWL_CHILD_LEAF) {
            fwl_writer_bytes(&w, child->key_hash.b, HASH_BYTES);
        }
    }
    return fwl_writer_finish(&w, &done);
}

enum fwl_err
fwl_record_delete(struct fwl_overlay *o, const struct fwl_hash32 *prefix, unsigned depth)
{
    uint8_t key[KEY_BYTES_MAX];

    return fwl_overlay_delete(o, FWL_SPACE_SMT, record_key(key, prefix, depth));
}

void
fwl_record_part(struct fwl_tree_part *part, const struct fwl_child *child)
{
    *part = (struct fwl_tree_part){.count = (uint8_t)child->kind};
    if (child->kind == FWL_CHILD_LEAF) {
        fwl_tree_leaf(&part->hash, &child->key_hash, &child->hash);
    } else if (child->kind == FWL_CHILD_INNER) {
        part->hash = child->hash;
    }
}

void
fwl_record_fold(struct fwl_tree_part *part, const struct fwl_record *rec)
{
    struct fwl_tree_part parts[FWL_RECORD_WIDTH];
    enum fwl_err err;

    for (unsigned i = 0; i < FWL_RECORD_WIDTH; i++) {
        fwl_record_part(&parts[i], &rec->child[i]);
    }
    err = fwl_tree_fold(part, parts, FWL_RECORD_WIDTH);
    FWL_ASSERT(err == FWL_OK); /* kinds are counts, and decode refuses an inner hash of zeros */
}

void
fwl_record_fold_path(struct fwl_tree_part own[FWL_RECORD_BITS], struct fwl_tree_part sibling[FWL_RECORD_BITS],
                     const struct fwl_record *rec, unsigned nibble)
{
    struct fwl_tree_part parts[FWL_RECORD_WIDTH];

    for (unsigned i = 0; i < FWL_RECORD_WIDTH; i++) {
        fwl_record_part(&parts[i], &rec->child[i]);
    }
    for (unsigned level = FWL_RECORD_BITS; level-- > 0;) {
        sibling[level] = parts[nibble ^ 1U];
        nibble >>= 1;
        for (unsigned i = 0; i < 1U << level; i++) {
            struct fwl_tree_part pair[2] = {parts[2 * i], parts[2 * i + 1]};
            enum fwl_err err = fwl_tree_fold(&parts[i], pair, 2);

            FWL_ASSERT(err == FWL_OK); /* a decoded record */
        }
        own[level] = parts[nibble];
    }
}
