/*
 * order - the order of versions of the class under decision. Zone F; internal.
 *
 * In a class of scheme opaque the order is the place in the list of live releases; a text that is not listed equals
 * itself and has no order. In the other schemes every two versions are ordered.
 */
#ifndef FWL_CONTRACTS_POLICY_ORDER_H
#define FWL_CONTRACTS_POLICY_ORDER_H

#include "contracts/policy/decide.h"

/** fwl_order_place - opaque: 1 + index of the last listed release with this version, 0 = not listed; else 0. */
uint32_t fwl_order_place(const struct fwl_decide_work *work, struct fwl_span version);

enum {
    FWL_ORDER_NONE = 2, /* above the others: where it matters, no order counts as higher */
};

/** fwl_order_compare - -1, 0 or 1; FWL_ORDER_NONE when there is no order between them. @a is a version of the class's
 * scheme; @b may be any text (a bound of an entry), and one that is no version has no order. */
int fwl_order_compare(const struct fwl_decide_work *work, struct fwl_span a, struct fwl_span b);

/**
 * fwl_order_within - is @version in the inclusive @range?
 *
 * An empty @version is lower than every other: no minimum holds it. Where there is no order, it is not.
 */
bool fwl_order_within(const struct fwl_decide_work *work, const struct fwl_version_range *range,
                      struct fwl_span version);

/** fwl_order_newer - is @version newer than the running one? Without one, or where there is no order, yes. */
bool fwl_order_newer(const struct fwl_decide_work *work, struct fwl_span version);

#endif
