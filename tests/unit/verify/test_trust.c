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

static struct fwl_attest
attest(const struct chain *c, uint16_t idx, const uint8_t nonce[16], uint64_t time_ms)
{
    struct fwl_attest a = {.idx = idx, .time_ms = time_ms};
    struct fwl_hash32 digest;

    fwl_statement_attest(&digest, &c->anchor.chain_id, nonce, c->anchor.height, &c->anchor.block_hash, time_ms);
    fwl_schnorr_sign(&a.sig, &c->validators[0][idx % CHAIN_N], &digest);
    return a;
}

static void
test_trust__time(void **state)
{
    struct chain *c = chain_new();
    const uint8_t nonce[16] = {1};
    const uint8_t other[16] = {2};
    struct fwl_trust trust;
    uint64_t now = 0;
    struct fwl_attest a[] = {attest(c, 3, nonce, 5000), attest(c, 0, nonce, 1), attest(c, 2, nonce, 4000)};
    struct fwl_attest b[] = {a[0], a[0], a[1], a[2]};
    struct fwl_attest few[] = {a[0], a[1], a[1]};
    struct fwl_attest replayed[] = {a[0], a[1], attest(c, 2, other, 4000)};
    struct fwl_attest foreign[] = {a[0], a[1], attest(c, 4, nonce, 4000)};

    (void)state;
    assert_int_equal(fwl_trust_start(&trust, &c->anchor), FWL_OK);
#define TIME(list) fwl_trust_time(&now, &trust, nonce, 100, &c->anchor.block_hash, list, FWL_COUNT(list))
    assert_int_equal(TIME(a), FWL_OK);
    assert_int_equal(now, 4000);
    assert_int_equal(TIME(b), FWL_OK);
    assert_int_equal(now, 4000);
    assert_int_equal(TIME(few), FWL_ERR_CERTIFICATE);
    assert_int_equal(now, 0);
    assert_int_equal(TIME(replayed), FWL_ERR_CERTIFICATE);
    assert_int_equal(TIME(foreign), FWL_ERR_CERTIFICATE);
#undef TIME
    assert_int_equal(fwl_trust_time(&now, &trust, nonce, 101, &c->anchor.block_hash, a, 3), FWL_ERR_CERTIFICATE);
    assert_int_equal(fwl_trust_time(&now, &trust, nonce, 100, &c->anchor.block_hash, a, FWL_VALIDATORS_MAX + 1),
                     FWL_ERR_LIMIT);
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
        cmocka_unit_test(test_trust__start_checks_sets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
