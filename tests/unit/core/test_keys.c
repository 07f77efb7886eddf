#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host/keys.h"
#include "tests/unit/core/vectors.h"

static char folder[256];
static char path[300];

static int
setup(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/fwl-keys-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(path, sizeof(path), "%s/key", folder);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void
put_file(const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void
test_keys__save_and_load_every_kind(void **state)
{
    (void)state;
    for (int kind = FWL_KEY_VALIDATOR; kind <= FWL_KEY_AUTHOR_P256; kind++) {
        struct fwl_secret secret;
        struct fwl_secret back;
        struct stat st;

        fwl_secret_generate(&secret, (enum fwl_key_kind)kind);
        assert_int_equal(fwl_secret_save(&secret, path), FWL_OK);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(fwl_secret_load(&back, path), FWL_OK);
        assert_int_equal(back.kind, kind);
        assert_memory_equal(back.b, secret.b, 32);
        assert_int_equal(fwl_secret_save(&secret, path), FWL_ERR_EXISTS);
        assert_int_equal(unlink(path), 0);
        fwl_secret_clear(&back);
        assert_int_equal(back.b[0] | back.b[31], 0);
    }
}

#define ONE   "0000000000000000000000000000000000000000000000000000000000000001"
#define ZERO  "0000000000000000000000000000000000000000000000000000000000000000"
#define N_K1  "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define N_R1  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define N_R1L "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define MAGIC "fwledger-key-1 "

static void
test_keys__contents_of_files(void **state)
{
    static const struct {
        const char *text;
        enum fwl_err err;
    } cases[] = {
        {MAGIC "validator " ONE "\n", FWL_OK},
        {MAGIC "validator " ONE, FWL_OK},
        {MAGIC "author-p256 " N_R1L "\n", FWL_OK},
        {MAGIC "author " N_R1L "\n", FWL_OK},
        {"", FWL_ERR_VALUE},
        {"\n", FWL_ERR_VALUE},
        {MAGIC, FWL_ERR_VALUE},
        {MAGIC "validator", FWL_ERR_VALUE},
        {MAGIC "validator " ONE "\n\n", FWL_ERR_VALUE},
        {MAGIC "validator " ONE "0\n", FWL_ERR_VALUE},
        {MAGIC "validator  " ONE "\n", FWL_ERR_VALUE},
        {MAGIC "king " ONE "\n", FWL_ERR_VALUE},
        {MAGIC "validator " ZERO "\n", FWL_ERR_VALUE},
        {MAGIC "validator " N_K1 "\n", FWL_ERR_VALUE},
        {MAGIC "author-p256 " N_R1 "\n", FWL_ERR_VALUE},
        {MAGIC "author-p256 " ZERO "\n", FWL_ERR_VALUE},
        {"fwledger-key-2 validator " ONE "\n", FWL_ERR_VALUE},
        {MAGIC "validator 000000000000000000000000000000000000000000000000000000000000000G\n", FWL_ERR_VALUE},
        {MAGIC "validator " ONE "\n" MAGIC "validator " ONE "\n", FWL_ERR_VALUE},
    };

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        struct fwl_secret secret;

        put_file(cases[i].text, 0600);
        if (fwl_secret_load(&secret, path) != cases[i].err) {
            fail_msg("not %s: %s", fwl_err_name(cases[i].err), cases[i].text);
        }
        if (cases[i].err != FWL_OK) {
            assert_int_equal(secret.b[31], 0);
        }
    }
}

static void
test_keys__files_others_may_read_and_absent_ones(void **state)
{
    static const mode_t open_modes[] = {0640, 0604, 0610, 0601, 0620, 0602, 0644, 0666};
    struct fwl_secret secret;

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(open_modes); i++) {
        put_file(MAGIC "node " ONE "\n", open_modes[i]);
        assert_int_equal(fwl_secret_load(&secret, path), FWL_ERR_STATE);
        assert_int_equal(secret.b[31], 0);
    }
    put_file(MAGIC "node " ONE "\n", 0400);
    assert_int_equal(fwl_secret_load(&secret, path), FWL_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(fwl_secret_load(&secret, path), FWL_ERR_ABSENT);
    assert_int_equal(fwl_secret_load(&secret, folder), FWL_ERR_STORAGE);
    assert_int_equal(fwl_secret_load(&secret, "/dev/null/x"), FWL_ERR_STORAGE);
    secret.kind = FWL_KEY_NODE;
    assert_int_equal(fwl_secret_save(&secret, "/dev/null/x"), FWL_ERR_STORAGE);
}

static void
test_keys__deterministic_signatures(void **state)
{
    struct fwl_secret secret = {.kind = FWL_KEY_VALIDATOR, .b = {[31] = 1}};
    struct fwl_hash32 digest = {.b = {5}};
    struct fwl_sig64 a;
    struct fwl_sig64 b;

    (void)state;
    fwl_schnorr_sign(&a, &secret, &digest);
    fwl_schnorr_sign(&b, &secret, &digest);
    assert_memory_equal(a.b, b.b, 64);
    secret.kind = FWL_KEY_AUTHOR;
    fwl_ecdsa_sign(&a, &secret, &digest);
    fwl_ecdsa_sign(&b, &secret, &digest);
    assert_memory_equal(a.b, b.b, 64);
}

/* Half of all raw P-256 signatures have a high s: with 64 of them, a signer that forgets to lower it is found. */
static void
test_keys__p256_signatures_have_low_s(void **state)
{
    struct fwl_secret secret;
    struct fwl_pubkey33 key;
    int64_t alg = 0;

    (void)state;
    fwl_secret_generate(&secret, FWL_KEY_PARTICIPANT_P256);
    fwl_secret_point(&alg, &key, &secret);
    assert_int_equal(alg, FWL_ALG_ESP256);
    for (uint8_t i = 0; i < 64; i++) {
        struct fwl_hash32 digest = {.b = {i}};
        struct fwl_sig64 sig;

        fwl_ecdsa_sign(&sig, &secret, &digest);
        assert_int_equal(fwl_ecdsa_verify(alg, &sig, &digest, &key), FWL_OK);
    }
}

static void
test_keys__why(void **state)
{
    (void)state;
    assert_string_equal(fwl_secret_why(FWL_ERR_ABSENT), "there is no such file");
    assert_string_equal(fwl_secret_why(FWL_ERR_STATE), "others may read this key file; chmod 600 closes it");
    assert_string_equal(fwl_secret_why(FWL_ERR_VALUE), "it is no key file; fwledger keygen makes one");
    assert_string_equal(fwl_secret_why(FWL_ERR_TYPE), "it is a key of another kind");
    assert_string_equal(fwl_secret_why(FWL_ERR_STORAGE), "it cannot be read");
    assert_string_equal(fwl_secret_why(FWL_ERR_MEMORY), fwl_err_text(FWL_ERR_MEMORY));
}

static void
test_keys__kind_names(void **state)
{
    (void)state;
    assert_string_equal(fwl_key_kind_name(FWL_KEY_VALIDATOR), "validator");
    assert_string_equal(fwl_key_kind_name(FWL_KEY_AUTHOR_P256), "author-p256");
    assert_string_equal(fwl_key_kind_name((enum fwl_key_kind)99), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys__save_and_load_every_kind),
        cmocka_unit_test(test_keys__contents_of_files),
        cmocka_unit_test(test_keys__files_others_may_read_and_absent_ones),
        cmocka_unit_test(test_keys__deterministic_signatures),
        cmocka_unit_test(test_keys__p256_signatures_have_low_s),
        cmocka_unit_test(test_keys__why),
        cmocka_unit_test(test_keys__kind_names),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
