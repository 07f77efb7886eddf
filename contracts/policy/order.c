#include "contracts/policy/order.h"

uint32_t
fwl_order_place(const struct fwl_decide_work *work, struct fwl_span version)
{
    const struct fwl_class_entry *entry = work->in->entry;

    if (entry->scheme == FWL_SCHEME_OPAQUE) {
        for (size_t i = entry->live.count; i > 0; i--) {
            if (fwl_span_equal(work->versions[i - 1], version)) {
                return (uint32_t)i;
            }
        }
    }
    return 0;
}

bool
fwl_order_compare(int *order, const struct fwl_decide_work *work, struct fwl_span a, struct fwl_span b)
{
    uint32_t place_a = 0;
    uint32_t place_b = 0;

    if (work->in->entry->scheme != FWL_SCHEME_OPAQUE) {
        if (fwl_version_check(work->in->entry->scheme, b, NULL) != FWL_OK) {
            return false;
        }
        *order = fwl_version_compare((enum fwl_scheme)work->in->entry->scheme, a, b);
        return true;
    }
    if (fwl_span_equal(a, b)) {
        *order = 0;
        return true;
    }
    place_a = fwl_order_place(work, a);
    place_b = fwl_order_place(work, b);
    *order = place_a < place_b ? -1 : place_a > place_b;
    return place_a != 0 && place_b != 0;
}

bool
fwl_order_within(const struct fwl_decide_work *work, const struct fwl_version_range *range, struct fwl_span version)
{
    int order = 0;

    if (range->min.size != 0 &&
        (version.size == 0 || !fwl_order_compare(&order, work, version, range->min) || order < 0)) {
        return false;
    }
    if (range->max.size != 0 && version.size != 0 &&
        (!fwl_order_compare(&order, work, version, range->max) || order > 0)) {
        return false;
    }
    return true;
}

bool
fwl_order_newer(const struct fwl_decide_work *work, struct fwl_span version)
{
    int order = 0;

    return work->in->facts->version.size == 0 || !fwl_order_compare(&order, work, version, work->in->facts->version) ||
           order > 0;
}
