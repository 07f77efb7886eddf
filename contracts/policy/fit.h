/*
 * fit - does a release fit the device, before any rule is asked? Zone F; internal.
 */
#ifndef FWL_CONTRACTS_POLICY_FIT_H
#define FWL_CONTRACTS_POLICY_FIT_H

#include "contracts/policy/decide.h"

/** fwl_fit_hardware - OR of conditions; a fact that was not told matches only a condition that does not ask. */
bool fwl_fit_hardware(const struct fwl_release *record, const struct fwl_facts *facts);

/** fwl_fit_refusal - regions, window, dependencies, conflicts, floor: the first that refuses, or FWL_REFUSAL_NONE. */
enum fwl_refusal fwl_fit_refusal(const struct fwl_decide_work *work, const struct fwl_release *record);

#endif
