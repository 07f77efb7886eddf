#include "rig.h"

#include "core/mutant.h"
#include "ledger/model/body.h"

#ifdef FWL_MUTANTS
int fwl_mutant;
#endif

static void
fake(struct fwl_sig64 *out, const struct fwl_hash32 *digest, const uint8_t *key)
{
    struct fwl_span parts[] = {fwl_span(key, 32), fwl_span(digest->b, 32)};
    struct fwl_hash32 h;

    fwl_sha256_parts(&h, parts, 2);
    memcpy(out->b, h.b, 32);
    memcpy(out->b + 32, h.b, 32);
}

static enum fwl_err
rig_sign(void *cookie, struct fwl_sig64 *out, const struct fwl_vote *vote, const struct fwl_hash32 *digest)
{
    struct rig *r = cookie;
    struct fwl_hash32 own;

    fwl_vote_digest(&own, &r->cfg.chain_id, vote->kind, vote->height, vote->view, &vote->block_hash);
    assert_memory_equal(&own, digest, sizeof(own));
    if (r->signer == FWL_OK) {
        fake(out, digest, r->cfg.key.b);
    }
    return r->signer;
}

static enum fwl_err
holds(const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    struct fwl_sig64 want;

    fake(&want, digest, key->b);
    return memcmp(&want, sig, sizeof(want)) == 0 ? FWL_OK : FWL_ERR_SIGNATURE;
}

static enum fwl_err
rig_verify(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    ((struct rig *)cookie)->verified++;
    return holds(sig, digest, key);
}

/* ---- store: entries in order ---- */
static int
order(const struct rig_item *it, enum fwl_space space, struct fwl_span key)
{
    return it->space != space ? (it->space < space ? -1 : 1) : fwl_span_compare(fwl_span(it->key, it->key_size), key);
}

static uint32_t
lower(const struct rig *r, enum fwl_space space, struct fwl_span key)
{
    uint32_t i = 0;

    while (i < r->nitems && order(&r->items[i], space, key) < 0) {
        i++;
    }
    return i;
}

struct rig_item *
rig_find(struct rig *r, enum fwl_space space, struct fwl_span key)
{
    uint32_t i = lower(r, space, key);

    return i < r->nitems && order(&r->items[i], space, key) == 0 ? &r->items[i] : NULL;
}

static void
drop(struct rig *r, uint32_t i)
{
    free(r->items[i].value);
    r->nitems--;
    memmove(&r->items[i], &r->items[i + 1], (r->nitems - i) * sizeof(r->items[0]));
}

void
rig_put(struct rig *r, enum fwl_space space, struct fwl_span key, struct fwl_span value)
{
    struct rig_item *it = rig_find(r, space, key);
    uint32_t i = lower(r, space, key);

    if (it == NULL) {
        assert_true(r->nitems < RIG_ITEMS);
        memmove(&r->items[i + 1], &r->items[i], (r->nitems - i) * sizeof(r->items[0]));
        r->nitems++;
    } else {
        free(it->value);
    }
    it = &r->items[i];
    *it = (struct rig_item){.space = space, .key_size = (uint8_t)key.size, .size = value.size};
    memcpy(it->key, key.p, key.size);
    it->value = malloc(value.size + 1);
    memcpy(it->value, value.p, value.size);
}

static enum fwl_err
store_get(void *ctx, struct fwl_span *value, enum fwl_space space, struct fwl_span key)
{
    struct rig_item *it = rig_find(ctx, space, key);

    *value = it == NULL ? (struct fwl_span){0} : fwl_span(it->value, it->size);
    return it == NULL ? FWL_ERR_ABSENT : FWL_OK;
}

static enum fwl_err
store_seek(void *ctx, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span key, bool after)
{
    struct rig *r = ctx;
    uint32_t i = lower(r, space, key);

    i += after && i < r->nitems && order(&r->items[i], space, key) == 0;
    *entry = (struct fwl_kv_entry){0};
    if (i >= r->nitems || r->items[i].space != space) {
        return FWL_ERR_ABSENT;
    }
    entry->key = fwl_span(r->items[i].key, r->items[i].key_size);
    entry->value = fwl_span(r->items[i].value, r->items[i].size);
    return FWL_OK;
}

static const struct fwl_kv_ops store_ops = {.get = store_get, .seek = store_seek};

static void
apply(struct rig *r)
{
    for (uint32_t i = 0; i < r->out.nwrites; i++) {
        const struct fwl_consensus_write *w = &r->out.writes[i];

        if (w->op == FWL_WRITE_PUT) {
            rig_put(r, w->space, fwl_span(w->key, w->key_size), w->value);
            continue;
        }
        for (uint32_t k = r->nitems; k-- > 0;) {
            if (r->items[k].space == w->space && fwl_load_be64(r->items[k].key) < w->below) {
                drop(r, k);
            }
        }
    }
}

/* ---- engine ---- */
struct rig *
rig_new(uint32_t n, uint32_t me)
{
    struct rig *r = calloc(1, sizeof(*r));

#ifdef FWL_MUTANTS
    const char *which = getenv("FWL_MUTANT");

    fwl_mutant = which == NULL ? 0 : (int)strtol(which, NULL, 10);
#endif
    r->n = n;
    r->me = me;
    r->now = r->mono = 1000000;
    for (uint32_t i = 0; i < RIG_N; i++) {
        r->keys[32 * i] = (uint8_t)(i + 1);
    }
    r->cfg = (struct fwl_consensus_config){.validators_max = RIG_N,
                                           .views_max = RIG_VIEWS,
                                           .body_max = RIG_ROOM,
                                           .timing = FWL_CONSENSUS_TIMING_LOCAL,
                                           .sign = rig_sign,
                                           .verify = rig_verify,
                                           .cookie = r};
    r->cfg.timing.min_interval = 0;
    if (me < n) {
        memcpy(r->cfg.key.b, r->keys + 32 * me, 32);
    }
    r->tip = (struct fwl_consensus_tip){.height = RIG_HEIGHT - 1, .hash = {{4}}, .time_ms = r->now - 100};
    r->tip.next = (struct fwl_validators){.n = (uint16_t)n, .keys = fwl_span(r->keys, 32 * (size_t)n)};
    r->tip.params = (struct fwl_params){
        .heartbeat_ms = 60000, .leader_term = 16, .precision_ms = 500, .msgdelay_ms = 4000, .max_block = RIG_ROOM};
    memcpy(r->tip.proposer_key.b, r->keys, 32);
    return r;
}

void
rig_boot(struct rig *r)
{
    struct fwl_event boot = {.type = FWL_EVENT_BOOT, .tip = &r->tip, .votes = {.ops = &store_ops, .ctx = r}};

    boot.votes_lost = r->lost;
    boot.votes_forced = r->forced;
    free(r->memory);
    r->memory_size = fwl_consensus_footprint(&r->cfg);
    r->memory = malloc(r->memory_size);
    r->c = fwl_consensus_init(r->memory, r->memory_size, &r->cfg);
    rig_step(r, &boot);
    for (uint32_t i = 0; i < r->n && r->out.halt == FWL_HALT_NONE; i++) {
        struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = i};

        memcpy(up.validator_key.b, r->keys + 32 * i, 32);
        if (i != r->me) {
            rig_step(r, &up);
        }
    }
}

struct rig *
rig_open(uint32_t n, uint32_t me)
{
    struct rig *r = rig_new(n, me);

    rig_boot(r);
    return r;
}

void
rig_free(struct rig *r)
{
    while (r->nitems > 0) {
        drop(r, r->nitems - 1);
    }
    free(r->memory);
    free(r);
}

static bool
same(const struct fwl_vote *a, const struct fwl_vote *b)
{
    return a->kind == b->kind && a->height == b->height && a->view == b->view && a->idx == b->idx &&
           fwl_hash32_equal(&a->block_hash, &b->block_hash) && memcmp(&a->sig, &b->sig, sizeof(a->sig)) == 0;
}

static void
judge(struct rig *r, const struct fwl_vote *v)
{
    struct fwl_evidence ev;
    struct fwl_hash32 digest;

    fwl_vote_digest(&digest, &r->cfg.chain_id, v->kind, v->height, v->view, &v->block_hash);
    assert_int_equal(v->idx, r->me);
    assert_int_equal(holds(&v->sig, &digest, &r->cfg.key), FWL_OK);
    for (uint32_t i = 0; i < r->nsent; i++) {
        if (fwl_evidence_make(&ev, &r->sent[i], v) == FWL_OK) {
            fail_msg("this node convicts itself: E%d at view %u", (int)ev.type, v->view);
        }
        if (same(&r->sent[i], v)) {
            return;
        }
    }
    assert_true(r->nsent < RIG_SENT);
    r->sent[r->nsent++] = *v;
}

void
rig_step(struct rig *r, struct fwl_event *ev)
{
    ev->now_ms = r->now;
    ev->mono_ms = r->mono;
    ev->have_txs = r->have_txs;
    fwl_consensus_step(r->c, ev, &r->out);
    assert_true(r->out.nwrites <= FWL_CONSENSUS_WRITES_MAX && r->out.nsends <= FWL_CONSENSUS_SENDS_MAX);
    assert_true(r->out.nevidence <= FWL_CONSENSUS_EVIDENCE_MAX);
    assert_true(r->out.timer_at >= r->mono);
    if (r->out.halt != FWL_HALT_NONE) {
        assert_int_equal(r->out.nwrites + r->out.nsends, 0);
    }
    apply(r);
    for (uint32_t i = 0; i < r->out.nsends; i++) {
        const struct fwl_consensus_msg *m = &r->out.sends[i].msg;
        struct fwl_vote v;

        memset(&v, 0, sizeof(v));
        if (m->type == FWL_MSG_VOTE) {
            v = m->vote;
            judge(r, &v);
        } else if (m->type == FWL_MSG_PROPOSE) {
            v.kind = FWL_VOTE_PROPOSE;
            v.height = m->height;
            v.view = m->view;
            v.block_hash = m->hash;
            v.idx = (uint16_t)r->me;
            v.sig = m->sig;
            judge(r, &v);
        }
    }
}

void
rig_tick(struct rig *r, uint64_t ms)
{
    struct fwl_event ev = {.type = FWL_EVENT_TICK};

    r->now += ms;
    r->mono += ms;
    rig_step(r, &ev);
}

void
rig_message(struct rig *r, uint32_t peer, const struct fwl_consensus_msg *m)
{
    struct fwl_event ev = {.type = FWL_EVENT_MESSAGE, .peer = peer, .msg = m};

    rig_step(r, &ev);
}

void
rig_commit(struct rig *r, uint64_t height, uint32_t proposer)
{
    struct fwl_event ev = {.type = FWL_EVENT_COMMITTED, .tip = &r->tip, .votes = {.ops = &store_ops, .ctx = r}};

    r->tip.height = height;
    r->tip.time_ms = r->now;
    r->tip.hash.b[0] = (uint8_t)height;
    memcpy(r->tip.proposer_key.b, r->keys + 32 * proposer, 32);
    rig_step(r, &ev);
}

struct rig_block
rig_block(const struct rig *r, uint32_t view, uint32_t proposer, uint64_t time_ms, uint8_t salt)
{
    struct rig_block b = {.size = FWL_BODY_SIZE_START};
    struct fwl_header h = {.version = 1, .height = r->tip.height + 1, .view = view, .proposer = (uint16_t)proposer};
    struct fwl_writer w;

    h.time_ms = time_ms;
    h.prev_hash = r->tip.hash;
    h.state_root.b[0] = salt;
    h.body_size = FWL_BODY_SIZE_START;
    fwl_writer_init(&w, b.bytes, sizeof(b.bytes));
    fwl_body_put_start(&w, &h);
    assert_int_equal(w.err, FWL_OK);
    fwl_header_hash_bytes(&b.hash, fwl_span(b.bytes, FWL_HEADER_SIZE));
    return b;
}

struct fwl_vote
rig_signed(const struct rig *r, enum fwl_vote_kind kind, uint64_t height, uint32_t view, const struct fwl_hash32 *hash,
           uint32_t idx)
{
    struct fwl_vote v;
    struct fwl_hash32 digest;

    memset(&v, 0, sizeof(v)); /* padding too: votes are compared as bytes */
    v.kind = kind;
    v.height = height;
    v.view = view;
    v.idx = (uint16_t)idx;
    if (hash != NULL) {
        v.block_hash = *hash;
    }
    fwl_vote_digest(&digest, &r->cfg.chain_id, kind, height, view, &v.block_hash);
    fake(&v.sig, &digest, r->keys + 32 * (size_t)idx);
    return v;
}

void
rig_vote(struct rig *r, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash, uint32_t idx)
{
    struct fwl_consensus_msg m = {.type = FWL_MSG_VOTE};

    m.vote = rig_signed(r, kind, r->tip.height + 1, view, hash, idx);
    rig_message(r, r->me == 0 ? 1 : 0, &m);
}

size_t
rig_cert_bytes(const struct rig *r, uint8_t out[RIG_ROOM], enum fwl_vote_kind kind, uint32_t view,
               const struct fwl_hash32 *hash, uint32_t without)
{
    struct fwl_vote votes[RIG_N];
    const struct fwl_vote *list[RIG_N];
    uint8_t buffer[RIG_ROOM];
    struct fwl_cert cert;
    struct fwl_writer w;
    uint32_t count = 0;

    for (uint32_t i = 0; i < r->n && count < fwl_validators_quorum((uint16_t)r->n); i++) {
        if (i != without) {
            votes[count] = rig_signed(r, kind, r->tip.height + 1, view, hash, i);
            list[count] = &votes[count];
            count++;
        }
    }
    assert_int_equal(fwl_cert_make(&cert, buffer, sizeof(buffer), (uint16_t)r->n, list, count), FWL_OK);
    fwl_writer_init(&w, out, RIG_ROOM);
    fwl_cert_put(&w, &cert);
    assert_int_equal(w.err, FWL_OK);
    return w.size;
}

void
rig_cert(struct rig *r, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash)
{
    uint8_t bytes[RIG_ROOM];
    struct fwl_consensus_msg m = {.type = FWL_MSG_CERT, .height = r->tip.height + 1};

    m.certs = fwl_span(bytes, rig_cert_bytes(r, bytes, kind, view, hash, r->me));
    rig_message(r, r->me == 0 ? 1 : 0, &m);
    assert_false(r->out.bad_peer);
}

void
rig_propose(struct rig *r, uint32_t view, const struct rig_block *b)
{
    uint32_t leader = (uint32_t)((r->tip.proposer_key.b[0] - 1 + view) % r->n);
    struct fwl_consensus_msg m = {.type = FWL_MSG_PROPOSE, .height = r->tip.height + 1, .view = view, .hash = b->hash};

    m.sig = rig_signed(r, FWL_VOTE_PROPOSE, m.height, view, &b->hash, leader).sig;
    m.body = fwl_span(b->bytes, b->size);
    rig_message(r, leader == r->me ? (leader + 1) % r->n : leader, &m);
}

void
rig_check(struct rig *r, const struct rig_block *b, enum fwl_check_verdict verdict)
{
    struct fwl_event ev = {.type = FWL_EVENT_CHECKED, .hash = b->hash, .verdict = verdict};

    rig_step(r, &ev);
}

void
rig_offer(struct rig *r, uint32_t view, const struct rig_block *b)
{
    rig_propose(r, view, b);
    rig_check(r, b, FWL_CHECK_VALID);
}

void
rig_built(struct rig *r, const struct rig_block *b)
{
    struct fwl_event ev = {.type = FWL_EVENT_BUILT, .body = fwl_span(b->bytes, b->size)};

    rig_step(r, &ev);
    rig_check(r, b, FWL_CHECK_VALID);
}

uint32_t
rig_sends(const struct rig *r, enum fwl_consensus_msg_type type)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < r->out.nsends; i++) {
        count += r->out.sends[i].msg.type == type;
    }
    return count;
}

const struct fwl_consensus_send *
rig_send(const struct rig *r, enum fwl_consensus_msg_type type)
{
    for (uint32_t i = 0; i < r->out.nsends; i++) {
        if (r->out.sends[i].msg.type == type) {
            return &r->out.sends[i];
        }
    }
    return NULL;
}

bool
rig_voted(const struct rig *r, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash)
{
    for (uint32_t i = 0; i < r->nsent; i++) {
        const struct fwl_vote *v = &r->sent[i];

        if (v->kind == kind && v->height == r->tip.height + 1 && v->view == view &&
            (hash == NULL || fwl_hash32_equal(hash, &v->block_hash))) {
            return true;
        }
    }
    return false;
}

struct fwl_consensus_info
rig_info(const struct rig *r)
{
    struct fwl_consensus_info info;

    fwl_consensus_info(&info, r->c);
    return info;
}
