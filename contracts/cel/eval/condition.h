/*
 * condition - a rule as the policy sees it: true, false or an error. Zone F.
 *
 * The memory that lang 1 needs at most, in one object, and the way from stored code to an outcome. One object serves
 * any number of conditions, one after the other.
 */
#ifndef FWL_CONTRACTS_CEL_EVAL_CONDITION_H
#define FWL_CONTRACTS_CEL_EVAL_CONDITION_H

#include "contracts/cel/eval/eval.h"

/* about 3.5 KiB */
struct fwl_cel_workspace {
    struct fwl_cel_cell constants[FWL_CEL_CONSTANTS];
    struct fwl_cel_cell stack[FWL_CEL_STACK_CELLS];
    struct fwl_cel_cell arena[FWL_CEL_ARENA_UNITS / sizeof(struct fwl_cel_cell)];
};

enum fwl_cel_outcome {
    FWL_CEL_FALSE = 0,
    FWL_CEL_TRUE = 1,
    FWL_CEL_FAILED = 2, /* error(err, position) */
};

struct fwl_cel_verdict {
    enum fwl_cel_outcome outcome;
    enum fwl_cel_err err; /* FWL_CEL_OK unless FWL_CEL_FAILED; FWL_CEL_ERR_RESULT when the value is no bool */
    uint32_t position;    /* byte offset in the code of the failing instruction */
    uint32_t cost;        /* spent */
};

/** fwl_cel_condition_check - does @code load under the limits of lang 1? Fills @cost, its worst case. As fwl_cel_load.
 */
FWL_NODISCARD enum fwl_err fwl_cel_condition_check(uint32_t *cost, struct fwl_cel_workspace *workspace,
                                                   struct fwl_span code);

/**
 * fwl_cel_condition_eval - load @code under the limits of lang 1 and evaluate it.
 *
 * Fills:   @verdict; FWL_CEL_FAILED with FWL_CEL_OK when loading failed.
 * Returns: FWL_OK when the code loaded, whatever the verdict; otherwise as fwl_cel_load.
 * Cost:    verdict->cost units of the rule language; no allocation.
 */
FWL_NODISCARD enum fwl_err fwl_cel_condition_eval(struct fwl_cel_verdict *verdict, struct fwl_cel_workspace *workspace,
                                                  struct fwl_span code, const struct fwl_cel_cell *slots,
                                                  size_t slot_count);

#endif
