/*
 * internal - what the units of the replica share. Zone P.
 */
#ifndef FWL_P2P_REPLICA_INTERNAL_H
#define FWL_P2P_REPLICA_INTERNAL_H

#include "ledger/chain/restore.h"
#include "p2p/replica/codec.h"
#include "p2p/replica/replica.h"
#include "p2p/wire/parts.h"

enum {
    FWL_REPLICA_ASKED = 1024,       /* transaction ids that were asked for lately */
    FWL_REPLICA_VERIFIED = 16384,   /* signature checks that are remembered */
    FWL_REPLICA_RECHECK = 256,      /* waiting transactions asked again after a commit */
    FWL_REPLICA_REGOSSIP = 20,      /* waiting transactions told again every timing.tr */
    FWL_REPLICA_PRUNE = 64,         /* heights that are forgotten at once, at least: a commit for them */
    FWL_REPLICA_PATIENCE_MS = 2000, /* for an object, or its next part, before the next peer is asked */
    FWL_REPLICA_SLOW_MS = 10000,    /* for all parts of one, and what the bytes take at so many a millisecond */
    FWL_REPLICA_SLOW_RATE = 32,
};

struct fwl_replica_peer {
    uint64_t id; /* the driver's; 0: free */
    struct fwl_pubkey32 node_key;
    uint64_t height;   /* first undecided, as it last said */
    uint64_t base;     /* lowest height that it serves */
    uint64_t ahead_ms; /* since when it is ahead and was not asked (monotonic); 0: it was not, when it last told */
    bool left;         /* a window of blocks was left half way: the rest of it may still come */
    uint8_t owes;      /* so often it was left, and gave no block since: what it says of its height is not believed */
    uint64_t asked;    /* number of the last request for blocks to it; 0: none */
    uint64_t withheld_ms; /* until then it is asked for transactions after others: it did not give one (monotonic) */
    /* snapshots */
    uint64_t denied_ms;        /* not asked before this (monotonic) */
    uint8_t silent;            /* so often it was silent when it was asked, and gave nothing since */
    bool sync_left;            /* it was left while it answered: the rest may still come */
    struct fwl_hash32 offered; /* of the SNAPINFO that it gave last, without the certificate; zeros: none */
};

/* Catching up: blocks of one peer, in order. */
struct fwl_replica_fetch {
    uint64_t peer; /* 0: nothing is under way */
    uint64_t next; /* height of the block that is coming */
    uint64_t last; /* of the window that was asked for */
    uint64_t asks; /* requests ever */
    uint64_t asked_ms, until_ms;
    struct fwl_parts parts;
};

/* Bodies that the engine asked for: those of one peer are taken, the last one that was asked. */
struct fwl_replica_pull {
    uint64_t peer; /* 0: none */
    struct fwl_parts parts;
};

/* What a peer was asked for. */
enum fwl_sync_wait {
    FWL_SYNC_NOTHING = 0, /* no snapshot is under way */
    FWL_SYNC_INFO,
    FWL_SYNC_STEPS,
    FWL_SYNC_HEADERS,
    FWL_SYNC_CHUNK,
};

/* Catching up by a snapshot: one peer at a time. */
struct fwl_replica_sync {
    enum fwl_sync_wait wait;
    uint64_t peer;
    uint64_t asked_ms, until_ms;
    uint64_t hold_ms;         /* until when blocks wait for an offer (monotonic) */
    uint64_t holds_ms;        /* they do not again before this */
    struct fwl_hash32 chosen; /* name of the offer that is received */
    uint64_t source;          /* who offered what is received; 0: an earlier process began it */
    uint64_t last;            /* is asked after all others: what it offered came to nothing */
    bool open;                /* restore is */
    bool absent;              /* a peer does not have it any more, and nothing was taken since */
    bool swept;
    uint64_t epoch_end;    /* STEPS: one above the last that was asked for */
    uint64_t header_first; /* HEADERS */
    uint32_t chunk;        /* CHUNK */
    uint32_t next;         /* where the search for the next one begins */
    struct fwl_parts parts;
    uint8_t *buffer; /* of a chunk; config.chunk_max bytes */
    struct fwl_snapinfo offer;
    uint8_t offer_bytes[FWL_SNAPINFO_MAX];
    struct fwl_restore restore;
};

/* Headers from before a snapshot, downwards, when there is nothing else to do. */
struct fwl_replica_history {
    uint64_t peer;  /* 0: nobody was asked */
    uint64_t first; /* of the headers that were asked for */
    uint64_t at_ms; /* when something happens: the next request, or patience ends */
    uint32_t turn;  /* of the peers */
};

/* A follow-up of a step, taken in this order: check, build, commit. */
struct fwl_replica_todo {
    bool check;
    struct fwl_hash32 check_hash;
    struct fwl_span check_body;
    bool build;
    struct fwl_consensus_build build_of;
    bool commit;
    struct fwl_consensus_commit commit_of;
};

struct fwl_replica_asked {
    struct fwl_hash32 txid;
    uint64_t at_ms;
    uint64_t peer; /* of whom; 0: it gave it */
};

/* Ids that everybody is told together. */
struct fwl_replica_news {
    struct fwl_hash32 txids[FWL_FRAME_TXIDS_MAX];
    uint16_t count;
    uint64_t at_ms; /* monotonic: when the next ones may be told */
    uint8_t frame[2 + 32 * FWL_FRAME_TXIDS_MAX];
};

enum {
    FWL_REPLICA_QUESTIONS_OWN = 32, /* about the time, of own clients; of peers: */
    FWL_REPLICA_QUESTIONS = FWL_REPLICA_QUESTIONS_OWN + 256,
    FWL_REPLICA_WORDS_MAX = 2 * FWL_VALIDATORS_MAX / 3 + 1, /* a quorum */
};

/* A device asks for the time. */
struct fwl_replica_question {
    uint64_t until_ms; /* monotonic; 0: the place is free */
    uint64_t peer;     /* that it came from; 0: an own client */
    uint64_t client;   /* that still waits for it; 0: none */
    struct fwl_attest_request request;
    bool open;                                  /* its tip has been our own; false: it may become so */
    bool signing;                               /* the own word is not signed yet */
    uint64_t time_ms;                           /* that it says */
    uint8_t seen[(FWL_VALIDATORS_MAX + 7) / 8]; /* validators that have answered */
    size_t count;                               /* words kept for the client */
};

struct fwl_replica_attestor {
    size_t open;     /* places that are taken */
    uint64_t height; /* of the tip when they were last looked at */
    uint64_t own_ms; /* paces: when the next one is due at the average rate */
    uint64_t others_ms;
    uint64_t signed_count;
    uint64_t answered;
    uint64_t failed;
    struct fwl_replica_question questions[FWL_REPLICA_QUESTIONS]; /* own ones first */
    struct fwl_attest words[FWL_REPLICA_QUESTIONS_OWN][FWL_REPLICA_WORDS_MAX];
};

struct fwl_replica {
    struct fwl_replica_config config;
    struct fwl_replica_time now; /* of the event under way */
    struct fwl_consensus *engine;
    void *engine_memory;
    size_t engine_bytes;
    struct fwl_chain *chain;
    struct fwl_mempool *pool;
    struct fwl_replica_peer peers[FWL_CONSENSUS_PEERS_MAX];
    size_t peer_count;
    struct fwl_replica_fetch fetch;
    struct fwl_replica_pull pull;
    struct fwl_replica_sync sync;
    struct fwl_replica_history history;
    struct fwl_replica_attestor attestor;
    struct fwl_replica_news news;
    uint64_t snapshot; /* height of the newest one that is served; 0: none */
    uint8_t *block;    /* being fetched */
    uint8_t *body;     /* being pulled: height u64 || Body */
    uint8_t *frame;    /* being sent */
    size_t frame_bytes;
    void *votes_arena;
    size_t votes_bytes;
    struct fwl_hash32 *txids; /* of a committed block */
    size_t txids_max;
    struct fwl_effects effects;
    uint64_t engine_timer; /* monotonic; UINT64_MAX: none */
    uint64_t gossip_at;    /* monotonic */
    uint64_t retry_at;     /* stalled: when a write is tried again */
    bool booted;           /* the engine runs */
    bool votes_lost;       /* as told at boot, until what the engine makes of it is durable */
    bool votes_forced;     /* the same */
    bool stalled;
    bool halted;
    struct fwl_hash32 members; /* of the entry of the validators, by which peers are known */
    bool members_moved;        /* it is another one, and the engine was not told */
    uint64_t evidence_seen;
    struct fwl_tally tally;
    uint64_t fetched;
    uint64_t rejected[FWL_REPLICA_REASONS_MAX];
    struct fwl_replica_asked asked[FWL_REPLICA_ASKED];
    struct fwl_hash32 verified[FWL_REPLICA_VERIFIED];
};

/** fwl_replica_until - when patience ends after a part of an object that was asked for at @asked_ms and has come to
 * @bytes: who sends a byte now and then is as good as silent. */
static inline uint64_t
fwl_replica_until(uint64_t now_ms, uint64_t patience_ms, uint64_t asked_ms, uint32_t bytes)
{
    return FWL_MIN(now_ms + patience_ms, asked_ms + FWL_REPLICA_SLOW_MS + bytes / FWL_REPLICA_SLOW_RATE);
}

/** fwl_replica_find - the slot of a peer, or NULL. */
struct fwl_replica_peer *fwl_replica_find(struct fwl_replica *r, uint64_t peer);
/** fwl_replica_step - one event, and everything that follows from it. Fills the event's time and have_txs. */
void fwl_replica_step(struct fwl_replica *r, struct fwl_event *event);
/** fwl_replica_admit - a transaction into the pool, as fwl_mempool_add; counts refusals. */
FWL_NODISCARD enum fwl_err fwl_replica_admit(struct fwl_replica *r, struct fwl_state_refusal *why,
                                             struct fwl_hash32 *txid, struct fwl_span tx);
/** fwl_replica_end - halt for good. */
void fwl_replica_end(struct fwl_replica *r, enum fwl_replica_end why, enum fwl_err err);
/** fwl_replica_commit - a certified block becomes the tip. FWL_OK, or it has stalled or halted. */
enum fwl_err fwl_replica_commit(struct fwl_replica *r, struct fwl_span body, const struct fwl_cert *cert);
/** fwl_replica_stall - the disk is full: drop the engine, try again later. */
void fwl_replica_stall(struct fwl_replica *r);
/** fwl_replica_members - is the entry of the validators another one than before? fwl_replica_know - tell the engine
 * whose peers are whose. */
bool fwl_replica_members(struct fwl_replica *r);
void fwl_replica_know(struct fwl_replica *r);
/** fwl_replica_tell - a frame to every peer but @except; 0: to all. */
void fwl_replica_tell(struct fwl_replica *r, uint64_t except, enum fwl_frame_type type, struct fwl_span payload);
/** fwl_replica_timer - tell the driver the earliest moment at which something is due. */
void fwl_replica_timer(struct fwl_replica *r);

/** fwl_replica_reboot - the engine starts anew from what is durable. */
void fwl_replica_reboot(struct fwl_replica *r);
/** fwl_replica_own_failure - full is for now, everything else for good. */
void fwl_replica_own_failure(struct fwl_replica *r, enum fwl_err err);

/* gossip.c: TX, TXINV, GETTX */
void fwl_gossip_frame(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_frame_type type,
                      struct fwl_span payload);
/** fwl_gossip_tell - everybody is told of a transaction, now or in a moment. fwl_gossip_tick - tells what is due;
 * fwl_gossip_at - when something is (monotonic), UINT64_MAX: nothing. */
void fwl_gossip_tell(struct fwl_replica *r, const struct fwl_hash32 *txid);
void fwl_gossip_tick(struct fwl_replica *r);
uint64_t fwl_gossip_at(const struct fwl_replica *r);
void fwl_gossip_inventory(struct fwl_replica *r, uint64_t peer, size_t most);

/* fetch.c: catching up by blocks, bodies that the engine pulls */
void fwl_fetch_start(struct fwl_replica *r, struct fwl_replica_peer *from);
/** fwl_fetch_stop - nothing is under way any more, and it is not the peer's doing. fwl_fetch_leave - it is. */
void fwl_fetch_stop(struct fwl_replica *r);
void fwl_fetch_leave(struct fwl_replica *r);
/** fwl_fetch_owes - it was asked, and gave nothing. */
void fwl_fetch_owes(struct fwl_replica_peer *peer);
/* Does it say that it is ahead by more than the block under way, and that it serves the block after the tip? */
bool fwl_fetch_says_ahead(const struct fwl_replica *r, const struct fwl_replica_peer *peer);
bool fwl_fetch_has_next(const struct fwl_replica *r, const struct fwl_replica_peer *peer);
/* Is it ahead so, as far as it is believed? */
bool fwl_fetch_is_ahead(const struct fwl_replica *r, const struct fwl_replica_peer *peer);
/* Is anybody ahead, and has the block after the tip? */
bool fwl_fetch_is_possible(const struct fwl_replica *r);
void fwl_fetch_block(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload);
void fwl_fetch_body(struct fwl_replica *r, struct fwl_replica_peer *from, uint32_t slot, struct fwl_span payload);
void fwl_fetch_pull(struct fwl_replica *r, uint64_t peer);
/** fwl_fetch_heard - after a STATUS of @from. fwl_fetch_tick - does what is due; fwl_fetch_at - when something is
 * (monotonic), UINT64_MAX: nothing. */
void fwl_fetch_heard(struct fwl_replica *r, struct fwl_replica_peer *from);
void fwl_fetch_tick(struct fwl_replica *r);
uint64_t fwl_fetch_at(const struct fwl_replica *r);

/* sync.c: catching up by a snapshot */
/** fwl_sync_start - asks for a snapshot when one is wanted and none is under way. */
void fwl_sync_start(struct fwl_replica *r);
/** fwl_sync_goes_first - are no blocks fetched now? A snapshot is received whose block is certified, or an offer is
 * waited for, and not for long. */
bool fwl_sync_goes_first(struct fwl_replica *r);
void fwl_sync_frame(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_frame_type type,
                    struct fwl_span payload);
/** fwl_sync_gone - @peer has gone; @slot was its. */
void fwl_sync_gone(struct fwl_replica *r, uint64_t peer, struct fwl_replica_peer *slot);
void fwl_sync_tick(struct fwl_replica *r);
/** fwl_sync_close - forget what is under way; what is durable of it stays. */
void fwl_sync_close(struct fwl_replica *r);

/* history.c: older headers */
void fwl_history_headers(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload);
void fwl_history_tick(struct fwl_replica *r);
/** fwl_history_at - when it wants a tick (monotonic); UINT64_MAX while something else goes on. */
uint64_t fwl_history_at(const struct fwl_replica *r);
void fwl_history_gone(struct fwl_replica *r, uint64_t peer);

/* attestor.c: ATTESTREQ, ATTEST */
void fwl_attestor_frame(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_frame_type type,
                        struct fwl_span payload);
FWL_NODISCARD enum fwl_err fwl_attestor_ask(struct fwl_replica *r, uint64_t client,
                                            const struct fwl_attest_request *request);
/** fwl_attestor_tick - questions whose tip has come, signatures that are still due, ends. fwl_attestor_moved - the same
 * if the tip has moved since. fwl_attestor_at - when one ends (monotonic), UINT64_MAX: none is open. */
void fwl_attestor_tick(struct fwl_replica *r);
void fwl_attestor_moved(struct fwl_replica *r);
uint64_t fwl_attestor_at(const struct fwl_replica *r);

/* serve.c: GETBODY, GETBLOCKS, GETHEADERS, GETEPOCHS, GETSNAPINFO, GETCHUNK */
void fwl_serve_frame(struct fwl_replica *r, struct fwl_replica_peer *to, enum fwl_frame_type type,
                     struct fwl_span payload);

#endif
