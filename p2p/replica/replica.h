/*
 * replica - a whole node without its sockets, disks and clock. Zone P.
 *
 * One object binds the consensus engine, the chain (execution), the pool of transactions, gossip and catch-up, by
 * blocks or by a snapshot (sync.c). The driver gives it events (a frame, a timer, a transaction, a peer that comes or
 * goes) with the time, and a table of effects (two stores, sending, signing, a timer). fwledgerd drives one over LMDB
 * and TLS; the simulator drives many over memory and a seeded network: the same object files.
 *
 * The outbox rule (consensus.md 2.4) is kept here: what a step of the engine writes is committed to the votes store
 * before anything it sends leaves. After a failed commit nothing leaves: FWL_ERR_FULL drops the engine and stops
 * voting until a write succeeds again (R0); any other failure is final and the driver is told to halt. A store that
 * cannot be read for now (FWL_ERR_BUSY, FWL_ERR_MEMORY) is waited for like a full disk.
 *
 * One thread owns a replica. Effects are called from inside the functions below and must not call back into it.
 */
#ifndef FWL_P2P_REPLICA_REPLICA_H
#define FWL_P2P_REPLICA_REPLICA_H

#include "ledger/chain/mempool.h"
#include "p2p/consensus/tally.h"
#include "p2p/wire/message.h"

struct fwl_replica;

struct fwl_replica_time {
    uint64_t wall_ms; /* Unix; may step */
    uint64_t mono_ms; /* monotonic; drives every timer */
};

/* Why a peer is to be dropped. */
enum fwl_replica_fault {
    FWL_REPLICA_MALFORMED, /* bytes no correct node sends */
    FWL_REPLICA_FORGED,    /* a signature, certificate or block that does not hold, or a height that went down */
};

/* Why it halts. */
enum fwl_replica_end {
    FWL_REPLICA_SECOND_INSTANCE = 1, /* FWL_HALT_SECOND_INSTANCE */
    FWL_REPLICA_LOCAL_FAULT = 2,     /* own execution refuses a certified block */
    FWL_REPLICA_STORAGE = 3,         /* a store has failed for good, or is damaged */
    FWL_REPLICA_LIMIT = 4,           /* FWL_HALT_LIMIT, or a frame that cannot be made */
    FWL_REPLICA_FORK = 5,            /* FWL_HALT_FORK */
    FWL_REPLICA_PROTOCOL = 6,        /* the next height has a protocol that this program does not know */
};

/* Effects. A peer is the driver's number for a connection, never 0. */
struct fwl_replica_io {
    void *ctx;
    struct fwl_storage chain;
    struct fwl_storage votes;
    /** Queue a frame; a failure is the peer's loss. Copies the payload. */
    void (*send)(void *ctx, uint64_t peer, enum fwl_frame_type type, struct fwl_span payload);
    /** Queue block @height as a BLOCK object: header, transactions and certificate as the store has them. False: it is
     * not sent, so that none after it can be taken. */
    bool (*send_block)(void *ctx, uint64_t peer, uint64_t height);
    /** Queue a BODY object; @object empty says "I do not have it". Copies. */
    void (*send_body)(void *ctx, uint64_t peer, struct fwl_span object);
    /** Queue SNAPINFO of the newest snapshot that is served; empty says "none". */
    void (*send_snapinfo)(void *ctx, uint64_t peer);
    /** Queue a chunk of the snapshot at @height as CHUNK from byte @offset on, or "I do not have it". */
    void (*send_chunk)(void *ctx, uint64_t peer, uint64_t height, uint16_t chunk, uint32_t offset);
    /** Open the store that a snapshot is received into, empty when there is none. FWL_OK, or the error of opening. */
    enum fwl_err (*restore_open)(void *ctx, struct fwl_storage *to);
    /** Delete it, open or not. */
    void (*restore_drop)(void *ctx);
    /** Put it in the place of `chain`, which shows it from then on. FWL_OK, or the store has failed for good. */
    enum fwl_err (*restore_adopt)(void *ctx);
    /** The tip jumped to that of a snapshot; it is durable. */
    void (*restored)(void *ctx, const struct fwl_chain_tip *tip);
    void (*drop_peer)(void *ctx, uint64_t peer, enum fwl_replica_fault fault);
    /** A transaction of a peer was refused (transport.md, budgets). */
    void (*charge)(void *ctx, uint64_t peer);
    /** Call fwl_replica_tick at this monotonic time; replaces the one before. */
    void (*timer)(void *ctx, uint64_t mono_ms);
    /** A block is final and durable. @txids are those of its transactions, in order. */
    void (*committed)(void *ctx, const struct fwl_chain_tip *tip, const struct fwl_hash32 *txids, size_t count);
    /** A waiting transaction was dropped from the pool. */
    void (*refused)(void *ctx, const struct fwl_hash32 *txid, const struct fwl_state_refusal *why);
    /** Something worth a line in the log; static texts. @height as it concerns. */
    void (*note)(void *ctx, bool unusual, const char *what, const char *detail, uint64_t height);
    /** Stop: every later call does nothing. */
    void (*halt)(void *ctx, enum fwl_replica_end why, enum fwl_err err);
    /** Sign with the validator key; as fwl_consensus_sign. */
    enum fwl_err (*sign)(void *ctx, struct fwl_sig64 *out, const struct fwl_vote *vote,
                         const struct fwl_hash32 *digest);
    /** Sign what this validator says about the time, with the same key; @digest is fwl_statement_attest. FWL_OK,
     * FWL_ERR_BUSY: asked again with the next tick, anything else: refused. */
    enum fwl_err (*attest)(void *ctx, struct fwl_sig64 *out, const struct fwl_attest_request *request, uint64_t time_ms,
                           const struct fwl_hash32 *digest);
    /** What became of a question of fwl_replica_attest: the words of a @quorum, or after 5 s of fewer; by index. */
    void (*attested)(void *ctx, uint64_t client, const struct fwl_attest_request *request,
                     const struct fwl_attest *words, size_t count, bool quorum);
    /** One BIP-340 signature: fwl_schnorr_verify, or the simulator's stand-in. */
    enum fwl_err (*verify)(void *ctx, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                           const struct fwl_pubkey32 *key);
    /** Signatures of a transaction; fwl_state_verify_real, or the simulator's stand-in. */
    enum fwl_err (*verify_tx)(void *ctx, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold,
                              struct fwl_list new_keys, uint64_t new_threshold);
};

/* When a node that is behind takes a snapshot. Without blocks to be had, always but for FWL_SYNC_BLOCKS. */
enum fwl_replica_catch_up {
    FWL_SYNC_AUTO = 0,     /* if it is farther behind than the blocks that it keeps */
    FWL_SYNC_BLOCKS = 1,   /* never */
    FWL_SYNC_SNAPSHOT = 2, /* if it is farther behind than snapshot_ahead */
};

struct fwl_replica_config {
    struct fwl_span genesis;       /* document; kept */
    struct fwl_pubkey32 validator; /* own consensus key; zeros: a follower */
    struct fwl_consensus_timing timing;
    struct fwl_mempool_config mempool;
    uint16_t validators_max;
    uint32_t views_max;
    uint32_t body_max;  /* bytes */
    size_t arena_bytes; /* of an executed block; fwl_chain_arena_bytes */
    uint64_t retain;    /* newest blocks that are kept; 0: all */
    enum fwl_replica_catch_up catch_up;
    uint64_t snapshot_ahead; /* blocks that a snapshot must save, where they can be had */
    uint32_t chunk_max;      /* bytes of the largest chunk of a snapshot that is taken */
    struct fwl_replica_io io;
};

/** fwl_replica_footprint - bytes of memory; 0 when a field is out of its bounds. */
size_t fwl_replica_footprint(const struct fwl_replica_config *config);

/** fwl_replica_init - a replica in @memory (aligned for any type; FWL_ASSERT on its size), which it keeps; copies
 * @config. */
struct fwl_replica *fwl_replica_init(void *memory, size_t size, const struct fwl_replica_config *config);

/**
 * fwl_replica_boot - open the chain (an empty store becomes that of the genesis) and start (R0).
 *
 * @votes_lost: the votes store is new, was restored, or its instance id is not that of the key (consensus.md 2.8);
 * @votes_forced: the operator says that voting is safe all the same.
 * Returns: FWL_OK, or the error of fwl_chain_open; io.halt is not called for that.
 */
FWL_NODISCARD enum fwl_err fwl_replica_boot(struct fwl_replica *r, struct fwl_replica_time now, bool votes_lost,
                                            bool votes_forced);

/** fwl_replica_peer_up - an authenticated connection; beyond FWL_CONSENSUS_PEERS_MAX it is ignored. */
void fwl_replica_peer_up(struct fwl_replica *r, struct fwl_replica_time now, uint64_t peer,
                         const struct fwl_pubkey32 *node_key);
/** fwl_replica_peer_down - the connection has ended; an unknown @peer is fine. */
void fwl_replica_peer_down(struct fwl_replica *r, struct fwl_replica_time now, uint64_t peer);

/** fwl_replica_frame - one frame of a peer; borrows the payload for the call. */
void fwl_replica_frame(struct fwl_replica *r, struct fwl_replica_time now, uint64_t peer, enum fwl_frame_type type,
                       struct fwl_span payload);

/** fwl_replica_tick - a timer that io.timer asked for, or any other moment. */
void fwl_replica_tick(struct fwl_replica *r, struct fwl_replica_time now);

/** fwl_replica_submit - a transaction of a client, told to the peers when it enters the pool. Fills and returns as
 * fwl_mempool_add; FWL_ERR_FULL, @why untouched, also while stalled or halted. */
FWL_NODISCARD enum fwl_err fwl_replica_submit(struct fwl_replica *r, struct fwl_state_refusal *why,
                                              struct fwl_hash32 *txid, struct fwl_replica_time now, struct fwl_span tx);

/**
 * fwl_replica_attest - ask the validators for the time, for a device without a clock.
 *
 * @client is the driver's number for the question, not 0; io.attested ends it, maybe within this call.
 * Returns: FWL_OK
 *          FWL_ERR_CONFLICT  the tip is not ours: the device asks for a newer one first
 *          FWL_ERR_EXISTS    this nonce was asked for in the last 5 s
 *          FWL_ERR_BUSY      more than 5 a second
 *          FWL_ERR_STATE     halted
 */
FWL_NODISCARD enum fwl_err fwl_replica_attest(struct fwl_replica *r, struct fwl_replica_time now, uint64_t client,
                                              const struct fwl_attest_request *request);

struct fwl_replica_status {
    uint64_t height; /* of the tip */
    struct fwl_hash32 hash;
    uint64_t time_ms; /* of the tip */
    uint64_t epoch;   /* of the next height */
    uint32_t view;
    struct fwl_pubkey32 leader; /* of the view under way */
    bool validator;             /* own key is in the set */
    bool voting;
    bool want;            /* a decision is wanted */
    bool stalled;         /* the disk is full: not voting */
    bool syncing;         /* a peer is ahead, and did not fail to give its blocks; or one of the next two */
    bool pruned_away;     /* the peers that are ahead have forgotten the next block */
    bool restoring;       /* a snapshot is being received */
    uint64_t base;        /* lowest height of a whole block that is here */
    uint64_t best_height; /* first undecided height of the foremost peer */
    size_t peers;
    size_t mempool_transactions;
    size_t mempool_bytes;
    uint64_t evidence_seen;
    uint64_t attests_signed;   /* words about the time */
    uint64_t attests_answered; /* own questions that got a quorum of them */
    uint64_t attests_failed;   /* that did not */
};

/** fwl_replica_status - what is going on. */
void fwl_replica_status(const struct fwl_replica *r, struct fwl_replica_status *out);

enum {
    FWL_REPLICA_VIEWS = 11,       /* views of a height that are watched: 8 back, 2 ahead */
    FWL_REPLICA_REASONS_MAX = 140 /* one more than the highest error code */
};

/* Everything about agreement that people ask for; about 13 KiB. */
struct fwl_replica_watch {
    bool running; /* the engine runs; false: only counters below */
    bool want;
    uint64_t height; /* first undecided */
    uint32_t view;
    uint16_t n;
    uint16_t leader; /* of the view */
    uint16_t own;    /* index of the own key, or FWL_CONSENSUS_NOBODY */
    bool voting;
    uint64_t voting_from; /* first height at which this store may vote; UINT64_MAX: not known yet */
    size_t view_count;
    struct fwl_tally_view views[FWL_REPLICA_VIEWS]; /* newest first */
    struct fwl_tally_peer peers[FWL_VALIDATORS_MAX];
    struct fwl_tally tally;
    uint64_t fetched;                           /* blocks that were caught up with */
    uint64_t rejected[FWL_REPLICA_REASONS_MAX]; /* transactions that did not get into the pool, by error code */
};

/** fwl_replica_watch - a picture of agreement, complete. */
void fwl_replica_watch(const struct fwl_replica *r, struct fwl_replica_watch *out);

/** fwl_replica_snapshot - a snapshot of this height is served from now on: blocks below it may be forgotten. */
void fwl_replica_snapshot(struct fwl_replica *r, struct fwl_replica_time now, uint64_t height);

/** fwl_replica_tip - a view; changes with commits. */
const struct fwl_chain_tip *fwl_replica_tip(const struct fwl_replica *r);

/** fwl_replica_is_validator_node - does a member of the set in force name this node key? */
bool fwl_replica_is_validator_node(const struct fwl_replica *r, const struct fwl_pubkey32 *node_key);

#endif
