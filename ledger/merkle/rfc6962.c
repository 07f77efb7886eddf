#include "ledger/merkle/rfc6962.h"

void
fwl_rfc6962_empty(struct fwl_hash32 *out)
{
    fwl_sha256(out, fwl_span(NULL, 0));
}

void
fwl_rfc6962_leaf(struct fwl_hash32 *out, struct fwl_span data)
{
    fwl_hash1(out, FWL_HASH_MERKLE_LEAF, data);
}

void
fwl_rfc6962_node(struct fwl_hash32 *out, const struct fwl_hash32 *left, const struct fwl_hash32 *right)
{
    struct fwl_hash32 hash;

    fwl_hash2(&hash, FWL_HASH_MERKLE_NODE, fwl_hash32_span(left), fwl_hash32_span(right));
    *out = hash;
}

enum fwl_err
fwl_rfc6962_inclusion(const struct fwl_hash32 *root, uint64_t size, uint64_t index, const struct fwl_hash32 *leaf,
                      const struct fwl_hash32 *path, size_t count)
{
    struct fwl_hash32 acc = *leaf;
    uint64_t at = index; /* position of acc in its level, and of the last node of that level */
    uint64_t last = size - 1;

    if (index >= size) {
        return FWL_ERR_PROOF;
    }
    for (size_t i = 0; i < count; i++) {
        if (last == 0) {
            return FWL_ERR_PROOF; /* the root is reached already */
        }
        if ((at & 1) != 0 || at == last) {
            fwl_rfc6962_node(&acc, &path[i], &acc);
            while ((at & 1) == 0 && at != 0) { /* levels in which the last node has no sibling */
                at >>= 1;
                last >>= 1;
            }
        } else {
            fwl_rfc6962_node(&acc, &acc, &path[i]);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && fwl_hash32_equal(&acc, root) ? FWL_OK : FWL_ERR_PROOF;
}

/* Both roots from one path: what lies left of the old end counts for both, what lies right of it for the new one. */
static enum fwl_err
climb_both(uint64_t at, uint64_t last, const struct fwl_hash32 *old_root, const struct fwl_hash32 *new_root,
           struct fwl_hash32 seed, const struct fwl_hash32 *path, size_t count)
{
    struct fwl_hash32 old_acc = seed;
    struct fwl_hash32 new_acc = seed;

    for (size_t i = 0; i < count; i++) {
        if (last == 0) {
            return FWL_ERR_PROOF;
        }
        if ((at & 1) != 0 || at == last) {
            fwl_rfc6962_node(&old_acc, &path[i], &old_acc);
            fwl_rfc6962_node(&new_acc, &path[i], &new_acc);
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            fwl_rfc6962_node(&new_acc, &new_acc, &path[i]);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && fwl_hash32_equal(&old_acc, old_root) && fwl_hash32_equal(&new_acc, new_root) ? FWL_OK
                                                                                                     : FWL_ERR_PROOF;
}

enum fwl_err
fwl_rfc6962_consistency(uint64_t old_size, const struct fwl_hash32 *old_root, uint64_t new_size,
                        const struct fwl_hash32 *new_root, const struct fwl_hash32 *path, size_t count)
{
    uint64_t at;
    uint64_t last;

    if (old_size == 0 || old_size > new_size) {
        return FWL_ERR_PROOF;
    }
    if (old_size == new_size) {
        return count == 0 && fwl_hash32_equal(old_root, new_root) ? FWL_OK : FWL_ERR_PROOF;
    }
    at = old_size - 1;
    last = new_size - 1;
    while ((at & 1) != 0) { /* up to the root of the last full subtree of the old tree */
        at >>= 1;
        last >>= 1;
    }
    if (at == 0) { /* the old tree is one full subtree: its root is known and not in the path */
        return climb_both(at, last, old_root, new_root, *old_root, path, count);
    }
    if (count == 0) {
        return FWL_ERR_PROOF;
    }
    return climb_both(at, last, old_root, new_root, path[0], path + 1, count - 1);
}

enum fwl_err
fwl_frontier_append(struct fwl_frontier *f, const struct fwl_hash32 *leaf)
{
    struct fwl_hash32 acc = *leaf;
    unsigned level = 0;

    if (f->size + 1 >= (uint64_t)1 << FWL_FRONTIER_LEVELS) {
        return FWL_ERR_LIMIT;
    }
    for (; ((f->size >> level) & 1) != 0; level++) {
        fwl_rfc6962_node(&acc, &f->node[level], &acc);
    }
    f->node[level] = acc;
    f->size++;
    return FWL_OK;
}

void
fwl_frontier_root(const struct fwl_frontier *f, struct fwl_hash32 *root)
{
    bool begun = false;

    for (unsigned level = 0; level < FWL_FRONTIER_LEVELS; level++) {
        if (((f->size >> level) & 1) == 0) {
            continue;
        }
        if (begun) {
            fwl_rfc6962_node(root, &f->node[level], root);
        } else {
            *root = f->node[level];
            begun = true;
        }
    }
    if (!begun) {
        fwl_rfc6962_empty(root);
    }
}

enum fwl_err
fwl_frontier_from(struct fwl_frontier *f, uint64_t size, const struct fwl_hash32 *nodes, size_t count)
{
    size_t next = 0;

    f->size = 0;
    if (size >= (uint64_t)1 << FWL_FRONTIER_LEVELS) {
        return FWL_ERR_LIMIT;
    }
    if (count != (size_t)__builtin_popcountll(size)) {
        return FWL_ERR_VALUE;
    }
    for (unsigned level = FWL_FRONTIER_LEVELS; level-- > 0;) {
        if (((size >> level) & 1) != 0) {
            f->node[level] = nodes[next++];
        }
    }
    f->size = size;
    return FWL_OK;
}

size_t
fwl_frontier_list(const struct fwl_frontier *f, struct fwl_hash32 nodes[FWL_FRONTIER_LEVELS])
{
    size_t count = 0;

    for (unsigned level = FWL_FRONTIER_LEVELS; level-- > 0;) {
        if (((f->size >> level) & 1) != 0) {
            nodes[count++] = f->node[level];
        }
    }
    return count;
}
