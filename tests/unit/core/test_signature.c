#include <jansson.h>
#include <openssl/err.h>
#include <secp256k1.h>

#include "core/host/keys.h"
#include "core/sha256.h"
#include "core/signature.h"
#include "tests/unit/core/vectors.h"

static const char n_secp256k1[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
static const char n_p256[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

static void
test_signature__bip340_vectors(void **state)
{
    char line[1024];
    char *f[8];
    size_t verified = 0;
    size_t refused = 0;
    size_t other_size = 0;
    FILE *vectors = fopen(VECTORS("bip340/test-vectors.csv"), "r");

    (void)state;
    assert_non_null(vectors);
    assert_true(vectors_line(vectors, line, sizeof(line), ',', f, 8));
    while (vectors_line(vectors, line, sizeof(line), ',', f, 8)) {
        struct fwl_secret secret = {.kind = FWL_KEY_VALIDATOR};
        struct fwl_pubkey32 key;
        struct fwl_hash32 digest;
        struct fwl_sig64 sig;
        bool want = strcmp(f[6], "TRUE") == 0;

        assert_int_equal(vectors_hex(key.b, 32, f[2]), 32);
        assert_int_equal(vectors_hex(sig.b, 64, f[5]), 64);
        if (strlen(f[4]) != 64) {
            other_size++; /* a message that is no digest; fwledger signs digests only */
            continue;
        }
        (void)vectors_hex(digest.b, 32, f[4]);
        if ((fwl_schnorr_verify(&sig, &digest, &key) == FWL_OK) != want) {
            fail_msg("vector %s", f[0]);
        }
        verified += want;
        refused += !want;
        if (*f[1] != '\0') {
            struct fwl_pubkey32 point;

            (void)vectors_hex(secret.b, 32, f[1]);
            fwl_secret_xonly(&point, &secret);
            assert_memory_equal(point.b, key.b, 32);
            assert_int_equal(fwl_schnorr_key_check(&key), FWL_OK);
        }
        if (strcmp(f[0], "0") == 0) { /* auxiliary data zero, as we sign */
            struct fwl_sig64 ours;

            fwl_schnorr_sign(&ours, &secret, &digest);
            assert_memory_equal(ours.b, sig.b, 64);
        }
    }
    (void)fclose(vectors);
    assert_int_equal(verified, 5);
    assert_int_equal(refused, 10);
    assert_int_equal(other_size, 4);
}

/* a - b of 32-byte big-endian numbers, a >= b. */
static void
subtract(uint8_t out[32], const uint8_t a[32], const uint8_t b[32])
{
    int borrow = 0;

    for (int i = 31; i >= 0; i--) {
        int d = a[i] - b[i] - borrow;

        borrow = d < 0;
        out[i] = (uint8_t)d;
    }
}

struct tally {
    size_t accepted;
    size_t high_s; /* valid elsewhere, refused here for its high s alone */
    size_t refused;
    size_t not_64; /* refused before verification: not 64 bytes or not strict DER */
};

static void
judge(struct tally *t, int64_t alg, const char *order, bool valid, const struct fwl_sig64 *sig,
      const struct fwl_hash32 *digest, const struct fwl_pubkey33 *key)
{
    struct fwl_sig64 other = *sig;
    uint8_t n[32];
    enum fwl_err err = fwl_ecdsa_verify(alg, sig, digest, key);

    assert_true(err == FWL_OK || err == FWL_ERR_SIGNATURE);
    if (err == FWL_OK) {
        assert_true(valid);
        t->accepted++;
        (void)vectors_hex(n, 32, order);
        subtract(other.b + 32, n, sig->b + 32);
        assert_int_equal(fwl_ecdsa_verify(alg, &other, digest, key), FWL_ERR_SIGNATURE);
    } else if (valid) {
        (void)vectors_hex(n, 32, order);
        subtract(other.b + 32, n, sig->b + 32);
        assert_true(memcmp(other.b + 32, sig->b + 32, 32) < 0); /* s was the high one */
        assert_int_equal(fwl_ecdsa_verify(alg, &other, digest, key), FWL_OK);
        t->high_s++;
    } else {
        t->refused++;
    }
}

static struct fwl_pubkey33
compressed(const char *uncompressed)
{
    uint8_t raw[65];
    struct fwl_pubkey33 key;

    assert_int_equal(vectors_hex(raw, sizeof(raw), uncompressed), 65);
    key.b[0] = (uint8_t)(2 + raw[64] % 2);
    memcpy(key.b + 1, raw + 1, 32);
    return key;
}

/* The signature as 64 bytes; false when it has no such form. */
static bool
as_64(struct fwl_sig64 *out, const char *hex, bool der)
{
    uint8_t raw[4200];
    secp256k1_ecdsa_signature parsed;
    size_t size = vectors_hex(raw, sizeof(raw), hex);

    if (der) {
        return secp256k1_ecdsa_signature_parse_der(secp256k1_context_static, &parsed, raw, size) &&
               secp256k1_ecdsa_signature_serialize_compact(secp256k1_context_static, out->b, &parsed);
    }
    if (size == 64) {
        memcpy(out->b, raw, 64);
    }
    return size == 64;
}

static struct tally
run_wycheproof(const char *path, int64_t alg, const char *order, bool der)
{
    struct tally t = {0};
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    size_t i = 0;
    size_t j = 0;
    json_t *group = NULL;
    json_t *test = NULL;

    assert_non_null(root);
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        struct fwl_pubkey33 key =
            compressed(json_string_value(json_object_get(json_object_get(group, "publicKey"), "uncompressed")));

        assert_int_equal(fwl_ecdsa_key_check(alg, &key), FWL_OK);
        json_array_foreach(json_object_get(group, "tests"), j, test)
        {
            static uint8_t message[65536];
            bool valid = strcmp(json_string_value(json_object_get(test, "result")), "valid") == 0;
            struct fwl_hash32 digest;
            struct fwl_sig64 sig;

            fwl_sha256(&digest, fwl_span(message, vectors_hex(message, sizeof(message),
                                                              json_string_value(json_object_get(test, "msg")))));
            if (as_64(&sig, json_string_value(json_object_get(test, "sig")), der)) {
                judge(&t, alg, order, valid, &sig, &digest, &key);
            } else {
                assert_false(valid);
                t.not_64++;
            }
        }
    }
    assert_int_equal(t.accepted + t.high_s + t.refused + t.not_64,
                     json_integer_value(json_object_get(root, "numberOfTests")));
    json_decref(root);
    return t;
}

static void
test_signature__wycheproof(void **state)
{
    struct tally t = run_wycheproof(VECTORS("wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json"), FWL_ALG_ES256K,
                                    n_secp256k1, true);

    (void)state;
    print_message("secp256k1 DER: %zu accepted, %zu high s, %zu refused, %zu no r || s\n", t.accepted, t.high_s,
                  t.refused, t.not_64);
    assert_int_equal(t.accepted, 162);
    assert_int_equal(t.high_s, 0);
    t = run_wycheproof(VECTORS("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json"), FWL_ALG_ES256K, n_secp256k1,
                       false);
    print_message("secp256k1 r || s: %zu accepted, %zu high s, %zu refused, %zu not 64 bytes\n", t.accepted, t.high_s,
                  t.refused, t.not_64);
    assert_int_equal(t.accepted + t.high_s, 167);
    assert_int_equal(t.high_s, 72);
    t = run_wycheproof(VECTORS("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"), FWL_ALG_ESP256, n_p256, false);
    print_message("P-256 r || s: %zu accepted, %zu high s, %zu refused, %zu not 64 bytes\n", t.accepted, t.high_s,
                  t.refused, t.not_64);
    assert_int_equal(t.accepted + t.high_s, 173);
    assert_int_equal(t.high_s, 70);
}

static enum fwl_err
verify(const struct fwl_secret *s, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
       const struct fwl_pubkey33 *key)
{
    struct fwl_pubkey32 xonly;

    if (s->kind == FWL_KEY_VALIDATOR || s->kind == FWL_KEY_NODE) {
        memcpy(xonly.b, key->b + 1, 32);
        return fwl_schnorr_verify(sig, digest, &xonly);
    }
    return fwl_ecdsa_verify(s->kind >= FWL_KEY_PARTICIPANT_P256 ? FWL_ALG_ESP256 : FWL_ALG_ES256K, sig, digest, key);
}

static void
check_kind(enum fwl_key_kind kind)
{
    struct fwl_secret secret;
    struct fwl_pubkey33 key = {.b = {2}};
    struct fwl_pubkey32 xonly;
    struct fwl_hash32 digest;
    struct fwl_sig64 sig;
    int64_t alg = 0;

    fwl_secret_generate(&secret, kind);
    fwl_random(digest.b, sizeof(digest.b));
    if (kind == FWL_KEY_VALIDATOR || kind == FWL_KEY_NODE) {
        fwl_secret_xonly(&xonly, &secret);
        memcpy(key.b + 1, xonly.b, 32);
        fwl_schnorr_sign(&sig, &secret, &digest);
    } else {
        fwl_secret_point(&alg, &key, &secret);
        fwl_ecdsa_sign(&sig, &secret, &digest);
    }
    assert_int_equal(verify(&secret, &sig, &digest, &key), FWL_OK);
    for (size_t bit = 0; bit < 8 * sizeof(sig.b); bit++) {
        sig.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(verify(&secret, &sig, &digest, &key), FWL_ERR_SIGNATURE);
        sig.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof(digest.b); bit++) {
        digest.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(verify(&secret, &sig, &digest, &key), FWL_ERR_SIGNATURE);
        digest.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = alg == 0 ? 8 : 0; bit < 8 * sizeof(key.b); bit++) {
        key.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(verify(&secret, &sig, &digest, &key), FWL_ERR_SIGNATURE);
        key.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(verify(&secret, &sig, &digest, &key), FWL_OK);
}

static void
test_signature__round_trip_and_bit_flips(void **state)
{
    (void)state;
    for (int kind = FWL_KEY_VALIDATOR; kind <= FWL_KEY_AUTHOR_P256; kind++) {
        check_kind((enum fwl_key_kind)kind);
    }
}

/* A TLS connection of the same thread would take an error left behind for its own. */
static void
test_signature__leaves_no_openssl_error(void **state)
{
    struct fwl_sig64 sig = {.b = {1}};
    struct fwl_hash32 digest = {0};
    struct fwl_pubkey33 key = {.b = {2, 0xff}};

    (void)state;
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7); /* of somebody else: stays */
    sig.b[63] = 1;
    memset(key.b + 1, 0xff, 32); /* x is no field element */
    assert_int_equal(fwl_p256_verify(&sig, &digest, &key), FWL_ERR_SIGNATURE);
    assert_int_equal(fwl_p256_key_check(&key), FWL_ERR_VALUE);
    sig.b[63] = 0;
    assert_int_equal(fwl_p256_verify(&sig, &digest, &key), FWL_ERR_SIGNATURE);
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 7);
    assert_int_equal(ERR_get_error(), 0);
}

static void
test_signature__keys_that_are_no_points(void **state)
{
    static const uint8_t prefixes[] = {0, 1, 4, 5, 6, 7, 0xff};
    struct fwl_secret secret;
    struct fwl_pubkey33 key;
    struct fwl_pubkey32 x;
    struct fwl_sig64 sig = {0};
    struct fwl_hash32 digest = {0};
    int64_t alg = 0;

    (void)state;
    for (int kind = FWL_KEY_PARTICIPANT; kind <= FWL_KEY_PARTICIPANT_P256; kind += 2) {
        fwl_secret_generate(&secret, (enum fwl_key_kind)kind);
        fwl_secret_point(&alg, &key, &secret);
        assert_int_equal(fwl_ecdsa_key_check(alg, &key), FWL_OK);
        for (size_t i = 0; i < FWL_COUNT(prefixes); i++) {
            key.b[0] = prefixes[i];
            assert_int_equal(fwl_ecdsa_key_check(alg, &key), FWL_ERR_VALUE);
        }
        memset(key.b, 0xff, sizeof(key.b));
        key.b[0] = 2;
        assert_int_equal(fwl_ecdsa_key_check(alg, &key), FWL_ERR_VALUE);
        assert_int_equal(fwl_ecdsa_verify(alg, &sig, &digest, &key), FWL_ERR_SIGNATURE);
    }
    assert_int_equal(fwl_ecdsa_key_check(-7, &key), FWL_ERR_UNKNOWN);
    assert_int_equal(fwl_ecdsa_verify(-7, &sig, &digest, &key), FWL_ERR_UNKNOWN);
    assert_int_equal(fwl_ecdsa_verify(0, &sig, &digest, &key), FWL_ERR_UNKNOWN);
    memset(x.b, 0xff, sizeof(x.b));
    assert_int_equal(fwl_schnorr_key_check(&x), FWL_ERR_VALUE);
    memset(x.b, 0, sizeof(x.b));
    assert_int_equal(fwl_schnorr_key_check(&x), FWL_ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature__bip340_vectors),
        cmocka_unit_test(test_signature__wycheproof),
        cmocka_unit_test(test_signature__round_trip_and_bit_flips),
        cmocka_unit_test(test_signature__leaves_no_openssl_error),
        cmocka_unit_test(test_signature__keys_that_are_no_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
