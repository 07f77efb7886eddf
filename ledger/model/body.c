#include "ledger/model/body.h"

#include "core/mutant.h"
enum fwl_err
fwl_body_decode(struct fwl_body *out, struct fwl_span in, size_t max_block)
{
    struct fwl_reader r;

    *out = (struct fwl_body){0};
    if (in.size > max_block) {
        return FWL_ERR_LIMIT;
    }
    fwl_reader_init(&r, in);
    fwl_header_read(&out->header, &r);
    out->header_bytes = fwl_span(in.p, FWL_HEADER_SIZE);
    out->count = fwl_reader_u32(&r);
    out->txs = fwl_span(r.at, r.left);
    if (fwl_reader_ok(&r) &&
        (out->count != out->header.txs_count || (in.size != out->header.body_size && !FWL_MUTANT(15, 11)))) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    for (uint32_t i = 0; i < out->count && fwl_reader_ok(&r); i++) {
        uint32_t size = fwl_reader_u32(&r);

        if (fwl_reader_ok(&r) && (size == 0 || size > FWL_TX_MAX)) {
            fwl_reader_fail(&r, size == 0 ? FWL_ERR_VALUE : FWL_ERR_LIMIT);
        }
        (void)fwl_reader_bytes(&r, size);
    }
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_body){0};
    }
    return r.err;
}

void
fwl_body_begin(struct fwl_reader *it, const struct fwl_body *body)
{
    fwl_reader_init(it, body->txs);
}

bool
fwl_body_next(struct fwl_reader *it, struct fwl_span *tx)
{
    bool more = it->left != 0;

    *tx = more ? fwl_reader_bytes(it, fwl_reader_u32(it)) : (struct fwl_span){0};
    return more && fwl_reader_ok(it);
}

void
fwl_body_put_start(struct fwl_writer *w, const struct fwl_header *header)
{
    uint8_t bytes[FWL_HEADER_SIZE];

    fwl_header_encode(bytes, header);
    fwl_writer_bytes(w, bytes, sizeof(bytes));
    fwl_writer_u32(w, header->txs_count);
}

void
fwl_body_put_tx(struct fwl_writer *w, struct fwl_span tx)
{
    if (tx.size == 0 || tx.size > FWL_TX_MAX) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
        return;
    }
    fwl_writer_u32(w, (uint32_t)tx.size);
    fwl_writer_span(w, tx);
}
