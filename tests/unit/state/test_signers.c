/* Who must sign, how often and until when: thresholds, rotation, both curves, the daily quota, expiry, with real keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "ledger_help.h"

enum { DAY_MS = 86400000, DAY_S = 86400 };

#define REFUSED(l, call, code)                                                                                         \
    do {                                                                                                               \
        size_t count_before = (l)->block.count;                                                                        \
        assert_int_equal(call, code);                                                                                  \
        assert_true(strlen((l)->why.rule) > 10);                                                                       \
        assert_int_equal((l)->block.count, count_before);                                                              \
    } while (0)

static void
put_signature(struct fwl_tx_signature *out, const struct fwl_secret *secret, struct fwl_span payload)
{
    struct fwl_hash32 digest;
    struct fwl_key key;

    fwl_secret_point(&key.alg, &key.point, secret);
    *out = (struct fwl_tx_signature){.alg = key.alg};
    fwl_key_kid(&out->kid, &key);
    fwl_tx_digest(&digest, out->alg, &out->kid, payload);
    fwl_ecdsa_sign(&out->sig, secret, &digest);
}

/* @actions of @participant that expire at @expires_s, signed by the keys of the numbers in @signers (0 ends). */
static enum fwl_err
signed_by(struct help_ledger *l, const char *participant, struct fwl_action *actions, size_t count, uint64_t expires_s,
          const uint8_t *signers, enum fwl_key_kind kind)
{
    static uint8_t items[FWL_TX_MAX];
    static uint8_t payload[FWL_TX_MAX];
    static uint8_t bytes[FWL_TX_MAX];
    uint8_t salt[8];
    struct fwl_tx tx = {.has = 0x3e, .chain_id = l->at.chain_id, .participant = fwl_span_text(participant)};
    struct fwl_tx_signature sigs[8];
    struct fwl_span span;
    struct fwl_writer w;
    size_t n = 0;

    fwl_store_be64(salt, ++help_salt);
    tx.salt = fwl_span(salt, sizeof(salt));
    tx.expires_s = expires_s;
    fwl_writer_init(&w, items, sizeof(items));
    for (size_t i = 0; i < count; i++) {
        actions[i].has |= fwl_action_required(actions[i].code);
        fwl_action_put(&w, &actions[i]);
    }
    assert_int_equal(fwl_writer_finish(&w, &tx.actions.items), FWL_OK);
    tx.actions.count = count;
    fwl_writer_init(&w, payload, sizeof(payload));
    fwl_tx_put_payload(&w, &tx);
    assert_int_equal(fwl_writer_finish(&w, &span), FWL_OK);
    for (; signers[n] != 0; n++) {
        struct fwl_secret secret;

        help_secret(&secret, signers[n]);
        secret.kind = kind;
        put_signature(&sigs[n], &secret, span);
    }
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_tx_put(&w, span, sigs, n);
    assert_int_equal(fwl_writer_finish(&w, &span), FWL_OK);
    return fwl_state_apply(l->state, &l->why, NULL, span);
}

#define BY(...) ((const uint8_t[]){__VA_ARGS__, 0})

/* The next class of acme, a transaction that is valid whenever its envelope is. */
static enum fwl_err
class_by(struct help_ledger *l, const uint8_t *signers, enum fwl_key_kind kind, uint64_t expires_s)
{
    static unsigned number;
    char name[32];
    struct fwl_action a = {.code = FWL_ACTION_CLASS_REGISTER};

    (void)snprintf(name, sizeof(name), "acme/gw/c%u", ++number);
    a.u.class_register.name = fwl_span_text(name);
    a.u.class_register.scheme = FWL_SCHEME_SEMVER;
    return signed_by(l, "acme", &a, 1, expires_s, signers, kind);
}

static enum fwl_err
work_by(struct help_ledger *l, const uint8_t *signers)
{
    return class_by(l, signers, FWL_KEY_PARTICIPANT, l->at.time_ms / 1000 + 600);
}

/* acme, who has key 20, rotates to @count keys from @first with @threshold. */
static enum fwl_err
rotate(struct help_ledger *l, uint8_t first, size_t count, uint64_t threshold, const uint8_t *signers, bool with_other)
{
    uint8_t keys[1024];
    struct fwl_action a[2] = {{.code = FWL_ACTION_PARTICIPANT_ROTATE}, {.code = FWL_ACTION_CLASS_REGISTER}};

    a[0].u.participant.keys = help_keys(keys, sizeof(keys), first, count);
    a[0].u.participant.threshold = threshold;
    a[1].u.class_register.name = fwl_span_text("acme/gw/other");
    a[1].u.class_register.scheme = FWL_SCHEME_SEMVER;
    return signed_by(l, "acme", a, with_other ? 2 : 1, l->at.time_ms / 1000 + 600, signers, FWL_KEY_PARTICIPANT);
}

static void
open_real(struct help_ledger *l)
{
    help_open(l);
    help_world(l);
    l->real = true;
    help_begin(l);
}

static void
test_signers__rotation_and_threshold(void **unused)
{
    struct help_ledger l;

    (void)unused;
    open_real(&l);
    REFUSED(&l, rotate(&l, 21, 3, 2, BY(20), false), FWL_ERR_KEYS);             /* no new one */
    REFUSED(&l, rotate(&l, 21, 3, 2, BY(21, 22), false), FWL_ERR_KEYS);         /* no old one */
    REFUSED(&l, rotate(&l, 21, 3, 2, BY(20, 21), false), FWL_ERR_KEYS);         /* one new one too few */
    REFUSED(&l, rotate(&l, 21, 3, 2, BY(20, 21, 22, 23), false), FWL_ERR_KEYS); /* one too many */
    REFUSED(&l, rotate(&l, 21, 3, 2, BY(20, 21, 50), false), FWL_ERR_KEYS);     /* a stranger */
    REFUSED(&l, rotate(&l, 21, 3, 2, BY(20, 21, 22), true), FWL_ERR_STATE);     /* not alone */
    REFUSED(&l, rotate(&l, 21, 3, 4, BY(20, 21, 22, 23), false), FWL_ERR_VALUE);
    assert_int_equal(rotate(&l, 21, 3, 2, BY(20, 22, 23), false), FWL_OK);

    REFUSED(&l, work_by(&l, BY(20)), FWL_ERR_KEYS); /* the old key is nothing any more */
    REFUSED(&l, work_by(&l, BY(20, 21)), FWL_ERR_KEYS);
    REFUSED(&l, work_by(&l, BY(21)), FWL_ERR_KEYS);
    REFUSED(&l, work_by(&l, BY(21, 22, 23)), FWL_ERR_KEYS);
    assert_int_equal(work_by(&l, BY(21, 22)), FWL_OK);
    assert_int_equal(work_by(&l, BY(23, 21)), FWL_OK);

    REFUSED(&l, rotate(&l, 23, 2, 1, BY(23), false), FWL_ERR_KEYS); /* in both, but the old threshold is 2 */
    assert_int_equal(rotate(&l, 23, 2, 1, BY(22, 23), false), FWL_OK);
    assert_int_equal(work_by(&l, BY(24)), FWL_OK);
    help_end(&l);
    help_close(&l);
}

static void
test_signers__other_curve(void **unused)
{
    struct help_ledger l;
    struct fwl_action put = {.code = FWL_ACTION_PARTICIPANT_PUT};
    struct fwl_secret secret;
    struct fwl_key key;
    struct fwl_writer w;
    uint8_t bytes[64];
    uint8_t roles[] = {FWL_ROLE_PROVIDER};
    uint64_t soon;

    (void)unused;
    open_real(&l);
    soon = l.at.time_ms / 1000 + 600;
    help_secret(&secret, 20);
    secret.kind = FWL_KEY_PARTICIPANT_P256;
    fwl_secret_point(&key.alg, &key.point, &secret);
    assert_int_equal(key.alg, FWL_ALG_ESP256);
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_key_put_list(&w, &key, 1);
    put.u.participant.id = fwl_span_text("acme");
    put.u.participant.threshold = 1;
    put.u.participant.roles = (struct fwl_list){.items = fwl_span(roles, 1), .count = 1};
    put.u.participant.quotas = (struct fwl_quotas){1000, 1000, 1000, 1000};
    put.u.participant.keys = (struct fwl_list){.items = fwl_span(bytes, w.size), .count = 1};
    assert_int_equal(signed_by(&l, "governors", &put, 1, soon, BY(1), FWL_KEY_PARTICIPANT), FWL_OK);
    REFUSED(&l, class_by(&l, BY(20), FWL_KEY_PARTICIPANT, soon), FWL_ERR_KEYS);
    REFUSED(&l, class_by(&l, BY(21), FWL_KEY_PARTICIPANT_P256, soon), FWL_ERR_KEYS);
    assert_int_equal(class_by(&l, BY(20), FWL_KEY_PARTICIPANT_P256, soon), FWL_OK);
    put.u.participant.id = fwl_span_text("governors"); /* who have ES256K alone */
    roles[0] = FWL_ROLE_GOVERNORS;
    REFUSED(&l, signed_by(&l, "governors", &put, 1, soon, BY(1), FWL_KEY_PARTICIPANT), FWL_ERR_UNKNOWN);
    help_end(&l);
    help_close(&l);
}

/* The counter of a day starts again with the day of the block's time, and not a millisecond earlier. */
static void
test_signers__daily_quota(void **unused)
{
    struct help_ledger l;
    uint64_t day;

    (void)unused;
    help_open(&l);
    help_world(&l);
    help_begin(&l);
    assert_int_equal(help_put(&l, "acme", FWL_ROLE_PROVIDER, (struct fwl_quotas){1000, 1000, 1000, 3}), FWL_OK);
    help_end(&l);
    l.real = true;
    day = (l.at.time_ms / DAY_MS + 1) * DAY_MS;
    l.at.time_ms = day - 1001;
    help_begin(&l); /* one transaction of this day is that of help_world */
    assert_int_equal(l.at.time_ms, day - 1);
    assert_int_equal(work_by(&l, BY(20)), FWL_OK);
    REFUSED(&l, work_by(&l, BY(21)), FWL_ERR_KEYS); /* a refused one costs nothing */
    assert_int_equal(work_by(&l, BY(20)), FWL_OK);
    REFUSED(&l, work_by(&l, BY(20)), FWL_ERR_QUOTA);
    help_end(&l);
    l.at.time_ms = day - 1000;
    help_begin(&l);
    assert_int_equal(l.at.time_ms, day);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(work_by(&l, BY(20)), FWL_OK);
    }
    REFUSED(&l, work_by(&l, BY(20)), FWL_ERR_QUOTA);
    help_end(&l);
    help_close(&l);
}

static enum fwl_err
floor_until(struct help_ledger *l, uint64_t expires_s)
{
    static uint64_t floor;
    struct fwl_action a = {.code = FWL_ACTION_VENDOR_FLOOR};

    a.u.vendor.vendor = fwl_span_text("acme");
    a.u.vendor.floor = ++floor;
    return signed_by(l, "governors", &a, 1, expires_s, BY(1), FWL_KEY_PARTICIPANT);
}

static size_t
ids_kept(struct help_ledger *l)
{
    struct fwl_kv kv = fwl_overlay_kv(&l->base);
    struct fwl_kv_entry e;
    size_t count = 0;

    for (uint8_t key[40] = {0}; fwl_kv_next(&kv, &e, FWL_SPACE_EXP, fwl_span(key, 40)) == FWL_OK; count++) {
        memcpy(key, e.key.p, 40);
    }
    return count;
}

/* time <= 1000 * expires <= time + limit, both ends included; an id is kept as long as it could come again. */
static void
test_signers__expiry(void **unused)
{
    static const enum fwl_key_kind kind = FWL_KEY_PARTICIPANT;
    struct help_ledger l;
    size_t kept;
    uint64_t s;

    (void)unused;
    open_real(&l);
    assert_int_equal(l.at.time_ms % 1000, 0);
    s = l.at.time_ms / 1000;
    REFUSED(&l, class_by(&l, BY(20), kind, s - 1), FWL_ERR_EXPIRED);
    REFUSED(&l, class_by(&l, BY(20), kind, s + DAY_S + 1), FWL_ERR_EXPIRED);
    REFUSED(&l, class_by(&l, BY(20), kind, UINT64_MAX / 1000 + 1), FWL_ERR_EXPIRED);
    REFUSED(&l, floor_until(&l, s - 1), FWL_ERR_EXPIRED);
    REFUSED(&l, floor_until(&l, s + UINT64_C(30) * DAY_S + 1), FWL_ERR_EXPIRED);
    assert_int_equal(class_by(&l, BY(20), kind, s), FWL_OK);
    assert_int_equal(class_by(&l, BY(20), kind, s + DAY_S), FWL_OK);
    assert_int_equal(floor_until(&l, s + UINT64_C(30) * DAY_S), FWL_OK);
    help_end(&l);
    kept = ids_kept(&l);

    l.at.time_ms -= 1000 - 1; /* the block after comes a millisecond later */
    help_begin(&l);
    REFUSED(&l, class_by(&l, BY(20), kind, s), FWL_ERR_EXPIRED);
    assert_int_equal(class_by(&l, BY(20), kind, s + DAY_S), FWL_OK);
    help_end(&l);
    assert_int_equal(ids_kept(&l), kept); /* one expired, one came */

    l.at.time_ms = (s + DAY_S - 1) * 1000;
    help_begin(&l);
    help_end(&l);
    assert_int_equal(ids_kept(&l), 3); /* at their very end: those of a day, and that of the governors */
    l.at.time_ms -= 999;
    help_begin(&l);
    help_end(&l);
    assert_int_equal(ids_kept(&l), 1);
    help_close(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signers__rotation_and_threshold),
        cmocka_unit_test(test_signers__other_curve),
        cmocka_unit_test(test_signers__daily_quota),
        cmocka_unit_test(test_signers__expiry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
