/* S1 to S6: crashes, full disks, damaged and lost stores. */
#include "ledger/fsck/fsck.h"
#include "tests/sim/directed.h"

void
s1_crash(struct sim *s)
{
    s->loss = sim_random(s, 50);
    start(s, 40);
    every(s, STEP_MS, crash_one);
    heal(s);
    settle(s);
}

/* ---- S2: everybody crashes with a vote that nobody has heard ---- */

/* The vote of this height is durable; the leader's proposal is still told to all. */
static enum fwl_memstore_fault
strike_vote(struct sim *s, struct sim_node *n, uint32_t points)
{
    uint32_t peers = 0;

    if ((points >> s->arg[0] & 1) == 0 || fwl_replica_tip(n->replica)->header.height != s->arg[1] || n->who < 0 ||
        (s->arg[2] >> n->id & 1) != 0) {
        return FWL_MEMSTORE_NONE;
    }
    s->arg[2] |= UINT64_C(1) << n->id;
    if ((points >> SIM_POINT_PROPOSED & 1) == 0) {
        return FWL_MEMSTORE_UNANSWERED;
    }
    for (uint32_t i = 0; i < s->count; i++) {
        peers += s->conn[n->id][i] != 0;
    }
    n->die_after = peers + 1;
    return FWL_MEMSTORE_NONE;
}

static bool
some_voted(struct sim *s)
{
    uint64_t voted = s->arg[2];
    uint32_t count = 0;

    for (; voted != 0; voted &= voted - 1) {
        count++;
    }
    return count < s->n - sim_faulty(s);
}

void
s2_all_crash(struct sim *s)
{
    static const enum sim_point votes[] = {SIM_POINT_NULLIFY, SIM_POINT_NOTARIZE, SIM_POINT_FINALIZE};
    bool away[SIM_NODES];

    choose(s, sim_faulty(s), away); /* exactly q are left */
    sim_start(s);
    sim_load(s, 10, 2000);
    sim_run(s, 3000);
    for (uint32_t i = 0; i < s->n; i++) {
        if (away[i]) {
            sim_crash(s, i, 0);
        }
    }
    for (uint32_t round = 0; round < 4; round++) {
        sim_load(s, 2, 100);
        s->arg[0] = votes[round == 0 ? 0 : sim_random(s, 3)];
        s->arg[1] = s->best;
        s->arg[2] = 0;
        s->strike = strike_vote;
        if (s->arg[0] == SIM_POINT_NULLIFY && sim_chance(s, 700)) { /* nobody hears the leader */
            s->loss = 1000;
        }
        (void)sim_run_while(s, s->now + 4000, some_voted);
        s->strike = NULL;
        s->loss = 0;
        if (!reach(s, s->arg[1] + 1, 30000)) {
            sim_fail(s, SIM_PROGRESS, "height %llu is not decided after all crashed with a vote of kind %u",
                     (unsigned long long)s->arg[1] + 1, (unsigned)s->arg[0]);
        }
    }
    heal(s);
    settle(s);
}

/* ---- S3: mass restarts ---- */

static uint32_t
greatest_view(const struct sim *s)
{
    uint32_t view = 0;

    for (uint32_t i = 0; i < s->count; i++) {
        const struct sim_node *n = &s->node[i];

        view = n->alive && n->seen_height == s->best ? FWL_MAX(view, n->seen_view) : view;
    }
    return view;
}

/* Everybody is back: one view is lost at most, and the height is decided within three timeouts. */
static void
prompt(struct sim *s)
{
    uint64_t height = 0;
    uint64_t limit = 0;
    uint32_t view = 0;

    if (!assemble(s, 10000)) {
        sim_fail(s, SIM_PROGRESS, "not connected again");
    }
    height = s->best + 1;
    view = greatest_view(s);
    limit = 3 * (s->timing.t0 + (view + 1) * (uint64_t)s->timing.td);
    sim_load(s, 1, 0);
    if (!reach(s, height, limit)) {
        sim_fail(s, SIM_PROGRESS, "height %llu is not decided %llu ms after all are back in view %u",
                 (unsigned long long)height, (unsigned long long)limit, view);
    }
    if (s->cert_view > view + 1) {
        sim_fail(s, SIM_VIEWS, "height %llu is decided in view %u, all were back in view %u",
                 (unsigned long long)height, s->cert_view, view);
    }
}

void
s3_mass(struct sim *s)
{
    sim_start(s);
    sim_load(s, 20, 20000);
    for (int round = 0; round < 6; round++) {
        uint32_t quorum = s->n - sim_faulty(s);

        sim_run(s, s->now + 1 + sim_random(s, 2500));
        mass_one(s);
        if (round == 4) { /* more than f are away for an hour */
            for (uint32_t i = 0; i < s->count; i++) {
                sim_crash(s, i, i < quorum - 1 ? 500 : 3600000);
            }
            sim_run(s, s->now + 3599000);
        }
        for (uint32_t i = 0; i < s->count; i++) { /* what has not struck yet does not any more */
            sim_store_fail(&s->node[i].votes, 0, FWL_MEMSTORE_NONE, false);
        }
        sim_run(s, s->now + 4500); /* all are coming back */
        prompt(s);
    }
    settle(s);
}

/* ---- S4 ---- */

static void
disk_one(struct sim *s)
{
    if (sim_chance(s, 200)) { /* and EIO */
        crash_one(s);
    } else {
        full_one(s);
    }
}

void
s4_full(struct sim *s)
{
    start(s, 40);
    every(s, STEP_MS, disk_one);
    heal(s);
    settle(s);
}

/* ---- S5: a flipped bit ---- */

/* Flips a bit of the value of a random entry of @space, of height @height alone unless that is 0. False: there is none.
 */
static bool
flip(struct sim *s, struct fwl_memstore *mem, enum fwl_space space, uint64_t height)
{
    static uint8_t arena[1 << 18];
    static uint8_t value[1 << 16];
    struct fwl_storage storage = fwl_memstore_storage(mem);
    struct fwl_overlay o;
    struct fwl_read read;
    struct fwl_kv_entry e;
    uint32_t count = 0;

    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    for (enum fwl_err err = fwl_kv_seek(&read.kv, &e, space, (struct fwl_span){0}); err == FWL_OK;
         err = fwl_kv_next(&read.kv, &e, space, e.key)) {
        bool here = height == 0 || (e.key.size >= 8 && fwl_load_be64(e.key.p) == height);

        if (!here || e.value.size == 0 || e.value.size > sizeof(value) || sim_random(s, ++count) != 0) {
            continue; /* each with the same chance */
        }
        memcpy(value, e.value.p, e.value.size);
        value[sim_random(s, (uint32_t)e.value.size)] ^= (uint8_t)(1U << sim_random(s, 8));
        fwl_overlay_reset(&o);
        FWL_ASSERT(fwl_overlay_put(&o, space, e.key, fwl_span(value, e.value.size)) == FWL_OK);
    }
    fwl_read_end(&read);
    return count > 0 && fwl_storage_commit(&storage, &o) == FWL_OK;
}

static bool
sound(const struct sim_node *n)
{
    struct fwl_storage storage = fwl_memstore_storage(n->chain.mem);
    const struct fwl_fsck_config config = {.cookie = NULL};
    struct fwl_fsck_fault fault;
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    err = fwl_fsck_chain(&read.kv, &fault, &config);
    fwl_read_end(&read);
    return err == FWL_OK;
}

/* What this node said at the height under way is damaged: it does not vote, for it does not start. */
static void
damage_votes(struct sim *s, struct sim_node *n)
{
    static const enum fwl_space spaces[] = {FWL_SPACE_REC, FWL_SPACE_CERT};

    if (flip(s, n->votes.mem, spaces[sim_random(s, 2)], n->acked + 1)) {
        n->damaged = true;
        sim_boot(s, n->id);
        if (!n->gone) {
            sim_fail(s, SIM_RUNS_ON, "node %u starts with a damaged votes store", n->id);
        }
    }
}

/* A record of the chain is damaged: fsck finds it; a node that starts all the same may be wrong, and is alone then. */
static void
damage_chain(struct sim *s, struct sim_node *n)
{
    static const enum fwl_space spaces[] = {FWL_SPACE_HDR, FWL_SPACE_HASH, FWL_SPACE_BLK,  FWL_SPACE_FIN,
                                            FWL_SPACE_KV,  FWL_SPACE_SMT,  FWL_SPACE_HIST, FWL_SPACE_LOG,
                                            FWL_SPACE_SET, FWL_SPACE_TXID, FWL_SPACE_META};
    enum fwl_space space = spaces[sim_random(s, FWL_COUNT(spaces))];

    if (!flip(s, n->chain.mem, space, 0)) {
        return;
    }
    n->damaged = true;
    if (sound(n)) {
        sim_fail(s, SIM_RUNS_ON, "fsck does not find a flipped bit in %s", fwl_space_name(space));
    }
    sim_met[SIM_MET_DAMAGED_FSCK]++;
    sim_boot(s, n->id);
    sim_run(s, s->now + 2000 + sim_random(s, 3000));
}

/* The operator starts it again with nothing. */
static void
start_anew(struct sim *s, struct sim_node *n)
{
    struct fwl_memstore *empty = fwl_memstore_new();

    FWL_ASSERT(empty != NULL);
    sim_crash(s, n->id, 0);
    FWL_ASSERT(fwl_memstore_copy(n->chain.mem, empty) == FWL_OK && fwl_memstore_copy(n->votes.mem, empty) == FWL_OK);
    fwl_memstore_free(empty);
    n->damaged = n->gone = false;
    n->votes_lost = n->was_lost = true;
    n->acked = n->seen_height = 0;
    n->seen_view = 0;
    sim_boot(s, n->id);
}

/* One at a time, since it counts as faulty until it votes again, three heights later: blocks come until it does. */
static void
regain(struct sim *s, const struct sim_node *n)
{
    for (int i = 0; i < 40 && !n->gone; i++) {
        struct fwl_replica_status status = {.voting = false};

        if (n->alive) {
            fwl_replica_status(n->replica, &status);
        }
        if (status.voting) {
            return;
        }
        (void)sim_one(s, 0, SIM_OFF);
        sim_run(s, s->now + 1500);
    }
}

void
s5_flips(struct sim *s)
{
    s->byzantine = true; /* a damaged node builds blocks that are not valid */
    start(s, 25);
    for (int round = 0; round < 4; round++) {
        struct sim_node *n = &s->node[sim_random(s, s->count)];

        sim_run(s, s->now + 2000);
        (void)sim_one(s, 0, SIM_OFF);
        sim_run(s, s->now + sim_random(s, 200)); /* in the middle of a height */
        sim_crash(s, n->id, 0);
        if (sim_chance(s, 500)) {
            damage_votes(s, n);
        } else {
            damage_chain(s, n);
        }
        if (n->damaged) {
            start_anew(s, n);
        } else {
            sim_boot(s, n->id);
        }
        sim_run(s, s->now + 5000);
        regain(s, n);
        sim_load(s, 3, 1000);
        sim_run(s, s->now + 3000);
    }
    settle(s);
}

/* ---- S6: lost, restored and copied votes stores ---- */

static void
replace_votes(struct sim *s, struct sim_node *n, const struct fwl_memstore *by)
{
    sim_crash(s, n->id, 0);
    FWL_ASSERT(fwl_memstore_copy(n->votes.mem, by) == FWL_OK);
    n->votes_lost = n->was_lost = true;
    n->seen_height = 0; /* it may be in an earlier view now */
    n->seen_view = 0;
    sim_met[SIM_MET_LOST_VOTES]++;
}

void
s6_lost_votes(struct sim *s)
{
    struct fwl_memstore *older = fwl_memstore_new(); /* empty: lost */
    int old_of = SIM_OFF;

    FWL_ASSERT(older != NULL);
    start(s, 40);
    for (int i = 0; i < 4; i++) {
        struct sim_node *n = &s->node[old_of != SIM_OFF ? (uint32_t)old_of : sim_random(s, s->n)];

        sim_run(s, s->now + 2000 + sim_random(s, 4000));
        replace_votes(s, n, older);
        sim_run(s, s->now + sim_random(s, 2000));
        if (sim_chance(s, 400)) {
            s->aim.on = true;
            s->aim.node = n->id;
            s->aim.point = SIM_POINT_VOTING;
            s->aim.how = (enum sim_strike)sim_random(s, SIM_STRIKE_COUNT);
        } else if (sim_chance(s, 300)) {
            sim_store_fail(&n->votes, 1, FWL_MEMSTORE_FULL, false);
        }
        sim_boot(s, n->id);
        sim_load(s, 10, 4000);
        sim_run(s, s->now + 15000);
        regain(s, n);
        if (sim_chance(s, 500)) { /* a backup, restored next time */
            old_of = (int)sim_random(s, s->n);
            FWL_ASSERT(fwl_memstore_copy(older, s->node[old_of].votes.mem) == FWL_OK);
        } else {
            old_of = SIM_OFF;
            fwl_memstore_free(older);
            older = fwl_memstore_new();
        }
    }
    fwl_memstore_free(older);
    heal(s);
    settle(s);
}

/* ---- S6, directed: f + 1 stores lost within one undecided height ---- */

/* Nobody hears a vote to finalize the second block. */
static bool
lost_final(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_vote v;

    (void)s;
    (void)from;
    (void)to;
    return type == FWL_FRAME_VOTE && fwl_vote_decode(&v, payload) == FWL_OK && v.kind == FWL_VOTE_FINALIZE &&
           v.height == 2;
}

/* They are more than f, so the height may wait for an operator for ever; nobody says two things. That they wrote down
 * from when on they vote is not asked here: what they say is all that counts. Cases: which, and when. */
void
d6_lost_votes(struct sim *s, uint64_t i)
{
    enum { MOMENTS = 12, STEP = 40 };
    uint32_t lost[] = {(uint32_t)i % s->n, (uint32_t)((i % s->n + 1 + i / s->n % (s->n - 1)) % s->n)};
    uint64_t moment = i / s->n / (s->n - 1);
    struct fwl_memstore *empty = NULL;

    if (moment >= MOMENTS) {
        s->skip = UINT64_MAX;
        return;
    }
    s->lost = lost_final;
    sim_start(s);
    sim_load(s, 1, 0);
    if (!reach(s, 1, 5000)) {
        sim_fail(s, SIM_PROGRESS, "no first block");
    }
    sim_load(s, 1, 0);
    sim_run(s, s->now + 10 + STEP * moment);
    empty = fwl_memstore_new();
    FWL_ASSERT(empty != NULL);
    for (size_t k = 0; k < FWL_COUNT(lost); k++) { /* f = 1 */
        struct sim_node *n = &s->node[lost[k]];

        replace_votes(s, n, empty);
        n->was_lost = false;
        sim_boot(s, n->id);
        sim_run(s, s->now + 150 + STEP * moment);
    }
    fwl_memstore_free(empty);
    sim_run(s, s->now + 5000);
}
