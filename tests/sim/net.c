/* What happens to a frame on its way. */
#include <stdlib.h>

#include "p2p/wire/parts.h"
#include "tests/sim/sim.h"

static uint64_t
delay(struct sim *s)
{
    uint64_t ms = 1 + sim_random(s, 2 * s->delay_ms);

    if (sim_chance(s, s->tail)) { /* each doubling half as likely */
        uint64_t more = 50;

        while (more < s->tail_ms && sim_chance(s, 500)) {
            more *= 2;
        }
        ms += sim_random(s, (uint32_t)more);
    }
    return ms;
}

static void
put(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload, uint64_t at)
{
    struct sim_event e = {
        .at = at, .kind = SIM_FRAME, .a = to, .b = from, .tag = s->conn[from][to], .type = type, .size = payload.size};

    e.bytes = malloc(payload.size + 1);
    FWL_ASSERT(e.bytes != NULL);
    if (payload.size > 0) {
        memcpy(e.bytes, payload.p, payload.size);
    }
    sim_push(s, e);
}

/* A peer may rely on the order of some frames, as of everything on one connection; the others are mixed up. */
static bool
is_ordered(enum fwl_frame_type type)
{
    return type == FWL_FRAME_STATUS || type == FWL_FRAME_BLOCK || type == FWL_FRAME_BODY ||
           type == FWL_FRAME_GETBLOCKS || type == FWL_FRAME_GETBODY || type == FWL_FRAME_GETHEADERS ||
           type == FWL_FRAME_HEADERS || type == FWL_FRAME_GETEPOCHS || type == FWL_FRAME_EPOCH ||
           type == FWL_FRAME_GETSNAPINFO || type == FWL_FRAME_SNAPINFO || type == FWL_FRAME_GETCHUNK ||
           type == FWL_FRAME_CHUNK;
}

static uint64_t
arrival(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, size_t size)
{
    uint64_t at = s->now + s->node[from].spent_ms + delay(s); /* it left when what it says was durable */

    if (s->bandwidth > 0) {
        s->link_free[from][to] = FWL_MAX(s->link_free[from][to], s->now) + (size + s->bandwidth - 1) / s->bandwidth;
        at = FWL_MAX(at, s->link_free[from][to]);
    }
    if (is_ordered(type)) {
        at = FWL_MAX(at, s->ordered[from][to]);
        s->ordered[from][to] = at;
    }
    return at;
}

static bool
is_lost(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload)
{
    return s->blocked[from][to] || sim_chance(s, s->loss) || (s->lost != NULL && s->lost(s, from, to, type, payload));
}

void
sim_transmit(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span payload,
             uint64_t delay_ms)
{
    if (s->conn[from][to] == 0 || is_lost(s, from, to, type, payload)) {
        return;
    }
    put(s, from, to, type, payload, arrival(s, from, to, type, payload.size) + delay_ms);
    if (!is_ordered(type) && sim_chance(s, s->dup)) {
        put(s, from, to, type, payload, arrival(s, from, to, type, payload.size));
    }
}

/* An object is cut into parts. When a part is lost, so is the connection: nothing else loses part of a stream. */
void
sim_object(struct sim *s, uint32_t from, uint32_t to, enum fwl_frame_type type, struct fwl_span object)
{
    uint8_t buffer[FWL_PARTS_HEAD_SIZE + 2048];
    size_t offset = 0;
    bool lost = is_lost(s, from, to, type, object);
    size_t until = lost ? sim_random(s, (uint32_t)object.size + 1) : object.size;
    uint64_t at = s->now;

    do {
        size_t most = 200 + sim_random(s, 1800);
        size_t size = FWL_MIN(object.size - offset, most);
        struct fwl_parts_piece piece = {.offset = (uint32_t)offset, .total = (uint32_t)object.size};
        struct fwl_writer w;
        struct fwl_span payload;

        at = arrival(s, from, to, type, size);
        if (lost && (s->blocked[from][to] || offset + size > until)) {
            break;
        }
        if (size > 0) {
            piece.bytes = fwl_span(object.p + offset, size);
        }
        fwl_writer_init(&w, buffer, sizeof(buffer));
        fwl_parts_encode(&w, &piece);
        FWL_ASSERT(fwl_writer_finish(&w, &payload) == FWL_OK);
        put(s, from, to, type, payload, at);
        offset += size;
    } while (offset < object.size);
    if (lost) {
        sim_push(s, (struct sim_event){.at = at, .kind = SIM_CUT, .a = from, .b = to, .tag = s->conn[from][to]});
    }
}

enum fwl_err
sim_block_object(struct fwl_memstore *chain, uint64_t height, uint8_t *buffer, size_t room, struct fwl_span *out)
{
    static const enum fwl_space spaces[] = {FWL_SPACE_HDR, FWL_SPACE_BLK, FWL_SPACE_FIN};
    struct fwl_storage storage = fwl_memstore_storage(chain);
    struct fwl_read read;
    struct fwl_writer w;
    uint8_t key[8];
    enum fwl_err err = fwl_read_begin(&storage, &read);

    fwl_store_be64(key, height);
    fwl_writer_init(&w, buffer, room);
    for (size_t i = 0; i < FWL_COUNT(spaces) && err == FWL_OK; i++) {
        struct fwl_span part;

        err = fwl_kv_get(&read.kv, &part, spaces[i], fwl_span(key, 8));
        if (err == FWL_OK) {
            fwl_writer_span(&w, part);
        }
    }
    fwl_read_end(&read);
    return err == FWL_OK ? fwl_writer_finish(&w, out) : err;
}
