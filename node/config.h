/*
 * config - the configuration of a node: one YAML file. Zone H.
 *
 * An unknown key is an error with its line. Paths are relative to the folder of the file. Everything has a
 * default but the identity of the chain and of the node; docs/operator.md lists all keys.
 */
#ifndef FWL_NODE_CONFIG_H
#define FWL_NODE_CONFIG_H

#include "core/error.h"
#include "core/host/log.h"
#include "core/span.h"
#include "p2p/replica/replica.h"

enum {
    FWL_CONFIG_PATH_MAX = 1024,
    FWL_CONFIG_HOST_MAX = 256,
    FWL_CONFIG_PEERS_MAX = 128,
    FWL_CONFIG_ERROR_MAX = 1024,
    FWL_CONFIG_RETAIN_MIN = 10,
    FWL_CONFIG_SNAPSHOTS_MAX = 16,
};

struct fwl_config_address {
    char host[FWL_CONFIG_HOST_MAX]; /* name or address; IPv6 without brackets */
    uint16_t port;                  /* 0: any free port, for tests */
};

struct fwl_config_peer {
    struct fwl_pubkey32 node_key;
    bool dial; /* false: only expected, no address */
    struct fwl_config_address address;
};

/* Times of consensus.md 2.5 that are local and may differ between nodes without harm to safety, in ms. */
struct fwl_config_timers {
    uint64_t t0;
    uint64_t td;
    uint64_t tmax;
    uint64_t tf;
    uint64_t resend;
    uint64_t status;
    uint64_t min_interval;
};

struct fwl_config {
    char genesis[FWL_CONFIG_PATH_MAX];
    char data[FWL_CONFIG_PATH_MAX];
    char node_key[FWL_CONFIG_PATH_MAX];
    char validator_key[FWL_CONFIG_PATH_MAX]; /* both empty: a follower */
    char signer[FWL_CONFIG_PATH_MAX];        /* socket of fwledger-signer */
    struct fwl_config_address p2p_listen;
    struct fwl_config_peer peers[FWL_CONFIG_PEERS_MAX];
    size_t peer_count;
    bool accept_anyone; /* nodes that are neither configured nor a validator's may connect as followers */
    struct fwl_config_address api_listen;
    unsigned api_threads;
    unsigned api_connections_max;
    struct fwl_config_timers timers;
    size_t mempool_transactions_max;
    size_t mempool_bytes_max;
    uint64_t retain; /* newest blocks that are kept; 0: all */
    enum fwl_replica_catch_up catch_up;
    uint64_t snapshots_every; /* blocks; 0: none */
    unsigned snapshots_keep;
    enum fwl_log_level log_level;
    bool log_json;
};

/**
 * fwl_config_load - read and check the file at @path.
 *
 * Fills:   @out; @error with "FILE:LINE: what is wrong and what is possible" on failure.
 * Returns: FWL_OK, or the code of the first error (FWL_ERR_ABSENT, _UNKNOWN, _MISSING, _RANGE, ...).
 */
FWL_NODISCARD enum fwl_err fwl_config_load(struct fwl_config *out, char error[FWL_CONFIG_ERROR_MAX], const char *path);

#endif
