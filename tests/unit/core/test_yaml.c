#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/yaml/yaml.h"

static const char *const known[] = {"name", "wait", "count", "on", "list"};

static struct fwl_yaml y;

static int
load(const char *text)
{
    fwl_yaml_deinit(&y);
    (void)fwl_yaml_load(&y, "f.yaml", fwl_span_text(text));
    fwl_yaml_keys(&y, fwl_yaml_root(&y), known, FWL_COUNT(known));
    return fwl_yaml_root(&y);
}

static void
test_yaml__values(void **state)
{
    int root = load("name: 'x y'\nwait: 1h30m\ncount: -12\non: true\nlist: [a, b]\n");
    int list = fwl_yaml_get(&y, root, "list");

    (void)state;
    assert_true(fwl_span_is(fwl_yaml_text(&y, fwl_yaml_need(&y, root, "name"), 10), "x y"));
    assert_int_equal(fwl_yaml_duration_ms(&y, fwl_yaml_need(&y, root, "wait"), 0, UINT64_MAX), 5400000);
    assert_int_equal(fwl_yaml_int(&y, fwl_yaml_need(&y, root, "count"), -12, 0), -12);
    assert_true(fwl_yaml_bool(&y, fwl_yaml_need(&y, root, "on")));
    assert_int_equal(fwl_yaml_list(&y, list, 2), 2);
    assert_true(fwl_span_is(fwl_yaml_text(&y, fwl_yaml_item(&y, list, 1), 1), "b"));
    assert_int_equal(y.err, FWL_OK);
    fwl_yaml_deinit(&y);
}

struct bad {
    const char *text;
    enum fwl_err err;
    const char *says;
};

/* Reads all keys of a file as the values above, so that each bad one is met. */
static void
read_all(int root)
{
    (void)fwl_yaml_text(&y, fwl_yaml_get(&y, root, "name"), 4);
    (void)fwl_yaml_duration_ms(&y, fwl_yaml_get(&y, root, "wait"), 1000, 60000);
    (void)fwl_yaml_int(&y, fwl_yaml_get(&y, root, "count"), 1, 9);
    (void)fwl_yaml_bool(&y, fwl_yaml_get(&y, root, "on"));
    (void)fwl_yaml_list(&y, fwl_yaml_get(&y, root, "list"), 2);
}

static void
test_yaml__errors_name_line_and_remedy(void **state)
{
    static const struct bad bads[] = {
        {"name: a\nnam: b\n", FWL_ERR_UNKNOWN, "f.yaml:2: unknown key \"nam\"; did you mean \"name\"?"},
        {"zzz: b\n", FWL_ERR_UNKNOWN, "f.yaml:1: unknown key \"zzz\"; known here: name, wait"},
        {"name: a\nname: b\n", FWL_ERR_DUPLICATE, "f.yaml:2: the key \"name\" occurs twice"},
        {"name: abcde\n", FWL_ERR_LIMIT, "f.yaml:1: the text has 5 bytes, at most 4"},
        {"name: [a]\n", FWL_ERR_TYPE, "a text is expected"},
        {"wait: 5\n", FWL_ERR_VALUE, "is not a duration"},
        {"wait: 5x\n", FWL_ERR_VALUE, "is not a duration"},
        {"wait: 99999999999999999999s\n", FWL_ERR_VALUE, "is not a duration"},
        {"wait: 61s\n", FWL_ERR_RANGE, "is not between 1000 and 60000 ms"},
        {"wait: 999ms\n", FWL_ERR_RANGE, "is not between"},
        {"count: 10\n", FWL_ERR_RANGE, "from 1 to 9"},
        {"count: 0\n", FWL_ERR_RANGE, "from 1 to 9"},
        {"count: 1x\n", FWL_ERR_RANGE, "whole number"},
        {"count: '-'\n", FWL_ERR_RANGE, "whole number"},
        {"count: 99999999999999999999\n", FWL_ERR_RANGE, "whole number"},
        {"on: yes\n", FWL_ERR_VALUE, "neither true nor false"},
        {"list: a\n", FWL_ERR_TYPE, "a list is expected"},
        {"list: [a, b, c]\n", FWL_ERR_LIMIT, "3 elements, at most 2"},
        {"- a\n", FWL_ERR_VALUE, "one map"},
        {"a: [\n", FWL_ERR_VALUE, "not YAML"},
        {"", FWL_ERR_VALUE, "one map"},
    };

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(bads); i++) {
        read_all(load(bads[i].text));
        assert_int_equal(y.err, bads[i].err);
        if (strstr(y.error, bads[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", y.error, bads[i].says);
        }
    }
    fwl_yaml_deinit(&y);
}

static void
test_yaml__int_bounds(void **state)
{
    int root = load("count: -9223372036854775808\nlist: [9223372036854775807, 9223372036854775808]\n");
    int list = fwl_yaml_get(&y, root, "list");

    (void)state;
    assert_true(fwl_yaml_int(&y, fwl_yaml_get(&y, root, "count"), INT64_MIN, INT64_MAX) == INT64_MIN);
    assert_true(fwl_yaml_int(&y, fwl_yaml_item(&y, list, 0), INT64_MIN, INT64_MAX) == INT64_MAX);
    assert_int_equal(y.err, FWL_OK);
    (void)fwl_yaml_int(&y, fwl_yaml_item(&y, list, 1), INT64_MIN, INT64_MAX);
    assert_int_equal(y.err, FWL_ERR_RANGE);
    fwl_yaml_deinit(&y);
}

static void
test_yaml__file(void **state)
{
    (void)state;
    assert_int_equal(fwl_yaml_load_file(&y, "/nonexistent/x.yaml"), FWL_ERR_ABSENT);
    assert_non_null(strstr(y.error, "/nonexistent/x.yaml: cannot be opened"));
    fwl_yaml_deinit(&y);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml__values),
        cmocka_unit_test(test_yaml__errors_name_line_and_remedy),
        cmocka_unit_test(test_yaml__int_bounds),
        cmocka_unit_test(test_yaml__file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
