#include "core/cbor.h"
#include "tests/unit/core/vectors.h"

/* Encodes any number as UTF-8 does, in @size bytes, whether that is allowed or not. */
static struct fwl_span
encode(uint8_t out[4], uint32_t c, size_t size)
{
    static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (uint8_t)(lead[size] | c);
    return fwl_span(out, size);
}

static void
test_utf8__every_code_point_has_one_form(void **state)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint32_t end[5] = {0, 0x80, 0x800, 0x10000, 0x200000};

    (void)state;
    for (size_t size = 1; size <= 4; size++) {
        for (uint32_t c = 0; c < end[size]; c++) {
            uint8_t b[4];
            bool surrogate = c >= 0xd800 && c <= 0xdfff;
            bool want = c >= least[size] && c <= 0x10ffff && !surrogate;

            if (fwl_utf8_check(encode(b, c, size)) != want) {
                fail_msg("U+%04X in %zu bytes", c, size);
            }
        }
    }
}

static void
test_utf8__broken_sequences(void **state)
{
    static const struct {
        const char *text;
        size_t prefix;
    } bad[] = {
        {"\x80", 0},
        {"a\xbf", 1},
        {"ab\xc3", 2},
        {"\xc3(", 0},
        {"\xe2\x82", 0},
        {"\xe2\x28\xa1", 0},
        {"\xe2\x82\x28", 0},
        {"\xf0\x9f\x98", 0},
        {"\xf0\x9f\x28\x80", 0},
        {"x\xff", 1},
        {"\xc3\xa4\xfe", 2},
        {"\xf8\x88\x80\x80\x80", 0},
        {"\xf0\x9f\x98\xc0", 0},
    };

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(bad); i++) {
        assert_false(fwl_utf8_check(fwl_span_text(bad[i].text)));
        assert_int_equal(fwl_utf8_prefix(fwl_span_text(bad[i].text)), bad[i].prefix);
    }
    assert_true(fwl_utf8_check((struct fwl_span){0}));
    assert_true(fwl_utf8_check(fwl_span("a\0\xc3\xa4\xf0\x9f\x98\x80", 8)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8__every_code_point_has_one_form),
        cmocka_unit_test(test_utf8__broken_sequences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
