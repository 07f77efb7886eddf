#include "ledger/store/store.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <time.h>

#include "core/host/heap.h"
#include "ledger/store/part.h"

enum {
    MAX_GROWTH = 1,          /* tries with a larger map in one commit */
    SHORT_BYTES = 64 * 1024, /* free space below which half a write means a full disk */
};

const int64_t fwl_store_time_bounds[FWL_HISTOGRAM_BOUNDS] = {100,   250,   500,    1000,   2500,    5000,
                                                             10000, 25000, 100000, 250000, 1000000, 5000000};

/* An open read; kept in a list so that a commit can tell whether its own thread reads. */
struct fwl_store_read {
    struct fwl_store *store;
    MDB_txn *txn;
    MDB_cursor *cursor[FWL_SPACE_LAST + 1]; /* opened when first sought */
    pthread_t thread;
    struct fwl_store_read *next;
};

enum fwl_space
fwl_store_first(enum fwl_store_kind kind)
{
    return kind == FWL_STORE_CHAIN ? FWL_SPACE_HDR : FWL_SPACE_REC;
}

enum fwl_space
fwl_store_last(enum fwl_store_kind kind)
{
    return kind == FWL_STORE_CHAIN ? FWL_SPACE_META : FWL_SPACE_VMETA;
}

static bool
owns_space(const struct fwl_store *store, enum fwl_space space)
{
    return space >= fwl_store_first(store->kind) && space <= fwl_store_last(store->kind);
}

enum fwl_err
fwl_store_error(int rc)
{
    switch (rc) {
    case MDB_SUCCESS: return FWL_OK;
    case MDB_NOTFOUND: return FWL_ERR_ABSENT;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT: return FWL_ERR_FULL;
    case ENOMEM: return FWL_ERR_MEMORY;
    case MDB_READERS_FULL: return FWL_ERR_BUSY;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH: return FWL_ERR_CORRUPT;
    default: return FWL_ERR_STORAGE;
    }
}

static MDB_val
to_val(struct fwl_span s)
{
    union {
        const uint8_t *in;
        void *out;
    } p = {.in = s.p}; /* LMDB takes what it only reads as void * */

    return (MDB_val){.mv_size = s.size, .mv_data = p.out};
}

static struct fwl_span
from_val(MDB_val v)
{
    return fwl_span(v.mv_data, v.mv_size);
}

/* ---- reading ---- */

static enum fwl_err
reader_get(void *ctx, struct fwl_span *value, enum fwl_space space, struct fwl_span key)
{
    struct fwl_store_read *r = ctx;
    MDB_val k = to_val(key);
    MDB_val v;
    int rc;

    FWL_ASSERT(owns_space(r->store, space));
    rc = mdb_get(r->txn, r->store->dbi[space], &k, &v);
    if (rc == MDB_SUCCESS) {
        *value = from_val(v);
    }
    return fwl_store_error(rc);
}

static enum fwl_err
reader_seek(void *ctx, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span key, bool after)
{
    struct fwl_store_read *r = ctx;
    MDB_val k = to_val(key);
    MDB_val v;
    int rc = MDB_SUCCESS;

    FWL_ASSERT(owns_space(r->store, space));
    if (r->cursor[space] == NULL) {
        rc = mdb_cursor_open(r->txn, r->store->dbi[space], &r->cursor[space]);
    }
    if (rc == MDB_SUCCESS) {
        rc = mdb_cursor_get(r->cursor[space], &k, &v, key.size == 0 ? MDB_FIRST : MDB_SET_RANGE);
    }
    if (rc == MDB_SUCCESS && after && fwl_span_equal(from_val(k), key)) {
        rc = mdb_cursor_get(r->cursor[space], &k, &v, MDB_NEXT);
    }
    if (rc == MDB_SUCCESS) {
        *entry = (struct fwl_kv_entry){.key = from_val(k), .value = from_val(v)};
    }
    return fwl_store_error(rc);
}

static const struct fwl_kv_ops reader_ops = {.get = reader_get, .seek = reader_seek};

/* Called with store->lock held. */
static void
unlink_reader(struct fwl_store *store, struct fwl_store_read *r)
{
    struct fwl_store_read **at = &store->readers;

    while (*at != r) {
        at = &(*at)->next;
    }
    *at = r->next;
    pthread_cond_broadcast(&store->changed);
}

static int
begin_read(struct fwl_store *store, MDB_txn **txn)
{
    int rc = store->env == NULL ? EINVAL : mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn);

    if (rc == MDB_MAP_RESIZED && store->reader && mdb_env_set_mapsize(store->env, 0) == MDB_SUCCESS) {
        rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn); /* the node has grown its map meanwhile */
    }
    return rc;
}

static enum fwl_err
store_read_begin(void *ctx, void **read, struct fwl_kv *kv)
{
    struct fwl_store *store = ctx;
    struct fwl_store_read *r = fwl_calloc(1, sizeof(*r));
    int rc;

    if (r == NULL) {
        return FWL_ERR_MEMORY;
    }
    r->store = store;
    r->thread = pthread_self();
    pthread_mutex_lock(&store->lock);
    while (store->growing) {
        pthread_cond_wait(&store->changed, &store->lock);
    }
    r->next = store->readers;
    store->readers = r;
    pthread_mutex_unlock(&store->lock);
    rc = begin_read(store, &r->txn);
    if (rc != MDB_SUCCESS) {
        pthread_mutex_lock(&store->lock);
        unlink_reader(store, r);
        pthread_mutex_unlock(&store->lock);
        fwl_free(r);
        return fwl_store_error(rc);
    }
    *read = r;
    *kv = (struct fwl_kv){.ops = &reader_ops, .ctx = r};
    return FWL_OK;
}

static void
store_read_end(void *ctx, void *read)
{
    struct fwl_store *store = ctx;
    struct fwl_store_read *r = read;

    for (unsigned i = FWL_SPACE_FIRST; i <= FWL_SPACE_LAST; i++) {
        if (r->cursor[i] != NULL) {
            mdb_cursor_close(r->cursor[i]);
        }
    }
    mdb_txn_abort(r->txn);
    pthread_mutex_lock(&store->lock);
    unlink_reader(store, r);
    pthread_mutex_unlock(&store->lock);
    fwl_free(r);
}

/* ---- writing ---- */

static int64_t
now_us(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The end of a commit that began at @start_us. */
static int
commit_timed(struct fwl_store *store, MDB_txn *txn, int64_t start_us)
{
    int64_t put_us = now_us();
    int rc = mdb_txn_commit(txn); /* frees the transaction either way */
    int64_t end_us = now_us();

    if (rc == MDB_SUCCESS) {
        fwl_histogram_add(&store->times.sync, fwl_store_time_bounds, end_us - put_us);
        fwl_histogram_add(&store->times.commit, fwl_store_time_bounds, end_us - start_us);
    }
    return rc;
}

/* One try: all writes, then the commit. Nothing is committed on failure. */
static int
apply(struct fwl_store *store, const struct fwl_overlay *writes)
{
    struct fwl_overlay_write w = {.space = (enum fwl_space)0};
    MDB_txn *txn = NULL;
    int64_t start_us = now_us();
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

    if (rc != MDB_SUCCESS) {
        return rc;
    }
    while (rc == MDB_SUCCESS && fwl_overlay_next(writes, &w)) {
        MDB_val k = to_val(w.key);
        MDB_val v = to_val(w.value);

        FWL_ASSERT(owns_space(store, w.space));
        if (w.deleted) {
            rc = mdb_del(txn, store->dbi[w.space], &k, NULL);
            rc = rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
        } else {
            rc = mdb_put(txn, store->dbi[w.space], &k, &v, 0);
        }
    }
    if (rc != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return rc;
    }
    return commit_timed(store, txn, start_us);
}

void
fwl_store_pause(struct fwl_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->growing = true;
    while (store->readers != NULL) {
        pthread_cond_wait(&store->changed, &store->lock);
    }
    pthread_mutex_unlock(&store->lock);
}

void
fwl_store_go_on(struct fwl_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->growing = false;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

/* Is there so much address space? LMDB gives its map away before it asks for another, and has none when that fails. */
static bool
can_map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p != MAP_FAILED && munmap(p, bytes) == 0;
}

/* A larger map, once nobody reads: LMDB moves the mapping. MDB_MAP_FULL: there is no address space for one. */
static int
grow(struct fwl_store *store, size_t need_bytes)
{
    MDB_envinfo info = {.me_mapsize = 0};
    size_t bytes = 0;
    int rc;

    fwl_store_pause(store);
    rc = mdb_env_info(store->env, &info);
    /* Four times the batch: copied pages of the trees, and pages half full. */
    bytes = 2 * info.me_mapsize + 4 * need_bytes;
    if (rc == MDB_SUCCESS && !can_map(bytes)) {
        rc = MDB_MAP_FULL;
    } else if (rc == MDB_SUCCESS) {
        rc = mdb_env_set_mapsize(store->env, bytes);
        if (rc != MDB_SUCCESS) { /* somebody took that space meanwhile: nothing can be read any more */
            mdb_env_close(store->env);
            store->env = NULL;
            rc = EIO;
        }
    }
    fwl_store_go_on(store);
    return rc;
}

/*
 * A file system that is about to be full takes a part of a write, and LMDB calls that EIO. It writes data pages first,
 * then syncs, then writes the meta page, and after a failure of the last it refuses to begin again; so where a
 * transaction can still begin nothing was committed, and every page is written anew by the next try.
 */
static bool
short_of_space(const struct fwl_store *store)
{
    struct statvfs fs;

    return fstatvfs(store->lock_fd, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < SHORT_BYTES;
}

/* After a full disk LMDB goes on, unless it could not restore its meta page: then it refuses to begin. */
static bool
still_usable(struct fwl_store *store)
{
    MDB_txn *txn = NULL;

    if (mdb_txn_begin(store->env, NULL, 0, &txn) != MDB_SUCCESS) {
        return false;
    }
    mdb_txn_abort(txn);
    return true;
}

static void
assert_no_own_read(struct fwl_store *store)
{
    pthread_mutex_lock(&store->lock);
    for (const struct fwl_store_read *r = store->readers; r != NULL; r = r->next) {
        FWL_ASSERT(!pthread_equal(r->thread, pthread_self()));
    }
    pthread_mutex_unlock(&store->lock);
}

static enum fwl_err
store_commit(void *ctx, const struct fwl_overlay *writes)
{
    struct fwl_store *store = ctx;
    enum fwl_err err;
    int rc;

    FWL_ASSERT(!store->reader);
    assert_no_own_read(store);
    pthread_mutex_lock(&store->commit_lock);
    err = store->final;
    if (err != FWL_OK) {
        goto unlock;
    }
    rc = apply(store, writes);
    for (int i = 0; rc == MDB_MAP_FULL && i < MAX_GROWTH; i++) {
        rc = grow(store, writes->used_bytes);
        if (rc == MDB_SUCCESS) {
            rc = apply(store, writes);
        }
    }
    err = rc == EIO && store->env != NULL && short_of_space(store) ? FWL_ERR_FULL : fwl_store_error(rc);
    if (err == FWL_ERR_FULL && !still_usable(store)) {
        err = FWL_ERR_STORAGE;
    }
    if (err != FWL_OK && err != FWL_ERR_FULL && err != FWL_ERR_MEMORY) {
        err = err == FWL_ERR_CORRUPT ? err : FWL_ERR_STORAGE;
        store->final = err;
    }
unlock:
    pthread_mutex_unlock(&store->commit_lock);
    return err;
}

struct fwl_storage
fwl_store_storage(struct fwl_store *store)
{
    static const struct fwl_storage_ops ops = {
        .commit = store_commit, .read_begin = store_read_begin, .read_end = store_read_end};

    return (struct fwl_storage){.ops = &ops, .ctx = store};
}

int
fwl_store_check_readers(struct fwl_store *store)
{
    int dead = 0;

    (void)mdb_reader_check(store->env, &dead);
    return dead;
}

void
fwl_store_times(struct fwl_store *store, struct fwl_store_times *out)
{
    pthread_mutex_lock(&store->commit_lock);
    *out = store->times;
    pthread_mutex_unlock(&store->commit_lock);
}

void
fwl_store_sizes(struct fwl_store *store, uint64_t *map_bytes, uint64_t *used_bytes)
{
    MDB_envinfo info = {.me_mapsize = 0};
    MDB_stat stat = {.ms_psize = 0};

    (void)mdb_env_info(store->env, &info);
    (void)mdb_env_stat(store->env, &stat);
    *map_bytes = info.me_mapsize;
    *used_bytes = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}
