/* Metrics in the text format of Prometheus. docs/operator.md lists them, and tests/metrics that list. */
#include <stdarg.h>
#include <stdio.h>

#include "core/hex.h"
#include "core/host/heap.h"
#include "node/api_part.h"
#include "node/waiting.h"

enum {
    METRICS_ROOM = 131072, /* 100 validators with two lines each are the most of it */
};

static void FWL_PRINTF(2, 3) put(struct fwl_writer *w, const char *format, ...)
{
    char line[512];
    va_list args;
    int size = 0;

    va_start(args, format);
    size = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (size > 0) {
        fwl_writer_bytes(w, line, FWL_MIN((size_t)size, sizeof(line) - 1));
    }
}

static void
put_type(struct fwl_writer *w, const char *type, const char *name)
{
    put(w, "# TYPE fwledger_%s %s\n", name, type);
}

static void
metric(struct fwl_writer *w, const char *type, const char *name, uint64_t value)
{
    put_type(w, type, name);
    put(w, "fwledger_%s %llu\n", name, (unsigned long long)value);
}

/* One histogram, @unit of its numbers a second; @label like step="propose", or "". */
static void
put_histogram(struct fwl_writer *w, const char *name, const char *label, const struct fwl_histogram *h,
              const int64_t bounds[FWL_HISTOGRAM_BOUNDS], double unit)
{
    const char *comma = label[0] == '\0' ? "" : ",";
    uint64_t below = 0;

    for (unsigned i = 0; i < FWL_HISTOGRAM_BOUNDS; i++) {
        below += h->ranges[i];
        put(w, "fwledger_%s_bucket{%s%sle=\"%g\"} %llu\n", name, label, comma, (double)bounds[i] / unit,
            (unsigned long long)below);
    }
    put(w, "fwledger_%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, label, comma, (unsigned long long)h->count);
    put(w, "fwledger_%s_sum%s%s%s %.6f\n", name, *label == '\0' ? "" : "{", label, *label == '\0' ? "" : "}",
        (double)h->sum / unit);
    put(w, "fwledger_%s_count%s%s%s %llu\n", name, *label == '\0' ? "" : "{", label, *label == '\0' ? "" : "}",
        (unsigned long long)h->count);
}

static void
put_transport(struct fwl_writer *w, const struct fwl_transport_stats *t)
{
    const struct {
        const char *name;
        const uint64_t *values;
    } by_type[] = {{"p2p_peer_receive_bytes", t->bytes_in}, {"p2p_peer_send_bytes", t->bytes_out}};

    metric(w, "gauge", "p2p_peers", t->peers);
    metric(w, "gauge", "p2p_pending_send_bytes", t->pending_bytes);
    for (size_t i = 0; i < FWL_COUNT(by_type); i++) {
        put_type(w, "counter", by_type[i].name);
        for (unsigned type = 1; type < FWL_FRAME_TYPE_COUNT; type++) {
            put(w, "fwledger_%s{type=\"%s\"} %llu\n", by_type[i].name, fwl_frame_name(type),
                (unsigned long long)by_type[i].values[type]);
        }
    }
    metric(w, "counter", "tls_handshake_failures", t->ended[FWL_DOWN_TLS]);
    put_type(w, "counter", "p2p_connections_ended");
    for (unsigned reason = 0; reason < FWL_DOWN_COUNT; reason++) {
        put(w, "fwledger_p2p_connections_ended{reason=\"%s\"} %llu\n",
            fwl_transport_reason_name((enum fwl_transport_reason)reason), (unsigned long long)t->ended[reason]);
    }
}

static void
put_member(struct fwl_writer *w, const char *name, const struct fwl_tally_member *m, const char *participant,
           uint64_t value)
{
    char key[65];

    fwl_hex_encode(key, sizeof(key), fwl_span(m->key.b, sizeof(m->key.b)));
    put(w, "fwledger_%s{validator=\"%s\",participant=\"%s\"} %llu\n", name, key, participant,
        (unsigned long long)value);
}

/* Two numbers a validator. */
static void
put_members(struct fwl_writer *w, struct fwl_api_call *c, const struct fwl_tally *tally)
{
    static const char signed_height[] = "consensus_validator_last_signed_height";
    static const char missed[] = "consensus_missed_blocks";
    struct fwl_waiting_names names;

    fwl_waiting_names(&names, &c->read.kv, tally);
    put_type(w, "gauge", signed_height);
    for (uint32_t i = 0; i < tally->n; i++) {
        put_member(w, signed_height, &tally->members[i], names.participant[i], tally->members[i].last_signed);
    }
    put_type(w, "counter", missed);
    for (uint32_t i = 0; i < tally->n; i++) {
        put_member(w, missed, &tally->members[i], names.participant[i], tally->members[i].missed);
    }
}

/* Validators with evidence against them on the chain, past members too: keys are signer || type, in order. */
static uint64_t
byzantine(struct fwl_api_call *c)
{
    uint8_t signer[32] = {0};
    struct fwl_span after = {0};
    struct fwl_span key;
    struct fwl_span value;
    uint64_t count = 0;

    while (fwl_query_next(&c->read.kv, &key, &value, FWL_TABLE_EVIDENCE, after) == FWL_OK && key.size == 33) {
        count += count == 0 || memcmp(signer, key.p, sizeof(signer)) != 0;
        memcpy(signer, key.p, sizeof(signer));
        after = key;
    }
    return count;
}

static void
put_consensus(struct fwl_writer *w, struct fwl_api_call *c, const struct fwl_api_status *s,
              const struct fwl_api_watch *watch, const struct fwl_header *tip)
{
    const struct fwl_tally *t = &watch->replica.tally;
    static const char step[] = "consensus_step_duration_seconds";

    metric(w, "gauge", "consensus_height", tip->height);
    metric(w, "gauge", "consensus_view", s->view);
    metric(w, "gauge", "consensus_validators", s->validators);
    metric(w, "gauge", "consensus_voting", s->voting);
    put_members(w, c, t);
    metric(w, "gauge", "consensus_missing_validators", t->missing);
    metric(w, "gauge", "consensus_byzantine_validators", byzantine(c));
    metric(w, "counter", "consensus_evidence_seen", watch->evidence_seen);
    put_type(w, "histogram", "consensus_block_interval_seconds");
    put_histogram(w, "consensus_block_interval_seconds", "", &watch->interval, fwl_api_interval_bounds, 1000.0);
    put_type(w, "histogram", step);
    put_histogram(w, step, "step=\"propose\"", &t->propose, fwl_tally_step_bounds, 1000.0);
    put_histogram(w, step, "step=\"notarize\"", &t->notarize, fwl_tally_step_bounds, 1000.0);
    put_histogram(w, step, "step=\"finalize\"", &t->finalize, fwl_tally_step_bounds, 1000.0);
    metric(w, "gauge", "consensus_rounds", t->rounds);
    put_type(w, "gauge", "consensus_waiting_seconds");
    put(w, "fwledger_consensus_waiting_seconds %.3f\n", (double)watch->waited_ms / 1000.0);
    metric(w, "counter", "consensus_late_votes", t->late_votes);
    metric(w, "counter", "consensus_duplicate_votes", t->duplicate_votes);
    put_type(w, "histogram", "consensus_proposal_timestamp_difference");
    put_histogram(w, "consensus_proposal_timestamp_difference", "", &t->proposal_time, fwl_tally_time_bounds, 1000.0);
    metric(w, "gauge", "consensus_block_size_bytes", tip->body_size);
    metric(w, "gauge", "consensus_num_txs", tip->txs_count);
    metric(w, "counter", "consensus_total_txs", tip->log_size);
}

static void
put_mempool(struct fwl_writer *w, const struct fwl_api_status *s, const struct fwl_api_watch *watch)
{
    metric(w, "gauge", "mempool_size", s->pool_transactions);
    metric(w, "gauge", "mempool_size_bytes", s->pool_bytes);
    metric(w, "counter", "mempool_failed_txs", watch->failed_transactions);
    put_type(w, "counter", "mempool_rejected");
    for (unsigned err = 1; err < FWL_REPLICA_REASONS_MAX; err++) {
        if (watch->replica.rejected[err] > 0) {
            put(w, "fwledger_mempool_rejected{reason=\"%s\"} %llu\n", fwl_err_name((enum fwl_err)err),
                (unsigned long long)watch->replica.rejected[err]);
        }
    }
}

static void
put_storage(struct fwl_writer *w, const struct fwl_api_watch *watch)
{
    static const char commit[] = "storage_commit_seconds";
    static const char sync[] = "storage_fsync_seconds";

    put_type(w, "histogram", commit);
    put_histogram(w, commit, "store=\"chain\"", &watch->chain_times.commit, fwl_store_time_bounds, 1e6);
    put_histogram(w, commit, "store=\"votes\"", &watch->votes_times.commit, fwl_store_time_bounds, 1e6);
    put_type(w, "histogram", sync);
    put_histogram(w, sync, "store=\"chain\"", &watch->chain_times.sync, fwl_store_time_bounds, 1e6);
    put_histogram(w, sync, "store=\"votes\"", &watch->votes_times.sync, fwl_store_time_bounds, 1e6);
    metric(w, "gauge", "storage_map_bytes", watch->map_bytes);
    metric(w, "gauge", "storage_map_used_bytes", watch->map_used_bytes);
    metric(w, "gauge", "storage_disk_free_bytes", watch->disk_free_bytes);
}

static void
reply(struct fwl_api_call *c, uint8_t *buffer, struct fwl_api_watch *watch)
{
    struct fwl_api_status s = {0};
    struct fwl_query_tip tip;
    struct fwl_writer w;
    struct fwl_span text;
    enum fwl_err err = fwl_query_tip(&c->read.kv, &tip);

    if (err != FWL_OK) {
        fwl_api_fail(c, err, NULL, NULL);
        return;
    }
    c->api->backend.status(c->api->backend.cookie, &s);
    c->api->backend.watch(c->api->backend.cookie, watch);
    fwl_writer_init(&w, buffer, METRICS_ROOM);
    put_consensus(&w, c, &s, watch, &tip.header);
    put_transport(&w, &s.transport);
    put_mempool(&w, &s, watch);
    put_storage(&w, watch);
    metric(&w, "gauge", "api_waiting", watch->waiting);
    metric(&w, "counter", "attest_signed", watch->attests_signed);
    metric(&w, "counter", "attest_answered", watch->attests_answered);
    metric(&w, "counter", "attest_failed", watch->attests_failed);
    if (watch->signs) {
        metric(&w, "gauge", "signer_up", watch->signer_up);
        metric(&w, "counter", "signer_refused", watch->signer_refused);
    }
    metric(&w, "gauge", "sync_syncing", s.syncing);
    put_type(&w, "gauge", "sync_blocks_per_second");
    put(&w, "fwledger_sync_blocks_per_second %.1f\n", watch->sync_blocks_per_second);
    put_type(&w, "gauge", "build_info");
    put(&w, "fwledger_build_info{version=\"%s\"} 1\n", FWL_VERSION_TEXT);
    if (fwl_writer_finish(&w, &text) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_SPACE, NULL, NULL);
    } else {
        fwl_http_reply(c->request, 200, "text/plain; version=0.0.4", text);
    }
}

void
fwl_api_metrics_get(struct fwl_api_call *c)
{
    uint8_t *buffer = fwl_malloc(METRICS_ROOM);
    struct fwl_api_watch *watch = fwl_malloc(sizeof(*watch));

    if (buffer == NULL || watch == NULL) {
        fwl_api_fail(c, FWL_ERR_MEMORY, NULL, NULL);
    } else {
        reply(c, buffer, watch);
    }
    fwl_free(watch);
    fwl_free(buffer);
}
