#include "core/host/heap.h"

#include <stdlib.h>
#include <string.h>

static size_t countdown; /* only tests set it, before any thread starts */

static bool
must_fail(void)
{
    return countdown > 0 && --countdown == 0;
}

void
fwl_heap_fail_after(size_t count)
{
    countdown = count;
}

void *
fwl_malloc(size_t size)
{
    return must_fail() ? NULL : malloc(size == 0 ? 1 : size);
}

void *
fwl_calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
}

void *
fwl_realloc(void *p, size_t size)
{
    return must_fail() ? NULL : realloc(p, size == 0 ? 1 : size);
}

void
fwl_free(void *p)
{
    free(p);
}

char *
fwl_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fwl_malloc(size);

    return copy == NULL ? NULL : memcpy(copy, text, size);
}
