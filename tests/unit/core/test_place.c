/* Places of texts in YAML files, in every way in which YAML spells a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/yaml/place.h"

static const struct {
    const char *file; /* the last "^" is the one of the text */
    const char *text; /* the value of k; the "^" in it is to be found */
} cases[] = {
    {"k: a ^ b\n", "a ^ b"},
    {"x: ^\nk: ^\n", "^"},
    {"k: one\n  two\n\n  ^ three\n", "one two\n^ three"},
    {"k: 'it''s ''^'\n", "it's '^"},
    {"k: 'one\n  two ^'\n", "one two ^"},
    {"k: \"\\\"\\\\ \\n\\t\\x20\\u0020\\x41\\u00fc\\U0001F600 ^\"\n", "\"\\ \n\t  A\xc3\xbc\xf0\x9f\x98\x80 ^"},
    {"k: \"one \\\n     two ^\"\n", "one two ^"},
    {"k: |\n  // one\n    two\n  ^\n", "// one\n  two\n^\n"},
    {"k: >-  # folded\n  one\n  ^ two\n\n  three\n", "one ^ two\nthree"},
    {"a: 1\nl:\n  - {k: ^, z: 2}\n", "^"},
    {"k: \xc3\xbc\xe2\x82\xac ^\n", "\xc3\xbc\xe2\x82\xac ^"},
    {"k: |\r\n  one\r\n  ^\r\n", "one\n^\n"},
};

static int
find_key(struct fwl_yaml *y, int map)
{
    int node = fwl_yaml_get(y, map, "k");
    int list = fwl_yaml_get(y, map, "l");

    return node != 0 ? node : fwl_yaml_get(y, fwl_yaml_item(y, list, 0), "k");
}

static void
test_place__texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        struct fwl_span file = fwl_span_text(cases[i].file);
        struct fwl_span text;
        struct fwl_yaml y;
        struct fwl_place place;
        struct fwl_yaml_mark want = {.line = 1, .column = 1};
        int node = 0;

        assert_int_equal(fwl_yaml_load(&y, "f", file), FWL_OK);
        node = find_key(&y, fwl_yaml_root(&y));
        text = fwl_yaml_text(&y, node, 1000);
        if (!fwl_span_is(text, cases[i].text)) {
            fail_msg("%s: the text is %.*s", cases[i].file, (int)text.size, (const char *)text.p);
        }
        for (const char *p = cases[i].file; p < strrchr(cases[i].file, '^'); p++) {
            want.column = *p == '\n' ? 1 : want.column + ((*p & 0xc0) != 0x80);
            want.line += *p == '\n';
        }
        fwl_place_text(&place, file, fwl_yaml_mark(&y, node), text,
                       (size_t)(strrchr(cases[i].text, '^') - cases[i].text));
        if (place.at.line != want.line || place.at.column != want.column) {
            fail_msg("%s: %zu:%zu, not %zu:%zu", cases[i].file, place.at.line, place.at.column, want.line, want.column);
        }
        assert_true(place.at.column <= place.line.size && memchr(place.line.p, '^', place.line.size) != NULL);
        for (size_t at = 0; at <= text.size + 1; at++) { /* every place is one of the file */
            fwl_place_text(&place, file, fwl_yaml_mark(&y, node), text, at);
            assert_true(place.at.line >= 1 && place.at.line <= 7);
        }
        fwl_yaml_deinit(&y);
    }
}

/* Behind the last character, and within one. */
static void
test_place__ends(void **state)
{
    struct fwl_span file = fwl_span_text("k: 'a\xc3\xbc'\n");
    struct fwl_span text = fwl_span_text("a\xc3\xbc");
    const struct fwl_yaml_mark start = {.line = 1, .column = 4};
    struct fwl_place place;

    (void)state;
    fwl_place_text(&place, file, start, text, 3);
    assert_int_equal(place.at.column, 7);
    fwl_place_text(&place, file, start, text, 2);
    assert_int_equal(place.at.column, 6);
}

/* What does not fit together is at the start; what is nowhere has no line. */
static void
test_place__astray(void **state)
{
    struct fwl_span file = fwl_span_text("k: &anchor abc\n");
    struct fwl_place place;

    (void)state;
    fwl_place_text(&place, file, (struct fwl_yaml_mark){.line = 1, .column = 4}, fwl_span_text("abc"), 2);
    assert_int_equal(place.at.column, 4);
    fwl_place_text(&place, file, (struct fwl_yaml_mark){.line = 1, .column = 12}, fwl_span_text("abc"), 2);
    assert_int_equal(place.at.column, 14);
    fwl_place_mark(&place, file, (struct fwl_yaml_mark){0});
    assert_int_equal(place.at.line, 0);
    assert_int_equal(place.line.size, 0);
    fwl_place_mark(&place, file, (struct fwl_yaml_mark){.line = 9, .column = 1});
    assert_int_equal(place.line.size, 0);
    fwl_place_mark(&place, (struct fwl_span){0}, (struct fwl_yaml_mark){.line = 1, .column = 1});
    assert_int_equal(place.line.size, 0);
    fwl_place_text(&place, (struct fwl_span){0}, (struct fwl_yaml_mark){.line = 1, .column = 1}, fwl_span_text("a"), 1);
    assert_int_equal(place.at.line, 1);
}

static void
expect_print(const char *line, size_t column, const char *want)
{
    struct fwl_place place = {.at = {.line = 1, .column = column}, .line = fwl_span_text(line)};
    char *got = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&got, &size);

    fwl_place_print(to, &place);
    (void)fclose(to);
    assert_string_equal(got, want);
    free(got);
}

static void
test_place__print(void **state)
{
    char line[301] = {0};
    char want[400];

    (void)state;
    expect_print("abc", 1, "    abc\n    ^\n");
    expect_print("abc", 4, "    abc\n       ^\n");
    expect_print("\t\x1b[2Jx\x7f", 6, "    \t?[2Jx?\n    \t    ^\n");
    expect_print("\xc3\xbc^", 2, "    \xc3\xbc^\n     ^\n");
    memset(line, 'x', 300);
    line[199] = '^'; /* column 200: from column 130 on */
    (void)snprintf(want, sizeof(want), "    ...%.70s^%.39s...\n    %73s^\n", line, line, "");
    expect_print(line, 200, want);
    (void)snprintf(want, sizeof(want), "    %.110s...\n    %9s^\n", line, "");
    expect_print(line, 10, want);
    expect_print("", 1, "    \n    ^\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place__texts),
        cmocka_unit_test(test_place__ends),
        cmocka_unit_test(test_place__astray),
        cmocka_unit_test(test_place__print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
