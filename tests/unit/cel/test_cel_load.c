#include "contracts/cel/eval/code.h"
#include "tests/unit/cel/cel.h"

static enum fwl_err
load(struct cel *cel, const void *code, size_t size)
{
    return fwl_cel_load(&cel->program, cel->constants, FWL_CEL_CONSTANTS, fwl_span(code, size), &cel->limits);
}

/* lang, constants, slots, instructions: the head without constants and slots is 01 00 00 */
static void
test_cel_load__refused(void **state)
{
#define CODE(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define OP(name)  FWL_CEL_OP_##name
#define HEAD      1, 0, 0
    const struct {
        const char *name;
        const uint8_t *code;
        size_t size;
        enum fwl_err err;
    } cases[] = {
        {"another lang", CODE(2, 0, 0, OP(TRUE), OP(RETURN)), FWL_ERR_UNKNOWN},
        {"unknown instruction", CODE(HEAD, OP(TRUE), FWL_CEL_OP_COUNT), FWL_ERR_UNKNOWN},
        {"unknown constant", CODE(1, 1, 2, 0, OP(TRUE), OP(RETURN)), FWL_ERR_UNKNOWN},
        {"unknown function", CODE(HEAD, OP(TRUE), OP(CALL), FWL_CEL_FN_COUNT, 1, OP(RETURN)), FWL_ERR_UNKNOWN},
        {"unknown macro", CODE(HEAD, OP(TRUE), OP(LOOP), FWL_CEL_MACROS, 0, 1, OP(NEXT), OP(RETURN)), FWL_ERR_UNKNOWN},
        {"unknown type", CODE(HEAD, OP(TYPE), 99, OP(RETURN)), FWL_ERR_UNKNOWN},
        {"type error", CODE(HEAD, OP(TYPE), FWL_CEL_ERROR, OP(RETURN)), FWL_ERR_UNKNOWN},
        {"arity", CODE(HEAD, OP(TRUE), OP(TRUE), OP(CALL), FWL_CEL_FN_SIZE, 2, OP(RETURN)), FWL_ERR_FORM},
        {"empty", CODE(HEAD), FWL_ERR_TRUNCATED},
        {"no return", CODE(HEAD, OP(TRUE)), FWL_ERR_TRUNCATED},
        {"operand missing", CODE(HEAD, OP(INT8)), FWL_ERR_TRUNCATED},
        {"behind return", CODE(HEAD, OP(TRUE), OP(RETURN), OP(TRUE)), FWL_ERR_FORM},
        {"two values", CODE(HEAD, OP(TRUE), OP(TRUE), OP(RETURN)), FWL_ERR_FORM},
        {"underflow", CODE(HEAD, OP(TRUE), OP(EQ), OP(RETURN)), FWL_ERR_FORM},
        {"list underflow", CODE(HEAD, OP(TRUE), OP(LIST), 2, OP(RETURN)), FWL_ERR_FORM},
        {"no such constant", CODE(HEAD, OP(CONST), 0, OP(RETURN)), FWL_ERR_FORM},
        {"no such slot", CODE(HEAD, OP(SLOT), 0, OP(RETURN)), FWL_ERR_FORM},
        {"no such local", CODE(HEAD, OP(LOCAL), 0, OP(RETURN)), FWL_ERR_FORM},
        {"field is no string", CODE(1, 1, FWL_CEL_DURATION, 1, 0, OP(TRUE), OP(FIELD), 0, OP(RETURN)), FWL_ERR_FORM},
        {"small int as constant", CODE(1, 1, FWL_CEL_INT, 1, 0, OP(CONST), 0, OP(RETURN)), FWL_ERR_FORM},
        {"long head of an int", CODE(1, 1, FWL_CEL_UINT, 0x18, 1, 0, OP(CONST), 0, OP(RETURN)), FWL_ERR_FORM},
        {"bad text", CODE(1, 1, FWL_CEL_STRING, 0x61, 0xff, 0, OP(CONST), 0, OP(RETURN)), FWL_ERR_UTF8},
        {"bad version", CODE(1, 1, FWL_CEL_VERSION, 1, 0x61, '1', 0, OP(CONST), 0, OP(RETURN)), FWL_ERR_VERSION},
        {"bad scheme", CODE(1, 1, FWL_CEL_VERSION, 9, 0x61, '1', 0, OP(CONST), 0, OP(RETURN)), FWL_ERR_UNKNOWN},
        {"bad address", CODE(1, 1, FWL_CEL_IP, 0x41, 1, 0, OP(CONST), 0, OP(RETURN)), FWL_ERR_VALUE},
        {"bad prefix", CODE(1, 1, FWL_CEL_CIDR, 0x44, 1, 2, 3, 4, 33, 0, OP(CONST), 0, OP(RETURN)), FWL_ERR_VALUE},
        {"bad nanoseconds", CODE(1, 1, FWL_CEL_TIMESTAMP, 0, 0x1a, 0x3b, 0x9a, 0xca, 0, 0, OP(CONST), 0, OP(RETURN)),
         FWL_ERR_RANGE},
        {"year 10000",
         CODE(1, 1, FWL_CEL_TIMESTAMP, 0x1b, 0, 0, 0, 0x3a, 0xff, 0xf4, 0x41, 0x80, 0, 0, OP(CONST), 0, OP(RETURN)),
         FWL_ERR_VALUE},
        {"jump into an operand", CODE(HEAD, OP(TRUE), OP(AND_JUMP), 0, 1, OP(INT8), OP(TRUE), OP(AND), OP(RETURN)),
         FWL_ERR_FORM},
        {"jump to another depth", CODE(HEAD, OP(TRUE), OP(AND_JUMP), 0, 1, OP(TRUE), OP(AND), OP(RETURN)),
         FWL_ERR_FORM},
        {"jump behind the end", CODE(HEAD, OP(TRUE), OP(AND_JUMP), 0, 9, OP(TRUE), OP(AND), OP(RETURN)), FWL_ERR_FORM},
        {"jump without else", CODE(HEAD, OP(TRUE), OP(JUMP), 0, 1, OP(NOT), OP(RETURN)), FWL_ERR_FORM},
        {"next without loop", CODE(HEAD, OP(TRUE), OP(NEXT), OP(RETURN)), FWL_ERR_FORM},
        {"loop without next", CODE(HEAD, OP(TRUE), OP(LOOP), 0, 0, 1, OP(TRUE), OP(RETURN)), FWL_ERR_FORM},
        {"loop of another length", CODE(HEAD, OP(TRUE), OP(LOOP), 0, 0, 1, OP(TRUE), OP(NEXT), OP(RETURN)),
         FWL_ERR_FORM},
        {"loop without body", CODE(HEAD, OP(TRUE), OP(LOOP), 0, 0, 1, OP(NEXT), OP(RETURN)), FWL_ERR_FORM},
        {"body takes the element", CODE(HEAD, OP(TRUE), OP(LOOP), 0, 0, 3, OP(NOT), OP(TRUE), OP(NEXT), OP(RETURN)),
         FWL_ERR_FORM},
        {"when in all", CODE(HEAD, OP(TRUE), OP(LOOP), 0, 0, 4, OP(TRUE), OP(WHEN), OP(TRUE), OP(NEXT), OP(RETURN)),
         FWL_ERR_FORM},
        {"no when in map with filter", CODE(HEAD, OP(TRUE), OP(LOOP), 4, 0, 2, OP(TRUE), OP(NEXT), OP(RETURN)),
         FWL_ERR_FORM},
        {"next inside a branch",
         CODE(HEAD, OP(TRUE), OP(LOOP), 0, 0, 5, OP(TRUE), OP(AND_JUMP), 0, 1, OP(NEXT), OP(NOT), OP(RETURN)),
         FWL_ERR_FORM},
    };
    struct cel *cel = cel_new();

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        enum fwl_err err = load(cel, cases[i].code, cases[i].size);

        if (err != cases[i].err) {
            fail_msg("%s: %s", cases[i].name, fwl_err_text(err));
        }
        assert_null(cel->program.code);
    }
}

static void
test_cel_load__limits(void **state)
{
    static const char rule[] = "[1, 2].all(a, [3].exists(b, a < b && size(['x', 'yy']) == 2))";
    struct cel *cel = cel_new();
    struct fwl_cel_program p;
    uint8_t code[FWL_CEL_CODE_BYTES];
    size_t size = 0;

    (void)state;
    assert_int_equal(cel_compile(cel, rule), FWL_OK);
    size = cel->compiled.code.size;
    memcpy(code, cel->compiled.code.p, size);
    assert_int_equal(load(cel, code, size), FWL_OK);
    p = cel->program;
    assert_int_equal(p.loops, 2);
    assert_int_equal(p.constant_count, 2);
    cel->limits.loops = 1;
    assert_int_equal(load(cel, code, size), FWL_ERR_LIMIT);
    cel->limits.loops = 2;
    cel->limits.stack_cells = p.stack_cells;
    assert_int_equal(load(cel, code, size), FWL_OK);
    cel->limits.stack_cells--;
    assert_int_equal(load(cel, code, size), FWL_ERR_LIMIT);
    cel->limits = fwl_cel_limits_lang1;
    cel->limits.cost = p.cost;
    assert_int_equal(load(cel, code, size), FWL_OK);
    cel->limits.cost--;
    assert_int_equal(load(cel, code, size), FWL_ERR_LIMIT);
    cel->limits = fwl_cel_limits_lang1;
    cel->limits.constants = p.constant_count;
    assert_int_equal(load(cel, code, size), FWL_OK);
    cel->limits.constants--;
    assert_int_equal(load(cel, code, size), FWL_ERR_LIMIT);
    cel->limits = fwl_cel_limits_lang1;
    cel->limits.code_bytes = (uint32_t)size;
    assert_int_equal(load(cel, code, size), FWL_OK);
    cel->limits.code_bytes--;
    assert_int_equal(load(cel, code, size), FWL_ERR_LIMIT);
    cel->limits = fwl_cel_limits_lang1;
    assert_int_equal(fwl_cel_load(&p, cel->constants, 1, fwl_span(code, size), &cel->limits), FWL_ERR_LIMIT);
}

/* Every truncation is refused; every changed bit is refused or safe to run. */
static void
test_cel_load__damage(void **state)
{
    static const char *const rules[] = {
        "device.region in ['DE', 'FR'] || now.getHours(device.utc_offset) >= 21 || [1, 2].map(i, i > 1, i * i) == [4]",
        "bucket(device.id, 'r7', 100) < (now >= timestamp('2026-01-01T00:00:00Z') ? 100000 : 5)",
        ("cel.bind(x, {'a': [?optional.of(1)]}, x.?a.optMap(y, y[0] + 1000).orValue(0) == 1001) && "
         "device.version != semver('1.2.3')"),
    };
    struct cel *cel = cel_new();
    const struct fwl_cel_memory memory = {cel->stack, FWL_CEL_STACK_MAX, cel->arena, sizeof(cel->arena)};
    uint8_t code[FWL_CEL_CODE_BYTES];

    (void)state;
    cel->slots[FWL_CEL_SLOT_DEVICE_ID] = cel_text("gw-1");
    cel->slots[FWL_CEL_SLOT_NOW] = fwl_cel_cell_timestamp(0, 0);
    for (size_t i = 0; i < FWL_COUNT(rules); i++) {
        size_t size = 0;

        assert_int_equal(cel_compile(cel, rules[i]), FWL_OK);
        size = cel->compiled.code.size;
        memcpy(code, cel->compiled.code.p, size);
        for (size_t cut = 0; cut < size; cut++) {
            assert_int_not_equal(load(cel, code, cut), FWL_OK);
        }
        for (size_t bit = 0; bit < size * 8; bit++) {
            code[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (load(cel, code, size) == FWL_OK) {
                fwl_cel_eval(&cel->result, &memory, &cel->program, cel->slots, FWL_CEL_SLOTS, &cel->limits);
                assert_true(cel->result.err == FWL_CEL_OK || cel->result.position < size);
            }
            code[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cel_load__refused),
        cmocka_unit_test(test_cel_load__limits),
        cmocka_unit_test(test_cel_load__damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
