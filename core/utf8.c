#include "core/cbor.h"

/* RFC 3629 section 4: the range of the second byte depends on the first; all later ones are 80..BF. */
static size_t
sequence_size(const uint8_t *p, size_t left)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t size = 0;

    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        size = 2;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        size = 3;
        low = p[0] == 0xe0 ? 0xa0 : low;
        high = p[0] == 0xed ? 0x9f : high;
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        size = 4;
        low = p[0] == 0xf0 ? 0x90 : low;
        high = p[0] == 0xf4 ? 0x8f : high;
    }
    if (size == 0 || size > left || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return size;
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
