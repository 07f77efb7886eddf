/* S7 to S9: partitions, bad networks and slow nodes, clocks. */
#include "tests/sim/faults.h"

/* ---- S7 ---- */

/* The links of some nodes stop one by one and come back in another order. */
static void
swizzle(struct sim *s)
{
    bool chosen[SIM_NODES];
    uint32_t left = 1 + sim_random(s, s->n);

    choose(s, left, chosen);
    for (int clog = 1; clog >= 0; clog--) {
        uint32_t at = sim_random(s, s->n);

        for (uint32_t i = 0; i < s->n; i++) {
            uint32_t a = (at + 3 * i) % s->n; /* 3 has no factor in common with 4 and 7 */

            for (uint32_t b = 0; chosen[a] && b < s->count; b++) {
                s->blocked[a][b] = s->blocked[b][a] = a != b && clog == 1;
            }
            if (chosen[a]) {
                sim_run(s, s->now + sim_random(s, 800));
            }
        }
    }
}

static void
isolate_each(struct sim *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        for (uint32_t b = 0; b < s->count; b++) {
            s->blocked[i][b] = s->blocked[b][i] = i != b;
        }
        sim_run(s, s->now + 1500 + sim_random(s, 2000));
        heal_links(s);
        sim_run(s, s->now + sim_random(s, 1000));
    }
}

/* One side has the leader and no quorum; then the halves: nobody decides. */
static void
minority(struct sim *s)
{
    uint32_t mask = 0;
    uint64_t height = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        mask |= i % 2 << i;
    }
    for (uint32_t a = 0; a < s->count; a++) {
        for (uint32_t b = 0; b < s->count; b++) {
            s->blocked[a][b] = (mask >> a & 1) != (mask >> b & 1);
        }
    }
    sim_run(s, s->now + 300); /* what is on its way arrives */
    height = s->best;
    sim_run(s, s->now + 6000);
    if (s->best > height + 1) { /* the certificate may have been under way */
        sim_fail(s, SIM_ONE_CHAIN, "a half of the net decides");
    }
    heal_links(s);
}

void
s7_partition(struct sim *s)
{
    uint32_t how = sim_random(s, 5);

    s->loss = sim_random(s, 50);
    start(s, 25);
    sim_run(s, s->now + 1000);
    if (how == 0) {
        swizzle(s);
        swizzle(s);
    } else if (how == 1) {
        isolate_each(s);
    } else if (how == 2) {
        minority(s);
    }
    every(s, how == 3 ? 500 : 2500, split_one); /* flapping, or slower */
    heal(s);
    settle(s);
}

/* ---- S8 ---- */

static bool
is_undecided(struct sim *s)
{
    for (uint32_t i = 0; i < s->txs; i++) {
        if (s->tx[i].height == 0) {
            return true;
        }
    }
    return false;
}

/* One node is a hundred times as slow as the others: the quorum of the others does not wait for it. */
static void
one_slow(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->n)];

    for (uint32_t i = 0; i < s->n; i++) {
        s->node[i].fsync_ms = 1;
    }
    n->cpu_ms = sim_chance(s, 500) ? 10 : 0;
    n->fsync_ms = 100;
    start(s, 25);
    phase(s);
    if (!sim_run_while(s, s->now + 15000, is_undecided)) {
        sim_fail(s, SIM_PROGRESS, "the others wait for one slow node");
    }
}

void
s8_weather(struct sim *s)
{
    static const uint32_t losses[] = {10, 100, 400};

    if (sim_chance(s, 300)) {
        one_slow(s);
    } else {
        s->loss = losses[sim_random(s, 3)];
        s->dup = sim_random(s, 200);
        s->tail = sim_random(s, 200);
        s->bandwidth = sim_chance(s, 300) ? 5 + sim_random(s, 50) : 0; /* from 40 kbit/s */
        start(s, 25);
        phase(s);
    }
    heal(s);
    settle(s);
}

/* ---- S9 ---- */

/* Skews, steps, clocks that stand. */
static void
step_one(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->count)];

    if (sim_chance(s, 200)) {
        n->frozen_at = (int64_t)sim_time(n).wall_ms;
        n->frozen = !n->frozen;
    } else {
        clock_one(s);
    }
}

void
s9_clocks(struct sim *s)
{
    uint64_t height = 0;

    for (uint32_t i = 0; i < s->count; i++) {
        s->node[i].rate = 900 + sim_random(s, 200);
        s->node[i].skew_ms = sim_chance(s, 500) ? 499 : -499; /* PRECISION is 500 */
    }
    start(s, 25);
    if (sim_chance(s, 700)) {
        every(s, 1500, step_one);
    } else {
        phase(s);
    }
    for (uint32_t i = 0; i < s->count; i++) {
        s->node[i].skew_ms = s->node[i].skew_ms > 0 ? 200 : -200;
        s->node[i].frozen = false;
    }
    settle(s);
    height = s->best;
    if (!reach(s, height + 2, 8 * s->world.params.heartbeat_ms)) {
        sim_fail(s, SIM_PROGRESS, "no heartbeats after the clocks were set");
    }
    settle(s);
}
