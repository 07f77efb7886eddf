/* S1 to S6: crashes, full disks, damaged and lost stores. */
#include "tests/sim/faults.h"

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

/* ---- S6: lost, restored and copied votes stores ---- */

static void
replace_votes(struct sim *s, struct sim_node *n, const struct fwl_memstore *by)
{
    sim_crash(s, n->id, 0);
    FWL_ASSERT(fwl_memstore_copy(n->votes.mem, by) == FWL_OK);
    n->votes_lost = n->was_lost = true;
    n->seen_height = 0; /* it may be in an earlier view now */
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
        sim_run(s, s->now + 15000); /* one at a time: it votes again two heights later */
        if (sim_chance(s, 500)) {   /* a backup, restored next time */
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
