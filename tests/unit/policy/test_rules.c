/* Rules, rollouts, choice, the running image, and what rules see. */
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
test_rules__rules(void **state)
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
                world_expect_install(w, 0);
                assert_int_equal(w->decision.forced, cases[i].effect == FWL_EFFECT_FORCE && k == 0);
                assert_int_equal(w->decision.rules, w->decision.forced ? 3 : 1);
            } else {
                world_expect_refusal(w, wanted[k]);
            }
            assert_int_equal(c->errors, k == 2 ? bit : 0);
            assert_int_equal(c->refusing, wanted[k] == FWL_REFUSAL_RULE ? bit : 0);
        }
    }
}

static void
test_rules__broken_rules_are_errors(void **state)
{
    struct world *w = *state;
    struct fwl_rule rule = {.has = 0x1fe,
                            .name = fwl_span_text("new"),
                            .effect = FWL_EFFECT_REQUIRE,
                            .lang = FWL_CEL_LANG + 1,
                            .code = code_bool(w, true)};

    (void)world_add_version(w, "2.0.0");
    world_rule_put(w, &rule);
    world_expect_refusal(w, FWL_REFUSAL_RULE);
    assert_int_equal(w->candidates[0].refusing, 2);
    assert_int_equal(w->candidates[0].errors, 2);
    rule.lang = FWL_CEL_LANG;
    rule.code = fwl_span_text("\x01no code");
    world_no_rules(w);
    world_rule_put(w, &rule);
    rule.effect = FWL_EFFECT_PERMIT;
    world_rule_put(w, &rule);
    world_expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].errors, 3);
    /* the same when there is no room to keep loaded rules */
    w->work.cell_count = FWL_DECIDE_CELLS(0, 0, 0);
    world_expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].errors, 3);
}

static void
test_rules__scope_and_dry_run(void **state)
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
    world_expect_install(w, 0);
    rule.scope = world_texts(w, 2, mine);
    world_rule_put(w, &rule);
    world_expect_refusal(w, FWL_REFUSAL_RULE);
    assert_int_equal(w->candidates[0].refusing, 4);
    rule.dry_run = true;
    world_no_rules(w);
    world_rule_put(w, &rule);
    rule.effect = FWL_EFFECT_PERMIT;
    world_rule_put(w, &rule);
    world_expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].dry_run, 3);
    world_rule(w, FWL_EFFECT_PERMIT, code_bool(w, true));
    world_expect_install(w, 0);
    assert_int_equal(w->decision.rules, 4);
}

static void
test_rules__staged(void **state)
{
    struct world *w = *state;
    static const char *const staged[] = {"*/*/app"};
    static const char *const not_staged[] = {"*/*/modem"};
    const enum fwl_rollout_state held[] = {FWL_ROLLOUT_PAUSED, FWL_ROLLOUT_HALTED, FWL_ROLLOUT_CANCELLED};

    (void)world_add_version(w, "2.0.0");
    w->policy.staged = world_texts(w, 1, not_staged);
    world_expect_install(w, 0);
    w->policy.staged = world_texts(w, 1, staged);
    world_expect_refusal(w, FWL_REFUSAL_NO_ROLLOUT);
    /* bucket("dev-1", "r7", 10000) = 9368, known answer of the rule language */
    world_rollout(w, 0, FWL_ROLLOUT_ACTIVE, 9368);
    world_expect_refusal(w, FWL_REFUSAL_ROLLOUT_SHARE);
    w->fleet.rollouts = (struct fwl_list){0};
    world_rollout(w, 0, FWL_ROLLOUT_ACTIVE, 9369);
    world_expect_install(w, 0);
    w->facts.id = (struct fwl_span){0};
    world_expect_refusal(w, FWL_REFUSAL_ROLLOUT_SHARE);
    for (size_t i = 0; i < FWL_COUNT(held); i++) {
        w->fleet.rollouts = (struct fwl_list){0};
        world_rollout(w, 0, held[i], 10000);
        world_expect_refusal(w, FWL_REFUSAL_ROLLOUT_STATE);
    }
    w->fleet.rollouts = (struct fwl_list){0};
    world_rollout(w, 0, FWL_ROLLOUT_DONE, 0);
    world_expect_install(w, 0);
    /* of another release */
    w->fleet.rollouts = (struct fwl_list){0};
    world_rollout(w, 1, FWL_ROLLOUT_DONE, 10000);
    world_expect_refusal(w, FWL_REFUSAL_NO_ROLLOUT);
}

/* rollout.attempted is the sum over the policy's trackers of what they report of the present stage. */
static void
test_rules__sums(void **state)
{
    struct world *w = *state;
    static const char *const trackers[] = {"t1", "t2", "t3"};
    const struct fwl_report reports[] = {
        {.tracker = fwl_span_text("t1"), .stage = 1, .counters = {10, 8, 1}},
        {.tracker = fwl_span_text("t2"), .stage = 0, .counters = {100, 50, 50}}, /* of the stage before */
        {.tracker = fwl_span_text("t3"), .stage = 1, .counters = {5, 2, 2}},
        {.tracker = fwl_span_text("zoe"), .stage = 1, .counters = {7, 7, 0}}, /* no tracker any more */
    };
    struct fwl_rollout rollout = {.has = 0x7fe,
                                  .stage = 1,
                                  .share = 10000,
                                  .salt = fwl_span_text("r7"),
                                  .state = FWL_ROLLOUT_ACTIVE,
                                  .template_name = fwl_span_text("default")};
    struct fwl_writer writer;

    (void)world_add_version(w, "2.0.0");
    rollout.release = world_id(w, 0);
    w->policy.trackers = (struct fwl_trackers){.k = 1, .of = world_texts(w, FWL_COUNT(trackers), trackers)};
    for (size_t i = 0; i < FWL_COUNT(reports); i++) {
        writer = world_begin(w);
        fwl_entry_put_report(&writer, &reports[i]);
        rollout.reports = world_append(w, rollout.reports, world_end(w, &writer));
    }
    writer = world_begin(w);
    fwl_entry_put_rollout(&writer, &rollout);
    w->fleet.rollouts = world_append(w, w->fleet.rollouts, world_end(w, &writer));
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code_int(w, FWL_CEL_SLOT_ROLLOUT_ATTEMPTED, 15));
    world_rule(w, FWL_EFFECT_FORBID, code_int(w, FWL_CEL_SLOT_ROLLOUT_ATTEMPTED, 16));
    world_rule(w, FWL_EFFECT_FORBID, code_int(w, FWL_CEL_SLOT_ROLLOUT_FAILED, 4));
    world_expect_install(w, 0);
}

static void
test_rules__choice(void **state)
{
    struct world *w = *state;
    struct fwl_release release = world_release("2.5.0");

    (void)world_add_version(w, "2.0.0");
    (void)world_add_version(w, "3.0.0+a");
    (void)world_add_version(w, "3.0.0+b"); /* equal: the higher seq */
    (void)world_add(w, &release);
    world_expect_install(w, 2);
    /* listed: the first published, unless a rank says otherwise */
    w->policy.select = FWL_SELECT_LISTED;
    world_expect_install(w, 0);
    release.has |= FWL_HAS(FWL_RELEASE_RANK);
    release.rank = 5;
    (void)world_add(w, &release);
    world_expect_install(w, 4);
    (void)world_add(w, &release);
    world_expect_install(w, 4);
    release.rank = 4;
    (void)world_add(w, &release);
    world_expect_install(w, 6);
    w->policy.select = FWL_SELECT_HIGHEST;
    world_expect_install(w, 2);
}

static void
test_rules__opaque(void **state)
{
    struct world *w = *state;
    static const char *const versions[] = {"zulu", "alpha", "mike"};

    w->entry.scheme = FWL_SCHEME_OPAQUE;
    for (size_t i = 0; i < 3; i++) {
        (void)world_add_version(w, versions[i]);
    }
    w->facts.version = fwl_span_text("alpha");
    world_expect_install(w, 2);
    assert_int_equal(w->candidates[0].refusal, FWL_REFUSAL_NOT_NEWER);
    assert_int_equal(w->candidates[1].refusal, FWL_REFUSAL_NOT_NEWER);
    assert_int_equal(w->decision.running, FWL_RUNNING_LIVE);
    w->facts.version = fwl_span_text("mike");
    world_expect(w, FWL_DECISION_CURRENT, FWL_NOTHING_NONE);
    /* what is no longer listed was published before */
    w->facts.version = fwl_span_text("gone");
    world_expect_install(w, 2);
    /* the rules see the same order */
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code_newer(w, FWL_CEL_SLOT_RELEASE_VERSION, FWL_CEL_SLOT_DEVICE_VERSION));
    world_expect(w, FWL_DECISION_NOTHING, FWL_NOTHING_REFUSED);
    assert_int_equal(w->candidates[0].errors, 1);
    w->facts.version = fwl_span_text("zulu");
    world_expect_install(w, 2);
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
test_rules__running(void **state)
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
test_rules__sixty_four_releases_and_rules(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < FWL_CLASS_RELEASES_MAX; i++) {
        (void)world_add_version(w, i == 40 ? "7.0.0" : "2.0.0");
    }
    world_no_rules(w);
    for (size_t i = 0; i < FWL_POLICY_RULES_MAX; i++) {
        world_rule(w, FWL_EFFECT_PERMIT, i == 63 ? code_bool(w, true) : code_text(w, FWL_CEL_SLOT_DEVICE_ID, "x"));
    }
    world_expect_install(w, 40);
    assert_true(w->decision.rules == UINT64_C(1) << 63);
    /* the same with no room for loaded rules */
    w->work.cell_count = FWL_DECIDE_CELLS(0, 0, 0);
    world_expect_install(w, 40);
    assert_true(w->decision.rules == UINT64_C(1) << 63);
}

/* Two rule sets that say "device.x == text" and so on: what the rules see. */
static void
expect_seen(struct world *w, struct fwl_span code)
{
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code);
    world_expect_install(w, 0);
}

static void
expect_unseen(struct world *w, struct fwl_span code)
{
    world_no_rules(w);
    world_rule(w, FWL_EFFECT_PERMIT, code);
    world_expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].errors, 1);
}

static void
test_rules__variables_of_the_device(void **state)
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
test_rules__variables_of_the_release(void **state)
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
    world_expect_refusal(w, FWL_REFUSAL_NO_PERMIT);
    assert_int_equal(w->candidates[0].errors, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_rules__##name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules),
        TEST(broken_rules_are_errors),
        TEST(scope_and_dry_run),
        TEST(staged),
        TEST(sums),
        TEST(choice),
        TEST(opaque),
        TEST(running),
        TEST(sixty_four_releases_and_rules),
        TEST(variables_of_the_device),
        TEST(variables_of_the_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
