/* Re-anchoring and the time of validators; epoch steps and tips are in test_verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain.h"
#include "ledger/model/statement.h"

/* A re-anchor document signed by governors @signer and, if they differ, by the old set @old. */
static struct fwl_span
document(struct chain *c, const struct fwl_anchor *to, unsigned signer, unsigned old, bool with_old)
{
    struct fwl_anchor_statement statement = {.stored_chain_id = c->anchor.chain_id,
                                             .new_chain_id = to->chain_id,
                                             .epoch = to->epoch,
                                             .height = to->height,
                                             .time_ms = to->time_ms,
                                             .block_hash = to->block_hash};
    struct fwl_hash32 digest;
    struct fwl_span sigs;
    struct fwl_span old_sigs = {0};
    struct fwl_writer w;

    fwl_validators_hash(&statement.validators_hash, &to->validators);
    fwl_governors_hash(&statement.governors_hash, &to->governors);
    fwl_statement_anchor(&digest, &statement);
    sigs = chain_sigs(c, signer, &digest);
    if (with_old) {
        old_sigs = chain_sigs(c, old, &digest);
    }
    w = world_begin(c->w);
    fwl_trust_reanchor_put(&w, to, sigs, old_sigs);
    return world_end(c->w, &w);
}

static enum fwl_err
reanchor(struct chain *c, struct fwl_trust *trust, struct fwl_span bytes)
{
    assert_int_equal(fwl_trust_start(trust, &c->anchor), FWL_OK);
    return fwl_trust_reanchor(trust, bytes);
}

static void
test_trust__reanchor(void **state)
{
    struct chain *c = chain_new();
    struct fwl_anchor to = c->anchor;
    struct fwl_trust trust;

    (void)state;
    to.epoch = 9;
    to.height = 5000;
    to.time_ms += 1;
    to.validators = c->validator_sets[2];
    assert_int_equal(reanchor(c, &trust, document(c, &to, 0, 0, false)), FWL_OK);
    assert_int_equal(trust.epoch, 9);
    assert_int_equal(trust.height, 5000);
    assert_int_equal(reanchor(c, &trust, document(c, &to, 1, 0, false)), FWL_ERR_SIGNATURE);
    assert_int_equal(reanchor(c, &trust, document(c, &to, 0, 0, true)), FWL_ERR_KEYS);
    to.governors = c->governor_sets[1]; /* new governors: both sets sign */
    assert_int_equal(reanchor(c, &trust, document(c, &to, 1, 0, true)), FWL_OK);
    assert_int_equal(reanchor(c, &trust, document(c, &to, 1, 0, false)), FWL_ERR_KEYS);
    assert_int_equal(reanchor(c, &trust, document(c, &to, 1, 2, true)), FWL_ERR_SIGNATURE);
    assert_int_equal(reanchor(c, &trust, document(c, &to, 0, 0, true)), FWL_ERR_SIGNATURE);
    to.height = 99;
    assert_int_equal(reanchor(c, &trust, document(c, &to, 1, 0, true)), FWL_ERR_ROLLBACK);
    assert_int_equal(trust.height, 100);
    to.chain_id.b[0]++; /* after `recover` it is another chain */
    assert_int_equal(reanchor(c, &trust, document(c, &to, 1, 0, true)), FWL_OK);
    assert_int_equal(trust.height, 99);
    chain_free(c);
}

static void
test_trust__reanchor_damaged(void **state)
{
    struct chain *c = chain_new();
    struct fwl_anchor to = c->anchor;
    struct fwl_trust trust;
    struct fwl_span good;
    uint8_t *copy = NULL;

    (void)state;
    to.epoch++;
    good = document(c, &to, 0, 0, false);
    for (size_t size = 0; size < good.size; size++) {
        copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, good.p, size);
        assert_int_not_equal(reanchor(c, &trust, fwl_span(copy, size)), FWL_OK);
        free(copy);
    }
    copy = malloc(good.size);
    assert_non_null(copy);
    memcpy(copy, good.p, good.size);
    for (size_t i = 0; i < 8 * good.size; i++) {
        copy[i / 8] ^= (uint8_t)(1U << (i % 8));
        assert_int_not_equal(reanchor(c, &trust, fwl_span(copy, good.size)), FWL_OK);
        copy[i / 8] ^= (uint8_t)(1U << (i % 8));
    }
    assert_int_equal(reanchor(c, &trust, fwl_span(copy, good.size)), FWL_OK);
    free(copy);
    chain_free(c);
}

static const uint8_t nonce[FWL_ATTEST_NONCE_SIZE] = {1};

static struct fwl_attest
attest(const struct chain *c, uint16_t idx, uint64_t time_ms)
{
    struct fwl_attest a = {.idx = idx, .time_ms = time_ms};
    struct fwl_hash32 digest;

    fwl_statement_attest(&digest, &c->anchor.chain_id, nonce, c->anchor.height, &c->anchor.block_hash, time_ms);
    fwl_schnorr_sign(&a.sig, &c->validators[0][idx % CHAIN_N], &digest);
    return a;
}

/* The file of @count words over the anchor's block and nonce, in memory of its own. */
static struct fwl_span
attests_file(struct chain *c, const struct fwl_attest *words, size_t count)
{
    struct fwl_attest_request request = {.height = c->anchor.height, .block_hash = c->anchor.block_hash};
    struct fwl_writer w = world_begin(c->w);

    memcpy(request.nonce, nonce, sizeof(nonce));
    fwl_attest_put(&w, &request, words, count);
    return world_end(c->w, &w);
}

static enum fwl_err
time_of(uint64_t *now, struct chain *c, const struct fwl_attest *words, size_t count)
{
    struct fwl_trust trust;

    assert_int_equal(fwl_trust_start(&trust, &c->anchor), FWL_OK);
    return fwl_trust_time(now, &trust, nonce, attests_file(c, words, count));
}

static void
test_trust__time(void **state)
{
    struct chain *c = chain_new();
    struct fwl_attest four[] = {attest(c, 0, 1), attest(c, 1, 3000), attest(c, 2, 4000), attest(c, 3, 5000)};
    struct fwl_attest bad[] = {four[0], four[1], four[2]};
    struct fwl_attest foreign[] = {four[0], four[1], attest(c, 4, 4000)};
    uint64_t now = 0;

    (void)state;
    assert_int_equal(time_of(&now, c, four, 3), FWL_OK);
    assert_int_equal(now, 3000);
    assert_int_equal(time_of(&now, c, four, 4), FWL_OK); /* three are a quorum: the rest is not looked at */
    assert_int_equal(now, 3000);
    assert_int_equal(time_of(&now, c, four + 1, 3), FWL_OK);
    assert_int_equal(now, 4000);
    assert_int_equal(time_of(&now, c, four, 2), FWL_ERR_CERTIFICATE);
    assert_int_equal(now, 0);
    assert_int_equal(time_of(&now, c, NULL, 0), FWL_ERR_CERTIFICATE);
    assert_int_equal(time_of(&now, c, foreign, 3), FWL_ERR_CERTIFICATE); /* there are validators 0 to 3 */
    bad[1].time_ms++;                                                    /* not what it signed */
    assert_int_equal(time_of(&now, c, bad, 3), FWL_ERR_CERTIFICATE);
    bad[1] = four[1];
    bad[1].sig = four[0].sig; /* the word of another one */
    assert_int_equal(time_of(&now, c, bad, 3), FWL_ERR_CERTIFICATE);
    four[2].sig.b[0] ^= 1; /* a bad one among four does not count, and does no harm */
    assert_int_equal(time_of(&now, c, four, 4), FWL_OK);
    assert_int_equal(now, 3000);
    chain_free(c);
}

/* One of four has any clock: the time lies between those of the others. */
static void
test_trust__time_of_a_liar(void **state)
{
    static const uint64_t lies[] = {0, 1, 9999, 10000, 15000, 20000, 20001, INT64_MAX, UINT64_MAX};
    struct chain *c = chain_new();

    (void)state;
    for (unsigned liar = 0; liar < CHAIN_N; liar++) {
        for (size_t i = 0; i < FWL_COUNT(lies); i++) {
            struct fwl_attest words[CHAIN_N];
            uint64_t now = 0;
            size_t count = 0;

            for (uint16_t idx = 0; count < 3; idx++) { /* the liar and two others */
                if (idx == liar || count + (idx < liar ? 1 : 0) < 3) {
                    words[count] = attest(c, idx, idx == liar ? lies[i] : 10000 + 5000 * (uint64_t)(count % 2));
                    count++;
                }
            }
            assert_int_equal(time_of(&now, c, words, count), FWL_OK);
            assert_true(now >= 10000 && now <= 15000);
        }
    }
    chain_free(c);
}

static void
test_trust__time_of_another_question(void **state)
{
    struct chain *c = chain_new();
    const uint8_t other[FWL_ATTEST_NONCE_SIZE] = {2};
    struct fwl_attest words[] = {attest(c, 0, 1), attest(c, 1, 3000), attest(c, 2, 4000)};
    struct fwl_span file = attests_file(c, words, 3);
    struct fwl_trust trust;
    uint64_t now = 0;

    (void)state;
    assert_int_equal(fwl_trust_start(&trust, &c->anchor), FWL_OK);
    assert_int_equal(fwl_trust_time(&now, &trust, nonce, file), FWL_OK);
    assert_int_equal(fwl_trust_time(&now, &trust, other, file), FWL_ERR_STALE); /* replayed */
    assert_int_equal(now, 0);
    trust.height++; /* the device has a newer tip meanwhile */
    assert_int_equal(fwl_trust_time(&now, &trust, nonce, file), FWL_ERR_STALE);
    trust.height--;
    trust.block_hash.b[5] ^= 1;
    assert_int_equal(fwl_trust_time(&now, &trust, nonce, file), FWL_ERR_STALE);
    trust.block_hash.b[5] ^= 1;
    trust.chain_id.b[0] ^= 1;
    assert_int_equal(fwl_trust_time(&now, &trust, nonce, file), FWL_ERR_CERTIFICATE);
    chain_free(c);
}

static void
test_trust__time_damaged(void **state)
{
    struct chain *c = chain_new();
    struct fwl_attest words[] = {attest(c, 0, 1), attest(c, 1, 3000), attest(c, 2, 4000)};
    struct fwl_span good = attests_file(c, words, 3);
    struct fwl_trust trust;
    uint64_t now = 0;
    uint8_t *copy = malloc(good.size);

    (void)state;
    assert_non_null(copy);
    assert_int_equal(fwl_trust_start(&trust, &c->anchor), FWL_OK);
    for (size_t size = 0; size < good.size; size++) {
        uint8_t *cut = malloc(size + 1);

        assert_non_null(cut);
        memcpy(cut, good.p, size);
        assert_int_equal(fwl_trust_time(&now, &trust, nonce, fwl_span(cut, size)), FWL_ERR_TRUNCATED);
        free(cut);
    }
    memcpy(copy, good.p, good.size);
    for (size_t i = 0; i < 8 * good.size; i++) {
        copy[i / 8] ^= (uint8_t)(1U << (i % 8));
        assert_int_not_equal(fwl_trust_time(&now, &trust, nonce, fwl_span(copy, good.size)), FWL_OK);
        copy[i / 8] ^= (uint8_t)(1U << (i % 8));
    }
    assert_int_equal(fwl_trust_time(&now, &trust, nonce, fwl_span(copy, good.size)), FWL_OK);
    free(copy);
    chain_free(c);
}

/* What was signed about the time is no vote, whatever bytes are chosen, and a vote says no time: the tags differ. */
static void
test_trust__time_is_no_vote(void **state)
{
    struct chain *c = chain_new();
    struct fwl_attest words[] = {attest(c, 0, 1), attest(c, 1, 3000), attest(c, 2, 4000)};
    const struct fwl_attest good = words[0];
    uint64_t now = 0;

    (void)state;
    for (int kind = FWL_VOTE_PROPOSE; kind <= FWL_VOTE_FINALIZE; kind++) {
        for (uint32_t view = 0; view < 4; view++) {
            struct fwl_hash32 hash = kind == FWL_VOTE_NULLIFY ? (struct fwl_hash32){{0}} : c->anchor.block_hash;
            struct fwl_hash32 digest;
            struct fwl_pubkey32 key;

            fwl_vote_digest(&digest, &c->anchor.chain_id, (enum fwl_vote_kind)kind, c->anchor.height, view, &hash);
            fwl_validators_key(&key, &c->anchor.validators, 0);
            assert_int_equal(fwl_schnorr_verify(&good.sig, &digest, &key), FWL_ERR_SIGNATURE);
            fwl_schnorr_sign(&words[0].sig, &c->validators[0][0], &digest); /* and the other way round */
            assert_int_equal(time_of(&now, c, words, 3), FWL_ERR_CERTIFICATE);
        }
    }
    words[0] = good;
    assert_int_equal(time_of(&now, c, words, 3), FWL_OK);
    chain_free(c);
}

static void
test_trust__start_checks_sets(void **state)
{
    struct chain *c = chain_new();
    struct fwl_anchor anchor = c->anchor;
    struct fwl_trust trust;

    (void)state;
    anchor.governors.threshold = CHAIN_GOVERNORS + 1;
    assert_int_equal(fwl_trust_start(&trust, &anchor), FWL_ERR_ARG);
    anchor = c->anchor;
    anchor.validators.n = 0;
    anchor.validators.keys.size = 0;
    assert_int_equal(fwl_trust_start(&trust, &anchor), FWL_ERR_ARG);
    assert_int_equal(trust.validators_size, 0);
    chain_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trust__reanchor),
        cmocka_unit_test(test_trust__reanchor_damaged),
        cmocka_unit_test(test_trust__time),
        cmocka_unit_test(test_trust__time_of_a_liar),
        cmocka_unit_test(test_trust__time_of_another_question),
        cmocka_unit_test(test_trust__time_damaged),
        cmocka_unit_test(test_trust__time_is_no_vote),
        cmocka_unit_test(test_trust__start_checks_sets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
