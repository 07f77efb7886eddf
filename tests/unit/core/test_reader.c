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

/* Every truncation of a record fails as such, with zeros for what is missing and a view of nothing. */
static void
test_reader__every_truncation(void **state)
{
    static const uint8_t in[] = {1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 9, 8, 7};

    (void)state;
    for (size_t size = 0; size <= sizeof(in); size++) {
        struct fwl_reader r;
        struct fwl_span view;
        uint8_t two[2] = {5, 5};

        fwl_reader_init(&r, fwl_span(size == 0 ? NULL : in, size));
        assert_int_equal(fwl_reader_u8(&r), size >= 1 ? 1 : 0);
        assert_int_equal(fwl_reader_u16(&r), size >= 3 ? 2 : 0);
        assert_int_equal(fwl_reader_u32(&r), size >= 7 ? 3 : 0);
        assert_int_equal(fwl_reader_u64(&r), size >= 15 ? 4 : 0);
        fwl_reader_copy(&r, two, sizeof(two));
        assert_int_equal(two[0], size >= 17 ? 9 : 0);
        assert_int_equal(two[1], size >= 17 ? 8 : 0);
        view = fwl_reader_bytes(&r, 1);
        assert_int_equal(view.size, size == sizeof(in) ? 1 : 0);
        assert_int_equal(fwl_reader_ok(&r), size == sizeof(in));
        assert_int_equal(fwl_reader_finish(&r), size == sizeof(in) ? FWL_OK : FWL_ERR_TRUNCATED);
    }
}

static void
test_reader__rest_and_sizes_beyond(void **state)
{
    static const uint8_t in[] = {1, 2, 3};
    struct fwl_reader r;
    struct fwl_span rest;

    (void)state;
    fwl_reader_init(&r, fwl_span(in, sizeof(in)));
    (void)fwl_reader_u8(&r);
    rest = fwl_reader_rest(&r);
    assert_ptr_equal(rest.p, in + 1);
    assert_int_equal(rest.size, 2);
    assert_int_equal(fwl_reader_rest(&r).size, 0);
    assert_int_equal(fwl_reader_bytes(&r, 0).size, 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
    fwl_reader_init(&r, fwl_span(in, sizeof(in)));
    assert_int_equal(fwl_reader_bytes(&r, SIZE_MAX).size, 0);
    assert_int_equal(fwl_reader_rest(&r).size, 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TRUNCATED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader__straight_line),         cmocka_unit_test(test_reader__first_failure_stays),
        cmocka_unit_test(test_reader__trailing_bytes),        cmocka_unit_test(test_reader__every_truncation),
        cmocka_unit_test(test_reader__rest_and_sizes_beyond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
