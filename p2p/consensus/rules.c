#include "p2p/consensus/rules.h"

#include "core/mutant.h"
#include "p2p/consensus/bodies.h"
#include "p2p/consensus/certs.h"
#include "p2p/consensus/outbox.h"
#include "p2p/consensus/pool.h"
#include "p2p/consensus/relay.h"
#include "p2p/consensus/turns.h"

bool
fwl_rules_want(struct fwl_consensus *c)
{
    return c->have_txs || c->now >= fwl_turns_heartbeat_due(&c->tip) || c->notar_top > 0 ||
           fwl_pool_voters(c, c->v) > c->f;
}

void
fwl_rules_view_entered(struct fwl_consensus *c, bool by_notar)
{
    c->entered_by_notar = by_notar;
    c->entered_mono = c->mono;
    c->armed = false;
    c->build_asked = false;
    c->built = false;
    c->build_refused = false;
    c->build_retry_at = 0;
    c->pull_certs.active = false;
    c->resend_at = c->mono + c->cfg.timing.tr;
    c->status_due = true;
}

static bool
sign(struct fwl_consensus *c, struct fwl_vote *vote)
{
    struct fwl_hash32 digest;

    fwl_vote_digest(&digest, &c->cfg.chain_id, vote->kind, vote->height, vote->view, &vote->block_hash);
    return c->cfg.sign(c->cfg.cookie, &vote->sig, vote, &digest) == FWL_OK;
}

/* The one place in which a vote comes into being: signed, recorded, put into the outbox, counted. */
static bool
cast(struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash)
{
    struct fwl_rec *rec = &c->recs[view];
    struct fwl_vote vote = {.kind = kind, .height = c->h, .view = view, .idx = c->me};

    if (hash != NULL) {
        vote.block_hash = *hash;
    }
    if (!sign(c, &vote)) {
        return false;
    }
    switch (kind) {
    case FWL_VOTE_PROPOSE:
        rec->proposed = true;
        rec->proposed_hash = vote.block_hash;
        rec->proposed_sig = vote.sig;
        break;
    case FWL_VOTE_NOTARIZE:
        rec->notarize = true;
        rec->notarize_hash = vote.block_hash;
        rec->notarize_sig = vote.sig;
        break;
    case FWL_VOTE_NULLIFY:
        rec->nullify = true;
        rec->nullify_sig = vote.sig;
        break;
    case FWL_VOTE_FINALIZE:
        rec->finalize = true;
        rec->finalize_hash = vote.block_hash;
        rec->finalize_sig = vote.sig;
        break;
    }
    fwl_outbox_rec(c, view);
    if (kind != FWL_VOTE_PROPOSE) {
        fwl_outbox_vote(c, fwl_outbox_all(c), &vote);
        fwl_pool_count(c, &vote);
    } else {
        fwl_pool_propose(c, view, &vote.block_hash, &vote.sig);
    }
    return true;
}

/* R1 */
static bool
commit(struct fwl_consensus *c)
{
    struct fwl_body_slot *slot = c->final_held ? fwl_bodies_find(c, &c->final_hash) : NULL;

    if (slot == NULL || slot->state == FWL_BODY_UNKNOWN || slot->state == FWL_BODY_ASKED) {
        return false;
    }
    if (slot->state == FWL_BODY_INVALID) { /* a quorum says that it is valid, or stands on another tip */
        fwl_outbox_halt(c, slot->links ? FWL_HALT_LOCAL_FAULT : FWL_HALT_FORK);
        return false;
    }
    c->committing = true;
    c->out->has_commit = true;
    c->out->commit = (struct fwl_consensus_commit){.height = c->h,
                                                   .hash = slot->hash,
                                                   .body = fwl_span(slot->bytes, slot->size),
                                                   .cert = fwl_certs_bytes(c, FWL_VOTE_FINALIZE, c->final_view)};
    return true;
}

/* R3: whatever this node voted, a certificate of its view or a later one moves it. */
bool
fwl_rules_advance(struct fwl_consensus *c)
{
    uint32_t m = c->top - 1;
    enum fwl_vote_kind kind = FWL_VOTE_NULLIFY;
    struct fwl_consensus_msg *msg = NULL;

    if (c->top == 0 || m < c->v) {
        return false;
    }
    if (m + 1 >= c->cfg.views_max) {
        fwl_outbox_halt(c, FWL_HALT_LIMIT);
        return false;
    }
    kind = c->certs[m].null ? FWL_VOTE_NULLIFY : FWL_VOTE_NOTARIZE;
    if (FWL_MUTANT(12, 1) && kind == FWL_VOTE_NOTARIZE && c->recs[c->v].nullify) {
        return false;
    }
    c->v = m + 1;
    c->view_dirty = true;
    fwl_rules_view_entered(c, kind == FWL_VOTE_NOTARIZE);
    msg = FWL_MUTANT(12, 2) ? NULL : fwl_outbox_send(c, fwl_outbox_not_past(c, m), FWL_MSG_CERT);
    if (msg != NULL) {
        msg->certs = fwl_certs_bytes(c, kind, m);
    }
    return true;
}

/* May this node FINALIZE view w? Never after NULLIFY(w), never twice. */
static bool
may_finalize(const struct fwl_consensus *c, uint32_t w)
{
    return (!c->recs[w].nullify || FWL_MUTANT(3, 1)) && !c->recs[w].finalize;
}

/* May this node NULLIFY view v? Never after FINALIZE(v). */
static bool
may_nullify(const struct fwl_consensus *c)
{
    return !c->recs[c->v].nullify && !c->recs[c->v].finalize;
}

/* R4 */
static bool
finalize(struct fwl_consensus *c)
{
    for (uint32_t w = c->notar_top; w-- > 0;) {
        struct fwl_body_slot *slot = NULL;

        if (!c->certs[w].notar || !may_finalize(c, w)) {
            continue;
        }
        slot = fwl_bodies_valid(c, &c->certs[w].notar_hash);
        if (slot != NULL) {
            if (!cast(c, FWL_VOTE_FINALIZE, w, &slot->hash)) {
                return false;
            }
            fwl_outbox_body(c, slot);
            return true;
        }
    }
    return false;
}

/* May this node NOTARIZE what lies in @slot in its view? */
static bool
may_notarize(struct fwl_consensus *c, const struct fwl_body_slot *slot, uint64_t received_ms)
{
    uint32_t hole = 0;

    if (!fwl_certs_just(c, &hole, c->v, &slot->hash, slot->view)) {
        if (hole != UINT32_MAX) {
            fwl_relay_pull_certs(c);
        }
        return false;
    }
    return slot->view < c->v || fwl_turns_timely(&c->tip.params, c->v, received_ms, slot->time_ms);
}

/* R5 */
static bool
notarize(struct fwl_consensus *c)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, c->v);

    if (c->recs[c->v].notarize) {
        return false;
    }
    for (uint32_t i = 0; i < FWL_ENGINE_PROPOSALS; i++) {
        struct fwl_body_slot *slot = pv->proposal[i].present ? fwl_bodies_valid(c, &pv->proposal[i].hash) : NULL;

        if (slot != NULL && may_notarize(c, slot, pv->proposal[i].received_ms)) {
            if (!cast(c, FWL_VOTE_NOTARIZE, c->v, &slot->hash)) {
                return false;
            }
            fwl_outbox_body(c, slot);
            return true;
        }
    }
    return false;
}

/* Ask for a fresh block when there is a reason to make one. */
static void
request_build(struct fwl_consensus *c)
{
    uint64_t due = fwl_turns_heartbeat_due(&c->tip);
    bool heartbeat = c->now >= due;
    bool txs = c->have_txs && c->mono - c->committed_mono >= c->cfg.timing.min_interval;

    if (c->build_asked || c->built || c->build_refused || c->mono < c->build_retry_at || (!txs && !heartbeat)) {
        return;
    }
    c->build_asked = true;
    c->build_view = c->v;
    c->out->has_build = true;
    c->out->build = (struct fwl_consensus_build){.height = c->h,
                                                 .view = c->v,
                                                 .proposer = c->me,
                                                 .time_ms = FWL_MAX(c->now, c->tip.time_ms + 1),
                                                 .time_empty_ms = FWL_MAX(FWL_MAX(c->now, c->tip.time_ms + 1), due),
                                                 .may_be_empty = heartbeat};
}

/* What a leader has to propose: an undecided block of an earlier view, or a fresh one; NULL while there is none. */
static struct fwl_body_slot *
candidate(struct fwl_consensus *c)
{
    for (uint32_t w = c->v; w-- > 0;) {
        const struct fwl_cert_view *cv = &c->certs[w];
        struct fwl_body_slot *slot = cv->notar ? fwl_bodies_find(c, &cv->notar_hash) : NULL;

        if (slot != NULL && slot->state != FWL_BODY_INVALID) {
            bool waited = !c->entered_by_notar || c->mono - c->entered_mono >= c->cfg.timing.tf;

            return waited && slot->state == FWL_BODY_VALID ? slot : NULL;
        }
        if (!cv->null) {
            if (!cv->notar) {
                fwl_relay_pull_certs(c);
            }
            return NULL;
        }
    }
    request_build(c);
    if (c->built) {
        struct fwl_body_slot *slot = fwl_bodies_find(c, &c->built_hash);

        if (slot != NULL && slot->state == FWL_BODY_INVALID) {
            c->build_refused = true; /* our own mistake stays here: the view ends by its timer */
            c->built = false;
        }
        return slot != NULL && slot->state == FWL_BODY_VALID ? slot : NULL;
    }
    return NULL;
}

/* R6 */
static bool
propose(struct fwl_consensus *c)
{
    struct fwl_body_slot *slot = NULL;

    if (fwl_turns_leader(&c->tip, c->v) != c->me || c->recs[c->v].proposed) {
        return false;
    }
    slot = candidate(c);
    if (slot == NULL || !cast(c, FWL_VOTE_PROPOSE, c->v, &slot->hash)) {
        return false;
    }
    fwl_outbox_body(c, slot);
    fwl_relay_propose(c, fwl_outbox_all(c));
    return true;
}

/* R7 */
static bool
arm(struct fwl_consensus *c)
{
    if (c->armed || !fwl_rules_want(c)) {
        return false;
    }
    c->armed = true;
    c->deadline = c->mono + fwl_turns_timeout(&c->cfg.timing, c->v) + (c->entered_by_notar ? c->cfg.timing.tf : 0);
    return true;
}

/* Did the leader of the view give the view up: a proposal that is not VALID, two of them, or its own NULLIFY? */
static bool
leader_gave_up(struct fwl_consensus *c)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, c->v);

    for (uint32_t i = 0; i < FWL_ENGINE_PROPOSALS; i++) {
        struct fwl_body_slot *slot = pv->proposal[i].present ? fwl_bodies_find(c, &pv->proposal[i].hash) : NULL;

        pv->refused = pv->refused || (slot != NULL && slot->state == FWL_BODY_INVALID);
    }
    return pv->refused || pv->proposal[1].present ||
           fwl_pool_vote(c, FWL_VOTE_NULLIFY, c->v, fwl_turns_leader(&c->tip, c->v)) != NULL;
}

/* R8 */
static bool
nullify(struct fwl_consensus *c)
{
    if (!may_nullify(c) || (!(c->armed && c->mono >= c->deadline) && !leader_gave_up(c))) {
        return false;
    }
    return cast(c, FWL_VOTE_NULLIFY, c->v, NULL);
}

/* One rule, the first that fires. */
static bool
fire(struct fwl_consensus *c)
{
    if (commit(c) || fwl_rules_advance(c)) {
        return true;
    }
    if (!fwl_engine_voting(c)) {
        return false;
    }
    return finalize(c) || notarize(c) || propose(c) || arm(c) || nullify(c);
}

void
fwl_rules_run(struct fwl_consensus *c)
{
    c->again = false;
    while (!c->committing && c->halt == FWL_HALT_NONE && fire(c)) {
        if (!fwl_outbox_room(c)) {
            c->again = true;
            break;
        }
    }
    if (!c->committing && c->halt == FWL_HALT_NONE) {
        fwl_relay_pull_bodies(c);
        fwl_bodies_ask(c);
    }
    if (c->halt == FWL_HALT_NONE) {
        fwl_relay_run(c);
    }
}
