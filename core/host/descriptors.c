#include "core/host/descriptors.h"

#include <sys/resource.h>

uint64_t
fwl_descriptors_raise(void)
{
    struct rlimit limit = {0};

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0; /* not on Linux */
    }
    if (limit.rlim_cur != limit.rlim_max) {
        struct rlimit more = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};

        limit = setrlimit(RLIMIT_NOFILE, &more) == 0 ? more : limit;
    }
    return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur;
}
