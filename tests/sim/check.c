/* The checkers: what must hold after every event, whatever happened. */
#include "tests/sim/sim.h"

/* ---- one node never says two things ---- */

static bool
clash(const struct sim_said *a, enum fwl_vote_kind kind, const struct fwl_hash32 *hash)
{
    if (a->kind == kind) {
        return kind != FWL_VOTE_NULLIFY && !fwl_hash32_equal(&a->hash, hash);
    }
    return (a->kind == FWL_VOTE_NULLIFY && kind == FWL_VOTE_FINALIZE) ||
           (a->kind == FWL_VOTE_FINALIZE && kind == FWL_VOTE_NULLIFY);
}

static void
said(struct sim *s, const struct sim_node *n, enum fwl_vote_kind kind, uint64_t height, uint32_t view,
     const struct fwl_hash32 *hash)
{
    uint64_t at = (height * 1000003 + view * 10007 + n->id * 101) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
    bool known = false;

    for (at %= SIM_VOTES; s->said[at].used; at = (at + 1) % SIM_VOTES) {
        const struct sim_said *old = &s->said[at];

        if (old->node != n->id || old->height != height || old->view != view) {
            continue;
        }
        if (clash(old, kind, hash)) {
            sim_fail(s, "node %u said two things at height %llu view %u: kinds %u and %u", n->id,
                     (unsigned long long)height, view, old->kind, (unsigned)kind);
        }
        known = known || old->kind == kind;
    }
    if (!known) {
        FWL_ASSERT(++s->said_count < SIM_VOTES / 2);
        s->said[at] = (struct sim_said){
            .height = height, .view = view, .node = (uint8_t)n->id, .kind = (uint8_t)kind, .used = 1, .hash = *hash};
    }
}

void
sim_check_sent(struct sim *s, struct sim_node *n, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_message_propose p;
    struct fwl_message_status st;
    struct fwl_vote vote = {.kind = FWL_VOTE_PROPOSE};
    struct fwl_hash32 digest;

    if (!sim_correct(n)) {
        return;
    }
    if (type == FWL_FRAME_STATUS && fwl_message_status_decode(&st, payload) == FWL_OK && st.height > n->acked + 1 &&
        n->height != UINT64_MAX && st.height > n->height + 1) {
        sim_fail(s, "node %u says height %llu before it is durable", n->id, (unsigned long long)st.height);
    }
    if (type == FWL_FRAME_VOTE) {
        FWL_ASSERT(fwl_vote_decode(&vote, payload) == FWL_OK);
    } else if (type == FWL_FRAME_PROPOSE) {
        FWL_ASSERT(fwl_message_propose_decode(&p, payload) == FWL_OK);
        vote = (struct fwl_vote){
            .kind = FWL_VOTE_PROPOSE, .height = p.height, .view = p.view, .block_hash = p.block_hash, .sig = p.sig};
    } else {
        return;
    }
    if (n->who < 0) {
        return; /* a follower relays the votes of others */
    }
    fwl_vote_digest(&digest, &s->world.chain_id, vote.kind, vote.height, vote.view, &vote.block_hash);
    if (world_verify(&s->world, &vote.sig, &digest, &s->world.key[n->who]) == FWL_OK) {
        said(s, n, vote.kind, vote.height, vote.view, &vote.block_hash);
    }
}

/* ---- one chain ---- */

static void
check_transactions(struct sim *s, const struct sim_node *n, uint64_t height, const struct fwl_hash32 *txids,
                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (uint32_t t = 0; t < s->txs; t++) {
            if (!fwl_hash32_equal(&s->tx[t].txid, &txids[i])) {
                continue;
            }
            if (s->tx[t].height != 0 && s->tx[t].height != height) {
                sim_fail(s, "node %u: transaction %u at height %llu and %llu", n->id, t,
                         (unsigned long long)s->tx[t].height, (unsigned long long)height);
            }
            sim_met.txs += s->tx[t].height == 0;
            s->tx[t].height = height;
        }
        for (size_t k = i + 1; k < count; k++) {
            if (fwl_hash32_equal(&txids[i], &txids[k])) {
                sim_fail(s, "node %u: a transaction twice in block %llu", n->id, (unsigned long long)height);
            }
        }
    }
}

void
sim_check_commit(struct sim *s, struct sim_node *n, const struct fwl_chain_tip *tip, const struct fwl_hash32 *txids,
                 size_t count)
{
    const struct fwl_header *h = &tip->header;
    const struct fwl_header *d = NULL;

    if (n->height != UINT64_MAX && h->height != n->height + 1) {
        sim_fail(s, "node %u goes from height %llu to %llu", n->id, (unsigned long long)n->height,
                 (unsigned long long)h->height);
    }
    n->height = h->height;
    if (!sim_correct(n)) {
        return;
    }
    n->acked = h->height;
    FWL_ASSERT(h->height < SIM_HEIGHTS);
    if (h->height > s->best) {
        s->best = h->height;
        s->decided[s->best] = *h;
        s->decided_hash[s->best] = tip->hash;
        sim_met.blocks++;
        sim_met.views_over_0 += h->view > 0;
        sim_met.heartbeats += count == 0;
        sim_met.set_changes += !fwl_hash32_equal(&h->validators_hash, &h->next_validators_hash);
    }
    d = &s->decided[h->height];
    if (d->height == 0) { /* nobody announced it: durable when its only holder crashed */
        s->decided[h->height] = *h;
        s->decided_hash[h->height] = tip->hash;
    }
    if (!fwl_hash32_equal(&s->decided_hash[h->height], &tip->hash) ||
        !fwl_hash32_equal(&d->state_root, &h->state_root) || !fwl_hash32_equal(&d->log_root, &h->log_root) ||
        !fwl_hash32_equal(&d->history_root, &h->history_root)) {
        sim_fail(s, "node %u has another block %llu", n->id, (unsigned long long)h->height);
    }
    if (count != h->txs_count) {
        sim_fail(s, "node %u announces %zu of %u transactions", n->id, count, h->txs_count);
    }
    check_transactions(s, n, h->height, txids, count);
}

/* ---- at the end ---- */

/* Evidence on the chain is against faulty nodes only. */
static void
check_evidence(struct sim *s, const struct fwl_kv *kv)
{
    const uint8_t table = FWL_TABLE_EVIDENCE;
    struct fwl_kv_entry e;
    enum fwl_err err = fwl_kv_seek(kv, &e, FWL_SPACE_KV, fwl_span(&table, 1));

    for (; err == FWL_OK && e.key.p[0] == table; err = fwl_kv_next(kv, &e, FWL_SPACE_KV, e.key)) {
        for (uint32_t i = 0; i < s->count; i++) {
            const struct sim_node *n = &s->node[i];

            if (n->who >= 0 && sim_correct(n) && memcmp(s->world.key[n->who].b, e.key.p + 1, 32) == 0) {
                sim_fail(s, "the chain has evidence against node %u, which is correct", i);
            }
        }
        sim_met.recorded++;
    }
}

static void
check_store(struct sim *s, const struct sim_node *n)
{
    struct fwl_storage storage = fwl_memstore_storage(n->chain);
    struct fwl_read read;

    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    for (uint32_t t = 0; t < s->txs; t++) {
        struct fwl_span place;
        enum fwl_err err = fwl_kv_get(&read.kv, &place, FWL_SPACE_TXID, fwl_hash32_span(&s->tx[t].txid));

        if (s->tx[t].height == 0 ? err == FWL_OK
                                 : err != FWL_OK || place.size != 12 || fwl_load_be64(place.p) != s->tx[t].height) {
            fwl_read_end(&read);
            sim_fail(s, "node %u: transaction %u is not where it was acknowledged (%llu)", n->id, t,
                     (unsigned long long)s->tx[t].height);
        }
    }
    check_evidence(s, &read.kv);
    fwl_read_end(&read);
}

void
sim_check_end(struct sim *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct sim_node *n = &s->node[i];

        if (sim_correct(n) && !n->silent && n->alive) {
            if (n->height != s->best ||
                !fwl_hash32_equal(&fwl_replica_tip(n->replica)->hash, &s->decided_hash[s->best])) {
                sim_fail(s, "node %u ends at height %llu, not %llu", i, (unsigned long long)n->height,
                         (unsigned long long)s->best);
            }
            check_store(s, n);
        }
    }
}
