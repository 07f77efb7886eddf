/*
 * met - what all runs of a process came across. A count of what must happen that stays at zero is a fault of the
 * generator, not a pass.
 */
#ifndef FWL_TESTS_SIM_MET_H
#define FWL_TESTS_SIM_MET_H

#include <stdbool.h>
#include <stdint.h>

/* X(NAME, text, must happen in a whole round of scenarios) */
#define SIM_COUNTERS(X)                                                                                                \
    X(RUNS, "runs", true)                                                                                              \
    X(EVENTS, "events", true)                                                                                          \
    X(BLOCKS, "blocks", true)                                                                                          \
    X(TXS, "transactions", true)                                                                                       \
    X(SET_CHANGES, "changes of the set", true)                                                                         \
    X(HEARTBEATS, "heartbeats", true)                                                                                  \
    X(VIEWS, "views begun", true)                                                                                      \
    X(VIEWS_OVER_0, "blocks of a view over 0", true)                                                                   \
    X(REPROPOSED, "blocks decided in a later view than their first", true)                                             \
    X(CATCHUPS, "blocks by catching up", true)                                                                         \
    X(CUTS, "cut connections", true)                                                                                   \
    X(RESTARTS, "restarts", true)                                                                                      \
    X(FULL, "commits on a full disk", true)                                                                            \
    X(STALLS, "nodes that stopped voting for it", true)                                                                \
    X(LOST_VOTES, "lost votes stores", true)                                                                           \
    X(LIES, "lies told", true)                                                                                         \
    X(DROPPED, "peers dropped for what they sent", true)                                                               \
    X(E1, "evidence E1", true)                                                                                         \
    X(E2, "evidence E2", true)                                                                                         \
    X(E3, "evidence E3", true)                                                                                         \
    X(E4, "evidence E4", true)                                                                                         \
    X(RECORDED, "evidence on a chain at the end", true)                                                                \
    X(SECOND, "second instances that halted", true)                                                                    \
    X(DIVERGED, "nodes that halted for another result than the quorum's", true)                                        \
    X(DAMAGED, "flipped bits in stores that a node refused to start with", true)                                       \
    X(DAMAGED_FSCK, "flipped bits in stores that fsck found", true)                                                    \
    X(REFUSED, "transactions refused from pools", true)                                                                \
    X(NOTAR, "certificates sent: NOTAR", true)                                                                         \
    X(NULLS, "certificates sent: NULL", true)                                                                          \
    X(FINAL, "certificates sent: FINAL", true)                                                                         \
    X(FORKS, "forks", true)                                                                                            \
    X(CONVICTED, "validators convicted of forks", true)                                                                \
    X(CONVICTED_E1, "by E1", true)                                                                                     \
    X(CONVICTED_E2, "by E2", true)                                                                                     \
    X(CONVICTED_E3, "by E3", true)                                                                                     \
    X(FORK_HALTS, "nodes that halted for a fork", false)

enum sim_met {
#define X(name, text, must) SIM_MET_##name,
    SIM_COUNTERS(X)
#undef X
        SIM_MET_COUNT
};

/* What a commit makes durable: crashes are counted by it. */
enum sim_point {
    SIM_POINT_PROPOSED,
    SIM_POINT_NOTARIZE,
    SIM_POINT_NULLIFY,
    SIM_POINT_FINALIZE,
    SIM_POINT_NOTAR,
    SIM_POINT_NULL,
    SIM_POINT_FINAL,
    SIM_POINT_BODY,
    SIM_POINT_VIEW,
    SIM_POINT_VOTING,
    SIM_POINT_FORGET, /* what is not needed after a commit */
    SIM_POINT_BLOCK,  /* the chain transaction */
    SIM_POINT_COUNT
};

enum sim_strike { SIM_STRIKE_BEFORE, SIM_STRIKE_AFTER, SIM_STRIKE_SENDING, SIM_STRIKE_COUNT };

extern uint64_t sim_met[SIM_MET_COUNT];
extern uint64_t sim_met_top_view, sim_met_settle_ms;
extern uint64_t sim_met_crashes[SIM_POINT_COUNT][SIM_STRIKE_COUNT];

/** sim_met_print - the summary. sim_met_covered - did everything happen that must? Names what did not. */
void sim_met_print(void);
bool sim_met_covered(void);

#endif
