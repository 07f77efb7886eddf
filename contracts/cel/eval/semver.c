#include "contracts/cel/eval/semver.h"

#include "contracts/cel/eval/vm.h"

static bool
is_digit(struct fwl_span text, size_t at)
{
    return at < text.size && text.p[at] >= '0' && text.p[at] <= '9';
}

/* Counts on beyond the room, so that the caller can tell. */
static void
put(uint8_t out[FWL_VERSION_BYTES_MAX], size_t *size, uint8_t c)
{
    if (*size < FWL_VERSION_BYTES_MAX) {
        out[*size] = c;
    }
    (*size)++;
}

size_t
fwl_cel_semver_normalize(uint8_t out[FWL_VERSION_BYTES_MAX], struct fwl_span text)
{
    size_t size = 0;
    size_t i = text.size > 0 && text.p[0] == 'v';

    for (int number = 0; number < 3; number++) {
        bool given = number == 0 || (i < text.size && text.p[i] == '.');
        size_t start = 0;

        if (number != 0) {
            put(out, &size, '.');
            i += given;
        }
        while (i < text.size && text.p[i] == '0' && is_digit(text, i + 1)) {
            i++;
        }
        start = i;
        while (given && is_digit(text, i)) {
            put(out, &size, text.p[i++]);
        }
        if (!given) {
            put(out, &size, '0');
        } else if (i == start) {
            return 0;
        }
    }
    while (i < text.size) {
        put(out, &size, text.p[i++]);
    }
    return size <= FWL_VERSION_BYTES_MAX ? size : 0;
}

bool
fwl_cel_semver_number(uint64_t *out, struct fwl_span text, int which)
{
    *out = 0;
    for (size_t i = 0; i < text.size && which >= 0; i++) {
        if (!is_digit(text, i)) {
            which--; /* a dot; or, behind the patch, a hyphen or plus */
        } else if (which == 0 && !fwl_cel_number_digit(out, text.p[i])) {
            return false;
        }
    }
    return true;
}
