/* Two slots of any bytes: a state that is read can be written and read again. The first half of the input is slot a. */
#include "client/verify/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A fuzzer cannot guess a checksum: put the right one behind the content. */
static struct fwl_span
seal(uint8_t *buffer, struct fwl_span content)
{
    struct fwl_hash32 sum;
    struct fwl_writer w;

    fwl_writer_init(&w, buffer, FWL_SLOT_SIZE_MAX);
    fwl_writer_bytes(&w, "FWS1", 4);
    fwl_writer_u64(&w, 1);
    fwl_writer_u16(&w, (uint16_t)FWL_MIN(content.size, UINT16_MAX));
    fwl_writer_span(&w, content);
    if (w.err != FWL_OK) {
        return content;
    }
    fwl_tagged_hash(&sum, "fwledger/slot/v1", fwl_span(buffer, w.size));
    fwl_writer_span(&w, fwl_hash32_span(&sum));
    return w.err == FWL_OK ? fwl_span(buffer, w.size) : content;
}

static void
try_slots(struct fwl_span a, struct fwl_span b)
{
    static struct fwl_device device;
    static struct fwl_device back;
    static uint8_t buffer[FWL_SLOT_SIZE_MAX];
    struct fwl_span slot;

    if (fwl_slots_decode(&device, a, b) == FWL_OK) {
        enum fwl_err err = fwl_slot_encode(&slot, buffer, sizeof(buffer), &device);

        FWL_ASSERT(err == FWL_OK);
        err = fwl_slots_decode(&back, slot, (struct fwl_span){0});
        FWL_ASSERT(err == FWL_OK && memcmp(&back.trust, &device.trust, sizeof(back.trust)) == 0);
        FWL_ASSERT(back.floor_count == device.floor_count);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t sealed[FWL_SLOT_SIZE_MAX];

    try_slots(fwl_span(data, size / 2), fwl_span(data + size / 2, size - size / 2));
    try_slots(seal(sealed, fwl_span(data, size)), (struct fwl_span){0});
    return 0;
}
