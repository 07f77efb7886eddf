/* Reading the configuration again while the node runs. */
#include <string.h>

#include "core/host/heap.h"
#include "node/node_part.h"

struct lasting {
    const char *key;
    size_t offset;
    size_t size;
};

#define LASTING(key, field)                                                                                            \
    {                                                                                                                  \
        key, offsetof(struct fwl_config, field), sizeof(((struct fwl_config *)NULL)->field)                            \
    }

/* What is read at the start alone. Texts are followed by zeros, so bytes can be compared. */
static const struct lasting lasting[] = {
    LASTING("genesis", genesis),
    LASTING("data", data),
    LASTING("node_key", node_key),
    LASTING("validator_key", validator_key),
    LASTING("signer", signer),
    LASTING("p2p.listen", p2p_listen.host),
    LASTING("p2p.listen", p2p_listen.port),
    LASTING("api.listen", api_listen.host),
    LASTING("api.listen", api_listen.port),
    LASTING("api.threads", api_threads),
    LASTING("timers", timers),
    LASTING("mempool.transactions", mempool_transactions_max),
    LASTING("mempool.bytes", mempool_bytes_max),
    LASTING("retain", retain),
    LASTING("sync", catch_up),
    LASTING("snapshots.every", snapshots_every),
    LASTING("snapshots.keep", snapshots_keep),
};

static void
tell_lasting(const struct fwl_node *n, const struct fwl_config *next)
{
    for (size_t i = 0; i < FWL_COUNT(lasting); i++) {
        const struct lasting *l = &lasting[i];

        if (memcmp((const uint8_t *)n->config + l->offset, (const uint8_t *)next + l->offset, l->size) != 0) {
            fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "a change of the configuration waits for the next start", "key=%s",
                    l->key);
        }
    }
}

static void
apply(struct fwl_node *n, const struct fwl_config *next)
{
    enum fwl_err err = fwl_peers_change(n, next);

    if (err != FWL_OK) { /* no memory, or no resolver; the next reload tries again */
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "not every peer can be dialled", "reason=%s", fwl_err_name(err));
    }
    n->config->api_connections_max = next->api_connections_max;
    fwl_http_server_limit(n->server, next->api_connections_max);
    fwl_questions_limit(n, next->api_connections_max);
    fwl_waiters_limit(&n->waiters, fwl_intake_limit(next->api_connections_max));
    tell_lasting(n, next);
    n->config->log_json = next->log_json;
    n->log->json = next->log_json;
    n->config->log_level = FWL_MIN(n->config->log_level, next->log_level);
    n->log->level = n->config->log_level; /* the more talkative of both hears of it */
    fwl_log(n->log, FWL_LOG_INFO, "node", "the configuration is read again",
            "peers=%zu accept=%s max_connections=%u level=%s", next->peer_count,
            next->accept_anyone ? "anyone" : "listed", next->api_connections_max, fwl_log_level_name(next->log_level));
    n->config->log_level = next->log_level;
    n->log->level = next->log_level;
}

void
fwl_reload_config(struct fwl_node *n)
{
    static const char refused[] = "the configuration file is refused, the old configuration stays";
    char error[FWL_CONFIG_ERROR_MAX];
    struct fwl_config *next = NULL;

    if (n->options.config_path == NULL) {
        return;
    }
    next = fwl_malloc(sizeof(*next));
    if (next == NULL) {
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", refused, "reason=\"no memory\"");
    } else if (fwl_config_load(next, error, n->options.config_path) != FWL_OK) {
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", refused, "reason=\"%s\"", error);
    } else if (fwl_peers_has_own(n, next)) {
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", refused, "reason=\"%s: p2p.peers has the node's own key\"",
                n->options.config_path);
    } else {
        apply(n, next);
    }
    fwl_free(next);
}
