/* S10 to S12: faulty validators, up to f of them. */
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
