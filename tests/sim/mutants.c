#include "tests/sim/mutants.h"

#include "core/mutant.h"

#ifndef FWL_MUTANTS
bool
mutants_run(bool search)
{
    (void)search;
    return false;
}

bool
mutants_switch(int number)
{
    (void)number;
    return false;
}
#else
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/runner.h"

enum {
    SEARCH = 2000, /* seeds */
    HANGS_S = 120, /* of one run */
};

int fwl_mutant;

/* The runs that catch them: scenario or directed run, n of a scenario, and seed or case. Found with --search. */
static const struct mutant {
    int id, variant;
    const char *what;
    const char *by;
    uint32_t n;
    uint64_t seed;
} mutants[] = {
    {1, 0, "NOTARIZE leaves before its record is durable", "S1", 4, 1},
    {2, 0, "bodies are not durable before NOTARIZE", "S3", 4, 1},
    {3, 0, "NULLIFY leaves before its record is durable", "S1", 4, 1},
    {3, 1, "FINALIZE does not ask for NULLIFY of that view", "S12", 4, 1},
    {4, 0, "certificates are not durable before FINALIZE", "S3", 4, 1},
    {5, 0, "the certificate that led into the view is not resent", "S8", 4, 1},
    {7, 0, "own votes do not count again after a restart", "S2", 4, 1},
    {8, 0, "PROPOSE leaves before its record is durable", "S1", 4, 1},
    {9, 0, "waiting transactions are told once", "S16", 4, 1},
    {10, 0, "STATUS before the block is durable", "S1", 4, 1},
    {10, 1, "receipts before the block is durable", "S1", 4, 1},
    {11, 0, "votes at once after a lost votes store", "S6", 4, 1},
    {12, 0, "the view after a restart is that of NOTAR alone", "S2", 4, 1},
    {12, 1, "whoever nullified does not move by a late NOTAR", "S13", 4, 1},
    {12, 2, "certificates are not relayed", "S13", 4, 1},
    {13, 0, "transactions are an event", "S17", 4, 1},
    {14, 0, "one vote less is a quorum", "S14/4", 0, 0},
    {14, 1, "votes of another kind count", "S14/4", 0, 0},
    {14, 2, "the bits of a certificate are not counted", "S14/4", 0, 0},
    {16, 0, "VALID asks the clock", "S9", 4, 1},
    {16, 1, "VALID asks the pool", "S16", 4, 1},
};

bool
mutants_switch(int number)
{
    fwl_mutant = number;
    return true;
}

/* One run in a process of its own. */
static void
play_apart(struct sim_outcome *out, const struct sim_play *play, int mutant)
{
    int ends[2];
    int status = 0;
    pid_t child = 0;

    FWL_ASSERT(pipe(ends) == 0);
    (void)fflush(stdout);
    child = fork();
    FWL_ASSERT(child >= 0);
    if (child == 0) {
        (void)freopen("/dev/null", "w", stderr);
        (void)alarm(HANGS_S);
        fwl_mutant = mutant;
        sim_play(out, play);
        _exit(write(ends[1], out, sizeof(*out)) == (ssize_t)sizeof(*out) ? 0 : 1);
    }
    (void)close(ends[1]);
    if (read(ends[0], out, sizeof(*out)) != (ssize_t)sizeof(*out)) {
        *out = (struct sim_outcome){.ok = false, .words = "the process ended"};
    }
    (void)close(ends[0]);
    FWL_ASSERT(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) {
        (void)snprintf(out->words, sizeof(out->words), "%s",
                       WTERMSIG(status) == SIGALRM ? "it does not end" : "an assertion");
    }
}

static bool
one(const struct mutant *m, bool search)
{
    struct sim_play play = {
        .scenario = sim_scenario(m->by), .directed = sim_directed_of(m->by), .n = m->n, .seed = m->seed};
    struct sim_outcome out = {.ok = true};
    struct sim_outcome without = {.ok = true};
    bool caught = false;

    if (play.scenario == NULL && play.directed == NULL) {
        printf("M%d.%d: there is no run %s\n", m->id, m->variant, m->by);
        return false;
    }
    do {
        play_apart(&out, &play, FWL_MUTANT_NUMBER(m->id, m->variant));
        caught = !out.ok;
        if (caught) {
            play_apart(&without, &play, 0);
        }
    } while (search && !caught && ++play.seed < m->seed + SEARCH && out.skip != UINT64_MAX);
    printf("M%d.%d %-55s %-6s n=%u %5llu: %s%s%s%.90s\n", m->id, m->variant, m->what, m->by, m->n,
           (unsigned long long)play.seed,
           !caught      ? "NOT CAUGHT"
           : without.ok ? ""
                        : "FAILS WITHOUT IT TOO: ",
           caught ? sim_checker_names[out.checker] : "", caught ? ": " : "", caught ? out.words : "");
    return caught && without.ok;
}

bool
mutants_run(bool search)
{
    size_t caught = 0;

    for (size_t i = 0; i < FWL_COUNT(mutants); i++) {
        caught += one(&mutants[i], search);
    }
    printf("%zu mutants, %zu caught\n", FWL_COUNT(mutants), caught);
    return caught == FWL_COUNT(mutants);
}
#endif
