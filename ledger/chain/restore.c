#include "ledger/chain/restore.h"

#include "ledger/chain/internal.h"
#include "ledger/merkle/build/tiles.h"

enum {
    HEADERS_MAX = 256, /* a commit */
    SET_HEAD = 10,     /* of a line in space `set`: first height u64, size u16 */
};

#define RESTORING "restoring" /* names in space `meta`, gone when it is finished */
#define CHUNKS    "chunks"

static struct fwl_span
be64(uint8_t buffer[8], uint64_t v)
{
    fwl_store_be64(buffer, v);
    return fwl_span(buffer, 8);
}

static bool
is_done(const struct fwl_restore *r, uint32_t chunk)
{
    return (r->done[chunk / 8] >> chunk % 8 & 1) != 0;
}

static void
begin(struct fwl_restore *r, struct fwl_overlay *o, const struct fwl_kv *base)
{
    fwl_overlay_init(o, base, r->config.arena, r->config.arena_bytes);
}

static enum fwl_err
commit(const struct fwl_restore *r, const struct fwl_overlay *o)
{
    return fwl_storage_commit(&r->config.to, o);
}

/* ---- where it is ---- */

/* Chunks without entries need not come. */
static void
count_left(struct fwl_restore *r)
{
    struct fwl_tree_part part;

    r->left = 0;
    for (uint32_t i = 0; i < r->info.chunks; i++) {
        fwl_snapinfo_part(&part, &r->info, i);
        if (part.count == 0) {
            r->done[i / 8] = (uint8_t)(r->done[i / 8] | 1U << i % 8);
        }
        r->left += !is_done(r, i);
    }
}

static enum fwl_err
read_trail(struct fwl_restore *r, const struct fwl_kv *kv)
{
    enum fwl_err err = FWL_OK;

    for (;;) {
        uint8_t key[8];
        struct fwl_span line;
        size_t set = 0;

        err = fwl_kv_get(kv, &line, FWL_SPACE_SET, be64(key, r->trail.at.epoch));
        if (err != FWL_OK || line.size < SET_HEAD) {
            return err == FWL_OK ? FWL_ERR_CORRUPT : err;
        }
        set = SET_HEAD + (size_t)fwl_load_be16(line.p + 8);
        if (line.size <= set) {
            return FWL_OK;
        }
        err = fwl_trail_step(&r->trail, fwl_span(line.p + set, line.size - set), r->config.verify, r->config.cookie);
        if (err != FWL_OK) {
            return FWL_ERR_CORRUPT; /* it was verified before it was written */
        }
    }
}

static enum fwl_err
read_info(struct fwl_restore *r, const struct fwl_kv *kv)
{
    struct fwl_span value;
    struct fwl_span done;
    struct fwl_kv_entry lowest;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_META, fwl_span_text(RESTORING));

    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_OK : err;
    }
    err = fwl_kv_get(kv, &done, FWL_SPACE_META, fwl_span_text(CHUNKS));
    err = err == FWL_OK ? fwl_kv_seek(kv, &lowest, FWL_SPACE_HDR, fwl_span(NULL, 0)) : err;
    if (err != FWL_OK || value.size > sizeof(r->info_bytes) || done.size != sizeof(r->done) || lowest.key.size != 8) {
        return err == FWL_ERR_STORAGE ? err : FWL_ERR_CORRUPT;
    }
    memcpy(r->info_bytes, value.p, value.size);
    memcpy(r->done, done.p, done.size);
    r->lowest = fwl_load_be64(lowest.key.p);
    if (fwl_snapinfo_decode(&r->info, fwl_span(r->info_bytes, value.size)) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    r->has_info = true;
    count_left(r);
    return FWL_OK;
}

static enum fwl_err
write_start(struct fwl_restore *r, struct fwl_span genesis)
{
    uint8_t encoded[FWL_VALIDATORS_SIZE_MAX];
    struct fwl_overlay o;
    struct fwl_writer w;
    struct fwl_span set;
    enum fwl_err err = FWL_OK;

    fwl_writer_init(&w, encoded, sizeof(encoded));
    fwl_validators_put(&w, &r->trail.at.validators);
    err = fwl_writer_finish(&w, &set);
    FWL_ASSERT(err == FWL_OK);
    begin(r, &o, NULL);
    err = fwl_index_set(&o, 0, 0, set);
    err = err == FWL_OK ? fwl_overlay_put(&o, FWL_SPACE_META, fwl_span_text("genesis"), genesis) : err;
    err = err == FWL_OK
              ? fwl_overlay_put(&o, FWL_SPACE_META, fwl_span_text("chain_id"), fwl_hash32_span(&r->trail.at.chain_id))
              : err;
    return err == FWL_OK ? commit(r, &o) : err;
}

/* What the store has; FWL_ERR_ABSENT when that is nothing. */
static enum fwl_err
read_all(struct fwl_restore *r, const struct fwl_kv *kv)
{
    struct fwl_span value;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_META, fwl_span_text("chain_id"));

    if (err != FWL_OK) {
        return err;
    }
    if (!fwl_span_equal(value, fwl_hash32_span(&r->trail.at.chain_id))) {
        return FWL_ERR_CHAIN;
    }
    err = fwl_kv_get(kv, &value, FWL_SPACE_META, fwl_span_text("height"));
    if (err == FWL_OK) {
        bool overtaken = r->config.known > 0 && (value.size != 8 || fwl_load_be64(value.p) <= r->config.known);

        return overtaken ? FWL_ERR_CHAIN : FWL_ERR_STATE;
    }
    if (err != FWL_ERR_ABSENT) {
        return err;
    }
    err = read_trail(r, kv);
    return err == FWL_OK ? read_info(r, kv) : err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
}

enum fwl_err
fwl_restore_open(struct fwl_restore *r, const struct fwl_restore_config *config, struct fwl_span genesis)
{
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    memset(r, 0, sizeof(*r));
    r->config = *config;
    err = fwl_trail_begin(&r->trail, genesis);
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_read_begin(&r->config.to, &read);
    if (err != FWL_OK) {
        return err;
    }
    err = read_all(r, &read.kv);
    fwl_read_end(&read);
    return err == FWL_ERR_ABSENT ? write_start(r, genesis) : err;
}

void
fwl_restore_know(struct fwl_restore *r, uint64_t known, const struct fwl_hash32 *hash)
{
    r->config.known = known;
    r->config.known_hash = *hash;
}

enum fwl_restore_stage
fwl_restore_stage(const struct fwl_restore *r)
{
    FWL_ASSERT(r->has_info);
    if (r->trail.at.epoch < fwl_snapshot_steps(&r->info.header)) {
        return FWL_RESTORE_STEPS;
    }
    if (r->lowest > r->info.header.height - fwl_snapshot_headers(r->info.header.height)) {
        return FWL_RESTORE_HEADERS;
    }
    return r->left > 0 ? FWL_RESTORE_CHUNKS : FWL_RESTORE_FINISH;
}

uint32_t
fwl_restore_missing(const struct fwl_restore *r, uint32_t from)
{
    while (from < r->info.chunks && is_done(r, from)) {
        from++;
    }
    return from;
}

/* ---- steps ---- */

/* The step ends the line of its epoch and begins the next one. */
static enum fwl_err
write_step(struct fwl_restore *r, const struct fwl_kv *kv, struct fwl_overlay *o, struct fwl_span step)
{
    uint8_t key[8];
    uint8_t encoded[FWL_VALIDATORS_SIZE_MAX];
    uint8_t *to = NULL;
    struct fwl_span line;
    struct fwl_span set;
    struct fwl_writer w;
    enum fwl_err err = fwl_kv_get(kv, &line, FWL_SPACE_SET, be64(key, r->trail.at.epoch - 1));

    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    err = fwl_overlay_reserve(o, &to, FWL_SPACE_SET, fwl_span(key, sizeof(key)), line.size + step.size);
    if (err != FWL_OK) {
        return err;
    }
    memcpy(to, line.p, line.size);
    memcpy(to + line.size, step.p, step.size);
    fwl_writer_init(&w, encoded, sizeof(encoded));
    fwl_validators_put(&w, &r->trail.at.validators);
    err = fwl_writer_finish(&w, &set);
    FWL_ASSERT(err == FWL_OK);
    return fwl_index_set(o, r->trail.at.epoch, r->trail.first, set);
}

enum fwl_err
fwl_restore_step(struct fwl_restore *r, struct fwl_span step)
{
    struct fwl_overlay o;
    struct fwl_read read;
    enum fwl_err err = fwl_trail_step(&r->trail, step, r->config.verify, r->config.cookie);

    err = err == FWL_OK ? fwl_read_begin(&r->config.to, &read) : err;
    if (err != FWL_OK) {
        return err;
    }
    begin(r, &o, &read.kv);
    err = write_step(r, &read.kv, &o, step);
    fwl_read_end(&read);
    return err == FWL_OK ? commit(r, &o) : err;
}

/* ---- the snapshot's own block ---- */

static enum fwl_err
write_info(struct fwl_restore *r, struct fwl_span bytes)
{
    uint8_t key[8];
    struct fwl_span height = be64(key, r->info.header.height);
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    begin(r, &o, NULL);
    err = fwl_overlay_put(&o, FWL_SPACE_META, fwl_span_text(RESTORING), bytes);
    err = err == FWL_OK ? fwl_overlay_put(&o, FWL_SPACE_META, fwl_span_text(CHUNKS), fwl_span(r->done, sizeof(r->done)))
                        : err;
    err = err == FWL_OK ? fwl_overlay_put(&o, FWL_SPACE_HDR, height, r->info.header_bytes) : err;
    err = err == FWL_OK ? fwl_overlay_put(&o, FWL_SPACE_HASH, fwl_hash32_span(&r->info.hash), height) : err;
    err = err == FWL_OK ? fwl_overlay_put(&o, FWL_SPACE_FIN, height, r->info.cert_bytes) : err;
    return err == FWL_OK ? commit(r, &o) : err;
}

enum fwl_err
fwl_restore_info(struct fwl_restore *r, struct fwl_span bytes)
{
    enum fwl_err err = r->has_info ? FWL_ERR_STATE : FWL_OK;

    if (err == FWL_OK && bytes.size > sizeof(r->info_bytes)) {
        err = FWL_ERR_TRAILING;
    }
    if (err != FWL_OK) {
        return err;
    }
    memcpy(r->info_bytes, bytes.p, bytes.size);
    bytes.p = r->info_bytes;
    err = fwl_snapinfo_decode(&r->info, bytes);
    if (err == FWL_OK && (r->info.header.epoch != r->trail.at.epoch || r->info.header.epoch_start != r->trail.first)) {
        err = FWL_ERR_EPOCH;
    }
    err = err == FWL_OK ? fwl_snapinfo_verify(&r->info, &r->trail.at.validators, &r->trail.at.chain_id,
                                              r->config.verify, r->config.cookie)
                        : err;
    if (err != FWL_OK) {
        return err;
    }
    memset(r->done, 0, sizeof(r->done));
    count_left(r);
    err = write_info(r, bytes);
    r->lowest = r->info.header.height;
    r->has_info = err == FWL_OK;
    return err;
}

/* ---- headers ---- */

static enum fwl_err
write_headers(struct fwl_restore *r, struct fwl_span headers, uint64_t first)
{
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    begin(r, &o, NULL);
    err = fwl_index_headers(&o, headers, first);
    return err == FWL_OK ? commit(r, &o) : err;
}

/* prev_hash of the lowest header that is here. */
static enum fwl_err
read_link(const struct fwl_restore *r, struct fwl_hash32 *prev_hash)
{
    uint8_t key[8];
    struct fwl_header header;
    struct fwl_span bytes;
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&r->config.to, &read);

    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_get(&read.kv, &bytes, FWL_SPACE_HDR, be64(key, r->lowest));
    if (err == FWL_OK && fwl_header_decode(&header, bytes) == FWL_OK) {
        *prev_hash = header.prev_hash;
    } else {
        err = err == FWL_ERR_STORAGE ? err : FWL_ERR_CORRUPT;
    }
    fwl_read_end(&read);
    return err;
}

enum fwl_err
fwl_restore_headers(struct fwl_restore *r, struct fwl_span headers)
{
    uint64_t count = headers.size / FWL_HEADER_SIZE;
    struct fwl_hash32 prev_hash = {{0}};
    uint64_t bottom = 0;
    enum fwl_err err = FWL_OK;

    if (!r->has_info || fwl_restore_stage(r) != FWL_RESTORE_HEADERS) {
        return FWL_ERR_STATE;
    }
    bottom = r->info.header.height - fwl_snapshot_headers(r->info.header.height);
    if (count == 0 || count > HEADERS_MAX || headers.size % FWL_HEADER_SIZE != 0 || count > r->lowest - bottom) {
        return FWL_ERR_RANGE;
    }
    err = read_link(r, &prev_hash);
    err = err == FWL_OK ? fwl_snapshot_headers_linked(headers, r->lowest - 1, &prev_hash) : err;
    err = err == FWL_OK ? write_headers(r, headers, r->lowest - count) : err;
    r->lowest -= err == FWL_OK ? count : 0;
    return err;
}

/* ---- chunks ---- */

/* An entry with its indexes. One that is there, from before a crash, has them. */
static enum fwl_err
write_entry(struct fwl_restore *r, struct fwl_overlay *o, const struct fwl_chunk_entry *e, size_t *count)
{
    struct fwl_kv kv = fwl_overlay_kv(o);
    struct fwl_smt_change *c = &r->changes[*count];
    uint8_t key[8 + 32];
    struct fwl_span old;
    uint64_t expires = 0;
    enum fwl_err err = fwl_kv_get(&kv, &old, FWL_SPACE_KV, e->key);

    if (err != FWL_ERR_ABSENT) {
        return err;
    }
    *c = (struct fwl_smt_change){.removed = false};
    fwl_chunk_key_hash(&c->key_hash, e);
    fwl_tree_value_hash(&c->value_hash, e->value);
    (*count)++;
    err = fwl_overlay_put(o, FWL_SPACE_KV, e->key, e->value);
    err = err == FWL_OK ? fwl_index_reference(o, e->value, e->key) : err;
    if (err != FWL_OK || e->key.p[0] != FWL_TABLE_TX) {
        return err;
    }
    if (e->key.size != 1 + 32 || fwl_entry_number(&expires, NULL, e->value) != FWL_OK) {
        return FWL_ERR_VALUE;
    }
    fwl_store_be64(key, expires);
    memcpy(key + 8, e->key.p + 1, 32);
    return fwl_overlay_put(o, FWL_SPACE_EXP, fwl_span(key, sizeof(key)), fwl_span(NULL, 0));
}

/* A batch of entries with their records of the tree; with the last one the chunk is done. */
static enum fwl_err
write_batch(struct fwl_restore *r, struct fwl_overlay *o, struct fwl_reader *it, uint32_t index)
{
    struct fwl_hash32 root;
    struct fwl_chunk_entry e;
    size_t count = 0;
    size_t bytes = 0;
    enum fwl_err err = FWL_OK;

    while (err == FWL_OK && count < FWL_RESTORE_BATCH && bytes < FWL_RESTORE_BATCH_BYTES && fwl_chunk_next(it, &e)) {
        err = write_entry(r, o, &e, &count);
        bytes += FWL_CHUNK_ENTRY_BYTES(e.key.size, e.value.size);
    }
    err = err == FWL_OK ? fwl_smt_update(o, &root, r->changes, count) : err;
    if (err == FWL_OK && it->left == 0) {
        r->done[index / 8] = (uint8_t)(r->done[index / 8] | 1U << index % 8);
        err = fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text(CHUNKS), fwl_span(r->done, sizeof(r->done)));
    }
    return err;
}

enum fwl_err
fwl_restore_chunk(struct fwl_restore *r, uint32_t index, struct fwl_span chunk)
{
    struct fwl_reader it;
    enum fwl_err err = FWL_OK;

    if (!r->has_info) {
        return FWL_ERR_STATE;
    }
    FWL_ASSERT(index < r->info.chunks);
    if (is_done(r, index)) {
        return FWL_OK;
    }
    err = fwl_chunk_verify(&r->info, index, chunk);
    if (err != FWL_OK) {
        return err;
    }
    for (fwl_reader_init(&it, chunk); err == FWL_OK && it.left > 0;) {
        struct fwl_overlay o;
        struct fwl_read read;

        err = fwl_read_begin(&r->config.to, &read);
        if (err == FWL_OK) {
            begin(r, &o, &read.kv);
            err = write_batch(r, &o, &it, index);
            fwl_read_end(&read);
        }
        err = err == FWL_OK ? commit(r, &o) : err;
    }
    if (err != FWL_OK) {
        r->done[index / 8] = (uint8_t)(r->done[index / 8] & ~(1U << index % 8)); /* its last commit did not succeed */
        return err;
    }
    r->left--;
    return FWL_OK;
}

/* ---- the end ---- */

/* What the indexes of a whole chain would say of what is not here. */
static enum fwl_err
write_bounds(struct fwl_restore *r, struct fwl_overlay *o)
{
    uint8_t key[8];
    uint8_t record[8 + 2 * (8 + 32 * FWL_FRONTIER_LEVELS)];
    struct fwl_writer w;
    struct fwl_span value;
    struct fwl_span bytes;
    enum fwl_err err = FWL_OK;

    err = fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("height"), be64(key, r->info.header.height));
    err = err == FWL_OK
              ? fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("base"), be64(key, r->info.header.height + 1))
              : err;
    if (err == FWL_OK && r->lowest > 0) {
        err = fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("headers"), be64(key, r->lowest));
    }
    fwl_writer_init(&w, record, sizeof(record));
    fwl_writer_u64(&w, r->info.header.height);
    fwl_tiles_put(&w, &r->info.history);
    bytes = fwl_span(record + 8, w.size - 8);
    fwl_tiles_put(&w, &r->info.log);
    if (err == FWL_OK) {
        err = fwl_writer_finish(&w, &value);
        FWL_ASSERT(err == FWL_OK);
        err = fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("restored"), value);
    }
    return err == FWL_OK ? fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("history"), bytes) : err;
}

/* The part of the header tree that the headers give which are here. */
static enum fwl_err
write_history(struct fwl_restore *r, struct fwl_overlay *o, const struct fwl_kv *kv)
{
    enum fwl_err err = FWL_OK;

    for (uint64_t h = r->lowest; err == FWL_OK && h < r->info.header.height; h++) {
        uint8_t key[8];
        struct fwl_span header;

        err = fwl_kv_get(kv, &header, FWL_SPACE_HDR, be64(key, h));
        err = err == FWL_OK ? fwl_index_history(o, header, h) : err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    return err;
}

/* The block that this node had is below the snapshot, or is asked about when its header comes. */
static enum fwl_err
write_known(struct fwl_restore *r, struct fwl_overlay *o, const struct fwl_kv *kv)
{
    uint8_t value[8 + 32];
    struct fwl_hash32 hash;
    struct fwl_span header;
    enum fwl_err err = FWL_OK;

    if (r->config.known == 0) {
        return FWL_OK;
    }
    fwl_store_be64(value, r->config.known);
    if (r->config.known < r->lowest) {
        memcpy(value + 8, r->config.known_hash.b, 32);
        return fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("was"), fwl_span(value, sizeof(value)));
    }
    if (r->config.known > r->info.header.height) {
        return FWL_ERR_STATE;
    }
    err = fwl_kv_get(kv, &header, FWL_SPACE_HDR, fwl_span(value, 8));
    if (err != FWL_OK || header.size != FWL_HEADER_SIZE) {
        return err == FWL_ERR_STORAGE ? err : FWL_ERR_CORRUPT;
    }
    fwl_header_hash_bytes(&hash, header);
    return fwl_hash32_equal(&hash, &r->config.known_hash) ? FWL_OK : FWL_ERR_CONFLICT;
}

static enum fwl_err
write_finish(struct fwl_restore *r, struct fwl_overlay *o, const struct fwl_kv *kv)
{
    struct fwl_hash32 leaf;
    struct fwl_hash32 root;
    uint64_t size = 0;
    enum fwl_err err = fwl_tiles_restore(o, FWL_SPACE_HIST, &r->info.history);

    fwl_rfc6962_leaf(&leaf, r->info.header_bytes);
    err = err == FWL_OK ? fwl_tiles_append(o, &root, &size, FWL_SPACE_HIST, &leaf, 1) : err;
    err = err == FWL_OK ? write_history(r, o, kv) : err;
    err = err == FWL_OK ? fwl_tiles_restore(o, FWL_SPACE_LOG, &r->info.log) : err;
    err = err == FWL_OK ? write_known(r, o, kv) : err;
    err = err == FWL_OK ? write_bounds(r, o) : err;
    err = err == FWL_OK ? fwl_overlay_delete(o, FWL_SPACE_META, fwl_span_text(RESTORING)) : err;
    return err == FWL_OK ? fwl_overlay_delete(o, FWL_SPACE_META, fwl_span_text(CHUNKS)) : err;
}

enum fwl_err
fwl_restore_finish(struct fwl_restore *r)
{
    struct fwl_hash32 root;
    struct fwl_overlay o;
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    if (!r->has_info || fwl_restore_stage(r) != FWL_RESTORE_FINISH ||
        fwl_trail_leads_to(&r->trail, &r->info.header) != FWL_OK) {
        return FWL_ERR_STATE;
    }
    err = fwl_read_begin(&r->config.to, &read);
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_smt_root(&read.kv, &root);
    if (err == FWL_OK && !fwl_hash32_equal(&root, &r->info.header.state_root)) {
        err = FWL_ERR_CORRUPT;
    }
    begin(r, &o, &read.kv);
    err = err == FWL_OK ? write_finish(r, &o, &read.kv) : err;
    fwl_read_end(&read);
    return err == FWL_OK ? commit(r, &o) : err;
}

/* ---- all at once ---- */

static enum fwl_err
take_steps(struct fwl_restore *r, const struct fwl_snapshot *s, uint64_t until)
{
    struct fwl_reader it;
    struct fwl_span step;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&it, s->steps);
    for (uint64_t epoch = 0; err == FWL_OK && epoch < until && fwl_snapshot_step(&it, &step); epoch++) {
        err = epoch == r->trail.at.epoch ? fwl_restore_step(r, step) : FWL_OK;
    }
    return err;
}

static enum fwl_err
take_headers(struct fwl_restore *r, const struct fwl_snapshot *s)
{
    enum fwl_err err = FWL_OK;

    while (err == FWL_OK && fwl_restore_stage(r) == FWL_RESTORE_HEADERS) {
        uint64_t count = FWL_MIN(r->lowest - s->first, (uint64_t)HEADERS_MAX);
        size_t at = (size_t)(r->lowest - count - s->first) * FWL_HEADER_SIZE;

        err = fwl_restore_headers(r, fwl_span(s->headers.p + at, (size_t)count * FWL_HEADER_SIZE));
    }
    return err;
}

enum fwl_err
fwl_restore_snapshot(struct fwl_restore *r, const struct fwl_snapshot *s, fwl_snapshot_progress progress, void *cookie)
{
    enum fwl_err err = take_steps(r, s, s->info.header.epoch);

    if (err == FWL_OK && !r->has_info) {
        err = fwl_restore_info(r, s->info_bytes);
    } else if (err == FWL_OK && (!fwl_hash32_equal(&r->info.hash, &s->info.hash) || r->info.chunks != s->info.chunks)) {
        err = FWL_ERR_CONFLICT;
    }
    err = err == FWL_OK ? take_steps(r, s, s->step_count) : err;
    err = err == FWL_OK ? take_headers(r, s) : err;
    for (uint32_t i = 0; err == FWL_OK && i < s->info.chunks; i++) {
        err = fwl_restore_chunk(r, i, fwl_snapshot_chunk(s, i));
        if (err == FWL_OK && progress != NULL) {
            progress(cookie, i + 1, s->info.chunks);
        }
    }
    return err == FWL_OK ? fwl_restore_finish(r) : err;
}
