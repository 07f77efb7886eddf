/*
 * One event of the engine and everything that follows: its writes are made durable, then its messages leave, then the
 * work it asked for is done and its result told, until nothing is asked for any more.
 */
#include "core/mutant.h"
#include "ledger/model/evidence.h"
#include "p2p/replica/internal.h"

/* ---- the outbox: writes, then sends ---- */

static enum fwl_err
delete_below(struct fwl_replica *r, struct fwl_overlay *o, const struct fwl_consensus_write *w)
{
    struct fwl_read read;
    struct fwl_kv_entry entry;
    enum fwl_err err = fwl_read_begin(&r->config.io.votes, &read);

    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_seek(&read.kv, &entry, w->space, (struct fwl_span){0});
    while (err == FWL_OK && entry.key.size >= 8 && fwl_load_be64(entry.key.p) < w->below) {
        err = fwl_overlay_delete(o, w->space, entry.key);
        err = err == FWL_OK ? fwl_kv_next(&read.kv, &entry, w->space, entry.key) : err;
    }
    fwl_read_end(&read);
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static enum fwl_err
write_votes(struct fwl_replica *r)
{
    const struct fwl_effects *e = &r->effects;
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    if (e->nwrites == 0) {
        return FWL_OK;
    }
    fwl_overlay_init(&o, NULL, r->votes_arena, r->votes_bytes);
    for (uint32_t i = 0; i < e->nwrites && err == FWL_OK; i++) {
        const struct fwl_consensus_write *w = &e->writes[i];

        if (w->op == FWL_WRITE_PUT) {
            err = fwl_overlay_put(&o, w->space, fwl_span(w->key, w->key_size), w->value);
        } else {
            err = delete_below(r, &o, w);
        }
    }
    return err == FWL_OK ? fwl_storage_commit(&r->config.io.votes, &o) : err;
}

/* Sends a message to each peer of the set, encoded once. */
static void
send_message(struct fwl_replica *r, const struct fwl_consensus_send *send)
{
    enum fwl_frame_type type = FWL_FRAME_STATUS;
    struct fwl_span payload = {0};

    if (send->msg.type != FWL_MSG_GETBLOCKS && fwl_codec_encode(&type, &payload, r->frame, r->frame_bytes, &send->msg,
                                                                fwl_chain_base(r->chain), r->now.wall_ms) != FWL_OK) {
        fwl_replica_end(r, FWL_REPLICA_LIMIT, FWL_ERR_SPACE);
        return;
    }
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        if (!fwl_peer_set_has(&send->to, i) || r->peers[i].id == 0) {
            continue;
        }
        if (send->msg.type == FWL_MSG_GETBLOCKS) {
            fwl_fetch_start(r, &r->peers[i]);
            continue;
        }
        if (send->msg.type == FWL_MSG_GETBODY) {
            fwl_fetch_pull(r, r->peers[i].id);
        }
        r->config.io.send(r->config.io.ctx, r->peers[i].id, type, payload);
    }
}

/* To the pool and to everybody. Refused where the chain has a record of that signer and type already. */
static void
submit_evidence(struct fwl_replica *r, const struct fwl_evidence *ev)
{
    uint8_t record[FWL_EVIDENCE_SIZE];
    struct fwl_hash32 txid;

    fwl_evidence_encode(record, ev);
    if (fwl_mempool_add(r->pool, r->chain, NULL, &txid, fwl_span(record, sizeof(record)), r->now.wall_ms) == FWL_OK) {
        fwl_gossip_tell(r, &txid);
    }
}

static void
note_evidence(struct fwl_replica *r)
{
    for (uint32_t i = 0; i < r->effects.nevidence; i++) {
        r->evidence_seen++;
        r->config.io.note(r->config.io.ctx, true, "evidence against a validator",
                          fwl_evidence_text(r->effects.evidence[i].type), fwl_replica_tip(r)->header.height + 1);
        submit_evidence(r, &r->effects.evidence[i]);
    }
}

static void
drop_forgers(struct fwl_replica *r, uint32_t from_peer)
{
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        bool forged = (r->effects.bad_peer && i == from_peer) || fwl_peer_set_has(&r->effects.bad_late, i);

        if (forged && r->peers[i].id != 0) {
            r->config.io.drop_peer(r->config.io.ctx, r->peers[i].id, FWL_REPLICA_FORGED);
        }
    }
}

/* Writes, sends, and a note of what is still to be done. False when the replica does not go on. */
static bool
release_effects(struct fwl_replica *r, struct fwl_replica_todo *todo, uint32_t from_peer)
{
    const struct fwl_effects *e = &r->effects;
    enum fwl_err err = write_votes(r);

    if (err == FWL_ERR_FULL) {
        fwl_replica_stall(r);
        return false;
    }
    if (err != FWL_OK) {
        fwl_replica_end(r, FWL_REPLICA_STORAGE, err);
        return false;
    }
    note_evidence(r);
    for (uint32_t i = 0; i < e->nsends && !r->halted; i++) {
        send_message(r, &e->sends[i]);
    }
    r->engine_timer = e->timer_at;
    drop_forgers(r, from_peer);
    if (e->halt != FWL_HALT_NONE) {
        static const enum fwl_replica_end ends[] = {
            [FWL_HALT_NONE] = FWL_REPLICA_LIMIT,
            [FWL_HALT_SECOND_INSTANCE] = FWL_REPLICA_SECOND_INSTANCE,
            [FWL_HALT_LOCAL_FAULT] = FWL_REPLICA_LOCAL_FAULT,
            [FWL_HALT_CORRUPT] = FWL_REPLICA_STORAGE,
            [FWL_HALT_FORK] = FWL_REPLICA_FORK,
            [FWL_HALT_LIMIT] = FWL_REPLICA_LIMIT,
        };

        fwl_replica_end(r, ends[e->halt], e->halt == FWL_HALT_CORRUPT ? FWL_ERR_CORRUPT : FWL_ERR_LOCAL);
    }
    *todo = (struct fwl_replica_todo){.check = e->has_check,
                                      .check_hash = e->check.hash,
                                      .check_body = e->check.body,
                                      .build = e->has_build,
                                      .build_of = e->build,
                                      .commit = e->has_commit,
                                      .commit_of = e->commit};
    return !r->halted;
}

/* ---- what the engine asks for ---- */

/* Where a block under construction is in the pool. */
struct cursor {
    struct fwl_replica *r;
    size_t at;
};

static bool
next_candidate(void *cookie, struct fwl_span *tx)
{
    struct fwl_hash32 txid;
    struct cursor *c = cookie;

    return fwl_mempool_next(c->r->pool, &c->at, tx, &txid);
}

static void
candidate_refused(void *cookie, struct fwl_span tx, const struct fwl_state_refusal *why)
{
    struct cursor *c = cookie;
    struct fwl_hash32 txid;

    if (fwl_evidence_txid(&txid, tx)) {
        fwl_mempool_remove(c->r->pool, &txid);
        c->r->config.io.refused(c->r->config.io.ctx, &txid, why);
    }
}

void
fwl_replica_own_failure(struct fwl_replica *r, enum fwl_err err)
{
    if (err == FWL_ERR_FULL || err == FWL_ERR_BUSY || err == FWL_ERR_MEMORY) {
        fwl_replica_stall(r);
    } else {
        fwl_replica_end(r, FWL_REPLICA_STORAGE, err);
    }
}

/* Mutant 16: VALID asks something that other nodes cannot know: 0 the clock, 1 the pool. */
static bool
asks_locally(const struct fwl_replica *r, struct fwl_span bytes)
{
    struct fwl_body body;
    struct fwl_reader it;
    struct fwl_span tx;
    struct fwl_span found;
    struct fwl_hash32 txid;
    bool no = false;

    if (fwl_body_decode(&body, bytes, r->config.body_max) != FWL_OK) {
        return false;
    }
    no = FWL_MUTANT(16, 0) && body.header.time_ms > r->now.wall_ms + r->config.timing.t0;
    for (fwl_body_begin(&it, &body); FWL_MUTANT(16, 1) && fwl_body_next(&it, &tx);) {
        no = no || (fwl_evidence_txid(&txid, tx) && !fwl_mempool_find(r->pool, &found, &txid));
    }
    return no;
}

static bool
do_check(struct fwl_replica *r, struct fwl_event *next, const struct fwl_replica_todo *todo)
{
    struct fwl_state_refusal why = {0};
    enum fwl_err err = fwl_chain_check(r->chain, &why, todo->check_body);

    if ((FWL_MUTANT(16, 0) || FWL_MUTANT(16, 1)) && err == FWL_OK && asks_locally(r, todo->check_body)) {
        err = FWL_ERR_BLOCK;
    }

    *next = (struct fwl_event){.type = FWL_EVENT_CHECKED, .hash = todo->check_hash};
    if (err == FWL_OK) {
        next->verdict = FWL_CHECK_VALID;
    } else if (err == FWL_ERR_BLOCK) {
        next->verdict = FWL_CHECK_INVALID;
        r->config.io.note(r->config.io.ctx, true, "a proposed block is not valid", why.rule,
                          fwl_replica_tip(r)->header.height + 1);
    } else if (err == FWL_ERR_HASH) {
        next->verdict = FWL_CHECK_MISMATCH;
    } else {
        fwl_replica_own_failure(r, err);
        return false;
    }
    return true;
}

static bool
do_build(struct fwl_replica *r, struct fwl_event *next, const struct fwl_replica_todo *todo)
{
    struct cursor cursor = {.r = r};
    const struct fwl_chain_candidates candidates = {
        .cookie = &cursor, .next = next_candidate, .refused = candidate_refused};
    const struct fwl_chain_proposal proposal = {.view = todo->build_of.view,
                                                .proposer = todo->build_of.proposer,
                                                .time_ms = todo->build_of.time_ms,
                                                .time_empty_ms = todo->build_of.time_empty_ms,
                                                .may_be_empty = todo->build_of.may_be_empty};
    enum fwl_err err = FWL_OK;

    *next = (struct fwl_event){.type = FWL_EVENT_BUILT};
    if (todo->build_of.height != fwl_replica_tip(r)->header.height + 1) {
        return true; /* it caught up meanwhile: nothing to build */
    }
    err = fwl_chain_build(r->chain, &next->body, &proposal, &candidates);
    if (err != FWL_OK) {
        fwl_replica_own_failure(r, err);
    }
    return err == FWL_OK;
}

static struct fwl_consensus_tip
engine_tip(const struct fwl_replica *r)
{
    const struct fwl_chain_tip *tip = fwl_chain_tip(r->chain);

    return (struct fwl_consensus_tip){.height = tip->header.height,
                                      .hash = tip->hash,
                                      .time_ms = tip->header.time_ms,
                                      .proposer_key = tip->proposer_key,
                                      .next = tip->validators,
                                      .params = tip->params};
}

/* Ids of the transactions of a committed block leave the pool; then a part of the others is asked again. */
static size_t
take_committed(struct fwl_replica *r, struct fwl_span bytes)
{
    struct fwl_body body;
    struct fwl_reader it;
    struct fwl_span tx;
    size_t count = 0;

    if (fwl_body_decode(&body, bytes, r->config.body_max) != FWL_OK) {
        return 0; /* it was committed, so it decodes */
    }
    for (fwl_body_begin(&it, &body); count < r->txids_max && fwl_body_next(&it, &tx);) {
        if (fwl_evidence_txid(&r->txids[count], tx)) {
            fwl_mempool_remove(r->pool, &r->txids[count]);
            count++;
        }
    }
    return count;
}

/* Old blocks go, some at a time; never one above the newest snapshot, from which a newcomer goes on by blocks. */
static void
prune(struct fwl_replica *r)
{
    uint64_t tip = fwl_replica_tip(r)->header.height;
    uint64_t below = tip > r->config.retain ? FWL_MIN(tip - r->config.retain, r->snapshot) : 0;
    enum fwl_err err = FWL_OK;

    if (r->config.retain == 0 || below < fwl_chain_base(r->chain) + FWL_REPLICA_PRUNE) {
        return;
    }
    err = fwl_chain_prune(r->chain, below);
    if (err != FWL_OK) {
        fwl_replica_own_failure(r, err);
    }
}

enum fwl_err
fwl_replica_commit(struct fwl_replica *r, struct fwl_span body, const struct fwl_cert *cert)
{
    enum fwl_err err = FWL_OK;
    size_t count = 0;

    if (FWL_MUTANT(10, 1)) { /* receipts before they are durable */
        struct fwl_chain_tip tip = *fwl_replica_tip(r);
        struct fwl_body decoded;

        count = take_committed(r, body);
        if (fwl_body_decode(&decoded, body, r->config.body_max) == FWL_OK) {
            tip.header = decoded.header;
            tip.hash = cert->block_hash;
            r->config.io.committed(r->config.io.ctx, &tip, r->txids, count);
        }
    }
    err = fwl_chain_commit(r->chain, body, cert);
    if (err == FWL_ERR_LOCAL) {
        fwl_replica_end(r, FWL_REPLICA_LOCAL_FAULT, err);
    } else if (err != FWL_OK) {
        fwl_replica_own_failure(r, err);
    }
    if (err != FWL_OK) {
        return err;
    }
    r->members_moved = fwl_replica_members(r) || r->members_moved;
    if (!FWL_MUTANT(10, 1)) {
        count = take_committed(r, body);
        r->config.io.committed(r->config.io.ctx, fwl_chain_tip(r->chain), r->txids, count);
    }
    fwl_mempool_recheck(r->pool, r->chain, r->now.wall_ms, FWL_REPLICA_RECHECK, r->config.io.refused, r->config.io.ctx);
    if (fwl_replica_tip(r)->params.protocol.number != FWL_PROTOCOL &&
        fwl_replica_tip(r)->header.height + 1 >= fwl_replica_tip(r)->params.protocol.activation_height) {
        fwl_replica_end(r, FWL_REPLICA_PROTOCOL, FWL_ERR_PROTOCOL);
        return FWL_ERR_PROTOCOL;
    }
    prune(r);
    return FWL_OK;
}

static bool
do_commit(struct fwl_replica *r, struct fwl_event *next, const struct fwl_replica_todo *todo)
{
    struct fwl_cert cert;

    if (todo->commit_of.height != fwl_replica_tip(r)->header.height + 1) {
        return false; /* caught up meanwhile; the engine was told */
    }
    if (fwl_cert_decode(&cert, todo->commit_of.cert, fwl_replica_tip(r)->validators.n) != FWL_OK) {
        fwl_replica_end(r, FWL_REPLICA_LOCAL_FAULT, FWL_ERR_LOCAL); /* the engine made or checked it */
        return false;
    }
    if (FWL_MUTANT(10, 0)) { /* the new height is told before it is durable */
        struct fwl_consensus_send early = {
            .msg = {.type = FWL_MSG_STATUS, .height = todo->commit_of.height + 1, .hash = todo->commit_of.hash}};

        memset(&early.to, 0xff, sizeof(early.to));
        send_message(r, &early);
    }
    if (fwl_replica_commit(r, todo->commit_of.body, &cert) != FWL_OK) {
        return false;
    }
    *next = (struct fwl_event){.type = FWL_EVENT_COMMITTED};
    return true;
}

/* ---- one event and what follows ---- */

/* Gives the engine an event; false when the votes store cannot be read. At a new height the engine looks there for
 * what it said before. */
static bool
give(struct fwl_replica *r, struct fwl_event *event)
{
    struct fwl_consensus_tip tip = engine_tip(r);
    bool reads = event->type == FWL_EVENT_COMMITTED || event->type == FWL_EVENT_BOOT;
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    if (reads) {
        err = fwl_read_begin(&r->config.io.votes, &read);
        if (err != FWL_OK) {
            fwl_replica_own_failure(r, err);
            return false;
        }
        event->votes = read.kv;
        event->tip = &tip;
    }
    event->now_ms = r->now.wall_ms;
    event->mono_ms = r->now.mono_ms;
    event->have_txs = fwl_mempool_count(r->pool) > 0;
    fwl_consensus_step(r->engine, event, &r->effects);
    event->tip = NULL; /* it was ours */
    if (reads) {
        fwl_read_end(&read); /* before the writes: a commit waits for readers */
    }
    return true;
}

static void
one_step(struct fwl_replica *r, struct fwl_event *event, struct fwl_replica_todo *todo)
{
    uint32_t from = event->type == FWL_EVENT_MESSAGE ? event->peer : FWL_CONSENSUS_PEERS_MAX;

    *todo = (struct fwl_replica_todo){0};
    if (give(r, event)) {
        (void)release_effects(r, todo, from);
    }
}

/*
 * Follow-ups come one after the other, newest first done: the answer to a check may ask for a commit, and so on.
 * Each loop does one piece of work that the engine asked for and tells it the result; the engine asks for a bounded
 * number of them per height, so the loop ends.
 */
void
fwl_replica_step(struct fwl_replica *r, struct fwl_event *event)
{
    struct fwl_replica_todo todo;
    struct fwl_event next;

    if (!r->booted) {
        return;
    }
    one_step(r, event, &todo);
    while (r->booted && (todo.commit || todo.check || todo.build)) {
        struct fwl_replica_todo mine = todo;
        bool tell = false;

        if (mine.commit) {
            tell = do_commit(r, &next, &mine);
        } else if (mine.check) {
            tell = do_check(r, &next, &mine);
        } else {
            tell = do_build(r, &next, &mine);
        }
        if (!tell) {
            break;
        }
        one_step(r, &next, &todo);
        /* What was asked before and is not answered yet stays to be done, unless the height is over. */
        if (mine.commit) {
            continue;
        }
        if (mine.check && mine.build && !todo.build) {
            todo.build = true;
            todo.build_of = mine.build_of;
        }
    }
    if (r->members_moved) {
        r->members_moved = false;
        fwl_replica_know(r);
    }
}
