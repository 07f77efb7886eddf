#include "tests/sim/faults.h"

void
start(struct sim *s, uint32_t txs)
{
    sim_start(s);
    sim_load(s, txs, FAULTS_MS);
}

void
phase(struct sim *s)
{
    sim_run(s, s->now + FAULTS_MS);
}

void
every(struct sim *s, uint32_t about_ms, void (*fault)(struct sim *s))
{
    uint64_t end = s->now + FAULTS_MS;

    while (s->now < end) {
        sim_run(s, s->now + 1 + sim_random(s, 2 * about_ms));
        fault(s);
    }
}

void
choose(struct sim *s, uint32_t count, bool chosen[SIM_NODES])
{
    memset(chosen, 0, SIM_NODES * sizeof(chosen[0]));
    while (count > 0) {
        uint32_t i = sim_random(s, s->n);

        count -= chosen[i] ? 0 : 1;
        chosen[i] = true;
    }
}

static bool
is_below(struct sim *s)
{
    return s->best < s->goal;
}

bool
reach(struct sim *s, uint64_t height, uint64_t limit_ms)
{
    s->goal = height;
    return sim_run_while(s, s->now + limit_ms, is_below);
}

uint32_t
next_leader(const struct sim *s, uint32_t view)
{
    const struct fwl_chain_tip *tip = fwl_replica_tip(s->node[0].replica);
    struct fwl_pubkey32 key;

    fwl_validators_key(&key, &tip->validators, fwl_chain_leader(tip, view));
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->node[i].who >= 0 && memcmp(&s->world.key[s->node[i].who], &key, sizeof(key)) == 0) {
            return i;
        }
    }
    return 0;
}

static bool
is_apart(struct sim *s)
{
    for (uint32_t a = 0; a < s->count; a++) {
        for (uint32_t b = 0; b < a; b++) {
            bool gone = s->node[a].gone || s->node[b].gone || s->never[a][b];

            if (!gone && s->conn[a][b] == 0) {
                return true;
            }
        }
    }
    return false;
}

bool
assemble(struct sim *s, uint64_t limit_ms)
{
    return sim_run_while(s, s->now + limit_ms, is_apart);
}

void
corrupt(struct sim *s, uint32_t lies)
{
    bool chosen[SIM_NODES];

    choose(s, 1 + sim_random(s, sim_faulty(s)), chosen);
    s->byzantine = true;
    for (uint32_t i = 0; i < s->n; i++) {
        if (!chosen[i]) {
            continue;
        }
        while (s->node[i].lies == 0) {
            for (uint32_t l = 0; l < SIM_LIE_COUNT; l++) {
                s->node[i].lies |= sim_chance(s, 300) ? lies & 1U << l : 0;
            }
        }
        s->node[i].lie_field = sim_random(s, SIM_FIELDS);
    }
}

/* ---- single faults ---- */

void
crash_one(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->count)];
    uint32_t how = sim_random(s, 4);

    if (!n->alive || n->failing) {
        return;
    }
    if (how == 0) {
        n->die_after = 1 + sim_random(s, 40);
    } else if (how == 1) {
        sim_store_fail(sim_chance(s, 500) ? &n->votes : &n->chain, 1 + sim_random(s, 6),
                       sim_chance(s, 500) ? FWL_MEMSTORE_LOST : FWL_MEMSTORE_UNANSWERED, false);
    } else {
        s->aim.on = true;
        s->aim.node = sim_chance(s, 500) ? n->id : SIM_NODES;
        s->aim.point = (enum sim_point)sim_random(s, SIM_POINT_COUNT);
        s->aim.how = (enum sim_strike)sim_random(s, SIM_STRIKE_COUNT);
    }
}

/* All at once, or one after the other; sometimes exactly when the k-th vote was written by everybody. */
void
mass_one(struct sim *s)
{
    uint32_t how = sim_random(s, 3);
    uint64_t back = 100 + sim_random(s, 2000);

    for (uint32_t i = 0; i < s->count; i++) {
        if (how == 0) {
            sim_crash(s, i, back);
        } else if (how == 1) {
            sim_crash(s, i, back + sim_random(s, 2000));
        } else if (s->node[i].alive && !s->node[i].failing) {
            sim_store_fail(&s->node[i].votes, 1 + sim_random(s, 3), FWL_MEMSTORE_UNANSWERED, false);
        }
    }
}

void
full_one(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->count)];

    sim_store_fail(sim_chance(s, 600) ? &n->votes : &n->chain, sim_chance(s, 400) ? 0 : 1 + sim_random(s, 3),
                   FWL_MEMSTORE_FULL, sim_chance(s, 500));
}

/* One of the shapes of a broken net, or a whole one. */
void
split_one(struct sim *s)
{
    uint32_t shape = sim_random(s, 6);
    uint32_t mask = sim_random(s, 1U << s->count);
    uint32_t alone = sim_random(s, s->count);

    heal_links(s);
    for (uint32_t a = 0; a < s->count; a++) {
        for (uint32_t b = 0; b < s->count; b++) {
            bool cut = (mask >> a & 1) != (mask >> b & 1);

            if (shape == 1) {
                cut = a == alone || b == alone;
            } else if (shape == 2) { /* ring */
                cut = (a + 1) % s->count != b && (b + 1) % s->count != a;
            } else if (shape == 3) { /* a bridge */
                cut = cut && a != alone && b != alone;
            } else if (shape == 4) { /* one way */
                cut = cut && a < b;
            } else if (shape == 5) {
                cut = false;
            }
            s->blocked[a][b] = a != b && cut;
        }
    }
}

void
clock_one(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->count)];

    n->skew_ms = (int64_t)sim_random(s, 4000) - 2000;
    if (sim_chance(s, 200)) {
        n->skew_ms *= 30;
    }
}

/* ---- the end of faults ---- */

void
heal_links(struct sim *s)
{
    memset(s->blocked, 0, sizeof(s->blocked));
}

void
heal(struct sim *s)
{
    heal_links(s);
    s->loss = s->dup = s->tail = s->bandwidth = 0;
    s->lost = NULL;
    s->strike = NULL;
    s->aim.on = false;
    for (uint32_t i = 0; i < s->count; i++) {
        struct sim_node *n = &s->node[i];

        n->die_after = 0;
        n->frozen = false;
        n->cpu_ms = n->fsync_ms = 0;
        n->skew_ms = n->skew_ms > 200 ? 200 : n->skew_ms < -200 ? -200 : n->skew_ms;
        sim_store_fail(&n->chain, 0, FWL_MEMSTORE_NONE, false);
        sim_store_fail(&n->votes, 0, FWL_MEMSTORE_NONE, false);
        if (!n->alive) {
            sim_boot(s, i);
        }
    }
}

void
settle(struct sim *s)
{
    uint64_t begin = s->now;

    if (s->forked) {
        return; /* checker 9 has the word */
    }
    if (!sim_run_while(s, begin + HEAL_MS, sim_unsettled)) {
        sim_fail(s, SIM_PROGRESS, "not settled %u ms after the faults ended", (unsigned)HEAL_MS);
    }
    sim_met_settle_ms = FWL_MAX(sim_met_settle_ms, s->now - begin);
    sim_run(s, s->now + (s->quick ? 100 : 5000)); /* nothing comes after */
    if (!sim_run_while(s, s->now + HEAL_MS, sim_unsettled)) {
        sim_fail(s, SIM_PROGRESS, "not settled any more");
    }
    sim_check_end(s);
}
