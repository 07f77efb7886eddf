/* Counting by text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/cli/tally.h"
#include "core/host/heap.h"

static void
test_tally__number(void **state)
{
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {
        {0, "0"}, {999, "999"}, {1000, "1,000"}, {123456, "123,456"}, {UINT64_MAX, "18,446,744,073,709,551,615"}};
    char out[FWL_TALLY_NUMBER];

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        assert_string_equal(fwl_tally_number(out, cases[i].number), cases[i].text);
    }
}

static void
expect(const struct fwl_tally *tally, const char *want)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    fwl_tally_print(to, tally, "title");
    (void)fclose(to);
    assert_string_equal(text, want);
    free(text);
}

static void
test_tally__print(void **state)
{
    struct fwl_tally tally = {.tree = NULL};
    char text[8];

    (void)state;
    expect(&tally, "");
    for (size_t i = 0; i < 1500; i++) {
        fwl_tally_add(&tally, "often");
    }
    fwl_tally_add(&tally, "b");
    fwl_tally_add(&tally, "a\x1b[2J");
    expect(&tally, "title\n       1,500  often\n           1  a [2J\n           1  b\n");
    for (size_t i = 0; i < FWL_TALLY_SHOWN; i++) {
        (void)snprintf(text, sizeof(text), "x%zu", i);
        fwl_tally_add(&tally, text);
    }
    expect(&tally,
           "title\n       1,500  often\n           1  a [2J\n           1  b\n           1  x0\n           1  x1\n"
           "           1  x2\n           1  x3\n           1  x4\n           1  x5\n           1  x6\n"
           "           3  3 others\n");
    fwl_tally_clear(&tally);
    expect(&tally, "");
}

/* Out of memory counts nothing and breaks nothing. */
static void
test_tally__memory(void **state)
{
    struct fwl_tally tally = {.tree = NULL};

    (void)state;
    fwl_heap_fail_after(1);
    fwl_tally_add(&tally, "a");
    fwl_heap_fail_after(0);
    assert_int_equal(tally.count, 0);
    fwl_tally_add(&tally, "a");
    fwl_heap_fail_after(1);
    expect(&tally, "");
    fwl_heap_fail_after(0);
    expect(&tally, "title\n           1  a\n");
    fwl_tally_clear(&tally);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally__number),
        cmocka_unit_test(test_tally__print),
        cmocka_unit_test(test_tally__memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
