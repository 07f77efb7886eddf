/*
 * rules - the rules of a policy on one release. Zone F; internal.
 */
#ifndef FWL_CONTRACTS_POLICY_RULES_H
#define FWL_CONTRACTS_POLICY_RULES_H

#include "contracts/policy/decide.h"

/** fwl_rules_in_scope - does one of these patterns match the class? */
bool fwl_rules_in_scope(const struct fwl_decide_work *work, const struct fwl_list *patterns);

/** fwl_rules_load - the rules whose scope matches the class, verified; their constants take what is left of
 * work->cells. A rule that does not load, or has an unknown lang or field, is there as an error. */
void fwl_rules_load(struct fwl_decide_work *work);

/** fwl_rules_judge - evaluate them all; fills the masks of @out. False when they exceed FWL_CEL_POLICY_COST. */
bool fwl_rules_judge(struct fwl_decide_work *work, struct fwl_candidate *out);

#endif
