/*
 * key - public keys of participants, their ids (kid) and sorted lists. Zone F.
 *
 * A key travels as [alg, point]. kid = first 8 bytes of SHA-256 of the COSE_Key
 * {1: 2, 3: alg, -1: 8 or 1, -2: x, -3: y is odd}. Lists ascend by kid; equal kids in one list are refused.
 */
#ifndef FWL_LEDGER_MODEL_KEY_H
#define FWL_LEDGER_MODEL_KEY_H

#include "core/signature.h"
#include "ledger/model/form.h"
#include "ledger/model/governors.h"

#define FWL_KID_SIZE      8
#define FWL_COSE_KEY_SIZE 45 /* bytes at most */

struct fwl_key {
    int64_t alg; /* enum fwl_alg */
    struct fwl_pubkey33 point;
};

struct fwl_kid {
    uint8_t b[FWL_KID_SIZE];
};

/** fwl_key_kid - the id of a key. Cost: one SHA-256. */
void fwl_key_kid(struct fwl_kid *out, const struct fwl_key *key);
/** fwl_key_cose - the COSE_Key bytes. */
void fwl_key_cose(struct fwl_writer *w, const struct fwl_key *key);
/** fwl_key_read, fwl_key_put - one [alg, point]; FWL_ERR_UNKNOWN (alg), FWL_ERR_VALUE (first byte not 2 or 3). */
void fwl_key_read(struct fwl_reader *r, struct fwl_key *out);
void fwl_key_put(struct fwl_writer *w, const struct fwl_key *key);
/** fwl_key_next - the next key of a checked list; false at the end. */
bool fwl_key_next(struct fwl_reader *it, struct fwl_key *key);
/** fwl_key_find - the key with this kid; false when there is none. Cost: a SHA-256 a key. */
bool fwl_key_find(struct fwl_key *out, struct fwl_list keys, const struct fwl_kid *kid);
/** fwl_key_has - is exactly this key in the list? */
bool fwl_key_has(struct fwl_list keys, const struct fwl_key *key);
/** fwl_key_check_points - is every key a point of its curve? FWL_OK or FWL_ERR_VALUE. Executing nodes ask this once. */
FWL_NODISCARD enum fwl_err fwl_key_check_points(struct fwl_list keys);
/** fwl_key_put_list - sort @keys by kid (in place) and write them as items; FWL_ERR_DUPLICATE. @count <= 16. */
void fwl_key_put_list(struct fwl_writer *w, struct fwl_key *keys, size_t count);
/** fwl_key_item - item reader of lists of keys; internal. */
void fwl_key_item(struct fwl_reader *r, struct fwl_form_order *order);
/**
 * fwl_key_governors - the GovernorSet of a list of ES256K keys.
 *
 * Fills:   @buffer (33 * FWL_KEYS_MAX bytes) with the points in ascending order; @out points into it.
 * Returns: FWL_OK; FWL_ERR_UNKNOWN for a key that is not ES256K; FWL_ERR_VALUE (threshold); FWL_ERR_LIMIT
 */
FWL_NODISCARD enum fwl_err fwl_key_governors(struct fwl_governors *out, uint8_t buffer[33 * FWL_KEYS_MAX],
                                             struct fwl_list keys, uint64_t threshold);

#endif
