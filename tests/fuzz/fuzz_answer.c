/* What the decoders of answers and bundles accept comes out byte for byte, and every part lies within the input. */
#include <stdlib.h>

#include "ledger/model/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_equal(struct fwl_writer *w, struct fwl_span in)
{
    struct fwl_span out;
    enum fwl_err err = fwl_writer_finish(w, &out);

    FWL_ASSERT(err == FWL_OK && fwl_span_equal(out, in));
}

static void
try_answer(struct fwl_span in, uint8_t *again)
{
    struct fwl_answer answer;
    struct fwl_reader it;
    struct fwl_span step;
    struct fwl_writer w;
    unsigned steps = 0;

    if (fwl_answer_decode(&answer, NULL, in) == FWL_OK) {
        for (fwl_answer_steps_begin(&it, &answer); fwl_answer_step_next(&it, &step); steps++) {
        }
        FWL_ASSERT(steps == answer.step_count && it.left == 0);
        fwl_writer_init(&w, again, in.size);
        fwl_answer_put(&w, &answer);
        check_equal(&w, in);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fwl_span in = fwl_span(data, size);
    uint8_t *again = malloc(size + 1);
    struct fwl_bundle bundle;
    struct fwl_reader it;
    struct fwl_span value;
    struct fwl_writer w;

    if (again == NULL) {
        return 0;
    }
    try_answer(in, again);
    if (fwl_bundle_decode(&bundle, NULL, in) == FWL_OK) {
        fwl_writer_init(&w, again, size);
        fwl_bundle_put_begin(&w, bundle.answer, bundle.value_count);
        for (fwl_bundle_values_begin(&it, &bundle); fwl_bundle_value_next(&it, &value);) {
            fwl_bundle_put_value(&w, value);
        }
        check_equal(&w, in);
        try_answer(bundle.answer, again);
    }
    free(again);
    return 0;
}
