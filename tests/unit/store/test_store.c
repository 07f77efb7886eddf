#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "ledger/store/store.h"

/* ---- the commit of LMDB, made to fail, and the space that the file system tells ---- */

static int commit_rc;         /* 0: the real one */
static unsigned commit_after; /* good commits before that */

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that ld --wrap gives */
int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __real_mdb_env_set_mapsize(MDB_env *env, size_t size);
int __wrap_mdb_env_set_mapsize(MDB_env *env, size_t size);
int __real_fstatvfs(int fd, struct statvfs *fs);
int __wrap_fstatvfs(int fd, struct statvfs *fs);
/* NOLINTEND(bugprone-reserved-identifier) */

int
__wrap_mdb_txn_commit(MDB_txn *txn)
{
    if (commit_rc == 0 || commit_after-- > 0) {
        return __real_mdb_txn_commit(txn);
    }
    mdb_txn_abort(txn);
    commit_after = 0;
    return commit_rc;
}

static bool no_map;

int
__wrap_mdb_env_set_mapsize(MDB_env *env, size_t size)
{
    return no_map ? ENOMEM : __real_mdb_env_set_mapsize(env, size);
}

static bool no_space;

int
__wrap_fstatvfs(int fd, struct statvfs *fs)
{
    int rc = __real_fstatvfs(fd, fs);

    fs->f_bavail = no_space ? 0 : fs->f_bavail;
    return rc;
}

/* ---- fixture: an empty folder below TMPDIR ---- */

static char folder[512];

static int
setup(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    commit_rc = 0;
    commit_after = 0;
    no_space = false;
    no_map = false;
    (void)snprintf(folder, sizeof(folder), "%s/fwl-store-XXXXXX", tmp != NULL ? tmp : "/tmp");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "LOCK"};
    char path[600];

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static struct fwl_store *
open_store(enum fwl_store_kind kind, size_t map_bytes)
{
    struct fwl_store *store = NULL;

    assert_int_equal(fwl_store_open(&store, folder, kind, map_bytes), FWL_OK);
    assert_non_null(store);
    return store;
}

/* Commit count entries "%08u" -> value_size bytes from @first on. */
static enum fwl_err
commit_numbers(struct fwl_store *store, enum fwl_space space, uint32_t first, uint32_t count, size_t value_size)
{
    const struct fwl_storage storage = fwl_store_storage(store);
    size_t bytes = (size_t)count * (FWL_OVERLAY_NODE_BYTES + 32 + value_size) + 64;
    uint8_t *arena = malloc(bytes);
    struct fwl_overlay o;
    enum fwl_err err;

    assert_non_null(arena);
    fwl_overlay_init(&o, NULL, arena, bytes);
    for (uint32_t i = first; i < first + count; i++) {
        uint8_t key[4];
        uint8_t *value;

        fwl_store_be32(key, i);
        assert_int_equal(fwl_overlay_reserve(&o, &value, space, fwl_span(key, 4), value_size), FWL_OK);
        memset(value, (int)(i & 0xff), value_size);
    }
    err = fwl_storage_commit(&storage, &o);
    free(arena);
    return err;
}

/* The entries 0..n-1 are there in order and nothing else; returns n. */
static uint32_t
count_numbers(struct fwl_store *store, enum fwl_space space)
{
    const struct fwl_storage storage = fwl_store_storage(store);
    struct fwl_read read;
    struct fwl_kv_entry e;
    enum fwl_err err;
    uint32_t n = 0;

    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    err = fwl_kv_seek(&read.kv, &e, space, fwl_span(NULL, 0));
    while (err == FWL_OK) {
        assert_int_equal(e.key.size, 4);
        assert_int_equal(fwl_load_be32(e.key.p), n);
        assert_true(e.value.size > 0 && e.value.p[0] == (n & 0xff));
        n++;
        err = fwl_kv_next(&read.kv, &e, space, e.key);
    }
    assert_int_equal(err, FWL_ERR_ABSENT);
    fwl_read_end(&read);
    return n;
}

/* ---- cases ---- */

static void
test_store__reopen(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 0);
    struct fwl_store_times times;
    uint64_t map = 0;
    uint64_t used = 0;

    (void)state;
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 0, 10, 344), FWL_OK);
    fwl_store_close(store);
    store = open_store(FWL_STORE_CHAIN, 0);
    assert_int_equal(count_numbers(store, FWL_SPACE_HDR), 10);
    assert_int_equal(count_numbers(store, FWL_SPACE_BLK), 0);
    fwl_store_sizes(store, &map, &used);
    assert_true(map >= used && used > 0);
    fwl_store_times(store, &times);
    assert_int_equal(times.commit.count, 0); /* of this opening */
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 0, 10, 344), FWL_OK);
    fwl_store_times(store, &times);
    assert_int_equal(times.commit.count, 1);
    assert_int_equal(times.sync.count, 1);
    assert_true(times.sync.sum > 0 && times.commit.sum >= times.sync.sum);
    assert_int_equal(fwl_store_check_readers(store), 0);
    fwl_store_close(store);
    fwl_store_close(NULL);
}

/* Deletes, overwrites, and a read that goes on seeing the version it began with. */
static void
test_store__reads_are_consistent(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_VOTES, 0);
    const struct fwl_storage storage = fwl_store_storage(store);
    uint8_t arena[1024];
    struct fwl_overlay o;
    struct fwl_read read;
    struct fwl_span value;
    struct fwl_kv_entry e;

    (void)state;
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_REC, fwl_span_text("a"), fwl_span_text("1")), FWL_OK);
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_REC, fwl_span_text("b"), fwl_span_text("2")), FWL_OK);
    assert_int_equal(fwl_overlay_delete(&o, FWL_SPACE_REC, fwl_span_text("never")), FWL_OK);
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_OK);
    fwl_overlay_reset(&o);
    assert_int_equal(fwl_overlay_delete(&o, FWL_SPACE_REC, fwl_span_text("a")), FWL_OK);
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_REC, fwl_span_text("b"), fwl_span_text("")), FWL_OK);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    assert_int_equal(fwl_kv_get(&read.kv, &value, FWL_SPACE_REC, fwl_span_text("a")), FWL_OK);
    assert_true(fwl_span_is(value, "1"));
    assert_int_equal(fwl_kv_next(&read.kv, &e, FWL_SPACE_REC, fwl_span_text("a")), FWL_OK);
    assert_true(fwl_span_is(e.key, "b"));
    assert_int_equal(fwl_kv_seek(&read.kv, &e, FWL_SPACE_REC, fwl_span_text("aa")), FWL_OK);
    assert_true(fwl_span_is(e.key, "b"));
    assert_int_equal(fwl_kv_next(&read.kv, &e, FWL_SPACE_REC, fwl_span_text("b")), FWL_ERR_ABSENT);
    fwl_read_end(&read);
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_OK);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    assert_int_equal(fwl_kv_get(&read.kv, &value, FWL_SPACE_REC, fwl_span_text("a")), FWL_ERR_ABSENT);
    assert_int_equal(fwl_kv_get(&read.kv, &value, FWL_SPACE_REC, fwl_span_text("b")), FWL_OK);
    assert_int_equal(value.size, 0);
    fwl_read_end(&read);
    fwl_store_close(store);
}

static void
test_store_open__one_at_a_time(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 0);
    struct fwl_store *second = NULL;
    int status = 0;
    pid_t child;

    (void)state;
    assert_int_equal(fwl_store_open(&second, folder, FWL_STORE_CHAIN, 0), FWL_ERR_LOCKED);
    assert_null(second);
    fwl_store_close(store);
    store = open_store(FWL_STORE_CHAIN, 0);
    child = fork();
    if (child == 0) { /* another process, which touches nothing of the parent's environment */
        _exit(fwl_store_open(&second, folder, FWL_STORE_CHAIN, 0) == FWL_ERR_LOCKED ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fwl_store_close(store);
}

static void
write_schema(const uint8_t *value, size_t size)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 0);
    const struct fwl_storage storage = fwl_store_storage(store);
    uint8_t arena[512];
    struct fwl_overlay o;

    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_META, fwl_span_text("schema"), fwl_span(value, size)), FWL_OK);
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_OK);
    fwl_store_close(store);
}

static void
test_store_open__schema_and_kind(void **state)
{
    static const uint8_t newer[5] = {FWL_STORE_CHAIN, 0, 0, 0, FWL_STORE_SCHEMA + 1};
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 0);

    (void)state;
    fwl_store_close(store);
    assert_int_equal(fwl_store_open(&store, folder, FWL_STORE_VOTES, 0), FWL_ERR_CORRUPT);
    assert_null(store);
    write_schema(newer, sizeof(newer));
    assert_int_equal(fwl_store_open(&store, folder, FWL_STORE_CHAIN, 0), FWL_ERR_SCHEMA);
}

static void
test_store_open__damaged(void **state)
{
    static const uint8_t bad[3] = {FWL_STORE_CHAIN, 0, 1};
    struct fwl_store *store = NULL;

    (void)state;
    write_schema(bad, sizeof(bad));
    assert_int_equal(fwl_store_open(&store, folder, FWL_STORE_CHAIN, 0), FWL_ERR_CORRUPT);
    assert_int_equal(fwl_store_open(&store, "/dev/null/nowhere", FWL_STORE_CHAIN, 0), FWL_ERR_STORAGE);
}

static void
test_store_commit__full_map_grows(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 256 << 10);
    uint64_t before;
    uint64_t after;
    uint64_t used;

    (void)state;
    fwl_store_sizes(store, &before, &used);
    for (uint32_t i = 0; i < 40; i++) {
        assert_int_equal(commit_numbers(store, FWL_SPACE_BLK, i * 100, 100, 1000), FWL_OK);
    }
    fwl_store_sizes(store, &after, &used);
    assert_true(after > before);
    assert_int_equal(count_numbers(store, FWL_SPACE_BLK), 4000);
    fwl_store_close(store);
    store = open_store(FWL_STORE_CHAIN, 256 << 10); /* a smaller wish does not shrink it */
    assert_int_equal(count_numbers(store, FWL_SPACE_BLK), 4000);
    assert_int_equal(commit_numbers(store, FWL_SPACE_BLK, 4000, 4000, 1000), FWL_OK); /* 4 MB at once */
    assert_int_equal(count_numbers(store, FWL_SPACE_BLK), 8000);
    fwl_store_close(store);
}

#ifndef __SANITIZE_ADDRESS__ /* which takes address space of its own */
/* Bytes of address space that this process has now. */
static size_t
address_space(void)
{
    char text[128];
    FILE *f = fopen("/proc/self/statm", "r");

    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f)); /* pages, and more */
    assert_int_equal(fclose(f), 0);
    return strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* No address space for a larger map: a full store, which goes on when there is some. */
static void
test_store_commit__full_map_that_cannot_grow(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 256 << 10);
    struct rlimit before;
    struct rlimit tight;
    uint32_t good = 0;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    tight = before;
    tight.rlim_cur = address_space() + (400 << 10);
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    while (commit_numbers(store, FWL_SPACE_BLK, good * 10, 10, 1000) == FWL_OK) {
        good++;
        assert_true(good < 100);
    }
    assert_int_equal(commit_numbers(store, FWL_SPACE_BLK, good * 10, 10, 1000), FWL_ERR_FULL);
    assert_int_equal(count_numbers(store, FWL_SPACE_BLK), good * 10);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(commit_numbers(store, FWL_SPACE_BLK, good * 10, 4000, 1000), FWL_OK);
    assert_int_equal(count_numbers(store, FWL_SPACE_BLK), good * 10 + 4000);
    fwl_store_close(store);
}
#endif

/* The address space goes between the question and the call: LMDB has no map then. */
static void
test_store_commit__lost_map_is_final(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 256 << 10);
    const struct fwl_storage storage = fwl_store_storage(store);
    struct fwl_read read;

    (void)state;
    assert_int_equal(commit_numbers(store, FWL_SPACE_BLK, 0, 10, 10), FWL_OK);
    no_map = true;
    assert_int_equal(commit_numbers(store, FWL_SPACE_BLK, 10, 1000, 1000), FWL_ERR_STORAGE);
    no_map = false;
    assert_int_equal(commit_numbers(store, FWL_SPACE_BLK, 10, 10, 10), FWL_ERR_STORAGE);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_ERR_STORAGE);
    fwl_store_close(store);
    store = open_store(FWL_STORE_CHAIN, 0);
    assert_int_equal(count_numbers(store, FWL_SPACE_BLK), 10);
    fwl_store_close(store);
}

static void
test_store_commit__full_disk_passes(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 0);

    (void)state;
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 0, 5, 10), FWL_OK);
    commit_rc = ENOSPC;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 5, 5, 10), FWL_ERR_FULL);
        assert_int_equal(count_numbers(store, FWL_SPACE_HDR), 5);
    }
    commit_rc = 0;
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 5, 5, 10), FWL_OK);
    assert_int_equal(count_numbers(store, FWL_SPACE_HDR), 10);
    fwl_store_close(store);
}

/* LMDB calls half a write EIO (tests/full-disk makes real ones). */
static void
test_store_commit__half_a_write_is_a_full_disk(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 0);

    (void)state;
    commit_rc = EIO;
    no_space = true;
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 0, 5, 10), FWL_ERR_FULL);
    commit_rc = 0;
    no_space = false;
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 0, 5, 10), FWL_OK);
    assert_int_equal(count_numbers(store, FWL_SPACE_HDR), 5);
    fwl_store_close(store);
}

static void
test_store_commit__failed_sync_is_final(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 0);

    (void)state;
    commit_rc = EIO;
    commit_after = 1;
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 0, 5, 10), FWL_OK);
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 5, 5, 10), FWL_ERR_STORAGE);
    commit_rc = 0;
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 5, 5, 10), FWL_ERR_STORAGE);
    assert_int_equal(count_numbers(store, FWL_SPACE_HDR), 5);
    fwl_store_close(store);
    store = open_store(FWL_STORE_CHAIN, 0);
    assert_int_equal(commit_numbers(store, FWL_SPACE_HDR, 5, 5, 10), FWL_OK);
    fwl_store_close(store);
}

static void
test_store_commit__failed_overlay(void **state)
{
    struct fwl_store *store = open_store(FWL_STORE_CHAIN, 0);
    const struct fwl_storage storage = fwl_store_storage(store);
    struct fwl_overlay o;
    uint8_t arena[8];

    (void)state;
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_HDR, fwl_span_text("k"), fwl_span_text("v")), FWL_ERR_SPACE);
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_ERR_SPACE);
    assert_int_equal(count_numbers(store, FWL_SPACE_HDR), 0);
    fwl_store_close(store);
}

/* A child commits one entry after the other and says so; killed at any moment, all it acknowledged is there. */
static void
test_store__killed_in_mid_commit(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 15; round++) {
        int pipes[2];
        uint32_t acknowledged = 0;
        uint32_t found;
        uint32_t n;
        int status = 0;
        pid_t child;
        struct fwl_store *store;

        assert_int_equal(pipe(pipes), 0);
        child = fork();
        if (child == 0) {
            if (fwl_store_open(&store, folder, FWL_STORE_CHAIN, 256 << 10) != FWL_OK) {
                _exit(1);
            }
            for (n = count_numbers(store, FWL_SPACE_BLK);; n++) {
                uint32_t next = n + 1;

                if (commit_numbers(store, FWL_SPACE_BLK, n, 1, 5000) != FWL_OK ||
                    write(pipes[1], &next, sizeof(next)) != (ssize_t)sizeof(next)) {
                    _exit(1);
                }
            }
        }
        close(pipes[1]);
        for (unsigned i = 0; i < 3 + round; i++) { /* the kill falls into what follows */
            assert_int_equal(read(pipes[0], &acknowledged, sizeof(acknowledged)), sizeof(acknowledged));
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(pipes[0], &n, sizeof(n)) == (ssize_t)sizeof(n)) {
            acknowledged = n;
        }
        close(pipes[0]);
        store = open_store(FWL_STORE_CHAIN, 0);
        found = count_numbers(store, FWL_SPACE_BLK);
        assert_true(found >= acknowledged && found <= acknowledged + 1);
        fwl_store_close(store);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_store__reopen),
        CASE(test_store__reads_are_consistent),
        CASE(test_store_open__one_at_a_time),
        CASE(test_store_open__schema_and_kind),
        CASE(test_store_open__damaged),
        CASE(test_store_commit__full_map_grows),
#ifndef __SANITIZE_ADDRESS__
        CASE(test_store_commit__full_map_that_cannot_grow),
#endif
        CASE(test_store_commit__lost_map_is_final),
        CASE(test_store_commit__full_disk_passes),
        CASE(test_store_commit__half_a_write_is_a_full_disk),
        CASE(test_store_commit__failed_sync_is_final),
        CASE(test_store_commit__failed_overlay),
        CASE(test_store__killed_in_mid_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
