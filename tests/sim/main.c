/*
 * fwledger-sim - run seeds of the simulator.
 *
 *   fwledger-sim --seeds A..B [--scenario NAME] [--n N] [--real] [--repeat]
 *   fwledger-sim --seed S --scenario NAME --n N [--real] -v
 *
 * A seed without a scenario picks scenario and n by itself. --repeat runs each seed twice and compares the traces.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/sim.h"

struct options {
    uint64_t from, to;
    const char *scenario;
    uint32_t n;
    bool real, repeat, verbose;
};

static uint64_t entered[64];

static const struct scenario *
scenario_of(const struct options *o, uint64_t seed)
{
    if (o->scenario == NULL) {
        return &sim_scenarios[seed % sim_scenario_count];
    }
    for (size_t i = 0; i < sim_scenario_count; i++) {
        if (strcmp(sim_scenarios[i].name, o->scenario) == 0) {
            return &sim_scenarios[i];
        }
    }
    (void)fprintf(stderr, "fwledger-sim: no scenario %s\n", o->scenario);
    exit(2);
}

static uint32_t
size_of(const struct options *o, const struct scenario *sc, uint64_t seed)
{
    static const uint32_t sizes[] = {1, 4, 7};
    uint64_t at = seed / sim_scenario_count;

    if (o->n != 0) {
        return o->n;
    }
    while ((sc->sizes >> sizes[at % 3] & 1) == 0) {
        at++;
    }
    return sizes[at % 3];
}

/* One run; true when nothing failed. */
static bool
run(const struct options *o, uint64_t seed, uint64_t *trace)
{
    static struct sim s;
    const struct scenario *sc = scenario_of(o, seed);
    uint32_t n = size_of(o, sc, seed);
    bool real = o->real || seed % 25 == 7;
    struct fwl_params params;
    jmp_buf out;
    bool ok = true;

    fwl_params_default(&params);
    params.heartbeat_ms = sc->heartbeat_s != 0 ? sc->heartbeat_s * 1000 : 10000;
    params.leader_term = seed % 2 == 0 ? 4 : 16;
    params.max_block = FWL_BLOCK_MAX_MIN;
    params.max_work = FWL_BLOCK_WORK_MIN;
    sim_open(&s, seed, n, sc->extra, real, &params);
    s.verbose = o->verbose;
    s.out = &out;
    if (setjmp(out) == 0) {
        sc->run(&s);
    } else {
        ok = false;
        printf("FAIL seed %llu, %s, n = %u: at %llu ms: %s\n  replay: build/release/bin/fwledger-sim --seed %llu"
               " --scenario %s --n %u%s -v\n",
               (unsigned long long)seed, sc->name, n, (unsigned long long)s.now, s.failure, (unsigned long long)seed,
               sc->name, n, real ? " --real" : "");
    }
    if (o->verbose) {
        printf("seed %llu %s n = %u: height %llu, %llu events, %llu ms, trace %016llx\n", (unsigned long long)seed,
               sc->name, n, (unsigned long long)s.best, (unsigned long long)s.events, (unsigned long long)s.now,
               (unsigned long long)s.trace);
    }
    entered[sc - sim_scenarios]++;
    sim_met.runs++;
    sim_met.events += s.events;
    *trace = s.trace;
    sim_close(&s);
    return ok;
}

static void
report(void)
{
    const struct sim_met *m = &sim_met;

    printf("runs %llu, events %llu, blocks %llu, transactions %llu, set changes %llu, empty blocks %llu\n",
           (unsigned long long)m->runs, (unsigned long long)m->events, (unsigned long long)m->blocks,
           (unsigned long long)m->txs, (unsigned long long)m->set_changes, (unsigned long long)m->heartbeats);
    printf("blocks of views over 0 %llu, greatest view %llu, blocks by catching up %llu, cut connections %llu\n",
           (unsigned long long)m->views_over_0, (unsigned long long)m->top_view, (unsigned long long)m->catchups,
           (unsigned long long)m->cuts);
    printf("crashes laid at votes %llu before %llu after, chain %llu before %llu after, while sending %llu; restarts "
           "%llu; full disks %llu; lost votes stores %llu\n",
           (unsigned long long)m->crashes[0][0], (unsigned long long)m->crashes[0][1],
           (unsigned long long)m->crashes[1][0], (unsigned long long)m->crashes[1][1],
           (unsigned long long)m->crashes_sending, (unsigned long long)m->restarts, (unsigned long long)m->full,
           (unsigned long long)m->lost_votes);
    printf("lies %llu, evidence E1 %llu E2 %llu E3 %llu E4 %llu, on chains %llu, second instances %llu, refused from "
           "pools %llu\n",
           (unsigned long long)m->lies, (unsigned long long)m->evidence[1], (unsigned long long)m->evidence[2],
           (unsigned long long)m->evidence[3], (unsigned long long)m->evidence[4], (unsigned long long)m->recorded,
           (unsigned long long)m->second_instances, (unsigned long long)m->refused);
    for (size_t i = 0; i < sim_scenario_count; i++) {
        printf("%s %llu%s", sim_scenarios[i].name, (unsigned long long)entered[i],
               i + 1 < sim_scenario_count ? ", " : "\n");
    }
}

/* With every scenario run several times, each of these happens; otherwise the generator is at fault. */
static bool
covered(void)
{
    const struct sim_met *m = &sim_met;
    const struct {
        const char *what;
        uint64_t count;
    } must[] = {{"a view over 0", m->views_over_0},
                {"a block by catching up", m->catchups},
                {"a crash before a vote is durable", m->crashes[0][0]},
                {"a crash after a vote is durable", m->crashes[0][1]},
                {"a crash before a block is durable", m->crashes[1][0]},
                {"a crash after a block is durable", m->crashes[1][1]},
                {"a crash while sending", m->crashes_sending},
                {"a full disk", m->full},
                {"a node that does not vote for a full disk", m->stalls},
                {"a lost votes store", m->lost_votes},
                {"a set change", m->set_changes},
                {"a heartbeat", m->heartbeats},
                {"a lie", m->lies},
                {"evidence E1", m->evidence[1]},
                {"evidence E3", m->evidence[3]},
                {"evidence E4", m->evidence[4]},
                {"evidence on the chain", m->recorded},
                {"a second instance", m->second_instances}};
    bool ok = true;

    for (size_t i = 0; i < FWL_COUNT(must); i++) {
        if (must[i].count == 0) {
            printf("FAIL never happened: %s\n", must[i].what);
            ok = false;
        }
    }
    for (size_t i = 0; i < sim_scenario_count; i++) {
        if (entered[i] == 0) {
            printf("FAIL scenario never entered: %s\n", sim_scenarios[i].name);
            ok = false;
        }
    }
    return ok;
}

static void
parse(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        char *end = NULL;

        if (strcmp(argv[i], "--seeds") == 0) {
            o->from = strtoull(value, &end, 10);
            o->to = *end == '.' ? strtoull(end + 2, NULL, 10) : o->from;
            i++;
        } else if (strcmp(argv[i], "--seed") == 0) {
            o->from = o->to = strtoull(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--scenario") == 0) {
            o->scenario = value;
            i++;
        } else if (strcmp(argv[i], "--n") == 0) {
            o->n = (uint32_t)strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--real") == 0) {
            o->real = true;
        } else if (strcmp(argv[i], "--repeat") == 0) {
            o->repeat = true;
        } else if (strcmp(argv[i], "-v") == 0) {
            o->verbose = true;
        } else {
            (void)fprintf(stderr,
                          "usage: fwledger-sim --seeds A..B [--scenario NAME] [--n N] [--real] [--repeat] [-v]\n");
            exit(2);
        }
    }
}

int
main(int argc, char **argv)
{
    struct options o = {.from = 1, .to = 1};
    uint64_t passed = 0;
    uint64_t failed = 0;
    uint64_t before = 0;

    parse(&o, argc, argv);
    for (uint64_t seed = o.from; seed <= o.to; seed++) {
        uint64_t trace = 0;
        uint64_t again = 0;
        bool ok = run(&o, seed, &trace);

        if (o.repeat) {
            ok = run(&o, seed, &again) && ok;
            if (again != trace || trace == before) {
                printf("FAIL seed %llu: the traces of two runs differ, or it is that of the seed before\n",
                       (unsigned long long)seed);
                ok = false;
            }
            before = trace;
        }
        passed += ok ? 1 : 0;
        failed += ok ? 0 : 1;
        (void)fflush(stdout);
    }
    report();
    if (o.scenario == NULL && o.to - o.from >= 60) {
        failed += covered() ? 0 : 1;
    }
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
    return failed == 0 ? 0 : 1;
}
