/*
 * version - the version schemes of a class and their total orders. Zone F.
 *
 * A class names one scheme for ever; order is never guessed from the text. Numbers are compared as digit
 * strings and never converted, so no version overflows. A version has 1..64 bytes. ledger.md section 1 defines
 * the schemes; their grammar (RFC 5234, letters as written):
 *   semver  Semantic Versioning 2.0.0, without a leading "v"; build metadata does not count in the order
 *   number  0..2^32-1: 1*DIGIT / "0x" 1*HEXDIG, digits in either case; leading zeros do not count
 *   dotted  number *("." number) [["." / "-"] word number]
 *           number = 1*DIGIT, leading zeros do not count; word = "dev" / "alpha" / "a" / "beta" / "b" / "rc".
 *           Numbers are compared from the left, a missing one is lower than a present one (1.0 < 1.0.0); then
 *           dev < alpha = a < beta = b < rc < no suffix; then the number of the suffix. The separator before the
 *           word does not count: 18.0.rc1 = 18.0-rc1 = 18.0rc1. A word without a number is refused, since vendors
 *           write 1.0b for a later version as well as for an earlier one.
 *   debian  [epoch ":"] upstream ["-" revision], what dpkg --validate-version takes, compared as dpkg does:
 *           epoch = 1*DIGIT of at most 2^31-1; upstream begins with a digit and has letters, digits and ".+-~:";
 *           revision, after the last "-", has letters, digits and ".+~"
 *   opaque  any UTF-8 text; equality only, its order is that of publication and known to the caller
 */
#ifndef FWL_CORE_VERSION_H
#define FWL_CORE_VERSION_H

#include "core/error.h"
#include "core/span.h"

enum {
    FWL_VERSION_BYTES_MAX = 64,
};

/* stored: append only */
enum fwl_scheme {
    FWL_SCHEME_SEMVER = 1,
    FWL_SCHEME_NUMBER = 2,
    FWL_SCHEME_DOTTED = 3,
    FWL_SCHEME_DEBIAN = 4,
    FWL_SCHEME_OPAQUE = 5,
};

/** fwl_scheme_name - "semver" etc., NULL when @scheme is none. fwl_scheme_from_name - the inverse, 0 when there is
 * none. */
const char *fwl_scheme_name(uint64_t scheme);
enum fwl_scheme fwl_scheme_from_name(struct fwl_span name);

/**
 * fwl_version_check - is @text a version of @scheme?
 *
 * Fills:   @bad_offset with the offset of the offending byte (text.size when the text ends too early, the first byte
 *          of a number with a leading zero where none may be, 64 when it is too long), 0 on success; may be NULL.
 * Returns: FWL_OK
 *          FWL_ERR_VERSION  it is not, or it is empty or longer than FWL_VERSION_BYTES_MAX
 *          FWL_ERR_UNKNOWN  @scheme is none of the five
 * Cost:    one pass, no allocation.
 */
FWL_NODISCARD enum fwl_err fwl_version_check(uint64_t scheme, struct fwl_span text, size_t *bad_offset);

/**
 * fwl_version_compare - the order of two valid versions of one scheme.
 *
 * Shape:   both passed fwl_version_check with @scheme; @scheme is not FWL_SCHEME_OPAQUE (FWL_ASSERT).
 * Returns: negative, 0 or positive. 0 also for texts that differ but are equal in order (1.0 and 1.0+build; 007 and 7).
 * Cost:    one pass, no allocation.
 */
int fwl_version_compare(enum fwl_scheme scheme, struct fwl_span a, struct fwl_span b);

#endif
