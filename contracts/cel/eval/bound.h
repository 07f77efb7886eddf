/* bound - upper bounds of sizes, and what follows from them for the cost of a call. Zone F; internal. */
#ifndef FWL_CONTRACTS_CEL_EVAL_BOUND_H
#define FWL_CONTRACTS_CEL_EVAL_BOUND_H

#include "contracts/cel/eval/code.h"
#include "core/base.h"

/* Largest sizes: of the value itself (0: a scalar) and of what is inside it. */
struct fwl_cel_bound {
    uint16_t size;
    uint16_t element;
};

static inline struct fwl_cel_bound
fwl_cel_bound_larger(struct fwl_cel_bound a, struct fwl_cel_bound b)
{
    return (struct fwl_cel_bound){FWL_MAX(a.size, b.size), FWL_MAX(a.element, b.element)};
}

/** fwl_cel_bound_tenths - a tenth, rounded up, in which the cost of texts is counted. */
inline uint32_t
fwl_cel_bound_tenths(uint32_t size)
{
    return size / 10 + (size % 10 != 0);
}

/** fwl_cel_bound_call_cost - what a function costs on two arguments of these sizes; at most
 * FWL_CEL_COST_CAP and a few. */
uint32_t fwl_cel_bound_call_cost(enum fwl_cel_function fn, uint32_t a, uint32_t b);

/** fwl_cel_bound_call_result - how large its result can be. */
struct fwl_cel_bound fwl_cel_bound_call_result(enum fwl_cel_function fn, struct fwl_cel_bound a,
                                               struct fwl_cel_bound b);

#endif
