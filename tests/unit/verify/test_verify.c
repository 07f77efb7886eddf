/* Answers and bundles: every check, every bit, every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain.h"
#include "ledger/model/statement.h"

/* One verification, from a fresh device. */
struct run {
    struct chain *c;
    struct fwl_device device;
    struct fwl_verify_settings settings;
    struct fwl_verify v;
    uint64_t now_ms;
};

static int
setup(void **state)
{
    struct run *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    r->c = chain_new();
    r->now_ms = r->c->tip.time_ms + 5000;
    r->settings.authors = (struct fwl_authors){.keys = &r->c->author_key, .count = 1};
    assert_int_equal(fwl_device_start(&r->device, &r->c->anchor), FWL_OK);
    r->c->w->work.cells = r->c->w->cells;
    r->c->w->work.cell_count = FWL_COUNT(r->c->w->cells);
    *state = r;
    return 0;
}

static int
teardown(void **state)
{
    struct run *r = *state;

    chain_free(r->c);
    free(r);
    return 0;
}

static enum fwl_err
verify_bytes(struct run *r, struct fwl_span bundle)
{
    enum fwl_err err = fwl_verify_init(&r->v, &r->device, &r->settings, &r->c->w->facts, r->now_ms);

    assert_int_equal(err, FWL_OK);
    return fwl_verify_bundle(&r->v, r->c->w->candidates, &r->c->w->work, bundle);
}

/* Verify the chain's bundle with a fresh device. */
static enum fwl_err
verify(struct run *r)
{
    assert_int_equal(fwl_device_start(&r->device, &r->c->anchor), FWL_OK);
    return verify_bytes(r, chain_bundle(r->c));
}

static void
expect(struct run *r, enum fwl_err wanted)
{
    enum fwl_err err = verify(r);

    if (err != wanted) {
        fail_msg("%s instead of %s, at %s", fwl_err_name(err), fwl_err_name(wanted),
                 r->v.fault.field == NULL ? "-" : r->v.fault.field);
    }
    assert_int_equal(r->v.decided, err == FWL_OK);
}

static void
test_verify__good(void **state)
{
    struct run *r = *state;
    struct fwl_hash32 hash;

    expect(r, FWL_OK);
    assert_int_equal(r->v.decision.kind, FWL_DECISION_INSTALL);
    assert_true(fwl_span_is(r->v.chosen.record.version, "2.0.0"));
    assert_int_equal(r->v.header.height, 120);
    assert_int_equal(r->v.release_count, 1);
    assert_true(r->v.has_policy && r->v.present[0] && r->v.present[1] && r->v.present[2]);
    fwl_header_hash(&hash, &r->v.header);
    assert_true(fwl_hash32_equal(&hash, &r->device.trust.block_hash));
    assert_int_equal(r->device.trust.height, 120);
    assert_int_equal(fwl_verify_exit(FWL_OK), 0);
}

/* Is this one of the codes that damage may give? */
static bool
is_damage(enum fwl_err err)
{
    int code = fwl_verify_exit(err);

    return code == 10 || code == 11 || code == 14 || code == 15;
}

static void
flip_all(struct run *r, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < 8 * size; i++) {
        struct fwl_device device = r->device;
        enum fwl_err err = FWL_OK;

        bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
        err = verify_bytes(r, fwl_span(bytes, size));
        if (!is_damage(err)) {
            fail_msg("bit %zu of byte %zu: %s", i % 8, i / 8, fwl_err_name(err));
        }
        bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
        r->device = device;
    }
}

static void
test_verify__every_bit(void **state)
{
    struct run *r = *state;
    struct fwl_span bundle;
    uint8_t *copy = NULL;

    chain_step(r->c, 0, 1, 0, 1, (struct chain_flaw){0});
    bundle = chain_bundle(r->c);
    copy = malloc(bundle.size);
    assert_non_null(copy);
    memcpy(copy, bundle.p, bundle.size);
    flip_all(r, copy, bundle.size);
    assert_int_equal(verify_bytes(r, fwl_span(copy, bundle.size)), FWL_OK);
    free(copy);
}

static void
test_verify__every_truncation(void **state)
{
    struct run *r = *state;
    struct fwl_span bundle = chain_bundle(r->c);

    for (size_t size = 0; size < bundle.size; size++) {
        uint8_t *copy = malloc(size + 1); /* its own block, so that a read beyond is seen */
        enum fwl_err err = FWL_OK;

        assert_non_null(copy);
        memcpy(copy, bundle.p, size);
        err = verify_bytes(r, fwl_span(copy, size));
        assert_int_equal(fwl_verify_exit(err), 14);
        free(copy);
    }
    assert_int_equal(verify_bytes(r, bundle), FWL_OK);
}

static void
test_verify__clock(void **state)
{
    struct run *r = *state;
    uint64_t tip = r->c->tip.time_ms;

    r->now_ms = tip - FWL_TRUST_FUTURE_MS;
    expect(r, FWL_OK);
    r->now_ms--;
    expect(r, FWL_ERR_STALE);
    assert_int_equal(r->device.trust.height, 100); /* nothing moved */
    assert_false(r->v.fresh);
    r->now_ms = tip + FWL_TRUST_MAX_AGE_MS;
    expect(r, FWL_OK);
    r->now_ms++;
    expect(r, FWL_ERR_STALE);
    r->settings.max_age_ms = FWL_TRUST_MAX_AGE_MS + 1;
    expect(r, FWL_OK);
    /* the fleet's is asked again where it is smaller */
    r->c->w->fleet.max_age_ms = FWL_TRUST_MAX_AGE_MS;
    chain_seal(r->c);
    expect(r, FWL_ERR_STALE);
    r->now_ms--;
    expect(r, FWL_OK);
}

static void
test_verify__rollback(void **state)
{
    struct run *r = *state;
    struct fwl_header tip = r->c->tip;

    r->c->tip.height = 99;
    expect(r, FWL_ERR_ROLLBACK);
    r->c->tip = tip;
    r->c->tip.time_ms = CHAIN_TIME - 1;
    expect(r, FWL_ERR_ROLLBACK);
    r->c->tip = tip;
    r->c->tip.epoch = 4;
    expect(r, FWL_ERR_ROLLBACK);
    r->c->tip.epoch = 6;
    expect(r, FWL_ERR_EPOCH);
    r->c->tip = tip;
    r->c->tip.chain_id.b[0]++;
    expect(r, FWL_ERR_CHAIN);
    r->c->tip = tip;
    r->c->tip.height = r->c->anchor.height; /* another block of a known height */
    expect(r, FWL_ERR_CERTIFICATE);
    assert_true(r->v.fork);
    r->c->tip = tip;
    expect(r, FWL_OK);
    /* the same again is fine, an older one is not */
    assert_int_equal(verify_bytes(r, chain_bundle(r->c)), FWL_OK);
    r->c->tip.height = 119;
    assert_int_equal(verify_bytes(r, chain_bundle(r->c)), FWL_ERR_ROLLBACK);
}

static void
test_verify__certificate(void **state)
{
    struct run *r = *state;

    r->c->signers = 1;
    expect(r, FWL_ERR_CERTIFICATE);
    fwl_validators_hash(&r->c->tip.validators_hash, &r->c->validator_sets[1]);
    expect(r, FWL_ERR_CERTIFICATE);
    r->c->tip.epoch = 6;
    expect(r, FWL_ERR_EPOCH); /* steps are missing */
    r->c->tip.epoch = 4;
    expect(r, FWL_ERR_ROLLBACK); /* out of an old cache */
}

static void
test_verify__epoch_steps(void **state)
{
    struct run *r = *state;
    struct fwl_hash32 hash;
    struct fwl_hash32 stored;
    struct fwl_validators validators;
    struct fwl_governors governors;

    chain_step(r->c, 0, 1, 0, 0, (struct chain_flaw){0});
    chain_step(r->c, 1, 2, 0, 1, (struct chain_flaw){0});
    expect(r, FWL_OK);
    assert_int_equal(r->device.trust.epoch, 7);
    fwl_trust_sets(&validators, &governors, &r->device.trust);
    fwl_validators_hash(&hash, &r->c->validator_sets[2]);
    fwl_validators_hash(&stored, &validators);
    assert_true(fwl_hash32_equal(&hash, &stored));
    assert_true(fwl_governors_equal(&governors, &r->c->governor_sets[1]));
    /* steps of the past are skipped */
    assert_int_equal(verify_bytes(r, chain_bundle(r->c)), FWL_OK);
    /* nothing is kept when the tip is stale */
    r->now_ms += 10 * FWL_TRUST_MAX_AGE_MS;
    expect(r, FWL_ERR_STALE);
    assert_int_equal(r->device.trust.epoch, 5);
}

static void
expect_step(struct run *r, struct chain_flaw flaw, enum fwl_err wanted)
{
    struct chain *c = r->c;

    c->steps = (struct fwl_span){0};
    c->step_count = 0;
    c->tip.epoch = 5;
    chain_step(c, 0, 1, 0, flaw.no_old ? 1 : 0, flaw);
    expect(r, wanted);
    assert_int_equal(r->device.trust.epoch, wanted == FWL_OK ? 6 : 5);
}

static void
test_verify__bad_epoch_steps(void **state)
{
    struct run *r = *state;
    const struct fwl_header tip = r->c->tip;

    expect_step(r, (struct chain_flaw){0}, FWL_OK);
    expect_step(r, (struct chain_flaw){.bad_quorum = true}, FWL_ERR_CERTIFICATE);
    expect_step(r, (struct chain_flaw){.bad_governors = true}, FWL_ERR_SIGNATURE);
    expect_step(r, (struct chain_flaw){.no_old = true}, FWL_ERR_KEYS);
    expect_step(r, (struct chain_flaw){.epoch_more = 1}, FWL_ERR_EPOCH);
    expect_step(r, (struct chain_flaw){.same_set = true}, FWL_ERR_EPOCH);
    expect_step(r, (struct chain_flaw){.lower = 1}, FWL_ERR_ROLLBACK);
    r->c->tip = tip;
    expect_step(r, (struct chain_flaw){0}, FWL_OK);
    /* the trusting period */
    r->settings.period_ms = r->now_ms - CHAIN_TIME;
    expect(r, FWL_OK);
    r->settings.period_ms--;
    expect(r, FWL_ERR_EPOCH);
    assert_true(r->v.expired);
}

static void
test_verify__more_steps(void **state)
{
    struct run *r = *state;
    struct fwl_span first;
    struct fwl_span steps;

    chain_step(r->c, 0, 1, 0, 0, (struct chain_flaw){0});
    r->c->more = true;
    first = chain_answer(r->c);
    expect(r, FWL_ERR_EPOCH); /* in a bundle as well */
    assert_true(r->v.more);
    r->v.now_ms = r->v.trust.time_ms - FWL_TRUST_FUTURE_MS - 1; /* this is no clock */
    assert_false(fwl_verify_keep_steps(&r->v));
    assert_int_equal(r->device.trust.epoch, 5);
    r->v.now_ms++;
    assert_true(fwl_verify_keep_steps(&r->v));
    assert_int_equal(r->device.trust.epoch, 6);
    assert_false(fwl_verify_keep_steps(&r->v)); /* it has */
    assert_int_equal(verify_bytes(r, chain_bundle(r->c)), FWL_ERR_EPOCH);
    assert_false(fwl_verify_keep_steps(&r->v)); /* nothing new */
    assert_int_equal(fwl_device_start(&r->device, &r->c->anchor), FWL_OK);
    assert_int_equal(fwl_verify_init(&r->v, &r->device, &r->settings, &r->c->w->facts, r->now_ms), FWL_OK);
    assert_int_equal(fwl_verify_answer(&r->v, first), FWL_ERR_EPOCH);
    assert_true(r->v.more);
    assert_int_equal(r->v.trust.epoch, 6);
    assert_int_equal(r->device.trust.epoch, 5);
    steps = r->c->steps;
    r->c->more = false;
    chain_step(r->c, 1, 2, 0, 0, (struct chain_flaw){0});
    r->c->steps = fwl_span(r->c->steps.p + steps.size, r->c->steps.size - steps.size);
    r->c->step_count = 1;
    assert_int_equal(fwl_verify_answer(&r->v, chain_answer(r->c)), FWL_OK);
    assert_int_equal(r->device.trust.epoch, 7);
}

/* A question that was begun earlier and is answered later takes nothing back, and leaves nothing to write. */
static void
test_verify__two_questions(void **state)
{
    struct run *r = *state;
    struct fwl_verify *early = calloc(1, sizeof(*early));
    struct fwl_span old = chain_answer(r->c);
    struct fwl_trust after;

    assert_non_null(early);
    assert_int_equal(fwl_verify_init(early, &r->device, &r->settings, &r->c->w->facts, r->now_ms), FWL_OK);
    r->c->tip.height = 200;
    r->c->tip.time_ms++;
    assert_int_equal(verify_bytes(r, chain_bundle(r->c)), FWL_OK);
    fwl_device_saved(&r->device);
    after = r->device.trust;
    assert_int_equal(fwl_verify_answer(early, old), FWL_ERR_ROLLBACK);
    assert_false(early->fresh);
    assert_memory_equal(&after, &r->device.trust, sizeof(after));
    assert_false(fwl_device_must_save(&r->device, true));
    /* a certified tip of the old set above the height at which the device has left that epoch */
    assert_int_equal(fwl_verify_init(early, &r->device, &r->settings, &r->c->w->facts, r->now_ms), FWL_OK);
    r->c->tip.height = 300;
    old = chain_answer(r->c);
    r->device.trust.epoch++;
    assert_int_equal(fwl_verify_answer(early, old), FWL_ERR_ROLLBACK);
    r->device.trust.epoch--;
    r->device.trust.chain_id.b[0]++; /* re-anchored */
    assert_int_equal(fwl_verify_answer(early, old), FWL_ERR_ROLLBACK);
    r->device.trust.chain_id.b[0]--;
    r->device.trust.time_ms = r->c->tip.time_ms + 1;
    assert_int_equal(fwl_verify_answer(early, old), FWL_ERR_ROLLBACK);
    r->device.trust.time_ms = r->c->tip.time_ms;
    r->device.trust.height = 300; /* another block of that height */
    assert_int_equal(fwl_verify_answer(early, old), FWL_ERR_CERTIFICATE);
    assert_true(early->fork);
    assert_int_equal(r->device.trust.height, 300);
    r->device.trust.height = 200;
    assert_int_equal(fwl_verify_answer(early, old), FWL_OK);
    assert_false(early->fork);
    assert_int_equal(r->device.trust.height, 300);
    free(early);
}

static void
test_verify__proofs(void **state)
{
    struct run *r = *state;
    struct fwl_span bundle = chain_bundle(r->c);
    struct fwl_bundle decoded;
    struct fwl_answer answer;
    uint8_t buffer[8192];
    struct fwl_writer w;
    struct fwl_span swap;
    struct fwl_span out;

    assert_int_equal(fwl_bundle_decode(&decoded, NULL, bundle), FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, decoded.answer), FWL_OK);
    swap = answer.proofs[0];
    answer.proofs[0] = answer.proofs[1];
    answer.proofs[1] = swap;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_answer_put(&w, &answer);
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_OK);
    assert_int_equal(fwl_verify_init(&r->v, &r->device, &r->settings, &r->c->w->facts, r->now_ms), FWL_OK);
    assert_int_equal(fwl_verify_answer(&r->v, out), FWL_ERR_PROOF);
    assert_false(r->v.checked);
    /* another fleet's or class's answer */
    r->c->w->facts.fleet = fwl_span_text("ops/other");
    assert_int_equal(verify_bytes(r, bundle), FWL_ERR_PROOF);
    r->c->w->facts.fleet = fwl_span_text("ops/line");
    r->c->w->facts.class_name = fwl_span_text("acme/gw100/modem");
    assert_int_equal(verify_bytes(r, bundle), FWL_ERR_PROOF);
}

static void
test_verify__absent_entries(void **state)
{
    struct run *r = *state;

    r->c->w->no_vendor = true;
    chain_seal(r->c);
    expect(r, FWL_OK);
    assert_int_equal(r->v.decision.nothing, FWL_NOTHING_NO_VENDOR);
    r->c->w->no_vendor = false;
    r->c->w->no_class = true;
    chain_seal(r->c);
    expect(r, FWL_OK);
    assert_int_equal(r->v.decision.nothing, FWL_NOTHING_NO_CLASS);
    r->c->w->no_class = false;
    r->c->w->no_fleet = true;
    chain_seal(r->c);
    expect(r, FWL_OK);
    assert_int_equal(r->v.decision.nothing, FWL_NOTHING_NO_FLEET);
    r->c->w->no_fleet = false;
    r->c->w->no_policy = true;
    chain_seal(r->c);
    expect(r, FWL_OK);
    assert_int_equal(r->c->w->candidates[0].refusal, FWL_REFUSAL_NO_PERMIT);
}

static void
test_verify__values(void **state)
{
    struct run *r = *state;
    struct fwl_span values[FWL_BUNDLE_VALUES_MAX];
    uint16_t count = 0;

    (void)world_add_version(r->c->w, "1.5.0");
    chain_seal(r->c);
    count = r->c->value_count;
    memcpy(values, r->c->values, sizeof(values));
    assert_int_equal(count, 6);
    expect(r, FWL_OK);
    for (uint16_t i = 0; i < count; i++) { /* one missing at the end, one missing inside, two swapped */
        struct fwl_hash32 hash;

        r->c->value_count = i;
        expect(r, FWL_ERR_NO_VALUE);
        fwl_entry_value_hash(&hash, values[i]);
        assert_true(fwl_hash32_equal(&hash, &r->v.missing));
        r->c->value_count = (uint16_t)(count - 1);
        memmove(&r->c->values[i], &values[i + 1], (size_t)(count - 1 - i) * sizeof(values[0]));
        expect(r, i == count - 1 ? FWL_ERR_NO_VALUE : FWL_ERR_HASH);
        r->c->value_count = count;
        memcpy(r->c->values, values, sizeof(values));
        r->c->values[i] = values[(i + 1) % count];
        expect(r, FWL_ERR_HASH);
        memcpy(r->c->values, values, sizeof(values));
    }
    r->c->values[count] = values[0];
    r->c->value_count = (uint16_t)(count + 1);
    expect(r, FWL_ERR_TRAILING);
}

/* A value of another table under the hash that the naming field has. */
static void
test_verify__value_of_another_table(void **state)
{
    struct run *r = *state;
    struct fwl_writer w;

    w = world_begin(r->c->w);
    fwl_entry_put_vendor(&w, &r->c->w->vendor);
    r->c->w->entries[0] = world_end(r->c->w, &w);
    fwl_entry_value_hash(&r->c->w->values[0], r->c->w->entries[0]);
    chain_seal(r->c);
    assert_int_equal(fwl_verify_exit(verify(r)), 14);
    assert_non_null(r->v.fault.field);
}

static void
test_verify__author(void **state)
{
    struct run *r = *state;
    struct fwl_key other = {.alg = FWL_ALG_ES256K};
    struct fwl_release release = world_release("2.0.0");

    memcpy(other.point.b, r->c->points[0], sizeof(other.point.b));
    r->settings.authors = (struct fwl_authors){0};
    expect(r, FWL_ERR_AUTHOR);
    assert_int_equal(fwl_verify_exit(FWL_ERR_AUTHOR), 15);
    assert_int_equal(r->v.decision.kind, FWL_DECISION_INSTALL); /* of what */
    r->settings.authors = (struct fwl_authors){.keys = &other, .count = 1};
    expect(r, FWL_ERR_AUTHOR);
    r->settings.authors = (struct fwl_authors){.image = true};
    expect(r, FWL_ERR_AUTHOR);
    r->settings.authors = (struct fwl_authors){.none = true};
    expect(r, FWL_OK);
    /* no signature, and one inside the image */
    r->c->w->count = 0;
    (void)world_add(r->c->w, &release);
    chain_seal(r->c);
    expect(r, FWL_OK);
    r->settings.authors = (struct fwl_authors){.keys = &r->c->author_key, .count = 1, .image = true};
    expect(r, FWL_ERR_AUTHOR);
    release.has |= FWL_HAS(FWL_RELEASE_AUTHOR);
    release.author.kind = FWL_AUTHOR_IMAGE;
    r->c->w->count = 0;
    (void)world_add(r->c->w, &release);
    chain_seal(r->c);
    expect(r, FWL_OK);
    r->settings.authors.image = false;
    expect(r, FWL_ERR_AUTHOR);
    /* asked only where something would be installed */
    r->c->w->facts.version = fwl_span_text("3.0.0");
    expect(r, FWL_OK);
    assert_int_equal(r->v.decision.kind, FWL_DECISION_CURRENT);
}

static void
test_verify__own_floor(void **state)
{
    struct run *r = *state;
    struct fwl_floor told = {.component = fwl_span_text("app"), .counter = 0};

    expect(r, FWL_OK);
    r->c->w->facts.floors = &told;
    r->c->w->facts.floor_count = 1;
    assert_int_equal(fwl_device_confirm(&r->device, fwl_span_text("app"), 8, 0), FWL_OK);
    assert_int_equal(verify_bytes(r, chain_bundle(r->c)), FWL_OK);
    assert_int_equal(r->v.decision.kind, FWL_DECISION_NOTHING);
    assert_int_equal(r->c->w->candidates[0].refusal, FWL_REFUSAL_FLOOR);
}

static void
test_verify__opaque(void **state)
{
    struct run *r = *state;
    struct world *w = r->c->w;

    w->entry.scheme = FWL_SCHEME_OPAQUE;
    w->count = 0;
    (void)world_add_version(w, "zulu");
    (void)world_add_version(w, "alpha");
    w->facts.version = fwl_span_text("zulu");
    r->settings.authors = (struct fwl_authors){.none = true};
    chain_seal(r->c);
    expect(r, FWL_OK);
    assert_int_equal(r->v.decision.chosen, 1);
    w->facts.version = fwl_span_text("alpha");
    expect(r, FWL_OK);
    assert_int_equal(r->v.decision.kind, FWL_DECISION_CURRENT);
}

static void
test_verify__bad_facts(void **state)
{
    struct run *r = *state;

    r->c->w->facts.fleet = fwl_span_text("ops");
    assert_int_equal(fwl_verify_init(&r->v, &r->device, &r->settings, &r->c->w->facts, r->now_ms), FWL_ERR_NAME);
    assert_string_equal(r->v.fault.field, "fleet");
    r->c->w->facts.fleet = fwl_span_text("ops/line");
    r->c->w->facts.version = fwl_span_text("abc"); /* not in the class's scheme: not the answer's fault */
    expect(r, FWL_ERR_VERSION);
    assert_string_equal(r->v.fault.field, FWL_VERIFY_FACTS_VERSION);
}

/* ---- a device without a clock ---- */

static const uint8_t nonce[FWL_ATTEST_NONCE_SIZE] = {4, 2};

/* What validators 0 to 2 of @set say of @request, each its own time. */
static struct fwl_span
attests(struct run *r, const struct fwl_attest_request *request, unsigned set, const uint64_t times[3])
{
    struct fwl_attest words[3];
    struct fwl_writer w = world_begin(r->c->w);

    for (uint16_t i = 0; i < 3; i++) {
        struct fwl_hash32 digest;

        words[i] = (struct fwl_attest){.idx = i, .time_ms = times[i]};
        fwl_statement_attest(&digest, &r->c->anchor.chain_id, request->nonce, request->height, &request->block_hash,
                             times[i]);
        fwl_schnorr_sign(&words[i].sig, &r->c->validators[set][i], &digest);
    }
    fwl_attest_put(&w, request, words, 3);
    return world_end(r->c->w, &w);
}

/* The whole way, with a device from the anchor; validators of @set say @now_ms, one of them some nonsense. */
static enum fwl_err
without_a_clock(struct run *r, struct fwl_span bundle, unsigned set, uint64_t now_ms, uint64_t elapsed_ms)
{
    struct fwl_trust before;
    struct fwl_attest_request request;
    enum fwl_err err = fwl_device_start(&r->device, &r->c->anchor);

    assert_int_equal(err, FWL_OK);
    before = r->device.trust;
    r->now_ms = 0;
    assert_int_equal(verify_bytes(r, bundle), FWL_ERR_STALE); /* nothing is young enough */
    assert_int_equal(fwl_verify_init(&r->v, &r->device, &r->settings, &r->c->w->facts, 0), FWL_OK);
    assert_int_equal(fwl_verify_tip(&r->v, &request, bundle), FWL_OK);
    assert_int_equal(request.height, r->c->tip.height);
    memcpy(request.nonce, nonce, sizeof(nonce));
    err = fwl_verify_clock(&r->v, nonce, attests(r, &request, set, (const uint64_t[]){now_ms, 1, now_ms + 1}),
                           elapsed_ms);
    assert_memory_equal(&before, &r->device.trust, sizeof(before)); /* nothing is trusted yet */
    return err == FWL_OK ? fwl_verify_bundle(&r->v, r->c->w->candidates, &r->c->w->work, bundle) : err;
}

static void
test_verify__without_a_clock(void **state)
{
    struct run *r = *state;
    struct fwl_span bundle = chain_bundle(r->c);
    uint64_t tip = r->c->tip.time_ms;

    assert_int_equal(without_a_clock(r, bundle, 0, tip + 5000, 100), FWL_OK);
    assert_int_equal(r->v.now_ms, tip + 5100);
    assert_true(r->v.decided && r->v.decision.kind == FWL_DECISION_INSTALL);
    assert_int_equal(r->device.trust.height, 120);
    assert_int_equal(without_a_clock(r, bundle, 0, tip + FWL_TRUST_MAX_AGE_MS - 100, 100), FWL_OK);
    assert_int_equal(without_a_clock(r, bundle, 0, tip + FWL_TRUST_MAX_AGE_MS - 100, 101), FWL_ERR_STALE);
    assert_int_equal(without_a_clock(r, bundle, 0, tip + 5000, UINT64_MAX), FWL_ERR_STALE);
    assert_int_equal(without_a_clock(r, bundle, 0, tip - FWL_TRUST_FUTURE_MS - 1, 0), FWL_ERR_STALE);
    assert_int_equal(without_a_clock(r, bundle, 1, tip + 5000, 0), FWL_ERR_CERTIFICATE); /* not its validators */
}

static void
test_verify__without_a_clock_over_epochs(void **state)
{
    struct run *r = *state;
    struct fwl_span bundle;

    chain_step(r->c, 0, 1, 0, 1, (struct chain_flaw){0});
    bundle = chain_bundle(r->c);
    assert_int_equal(without_a_clock(r, bundle, 1, r->c->tip.time_ms + 5000, 0), FWL_OK);
    assert_int_equal(r->device.trust.epoch, r->c->anchor.epoch + 1);
    assert_int_equal(without_a_clock(r, bundle, 0, r->c->tip.time_ms + 5000, 0), FWL_ERR_CERTIFICATE);
    assert_int_equal(without_a_clock(r, bundle, 1, r->c->anchor.time_ms + FWL_TRUST_PERIOD_MS + 1, 0), FWL_ERR_EPOCH);
    assert_true(r->v.expired);
    assert_int_equal(r->v.now_ms, 0);
}

static void
test_verify__tip_alone(void **state)
{
    struct run *r = *state;
    struct fwl_span answer = chain_answer(r->c);
    struct fwl_span bundle = chain_bundle(r->c);
    struct fwl_attest_request request;
    struct fwl_attest_request zero = {.height = 0};

    assert_int_equal(fwl_verify_init(&r->v, &r->device, &r->settings, &r->c->w->facts, 0), FWL_OK);
    assert_int_equal(fwl_verify_tip(&r->v, &request, answer), FWL_OK);
    assert_int_equal(request.height, 120);
    assert_false(r->v.fresh || r->v.checked);
    request.nonce[0] = 1;
    assert_int_equal(fwl_verify_clock(&r->v, nonce, attests(r, &request, 0, (const uint64_t[]){1, 2, 3}), 0),
                     FWL_ERR_STALE);
    assert_int_equal(fwl_verify_clock(&r->v, nonce, fwl_span(NULL, 0), 0), FWL_ERR_TRUNCATED);
    for (size_t size = 0; size < answer.size; size++) {
        assert_int_equal(fwl_verify_tip(&r->v, &request, fwl_span(answer.p, size)), FWL_ERR_TRUNCATED);
        assert_true(fwl_attest_same(&request, &zero));
    }
    assert_int_equal(fwl_verify_tip(&r->v, &request, fwl_span(bundle.p, bundle.size - 1)), FWL_ERR_TRUNCATED);
    assert_int_equal(fwl_verify_tip(&r->v, &request, fwl_span_text("FWC1....")), FWL_ERR_UNKNOWN);
    assert_int_equal(fwl_verify_init(&r->v, &r->device, &r->settings, &r->c->w->facts, 0), FWL_OK);
    r->c->more = true;
    chain_step(r->c, 0, 1, 0, 1, (struct chain_flaw){0});
    assert_int_equal(fwl_verify_tip(&r->v, &request, chain_answer(r->c)), FWL_ERR_EPOCH);
    assert_true(r->v.more);
    assert_int_equal(r->v.trust.epoch, r->c->anchor.epoch + 1);
    r->c->more = false;
    r->c->step_count = 0;
    r->c->steps = fwl_span(NULL, 0);
    assert_int_equal(fwl_verify_tip(&r->v, &request, chain_answer(r->c)), FWL_OK); /* goes on from there */
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_verify__##name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_clock), TEST(without_a_clock_over_epochs),
        TEST(tip_alone),       TEST(good),
        TEST(every_bit),       TEST(every_truncation),
        TEST(clock),           TEST(rollback),
        TEST(certificate),     TEST(epoch_steps),
        TEST(bad_epoch_steps), TEST(more_steps),
        TEST(proofs),          TEST(absent_entries),
        TEST(values),          TEST(value_of_another_table),
        TEST(author),          TEST(own_floor),
        TEST(opaque),          TEST(bad_facts),
        TEST(two_questions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
