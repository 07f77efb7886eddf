#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "p2p/wire/message.h"

enum {
    ARENA = 3 << 20,
    CHUNK_MAX = 1 << 20,
    SNAPSHOT_AHEAD = 20,
    STORM = 200000, /* events in one millisecond */
};

const char *const sim_checker_names[SIM_CHECKER_COUNT] = {
    [SIM_RUNS_ON] = "correct nodes run on",
    [SIM_ONE_CHAIN] = "one chain",
    [SIM_ONE_VOTE] = "one vote",
    [SIM_KEPT] = "nothing acknowledged is lost",
    [SIM_BOUNDS] = "well-formed and bounded",
    [SIM_VIEWS] = "views and heights",
    [SIM_SILENT] = "an idle net is silent",
    [SIM_DEVICE] = "the light client",
    [SIM_PROGRESS] = "progress after faults",
    [SIM_CULPRITS] = "culprits",
};

/* ---- basics ---- */

static uint32_t
pcg(struct sim *s)
{
    uint64_t old = s->rng;
    uint32_t x = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t rot = (uint32_t)(old >> 59);

    s->rng = old * UINT64_C(6364136223846793005) + (s->seed * 2 + 1);
    return (x >> rot) | (x << ((32 - rot) & 31));
}

uint32_t
sim_random(struct sim *s, uint32_t below)
{
    return below == 0 ? 0 : pcg(s) % below;
}

bool
sim_chance(struct sim *s, uint32_t per_mille)
{
    return sim_random(s, 1000) < per_mille;
}

void
sim_trace(struct sim *s, uint64_t v)
{
    for (int i = 0; i < 8; i++) {
        s->trace = (s->trace ^ (v & 0xff)) * UINT64_C(0x100000001b3);
        v >>= 8;
    }
}

void
sim_fail(struct sim *s, enum sim_checker checker, const char *format, ...)
{
    va_list args;

    s->checker = checker;
    va_start(args, format);
    (void)vsnprintf(s->failure, 512, format, args);
    va_end(args);
    if (s->failed != NULL) {
        s->failed(s);
    }
    longjmp(*s->out, 1);
}

bool
sim_correct(const struct sim_node *n)
{
    return n->lies == 0 && !n->twin && !n->damaged;
}

uint32_t
sim_faulty(const struct sim *s)
{
    return fwl_validators_faulty(s->n);
}

struct fwl_replica_time
sim_time(const struct sim_node *n)
{
    uint64_t now = n->sim->now;
    int64_t wall = n->frozen ? n->frozen_at : (int64_t)(WORLD_START_MS + now) + n->skew_ms;

    return (struct fwl_replica_time){.wall_ms = (uint64_t)wall, .mono_ms = 1000 + now * n->rate / 1000};
}

/* ---- the queue: a heap by (at, order) ---- */

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
push(struct sim *s, struct sim_event e)
{
    size_t i = s->queued++;

    if (s->queued > s->room) {
        s->room = s->room == 0 ? 1024 : 2 * s->room;
        s->queue = realloc(s->queue, s->room * sizeof(*s->queue));
        FWL_ASSERT(s->queue != NULL);
    }
    while (i > 0 && before(&e, &s->queue[(i - 1) / 2])) {
        s->queue[i] = s->queue[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->queue[i] = e;
}

void
sim_push(struct sim *s, struct sim_event e)
{
    e.order = ++s->order;
    push(s, e);
}

static struct sim_event
pop(struct sim *s)
{
    struct sim_event top = s->queue[0];
    struct sim_event last = s->queue[--s->queued];
    size_t i = 0;

    for (size_t child = 1; child < s->queued; child = 2 * i + 1) {
        if (child + 1 < s->queued && before(&s->queue[child + 1], &s->queue[child])) {
            child++;
        }
        if (before(&last, &s->queue[child])) {
            break;
        }
        s->queue[i] = s->queue[child];
        i = child;
    }
    if (s->queued > 0) {
        s->queue[i] = last;
    }
    return top;
}

/* ---- effects of a replica ---- */

static uint32_t
node_of(uint64_t peer)
{
    return (uint32_t)(peer & 0xff) - 1;
}

uint64_t
sim_peer(const struct sim *s, uint32_t a, uint32_t b)
{
    return s->conn[a][b] << 8 | (b + 1);
}

/* Does the effect still come out? A process that died in the middle of its frames sends nothing more. */
static bool
leaves(struct sim_node *n, uint64_t peer)
{
    struct sim *s = n->sim;

    if (n->die_after > 0 && --n->die_after == 0) {
        n->dying = true;
        n->failing = true;
        for (uint32_t p = 0; p < SIM_POINT_COUNT; p++) {
            sim_met_crashes[p][SIM_STRIKE_SENDING] += n->points >> p & 1;
        }
    }
    return !n->dying && s->conn[n->id][node_of(peer)] == peer >> 8;
}

static void
io_send(void *ctx, uint64_t peer, enum fwl_frame_type type, struct fwl_span payload)
{
    static uint8_t buffer[FWL_BLOCK_MAX_MIN + FWL_FRAME_JUST_MAX];
    struct sim_node *n = ctx;

    if (!leaves(n, peer)) {
        return;
    }
    sim_check_sent(n->sim, n, node_of(peer), type, payload);
    n->sim->sent[type]++;
    if (n->silent && type != FWL_FRAME_STATUS) {
        return;
    }
    if ((n->lie == SIM_SNAP_STEP && type == FWL_FRAME_EPOCH) ||
        (n->lie == SIM_SNAP_HEADERS && type == FWL_FRAME_HEADERS)) {
        memcpy(buffer, payload.p, payload.size);
        buffer[payload.size - 1] ^= 1;
        payload.p = buffer;
    }
    if (n->lies != 0 && sim_lie(n->sim, n, node_of(peer), type, payload)) {
        sim_met[SIM_MET_LIES]++;
        return;
    }
    sim_transmit(n->sim, n->id, node_of(peer), type, payload, 0);
}

/* Also an older program, which goes on after a block that it cannot send. */
static bool
io_send_block(void *ctx, uint64_t peer, uint64_t height)
{
    static uint8_t buffer[2 * FWL_BLOCK_MAX_MIN];
    struct sim_node *n = ctx;
    struct fwl_span object;

    if (height == n->no_block || !leaves(n, peer)) {
        return true;
    }
    if (sim_block_object(n->chain.mem, height, buffer, sizeof(buffer), &object) != FWL_OK) {
        return false;
    }
    n->sim->sent[FWL_FRAME_BLOCK]++;
    if (n->blocks == SIM_BLOCKS_NONE) {
        return true;
    }
    buffer[object.size - 1] ^= n->blocks == SIM_BLOCKS_CERT;
    buffer[FWL_HEADER_SIZE + 20] ^= n->blocks == SIM_BLOCKS_BODY;
    object.size -= n->blocks == SIM_BLOCKS_SHORT ? 1 : 0;
    sim_object(n->sim, n->id, node_of(peer), FWL_FRAME_BLOCK, object);
    return true;
}

static void
io_send_body(void *ctx, uint64_t peer, struct fwl_span object)
{
    struct sim_node *n = ctx;

    if (leaves(n, peer)) {
        n->sim->sent[FWL_FRAME_BODY]++;
        if ((n->lies & (SIM_LIE_WITHHOLD | SIM_LIE_NO_BODY)) != 0) {
            return;
        }
        sim_object(n->sim, n->id, node_of(peer), FWL_FRAME_BODY, object);
    }
}

static void
io_send_snapinfo(void *ctx, uint64_t peer)
{
    static uint8_t buffer[FWL_SNAPINFO_MAX];
    struct sim_node *n = ctx;

    if (leaves(n, peer)) {
        n->sim->sent[FWL_FRAME_SNAPINFO]++;
        sim_transmit(n->sim, n->id, node_of(peer), FWL_FRAME_SNAPINFO, sim_snap_info(n, buffer), 0);
    }
}

static void
io_send_chunk(void *ctx, uint64_t peer, uint64_t height, uint16_t chunk, uint32_t offset)
{
    static uint8_t buffer[CHUNK_MAX];
    struct sim_node *n = ctx;

    if (leaves(n, peer) && n->lie != SIM_SNAP_MUTE) {
        n->sim->sent[FWL_FRAME_CHUNK]++;
        /* correct nodes ask for whole ones; to a part, "I do not have it" is an answer */
        sim_object(n->sim, n->id, node_of(peer), FWL_FRAME_CHUNK,
                   offset == 0 ? sim_snap_chunk(n, height, chunk, buffer, sizeof(buffer)) : fwl_span(NULL, 0));
    }
}

static void
io_drop_peer(void *ctx, uint64_t peer, enum fwl_replica_fault fault)
{
    struct sim_node *n = ctx;
    uint32_t other = node_of(peer);

    if (n->dying) {
        return;
    }
    sim_met[SIM_MET_DROPPED]++;
    if (!n->sim->forked && sim_correct(n) && sim_correct(&n->sim->node[other])) {
        sim_fail(n->sim, SIM_RUNS_ON, "node %u drops the correct node %u: %s", n->id, other,
                 fault == FWL_REPLICA_FORGED ? "forged" : "malformed");
    }
    sim_push(n->sim, (struct sim_event){.at = n->sim->now, .kind = SIM_CUT, .a = n->id, .b = other, .tag = peer >> 8});
}

static void
io_charge(void *ctx, uint64_t peer)
{
    (void)ctx, (void)peer;
}

static void
io_timer(void *ctx, uint64_t mono_ms)
{
    struct sim_node *n = ctx;
    struct sim *s = n->sim;
    uint64_t at = 0;

    n->timer++;
    if (mono_ms == UINT64_MAX) {
        return;
    }
    at = mono_ms <= 1000 ? 0 : ((mono_ms - 1000) * 1000 + n->rate - 1) / n->rate;
    sim_push(s, (struct sim_event){.at = FWL_MAX(at, s->now), .kind = SIM_TIMER, .a = n->id, .tag = n->timer});
}

static void
io_committed(void *ctx, const struct fwl_chain_tip *tip, const struct fwl_hash32 *txids, size_t count)
{
    struct sim_node *n = ctx;

    if (n->sim->in_block) {
        sim_met[SIM_MET_CATCHUPS]++;
    }
    sim_check_commit(n->sim, n, tip, txids, count);
}

static void
io_refused(void *ctx, const struct fwl_hash32 *txid, const struct fwl_state_refusal *why)
{
    (void)ctx, (void)txid, (void)why;
    sim_met[SIM_MET_REFUSED]++;
}

static void
io_note(void *ctx, bool unusual, const char *what, const char *detail, uint64_t height)
{
    struct sim_node *n = ctx;

    if (n->sim->verbose > 0) {
        (void)fprintf(stderr, "%9llu node %u: %s %s (%llu)\n", (unsigned long long)n->sim->now, n->id, what, detail,
                      (unsigned long long)height);
    }
    if (unusual && strncmp(what, "evidence", 8) == 0) {
        if (!n->sim->byzantine) {
            sim_fail(n->sim, SIM_ONE_VOTE, "node %u holds evidence where no node is faulty: %s", n->id, detail);
        }
        if (detail[0] == 'E' && detail[1] >= '1' && detail[1] <= '4') {
            sim_met[SIM_MET_E1 + (detail[1] - '1')]++;
        }
    }
    if (strncmp(what, "a proposed block is not valid", 20) == 0 && !n->sim->byzantine && !n->diverges) {
        sim_fail(n->sim, SIM_RUNS_ON, "node %u: the block of a correct leader is not valid: %s", n->id, detail);
    }
}

static void
io_halt(void *ctx, enum fwl_replica_end why, enum fwl_err err)
{
    struct sim_node *n = ctx;

    n->halted = true;
    if (n->damaged) {
        sim_met[SIM_MET_DAMAGED] += why == FWL_REPLICA_STORAGE;
        n->gone = true;
    } else if (why == FWL_REPLICA_LOCAL_FAULT && n->diverges) {
        sim_met[SIM_MET_DIVERGED]++;
        n->gone = true;
    } else if (why == FWL_REPLICA_SECOND_INSTANCE && n->twin) {
        sim_met[SIM_MET_SECOND]++;
        n->gone = true;
    } else if (why == FWL_REPLICA_FORK && n->sim->may_fork) {
        sim_met[SIM_MET_FORK_HALTS]++;
        n->gone = true;
    } else if (sim_correct(n) && (!n->sim->forked || why == FWL_REPLICA_LOCAL_FAULT) &&
               !(n->failing && why == FWL_REPLICA_STORAGE)) {
        sim_fail(n->sim, SIM_RUNS_ON, "node %u halts: reason %d, %s", n->id, (int)why, fwl_err_name(err));
    } else if (!n->failing && why != FWL_REPLICA_SECOND_INSTANCE) { /* a liar meets its own votes, and goes on */
        n->gone = true;
    }
}

static enum fwl_err
io_sign(void *ctx, struct fwl_sig64 *out, const struct fwl_vote *vote, const struct fwl_hash32 *digest)
{
    struct sim_node *n = ctx;

    (void)vote;
    world_sign(&n->sim->world, out, (size_t)n->who, digest);
    return FWL_OK;
}

static enum fwl_err
io_attest(void *ctx, struct fwl_sig64 *out, const struct fwl_attest_request *request, uint64_t time_ms,
          const struct fwl_hash32 *digest)
{
    struct sim_node *n = ctx;

    (void)request, (void)time_ms;
    if (n->attest_busy > 0) {
        n->attest_busy--;
        return FWL_ERR_BUSY;
    }
    world_sign(&n->sim->world, out, (size_t)n->who, digest);
    return FWL_OK;
}

static void
io_attested(void *ctx, uint64_t client, const struct fwl_attest_request *request, const struct fwl_attest *words,
            size_t count, bool quorum)
{
    struct sim_node *n = ctx;

    (void)request;
    n->attests = (struct sim_attests){.client = client, .count = count, .quorum = quorum};
    for (size_t i = 0; i < count; i++) {
        n->attests.words[i] = words[i];
    }
}

static enum fwl_err
io_verify(void *ctx, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    return world_verify(&((struct sim_node *)ctx)->sim->world, sig, digest, key);
}

static enum fwl_err
io_verify_tx(void *ctx, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold, struct fwl_list new_keys,
             uint64_t new_threshold)
{
    const struct sim_node *n = ctx;
    struct fwl_hash32 txid;

    fwl_tx_id(&txid, tx->payload);
    if (n->diverges && fwl_hash32_equal(&txid, &n->sim->odd)) {
        return FWL_ERR_SIGNATURE;
    }
    return world_verify_tx(&n->sim->world, tx, keys, threshold, new_keys, new_threshold);
}

/* ---- nodes ---- */

static struct fwl_replica_config
config_of(struct sim_node *n)
{
    struct sim *s = n->sim;
    struct fwl_replica_config c = {.genesis = s->world.genesis,
                                   .timing = s->timing,
                                   .mempool = n->pool,
                                   .validators_max = SIM_NODES,
                                   .views_max = 512,
                                   .body_max = SIM_BODY_MAX,
                                   .arena_bytes = ARENA,
                                   .retain = n->retain,
                                   .catch_up = n->catch_up,
                                   .snapshot_ahead = SNAPSHOT_AHEAD,
                                   .chunk_max = CHUNK_MAX,
                                   .io = {.ctx = n,
                                          .chain = sim_store_storage(&n->chain),
                                          .votes = sim_store_storage(&n->votes),
                                          .send = io_send,
                                          .send_block = io_send_block,
                                          .send_body = io_send_body,
                                          .send_snapinfo = io_send_snapinfo,
                                          .send_chunk = io_send_chunk,
                                          .restore_open = sim_snap_open,
                                          .restore_drop = sim_snap_drop,
                                          .restore_adopt = sim_snap_adopt,
                                          .restored = sim_snap_restored,
                                          .drop_peer = io_drop_peer,
                                          .charge = io_charge,
                                          .timer = io_timer,
                                          .committed = io_committed,
                                          .refused = io_refused,
                                          .note = io_note,
                                          .halt = io_halt,
                                          .sign = io_sign,
                                          .attest = io_attest,
                                          .attested = io_attested,
                                          .verify = io_verify,
                                          .verify_tx = io_verify_tx}};

    if (n->who >= 0) {
        c.validator = s->world.key[n->who];
    }
    return c;
}

/* The memory of the process is gone; what was durable stays. */
static void
fall(struct sim *s, struct sim_node *n)
{
    n->alive = false;
    n->halted = n->dying = n->failing = false;
    n->die_after = 0;
    n->timer++;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->conn[n->id][i] != 0) {
            sim_cut(s, n->id, i);
        }
    }
    sim_store_fail(&n->chain, 0, FWL_MEMSTORE_NONE, false);
    sim_store_fail(&n->votes, 0, FWL_MEMSTORE_NONE, false);
    fwl_memstore_crash(n->chain.mem);
    fwl_memstore_crash(n->votes.mem);
    if (n->restore != NULL) {
        fwl_memstore_crash(n->restore);
    }
}

/* After each call into a replica: did it die of it? */
static void
after(struct sim *s, struct sim_node *n)
{
    n->points = 0;
    if (n->die_here && !n->dying) {
        n->die_after = 0;
    }
    n->die_here = false;
    n->busy_until = FWL_MAX(n->busy_until, s->now) + n->cpu_ms + n->spent_ms;
    n->spent_ms = 0;
    if (n->dying || n->halted) {
        bool back = !n->gone;

        fall(s, n);
        if (back) {
            uint32_t ms = n->lies != 0 ? 20 : 200 + sim_random(s, 3000);

            sim_push(s, (struct sim_event){.at = s->now + ms, .kind = SIM_RESTART, .a = n->id});
        }
        return;
    }
    sim_check_event(s, n);
}

void
sim_crash(struct sim *s, uint32_t node, uint64_t back_in_ms)
{
    if (s->node[node].alive) {
        fall(s, &s->node[node]);
    }
    if (back_in_ms > 0) {
        sim_push(s, (struct sim_event){.at = s->now + back_in_ms, .kind = SIM_RESTART, .a = node});
    }
}

void
sim_boot(struct sim *s, uint32_t node)
{
    struct sim_node *n = &s->node[node];
    struct fwl_replica_config config = config_of(n);
    size_t size = fwl_replica_footprint(&config);
    enum fwl_err err = FWL_OK;

    if (n->alive || n->gone) {
        return;
    }
    if (n->memory == NULL) {
        n->memory = malloc(size);
        FWL_ASSERT(n->memory != NULL);
    }
    n->replica = fwl_replica_init(n->memory, size, &config);
    n->alive = true;
    n->starts++;
    n->height = UINT64_MAX; /* nothing is announced while it boots */
    err = fwl_replica_boot(n->replica, sim_time(n), n->votes_lost, false);
    if (err != FWL_OK && n->failing) { /* it died of its first commit */
        fall(s, n);
        sim_push(s, (struct sim_event){.at = s->now + 200, .kind = SIM_RESTART, .a = node});
        return;
    }
    if (err != FWL_OK && n->damaged) {
        sim_met[SIM_MET_DAMAGED]++;
        n->gone = true;
        fall(s, n);
        return;
    }
    if (err != FWL_OK) {
        sim_fail(s, SIM_RUNS_ON, "node %u does not boot: %s", node, fwl_err_name(err));
    }
    n->height = fwl_replica_tip(n->replica)->header.height;
    sim_check_follow(s, n, n->height);
    if (n->height < n->acked) {
        sim_fail(s, SIM_KEPT, "node %u lost height %llu that it had announced", node, (unsigned long long)n->acked);
    }
    after(s, n);
    if (n->alive) { /* as fwledgerd, which now gives the store the id of its key */
        n->votes_lost = false;
    }
    for (uint32_t i = 0; i < s->count && n->alive; i++) {
        if (i != node) {
            sim_connect(s, node, i);
        }
    }
}

void
sim_connect(struct sim *s, uint32_t a, uint32_t b)
{
    struct sim_node *ends[] = {&s->node[a], &s->node[b]};

    if (!ends[0]->alive || !ends[1]->alive || s->conn[a][b] != 0 || s->never[a][b]) {
        return;
    }
    if (s->blocked[a][b] || s->blocked[b][a]) {
        sim_push(s, (struct sim_event){.at = s->now + 500, .kind = SIM_CONNECT, .a = a, .b = b});
        return;
    }
    s->conn[a][b] = s->conn[b][a] = ++s->conns;
    s->ordered[a][b] = s->ordered[b][a] = s->now;
    s->told[a][b] = s->told[b][a] = 0;
    for (int i = 0; i < 2; i++) {
        struct sim_node *n = ends[i];
        struct sim_node *o = ends[1 - i];
        struct fwl_pubkey32 none = {{0}};

        if (n->alive && s->conn[a][b] != 0) {
            fwl_replica_peer_up(n->replica, sim_time(n), sim_peer(s, n->id, o->id),
                                o->who >= 0 ? &s->world.node[o->who] : &none);
            after(s, n);
        }
    }
}

void
sim_cut(struct sim *s, uint32_t a, uint32_t b)
{
    uint64_t ids[] = {sim_peer(s, a, b), sim_peer(s, b, a)};
    struct sim_node *ends[] = {&s->node[a], &s->node[b]};

    if (s->conn[a][b] == 0) {
        return;
    }
    s->conn[a][b] = s->conn[b][a] = 0;
    sim_met[SIM_MET_CUTS]++;
    for (int i = 0; i < 2; i++) {
        if (ends[i]->alive) {
            fwl_replica_peer_down(ends[i]->replica, sim_time(ends[i]), ids[i]);
            after(s, ends[i]);
        }
    }
    sim_push(s, (struct sim_event){.at = s->now + 100 + sim_random(s, 1000), .kind = SIM_CONNECT, .a = a, .b = b});
}

/* ---- events ---- */

/* A frame in words, for people. */
static void
show(const struct sim *s, const struct sim_event *e)
{
    struct fwl_span in = fwl_span(e->bytes, e->size);
    struct fwl_message_status st;
    struct fwl_message_propose p;
    struct fwl_vote v;

    (void)fprintf(stderr, "%9llu node %u hears %u: %s", (unsigned long long)s->now, e->a, e->b,
                  fwl_frame_name(e->type));
    if (e->type == FWL_FRAME_STATUS && fwl_message_status_decode(&st, in) == FWL_OK) {
        (void)fprintf(stderr, " height %llu view %u", (unsigned long long)st.height, st.view);
    } else if (e->type == FWL_FRAME_PROPOSE && fwl_message_propose_decode(&p, in) == FWL_OK) {
        (void)fprintf(stderr, " height %llu view %u %02x%02x", (unsigned long long)p.height, p.view, p.block_hash.b[0],
                      p.block_hash.b[1]);
    } else if (e->type == FWL_FRAME_VOTE && fwl_vote_decode(&v, in) == FWL_OK) {
        (void)fprintf(stderr, " %u by %u, height %llu view %u %02x%02x", (unsigned)v.kind, v.idx,
                      (unsigned long long)v.height, v.view, v.block_hash.b[0], v.block_hash.b[1]);
    } else if (e->type == FWL_FRAME_CERT && in.size > 47) {
        (void)fprintf(stderr, " %u, height %llu view %u %02x%02x", in.p[0], (unsigned long long)fwl_load_be64(in.p + 1),
                      fwl_load_be32(in.p + 9), in.p[13], in.p[14]);
    }
    (void)fprintf(stderr, "\n");
}

static void
deliver(struct sim *s, const struct sim_event *e)
{
    struct sim_node *n = &s->node[e->a];

    if (!n->alive || s->conn[e->a][e->b] != e->tag) {
        return;
    }
    if (n->lies != 0) {
        sim_hear(s, n, e->b, e->type, fwl_span(e->bytes, e->size));
    }
    if (s->verbose > 1) {
        show(s, e);
    }
    s->in_block = e->type == FWL_FRAME_BLOCK;
    fwl_replica_frame(n->replica, sim_time(n), sim_peer(s, e->a, e->b), e->type, fwl_span(e->bytes, e->size));
    s->in_block = false;
    after(s, n);
}

/* It is final already, in a block that nobody announced before its holders crashed: the receipt is in the store. */
static void
find_receipt(struct sim *s, struct sim_node *n, struct sim_tx *tx)
{
    struct fwl_storage storage = fwl_memstore_storage(n->chain.mem);
    struct fwl_read read;
    struct fwl_span place;

    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    if (fwl_kv_get(&read.kv, &place, FWL_SPACE_TXID, fwl_hash32_span(&tx->txid)) != FWL_OK || place.size != 12) {
        sim_fail(s, SIM_KEPT, "node %u calls a transaction final that it does not have", n->id);
    }
    tx->height = fwl_load_be64(place.p);
    fwl_read_end(&read);
}

static void
client(struct sim *s, uint32_t index)
{
    struct sim_tx *tx = &s->tx[index];
    struct sim_node *n = &s->node[tx->at == SIM_OFF ? sim_random(s, s->count) : (uint32_t)tx->at];
    struct fwl_state_refusal why = {0};
    struct fwl_hash32 txid;
    enum fwl_err err = FWL_ERR_ABSENT;

    if (tx->height != 0 || tx->settled) {
        return;
    }
    if (n->alive && sim_correct(n) && !n->silent) {
        err = fwl_replica_submit(n->replica, &why, &txid, sim_time(n), fwl_span(tx->bytes, tx->size));
        if (tx->must && err != FWL_OK && err != FWL_ERR_EXISTS && err != FWL_ERR_BUSY && err != FWL_ERR_FULL &&
            err != FWL_ERR_REPLAY && !n->failing && !n->diverges && !(tx->early && err == FWL_ERR_EXPIRED)) {
            sim_fail(s, SIM_KEPT, "node %u refuses a valid transaction: %s, %s: %s", n->id, fwl_err_name(err),
                     why.field != NULL ? why.field : "", why.rule != NULL ? why.rule : "");
        }
        if (err == FWL_ERR_REPLAY) {
            find_receipt(s, n, tx);
            return;
        }
        after(s, n);
    }
    if (!tx->must || (!s->resubmit && err == FWL_OK)) {
        tx->settled = true;
        return;
    }
    sim_push(s, (struct sim_event){
                    .at = s->now + (err == FWL_OK ? 5000 : 500) + sim_random(s, 1000), .kind = SIM_CLIENT, .a = index});
}

enum fwl_err
sim_attest(struct sim *s, uint32_t node, uint64_t client, const struct fwl_attest_request *request)
{
    struct sim_node *n = &s->node[node];
    enum fwl_err err = FWL_OK;

    n->attests.client = 0;
    err = fwl_replica_attest(n->replica, sim_time(n), client, request);
    after(s, n);
    return err;
}

/* A slow node looks at one thing after the other. */
static bool
busy(struct sim *s, struct sim_event *e)
{
    const struct sim_node *n = NULL;

    if (e->kind != SIM_FRAME && e->kind != SIM_TIMER) {
        return false; /* it is of no node */
    }
    n = &s->node[e->a];
    if (!n->alive || n->busy_until <= s->now) {
        return false;
    }
    e->at = n->busy_until;
    push(s, *e);     /* in its old order: what is ordered stays so */
    e->bytes = NULL; /* the queue has it */
    return true;
}

static void
handle(struct sim *s, struct sim_event *e)
{
    struct sim_node *n = &s->node[e->kind == SIM_CLIENT || e->kind == SIM_SCRIPT ? 0 : e->a];

    switch (e->kind) {
    case SIM_FRAME: deliver(s, e); break;
    case SIM_TIMER:
        if (n->alive && n->timer == e->tag) {
            fwl_replica_tick(n->replica, sim_time(n));
            after(s, n);
        }
        break;
    case SIM_CUT:
        if (s->conn[e->a][e->b] == e->tag) {
            sim_cut(s, e->a, e->b);
        }
        break;
    case SIM_CONNECT: sim_connect(s, e->a, e->b); break;
    case SIM_RESTART:
        if (!n->alive && !n->gone) {
            sim_met[SIM_MET_RESTARTS]++;
            sim_boot(s, e->a);
        }
        break;
    case SIM_CLIENT: client(s, e->a); break;
    case SIM_SCRIPT: e->script(s, e->tag); break;
    }
}

static void
one(struct sim *s)
{
    struct sim_event e = pop(s);

    s->same_time = e.at == s->now ? s->same_time + 1 : 0;
    if (s->same_time > STORM) {
        sim_fail(s, SIM_BOUNDS, "more than %d events in one millisecond", STORM);
    }
    s->now = FWL_MAX(s->now, e.at);
    s->events++;
    sim_trace(s, e.at);
    sim_trace(s, (uint64_t)e.kind << 32 | e.a << 16 | e.b << 8 | e.type);
    for (size_t i = 0; i + 8 <= e.size; i += 8) {
        s->trace = (s->trace ^ fwl_load_be64(e.bytes + i)) * UINT64_C(0x100000001b3);
    }
    if (!busy(s, &e)) {
        handle(s, &e);
    }
    free(e.bytes);
}

bool
sim_run_while(struct sim *s, uint64_t limit_ms, bool (*going)(struct sim *s))
{
    while (going == NULL || going(s)) {
        if (s->queued == 0 || s->queue[0].at > limit_ms) {
            s->now = limit_ms;
            return false;
        }
        one(s);
    }
    return true;
}

void
sim_run(struct sim *s, uint64_t until_ms)
{
    (void)sim_run_while(s, until_ms, NULL);
}

void
sim_later(struct sim *s, uint64_t delay_ms, void (*script)(struct sim *s, uint64_t arg), uint64_t arg)
{
    sim_push(s, (struct sim_event){.at = s->now + delay_ms, .kind = SIM_SCRIPT, .script = script, .tag = arg});
}

/* ---- clients ---- */

uint32_t
sim_client(struct sim *s, uint64_t delay_ms, struct fwl_span bytes, bool must)
{
    struct sim_tx *tx = &s->tx[s->txs];

    FWL_ASSERT(s->txs < SIM_TXS);
    *tx = (struct sim_tx){.bytes = malloc(bytes.size), .size = bytes.size, .must = must, .at = SIM_OFF};
    FWL_ASSERT(tx->bytes != NULL);
    memcpy(tx->bytes, bytes.p, bytes.size);
    world_txid(&tx->txid, bytes);
    sim_push(s, (struct sim_event){.at = s->now + delay_ms, .kind = SIM_CLIENT, .a = s->txs});
    return s->txs++;
}

uint32_t
sim_one(struct sim *s, uint64_t delay_ms, int at)
{
    uint8_t bytes[WORLD_TX_ROOM];
    struct fwl_span tx = world_put(&s->world, bytes, ++s->people, 0, (WORLD_START_MS + s->now) / 1000 + 20 * 86400);
    uint32_t number = sim_client(s, delay_ms, tx, true);

    s->tx[number].at = at;
    return number;
}

void
sim_load(struct sim *s, uint32_t count, uint64_t within_ms)
{
    for (uint32_t i = 0; i < count; i++) {
        (void)sim_one(s, sim_random(s, (uint32_t)within_ms + 1), SIM_OFF);
    }
}

bool
sim_unsettled(struct sim *s)
{
    for (uint32_t i = 0; i < s->txs; i++) {
        if (s->tx[i].must && s->tx[i].height == 0) {
            return true;
        }
    }
    for (uint32_t i = 0; i < s->count; i++) {
        const struct sim_node *n = &s->node[i];

        if (sim_correct(n) && !n->silent && !n->gone && (!n->alive || n->height != s->best)) {
            return true;
        }
    }
    return false;
}

/* ---- a whole run ---- */

static void
fresh_node(struct sim *s, uint32_t i)
{
    struct sim_node *n = &s->node[i];

    *n = (struct sim_node){.sim = s,
                           .id = i,
                           .who = i < s->n ? (int)i : SIM_OFF,
                           .rate = 1000,
                           .memory = n->memory,
                           .chain = {.node = n, .mem = fwl_memstore_new(), .chain = true},
                           .votes = {.node = n, .mem = fwl_memstore_new()},
                           .pool = {.transactions_max = 256, .bytes_max = 1 << 18, .seed = s->seed + i}};
    FWL_ASSERT(n->chain.mem != NULL && n->votes.mem != NULL);
}

void
sim_open(struct sim *s, uint64_t seed, uint32_t n, uint32_t extra, bool real, const struct fwl_params *params)
{
    *s = (struct sim){.seed = seed,
                      .rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1,
                      .trace = UINT64_C(0xcbf29ce484222325),
                      .n = n,
                      .count = n + extra,
                      .timing = FWL_CONSENSUS_TIMING_LOCAL,
                      .delay_ms = 20,
                      .tail_ms = 5000,
                      .resubmit = true};
    FWL_ASSERT(s->count <= SIM_NODES);
    s->timing.t0 = 400;
    s->failure = calloc(1, 512);
    s->said = calloc(SIM_VOTES, sizeof(*s->said));
    FWL_ASSERT(s->failure != NULL && s->said != NULL);
    world_make(&s->world, n, real, params);
    for (uint32_t i = 0; i < s->count; i++) {
        fresh_node(s, i);
    }
}

void
sim_start(struct sim *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (!s->node[i].gone) {
            sim_boot(s, i);
        }
    }
}

/* The stores, what was seen of the chain, and what is under way. */
static void
clear(struct sim *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        fwl_memstore_free(s->node[i].chain.mem);
        fwl_memstore_free(s->node[i].votes.mem);
        sim_snap_free(&s->node[i]);
    }
    for (uint32_t i = 0; i < s->txs; i++) {
        free(s->tx[i].bytes);
    }
    for (size_t i = 0; i < s->queued; i++) {
        free(s->queue[i].bytes);
    }
    s->queued = 0;
    s->txs = 0;
}

void
sim_wipe(struct sim *s)
{
    clear(s);
    memset(s->conn, 0, sizeof(s->conn));
    memset(s->ordered, 0, sizeof(s->ordered));
    memset(s->link_free, 0, sizeof(s->link_free));
    memset(s->blocked, 0, sizeof(s->blocked));
    memset(s->never, 0, sizeof(s->never));
    memset(s->decided, 0, sizeof(s->decided));
    memset(s->said, 0, SIM_VOTES * sizeof(*s->said));
    s->said_count = 0;
    s->best = 0;
    s->follow = (struct sim_follow){.any = false};
    s->forked = false;
    s->byzantine = s->may_fork = false;
    s->lost = NULL;
    s->strike = NULL;
    for (uint32_t i = 0; i < s->count; i++) {
        fresh_node(s, i);
    }
}

void
sim_close(struct sim *s)
{
    clear(s);
    for (uint32_t i = 0; i < s->count; i++) {
        free(s->node[i].memory);
    }
    free(s->queue);
    free(s->said);
    free(s->failure);
}
