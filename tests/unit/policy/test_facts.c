/* Facts: limits at max and max + 1, order, form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "world.h"

static char long_text[FWL_FACT_TEXT_MAX + 2];

static int
setup(void **state)
{
    memset(long_text, 'x', sizeof(long_text) - 1);
    *state = world_new();
    return 0;
}

static int
teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void
expect(const struct fwl_facts *facts, enum fwl_err wanted, const char *field)
{
    const char *found = "";

    assert_int_equal(fwl_facts_check(&found, facts), wanted);
    if (field == NULL) {
        assert_null(found);
    } else {
        assert_string_equal(found, field);
    }
}

static void
test_facts__names(void **state)
{
    struct fwl_facts facts = ((struct world *)*state)->facts;
    struct fwl_facts bad = facts;

    expect(&facts, FWL_OK, NULL);
    bad.fleet = (struct fwl_span){0};
    expect(&bad, FWL_ERR_MISSING, "fleet");
    bad.fleet = fwl_span_text("Ops/line");
    expect(&bad, FWL_ERR_NAME, "fleet");
    bad = facts;
    bad.class_name = (struct fwl_span){0};
    expect(&bad, FWL_ERR_MISSING, "class");
    bad.class_name = fwl_span_text("acme/gw100");
    expect(&bad, FWL_ERR_NAME, "class");
}

static void
test_facts__texts(void **state)
{
    struct fwl_facts facts = ((struct world *)*state)->facts;

    facts.id = fwl_span(long_text, FWL_FACT_TEXT_MAX);
    expect(&facts, FWL_OK, NULL);
    facts.id = fwl_span(long_text, FWL_FACT_TEXT_MAX + 1);
    expect(&facts, FWL_ERR_LIMIT, "id");
    facts.id = fwl_span_text("\xff");
    expect(&facts, FWL_ERR_UTF8, "id");
}

static void
test_facts__place(void **state)
{
    static const char *const regions[] = {"D", "de", "DEU", "D1", "+3"};
    static const char *const offsets[] = {"3", "+3:00", "+03:60", "+24:00", "Europe/Berlin", "+03:00 "};
    struct fwl_facts facts = ((struct world *)*state)->facts;

    facts.region = fwl_span_text("DE");
    facts.utc_offset = fwl_span_text("-03:30");
    expect(&facts, FWL_OK, NULL);
    for (size_t i = 0; i < FWL_COUNT(regions); i++) {
        facts.region = fwl_span_text(regions[i]);
        expect(&facts, FWL_ERR_NAME, "region");
    }
    facts.region = fwl_span_text("DE");
    for (size_t i = 0; i < FWL_COUNT(offsets); i++) {
        facts.utc_offset = fwl_span_text(offsets[i]);
        expect(&facts, FWL_ERR_VALUE, "utc_offset");
    }
}

static void
test_facts__numbers(void **state)
{
    struct fwl_facts facts = ((struct world *)*state)->facts;

    facts.battery = 101; /* not told */
    expect(&facts, FWL_OK, NULL);
    facts.has_battery = true;
    expect(&facts, FWL_ERR_RANGE, "battery");
    facts.battery = 100;
    expect(&facts, FWL_OK, NULL);
    facts.battery = -1;
    expect(&facts, FWL_ERR_RANGE, "battery");
    facts.battery = 0;
    facts.has_uptime = true;
    facts.uptime_s = INT64_MAX / 1000000000;
    expect(&facts, FWL_OK, NULL);
    facts.uptime_s++;
    expect(&facts, FWL_ERR_RANGE, "uptime");
    facts.uptime_s = -1;
    expect(&facts, FWL_ERR_RANGE, "uptime");
}

static void
test_facts__lists(void **state)
{
    struct fwl_facts facts = ((struct world *)*state)->facts;
    struct fwl_span groups[FWL_FACT_GROUPS_MAX + 1] = {{0}};
    struct fwl_fact_label labels[FWL_FACT_LABELS_MAX + 1];
    struct fwl_floor floors[FWL_FACT_INSTALLED_MAX + 1] = {{{0}, 0, 0}};

    for (size_t i = 0; i <= FWL_FACT_LABELS_MAX; i++) {
        labels[i] = (struct fwl_fact_label){.key = fwl_span(long_text, i)};
    }
    facts.groups = groups;
    facts.group_count = FWL_FACT_GROUPS_MAX;
    facts.labels = labels;
    facts.label_count = FWL_FACT_LABELS_MAX;
    facts.floors = floors;
    facts.floor_count = FWL_FACT_INSTALLED_MAX;
    expect(&facts, FWL_OK, NULL);
    facts.floor_count++;
    expect(&facts, FWL_ERR_LIMIT, "floor");
    facts.group_count++;
    expect(&facts, FWL_ERR_LIMIT, "groups");
    facts.label_count++;
    expect(&facts, FWL_ERR_LIMIT, "labels");
    facts.label_count = 2;
    labels[0].key = labels[1].key;
    expect(&facts, FWL_ERR_DUPLICATE, "labels");
    labels[0].key = fwl_span_text("zz");
    expect(&facts, FWL_ERR_ORDER, "labels");
}

static void
test_facts__installed(void **state)
{
    struct world *w = *state;
    struct fwl_facts facts = w->facts;
    static struct fwl_installed installed[FWL_FACT_INSTALLED_MAX + 1];
    struct fwl_list bad = {.items = fwl_span_text("\xff"), .count = 1};

    for (size_t i = 0; i <= FWL_FACT_INSTALLED_MAX; i++) {
        installed[i] = (struct fwl_installed){.name = fwl_span(long_text, i < FWL_FACT_TEXT_MAX ? i + 1 : i)};
    }
    facts.installed = installed;
    facts.installed_count = FWL_FACT_INSTALLED_MAX;
    expect(&facts, FWL_OK, NULL);
    facts.installed_count++;
    expect(&facts, FWL_ERR_LIMIT, "installed");
    facts.installed_count = 2;
    installed[0].name = fwl_span_text("");
    expect(&facts, FWL_ERR_NAME, "installed");
    installed[0].name = fwl_span_text("zzz"); /* longer names come later */
    expect(&facts, FWL_ERR_ORDER, "installed");
    installed[0].name = fwl_span_text("a");
    installed[0].provides = bad;
    assert_int_not_equal(fwl_facts_check(NULL, &facts), FWL_OK);
    installed[0].provides = world_provision(w, "api", "1.0");
    installed[0].conflicts = bad;
    assert_int_not_equal(fwl_facts_check(NULL, &facts), FWL_OK);
    installed[0].conflicts = world_relation(w, "x", 0, NULL);
    installed[0].dependencies = bad;
    assert_int_not_equal(fwl_facts_check(NULL, &facts), FWL_OK);
    installed[0].dependencies = world_clause(w, (struct fwl_list){0}, bad);
    assert_int_not_equal(fwl_facts_check(NULL, &facts), FWL_OK);
    installed[0].dependencies = world_clause(w, (struct fwl_list){0}, world_relation(w, "x", 0, NULL));
    expect(&facts, FWL_OK, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_facts__##name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {TEST(names),   TEST(texts), TEST(place),
                                       TEST(numbers), TEST(lists), TEST(installed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
