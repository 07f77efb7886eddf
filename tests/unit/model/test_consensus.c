#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/model/body.h"
#include "ledger/model/cert.h"
#include "ledger/model/epoch.h"
#include "ledger/model/evidence.h"
#include "tests/unit/model/vectors.h"

static struct fwl_epoch_trusted
trusted(void)
{
    struct fwl_epoch_trusted t = {.chain_id = vector_hash("chain_id"), .epoch = 7, .height = 10, .time_ms = 1000};

    assert_int_equal(fwl_validators_decode(&t.validators, vector("validators")), FWL_OK);
    assert_int_equal(fwl_governors_decode(&t.governors, vector("governors")), FWL_OK);
    return t;
}

static void
test_consensus__hashes(void **state)
{
    struct fwl_epoch_trusted t = trusted();
    struct fwl_hash32 want;
    struct fwl_hash32 got;
    struct fwl_header h;
    struct fwl_vote v;

    (void)state;
    assert_int_equal(fwl_header_decode(&h, vector("header")), FWL_OK);
    want = vector_hash("header_hash");
    fwl_header_hash(&got, &h);
    assert_memory_equal(got.b, want.b, 32);
    want = vector_hash("validators_hash");
    fwl_validators_hash(&got, &t.validators);
    assert_memory_equal(got.b, want.b, 32);
    want = vector_hash("governors_hash");
    fwl_governors_hash(&got, &t.governors);
    assert_memory_equal(got.b, want.b, 32);
    assert_int_equal(fwl_vote_decode(&v, vector("vote")), FWL_OK);
    want = vector_hash("vote_digest");
    fwl_vote_digest(&got, &t.chain_id, v.kind, v.height, v.view, &v.block_hash);
    assert_memory_equal(got.b, want.b, 32);
}

static void
test_consensus__every_bit_of_a_certificate_counts(void **state)
{
    struct fwl_epoch_trusted t = trusted();
    struct fwl_span good = vector("cert");
    uint8_t bytes[512];
    struct fwl_cert c;

    (void)state;
    assert_int_equal(fwl_cert_decode(&c, good, 4), FWL_OK);
    assert_int_equal(fwl_cert_verify(&c, &t.validators, &t.chain_id), FWL_OK);
    assert_int_equal(good.size, fwl_cert_size(4));
    for (size_t bit = 0; bit < 8 * good.size; bit++) {
        memcpy(bytes, good.p, good.size);
        bytes[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        if (fwl_cert_decode(&c, fwl_span(bytes, good.size), 4) == FWL_OK) {
            assert_int_equal(fwl_cert_verify(&c, &t.validators, &t.chain_id), FWL_ERR_CERTIFICATE);
        }
    }
    assert_int_equal(fwl_cert_decode(&c, fwl_span(good.p, good.size - 1), 4), FWL_ERR_TRUNCATED);
    assert_int_equal(fwl_cert_decode(&c, good, 3), FWL_ERR_VALUE);
}

static void
test_consensus__certificate_made_from_its_votes(void **state)
{
    struct fwl_vote v[3];
    const struct fwl_vote *p[3] = {&v[0], &v[1], &v[2]};
    uint8_t buffer[1 + 3 * 64];
    struct fwl_cert a;
    struct fwl_cert b;
    struct fwl_hash32 h = vector_hash("header_hash");

    (void)state;
    assert_int_equal(fwl_cert_decode_short(&a, vector("cert_short"), 4, 42, &h), FWL_OK);
    for (uint32_t i = 0; i < 3; i++) {
        fwl_cert_vote(&v[i], &a, i);
    }
    assert_int_equal(v[2].idx, 3);
    assert_int_equal(fwl_cert_make(&b, buffer, sizeof(buffer), 4, p, 3), FWL_OK);
    assert_true(fwl_span_equal(a.bitmap, b.bitmap) && fwl_span_equal(a.sigs, b.sigs));
    assert_int_equal(fwl_cert_make(&b, buffer, sizeof(buffer) - 1, 4, p, 3), FWL_ERR_SPACE);
    assert_int_equal(fwl_cert_make(&b, buffer, sizeof(buffer), 4, p, 2), FWL_ERR_ARG);
    v[1].view++;
    assert_int_equal(fwl_cert_make(&b, buffer, sizeof(buffer), 4, p, 3), FWL_ERR_ARG);
}

static void
test_consensus__epoch_steps(void **state)
{
    struct fwl_epoch_trusted t = trusted();
    size_t seen = 0;

    (void)state;
    for (size_t i = 0; i < vector_count; i++) {
        struct fwl_epoch_step s;
        const char *want = strrchr(vectors[i].name, '.');

        if (strncmp(vectors[i].name, "epoch.", 6) != 0) {
            continue;
        }
        seen++;
        assert_int_equal(fwl_epoch_decode(&s, fwl_span(vectors[i].p, vectors[i].size), 4), FWL_OK);
        assert_string_equal(fwl_err_name(fwl_epoch_verify(&s, &t)), want + 1);
    }
    assert_int_equal(seen, 15);
}

static void
test_consensus__every_byte_of_an_epoch_step_counts(void **state)
{
    struct fwl_epoch_trusted t = trusted();
    struct fwl_span good = vector("epoch.rotated.OK");
    uint8_t bytes[2048];
    struct fwl_epoch_step s;

    (void)state;
    for (size_t at = 0; at < good.size; at++) {
        memcpy(bytes, good.p, good.size);
        bytes[at] ^= (uint8_t)(1 << (at % 8));
        if (fwl_epoch_decode(&s, fwl_span(bytes, good.size), 4) == FWL_OK) {
            assert_int_not_equal(fwl_epoch_verify(&s, &t), FWL_OK);
        }
        if (fwl_epoch_decode(&s, fwl_span(good.p, at), 4) == FWL_OK) {
            assert_int_not_equal(fwl_epoch_verify(&s, &t), FWL_OK);
        }
    }
}

static void
test_consensus__evidence(void **state)
{
    struct fwl_epoch_trusted t = trusted();
    struct fwl_evidence ev;
    struct fwl_evidence again;
    struct fwl_pubkey32 key;
    uint8_t swapped[FWL_EVIDENCE_SIZE];
    struct fwl_span good = vector("evidence");

    (void)state;
    fwl_validators_key(&key, &t.validators, 2);
    assert_int_equal(fwl_evidence_decode(&ev, good), FWL_OK);
    assert_int_equal(fwl_evidence_verify(&ev, &t.chain_id, &key, fwl_cert_schnorr, NULL), FWL_OK);
    fwl_validators_key(&key, &t.validators, 1);
    assert_int_equal(fwl_evidence_verify(&ev, &t.chain_id, &key, fwl_cert_schnorr, NULL), FWL_ERR_SIGNATURE);
    assert_int_equal(fwl_evidence_make(&again, &ev.second, &ev.first), FWL_OK);
    assert_memory_equal(again.first.sig.b, ev.first.sig.b, 64);
    memcpy(swapped, good.p, 2);
    memcpy(swapped + 2, good.p + 2 + FWL_VOTE_SIZE, FWL_VOTE_SIZE);
    memcpy(swapped + 2 + FWL_VOTE_SIZE, good.p + 2, FWL_VOTE_SIZE);
    assert_int_equal(fwl_evidence_decode(&ev, fwl_span(swapped, sizeof(swapped))), FWL_ERR_ORDER);
    assert_int_equal(fwl_evidence_make(&again, &again.first, &again.first), FWL_ERR_VALUE);
    assert_int_equal(fwl_evidence_decode(&ev, vector("evidence_e3")), FWL_OK);
}

static void
test_consensus__body(void **state)
{
    struct fwl_span good = vector("body");
    struct fwl_body b;
    struct fwl_reader it;
    struct fwl_span tx;

    (void)state;
    assert_int_equal(fwl_body_decode(&b, good, good.size), FWL_OK);
    fwl_body_begin(&it, &b);
    assert_true(fwl_body_next(&it, &tx) && fwl_span_is(tx, "abc"));
    assert_true(fwl_body_next(&it, &tx) && fwl_span_is(tx, "d"));
    assert_false(fwl_body_next(&it, &tx));
    assert_int_equal(fwl_body_decode(&b, good, good.size - 1), FWL_ERR_LIMIT);
    for (size_t i = 0; i < good.size; i++) {
        assert_int_not_equal(fwl_body_decode(&b, fwl_span(good.p, i), good.size), FWL_OK);
    }
}

static void
test_consensus__set_limits(void **state)
{
    static uint8_t bytes[FWL_VALIDATORS_SIZE(FWL_VALIDATORS_MAX + 1)];
    struct fwl_validators set;

    (void)state;
    for (uint16_t n = FWL_VALIDATORS_MAX; n <= FWL_VALIDATORS_MAX + 1; n++) {
        fwl_store_be16(bytes, n);
        for (size_t i = 0; i < n; i++) {
            bytes[2 + 32 * i] = (uint8_t)i;
        }
        assert_int_equal(fwl_validators_decode(&set, fwl_span(bytes, FWL_VALIDATORS_SIZE(n))),
                         n == FWL_VALIDATORS_MAX ? FWL_OK : FWL_ERR_LIMIT);
    }
    fwl_store_be16(bytes, 2);
    bytes[2] = bytes[34];
    assert_int_equal(fwl_validators_decode(&set, fwl_span(bytes, 66)), FWL_ERR_DUPLICATE);
    bytes[2]++;
    assert_int_equal(fwl_validators_decode(&set, fwl_span(bytes, 66)), FWL_ERR_ORDER);
    assert_int_equal(fwl_validators_quorum(4), 3);
    assert_int_equal(fwl_validators_quorum(100), 67);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus__hashes),
        cmocka_unit_test(test_consensus__every_bit_of_a_certificate_counts),
        cmocka_unit_test(test_consensus__certificate_made_from_its_votes),
        cmocka_unit_test(test_consensus__epoch_steps),
        cmocka_unit_test(test_consensus__every_byte_of_an_epoch_step_counts),
        cmocka_unit_test(test_consensus__evidence),
        cmocka_unit_test(test_consensus__body),
        cmocka_unit_test(test_consensus__set_limits),
    };

    return cmocka_run_group_tests(tests, vectors_load, vectors_free);
}
