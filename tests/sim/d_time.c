/*
 * S21 and S22 for a device without a clock: everything that a liar between it and the validators can do to their words
 * about the time, one attack a case; every choice of up to f wrong clocks; every truncation and every flipped bit. A
 * net with a change of its set has answered three questions; other words are signed here, with the keys of the net.
 */
#include "ledger/model/statement.h"
#include "tests/sim/device.h"
#include "tests/sim/directed.h"

enum moment {
    OLD,     /* an older tip */
    EARLIER, /* the newest tip, another question */
    NOW,     /* the newest tip */
    MOMENTS
};

enum {
    PART = 16, /* bytes that one case alters */
};

static const uint64_t year_ms = UINT64_C(365) * 86400 * 1000;

/* What a net of one size has said; kept from case to case. */
static struct {
    uint32_t n;
    uint8_t room[MOMENTS][DEVICE_BUNDLE_ROOM], words_room[MOMENTS][FWL_ATTESTS_SIZE_MAX];
    struct fwl_span bundle[MOMENTS], words[MOMENTS];
    struct question q[MOMENTS];
    uint64_t came_ms[MOMENTS];
    struct device genesis; /* has taken nothing yet */
    struct device newest;  /* has taken NOW; its set is that of the newest tip */
} lab;

/* One attack under way: what the device is given. */
struct attack {
    struct sim *s;
    struct fwl_span bundle, words;
    struct question q;
    uint64_t elapsed_ms;
    struct fwl_attest word[SIM_NODES + 1]; /* those of NOW */
    size_t count;
    struct forgery f;
    uint8_t bundle_room[DEVICE_BUNDLE_ROOM], words_room[FWL_ATTESTS_SIZE_MAX];
};

/* ---- the net ---- */

static bool
is_behind(struct sim *s)
{
    return s->node[0].height < s->best;
}

static void
keep(struct sim *s, enum moment m)
{
    (void)sim_run_while(s, s->now + 10000, is_behind);
    if (device_bundle(s, 0, 0, fwl_span_text(CATALOG_CLASS), lab.room[m], &lab.bundle[m]) != FWL_OK ||
        device_question(s, &lab.genesis, &lab.q[m], 0, lab.bundle[m]) != FWL_OK) {
        sim_fail(s, SIM_DEVICE, "node 0 has no answer");
    }
    device_await(s, &lab.q[m]);
    lab.words[m] = device_words(s, &lab.q[m], lab.words_room[m]);
    lab.came_ms[m] = s->now;
    if (lab.words[m].size == 0) {
        sim_fail(s, SIM_DEVICE, "nobody says the time");
    }
}

static void
set_up(struct sim *s)
{
    struct churn c;

    if (lab.n == s->n) {
        return;
    }
    lab.n = 0;
    churn_open(s, &c);
    sim_start(s);
    device_start(s, &lab.genesis);
    catalog_open(s);
    catalog_release(s, 1, false);
    keep(s, OLD);
    churn_step(s, &c);
    catalog_release(s, 2, false);
    keep(s, EARLIER);
    keep(s, NOW);
    FWL_ASSERT(lab.q[EARLIER].request.height == lab.q[NOW].request.height);
    lab.newest = lab.genesis;
    if (device_ask_timed(s, &lab.newest, lab.bundle[NOW], &lab.q[NOW], lab.words[NOW], 0, NULL, NULL) != FWL_OK) {
        sim_fail(s, SIM_DEVICE, "an honest answer is refused");
    }
    lab.n = s->n;
}

/* What a device makes of it that trusts the genesis block. */
static enum fwl_err
give(struct attack *a, uint64_t *now_ms)
{
    struct device d = lab.genesis;

    return device_ask_timed(a->s, &d, a->bundle, &a->q, a->words, a->elapsed_ms, now_ms, NULL);
}

static void
open_attack(struct attack *a, struct sim *s)
{
    a->s = s;
    a->bundle = lab.bundle[NOW];
    a->words = lab.words[NOW];
    a->q = lab.q[NOW];
    a->elapsed_ms = lab.came_ms[NOW] - lab.q[NOW].sent_ms;
    a->count = words_load(a->word, a->words);
}

/* The words of the attack become a file for its question. */
static void
close_words(struct attack *a)
{
    a->words = words_store(a->words_room, &a->q.request, a->word, a->count);
}

/* Key of the validator whose word @i is, by its number. */
static size_t
who_says(const struct attack *a, size_t i)
{
    struct fwl_validators set;
    struct fwl_governors governors;
    struct fwl_pubkey32 key;

    fwl_trust_sets(&set, &governors, &lab.newest.state.trust);
    fwl_validators_key(&key, &set, a->word[i].idx);
    return world_number(&a->s->world, &key);
}

/* Word @i is signed for that time by validator key @who. */
static void
sign(struct attack *a, size_t i, uint64_t time_ms, size_t who)
{
    struct fwl_hash32 digest;

    a->word[i].time_ms = time_ms;
    fwl_statement_attest(&digest, &a->s->world.chain_id, a->q.request.nonce, a->q.request.height,
                         &a->q.request.block_hash, time_ms);
    world_sign(&a->s->world, &a->word[i].sig, who, &digest);
}

/* ---- attacks ---- */

static void
other_tip(struct attack *a)
{
    a->words = lab.words[OLD];
    a->q = lab.q[OLD];
}

static void
earlier_question(struct attack *a)
{
    a->words = lab.words[EARLIER];
}

static void
earlier_words(struct attack *a)
{
    a->count = words_load(a->word, lab.words[EARLIER]);
    close_words(a);
}

static void
one_less(struct attack *a)
{
    a->count--;
    close_words(a);
}

static void
one_twice(struct attack *a)
{
    a->word[a->count - 1] = a->word[0];
    close_words(a);
}

static void
one_twice_in_order(struct attack *a)
{
    memmove(a->word + 1, a->word, (a->count - 1) * sizeof(a->word[0]));
    close_words(a);
}

static void
one_altered(struct attack *a)
{
    a->word[a->count - 1].time_ms++;
    close_words(a);
}

static void
by_another(struct attack *a)
{
    sign(a, a->count - 1, a->word[0].time_ms, who_says(a, 0));
    close_words(a);
}

static void
by_nobody(struct attack *a)
{
    a->word[a->count - 1].idx = (uint16_t)(a->s->n + 1); /* of a set of at most n + 1 */
    close_words(a);
}

static void
held_back(struct attack *a)
{
    a->elapsed_ms = lab.genesis.settings.max_age_ms + 1000;
}

static void
held_back_for_ever(struct attack *a)
{
    a->elapsed_ms = UINT64_MAX;
}

static void
before_the_tip(struct attack *a)
{
    uint64_t tip_ms = lab.newest.state.trust.time_ms;

    for (size_t i = 0; i < a->count; i++) {
        sign(a, i, tip_ms - FWL_TRUST_FUTURE_MS - 1 - a->elapsed_ms, who_says(a, i));
    }
    close_words(a);
}

/* A young tip, but the step to its set came two years late. */
static void
beyond_the_period(struct attack *a)
{
    struct fwl_validators set;
    struct fwl_governors governors;

    fwl_trust_sets(&set, &governors, &lab.newest.state.trust);
    forgery_open(&a->f, a->bundle);
    a->f.header.height++;
    a->f.header.time_ms = WORLD_START_MS + 1000 + FWL_TRUST_PERIOD_MS;
    forgery_cert(a->s, &a->f, &set, &a->s->world.chain_id);
    a->bundle = forgery_close(&a->f, a->bundle_room);
    a->q.request.height = a->f.header.height;
    fwl_header_hash(&a->q.request.block_hash, &a->f.header);
    for (size_t i = 0; i < a->count; i++) {
        sign(a, i, a->f.header.time_ms, who_says(a, i));
    }
    close_words(a);
}

static const struct {
    const char *name;
    void (*make)(struct attack *a);
} attacks[] = {
    {"an earlier question about the same tip", earlier_question},
    {"an earlier question, as if of this one", earlier_words},
    {"another tip", other_tip},
    {"one validator less than a quorum", one_less},
    {"a validator twice, at the end", one_twice},
    {"a validator twice, in a row", one_twice_in_order},
    {"a validator who said another time", one_altered},
    {"a validator, signed by another", by_another},
    {"a validator that there is not", by_nobody},
    {"validators whose words were held back", held_back},
    {"validators whose words were held back for ever", held_back_for_ever},
    {"validators long before the tip", before_the_tip},
    {"validators beyond the trusting period", beyond_the_period},
};

static void
attack(struct attack *a, size_t which)
{
    attacks[which].make(a);
    if (give(a, NULL) == FWL_OK) {
        sim_fail(a->s, SIM_DEVICE, "a device takes the time of %s", attacks[which].name);
    }
}

/* ---- what must be taken ---- */

/* What it takes for now was so between question and answer. */
static void
check_time(struct attack *a, const char *what)
{
    uint64_t came_ms = WORLD_START_MS + lab.came_ms[NOW];
    uint64_t now_ms = 0;
    enum fwl_err err = give(a, &now_ms);

    if (err != FWL_OK || now_ms < came_ms || now_ms > came_ms + a->elapsed_ms) {
        sim_fail(a->s, SIM_DEVICE, "%s: %s, and the time is taken to be %lld ms", what, fwl_err_name(err),
                 (long long)now_ms - (long long)came_ms);
    }
}

/* Every choice of at most f of the words of a quorum, each a year behind or ahead: digits of base three. */
static void
wrong_clocks(struct attack *a)
{
    uint32_t f = (uint32_t)(a->count - 1) / 2;
    uint32_t choices = 1;

    for (size_t i = 0; i < a->count; i++) {
        choices *= 3;
    }
    for (uint32_t choice = 0; choice < choices; choice++) {
        uint32_t digits = choice;
        uint32_t wrong = 0;

        open_attack(a, a->s);
        for (size_t i = 0; i < a->count; i++, digits /= 3) {
            wrong += digits % 3 != 0;
            if (digits % 3 != 0) {
                sign(a, i, digits % 3 == 1 ? a->word[i].time_ms - year_ms : a->word[i].time_ms + year_ms,
                     who_says(a, i));
            }
        }
        if (wrong <= f) {
            close_words(a);
            check_time(a, "wrong clocks");
        }
    }
}

/* ---- every truncation, every bit ---- */

/* Bytes @first and what follows: cut off before each, one bit in each flipped. */
static void
alter(struct attack *a, size_t first)
{
    size_t size = a->words.size;

    memcpy(a->words_room, a->words.p, size);
    for (size_t i = first; i < FWL_MIN(first + PART, size); i++) {
        a->words = fwl_span(a->words_room, i);
        if (give(a, NULL) == FWL_OK) {
            sim_fail(a->s, SIM_DEVICE, "words that are cut off at %zu are taken", i);
        }
        a->words = fwl_span(a->words_room, size);
        for (int bit = 0; bit < 8; bit++) {
            a->words_room[i] ^= (uint8_t)(1U << bit);
            if (give(a, NULL) == FWL_OK) {
                sim_fail(a->s, SIM_DEVICE, "words that are wrong in bit %d of byte %zu are taken", bit, i);
            }
            a->words_room[i] ^= (uint8_t)(1U << bit);
        }
    }
}

/* Cases: 0 the honest one, then attacks, wrong clocks, parts of the words. */
void
d22_time(struct sim *s, uint64_t i)
{
    static struct attack a;
    uint64_t last = 2 + FWL_COUNT(attacks);

    set_up(s);
    open_attack(&a, s);
    if (i == 0) {
        check_time(&a, "an honest answer");
    } else if (i <= FWL_COUNT(attacks)) {
        attack(&a, i - 1);
    } else if (i == 1 + FWL_COUNT(attacks)) {
        wrong_clocks(&a);
    } else if ((i - last) * PART >= a.words.size) {
        s->skip = UINT64_MAX;
    } else {
        alter(&a, (i - last) * PART);
    }
}
