#include <stdio.h>
#include <stdlib.h>

#include "core/base.h"

void
fwl_panic(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "fwledger: broken invariant at %s:%d: %s\n", file, line, what);
    abort();
}
