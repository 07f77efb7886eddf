#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "p2p/wire/frame.h"

static enum fwl_err
decode(struct fwl_frame_head *head, const uint8_t bytes[FWL_FRAME_HEAD_SIZE])
{
    return fwl_frame_head_decode(head, fwl_span(bytes, FWL_FRAME_HEAD_SIZE), FWL_BLOCK_MAX_DEFAULT);
}

static void
test_frame__head_bytes(void **state)
{
    static const uint8_t expected[FWL_FRAME_HEAD_SIZE] = {0, 0, 0, 111, 4, 1, 0, 0};
    uint8_t bytes[FWL_FRAME_HEAD_SIZE];
    struct fwl_frame_head head;

    (void)state;
    fwl_frame_head_encode(bytes, FWL_FRAME_VOTE, 111);
    assert_memory_equal(bytes, expected, sizeof(bytes));
    assert_int_equal(decode(&head, bytes), FWL_OK);
    assert_int_equal(head.length, 111);
    assert_int_equal(head.type, FWL_FRAME_VOTE);
}

/* Every type at its maximum and one above. */
static void
test_frame__limits(void **state)
{
    static const uint32_t expected[FWL_FRAME_TYPE_COUNT] = {
        0,     512, 60,  1048576 + 65536, 256,   4346,  266,     40, 262144, 16, 262144, 16, 88064, 8,
        10433, 56,  130, 65535,           16386, 16386, 1048576, 14, 262144, 0,
    };
    uint8_t bytes[FWL_FRAME_HEAD_SIZE];
    struct fwl_frame_head head;

    (void)state;
    for (unsigned type = 1; type < FWL_FRAME_TYPE_COUNT; type++) {
        assert_non_null(fwl_frame_name((uint8_t)type));
        assert_int_equal(fwl_frame_max((uint8_t)type, FWL_BLOCK_MAX_DEFAULT), expected[type]);
        fwl_frame_head_encode(bytes, (enum fwl_frame_type)type, expected[type]);
        assert_int_equal(decode(&head, bytes), FWL_OK);
        assert_int_equal(head.length, expected[type]);
        fwl_frame_head_encode(bytes, (enum fwl_frame_type)type, expected[type] + 1);
        assert_int_equal(decode(&head, bytes), FWL_ERR_LIMIT);
        assert_int_equal(head.length, 0);
        fwl_frame_head_encode(bytes, (enum fwl_frame_type)type, UINT32_MAX);
        assert_int_equal(decode(&head, bytes), FWL_ERR_LIMIT);
    }
    assert_int_equal(fwl_frame_max(FWL_FRAME_PROPOSE, UINT32_MAX), FWL_BLOCK_MAX_MAX + 65536);
    assert_int_equal(fwl_frame_max(0, FWL_BLOCK_MAX_DEFAULT), 0);
    assert_int_equal(fwl_frame_max(FWL_FRAME_TYPE_COUNT, FWL_BLOCK_MAX_DEFAULT), 0);
}

static void
test_frame__unknown(void **state)
{
    uint8_t bytes[FWL_FRAME_HEAD_SIZE];
    struct fwl_frame_head head;

    (void)state;
    for (int type = 0; type < 256; type++) {
        fwl_frame_head_encode(bytes, FWL_FRAME_VOTE, 0);
        bytes[4] = (uint8_t)type;
        assert_int_equal(decode(&head, bytes), type >= 1 && type < FWL_FRAME_TYPE_COUNT ? FWL_OK : FWL_ERR_UNKNOWN);
    }
    assert_null(fwl_frame_name(0));
    assert_null(fwl_frame_name(UINT64_MAX));
    for (int version = 0; version < 256; version++) {
        fwl_frame_head_encode(bytes, FWL_FRAME_VOTE, 0);
        bytes[5] = (uint8_t)version;
        assert_int_equal(decode(&head, bytes), version == 1 ? FWL_OK : FWL_ERR_UNKNOWN);
    }
}

static void
test_frame__zero_bytes_and_size(void **state)
{
    uint8_t bytes[FWL_FRAME_HEAD_SIZE + 1] = {0};
    struct fwl_frame_head head;

    (void)state;
    for (int bit = 0; bit < 16; bit++) {
        fwl_frame_head_encode(bytes, FWL_FRAME_VOTE, 1);
        bytes[6 + bit / 8] = (uint8_t)(1U << (bit % 8));
        assert_int_equal(decode(&head, bytes), FWL_ERR_VALUE);
    }
    fwl_frame_head_encode(bytes, FWL_FRAME_VOTE, 1);
    for (size_t size = 0; size < FWL_FRAME_HEAD_SIZE; size++) {
        assert_int_equal(fwl_frame_head_decode(&head, fwl_span(bytes, size), FWL_BLOCK_MAX_MIN), FWL_ERR_TRUNCATED);
    }
    assert_int_equal(fwl_frame_head_decode(&head, fwl_span(bytes, sizeof(bytes)), FWL_BLOCK_MAX_MIN), FWL_ERR_TRAILING);
}

static void
test_frame__objects(void **state)
{
    (void)state;
    assert_int_equal(fwl_frame_object_max(FWL_FRAME_BODY, FWL_BLOCK_MAX_DEFAULT), 1048576 + 8);
    assert_int_equal(fwl_frame_object_max(FWL_FRAME_BLOCK, FWL_BLOCK_MAX_DEFAULT), 1048576 + 4 + 13 + 64 * 67);
    assert_int_equal(fwl_frame_object_max(FWL_FRAME_CHUNK, FWL_BLOCK_MAX_DEFAULT), 64 << 20);
    assert_int_equal(fwl_frame_object_max(FWL_FRAME_TX, FWL_BLOCK_MAX_DEFAULT), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame__head_bytes), cmocka_unit_test(test_frame__limits),
        cmocka_unit_test(test_frame__unknown),    cmocka_unit_test(test_frame__zero_bytes_and_size),
        cmocka_unit_test(test_frame__objects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
