/*
 * signature - verification of the three signature kinds. Zone F.
 *
 * BIP-340 for validators and nodes, ES256K (RFC 8812) for participants and the only one for governors and
 * authors of small devices, ESP256 (P-256, fully specified, RFC 9864) for participants whose keys live in a
 * TPM or token. ECDSA signatures are r || s with s in the lower half of the group order for both curves: a
 * high s is refused, so a signature has one form. Signing needs a secret and is in core/host/keys.h.
 */
#ifndef FWL_CORE_SIGNATURE_H
#define FWL_CORE_SIGNATURE_H

#include "core/error.h"
#include "core/span.h"

/* COSE algorithm numbers; stored: append only */
enum fwl_alg {
    FWL_ALG_ES256K = -47,
    FWL_ALG_ESP256 = -9,
};

/**
 * fwl_schnorr_verify - BIP-340 over a 32-byte digest.
 *
 * Returns: FWL_OK, or FWL_ERR_SIGNATURE when the key is no point or the signature does not hold.
 * Cost:    about 40 us on a server core.
 * Source:  BIP-340 "Verification".
 */
FWL_NODISCARD enum fwl_err fwl_schnorr_verify(const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                                              const struct fwl_pubkey32 *key);

/**
 * fwl_ecdsa_verify - ES256K or ESP256 over a SHA-256 digest.
 *
 * Returns: FWL_OK
 *          FWL_ERR_SIGNATURE  the key is no point of the curve, r or s is out of range, s is high, or it does not hold
 *          FWL_ERR_UNKNOWN    @alg is neither of the two
 * Source:  RFC 8812, RFC 9864; low-S as in BIP-146.
 */
FWL_NODISCARD enum fwl_err fwl_ecdsa_verify(int64_t alg, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                                            const struct fwl_pubkey33 *key);

/** fwl_schnorr_key_check, fwl_ecdsa_key_check - is it a point of the curve? FWL_OK, FWL_ERR_VALUE, or FWL_ERR_UNKNOWN
 * for @alg. */
FWL_NODISCARD enum fwl_err fwl_schnorr_key_check(const struct fwl_pubkey32 *key);
FWL_NODISCARD enum fwl_err fwl_ecdsa_key_check(int64_t alg, const struct fwl_pubkey33 *key);

/**
 * fwl_p256_verify, fwl_p256_key_check - ports: the P-256 half of the above, low-S included (hosts: OpenSSL).
 *
 * A build without P-256 returns FWL_ERR_UNKNOWN from both.
 */
FWL_NODISCARD enum fwl_err fwl_p256_verify(const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                                           const struct fwl_pubkey33 *key);
FWL_NODISCARD enum fwl_err fwl_p256_key_check(const struct fwl_pubkey33 *key);

#endif
