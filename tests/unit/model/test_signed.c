/* What is signed: votes, evidence, statements, epoch steps, transactions. Every bit of it counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/host/keys.h"
#include "ledger/model/epoch.h"
#include "ledger/model/evidence.h"
#include "ledger/model/statement.h"
#include "ledger/model/tx.h"
#include "tests/unit/model/vectors.h"

/* ---- every single bit ---- */

typedef enum fwl_err (*judge)(struct fwl_span in);

static struct fwl_hash32 chain_id;
static struct fwl_validators validators;
static struct fwl_governors governors;

static int
setup(void **state)
{
    if (vectors_load(state) != 0 || fwl_validators_decode(&validators, vector("validators")) != FWL_OK ||
        fwl_governors_decode(&governors, vector("governors")) != FWL_OK) {
        return -1;
    }
    chain_id = vector_hash("chain_id");
    return 0;
}

/* No document with one bit turned is accepted by @verify, nor is a shorter or a longer one. */
static void
refuses_changes(const char *name, judge verify)
{
    struct fwl_span good = vector(name);
    uint8_t *copy = malloc(good.size + 1);

    assert_non_null(copy);
    assert_int_equal(verify(good), FWL_OK);
    memcpy(copy, good.p, good.size);
    for (size_t bit = 0; bit < 8 * good.size; bit++) {
        copy[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        if (verify(fwl_span(copy, good.size)) == FWL_OK) {
            fail_msg("%s: bit %zu of byte %zu does not count", name, bit % 8, bit / 8);
        }
        copy[bit / 8] ^= (uint8_t)(1 << (bit % 8));
    }
    for (size_t size = 0; size < good.size; size++) {
        assert_int_not_equal(verify(fwl_span(good.p, size)), FWL_OK);
    }
    copy[good.size] = 0;
    assert_int_not_equal(verify(fwl_span(copy, good.size + 1)), FWL_OK);
    free(copy);
}

static enum fwl_err
verify_vote(struct fwl_span in)
{
    struct fwl_vote vote;
    struct fwl_pubkey32 key;
    enum fwl_err err = fwl_vote_decode(&vote, in);

    if (err != FWL_OK || vote.idx >= validators.n) {
        return err != FWL_OK ? err : FWL_ERR_RANGE;
    }
    fwl_validators_key(&key, &validators, vote.idx);
    return fwl_vote_verify(&vote, &chain_id, &key);
}

static enum fwl_err
verify_evidence(struct fwl_span in)
{
    struct fwl_evidence ev;
    struct fwl_pubkey32 key;
    enum fwl_err err = fwl_evidence_decode(&ev, in);

    if (err != FWL_OK || ev.first.idx >= validators.n) {
        return err != FWL_OK ? err : FWL_ERR_RANGE;
    }
    fwl_validators_key(&key, &validators, ev.first.idx);
    return fwl_evidence_verify(&ev, &chain_id, &key, fwl_cert_schnorr, NULL);
}

static enum fwl_err
verify_epoch(struct fwl_span in)
{
    struct fwl_epoch_trusted t = {.chain_id = chain_id,
                                  .epoch = 7,
                                  .height = 10,
                                  .time_ms = 1000,
                                  .validators = validators,
                                  .governors = governors};
    struct fwl_epoch_step step;
    enum fwl_err err = fwl_epoch_decode(&step, in, validators.n);

    return err != FWL_OK ? err : fwl_epoch_verify(&step, &t);
}

static struct fwl_list
keys_of(const char *name)
{
    struct fwl_span v = vector(name);

    return (struct fwl_list){.items = fwl_span(v.p + 1, v.size - 1), .count = 3};
}

static enum fwl_err
verify_tx(struct fwl_span in)
{
    struct fwl_tx tx;
    enum fwl_err err = fwl_tx_decode(&tx, NULL, in);

    return err != FWL_OK ? err : fwl_tx_verify(&tx, keys_of("keys"), 1);
}

static void
test_signed__every_bit_counts(void **state)
{
    (void)state;
    refuses_changes("vote", verify_vote);
    refuses_changes("evidence", verify_evidence);
    refuses_changes("evidence_e3", verify_evidence);
    refuses_changes("epoch.same.OK", verify_epoch);
    refuses_changes("epoch.rotated.OK", verify_epoch);
    refuses_changes("tx.one", verify_tx);
}

/* ---- evidence: the four conflicts, and what is none ---- */

static struct fwl_vote
vote_of(enum fwl_vote_kind kind, uint8_t hash)
{
    return (struct fwl_vote){.kind = kind, .height = 9, .view = 2, .idx = 3, .block_hash = {{hash}}};
}

static void
test_signed__conflicts(void **state)
{
    static const struct {
        enum fwl_vote_kind a;
        uint8_t a_hash;
        enum fwl_vote_kind b;
        uint8_t b_hash;
        unsigned type; /* 0: none */
    } pairs[] = {
        {FWL_VOTE_NOTARIZE, 1, FWL_VOTE_NOTARIZE, 2, FWL_EVIDENCE_NOTARIZE},
        {FWL_VOTE_FINALIZE, 1, FWL_VOTE_FINALIZE, 2, FWL_EVIDENCE_FINALIZE},
        {FWL_VOTE_NULLIFY, 0, FWL_VOTE_FINALIZE, 2, FWL_EVIDENCE_FINALIZE_NULLIFY},
        {FWL_VOTE_FINALIZE, 2, FWL_VOTE_NULLIFY, 0, FWL_EVIDENCE_FINALIZE_NULLIFY},
        {FWL_VOTE_PROPOSE, 1, FWL_VOTE_PROPOSE, 2, FWL_EVIDENCE_PROPOSE},
        {FWL_VOTE_NOTARIZE, 1, FWL_VOTE_NOTARIZE, 1, 0},
        {FWL_VOTE_FINALIZE, 1, FWL_VOTE_FINALIZE, 1, 0},
        {FWL_VOTE_PROPOSE, 1, FWL_VOTE_PROPOSE, 1, 0},
        {FWL_VOTE_NULLIFY, 0, FWL_VOTE_NULLIFY, 0, 0},
        {FWL_VOTE_NOTARIZE, 1, FWL_VOTE_FINALIZE, 2, 0},
        {FWL_VOTE_NOTARIZE, 1, FWL_VOTE_NULLIFY, 0, 0}, /* what the protocol itself asks for after a timeout */
        {FWL_VOTE_PROPOSE, 1, FWL_VOTE_NOTARIZE, 2, 0},
    };

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(pairs); i++) {
        struct fwl_vote a = vote_of(pairs[i].a, pairs[i].a_hash);
        struct fwl_vote b = vote_of(pairs[i].b, pairs[i].b_hash);
        struct fwl_evidence ev;
        struct fwl_evidence again;
        uint8_t bytes[FWL_EVIDENCE_SIZE];

        assert_int_equal(fwl_evidence_make(&ev, &a, &b), pairs[i].type == 0 ? FWL_ERR_VALUE : FWL_OK);
        assert_int_equal(ev.type, pairs[i].type);
        if (pairs[i].type == 0) {
            continue;
        }
        fwl_evidence_encode(bytes, &ev);
        assert_int_equal(fwl_evidence_decode(&again, fwl_span(bytes, sizeof(bytes))), FWL_OK);
        for (uint8_t type = 0; type <= 5; type++) { /* only its own type */
            bytes[1] = type;
            assert_int_equal(fwl_evidence_decode(&again, fwl_span(bytes, sizeof(bytes))),
                             type == pairs[i].type ? FWL_OK : FWL_ERR_VALUE);
        }
        b.height++;
        assert_int_equal(fwl_evidence_make(&ev, &a, &b), FWL_ERR_VALUE);
        b.height--;
        b.view++;
        assert_int_equal(fwl_evidence_make(&ev, &a, &b), FWL_ERR_VALUE);
        b.view--;
        b.idx++;
        assert_int_equal(fwl_evidence_make(&ev, &a, &b), FWL_ERR_VALUE);
    }
}

static void
test_signed__vote_forms(void **state)
{
    uint8_t bytes[FWL_VOTE_SIZE];
    struct fwl_vote vote = vote_of(FWL_VOTE_NULLIFY, 0);

    (void)state;
    fwl_vote_encode(bytes, &vote);
    assert_int_equal(fwl_vote_decode(&vote, fwl_span(bytes, sizeof(bytes))), FWL_OK);
    bytes[13] = 1; /* a NULLIFY names no block */
    assert_int_equal(fwl_vote_decode(&vote, fwl_span(bytes, sizeof(bytes))), FWL_ERR_VALUE);
    bytes[0] = FWL_VOTE_FINALIZE;
    assert_int_equal(fwl_vote_decode(&vote, fwl_span(bytes, sizeof(bytes))), FWL_OK);
    bytes[0] = 4;
    assert_int_equal(fwl_vote_decode(&vote, fwl_span(bytes, sizeof(bytes))), FWL_ERR_VALUE);
    assert_true(fwl_hash32_is_zero(&vote.block_hash)); /* nothing is left of a refused vote */
}

/* ---- statements ---- */

static void
is_vector(const struct fwl_hash32 *got, const char *name)
{
    assert_memory_equal(got->b, vector(name).p, 32);
}

static void
test_signed__statements(void **state)
{
    static const uint8_t nonce[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    struct fwl_hash32 header_hash = vector_hash("header_hash");
    struct fwl_hash32 vh = vector_hash("validators_hash");
    struct fwl_hash32 gh = vector_hash("governors_hash");
    struct fwl_anchor_statement anchor = {.stored_chain_id = chain_id,
                                          .new_chain_id = vector_hash("genesis_id"),
                                          .epoch = 7,
                                          .height = 42,
                                          .time_ms = 1700000000000,
                                          .block_hash = header_hash,
                                          .validators_hash = vh,
                                          .governors_hash = gh};
    struct fwl_hash32 got;

    (void)state;
    fwl_statement_epoch(&got, &chain_id, 8, &vh, &gh);
    is_vector(&got, "statement.epoch");
    fwl_statement_anchor(&got, &anchor);
    is_vector(&got, "statement.anchor");
    fwl_statement_possession(&got, &chain_id, 42, &header_hash);
    is_vector(&got, "statement.possession");
    fwl_statement_attest(&got, &chain_id, nonce, 42, &header_hash, 1700000000000);
    is_vector(&got, "statement.attest");
}

/* ---- transactions with keys of both curves ---- */

enum { SIGNERS = 3 };

static const enum fwl_key_kind signer_kinds[SIGNERS] = {FWL_KEY_PARTICIPANT_P256, FWL_KEY_PARTICIPANT,
                                                        FWL_KEY_PARTICIPANT_P256};

static struct fwl_secret
secret_of(unsigned i)
{
    return (struct fwl_secret){.kind = signer_kinds[i], .b = {[31] = (uint8_t)(i + 1)}};
}

static struct fwl_list
mixed_keys(uint8_t buffer[256])
{
    struct fwl_key keys[SIGNERS];
    struct fwl_list list = {.count = SIGNERS};
    struct fwl_writer w;

    for (unsigned i = 0; i < SIGNERS; i++) {
        struct fwl_secret secret = secret_of(i);

        fwl_secret_point(&keys[i].alg, &keys[i].point, &secret);
    }
    fwl_writer_init(&w, buffer, 256);
    fwl_key_put_list(&w, keys, SIGNERS);
    assert_int_equal(fwl_writer_finish(&w, &list.items), FWL_OK);
    return list;
}

/* The payload of tx.two signed by the first @count secrets. */
static struct fwl_span
sign(uint8_t *buffer, size_t room, unsigned count)
{
    struct fwl_tx_signature sigs[SIGNERS];
    struct fwl_tx tx;
    struct fwl_writer w;
    struct fwl_span out;

    assert_int_equal(fwl_tx_decode(&tx, NULL, vector("tx.two")), FWL_OK);
    for (unsigned i = 0; i < count; i++) {
        struct fwl_secret secret = secret_of(i);
        struct fwl_hash32 digest;
        struct fwl_key key;

        fwl_secret_point(&key.alg, &key.point, &secret);
        sigs[i].alg = key.alg;
        fwl_key_kid(&sigs[i].kid, &key);
        fwl_tx_digest(&digest, key.alg, &sigs[i].kid, tx.payload);
        fwl_ecdsa_sign(&sigs[i].sig, &secret, &digest);
    }
    fwl_writer_init(&w, buffer, room);
    fwl_tx_put(&w, tx.payload, sigs, count);
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_OK);
    return out;
}

static void
test_signed__both_curves(void **state)
{
    static uint8_t buffer[8192];
    uint8_t key_bytes[256];
    struct fwl_list keys = mixed_keys(key_bytes);
    struct fwl_tx tx;

    (void)state;
    assert_int_equal(fwl_key_check_points(keys), FWL_OK);
    for (unsigned count = 1; count <= SIGNERS; count++) {
        struct fwl_span in = sign(buffer, sizeof(buffer), count);

        assert_int_equal(fwl_tx_decode(&tx, NULL, in), FWL_OK);
        assert_int_equal(tx.signatures.count, count);
        for (uint64_t threshold = 1; threshold <= SIGNERS; threshold++) {
            assert_int_equal(fwl_tx_verify(&tx, keys, threshold), threshold == count ? FWL_OK : FWL_ERR_KEYS);
        }
        for (size_t bit = 0; bit < 8 * 64; bit++) { /* the last signature ends the transaction */
            buffer[in.size - 64 + bit / 8] ^= (uint8_t)(1 << (bit % 8));
            assert_int_equal(fwl_tx_verify(&tx, keys, count), FWL_ERR_SIGNATURE);
            buffer[in.size - 64 + bit / 8] ^= (uint8_t)(1 << (bit % 8));
        }
    }
}

/* ---- lists of keys ---- */

static void
test_signed__key_lists(void **state)
{
    uint8_t bytes[48 * (FWL_KEYS_MAX + 1)];
    struct fwl_key keys[FWL_KEYS_MAX + 1];
    struct fwl_kid last = {{0}};
    struct fwl_list list = {.count = FWL_KEYS_MAX};
    struct fwl_writer w;
    struct fwl_reader it;
    struct fwl_key key;
    size_t seen = 0;

    (void)state;
    for (unsigned i = 0; i < FWL_COUNT(keys); i++) {
        struct fwl_secret secret = {.kind = FWL_KEY_PARTICIPANT, .b = {[31] = (uint8_t)(i + 1)}};

        fwl_secret_point(&keys[i].alg, &keys[i].point, &secret);
    }
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_key_put_list(&w, keys, FWL_KEYS_MAX);
    assert_int_equal(fwl_writer_finish(&w, &list.items), FWL_OK);
    for (fwl_list_begin(&it, list); fwl_key_next(&it, &key); seen++) {
        struct fwl_kid kid;
        struct fwl_key found;

        fwl_key_kid(&kid, &key);
        assert_true(memcmp(kid.b, last.b, sizeof(kid.b)) > 0);
        assert_memory_equal(&keys[seen].point, &key.point, sizeof(key.point)); /* sorted in place */
        assert_true(fwl_key_has(list, &key) && fwl_key_find(&found, list, &kid));
        last = kid;
    }
    assert_int_equal(seen, FWL_KEYS_MAX);
    assert_false(fwl_key_has(list, &keys[FWL_KEYS_MAX]));
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_key_put_list(&w, keys, FWL_KEYS_MAX + 1);
    assert_int_equal(fwl_writer_finish(&w, &list.items), FWL_ERR_LIMIT);
    keys[5] = keys[2];
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_key_put_list(&w, keys, FWL_KEYS_MAX);
    assert_int_equal(fwl_writer_finish(&w, &list.items), FWL_ERR_DUPLICATE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed__every_bit_counts), cmocka_unit_test(test_signed__conflicts),
        cmocka_unit_test(test_signed__vote_forms),       cmocka_unit_test(test_signed__statements),
        cmocka_unit_test(test_signed__both_curves),      cmocka_unit_test(test_signed__key_lists),
    };

    return cmocka_run_group_tests(tests, setup, vectors_free);
}
