#include "ledger/snapshot/file/snapmake.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/host/folder.h"
#include "core/host/heap.h"
#include "ledger/merkle/build/smt.h"
#include "ledger/merkle/build/tiles.h"
#include "ledger/query/layout.h"
#include "ledger/query/query.h"

enum {
    CELLS = FWL_SNAPSHOT_CHUNKS_MAX,
    BUFFER_BYTES = 16 << 20,
    PATH_BYTES = 4096,
};

/* A chunk: its place in the file and what has been put there. */
struct cell {
    uint64_t at;
    uint32_t size;   /* in the end */
    uint32_t filled; /* written */
    uint32_t held;   /* in its buffer */
};

/* An entry of the chunk that is sorted. */
struct item {
    struct fwl_hash32 key_hash;
    struct fwl_span bytes;
};

struct make {
    const struct fwl_kv *kv;
    FILE *to;
    int fd;
    struct fwl_query_tip tip;
    uint32_t chunks;
    struct cell cell[CELLS];
    uint8_t parts[CELLS * FWL_SNAPINFO_PART_BYTES];
    uint8_t info_bytes[FWL_SNAPINFO_MAX];
    struct fwl_snapinfo info;
    uint8_t *buffers;
    size_t buffer; /* bytes of one */
    uint8_t *unsorted, *sorted;
    struct item *items;
    size_t items_max;
};

static enum fwl_err
file_error(void)
{
    return errno == ENOSPC || errno == EDQUOT ? FWL_ERR_FULL : FWL_ERR_STORAGE;
}

/* ---- first pass: sizes ---- */

/* Calls @each for every entry of the state, in the order of keys. */
static enum fwl_err
each_entry(struct make *m,
           enum fwl_err (*each)(struct make *m, const struct fwl_chunk_entry *e, const struct fwl_hash32 *key_hash))
{
    struct fwl_kv_entry at = {0};
    enum fwl_err err = fwl_kv_seek(m->kv, &at, FWL_SPACE_KV, at.key);

    while (err == FWL_OK) {
        struct fwl_chunk_entry e = {.key = at.key, .value = at.value};
        struct fwl_hash32 key_hash;

        fwl_chunk_key_hash(&key_hash, &e);
        err = each(m, &e, &key_hash);
        err = err == FWL_OK ? fwl_kv_next(m->kv, &at, FWL_SPACE_KV, at.key) : err;
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static enum fwl_err
count_entry(struct make *m, const struct fwl_chunk_entry *e, const struct fwl_hash32 *key_hash)
{
    struct cell *c = &m->cell[fwl_snapinfo_chunk(CELLS, key_hash)];
    size_t size = FWL_CHUNK_ENTRY_BYTES(e->key.size, e->value.size);

    if (size > FWL_SNAPSHOT_CHUNK_MAX - c->size) {
        return FWL_ERR_LIMIT;
    }
    c->size += (uint32_t)size;
    return FWL_OK;
}

/* 256 chunks, unless one of them would be above @split. */
static void
choose_chunks(struct make *m, uint32_t split)
{
    enum { PER = CELLS / FWL_SNAPSHOT_CHUNKS_MIN };
    uint64_t sum[FWL_SNAPSHOT_CHUNKS_MIN] = {0};

    m->chunks = FWL_SNAPSHOT_CHUNKS_MIN;
    for (uint32_t i = 0; i < CELLS; i++) {
        sum[i / PER] += m->cell[i].size;
        m->chunks = sum[i / PER] > split ? CELLS : m->chunks;
    }
    for (uint32_t i = 0; m->chunks != CELLS && i < FWL_SNAPSHOT_CHUNKS_MIN; i++) {
        m->cell[i] = (struct cell){.size = (uint32_t)sum[i]};
    }
}

/* ---- the head of the file ---- */

static void
put(struct make *m, struct fwl_span bytes)
{
    (void)fwrite(bytes.p, 1, bytes.size, m->to); /* ferror is asked in the end */
}

static void
put_u32(struct make *m, size_t v)
{
    uint8_t b[4];

    fwl_store_be32(b, (uint32_t)v);
    put(m, fwl_span(b, sizeof(b)));
}

static void
put_sized(struct make *m, struct fwl_span bytes)
{
    put_u32(m, bytes.size);
    put(m, bytes);
}

static enum fwl_err
put_steps(struct make *m)
{
    uint64_t count = fwl_snapshot_steps(&m->tip.header);
    uint8_t key[8];

    if (count > UINT32_MAX) {
        return FWL_ERR_CORRUPT;
    }
    put_u32(m, (size_t)count);
    for (uint64_t epoch = 0; epoch < count; epoch++) {
        struct fwl_layout_set set;
        struct fwl_span line;
        enum fwl_err err = FWL_OK;

        fwl_store_be64(key, epoch);
        err = fwl_kv_get(m->kv, &line, FWL_SPACE_SET, fwl_span(key, sizeof(key)));
        err = err == FWL_OK ? fwl_layout_set(&set, line) : err;
        if (err != FWL_OK) {
            return err;
        }
        put_sized(m, set.step);
    }
    return FWL_OK;
}

static enum fwl_err
put_headers(struct make *m)
{
    uint64_t height = m->tip.header.height;
    uint32_t count = fwl_snapshot_headers(height);
    uint8_t key[8];

    put_u32(m, count);
    for (uint64_t h = height - count; h < height; h++) {
        struct fwl_span header;
        enum fwl_err err = FWL_OK;

        fwl_store_be64(key, h);
        err = fwl_kv_get(m->kv, &header, FWL_SPACE_HDR, fwl_span(key, sizeof(key)));
        if (err != FWL_OK || header.size != FWL_HEADER_SIZE) {
            return err == FWL_OK ? FWL_ERR_CORRUPT : err;
        }
        put(m, header);
    }
    return FWL_OK;
}

static enum fwl_err
read_cert(struct make *m)
{
    struct fwl_query_set set;
    enum fwl_err err = fwl_query_set(m->kv, &set, m->tip.header.height);

    err = err == FWL_OK
              ? fwl_cert_decode_short(&m->info.cert, m->tip.cert, set.validators.n, m->tip.header.height, &m->tip.hash)
              : err;
    return err == FWL_OK || err == FWL_ERR_STORAGE ? err : FWL_ERR_CORRUPT;
}

/* Roots out of the state tree; whether they fold to that of the header is asked before anything is written. */
static enum fwl_err
make_info(struct make *m)
{
    struct fwl_span history;
    struct fwl_span done;
    struct fwl_writer w;
    enum fwl_err err = FWL_OK;

    m->info = (struct fwl_snapinfo){.header = m->tip.header,
                                    .header_bytes = m->tip.header_bytes,
                                    .hash = m->tip.hash,
                                    .chunks = (uint16_t)m->chunks,
                                    .parts = fwl_span(m->parts, (size_t)m->chunks * FWL_SNAPINFO_PART_BYTES)};
    err = read_cert(m);
    for (uint32_t i = 0; i < m->chunks && err == FWL_OK; i++) {
        uint8_t *to = m->parts + (size_t)i * FWL_SNAPINFO_PART_BYTES;
        unsigned bits = fwl_snapinfo_bits(m->chunks);
        struct fwl_hash32 prefix = {.b = {0}};
        struct fwl_tree_part part;

        fwl_store_be16(prefix.b, (uint16_t)(i << (16 - bits)));
        err = fwl_smt_part(m->kv, &part, &prefix, bits / 4);
        to[0] = part.count;
        memcpy(to + 1, part.hash.b, sizeof(part.hash.b));
    }
    err = err == FWL_OK ? fwl_kv_get(m->kv, &history, FWL_SPACE_META, fwl_span_text("history")) : err;
    err = err == FWL_OK ? fwl_tiles_decode(&m->info.history, history) : err;
    err = err == FWL_OK ? fwl_tiles_frontier(m->kv, FWL_SPACE_LOG, &m->info.log) : err;
    if (err != FWL_OK) {
        return err;
    }
    fwl_writer_init(&w, m->info_bytes, sizeof(m->info_bytes));
    fwl_snapinfo_put(&w, &m->info);
    err = fwl_writer_finish(&w, &done);
    FWL_ASSERT(err == FWL_OK); /* it is the longest that there can be */
    return fwl_snapinfo_decode(&m->info, done) == FWL_OK && fwl_snapinfo_roots(&m->info) == FWL_OK ? FWL_OK
                                                                                                   : FWL_ERR_CORRUPT;
}

static enum fwl_err
write_head(struct make *m)
{
    struct fwl_span genesis;
    enum fwl_err err = fwl_kv_get(m->kv, &genesis, FWL_SPACE_META, fwl_span_text("genesis"));
    long at = 0;

    if (err == FWL_OK) {
        put(m, fwl_span_text(FWL_SNAPSHOT_MAGIC));
        put_sized(m, genesis);
        err = put_steps(m);
    }
    err = err == FWL_OK ? put_headers(m) : err;
    if (err != FWL_OK) {
        return err;
    }
    put_sized(m, fwl_span(m->info_bytes, (size_t)(m->info.rest.p + m->info.rest.size - m->info_bytes)));
    for (uint32_t i = 0; i < m->chunks; i++) {
        put_u32(m, m->cell[i].size);
    }
    if (fflush(m->to) != 0 || ferror(m->to) != 0 || (at = ftell(m->to)) < 0) {
        return file_error();
    }
    m->cell[0].at = (uint64_t)at;
    for (uint32_t i = 1; i < m->chunks; i++) {
        m->cell[i].at = m->cell[i - 1].at + m->cell[i - 1].size;
    }
    return FWL_OK;
}

/* ---- second pass: every entry into its chunk ---- */

static enum fwl_err
write_at(struct make *m, const uint8_t *bytes, size_t size, uint64_t at)
{
    while (size > 0) {
        ssize_t n = pwrite(m->fd, bytes, size, (off_t)at);

        if (n <= 0) {
            return file_error();
        }
        bytes += n;
        size -= (size_t)n;
        at += (uint64_t)n;
    }
    return FWL_OK;
}

static enum fwl_err
drain(struct make *m, uint32_t chunk)
{
    struct cell *c = &m->cell[chunk];
    enum fwl_err err = write_at(m, m->buffers + chunk * m->buffer, c->held, c->at + c->filled);

    c->filled += c->held;
    c->held = 0;
    return err;
}

static enum fwl_err
place_entry(struct make *m, const struct fwl_chunk_entry *e, const struct fwl_hash32 *key_hash)
{
    uint8_t alone[FWL_CHUNK_ENTRY_BYTES(FWL_KV_KEY_MAX, FWL_ENTRY_MAX)];
    uint32_t chunk = fwl_snapinfo_chunk(m->chunks, key_hash);
    struct cell *c = &m->cell[chunk];
    struct fwl_writer w;
    struct fwl_span bytes;
    enum fwl_err err = FWL_OK;

    fwl_writer_init(&w, alone, sizeof(alone));
    fwl_chunk_put(&w, e);
    if (fwl_writer_finish(&w, &bytes) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    if (bytes.size > m->buffer - c->held) {
        err = drain(m, chunk);
    }
    if (err == FWL_OK && bytes.size > m->buffer) {
        err = write_at(m, bytes.p, bytes.size, c->at + c->filled);
        c->filled += (uint32_t)bytes.size;
    } else if (err == FWL_OK) {
        memcpy(m->buffers + chunk * m->buffer + c->held, bytes.p, bytes.size);
        c->held += (uint32_t)bytes.size;
    }
    return err;
}

/* ---- last pass: chunks sorted ---- */

static int
by_key_hash(const void *a, const void *b)
{
    return memcmp(((const struct item *)a)->key_hash.b, ((const struct item *)b)->key_hash.b,
                  sizeof(struct fwl_hash32));
}

static enum fwl_err
read_chunk(struct make *m, const struct cell *c)
{
    for (size_t done = 0; done < c->size;) {
        ssize_t n = pread(m->fd, m->unsorted + done, c->size - done, (off_t)(c->at + done));

        if (n <= 0) {
            return FWL_ERR_STORAGE;
        }
        done += (size_t)n;
    }
    return FWL_OK;
}

static enum fwl_err
add_item(struct make *m, size_t count, const struct fwl_chunk_entry *e, struct fwl_span bytes)
{
    if (count == m->items_max) {
        size_t more = m->items_max == 0 ? 4096 : 2 * m->items_max;
        struct item *items = fwl_realloc(m->items, more * sizeof(*items));

        if (items == NULL) {
            return FWL_ERR_MEMORY;
        }
        m->items = items;
        m->items_max = more;
    }
    m->items[count].bytes = bytes;
    fwl_chunk_key_hash(&m->items[count].key_hash, e);
    return FWL_OK;
}

static enum fwl_err
sort_chunk(struct make *m, uint32_t chunk)
{
    const struct cell *c = &m->cell[chunk];
    struct fwl_chunk_entry e;
    struct fwl_reader it;
    size_t count = 0;
    size_t size = 0;
    enum fwl_err err = read_chunk(m, c);

    fwl_reader_init(&it, fwl_span(m->unsorted, c->size));
    for (const uint8_t *at = it.at; err == FWL_OK && fwl_chunk_next(&it, &e); at = it.at) {
        err = add_item(m, count++, &e, fwl_span(at, (size_t)(it.at - at)));
    }
    if (err != FWL_OK) {
        return err;
    }
    if (count > 0) {
        qsort(m->items, count, sizeof(m->items[0]), by_key_hash);
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(m->sorted + size, m->items[i].bytes.p, m->items[i].bytes.size);
        size += m->items[i].bytes.size;
    }
    if (fwl_chunk_verify(&m->info, chunk, fwl_span(m->sorted, size)) != FWL_OK) {
        return FWL_ERR_CORRUPT; /* the entries are not those of the state tree */
    }
    return write_at(m, m->sorted, size, c->at);
}

static enum fwl_err
write_chunks(struct make *m, size_t buffer_bytes)
{
    size_t largest = 1;
    enum fwl_err err = FWL_OK;

    for (uint32_t i = 0; i < m->chunks; i++) {
        largest = FWL_MAX(largest, (size_t)m->cell[i].size);
    }
    FWL_ASSERT(m->chunks > 0);
    m->buffer = FWL_MAX(buffer_bytes / m->chunks, (size_t)1);
    m->buffers = fwl_malloc(m->buffer * m->chunks);
    m->unsorted = fwl_malloc(largest);
    m->sorted = fwl_malloc(largest);
    if (m->buffers == NULL || m->unsorted == NULL || m->sorted == NULL) {
        return FWL_ERR_MEMORY;
    }
    err = each_entry(m, place_entry);
    for (uint32_t i = 0; i < m->chunks && err == FWL_OK; i++) {
        err = drain(m, i);
    }
    for (uint32_t i = 0; i < m->chunks && err == FWL_OK; i++) {
        FWL_ASSERT(m->cell[i].filled == m->cell[i].size); /* one view, counted before */
        err = sort_chunk(m, i);
    }
    return err;
}

static enum fwl_err
make(struct make *m, const struct fwl_snapmake_config *config)
{
    enum fwl_err err = fwl_query_tip(m->kv, &m->tip);

    if (err == FWL_ERR_ABSENT || (err == FWL_OK && m->tip.header.height == 0)) {
        return FWL_ERR_STATE;
    }
    err = err == FWL_OK ? each_entry(m, count_entry) : err;
    if (err != FWL_OK) {
        return err;
    }
    choose_chunks(m, config->split == 0 ? FWL_SNAPSHOT_CHUNK_SPLIT : config->split);
    err = make_info(m);
    err = err == FWL_OK ? write_head(m) : err;
    err = err == FWL_OK ? write_chunks(m, config->buffer_bytes == 0 ? BUFFER_BYTES : config->buffer_bytes) : err;
    if (err == FWL_OK && config->height != NULL) {
        *config->height = m->tip.header.height;
    }
    return err;
}

enum fwl_err
fwl_snapmake(const struct fwl_kv *kv, FILE *to, const struct fwl_snapmake_config *config)
{
    struct make *m = fwl_calloc(1, sizeof(*m));
    enum fwl_err err = FWL_ERR_MEMORY;

    if (m != NULL) {
        m->kv = kv;
        m->to = to;
        m->fd = fileno(to);
        err = make(m, config);
        fwl_free(m->items);
        fwl_free(m->sorted);
        fwl_free(m->unsorted);
        fwl_free(m->buffers);
    }
    fwl_free(m);
    return err;
}

/* ---- as a file ---- */

enum fwl_err
fwl_snapmake_file(const struct fwl_kv *kv, const char *path, const struct fwl_snapmake_config *config)
{
    char draft[PATH_BYTES];
    FILE *f = NULL;
    enum fwl_err err = FWL_OK;
    int n = snprintf(draft, sizeof(draft), "%s.part", path);

    if (n < 0 || (size_t)n >= sizeof(draft)) {
        return FWL_ERR_STORAGE;
    }
    f = fopen(draft, "w+be");
    if (f == NULL) {
        return file_error();
    }
    err = fwl_snapmake(kv, f, config);
    if (err == FWL_OK && fsync(fileno(f)) != 0) {
        err = file_error();
    }
    if (fclose(f) != 0 && err == FWL_OK) {
        err = file_error();
    }
    if (err == FWL_OK && rename(draft, path) != 0) {
        err = file_error();
    }
    if (err != FWL_OK) {
        (void)unlink(draft);
        return err;
    }
    return fwl_folder_sync_of(path);
}
