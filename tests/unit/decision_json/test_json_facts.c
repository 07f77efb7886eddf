/* Facts of devices from JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "contracts/json/facts.h"
#include "ledger/model/release.h"

#define MIN "\"fleet\":\"a/b\",\"class\":\"v/m/c\""

static struct fwl_json_facts facts;

static enum fwl_err
parse(json_t **doc, const char *text)
{
    *doc = json_loads(text, 0, NULL);
    assert_non_null(*doc);
    return fwl_json_facts_parse(&facts, *doc);
}

static void
test_json_facts__every_member(void **state)
{
    json_t *doc = NULL;
    const struct fwl_facts *f = &facts.facts;
    struct fwl_reader it;
    struct fwl_relation relation;
    const struct fwl_floor *floor = NULL;

    (void)state;
    assert_int_equal(
        parse(
            &doc,
            "{" MIN ",\"id\":\"d\",\"vendor\":\"Maker\",\"hardware\":\"GW\",\"revision\":-2,\"version\":\"1.0\","
            "\"installed\":{\"libc\":\"2.36\",\"ab\":{\"version\":\"1\",\"provides\":[{\"name\":\"p\"}],"
            "\"conflicts\":[{\"name\":\"q\",\"op\":\"<<\",\"version\":\"2\"}],\"dependencies\":[[{\"name\":\"r\"}]]}},"
            "\"floor\":{\"c\":4,\"d\":{\"counter\":5,\"epoch\":2}},\"region\":\"DE\",\"utc_offset\":\"+01:00\","
            "\"groups\":[\"canary\"],\"labels\":{\"zz\":\"1\",\"b\":\"2\"},\"battery\":55,\"uptime\":9,"
            "\"now\":\"2026-01-31T00:00:00Z\"}"),
        FWL_OK);
    assert_true(fwl_span_is(f->maker, "Maker") && fwl_span_is(f->model, "GW"));
    assert_true(f->has_revision && f->revision == -2);
    assert_true(f->has_battery && f->battery == 55 && f->has_uptime && f->uptime_s == 9);
    assert_int_equal(f->installed_count, 2);
    assert_true(fwl_span_is(f->installed[0].name, "ab")); /* short names first */
    assert_int_equal(f->installed[0].provides.count, 1);
    fwl_list_begin(&it, f->installed[0].conflicts);
    assert_true(fwl_release_next_relation(&it, &relation) && relation.op == FWL_OP_LT);
    assert_true(fwl_span_is(f->installed[1].version, "2.36"));
    floor = fwl_facts_floor(f, fwl_span_text("d"));
    assert_true(floor != NULL && floor->counter == 5 && floor->epoch == 2);
    assert_true(fwl_span_is(f->labels[0].key, "b") && fwl_span_is(f->labels[1].key, "zz"));
    assert_true(facts.has_now && facts.now_ms == UINT64_C(1769817600000));
    json_decref(doc);
}

static void
test_json_facts__untold(void **state)
{
    json_t *doc = NULL;

    (void)state;
    assert_int_equal(parse(&doc, "{" MIN "}"), FWL_OK);
    assert_false(facts.facts.has_battery || facts.facts.has_revision || facts.facts.has_uptime || facts.has_now);
    assert_null(facts.facts.groups);
    assert_null(facts.facts.labels);
    assert_null(facts.facts.installed);
    assert_int_equal(facts.facts.version.size, 0);
    json_decref(doc);
}

static const struct {
    const char *text;
    enum fwl_err err;
    const char *names;
} refused[] = {
    {"[]", FWL_ERR_TYPE, "object"},
    {"{\"fleet\":\"a/b\"}", FWL_ERR_MISSING, "class"},
    {"{\"class\":\"v/m/c\"}", FWL_ERR_MISSING, "fleet"},
    {"{\"fleet\":\"a\",\"class\":\"v/m/c\"}", FWL_ERR_NAME, "fleet"},
    {"{" MIN ",\"batery\":1}", FWL_ERR_UNKNOWN, "batery"},
    {"{" MIN ",\"battery\":\"1\"}", FWL_ERR_TYPE, "battery"},
    {"{" MIN ",\"battery\":101}", FWL_ERR_RANGE, "battery"},
    {"{" MIN ",\"uptime\":-1}", FWL_ERR_RANGE, "uptime"},
    {"{" MIN ",\"version\":1}", FWL_ERR_TYPE, "version"},
    {"{" MIN ",\"groups\":\"x\"}", FWL_ERR_TYPE, "groups"},
    {"{" MIN ",\"groups\":[1]}", FWL_ERR_TYPE, "groups"},
    {"{" MIN ",\"labels\":{\"a\":1}}", FWL_ERR_TYPE, "labels"},
    {"{" MIN ",\"installed\":[]}", FWL_ERR_TYPE, "installed"},
    {"{" MIN ",\"installed\":{\"a\":1}}", FWL_ERR_TYPE, "installed"},
    {"{" MIN ",\"installed\":{\"a\":{\"x\":1}}}", FWL_ERR_UNKNOWN, "x"},
    {"{" MIN ",\"installed\":{\"a\":{\"provides\":[1]}}}", FWL_ERR_TYPE, "provides"},
    {"{" MIN ",\"floor\":{\"a\":-1}}", FWL_ERR_TYPE, "floor"},
    {"{" MIN ",\"floor\":{\"a\":{\"b\":1}}}", FWL_ERR_UNKNOWN, "b"},
    {"{" MIN ",\"now\":\"noon\"}", FWL_ERR_VALUE, "now"},
};

static void
test_json_facts__refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(refused); i++) {
        json_t *doc = NULL;
        enum fwl_err err = parse(&doc, refused[i].text);

        if (err != refused[i].err || strstr(facts.parse.error, refused[i].names) == NULL) {
            fail_msg("%s: %s, \"%s\"", refused[i].text, fwl_err_text(err), facts.parse.error);
        }
        assert_int_equal(facts.facts.fleet.size, 0);
        json_decref(doc);
    }
}

/* FACTS with @count members in the object or list @member. */
static enum fwl_err
with_many(const char *member, size_t count)
{
    json_t *doc = json_loads("{" MIN "}", 0, NULL);
    json_t *many = strcmp(member, "groups") == 0 ? json_array() : json_object();
    enum fwl_err err = FWL_OK;

    for (size_t i = 0; i < count; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "n%zu", i);
        if (json_is_array(many)) {
            (void)json_array_append_new(many, json_string(name));
        } else {
            (void)json_object_set_new(many, name, strcmp(member, "floor") == 0 ? json_integer(1) : json_string("1"));
        }
    }
    (void)json_object_set_new(doc, member, many);
    err = fwl_json_facts_parse(&facts, doc);
    json_decref(doc);
    return err;
}

static void
test_json_facts__limits(void **state)
{
    (void)state;
    assert_int_equal(with_many("groups", FWL_FACT_GROUPS_MAX), FWL_OK);
    assert_int_equal(with_many("groups", FWL_FACT_GROUPS_MAX + 1), FWL_ERR_LIMIT);
    assert_int_equal(with_many("labels", FWL_FACT_LABELS_MAX), FWL_OK);
    assert_int_equal(with_many("labels", FWL_FACT_LABELS_MAX + 1), FWL_ERR_LIMIT);
    assert_int_equal(with_many("installed", FWL_FACT_INSTALLED_MAX), FWL_OK);
    assert_int_equal(with_many("installed", FWL_FACT_INSTALLED_MAX + 1), FWL_ERR_LIMIT);
    assert_int_equal(with_many("floor", FWL_FACT_INSTALLED_MAX), FWL_OK);
    assert_int_equal(with_many("floor", FWL_FACT_INSTALLED_MAX + 1), FWL_ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_facts__every_member),
        cmocka_unit_test(test_json_facts__untold),
        cmocka_unit_test(test_json_facts__refusals),
        cmocka_unit_test(test_json_facts__limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
