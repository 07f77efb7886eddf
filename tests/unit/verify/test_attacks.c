/* Attacks on a device by a dishonest node or with stolen keys, one per line of the table at the end: each is refused
 * with its own error, or ends in a decision that installs nothing bad. Rows are named as in the list of attacks of the
 * design, A01 to A39. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain.h"

enum {
    BUNDLE_ROOM = 65536,
    AT_STEP_COUNT = 4 + 4 + 4 + 1, /* in a bundle: magic, length, magic, more */
};

struct run {
    struct chain *c;
    struct fwl_device device;
    struct fwl_verify_settings settings;
    struct fwl_verify v;
    uint64_t now_ms;
    uint8_t bytes[BUNDLE_ROOM];
};

static void
start(struct run *r)
{
    memset(r, 0, sizeof(*r));
    r->c = chain_new();
    r->now_ms = r->c->tip.time_ms + 5000;
    r->settings.authors = (struct fwl_authors){.keys = &r->c->author_key, .count = 1};
    r->c->w->work.cells = r->c->w->cells;
    r->c->w->work.cell_count = FWL_COUNT(r->c->w->cells);
    assert_int_equal(fwl_device_start(&r->device, &r->c->anchor), FWL_OK);
}

static enum fwl_err
verify(struct run *r, struct fwl_span bundle)
{
    assert_int_equal(fwl_verify_init(&r->v, &r->device, &r->settings, &r->c->w->facts, r->now_ms), FWL_OK);
    return fwl_verify_bundle(&r->v, r->c->w->candidates, &r->c->w->work, bundle);
}

static enum fwl_err
ask(struct run *r)
{
    return verify(r, chain_bundle(r->c));
}

static enum fwl_err
seal_and_ask(struct run *r)
{
    chain_seal(r->c);
    return ask(r);
}

/* The bundle, to be changed. */
static struct fwl_span
copy(struct run *r)
{
    struct fwl_span bundle = chain_bundle(r->c);

    assert_true(bundle.size <= sizeof(r->bytes));
    memcpy(r->bytes, bundle.p, bundle.size);
    return fwl_span(r->bytes, bundle.size);
}

/* A bundle whose answer is @answer. */
static struct fwl_span
wrap(struct run *r, const struct fwl_answer *answer)
{
    struct fwl_writer w = world_begin(r->c->w);
    struct fwl_span bytes;

    fwl_answer_put(&w, answer);
    bytes = world_end(r->c->w, &w);
    w = world_begin(r->c->w);
    fwl_bundle_put_begin(&w, bytes, r->c->value_count);
    for (size_t i = 0; i < r->c->value_count; i++) {
        fwl_bundle_put_value(&w, r->c->values[i]);
    }
    return world_end(r->c->w, &w);
}

/* The only release replaced by an unsigned one. */
static enum fwl_err
ask_release(struct run *r, const struct fwl_release *release)
{
    r->c->w->count = 0;
    (void)world_add(r->c->w, release);
    return seal_and_ask(r);
}

/* ---- software ---- */

static enum fwl_err
author_missing(struct run *r)
{
    struct fwl_release release = world_release("2.0.0");

    return ask_release(r, &release);
}

static enum fwl_err
author_foreign(struct run *r)
{
    memcpy(r->c->author_key.point.b, r->c->points[0], sizeof(r->c->author_key.point.b));
    return ask(r);
}

static enum fwl_err
author_of_another_record(struct run *r)
{
    struct fwl_release release = r->c->w->releases[0].record;

    release.size++; /* the same signature over another image */
    return ask_release(r, &release);
}

static enum fwl_err
author_not_set_up(struct run *r)
{
    r->settings.authors = (struct fwl_authors){0};
    return ask(r);
}

static enum fwl_err
other_hardware(struct run *r)
{
    static const char *const models[] = {"other"};
    const struct fwl_condition condition = {.has = FWL_HAS(1), .models = world_texts(r->c->w, 1, models)};
    struct fwl_release release = world_release("2.0.0");
    struct fwl_writer w = world_begin(r->c->w);

    fwl_release_put_condition(&w, &condition);
    release.has |= FWL_HAS(FWL_RELEASE_HARDWARE);
    release.hardware = (struct fwl_list){.items = world_end(r->c->w, &w), .count = 1};
    return ask_release(r, &release);
}

static enum fwl_err
other_class(struct run *r)
{
    struct fwl_release release = world_release("2.0.0");

    release.class_name = fwl_span_text("acme/gw100/modem");
    return ask_release(r, &release);
}

/* ---- going back ---- */

static enum fwl_err
lower_than_the_own_floor(struct run *r)
{
    assert_int_equal(fwl_device_confirm(&r->device, fwl_span_text("app"), 8, 0), FWL_OK);
    return ask(r);
}

/* The floor outlives a power cut: only what was read back from the slot counts. */
static enum fwl_err
lower_than_the_stored_floor(struct run *r)
{
    struct fwl_span slot;

    assert_int_equal(fwl_device_confirm(&r->device, fwl_span_text("app"), 8, 0), FWL_OK);
    assert_int_equal(fwl_slot_encode(&slot, r->bytes, sizeof(r->bytes), &r->device), FWL_OK);
    memset(&r->device, 0, sizeof(r->device));
    assert_int_equal(fwl_slots_decode(&r->device, slot, (struct fwl_span){0}), FWL_OK);
    return ask(r);
}

static enum fwl_err
lower_than_the_told_floor(struct run *r)
{
    static const struct fwl_floor told = {.component = {.p = (const uint8_t *)"app", .size = 3}, .counter = 8};

    r->c->w->facts.floors = &told;
    r->c->w->facts.floor_count = 1;
    return ask(r);
}

static enum fwl_err
older_version(struct run *r)
{
    r->c->w->facts.version = fwl_span_text("2.1.0");
    return ask(r);
}

static enum fwl_err
older_height(struct run *r)
{
    assert_int_equal(ask(r), FWL_OK);
    r->c->tip.height--;
    return ask(r);
}

static enum fwl_err
older_time(struct run *r)
{
    assert_int_equal(ask(r), FWL_OK);
    r->c->tip.height++;
    r->c->tip.time_ms--;
    return ask(r);
}

static enum fwl_err
older_epoch(struct run *r)
{
    struct fwl_span old = copy(r);

    chain_step(r->c, 0, 1, 0, 0, (struct chain_flaw){0});
    assert_int_equal(ask(r), FWL_OK);
    return verify(r, old);
}

static enum fwl_err
same_height_other_content(struct run *r)
{
    enum fwl_err err = ask(r);

    assert_int_equal(err, FWL_OK);
    r->c->tip.state_root.b[0]++;
    err = ask(r);
    assert_true(r->v.fork);
    return err;
}

static enum fwl_err
frozen(struct run *r)
{
    assert_int_equal(ask(r), FWL_OK);
    r->now_ms = r->c->tip.time_ms + FWL_TRUST_MAX_AGE_MS;
    assert_int_equal(ask(r), FWL_OK); /* an honest idle chain */
    r->now_ms++;
    return ask(r);
}

/* The provider's and author's keys were stolen: a counter near the end came and was confirmed. */
static void
fast_forward(struct run *r)
{
    assert_int_equal(fwl_device_confirm(&r->device, fwl_span_text("app"), INT64_MAX, 0), FWL_OK);
}

static enum fwl_err
fast_forward_alone(struct run *r)
{
    fast_forward(r);
    return ask(r);
}

static enum fwl_err
fast_forward_healed(struct run *r)
{
    fast_forward(r);
    r->c->w->vendor.floor_epoch = 1; /* the governors' vendor.floor */
    return seal_and_ask(r);
}

/* ---- size and shape ---- */

static enum fwl_err
steps_above_the_limit(struct run *r)
{
    struct fwl_span bundle = copy(r);

    r->bytes[AT_STEP_COUNT + 1] = FWL_EPOCH_STEPS_MAX + 1;
    return verify(r, bundle);
}

static enum fwl_err
proof_above_the_limit(struct run *r)
{
    struct fwl_span bytes = copy(r);
    struct fwl_bundle bundle;
    struct fwl_answer answer;
    size_t at = 0;

    assert_int_equal(fwl_bundle_decode(&bundle, NULL, bytes), FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, bundle.answer), FWL_OK);
    at = (size_t)(answer.proofs[0].p - bytes.p) - 2; /* its length */
    r->bytes[at] = (FWL_PROOF_MAX + 1) >> 8;
    r->bytes[at + 1] = (FWL_PROOF_MAX + 1) & 0xff;
    return verify(r, bytes);
}

static enum fwl_err
endless_bundle(struct run *r)
{
    return verify(r, fwl_span(r->bytes, copy(r).size + 1));
}

/* ---- keys and thresholds ---- */

/* The answer with another certificate. */
static enum fwl_err
ask_with_cert(struct run *r, struct fwl_span cert)
{
    struct fwl_bundle bundle;
    struct fwl_answer answer;

    assert_int_equal(fwl_bundle_decode(&bundle, NULL, chain_bundle(r->c)), FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, bundle.answer), FWL_OK);
    answer.cert = cert;
    return verify(r, wrap(r, &answer));
}

/* A certificate of the tip with this bitmap: signature i of the good one stands @order[i]-th. */
static enum fwl_err
ask_with_signers(struct run *r, uint8_t bitmap, size_t count, const uint8_t *order)
{
    struct fwl_span good = chain_cert(r->c, &r->c->tip, 0);
    struct fwl_writer w = world_begin(r->c->w);

    fwl_writer_bytes(&w, good.p, 4); /* view */
    fwl_writer_u8(&w, bitmap);
    for (size_t i = 0; i < count; i++) {
        fwl_writer_bytes(&w, good.p + 5 + (size_t)64 * order[i], 64);
    }
    return ask_with_cert(r, world_end(r->c->w, &w));
}

static enum fwl_err
quorum_less_one(struct run *r)
{
    static const uint8_t order[] = {0, 1};

    return ask_with_signers(r, 0x03, 2, order);
}

static enum fwl_err
one_validator_twice(struct run *r)
{
    static const uint8_t order[] = {0, 1, 1};

    return ask_with_signers(r, 0x07, 3, order);
}

static enum fwl_err
one_validator_under_another_index(struct run *r)
{
    static const uint8_t order[] = {0, 1, 1};

    return ask_with_signers(r, 0x0b, 3, order);
}

static enum fwl_err
signer_outside_the_set(struct run *r)
{
    static const uint8_t order[] = {0, 1, 2};

    return ask_with_signers(r, 0x13, 3, order);
}

static enum fwl_err
validators_of_another_set(struct run *r)
{
    r->c->signers = 1;
    return ask(r);
}

/* A stolen quorum publishes what the author did not sign. */
static enum fwl_err
quorum_without_author(struct run *r)
{
    return author_missing(r);
}

static enum fwl_err
step_with(struct run *r, struct chain_flaw flaw)
{
    chain_step(r->c, 0, 1, 0, 1, flaw);
    return ask(r);
}

static enum fwl_err
step_good(struct run *r)
{
    return step_with(r, (struct chain_flaw){0});
}

static enum fwl_err
step_without_quorum(struct run *r)
{
    return step_with(r, (struct chain_flaw){.bad_quorum = true});
}

static enum fwl_err
step_without_governors(struct run *r)
{
    return step_with(r, (struct chain_flaw){.bad_governors = true});
}

static enum fwl_err
step_by_new_governors_alone(struct run *r)
{
    return step_with(r, (struct chain_flaw){.no_old = true});
}

static enum fwl_err
step_over_an_epoch(struct run *r)
{
    return step_with(r, (struct chain_flaw){.epoch_more = 1});
}

static enum fwl_err
step_to_the_same_set(struct run *r)
{
    return step_with(r, (struct chain_flaw){.same_set = true});
}

static enum fwl_err
step_going_back(struct run *r)
{
    return step_with(r, (struct chain_flaw){.lower = 1});
}

/* order minus the s of the last signature: ECDSA's other signature of the same digest. */
static void
malleate(uint8_t s[32])
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                      0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    int borrow = 0;

    for (size_t i = 32; i > 0; i--) {
        int d = order[i - 1] - s[i - 1] - borrow;

        borrow = d < 0 ? 1 : 0;
        s[i - 1] = (uint8_t)(d + 256 * borrow);
    }
}

static enum fwl_err
step_with_a_malleated_signature(struct run *r)
{
    struct fwl_bundle bundle;
    struct fwl_answer answer;
    struct fwl_span bytes;

    chain_step(r->c, 0, 1, 0, 0, (struct chain_flaw){0});
    bytes = copy(r);
    assert_int_equal(fwl_bundle_decode(&bundle, NULL, bytes), FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, bundle.answer), FWL_OK);
    /* a step ends with the governors' signatures when they stay the same */
    malleate(r->bytes + (answer.steps.p + answer.steps.size - 32 - bytes.p));
    return verify(r, bytes);
}

static enum fwl_err
ten_epochs_behind(struct run *r)
{
    for (unsigned i = 0; i < 10; i++) {
        chain_step(r->c, i % CHAIN_SETS, (i + 1) % CHAIN_SETS, i % CHAIN_SETS, (i + 1) % CHAIN_SETS,
                   (struct chain_flaw){0});
    }
    return ask(r);
}

/* Good steps before a stale tip leave nothing behind. */
static enum fwl_err
steps_to_a_stale_tip(struct run *r)
{
    enum fwl_err err = FWL_OK;

    r->now_ms = r->c->tip.time_ms + FWL_TRUST_MAX_AGE_MS + 1;
    err = step_good(r);
    assert_int_equal(r->device.trust.epoch, 5);
    assert_int_equal(r->device.trust.height, 100);
    assert_int_equal(r->v.trust.epoch, 6);
    return err;
}

static enum fwl_err
step_left_out(struct run *r)
{
    assert_int_equal(step_good(r), FWL_OK);
    r->c->steps = (struct fwl_span){0};
    r->c->step_count = 0;
    assert_int_equal(fwl_device_start(&r->device, &r->c->anchor), FWL_OK);
    return ask(r);
}

/* ---- proofs and values ---- */

static enum fwl_err
proof_of_another_block(struct run *r)
{
    struct fwl_bundle old;
    struct fwl_bundle now;
    struct fwl_answer past;
    struct fwl_answer answer;

    assert_int_equal(fwl_bundle_decode(&old, NULL, chain_bundle(r->c)), FWL_OK);
    assert_int_equal(fwl_answer_decode(&past, NULL, old.answer), FWL_OK);
    (void)world_add_version(r->c->w, "2.1.0");
    chain_seal(r->c);
    assert_int_equal(fwl_bundle_decode(&now, NULL, chain_bundle(r->c)), FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, now.answer), FWL_OK);
    answer.proofs[FWL_ANSWER_FLEET] = past.proofs[FWL_ANSWER_FLEET];
    return verify(r, wrap(r, &answer));
}

static enum fwl_err
of_another_fleet(struct run *r)
{
    struct fwl_span bundle = chain_bundle(r->c);

    r->c->w->facts.fleet = fwl_span_text("ops/other");
    return verify(r, bundle);
}

static enum fwl_err
of_another_class(struct run *r)
{
    struct fwl_span bundle = chain_bundle(r->c);

    r->c->w->facts.class_name = fwl_span_text("acme/gw100/modem");
    return verify(r, bundle);
}

/* The class is there, and the node says with the proof of a key that is not there that it is absent. */
static enum fwl_err
claimed_absence(struct run *r)
{
    struct fwl_bundle bundle;
    struct fwl_answer answer;

    assert_int_equal(fwl_bundle_decode(&bundle, NULL, chain_bundle(r->c)), FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, bundle.answer), FWL_OK);
    answer.proofs[FWL_ANSWER_CLASS] = chain_proof(r->c, FWL_TABLE_CLASS, fwl_span_text("acme/gw100/other"));
    return verify(r, wrap(r, &answer));
}

static enum fwl_err
proven_absence(struct run *r)
{
    r->c->w->no_class = true;
    return seal_and_ask(r);
}

static enum fwl_err
release_hidden(struct run *r)
{
    r->c->value_count--;
    return ask(r);
}

static enum fwl_err
policy_hidden(struct run *r)
{
    r->c->value_count = 3;
    return ask(r);
}

static enum fwl_err
record_of_another_release(struct run *r)
{
    struct fwl_release release = world_release("3.0.0");

    r->c->values[4] = r->c->w->entries[world_add(r->c->w, &release)]; /* not sealed: not on the ledger */
    return ask(r);
}

static enum fwl_err
release_beside_the_list(struct run *r)
{
    struct fwl_release release = world_release("3.0.0");

    r->c->values[r->c->value_count++] = r->c->w->entries[world_add(r->c->w, &release)];
    return ask(r);
}

static enum fwl_err
policy_of_the_past(struct run *r)
{
    struct fwl_span old = r->c->values[3];

    r->c->w->policy.version = 2;
    chain_seal(r->c);
    r->c->values[3] = old;
    return ask(r);
}

/* A value as it is now, under a tip of the past. */
static enum fwl_err
new_values_under_an_old_tip(struct run *r)
{
    struct fwl_answer answer;
    struct fwl_bundle bundle;

    assert_int_equal(fwl_bundle_decode(&bundle, NULL, chain_bundle(r->c)), FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, bundle.answer), FWL_OK);
    (void)world_add_version(r->c->w, "3.0.0");
    chain_seal(r->c);
    return verify(r, wrap(r, &answer));
}

static enum fwl_err
value_of_another_table(struct run *r)
{
    struct fwl_span vendor = r->c->values[0];

    r->c->w->entries[0] = vendor; /* the class entry names a vendor entry's hash */
    fwl_entry_value_hash(&r->c->w->values[0], vendor);
    return seal_and_ask(r);
}

/* ---- the table ---- */

#define OK_INSTALL     FWL_OK, FWL_DECISION_INSTALL, FWL_NOTHING_NONE, FWL_REFUSAL_NONE
#define OK_CURRENT     FWL_OK, FWL_DECISION_CURRENT, FWL_NOTHING_NONE, FWL_REFUSAL_NONE
#define OK_NOTHING(n)  FWL_OK, FWL_DECISION_NOTHING, FWL_NOTHING_##n, FWL_REFUSAL_NONE
#define OK_REFUSED(n)  FWL_OK, FWL_DECISION_NOTHING, FWL_NOTHING_REFUSED, FWL_REFUSAL_##n
#define REFUSED(error) FWL_ERR_##error, FWL_DECISION_NOTHING, FWL_NOTHING_NONE, FWL_REFUSAL_NONE

static const struct attack {
    const char *row;
    enum fwl_err (*run)(struct run *r);
    const char *name;
    enum fwl_err err;
    enum fwl_decision_kind kind; /* with FWL_OK: what the device decides */
    enum fwl_nothing nothing;
    enum fwl_refusal refusal; /* of the only release */
} attacks[] = {
#define ROW(row, run, ...)                                                                                             \
    {                                                                                                                  \
        row, run, #run, __VA_ARGS__                                                                                    \
    }
    ROW("A01", author_missing, REFUSED(AUTHOR)),
    ROW("A01", author_foreign, REFUSED(AUTHOR)),
    ROW("A01", author_of_another_record, REFUSED(AUTHOR)),
    ROW("A01", author_not_set_up, REFUSED(AUTHOR)),
    ROW("A02", other_hardware, OK_NOTHING(NO_HARDWARE)),
    ROW("A02", other_class, OK_NOTHING(NO_HARDWARE)),
    ROW("A03", lower_than_the_own_floor, OK_REFUSED(FLOOR)),
    ROW("A03", lower_than_the_stored_floor, OK_REFUSED(FLOOR)),
    ROW("A03", lower_than_the_told_floor, OK_REFUSED(FLOOR)),
    ROW("A03", older_version, OK_CURRENT),
    ROW("A04", older_height, REFUSED(ROLLBACK)),
    ROW("A04", older_time, REFUSED(ROLLBACK)),
    ROW("A04", older_epoch, REFUSED(ROLLBACK)),
    ROW("A04", same_height_other_content, REFUSED(CERTIFICATE)),
    ROW("A05", frozen, REFUSED(STALE)),
    ROW("A06", fast_forward_alone, OK_REFUSED(FLOOR)),
    ROW("A06", fast_forward_healed, OK_INSTALL),
    ROW("A07", steps_above_the_limit, REFUSED(LIMIT)),
    ROW("A07", proof_above_the_limit, REFUSED(LIMIT)),
    ROW("A07", endless_bundle, REFUSED(TRAILING)),
    ROW("A10", proof_of_another_block, REFUSED(PROOF)),
    ROW("A16", quorum_less_one, REFUSED(VALUE)),
    ROW("A16", quorum_without_author, REFUSED(AUTHOR)),
    ROW("A16", validators_of_another_set, REFUSED(CERTIFICATE)),
    ROW("A17", one_validator_twice, REFUSED(CERTIFICATE)),
    ROW("A17", one_validator_under_another_index, REFUSED(CERTIFICATE)),
    ROW("A17", signer_outside_the_set, REFUSED(VALUE)),
    ROW("A17", step_with_a_malleated_signature, REFUSED(SIGNATURE)),
    ROW("A18", step_good, OK_INSTALL),
    ROW("A18", ten_epochs_behind, OK_INSTALL),
    ROW("A18", step_without_quorum, REFUSED(CERTIFICATE)),
    ROW("A18", step_without_governors, REFUSED(SIGNATURE)),
    ROW("A18", step_by_new_governors_alone, REFUSED(KEYS)),
    ROW("A18", step_over_an_epoch, REFUSED(EPOCH)),
    ROW("A18", step_to_the_same_set, REFUSED(EPOCH)),
    ROW("A18", step_going_back, REFUSED(ROLLBACK)),
    ROW("A18", step_left_out, REFUSED(EPOCH)),
    ROW("A18", steps_to_a_stale_tip, REFUSED(STALE)),
    ROW("A20", claimed_absence, REFUSED(PROOF)),
    ROW("A20", proven_absence, OK_NOTHING(NO_CLASS)),
    ROW("A20", release_hidden, REFUSED(NO_VALUE)),
    ROW("A21", of_another_fleet, REFUSED(PROOF)),
    ROW("A21", of_another_class, REFUSED(PROOF)),
    ROW("A26", record_of_another_release, REFUSED(HASH)),
    ROW("A34", value_of_another_table, REFUSED(TYPE)),
    ROW("A35", release_beside_the_list, REFUSED(TRAILING)),
    ROW("A36", policy_of_the_past, REFUSED(HASH)),
    ROW("A36", policy_hidden, REFUSED(NO_VALUE)),
    ROW("A36", new_values_under_an_old_tip, REFUSED(HASH)),
#undef ROW
};

static void
test_attacks__table(void **state)
{
    struct run *r = calloc(1, sizeof(*r));
    size_t failed = 0;

    (void)state;
    assert_non_null(r);
    for (size_t i = 0; i < FWL_COUNT(attacks); i++) {
        const struct attack *a = &attacks[i];
        const struct fwl_decision *d = &r->v.decision;
        enum fwl_err err = FWL_OK;
        bool good = true;

        start(r);
        err = a->run(r);
        good = err == a->err && r->v.decided == (err == FWL_OK);
        if (good && err == FWL_OK) {
            good = d->kind == a->kind && d->nothing == a->nothing &&
                   (a->refusal == FWL_REFUSAL_NONE || r->c->w->candidates[0].refusal == a->refusal);
        }
        if (!good) {
            print_error("%s %s: %s (wanted %s), decision %s, %s\n", a->row, a->name, fwl_err_name(err),
                        fwl_err_name(a->err), fwl_decision_name(d->kind), fwl_nothing_text(d->nothing));
            failed++;
        }
        chain_free(r->c);
    }
    free(r);
    assert_int_equal(failed, 0);
}

/* Changed bits in a bundle with one step that the device has taken before, one that it has not: never stale, never a
 * rollback, and good only where the changed bit is in the step that is skipped. */
static void
test_attacks__bits_from_a_stored_state(void **state)
{
    struct run *r = calloc(1, sizeof(*r));
    struct fwl_device stored;
    struct fwl_bundle bundle;
    struct fwl_answer answer;
    struct fwl_span bytes;
    struct fwl_reader it;
    struct fwl_span skipped;

    (void)state;
    assert_non_null(r);
    start(r);
    chain_step(r->c, 0, 1, 0, 1, (struct chain_flaw){0});
    assert_int_equal(ask(r), FWL_OK);
    stored = r->device;
    chain_step(r->c, 1, 2, 1, 1, (struct chain_flaw){.at = 121});
    r->c->tip.height = 130;
    r->c->tip.time_ms += 1000;
    bytes = copy(r);
    assert_int_equal(fwl_bundle_decode(&bundle, NULL, bytes), FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, bundle.answer), FWL_OK);
    fwl_answer_steps_begin(&it, &answer);
    assert_true(fwl_answer_step_next(&it, &skipped));
    assert_int_equal(verify(r, bytes), FWL_OK);
    for (size_t i = 0; i < 8 * bytes.size; i += 3) { /* each byte at least twice */
        size_t at = i / 8;
        bool may_pass = bytes.p + at >= skipped.p && bytes.p + at < skipped.p + skipped.size;
        enum fwl_err err = FWL_OK;
        int code = 0;

        r->device = stored;
        r->bytes[at] ^= (uint8_t)(1U << (i % 8));
        err = verify(r, bytes);
        r->bytes[at] ^= (uint8_t)(1U << (i % 8));
        code = fwl_verify_exit(err);
        if (code != 10 && code != 11 && code != 14 && code != 15 && !(may_pass && code == 0)) {
            fail_msg("bit %zu of byte %zu: %s", i % 8, at, fwl_err_name(err));
        }
        if (code == 10) { /* the clock rule was not reached */
            assert_memory_equal(&r->device.trust, &stored.trust, sizeof(stored.trust));
        }
    }
    chain_free(r->c);
    free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attacks__table),
        cmocka_unit_test(test_attacks__bits_from_a_stored_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
