/*
 * runner - one run from beginning to end, and what came of it.
 */
#ifndef FWL_TESTS_SIM_RUNNER_H
#define FWL_TESTS_SIM_RUNNER_H

#include "tests/sim/directed.h"

struct sim_outcome {
    bool ok;
    enum sim_checker checker; /* that fired */
    char words[512];          /* what it said */
    uint64_t now;             /* when */
    uint64_t trace, height, events;
    uint64_t skip; /* of directed runs */
};

struct sim_play {
    const struct scenario *scenario; /* NULL: directed */
    const struct directed *directed;
    uint32_t n;    /* of the scenario */
    uint64_t seed; /* or number of the case */
    bool real;
    uint32_t verbose;
};

/** sim_play - one run. sim_scenario, sim_directed_of - by their names; NULL: there is none. */
void sim_play(struct sim_outcome *out, const struct sim_play *play);
const struct scenario *sim_scenario(const char *name);
const struct directed *sim_directed_of(const char *name);
/** sim_plays_real - is this run one with real signatures? */
bool sim_plays_real(const struct sim_play *play);

#endif
