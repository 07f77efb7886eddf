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

/* The text, and the value that it stands for. */
static void
expect(const struct fwl_json_decision *d, const char *text)
{
    static uint8_t room[FWL_JSON_DECISION_MAX];
    json_t *value = fwl_json_decision(d);
    char *got = json_dumps(value, JSON_COMPACT);
    struct fwl_writer w;
    struct fwl_span bytes;

    assert_string_equal(got, text);
    free(got);
    json_decref(value);
    fwl_writer_init(&w, room, sizeof(room));
    fwl_json_decision_put(&w, d);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.p, text, bytes.size);
    fwl_writer_init(&w, room, bytes.size - 1);
    fwl_json_decision_put(&w, d);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_ERR_SPACE);
}

static void
expect_reason(const struct fwl_json_decision *d, size_t index, const char *rule, const char *message)
{
    struct fwl_json_reason reason;

    fwl_json_decision_reason(&reason, d, index);
    assert_true(fwl_span_is(reason.rule, rule));
    assert_true(fwl_span_is(reason.message, message));
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
    expect_reason(&d, 0, "charged", "charge it");
    expect_reason(&d, 1, "all", "the rule ended in an error");
    candidates[1] = (struct fwl_candidate){.refusal = FWL_REFUSAL_NONE};
    expect_reason(&d, 1, "refused", fwl_nothing_text(FWL_NOTHING_REFUSED));
    expect_reason(&d, 2, "refused", fwl_nothing_text(FWL_NOTHING_REFUSED));
    decision.nothing = FWL_NOTHING_NO_FLEET;
    expect_reason(&d, 0, "fleet", fwl_nothing_text(FWL_NOTHING_NO_FLEET));
    (void)snprintf(want, sizeof(want),
                   "{\"device\":\"d\",\"class\":\"v/m/c\",\"decision\":\"nothing\",\"forced\":false,\"rules\":[],"
                   "\"refused\":[{\"rule\":\"fleet\",\"message\":\"%s\"}],\"running\":\"unknown\",\"advisories\":[]}",
                   fwl_nothing_text(FWL_NOTHING_NO_FLEET));
    expect(&d, want);
}

/* What needs escapes, and releases with names of their own. */
static void
test_json_decision__texts(void **state)
{
    struct fwl_decision decision = {.kind = FWL_DECISION_INSTALL, .chosen = 0};
    struct fwl_facts facts = {.id = fwl_span_text("a\"b\\c/\x7f\xc3\xbc"), .class_name = fwl_span_text("v/m/c")};
    struct fwl_candidate candidates[2] = {{.refusal = FWL_REFUSAL_NONE}, {.refusal = FWL_REFUSAL_WINDOW}};
    const struct fwl_span names[2] = {fwl_span_text("\b\t\n\v\f\r\x1f"), fwl_span_text("two")};
    struct fwl_json_decision d = {.decision = &decision,
                                  .facts = &facts,
                                  .entry = &entry,
                                  .candidates = candidates,
                                  .names = names,
                                  .version = fwl_span_text("\"")};
    char want[1024];

    (void)state;
    (void)snprintf(
        want, sizeof(want),
        "{\"device\":\"a\\\"b\\\\c/\x7f\xc3\xbc\",\"class\":\"v/m/c\",\"decision\":\"install\",\"release\":"
        "\"\\b\\t\\n\\u000B\\f\\r\\u001F\",\"version\":\"\\\"\",\"forced\":false,\"rules\":[],\"refused\":["
        "{\"release\":\"two\",\"rule\":\"window\",\"message\":\"%s\"}],\"running\":\"unknown\",\"advisories\":[]}",
        fwl_refusal_text(FWL_REFUSAL_WINDOW));
    expect(&d, want);
}

/* Every text at its limit, and each of its bytes an escape of six. */
static void
test_json_decision__largest(void **state)
{
    static uint8_t live[FWL_CLASS_RELEASES_MAX * 128];
    static uint8_t rules[FWL_POLICY_RULES_MAX * 512];
    static uint8_t advisories[FWL_CLASS_ADVISORIES_MAX * 256];
    static uint8_t text[FWL_JSON_DECISION_MAX];
    static char ones[FWL_FACT_TEXT_MAX];
    static char name[FWL_RULE_NAME_MAX]; /* of a rule: needs no escape */
    struct fwl_class_entry full = {.live.count = FWL_CLASS_RELEASES_MAX, .advisories.count = FWL_CLASS_ADVISORIES_MAX};
    struct fwl_policy_entry most = {.rules.count = FWL_POLICY_RULES_MAX};
    struct fwl_decision decision = {.kind = FWL_DECISION_INSTALL, .rules = UINT64_MAX, .advisories = UINT16_MAX};
    struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
    struct fwl_span names[FWL_CLASS_RELEASES_MAX];
    struct fwl_facts facts = {.id = fwl_span(ones, FWL_FACT_TEXT_MAX), .class_name = fwl_span(ones, FWL_CLASS_MAX)};
    struct fwl_json_decision d = {.decision = &decision,
                                  .facts = &facts,
                                  .entry = &full,
                                  .policy = &most,
                                  .candidates = candidates,
                                  .names = names,
                                  .version = fwl_span(ones, FWL_VERSION_BYTES_MAX),
                                  .has_tip = true,
                                  .height = UINT64_MAX,
                                  .time_ms = 1500};
    struct fwl_writer w;
    struct fwl_span bytes;

    (void)state;
    memset(ones, 1, sizeof(ones));
    memset(name, 'a', sizeof(name));
    fwl_writer_init(&w, live, sizeof(live));
    for (size_t i = 0; i < FWL_CLASS_RELEASES_MAX; i++) {
        fwl_entry_put_live(&w, &(struct fwl_live){.seq = i});
        candidates[i] = (struct fwl_candidate){.refusal = FWL_REFUSAL_RULE, .refusing = 1};
        names[i] = fwl_span(ones, FWL_JSON_DECISION_NAME_MAX);
    }
    assert_int_equal(fwl_writer_finish(&w, &full.live.items), FWL_OK);
    fwl_writer_init(&w, rules, sizeof(rules));
    for (size_t i = 0; i < FWL_POLICY_RULES_MAX; i++) {
        fwl_policy_put_rule(&w, &(struct fwl_rule){.has = 0x1fe,
                                                   .name = fwl_span(name, FWL_RULE_NAME_MAX),
                                                   .effect = FWL_EFFECT_REQUIRE,
                                                   .lang = 1,
                                                   .code = fwl_span_text("x"),
                                                   .message = fwl_span(ones, FWL_RULE_MESSAGE_MAX)});
    }
    assert_int_equal(fwl_writer_finish(&w, &most.rules.items), FWL_OK);
    fwl_writer_init(&w, advisories, sizeof(advisories));
    for (size_t i = 0; i < FWL_CLASS_ADVISORIES_MAX; i++) {
        fwl_entry_put_advisory(&w, &(struct fwl_advisory){.id = fwl_span(ones, FWL_ADVISORY_ID_MAX),
                                                          .range = {.min = fwl_span_text("1")},
                                                          .severity = 1,
                                                          .issuer = fwl_span_text("a")});
    }
    assert_int_equal(fwl_writer_finish(&w, &full.advisories.items), FWL_OK);
    fwl_writer_init(&w, text, sizeof(text));
    fwl_json_decision_put(&w, &d);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    assert_true(bytes.size > 64 * (6 * (FWL_JSON_DECISION_NAME_MAX + FWL_RULE_MESSAGE_MAX) + FWL_RULE_NAME_MAX));
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
        cmocka_unit_test(test_json_decision__install), cmocka_unit_test(test_json_decision__nothing),
        cmocka_unit_test(test_json_decision__texts),   cmocka_unit_test(test_json_decision__largest),
        cmocka_unit_test(test_json_decision__names),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
