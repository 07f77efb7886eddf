/* The replica's effects and the transport's callbacks, bound to each other. */
#include <sys/time.h>

#include <event2/event.h>

#include "core/hex.h"
#include "core/host/clock.h"
#include "ledger/state/state.h"
#include "node/node_part.h"
#include "node/object.h"

struct fwl_replica_time
fwl_bind_now(void)
{
    return (struct fwl_replica_time){.wall_ms = fwl_clock_unix_ms(), .mono_ms = fwl_clock_mono_ms()};
}

/* What could not be queued is the peer's loss: everything that matters is sent again (consensus.md 2.7). */
static void
note_unsent(const struct fwl_node *n, enum fwl_frame_type type, enum fwl_err err)
{
    if (err != FWL_OK) {
        fwl_log(n->log, FWL_LOG_DEBUG, "node", "a frame was not sent", "type=%s reason=%s", fwl_frame_name(type),
                fwl_err_name(err));
    }
}

static void
io_send(void *ctx, uint64_t peer, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_node *n = ctx;

    note_unsent(n, type, fwl_transport_send(n->transport, peer, type, payload));
}

static bool
io_send_block(void *ctx, uint64_t peer, uint64_t height)
{
    struct fwl_node *n = ctx;
    enum fwl_err err = fwl_object_send_block(n->transport, peer, &n->chain, height);

    note_unsent(n, FWL_FRAME_BLOCK, err);
    return err == FWL_OK;
}

static void
io_send_body(void *ctx, uint64_t peer, struct fwl_span object)
{
    struct fwl_node *n = ctx;

    note_unsent(n, FWL_FRAME_BODY, fwl_object_send_body(n->transport, peer, object));
}

static void
io_send_snapinfo(void *ctx, uint64_t peer)
{
    struct fwl_node *n = ctx;

    note_unsent(n, FWL_FRAME_SNAPINFO, fwl_snapshots_send_info(&n->snapshots, n->transport, peer));
}

static void
io_send_chunk(void *ctx, uint64_t peer, uint64_t height, uint16_t chunk, uint32_t offset)
{
    struct fwl_node *n = ctx;

    note_unsent(n, FWL_FRAME_CHUNK, fwl_snapshots_send_chunk(&n->snapshots, n->transport, peer, height, chunk, offset));
}

static enum fwl_err
io_restore_open(void *ctx, struct fwl_storage *to)
{
    return fwl_snapshots_receive(&((struct fwl_node *)ctx)->snapshots, to);
}

static void
io_restore_drop(void *ctx)
{
    fwl_snapshots_drop(&((struct fwl_node *)ctx)->snapshots);
}

static enum fwl_err
io_restore_adopt(void *ctx)
{
    struct fwl_node *n = ctx;

    return fwl_snapshots_adopt(&n->snapshots, n->chain_store);
}

static void
io_drop_peer(void *ctx, uint64_t peer, enum fwl_replica_fault fault)
{
    struct fwl_node *n = ctx;

    fwl_transport_misbehaved(n->transport, peer,
                             fault == FWL_REPLICA_FORGED ? FWL_FAULT_SIGNATURE : FWL_FAULT_MALFORMED);
}

static void
io_charge(void *ctx, uint64_t peer)
{
    struct fwl_node *n = ctx;

    fwl_transport_charge(n->transport, peer, 1);
}

static void
io_timer(void *ctx, uint64_t mono_ms)
{
    struct fwl_node *n = ctx;
    uint64_t now = fwl_bind_now().mono_ms;
    uint64_t wait = mono_ms > now ? mono_ms - now : 0;
    struct timeval tv;

    if (mono_ms == UINT64_MAX) {
        (void)event_del(n->tick);
        return;
    }
    wait = FWL_MIN(wait, UINT64_C(3600000));
    tv = (struct timeval){.tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000 * 1000)};
    (void)event_add(n->tick, &tv);
}

static void
io_committed(void *ctx, const struct fwl_chain_tip *tip, const struct fwl_hash32 *txids, size_t count)
{
    struct fwl_node *n = ctx;
    const struct fwl_header *h = &tip->header;

    n->committed = true;
    fwl_watch_block(n, h->time_ms - FWL_MIN(n->tip_time_ms, h->time_ms));
    n->tip_time_ms = h->time_ms;
    atomic_store(&n->tip, h->height);
    for (size_t i = 0; i < count; i++) {
        fwl_intake_committed(n, &txids[i], h->height);
    }
    fwl_log(n->log, count > 0 ? FWL_LOG_INFO : FWL_LOG_DEBUG, "node", "block",
            "height=%llu view=%u transactions=%zu bytes=%u", (unsigned long long)h->height, h->view, count,
            h->body_size);
}

static void
io_restored(void *ctx, const struct fwl_chain_tip *tip)
{
    struct fwl_node *n = ctx;

    n->committed = true;
    n->tip_time_ms = tip->header.time_ms;
    n->wait.waits = false;
    atomic_store(&n->tip, tip->header.height);
    fwl_log(n->log, FWL_LOG_INFO, "node", "restored from a snapshot", "height=%llu",
            (unsigned long long)tip->header.height);
}

static void
io_refused(void *ctx, const struct fwl_hash32 *txid, const struct fwl_state_refusal *why)
{
    struct fwl_node *n = ctx;

    n->failed++;
    fwl_intake_refused(n, txid, why);
}

static void
io_note(void *ctx, bool unusual, const char *what, const char *detail, uint64_t height)
{
    struct fwl_node *n = ctx;

    fwl_log(n->log, unusual ? FWL_LOG_UNUSUAL : FWL_LOG_INFO, "replica", what, "height=%llu detail=\"%s\"",
            (unsigned long long)height, detail == NULL ? "" : detail);
}

static enum fwl_node_exit
exit_of(enum fwl_replica_end why)
{
    switch (why) {
    case FWL_REPLICA_SECOND_INSTANCE: return FWL_NODE_EXIT_SECOND_INSTANCE;
    case FWL_REPLICA_STORAGE: return FWL_NODE_EXIT_STORAGE;
    case FWL_REPLICA_LIMIT:
    case FWL_REPLICA_PROTOCOL: return FWL_NODE_EXIT_CONFIG;
    case FWL_REPLICA_LOCAL_FAULT:
    case FWL_REPLICA_FORK: break;
    }
    return FWL_NODE_EXIT_LOCAL_FAULT;
}

static const char *
text_of(enum fwl_replica_end why)
{
    switch (why) {
    case FWL_REPLICA_SECOND_INSTANCE: return "stopped: another node votes with this validator key";
    case FWL_REPLICA_LOCAL_FAULT: return "stopped: own execution differs from a certified block";
    case FWL_REPLICA_STORAGE: return "stopped: a store failed";
    case FWL_REPLICA_LIMIT: return "stopped: a local limit is too small for this chain";
    case FWL_REPLICA_FORK: return "stopped: two certified blocks at one height, too many validators are faulty";
    case FWL_REPLICA_PROTOCOL: return "stopped: the chain goes on with a protocol that this program does not know";
    }
    return "stopped";
}

static void
io_halt(void *ctx, enum fwl_replica_end why, enum fwl_err err)
{
    struct fwl_node *n = ctx;

    fwl_log(n->log, FWL_LOG_BROKEN, "node", text_of(why), "reason=%s height=%llu", fwl_err_name(err),
            (unsigned long long)atomic_load(&n->tip));
    n->exit = exit_of(why);
    (void)event_base_loopbreak(n->base);
}

static enum fwl_err
io_sign(void *ctx, struct fwl_sig64 *out, const struct fwl_vote *vote, const struct fwl_hash32 *digest)
{
    struct fwl_node *n = ctx;
    const struct fwl_signing_request request = {.type = FWL_SIGNING_VOTE,
                                                .kind = vote->kind,
                                                .height = vote->height,
                                                .view = vote->view,
                                                .hash = vote->block_hash};

    return fwl_signer_sign(&n->signer, out, &request, digest);
}

static enum fwl_err
io_attest(void *ctx, struct fwl_sig64 *out, const struct fwl_attest_request *request, uint64_t time_ms,
          const struct fwl_hash32 *digest)
{
    struct fwl_node *n = ctx;
    struct fwl_signing_request asked = {
        .type = FWL_SIGNING_ATTEST, .height = request->height, .hash = request->block_hash, .time_ms = time_ms};

    memcpy(asked.nonce, request->nonce, sizeof(asked.nonce));
    return fwl_signer_sign(&n->signer, out, &asked, digest);
}

static void
io_attested(void *ctx, uint64_t client, const struct fwl_attest_request *request, const struct fwl_attest *words,
            size_t count, bool quorum)
{
    (void)request;
    fwl_questions_answered(ctx, client, words, count, quorum);
}

static enum fwl_err
io_verify(void *ctx, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    (void)ctx;
    return fwl_schnorr_verify(sig, digest, key);
}

void
fwl_bind_io(struct fwl_replica_io *out, struct fwl_node *node)
{
    *out = (struct fwl_replica_io){.ctx = node,
                                   .chain = node->chain,
                                   .votes = node->votes,
                                   .send = io_send,
                                   .send_block = io_send_block,
                                   .send_body = io_send_body,
                                   .send_snapinfo = io_send_snapinfo,
                                   .send_chunk = io_send_chunk,
                                   .restore_open = io_restore_open,
                                   .restore_drop = io_restore_drop,
                                   .restore_adopt = io_restore_adopt,
                                   .restored = io_restored,
                                   .drop_peer = io_drop_peer,
                                   .charge = io_charge,
                                   .timer = io_timer,
                                   .committed = io_committed,
                                   .refused = io_refused,
                                   .note = io_note,
                                   .halt = io_halt,
                                   .sign = io_sign,
                                   .attest = io_attest,
                                   .attested = io_attested,
                                   .verify = io_verify,
                                   .verify_tx = fwl_state_verify_real};
}

void
fwl_bind_after(struct fwl_node *n)
{
    if (!n->committed) {
        return;
    }
    n->committed = false;
    fwl_transport_set_max_block(n->transport, (uint32_t)fwl_replica_tip(n->replica)->params.max_block);
    fwl_transport_recheck(n->transport);
    fwl_watch_publish(n);
}

static enum fwl_transport_access
on_access(void *cookie, const struct fwl_pubkey32 *node_key)
{
    struct fwl_node *n = cookie;

    if (fwl_replica_is_validator_node(n->replica, node_key)) {
        return FWL_ACCESS_VALIDATOR;
    }
    for (size_t i = 0; i < n->config->peer_count; i++) {
        if (memcmp(n->config->peers[i].node_key.b, node_key->b, sizeof(node_key->b)) == 0) {
            return FWL_ACCESS_FOLLOWER;
        }
    }
    return n->config->accept_anyone ? FWL_ACCESS_FOLLOWER : FWL_ACCESS_REFUSED;
}

static enum fwl_err
on_sign(void *cookie, struct fwl_sig64 *out, const struct fwl_hash32 *digest)
{
    struct fwl_node *n = cookie;

    fwl_schnorr_sign(out, &n->node_secret, digest);
    return FWL_OK;
}

static uint64_t
on_height(void *cookie)
{
    struct fwl_node *n = cookie;

    return atomic_load(&n->tip) + 1;
}

static void
on_peer_up(void *cookie, fwl_peer_id peer, const struct fwl_pubkey32 *node_key, uint64_t height, uint32_t features)
{
    struct fwl_node *n = cookie;
    char key[17];

    (void)features;
    fwl_hex_encode(key, sizeof(key), fwl_span(node_key->b, 8));
    fwl_log(n->log, FWL_LOG_INFO, "node", "peer connected", "key=%s height=%llu", key, (unsigned long long)height);
    fwl_replica_peer_up(n->replica, fwl_bind_now(), peer, node_key);
    fwl_bind_after(n);
}

static enum fwl_transport_work
on_frame(void *cookie, fwl_peer_id peer, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_node *n = cookie;

    fwl_replica_frame(n->replica, fwl_bind_now(), peer, type, payload);
    fwl_bind_after(n);
    return FWL_WORK_DONE;
}

static void
on_peer_down(void *cookie, fwl_peer_id peer, enum fwl_transport_reason reason)
{
    struct fwl_node *n = cookie;

    fwl_log(n->log, FWL_LOG_INFO, "node", "peer gone", "reason=%s", fwl_transport_reason_name(reason));
    fwl_replica_peer_down(n->replica, fwl_bind_now(), peer);
    fwl_bind_after(n);
}

void
fwl_bind_owner(struct fwl_transport_owner *out)
{
    *out = (struct fwl_transport_owner){.access = on_access,
                                        .sign = on_sign,
                                        .height = on_height,
                                        .on_peer_up = on_peer_up,
                                        .on_frame = on_frame,
                                        .on_peer_down = on_peer_down};
}
