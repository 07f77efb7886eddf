#include "core/histogram.h"

void
fwl_histogram_add(struct fwl_histogram *h, const int64_t bounds[FWL_HISTOGRAM_BOUNDS], int64_t value)
{
    unsigned i = 0;

    while (i < FWL_HISTOGRAM_BOUNDS && value > bounds[i]) {
        i++;
    }
    h->ranges[i]++;
    h->count++;
    if (value > 0 && h->sum > INT64_MAX - value) {
        h->sum = INT64_MAX;
    } else if (value < 0 && h->sum < INT64_MIN - value) {
        h->sum = INT64_MIN;
    } else {
        h->sum += value;
    }
}
