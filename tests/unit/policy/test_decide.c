/* Which releases are candidates: each check, told and not told; rollback. Rules and choice: test_rules.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "world.h"

static int
setup(void **state)
{
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
test_decide__nothing_without_entries(void **state)
{
    struct world *w = *state;

    (void)world_add_version(w, "2.0.0");
    world_expect_install(w, 0);
    w->no_vendor = true;
    world_expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_NO_VENDOR);
    assert_int_equal(w->candidates[0].refusal, FWL_REFUSAL_NOTHING);
    w->no_vendor = false;
    w->vendor.suspended = true;
    world_expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_SUSPENDED);
    w->vendor.suspended = false;
    w->no_class = true;
    world_expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_NO_CLASS);
    w->no_class = false;
    w->no_fleet = true;
    world_expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_NO_FLEET);
    w->no_fleet = false;
    w->no_policy = true;
    world_expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
}

static void
test_decide__current(void **state)
{
    struct world *w = *state;
    static const char *const models[] = {"other"};

    world_expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_NO_HARDWARE);
    (void)world_add_version(w, "1.0.0");
    (void)world_add_version(w, "0.9.0");
    world_expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    /* newer, but for other hardware: still current */
    struct fwl_writer writer = world_begin(w);
    struct fwl_condition condition = {.has = FWL_HAS(1), .models = world_texts(w, 1, models)};
    struct fwl_release release = world_release("3.0.0");

    writer = world_begin(w);
    fwl_release_put_condition(&writer, &condition);
    release.has |= FWL_HAS(FWL_RELEASE_HARDWARE);
    release.hardware = (struct fwl_list){.items = world_end(w, &writer), .count = 1};
    (void)world_add(w, &release);
    world_expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    /* without a running version every release is newer */
    w->facts.version = (struct fwl_span){0};
    world_expect_install(w, 0);
}

static void
test_decide__bad_version_and_space(void **state)
{
    struct world *w = *state;

    (void)world_add_version(w, "2.0.0");
    w->facts.version = fwl_span_text("1.0");
    assert_int_equal(world_decide(w), FWL_ERR_VERSION);
    w->facts.version = fwl_span_text("1.0.0");
    w->work.cell_count = FWL_DECIDE_CELLS(0, 0, 0);
    world_expect_install(w, 0);
    w->work.cell_count = FWL_DECIDE_CELLS(0, 0, 0) - 1;
    assert_int_equal(world_decide(w), FWL_ERR_SPACE);
}

static void
test_decide__class_flags_and_growth(void **state)
{
    struct world *w = *state;
    struct fwl_release release = world_release("2.0.0");

    (void)world_add(w, &release);
    w->flags[0] = FWL_LIVE_VALID | FWL_LIVE_MALICIOUS;
    world_expect_refusal(w, FWL_REFUSAL_MALICIOUS);
    w->flags[0] = 0;
    world_expect_refusal(w, FWL_REFUSAL_INVALID);
    w->flags[0] = FWL_LIVE_VALID;
    w->releases[0].entry.status = FWL_RELEASE_MALICIOUS;
    world_expect_refusal(w, FWL_REFUSAL_MALICIOUS);
    w->releases[0].entry.status = FWL_RELEASE_WITHDRAWN;
    world_expect_refusal(w, FWL_REFUSAL_INVALID);
    w->releases[0].entry.status = FWL_RELEASE_LIVE;
    w->releases[0].record.valid = false;
    world_expect_refusal(w, FWL_REFUSAL_INVALID);
    w->releases[0].record.valid = true;
    w->releases[0].record.extra.unknown = true;
    world_expect_refusal(w, FWL_REFUSAL_UNKNOWN);
    w->releases[0].record.extra.unknown = false;
    w->releases[0].record.class_name = fwl_span_text("acme/gw100/other");
    world_expect_refusal(w, FWL_REFUSAL_CLASS);
    w->releases[0].record.class_name = fwl_span_text("acme/gw100/app");
    world_expect_install(w, 0);
}

/* A release with these hardware conditions, and whether it fits. */
static void
check_hardware(struct world *w, size_t count, const struct fwl_condition *conditions, bool fits)
{
    struct fwl_release release = world_release("2.0.0");
    struct fwl_list list = {0};

    for (size_t i = 0; i < count; i++) {
        struct fwl_writer writer = world_begin(w);

        fwl_release_put_condition(&writer, &conditions[i]);
        list = world_append(w, list, world_end(w, &writer));
    }
    release.has |= FWL_HAS(FWL_RELEASE_HARDWARE);
    release.hardware = list;
    w->count = 0;
    (void)world_add(w, &release);
    if (fits) {
        world_expect_install(w, 0);
    } else {
        world_expect_refusal(w, FWL_REFUSAL_HARDWARE);
    }
}

static void
test_decide__hardware(void **state)
{
    struct world *w = *state;
    static const char *const models[] = {"gw99", "gw100"};
    static const char *const makers[] = {"other"};
    struct fwl_condition model = {.has = FWL_HAS(1), .models = world_texts(w, 2, models)};
    struct fwl_condition both = {
        .has = FWL_HAS(1) | FWL_HAS(2), .models = model.models, .makers = world_texts(w, 1, makers)};
    struct fwl_condition range = {.has = FWL_HAS(3),
                                  .revision = {.has_min = true, .has_max = true, .min = 3, .max = 5}};
    struct fwl_condition least = {.has = FWL_HAS(3), .revision = {.has_min = true, .min = -3}};
    struct fwl_condition either[] = {both, model};

    check_hardware(w, 1, &model, true);
    check_hardware(w, 1, &both, false);
    check_hardware(w, 2, either, true);
    w->facts.maker = fwl_span_text("other");
    check_hardware(w, 1, &both, true);
    /* a fact that was not told matches only a condition that does not ask */
    w->facts.maker = (struct fwl_span){0};
    check_hardware(w, 1, &both, false);
    check_hardware(w, 1, &model, true);
    w->facts.model = (struct fwl_span){0};
    check_hardware(w, 1, &model, false);
    check_hardware(w, 1, &range, false);
    check_hardware(w, 1, &least, false);
    w->facts.has_revision = true;
    for (int64_t revision = 2; revision <= 6; revision++) {
        w->facts.revision = revision;
        check_hardware(w, 1, &range, revision >= 3 && revision <= 5);
    }
    w->facts.revision = -3;
    check_hardware(w, 1, &least, true);
    w->facts.revision = -4;
    check_hardware(w, 1, &least, false);
}

static void
test_decide__region(void **state)
{
    struct world *w = *state;
    static const char *const regions[] = {"DE", "FR"};
    struct fwl_release release = world_release("2.0.0");

    release.has |= FWL_HAS(FWL_RELEASE_REGIONS);
    release.regions = world_texts(w, 2, regions);
    (void)world_add(w, &release);
    world_expect_refusal(w, FWL_REFUSAL_REGION);
    w->facts.region = fwl_span_text("US");
    world_expect_refusal(w, FWL_REFUSAL_REGION);
    w->facts.region = fwl_span_text("FR");
    world_expect_install(w, 0);
}

static void
check_window(struct world *w, const char *min, const char *max, const char *running, bool holds)
{
    struct fwl_release release = world_release("9.0.0");

    release.has |= FWL_HAS(FWL_RELEASE_WINDOW);
    release.window = (struct fwl_version_range){.min = fwl_span_text(min), .max = fwl_span_text(max)};
    w->facts.version = fwl_span_text(running);
    w->count = 0;
    (void)world_add(w, &release);
    if (holds) {
        world_expect_install(w, 0);
    } else {
        world_expect_refusal(w, FWL_REFUSAL_WINDOW);
    }
}

static void
test_decide__window(void **state)
{
    struct world *w = *state;

    check_window(w, "1.0.0", "2.0.0", "0.9.9", false);
    check_window(w, "1.0.0", "2.0.0", "1.0.0", true);
    check_window(w, "1.0.0", "2.0.0", "1.10.0", true);
    check_window(w, "1.0.0", "2.0.0", "2.0.0", true);
    check_window(w, "1.0.0", "2.0.0", "2.0.1-rc1", false);
    check_window(w, "1.0.0", "", "8.0.0", true);
    check_window(w, "", "2.0.0", "0.0.1", true);
    /* without a running version it is lower than every one */
    check_window(w, "1.0.0", "", "", false);
    check_window(w, "", "2.0.0", "", true);
}

static void
check_depends(struct world *w, struct fwl_list clauses, bool holds)
{
    struct fwl_release release = world_release("2.0.0");

    release.has |= FWL_HAS(FWL_RELEASE_DEPENDENCIES);
    release.dependencies = clauses;
    w->count = 0;
    (void)world_add(w, &release);
    if (holds) {
        world_expect_install(w, 0);
    } else {
        world_expect_refusal(w, FWL_REFUSAL_DEPENDENCY);
    }
}

static void
test_decide__dependencies(void **state)
{
    struct world *w = *state;
    const struct {
        uint64_t op;
        bool lower, equal, higher; /* does an installed 1.0.0, 2.0.0, 3.0.0 satisfy "op 2.0.0"? */
    } ops[] = {{FWL_OP_LT, true, false, false},
               {FWL_OP_LE, true, true, false},
               {FWL_OP_EQ, false, true, false},
               {FWL_OP_GE, false, true, true},
               {FWL_OP_GT, false, false, true}};
    struct fwl_installed installed[] = {{.name = fwl_span_text("net")}, {.name = fwl_span_text("radio")}};
    struct fwl_list none = {0};

    check_depends(w, world_clause(w, none, world_relation(w, "net", 0, NULL)), false);
    w->facts.installed = installed;
    w->facts.installed_count = 2;
    check_depends(w, world_clause(w, none, world_relation(w, "net", 0, NULL)), true);
    /* its version was not told */
    check_depends(w, world_clause(w, none, world_relation(w, "net", FWL_OP_GE, "0.0.1")), false);
    for (size_t i = 0; i < FWL_COUNT(ops); i++) {
        struct fwl_list clauses = world_clause(w, none, world_relation(w, "net", ops[i].op, "2.0.0"));

        installed[0].version = fwl_span_text("1.0.0");
        check_depends(w, clauses, ops[i].lower);
        installed[0].version = fwl_span_text("2.0.0");
        check_depends(w, clauses, ops[i].equal);
        installed[0].version = fwl_span_text("3.0.0");
        check_depends(w, clauses, ops[i].higher);
        installed[0].version = fwl_span_text("no version");
        check_depends(w, clauses, false);
    }
}

static void
test_decide__dependencies_and_or(void **state)
{
    struct world *w = *state;
    struct fwl_installed installed[] = {{.name = fwl_span_text("radio"), .version = fwl_span_text("1.0.0")}};
    struct fwl_list either = world_relation(w, "net", 0, NULL);
    struct fwl_list clauses = {0};

    w->facts.installed = installed;
    w->facts.installed_count = 1;
    either = world_append(w, either, world_relation(w, "radio", FWL_OP_GE, "1.0.0").items);
    clauses = world_clause(w, clauses, either);
    check_depends(w, clauses, true);
    clauses = world_clause(w, clauses, world_relation(w, "net", 0, NULL));
    check_depends(w, clauses, false);
    /* virtual names: one with a version satisfies a relation with one, one without does not */
    installed[0].provides = world_provision(w, "net", NULL);
    check_depends(w, clauses, true);
    clauses = world_clause(w, clauses, world_relation(w, "net", FWL_OP_GE, "1.5.0"));
    check_depends(w, clauses, false);
    installed[0].provides = world_provision(w, "net", "1.5.0");
    check_depends(w, clauses, true);
}

static void
test_decide__dependencies_in_their_own_scheme(void **state)
{
    struct world *w = *state;
    struct fwl_installed installed[] = {{.name = fwl_span_text("libc"), .version = fwl_span_text("2.36-9+deb12u1")}};
    struct fwl_list none = {0};
    struct fwl_release release = world_release("2.0.0");

    w->facts.installed = installed;
    w->facts.installed_count = 1;
    release.has |= FWL_HAS(FWL_RELEASE_DEPENDENCIES) | FWL_HAS(FWL_RELEASE_SCHEME);
    release.scheme = FWL_SCHEME_DEBIAN;
    release.dependencies = world_clause(w, none, world_relation(w, "libc", FWL_OP_GE, "2.36~"));
    (void)world_add(w, &release);
    world_expect_install(w, 0);
    release.scheme = FWL_SCHEME_OPAQUE; /* has equality only */
    w->count = 0;
    (void)world_add(w, &release);
    world_expect_refusal(w, FWL_REFUSAL_DEPENDENCY);
    release.dependencies = world_clause(w, none, world_relation(w, "libc", FWL_OP_EQ, "2.36-9+deb12u1"));
    w->count = 0;
    (void)world_add(w, &release);
    world_expect_install(w, 0);
}

static void
test_decide__conflicts(void **state)
{
    struct world *w = *state;
    struct fwl_installed installed[] = {{.name = fwl_span_text("app"), .version = fwl_span_text("1.0.0")},
                                        {.name = fwl_span_text("net"), .version = fwl_span_text("1.0.0")}};
    struct fwl_release release = world_release("2.0.0");

    w->facts.installed = installed;
    w->facts.installed_count = 2;
    release.has |= FWL_HAS(FWL_RELEASE_CONFLICTS);
    release.conflicts = world_relation(w, "net", FWL_OP_LT, "2.0.0");
    (void)world_add(w, &release);
    world_expect_refusal(w, FWL_REFUSAL_CONFLICT);
    installed[1].version = fwl_span_text("2.0.0");
    world_expect_install(w, 0);
    installed[1].version = fwl_span_text("??"); /* fails closed */
    world_expect_refusal(w, FWL_REFUSAL_CONFLICT);
    /* not with what it replaces */
    installed[1].version = fwl_span_text("2.0.0");
    release.conflicts = world_relation(w, "app", 0, NULL);
    w->count = 0;
    (void)world_add(w, &release);
    world_expect_install(w, 0);
    /* and the other way round */
    installed[1].conflicts = world_relation(w, "app", FWL_OP_GE, "2.0.0");
    world_expect_refusal(w, FWL_REFUSAL_CONFLICT);
    installed[1].conflicts = world_relation(w, "app", FWL_OP_GT, "2.0.0");
    world_expect_install(w, 0);
}

static void
test_decide__breaks(void **state)
{
    struct world *w = *state;
    struct fwl_installed installed[] = {{.name = fwl_span_text("app"), .version = fwl_span_text("1.0.0")},
                                        {.name = fwl_span_text("net"), .version = fwl_span_text("1.0.0")}};
    struct fwl_list none = {0};

    w->facts.installed = installed;
    w->facts.installed_count = 2;
    (void)world_add_version(w, "2.0.0");
    installed[1].dependencies = world_clause(w, none, world_relation(w, "app", FWL_OP_LT, "2.0.0"));
    world_expect_refusal(w, FWL_REFUSAL_BREAKS);
    installed[1].dependencies = world_clause(w, none, world_relation(w, "app", FWL_OP_GE, "1.0.0"));
    world_expect_install(w, 0);
    /* what does not hold today is not this release's fault */
    installed[1].dependencies = world_clause(w, none, world_relation(w, "app", FWL_OP_GE, "3.0.0"));
    world_expect_install(w, 0);
    /* a virtual name that the new release no longer provides */
    installed[0].provides = world_provision(w, "api", NULL);
    installed[1].dependencies = world_clause(w, none, world_relation(w, "api", 0, NULL));
    world_expect_refusal(w, FWL_REFUSAL_BREAKS);
}

static void
test_decide__floor(void **state)
{
    struct world *w = *state;
    struct fwl_floor floors[] = {{.component = fwl_span_text("other"), .counter = 99},
                                 {.component = fwl_span_text("app"), .counter = 8, .epoch = 2}};

    (void)world_add_version(w, "2.0.0"); /* counter 7 */
    w->facts.floors = floors;
    w->facts.floor_count = 2;
    world_expect_refusal(w, FWL_REFUSAL_FLOOR);
    floors[1].counter = 7;
    world_expect_install(w, 0);
    /* fast-forward recovery: a higher floor epoch of the vendor */
    floors[1].counter = UINT64_MAX;
    w->vendor.floor_epoch = 2;
    world_expect_refusal(w, FWL_REFUSAL_FLOOR);
    w->vendor.floor_epoch = 3;
    world_expect_install(w, 0);
}

static void
test_decide__rollback(void **state)
{
    struct world *w = *state;
    struct fwl_rule rule = {.has = 0x1fe,
                            .name = fwl_span_text("go-back"),
                            .effect = FWL_EFFECT_PERMIT,
                            .lang = FWL_CEL_LANG,
                            .code = code_text(w, FWL_CEL_SLOT_DEVICE_ID, "dev-1"),
                            .rollback = true};

    (void)world_add_version(w, "0.9.0");
    world_expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    assert_int_equal(w->candidates[0].refusal, FWL_REFUSAL_NOT_NEWER);
    /* every permit rule that is true must say so */
    world_rule_put(w, &rule);
    world_expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    assert_int_equal(w->candidates[0].permits, 3);
    world_no_rules(w);
    world_rule_put(w, &rule);
    world_expect_install(w, 0);
    world_rule(w, FWL_EFFECT_PERMIT, code_bool(w, false));
    world_expect_install(w, 0);
    w->facts.id = fwl_span_text("dev-2");
    world_expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    assert_int_equal(w->candidates[0].refusal, FWL_REFUSAL_NOT_NEWER); /* no permit rule is true */
    rule.dry_run = true;
    w->facts.id = fwl_span_text("dev-1");
    world_no_rules(w);
    world_rule_put(w, &rule);
    world_expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_decide__##name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_without_entries),
        TEST(current),
        TEST(bad_version_and_space),
        TEST(class_flags_and_growth),
        TEST(hardware),
        TEST(region),
        TEST(window),
        TEST(dependencies),
        TEST(dependencies_and_or),
        TEST(dependencies_in_their_own_scheme),
        TEST(conflicts),
        TEST(breaks),
        TEST(floor),
        TEST(rollback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
