/* Files of attestations: framing, limits, and that both directions are inverse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/model/attest.h"
#include "ledger/model/validators.h"
#include "vectors.h"

static uint8_t buffer[FWL_ATTESTS_SIZE_MAX + FWL_ATTEST_SIZE + 1];

/* A file with words of validators 0 to @count - 1. */
static struct fwl_span
make(size_t count, enum fwl_err wanted)
{
    static struct fwl_attest words[FWL_VALIDATORS_MAX + 1];
    const struct fwl_attest_request request = {.nonce = {1, 2, 3}, .height = 7, .block_hash = {{9}}};
    struct fwl_span out;
    struct fwl_writer w;

    for (size_t i = 0; i < count; i++) {
        words[i] = (struct fwl_attest){.idx = (uint16_t)i, .time_ms = 1000 + i, .sig = {{(uint8_t)i}}};
    }
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_attest_put(&w, &request, words, count);
    assert_int_equal(fwl_writer_finish(&w, &out), wanted);
    return out;
}

static void
test_attest__vector(void **state)
{
    static const uint16_t idx[] = {0, 1, 3};
    static const uint64_t times[] = {1700000001000, 5, 1700000000000};
    struct fwl_attests attests;
    struct fwl_attest a;
    struct fwl_reader it;
    size_t i = 0;

    (void)state;
    assert_int_equal(fwl_attest_decode(&attests, NULL, vector("attests")), FWL_OK);
    assert_int_equal(attests.count, 3);
    assert_true(attests.request.height == 42 && attests.request.nonce[15] == 15);
    for (fwl_attest_begin(&it, &attests); fwl_attest_next(&it, &a); i++) {
        assert_int_equal(a.idx, idx[i]);
        assert_true(a.time_ms == times[i]);
    }
    assert_int_equal(i, 3);
}

static void
test_attest__limits(void **state)
{
    struct fwl_span bytes = make(FWL_VALIDATORS_MAX, FWL_OK);
    struct fwl_attests attests;

    (void)state;
    assert_int_equal(bytes.size, FWL_ATTESTS_SIZE_MAX);
    assert_int_equal(fwl_attest_decode(&attests, NULL, bytes), FWL_OK);
    assert_int_equal(attests.count, FWL_VALIDATORS_MAX);
    buffer[61]++; /* count: one more, and bytes for it */
    assert_int_equal(fwl_attest_decode(&attests, NULL, fwl_span(buffer, bytes.size + FWL_ATTEST_SIZE)), FWL_ERR_LIMIT);
    assert_int_equal(attests.count, 0);
    (void)make(FWL_VALIDATORS_MAX + 1, FWL_ERR_LIMIT);
    bytes = make(0, FWL_OK);
    assert_int_equal(fwl_attest_decode(&attests, NULL, bytes), FWL_OK);
}

static void
test_attest__refuses(void **state)
{
    struct fwl_span bytes = make(3, FWL_OK);
    struct fwl_attests attests;
    struct fwl_fault fault;

    (void)state;
    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *copy = malloc(size + 1);

        assert_non_null(copy);
        memcpy(copy, bytes.p, size);
        assert_int_equal(fwl_attest_decode(&attests, &fault, fwl_span(copy, size)), FWL_ERR_TRUNCATED);
        assert_int_equal(attests.items.size, 0);
        assert_non_null(fault.field);
        free(copy);
    }
    buffer[bytes.size] = 0;
    assert_int_equal(fwl_attest_decode(&attests, NULL, fwl_span(buffer, bytes.size + 1)), FWL_ERR_TRAILING);
    buffer[3] = '2';
    assert_int_equal(fwl_attest_decode(&attests, NULL, bytes), FWL_ERR_UNKNOWN);
    buffer[3] = '1';
    buffer[62 + 1] = 1; /* the first is validator 1 too */
    assert_int_equal(fwl_attest_decode(&attests, NULL, bytes), FWL_ERR_DUPLICATE);
    buffer[62 + 1] = 2;
    assert_int_equal(fwl_attest_decode(&attests, NULL, bytes), FWL_ERR_ORDER);
    buffer[62 + 1] = 0;
    assert_int_equal(fwl_attest_decode(&attests, NULL, bytes), FWL_OK);
    bytes = make(2, FWL_OK);
    buffer[62] = 0xff; /* the greatest index, twice */
    buffer[63] = 0xff;
    buffer[62 + FWL_ATTEST_SIZE] = 0xff;
    buffer[63 + FWL_ATTEST_SIZE] = 0xff;
    assert_int_equal(fwl_attest_decode(&attests, NULL, bytes), FWL_ERR_DUPLICATE);
}

static void
test_attest__same(void **state)
{
    const struct fwl_attest_request a = {.nonce = {1}, .height = 2, .block_hash = {{3}}};
    struct fwl_attest_request b = a;

    (void)state;
    assert_true(fwl_attest_same(&a, &b));
    b.nonce[15] = 1;
    assert_false(fwl_attest_same(&a, &b));
    b = a;
    b.height++;
    assert_false(fwl_attest_same(&a, &b));
    b = a;
    b.block_hash.b[31] = 1;
    assert_false(fwl_attest_same(&a, &b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attest__vector),
        cmocka_unit_test(test_attest__limits),
        cmocka_unit_test(test_attest__refuses),
        cmocka_unit_test(test_attest__same),
    };

    return cmocka_run_group_tests(tests, vectors_load, vectors_free);
}
