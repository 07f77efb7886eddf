#include "ledger/merkle/build/smt.h"

#include "ledger/merkle/build/record.h"

static void
swap(struct fwl_smt_change *a, struct fwl_smt_change *b)
{
    struct fwl_smt_change t = *a;

    *a = *b;
    *b = t;
}

static int
order(const struct fwl_smt_change *a, const struct fwl_smt_change *b)
{
    return memcmp(a->key_hash.b, b->key_hash.b, sizeof(a->key_hash.b));
}

static void
sift(struct fwl_smt_change *heap, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && order(&heap[child], &heap[child + 1]) < 0) {
            child++;
        }
        if (order(&heap[at], &heap[child]) >= 0) {
            return;
        }
        swap(&heap[at], &heap[child]);
        at = child;
    }
}

/* Heapsort: in place, without recursion. Changes often come in order already. */
static void
sort(struct fwl_smt_change *changes, size_t count)
{
    size_t ordered = 1;

    while (ordered < count && order(&changes[ordered - 1], &changes[ordered]) < 0) {
        ordered++;
    }
    if (ordered >= count) {
        return;
    }
    for (size_t i = count / 2; i-- > 0;) {
        sift(changes, i, count);
    }
    for (size_t i = count; i-- > 1;) {
        swap(&changes[0], &changes[i]);
        sift(changes, 0, i);
    }
}

/* What is in place of @node, which is no subtree, after the changes: the number of leaves, and in @one the last seen.
 */
static size_t
survivors(struct fwl_child *one, const struct fwl_child *node, const struct fwl_smt_change *changes, size_t count)
{
    bool keeps = node->kind == FWL_CHILD_LEAF;
    size_t leaves = 0;

    *one = (struct fwl_child){.kind = FWL_CHILD_NONE};
    for (size_t i = 0; i < count; i++) {
        if (keeps && fwl_hash32_equal(&node->key_hash, &changes[i].key_hash)) {
            keeps = false;
        }
        if (!changes[i].removed) {
            *one = (struct fwl_child){
                .kind = FWL_CHILD_LEAF, .hash = changes[i].value_hash, .key_hash = changes[i].key_hash};
            leaves++;
        }
    }
    if (keeps) {
        *one = *node;
        leaves++;
    }
    return leaves;
}

/* The children before the changes. */
static enum fwl_err
begin(const struct fwl_kv *kv, struct fwl_record *rec, const struct fwl_child *node,
      const struct fwl_smt_change *changes, unsigned depth)
{
    enum fwl_err err;

    if (node->kind == FWL_CHILD_INNER) {
        err = fwl_record_load(kv, rec, &changes[0].key_hash, depth);
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    *rec = (struct fwl_record){.child = {{.kind = FWL_CHILD_NONE}}};
    if (node->kind == FWL_CHILD_LEAF) {
        rec->child[fwl_record_nibble(&node->key_hash, depth)] = *node;
    }
    return FWL_OK;
}

/* What the changed children make of @node: nothing, one leaf that moves up, or a record. */
static enum fwl_err
finish(struct fwl_overlay *o, struct fwl_child *node, const struct fwl_record *rec, const struct fwl_hash32 *prefix,
       unsigned depth)
{
    const struct fwl_child *only = NULL;
    struct fwl_tree_part part;
    unsigned children = 0;
    bool had_record = node->kind == FWL_CHILD_INNER;

    for (unsigned i = 0; i < FWL_RECORD_WIDTH; i++) {
        if (rec->child[i].kind != FWL_CHILD_NONE) {
            only = &rec->child[i];
            children++;
        }
    }
    if (children == 0 || (children == 1 && only->kind == FWL_CHILD_LEAF && depth > 0)) {
        *node = children == 0 ? (struct fwl_child){.kind = FWL_CHILD_NONE} : *only;
        return had_record ? fwl_record_delete(o, prefix, depth) : FWL_OK;
    }
    fwl_record_fold(&part, rec);
    *node = (struct fwl_child){.kind = FWL_CHILD_INNER, .hash = part.hash};
    return fwl_record_store(o, rec, prefix, depth);
}

/* Apply changes that share their first @depth digits. Recursion: one level a digit, 64 at most. */
static enum fwl_err
// NOLINTNEXTLINE(misc-no-recursion): the assertion on depth is its bound
update(struct fwl_overlay *o, struct fwl_child *node, const struct fwl_smt_change *changes, size_t count,
       unsigned depth)
{
    const struct fwl_kv kv = fwl_overlay_kv(o);
    struct fwl_record rec;
    struct fwl_child one;
    enum fwl_err err;

    if (node->kind != FWL_CHILD_INNER) {
        size_t leaves = survivors(&one, node, changes, count);

        if (leaves == 0 || (leaves == 1 && depth > 0)) {
            *node = one;
            return FWL_OK;
        }
    }
    FWL_ASSERT(depth < FWL_RECORD_DEPTHS); /* the changes are distinct, and records of depth 63 have leaves only */
    err = begin(&kv, &rec, node, changes, depth);
    for (size_t i = 0; i < count && err == FWL_OK;) {
        unsigned nibble = fwl_record_nibble(&changes[i].key_hash, depth);
        size_t end = i + 1;

        while (end < count && fwl_record_nibble(&changes[end].key_hash, depth) == nibble) {
            end++;
        }
        err = update(o, &rec.child[nibble], &changes[i], end - i, depth + 1);
        i = end;
    }
    return err != FWL_OK ? err : finish(o, node, &rec, &changes[0].key_hash, depth);
}

enum fwl_err
fwl_smt_root(const struct fwl_kv *kv, struct fwl_hash32 *root)
{
    struct fwl_hash32 none = {.b = {0}};
    struct fwl_tree_part part;
    enum fwl_err err = fwl_smt_part(kv, &part, &none, 0);

    *root = part.hash;
    return err;
}

enum fwl_err
fwl_smt_update(struct fwl_overlay *o, struct fwl_hash32 *root, struct fwl_smt_change *changes, size_t count)
{
    const struct fwl_kv kv = fwl_overlay_kv(o);
    struct fwl_child top = {.kind = FWL_CHILD_INNER};
    struct fwl_tree_part part;
    enum fwl_err err;

    *root = (struct fwl_hash32){.b = {0}};
    sort(changes, count);
    for (size_t i = 1; i < count; i++) {
        if (order(&changes[i - 1], &changes[i]) == 0) {
            return FWL_ERR_DUPLICATE;
        }
    }
    err = fwl_smt_part(&kv, &part, root, 0);
    if (err != FWL_OK) {
        return err;
    }
    if (part.count == 0) {
        top.kind = FWL_CHILD_NONE;
    }
    top.hash = part.hash;
    if (count > 0) {
        err = update(o, &top, changes, count, 0);
    }
    if (err == FWL_OK && top.kind != FWL_CHILD_NONE) {
        *root = top.hash;
    }
    return err;
}

enum fwl_err
fwl_smt_part(const struct fwl_kv *kv, struct fwl_tree_part *part, const struct fwl_hash32 *prefix, unsigned nibbles)
{
    struct fwl_record rec;
    enum fwl_err err = FWL_OK;

    FWL_ASSERT(nibbles < FWL_RECORD_DEPTHS);
    *part = (struct fwl_tree_part){.count = 0};
    for (unsigned depth = 0; depth <= nibbles; depth++) {
        const struct fwl_child *child;

        err = fwl_record_load(kv, &rec, prefix, depth);
        if (err == FWL_ERR_ABSENT) {
            return depth == 0 ? FWL_OK : FWL_ERR_CORRUPT; /* a parent has named this one */
        }
        if (err != FWL_OK) {
            return err;
        }
        if (depth == nibbles) {
            break;
        }
        child = &rec.child[fwl_record_nibble(prefix, depth)];
        if (child->kind != FWL_CHILD_INNER) {
            if (child->kind == FWL_CHILD_LEAF && fwl_record_same(&child->key_hash, prefix, nibbles)) {
                fwl_record_part(part, child);
            }
            return FWL_OK;
        }
    }
    fwl_record_fold(part, &rec);
    return FWL_OK;
}

static void
set_nibble(struct fwl_hash32 *hash, unsigned depth, unsigned nibble)
{
    uint8_t *b = &hash->b[depth / 2];

    *b = (uint8_t)(depth % 2 == 0 ? (*b & 0x0fU) | nibble << 4 : (*b & 0xf0U) | nibble);
}

/* The first child of a record at or after digit @from; its digit goes into @path. */
static const struct fwl_child *
first_child(const struct fwl_record *rec, struct fwl_hash32 *path, unsigned depth, unsigned from)
{
    for (unsigned i = from; i < FWL_RECORD_WIDTH; i++) {
        if (rec->child[i].kind != FWL_CHILD_NONE) {
            set_nibble(path, depth, i);
            return &rec->child[i];
        }
    }
    return NULL;
}

/* The smallest leaf of the subtree at @depth digits of @path; @rec is working memory. */
static enum fwl_err
smallest(const struct fwl_kv *kv, struct fwl_child *leaf, struct fwl_record *rec, struct fwl_hash32 *path,
         unsigned depth)
{
    for (; leaf->kind == FWL_CHILD_INNER; depth++) {
        enum fwl_err err = fwl_record_load(kv, rec, path, depth);
        const struct fwl_child *child;

        if (err != FWL_OK) {
            return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
        }
        child = first_child(rec, path, depth, 0);
        FWL_ASSERT(child != NULL); /* decode refuses a record without children */
        *leaf = *child;
    }
    return FWL_OK;
}

enum fwl_err
fwl_smt_next(const struct fwl_kv *kv, struct fwl_smt_change *leaf, const struct fwl_hash32 *from)
{
    struct fwl_child best = {.kind = FWL_CHILD_NONE}; /* the nearest child to the right of the path of @from */
    struct fwl_hash32 best_path = *from;
    unsigned best_depth = 0;
    struct fwl_record rec;
    enum fwl_err err = FWL_OK;

    *leaf = (struct fwl_smt_change){.removed = false};
    for (unsigned depth = 0; depth < FWL_RECORD_DEPTHS; depth++) {
        struct fwl_hash32 path = *from;
        unsigned nibble = fwl_record_nibble(from, depth);
        const struct fwl_child *right;
        const struct fwl_child *on_path;

        err = fwl_record_load(kv, &rec, from, depth);
        if (err != FWL_OK) {
            return err == FWL_ERR_ABSENT && depth > 0 ? FWL_ERR_CORRUPT : err;
        }
        right = first_child(&rec, &path, depth, nibble + 1);
        if (right != NULL) {
            best = *right;
            best_path = path;
            best_depth = depth + 1;
        }
        on_path = &rec.child[nibble];
        if (on_path->kind == FWL_CHILD_LEAF && memcmp(on_path->key_hash.b, from->b, sizeof(from->b)) >= 0) {
            best = *on_path;
        }
        if (on_path->kind != FWL_CHILD_INNER) {
            break;
        }
    }
    if (best.kind == FWL_CHILD_NONE) {
        return FWL_ERR_ABSENT;
    }
    err = smallest(kv, &best, &rec, &best_path, best_depth);
    if (err == FWL_OK) {
        *leaf = (struct fwl_smt_change){.key_hash = best.key_hash, .value_hash = best.hash};
    }
    return err;
}
