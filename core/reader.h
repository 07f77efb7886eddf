/*
 * reader - the only way in which outside bytes are read. Zone F.
 *
 * A reader is a cursor with a sticky error: after the first failure every read returns zero or an
 * empty span and consumes nothing, so a decoder is straight-line code that asks once, at
 * fwl_reader_finish. @field names what is being read; it freezes with the first failure, so that the
 * message can name the field. Lengths are checked against the bytes left before they are used.
 */
#ifndef FWL_CORE_READER_H
#define FWL_CORE_READER_H

#include "core/error.h"
#include "core/span.h"

struct fwl_reader {
    const uint8_t *at;
    size_t left;       /* bytes not yet read */
    size_t offset;     /* bytes read; once err is set: at the failing item or just behind its head */
    enum fwl_err err;  /* FWL_OK until the first failure */
    const char *field; /* static text; what was being read, or NULL */
};

/** fwl_reader_init - start reading @in; borrows it for the life of the reader and of every view taken from it. */
void fwl_reader_init(struct fwl_reader *r, struct fwl_span in);

/** fwl_reader_fail - record a failure found by the decoder itself; the first one stays. @err is not FWL_OK. */
void fwl_reader_fail(struct fwl_reader *r, enum fwl_err err);

/** fwl_reader_field - name what is read next, for messages; @field is static text. No effect after a failure. */
void fwl_reader_field(struct fwl_reader *r, const char *field);

/** fwl_reader_ok - has nothing failed yet? */
static inline bool
fwl_reader_ok(const struct fwl_reader *r)
{
    return r->err == FWL_OK;
}

/* Big-endian unsigned integers; FWL_ERR_TRUNCATED when the bytes end. */
uint8_t fwl_reader_u8(struct fwl_reader *r);
uint16_t fwl_reader_u16(struct fwl_reader *r);
uint32_t fwl_reader_u32(struct fwl_reader *r);
uint64_t fwl_reader_u64(struct fwl_reader *r);

/** fwl_reader_bytes - a view of the next @size bytes; FWL_ERR_TRUNCATED when fewer are left. */
struct fwl_span fwl_reader_bytes(struct fwl_reader *r, size_t size);

/** fwl_reader_copy - copy the next @size bytes to @out; FWL_ERR_TRUNCATED and zeros when fewer are left. */
void fwl_reader_copy(struct fwl_reader *r, void *out, size_t size);

/** fwl_reader_rest - a view of everything left, which is then consumed. */
struct fwl_span fwl_reader_rest(struct fwl_reader *r);

/**
 * fwl_reader_finish - the one check at the end of a decoder.
 *
 * Returns: FWL_OK            everything was read and nothing failed
 *          FWL_ERR_TRAILING  bytes are left
 *          other             the first failure
 */
FWL_NODISCARD enum fwl_err fwl_reader_finish(struct fwl_reader *r);

#endif
