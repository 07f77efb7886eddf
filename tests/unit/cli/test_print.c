/* What people read: nothing that a terminal obeys, times as dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli/print.h"

static void
shows_text(const char *text, const char *expected)
{
    char out[256] = "";
    FILE *to = fmemopen(out, sizeof(out), "w");

    assert_non_null(to);
    fwl_print_text(to, text);
    assert_int_equal(fclose(to), 0);
    assert_string_equal(out, expected);
}

static void
test_print__text_has_no_control_characters(void **state)
{
    (void)state;
    shows_text("a\x1b[2Jb\nc\td\x7f"
               "e",
               "a [2Jb c d e");
    shows_text("\xc2\x9b"
               "2J\xc2\x80\xc2\x9f",
               " 2J  ");
    shows_text("\xc2\xa0\xc3\x9f\xe2\x82\xac", "\xc2\xa0\xc3\x9f\xe2\x82\xac");
    shows_text("\xc2", "\xc2");
}

static void
shows_value(const char *json, bool as_json, const char *expected)
{
    char out[512] = "";
    FILE *to = fmemopen(out, sizeof(out), "w");
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

    assert_non_null(to);
    assert_non_null(value);
    fwl_print_value(to, value, as_json);
    json_decref(value);
    assert_int_equal(fclose(to), 0);
    assert_string_equal(out, expected);
}

static void
test_print__values(void **state)
{
    (void)state;
    shows_value("{\"a\": [1, {\"b\": \"x\", \"c\": []}], \"d\": {}, \"e\": null}", false,
                "a:\n  - 1\n  - b: x\n    c: none\nd: none\ne: null\n");
    shows_value("{\"a\": [1, \"\\u001b\"]}", true, "{\"a\":[1,\"\\u001B\"]}\n");
}

static void
test_print__times(void **state)
{
    (void)state;
    shows_value("{\"changed_ms\": 1795864061713}", false, "changed_ms: 1795864061713 (2026-11-28T11:07:41.713Z)\n");
    shows_value("{\"expires\": 1795867661}", false, "expires: 1795867661 (2026-11-28T12:07:41Z)\n");
    shows_value("{\"time_ms\": 1795864061713}", false, "time_ms: 1795864061713\n"); /* time stands beside it */
    shows_value("{\"max_age_ms\": 900000}", false, "max_age_ms: 900000\n");
    shows_value("{\"changed_ms\": 1000000000000}", false, "changed_ms: 1000000000000 (2001-09-09T01:46:40Z)\n");
    shows_value("{\"changed_ms\": 999999999999}", false, "changed_ms: 999999999999\n");
    shows_value("{\"changed_ms\": 253402300799999}", false, "changed_ms: 253402300799999 (9999-12-31T23:59:59.999Z)\n");
    shows_value("{\"changed_ms\": 253402300800000}", false, "changed_ms: 253402300800000\n");
    shows_value("{\"expires\": 9223372036854775807}", false, "expires: 9223372036854775807\n");
    shows_value("{\"changed_ms\": -1, \"x\": 1795864061713}", false, "changed_ms: -1\nx: 1795864061713\n");
    shows_value("{\"changed_ms\": 1795864061713}", true, "{\"changed_ms\":1795864061713}\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print__text_has_no_control_characters),
        cmocka_unit_test(test_print__values),
        cmocka_unit_test(test_print__times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
