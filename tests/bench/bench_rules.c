/*
 * What rules cost: evaluation of loaded rules over bound slots, and compilation. One line per case: name, median, unit;
 * with --json one object per line. The rules are those of docs/spec/rules.md, "Rules that must be easy".
 */
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

static const struct {
    const char *name;
    const char *source;
} rules[] = {
    {"first_expression", "(Origin == \"MOW\" || Country == \"RU\") && (Value >= 100 || Adults == 1)"},
    {"hardware_and_region",
     "device.hardware in release.hardware && device.revision >= release.min_revision && device.revision <= "
     "release.max_revision && (device.region in [\"DE\", \"FR\", \"NL\"] || (device.region == \"US\" && "
     "release.labels[?\"fcc_id\"].hasValue()))"},
    {"failures_and_approvals",
     "(rollout.attempted < 50 || rollout.failed * 100 <= rollout.attempted * 2) && [\"ana\", \"bo\", \"chen\", "
     "\"dee\", \"eli\"].filter(a, a in release.approvals).size() >= 3"},
    {"dependencies", "release.requires.all(p, p in device.installed && "
                     "!device.installed[p].isLessThan(release.requires[p]))"},
    {"maintenance_window", "now.getDayOfWeek(device.utc_offset) in [0, 6] || now.getHours(device.utc_offset) >= 21 "
                           "|| now.getHours(device.utc_offset) < 5"},
    {"staged_rollout", "bucket(device.id, rollout.salt, 100) < (now - rollout.started >= duration(\"72h\") ? 100 : "
                       "now - rollout.started >= duration(\"24h\") ? 25 : 5)"},
    {"deny_list", "![\"2.1.0\", \"2.1.1\"].exists(v, release.version == semver(v)) && "
                  "!(release.version.compareTo(semver(\"2.2.0\")) >= 0 && "
                  "release.version.isLessThan(semver(\"2.2.7\")))"},
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
    static const char *const want[3] = {"2.4.0", "1.0.0", "3.2.0"};

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
    s[FWL_CEL_SLOT_DEVICE_REGION] = text("FR");
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
    s[EXTRA] = text("MOW");
    s[EXTRA + 1] = text("RU");
    s[EXTRA + 2] = fwl_cel_cell_int(100);
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
measure(const char *verb, const char *name, bool smoke, bool json, void (*call)(void *cookie), struct bench *b)
{
    double samples[BENCH_SAMPLES];
    size_t count = smoke ? 1 : BENCH_SAMPLES;
    uint64_t calls = 1;

    while (!smoke && bench_sample(call, b, calls) * (double)calls < BENCH_SAMPLE_NS) {
        calls *= 2;
    }
    for (size_t i = 0; i < count; i++) {
        samples[i] = bench_sample(call, b, calls);
    }
    qsort(samples, count, sizeof(samples[0]), bench_compare);
    printf(json ? "{\"name\": \"%s_%s\", \"median\": %.1f, \"unit\": \"ns\"}\n" : "%s_%s %.1f ns\n", verb, name,
           samples[count / 2]);
}

int
main(int argc, char **argv)
{
    static struct bench b;
    bool smoke = bench_smoke(argc, argv);
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;

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
        measure("eval", rules[i].name, smoke, json, evaluate, &b);
    }
    for (size_t i = 0; i < FWL_COUNT(rules); i++) {
        b.source = fwl_span_text(rules[i].source);
        measure("compile_load", rules[i].name, smoke, json, compile, &b);
    }
    return 0;
}
