/*
 * mempool - transactions that wait for a block. Zone P.
 *
 * First come, first served, bounded in number and bytes. A transaction enters when it would be valid after the tip;
 * after a commit those in the block leave and the others are asked again, a bounded number at a time. What was
 * refused is remembered by the hash of ALL its bytes: the id covers the payload only, and a stranger who sends a good
 * payload with a bad signature must not shut the good one out.
 */
#ifndef FWL_LEDGER_CHAIN_MEMPOOL_H
#define FWL_LEDGER_CHAIN_MEMPOOL_H

#include "ledger/chain/chain.h"

struct fwl_mempool;

struct fwl_mempool_config {
    size_t transactions_max;
    size_t bytes_max; /* of all transactions; >= FWL_TX_MAX */
    uint64_t seed;    /* random: strangers cannot foresee the order of the hash table */
};

/** fwl_mempool_footprint - bytes of memory. fwl_mempool_init - an empty pool in @memory, which it keeps. */
size_t fwl_mempool_footprint(const struct fwl_mempool_config *config);
struct fwl_mempool *fwl_mempool_init(void *memory, size_t size, const struct fwl_mempool_config *config);

/**
 * fwl_mempool_add - take a transaction in.
 *
 * Owns:    copies @tx.
 * Fills:   @txid (zeros when it cannot be decoded, or was refused a while ago), @why (may be NULL) on refusal, else
 *          zeros: also when it waits already, the pool is full, or this node has failed.
 * Returns: FWL_OK           it waits
 *          FWL_ERR_EXISTS   it waits already
 *          FWL_ERR_BUSY     the pool is full, or the store has too many readers
 *          FWL_ERR_STATE    exactly these bytes were refused a while ago
 *          other            as fwl_chain_try
 * Cost:    executes it, signatures included.
 */
FWL_NODISCARD enum fwl_err fwl_mempool_add(struct fwl_mempool *m, struct fwl_chain *chain,
                                           struct fwl_state_refusal *why, struct fwl_hash32 *txid, struct fwl_span tx,
                                           uint64_t now_ms);

/** fwl_mempool_find - the bytes of a waiting transaction, a view until the next change; false when it does not wait. */
bool fwl_mempool_find(const struct fwl_mempool *m, struct fwl_span *tx, const struct fwl_hash32 *txid);

/** fwl_mempool_remove - forget one; nothing happens when it does not wait. */
void fwl_mempool_remove(struct fwl_mempool *m, const struct fwl_hash32 *txid);

/** fwl_mempool_next - iterate in order of arrival: @at is 0 to begin with. False at the end. */
bool fwl_mempool_next(const struct fwl_mempool *m, size_t *at, struct fwl_span *tx, struct fwl_hash32 *txid);

/**
 * fwl_mempool_recheck - ask some of the waiting transactions again and drop those that would be refused now.
 *
 * @dropped (may be NULL) is told of each. What this node itself fails to execute goes on waiting.
 * Cost:    at most @most places of the pool, going round; those that are free since a removal count too.
 */
void fwl_mempool_recheck(struct fwl_mempool *m, struct fwl_chain *chain, uint64_t now_ms, size_t most,
                         void (*dropped)(void *cookie, const struct fwl_hash32 *txid,
                                         const struct fwl_state_refusal *why),
                         void *cookie);

/** fwl_mempool_count, fwl_mempool_bytes - transactions held, and the sum of their sizes. */
size_t fwl_mempool_count(const struct fwl_mempool *m);
size_t fwl_mempool_bytes(const struct fwl_mempool *m);

#endif
