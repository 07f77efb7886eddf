#include "p2p/consensus/bodies.h"

#include "ledger/model/body.h"
#include "p2p/consensus/pool.h"

void
fwl_bodies_clear(struct fwl_consensus *c)
{
    for (uint32_t i = 0; i < FWL_ENGINE_BODIES; i++) {
        c->bodies[i] = (struct fwl_body_slot){.bytes = c->bodies[i].bytes};
    }
}

struct fwl_body_slot *
fwl_bodies_find(struct fwl_consensus *c, const struct fwl_hash32 *hash)
{
    for (uint32_t i = 0; i < FWL_ENGINE_BODIES; i++) {
        if (c->bodies[i].used && fwl_hash32_equal(&c->bodies[i].hash, hash)) {
            return &c->bodies[i];
        }
    }
    return NULL;
}

struct fwl_body_slot *
fwl_bodies_valid(struct fwl_consensus *c, const struct fwl_hash32 *hash)
{
    struct fwl_body_slot *slot = fwl_bodies_find(c, hash);

    return slot != NULL && slot->state == FWL_BODY_VALID ? slot : NULL;
}

static bool
proposed_in(struct fwl_consensus *c, uint32_t view, const struct fwl_hash32 *hash)
{
    struct fwl_pool_view *pv = fwl_pool_view(c, view);

    for (uint32_t i = 0; pv != NULL && i < FWL_ENGINE_PROPOSALS; i++) {
        if (pv->proposal[i].present && fwl_hash32_equal(&pv->proposal[i].hash, hash)) {
            return true;
        }
    }
    return false;
}

static bool
notarized(const struct fwl_consensus *c, const struct fwl_hash32 *hash)
{
    for (uint32_t w = c->notar_top; w-- > 0;) {
        if (c->certs[w].notar && fwl_hash32_equal(&c->certs[w].notar_hash, hash)) {
            return true;
        }
    }
    return false;
}

unsigned
fwl_bodies_need(struct fwl_consensus *c, const struct fwl_hash32 *hash)
{
    const struct fwl_rec *rec = &c->recs[c->v];

    if (c->final_held && fwl_hash32_equal(&c->final_hash, hash)) {
        return 5;
    }
    if ((c->built && fwl_hash32_equal(&c->built_hash, hash)) ||
        (rec->proposed && fwl_hash32_equal(&rec->proposed_hash, hash)) ||
        (rec->notarize && fwl_hash32_equal(&rec->notarize_hash, hash)) || proposed_in(c, c->v, hash)) {
        return 4;
    }
    if (c->notar_top > 0 && fwl_hash32_equal(&c->certs[c->notar_top - 1].notar_hash, hash)) {
        return 3;
    }
    for (uint32_t ahead = 1; ahead <= FWL_ENGINE_AHEAD; ahead++) {
        if (proposed_in(c, c->v + ahead, hash)) {
            return 2;
        }
    }
    return notarized(c, hash) ? 1 : 0;
}

/* A free slot, or the one of the least needed body that is needed less than @need. */
static struct fwl_body_slot *
slot_for(struct fwl_consensus *c, unsigned need)
{
    struct fwl_body_slot *best = NULL;
    unsigned least = need;

    for (uint32_t i = 0; i < FWL_ENGINE_BODIES; i++) {
        struct fwl_body_slot *s = &c->bodies[i];
        unsigned its = 0;

        if (!s->used) {
            return s;
        }
        its = fwl_bodies_need(c, &s->hash);
        if (s->state != FWL_BODY_ASKED && its < least) {
            least = its;
            best = s;
        }
    }
    return best;
}

enum fwl_err
fwl_bodies_put(struct fwl_consensus *c, struct fwl_span body, const struct fwl_hash32 *hash, bool durable)
{
    struct fwl_body decoded;
    struct fwl_hash32 own;
    struct fwl_body_slot *slot = NULL;
    unsigned need = 0;
    size_t max = FWL_MIN((size_t)c->tip.params.max_block, (size_t)c->cfg.body_max);
    enum fwl_err err = fwl_body_decode(&decoded, body, max);

    if (err != FWL_OK) {
        return err;
    }
    fwl_header_hash_bytes(&own, decoded.header_bytes);
    if ((hash != NULL && !fwl_hash32_equal(&own, hash)) || decoded.header.height != c->h) {
        return FWL_ERR_HASH;
    }
    need = fwl_bodies_need(c, &own);
    if (fwl_bodies_find(c, &own) != NULL) {
        return FWL_OK;
    }
    slot = need == 0 ? NULL : slot_for(c, need);
    if (slot == NULL) {
        return FWL_ERR_ABSENT;
    }
    memmove(slot->bytes, body.p, body.size);
    *slot = (struct fwl_body_slot){.used = true,
                                   .durable = durable,
                                   .links = fwl_hash32_equal(&decoded.header.prev_hash, &c->tip.hash),
                                   .hash = own,
                                   .view = decoded.header.view,
                                   .time_ms = decoded.header.time_ms,
                                   .size = body.size,
                                   .bytes = slot->bytes};
    return FWL_OK;
}

void
fwl_bodies_ask(struct fwl_consensus *c)
{
    struct fwl_body_slot *best = NULL;
    unsigned most = 0;

    for (uint32_t i = 0; i < FWL_ENGINE_BODIES; i++) {
        struct fwl_body_slot *s = &c->bodies[i];
        unsigned need = s->used ? fwl_bodies_need(c, &s->hash) : 0;

        if (s->used && s->state == FWL_BODY_ASKED) {
            return;
        }
        if (s->used && s->state == FWL_BODY_UNKNOWN && need > most) {
            most = need;
            best = s;
        }
    }
    if (best != NULL) {
        best->state = FWL_BODY_ASKED;
        c->out->has_check = true;
        c->out->check.height = c->h;
        c->out->check.hash = best->hash;
        c->out->check.body = fwl_span(best->bytes, best->size);
    }
}

bool
fwl_bodies_answer(struct fwl_consensus *c, const struct fwl_hash32 *hash, enum fwl_check_verdict verdict)
{
    struct fwl_body_slot *slot = fwl_bodies_find(c, hash);

    if (slot == NULL || slot->state != FWL_BODY_ASKED) {
        return true;
    }
    switch (verdict) {
    case FWL_CHECK_VALID: slot->state = FWL_BODY_VALID; return true;
    case FWL_CHECK_INVALID: slot->state = FWL_BODY_INVALID; return true;
    case FWL_CHECK_MISMATCH:
        slot->used = false;
        slot->state = FWL_BODY_UNKNOWN;
        return false;
    }
    return true;
}
