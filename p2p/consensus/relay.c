#include "p2p/consensus/relay.h"

#include "core/mutant.h"
#include "p2p/consensus/bodies.h"
#include "p2p/consensus/certs.h"
#include "p2p/consensus/outbox.h"
#include "p2p/consensus/pool.h"
#include "p2p/consensus/rules.h"
#include "p2p/consensus/turns.h"

/* The certificates that JUST of @hash uses, newest view first, as many as fit. Returns how many. */
static uint16_t
collect_just(struct fwl_consensus *c, struct fwl_writer *w, const struct fwl_hash32 *hash)
{
    uint16_t count = 0;

    for (uint32_t view = c->v; view-- > 0 && count < FWL_CONSENSUS_PULL_VIEWS_MAX;) {
        const struct fwl_cert_view *cv = &c->certs[view];
        bool notar = cv->notar && fwl_hash32_equal(&cv->notar_hash, hash);

        if ((!notar && !cv->null) || w->size + fwl_cert_size(c->n) > w->room) {
            break;
        }
        fwl_writer_span(w, fwl_certs_bytes(c, notar ? FWL_VOTE_NOTARIZE : FWL_VOTE_NULLIFY, view));
        count++;
        if (notar) {
            break;
        }
    }
    return count;
}

void
fwl_relay_propose(struct fwl_consensus *c, struct fwl_peer_set to)
{
    const struct fwl_rec *rec = &c->recs[c->v];
    struct fwl_body_slot *slot = rec->proposed ? fwl_bodies_find(c, &rec->proposed_hash) : NULL;
    struct fwl_consensus_msg *m = slot == NULL ? NULL : fwl_outbox_send(c, to, FWL_MSG_PROPOSE);
    struct fwl_writer w;

    if (m == NULL) {
        return;
    }
    fwl_writer_init(&w, c->just_bytes, FWL_CONSENSUS_JUST_BYTES_MAX);
    m->view = c->v;
    m->hash = slot->hash;
    m->sig = rec->proposed_sig;
    m->njust = collect_just(c, &w, &slot->hash);
    m->certs = fwl_span(c->just_bytes, w.size);
    m->body = fwl_span(slot->bytes, slot->size);
}

/* The peer to ask next: first that of the leader, then one after the other. False when there is nobody. */
static bool
choose_peer(const struct fwl_consensus *c, struct fwl_pull *pull)
{
    struct fwl_pubkey32 leader;

    fwl_validators_key(&leader, &c->tip.next, fwl_turns_leader(&c->tip, c->v));
    for (uint32_t i = 0; !pull->active && i < FWL_CONSENSUS_PEERS_MAX; i++) {
        if (c->peers[i].up && memcmp(&c->peers[i].validator_key, &leader, sizeof(leader)) == 0) {
            pull->peer = i;
            return true;
        }
    }
    for (uint32_t i = 1; i <= FWL_CONSENSUS_PEERS_MAX; i++) {
        uint32_t at = (pull->peer + i) % FWL_CONSENSUS_PEERS_MAX;

        if (c->peers[at].up) {
            pull->peer = at;
            return true;
        }
    }
    return false;
}

/* Is it time to ask (again)? Then this is the question under way. */
static bool
pull_due(const struct fwl_consensus *c, struct fwl_pull *pull)
{
    if ((pull->active && c->mono < pull->retry_at) || !fwl_outbox_room(c)) {
        return false;
    }
    if (!choose_peer(c, pull)) {
        pull->active = false;
        return false;
    }
    pull->active = true;
    pull->retry_at = c->mono + FWL_ENGINE_PULL_MS;
    return true;
}

void
fwl_relay_pull_certs(struct fwl_consensus *c)
{
    struct fwl_consensus_msg *m = NULL;
    uint32_t views[FWL_CONSENSUS_PULL_VIEWS_MAX];
    uint16_t count = 0;

    if (!pull_due(c, &c->pull_certs)) {
        return;
    }
    for (uint32_t w = c->v; w-- > 0 && count < FWL_CONSENSUS_PULL_VIEWS_MAX;) {
        if (!c->certs[w].null) {
            views[count++] = w;
        }
    }
    FWL_ASSERT(count > 0); /* the view at which the scan stopped; an empty GETCERTS could not be encoded */
    m = fwl_outbox_send(c, fwl_outbox_one(c->pull_certs.peer), FWL_MSG_GETCERTS);
    if (m == NULL) {
        return;
    }
    m->nviews = count;
    for (uint16_t i = 0; i < count; i++) {
        m->views[i] = views[count - 1 - i];
    }
}

/* Number @i of the bodies that are needed: of FINAL, and nothing else then; of the newest NOTAR; of the proposals of v.
 * NULL: none. */
static const struct fwl_hash32 *
needed_body(struct fwl_consensus *c, uint32_t i)
{
    struct fwl_proposal *p = NULL;

    if (i == 0 || c->final_held) {
        return i == 0 && c->final_held ? &c->final_hash : NULL;
    }
    if (i == 1) {
        return c->notar_top > 0 ? &c->certs[c->notar_top - 1].notar_hash : NULL;
    }
    p = &fwl_pool_view(c, c->v)->proposal[i - 2];
    if (!p->present || (c->notar_top > 0 && fwl_hash32_equal(&p->hash, &c->certs[c->notar_top - 1].notar_hash))) {
        return NULL; /* the latter is asked for already */
    }
    return &p->hash;
}

void
fwl_relay_pull_bodies(struct fwl_consensus *c)
{
    for (uint32_t i = 0; i < FWL_ENGINE_PULLS; i++) {
        struct fwl_body_pull *p = &c->pull_body[i];
        const struct fwl_hash32 *hash = needed_body(c, i);
        struct fwl_consensus_msg *m = NULL;

        if (hash == NULL || fwl_bodies_find(c, hash) != NULL) {
            p->pull.active = false;
            continue;
        }
        if (!fwl_hash32_equal(&p->hash, hash)) {
            p->pull.active = false;
        }
        if (!pull_due(c, &p->pull)) {
            continue;
        }
        p->hash = *hash;
        m = fwl_outbox_send(c, fwl_outbox_one(p->pull.peer), FWL_MSG_GETBODY);
        if (m != NULL) {
            m->hash = *hash;
        }
    }
}

void
fwl_relay_mismatch(struct fwl_consensus *c, const struct fwl_hash32 *hash)
{
    for (uint32_t i = 0; i < FWL_ENGINE_PULLS; i++) {
        if (fwl_hash32_equal(&c->pull_body[i].hash, hash)) {
            c->pull_body[i].pull.active = true;
        }
    }
}

static void
resend_votes(struct fwl_consensus *c, struct fwl_peer_set to)
{
    const struct fwl_rec *rec = &c->recs[c->v];
    struct fwl_vote vote = {.kind = FWL_VOTE_NOTARIZE, .height = c->h, .view = c->v, .idx = c->me};
    uint32_t low = c->v >= FWL_ENGINE_BACK ? c->v - FWL_ENGINE_BACK + 1 : 0;

    if (rec->notarize) {
        vote.block_hash = rec->notarize_hash;
        vote.sig = rec->notarize_sig;
        fwl_outbox_vote(c, to, &vote);
    }
    if (rec->nullify) {
        vote.kind = FWL_VOTE_NULLIFY;
        vote.block_hash = (struct fwl_hash32){{0}};
        vote.sig = rec->nullify_sig;
        fwl_outbox_vote(c, to, &vote);
    }
    for (uint32_t w = low; w <= c->v; w++) {
        if (c->recs[w].finalize) {
            vote.kind = FWL_VOTE_FINALIZE;
            vote.view = w;
            vote.block_hash = c->recs[w].finalize_hash;
            vote.sig = c->recs[w].finalize_sig;
            fwl_outbox_vote(c, to, &vote);
        }
    }
}

/* RESEND: O(1) messages a peer. FINALIZE goes to peers in later views of this height too. */
static void
resend(struct fwl_consensus *c)
{
    struct fwl_peer_set to = fwl_outbox_not_past(c, UINT32_MAX);
    struct fwl_consensus_msg *m = NULL;

    if (c->v > 0 && !FWL_MUTANT(5, 0)) {
        enum fwl_vote_kind kind = c->entered_by_notar ? FWL_VOTE_NOTARIZE : FWL_VOTE_NULLIFY;

        m = fwl_certs_held(c, kind, c->v - 1) ? fwl_outbox_send(c, fwl_outbox_not_past(c, c->v - 1), FWL_MSG_CERT)
                                              : NULL;
        if (m != NULL) {
            m->certs = fwl_certs_bytes(c, kind, c->v - 1);
        }
    }
    if (c->final_held) {
        m = fwl_outbox_send(c, to, FWL_MSG_CERT);
        if (m != NULL) {
            m->certs = fwl_certs_bytes(c, FWL_VOTE_FINALIZE, c->final_view);
        }
    }
    if (fwl_engine_voting(c)) {
        resend_votes(c, to);
        fwl_relay_propose(c, fwl_outbox_not_past(c, c->v));
    }
}

static void
next(uint64_t *at, uint64_t when)
{
    *at = FWL_MIN(*at, when);
}

/* When something may be due next. Wall-clock dues are turned into delays; a stepped clock is seen at the next STATUS.
 */
static uint64_t
wake_at(struct fwl_consensus *c, bool active)
{
    uint64_t at = c->status_at;
    uint64_t due = fwl_turns_heartbeat_due(&c->tip);

    if (c->again) {
        return c->mono;
    }
    if (active) {
        next(&at, c->resend_at);
    }
    if (c->armed && c->deadline > c->mono) {
        next(&at, c->deadline);
    }
    if (c->entered_by_notar && c->entered_mono + c->cfg.timing.tf > c->mono) {
        next(&at, c->entered_mono + c->cfg.timing.tf);
    }
    if (c->committed_mono + c->cfg.timing.min_interval > c->mono) {
        next(&at, c->committed_mono + c->cfg.timing.min_interval);
    }
    if (due > c->now && due - c->now < UINT64_MAX - c->mono) {
        next(&at, c->mono + (due - c->now));
    }
    if (c->build_retry_at > c->mono) {
        next(&at, c->build_retry_at);
    }
    for (uint32_t i = 0; i < FWL_ENGINE_PULLS; i++) {
        if (c->pull_body[i].pull.active) {
            next(&at, c->pull_body[i].pull.retry_at);
        }
    }
    if (c->pull_certs.active && c->pull_certs.retry_at > c->mono) {
        next(&at, c->pull_certs.retry_at);
    }
    if (c->behind) {
        next(&at, c->behind_at);
    }
    return FWL_MAX(at, c->mono + 1);
}

void
fwl_relay_run(struct fwl_consensus *c)
{
    bool active = false;

    c->want = fwl_rules_want(c);
    c->at.want = c->want ? FWL_MIN(c->at.want, c->mono) : UINT64_MAX;
    active = c->want || c->v > 0 || c->final_held;

    if (c->mono >= c->resend_at) {
        c->resend_at = c->mono + c->cfg.timing.tr;
        if (active && fwl_outbox_room(c)) {
            resend(c);
        }
    }
    if (c->behind && c->mono >= c->behind_at) {
        c->behind = false;
        if (c->peers[c->behind_peer].up) {
            (void)fwl_outbox_send(c, fwl_outbox_one(c->behind_peer), FWL_MSG_GETBLOCKS);
        }
    }
    if (c->status_due || c->mono >= c->status_at) {
        c->status_due = false;
        c->status_at = c->mono + c->cfg.timing.ts;
        fwl_outbox_status(c, fwl_outbox_all(c));
    }
    c->out->timer_at = wake_at(c, active);
}
