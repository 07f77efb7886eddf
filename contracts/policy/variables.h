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

/** fwl_variables_rollout - the variables of a rollout's conditions, into all FWL_CEL_SLOTS of @slots: now, params.* and
 * rollout.* without counters. @release_id holds the text of rollout.id as long as @slots is used. */
void fwl_variables_rollout(struct fwl_cel_cell *slots, char release_id[65], const struct fwl_policy_entry *policy,
                           const struct fwl_rollout *rollout, uint64_t now_ms);
/** fwl_variables_counters - rollout.attempted, .succeeded, .failed. */
void fwl_variables_counters(struct fwl_cel_cell *slots, const struct fwl_counters *counters);

#endif
