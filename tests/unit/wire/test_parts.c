#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "p2p/wire/parts.h"

enum {
    OBJECT = 1000,
};

static struct fwl_parts_piece
piece(uint32_t offset, uint32_t total, const uint8_t *bytes, size_t size)
{
    return (struct fwl_parts_piece){.offset = offset, .total = total, .bytes = fwl_span(bytes, size)};
}

static void
test_parts__round_trip_and_truncation(void **state)
{
    static const uint8_t expected[] = {0, 0, 0, 2, 0, 0, 0, 5, 7, 8, 9};
    struct fwl_parts_piece p = piece(2, 5, expected + 8, 3);
    uint8_t out[sizeof(expected)];
    struct fwl_span bytes;
    struct fwl_writer w;

    (void)state;
    fwl_writer_init(&w, out, sizeof(out));
    fwl_parts_encode(&w, &p);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    assert_memory_equal(bytes.p, expected, sizeof(expected));
    assert_int_equal(fwl_parts_decode(&p, bytes, 5), FWL_OK);
    assert_int_equal(p.offset, 2);
    assert_int_equal(p.total, 5);
    assert_int_equal(p.bytes.size, 3);
    assert_int_equal(fwl_parts_decode(&p, bytes, 4), FWL_ERR_LIMIT);
    assert_int_equal(p.total, 0);
    for (size_t size = 0; size < FWL_PARTS_HEAD_SIZE; size++) {
        assert_int_equal(fwl_parts_decode(&p, fwl_span(expected, size), 5), FWL_ERR_TRUNCATED);
    }
    assert_int_equal(fwl_parts_decode(&p, fwl_span(expected, FWL_PARTS_HEAD_SIZE), 5), FWL_ERR_VALUE);
}

static void
test_parts__range(void **state)
{
    static const struct {
        uint8_t bytes[10];
        size_t size;
        enum fwl_err err;
    } cases[] = {
        {{0, 0, 0, 3, 0, 0, 0, 5, 1, 1}, 10, FWL_OK},
        {{0, 0, 0, 4, 0, 0, 0, 5, 1, 1}, 10, FWL_ERR_RANGE},
        {{0, 0, 0, 6, 0, 0, 0, 5, 1, 1}, 10, FWL_ERR_RANGE},
        {{255, 255, 255, 255, 0, 0, 0, 5, 1, 1}, 10, FWL_ERR_RANGE},
        {{0, 0, 0, 0, 0, 0, 0, 0}, 8, FWL_OK},
        {{0, 0, 0, 0, 0, 0, 0, 0, 1}, 9, FWL_ERR_RANGE},
        {{0, 0, 0, 1, 0, 0, 0, 0}, 8, FWL_ERR_RANGE},
    };
    struct fwl_parts_piece p;

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        assert_int_equal(fwl_parts_decode(&p, fwl_span(cases[i].bytes, cases[i].size), 100), cases[i].err);
    }
}

static void
test_parts__encode_limit(void **state)
{
    static uint8_t big[FWL_PARTS_BYTES_MAX + 1];
    static uint8_t out[FWL_FRAME_PART_MAX + 1];
    struct fwl_parts_piece p = piece(0, FWL_FRAME_CHUNK_MAX, big, FWL_PARTS_BYTES_MAX);
    struct fwl_span bytes;
    struct fwl_writer w;

    (void)state;
    fwl_writer_init(&w, out, sizeof(out));
    fwl_parts_encode(&w, &p);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    assert_int_equal(bytes.size, FWL_FRAME_PART_MAX);
    p.bytes.size++;
    fwl_writer_init(&w, out, sizeof(out));
    fwl_parts_encode(&w, &p);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_ERR_LIMIT);
}

/* An object cut at every size of part, from every start, comes out the same. */
static void
test_parts__reassembly(void **state)
{
    uint8_t object[OBJECT];
    uint8_t buffer[OBJECT];

    (void)state;
    for (size_t i = 0; i < sizeof(object); i++) {
        object[i] = (uint8_t)(i * 7 + i / 256);
    }
    for (uint32_t step = 1; step <= OBJECT; step += 37) {
        for (uint32_t start = 0; start < OBJECT; start += 333) {
            struct fwl_parts parts;

            memset(buffer, 0, sizeof(buffer));
            memcpy(buffer, object, start);
            fwl_parts_init(&parts, buffer, OBJECT, start);
            for (uint32_t at = start; at < OBJECT; at += step) {
                struct fwl_parts_piece p = piece(at, OBJECT, object + at, FWL_MIN(step, OBJECT - at));

                assert_false(parts.done);
                assert_int_equal(fwl_parts_add(&parts, &p), FWL_OK);
            }
            assert_true(parts.done);
            assert_false(parts.absent);
            assert_memory_equal(buffer, object, OBJECT);
        }
    }
}

static void
test_parts__errors(void **state)
{
    uint8_t buffer[8];
    struct fwl_parts parts;
    struct fwl_parts_piece p = piece(0, 9, buffer, 4);

    (void)state;
    fwl_parts_init(&parts, buffer, sizeof(buffer), 0);
    assert_int_equal(fwl_parts_add(&parts, &p), FWL_ERR_SPACE);
    p = piece(4, 8, (const uint8_t *)"abcd", 4);
    assert_int_equal(fwl_parts_add(&parts, &p), FWL_ERR_ORDER);
    p = piece(0, 8, (const uint8_t *)"abcd", 4);
    assert_int_equal(fwl_parts_add(&parts, &p), FWL_OK);
    p = piece(5, 8, (const uint8_t *)"abc", 3);
    assert_int_equal(fwl_parts_add(&parts, &p), FWL_ERR_ORDER);
    p = piece(4, 7, (const uint8_t *)"abc", 3);
    assert_int_equal(fwl_parts_add(&parts, &p), FWL_ERR_VALUE);
    p = piece(0, 4, (const uint8_t *)"wxyz", 4); /* begins anew */
    assert_int_equal(fwl_parts_add(&parts, &p), FWL_OK);
    assert_true(parts.done);
    assert_int_equal(parts.total, 4);
    assert_memory_equal(buffer, "wxyz", 4);
    assert_int_equal(fwl_parts_add(&parts, &p), FWL_ERR_STATE);
    fwl_parts_init(&parts, buffer, sizeof(buffer), 3);
    p = piece(0, 0, NULL, 0);
    assert_int_equal(fwl_parts_add(&parts, &p), FWL_OK);
    assert_true(parts.done);
    assert_true(parts.absent);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts__round_trip_and_truncation),
        cmocka_unit_test(test_parts__range),
        cmocka_unit_test(test_parts__encode_limit),
        cmocka_unit_test(test_parts__reassembly),
        cmocka_unit_test(test_parts__errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
