/*
 * Engines against each other in virtual time: loss, delay, duplication, crashes at every persist point, one silent and
 * one equivocating validator. Checked: one hash a height, no conflicting pair by a correct node, progress after the
 * faults end. FWL_SIM_SEEDS sets the number of seeds, FWL_SIM_SEED runs one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/model/body.h"
#include "p2p/consensus/consensus.h"
#include "p2p/consensus/turns.h"

enum { NODES = 7, KEYS = 4096, HEIGHTS = 400, BODY_ROOM = 1024, GST = 5000, LIMIT = 90000, START = 1000000 };

struct kv_item {
    uint8_t space, key_size, key[40];
    uint8_t *value;
    size_t size;
};

struct block {
    struct fwl_hash32 hash;
    uint8_t body[BODY_ROOM];
    size_t body_size;
    uint8_t cert[1024];
    size_t cert_size;
};

struct sim;
struct node {
    struct sim *sim;
    uint32_t id;
    struct fwl_pubkey32 key;
    bool alive, silent, evil;
    int64_t skew;
    void *memory;
    size_t size;
    struct fwl_consensus *c;
    struct kv_item *items;
    size_t nitems;
    struct block *chain; /* index height - 1 */
    uint64_t height;     /* committed */
    uint64_t timer, life;
};

struct item {
    uint64_t at, order;
    enum { DELIVER, TIMER, RESTART, EVIL } what;
    uint32_t from, to;
    uint64_t life;
    struct fwl_consensus_msg *msg;
};

struct sim {
    uint64_t rng, now, order, seed;
    uint32_t n, crashes;
    struct node node[NODES];
    uint8_t keys[32 * NODES];
    struct item *queue;
    size_t count, room;
    struct fwl_hash32 decided[HEIGHTS + 2];
    struct fwl_effects out;
    struct fwl_hash32 seen[8]; /* by the evil one */
    uint32_t nseen;
    uint64_t evil_height;
};

/* What the runs of one size came across; a scenario that never happens is a failure of the generator. */
static struct {
    uint64_t blocks, crashes, evidence, nulls, top_view;
} met;

static uint32_t
pcg(struct sim *s)
{
    uint64_t old = s->rng;
    uint32_t x = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t rot = (uint32_t)(old >> 59);

    s->rng = old * 6364136223846793005ULL + 1442695040888963407ULL;
    return (x >> rot) | (x << ((0u - rot) & 31));
}

static uint32_t
below(struct sim *s, uint32_t n)
{
    return pcg(s) % n;
}

static void
fake(struct fwl_sig64 *out, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    struct fwl_span parts[] = {fwl_span(key->b, 32), fwl_span(digest->b, 32)};
    struct fwl_hash32 h;

    fwl_sha256_parts(&h, parts, 2);
    memcpy(out->b, h.b, 32);
    memcpy(out->b + 32, h.b, 32);
}

static enum fwl_err
sim_sign(void *cookie, struct fwl_sig64 *out, const struct fwl_vote *vote, const struct fwl_hash32 *digest)
{
    struct node *nd = cookie;

    (void)vote;
    fake(out, digest, &nd->key);
    return FWL_OK;
}

static enum fwl_err
sim_verify(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    struct fwl_sig64 want;

    (void)cookie;
    fake(&want, digest, key);
    return memcmp(&want, sig, sizeof(want)) == 0 ? FWL_OK : FWL_ERR_SIGNATURE;
}

/* ---- store ---- */
static size_t
kv_lower(const struct node *nd, uint8_t space, struct fwl_span key)
{
    size_t i = 0;

    while (i < nd->nitems && (nd->items[i].space < space ||
                              (nd->items[i].space == space &&
                               fwl_span_compare(fwl_span(nd->items[i].key, nd->items[i].key_size), key) < 0))) {
        i++;
    }
    return i;
}

static bool
kv_at(const struct node *nd, size_t i, uint8_t space, struct fwl_span key)
{
    return i < nd->nitems && nd->items[i].space == space &&
           fwl_span_equal(fwl_span(nd->items[i].key, nd->items[i].key_size), key);
}

static void
kv_remove(struct node *nd, size_t i)
{
    free(nd->items[i].value);
    memmove(&nd->items[i], &nd->items[i + 1], (nd->nitems - i - 1) * sizeof(nd->items[0]));
    nd->nitems--;
}

static void
kv_apply(struct node *nd, const struct fwl_consensus_write *w)
{
    struct fwl_span key = fwl_span(w->key, w->key_size);
    size_t i = 0;

    if (w->op == FWL_WRITE_DELETE_BELOW) {
        while (i < nd->nitems) {
            if (nd->items[i].space == (uint8_t)w->space && fwl_load_be64(nd->items[i].key) < w->below) {
                kv_remove(nd, i);
            } else {
                i++;
            }
        }
        return;
    }
    i = kv_lower(nd, (uint8_t)w->space, key);
    if (kv_at(nd, i, (uint8_t)w->space, key)) {
        kv_remove(nd, i);
    }
    assert_true(nd->nitems < KEYS);
    memmove(&nd->items[i + 1], &nd->items[i], (nd->nitems - i) * sizeof(nd->items[0]));
    nd->nitems++;
    nd->items[i] = (struct kv_item){.space = (uint8_t)w->space, .key_size = w->key_size, .size = w->value.size};
    memcpy(nd->items[i].key, w->key, w->key_size);
    nd->items[i].value = malloc(w->value.size + 1);
    memcpy(nd->items[i].value, w->value.p, w->value.size);
}

static enum fwl_err
kv_get(void *ctx, struct fwl_span *value, enum fwl_space space, struct fwl_span key)
{
    struct node *nd = ctx;
    size_t i = kv_lower(nd, (uint8_t)space, key);

    *value = (struct fwl_span){0};
    if (!kv_at(nd, i, (uint8_t)space, key)) {
        return FWL_ERR_ABSENT;
    }
    *value = fwl_span(nd->items[i].value, nd->items[i].size);
    return FWL_OK;
}

static enum fwl_err
kv_seek(void *ctx, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span key, bool after)
{
    struct node *nd = ctx;
    size_t i = kv_lower(nd, (uint8_t)space, key);

    if (after && kv_at(nd, i, (uint8_t)space, key)) {
        i++;
    }
    *entry = (struct fwl_kv_entry){0};
    if (i >= nd->nitems || nd->items[i].space != (uint8_t)space) {
        return FWL_ERR_ABSENT;
    }
    entry->key = fwl_span(nd->items[i].key, nd->items[i].key_size);
    entry->value = fwl_span(nd->items[i].value, nd->items[i].size);
    return FWL_OK;
}

static const struct fwl_kv_ops kv_ops = {.get = kv_get, .seek = kv_seek};

/* ---- chain ---- */
static struct fwl_consensus_tip
tip_of(struct node *nd)
{
    struct fwl_consensus_tip tip = {.height = nd->height, .time_ms = START};
    struct fwl_header h;

    tip.next = (struct fwl_validators){.n = (uint16_t)nd->sim->n, .keys = fwl_span(nd->sim->keys, 32 * nd->sim->n)};
    tip.params = (struct fwl_params){
        .heartbeat_ms = 5000, .leader_term = 4, .precision_ms = 500, .msgdelay_ms = 4000, .max_block = BODY_ROOM};
    fwl_validators_key(&tip.proposer_key, &tip.next, 0);
    if (nd->height > 0) {
        struct block *b = &nd->chain[nd->height - 1];

        assert_int_equal(fwl_header_decode(&h, fwl_span(b->body, FWL_HEADER_SIZE)), FWL_OK);
        tip.hash = b->hash;
        tip.time_ms = h.time_ms;
        fwl_validators_key(&tip.proposer_key, &tip.next, h.proposer);
    }
    return tip;
}

static size_t
make_body(uint8_t *out, struct node *nd, uint32_t view, uint16_t proposer, uint64_t time_ms, uint8_t salt)
{
    struct fwl_consensus_tip tip = tip_of(nd);
    struct fwl_header h = {.version = 1,
                           .height = tip.height + 1,
                           .view = view,
                           .proposer = proposer,
                           .time_ms = time_ms,
                           .prev_hash = tip.hash,
                           .txs_count = 1,
                           .body_size = FWL_BODY_SIZE_START + FWL_BODY_SIZE_TX(1)};
    struct fwl_writer w;

    fwl_sha256(&h.txs_root, fwl_span(&salt, 1));
    fwl_writer_init(&w, out, BODY_ROOM);
    fwl_body_put_start(&w, &h);
    fwl_body_put_tx(&w, fwl_span(&salt, 1));
    assert_int_equal(w.err, FWL_OK);
    return w.size;
}

static enum fwl_check_verdict
check_body(struct node *nd, struct fwl_span bytes)
{
    struct fwl_consensus_tip tip = tip_of(nd);
    struct fwl_body b;
    struct fwl_hash32 root;

    assert_int_equal(fwl_body_decode(&b, bytes, BODY_ROOM), FWL_OK);
    fwl_sha256(&root, fwl_span(b.txs.p + 4, b.txs.size - 4));
    if (!fwl_hash32_equal(&root, &b.header.txs_root)) {
        return FWL_CHECK_MISMATCH;
    }
    return b.header.height == tip.height + 1 && fwl_hash32_equal(&b.header.prev_hash, &tip.hash) &&
                   b.header.time_ms > tip.time_ms && b.header.proposer == fwl_turns_leader(&tip, b.header.view)
               ? FWL_CHECK_VALID
               : FWL_CHECK_INVALID;
}

static void
append(struct node *nd, const struct fwl_hash32 *hash, struct fwl_span body, struct fwl_span cert)
{
    struct block *b = &nd->chain[nd->height];
    struct fwl_hash32 *d = &nd->sim->decided[nd->height];

    assert_true(nd->height < HEIGHTS);
    if (fwl_hash32_is_zero(d)) {
        *d = *hash;
    }
    if (!fwl_hash32_equal(d, hash)) {
        fail_msg("seed %llu: two final blocks at height %llu", (unsigned long long)nd->sim->seed,
                 (unsigned long long)nd->height + 1);
    }
    b->hash = *hash;
    b->body_size = body.size;
    memcpy(b->body, body.p, body.size);
    b->cert_size = cert.size;
    memcpy(b->cert, cert.p, cert.size);
    nd->height++;
    met.blocks++;
    met.top_view = FWL_MAX(met.top_view, cert.size > 12 ? fwl_load_be32(cert.p + 9) : 0);
}

/* ---- queue ---- */
static bool
earlier(const struct item *a, const struct item *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
push(struct sim *s, struct item it)
{
    size_t i = s->count++;

    if (s->count > s->room) {
        s->room = s->room * 2 + 256;
        s->queue = realloc(s->queue, s->room * sizeof(*s->queue));
    }
    it.order = s->order++;
    while (i > 0 && earlier(&it, &s->queue[(i - 1) / 2])) {
        s->queue[i] = s->queue[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->queue[i] = it;
}

static struct item
pop(struct sim *s)
{
    struct item top = s->queue[0];
    struct item last = s->queue[--s->count];
    size_t i = 0;

    for (;;) {
        size_t k = 2 * i + 1;

        if (k >= s->count) {
            break;
        }
        if (k + 1 < s->count && earlier(&s->queue[k + 1], &s->queue[k])) {
            k++;
        }
        if (!earlier(&s->queue[k], &last)) {
            break;
        }
        s->queue[i] = s->queue[k];
        i = k;
    }
    s->queue[i] = last;
    return top;
}

static struct fwl_consensus_msg *
copy_msg(const struct fwl_consensus_msg *m)
{
    struct fwl_consensus_msg *out = malloc(sizeof(*out) + m->certs.size + m->body.size);
    uint8_t *bytes = (uint8_t *)(out + 1);

    *out = *m;
    if (m->certs.size > 0) {
        memcpy(bytes, m->certs.p, m->certs.size);
    }
    if (m->body.size > 0) {
        memcpy(bytes + m->certs.size, m->body.p, m->body.size);
    }
    out->certs = fwl_span(bytes, m->certs.size);
    out->body = fwl_span(bytes + m->certs.size, m->body.size);
    return out;
}

static void
post(struct sim *s, uint32_t from, uint32_t to, const struct fwl_consensus_msg *m)
{
    bool calm = s->now >= START + GST;
    uint32_t copies = !calm && below(s, 100) < 5 ? 2 : 1;

    if (!calm && below(s, 100) < (uint32_t)(s->seed % 3) * 20) {
        return;
    }
    for (uint32_t i = 0; i < copies; i++) {
        uint64_t delay = calm ? 1 + below(s, 20) : 1 + below(s, below(s, 10) == 0 ? 3000 : 100);

        push(s, (struct item){.at = s->now + delay, .what = DELIVER, .from = from, .to = to, .msg = copy_msg(m)});
    }
}

/* ---- driver ---- */
static void step(struct node *nd, struct fwl_event *ev);

static void
crash(struct node *nd)
{
    struct sim *s = nd->sim;

    s->crashes++;
    met.crashes++;
    nd->alive = false;
    nd->life++;
    push(s, (struct item){.at = s->now + 1 + below(s, 800), .what = RESTART, .to = nd->id});
}

static bool
unlucky(struct sim *s)
{
    return s->now < START + GST && s->crashes < 8 && below(s, 60) == 0;
}

static bool
send_all(struct node *nd, const struct fwl_effects *out)
{
    for (uint32_t i = 0; i < out->nsends; i++) {
        if (unlucky(nd->sim)) {
            crash(nd);
            return false;
        }
        for (uint32_t to = 0; to < nd->sim->n; to++) {
            if (fwl_peer_set_has(&out->sends[i].to, to)) {
                post(nd->sim, nd->id, to, &out->sends[i].msg);
            }
        }
    }
    return true;
}

static void
inspect(struct node *nd, const struct fwl_effects *out)
{
    struct sim *s = nd->sim;

    if (out->halt != FWL_HALT_NONE) {
        fail_msg("seed %llu: node %u halts with %d", (unsigned long long)s->seed, nd->id, (int)out->halt);
    }
    for (uint32_t i = 0; i < out->nevidence; i++) {
        uint16_t who = out->evidence[i].first.idx;

        met.evidence++;
        if (!s->node[who].evil) {
            fail_msg("seed %llu: evidence %d against correct node %u", (unsigned long long)s->seed,
                     (int)out->evidence[i].type, who);
        }
    }
}

static void
step(struct node *nd, struct fwl_event *ev)
{
    struct sim *s = nd->sim;
    struct fwl_effects *out = &s->out;
    struct fwl_event next = {.type = FWL_EVENT_TICK};
    struct fwl_event built = {.type = FWL_EVENT_TICK};
    struct fwl_consensus_tip tip;
    uint8_t body[BODY_ROOM];

    ev->now_ms = (uint64_t)((int64_t)s->now + nd->skew);
    ev->mono_ms = s->now;
    ev->have_txs = true;
    fwl_consensus_step(nd->c, ev, out);
    inspect(nd, out);
    if (unlucky(s)) {
        crash(nd);
        return;
    }
    for (uint32_t i = 0; i < out->nwrites; i++) {
        kv_apply(nd, &out->writes[i]);
        met.nulls += out->writes[i].key_size == 13 && out->writes[i].key[12] == FWL_VOTE_NULLIFY;
    }
    if (unlucky(s)) {
        crash(nd);
        return;
    }
    if (!send_all(nd, out)) {
        return;
    }
    nd->timer = out->timer_at;
    push(s, (struct item){.at = FWL_MAX(out->timer_at, s->now), .what = TIMER, .to = nd->id, .life = nd->life});
    if (out->has_commit) {
        append(nd, &out->commit.hash, out->commit.body, out->commit.cert);
        if (unlucky(s)) {
            crash(nd);
            return;
        }
        tip = tip_of(nd);
        next = (struct fwl_event){.type = FWL_EVENT_COMMITTED, .tip = &tip, .votes = {.ops = &kv_ops, .ctx = nd}};
        step(nd, &next);
        return;
    }
    if (out->has_build) {
        built = (struct fwl_event){.type = FWL_EVENT_BUILT};
        built.body = fwl_span(body, make_body(body, nd, out->build.view, out->build.proposer, out->build.time_ms, 1));
    }
    if (out->has_check) {
        next = (struct fwl_event){.type = FWL_EVENT_CHECKED, .hash = out->check.hash};
        next.verdict = check_body(nd, out->check.body);
    }
    if (next.type == FWL_EVENT_CHECKED) {
        step(nd, &next);
    }
    if (built.type == FWL_EVENT_BUILT && nd->alive) {
        step(nd, &built);
    }
}

static void
restart(struct node *nd)
{
    struct sim *s = nd->sim;
    struct fwl_consensus_config cfg = {.key = nd->key,
                                       .validators_max = NODES,
                                       .views_max = 256,
                                       .body_max = BODY_ROOM,
                                       .timing = FWL_CONSENSUS_TIMING_LOCAL,
                                       .sign = sim_sign,
                                       .verify = sim_verify,
                                       .cookie = nd};
    struct fwl_consensus_tip tip = tip_of(nd);
    struct fwl_event boot = {.type = FWL_EVENT_BOOT, .tip = &tip, .votes = {.ops = &kv_ops, .ctx = nd}};

    cfg.timing.min_interval = 100;
    if (nd->memory == NULL) {
        nd->size = fwl_consensus_footprint(&cfg);
        nd->memory = malloc(nd->size);
    }
    nd->alive = true;
    nd->c = fwl_consensus_init(nd->memory, nd->size, &cfg);
    step(nd, &boot);
    for (uint32_t i = 0; i < s->n && nd->alive; i++) {
        struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = i};

        if (i != nd->id) {
            fwl_validators_key(&up.validator_key, &tip.next, i);
            step(nd, &up);
        }
    }
}

/* A node that is behind takes the next block from the chain of the peer that said so. */
static void
catch_up(struct node *nd, const struct node *from)
{
    while (nd->alive && from->height > nd->height) {
        const struct block *b = &from->chain[nd->height];
        struct fwl_consensus_tip tip;
        struct fwl_event ev;

        append(nd, &b->hash, fwl_span(b->body, b->body_size), fwl_span(b->cert, b->cert_size));
        tip = tip_of(nd);
        ev = (struct fwl_event){.type = FWL_EVENT_COMMITTED, .tip = &tip, .votes = {.ops = &kv_ops, .ctx = nd}};
        step(nd, &ev);
    }
}

static void
answer_body(struct node *nd, uint32_t to, const struct fwl_consensus_msg *m)
{
    uint8_t key[40];
    struct fwl_consensus_msg answer = {.type = FWL_MSG_BODY, .height = m->height};

    fwl_store_be64(key, m->height);
    memcpy(key + 8, m->hash.b, 32);
    if (kv_get(nd, &answer.body, FWL_SPACE_BODY, fwl_span(key, 40)) == FWL_OK) {
        post(nd->sim, nd->id, to, &answer);
    } else if (m->height <= nd->height && m->height > 0) {
        const struct block *b = &nd->chain[m->height - 1];

        answer.body = fwl_span(b->body, b->body_size);
        post(nd->sim, nd->id, to, &answer);
    }
}

/* ---- the equivocating validator ---- */
static void
note(struct sim *s, const struct fwl_consensus_msg *m)
{
    uint64_t h = m->type == FWL_MSG_VOTE ? m->vote.height : m->height;
    const struct fwl_hash32 *hash = m->type == FWL_MSG_VOTE ? &m->vote.block_hash : &m->hash;

    if (h > s->evil_height) {
        s->evil_height = h;
        s->nseen = 0;
    }
    if (h == s->evil_height && (m->type == FWL_MSG_VOTE || m->type == FWL_MSG_PROPOSE) && s->nseen < 8 &&
        !fwl_hash32_is_zero(hash)) {
        s->seen[s->nseen++] = *hash;
    }
}

static void
evil_sign(struct node *nd, struct fwl_sig64 *sig, enum fwl_vote_kind kind, uint64_t h, uint32_t v,
          const struct fwl_hash32 *hash)
{
    static const struct fwl_hash32 chain;
    struct fwl_hash32 digest;

    fwl_vote_digest(&digest, &chain, kind, h, v, hash);
    fake(sig, &digest, &nd->key);
}

static void
evil_vote(struct node *nd)
{
    struct sim *s = nd->sim;
    struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};
    struct fwl_vote *v = &m.vote;

    *v = (struct fwl_vote){.kind = (enum fwl_vote_kind)(1 + below(s, 3)), .height = s->evil_height};
    v->view = below(s, 4);
    v->idx = (uint16_t)nd->id;
    if (v->kind != FWL_VOTE_NULLIFY) {
        if (s->nseen == 0) {
            return;
        }
        v->block_hash = s->seen[below(s, s->nseen)];
    }
    evil_sign(nd, &v->sig, v->kind, v->height, v->view, &v->block_hash);
    for (uint32_t to = 0; to < s->n; to++) {
        if (to != nd->id && below(s, 2) == 0) {
            post(s, nd->id, to, &m);
        }
    }
}

static void
evil_propose(struct node *nd)
{
    struct sim *s = nd->sim;
    struct node *model = &s->node[0];
    struct fwl_consensus_tip tip = tip_of(model);
    uint8_t body[BODY_ROOM];

    for (uint32_t view = 0; view < 6; view++) {
        if (fwl_turns_leader(&tip, view) != nd->id) {
            continue;
        }
        for (uint32_t to = 0; to < s->n; to++) {
            struct fwl_consensus_msg m = {.type = FWL_MSG_PROPOSE, .height = tip.height + 1, .view = view};
            uint64_t time = FWL_MAX(tip.time_ms + 1, s->now - s->now % 1000);

            m.body = fwl_span(body, make_body(body, model, view, (uint16_t)nd->id, time, (uint8_t)(2 + below(s, 2))));
            fwl_header_hash_bytes(&m.hash, fwl_span(body, FWL_HEADER_SIZE));
            evil_sign(nd, &m.sig, FWL_VOTE_PROPOSE, m.height, view, &m.hash);
            note(s, &m);
            if (to != nd->id) {
                post(s, nd->id, to, &m);
            }
        }
    }
}

/* ---- a run ---- */
static void
deliver(struct sim *s, const struct item *it)
{
    struct node *nd = &s->node[it->to];
    struct node *from = &s->node[it->from];
    struct fwl_event ev = {.type = FWL_EVENT_MESSAGE, .peer = it->from, .msg = it->msg};

    if (nd->evil) {
        note(s, it->msg);
    }
    if (!nd->alive) {
        return;
    }
    if (it->msg->type == FWL_MSG_GETBODY) {
        answer_body(nd, it->from, it->msg);
        return;
    }
    step(nd, &ev);
    if (it->msg->type == FWL_MSG_STATUS && nd->alive && from->height > nd->height) {
        catch_up(nd, from);
    }
}

static bool
reached(const struct sim *s, uint64_t height)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (!s->node[i].silent && !s->node[i].evil && (s->node[i].height < height || !s->node[i].alive)) {
            return false;
        }
    }
    return true;
}

static void
handle(struct sim *s, const struct item *it)
{
    struct node *nd = &s->node[it->to];
    struct fwl_event tick = {.type = FWL_EVENT_TICK};

    switch (it->what) {
    case DELIVER: deliver(s, it); break;
    case TIMER:
        if (nd->alive && it->life == nd->life && it->at == nd->timer) {
            step(nd, &tick);
        }
        break;
    case RESTART: restart(nd); break;
    case EVIL:
        evil_vote(nd);
        if (below(s, 4) == 0) {
            evil_propose(nd);
        }
        push(s, (struct item){.at = s->now + 40, .what = EVIL, .to = nd->id});
        break;
    }
}

static void
setup(struct sim *s, uint32_t n, uint64_t seed)
{
    *s = (struct sim){.n = n, .seed = seed, .rng = seed * 2654435761u + n, .now = START, .evil_height = 1};
    for (uint32_t i = 0; i < n; i++) {
        struct node *nd = &s->node[i];

        s->keys[32 * i] = (uint8_t)(i + 1);
        *nd = (struct node){.sim = s, .id = i, .skew = (int64_t)below(s, 400) - 200};
        nd->key.b[0] = (uint8_t)(i + 1);
        nd->items = calloc(KEYS, sizeof(*nd->items));
        nd->chain = calloc(HEIGHTS, sizeof(*nd->chain));
    }
    if (n >= 4) {
        s->node[n - 1].evil = seed % 2 == 0;
        s->node[n - 1].silent = seed % 2 == 1;
    }
    if (n >= 7) {
        s->node[n - 2].silent = true;
    }
}

static void
run(uint32_t n, uint64_t seed)
{
    struct sim *s = calloc(1, sizeof(*s));
    uint64_t goal = 0;

    setup(s, n, seed);
    for (uint32_t i = 0; i < n; i++) {
        if (s->node[i].evil) {
            push(s, (struct item){.at = s->now, .what = EVIL, .to = i});
        } else if (!s->node[i].silent) {
            push(s, (struct item){.at = s->now, .what = RESTART, .to = i});
        }
    }
    while (s->count > 0) {
        struct item it = pop(s);

        s->now = it.at;
        handle(s, &it);
        free(it.msg);
        if (goal == 0 && s->now >= START + GST) {
            for (uint32_t i = 0; i < n; i++) {
                goal = FWL_MAX(goal, s->node[i].height + 4);
            }
        }
        if (goal != 0 && reached(s, goal)) {
            break;
        }
        if (s->now > START + LIMIT) {
            fail_msg("n=%u seed %llu: no progress to height %llu", n, (unsigned long long)seed,
                     (unsigned long long)goal);
        }
    }
    while (s->count > 0) {
        free(pop(s).msg);
    }
    for (uint32_t i = 0; i < n; i++) {
        while (s->node[i].nitems > 0) {
            kv_remove(&s->node[i], s->node[i].nitems - 1);
        }
        free(s->node[i].items);
        free(s->node[i].chain);
        free(s->node[i].memory);
    }
    free(s->queue);
    free(s);
}

static void
run_seeds(uint32_t n, uint64_t count)
{
    const char *seeds = getenv("FWL_SIM_SEEDS");
    const char *one = getenv("FWL_SIM_SEED");

    if (one != NULL) {
        run(n, strtoull(one, NULL, 10));
        return;
    }
    if (seeds != NULL) {
        count = strtoull(seeds, NULL, 10);
    }
    for (uint64_t seed = 1; seed <= count; seed++) {
        run(n, seed);
    }
    print_message("n=%u: %llu runs, %llu blocks, %llu crashes, %llu NULL held, %llu evidence, deciding view <= %llu\n",
                  n, (unsigned long long)count, (unsigned long long)met.blocks, (unsigned long long)met.crashes,
                  (unsigned long long)met.nulls, (unsigned long long)met.evidence, (unsigned long long)met.top_view);
    assert_true(met.blocks > count && met.crashes > count && (n < 4 || (met.nulls > 0 && met.evidence > 0)));
    memset(&met, 0, sizeof(met));
}

static void
test_consensus_sim__one(void **state)
{
    (void)state;
    run_seeds(1, 20);
}

static void
test_consensus_sim__four(void **state)
{
    (void)state;
    run_seeds(4, 150);
}

static void
test_consensus_sim__seven(void **state)
{
    (void)state;
    run_seeds(7, 60);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus_sim__one),
        cmocka_unit_test(test_consensus_sim__four),
        cmocka_unit_test(test_consensus_sim__seven),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
