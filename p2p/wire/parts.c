#include "p2p/wire/parts.h"

enum fwl_err
fwl_parts_decode(struct fwl_parts_piece *out, struct fwl_span in, uint32_t total_max)
{
    struct fwl_parts_piece piece = {0};
    struct fwl_reader r;

    *out = piece;
    fwl_reader_init(&r, in);
    fwl_reader_field(&r, "offset");
    piece.offset = fwl_reader_u32(&r);
    fwl_reader_field(&r, "total");
    piece.total = fwl_reader_u32(&r);
    if (piece.total > total_max) {
        fwl_reader_fail(&r, FWL_ERR_LIMIT);
    }
    fwl_reader_field(&r, "bytes");
    piece.bytes = fwl_reader_rest(&r);
    if (fwl_reader_ok(&r) && (piece.offset > piece.total || piece.bytes.size > piece.total - piece.offset)) {
        fwl_reader_fail(&r, FWL_ERR_RANGE);
    }
    if (fwl_reader_ok(&r) && piece.bytes.size == 0 && piece.total != 0) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    if (fwl_reader_finish(&r) == FWL_OK) {
        *out = piece;
    }
    return r.err;
}

void
fwl_parts_encode(struct fwl_writer *w, const struct fwl_parts_piece *piece)
{
    if (piece->bytes.size > FWL_PARTS_BYTES_MAX) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
    }
    fwl_writer_u32(w, piece->offset);
    fwl_writer_u32(w, piece->total);
    fwl_writer_span(w, piece->bytes);
}

void
fwl_parts_init(struct fwl_parts *p, void *buffer, uint32_t room, uint32_t start)
{
    FWL_ASSERT(start <= room);
    *p = (struct fwl_parts){.buffer = buffer, .room = room, .start = start, .held = start, .most = start};
}

enum fwl_err
fwl_parts_add(struct fwl_parts *p, const struct fwl_parts_piece *piece)
{
    bool first = piece->offset == p->start;

    if (p->done) {
        return FWL_ERR_STATE;
    }
    if (piece->total == 0) { /* asked for anything, got nothing: also in the middle of a resumed chunk */
        p->done = true;
        p->absent = true;
        return FWL_OK;
    }
    if (piece->total > p->room) {
        return FWL_ERR_SPACE;
    }
    if (!first && (p->total == 0 || piece->offset != p->held)) {
        return FWL_ERR_ORDER;
    }
    if (!first && piece->total != p->total) {
        return FWL_ERR_VALUE;
    }
    if (piece->bytes.size == 0 || piece->offset > piece->total || piece->bytes.size > piece->total - piece->offset) {
        return FWL_ERR_ORDER; /* not a piece from fwl_parts_decode */
    }
    memcpy(p->buffer + piece->offset, piece->bytes.p, piece->bytes.size);
    p->total = piece->total;
    p->held = piece->offset + (uint32_t)piece->bytes.size;
    p->most = p->held > p->most ? p->held : p->most;
    p->done = p->held == p->total;
    return FWL_OK;
}
