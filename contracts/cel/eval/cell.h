/*
 * cell - a value of the rule language in 16 bytes. Zone F.
 *
 * Text, bytes, lists and maps are views: of the caller's input, of the code (constants) or of the arena of one
 * evaluation. A list or map is either an array of cells (a map: key, value, key, value...) or a slice of
 * deterministic CBOR that is decoded as it is walked; both behave alike. A cell owns nothing and is copied freely.
 *
 * Maps are walked in the order in which the caller gives the pairs; for that to be the canonical order (bytewise by
 * the CBOR encoding of the keys) the caller gives them in it, as every decoder of the ledger does.
 */
#ifndef FWL_CONTRACTS_CEL_EVAL_CELL_H
#define FWL_CONTRACTS_CEL_EVAL_CELL_H

#include "core/span.h"
#include "core/version.h"

/* stored (constants of code): append only */
enum fwl_cel_kind {
    FWL_CEL_ABSENT = 0, /* a slot without a value; reading it is the error FWL_CEL_ERR_UNSET */
    FWL_CEL_ERROR = 1,  /* an error as a value, inside an evaluation only */
    FWL_CEL_NULL = 2,
    FWL_CEL_BOOL = 3,
    FWL_CEL_INT = 4,
    FWL_CEL_UINT = 5,
    FWL_CEL_STRING = 6, /* valid UTF-8, may hold U+0000 */
    FWL_CEL_BYTES = 7,
    FWL_CEL_LIST = 8,
    FWL_CEL_MAP = 9,
    FWL_CEL_TIMESTAMP = 10, /* unix seconds and nanoseconds, 0001-01-01 .. 9999-12-31 */
    FWL_CEL_DURATION = 11,  /* nanoseconds */
    FWL_CEL_TYPE = 12,      /* v.u is the fwl_cel_kind that it names */
    FWL_CEL_OPTIONAL = 13,
    FWL_CEL_VERSION = 14, /* text, scheme, publication order */
    FWL_CEL_IP = 15,
    FWL_CEL_CIDR = 16,
    FWL_CEL_KINDS,
};

/* How the payload of a list or map is held. */
enum fwl_cel_form {
    FWL_CEL_CELLS = 0,
    FWL_CEL_CBOR = 1,
};

struct fwl_cel_cell {
    uint8_t kind;   /* enum fwl_cel_kind */
    uint8_t detail; /* list, map: fwl_cel_form; version: fwl_scheme; optional: 1 when it has a value */
    uint16_t text;  /* version: bytes of its text; list or map of CBOR: scheme of its versions, 0 = texts are strings */
    uint32_t size;  /* string, bytes, CBOR: bytes; list of cells: elements; map of cells: pairs; timestamp:
                       nanoseconds; version: publication order, 0 = unknown; cidr: prefix length; error: its code */
    union {
        int64_t i;
        uint64_t u;
        const uint8_t *p;
        const struct fwl_cel_cell *cells;
    } v;
};

static inline struct fwl_cel_cell
fwl_cel_cell_absent(void)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_ABSENT};
}

static inline struct fwl_cel_cell
fwl_cel_cell_null(void)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_NULL};
}

static inline struct fwl_cel_cell
fwl_cel_cell_bool(bool b)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_BOOL, .v.i = b};
}

static inline struct fwl_cel_cell
fwl_cel_cell_int(int64_t i)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_INT, .v.i = i};
}

static inline struct fwl_cel_cell
fwl_cel_cell_uint(uint64_t u)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_UINT, .v.u = u};
}

/** fwl_cel_cell_string - valid UTF-8 of less than 4 GiB; a view of @text. */
static inline struct fwl_cel_cell
fwl_cel_cell_string(struct fwl_span text)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_STRING, .size = (uint32_t)text.size, .v.p = text.p};
}

static inline struct fwl_cel_cell
fwl_cel_cell_bytes(struct fwl_span bytes)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_BYTES, .size = (uint32_t)bytes.size, .v.p = bytes.p};
}

/** fwl_cel_cell_timestamp - @seconds since 1970 within the years 1..9999, @nanos in [0, 999999999]. */
static inline struct fwl_cel_cell
fwl_cel_cell_timestamp(int64_t seconds, uint32_t nanos)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_TIMESTAMP, .size = nanos, .v.i = seconds};
}

static inline struct fwl_cel_cell
fwl_cel_cell_duration(int64_t nanoseconds)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_DURATION, .v.i = nanoseconds};
}

/**
 * fwl_cel_cell_version - a version of @scheme; fwl_version_check(@scheme, @text) holds. A view of @text.
 *
 * @order is the place in the order of publication, > 0, or 0 when the text is no live release of the class; only
 * `opaque` uses it: without it such a version has equality only.
 */
static inline struct fwl_cel_cell
fwl_cel_cell_version(enum fwl_scheme scheme, struct fwl_span text, uint32_t order)
{
    return (struct fwl_cel_cell){
        .kind = FWL_CEL_VERSION, .detail = (uint8_t)scheme, .text = (uint16_t)text.size, .size = order, .v.p = text.p};
}

/** fwl_cel_cell_list - @count cells; keeps @cells. */
static inline struct fwl_cel_cell
fwl_cel_cell_list(const struct fwl_cel_cell *cells, size_t count)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_LIST, .size = (uint32_t)count, .v.cells = cells};
}

/** fwl_cel_cell_map - @pairs pairs of cells, key before value, keys distinct and of kind bool, int, uint or string. */
static inline struct fwl_cel_cell
fwl_cel_cell_map(const struct fwl_cel_cell *cells, size_t pairs)
{
    return (struct fwl_cel_cell){.kind = FWL_CEL_MAP, .size = (uint32_t)pairs, .v.cells = cells};
}

/**
 * fwl_cel_cell_cbor_list, fwl_cel_cell_cbor_map - one CBOR array or map; a view of @item.
 *
 * Elements are null, bool, int, text, bytes, arrays and maps. With @scheme not 0 every text that is not a key is a
 * version of that scheme (map(string, Version)); a text that is none is an error when it is read. Damaged CBOR is an
 * error when it is read, never undefined.
 */
static inline struct fwl_cel_cell
fwl_cel_cell_cbor_list(struct fwl_span item, uint16_t scheme)
{
    return (struct fwl_cel_cell){
        .kind = FWL_CEL_LIST, .detail = FWL_CEL_CBOR, .text = scheme, .size = (uint32_t)item.size, .v.p = item.p};
}

static inline struct fwl_cel_cell
fwl_cel_cell_cbor_map(struct fwl_span item, uint16_t scheme)
{
    return (struct fwl_cel_cell){
        .kind = FWL_CEL_MAP, .detail = FWL_CEL_CBOR, .text = scheme, .size = (uint32_t)item.size, .v.p = item.p};
}

/*
 * The same in place, which is less code than a copy. Where size counts these are calls (C17 6.7.4: the definitions are
 * for inlining, cell.c has the external ones).
 */

/** fwl_cel_set - null, bool, int, uint, duration, type; absent. Field by field, hosts store the first half at once: a
 * copy of the cell, which often follows, would wait for two stores into it. */
inline void
fwl_cel_set(struct fwl_cel_cell *at, enum fwl_cel_kind kind, int64_t value)
{
    if (FWL_FOR_SPEED) {
        at->kind = (uint8_t)kind;
        at->detail = 0;
        at->text = 0;
        at->size = 0;
        at->v.i = value;
        return;
    }
    *at = (struct fwl_cel_cell){.kind = (uint8_t)kind, .v.i = value};
}

inline void
fwl_cel_set_bool(struct fwl_cel_cell *at, bool value)
{
    fwl_cel_set(at, FWL_CEL_BOOL, value);
}

/** fwl_cel_set_view - string, bytes, list or map of cells (view.size counts its elements or pairs). */
inline void
fwl_cel_set_view(struct fwl_cel_cell *at, enum fwl_cel_kind kind, struct fwl_span view)
{
    *at = (struct fwl_cel_cell){.kind = (uint8_t)kind, .size = (uint32_t)view.size, .v.p = view.p};
}

/** fwl_cel_set_time, fwl_cel_set_version - as fwl_cel_cell_timestamp, fwl_cel_cell_version. */
void fwl_cel_set_time(struct fwl_cel_cell *at, int64_t seconds, uint32_t nanos);
void fwl_cel_set_version(struct fwl_cel_cell *at, uint64_t scheme, struct fwl_span text, uint32_t order);

/** fwl_cel_cell_true - the value of a bool. */
static inline bool
fwl_cel_cell_true(const struct fwl_cel_cell *c)
{
    return (c->v.u & 1) != 0;
}

/** fwl_cel_cell_text - the bytes of a string or bytes cell; a view. */
static inline struct fwl_span
fwl_cel_cell_text(const struct fwl_cel_cell *c)
{
    return (struct fwl_span){.p = c->v.p, .size = c->size};
}

/** fwl_cel_cell_span - the bytes of a string, bytes or version cell; a view. */
static inline struct fwl_span
fwl_cel_cell_span(const struct fwl_cel_cell *c)
{
    return fwl_span(c->v.p, c->kind == FWL_CEL_VERSION ? c->text : c->size);
}

#endif
