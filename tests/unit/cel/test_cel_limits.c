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

/* Facts as large as they can be: 16 groups and labels, an id of 254 bytes, so that two bytes more are a text yet. */
static void
fill_facts(struct cel *cel)
{
    static char id[254];
    static char names[16][3];
    static struct fwl_cel_cell groups[16];
    static struct fwl_cel_cell labels[32];

    memset(id, 'x', sizeof(id));
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "k%zx", i);
        groups[i] = cel_text("group");
        labels[2 * i] = cel_text(names[i]);
        labels[2 * i + 1] = fwl_cel_cell_string(fwl_span(id, sizeof(id)));
    }
    labels[24] = cel_text("v");
    labels[25] = cel_text("v1.2.3");
    labels[26] = cel_text("w");
    labels[27] = cel_text("1.2.3");
    labels[28] = cel_text("ip");
    labels[29] = cel_text("10.1.2.3");
    labels[30] = cel_text("net");
    labels[31] = cel_text("10.1.2.3/8");
    cel->slots[FWL_CEL_SLOT_DEVICE_ID] = fwl_cel_cell_string(fwl_span(id, sizeof(id)));
    cel->slots[FWL_CEL_SLOT_DEVICE_BATTERY] = fwl_cel_cell_int(7);
    cel->slots[FWL_CEL_SLOT_DEVICE_VERSION] = cel_version(FWL_SCHEME_SEMVER, "1.2.3", 0);
    cel->slots[FWL_CEL_SLOT_DEVICE_GROUPS] = fwl_cel_cell_list(groups, FWL_COUNT(groups));
    cel->slots[FWL_CEL_SLOT_DEVICE_LABELS] = fwl_cel_cell_map(labels, FWL_COUNT(labels) / 2);
}

/* The error of @source as a published rule with @units of the arena. */
static enum fwl_cel_err
eval_within(struct cel *cel, const char *source, uint32_t units)
{
    cel->options.profile = FWL_CEL_SUITE;
    cel->limits.arena_units = units;
    return cel_eval(cel, source);
}

/* What each operation may take: the compiler refuses a rule from one unit less on. The facts are at their maxima, so
 * most of these rules use all of it; @used is the rest's. */
static void
test_cel_limits__usage(void **state)
{
    static const struct {
        const char *source;
        uint32_t units;
        uint32_t used; /* 0: all */
    } rules[] = {
        {"device.battery >= 30 && device.id.startsWith('x') && 'a' in device.labels", 0, 0},
        {"[1, 2, 3] == [1, 2, 3]", 96, 0},
        {"{'a': 1} == {'a': 1}", 64, 0},
        {"[1] + [2, 3] == [1, 2, 3]", 144, 0},
        {"device.id + 'xy' != ''", 256, 0}, /* a longer text is an error, and takes nothing */
        {"'ab' + 'cd' + 'ef' == 'abcdef' && b'a' + b'b' == b'ab'", 12, 0},
        {"device.battery + 1 == 8", 0, 0},
        {"device.labels['k0'].size() > 0 && has(device.labels.k0)", 0, 0},
        {"device.labels[?'k0'].hasValue() && device.labels.?k1.hasValue()", 32, 0},
        {"device.labels[?'no'].or(device.labels[?'k0']).orValue('') != ''", 32, 16},
        {"optional.of(1).hasValue() && optional.ofNonZeroValue(1).hasValue()", 32, 0},
        {"device.labels[?'k0'].optMap(v, v + v).orValue('') == ''", 288, 16}, /* v + v is an error */
        {"device.labels[?'k0'].optFlatMap(v, optional.of(v)).hasValue()", 32, 0},
        {"[?device.labels[?'k0']].size() == 1", 32, 0},
        {"string(device.battery) == '7'", 64, 1},
        {"string(device.id) == device.id && string(device.version) == '1.2.3'", 0, 0},
        {"semver(device.labels['v'], true) == semver('1.2.3')", 64, 5},
        {"semver(device.labels['w']) == semver('1.2.3') && isSemver(device.labels['v'], true)", 0, 0},
        {"ip(device.labels['ip']).family() == 4", 16, 0},
        {"cidr(device.labels['net']).masked().prefixLength() == 8 && ip('10.0.0.1').family() == 4", 32, 0},
        {"true ? [1] == [1] : [1, 2] == [1, 2]", 64, 32},
        {"[1] == [1] || [2] == [2]", 64, 32}, /* ends early */
        {"device.groups.map(g, g).size() == 16", 256, 0},
        {"device.groups.map(g, g != '', g).size() == 16", 256, 0},
        {"device.groups.filter(g, true).size() == 16", 256, 0},
        {"device.groups.exists_one(g, g == 'no') == false", 0, 0},
        {"device.groups.all(g, g in ['a', 'b', 'group'])", 16 * 3 * 16, 0},
        {"!device.groups.exists(g, g in ['a', 'b', 'c'])", 16 * 3 * 16, 0},
        {"device.labels.all(k, device.labels[?k].hasValue())", 16 * 16, 0},
        {"device.groups.all(g, [1, 2].all(n, n in [1, 2]))", 16 * (32 + 2 * 32), 0},
        {"cel.bind(l, ['a', 'b', 'group'], device.groups.all(g, g in l))", 48, 0},
        {"[[1, 2], [3]].all(l, l.map(n, n) == l)", 32 + 48 + 2 * 32, 128}, /* one of them is shorter */
    };
    struct cel *cel = cel_new();

    (void)state;
    fill_facts(cel);
    cel->options.want_bool = true;
    for (size_t i = 0; i < FWL_COUNT(rules); i++) {
        const char *source = rules[i].source;
        uint32_t used = rules[i].used != 0 ? rules[i].used : rules[i].units;

        cel->options.profile = FWL_CEL_PUBLISH;
        cel->limits.arena_units = rules[i].units;
        if (cel_compile(cel, source) != FWL_OK) {
            fail_msg("%s: %s", source, cel->diagnostic.message);
        }
        if (rules[i].units > 0) {
            cel->limits.arena_units = rules[i].units - 1;
            assert_int_equal(cel_compile(cel, source), FWL_ERR_LIMIT);
            assert_non_null(strstr(cel->diagnostic.message, "units of memory"));
        }
        if (eval_within(cel, source, used) == FWL_CEL_ERR_ARENA) {
            fail_msg("%s: uses more than %u", source, used);
        }
        if (used > 0 && eval_within(cel, source, used - 1) != FWL_CEL_ERR_ARENA) {
            fail_msg("%s: uses less than %u", source, used);
        }
    }
}

/* 16 groups, a list of 8 for each: 2048 units. */
static void
test_cel_limits__published_arena(void **state)
{
    struct cel *cel = cel_new();

    (void)state;
    fill_facts(cel);
    assert_int_equal(publish(cel, "device.groups.all(g, g in ['1', '2', '3', '4', '5', '6', '7', 'group'])"), FWL_OK);
    cel_true(cel, "device.groups.all(g, g in ['1', '2', '3', '4', '5', '6', '7', 'group'])");
    refused(cel,
            "device.battery > 3 &&\n  device.groups.all(g, g in ['1', '2', '3', '4', '5', '6', '7', '8', 'group'])",
            "the rule may use 2304 units of memory; most of them are for "
            "`['1', '2', '3', '4', '5', '6', '7', '8', 'group']`");
    assert_int_equal(cel->diagnostic.line, 2);
    assert_int_equal(cel->diagnostic.column, 29);
    assert_string_equal(cel->diagnostic.hint,
                        "that part may use 2304, a rule at most 2048: a literal is made anew in each turn of a loop; "
                        "make it once, before: cel.bind(name, [...], ...)");
    assert_int_equal(publish(cel, "cel.bind(l, ['1', '2', '3', '4', '5', '6', '7', '8', 'group'], "
                                  "device.groups.all(g, g in l))"),
                     FWL_OK);
    refused(cel, "device.installed.map(k, k).size() > 0",
            "the rule may use 4096 units of memory; most of them are for `device.installed.map(k, k)`");
    assert_non_null(strstr(cel->diagnostic.hint, "make less of texts, lists and optionals in a loop"));
    /* an unpublished expression is limited when it runs */
    assert_int_equal(cel_compile(cel, "device.installed.map(k, k).size() > 0"), FWL_OK);
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
        cmocka_unit_test(test_cel_limits__usage),
        cmocka_unit_test(test_cel_limits__published_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
