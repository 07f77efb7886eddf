/* Rollouts as state: who may do what, when a stage ends, when it halts, and that a refusal changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "ledger_help.h"

#define FLEET "ops/line"

/* Refused with this code, with words, and nothing changed. */
#define REFUSED(call, code)                                                                                            \
    do {                                                                                                               \
        size_t count_before = ledger.block.count;                                                                      \
        assert_int_equal(call, code);                                                                                  \
        assert_int_equal(ledger.why.err, code);                                                                        \
        assert_true(strlen(ledger.why.rule) > 10);                                                                     \
        assert_true(strlen(ledger.why.field) > 0);                                                                     \
        assert_int_equal(ledger.block.count, count_before);                                                            \
    } while (0)

static struct help_ledger ledger;
static struct fwl_hash32 release[4];
static uint64_t policy_version;

static const struct help_plan usual = {.stages = {{5, 10000}, {25, 5000}, {100, 0}},
                                       .stage_count = 3,
                                       .advance_when = "rollout.succeeded >= 10",
                                       .halt_when =
                                           "rollout.attempted >= 5 && rollout.failed * 100 > rollout.attempted * 20",
                                       .k = 1,
                                       .trackers = {"t1", "t2"},
                                       .approvers = {"ana", "bo"}};

/* policy.set with one template, "slow". */
static enum fwl_err
set_policy(const struct help_plan *plan)
{
    enum fwl_err err = help_policy(&ledger, "ops", FLEET, policy_version, plan);

    policy_version += err == FWL_OK;
    return err;
}

static void
next_block(uint64_t later_ms)
{
    help_end(&ledger);
    ledger.at.time_ms += later_ms - 1000; /* help_begin adds a second */
    help_begin(&ledger);
}

static int
setup(void **state)
{
    static const char *const people[] = {"t1", "t2", "t3", "ana", "bo", "zoe"};
    struct fwl_quotas plenty = {1000, 1000, 1000, 100000};
    struct fwl_action create = {.code = FWL_ACTION_FLEET_CREATE};

    (void)state;
    policy_version = 0;
    help_open(&ledger);
    help_world(&ledger);
    help_begin(&ledger);
    for (size_t i = 0; i < FWL_COUNT(people); i++) {
        uint8_t role = people[i][0] == 't' ? FWL_ROLE_TRACKER : FWL_ROLE_AUDITOR;

        assert_int_equal(help_put(&ledger, people[i], role, plenty), FWL_OK);
    }
    assert_int_equal(help_put(&ledger, "other", FWL_ROLE_ADMINISTRATOR, plenty), FWL_OK);
    for (unsigned i = 0; i < FWL_COUNT(release); i++) {
        assert_int_equal(help_publish(&ledger, "acme", "acme/gw/fw", i, &release[i], NULL), FWL_OK);
    }
    create.u.fleet.name = fwl_span_text(FLEET);
    assert_int_equal(help_do(&ledger, "ops", create), FWL_OK);
    next_block(1000);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    help_end(&ledger);
    help_close(&ledger);
    return 0;
}

static enum fwl_err
act(const char *who, enum fwl_action_code code, size_t which)
{
    struct fwl_action a = {.code = code};

    a.u.rollout.fleet = fwl_span_text(FLEET);
    a.u.rollout.release = release[which];
    a.u.rollout.template_name = fwl_span_text("slow");
    return help_do(&ledger, who, a);
}

static enum fwl_err
report(const char *who, size_t which, uint64_t stage, uint64_t attempted, uint64_t succeeded, uint64_t failed)
{
    struct fwl_action a = {.code = FWL_ACTION_PROGRESS_REPORT};

    a.u.rollout.fleet = fwl_span_text(FLEET);
    a.u.rollout.release = release[which];
    a.u.rollout.stage = stage;
    a.u.rollout.counters = (struct fwl_counters){attempted, succeeded, failed};
    return help_do(&ledger, who, a);
}

static struct fwl_fleet_entry
fleet(void)
{
    static uint8_t copy[FWL_ENTRY_MAX];
    struct fwl_kv kv = fwl_overlay_kv(&ledger.block);
    struct fwl_fleet_entry e;
    uint8_t key[FWL_KV_KEY_MAX];
    struct fwl_span value;

    assert_int_equal(
        fwl_kv_get(&kv, &value, FWL_SPACE_KV, fwl_state_key(key, sizeof(key), FWL_TABLE_FLEET, fwl_span_text(FLEET))),
        FWL_OK);
    memcpy(copy, value.p, value.size);
    assert_int_equal(fwl_entry_fleet(&e, NULL, fwl_span(copy, value.size)), FWL_OK);
    return e;
}

static struct fwl_rollout
rollout(size_t which)
{
    struct fwl_fleet_entry e = fleet();
    struct fwl_rollout r = {0};

    assert_true(fwl_entry_find_rollout(&r, &e, &release[which]));
    return r;
}

#define IS(which, state_is, stage_is, share_is)                                                                        \
    do {                                                                                                               \
        struct fwl_rollout r_ = rollout(which);                                                                        \
        assert_int_equal(r_.state, state_is);                                                                          \
        assert_int_equal(r_.stage, stage_is);                                                                          \
        assert_int_equal(r_.share, share_is);                                                                          \
        assert_true(r_.reason.size > 10);                                                                              \
    } while (0)

static bool
because(size_t which, const char *text)
{
    struct fwl_rollout r = rollout(which);

    return fwl_span_is(r.reason, text);
}

static void
test_rollouts__start(void **state)
{
    struct fwl_action withdraw = {.code = FWL_ACTION_RELEASE_WITHDRAW};
    struct fwl_action start = {.code = FWL_ACTION_ROLLOUT_START, .has = FWL_HAS(4)};
    struct fwl_rollout r;

    (void)state;
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_ERR_NOT_FOUND); /* no policy */
    assert_int_equal(set_policy(&usual), FWL_OK);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_PAUSE, 0), FWL_ERR_NOT_FOUND);
    REFUSED(act("other", FWL_ACTION_ROLLOUT_START, 0), FWL_ERR_OWNER);
    REFUSED(act("acme", FWL_ACTION_ROLLOUT_START, 0), FWL_ERR_ROLE);
    start.u.rollout.fleet = fwl_span_text("ops/none");
    start.u.rollout.release = release[1];
    start.u.rollout.template_name = fwl_span_text("slow");
    start.u.rollout.salt = fwl_span_text("r7");
    REFUSED(help_do(&ledger, "ops", start), FWL_ERR_NOT_FOUND);
    start.u.rollout.fleet = fwl_span_text(FLEET);
    start.u.rollout.template_name = fwl_span_text("fast");
    REFUSED(help_do(&ledger, "ops", start), FWL_ERR_NOT_FOUND);
    start.u.rollout.template_name = fwl_span_text("slow");
    assert_int_equal(help_do(&ledger, "ops", start), FWL_OK);
    r = rollout(1);
    assert_true(fwl_span_is(r.salt, "r7"));
    assert_int_equal(r.started_ms, ledger.at.time_ms);
    assert_int_equal(r.entered_ms, ledger.at.time_ms);
    assert_int_equal(r.reports.count, 0);

    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 0, 500);
    r = rollout(0);
    assert_int_equal(r.salt.size, 16); /* hexadecimal of the id's first 8 bytes */
    assert_int_equal(fleet().rollouts.count, 2);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_ERR_EXISTS);
    withdraw.u.withdraw.id = release[2];
    withdraw.u.withdraw.reason = fwl_span_text("broken");
    assert_int_equal(help_do(&ledger, "acme", withdraw), FWL_OK);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_START, 2), FWL_ERR_NOT_FOUND);
    release[2].b[0] ^= 1;
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_START, 2), FWL_ERR_NOT_FOUND);
}

static void
test_rollouts__stages(void **state)
{
    (void)state;
    assert_int_equal(set_policy(&usual), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    REFUSED(act("zoe", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE); /* the hold */
    assert_int_equal(report("t1", 0, 0, 12, 10, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 0, 500);
    next_block(9999);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE); /* not even the administrator shortens it */
    next_block(1);
    assert_int_equal(act("zoe", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_OK); /* anybody with an account */
    IS(0, FWL_ROLLOUT_ACTIVE, 1, 2500);
    assert_true(because(0, "every condition for the next stage holds"));
    REFUSED(report("t1", 0, 0, 13, 11, 0), FWL_ERR_STATE); /* that stage is over */
    next_block(5000);
    REFUSED(act("zoe", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE); /* nobody reported in this stage */
    assert_int_equal(report("t1", 0, 1, 10, 10, 0), FWL_OK);           /* the last stage waits for the administrator */
    IS(0, FWL_ROLLOUT_ACTIVE, 1, 2500);
    REFUSED(act("zoe", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE);
    REFUSED(act("other", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 2, 10000);
    assert_true(because(0, "advanced by the administrator"));
    assert_int_equal(report("t1", 0, 2, 50, 50, 0), FWL_OK); /* one stage a block, also with a hold of 0 */
    IS(0, FWL_ROLLOUT_ACTIVE, 2, 10000);
    next_block(1);
    assert_int_equal(report("t1", 0, 2, 50, 50, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_DONE, 2, 10000);
    REFUSED(report("t1", 0, 2, 51, 51, 0), FWL_ERR_STATE);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_PAUSE, 0), FWL_ERR_STATE);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_RESUME, 0), FWL_ERR_STATE);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_FORGET, 0), FWL_OK);
    assert_int_equal(fleet().rollouts.count, 0);
}

static void
test_rollouts__auto_last(void **state)
{
    struct help_plan plan = usual;

    (void)state;
    plan.auto_last = true;
    plan.stages[1] = plan.stages[2];
    plan.stage_count = 2;
    assert_int_equal(set_policy(&plan), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    next_block(10000);
    assert_int_equal(report("t1", 0, 0, 10, 10, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 1, 10000);
}

static void
test_rollouts__reports(void **state)
{
    (void)state;
    assert_int_equal(set_policy(&usual), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    REFUSED(report("t3", 0, 0, 1, 1, 0), FWL_ERR_ROLE);  /* a tracker, not of this policy */
    REFUSED(report("ana", 0, 0, 1, 1, 0), FWL_ERR_ROLE); /* no tracker */
    REFUSED(report("t1", 0, 1, 1, 1, 0), FWL_ERR_STATE);
    REFUSED(report("t1", 0, 0, 2, 2, 1), FWL_ERR_RANGE);
    REFUSED(report("t1", 0, 0, UINT64_MAX, UINT64_MAX, 1), FWL_ERR_RANGE);
    assert_int_equal(report("t1", 0, 0, 4, 2, 2), FWL_OK);
    REFUSED(report("t1", 0, 0, 3, 2, 1), FWL_ERR_RANGE);
    REFUSED(report("t1", 0, 0, 5, 3, 1), FWL_ERR_RANGE);
    assert_int_equal(report("t1", 0, 0, 4, 2, 2), FWL_OK); /* the same again */
    assert_int_equal(report("t2", 0, 0, 1, 0, 0), FWL_OK); /* its own counters */
    assert_int_equal(rollout(0).reports.count, 2);
    assert_int_equal(report("t1", 0, 0, 5, 3, 2), FWL_OK); /* 40 % failed of 5 */
    IS(0, FWL_ROLLOUT_HALTED, 0, 500);
    assert_true(because(0, "halt_when is true for the report of a tracker: t1"));
    assert_int_equal(report("t2", 0, 0, 20, 20, 0), FWL_OK); /* kept, and changes nothing */
    next_block(20000);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE);
    IS(0, FWL_ROLLOUT_HALTED, 0, 500);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_RESUME, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 0, 500);
    assert_int_equal(rollout(0).entered_ms, ledger.at.time_ms); /* the hold begins again */
    assert_int_equal(report("t1", 0, 0, 5, 3, 2), FWL_OK);
    IS(0, FWL_ROLLOUT_HALTED, 0, 500); /* nothing got better */
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_RESUME, 0), FWL_OK);
    assert_int_equal(report("t1", 0, 0, 100, 98, 2), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 0, 500);
}

/* Two trackers must agree before it goes on; one is enough to halt. */
static void
test_rollouts__several_trackers(void **state)
{
    struct help_plan plan = usual;

    (void)state;
    plan.k = 2;
    assert_int_equal(set_policy(&plan), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    next_block(10000);
    assert_int_equal(report("t1", 0, 0, 10, 10, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 0, 500);
    assert_int_equal(report("t2", 0, 0, 9, 9, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 0, 500);
    assert_int_equal(report("t2", 0, 0, 10, 10, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 1, 2500);
    assert_int_equal(report("t2", 0, 1, 10, 0, 10), FWL_OK);
    IS(0, FWL_ROLLOUT_HALTED, 1, 2500);
    assert_true(because(0, "halt_when is true for the report of a tracker: t2"));
}

/* Without trackers nobody's word is there but the administrator's. */
static void
test_rollouts__no_trackers(void **state)
{
    struct help_plan plan = usual;

    (void)state;
    plan.trackers[0] = NULL;
    assert_int_equal(set_policy(&plan), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    next_block(10000);
    REFUSED(report("t1", 0, 0, 10, 10, 0), FWL_ERR_ROLE);
    REFUSED(act("zoe", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 1, 2500);
}

static void
test_rollouts__errors_halt(void **state)
{
    struct help_plan plan = usual;

    (void)state;
    plan.halt_when = "100 / rollout.failed < 5"; /* an error while nothing has failed */
    assert_int_equal(set_policy(&plan), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    next_block(10000);
    assert_int_equal(report("t1", 0, 0, 10, 10, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_HALTED, 0, 500);
    assert_true(because(0, "halt_when cannot be evaluated for the report of a tracker: t1"));

    plan.halt_when = "false";
    plan.advance_when = "100 / rollout.failed < 5"; /* an error is no */
    assert_int_equal(set_policy(&plan), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 1), FWL_OK);
    next_block(10000);
    assert_int_equal(report("t1", 1, 0, 10, 10, 0), FWL_OK);
    IS(1, FWL_ROLLOUT_ACTIVE, 0, 500);
}

/* Counters that the language cannot hold, and a policy or release that changes under way: it halts. */
static void
test_rollouts__fails_closed(void **state)
{
    struct fwl_action withdraw = {.code = FWL_ACTION_RELEASE_WITHDRAW};
    struct help_plan plan = usual;

    (void)state;
    assert_int_equal(set_policy(&usual), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 1), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 3), FWL_OK);
    assert_int_equal(report("t1", 3, 0, UINT64_MAX, 0, 0), FWL_OK);
    IS(3, FWL_ROLLOUT_HALTED, 0, 500);
    next_block(10000);
    assert_int_equal(report("t1", 0, 0, 10, 10, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_ACTIVE, 1, 2500);
    plan.stages[0] = plan.stages[2]; /* a template of one stage: the second is gone */
    plan.stage_count = 1;
    assert_int_equal(set_policy(&plan), FWL_OK);
    next_block(10000);
    assert_int_equal(act("zoe", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_HALTED, 1, 2500);
    assert_true(because(0, "the policy has no such template, or it has fewer stages"));

    withdraw.u.withdraw.id = release[1];
    withdraw.u.withdraw.reason = fwl_span_text("broken");
    assert_int_equal(help_do(&ledger, "acme", withdraw), FWL_OK);
    assert_int_equal(report("t1", 1, 0, 10, 10, 0), FWL_OK);
    IS(1, FWL_ROLLOUT_HALTED, 0, 500);
    assert_true(because(1, "halted: the release is no longer live"));
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_FORGET, 1), FWL_OK); /* of a dead release in any state */
}

static void
test_rollouts__pause_cancel_forget(void **state)
{
    (void)state;
    assert_int_equal(set_policy(&usual), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_RESUME, 0), FWL_ERR_STATE);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_FORGET, 0), FWL_ERR_STATE);
    REFUSED(act("other", FWL_ACTION_ROLLOUT_PAUSE, 0), FWL_ERR_OWNER);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_PAUSE, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_PAUSED, 0, 500);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_PAUSE, 0), FWL_ERR_STATE);
    next_block(10000);
    assert_int_equal(report("t1", 0, 0, 10, 10, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_PAUSED, 0, 500);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_RESUME, 0), FWL_OK);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_ADVANCE, 0), FWL_ERR_STATE); /* the hold begins again */
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_CANCEL, 0), FWL_OK);
    IS(0, FWL_ROLLOUT_CANCELLED, 0, 500);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_CANCEL, 0), FWL_ERR_STATE);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_RESUME, 0), FWL_ERR_STATE);
    REFUSED(report("t1", 0, 0, 11, 11, 0), FWL_ERR_STATE);
    REFUSED(act("ana", FWL_ACTION_ROLLOUT_APPROVE, 0), FWL_ERR_STATE);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_ERR_EXISTS);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_FORGET, 0), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK); /* from the beginning */
    IS(0, FWL_ROLLOUT_ACTIVE, 0, 500);
    assert_int_equal(rollout(0).reports.count, 0);
}

static void
test_rollouts__approvals(void **state)
{
    struct fwl_reader it;
    struct fwl_span who;
    struct fwl_rollout r;
    struct help_plan plan = usual;

    (void)state;
    assert_int_equal(set_policy(&usual), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    REFUSED(act("zoe", FWL_ACTION_ROLLOUT_APPROVE, 0), FWL_ERR_ROLE);
    REFUSED(act("ops", FWL_ACTION_ROLLOUT_APPROVE, 0), FWL_ERR_ROLE);
    assert_int_equal(act("bo", FWL_ACTION_ROLLOUT_APPROVE, 0), FWL_OK);
    assert_int_equal(act("ana", FWL_ACTION_ROLLOUT_APPROVE, 0), FWL_OK);
    REFUSED(act("ana", FWL_ACTION_ROLLOUT_APPROVE, 0), FWL_ERR_EXISTS);
    r = rollout(0);
    assert_int_equal(r.approvals.count, 2);
    fwl_list_begin(&it, r.approvals);
    assert_true(fwl_list_next_text(&it, &who) && fwl_span_is(who, "ana")); /* ascending */
    assert_true(fwl_list_next_text(&it, &who) && fwl_span_is(who, "bo"));
    plan.approvers[0] = "bo"; /* and no longer ana */
    plan.approvers[1] = "zoe";
    assert_int_equal(set_policy(&plan), FWL_OK);
    assert_int_equal(act("zoe", FWL_ACTION_ROLLOUT_APPROVE, 0), FWL_OK);
    r = rollout(0);
    assert_int_equal(r.approvals.count, 2);
    assert_true(fwl_list_has_text(r.approvals, fwl_span_text("zoe")) &&
                !fwl_list_has_text(r.approvals, fwl_span_text("ana")));
}

/* A fleet has room for 256 rollouts, and not for one more. */
static void
test_rollouts__limit(void **state)
{
    struct fwl_hash32 kept = release[0];
    char name[16];

    (void)state;
    assert_int_equal(set_policy(&usual), FWL_OK);
    for (unsigned i = 0; i <= FWL_FLEET_ROLLOUTS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "acme/m%u/fw", i);
        assert_int_equal(help_class(&ledger, "acme", name), FWL_OK);
        assert_int_equal(help_publish(&ledger, "acme", name, 1, &release[0], NULL), FWL_OK);
        if (i < FWL_FLEET_ROLLOUTS_MAX) {
            assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
            kept = release[0];
        } else {
            REFUSED(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_ERR_LIMIT);
        }
        if (i % 32 == 31) {
            next_block(1000);
        }
    }
    assert_int_equal(fleet().rollouts.count, FWL_FLEET_ROLLOUTS_MAX);
    release[1] = kept;
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_CANCEL, 1), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_FORGET, 1), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
}

/* An entry that is full takes no rollout and no counters more, but every pause, cancellation and halt. */
static void
test_rollouts__full(void **state)
{
    static const char salt[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct fwl_action start = {.code = FWL_ACTION_ROLLOUT_START, .has = FWL_HAS(4)};
    enum fwl_err err = FWL_OK;
    unsigned count = 0;
    char name[16];

    (void)state;
    assert_int_equal(set_policy(&usual), FWL_OK);
    start.u.rollout.fleet = fwl_span_text(FLEET);
    start.u.rollout.template_name = fwl_span_text("slow");
    start.u.rollout.salt = fwl_span_text(salt);
    for (; err == FWL_OK && count < FWL_FLEET_ROLLOUTS_MAX; count++) {
        (void)snprintf(name, sizeof(name), "acme/m%u/fw", count);
        assert_int_equal(help_class(&ledger, "acme", name), FWL_OK);
        assert_int_equal(help_publish(&ledger, "acme", name, 1, &start.u.rollout.release, NULL), FWL_OK);
        release[FWL_MIN(count, 3U)] = start.u.rollout.release;
        err = help_do(&ledger, "ops", start);
        if (count % 32 == 31) {
            next_block(1000);
        }
    }
    assert_int_equal(err, FWL_ERR_LIMIT);
    assert_true(count > 200);
    assert_int_equal(fleet().rollouts.count, count - 1);
    (void)report("t1", 1, 0, 1, 0, 0); /* what is left is less than a rollout takes: three reports at most */
    (void)report("t2", 1, 0, 1, 0, 0);
    (void)report("t1", 2, 0, 1, 0, 0);
    REFUSED(report("t2", 0, 0, 1, 0, 0), FWL_ERR_LIMIT);
    assert_int_equal(report("t2", 0, 0, 5, 3, 2), FWL_OK);
    IS(0, FWL_ROLLOUT_HALTED, 0, 500);
    assert_true(because(0, "halt_when is true for the report of a tracker: t2"));
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_RESUME, 0), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_PAUSE, 0), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_CANCEL, 0), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_CANCEL, 1), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_FORGET, 0), FWL_OK);
    assert_int_equal(help_do(&ledger, "ops", start), FWL_OK);
}

/* What conditions cost is work: a dear one, asked for often, fills the block. */
static void
test_rollouts__work(void **state)
{
    struct help_plan plan = usual;
    enum fwl_err err = FWL_OK;
    uint64_t count = 0;

    (void)state;
    plan.halt_when =
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30].exists(a, "
        "bucket(rollout.id, rollout.salt, 10) == a + 100 || bucket(rollout.salt, rollout.id, 10) == a + 100)";
    plan.advance_when = plan.halt_when;
    assert_int_equal(set_policy(&plan), FWL_OK);
    assert_int_equal(act("ops", FWL_ACTION_ROLLOUT_START, 0), FWL_OK);
    next_block(1000);
    while (err == FWL_OK && count < FWL_BLOCK_ENTRIES_MAX) {
        count++;
        err = report("t1", 0, 0, count, 0, 0);
    }
    assert_int_equal(err, FWL_ERR_WORK);
    assert_true(count < FWL_BLOCK_ENTRIES_MAX / 4); /* not because of the entries that it writes */
}

/* Conditions of rollouts know now, rollout.* and params.*: no device is there when they are judged. */
static void
test_rollouts__templates_refused(void **state)
{
    static const char *const bad[] = {"device.battery > 3", "release.severity == 'critical'", "rollout.attempted",
                                      "version('1') == version('1')"};
    struct help_plan plan = usual;

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(bad); i++) {
        plan.advance_when = bad[i];
        plan.halt_when = "false";
        REFUSED(set_policy(&plan), FWL_ERR_RULE);
        assert_string_equal(ledger.why.field, "policy.rollouts.advance_when");
        plan.advance_when = "true";
        plan.halt_when = bad[i];
        REFUSED(set_policy(&plan), FWL_ERR_RULE);
        assert_string_equal(ledger.why.field, "policy.rollouts.halt_when");
    }
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_rollouts__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(start),       CASE(stages),      CASE(auto_last),    CASE(reports),           CASE(several_trackers),
        CASE(no_trackers), CASE(errors_halt), CASE(fails_closed), CASE(approvals),         CASE(pause_cancel_forget),
        CASE(limit),       CASE(full),        CASE(work),         CASE(templates_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
