#include "core/version.h"
#include "tests/unit/core/vectors.h"

struct refusal {
    const char *text;
    size_t offset;
};

/* Ascending; equal neighbours begin with "=". */
static const char *const semver_order[] = {
    "0.0.0-0",
    "0.0.0",
    "0.0.1",
    "0.9.99999999999999999999999",

    "1.0.0-0.0",
    "=1.0.0-0.0+b",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-99999999999999999999",
    "1.0.0-100000000000000000000",
    "1.0.0--",
    "1.0.0--1",
    "1.0.0-0a",
    "1.0.0-A",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "=1.0.0+001",
    "=1.0.0+a-b.0",
    "1.0.1",
    "1.9.0",
    "1.10.0",
    "1.11.0",
    "2.0.0",
    "2.1.0",
    "2.1.1",
    "99999999999999999999999.999999999999999999.99999999999999999",
};
static const char *const number_order[] = {
    "0",     "=00",        "=0x0",     "1",          "=0x1",       "=0001",         "7",
    "=007",  "9",          "0xa",      "=10",        "=0xA",       "=0x000000000A", "255",
    "=0xff", "0x01000006", "16777223", "4294967294", "4294967295", "=0xffffffff",   "=0xFFFFFFFF",
};
static const char *const dotted_order[] = {
    "0",
    "=00",
    "0.0",
    "0.0.0",
    "0.0.7004.09",
    "=0.0.7004.9",
    "0.1",
    "0.13",
    "0.16753412",
    "1.dev1",
    "1.a1",
    "1",
    "1.0.dev1",
    "1.0",
    "1.0.0",
    "1.0.1",
    "2.10",
    "5.15.189",
    "6.6.144",
    "6.12.94",
    "10.0.dev20230310",
    "=10.0-dev20230310",
    "10.0.alpha1",
    "=10.0a1",
    "=10.0.a01",
    "10.0a2",
    "10.0.beta0",
    "=10.0b0",
    "10.0.rc0",
    "10.0.rc1",
    "=10.0-rc1",
    "=10.0rc1",
    "10.0.rc2",
    "10.0.rc10",
    "10.0",
    "10.1.rc1",
    "10.1",
    "18.0.rc1",
    "18.0",
    "18.0.0.rc1",
    "18.0.0",
    "18.1.rc1",
    "23.05.0-rc1",
    "23.05.0-rc4",
    "23.05.0",
    "=23.5.0",
    "23.05.6",
    "10000000000000000000000000000000",
};
static const char *const debian_order[] = {
    "0~~",
    "0~~a",
    "0~",
    "0",
    "=0:0",
    "=00",
    "=0-0",
    "0-0a",
    "0a",
    "0z",
    "0+",
    "0.",
    "=0.0",
    "1.0~rc1-1",
    "1.0~rc1-2",
    "1.0",
    "=1.0-0",
    "1.0-1~bpo1",
    "1.0-1",
    "1.0-1+b1",
    "1.0-1.1",
    "1.0-2",
    "1.0A",
    "1.0a",
    "1.0+b1",
    "1.0.1",
    "9",
    "10",
    "99999999999999999999",
    "100000000000000000000",
    "1:0",
    "=01:0",
    "1:0.1",
    "2:0",
    "10:0",
    "2147483647:0",
};

static const struct refusal semver_bad[] = {
    {"", 0},           {"1", 1},      {"1.2", 3},       {"1.2.", 4},           {"1.2.3.4", 5},    {"v1.2.3", 0},
    {"01.2.3", 0},     {"1.02.3", 2}, {"1.2.03", 4},    {"1.2.3-", 6},         {"1.2.3-a..b", 8}, {"1.2.3-01", 6},
    {"1.2.3-a.01", 8}, {"1.2.3+", 6}, {"1.2.3+a+b", 7}, {"1.2.3-a_b", 7},      {"1.2.3 ", 5},     {"1..3", 2},
    {"1.2.3-+b", 6},   {"-1.2.3", 0}, {"1,2.3", 1},     {"1.2.3-\xc3\xa4", 6},
};
static const struct refusal number_bad[] = {
    {"", 0},
    {"0x", 2},
    {"x1", 0},
    {"0X1", 1},
    {"1a", 1},
    {"0xg", 2},
    {"0x1g", 3},
    {"-1", 0},
    {"+1", 0},
    {"1.0", 1},
    {" 1", 0},
    {"4294967296", 9},
    {"0x100000000", 10},
    {"99999999999999999999999999999", 9},
    {"0x1x", 3},
};
static const struct refusal dotted_bad[] = {
    {"", 0},          {".1", 0},        {"1.", 2},           {"1..2", 2},
    {"v1", 0},        {"rc1", 0},       {"1.x", 2},          {"1.rc", 4},
    {"1.0rc", 5},     {"1.0.rc1.2", 7}, {"1.0b", 4},         {"1.0.RC1", 4},
    {"1.0rc1b", 6},   {"1.0-", 4},      {"1.0--rc1", 4},     {"1.0_rc1", 3},
    {"1.0.alph1", 5}, {"1 ", 1},        {"1.0-arduino7", 5}, {"0x0102", 1},
    {"250925A", 6},   {"49-0E-14", 3},  {"F907.14.10", 0},   {"00.09.07_02.18.05", 8},
};
static const struct refusal debian_bad[] = {
    {"", 0},     {"a1", 0},           {":1", 0},  {"1:", 2},      {"1:a", 2},     {"a:1", 0},
    {"1a:1", 1}, {"2147483648:1", 9}, {"-1", 0},  {"1-", 2},      {"1.0-1:2", 1}, {"1:1.0-1:2", 7},
    {"1_0", 1},  {"1.0-1_2", 5},      {"1 0", 1}, {"1:1\x80", 3}, {"1:-1", 2},    {"~1", 0},
};

static struct fwl_span
plain(const char *text)
{
    return fwl_span_text(*text == '=' ? text + 1 : text);
}

static int
sign(int order)
{
    return (order > 0) - (order < 0);
}

/* Every pair of the list, in both directions, against the positions: with a total order behind it, transitivity too. */
static void
check_order(enum fwl_scheme scheme, const char *const *texts, size_t count)
{
    int rank[64];

    assert_true(count <= FWL_COUNT(rank));
    for (size_t i = 0; i < count; i++) {
        size_t bad = 99;

        rank[i] = i == 0 ? 0 : rank[i - 1] + (*texts[i] != '=');
        if (fwl_version_check(scheme, plain(texts[i]), &bad) != FWL_OK || bad != 0) {
            fail_msg("%s is refused at %zu", texts[i], bad);
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (sign(fwl_version_compare(scheme, plain(texts[i]), plain(texts[j]))) != sign(rank[i] - rank[j])) {
                fail_msg("%s and %s are not in this order", texts[i], texts[j]);
            }
        }
    }
}

static void
test_version__orders(void **state)
{
    (void)state;
    check_order(FWL_SCHEME_SEMVER, semver_order, FWL_COUNT(semver_order));
    check_order(FWL_SCHEME_NUMBER, number_order, FWL_COUNT(number_order));
    check_order(FWL_SCHEME_DOTTED, dotted_order, FWL_COUNT(dotted_order));
    check_order(FWL_SCHEME_DEBIAN, debian_order, FWL_COUNT(debian_order));
}

static void
check_refused(enum fwl_scheme scheme, const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t bad = 99;

        if (fwl_version_check(scheme, fwl_span_text(refusals[i].text), &bad) != FWL_ERR_VERSION ||
            bad != refusals[i].offset) {
            fail_msg("%s as %s: offset %zu", refusals[i].text, fwl_scheme_name(scheme), bad);
        }
    }
}

static void
test_version__refusals_name_the_byte(void **state)
{
    (void)state;
    check_refused(FWL_SCHEME_SEMVER, semver_bad, FWL_COUNT(semver_bad));
    check_refused(FWL_SCHEME_NUMBER, number_bad, FWL_COUNT(number_bad));
    check_refused(FWL_SCHEME_DOTTED, dotted_bad, FWL_COUNT(dotted_bad));
    check_refused(FWL_SCHEME_DEBIAN, debian_bad, FWL_COUNT(debian_bad));
    assert_int_equal(fwl_version_check(FWL_SCHEME_SEMVER, fwl_span_text("1"), NULL), FWL_ERR_VERSION);
}

static void
test_version__length_limit(void **state)
{
    char text[FWL_VERSION_BYTES_MAX + 2];
    size_t bad = 0;

    (void)state;
    memset(text, '1', sizeof(text));
    memcpy(text, "1.1.", 4);
    for (uint64_t scheme = FWL_SCHEME_SEMVER; scheme <= FWL_SCHEME_OPAQUE; scheme++) {
        if (scheme == FWL_SCHEME_NUMBER) {
            continue;
        }
        assert_int_equal(fwl_version_check(scheme, fwl_span(text, 64), &bad), FWL_OK);
        assert_int_equal(fwl_version_check(scheme, fwl_span(text, 65), &bad), FWL_ERR_VERSION);
        assert_int_equal(bad, 64);
    }
    memset(text, '0', sizeof(text));
    assert_int_equal(fwl_version_check(FWL_SCHEME_NUMBER, fwl_span(text, 64), &bad), FWL_OK);
    assert_int_equal(fwl_version_check(FWL_SCHEME_NUMBER, fwl_span(text, 65), &bad), FWL_ERR_VERSION);
}

static void
test_version__opaque(void **state)
{
    size_t bad = 0;

    (void)state;
    assert_int_equal(fwl_version_check(FWL_SCHEME_OPAQUE, fwl_span_text("RBM14.00_B0007 \xc3\xa4"), &bad), FWL_OK);
    assert_int_equal(fwl_version_check(FWL_SCHEME_OPAQUE, fwl_span_text("ab\xc3"), &bad), FWL_ERR_VERSION);
    assert_int_equal(bad, 2);
    assert_int_equal(fwl_version_check(FWL_SCHEME_OPAQUE, fwl_span_text(""), &bad), FWL_ERR_VERSION);
}

static void
test_version__scheme_names(void **state)
{
    (void)state;
    for (uint64_t scheme = FWL_SCHEME_SEMVER; scheme <= FWL_SCHEME_OPAQUE; scheme++) {
        assert_int_equal(fwl_scheme_from_name(fwl_span_text(fwl_scheme_name(scheme))), scheme);
    }
    assert_string_equal(fwl_scheme_name(FWL_SCHEME_DEBIAN), "debian");
    assert_null(fwl_scheme_name(0));
    assert_null(fwl_scheme_name(6));
    assert_null(fwl_scheme_name(UINT64_MAX));
    assert_int_equal(fwl_scheme_from_name(fwl_span_text("Semver")), 0);
    assert_int_equal(fwl_scheme_from_name(fwl_span_text("")), 0);
    assert_int_equal(fwl_version_check(0, fwl_span_text("1"), NULL), FWL_ERR_UNKNOWN);
    assert_int_equal(fwl_version_check(6, fwl_span_text("1"), NULL), FWL_ERR_UNKNOWN);
    assert_int_equal(fwl_version_check(UINT64_MAX, fwl_span_text("1"), NULL), FWL_ERR_UNKNOWN);
}

static void
test_version__debian_as_dpkg(void **state)
{
    char line[256];
    char *f[3] = {NULL};
    size_t count = 0;
    FILE *pairs = fopen(VECTORS("version/debian-pairs.tsv"), "r");

    (void)state;
    assert_non_null(pairs);
    for (; vectors_line(pairs, line, sizeof(line), '\t', f, 3); count++) {
        int want = *f[1] == '<' ? -1 : *f[1] == '>';
        struct fwl_span a = fwl_span_text(f[0]);
        struct fwl_span b = fwl_span_text(f[2]);

        assert_int_equal(fwl_version_check(FWL_SCHEME_DEBIAN, a, NULL), FWL_OK);
        assert_int_equal(fwl_version_check(FWL_SCHEME_DEBIAN, b, NULL), FWL_OK);
        if (sign(fwl_version_compare(FWL_SCHEME_DEBIAN, a, b)) != want ||
            sign(fwl_version_compare(FWL_SCHEME_DEBIAN, b, a)) != -want) {
            fail_msg("%s %s %s does not hold", f[0], f[1], f[2]);
        }
    }
    (void)fclose(pairs);
    assert_int_equal(count, 2517);
}

static void
test_version__debian_valid_as_dpkg(void **state)
{
    char line[256];
    char *f[2] = {NULL};
    size_t count = 0;
    FILE *texts = fopen(VECTORS("version/debian-valid.tsv"), "r");

    (void)state;
    assert_non_null(texts);
    for (; vectors_line(texts, line, sizeof(line), '\t', f, 2); count++) {
        bool ok = fwl_version_check(FWL_SCHEME_DEBIAN, fwl_span_text(f[0]), NULL) == FWL_OK;

        if (ok != (strcmp(f[1], "ok") == 0)) {
            fail_msg("%s is %s", f[0], f[1]);
        }
    }
    (void)fclose(texts);
    assert_int_equal(count, 277);
}

/* Short texts over the bytes that matter: what is accepted must be totally ordered. */
static void
test_version__total_order_of_random_texts(void **state)
{
    static const char bytes[] = "0011290a.-~+:rcxdev";
    uint32_t seed = 1;

    (void)state;
    for (enum fwl_scheme scheme = FWL_SCHEME_SEMVER; scheme <= FWL_SCHEME_DEBIAN; scheme++) {
        char pool[80][16];
        size_t count = 0;

        while (count < FWL_COUNT(pool)) {
            size_t size = 0;

            for (; size == 0 || (seed >> 16) % 10 != 0; size++) {
                seed = seed * 1664525 + 1013904223;
                pool[count][size] = bytes[(seed >> 20) % (sizeof(bytes) - 1)];
                if (size == 14) {
                    break;
                }
                if (scheme == FWL_SCHEME_SEMVER && size == 0) {
                    memcpy(pool[count], "1.0.0-", 6);
                    size = 5;
                }
            }
            pool[count][size] = '\0';
            count += fwl_version_check(scheme, fwl_span_text(pool[count]), NULL) == FWL_OK;
        }
        for (size_t i = 0; i < count * count * count; i++) {
            struct fwl_span a = fwl_span_text(pool[i % count]);
            struct fwl_span b = fwl_span_text(pool[i / count % count]);
            struct fwl_span c = fwl_span_text(pool[i / count / count]);
            int ab = sign(fwl_version_compare(scheme, a, b));

            assert_int_equal(ab, -sign(fwl_version_compare(scheme, b, a)));
            if (ab <= 0 && fwl_version_compare(scheme, b, c) <= 0) {
                assert_true(fwl_version_compare(scheme, a, c) <= 0);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version__orders),
        cmocka_unit_test(test_version__refusals_name_the_byte),
        cmocka_unit_test(test_version__length_limit),
        cmocka_unit_test(test_version__opaque),
        cmocka_unit_test(test_version__scheme_names),
        cmocka_unit_test(test_version__debian_as_dpkg),
        cmocka_unit_test(test_version__debian_valid_as_dpkg),
        cmocka_unit_test(test_version__total_order_of_random_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
