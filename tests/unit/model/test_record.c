#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/model/roundtrip.h"
#include "tests/unit/model/vectors.h"

/* Order of the kinds of roundtrip.h. */
static const char *const kinds[] = {"header",       "cert",        "epoch.same.OK",    "evidence",      "tx.two",
                                    "release_full", "source",      "policy",           "genesis",       "class",
                                    "fleet",        "participant", "validators_entry", "release_entry", "vendor",
                                    "image",        "params",      "validators",       "governors",     "vote"};

static void
test_record__round_trips_truncations_flips(void **state)
{
    (void)state;
    for (size_t k = 0; k < FWL_COUNT(kinds); k++) {
        struct fwl_span good = vector(kinds[k]);
        uint8_t *copy = malloc(good.size + 1);

        assert_non_null(copy);
        assert_int_equal(roundtrip((uint8_t)k, good), FWL_OK);
        for (size_t i = 0; i < good.size; i++) {
            enum fwl_err err = roundtrip((uint8_t)k, fwl_span(good.p, i));

            assert_true(err != FWL_OK || k == 2); /* an epoch step without the old pair is one */
        }
        for (size_t bit = 0; bit < 8 * good.size; bit++) {
            memcpy(copy, good.p, good.size);
            copy[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            (void)roundtrip((uint8_t)k, fwl_span(copy, good.size));
        }
        memcpy(copy, good.p, good.size);
        copy[good.size] = 0;
        if (k != 2) {
            assert_int_not_equal(roundtrip((uint8_t)k, fwl_span(copy, good.size + 1)), FWL_OK);
        }
        free(copy);
    }
}

static void
test_record__ids(void **state)
{
    struct fwl_hash32 want = vector_hash("txid");
    struct fwl_hash32 got;
    struct fwl_genesis g;
    struct fwl_tx tx;

    (void)state;
    assert_int_equal(fwl_tx_decode(&tx, NULL, vector("tx.two")), FWL_OK);
    fwl_tx_id(&got, tx.payload);
    assert_memory_equal(got.b, want.b, 32);
    want = vector_hash("release_id");
    fwl_release_id(&got, vector("release"));
    assert_memory_equal(got.b, want.b, 32);
    want = vector_hash("genesis_id");
    fwl_genesis_chain_id(&got, vector("genesis"));
    assert_memory_equal(got.b, want.b, 32);
    assert_int_equal(fwl_genesis_decode(&g, NULL, vector("genesis")), FWL_OK);
    want = vector_hash("params_hash");
    fwl_params_hash(&got, &g.params);
    assert_memory_equal(got.b, want.b, 32);
    {
        struct fwl_header h;

        fwl_genesis_header(&h, &g, &got, &got);
        want = vector_hash("validators_hash");
        assert_memory_equal(h.validators_hash.b, want.b, 32);
        assert_int_equal(h.body_size, 348);
    }
}

static struct fwl_list
keys_of(const char *name)
{
    struct fwl_span v = vector(name);

    return (struct fwl_list){.items = fwl_span(v.p + 1, v.size - 1), .count = 3};
}

static enum fwl_err
verify(const char *name, uint64_t threshold)
{
    struct fwl_tx tx;

    assert_int_equal(fwl_tx_decode(&tx, NULL, vector(name)), FWL_OK);
    return fwl_tx_verify(&tx, keys_of("keys"), threshold);
}

static void
test_record__signatures_are_exactly_the_threshold(void **state)
{
    struct fwl_tx tx;
    struct fwl_key key;
    struct fwl_reader it;
    struct fwl_kid kid;

    (void)state;
    assert_int_equal(verify("tx.two", 2), FWL_OK);
    assert_int_equal(verify("tx.two", 1), FWL_ERR_KEYS);
    assert_int_equal(verify("tx.one", 2), FWL_ERR_KEYS);
    assert_int_equal(verify("tx.three", 2), FWL_ERR_KEYS);
    assert_int_equal(verify("tx.stranger", 2), FWL_ERR_KEYS);
    fwl_list_begin(&it, keys_of("keys"));
    assert_true(fwl_key_next(&it, &key));
    fwl_key_kid(&kid, &key);
    assert_memory_equal(kid.b, vector("kid").p, 8);
    assert_int_equal(fwl_key_check_points(keys_of("keys")), FWL_OK);
    assert_int_equal(fwl_tx_decode(&tx, NULL, vector("tx.rotate")), FWL_OK);
    assert_int_equal(fwl_tx_verify_rotation(&tx, keys_of("keys"), 2, keys_of("keys_new"), 2), FWL_OK);
    assert_int_equal(fwl_tx_verify_rotation(&tx, keys_of("keys"), 3, keys_of("keys_new"), 2), FWL_ERR_KEYS);
    assert_int_equal(fwl_tx_decode(&tx, NULL, vector("tx.rotate_more")), FWL_OK);
    assert_int_equal(fwl_tx_verify_rotation(&tx, keys_of("keys"), 2, keys_of("keys_new"), 2), FWL_ERR_KEYS);
}

static void
test_record__any_bit_of_a_payload_breaks_the_signature(void **state)
{
    struct fwl_span good = vector("tx.one");
    uint8_t *copy = malloc(good.size);
    struct fwl_tx tx;

    (void)state;
    assert_non_null(copy);
    for (size_t at = 0; at < good.size; at++) {
        memcpy(copy, good.p, good.size);
        copy[at] ^= (uint8_t)(1 << (at % 8));
        if (fwl_tx_decode(&tx, NULL, fwl_span(copy, good.size)) == FWL_OK) {
            assert_int_not_equal(fwl_tx_verify(&tx, keys_of("keys"), 1), FWL_OK);
        }
    }
    free(copy);
}

static void
test_record__release_growth_author_amend(void **state)
{
    static uint8_t out[FWL_RELEASE_MAX];
    static const uint8_t off[] = {0x18, 33, 0xf4, 0x18, 35, 0xf6};
    static const uint8_t null_valid[] = {0x18, 33, 0xf6};
    static const uint8_t fixed[] = {0x05, 0x01};
    struct fwl_key author = {.alg = FWL_ALG_ES256K};
    struct fwl_fault fault;
    struct fwl_release r;
    struct fwl_writer w;
    struct fwl_span done;
    struct fwl_list amendment = {.items = fwl_span(off, sizeof(off)), .count = 2};

    (void)state;
    assert_int_equal(fwl_release_decode(&r, NULL, vector("release_unknown"), 1), FWL_OK);
    assert_true(r.extra.unknown);
    assert_int_equal(fwl_release_check_publish(&r), FWL_ERR_UNKNOWN);
    assert_int_equal(fwl_release_decode(&r, &fault, vector("release_full"), FWL_SCHEME_NUMBER), FWL_ERR_VERSION);
    assert_string_equal(fault.field, "release.version");
    assert_int_equal(fwl_release_decode(&r, NULL, vector("release_full"), FWL_SCHEME_SEMVER), FWL_OK);
    assert_int_equal(fwl_release_check_publish(&r), FWL_OK);
    memcpy(author.point.b, vector("author_key").p, 33);
    assert_int_equal(fwl_release_author_verify(&r, &author, 1), FWL_OK);
    r.counter++;
    assert_int_equal(fwl_release_author_verify(&r, &author, 1), FWL_ERR_AUTHOR);
    fwl_writer_init(&w, out, sizeof(out));
    assert_int_equal(fwl_release_amend(&w, &fault, vector("release_full"), amendment, 1), FWL_OK);
    assert_int_equal(fwl_writer_finish(&w, &done), FWL_OK);
    assert_int_equal(fwl_release_decode(&r, NULL, done, 1), FWL_OK);
    assert_false(r.valid);
    assert_false((r.has & FWL_HAS(FWL_RELEASE_WINDOW)) != 0);
    amendment = (struct fwl_list){.items = fwl_span(null_valid, sizeof(null_valid)), .count = 1};
    assert_int_equal(fwl_release_amend(&w, &fault, vector("release_full"), amendment, 1), FWL_ERR_VALUE);
    assert_string_equal(fault.field, "release.valid");
    amendment = (struct fwl_list){.items = fwl_span(fixed, sizeof(fixed)), .count = 1};
    assert_int_equal(fwl_release_amend(&w, &fault, vector("release_full"), amendment, 1), FWL_ERR_UNKNOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__round_trips_truncations_flips),
        cmocka_unit_test(test_record__ids),
        cmocka_unit_test(test_record__signatures_are_exactly_the_threshold),
        cmocka_unit_test(test_record__any_bit_of_a_payload_breaks_the_signature),
        cmocka_unit_test(test_record__release_growth_author_amend),
    };

    return cmocka_run_group_tests(tests, vectors_load, vectors_free);
}
