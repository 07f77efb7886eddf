#include "node/object.h"

#include "core/host/heap.h"
#include "ledger/query/query.h"

enum {
    BLOCK_PARTS = 4,
};

struct block {
    struct fwl_storage chain;
    uint64_t height;
    uint32_t total;
};

struct body {
    uint32_t size;
    uint8_t bytes[];
};

/* Header, count, transactions, certificate: the object without a copy of it. @count has the bytes of the second. */
static uint64_t
block_parts(struct fwl_span parts[BLOCK_PARTS], uint8_t count[4], const struct fwl_query_block *b)
{
    fwl_store_be32(count, b->header.txs_count);
    parts[0] = b->header_bytes;
    parts[1] = fwl_span(count, 4);
    parts[2] = b->txs;
    parts[3] = b->cert;
    return (uint64_t)parts[0].size + parts[1].size + parts[2].size + parts[3].size;
}

/* A whole block of the store; FWL_ERR_ABSENT when it was pruned or has no certificate. */
static enum fwl_err
find_block(const struct fwl_read *read, struct fwl_query_block *b, uint64_t height)
{
    enum fwl_err err = fwl_query_block(&read->kv, b, height);

    return err == FWL_OK && (!b->has_txs || b->cert.size == 0) ? FWL_ERR_ABSENT : err;
}

static enum fwl_err
read_block(void *cookie, uint8_t *out, uint32_t offset, uint32_t size)
{
    const struct block *s = cookie;
    struct fwl_span parts[BLOCK_PARTS];
    struct fwl_query_block b;
    struct fwl_read read;
    uint8_t count[4];
    enum fwl_err err = fwl_read_begin(&s->chain, &read);

    if (err != FWL_OK) {
        return err;
    }
    err = find_block(&read, &b, s->height);
    if (err == FWL_OK && block_parts(parts, count, &b) != s->total) {
        err = FWL_ERR_CORRUPT;
    }
    for (size_t i = 0; err == FWL_OK && i < BLOCK_PARTS && size > 0; i++) {
        if (offset >= parts[i].size) {
            offset -= (uint32_t)parts[i].size;
            continue;
        }
        {
            uint32_t n = FWL_MIN((uint32_t)parts[i].size - offset, size);

            memcpy(out, parts[i].p + offset, n);
            out += n;
            size -= n;
            offset = 0;
        }
    }
    fwl_read_end(&read);
    return err;
}

static void
release_heap(void *cookie, enum fwl_err err)
{
    (void)err;
    fwl_free(cookie);
}

static enum fwl_err
send_nothing(struct fwl_transport *transport, fwl_peer_id peer, enum fwl_frame_type type)
{
    static const struct fwl_transport_source none;

    return fwl_transport_send_object(transport, peer, type, &none);
}

enum fwl_err
fwl_object_send_block(struct fwl_transport *transport, fwl_peer_id peer, const struct fwl_storage *chain,
                      uint64_t height)
{
    struct fwl_transport_source source = {.read = read_block, .release = release_heap};
    struct fwl_span parts[BLOCK_PARTS];
    struct fwl_query_block b;
    struct fwl_read read;
    struct block *s = NULL;
    uint8_t count[4];
    enum fwl_err err = fwl_read_begin(chain, &read);

    if (err != FWL_OK) {
        return err;
    }
    err = find_block(&read, &b, height);
    source.total = err == FWL_OK ? (uint32_t)block_parts(parts, count, &b) : 0;
    fwl_read_end(&read);
    if (err == FWL_ERR_ABSENT) {
        err = send_nothing(transport, peer, FWL_FRAME_BLOCK);
        return err == FWL_OK ? FWL_ERR_ABSENT : err;
    }
    if (err != FWL_OK) {
        return err;
    }
    s = fwl_malloc(sizeof(*s));
    if (s == NULL) {
        return FWL_ERR_MEMORY;
    }
    *s = (struct block){.chain = *chain, .height = height, .total = source.total};
    source.cookie = s;
    err = fwl_transport_send_object(transport, peer, FWL_FRAME_BLOCK, &source);
    if (err != FWL_OK) {
        fwl_free(s);
    }
    return err;
}

static enum fwl_err
read_body(void *cookie, uint8_t *out, uint32_t offset, uint32_t size)
{
    const struct body *s = cookie;

    if (offset > s->size || size > s->size - offset) {
        return FWL_ERR_RANGE;
    }
    memcpy(out, s->bytes + offset, size);
    return FWL_OK;
}

enum fwl_err
fwl_object_send_body(struct fwl_transport *transport, fwl_peer_id peer, struct fwl_span object)
{
    struct fwl_transport_source source = {.read = read_body, .release = release_heap};
    struct body *s = NULL;
    enum fwl_err err = FWL_OK;

    if (object.size == 0) {
        return send_nothing(transport, peer, FWL_FRAME_BODY);
    }
    if (object.size > UINT32_MAX) {
        return FWL_ERR_LIMIT;
    }
    s = fwl_malloc(sizeof(*s) + object.size);
    if (s == NULL) {
        return FWL_ERR_MEMORY;
    }
    s->size = (uint32_t)object.size;
    memcpy(s->bytes, object.p, object.size);
    source.total = s->size;
    source.cookie = s;
    err = fwl_transport_send_object(transport, peer, FWL_FRAME_BODY, &source);
    if (err != FWL_OK) {
        fwl_free(s);
    }
    return err;
}
