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

/* A tree under check. After a snapshot its first leaves are not known: their entries are zeros, and so are those over
 * them that were complete before; entries completed later follow from the frontier, which was compared with the
 * headers. */
struct tree {
    enum fwl_space space;
    uint64_t size;     /* leaves */
    uint64_t unknown;  /* the first of them */
    uint64_t restored; /* leaves when it began, with the frontier alone */
};

/* Leaves below the one where entry @entry of @level begins, and where it ends. */
static uint64_t
start_of(unsigned level, uint64_t entry)
{
    return entry << (8 * level);
}

static enum fwl_err
check_entry(struct fwl_fsck *f, const struct tree *t, const struct fwl_kv_entry *e, unsigned level, uint64_t entry)
{
    struct fwl_hash32 stored;
    struct fwl_hash32 want = {0};
    enum fwl_err err = FWL_OK;

    memcpy(stored.b, e->value.p + 32 * (size_t)(entry % FWL_TILES_WIDTH), 32);
    if (start_of(level, entry) < t->unknown) {
        return start_of(level, entry + 1) > t->restored || fwl_hash32_is_zero(&stored)
                   ? FWL_OK
                   : fwl_fsck_fail(f, t->space, e->key, "the tile has what this node has never seen");
    }
    if (level == 0 && t->space != FWL_SPACE_HIST) {
        return FWL_OK; /* compared with the transactions */
    }
    err = expected(f, &want, t->space, level, entry);
    if (err == FWL_OK && !fwl_hash32_equal(&stored, &want)) {
        return fwl_fsck_fail(f, t->space, e->key, "a hash of the tile is not what follows from the blocks");
    }
    return err;
}

static enum fwl_err
check_tile(struct fwl_fsck *f, const struct tree *t, const struct fwl_kv_entry *e, unsigned level, uint64_t index)
{
    uint64_t first = index * FWL_TILES_WIDTH;
    size_t count = (size_t)FWL_MIN((t->size >> (8 * level)) - first, (uint64_t)FWL_TILES_WIDTH);
    enum fwl_err err = FWL_OK;

    if (e->value.size != 32 * count) {
        return fwl_fsck_fail(f, t->space, e->key, "the tile has another number of hashes");
    }
    for (size_t i = 0; i < count && err == FWL_OK; i++) {
        err = check_entry(f, t, e, level, first + i);
    }
    return err;
}

/* The tile of a place may be missing if nothing in it was ever known. */
static bool
may_be_missing(const struct tree *t, unsigned level, uint64_t index)
{
    uint64_t end = FWL_MIN((index + 1) * FWL_TILES_WIDTH, t->size >> (8 * level));

    return start_of(level, end) <= t->restored && start_of(level, end - 1) < t->unknown;
}

static enum fwl_err
check_level(struct fwl_fsck *f, const struct tree *t, struct fwl_kv_entry *e, unsigned level)
{
    for (uint64_t index = 0; index * FWL_TILES_WIDTH < t->size >> (8 * level); index++) {
        struct fwl_kv_entry next = {0};
        uint8_t key[9] = {(uint8_t)level};
        enum fwl_err err = fwl_fsck_next(f, &next, t->space, e->key);

        fwl_store_be64(key + 1, index);
        if (err == FWL_ERR_ABSENT || (err == FWL_OK && !fwl_span_equal(next.key, fwl_span(key, sizeof(key))))) {
            if (may_be_missing(t, level, index)) {
                continue;
            }
            return fwl_fsck_fail(f, t->space, fwl_span(key, sizeof(key)), "this tile is not what comes here");
        }
        *e = next;
        err = err == FWL_OK ? check_tile(f, t, e, level, index) : err;
        if (err != FWL_OK) {
            return err;
        }
        fwl_fsck_tell(f, fwl_space_name(t->space), index, 0);
    }
    return FWL_OK;
}

static enum fwl_err
check_tree(struct fwl_fsck *f, const struct tree *t)
{
    struct fwl_kv_entry e = {0};
    enum fwl_err err = FWL_OK;

    for (unsigned level = 0; level < FWL_TILES_LEVELS && t->size >> (8 * level) > 0 && err == FWL_OK; level++) {
        err = check_level(f, t, &e, level);
    }
    err = err == FWL_OK ? fwl_fsck_next(f, &e, t->space, e.key) : err; /* the frontier, compared with the blocks */
    if (err == FWL_OK && (e.key.size != 1 || e.key.p[0] != 0xff)) {
        return fwl_fsck_fail(f, t->space, e.key, "there is a tile beyond the end of the tree");
    }
    err = err == FWL_OK ? fwl_fsck_next(f, &e, t->space, e.key) : err;
    if (err == FWL_OK) {
        return fwl_fsck_fail(f, t->space, e.key, "there is a record beyond the end of the tree");
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

enum fwl_err
fwl_fsck_trees(struct fwl_fsck *f)
{
    const struct tree history = {
        .space = FWL_SPACE_HIST, .size = f->tip + 1, .unknown = f->lowest, .restored = f->restored_at};
    const struct tree log = {.space = FWL_SPACE_LOG,
                             .size = f->header.log_size,
                             .unknown = f->restored_log.size,
                             .restored = f->restored_log.size};
    enum fwl_err err = check_tree(f, &history);

    return err == FWL_OK ? check_tree(f, &log) : err;
}
