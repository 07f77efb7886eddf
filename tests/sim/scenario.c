/* What happens to the network, the stores, the clocks and the processes (testing.md 3). */
#include "tests/sim/sim.h"

enum {
    FAULTS_MS = 25000,
    HEAL_MS = 240000, /* everything is settled this long after the faults ended */
    STEP_MS = 400,
};

static uint64_t
until(const struct sim *s)
{
    return s->now + FAULTS_MS;
}

static void
heal_links(struct sim *s, uint64_t arg)
{
    (void)arg;
    memset(s->blocked, 0, sizeof(s->blocked));
}

/* Faults end: links, stores and clocks are good, everybody comes back. */
static void
heal(struct sim *s)
{
    heal_links(s, 0);
    s->loss = s->dup = s->tail = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        struct sim_node *n = &s->node[i];

        n->die_after = 0;
        n->rate = 1000;
        n->skew_ms = n->skew_ms > 200 ? 200 : n->skew_ms < -200 ? -200 : n->skew_ms;
        fwl_memstore_fail(n->chain, 0, FWL_MEMSTORE_NONE, false);
        fwl_memstore_fail(n->votes, 0, FWL_MEMSTORE_NONE, false);
        if (!n->alive) {
            sim_boot(s, i);
        }
    }
}

static void
settle(struct sim *s)
{
    uint64_t start = s->now;

    if (sim_run_while(s, start + HEAL_MS, sim_unsettled)) {
        sim_run(s, s->now + 5000); /* nothing comes after */
        if (!sim_run_while(s, s->now + HEAL_MS, sim_unsettled)) {
            sim_fail(s, "not settled any more");
        }
    } else {
        sim_fail(s, "not settled %u ms after the faults ended", (unsigned)HEAL_MS);
    }
    sim_check_end(s);
}

static void
start(struct sim *s, uint32_t txs)
{
    sim_start(s);
    sim_load(s, txs, FAULTS_MS);
}

/* Faults that repeat until the phase ends. */
static void
every(struct sim *s, uint32_t about_ms, void (*fault)(struct sim *s))
{
    uint64_t end = until(s);

    while (s->now < end) {
        sim_run(s, s->now + 1 + sim_random(s, 2 * about_ms));
        fault(s);
    }
}

/* ---- calm, loss ---- */

static void
calm(struct sim *s)
{
    start(s, 30);
    sim_run(s, until(s));
    settle(s);
}

static void
lossy(struct sim *s)
{
    static const uint32_t losses[] = {10, 100, 400};

    s->loss = losses[sim_random(s, 3)];
    s->dup = sim_random(s, 200);
    s->tail = sim_random(s, 200);
    start(s, 25);
    sim_run(s, until(s));
    heal(s);
    settle(s);
}

/* ---- crashes ---- */

static void
crash_one(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->count)];
    uint32_t store = sim_random(s, 3);
    uint32_t how = sim_random(s, 2);
    uint64_t nth = 1 + sim_random(s, 6);

    if (!n->alive || n->failing) {
        return;
    }
    n->failing = true;
    if (store == 2) {
        n->die_after = 1 + sim_random(s, 40);
    } else {
        fwl_memstore_fail(store == 0 ? n->votes : n->chain, nth, how == 0 ? FWL_MEMSTORE_LOST : FWL_MEMSTORE_UNANSWERED,
                          false);
        sim_met.crashes[store][how]++;
    }
}

static void
crash(struct sim *s)
{
    s->loss = sim_random(s, 50);
    start(s, 40);
    every(s, STEP_MS, crash_one);
    heal(s);
    settle(s);
}

/* All at once, or one after the other; sometimes exactly when the k-th vote was written by everybody. */
static void
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
            s->node[i].failing = true;
            fwl_memstore_fail(s->node[i].votes, 1 + sim_random(s, 3), FWL_MEMSTORE_UNANSWERED, false);
            sim_met.crashes[0][1]++;
        }
    }
}

static void
mass(struct sim *s)
{
    start(s, 40);
    every(s, 1500, mass_one);
    heal(s);
    settle(s);
}

static void
full_one(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->count)];

    fwl_memstore_fail(sim_chance(s, 600) ? n->votes : n->chain, sim_chance(s, 400) ? 0 : 1 + sim_random(s, 3),
                      FWL_MEMSTORE_FULL, sim_chance(s, 500));
    sim_met.full++;
}

static void
full(struct sim *s)
{
    start(s, 40);
    every(s, STEP_MS, full_one);
    heal(s);
    settle(s);
}

/* ---- partitions ---- */

static void
split_one(struct sim *s)
{
    uint32_t shape = sim_random(s, 6);
    uint32_t mask = sim_random(s, 1U << s->count);
    uint32_t alone = sim_random(s, s->count);

    heal_links(s, 0);
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

static void
partition(struct sim *s)
{
    s->loss = sim_random(s, 50);
    start(s, 25);
    every(s, sim_chance(s, 300) ? 500 : 2500, split_one);
    heal(s);
    settle(s);
}

/* ---- faulty validators ---- */

static void
silent(struct sim *s)
{
    s->node[sim_random(s, s->n)].silent = true;
    s->loss = sim_random(s, 100);
    start(s, 25);
    sim_run(s, until(s));
    s->loss = 0;
    settle(s);
}

static void
equivocate(struct sim *s)
{
    s->byzantine = true;
    s->node[sim_random(s, s->n)].evil = true;
    s->loss = sim_random(s, 100);
    s->tail = sim_random(s, 50);
    start(s, 25);
    every(s, 2000, sim_chance(s, 500) ? crash_one : split_one);
    heal(s);
    settle(s);
}

/* One key in two processes, each with half of the network. */
static void
twins(struct sim *s)
{
    uint32_t who = sim_random(s, s->n);
    uint32_t other = s->n;

    s->byzantine = true;
    s->node[other].who = (int)who;
    s->node[who].twin = s->node[other].twin = true;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t apart = sim_chance(s, 500) ? who : other;

        if (i != who) {
            s->never[i][apart] = s->never[apart][i] = sim_chance(s, 800);
        }
    }
    s->never[who][other] = s->never[other][who] = true;
    s->loss = sim_random(s, 50);
    start(s, 25);
    every(s, 2500, split_one);
    heal(s);
    settle(s);
}

/* ---- clocks ---- */

static void
clock_one(struct sim *s)
{
    struct sim_node *n = &s->node[sim_random(s, s->count)];

    n->skew_ms = (int64_t)sim_random(s, 4000) - 2000;
    if (sim_chance(s, 200)) {
        n->skew_ms *= 30;
    }
}

static void
skew(struct sim *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        s->node[i].rate = 900 + sim_random(s, 200);
    }
    start(s, 25);
    every(s, 1500, clock_one);
    for (uint32_t i = 0; i < s->count; i++) { /* rates stay; a monotonic clock does not jump */
        s->node[i].skew_ms = s->node[i].skew_ms > 0 ? 200 : -200;
    }
    settle(s);
}

/* ---- idle ---- */

static bool
below(struct sim *s)
{
    return s->best < s->world.salt; /* borrowed by idle: the height to reach */
}

/* Between heartbeats only STATUS; then a transaction exactly when a heartbeat is due. */
static void
idle(struct sim *s)
{
    uint64_t sent[SIM_FRAMES];
    uint64_t beat = s->world.params.heartbeat_ms;

    s->timing.ts = 5000;
    sim_start(s);
    sim_load(s, 1, 10);
    sim_run(s, 10000);
    for (int round = 0; round < 4; round++) {
        uint64_t height = s->best;
        uint64_t due = s->decided[height].time_ms + beat - WORLD_START_MS;
        uint64_t salt = s->world.salt;

        memcpy(sent, s->sent, sizeof(sent));
        sim_run(s, due - 1000);
        for (int t = 0; t < SIM_FRAMES; t++) {
            if (t != FWL_FRAME_STATUS && s->sent[t] != sent[t]) {
                sim_fail(s, "frame type %d on an idle net", t);
            }
        }
        s->world.salt = height + 1;
        if (!sim_run_while(s, due + 30000, below)) {
            sim_fail(s, "no heartbeat at height %llu", (unsigned long long)height + 1);
        }
        s->world.salt = salt;
        sim_run(s, s->now + 20000);
    }
    sim_run(s, s->decided[s->best].time_ms + beat - WORLD_START_MS + sim_random(s, 40) - 20);
    s->resubmit = false; /* at one node only: gossip has to spread it */
    sim_load(s, 1, 0);
    sim_run(s, s->now + 5000);
    settle(s);
}

/* ---- catching up ---- */

static void
late(struct sim *s)
{
    uint32_t away = s->count - 1;

    sim_start(s);
    sim_crash(s, away, 0);
    for (int i = 0; i < 8; i++) {
        sim_load(s, 20, 6000);
        sim_run(s, s->now + 8000);
        if (i == 3 && s->n >= 4) {
            sim_crash(s, 0, 0);
        }
    }
    s->loss = sim_random(s, 150);
    sim_boot(s, away);
    sim_boot(s, 0);
    every(s, 3000, crash_one);
    heal(s);
    settle(s);
}

/* ---- the votes store is lost ---- */

static void
lost_votes(struct sim *s)
{
    struct fwl_memstore *empty = fwl_memstore_new();

    FWL_ASSERT(empty != NULL);
    start(s, 40);
    for (int i = 0; i < 3; i++) {
        struct sim_node *n = &s->node[sim_random(s, s->n)];

        sim_run(s, s->now + 2000 + sim_random(s, 4000));
        sim_crash(s, n->id, 0);
        FWL_ASSERT(fwl_memstore_copy(n->votes, empty) == FWL_OK);
        n->votes_lost = true;
        sim_met.lost_votes++;
        sim_run(s, s->now + sim_random(s, 2000));
        sim_boot(s, n->id);
        sim_load(s, 10, 4000);
        sim_run(s, s->now + 15000); /* one at a time: it votes again two heights later */
    }
    fwl_memstore_free(empty);
    settle(s);
}

/* ---- set changes ---- */

static const uint8_t churn_four[][8] = {
    {0, 1, 2, 3, 4}, {1, 2, 3, 4}, {5, 2, 3, 4}, {5, 2, 3, 4, 6}, {5, 2, 3, 4, 6, 7}, {5, 3, 4, 6, 7}, {5, 4, 6, 7},
};
static const uint8_t churn_sizes[] = {5, 4, 4, 5, 6, 5, 4};
static const int churn_added[] = {4, -1, 5, 6, 7, -1, -1};

static bool
same_epoch(struct sim *s)
{
    return s->decided[s->best].epoch +
               (fwl_hash32_equal(&s->decided[s->best].validators_hash, &s->decided[s->best].next_validators_hash) ? 0
                                                                                                                  : 1) <
           s->world.salt;
}

static void
churn(struct sim *s)
{
    uint8_t bytes[WORLD_TX_ROOM];

    for (uint32_t i = s->n; i < s->count; i++) {
        s->node[i].who = (int)i;
    }
    s->loss = sim_random(s, 50);
    start(s, 40);
    sim_run(s, s->now + 3000);
    for (size_t i = 0; i < FWL_COUNT(churn_sizes); i++) {
        for (uint32_t epoch = (uint32_t)i + 1, tries = 0;; tries++) {
            uint64_t salt = s->world.salt;
            struct fwl_span tx =
                world_change(&s->world, bytes, churn_four[i], churn_sizes[i], epoch, churn_added[i], s->best,
                             &s->decided_hash[s->best], (WORLD_START_MS + s->now) / 1000 + 86400);

            (void)sim_client(s, 0, tx, false);
            s->world.salt = epoch;
            if (sim_run_while(s, s->now + 4000, same_epoch)) {
                s->world.salt = salt + 2;
                break;
            }
            s->world.salt = salt + 2;
            if (tries > 30) {
                sim_fail(s, "the set of epoch %u does not come", epoch);
            }
        }
        if (sim_chance(s, 300)) {
            crash_one(s);
        }
        sim_run(s, s->now + sim_random(s, 1500));
    }
    heal(s);
    settle(s);
}

/* ---- everything ---- */

static void
any_one(struct sim *s)
{
    static void (*const faults[])(struct sim * s) = {crash_one, crash_one, full_one, split_one, clock_one, mass_one};

    faults[sim_random(s, FWL_COUNT(faults))](s);
}

static void
chaos(struct sim *s)
{
    s->loss = sim_random(s, 200);
    s->dup = sim_random(s, 200);
    s->tail = sim_random(s, 100);
    for (uint32_t i = 0; i < s->count; i += 2) {
        s->node[i].pool.transactions_max = 3;
    }
    if (s->n >= 4 && sim_chance(s, 500)) {
        s->byzantine = true;
        s->node[sim_random(s, s->n)].evil = true;
    }
    start(s, 40);
    every(s, 1000, any_one);
    heal(s);
    settle(s);
}

#define ONE   (1U << 1)
#define FOUR  (1U << 4)
#define SEVEN (1U << 7)

const struct scenario sim_scenarios[] = {
    {"calm", calm, ONE | FOUR | SEVEN, 1, 0},       {"lossy", lossy, FOUR | SEVEN, 1, 0},
    {"crash", crash, ONE | FOUR | SEVEN, 1, 0},     {"mass", mass, ONE | FOUR | SEVEN, 1, 0},
    {"full", full, ONE | FOUR | SEVEN, 1, 0},       {"partition", partition, FOUR | SEVEN, 1, 0},
    {"silent", silent, FOUR | SEVEN, 1, 0},         {"equivocate", equivocate, FOUR | SEVEN, 1, 0},
    {"twins", twins, FOUR | SEVEN, 1, 0},           {"skew", skew, FOUR | SEVEN, 0, 0},
    {"idle", idle, ONE | FOUR | SEVEN, 1, 300},     {"late", late, ONE | FOUR | SEVEN, 1, 0},
    {"lost-votes", lost_votes, FOUR | SEVEN, 1, 0}, {"churn", churn, FOUR, 4, 0},
    {"chaos", chaos, FOUR | SEVEN, 1, 0},
};
const size_t sim_scenario_count = FWL_COUNT(sim_scenarios);
