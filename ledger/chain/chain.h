/*
 * chain - the tip, the validity of a block, making one, and committing it. Zone P.
 *
 * VALID (consensus.md 2.3) is a function of the parent's header, the parent's state and the body alone. A block that
 * was checked keeps its writes in an overlay, by hash, until it is committed or pushed out; committing adds
 * the certificate and gives everything to the store in one transaction: header, transactions, certificate, state, trees
 * and indexes. So what was executed before the vote is what is committed.
 *
 * The tables are those of docs/spec/storage.md. One thread owns a chain; others read the store.
 */
#ifndef FWL_LEDGER_CHAIN_CHAIN_H
#define FWL_LEDGER_CHAIN_CHAIN_H

#include "ledger/kv/storage.h"
#include "ledger/model/body.h"
#include "ledger/model/cert.h"
#include "ledger/state/state.h"

struct fwl_chain;

enum {
    FWL_CHAIN_SLOTS = 3, /* executed blocks that are kept: the proposal under way, its rival, and one to spare */
};

struct fwl_chain_config {
    struct fwl_storage store; /* environment `chain` */
    fwl_state_verifier verify;
    fwl_cert_verifier verify_vote; /* of evidence */
    void *verify_cookie;           /* of both */
    size_t arena_bytes; /* of each of the slots; fwl_chain_arena_bytes(max_work) is enough for every valid block */
    size_t body_max;    /* bytes; >= max_block of every height */
};

/* The last final block and what it fixes for the next height. */
struct fwl_chain_tip {
    struct fwl_header header;
    struct fwl_hash32 hash;
    struct fwl_pubkey32 proposer_key; /* of header.proposer in the set of the tip's height */
    struct fwl_validators validators; /* V(height + 1); views into the chain */
    struct fwl_params params;         /* in force for height + 1 */
    struct fwl_hash32 params_hash;
    uint64_t epoch;       /* of height + 1 */
    uint64_t epoch_start; /* of height + 1 */
};

/* What is known before a block is built. */
struct fwl_chain_proposal {
    uint32_t view;
    uint16_t proposer;
    uint64_t time_ms;       /* of a block with transactions; above the tip's */
    uint64_t time_empty_ms; /* of one without; at the heartbeat or later */
    bool may_be_empty;
};

/** Candidate transactions for a new block: the next one, or false at the end; and what became of it. */
struct fwl_chain_candidates {
    void *cookie;
    bool (*next)(void *cookie, struct fwl_span *tx);
    void (*refused)(void *cookie, struct fwl_span tx, const struct fwl_state_refusal *why);
};

/** fwl_chain_arena_bytes - memory of a slot that every block within @max_work fits. */
size_t fwl_chain_arena_bytes(uint64_t max_work);

/** fwl_chain_footprint - bytes of memory for a chain of this configuration. */
size_t fwl_chain_footprint(const struct fwl_chain_config *config);

/** fwl_chain_init - a chain in @memory (aligned for any type; FWL_ASSERT on its size); nothing is read yet. Keeps
 * @memory and what @config names. */
struct fwl_chain *fwl_chain_init(void *memory, size_t size, const struct fwl_chain_config *config);

/**
 * fwl_chain_open - read the tip of the store; an empty store becomes the chain of @genesis first. Again when the store
 * has become another one.
 *
 * Returns: FWL_OK
 *          FWL_ERR_CHAIN     the store is of another genesis
 *          FWL_ERR_CORRUPT   the store is damaged
 *          FWL_ERR_PROTOCOL  the parameters in force name a protocol that this program does not know
 *          FWL_ERR_FULL, FWL_ERR_STORAGE, FWL_ERR_MEMORY, FWL_ERR_BUSY  this node's failure
 *          FWL_ERR_VALUE     a key of the genesis is no point of its curve
 *          the errors of fwl_genesis_decode
 */
FWL_NODISCARD enum fwl_err fwl_chain_open(struct fwl_chain *c, struct fwl_span genesis);

/** fwl_chain_tip - a view; changes with fwl_chain_commit. fwl_chain_id - of the genesis. */
const struct fwl_chain_tip *fwl_chain_tip(const struct fwl_chain *c);
const struct fwl_hash32 *fwl_chain_id(const struct fwl_chain *c);

/** fwl_chain_leader - index of the leader of @view at the height after the tip (consensus.md 2.3 LEADER). */
uint16_t fwl_chain_leader(const struct fwl_chain_tip *tip, uint32_t view);

/**
 * fwl_chain_check - VALID: may this be the next block?
 *
 * Fills:   @why (may be NULL) on FWL_ERR_BLOCK: the field of the header, or the refusal of the transaction, that is to
 *          blame.
 * Returns: FWL_OK           valid; its writes are kept for fwl_chain_commit
 *          FWL_ERR_BLOCK    what the header commits to is not valid
 *          FWL_ERR_HASH     @body is no Body, longer than max_block, or its transactions are not those of
 *                           header.txs_root: says nothing about the block
 *          FWL_ERR_SPACE, FWL_ERR_STORAGE, FWL_ERR_CORRUPT, FWL_ERR_MEMORY, FWL_ERR_BUSY  this node's failure
 * Cost:    execution of its transactions; nothing when it is kept already.
 */
FWL_NODISCARD enum fwl_err fwl_chain_check(struct fwl_chain *c, struct fwl_state_refusal *why, struct fwl_span body);

/**
 * fwl_chain_build - make the next block.
 *
 * Candidates that are refused are left out and told; the first that does not fit ends the block and is not told. The
 * block is still to be checked like any other: a bug in building it stays with this node.
 * Fills:   @body, a view of the chain's memory until the next call; empty when there is nothing to build.
 * Returns: FWL_OK, or this node's failure as in fwl_chain_check.
 */
FWL_NODISCARD enum fwl_err fwl_chain_build(struct fwl_chain *c, struct fwl_span *body,
                                           const struct fwl_chain_proposal *proposal,
                                           const struct fwl_chain_candidates *candidates);

/**
 * fwl_chain_commit - make a block with its FINAL certificate the tip, durably.
 *
 * The certificate was verified by the caller.
 * Returns: FWL_OK           committed and durable
 *          FWL_ERR_LOCAL    our execution says that the certified block is not valid: stop this node
 *          FWL_ERR_FULL, FWL_ERR_MEMORY, FWL_ERR_BUSY  nothing changed; passes once there is space, memory, a reader
 *          FWL_ERR_STORAGE, FWL_ERR_CORRUPT, FWL_ERR_SPACE  final: whether it is committed is known after a restart
 * Cost:    fwl_chain_check unless the block is kept, and one commit of the store.
 */
FWL_NODISCARD enum fwl_err fwl_chain_commit(struct fwl_chain *c, struct fwl_span body, const struct fwl_cert *cert);

/** fwl_chain_base - the lowest height whose transactions and certificate are here; 1 when nothing is missing. */
uint64_t fwl_chain_base(const struct fwl_chain *c);

enum {
    FWL_CHAIN_PRUNED_MAX = 256,  /* heights that one call of fwl_chain_prune forgets */
    FWL_CHAIN_HEADERS_MAX = 256, /* headers that one call of fwl_chain_headers takes */
};

/**
 * fwl_chain_prune - forget transactions and certificates below height @below, which is not above the tip.
 *
 * Headers, sets with the steps between them and the trees stay for ever. At most FWL_CHAIN_PRUNED_MAX heights a call:
 * fwl_chain_base tells how far it came.
 * Returns: FWL_OK, also when there is nothing to do; FWL_ERR_FULL and nothing changed; this node's failures
 * Cost:    one commit.
 */
FWL_NODISCARD enum fwl_err fwl_chain_prune(struct fwl_chain *c, uint64_t below);

/** fwl_chain_lowest - the lowest height whose header is here: 0, or more after a snapshot until fwl_chain_headers has
 * brought the rest. */
uint64_t fwl_chain_lowest(const struct fwl_chain *c);

/**
 * fwl_chain_headers - headers ascending, the last one of height fwl_chain_lowest - 1, with their part of the history.
 *
 * Returns: FWL_OK
 *          FWL_ERR_RANGE     none, more than FWL_CHAIN_HEADERS_MAX, or more than there can be
 *          FWL_ERR_HASH, the errors of fwl_header_decode  they do not lead to those that are here
 *          FWL_ERR_CONFLICT  they do, but the block that this node had before its snapshot was another one: two
 *                            certified blocks at one height
 *          this node's failures
 */
FWL_NODISCARD enum fwl_err fwl_chain_headers(struct fwl_chain *c, struct fwl_span headers);

/**
 * fwl_chain_try - would this transaction be valid in a block after the tip at @time_ms? For the pool.
 *
 * Fills:   @why (may be NULL) on refusal, @txid; zeros as in fwl_state_apply.
 * Returns: as fwl_state_apply (FWL_ERR_REPLAY: it is in the chain already); FWL_ERR_BUSY, FWL_ERR_MEMORY: the store
 *          cannot be read now.
 */
FWL_NODISCARD enum fwl_err fwl_chain_try(struct fwl_chain *c, struct fwl_state_refusal *why, struct fwl_hash32 *txid,
                                         struct fwl_span tx, uint64_t time_ms);

#endif
