/*
 * Catching up by a snapshot. One peer at a time is asked what it has (SNAPINFO), then for epoch steps, headers and
 * chunks; each is checked and made durable before the next is asked for, in a store beside the chain's, so a node that
 * dies goes on where it was and serves its old chain meanwhile. When everything is there, that store takes the place of
 * the chain's and the engine starts anew. Chunks are the same from every peer: a silent one is left for another, one
 * that lies is dropped. To be asked costs a peer nothing, and an offer neither: until the block of a snapshot is
 * certified, blocks wait for it only for a moment, and who gives nothing is left for longer each time.
 */
#include "p2p/replica/internal.h"

enum {
    PATIENCE_MS = 5000, /* for an answer, or its next part */
    SILENT_MS = 10000,  /* before a silent peer is asked again; twice as long each time that it gave nothing since, */
    SILENT_TIMES = 6,   /* so often, up to LIED_MS */
    NONE_MS = 60000,    /* before one is asked again that has no snapshot of use */
    LIED_MS = 600000,   /* before one that lied is */
    HOLD_MS = 5000,     /* that blocks wait for an offer */
    HOLDS_MS = 60000,   /* before they do so again */
    OWES_HOPELESS = 4,  /* times that a peer was asked for blocks in vain */
};

/* ---- whether, and whom ---- */

/* First undecided height of the foremost peer that is believed; 0: nobody told one. */
static uint64_t
best_height(const struct fwl_replica *r)
{
    uint64_t best = 0;

    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        best = r->peers[i].id != 0 && r->peers[i].owes == 0 ? FWL_MAX(best, r->peers[i].height) : best;
    }
    return best;
}

/* The same of peers that owe blocks and have forgotten the next one; 0 while there is one that says it has it, and was
 * not asked in vain OWES_HOPELESS times yet. */
static uint64_t
forgotten_height(const struct fwl_replica *r)
{
    uint64_t best = 0;

    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        const struct fwl_replica_peer *peer = &r->peers[i];

        if (!fwl_fetch_says_ahead(r, peer)) {
            continue;
        }
        if (!fwl_fetch_has_next(r, peer)) {
            best = FWL_MAX(best, peer->height);
        } else if (peer->owes < OWES_HOPELESS) {
            return 0;
        }
    }
    return best;
}

static bool
is_wanted(const struct fwl_replica *r)
{
    uint64_t next = fwl_replica_tip(r)->header.height + 1;
    uint64_t best = best_height(r);
    uint64_t behind = FWL_MAX(best > next ? best : forgotten_height(r), next) - next;

    if (behind == 0 || r->config.catch_up == FWL_SYNC_BLOCKS) {
        return false;
    }
    if (!fwl_fetch_is_possible(r)) {
        return true;
    }
    return r->config.catch_up == FWL_SYNC_SNAPSHOT ? behind > r->config.snapshot_ahead
                                                   : r->config.retain > 0 && behind > r->config.retain;
}

static void
expect(struct fwl_replica *r, enum fwl_sync_wait what)
{
    r->sync.wait = what;
    r->sync.asked_ms = r->now.mono_ms;
    r->sync.until_ms = r->now.mono_ms + PATIENCE_MS;
}

static void
ask(struct fwl_replica *r, enum fwl_sync_wait what, enum fwl_frame_type type, struct fwl_writer *w)
{
    struct fwl_span payload;
    enum fwl_err err = fwl_writer_finish(w, &payload);

    FWL_ASSERT(err == FWL_OK); /* requests are small */
    expect(r, what);
    r->config.io.send(r->config.io.ctx, r->sync.peer, type, payload);
}

/* What was received so far is of no use. */
static void
forget(struct fwl_replica *r)
{
    r->config.io.restore_drop(r->config.io.ctx);
    r->sync.open = false;
}

/* Nobody has the snapshot that was begun any more: begin again with what they offer now, that of whom it was coming
 * last, and not with one that is silent: either could have it begun for ever. */
static void
give_up(struct fwl_replica *r)
{
    forget(r);
    r->sync.absent = false;
    r->sync.last = r->sync.source;
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        struct fwl_replica_peer *peer = &r->peers[i];
        bool had_none = peer->silent == 0 && peer->denied_ms > r->now.mono_ms + SILENT_MS &&
                        peer->denied_ms <= r->now.mono_ms + NONE_MS;

        if (had_none) {
            peer->denied_ms = 0;
        }
    }
}

/* Asks the next peer what it has; nothing is under way when no snapshot is wanted, or there is nobody to ask. Who owes
 * blocks comes last. */
static void
ask_next(struct fwl_replica *r)
{
    struct fwl_writer w;

    r->sync.wait = FWL_SYNC_NOTHING;
    r->sync.peer = 0;
    if (!is_wanted(r)) {
        return;
    }
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        const struct fwl_replica_peer *peer = &r->peers[i];

        if (fwl_fetch_says_ahead(r, peer) && r->now.mono_ms >= peer->denied_ms) {
            r->sync.peer = peer->id;
            if (peer->id != r->sync.last && peer->owes == 0) {
                break;
            }
        }
    }
    if (r->sync.peer != 0) {
        fwl_writer_init(&w, NULL, 0);
        ask(r, FWL_SYNC_INFO, FWL_FRAME_GETSNAPINFO, &w);
    } else if (r->sync.open && r->sync.absent) {
        give_up(r);
    }
}

static void
deny(struct fwl_replica *r, struct fwl_replica_peer *from, uint64_t ms)
{
    from->denied_ms = r->now.mono_ms + ms;
    ask_next(r);
}

/* Silent, or gone while it was asked. */
static void
deny_silent(struct fwl_replica *r, struct fwl_replica_peer *from)
{
    uint64_t ms = FWL_MIN((uint64_t)SILENT_MS << from->silent, (uint64_t)LIED_MS);

    from->silent = (uint8_t)FWL_MIN(from->silent + 1, SILENT_TIMES);
    deny(r, from, ms);
}

static void
drop(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_replica_fault fault)
{
    from->denied_ms = r->now.mono_ms + LIED_MS;
    r->config.io.drop_peer(r->config.io.ctx, from->id, fault);
    ask_next(r);
}

bool
fwl_sync_goes_first(struct fwl_replica *r)
{
    const struct fwl_replica_peer *peer = r->sync.peer == 0 ? NULL : fwl_replica_find(r, r->sync.peer);

    if (r->sync.wait > FWL_SYNC_INFO && r->sync.restore.has_info && peer != NULL &&
        fwl_hash32_equal(&peer->offered, &r->sync.chosen)) {
        return true;
    }
    return r->sync.wait != FWL_SYNC_NOTHING && r->now.mono_ms < r->sync.hold_ms;
}

void
fwl_sync_start(struct fwl_replica *r)
{
    if (r->sync.wait != FWL_SYNC_NOTHING || r->stalled) {
        return;
    }
    ask_next(r);
    if (r->sync.wait != FWL_SYNC_NOTHING && r->now.mono_ms >= r->sync.holds_ms) {
        r->sync.hold_ms = r->now.mono_ms + HOLD_MS;
        r->sync.holds_ms = r->now.mono_ms + HOLDS_MS;
    }
}

/* What an earlier process began and this one does not need is deleted, once. */
static void
sweep(struct fwl_replica *r)
{
    if (!r->sync.swept && r->sync.wait == FWL_SYNC_NOTHING && r->peer_count > 0 && best_height(r) > 0 &&
        best_height(r) <= fwl_replica_tip(r)->header.height + 1) {
        r->sync.swept = true;
        forget(r);
    }
}

void
fwl_sync_close(struct fwl_replica *r)
{
    struct fwl_replica_peer *peer = r->sync.peer == 0 ? NULL : fwl_replica_find(r, r->sync.peer);

    if (peer != NULL) {
        peer->sync_left = true;
    }
    r->sync.wait = FWL_SYNC_NOTHING;
    r->sync.peer = 0;
    r->sync.open = false;
}

void
fwl_sync_gone(struct fwl_replica *r, uint64_t peer, struct fwl_replica_peer *slot)
{
    if (r->sync.wait != FWL_SYNC_NOTHING && r->sync.peer == peer) {
        deny_silent(r, slot); /* or it would be asked again as soon as it is back */
    }
}

void
fwl_sync_tick(struct fwl_replica *r)
{
    if (r->sync.wait != FWL_SYNC_NOTHING && r->now.mono_ms >= r->sync.until_ms) {
        struct fwl_replica_peer *peer = fwl_replica_find(r, r->sync.peer);

        FWL_ASSERT(peer != NULL); /* fwl_sync_gone */
        peer->sync_left = true;
        deny_silent(r, peer);
    }
    sweep(r);
}

/* ---- this node's part ---- */

static bool
is_own(enum fwl_err err)
{
    return err == FWL_ERR_FULL || err == FWL_ERR_BUSY || err == FWL_ERR_MEMORY || err == FWL_ERR_STORAGE ||
           err == FWL_ERR_CORRUPT || err == FWL_ERR_SPACE;
}

/* What is damaged is received again; everything else is as with the chain's own store. */
static void
fail(struct fwl_replica *r, enum fwl_err err)
{
    fwl_sync_close(r);
    if (err == FWL_ERR_CORRUPT) {
        r->config.io.note(r->config.io.ctx, true, "the snapshot that was being received is damaged: again", "",
                          fwl_replica_tip(r)->header.height);
        r->config.io.restore_drop(r->config.io.ctx);
        return;
    }
    fwl_replica_own_failure(r, err);
}

/* The store beside takes the place of the chain's. */
static void
adopt(struct fwl_replica *r)
{
    enum fwl_err err = FWL_OK;

    fwl_fetch_stop(r);
    r->sync.wait = FWL_SYNC_NOTHING;
    r->sync.peer = 0;
    r->sync.open = false;
    err = r->config.io.restore_adopt(r->config.io.ctx);
    err = err == FWL_OK ? fwl_chain_open(r->chain, r->config.genesis) : err;
    if (err != FWL_OK) {
        fwl_replica_end(r, err == FWL_ERR_PROTOCOL ? FWL_REPLICA_PROTOCOL : FWL_REPLICA_STORAGE, err);
        return;
    }
    r->config.io.note(r->config.io.ctx, false, "the state comes from a snapshot", "",
                      fwl_replica_tip(r)->header.height);
    r->config.io.restored(r->config.io.ctx, fwl_replica_tip(r));
    fwl_replica_reboot(r);
}

static void
finish(struct fwl_replica *r)
{
    const struct fwl_chain_tip *tip = fwl_replica_tip(r);
    enum fwl_err err = FWL_OK;

    fwl_restore_know(&r->sync.restore, tip->header.height, &tip->hash);
    err = fwl_restore_finish(&r->sync.restore);
    if (err == FWL_OK) {
        adopt(r);
    } else if (err == FWL_ERR_CONFLICT) {
        fwl_sync_close(r);
        fwl_replica_end(r, FWL_REPLICA_FORK, err);
    } else if (is_own(err)) {
        fail(r, err);
    } else { /* the chain has overtaken it meanwhile */
        fwl_sync_close(r);
        r->config.io.restore_drop(r->config.io.ctx);
    }
}

static enum fwl_err
open_restore(struct fwl_replica *r)
{
    const struct fwl_chain_tip *tip = fwl_replica_tip(r);
    struct fwl_restore_config config = {.arena = r->votes_arena,
                                        .arena_bytes = r->votes_bytes,
                                        .verify = r->config.io.verify,
                                        .cookie = r->config.io.ctx,
                                        .known = tip->header.height,
                                        .known_hash = tip->hash};
    enum fwl_err err = r->config.io.restore_open(r->config.io.ctx, &config.to);

    return err == FWL_OK ? fwl_restore_open(&r->sync.restore, &config, r->config.genesis) : err;
}

/* Two offers are of the same chunks only when all their bytes are the same: several lists of roots fold to one state.
 * Only the certificate may be another. */
static void
name_offer(struct fwl_hash32 *out, const struct fwl_snapinfo *info)
{
    struct fwl_span parts[] = {info->header_bytes, info->rest};

    fwl_sha256_parts(out, parts, FWL_COUNT(parts));
}

/* Opens the store beside, and goes on where it is; false when that is not to be. */
static bool
begin(struct fwl_replica *r)
{
    enum fwl_err err = open_restore(r);

    if (err == FWL_ERR_CHAIN) { /* left by another net in the same folder, or overtaken */
        r->config.io.restore_drop(r->config.io.ctx);
        err = open_restore(r);
    }
    if (err == FWL_ERR_STATE) { /* it was finished, and the process died before it was adopted */
        adopt(r);
        return false;
    }
    if (err != FWL_OK) {
        fail(r, err);
        return false;
    }
    r->sync.open = true;
    r->sync.next = 0;
    if (r->sync.restore.has_info) {
        name_offer(&r->sync.chosen, &r->sync.restore.info);
    }
    return true;
}

/* ---- one request after the other ---- */

static void
ask_steps(struct fwl_replica *r)
{
    uint8_t buffer[8];
    struct fwl_writer w;
    uint64_t from = r->sync.restore.trail.at.epoch;

    r->sync.epoch_end = from + FWL_EPOCH_STEPS_MAX;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_message_getepochs_encode(&w, from);
    ask(r, FWL_SYNC_STEPS, FWL_FRAME_GETEPOCHS, &w);
}

static void
ask_headers(struct fwl_replica *r)
{
    const struct fwl_restore *restore = &r->sync.restore;
    uint64_t bottom = restore->info.header.height - fwl_snapshot_headers(restore->info.header.height);
    uint8_t buffer[16];
    struct fwl_writer w;

    r->sync.header_first = restore->lowest - FWL_MIN(restore->lowest - bottom, (uint64_t)FWL_FRAME_HEADERS_MAX);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_message_range_encode(&w, &(struct fwl_message_range){.from = r->sync.header_first, .to = restore->lowest - 1},
                             FWL_FRAME_HEADERS_MAX);
    ask(r, FWL_SYNC_HEADERS, FWL_FRAME_GETHEADERS, &w);
}

static void
ask_chunk(struct fwl_replica *r)
{
    const struct fwl_restore *restore = &r->sync.restore;
    uint8_t buffer[14];
    struct fwl_writer w;

    r->sync.chunk = fwl_restore_missing(restore, r->sync.next);
    if (r->sync.chunk == restore->info.chunks) {
        r->sync.chunk = fwl_restore_missing(restore, 0);
    }
    r->sync.next = r->sync.chunk;
    fwl_parts_init(&r->sync.parts, r->sync.buffer, r->config.chunk_max, 0);
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_message_getchunk_encode(
        &w, &(struct fwl_message_getchunk){.height = restore->info.header.height, .chunk = (uint16_t)r->sync.chunk});
    ask(r, FWL_SYNC_CHUNK, FWL_FRAME_GETCHUNK, &w);
}

/* The offer becomes the snapshot that is received, once the steps have come to its epoch. Steps beyond it came for an
 * offer that was not certified: they do not keep one from an earlier epoch away, but come again. True to go on. */
static bool
choose(struct fwl_replica *r, struct fwl_replica_peer *from)
{
    struct fwl_restore *restore = &r->sync.restore;
    size_t size = (size_t)(r->sync.offer.rest.p + r->sync.offer.rest.size - r->sync.offer_bytes);
    enum fwl_err err = FWL_OK;

    if (restore->trail.at.epoch > r->sync.offer.header.epoch) {
        forget(r);
        if (!begin(r)) {
            return false;
        }
    }
    if (restore->trail.at.epoch < r->sync.offer.header.epoch) {
        ask_steps(r);
        return false;
    }
    err = fwl_restore_info(restore, fwl_span(r->sync.offer_bytes, size));
    if (err == FWL_OK) {
        r->config.io.note(r->config.io.ctx, false, "receiving a snapshot", "", restore->info.header.height);
        r->sync.absent = false;
        r->sync.source = from->id;
        r->sync.chosen = from->offered;
        return true;
    }
    if (is_own(err)) {
        fail(r, err);
    } else {
        drop(r, from, FWL_REPLICA_FORGED);
    }
    return false;
}

static void
go_on(struct fwl_replica *r, struct fwl_replica_peer *from)
{
    if (!r->sync.restore.has_info && !choose(r, from)) {
        return;
    }
    switch (fwl_restore_stage(&r->sync.restore)) {
    case FWL_RESTORE_STEPS: ask_steps(r); break;
    case FWL_RESTORE_HEADERS: ask_headers(r); break;
    case FWL_RESTORE_CHUNKS: ask_chunk(r); break;
    case FWL_RESTORE_FINISH: finish(r); break;
    }
}

/* After a piece was taken, or was not. */
static void
taken(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_err err, bool innocent)
{
    if (err == FWL_OK) {
        r->sync.absent = false;
        from->silent = 0;
        go_on(r, from);
    } else if (is_own(err)) {
        fail(r, err);
    } else if (innocent) {
        r->sync.absent = true; /* what it has is another one */
        deny(r, from, SILENT_MS);
    } else {
        drop(r, from, FWL_REPLICA_FORGED);
    }
}

/* ---- answers ---- */

/* Does it bring this node on, and save enough where blocks can be had? */
static bool
is_useful(const struct fwl_replica *r, const struct fwl_snapinfo *info)
{
    uint64_t tip = fwl_replica_tip(r)->header.height;
    uint64_t least = 1;

    if (fwl_fetch_is_possible(r)) {
        least = r->config.catch_up == FWL_SYNC_SNAPSHOT ? r->config.snapshot_ahead
                                                        : FWL_MIN(r->config.snapshot_ahead, r->config.retain);
    }
    return info->header.height > tip && info->header.height - tip >= least;
}

static void
take_info(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload)
{
    if (payload.size == 0) {
        deny(r, from, NONE_MS);
        return;
    }
    if (payload.size > sizeof(r->sync.offer_bytes)) {
        drop(r, from, FWL_REPLICA_MALFORMED);
        return;
    }
    memcpy(r->sync.offer_bytes, payload.p, payload.size);
    if (fwl_snapinfo_decode(&r->sync.offer, fwl_span(r->sync.offer_bytes, payload.size)) != FWL_OK) {
        drop(r, from, FWL_REPLICA_MALFORMED);
        return;
    }
    name_offer(&from->offered, &r->sync.offer);
    if (!is_useful(r, &r->sync.offer)) {
        deny(r, from, NONE_MS);
        return;
    }
    if (r->sync.open && r->sync.restore.has_info &&
        r->sync.restore.info.header.height <= fwl_replica_tip(r)->header.height) {
        forget(r); /* blocks have overtaken it */
    }
    if (r->sync.open || begin(r)) {
        go_on(r, from);
    }
}

static void
take_step(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload)
{
    struct fwl_restore *restore = &r->sync.restore;
    struct fwl_header header;
    uint64_t last = 0; /* epoch that they lead to: up to that of an offer, then it is judged */
    enum fwl_err err = FWL_ERR_TRUNCATED;

    if (payload.size >= FWL_HEADER_SIZE) {
        err = fwl_header_decode(&header, fwl_span(payload.p, FWL_HEADER_SIZE));
    }
    if (err != FWL_OK) {
        drop(r, from, FWL_REPLICA_MALFORMED);
        return;
    }
    if (header.epoch != restore->trail.at.epoch) {
        return; /* of an earlier question */
    }
    last = restore->has_info ? fwl_snapshot_steps(&restore->info.header) : r->sync.offer.header.epoch;
    err = fwl_restore_step(restore, payload);
    if (err == FWL_OK && restore->trail.at.epoch < FWL_MIN(r->sync.epoch_end, last)) {
        expect(r, FWL_SYNC_STEPS); /* the next one is on its way */
        return;
    }
    taken(r, from, err, false);
}

static void
take_headers(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload)
{
    struct fwl_header first;

    if (payload.size == 0) {
        deny(r, from, NONE_MS); /* it does not have them itself */
        return;
    }
    if (payload.size % FWL_HEADER_SIZE != 0 ||
        fwl_header_decode(&first, fwl_span(payload.p, FWL_HEADER_SIZE)) != FWL_OK) {
        drop(r, from, FWL_REPLICA_MALFORMED);
        return;
    }
    if (first.height != r->sync.header_first ||
        payload.size / FWL_HEADER_SIZE != r->sync.restore.lowest - r->sync.header_first) {
        return; /* of an earlier question */
    }
    taken(r, from, fwl_restore_headers(&r->sync.restore, payload), false);
}

/* Is it certainly this chunk that the peer gave? It may have offered another snapshot, or have been left with an answer
 * under way. */
static bool
means_chunk(const struct fwl_replica *r, const struct fwl_replica_peer *from)
{
    return !from->sync_left && fwl_hash32_equal(&from->offered, &r->sync.chosen);
}

static void
take_chunk(struct fwl_replica *r, struct fwl_replica_peer *from, struct fwl_span payload)
{
    const struct fwl_restore *restore = &r->sync.restore;
    struct fwl_parts_piece piece;
    enum fwl_err err = fwl_parts_decode(&piece, payload, FWL_FRAME_CHUNK_MAX);

    if (err == FWL_OK && r->sync.parts.held == 0 && piece.offset != 0) {
        return; /* the rest of what was asked for earlier */
    }
    err = err == FWL_OK ? fwl_parts_add(&r->sync.parts, &piece) : err;
    if (err == FWL_ERR_SPACE) {
        r->config.io.note(r->config.io.ctx, true, "a chunk of the snapshot is larger than this node takes", "",
                          restore->info.header.height);
        deny(r, from, NONE_MS);
        return;
    }
    if (err != FWL_OK) {
        drop(r, from, FWL_REPLICA_MALFORMED);
        return;
    }
    r->sync.until_ms = fwl_replica_until(r->now.mono_ms, PATIENCE_MS, r->sync.asked_ms, r->sync.parts.most);
    if (!r->sync.parts.done) {
        return;
    }
    if (r->sync.parts.absent) {
        r->sync.absent = true;
        deny(r, from, NONE_MS);
        return;
    }
    err = fwl_restore_chunk(&r->sync.restore, r->sync.chunk, fwl_span(r->sync.buffer, r->sync.parts.total));
    taken(r, from, err, err != FWL_OK && !means_chunk(r, from));
}

void
fwl_sync_frame(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_frame_type type, struct fwl_span payload)
{
    if (r->sync.wait == FWL_SYNC_NOTHING || r->sync.peer != from->id || r->stalled) {
        return; /* late: it was left for another */
    }
    if (type == FWL_FRAME_SNAPINFO && r->sync.wait == FWL_SYNC_INFO) {
        take_info(r, from, payload);
    } else if (type == FWL_FRAME_EPOCH && r->sync.wait == FWL_SYNC_STEPS) {
        take_step(r, from, payload);
    } else if (type == FWL_FRAME_HEADERS && r->sync.wait == FWL_SYNC_HEADERS) {
        take_headers(r, from, payload);
    } else if (type == FWL_FRAME_CHUNK && r->sync.wait == FWL_SYNC_CHUNK) {
        take_chunk(r, from, payload);
    }
}
