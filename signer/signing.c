#include "signer/signing.h"

#include "core/reader.h"
#include "core/writer.h"
#include "ledger/model/statement.h"

enum {
    LEAST_SIZE = 5, /* type and id */
};

void
fwl_signing_digest(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, const struct fwl_signing_request *request)
{
    FWL_ASSERT(request->type == FWL_SIGNING_VOTE || request->type == FWL_SIGNING_ATTEST ||
               request->type == FWL_SIGNING_POSSESSION);
    if (request->type == FWL_SIGNING_VOTE) {
        fwl_vote_digest(out, chain_id, request->kind, request->height, request->view, &request->hash);
    } else if (request->type == FWL_SIGNING_ATTEST) {
        fwl_statement_attest(out, chain_id, request->nonce, request->height, &request->hash, request->time_ms);
    } else {
        fwl_statement_possession(out, chain_id, request->height, &request->hash);
    }
}

enum fwl_err
fwl_signing_frame(struct fwl_span *frame, struct fwl_span in)
{
    size_t length = in.size < FWL_SIGNING_HEAD_SIZE ? 0 : fwl_load_be16(in.p);

    *frame = (struct fwl_span){0};
    if (in.size < FWL_SIGNING_HEAD_SIZE) {
        return FWL_OK;
    }
    if (length < LEAST_SIZE) {
        return FWL_ERR_VALUE;
    }
    if (length > FWL_SIGNING_FRAME_MAX - FWL_SIGNING_HEAD_SIZE) {
        return FWL_ERR_LIMIT;
    }
    if (in.size >= FWL_SIGNING_HEAD_SIZE + length) {
        *frame = fwl_span(in.p + FWL_SIGNING_HEAD_SIZE, length);
    }
    return FWL_OK;
}

static enum fwl_signing_type
read_type(struct fwl_reader *r)
{
    unsigned type = fwl_reader_u8(r);

    if (fwl_reader_ok(r) && (type < FWL_SIGNING_HELLO || type > FWL_SIGNING_RENEW)) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
    return (enum fwl_signing_type)type;
}

static void
read_vote(struct fwl_reader *r, struct fwl_signing_request *out)
{
    static const struct fwl_hash32 none;
    unsigned kind = fwl_reader_u8(r);

    out->height = fwl_reader_u64(r);
    out->view = fwl_reader_u32(r);
    fwl_reader_copy(r, out->hash.b, sizeof(out->hash.b));
    out->kind = (enum fwl_vote_kind)kind;
    if (fwl_reader_ok(r) &&
        (kind > FWL_VOTE_FINALIZE || (kind == FWL_VOTE_NULLIFY && !fwl_hash32_equal(&out->hash, &none)))) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
read_body(struct fwl_reader *r, struct fwl_signing_request *out)
{
    switch (out->type) {
    case FWL_SIGNING_HELLO:
        out->protocol = fwl_reader_u8(r);
        fwl_reader_copy(r, out->chain_id.b, sizeof(out->chain_id.b));
        break;
    case FWL_SIGNING_VOTE: read_vote(r, out); break;
    case FWL_SIGNING_ATTEST:
        fwl_reader_copy(r, out->nonce, sizeof(out->nonce));
        out->height = fwl_reader_u64(r);
        fwl_reader_copy(r, out->hash.b, sizeof(out->hash.b));
        out->time_ms = fwl_reader_u64(r);
        break;
    case FWL_SIGNING_POSSESSION:
        out->height = fwl_reader_u64(r);
        fwl_reader_copy(r, out->hash.b, sizeof(out->hash.b));
        break;
    case FWL_SIGNING_INSTANCE: break;
    case FWL_SIGNING_CLAIM:
    case FWL_SIGNING_RENEW: fwl_reader_copy(r, out->instance, sizeof(out->instance)); break;
    }
}

enum fwl_err
fwl_signing_request_decode(struct fwl_signing_request *out, struct fwl_span frame)
{
    struct fwl_reader r;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_signing_request){0};
    fwl_reader_init(&r, frame);
    out->type = read_type(&r);
    out->id = fwl_reader_u32(&r);
    if (fwl_reader_ok(&r)) {
        read_body(&r, out);
    }
    err = fwl_reader_finish(&r);
    if (err != FWL_OK) {
        *out = (struct fwl_signing_request){.type = out->type, .id = out->id};
    }
    return err;
}

/* The length, once the rest is written. */
static size_t
close_frame(struct fwl_writer *w, uint8_t out[FWL_SIGNING_FRAME_MAX])
{
    FWL_ASSERT(w->err == FWL_OK && w->size >= LEAST_SIZE + FWL_SIGNING_HEAD_SIZE);
    fwl_store_be16(out, (uint16_t)(w->size - FWL_SIGNING_HEAD_SIZE));
    return w->size;
}

size_t
fwl_signing_request_encode(uint8_t out[FWL_SIGNING_FRAME_MAX], const struct fwl_signing_request *request)
{
    struct fwl_writer w;

    fwl_writer_init(&w, out, FWL_SIGNING_FRAME_MAX);
    fwl_writer_u16(&w, 0);
    fwl_writer_u8(&w, (uint8_t)request->type);
    fwl_writer_u32(&w, request->id);
    switch (request->type) {
    case FWL_SIGNING_HELLO:
        fwl_writer_u8(&w, request->protocol);
        fwl_writer_span(&w, fwl_hash32_span(&request->chain_id));
        break;
    case FWL_SIGNING_VOTE:
        fwl_writer_u8(&w, (uint8_t)request->kind);
        fwl_writer_u64(&w, request->height);
        fwl_writer_u32(&w, request->view);
        fwl_writer_span(&w, fwl_hash32_span(&request->hash));
        break;
    case FWL_SIGNING_ATTEST:
        fwl_writer_bytes(&w, request->nonce, sizeof(request->nonce));
        fwl_writer_u64(&w, request->height);
        fwl_writer_span(&w, fwl_hash32_span(&request->hash));
        fwl_writer_u64(&w, request->time_ms);
        break;
    case FWL_SIGNING_POSSESSION:
        fwl_writer_u64(&w, request->height);
        fwl_writer_span(&w, fwl_hash32_span(&request->hash));
        break;
    case FWL_SIGNING_INSTANCE: break;
    case FWL_SIGNING_CLAIM:
    case FWL_SIGNING_RENEW: fwl_writer_bytes(&w, request->instance, sizeof(request->instance)); break;
    }
    return close_frame(&w, out);
}

static void
read_text(struct fwl_reader *r, struct fwl_signing_answer *out)
{
    struct fwl_span text = fwl_reader_rest(r);

    if (text.size > FWL_SIGNING_TEXT_MAX) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
        return;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.p[i] < ' ' || text.p[i] > '~') {
            fwl_reader_fail(r, FWL_ERR_VALUE);
            return;
        }
        out->text[i] = (char)text.p[i];
    }
}

static void
read_result(struct fwl_reader *r, struct fwl_signing_answer *out)
{
    unsigned known = 0;

    switch (out->type) {
    case FWL_SIGNING_HELLO: fwl_reader_copy(r, out->key.b, sizeof(out->key.b)); break;
    case FWL_SIGNING_VOTE:
    case FWL_SIGNING_ATTEST:
    case FWL_SIGNING_POSSESSION: fwl_reader_copy(r, out->sig.b, sizeof(out->sig.b)); break;
    case FWL_SIGNING_INSTANCE:
        known = fwl_reader_u8(r);
        fwl_reader_copy(r, out->instance, sizeof(out->instance));
        if (fwl_reader_ok(r) && known > FWL_SIGNING_STORE) {
            fwl_reader_fail(r, FWL_ERR_UNKNOWN);
        }
        out->known = (enum fwl_signing_known)known;
        break;
    case FWL_SIGNING_CLAIM:
    case FWL_SIGNING_RENEW: break;
    }
}

enum fwl_err
fwl_signing_answer_decode(struct fwl_signing_answer *out, struct fwl_span frame)
{
    struct fwl_reader r;
    unsigned code = 0;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_signing_answer){0};
    fwl_reader_init(&r, frame);
    out->type = read_type(&r);
    out->id = fwl_reader_u32(&r);
    code = fwl_reader_u8(&r);
    if (fwl_reader_ok(&r) && code > FWL_SIGNING_TAKEN) {
        fwl_reader_fail(&r, FWL_ERR_UNKNOWN);
    }
    out->code = (enum fwl_signing_code)code;
    if (fwl_reader_ok(&r) && out->code == FWL_SIGNING_DONE) {
        read_result(&r, out);
    } else if (fwl_reader_ok(&r)) {
        read_text(&r, out);
    }
    err = fwl_reader_finish(&r);
    if (err != FWL_OK) {
        *out = (struct fwl_signing_answer){.type = out->type, .id = out->id};
    }
    return err;
}

size_t
fwl_signing_answer_encode(uint8_t out[FWL_SIGNING_FRAME_MAX], const struct fwl_signing_answer *answer)
{
    struct fwl_writer w;

    fwl_writer_init(&w, out, FWL_SIGNING_FRAME_MAX);
    fwl_writer_u16(&w, 0);
    fwl_writer_u8(&w, (uint8_t)answer->type);
    fwl_writer_u32(&w, answer->id);
    fwl_writer_u8(&w, (uint8_t)answer->code);
    if (answer->code != FWL_SIGNING_DONE) {
        fwl_writer_bytes(&w, answer->text, fwl_span_text(answer->text).size);
        return close_frame(&w, out);
    }
    switch (answer->type) {
    case FWL_SIGNING_HELLO: fwl_writer_bytes(&w, answer->key.b, sizeof(answer->key.b)); break;
    case FWL_SIGNING_VOTE:
    case FWL_SIGNING_ATTEST:
    case FWL_SIGNING_POSSESSION: fwl_writer_bytes(&w, answer->sig.b, sizeof(answer->sig.b)); break;
    case FWL_SIGNING_INSTANCE:
        fwl_writer_u8(&w, (uint8_t)answer->known);
        fwl_writer_bytes(&w, answer->instance, sizeof(answer->instance));
        break;
    case FWL_SIGNING_CLAIM:
    case FWL_SIGNING_RENEW: break;
    }
    return close_frame(&w, out);
}
