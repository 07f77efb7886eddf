/*
 * S14: a node in the middle of a height is given every truncation and every bit flip of one frame of each kind, and
 * certificates and votes that are wrong in one way each. It rejects them, its state stays as it was, and the net goes
 * on afterwards. Time stands still meanwhile: nothing else reaches the node.
 */
#include <stdio.h>
#include <stdlib.h>

#include "p2p/wire/parts.h"
#include "tests/sim/directed.h"

enum {
    VICTIM = 0,
    KINDS = 4, /* of votes and certificates */
    SAMPLE_MAX = 8192,
};

/* The newest frame of each type and kind that came to a node under attack. */
static struct sample {
    enum fwl_frame_type type;
    uint32_t from, to;
    size_t size;
    uint8_t bytes[SAMPLE_MAX];
} samples[SIM_FRAMES][KINDS];

static struct sample *
sample_of(enum fwl_frame_type type, struct fwl_span payload)
{
    bool kinds = type == FWL_FRAME_VOTE || type == FWL_FRAME_CERT;

    return &samples[type][kinds && payload.size > 0 ? payload.p[0] % KINDS : 0];
}

static void
keep(enum fwl_frame_type type, uint32_t from, uint32_t to, struct fwl_span payload)
{
    struct sample *sample = sample_of(type, payload);

    FWL_ASSERT(payload.size <= SAMPLE_MAX);
    sample->type = type;
    sample->from = from;
    sample->to = to;
    sample->size = payload.size;
    memcpy(sample->bytes, payload.p, payload.size);
}

/* Nobody hears FINALIZE of the second height, so that views pass and each sample is of that height; proposals of every
 * third view are lost, others to the victim now and then, so that views are closed in both ways and bodies asked for.
 */
static bool
collect(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_message_propose p;

    if (to == VICTIM && from < s->n && s->best > 0) {
        keep(type, from, to, payload);
    }
    if (s->best != 1) {
        return false;
    }
    if (type == FWL_FRAME_PROPOSE && fwl_message_propose_decode(&p, payload) == FWL_OK) {
        return p.view % 3 == 0 || (to == VICTIM && sim_chance(s, 500));
    }
    return type == FWL_FRAME_VOTE && payload.p[0] == FWL_VOTE_FINALIZE;
}

/* What this net has no reason to send to the victim. */
static void
make_requests(struct sim *s)
{
    uint8_t bytes[64];
    const struct fwl_message_getcerts certs = {.height = 2, .count = 3, .views = {0, 1, 2}};
    const struct fwl_message_getbody body = {.height = 1, .hash = s->decided_hash[1]};
    const struct fwl_message_range range = {.from = 0, .to = 1};
    const struct fwl_message_txids txids = {.count = 1, .txids = fwl_hash32_span(&s->tx[1].txid)};

    for (int i = 0; i < 6; i++) {
        static const enum fwl_frame_type types[] = {FWL_FRAME_GETCERTS,   FWL_FRAME_GETBODY,   FWL_FRAME_GETBLOCKS,
                                                    FWL_FRAME_GETHEADERS, FWL_FRAME_GETEPOCHS, FWL_FRAME_GETTX};
        struct fwl_writer w;
        struct fwl_span out;

        fwl_writer_init(&w, bytes, sizeof(bytes));
        if (i == 0) {
            fwl_message_getcerts_encode(&w, &certs);
        } else if (i == 1) {
            fwl_message_getbody_encode(&w, &body);
        } else if (i == 4) {
            fwl_message_getepochs_encode(&w, 0);
        } else if (i == 5) {
            fwl_message_txids_encode(&w, &txids);
        } else {
            fwl_message_range_encode(&w, &range, FWL_FRAME_BLOCKS_MAX);
        }
        FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK);
        keep(types[i], 1, VICTIM, out);
    }
}

/* Block 1 in one part, for the newcomer (a follower), which has not got any. */
static void
make_block(struct sim *s)
{
    static uint8_t bytes[2 * SIM_BODY_MAX];
    static uint8_t frame[SAMPLE_MAX];
    struct fwl_parts_piece piece = {.offset = 0};
    struct fwl_writer w;
    struct fwl_span out;

    FWL_ASSERT(sim_block_object(s->node[1].chain.mem, 1, bytes, sizeof(bytes), &piece.bytes) == FWL_OK);
    piece.total = (uint32_t)piece.bytes.size;
    fwl_writer_init(&w, frame, sizeof(frame));
    fwl_parts_encode(&w, &piece);
    FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK);
    keep(FWL_FRAME_BLOCK, 1, s->n, out);
}

/* A net at its second height, some views on, and samples of its frames. */
static void
set_up(struct sim *s)
{
    memset(samples, 0, sizeof(samples));
    s->byzantine = true;
    s->node[s->n].gone = true;
    s->lost = collect;
    sim_start(s);
    sim_load(s, 1, 0);
    if (!reach(s, 1, 5000)) {
        sim_fail(s, SIM_PROGRESS, "no first block");
    }
    sim_load(s, 3, 100);
    sim_run(s, s->now + 8000);
    make_requests(s);
    make_block(s);
    s->node[s->n].gone = false;
    sim_boot(s, s->n);
    for (uint32_t i = 1; i < s->n; i++) { /* what they send from now on is not theirs */
        s->node[i].twin = true;
    }
}

/* What tells whether a frame has been taken for true. */
struct state {
    uint64_t height, commits;
    uint32_t view;
    size_t transactions;
};

static struct state
state_of(const struct sim_node *n)
{
    struct fwl_replica_status st;

    fwl_replica_status(n->replica, &st);
    return (struct state){
        .height = st.height, .view = st.view, .commits = n->commits, .transactions = st.mempool_transactions};
}

static bool
same(const struct state *a, const struct state *b)
{
    return a->height == b->height && a->commits == b->commits && a->view == b->view &&
           a->transactions == b->transactions;
}

/* Gives it one frame; true when it dropped the peer for it, which comes back at once. */
static bool
give(struct sim *s, const struct sample *of, struct fwl_span payload)
{
    uint64_t dropped = sim_met[SIM_MET_DROPPED];
    struct sim_node *n = &s->node[of->to];
    struct fwl_pubkey32 *key = &s->world.node[s->node[of->from].who];
    uint64_t peer = sim_peer(s, of->to, of->from);

    fwl_replica_frame(n->replica, sim_time(n), peer, of->type, payload);
    if (!n->alive || n->halted) {
        sim_fail(s, SIM_RUNS_ON, "node %u halts at garbage", n->id);
    }
    if (sim_met[SIM_MET_DROPPED] == dropped) {
        return false;
    }
    fwl_replica_peer_down(n->replica, sim_time(n), peer);
    fwl_replica_peer_up(n->replica, sim_time(n), peer, key);
    return true;
}

/* The newcomer asks this peer for blocks: only then it looks at them. */
static void
ask_for_blocks(struct sim *s, const struct sample *of)
{
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];
    const struct sample status = {.type = FWL_FRAME_STATUS, .from = of->from, .to = of->to};
    struct fwl_message_status m = {.height = 2, .tip_hash = s->decided_hash[1], .base = 1};
    struct sim_node *n = &s->node[of->to];
    struct fwl_writer w;

    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_message_status_encode(&w, &m);
    (void)give(s, &status, fwl_span(bytes, sizeof(bytes)));
    s->now += s->timing.tr + 1;
    fwl_replica_tick(n->replica, sim_time(n));
}

static void
sign(struct sim *s, struct fwl_vote *v, const struct fwl_hash32 *chain_id, enum fwl_vote_kind kind, uint64_t height)
{
    struct fwl_hash32 digest;
    struct fwl_pubkey32 key;

    fwl_vote_digest(&digest, chain_id, kind, height, v->view, &v->block_hash);
    fwl_validators_key(&key, &fwl_replica_tip(s->node[VICTIM].replica)->validators, v->idx);
    for (size_t i = 0; i < s->n; i++) {
        if (memcmp(&s->world.key[i], &key, sizeof(key)) == 0) {
            world_sign(&s->world, &v->sig, i, &digest);
        }
    }
}

/* The victim asks for a body; what it sends is seen here. */
static bool
watch(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    (void)payload;
    if (from == VICTIM && type == FWL_FRAME_GETBODY) {
        s->arg[1] = to;
    }
    return false;
}

/* The index of the leader of the victim's view. */
static uint16_t
leader_now(const struct sim *s)
{
    return fwl_chain_leader(fwl_replica_tip(s->node[VICTIM].replica), state_of(&s->node[VICTIM]).view);
}

static bool
leads(const struct sim *s)
{
    uint16_t own = 0;

    (void)fwl_validators_find(&own, &fwl_replica_tip(s->node[VICTIM].replica)->validators,
                              &s->world.key[s->node[VICTIM].who]);
    return leader_now(s) == own;
}

/* The leader of its view proposes a block without its body: the victim asks one peer after the other for it. */
static void
miss_a_body(struct sim *s)
{
    const struct sample of = {.type = FWL_FRAME_PROPOSE, .from = 1, .to = VICTIM};
    struct fwl_vote v = {.height = 2, .block_hash = {{9}}};
    uint8_t bytes[FWL_MESSAGE_PROPOSE_HEAD];
    struct fwl_writer w;

    while (leads(s)) {
        sim_run(s, s->now + 100);
    }
    v.view = state_of(&s->node[VICTIM]).view;
    v.idx = leader_now(s);
    sign(s, &v, &s->world.chain_id, FWL_VOTE_PROPOSE, v.height);
    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_message_propose_encode(&w, &(struct fwl_message_propose){
                                       .height = v.height, .view = v.view, .block_hash = v.block_hash, .sig = v.sig});
    s->lost = watch;
    s->arg[1] = SIM_NODES;
    if (give(s, &of, fwl_span(bytes, sizeof(bytes))) || s->arg[1] == SIM_NODES) {
        sim_fail(s, SIM_PROGRESS, "it does not ask for a body");
    }
}

static void
ask_for_body(struct sim *s)
{
    struct sim_node *n = &s->node[VICTIM];

    s->arg[1] = SIM_NODES;
    for (int i = 0; i < 3 && s->arg[1] >= s->n; i++) { /* the newcomer is asked in its turn */
        s->now += 2001;
        fwl_replica_tick(n->replica, sim_time(n));
    }
    FWL_ASSERT(s->arg[1] < s->n);
}

/* Each altered frame. What is signed must change nothing; the rest must not do harm. */
static void
one_altered(struct sim *s, const struct sample *of, struct fwl_span payload, size_t which)
{
    bool is_signed = of->type == FWL_FRAME_VOTE || of->type == FWL_FRAME_CERT || of->type == FWL_FRAME_TX;
    struct sample from = {.type = of->type, .from = of->from, .to = of->to};
    struct state before;
    struct state after;

    if (of->type == FWL_FRAME_BLOCK) {
        ask_for_blocks(s, of);
    } else if (of->type == FWL_FRAME_BODY) {
        ask_for_body(s);
        from.from = (uint32_t)s->arg[1];
    }
    before = state_of(&s->node[of->to]);
    (void)give(s, &from, payload);
    after = state_of(&s->node[of->to]);
    if ((is_signed && !same(&before, &after)) || after.height != before.height) {
        sim_fail(s, SIM_BOUNDS, "%s altered in the way %zu is taken for true", fwl_frame_name(of->type), which);
    }
}

static void
every_alteration(struct sim *s, const struct sample *of)
{
    uint8_t *bytes = malloc(of->size + 1);

    FWL_ASSERT(bytes != NULL);
    for (size_t size = 0; size < of->size; size++) { /* its own memory each time: reads beyond it are found */
        uint8_t *part = malloc(size + 1);

        FWL_ASSERT(part != NULL);
        memcpy(part, of->bytes, size);
        one_altered(s, of, fwl_span(part, size), size);
        free(part);
    }
    for (size_t bit = 0; bit < 8 * of->size; bit++) {
        memcpy(bytes, of->bytes, of->size);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        one_altered(s, of, fwl_span(bytes, of->size), of->size + bit);
    }
    memcpy(bytes, of->bytes, of->size);
    bytes[of->size] = 0;
    one_altered(s, of, fwl_span(bytes, of->size + 1), 9 * of->size);
    free(bytes);
}

/* ---- what no correct node has ever sent here ---- */

enum { WRONG_CERTS = 12, WRONG_VOTES = 7 };

/* A certificate of members 0 to q-1 for a later view that is wrong in one way; its bytes. 0: nothing is. */
static struct fwl_span
wrong_cert(struct sim *s, uint8_t *out, size_t room, enum fwl_vote_kind kind, uint32_t way)
{
    uint32_t q = fwl_validators_quorum(s->n);
    uint32_t signatures = way == 1 ? q - 1 : way == 2 ? q + 1 : q;
    uint32_t bits = way == 3 ? q - 1 : way == 4 ? q + 1 : signatures;
    struct fwl_hash32 chain_id = s->world.chain_id;
    struct fwl_vote v = {.kind = way == 5 ? FWL_VOTE_PROPOSE : kind, .height = 2, .view = 300};
    struct fwl_writer w;
    struct fwl_span bytes;

    chain_id.b[0] ^= way == 6;
    v.block_hash.b[0] = (uint8_t)(kind == FWL_VOTE_NULLIFY ? 0 : 7);
    v.block_hash.b[0] ^= way == 7;
    fwl_writer_init(&w, out, room);
    fwl_writer_u8(&w, (uint8_t)(way == 8 ? 4 : v.kind));
    fwl_writer_u64(&w, v.height);
    fwl_writer_u32(&w, v.view);
    fwl_writer_bytes(&w, v.block_hash.b, 32);
    fwl_writer_u8(&w, (uint8_t)(((1U << bits) - 1) | (way == 9 ? 0x80 : 0)));
    v.block_hash.b[0] ^= way == 7 && kind != FWL_VOTE_NULLIFY; /* signed for another block */
    for (uint32_t i = 0; i < signatures; i++) {
        v.idx = (uint16_t)(way == 10 && i == 1 ? 0 : i); /* one member twice */
        sign(s, &v, &chain_id, way == 11 && i == 0 ? (enum fwl_vote_kind)(kind % 3 + 1) : v.kind, v.height);
        fwl_writer_bytes(&w, v.sig.b, 64);
    }
    FWL_ASSERT(fwl_writer_finish(&w, &bytes) == FWL_OK);
    return bytes;
}

/* A vote for the view under way that is wrong in one way. */
static struct fwl_span
wrong_vote(struct sim *s, uint8_t out[FWL_VOTE_SIZE], uint32_t way, uint32_t view)
{
    struct fwl_hash32 chain_id = s->world.chain_id;
    struct fwl_vote v = {.kind = FWL_VOTE_NULLIFY, .height = 2, .view = view, .idx = 1};

    chain_id.b[0] ^= way == 0;
    sign(s, &v, &chain_id, way == 1 ? FWL_VOTE_FINALIZE : v.kind, way == 2 ? 3 : v.height);
    v.idx = way == 3 ? 2 : way == 4 ? (uint16_t)s->n : way == 5 ? 65535 : 1;
    v.kind = way == 6 ? FWL_VOTE_PROPOSE : v.kind;
    fwl_vote_encode(out, &v);
    return fwl_span(out, FWL_VOTE_SIZE);
}

static void
wrong_votes(struct sim *s)
{
    const struct sample vote = {.type = FWL_FRAME_VOTE, .from = 1, .to = VICTIM};
    struct state before = state_of(&s->node[VICTIM]);
    uint8_t bytes[FWL_VOTE_SIZE];

    for (uint32_t way = 0; way < WRONG_VOTES; way++) {
        bool dropped = give(s, &vote, wrong_vote(s, bytes, way, before.view));
        struct state after = state_of(&s->node[VICTIM]);

        if (!dropped || !same(&before, &after)) {
            sim_fail(s, SIM_BOUNDS, "a vote that is wrong in the way %u is not rejected", way);
        }
    }
}

static void
wrong_certs(struct sim *s)
{
    const struct sample cert = {.type = FWL_FRAME_CERT, .from = 1, .to = VICTIM};
    struct state before = state_of(&s->node[VICTIM]);
    uint8_t bytes[1024];

    for (uint32_t i = 0; i < 3 * WRONG_CERTS; i++) {
        enum fwl_vote_kind kind = (enum fwl_vote_kind)(FWL_VOTE_NOTARIZE + i / WRONG_CERTS);
        uint32_t way = i % WRONG_CERTS;
        bool dropped = way > 0 && give(s, &cert, wrong_cert(s, bytes, sizeof(bytes), kind, way));
        struct state after = state_of(&s->node[VICTIM]);

        if (way > 0 && (!dropped || !same(&before, &after))) {
            sim_fail(s, SIM_BOUNDS, "a certificate of kind %u that is wrong in the way %u is not rejected",
                     (unsigned)kind, way);
        }
    }
    if (give(s, &cert, wrong_cert(s, bytes, sizeof(bytes), FWL_VOTE_NULLIFY, 0)) ||
        state_of(&s->node[VICTIM]).view != 301) {
        sim_fail(s, SIM_BOUNDS, "a certificate without a fault is rejected");
    }
}

/* Payloads of types that this net does not send, and of all lengths up to one that no type may have. */
static void
noise(struct sim *s)
{
    uint8_t bytes[700];

    for (size_t size = 0; size < sizeof(bytes); size++) {
        for (uint32_t type = FWL_FRAME_STATUS; type < SIM_FRAMES; type++) {
            const struct sample of = {.type = (enum fwl_frame_type)type, .from = 1, .to = VICTIM};

            for (size_t i = 0; i < size; i++) {
                bytes[i] = (uint8_t)(sim_chance(s, 700) ? 0 : sim_random(s, 256));
            }
            (void)give(s, &of, fwl_span(bytes, size));
        }
    }
}

/* Case 0: crafted votes and certificates; 1: noise; then one case a type and kind. */
void
d14_garbage(struct sim *s, uint64_t i)
{
    const struct sample *of = NULL;
    uint8_t bytes[1024];

    if (i >= 2 + (uint64_t)SIM_FRAMES * KINDS) {
        s->skip = UINT64_MAX;
        return;
    }
    set_up(s);
    keep(FWL_FRAME_CERT, 1, VICTIM, wrong_cert(s, bytes, sizeof(bytes), FWL_VOTE_FINALIZE, 0));
    if (i == 0) {
        wrong_votes(s);
        wrong_certs(s);
        return; /* the net is told what its members never signed */
    }
    if (i == 1) {
        noise(s);
    } else {
        of = &samples[(i - 2) / KINDS][(i - 2) % KINDS];
        if (of->size == 0) {
            s->skip = 1;
            return;
        }
        s->arg[0] = of->type;
        if (s->verbose > 0) {
            printf("%s of %zu bytes, kind %u\n", fwl_frame_name(of->type), of->size, of->bytes[0]);
        }
        if (of->type == FWL_FRAME_BODY) {
            miss_a_body(s);
        }
        every_alteration(s, of);
    }
    for (uint32_t k = 1; k < s->n; k++) {
        s->node[k].twin = i > 1 && of->type == FWL_FRAME_BODY; /* then one of them proposed twice */
    }
    s->quick = true;
    heal(s);
    settle(s);
}
