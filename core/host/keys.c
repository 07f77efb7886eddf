#include "core/host/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include "core/hex.h"

enum {
    KEY_LINE_MAX = 128,
};

static const char key_file_magic[] = "fwledger-key-1 ";

void
fwl_random(void *out, size_t size)
{
    uint8_t *to = out;

    while (size > 0) {
        ssize_t got = getrandom(to, FWL_MIN(size, (size_t)256), 0);

        FWL_ASSERT(got > 0 || errno == EINTR);
        if (got > 0) {
            to += got;
            size -= (size_t)got;
        }
    }
}

void
fwl_secret_clear(struct fwl_secret *secret)
{
    fwl_memzero(secret, sizeof(*secret));
}

const char *
fwl_key_kind_name(enum fwl_key_kind kind)
{
    switch (kind) {
    case FWL_KEY_VALIDATOR: return "validator";
    case FWL_KEY_NODE: return "node";
    case FWL_KEY_PARTICIPANT: return "participant";
    case FWL_KEY_AUTHOR: return "author";
    case FWL_KEY_PARTICIPANT_P256: return "participant-p256";
    case FWL_KEY_AUTHOR_P256: return "author-p256";
    }
    return "unknown";
}

static bool
is_p256(const struct fwl_secret *secret)
{
    return secret->kind == FWL_KEY_PARTICIPANT_P256 || secret->kind == FWL_KEY_AUTHOR_P256;
}

/* 0 < secret < order of the curve. */
static bool
secret_in_range(const struct fwl_secret *secret)
{
    static const uint8_t p256_order[32] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    };
    static const uint8_t zero[32];

    if (is_p256(secret)) {
        return memcmp(secret->b, zero, 32) != 0 && memcmp(secret->b, p256_order, 32) < 0;
    }
    return secp256k1_ec_seckey_verify(secp256k1_context_static, secret->b) == 1;
}

void
fwl_secret_generate(struct fwl_secret *out, enum fwl_key_kind kind)
{
    out->kind = kind;
    do {
        fwl_random(out->b, sizeof(out->b));
    } while (!secret_in_range(out));
}

/* Parses "fwledger-key-1 KIND HEX" with one optional newline at the end. */
static enum fwl_err
parse_line(struct fwl_secret *out, struct fwl_span line)
{
    size_t magic = sizeof(key_file_magic) - 1;

    if (line.size > 0 && line.p[line.size - 1] == '\n') {
        line.size--;
    }
    if (line.size < magic || memcmp(line.p, key_file_magic, magic) != 0) {
        return FWL_ERR_VALUE;
    }
    line = fwl_span(line.p + magic, line.size - magic);
    for (int kind = FWL_KEY_VALIDATOR; kind <= FWL_KEY_AUTHOR_P256; kind++) {
        size_t name = strlen(fwl_key_kind_name((enum fwl_key_kind)kind));

        if (line.size == name + 1 + 64 && line.p[name] == ' ' &&
            memcmp(line.p, fwl_key_kind_name((enum fwl_key_kind)kind), name) == 0) {
            out->kind = (enum fwl_key_kind)kind;
            if (fwl_hex_decode(out->b, sizeof(out->b), fwl_span(line.p + name + 1, 64)) == FWL_OK &&
                secret_in_range(out)) {
                return FWL_OK;
            }
        }
    }
    return FWL_ERR_VALUE;
}

enum fwl_err
fwl_secret_load(struct fwl_secret *out, const char *path)
{
    char line[KEY_LINE_MAX];
    struct stat st;
    ssize_t got = 0;
    int cause = 0;
    enum fwl_err err = FWL_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    fwl_secret_clear(out);
    if (fd < 0) {
        return errno == ENOENT ? FWL_ERR_ABSENT : FWL_ERR_STORAGE;
    }
    got = fstat(fd, &st) == 0 ? read(fd, line, sizeof(line)) : -1;
    cause = errno;
    err = got < 0 ? FWL_ERR_STORAGE : parse_line(out, fwl_span(line, (size_t)got));
    if (err == FWL_OK && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        err = FWL_ERR_STATE; /* told only of key files: no advice to close any other file */
    }
    (void)close(fd);
    errno = cause;
    fwl_memzero(line, sizeof(line));
    if (err != FWL_OK) {
        fwl_secret_clear(out);
    }
    return err;
}

const char *
fwl_secret_why(enum fwl_err err)
{
    if (err == FWL_ERR_ABSENT) {
        return "there is no such file";
    }
    if (err == FWL_ERR_STATE) {
        return "others may read this key file; chmod 600 closes it";
    }
    if (err == FWL_ERR_VALUE) {
        return "it is no key file; fwledger keygen makes one";
    }
    if (err == FWL_ERR_TYPE) {
        return "it is a key of another kind";
    }
    return err == FWL_ERR_STORAGE ? "it cannot be read" : fwl_err_text(err);
}

enum fwl_err
fwl_secret_hold(int *fd, const char *path)
{
    enum fwl_err err = FWL_OK;

    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return errno == ENOENT ? FWL_ERR_ABSENT : FWL_ERR_STORAGE;
    }
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        err = errno == EWOULDBLOCK ? FWL_ERR_LOCKED : FWL_ERR_STORAGE;
        (void)close(*fd);
        *fd = -1;
    }
    return err;
}

enum fwl_err
fwl_secret_save(const struct fwl_secret *secret, const char *path)
{
    char hex[65];
    char line[KEY_LINE_MAX];
    size_t size = 0;
    bool ok = false;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0) {
        return errno == EEXIST ? FWL_ERR_EXISTS : FWL_ERR_STORAGE;
    }
    fwl_hex_encode(hex, sizeof(hex), fwl_span(secret->b, sizeof(secret->b)));
    size = (size_t)snprintf(line, sizeof(line), "%s%s %s\n", key_file_magic, fwl_key_kind_name(secret->kind), hex);
    ok = write(fd, line, size) == (ssize_t)size && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    fwl_memzero(hex, sizeof(hex));
    fwl_memzero(line, sizeof(line));
    if (!ok) {
        (void)unlink(path);
        return FWL_ERR_STORAGE;
    }
    return FWL_OK;
}

/* A signing context of its own for each call: randomized against side channels, no shared state. */
static secp256k1_context *
signing_context(void)
{
    uint8_t seed[32];
    secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_NONE);

    FWL_ASSERT(ctx != NULL);
    fwl_random(seed, sizeof(seed));
    FWL_ASSERT(secp256k1_context_randomize(ctx, seed) == 1);
    fwl_memzero(seed, sizeof(seed));
    return ctx;
}

void
fwl_secret_xonly(struct fwl_pubkey32 *out, const struct fwl_secret *secret)
{
    secp256k1_context *ctx = signing_context();
    secp256k1_keypair pair;
    secp256k1_xonly_pubkey point;
    bool ok = secp256k1_keypair_create(ctx, &pair, secret->b) == 1 &&
              secp256k1_keypair_xonly_pub(ctx, &point, NULL, &pair) == 1 &&
              secp256k1_xonly_pubkey_serialize(ctx, out->b, &point) == 1;

    FWL_ASSERT(ok);
    fwl_memzero(&pair, sizeof(pair));
    secp256k1_context_destroy(ctx);
}

void
fwl_schnorr_sign(struct fwl_sig64 *out, const struct fwl_secret *secret, const struct fwl_hash32 *digest)
{
    secp256k1_context *ctx = signing_context();
    secp256k1_keypair pair;
    bool ok = secp256k1_keypair_create(ctx, &pair, secret->b) == 1 &&
              secp256k1_schnorrsig_sign32(ctx, out->b, digest->b, &pair, NULL) == 1;

    FWL_ASSERT(ok);
    fwl_memzero(&pair, sizeof(pair));
    secp256k1_context_destroy(ctx);
}

static void
es256k_point(struct fwl_pubkey33 *out, const struct fwl_secret *secret)
{
    secp256k1_context *ctx = signing_context();
    secp256k1_pubkey point;
    size_t size = sizeof(out->b);
    bool ok = secp256k1_ec_pubkey_create(ctx, &point, secret->b) == 1 &&
              secp256k1_ec_pubkey_serialize(ctx, out->b, &size, &point, SECP256K1_EC_COMPRESSED) == 1;

    FWL_ASSERT(ok && size == sizeof(out->b));
    secp256k1_context_destroy(ctx);
}

static void
es256k_sign(struct fwl_sig64 *out, const struct fwl_secret *secret, const struct fwl_hash32 *digest)
{
    secp256k1_context *ctx = signing_context();
    secp256k1_ecdsa_signature sig;
    bool ok = secp256k1_ecdsa_sign(ctx, &sig, digest->b, secret->b, NULL, NULL) == 1 &&
              secp256k1_ecdsa_signature_serialize_compact(ctx, out->b, &sig) == 1;

    FWL_ASSERT(ok);
    secp256k1_context_destroy(ctx);
}

static void
p256_point(struct fwl_pubkey33 *out, const struct fwl_secret *secret)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    BIGNUM *scalar = BN_secure_new();
    bool ok =
        point != NULL && scalar != NULL && BN_bin2bn(secret->b, sizeof(secret->b), scalar) != NULL &&
        EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_COMPRESSED, out->b, sizeof(out->b), NULL) == sizeof(out->b);

    FWL_ASSERT(ok);
    BN_clear_free(scalar);
    EC_POINT_free(point);
    EC_GROUP_free(group);
}

static EVP_PKEY *
p256_private(const struct fwl_secret *secret)
{
    struct fwl_pubkey33 point;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *scalar = BN_secure_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    bool ok = build != NULL && scalar != NULL && ctx != NULL && BN_bin2bn(secret->b, sizeof(secret->b), scalar) != NULL;

    p256_point(&point, secret);
    ok = ok && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
         OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.b, sizeof(point.b)) == 1 &&
         OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1;
    params = ok ? OSSL_PARAM_BLD_to_param(build) : NULL;
    ok = params != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
         EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1;
    FWL_ASSERT(ok);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_clear_free(scalar);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* DER to r || s, with s replaced by n - s when it is in the upper half. */
static bool
der_to_low_s(struct fwl_sig64 *out, const uint8_t *der, size_t size)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    BIGNUM *s = pair == NULL ? NULL : BN_dup(ECDSA_SIG_get0_s(pair));
    BIGNUM *half = BN_new();
    const BIGNUM *order = group == NULL ? NULL : EC_GROUP_get0_order(group);
    bool ok = s != NULL && half != NULL && order != NULL && BN_rshift1(half, order) == 1;

    if (ok && BN_cmp(s, half) > 0) {
        ok = BN_sub(s, order, s) == 1;
    }
    ok = ok && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out->b, 32) == 32 && BN_bn2binpad(s, out->b + 32, 32) == 32;
    BN_free(half);
    BN_free(s);
    ECDSA_SIG_free(pair);
    EC_GROUP_free(group);
    return ok;
}

static void
p256_sign(struct fwl_sig64 *out, const struct fwl_secret *secret, const struct fwl_hash32 *digest)
{
    uint8_t der[80];
    size_t size = sizeof(der);
    EVP_PKEY *pkey = p256_private(secret);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool ok = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
              EVP_PKEY_sign(ctx, der, &size, digest->b, sizeof(digest->b)) == 1 && der_to_low_s(out, der, size);

    FWL_ASSERT(ok);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

void
fwl_secret_point(int64_t *alg, struct fwl_pubkey33 *out, const struct fwl_secret *secret)
{
    if (is_p256(secret)) {
        *alg = FWL_ALG_ESP256;
        p256_point(out, secret);
    } else {
        *alg = FWL_ALG_ES256K;
        es256k_point(out, secret);
    }
}

void
fwl_ecdsa_sign(struct fwl_sig64 *out, const struct fwl_secret *secret, const struct fwl_hash32 *digest)
{
    if (is_p256(secret)) {
        p256_sign(out, secret, digest);
    } else {
        es256k_sign(out, secret, digest);
    }
}
