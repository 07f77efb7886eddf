/* The tiles of the header tree and of the transaction log: each hash, and no tile too many. */
#include "ledger/fsck/part.h"
#include "ledger/merkle/build/tiles.h"

/* Entry @entry of level @level: hash of a header, or the root of a full tile below. The leaves of the log were compared
 * with the transactions before. */
static enum fwl_err
expected(struct fwl_fsck *f, struct fwl_hash32 *out, enum fwl_space space, unsigned level, uint64_t entry)
{
    struct fwl_span bytes = {0};
    struct fwl_frontier below = {0};
    uint8_t key[8];
    enum fwl_err err = FWL_OK;

    if (level == 0) {
        err = fwl_fsck_get(f, &bytes, FWL_SPACE_HDR, fwl_fsck_be64(key, entry), "the header is missing");
        if (err == FWL_OK) {
            fwl_rfc6962_leaf(out, bytes);
        }
        return err;
    }
    err = fwl_tiles_get(&f->kv, space, &bytes, level - 1, entry);
    if (err != FWL_OK || bytes.size != (size_t)32 * FWL_TILES_WIDTH) {
        return fwl_fsck_fail(f, space, fwl_span(NULL, 0), "a full tile is damaged");
    }
    for (size_t i = 0; i < FWL_TILES_WIDTH && err == FWL_OK; i++) {
        struct fwl_hash32 node;

        memcpy(node.b, bytes.p + 32 * i, 32);
        err = fwl_frontier_append(&below, &node);
    }
    fwl_frontier_root(&below, out);
    return err;
}

static enum fwl_err
check_tile(struct fwl_fsck *f, enum fwl_space space, const struct fwl_kv_entry *e, unsigned level, uint64_t index,
           uint64_t entries)
{
    uint64_t first = index * FWL_TILES_WIDTH;
    size_t count = (size_t)FWL_MIN(entries - first, (uint64_t)FWL_TILES_WIDTH);

    if (e->value.size != 32 * count) {
        return fwl_fsck_fail(f, space, e->key, "the tile has another number of hashes");
    }
    for (size_t i = 0; i < count && (level > 0 || space == FWL_SPACE_HIST); i++) {
        struct fwl_hash32 hash = {0};
        enum fwl_err err = expected(f, &hash, space, level, first + i);

        if (err != FWL_OK) {
            return err;
        }
        if (memcmp(e->value.p + 32 * i, hash.b, 32) != 0) {
            return fwl_fsck_fail(f, space, e->key, "a hash of the tile is not what follows from the blocks");
        }
    }
    return FWL_OK;
}

static enum fwl_err
check_tree(struct fwl_fsck *f, enum fwl_space space, uint64_t size)
{
    struct fwl_kv_entry e = {0};
    uint64_t entries = size;
    enum fwl_err err = FWL_OK;

    for (unsigned level = 0; entries > 0; level++, entries /= FWL_TILES_WIDTH) {
        for (uint64_t index = 0; index * FWL_TILES_WIDTH < entries; index++) {
            uint8_t key[9] = {(uint8_t)level};

            fwl_store_be64(key + 1, index);
            err = fwl_fsck_next(f, &e, space, e.key);
            if (err == FWL_ERR_ABSENT || (err == FWL_OK && !fwl_span_equal(e.key, fwl_span(key, sizeof(key))))) {
                return fwl_fsck_fail(f, space, fwl_span(key, sizeof(key)), "this tile is not what comes here");
            }
            err = err == FWL_OK ? check_tile(f, space, &e, level, index, entries) : err;
            if (err != FWL_OK) {
                return err;
            }
            fwl_fsck_tell(f, fwl_space_name(space), index, 0);
        }
    }
    err = fwl_fsck_next(f, &e, space, e.key); /* the frontier, which was compared with the blocks */
    if (err == FWL_OK && (e.key.size != 1 || e.key.p[0] != 0xff)) {
        return fwl_fsck_fail(f, space, e.key, "there is a tile beyond the end of the tree");
    }
    err = err == FWL_OK ? fwl_fsck_next(f, &e, space, e.key) : err;
    if (err == FWL_OK) {
        return fwl_fsck_fail(f, space, e.key, "there is a record beyond the end of the tree");
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

enum fwl_err
fwl_fsck_trees(struct fwl_fsck *f)
{
    enum fwl_err err = check_tree(f, FWL_SPACE_HIST, f->tip + 1);

    return err == FWL_OK ? check_tree(f, FWL_SPACE_LOG, f->header.log_size) : err;
}
