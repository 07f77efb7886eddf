/*
 * S19 and S20 over more than a thousand blocks: a newcomer takes them all from the one peer that is honest, or the rest
 * of them after having been away, or a snapshot where the others have forgotten them; and one that has a snapshot
 * judges what names old blocks like all others.
 */
#include "tests/sim/directed.h"

enum {
    POSSESSION = 1000, /* blocks that proof of possession may lie back */
    BLOCKS = POSSESSION + 40,
};

static void
grow_to(struct sim *s, uint64_t height)
{
    while (s->best < height) { /* a net that is never idle makes a block in two or three delays */
        sim_load(s, 1, 0);
        (void)reach(s, s->best + 1, 30000);
    }
}

/* ---- S19 ---- */

static void
lie_to_newcomer(struct sim *s)
{
    s->byzantine = true;
    for (uint32_t i = 1; i < s->n; i++) {
        s->node[i].twin = true;
        s->node[i].lies = i == 1 ? SIM_LIE_HEIGHT : 0;
        s->node[i].blocks = i == 2 ? SIM_BLOCKS_CERT : i == 3 ? SIM_BLOCKS_BODY : SIM_BLOCKS_GOOD;
    }
}

/* Blocks are forgotten where there is a snapshot. */
static void
grow_forgetting(struct sim *s)
{
    for (uint64_t height = 250; height <= 1000; height += 250) {
        grow_to(s, height);
        for (uint32_t k = 0; k < s->n; k++) {
            sim_snapshot(s, k);
        }
    }
}

/* Cases: 0 from the first block, among liars; 1 after half of them; 2 where nobody has the first ones any more. */
void
d19_late(struct sim *s, uint64_t i)
{
    struct sim_node *late = &s->node[s->n];
    struct fwl_replica_status st;

    if (i > 2) {
        s->skip = UINT64_MAX;
        return;
    }
    late->catch_up = i == 2 ? FWL_SYNC_AUTO : FWL_SYNC_BLOCKS;
    late->gone = i != 1;
    for (uint32_t k = 0; i == 2 && k < s->n; k++) {
        s->node[k].retain = 100;
    }
    sim_start(s);
    if (i == 1) {
        grow_to(s, BLOCKS / 2);
        sim_crash(s, late->id, 0);
    } else if (i == 2) {
        grow_forgetting(s);
    }
    grow_to(s, BLOCKS);
    if (i == 0) {
        lie_to_newcomer(s);
    }
    late->gone = false;
    sim_boot(s, late->id);
    settle(s);
    fwl_replica_status(late->replica, &st);
    if ((i == 2) != (late->restored > 0) || (i == 2) != (st.base > 1)) {
        sim_fail(s, SIM_PROGRESS, "case %llu: %u snapshots restored, blocks from %llu on", (unsigned long long)i,
                 late->restored, (unsigned long long)st.base);
    }
}

/* ---- S20 ---- */

static enum fwl_err
submit_change(struct sim *s, struct sim_node *n, uint64_t height)
{
    uint8_t members[WORLD_KEYS];
    uint8_t bytes[WORLD_TX_ROOM];
    struct fwl_state_refusal why = {0};
    struct fwl_hash32 txid;
    struct fwl_span tx;

    for (uint32_t i = 0; i <= s->n; i++) {
        members[i] = (uint8_t)i;
    }
    tx = world_change(&s->world, bytes, members, s->n + 1, 1, (int)s->n, height, &s->decided_hash[height],
                      (WORLD_START_MS + s->now) / 1000 + 86400);
    return fwl_replica_submit(n->replica, &why, &txid, sim_time(n), tx);
}

/* A change of the set may name a block of the last 1,000: who has older ones judges as who has not. */
void
d20_snapshot(struct sim *s, uint64_t i)
{
    struct sim_node *nodes[] = {&s->node[0], &s->node[s->n]}; /* from the first block on; restored */

    if (i > 0) {
        s->skip = UINT64_MAX;
        return;
    }
    nodes[1]->catch_up = FWL_SYNC_SNAPSHOT;
    nodes[1]->gone = true;
    sim_start(s);
    nodes[1]->gone = false;
    grow_to(s, BLOCKS);
    sim_snapshot(s, 0);
    sim_boot(s, s->n);
    settle(s);
    if (nodes[1]->restored == 0) {
        sim_fail(s, SIM_PROGRESS, "node %u has taken no snapshot", s->n);
    }
    for (uint64_t back = POSSESSION - 2; back <= POSSESSION + 20; back += 22) {
        enum fwl_err old = submit_change(s, nodes[0], s->best + 1 - back);
        enum fwl_err restored = submit_change(s, nodes[1], s->best + 1 - back);

        if (old != restored || (old == FWL_OK) != (back <= POSSESSION)) {
            sim_fail(s, SIM_ONE_CHAIN, "a change of the set that names a block %llu back: %s, and %s after a snapshot",
                     (unsigned long long)back, fwl_err_name(old), fwl_err_name(restored));
        }
    }
}
