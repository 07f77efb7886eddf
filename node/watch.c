/* What the node tells about itself: status for the API, and why nothing happens. */
#include <stdio.h>

#include "core/hex.h"
#include "node/node_part.h"

enum {
    QUIET_MS = 10000, /* without a block that is wanted: say why */
};

void
fwl_watch_publish(struct fwl_node *n)
{
    struct fwl_replica_status r;
    struct fwl_api_status s = {0};
    uint32_t validators = fwl_replica_tip(n->replica)->validators.n;
    uint32_t need = 1;

    fwl_replica_status(n->replica, &r);
    s.height = r.height + 1;
    s.view = r.view;
    s.syncing = r.syncing;
    s.voting = r.voting;
    s.storage_good = !r.stalled;
    s.has_validator = n->signer.sign != NULL;
    s.validator = n->signer.key;
    s.has_leader = true;
    s.leader = r.leader;
    s.validators = validators;
    s.pool_transactions = r.mempool_transactions;
    s.pool_bytes = r.mempool_bytes;
    s.refused_transactions = n->refused;
    s.last_interval_ms = n->interval_ms;
    fwl_store_sizes(n->chain_store, &s.map_bytes, &s.map_used_bytes);
    fwl_transport_stats(n->transport, &s.transport);
    if (r.validator) {
        need = fwl_validators_quorum(validators) - 1;
    }
    s.ready = s.storage_good && !s.syncing && s.transport.peers >= need;
    (void)pthread_mutex_lock(&n->lock);
    n->status = s;
    (void)pthread_mutex_unlock(&n->lock);
}

static const char *
reason(const struct fwl_node *n, const struct fwl_replica_status *r, uint32_t peers)
{
    if (r->stalled) {
        return "the disk is full: not voting until a write succeeds";
    }
    if (r->syncing) {
        return "catching up";
    }
    if (r->validator && !r->voting) {
        return "voting is off until enough validators have told where it is safe";
    }
    if (peers == 0 && fwl_replica_tip(n->replica)->validators.n > 1) {
        return "no peer is connected";
    }
    return r->validator ? "waiting for the leader or for votes" : "waiting for a block of the validators";
}

void
fwl_watch_reason(struct fwl_node *n, uint64_t mono_ms)
{
    struct fwl_replica_status r;
    struct fwl_transport_stats t;
    char leader[17];

    fwl_replica_status(n->replica, &r);
    if (mono_ms < n->moved_at_ms + QUIET_MS || (!r.want && !r.syncing && !r.stalled)) {
        return;
    }
    fwl_transport_stats(n->transport, &t);
    fwl_hex_encode(leader, sizeof(leader), fwl_span(r.leader.b, 8));
    fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "no new block",
            "reason=\"%s\" height=%llu view=%u leader=%s peers=%u best=%llu seconds=%llu", reason(n, &r, t.peers),
            (unsigned long long)r.height + 1, r.view, leader, t.peers, (unsigned long long)r.best_height,
            (unsigned long long)((mono_ms - n->moved_at_ms) / 1000));
}
