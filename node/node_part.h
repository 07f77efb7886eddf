/*
 * node_part - what the parts of the runtime share. Zone H. Internal to the module.
 */
#ifndef FWL_NODE_NODE_PART_H
#define FWL_NODE_NODE_PART_H

#include <pthread.h>
#include <stdatomic.h>

#include "ledger/store/store.h"
#include "node/api.h"
#include "node/node.h"
#include "node/remote.h"
#include "node/signer.h"
#include "node/snapshots.h"
#include "node/waiters.h"
#include "p2p/replica/replica.h"

struct event;
struct event_base;
struct evdns_base;

struct fwl_node_named; /* a configured peer with a name instead of an address, peers.c */

enum { FWL_NODE_RATE_S = 10 }; /* over so many seconds the speed of catching up is told */

/* How long a block has been wanted, and what is counted for people. */
struct fwl_node_wait {
    bool waits;                        /* a block is wanted, or this node has to catch up, or its disk is full */
    uint64_t since_ms;                 /* monotonic */
    uint64_t tell_at_ms;               /* the next reason line */
    uint64_t fetched[FWL_NODE_RATE_S]; /* fwl_replica_watch.fetched of the seconds before, a ring */
    struct fwl_histogram interval;
};

struct fwl_node {
    struct fwl_config *config;
    struct fwl_log *log;
    struct fwl_node_options options;
    bool committed; /* since the last fwl_bind_after */
    uint16_t p2p_port;
    unsigned seconds; /* since the start */
    enum fwl_node_exit exit;

    /* opened in this order */
    uint8_t *genesis;
    size_t genesis_size;
    struct fwl_hash32 chain_id;
    struct fwl_secret node_secret;
    struct fwl_pubkey32 node_key;
    struct fwl_signer signer;
    bool renew_due; /* the tie between key and votes store, as soon as a write succeeds */
    struct fwl_store *chain_store;
    struct fwl_store *votes_store;
    struct fwl_storage chain;
    struct fwl_storage votes;
    struct fwl_snapshots snapshots;
    struct event_base *base;
    struct event *tick;   /* of the replica */
    struct event *wake;   /* the queue has something, or stop */
    struct event *second; /* status, waiters, reason line */
    struct event *signals[3];
    struct evdns_base *dns;
    struct fwl_transport *transport;
    void *replica_memory;
    struct fwl_replica *replica;
    struct fwl_api *api;
    struct fwl_http_server *server;

    struct fwl_node_named *named; /* a list */

    struct fwl_waiters waiters;
    struct fwl_api_question *asked; /* under way */
    uint64_t clients;               /* questions so far: their numbers */
    uint64_t tip_time_ms;
    uint64_t failed; /* transactions that waited in vain */
    struct fwl_node_wait wait;

    atomic_uint_fast64_t tip;
    pthread_mutex_t lock;
    struct fwl_api_submission *queue;   /* under lock; newest first */
    size_t queued;                      /* under lock */
    struct fwl_api_question *questions; /* under lock; newest first */
    size_t question_count;              /* under lock: these and those under way */
    size_t question_max;                /* under lock */
    bool closing;                       /* under lock: nothing is taken any more */
    bool stop;                          /* under lock */
    struct fwl_api_status status;       /* under lock */
    struct fwl_api_watch watch;         /* under lock */
    struct fwl_api_watch watch_next;    /* of the chain's thread: being filled */
};

/** fwl_bind_now - both clocks. */
struct fwl_replica_time fwl_bind_now(void);
/** fwl_bind_io - the replica's effects. fwl_bind_owner - the transport's callbacks. The cookie is the node. */
void fwl_bind_io(struct fwl_replica_io *out, struct fwl_node *node);
void fwl_bind_owner(struct fwl_transport_owner *out);
/** fwl_bind_after - after every call into the replica: what an effect may not do itself. */
void fwl_bind_after(struct fwl_node *node);

/** fwl_peers_has_own - does @config list the node itself as a peer? */
bool fwl_peers_has_own(const struct fwl_node *node, const struct fwl_config *config);
/**
 * fwl_peers_dial - dial the configured peers; names are resolved in the background. FWL_ERR_ARG: the own key.
 * fwl_peers_change - those of @next take the place of those of the configuration, and so does who may connect: peers
 * that are not let in any more are dropped, all others stay connected. The first error; what could be dialled is.
 * fwl_peers_resolve - ask for the names again. fwl_peers_close - forget the names; runs the event loop once.
 */
FWL_NODISCARD enum fwl_err fwl_peers_dial(struct fwl_node *node);
FWL_NODISCARD enum fwl_err fwl_peers_change(struct fwl_node *node, const struct fwl_config *next);
void fwl_peers_resolve(struct fwl_node *node);
void fwl_peers_close(struct fwl_node *node);

/** fwl_reload_config - read options.config_path again: what can change while the node runs does (log,
 * api.max_connections, p2p.peers, p2p.accept), what cannot is named in the log. A file that is refused changes nothing.
 */
void fwl_reload_config(struct fwl_node *node);

/** fwl_intake_limit - how many requests may wait for their block: half of those that the API holds at once, so that the
 * other half is there for who does not wait.
 * fwl_intake_submit - backend of the API, any thread. fwl_intake_drain - on the chain's thread: the queue into the
 * replica. fwl_intake_close - take nothing more, answer everybody. */
size_t fwl_intake_limit(unsigned connections_max);
enum fwl_err fwl_intake_submit(void *cookie, struct fwl_api_submission *s);
void fwl_intake_drain(struct fwl_node *node);
void fwl_intake_close(struct fwl_node *node);
/** fwl_intake_committed, fwl_intake_refused - answer who waits for it. fwl_intake_expire - who waits in vain. */
void fwl_intake_committed(struct fwl_node *node, const struct fwl_hash32 *txid, uint64_t height);
void fwl_intake_refused(struct fwl_node *node, const struct fwl_hash32 *txid, const struct fwl_state_refusal *why);
void fwl_intake_expire(struct fwl_node *node, uint64_t unix_s);

/** fwl_questions_limit - how many may be under way: a quarter of the requests that the API holds at once, as above.
 * fwl_questions_ask - backend of the API, any thread. fwl_questions_drain - on the chain's thread: those into the
 * replica. fwl_questions_answered - what became of one. fwl_questions_close - take nothing more, answer everybody. */
void fwl_questions_limit(struct fwl_node *node, unsigned connections_max);
enum fwl_err fwl_questions_ask(void *cookie, struct fwl_api_question *q);
void fwl_questions_drain(struct fwl_node *node);
void fwl_questions_answered(struct fwl_node *node, uint64_t client, const struct fwl_attest *words, size_t count,
                            bool quorum);
void fwl_questions_close(struct fwl_node *node);

/**
 * fwl_voting_open - the key file or the signer of the configuration, if there is one.
 * fwl_voting_check - @lost: the votes store is not the key's. Claims a signer otherwise.
 * fwl_voting_start - the replica has booted; a new tie if votes were @lost, and a signer gets to the event loop.
 * fwl_voting_second - every second: what fwl_voting_start could not do for want of space.
 * fwl_voting_info - false: a follower.
 */
enum fwl_node_exit fwl_voting_open(struct fwl_node *node);
enum fwl_node_exit fwl_voting_check(struct fwl_node *node, bool *lost);
enum fwl_node_exit fwl_voting_start(struct fwl_node *node, bool lost);
void fwl_voting_second(struct fwl_node *node);
bool fwl_voting_info(const struct fwl_node *node, struct fwl_remote_info *out);

/** fwl_watch_publish - status for the API threads. fwl_watch_second - every second: the numbers for people too, and
 * the line that says what is waited for. fwl_watch_block - a block was committed, @interval_ms after the one before. */
void fwl_watch_publish(struct fwl_node *node);
void fwl_watch_second(struct fwl_node *node, uint64_t mono_ms);
void fwl_watch_block(struct fwl_node *node, uint64_t interval_ms);

#endif
