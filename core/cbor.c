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
    static const uint64_t shortest[4] = {24, UINT64_C(1) << 8, UINT64_C(1) << 16, UINT64_C(1) << 32};
    uint64_t value = 0;

    switch (info) {
    case 24: value = fwl_reader_u8(r); break;
    case 25: value = fwl_reader_u16(r); break;
    case 26: value = fwl_reader_u32(r); break;
    case 27: value = fwl_reader_u64(r); break;
    default: fwl_reader_fail(r, FWL_ERR_FORM); return 0; /* reserved or indefinite length */
    }
    if (fwl_reader_ok(r) && value < shortest[info - 24]) {
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

uint64_t
fwl_cbor_uint(struct fwl_reader *r)
{
    return expect(r, FWL_CBOR_UINT);
}

uint64_t
fwl_cbor_uint_max(struct fwl_reader *r, uint64_t max)
{
    uint64_t v = expect(r, FWL_CBOR_UINT);

    if (v > max) {
        fwl_reader_fail(r, FWL_ERR_RANGE);
        return 0;
    }
    return v;
}

int64_t
fwl_cbor_int(struct fwl_reader *r)
{
    enum fwl_cbor_type type = fwl_cbor_peek(r);
    uint64_t v = expect(r, type == FWL_CBOR_NEGATIVE ? FWL_CBOR_NEGATIVE : FWL_CBOR_UINT);

    if (v > INT64_MAX) {
        fwl_reader_fail(r, FWL_ERR_RANGE);
        return 0;
    }
    return type == FWL_CBOR_NEGATIVE && fwl_reader_ok(r) ? -1 - (int64_t)v : (int64_t)v;
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
    uint64_t size = expect(r, type);

    if (size > max) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
        return (struct fwl_span){0};
    }
    return fwl_reader_bytes(r, (size_t)size);
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
    uint64_t count = expect(r, FWL_CBOR_ARRAY);

    if (count > max) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
        return 0;
    }
    return (size_t)count;
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
    uint64_t pairs = expect(r, FWL_CBOR_MAP);

    if (pairs > max) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
        return (struct fwl_cbor_map){0};
    }
    return (struct fwl_cbor_map){.left = (size_t)pairs};
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
    uint64_t items;       /* items still to come; a map counts keys and values */
    bool map;             /* check the order of keys */
    struct fwl_span last; /* the last key */
    const uint8_t *start; /* where the current key began */
};

/* Opens a level for @h when it contains items; consumes the bytes of a string. Returns false on failure. */
static bool
skip_content(struct fwl_reader *r, struct head h, struct level *levels, size_t *depth)
{
    uint64_t items = 0;

    switch (h.type) {
    case FWL_CBOR_BYTES:
    case FWL_CBOR_TEXT: {
        struct fwl_span s = {0};

        if (h.value > r->left) {
            fwl_reader_fail(r, FWL_ERR_TRUNCATED);
            return false;
        }
        s = fwl_reader_bytes(r, (size_t)h.value);
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
    levels[(*depth)++] =
        (struct level){.items = h.type == FWL_CBOR_MAP ? 2 * items : items, .map = h.type == FWL_CBOR_MAP};
    return true;
}

/* One item has ended: close what it completes, check a key that it was. */
static void
skip_ended(struct fwl_reader *r, struct level *levels, size_t *depth)
{
    while (*depth > 0) {
        struct level *top = &levels[*depth - 1];

        if (top->map && top->items % 2 == 0 && !key_in_order(r, &top->last, top->start)) {
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

        if (depth > 0 && levels[depth - 1].map && levels[depth - 1].items % 2 == 0) {
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
    uint8_t major = (uint8_t)(type << 5);

    if (v < 24) {
        fwl_writer_u8(w, (uint8_t)(major | v));
    } else if (v <= UINT8_MAX) {
        fwl_writer_u8(w, major | 24);
        fwl_writer_u8(w, (uint8_t)v);
    } else if (v <= UINT16_MAX) {
        fwl_writer_u8(w, major | 25);
        fwl_writer_u16(w, (uint16_t)v);
    } else if (v <= UINT32_MAX) {
        fwl_writer_u8(w, major | 26);
        fwl_writer_u32(w, (uint32_t)v);
    } else {
        fwl_writer_u8(w, major | 27);
        fwl_writer_u64(w, v);
    }
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
