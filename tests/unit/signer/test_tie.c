/* The id that ties a key file to its votes store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/host/instance.h"
#include "ledger/store/memstore.h"
#include "signer/host/tie.h"

static char folder[256];
static char key_path[300];
static char id_path[320];
static struct fwl_memstore *store;
static struct fwl_storage votes;
static struct fwl_tie tie;

static int
setup(void **state)
{
    const char *base = getenv("TMPDIR");

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/fwl-tie-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(key_path, sizeof(key_path), "%s/validator.key", folder);
    (void)snprintf(id_path, sizeof(id_path), "%s.instance", key_path);
    store = fwl_memstore_new();
    votes = fwl_memstore_storage(store);
    tie = fwl_tie_file(key_path);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    fwl_memstore_free(store);
    (void)unlink(id_path);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
    return 0;
}

/* As keygen leaves it. */
static void
be_new(void)
{
    assert_int_equal(fwl_instance_write(&(struct fwl_instance){.kind = FWL_INSTANCE_NEW}, key_path), FWL_OK);
}

static void
test_tie__new_key_is_not_lost(void **state)
{
    struct stat info;
    bool lost = true;

    (void)state;
    be_new();
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_false(lost);
    assert_int_equal(stat(id_path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_false(lost);
}

static void
test_tie__lost_or_other_store(void **state)
{
    struct fwl_memstore *other = fwl_memstore_new();
    struct fwl_storage empty = fwl_memstore_storage(other);
    bool lost = false;

    (void)state;
    be_new();
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_int_equal(fwl_tie_check(&lost, &empty, &tie), FWL_OK);
    assert_true(lost); /* the store is gone */
    assert_int_equal(fwl_tie_check(&lost, &empty, &tie), FWL_OK);
    assert_true(lost); /* asking does not make it better */
    assert_int_equal(fwl_tie_renew(&empty, &tie), FWL_OK);
    assert_int_equal(fwl_tie_check(&lost, &empty, &tie), FWL_OK);
    assert_false(lost);
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_true(lost); /* the old store comes back from a backup */
    assert_int_equal(unlink(id_path), 0);
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_true(lost); /* another key */
    fwl_memstore_free(other);
}

/* A key that comes without its file to an empty store, and one that says "new" to a store in use. */
static void
test_tie__unknown_past_is_lost(void **state)
{
    bool lost = false;

    (void)state;
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_true(lost);
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_true(lost);
    assert_int_equal(fwl_tie_renew(&votes, &tie), FWL_OK);
    be_new();
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_true(lost);
}

static void
test_tie__damaged_file(void **state)
{
    static const char *const bad[] = {"",
                                      "00112233445566778899aabbccddeeff",
                                      "00112233445566778899aabbccddeeffx",
                                      "00112233445566778899AABBCCDDEEFF\n",
                                      "00112233445566778899aabbccddeeff\n\n",
                                      "new",
                                      "new\n\n"};
    bool lost = false;

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(bad); i++) {
        FILE *f = fopen(id_path, "w");

        assert_non_null(f);
        assert_true(fputs(bad[i], f) >= 0);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_ERR_CORRUPT);
        assert_true(lost);
    }
}

static void
test_tie__crash_between_file_and_store(void **state)
{
    bool lost = false;

    (void)state;
    be_new();
    fwl_memstore_fail(store, 1, FWL_MEMSTORE_LOST, false);
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_ERR_STORAGE);
    assert_true(lost);
    fwl_memstore_crash(store);
    assert_int_equal(fwl_tie_check(&lost, &votes, &tie), FWL_OK);
    assert_true(lost);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_tie__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(new_key_is_not_lost), CASE(unknown_past_is_lost),         CASE(lost_or_other_store),
        CASE(damaged_file),        CASE(crash_between_file_and_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
