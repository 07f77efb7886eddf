#include "ledger/merkle/build/tiles.h"

#include "core/reader.h"
#include "core/writer.h"

enum {
    HASH_BYTES = 32,
    TILE_KEY_BYTES = 9,
    TILE_BITS = 8,
};

static const uint8_t frontier_key[1] = {0xff}; /* after every tile: levels are small numbers */

static struct fwl_span
tile_key(uint8_t key[TILE_KEY_BYTES], unsigned level, uint64_t index)
{
    key[0] = (uint8_t)level;
    fwl_store_be64(key + 1, index);
    return fwl_span(key, TILE_KEY_BYTES);
}

enum fwl_err
fwl_tiles_get(const struct fwl_kv *kv, enum fwl_space space, struct fwl_span *hashes, unsigned level, uint64_t index)
{
    uint8_t key[TILE_KEY_BYTES];
    enum fwl_err err;

    *hashes = fwl_span(NULL, 0);
    if (level >= FWL_TILES_LEVELS) {
        return FWL_ERR_ABSENT;
    }
    err = fwl_kv_get(kv, hashes, space, tile_key(key, level, index));
    if (err == FWL_OK &&
        (hashes->size == 0 || hashes->size % HASH_BYTES != 0 || hashes->size > (size_t)FWL_TILES_WIDTH * HASH_BYTES)) {
        *hashes = fwl_span(NULL, 0);
        return FWL_ERR_CORRUPT;
    }
    return err;
}

enum fwl_err
fwl_tiles_decode(struct fwl_frontier *out, struct fwl_span value)
{
    struct fwl_reader r;
    uint64_t size;

    out->size = 0;
    fwl_reader_init(&r, value);
    size = fwl_reader_u64(&r);
    if (size >= (uint64_t)1 << FWL_FRONTIER_LEVELS) {
        return FWL_ERR_CORRUPT;
    }
    for (unsigned level = FWL_FRONTIER_LEVELS; level-- > 0;) {
        if (((size >> level) & 1) != 0) {
            fwl_reader_copy(&r, out->node[level].b, HASH_BYTES);
        }
    }
    if (fwl_reader_finish(&r) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    out->size = size;
    return FWL_OK;
}

enum fwl_err
fwl_tiles_bytes(const struct fwl_kv *kv, enum fwl_space space, struct fwl_span *value)
{
    return fwl_kv_get(kv, value, space, fwl_span(frontier_key, sizeof(frontier_key)));
}

enum fwl_err
fwl_tiles_frontier(const struct fwl_kv *kv, enum fwl_space space, struct fwl_frontier *out)
{
    struct fwl_span value;
    enum fwl_err err = fwl_tiles_bytes(kv, space, &value);

    out->size = 0;
    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_OK : err;
    }
    return fwl_tiles_decode(out, value);
}

enum fwl_err
fwl_tiles_root(const struct fwl_kv *kv, enum fwl_space space, struct fwl_hash32 *root, uint64_t *size)
{
    struct fwl_frontier f;
    enum fwl_err err = fwl_tiles_frontier(kv, space, &f);

    *root = (struct fwl_hash32){.b = {0}};
    *size = 0;
    if (err == FWL_OK) {
        fwl_frontier_root(&f, root);
        *size = f.size;
    }
    return err;
}

void
fwl_tiles_put(struct fwl_writer *w, const struct fwl_frontier *f)
{
    fwl_writer_u64(w, f->size);
    for (unsigned level = FWL_FRONTIER_LEVELS; level-- > 0;) {
        if (((f->size >> level) & 1) != 0) {
            fwl_writer_bytes(w, f->node[level].b, HASH_BYTES);
        }
    }
}

enum fwl_err
fwl_tiles_restore(struct fwl_overlay *o, enum fwl_space space, const struct fwl_frontier *f)
{
    size_t size = 8 + (size_t)HASH_BYTES * (size_t)__builtin_popcountll(f->size);
    struct fwl_writer w;
    struct fwl_span done;
    uint8_t *to;
    enum fwl_err err = fwl_overlay_reserve(o, &to, space, fwl_span(frontier_key, sizeof(frontier_key)), size);

    if (err != FWL_OK) {
        return err;
    }
    fwl_writer_init(&w, to, size);
    fwl_tiles_put(&w, f);
    return fwl_writer_finish(&w, &done);
}

/* A tile being written, one a level: already as long as the append will leave it. */
struct open_tile {
    uint8_t *to; /* NULL: none yet */
    uint64_t index;
};

struct append {
    struct fwl_overlay *o;
    enum fwl_space space;
    uint64_t size; /* of the tree in the end */
    struct open_tile tile[FWL_TILES_LEVELS];
};

static enum fwl_err
open_tile(struct append *a, unsigned level, uint64_t index)
{
    const struct fwl_kv kv = fwl_overlay_kv(a->o);
    uint64_t width = (a->size >> (TILE_BITS * level)) - index * FWL_TILES_WIDTH;
    size_t bytes = (size_t)FWL_MIN(width, (uint64_t)FWL_TILES_WIDTH) * HASH_BYTES;
    uint8_t key[TILE_KEY_BYTES];
    struct fwl_span old;
    uint8_t *to;
    enum fwl_err err = fwl_tiles_get(&kv, a->space, &old, level, index);

    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        return err;
    }
    if (old.size > bytes) {
        return FWL_ERR_CORRUPT;
    }
    err = fwl_overlay_reserve(a->o, &to, a->space, tile_key(key, level, index), bytes);
    if (err != FWL_OK) {
        return err;
    }
    if (old.size > 0) {
        memmove(to, old.p, old.size);
    }
    memset(to + old.size, 0, bytes - old.size); /* zeros: not known, until written */
    a->tile[level] = (struct open_tile){.to = to, .index = index};
    return FWL_OK;
}

/* @hash is the root of full subtree number @entry of 256^level leaves. */
static enum fwl_err
set_entry(struct append *a, unsigned level, uint64_t entry, const struct fwl_hash32 *hash)
{
    struct open_tile *tile = &a->tile[level];

    if (tile->to == NULL || tile->index != entry / FWL_TILES_WIDTH) {
        enum fwl_err err = open_tile(a, level, entry / FWL_TILES_WIDTH);

        if (err != FWL_OK) {
            return err;
        }
    }
    memcpy(tile->to + entry % FWL_TILES_WIDTH * HASH_BYTES, hash->b, HASH_BYTES);
    return FWL_OK;
}

/* The roots of all full subtrees that the leaf completes, up to the one that stays in the frontier. */
static enum fwl_err
append_leaf(struct append *a, struct fwl_frontier *f, const struct fwl_hash32 *leaf)
{
    struct fwl_hash32 acc = *leaf;

    for (unsigned level = 0;; level++) {
        if (level % TILE_BITS == 0) {
            enum fwl_err err = set_entry(a, level / TILE_BITS, f->size >> level, &acc);

            if (err != FWL_OK) {
                return err;
            }
        }
        if (((f->size >> level) & 1) == 0) {
            f->node[level] = acc;
            f->size++;
            return FWL_OK;
        }
        fwl_rfc6962_node(&acc, &f->node[level], &acc);
    }
}

enum fwl_err
fwl_tiles_append(struct fwl_overlay *o, struct fwl_hash32 *root, uint64_t *size, enum fwl_space space,
                 const struct fwl_hash32 *leaves, size_t count)
{
    const struct fwl_kv kv = fwl_overlay_kv(o);
    struct append a = {.o = o, .space = space};
    struct fwl_frontier f;
    enum fwl_err err = fwl_tiles_frontier(&kv, space, &f);

    *root = (struct fwl_hash32){.b = {0}};
    *size = 0;
    if (err == FWL_OK && count >= ((uint64_t)1 << FWL_FRONTIER_LEVELS) - f.size) {
        err = FWL_ERR_LIMIT;
    }
    a.size = f.size + count;
    for (size_t i = 0; i < count && err == FWL_OK; i++) {
        err = append_leaf(&a, &f, &leaves[i]);
    }
    if (err == FWL_OK && count > 0) {
        err = fwl_tiles_restore(o, space, &f);
    }
    if (err == FWL_OK) {
        fwl_frontier_root(&f, root);
        *size = f.size;
    }
    return err;
}

/* The root over 2^bits hashes that lie one after the other; FWL_ERR_ABSENT when one is not known. */
static enum fwl_err
fold(struct fwl_hash32 *out, const uint8_t *hashes, unsigned bits)
{
    struct fwl_hash32 full[TILE_BITS + 1]; /* full[i]: 2^i hashes, where bit i of the number so far is set */

    for (unsigned i = 0; i < 1U << bits; i++) {
        unsigned level = 0;

        memcpy(out->b, hashes + (size_t)i * HASH_BYTES, HASH_BYTES);
        if (fwl_hash32_is_zero(out)) {
            return FWL_ERR_ABSENT;
        }
        for (; ((i >> level) & 1) != 0; level++) {
            fwl_rfc6962_node(out, &full[level], out);
        }
        full[level] = *out;
    }
    *out = full[bits];
    return FWL_OK;
}

struct fill {
    struct fwl_overlay *o;
    enum fwl_space space;
    uint64_t size; /* of the tree */
    struct fwl_hash32 root;
    bool complete; /* the tile written last: every entry is known, root is that over it */
};

/* Entries of one tile. */
static enum fwl_err
fill_tile(struct fill *f, unsigned level, uint64_t entry, const struct fwl_hash32 *hashes, size_t count)
{
    const struct fwl_kv kv = fwl_overlay_kv(f->o);
    uint64_t index = entry / FWL_TILES_WIDTH;
    uint64_t width = FWL_MIN((f->size >> (TILE_BITS * level)) - index * FWL_TILES_WIDTH, (uint64_t)FWL_TILES_WIDTH);
    size_t bytes = (size_t)width * HASH_BYTES;
    uint8_t key[TILE_KEY_BYTES];
    struct fwl_span old;
    uint8_t *to = NULL;
    enum fwl_err err = fwl_tiles_get(&kv, f->space, &old, level, index);

    f->complete = false;
    if ((err != FWL_OK && err != FWL_ERR_ABSENT) || old.size > bytes) {
        return err == FWL_OK || err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    err = fwl_overlay_reserve(f->o, &to, f->space, tile_key(key, level, index), bytes);
    if (err != FWL_OK) {
        return err;
    }
    if (old.size > 0) {
        memmove(to, old.p, old.size);
    }
    memset(to + old.size, 0, bytes - old.size);
    for (size_t i = 0; i < count; i++) {
        memcpy(to + (entry % FWL_TILES_WIDTH + i) * HASH_BYTES, hashes[i].b, HASH_BYTES);
    }
    f->complete = width == FWL_TILES_WIDTH && fold(&f->root, to, TILE_BITS) == FWL_OK;
    return FWL_OK;
}

enum fwl_err
fwl_tiles_fill(struct fwl_overlay *o, enum fwl_space space, uint64_t first, const struct fwl_hash32 *leaves,
               size_t count)
{
    const struct fwl_kv kv = fwl_overlay_kv(o);
    struct fill f = {.o = o, .space = space};
    struct fwl_frontier frontier;
    enum fwl_err err = fwl_tiles_frontier(&kv, space, &frontier);

    f.size = frontier.size;
    FWL_ASSERT(err != FWL_OK || (first <= f.size && count <= f.size - first));
    for (size_t done = 0; done < count && err == FWL_OK;) {
        uint64_t entry = first + done;
        size_t n = FWL_MIN(count - done, (size_t)(FWL_TILES_WIDTH - entry % FWL_TILES_WIDTH));

        err = fill_tile(&f, 0, entry, &leaves[done], n);
        for (unsigned level = 1; err == FWL_OK && f.complete && level < FWL_TILES_LEVELS; level++) {
            struct fwl_hash32 child = f.root;

            entry /= FWL_TILES_WIDTH;
            err = fill_tile(&f, level, entry, &child, 1);
        }
        done += n;
    }
    return err;
}

/* The root of the full subtree of 2^level leaves that begins at leaf @start. */
static enum fwl_err
full_root(const struct fwl_kv *kv, enum fwl_space space, struct fwl_hash32 *out, uint64_t start, unsigned level)
{
    unsigned tile = level / TILE_BITS;
    uint64_t entry = start >> (TILE_BITS * tile);
    size_t first = (size_t)(entry % FWL_TILES_WIDTH) * HASH_BYTES;
    struct fwl_span hashes;
    enum fwl_err err = fwl_tiles_get(kv, space, &hashes, tile, entry / FWL_TILES_WIDTH);

    if (err != FWL_OK) {
        return err;
    }
    if (first + ((size_t)HASH_BYTES << level % TILE_BITS) > hashes.size) {
        return FWL_ERR_CORRUPT; /* tiles hold every full subtree of the size that the frontier states */
    }
    return fold(out, hashes.p + first, level % TILE_BITS);
}

static unsigned
log2_floor(uint64_t v)
{
    return 63U - (unsigned)__builtin_clzll(v);
}

/* The root of leaves [from, to), @from being a multiple of a power of two not below their number. */
static enum fwl_err
range_root(const struct fwl_kv *kv, enum fwl_space space, struct fwl_hash32 *out, uint64_t from, uint64_t to)
{
    uint64_t at = to;

    while (at > from) {
        unsigned level = FWL_MIN((unsigned)__builtin_ctzll(at), log2_floor(at - from));
        struct fwl_hash32 full;
        enum fwl_err err;

        at -= (uint64_t)1 << level;
        err = full_root(kv, space, &full, at, level);
        if (err != FWL_OK) {
            return err;
        }
        if (at + ((uint64_t)1 << level) == to) {
            *out = full;
        } else {
            fwl_rfc6962_node(out, &full, out);
        }
    }
    return FWL_OK;
}

static enum fwl_err
check_size(const struct fwl_kv *kv, enum fwl_space space, uint64_t size)
{
    struct fwl_frontier f;
    enum fwl_err err = fwl_tiles_frontier(kv, space, &f);

    return err != FWL_OK ? err : size <= f.size ? FWL_OK : FWL_ERR_RANGE;
}

static void
reverse(struct fwl_hash32 *path, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct fwl_hash32 t = path[i];

        path[i] = path[count - 1 - i];
        path[count - 1 - i] = t;
    }
}

/* Where [from, to) splits: the largest power of two below its length. */
static uint64_t
split(uint64_t from, uint64_t to)
{
    return from + ((uint64_t)1 << log2_floor(to - from - 1));
}

enum fwl_err
fwl_tiles_inclusion(const struct fwl_kv *kv, enum fwl_space space, struct fwl_hash32 path[FWL_TILES_PATH_MAX],
                    size_t *count, uint64_t index, uint64_t size)
{
    uint64_t from = 0;
    uint64_t to = size;
    size_t n = 0;
    enum fwl_err err = check_size(kv, space, size);

    *count = 0;
    if (err == FWL_OK && index >= size) {
        err = FWL_ERR_RANGE;
    }
    while (err == FWL_OK && to - from > 1) {
        uint64_t mid = split(from, to);

        if (index < mid) {
            err = range_root(kv, space, &path[n++], mid, to);
            to = mid;
        } else {
            err = range_root(kv, space, &path[n++], from, mid);
            from = mid;
        }
    }
    if (err == FWL_OK) {
        reverse(path, n);
        *count = n;
    }
    return err;
}

enum fwl_err
fwl_tiles_consistency(const struct fwl_kv *kv, enum fwl_space space, struct fwl_hash32 path[FWL_TILES_PATH_MAX],
                      size_t *count, uint64_t old_size, uint64_t new_size)
{
    uint64_t from = 0;
    uint64_t to = new_size;
    size_t n = 0;
    enum fwl_err err = check_size(kv, space, new_size);

    *count = 0;
    if (err == FWL_OK && (old_size == 0 || old_size > new_size)) {
        err = FWL_ERR_RANGE;
    }
    while (err == FWL_OK && to != old_size) {
        uint64_t mid = split(from, to);

        if (old_size <= mid) {
            err = range_root(kv, space, &path[n++], mid, to);
            to = mid;
        } else {
            err = range_root(kv, space, &path[n++], from, mid);
            from = mid;
        }
    }
    if (err == FWL_OK && from > 0) { /* else the verifier has it: the old root itself */
        err = range_root(kv, space, &path[n++], from, to);
    }
    if (err == FWL_OK) {
        reverse(path, n);
        *count = n;
    }
    return err;
}
