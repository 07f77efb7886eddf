#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/reader.h"

static void
test_reader__straight_line(void **state)
{
    static const uint8_t in[] = {1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 9, 8};
    struct fwl_reader r;
    uint8_t two[2];

    (void)state;
    fwl_reader_init(&r, fwl_span(in, sizeof(in)));
    assert_int_equal(fwl_reader_u8(&r), 1);
    assert_int_equal(fwl_reader_u16(&r), 2);
    assert_int_equal(fwl_reader_u32(&r), 3);
    assert_int_equal(fwl_reader_u64(&r), 4);
    fwl_reader_copy(&r, two, sizeof(two));
    assert_int_equal(two[1], 8);
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
}

static void
test_reader__first_failure_stays(void **state)
{
    static const uint8_t in[] = {1, 2, 3};
    struct fwl_reader r;

    (void)state;
    fwl_reader_init(&r, fwl_span(in, sizeof(in)));
    fwl_reader_field(&r, "height");
    assert_int_equal(fwl_reader_u8(&r), 1);
    assert_int_equal(fwl_reader_u32(&r), 0);
    fwl_reader_field(&r, "view");
    fwl_reader_fail(&r, FWL_ERR_VALUE);
    assert_int_equal(fwl_reader_u8(&r), 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TRUNCATED);
    assert_string_equal(r.field, "height");
    assert_int_equal(r.offset, 1);
}

static void
test_reader__trailing_bytes(void **state)
{
    static const uint8_t in[] = {1, 2};
    struct fwl_reader r;

    (void)state;
    fwl_reader_init(&r, fwl_span(in, sizeof(in)));
    assert_int_equal(fwl_reader_u8(&r), 1);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TRAILING);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader__straight_line),
        cmocka_unit_test(test_reader__first_failure_stays),
        cmocka_unit_test(test_reader__trailing_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
