/*
 * Rules, by the first byte: 't' a text to compile, 'b' bytecode.
 *
 * Any text either compiles or is an error with a place inside it. What compiles does so twice alike, loads under the
 * same limits with the same cost, and never costs more than that when it is evaluated; what may be published never runs
 * out of the arena either. Any bytes are either refused by the verifier or safe to run.
 */
#include "contracts/cel/compile/compile.h"
#include "contracts/cel/eval/eval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fwl_cel_cell
fuzz_text(const char *text)
{
    return fwl_cel_cell_string(fwl_span_text(text));
}

static void
fuzz_slots(struct fwl_cel_cell slots[FWL_CEL_SLOTS])
{
    /* {"a": "1.2.3", "bb": "1.0.0-rc.1"} and 16 groups, "canary", "x" and more */
    static const uint8_t installed[] = "\xa2\x61"
                                       "a\x65"
                                       "1.2.3\x62"
                                       "bb\x6a"
                                       "1.0.0-rc.1";
    static const uint8_t groups[] = "\x90\x66"
                                    "canary\x61"
                                    "x"
                                    "\x60\x60\x60\x60\x60\x60\x60\x60\x60\x60\x60\x60\x60\x60";
    static char names[16][3];
    static struct fwl_cel_cell labels[32];
    static char long_text[257];

    memset(long_text, 'x', 256);
    memset(slots, 0, FWL_CEL_SLOTS * sizeof(*slots));
    for (size_t i = 2; i < FWL_COUNT(names); i++) {
        names[i][0] = 'k';
        names[i][1] = (char)('a' + i);
        labels[2 * i] = fuzz_text(names[i]);
        labels[2 * i + 1] = fuzz_text(long_text);
    }
    labels[0] = fuzz_text("pin");
    labels[1] = fuzz_text("1.2.3");
    labels[2] = fuzz_text("site");
    labels[3] = fuzz_text(long_text);
    slots[FWL_CEL_SLOT_NOW] = fwl_cel_cell_timestamp(1770000000, 5);
    slots[FWL_CEL_SLOT_DEVICE_ID] = fuzz_text("gw-000417");
    slots[FWL_CEL_SLOT_DEVICE_VENDOR] = fuzz_text(long_text);
    slots[FWL_CEL_SLOT_DEVICE_HARDWARE] = fuzz_text("");
    slots[FWL_CEL_SLOT_DEVICE_REVISION] = fwl_cel_cell_int(7);
    slots[FWL_CEL_SLOT_DEVICE_VERSION] = fwl_cel_cell_version(FWL_SCHEME_SEMVER, fwl_span_text("1.9.4"), 0);
    slots[FWL_CEL_SLOT_DEVICE_INSTALLED] =
        fwl_cel_cell_cbor_map(fwl_span(installed, sizeof(installed) - 1), FWL_SCHEME_SEMVER);
    slots[FWL_CEL_SLOT_DEVICE_UTC_OFFSET] = fuzz_text("-09:30");
    slots[FWL_CEL_SLOT_DEVICE_GROUPS] = fwl_cel_cell_cbor_list(fwl_span(groups, sizeof(groups) - 1), 0);
    slots[FWL_CEL_SLOT_DEVICE_LABELS] = fwl_cel_cell_map(labels, FWL_COUNT(labels) / 2);
    slots[FWL_CEL_SLOT_DEVICE_BATTERY] = fwl_cel_cell_int(INT64_MIN);
    slots[FWL_CEL_SLOT_DEVICE_UPTIME] = fwl_cel_cell_duration(INT64_MAX);
    slots[FWL_CEL_SLOT_RELEASE_ID] = fuzz_text("r1");
    slots[FWL_CEL_SLOT_RELEASE_SEVERITY] = fuzz_text("critical");
    slots[FWL_CEL_SLOT_RELEASE_CHANNEL] = fuzz_text("stable");
    slots[FWL_CEL_SLOT_RELEASE_VERSION] = fwl_cel_cell_version(FWL_SCHEME_OPAQUE, fwl_span_text("blue"), 3);
    slots[FWL_CEL_SLOT_RELEASE_SIZE] = fwl_cel_cell_int(INT64_MAX);
    slots[FWL_CEL_SLOT_RELEASE_DIGEST] = fwl_cel_cell_bytes(fwl_span("\xff\xfe", 2));
    slots[FWL_CEL_SLOT_RELEASE_PUBLISHED] = fwl_cel_cell_timestamp(-62135596800, 0);
    slots[FWL_CEL_SLOT_RELEASE_CHANGED] = fwl_cel_cell_timestamp(253402300799, 999999999);
    slots[FWL_CEL_SLOT_RELEASE_APPROVALS] = fwl_cel_cell_list(labels, 2);
    slots[FWL_CEL_SLOT_RELEASE_LABELS] = fwl_cel_cell_map(labels, FWL_COUNT(labels) / 2);
}

static void *arenas[2][FWL_CEL_COMPILE_ARENA / sizeof(void *)];

static void
evaluate(const struct fwl_cel_compiled *compiled, enum fwl_cel_profile profile)
{
    static struct fwl_cel_cell constants[FWL_CEL_CONSTANTS];
    static struct fwl_cel_cell stack[FWL_CEL_STACK_CELLS];
    static struct fwl_cel_cell arena[FWL_CEL_ARENA_UNITS / sizeof(struct fwl_cel_cell)];
    struct fwl_cel_cell slots[FWL_CEL_SLOTS];
    const struct fwl_cel_memory memory = {stack, FWL_CEL_STACK_CELLS, arena, sizeof(arena)};
    struct fwl_cel_program program;
    struct fwl_cel_result result;

    FWL_ASSERT(fwl_cel_load(&program, constants, FWL_CEL_CONSTANTS, compiled->code, &fwl_cel_limits_lang1) == FWL_OK);
    FWL_ASSERT(program.cost == compiled->cost);
    fuzz_slots(slots);
    fwl_cel_eval(&result, &memory, &program, slots, FWL_CEL_SLOTS, &fwl_cel_limits_lang1);
    FWL_ASSERT(result.cost <= program.cost);
    FWL_ASSERT(result.err != FWL_CEL_ERR_COST);
    FWL_ASSERT(profile != FWL_CEL_PUBLISH || result.err != FWL_CEL_ERR_ARENA);
    FWL_ASSERT(result.position < compiled->code.size);
}

static void
try_text(const uint8_t *data, size_t size)
{
    struct fwl_cel_options options = {.limits = &fwl_cel_limits_lang1, .schema = fwl_cel_schema_lang1};
    struct fwl_cel_compiled first;
    struct fwl_cel_compiled second;
    struct fwl_cel_diagnostic d;
    enum fwl_err err = FWL_OK;

    if (size == 0) {
        return;
    }
    options.profile = (data[0] & 1) != 0 ? FWL_CEL_SUITE : FWL_CEL_PUBLISH;
    options.unchecked = (data[0] & 3) == 3;
    options.scheme = (data[0] & 4) != 0 ? FWL_SCHEME_SEMVER : 0;
    err = fwl_cel_compile(&first, &d, arenas[0], sizeof(arenas[0]), fwl_span(data + 1, size - 1), &options);
    if (err != FWL_OK) {
        FWL_ASSERT(err != FWL_ERR_MEMORY);
        FWL_ASSERT(d.err == err && d.offset <= size && d.line >= 1 && d.column >= 1 && d.message[0] != '\0');
        return;
    }
    FWL_ASSERT(fwl_cel_compile(&second, NULL, arenas[1], sizeof(arenas[1]), fwl_span(data + 1, size - 1), &options) ==
               FWL_OK);
    FWL_ASSERT(fwl_span_equal(first.code, second.code) && first.cost == second.cost);
    evaluate(&first, options.profile);
}

static void
try_code(const uint8_t *data, size_t size)
{
    static struct fwl_cel_cell constants[FWL_CEL_CONSTANTS];
    static struct fwl_cel_cell arena[FWL_CEL_ARENA_UNITS / sizeof(struct fwl_cel_cell)];
    struct fwl_cel_cell stack[FWL_CEL_STACK_CELLS];
    struct fwl_cel_cell slots[FWL_CEL_SLOTS];
    struct fwl_cel_program program;
    struct fwl_cel_result result;
    struct fwl_cel_memory memory = {stack, 0, arena, sizeof(arena)};

    if (fwl_cel_load(&program, constants, FWL_CEL_CONSTANTS, fwl_span(data, size), &fwl_cel_limits_lang1) != FWL_OK) {
        return;
    }
    memory.stack_cells = program.stack_cells;
    fuzz_slots(slots);
    fwl_cel_eval(&result, &memory, &program, slots, FWL_CEL_SLOTS, &fwl_cel_limits_lang1);
    FWL_ASSERT(result.err == FWL_CEL_OK || result.position < size);
    FWL_ASSERT(result.err == FWL_CEL_ERR_COST || result.cost <= fwl_cel_limits_lang1.cost);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 't') {
        try_text(data + 1, size - 1);
    } else if (size > 0 && data[0] == 'b') {
        try_code(data + 1, size - 1);
    }
    return 0;
}
