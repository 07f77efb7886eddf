/* S16 to S19: idle nets, changes of the set, catching up. */
#include "tests/sim/faults.h"

/* ---- idle ---- */

/* Between heartbeats only STATUS; then a transaction exactly when a heartbeat is due. */
void
s16_idle(struct sim *s)
{
    uint64_t sent[SIM_FRAMES];
    uint64_t beat = s->world.params.heartbeat_ms;

    s->timing.ts = 5000;
    sim_start(s);
    sim_load(s, 1, 10);
    sim_run(s, 10000);
    for (int round = 0; round < 4; round++) {
        uint64_t height = s->best;
        uint64_t due = s->decided[height].time_ms + beat - WORLD_START_MS;

        memcpy(sent, s->sent, sizeof(sent));
        sim_run(s, due - 1000);
        for (int t = 0; t < SIM_FRAMES; t++) {
            if (t != FWL_FRAME_STATUS && s->sent[t] != sent[t]) {
                sim_fail(s, SIM_SILENT, "frame type %d on an idle net", t);
            }
        }
        if (!reach(s, height + 1, 31000)) {
            sim_fail(s, SIM_PROGRESS, "no heartbeat at height %llu", (unsigned long long)height + 1);
        }
        sim_run(s, s->now + 20000);
    }
    sim_run(s, s->decided[s->best].time_ms + beat - WORLD_START_MS + sim_random(s, 40) - 20);
    s->resubmit = false; /* at one node only: gossip has to spread it */
    sim_load(s, 1, 0);
    sim_run(s, s->now + 5000);
    settle(s);
}

/* ---- catching up ---- */

void
s19_late(struct sim *s)
{
    uint32_t away = s->count - 1;

    sim_start(s);
    sim_crash(s, away, 0);
    for (int i = 0; i < 8; i++) {
        sim_load(s, 20, 6000);
        sim_run(s, s->now + 8000);
        if (i == 3 && s->n >= 4) {
            sim_crash(s, 0, 0);
        }
    }
    s->loss = sim_random(s, 150);
    sim_boot(s, away);
    sim_boot(s, 0);
    every(s, 3000, crash_one);
    heal(s);
    settle(s);
}

/* ---- set changes ---- */

static const uint8_t churn_four[][8] = {
    {0, 1, 2, 3, 4}, {1, 2, 3, 4}, {5, 2, 3, 4}, {5, 2, 3, 4, 6}, {5, 2, 3, 4, 6, 7}, {5, 3, 4, 6, 7}, {5, 4, 6, 7},
};
static const uint8_t churn_sizes[] = {5, 4, 4, 5, 6, 5, 4};
static const int churn_added[] = {4, -1, 5, 6, 7, -1, -1};

static bool
same_epoch(struct sim *s)
{
    return s->decided[s->best].epoch +
               (fwl_hash32_equal(&s->decided[s->best].validators_hash, &s->decided[s->best].next_validators_hash) ? 0
                                                                                                                  : 1) <
           s->arg[0];
}

void
s18_churn(struct sim *s)
{
    uint8_t bytes[WORLD_TX_ROOM];

    for (uint32_t i = s->n; i < s->count; i++) {
        s->node[i].who = (int)i;
    }
    s->loss = sim_random(s, 50);
    start(s, 40);
    sim_run(s, s->now + 3000);
    for (size_t i = 0; i < FWL_COUNT(churn_sizes); i++) {
        for (uint32_t epoch = (uint32_t)i + 1, tries = 0;; tries++) {
            struct fwl_span tx =
                world_change(&s->world, bytes, churn_four[i], churn_sizes[i], epoch, churn_added[i], s->best,
                             &s->decided_hash[s->best], (WORLD_START_MS + s->now) / 1000 + 86400);

            (void)sim_client(s, 0, tx, false);
            s->arg[0] = epoch;
            if (sim_run_while(s, s->now + 4000, same_epoch)) {
                break;
            }
            if (tries > 30) {
                sim_fail(s, SIM_PROGRESS, "the set of epoch %u does not come", epoch);
            }
        }
        if (sim_chance(s, 300)) {
            crash_one(s);
        }
        sim_run(s, s->now + sim_random(s, 1500));
    }
    heal(s);
    settle(s);
}
