/*
 * running - what the class entry knows of the running version. Zone F; internal.
 *
 * A text that is exactly the running version's counts before one that only equals it in order (1.0+a and 1.0+b).
 */
#ifndef FWL_CONTRACTS_POLICY_RUNNING_H
#define FWL_CONTRACTS_POLICY_RUNNING_H

#include "contracts/policy/decide.h"

/** fwl_running_begin - departed versions. fwl_running_release - a listed release. Both note it in @work. */
void fwl_running_begin(struct fwl_decide_work *work);
void fwl_running_release(struct fwl_decide_work *work, const struct fwl_live *live, const struct fwl_listed *release);
/** fwl_running_malicious - was this release found malicious? */
bool fwl_running_malicious(const struct fwl_live *live, const struct fwl_listed *release);

/** fwl_running_end - the verdict, and the advisories that name the version; fills @out. */
void fwl_running_end(const struct fwl_decide_work *work, struct fwl_decision *out);

#endif
