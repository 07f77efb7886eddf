/*
 * Older headers: a chain out of a snapshot has the last 1,000 before it and asks for the others, a window at a time
 * from the top down, of each peer in turn. Nothing depends on them, so it is done slowly and only while nothing else
 * is.
 */
#include "p2p/replica/internal.h"

enum {
    PAUSE_MS = 100,     /* between two windows: a peer serves 20 requests a second, all kinds together */
    PATIENCE_MS = 5000, /* for an answer */
    AGAIN_MS = 10000,   /* when a peer does not have them */
};

static void
next_turn(struct fwl_replica *r, uint64_t wait_ms)
{
    r->history.peer = 0;
    r->history.turn++;
    r->history.at_ms = r->now.mono_ms + wait_ms;
}

static void
ask(struct fwl_replica *r, const struct fwl_replica_peer *peer)
{
    uint64_t lowest = fwl_chain_lowest(r->chain);
    uint8_t buffer[16];
    struct fwl_span payload;
    struct fwl_writer w;

    static_assert(FWL_CHAIN_HEADERS_MAX == FWL_FRAME_HEADERS_MAX, "an answer is taken whole");
    r->history.peer = peer->id;
    r->history.at_ms = r->now.mono_ms + PATIENCE_MS;
    r->history.first = (lowest - 1) / FWL_FRAME_HEADERS_MAX * FWL_FRAME_HEADERS_MAX; /* whole tiles */
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_message_range_encode(&w, &(struct fwl_message_range){.from = r->history.first, .to = lowest - 1},
                             FWL_FRAME_HEADERS_MAX);
    if (fwl_writer_finish(&w, &payload) == FWL_OK) {
        r->config.io.send(r->config.io.ctx, peer->id, FWL_FRAME_GETHEADERS, payload);
    }
}

uint64_t
fwl_history_at(const struct fwl_replica *r)
{
    bool idle = !r->stalled && r->sync.wait == FWL_SYNC_NOTHING && r->fetch.peer == 0 && r->peer_count > 0;

    return fwl_chain_lowest(r->chain) > 0 && idle ? r->history.at_ms : UINT64_MAX;
}

void
fwl_history_tick(struct fwl_replica *r)
{
    if (r->now.mono_ms < fwl_history_at(r)) {
        return;
    }
    r->history.turn += r->history.peer != 0; /* silent */
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        const struct fwl_replica_peer *peer = &r->peers[(r->history.turn + i) % FWL_CONSENSUS_PEERS_MAX];

        if (peer->id != 0) {
            r->history.turn += i;
            ask(r, peer);
            return;
        }
    }
    next_turn(r, AGAIN_MS);
}

void
fwl_history_gone(struct fwl_replica *r, uint64_t peer)
{
    if (r->history.peer == peer) {
        next_turn(r, PAUSE_MS);
    }
}

void
fwl_history_headers(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload)
{
    struct fwl_header first;
    enum fwl_err err = FWL_OK;

    if (r->history.peer != from->id) {
        return; /* late */
    }
    if (payload.size == 0) {
        next_turn(r, AGAIN_MS);
        return;
    }
    if (payload.size % FWL_HEADER_SIZE != 0 ||
        fwl_header_decode(&first, fwl_span(payload.p, FWL_HEADER_SIZE)) != FWL_OK) {
        next_turn(r, PAUSE_MS);
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_MALFORMED);
        return;
    }
    if (first.height != r->history.first ||
        payload.size / FWL_HEADER_SIZE != fwl_chain_lowest(r->chain) - r->history.first) {
        return; /* of an earlier question */
    }
    err = fwl_chain_headers(r->chain, payload);
    if (err == FWL_OK) {
        r->history.peer = 0;
        r->history.at_ms = r->now.mono_ms + PAUSE_MS;
    } else if (err == FWL_ERR_CONFLICT) {
        fwl_replica_end(r, FWL_REPLICA_FORK, err);
    } else if (err >= 60 && err < 80) {
        fwl_replica_own_failure(r, err);
    } else {
        next_turn(r, PAUSE_MS);
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_FORGED);
    }
}
