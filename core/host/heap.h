/*
 * heap - the allocator of hosted code. Zone H.
 *
 * Everything hosted allocates here, so that tests can make the n-th allocation fail.
 */
#ifndef FWL_CORE_HOST_HEAP_H
#define FWL_CORE_HOST_HEAP_H

#include <stddef.h>

#include "core/base.h"

/** fwl_malloc, fwl_calloc, fwl_realloc, fwl_free - as in the C library; NULL when out of memory or when a test says so.
 */
FWL_NODISCARD void *fwl_malloc(size_t size);
FWL_NODISCARD void *fwl_calloc(size_t count, size_t size);
FWL_NODISCARD void *fwl_realloc(void *p, size_t size);
void fwl_free(void *p);

/** fwl_strdup - a copy of @text that the caller frees with fwl_free; NULL when out of memory. */
FWL_NODISCARD char *fwl_strdup(const char *text);

/** fwl_heap_fail_after - tests: the @count-th allocation from now on fails, once; 0 turns it off. Not for threads. */
void fwl_heap_fail_after(size_t count);

#endif
