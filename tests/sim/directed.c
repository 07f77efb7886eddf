#include "tests/sim/directed.h"

const struct directed sim_directed[] = {
    {"S1/4", "a crash at every commit of every validator", 4, 0, false, d1_crash, 0},
    {"S1/7", "the same with seven", 7, 0, false, d1_crash, 0},
    {"S3/4", "all die at every commit of any, and one stays away", 4, 0, false, d3_mass, 0},
    {"S3/7", "the same with seven", 7, 0, false, d3_mass, 0},
    {"S6/4", "two of four lose their votes within one undecided height", 4, 0, false, d6_lost_votes, 0},
    {"S10/4", "every schedule of two views for four validators, one of them twice", 4, 1, false, d10_twins, 0},
    {"S11/4", "a leader with one wrong field, each; one with a fresh block where another is decided", 4, 1, false,
     d11_leader, 0},
    {"S13/4", "certificates alone move a node on, at once and when they are sent again", 4, 0, false, d13_relay, 0},
    {"S13/7", "the same with seven", 7, 0, false, d13_relay, 0},
    {"S14/4", "every truncation and bit flip of every frame, wrong certificates and votes", 4, 1, false, d14_garbage,
     0},
    {"S14/7", "the same with seven", 7, 1, false, d14_garbage, 0},
    {"S16/4", "ten idle days", 4, 0, false, d16_idle, 300},
    {"S16/7", "the same with seven", 7, 0, false, d16_idle, 300},
    {"S19/4", "a thousand blocks late: among liars, after half of them, where they are forgotten", 4, 1, false,
     d19_late, 0},
    {"S20/4", "a node restored from a snapshot of a thousand blocks judges like the others", 4, 1, false, d20_snapshot,
     0},
    {"S21/4", "forgeries for devices, power cuts, every truncation and bit flip of an answer", 4, 1, true, d21_device,
     0},
    {"S21/7", "the same with seven", 7, 1, true, d21_device, 0},
};
const size_t sim_directed_count = FWL_COUNT(sim_directed);
