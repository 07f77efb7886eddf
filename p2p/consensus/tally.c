#include "p2p/consensus/tally.h"

#include "p2p/consensus/engine.h"

const int64_t fwl_tally_step_bounds[FWL_HISTOGRAM_BOUNDS] = {1, 2, 5, 10, 20, 50, 100, 250, 1000, 2500, 10000, 60000};
const int64_t fwl_tally_time_bounds[FWL_HISTOGRAM_BOUNDS] = {-10000, -1000, -250, -50,  0,    5,
                                                             20,     50,    250,  1000, 4000, 10000};

static const struct fwl_pool_view *
find(const struct fwl_consensus *c, uint32_t view)
{
    const struct fwl_pool_view *pv = &c->pool[view % FWL_ENGINE_WINDOW];

    return pv->used && pv->view == view ? pv : NULL;
}

/* How many of the votes are for @hash? */
static uint16_t
support(const struct fwl_consensus *c, const struct fwl_pooled *votes, const struct fwl_hash32 *hash)
{
    uint16_t count = 0;

    for (uint32_t i = 0; i < c->n; i++) {
        count = (uint16_t)(count + (votes[i].present && fwl_hash32_equal(&votes[i].hash, hash)));
    }
    return count;
}

static void
count_kind(struct fwl_tally_votes *out, const struct fwl_consensus *c, const struct fwl_pooled *votes)
{
    for (uint32_t i = 0; i < c->n; i++) {
        uint16_t count = 0;

        if (!votes[i].present) {
            continue;
        }
        out->voters[i / 8] |= (uint8_t)(1U << (i % 8));
        if (out->count == 0 || !fwl_hash32_equal(&votes[i].hash, &out->hash)) {
            count = support(c, votes, &votes[i].hash);
        }
        if (count > out->count) {
            out->count = count;
            out->hash = votes[i].hash;
        }
    }
}

bool
fwl_tally_view(struct fwl_tally_view *out, const struct fwl_consensus *c, uint32_t view)
{
    const struct fwl_pool_view *pv = find(c, view);

    memset(out, 0, sizeof(*out));
    out->view = view;
    if (view >= c->cfg.views_max || (pv == NULL && view > c->v)) {
        return false;
    }
    out->notar = c->certs[view].notar;
    out->null = c->certs[view].null;
    out->final = c->final_held && c->final_view == view;
    if (pv == NULL) {
        return view == c->v || out->notar || out->null || out->final;
    }
    for (uint32_t i = 0; i < FWL_ENGINE_PROPOSALS; i++) {
        out->proposals = (uint8_t)(out->proposals + pv->proposal[i].present);
    }
    out->proposal = pv->proposal[0].hash;
    for (uint32_t k = 0; k < 3; k++) {
        count_kind(&out->kinds[k], c, pv->votes + k * c->cfg.validators_max);
    }
    return true;
}

void
fwl_tally_peer(struct fwl_tally_peer *out, const struct fwl_consensus *c, uint32_t index)
{
    struct fwl_pubkey32 key;

    memset(out, 0, sizeof(*out));
    fwl_validators_key(&key, &c->tip.next, index);
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        const struct fwl_peer *p = &c->peers[i];

        if (!p->up || memcmp(p->validator_key.b, key.b, sizeof(key.b)) != 0) {
            continue;
        }
        out->connected = true;
        if (p->status && (!out->told || p->height > out->height)) {
            out->told = true;
            out->height = p->height;
            out->view = p->view;
        }
    }
}

/* From one moment to the next; moments that this node missed, or saw the other way round, say nothing. */
static void
step(struct fwl_histogram *h, uint64_t from, uint64_t to)
{
    if (from <= to && to != UINT64_MAX) {
        fwl_histogram_add(h, fwl_tally_step_bounds, (int64_t)FWL_MIN(to - from, (uint64_t)INT64_MAX));
    }
}

/* Who has not voted at the height before the one decided now? Late votes have had one height to come. */
static void
count_missing(struct fwl_tally *t, uint64_t decided)
{
    t->missing = 0;
    for (uint32_t i = 0; i < t->n && decided > t->live_from; i++) {
        struct fwl_tally_member *m = &t->members[i];

        if (m->since < decided && m->last_signed < decided - 1) {
            m->missed++;
            t->missing++;
        }
    }
}

static bool
same_members(const struct fwl_tally *t, const struct fwl_consensus *c)
{
    bool same = t->n == c->n;

    for (uint32_t i = 0; same && i < c->n; i++) {
        same = memcmp(t->members[i].key.b, c->keys + 32 * (size_t)i, 32) == 0;
    }
    return same;
}

void
fwl_tally_members(const struct fwl_consensus *c)
{
    struct fwl_tally_member before[FWL_VALIDATORS_MAX];
    struct fwl_tally *t = c->cfg.tally;
    uint32_t n = t == NULL ? 0 : t->n;

    if (t == NULL || same_members(t, c)) {
        return;
    }
    memcpy(before, t->members, sizeof(before));
    t->n = (uint16_t)c->n;
    for (uint32_t i = 0; i < c->n; i++) {
        struct fwl_tally_member *m = &t->members[i];

        *m = (struct fwl_tally_member){.since = c->h};
        memcpy(m->key.b, c->keys + 32 * (size_t)i, 32);
        for (uint32_t j = 0; j < n; j++) {
            if (memcmp(before[j].key.b, m->key.b, 32) == 0) {
                *m = before[j];
            }
        }
    }
}

void
fwl_tally_decided(const struct fwl_consensus *c)
{
    struct fwl_tally *t = c->cfg.tally;

    if (t == NULL) {
        return;
    }
    t->decided++;
    t->rounds = c->final_view + 1;
    step(&t->propose, c->at.want, c->at.proposal);
    step(&t->notarize, c->at.proposal, c->at.notar);
    step(&t->finalize, c->at.notar, c->at.final);
    count_missing(t, c->h);
}

void
fwl_tally_gap(const struct fwl_consensus *c)
{
    if (c->cfg.tally != NULL) {
        c->cfg.tally->live_from = c->h + 1;
    }
}

void
fwl_tally_signed(const struct fwl_consensus *c, uint32_t index)
{
    if (c->cfg.tally != NULL) {
        struct fwl_tally_member *m = &c->cfg.tally->members[index];

        m->last_signed = FWL_MAX(m->last_signed, c->h);
    }
}

void
fwl_tally_late(const struct fwl_consensus *c, uint32_t peer, const struct fwl_vote *vote)
{
    struct fwl_tally *t = c->cfg.tally;

    if (t == NULL) {
        return;
    }
    t->late_votes++;
    for (uint32_t i = 0; i < t->n; i++) {
        struct fwl_tally_member *m = &t->members[i];

        if (memcmp(m->key.b, c->peers[peer].validator_key.b, sizeof(m->key.b)) == 0) {
            m->last_signed = FWL_MAX(m->last_signed, vote->height);
        }
    }
}

void
fwl_tally_duplicate(const struct fwl_consensus *c)
{
    if (c->cfg.tally != NULL) {
        c->cfg.tally->duplicate_votes++;
    }
}

void
fwl_tally_proposal(const struct fwl_consensus *c, uint64_t received_ms, uint64_t time_ms)
{
    if (c->cfg.tally != NULL && received_ms <= INT64_MAX && time_ms <= INT64_MAX) {
        fwl_histogram_add(&c->cfg.tally->proposal_time, fwl_tally_time_bounds, (int64_t)received_ms - (int64_t)time_ms);
    }
}
