/* What a refused rule says: the place, what is wrong, and what to write instead. */
#include <stdio.h>

#include "tests/unit/cel/cel.h"

struct advice {
    const char *source;
    unsigned column; /* 0: any */
    const char *message;
    const char *hint;
};

static const struct fwl_cel_variable params[] = {
    {"params.soak", "duration", FWL_CEL_SLOT_PARAMS, 0, 0, FWL_CEL_FROM_CHAIN},
    {"params.share", "int", FWL_CEL_SLOT_PARAMS + 1, 0, 0, FWL_CEL_FROM_CHAIN},
};

/* Each source is refused as a rule to be published; message and hint hold these parts. */
static void
expect(const struct advice *cases, size_t count)
{
    const struct fwl_cel_schema extra = {params, FWL_COUNT(params)};
    struct cel *cel = cel_new();

    for (size_t i = 0; i < count; i++) {
        const struct fwl_cel_diagnostic *d = &cel->diagnostic;
        enum fwl_err err = fwl_cel_compile_condition(&cel->compiled, &cel->diagnostic, cel->memory, sizeof(cel->memory),
                                                     fwl_span_text(cases[i].source), extra, FWL_SCHEME_SEMVER);

        if (err == FWL_OK || (cases[i].column != 0 && d->column != cases[i].column) ||
            strstr(d->message, cases[i].message) == NULL || strstr(d->hint, cases[i].hint) == NULL) {
            fail_msg("%s\n%u: %s\n(%s)", cases[i].source, (unsigned)d->column, d->message, d->hint);
        }
    }
}

static void
test_cel_advice__names(void **state)
{
    static const struct advice cases[] = {
        {"device.regin == 'x'", 8, "`device` has no field `regin`", "did you mean device.region?"},
        {"devise.region == 'x'", 1, "`devise` is undeclared", "did you mean device.region"},
        {"region == 'x'", 1, "`region` is undeclared", "did you mean device.region"},
        {"releases.version == device.version", 1, "`releases`", "did you mean release.version"},
        {"params.sok > duration('1h')", 8, "no field `sok`", "did you mean params.soak?"},
        {"params.xyz == 1", 8, "no field `xyz`", "known fields: soak, share"},
        {"release.foo.bar == 1", 9, "no field `foo`", "known fields: id, severity"},
        {"device.groups.exists(g, h == 'x')", 25, "`h` is undeclared", ""},
        {"device.labels.a-b == 'x'", 17, "`b` is undeclared", "m[\"a-b\"]"},
        {"has(device.labels['a-b'])", 18, "has() takes a field", "write: 'a-b' in device.labels"},
        {"has(device.region)", 1, "`device.region` is a variable", "require and forbid refuse"},
        {"device.?region.orValue('') == ''", 9, "`device.region` is a variable", "require and forbid refuse"},
        {"has(device.regoin)", 1, "no field `regoin`", "did you mean device.region?"},
    };

    (void)state;
    expect(cases, FWL_COUNT(cases));
}

/* What the chain or the tests alone know is named when it is used, and not proposed. */
static void
test_cel_advice__publish(void **state)
{
    static const struct advice cases[] = {
        {"true && device.ip == '10.0.0.1'", 9, "`device.ip` is known to a node only", ""},
        {"device.hardware in release.hardware", 20, "`release.hardware` is for tests only", ""},
        {"release.min_revision <= 1", 1, "`release.min_revision` is for tests only", ""},
        {"release.max_revision >= 1", 1, "`release.max_revision` is for tests only", ""},
        {"release.requires.all(p, true)", 1, "`release.requires` is for tests only", ""},
    };
    struct cel *cel = cel_new();
    const struct fwl_cel_schema none = {0};

    (void)state;
    expect(cases, FWL_COUNT(cases));
    assert_int_equal(fwl_cel_compile_condition(&cel->compiled, &cel->diagnostic, cel->memory, sizeof(cel->memory),
                                               fwl_span_text("release.requirez == 1"), none, FWL_SCHEME_SEMVER),
                     FWL_ERR_UNKNOWN);
    assert_null(strstr(cel->diagnostic.hint, "requires"));
}

static void
test_cel_advice__functions(void **state)
{
    static const struct advice cases[] = {
        {"device.id.matches('a.*')", 11, "`matches` is not in the rule language", "startsWith, endsWith, contains"},
        {"matches(device.id, 'a.*')", 1, "`matches` is not in the rule language", "startsWith, endsWith, contains"},
        {"double(release.size) > 1", 1, "not in the rule language", "no fractions"},
        {"'%d'.format([1]) == '1'", 6, "not in the rule language", "+"},
        {"device.groups[0].startWith('x')", 18, "no function `startWith`", "did you mean startsWith?"},
        {"device.groups.length() > 1", 15, "no function `length`", "use size"},
        {"device.groups.any(g, g == 'x')", 15, "no function `any`", "use exists"},
        {"device.groups.exists(g == 'x')", 15, "`exists` takes another number", "list.exists(x, x > 0)"},
        {"device.groups.all(i, g, true)", 15, "`all` takes another number", "list.all(x, x > 0)"},
        {"device.labels.optMap(true)", 15, "`optMap` takes another number", "optMap(x,"},
        {"bucket(device.id, 'salt') < 5", 1, "`bucket` cannot be applied", "known: bucket(string, string, int)"},
        {"isSemver(device.version)", 1, "`isSemver` cannot", "known: isSemver(string), isSemver(string, bool)"},
        {"release.version.major == 2", 17, "Version has no fields", "it is a function: major()"},
    };

    (void)state;
    expect(cases, FWL_COUNT(cases));
}

static void
test_cel_advice__operands(void **state)
{
    static const struct advice cases[] = {
        {"device.version > release.version", 16, "`>` cannot be applied to (Version, Version)", "isGreaterThan"},
        {"device.version <= release.version", 16, "`<=` cannot be applied", "compareTo"},
        {"device.version == '1.2.3'", 16, "`==` cannot be applied to (Version, string)", "semver(\"1.2.3\")"},
        {"device.version.isLessThan('1.2.3')", 16, "`isLessThan` cannot", "semver(\"1.2.3\")"},
        {"device.battery >= 30u", 16, "`>=` cannot be applied to (int, uint)", "leave out the u"},
        {"device.uptime > 3600", 15, "(duration, int)", "duration(\"1h30m\")"},
        {"device.uptime > '1h'", 15, "(duration, string)", "duration(\"1h30m\")"},
        {"now > '2026-01-01'", 5, "(timestamp, string)", "timestamp(\"2026-01-31T12:00:00Z\")"},
        {"release.published > params.soak", 19, "(timestamp, duration)", "now - release.published"},
        {"device.region in 'DE'", 15, "`in` cannot be applied to (string, string)", "contains"},
        {"device.id + 1 == 'x'", 11, "`+` cannot be applied to (string, int)", "string()"},
        {"device.labels[?'pin'] == 'x'", 23, "(optional_type(string), string)", "orValue"},
        {"now.getHours('Europe/Berlin') < 5", 14, "no names of time zones", "\"+03:00\""},
        {"release.size > 1.5", 16, "no fractions", "parts per million"},
        {"google.protobuf.Timestamp{seconds: 1} == now", 26, "no messages", "map"},
    };

    (void)state;
    expect(cases, FWL_COUNT(cases));
}

static void
test_cel_advice__tokens(void **state)
{
    static const struct advice cases[] = {
        {"device.region = 'DE'", 15, "`=` cannot stand here", "=="},
        {"true & false", 6, "`&` cannot stand here", "&&"},
        {"true | false", 6, "`|` cannot stand here", "||"},
        {"true and false", 6, "not `and`", "&&"},
        {"true or false", 6, "not `or`", "||"},
        {"not true", 5, "not `true`", "not is written !"},
        {"device.region == \xe2\x80\x9c"
         "DE\xe2\x80\x9d",
         18, "cannot stand here", "plain quotes"},
        {"true # why", 6, "`#` cannot stand here", "//"},
        {"let x = 1; x == 1", 1, "reserved word", "cel.bind"},
        {"if (true) { false }", 1, "reserved word", "? value : other"},
    };

    (void)state;
    expect(cases, FWL_COUNT(cases));
}

/* The dearest part of a rule over the cost limit is named, and the caret stands there. */
static void
test_cel_advice__cost(void **state)
{
    static const struct advice cases[] = {
        {"release.channel == 'stable' && device.installed.all(a, device.groups.all(b, a.contains(b))) && now > now", 32,
         "dearest part is `device.installed.all(a, device.groups.all(b, a.contains(b)))`",
         "the limit of a rule is 10000"},
        {"device.groups.exists(g, g == 'x') || !(device.installed.exists(k, k.contains(device.id)))", 40,
         "dearest part is `device.installed.exists(k, k.contains(device.id))`", ""},
        {"(device.battery > 5 ? device.installed.filter(k, k.contains(device.id)).size() : 0) > 5", 23,
         "dearest part is `device.installed.filter(k, k.contains(device.id)).size()`", ""},
        {"cel.bind(x, device.installed.map(k, k + device.id), x.exists(y, y.contains(device.id)))", 53,
         "dearest part is `x.exists(y, y.contains(device.id))`", ""},
    };

    (void)state;
    expect(cases, FWL_COUNT(cases));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cel_advice__names),     cmocka_unit_test(test_cel_advice__publish),
        cmocka_unit_test(test_cel_advice__functions), cmocka_unit_test(test_cel_advice__operands),
        cmocka_unit_test(test_cel_advice__tokens),    cmocka_unit_test(test_cel_advice__cost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
