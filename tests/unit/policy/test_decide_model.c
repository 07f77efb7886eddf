/*
 * Random worlds, decided by fwl_decide and by the plainest program that does the same from the text of
 * docs/spec/answer.md. Versions are major.0.0, so the model compares digits; a rule is one of four shapes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "world.h"

enum {
    WORLDS = 4000,
    RELEASES = 6,
    RULES = 5,
};

enum shape { SHAPE_TRUE, SHAPE_FALSE, SHAPE_ERROR, SHAPE_CHANNEL, SHAPES };

struct model_release {
    int version, rank; /* rank 0: none */
    bool beta, valid, malicious, fits, region, window;
    int min, max;
    unsigned counter;
    int rollout; /* 0 none, else enum fwl_rollout_state */
    bool share;  /* everybody or nobody */
};

struct model_rule {
    enum fwl_effect effect;
    enum shape shape;
    bool rollback, dry_run, scoped_away;
};

struct model {
    struct model_release releases[RELEASES];
    struct model_rule rules[RULES];
    int release_count, rule_count, running; /* running 0: not told */
    bool listed, staged, in_region, suspended;
    unsigned floor, floor_epoch, vendor_epoch;
};

static uint64_t seed;

static unsigned
draw(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

static void
draw_model(struct model *m)
{
    *m = (struct model){.release_count = (int)draw(RELEASES + 1),
                        .rule_count = (int)draw(RULES + 1),
                        .running = (int)draw(6),
                        .listed = draw(2) != 0,
                        .staged = draw(3) == 0,
                        .in_region = draw(2) != 0,
                        .suspended = draw(20) == 0,
                        .floor = draw(4),
                        .floor_epoch = draw(2),
                        .vendor_epoch = draw(2)};
    for (int i = 0; i < m->release_count; i++) {
        m->releases[i] = (struct model_release){.version = 1 + (int)draw(6),
                                                .rank = (int)draw(3),
                                                .beta = draw(3) == 0,
                                                .valid = draw(8) != 0,
                                                .malicious = draw(8) == 0,
                                                .fits = draw(5) != 0,
                                                .region = draw(4) == 0,
                                                .window = draw(4) == 0,
                                                .min = (int)draw(4),
                                                .max = 1 + (int)draw(5),
                                                .counter = draw(5),
                                                .rollout = (int)draw(6),
                                                .share = draw(2) != 0};
    }
    for (int i = 0; i < m->rule_count; i++) {
        m->rules[i] = (struct model_rule){.effect = i == 0 ? FWL_EFFECT_PERMIT : (enum fwl_effect)(1 + draw(4)),
                                          .shape = (enum shape)draw(SHAPES),
                                          .rollback = draw(3) == 0,
                                          .dry_run = draw(6) == 0,
                                          .scoped_away = draw(6) == 0};
    }
}

/* 1 true, 0 false, -1 error */
static int
outcome(const struct model_rule *rule, const struct model_release *r)
{
    switch (rule->shape) {
    case SHAPE_TRUE: return 1;
    case SHAPE_FALSE: return 0;
    case SHAPE_CHANNEL: return r->beta ? 1 : 0;
    case SHAPE_ERROR:
    case SHAPES: break;
    }
    return -1;
}

static bool
rules_admit(const struct model *m, const struct model_release *r, bool *forced)
{
    int permits = 0;
    int rollbacks = 0;
    bool refused = false;

    *forced = false;
    for (int i = 0; i < m->rule_count; i++) {
        const struct model_rule *rule = &m->rules[i];
        int o = outcome(rule, r);

        if (rule->dry_run || rule->scoped_away) {
            continue;
        }
        permits += rule->effect == FWL_EFFECT_PERMIT && o == 1;
        rollbacks += rule->effect == FWL_EFFECT_PERMIT && o == 1 && rule->rollback;
        refused =
            refused || (rule->effect == FWL_EFFECT_REQUIRE && o != 1) || (rule->effect == FWL_EFFECT_FORBID && o != 0);
        *forced = *forced || (rule->effect == FWL_EFFECT_FORCE && o == 1);
    }
    if (r->version <= m->running && (permits == 0 || rollbacks != permits)) {
        return false;
    }
    return permits > 0 && !refused;
}

static bool
installable(const struct model *m, const struct model_release *r, bool *forced)
{
    bool window = !r->window || ((r->min == 0 || m->running >= r->min) && m->running <= r->max);
    bool floor = m->vendor_epoch > m->floor_epoch || r->counter >= m->floor;
    bool rollout = !m->staged || r->rollout == FWL_ROLLOUT_DONE || (r->rollout == FWL_ROLLOUT_ACTIVE && r->share);

    return r->fits && r->valid && !r->malicious && (!r->region || m->in_region) && window && floor &&
           rules_admit(m, r, forced) && rollout;
}

/* What the decision should be; @chosen is -1 unless it is install. */
static enum fwl_decision_kind
model_decide(const struct model *m, int *chosen, bool *forced)
{
    bool fits = false;
    bool newer = false;

    *chosen = -1;
    *forced = false;
    for (int i = 0; !m->suspended && i < m->release_count; i++) {
        const struct model_release *r = &m->releases[i];
        const struct model_release *best = *chosen < 0 ? NULL : &m->releases[*chosen];
        bool force = false;

        fits = fits || r->fits;
        newer = newer || (r->fits && r->version > m->running);
        if (!installable(m, r, &force)) {
            continue;
        }
        if (best == NULL || (m->listed ? (r->rank != 0 ? r->rank : 99) < (best->rank != 0 ? best->rank : 99)
                                       : r->version >= best->version)) {
            *chosen = i;
            *forced = force;
        }
    }
    if (*chosen >= 0) {
        return FWL_DECISION_INSTALL;
    }
    return m->suspended || !fits || newer ? FWL_DECISION_NOTHING : FWL_DECISION_CURRENT;
}

static struct fwl_span
version_text(struct world *w, int major)
{
    struct fwl_writer writer = world_begin(w);

    fwl_writer_u8(&writer, (uint8_t)('0' + major));
    fwl_writer_bytes(&writer, ".0.0", 4);
    return world_end(w, &writer);
}

static void
build_release(struct world *w, const struct model_release *r)
{
    static const char *const models[] = {"gw100", "gw7"};
    static const char *const regions[] = {"DE"};
    struct fwl_release release = world_release("1.0.0");
    struct fwl_condition condition = {.has = FWL_HAS(1), .models = world_texts(w, 1, r->fits ? models : models + 1)};
    struct fwl_writer writer;
    size_t i = 0;

    release.version = version_text(w, r->version);
    release.counter = r->counter;
    release.valid = r->valid;
    release.has |= FWL_HAS(FWL_RELEASE_CHANNEL) | FWL_HAS(FWL_RELEASE_HARDWARE);
    release.channel = fwl_span_text(r->beta ? "beta" : "stable");
    writer = world_begin(w);
    fwl_release_put_condition(&writer, &condition);
    release.hardware = (struct fwl_list){.items = world_end(w, &writer), .count = 1};
    if (r->rank != 0) {
        release.has |= FWL_HAS(FWL_RELEASE_RANK);
        release.rank = (uint64_t)r->rank;
    }
    if (r->region) {
        release.has |= FWL_HAS(FWL_RELEASE_REGIONS);
        release.regions = world_texts(w, 1, regions);
    }
    if (r->window) {
        release.has |= FWL_HAS(FWL_RELEASE_WINDOW);
        release.window.min = r->min == 0 ? (struct fwl_span){0} : version_text(w, r->min);
        release.window.max = version_text(w, r->max);
    }
    i = world_add(w, &release);
    w->flags[i] = FWL_LIVE_VALID | (r->malicious ? FWL_LIVE_MALICIOUS : 0U);
    if (r->rollout != 0) {
        world_rollout(w, i, (enum fwl_rollout_state)r->rollout, r->share ? 10000 : 0);
    }
}

static void
build_rule(struct world *w, const struct model_rule *rule, int i)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    static const char *const away[] = {"other/*/*"};
    struct fwl_rule built = {.has = 0x1fe,
                             .name = fwl_span_text(names[i]),
                             .effect = rule->effect,
                             .lang = FWL_CEL_LANG,
                             .dry_run = rule->dry_run,
                             .rollback = rule->rollback};

    if (rule->scoped_away) {
        built.scope = world_texts(w, 1, away);
    }
    switch (rule->shape) {
    case SHAPE_TRUE: built.code = code_bool(w, true); break;
    case SHAPE_FALSE: built.code = code_bool(w, false); break;
    case SHAPE_CHANNEL: built.code = code_text(w, FWL_CEL_SLOT_RELEASE_CHANNEL, "beta"); break;
    case SHAPE_ERROR:
    case SHAPES: built.code = code_error(w); break;
    }
    world_rule_put(w, &built);
}

static void
build(struct world *w, const struct model *m, struct fwl_floor *floor)
{
    static const char *const staged[] = {"*/*/*"};

    world_no_rules(w);
    w->facts.version = m->running == 0 ? (struct fwl_span){0} : version_text(w, m->running);
    w->facts.region = fwl_span_text(m->in_region ? "DE" : "FR");
    *floor = (struct fwl_floor){.component = fwl_span_text("app"), .counter = m->floor, .epoch = m->floor_epoch};
    w->facts.floors = floor;
    w->facts.floor_count = 1;
    w->vendor.floor_epoch = m->vendor_epoch;
    w->vendor.suspended = m->suspended;
    w->policy.select = m->listed ? FWL_SELECT_LISTED : FWL_SELECT_HIGHEST;
    if (m->staged) {
        w->policy.staged = world_texts(w, 1, staged);
    }
    for (int i = 0; i < m->release_count; i++) {
        build_release(w, &m->releases[i]);
    }
    for (int i = 0; i < m->rule_count; i++) {
        build_rule(w, &m->rules[i], i);
    }
}

static void
test_decide_model__agree(void **state)
{
    unsigned kinds[3] = {0};

    (void)state;
    for (unsigned i = 0; i < WORLDS; i++) {
        struct world *w = world_new();
        struct fwl_floor floor;
        struct model m;
        int chosen = -1;
        bool forced = false;
        enum fwl_decision_kind kind = FWL_DECISION_NOTHING;

        seed = i;
        draw_model(&m);
        build(w, &m, &floor);
        kind = model_decide(&m, &chosen, &forced);
        if (draw(2) != 0) { /* with and without room for loaded rules */
            w->work.cell_count = FWL_DECIDE_CELLS(0, 0, 0);
        }
        assert_int_equal(world_decide(w), FWL_OK);
        if (w->decision.kind != kind ||
            (chosen >= 0 && (w->decision.chosen != (size_t)chosen || w->decision.forced != forced))) {
            fail_msg("seed %u: %s %zu, the model says %s %d", i, fwl_decision_name(w->decision.kind),
                     w->decision.chosen, fwl_decision_name(kind), chosen);
        }
        kinds[kind]++;
        world_free(w);
    }
    for (size_t i = 0; i < 3; i++) { /* the generator reaches all of them */
        assert_true(kinds[i] > WORLDS / 20);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_decide_model__agree)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
