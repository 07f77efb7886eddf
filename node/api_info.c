/* Status, health, readiness. */
#include "core/time.h"
#include "ledger/json/release.h"
#include "node/api_part.h"

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
    fwl_api_json(c, json_pack("{s:o, s:I, s:o, s:s, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:i, s:o, s:o, s:s}", "chain_id",
                              fwl_json_hex(fwl_hash32_span(&tip.header.chain_id)), "height",
                              (json_int_t)tip.header.height, "block_hash", fwl_json_hex(fwl_hash32_span(&tip.hash)),
                              "time", time, "time_ms", (json_int_t)tip.header.time_ms, "view", (json_int_t)s.view,
                              "epoch", (json_int_t)tip.header.epoch, "base", (json_int_t)s.base, "syncing",
                              (int)s.syncing, "restoring", (int)s.restoring, "voting", (int)s.voting, "peers",
                              (int)s.transport.peers, "validator", key_json(s.has_validator, &s.validator), "leader",
                              key_json(s.has_leader, &s.leader), "version", FWL_VERSION_TEXT));
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
