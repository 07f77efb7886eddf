#include <pthread.h>

#include "core/sha256.h"
#include "tests/unit/core/vectors.h"

static void
assert_hash(const struct fwl_hash32 *hash, const char *hex)
{
    uint8_t want[32];

    assert_int_equal(vectors_hex(want, sizeof(want), hex), 32);
    assert_memory_equal(hash->b, want, 32);
}

/* FIPS 180 examples, and the empty message. */
static void
test_sha256__fips_examples(void **state)
{
    static uint8_t million[1000000];
    struct fwl_hash32 h;

    (void)state;
    fwl_sha256(&h, (struct fwl_span){0});
    assert_hash(&h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    fwl_sha256(&h, fwl_span_text("abc"));
    assert_hash(&h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    fwl_sha256(&h, fwl_span_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"));
    assert_hash(&h, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', sizeof(million));
    fwl_sha256(&h, fwl_span(million, sizeof(million)));
    assert_hash(&h, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void
test_sha256__parts_are_concatenated(void **state)
{
    const struct fwl_span parts[] = {fwl_span_text("a"), {0}, fwl_span_text("b"), fwl_span_text("c")};
    struct fwl_hash32 h;
    struct fwl_hash32 want;

    (void)state;
    fwl_sha256_parts(&h, parts, FWL_COUNT(parts));
    assert_hash(&h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    fwl_hash1(&h, FWL_HASH_MERKLE_LEAF, (struct fwl_span){0}); /* RFC 6962: the leaf of no bytes */
    assert_hash(&h, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    fwl_hash2(&h, FWL_HASH_STATE_NODE, fwl_span_text("x"), fwl_span_text("yz"));
    fwl_sha256(&want, fwl_span("\x11xyz", 4));
    assert_true(fwl_hash32_equal(&h, &want));
}

static void
test_sha256__tagged_as_bip340(void **state)
{
    static const uint8_t zeros[32];
    struct fwl_hash32 h;

    (void)state;
    fwl_tagged_hash(&h, "BIP0340/aux", fwl_span(zeros, sizeof(zeros)));
    assert_hash(&h, "54f169cfc9e2e5727480441f90ba25c488f461c70b5ea5dcaaf7af69270aa514");
}

static void *
hash_often(void *cookie)
{
    bool *ok = cookie;
    struct fwl_hash32 want;

    *ok = true;
    fwl_sha256(&want, fwl_span_text("abc"));
    for (int i = 0; i < 20000; i++) {
        struct fwl_hash32 h;

        fwl_sha256(&h, fwl_span_text("abc"));
        *ok = *ok && fwl_hash32_equal(&h, &want) && h.b[0] == 0xba;
    }
    return NULL;
}

static void
test_sha256__threads_do_not_share(void **state)
{
    pthread_t threads[4];
    bool ok[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &ok[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(ok[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256__fips_examples),
        cmocka_unit_test(test_sha256__parts_are_concatenated),
        cmocka_unit_test(test_sha256__tagged_as_bip340),
        cmocka_unit_test(test_sha256__threads_do_not_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
