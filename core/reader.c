#include "core/reader.h"

void
fwl_reader_init(struct fwl_reader *r, struct fwl_span in)
{
    *r = (struct fwl_reader){.at = in.p, .left = in.size};
}

void
fwl_reader_fail(struct fwl_reader *r, enum fwl_err err)
{
    FWL_DCHECK(err != FWL_OK);
    if (r->err == FWL_OK) {
        r->err = err;
        r->left = 0; /* nothing is readable any more, so loops over the input end */
    }
}

void
fwl_reader_field(struct fwl_reader *r, const char *field)
{
    if (r->err == FWL_OK) {
        r->field = field;
    }
}

struct fwl_span
fwl_reader_bytes(struct fwl_reader *r, size_t size)
{
    struct fwl_span view = {0};

    if (size > r->left) {
        fwl_reader_fail(r, FWL_ERR_TRUNCATED);
        return view;
    }
    if (size == 0) {
        return view;
    }
    view = fwl_span(r->at, size);
    r->at += size;
    r->left -= size;
    r->offset += size;
    return view;
}

uint8_t
fwl_reader_u8(struct fwl_reader *r)
{
    struct fwl_span b = fwl_reader_bytes(r, 1);

    return b.size == 0 ? 0 : b.p[0];
}

uint16_t
fwl_reader_u16(struct fwl_reader *r)
{
    struct fwl_span b = fwl_reader_bytes(r, 2);

    return b.size == 0 ? 0 : fwl_load_be16(b.p);
}

uint32_t
fwl_reader_u32(struct fwl_reader *r)
{
    struct fwl_span b = fwl_reader_bytes(r, 4);

    return b.size == 0 ? 0 : fwl_load_be32(b.p);
}

uint64_t
fwl_reader_u64(struct fwl_reader *r)
{
    struct fwl_span b = fwl_reader_bytes(r, 8);

    return b.size == 0 ? 0 : fwl_load_be64(b.p);
}

void
fwl_reader_copy(struct fwl_reader *r, void *out, size_t size)
{
    struct fwl_span b = fwl_reader_bytes(r, size);

    if (b.size == size && size > 0) {
        memcpy(out, b.p, size);
    } else {
        memset(out, 0, size);
    }
}

struct fwl_span
fwl_reader_rest(struct fwl_reader *r)
{
    return fwl_reader_bytes(r, r->left);
}

enum fwl_err
fwl_reader_finish(struct fwl_reader *r)
{
    if (r->err == FWL_OK && r->left != 0) {
        fwl_reader_fail(r, FWL_ERR_TRAILING);
    }
    return r->err;
}
