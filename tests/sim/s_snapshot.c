/* S20: a node that was away, or never there, takes a snapshot among liars and crashes, while its sources go on. */
#include "tests/sim/faults.h"

/* Blocks until there are @height, a few transactions each. */
static void
grow_to(struct sim *s, uint64_t height)
{
    while (s->best < height) {
        sim_load(s, 2, 0);
        if (!reach(s, s->best + 1, 30000)) {
            sim_fail(s, SIM_PROGRESS, "height %llu does not come", (unsigned long long)s->best + 1);
        }
    }
    sim_run(s, s->now + 1000);
}

/* Another member, so that the newcomer has an epoch step to check. */
static void
change_once(struct sim *s)
{
    uint8_t members[WORLD_KEYS];
    uint8_t bytes[WORLD_TX_ROOM];

    for (uint32_t i = 0; i <= s->n; i++) {
        members[i] = (uint8_t)i;
    }
    while (s->decided[s->best].epoch == 0) {
        (void)sim_client(s, 0,
                         world_change(&s->world, bytes, members, s->n + 1, 1, (int)s->n, s->best,
                                      &s->decided_hash[s->best], (WORLD_START_MS + s->now) / 1000 + 86400),
                         false);
        sim_load(s, 1, 500);
        sim_run(s, s->now + 1000);
    }
}

static void
spoil(struct sim *s, uint32_t newcomer)
{
    bool chosen[SIM_NODES];

    choose(s, sim_random(s, sim_faulty(s) + 1), chosen);
    for (uint32_t i = 0; i < s->n; i++) {
        if (chosen[i] && i != newcomer) {
            s->byzantine = s->node[i].twin = true;
            s->node[i].lie = 1 + sim_random(s, SIM_SNAP_COUNT - 1);
            s->node[i].blocks = sim_chance(s, 500) ? SIM_BLOCKS_CERT : SIM_BLOCKS_GOOD;
        }
    }
}

/* Something befalls whoever receives, or whoever serves. */
static void
disturb(struct sim *s, uint32_t newcomer)
{
    struct sim_node *n = &s->node[newcomer];
    uint32_t how = sim_random(s, 4);

    if (how == 0) {
        sim_crash(s, newcomer, 1 + sim_random(s, 2000));
    } else if (how == 1 && n->alive && n->restore != NULL && !n->failing) { /* at a commit of the store beside */
        n->failing = true;
        fwl_memstore_fail(n->restore, 1 + sim_random(s, 20),
                          sim_chance(s, 500) ? FWL_MEMSTORE_UNANSWERED : FWL_MEMSTORE_LOST, false);
    } else if (how == 2) { /* sources go on */
        uint32_t source = sim_random(s, s->n + 1);

        if (source != newcomer && s->node[source].alive) {
            sim_snapshot(s, source);
        }
    } else {
        uint32_t source = sim_random(s, s->n);

        if (source != newcomer) {
            sim_crash(s, source, 1 + sim_random(s, 3000));
        }
    }
}

/* What is final is refused by whoever has it from a snapshot as by whoever has executed it. */
static void
refuses_what_is_final(struct sim *s, struct sim_node *n)
{
    for (uint32_t i = 0; i < s->txs; i++) {
        const struct sim_tx *tx = &s->tx[i];
        struct fwl_state_refusal why = {0};
        struct fwl_hash32 txid;

        if (tx->must && tx->height != 0 &&
            fwl_replica_submit(n->replica, &why, &txid, sim_time(n), fwl_span(tx->bytes, tx->size)) != FWL_ERR_REPLAY) {
            sim_fail(s, SIM_KEPT, "node %u, restored, takes transaction %u of height %llu again", n->id, i,
                     (unsigned long long)tx->height);
        }
    }
}

void
s20_snapshot(struct sim *s)
{
    uint32_t newcomer = sim_chance(s, 500) ? s->n - 1 : s->n + 1;
    struct sim_node *n = &s->node[newcomer];

    s->node[s->n].who = (int)s->n;
    n->catch_up = FWL_SYNC_SNAPSHOT;
    n->gone = true;
    if (sim_chance(s, 500)) {
        for (uint32_t i = 0; i < s->n; i++) {
            s->node[i].retain = 20;
        }
    }
    sim_start(s);
    n->gone = false;
    grow_to(s, 12 + sim_random(s, 30));
    if (sim_chance(s, 500)) {
        change_once(s);
    }
    grow_to(s, s->best + 25);
    sim_snapshot(s, s->n);
    sim_snapshot(s, newcomer == 0 ? 1 : 0);
    spoil(s, newcomer);
    s->loss = sim_random(s, 50);
    s->dup = sim_random(s, 50);
    sim_boot(s, newcomer);
    for (int i = 0; i < 12; i++) {
        sim_load(s, 1, 1000);
        sim_run(s, s->now + 100 + sim_random(s, 2000));
        disturb(s, newcomer);
    }
    for (uint32_t i = 0; i <= s->n; i++) { /* some of them honest */
        if (i != newcomer && s->node[i].alive) {
            sim_snapshot(s, i);
        }
    }
    n->failing = false;
    if (n->restore != NULL) {
        fwl_memstore_fail(n->restore, 0, FWL_MEMSTORE_NONE, false);
    }
    heal(s);
    settle(s);
    sim_met[SIM_MET_RESTORED] += n->restored;
    sim_met[SIM_MET_RESTORE_DROPS] += n->drops;
    if (n->restored > 0) {
        refuses_what_is_final(s, n);
    }
}
