#include "tests/sim/mutants.h"

#include "core/mutant.h"

#ifndef FWL_MUTANTS
bool
mutants_run(const char *plain, bool search)
{
    (void)plain;
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
    {1, 0, "NOTARIZE leaves before its record is durable", "S3/4", 0, 7},
    {2, 0, "bodies are not durable before NOTARIZE", "S3/4", 0, 6},
    {3, 0, "NULLIFY leaves before its record is durable", "S1", 4, 1},
    {3, 1, "FINALIZE does not ask for NULLIFY of that view", "S2", 4, 1},
    {4, 0, "certificates are not durable before FINALIZE", "S3/4", 0, 8},
    {5, 0, "the certificate that led into the view is not resent", "S13/4", 0, 8},
    {6, 0, "JUST ignores nullifications", "S11/4", 0, 18},
    {7, 0, "own votes do not count again after a restart", "S2", 4, 6},
    {8, 0, "PROPOSE leaves before its record is durable", "S1", 4, 1},
    {9, 0, "waiting transactions are told once", "S16", 4, 2},
    {10, 0, "STATUS before the block is durable", "S1", 4, 1},
    {10, 1, "receipts before the block is durable", "S1", 4, 1},
    {11, 0, "votes at once after a lost votes store", "S6/4", 0, 2},
    {12, 0, "the view after a restart is that of NOTAR alone", "S2", 4, 6},
    {12, 1, "whoever nullified does not move by a late NOTAR", "S13", 4, 2},
    {12, 2, "certificates are not relayed", "S13/4", 0, 2},
    {13, 0, "WANT is an event, not a predicate", "S17", 4, 1},
    {14, 0, "one vote less is a quorum", "S14", 4, 1},
    {14, 1, "votes of another kind count", "S14", 4, 1},
    {14, 2, "the bits of a certificate are not counted", "S14/4", 0, 0},
    {15, 0, "VALID does not ask for prev_hash", "S11/4", 0, 1},
    {15, 1, "... state_root", "S11/4", 0, 2},
    {15, 2, "... validators_hash", "S11/4", 0, 3},
    {15, 3, "... next_validators_hash", "S11/4", 0, 4},
    {15, 4, "... history_root", "S11/4", 0, 5},
    {15, 5, "... log_root", "S11/4", 0, 6},
    {15, 6, "... epoch and epoch_start", "S11/4", 0, 8},
    {15, 7, "... params_hash", "S11/4", 0, 10},
    {15, 8, "... proposer", "S11/4", 0, 11},
    {15, 9, "... time_ms after the parent's", "S11/4", 0, 12},
    {15, 10, "... the heartbeat before an empty block", "S11/4", 0, 16},
    {15, 11, "... body_size", "S11/4", 0, 14},
    {15, 12, "... log_size", "S11/4", 0, 7},
    {15, 20, "a leader builds wrong blocks; its own check stops it", "S15", 4, 1},
    {15, 21, "... and it does not check them", "S15", 4, 1},
    {16, 0, "VALID asks the clock", "S9", 4, 1},
    {16, 1, "VALID asks the pool", "S16", 4, 1},
    {16, 2, "VALID asks the index of transactions", "S20", 4, 3},
    {16, 3, "VALID asks for headers older than 1,000 heights", "S20/4", 0, 0},
    {17, 0, "a proof may be of any kind", "S21/4", 0, 31},
    {17, 1, "... have bits behind its bitmap", "S21/4", 0, 31},
    {17, 2, "... list an empty sibling", "S21/4", 0, 31},
    {17, 3, "... end with an empty sibling", "S21/4", 0, 31},
    {17, 4, "... show by its own leaf that a key is absent", "S21/4", 0, 31},
    {17, 5, "... show it by a leaf in another place", "S21/4", 0, 31},
    {17, 6, "... have bytes behind it", "S21/4", 0, 31},
    {17, 7, "roots of chunks are folded without counts", "S20", 4, 1},
    {18, 0, "a device does not ask for the epoch of a tip", "S21/4", 0, 2},
    {18, 1, "... its height", "S21/4", 0, 3},
    {18, 2, "... its time", "S21/4", 0, 4},
    {18, 3, "... its age", "S21/4", 0, 5},
    {18, 4, "... the same block at the same height", "S21/4", 0, 7},
    {18, 5, "... its chain", "S21/4", 0, 8},
    {18, 6, "... the proof of the vendor entry", "S21/4", 0, 19},
    {18, 7, "... the proof of the class entry", "S21/4", 0, 20},
    {18, 8, "... the proof of the fleet entry", "S21/4", 0, 21},
    {18, 9, "... the hash of a value", "S21/4", 0, 22},
    {18, 10, "... the new governors of an epoch step", "S21/4", 0, 15},
    {18, 11, "... the governors before an epoch step", "S21/4", 0, 16},
    {18, 12, "... the author", "S21/4", 0, 30},
    {18, 13, "a device keeps a tip before the clock rule", "S21/4", 0, 5},
    {18, 14, "a device forgets the trusting period", "S21/4", 0, 18},
    {18, 15, "a device without a clock does not ask for its nonce", "S22/4", 0, 1},
    {18, 16, "... for the last of a quorum", "S22/4", 0, 4},
    {18, 17, "... takes the last time for the median", "S22/4", 0, 14},
    {18, 18, "... forgets how long the answer took", "S22/4", 0, 10},
    {18, 19, "... forgets the trusting period", "S22/4", 0, 13},
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

/* Does the run pass in @plain, the program as it is? */
static bool
passes_plain(const struct mutant *m, const char *plain, uint64_t seed)
{
    char n[16];
    char number[24];
    int status = 0;
    pid_t child = 0;

    (void)snprintf(n, sizeof(n), "%u", m->n);
    (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)seed);
    (void)fflush(stdout);
    child = fork();
    FWL_ASSERT(child >= 0);
    if (child == 0) {
        (void)freopen("/dev/null", "w", stdout);
        (void)alarm(HANGS_S);
        if (m->n == 0) {
            (void)execl(plain, plain, "--directed", "--scenario", m->by, "--case", number, (char *)NULL);
        } else {
            (void)execl(plain, plain, "--seed", number, "--scenario", m->by, "--n", n, (char *)NULL);
        }
        _exit(127);
    }
    FWL_ASSERT(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
one(const struct mutant *m, const char *plain, bool search)
{
    struct sim_play play = {
        .scenario = sim_scenario(m->by), .directed = sim_directed_of(m->by), .n = m->n, .seed = m->seed};
    uint64_t first = play.scenario != NULL ? 1 : 0;
    struct sim_outcome out = {.ok = true};
    bool plain_passes = false;
    char run[32];

    if (play.scenario == NULL && play.directed == NULL) {
        printf("M%d.%d: there is no run %s\n", m->id, m->variant, m->by);
        return false;
    }
    play.seed = search ? first : m->seed;
    play_apart(&out, &play, FWL_MUTANT_NUMBER(m->id, m->variant));
    while (search && out.ok && out.skip != UINT64_MAX && play.seed < first + SEARCH) {
        play.seed += FWL_MAX(out.skip, 1);
        play_apart(&out, &play, FWL_MUTANT_NUMBER(m->id, m->variant));
    }
    plain_passes = !out.ok && passes_plain(m, plain, play.seed);
    (void)snprintf(run, sizeof(run), play.scenario != NULL ? "%s/%u seed %llu" : "%s%.0u case %llu", m->by, m->n,
                   (unsigned long long)play.seed);
    printf("M%d.%-2d %-54s %-15s %s: %.90s\n", m->id, m->variant, m->what, run,
           out.ok         ? "NOT CAUGHT"
           : plain_passes ? sim_checker_names[out.checker]
                          : "FAILS WITHOUT IT TOO",
           out.ok ? "" : out.words);
    (void)fflush(stdout);
    return plain_passes;
}

bool
mutants_run(const char *plain, bool search)
{
    size_t caught = 0;

    for (size_t i = 0; i < FWL_COUNT(mutants); i++) {
        caught += one(&mutants[i], plain, search);
    }
    printf("%zu mutants, %zu caught by a run that passes without them\n", FWL_COUNT(mutants), caught);
    return caught == FWL_COUNT(mutants);
}
#endif
