/* Whole files in and out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files__round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
