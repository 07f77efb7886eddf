/*
 * carve - cutting one piece of memory into several, each aligned for any type. Zone F.
 *
 * A footprint is the sum of fwl_carve_size of the parts; the parts are then cut off in the same order.
 */
#ifndef FWL_CORE_CARVE_H
#define FWL_CORE_CARVE_H

#include <stddef.h>
#include <stdint.h>

enum {
    FWL_CARVE_ALIGN = 16,
};

/** fwl_carve_size - @size rounded up: what a part of this size takes. */
static inline size_t
fwl_carve_size(size_t size)
{
    return (size + FWL_CARVE_ALIGN - 1) / FWL_CARVE_ALIGN * FWL_CARVE_ALIGN;
}

/** fwl_carve - the next part of the memory that @at walks through; not cleared. */
static inline void *
fwl_carve(uint8_t **at, size_t size)
{
    void *part = *at;

    *at += fwl_carve_size(size);
    return part;
}

#endif
