#include "contracts/cel/eval/semver.h"

#include "contracts/cel/eval/vm.h"

size_t
fwl_cel_semver_normalize(uint8_t out[FWL_VERSION_BYTES_MAX], struct fwl_span text)
{
    size_t size = 0;
    size_t i = text.size > 0 && text.p[0] == 'v';
    int numbers = 0;

    while (numbers < 3) {
        size_t start = i;

        while (i + 1 < text.size && text.p[i] == '0' && text.p[i + 1] >= '0' && text.p[i + 1] <= '9') {
            i++;
        }
        for (; i < text.size && text.p[i] >= '0' && text.p[i] <= '9' && size < FWL_VERSION_BYTES_MAX; i++) {
            out[size++] = text.p[i];
        }
        if (i == start) {
            return 0;
        }
        numbers++;
        if (numbers == 3 || i == text.size || text.p[i] != '.') {
            break;
        }
        i++;
        if (size == FWL_VERSION_BYTES_MAX) {
            return 0;
        }
        out[size++] = '.';
    }
    if (size + (size_t)(3 - numbers) * 2 + (text.size - i) > FWL_VERSION_BYTES_MAX) {
        return 0;
    }
    for (; numbers < 3; numbers++) {
        out[size++] = '.';
        out[size++] = '0';
    }
    if (i < text.size) {
        memcpy(out + size, text.p + i, text.size - i);
        size += text.size - i;
    }
    return fwl_version_check(FWL_SCHEME_SEMVER, fwl_span(out, size), NULL) == FWL_OK ? size : 0;
}

bool
fwl_cel_semver_number(int64_t *out, struct fwl_span text, int which)
{
    uint64_t n = 0;

    for (size_t i = 0; i < text.size; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            if (which == 0) {
                break;
            }
            which -= text.p[i] == '.';
        } else if (which == 0 && (!fwl_cel_add_digit(&n, text.p[i]) || n > INT64_MAX)) {
            return false;
        }
    }
    *out = (int64_t)n;
    return true;
}
