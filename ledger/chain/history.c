/* Headers that a chain out of a snapshot has not seen, downwards to the first. */
#include "ledger/chain/internal.h"
#include "ledger/merkle/build/tiles.h"

uint64_t
fwl_chain_lowest(const struct fwl_chain *c)
{
    return c->lowest;
}

enum fwl_err
fwl_index_headers(struct fwl_overlay *o, struct fwl_span headers, uint64_t first)
{
    enum fwl_err err = FWL_OK;

    for (size_t i = 0; err == FWL_OK && i < headers.size / FWL_HEADER_SIZE; i++) {
        struct fwl_span bytes = fwl_span(headers.p + i * FWL_HEADER_SIZE, FWL_HEADER_SIZE);
        struct fwl_hash32 hash;
        uint8_t key[8];

        fwl_header_hash_bytes(&hash, bytes);
        fwl_store_be64(key, first + i);
        err = fwl_overlay_put(o, FWL_SPACE_HDR, fwl_span(key, sizeof(key)), bytes);
        err = err == FWL_OK ? fwl_overlay_put(o, FWL_SPACE_HASH, fwl_hash32_span(&hash), fwl_span(key, sizeof(key)))
                            : err;
    }
    return err;
}

enum fwl_err
fwl_index_history(struct fwl_overlay *o, struct fwl_span headers, uint64_t first)
{
    struct fwl_hash32 leaves[FWL_TILES_WIDTH];
    size_t count = headers.size / FWL_HEADER_SIZE;

    FWL_ASSERT(count <= FWL_COUNT(leaves));
    for (size_t i = 0; i < count; i++) {
        fwl_rfc6962_leaf(&leaves[i], fwl_span(headers.p + i * FWL_HEADER_SIZE, FWL_HEADER_SIZE));
    }
    return fwl_tiles_fill(o, FWL_SPACE_HIST, first, leaves, count);
}

/* What must be below them is; the block that this node had before it took a snapshot among it. */
static enum fwl_err
check_headers(const struct fwl_kv *kv, struct fwl_span headers, uint64_t first, uint64_t lowest)
{
    uint8_t key[8];
    struct fwl_header header;
    struct fwl_hash32 hash;
    struct fwl_span value;
    uint64_t at = 0;
    enum fwl_err err = FWL_OK;

    fwl_store_be64(key, lowest);
    err = fwl_kv_get(kv, &value, FWL_SPACE_HDR, fwl_span(key, sizeof(key)));
    if (err != FWL_OK || fwl_header_decode(&header, value) != FWL_OK) {
        return err == FWL_ERR_STORAGE ? err : FWL_ERR_CORRUPT;
    }
    err = fwl_snapshot_headers_linked(headers, lowest - 1, &header.prev_hash);
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_get(kv, &value, FWL_SPACE_META, fwl_span_text("was"));
    if (err != FWL_OK || value.size != 8 + sizeof(hash.b)) {
        return err == FWL_ERR_ABSENT ? FWL_OK : err == FWL_OK ? FWL_ERR_CORRUPT : err;
    }
    at = fwl_load_be64(value.p);
    if (at < first || at >= lowest) {
        return FWL_OK;
    }
    fwl_header_hash_bytes(&hash, fwl_span(headers.p + (size_t)(at - first) * FWL_HEADER_SIZE, FWL_HEADER_SIZE));
    return memcmp(value.p + 8, hash.b, sizeof(hash.b)) == 0 ? FWL_OK : FWL_ERR_CONFLICT;
}

static enum fwl_err
write_headers(struct fwl_overlay *o, struct fwl_span headers, uint64_t first)
{
    uint8_t key[8];
    enum fwl_err err = fwl_index_headers(o, headers, first);

    err = err == FWL_OK ? fwl_index_history(o, headers, first) : err;
    if (err == FWL_OK && first == 0) {
        err = fwl_overlay_delete(o, FWL_SPACE_META, fwl_span_text("headers"));
        return err == FWL_OK ? fwl_overlay_delete(o, FWL_SPACE_META, fwl_span_text("was")) : err;
    }
    fwl_store_be64(key, first);
    return err == FWL_OK ? fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("headers"), fwl_span(key, sizeof(key)))
                         : err;
}

enum fwl_err
fwl_chain_headers(struct fwl_chain *c, struct fwl_span headers)
{
    uint64_t count = headers.size / FWL_HEADER_SIZE;
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    if (count == 0 || count > FWL_CHAIN_HEADERS_MAX || count > c->lowest || headers.size % FWL_HEADER_SIZE != 0) {
        return FWL_ERR_RANGE;
    }
    err = fwl_read_begin(&c->config.store, &read);
    if (err != FWL_OK) {
        return err;
    }
    fwl_overlay_init(&c->scratch.overlay, &read.kv, c->scratch.arena, c->config.arena_bytes);
    err = check_headers(&read.kv, headers, c->lowest - count, c->lowest);
    err = err == FWL_OK ? write_headers(&c->scratch.overlay, headers, c->lowest - count) : err;
    fwl_read_end(&read);
    err = err == FWL_OK ? fwl_storage_commit(&c->config.store, &c->scratch.overlay) : err;
    if (err == FWL_OK) {
        c->lowest -= count;
        fwl_chain_forget_slots(c); /* they have tiles of the history as they were before */
    }
    return err;
}
