/* Readers beside a node, copies, and one environment put in the place of another. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/store/store.h"

enum { SIZE = 2000 };

/* ---- fsync of a file, made to fail ---- */

static bool no_sync;

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that ld --wrap gives */
int __real_fsync(int fd);
int __wrap_fsync(int fd);
/* NOLINTEND(bugprone-reserved-identifier) */

int
__wrap_fsync(int fd)
{
    struct stat st;

    if (no_sync && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        errno = EIO;
        return -1;
    }
    return __real_fsync(fd);
}

/* ---- fixture ---- */

static char base[512];
static char folder[600];
static char other[600];

static int
setup(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    (void)snprintf(base, sizeof(base), "%s/fwl-open-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(base) == NULL) {
        return -1;
    }
    (void)snprintf(folder, sizeof(folder), "%s/a", base);
    (void)snprintf(other, sizeof(other), "%s/b", base);
    return 0;
}

static int
teardown(void **state)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "LOCK"};
    const char *const folders[] = {folder, other};

    (void)state;
    for (size_t f = 0; f < FWL_COUNT(folders); f++) {
        for (size_t i = 0; i < FWL_COUNT(files); i++) {
            char path[700];

            (void)snprintf(path, sizeof(path), "%s/%s", folders[f], files[i]);
            (void)unlink(path);
        }
        (void)rmdir(folders[f]);
    }
    return rmdir(base);
}

static struct fwl_store *
open_store(const char *at)
{
    struct fwl_store *store = NULL;

    assert_int_equal(fwl_store_open(&store, at, FWL_STORE_CHAIN, 256 << 10), FWL_OK);
    return store;
}

/* Entries @first..@first + @count - 1, each SIZE times @byte; or gone. */
static void
commit(struct fwl_store *store, uint32_t first, uint32_t count, int byte, bool delete)
{
    const struct fwl_storage storage = fwl_store_storage(store);
    size_t bytes = (size_t)count * (FWL_OVERLAY_NODE_BYTES + 32 + SIZE) + 64;
    uint8_t *arena = malloc(bytes);
    struct fwl_overlay o;

    assert_non_null(arena);
    fwl_overlay_init(&o, NULL, arena, bytes);
    for (uint32_t i = first; i < first + count; i++) {
        uint8_t key[4];
        uint8_t *value;

        fwl_store_be32(key, i);
        if (delete) {
            assert_int_equal(fwl_overlay_delete(&o, FWL_SPACE_BLK, fwl_span(key, 4)), FWL_OK);
        } else {
            assert_int_equal(fwl_overlay_reserve(&o, &value, FWL_SPACE_BLK, fwl_span(key, 4), SIZE), FWL_OK);
            memset(value, byte, SIZE);
        }
    }
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_OK);
    free(arena);
}

/* How many entries there are, each of them SIZE times @byte; -1 for another one. */
static int
count(struct fwl_store *store, int byte)
{
    const struct fwl_storage storage = fwl_store_storage(store);
    struct fwl_read read;
    struct fwl_kv_entry e = {0};
    int n = 0;
    enum fwl_err err = fwl_read_begin(&storage, &read);

    if (err != FWL_OK) {
        return -1;
    }
    for (err = fwl_kv_seek(&read.kv, &e, FWL_SPACE_BLK, e.key); err == FWL_OK;
         err = fwl_kv_next(&read.kv, &e, FWL_SPACE_BLK, e.key)) {
        n = n < 0 || e.value.size != SIZE || e.value.p[0] != byte || e.value.p[SIZE - 1] != byte ? -1 : n + 1;
    }
    fwl_read_end(&read);
    return err == FWL_ERR_ABSENT ? n : -1;
}

/* Another process reads while this one has the store open and goes on writing until its map has grown. */
static void
test_store_open_reader__beside_a_writer(void **state)
{
    struct fwl_store *store = open_store(folder);
    int told[2];
    int asked[2];
    int status = 0;
    pid_t child;

    (void)state;
    commit(store, 0, 50, 7, false);
    assert_int_equal(pipe(told), 0);
    assert_int_equal(pipe(asked), 0);
    child = fork();
    if (child == 0) {
        struct fwl_store *reader = NULL;
        char c = 0;
        int bad = fwl_store_open_reader(&reader, folder, FWL_STORE_CHAIN) != FWL_OK || count(reader, 7) != 50;

        bad |= write(told[1], &c, 1) != 1 || read(asked[0], &c, 1) != 1; /* the map grows in between */
        bad |= count(reader, 7) != 2050;
        fwl_store_close(reader);
        _exit(bad);
    }
    assert_int_equal(read(told[0], &status, 1), 1);
    commit(store, 50, 2000, 7, false);
    assert_int_equal(write(asked[1], "", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fwl_store_close(store);
}

static void
test_store_open_reader__what_is_none(void **state)
{
    static const uint8_t newer[5] = {FWL_STORE_CHAIN, 0, 0, 0, FWL_STORE_SCHEMA + 1};
    struct fwl_store *store = NULL;
    struct fwl_storage storage;
    struct fwl_overlay o;
    uint8_t arena[512];
    char path[700];
    FILE *f = NULL;

    (void)state;
    assert_int_equal(fwl_store_open_reader(&store, folder, FWL_STORE_CHAIN), FWL_ERR_ABSENT);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(fwl_store_open_reader(&store, folder, FWL_STORE_CHAIN), FWL_ERR_ABSENT);
    store = open_store(folder);
    storage = fwl_store_storage(store);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_META, fwl_span_text("schema"), fwl_span(newer, 5)), FWL_OK);
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_OK);
    fwl_store_close(store);
    assert_int_equal(fwl_store_open_reader(&store, folder, FWL_STORE_CHAIN), FWL_ERR_SCHEMA);
    assert_int_equal(fwl_store_open_reader(&store, folder, FWL_STORE_VOTES), FWL_ERR_CORRUPT);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", folder);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("this is no store", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(fwl_store_open_reader(&store, folder, FWL_STORE_CHAIN), FWL_ERR_CORRUPT);
    assert_null(store);
    (void)memset(path, 'x', sizeof(path));
    assert_int_equal(fwl_store_open_reader(&store, "/dev/null/nowhere", FWL_STORE_CHAIN), FWL_ERR_STORAGE);
}

static off_t
file_size(const char *at)
{
    struct stat st;
    char path[700];

    (void)snprintf(path, sizeof(path), "%s/data.mdb", at);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* A copy has what was there, and no more pages than that needs. */
static void
test_store_copy__compacts(void **state)
{
    struct fwl_store *store = open_store(folder);
    struct fwl_store *copy = NULL;

    (void)state;
    commit(store, 0, 2000, 3, false);
    commit(store, 0, 1900, 3, true);
    assert_int_equal(fwl_store_copy(store, other), FWL_ERR_STORAGE); /* no such folder */
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(fwl_store_copy(store, other), FWL_OK);
    assert_int_equal(fwl_store_copy(store, other), FWL_ERR_STORAGE); /* there is one */
    assert_true(file_size(other) * 5 < file_size(folder));
    copy = open_store(other);
    assert_int_equal(count(copy, 3), 100);
    commit(copy, 5000, 1, 3, false); /* a store like any other */
    assert_int_equal(count(copy, 3), 101);
    assert_int_equal(count(store, 3), 100);
    fwl_store_close(copy);
    fwl_store_close(store);
}

/* What is not on disk is no copy. */
static void
test_store_copy__syncs_the_file(void **state)
{
    struct fwl_store *store = open_store(folder);

    (void)state;
    commit(store, 0, 10, 3, false);
    assert_int_equal(mkdir(other, 0700), 0);
    no_sync = true;
    assert_int_equal(fwl_store_copy(store, other), FWL_ERR_STORAGE);
    no_sync = false;
    fwl_store_close(store);
}

static void
test_store_replace__reads_see_the_other(void **state)
{
    struct fwl_store *store = open_store(folder);
    struct fwl_store *next = open_store(other);

    (void)state;
    commit(store, 0, 10, 1, false);
    commit(next, 0, 3000, 2, false);
    fwl_store_close(next);
    assert_int_equal(count(store, 1), 10);
    assert_int_equal(fwl_store_replace(store, other), FWL_OK);
    assert_int_equal(count(store, 2), 3000);
    commit(store, 3000, 3000, 2, false);
    assert_int_equal(count(store, 2), 6000);
    fwl_store_close(store);
    store = open_store(folder);
    assert_int_equal(count(store, 2), 6000);
    assert_int_equal(fwl_store_replace(store, other), FWL_ERR_STORAGE); /* there is nothing left in it */
    assert_int_equal(count(store, 2), -1);                              /* and the store refuses from then on */
    fwl_store_close(store);
    store = open_store(folder);
    assert_int_equal(count(store, 2), 6000);
    fwl_store_close(store);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_store_open_reader__beside_a_writer),
        CASE(test_store_open_reader__what_is_none),
        CASE(test_store_copy__compacts),
        CASE(test_store_copy__syncs_the_file),
        CASE(test_store_replace__reads_see_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
