/* Answers, bundles, values, lists and blocks of a chain made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/merkle/proof.h"
#include "ledger/query/query.h"
#include "tests/unit/query/chain.h"

static struct chain chain;
static struct fwl_read view;
static struct fwl_query_work work;
static uint8_t buffer[1 << 18];

static const struct fwl_query_ask plain = {.fleet = {(const uint8_t *)CHAIN_FLEET, sizeof(CHAIN_FLEET) - 1},
                                           .class_name = {(const uint8_t *)CHAIN_CLASS, sizeof(CHAIN_CLASS) - 1}};

static void
open_view(void)
{
    struct fwl_storage storage = fwl_memstore_storage(chain.store);

    assert_int_equal(fwl_read_begin(&storage, &view), FWL_OK);
}

static int
setup(void **state)
{
    (void)state;
    chain_make(&chain);
    open_view();
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    fwl_read_end(&view);
    chain_free(&chain);
    return 0;
}

/* Writes into the store while no view is open, and opens one again. */
static void
change(enum fwl_space space, struct fwl_span key, struct fwl_span value)
{
    fwl_read_end(&view);
    chain_put(&chain, space, key, value);
    open_view();
}

static struct fwl_span
answer_of(const struct fwl_query_ask *ask, struct fwl_answer *out)
{
    struct fwl_writer w;
    struct fwl_span bytes;

    fwl_writer_init(&w, buffer, sizeof(buffer));
    assert_int_equal(fwl_query_answer(&view.kv, &work, &w, ask), FWL_OK);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    assert_int_equal(fwl_answer_decode(out, NULL, bytes), FWL_OK);
    return bytes;
}

static void
assert_proven(const struct fwl_answer *a, enum fwl_answer_entry which, uint8_t table, const char *key, bool present)
{
    struct fwl_proven proven;
    struct fwl_hash32 hash;
    struct fwl_span value;

    assert_int_equal(fwl_proof_verify(&proven, &chain.state_root, table, fwl_span_text(key), a->proofs[which]), FWL_OK);
    assert_int_equal(proven.present, present);
    if (present) {
        assert_int_equal(fwl_query_value(&view.kv, &value, &proven.value_hash), FWL_OK);
        fwl_entry_value_hash(&hash, value);
        assert_true(fwl_hash32_equal(&hash, &proven.value_hash));
    }
}

static void
test_query__tip(void **state)
{
    struct fwl_query_tip tip;

    (void)state;
    assert_int_equal(fwl_query_tip(&view.kv, &tip), FWL_OK);
    assert_int_equal(tip.header.height, CHAIN_HEIGHT);
    assert_int_equal(tip.header_bytes.size, FWL_HEADER_SIZE);
    assert_int_equal(tip.cert.size, 69);
}

static void
test_query__answer_proves_three_entries(void **state)
{
    struct fwl_answer a;
    struct fwl_query_ask ask = plain;

    (void)state;
    (void)answer_of(&ask, &a);
    assert_false(a.more);
    assert_int_equal(a.step_count, 0);
    assert_proven(&a, FWL_ANSWER_VENDOR, FWL_TABLE_VENDOR, "acme", true);
    assert_proven(&a, FWL_ANSWER_CLASS, FWL_TABLE_CLASS, CHAIN_CLASS, true);
    assert_proven(&a, FWL_ANSWER_FLEET, FWL_TABLE_FLEET, CHAIN_FLEET, true);

    ask.class_name = fwl_span_text("other/cam/os");
    ask.fleet = fwl_span_text("ops/none");
    (void)answer_of(&ask, &a);
    assert_proven(&a, FWL_ANSWER_VENDOR, FWL_TABLE_VENDOR, "other", false);
    assert_proven(&a, FWL_ANSWER_CLASS, FWL_TABLE_CLASS, "other/cam/os", false);
    assert_proven(&a, FWL_ANSWER_FLEET, FWL_TABLE_FLEET, "ops/none", false);
}

static void
test_query__answer_steps(void **state)
{
    struct fwl_query_ask ask = plain;
    struct fwl_answer a;
    struct fwl_reader it;
    struct fwl_span step;
    uint8_t first = 0;

    (void)state;
    ask.has_since = true;
    ask.since = CHAIN_EPOCH - FWL_EPOCH_STEPS_MAX; /* exactly the maximum */
    (void)answer_of(&ask, &a);
    assert_int_equal(a.step_count, FWL_EPOCH_STEPS_MAX);
    assert_false(a.more);
    fwl_answer_steps_begin(&it, &a);
    assert_true(fwl_answer_step_next(&it, &step));
    assert_int_equal(step.size, CHAIN_STEP);
    first = step.p[0];
    assert_int_equal(first, ask.since + 1);

    ask.since--; /* one too many */
    (void)answer_of(&ask, &a);
    assert_int_equal(a.step_count, FWL_EPOCH_STEPS_MAX);
    assert_true(a.more);

    ask.since = CHAIN_EPOCH;
    (void)answer_of(&ask, &a);
    assert_int_equal(a.step_count, 0);
    ask.since = UINT64_MAX;
    (void)answer_of(&ask, &a);
    assert_int_equal(a.step_count, 0);
    assert_false(a.more);
}

static void
test_query__answer_steps_bytes(void **state)
{
    static uint8_t big[8 + 2 + 34 + 60000];
    static const uint8_t epoch[3][8] = {
        {0, 0, 0, 0, 0, 0, 0, 67}, {0, 0, 0, 0, 0, 0, 0, 68}, {0, 0, 0, 0, 0, 0, 0, 69}};
    struct fwl_query_ask ask = plain;
    struct fwl_answer a;

    (void)state;
    fwl_store_be16(big + 8, 34);
    fwl_store_be16(big + 10, 1);
    for (size_t i = 0; i < 3; i++) {
        change(FWL_SPACE_SET, fwl_span(epoch[i], 8), fwl_span(big, sizeof(big)));
    }
    ask.has_since = true;
    ask.since = 67;
    (void)answer_of(&ask, &a);
    assert_int_equal(a.step_count, 2); /* the third does not fit FWL_QUERY_STEPS_BYTES */
    assert_true(a.more);
}

static void
test_query__answer_errors(void **state)
{
    static const uint8_t one[8] = {0, 0, 0, 0, 0, 0, 0, 69};
    struct fwl_query_ask ask = plain;
    struct fwl_writer w;

    (void)state;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    ask.fleet = fwl_span_text("ops");
    assert_int_equal(fwl_query_answer(&view.kv, &work, &w, &ask), FWL_ERR_NAME);
    ask = plain;
    ask.class_name = fwl_span_text("acme/cam");
    assert_int_equal(fwl_query_answer(&view.kv, &work, &w, &ask), FWL_ERR_NAME);
    ask = plain;
    fwl_writer_init(&w, buffer, 10);
    assert_int_equal(fwl_query_answer(&view.kv, &work, &w, &ask), FWL_ERR_SPACE);

    change(FWL_SPACE_SET, fwl_span(one, 8), fwl_span(NULL, 0));
    ask.has_since = true;
    ask.since = 69;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    assert_int_equal(fwl_query_answer(&view.kv, &work, &w, &ask), FWL_ERR_ABSENT);
    change(FWL_SPACE_SET, fwl_span(one, 8), fwl_span_text("short"));
    assert_int_equal(fwl_query_answer(&view.kv, &work, &w, &ask), FWL_ERR_CORRUPT);
    change(FWL_SPACE_META, fwl_span_text("height"), fwl_span(NULL, 0));
    assert_int_equal(fwl_query_answer(&view.kv, &work, &w, &plain), FWL_ERR_ABSENT);
}

static void
test_query__governors(void **state)
{
    uint8_t points[33 * FWL_KEYS_MAX];
    struct fwl_governors set;

    (void)state; /* tests/whole asks for those of real steps */
    assert_int_equal(fwl_query_governors(&view.kv, &set, points, 0), FWL_ERR_ABSENT);
    change(FWL_SPACE_META, fwl_span_text("genesis"), fwl_span_text("none"));
    assert_int_equal(fwl_query_governors(&view.kv, &set, points, 0), FWL_ERR_CORRUPT);
    assert_int_equal(fwl_query_governors(&view.kv, &set, points, 1), FWL_ERR_CORRUPT);
    assert_int_equal(fwl_query_governors(&view.kv, &set, points, CHAIN_EPOCH + 2), FWL_ERR_ABSENT);
}

static void
test_query__answer_before_the_first_block(void **state)
{
    static const uint8_t zero[8] = {0};
    struct fwl_query_tip tip;
    struct fwl_writer w;

    (void)state;
    change(FWL_SPACE_META, fwl_span_text("height"), fwl_span(zero, 8));
    assert_int_equal(fwl_query_tip(&view.kv, &tip), FWL_OK);
    assert_int_equal(tip.cert.size, 0);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    assert_int_equal(fwl_query_answer(&view.kv, &work, &w, &plain), FWL_ERR_ABSENT);
}

static void
test_query__bundle_order(void **state)
{
    static uint8_t copy[1 << 18];
    struct fwl_answer a;
    struct fwl_bundle b;
    struct fwl_query_values v;
    struct fwl_reader it;
    struct fwl_writer w;
    struct fwl_span answer = answer_of(&plain, &a);
    struct fwl_span bytes;
    struct fwl_span value;

    (void)state;
    fwl_writer_init(&w, copy, sizeof(copy));
    assert_int_equal(fwl_query_bundle(&view.kv, &w, answer, &plain), FWL_OK);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    assert_int_equal(fwl_bundle_decode(&b, NULL, bytes), FWL_OK);
    assert_true(fwl_span_equal(b.answer, answer));
    assert_int_equal(b.value_count, 4 + CHAIN_RELEASES);
    assert_int_equal(fwl_query_values(&view.kv, &v, &plain), FWL_OK);
    fwl_bundle_values_begin(&it, &b);
    {
        const struct fwl_span want[] = {v.vendor, v.class_entry, v.fleet, v.policy, v.releases[0], v.releases[1]};

        for (size_t i = 0; i < FWL_COUNT(want); i++) {
            assert_true(fwl_bundle_value_next(&it, &value));
            assert_true(value.size > 0 && fwl_span_equal(value, want[i]));
        }
    }
    assert_false(fwl_bundle_value_next(&it, &value));
}

static void
test_query__values_absent(void **state)
{
    struct fwl_query_ask ask = plain;
    struct fwl_query_values v;

    (void)state;
    ask.fleet = fwl_span_text(CHAIN_BARE);
    assert_int_equal(fwl_query_values(&view.kv, &v, &ask), FWL_OK);
    assert_non_null(v.fleet.p);
    assert_null(v.policy.p);
    ask.class_name = fwl_span_text("x/y/z");
    assert_int_equal(fwl_query_values(&view.kv, &v, &ask), FWL_OK);
    assert_null(v.vendor.p);
    assert_null(v.class_entry.p);
    assert_int_equal(v.release_count, 0);
    ask.class_name = fwl_span_text("x/y");
    assert_int_equal(fwl_query_values(&view.kv, &v, &ask), FWL_ERR_NAME);
}

static void
test_query__values_missing_is_corrupt(void **state)
{
    uint8_t key[33] = {FWL_TABLE_RELEASE};
    struct fwl_query_values v;

    (void)state;
    memcpy(key + 1, chain.release_id[1].b, 32);
    change(FWL_SPACE_KV, fwl_span(key, sizeof(key)), fwl_span(NULL, 0));
    assert_int_equal(fwl_query_values(&view.kv, &v, &plain), FWL_ERR_CORRUPT);
}

static void
test_query__value_by_hash(void **state)
{
    static const struct fwl_hash32 nothing = {{1}};
    struct fwl_span value;
    uint8_t key[33] = {1};

    (void)state;
    assert_int_equal(fwl_query_value(&view.kv, &value, &chain.replaced), FWL_OK);
    assert_true(fwl_span_is(value, "old"));
    assert_int_equal(fwl_query_value(&view.kv, &value, &nothing), FWL_ERR_ABSENT);
    memcpy(key + 1, nothing.b, 32);
    change(FWL_SPACE_VAL, fwl_span(key, sizeof(key)), fwl_span("\0\0\0\1\3x", 6));
    assert_int_equal(fwl_query_value(&view.kv, &value, &nothing), FWL_ERR_CORRUPT);
    change(FWL_SPACE_VAL, fwl_span(key, sizeof(key)), fwl_span("\0\0\0\1\2\0\0\0\0\0\0\0x", 13)); /* no bytes */
    assert_int_equal(fwl_query_value(&view.kv, &value, &nothing), FWL_ERR_CORRUPT);
    change(FWL_SPACE_VAL, fwl_span(key, sizeof(key)), fwl_span("\0\0\0\1\1\12none", 10));
    assert_int_equal(fwl_query_value(&view.kv, &value, &nothing), FWL_ERR_CORRUPT);
}

static void
test_query__lists(void **state)
{
    struct fwl_span key = {0};
    struct fwl_span value;
    uint8_t large[FWL_KV_KEY_MAX] = {0};

    (void)state;
    assert_int_equal(fwl_query_next(&view.kv, &key, &value, FWL_TABLE_FLEET, key), FWL_OK);
    assert_true(fwl_span_is(key, CHAIN_BARE));
    assert_int_equal(fwl_query_next(&view.kv, &key, &value, FWL_TABLE_FLEET, key), FWL_OK);
    assert_true(fwl_span_is(key, CHAIN_FLEET));
    assert_int_equal(fwl_query_next(&view.kv, &key, &value, FWL_TABLE_FLEET, key), FWL_ERR_ABSENT);
    assert_int_equal(fwl_query_entry(&view.kv, &value, FWL_TABLE_FLEET, fwl_span(large, sizeof(large) - 1)),
                     FWL_ERR_ABSENT);
    assert_int_equal(fwl_query_entry(&view.kv, &value, FWL_TABLE_FLEET, fwl_span(large, sizeof(large))),
                     FWL_ERR_ABSENT);
    assert_int_equal(fwl_query_next(&view.kv, &key, &value, FWL_TABLE_FLEET, fwl_span(large, sizeof(large))),
                     FWL_ERR_ABSENT);
}

static void
test_query__blocks(void **state)
{
    static const uint8_t one[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    struct fwl_query_block b;
    struct fwl_reader it;
    struct fwl_span tx;
    struct fwl_cert cert;
    uint64_t height = 0;
    uint32_t index = 0;

    (void)state;
    assert_int_equal(fwl_query_block(&view.kv, &b, 1), FWL_OK);
    assert_int_equal(b.header.txs_count, 2);
    fwl_query_block_begin(&it, &b);
    assert_true(fwl_query_block_next(&it, &tx) && fwl_span_is(tx, "a"));
    assert_true(fwl_query_block_next(&it, &tx) && fwl_span_is(tx, "bc"));
    assert_false(fwl_query_block_next(&it, &tx));
    assert_int_equal(fwl_query_block(&view.kv, &b, 0), FWL_OK);
    assert_int_equal(b.cert.size, 0);
    assert_int_equal(fwl_query_block(&view.kv, &b, CHAIN_HEIGHT + 1), FWL_ERR_ABSENT);
    assert_int_equal(fwl_query_header(&view.kv, &tx, UINT64_MAX), FWL_ERR_ABSENT);
    assert_int_equal(fwl_query_place(&view.kv, &height, &index, &chain.txid), FWL_OK);
    assert_int_equal(height, 1);
    assert_int_equal(index, 1);
    assert_int_equal(fwl_query_place(&view.kv, &height, &index, &chain.chain_id), FWL_ERR_ABSENT);

    assert_int_equal(fwl_query_block(&view.kv, &b, 0), FWL_OK);
    assert_int_equal(fwl_query_certificate(&view.kv, &cert, &b), FWL_ERR_ABSENT);
    assert_int_equal(fwl_query_block(&view.kv, &b, 1), FWL_OK);
    assert_int_equal(fwl_query_certificate(&view.kv, &cert, &b), FWL_OK);
    assert_true(cert.height == 1 && cert.n == 1 && fwl_hash32_equal(&cert.block_hash, &b.hash));

    change(FWL_SPACE_BLK, fwl_span(one, 8), fwl_span(NULL, 0));
    assert_int_equal(fwl_query_block(&view.kv, &b, 1), FWL_OK);
    assert_false(b.has_txs);
    change(FWL_SPACE_BLK, fwl_span(one, 8), fwl_span("\0\0\0\2\0\0\0\1a", 9));
    assert_int_equal(fwl_query_block(&view.kv, &b, 1), FWL_ERR_CORRUPT);
    change(FWL_SPACE_BLK, fwl_span(one, 8), fwl_span(NULL, 0));
    change(FWL_SPACE_FIN, fwl_span(one, 8), fwl_span("\0\0\0\0\1", 5));
    assert_int_equal(fwl_query_block(&view.kv, &b, 1), FWL_OK);
    assert_int_equal(fwl_query_certificate(&view.kv, &cert, &b), FWL_ERR_CORRUPT);
    assert_int_equal(cert.n, 0);
}

static void
test_query__sets(void **state)
{
    struct fwl_query_set set;

    (void)state;
    assert_int_equal(fwl_query_set(&view.kv, &set, 0), FWL_OK);
    assert_int_equal(set.epoch, 0);
    assert_int_equal(fwl_query_set(&view.kv, &set, CHAIN_HEIGHT + 1), FWL_OK);
    assert_int_equal(set.epoch, CHAIN_EPOCH);
    assert_int_equal(set.first, 3);
    assert_int_equal(set.validators.n, 1);
    assert_memory_equal(set.validators.keys.p, chain.validator.b, 32);
    assert_int_equal(fwl_query_set(&view.kv, &set, CHAIN_HEIGHT + 2), FWL_ERR_ABSENT);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_query__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(tip),
        CASE(answer_proves_three_entries),
        CASE(answer_steps),
        CASE(answer_steps_bytes),
        CASE(answer_errors),
        CASE(answer_before_the_first_block),
        CASE(bundle_order),
        CASE(values_absent),
        CASE(values_missing_is_corrupt),
        CASE(value_by_hash),
        CASE(lists),
        CASE(blocks),
        CASE(sets),
        CASE(governors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
