/* What the node tells about itself: status and numbers for the API, and why nothing happens. */
#include <sys/statvfs.h>

#include "node/node_part.h"
#include "node/waiting.h"

enum {
    TELL_MS = 10000, /* a block that is wanted for so long: say why, and again as often */
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
    s.restoring = r.restoring;
    s.base = r.base;
    s.voting = r.voting;
    s.storage_good = !r.stalled;
    s.has_validator = n->signer.sign != NULL;
    s.validator = n->signer.key;
    s.has_leader = true;
    s.leader = r.leader;
    s.validators = validators;
    s.pool_transactions = r.mempool_transactions;
    s.pool_bytes = r.mempool_bytes;
    fwl_transport_stats(n->transport, &s.transport);
    if (r.validator) {
        need = fwl_validators_quorum(validators) - 1;
    }
    s.ready = s.storage_good && !s.syncing && s.transport.peers >= need;
    (void)pthread_mutex_lock(&n->lock);
    n->status = s;
    (void)pthread_mutex_unlock(&n->lock);
}

void
fwl_watch_block(struct fwl_node *n, uint64_t interval_ms)
{
    fwl_histogram_add(&n->wait.interval, fwl_api_interval_bounds,
                      interval_ms > INT64_MAX ? INT64_MAX : (int64_t)interval_ms);
    n->wait.waits = false;
}

/* What is the matter with this node itself; NULL: nothing. */
static const char *
own_trouble(const struct fwl_node *n, const struct fwl_api_watch *w, const struct fwl_replica_status *r, uint32_t peers)
{
    if (r->stalled) {
        return "the disk is full: not voting until a write succeeds";
    }
    if (r->restoring) {
        return "receiving a snapshot";
    }
    if (r->pruned_away) {
        return "the peers have forgotten the next block: a snapshot is needed (sync: auto)";
    }
    if (w->signs && !w->signer_up) {
        return "the signer does not answer";
    }
    if (r->syncing) {
        return "catching up";
    }
    if (peers == 0 && fwl_replica_tip(n->replica)->validators.n > 1) {
        return "no peer is connected";
    }
    if (r->validator && !r->voting) {
        return "own voting is off until enough validators have told where it is safe";
    }
    return NULL;
}

static void
note_wait(struct fwl_node_wait *w, bool waits, uint64_t mono_ms)
{
    if (waits && !w->waits) {
        w->since_ms = mono_ms;
        w->tell_at_ms = mono_ms + TELL_MS;
    }
    w->waits = waits;
}

/* Blocks a second, over the seconds in the ring. */
static double
fetch_rate(struct fwl_node *n, uint64_t fetched)
{
    uint64_t *slot = &n->wait.fetched[n->seconds % FWL_NODE_RATE_S];
    uint64_t before = *slot;

    *slot = fetched;
    return (double)(fetched - before) / FWL_NODE_RATE_S;
}

static uint64_t
disk_free(const struct fwl_node *n)
{
    struct statvfs fs;

    return statvfs(n->config->data, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : 0;
}

static void
tell(const struct fwl_node *n, const struct fwl_api_watch *w, const struct fwl_replica_status *r)
{
    struct fwl_waiting_names names;
    struct fwl_read read;
    char text[FWL_WAITING_TEXT_ROOM];

    if (fwl_read_begin(&n->chain, &read) != FWL_OK) {
        return; /* the next commit will say so */
    }
    fwl_waiting_names(&names, &read.kv, &w->replica.tally);
    fwl_read_end(&read);
    fwl_waiting_text(text, w->own, &w->replica, &names);
    fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "waiting",
            "for=\"%s\" height=%llu view=%u peers=%u best=%llu seconds=%llu", text, (unsigned long long)r->height + 1,
            r->view, n->status.transport.peers, (unsigned long long)r->best_height,
            (unsigned long long)(w->waited_ms / 1000));
}

void
fwl_watch_second(struct fwl_node *n, uint64_t mono_ms)
{
    struct fwl_api_watch *w = &n->watch_next;
    struct fwl_remote_info signer;
    struct fwl_replica_status r;

    fwl_replica_status(n->replica, &r);
    note_wait(&n->wait, r.want || r.syncing || r.stalled, mono_ms);
    fwl_replica_watch(n->replica, &w->replica);
    w->signs = fwl_voting_info(n, &signer);
    w->signer_up = signer.up;
    w->signer_refused = signer.refused;
    w->own = own_trouble(n, w, &r, n->status.transport.peers);
    w->waited_ms = n->wait.waits ? mono_ms - n->wait.since_ms : 0;
    w->waiting = n->waiters.count;
    w->failed_transactions = n->failed;
    w->evidence_seen = r.evidence_seen;
    w->attests_signed = r.attests_signed;
    w->attests_answered = r.attests_answered;
    w->attests_failed = r.attests_failed;
    w->disk_free_bytes = disk_free(n);
    w->sync_blocks_per_second = fetch_rate(n, w->replica.fetched);
    w->interval = n->wait.interval;
    fwl_store_sizes(n->chain_store, &w->map_bytes, &w->map_used_bytes);
    fwl_store_times(n->chain_store, &w->chain_times);
    fwl_store_times(n->votes_store, &w->votes_times);
    (void)pthread_mutex_lock(&n->lock);
    n->watch = *w;
    (void)pthread_mutex_unlock(&n->lock);
    if (n->wait.waits && mono_ms >= n->wait.tell_at_ms) {
        n->wait.tell_at_ms = mono_ms + TELL_MS;
        tell(n, w, &r);
    }
}
