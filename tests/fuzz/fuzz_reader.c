/* The first byte of each step says what to read: no read goes beyond the input and no failure is forgotten. */
#include "core/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
step(struct fwl_reader *r, uint8_t what, struct fwl_span in)
{
    uint8_t copy[64];
    struct fwl_span view = {0};

    switch (what % 7) {
    case 0: (void)fwl_reader_u16(r); break;
    case 1: (void)fwl_reader_u32(r); break;
    case 2: (void)fwl_reader_u64(r); break;
    case 3: view = fwl_reader_bytes(r, what); break;
    case 4: fwl_reader_copy(r, copy, what % sizeof(copy)); break;
    case 5: view = what > 250 ? fwl_reader_rest(r) : fwl_reader_bytes(r, what / 16); break;
    default: fwl_reader_field(r, "step"); break;
    }
    FWL_ASSERT(view.size == 0 || (view.p >= in.p && view.p + view.size <= in.p + in.size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fwl_span in = fwl_span(data, size);
    struct fwl_reader r;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, in);
    while (r.left > 0) {
        step(&r, fwl_reader_u8(&r), in);
        FWL_ASSERT(r.err != FWL_OK || r.offset + r.left == size);
        FWL_ASSERT(err == FWL_OK || r.err == err);
        err = r.err;
    }
    FWL_ASSERT(fwl_reader_finish(&r) == err && r.offset <= size);
    return 0;
}
