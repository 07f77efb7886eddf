#include <jansson.h>

#include "core/host/log.h"
#include "tests/unit/core/vectors.h"

static char out[4096];
static FILE *to;

static int
setup(void **state)
{
    (void)state;
    memset(out, 0, sizeof(out));
    to = fmemopen(out, sizeof(out), "w");
    return to == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    return fclose(to);
}

static void
test_log__plain_line(void **state)
{
    static const char shape[] = "2000-00-00T00:00:00.000Z";
    struct fwl_log log = {.to = to, .level = FWL_LOG_INFO};

    (void)state;
    fwl_log(&log, FWL_LOG_UNUSUAL, "p2p", "peer is slow", "peer=%s ms=%d", "ab12", 7);
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        bool digit = out[i] >= '0' && out[i] <= '9';

        assert_true(shape[i] >= '0' && shape[i] <= '9' ? digit : out[i] == shape[i]);
    }
    assert_string_equal(out + 24, " unusual p2p: peer is slow peer=ab12 ms=7\n");
}

static void
test_log__no_pairs_no_blank(void **state)
{
    struct fwl_log log = {.to = to, .level = FWL_LOG_DEBUG};

    (void)state;
    fwl_log(&log, FWL_LOG_DEBUG, "node", "started", "%s", "");
    assert_string_equal(out + 24, " debug node: started\n");
}

static void
test_log__levels_and_null(void **state)
{
    struct fwl_log log = {.to = to, .level = FWL_LOG_UNUSUAL};

    (void)state;
    fwl_log(&log, FWL_LOG_DEBUG, "m", "a", "%s", "");
    fwl_log(&log, FWL_LOG_INFO, "m", "b", "%s", "");
    fwl_log(NULL, FWL_LOG_BROKEN, "m", "c", "%s", "");
    assert_string_equal(out, "");
    fwl_log(&log, FWL_LOG_BROKEN, "m", "d", "%s", "");
    assert_non_null(strstr(out, " broken m: d\n"));
}

static void
test_log__a_value_cannot_begin_a_line(void **state)
{
    struct fwl_log log = {.to = to, .level = FWL_LOG_INFO};

    (void)state;
    fwl_log(&log, FWL_LOG_INFO, "http", "request", "path=%s", "/a\n2026 broken\r\x1b[31m\x7f");
    assert_string_equal(out + 24, " info http: request path=/a 2026 broken  [31m \n");
}

static void
test_log__json_parses_whatever_the_pairs(void **state)
{
    struct fwl_log log = {.to = to, .level = FWL_LOG_INFO, .json = true};
    char cut[2000];
    json_t *line = NULL;

    (void)state;
    memset(cut, 'x', sizeof(cut));
    for (size_t i = 0; i + 1 < sizeof(cut); i += 2) {
        memcpy(cut + i, "\xc3\xa4", 2); /* the cut must not leave half of one */
    }
    cut[sizeof(cut) - 1] = '\0';
    fwl_log(&log, FWL_LOG_INFO, "p2p", "hello", "a=\"b\\\"\n\x01 c=%s", cut);
    assert_true(strlen(out) <= 1024);
    assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
    line = json_loads(out, 0, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "info");
    assert_string_equal(json_string_value(json_object_get(line, "module")), "p2p");
    assert_string_equal(json_string_value(json_object_get(line, "message")), "hello");
    assert_memory_equal(json_string_value(json_object_get(line, "pairs")), "a='b''   c=\xc3\xa4", 13);
    json_decref(line);
}

static void
test_log__bytes_that_are_no_text(void **state)
{
    struct fwl_log log = {.to = to, .level = FWL_LOG_INFO, .json = true};
    json_t *line = NULL;

    (void)state;
    fwl_log(&log, FWL_LOG_INFO, "m", "x", "a=%s", "\xff\xc3");
    line = json_loads(out, 0, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "pairs")), "a=??");
    json_decref(line);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_log__plain_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log__no_pairs_no_blank, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log__levels_and_null, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log__a_value_cannot_begin_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log__json_parses_whatever_the_pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log__bytes_that_are_no_text, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
