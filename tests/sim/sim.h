/*
 * sim - replicas in one process: virtual time, a seeded network, stores that fail on demand, checkers.
 *
 * The replicas are those of fwledgerd (p2p/replica); sockets, disks, clocks and randomness are the simulator's, so a
 * seed replays a run exactly. Every event and frame enters a trace hash.
 */
#ifndef FWL_TESTS_SIM_SIM_H
#define FWL_TESTS_SIM_SIM_H

#include <setjmp.h>

#include "ledger/merkle/rfc6962.h"
#include "ledger/snapshot/file/snapfile.h"
#include "ledger/store/memstore.h"
#include "p2p/replica/replica.h"
#include "tests/sim/met.h"
#include "tests/sim/world.h"

enum {
    SIM_NODES = 12,
    SIM_HEIGHTS = 4096,
    SIM_TXS = 2048,
    SIM_VOTES = 1 << 17,
    SIM_FRAMES = FWL_FRAME_TYPE_COUNT,
    SIM_BODY_MAX = FWL_BLOCK_MAX_MIN,
    SIM_FIELDS = 18, /* of a header that can be wrong */
    SIM_OFF = -1,    /* no file is open, no validator */
};

struct sim;
struct sim_node;

/* Which rule of testing.md 2 did not hold. */
enum sim_checker {
    SIM_RUNS_ON,   /* a correct node runs on, boots, and is not dropped by another one */
    SIM_ONE_CHAIN, /* 1: one block a height, and it is what its header says */
    SIM_ONE_VOTE,  /* 2: no conflicting votes */
    SIM_KEPT,      /* 3: what was acknowledged */
    SIM_BOUNDS,    /* 4: well-formed and bounded */
    SIM_VIEWS,     /* 5: views and heights */
    SIM_SILENT,    /* 6: an idle net */
    SIM_DEVICE,    /* 7: the light client */
    SIM_PROGRESS,  /* 8: after the faults */
    SIM_CULPRITS,  /* 9: forks have culprits, and no correct node is one */
    SIM_CHECKER_COUNT
};

/* A store of a node: sees what each commit makes durable, and strikes. */
struct sim_store {
    struct sim_node *node;
    struct fwl_memstore *mem;
    bool chain; /* else votes */
    uint64_t countdown;
    enum fwl_memstore_fault fault; /* of the commit that the countdown comes to */
    bool for_ever;                 /* and of all after it */
};

/* How a faulty validator misbehaves: any of these (evil.c). */
enum sim_lie {
    SIM_LIE_BLOCKS = 1 << 0,    /* leader: up to three blocks, to subsets */
    SIM_LIE_FIELD = 1 << 1,     /* leader: a block with one wrong field of its header */
    SIM_LIE_FRESH = 1 << 2,     /* leader: a fresh block where an undecided one is to be proposed again */
    SIM_LIE_NO_JUST = 1 << 3,   /* leader: no certificates */
    SIM_LIE_BAD_JUST = 1 << 4,  /* leader: certificates that do not hold */
    SIM_LIE_OLD_JUST = 1 << 5,  /* leader: without the newest certificate */
    SIM_LIE_OVERSIZE = 1 << 6,  /* leader: more than max_block */
    SIM_LIE_WITHHOLD = 1 << 7,  /* leader: the body to f + 1 only, and to nobody who asks */
    SIM_LIE_NO_BODY = 1 << 8,   /* leader: the body to nobody */
    SIM_LIE_LATE = 1 << 9,      /* leader: at the last moment */
    SIM_LIE_VOTES = 1 << 10,    /* other hashes, FINALIZE for NULLIFY and the other way round */
    SIM_LIE_SUBSET = 1 << 11,   /* votes to some only */
    SIM_LIE_BOTH = 1 << 12,     /* FINALIZE and NULLIFY of one view */
    SIM_LIE_UNKNOWN = 1 << 13,  /* NOTARIZE of a block that nobody has */
    SIM_LIE_FAR = 1 << 14,      /* views and heights far away */
    SIM_LIE_CERT_ONE = 1 << 15, /* certificates to one node only */
    SIM_LIE_CERT_LATE = 1 << 16,
    SIM_LIE_YES = 1 << 17,     /* votes for whatever it hears of, to whoever says it */
    SIM_LIE_GARBAGE = 1 << 18, /* frames of any type altered, cut, made up */
    SIM_LIE_HEIGHT = 1 << 19,  /* STATUS of a great height, then of a lower one */
    SIM_LIE_COUNT = 20,
};

/* The last answer to a question about the time. */
struct sim_attests {
    uint64_t client;
    size_t count;
    bool quorum;
    struct fwl_attest words[SIM_NODES];
};

struct sim_node {
    struct sim *sim;
    uint32_t id;
    int who; /* validator key number; -1: a follower */
    struct sim_store chain, votes;
    struct fwl_replica *replica;
    void *memory;
    bool alive, halted, gone; /* gone: never comes back */
    bool silent, twin;        /* faulty; checkers look at the others */
    bool diverges;            /* its execution refuses the transaction s->odd: it halts alone */
    uint32_t lies;            /* faulty: enum sim_lie */
    uint32_t lie_field;       /* of SIM_LIE_FIELD */
    enum {
        SIM_BLOCKS_GOOD,
        SIM_BLOCKS_CERT,
        SIM_BLOCKS_BODY,
        SIM_BLOCKS_SHORT,
        SIM_BLOCKS_NONE
    } blocks;          /* it serves */
    uint64_t no_block; /* height of one that it leaves out; 0: none */
    enum {
        SIM_SNAP_GOOD,
        SIM_SNAP_INFO_ROOT,
        SIM_SNAP_INFO_CERT,
        SIM_SNAP_INFO_HEIGHT,
        SIM_SNAP_INFO_JUNK,
        SIM_SNAP_STEP,
        SIM_SNAP_HEADERS,
        SIM_SNAP_CHUNK,
        SIM_SNAP_COUNT,
        SIM_SNAP_MUTE             /* gives no chunk */
    } lie;                        /* about its snapshot */
    struct fwl_snapfile *snap[2]; /* it serves; the newest first */
    struct fwl_memstore *restore; /* a snapshot is received into it */
    uint32_t restored, drops;     /* snapshots adopted, given up */
    uint64_t retain;
    enum fwl_replica_catch_up catch_up;
    bool damaged;       /* a bit of a store was flipped: it may halt and be wrong */
    bool votes_lost;    /* of the next boot */
    bool was_lost;      /* its votes store, ever */
    bool failing;       /* a fault was laid in a store: a halt is expected */
    bool dying;         /* the process is dead already, the call under way has not returned */
    uint32_t die_after; /* frames until it dies; 0: does not */
    bool die_here;      /* only in the event under way */
    uint32_t starts;    /* how often it has booted */
    uint32_t points;    /* durable in the event under way: bits enum sim_point */
    uint64_t commits;   /* of both stores, ever */
    int64_t skew_ms;
    uint32_t rate;     /* of the monotonic clock, per mille */
    bool frozen;       /* its wall clock stands */
    int64_t frozen_at; /* wall time there */
    uint32_t cpu_ms;   /* an event takes */
    uint32_t fsync_ms; /* a commit takes */
    uint64_t busy_until, spent_ms;
    uint64_t height;
    uint64_t acked; /* greatest height that it has announced, across crashes */
    uint64_t seen_height;
    uint32_t seen_view;
    uint64_t timer;
    struct fwl_mempool_config pool;
    struct sim_attests attests;
    uint32_t attest_busy; /* so often its signer is not ready to sign the time */
};

enum sim_kind { SIM_FRAME, SIM_TIMER, SIM_CUT, SIM_CONNECT, SIM_RESTART, SIM_CLIENT, SIM_SCRIPT };

struct sim_event {
    uint64_t at, order;
    enum sim_kind kind;
    uint32_t a, b; /* to and from; node; transaction */
    uint64_t tag;  /* connection, timer */
    enum fwl_frame_type type;
    uint8_t *bytes;
    size_t size;
    void (*script)(struct sim *s, uint64_t arg);
};

struct sim_tx {
    uint8_t *bytes;
    size_t size;
    struct fwl_hash32 txid;
    uint64_t height; /* committed; 0: not yet */
    bool must;       /* it is valid whenever it comes: it must be committed */
    bool settled;    /* no longer submitted */
    bool early;      /* it expires too late yet: refused until its time has come */
    int at;          /* submitted at this node only; SIM_OFF: at any */
};

struct sim_said { /* one vote of a correct node */
    uint64_t height;
    uint32_t view;
    uint8_t node, kind, used;
    struct fwl_hash32 hash;
};

/* What the checker of blocks knows of the chain beside its headers. */
struct sim_follow {
    bool any; /* genesis was seen */
    struct fwl_frontier log, history;
    struct fwl_pubkey32 proposer; /* of the newest block */
};

struct sim {
    uint64_t seed, rng, now, order, trace;
    uint32_t verbose; /* 1: notes and the end; 2: every frame */
    struct world world;
    struct fwl_consensus_timing timing;
    uint32_t n, count; /* validators of the genesis; nodes */
    struct sim_node node[SIM_NODES];
    uint64_t conn[SIM_NODES][SIM_NODES];    /* number of the connection; 0: none */
    uint64_t ordered[SIM_NODES][SIM_NODES]; /* when the last frame of the ordered kinds arrives */
    uint64_t link_free[SIM_NODES][SIM_NODES];
    uint64_t told[SIM_NODES][SIM_NODES]; /* height of the last STATUS on the connection */
    bool blocked[SIM_NODES][SIM_NODES];  /* this direction loses everything */
    bool never[SIM_NODES][SIM_NODES];
    uint64_t conns;
    uint32_t loss, dup, tail; /* per mille */
    uint32_t delay_ms, tail_ms;
    uint32_t bandwidth; /* bytes a millisecond and direction; 0: no limit */
    /* What a scenario has to say: does this frame get lost? what befalls this commit of these points? */
    bool (*lost)(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload);
    enum fwl_memstore_fault (*strike)(struct sim *s, struct sim_node *n, uint32_t points);
    struct { /* one crash at the next commit of a point */
        bool on;
        uint32_t node; /* SIM_NODES: whichever comes first */
        enum sim_point point;
        enum sim_strike how;
    } aim;
    uint64_t goal;   /* height to reach */
    uint64_t skip;   /* directed: cases that do not exist */
    bool quick;      /* directed: what is settled is not watched for long */
    uint64_t arg[4]; /* the scenario's own */
    struct sim_event *queue;
    size_t queued, room;
    struct fwl_header decided[SIM_HEIGHTS];
    struct fwl_hash32 decided_hash[SIM_HEIGHTS];
    uint64_t best;
    uint32_t cert_view; /* in which it was decided */
    struct sim_follow follow;
    struct sim_tx tx[SIM_TXS];
    uint32_t txs;
    uint32_t people;
    struct fwl_hash32 odd; /* id of a transaction */
    bool resubmit;
    struct sim_said *said;
    uint64_t said_count;
    uint64_t sent[SIM_FRAMES];
    uint64_t events, same_time;
    bool byzantine; /* some node lies or is a twin: evidence may appear */
    bool may_fork;  /* more than f are faulty */
    bool forked;
    uint64_t fork_height;
    uint32_t snap_split; /* fwl_snapmake_config.split */
    bool in_block;
    enum sim_checker checker;            /* that failed */
    char *failure;                       /* its words; room of 512 */
    void (*failed)(const struct sim *s); /* ends a test of its own; NULL: out is where it goes on */
    jmp_buf *out;
};

/* sim.c */
void sim_open(struct sim *s, uint64_t seed, uint32_t n, uint32_t extra, bool real, const struct fwl_params *params);
void sim_start(struct sim *s); /* boots all, connects all */
void sim_close(struct sim *s);
void sim_wipe(struct sim *s); /* everything as before sim_start, but time, randomness and trace */
uint32_t sim_random(struct sim *s, uint32_t below);
bool sim_chance(struct sim *s, uint32_t per_mille);
void sim_fail(struct sim *s, enum sim_checker checker, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));
void sim_run(struct sim *s, uint64_t until_ms);
bool sim_run_while(struct sim *s, uint64_t limit_ms, bool (*going)(struct sim *s));
void sim_later(struct sim *s, uint64_t delay_ms, void (*script)(struct sim *s, uint64_t arg), uint64_t arg);
void sim_crash(struct sim *s, uint32_t node, uint64_t back_in_ms); /* 0: stays down */
void sim_boot(struct sim *s, uint32_t node);
void sim_connect(struct sim *s, uint32_t a, uint32_t b);
void sim_cut(struct sim *s, uint32_t a, uint32_t b);
/* A device asks @node for the time: as fwl_replica_attest; the answer is in node.attests when that has the @client. */
enum fwl_err sim_attest(struct sim *s, uint32_t node, uint64_t client, const struct fwl_attest_request *request);
bool sim_correct(const struct sim_node *n);
struct fwl_replica_time sim_time(const struct sim_node *n);
void sim_push(struct sim *s, struct sim_event e);
void sim_trace(struct sim *s, uint64_t v);
uint64_t sim_peer(const struct sim *s, uint32_t a, uint32_t b); /* how @a calls its connection to @b */
uint32_t sim_faulty(const struct sim *s);                       /* f of the first set */

/* store.c */
struct fwl_storage sim_store_storage(struct sim_store *st);
/* The @nth commit from now meets @fault, and with @for_ever all after it; 0: none does. */
void sim_store_fail(struct sim_store *st, uint64_t nth, enum fwl_memstore_fault fault, bool for_ever);

/* net.c */
void sim_transmit(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload,
                  uint64_t delay_ms);
void sim_object(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span object);
/* Bytes of block @height as its object; FWL_OK with a view of @buffer. */
enum fwl_err sim_block_object(struct fwl_memstore *chain, uint64_t height, uint8_t *buffer, size_t room,
                              struct fwl_span *out);

/* snap.c: effects, and one snapshot of a node's store, which it serves from then on */
void sim_snapshot(struct sim *s, uint32_t node);
void sim_snap_free(struct sim_node *n);
struct fwl_span sim_snap_info(struct sim_node *n, uint8_t buffer[FWL_SNAPINFO_MAX]);
struct fwl_span sim_snap_chunk(struct sim_node *n, uint64_t height, uint16_t chunk, uint8_t *buffer, size_t room);
enum fwl_err sim_snap_open(void *ctx, struct fwl_storage *to);
void sim_snap_drop(void *ctx);
enum fwl_err sim_snap_adopt(void *ctx);
void sim_snap_restored(void *ctx, const struct fwl_chain_tip *tip);

/* check.c */
void sim_check_sent(struct sim *s, struct sim_node *n, uint32_t to, enum fwl_frame_type type, struct fwl_span payload);
void sim_check_commit(struct sim *s, struct sim_node *n, const struct fwl_chain_tip *tip,
                      const struct fwl_hash32 *txids, size_t count);
void sim_check_follow(struct sim *s, const struct sim_node *n, uint64_t height); /* up to a block that it holds */
void sim_check_event(struct sim *s, struct sim_node *n);                         /* after each event of a node */
void sim_check_end(struct sim *s); /* every tip, every acknowledged transaction */

/* evil.c */
/* Sends what the liar makes of this frame; false: it goes out as it is. */
bool sim_lie(struct sim *s, struct sim_node *n, uint32_t to, enum fwl_frame_type type, struct fwl_span payload);
/* What the liar says to a frame that it hears. */
void sim_hear(struct sim *s, struct sim_node *n, uint32_t from, enum fwl_frame_type type, struct fwl_span payload);

/* client */
uint32_t sim_client(struct sim *s, uint64_t delay_ms, struct fwl_span bytes, bool must);
/* One valid transaction, given to node @at only (SIM_OFF: to any); its number. */
uint32_t sim_one(struct sim *s, uint64_t delay_ms, int at);
void sim_load(struct sim *s, uint32_t count, uint64_t within_ms); /* valid transactions at random moments */
bool sim_unsettled(struct sim *s); /* something is pending, or correct nodes differ in height */

/* scenario.c */
struct scenario {
    const char *name;
    const char *title;
    void (*run)(struct sim *s);
    uint32_t sizes;       /* bit n */
    uint32_t extra;       /* nodes that are no validators */
    uint32_t heartbeat_s; /* 0: default */
    bool real;            /* with real signatures always */
};
extern const struct scenario sim_scenarios[];
extern const size_t sim_scenario_count;
extern const char *const sim_checker_names[SIM_CHECKER_COUNT];

#endif
