#include "tests/sim/met.h"

#include <stdio.h>

#include "core/base.h"

uint64_t sim_met[SIM_MET_COUNT];
uint64_t sim_met_top_view, sim_met_settle_ms;
uint64_t sim_met_crashes[SIM_POINT_COUNT][SIM_STRIKE_COUNT];

static const struct {
    const char *text;
    uint64_t must;
} counters[] = {
#define X(name, text, must) {text, must},
    SIM_COUNTERS(X)
#undef X
};

static const char *const points[] = {
    [SIM_POINT_PROPOSED] = "PROPOSE",   [SIM_POINT_NOTARIZE] = "NOTARIZE", [SIM_POINT_NULLIFY] = "NULLIFY",
    [SIM_POINT_FINALIZE] = "FINALIZE",  [SIM_POINT_NOTAR] = "NOTAR",       [SIM_POINT_NULL] = "NULL",
    [SIM_POINT_FINAL] = "FINAL",        [SIM_POINT_BODY] = "body",         [SIM_POINT_VIEW] = "view",
    [SIM_POINT_VOTING] = "voting from", [SIM_POINT_FORGET] = "forgetting", [SIM_POINT_BLOCK] = "block",
};
static const char *const strikes[] = {"before it is durable", "after, before a frame", "while frames leave"};

void
sim_met_print(void)
{
    for (size_t i = 0; i < SIM_MET_COUNT; i++) {
        printf("%s%s %llu", i % 6 == 0 ? (i == 0 ? "" : "\n") : ", ", counters[i].text, (unsigned long long)sim_met[i]);
    }
    printf("\ngreatest view %llu, settled at most %llu ms after the faults ended\n",
           (unsigned long long)sim_met_top_view, (unsigned long long)sim_met_settle_ms);
    printf("crashes (%s / %s / %s):", strikes[0], strikes[1], strikes[2]);
    for (size_t p = 0; p < SIM_POINT_COUNT; p++) {
        printf("%s %s %llu/%llu/%llu", p == 0 ? "" : ",", points[p], (unsigned long long)sim_met_crashes[p][0],
               (unsigned long long)sim_met_crashes[p][1], (unsigned long long)sim_met_crashes[p][2]);
    }
    printf("\n");
}

bool
sim_met_covered(void)
{
    bool ok = true;

    for (size_t i = 0; i < SIM_MET_COUNT; i++) {
        if (sim_met[i] < counters[i].must) {
            printf("FAIL happened %llu times, not %llu: %s\n", (unsigned long long)sim_met[i],
                   (unsigned long long)counters[i].must, counters[i].text);
            ok = false;
        }
    }
    for (size_t p = 0; p < SIM_POINT_COUNT; p++) {
        for (size_t k = 0; k < SIM_STRIKE_COUNT; k++) {
            /* The step that writes from when on this node votes sends nothing. */
            if (sim_met_crashes[p][k] == 0 && !(p == SIM_POINT_VOTING && k == SIM_STRIKE_SENDING)) {
                printf("FAIL never happened: a crash at %s, %s\n", points[p], strikes[k]);
                ok = false;
            }
        }
    }
    return ok;
}
