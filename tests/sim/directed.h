/*
 * directed - enumerations: every case of a scenario, one short run each, instead of cases drawn by a seed.
 */
#ifndef FWL_TESTS_SIM_DIRECTED_H
#define FWL_TESTS_SIM_DIRECTED_H

#include "tests/sim/faults.h"

struct directed {
    const char *name;
    const char *title;
    uint32_t n, extra;
    bool real;
    /* Case @i. When there is none of this number it says in s->skip how many to pass over; UINT64_MAX: that was all. */
    void (*run)(struct sim *s, uint64_t i);
    uint32_t heartbeat_s; /* 0: default */
};
void d3_mass(struct sim *s, uint64_t i);
void d1_crash(struct sim *s, uint64_t i);
void d6_lost_votes(struct sim *s, uint64_t i);
void d16_idle(struct sim *s, uint64_t i);
void d10_twins(struct sim *s, uint64_t i);
void d11_leader(struct sim *s, uint64_t i);
void d13_relay(struct sim *s, uint64_t i);
void d14_garbage(struct sim *s, uint64_t i);
void d19_late(struct sim *s, uint64_t i);
void d20_snapshot(struct sim *s, uint64_t i);
void d21_device(struct sim *s, uint64_t i);
void d22_time(struct sim *s, uint64_t i);

extern const struct directed sim_directed[];
extern const size_t sim_directed_count;

#endif
