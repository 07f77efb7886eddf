#include "p2p/consensus/consensus.h"

#include "ledger/model/body.h"
#include "p2p/consensus/bodies.h"
#include "p2p/consensus/boot.h"
#include "p2p/consensus/certs.h"
#include "p2p/consensus/inbox.h"
#include "p2p/consensus/outbox.h"
#include "p2p/consensus/pool.h"
#include "p2p/consensus/rules.h"
#include "p2p/consensus/turns.h"

/* Cuts the block of memory into its parts; counts only when @base is NULL. */
struct cutter {
    uint8_t *base;
    size_t used;
};

static void *
cut(struct cutter *k, size_t size)
{
    uint8_t *p = k->base == NULL ? NULL : k->base + k->used;

    k->used += (size + 15) & ~(size_t)15;
    return p;
}

static void
lay_out(struct cutter *k, struct fwl_consensus *c, const struct fwl_consensus_config *cfg)
{
    size_t n = cfg->validators_max;
    size_t room = 0;

    for (uint32_t i = 1; i <= cfg->validators_max; i++) {
        room = FWL_MAX(room, fwl_cert_size(i));
    }
    c->cert_room = room;
    c->next_room = (uint32_t)(2 * n * FWL_ENGINE_NEXT_PEERS);
    for (uint32_t i = 0; i < FWL_ENGINE_WINDOW; i++) {
        c->pool[i].votes = cut(k, 3 * n * sizeof(struct fwl_pooled));
    }
    c->certs = cut(k, cfg->views_max * sizeof(*c->certs));
    c->recs = cut(k, cfg->views_max * sizeof(*c->recs));
    c->next_votes = cut(k, c->next_room * sizeof(*c->next_votes));
    c->cert_bytes = cut(k, 2 * (size_t)cfg->views_max * room);
    c->final_bytes = cut(k, room);
    c->scratch_cert = cut(k, room);
    c->just_bytes = cut(k, FWL_CONSENSUS_JUST_BYTES_MAX);
    c->next_body = cut(k, cfg->body_max);
    for (uint32_t i = 0; i < FWL_ENGINE_BODIES; i++) {
        c->bodies[i].bytes = cut(k, cfg->body_max);
    }
}

size_t
fwl_consensus_footprint(const struct fwl_consensus_config *config)
{
    struct cutter k = {0};
    size_t room = 0;

    if (config->validators_max == 0 || config->validators_max > FWL_VALIDATORS_MAX || config->views_max < 16 ||
        config->views_max > 65536 || config->body_max < FWL_BODY_SIZE_START || config->body_max > FWL_BLOCK_MAX_MAX ||
        config->timing.tr == 0 || config->timing.ts == 0 || config->sign == NULL || config->verify == NULL) {
        return 0;
    }
    for (uint32_t i = 1; i <= config->validators_max; i++) {
        room = FWL_MAX(room, fwl_cert_size(i));
    }
    (void)cut(&k, sizeof(struct fwl_consensus));
    for (uint32_t i = 0; i < FWL_ENGINE_WINDOW; i++) {
        (void)cut(&k, 3 * (size_t)config->validators_max * sizeof(struct fwl_pooled));
    }
    (void)cut(&k, config->views_max * sizeof(struct fwl_cert_view));
    (void)cut(&k, config->views_max * sizeof(struct fwl_rec));
    (void)cut(&k, 2 * (size_t)config->validators_max * FWL_ENGINE_NEXT_PEERS * sizeof(struct fwl_vote));
    (void)cut(&k, 2 * (size_t)config->views_max * room);
    (void)cut(&k, room);
    (void)cut(&k, room);
    (void)cut(&k, FWL_CONSENSUS_JUST_BYTES_MAX);
    for (uint32_t i = 0; i < FWL_ENGINE_BODIES + 1; i++) {
        (void)cut(&k, config->body_max);
    }
    return k.used;
}

struct fwl_consensus *
fwl_consensus_init(void *memory, size_t size, const struct fwl_consensus_config *config)
{
    size_t need = fwl_consensus_footprint(config);
    struct cutter k = {.base = memory};
    struct fwl_consensus *c = cut(&k, sizeof(*c));

    FWL_ASSERT(need != 0 && size >= need && (uintptr_t)memory % 16 == 0);
    memset(c, 0, sizeof(*c));
    c->cfg = *config;
    lay_out(&k, c, config);
    FWL_ASSERT(k.used == need);
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

    if (in->tip->height < c->h) {
        return;
    }
    fwl_boot_height(c, in->tip, &in->votes);
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
    case FWL_EVENT_PEER_DOWN: c->peers[in->peer] = (struct fwl_peer){0}; break;
    case FWL_EVENT_MESSAGE:
        if (c->peers[in->peer].up) {
            fwl_inbox_take(c, in->peer, in->msg);
        }
        break;
    case FWL_EVENT_CHECKED: (void)fwl_bodies_answer(c, &in->hash, in->verdict); break;
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
        c->have_txs = in->have_txs;
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
                                       .voting_from = c->voting_from};
}
