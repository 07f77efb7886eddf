#include "tests/sim/runner.h"

#include <stdio.h>

bool
sim_plays_real(const struct sim_play *play)
{
    if (play->scenario == NULL) {
        return play->directed->real;
    }
    return play->real || play->scenario->real || play->seed % 25 == 7;
}

static void
open_sim(struct sim *s, const struct sim_play *play)
{
    const struct scenario *sc = play->scenario;
    uint64_t seed = sc != NULL ? play->seed : 1;
    uint64_t heartbeat_s = sc != NULL ? sc->heartbeat_s : play->directed->heartbeat_s;
    struct fwl_params params;

    fwl_params_default(&params);
    params.heartbeat_ms = heartbeat_s != 0 ? heartbeat_s * 1000 : 10000;
    params.leader_term = seed % 2 == 0 ? 4 : 16;
    params.max_block = FWL_BLOCK_MAX_MIN;
    params.max_work = FWL_BLOCK_WORK_MIN;
    sim_open(s, seed, sc != NULL ? play->n : play->directed->n, sc != NULL ? sc->extra : play->directed->extra,
             sim_plays_real(play), &params);
    s->verbose = play->verbose;
}

/* False when a checker has stopped it. */
static bool
passes(struct sim *s, const struct sim_play *play)
{
    jmp_buf out;

    s->out = &out;
    if (setjmp(out) != 0) {
        return false;
    }
    if (play->scenario != NULL) {
        play->scenario->run(s);
    } else {
        play->directed->run(s, play->seed);
    }
    return true;
}

void
sim_play(struct sim_outcome *out, const struct sim_play *play)
{
    static struct sim s;

    open_sim(&s, play);
    *out = (struct sim_outcome){.ok = passes(&s, play)};
    out->checker = s.checker;
    (void)snprintf(out->words, sizeof(out->words), "%s", s.failure);
    out->now = s.now;
    out->trace = s.trace;
    out->height = s.best;
    out->events = s.events;
    out->skip = s.skip;
    sim_met[SIM_MET_RUNS]++;
    sim_met[SIM_MET_EVENTS] += s.events;
    sim_close(&s);
}

const struct scenario *
sim_scenario(const char *name)
{
    for (size_t i = 0; i < sim_scenario_count; i++) {
        if (strcmp(name, sim_scenarios[i].name) == 0) {
            return &sim_scenarios[i];
        }
    }
    return NULL;
}

const struct directed *
sim_directed_of(const char *name)
{
    for (size_t i = 0; i < sim_directed_count; i++) {
        if (strcmp(name, sim_directed[i].name) == 0) {
            return &sim_directed[i];
        }
    }
    return NULL;
}
