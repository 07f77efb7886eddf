#include "node/node.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <event2/event.h>
#include <event2/thread.h>

#include "core/hex.h"
#include "core/host/descriptors.h"
#include "core/host/heap.h"
#include "ledger/model/genesis.h"
#include "node/node_part.h"

enum {
    VIEWS_MAX = 4096,      /* a height: 68 h at 60 s */
    NAMES_S = 30,          /* names of peers are resolved again */
    READERS_S = 3600,      /* slots of dead readers are cleared */
    EXPIRY_GRACE_S = 60,   /* a clock may be behind */
    SNAPSHOT_AHEAD = 1000, /* blocks that a snapshot must save */
    OTHER_FILES = 512,     /* connections of nodes, at most 128 + 2 * 64 + validators, and stores */
    PATH_ROOM = FWL_CONFIG_PATH_MAX + 16,
};

/* Logs a failure to start, @text being its cause, and says what the exit code is. */
static enum fwl_node_exit
fault_why(const struct fwl_node *n, enum fwl_node_exit code, const char *what, const char *where, enum fwl_err err,
          const char *text)
{
    fwl_log(n->log, FWL_LOG_UNUSUAL, "node", what, "where=\"%s\" reason=%s text=\"%s\"", where, fwl_err_name(err),
            text);
    return code;
}

static enum fwl_node_exit
config_fault(const struct fwl_node *n, const char *what, const char *where, enum fwl_err err)
{
    return fault_why(n, FWL_NODE_EXIT_CONFIG, what, where, err, fwl_err_text(err));
}

static enum fwl_node_exit
storage_fault(const struct fwl_node *n, const char *what, const char *where, enum fwl_err err)
{
    return fault_why(n, FWL_NODE_EXIT_STORAGE, what, where, err, fwl_err_text(err));
}

static enum fwl_node_exit
read_genesis(struct fwl_node *n)
{
    const char *path = n->config->genesis;
    struct fwl_genesis genesis;
    struct fwl_fault fault = {0};
    FILE *file = fopen(path, "re");
    bool failed = false;
    enum fwl_err err = FWL_OK;

    if (file == NULL) {
        return fault_why(n, FWL_NODE_EXIT_CONFIG, "the genesis document cannot be opened", path,
                         errno == ENOENT ? FWL_ERR_ABSENT : FWL_ERR_STORAGE, strerror(errno));
    }
    n->genesis = fwl_malloc(FWL_GENESIS_MAX + 1);
    n->genesis_size = n->genesis == NULL ? 0 : fread(n->genesis, 1, FWL_GENESIS_MAX + 1, file);
    failed = n->genesis == NULL || ferror(file) != 0;
    (void)fclose(file);
    if (failed) {
        return config_fault(n, "the genesis document cannot be read", path, FWL_ERR_STORAGE);
    }
    err = fwl_genesis_decode(&genesis, &fault, fwl_span(n->genesis, n->genesis_size));
    if (err != FWL_OK) {
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "the genesis document is not valid",
                "where=\"%s\" field=%s offset=%zu reason=%s text=\"%s\"", path,
                fault.field == NULL || fault.field[0] == '\0' ? "none" : fault.field, fault.offset, fwl_err_name(err),
                fwl_err_text(err));
        return FWL_NODE_EXIT_CONFIG;
    }
    fwl_genesis_chain_id(&n->chain_id, fwl_span(n->genesis, n->genesis_size));
    return FWL_NODE_EXIT_DONE;
}

static enum fwl_node_exit
read_keys(struct fwl_node *n)
{
    const struct fwl_config *c = n->config;
    enum fwl_err err = fwl_secret_load(&n->node_secret, c->node_key);

    if (err == FWL_OK && n->node_secret.kind != FWL_KEY_NODE) {
        err = FWL_ERR_TYPE;
    }
    if (err != FWL_OK) {
        return fault_why(n, FWL_NODE_EXIT_CONFIG, "node_key is not usable", c->node_key, err, fwl_secret_why(err));
    }
    fwl_secret_xonly(&n->node_key, &n->node_secret);
    if (fwl_peers_has_own(n, c)) {
        return config_fault(n, "p2p.peers has the node's own key", c->node_key, FWL_ERR_VALUE);
    }
    return fwl_voting_open(n);
}

static enum fwl_node_exit
open_store(struct fwl_node *n, struct fwl_store **store, struct fwl_storage *storage, const char *name,
           enum fwl_store_kind kind)
{
    char path[PATH_ROOM];
    enum fwl_err err = FWL_OK;

    (void)snprintf(path, sizeof(path), "%s/%s", n->config->data, name);
    err = fwl_store_open(store, path, kind, 0);
    if (err != FWL_OK) {
        return storage_fault(n, "a store cannot be opened", path, err);
    }
    *storage = fwl_store_storage(*store);
    return FWL_NODE_EXIT_DONE;
}

static enum fwl_node_exit
open_snapshots(struct fwl_node *n)
{
    const struct fwl_snapshots_config config = {.data = n->config->data,
                                                .program = n->options.program,
                                                .every = n->config->snapshots_every,
                                                .keep = n->config->snapshots_keep,
                                                .chain_id = &n->chain_id,
                                                .log = n->log};
    enum fwl_err err = fwl_snapshots_open(&n->snapshots, &config);

    return err == FWL_OK ? FWL_NODE_EXIT_DONE
                         : storage_fault(n, "the snapshots cannot be opened", n->config->data, err);
}

static enum fwl_node_exit
open_stores(struct fwl_node *n)
{
    enum fwl_node_exit code = FWL_NODE_EXIT_DONE;

    if (mkdir(n->config->data, S_IRWXU) != 0 && errno != EEXIST) {
        return fault_why(n, FWL_NODE_EXIT_STORAGE, "the data folder cannot be made", n->config->data, FWL_ERR_STORAGE,
                         strerror(errno));
    }
    code = open_store(n, &n->chain_store, &n->chain, "chain", FWL_STORE_CHAIN);
    if (code == FWL_NODE_EXIT_DONE) {
        code = open_store(n, &n->votes_store, &n->votes, "votes", FWL_STORE_VOTES);
    }
    return code == FWL_NODE_EXIT_DONE ? open_snapshots(n) : code;
}

static void
on_tick(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_node *n = cookie;

    (void)fd;
    (void)what;
    fwl_replica_tick(n->replica, fwl_bind_now());
    fwl_bind_after(n);
}

static void
on_wake(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_node *n = cookie;
    bool stop = false;

    (void)fd;
    (void)what;
    (void)pthread_mutex_lock(&n->lock);
    stop = n->stop;
    (void)pthread_mutex_unlock(&n->lock);
    if (stop) {
        (void)event_base_loopbreak(n->base);
        return;
    }
    fwl_intake_drain(n);
    fwl_questions_drain(n);
}

static void
on_second(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_node *n = cookie;
    struct fwl_replica_time now = fwl_bind_now();

    (void)fd;
    (void)what;
    n->seconds++;
    if (fwl_snapshots_tick(&n->snapshots, atomic_load(&n->tip))) {
        fwl_replica_snapshot(n->replica, now, fwl_snapshots_height(&n->snapshots));
    }
    fwl_watch_publish(n);
    fwl_watch_second(n, now.mono_ms);
    fwl_voting_second(n);
    /* By the chain's own time no block can have it any more; by ours, a minute late, nobody should wait any longer. */
    fwl_intake_expire(n, FWL_MAX(n->tip_time_ms / 1000, FWL_MAX(now.wall_ms / 1000, EXPIRY_GRACE_S) - EXPIRY_GRACE_S));
    if (n->seconds % NAMES_S == 0) {
        fwl_peers_resolve(n);
    }
    if (n->seconds % READERS_S == 0) {
        (void)fwl_store_check_readers(n->chain_store);
    }
}

static void
on_signal(evutil_socket_t number, short what, void *cookie)
{
    struct fwl_node *n = cookie;

    (void)what;
    if (number == SIGHUP) {
        fwl_reload_config(n);
        return;
    }
    fwl_log(n->log, FWL_LOG_INFO, "node", "stopping", "signal=%d", (int)number);
    (void)event_base_loopbreak(n->base);
}

static bool
make_events(struct fwl_node *n)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    const struct timeval second = {.tv_sec = 1};

    if (evthread_use_pthreads() != 0) {
        return false;
    }
    n->base = event_base_new();
    if (n->base == NULL) {
        return false;
    }
    n->tick = event_new(n->base, -1, 0, on_tick, n);
    n->wake = event_new(n->base, -1, EV_PERSIST, on_wake, n);
    n->second = event_new(n->base, -1, EV_PERSIST, on_second, n);
    if (n->tick == NULL || n->wake == NULL || n->second == NULL || event_add(n->wake, NULL) != 0 ||
        event_add(n->second, &second) != 0) {
        return false;
    }
    for (size_t i = 0; n->options.signals && i < FWL_COUNT(numbers); i++) {
        n->signals[i] = evsignal_new(n->base, numbers[i], on_signal, n);
        if (n->signals[i] == NULL || event_add(n->signals[i], NULL) != 0) {
            return false;
        }
    }
    return true;
}

/* HOST:PORT in numbers, as the transport wants it. */
static bool
numeric_address(char *out, size_t room, const struct fwl_config_address *address)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[NI_MAXHOST];
    bool ok = false;

    if (getaddrinfo(address->host, NULL, &hints, &found) != 0 || found == NULL) {
        return false;
    }
    ok = getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST) == 0;
    freeaddrinfo(found);
    (void)snprintf(out, room, strchr(host, ':') == NULL ? "%s:%u" : "[%s]:%u", host, address->port);
    return ok;
}

static enum fwl_node_exit
open_transport(struct fwl_node *n)
{
    const struct fwl_config_address *listen = &n->config->p2p_listen;
    struct fwl_transport_config config;
    struct fwl_transport_owner owner;
    char address[NI_MAXHOST + 16];
    enum fwl_err err = FWL_OK;

    fwl_transport_config_init(&config);
    config.chain_id = n->chain_id;
    config.node_key = n->node_key;
    config.log = n->log;
    fwl_bind_owner(&owner);
    err = fwl_transport_new(&n->transport, n->base, &config, &owner, n);
    if (err != FWL_OK) {
        return config_fault(n, "the transport cannot be made", "p2p", err);
    }
    if (!numeric_address(address, sizeof(address), listen)) {
        return config_fault(n, "p2p.listen does not resolve", listen->host, FWL_ERR_NETWORK);
    }
    err = fwl_transport_listen(n->transport, address, &n->p2p_port);
    if (err != FWL_OK) {
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "p2p.listen cannot be bound", "address=%s reason=\"%s\"", address,
                err == FWL_ERR_NETWORK ? strerror(errno) : fwl_err_text(err));
        return FWL_NODE_EXIT_CONFIG;
    }
    err = fwl_peers_dial(n);
    return err == FWL_OK ? FWL_NODE_EXIT_DONE : config_fault(n, "p2p.peers cannot be dialled", "p2p.peers", err);
}

static void
replica_config(struct fwl_node *n, struct fwl_replica_config *out)
{
    const struct fwl_config_timers *t = &n->config->timers;

    *out = (struct fwl_replica_config){
        .genesis = fwl_span(n->genesis, n->genesis_size),
        .validator = n->signer.key,
        .timing = {.t0 = (uint32_t)t->t0,
                   .td = (uint32_t)t->td,
                   .tmax = (uint32_t)t->tmax,
                   .tf = (uint32_t)t->tf,
                   .tr = (uint32_t)t->resend,
                   .ts = (uint32_t)t->status,
                   .min_interval = (uint32_t)t->min_interval},
        .mempool = {.transactions_max = n->config->mempool_transactions_max, .bytes_max = n->config->mempool_bytes_max},
        .validators_max = FWL_VALIDATORS_MAX,
        .views_max = VIEWS_MAX,
        .body_max = FWL_BLOCK_MAX_MAX,
        .arena_bytes = fwl_chain_arena_bytes(FWL_BLOCK_WORK_MAX),
        .retain = n->config->retain,
        .catch_up = n->config->catch_up,
        .snapshot_ahead = SNAPSHOT_AHEAD,
        .chunk_max = FWL_SNAPSHOT_CHUNK_MAX};
    fwl_random(&out->mempool.seed, sizeof(out->mempool.seed));
    fwl_bind_io(&out->io, n);
}

static enum fwl_node_exit
boot_fault(const struct fwl_node *n, enum fwl_err err)
{
    if (err == FWL_ERR_CHAIN) {
        return config_fault(n, "the store belongs to another genesis document", n->config->genesis, err);
    }
    if (err == FWL_ERR_PROTOCOL) {
        return config_fault(n, "the chain has a protocol that this program does not know", n->config->data, err);
    }
    return storage_fault(n, "the chain cannot be opened", n->config->data, err);
}

/* Tip and interval as the store has them, before the replica may commit something. */
static void
note_tip(struct fwl_node *n)
{
    const struct fwl_header *h = &fwl_replica_tip(n->replica)->header;

    atomic_store(&n->tip, h->height);
    n->tip_time_ms = h->time_ms;
    n->committed = true;
}

static enum fwl_node_exit
boot(struct fwl_node *n)
{
    struct fwl_replica_config config;
    struct fwl_replica_status status;
    enum fwl_node_exit code = FWL_NODE_EXIT_DONE;
    size_t size = 0;
    bool lost = false;
    enum fwl_err err = FWL_OK;

    code = fwl_voting_check(n, &lost);
    if (code != FWL_NODE_EXIT_DONE) {
        return code;
    }
    replica_config(n, &config);
    size = fwl_replica_footprint(&config);
    n->replica_memory = size == 0 ? NULL : fwl_malloc(size);
    if (n->replica_memory == NULL) {
        return config_fault(n, "not enough memory, or timers out of bounds", "timers", FWL_ERR_MEMORY);
    }
    n->replica = fwl_replica_init(n->replica_memory, size, &config);
    err = fwl_replica_boot(n->replica, fwl_bind_now(), lost, n->options.force_voting);
    if (err != FWL_OK) {
        return boot_fault(n, err);
    }
    fwl_replica_snapshot(n->replica, fwl_bind_now(), fwl_snapshots_height(&n->snapshots));
    fwl_replica_status(n->replica, &status);
    n->renew_due = lost && status.stalled; /* that it votes later is not written yet */
    if (n->exit == FWL_NODE_EXIT_DONE && !n->renew_due) {
        n->exit = fwl_voting_start(n, lost);
    }
    note_tip(n);
    return n->exit;
}

static uint64_t
backend_tip(void *cookie)
{
    struct fwl_node *n = cookie;

    return atomic_load(&n->tip);
}

static void
backend_status(void *cookie, struct fwl_api_status *out)
{
    struct fwl_node *n = cookie;

    (void)pthread_mutex_lock(&n->lock);
    *out = n->status;
    (void)pthread_mutex_unlock(&n->lock);
}

static void
backend_watch(void *cookie, struct fwl_api_watch *out)
{
    struct fwl_node *n = cookie;

    (void)pthread_mutex_lock(&n->lock);
    *out = n->watch;
    (void)pthread_mutex_unlock(&n->lock);
}

static enum fwl_node_exit
open_api(struct fwl_node *n)
{
    const struct fwl_config *c = n->config;
    const struct fwl_api_backend backend = {.chain = n->chain,
                                            .chain_id = n->chain_id,
                                            .tip = backend_tip,
                                            .status = backend_status,
                                            .watch = backend_watch,
                                            .submit = fwl_intake_submit,
                                            .attest = fwl_questions_ask,
                                            .cookie = n};
    struct fwl_http_server_config http = {.host = c->api_listen.host,
                                          .port = c->api_listen.port,
                                          .threads = c->api_threads,
                                          .connections_max = c->api_connections_max,
                                          .handler = fwl_api_handle};
    enum fwl_err err = FWL_ERR_MEMORY;

    n->api = fwl_api_new(&backend, c->api_threads, n->log);
    http.cookie = n->api;
    if (n->api != NULL) {
        err = fwl_http_server_start(&n->server, &http);
    }
    if (err != FWL_OK) {
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "api.listen cannot be bound", "address=%s:%u reason=\"%s\"",
                c->api_listen.host, c->api_listen.port, err == FWL_ERR_NETWORK ? strerror(errno) : fwl_err_text(err));
        return FWL_NODE_EXIT_CONFIG;
    }
    return FWL_NODE_EXIT_DONE;
}

/* A node that may open too few files goes on: it refuses connections then. */
static void
allow_files(const struct fwl_node *n)
{
    uint64_t limit = fwl_descriptors_raise();

    if (limit < (uint64_t)n->config->api_connections_max + OTHER_FILES) {
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "fewer files may be open than api.max_connections needs",
                "limit=%llu needed=%u hint=\"ulimit -n, LimitNOFILE\"", (unsigned long long)limit,
                n->config->api_connections_max + OTHER_FILES);
    }
}

static enum fwl_node_exit
open_all(struct fwl_node *n)
{
    enum fwl_node_exit code = read_genesis(n);

    if (code == FWL_NODE_EXIT_DONE) {
        code = read_keys(n);
    }
    if (code != FWL_NODE_EXIT_DONE || n->options.check_only) {
        return code;
    }
    allow_files(n);
    code = open_stores(n);
    if (code == FWL_NODE_EXIT_DONE && !make_events(n)) {
        code = config_fault(n, "the event loop cannot be made", "libevent", FWL_ERR_MEMORY);
    }
    if (code == FWL_NODE_EXIT_DONE) {
        code = open_transport(n);
    }
    if (code == FWL_NODE_EXIT_DONE) {
        code = boot(n);
    }
    if (code == FWL_NODE_EXIT_DONE) {
        fwl_bind_after(n); /* publishes the first status */
        fwl_watch_second(n, fwl_bind_now().mono_ms);
        code = open_api(n);
    }
    return code;
}

static void
log_start(const struct fwl_node *n)
{
    char chain[17];
    char key[17];

    fwl_hex_encode(chain, sizeof(chain), fwl_span(n->chain_id.b, 8));
    fwl_hex_encode(key, sizeof(key), fwl_span(n->node_key.b, 8));
    fwl_log(n->log, FWL_LOG_INFO, "node", "started",
            "version=" FWL_VERSION_TEXT " chain=%s height=%llu role=%s node=%s p2p=%u api=%u", chain,
            (unsigned long long)atomic_load(&n->tip), n->signer.sign == NULL ? "follower" : "validator", key,
            n->p2p_port, fwl_http_server_port(n->server));
}

enum fwl_node_exit
fwl_node_open(struct fwl_node **out, struct fwl_config *config, const struct fwl_node_options *options,
              struct fwl_log *log)
{
    struct fwl_node *n = fwl_calloc(1, sizeof(*n));
    enum fwl_node_exit code = FWL_NODE_EXIT_CONFIG;

    *out = NULL;
    if (n == NULL) {
        return code;
    }
    n->config = config;
    n->log = log;
    n->options = *options;
    (void)pthread_mutex_init(&n->lock, NULL);
    fwl_questions_limit(n, config->api_connections_max);
    fwl_waiters_init(&n->waiters, fwl_intake_limit(config->api_connections_max));
    code = open_all(n);
    if (code != FWL_NODE_EXIT_DONE || options->check_only) {
        fwl_node_close(n);
        return code;
    }
    log_start(n);
    *out = n;
    return code;
}

enum fwl_node_exit
fwl_node_run(struct fwl_node *n)
{
    (void)event_base_dispatch(n->base);
    return n->exit;
}

uint16_t
fwl_node_api_port(const struct fwl_node *n)
{
    return fwl_http_server_port(n->server);
}

uint16_t
fwl_node_p2p_port(const struct fwl_node *n)
{
    return n->p2p_port;
}

void
fwl_node_stop(struct fwl_node *n)
{
    (void)pthread_mutex_lock(&n->lock);
    n->stop = true;
    (void)pthread_mutex_unlock(&n->lock);
    event_active(n->wake, EV_READ, 0);
}

static void
free_events(struct fwl_node *n)
{
    struct event *const events[] = {n->tick, n->wake, n->second, n->signals[0], n->signals[1], n->signals[2]};

    for (size_t i = 0; i < FWL_COUNT(events); i++) {
        if (events[i] != NULL) {
            event_free(events[i]);
        }
    }
    fwl_peers_close(n);
    if (n->base != NULL) {
        event_base_free(n->base);
    }
}

void
fwl_node_close(struct fwl_node *n)
{
    if (n == NULL) {
        return;
    }
    fwl_intake_close(n);
    fwl_questions_close(n);
    fwl_http_server_stop(n->server);
    fwl_api_free(n->api);
    fwl_transport_free(n->transport);
    n->transport = NULL;
    fwl_signer_close(&n->signer);
    free_events(n);
    fwl_free(n->replica_memory);
    fwl_snapshots_close(&n->snapshots);
    fwl_store_close(n->votes_store);
    fwl_store_close(n->chain_store);
    fwl_secret_clear(&n->node_secret);
    fwl_free(n->genesis);
    (void)pthread_mutex_destroy(&n->lock);
    if (n->server != NULL) {
        fwl_log(n->log, FWL_LOG_INFO, "node", "stopped", "height=%llu", (unsigned long long)atomic_load(&n->tip));
    }
    fwl_free(n);
}
