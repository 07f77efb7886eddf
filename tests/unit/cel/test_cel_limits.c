/* The limits of lang 1, each at its maximum and one above. */
#include <stdio.h>

#include "tests/unit/cel/cel.h"

/* @head, @count times @piece, @tail. */
static const char *
repeat(const char *head, const char *piece, unsigned count, const char *tail)
{
    static char texts[2][16384]; /* @tail may be the result before */
    static unsigned which;
    char *text = texts[which ^= 1];
    size_t size = strlen(head);

    memcpy(text, head, size);
    for (unsigned i = 0; i < count; i++) {
        memcpy(text + size, piece, strlen(piece));
        size += strlen(piece);
    }
    memcpy(text + size, tail, strlen(tail) + 1);
    return text;
}

/* A rule as it is published. */
static enum fwl_err
publish(struct cel *cel, const char *source)
{
    const struct fwl_cel_schema none = {0};

    return fwl_cel_compile_condition(&cel->compiled, &cel->diagnostic, cel->memory, sizeof(cel->memory),
                                     fwl_span_text(source), none, FWL_SCHEME_SEMVER);
}

/* Refused for a limit; the message says which. */
static void
refused(struct cel *cel, const char *source, const char *message)
{
    assert_int_equal(publish(cel, source), FWL_ERR_LIMIT);
    if (strstr(cel->diagnostic.message, message) == NULL) {
        fail_msg("%.80s: %s", source, cel->diagnostic.message);
    }
}

static void
test_cel_limits__lang1(void **state)
{
    (void)state;
    assert_int_equal(fwl_cel_limits_lang1.source_bytes, 4096);
    assert_int_equal(fwl_cel_limits_lang1.nesting, 64);
    assert_int_equal(fwl_cel_limits_lang1.code_bytes, 1024);
    assert_int_equal(fwl_cel_limits_lang1.constants, 64);
    assert_int_equal(fwl_cel_limits_lang1.stack_cells, 32);
    assert_int_equal(fwl_cel_limits_lang1.loops, 2);
    assert_int_equal(fwl_cel_limits_lang1.arena_units, 2048);
    assert_int_equal(fwl_cel_limits_lang1.cost, 10000);
    assert_int_equal(fwl_cel_limits_lang1.string_bytes, 256);
    assert_int_equal(fwl_cel_limits_lang1.entries, 32);
    assert_int_equal(FWL_CEL_POLICY_COST, 100000);
    assert_int_equal(FWL_RULE_MESSAGE_MAX, 160);
}

static void
test_cel_limits__source(void **state)
{
    struct cel *cel = cel_new();

    (void)state;
    assert_int_equal(publish(cel, repeat("true", " ", 4092, "")), FWL_OK);
    refused(cel, repeat("true", " ", 4093, ""), "the rule has 4097 bytes, at most 4096");
    assert_int_equal(publish(cel, repeat("1", "+1", 62, "== 63")), FWL_OK);
    refused(cel, repeat("1", "+1", 63, "== 64"), "nested more than 64 deep");
    assert_int_equal(publish(cel, repeat("", "(", 63, repeat("true", ")", 63, ""))), FWL_OK);
    assert_int_equal(publish(cel, repeat("true", " && true", 62, "")), FWL_OK);
}

/* Texts of different lengths, so that the code grows byte by byte. */
static void
test_cel_limits__code(void **state)
{
    char text[2048];
    struct cel *cel = cel_new();
    enum fwl_err err = FWL_OK;
    size_t size = 0;

    (void)state;
    for (int last = 1; last <= 256 && err == FWL_OK; last++) {
        size = cel->compiled.code.size;
        (void)snprintf(text, sizeof(text), "device.id in ['%0256d', '%0255d', '%0254d', '%0*d']", 1, 2, 3, last, 4);
        err = publish(cel, text);
    }
    assert_int_equal(size, 1024);
    refused(cel, text, "more than 1024 bytes of code");
}

static void
test_cel_limits__constants(void **state)
{
    char text[2048];
    size_t size = 0;
    struct cel *cel = cel_new();

    (void)state;
    size = (size_t)snprintf(text, sizeof(text), "release.size in [1000");
    for (int i = 1; i < 65; i++) {
        if (i % 16 == 0) {
            size += (size_t)snprintf(text + size, sizeof(text) - size, "] || release.size in [%d", 1000 + i);
        } else {
            size += (size_t)snprintf(text + size, sizeof(text) - size, ", %d", 1000 + i);
        }
        if (i == 63) {
            assert_int_equal(publish(cel, repeat(text, "", 0, "]")), FWL_OK);
        }
    }
    refused(cel, repeat(text, "", 0, "]"), "more than 64 constants");
}

static void
test_cel_limits__stack_and_entries(void **state)
{
    struct cel *cel = cel_new();

    (void)state;
    assert_int_equal(publish(cel, repeat("[", "1,", 32, "].size() == 32")), FWL_OK);
    refused(cel, repeat("[", "1,", 33, "].size() == 33"), "more than 32 entries");
    /* with its left side the list takes one cell more; a longer list does not fit below && either */
    assert_int_equal(publish(cel, repeat("device.revision in [", "1,", 32, "]")), FWL_OK);
    assert_int_equal(publish(cel, repeat("device.battery > 3 && device.revision in [", "1,", 31, "]")), FWL_OK);
    refused(cel, repeat("device.battery > 3 && device.revision in [", "1,", 32, "]"), "more than 32 cells");
    assert_int_equal(publish(cel, repeat("1 in {", "1:1,", 15, "2:1}")), FWL_OK);
    refused(cel, repeat("size({", "1:1,", 16, "2:1}) == 2"), "more than 32 cells");
    assert_non_null(strstr(cel->diagnostic.hint, "one of a map two"));
}

/* The long list means the same as the short one, its errors included. */
static void
test_cel_limits__wide_in(void **state)
{
    static const char tail[] =
        ", 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]";
    char text[512];
    struct cel *cel = cel_new();

    (void)state;
    (void)snprintf(text, sizeof(text), "3 in [1, 3%s && !(4 in [1, 3%s", tail, ", 2])");
    cel_true(cel, text);
    (void)snprintf(text, sizeof(text), "1 / 0 in [1, 3%s", tail);
    assert_int_equal(cel_eval(cel, text), FWL_CEL_ERR_ZERO);
    (void)snprintf(text, sizeof(text), "1 in [1 / 0, 3%s", tail);
    assert_int_equal(cel_eval(cel, text), FWL_CEL_ERR_ZERO);
    (void)snprintf(text, sizeof(text), "9223372036854775807 + 1 in [1 / 0, 3%s", tail);
    assert_int_equal(cel_eval(cel, text), FWL_CEL_ERR_OVERFLOW); /* the left one */
    (void)snprintf(text, sizeof(text), "7 in [1, 3%s || true", tail);
    cel_true(cel, text);
    assert_int_equal(cel->result.cost, 10 + 32);
    assert_int_equal(cel->program.stack_cells, 32);
}

static void
test_cel_limits__loops(void **state)
{
    struct cel *cel = cel_new();

    (void)state;
    assert_int_equal(publish(cel, "[1].all(a, [1].all(b, true))"), FWL_OK);
    refused(cel, "true && [1].all(a, [1].all(b, [1].all(c, true)))", "loops are nested more than 2 deep");
    assert_int_equal(cel->diagnostic.column, 35);
    /* a loop over the result of a loop is not inside it */
    assert_int_equal(publish(cel, "[1].map(a, a).map(b, b).map(c, c).filter(d, true).size() == 1"), FWL_OK);
}

static void
test_cel_limits__cost(void **state)
{
    char text[1024];
    struct cel *cel = cel_new();
    size_t size = 0;
    unsigned terms = 0;

    (void)state;
    /* each of the terms behind it costs 1 */
    size = (size_t)snprintf(text, sizeof(text),
                            "device.installed.all(k, device.groups.size() + device.labels.size() + %s > 0)",
                            "device.groups.size() + device.labels.size() + device.groups.size() + 1 + 1 + 1 + 1 + 1 + "
                            "1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1");
    assert_int_equal(publish(cel, text), FWL_OK);
    assert_in_range(cel->compiled.cost, 9960, 10000);
    for (terms = 10000 - cel->compiled.cost; terms > 0; terms--) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, " && 1 == 1");
    }
    assert_int_equal(publish(cel, text), FWL_OK);
    assert_int_equal(cel->compiled.cost, 10000);
    (void)snprintf(text + size, sizeof(text) - size, " && 1 == 1");
    refused(cel, text, "the rule may cost 10001 units; its dearest part is `device.installed.all");
}

/* 8 texts of 256 bytes are 2048 units. */
static void
test_cel_limits__arena(void **state)
{
    static char id[256];
    struct cel *cel = cel_new();

    (void)state;
    memset(id, 'x', sizeof(id));
    cel->slots[FWL_CEL_SLOT_DEVICE_ID] = fwl_cel_cell_string(fwl_span(id, 128));
    cel->slots[FWL_CEL_SLOT_DEVICE_REGION] = fwl_cel_cell_string(fwl_span(id, 127));
    cel_true(cel, repeat("true", " && device.id + device.id != ''", 8, ""));
    assert_int_equal(cel_eval(cel, repeat("true", " && device.id + device.id != ''", 8, " && 'a' + '' != ''")),
                     FWL_CEL_ERR_ARENA);
    cel_true(cel,
             repeat("device.region + device.id != ''", " && device.id + device.id != ''", 7, " && 'a' + '' != ''"));
    /* a cell is 16: a list of 1 fits behind 2032, one of 2 does not */
    cel->slots[FWL_CEL_SLOT_DEVICE_REGION] = fwl_cel_cell_string(fwl_span(id, 112));
    cel_true(cel, repeat("device.region + device.id != ''", " && device.id + device.id != ''", 7, " && 1 in [1]"));
    assert_int_equal(cel_eval(cel, repeat("device.region + device.id != ''", " && device.id + device.id != ''", 7,
                                          " && 1 in [1, 2]")),
                     FWL_CEL_ERR_ARENA);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cel_limits__lang1),
        cmocka_unit_test(test_cel_limits__source),
        cmocka_unit_test(test_cel_limits__code),
        cmocka_unit_test(test_cel_limits__constants),
        cmocka_unit_test(test_cel_limits__stack_and_entries),
        cmocka_unit_test(test_cel_limits__wide_in),
        cmocka_unit_test(test_cel_limits__loops),
        cmocka_unit_test(test_cel_limits__cost),
        cmocka_unit_test(test_cel_limits__arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
