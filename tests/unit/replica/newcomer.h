/*
 * newcomer - a net whose newcomer catches up: four validators, a follower with all blocks, and node NEW, which is down
 * and knows nothing. Blocks hold one change of the set.
 */
#ifndef FWL_TESTS_UNIT_REPLICA_NEWCOMER_H
#define FWL_TESTS_UNIT_REPLICA_NEWCOMER_H

#include "tests/unit/replica/net.h"
#include "tests/unit/store/same.h"

enum { NEW = 5, BLOCKS = 60, CHANGE = 30 };

static struct sim s;
static bool changed; /* the set, once */

/* Runs @body in a net of its own. */
static inline void
in_net(uint64_t seed, void (*body)(uint64_t arg), uint64_t arg)
{
    net_open(&s, seed, 4, 2);
    changed = false;
    body(arg);
    sim_close(&s);
}

static inline struct fwl_replica_status
status(uint32_t node)
{
    struct fwl_replica_status st;

    fwl_replica_status(s.node[node].replica, &st);
    return st;
}

/* Blocks until there are @count. */
static inline void
grow_to(uint64_t count)
{
    while (s.best < count) {
        uint64_t before = s.best;

        if (!changed && s.best >= CHANGE) { /* the snapshot needs an epoch step then */
            static const uint8_t next[] = {0, 1, 2, 3, 6};
            uint8_t bytes[WORLD_TX_ROOM];

            changed = true;
            (void)sim_client(&s, 0,
                             world_change(&s.world, bytes, next, 5, 1, 6, s.best - 5, &s.decided_hash[s.best - 5],
                                          (WORLD_START_MS + s.now) / 1000 + 86400),
                             true);
        } else {
            sim_load(&s, 3, 0);
        }
        for (int i = 0; i < 100 && s.best == before; i++) {
            sim_run(&s, s.now + 200);
        }
        assert_true(s.best > before);
    }
    sim_run(&s, s.now + 2000);
}

/* A net with @blocks, whose newcomer is down and knows nothing. */
static inline void
start(uint64_t blocks)
{
    s.node[NEW].catch_up = FWL_SYNC_SNAPSHOT;
    s.node[NEW].gone = true;
    sim_start(&s);
    s.node[NEW].gone = false;
    grow_to(blocks);
}

static inline bool
behind(struct sim *sim)
{
    return !sim->node[NEW].alive || sim->node[NEW].height < sim->best;
}

static inline void
catches_up(uint64_t within_ms)
{
    if (!sim_run_while(&s, s.now + within_ms, behind) && behind(&s)) {
        fail_msg("the newcomer is at %llu of %llu", (unsigned long long)s.node[NEW].height, (unsigned long long)s.best);
    }
}

/* The same state, trees and headers as node 0, and it goes on like it. */
static inline void
assert_whole(void)
{
    static const enum fwl_space same[] = {FWL_SPACE_KV,  FWL_SPACE_SMT,  FWL_SPACE_EXP,
                                          FWL_SPACE_HDR, FWL_SPACE_HASH, FWL_SPACE_HIST};

    grow_to(s.best + 3);
    catches_up(10000);
    for (size_t i = 0; i < FWL_COUNT(same); i++) {
        help_same_space(s.node[0].chain.mem, s.node[NEW].chain.mem, same[i]);
    }
    sim_check_end(&s);
}

static inline bool
receiving(struct sim *sim)
{
    return sim->sent[FWL_FRAME_CHUNK] < sim->snap_split;
}

/* Runs until @count chunks were sent in all. */
static inline void
until_chunks(uint32_t count)
{
    uint32_t split = s.snap_split;

    s.snap_split = count;
    (void)sim_run_while(&s, s.now + 60000, receiving);
    s.snap_split = split;
    assert_true(s.sent[FWL_FRAME_CHUNK] >= count && s.node[NEW].restored == 0);
}

static inline uint64_t
base_of(uint32_t node)
{
    return status(node).base;
}

#endif
