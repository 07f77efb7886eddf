#include "p2p/wire/message.h"

void
fwl_message_auth_digest(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, const struct fwl_hash32 *exporter,
                        enum fwl_message_role role, const struct fwl_pubkey32 *node_key)
{
    uint8_t message[32 + 32 + 1 + 32];
    struct fwl_span bytes = {0};
    struct fwl_writer w;

    fwl_writer_init(&w, message, sizeof(message));
    fwl_writer_span(&w, fwl_hash32_span(chain_id));
    fwl_writer_span(&w, fwl_hash32_span(exporter));
    fwl_writer_u8(&w, (uint8_t)role);
    fwl_writer_bytes(&w, node_key->b, sizeof(node_key->b));
    FWL_ASSERT(fwl_writer_finish(&w, &bytes) == FWL_OK);
    fwl_tagged_hash(out, "fwledger/p2p-auth/v1", bytes);
}

enum fwl_err
fwl_message_auth_decode(struct fwl_message_auth *out, struct fwl_span in)
{
    struct fwl_reader r;
    uint8_t role = 0;

    *out = (struct fwl_message_auth){0};
    fwl_reader_init(&r, in);
    out->proto = fwl_reader_u16(&r);
    fwl_reader_copy(&r, out->chain_id.b, sizeof(out->chain_id.b));
    role = fwl_reader_u8(&r);
    if (role != FWL_ROLE_DIALER && role != FWL_ROLE_ACCEPTOR) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    fwl_reader_copy(&r, out->node_key.b, sizeof(out->node_key.b));
    out->height = fwl_reader_u64(&r);
    out->features = fwl_reader_u32(&r);
    fwl_reader_copy(&r, out->sig.b, sizeof(out->sig.b));
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_auth){0};
        return r.err;
    }
    out->role = (enum fwl_message_role)role;
    return FWL_OK;
}

void
fwl_message_auth_encode(struct fwl_writer *w, const struct fwl_message_auth *m)
{
    fwl_writer_u16(w, m->proto);
    fwl_writer_span(w, fwl_hash32_span(&m->chain_id));
    fwl_writer_u8(w, (uint8_t)m->role);
    fwl_writer_bytes(w, m->node_key.b, sizeof(m->node_key.b));
    fwl_writer_u64(w, m->height);
    fwl_writer_u32(w, m->features);
    fwl_writer_bytes(w, m->sig.b, sizeof(m->sig.b));
}

enum fwl_err
fwl_message_status_decode(struct fwl_message_status *out, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *out = (struct fwl_message_status){0};
    out->height = fwl_reader_u64(&r);
    out->view = fwl_reader_u32(&r);
    fwl_reader_copy(&r, out->tip_hash.b, sizeof(out->tip_hash.b));
    out->base = fwl_reader_u64(&r);
    out->time_ms = fwl_reader_u64(&r);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_status){0};
    }
    return r.err;
}

void
fwl_message_status_encode(struct fwl_writer *w, const struct fwl_message_status *m)
{
    fwl_writer_u64(w, m->height);
    fwl_writer_u32(w, m->view);
    fwl_writer_span(w, fwl_hash32_span(&m->tip_hash));
    fwl_writer_u64(w, m->base);
    fwl_writer_u64(w, m->time_ms);
}

enum fwl_err
fwl_message_propose_decode(struct fwl_message_propose *out, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *out = (struct fwl_message_propose){0};
    out->height = fwl_reader_u64(&r);
    out->view = fwl_reader_u32(&r);
    fwl_reader_copy(&r, out->block_hash.b, sizeof(out->block_hash.b));
    fwl_reader_copy(&r, out->sig.b, sizeof(out->sig.b));
    out->njust = fwl_reader_u16(&r);
    out->rest = fwl_reader_rest(&r);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_propose){0};
    }
    return r.err;
}

void
fwl_message_propose_encode(struct fwl_writer *w, const struct fwl_message_propose *m)
{
    fwl_writer_u64(w, m->height);
    fwl_writer_u32(w, m->view);
    fwl_writer_span(w, fwl_hash32_span(&m->block_hash));
    fwl_writer_bytes(w, m->sig.b, sizeof(m->sig.b));
    fwl_writer_u16(w, m->njust);
    fwl_writer_span(w, m->rest);
}

enum fwl_err
fwl_message_getcerts_decode(struct fwl_message_getcerts *out, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *out = (struct fwl_message_getcerts){0};
    out->height = fwl_reader_u64(&r);
    out->count = fwl_reader_u16(&r);
    if (fwl_reader_ok(&r) && (out->count == 0 || out->count > FWL_FRAME_VIEWS_MAX)) {
        fwl_reader_fail(&r, out->count == 0 ? FWL_ERR_VALUE : FWL_ERR_LIMIT);
    }
    for (uint16_t i = 0; fwl_reader_ok(&r) && i < out->count; i++) {
        out->views[i] = fwl_reader_u32(&r);
        if (fwl_reader_ok(&r) && i > 0 && out->views[i] <= out->views[i - 1]) {
            fwl_reader_fail(&r, FWL_ERR_ORDER);
        }
    }
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_getcerts){0};
    }
    return r.err;
}

void
fwl_message_getcerts_encode(struct fwl_writer *w, const struct fwl_message_getcerts *m)
{
    if (m->count == 0 || m->count > FWL_FRAME_VIEWS_MAX) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
        return;
    }
    fwl_writer_u64(w, m->height);
    fwl_writer_u16(w, m->count);
    for (uint16_t i = 0; i < m->count; i++) {
        FWL_DCHECK(i == 0 || m->views[i] > m->views[i - 1]);
        fwl_writer_u32(w, m->views[i]);
    }
}

enum fwl_err
fwl_message_getbody_decode(struct fwl_message_getbody *out, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *out = (struct fwl_message_getbody){0};
    out->height = fwl_reader_u64(&r);
    fwl_reader_copy(&r, out->hash.b, sizeof(out->hash.b));
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_getbody){0};
    }
    return r.err;
}

void
fwl_message_getbody_encode(struct fwl_writer *w, const struct fwl_message_getbody *m)
{
    fwl_writer_u64(w, m->height);
    fwl_writer_span(w, fwl_hash32_span(&m->hash));
}

enum fwl_err
fwl_message_range_decode(struct fwl_message_range *out, struct fwl_span in, uint64_t max)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *out = (struct fwl_message_range){0};
    out->from = fwl_reader_u64(&r);
    out->to = fwl_reader_u64(&r);
    if (fwl_reader_ok(&r) && out->to < out->from) {
        fwl_reader_fail(&r, FWL_ERR_RANGE);
    }
    if (fwl_reader_ok(&r) && out->to - out->from >= max) {
        fwl_reader_fail(&r, FWL_ERR_LIMIT);
    }
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_range){0};
    }
    return r.err;
}

void
fwl_message_range_encode(struct fwl_writer *w, const struct fwl_message_range *m, uint64_t max)
{
    if (m->to < m->from || m->to - m->from >= max) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
        return;
    }
    fwl_writer_u64(w, m->from);
    fwl_writer_u64(w, m->to);
}

enum fwl_err
fwl_message_getepochs_decode(uint64_t *from, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *from = fwl_reader_u64(&r);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *from = 0;
    }
    return r.err;
}

void
fwl_message_getepochs_encode(struct fwl_writer *w, uint64_t from)
{
    fwl_writer_u64(w, from);
}

static void
read_attestreq(struct fwl_attest_request *out, struct fwl_reader *r)
{
    fwl_reader_copy(r, out->nonce, sizeof(out->nonce));
    out->height = fwl_reader_u64(r);
    fwl_reader_copy(r, out->block_hash.b, sizeof(out->block_hash.b));
}

enum fwl_err
fwl_message_attestreq_decode(struct fwl_attest_request *out, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    read_attestreq(out, &r);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_attest_request){0};
    }
    return r.err;
}

void
fwl_message_attestreq_encode(struct fwl_writer *w, const struct fwl_attest_request *m)
{
    fwl_writer_bytes(w, m->nonce, sizeof(m->nonce));
    fwl_writer_u64(w, m->height);
    fwl_writer_span(w, fwl_hash32_span(&m->block_hash));
}

enum fwl_err
fwl_message_attest_decode(struct fwl_message_attest *out, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *out = (struct fwl_message_attest){0};
    read_attestreq(&out->request, &r);
    out->attest.time_ms = fwl_reader_u64(&r);
    out->attest.idx = fwl_reader_u16(&r);
    fwl_reader_copy(&r, out->attest.sig.b, sizeof(out->attest.sig.b));
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_attest){0};
    }
    return r.err;
}

void
fwl_message_attest_encode(struct fwl_writer *w, const struct fwl_message_attest *m)
{
    fwl_message_attestreq_encode(w, &m->request);
    fwl_writer_u64(w, m->attest.time_ms);
    fwl_writer_u16(w, m->attest.idx);
    fwl_writer_bytes(w, m->attest.sig.b, sizeof(m->attest.sig.b));
}

enum fwl_err
fwl_message_txids_decode(struct fwl_message_txids *out, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *out = (struct fwl_message_txids){0};
    out->count = fwl_reader_u16(&r);
    if (fwl_reader_ok(&r) && (out->count == 0 || out->count > FWL_FRAME_TXIDS_MAX)) {
        fwl_reader_fail(&r, out->count == 0 ? FWL_ERR_VALUE : FWL_ERR_LIMIT);
    }
    out->txids = fwl_reader_bytes(&r, (size_t)out->count * 32);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_txids){0};
    }
    return r.err;
}

void
fwl_message_txids_encode(struct fwl_writer *w, const struct fwl_message_txids *m)
{
    if (m->count == 0 || m->count > FWL_FRAME_TXIDS_MAX || m->txids.size != (size_t)m->count * 32) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
        return;
    }
    fwl_writer_u16(w, m->count);
    fwl_writer_span(w, m->txids);
}

void
fwl_message_txid(struct fwl_hash32 *out, const struct fwl_message_txids *m, uint16_t i)
{
    FWL_ASSERT(i < m->count);
    memcpy(out->b, m->txids.p + (size_t)i * 32, sizeof(out->b));
}

enum fwl_err
fwl_message_getchunk_decode(struct fwl_message_getchunk *out, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    *out = (struct fwl_message_getchunk){0};
    out->height = fwl_reader_u64(&r);
    out->chunk = fwl_reader_u16(&r);
    out->offset = fwl_reader_u32(&r);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_message_getchunk){0};
    }
    return r.err;
}

void
fwl_message_getchunk_encode(struct fwl_writer *w, const struct fwl_message_getchunk *m)
{
    fwl_writer_u64(w, m->height);
    fwl_writer_u16(w, m->chunk);
    fwl_writer_u32(w, m->offset);
}
