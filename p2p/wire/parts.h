/*
 * parts - large objects cut into frames, and put together again in memory of the caller. Zone F.
 *
 * The payload of BODY, BLOCK and CHUNK is offset u32 | total u32 | bytes. Parts of one object follow each other in
 * order and never interleave with those of another object of the same connection; no part is empty. But for an object
 * of total 0: one part without bytes, which says "I do not have it". A part at the starting offset begins anew, which
 * discards an incomplete object: so a sender that cannot go on just stops.
 * Source: docs/spec/transport.md 3.
 */
#ifndef FWL_P2P_WIRE_PARTS_H
#define FWL_P2P_WIRE_PARTS_H

#include "p2p/wire/frame.h"

enum {
    FWL_PARTS_HEAD_SIZE = 8,
    FWL_PARTS_BYTES_MAX = FWL_FRAME_PART_MAX - FWL_PARTS_HEAD_SIZE,
};

struct fwl_parts_piece {
    uint32_t offset;
    uint32_t total;
    struct fwl_span bytes; /* view */
};

/**
 * fwl_parts_decode - one part.
 *
 * Returns: FWL_OK
 *          FWL_ERR_TRUNCATED  shorter than its head
 *          FWL_ERR_LIMIT      total is over @total_max (fwl_frame_object_max)
 *          FWL_ERR_RANGE      offset + bytes is over total
 *          FWL_ERR_VALUE      no bytes, though total is not 0
 */
FWL_NODISCARD enum fwl_err fwl_parts_decode(struct fwl_parts_piece *out, struct fwl_span in, uint32_t total_max);
/** fwl_parts_encode - FWL_ERR_LIMIT on the writer for more than FWL_PARTS_BYTES_MAX bytes. */
void fwl_parts_encode(struct fwl_writer *w, const struct fwl_parts_piece *piece);

/* An object being put together. Fields are read only for others. */
struct fwl_parts {
    uint8_t *buffer;
    uint32_t room;
    uint32_t start; /* offset asked for; bytes before it are in the buffer already */
    uint32_t held;  /* bytes that are there */
    uint32_t most;  /* that ever were, however often the other side begins anew */
    uint32_t total; /* 0 until the first part */
    bool done;
    bool absent; /* the other side does not have it */
};

/**
 * fwl_parts_init - begin to receive one object from offset @start on (0, or what a chunk was resumed at).
 *
 * Owns: keeps @buffer of @room bytes, its first @start bytes being filled already; start <= room (FWL_ASSERT).
 */
void fwl_parts_init(struct fwl_parts *p, void *buffer, uint32_t room, uint32_t start);

/**
 * fwl_parts_add - take the next part.
 *
 * Afterwards p->done says whether the object is complete: p->absent, or p->total bytes in the buffer.
 *
 * Returns: FWL_OK
 *          FWL_ERR_SPACE  total is over the buffer
 *          FWL_ERR_ORDER  the part does not follow the last one, or is none that fwl_parts_decode gives
 *          FWL_ERR_VALUE  total is not that of the first part
 *          FWL_ERR_STATE  the object is complete already
 */
FWL_NODISCARD enum fwl_err fwl_parts_add(struct fwl_parts *p, const struct fwl_parts_piece *piece);

#endif
