/* Policies from YAML, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/cli/policy_file.h"
#include "client/cli/policy_text.h"

#define RULE "rules:\n  - name: r\n    effect: permit\n    when: \"true\"\n"

static const char example[] =
    "fleet: plant-ops/line-7\nselect: highest\nstaged: [\"*/*/*\"]\nmax_age: 15m\n"
    "params: {soak: 72h, n: -5, text: \"x\\\"y\", b: true, at: 2026-01-31T00:00:00Z}\n"
    "trackers: {k: 1, of: [line-7-tracker]}\napprovers: [boss]\nrules:\n"
    "  - name: stable-only\n    effect: require\n    classes: [\"acme/*/*\"]\n    when: release.channel == \"stable\"\n"
    "  - name: canary-first\n    effect: permit\n"
    "    when: '\"canary\" in device.groups || now - release.changed >= params.soak'\n    rollback: true\n"
    "  - name: emergency\n    effect: force\n    when: release.severity == \"critical\"\n    mode: dry-run\n"
    "    message: now\n"
    "rollouts:\n  default:\n    stages: [{percent: 5, hold: 24h}, {percent: 100}]\n"
    "    advance_when: rollout.attempted >= 20\n    halt_when: rollout.failed > 2\n    auto_last: false\n";

static struct fwl_policy_file file;
static struct fwl_policy_file again;

static void
test_policy_file__example(void **state)
{
    struct fwl_policy_source source;
    struct fwl_reader it;
    struct fwl_rule_source rule;
    struct fwl_param param;
    char *text = NULL;
    size_t size = 0;
    FILE *to = NULL;

    (void)state;
    assert_int_equal(fwl_policy_file_parse(&file, "p", fwl_span_text(example)), FWL_OK);
    assert_string_equal(file.fleet, "plant-ops/line-7");
    assert_int_equal(fwl_policy_source_decode(&source, NULL, fwl_span(file.source, file.source_size)), FWL_OK);
    assert_int_equal(source.select, FWL_SELECT_HIGHEST);
    assert_int_equal(source.max_age_ms, 900000);
    assert_int_equal(source.rules.count, 3);
    fwl_list_begin(&it, source.rules);
    assert_true(fwl_policy_next_rule_source(&it, &rule));
    assert_true(fwl_span_is(rule.name, "stable-only"));
    assert_true(fwl_span_is(rule.when, "release.channel == \"stable\""));
    fwl_list_begin(&it, source.params);
    assert_true(fwl_policy_next_param(&it, &param) && fwl_span_is(param.name, "b"));
    assert_int_equal(param.kind, FWL_PARAM_BOOL);
    assert_true(fwl_policy_next_param(&it, &param) && param.kind == FWL_PARAM_INT && param.number == -5);
    assert_true(fwl_policy_next_param(&it, &param) && param.kind == FWL_PARAM_TIMESTAMP);
    assert_true(fwl_policy_next_param(&it, &param) && param.kind == FWL_PARAM_DURATION);
    assert_int_equal(param.number, INT64_C(259200000000000));
    assert_true(fwl_policy_next_param(&it, &param) && fwl_span_is(param.text, "x\"y"));

    to = open_memstream(&text, &size);
    fwl_policy_text_print(to, fwl_span_text(file.fleet), &source);
    (void)fclose(to);
    assert_int_equal(fwl_policy_file_parse(&again, "p", fwl_span(text, size)), FWL_OK);
    assert_int_equal(again.source_size, file.source_size);
    assert_memory_equal(again.source, file.source, file.source_size);
    free(text);
    fwl_policy_file_clear(&again);
    fwl_policy_file_clear(&file);
}

/* What the decoder or the compiler complains about is found in the YAML. */
static void
test_policy_file__places(void **state)
{
    struct fwl_policy_source source;
    struct fwl_reader it;
    struct fwl_rule_source rule;
    struct fwl_template t;
    struct fwl_fault fault;
    struct fwl_place place;

    (void)state;
    assert_int_equal(fwl_policy_file_parse(&file, "p", fwl_span_text(example)), FWL_OK);
    assert_int_equal(fwl_policy_source_decode(&source, NULL, fwl_span(file.source, file.source_size)), FWL_OK);
    fwl_list_begin(&it, source.rules);
    assert_true(fwl_policy_next_rule_source(&it, &rule) && fwl_policy_next_rule_source(&it, &rule));
    fwl_policy_file_find_text(&place, &file, rule.when, 34); /* now, in quotes */
    assert_int_equal(place.at.line, 15);
    assert_int_equal(place.at.column, 46);
    fwl_list_begin(&it, source.templates);
    assert_true(fwl_policy_next_template_source(&it, &t));
    fwl_policy_file_find_text(&place, &file, t.halt_when, 0);
    assert_int_equal(place.at.line, 26);
    assert_true(fwl_span_is(place.line, "    halt_when: rollout.failed > 2"));
    fwl_policy_file_find(&place, &file, 0);
    assert_int_equal(place.at.line, 0);
    fwl_policy_file_clear(&file);

    assert_int_equal(fwl_policy_file_parse(&file, "p",
                                           fwl_span_text("select: listed\nmax_age: 15m\nrules:\n"
                                                         "  - {name: a, effect: permit, when: x}\n"
                                                         "  - {name: B, effect: permit, when: x}\n")),
                     FWL_OK);
    assert_int_equal(fwl_policy_source_decode(&source, &fault, fwl_span(file.source, file.source_size)), FWL_ERR_NAME);
    fwl_policy_file_find(&place, &file, fault.offset);
    assert_int_equal(place.at.line, 5);
    assert_int_equal(place.at.column, 12);
    fwl_policy_file_clear(&file);
}

static const struct {
    const char *text;
    enum fwl_err err;
    const char *says;
} refused[] = {
    {"max_age: 15m\n" RULE, FWL_ERR_MISSING, "select"},
    {"select: best\nmax_age: 15m\n", FWL_ERR_VALUE, "highest or listed"},
    {"select: highest\n", FWL_ERR_MISSING, "max_age"},
    {"select: highest\nmax_age: 15\n", FWL_ERR_VALUE, ":2:"},
    {"select: highest\nmax_age: 1ms\n", FWL_ERR_RANGE, ":2:"},
    {"select: highest\nmax_age: 15m\nrule: []\n", FWL_ERR_UNKNOWN, "rule"},
    {"select: highest\nselect: listed\nmax_age: 15m\n", FWL_ERR_DUPLICATE, "select"},
    {"select: highest\nmax_age: 15m\nparams: {a: x}\n", FWL_ERR_VALUE, "quotes"},
    {"select: highest\nmax_age: 15m\nparams: [1]\n", FWL_ERR_TYPE, "params"},
    {"select: highest\nmax_age: 15m\ntrackers: {k: 0, of: [a]}\n", FWL_ERR_RANGE, ":3:"},
    {"select: highest\nmax_age: 15m\nrules:\n  - name: r\n    effect: allow\n    when: x\n", FWL_ERR_VALUE, "permit"},
    {"select: highest\nmax_age: 15m\nrules:\n  - name: r\n    effect: permit\n", FWL_ERR_MISSING, "when"},
    {"select: highest\nmax_age: 15m\nrollouts: {}\n", FWL_ERR_LIMIT, "1 to 8"},
    {"select: highest\nmax_age: 15m\nrollouts: {d: {stages: [{percent: 101}], advance_when: a, halt_when: b}}\n",
     FWL_ERR_RANGE, ":3:"},
    {"- a\n", FWL_ERR_VALUE, "p:"},
    {"fleet: a\nselect: highest\nmax_age: 15m\n", FWL_ERR_NAME, "administrator/name"},
    {"fleet: ''\nselect: highest\nmax_age: 15m\n", FWL_ERR_NAME, "administrator/name"},
    {"select: highest\nmax_age: 15m\nrules:\n  - {name: r, effect: permit, when: a}\n"
     "  - {name: r, effect: permit, when: a}\n",
     FWL_ERR_DUPLICATE, ":5:"},
    {"select: highest\nmax_age: 15m\nrollouts: {d: {stages: [{percent: 5}, {percent: 5}, {percent: 100}], "
     "advance_when: a, halt_when: b}}\n",
     FWL_ERR_VALUE, "ascend"},
    {"select: highest\nmax_age: 15m\nrollouts: {d: {stages: [{percent: 99}], advance_when: a, halt_when: b}}\n",
     FWL_ERR_VALUE, "last one is 100"},
};

static void
test_policy_file__refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(refused); i++) {
        enum fwl_err err = fwl_policy_file_parse(&file, "p", fwl_span_text(refused[i].text));

        if (err != refused[i].err || strstr(file.error, refused[i].says) == NULL) {
            fail_msg("%s: %s, \"%s\"", refused[i].text, fwl_err_text(err), file.error);
        }
        assert_int_equal(file.source_size, 0);
        fwl_policy_file_clear(&file);
    }
    assert_int_equal(fwl_policy_file_parse(&file, "p", fwl_span_text(refused[1].text)), FWL_ERR_VALUE);
    assert_int_equal(file.place.at.line, 1);
    assert_int_equal(file.place.at.column, 9);
    assert_true(fwl_span_is(file.place.line, "select: best"));
    fwl_policy_file_clear(&file);
    assert_int_equal(fwl_policy_file_load(&file, "/nowhere/p.yaml"), FWL_ERR_ABSENT);
    assert_int_equal(file.place.at.line, 0);
    fwl_policy_file_clear(&file);
}

static enum fwl_err
with_rules(size_t count)
{
    enum fwl_err err = FWL_OK;
    static char text[65536];
    size_t size = (size_t)snprintf(text, sizeof(text), "select: listed\nmax_age: 15m\nrules:\n");

    for (size_t i = 0; i < count; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "  - {name: r%zu, effect: permit, when: a}\n", i);
    }
    err = fwl_policy_file_parse(&file, "p", fwl_span(text, size));
    fwl_policy_file_clear(&file);
    return err;
}

static void
test_policy_file__limits(void **state)
{
    (void)state;
    assert_int_equal(with_rules(FWL_POLICY_RULES_MAX), FWL_OK);
    assert_int_equal(with_rules(FWL_POLICY_RULES_MAX + 1), FWL_ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_file__example),
        cmocka_unit_test(test_policy_file__places),
        cmocka_unit_test(test_policy_file__refusals),
        cmocka_unit_test(test_policy_file__limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
