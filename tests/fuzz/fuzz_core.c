/*
 * The readers that everything else is made of, by the first byte: 'c' CBOR, 'r' the byte reader, 'v' versions.
 *
 * Whatever the checker of CBOR accepts is one deterministic item: read item by item and written again it gives the same
 * bytes. The copy shares no code with the skipping of the checker; containers are counted on a stack of its own.
 */
#include "core/cbor.h"
#include "core/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copies one head, and the string behind it; returns the items that it contains. */
static uint64_t
copy_head(struct fwl_writer *w, struct fwl_reader *r)
{
    uint64_t count = 0;

    switch (fwl_cbor_peek(r)) {
    case FWL_CBOR_UINT: fwl_cbor_put_uint(w, fwl_cbor_uint(r)); break;
    case FWL_CBOR_NEGATIVE: {
        int64_t v = 0;

        if (r->at[0] == 0x3b && (r->at[1] & 0x80) != 0) { /* below INT64_MIN: valid CBOR that fwl_cbor_int refuses */
            fwl_writer_span(w, fwl_cbor_skip(r));
            break;
        }
        v = fwl_cbor_int(r);
        fwl_cbor_put_int(w, v);
        break;
    }
    case FWL_CBOR_BYTES: fwl_cbor_put_bytes(w, fwl_cbor_bytes(r, SIZE_MAX)); break;
    case FWL_CBOR_TEXT: fwl_cbor_put_text(w, fwl_cbor_text(r, SIZE_MAX)); break;
    case FWL_CBOR_ARRAY:
        count = fwl_cbor_array(r, SIZE_MAX);
        fwl_cbor_put_array(w, count);
        break;
    case FWL_CBOR_MAP:
        count = fwl_cbor_map_begin(r, SIZE_MAX).left;
        fwl_cbor_put_map(w, count);
        count *= 2;
        break;
    case FWL_CBOR_TAG:
        fwl_cbor_put_tag(w, fwl_cbor_tag(r));
        count = 1;
        break;
    case FWL_CBOR_SIMPLE:
        if (fwl_cbor_try_null(r)) {
            fwl_cbor_put_null(w);
        } else {
            fwl_cbor_put_bool(w, fwl_cbor_bool(r));
        }
        break;
    case FWL_CBOR_NONE: FWL_ASSERT(false); break; /* the item ends early */
    }
    return count;
}

static void
try_cbor(const uint8_t *data, size_t size)
{
    static uint8_t again[65536];
    struct fwl_reader r;
    struct fwl_writer w;
    struct fwl_span out;
    uint64_t open = 1; /* items still to come, of all levels together */

    if (size > sizeof(again) || fwl_cbor_check(fwl_span(data, size)) != FWL_OK) {
        return;
    }
    fwl_reader_init(&r, fwl_span(data, size));
    FWL_ASSERT(fwl_cbor_skip(&r).size == size);
    fwl_reader_init(&r, fwl_span(data, size));
    fwl_writer_init(&w, again, sizeof(again));
    while (open > 0) {
        open += copy_head(&w, &r) - 1;
    }
    FWL_ASSERT(fwl_reader_finish(&r) == FWL_OK && fwl_writer_finish(&w, &out) == FWL_OK);
    FWL_ASSERT(fwl_span_equal(out, fwl_span(data, size)) && fwl_cbor_check(out) == FWL_OK);
}

/* The first byte of each step says what to read: no read goes beyond the input and no failure is forgotten. */
static void
step(struct fwl_reader *r, uint8_t what, struct fwl_span in)
{
    uint8_t copy[64];
    struct fwl_span view = {0};

    switch (what % 7) {
    case 0: (void)fwl_reader_u16(r); break;
    case 1: (void)fwl_reader_u32(r); break;
    case 2: (void)fwl_reader_u64(r); break;
    case 3: view = fwl_reader_bytes(r, what); break;
    case 4: fwl_reader_copy(r, copy, what % sizeof(copy)); break;
    case 5: view = what > 250 ? fwl_reader_rest(r) : fwl_reader_bytes(r, what / 16); break;
    default: fwl_reader_field(r, "step"); break;
    }
    FWL_ASSERT(view.size == 0 || (view.p >= in.p && view.p + view.size <= in.p + in.size));
}

static void
try_reader(const uint8_t *data, size_t size)
{
    struct fwl_span in = fwl_span(data, size);
    struct fwl_reader r;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, in);
    while (r.left > 0) {
        step(&r, fwl_reader_u8(&r), in);
        FWL_ASSERT(r.err != FWL_OK || r.offset + r.left == size);
        FWL_ASSERT(err == FWL_OK || r.err == err);
        err = r.err;
    }
    FWL_ASSERT(fwl_reader_finish(&r) == err && r.offset <= size);
}

/* A scheme and two texts, separated by a zero byte: what is accepted compares antisymmetrically and equal to itself. */
static void
try_version(const uint8_t *data, size_t size)
{
    const uint8_t *zero = NULL;
    struct fwl_span a;
    struct fwl_span b;
    size_t bad = 0;
    uint64_t scheme = 0;

    if (size == 0) {
        return;
    }
    scheme = data[0];
    zero = size > 1 ? memchr(data + 1, 0, size - 1) : NULL;
    a = fwl_span(data + 1, zero == NULL ? size - 1 : (size_t)(zero - data - 1));
    b = zero == NULL ? a : fwl_span(zero + 1, size - 2 - a.size);
    if (fwl_version_check(scheme, a, &bad) != FWL_OK) {
        FWL_ASSERT(bad <= a.size && bad <= FWL_VERSION_BYTES_MAX);
        return;
    }
    FWL_ASSERT(bad == 0);
    if (scheme != FWL_SCHEME_OPAQUE && fwl_version_check(scheme, b, NULL) == FWL_OK) {
        int order = fwl_version_compare((enum fwl_scheme)scheme, a, b);
        int back = fwl_version_compare((enum fwl_scheme)scheme, b, a);

        FWL_ASSERT((order > 0) == (back < 0) && (order == 0) == (back == 0));
        FWL_ASSERT(fwl_version_compare((enum fwl_scheme)scheme, a, a) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    switch (size == 0 ? 0 : data[0]) {
    case 'c': try_cbor(data + 1, size - 1); break;
    case 'r': try_reader(data + 1, size - 1); break;
    case 'v': try_version(data + 1, size - 1); break;
    default: break;
    }
    return 0;
}
