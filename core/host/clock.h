/*
 * clock - the two clocks of a host, in milliseconds. Zone H.
 */
#ifndef FWL_CORE_HOST_CLOCK_H
#define FWL_CORE_HOST_CLOCK_H

#include <stdint.h>

/** fwl_clock_mono_ms - since some moment in the past; never goes back, whatever is set. For waiting and measuring. */
uint64_t fwl_clock_mono_ms(void);

/** fwl_clock_unix_ms - since 1970, as this machine believes. For times that others see. */
uint64_t fwl_clock_unix_ms(void);

#endif
