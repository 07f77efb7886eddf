#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "ledger/state/work.h"
#include "ledger_help.h"

/* Refused with this code, with words, and nothing changed. */
#define REFUSED(l, call, code)                                                                                         \
    do {                                                                                                               \
        size_t count_before = (l)->block.count;                                                                        \
        assert_int_equal(call, code);                                                                                  \
        assert_int_equal((l)->why.err, code);                                                                          \
        assert_true(strlen((l)->why.rule) > 10);                                                                       \
        assert_non_null((l)->why.field);                                                                               \
        assert_int_equal((l)->block.count, count_before);                                                              \
    } while (0)

static const struct fwl_quotas plenty = {1000, 1000, 1000, 100000};

static void
test_state__participants(void **unused)
{
    struct help_ledger l;
    struct fwl_action a = {.code = FWL_ACTION_PARTICIPANT_WITHDRAW};

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    REFUSED(&l, help_put(&l, "other", FWL_ROLE_GOVERNORS, plenty), FWL_ERR_ROLE);
    REFUSED(&l, help_put(&l, "governors", FWL_ROLE_PROVIDER, plenty), FWL_ERR_ROLE);
    REFUSED(&l, help_put(&l, "governors", FWL_ROLE_GOVERNORS, (struct fwl_quotas){9, 9, 9, 0}), FWL_ERR_RANGE);
    assert_int_equal(help_put(&l, "other", FWL_ROLE_PROVIDER, plenty), FWL_OK);
    a.u.participant.id = fwl_span_text("other");
    REFUSED(&l, help_do(&l, "acme", a), FWL_ERR_ROLE);
    assert_int_equal(help_do(&l, "governors", a), FWL_OK);
    REFUSED(&l, help_do(&l, "governors", a), FWL_ERR_NOT_FOUND);
    REFUSED(&l, help_put(&l, "other", FWL_ROLE_PROVIDER, plenty), FWL_ERR_EXISTS);
    REFUSED(&l, help_class(&l, "other", "acme/x/y"), FWL_ERR_NO_PARTICIPANT);
    a.u.participant.id = fwl_span_text("governors");
    REFUSED(&l, help_do(&l, "governors", a), FWL_ERR_STATE);
    help_end(&l);
    help_close(&l);
}

static void
test_state__vendors_and_classes(void **unused)
{
    struct help_ledger l;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    REFUSED(&l, help_vendor(&l, FWL_ACTION_VENDOR_GRANT, "ACME", "acme", 0), FWL_ERR_EXISTS);
    REFUSED(&l, help_vendor(&l, FWL_ACTION_VENDOR_GRANT, "new", "nobody", 0), FWL_ERR_NOT_FOUND);
    REFUSED(&l, help_vendor(&l, FWL_ACTION_VENDOR_GRANT, "new", "ops", 0), FWL_ERR_ROLE);
    REFUSED(&l, help_vendor(&l, FWL_ACTION_VENDOR_RESTORE, "acme", "", 0), FWL_ERR_STATE);
    assert_int_equal(help_vendor(&l, FWL_ACTION_VENDOR_SUSPEND, "acme", "", 0), FWL_OK);
    REFUSED(&l, help_vendor(&l, FWL_ACTION_VENDOR_SUSPEND, "acme", "", 0), FWL_ERR_STATE);
    assert_int_equal(help_vendor(&l, FWL_ACTION_VENDOR_RESTORE, "acme", "", 0), FWL_OK);
    assert_int_equal(help_vendor(&l, FWL_ACTION_VENDOR_FLOOR, "acme", "", 2), FWL_OK);
    REFUSED(&l, help_vendor(&l, FWL_ACTION_VENDOR_FLOOR, "acme", "", 2), FWL_ERR_ROLLBACK);
    REFUSED(&l, help_vendor(&l, FWL_ACTION_VENDOR_TRANSFER, "acme", "acme", 0), FWL_ERR_STATE);
    REFUSED(&l, help_vendor(&l, FWL_ACTION_VENDOR_TRANSFER, "none", "acme", 0), FWL_ERR_NOT_FOUND);
    REFUSED(&l, help_class(&l, "acme", "acme/gw/fw"), FWL_ERR_EXISTS);
    REFUSED(&l, help_class(&l, "acme", "other/gw/fw"), FWL_ERR_NOT_FOUND);
    REFUSED(&l, help_class(&l, "ops", "acme/gw/x"), FWL_ERR_ROLE);
    assert_int_equal(help_put(&l, "beta", FWL_ROLE_PROVIDER, (struct fwl_quotas){1, 0, 1, 100}), FWL_OK);
    REFUSED(&l, help_class(&l, "beta", "acme/gw/x"), FWL_ERR_OWNER);
    assert_int_equal(help_vendor(&l, FWL_ACTION_VENDOR_GRANT, "beta", "beta", 0), FWL_OK);
    assert_int_equal(help_class(&l, "beta", "beta/gw/a"), FWL_OK);
    REFUSED(&l, help_class(&l, "beta", "beta/gw/b"), FWL_ERR_QUOTA);
    assert_int_equal(help_publish(&l, "beta", "beta/gw/a", 1, NULL, NULL), FWL_OK);
    REFUSED(&l, help_publish(&l, "beta", "beta/gw/a", 2, NULL, NULL), FWL_ERR_QUOTA);
    help_end(&l);
    help_close(&l);
}

static struct fwl_class_entry
class_of(struct help_ledger *l, const char *name)
{
    struct fwl_kv kv = fwl_overlay_kv(&l->block);
    struct fwl_class_entry c;
    struct fwl_span value;

    assert_int_equal(fwl_state_get(&kv, &value, FWL_TABLE_CLASS, fwl_span_text(name)), FWL_OK);
    assert_int_equal(fwl_entry_class(&c, NULL, value), FWL_OK);
    return c;
}

static void
test_state__releases(void **unused)
{
    struct help_ledger l;
    struct fwl_action withdraw = {.code = FWL_ACTION_RELEASE_WITHDRAW};
    struct fwl_action amend = {.code = FWL_ACTION_RELEASE_AMEND};
    uint8_t fields[16];
    struct fwl_writer w;
    struct fwl_hash32 id[66];
    struct fwl_live live;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    REFUSED(&l, help_publish(&l, "acme", "acme/gw/none", 1, NULL, NULL), FWL_ERR_NOT_FOUND);
    REFUSED(&l, help_publish(&l, "ops", "acme/gw/fw", 1, NULL, NULL), FWL_ERR_ROLE);
    for (unsigned i = 0; i < FWL_CLASS_RELEASES_MAX; i++) {
        assert_int_equal(help_publish(&l, "acme", "acme/gw/fw", i, &id[i], NULL), FWL_OK);
    }
    assert_int_equal(class_of(&l, "acme/gw/fw").live.count, 64);
    REFUSED(&l, help_publish(&l, "acme", "acme/gw/fw", 64, &id[64], NULL), FWL_ERR_LIMIT);
    assert_int_equal(help_publish(&l, "acme", "acme/gw/fw", 64, &id[64], &id[0]), FWL_OK);
    assert_int_equal(class_of(&l, "acme/gw/fw").live.count, 64);
    REFUSED(&l, help_publish(&l, "acme", "acme/gw/fw", 65, &id[65], &id[0]), FWL_ERR_STATE);
    REFUSED(&l, help_publish(&l, "acme", "acme/gw/fw", 0, NULL, &id[1]), FWL_ERR_EXISTS);

    for (unsigned i = 1; i <= 17; i++) {
        withdraw.u.withdraw.id = id[i];
        withdraw.u.withdraw.reason = fwl_span_text("broken");
        assert_int_equal(help_do(&l, i % 2 == 0 ? "governors" : "acme", withdraw), FWL_OK);
    }
    REFUSED(&l, help_do(&l, "acme", withdraw), FWL_ERR_STATE);
    withdraw.u.withdraw.id = id[20];
    REFUSED(&l, help_do(&l, "ops", withdraw), FWL_ERR_ROLE);
    assert_int_equal(class_of(&l, "acme/gw/fw").live.count, 47);
    assert_int_equal(class_of(&l, "acme/gw/fw").departed.count, FWL_CLASS_DEPARTED_MAX);

    fwl_writer_init(&w, fields, sizeof(fields));
    fwl_cbor_put_uint(&w, FWL_RELEASE_VALID);
    fwl_cbor_put_bool(&w, false);
    amend.u.amend.id = id[30];
    amend.u.amend.fields = (struct fwl_list){.items = fwl_span(fields, w.size), .count = 1};
    assert_int_equal(help_do(&l, "acme", amend), FWL_OK);
    struct fwl_class_entry c = class_of(&l, "acme/gw/fw");
    assert_true(fwl_entry_find_live(&live, &c, &id[30]));
    assert_int_equal(live.flags, 0);
    assert_true(fwl_entry_find_live(&live, &c, &id[31]));
    assert_int_equal(live.flags, FWL_LIVE_VALID);
    amend.u.amend.id = id[1];
    REFUSED(&l, help_do(&l, "acme", amend), FWL_ERR_STATE);
    help_end(&l);
    help_close(&l);
}

static struct fwl_span
policy(uint8_t *buffer, size_t room, uint64_t max_age_ms, const char *when, const char *scope)
{
    struct fwl_rule_source rule = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(4), .effect = FWL_EFFECT_PERMIT};
    struct fwl_policy_source p = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(7), .select = FWL_SELECT_HIGHEST};
    uint8_t rules[8192];
    uint8_t patterns[256];
    struct fwl_writer w;
    struct fwl_span out;

    rule.name = fwl_span_text("one");
    rule.when = fwl_span_text(when);
    if (scope != NULL) {
        fwl_writer_init(&w, patterns, sizeof(patterns));
        fwl_cbor_put_text(&w, fwl_span_text(scope));
        rule.has |= FWL_HAS(3);
        rule.classes = (struct fwl_list){.items = fwl_span(patterns, w.size), .count = 1};
    }
    fwl_writer_init(&w, rules, sizeof(rules));
    fwl_policy_put_rule_source(&w, &rule);
    p.max_age_ms = max_age_ms;
    p.rules = (struct fwl_list){.items = fwl_span(rules, w.size), .count = 1};
    fwl_writer_init(&w, buffer, room);
    fwl_policy_source_put(&w, &p);
    FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK);
    return out;
}

/* A policy that a device could not evaluate, or not within its limits, is refused; rule, place and cause are named. */
static void
test_state__policies_refused(void **unused)
{
    static const struct {
        const char *when;
        const char *detail;
    } cases[] = {
        {"true &&\n device.ip == '10.0.0.1'", "one, line 2, column 2: `device.ip` is known to a node only"},
        {"release.hardware.size() > 0", "one, line 1, column 1: `release.hardware` is for tests only"},
        {"device.regin == 'x'", "`device` has no field `regin` (undeclared); did you mean device.region?"},
        {"release.version == version('1.0.0')", "version() needs a scope of classes that all have one version scheme"},
        {"release.channel == 'x' && device.installed.all(a, device.groups.all(b, a.contains(b)))",
         "one, line 1, column 27: the rule may cost 1406470 units; its dearest part is "
         "`device.installed.all(a, device.groups.all(b, a.contains(b)))`"},
        {"device.battery > 3 && device.groups.all(g, g in ['1', '2', '3', '4', '5', '6', '7', '8', '9'])",
         "one, line 1, column 49: the rule may use 2304 units of memory; most of them are for "
         "`['1', '2', '3', '4', '5', '6', '7', '8', '9']`"},
    };
    struct help_ledger l;
    struct fwl_action create = {.code = FWL_ACTION_FLEET_CREATE};
    struct fwl_action set = {.code = FWL_ACTION_POLICY_SET};
    uint8_t source[16384];
    uint64_t age = 0;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    age = 2 * l.at.params.heartbeat_ms + 60000;
    create.u.fleet.name = set.u.fleet.name = fwl_span_text("ops/line");
    assert_int_equal(help_do(&l, "ops", create), FWL_OK);
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        set.u.fleet.source = policy(source, sizeof(source), age, cases[i].when, NULL);
        REFUSED(&l, help_do(&l, "ops", set), FWL_ERR_RULE);
        if (strstr(l.why.detail, cases[i].detail) == NULL) {
            fail_msg("%s: %s", cases[i].when, l.why.detail);
        }
        assert_string_equal(l.why.field, "policy.rules.when");
    }
    help_end(&l);
    help_close(&l);
}

/* @dear rules of worst-case cost 10,000 and one of cost 1. */
static struct fwl_span
dear_policy(uint8_t *buffer, size_t room, uint64_t max_age_ms, unsigned dear, const char *dearest)
{
    static const char loop[] =
        "device.installed.all(k, device.groups.size() + device.labels.size() + "
        "device.groups.size() + device.labels.size() + device.groups.size() + 1 + 1 + 1 + 1 + 1 "
        "+ 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 > 0) && 1 == 1 && 1 == 1 && 1 == 1 && 1 == 1 && "
        "1 == 1 && 1 == 1 && 1 == 1 && 1 == 1 && 1 == 1 && 1 == 1 && 1 == 1 && 1 == 1 && 1 == 1";
    struct fwl_rule_source rule = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(4), .effect = FWL_EFFECT_PERMIT};
    struct fwl_policy_source p = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(7), .select = FWL_SELECT_HIGHEST};
    uint8_t rules[8192];
    char name[2] = "r";
    struct fwl_writer w;
    struct fwl_span out;

    fwl_writer_init(&w, rules, sizeof(rules));
    for (unsigned i = 0; i <= dear; i++) {
        name[1] = (char)('a' + i);
        rule.name = i == 1 ? fwl_span_text(dearest) : fwl_span(name, sizeof(name));
        rule.when = fwl_span_text(i == 0 ? "1 == 1" : loop);
        fwl_policy_put_rule_source(&w, &rule);
    }
    p.max_age_ms = max_age_ms;
    p.rules = (struct fwl_list){.items = fwl_span(rules, w.size), .count = dear + 1};
    fwl_writer_init(&w, buffer, room);
    fwl_policy_source_put(&w, &p);
    FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK);
    return out;
}

/* All rules of a policy may cost 100,000 together, and not one unit more. */
static void
test_state__policy_cost(void **unused)
{
    struct help_ledger l;
    struct fwl_action create = {.code = FWL_ACTION_FLEET_CREATE};
    struct fwl_action set = {.code = FWL_ACTION_POLICY_SET};
    uint8_t source[16384];
    uint64_t age = 0;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    age = 2 * l.at.params.heartbeat_ms + 60000;
    create.u.fleet.name = set.u.fleet.name = fwl_span_text("ops/line");
    assert_int_equal(help_do(&l, "ops", create), FWL_OK);
    set.u.fleet.source = dear_policy(source, sizeof(source), age, 9, "first");
    assert_int_equal(help_do(&l, "ops", set), FWL_OK);
    set.u.fleet.replaces = 1;
    set.u.fleet.source = dear_policy(source, sizeof(source), age, 10, "first");
    REFUSED(&l, help_do(&l, "ops", set), FWL_ERR_LIMIT);
    assert_string_equal(l.why.field, "policy.rules");
    assert_string_equal(l.why.detail, "the dearest rule is first with 10000");
    help_end(&l);
    help_close(&l);
}

static uint64_t
work_of_set(struct help_ledger *l, struct fwl_action set)
{
    uint64_t before = l->state->work;

    assert_int_equal(help_do(l, "ops", set), FWL_OK);
    return l->state->work - before;
}

/* What is replaced is read, so a block has room for it: its bytes are kept for a day. */
static void
test_state__policy_replaced_is_work(void **unused)
{
    struct help_ledger l;
    struct fwl_action create = {.code = FWL_ACTION_FLEET_CREATE};
    struct fwl_action set = {.code = FWL_ACTION_POLICY_SET};
    uint8_t large[16384];
    uint8_t small[16384];
    uint64_t of_large = 0;
    uint64_t of_small = 0;
    uint64_t age = 0;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    age = 2 * l.at.params.heartbeat_ms + 60000;
    create.u.fleet.name = set.u.fleet.name = fwl_span_text("ops/line");
    assert_int_equal(help_do(&l, "ops", create), FWL_OK);
    set.u.fleet.source = dear_policy(large, sizeof(large), age, 9, "first");
    assert_int_equal(help_do(&l, "ops", set), FWL_OK);
    set.u.fleet.source = policy(small, sizeof(small), age, "true", NULL);
    set.u.fleet.replaces = 1;
    of_large = work_of_set(&l, set);
    set.u.fleet.replaces = 2;
    of_small = work_of_set(&l, set);
    assert_true(of_large > of_small + 2000);
    help_end(&l);
    help_close(&l);
}

static void
test_state__fleets_and_policies(void **unused)
{
    static const char version_rule[] = "release.version.isGreaterThan(version(\"1.0.0\"))";
    struct help_ledger l;
    struct fwl_action create = {.code = FWL_ACTION_FLEET_CREATE};
    struct fwl_action set = {.code = FWL_ACTION_POLICY_SET};
    uint8_t source[16384];
    uint64_t age;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    age = 2 * l.at.params.heartbeat_ms + 60000;
    create.u.fleet.name = set.u.fleet.name = fwl_span_text("ops/line");
    set.u.fleet.source = policy(source, sizeof(source), age, "true", NULL);
    REFUSED(&l, help_do(&l, "ops", set), FWL_ERR_NOT_FOUND);
    REFUSED(&l, help_do(&l, "acme", create), FWL_ERR_ROLE);
    assert_int_equal(help_do(&l, "ops", create), FWL_OK);
    REFUSED(&l, help_do(&l, "ops", create), FWL_ERR_EXISTS);
    assert_int_equal(help_do(&l, "ops", set), FWL_OK);
    REFUSED(&l, help_do(&l, "ops", set), FWL_ERR_CONFLICT);
    set.u.fleet.replaces = 1;
    set.u.fleet.source = policy(source, sizeof(source), age - 1, "true", NULL);
    REFUSED(&l, help_do(&l, "ops", set), FWL_ERR_RANGE);
    set.u.fleet.source = policy(source, sizeof(source), age, "nonsense +", NULL);
    REFUSED(&l, help_do(&l, "ops", set), FWL_ERR_RULE);
    set.u.fleet.source = policy(source, sizeof(source), age, version_rule, "acme/*/*");
    REFUSED(&l, help_do(&l, "ops", set), FWL_ERR_RULE);
    set.u.fleet.source = policy(source, sizeof(source), age, version_rule, "acme/gw/none");
    REFUSED(&l, help_do(&l, "ops", set), FWL_ERR_RULE);
    set.u.fleet.source = policy(source, sizeof(source), age, version_rule, "acme/gw/fw");
    assert_int_equal(help_do(&l, "ops", set), FWL_OK);
    create.u.fleet.name = fwl_span_text("other/line");
    REFUSED(&l, help_do(&l, "ops", create), FWL_ERR_OWNER);
    help_end(&l);
    help_close(&l);
}

static void
test_state__envelope(void **unused)
{
    static uint8_t bytes[FWL_TX_MAX];
    struct help_ledger l;
    struct fwl_action a = {.code = FWL_ACTION_VENDOR_FLOOR};
    struct fwl_span tx;
    struct fwl_hash32 txid;
    struct fwl_hash32 zero = {0};

    (void)unused;
    help_open(&l);
    help_world(&l);
    a.has = fwl_action_required(a.code);
    a.u.vendor.vendor = fwl_span_text("acme");
    a.u.vendor.floor = 5;
    l.real = true;
    help_begin(&l);
    tx = help_tx(&l, bytes, sizeof(bytes), "governors", &a, 1, &help_governor);
    for (size_t at = tx.size - 64; at < tx.size; at++) { /* the signature */
        bytes[at] ^= 1;
        REFUSED(&l, fwl_state_apply(l.state, &l.why, &txid, tx), FWL_ERR_SIGNATURE);
        bytes[at] ^= 1;
    }
    REFUSED(&l, fwl_state_apply(l.state, &l.why, &txid, fwl_span(bytes, tx.size - 1)), FWL_ERR_TRUNCATED);
    assert_memory_equal(&txid, &zero, sizeof(txid));
    assert_int_equal(fwl_state_apply(l.state, &l.why, &txid, tx), FWL_OK);
    REFUSED(&l, fwl_state_apply(l.state, &l.why, &txid, tx), FWL_ERR_REPLAY);
    help_end(&l);
    help_begin(&l);
    REFUSED(&l, fwl_state_apply(l.state, &l.why, &txid, tx), FWL_ERR_REPLAY);
    l.at.time_ms += 600000;
    help_begin(&l);
    REFUSED(&l, fwl_state_apply(l.state, &l.why, &txid, tx), FWL_ERR_EXPIRED);
    l.at.chain_id.b[0] ^= 1;
    help_begin(&l);
    REFUSED(&l, fwl_state_apply(l.state, &l.why, &txid, tx), FWL_ERR_CHAIN);
    help_close(&l);
}

/* All or nothing: the second action fails, the first has no effect. */
static void
test_state__atomic(void **unused)
{
    static uint8_t bytes[FWL_TX_MAX];
    struct help_ledger l;
    struct fwl_action a[2] = {{.code = FWL_ACTION_VENDOR_FLOOR}, {.code = FWL_ACTION_VENDOR_FLOOR}};

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    for (size_t i = 0; i < 2; i++) {
        a[i].has = fwl_action_required(a[i].code);
        a[i].u.vendor.vendor = fwl_span_text("acme");
        a[i].u.vendor.floor = 5;
    }
    REFUSED(
        &l,
        fwl_state_apply(l.state, &l.why, NULL, help_tx(&l, bytes, sizeof(bytes), "governors", a, 2, &help_governor)),
        FWL_ERR_ROLLBACK);
    assert_int_equal(l.why.action_index, 1);
    assert_string_equal(l.why.action, "vendor.floor");
    a[1].u.vendor.floor = 6;
    assert_int_equal(
        fwl_state_apply(l.state, &l.why, NULL, help_tx(&l, bytes, sizeof(bytes), "governors", a, 2, &help_governor)),
        FWL_OK);
    help_end(&l);
    help_close(&l);
}

/* Expired ids leave table 6 at most 1,024 + 2 * txs a block, oldest first. */
static void
test_state__removal(void **unused)
{
    struct help_ledger l;
    struct fwl_kv_entry e;
    size_t left = 0;
    size_t before = 0;

    (void)unused;
    help_open(&l);
    help_world(&l);
    struct fwl_kv kv = fwl_overlay_kv(&l.base);
    help_begin(&l);
    for (unsigned i = 1; i <= 1500; i++) {
        assert_int_equal(help_vendor(&l, FWL_ACTION_VENDOR_FLOOR, "acme", "", i), FWL_OK);
    }
    help_end(&l);
    e.key = fwl_span(NULL, 0);
    for (uint8_t key[40] = {0}; fwl_kv_next(&kv, &e, FWL_SPACE_EXP, fwl_span(key, 40)) == FWL_OK; before++) {
        memcpy(key, e.key.p, 40);
    }
    assert_int_equal(before, 1504);
    l.at.time_ms += 700000;
    help_begin(&l);
    assert_int_equal(help_vendor(&l, FWL_ACTION_VENDOR_FLOOR, "acme", "", 2000), FWL_OK);
    help_end(&l);
    for (uint8_t key[40] = {0}; fwl_kv_next(&kv, &e, FWL_SPACE_EXP, fwl_span(key, 40)) == FWL_OK; left++) {
        memcpy(key, e.key.p, 40);
    }
    assert_int_equal(left, 1504 + 1 - (FWL_TX_REMOVALS_BASE + 2));
    help_begin(&l);
    help_end(&l);
    left = 0;
    for (uint8_t key[40] = {0}; fwl_kv_next(&kv, &e, FWL_SPACE_EXP, fwl_span(key, 40)) == FWL_OK; left++) {
        memcpy(key, e.key.p, 40);
    }
    assert_int_equal(left, 1);
    help_close(&l);
}

/* Two replicas agree; how blocks are cut changes only what depends on their time. */
static void
test_state__replicas(void **unused)
{
    struct help_ledger a;
    struct help_ledger b;

    (void)unused;
    help_open(&a);
    help_open(&b);
    help_salt = 0;
    help_world(&a);
    for (unsigned i = 0; i < 20; i++) {
        help_begin(&a);
        assert_int_equal(help_publish(&a, "acme", "acme/gw/fw", i, NULL, NULL), FWL_OK);
        help_end(&a);
    }
    help_salt = 0;
    help_world(&b);
    for (unsigned i = 0; i < 20; i++) {
        help_begin(&b);
        REFUSED(&b, help_class(&b, "acme", "acme/gw/fw"), FWL_ERR_EXISTS);
        help_salt--;
        assert_int_equal(help_publish(&b, "acme", "acme/gw/fw", i, NULL, NULL), FWL_OK);
        help_end(&b);
    }
    assert_memory_equal(&a.root, &b.root, sizeof(a.root));
    help_close(&a);
    help_close(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state__participants),
        cmocka_unit_test(test_state__vendors_and_classes),
        cmocka_unit_test(test_state__releases),
        cmocka_unit_test(test_state__policies_refused),
        cmocka_unit_test(test_state__policy_cost),
        cmocka_unit_test(test_state__policy_replaced_is_work),
        cmocka_unit_test(test_state__fleets_and_policies),
        cmocka_unit_test(test_state__envelope),
        cmocka_unit_test(test_state__atomic),
        cmocka_unit_test(test_state__removal),
        cmocka_unit_test(test_state__replicas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
