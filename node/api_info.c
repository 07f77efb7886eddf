/* Status, health and metrics. */
#include <stdarg.h>
#include <stdio.h>

#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/json/release.h"
#include "node/api_part.h"

enum {
    METRICS_ROOM = 65536,
};

static json_t *
key_json(bool some, const struct fwl_pubkey32 *key)
{
    return some ? fwl_json_hex(fwl_span(key->b, sizeof(key->b))) : json_null();
}

void
fwl_api_info_status(struct fwl_api_call *c)
{
    struct fwl_api_status s = {0};
    struct fwl_query_tip tip;
    char time[FWL_TIME_TEXT_SIZE];
    enum fwl_err err = fwl_query_tip(&c->read.kv, &tip);

    if (err != FWL_OK) {
        fwl_api_fail(c, err, NULL, NULL);
        return;
    }
    c->api->backend.status(c->api->backend.cookie, &s);
    fwl_time_text(time, tip.header.time_ms);
    fwl_api_json(c, json_pack("{s:o, s:I, s:o, s:s, s:I, s:I, s:I, s:b, s:b, s:i, s:o, s:o, s:s}", "chain_id",
                              fwl_json_hex(fwl_hash32_span(&tip.header.chain_id)), "height",
                              (json_int_t)tip.header.height, "block_hash", fwl_json_hex(fwl_hash32_span(&tip.hash)),
                              "time", time, "time_ms", (json_int_t)tip.header.time_ms, "view", (json_int_t)s.view,
                              "epoch", (json_int_t)tip.header.epoch, "syncing", (int)s.syncing, "voting", (int)s.voting,
                              "peers", (int)s.transport.peers, "validator", key_json(s.has_validator, &s.validator),
                              "leader", key_json(s.has_leader, &s.leader), "version", FWL_VERSION_TEXT));
}

static void
reply_state(struct fwl_api_call *c, bool good, const char *detail)
{
    if (good) {
        fwl_http_reply(c->request, 200, "text/plain", fwl_span_text("ok\n"));
    } else {
        fwl_http_reply_problem(c->request,
                               &(struct fwl_http_problem){.status = 503, .err = FWL_ERR_STATE, .detail = detail});
    }
}

void
fwl_api_info_health(struct fwl_api_call *c)
{
    struct fwl_api_status s = {0};

    c->api->backend.status(c->api->backend.cookie, &s);
    reply_state(c, s.storage_good, "the last write to the disk failed");
}

void
fwl_api_info_ready(struct fwl_api_call *c)
{
    struct fwl_api_status s = {0};

    c->api->backend.status(c->api->backend.cookie, &s);
    reply_state(c, s.ready,
                !s.storage_good ? "the last write to the disk failed"
                : s.syncing     ? "catching up with the chain"
                                : "too few peers");
}

static void FWL_PRINTF(2, 3) put(struct fwl_writer *w, const char *format, ...)
{
    char line[256];
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
metric(struct fwl_writer *w, const char *type, const char *name, uint64_t value)
{
    put(w, "# TYPE fwledger_%s %s\nfwledger_%s %llu\n", name, type, name, (unsigned long long)value);
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
        put(w, "# TYPE fwledger_%s counter\n", by_type[i].name);
        for (unsigned type = 1; type < FWL_FRAME_TYPE_COUNT; type++) {
            put(w, "fwledger_%s{type=\"%s\"} %llu\n", by_type[i].name, fwl_frame_name(type),
                (unsigned long long)by_type[i].values[type]);
        }
    }
    metric(w, "counter", "tls_handshake_failures", t->ended[FWL_DOWN_TLS]);
    put(w, "# TYPE fwledger_p2p_connections_ended counter\n");
    for (unsigned reason = 0; reason < FWL_DOWN_COUNT; reason++) {
        put(w, "fwledger_p2p_connections_ended{reason=\"%s\"} %llu\n",
            fwl_transport_reason_name((enum fwl_transport_reason)reason), (unsigned long long)t->ended[reason]);
    }
}

void
fwl_api_info_metrics(struct fwl_api_call *c)
{
    struct fwl_api_status s = {0};
    struct fwl_query_tip tip;
    struct fwl_writer w;
    struct fwl_span text;
    uint8_t *buffer = fwl_malloc(METRICS_ROOM);
    enum fwl_err err = fwl_query_tip(&c->read.kv, &tip);

    if (buffer == NULL || err != FWL_OK) {
        fwl_free(buffer);
        fwl_api_fail(c, err == FWL_OK ? FWL_ERR_MEMORY : err, NULL, NULL);
        return;
    }
    c->api->backend.status(c->api->backend.cookie, &s);
    fwl_writer_init(&w, buffer, METRICS_ROOM);
    metric(&w, "gauge", "consensus_height", tip.header.height);
    metric(&w, "gauge", "consensus_view", s.view);
    metric(&w, "gauge", "consensus_validators", s.validators);
    metric(&w, "gauge", "consensus_voting", s.voting);
    metric(&w, "gauge", "consensus_num_txs", tip.header.txs_count);
    metric(&w, "counter", "consensus_total_txs", tip.header.log_size);
    metric(&w, "gauge", "consensus_block_size_bytes", tip.header.body_size);
    put(&w, "# TYPE fwledger_consensus_block_interval_seconds gauge\nfwledger_consensus_block_interval_seconds %.3f\n",
        (double)s.last_interval_ms / 1000.0);
    put_transport(&w, &s.transport);
    metric(&w, "gauge", "mempool_size", s.pool_transactions);
    metric(&w, "gauge", "mempool_size_bytes", s.pool_bytes);
    metric(&w, "counter", "mempool_failed_txs", s.refused_transactions);
    metric(&w, "gauge", "storage_map_bytes", s.map_bytes);
    metric(&w, "gauge", "storage_map_used_bytes", s.map_used_bytes);
    metric(&w, "gauge", "sync_syncing", s.syncing);
    put(&w, "# TYPE fwledger_build_info gauge\nfwledger_build_info{version=\"%s\"} 1\n", FWL_VERSION_TEXT);
    if (fwl_writer_finish(&w, &text) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_SPACE, NULL, NULL);
    } else {
        fwl_http_reply(c->request, 200, "text/plain; version=0.0.4", text);
    }
    fwl_free(buffer);
}
