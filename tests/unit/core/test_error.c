#include "core/error.h"
#include "tests/unit/core/vectors.h"

static const struct {
    const char *name;
    int number;
} table[] = {
#define ROW(name, number, text) {#name, number},
    FWL_ERRORS(ROW)
#undef ROW
};

static void
test_error__numbers_ascend_within_groups(void **state)
{
    static const int groups[][2] = {{0, 0}, {1, 19}, {20, 39}, {40, 59}, {60, 79}, {80, 99}, {100, 139}};

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(table); i++) {
        bool found = false;

        assert_true(i == 0 || table[i].number > table[i - 1].number);
        for (size_t g = 0; g < FWL_COUNT(groups); g++) {
            found = found || (table[i].number >= groups[g][0] && table[i].number <= groups[g][1]);
        }
        assert_true(found);
    }
}

static void
test_error__names_and_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(table); i++) {
        enum fwl_err err = (enum fwl_err)table[i].number;

        assert_string_equal(fwl_err_name(err), table[i].name);
        assert_true(strlen(fwl_err_text(err)) > 3);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(table[i].name, table[j].name);
            assert_string_not_equal(fwl_err_text(err), fwl_err_text((enum fwl_err)table[j].number));
        }
    }
    assert_int_equal(FWL_OK, 0);
    assert_string_equal(fwl_err_name(FWL_ERR_NO_VALUE), "NO_VALUE");
    assert_string_equal(fwl_err_name((enum fwl_err)138), "UNKNOWN-ERROR");
    assert_non_null(fwl_err_text((enum fwl_err)138));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error__numbers_ascend_within_groups),
        cmocka_unit_test(test_error__names_and_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
