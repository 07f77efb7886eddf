/* Options and operands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli/args.h"
#include "client/cli/commands.h"

static bool flag;
static const char *value;
static struct fwl_arg_list list;
static struct fwl_operands operands;
static const struct fwl_command command = {"x y", "A [B]", "Does.", "fwledger x y a", NULL};
static const struct fwl_option options[] = {
    {.name = "--flag", .help = "f", .flag = &flag},
    {.name = "--value", .value_name = "V", .help = "v", .value = &value},
    {.name = "--list", .value_name = "L", .help = "l", .list = &list},
};

static int
parse(int argc, const char *const *argv)
{
    char *copy[80];

    flag = false;
    value = NULL;
    list = (struct fwl_arg_list){0};
    for (int i = 0; i < argc; i++) {
        copy[i] = (char *)(uintptr_t)argv[i];
    }
    return fwl_args_parse(&command, options, FWL_COUNT(options), &operands, 1, 2, argc, copy);
}

#define PARSE(...) parse((int)FWL_COUNT(((const char *const[]){__VA_ARGS__})), (const char *const[]){__VA_ARGS__})

static void
test_args__forms(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--flag", "a", "--value", "v", "--list=1", "b", "--list", "2"), -1);
    assert_true(flag);
    assert_string_equal(value, "v");
    assert_int_equal(list.count, 2);
    assert_string_equal(list.values[1], "2");
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.values[1], "b");
    assert_int_equal(PARSE("--", "--flag", "-"), -1);
    assert_false(flag);
    assert_string_equal(operands.values[0], "--flag");
    assert_int_equal(PARSE("--value=", "a"), -1);
    assert_string_equal(value, "");
    assert_int_equal(PARSE("--help"), 0);
}

static void
wrapped(const char *text, unsigned left, const char *expected)
{
    char out[512] = "";
    FILE *to = fmemopen(out, sizeof(out), "w");

    assert_non_null(to);
    fwl_args_wrap(to, fwl_span_text(text), left);
    assert_int_equal(fclose(to), 0);
    assert_string_equal(out, expected);
}

#define EIGHTY "1234567 1234567 1234567 1234567 1234567 1234567 1234567 1234567 1234567 12345678"

static void
test_args__wrap(void **state)
{
    (void)state;
    wrapped("", 0, "\n");
    wrapped("two\nlines", 0, "two lines\n");
    wrapped(EIGHTY, 0, EIGHTY "\n");
    wrapped(EIGHTY "9", 0, "1234567 1234567 1234567 1234567 1234567 1234567 1234567 1234567 1234567\n123456789\n");
    wrapped("a bc", 78,
            "a\n"
            "                                                                              bc\n");
    wrapped("longer-than-it x", 70,
            "longer-than-it\n                                                                      "
            "x\n");
}

static void
test_args__usage(void **state)
{
    const char *many[FWL_ARGS_REPEAT_MAX + 2] = {"a"};

    (void)state;
    assert_int_equal(PARSE("--nope", "a"), 2);
    assert_int_equal(PARSE("--flag=1", "a"), 2);
    assert_int_equal(PARSE("a", "--value"), 2);
    assert_int_equal(PARSE("--flag"), 2);
    assert_int_equal(PARSE("a", "b", "c"), 2);
    for (size_t i = 1; i < FWL_COUNT(many); i++) {
        many[i] = "--list=x";
    }
    assert_int_equal(parse(FWL_ARGS_REPEAT_MAX + 1, many), -1);
    assert_int_equal(list.count, FWL_ARGS_REPEAT_MAX);
    assert_int_equal(parse(FWL_ARGS_REPEAT_MAX + 2, many), 2);
}

static void
test_args__numbers(void **state)
{
    uint64_t n = 9;

    (void)state;
    assert_true(fwl_commands_number(&n, "0", 10) && n == 0);
    assert_true(fwl_commands_number(&n, "10", 10) && n == 10);
    assert_true(fwl_commands_number(&n, "18446744073709551615", UINT64_MAX) && n == UINT64_MAX);
    assert_false(fwl_commands_number(&n, "11", 10));
    assert_false(fwl_commands_number(&n, "18446744073709551616", UINT64_MAX));
    assert_false(fwl_commands_number(&n, "", 10));
    assert_false(fwl_commands_number(&n, "-1", 10));
    assert_false(fwl_commands_number(&n, "1x", 10));
    assert_int_equal(n, 0);
}

static void
test_args__exit_codes(void **state)
{
    (void)state;
    assert_int_equal(fwl_commands_exit(FWL_OK), 0);
    assert_int_equal(fwl_commands_exit(FWL_ERR_ROLE), 1);
    assert_int_equal(fwl_commands_exit(FWL_ERR_NETWORK), 4);
    assert_int_equal(fwl_commands_exit(FWL_ERR_CERTIFICATE), 10);
    assert_int_equal(fwl_commands_exit(FWL_ERR_NO_VALUE), 11);
    assert_int_equal(fwl_commands_exit(FWL_ERR_STALE), 12);
    assert_int_equal(fwl_commands_exit(FWL_ERR_ROLLBACK), 13);
    assert_int_equal(fwl_commands_exit(FWL_ERR_TRUNCATED), 14);
    assert_int_equal(fwl_commands_exit(FWL_ERR_AUTHOR), 15);
    assert_int_equal(fwl_commands_exit(FWL_ERR_CORRUPT), 20);
    assert_int_equal(fwl_commands_exit(FWL_ERR_LOCAL), 22);
    assert_int_equal(fwl_commands_fail_file("x", FWL_ERR_ABSENT), 3);
    assert_int_equal(fwl_commands_fail_file("x", FWL_ERR_STORAGE), 3);
    assert_int_equal(fwl_commands_fail_file("x", FWL_ERR_LIMIT), 3);
    assert_int_equal(fwl_commands_fail_file("x", FWL_ERR_TRUNCATED), 14);
    assert_int_equal(fwl_commands_fail_file("x", FWL_ERR_HASH), 11);
    assert_int_equal(fwl_commands_fail_write("x"), 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_args__forms),      cmocka_unit_test(test_args__wrap),
        cmocka_unit_test(test_args__usage),      cmocka_unit_test(test_args__numbers),
        cmocka_unit_test(test_args__exit_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
