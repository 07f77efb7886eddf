/*
 * Whatever the checker accepts is one deterministic item: read item by item and written again it gives the same bytes.
 * The copy shares no code with the skipping of the checker; containers are counted on a stack of its own.
 */
#include "core/cbor.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[65536];
    struct fwl_reader r;
    struct fwl_writer w;
    struct fwl_span out;
    uint64_t open = 1; /* items still to come, of all levels together */

    if (size > sizeof(again) || fwl_cbor_check(fwl_span(data, size)) != FWL_OK) {
        return 0;
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
    return 0;
}
