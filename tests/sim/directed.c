#include "tests/sim/directed.h"

const struct directed sim_directed[] = {
    {"S1/4", "a crash at every commit of every validator", 4, 0, false, d1_crash},
    {"S1/7", "the same with seven", 7, 0, false, d1_crash},
    {"S10/4", "every schedule of two views for four validators, one of them twice", 4, 1, false, d10_twins},
    {"S14/4", "every truncation and bit flip of every frame, wrong certificates and votes", 4, 1, false, d14_garbage},
    {"S14/7", "the same with seven", 7, 1, false, d14_garbage},
};
const size_t sim_directed_count = FWL_COUNT(sim_directed);
