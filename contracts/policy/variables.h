/*
 * variables - facts and proven entries as the variables of rules, lang 1. Zone F; internal.
 *
 * Cells of lists lie in work->cells: those of the release under judgement first, then those of the device. A variable
 * without a value stays absent, and a rule that reads it is an error: facts that were not told, rollout.* without a
 * rollout, a time or number that the language cannot hold. What a release may leave out has a neutral value: channel
 * "", severity "normal", no labels.
 */
#ifndef FWL_CONTRACTS_POLICY_VARIABLES_H
#define FWL_CONTRACTS_POLICY_VARIABLES_H

#include "contracts/policy/decide.h"

/** fwl_variables_device - now, device.*, params.*; work->cells has room. */
void fwl_variables_device(struct fwl_decide_work *work);

/** fwl_variables_release - release.* and rollout.*; @rollout NULL: there is none. */
void fwl_variables_release(struct fwl_decide_work *work, const struct fwl_live *live, const struct fwl_listed *release,
                           const struct fwl_rollout *rollout);

#endif
