/*
 * P-256 port on OpenSSL 3. Low-S is checked here, since OpenSSL accepts both halves. A refusal leaves nothing in the
 * thread's error queue: a TLS connection of the same thread would take it for its own failure.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "core/signature.h"

/* floor(n / 2) of the order n of P-256 (SEC 2, 2.4.2). */
static const uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
};

static EVP_PKEY *
load_point(const struct fwl_pubkey33 *key)
{
    char group[] = "P-256";
    uint8_t point[33];
    OSSL_PARAM params[3];
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = NULL;

    if (key->b[0] != 2 && key->b[0] != 3) {
        return NULL;
    }
    memcpy(point, key->b, sizeof(point));
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
    params[2] = OSSL_PARAM_construct_end();
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* r || s as the DER form that OpenSSL takes; 0 on failure, else its size (at most 72). */
static int
to_der(uint8_t der[80], const struct fwl_sig64 *sig)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig->b, 32, NULL);
    BIGNUM *s = BN_bin2bn(sig->b + 32, 32, NULL);
    int size = 0;

    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = NULL; /* the pair owns both now */
        s = NULL;
        size = i2d_ECDSA_SIG(pair, NULL) <= 80 ? i2d_ECDSA_SIG(pair, &der) : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return size < 0 ? 0 : size;
}

enum fwl_err
fwl_p256_verify(const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey33 *key)
{
    uint8_t der[80];
    int size = 0;
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    bool ok = false;

    if (memcmp(sig->b + 32, half_order, sizeof(half_order)) > 0) {
        return FWL_ERR_SIGNATURE;
    }
    (void)ERR_set_mark();
    pkey = load_point(key);
    ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    size = to_der(der, sig);
    ok = ctx != NULL && size > 0 && EVP_PKEY_verify_init(ctx) == 1 &&
         EVP_PKEY_verify(ctx, der, (size_t)size, digest->b, sizeof(digest->b)) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    (void)ERR_pop_to_mark();
    return ok ? FWL_OK : FWL_ERR_SIGNATURE;
}

enum fwl_err
fwl_p256_key_check(const struct fwl_pubkey33 *key)
{
    EVP_PKEY *pkey = NULL;

    (void)ERR_set_mark();
    pkey = load_point(key);
    EVP_PKEY_free(pkey);
    (void)ERR_pop_to_mark();
    return pkey == NULL ? FWL_ERR_VALUE : FWL_OK;
}
