/*
 * Snapshots of a node: made by another process (this program again), kept, found after a restart, and received. The
 * chain is a real one, copied into a store on disk.
 */
#include <dirent.h>
#include <ftw.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/snapshots.h"
#include "tests/unit/chain/chain_help.h"

static struct help_chain *chain;
static char data[512];
static char log_path[600];
static struct fwl_log logger;
static struct fwl_snapshots snapshots;

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static int
setup(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    (void)snprintf(data, sizeof(data), "%s/fwl-snapshots-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(data) == NULL) {
        return -1;
    }
    (void)snprintf(log_path, sizeof(log_path), "%s/log", data);
    logger.to = fopen(log_path, "w+e");
    chain = help_chain_new(help_world_new(true, 16));
    return logger.to == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct world *w = chain->world;

    (void)state;
    help_chain_free(chain);
    free(w);
    (void)fclose(logger.to);
    return nftw(data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool
log_has(const char *text)
{
    static char all[65536];
    size_t size = 0;

    rewind(logger.to);
    size = fread(all, 1, sizeof(all) - 1, logger.to);
    all[size] = '\0';
    (void)fseek(logger.to, 0, SEEK_END);
    return strstr(all, text) != NULL;
}

/* Blocks up to @height, and the store on disk with everything that the chain has. */
static struct fwl_store *
grow(uint32_t height)
{
    static uint8_t arena[8 << 20];
    struct fwl_storage from = fwl_memstore_storage(chain->store);
    struct fwl_store *store = NULL;
    struct fwl_storage to;
    struct fwl_overlay o;
    struct fwl_read read;
    char path[600];

    while (fwl_chain_tip(chain->chain)->header.height < height) {
        help_add(chain, (uint32_t)fwl_chain_tip(chain->chain)->header.height, 0);
        assert_int_equal(help_commit(chain, help_build(chain, 0, 500, false)), FWL_OK);
    }
    (void)snprintf(path, sizeof(path), "%s/chain", data);
    assert_int_equal(fwl_store_open(&store, path, FWL_STORE_CHAIN, 0), FWL_OK);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_read_begin(&from, &read), FWL_OK);
    for (unsigned s = FWL_SPACE_HDR; s <= FWL_SPACE_META; s++) {
        struct fwl_kv_entry e = {0};
        enum fwl_err err = fwl_kv_seek(&read.kv, &e, (enum fwl_space)s, e.key);

        for (; err == FWL_OK; err = fwl_kv_next(&read.kv, &e, (enum fwl_space)s, e.key)) {
            assert_int_equal(fwl_overlay_put(&o, (enum fwl_space)s, e.key, e.value), FWL_OK);
        }
    }
    fwl_read_end(&read);
    to = fwl_store_storage(store);
    assert_int_equal(fwl_storage_commit(&to, &o), FWL_OK);
    return store;
}

static void
open_with(const char *program, uint64_t every, unsigned keep)
{
    const struct fwl_snapshots_config config = {.data = data,
                                                .program = program,
                                                .every = every,
                                                .keep = keep,
                                                .chain_id = &chain->world->chain_id,
                                                .log = &logger};

    assert_int_equal(fwl_snapshots_open(&snapshots, &config), FWL_OK);
}

/* Ticks until the process that makes one has ended. */
static bool
wait_for_one(uint64_t tip)
{
    bool changed = fwl_snapshots_tick(&snapshots, tip);

    assert_true(snapshots.child > 0);
    for (int i = 0; i < 10000 && snapshots.child > 0; i++) {
        (void)poll(NULL, 0, 5);
        changed = fwl_snapshots_tick(&snapshots, 0) || changed;
    }
    assert_int_equal(snapshots.child, 0);
    return changed;
}

static int
files(void)
{
    char path[600];
    DIR *folder = NULL;
    int count = 0;

    (void)snprintf(path, sizeof(path), "%s/snapshots", data);
    folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        count += e->d_name[0] != '.';
    }
    (void)closedir(folder);
    return count;
}

static void
touch(const char *name)
{
    char path[700];
    FILE *f = NULL;

    (void)snprintf(path, sizeof(path), "%s/snapshots/%s", data, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("no snapshot", f) >= 0 && fclose(f) == 0);
}

static void
test_snapshots__made_and_kept(void **state)
{
    struct fwl_store *store = grow(2); /* open, as in a node */

    (void)state;
    open_with("/proc/self/exe", 3, 2);
    assert_int_equal(fwl_snapshots_height(&snapshots), 0);
    assert_false(fwl_snapshots_tick(&snapshots, 0)); /* nothing to make one of */
    assert_int_equal(snapshots.child, 0);
    assert_true(wait_for_one(2));
    assert_int_equal(fwl_snapshots_height(&snapshots), 2);
    fwl_store_close(store);
    store = grow(4);
    assert_false(fwl_snapshots_tick(&snapshots, 4)); /* not yet due */
    assert_int_equal(snapshots.child, 0);
    fwl_store_close(store);
    store = grow(5);
    assert_true(wait_for_one(5));
    assert_true(fwl_snapshots_height(&snapshots) == 5 && files() == 2);
    fwl_store_close(store);
    store = grow(9);
    assert_true(wait_for_one(9));
    assert_true(fwl_snapshots_height(&snapshots) == 9 && files() == 2); /* the oldest went */
    fwl_snapshots_close(&snapshots);
    touch("00000000000000000005");
    touch("new");
    touch("00000000000000000011.fws");
    open_with("/proc/self/exe", 3, 1);
    assert_true(fwl_snapshots_height(&snapshots) == 9 && files() == 1); /* fewer are kept, junk is deleted */
    assert_true(log_has("a file that is no snapshot of this chain is deleted"));
    assert_false(fwl_snapshots_tick(&snapshots, 11));
    assert_int_equal(snapshots.child, 0);
    assert_false(wait_for_one(12)); /* the store on disk is still at 9 */
    assert_true(fwl_snapshots_height(&snapshots) == 9 && files() == 1);
    fwl_snapshots_close(&snapshots);
    fwl_store_close(store);
}

static void
test_snapshots__of_another_chain(void **state)
{
    struct fwl_store *store = grow(2);
    struct fwl_hash32 other = chain->world->chain_id;

    (void)state;
    open_with("/proc/self/exe", 3, 2);
    assert_true(wait_for_one(2));
    fwl_snapshots_close(&snapshots);
    chain->world->chain_id.b[0] ^= 1;
    open_with("/proc/self/exe", 3, 2);
    assert_true(fwl_snapshots_height(&snapshots) == 0 && files() == 0);
    fwl_snapshots_close(&snapshots);
    chain->world->chain_id = other;
    fwl_store_close(store);
}

static void
test_snapshots__that_fail(void **state)
{
    struct fwl_store *store = grow(2);

    (void)state;
    open_with("/bin/false", 1000, 2);
    assert_false(wait_for_one(2));
    assert_true(log_has("a snapshot could not be made"));
    assert_false(fwl_snapshots_tick(&snapshots, 50)); /* not at once again */
    assert_int_equal(snapshots.child, 0);
    assert_false(wait_for_one(102));
    fwl_snapshots_close(&snapshots);
    open_with("/nonexistent/program", 1000, 2);
    assert_false(fwl_snapshots_tick(&snapshots, 2));
    assert_true(snapshots.child == 0 && log_has("no process for a snapshot"));
    fwl_snapshots_close(&snapshots);
    open_with(NULL, 1000, 2);
    assert_false(fwl_snapshots_tick(&snapshots, 2));
    fwl_snapshots_close(&snapshots);
    open_with("/proc/self/exe", 0, 2);
    assert_false(fwl_snapshots_tick(&snapshots, 2));
    assert_int_equal(snapshots.child, 0);
    fwl_snapshots_close(&snapshots);
    open_with("/bin/cat", 1000, 2); /* still running when the node stops */
    assert_false(fwl_snapshots_tick(&snapshots, 2));
    fwl_snapshots_close(&snapshots);
    fwl_store_close(store);
}

static uint64_t
records(const struct fwl_storage *storage)
{
    struct fwl_read read;
    struct fwl_kv_entry e = {0};
    uint64_t count = 0;

    assert_int_equal(fwl_read_begin(storage, &read), FWL_OK);
    for (enum fwl_err err = fwl_kv_seek(&read.kv, &e, FWL_SPACE_BLK, e.key); err == FWL_OK;
         err = fwl_kv_next(&read.kv, &e, FWL_SPACE_BLK, e.key)) {
        count++;
    }
    fwl_read_end(&read);
    return count;
}

static void
test_snapshots__received(void **state)
{
    struct fwl_store *store = grow(2);
    struct fwl_storage own = fwl_store_storage(store);
    struct fwl_storage to;
    struct fwl_overlay o;
    uint8_t arena[512];
    char path[700];

    (void)state;
    open_with(NULL, 0, 2);
    fwl_snapshots_drop(&snapshots); /* there is none */
    assert_int_equal(fwl_snapshots_receive(&snapshots, &to), FWL_OK);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_put(&o, FWL_SPACE_BLK, fwl_span("x", 1), fwl_span("y", 1)), FWL_OK);
    assert_int_equal(fwl_storage_commit(&to, &o), FWL_OK);
    assert_int_equal(fwl_snapshots_receive(&snapshots, &to), FWL_OK); /* the same */
    assert_int_equal(records(&to), 1);
    fwl_snapshots_close(&snapshots);
    open_with(NULL, 0, 2);
    assert_int_equal(fwl_snapshots_receive(&snapshots, &to), FWL_OK); /* still there after a restart */
    assert_int_equal(records(&to), 1);
    assert_int_equal(records(&own), 3);
    assert_int_equal(fwl_snapshots_adopt(&snapshots, store), FWL_OK);
    assert_int_equal(records(&own), 1);
    (void)snprintf(path, sizeof(path), "%s/restore", data);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/restore/data.mdb", data);
    {
        FILE *f = fopen(path, "w");

        assert_true(f != NULL && fputs("this is no store", f) >= 0 && fclose(f) == 0);
    }
    assert_int_equal(fwl_snapshots_receive(&snapshots, &to), FWL_OK); /* a damaged one is made anew */
    assert_int_equal(records(&to), 0);
    fwl_snapshots_drop(&snapshots);
    assert_int_equal(access(path, F_OK), -1);
    fwl_snapshots_close(&snapshots);
    fwl_store_close(store);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(test_snapshots__made_and_kept),
        CASE(test_snapshots__of_another_chain),
        CASE(test_snapshots__that_fail),
        CASE(test_snapshots__received),
    };

    if (argc == 4 && strcmp(argv[1], "--write-snapshot") == 0) {
        return fwl_snapshots_write(argv[2], argv[3]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
