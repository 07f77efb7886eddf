#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/limits.h"
#include "ledger/model/name.h"

static struct fwl_span
t(const char *text)
{
    return fwl_span_text(text);
}

static void
test_name__limits(void **state)
{
    uint8_t a[FWL_SEGMENT_MAX + 1];

    (void)state;
    memset(a, 'a', sizeof(a));
    assert_int_equal(fwl_name_participant(fwl_span(a, FWL_PARTICIPANT_ID_MAX)), FWL_OK);
    assert_int_equal(fwl_name_participant(fwl_span(a, FWL_PARTICIPANT_ID_MAX + 1)), FWL_ERR_NAME);
    assert_int_equal(fwl_name_segment(fwl_span(a, FWL_SEGMENT_MAX)), FWL_OK);
    assert_int_equal(fwl_name_segment(fwl_span(a, FWL_SEGMENT_MAX + 1)), FWL_ERR_NAME);
    assert_int_equal(fwl_name_param(fwl_span(a, FWL_RULE_NAME_MAX)), FWL_OK);
    assert_int_equal(fwl_name_param(fwl_span(a, FWL_RULE_NAME_MAX + 1)), FWL_ERR_NAME);
}

static void
test_name__good_and_bad(void **state)
{
    static const char *const bad_class[] = {"",        "a/b",      "a/b/",  "/b/c",   "a//c",
                                            "a/b/c/d", "a/b/../c", "a/./c", "a/b/c d"};
    struct fwl_class_name c;
    struct fwl_fleet_name f;

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(bad_class); i++) {
        assert_int_equal(fwl_name_class(&c, t(bad_class[i])), FWL_ERR_NAME);
        assert_int_equal(c.vendor.size, 0);
    }
    assert_int_equal(fwl_name_class(&c, t("Acme/gw.1+~_-/x")), FWL_OK);
    assert_true(fwl_span_is(c.model, "gw.1+~_-"));
    assert_int_equal(fwl_name_fleet(&f, t("plant-ops/line-7")), FWL_OK);
    assert_true(fwl_span_is(f.name, "line-7"));
    assert_int_equal(fwl_name_fleet(&f, t("Plant/line")), FWL_ERR_NAME);
    assert_int_equal(fwl_name_fleet(NULL, t("a/b/c")), FWL_ERR_NAME);
    assert_int_equal(fwl_name_participant(t("-a")), FWL_ERR_NAME);
    assert_int_equal(fwl_name_participant(t("0a-")), FWL_OK);
    assert_int_equal(fwl_name_param(t("1a")), FWL_ERR_NAME);
}

static void
test_name__patterns(void **state)
{
    (void)state;
    assert_int_equal(fwl_name_pattern(t("acme/*/modem")), FWL_OK);
    assert_int_equal(fwl_name_pattern(t("acme/g*/modem")), FWL_ERR_NAME);
    assert_int_equal(fwl_name_pattern(t("*/*")), FWL_ERR_NAME);
    assert_true(fwl_name_match(t("*/*/*"), t("a/b/c")));
    assert_true(fwl_name_match(t("a/*/c"), t("a/b/c")));
    assert_false(fwl_name_match(t("a/*/d"), t("a/b/c")));
    assert_true(fwl_name_equal_nocase(t("AcMe"), t("acme")));
    assert_false(fwl_name_equal_nocase(t("acme"), t("acm")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name__limits),
        cmocka_unit_test(test_name__good_and_bad),
        cmocka_unit_test(test_name__patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
