/*
 * fwledger-sim - run seeds of the simulator.
 *
 *   fwledger-sim --seeds A..B [--scenario NAME] [--n N] [--real] [--repeat]
 *   fwledger-sim --seed S --scenario NAME --n N [--real] -v
 *   fwledger-sim --directed [--scenario NAME [--case I]]
 *   fwledger-sim --list
 *
 * One seed is one run; without --scenario and --n the seed draws them, going round. --repeat runs each seed twice and
 * compares the traces.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/directed.h"

struct options {
    uint64_t from, to;
    const char *scenario;
    uint32_t n;
    bool real, repeat, directed, one_case;
    uint64_t at; /* the case */
    uint32_t verbose;
};

/* Seeds draw the pairs of scenario and n one after the other. */
struct pair {
    const struct scenario *scenario;
    uint32_t n;
    uint64_t entered;
};

static struct pair pairs[128];
static size_t pair_count;

static void
make_pairs(const struct options *o)
{
    static const uint32_t sizes[] = {1, 4, 7};

    for (size_t k = 0; k < FWL_COUNT(sizes); k++) {
        for (size_t i = 0; i < sim_scenario_count; i++) {
            const struct scenario *sc = &sim_scenarios[i];
            bool wanted =
                (o->scenario == NULL || strcmp(o->scenario, sc->name) == 0) && (o->n == 0 || o->n == sizes[k]);

            if (wanted && (sc->sizes >> sizes[k] & 1) != 0) {
                FWL_ASSERT(pair_count < FWL_COUNT(pairs));
                pairs[pair_count++] = (struct pair){.scenario = sc, .n = sizes[k]};
            }
        }
    }
    if (pair_count == 0) {
        (void)fprintf(stderr, "fwledger-sim: no scenario %s with n = %u; --list names them\n",
                      o->scenario == NULL ? "" : o->scenario, o->n);
        exit(2);
    }
}

static void
open_sim(struct sim *s, const struct options *o, uint64_t seed, uint32_t n, uint32_t extra, uint32_t heartbeat_s,
         bool real)
{
    struct fwl_params params;

    fwl_params_default(&params);
    params.heartbeat_ms = heartbeat_s != 0 ? heartbeat_s * 1000 : 10000;
    params.leader_term = seed % 2 == 0 ? 4 : 16;
    params.max_block = FWL_BLOCK_MAX_MIN;
    params.max_work = FWL_BLOCK_WORK_MIN;
    sim_open(s, seed, n, extra, real, &params);
    s->verbose = o->verbose;
}

/* False when a checker has stopped it. */
static bool
passes(struct sim *s, const struct scenario *sc, const struct directed *d, uint64_t i)
{
    jmp_buf out;

    s->out = &out;
    if (setjmp(out) != 0) {
        return false;
    }
    if (sc != NULL) {
        sc->run(s);
    } else {
        d->run(s, i);
    }
    return true;
}

static void
complain(const struct sim *s)
{
    printf("  at %llu ms: checker %u (%s): %s\n", (unsigned long long)s->now, (unsigned)s->checker,
           sim_checker_names[s->checker], s->failure);
}

/* One run; true when nothing failed. */
static bool
run(const struct options *o, uint64_t seed, uint64_t *trace)
{
    static struct sim s;
    struct pair *pair = &pairs[seed % pair_count];
    const struct scenario *sc = pair->scenario;
    bool real = o->real || sc->real || seed % 25 == 7;
    bool ok = true;

    open_sim(&s, o, seed, pair->n, sc->extra, sc->heartbeat_s, real);
    ok = passes(&s, sc, NULL, 0);
    if (!ok) {
        printf("FAIL seed %llu, %s, n = %u:\n", (unsigned long long)seed, sc->name, pair->n);
        complain(&s);
        printf("  replay: tests/sim/run --seed %llu --scenario %s --n %u%s -v\n", (unsigned long long)seed, sc->name,
               pair->n, real ? " --real" : "");
    }
    if (o->verbose > 0) {
        printf("seed %llu %s n = %u: height %llu, %llu events, %llu ms, trace %016llx\n", (unsigned long long)seed,
               sc->name, pair->n, (unsigned long long)s.best, (unsigned long long)s.events, (unsigned long long)s.now,
               (unsigned long long)s.trace);
    }
    pair->entered++;
    sim_met[SIM_MET_RUNS]++;
    sim_met[SIM_MET_EVENTS] += s.events;
    *trace = s.trace;
    sim_close(&s);
    return ok;
}

/* Every case of one enumeration, or one of them; counts into @passed and @failed. */
static void
run_directed(const struct options *o, const struct directed *d, uint64_t *passed, uint64_t *failed)
{
    static struct sim s;
    uint64_t before[] = {*passed, *failed};
    clock_t start = clock();
    uint64_t skip = 0;

    for (uint64_t i = o->one_case ? o->at : 0; skip != UINT64_MAX && (i == o->at || !o->one_case);
         i += skip == 0 ? 1 : skip) {
        open_sim(&s, o, 1, d->n, d->extra, 0, d->real);
        if (!passes(&s, NULL, d, i)) {
            ++*failed;
            printf("FAIL directed %s, case %llu:\n", d->name, (unsigned long long)i);
            complain(&s);
            printf("  replay: tests/sim/run --directed --scenario %s --case %llu -v\n", d->name, (unsigned long long)i);
        } else {
            *passed += s.skip == 0;
        }
        skip = s.skip;
        sim_met[SIM_MET_RUNS]++;
        sim_met[SIM_MET_EVENTS] += s.events;
        sim_close(&s);
        (void)fflush(stdout);
    }
    printf("%-6s %8llu cases, %llu failed, %.1f s: %s\n", d->name,
           (unsigned long long)(*passed + *failed - before[0] - before[1]), (unsigned long long)(*failed - before[1]),
           (double)(clock() - start) / CLOCKS_PER_SEC, d->title);
}

static void
report(void)
{
    sim_met_print();
    for (size_t i = 0; i < pair_count; i++) {
        printf("%s%s/%u %llu", i == 0 ? "scenario/n runs: " : ", ", pairs[i].scenario->name, pairs[i].n,
               (unsigned long long)pairs[i].entered);
    }
    printf("\n");
}

/* Four rounds of all pairs meet everything that must happen; otherwise the generator is at fault. */
static bool
covered(const struct options *o)
{
    if (o->scenario != NULL || o->n != 0 || o->to - o->from + 1 < 4 * pair_count) {
        return true;
    }
    return sim_met_covered();
}

static void
list(void)
{
    for (size_t i = 0; i < sim_scenario_count; i++) {
        printf("%-6s %s\n", sim_scenarios[i].name, sim_scenarios[i].title);
    }
    for (size_t i = 0; i < sim_directed_count; i++) {
        printf("directed %-6s %s\n", sim_directed[i].name, sim_directed[i].title);
    }
    exit(0);
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
        } else if (strcmp(argv[i], "--case") == 0) {
            o->at = strtoull(value, NULL, 10);
            o->one_case = true;
            i++;
        } else if (strcmp(argv[i], "--directed") == 0) {
            o->directed = true;
        } else if (strcmp(argv[i], "--real") == 0) {
            o->real = true;
        } else if (strcmp(argv[i], "--repeat") == 0) {
            o->repeat = true;
        } else if (strcmp(argv[i], "-v") == 0) {
            o->verbose++;
        } else if (strcmp(argv[i], "--list") == 0) {
            list();
        } else {
            (void)fprintf(stderr,
                          "usage: fwledger-sim --seeds A..B [--scenario NAME] [--n N] [--real] [--repeat] [-v [-v]]\n"
                          "       fwledger-sim --directed [--scenario NAME [--case I]] [-v [-v]]\n"
                          "       fwledger-sim --list\n");
            exit(2);
        }
    }
}

static void
run_seeds(const struct options *o, uint64_t *passed, uint64_t *failed)
{
    uint64_t before = 0;

    make_pairs(o);
    for (uint64_t seed = o->from; seed <= o->to; seed++) {
        uint64_t trace = 0;
        uint64_t again = 0;
        bool ok = run(o, seed, &trace);

        if (o->repeat) {
            ok = run(o, seed, &again) && ok;
            if (again != trace || trace == before) {
                printf("FAIL seed %llu: the traces of two runs differ, or it is that of the seed before\n",
                       (unsigned long long)seed);
                ok = false;
            }
            before = trace;
        }
        *passed += ok ? 1 : 0;
        *failed += ok ? 0 : 1;
        (void)fflush(stdout);
    }
    report();
    *failed += covered(o) ? 0 : 1;
}

int
main(int argc, char **argv)
{
    struct options o = {.from = 1, .to = 1};
    uint64_t passed = 0;
    uint64_t failed = 0;

    parse(&o, argc, argv);
    if (!o.directed) {
        run_seeds(&o, &passed, &failed);
    }
    for (size_t i = 0; o.directed && i < sim_directed_count; i++) {
        if (o.scenario == NULL || strcmp(o.scenario, sim_directed[i].name) == 0) {
            run_directed(&o, &sim_directed[i], &passed, &failed);
        }
    }
    if (o.directed) {
        sim_met_print();
    }
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
