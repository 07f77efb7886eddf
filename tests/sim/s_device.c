/*
 * S21 and S22: devices ask a net that lives, through liars. What a device takes is the chain's, young enough, and
 * decides on the newest release of that height, whatever was mixed into the answer: old tips, parts of other moments,
 * flipped bits, values left out. Now and then the power fails while it writes.
 *
 * The last device has no clock: it asks validators for the time, and what it takes for now was so between its question
 * and the answer, whatever liars make of their words and a few wrong clocks of theirs.
 */
#include "tests/sim/device.h"
#include "tests/sim/faults.h"

enum {
    DEVICES = 3,
    KEPT = 12, /* answers of the past */
    RELEASES = 12,
    ASK_MS = 1500,
    CLOCKLESS = DEVICES - 1,
    POLL_MS = 50,
    RETRIES = 5, /* at the end: a block may come while words are collected */
};

static struct {
    struct device device[DEVICES];
    struct {
        uint8_t room[DEVICE_BUNDLE_ROOM];
        struct fwl_span bundle;
    } kept[KEPT];
    uint32_t kept_count;
    uint32_t release_tx[RELEASES]; /* of 1.1.0, ...: number of its transaction */
    uint32_t releases;
    bool ends;
    uint8_t honest[DEVICE_BUNDLE_ROOM], forged[DEVICE_BUNDLE_ROOM];
    struct forgery f, from;
    struct { /* the question of the device without a clock */
        struct question q;
        uint8_t bundle_room[DEVICE_BUNDLE_ROOM], room[FWL_ATTESTS_SIZE_MAX], past_room[FWL_ATTESTS_SIZE_MAX];
        struct fwl_span bundle, words, past_words; /* those of the past: an earlier answer */
    } time;
} lab;

/* The newest release at that height. */
static unsigned
newest_at(const struct sim *s, uint64_t height)
{
    unsigned minor = 0;

    for (uint32_t i = 0; i < lab.releases; i++) {
        uint64_t at = s->tx[lab.release_tx[i]].height;

        minor = at != 0 && at <= height ? i + 1 : minor;
    }
    return minor;
}

/* What a device has taken is the chain's, young enough, and decides on the newest release. */
static void
check_taken(struct sim *s, const struct device *d, unsigned installs, const char *what)
{
    uint64_t now_ms = WORLD_START_MS + s->now;
    const struct fwl_trust *t = &d->state.trust;

    if (t->height > s->best || !fwl_hash32_equal(&t->block_hash, &s->decided_hash[t->height])) {
        sim_fail(s, SIM_DEVICE, "a device takes %s: a block %llu that is not the chain's", what,
                 (unsigned long long)t->height);
    }
    if (now_ms > t->time_ms && now_ms - t->time_ms > d->settings.max_age_ms) {
        sim_fail(s, SIM_DEVICE, "a device takes %s that is %llu ms old", what,
                 (unsigned long long)(now_ms - t->time_ms));
    }
    if (installs != newest_at(s, t->height)) {
        sim_fail(s, SIM_DEVICE, "a device takes %s of height %llu and would install 1.%u.0, not 1.%u.0", what,
                 (unsigned long long)t->height, installs, newest_at(s, t->height));
    }
}

static void
judge_answer(struct sim *s, struct device *d, struct fwl_span bundle, const char *what)
{
    unsigned installs = 0;

    if (device_ask(s, d, bundle, WORLD_START_MS + s->now, &installs) == FWL_OK) {
        check_taken(s, d, installs, what);
    }
}

/* ---- what liars make of an answer ---- */

static struct fwl_span
of_the_past(struct sim *s)
{
    return lab.kept[sim_random(s, FWL_MIN(lab.kept_count, (uint32_t)KEPT))].bundle;
}

static void
mix(struct sim *s, uint32_t how)
{
    uint32_t which = sim_random(s, FWL_ANSWER_PROOFS);

    forgery_open(&lab.from, of_the_past(s));
    switch (how) {
    case 0: lab.f.answer.proofs[which] = lab.from.answer.proofs[which]; break;
    case 1: lab.f.answer.cert = lab.from.answer.cert; break;
    case 2: lab.f.answer.header = lab.from.answer.header; break;
    case 3:
        memcpy(lab.f.steps, lab.from.steps, sizeof(lab.f.steps));
        lab.f.step_count = lab.from.step_count;
        break;
    case 4: lab.f.step_count = (uint16_t)(lab.f.step_count / 2); break;
    case 5: lab.f.value_count = (uint16_t)sim_random(s, lab.f.value_count); break;
    case 6:
        memcpy(lab.f.values, lab.from.values, sizeof(lab.f.values));
        lab.f.value_count = lab.from.value_count;
        break;
    case 7:
        lab.f.answer.proofs[which] = lab.from.answer.proofs[which];
        memcpy(lab.f.values, lab.from.values, sizeof(lab.f.values));
        lab.f.value_count = lab.from.value_count;
        break;
    default: lab.f.answer.proofs[which] = lab.f.answer.proofs[(which + 1) % FWL_ANSWER_PROOFS]; break;
    }
}

static void
lie(struct sim *s, struct device *d, struct fwl_span honest)
{
    uint32_t how = sim_random(s, 12);
    struct fwl_span bytes = fwl_span(lab.forged, honest.size);

    if (how < 9) {
        forgery_open(&lab.f, honest);
        mix(s, how);
        judge_answer(s, d, forgery_close(&lab.f, lab.forged), "parts of two answers");
        return;
    }
    if (how == 9) {
        judge_answer(s, d, of_the_past(s), "an answer of the past");
        return;
    }
    memcpy(lab.forged, honest.p, honest.size);
    if (how == 10) {
        lab.forged[sim_random(s, (uint32_t)honest.size)] ^= (uint8_t)(1U << sim_random(s, 8));
    } else {
        bytes.size = sim_random(s, (uint32_t)honest.size);
    }
    if (device_ask(s, d, bytes, WORLD_START_MS + s->now, NULL) == FWL_OK) {
        sim_fail(s, SIM_DEVICE, "a device takes a damaged answer");
    }
}

/* The power fails while the newest slot is written: what is read back is that or the one before. */
static void
power_cut(struct sim *s, struct device *d)
{
    unsigned slot = d->state.slot;
    struct device older = *d;
    struct device torn = *d;
    size_t k = 0;

    if (!d->written || d->size[1 - slot] == 0) {
        return;
    }
    older.size[slot] = 0;
    for (k = sim_random(s, (uint32_t)d->size[slot] + 1); k < d->size[slot]; k++) {
        torn.flash[slot][k] = (uint8_t)sim_random(s, 256);
    }
    if (device_boot(&older) != FWL_OK || device_boot(&torn) != FWL_OK ||
        torn.state.trust.height < older.state.trust.height || torn.state.trust.epoch < older.state.trust.epoch) {
        sim_fail(s, SIM_DEVICE, "a power cut takes a device back to height %llu",
                 (unsigned long long)torn.state.trust.height);
    }
    *d = torn;
}

/* ---- the time ---- */

/* What the device without a clock takes for now was so between its question and the answer; false: it refuses. */
static bool
judge_time(struct sim *s, struct device *d, struct fwl_span bundle, const char *what)
{
    const struct question *q = &lab.time.q;
    uint64_t elapsed_ms = s->now - q->sent_ms;
    uint64_t now_ms = 0;
    unsigned installs = 0;

    if (device_ask_timed(s, d, bundle, q, lab.time.words, elapsed_ms, &now_ms, &installs) != FWL_OK) {
        return false;
    }
    check_taken(s, d, installs, what);
    if (now_ms < WORLD_START_MS + s->now || now_ms > WORLD_START_MS + s->now + elapsed_ms) {
        sim_fail(s, SIM_DEVICE, "a device takes %lld ms for the time, with %s",
                 (long long)now_ms - (long long)(WORLD_START_MS + s->now), what);
    }
    return true;
}

/* Words, header and all, that no device takes. */
static void
no_time(struct sim *s, const struct device *d, struct fwl_span words, uint64_t late_ms, const char *what)
{
    struct device copy = *d;
    uint64_t elapsed_ms = s->now - lab.time.q.sent_ms + late_ms;

    if (device_ask_timed(s, &copy, lab.time.bundle, &lab.time.q, words, elapsed_ms, NULL, NULL) == FWL_OK) {
        sim_fail(s, SIM_DEVICE, "a device takes the time of %s", what);
    }
}

/* Words that are put together anew: one left out, one said twice, one of another time, or all for an earlier question.
 */
static void
lie_in_words(struct sim *s, const struct device *d, uint32_t how)
{
    struct fwl_attest words[SIM_NODES + 1];
    size_t count = words_load(words, how == 3 ? lab.time.past_words : lab.time.words);
    uint32_t which = sim_random(s, (uint32_t)count);
    uint8_t room[FWL_ATTESTS_SIZE_MAX];

    if (how == 0) {
        count--;
        memmove(words + which, words + which + 1, (count - which) * sizeof(words[0]));
    } else if (how == 1) {
        count++;
        memmove(words + which + 1, words + which, (count - 1 - which) * sizeof(words[0]));
    } else if (how == 2) {
        words[which].time_ms--;
    }
    no_time(s, d, words_store(room, &lab.time.q.request, words, count), 0, "words that are not those of a quorum");
}

static void
lie_about_time(struct sim *s, struct device *d)
{
    struct fwl_span words = lab.time.words;
    uint32_t how = sim_random(s, 9);
    uint8_t room[FWL_ATTESTS_SIZE_MAX];

    memcpy(room, words.p, words.size);
    switch (how) {
    case 0: no_time(s, d, fwl_span(room, sim_random(s, (uint32_t)words.size)), 0, "words that are cut off"); break;
    case 1:
        room[sim_random(s, (uint32_t)words.size)] ^= (uint8_t)(1U << sim_random(s, 8));
        no_time(s, d, fwl_span(room, words.size), 0, "damaged words");
        break;
    case 2: no_time(s, d, words, d->settings.max_age_ms + 1000, "an answer that was held back"); break;
    case 3: no_time(s, d, lab.time.past_words, 0, "an earlier question"); break;
    case 4: (void)judge_time(s, d, of_the_past(s), "an answer of the past and words of today"); break;
    default: lie_in_words(s, d, how - 5); break;
    }
}

/* The words have come, and go through a liar perhaps. */
static void
take_words(struct sim *s, struct device *d)
{
    if (lab.kept_count > 0 && lab.time.past_words.size > 0 && sim_chance(s, 700)) {
        lie_about_time(s, d);
    } else {
        (void)judge_time(s, d, lab.time.bundle, "the words of validators");
    }
    memcpy(lab.time.past_room, lab.time.words.p, lab.time.words.size);
    lab.time.past_words = fwl_span(lab.time.past_room, lab.time.words.size);
    if (sim_chance(s, 100)) {
        power_cut(s, d);
    }
}

/* What correct node @node answers; false: nothing now. */
static bool
answers(struct sim *s, uint32_t node, const struct device *d, uint8_t room[DEVICE_BUNDLE_ROOM], struct fwl_span *bundle)
{
    const struct sim_node *n = &s->node[node];

    return n->alive && sim_correct(n) && n->height != UINT64_MAX && n->height > 0 &&
           device_bundle(s, node, d->state.trust.epoch, fwl_span_text(CATALOG_CLASS), room, bundle) == FWL_OK;
}

/* Asks a node for an answer, and through it validators for the time; false: there is none now. */
static bool
question(struct sim *s, uint32_t node)
{
    struct device *d = &lab.device[CLOCKLESS];

    return answers(s, node, d, lab.time.bundle_room, &lab.time.bundle) &&
           device_question(s, d, &lab.time.q, node, lab.time.bundle) == FWL_OK;
}

static void
ask(struct sim *s, uint64_t which)
{
    struct device *d = &lab.device[which];
    uint32_t node = sim_random(s, s->count);
    struct fwl_span honest;

    if (lab.ends) {
        return;
    }
    sim_later(s, 1 + sim_random(s, 2 * ASK_MS), ask, which);
    if (!answers(s, node, d, lab.honest, &honest)) {
        return;
    }
    if (lab.kept_count > 0 && sim_chance(s, 700)) {
        lie(s, d, honest);
    } else {
        judge_answer(s, d, honest, "an honest answer");
    }
    if (sim_chance(s, 300)) {
        uint32_t at = lab.kept_count++ < KEPT ? lab.kept_count - 1 : sim_random(s, KEPT);

        memcpy(lab.kept[at].room, honest.p, honest.size);
        lab.kept[at].bundle = fwl_span(lab.kept[at].room, honest.size);
    }
    if (sim_chance(s, 100)) {
        power_cut(s, d);
    }
}

/* @asked: the words are under way. */
static void
ask_time(struct sim *s, uint64_t asked)
{
    if (lab.ends) {
        return;
    }
    if (asked == 0) {
        asked = question(s, sim_random(s, s->count));
    } else if (!device_waits(s, &lab.time.q)) {
        lab.time.words = device_words(s, &lab.time.q, lab.time.room);
        if (lab.time.words.size > 0) {
            take_words(s, &lab.device[CLOCKLESS]);
        }
        asked = 0;
    }
    sim_later(s, asked != 0 ? POLL_MS : 1 + sim_random(s, 2 * ASK_MS), ask_time, asked);
}

/* At the end @node brings the device the time. */
static void
bring_time(struct sim *s, uint32_t node)
{
    for (int i = 0; i < RETRIES; i++) {
        uint64_t until = s->now + 1000;

        if (question(s, node)) {
            device_await(s, &lab.time.q);
            lab.time.words = device_words(s, &lab.time.q, lab.time.room);
            if (lab.time.words.size > 0 && judge_time(s, &lab.device[CLOCKLESS], lab.time.bundle, "words at the end")) {
                return;
            }
        }
        sim_run(s, FWL_MAX(until, s->now));
    }
    sim_fail(s, SIM_DEVICE, "node %u does not bring a device the time at the end", node);
}

static void
release(struct sim *s)
{
    FWL_ASSERT(lab.releases < RELEASES);
    lab.release_tx[lab.releases++] = s->txs;
    catalog_release(s, lab.releases, false);
}

/* The devices; the net has begun and has a class without releases. */
static void
begin(struct sim *s)
{
    lab.kept_count = lab.releases = 0;
    lab.ends = false;
    catalog_open(s);
    release(s);
    lab.time.past_words = fwl_span(NULL, 0);
    for (uint64_t i = 0; i < DEVICES; i++) {
        device_start(s, &lab.device[i]);
        sim_later(s, sim_random(s, ASK_MS), i == CLOCKLESS ? ask_time : ask, i == CLOCKLESS ? 0 : i);
    }
}

/* Once the net is whole again, everybody learns of the newest release from anybody. */
static void
finish(struct sim *s)
{
    heal(s);
    settle(s);
    lab.ends = true;
    for (uint32_t i = 0; i < s->count; i++) {
        struct device *d = &lab.device[i % CLOCKLESS];
        struct fwl_span honest;
        unsigned installs = 0;
        enum fwl_err err = FWL_OK;

        if (!s->node[i].alive || !sim_correct(&s->node[i])) {
            continue;
        }
        do { /* sixty-four epochs an answer, and no more here */
            FWL_ASSERT(device_bundle(s, i, d->state.trust.epoch, fwl_span_text(CATALOG_CLASS), lab.honest, &honest) ==
                       FWL_OK);
            err = device_ask(s, d, honest, s->decided[s->best].time_ms + 1000, &installs);
        } while (err == FWL_ERR_EPOCH && d->state.trust.height < s->best);
        if (err != FWL_OK || installs != lab.releases) {
            sim_fail(s, SIM_DEVICE, "a device is told by node %u at the end: %s, and would install 1.%u.0, not 1.%u.0",
                     i, fwl_err_name(err), installs, lab.releases);
        }
        bring_time(s, i);
    }
}

void
s21_forged(struct sim *s)
{
    struct churn c;

    churn_open(s, &c);
    s->loss = sim_random(s, 30);
    sim_start(s);
    begin(s);
    for (int round = 0; round < 6 && churn_goes_on(s, &c); round++) {
        churn_step(s, &c);
        if (sim_chance(s, 500)) {
            release(s);
        }
        if (sim_chance(s, 300)) {
            crash_one(s);
        }
        sim_run(s, s->now + sim_random(s, 8000));
    }
    finish(s);
}

/* Up to f validators are up to an hour off. */
static void
wrong_clocks(struct sim *s)
{
    bool chosen[SIM_NODES] = {false};

    choose(s, sim_random(s, sim_faulty(s) + 1), chosen);
    for (uint32_t i = 0; i < s->n; i++) {
        if (chosen[i]) {
            s->node[i].skew_ms = (int64_t)sim_random(s, 7200000) - 3600000;
        }
    }
}

void
s22_withheld(struct sim *s)
{
    uint64_t policies = 1;

    s->loss = sim_random(s, 50);
    wrong_clocks(s);
    sim_start(s);
    begin(s);
    for (int round = 0; round < 8; round++) {
        uint32_t what = sim_random(s, 4);

        if (what == 0) {
            catalog_policy(s, policies++);
        } else if (what == 1) {
            catalog_floor(s, (uint64_t)round + 1);
        } else {
            release(s);
        }
        if (sim_chance(s, 300)) {
            split_one(s);
        }
        sim_run(s, s->now + sim_random(s, 15000)); /* an answer gets too old within some of these */
        heal_links(s);
    }
    finish(s);
}
