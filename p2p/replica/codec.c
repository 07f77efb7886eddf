#include "p2p/replica/codec.h"

bool
fwl_codec_is_engine(enum fwl_frame_type type)
{
    return type == FWL_FRAME_STATUS || type == FWL_FRAME_PROPOSE || type == FWL_FRAME_VOTE || type == FWL_FRAME_CERT ||
           type == FWL_FRAME_GETCERTS;
}

static enum fwl_err
decode_status(struct fwl_consensus_msg *out, struct fwl_span payload)
{
    struct fwl_message_status m;
    enum fwl_err err = fwl_message_status_decode(&m, payload);

    out->type = FWL_MSG_STATUS;
    out->height = m.height;
    out->view = m.view;
    out->hash = m.tip_hash;
    return err;
}

static enum fwl_err
decode_propose(struct fwl_consensus_msg *out, struct fwl_span payload)
{
    struct fwl_message_propose m;
    enum fwl_err err = fwl_message_propose_decode(&m, payload);

    out->type = FWL_MSG_PROPOSE;
    out->height = m.height;
    out->view = m.view;
    out->hash = m.block_hash;
    out->sig = m.sig;
    out->njust = m.njust;
    out->certs = m.rest; /* the body follows the certificates */
    return err;
}

/* A certificate begins with kind u8 || height u64; the rest needs n of that height, which the engine has. */
static enum fwl_err
decode_cert(struct fwl_consensus_msg *out, struct fwl_span payload)
{
    struct fwl_reader r;

    fwl_reader_init(&r, payload);
    (void)fwl_reader_u8(&r);
    out->type = FWL_MSG_CERT;
    out->height = fwl_reader_u64(&r);
    (void)fwl_reader_rest(&r);
    out->certs = payload;
    return fwl_reader_finish(&r);
}

static enum fwl_err
decode_getcerts(struct fwl_consensus_msg *out, struct fwl_span payload)
{
    struct fwl_message_getcerts m;
    enum fwl_err err = fwl_message_getcerts_decode(&m, payload);

    static_assert(FWL_FRAME_VIEWS_MAX == FWL_CONSENSUS_PULL_VIEWS_MAX, "one limit in both");
    out->type = FWL_MSG_GETCERTS;
    out->height = m.height;
    out->nviews = m.count;
    memcpy(out->views, m.views, sizeof(out->views));
    return err;
}

enum fwl_err
fwl_codec_decode(struct fwl_consensus_msg *out, enum fwl_frame_type type, struct fwl_span payload)
{
    enum fwl_err err = FWL_OK;

    FWL_ASSERT(fwl_codec_is_engine(type));
    memset(out, 0, sizeof(*out));
    if (type == FWL_FRAME_STATUS) {
        err = decode_status(out, payload);
    } else if (type == FWL_FRAME_PROPOSE) {
        err = decode_propose(out, payload);
    } else if (type == FWL_FRAME_CERT) {
        err = decode_cert(out, payload);
    } else if (type == FWL_FRAME_GETCERTS) {
        err = decode_getcerts(out, payload);
    } else {
        out->type = FWL_MSG_VOTE;
        err = fwl_vote_decode(&out->vote, payload);
        out->height = out->vote.height;
    }
    return err;
}

static void
encode_propose(struct fwl_writer *w, const struct fwl_consensus_msg *msg)
{
    struct fwl_message_propose m = {.height = msg->height,
                                    .view = msg->view,
                                    .block_hash = msg->hash,
                                    .sig = msg->sig,
                                    .njust = msg->njust,
                                    .rest = msg->certs};

    fwl_message_propose_encode(w, &m);
    fwl_writer_span(w, msg->body);
}

static enum fwl_frame_type
encode(struct fwl_writer *w, const struct fwl_consensus_msg *msg, uint64_t base, uint64_t time_ms)
{
    switch (msg->type) {
    case FWL_MSG_STATUS:
        fwl_message_status_encode(
            w, &(struct fwl_message_status){
                   .height = msg->height, .view = msg->view, .tip_hash = msg->hash, .base = base, .time_ms = time_ms});
        return FWL_FRAME_STATUS;
    case FWL_MSG_PROPOSE: encode_propose(w, msg); return FWL_FRAME_PROPOSE;
    case FWL_MSG_VOTE: fwl_vote_put(w, &msg->vote); return FWL_FRAME_VOTE;
    case FWL_MSG_CERT: fwl_writer_span(w, msg->certs); return FWL_FRAME_CERT;
    case FWL_MSG_GETCERTS: {
        struct fwl_message_getcerts m = {.height = msg->height, .count = msg->nviews};

        memcpy(m.views, msg->views, sizeof(m.views));
        fwl_message_getcerts_encode(w, &m);
        return FWL_FRAME_GETCERTS;
    }
    case FWL_MSG_GETBODY:
        fwl_message_getbody_encode(w, &(struct fwl_message_getbody){.height = msg->height, .hash = msg->hash});
        return FWL_FRAME_GETBODY;
    case FWL_MSG_GETBLOCKS:
        fwl_message_range_encode(
            w, &(struct fwl_message_range){.from = msg->height, .to = msg->height + FWL_FRAME_BLOCKS_MAX - 1},
            FWL_FRAME_BLOCKS_MAX);
        return FWL_FRAME_GETBLOCKS;
    case FWL_MSG_BODY: break;
    }
    fwl_panic(__FILE__, __LINE__, "the engine does not send bodies");
}

enum fwl_err
fwl_codec_encode(enum fwl_frame_type *type, struct fwl_span *out, void *buffer, size_t room,
                 const struct fwl_consensus_msg *msg, uint64_t base, uint64_t time_ms)
{
    struct fwl_writer w;

    fwl_writer_init(&w, buffer, room);
    *type = encode(&w, msg, base, time_ms);
    return fwl_writer_finish(&w, out);
}
