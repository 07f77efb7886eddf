/*
 * state - execution: what each transaction does to the state, and the root after a block. Zone P.
 *
 * A block executes in an overlay above the state of the block before. fwl_state_begin, then fwl_state_apply for each
 * transaction in order, then fwl_state_end, which removes expired transaction ids (consensus.md 3.4), updates the
 * state tree and gives the root. Everything depends on the state, the block's header fields and the transactions
 * alone: no clock, no index that VALID may not ask, no order of memory.
 *
 * Only spaces `kv`, `exp` and `smt` are written here; blocks, indexes and the other trees are the chain's.
 * All actions of a transaction take effect or none. The reason of a refusal is for people and reaches no hash.
 * Limits: FWL_TX_WORK_MAX a transaction, params.max_work and FWL_BLOCK_ENTRIES_MAX a block (FWL_ERR_WORK).
 * Source: docs/spec/ledger.md.
 */
#ifndef FWL_LEDGER_STATE_STATE_H
#define FWL_LEDGER_STATE_STATE_H

#include "ledger/kv/overlay.h"
#include "ledger/model/cert.h"
#include "ledger/model/entry.h"
#include "ledger/model/genesis.h"
#include "ledger/model/policy.h"
#include "ledger/model/tx.h"

struct fwl_state; /* working memory; one execution at a time */

enum {
    FWL_STATE_DETAIL_BYTES = 480,
};

/* Why a transaction was refused. All texts are static and never NULL after a refusal. */
struct fwl_state_refusal {
    enum fwl_err err;
    size_t action_index;
    const char *action;                  /* "release.publish", or "transaction" for what concerns the whole */
    const char *field;                   /* "release.version"; "" when no field is to blame */
    const char *rule;                    /* the rule that refused it, a sentence */
    char detail[FWL_STATE_DETAIL_BYTES]; /* what in the field is to blame, where more is known: the rule of a policy,
                                            the place in it and what to write instead; else empty. Terminated */
};

/**
 * How signatures of a transaction are judged: fwl_state_verify_real, or a stand-in of the simulator, or a cache
 * before it. Pure: the same arguments give the same answer for ever.
 * @new_keys is empty but for participant.rotate, where both thresholds must be met.
 */
typedef enum fwl_err (*fwl_state_verifier)(void *cookie, const struct fwl_tx *tx, struct fwl_list keys,
                                           uint64_t threshold, struct fwl_list new_keys, uint64_t new_threshold);

/** fwl_state_verify_real - fwl_tx_verify or fwl_tx_verify_rotation; @cookie is not looked at. */
enum fwl_err fwl_state_verify_real(void *cookie, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold,
                                   struct fwl_list new_keys, uint64_t new_threshold);

/* The block that executes: fields of its header that execution may know. */
struct fwl_state_block {
    struct fwl_hash32 chain_id;
    uint64_t height;
    uint64_t time_ms;
    uint64_t epoch;
    bool development;         /* of genesis: fewer than 4 validators allowed */
    struct fwl_params params; /* in force for this block */
    fwl_state_verifier verify;
    fwl_cert_verifier verify_vote; /* of evidence; fwl_cert_schnorr, or a stand-in */
    void *verify_cookie;           /* of both */
};

/* What the block did that its header commits to, beside the root. */
struct fwl_state_result {
    struct fwl_hash32 state_root;
    struct fwl_hash32 next_validators_hash;
    bool validators_changed;                   /* a new consensus set: this block ends an epoch */
    struct fwl_governor_signatures signatures; /* of the change, views into its transaction; zeros without one */
};

/** fwl_state_footprint - bytes of working memory. */
size_t fwl_state_footprint(void);

/** fwl_state_init - make the working memory; keeps @memory (aligned for any type, FWL_ASSERT on its size). */
struct fwl_state *fwl_state_init(void *memory, size_t size);

/**
 * fwl_state_genesis - write the first state of a decoded genesis document.
 *
 * Writes the participant `governors`, validators, parameters and their tree.
 * Fills:   @root.
 * Returns: FWL_OK; FWL_ERR_VALUE when a key is no point of its curve; FWL_ERR_SPACE.
 */
FWL_NODISCARD enum fwl_err fwl_state_genesis(struct fwl_state *s, struct fwl_overlay *o, struct fwl_hash32 *root,
                                             const struct fwl_genesis *genesis);

/**
 * fwl_state_begin - start executing a block in @o, an empty overlay above the state of height - 1.
 *
 * Owns:    keeps @s, @o and what @block points to until fwl_state_end or the next fwl_state_begin.
 */
void fwl_state_begin(struct fwl_state *s, struct fwl_overlay *o, const struct fwl_state_block *block);

/**
 * fwl_state_apply - execute one transaction (COSE_Sign bytes, or an Evidence record).
 *
 * Fills:   @why (may be NULL) on refusal, else zeros. @txid (may be NULL) unless the bytes are no transaction: zeros.
 * Returns: FWL_OK, and it took effect
 *          FWL_ERR_SPACE, FWL_ERR_STORAGE, FWL_ERR_CORRUPT  this node's failure; the block cannot go on
 *          any other                                        refused, and the overlay is as before
 * Cost:    its signatures, and the entries it reads and writes.
 */
FWL_NODISCARD enum fwl_err fwl_state_apply(struct fwl_state *s, struct fwl_state_refusal *why, struct fwl_hash32 *txid,
                                           struct fwl_span tx);

/** fwl_state_own_failure - is it a failure of this node (memory, storage), which says nothing about transaction or
 * block? Everything else but FWL_OK is a refusal, the same on every node. */
bool fwl_state_own_failure(enum fwl_err err);

/**
 * fwl_state_end - remove expired ids, update the state tree.
 *
 * Fills:   @out; zeros on failure.
 * Returns: FWL_OK; FWL_ERR_SPACE, FWL_ERR_STORAGE, FWL_ERR_CORRUPT: this node's failure.
 */
FWL_NODISCARD enum fwl_err fwl_state_end(struct fwl_state *s, struct fwl_state_result *out);

/** fwl_state_key - key of an entry in space `kv`: table u8 || key. Fills @buffer; a view of it. FWL_ASSERT: it fits,
 * and for fwl_state_get FWL_KV_KEY_MAX. */
struct fwl_span fwl_state_key(uint8_t *buffer, size_t room, enum fwl_table table, struct fwl_span key);

/** fwl_state_get - the bytes of an entry; FWL_ERR_ABSENT, or the error of the read. A view as fwl_kv_get gives it. */
FWL_NODISCARD enum fwl_err fwl_state_get(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_table table,
                                         struct fwl_span key);

/**
 * fwl_state_params, fwl_state_validators - decoded entries in force, and their hash (@hash may be NULL).
 *
 * Fills:   @out; zeros on failure. The ValidatorSet of the members is written to @buffer (FWL_VALIDATORS_SIZE_MAX) and
 *          @out points into it.
 * Returns: FWL_OK; FWL_ERR_CORRUPT when they are damaged or not there; the error of the read.
 */
FWL_NODISCARD enum fwl_err fwl_state_params(const struct fwl_kv *kv, struct fwl_params *out, struct fwl_hash32 *hash);
FWL_NODISCARD enum fwl_err fwl_state_validators(const struct fwl_kv *kv, struct fwl_validators *out, uint8_t *buffer,
                                                struct fwl_hash32 *hash);

#endif
