/*
 * Input: one frame, head included. Every decoder, of the frame and of what it carries: what is accepted encodes to the
 * same bytes. The validators are four.
 */
#include "ledger/model/body.h"
#include "ledger/snapshot/snapinfo.h"
#include "p2p/wire/message.h"
#include "p2p/wire/parts.h"
#include "signer/signing.h"
#include "tests/unit/model/roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N = 4 };

static uint8_t out[1U << 20];

static void
same(struct fwl_writer *w, struct fwl_span in)
{
    struct fwl_span bytes;

    FWL_ASSERT(fwl_writer_finish(w, &bytes) == FWL_OK && fwl_span_equal(bytes, in));
}

#define CASE(frame, kind, codec)                                                                                       \
    case frame: {                                                                                                      \
        struct kind m;                                                                                                 \
        if (codec##_decode(&m, in) == FWL_OK) {                                                                        \
            codec##_encode(&w, &m);                                                                                    \
            same(&w, in);                                                                                              \
        }                                                                                                              \
        break;                                                                                                         \
    }

#define CASE_MAX(frame, kind, codec, max)                                                                              \
    case frame: {                                                                                                      \
        struct kind m;                                                                                                 \
        if (codec##_decode(&m, in, max) == FWL_OK) {                                                                   \
            codec##_encode(&w, &m, max);                                                                               \
            same(&w, in);                                                                                              \
        }                                                                                                              \
        break;                                                                                                         \
    }

static void
body(struct fwl_span in)
{
    struct fwl_body b;
    struct fwl_writer w;
    struct fwl_reader it;
    struct fwl_span tx;

    if (fwl_body_decode(&b, in, FWL_BLOCK_MAX_DEFAULT) != FWL_OK) {
        return;
    }
    fwl_writer_init(&w, out, sizeof(out));
    fwl_body_put_start(&w, &b.header);
    for (fwl_body_begin(&it, &b); fwl_body_next(&it, &tx);) {
        fwl_body_put_tx(&w, tx);
        (void)roundtrip(ROUNDTRIP_TX, tx);
    }
    same(&w, in);
}

/* Certificates, then a body. */
static void
proposal(struct fwl_span in)
{
    struct fwl_message_propose m;
    struct fwl_reader r;
    struct fwl_cert cert;

    if (fwl_message_propose_decode(&m, in) == FWL_OK) {
        fwl_reader_init(&r, m.rest);
        for (unsigned i = 0; i < m.njust && r.err == FWL_OK; i++) {
            fwl_cert_read(&cert, &r, N);
        }
        body(fwl_reader_rest(&r));
    }
}

/* A block: its body, as long as its header says, and a certificate in short form. */
static void
block(struct fwl_span in)
{
    struct fwl_header h;
    struct fwl_cert cert;
    struct fwl_reader r;
    struct fwl_hash32 hash;

    fwl_reader_init(&r, in);
    if (fwl_header_decode(&h, fwl_reader_bytes(&r, FWL_HEADER_SIZE)) == FWL_OK && h.body_size <= in.size) {
        body(fwl_span(in.p, h.body_size));
        fwl_header_hash(&hash, &h);
        (void)(fwl_cert_decode_short(&cert, fwl_span(in.p + h.body_size, in.size - h.body_size), N, h.height, &hash) ==
               FWL_OK);
    }
}

static void
part(enum fwl_frame_type type, struct fwl_span in)
{
    uint32_t max = fwl_frame_object_max(type, FWL_BLOCK_MAX_DEFAULT);
    struct fwl_parts_piece piece;
    struct fwl_parts parts;
    struct fwl_writer w;

    if (fwl_parts_decode(&piece, in, max) != FWL_OK) {
        return;
    }
    fwl_writer_init(&w, out, sizeof(out));
    fwl_parts_encode(&w, &piece);
    same(&w, in);
    fwl_parts_init(&parts, out, 4096, FWL_MIN(piece.offset, 4096U));
    if (fwl_parts_add(&parts, &piece) == FWL_OK && !parts.absent) {
        FWL_ASSERT(parts.held <= 4096 && parts.held <= parts.total);
    }
    if (piece.total != piece.bytes.size) { /* a part of more: the whole is for others */
        return;
    }
    if (type == FWL_FRAME_BODY && piece.total >= 8) {
        body(fwl_span(piece.bytes.p + 8, piece.total - 8));
    } else if (type == FWL_FRAME_BLOCK) {
        block(piece.bytes);
    }
}

static void
payload(enum fwl_frame_type type, struct fwl_span in)
{
    struct fwl_writer w;
    uint64_t from = 0;
    static struct fwl_snapinfo info;

    fwl_writer_init(&w, out, sizeof(out));
    switch (type) {
        CASE(FWL_FRAME_AUTH, fwl_message_auth, fwl_message_auth)
        CASE(FWL_FRAME_STATUS, fwl_message_status, fwl_message_status)
        CASE(FWL_FRAME_PROPOSE, fwl_message_propose, fwl_message_propose)
        CASE(FWL_FRAME_GETCERTS, fwl_message_getcerts, fwl_message_getcerts)
        CASE(FWL_FRAME_GETBODY, fwl_message_getbody, fwl_message_getbody)
        CASE_MAX(FWL_FRAME_GETBLOCKS, fwl_message_range, fwl_message_range, FWL_FRAME_BLOCKS_MAX)
        CASE_MAX(FWL_FRAME_GETHEADERS, fwl_message_range, fwl_message_range, FWL_FRAME_HEADERS_MAX)
        CASE(FWL_FRAME_ATTESTREQ, fwl_attest_request, fwl_message_attestreq)
        CASE(FWL_FRAME_ATTEST, fwl_message_attest, fwl_message_attest)
        CASE(FWL_FRAME_TXINV, fwl_message_txids, fwl_message_txids)
        CASE(FWL_FRAME_GETTX, fwl_message_txids, fwl_message_txids)
        CASE(FWL_FRAME_GETCHUNK, fwl_message_getchunk, fwl_message_getchunk)
    case FWL_FRAME_GETEPOCHS:
        if (fwl_message_getepochs_decode(&from, in) == FWL_OK) {
            fwl_message_getepochs_encode(&w, from);
            same(&w, in);
        }
        break;
    case FWL_FRAME_BODY:
    case FWL_FRAME_BLOCK:
    case FWL_FRAME_CHUNK: part(type, in); break;
    case FWL_FRAME_VOTE: (void)roundtrip(ROUNDTRIP_VOTE, in); break;
    case FWL_FRAME_CERT: (void)roundtrip(ROUNDTRIP_CERT, in); break;
    case FWL_FRAME_EPOCH: (void)roundtrip(ROUNDTRIP_EPOCH, in); break;
    case FWL_FRAME_TX: (void)roundtrip(ROUNDTRIP_TX, in); break;
    case FWL_FRAME_HEADERS:
        for (size_t at = 0; at + FWL_HEADER_SIZE <= in.size; at += FWL_HEADER_SIZE) {
            (void)roundtrip(ROUNDTRIP_HEADER, fwl_span(in.p + at, FWL_HEADER_SIZE));
        }
        break;
    case FWL_FRAME_SNAPINFO:
        if (fwl_snapinfo_decode(&info, in) == FWL_OK) {
            fwl_snapinfo_put(&w, &info);
            same(&w, in);
            (void)(fwl_snapinfo_roots(&info) == FWL_OK);
        }
        break;
    case FWL_FRAME_GETSNAPINFO: break; /* empty */
    }
}

/* The same bytes on the socket of a signer, as a request and as an answer. */
static void
signing(struct fwl_span in)
{
    struct fwl_signing_request request;
    struct fwl_signing_answer answer;
    uint8_t again[FWL_SIGNING_FRAME_MAX];
    struct fwl_span frame;

    if (fwl_signing_frame(&frame, in) != FWL_OK || frame.size == 0) {
        return;
    }
    if (fwl_signing_request_decode(&request, frame) == FWL_OK) {
        FWL_ASSERT(fwl_signing_request_encode(again, &request) == FWL_SIGNING_HEAD_SIZE + frame.size);
        FWL_ASSERT(memcmp(again + FWL_SIGNING_HEAD_SIZE, frame.p, frame.size) == 0);
    }
    if (fwl_signing_answer_decode(&answer, frame) == FWL_OK) {
        FWL_ASSERT(fwl_signing_answer_encode(again, &answer) == FWL_SIGNING_HEAD_SIZE + frame.size);
        FWL_ASSERT(memcmp(again + FWL_SIGNING_HEAD_SIZE, frame.p, frame.size) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[FWL_FRAME_HEAD_SIZE];
    struct fwl_frame_head head;

    signing(fwl_span(data, size));
    if (size < sizeof(again) || size > sizeof(out) ||
        fwl_frame_head_decode(&head, fwl_span(data, sizeof(again)), FWL_BLOCK_MAX_DEFAULT) != FWL_OK) {
        return 0;
    }
    fwl_frame_head_encode(again, head.type, head.length);
    FWL_ASSERT(memcmp(again, data, sizeof(again)) == 0);
    payload(head.type, fwl_span(data + sizeof(again), size - sizeof(again)));
    if (head.type == FWL_FRAME_PROPOSE) {
        proposal(fwl_span(data + sizeof(again), size - sizeof(again)));
    }
    return 0;
}
