/* The first byte selects the kind of object; whatever is accepted is encoded back to the same bytes. */
#include "tests/unit/model/roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        (void)roundtrip(data[0], fwl_span(data + 1, size - 1));
    }
    return 0;
}
