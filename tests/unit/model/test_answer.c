/* Framing of answers and bundles: limits, truncations, and that both directions are inverse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/model/answer.h"

static uint8_t filler[FWL_ENTRY_MAX + 1];

/* An answer with @steps steps of one byte and proofs of @proof bytes. */
static struct fwl_span
make_answer(uint8_t *buffer, size_t room, uint16_t steps, size_t proof, enum fwl_err wanted)
{
    uint8_t step_bytes[3 * (FWL_EPOCH_STEPS_MAX + 1)];
    struct fwl_answer answer = {
        .step_count = steps, .header = fwl_span(filler, FWL_HEADER_SIZE), .cert = fwl_span(filler, 197)};
    struct fwl_writer w;
    struct fwl_span out;

    fwl_writer_init(&w, step_bytes, sizeof(step_bytes));
    for (uint16_t i = 0; i < steps; i++) {
        fwl_answer_step_put(&w, fwl_span(filler, 1));
    }
    assert_int_equal(fwl_writer_finish(&w, &answer.steps), FWL_OK);
    for (size_t i = 0; i < FWL_ANSWER_PROOFS; i++) {
        answer.proofs[i] = fwl_span(filler, proof);
    }
    fwl_writer_init(&w, buffer, room);
    fwl_answer_put(&w, &answer);
    assert_int_equal(fwl_writer_finish(&w, &out), wanted);
    return out;
}

static void
test_answer__round_trip_and_truncations(void **state)
{
    uint8_t buffer[4096];
    uint8_t again[4096];
    struct fwl_span bytes = make_answer(buffer, sizeof(buffer), 3, 40, FWL_OK);
    struct fwl_answer answer;
    struct fwl_fault fault;
    struct fwl_reader it;
    struct fwl_span step;
    struct fwl_span out;
    struct fwl_writer w;
    int steps = 0;

    (void)state;
    assert_int_equal(fwl_answer_decode(&answer, &fault, bytes), FWL_OK);
    for (fwl_answer_steps_begin(&it, &answer); fwl_answer_step_next(&it, &step);) {
        assert_int_equal(step.size, 1);
        steps++;
    }
    assert_int_equal(steps, 3);
    fwl_writer_init(&w, again, sizeof(again));
    fwl_answer_put(&w, &answer);
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_OK);
    assert_true(fwl_span_equal(out, bytes));
    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *copy = malloc(size + 1);

        assert_non_null(copy);
        memcpy(copy, bytes.p, size);
        assert_int_equal(fwl_answer_decode(&answer, &fault, fwl_span(copy, size)), FWL_ERR_TRUNCATED);
        assert_int_equal(answer.cert.size, 0);
        assert_non_null(fault.field);
        free(copy);
    }
    assert_int_equal(fwl_answer_decode(&answer, NULL, fwl_span(buffer, bytes.size + 1)), FWL_ERR_TRAILING);
}

static void
test_answer__refuses(void **state)
{
    uint8_t buffer[32768];
    struct fwl_span bytes = make_answer(buffer, sizeof(buffer), 0, 40, FWL_OK);
    struct fwl_answer answer;

    (void)state;
    buffer[3] = '2';
    assert_int_equal(fwl_answer_decode(&answer, NULL, bytes), FWL_ERR_UNKNOWN);
    buffer[3] = '1';
    buffer[4] = 1;
    assert_int_equal(fwl_answer_decode(&answer, NULL, bytes), FWL_OK);
    assert_true(answer.more);
    buffer[4] = 2;
    assert_int_equal(fwl_answer_decode(&answer, NULL, bytes), FWL_ERR_VALUE);
    (void)make_answer(buffer, sizeof(buffer), FWL_EPOCH_STEPS_MAX, 40, FWL_OK);
    (void)make_answer(buffer, sizeof(buffer), FWL_EPOCH_STEPS_MAX + 1, 40, FWL_ERR_LIMIT);
    bytes = make_answer(buffer, sizeof(buffer), 0, FWL_PROOF_MAX, FWL_OK);
    assert_int_equal(fwl_answer_decode(&answer, NULL, bytes), FWL_OK);
    (void)make_answer(buffer, sizeof(buffer), 0, FWL_PROOF_MAX + 1, FWL_ERR_LIMIT);
    (void)make_answer(buffer, sizeof(buffer), 0, 0, FWL_ERR_LIMIT);
    /* the same limits when reading */
    bytes = make_answer(buffer, sizeof(buffer), 1, 40, FWL_OK);
    buffer[6] = FWL_EPOCH_STEPS_MAX + 1;
    assert_int_equal(fwl_answer_decode(&answer, NULL, bytes), FWL_ERR_LIMIT);
    buffer[6] = 1;
    buffer[8] = 0; /* length of the step */
    assert_int_equal(fwl_answer_decode(&answer, NULL, bytes), FWL_ERR_VALUE);
}

static size_t
put_bundle(uint8_t *buffer, size_t room, struct fwl_span answer, uint16_t count, size_t size, enum fwl_err wanted)
{
    struct fwl_writer w;
    struct fwl_span out;

    fwl_writer_init(&w, buffer, room);
    fwl_bundle_put_begin(&w, answer, count);
    for (uint16_t i = 0; i < count; i++) {
        fwl_bundle_put_value(&w, fwl_span(filler, size));
    }
    assert_int_equal(fwl_writer_finish(&w, &out), wanted);
    return out.size;
}

static void
test_answer__bundle(void **state)
{
    static uint8_t buffer[4 * FWL_ENTRY_MAX];
    uint8_t inner[2048];
    struct fwl_span answer = make_answer(inner, sizeof(inner), 0, 40, FWL_OK);
    size_t size = put_bundle(buffer, sizeof(buffer), answer, 3, 50, FWL_OK);
    struct fwl_bundle bundle;
    struct fwl_reader it;
    struct fwl_span value;
    int values = 0;

    (void)state;
    assert_int_equal(fwl_bundle_decode(&bundle, NULL, fwl_span(buffer, size)), FWL_OK);
    assert_true(fwl_span_equal(bundle.answer, answer));
    for (fwl_bundle_values_begin(&it, &bundle); fwl_bundle_value_next(&it, &value);) {
        assert_int_equal(value.size, 50);
        values++;
    }
    assert_int_equal(values, 3);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(fwl_bundle_decode(&bundle, NULL, fwl_span(buffer, i)), FWL_ERR_TRUNCATED);
    }
    assert_int_equal(fwl_bundle_decode(&bundle, NULL, fwl_span(buffer, size + 1)), FWL_ERR_TRAILING);
    buffer[0] = 'f';
    assert_int_equal(fwl_bundle_decode(&bundle, NULL, fwl_span(buffer, size)), FWL_ERR_UNKNOWN);
    size = put_bundle(buffer, sizeof(buffer), answer, 1, FWL_ENTRY_MAX, FWL_OK);
    assert_int_equal(fwl_bundle_decode(&bundle, NULL, fwl_span(buffer, size)), FWL_OK);
    (void)put_bundle(buffer, sizeof(buffer), answer, 1, FWL_ENTRY_MAX + 1, FWL_ERR_LIMIT);
    size = put_bundle(buffer, sizeof(buffer), answer, FWL_BUNDLE_VALUES_MAX, 1, FWL_OK);
    assert_int_equal(fwl_bundle_decode(&bundle, NULL, fwl_span(buffer, size)), FWL_OK);
    (void)put_bundle(buffer, sizeof(buffer), answer, FWL_BUNDLE_VALUES_MAX + 1, 1, FWL_ERR_LIMIT);
    fwl_store_be16(buffer + 8 + answer.size, FWL_BUNDLE_VALUES_MAX + 1);
    assert_int_equal(fwl_bundle_decode(&bundle, NULL, fwl_span(buffer, size)), FWL_ERR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer__round_trip_and_truncations),
        cmocka_unit_test(test_answer__refuses),
        cmocka_unit_test(test_answer__bundle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
