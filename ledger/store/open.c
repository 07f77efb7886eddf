/* Opening, closing and copying environments. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host/folder.h"
#include "core/host/heap.h"
#include "ledger/store/part.h"

enum {
    READERS_MAX = 512,
    SCHEMA_BYTES = 5, /* kind u8, version u32 */
};

#define CHAIN_MAP_BYTES ((size_t)1 << 30)
#define VOTES_MAP_BYTES ((size_t)64 << 20)

static MDB_val
to_val(const char *text)
{
    union {
        const char *in;
        void *out;
    } p = {.in = text}; /* LMDB takes what it only reads as void * */

    return (MDB_val){.mv_size = strlen(text), .mv_data = p.out};
}

static enum fwl_err
lock_folder(int *fd, const char *folder)
{
    char path[FWL_STORE_PATH_BYTES];
    int n = snprintf(path, sizeof(path), "%s/LOCK", folder);

    if (n < 0 || (size_t)n >= sizeof(path)) {
        return FWL_ERR_STORAGE;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return fwl_store_error(errno) == FWL_ERR_FULL ? FWL_ERR_FULL : FWL_ERR_STORAGE;
    }
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) {
        return fwl_store_error(errno) == FWL_ERR_FULL ? FWL_ERR_FULL : FWL_ERR_STORAGE;
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
    MDB_val k = to_val("schema");
    MDB_val v;
    MDB_stat stat;
    int rc = mdb_get(txn, store->dbi[fwl_store_last(store->kind)], &k, &v);

    *fresh = false;
    if (rc == MDB_SUCCESS) {
        const uint8_t *p = v.mv_data;

        if (v.mv_size != SCHEMA_BYTES || p[0] != (uint8_t)store->kind || fwl_load_be32(p + 1) == 0) {
            return FWL_ERR_CORRUPT;
        }
        return fwl_load_be32(p + 1) > FWL_STORE_SCHEMA ? FWL_ERR_SCHEMA : FWL_OK;
    }
    for (unsigned s = fwl_store_first(store->kind); rc == MDB_NOTFOUND && s <= fwl_store_last(store->kind); s++) {
        if (mdb_stat(txn, store->dbi[s], &stat) != MDB_SUCCESS || stat.ms_entries != 0) {
            return FWL_ERR_CORRUPT; /* entries, but nobody says of which version */
        }
    }
    *fresh = rc == MDB_NOTFOUND;
    return *fresh ? FWL_OK : fwl_store_error(rc);
}

static int
write_schema(const struct fwl_store *store, MDB_txn *txn)
{
    uint8_t value[SCHEMA_BYTES] = {(uint8_t)store->kind};
    MDB_val k = to_val("schema");
    MDB_val v = {.mv_size = sizeof(value), .mv_data = value};

    fwl_store_be32(value + 1, FWL_STORE_SCHEMA);
    return mdb_put(txn, store->dbi[fwl_store_last(store->kind)], &k, &v, 0);
}

/* Is there a database of the other kind, or none at all yet? */
static bool
other_kind(const struct fwl_store *store, MDB_txn *txn)
{
    MDB_dbi dbi;
    enum fwl_store_kind other = store->kind == FWL_STORE_CHAIN ? FWL_STORE_VOTES : FWL_STORE_CHAIN;

    return mdb_dbi_open(txn, fwl_space_name(fwl_store_last(other)), 0, &dbi) == MDB_SUCCESS;
}

static enum fwl_err
open_spaces(struct fwl_store *store)
{
    MDB_txn *txn = NULL;
    bool fresh = false;
    enum fwl_err err;
    int rc = mdb_txn_begin(store->env, NULL, store->reader ? MDB_RDONLY : 0, &txn);

    if (rc != MDB_SUCCESS) {
        return fwl_store_error(rc);
    }
    if (other_kind(store, txn)) {
        mdb_txn_abort(txn);
        return FWL_ERR_CORRUPT;
    }
    for (unsigned s = fwl_store_first(store->kind); rc == MDB_SUCCESS && s <= fwl_store_last(store->kind); s++) {
        rc = mdb_dbi_open(txn, fwl_space_name((enum fwl_space)s), store->reader ? 0 : MDB_CREATE, &store->dbi[s]);
    }
    err = fwl_store_error(rc);
    if (err == FWL_OK) {
        err = check_schema(store, txn, &fresh);
    }
    if (err == FWL_OK && fresh && !store->reader) {
        err = fwl_store_error(write_schema(store, txn));
    }
    if (err != FWL_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    return fwl_store_error(mdb_txn_commit(txn)); /* of a reader: keeps the handles */
}

static enum fwl_err
open_env(struct fwl_store *store, size_t map_bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int dead = 0;
    int rc = mdb_env_create(&store->env);

    if (rc != MDB_SUCCESS) {
        store->env = NULL;
        return fwl_store_error(rc);
    }
    if (map_bytes == 0 && !store->reader) {
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
        rc = mdb_env_open(store->env, store->folder, MDB_NOTLS | (store->reader ? MDB_RDONLY : 0U), 0600);
    }
    if (rc == MDB_SUCCESS && !store->reader) {
        rc = mdb_reader_check(store->env, &dead);
    }
    return fwl_store_error(rc);
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

static enum fwl_err
new_store(struct fwl_store **out, const char *folder, enum fwl_store_kind kind)
{
    struct fwl_store *store = NULL;

    *out = NULL;
    if (strlen(folder) >= sizeof(store->folder)) {
        return FWL_ERR_STORAGE;
    }
    store = fwl_calloc(1, sizeof(*store));
    if (store == NULL) {
        return FWL_ERR_MEMORY;
    }
    store->kind = kind;
    store->lock_fd = -1;
    pthread_mutex_init(&store->commit_lock, NULL);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->changed, NULL);
    memcpy(store->folder, folder, strlen(folder) + 1);
    *out = store;
    return FWL_OK;
}

enum fwl_err
fwl_store_open(struct fwl_store **out, const char *folder, enum fwl_store_kind kind, size_t map_bytes)
{
    struct fwl_store *store = NULL;
    enum fwl_err err = new_store(&store, folder, kind);

    *out = NULL;
    if (err != FWL_OK) {
        return err;
    }
    err = lock_folder(&store->lock_fd, folder);
    if (err == FWL_OK) {
        err = open_env(store, map_bytes);
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

/* FOLDER/NAME; false when that is too long. */
static bool
path_of(char out[FWL_STORE_PATH_BYTES], const char *folder, const char *name)
{
    int n = snprintf(out, FWL_STORE_PATH_BYTES, "%s/%s", folder, name);

    return n > 0 && n < FWL_STORE_PATH_BYTES;
}

enum fwl_err
fwl_store_open_reader(struct fwl_store **out, const char *folder, enum fwl_store_kind kind)
{
    struct fwl_store *store = NULL;
    char path[FWL_STORE_PATH_BYTES];
    struct stat st;
    enum fwl_err err = new_store(&store, folder, kind);

    *out = NULL;
    if (err != FWL_OK) {
        return err;
    }
    store->reader = true;
    if (!path_of(path, folder, "data.mdb") || (stat(path, &st) != 0 && errno != ENOENT)) {
        err = FWL_ERR_STORAGE;
    } else if (stat(path, &st) != 0) {
        err = FWL_ERR_ABSENT;
    } else {
        err = open_env(store, 0);
        err = err == FWL_OK ? open_spaces(store) : err;
        err = err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err; /* a space is missing */
    }
    if (err != FWL_OK) {
        deinit(store);
        return err;
    }
    *out = store;
    return FWL_OK;
}

/* The data of an environment that nobody has open is on disk. */
static enum fwl_err
sync_data(const char *folder)
{
    char path[FWL_STORE_PATH_BYTES];
    int fd = path_of(path, folder, "data.mdb") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return good ? fwl_folder_sync(folder) : FWL_ERR_STORAGE;
}

enum fwl_err
fwl_store_copy(struct fwl_store *store, const char *folder)
{
    enum fwl_err err = fwl_store_error(mdb_env_copy2(store->env, folder, MDB_CP_COMPACT));

    if (err != FWL_OK) {
        return err == FWL_ERR_FULL || err == FWL_ERR_MEMORY ? err : FWL_ERR_STORAGE;
    }
    return sync_data(folder); /* LMDB only writes it */
}

/* The file of another environment under the name of this one; nobody has either open. Whoever reads the old one in
 * another process goes on with the old files, hence a new lock file. */
static enum fwl_err
take_file(const struct fwl_store *store, const char *from)
{
    char here[FWL_STORE_PATH_BYTES];
    char there[FWL_STORE_PATH_BYTES];

    if (!path_of(here, store->folder, "lock.mdb") || (unlink(here) != 0 && errno != ENOENT) ||
        !path_of(here, store->folder, "data.mdb") || !path_of(there, from, "data.mdb") || rename(there, here) != 0) {
        return FWL_ERR_STORAGE;
    }
    return fwl_folder_sync(store->folder);
}

enum fwl_err
fwl_store_replace(struct fwl_store *store, const char *from)
{
    enum fwl_err err = FWL_OK;

    pthread_mutex_lock(&store->commit_lock);
    fwl_store_pause(store);
    mdb_env_close(store->env);
    store->env = NULL;
    err = take_file(store, from);
    err = err == FWL_OK ? open_env(store, 0) : err;
    err = err == FWL_OK ? open_spaces(store) : err;
    if (err != FWL_OK) {
        if (store->env != NULL) {
            mdb_env_close(store->env);
            store->env = NULL;
        }
        err = err == FWL_ERR_CORRUPT || err == FWL_ERR_SCHEMA ? FWL_ERR_CORRUPT : FWL_ERR_STORAGE;
        store->final = err;
    }
    fwl_store_go_on(store);
    pthread_mutex_unlock(&store->commit_lock);
    return err;
}

void
fwl_store_close(struct fwl_store *store)
{
    if (store != NULL) {
        FWL_ASSERT(store->readers == NULL);
        deinit(store);
    }
}
