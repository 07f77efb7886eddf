#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/time.h"

static void
test_time__parse(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2000-02-29T12:34:56Z", 951827696},
        {"2026-08-22T01:02:03.999Z", 1787360523},
        {"2026-08-22t03:02:03+02:00", 1787360523},
        {"2026-08-21T20:32:03-04:30", 1787360523},
        {"1990-12-31T23:59:60Z", 662687999},
        {"0001-01-01T00:00:00Z", -62135596800},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    int64_t seconds = 0;

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(good); i++) {
        assert_int_equal(fwl_time_parse(&seconds, fwl_span_text(good[i].text)), FWL_OK);
        assert_true(seconds == good[i].seconds);
    }
}

static void
test_time__parse_refuses(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-08-22",
        "2026-08-22T01:02:03",
        "2026-08-22 01:02:03Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00+0100",
        "0000-01-01T00:00:00Z",
        "2026-01-01T00:00:00Zx",
    };
    int64_t seconds = 0;

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(bad); i++) {
        assert_int_equal(fwl_time_parse(&seconds, fwl_span_text(bad[i])), FWL_ERR_VALUE);
    }
}

static void
test_time__text_round_trip(void **state)
{
    char text[FWL_TIME_TEXT_SIZE];
    int64_t seconds = 0;

    (void)state;
    fwl_time_text(text, UINT64_C(1787360523007));
    assert_string_equal(text, "2026-08-22T01:02:03.007Z");
    for (int64_t day = 0; day < 2932897; day++) { /* every day of 1970..9999 */
        int64_t at = day * 86400 + day % 86400;

        fwl_time_text(text, (uint64_t)at * 1000);
        assert_int_equal(fwl_time_parse(&seconds, fwl_span_text(text)), FWL_OK);
        assert_true(seconds == at);
    }
    assert_string_equal(text, "9999-12-31T22:41:36Z");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time__parse),
        cmocka_unit_test(test_time__parse_refuses),
        cmocka_unit_test(test_time__text_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
