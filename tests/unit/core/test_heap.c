#include "core/host/heap.h"
#include "tests/unit/core/vectors.h"

static void
test_heap__allocates(void **state)
{
    uint8_t *p = fwl_calloc(3, 4);
    char *copy = fwl_strdup("abc");
    void *none = fwl_malloc(0);
    void *no_items = fwl_calloc(0, 0);

    (void)state;
    assert_non_null(p);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(p[i], 0);
    }
    p[11] = 7;
    p = fwl_realloc(p, 1000);
    assert_non_null(p);
    assert_int_equal(p[11], 7);
    assert_string_equal(copy, "abc");
    assert_non_null(none);
    assert_non_null(no_items);
    fwl_free(p);
    fwl_free(copy);
    fwl_free(none);
    fwl_free(no_items);
    fwl_free(NULL);
}

static void
test_heap__fails_once_at_the_given_call(void **state)
{
    void *first = NULL;
    void *kept = NULL;

    (void)state;
    fwl_heap_fail_after(2);
    first = fwl_malloc(1);
    assert_non_null(first);
    assert_null(fwl_realloc(first, 2)); /* leaves the old block */
    kept = fwl_strdup("x");
    assert_non_null(kept);
    fwl_free(kept);
    fwl_heap_fail_after(1);
    assert_null(fwl_strdup("x"));
    fwl_heap_fail_after(1);
    assert_null(fwl_calloc(1, 1));
    fwl_heap_fail_after(1);
    fwl_heap_fail_after(0);
    kept = fwl_malloc(1);
    assert_non_null(kept);
    fwl_free(kept);
    fwl_free(first);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap__allocates),
        cmocka_unit_test(test_heap__fails_once_at_the_given_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
