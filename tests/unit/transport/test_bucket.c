#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "p2p/transport/bucket.h"

static void
test_bucket__burst_debt_and_refill(void **state)
{
    struct fwl_bucket b;

    (void)state;
    fwl_bucket_init(&b, 20, 1000);
    fwl_bucket_take(&b, 20, 1000);
    assert_int_equal(fwl_bucket_wait_ms(&b, 1000), 0);
    fwl_bucket_take(&b, 1, 1000);
    assert_int_equal(fwl_bucket_wait_ms(&b, 1000), 50);
    assert_int_equal(fwl_bucket_wait_ms(&b, 1049), 1);
    assert_int_equal(fwl_bucket_wait_ms(&b, 1050), 0);
    assert_int_equal(fwl_bucket_wait_ms(&b, 900), 0); /* a clock that steps back gives nothing and takes nothing */
    fwl_bucket_take(&b, 0, UINT64_MAX);
    fwl_bucket_take(&b, 21, UINT64_MAX); /* full, never more */
    assert_int_equal(fwl_bucket_wait_ms(&b, UINT64_MAX), 50);
}

static void
test_bucket__extremes(void **state)
{
    struct fwl_bucket b;

    (void)state;
    fwl_bucket_init(&b, UINT32_MAX, 0);
    fwl_bucket_take(&b, UINT32_MAX, 0);
    assert_int_equal(fwl_bucket_wait_ms(&b, 0), 0);
    fwl_bucket_take(&b, UINT32_MAX, 0);
    assert_int_equal(fwl_bucket_wait_ms(&b, 0), 1000);
    fwl_bucket_init(&b, 1, 0);
    fwl_bucket_take(&b, UINT32_MAX, 0);
    assert_int_equal(fwl_bucket_wait_ms(&b, 0), ((uint64_t)UINT32_MAX - 1) * 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket__burst_debt_and_refill),
        cmocka_unit_test(test_bucket__extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
