/*
 * consensus - agreement on blocks as a step function: event in, effects out. Zone P.
 *
 * Height-scoped Simplex (docs/spec/agreement.md): three votes NOTARIZE, NULLIFY, FINALIZE; views advance only by
 * certificates. One engine serves one node; followers run the same engine and never vote. The engine owns one block of
 * memory for ever, touches no clock, disk or socket and is deterministic: same events, same effects.
 *
 * What the driver does with the effects of a step, in this order (the outbox rule):
 *   1. `writes`: all of them in one synchronous transaction of the store `votes`. If it fails, release nothing. After
 *      FWL_ERR_FULL drop the engine and boot it again once a write succeeds; after any other failure exit.
 *   2. `evidence`, `sends`: to peers and mempool; nothing leaves before 1 is durable.
 *   3. `check`, `build`, `commit`: work whose answer is a later event.
 *   4. `timer_at`: send a TICK event at that monotonic time (it replaces the earlier one).
 *   5. `halt`: stop stepping; this step has no writes, sends or work, every later one the same halt and nothing else.
 * Views in effects point into the engine and are valid until the next step; the body of a pending check and that of a
 * pending commit stay valid until its answer, or COMMITTED, was stepped. An answer that comes after COMMITTED is
 * ignored.
 *
 * Signing and verifying are pure functions given at init and called within the step. A vote is signed, recorded in the
 * writes and put into the sends by one function, so no signature exists outside `writes` before it is durable. A remote
 * signer answers FWL_ERR_BUSY while it works, keeps the signature, and lets the driver send TICK: the rule is then
 * asked again, so an answer that came too late is never used. Any other error is a refusal: the vote is not cast, and
 * asked for again with every resend. A driver with a worker pool verifies frames ahead and answers from its cache.
 *
 * What the driver answers without the engine: GETBODY (from the stores `votes` and `chain`), GETBLOCKS.
 */
#ifndef FWL_P2P_CONSENSUS_CONSENSUS_H
#define FWL_P2P_CONSENSUS_CONSENSUS_H

#include "ledger/kv/kv.h"
#include "ledger/model/cert.h"
#include "ledger/model/evidence.h"
#include "ledger/model/params.h"

struct fwl_consensus;
struct fwl_tally;

enum {
    FWL_CONSENSUS_PEERS_MAX = 256,
    FWL_CONSENSUS_WRITES_MAX = 192,
    FWL_CONSENSUS_BODIES_MAX = 2, /* of these writes */
    FWL_CONSENSUS_SENDS_MAX = 192,
    FWL_CONSENSUS_EVIDENCE_MAX = 16,
    FWL_CONSENSUS_PULL_VIEWS_MAX = 64, /* views of one GETCERTS, certificates used of one PROPOSE */
    FWL_CONSENSUS_JUST_BYTES_MAX = 65536 - 110,
    FWL_CONSENSUS_RETAIN = 1000, /* heights whose rec and certificates are kept for forensics */
    FWL_CONSENSUS_NOBODY = 0xffff,
};

/* A set of peers: bit i of word i/64. A peer is a number below FWL_CONSENSUS_PEERS_MAX that the driver gives to a
 * connection; it may be reused after PEER_DOWN. */
struct fwl_peer_set {
    uint64_t word[FWL_CONSENSUS_PEERS_MAX / 64];
};

static inline bool
fwl_peer_set_has(const struct fwl_peer_set *set, uint32_t peer)
{
    return (set->word[peer / 64] >> (peer % 64) & 1) != 0;
}

/* Local timing, milliseconds; nodes may differ without harm to safety (agreement.md "Timers"). */
struct fwl_consensus_timing {
    uint32_t t0, td, tmax; /* T(v) = min(t0 + v td, tmax) */
    uint32_t tf;           /* wait for FINAL after a view was entered by a NOTAR */
    uint32_t tr;           /* resend; > 0 */
    uint32_t ts;           /* STATUS; > 0 */
    uint32_t min_interval; /* between a commit and the next fresh block */
};

/* WAN and local testnet values. */
#define FWL_CONSENSUS_TIMING_WAN                                                                                       \
    ((struct fwl_consensus_timing){                                                                                    \
        .t0 = 2000, .td = 500, .tmax = 60000, .tf = 500, .tr = 1000, .ts = 1000, .min_interval = 500})
#define FWL_CONSENSUS_TIMING_LOCAL                                                                                     \
    ((struct fwl_consensus_timing){.t0 = 300, .td = 100, .tmax = 60000, .tf = 80, .tr = 200, .ts = 1000})

/** Sign @digest, which is that of @vote, with the key of this node: a signer with rules of its own judges @vote.
 * FWL_OK; FWL_ERR_BUSY: not yet; anything else: refused. */
typedef enum fwl_err (*fwl_consensus_sign)(void *cookie, struct fwl_sig64 *out, const struct fwl_vote *vote,
                                           const struct fwl_hash32 *digest);

struct fwl_consensus_config {
    struct fwl_hash32 chain_id;
    struct fwl_pubkey32 key; /* of this node's validator; all zero: a follower */
    uint16_t validators_max; /* 1..FWL_VALIDATORS_MAX */
    uint32_t views_max;      /* 16..65536 views a height; at the last one the engine halts. 4096 is 68 h at 60 s */
    uint32_t body_max;       /* bytes; >= max_block of every height, so FWL_BLOCK_MAX_MAX unless memory is short */
    struct fwl_consensus_timing timing;
    fwl_consensus_sign sign;  /* not NULL; never called when @key is zero */
    fwl_cert_verifier verify; /* not NULL; one BIP-340 signature */
    void *cookie;             /* of both */
    struct fwl_tally *tally;  /* kept: what is counted for people, tally.h; NULL: nothing is */
};

/* The last final block and what it fixes for the next height. */
struct fwl_consensus_tip {
    uint64_t height; /* of the last final block; 0: genesis */
    struct fwl_hash32 hash;
    uint64_t time_ms;                 /* of its header */
    struct fwl_pubkey32 proposer_key; /* key of header.proposer in V(height) */
    struct fwl_validators next;       /* V(height + 1); copied */
    struct fwl_params params;         /* in force for height + 1 */
};

enum fwl_consensus_msg_type {
    FWL_MSG_STATUS,    /* height, view, hash = tip; base and time_ms are the driver's */
    FWL_MSG_PROPOSE,   /* height, view, hash, sig, njust, certs, body */
    FWL_MSG_VOTE,      /* vote */
    FWL_MSG_CERT,      /* height, certs = one certificate in long form */
    FWL_MSG_GETCERTS,  /* height, nviews, views ascending */
    FWL_MSG_GETBODY,   /* height, hash; effect only */
    FWL_MSG_BODY,      /* height, hash (ignored in an event), body; event only */
    FWL_MSG_GETBLOCKS, /* height = from; effect only: this peer is ahead, catch up from it */
};

/* One frame, decoded but for certificates, whose length the set of the height gives. */
struct fwl_consensus_msg {
    enum fwl_consensus_msg_type type;
    uint64_t height;
    uint32_t view;
    struct fwl_hash32 hash;
    struct fwl_sig64 sig;
    struct fwl_vote vote;
    uint16_t njust;
    struct fwl_span certs; /* PROPOSE: in an event the body may follow here, @body then being empty */
    struct fwl_span body;
    uint16_t nviews;
    uint32_t views[FWL_CONSENSUS_PULL_VIEWS_MAX];
};

enum fwl_event_type {
    FWL_EVENT_BOOT,      /* the first event, once: boot */
    FWL_EVENT_TICK,      /* timer, mempool changed, remote signature is there */
    FWL_EVENT_PEER_UP,   /* peer, validator_key; of one that is up: another key */
    FWL_EVENT_PEER_DOWN, /* peer */
    FWL_EVENT_MESSAGE,   /* peer, msg; of a peer that is up */
    FWL_EVENT_CHECKED,   /* hash, verdict */
    FWL_EVENT_BUILT,     /* body, empty: nothing to build */
    FWL_EVENT_COMMITTED, /* tip, votes: by a commit effect or by catching up; heights only rise */
};

/* Answer to `check`, deterministic in (body, state of height - 1). */
enum fwl_check_verdict {
    FWL_CHECK_VALID,
    FWL_CHECK_INVALID,  /* what the header commits to is not valid */
    FWL_CHECK_MISMATCH, /* the transactions are not those of header.txs_root: says nothing about the block */
};

struct fwl_event {
    enum fwl_event_type type;
    uint64_t now_ms;  /* wall clock, Unix; may step */
    uint64_t mono_ms; /* monotonic; drives every timer */
    bool have_txs;    /* does the mempool hold a transaction valid at this height? Asked with EVERY event */
    uint32_t peer;
    struct fwl_pubkey32 validator_key; /* PEER_UP: of the validator this authenticated peer belongs to; zero: none */
    const struct fwl_consensus_msg *msg;
    struct fwl_hash32 hash;
    enum fwl_check_verdict verdict;
    struct fwl_span body;
    const struct fwl_consensus_tip *tip; /* BOOT and COMMITTED */
    struct fwl_kv votes;                 /* BOOT and COMMITTED: the store `votes`, borrowed for the step */
    bool votes_lost;   /* BOOT: the store is new, restored, or its instance id is not that of the key */
    bool votes_forced; /* BOOT: the operator says that voting is safe all the same */
};

enum fwl_write_op {
    FWL_WRITE_PUT,
    FWL_WRITE_DELETE_BELOW, /* delete every key of the space whose first 8 bytes, big-endian, are below @below */
};

struct fwl_consensus_write {
    enum fwl_write_op op;
    enum fwl_space space; /* REC, CERT, BODY, VMETA */
    uint8_t key[40];
    uint8_t key_size;
    struct fwl_span value; /* view */
    uint64_t below;
};

struct fwl_consensus_send {
    struct fwl_peer_set to;
    struct fwl_consensus_msg msg;
};

/* Fresh block wanted: height, view and proposer go into its header; time_ms, or time_empty_ms without transactions. */
struct fwl_consensus_build {
    uint64_t height;
    uint32_t view;
    uint16_t proposer;
    uint64_t time_ms;
    uint64_t time_empty_ms;
    bool may_be_empty; /* the heartbeat is due */
};

struct fwl_consensus_commit {
    uint64_t height;
    struct fwl_hash32 hash;
    struct fwl_span body;
    struct fwl_span cert; /* FINAL, long form */
};

/* metrics and exit codes; append only */
enum fwl_consensus_halt {
    FWL_HALT_NONE = 0,
    FWL_HALT_SECOND_INSTANCE = 1, /* a vote of this node's key that this store does not know */
    FWL_HALT_LOCAL_FAULT = 2,     /* own execution refuses a block with a FINAL certificate */
    FWL_HALT_CORRUPT = 3,         /* the votes store is damaged or cannot be read */
    FWL_HALT_FORK = 4,            /* two FINAL certificates, or one of another chain: more than f are faulty */
    FWL_HALT_LIMIT = 5,           /* views_max, validators_max or body_max is too small */
};

struct fwl_effects {
    uint32_t nwrites, nsends, nevidence;
    struct fwl_consensus_write writes[FWL_CONSENSUS_WRITES_MAX];
    struct fwl_consensus_send sends[FWL_CONSENSUS_SENDS_MAX];
    struct fwl_evidence evidence[FWL_CONSENSUS_EVIDENCE_MAX];
    bool has_check, has_build, has_commit;
    struct {
        uint64_t height;
        struct fwl_hash32 hash;
        struct fwl_span body;
    } check;
    struct fwl_consensus_build build;
    struct fwl_consensus_commit commit;
    uint64_t timer_at; /* monotonic; UINT64_MAX: none */
    bool bad_peer;     /* the message of this event was malformed, forged, or lowered a height: drop that peer */
    struct fwl_peer_set bad_late; /* what came early of these was forged, as is known now: drop them too */
    enum fwl_consensus_halt halt;
};

/** fwl_consensus_footprint - bytes of memory for @config; 0 when a field is out of its bounds. */
size_t fwl_consensus_footprint(const struct fwl_consensus_config *config);

/**
 * fwl_consensus_init - an engine in @memory (aligned for any type, fwl_consensus_footprint bytes, FWL_ASSERT).
 *
 * Owns:    keeps @memory; copies @config. Nothing is to be freed.
 * Returns: the engine, within @memory.
 */
struct fwl_consensus *fwl_consensus_init(void *memory, size_t size, const struct fwl_consensus_config *config);

/**
 * fwl_consensus_step - take one event.
 *
 * Shape:   BOOT comes first and once, peer < FWL_CONSENSUS_PEERS_MAX (FWL_ASSERT). mono_ms does not go back (a smaller
 *          one counts as the last).
 * Fills:   @out, completely; of its arrays as much as the counts say.
 * Cost:    the signatures in the message, and a few for own votes; memory moves of one body.
 */
void fwl_consensus_step(struct fwl_consensus *c, const struct fwl_event *in, struct fwl_effects *out);

/* What is going on, for metrics, tests and checkers. */
struct fwl_consensus_info {
    uint64_t height; /* first undecided */
    uint32_t view;
    uint16_t index;  /* in V(height), or FWL_CONSENSUS_NOBODY */
    uint16_t leader; /* of the view */
    uint16_t n;
    bool voting;          /* member, and rule 2.8 allows it */
    bool want;            /* by the last event */
    uint64_t voting_from; /* first height at which this store may vote; UINT64_MAX: not known yet */
};

/** fwl_consensus_info - Fills @out. */
void fwl_consensus_info(struct fwl_consensus_info *out, const struct fwl_consensus *c);

#endif
