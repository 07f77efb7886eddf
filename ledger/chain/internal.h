/*
 * internal - what the units of the chain share. Zone P.
 */
#ifndef FWL_LEDGER_CHAIN_INTERNAL_H
#define FWL_LEDGER_CHAIN_INTERNAL_H

#include "ledger/chain/chain.h"
#include "ledger/snapshot/snapshot.h"

enum {
    /* ValidatorSet, GovernorSet and both groups of signatures: an epoch step without header and certificate */
    FWL_CHAIN_STEP_TAIL_MAX = FWL_VALIDATORS_SIZE_MAX + FWL_GOVERNORS_SIZE_MAX + 2 * (2 + 64 * FWL_KEYS_MAX),
};

/* A block that was executed. */
struct fwl_chain_slot {
    bool used;
    uint64_t age; /* larger = younger */
    struct fwl_hash32 hash;
    struct fwl_overlay overlay;
    void *arena;
    size_t step_tail_size; /* 0: the set does not change */
    uint8_t step_tail[FWL_CHAIN_STEP_TAIL_MAX];
};

struct fwl_chain {
    struct fwl_chain_config config;
    struct fwl_hash32 chain_id;
    bool development;
    struct fwl_chain_tip tip;
    uint64_t base;                               /* lowest height of a whole block */
    uint64_t lowest;                             /* lowest height of a header */
    uint8_t validators[FWL_VALIDATORS_SIZE_MAX]; /* behind tip.validators */
    struct fwl_state *state;
    struct fwl_chain_slot slots[FWL_CHAIN_SLOTS];
    uint64_t clock;                /* for ages */
    struct fwl_chain_slot scratch; /* fwl_chain_try */
    uint8_t *body;                 /* config.body_max bytes, for building */
    struct fwl_hash32 *leaves;     /* leaf hashes and ids of the transactions of a block */
    struct fwl_hash32 *txids;
    size_t txs_max;
};

/* Result of executing the transactions of a block into a slot. */
struct fwl_chain_executed {
    struct fwl_state_result state;
    struct fwl_hash32 txs_root;
    struct fwl_hash32 log_root;
    uint64_t log_size;
};

/** fwl_chain_reload - read the tip anew; FWL_ERR_ABSENT when the store is empty. */
enum fwl_err fwl_chain_reload(struct fwl_chain *c);

/** fwl_chain_forget_slots - the store is not that above which blocks were executed: they are again when needed. */
void fwl_chain_forget_slots(struct fwl_chain *c);

/** fwl_chain_next_block - what execution may know of the block after the tip. */
struct fwl_state_block fwl_chain_next_block(const struct fwl_chain *c, uint64_t time_ms);

/** fwl_index_block - write header, body, indexes of a block to @slot; @txids are those of its transactions. */
enum fwl_err fwl_index_block(struct fwl_chain_slot *slot, const struct fwl_body *body, const struct fwl_hash32 *hash,
                             const struct fwl_hash32 *txids);

/** fwl_index_values - keep space `val` in step with the entries that @slot writes, above @base (NULL: nothing); forgets
 * some of the values that were replaced a day before @time_ms. */
enum fwl_err fwl_index_values(struct fwl_chain_slot *slot, const struct fwl_kv *base, uint64_t time_ms);

/** fwl_index_headers - headers ascending from height @first on, by height and by hash. fwl_index_history - their part
 * of the header tree, which has them already; 256 at most. */
enum fwl_err fwl_index_headers(struct fwl_overlay *o, struct fwl_span headers, uint64_t first);
enum fwl_err fwl_index_history(struct fwl_overlay *o, struct fwl_span headers, uint64_t first);

/** fwl_index_reference - one more entry has @value; @at is its key in space `kv`. */
enum fwl_err fwl_index_reference(struct fwl_overlay *o, struct fwl_span value, struct fwl_span at);

/** fwl_index_final - note the certificate and, at the end of an epoch, the step out of it and the new set. @kv is the
 * store below @slot. */
enum fwl_err fwl_index_final(struct fwl_chain_slot *slot, const struct fwl_kv *kv, const struct fwl_header *header,
                             const struct fwl_cert *cert);

/** fwl_index_set - the first line of an epoch in space `set`. */
enum fwl_err fwl_index_set(struct fwl_overlay *o, uint64_t epoch, uint64_t first_height, struct fwl_span set);

#endif
