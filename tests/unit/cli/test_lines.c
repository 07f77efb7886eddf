/* JSON Lines: one document a line, bad lines between good ones, limits, files that end early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/cli/commands.h"
#include "client/cli/lines.h"
#include "core/host/heap.h"

static char path[] = "/tmp/fwledger-lines-XXXXXX";

static void
put(const char *text, size_t size)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int
teardown(void **state)
{
    (void)state;
    return unlink(path);
}

/* The next call fails; @number: lines read so far. */
static void
expect(struct fwl_lines *lines, enum fwl_err err, size_t number, const char *says)
{
    json_t *got = NULL;

    assert_int_equal(fwl_lines_next(lines, &got), err);
    assert_null(got);
    assert_int_equal(lines->number, number);
    if (says != NULL) {
        assert_non_null(strstr(lines->error, says));
    }
}

#define LINES "[1\n\n \t\r\n5\r\n{\"a\":1,\"a\":2}\n\x00\n7"

static void
test_lines__each(void **state)
{
    struct fwl_lines lines;

    (void)state;
    put(LINES, sizeof(LINES) - 1);
    assert_int_equal(fwl_lines_open(&lines, path), 0);
    assert_int_equal(lines.total, sizeof(LINES) - 1);
    expect(&lines, FWL_ERR_VALUE, 1, "column 2");
    expect(&lines, FWL_ERR_VALUE, 4, "column"); /* a number alone is no document */
    expect(&lines, FWL_ERR_VALUE, 5, "duplicate");
    expect(&lines, FWL_ERR_VALUE, 6, "column");
    expect(&lines, FWL_ERR_VALUE, 7, "column");
    expect(&lines, FWL_ERR_ABSENT, 7, NULL);
    assert_int_equal(lines.done, sizeof(LINES)); /* the last line has no end */
    fwl_lines_close(&lines);
}

/* A line of exactly the limit, one of a byte more, and a good one behind it. */
static void
test_lines__limit(void **state)
{
    char *text = malloc(2 * FWL_LINES_LINE_MAX + 64);
    struct fwl_lines lines;
    json_t *value = NULL;
    size_t size = 0;

    (void)state;
    assert_non_null(text);
    for (size_t extra = 0; extra < 2; extra++) {
        text[size] = '[';
        memset(text + size + 1, ' ', FWL_LINES_LINE_MAX - 2 + extra);
        text[size + FWL_LINES_LINE_MAX - 1 + extra] = ']';
        text[size + FWL_LINES_LINE_MAX + extra] = '\n';
        size += FWL_LINES_LINE_MAX + 1 + extra;
    }
    memcpy(text + size, "[3]\n", 4);
    put(text, size + 4);
    free(text);
    assert_int_equal(fwl_lines_open(&lines, path), 0);
    assert_int_equal(fwl_lines_next(&lines, &value), FWL_OK);
    json_decref(value);
    expect(&lines, FWL_ERR_LIMIT, 2, "has 1048577 bytes");
    assert_int_equal(fwl_lines_next(&lines, &value), FWL_OK);
    assert_int_equal(json_integer_value(json_array_get(value, 0)), 3);
    json_decref(value);
    expect(&lines, FWL_ERR_ABSENT, 3, NULL);
    fwl_lines_close(&lines);
}

static void
test_lines__failures(void **state)
{
    struct fwl_lines lines;

    (void)state;
    assert_int_equal(fwl_lines_open(&lines, "/nowhere/lines"), FWL_EXIT_CONFIG);
    fwl_lines_close(&lines);
    assert_int_equal(fwl_lines_open(&lines, "/"), 0);
    expect(&lines, FWL_ERR_STORAGE, 0, NULL);
    fwl_lines_close(&lines);
    put("[1]\n", 4);
    assert_int_equal(fwl_lines_open(&lines, path), 0);
    fwl_heap_fail_after(1);
    expect(&lines, FWL_ERR_MEMORY, 0, NULL);
    fwl_heap_fail_after(0);
    fwl_lines_close(&lines);
    put("", 0);
    assert_int_equal(fwl_lines_open(&lines, path), 0);
    expect(&lines, FWL_ERR_ABSENT, 0, NULL);
    fwl_lines_close(&lines);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines__each),
        cmocka_unit_test(test_lines__limit),
        cmocka_unit_test(test_lines__failures),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
