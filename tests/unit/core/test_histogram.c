#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/histogram.h"

static const int64_t bounds[FWL_HISTOGRAM_BOUNDS] = {-10, -1, 0, 1, 2, 5, 10, 20, 50, 100, 200, 500};

static void
test_histogram__ranges(void **state)
{
    struct fwl_histogram h = {.count = 0};

    (void)state;
    for (unsigned i = 0; i < FWL_HISTOGRAM_BOUNDS; i++) {
        fwl_histogram_add(&h, bounds, bounds[i]);
        assert_int_equal(h.ranges[i], 1);
    }
    fwl_histogram_add(&h, bounds, INT64_MIN);
    assert_int_equal(h.ranges[0], 2);
    fwl_histogram_add(&h, bounds, 501);
    assert_int_equal(h.ranges[FWL_HISTOGRAM_BOUNDS], 1);
    assert_int_equal(h.count, FWL_HISTOGRAM_BOUNDS + 2);
}

static void
test_histogram__sum_saturates(void **state)
{
    struct fwl_histogram h = {.count = 0};

    (void)state;
    fwl_histogram_add(&h, bounds, 7);
    fwl_histogram_add(&h, bounds, -3);
    assert_int_equal(h.sum, 4);
    fwl_histogram_add(&h, bounds, INT64_MAX - 4);
    assert_int_equal(h.sum, INT64_MAX);
    fwl_histogram_add(&h, bounds, 1);
    assert_int_equal(h.sum, INT64_MAX);
    h.sum = INT64_MIN + 1;
    fwl_histogram_add(&h, bounds, -1);
    assert_int_equal(h.sum, INT64_MIN);
    fwl_histogram_add(&h, bounds, -1);
    assert_int_equal(h.sum, INT64_MIN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram__ranges),
        cmocka_unit_test(test_histogram__sum_saturates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
