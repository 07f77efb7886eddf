/*
 * The first byte selects the kind of object: a number of roundtrip.h, 'a' an answer, 'b' a bundle. Whatever is accepted
 * is encoded back to the same bytes, and every part of it lies within the input.
 */
#include <stdlib.h>

#include "ledger/model/answer.h"
#include "tests/unit/model/roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_equal(struct fwl_writer *w, struct fwl_span in)
{
    struct fwl_span out;
    enum fwl_err err = fwl_writer_finish(w, &out);

    FWL_ASSERT(err == FWL_OK && fwl_span_equal(out, in));
}

static void
try_answer(struct fwl_span in)
{
    uint8_t *again = malloc(in.size + 1);
    struct fwl_answer answer;
    struct fwl_reader it;
    struct fwl_span step;
    struct fwl_writer w;
    unsigned steps = 0;

    if (again != NULL && fwl_answer_decode(&answer, NULL, in) == FWL_OK) {
        for (fwl_answer_steps_begin(&it, &answer); fwl_answer_step_next(&it, &step); steps++) {
        }
        FWL_ASSERT(steps == answer.step_count && it.left == 0);
        fwl_writer_init(&w, again, in.size);
        fwl_answer_put(&w, &answer);
        check_equal(&w, in);
    }
    free(again);
}

static void
try_bundle(struct fwl_span in)
{
    uint8_t *again = malloc(in.size + 1);
    struct fwl_bundle bundle;
    struct fwl_reader it;
    struct fwl_span value;
    struct fwl_writer w;

    if (again != NULL && fwl_bundle_decode(&bundle, NULL, in) == FWL_OK) {
        fwl_writer_init(&w, again, in.size);
        fwl_bundle_put_begin(&w, bundle.answer, bundle.value_count);
        for (fwl_bundle_values_begin(&it, &bundle); fwl_bundle_value_next(&it, &value);) {
            fwl_bundle_put_value(&w, value);
        }
        check_equal(&w, in);
        try_answer(bundle.answer);
    }
    free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (data[0] < ROUNDTRIP_KINDS) {
        (void)roundtrip(data[0], fwl_span(data + 1, size - 1));
    } else if (data[0] == 'a') {
        try_answer(fwl_span(data + 1, size - 1));
    } else if (data[0] == 'b') {
        try_bundle(fwl_span(data + 1, size - 1));
    }
    return 0;
}
