/* What happens to the network, the stores, the clocks and the processes (testing.md 3). */
#include "tests/sim/faults.h"

static void
any_one(struct sim *s)
{
    static void (*const faults[])(struct sim * s) = {crash_one, crash_one, full_one, split_one, clock_one, mass_one};

    faults[sim_random(s, FWL_COUNT(faults))](s);
}

void
chaos(struct sim *s)
{
    s->loss = sim_random(s, 200);
    s->dup = sim_random(s, 200);
    s->tail = sim_random(s, 100);
    for (uint32_t i = 0; i < s->count; i += 2) {
        s->node[i].pool.transactions_max = 3;
    }
    if (s->n >= 4 && sim_chance(s, 500)) {
        corrupt(s, (1U << SIM_LIE_COUNT) - 1);
    }
    start(s, 40);
    every(s, 1000, any_one);
    heal(s);
    settle(s);
}

#define ONE   (1U << 1)
#define FOUR  (1U << 4)
#define SEVEN (1U << 7)
#define BOTH  (FOUR | SEVEN)

const struct scenario sim_scenarios[] = {
    {"S1", "crash at every durable write", s1_crash, BOTH, 1, 0, false},
    {"S2", "all crash with a vote that nobody heard", s2_all_crash, BOTH, 0, 0, false},
    {"S3", "mass restarts", s3_mass, BOTH, 1, 0, false},
    {"S4", "full disks", s4_full, BOTH, 1, 0, false},
    {"S5", "flipped bits in stores", s5_flips, BOTH, 1, 0, true},
    {"S6", "lost and restored votes stores", s6_lost_votes, BOTH, 1, 0, false},
    {"S7", "partitions", s7_partition, BOTH, 1, 0, false},
    {"S8", "loss, delay, duplication, slow nodes", s8_weather, BOTH, 1, 0, false},
    {"S9", "clocks", s9_clocks, BOTH, 0, 0, false},
    {"S10", "twins", s10_twins, BOTH, 1, 0, false},
    {"S11", "lying leaders", s11_leader, BOTH, 1, 0, false},
    {"S12", "withholding and double voting", s12_withhold, BOTH, 1, 0, false},
    {"S13", "one has NOTAR, the others NULL", s13_either, BOTH, 1, 0, false},
    {"S14", "garbage", s14_garbage, BOTH, 1, 0, false},
    {"S15", "one node executes differently", s15_diverging, BOTH, 1, 0, false},
    {"S16", "idle", s16_idle, BOTH, 1, 300, false},
    {"S17", "transactions that come at a bad moment", s17_wakeups, BOTH, 1, 0, false},
    {"S18", "changes of the set", s18_churn, BOTH, 4, 0, false},
    {"S19", "catching up", s19_late, BOTH, 1, 0, false},
    {"S20", "snapshots", s20_snapshot, BOTH, 2, 0, false},
    {"S21", "stale and forged answers for devices", s21_forged, BOTH, 4, 0, true},
    {"S22", "answers that withhold something", s22_withheld, BOTH, 1, 0, true},
    {"forks", "f+1 to 2f faulty validators", forks, BOTH, 4, 0, false},
    {"chaos", "everything at once", chaos, ONE | BOTH, 1, 0, false},
};
const size_t sim_scenario_count = FWL_COUNT(sim_scenarios);
