/*
 * node - the runtime of fwledgerd: stores, sockets, clock and signals around one replica. Zone H.
 *
 * The thread that calls fwl_node_run owns the replica, the transport and both stores' writers, and runs one event
 * loop; nothing but a commit blocks it. API threads read the store `chain` and hand transactions over through a bounded
 * queue. A transaction that waits for its block is kept here until the replica commits or refuses it.
 *
 * A stop (SIGTERM, SIGINT, fwl_node_stop) lets the event under way finish, commit included, answers every waiting
 * request with 503 and closes the stores.
 *
 * SIGHUP reads the configuration file again: log level and form, api.max_connections, peers and who may connect change
 * at once; other changes wait for the next start and are named in the log; a file with an error changes nothing.
 */
#ifndef FWL_NODE_NODE_H
#define FWL_NODE_NODE_H

#include "node/config.h"

struct fwl_node;

/* Exit codes of fwledgerd, docs/spec/interfaces.md. */
enum fwl_node_exit {
    FWL_NODE_EXIT_DONE = 0,
    FWL_NODE_EXIT_USAGE = 2,
    FWL_NODE_EXIT_CONFIG = 3,
    FWL_NODE_EXIT_UNREACHABLE = 4, /* the signer */
    FWL_NODE_EXIT_STORAGE = 20,
    FWL_NODE_EXIT_SECOND_INSTANCE = 21,
    FWL_NODE_EXIT_LOCAL_FAULT = 22,
};

enum {
    FWL_NODE_QUEUE_MAX = 4096,   /* transactions of clients that the chain's thread has not looked at */
    FWL_NODE_QUESTIONS_MAX = 64, /* about the time, under way */
};

struct fwl_node_options {
    bool force_voting;       /* the operator says that voting is safe although the votes store is not the key's */
    bool check_only;         /* read everything, start nothing */
    const char *program;     /* this program, to make snapshots in another process; NULL: none are made */
    bool signals;            /* SIGTERM and SIGINT end fwl_node_run, SIGHUP reloads; for one node of a process */
    const char *config_path; /* the file that SIGHUP reads again; NULL: none */
};

/**
 * fwl_node_open - read genesis and keys, open the stores, boot the replica, bind the sockets.
 *
 * Owns:    keeps @config and @log, and changes them when it reloads. *out is closed with fwl_node_close. NULL on
 * failure, and for check_only. Returns: an exit code; the reason has been logged with the field or file it is about.
 */
FWL_NODISCARD enum fwl_node_exit fwl_node_open(struct fwl_node **out, struct fwl_config *config,
                                               const struct fwl_node_options *options, struct fwl_log *log);

/** fwl_node_run - until a signal, fwl_node_stop or a fault; the exit code. */
FWL_NODISCARD enum fwl_node_exit fwl_node_run(struct fwl_node *node);

/** fwl_node_api_port - where the API listens. fwl_node_p2p_port - where peers connect. */
uint16_t fwl_node_api_port(const struct fwl_node *node);
uint16_t fwl_node_p2p_port(const struct fwl_node *node);

/** fwl_node_stop - end fwl_node_run, from any thread. */
void fwl_node_stop(struct fwl_node *node);

/** fwl_node_close - answer who waits, end the threads, close the stores. NULL is fine. */
void fwl_node_close(struct fwl_node *node);

#endif
