#include "ledger/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <lmdb.h>

#include "core/host/heap.h"

enum {
    READERS_MAX = 512,
    PATH_BYTES = 4096,
    SCHEMA_BYTES = 5,        /* kind u8, version u32 */
    MAX_GROWTH = 1,          /* tries with a larger map in one commit */
    SHORT_BYTES = 64 * 1024, /* free space below which half a write means a full disk */
};

#define CHAIN_MAP_BYTES ((size_t)1 << 30)
#define VOTES_MAP_BYTES ((size_t)64 << 20)

/* An open read; kept in a list so that a commit can tell whether its own thread reads. */
struct reader {
    struct fwl_store *store;
    MDB_txn *txn;
    MDB_cursor *cursor[FWL_SPACE_LAST + 1]; /* opened when first sought */
    pthread_t thread;
    struct reader *next;
};

struct fwl_store {
    MDB_env *env;
    MDB_dbi dbi[FWL_SPACE_LAST + 1];
    enum fwl_store_kind kind;
    int lock_fd;
    pthread_mutex_t commit_lock; /* one commit at a time; the map is grown under it */
    pthread_mutex_t lock;        /* the fields below */
    pthread_cond_t changed;
    struct reader *readers;
    bool growing;       /* no read begins */
    enum fwl_err final; /* FWL_OK, or what every commit returns from now on */
};

static enum fwl_space
first_space(enum fwl_store_kind kind)
{
    return kind == FWL_STORE_CHAIN ? FWL_SPACE_HDR : FWL_SPACE_REC;
}

static enum fwl_space
last_space(enum fwl_store_kind kind)
{
    return kind == FWL_STORE_CHAIN ? FWL_SPACE_META : FWL_SPACE_VMETA;
}

static bool
owns_space(const struct fwl_store *store, enum fwl_space space)
{
    return space >= first_space(store->kind) && space <= last_space(store->kind);
}

/* A code of LMDB or errno as ours; MDB_MAP_FULL is FULL too. */
static enum fwl_err
map_error(int rc)
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
    struct reader *r = ctx;
    MDB_val k = to_val(key);
    MDB_val v;
    int rc;

    FWL_ASSERT(owns_space(r->store, space));
    rc = mdb_get(r->txn, r->store->dbi[space], &k, &v);
    if (rc == MDB_SUCCESS) {
        *value = from_val(v);
    }
    return map_error(rc);
}

static enum fwl_err
reader_seek(void *ctx, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span key, bool after)
{
    struct reader *r = ctx;
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
    return map_error(rc);
}

static const struct fwl_kv_ops reader_ops = {.get = reader_get, .seek = reader_seek};

/* Called with store->lock held. */
static void
unlink_reader(struct fwl_store *store, struct reader *r)
{
    struct reader **at = &store->readers;

    while (*at != r) {
        at = &(*at)->next;
    }
    *at = r->next;
    pthread_cond_broadcast(&store->changed);
}

static enum fwl_err
store_read_begin(void *ctx, void **read, struct fwl_kv *kv)
{
    struct fwl_store *store = ctx;
    struct reader *r = fwl_calloc(1, sizeof(*r));
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
    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &r->txn);
    if (rc != MDB_SUCCESS) {
        pthread_mutex_lock(&store->lock);
        unlink_reader(store, r);
        pthread_mutex_unlock(&store->lock);
        fwl_free(r);
        return map_error(rc);
    }
    *read = r;
    *kv = (struct fwl_kv){.ops = &reader_ops, .ctx = r};
    return FWL_OK;
}

static void
store_read_end(void *ctx, void *read)
{
    struct fwl_store *store = ctx;
    struct reader *r = read;

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

/* One try: all writes, then the commit. Nothing is committed on failure. */
static int
apply(struct fwl_store *store, const struct fwl_overlay *writes)
{
    struct fwl_overlay_write w = {.space = (enum fwl_space)0};
    MDB_txn *txn = NULL;
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
    return mdb_txn_commit(txn); /* frees the transaction either way */
}

/* A larger map, once nobody reads: LMDB moves the mapping. */
static int
grow(struct fwl_store *store, size_t need_bytes)
{
    MDB_envinfo info;
    int rc;

    pthread_mutex_lock(&store->lock);
    store->growing = true;
    while (store->readers != NULL) {
        pthread_cond_wait(&store->changed, &store->lock);
    }
    rc = mdb_env_info(store->env, &info);
    if (rc == MDB_SUCCESS) {
        /* Four times the batch: copied pages of the trees, and pages half full. */
        rc = mdb_env_set_mapsize(store->env, 2 * info.me_mapsize + 4 * need_bytes);
    }
    store->growing = false;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
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
    for (const struct reader *r = store->readers; r != NULL; r = r->next) {
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
    err = rc == EIO && short_of_space(store) ? FWL_ERR_FULL : map_error(rc);
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

/* ---- opening ---- */

static enum fwl_err
lock_folder(int *fd, const char *folder)
{
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof(path), "%s/LOCK", folder);

    if (n < 0 || (size_t)n >= sizeof(path)) {
        return FWL_ERR_STORAGE;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return map_error(errno) == FWL_ERR_FULL ? FWL_ERR_FULL : FWL_ERR_STORAGE;
    }
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) {
        return map_error(errno) == FWL_ERR_FULL ? FWL_ERR_FULL : FWL_ERR_STORAGE;
    }
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        enum fwl_err err = errno == EWOULDBLOCK ? FWL_ERR_LOCKED : FWL_ERR_STORAGE;

        close(*fd);
        *fd = -1;
        return err;
    }
    return FWL_OK;
}

/* Schema of an existing store, or a fresh one's first record; also finds a store of another kind. */
static enum fwl_err
check_schema(const struct fwl_store *store, MDB_txn *txn, bool *fresh)
{
    MDB_val k = to_val(fwl_span_text("schema"));
    MDB_val v;
    MDB_stat stat;
    int rc = mdb_get(txn, store->dbi[last_space(store->kind)], &k, &v);

    *fresh = false;
    if (rc == MDB_SUCCESS) {
        const uint8_t *p = v.mv_data;

        if (v.mv_size != SCHEMA_BYTES || p[0] != (uint8_t)store->kind || fwl_load_be32(p + 1) == 0) {
            return FWL_ERR_CORRUPT;
        }
        return fwl_load_be32(p + 1) > FWL_STORE_SCHEMA ? FWL_ERR_SCHEMA : FWL_OK;
    }
    for (unsigned s = first_space(store->kind); rc == MDB_NOTFOUND && s <= last_space(store->kind); s++) {
        if (mdb_stat(txn, store->dbi[s], &stat) != MDB_SUCCESS || stat.ms_entries != 0) {
            return FWL_ERR_CORRUPT; /* entries, but nobody says of which version */
        }
    }
    *fresh = rc == MDB_NOTFOUND;
    return *fresh ? FWL_OK : map_error(rc);
}

static int
write_schema(const struct fwl_store *store, MDB_txn *txn)
{
    uint8_t value[SCHEMA_BYTES] = {(uint8_t)store->kind};
    MDB_val k = to_val(fwl_span_text("schema"));
    MDB_val v = {.mv_size = sizeof(value), .mv_data = value};

    fwl_store_be32(value + 1, FWL_STORE_SCHEMA);
    return mdb_put(txn, store->dbi[last_space(store->kind)], &k, &v, 0);
}

/* Is there a database of the other kind, or none at all yet? */
static bool
other_kind(const struct fwl_store *store, MDB_txn *txn)
{
    MDB_dbi dbi;
    enum fwl_store_kind other = store->kind == FWL_STORE_CHAIN ? FWL_STORE_VOTES : FWL_STORE_CHAIN;

    return mdb_dbi_open(txn, fwl_space_name(last_space(other)), 0, &dbi) == MDB_SUCCESS;
}

static enum fwl_err
open_spaces(struct fwl_store *store)
{
    MDB_txn *txn = NULL;
    bool fresh = false;
    enum fwl_err err;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

    if (rc != MDB_SUCCESS) {
        return map_error(rc);
    }
    if (other_kind(store, txn)) {
        mdb_txn_abort(txn);
        return FWL_ERR_CORRUPT;
    }
    for (unsigned s = first_space(store->kind); rc == MDB_SUCCESS && s <= last_space(store->kind); s++) {
        rc = mdb_dbi_open(txn, fwl_space_name((enum fwl_space)s), MDB_CREATE, &store->dbi[s]);
    }
    err = map_error(rc);
    if (err == FWL_OK) {
        err = check_schema(store, txn, &fresh);
    }
    if (err == FWL_OK && fresh) {
        err = map_error(write_schema(store, txn));
    }
    if (err != FWL_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    return map_error(mdb_txn_commit(txn));
}

static enum fwl_err
open_env(struct fwl_store *store, const char *folder, size_t map_bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int dead = 0;
    int rc = mdb_env_create(&store->env);

    if (rc != MDB_SUCCESS) {
        store->env = NULL;
        return map_error(rc);
    }
    if (map_bytes == 0) {
        map_bytes = store->kind == FWL_STORE_CHAIN ? CHAIN_MAP_BYTES : VOTES_MAP_BYTES;
    }
    rc = mdb_env_set_mapsize(store->env, (map_bytes + page - 1) / page * page);
    if (rc == MDB_SUCCESS) {
        rc = mdb_env_set_maxdbs(store->env, FWL_SPACE_LAST);
    }
    if (rc == MDB_SUCCESS) {
        rc = mdb_env_set_maxreaders(store->env, READERS_MAX);
    }
    if (rc == MDB_SUCCESS) {
        /* MDB_NOTLS: a thread may have several reads, and may end them in any order. No flag that weakens a sync. */
        rc = mdb_env_open(store->env, folder, MDB_NOTLS, 0600);
    }
    if (rc == MDB_SUCCESS) {
        rc = mdb_reader_check(store->env, &dead);
    }
    return map_error(rc);
}

static void
deinit(struct fwl_store *store)
{
    if (store->env != NULL) {
        mdb_env_close(store->env);
    }
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
    }
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->commit_lock);
    fwl_free(store);
}

enum fwl_err
fwl_store_open(struct fwl_store **out, const char *folder, enum fwl_store_kind kind, size_t map_bytes)
{
    struct fwl_store *store = fwl_calloc(1, sizeof(*store));
    enum fwl_err err;

    *out = NULL;
    if (store == NULL) {
        return FWL_ERR_MEMORY;
    }
    store->kind = kind;
    store->lock_fd = -1;
    pthread_mutex_init(&store->commit_lock, NULL);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->changed, NULL);
    err = lock_folder(&store->lock_fd, folder);
    if (err == FWL_OK) {
        err = open_env(store, folder, map_bytes);
    }
    if (err == FWL_OK) {
        err = open_spaces(store);
    }
    if (err != FWL_OK) {
        deinit(store);
        return err == FWL_ERR_ABSENT || err == FWL_ERR_BUSY ? FWL_ERR_STORAGE : err;
    }
    *out = store;
    return FWL_OK;
}

void
fwl_store_close(struct fwl_store *store)
{
    if (store != NULL) {
        FWL_ASSERT(store->readers == NULL);
        deinit(store);
    }
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
fwl_store_sizes(struct fwl_store *store, uint64_t *map_bytes, uint64_t *used_bytes)
{
    MDB_envinfo info = {.me_mapsize = 0};
    MDB_stat stat = {.ms_psize = 0};

    (void)mdb_env_info(store->env, &info);
    (void)mdb_env_stat(store->env, &stat);
    *map_bytes = info.me_mapsize;
    *used_bytes = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}
