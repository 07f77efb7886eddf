#include "core/base.h"

void
fwl_memzero(void *p, size_t size)
{
    volatile uint8_t *at = p;

    while (size-- > 0) {
        *at++ = 0;
    }
}

bool
fwl_ct_equal(const void *a, const void *b, size_t size)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t diff = 0;

    for (size_t i = 0; i < size; i++) {
        diff |= (uint8_t)(x[i] ^ y[i]);
    }
    return diff == 0;
}
