/* S16 to S19: idle nets, changes of the set, catching up. */
#include "tests/sim/directed.h"

/* ---- idle ---- */

/* How many milliseconds until the next heartbeat is due. */
static uint64_t
due_in(const struct sim *s)
{
    uint64_t due = s->decided[s->best].time_ms + s->world.params.heartbeat_ms - WORLD_START_MS;

    return due > s->now ? due - s->now : 0;
}

/* Between heartbeats there is STATUS only. */
static void
idle_beat(struct sim *s)
{
    uint64_t sent[SIM_FRAMES];
    uint64_t height = s->best;

    memcpy(sent, s->sent, sizeof(sent));
    sim_run(s, s->now + due_in(s) - 1000);
    for (int t = 0; t < SIM_FRAMES; t++) {
        if (t != FWL_FRAME_STATUS && s->sent[t] != sent[t]) {
            sim_fail(s, SIM_SILENT, "frame type %d on an idle net", t);
        }
    }
    if (!reach(s, height + 1, 31000)) {
        sim_fail(s, SIM_PROGRESS, "no heartbeat at height %llu", (unsigned long long)height + 1);
    }
    sim_run(s, s->now + 20000);
}

/* The frames that tell of a transaction are lost at first. */
static bool
lost_inventories(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    (void)from, (void)to, (void)payload;
    return type == FWL_FRAME_TXINV && s->now < s->arg[0];
}

/* At one node only, told to nobody at first. */
static void
at_one_node(struct sim *s)
{
    s->lost = lost_inventories;
    s->arg[0] = s->now + 1500;
    (void)sim_one(s, 0, (int)sim_random(s, s->count));
    sim_run(s, s->now + 5000);
    s->lost = NULL;
}

/* More than the pools of some can hold. */
static void
full_pools(struct sim *s)
{
    for (uint32_t i = 0; i < s->n; i += 2) {
        s->node[i].pool.transactions_max = 2;
        sim_crash(s, i, 100); /* it starts with that */
    }
    sim_run(s, s->now + 3000);
    sim_load(s, 30, 500);
    sim_run(s, s->now + 10000);
}

/* It expires later than is allowed, until enough time has passed. */
static void
too_early(struct sim *s)
{
    uint8_t bytes[WORLD_TX_ROOM];
    uint64_t expires_s = (WORLD_START_MS + s->now) / 1000 + 30 * 86400 + 5;
    uint32_t tx = sim_client(s, 0, world_put(&s->world, bytes, ++s->people, 0, expires_s), true);

    s->tx[tx].early = true;
    sim_run(s, s->now + 10000);
    if (s->tx[tx].height == 0) {
        sim_fail(s, SIM_PROGRESS, "a transaction is not committed when it has become valid");
    }
}

void
s16_idle(struct sim *s)
{
    static void (*const ends[])(struct sim * s) = {at_one_node, full_pools, too_early};

    s->timing.ts = 5000;
    sim_start(s);
    sim_load(s, 1, 10);
    sim_run(s, 10000);
    for (int beat = 0; beat < 3; beat++) {
        idle_beat(s);
    }
    s->resubmit = false;
    ends[sim_random(s, FWL_COUNT(ends))](s);
    settle(s);
}

/* What a node keeps of undecided and past heights, in records. */
static uint64_t
kept_votes(const struct sim_node *n)
{
    static const enum fwl_space spaces[] = {FWL_SPACE_REC, FWL_SPACE_CERT, FWL_SPACE_BODY, FWL_SPACE_VMETA};
    struct fwl_storage storage = fwl_memstore_storage(n->votes.mem);
    struct fwl_kv_entry e;
    struct fwl_read read;
    uint64_t count = 0;

    FWL_ASSERT(fwl_read_begin(&storage, &read) == FWL_OK);
    for (size_t i = 0; i < FWL_COUNT(spaces); i++) {
        for (enum fwl_err err = fwl_kv_seek(&read.kv, &e, spaces[i], (struct fwl_span){0}); err == FWL_OK;
             err = fwl_kv_next(&read.kv, &e, spaces[i], e.key)) {
            count++;
        }
    }
    fwl_read_end(&read);
    return count;
}

/* Ten days without a transaction, a heartbeat every five minutes; STATUS every minute makes it bearable. Of a thousand
 * heights a record of votes and two certificates are kept, and some of the height under way. */
void
d16_idle(struct sim *s, uint64_t i)
{
    enum { BEATS_A_DAY = 288, DAYS = 10, KEPT_MAX = 3 * 1000 + 32 };

    if (i > 0) {
        s->skip = UINT64_MAX;
        return;
    }
    s->timing.ts = 60000;
    sim_start(s);
    sim_load(s, 1, 10);
    sim_run(s, 10000);
    for (int beat = 0; beat < DAYS * BEATS_A_DAY; beat++) {
        idle_beat(s);
        for (uint32_t k = 0; beat % BEATS_A_DAY == 0 && k < s->count; k++) {
            if (kept_votes(&s->node[k]) > KEPT_MAX) {
                sim_fail(s, SIM_BOUNDS, "node %u keeps %llu records of votes", k,
                         (unsigned long long)kept_votes(&s->node[k]));
            }
        }
    }
    settle(s);
}

/* ---- S17: a transaction comes at a bad moment ---- */

enum { PROMPT_MS = 800 }; /* with a leader that is there; STATUS alone would bring it after 5 s */

static void
must_be_prompt(struct sim *s, uint32_t tx, uint64_t limit_ms, const char *when)
{
    sim_run(s, s->now + limit_ms);
    if (s->tx[tx].height == 0) {
        sim_fail(s, SIM_PROGRESS, "a transaction that came %s is not committed within %llu ms", when,
                 (unsigned long long)limit_ms);
    }
}

static void
during_view_change(struct sim *s)
{
    uint32_t dead = next_leader(s, 0);

    sim_crash(s, dead, 0);
    (void)sim_one(s, 0, (int)((dead + 1) % s->n));
    sim_run(s, s->now + s->timing.t0 + sim_random(s, 200)); /* the first timer fires */
    must_be_prompt(s, sim_one(s, 0, (int)((dead + 2) % s->n)), 6000, "during a view change");
    sim_boot(s, dead);
    sim_run(s, s->now + 3000);
}

void
s17_wakeups(struct sim *s)
{
    s->timing.ts = 5000;
    s->resubmit = false;
    sim_start(s);
    sim_run(s, 2000);
    for (int round = 0; round < 12; round++) {
        uint64_t height = s->best;
        int at = (int)sim_random(s, s->n);

        if (round % 3 == 0) {
            sim_run(s, s->now + due_in(s) + sim_random(s, 60) - 30);
            must_be_prompt(s, sim_one(s, 0, at), PROMPT_MS, "with a heartbeat");
        } else if (round % 3 == 1) {
            (void)sim_one(s, 0, at);
            (void)reach(s, height + 1, 2000); /* the event in which the first node commits */
            must_be_prompt(s, sim_one(s, 0, (int)sim_random(s, s->n)), PROMPT_MS, "with a commit");
        } else {
            during_view_change(s);
        }
        sim_run(s, s->now + sim_random(s, 2000));
    }
    settle(s);
}

/* ---- S19: catching up ---- */

/* All but one of the peers that the newcomer hears of lie to it: about their height, or in the blocks that they serve.
 * They vote as they should. */
static void
surround(struct sim *s, uint32_t newcomer)
{
    uint32_t honest = sim_random(s, s->n);

    s->byzantine = true;
    for (uint32_t i = 0; i < s->n; i++) {
        if (i == honest) {
            continue;
        }
        s->node[i].twin = true;
        if (sim_chance(s, 300)) {
            s->node[i].lies = SIM_LIE_HEIGHT;
        } else {
            s->node[i].blocks = 1 + sim_random(s, SIM_BLOCKS_NONE);
        }
        s->never[i][newcomer] = s->never[newcomer][i] = sim_chance(s, 200);
    }
}

void
s19_late(struct sim *s)
{
    uint32_t away = s->count - 1;
    bool surrounded = sim_chance(s, 500);

    sim_start(s);
    sim_crash(s, away, 0);
    for (int i = 0; i < 8; i++) {
        sim_load(s, 20, 6000);
        sim_run(s, s->now + 8000);
        if (i == 3 && !surrounded) {
            sim_crash(s, 0, 0);
        }
    }
    s->loss = sim_random(s, 150);
    if (surrounded) {
        surround(s, away);
    }
    sim_boot(s, away);
    sim_boot(s, 0);
    every(s, 3000, crash_one);
    heal(s);
    settle(s);
}

/* ---- S18: changes of the set ---- */

/* s->arg[0]: the epoch that must come. */
static bool
same_epoch(struct sim *s)
{
    const struct fwl_header *h = &s->decided[s->best];
    bool steps = !fwl_hash32_equal(&h->validators_hash, &h->next_validators_hash);

    return h->epoch + (steps ? 1 : 0) < s->arg[0];
}

static uint32_t
propose_set(struct sim *s, const struct churn *c, int added)
{
    uint8_t bytes[WORLD_TX_ROOM];

    return sim_client(s, 0,
                      world_change(&s->world, bytes, c->members, c->count, c->epoch, added, s->best,
                                   &s->decided_hash[s->best], (WORLD_START_MS + s->now) / 1000 + 86400),
                      false);
}

/* Which place in the list the next leader has: removing it must not stop the net. */
static size_t
place_of_leader(const struct sim *s, const struct churn *c)
{
    uint32_t leader = next_leader(s, 0);

    for (size_t i = 0; i < c->count; i++) {
        if (c->members[i] == leader) {
            return i;
        }
    }
    return 0;
}

/* One member more, one less, or another key for one. */
static int
change(struct sim *s, struct churn *c)
{
    size_t place = sim_chance(s, 400) ? place_of_leader(s, c) : sim_random(s, (uint32_t)c->count);
    bool can_add = c->next < s->count;
    int added = SIM_OFF;

    c->epoch++;
    if (c->count > s->n && (!can_add || sim_chance(s, 500))) {
        memmove(c->members + place, c->members + place + 1, c->count - place - 1);
        c->count--;
        return SIM_OFF;
    }
    added = (int)c->next++;
    if (c->count > s->n || sim_chance(s, 500)) {
        c->members[place] = (uint8_t)added;
    } else {
        c->members[c->count++] = (uint8_t)added;
    }
    return added;
}

/* The set as it must become, again and again until it is there. */
static void
bring(struct sim *s, const struct churn *c, int added)
{
    s->arg[0] = c->epoch;
    for (uint32_t tries = 0;; tries++) {
        (void)propose_set(s, c, added);
        if (sim_run_while(s, s->now + 4000, same_epoch)) {
            return;
        }
        if (tries > 30) {
            sim_fail(s, SIM_PROGRESS, "the set of epoch %llu does not come", (unsigned long long)c->epoch);
        }
    }
}

void
churn_open(struct sim *s, struct churn *c)
{
    *c = (struct churn){.count = s->n, .next = s->n};
    for (uint32_t i = 0; i < s->count; i++) {
        s->node[i].who = (int)i;
        c->members[i] = (uint8_t)i;                        /* the first n */
        s->node[i].gone = i >= s->n && sim_chance(s, 300); /* it comes once it is a member */
    }
}

bool
churn_goes_on(const struct sim *s, const struct churn *c)
{
    return c->next < s->count || c->count > s->n;
}

void
churn_step(struct sim *s, struct churn *c)
{
    int added = change(s, c);

    bring(s, c, added);
    if (added != SIM_OFF && s->node[added].gone) {
        s->node[added].gone = false;
        sim_boot(s, (uint32_t)added);
    }
}

void
s18_churn(struct sim *s)
{
    struct churn c;
    uint32_t fewer = 0;

    churn_open(s, &c);
    if (sim_chance(s, 400)) { /* who may be removed meanwhile */
        s->byzantine = true;
        s->node[1 + sim_random(s, s->n - 1)].lies = SIM_LIE_VOTES | SIM_LIE_BLOCKS;
    } else if (sim_chance(s, 400)) {
        s->node[1 + sim_random(s, s->n - 1)].silent = true;
    }
    s->loss = sim_random(s, 50);
    start(s, 40);
    sim_run(s, s->now + 3000);
    while (churn_goes_on(s, &c)) {
        churn_step(s, &c);
        if (sim_chance(s, 300)) {
            crash_one(s);
        }
        sim_run(s, s->now + (sim_chance(s, 500) ? 0 : sim_random(s, 1500)));
    }
    if (s->n == 4) { /* four cannot lose one */
        c.count--;
        c.epoch++;
        fewer = propose_set(s, &c, SIM_OFF);
    }
    heal(s);
    settle(s);
    if (s->n == 4 && s->tx[fewer].height != 0) {
        sim_fail(s, SIM_ONE_CHAIN, "a set of three is in force");
    }
}
