/* Two texts of one scheme, separated by a zero byte: what is accepted compares antisymmetrically and equal to itself.
 */
#include "core/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = NULL;
    struct fwl_span a;
    struct fwl_span b;
    size_t bad = 0;
    uint64_t scheme = 0;

    if (size == 0) {
        return 0;
    }
    scheme = data[0];
    zero = size > 1 ? memchr(data + 1, 0, size - 1) : NULL;
    a = fwl_span(data + 1, zero == NULL ? size - 1 : (size_t)(zero - data - 1));
    b = zero == NULL ? a : fwl_span(zero + 1, size - 2 - a.size);
    if (fwl_version_check(scheme, a, &bad) != FWL_OK) {
        FWL_ASSERT(bad <= a.size && bad <= FWL_VERSION_BYTES_MAX);
        return 0;
    }
    FWL_ASSERT(bad == 0);
    if (scheme != FWL_SCHEME_OPAQUE && fwl_version_check(scheme, b, NULL) == FWL_OK) {
        int order = fwl_version_compare((enum fwl_scheme)scheme, a, b);
        int back = fwl_version_compare((enum fwl_scheme)scheme, b, a);

        FWL_ASSERT((order > 0) == (back < 0) && (order == 0) == (back == 0));
        FWL_ASSERT(fwl_version_compare((enum fwl_scheme)scheme, a, a) == 0);
    }
    return 0;
}
