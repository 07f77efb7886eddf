#include "contracts/cel/eval/condition.h"
#include "tests/unit/cel/cel.h"

static void
test_cel_eval__true(void **state)
{
    static const char *const sources[] = {
        /* time, in and out */
        "string(timestamp('2024-02-29T23:59:59.5+01:30')) == '2024-02-29T22:29:59.5Z'",
        "string(timestamp(-62135596800)) == '0001-01-01T00:00:00Z'",
        "timestamp('2000-02-29T00:00:00Z').getDayOfYear() == 59",
        "timestamp('0001-01-01T00:00:00Z').getDayOfYear('-11:30') == 365", /* of the year 0, a leap year */
        "timestamp('1999-12-31T23:59:59Z').getDayOfYear() == 364 && timestamp(0).getDayOfWeek() == 4",
        "timestamp('1969-12-31T23:59:59.25Z').getMilliseconds() == 250",
        "duration('1h30m') == duration('5400s') && duration('-1.5h') == duration('-90m')",
        "duration('100us') == duration('0.0001s') && duration('1ns') > duration('0')",
        /* the longest durations between times whose fractions go the other way */
        "(timestamp('2262-04-11T23:47:16.85Z') - timestamp('1969-12-31T23:59:59.999Z')).getHours() == 2562047",
        "(timestamp('1969-12-31T23:59:59.999Z') - timestamp('2262-04-11T23:47:16.85Z')).getHours() == -2562047",
        "string(duration('-1.5s')) == '-1.5s' && string(duration('1h')) == '3600s'",
        "duration('-3730s').getMinutes() == -62",
        "timestamp('2026-01-01T00:00:00Z').getHours('+11:00') == 11",
        /* numbers and texts */
        "int('-9223372036854775808') == -9223372036854775808 && int('+5') == 5",
        "string(-9223372036854775808) == '-9223372036854775808'",
        "uint('18446744073709551615') == 18446744073709551615u",
        "-7 % 3 == -1 && -7 / 2 == -3",
        "size('a\\U0001F600b') == 3 && '\\u00ff' == '\\xff'",
        "'aXbXc'.contains('XbX') && !'abc'.contains('abcd') && 'abc'.endsWith('bc')",
        "dyn(1u) in [1] && dyn(1) in {1u: 0} && [dyn(1u)] == [1] && {dyn(1): 'a'} == {1u: 'a'}",
        "b'\\x00' < b'\\x00\\x00' && 'Z' < 'a' && false < true",
        /* canonical order of keys: numbers by size, negative after positive, texts by length, then bool */
        "{'bb': 0, 'c': 0, -1: 0, 10: 0, 2u: 0, true: 0}.map(k, k) == [2, 10, -1, 'c', 'bb', true]",
        "[[1, {'a': [2u]}]] == [[1, {'a': [dyn(2)]}]] && [[1], []] != [[], [1]]",
        "{'a': 1, 'b': 2} == {'b': 2, 'a': 1} && {'a': 1} != {'b': 1}",
        /* absorbing */
        "1 / 0 == 1 || true",
        "!(1 / 0 == 1 && false)",
        "[0, 1].exists(i, 1 / i == 1) && ![0, 2].all(i, 4 / i == 4)",
        "cel.bind(x, 1 / 0, true || x == 1)",
        /* optionals */
        "optional.of(1).optMap(x, x + 1).value() == 2 && !optional.none().optMap(x, 1 / 0 == x).hasValue()",
        "{'a': {'b': 1}}.?a.b.orValue(0) == 1 && [1][?5].orValue(7) == 7",
        "[?optional.none(), 1, ?optional.of(2)] == [1, 2] && {?'a': optional.none()} == {}",
        /* a type variable that is bound meets itself again: once, the compiler went round in it for ever */
        "[optional.of(1).orValue(2)].filter(v, v == v).size() == 1",
        "['a'].map(v, {'a': 'b'}[?v].orValue('x')).filter(v, v == v) == ['b']",
        "!optional.ofNonZeroValue(duration('0')).hasValue() && optional.ofNonZeroValue('x').hasValue()",
        /* versions */
        "semver('1.0.0-rc.1').isLessThan(semver('1.0.0')) && semver('1.0.0+a') == semver('1.0.0+b')",
        "semver('v01.2', true) == semver('1.2.0') && string(semver('v1', true)) == '1.0.0' && !isSemver('01.0.0')",
        "version('1.2.3').compareTo(semver('1.10.0')) == -1 && semver('1.22.333').minor() == 22",
        /* addresses */
        "string(ip('2001:DB8:0:0:1:0:0:0')) == '2001:db8:0:0:1::' && string(ip('::')) == '::'",
        "string(ip('1:0:0:2:0:0:0:3')) == '1:0:0:2::3' && string(ip('1:2:3:4:5:6:0:8')) == '1:2:3:4:5:6:0:8'",
        "cidr('10.1.2.3/9').masked() == cidr('10.0.0.0/9') && cidr('::1/0').containsIP('2001:db8::1')",
        "!isIP('1.2.3.256') && !isIP('01.2.3.4') && !isIP('1:2:3:4:5:6:7:8:9') && !isIP(':1') && !isCIDR('1.2.3.4/33')",
        /* bucket: known answers */
        "bucket('gw-000417', 'r7', 100) == 71 && bucket('gw-000002', 'r7', 10000) == 4200",
        "bucket('', 'r7', 10000) == 8137 && bucket('dev-1', 'r7', 10000) == 9368",
    };
    struct cel *cel = cel_new();

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(sources); i++) {
        cel_true(cel, sources[i]);
    }
}

static void
test_cel_eval__errors(void **state)
{
    static const struct {
        const char *source;
        enum fwl_cel_err err;
    } cases[] = {
        {"device.id == 'x'", FWL_CEL_ERR_UNSET},
        {"dyn(1) + 'a' == 'b'", FWL_CEL_ERR_TYPE},
        {"dyn('a').startsWith(dyn(1))", FWL_CEL_ERR_TYPE},
        {"{'a': 1}.b", FWL_CEL_ERR_KEY},
        {"[1][1]", FWL_CEL_ERR_KEY},
        {"[1][-1]", FWL_CEL_ERR_KEY},
        {"9223372036854775807 + 1", FWL_CEL_ERR_OVERFLOW},
        {"-(-9223372036854775808 + 0)", FWL_CEL_ERR_OVERFLOW},
        {"-9223372036854775808 / -1", FWL_CEL_ERR_OVERFLOW},
        {"-9223372036854775808 % -1", FWL_CEL_ERR_OVERFLOW},
        {"0u - 1u", FWL_CEL_ERR_OVERFLOW},
        {"int(9223372036854775808u)", FWL_CEL_ERR_OVERFLOW},
        {"timestamp(253402300799) + duration('1s')", FWL_CEL_ERR_OVERFLOW},
        {"1 / 0", FWL_CEL_ERR_ZERO},
        {"1u % 0u", FWL_CEL_ERR_ZERO},
        {"bucket('a', 'b', 0)", FWL_CEL_ERR_ZERO},
        {"bucket('a', 'b', -1)", FWL_CEL_ERR_OVERFLOW},
        {"int('1.5')", FWL_CEL_ERR_TEXT},
        {"int('9223372036854775808')", FWL_CEL_ERR_TEXT},
        {"bool('yes')", FWL_CEL_ERR_TEXT},
        {"string(b'\\xff')", FWL_CEL_ERR_TEXT},
        {"timestamp('2023-02-29T' + '00:00:00Z')", FWL_CEL_ERR_TEXT},
        {"duration('1' + 'x')", FWL_CEL_ERR_TEXT},
        {"duration('' + '')", FWL_CEL_ERR_TEXT},
        {"timestamp(0).getHours('+1' + ':00')", FWL_CEL_ERR_TEXT},
        {"ip('1.2.3' + '')", FWL_CEL_ERR_TEXT},
        {"semver('1.' + '0')", FWL_CEL_ERR_VERSION},
        {"semver('99999999999999999999.0.0').major()", FWL_CEL_ERR_OVERFLOW},
        {"optional.none().value()", FWL_CEL_ERR_OPTIONAL},
        {"{0: 1, dyn(0u): 2}", FWL_CEL_ERR_REPEATED},
        {"{dyn(null): 1}", FWL_CEL_ERR_REPEATED},
        {"[0, 1].filter(i, 1 / i > 0)", FWL_CEL_ERR_ZERO},
        {"[1, 0].all(i, 1 / i > 0)", FWL_CEL_ERR_ZERO},
        {"[1].exists_one(i, dyn(i))", FWL_CEL_ERR_TYPE},
    };
    struct cel *cel = cel_new();

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        if (cel_eval(cel, cases[i].source) != cases[i].err) {
            fail_msg("%s: %s", cases[i].source, fwl_cel_err_text(cel->result.err));
        }
        assert_int_equal(cel->result.value.kind, FWL_CEL_ABSENT);
        assert_in_range(cel->result.position, cel->program.offset, cel->compiled.code.size - 1);
    }
}

static void
test_cel_eval__versions_of_schemes(void **state)
{
    struct cel *cel = cel_new();
    struct fwl_cel_cell *device = &cel->slots[FWL_CEL_SLOT_DEVICE_VERSION];
    struct fwl_cel_cell *release = &cel->slots[FWL_CEL_SLOT_RELEASE_VERSION];

    (void)state;
    *device = cel_version(FWL_SCHEME_DEBIAN, "1.0~rc1", 0);
    *release = cel_version(FWL_SCHEME_DEBIAN, "1.0", 0);
    cel_true(cel, "device.version.isLessThan(release.version) && release.version.isGreaterThan(device.version)");
    *release = cel_version(FWL_SCHEME_SEMVER, "1.0.0", 0);
    cel_true(cel, "device.version != release.version");
    assert_int_equal(cel_eval(cel, "device.version.isLessThan(release.version)"), FWL_CEL_ERR_VERSION);
    assert_int_equal(cel_eval(cel, "device.version.major()"), FWL_CEL_ERR_VERSION);
    *device = cel_version(FWL_SCHEME_OPAQUE, "blue", 2);
    *release = cel_version(FWL_SCHEME_OPAQUE, "amber", 3);
    cel_true(cel, "device.version.isLessThan(release.version) && device.version != release.version");
    device->size = 0; /* not a live release: no order */
    assert_int_equal(cel_eval(cel, "device.version.compareTo(release.version)"), FWL_CEL_ERR_VERSION);
    cel_true(cel, "device.version == device.version");
}

static void
test_cel_eval__cbor(void **state)
{
    static const uint8_t map[] = "\xa2\x61"
                                 "a\x65"
                                 "1.2.3\x62"
                                 "bb\x63"
                                 "bad";
    static const uint8_t list[] = "\x84\x01\x20\xf6\x82\x61x\x42hi";
    static const uint8_t damaged[] = "\x82\x61"
                                     "a\xff";
    struct cel *cel = cel_new();

    (void)state;
    cel->slots[FWL_CEL_SLOT_DEVICE_INSTALLED] =
        fwl_cel_cell_cbor_map(fwl_span(map, sizeof(map) - 1), FWL_SCHEME_SEMVER);
    cel->slots[FWL_CEL_SLOT_DEVICE_LABELS] = fwl_cel_cell_cbor_map(fwl_span(map, sizeof(map) - 1), 0);
    cel->slots[FWL_CEL_SLOT_DEVICE_GROUPS] = fwl_cel_cell_cbor_list(fwl_span(list, sizeof(list) - 1), 0);
    cel_true(cel, "device.installed.a == semver('1.2.3') && size(device.installed) == 2");
    cel_true(cel, "device.labels == {'a': '1.2.3', 'bb': 'bad'} && device.labels.exists(k, k == 'bb')");
    cel_true(cel, "dyn(device.groups) == [1, -1, null, ['x', b'hi']] && dyn(device.groups)[3][0] == 'x'");
    cel_true(cel, "size(device.groups + device.groups) == 8 && dyn(-1) in dyn(device.groups)");
    assert_int_equal(cel_eval(cel, "device.installed.bb"), FWL_CEL_ERR_VERSION);
    for (size_t size = 0; size < sizeof(list) - 1; size++) {
        cel->slots[FWL_CEL_SLOT_DEVICE_GROUPS] = fwl_cel_cell_cbor_list(fwl_span(list, size), 0);
        assert_int_not_equal(cel_eval(cel, "device.groups.all(g, dyn(g) != 'y')"), FWL_CEL_OK);
    }
    cel->slots[FWL_CEL_SLOT_DEVICE_GROUPS] = fwl_cel_cell_cbor_list(fwl_span(damaged, sizeof(damaged) - 1), 0);
    assert_int_equal(cel_eval(cel, "device.groups.map(g, g)"), FWL_CEL_ERR_INPUT);
    assert_int_equal(cel_eval(cel, "'b' in device.groups"), FWL_CEL_ERR_INPUT);
}

static void
test_cel_eval__size_and_depth(void **state)
{
    char text[300];
    struct cel *cel = cel_new();

    (void)state;
    cel->slots[FWL_CEL_SLOT_DEVICE_ID] = fwl_cel_cell_string(fwl_span(text, 128));
    memset(text, 'x', sizeof(text));
    cel_true(cel, "size(device.id + device.id) == 256");
    assert_int_equal(cel_eval(cel, "size(device.id + device.id + 'y')"), FWL_CEL_ERR_SIZE);
    cel_true(cel, "size([1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16] + [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]) == 32");
    assert_int_equal(
        cel_eval(cel, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16] + [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]"),
        FWL_CEL_ERR_SIZE);
    cel_true(cel, "[[[[[[[[1]]]]]]]] == [[[[[[[[1]]]]]]]]");
    assert_int_equal(cel_eval(cel, "[[[[[[[[[1]]]]]]]]] == [[[[[[[[[1]]]]]]]]]"), FWL_CEL_ERR_DEPTH);
}

static void
test_cel_eval__arena(void **state)
{
    struct cel *cel = cel_new();

    (void)state;
    /* a literal of 4 cells is 64 units, the copy that map makes another 64, each inner list 32 */
    cel->limits.arena_units = 64 + 64 + 4 * 32;
    assert_int_equal(cel_eval(cel, "[1, 2, 3, 4].map(a, [a, a])"), FWL_CEL_OK);
    cel->limits.arena_units -= 16;
    assert_int_equal(cel_eval(cel, "[1, 2, 3, 4].map(a, [a, a])"), FWL_CEL_ERR_ARENA);
    /* final: not absorbed */
    assert_int_equal(cel_eval(cel, "[1, 2, 3, 4].map(a, [a, a]).size() == 4 || true"), FWL_CEL_ERR_ARENA);
    cel->limits.arena_units = 5;
    cel_true(cel, "'ab' + 'cde' == 'abcde'");
    cel->limits.arena_units = 4;
    assert_int_equal(cel_eval(cel, "'ab' + 'cde' == 'abcde'"), FWL_CEL_ERR_ARENA);
}

static void
test_cel_eval__cost(void **state)
{
    const struct fwl_cel_limits wide = fwl_cel_limits_lang1;
    struct cel *cel = cel_new();
    const struct fwl_cel_memory memory = {cel->stack, FWL_CEL_STACK_MAX, cel->arena, sizeof(cel->arena)};
    struct fwl_cel_limits tight = wide;

    (void)state;
    assert_int_equal(cel_eval(cel, "[1, 2, 3].all(x, x > 0) || true"), FWL_CEL_OK);
    assert_int_equal(cel->result.cost, 10 + 1 + 3 * (3 + 2));
    tight.cost = cel->result.cost;
    fwl_cel_eval(&cel->result, &memory, &cel->program, cel->slots, FWL_CEL_SLOTS, &tight);
    assert_int_equal(cel->result.err, FWL_CEL_OK);
    tight.cost--;
    fwl_cel_eval(&cel->result, &memory, &cel->program, cel->slots, FWL_CEL_SLOTS, &tight);
    assert_int_equal(cel->result.err, FWL_CEL_ERR_COST);
    tight.cost = 12; /* inside the loop */
    fwl_cel_eval(&cel->result, &memory, &cel->program, cel->slots, FWL_CEL_SLOTS, &tight);
    assert_int_equal(cel->result.err, FWL_CEL_ERR_COST);
}

static void
bind_all(struct fwl_cel_cell *s)
{
    static struct fwl_cel_cell requires[2];
    static struct fwl_cel_cell approvals[3];
    static struct fwl_cel_cell groups[1];

    requires[0] = cel_text("modem");
    requires[1] = cel_version(FWL_SCHEME_SEMVER, "2.0.0", 0);
    approvals[0] = cel_text("ana");
    approvals[1] = cel_text("bo");
    approvals[2] = cel_text("eli");
    groups[0] = cel_text("canary");
    s[FWL_CEL_SLOT_NOW] = fwl_cel_cell_timestamp(1770000000, 0); /* a Monday, 02:40 UTC */
    s[FWL_CEL_SLOT_DEVICE_ID] = cel_text("gw-000417");           /* bucket 71 */
    s[FWL_CEL_SLOT_DEVICE_HARDWARE] = cel_text("gw100");
    s[FWL_CEL_SLOT_DEVICE_REVISION] = fwl_cel_cell_int(3);
    s[FWL_CEL_SLOT_DEVICE_VERSION] = cel_version(FWL_SCHEME_SEMVER, "2.3.0", 0);
    s[FWL_CEL_SLOT_DEVICE_INSTALLED] = fwl_cel_cell_map(requires, 1);
    s[FWL_CEL_SLOT_DEVICE_REGION] = cel_text("DE");
    s[FWL_CEL_SLOT_DEVICE_UTC_OFFSET] = cel_text("UTC");
    s[FWL_CEL_SLOT_DEVICE_GROUPS] = fwl_cel_cell_list(groups, 1);
    s[FWL_CEL_SLOT_DEVICE_LABELS] = fwl_cel_cell_map(NULL, 0);
    s[FWL_CEL_SLOT_DEVICE_BATTERY] = fwl_cel_cell_int(30);
    s[FWL_CEL_SLOT_RELEASE_SEVERITY] = cel_text("critical");
    s[FWL_CEL_SLOT_RELEASE_VERSION] = cel_version(FWL_SCHEME_SEMVER, "2.3.4", 0);
    s[FWL_CEL_SLOT_RELEASE_PUBLISHED] = fwl_cel_cell_timestamp(1769990000, 0);
    s[FWL_CEL_SLOT_RELEASE_APPROVALS] = fwl_cel_cell_list(approvals, 3);
    s[FWL_CEL_SLOT_RELEASE_LABELS] = fwl_cel_cell_map(NULL, 0);
    s[FWL_CEL_SLOT_RELEASE_HARDWARE] = fwl_cel_cell_list(&s[FWL_CEL_SLOT_DEVICE_HARDWARE], 1);
    s[FWL_CEL_SLOT_RELEASE_MIN_REVISION] = fwl_cel_cell_int(3);
    s[FWL_CEL_SLOT_RELEASE_MAX_REVISION] = fwl_cel_cell_int(3);
    s[FWL_CEL_SLOT_RELEASE_REQUIRES] = fwl_cel_cell_map(requires, 1);
    s[FWL_CEL_SLOT_ROLLOUT_SALT] = cel_text("r7");
    s[FWL_CEL_SLOT_ROLLOUT_STARTED] = fwl_cel_cell_timestamp(1770000000 - 72 * 3600, 0);
    s[FWL_CEL_SLOT_ROLLOUT_ATTEMPTED] = fwl_cel_cell_int(100);
    s[FWL_CEL_SLOT_ROLLOUT_FAILED] = fwl_cel_cell_int(2);
}

/* docs/spec/rules.md, section 8: each rule is true here, and false or an error after one change. */
static void
test_cel_eval__twelve_rules(void **state)
{
    const struct {
        const char *source;
        enum fwl_cel_slot slot;
        struct fwl_cel_cell instead;
    } rules[] = {
        {"bucket(device.id, rollout.salt, 100) < (now - rollout.started >= duration(\"72h\") ? 100 : now - "
         "rollout.started >= duration(\"24h\") ? 25 : 5)",
         FWL_CEL_SLOT_ROLLOUT_STARTED, fwl_cel_cell_timestamp(1770000001 - 72 * 3600, 0)},
        {"now.getDayOfWeek(device.utc_offset) in [0, 6] || now.getHours(device.utc_offset) >= 21 || "
         "now.getHours(device.utc_offset) < 5",
         FWL_CEL_SLOT_DEVICE_UTC_OFFSET, cel_text("+03:00")},
        {"device.hardware in release.hardware && device.revision >= release.min_revision && device.revision <= "
         "release.max_revision",
         FWL_CEL_SLOT_DEVICE_REVISION, fwl_cel_cell_int(4)},
        {"device.version.major() == release.version.major() || !device.version.isLessThan(semver(\"1.9.4\"))",
         FWL_CEL_SLOT_DEVICE_VERSION, cel_version(FWL_SCHEME_SEMVER, "1.9.3", 0)},
        {"![\"2.1.0\", \"2.1.1\"].exists(v, release.version == semver(v)) && "
         "!(release.version.compareTo(semver(\"2.2.0\")) >= 0 && release.version.isLessThan(semver(\"2.2.7\")))",
         FWL_CEL_SLOT_RELEASE_VERSION, cel_version(FWL_SCHEME_SEMVER, "2.2.6", 0)},
        {"device.region in [\"DE\", \"FR\", \"NL\"] || (device.region == \"US\" && "
         "release.labels[?\"fcc_id\"].hasValue())",
         FWL_CEL_SLOT_DEVICE_REGION, cel_text("US")},
        {"release.requires.all(p, p in device.installed && "
         "!device.installed[p].isLessThan(release.requires[p]))",
         FWL_CEL_SLOT_DEVICE_INSTALLED, fwl_cel_cell_map(NULL, 0)},
        {"release.severity == \"critical\" && device.version.isLessThan(semver(\"2.3.4\")) && device.battery >= 30",
         FWL_CEL_SLOT_DEVICE_BATTERY, fwl_cel_cell_int(29)},
        {"rollout.attempted < 50 || rollout.failed * 100 <= rollout.attempted * 2", FWL_CEL_SLOT_ROLLOUT_FAILED,
         fwl_cel_cell_int(3)},
        {"[\"ana\", \"bo\", \"chen\", \"dee\", \"eli\"].filter(a, a in release.approvals).size() >= 3",
         FWL_CEL_SLOT_RELEASE_APPROVALS, fwl_cel_cell_list(NULL, 0)},
        {"\"canary\" in device.groups || now - release.published >= duration(\"168h\")", FWL_CEL_SLOT_DEVICE_GROUPS,
         fwl_cel_cell_list(NULL, 0)},
        {"!(\"pin\" in device.labels) || release.version == semver(device.labels[\"pin\"])", FWL_CEL_SLOT_DEVICE_LABELS,
         fwl_cel_cell_absent()},
    };
    struct cel *cel = cel_new();

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(rules); i++) {
        bind_all(cel->slots);
        cel_true(cel, rules[i].source);
        cel->slots[rules[i].slot] = rules[i].instead;
        assert_true(cel_eval(cel, rules[i].source) != FWL_CEL_OK || cel->result.value.v.i == 0);
        assert_true(cel->compiled.code.size <= 256);
    }
}

static void
test_cel_eval__condition(void **state)
{
    static struct fwl_cel_workspace workspace;
    struct fwl_cel_verdict verdict;
    struct cel *cel = cel_new();
    uint32_t cost = 0;

    (void)state;
    cel->slots[FWL_CEL_SLOT_DEVICE_BATTERY] = fwl_cel_cell_int(30);
    assert_int_equal(cel_compile(cel, "device.battery >= 30"), FWL_OK);
    assert_int_equal(fwl_cel_condition_check(&cost, &workspace, cel->compiled.code), FWL_OK);
    assert_int_equal(cost, cel->compiled.cost);
    assert_int_equal(fwl_cel_condition_eval(&verdict, &workspace, cel->compiled.code, cel->slots, FWL_CEL_SLOTS),
                     FWL_OK);
    assert_int_equal(verdict.outcome, FWL_CEL_TRUE);
    assert_int_equal(verdict.cost, 3);
    cel->slots[FWL_CEL_SLOT_DEVICE_BATTERY] = fwl_cel_cell_int(29);
    assert_int_equal(fwl_cel_condition_eval(&verdict, &workspace, cel->compiled.code, cel->slots, FWL_CEL_SLOTS),
                     FWL_OK);
    assert_int_equal(verdict.outcome, FWL_CEL_FALSE);
    /* no slots at all: unset, at the instruction that reads it */
    assert_int_equal(fwl_cel_condition_eval(&verdict, &workspace, cel->compiled.code, NULL, 0), FWL_OK);
    assert_int_equal(verdict.outcome, FWL_CEL_FAILED);
    assert_int_equal(verdict.err, FWL_CEL_ERR_UNSET);
    assert_int_equal(verdict.position, 3 + 5 /* behind lang, no constants, one slot */);
    assert_int_equal(cel_compile(cel, "1 + 1"), FWL_OK);
    assert_int_equal(fwl_cel_condition_eval(&verdict, &workspace, cel->compiled.code, NULL, 0), FWL_OK);
    assert_int_equal(verdict.err, FWL_CEL_ERR_RESULT);
    assert_int_equal(fwl_cel_condition_eval(&verdict, &workspace, fwl_span("\x02", 1), NULL, 0), FWL_ERR_UNKNOWN);
    assert_int_equal(verdict.outcome, FWL_CEL_FAILED);
    assert_int_equal(fwl_cel_condition_check(&cost, &workspace, fwl_span("\x02", 1)), FWL_ERR_UNKNOWN);
    assert_int_equal(cost, 0);
}

static void
test_cel_eval__error_texts(void **state)
{
    (void)state;
    for (unsigned err = FWL_CEL_OK; err <= FWL_CEL_ERR_ARENA; err++) {
        assert_string_not_equal(fwl_cel_err_text((enum fwl_cel_err)err), "unknown error");
    }
    assert_string_equal(fwl_cel_err_text((enum fwl_cel_err)99), "unknown error");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cel_eval__true),
        cmocka_unit_test(test_cel_eval__errors),
        cmocka_unit_test(test_cel_eval__versions_of_schemes),
        cmocka_unit_test(test_cel_eval__cbor),
        cmocka_unit_test(test_cel_eval__size_and_depth),
        cmocka_unit_test(test_cel_eval__arena),
        cmocka_unit_test(test_cel_eval__cost),
        cmocka_unit_test(test_cel_eval__twelve_rules),
        cmocka_unit_test(test_cel_eval__condition),
        cmocka_unit_test(test_cel_eval__error_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
