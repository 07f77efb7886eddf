/* Valid documents with one value exchanged. */
#ifndef FWL_TESTS_UNIT_MODEL_SPLICE_H
#define FWL_TESTS_UNIT_MODEL_SPLICE_H

#include "core/cbor.h"

enum { SPLICE_STEPS = 6, SPLICE_END = INT8_MAX };

/* Where a value is: keys of maps and places in arrays, from the outside inwards; ends with SPLICE_END. */
struct splice_path {
    int8_t step[SPLICE_STEPS];
};
#define AT(...)                                                                                                        \
    {                                                                                                                  \
        .step = { __VA_ARGS__, SPLICE_END }                                                                            \
    }

/* The value of key @step, or the element at @step; the reader then stands before it. */
static inline void
splice_into(struct fwl_reader *r, int8_t step)
{
    int64_t key = 0;

    if (fwl_cbor_peek(r) == FWL_CBOR_MAP) {
        struct fwl_cbor_map map = fwl_cbor_map_begin(r, SIZE_MAX);

        while (fwl_cbor_map_next_int(r, &map, &key) && key != step) {
            (void)fwl_cbor_skip(r);
        }
        FWL_ASSERT(key == step);
        return;
    }
    FWL_ASSERT(fwl_cbor_array(r, SIZE_MAX) > (size_t)step);
    for (int8_t i = 0; i < step; i++) {
        (void)fwl_cbor_skip(r);
    }
}

/* The bytes of one value of @document, which must have it. */
static inline struct fwl_span
splice_find(struct fwl_span document, const struct splice_path *path)
{
    struct fwl_reader r;
    struct fwl_span found;

    fwl_reader_init(&r, document);
    for (size_t i = 0; path->step[i] != SPLICE_END; i++) {
        splice_into(&r, path->step[i]);
    }
    found = fwl_cbor_skip(&r);
    FWL_ASSERT(fwl_reader_ok(&r));
    return found;
}

/* @document with @value in the place of what is at @path. */
static inline void
splice_put(struct fwl_writer *w, struct fwl_span document, const struct splice_path *path, struct fwl_span value)
{
    struct fwl_span old = splice_find(document, path);
    size_t before = (size_t)(old.p - document.p);

    fwl_writer_bytes(w, document.p, before);
    fwl_writer_span(w, value);
    fwl_writer_bytes(w, old.p + old.size, document.size - before - old.size);
}

#endif
