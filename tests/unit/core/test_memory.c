#include "core/base.h"
#include "tests/unit/core/vectors.h"

static void
test_memory__zero_stays_within(void **state)
{
    uint8_t b[] = {1, 2, 3, 4};

    (void)state;
    fwl_memzero(b + 1, 2);
    assert_memory_equal(b, "\1\0\0\4", 4);
    fwl_memzero(b, 0);
    assert_int_equal(b[0], 1);
}

static void
test_memory__equal_sees_every_bit(void **state)
{
    uint8_t a[32];
    uint8_t b[32];

    (void)state;
    memset(a, 0x5a, sizeof(a));
    memcpy(b, a, sizeof(b));
    assert_true(fwl_ct_equal(a, b, sizeof(a)));
    for (size_t bit = 0; bit < 8 * sizeof(b); bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(fwl_ct_equal(a, b, sizeof(a)));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    b[31] = 0;
    assert_true(fwl_ct_equal(a, b, 31));
    assert_true(fwl_ct_equal(a, b, 0));
}

static void
test_memory__checked_arithmetic_and_byte_order(void **state)
{
    uint64_t out = 0;
    uint8_t b[8];

    (void)state;
    assert_true(fwl_add_u64(&out, UINT64_MAX - 1, 1));
    assert_true(out == UINT64_MAX);
    assert_false(fwl_add_u64(&out, UINT64_MAX, 1));
    assert_true(fwl_mul_u64(&out, UINT32_MAX, UINT32_MAX));
    assert_true(out == (uint64_t)UINT32_MAX * UINT32_MAX);
    assert_false(fwl_mul_u64(&out, UINT64_C(1) << 32, UINT64_C(1) << 32));
    fwl_store_be64(b, UINT64_C(0xfedcba9876543210));
    assert_memory_equal(b, "\xfe\xdc\xba\x98\x76\x54\x32\x10", 8);
    assert_true(fwl_load_be64(b) == UINT64_C(0xfedcba9876543210));
    assert_int_equal(fwl_load_be32(b), 0xfedcba98);
    assert_int_equal(fwl_load_be16(b), 0xfedc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__zero_stays_within),
        cmocka_unit_test(test_memory__equal_sees_every_bit),
        cmocka_unit_test(test_memory__checked_arithmetic_and_byte_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
