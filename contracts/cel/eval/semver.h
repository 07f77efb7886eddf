/* semver - what the rule language does with version texts beyond core/version.h. Zone F; internal. */
#ifndef FWL_CONTRACTS_CEL_EVAL_SEMVER_H
#define FWL_CONTRACTS_CEL_EVAL_SEMVER_H

#include "core/span.h"
#include "core/version.h"

/**
 * fwl_cel_semver_normalize - a lenient text as strict semver: without leading v, with three numbers, without leading
 * zeros in them. What follows the numbers stays as it is.
 *
 * Fills:   @out with at most FWL_VERSION_BYTES_MAX bytes.
 * Returns: the size of what may be one; 0 when it cannot.
 * Source:  Kubernetes' semver(string, true).
 */
size_t fwl_cel_semver_normalize(uint8_t out[FWL_VERSION_BYTES_MAX], struct fwl_span text);

/** fwl_cel_semver_number - major (0), minor (1) or patch (2) of a strict semver; false when it exceeds uint64. */
bool fwl_cel_semver_number(uint64_t *out, struct fwl_span text, int which);

#endif
