/* Whatever the checker accepts is one deterministic item: skipping it consumes everything, twice alike. */
#include "core/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fwl_reader r;
    enum fwl_err err = fwl_cbor_check(fwl_span(data, size));

    fwl_reader_init(&r, fwl_span(data, size));
    if (err == FWL_OK) {
        FWL_ASSERT(fwl_cbor_skip(&r).size == size);
    }
    return 0;
}
