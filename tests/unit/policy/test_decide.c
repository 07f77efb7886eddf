/* Every step of a decision: true, false, in error; every refusal; both orders of choice. */
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
expect(struct world *w, enum fwl_decision_kind kind, enum fwl_nothing nothing)
{
    assert_int_equal(world_decide(w), FWL_OK);
    assert_string_equal(fwl_decision_name(w->decision.kind), fwl_decision_name(kind));
    assert_string_equal(fwl_nothing_text(w->decision.nothing), fwl_nothing_text(nothing));
}

static void
expect_install(struct world *w, size_t chosen)
{
    struct fwl_hash32 id = world_id(w, chosen);

    expect(w, FWL_DECISION_INSTALL, FWL_NOTHING_NONE);
    assert_int_equal(w->decision.chosen, chosen);
    assert_true(fwl_hash32_equal(&w->decision.release, &id));
}

/* The only release is refused for this reason. */
static void
expect_refusal(struct world *w, enum fwl_refusal refusal)
{
    bool fits = refusal != FWL_REFUSAL_HARDWARE && refusal != FWL_REFUSAL_CLASS;

    expect(w, FWL_DECISION_NOTHING, fits ? FWL_NOTHING_REFUSED : FWL_NOTHING_NO_HARDWARE);
    assert_string_equal(fwl_refusal_text(w->candidates[0].refusal), fwl_refusal_text(refusal));
}

static void
test_decide__nothing_without_entries(void **state)
{
    struct world *w = *state;

    (void)world_add_version(w, "2.0.0");
    expect_install(w, 0);
    w->no_vendor = true;
    expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_NO_VENDOR);
    assert_int_equal(w->candidates[0].refusal, FWL_REFUSAL_NOTHING);
    w->no_vendor = false;
    w->vendor.suspended = true;
    expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_SUSPENDED);
    w->vendor.suspended = false;
    w->no_class = true;
    expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_NO_CLASS);
    w->no_class = false;
    w->no_fleet = true;
    expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_NO_FLEET);
    w->no_fleet = false;
    w->no_policy = true;
    expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
}

static void
test_decide__current(void **state)
{
    struct world *w = *state;
    static const char *const models[] = {"other"};

    expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_NO_HARDWARE);
    (void)world_add_version(w, "1.0.0");
    (void)world_add_version(w, "0.9.0");
    expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    /* newer, but for other hardware: still current */
    struct fwl_writer writer = world_begin(w);
    struct fwl_condition condition = {.has = FWL_HAS(1), .models = world_texts(w, 1, models)};
    struct fwl_release release = world_release("3.0.0");

    writer = world_begin(w);
    fwl_release_put_condition(&writer, &condition);
    release.has |= FWL_HAS(FWL_RELEASE_HARDWARE);
    release.hardware = (struct fwl_list){.items = world_end(w, &writer), .count = 1};
    (void)world_add(w, &release);
    expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    /* without a running version every release is newer */
    w->facts.version = (struct fwl_span){0};
    expect_install(w, 0);
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
    expect_install(w, 0);
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
    expect_refusal(w, FWL_REFUSAL_MALICIOUS);
    w->flags[0] = 0;
    expect_refusal(w, FWL_REFUSAL_INVALID);
    w->flags[0] = FWL_LIVE_VALID;
    w->releases[0].entry.status = FWL_RELEASE_MALICIOUS;
    expect_refusal(w, FWL_REFUSAL_MALICIOUS);
    w->releases[0].entry.status = FWL_RELEASE_WITHDRAWN;
    expect_refusal(w, FWL_REFUSAL_INVALID);
    w->releases[0].entry.status = FWL_RELEASE_LIVE;
    w->releases[0].record.valid = false;
    expect_refusal(w, FWL_REFUSAL_INVALID);
    w->releases[0].record.valid = true;
    w->releases[0].record.extra.unknown = true;
    expect_refusal(w, FWL_REFUSAL_UNKNOWN);
    w->releases[0].record.extra.unknown = false;
    w->releases[0].record.class_name = fwl_span_text("acme/gw100/other");
    expect_refusal(w, FWL_REFUSAL_CLASS);
    w->releases[0].record.class_name = fwl_span_text("acme/gw100/app");
    expect_install(w, 0);
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
        expect_install(w, 0);
    } else {
        expect_refusal(w, FWL_REFUSAL_HARDWARE);
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
    expect_refusal(w, FWL_REFUSAL_REGION);
    w->facts.region = fwl_span_text("US");
    expect_refusal(w, FWL_REFUSAL_REGION);
    w->facts.region = fwl_span_text("FR");
    expect_install(w, 0);
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
        expect_install(w, 0);
    } else {
        expect_refusal(w, FWL_REFUSAL_WINDOW);
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
        expect_install(w, 0);
    } else {
        expect_refusal(w, FWL_REFUSAL_DEPENDENCY);
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
    expect_install(w, 0);
    release.scheme = FWL_SCHEME_OPAQUE; /* has equality only */
    w->count = 0;
    (void)world_add(w, &release);
    expect_refusal(w, FWL_REFUSAL_DEPENDENCY);
    release.dependencies = world_clause(w, none, world_relation(w, "libc", FWL_OP_EQ, "2.36-9+deb12u1"));
    w->count = 0;
    (void)world_add(w, &release);
    expect_install(w, 0);
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
    expect_refusal(w, FWL_REFUSAL_CONFLICT);
    installed[1].version = fwl_span_text("2.0.0");
    expect_install(w, 0);
    installed[1].version = fwl_span_text("??"); /* fails closed */
    expect_refusal(w, FWL_REFUSAL_CONFLICT);
    /* not with what it replaces */
    installed[1].version = fwl_span_text("2.0.0");
    release.conflicts = world_relation(w, "app", 0, NULL);
    w->count = 0;
    (void)world_add(w, &release);
    expect_install(w, 0);
    /* and the other way round */
    installed[1].conflicts = world_relation(w, "app", FWL_OP_GE, "2.0.0");
    expect_refusal(w, FWL_REFUSAL_CONFLICT);
    installed[1].conflicts = world_relation(w, "app", FWL_OP_GT, "2.0.0");
    expect_install(w, 0);
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
    expect_refusal(w, FWL_REFUSAL_BREAKS);
    installed[1].dependencies = world_clause(w, none, world_relation(w, "app", FWL_OP_GE, "1.0.0"));
    expect_install(w, 0);
    /* what does not hold today is not this release's fault */
    installed[1].dependencies = world_clause(w, none, world_relation(w, "app", FWL_OP_GE, "3.0.0"));
    expect_install(w, 0);
    /* a virtual name that the new release no longer provides */
    installed[0].provides = world_provision(w, "api", NULL);
    installed[1].dependencies = world_clause(w, none, world_relation(w, "api", 0, NULL));
    expect_refusal(w, FWL_REFUSAL_BREAKS);
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
    expect_refusal(w, FWL_REFUSAL_FLOOR);
    floors[1].counter = 7;
    expect_install(w, 0);
    /* fast-forward recovery: a higher floor epoch of the vendor */
    floors[1].counter = UINT64_MAX;
    w->vendor.floor_epoch = 2;
    expect_refusal(w, FWL_REFUSAL_FLOOR);
    w->vendor.floor_epoch = 3;
    expect_install(w, 0);
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
    expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    assert_int_equal(w->candidates[0].refusal, FWL_REFUSAL_NOT_NEWER);
    /* every permit rule that is true must say so */
    world_rule_put(w, &rule);
    expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    assert_int_equal(w->candidates[0].permits, 3);
    world_no_rules(w);
    world_rule_put(w, &rule);
    expect_install(w, 0);
    world_rule(w, FWL_EFFECT_PERMIT, code_bool(w, false));
    expect_install(w, 0);
    w->facts.id = fwl_span_text("dev-2");
    expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    rule.dry_run = true;
    w->facts.id = fwl_span_text("dev-1");
    world_no_rules(w);
    world_rule_put(w, &rule);
    expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
}

static void
test_decide__rules(void **state)
{
    struct world *w = *state;
    const struct {
        enum fwl_effect effect;
        enum fwl_refusal on_true, on_false, on_error;
    } cases[] = {
        {FWL_EFFECT_PERMIT, FWL_REFUSAL_NONE, FWL_REFUSAL_NO_PERMIT, FWL_REFUSAL_NO_PERMIT},
        {FWL_EFFECT_REQUIRE, FWL_REFUSAL_NONE, FWL_REFUSAL_RULE, FWL_REFUSAL_RULE},
        {FWL_EFFECT_FORBID, FWL_REFUSAL_RULE, FWL_REFUSAL_NONE, FWL_REFUSAL_RULE},
        {FWL_EFFECT_FORCE, FWL_REFUSAL_NONE, FWL_REFUSAL_NONE, FWL_REFUSAL_NONE},
    };

    (void)world_add_version(w, "2.0.0");
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        struct fwl_span codes[] = {code_bool(w, true), code_bool(w, false), code_error(w)};
        enum fwl_refusal wanted[] = {cases[i].on_true, cases[i].on_false, cases[i].on_error};

        for (size_t k = 0; k < 3; k++) {
            const struct fwl_candidate *c = &w->candidates[0];
            uint64_t bit = cases[i].effect == FWL_EFFECT_PERMIT ? 1 : 2;

            world_no_rules(w);
            if (cases[i].effect != FWL_EFFECT_PERMIT) {
                world_rule(w, FWL_EFFECT_PERMIT, code_bool(w, true));
            }
            world_rule(w, cases[i].effect, codes[k]);
            if (wanted[k] == FWL_REFUSAL_NONE) {
                expect_install(w, 0);
                assert_int_equal(w->decision.forced, cases[i].effect == FWL_EFFECT_FORCE && k == 0);
                assert_int_equal(w->decision.rules, w->decision.forced ? 3 : 1);
            } else {
                expect_refusal(w, wanted[k]);
            }
            assert_int_equal(c->errors, k == 2 ? bit : 0);
            assert_int_equal(c->refusing, wanted[k] == FWL_REFUSAL_RULE ? bit : 0);
        }
    }
}

static void
test_decide__broken_rules_are_errors(void **state)
{
    struct world *w = *state;
    struct fwl_rule rule = {.has = 0x1fe,
                            .name = fwl_span_text("new"),
                            .effect = FWL_EFFECT_REQUIRE,
                            .lang = FWL_CEL_LANG + 1,
                            .code = code_bool(w, true)};

    (void)world_add_version(w, "2.0.0");
    world_rule_put(w, &rule);
    expect_refusal(w, FWL_REFUSAL_RULE);
    assert_int_equal(w->candidates[0].refusing, 2);
    assert_int_equal(w->candidates[0].errors, 2);
    rule.lang = FWL_CEL_LANG;
    rule.code = fwl_span_text("\x01no code");
    world_no_rules(w);
    world_rule_put(w, &rule);
    rule.effect = FWL_EFFECT_PERMIT;
    world_rule_put(w, &rule);
    expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].errors, 3);
    /* the same when there is no room to keep loaded rules */
    w->work.cell_count = FWL_DECIDE_CELLS(0, 0, 0);
    expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].errors, 3);
}

static void
test_decide__scope_and_dry_run(void **state)
{
    struct world *w = *state;
    static const char *const other[] = {"acme/gw200/*", "other/*/app"};
    static const char *const mine[] = {"acme/gw200/*", "*/gw100/*"};
    struct fwl_rule rule = {.has = 0x1fe,
                            .name = fwl_span_text("no"),
                            .effect = FWL_EFFECT_FORBID,
                            .lang = FWL_CEL_LANG,
                            .scope = world_texts(w, 2, other),
                            .code = code_bool(w, true)};

    (void)world_add_version(w, "2.0.0");
    world_rule_put(w, &rule);
    expect_install(w, 0);
    rule.scope = world_texts(w, 2, mine);
    world_rule_put(w, &rule);
    expect_refusal(w, FWL_REFUSAL_RULE);
    assert_int_equal(w->candidates[0].refusing, 4);
    rule.dry_run = true;
    world_no_rules(w);
    world_rule_put(w, &rule);
    rule.effect = FWL_EFFECT_PERMIT;
    world_rule_put(w, &rule);
    expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].dry_run, 3);
    world_rule(w, FWL_EFFECT_PERMIT, code_bool(w, true));
    expect_install(w, 0);
    assert_int_equal(w->decision.rules, 4);
}

static void
test_decide__staged(void **state)
{
    struct world *w = *state;
    static const char *const staged[] = {"*/*/app"};
    static const char *const not_staged[] = {"*/*/modem"};
    const enum fwl_rollout_state held[] = {FWL_ROLLOUT_PAUSED, FWL_ROLLOUT_HALTED, FWL_ROLLOUT_CANCELLED};

    (void)world_add_version(w, "2.0.0");
    w->policy.staged = world_texts(w, 1, not_staged);
    expect_install(w, 0);
    w->policy.staged = world_texts(w, 1, staged);
    expect_refusal(w, FWL_REFUSAL_NO_ROLLOUT);
    /* bucket("dev-1", "r7", 10000) = 9368, known answer of the rule language */
    world_rollout(w, 0, FWL_ROLLOUT_ACTIVE, 9368);
    expect_refusal(w, FWL_REFUSAL_ROLLOUT_SHARE);
    w->fleet.rollouts = (struct fwl_list){0};
    world_rollout(w, 0, FWL_ROLLOUT_ACTIVE, 9369);
    expect_install(w, 0);
    w->facts.id = (struct fwl_span){0};
    expect_refusal(w, FWL_REFUSAL_ROLLOUT_SHARE);
    for (size_t i = 0; i < FWL_COUNT(held); i++) {
        w->fleet.rollouts = (struct fwl_list){0};
        world_rollout(w, 0, held[i], 10000);
        expect_refusal(w, FWL_REFUSAL_ROLLOUT_STATE);
    }
    w->fleet.rollouts = (struct fwl_list){0};
    world_rollout(w, 0, FWL_ROLLOUT_DONE, 0);
    expect_install(w, 0);
    /* of another release */
    w->fleet.rollouts = (struct fwl_list){0};
    world_rollout(w, 1, FWL_ROLLOUT_DONE, 10000);
    expect_refusal(w, FWL_REFUSAL_NO_ROLLOUT);
}

static void
test_decide__choice(void **state)
{
    struct world *w = *state;
    struct fwl_release release = world_release("2.5.0");

    (void)world_add_version(w, "2.0.0");
    (void)world_add_version(w, "3.0.0+a");
    (void)world_add_version(w, "3.0.0+b"); /* equal: the higher seq */
    (void)world_add(w, &release);
    expect_install(w, 2);
    /* listed: the first published, unless a rank says otherwise */
    w->policy.select = FWL_SELECT_LISTED;
    expect_install(w, 0);
    release.has |= FWL_HAS(FWL_RELEASE_RANK);
    release.rank = 5;
    (void)world_add(w, &release);
    expect_install(w, 4);
    (void)world_add(w, &release);
    expect_install(w, 4);
    release.rank = 4;
    (void)world_add(w, &release);
    expect_install(w, 6);
    w->policy.select = FWL_SELECT_HIGHEST;
    expect_install(w, 2);
}

static void
test_decide__opaque(void **state)
{
    struct world *w = *state;
    static const char *const versions[] = {"zulu", "alpha", "mike"};

    w->entry.scheme = FWL_SCHEME_OPAQUE;
    for (size_t i = 0; i < 3; i++) {
        (void)world_add_version(w, versions[i]);
    }
    w->facts.version = fwl_span_text("alpha");
    expect_install(w, 2);
    assert_int_equal(w->candidates[0].refusal, FWL_REFUSAL_NOT_NEWER);
    assert_int_equal(w->candidates[1].refusal, FWL_REFUSAL_NOT_NEWER);
    assert_int_equal(w->decision.running, FWL_RUNNING_LIVE);
    w->facts.version = fwl_span_text("mike");
    expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    /* what is no longer listed was published before */
    w->facts.version = fwl_span_text("gone");
    expect_install(w, 2);
    /* the rules see the same order */
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code_newer(w, FWL_CEL_SLOT_RELEASE_VERSION, FWL_CEL_SLOT_DEVICE_VERSION));
    expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_REFUSED);
    assert_int_equal(w->candidates[0].errors, 1);
    w->facts.version = fwl_span_text("zulu");
    expect_install(w, 2);
}

static void
add_departed(struct world *w, const char *version, uint64_t why)
{
    struct fwl_writer writer = world_begin(w);
    const struct fwl_departed departed = {.version = fwl_span_text(version), .why = why};

    fwl_entry_put_departed(&writer, &departed);
    w->entry.departed = world_append(w, w->entry.departed, world_end(w, &writer));
}

static void
add_advisory(struct world *w, const char *id, const char *min, const char *max)
{
    struct fwl_writer writer = world_begin(w);
    const struct fwl_advisory advisory = {.id = fwl_span_text(id),
                                          .range = {.min = fwl_span_text(min), .max = fwl_span_text(max)},
                                          .severity = FWL_SEVERITY_SECURITY,
                                          .issuer = fwl_span_text("acme")};

    fwl_entry_put_advisory(&writer, &advisory);
    w->entry.advisories = world_append(w, w->entry.advisories, world_end(w, &writer));
}

static void
expect_running(struct world *w, const char *version, enum fwl_running running, uint16_t advisories)
{
    w->facts.version = fwl_span_text(version);
    assert_int_equal(world_decide(w), FWL_OK);
    assert_string_equal(fwl_running_name(w->decision.running), fwl_running_name(running));
    assert_int_equal(w->decision.advisories, advisories);
}

static void
test_decide__running(void **state)
{
    struct world *w = *state;

    (void)world_add_version(w, "2.0.0");
    (void)world_add_version(w, "2.1.0+a");
    (void)world_add_version(w, "2.1.0+b");
    w->flags[1] |= FWL_LIVE_MALICIOUS;
    add_departed(w, "1.0.0", 1);
    add_departed(w, "1.1.0", 2);
    add_advisory(w, "CVE-1", "1.2.0", "1.4.0");
    add_advisory(w, "CVE-2", "", "1.3.0");
    expect_running(w, "", FWL_RUNNING_UNKNOWN, 0);
    expect_running(w, "9.0.0", FWL_RUNNING_UNKNOWN, 0);
    expect_running(w, "2.0.0", FWL_RUNNING_LIVE, 0);
    expect_running(w, "2.0.0+x", FWL_RUNNING_LIVE, 0); /* equal in order */
    expect_running(w, "2.1.0+a", FWL_RUNNING_MALICIOUS, 0);
    expect_running(w, "2.1.0+b", FWL_RUNNING_LIVE, 0);      /* the exact text counts first */
    expect_running(w, "2.1.0+c", FWL_RUNNING_MALICIOUS, 0); /* and then the worst */
    expect_running(w, "1.0.0", FWL_RUNNING_WITHDRAWN, 2);
    expect_running(w, "1.1.0", FWL_RUNNING_MALICIOUS, 2);
    expect_running(w, "1.3.0", FWL_RUNNING_VULNERABLE, 3);
    expect_running(w, "1.4.0", FWL_RUNNING_VULNERABLE, 1);
    w->vendor.suspended = true;
    expect_running(w, "2.1.0+a", FWL_RUNNING_MALICIOUS, 0);
}

static void
test_decide__sixty_four_releases_and_rules(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < FWL_CLASS_RELEASES_MAX; i++) {
        (void)world_add_version(w, i == 40 ? "7.0.0" : "2.0.0");
    }
    world_no_rules(w);
    for (size_t i = 0; i < FWL_POLICY_RULES_MAX; i++) {
        world_rule(w, FWL_EFFECT_PERMIT, i == 63 ? code_bool(w, true) : code_text(w, FWL_CEL_SLOT_DEVICE_ID, "x"));
    }
    expect_install(w, 40);
    assert_true(w->decision.rules == UINT64_C(1) << 63);
    /* the same with no room for loaded rules */
    w->work.cell_count = FWL_DECIDE_CELLS(0, 0, 0);
    expect_install(w, 40);
    assert_true(w->decision.rules == UINT64_C(1) << 63);
}

/* Two rule sets that say "device.x == text" and so on: what the rules see. */
static void
expect_seen(struct world *w, struct fwl_span code)
{
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code);
    expect_install(w, 0);
}

static void
expect_unseen(struct world *w, struct fwl_span code)
{
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code);
    expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].errors, 1);
}

static void
test_decide__variables_of_the_device(void **state)
{
    struct world *w = *state;
    const struct fwl_span groups[] = {fwl_span_text("canary"), fwl_span_text("east")};
    const struct fwl_fact_label labels[] = {{fwl_span_text("pin"), fwl_span_text("x")}};
    const struct fwl_installed installed[] = {{.name = fwl_span_text("net"), .version = fwl_span_text("bad version")}};

    (void)world_add_version(w, "2.0.0");
    expect_seen(w, code_text(w, FWL_CEL_SLOT_DEVICE_ID, "dev-1"));
    expect_seen(w, code_text(w, FWL_CEL_SLOT_DEVICE_VENDOR, "acme"));
    expect_seen(w, code_text(w, FWL_CEL_SLOT_DEVICE_HARDWARE, "gw100"));
    expect_unseen(w, code_text(w, FWL_CEL_SLOT_DEVICE_REGION, "DE"));
    expect_unseen(w, code_text(w, FWL_CEL_SLOT_DEVICE_UTC_OFFSET, "+03:00"));
    expect_unseen(w, code_has(w, FWL_CEL_SLOT_DEVICE_GROUPS, "east"));
    expect_unseen(w, code_has(w, FWL_CEL_SLOT_DEVICE_LABELS, "pin"));
    expect_unseen(w, code_has(w, FWL_CEL_SLOT_DEVICE_INSTALLED, "net"));
    expect_unseen(w, code_int(w, FWL_CEL_SLOT_DEVICE_BATTERY, 30));
    expect_unseen(w, code_int(w, FWL_CEL_SLOT_DEVICE_REVISION, 3));
    w->facts.region = fwl_span_text("DE");
    w->facts.utc_offset = fwl_span_text("+03:00");
    w->facts.groups = groups;
    w->facts.group_count = 2;
    w->facts.labels = labels;
    w->facts.label_count = 1;
    w->facts.installed = installed;
    w->facts.installed_count = 1;
    w->facts.has_battery = true;
    w->facts.battery = 30;
    w->facts.has_revision = true;
    w->facts.revision = 3;
    expect_seen(w, code_text(w, FWL_CEL_SLOT_DEVICE_REGION, "DE"));
    expect_seen(w, code_text(w, FWL_CEL_SLOT_DEVICE_UTC_OFFSET, "+03:00"));
    expect_seen(w, code_has(w, FWL_CEL_SLOT_DEVICE_GROUPS, "east"));
    expect_seen(w, code_has(w, FWL_CEL_SLOT_DEVICE_LABELS, "pin"));
    expect_seen(w, code_has(w, FWL_CEL_SLOT_DEVICE_INSTALLED, "net"));
    expect_seen(w, code_int(w, FWL_CEL_SLOT_DEVICE_BATTERY, 30));
    expect_seen(w, code_int(w, FWL_CEL_SLOT_DEVICE_REVISION, 3));
    expect_seen(w, code_newer(w, FWL_CEL_SLOT_RELEASE_VERSION, FWL_CEL_SLOT_DEVICE_VERSION));
    w->facts.version = (struct fwl_span){0};
    expect_unseen(w, code_newer(w, FWL_CEL_SLOT_RELEASE_VERSION, FWL_CEL_SLOT_DEVICE_VERSION));
}

static void
test_decide__variables_of_the_release(void **state)
{
    struct world *w = *state;
    struct fwl_release release = world_release("2.0.0");

    add_advisory(w, "CVE-1", "1.5.0", "");
    add_advisory(w, "CVE-2", "3.0.0", "");
    (void)world_add(w, &release);
    expect_seen(w, code_text(w, FWL_CEL_SLOT_RELEASE_CHANNEL, ""));
    expect_seen(w, code_text(w, FWL_CEL_SLOT_RELEASE_SEVERITY, "normal"));
    expect_seen(w, code_has(w, FWL_CEL_SLOT_RELEASE_ADVISORIES, "CVE-1"));
    expect_seen(
        w, code_text(w, FWL_CEL_SLOT_RELEASE_ID, "0100000000000000000000000000000000000000000000000000000000000000"));
    expect_seen(w, code_int(w, FWL_CEL_SLOT_RELEASE_SECURITY_COUNTER, 7));
    expect_unseen(w, code_int(w, FWL_CEL_SLOT_ROLLOUT_PERCENT, 0));
    world_rollout(w, 0, FWL_ROLLOUT_ACTIVE, 2500);
    expect_seen(w, code_int(w, FWL_CEL_SLOT_ROLLOUT_PERCENT, 25));
    expect_seen(w, code_text(w, FWL_CEL_SLOT_ROLLOUT_SALT, "r7"));
    expect_seen(w, code_int(w, FWL_CEL_SLOT_ROLLOUT_ATTEMPTED, 0));
    release.has |= FWL_HAS(FWL_RELEASE_CHANNEL) | FWL_HAS(FWL_RELEASE_SEVERITY);
    release.channel = fwl_span_text("beta");
    release.severity = FWL_SEVERITY_CRITICAL;
    w->count = 0;
    (void)world_add(w, &release);
    expect_seen(w, code_text(w, FWL_CEL_SLOT_RELEASE_CHANNEL, "beta"));
    expect_seen(w, code_text(w, FWL_CEL_SLOT_RELEASE_SEVERITY, "critical"));
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code_has(w, FWL_CEL_SLOT_RELEASE_ADVISORIES, "CVE-2"));
    expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].errors, 0);
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
        TEST(rules),
        TEST(broken_rules_are_errors),
        TEST(scope_and_dry_run),
        TEST(staged),
        TEST(choice),
        TEST(opaque),
        TEST(running),
        TEST(sixty_four_releases_and_rules),
        TEST(variables_of_the_device),
        TEST(variables_of_the_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
