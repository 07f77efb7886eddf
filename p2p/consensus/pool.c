#include "p2p/consensus/pool.h"

#include "core/mutant.h"
#include "p2p/consensus/certs.h"
#include "p2p/consensus/outbox.h"
#include "p2p/consensus/tally.h"
#include "p2p/consensus/turns.h"

static struct fwl_pooled *
entry(struct fwl_consensus *c, struct fwl_pool_view *pv, enum fwl_vote_kind kind, uint32_t idx)
{
    FWL_ASSERT(kind >= FWL_VOTE_NOTARIZE && kind <= FWL_VOTE_FINALIZE && idx < c->n);
    return &pv->votes[((uint32_t)kind - 1) * c->cfg.validators_max + idx];
}

static void
clear_view(const struct fwl_consensus *c, struct fwl_pool_view *pv)
{
    struct fwl_pooled *votes = pv->votes;

    memset(votes, 0, 3 * (size_t)c->cfg.validators_max * sizeof(*votes));
    *pv = (struct fwl_pool_view){.votes = votes};
}

struct fwl_pool_view *
fwl_pool_view(struct fwl_consensus *c, uint32_t view)
{
    struct fwl_pool_view *pv = &c->pool[view % FWL_ENGINE_WINDOW];

    if (view + FWL_ENGINE_BACK < c->v || view > c->v + FWL_ENGINE_AHEAD || view >= c->cfg.views_max) {
        return NULL;
    }
    if (!pv->used || pv->view != view) {
        clear_view(c, pv);
        pv->used = true;
        pv->view = view;
    }
    return pv;
}

const struct fwl_pooled *
fwl_pool_vote(struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view, uint32_t idx)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, view);
    const struct fwl_pooled *p = pv == NULL ? NULL : entry(c, pv, kind, idx);

    return p != NULL && p->present ? p : NULL;
}

void
fwl_pool_clear(struct fwl_consensus *c)
{
    for (uint32_t i = 0; i < FWL_ENGINE_WINDOW; i++) {
        clear_view(c, &c->pool[i]);
    }
}

uint32_t
fwl_pool_voters(struct fwl_consensus *c, uint32_t view)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, view);
    uint32_t voters = 0;

    for (uint32_t i = 0; pv != NULL && i < c->n; i++) {
        voters += entry(c, pv, FWL_VOTE_NOTARIZE, i)->present || entry(c, pv, FWL_VOTE_NULLIFY, i)->present ||
                  entry(c, pv, FWL_VOTE_FINALIZE, i)->present;
    }
    return voters;
}

bool
fwl_pool_signed(const struct fwl_consensus *c, const struct fwl_vote *vote)
{
    struct fwl_hash32 digest;
    struct fwl_pubkey32 key;

    fwl_validators_key(&key, &c->tip.next, vote->idx);
    fwl_vote_digest(&digest, &c->cfg.chain_id, vote->kind, vote->height, vote->view, &vote->block_hash);
    return c->cfg.verify(c->cfg.cookie, &vote->sig, &digest, &key) == FWL_OK;
}

bool
fwl_pool_foreign(const struct fwl_consensus *c, const struct fwl_vote *vote)
{
    const struct fwl_rec *rec = NULL;

    if (vote->idx != c->me || !fwl_engine_knows(c) || vote->view >= c->cfg.views_max) {
        return vote->idx == c->me && fwl_engine_knows(c);
    }
    rec = &c->recs[vote->view];
    switch (vote->kind) {
    case FWL_VOTE_PROPOSE: return !rec->proposed || !fwl_hash32_equal(&rec->proposed_hash, &vote->block_hash);
    case FWL_VOTE_NOTARIZE: return !rec->notarize || !fwl_hash32_equal(&rec->notarize_hash, &vote->block_hash);
    case FWL_VOTE_NULLIFY: return !rec->nullify;
    case FWL_VOTE_FINALIZE: return !rec->finalize || !fwl_hash32_equal(&rec->finalize_hash, &vote->block_hash);
    }
    return false;
}

static struct fwl_vote
vote_of(const struct fwl_consensus *c, const struct fwl_pooled *p, enum fwl_vote_kind kind, uint32_t view, uint32_t idx)
{
    return (struct fwl_vote){
        .kind = kind, .height = c->h, .view = view, .block_hash = p->hash, .idx = (uint16_t)idx, .sig = p->sig};
}

/* Does a vote of this signer already pooled conflict with @vote (E1, E2, E3)? */
static bool
conflicts(struct fwl_consensus *c, struct fwl_vote *with, struct fwl_pool_view *pv, const struct fwl_vote *vote)
{
    const struct fwl_pooled *same = entry(c, pv, vote->kind, vote->idx);
    enum fwl_vote_kind other = vote->kind == FWL_VOTE_NULLIFY ? FWL_VOTE_FINALIZE : FWL_VOTE_NULLIFY;

    if (same->present && !fwl_hash32_equal(&same->hash, &vote->block_hash)) {
        *with = vote_of(c, same, vote->kind, vote->view, vote->idx);
        return true;
    }
    if (vote->kind != FWL_VOTE_NOTARIZE && entry(c, pv, other, vote->idx)->present) {
        *with = vote_of(c, entry(c, pv, other, vote->idx), other, vote->view, vote->idx);
        return true;
    }
    return false;
}

static bool
conflict_known(const struct fwl_consensus *c, const struct fwl_vote *a, const struct fwl_vote *b)
{
    struct fwl_evidence ev;

    return fwl_evidence_make(&ev, a, b) != FWL_OK || c->reported[a->idx][ev.type - 1];
}

void
fwl_pool_absorb(struct fwl_consensus *c, const struct fwl_vote *vote)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, vote->view);
    struct fwl_pooled *p = NULL;
    struct fwl_vote with;

    fwl_tally_signed(c, vote->idx);
    if (pv == NULL) {
        return;
    }
    if (conflicts(c, &with, pv, vote)) {
        fwl_outbox_evidence(c, vote, &with);
    }
    p = entry(c, pv, vote->kind, vote->idx);
    if (!p->present) {
        *p = (struct fwl_pooled){.present = true, .hash = vote->block_hash, .sig = vote->sig};
    }
}

/* R2: a certificate once exactly q votes of one kind, view and hash are pooled. */
static void
form(struct fwl_consensus *c, const struct fwl_vote *vote)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, vote->view);
    struct fwl_cert cert;
    uint32_t count = 0;

    for (uint32_t i = 0; pv != NULL && i < c->n && count < c->q; i++) {
        const struct fwl_pooled *p = entry(c, pv, vote->kind, i);

        if (FWL_MUTANT(14, 1) && !p->present) {
            p = entry(c, pv, FWL_VOTE_NOTARIZE, i);
        }
        if (p->present && fwl_hash32_equal(&p->hash, &vote->block_hash)) {
            c->form_votes[count] = vote_of(c, p, vote->kind, vote->view, i);
            c->form_list[count] = &c->form_votes[count];
            count++;
        }
    }
    if (count == c->q &&
        fwl_cert_make(&cert, c->scratch_cert, c->cert_room, (uint16_t)c->n, c->form_list, count) == FWL_OK) {
        fwl_certs_hold(c, &cert);
    }
}

void
fwl_pool_count(struct fwl_consensus *c, const struct fwl_vote *vote)
{
    fwl_pool_absorb(c, vote);
    if (!fwl_certs_held(c, vote->kind, vote->view)) {
        form(c, vote);
    }
}

bool
fwl_pool_offer(struct fwl_consensus *c, const struct fwl_vote *vote)
{
    struct fwl_pool_view *pv = NULL;
    struct fwl_vote with;

    if (vote->idx >= c->n || vote->kind == FWL_VOTE_PROPOSE) {
        return false;
    }
    if (fwl_pool_foreign(c, vote)) {
        if (!fwl_pool_signed(c, vote)) {
            return false;
        }
        fwl_outbox_halt(c, FWL_HALT_SECOND_INSTANCE);
        return true;
    }
    pv = fwl_pool_view(c, vote->view);
    if (pv == NULL) {
        return true;
    }
    if (conflicts(c, &with, pv, vote)) {
        if (conflict_known(c, vote, &with) && entry(c, pv, vote->kind, vote->idx)->present) {
            return true;
        }
    } else if (entry(c, pv, vote->kind, vote->idx)->present) {
        fwl_tally_duplicate(c);
        return true;
    }
    if (!fwl_pool_signed(c, vote)) {
        return false;
    }
    fwl_pool_count(c, vote);
    return true;
}

void
fwl_pool_propose(struct fwl_consensus *c, uint32_t view, const struct fwl_hash32 *hash, const struct fwl_sig64 *sig)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, view);
    struct fwl_proposal *p = pv == NULL ? NULL : pv->proposal;
    uint16_t leader = fwl_turns_leader(&c->tip, view);

    for (uint32_t i = 0; p != NULL && i < FWL_ENGINE_PROPOSALS; i++) {
        if (p[i].present && fwl_hash32_equal(&p[i].hash, hash)) {
            return;
        }
        if (p[i].present) {
            continue;
        }
        p[i] = (struct fwl_proposal){.present = true, .hash = *hash, .sig = *sig, .received_ms = c->now};
        c->at.proposal = FWL_MIN(c->at.proposal, c->mono);
        if (i > 0) {
            struct fwl_vote a = {.kind = FWL_VOTE_PROPOSE, .height = c->h, .view = view, .block_hash = p[0].hash};
            struct fwl_vote b = {.kind = FWL_VOTE_PROPOSE, .height = c->h, .view = view, .block_hash = *hash};

            a.idx = leader;
            b.idx = leader;
            a.sig = p[0].sig;
            b.sig = *sig;
            fwl_outbox_evidence(c, &a, &b);
        }
        return;
    }
}
