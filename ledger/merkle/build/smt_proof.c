#include "core/writer.h"
#include "ledger/merkle/build/record.h"
#include "ledger/merkle/build/smt.h"

enum {
    HASH_BYTES = 32,
    DEPTH_MAX = 255,
};

/* A proof in the making: siblings are found root first and go into the tail of the buffer from its end downwards, which
 * leaves them deepest first. */
struct work {
    uint8_t *proof;
    unsigned depth;    /* binary levels so far */
    unsigned siblings; /* of them not empty */
    uint8_t bitmap[HASH_BYTES];
};

static enum fwl_err
add_sibling(struct work *w, const struct fwl_tree_part *sibling)
{
    if (w->depth == DEPTH_MAX) {
        return FWL_ERR_LIMIT;
    }
    if (sibling->count > 0) {
        w->siblings++;
        memcpy(w->proof + FWL_PROOF_MAX - (size_t)HASH_BYTES * w->siblings, sibling->hash.b, HASH_BYTES);
        w->bitmap[w->depth / 8] = (uint8_t)(w->bitmap[w->depth / 8] | 0x80U >> (w->depth % 8));
    }
    w->depth++;
    return FWL_OK;
}

/* The children below the key's place after @bits binary levels of a record: the only leaf, or NONE. */
static struct fwl_child
only_child(const struct fwl_record *rec, unsigned nibble, unsigned bits)
{
    unsigned width = FWL_RECORD_WIDTH >> bits;
    unsigned first = nibble & ~(width - 1);

    for (unsigned i = first; i < first + width; i++) {
        if (rec->child[i].kind != FWL_CHILD_NONE) {
            return rec->child[i];
        }
    }
    return (struct fwl_child){.kind = FWL_CHILD_NONE};
}

/* Walk one record. @node: in, the hash its parent has for it (ignored at the root); out, the next subtree, or the end.
 */
static enum fwl_err
walk(struct work *w, struct fwl_child *node, struct fwl_hash32 *root, const struct fwl_record *rec, unsigned nibble,
     bool top)
{
    struct fwl_tree_part own[FWL_RECORD_BITS];
    struct fwl_tree_part sibling[FWL_RECORD_BITS];

    fwl_record_fold_path(own, sibling, rec, nibble);
    if (top) {
        *root = own[0].hash;
    } else if (!fwl_hash32_equal(&own[0].hash, &node->hash)) {
        return FWL_ERR_CORRUPT;
    }
    for (unsigned level = 0; level < FWL_RECORD_BITS; level++) {
        enum fwl_err err;

        if (own[level].count < 2) {
            *node = only_child(rec, nibble, level);
            return FWL_OK;
        }
        err = add_sibling(w, &sibling[level]);
        if (err != FWL_OK) {
            return err;
        }
    }
    *node = rec->child[nibble];
    return FWL_OK;
}

static enum fwl_err
write_proof(struct work *w, size_t *size, const struct fwl_child *end, const struct fwl_hash32 *key_hash)
{
    size_t tail = (size_t)HASH_BYTES * w->siblings;
    struct fwl_writer out;
    struct fwl_span head;
    enum fwl_proof_kind kind = FWL_PROOF_ABSENT_EMPTY;
    enum fwl_err err;

    if (end->kind == FWL_CHILD_LEAF) {
        kind = fwl_hash32_equal(&end->key_hash, key_hash) ? FWL_PROOF_PRESENT : FWL_PROOF_ABSENT_OTHER;
    }
    fwl_writer_init(&out, w->proof, FWL_PROOF_MAX - tail);
    fwl_writer_u8(&out, (uint8_t)kind);
    fwl_writer_u8(&out, (uint8_t)w->depth);
    if (kind == FWL_PROOF_ABSENT_OTHER) {
        fwl_writer_span(&out, fwl_hash32_span(&end->key_hash));
    }
    if (kind != FWL_PROOF_ABSENT_EMPTY) {
        fwl_writer_span(&out, fwl_hash32_span(&end->hash));
    }
    fwl_writer_bytes(&out, w->bitmap, (w->depth + 7) / 8);
    err = fwl_writer_finish(&out, &head);
    if (err == FWL_OK) {
        memmove(w->proof + head.size, w->proof + FWL_PROOF_MAX - tail, tail);
        *size = head.size + tail;
    }
    return err;
}

enum fwl_err
// NOLINTNEXTLINE(readability-non-const-parameter): @proof is written through w
fwl_smt_prove(const struct fwl_kv *kv, uint8_t proof[FWL_PROOF_MAX], size_t *size, struct fwl_hash32 *root,
              const struct fwl_hash32 *key_hash)
{
    struct work w = {.proof = proof};
    struct fwl_child node = {.kind = FWL_CHILD_INNER};
    struct fwl_record rec;
    enum fwl_err err = FWL_OK;

    *size = 0;
    *root = (struct fwl_hash32){.b = {0}};
    for (unsigned depth = 0; node.kind == FWL_CHILD_INNER && err == FWL_OK; depth++) {
        err = fwl_record_load(kv, &rec, key_hash, depth);
        if (err == FWL_ERR_ABSENT && depth == 0) {
            node.kind = FWL_CHILD_NONE; /* the empty tree */
            err = FWL_OK;
        } else if (err == FWL_ERR_ABSENT) {
            err = FWL_ERR_CORRUPT;
        } else if (err == FWL_OK) {
            err = walk(&w, &node, root, &rec, fwl_record_nibble(key_hash, depth), depth == 0);
        }
    }
    if (err == FWL_OK) {
        err = write_proof(&w, size, &node, key_hash);
    }
    if (err != FWL_OK) {
        *root = (struct fwl_hash32){.b = {0}};
    }
    return err;
}
