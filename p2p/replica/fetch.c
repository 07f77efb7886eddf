/*
 * Catching up and pulling bodies. Catch-up is no mode of its own: it is another source of FINAL certificates and
 * bodies. One peer at a time sends a window of blocks; each is linked, certified by the set in force, executed and
 * committed before the next is looked at. A peer that is silent or leaves a block out is left; one that lies is
 * dropped; the engine names the next peer that is ahead at its next STATUS, and one whom it does not name, since blocks
 * come all the time or it spoke once, is asked all the same after a while: it may be lying, and shows it then. Who was
 * left and gave nothing since comes last, and in turn: a height costs nothing to say, and whoever says it most often
 * would be asked for ever.
 */
#include "p2p/replica/internal.h"

static void
drop(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_replica_fault fault)
{
    r->fetch.peer = r->fetch.peer == from->id ? 0 : r->fetch.peer;
    r->config.io.drop_peer(r->config.io.ctx, from->id, fault);
}

static void
expect_block(struct fwl_replica *r)
{
    r->fetch.asked_ms = r->now.mono_ms;
    r->fetch.until_ms = r->now.mono_ms + FWL_REPLICA_PATIENCE_MS;
    fwl_parts_init(&r->fetch.parts, r->block, r->config.body_max + FWL_CERT_SIZE_SHORT_MAX, 0);
}

static void
ask_window(struct fwl_replica *r, struct fwl_replica_peer *from)
{
    uint8_t buffer[16];
    struct fwl_writer w;
    struct fwl_span payload;

    from->asked = ++r->fetch.asks;
    r->fetch.peer = from->id;
    r->fetch.next = fwl_replica_tip(r)->header.height + 1;
    r->fetch.last = FWL_MIN(r->fetch.next + FWL_FRAME_BLOCKS_MAX - 1, FWL_MAX(from->height, r->fetch.next + 1) - 1);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_message_range_encode(&w, &(struct fwl_message_range){.from = r->fetch.next, .to = r->fetch.last},
                             FWL_FRAME_BLOCKS_MAX);
    if (fwl_writer_finish(&w, &payload) == FWL_OK) {
        expect_block(r);
        r->config.io.send(r->config.io.ctx, from->id, FWL_FRAME_GETBLOCKS, payload);
    }
}

bool
fwl_fetch_says_ahead(const struct fwl_replica *r, const struct fwl_replica_peer *peer)
{
    return peer->id != 0 && peer->height > fwl_replica_tip(r)->header.height + 1;
}

bool
fwl_fetch_is_ahead(const struct fwl_replica *r, const struct fwl_replica_peer *peer)
{
    return peer->owes == 0 && fwl_fetch_says_ahead(r, peer);
}

bool
fwl_fetch_has_next(const struct fwl_replica *r, const struct fwl_replica_peer *peer)
{
    return peer->base <= fwl_replica_tip(r)->header.height + 1;
}

/* The peer of whom the next blocks can be had for the longest time, and nobody has asked it; NULL: there is none. */
static const struct fwl_replica_peer *
waits_longest(const struct fwl_replica *r)
{
    const struct fwl_replica_peer *found = NULL;

    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        const struct fwl_replica_peer *peer = &r->peers[i];

        if (fwl_fetch_is_ahead(r, peer) && fwl_fetch_has_next(r, peer) &&
            (found == NULL || peer->ahead_ms < found->ahead_ms)) {
            found = peer;
        }
    }
    return found;
}

bool
fwl_fetch_is_possible(const struct fwl_replica *r)
{
    return waits_longest(r) != NULL;
}

void
fwl_fetch_heard(struct fwl_replica *r, struct fwl_replica_peer *from)
{
    if (!fwl_fetch_is_ahead(r, from)) {
        from->ahead_ms = 0;
    } else if (from->ahead_ms == 0) {
        from->ahead_ms = r->now.mono_ms;
    }
}

uint64_t
fwl_fetch_at(const struct fwl_replica *r)
{
    const struct fwl_replica_peer *peer = r->fetch.peer == 0 ? waits_longest(r) : NULL;

    return r->fetch.peer != 0 ? r->fetch.until_ms
           : peer != NULL     ? peer->ahead_ms + FWL_REPLICA_PATIENCE_MS
                              : UINT64_MAX;
}

/*
 * Whom to ask when @from is ahead: when it owes blocks, or has forgotten the next one, another; NULL: nobody. When all
 * owe, perhaps because the own line was dead for a while, they are asked in turn, whoever speaks most.
 */
static struct fwl_replica_peer *
who_has(struct fwl_replica *r, struct fwl_replica_peer *from)
{
    struct fwl_replica_peer *found = fwl_fetch_has_next(r, from) ? from : NULL;

    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX && (found == NULL || found->owes > 0); i++) {
        struct fwl_replica_peer *peer = &r->peers[i];

        if (fwl_fetch_says_ahead(r, peer) && fwl_fetch_has_next(r, peer) &&
            (found == NULL || peer->owes == 0 || peer->asked < found->asked)) {
            found = peer;
        }
    }
    return found;
}

void
fwl_fetch_start(struct fwl_replica *r, struct fwl_replica_peer *from)
{
    if (r->fetch.peer != 0 || r->stalled) {
        return;
    }
    fwl_sync_start(r);
    if (fwl_sync_goes_first(r)) {
        return;
    }
    from = who_has(r, from);
    if (from != NULL) {
        ask_window(r, from);
    }
}

void
fwl_fetch_stop(struct fwl_replica *r)
{
    struct fwl_replica_peer *peer = r->fetch.peer == 0 ? NULL : fwl_replica_find(r, r->fetch.peer);

    if (peer != NULL) {
        peer->left = true;
    }
    r->fetch.peer = 0;
}

void
fwl_fetch_owes(struct fwl_replica_peer *peer)
{
    peer->owes = (uint8_t)FWL_MIN(peer->owes + 1, UINT8_MAX);
}

void
fwl_fetch_leave(struct fwl_replica *r)
{
    struct fwl_replica_peer *peer = r->fetch.peer == 0 ? NULL : fwl_replica_find(r, r->fetch.peer);

    if (peer != NULL) {
        fwl_fetch_owes(peer);
    }
    fwl_fetch_stop(r);
}

void
fwl_fetch_tick(struct fwl_replica *r)
{
    if (r->now.mono_ms < fwl_fetch_at(r)) {
        return;
    }
    if (r->fetch.peer != 0) {
        fwl_fetch_leave(r); /* silent; a STATUS of anybody who is ahead begins again */
    } else {
        struct fwl_replica_peer *peer = fwl_replica_find(r, waits_longest(r)->id);

        peer->ahead_ms = r->now.mono_ms;
        fwl_fetch_start(r, peer);
    }
}

/*
 * Body || short FINAL certificate, verified against the tip. A certified block that does not stand on the tip is one of
 * another chain: more than f validators are faulty. FWL_ERR_CONFLICT then.
 */
static enum fwl_err
open_block(struct fwl_replica *r, struct fwl_span *body, struct fwl_cert *cert, struct fwl_span object)
{
    const struct fwl_chain_tip *tip = fwl_replica_tip(r);
    struct fwl_header header;
    struct fwl_hash32 hash;
    enum fwl_err err = FWL_ERR_TRUNCATED;

    if (object.size >= FWL_HEADER_SIZE) {
        err = fwl_header_decode(&header, fwl_span(object.p, FWL_HEADER_SIZE));
    }
    if (err != FWL_OK || header.body_size > object.size) {
        return err == FWL_OK ? FWL_ERR_TRUNCATED : err;
    }
    if (header.height != tip->header.height + 1) {
        return FWL_ERR_BLOCK;
    }
    fwl_header_hash(&hash, &header);
    *body = fwl_span(object.p, header.body_size);
    err = fwl_cert_decode_short(cert, fwl_span(object.p + header.body_size, object.size - header.body_size),
                                tip->validators.n, header.height, &hash);
    err = err == FWL_OK ? fwl_cert_verify_with(cert, &tip->validators, fwl_chain_id(r->chain), r->config.io.verify,
                                               r->config.io.ctx)
                        : err;
    return err == FWL_OK && !fwl_hash32_equal(&header.prev_hash, &tip->hash) ? FWL_ERR_CONFLICT : err;
}

/* Is it the rest of an object that was asked for earlier and left? Its beginning was not taken. */
static bool
is_rest(const struct fwl_parts *parts, const struct fwl_parts_piece *piece)
{
    return parts->held == 0 && piece->offset != 0;
}

/* Is it a block of another height than the next one? */
static bool
is_other(const struct fwl_replica *r)
{
    struct fwl_header header;

    return r->fetch.parts.total >= FWL_HEADER_SIZE &&
           fwl_header_decode(&header, fwl_span(r->block, FWL_HEADER_SIZE)) == FWL_OK && header.height != r->fetch.next;
}

/*
 * A block of another height. Of a peer that was left before it may be one of its earlier window: those come before the
 * blocks of the new one, and one that lacks its beginning was passed over, so heights before and after the next one can
 * come. Else the peer left the next one out: it forgot it meanwhile or could not read it, which is no forgery; but it
 * owes it.
 */
static void
pass_over(struct fwl_replica *r, const struct fwl_replica_peer *from)
{
    if (from->left) {
        fwl_parts_init(&r->fetch.parts, r->block, r->config.body_max + FWL_CERT_SIZE_SHORT_MAX, 0);
    } else {
        fwl_fetch_leave(r);
    }
}

/* A whole block has come. */
static void
take_block(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span object)
{
    struct fwl_event committed = {.type = FWL_EVENT_COMMITTED};
    struct fwl_span body;
    struct fwl_cert cert;
    enum fwl_err err = open_block(r, &body, &cert, object);

    if (err == FWL_ERR_CONFLICT) {
        fwl_replica_end(r, FWL_REPLICA_FORK, err);
        return;
    }
    if (err == FWL_OK) {
        err = fwl_chain_check(r->chain, NULL, body);
        if (err == FWL_ERR_BLOCK) {
            fwl_replica_end(r, FWL_REPLICA_LOCAL_FAULT, FWL_ERR_LOCAL); /* a quorum says that it is valid */
            return;
        }
    }
    if (err == FWL_ERR_FULL || err == FWL_ERR_BUSY || err == FWL_ERR_MEMORY) {
        fwl_replica_stall(r);
        return;
    }
    if (err == FWL_ERR_STORAGE || err == FWL_ERR_CORRUPT || err == FWL_ERR_SPACE) {
        fwl_replica_end(r, FWL_REPLICA_STORAGE, err);
        return;
    }
    if (err != FWL_OK) {
        drop(r, from, FWL_REPLICA_FORGED);
        return;
    }
    if (fwl_replica_commit(r, body, &cert) == FWL_OK) {
        r->fetched++;
        from->owes = 0;
        fwl_replica_step(r, &committed);
    }
}

/* The next block of the window, or the next window, unless a snapshot comes now. */
static void
go_on(struct fwl_replica *r, struct fwl_replica_peer *from)
{
    r->fetch.next++;
    if (r->fetch.next <= r->fetch.last) {
        expect_block(r);
        return;
    }
    fwl_sync_start(r);
    if (from->height > fwl_replica_tip(r)->header.height + 1 && !fwl_sync_goes_first(r)) {
        ask_window(r, from);
    } else {
        r->fetch.peer = 0;
    }
}

void
fwl_fetch_block(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload)
{
    struct fwl_parts_piece piece;
    uint32_t max = fwl_frame_object_max(FWL_FRAME_BLOCK, r->config.body_max);

    if (r->fetch.peer != from->id) {
        return; /* late: it was left for another */
    }
    if (fwl_parts_decode(&piece, payload, max) != FWL_OK) {
        drop(r, from, FWL_REPLICA_MALFORMED);
        return;
    }
    if (is_rest(&r->fetch.parts, &piece)) {
        return;
    }
    if (fwl_parts_add(&r->fetch.parts, &piece) != FWL_OK) {
        drop(r, from, FWL_REPLICA_MALFORMED);
        return;
    }
    if (r->fetch.parts.done && !r->fetch.parts.absent && is_other(r)) {
        pass_over(r, from);
        return; /* no progress: patience goes on */
    }
    r->fetch.until_ms =
        fwl_replica_until(r->now.mono_ms, FWL_REPLICA_PATIENCE_MS, r->fetch.asked_ms, r->fetch.parts.most);
    if (!r->fetch.parts.done) {
        return;
    }
    if (r->fetch.parts.absent) {
        fwl_fetch_leave(r);
        return;
    }
    if (r->fetch.next == fwl_replica_tip(r)->header.height + 1) { /* else it was decided here meanwhile */
        take_block(r, from, fwl_span(r->block, r->fetch.parts.total));
    }
    if (!r->halted && !r->stalled && r->fetch.peer == from->id) {
        go_on(r, from);
    }
}

void
fwl_fetch_pull(struct fwl_replica *r, uint64_t peer)
{
    if (r->pull.peer == peer) {
        return; /* its answers come one after the other */
    }
    r->pull.peer = peer;
    fwl_parts_init(&r->pull.parts, r->body, r->config.body_max + 8, 0);
}

void
fwl_fetch_body(struct fwl_replica *r, struct fwl_replica_peer *from, uint32_t slot, struct fwl_span payload)
{
    struct fwl_parts_piece piece;
    struct fwl_consensus_msg msg = {.type = FWL_MSG_BODY};
    struct fwl_event event = {.type = FWL_EVENT_MESSAGE, .peer = slot, .msg = &msg};
    uint32_t max = fwl_frame_object_max(FWL_FRAME_BODY, r->config.body_max);

    if (r->pull.peer != from->id) {
        return;
    }
    if (fwl_parts_decode(&piece, payload, max) != FWL_OK) {
        r->pull.peer = 0;
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_MALFORMED);
        return;
    }
    if (is_rest(&r->pull.parts, &piece)) {
        return;
    }
    if (fwl_parts_add(&r->pull.parts, &piece) != FWL_OK) {
        r->pull.peer = 0;
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_MALFORMED);
        return;
    }
    if (!r->pull.parts.done) {
        return;
    }
    if (!r->pull.parts.absent && r->pull.parts.total >= 8) { /* else the engine asks the next peer */
        msg.height = fwl_load_be64(r->body);
        msg.body = fwl_span(r->body + 8, r->pull.parts.total - 8);
    }
    fwl_parts_init(&r->pull.parts, r->body, r->config.body_max + 8, 0); /* for the next answer */
    if (msg.body.size > 0) {
        fwl_replica_step(r, &event);
    }
}
