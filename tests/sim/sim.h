/*
 * sim - replicas in one process: virtual time, a seeded network, stores that fail on demand, checkers.
 *
 * The replicas are those of fwledgerd (p2p/replica); sockets, disks, clocks and randomness are the simulator's, so a
 * seed replays a run exactly. Every event and frame enters a trace hash.
 */
#ifndef FWL_TESTS_SIM_SIM_H
#define FWL_TESTS_SIM_SIM_H

#include <setjmp.h>

#include "ledger/store/memstore.h"
#include "p2p/replica/replica.h"
#include "tests/sim/world.h"

enum {
    SIM_NODES = 12,
    SIM_HEIGHTS = 4096,
    SIM_TXS = 2048,
    SIM_VOTES = 1 << 17,
    SIM_FRAMES = FWL_FRAME_TYPE_COUNT,
};

struct sim;

struct sim_node {
    struct sim *sim;
    uint32_t id;
    int who; /* validator key number; -1: a follower */
    struct fwl_memstore *chain, *votes;
    struct fwl_replica *replica;
    void *memory;
    bool alive, halted, gone; /* gone: never comes back */
    bool silent, evil, twin;  /* faulty; checkers look at the others */
    enum {
        SIM_BLOCKS_GOOD,
        SIM_BLOCKS_CERT,
        SIM_BLOCKS_BODY,
        SIM_BLOCKS_SHORT,
        SIM_BLOCKS_NONE
    } blocks;           /* it serves */
    bool votes_lost;    /* of the next boot */
    bool failing;       /* a fault was laid in a store: a halt is expected */
    bool dying;         /* the process is dead already, the call under way has not returned */
    uint32_t die_after; /* frames until it dies; 0: does not */
    int64_t skew_ms;
    uint32_t rate; /* of the monotonic clock, per mille */
    uint64_t height;
    uint64_t acked; /* greatest height that it has announced, across crashes */
    uint64_t timer;
    struct fwl_mempool_config pool;
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
};

struct sim_said { /* one vote of a correct node */
    uint64_t height;
    uint32_t view;
    uint8_t node, kind, used;
    struct fwl_hash32 hash;
};

/* What all runs of a process met; a scenario that never happens is a fault of the generator. */
struct sim_met {
    uint64_t runs, events, blocks, txs, crashes[2][3], crashes_sending, restarts, full, catchups, cuts, evidence[5],
        stalls, views_over_0, top_view, second_instances, lost_votes, set_changes, heartbeats, refused, lies, recorded;
};
extern struct sim_met sim_met;

struct sim {
    uint64_t seed, rng, now, order, trace;
    bool verbose, quiet_trace;
    struct world world;
    struct fwl_consensus_timing timing;
    uint32_t n, count; /* validators of the genesis; nodes */
    struct sim_node node[SIM_NODES];
    uint64_t conn[SIM_NODES][SIM_NODES];    /* number of the connection; 0: none */
    uint64_t ordered[SIM_NODES][SIM_NODES]; /* when the last frame of the ordered kinds arrives */
    bool blocked[SIM_NODES][SIM_NODES];     /* this direction loses everything */
    bool never[SIM_NODES][SIM_NODES];
    uint64_t conns;
    uint32_t loss, dup, tail; /* per mille */
    uint32_t delay_ms, tail_ms;
    struct sim_event *queue;
    size_t queued, room;
    struct fwl_header decided[SIM_HEIGHTS];
    struct fwl_hash32 decided_hash[SIM_HEIGHTS];
    uint64_t best;
    struct sim_tx tx[SIM_TXS];
    uint32_t txs;
    uint32_t people;
    bool resubmit;
    struct sim_said *said;
    uint64_t said_count;
    uint64_t sent[SIM_FRAMES];
    uint64_t events, same_time;
    bool byzantine; /* some node is evil or a twin: evidence may appear */
    bool in_block;
    char *failure; /* first one; room of 512 */
    jmp_buf *out;
};

/* sim.c */
void sim_open(struct sim *s, uint64_t seed, uint32_t n, uint32_t extra, bool real, const struct fwl_params *params);
void sim_start(struct sim *s); /* boots all, connects all */
void sim_close(struct sim *s);
uint32_t sim_random(struct sim *s, uint32_t below);
bool sim_chance(struct sim *s, uint32_t per_mille);
void sim_fail(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
void sim_run(struct sim *s, uint64_t until_ms);
bool sim_run_while(struct sim *s, uint64_t limit_ms, bool (*going)(struct sim *s));
void sim_later(struct sim *s, uint64_t delay_ms, void (*script)(struct sim *s, uint64_t arg), uint64_t arg);
void sim_crash(struct sim *s, uint32_t node, uint64_t back_in_ms); /* 0: stays down */
void sim_boot(struct sim *s, uint32_t node);
void sim_connect(struct sim *s, uint32_t a, uint32_t b);
void sim_cut(struct sim *s, uint32_t a, uint32_t b);
bool sim_correct(const struct sim_node *n);
struct fwl_replica_time sim_time(const struct sim_node *n);
void sim_push(struct sim *s, struct sim_event e);
void sim_trace(struct sim *s, uint64_t v);

/* net.c */
void sim_transmit(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload);
void sim_object(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span object);
/* Bytes of block @height as its object; FWL_OK with a view of @buffer. */
enum fwl_err sim_block_object(struct fwl_memstore *chain, uint64_t height, uint8_t *buffer, size_t room,
                              struct fwl_span *out);

/* check.c */
void sim_check_sent(struct sim *s, struct sim_node *n, enum fwl_frame_type type, struct fwl_span payload);
void sim_check_commit(struct sim *s, struct sim_node *n, const struct fwl_chain_tip *tip,
                      const struct fwl_hash32 *txids, size_t count);
void sim_check_end(struct sim *s); /* every tip, every acknowledged transaction */

/* evil.c: another payload for half of the peers; false: send what it was */
bool sim_lie(struct sim *s, struct sim_node *n, uint32_t to, enum fwl_frame_type type, struct fwl_span payload,
             uint8_t *buffer, size_t room, struct fwl_span *out);

/* client */
uint32_t sim_client(struct sim *s, uint64_t delay_ms, struct fwl_span bytes, bool must);
void sim_load(struct sim *s, uint32_t count, uint64_t within_ms); /* valid transactions at random moments */
bool sim_unsettled(struct sim *s); /* something is pending, or correct nodes differ in height */

/* scenario.c */
struct scenario {
    const char *name;
    void (*run)(struct sim *s);
    uint32_t sizes;       /* bit n */
    uint32_t extra;       /* nodes that are no validators */
    uint32_t heartbeat_s; /* 0: default */
};
extern const struct scenario sim_scenarios[];
extern const size_t sim_scenario_count;

#endif
