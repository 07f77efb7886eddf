#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/host/folder.h"

static void
test_folder__syncs_what_is_there(void **state)
{
    static char far[8192];

    (void)state;
    assert_int_equal(fwl_folder_sync("/tmp"), FWL_OK);
    assert_int_equal(fwl_folder_sync("/tmp/no such folder"), FWL_ERR_STORAGE);
    assert_int_equal(fwl_folder_sync("/dev/null"), FWL_ERR_STORAGE);
    assert_int_equal(fwl_folder_sync_of("/tmp/a file that need not be there"), FWL_OK);
    assert_int_equal(fwl_folder_sync_of("file"), FWL_OK); /* in the present folder */
    assert_int_equal(fwl_folder_sync_of("/file"), FWL_OK);
    assert_int_equal(fwl_folder_sync_of("/tmp/not there/"), FWL_OK); /* a folder of its own, however it is written */
    assert_int_equal(fwl_folder_sync_of("/tmp/no such folder/file"), FWL_ERR_STORAGE);
    for (size_t i = 0; i < sizeof(far) - 1; i++) {
        far[i] = i % 2 == 0 ? '/' : '.';
    }
    assert_int_equal(fwl_folder_sync_of(far), FWL_ERR_STORAGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder__syncs_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
