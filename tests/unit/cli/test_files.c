/* Whole files in and out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/cli/files.h"
#include "core/host/heap.h"

static void
test_files__round(void **state)
{
    static uint8_t bytes[100000];
    char path[] = "/tmp/fwl_files_XXXXXX";
    char inside[64];
    struct fwl_span got;

    (void)state;
    assert_true(mkstemp(path) >= 0);
    memset(bytes, 7, sizeof(bytes));
    assert_int_equal(fwl_files_replace(path, fwl_span(bytes, sizeof(bytes))), FWL_OK);
    assert_int_equal(fwl_files_read(&got, path, sizeof(bytes)), FWL_OK);
    assert_int_equal(got.size, sizeof(bytes));
    assert_memory_equal(got.p, bytes, sizeof(bytes));
    assert_int_equal(got.p[got.size], 0);
    fwl_free((void *)(uintptr_t)got.p);
    assert_int_equal(fwl_files_read(&got, path, sizeof(bytes) - 1), FWL_ERR_LIMIT);
    assert_null(got.p);
    assert_int_equal(fwl_files_replace(path, fwl_span(NULL, 0)), FWL_OK);
    assert_int_equal(fwl_files_read(&got, path, 0), FWL_OK);
    assert_int_equal(got.size, 0);
    fwl_free((void *)(uintptr_t)got.p);
    (void)snprintf(inside, sizeof(inside), "%s/x", path);
    assert_int_equal(fwl_files_replace(inside, fwl_span(bytes, 1)), FWL_ERR_STORAGE);
    assert_int_equal(remove(path), 0);
    assert_int_equal(fwl_files_read(&got, path, 10), FWL_ERR_ABSENT);
}

/* Adds one to the number in a file, many times; without the lock, additions get lost. */
static void
count_up(const char *path, unsigned times)
{
    if (fwl_files_lock(path) != FWL_OK) {
        exit(1);
    }
    for (unsigned i = 0; i < times; i++) {
        struct fwl_span bytes;
        char text[24];

        if (fwl_files_read(&bytes, path, sizeof(text) - 1) != FWL_OK) {
            exit(1);
        }
        (void)snprintf(text, sizeof(text), "%ld", strtol((const char *)bytes.p, NULL, 10) + 1);
        fwl_free((void *)(uintptr_t)bytes.p);
        if (fwl_files_replace(path, fwl_span_text(text)) != FWL_OK) {
            exit(1);
        }
    }
    exit(0);
}

static void
test_files__lock(void **state)
{
    enum { PROCESSES = 6, TIMES = 40 };
    char path[] = "/tmp/fwl_files_XXXXXX";
    char lock[64];
    struct fwl_span got;

    (void)state;
    assert_true(mkstemp(path) >= 0);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            count_up(path, TIMES);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(fwl_files_read(&got, path, 16), FWL_OK);
    assert_int_equal(strtol((const char *)got.p, NULL, 10), PROCESSES * TIMES);
    fwl_free((void *)(uintptr_t)got.p);
    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    assert_int_equal(remove(lock), 0);
    assert_int_equal(remove(path), 0);
    assert_int_equal(fwl_files_lock("/no/such/folder/state"), FWL_ERR_STORAGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files__round),
        cmocka_unit_test(test_files__lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
