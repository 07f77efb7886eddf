#include "core/writer.h"
#include "tests/unit/core/vectors.h"

static void
put_all(struct fwl_writer *w)
{
    fwl_writer_u8(w, 0x01);
    fwl_writer_u16(w, 0x0203);
    fwl_writer_u32(w, 0x04050607);
    fwl_writer_u64(w, UINT64_C(0x08090a0b0c0d0e0f));
    fwl_writer_bytes(w, "ab", 2);
    fwl_writer_span(w, (struct fwl_span){0});
    fwl_writer_span(w, fwl_span_text("c"));
}

static const uint8_t all[18] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 'a', 'b', 'c'};

static void
test_writer__every_room(void **state)
{
    (void)state;
    for (size_t room = 0; room <= sizeof(all) + 1; room++) {
        uint8_t buffer[sizeof(all) + 1];
        struct fwl_writer w;
        struct fwl_span out = {0};

        memset(buffer, 0xee, sizeof(buffer));
        fwl_writer_init(&w, room == 0 ? NULL : buffer, room);
        put_all(&w);
        assert_int_equal(w.size, sizeof(all));
        if (room < sizeof(all)) {
            assert_int_equal(fwl_writer_finish(&w, &out), FWL_ERR_SPACE);
            assert_int_equal(out.size, 0);
        } else {
            assert_int_equal(fwl_writer_finish(&w, &out), FWL_OK);
            assert_ptr_equal(out.p, buffer);
            assert_int_equal(out.size, sizeof(all));
            assert_memory_equal(out.p, all, sizeof(all));
        }
        for (size_t i = FWL_MIN(room, sizeof(all)); i < sizeof(buffer); i++) {
            assert_int_equal(buffer[i], 0xee);
        }
    }
}

static void
test_writer__nothing_after_a_gap(void **state)
{
    uint8_t buffer[2] = {0, 0};
    struct fwl_writer w;
    struct fwl_span out;

    (void)state;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_writer_u32(&w, 0xffffffff); /* does not fit */
    fwl_writer_u8(&w, 0xff);        /* would fit, but a hole would remain */
    assert_int_equal(buffer[0] | buffer[1], 0);
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_ERR_SPACE);
}

static void
test_writer__first_failure_stays(void **state)
{
    uint8_t buffer[1] = {0};
    struct fwl_writer w;
    struct fwl_span out;

    (void)state;
    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_writer_fail(&w, FWL_ERR_LIMIT);
    fwl_writer_fail(&w, FWL_ERR_VALUE);
    fwl_writer_u16(&w, 0xffff);
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_ERR_LIMIT);
    assert_int_equal(out.size, 0);
    assert_int_equal(buffer[0], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer__every_room),
        cmocka_unit_test(test_writer__nothing_after_a_gap),
        cmocka_unit_test(test_writer__first_failure_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
