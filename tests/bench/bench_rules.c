/*
 * What rules cost: evaluation of loaded rules over bound slots, compilation, and a decision. One line per case: name,
 * median, unit; with --json one object per line; with --limits it exits 1 when a median is above its limit. Processor
 * time, so that other programs count as little as they can.
 *
 * The rules are those of docs/spec/rules.md, "Rules that must be easy", by number. Inputs make each run to its last
 * term. tests/bench/peers/run measures the same rules in JavaScript implementations beside these.
 */
#include "../unit/policy/world.h"
#include "contracts/cel/compile/compile.h"
#include "tests/bench/bench.h"

enum {
    EXTRA = FWL_CEL_SLOTS,
    SLOTS = EXTRA + 4,
};

static const struct fwl_cel_variable booking[] = {
    {"Origin", "string", EXTRA, 0, 0, FWL_CEL_FROM_TEST},
    {"Country", "string", EXTRA + 1, 0, 0, FWL_CEL_FROM_TEST},
    {"Value", "int", EXTRA + 2, 0, 0, FWL_CEL_FROM_TEST},
    {"Adults", "int", EXTRA + 3, 0, 0, FWL_CEL_FROM_TEST},
};

enum { /* ns; 0: none */
       LIMIT_COMPILE = 20000,
       LIMIT_DECIDE = 5000,
};

static const struct {
    const char *name;
    double limit; /* of the evaluation, ns; 0: none */
    const char *source;
} rules[] = {
    {"first_expression", 60, "(Origin == \"MOW\" || Country == \"RU\") && (Value >= 100 || Adults == 1)"},
    {"rules_3_and_6", 300,
     "device.hardware in release.hardware && device.revision >= release.min_revision && device.revision <= "
     "release.max_revision && (device.region in [\"DE\", \"FR\", \"NL\"] || (device.region == \"US\" && "
     "release.labels[?\"fcc_id\"].hasValue()))"},
    {"rules_9_and_10", 300,
     "(rollout.attempted < 50 || rollout.failed * 100 <= rollout.attempted * 2) && [\"ana\", \"bo\", \"chen\", "
     "\"dee\", \"eli\"].filter(a, a in release.approvals).size() >= 3"},
    {"rule_7", 300,
     "release.requires.all(p, p in device.installed && !device.installed[p].isLessThan(release.requires[p]))"},
    {"rule_2", 300,
     "now.getDayOfWeek(device.utc_offset) in [0, 6] || now.getHours(device.utc_offset) >= 21 || "
     "now.getHours(device.utc_offset) < 5"},
    {"rule_1", 0,
     "bucket(device.id, rollout.salt, 100) < (now - rollout.started >= duration(\"72h\") ? 100 : "
     "now - rollout.started >= duration(\"24h\") ? 25 : 5)"},
    {"rule_5", 0,
     "![\"2.1.0\", \"2.1.1\"].exists(v, release.version == semver(v)) && "
     "!(release.version.compareTo(semver(\"2.2.0\")) >= 0 && release.version.isLessThan(semver(\"2.2.7\")))"},
};

/* The policy of the decision: rules 4, 11, 12 and 8. */
static const struct {
    enum fwl_effect effect;
    const char *source;
} policy[] = {
    {FWL_EFFECT_PERMIT, "device.version.major() == release.version.major() || "
                        "!device.version.isLessThan(semver(\"1.9.4\"))"},
    {FWL_EFFECT_REQUIRE, "\"canary\" in device.groups || now - release.published >= duration(\"15m\")"},
    {FWL_EFFECT_REQUIRE, "!(\"pin\" in device.labels) || release.version == semver(device.labels[\"pin\"])"},
    {FWL_EFFECT_FORCE, "release.severity == \"critical\" && device.version.isLessThan(semver(\"2.3.4\")) && "
                       "device.battery >= 30"},
};

static struct fwl_cel_cell
text(const char *t)
{
    return fwl_cel_cell_string(fwl_span_text(t));
}

static struct fwl_cel_cell
semver(const char *t)
{
    return fwl_cel_cell_version(FWL_SCHEME_SEMVER, fwl_span_text(t), 0);
}

static void
bind_device(struct fwl_cel_cell *s)
{
    static struct fwl_cel_cell installed[6];
    static struct fwl_cel_cell requires[6];
    static const char *const names[3] = {"modem", "bootloader", "application"};
    static const char *const have[3] = {"2.4.1", "1.0.9", "3.12.0"};
    static const char *const want[3] = {"2.4.0", "1.0.0", "3.11.0"};

    for (size_t i = 0; i < 3; i++) {
        installed[2 * i] = requires[2 * i] = text(names[i]);
        installed[2 * i + 1] = semver(have[i]);
        requires[2 * i + 1] = semver(want[i]);
    }
    s[FWL_CEL_SLOT_DEVICE_ID] = text("gw-000417");
    s[FWL_CEL_SLOT_DEVICE_HARDWARE] = text("gw100-r3");
    s[FWL_CEL_SLOT_DEVICE_REVISION] = fwl_cel_cell_int(7);
    s[FWL_CEL_SLOT_DEVICE_INSTALLED] = fwl_cel_cell_map(installed, 3);
    s[FWL_CEL_SLOT_RELEASE_REQUIRES] = fwl_cel_cell_map(requires, 3);
    s[FWL_CEL_SLOT_DEVICE_REGION] = text("US");
    s[FWL_CEL_SLOT_DEVICE_UTC_OFFSET] = text("+03:00");
}

static void
bind_release(struct fwl_cel_cell *s)
{
    static struct fwl_cel_cell hardware[2];
    static struct fwl_cel_cell approvals[3];
    static struct fwl_cel_cell labels[2];

    hardware[0] = text("gw100-r2");
    hardware[1] = text("gw100-r3");
    approvals[0] = text("ana");
    approvals[1] = text("chen");
    approvals[2] = text("eli");
    labels[0] = text("fcc_id");
    labels[1] = text("2ABCD-GW100");
    s[FWL_CEL_SLOT_NOW] = fwl_cel_cell_timestamp(1770000000, 0);
    s[FWL_CEL_SLOT_RELEASE_VERSION] = semver("2.3.4");
    s[FWL_CEL_SLOT_RELEASE_HARDWARE] = fwl_cel_cell_list(hardware, 2);
    s[FWL_CEL_SLOT_RELEASE_MIN_REVISION] = fwl_cel_cell_int(3);
    s[FWL_CEL_SLOT_RELEASE_MAX_REVISION] = fwl_cel_cell_int(9);
    s[FWL_CEL_SLOT_RELEASE_LABELS] = fwl_cel_cell_map(labels, 1);
    s[FWL_CEL_SLOT_RELEASE_APPROVALS] = fwl_cel_cell_list(approvals, 3);
    s[FWL_CEL_SLOT_ROLLOUT_SALT] = text("r7");
    s[FWL_CEL_SLOT_ROLLOUT_STARTED] = fwl_cel_cell_timestamp(1769900000, 0);
    s[FWL_CEL_SLOT_ROLLOUT_ATTEMPTED] = fwl_cel_cell_int(400);
    s[FWL_CEL_SLOT_ROLLOUT_FAILED] = fwl_cel_cell_int(3);
    s[EXTRA] = text("LED");
    s[EXTRA + 1] = text("RU");
    s[EXTRA + 2] = fwl_cel_cell_int(99);
    s[EXTRA + 3] = fwl_cel_cell_int(1);
}

struct bench {
    struct fwl_span source;
    struct fwl_cel_options options;
    struct fwl_cel_program program;
    struct fwl_cel_cell slots[SLOTS];
    struct fwl_cel_cell constants[FWL_CEL_CONSTANTS];
    struct fwl_cel_cell stack[FWL_CEL_STACK_CELLS];
    struct fwl_cel_cell arena[FWL_CEL_ARENA_UNITS / sizeof(struct fwl_cel_cell)];
    void *compile_arena[FWL_CEL_COMPILE_ARENA / sizeof(void *)];
    uint8_t code[FWL_CEL_CODE_BYTES];
};

static void
evaluate(void *cookie)
{
    struct bench *b = cookie;
    const struct fwl_cel_memory memory = {b->stack, FWL_CEL_STACK_CELLS, b->arena, sizeof(b->arena)};
    struct fwl_cel_result result;

    fwl_cel_eval(&result, &memory, &b->program, b->slots, SLOTS, &fwl_cel_limits_lang1);
    FWL_ASSERT(result.err == FWL_CEL_OK);
}

static void
compile(void *cookie)
{
    struct bench *b = cookie;
    struct fwl_cel_compiled out;
    struct fwl_cel_diagnostic d;

    FWL_ASSERT(fwl_cel_compile(&out, &d, b->compile_arena, sizeof(b->compile_arena), b->source, &b->options) == FWL_OK);
    memcpy(b->code, out.code.p, out.code.size);
    FWL_ASSERT(fwl_cel_load(&b->program, b->constants, FWL_CEL_CONSTANTS, fwl_span(b->code, out.code.size),
                            &fwl_cel_limits_lang1) == FWL_OK);
}

static void
decide(void *cookie)
{
    struct world *w = cookie;
    struct fwl_decide_input in = world_input(w);
    enum fwl_err err = fwl_decide(&w->decision, w->candidates, &w->work, &in, w->releases);

    FWL_ASSERT(err == FWL_OK && w->decision.kind == FWL_DECISION_INSTALL);
}

/* A device that runs 1.0.0 under @policy, and 8 decoded releases of which the newest is chosen. */
static struct world *
decision(struct bench *b)
{
    static const char *const versions[] = {"1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0"};
    static const struct fwl_span groups[] = {{(const uint8_t *)"hall-2", 6}, {(const uint8_t *)"night", 5}};
    static const struct fwl_fact_label labels[] = {{{(const uint8_t *)"site", 4}, {(const uint8_t *)"hamburg", 7}}};
    struct world *w = world_new();

    for (size_t i = 0; i < FWL_COUNT(versions); i++) {
        (void)world_add_version(w, versions[i]);
    }
    world_no_rules(w);
    for (size_t i = 0; i < FWL_COUNT(policy); i++) {
        struct fwl_cel_compiled out;
        struct fwl_cel_diagnostic d;
        enum fwl_err err =
            fwl_cel_compile_condition(&out, &d, b->compile_arena, sizeof(b->compile_arena),
                                      fwl_span_text(policy[i].source), (struct fwl_cel_schema){0}, FWL_SCHEME_SEMVER);

        FWL_ASSERT(err == FWL_OK);
        world_rule(w, policy[i].effect, out.code);
    }
    w->facts.groups = groups;
    w->facts.group_count = FWL_COUNT(groups);
    w->facts.labels = labels;
    w->facts.label_count = FWL_COUNT(labels);
    w->facts.has_battery = true;
    w->facts.battery = 80;
    w->work.cells = w->cells;
    w->work.cell_count = FWL_COUNT(w->cells);
    world_seal(w);
    return w;
}

struct options {
    bool smoke;
    bool json;
    bool limits;
    bool above; /* a median was above its limit */
};

static double
sample(void (*call)(void *cookie), void *cookie, uint64_t calls)
{
    double start = bench_cpu_ns();

    for (uint64_t i = 0; i < calls; i++) {
        call(cookie);
    }
    return (bench_cpu_ns() - start) / (double)calls;
}

static void
measure(struct options *o, const char *verb, const char *name, double limit, void (*call)(void *cookie), void *cookie)
{
    double samples[BENCH_SAMPLES];
    size_t count = o->smoke ? 1 : BENCH_SAMPLES;
    uint64_t calls = 1;

    while (!o->smoke && sample(call, cookie, calls) * (double)calls < BENCH_SAMPLE_NS) {
        calls *= 2;
    }
    for (size_t i = 0; i < count; i++) {
        samples[i] = sample(call, cookie, calls);
    }
    qsort(samples, count, sizeof(samples[0]), bench_compare);
    printf(o->json ? "{\"name\": \"%s_%s\", \"median\": %.1f, \"unit\": \"ns\"}\n" : "%s_%s %.1f ns\n", verb, name,
           samples[count / 2]);
    if (o->limits && limit > 0 && samples[count / 2] > limit) {
        (void)fprintf(stderr, "bench_rules: %s_%s: the median is above %.0f ns\n", verb, name, limit);
        o->above = true;
    }
}

int
main(int argc, char **argv)
{
    static struct bench b;
    struct options o = {.smoke = bench_smoke(argc, argv)};
    struct world *w = NULL;

    for (int i = 1; i < argc; i++) {
        o.json = o.json || strcmp(argv[i], "--json") == 0;
        o.limits = o.limits || strcmp(argv[i], "--limits") == 0;
    }
    b.options = (struct fwl_cel_options){.limits = &fwl_cel_limits_lang1,
                                         .schema = fwl_cel_schema_lang1,
                                         .extra = {booking, FWL_COUNT(booking)},
                                         .profile = FWL_CEL_SUITE,
                                         .want_bool = true};
    bind_device(b.slots);
    bind_release(b.slots);
    for (size_t i = 0; i < FWL_COUNT(rules); i++) {
        b.source = fwl_span_text(rules[i].source);
        compile(&b);
        measure(&o, "eval", rules[i].name, rules[i].limit, evaluate, &b);
    }
    for (size_t i = 0; i < FWL_COUNT(rules); i++) {
        b.source = fwl_span_text(rules[i].source);
        measure(&o, "compile_and_load", rules[i].name, LIMIT_COMPILE, compile, &b);
    }
    w = decision(&b);
    measure(&o, "decide", "4_rules_8_releases", LIMIT_DECIDE, decide, w);
    world_free(w);
    return o.above ? 1 : 0;
}
