/*
 * cbor - deterministic CBOR over reader and writer. Zone F.
 *
 * Exactly one encoding is accepted for a value: shortest heads, definite lengths, map keys in ascending
 * bytewise order of their encodings without duplicates (RFC 8949 4.2.1), text in valid UTF-8. Of the simple
 * values only false, true and null exist here; floating point is refused (FWL_ERR_TYPE), since nothing in the
 * ledger has a use for it. So encode(decode(x)) == x for whatever is accepted.
 *
 * The functions take what the schema demands next; another type is FWL_ERR_TYPE, a form that is not the
 * deterministic one FWL_ERR_FORM, a length above the caller's maximum FWL_ERR_LIMIT. All are sticky.
 */
#ifndef FWL_CORE_CBOR_H
#define FWL_CORE_CBOR_H

#include "core/reader.h"
#include "core/writer.h"

enum {
    FWL_CBOR_DEPTH_MAX = 16, /* arrays, maps and tags with content around an item; deeper input is FWL_ERR_DEPTH */
};

enum fwl_cbor_type {
    FWL_CBOR_UINT = 0,
    FWL_CBOR_NEGATIVE = 1,
    FWL_CBOR_BYTES = 2,
    FWL_CBOR_TEXT = 3,
    FWL_CBOR_ARRAY = 4,
    FWL_CBOR_MAP = 5,
    FWL_CBOR_TAG = 6,
    FWL_CBOR_SIMPLE = 7, /* false, true, null */
    FWL_CBOR_NONE = 8,   /* nothing is left, or the reader has failed */
};

/** fwl_cbor_peek - the major type of the next item, without consuming it. */
enum fwl_cbor_type fwl_cbor_peek(const struct fwl_reader *r);

/* All of these give 0, false or an empty span on failure; bytes that end are FWL_ERR_TRUNCATED. */

/** fwl_cbor_uint - an unsigned integer. */
uint64_t fwl_cbor_uint(struct fwl_reader *r);
/** fwl_cbor_uint_max - an unsigned integer of at most @max, else FWL_ERR_RANGE. */
uint64_t fwl_cbor_uint_max(struct fwl_reader *r, uint64_t max);
/** fwl_cbor_int - a signed integer that fits int64, else FWL_ERR_RANGE. */
int64_t fwl_cbor_int(struct fwl_reader *r);
/** fwl_cbor_bool - true or false. */
bool fwl_cbor_bool(struct fwl_reader *r);
/** fwl_cbor_try_null - consumes null and returns true, or consumes nothing and returns false. */
bool fwl_cbor_try_null(struct fwl_reader *r);
/** fwl_cbor_bytes, fwl_cbor_text - a view of at most @max bytes; FWL_ERR_UTF8 for a text that is not valid. */
struct fwl_span fwl_cbor_bytes(struct fwl_reader *r, size_t max);
struct fwl_span fwl_cbor_text(struct fwl_reader *r, size_t max);
/** fwl_cbor_bytes_exact - copy a byte string of exactly @size bytes; FWL_ERR_VALUE for a shorter one, FWL_ERR_LIMIT for
 * a longer one; zeros on failure. */
void fwl_cbor_bytes_exact(struct fwl_reader *r, void *out, size_t size);
/** fwl_cbor_array - the head of an array of at most @max elements; the caller then reads that many items. */
size_t fwl_cbor_array(struct fwl_reader *r, size_t max);
/** fwl_cbor_array_exact - the head of an array of exactly @count elements, else FWL_ERR_VALUE. */
void fwl_cbor_array_exact(struct fwl_reader *r, size_t count);
/** fwl_cbor_tag - a tag number; the tagged item follows. */
uint64_t fwl_cbor_tag(struct fwl_reader *r);

/* A map being read: keys come out in order, and order is checked on the way. */
struct fwl_cbor_map {
    size_t left;          /* pairs not yet begun */
    struct fwl_span last; /* encoding of the last key */
};

/** fwl_cbor_map_begin - the head of a map of at most @max pairs. */
struct fwl_cbor_map fwl_cbor_map_begin(struct fwl_reader *r, size_t max);
/* Every key sorts after the one before it, else FWL_ERR_ORDER or FWL_ERR_DUPLICATE. The caller reads the value. */

/** fwl_cbor_map_next_int - the next key, an integer; false at the end or after a failure. */
bool fwl_cbor_map_next_int(struct fwl_reader *r, struct fwl_cbor_map *map, int64_t *key);
/** fwl_cbor_map_next_text - the next key, a text of at most @max bytes; false at the end or after a failure. */
bool fwl_cbor_map_next_text(struct fwl_reader *r, struct fwl_cbor_map *map, struct fwl_span *key, size_t max);

/**
 * fwl_cbor_skip - consume one whole item of any type and check its form throughout.
 *
 * Returns: a view of the item's encoding; empty after a failure. FWL_ERR_DEPTH beyond FWL_CBOR_DEPTH_MAX.
 * Cost:    linear, constant stack.
 */
struct fwl_span fwl_cbor_skip(struct fwl_reader *r);

/**
 * fwl_cbor_check - is @in exactly one deterministic item?
 *
 * Returns: FWL_OK; FWL_ERR_TRUNCATED, FWL_ERR_TYPE, FWL_ERR_FORM, FWL_ERR_UTF8, FWL_ERR_DUPLICATE, FWL_ERR_ORDER,
 *          FWL_ERR_DEPTH; FWL_ERR_TRAILING when something follows it.
 */
FWL_NODISCARD enum fwl_err fwl_cbor_check(struct fwl_span in);

/** fwl_utf8_check - is @text valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF)? */
FWL_NODISCARD bool fwl_utf8_check(struct fwl_span text);
/** fwl_utf8_prefix - bytes of the longest valid beginning of @text: where the first bad sequence is, or text.size. */
FWL_NODISCARD size_t fwl_utf8_prefix(struct fwl_span text);

/* Encoding. Map keys are written by the caller in ascending order of their encodings (0.., then -1, -2..; short
 * text before long), and as many items as the head of an array or map says; text is valid UTF-8 (the caller's duty);
 * fwl_cbor_check on the result is the debug check of that. */
void fwl_cbor_put_uint(struct fwl_writer *w, uint64_t v);
void fwl_cbor_put_int(struct fwl_writer *w, int64_t v);
void fwl_cbor_put_bool(struct fwl_writer *w, bool v);
void fwl_cbor_put_null(struct fwl_writer *w);
void fwl_cbor_put_bytes(struct fwl_writer *w, struct fwl_span bytes);
void fwl_cbor_put_text(struct fwl_writer *w, struct fwl_span text);
void fwl_cbor_put_array(struct fwl_writer *w, size_t count);
void fwl_cbor_put_map(struct fwl_writer *w, size_t pairs);
void fwl_cbor_put_tag(struct fwl_writer *w, uint64_t number);

#endif
