/*
 * met - what all runs of a process came across. A count of what must happen that stays at zero is a fault of the
 * generator, not a pass.
 */
#ifndef FWL_TESTS_SIM_MET_H
#define FWL_TESTS_SIM_MET_H

#include <stdbool.h>
#include <stdint.h>

/* X(NAME, text, how often it must happen in four rounds of all scenarios) */
#define SIM_COUNTERS(X)                                                                                                \
    X(RUNS, "runs", 1)                                                                                                 \
    X(EVENTS, "events", 1)                                                                                             \
    X(BLOCKS, "blocks", 1)                                                                                             \
    X(TXS, "transactions", 1)                                                                                          \
    X(SET_CHANGES, "changes of the set", 1)                                                                            \
    X(HEARTBEATS, "heartbeats", 1)                                                                                     \
    X(VIEWS, "views begun", 1)                                                                                         \
    X(VIEWS_OVER_0, "blocks of a view over 0", 1)                                                                      \
    X(REPROPOSED, "blocks decided in a later view than their first", 1)                                                \
    X(CATCHUPS, "blocks by catching up", 1)                                                                            \
    X(CUTS, "cut connections", 1)                                                                                      \
    X(RESTARTS, "restarts", 1)                                                                                         \
    X(FULL, "commits on a full disk", 1)                                                                               \
    X(STALLS, "nodes that stopped voting for it", 1)                                                                   \
    X(LOST_VOTES, "lost votes stores", 1)                                                                              \
    X(LIES, "lies told", 1)                                                                                            \
    X(DROPPED, "peers dropped for what they sent", 1)                                                                  \
    X(E1, "evidence E1", 1)                                                                                            \
    X(E2, "evidence E2", 1)                                                                                            \
    X(E3, "evidence E3", 1)                                                                                            \
    X(E4, "evidence E4", 1)                                                                                            \
    X(RECORDED, "evidence on a chain at the end", 1)                                                                   \
    X(SECOND, "second instances that halted", 1)                                                                       \
    X(DIVERGED, "nodes that halted for another result than the quorum's", 1)                                           \
    X(DAMAGED, "flipped bits in stores that a node refused to start with", 1)                                          \
    X(DAMAGED_FSCK, "flipped bits in stores that fsck found", 1)                                                       \
    X(REFUSED, "transactions refused from pools", 1)                                                                   \
    X(RESTORED, "snapshots restored", 1)                                                                               \
    X(RESTORE_DROPS, "snapshots given up", 1)                                                                          \
    X(ACCEPTED, "answers that devices took", 1)                                                                        \
    X(DEVICE_REFUSED, "answers that devices refused", 1)                                                               \
    X(TIMED, "answers that devices without a clock took", 1)                                                           \
    X(TIME_REFUSED, "answers that devices without a clock refused", 1)                                                 \
    X(NOTAR, "certificates sent: NOTAR", 1)                                                                            \
    X(NULLS, "certificates sent: NULL", 1)                                                                             \
    X(FINAL, "certificates sent: FINAL", 1)                                                                            \
    X(FORKS, "forks", 20)                                                                                              \
    X(CONVICTED, "validators convicted of forks", 1)                                                                   \
    X(CONVICTED_E1, "by E1", 1)                                                                                        \
    X(CONVICTED_E2, "by E2", 1)                                                                                        \
    X(CONVICTED_E3, "by E3", 1)                                                                                        \
    X(FORK_HALTS, "nodes that halted for a fork", 20)

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
