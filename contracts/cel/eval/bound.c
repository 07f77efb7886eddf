#include "contracts/cel/eval/bound.h"

#include "contracts/cel/eval/vm.h"

/* What a call may cost, and how large its result may be; 0 where nothing is said: 1, and a scalar. */
enum {
    COST_FIRST = 1, /* a tenth of the first argument */
    COST_PRODUCT,   /* a tenth of the first times a tenth of the second */
    COST_SECOND,    /* 1 and a tenth of the second */
    COST_BUCKET,
    RESULT_SAME = 1, /* as the first argument */
    RESULT_LARGER,   /* as the larger argument */
    RESULT_TEXT,     /* a text made of a scalar, or the bytes of the first argument */
    TEXT_MAX = 64,   /* longest text that string() makes of a scalar: a version */
};

static const struct {
    uint8_t cost;
    uint8_t result;
} calls[FWL_CEL_FN_COUNT] = {
    [FWL_CEL_FN_CONTAINS] = {COST_PRODUCT, 0},      [FWL_CEL_FN_STARTS_WITH] = {COST_FIRST, 0},
    [FWL_CEL_FN_ENDS_WITH] = {COST_FIRST, 0},       [FWL_CEL_FN_STRING] = {COST_FIRST, RESULT_TEXT},
    [FWL_CEL_FN_BYTES] = {COST_FIRST, RESULT_TEXT}, [FWL_CEL_FN_DYN] = {0, RESULT_SAME},
    [FWL_CEL_FN_OPTIONAL_OF] = {0, RESULT_SAME},    [FWL_CEL_FN_OPTIONAL_OF_NON_ZERO] = {0, RESULT_SAME},
    [FWL_CEL_FN_VALUE] = {0, RESULT_SAME},          [FWL_CEL_FN_OPTIONAL_OR] = {0, RESULT_LARGER},
    [FWL_CEL_FN_OR_VALUE] = {0, RESULT_LARGER},     [FWL_CEL_FN_SEMVER] = {COST_FIRST, RESULT_TEXT},
    [FWL_CEL_FN_IS_SEMVER] = {COST_FIRST, 0},       [FWL_CEL_FN_VERSION] = {COST_FIRST, RESULT_TEXT},
    [FWL_CEL_FN_BUCKET] = {COST_BUCKET, 0},         [FWL_CEL_FN_IP] = {COST_FIRST, 0},
    [FWL_CEL_FN_IS_IP] = {COST_FIRST, 0},           [FWL_CEL_FN_CIDR] = {COST_FIRST, 0},
    [FWL_CEL_FN_IS_CIDR] = {COST_FIRST, 0},         [FWL_CEL_FN_IS_CANONICAL] = {COST_FIRST, 0},
    [FWL_CEL_FN_CONTAINS_IP] = {COST_SECOND, 0},    [FWL_CEL_FN_CONTAINS_CIDR] = {COST_SECOND, 0},
};

uint64_t
fwl_cel_bound_call_cost(uint8_t fn, struct fwl_cel_bound a, struct fwl_cel_bound b)
{
    switch (calls[fn].cost) {
    case COST_FIRST: return fwl_cel_bound_tenths(a.size);
    case COST_PRODUCT: return (uint64_t)fwl_cel_bound_tenths(a.size) * fwl_cel_bound_tenths(b.size);
    case COST_SECOND: return 1U + fwl_cel_bound_tenths(b.size);
    case COST_BUCKET: return 41U + fwl_cel_bound_tenths((uint32_t)a.size + b.size + 1);
    default: return 1;
    }
}

struct fwl_cel_bound
fwl_cel_bound_call_result(uint8_t fn, struct fwl_cel_bound a, struct fwl_cel_bound b)
{
    switch (calls[fn].result) {
    case RESULT_SAME: return a;
    case RESULT_LARGER: return fwl_cel_bound_larger(a, b);
    case RESULT_TEXT: return (struct fwl_cel_bound){FWL_MAX(a.size, TEXT_MAX), 0};
    default: return (struct fwl_cel_bound){0, 0};
    }
}
