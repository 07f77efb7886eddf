/*
 * writer - the only way in which bytes that are stored, sent or hashed are made. Zone F.
 *
 * Writes into a buffer of the caller with a sticky error: once something did not fit, nothing more is
 * written, but the size goes on counting, so a second pass with a buffer of w->size bytes succeeds.
 */
#ifndef FWL_CORE_WRITER_H
#define FWL_CORE_WRITER_H

#include "core/error.h"
#include "core/span.h"

struct fwl_writer {
    uint8_t *to;
    size_t room; /* bytes of the buffer */
    size_t size; /* bytes asked for so far; > room once they do not fit */
    enum fwl_err err;
};

/** fwl_writer_init - write into @buffer of @room bytes; @buffer NULL with @room 0 only counts. Borrows the buffer. */
void fwl_writer_init(struct fwl_writer *w, void *buffer, size_t room);

/** fwl_writer_fail - record a failure found by the encoder itself (a value over its limit); the first one stays. @err
 * is not FWL_OK. */
void fwl_writer_fail(struct fwl_writer *w, enum fwl_err err);

/* Append a big-endian unsigned integer, or bytes; FWL_ERR_SPACE on the writer when they do not fit. */
void fwl_writer_u8(struct fwl_writer *w, uint8_t v);
void fwl_writer_u16(struct fwl_writer *w, uint16_t v);
void fwl_writer_u32(struct fwl_writer *w, uint32_t v);
void fwl_writer_u64(struct fwl_writer *w, uint64_t v);
void fwl_writer_bytes(struct fwl_writer *w, const void *p, size_t size);
void fwl_writer_span(struct fwl_writer *w, struct fwl_span bytes);

/**
 * fwl_writer_finish - what was written.
 *
 * Fills:   @out with a view of the buffer, empty on failure.
 * Returns: FWL_OK         everything fitted
 *          FWL_ERR_SPACE  the buffer is too small; w->size says how much was needed
 *          other          the first failure recorded by the encoder
 */
FWL_NODISCARD enum fwl_err fwl_writer_finish(struct fwl_writer *w, struct fwl_span *out);

#endif
