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

int
fwl_order_compare(const struct fwl_decide_work *work, struct fwl_span a, struct fwl_span b)
{
    uint64_t scheme = work->in->entry->scheme;
    int order = 0;

    if (scheme != FWL_SCHEME_OPAQUE) {
        if (fwl_version_check(scheme, b, NULL) != FWL_OK) {
            return FWL_ORDER_NONE;
        }
        order = fwl_version_compare((enum fwl_scheme)scheme, a, b);
    } else if (!fwl_span_equal(a, b)) {
        uint32_t place_a = fwl_order_place(work, a);
        uint32_t place_b = fwl_order_place(work, b);

        if (place_a == 0 || place_b == 0) {
            return FWL_ORDER_NONE;
        }
        order = place_a < place_b ? -1 : place_a > place_b;
    }
    return (order > 0) - (order < 0);
}

bool
fwl_order_within(const struct fwl_decide_work *work, const struct fwl_version_range *range, struct fwl_span version)
{
    int order = 0;

    if (range->min.size != 0) {
        order = version.size == 0 ? FWL_ORDER_NONE : fwl_order_compare(work, version, range->min);
        if (order == FWL_ORDER_NONE || order < 0) {
            return false;
        }
    }
    return range->max.size == 0 || version.size == 0 || fwl_order_compare(work, version, range->max) <= 0;
}

bool
fwl_order_newer(const struct fwl_decide_work *work, struct fwl_span version)
{
    struct fwl_span running = work->in->facts->version;

    return running.size == 0 || fwl_order_compare(work, version, running) > 0;
}
