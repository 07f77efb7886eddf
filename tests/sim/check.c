/* The checkers: what must hold after every event, whatever happened. */
#include "ledger/merkle/build/smt.h"
#include "ledger/query/query.h"
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
            sim_fail(s, SIM_ONE_VOTE, "node %u said two things at height %llu view %u: kinds %u and %u", n->id,
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

/* A height that was announced is durable, and on one connection it only rises. */
static void
check_status(struct sim *s, struct sim_node *n, uint32_t to, struct fwl_span payload)
{
    struct fwl_message_status st;

    FWL_ASSERT(fwl_message_status_decode(&st, payload) == FWL_OK);
    if (st.height > n->acked + 1 && n->height != UINT64_MAX && st.height > n->height + 1) {
        sim_fail(s, SIM_KEPT, "node %u says height %llu before it is durable", n->id, (unsigned long long)st.height);
    }
    if (st.height < s->told[n->id][to]) {
        sim_fail(s, SIM_VIEWS, "node %u tells node %u height %llu after %llu", n->id, to, (unsigned long long)st.height,
                 (unsigned long long)s->told[n->id][to]);
    }
    s->told[n->id][to] = st.height;
}

static enum fwl_err
verify(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    return world_verify(&((struct sim *)cookie)->world, sig, digest, key);
}

static void
check_cert(struct sim *s, const struct sim_node *n, struct fwl_span payload)
{
    const struct fwl_chain_tip *tip = fwl_replica_tip(n->replica);
    struct fwl_cert cert;

    if (fwl_cert_decode(&cert, payload, tip->validators.n) != FWL_OK || cert.height != tip->header.height + 1 ||
        fwl_cert_verify_with(&cert, &tip->validators, &s->world.chain_id, verify, s) != FWL_OK) {
        sim_fail(s, SIM_BOUNDS, "node %u sends a certificate that does not hold", n->id);
    }
    sim_met[cert.kind == FWL_VOTE_NOTARIZE  ? SIM_MET_NOTAR
            : cert.kind == FWL_VOTE_NULLIFY ? SIM_MET_NULLS
                                            : SIM_MET_FINAL]++;
}

void
sim_check_sent(struct sim *s, struct sim_node *n, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_message_propose p;
    struct fwl_vote vote = {.kind = FWL_VOTE_PROPOSE};
    struct fwl_hash32 digest;

    if (!sim_correct(n) || s->forked) {
        return;
    }
    if (type == FWL_FRAME_STATUS) {
        check_status(s, n, to, payload);
    } else if (type == FWL_FRAME_CERT) {
        check_cert(s, n, payload);
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
        return;
    }
    fwl_vote_digest(&digest, &s->world.chain_id, vote.kind, vote.height, vote.view, &vote.block_hash);
    if (world_verify(&s->world, &vote.sig, &digest, &s->world.key[n->who]) == FWL_OK) {
        said(s, n, vote.kind, vote.height, vote.view, &vote.block_hash);
    }
}

/* Whoever lost the store of its votes has written down from which height it may vote before it does. */
static void
check_lost(struct sim *s, const struct sim_node *n)
{
    struct fwl_storage storage = fwl_memstore_storage(n->votes.mem);
    struct fwl_read read;
    struct fwl_span value;
    bool written = false;

    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    written = fwl_kv_get(&read.kv, &value, FWL_SPACE_VMETA, fwl_span_text("voting")) == FWL_OK;
    fwl_read_end(&read);
    if (!written) {
        sim_fail(s, SIM_ONE_VOTE, "node %u lost its votes store and votes at once", n->id);
    }
}

void
sim_check_event(struct sim *s, struct sim_node *n)
{
    struct fwl_replica_status status;

    fwl_replica_status(n->replica, &status);
    sim_met[SIM_MET_STALLS] += status.stalled && n->seen_height != UINT64_MAX;
    if (status.stalled) {
        n->seen_height = UINT64_MAX; /* its engine is gone; counted once */
        return;
    }
    if (status.mempool_transactions > n->pool.transactions_max || status.mempool_bytes > n->pool.bytes_max) {
        sim_fail(s, SIM_BOUNDS, "node %u has more transactions than its pool may hold", n->id);
    }
    if (n->was_lost && status.voting) {
        check_lost(s, n);
    }
    if (n->seen_height == status.height && status.view < n->seen_view) {
        sim_fail(s, SIM_VIEWS, "node %u at height %llu goes from view %u back to %u", n->id,
                 (unsigned long long)status.height + 1, n->seen_view, status.view);
    }
    if (n->seen_height != status.height || n->seen_view != status.view) {
        sim_met[SIM_MET_VIEWS]++;
    }
    n->seen_height = status.height;
    n->seen_view = status.view;
    sim_met_top_view = FWL_MAX(sim_met_top_view, status.view);
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
                sim_fail(s, SIM_KEPT, "node %u: transaction %u at height %llu and %llu", n->id, t,
                         (unsigned long long)s->tx[t].height, (unsigned long long)height);
            }
            sim_met[SIM_MET_TXS] += s->tx[t].height == 0;
            s->tx[t].height = height;
        }
        for (size_t k = i + 1; k < count; k++) {
            if (fwl_hash32_equal(&txids[i], &txids[k])) {
                sim_fail(s, SIM_KEPT, "node %u: a transaction twice in block %llu", n->id, (unsigned long long)height);
            }
        }
    }
}

/* Which member may propose at @height in @view (agreement.md LEADER). */
static uint32_t
leader_of(const struct sim *s, const struct fwl_validators *set, uint64_t height, uint32_t view)
{
    uint16_t first = 0;

    if (!fwl_validators_find(&first, set, &s->follow.proposer)) {
        first = (uint16_t)(height % set->n);
    }
    return (uint32_t)((first + (height % s->world.params.leader_term == 0 ? 1U : 0U) + (uint64_t)view) % set->n);
}

/* The first field of a header that does not follow from the block before; NULL: none. */
static const char *
wrong_by_parent(const struct sim *s, const struct fwl_header *h, const struct fwl_validators *set)
{
    const struct fwl_header *p = &s->decided[h->height - 1];
    bool stepped = !fwl_hash32_equal(&p->validators_hash, &p->next_validators_hash);

    return !fwl_hash32_equal(&h->chain_id, &s->world.chain_id)                           ? "chain_id"
           : !fwl_hash32_equal(&h->prev_hash, &s->decided_hash[h->height - 1])           ? "prev_hash"
           : !fwl_hash32_equal(&h->validators_hash, &p->next_validators_hash)            ? "validators_hash"
           : !fwl_hash32_equal(&h->params_hash, &p->params_hash)                         ? "params_hash"
           : h->epoch != p->epoch + (stepped ? 1 : 0)                                    ? "epoch"
           : h->epoch_start != (stepped ? h->height : p->epoch_start)                    ? "epoch_start"
           : h->time_ms <= p->time_ms                                                    ? "time_ms"
           : h->log_size != p->log_size + h->txs_count                                   ? "log_size"
           : h->txs_count == 0 && h->time_ms - p->time_ms < s->world.params.heartbeat_ms ? "heartbeat"
           : h->proposer != leader_of(s, set, h->height, h->view)                        ? "proposer"
                                                                                         : NULL;
}

/* The same for what follows from its transactions and, at the tip, from the state. */
static const char *
wrong_by_content(struct sim *s, const struct fwl_kv *kv, const struct fwl_query_block *b,
                 const struct fwl_validators *next, bool is_tip)
{
    const struct fwl_header *h = &b->header;
    uint8_t bytes[FWL_HEADER_SIZE];
    struct fwl_frontier txs = {0};
    struct fwl_hash32 txs_root;
    struct fwl_hash32 log;
    struct fwl_hash32 history;
    struct fwl_hash32 state = h->state_root;
    struct fwl_hash32 set;
    struct fwl_hash32 leaf;
    struct fwl_reader it;
    struct fwl_span tx;
    uint32_t count = 0;

    for (fwl_query_block_begin(&it, b); fwl_query_block_next(&it, &tx); count++) {
        fwl_rfc6962_leaf(&leaf, tx);
        FWL_ASSERT(fwl_frontier_append(&txs, &leaf) == FWL_OK && fwl_frontier_append(&s->follow.log, &leaf) == FWL_OK);
    }
    fwl_header_encode(bytes, &s->decided[h->height - 1]);
    fwl_rfc6962_leaf(&leaf, fwl_span(bytes, sizeof(bytes)));
    FWL_ASSERT(fwl_frontier_append(&s->follow.history, &leaf) == FWL_OK);
    fwl_frontier_root(&txs, &txs_root);
    fwl_frontier_root(&s->follow.log, &log);
    fwl_frontier_root(&s->follow.history, &history);
    FWL_ASSERT(!is_tip || fwl_smt_root(kv, &state) == FWL_OK);
    fwl_validators_hash(&set, next);
    return count != h->txs_count                               ? "txs_count"
           : h->body_size != FWL_BODY_SIZE_START + b->txs.size ? "body_size"
           : !fwl_hash32_equal(&h->txs_root, &txs_root)        ? "txs_root"
           : !fwl_hash32_equal(&h->log_root, &log)             ? "log_root"
           : !fwl_hash32_equal(&h->history_root, &history)     ? "history_root"
           : !fwl_hash32_equal(&h->state_root, &state)         ? "state_root"
           : !fwl_hash32_equal(&h->next_validators_hash, &set) ? "next_validators_hash"
                                                               : NULL;
}

static void
met_block(const struct fwl_header *h, uint32_t cert_view)
{
    sim_met[SIM_MET_REPROPOSED] += cert_view > h->view;
    sim_met[SIM_MET_BLOCKS]++;
    sim_met[SIM_MET_VIEWS_OVER_0] += h->view > 0;
    sim_met[SIM_MET_HEARTBEATS] += h->txs_count == 0;
    sim_met[SIM_MET_SET_CHANGES] += !fwl_hash32_equal(&h->validators_hash, &h->next_validators_hash);
}

/* The name of what is wrong with the next block, which @kv has. */
static const char *
take_block(struct sim *s, const struct fwl_kv *kv, uint64_t height, bool is_tip)
{
    struct fwl_query_set set = {0};
    struct fwl_query_set next = {0};
    struct fwl_query_block b;
    const char *wrong = NULL;

    FWL_ASSERT(height < SIM_HEIGHTS);
    if (fwl_query_block(kv, &b, height) != FWL_OK || (height > 0 && fwl_query_set(kv, &set, height) != FWL_OK) ||
        fwl_query_set(kv, &next, height + 1) != FWL_OK) {
        sim_fail(s, SIM_KEPT, "block %llu is announced before it is durable", (unsigned long long)height);
    }
    if (height > 0) {
        wrong = wrong_by_parent(s, &b.header, &set.validators);
        wrong = wrong == NULL ? wrong_by_content(s, kv, &b, &next.validators, is_tip) : wrong;
        s->cert_view = b.cert.size >= 4 ? fwl_load_be32(b.cert.p) : 0; /* the short form begins with it */
        met_block(&b.header, s->cert_view);
    }
    s->best = height;
    s->decided[height] = b.header;
    s->decided_hash[height] = b.hash;
    fwl_validators_key(&s->follow.proposer, height > 0 ? &set.validators : &next.validators,
                       wrong == NULL ? b.header.proposer : 0);
    return wrong;
}

/* Blocks that nobody has shown before are checked without the code that nodes check blocks with, in the store of @n. */
void
sim_check_follow(struct sim *s, const struct sim_node *n, uint64_t height)
{
    struct fwl_storage storage = fwl_memstore_storage(n->chain.mem);
    struct fwl_read read;
    const char *wrong = NULL;
    uint64_t h = s->follow.any ? s->best + 1 : 0;

    if (!sim_correct(n) || s->forked || h > height) {
        return;
    }
    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    for (s->follow.any = true; h <= height && wrong == NULL; h++) {
        wrong = take_block(s, &read.kv, h, h == height);
    }
    fwl_read_end(&read);
    if (wrong != NULL) {
        sim_fail(s, SIM_ONE_CHAIN, "block %llu, which node %u has committed, has a wrong %s",
                 (unsigned long long)(h - 1), n->id, wrong);
    }
}

static void
fork_seen(struct sim *s, const struct sim_node *n, uint64_t height)
{
    if (!s->may_fork) {
        sim_fail(s, SIM_ONE_CHAIN, "node %u has another block %llu", n->id, (unsigned long long)height);
    }
    s->forked = true;
    s->fork_height = height;
}

void
sim_check_commit(struct sim *s, struct sim_node *n, const struct fwl_chain_tip *tip, const struct fwl_hash32 *txids,
                 size_t count)
{
    const struct fwl_header *h = &tip->header;

    if (n->height != UINT64_MAX && h->height != n->height + 1) {
        sim_fail(s, SIM_VIEWS, "node %u goes from height %llu to %llu", n->id, (unsigned long long)n->height,
                 (unsigned long long)h->height);
    }
    n->height = h->height;
    if (!sim_correct(n) || s->forked) {
        return;
    }
    n->acked = h->height;
    sim_check_follow(s, n, h->height);
    if (!fwl_hash32_equal(&s->decided_hash[h->height], &tip->hash)) {
        fork_seen(s, n, h->height);
        return;
    }
    if (count != h->txs_count) {
        sim_fail(s, SIM_KEPT, "node %u announces %zu of %u transactions", n->id, count, h->txs_count);
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
                sim_fail(s, SIM_CULPRITS, "the chain has evidence against node %u, which is correct", i);
            }
        }
        sim_met[SIM_MET_RECORDED]++;
    }
}

static void
check_store(struct sim *s, const struct sim_node *n)
{
    struct fwl_storage storage = fwl_memstore_storage(n->chain.mem);
    struct fwl_span value;
    struct fwl_read read;
    uint64_t base = 0;

    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    if (fwl_kv_get(&read.kv, &value, FWL_SPACE_META, fwl_span_text("base")) == FWL_OK && value.size == 8) {
        base = fwl_load_be64(value.p);
    }
    for (uint32_t t = 0; t < s->txs; t++) {
        struct fwl_span place;
        enum fwl_err err = fwl_kv_get(&read.kv, &place, FWL_SPACE_TXID, fwl_hash32_span(&s->tx[t].txid));

        if (s->tx[t].height != 0 && s->tx[t].height < base) {
            continue; /* forgotten */
        }
        if (s->tx[t].height == 0 ? err == FWL_OK
                                 : err != FWL_OK || place.size != 12 || fwl_load_be64(place.p) != s->tx[t].height) {
            fwl_read_end(&read);
            sim_fail(s, SIM_KEPT, "node %u: transaction %u is not where it was acknowledged (%llu)", n->id, t,
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
                sim_fail(s, SIM_PROGRESS, "node %u ends at height %llu, not %llu", i, (unsigned long long)n->height,
                         (unsigned long long)s->best);
            }
            check_store(s, n);
        }
    }
}
