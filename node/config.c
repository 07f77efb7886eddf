#include "node/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/hex.h"
#include "core/yaml/yaml.h"

struct source {
    struct fwl_yaml yaml;
    const char *path;
};

static const struct fwl_config defaults = {
    .p2p_listen = {.host = "127.0.0.1", .port = 7100},
    .api_listen = {.host = "127.0.0.1", .port = 7200},
    .api_threads = 1,
    .api_connections_max = 512,
    .timers = {.t0 = 2000, .td = 500, .tmax = 60000, .tf = 500, .resend = 1000, .status = 1000, .min_interval = 500},
    .mempool_transactions_max = 10000,
    .mempool_bytes_max = 64U * 1024 * 1024,
    .catch_up = FWL_SYNC_AUTO,
    .snapshots_every = 10000,
    .snapshots_keep = 2,
    .log_level = FWL_LOG_INFO,
};

/* A path of the file, made relative to the folder of the configuration file. */
static void
read_path(struct source *s, char *out, int map, const char *key, bool needed)
{
    int node = needed ? fwl_yaml_need(&s->yaml, map, key) : fwl_yaml_get(&s->yaml, map, key);
    struct fwl_span text = fwl_yaml_text(&s->yaml, node, FWL_CONFIG_PATH_MAX / 2);
    const char *slash = strrchr(s->path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - s->path) + 1;
    int used = 0;

    if (text.size == 0) {
        if (node != 0) {
            fwl_yaml_fail(&s->yaml, node, FWL_ERR_VALUE, "the path is empty");
        }
        return;
    }
    if (text.p[0] == '/') {
        folder = 0;
    }
    used = snprintf(out, FWL_CONFIG_PATH_MAX, "%.*s%.*s", (int)folder, s->path, (int)text.size, (const char *)text.p);
    if (used < 0 || used >= FWL_CONFIG_PATH_MAX) {
        fwl_yaml_fail(&s->yaml, node, FWL_ERR_LIMIT, "the path has more than %d bytes", FWL_CONFIG_PATH_MAX - 1);
    }
}

/* HOST:PORT, [IPv6]:PORT. */
static void
read_address(struct source *s, struct fwl_config_address *out, int node)
{
    struct fwl_span text = fwl_yaml_text(&s->yaml, node, FWL_CONFIG_HOST_MAX);
    const char *all = (const char *)text.p;
    const char *colon = NULL;
    const char *host = all;
    size_t host_size = 0;
    unsigned long port = 0;
    char *end = NULL;

    if (node == 0 || text.size == 0 || s->yaml.err != FWL_OK) {
        return;
    }
    colon = strrchr(all, ':');
    host_size = colon == NULL ? 0 : (size_t)(colon - all);
    if (host_size >= 2 && host[0] == '[' && host[host_size - 1] == ']') {
        host++;
        host_size -= 2;
    }
    if (colon != NULL && colon[1] >= '0' && colon[1] <= '9') {
        port = strtoul(colon + 1, &end, 10);
    }
    if (host_size == 0 || end == NULL || *end != '\0' || port > UINT16_MAX) {
        fwl_yaml_fail(&s->yaml, node, FWL_ERR_VALUE, "\"%s\" is not HOST:PORT or [IPv6]:PORT", all);
        return;
    }
    memcpy(out->host, host, host_size);
    out->host[host_size] = '\0';
    out->port = (uint16_t)port;
}

static void
read_peer(struct source *s, struct fwl_config_peer *out, int node)
{
    static const char *const known[] = {"key", "address"};
    int key = 0;
    int address = 0;
    struct fwl_span text;

    fwl_yaml_keys(&s->yaml, node, known, FWL_COUNT(known));
    key = fwl_yaml_need(&s->yaml, node, "key");
    address = fwl_yaml_get(&s->yaml, node, "address");
    text = fwl_yaml_text(&s->yaml, key, 64);
    if (s->yaml.err == FWL_OK && fwl_hex_decode(out->node_key.b, sizeof(out->node_key.b), text) != FWL_OK) {
        fwl_yaml_fail(&s->yaml, key, FWL_ERR_VALUE, "a node key is 64 lower-case hexadecimal digits");
    }
    out->dial = address != 0;
    read_address(s, &out->address, address);
}

static void
read_p2p(struct source *s, struct fwl_config *out, int map)
{
    static const char *const known[] = {"listen", "peers", "accept"};
    int peers = 0;
    int accept = 0;

    fwl_yaml_keys(&s->yaml, map, known, FWL_COUNT(known));
    read_address(s, &out->p2p_listen, fwl_yaml_get(&s->yaml, map, "listen"));
    accept = fwl_yaml_get(&s->yaml, map, "accept");
    if (accept != 0) {
        struct fwl_span text = fwl_yaml_text(&s->yaml, accept, 16);

        out->accept_anyone = fwl_span_is(text, "anyone");
        if (!out->accept_anyone && !fwl_span_is(text, "listed")) {
            fwl_yaml_fail(&s->yaml, accept, FWL_ERR_VALUE,
                          "accept is listed (peers and nodes of validators) or anyone (followers too)");
        }
    }
    peers = fwl_yaml_get(&s->yaml, map, "peers");
    out->peer_count = fwl_yaml_list(&s->yaml, peers, FWL_CONFIG_PEERS_MAX);
    for (size_t i = 0; i < out->peer_count; i++) {
        read_peer(s, &out->peers[i], fwl_yaml_item(&s->yaml, peers, i));
    }
}

static void
read_api(struct source *s, struct fwl_config *out, int map)
{
    static const char *const known[] = {"listen", "threads", "max_connections"};
    int node = 0;

    fwl_yaml_keys(&s->yaml, map, known, FWL_COUNT(known));
    read_address(s, &out->api_listen, fwl_yaml_get(&s->yaml, map, "listen"));
    node = fwl_yaml_get(&s->yaml, map, "threads");
    if (node != 0) {
        out->api_threads = (unsigned)fwl_yaml_int(&s->yaml, node, 1, 64);
    }
    node = fwl_yaml_get(&s->yaml, map, "max_connections");
    if (node != 0) {
        out->api_connections_max = (unsigned)fwl_yaml_int(&s->yaml, node, 1, 100000);
    }
}

static void
read_timers(struct source *s, struct fwl_config_timers *out, int map)
{
    static const char *const known[] = {"t0", "td", "tmax", "tf", "resend", "status", "min_interval"};
    uint64_t *const to[] = {&out->t0, &out->td, &out->tmax, &out->tf, &out->resend, &out->status, &out->min_interval};
    static const uint64_t least[] = {10, 1, 10, 1, 10, 10, 0};

    fwl_yaml_keys(&s->yaml, map, known, FWL_COUNT(known));
    for (size_t i = 0; i < FWL_COUNT(known); i++) {
        int node = fwl_yaml_get(&s->yaml, map, known[i]);

        if (node != 0) {
            *to[i] = fwl_yaml_duration_ms(&s->yaml, node, least[i], 3600000);
        }
    }
    if (out->tmax < out->t0) {
        fwl_yaml_fail(&s->yaml, map, FWL_ERR_RANGE, "tmax is smaller than t0");
    }
}

static void
read_mempool(struct source *s, struct fwl_config *out, int map)
{
    static const char *const known[] = {"transactions", "bytes"};
    int node = 0;

    fwl_yaml_keys(&s->yaml, map, known, FWL_COUNT(known));
    node = fwl_yaml_get(&s->yaml, map, "transactions");
    if (node != 0) {
        out->mempool_transactions_max = (size_t)fwl_yaml_int(&s->yaml, node, 1, 1000000);
    }
    node = fwl_yaml_get(&s->yaml, map, "bytes");
    if (node != 0) {
        out->mempool_bytes_max = (size_t)fwl_yaml_int(&s->yaml, node, 65536, INT64_C(4) << 30);
    }
}

/* Which blocks are kept, how it catches up, which snapshots it makes. */
static void
read_history(struct source *s, struct fwl_config *out, int root)
{
    static const char *const known[] = {"every", "keep"};
    static const char *const ways[] = {"auto", "blocks", "snapshot"};
    int snapshots = fwl_yaml_get(&s->yaml, root, "snapshots");
    int node = fwl_yaml_get(&s->yaml, root, "retain");
    struct fwl_span text;
    size_t i = 0;

    if (node != 0 && !fwl_span_is(fwl_yaml_text(&s->yaml, node, 32), "all")) {
        out->retain = (uint64_t)fwl_yaml_int(&s->yaml, node, FWL_CONFIG_RETAIN_MIN, INT64_C(1) << 40);
    }
    node = fwl_yaml_get(&s->yaml, root, "sync");
    if (node != 0) {
        text = fwl_yaml_text(&s->yaml, node, 16);
        while (i < FWL_COUNT(ways) && !fwl_span_is(text, ways[i])) {
            i++;
        }
        if (i == FWL_COUNT(ways)) {
            fwl_yaml_fail(&s->yaml, node, FWL_ERR_VALUE, "sync is one of auto, blocks, snapshot");
            return;
        }
        out->catch_up = (enum fwl_replica_catch_up)i;
    }
    fwl_yaml_keys(&s->yaml, snapshots, known, FWL_COUNT(known));
    node = fwl_yaml_get(&s->yaml, snapshots, "every");
    if (node != 0) {
        out->snapshots_every = (uint64_t)fwl_yaml_int(&s->yaml, node, 0, INT64_C(1) << 40);
    }
    node = fwl_yaml_get(&s->yaml, snapshots, "keep");
    if (node != 0) {
        out->snapshots_keep = (unsigned)fwl_yaml_int(&s->yaml, node, 1, FWL_CONFIG_SNAPSHOTS_MAX);
    }
    if (out->retain > 0 && out->snapshots_every == 0) {
        fwl_yaml_fail(&s->yaml, fwl_yaml_get(&s->yaml, root, "retain"), FWL_ERR_RANGE,
                      "blocks are forgotten only below a snapshot: with retain, snapshots.every is above 0");
    }
}

static void
read_log(struct source *s, struct fwl_config *out, int map)
{
    static const char *const known[] = {"level", "format"};
    int level = 0;
    int format = 0;
    struct fwl_span text;
    size_t i = 0;

    fwl_yaml_keys(&s->yaml, map, known, FWL_COUNT(known));
    level = fwl_yaml_get(&s->yaml, map, "level");
    format = fwl_yaml_get(&s->yaml, map, "format");
    if (level != 0) {
        text = fwl_yaml_text(&s->yaml, level, 16);
        while (i <= FWL_LOG_BROKEN && !fwl_span_is(text, fwl_log_level_name((enum fwl_log_level)i))) {
            i++;
        }
        if (i > FWL_LOG_BROKEN) {
            fwl_yaml_fail(&s->yaml, level, FWL_ERR_VALUE, "the level is one of debug, info, unusual, broken");
            return;
        }
        out->log_level = (enum fwl_log_level)i;
    }
    if (format != 0) {
        text = fwl_yaml_text(&s->yaml, format, 16);
        out->log_json = fwl_span_is(text, "json");
        if (!out->log_json && !fwl_span_is(text, "text")) {
            fwl_yaml_fail(&s->yaml, format, FWL_ERR_VALUE, "the format is text or json");
        }
    }
}

static void
read_all(struct source *s, struct fwl_config *out)
{
    static const char *const known[] = {"genesis", "data",    "node_key", "validator_key", "signer",    "p2p", "api",
                                        "timers",  "mempool", "retain",   "sync",          "snapshots", "log"};
    int root = fwl_yaml_root(&s->yaml);
    int signer = fwl_yaml_get(&s->yaml, root, "signer");

    fwl_yaml_keys(&s->yaml, root, known, FWL_COUNT(known));
    read_path(s, out->genesis, root, "genesis", true);
    read_path(s, out->data, root, "data", true);
    read_path(s, out->node_key, root, "node_key", true);
    read_path(s, out->validator_key, root, "validator_key", false);
    read_path(s, out->signer, root, "signer", false);
    if (signer != 0 && out->validator_key[0] != '\0') {
        fwl_yaml_fail(&s->yaml, signer, FWL_ERR_VALUE, "the key is in validator_key or with a signer, not both");
    }
    read_p2p(s, out, fwl_yaml_get(&s->yaml, root, "p2p"));
    read_api(s, out, fwl_yaml_get(&s->yaml, root, "api"));
    read_timers(s, &out->timers, fwl_yaml_get(&s->yaml, root, "timers"));
    read_mempool(s, out, fwl_yaml_get(&s->yaml, root, "mempool"));
    read_history(s, out, root);
    read_log(s, out, fwl_yaml_get(&s->yaml, root, "log"));
}

enum fwl_err
fwl_config_load(struct fwl_config *out, char error[FWL_CONFIG_ERROR_MAX], const char *path)
{
    struct source s = {.path = path};
    enum fwl_err err = FWL_OK;

    *out = defaults;
    error[0] = '\0';
    if (fwl_yaml_load_file(&s.yaml, path) == FWL_OK) {
        read_all(&s, out);
    }
    err = s.yaml.err;
    if (err != FWL_OK) {
        (void)snprintf(error, FWL_CONFIG_ERROR_MAX, "%s", s.yaml.error);
        *out = (struct fwl_config){0};
    }
    fwl_yaml_deinit(&s.yaml);
    return err;
}
