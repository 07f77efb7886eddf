/* Entries, headers and blocks as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/json/entry.h"

static void
expect(json_t *value, const char *text)
{
    char *got = json_dumps(value, JSON_COMPACT);

    assert_string_equal(got, text);
    free(got);
    json_decref(value);
}

static void
test_json_entry__vendor(void **state)
{
    struct fwl_vendor_entry e = {
        .owner = fwl_span_text("acme"), .suspended = true, .floor_epoch = 2, .reason = fwl_span_text("why")};

    (void)state;
    expect(fwl_json_vendor(fwl_span_text("v"), &e),
           "{\"vendor\":\"v\",\"owner\":\"acme\",\"suspended\":true,\"reason\":\"why\",\"floor_epoch\":2,"
           "\"encrypted_only\":false}");
}

static void
test_json_entry__participant(void **state)
{
    uint8_t roles[2] = {0x02, 0x08};
    struct fwl_participant_entry e = {.threshold = 1,
                                      .roles = {.items = fwl_span(roles, 2), .count = 2},
                                      .quotas = {1, 2, 3, 4},
                                      .used = {5, 6, 7, 8, 9}};

    (void)state;
    expect(fwl_json_participant(fwl_span_text("p"), &e),
           "{\"id\":\"p\",\"keys\":[],\"threshold\":1,\"roles\":[\"provider\",\"auditor\"],\"quotas\":{\"classes\":1,"
           "\"fleets\":2,\"live_releases\":3,\"transactions_a_day\":4},\"used\":{\"classes\":5,\"fleets\":6,"
           "\"live_releases\":7,\"day\":8,\"transactions\":9},\"withdrawn\":false}");
    for (uint64_t role = 1; role <= FWL_ROLES_MAX; role++) {
        assert_int_equal(fwl_json_role(fwl_span_text(fwl_json_role_name(role))), role);
    }
    assert_null(fwl_json_role_name(0));
    assert_null(fwl_json_role_name(FWL_ROLES_MAX + 1));
    assert_int_equal(fwl_json_role(fwl_span_text("king")), 0);
}

static void
test_json_entry__params(void **state)
{
    struct fwl_params p = {.heartbeat_ms = 1,
                           .leader_term = 2,
                           .precision_ms = 3,
                           .msgdelay_ms = 4,
                           .max_block = 5,
                           .max_work = 6,
                           .verdict_k = 7,
                           .protocol = {8, 9}};

    (void)state;
    expect(fwl_json_params(&p), "{\"heartbeat_ms\":1,\"leader_term\":2,\"precision_ms\":3,\"msgdelay_ms\":4,"
                                "\"max_block\":5,\"max_work\":6,\"verdict_k\":7,\"protocol\":{\"number\":8,"
                                "\"activation_height\":9}}");
}

static void
test_json_entry__class(void **state)
{
    uint8_t buffer[128];
    struct fwl_writer w;
    struct fwl_live live = {.seq = 3, .flags = FWL_LIVE_MALICIOUS};
    struct fwl_class_entry e = {.scheme = FWL_SCHEME_SEMVER, .next_seq = 4};
    struct fwl_span absent = {0};
    json_t *value = NULL;
    const json_t *item = NULL;

    (void)state;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_entry_put_live(&w, &live);
    e.live.count = 1;
    assert_int_equal(fwl_writer_finish(&w, &e.live.items), FWL_OK);
    value = fwl_json_class(fwl_span_text("a/b/c"), &e, &absent);
    item = json_array_get(json_object_get(value, "releases"), 0);
    assert_int_equal(json_integer_value(json_object_get(item, "seq")), 3);
    assert_true(json_is_true(json_object_get(item, "malicious")));
    assert_true(json_is_false(json_object_get(item, "valid")));
    assert_null(json_object_get(item, "version"));
    assert_string_equal(json_string_value(json_object_get(value, "scheme")), "semver");
    json_decref(value);
}

static void
test_json_entry__header(void **state)
{
    struct fwl_header h = {.version = FWL_HEADER_VERSION, .height = 7, .time_ms = 1500};
    json_t *value = fwl_json_header(&h);

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(value, "height")), 7);
    assert_string_equal(json_string_value(json_object_get(value, "time")), "1970-01-01T00:00:01.500Z");
    assert_int_equal(json_string_length(json_object_get(value, "block_hash")), 64);
    json_decref(value);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_entry__vendor), cmocka_unit_test(test_json_entry__participant),
        cmocka_unit_test(test_json_entry__params), cmocka_unit_test(test_json_entry__class),
        cmocka_unit_test(test_json_entry__header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
