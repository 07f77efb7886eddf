#include "core/base.h"
#include "tests/unit/core/vectors.h"

static void
check(uint64_t n, uint64_t d)
{
    uint64_t bits = n;
    uint64_t native = n;

    assert_true(fwl_divide_bits(&bits, d) == n % d);
    assert_true(bits == n / d);
    assert_true(fwl_divide(&native, d) == n % d);
    assert_true(native == n / d);
}

static void
test_divide__edges(void **state)
{
    static const uint64_t numbers[] = {1,
                                       2,
                                       3,
                                       9,
                                       10,
                                       1000,
                                       86400,
                                       1000000000,
                                       INT32_MAX,
                                       UINT32_MAX,
                                       (uint64_t)UINT32_MAX + 1,
                                       INT64_MAX,
                                       UINT64_C(1) << 63,
                                       UINT64_MAX - 1,
                                       UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(numbers); i++) {
        check(0, numbers[i]);
        for (size_t k = 0; k < FWL_COUNT(numbers); k++) {
            check(numbers[i], numbers[k]);
        }
    }
}

static void
test_divide__many(void **state)
{
    uint64_t n = 1;
    uint64_t d = 1;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        n = n * UINT64_C(6364136223846793005) + 1442695040888963407;
        d = d * UINT64_C(2862933555777941757) + 3037000493;
        check(n, (d >> (i % 64)) | 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divide__edges),
        cmocka_unit_test(test_divide__many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
