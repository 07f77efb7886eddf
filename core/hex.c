#include "core/hex.h"

void
fwl_hex_encode(char *out, size_t room, struct fwl_span bytes)
{
    static const char digits[] = "0123456789abcdef";

    FWL_ASSERT(room > 0 && bytes.size <= (room - 1) / 2);
    for (size_t i = 0; i < bytes.size; i++) {
        *out++ = digits[bytes.p[i] >> 4];
        *out++ = digits[bytes.p[i] & 15];
    }
    *out = '\0';
}

static int
digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum fwl_err
fwl_hex_decode(void *out, size_t size, struct fwl_span text)
{
    uint8_t *to = out;

    memset(out, 0, size);
    if (text.size / 2 != size || text.size % 2 != 0) {
        return text.size / 2 < size ? FWL_ERR_TRUNCATED : FWL_ERR_TRAILING;
    }
    for (size_t i = 0; i < size; i++) {
        int high = digit(text.p[2 * i]);
        int low = digit(text.p[2 * i + 1]);

        if (high < 0 || low < 0) {
            memset(out, 0, size);
            return FWL_ERR_VALUE;
        }
        to[i] = (uint8_t)(high << 4 | low);
    }
    return FWL_OK;
}
