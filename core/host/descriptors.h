/*
 * descriptors - how many files and connections this process may have open. Zone H.
 */
#ifndef FWL_CORE_HOST_DESCRIPTORS_H
#define FWL_CORE_HOST_DESCRIPTORS_H

#include <stdint.h>

/**
 * fwl_descriptors_raise - as many as may be: the soft limit, 1,024 on most systems, becomes the hard one.
 *
 * For programs that do not use select(2). Returns the limit that holds then; UINT64_MAX: none. Source: getrlimit(2).
 */
uint64_t fwl_descriptors_raise(void);

#endif
