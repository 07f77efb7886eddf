#include "core/hex.h"
#include "tests/unit/core/vectors.h"

static void
test_hex__round_trip_of_all_bytes(void **state)
{
    uint8_t bytes[256];
    uint8_t back[256];
    char text[513];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    fwl_hex_encode(text, sizeof(text), fwl_span(bytes, sizeof(bytes)));
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102", 6);
    assert_string_equal(text + 506, "fdfeff");
    assert_int_equal(fwl_hex_decode(back, sizeof(back), fwl_span_text(text)), FWL_OK);
    assert_memory_equal(back, bytes, sizeof(bytes));
    fwl_hex_encode(text, 1, fwl_span(NULL, 0));
    assert_string_equal(text, "");
}

static void
test_hex__refusals_leave_zeros(void **state)
{
    static const struct {
        const char *text;
        enum fwl_err err;
    } bad[] = {
        {"", FWL_ERR_TRUNCATED},
        {"0", FWL_ERR_TRUNCATED},
        {"010", FWL_ERR_TRUNCATED},
        {"01020", FWL_ERR_TRAILING},
        {"010203", FWL_ERR_TRAILING},
        {"01 2", FWL_ERR_VALUE},
        {"010G", FWL_ERR_VALUE},
        {"g102", FWL_ERR_VALUE},
        {"010A", FWL_ERR_VALUE},
        {"0x02", FWL_ERR_VALUE},
        {"01/0", FWL_ERR_VALUE},
        {"01:0", FWL_ERR_VALUE},
        {"01`0", FWL_ERR_VALUE},
        {"01\xff"
         "0",
         FWL_ERR_VALUE},
    };

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(bad); i++) {
        uint8_t out[2] = {7, 7};

        assert_int_equal(fwl_hex_decode(out, 2, fwl_span_text(bad[i].text)), bad[i].err);
        assert_int_equal(out[0] | out[1], 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex__round_trip_of_all_bytes),
        cmocka_unit_test(test_hex__refusals_leave_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
