#include "core/span.h"
#include "tests/unit/core/vectors.h"

static void
test_span__equality(void **state)
{
    (void)state;
    assert_true(fwl_span_equal((struct fwl_span){0}, fwl_span("x", 0)));
    assert_true(fwl_span_is(fwl_span("abc", 2), "ab"));
    assert_false(fwl_span_is(fwl_span("abc", 2), "abc"));
    assert_false(fwl_span_is(fwl_span("abc", 3), "abd"));
    assert_true(fwl_span_equal(fwl_span("a\0b", 3), fwl_span("a\0b", 3)));
    assert_false(fwl_span_equal(fwl_span("a\0b", 3), fwl_span("a\0c", 3)));
}

static void
test_span__bytewise_order(void **state)
{
    static const char *const ascending[] = {"", "A", "Aa", "a", "aa", "ab", "b", "\x7f", "\x80", "\xff"};

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(ascending); i++) {
        for (size_t j = 0; j < FWL_COUNT(ascending); j++) {
            int order = fwl_span_compare(fwl_span_text(ascending[i]), fwl_span_text(ascending[j]));

            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void
test_span__hashes(void **state)
{
    struct fwl_hash32 a = {0};
    struct fwl_hash32 b = {0};

    (void)state;
    assert_true(fwl_hash32_is_zero(&a));
    assert_true(fwl_hash32_equal(&a, &b));
    b.b[31] = 1;
    assert_false(fwl_hash32_is_zero(&b));
    assert_false(fwl_hash32_equal(&a, &b));
    assert_int_equal(fwl_hash32_span(&b).size, 32);
    assert_ptr_equal(fwl_hash32_span(&b).p, b.b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_span__equality),
        cmocka_unit_test(test_span__bytewise_order),
        cmocka_unit_test(test_span__hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
