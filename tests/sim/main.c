/*
 * fwledger-sim - run seeds of the simulator.
 *
 *   fwledger-sim --seeds A..B [--scenario NAME] [--n N] [--real] [--repeat]
 *   fwledger-sim --seed S --scenario NAME --n N [--real] -v
 *   fwledger-sim --directed [--scenario NAME [--case I]]
 *   fwledger-sim --list
 *
 * One seed is one run; without --scenario and --n the seed draws them, going round. --repeat runs each seed twice and
 * compares the traces. The build with mutants has --mutants PROGRAM [--search] and --mutant NUMBER (mutants.h) as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/mutants.h"
#include "tests/sim/runner.h"

struct options {
    uint64_t from, to;
    const char *scenario;
    uint32_t n;
    bool real, repeat, directed, one_case, search;
    const char *plain; /* --mutants: the program without faults */
    uint64_t at;       /* the case */
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
complain(const struct sim_outcome *out)
{
    printf("  at %llu ms: checker %u (%s): %s\n", (unsigned long long)out->now, (unsigned)out->checker,
           sim_checker_names[out->checker], out->words);
}

/* One run; true when nothing failed. */
static bool
run(const struct options *o, uint64_t seed, uint64_t *trace)
{
    struct pair *pair = &pairs[seed % pair_count];
    const struct sim_play play = {
        .scenario = pair->scenario, .n = pair->n, .seed = seed, .real = o->real, .verbose = o->verbose};
    struct sim_outcome out;

    sim_play(&out, &play);
    if (!out.ok) {
        printf("FAIL seed %llu, %s, n = %u:\n", (unsigned long long)seed, pair->scenario->name, pair->n);
        complain(&out);
        printf("  replay: tests/sim/run --seed %llu --scenario %s --n %u%s -v\n", (unsigned long long)seed,
               pair->scenario->name, pair->n, sim_plays_real(&play) ? " --real" : "");
    }
    if (o->verbose > 0) {
        printf("seed %llu %s n = %u: height %llu, %llu events, %llu ms, trace %016llx\n", (unsigned long long)seed,
               pair->scenario->name, pair->n, (unsigned long long)out.height, (unsigned long long)out.events,
               (unsigned long long)out.now, (unsigned long long)out.trace);
    }
    pair->entered++;
    *trace = out.trace;
    return out.ok;
}

/* Every case of one enumeration, or one of them; counts into @passed and @failed. */
static void
run_directed(const struct options *o, const struct directed *d, uint64_t *passed, uint64_t *failed)
{
    struct sim_play play = {.directed = d, .seed = o->one_case ? o->at : 0, .verbose = o->verbose};
    struct sim_outcome out = {.skip = 0};
    uint64_t before[] = {*passed, *failed};
    clock_t start = clock();

    do {
        sim_play(&out, &play);
        if (!out.ok) {
            ++*failed;
            printf("FAIL directed %s, case %llu:\n", d->name, (unsigned long long)play.seed);
            complain(&out);
            printf("  replay: tests/sim/run --directed --scenario %s --case %llu -v\n", d->name,
                   (unsigned long long)play.seed);
        } else {
            *passed += out.skip == 0;
        }
        play.seed += out.skip == 0 ? 1 : out.skip;
        (void)fflush(stdout);
    } while (!o->one_case && out.skip != UINT64_MAX);
    printf("%-6s %8llu cases, %llu failed, %.1f s: %s\n", d->name,
           (unsigned long long)(*passed + *failed - before[0] - before[1]), (unsigned long long)(*failed - before[1]),
           (double)(clock() - start) / CLOCKS_PER_SEC, d->title);
}

/* All enumerations, or one of them. */
static void
run_enumerations(const struct options *o, uint64_t *passed, uint64_t *failed)
{
    bool known = false;

    for (size_t i = 0; i < sim_directed_count; i++) {
        if (o->scenario == NULL || strcmp(o->scenario, sim_directed[i].name) == 0) {
            known = true;
            run_directed(o, &sim_directed[i], passed, failed);
        }
    }
    if (!known) {
        (void)fprintf(stderr, "fwledger-sim: no directed scenario %s; --list names them\n", o->scenario);
        exit(2);
    }
    sim_met_print();
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
usage(void)
{
    (void)fprintf(stderr, "usage: fwledger-sim --seeds A..B [--scenario NAME] [--n N] [--real] [--repeat] [-v [-v]]\n"
                          "       fwledger-sim --directed [--scenario NAME [--case I]] [-v [-v]]\n"
                          "       fwledger-sim --list\n");
    exit(2);
}

/* Options with a value; false: it is none of them. */
static bool
parse_value(struct options *o, const char *name, const char *value)
{
    char *end = NULL;

    if (strcmp(name, "--seeds") == 0) {
        o->from = strtoull(value, &end, 10);
        o->to = *end == '.' ? strtoull(end + 2, NULL, 10) : o->from;
    } else if (strcmp(name, "--seed") == 0) {
        o->from = o->to = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--scenario") == 0) {
        o->scenario = value;
    } else if (strcmp(name, "--n") == 0) {
        o->n = (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--case") == 0) {
        o->at = strtoull(value, NULL, 10);
        o->one_case = true;
    } else if (strcmp(name, "--mutants") == 0) {
        o->plain = value;
    } else {
        return strcmp(name, "--mutant") == 0 && mutants_switch((int)strtol(value, NULL, 10));
    }
    return true;
}

static void
parse(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--directed") == 0) {
            o->directed = true;
        } else if (strcmp(argv[i], "--real") == 0) {
            o->real = true;
        } else if (strcmp(argv[i], "--repeat") == 0) {
            o->repeat = true;
        } else if (strcmp(argv[i], "-v") == 0) {
            o->verbose++;
        } else if (strcmp(argv[i], "--list") == 0) {
            list();
        } else if (strcmp(argv[i], "--search") == 0) {
            o->search = true;
        } else if (i + 1 < argc && parse_value(o, argv[i], argv[i + 1])) {
            i++;
        } else {
            usage();
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
    if (o.plain != NULL) {
        return mutants_run(o.plain, o.search) ? 0 : 1;
    }
    if (!o.directed) {
        run_seeds(&o, &passed, &failed);
    }
    if (o.directed) {
        run_enumerations(&o, &passed, &failed);
    }
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
