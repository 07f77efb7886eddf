#include "core/base.h"

/* Long division: the dividend leaves at the top, the quotient enters at the bottom. */
uint64_t
fwl_divide_bits(uint64_t *n, uint64_t d)
{
    uint64_t rest = 0;
    uint64_t quotient = *n;

    for (int i = 0; i < 64; i++) {
        bool carry = rest >> 63 != 0;

        rest = rest << 1 | quotient >> 63;
        quotient <<= 1;
        if (carry || rest >= d) {
            rest -= d;
            quotient |= 1;
        }
    }
    *n = quotient;
    return rest;
}
