#include "ledger/model/header.h"

void
fwl_header_read(struct fwl_header *out, struct fwl_reader *r)
{
    fwl_reader_field(r, "header.version");
    out->version = fwl_reader_u16(r);
    if (fwl_reader_ok(r) && out->version != FWL_HEADER_VERSION) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
    fwl_reader_field(r, "header");
    fwl_reader_copy(r, out->chain_id.b, 32);
    out->height = fwl_reader_u64(r);
    out->view = fwl_reader_u32(r);
    out->proposer = fwl_reader_u16(r);
    out->time_ms = fwl_reader_u64(r);
    fwl_reader_copy(r, out->prev_hash.b, 32);
    fwl_reader_copy(r, out->txs_root.b, 32);
    out->txs_count = fwl_reader_u32(r);
    out->body_size = fwl_reader_u32(r);
    fwl_reader_copy(r, out->state_root.b, 32);
    fwl_reader_copy(r, out->validators_hash.b, 32);
    fwl_reader_copy(r, out->next_validators_hash.b, 32);
    fwl_reader_copy(r, out->history_root.b, 32);
    out->log_size = fwl_reader_u64(r);
    fwl_reader_copy(r, out->log_root.b, 32);
    out->epoch = fwl_reader_u64(r);
    out->epoch_start = fwl_reader_u64(r);
    fwl_reader_copy(r, out->params_hash.b, 32);
    if (!fwl_reader_ok(r)) {
        *out = (struct fwl_header){0};
    }
}

enum fwl_err
fwl_header_decode(struct fwl_header *out, struct fwl_span in)
{
    struct fwl_reader r;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, in);
    fwl_header_read(out, &r);
    err = fwl_reader_finish(&r);
    if (err != FWL_OK) {
        *out = (struct fwl_header){0};
    }
    return err;
}

void
fwl_header_encode(uint8_t out[FWL_HEADER_SIZE], const struct fwl_header *h)
{
    struct fwl_writer w;
    struct fwl_span done;

    fwl_writer_init(&w, out, FWL_HEADER_SIZE);
    fwl_writer_u16(&w, h->version);
    fwl_writer_bytes(&w, h->chain_id.b, 32);
    fwl_writer_u64(&w, h->height);
    fwl_writer_u32(&w, h->view);
    fwl_writer_u16(&w, h->proposer);
    fwl_writer_u64(&w, h->time_ms);
    fwl_writer_bytes(&w, h->prev_hash.b, 32);
    fwl_writer_bytes(&w, h->txs_root.b, 32);
    fwl_writer_u32(&w, h->txs_count);
    fwl_writer_u32(&w, h->body_size);
    fwl_writer_bytes(&w, h->state_root.b, 32);
    fwl_writer_bytes(&w, h->validators_hash.b, 32);
    fwl_writer_bytes(&w, h->next_validators_hash.b, 32);
    fwl_writer_bytes(&w, h->history_root.b, 32);
    fwl_writer_u64(&w, h->log_size);
    fwl_writer_bytes(&w, h->log_root.b, 32);
    fwl_writer_u64(&w, h->epoch);
    fwl_writer_u64(&w, h->epoch_start);
    fwl_writer_bytes(&w, h->params_hash.b, 32);
    FWL_ASSERT(fwl_writer_finish(&w, &done) == FWL_OK && done.size == FWL_HEADER_SIZE);
}

void
fwl_header_hash(struct fwl_hash32 *out, const struct fwl_header *h)
{
    uint8_t bytes[FWL_HEADER_SIZE];

    fwl_header_encode(bytes, h);
    fwl_header_hash_bytes(out, fwl_span(bytes, sizeof(bytes)));
}

void
fwl_header_hash_bytes(struct fwl_hash32 *out, struct fwl_span bytes)
{
    FWL_ASSERT(bytes.size == FWL_HEADER_SIZE);
    fwl_hash1(out, FWL_HASH_HEADER, bytes);
}
