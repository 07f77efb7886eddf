/*
 * world - keys, a genesis and transactions for tests of whole chains: everything follows from small numbers.
 *
 * Signatures of votes and transactions are stand-ins made of hashes unless real ones are asked for: the driver and
 * the tests give fwl_world_verify and fwl_world_verify_tx where a node gives the real checks.
 */
#ifndef FWL_TESTS_SIM_WORLD_H
#define FWL_TESTS_SIM_WORLD_H

#include "core/host/keys.h"
#include "ledger/model/cert.h"
#include "ledger/state/state.h"

#define WORLD_START_MS UINT64_C(1790000000000) /* time of the genesis */

enum {
    WORLD_KEYS = 12, /* validators that can ever be */
    WORLD_TX_ROOM = 4096,
};

struct world {
    bool real;
    struct fwl_secret governor;
    struct fwl_key governor_key;
    struct fwl_kid governor_kid;
    struct fwl_secret secret[WORLD_KEYS];
    struct fwl_pubkey32 key[WORLD_KEYS];  /* consensus */
    struct fwl_pubkey32 node[WORLD_KEYS]; /* of the connection; listed in the set */
    struct fwl_params params;
    uint8_t genesis_bytes[FWL_GENESIS_MAX];
    struct fwl_span genesis;
    struct fwl_hash32 chain_id;
    uint64_t salt;
};

/** world_make - @n validators 0..n-1, one governor; @params or NULL. */
void world_make(struct world *w, size_t n, bool real, const struct fwl_params *params);

/** world_number - of the validator with that key; FWL_ASSERT: there is one. */
size_t world_number(const struct world *w, const struct fwl_pubkey32 *key);

/** world_sign, world_verify - a vote by validator @who; a stand-in, or BIP-340. */
void world_sign(const struct world *w, struct fwl_sig64 *out, size_t who, const struct fwl_hash32 *digest);
enum fwl_err world_verify(const struct world *w, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                          const struct fwl_pubkey32 *key);
/** world_verify_tx - the same for transactions. */
enum fwl_err world_verify_tx(const struct world *w, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold,
                             struct fwl_list new_keys, uint64_t new_threshold);

/** world_tx - a transaction of one action by the governors; a view of @out. world_tx_by - by any participant: all have
 * the governors' key. */
struct fwl_span world_tx(struct world *w, uint8_t out[WORLD_TX_ROOM], const struct fwl_action *action,
                         uint64_t expires_s);
struct fwl_span world_tx_by(struct world *w, uint8_t out[WORLD_TX_ROOM], const char *participant,
                            const struct fwl_action *action, uint64_t expires_s);
/** world_put - participant.put of "p<number>". With @role 0 an auditor; otherwise that role. world_participant - of any
 * name. */
struct fwl_span world_put(struct world *w, uint8_t out[WORLD_TX_ROOM], uint32_t number, uint64_t role,
                          uint64_t expires_s);
struct fwl_span world_participant(struct world *w, uint8_t out[WORLD_TX_ROOM], const char *id, enum fwl_role role,
                                  uint64_t expires_s);
/** world_change - validators.change to the set of @members (numbers, in any order) of epoch @epoch. @added >= 0 is the
 * new one, whose key is shown to be live over block (@height, @hash). */
struct fwl_span world_change(struct world *w, uint8_t out[WORLD_TX_ROOM], const uint8_t *members, size_t count,
                             uint64_t epoch, int added, uint64_t height, const struct fwl_hash32 *hash,
                             uint64_t expires_s);
/** world_txid - id of a well-formed transaction. */
void world_txid(struct fwl_hash32 *out, struct fwl_span tx);

#endif
