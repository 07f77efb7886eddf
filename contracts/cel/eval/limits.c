#include "contracts/cel/eval/eval.h"

const struct fwl_cel_limits fwl_cel_limits_lang1 = {
    .source_bytes = 4096,
    .code_bytes = FWL_CEL_CODE_BYTES,
    .cost = FWL_CEL_COST,
    .arena_units = FWL_CEL_ARENA_UNITS,
    .string_bytes = 256,
    .entries = 32,
    .constants = FWL_CEL_CONSTANTS,
    .stack_cells = FWL_CEL_STACK_CELLS,
    .loops = 2,
    .nesting = 64,
};

const char *
fwl_cel_err_text(enum fwl_cel_err err)
{
    switch (err) {
    case FWL_CEL_OK: return "no error";
    case FWL_CEL_ERR_UNSET: return "the variable has no value";
    case FWL_CEL_ERR_TYPE: return "no such overload: an operand has another type";
    case FWL_CEL_ERR_KEY: return "no such key";
    case FWL_CEL_ERR_OVERFLOW: return "out of range";
    case FWL_CEL_ERR_ZERO: return "division by zero";
    case FWL_CEL_ERR_TEXT: return "the text does not convert";
    case FWL_CEL_ERR_VERSION: return "not a version of this scheme, or versions without a common order";
    case FWL_CEL_ERR_OPTIONAL: return "the optional has no value";
    case FWL_CEL_ERR_REPEATED: return "a map key is repeated or of a type that keys cannot have";
    case FWL_CEL_ERR_SIZE: return "a text, list or map is over its limit";
    case FWL_CEL_ERR_DEPTH: return "values nested too deeply to compare";
    case FWL_CEL_ERR_INPUT: return "the input is damaged";
    case FWL_CEL_ERR_RESULT: return "the result is not a bool";
    case FWL_CEL_ERR_COST: return "the cost limit is exceeded";
    case FWL_CEL_ERR_ARENA: return "the arena is used up";
    }
    return "unknown error";
}
