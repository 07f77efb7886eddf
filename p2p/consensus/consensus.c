#include "p2p/consensus/consensus.h"

#include "core/carve.h"
#include "core/mutant.h"
#include "ledger/model/body.h"
#include "p2p/consensus/bodies.h"
#include "p2p/consensus/boot.h"
#include "p2p/consensus/certs.h"
#include "p2p/consensus/inbox.h"
#include "p2p/consensus/outbox.h"
#include "p2p/consensus/pool.h"
#include "p2p/consensus/relay.h"
#include "p2p/consensus/rules.h"
#include "p2p/consensus/tally.h"
#include "p2p/consensus/turns.h"

/* Cuts the block of memory into its parts; counts only when @base is NULL. */
struct cutter {
    uint8_t *base;
    size_t used;
};

/* The parts, NULL while they are only counted. */
struct parts {
    struct fwl_consensus *engine;
    struct fwl_pooled *votes[FWL_ENGINE_WINDOW];
    struct fwl_cert_view *certs;
    struct fwl_rec *recs;
    struct fwl_next_vote *next_votes;
    uint8_t *cert_bytes, *final_bytes, *scratch_cert, *just_bytes, *next_body, *bodies[FWL_ENGINE_BODIES];
    size_t cert_room;
    uint32_t next_room;
};

static void *
cut(struct cutter *k, size_t size)
{
    uint8_t *p = k->base == NULL ? NULL : k->base + k->used;

    k->used += fwl_carve_size(size);
    return p;
}

static void
lay_out(struct cutter *k, struct parts *p, const struct fwl_consensus_config *cfg)
{
    size_t n = cfg->validators_max;

    *p = (struct parts){.next_room = (uint32_t)(2 * n * FWL_ENGINE_NEXT_PEERS)};
    for (uint32_t i = 1; i <= cfg->validators_max; i++) {
        p->cert_room = FWL_MAX(p->cert_room, fwl_cert_size(i));
    }
    p->engine = cut(k, sizeof(*p->engine));
    for (uint32_t i = 0; i < FWL_ENGINE_WINDOW; i++) {
        p->votes[i] = cut(k, 3 * n * sizeof(*p->votes[i]));
    }
    p->certs = cut(k, cfg->views_max * sizeof(*p->certs));
    p->recs = cut(k, cfg->views_max * sizeof(*p->recs));
    p->next_votes = cut(k, p->next_room * sizeof(*p->next_votes));
    p->cert_bytes = cut(k, 2 * (size_t)cfg->views_max * p->cert_room);
    p->final_bytes = cut(k, p->cert_room);
    p->scratch_cert = cut(k, p->cert_room);
    p->just_bytes = cut(k, FWL_CONSENSUS_JUST_BYTES_MAX);
    p->next_body = cut(k, cfg->body_max);
    for (uint32_t i = 0; i < FWL_ENGINE_BODIES; i++) {
        p->bodies[i] = cut(k, cfg->body_max);
    }
}

size_t
fwl_consensus_footprint(const struct fwl_consensus_config *config)
{
    struct cutter k = {0};
    struct parts p;

    if (config->validators_max == 0 || config->validators_max > FWL_VALIDATORS_MAX || config->views_max < 16 ||
        config->views_max > 65536 || config->body_max < FWL_BODY_SIZE_START || config->body_max > FWL_BLOCK_MAX_MAX ||
        config->timing.tr == 0 || config->timing.ts == 0 || config->sign == NULL || config->verify == NULL) {
        return 0;
    }
    lay_out(&k, &p, config);
    return k.used;
}

struct fwl_consensus *
fwl_consensus_init(void *memory, size_t size, const struct fwl_consensus_config *config)
{
    size_t need = fwl_consensus_footprint(config);
    struct cutter k = {.base = memory};
    struct parts p;
    struct fwl_consensus *c = NULL;

    FWL_ASSERT(need != 0 && size >= need && (uintptr_t)memory % FWL_CARVE_ALIGN == 0);
    lay_out(&k, &p, config);
    FWL_ASSERT(k.used == need);
    c = p.engine;
    memset(c, 0, sizeof(*c));
    c->cfg = *config;
    c->cert_room = p.cert_room;
    c->next_room = p.next_room;
    c->certs = p.certs;
    c->recs = p.recs;
    c->next_votes = p.next_votes;
    c->cert_bytes = p.cert_bytes;
    c->final_bytes = p.final_bytes;
    c->scratch_cert = p.scratch_cert;
    c->just_bytes = p.just_bytes;
    c->next_body = p.next_body;
    for (uint32_t i = 0; i < FWL_ENGINE_WINDOW; i++) {
        c->pool[i].votes = p.votes[i];
    }
    for (uint32_t i = 0; i < FWL_ENGINE_BODIES; i++) {
        c->bodies[i].bytes = p.bodies[i];
    }
    return c;
}

/* The answer to a build: a fresh block of this view becomes the leader's candidate, to be checked like any other. */
static void
take_built(struct fwl_consensus *c, struct fwl_span body)
{
    struct fwl_body decoded;

    if (!c->build_asked || c->build_view != c->v || c->built) {
        return;
    }
    if (body.size == 0) {
        c->build_asked = false;
        c->build_retry_at = c->mono + c->cfg.timing.tr;
        return;
    }
    if (fwl_body_decode(&decoded, body, c->cfg.body_max) != FWL_OK || decoded.header.height != c->h ||
        decoded.header.view != c->v || decoded.header.proposer != c->me) {
        return; /* the answer to a request of an earlier view */
    }
    fwl_header_hash_bytes(&c->built_hash, decoded.header_bytes);
    c->built = true;
    c->build_asked = false;
    if (fwl_bodies_put(c, body, &c->built_hash, false) != FWL_OK) {
        c->built = false;
        c->build_refused = true;
    }
}

static void
take_committed(struct fwl_consensus *c, const struct fwl_event *in)
{
    uint64_t before = c->h;
    bool decided = c->final_held && in->tip->height == c->h;

    if (in->tip->height < c->h) {
        return;
    }
    if (in->tip->height >= c->alive_from && in->tip->height < c->voting_from && c->me != FWL_CONSENSUS_NOBODY &&
        memcmp(&in->tip->proposer_key, &c->cfg.key, sizeof(c->cfg.key)) == 0) {
        fwl_outbox_halt(c, FWL_HALT_SECOND_INSTANCE); /* voting was off: this node did not propose it */
        return;
    }
    if (decided) {
        fwl_tally_decided(c);
    }
    fwl_boot_height(c, in->tip, &in->votes);
    if (!decided) {
        fwl_tally_gap(c);
    }
    c->cleanup = true;
    if (c->halt == FWL_HALT_NONE && c->h == before + 1) {
        fwl_inbox_replay(c);
    } else {
        fwl_inbox_drop(c);
    }
}

static void
peer_up(struct fwl_consensus *c, const struct fwl_event *in)
{
    if (c->peers[in->peer].up) {
        c->peers[in->peer].validator_key = in->validator_key;
        return;
    }
    c->peers[in->peer] = (struct fwl_peer){.up = true, .validator_key = in->validator_key};
    fwl_outbox_status(c, fwl_outbox_one(in->peer));
}

static void
dispatch(struct fwl_consensus *c, const struct fwl_event *in)
{
    switch (in->type) {
    case FWL_EVENT_BOOT: fwl_boot_start(c, in); break;
    case FWL_EVENT_TICK: break;
    case FWL_EVENT_PEER_UP: peer_up(c, in); break;
    case FWL_EVENT_PEER_DOWN:
        fwl_inbox_gone(c, in->peer);
        c->peers[in->peer] = (struct fwl_peer){0};
        break;
    case FWL_EVENT_MESSAGE:
        if (c->peers[in->peer].up) {
            fwl_inbox_take(c, in->peer, in->msg);
        }
        break;
    case FWL_EVENT_CHECKED:
        if (!fwl_bodies_answer(c, &in->hash, in->verdict)) {
            fwl_relay_mismatch(c, &in->hash);
        }
        break;
    case FWL_EVENT_BUILT: take_built(c, in->body); break;
    case FWL_EVENT_COMMITTED: take_committed(c, in); break;
    }
}

void
fwl_consensus_step(struct fwl_consensus *c, const struct fwl_event *in, struct fwl_effects *out)
{
    FWL_ASSERT((in->type == FWL_EVENT_BOOT) == !c->booted && in->peer < FWL_CONSENSUS_PEERS_MAX);
    fwl_outbox_begin(c, out);
    c->booted = true;
    if (c->halt == FWL_HALT_NONE) {
        c->now = in->now_ms;
        c->mono = FWL_MAX(c->mono, in->mono_ms);
        c->have_txs = in->have_txs && !(FWL_MUTANT(13, 0) && c->had_txs); /* an event: when the first one comes */
        c->had_txs = in->have_txs;
        dispatch(c, in);
    }
    if (c->halt == FWL_HALT_NONE) {
        fwl_boot_reports(c);
        fwl_rules_run(c);
    }
    if (c->halt == FWL_HALT_NONE) {
        fwl_outbox_finish(c);
    } else {
        out->nwrites = 0;
        out->nsends = 0;
        out->has_check = false;
        out->has_build = false;
        out->has_commit = false;
        out->timer_at = UINT64_MAX;
        out->halt = c->halt;
    }
    c->out = NULL;
}

void
fwl_consensus_info(struct fwl_consensus_info *out, const struct fwl_consensus *c)
{
    *out = (struct fwl_consensus_info){.height = c->h,
                                       .view = c->v,
                                       .index = c->me,
                                       .leader = c->n == 0 ? 0 : fwl_turns_leader(&c->tip, c->v),
                                       .n = (uint16_t)c->n,
                                       .voting = fwl_engine_voting(c),
                                       .want = c->want,
                                       .voting_from = FWL_MAX(c->voting_from, c->floor)};
}
