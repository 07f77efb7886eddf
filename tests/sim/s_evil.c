/* S10 to S15: faulty validators, up to f of them, and a stranger. */
#include "tests/sim/faults.h"

/* One key in two processes, each with a part of the network. */
void
s10_twins(struct sim *s)
{
    uint32_t who = sim_random(s, s->n);
    uint32_t other = s->n;

    s->byzantine = true;
    s->node[other].who = (int)who;
    s->node[who].twin = s->node[other].twin = true;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t apart = sim_chance(s, 500) ? who : other;

        if (i != who) {
            s->never[i][apart] = s->never[apart][i] = sim_chance(s, 800);
        }
    }
    s->never[who][other] = s->never[other][who] = true;
    s->loss = sim_random(s, 50);
    start(s, 25);
    every(s, 2500, split_one);
    heal(s);
    settle(s);
}

void
s11_leader(struct sim *s)
{
    corrupt(s, SIM_LIE_BLOCKS | SIM_LIE_FIELD | SIM_LIE_FRESH | SIM_LIE_NO_JUST | SIM_LIE_BAD_JUST | SIM_LIE_OLD_JUST |
                   SIM_LIE_OVERSIZE | SIM_LIE_WITHHOLD | SIM_LIE_NO_BODY | SIM_LIE_LATE);
    s->loss = sim_random(s, 100);
    s->tail = sim_random(s, 50);
    start(s, 25);
    every(s, 2000, sim_chance(s, 500) ? crash_one : split_one);
    heal(s);
    settle(s);
}

void
s12_withhold(struct sim *s)
{
    corrupt(s, SIM_LIE_VOTES | SIM_LIE_SUBSET | SIM_LIE_BOTH | SIM_LIE_UNKNOWN | SIM_LIE_FAR | SIM_LIE_CERT_ONE |
                   SIM_LIE_CERT_LATE | SIM_LIE_YES | SIM_LIE_BLOCKS);
    s->loss = sim_random(s, 100);
    s->tail = sim_random(s, 50);
    start(s, 25);
    every(s, 2000, sim_chance(s, 500) ? crash_one : split_one);
    heal(s);
    settle(s);
}

/* ---- S13 ---- */

/* One node alone hears the NOTARIZE votes of a view: it holds NOTAR, the others NULL. s->arg: 0 that node, 1 the
 * height, 2 the view. */
static bool
lost_notar(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_vote v;
    uint64_t one = s->arg[0];

    if (s->best + 1 != s->arg[1]) {
        return false;
    }
    if (type == FWL_FRAME_VOTE && fwl_vote_decode(&v, payload) == FWL_OK && v.view == s->arg[2]) {
        return (v.kind == FWL_VOTE_NOTARIZE && to != one) ||
               (v.kind != FWL_VOTE_NOTARIZE && (to == one || from == one));
    }
    /* What the one could tell of it, until the others are past that view. */
    return from == one && (type == FWL_FRAME_CERT || type == FWL_FRAME_PROPOSE) && s->now < s->arg[3];
}

void
s13_either(struct sim *s)
{
    s->lost = lost_notar;
    start(s, 25);
    for (int round = 0; round < 8; round++) {
        uint64_t height = s->best + 1;
        uint32_t dead = sim_random(s, s->n);

        s->arg[0] = sim_random(s, s->n);
        s->arg[1] = height;
        s->arg[2] = sim_random(s, 3);
        s->arg[3] = s->now + 200 + sim_random(s, 2500);
        sim_load(s, 1, 0);
        sim_run(s, s->now + 100);
        if (sim_chance(s, 500)) { /* the leader that has just proposed, often enough */
            sim_crash(s, dead, 3000 + sim_random(s, 3000));
        }
        if (!reach(s, height, 30000)) {
            sim_fail(s, SIM_PROGRESS, "height %llu is not decided, one node having NOTAR and the others NULL",
                     (unsigned long long)height);
        }
    }
    heal(s);
    settle(s);
}

/* ---- S14 ---- */

void
s14_garbage(struct sim *s)
{
    corrupt(s, SIM_LIE_GARBAGE);
    s->node[s->n].lies = SIM_LIE_GARBAGE; /* the stranger */
    start(s, 25);
    phase(s);
    heal(s);
    settle(s);
}

/* ---- S15 ---- */

/* One node executes one transaction with another result than all others: it halts, and they go on. */
void
s15_diverging(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->count)];
    uint64_t height = 0;

    start(s, 10);
    sim_run(s, s->now + 3000);
    n->diverges = true;
    height = n->height;
    s->odd = s->tx[sim_one(s, sim_random(s, 3000), SIM_OFF)].txid;
    sim_load(s, 10, 8000);
    phase(s);
    if (!n->gone || n->height < height) {
        sim_fail(s, SIM_RUNS_ON, "node %u does not halt at a block that is not valid for it", n->id);
    }
    settle(s);
}
