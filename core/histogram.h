/*
 * histogram - how often a number fell into which range. Zone F.
 *
 * Integers in whatever unit the owner chooses; the bounds are the owner's, ascending, and the last range has none.
 * Counts wrap after 2^64 values.
 */
#ifndef FWL_CORE_HISTOGRAM_H
#define FWL_CORE_HISTOGRAM_H

#include "core/base.h"

enum { FWL_HISTOGRAM_BOUNDS = 12 };

struct fwl_histogram {
    uint64_t ranges[FWL_HISTOGRAM_BOUNDS + 1]; /* values <= bounds[i] and above the bound before; the last: all above */
    uint64_t count;
    int64_t sum; /* saturates */
};

/** fwl_histogram_add - note @value in the first range whose bound is not below it. The owner gives the same @bounds
 * each time. */
void fwl_histogram_add(struct fwl_histogram *h, const int64_t bounds[FWL_HISTOGRAM_BOUNDS], int64_t value);

#endif
