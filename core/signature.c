#include "core/signature.h"

#include <secp256k1.h>
#include <secp256k1_schnorrsig.h>

enum fwl_err
fwl_schnorr_verify(const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    secp256k1_xonly_pubkey point;

    if (!secp256k1_xonly_pubkey_parse(secp256k1_context_static, &point, key->b) ||
        !secp256k1_schnorrsig_verify(secp256k1_context_static, sig->b, digest->b, sizeof(digest->b), &point)) {
        return FWL_ERR_SIGNATURE;
    }
    return FWL_OK;
}

/* libsecp256k1 refuses a high s by itself: "only signatures in lower-S form are considered valid". */
static enum fwl_err
es256k_verify(const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey33 *key)
{
    secp256k1_ecdsa_signature parsed;
    secp256k1_pubkey point;

    if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, &point, key->b, sizeof(key->b)) ||
        !secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &parsed, sig->b) ||
        !secp256k1_ecdsa_verify(secp256k1_context_static, &parsed, digest->b, &point)) {
        return FWL_ERR_SIGNATURE;
    }
    return FWL_OK;
}

enum fwl_err
fwl_ecdsa_verify(int64_t alg, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                 const struct fwl_pubkey33 *key)
{
    if (alg == FWL_ALG_ES256K) {
        return es256k_verify(sig, digest, key);
    }
    if (alg == FWL_ALG_ESP256) {
        return fwl_p256_verify(sig, digest, key);
    }
    return FWL_ERR_UNKNOWN;
}

enum fwl_err
fwl_schnorr_key_check(const struct fwl_pubkey32 *key)
{
    secp256k1_xonly_pubkey point;

    return secp256k1_xonly_pubkey_parse(secp256k1_context_static, &point, key->b) ? FWL_OK : FWL_ERR_VALUE;
}

enum fwl_err
fwl_ecdsa_key_check(int64_t alg, const struct fwl_pubkey33 *key)
{
    secp256k1_pubkey point;

    if (alg == FWL_ALG_ESP256) {
        return fwl_p256_key_check(key);
    }
    if (alg != FWL_ALG_ES256K) {
        return FWL_ERR_UNKNOWN;
    }
    return secp256k1_ec_pubkey_parse(secp256k1_context_static, &point, key->b, sizeof(key->b)) ? FWL_OK : FWL_ERR_VALUE;
}
