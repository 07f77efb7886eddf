/* The validator key as a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/signer.h"

static char folder[256];
static char key_path[300];

static int
setup(void **state)
{
    const char *base = getenv("TMPDIR");
    struct fwl_secret secret;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/fwl-signer-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(key_path, sizeof(key_path), "%s/validator.key", folder);
    fwl_secret_generate(&secret, FWL_KEY_VALIDATOR);
    assert_int_equal(fwl_secret_save(&secret, key_path), FWL_OK);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    (void)unlink(key_path);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
    return 0;
}

static void
test_signer__signs(void **state)
{
    static const struct fwl_hash32 digest = {{1, 2, 3}};
    static const struct fwl_signing_request request = {.type = FWL_SIGNING_VOTE};
    struct fwl_signer signer;
    struct fwl_sig64 sig;

    (void)state;
    assert_int_equal(fwl_signer_open_file(&signer, key_path, true), FWL_OK);
    assert_int_equal(fwl_signer_sign(&signer, &sig, &request, &digest), FWL_OK);
    assert_int_equal(fwl_schnorr_verify(&sig, &digest, &signer.key), FWL_OK);
    fwl_signer_close(&signer);
    assert_int_equal(fwl_signer_sign(&signer, &sig, &request, &digest), FWL_ERR_STATE);
}

/* One at a time, while it is open; who only looks does not count. */
static void
test_signer__one_at_a_time(void **state)
{
    struct fwl_signer first;
    struct fwl_signer second;

    (void)state;
    assert_int_equal(fwl_signer_open_file(&first, key_path, true), FWL_OK);
    assert_int_equal(fwl_signer_open_file(&second, key_path, true), FWL_ERR_LOCKED);
    assert_null(second.sign);
    assert_int_equal(fwl_signer_open_file(&second, key_path, false), FWL_OK);
    fwl_signer_close(&second);
    assert_int_equal(fwl_signer_open_file(&second, key_path, true), FWL_ERR_LOCKED);
    fwl_signer_close(&first);
    assert_int_equal(fwl_signer_open_file(&second, key_path, true), FWL_OK);
    fwl_signer_close(&second);
}

static void
test_signer__refuses_other_files(void **state)
{
    struct fwl_signer signer;
    struct fwl_secret secret;

    (void)state;
    assert_int_equal(chmod(key_path, 0644), 0);
    assert_int_equal(fwl_signer_open_file(&signer, key_path, true), FWL_ERR_STATE);
    assert_int_equal(unlink(key_path), 0);
    assert_int_equal(fwl_signer_open_file(&signer, key_path, true), FWL_ERR_ABSENT);
    fwl_secret_generate(&secret, FWL_KEY_NODE);
    assert_int_equal(fwl_secret_save(&secret, key_path), FWL_OK);
    assert_int_equal(fwl_signer_open_file(&signer, key_path, true), FWL_ERR_TYPE);
    assert_null(signer.sign);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_signer__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(signs),
        CASE(one_at_a_time),
        CASE(refuses_other_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
