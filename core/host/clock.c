#include "core/host/clock.h"

#include <time.h>

#include "core/base.h"

static uint64_t
read_ms(clockid_t id)
{
    struct timespec t;

    FWL_ASSERT(clock_gettime(id, &t) == 0); /* both clocks exist on every host that this builds for */
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t
fwl_clock_mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

uint64_t
fwl_clock_unix_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}
