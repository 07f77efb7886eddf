/* Requests to a signer and its answers: forms, limits, what is signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ledger/model/statement.h"
#include "signer/signing.h"

static const struct fwl_signing_request requests[] = {
    {.type = FWL_SIGNING_HELLO, .id = 1, .protocol = 1, .chain_id = {{9}}},
    {.type = FWL_SIGNING_VOTE,
     .id = UINT32_MAX,
     .kind = FWL_VOTE_FINALIZE,
     .height = UINT64_MAX,
     .view = UINT32_MAX,
     .hash = {{7}}},
    {.type = FWL_SIGNING_VOTE, .id = 3, .kind = FWL_VOTE_NULLIFY, .height = 5, .view = 6},
    {.type = FWL_SIGNING_ATTEST, .id = 4, .nonce = {1, 2}, .height = 5, .hash = {{6}}, .time_ms = 1700000000000},
    {.type = FWL_SIGNING_POSSESSION, .id = 5, .height = 6, .hash = {{7}}},
    {.type = FWL_SIGNING_INSTANCE, .id = 6},
    {.type = FWL_SIGNING_CLAIM, .id = 7, .instance = {1}},
    {.type = FWL_SIGNING_RENEW, .id = 8, .instance = {2}},
};

static const struct fwl_signing_answer answers[] = {
    {.type = FWL_SIGNING_HELLO, .id = 1, .key = {{3}}},
    {.type = FWL_SIGNING_VOTE, .id = 2, .sig = {{4}}},
    {.type = FWL_SIGNING_ATTEST, .id = 3, .sig = {{5}}},
    {.type = FWL_SIGNING_POSSESSION, .id = 4, .sig = {{6}}},
    {.type = FWL_SIGNING_INSTANCE, .id = 5, .known = FWL_SIGNING_STORE, .instance = {7}},
    {.type = FWL_SIGNING_CLAIM, .id = 6},
    {.type = FWL_SIGNING_RENEW, .id = 7},
    {.type = FWL_SIGNING_VOTE, .id = 8, .code = FWL_SIGNING_REFUSED, .text = "no, never"},
    {.type = FWL_SIGNING_RENEW, .id = 9, .code = FWL_SIGNING_TAKEN},
};

static struct fwl_span
inner(const uint8_t *bytes, size_t size)
{
    struct fwl_span frame;

    assert_int_equal(fwl_signing_frame(&frame, fwl_span(bytes, size)), FWL_OK);
    assert_int_equal(frame.size, size - FWL_SIGNING_HEAD_SIZE);
    return frame;
}

static void
test_signing__requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(requests); i++) {
        uint8_t bytes[FWL_SIGNING_FRAME_MAX + 1] = {0};
        uint8_t again[FWL_SIGNING_FRAME_MAX];
        struct fwl_signing_request back;
        size_t size = fwl_signing_request_encode(bytes, &requests[i]);
        struct fwl_span frame = inner(bytes, size);

        assert_int_equal(fwl_signing_request_decode(&back, frame), FWL_OK);
        assert_int_equal(fwl_signing_request_encode(again, &back), size);
        assert_memory_equal(again, bytes, size);
        for (size_t n = 0; n < frame.size; n++) {
            assert_int_equal(fwl_signing_request_decode(&back, fwl_span(frame.p, n)), FWL_ERR_TRUNCATED);
            assert_true(n < 5 || back.id == requests[i].id); /* so that it can be answered */
        }
        assert_int_equal(fwl_signing_request_decode(&back, fwl_span(frame.p, frame.size + 1)), FWL_ERR_TRAILING);
    }
}

static void
test_signing__answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < FWL_COUNT(answers); i++) {
        uint8_t bytes[FWL_SIGNING_FRAME_MAX + 1] = {0};
        uint8_t again[FWL_SIGNING_FRAME_MAX];
        struct fwl_signing_answer back;
        size_t size = fwl_signing_answer_encode(bytes, &answers[i]);
        struct fwl_span frame = inner(bytes, size);

        assert_int_equal(fwl_signing_answer_decode(&back, frame), FWL_OK);
        assert_int_equal(fwl_signing_answer_encode(again, &back), size);
        assert_memory_equal(again, bytes, size);
        assert_string_equal(back.text, answers[i].text);
        for (size_t n = 0; n < frame.size && answers[i].text[0] == '\0'; n++) {
            assert_int_equal(fwl_signing_answer_decode(&back, fwl_span(frame.p, n)), FWL_ERR_TRUNCATED);
        }
        if (answers[i].code == FWL_SIGNING_DONE) {
            assert_int_equal(fwl_signing_answer_decode(&back, fwl_span(frame.p, frame.size + 1)), FWL_ERR_TRAILING);
        }
    }
}

static void
test_signing__malformed(void **state)
{
    struct fwl_signing_request q;
    struct fwl_signing_answer a;
    uint8_t bytes[FWL_SIGNING_FRAME_MAX];
    struct fwl_span frame;

    (void)state;
    frame = inner(bytes, fwl_signing_request_encode(bytes, &requests[2])); /* NULLIFY */
    bytes[FWL_SIGNING_HEAD_SIZE + 5] = 4;
    assert_int_equal(fwl_signing_request_decode(&q, frame), FWL_ERR_VALUE);
    bytes[FWL_SIGNING_HEAD_SIZE + 5] = FWL_VOTE_NULLIFY;
    bytes[FWL_SIGNING_HEAD_SIZE + frame.size - 1] = 1;
    assert_int_equal(fwl_signing_request_decode(&q, frame), FWL_ERR_VALUE); /* with a hash */
    bytes[FWL_SIGNING_HEAD_SIZE] = 0;
    assert_int_equal(fwl_signing_request_decode(&q, frame), FWL_ERR_UNKNOWN);
    bytes[FWL_SIGNING_HEAD_SIZE] = FWL_SIGNING_RENEW + 1;
    assert_int_equal(fwl_signing_request_decode(&q, frame), FWL_ERR_UNKNOWN);
    frame = inner(bytes, fwl_signing_answer_encode(bytes, &answers[4])); /* INSTANCE */
    bytes[FWL_SIGNING_HEAD_SIZE + 6] = FWL_SIGNING_STORE + 1;
    assert_int_equal(fwl_signing_answer_decode(&a, frame), FWL_ERR_UNKNOWN);
    bytes[FWL_SIGNING_HEAD_SIZE + 5] = FWL_SIGNING_TAKEN + 1;
    assert_int_equal(fwl_signing_answer_decode(&a, frame), FWL_ERR_UNKNOWN);
    frame = inner(bytes, fwl_signing_answer_encode(bytes, &answers[7])); /* a text */
    bytes[FWL_SIGNING_HEAD_SIZE + frame.size - 1] = '\n';
    assert_int_equal(fwl_signing_answer_decode(&a, frame), FWL_ERR_VALUE);
    assert_string_equal(a.text, "");
}

/* The longest sentence, and one more byte. */
static void
test_signing__limits(void **state)
{
    struct fwl_signing_answer a = {.type = FWL_SIGNING_VOTE, .code = FWL_SIGNING_LATER};
    uint8_t bytes[FWL_SIGNING_FRAME_MAX + 8];
    struct fwl_span frame;
    size_t size = 0;

    (void)state;
    memset(a.text, 'x', FWL_SIGNING_TEXT_MAX);
    size = fwl_signing_answer_encode(bytes, &a);
    frame = inner(bytes, size);
    assert_int_equal(fwl_signing_answer_decode(&a, frame), FWL_OK);
    bytes[size] = 'x';
    assert_int_equal(fwl_signing_answer_decode(&a, fwl_span(frame.p, frame.size + 1)), FWL_ERR_LIMIT);
    for (size_t n = 0; n < size; n++) {
        assert_int_equal(fwl_signing_frame(&frame, fwl_span(bytes, n)), FWL_OK);
        assert_int_equal(frame.size, 0); /* more has to come */
    }
    assert_int_equal(fwl_signing_frame(&frame, fwl_span(bytes, size + 1)), FWL_OK);
    assert_int_equal(frame.size, size - FWL_SIGNING_HEAD_SIZE); /* the byte behind it is the next one's */
    fwl_store_be16(bytes, FWL_SIGNING_FRAME_MAX - FWL_SIGNING_HEAD_SIZE);
    assert_int_equal(fwl_signing_frame(&frame, fwl_span(bytes, 2)), FWL_OK);
    fwl_store_be16(bytes, FWL_SIGNING_FRAME_MAX - FWL_SIGNING_HEAD_SIZE + 1);
    assert_int_equal(fwl_signing_frame(&frame, fwl_span(bytes, 2)), FWL_ERR_LIMIT);
    fwl_store_be16(bytes, 4);
    assert_int_equal(fwl_signing_frame(&frame, fwl_span(bytes, 6)), FWL_ERR_VALUE);
}

static void
test_signing__digests(void **state)
{
    static const struct fwl_hash32 chain = {{1}};
    struct fwl_hash32 wanted;
    struct fwl_hash32 got;

    (void)state;
    fwl_vote_digest(&wanted, &chain, FWL_VOTE_NULLIFY, 5, 6, &requests[2].hash);
    fwl_signing_digest(&got, &chain, &requests[2]);
    assert_memory_equal(&got, &wanted, 32);
    fwl_statement_attest(&wanted, &chain, requests[3].nonce, 5, &requests[3].hash, requests[3].time_ms);
    fwl_signing_digest(&got, &chain, &requests[3]);
    assert_memory_equal(&got, &wanted, 32);
    fwl_statement_possession(&wanted, &chain, 6, &requests[4].hash);
    fwl_signing_digest(&got, &chain, &requests[4]);
    assert_memory_equal(&got, &wanted, 32);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signing__requests),  cmocka_unit_test(test_signing__answers),
        cmocka_unit_test(test_signing__malformed), cmocka_unit_test(test_signing__limits),
        cmocka_unit_test(test_signing__digests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
