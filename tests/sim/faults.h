/*
 * faults - what scenarios have in common: faults that strike once, phases of them, and the end of all faults.
 */
#ifndef FWL_TESTS_SIM_FAULTS_H
#define FWL_TESTS_SIM_FAULTS_H

#include "tests/sim/sim.h"

enum {
    FAULTS_MS = 25000, /* a phase of faults */
    STEP_MS = 400,
    HEAL_MS = 240000, /* everything is settled this long after the faults ended */
};

/* Boots everybody; transactions come during the first phase. */
void start(struct sim *s, uint32_t txs);
/* Runs to the end of a phase of faults that began now. */
void phase(struct sim *s);
/* @fault at random moments, every @about_ms on average, for a phase. */
void every(struct sim *s, uint32_t about_ms, void (*fault)(struct sim *s));

/* One fault each. */
void crash_one(struct sim *s); /* at a random point, or after some frames */
void mass_one(struct sim *s);  /* everybody */
void full_one(struct sim *s);
void split_one(struct sim *s);
void clock_one(struct sim *s);
/* Links are good again; what is on its way comes still. */
void heal_links(struct sim *s);
/* Faults end: links, stores and clocks are good, everybody comes back. */
void heal(struct sim *s);
/* The liveness mode: within HEAL_MS everything pending is decided and all are at one height, and stay so. */
void settle(struct sim *s);
/* @count random validators. */
void choose(struct sim *s, uint32_t count, bool chosen[SIM_NODES]);
/* Runs until the net has decided block @height; false: not within @limit_ms. */
bool reach(struct sim *s, uint64_t height, uint64_t limit_ms);
/* The validator that leads @view of the height to come, by the tip of node 0, which is up. */
uint32_t next_leader(const struct sim *s, uint32_t view);
/* Every node is up and connected to every other; false: not within @limit_ms. */
bool assemble(struct sim *s, uint64_t limit_ms);
/* Up to f validators lie, each in one or more ways of @lies. */
void corrupt(struct sim *s, uint32_t lies);

/* Changes of the set, one after the other: one member more, one less, or another key, until no key is left. */
struct churn {
    uint8_t members[WORLD_KEYS];
    size_t count;
    uint32_t next; /* key that was never used */
    uint64_t epoch;
};
void churn_open(struct sim *s, struct churn *c); /* before sim_start: whoever is no validator yet has a key */
bool churn_goes_on(const struct sim *s, const struct churn *c);
void churn_step(struct sim *s, struct churn *c); /* until the set is in force */

/* The scenarios of testing.md 3, by file. */
void s1_crash(struct sim *s);
void s2_all_crash(struct sim *s);
void s3_mass(struct sim *s);
void s4_full(struct sim *s);
void s5_flips(struct sim *s);
void s6_lost_votes(struct sim *s);
void s7_partition(struct sim *s);
void s8_weather(struct sim *s);
void s9_clocks(struct sim *s);
void s10_twins(struct sim *s);
void s11_leader(struct sim *s);
void s12_withhold(struct sim *s);
void s13_either(struct sim *s);
void s14_garbage(struct sim *s);
void s15_diverging(struct sim *s);
void s16_idle(struct sim *s);
void s17_wakeups(struct sim *s);
void s18_churn(struct sim *s);
void s19_late(struct sim *s);
void s20_snapshot(struct sim *s);
void s21_forged(struct sim *s);
void s22_withheld(struct sim *s);
void chaos(struct sim *s);
void forks(struct sim *s);

/* fork.c: who is guilty of the fork that was seen? Fails unless it is at least f + 1, and faulty ones only. */
void judge(struct sim *s);

#endif
