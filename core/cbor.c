#include "core/cbor.h"

enum {
    SIMPLE_FALSE = 20,
    SIMPLE_TRUE = 21,
    SIMPLE_NULL = 22,
};

struct head {
    enum fwl_cbor_type type;
    uint64_t value;
};

enum fwl_cbor_type
fwl_cbor_peek(const struct fwl_reader *r)
{
    return r->left == 0 ? FWL_CBOR_NONE : (enum fwl_cbor_type)(r->at[0] >> 5);
}

/* The argument that follows an initial byte with additional information 24..27, in its shortest form only. */
static uint64_t
read_argument(struct fwl_reader *r, unsigned info)
{
    struct fwl_span bytes = {0};
    uint64_t value = 0;

    if (info > 27) { /* reserved or indefinite length */
        fwl_reader_fail(r, FWL_ERR_FORM);
        return 0;
    }
    bytes = fwl_reader_bytes(r, (size_t)1 << (info - 24));
    for (size_t i = 0; i < bytes.size; i++) {
        value = value << 8 | bytes.p[i];
    }
    if (fwl_reader_ok(r) && (info == 24 ? value < 24 : value >> (4 * bytes.size) == 0)) { /* half the bytes would do */
        fwl_reader_fail(r, FWL_ERR_FORM);
        return 0;
    }
    return value;
}

static struct head
read_head(struct fwl_reader *r)
{
    uint8_t first = fwl_reader_u8(r);
    struct head h = {.type = (enum fwl_cbor_type)(first >> 5), .value = first & 31};

    if (!fwl_reader_ok(r)) {
        return (struct head){.type = FWL_CBOR_NONE};
    }
    if (h.type == FWL_CBOR_SIMPLE) {
        if (h.value < SIMPLE_FALSE || h.value > SIMPLE_NULL) {
            fwl_reader_fail(r, FWL_ERR_TYPE); /* floating point, undefined, other simple values, break */
        }
    } else if (h.value >= 24) {
        h.value = read_argument(r, (unsigned)h.value);
    }
    return h;
}

/* The value of the next head, which must be of @type. */
static uint64_t
expect(struct fwl_reader *r, enum fwl_cbor_type type)
{
    enum fwl_cbor_type next = fwl_cbor_peek(r);

    if (next != type) {
        fwl_reader_fail(r, next == FWL_CBOR_NONE ? FWL_ERR_TRUNCATED : FWL_ERR_TYPE);
        return 0;
    }
    return read_head(r).value;
}

/* The same, at most @max, else @err. */
static FWL_NOINLINE uint64_t
expect_max(struct fwl_reader *r, enum fwl_cbor_type type, uint64_t max, enum fwl_err err)
{
    uint64_t v = expect(r, type);

    if (v > max) {
        fwl_reader_fail(r, err);
        return 0;
    }
    return v;
}

uint64_t
fwl_cbor_uint(struct fwl_reader *r)
{
    return expect(r, FWL_CBOR_UINT);
}

uint64_t
fwl_cbor_uint_max(struct fwl_reader *r, uint64_t max)
{
    return expect_max(r, FWL_CBOR_UINT, max, FWL_ERR_RANGE);
}

int64_t
fwl_cbor_int(struct fwl_reader *r)
{
    bool negative = fwl_cbor_peek(r) == FWL_CBOR_NEGATIVE;
    int64_t v = (int64_t)expect_max(r, negative ? FWL_CBOR_NEGATIVE : FWL_CBOR_UINT, INT64_MAX, FWL_ERR_RANGE);

    return negative && fwl_reader_ok(r) ? -1 - v : v;
}

bool
fwl_cbor_bool(struct fwl_reader *r)
{
    uint64_t v = expect(r, FWL_CBOR_SIMPLE);

    if (fwl_reader_ok(r) && v == SIMPLE_NULL) {
        fwl_reader_fail(r, FWL_ERR_TYPE);
    }
    return fwl_reader_ok(r) && v == SIMPLE_TRUE;
}

bool
fwl_cbor_try_null(struct fwl_reader *r)
{
    if (r->left == 0 || r->at[0] != ((FWL_CBOR_SIMPLE << 5) | SIMPLE_NULL)) {
        return false;
    }
    (void)fwl_reader_u8(r);
    return true;
}

static struct fwl_span
string(struct fwl_reader *r, enum fwl_cbor_type type, size_t max)
{
    return fwl_reader_bytes(r, (size_t)expect_max(r, type, max, FWL_ERR_LIMIT));
}

struct fwl_span
fwl_cbor_bytes(struct fwl_reader *r, size_t max)
{
    return string(r, FWL_CBOR_BYTES, max);
}

struct fwl_span
fwl_cbor_text(struct fwl_reader *r, size_t max)
{
    struct fwl_span text = string(r, FWL_CBOR_TEXT, max);

    if (!fwl_utf8_check(text)) {
        fwl_reader_fail(r, FWL_ERR_UTF8);
        return (struct fwl_span){0};
    }
    return text;
}

void
fwl_cbor_bytes_exact(struct fwl_reader *r, void *out, size_t size)
{
    struct fwl_span b = fwl_cbor_bytes(r, size);

    memset(out, 0, size);
    if (fwl_reader_ok(r) && b.size != size) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    } else if (fwl_reader_ok(r) && size > 0) {
        memcpy(out, b.p, size);
    }
}

size_t
fwl_cbor_array(struct fwl_reader *r, size_t max)
{
    return (size_t)expect_max(r, FWL_CBOR_ARRAY, max, FWL_ERR_LIMIT);
}

void
fwl_cbor_array_exact(struct fwl_reader *r, size_t count)
{
    if (expect(r, FWL_CBOR_ARRAY) != count) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

uint64_t
fwl_cbor_tag(struct fwl_reader *r)
{
    return expect(r, FWL_CBOR_TAG);
}

struct fwl_cbor_map
fwl_cbor_map_begin(struct fwl_reader *r, size_t max)
{
    return (struct fwl_cbor_map){.left = (size_t)expect_max(r, FWL_CBOR_MAP, max, FWL_ERR_LIMIT)};
}

/* Checks that the key read between @start and now sorts after the one before it. */
static bool
key_in_order(struct fwl_reader *r, struct fwl_span *last, const uint8_t *start)
{
    struct fwl_span key;
    int order;

    if (!fwl_reader_ok(r)) {
        return false;
    }
    key = fwl_span(start, (size_t)(r->at - start));
    order = last->size == 0 ? 1 : fwl_span_compare(key, *last);
    *last = key;
    if (order <= 0) {
        fwl_reader_fail(r, order == 0 ? FWL_ERR_DUPLICATE : FWL_ERR_ORDER);
        return false;
    }
    return true;
}

bool
fwl_cbor_map_next_int(struct fwl_reader *r, struct fwl_cbor_map *map, int64_t *key)
{
    const uint8_t *start = r->at;

    *key = 0;
    if (map->left == 0 || !fwl_reader_ok(r)) {
        return false;
    }
    map->left--;
    *key = fwl_cbor_int(r);
    return key_in_order(r, &map->last, start);
}

bool
fwl_cbor_map_next_text(struct fwl_reader *r, struct fwl_cbor_map *map, struct fwl_span *key, size_t max)
{
    const uint8_t *start = r->at;

    *key = (struct fwl_span){0};
    if (map->left == 0 || !fwl_reader_ok(r)) {
        return false;
    }
    map->left--;
    *key = fwl_cbor_text(r, max);
    return key_in_order(r, &map->last, start);
}

/* An open array, map or tag while skipping. */
struct level {
    size_t items;         /* items still to come; a map counts keys and values */
    struct fwl_span last; /* the last key */
    const uint8_t *start; /* of a map: where the current key began; NULL: an array or tag */
};

/* Opens a level for @h when it contains items; consumes the bytes of a string. Returns false on failure. */
static bool
skip_content(struct fwl_reader *r, struct head h, struct level *levels, size_t *depth)
{
    uint64_t items = 0;

    switch (h.type) {
    case FWL_CBOR_BYTES:
    case FWL_CBOR_TEXT: {
        struct fwl_span s = fwl_reader_bytes(r, (size_t)FWL_MIN(h.value, SIZE_MAX));

        if (h.type == FWL_CBOR_TEXT && !fwl_utf8_check(s)) {
            fwl_reader_fail(r, FWL_ERR_UTF8);
        }
        return fwl_reader_ok(r);
    }
    case FWL_CBOR_ARRAY:
    case FWL_CBOR_MAP: items = h.value; break;
    case FWL_CBOR_TAG: items = 1; break;
    case FWL_CBOR_UINT:
    case FWL_CBOR_NEGATIVE:
    case FWL_CBOR_SIMPLE:
    case FWL_CBOR_NONE: return fwl_reader_ok(r);
    }
    if (items > r->left) { /* every item takes a byte at least */
        fwl_reader_fail(r, FWL_ERR_TRUNCATED);
        return false;
    }
    if (items == 0) {
        return true;
    }
    if (*depth == FWL_CBOR_DEPTH_MAX) {
        fwl_reader_fail(r, FWL_ERR_DEPTH);
        return false;
    }
    levels[*depth].items = (size_t)(h.type == FWL_CBOR_MAP ? 2 * items : items);
    levels[*depth].last = (struct fwl_span){0};
    levels[*depth].start = h.type == FWL_CBOR_MAP ? r->at : NULL;
    (*depth)++;
    return true;
}

/* One item has ended: close what it completes, check a key that it was. */
static void
skip_ended(struct fwl_reader *r, struct level *levels, size_t *depth)
{
    while (*depth > 0) {
        struct level *top = &levels[*depth - 1];

        if (top->start != NULL && top->items % 2 == 0 && !key_in_order(r, &top->last, top->start)) {
            return;
        }
        if (--top->items > 0) {
            return;
        }
        (*depth)--;
    }
}

struct fwl_span
fwl_cbor_skip(struct fwl_reader *r)
{
    struct level levels[FWL_CBOR_DEPTH_MAX];
    const uint8_t *start = r->at;
    size_t depth = 0;

    do {
        size_t before = depth;

        if (depth > 0 && levels[depth - 1].start != NULL && levels[depth - 1].items % 2 == 0) {
            levels[depth - 1].start = r->at;
        }
        if (!skip_content(r, read_head(r), levels, &depth)) {
            return (struct fwl_span){0};
        }
        if (depth == before) {
            skip_ended(r, levels, &depth);
        }
    } while (depth > 0 && fwl_reader_ok(r));
    return fwl_reader_ok(r) ? fwl_span(start, (size_t)(r->at - start)) : (struct fwl_span){0};
}

enum fwl_err
fwl_cbor_check(struct fwl_span in)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    (void)fwl_cbor_skip(&r);
    return fwl_reader_finish(&r);
}

static void
put_head(struct fwl_writer *w, enum fwl_cbor_type type, uint64_t v)
{
    uint8_t bytes[9];
    size_t size = v < 24 ? 0 : v <= UINT8_MAX ? 1 : v <= UINT16_MAX ? 2 : v <= UINT32_MAX ? 4 : 8;
    unsigned info = size == 0 ? (unsigned)v : size == 8 ? 27 : 24 + (unsigned)size / 2; /* 24 and 1, 2, 4, 8 bytes */

    bytes[0] = (uint8_t)((unsigned)type << 5 | info);
    for (size_t i = size; i > 0; i--) {
        bytes[i] = (uint8_t)v;
        v >>= 8;
    }
    fwl_writer_bytes(w, bytes, 1 + size);
}

void
fwl_cbor_put_uint(struct fwl_writer *w, uint64_t v)
{
    put_head(w, FWL_CBOR_UINT, v);
}

void
fwl_cbor_put_int(struct fwl_writer *w, int64_t v)
{
    if (v < 0) {
        put_head(w, FWL_CBOR_NEGATIVE, (uint64_t)(-1 - v));
    } else {
        put_head(w, FWL_CBOR_UINT, (uint64_t)v);
    }
}

void
fwl_cbor_put_bool(struct fwl_writer *w, bool v)
{
    put_head(w, FWL_CBOR_SIMPLE, v ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void
fwl_cbor_put_null(struct fwl_writer *w)
{
    put_head(w, FWL_CBOR_SIMPLE, SIMPLE_NULL);
}

void
fwl_cbor_put_bytes(struct fwl_writer *w, struct fwl_span bytes)
{
    put_head(w, FWL_CBOR_BYTES, bytes.size);
    fwl_writer_span(w, bytes);
}

void
fwl_cbor_put_text(struct fwl_writer *w, struct fwl_span text)
{
    put_head(w, FWL_CBOR_TEXT, text.size);
    fwl_writer_span(w, text);
}

void
fwl_cbor_put_array(struct fwl_writer *w, size_t count)
{
    put_head(w, FWL_CBOR_ARRAY, count);
}

void
fwl_cbor_put_map(struct fwl_writer *w, size_t pairs)
{
    put_head(w, FWL_CBOR_MAP, pairs);
}

void
fwl_cbor_put_tag(struct fwl_writer *w, uint64_t number)
{
    put_head(w, FWL_CBOR_TAG, number);
}
