#include "contracts/cel/eval/bound.h"

#include "contracts/cel/eval/vm.h"

enum {
    TEXT_MAX = 64, /* longest text that string() makes of a scalar: a version */
};

extern inline uint32_t fwl_cel_bound_tenths(uint32_t size);

uint32_t
fwl_cel_bound_call_cost(enum fwl_cel_function fn, uint32_t a, uint32_t b)
{
    uint64_t product = 0;

    switch ((enum fwl_cel_cost)(fwl_cel_function_rows[fn].sizes >> 4)) {
    case FWL_CEL_COST_FIRST: return fwl_cel_bound_tenths(a);
    case FWL_CEL_COST_PRODUCT:
        product = (uint64_t)fwl_cel_bound_tenths(a) * fwl_cel_bound_tenths(b);
        return (uint32_t)FWL_MIN(product, FWL_CEL_COST_CAP);
    case FWL_CEL_COST_SECOND: return 1U + fwl_cel_bound_tenths(b);
    case FWL_CEL_COST_BUCKET: return 41U + fwl_cel_bound_tenths(a + b + 1);
    case FWL_CEL_COST_ONE: break;
    }
    return 1;
}

struct fwl_cel_bound
fwl_cel_bound_call_result(enum fwl_cel_function fn, struct fwl_cel_bound a, struct fwl_cel_bound b)
{
    switch ((enum fwl_cel_extent)(fwl_cel_function_rows[fn].sizes & 15)) {
    case FWL_CEL_EXTENT_SAME: return a;
    case FWL_CEL_EXTENT_LARGER: return fwl_cel_bound_larger(a, b);
    case FWL_CEL_EXTENT_TEXT: return (struct fwl_cel_bound){FWL_MAX(a.size, TEXT_MAX), 0};
    case FWL_CEL_EXTENT_SCALAR: break;
    }
    return (struct fwl_cel_bound){0, 0};
}
