/* Decisions as JSON: exactly the object of docs/spec/interfaces.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "contracts/json/decision.h"

static uint8_t live_bytes[256];
static uint8_t rule_bytes[256];
static struct fwl_class_entry entry;
static struct fwl_policy_entry policy;

static int
setup(void **state)
{
    struct fwl_writer w;

    (void)state;
    fwl_writer_init(&w, live_bytes, sizeof(live_bytes));
    for (uint8_t i = 0; i < 2; i++) {
        struct fwl_live live = {.seq = i, .flags = FWL_LIVE_VALID};

        memset(live.id.b, 0x11 * (i + 1), sizeof(live.id.b));
        fwl_entry_put_live(&w, &live);
    }
    entry.live.count = 2;
    assert_int_equal(fwl_writer_finish(&w, &entry.live.items), FWL_OK);
    fwl_writer_init(&w, rule_bytes, sizeof(rule_bytes));
    for (uint8_t i = 0; i < 2; i++) {
        struct fwl_rule rule = {.has = 0x1fe,
                                .name = fwl_span_text(i == 0 ? "all" : "charged"),
                                .effect = i == 0 ? FWL_EFFECT_PERMIT : FWL_EFFECT_REQUIRE,
                                .lang = 1,
                                .code = fwl_span_text("x"),
                                .message = fwl_span_text(i == 0 ? "" : "charge it")};

        fwl_policy_put_rule(&w, &rule);
    }
    policy.rules.count = 2;
    assert_int_equal(fwl_writer_finish(&w, &policy.rules.items), FWL_OK);
    return 0;
}

static void
expect(const struct fwl_json_decision *d, const char *text)
{
    json_t *value = fwl_json_decision(d);
    char *got = json_dumps(value, JSON_COMPACT);

    assert_string_equal(got, text);
    free(got);
    json_decref(value);
}

#define R1 "1111111111111111111111111111111111111111111111111111111111111111"
#define R2 "2222222222222222222222222222222222222222222222222222222222222222"

static void
test_json_decision__install(void **state)
{
    struct fwl_decision decision = {
        .kind = FWL_DECISION_INSTALL, .forced = true, .chosen = 1, .rules = 1, .running = FWL_RUNNING_LIVE};
    struct fwl_facts facts = {.id = fwl_span_text("d"), .class_name = fwl_span_text("v/m/c")};
    struct fwl_candidate candidates[2] = {{.refusal = FWL_REFUSAL_NOT_NEWER}, {.refusal = FWL_REFUSAL_NONE}};
    struct fwl_json_decision d = {.decision = &decision,
                                  .facts = &facts,
                                  .entry = &entry,
                                  .policy = &policy,
                                  .candidates = candidates,
                                  .version = fwl_span_text("2"),
                                  .has_tip = true,
                                  .height = 7,
                                  .time_ms = 1500};
    char want[1024];

    (void)state;
    memset(decision.release.b, 0x22, 32);
    (void)snprintf(want, sizeof(want),
                   "{\"device\":\"d\",\"class\":\"v/m/c\",\"decision\":\"install\",\"release\":\"" R2
                   "\",\"version\":\"2\",\"forced\":true,\"rules\":[\"all\"],\"refused\":[{\"release\":\"" R1
                   "\",\"rule\":\"not-newer\",\"message\":\"%s\"}],\"running\":\"live\",\"advisories\":[],\"height\":7,"
                   "\"time\":\"1970-01-01T00:00:01.500Z\"}",
                   fwl_refusal_text(FWL_REFUSAL_NOT_NEWER));
    expect(&d, want);
}

static void
test_json_decision__nothing(void **state)
{
    struct fwl_decision decision = {.kind = FWL_DECISION_NOTHING, .nothing = FWL_NOTHING_REFUSED};
    struct fwl_facts facts = {.id = fwl_span_text("d"), .class_name = fwl_span_text("v/m/c")};
    struct fwl_candidate candidates[2] = {{.refusal = FWL_REFUSAL_RULE, .refusing = 2},
                                          {.refusal = FWL_REFUSAL_RULE, .refusing = 1, .errors = 1}};
    struct fwl_json_decision d = {
        .decision = &decision, .facts = &facts, .entry = &entry, .policy = &policy, .candidates = candidates};
    char want[1024];

    (void)state;
    expect(&d, "{\"device\":\"d\",\"class\":\"v/m/c\",\"decision\":\"nothing\",\"forced\":false,\"rules\":[],"
               "\"refused\":[{\"release\":\"" R1 "\",\"rule\":\"charged\",\"message\":\"charge it\"},{\"release\":\"" R2
               "\",\"rule\":\"all\",\"message\":\"the rule ended in an error\"}],\"running\":\"unknown\","
               "\"advisories\":[]}");
    decision.nothing = FWL_NOTHING_NO_FLEET;
    (void)snprintf(want, sizeof(want),
                   "{\"device\":\"d\",\"class\":\"v/m/c\",\"decision\":\"nothing\",\"forced\":false,\"rules\":[],"
                   "\"refused\":[{\"rule\":\"fleet\",\"message\":\"%s\"}],\"running\":\"unknown\",\"advisories\":[]}",
                   fwl_nothing_text(FWL_NOTHING_NO_FLEET));
    expect(&d, want);
}

static void
test_json_decision__names(void **state)
{
    (void)state;
    for (int a = FWL_REFUSAL_NOTHING; a <= FWL_REFUSAL_ROLLOUT_SHARE; a++) {
        for (int b = a + 1; b <= FWL_REFUSAL_ROLLOUT_SHARE; b++) {
            assert_string_not_equal(fwl_json_refusal_name((enum fwl_refusal)a),
                                    fwl_json_refusal_name((enum fwl_refusal)b));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_decision__install),
        cmocka_unit_test(test_json_decision__nothing),
        cmocka_unit_test(test_json_decision__names),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
