#include "core/writer.h"

void
fwl_writer_init(struct fwl_writer *w, void *buffer, size_t room)
{
    *w = (struct fwl_writer){.to = buffer, .room = room};
}

void
fwl_writer_fail(struct fwl_writer *w, enum fwl_err err)
{
    if (w->err == FWL_OK) {
        w->err = err;
    }
}

void
fwl_writer_bytes(struct fwl_writer *w, const void *p, size_t size)
{
    FWL_ASSERT(size <= SIZE_MAX - w->size);
    if (w->size > w->room || size > w->room - w->size) {
        fwl_writer_fail(w, FWL_ERR_SPACE);
    } else if (size > 0 && w->err == FWL_OK) {
        memcpy(w->to + w->size, p, size);
    }
    w->size += size;
}

void
fwl_writer_u8(struct fwl_writer *w, uint8_t v)
{
    fwl_writer_bytes(w, &v, 1);
}

void
fwl_writer_u16(struct fwl_writer *w, uint16_t v)
{
    uint8_t b[2];

    fwl_store_be16(b, v);
    fwl_writer_bytes(w, b, sizeof(b));
}

void
fwl_writer_u32(struct fwl_writer *w, uint32_t v)
{
    uint8_t b[4];

    fwl_store_be32(b, v);
    fwl_writer_bytes(w, b, sizeof(b));
}

void
fwl_writer_u64(struct fwl_writer *w, uint64_t v)
{
    uint8_t b[8];

    fwl_store_be64(b, v);
    fwl_writer_bytes(w, b, sizeof(b));
}

void
fwl_writer_span(struct fwl_writer *w, struct fwl_span bytes)
{
    fwl_writer_bytes(w, bytes.p, bytes.size);
}

enum fwl_err
fwl_writer_finish(struct fwl_writer *w, struct fwl_span *out)
{
    *out = w->err == FWL_OK ? fwl_span(w->to, w->size) : (struct fwl_span){0};
    return w->err;
}
