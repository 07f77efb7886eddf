#include "p2p/consensus/inbox.h"

#include "p2p/consensus/bodies.h"
#include "p2p/consensus/certs.h"
#include "p2p/consensus/outbox.h"
#include "p2p/consensus/pool.h"
#include "p2p/consensus/rules.h"
#include "p2p/consensus/tally.h"
#include "p2p/consensus/turns.h"

enum {
    ANSWER_SENDS_MAX = 130, /* GETCERTS: two certificates for each of 64 views, and FINAL */
    LATE_HEIGHTS = 16,      /* so far behind own votes are looked at, whatever they cost */
};

/* Somebody is ahead: ask for blocks unless it passes. */
static void
fall_behind(struct fwl_consensus *c, uint32_t peer)
{
    if (!c->behind && !c->committing) {
        c->behind = true;
        c->behind_peer = peer;
        c->behind_at = c->mono + c->cfg.timing.tr;
    }
}

/* Of this height? Lower: tell the peer where we are. Higher: we are behind; ask for blocks unless it passes. */
static bool
at_height(struct fwl_consensus *c, uint32_t peer, uint64_t height)
{
    if (height == c->h) {
        return true;
    }
    if (height < c->h) {
        fwl_outbox_status(c, fwl_outbox_one(peer));
    } else {
        fall_behind(c, peer);
    }
    return false;
}

static bool
take_status(struct fwl_consensus *c, uint32_t peer, const struct fwl_consensus_msg *m)
{
    struct fwl_peer *p = &c->peers[peer];

    if (p->status && m->height < p->height) {
        return false;
    }
    p->status = true;
    p->height = m->height;
    p->view = m->view;
    if (m->height > c->h) {
        fall_behind(c, peer); /* on an idle net nothing else tells */
    }
    return true;
}

/* The signature of a PROPOSE by the leader of its view; checks our own key against our records. */
static bool
take_proposal(struct fwl_consensus *c, uint32_t view, const struct fwl_hash32 *hash, const struct fwl_sig64 *sig)
{
    struct fwl_vote vote = {.kind = FWL_VOTE_PROPOSE, .height = c->h, .view = view, .block_hash = *hash, .sig = *sig};
    struct fwl_pool_view *pv = fwl_pool_view(c, view);
    bool full = true; /* its view is over, or has its two proposals */

    vote.idx = fwl_turns_leader(&c->tip, view);
    for (uint32_t i = 0; pv != NULL && i < FWL_ENGINE_PROPOSALS; i++) {
        if (pv->proposal[i].present && fwl_hash32_equal(&pv->proposal[i].hash, hash)) {
            return true;
        }
        full = full && pv->proposal[i].present;
    }
    if (full && !fwl_pool_foreign(c, &vote)) {
        return true; /* nobody would look at it: nor is its signature looked at */
    }
    if (!fwl_pool_signed(c, &vote)) {
        return false;
    }
    if (fwl_pool_foreign(c, &vote)) {
        fwl_outbox_halt(c, FWL_HALT_SECOND_INSTANCE);
        return true;
    }
    fwl_pool_propose(c, view, hash, sig);
    return true;
}

/* The justification of a PROPOSE; leaves the body in @r. */
static bool
take_just(struct fwl_consensus *c, struct fwl_reader *r, uint16_t njust)
{
    for (uint16_t i = 0; i < njust && fwl_reader_ok(r); i++) {
        struct fwl_cert cert;

        fwl_cert_read(&cert, r, (uint16_t)c->n);
        if (!fwl_reader_ok(r) || cert.height != c->h) {
            return false;
        }
        if (i < FWL_CONSENSUS_PULL_VIEWS_MAX && !fwl_certs_offer(c, &cert)) {
            return false;
        }
    }
    return true;
}

/* How far is the clock of the leader from ours? Once a proposal, when its body is there; only a fresh block is of now.
 */
static void
note_time(struct fwl_consensus *c, uint32_t view, const struct fwl_hash32 *hash)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, view);
    const struct fwl_body_slot *slot = fwl_bodies_find(c, hash);

    for (uint32_t i = 0; pv != NULL && slot != NULL && slot->view == view && i < FWL_ENGINE_PROPOSALS; i++) {
        struct fwl_proposal *p = &pv->proposal[i];

        if (p->present && !p->timed && fwl_hash32_equal(&p->hash, hash)) {
            p->timed = true;
            fwl_tally_proposal(c, p->received_ms, slot->time_ms);
        }
    }
}

static bool
put_body(struct fwl_consensus *c, struct fwl_span body, const struct fwl_hash32 *hash)
{
    enum fwl_err err = fwl_bodies_put(c, body, hash, false);

    return err == FWL_OK || err == FWL_ERR_ABSENT;
}

static bool
take_propose(struct fwl_consensus *c, const struct fwl_consensus_msg *m)
{
    struct fwl_reader r;
    struct fwl_span body;

    fwl_reader_init(&r, m->certs);
    if (m->view >= c->cfg.views_max) {
        return true;
    }
    if (!take_just(c, &r, m->njust)) {
        return false;
    }
    while (!c->committing && c->halt == FWL_HALT_NONE && fwl_rules_advance(c)) {
        /* the justification may bring us to the view of the proposal */
    }
    if (!take_proposal(c, m->view, &m->hash, &m->sig)) {
        return false;
    }
    body = r.left > 0 ? fwl_reader_rest(&r) : m->body;
    if (body.size != 0 && !put_body(c, body, &m->hash)) {
        return false;
    }
    note_time(c, m->view, &m->hash);
    return true;
}

static bool
take_cert(struct fwl_consensus *c, const struct fwl_consensus_msg *m)
{
    struct fwl_cert cert;

    return fwl_cert_decode(&cert, m->certs, (uint16_t)c->n) == FWL_OK && cert.height == c->h &&
           fwl_certs_offer(c, &cert);
}

static void
answer_cert(struct fwl_consensus *c, uint32_t peer, enum fwl_vote_kind kind, uint32_t view)
{
    struct fwl_consensus_msg *m = NULL;

    if (fwl_certs_held(c, kind, view) && c->out->nsends < ANSWER_SENDS_MAX) {
        m = fwl_outbox_send(c, fwl_outbox_one(peer), FWL_MSG_CERT);
        m->certs = fwl_certs_bytes(c, kind, view);
    }
}

static bool
take_getcerts(struct fwl_consensus *c, uint32_t peer, const struct fwl_consensus_msg *m)
{
    if (m->nviews > FWL_CONSENSUS_PULL_VIEWS_MAX) {
        return false;
    }
    for (uint16_t i = 0; i < m->nviews; i++) {
        answer_cert(c, peer, FWL_VOTE_NULLIFY, m->views[i]);
        answer_cert(c, peer, FWL_VOTE_NOTARIZE, m->views[i]);
    }
    if (c->final_held) {
        answer_cert(c, peer, FWL_VOTE_FINALIZE, c->final_view);
    }
    return true;
}

static void
buffer_vote(struct fwl_consensus *c, uint32_t peer, const struct fwl_vote *vote)
{
    for (uint32_t i = 0; i < c->next_count; i++) {
        const struct fwl_vote *b = &c->next_votes[i].vote;

        if (b->idx == vote->idx && b->kind == vote->kind && b->view == vote->view &&
            fwl_hash32_equal(&b->block_hash, &vote->block_hash) && memcmp(&b->sig, &vote->sig, sizeof(b->sig)) == 0) {
            return;
        }
    }
    if (c->next_count < c->next_room && c->peers[peer].buffered < 2 * (uint32_t)c->cfg.validators_max) {
        c->peers[peer].buffered++;
        c->next_votes[c->next_count++] = (struct fwl_next_vote){.vote = *vote, .peer = peer};
    }
}

/* The justification cannot be parsed before n is known: it is resent or pulled. The body of a view-0 proposal, which
 * has none, is kept: that is the usual case of a node a little behind. */
static void
buffer_proposal(struct fwl_consensus *c, uint32_t peer, const struct fwl_consensus_msg *m)
{
    struct fwl_span body = m->body.size > 0 ? m->body : m->certs;

    c->peers[peer].next_proposal = true;
    c->next_proposals[peer] = (struct fwl_next_proposal){.view = m->view, .hash = m->hash, .sig = m->sig};
    if (m->njust == 0 && m->view == 0 && body.size > 0 && body.size <= c->cfg.body_max) {
        memcpy(c->next_body, body.p, body.size);
        c->next_body_size = body.size;
    }
}

/* Only now is known that it was forged. */
static void
blame(struct fwl_consensus *c, uint32_t peer)
{
    if (peer < FWL_CONSENSUS_PEERS_MAX) {
        c->out->bad_late.word[peer / 64] |= UINT64_C(1) << (peer % 64);
    }
}

void
fwl_inbox_gone(struct fwl_consensus *c, uint32_t peer)
{
    for (uint32_t i = 0; i < c->next_count; i++) {
        if (c->next_votes[i].peer == peer) {
            c->next_votes[i].peer = FWL_CONSENSUS_PEERS_MAX;
        }
    }
}

void
fwl_inbox_replay(struct fwl_consensus *c)
{
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        const struct fwl_next_proposal *p = &c->next_proposals[i];

        if (c->peers[i].next_proposal && p->view < c->cfg.views_max && !take_proposal(c, p->view, &p->hash, &p->sig)) {
            blame(c, i);
        }
    }
    if (c->next_body_size > 0) {
        (void)put_body(c, fwl_span(c->next_body, c->next_body_size), NULL);
    }
    for (uint32_t i = 0; i < c->next_count; i++) {
        if (c->next_votes[i].vote.height == c->h && !fwl_pool_offer(c, &c->next_votes[i].vote)) {
            blame(c, c->next_votes[i].peer);
        }
    }
    fwl_inbox_drop(c);
}

void
fwl_inbox_drop(struct fwl_consensus *c)
{
    c->next_count = 0;
    c->next_body_size = 0;
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        c->peers[i].buffered = 0;
        c->peers[i].next_proposal = false;
    }
}

/* A vote of this node's key at a height at which it watched and did not vote. Late ones are those of slow nodes, and
 * its twin may well be one. */
static void
watch_late(struct fwl_consensus *c, const struct fwl_vote *vote)
{
    if (vote->height >= c->alive_from && vote->height < c->voting_from && vote->height + LATE_HEIGHTS > c->h &&
        vote->idx == c->me && fwl_pool_signed(c, vote)) {
        fwl_outbox_halt(c, FWL_HALT_SECOND_INSTANCE);
    }
}

static bool
take(struct fwl_consensus *c, uint32_t peer, const struct fwl_consensus_msg *m)
{
    uint64_t height = m->type == FWL_MSG_VOTE ? m->vote.height : m->height;

    switch (m->type) {
    case FWL_MSG_STATUS: return take_status(c, peer, m);
    case FWL_MSG_GETBODY:
    case FWL_MSG_GETBLOCKS: return true; /* the driver's */
    case FWL_MSG_PROPOSE:
    case FWL_MSG_VOTE:
    case FWL_MSG_CERT:
    case FWL_MSG_GETCERTS:
    case FWL_MSG_BODY: break;
    }
    if (!at_height(c, peer, height)) {
        if (height == c->h + 1 && m->type == FWL_MSG_VOTE) {
            buffer_vote(c, peer, &m->vote);
        }
        if (height < c->h && m->type == FWL_MSG_VOTE) {
            fwl_tally_late(c, peer, &m->vote);
            watch_late(c, &m->vote);
        }
        if (height == c->h + 1 && m->type == FWL_MSG_PROPOSE) {
            buffer_proposal(c, peer, m);
        }
        return true;
    }
    switch (m->type) {
    case FWL_MSG_PROPOSE: return take_propose(c, m);
    case FWL_MSG_VOTE: return fwl_pool_offer(c, &m->vote);
    case FWL_MSG_CERT: return take_cert(c, m);
    case FWL_MSG_GETCERTS: return take_getcerts(c, peer, m);
    case FWL_MSG_BODY: return put_body(c, m->body, NULL);
    case FWL_MSG_STATUS:
    case FWL_MSG_GETBODY:
    case FWL_MSG_GETBLOCKS: break;
    }
    return true;
}

void
fwl_inbox_take(struct fwl_consensus *c, uint32_t peer, const struct fwl_consensus_msg *msg)
{
    if (!take(c, peer, msg)) {
        c->out->bad_peer = true;
    }
}
