/* Answers to peers that ask for what is durable here: bodies, blocks, headers, epoch steps, snapshots. */
#include "p2p/replica/internal.h"

/* A body that is not decided yet, from the votes store; else that of a final block. */
static bool
find_body(struct fwl_replica *r, struct fwl_span *object, const struct fwl_message_getbody *m)
{
    struct fwl_read read;
    struct fwl_writer w;
    struct fwl_span part;
    struct fwl_span header;
    uint8_t key[40];
    bool found = false;

    fwl_writer_init(&w, r->frame, r->frame_bytes);
    fwl_writer_u64(&w, m->height);
    fwl_store_be64(key, m->height);
    memcpy(key + 8, m->hash.b, 32);
    if (fwl_read_begin(&r->config.io.votes, &read) == FWL_OK) {
        if (fwl_kv_get(&read.kv, &part, FWL_SPACE_BODY, fwl_span(key, sizeof(key))) == FWL_OK) {
            fwl_writer_span(&w, part);
            found = true;
        }
        fwl_read_end(&read);
    }
    if (!found && fwl_read_begin(&r->config.io.chain, &read) == FWL_OK) {
        struct fwl_hash32 hash;

        if (fwl_kv_get(&read.kv, &header, FWL_SPACE_HDR, fwl_span(key, 8)) == FWL_OK &&
            header.size == FWL_HEADER_SIZE && fwl_kv_get(&read.kv, &part, FWL_SPACE_BLK, fwl_span(key, 8)) == FWL_OK) {
            fwl_header_hash_bytes(&hash, header);
            found = fwl_hash32_equal(&hash, &m->hash);
            fwl_writer_span(&w, header);
            fwl_writer_span(&w, part);
        }
        fwl_read_end(&read);
    }
    return found && fwl_writer_finish(&w, object) == FWL_OK;
}

static void
serve_body(struct fwl_replica *r, struct fwl_replica_peer *to, struct fwl_span payload)
{
    struct fwl_message_getbody m;
    struct fwl_span object = {0};

    if (fwl_message_getbody_decode(&m, payload) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, to->id, FWL_REPLICA_MALFORMED);
        return;
    }
    if (!find_body(r, &object, &m)) {
        object = (struct fwl_span){0};
    }
    r->config.io.send_body(r->config.io.ctx, to->id, object);
}

static void
serve_blocks(struct fwl_replica *r, struct fwl_replica_peer *to, struct fwl_span payload)
{
    struct fwl_message_range m;
    uint64_t tip = fwl_replica_tip(r)->header.height;

    if (fwl_message_range_decode(&m, payload, FWL_FRAME_BLOCKS_MAX) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, to->id, FWL_REPLICA_MALFORMED);
        return;
    }
    for (uint64_t h = FWL_MAX(m.from, 1); h <= FWL_MIN(m.to, tip); h++) {
        if (!r->config.io.send_block(r->config.io.ctx, to->id, h)) {
            break; /* who asks takes them in order only */
        }
    }
}

static void
serve_headers(struct fwl_replica *r, struct fwl_replica_peer *to, struct fwl_span payload)
{
    struct fwl_message_range m;
    struct fwl_read read;
    struct fwl_span header;
    struct fwl_span out;
    struct fwl_writer w;
    uint8_t key[8];

    if (fwl_message_range_decode(&m, payload, FWL_FRAME_HEADERS_MAX) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, to->id, FWL_REPLICA_MALFORMED);
        return;
    }
    if (fwl_read_begin(&r->config.io.chain, &read) != FWL_OK) {
        return;
    }
    fwl_writer_init(&w, r->frame, r->frame_bytes);
    for (uint64_t h = m.from; h <= m.to; h++) {
        fwl_store_be64(key, h);
        if (fwl_kv_get(&read.kv, &header, FWL_SPACE_HDR, fwl_span(key, sizeof(key))) != FWL_OK) {
            break;
        }
        fwl_writer_span(&w, header);
    }
    fwl_read_end(&read);
    if (fwl_writer_finish(&w, &out) == FWL_OK) {
        r->config.io.send(r->config.io.ctx, to->id, FWL_FRAME_HEADERS, out);
    }
}

static void
serve_epochs(struct fwl_replica *r, struct fwl_replica_peer *to, struct fwl_span payload)
{
    struct fwl_read read;
    struct fwl_span line;
    uint64_t from = 0;
    uint8_t key[8];

    if (fwl_message_getepochs_decode(&from, payload) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, to->id, FWL_REPLICA_MALFORMED);
        return;
    }
    if (fwl_read_begin(&r->config.io.chain, &read) != FWL_OK) {
        return;
    }
    for (uint64_t epoch = from; epoch - from < FWL_EPOCH_STEPS_MAX; epoch++) {
        size_t set = 0;

        fwl_store_be64(key, epoch);
        if (fwl_kv_get(&read.kv, &line, FWL_SPACE_SET, fwl_span(key, sizeof(key))) != FWL_OK || line.size < 10) {
            break;
        }
        set = fwl_load_be16(line.p + 8);
        if (line.size <= 10 + set) {
            break; /* the present epoch has no step out of it yet */
        }
        r->config.io.send(r->config.io.ctx, to->id, FWL_FRAME_EPOCH, fwl_span(line.p + 10 + set, line.size - 10 - set));
    }
    fwl_read_end(&read);
}

static void
serve_chunk(struct fwl_replica *r, struct fwl_replica_peer *to, struct fwl_span payload)
{
    struct fwl_message_getchunk m;

    if (fwl_message_getchunk_decode(&m, payload) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, to->id, FWL_REPLICA_MALFORMED);
        return;
    }
    r->config.io.send_chunk(r->config.io.ctx, to->id, m.height, m.chunk, m.offset);
}

void
fwl_serve_frame(struct fwl_replica *r, struct fwl_replica_peer *to, enum fwl_frame_type type, struct fwl_span payload)
{
    if (type == FWL_FRAME_GETBODY) {
        serve_body(r, to, payload);
    } else if (type == FWL_FRAME_GETBLOCKS) {
        serve_blocks(r, to, payload);
    } else if (type == FWL_FRAME_GETHEADERS) {
        serve_headers(r, to, payload);
    } else if (type == FWL_FRAME_GETEPOCHS) {
        serve_epochs(r, to, payload);
    } else if (type == FWL_FRAME_GETSNAPINFO) {
        r->config.io.send_snapinfo(r->config.io.ctx, to->id);
    } else if (type == FWL_FRAME_GETCHUNK) {
        serve_chunk(r, to, payload);
    }
}
