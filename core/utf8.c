#include "core/cbor.h"

/* RFC 3629: bytes of the sequence at @p, 0 when it is none: overlong, a surrogate, above U+10FFFF, or cut off. */
static size_t
sequence_size(const uint8_t *p, size_t left)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = p[0] & (0xffU >> (size + 1));

    if (p[0] < 0x80) {
        return 1;
    }
    if (size == 0 || size > left || p[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3fU);
    }
    return c < least[size] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff ? 0 : size;
}

size_t
fwl_utf8_prefix(struct fwl_span text)
{
    size_t at = 0;

    while (at < text.size) {
        size_t size = sequence_size(text.p + at, text.size - at);

        if (size == 0) {
            break;
        }
        at += size;
    }
    return at;
}

bool
fwl_utf8_check(struct fwl_span text)
{
    return fwl_utf8_prefix(text) == text.size;
}
