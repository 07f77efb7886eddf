/*
 * Gossip of transactions: ids are told on change, to everybody, those of a moment together; again for a few every
 * timing.tr, since a message may be lost and a transaction that only one node knows must still be decided; all of them
 * to a new peer. Whoever lacks one asks for it, one peer at a time, and those last who did not give what they told.
 */
#include "core/mutant.h"
#include "p2p/replica/internal.h"

enum {
    NEWS_MS = 20,        /* between two TXINV of new transactions: at most 50 a second, however many there are */
    WITHHELD_MS = 60000, /* that a peer is asked after others, which did not give what it said it had */
};

static void
tell_news(struct fwl_replica *r)
{
    struct fwl_replica_news *news = &r->news;
    const struct fwl_message_txids m = {.count = news->count,
                                        .txids = fwl_span(news->txids, news->count * sizeof(news->txids[0]))};
    struct fwl_span payload;
    struct fwl_writer w;

    fwl_writer_init(&w, news->frame, sizeof(news->frame));
    fwl_message_txids_encode(&w, &m);
    news->count = 0;
    news->at_ms = r->now.mono_ms + NEWS_MS;
    if (fwl_writer_finish(&w, &payload) == FWL_OK) {
        fwl_replica_tell(r, 0, FWL_FRAME_TXINV, payload);
    }
}

void
fwl_gossip_tell(struct fwl_replica *r, const struct fwl_hash32 *txid)
{
    r->news.txids[r->news.count++] = *txid;
    if (r->news.count == FWL_FRAME_TXIDS_MAX || r->now.mono_ms >= r->news.at_ms) {
        tell_news(r);
    }
}

uint64_t
fwl_gossip_at(const struct fwl_replica *r)
{
    uint64_t at = fwl_mempool_count(r->pool) > 0 ? r->gossip_at : UINT64_MAX;

    return r->news.count > 0 ? FWL_MIN(at, r->news.at_ms) : at;
}

/* Ids of the first @most waiting transactions as a TXINV in r->frame; empty when none waits. */
static struct fwl_span
inventory(struct fwl_replica *r, size_t most)
{
    struct fwl_message_txids m = {.count = 0};
    struct fwl_span tx;
    struct fwl_span payload = {0};
    struct fwl_hash32 txid;
    struct fwl_writer w;
    size_t at = 0;
    uint8_t *ids = r->frame;
    uint8_t *out = r->frame + 32 * FWL_FRAME_TXIDS_MAX;

    while (m.count < most && fwl_mempool_next(r->pool, &at, &tx, &txid)) {
        memcpy(ids + 32 * (size_t)m.count++, txid.b, 32);
    }
    m.txids = fwl_span(ids, 32 * (size_t)m.count);
    fwl_writer_init(&w, out, 2 + 32 * FWL_FRAME_TXIDS_MAX);
    if (m.count > 0) {
        fwl_message_txids_encode(&w, &m);
    }
    return m.count > 0 && fwl_writer_finish(&w, &payload) == FWL_OK ? payload : (struct fwl_span){0};
}

void
fwl_gossip_inventory(struct fwl_replica *r, uint64_t peer, size_t most)
{
    struct fwl_span payload = inventory(r, most);

    if (payload.size > 0) {
        r->config.io.send(r->config.io.ctx, peer, FWL_FRAME_TXINV, payload);
    }
}

void
fwl_gossip_tick(struct fwl_replica *r)
{
    struct fwl_span payload;

    if (r->news.count > 0 && r->now.mono_ms >= r->news.at_ms) {
        tell_news(r);
    }
    if (r->now.mono_ms >= r->gossip_at) {
        r->gossip_at = r->now.mono_ms + r->config.timing.tr;
        payload = inventory(r, FWL_MUTANT(9, 0) ? 0 : FWL_REPLICA_REGOSSIP); /* mutant 9: never again */
        if (payload.size > 0) {
            fwl_replica_tell(r, 0, FWL_FRAME_TXINV, payload);
        }
    }
}

/* Is it in the chain already? A hint only: validity is judged by the state. */
static bool
is_final(const struct fwl_kv *kv, const struct fwl_hash32 *txid)
{
    struct fwl_span place;

    return fwl_kv_get(kv, &place, FWL_SPACE_TXID, fwl_hash32_span(txid)) == FWL_OK;
}

static struct fwl_replica_asked *
asked_slot(struct fwl_replica *r, const struct fwl_hash32 *txid)
{
    return &r->asked[fwl_load_be32(txid->b) % FWL_REPLICA_ASKED];
}

/* It is time that @slot's peer had given it. */
static void
is_withheld(struct fwl_replica *r, struct fwl_replica_asked *slot)
{
    struct fwl_replica_peer *peer = slot->peer == 0 ? NULL : fwl_replica_find(r, slot->peer);

    if (peer != NULL) {
        peer->withheld_ms = r->now.mono_ms + WITHHELD_MS;
    }
    slot->peer = 0;
}

/* Notes that @from is asked for it now. False: somebody was asked a moment ago and is to answer first; or @from did not
 * give something lately, and others have as much time again to say that they have it. */
static bool
may_ask(struct fwl_replica *r, const struct fwl_replica_peer *from, const struct fwl_hash32 *txid)
{
    struct fwl_replica_asked *slot = asked_slot(r, txid);
    uint64_t at = slot->at_ms + FWL_REPLICA_PATIENCE_MS;

    if (fwl_hash32_equal(&slot->txid, txid)) {
        if (r->now.mono_ms >= at) {
            is_withheld(r, slot);
        }
        if (r->now.mono_ms < at + (r->now.mono_ms < from->withheld_ms ? FWL_REPLICA_PATIENCE_MS : 0)) {
            return false;
        }
    }
    *slot = (struct fwl_replica_asked){.txid = *txid, .at_ms = r->now.mono_ms, .peer = from->id};
    return true;
}

static void
on_inventory(struct fwl_replica *r, struct fwl_replica_peer *from, const struct fwl_message_txids *m)
{
    uint8_t *wanted = r->frame; /* room for both lists: a frame holds a block */
    uint8_t *out = r->frame + 32 * FWL_FRAME_TXIDS_MAX;
    struct fwl_message_txids ask = {.count = 0};
    struct fwl_read read;
    struct fwl_writer w;
    struct fwl_span payload;

    if (fwl_read_begin(&r->config.io.chain, &read) != FWL_OK) {
        return; /* it is told again */
    }
    for (uint16_t i = 0; i < m->count; i++) {
        struct fwl_hash32 txid;
        struct fwl_span tx;

        fwl_message_txid(&txid, m, i);
        if (!fwl_mempool_find(r->pool, &tx, &txid) && !is_final(&read.kv, &txid) && may_ask(r, from, &txid)) {
            memcpy(wanted + 32 * (size_t)ask.count++, txid.b, 32);
        }
    }
    fwl_read_end(&read);
    if (ask.count == 0) {
        return;
    }
    ask.txids = fwl_span(wanted, 32 * (size_t)ask.count);
    fwl_writer_init(&w, out, 2 + 32 * FWL_FRAME_TXIDS_MAX);
    fwl_message_txids_encode(&w, &ask);
    if (fwl_writer_finish(&w, &payload) == FWL_OK) {
        r->config.io.send(r->config.io.ctx, from->id, FWL_FRAME_GETTX, payload);
    }
}

static void
on_request(struct fwl_replica *r, struct fwl_replica_peer *from, const struct fwl_message_txids *m)
{
    for (uint16_t i = 0; i < m->count; i++) {
        struct fwl_hash32 txid;
        struct fwl_span tx;

        fwl_message_txid(&txid, m, i);
        if (fwl_mempool_find(r->pool, &tx, &txid)) {
            r->config.io.send(r->config.io.ctx, from->id, FWL_FRAME_TX, tx);
        }
    }
}

static void
on_transaction(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span tx)
{
    struct fwl_event tick = {.type = FWL_EVENT_TICK};
    struct fwl_hash32 txid = {{0}};
    enum fwl_err err = fwl_replica_admit(r, NULL, &txid, tx);
    struct fwl_replica_asked *slot = asked_slot(r, &txid);

    if (fwl_hash32_equal(&slot->txid, &txid)) {
        slot->peer = 0; /* whatever becomes of it here */
    }
    if (err == FWL_OK) {
        fwl_gossip_tell(r, &txid);
        fwl_replica_step(r, &tick);
    } else if (err != FWL_ERR_EXISTS && err != FWL_ERR_REPLAY && err != FWL_ERR_BUSY) {
        r->config.io.charge(r->config.io.ctx, from->id);
    }
}

void
fwl_gossip_frame(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_frame_type type,
                 struct fwl_span payload)
{
    struct fwl_message_txids m;

    if (type == FWL_FRAME_TX) {
        on_transaction(r, from, payload);
        return;
    }
    if (fwl_message_txids_decode(&m, payload) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_MALFORMED);
    } else if (type == FWL_FRAME_TXINV) {
        on_inventory(r, from, &m);
    } else {
        on_request(r, from, &m);
    }
}
