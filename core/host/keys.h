/*
 * keys - secret keys, signing and random numbers. Zone H.
 *
 * A secret lives in a struct fwl_secret that the owner clears with fwl_secret_clear; it is never printed or
 * logged. ES256K signatures are deterministic (RFC 6979), so are BIP-340 ones (zero
 * auxiliary data): signing the same vote again gives the same bytes. ESP256 takes a random nonce (OpenSSL 3.0).
 */
#ifndef FWL_CORE_HOST_KEYS_H
#define FWL_CORE_HOST_KEYS_H

#include "core/error.h"
#include "core/signature.h"
#include "core/span.h"

/* One line in a key file: "fwledger-key-1 KIND HEX" (interfaces.md). stored: append only */
enum fwl_key_kind {
    FWL_KEY_VALIDATOR = 1,        /* BIP-340 */
    FWL_KEY_NODE = 2,             /* BIP-340 */
    FWL_KEY_PARTICIPANT = 3,      /* ES256K */
    FWL_KEY_AUTHOR = 4,           /* ES256K */
    FWL_KEY_PARTICIPANT_P256 = 5, /* ESP256, kind "participant-p256" */
    FWL_KEY_AUTHOR_P256 = 6,      /* ESP256, kind "author-p256" */
};

struct fwl_secret {
    enum fwl_key_kind kind;
    uint8_t b[32];
};

/** fwl_random - fill @out with @size random bytes of the operating system; FWL_ASSERT when it has none. */
void fwl_random(void *out, size_t size);

/** fwl_secret_generate - a new secret of @kind. */
void fwl_secret_generate(struct fwl_secret *out, enum fwl_key_kind kind);

/** fwl_secret_clear - forget the secret. */
void fwl_secret_clear(struct fwl_secret *secret);

/** fwl_key_kind_name - "validator", "node", "participant", "author", "participant-p256", "author-p256". */
const char *fwl_key_kind_name(enum fwl_key_kind kind);

/**
 * fwl_secret_load - read a key file.
 *
 * Returns: FWL_OK
 *          FWL_ERR_ABSENT   there is no such file
 *          FWL_ERR_STATE    a key file that group or others may read: refused until "chmod 600"
 *          FWL_ERR_VALUE    not one line of the form "fwledger-key-1 KIND HEX", or no valid secret
 *          FWL_ERR_STORAGE  it cannot be read; errno has the cause
 */
FWL_NODISCARD enum fwl_err fwl_secret_load(struct fwl_secret *out, const char *path);

/** fwl_secret_why - what a failure of fwl_secret_load means, for people; FWL_ERR_TYPE: a key of another kind than is
 * needed. */
const char *fwl_secret_why(enum fwl_err err);

/**
 * fwl_secret_hold - of the processes on this machine that call this for the key file at @path, one alone goes on.
 *
 * Fills:   @fd, which holds it until it is closed or the process ends; -1 on failure.
 * Returns: FWL_OK; FWL_ERR_LOCKED another one holds it; FWL_ERR_ABSENT, FWL_ERR_STORAGE
 */
FWL_NODISCARD enum fwl_err fwl_secret_hold(int *fd, const char *path);

/** fwl_secret_save - create a key file with mode 0600, synced. FWL_ERR_EXISTS when there is one; FWL_ERR_STORAGE. */
FWL_NODISCARD enum fwl_err fwl_secret_save(const struct fwl_secret *secret, const char *path);

/** fwl_secret_xonly - the public key of a validator or node secret. Cost: one point multiplication. */
void fwl_secret_xonly(struct fwl_pubkey32 *out, const struct fwl_secret *secret);

/** fwl_secret_point - @alg and the compressed public key of a participant or author secret. */
void fwl_secret_point(int64_t *alg, struct fwl_pubkey33 *out, const struct fwl_secret *secret);

/** fwl_schnorr_sign - BIP-340 with a validator or node secret. */
void fwl_schnorr_sign(struct fwl_sig64 *out, const struct fwl_secret *secret, const struct fwl_hash32 *digest);

/** fwl_ecdsa_sign - r || s with low s, ES256K or ESP256 by the kind of a participant or author secret. */
void fwl_ecdsa_sign(struct fwl_sig64 *out, const struct fwl_secret *secret, const struct fwl_hash32 *digest);

#endif
