#include <stdio.h>

#include "tests/unit/cel/cel.h"

static void
test_cel_compile__diagnostics(void **state)
{
    static const struct {
        const char *source;
        enum fwl_err err;
        unsigned line;
        unsigned column;
        const char *message; /* a part of it */
        const char *hint;    /* a part of it */
    } cases[] = {
        {"true &&\n  devise.region == 'x'", FWL_ERR_UNKNOWN, 2, 3, "`devise` is undeclared", ""},
        {"device.regoin == 'x'", FWL_ERR_UNKNOWN, 1, 8, "`device` has no field `regoin`", "device.region"},
        {"device.zzzzzzzz == 'x'", FWL_ERR_UNKNOWN, 1, 8, "no field", "known fields: id, vendor"},
        {"device == 'x'", FWL_ERR_UNKNOWN, 1, 1, "not a value by itself", "known fields"},
        {"nov > now", FWL_ERR_UNKNOWN, 1, 1, "`nov` is undeclared", "now"},
        {"has(device.labels[\"a-b\"])", FWL_ERR_FORM, 1, 18, "has() takes a field", "\"a-b\" in device.labels"},
        {"device.id.matches('a+')", FWL_ERR_UNKNOWN, 1, 11, "not in the rule language", "startsWith, endsWith"},
        {"'ä' == 1.5", FWL_ERR_UNKNOWN, 1, 8, "no fractions", "smaller units"},
        {"double(1) == 1", FWL_ERR_UNKNOWN, 1, 1, "not in the rule language", "smaller units"},
        {"Foo{a: 1} == 1", FWL_ERR_UNKNOWN, 1, 4, "no messages", "map"},
        {"frob(1)", FWL_ERR_UNKNOWN, 1, 1, "no function `frob`", ""},
        {"1 + 'a' == 2", FWL_ERR_TYPE, 1, 3, "`+` cannot be applied to (int, string)", ""},
        {"device.revision < 'a'", FWL_ERR_TYPE, 1, 17, "(int, string)", ""},
        {"!1", FWL_ERR_TYPE, 1, 1, "`!` cannot be applied to (int)", ""},
        {"1 && true", FWL_ERR_TYPE, 1, 1, "bool is needed here, this is int", ""},
        {"true ? 1 : 'a'", FWL_ERR_TYPE, 1, 6, "one type, not int and string", ""},
        {"1.all(x, true)", FWL_ERR_TYPE, 1, 1, "a list or map is needed", ""},
        {"1.optMap(x, x)", FWL_ERR_TYPE, 1, 1, "an optional is needed", ""},
        {"[?1]", FWL_ERR_TYPE, 1, 3, "must be an optional", ""},
        {"device.id.foo", FWL_ERR_TYPE, 1, 11, "string has no fields", ""},
        {"[1].all(x.y, true)", FWL_ERR_FORM, 1, 11, "simple identifier", ""},
        {"now.getHours('Europe/Berlin') > 3", FWL_ERR_VALUE, 1, 14, "names of time zones", "+03:00"},
        {"semver('1.2') == device.version", FWL_ERR_VALUE, 1, 8, "is not a semantic version", ""},
        {"duration('3 days') < device.uptime", FWL_ERR_VALUE, 1, 10, "is not a duration", ""},
        {"9223372036854775808 > 0", FWL_ERR_VALUE, 1, 1, "does not fit an int", ""},
        {"99999999999999999999u > 0u", FWL_ERR_VALUE, 1, 1, "64 bits", ""},
        {"(1 + 2", FWL_ERR_FORM, 1, 7, "ends too early: ) is missing", ""},
        {"1 2", FWL_ERR_FORM, 1, 3, "not `2`", ""},
        {"'abc", FWL_ERR_FORM, 1, 1, "the text does not end", ""},
        {"'a\nb'", FWL_ERR_FORM, 1, 1, "the text does not end", ""},
        {"'\\q'", FWL_ERR_FORM, 1, 2, "no such escape", "known:"},
        {"'\\ud800'", FWL_ERR_FORM, 1, 2, "no such escape", "known:"},
        {"b'\\u0041'", FWL_ERR_FORM, 1, 3, "no such escape", "known:"},
        {"a.`$`", FWL_ERR_FORM, 1, 4, "a quoted field", ""},
        {"1 # 2", FWL_ERR_FORM, 1, 3, "`#` cannot stand here", ""},
        {"package == 1", FWL_ERR_FORM, 1, 1, "reserved word", ""},
        {"", FWL_ERR_FORM, 1, 1, "a value is missing", ""},
    };
    struct cel *cel = cel_new();

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        const struct fwl_cel_diagnostic *d = &cel->diagnostic;
        enum fwl_err err = cel_compile(cel, cases[i].source);

        if (err != cases[i].err || d->err != err || d->line != cases[i].line || d->column != cases[i].column ||
            strstr(d->message, cases[i].message) == NULL || strstr(d->hint, cases[i].hint) == NULL) {
            fail_msg("%s: %u:%u: %s (%s)", cases[i].source, (unsigned)d->line, (unsigned)d->column, d->message,
                     d->hint);
        }
        assert_null(cel->compiled.code.p);
    }
    /* the line to print, without its end */
    assert_int_not_equal(cel_compile(cel, "1 +\r\n  nope +\r\n3"), FWL_OK);
    assert_true(fwl_span_is(cel->diagnostic.text, "  nope +"));
}

static void
test_cel_compile__publish(void **state)
{
    static const struct {
        const char *source;
        enum fwl_err err;
        const char *message;
    } cases[] = {
        {"device.ip == '10.0.0.1'", FWL_ERR_VALUE, "`device.ip` is known to a node only"},
        {"device.hardware in release.hardware", FWL_ERR_VALUE, "`release.hardware` is for tests only"},
        {"dyn(1) == 'a'", FWL_ERR_VALUE, "dyn() cannot be published"},
        {"1 in [1, 'a']", FWL_ERR_VALUE, "mixed types"},
        {"'a' in {'a': 1, 'b': 'c'}", FWL_ERR_VALUE, "mixed types"},
        {"version('1.0') == release.version", FWL_ERR_VALUE, "all have one version scheme"},
        {"device.revision + 1", FWL_ERR_TYPE, "a rule must give a bool, this gives int"},
    };
    static const struct fwl_cel_variable params[] = {
        {"params.soak", "duration", FWL_CEL_SLOT_PARAMS, 0, 0, FWL_CEL_FROM_CHAIN},
    };
    const struct fwl_cel_schema extra = {params, FWL_COUNT(params)};
    struct cel *cel = cel_new();

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        enum fwl_err err = fwl_cel_compile_condition(&cel->compiled, &cel->diagnostic, cel->memory, sizeof(cel->memory),
                                                     fwl_span_text(cases[i].source), extra, (enum fwl_scheme)0);

        if (err != cases[i].err || strstr(cel->diagnostic.message, cases[i].message) == NULL) {
            fail_msg("%s: %s", cases[i].source, cel->diagnostic.message);
        }
    }
    assert_int_equal(fwl_cel_compile_condition(
                         &cel->compiled, NULL, cel->memory, sizeof(cel->memory),
                         fwl_span_text("now - release.changed >= params.soak && version('1.0~rc1') != release.version"),
                         extra, FWL_SCHEME_DEBIAN),
                     FWL_OK);
    assert_string_equal(cel->compiled.type, "bool");
    assert_int_equal(fwl_cel_compile_condition(&cel->compiled, &cel->diagnostic, cel->memory, sizeof(cel->memory),
                                               fwl_span_text("version('') == release.version"), extra,
                                               FWL_SCHEME_DEBIAN),
                     FWL_ERR_VALUE);
}

static void
test_cel_compile__types(void **state)
{
    static const struct {
        const char *source;
        const char *type;
    } cases[] = {
        {"[]", "list(dyn)"},
        {"{}", "map(dyn, dyn)"},
        {"[1, 'a']", "list(dyn)"},
        {"{'a': [1u]}", "map(string, list(uint))"},
        {"device.installed", "map(string, Version)"},
        {"device.installed.modem", "Version"},
        {"device.labels.?pin", "optional_type(string)"},
        {"device.labels[?'pin'].orValue('')", "string"},
        {"[1].map(x, string(x))", "list(string)"},
        {"device.labels.filter(k, true)", "list(string)"},
        {"optional.of(1).optMap(x, [x])", "optional_type(list(int))"},
        {"cel.bind(x, now, x - now)", "duration"},
        {"true ? [] : [1]", "list(int)"},
        {"int", "type"},
        {"dyn(1) + 1", "int"},
        {"dyn(1) + dyn(1)", "dyn"},
        {"cidr('10.0.0.0/8').ip()", "net.IP"},
    };
    struct cel *cel = cel_new();

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        if (cel_compile(cel, cases[i].source) != FWL_OK || strcmp(cel->compiled.type, cases[i].type) != 0) {
            fail_msg("%s: %s %s", cases[i].source, cel->compiled.type, cel->diagnostic.message);
        }
    }
}

/* White space, comments and trailing commas change nothing; names in comments are no names. */
static void
test_cel_compile__one_code(void **state)
{
    static const char *const same[] = {
        "[1,2].exists(x,x==2)&&device.id!='a'",
        " [ 1 ,\t2 , ] . exists ( x , x == 2 )\n&& // nope('\r\n device\f. id != \"a\" // end",
        "([1,2].exists(x,x==2))&&(device.id!=r'''a''')",
        "[0x1, 0X2].exists(x, .device.id == 'b' || true) && true || true",
    };
    struct cel *cel = cel_new();
    uint8_t code[FWL_CEL_CODE_BYTES];
    size_t size = 0;

    (void)state;
    assert_int_equal(cel_compile(cel, same[0]), FWL_OK);
    size = cel->compiled.code.size;
    memcpy(code, cel->compiled.code.p, size);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(cel_compile(cel, same[i]), FWL_OK);
        assert_true(fwl_span_equal(cel->compiled.code, fwl_span(code, size)));
    }
    assert_int_equal(cel_compile(cel, same[3]), FWL_OK);
    assert_false(fwl_span_equal(cel->compiled.code, fwl_span(code, size)));
}

/* A source of @count times @piece between @head and @tail. */
static const char *
repeat(const char *head, const char *piece, unsigned count, const char *tail)
{
    static char text[8192];
    size_t size = strlen(head);

    memcpy(text, head, size);
    for (unsigned i = 0; i < count; i++) {
        memcpy(text + size, piece, strlen(piece));
        size += strlen(piece);
    }
    memcpy(text + size, tail, strlen(tail) + 1);
    return text;
}

static void
test_cel_compile__limits(void **state)
{
    struct cel *cel = cel_new();

    (void)state;
    assert_int_equal(cel_compile(cel, repeat("true", " ", 4092, "")), FWL_OK);
    assert_int_equal(cel_compile(cel, repeat("true", " ", 4093, "")), FWL_ERR_LIMIT);
    assert_int_equal(cel_compile(cel, repeat("1", "+1", 63, "")), FWL_OK);
    assert_int_equal(cel_compile(cel, repeat("1", "+1", 64, "")), FWL_ERR_LIMIT);
    assert_int_equal(cel_compile(cel, repeat("[", "1,", 32, "]")), FWL_OK);
    assert_int_equal(cel_compile(cel, repeat("[", "1,", 33, "]")), FWL_ERR_LIMIT);
    assert_int_equal(cel_compile(cel, repeat("", "!", 32, "true")), FWL_OK);
    assert_int_equal(cel_compile(cel, "[1].all(a, [1].all(b, true))"), FWL_OK);
    assert_int_equal(cel_compile(cel, "[1].all(a, [1].all(b, [1].all(c, true)))"), FWL_ERR_LIMIT);
    /* worst-case cost: 16 groups of up to 256 bytes against 16 others, twice */
    assert_int_equal(cel_compile(cel, "device.groups.all(a, device.groups.all(b, a != b))"), FWL_OK);
    assert_in_range(cel->compiled.cost, 16 * 16 * 26, FWL_CEL_COST);
    assert_int_equal(cel_compile(cel, "device.installed.all(a, device.groups.all(b, a.contains(b)))"), FWL_ERR_LIMIT);
    assert_non_null(strstr(cel->diagnostic.message, "cost"));
}

/* Each variable doubles the type of the one before: written out, the last has 2^40 parts. */
static void
test_cel_compile__large_types(void **state)
{
    char text[2048];
    size_t size = 0;
    struct cel *cel = cel_new();

    (void)state;
    size = (size_t)snprintf(text, sizeof(text), "cel.bind(a0, {1: 1}, ");
    for (int i = 1; i <= 40; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "cel.bind(a%d, {a%d: a%d}, ", i, i - 1, i - 1);
    }
    size += (size_t)snprintf(text + size, sizeof(text) - size, "a40 == a40");
    memset(text + size, ')', 41);
    text[size + 41] = '\0';
    assert_int_equal(cel_compile(cel, text), FWL_ERR_LIMIT);
    assert_non_null(strstr(cel->diagnostic.message, "types"));
}

static void
test_cel_compile__many_constants(void **state)
{
    char text[2048];
    size_t size = 0;
    struct cel *cel = cel_new();

    (void)state;
    for (int i = 0; i < 65; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%d == 1",
                                 i == 0        ? ""
                                 : i % 32 == 0 ? ") || ("
                                               : " || ",
                                 1000 + i);
        if (i == 63) {
            text[size] = '\0';
            assert_int_equal(cel_compile(cel, repeat("(", text, 1, ")")), FWL_OK);
        }
    }
    assert_int_equal(cel_compile(cel, repeat("(", text, 1, ")")), FWL_ERR_LIMIT);
    assert_non_null(strstr(cel->diagnostic.message, "constants"));
}

static void
test_cel_compile__memory(void **state)
{
    static const char source[] = "device.labels[?'pin'].orValue('x').contains('y') || device.nope == 1";
    struct cel *cel = cel_new();
    enum fwl_err err = FWL_ERR_MEMORY;
    size_t size = 0;

    (void)state;
    for (; err == FWL_ERR_MEMORY; size += 64) {
        assert_true(size <= sizeof(cel->memory));
        err =
            fwl_cel_compile(&cel->compiled, &cel->diagnostic, cel->memory, size, fwl_span_text(source), &cel->options);
    }
    assert_int_equal(err, FWL_ERR_UNKNOWN);
    assert_int_equal(cel_compile(cel, "\xff"), FWL_ERR_UTF8);
}

static void
test_cel_compile__syntax(void **state)
{
    struct cel *cel = cel_new();

    (void)state;
    assert_int_equal(fwl_cel_compile_syntax(&cel->diagnostic, cel->memory, sizeof(cel->memory),
                                            fwl_span_text("nothing.is(declared)[?here] + 1 == 'a'"), &cel->options),
                     FWL_OK);
    assert_int_equal(
        fwl_cel_compile_syntax(NULL, cel->memory, sizeof(cel->memory), fwl_span_text("1 +"), &cel->options),
        FWL_ERR_FORM);
    assert_int_equal(fwl_cel_compile_syntax(NULL, cel->memory, 8, fwl_span_text("1"), &cel->options), FWL_ERR_MEMORY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cel_compile__diagnostics),    cmocka_unit_test(test_cel_compile__publish),
        cmocka_unit_test(test_cel_compile__types),          cmocka_unit_test(test_cel_compile__one_code),
        cmocka_unit_test(test_cel_compile__limits),         cmocka_unit_test(test_cel_compile__large_types),
        cmocka_unit_test(test_cel_compile__many_constants), cmocka_unit_test(test_cel_compile__memory),
        cmocka_unit_test(test_cel_compile__syntax),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
