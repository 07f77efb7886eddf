/* What a decision is called in a few words, and which of several reasons is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/cli/pass.h"

enum {
    RELEASES = 4,
};

static uint8_t live[512];
static uint8_t rules[512];
static struct fwl_class_entry entry = {.live.count = RELEASES};
static struct fwl_policy_entry policy = {.rules.count = 2};
static struct fwl_candidate candidates[RELEASES];
static struct fwl_decision decision;
static const struct fwl_facts facts = {.id = {0}};
static struct fwl_json_decision d = {
    .decision = &decision, .facts = &facts, .entry = &entry, .policy = &policy, .candidates = candidates};

static int
setup(void **state)
{
    struct fwl_writer w;

    (void)state;
    fwl_writer_init(&w, live, sizeof(live));
    for (unsigned i = 0; i < RELEASES; i++) {
        fwl_entry_put_live(&w, &(struct fwl_live){.seq = i});
    }
    assert_int_equal(fwl_writer_finish(&w, &entry.live.items), FWL_OK);
    fwl_writer_init(&w, rules, sizeof(rules));
    for (uint8_t i = 0; i < 2; i++) {
        fwl_policy_put_rule(&w, &(struct fwl_rule){.has = 0x1fe,
                                                   .name = fwl_span_text(i == 0 ? "first" : "second"),
                                                   .effect = FWL_EFFECT_REQUIRE,
                                                   .lang = 1,
                                                   .code = fwl_span_text("x"),
                                                   .message = fwl_span_text("why")});
    }
    return fwl_writer_finish(&w, &policy.rules.items) == FWL_OK ? 0 : -1;
}

static void
expect(const char *want)
{
    char got[64];

    fwl_pass_outcome(got, sizeof(got), &d);
    assert_string_equal(got, want);
}

static void
test_pass__outcome(void **state)
{
    char got[12];

    (void)state;
    d.version = fwl_span_text("2.3.4");
    decision = (struct fwl_decision){.kind = FWL_DECISION_INSTALL};
    expect("install 2.3.4");
    decision.forced = true;
    expect("install 2.3.4 (forced)");
    fwl_pass_outcome(got, sizeof(got), &d);
    assert_string_equal(got, "install 2.3");
    decision = (struct fwl_decision){.kind = FWL_DECISION_CURRENT};
    expect("current");
    decision = (struct fwl_decision){.nothing = FWL_NOTHING_NO_FLEET};
    expect("nothing: fleet");
    decision.nothing = FWL_NOTHING_NO_HARDWARE;
    expect("nothing: hardware");
    d.entry = NULL;
    decision.nothing = FWL_NOTHING_NO_CLASS;
    expect("nothing: class");
    d.entry = &entry;
}

static void
put(size_t i, enum fwl_refusal refusal, uint64_t refusing, bool newer)
{
    candidates[i] = (struct fwl_candidate){.refusal = refusal, .refusing = refusing, .fits = true, .newer = newer};
}

static void
test_pass__closest(void **state)
{
    struct fwl_json_reason reason;

    (void)state;
    decision = (struct fwl_decision){.nothing = FWL_NOTHING_REFUSED};
    put(0, FWL_REFUSAL_RULE, 2, true);
    put(1, FWL_REFUSAL_WINDOW, 0, true);
    put(2, FWL_REFUSAL_NO_PERMIT, 0, true); /* the last published, but it failed an earlier check */
    put(3, FWL_REFUSAL_ROLLOUT_SHARE, 0, false);
    expect("nothing: second");
    fwl_pass_reason(&reason, &d);
    assert_true(fwl_span_is(reason.message, "why"));
    put(1, FWL_REFUSAL_RULE, 3, true); /* two rules in the way */
    expect("nothing: second");
    put(2, FWL_REFUSAL_RULE, 1, true); /* one, and published later */
    expect("nothing: first");
    candidates[3].newer = true;
    expect("nothing: rollout-share");
    candidates[3].fits = false;
    expect("nothing: first");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass__outcome),
        cmocka_unit_test(test_pass__closest),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
