/* What a commit makes durable, and what may befall it. */
#include "tests/sim/sim.h"

static uint32_t
bit(enum sim_point point)
{
    return 1U << (unsigned)point;
}

/* The votes that a record has and the stored one had not: bits PROPOSED to FINALIZE are in the order of its flags. */
static uint32_t
new_votes(struct sim_store *st, const struct fwl_overlay_write *w)
{
    struct fwl_storage storage = fwl_memstore_storage(st->mem);
    struct fwl_read read;
    struct fwl_span old;
    uint32_t flags = w->value.p[0];

    if (fwl_read_begin(&storage, &read) == FWL_OK) {
        if (fwl_kv_get(&read.kv, &old, FWL_SPACE_REC, w->key) == FWL_OK) {
            flags &= ~(uint32_t)old.p[0];
        }
        fwl_read_end(&read);
    }
    return flags;
}

static uint32_t
point_of(struct sim_store *st, const struct fwl_overlay_write *w)
{
    if (st->chain) {
        return bit(SIM_POINT_BLOCK);
    }
    if (w->deleted) {
        return bit(SIM_POINT_FORGET);
    }
    if (w->space == FWL_SPACE_REC) {
        return new_votes(st, w);
    }
    if (w->space == FWL_SPACE_CERT) {
        return bit(w->key.p[12] == FWL_VOTE_NOTARIZE  ? SIM_POINT_NOTAR
                   : w->key.p[12] == FWL_VOTE_NULLIFY ? SIM_POINT_NULL
                                                      : SIM_POINT_FINAL);
    }
    if (w->space == FWL_SPACE_BODY) {
        return bit(SIM_POINT_BODY);
    }
    if (fwl_span_equal(w->key, fwl_span_text("view"))) {
        return bit(SIM_POINT_VIEW);
    }
    return fwl_span_equal(w->key, fwl_span_text("voting")) ? bit(SIM_POINT_VOTING) : 0;
}

/* The crash that the scenario aims at. */
static enum fwl_memstore_fault
aimed(struct sim *s, struct sim_node *n, uint32_t points)
{
    if (!s->aim.on || (points >> s->aim.point & 1) == 0 || (s->aim.node != SIM_NODES && s->aim.node != n->id) ||
        n->die_after > 0) {
        return FWL_MEMSTORE_NONE;
    }
    s->aim.on = false;
    if (s->aim.how == SIM_STRIKE_SENDING) {
        n->die_after = 1 + sim_random(s, 2 * s->count);
        return FWL_MEMSTORE_NONE;
    }
    return s->aim.how == SIM_STRIKE_BEFORE ? FWL_MEMSTORE_LOST : FWL_MEMSTORE_UNANSWERED;
}

static enum fwl_memstore_fault
next_fault(struct sim_store *st, uint32_t points)
{
    struct sim *s = st->node->sim;

    if (st->countdown > 0) {
        st->countdown--;
        if (st->countdown == 0) {
            st->countdown = st->for_ever ? 1 : 0;
            return st->fault;
        }
    }
    if (s->strike != NULL) {
        return s->strike(s, st->node, points);
    }
    return aimed(s, st->node, points);
}

static enum fwl_err
store_commit(void *ctx, const struct fwl_overlay *writes)
{
    struct sim_store *st = ctx;
    struct sim_node *n = st->node;
    struct fwl_overlay_write w = {.deleted = false};
    struct fwl_storage below = fwl_memstore_storage(st->mem);
    enum fwl_memstore_fault fault = FWL_MEMSTORE_NONE;
    uint32_t points = 0;

    while (fwl_overlay_next(writes, &w)) {
        points |= point_of(st, &w);
    }
    n->commits++;
    fault = n->dying ? FWL_MEMSTORE_LOST : next_fault(st, points);
    fwl_memstore_fail(st->mem, fault == FWL_MEMSTORE_NONE ? 0 : 1, fault, false);
    if (fault == FWL_MEMSTORE_FULL) {
        sim_met[SIM_MET_FULL]++;
    } else if (fault != FWL_MEMSTORE_NONE && !n->dying) {
        n->failing = true;
        for (uint32_t p = 0; p < SIM_POINT_COUNT; p++) {
            sim_met_crashes[p][fault == FWL_MEMSTORE_LOST ? SIM_STRIKE_BEFORE : SIM_STRIKE_AFTER] += points >> p & 1;
        }
    } else {
        n->points |= points;
        n->spent_ms += n->fsync_ms;
    }
    return below.ops->commit(below.ctx, writes);
}

static enum fwl_err
store_read_begin(void *ctx, void **read, struct fwl_kv *kv)
{
    struct sim_store *st = ctx;
    struct fwl_storage below = fwl_memstore_storage(st->mem);

    return st->node->dying ? FWL_ERR_STORAGE : below.ops->read_begin(below.ctx, read, kv);
}

static void
store_read_end(void *ctx, void *read)
{
    struct sim_store *st = ctx;
    struct fwl_storage below = fwl_memstore_storage(st->mem);

    below.ops->read_end(below.ctx, read);
}

struct fwl_storage
sim_store_storage(struct sim_store *st)
{
    static const struct fwl_storage_ops ops = {
        .commit = store_commit, .read_begin = store_read_begin, .read_end = store_read_end};

    return (struct fwl_storage){.ops = &ops, .ctx = st};
}

void
sim_store_fail(struct sim_store *st, uint64_t nth, enum fwl_memstore_fault fault, bool for_ever)
{
    st->countdown = nth;
    st->fault = fault;
    st->for_ever = for_ever;
}
