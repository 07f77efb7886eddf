#include <stdlib.h>

#include <cbor.h>

#include "core/cbor.h"
#include "tests/unit/core/vectors.h"

/*
 * The oracle: libcbor decodes all of @in and encodes it to the same bytes again. libcbor 0.8 takes the heads of the
 * tags 6..20 for malformed, which RFC 8949 does not say, so it has no opinion on these.
 */
static bool
libcbor_agrees(struct fwl_span in)
{
    struct cbor_load_result result;
    unsigned char again[512];
    cbor_item_t *item = cbor_load(in.p, in.size, &result);
    bool same = item != NULL && result.read == in.size && cbor_serialize(item, again, sizeof(again)) == in.size &&
                memcmp(again, in.p, in.size) == 0;

    if (item == NULL && result.error.code == CBOR_ERR_MALFORMATED && result.error.position < in.size) {
        uint8_t head = in.p[result.error.position];

        return head >= 0xc6 && head <= 0xd4;
    }
    if (item != NULL) {
        cbor_decref(&item);
    }
    return same;
}

static void
test_cbor__foreign_vectors(void **state)
{
    char line[512];
    char *f[3];
    size_t accepted = 0;
    size_t refused = 0;
    FILE *vectors = fopen(VECTORS("cbor/expected.tsv"), "r");

    (void)state;
    assert_non_null(vectors);
    while (vectors_line(vectors, line, sizeof(line), '\t', f, 3)) {
        uint8_t in[256];
        size_t size = vectors_hex(in, sizeof(in), f[1]);
        enum fwl_err err = fwl_cbor_check(fwl_span(in, size));

        if (strcmp(fwl_err_name(err), f[2]) != 0) {
            fail_msg("%s: %s instead of %s", f[1], fwl_err_name(err), f[2]);
        }
        if (err == FWL_OK) {
            assert_string_equal(f[0], "appendix_a.json");
            assert_true(libcbor_agrees(fwl_span(in, size)));
        }
        accepted += err == FWL_OK;
        refused += err != FWL_OK;
    }
    (void)fclose(vectors);
    assert_int_equal(accepted, 44);
    assert_int_equal(refused, 38 + 122);
}

static uint32_t seed;

static uint32_t
random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* A random item of the types that exist here, at most @depth deep; the keys of maps ascend. */
static void
put_random(struct fwl_writer *w, int depth)
{
    uint64_t number = ((uint64_t)random_below(1 << 24) << 40 | random_below(1 << 24)) >> random_below(64);
    uint32_t items = random_below(4);

    switch (random_below(depth > 0 ? 8 : 5)) {
    case 0: fwl_cbor_put_uint(w, number); break;
    case 1: fwl_cbor_put_int(w, -1 - (int64_t)(number >> 1)); break;
    case 2: fwl_cbor_put_bytes(w, fwl_span("\x80\xff\0abcdefghijklmnopqrstuvwxyz", random_below(28))); break;
    case 3: fwl_cbor_put_text(w, fwl_span("\xc3\xa4xyz", 2 + random_below(4))); break;
    case 4:
        if (items == 0) {
            fwl_cbor_put_null(w);
        } else {
            fwl_cbor_put_bool(w, items == 1);
        }
        break;
    case 5:
        fwl_cbor_put_array(w, items);
        for (uint32_t i = 0; i < items; i++) {
            put_random(w, depth - 1);
        }
        break;
    case 6:
        fwl_cbor_put_map(w, items);
        for (uint32_t i = 0; i < items; i++) {
            fwl_cbor_put_uint(w, 20 * i + random_below(20));
            put_random(w, depth - 1);
        }
        break;
    default:
        fwl_cbor_put_tag(w, number | 32);
        put_random(w, depth - 1);
        break;
    }
}

static void
test_cbor__random_items_as_libcbor(void **state)
{
    size_t survivors = 0;

    (void)state;
    seed = 1;
    for (int round = 0; round < 20000; round++) {
        uint8_t buffer[512];
        struct fwl_writer w;
        struct fwl_span in;
        enum fwl_err err = FWL_OK;

        fwl_writer_init(&w, buffer, sizeof(buffer));
        put_random(&w, 4);
        if (fwl_writer_finish(&w, &in) != FWL_OK) {
            continue; /* larger than the buffer */
        }
        assert_int_equal(fwl_cbor_check(in), FWL_OK);
        assert_true(libcbor_agrees(in));
        for (size_t size = 0; size < in.size; size++) {
            assert_int_equal(fwl_cbor_check(fwl_span(buffer, size)), FWL_ERR_TRUNCATED);
        }
        buffer[random_below((uint32_t)in.size)] ^= (uint8_t)(1u << random_below(8));
        err = fwl_cbor_check(in);
        if (err == FWL_OK) {
            assert_true(libcbor_agrees(in)); /* what we accept is what others read */
            survivors++;
        }
    }
    assert_true(survivors > 1000);
}

static struct fwl_reader
reader(const char *hex)
{
    static uint8_t in[64];
    struct fwl_reader r;

    fwl_reader_init(&r, fwl_span(in, vectors_hex(in, sizeof(in), hex)));
    return r;
}

static void
test_cbor__integers_at_their_limits(void **state)
{
    struct fwl_reader r = reader("1bffffffffffffffff");

    (void)state;
    assert_true(fwl_cbor_uint(&r) == UINT64_MAX);
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
    r = reader("1b7fffffffffffffff3b7fffffffffffffff20");
    assert_true(fwl_cbor_int(&r) == INT64_MAX);
    assert_true(fwl_cbor_int(&r) == INT64_MIN);
    assert_true(fwl_cbor_int(&r) == -1);
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
    r = reader("1b8000000000000000");
    assert_true(fwl_cbor_int(&r) == 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_RANGE);
    r = reader("3b8000000000000000");
    assert_true(fwl_cbor_int(&r) == 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_RANGE);
    r = reader("0708");
    assert_int_equal(fwl_cbor_uint_max(&r, 7), 7);
    assert_int_equal(fwl_cbor_uint_max(&r, 7), 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_RANGE);
    r = reader("20");
    assert_int_equal(fwl_cbor_uint(&r), 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TYPE);
    r = reader("40");
    assert_int_equal(fwl_cbor_int(&r), 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TYPE);
}

static void
test_cbor__lengths_at_their_limits(void **state)
{
    uint8_t four[4] = {9, 9, 9, 9};
    struct fwl_reader r = reader("43010203");

    (void)state;
    assert_int_equal(fwl_cbor_bytes(&r, 3).size, 3);
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
    r = reader("43010203");
    assert_int_equal(fwl_cbor_bytes(&r, 2).size, 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_LIMIT);
    r = reader("5bffffffffffffffff");
    assert_int_equal(fwl_cbor_bytes(&r, SIZE_MAX).size, 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TRUNCATED);
    r = reader("62c3a4");
    assert_int_equal(fwl_cbor_text(&r, 2).size, 2);
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
    r = reader("62c3a4");
    assert_int_equal(fwl_cbor_text(&r, 1).size, 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_LIMIT);
    r = reader("61c3");
    assert_int_equal(fwl_cbor_text(&r, 9).size, 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_UTF8);
    r = reader("4401020304");
    fwl_cbor_bytes_exact(&r, four, 4);
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
    assert_memory_equal(four, "\1\2\3\4", 4);
    r = reader("43010203");
    fwl_cbor_bytes_exact(&r, four, 4);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_VALUE);
    assert_memory_equal(four, "\0\0\0\0", 4);
    r = reader("450102030405");
    fwl_cbor_bytes_exact(&r, four, 4);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_LIMIT);
    r = reader("8201028102");
    assert_int_equal(fwl_cbor_array(&r, 2), 2);
    assert_int_equal(fwl_cbor_uint(&r) + fwl_cbor_uint(&r), 3);
    assert_int_equal(fwl_cbor_array(&r, 0), 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_LIMIT);
    r = reader("83010203");
    fwl_cbor_array_exact(&r, 2);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_VALUE);
    r = reader("a10102");
    assert_int_equal(fwl_cbor_map_begin(&r, 0).left, 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_LIMIT);
}

static void
test_cbor__simple_values_and_tags(void **state)
{
    struct fwl_reader r = reader("f5f4f6d86201");

    (void)state;
    assert_true(fwl_cbor_bool(&r));
    assert_false(fwl_cbor_try_null(&r));
    assert_false(fwl_cbor_bool(&r));
    assert_int_equal(fwl_cbor_peek(&r), FWL_CBOR_SIMPLE);
    assert_true(fwl_cbor_try_null(&r));
    assert_int_equal(fwl_cbor_peek(&r), FWL_CBOR_TAG);
    assert_int_equal(fwl_cbor_tag(&r), 98);
    assert_int_equal(fwl_cbor_uint(&r), 1);
    assert_int_equal(fwl_cbor_peek(&r), FWL_CBOR_NONE);
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
    r = reader("f6");
    assert_false(fwl_cbor_bool(&r));
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TYPE);
    r = reader("f7");
    assert_false(fwl_cbor_bool(&r));
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TYPE);
    r = reader("");
    assert_int_equal(fwl_cbor_tag(&r), 0);
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_TRUNCATED);
}

static enum fwl_err
read_int_map(const char *hex, int64_t *sum)
{
    struct fwl_reader r = reader(hex);
    struct fwl_cbor_map map = fwl_cbor_map_begin(&r, 9);
    int64_t key = 0;

    *sum = 0;
    while (fwl_cbor_map_next_int(&r, &map, &key)) {
        *sum += key * (int64_t)fwl_cbor_uint(&r);
    }
    return fwl_reader_finish(&r);
}

static void
test_cbor__keys_of_maps(void **state)
{
    struct fwl_reader r;
    struct fwl_cbor_map map;
    struct fwl_span key;
    int64_t sum = 0;

    (void)state;
    assert_int_equal(read_int_map("a3010218180a2005", &sum), FWL_OK);
    assert_int_equal(sum, 2 + 240 - 5);
    assert_int_equal(read_int_map("a202020101", &sum), FWL_ERR_ORDER);
    assert_int_equal(read_int_map("a220020101", &sum), FWL_ERR_ORDER);
    assert_int_equal(read_int_map("a201020101", &sum), FWL_ERR_DUPLICATE);
    assert_int_equal(read_int_map("a16101", &sum), FWL_ERR_TYPE);
    assert_int_equal(read_int_map("a201020301", &sum), FWL_OK);
    assert_int_equal(read_int_map("a2010203", &sum), FWL_ERR_TRUNCATED);
    r = reader("a36162016163026261610a");
    map = fwl_cbor_map_begin(&r, 3);
    assert_true(fwl_cbor_map_next_text(&r, &map, &key, 2));
    assert_true(fwl_span_is(key, "b"));
    assert_int_equal(fwl_cbor_uint(&r), 1);
    assert_true(fwl_cbor_map_next_text(&r, &map, &key, 2));
    assert_int_equal(fwl_cbor_uint(&r), 2);
    assert_true(fwl_cbor_map_next_text(&r, &map, &key, 2));
    assert_true(fwl_span_is(key, "aa"));
    assert_int_equal(fwl_cbor_uint(&r), 10);
    assert_false(fwl_cbor_map_next_text(&r, &map, &key, 2));
    assert_int_equal(fwl_reader_finish(&r), FWL_OK);
    r = reader("a1626161f6");
    map = fwl_cbor_map_begin(&r, 3);
    assert_false(fwl_cbor_map_next_text(&r, &map, &key, 1));
    assert_int_equal(fwl_reader_finish(&r), FWL_ERR_LIMIT);
}

/* @levels arrays, tags or maps around an integer. */
static enum fwl_err
check_nested(uint8_t head, size_t levels)
{
    uint8_t in[2 * FWL_CBOR_DEPTH_MAX + 4];
    size_t size = 0;

    for (size_t i = 0; i < levels; i++) {
        in[size++] = head;
        if (head == 0xa1) {
            in[size++] = 0x01; /* the key */
        }
    }
    in[size++] = 0x00;
    return fwl_cbor_check(fwl_span(in, size));
}

static void
test_cbor__depth_and_counts_of_skip(void **state)
{
    static const struct {
        const char *hex;
        enum fwl_err err;
    } cases[] = {
        {"9bffffffffffffffff00", FWL_ERR_TRUNCATED},
        {"bbffffffffffffffff00", FWL_ERR_TRUNCATED},
        {"bb8000000000000000", FWL_ERR_TRUNCATED},
        {"a2a101020302", FWL_ERR_ORDER}, /* {{1: 2}: 3, 2: ...} */
        {"a2a1010203a1010203", FWL_ERR_DUPLICATE},
        {"a28101028102", FWL_ERR_TRUNCATED},
        {"a281010281020f", FWL_OK},
        {"81a2020103", FWL_ERR_TRUNCATED},
        {"81a202010101", FWL_ERR_ORDER},
        {"a0", FWL_OK},
        {"0000", FWL_ERR_TRAILING},
        {"", FWL_ERR_TRUNCATED},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static const uint8_t heads[3] = {0x81, 0xa1, 0xc1};

        assert_int_equal(check_nested(heads[i], FWL_CBOR_DEPTH_MAX), FWL_OK);
        assert_int_equal(check_nested(heads[i], FWL_CBOR_DEPTH_MAX + 1), FWL_ERR_DEPTH);
    }
    for (size_t i = 0; i < FWL_COUNT(cases); i++) {
        uint8_t in[32];
        size_t size = vectors_hex(in, sizeof(in), cases[i].hex);

        if (fwl_cbor_check(fwl_span(in, size)) != cases[i].err) {
            fail_msg("%s is not %s", cases[i].hex, fwl_err_name(cases[i].err));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cbor__foreign_vectors),          cmocka_unit_test(test_cbor__random_items_as_libcbor),
        cmocka_unit_test(test_cbor__integers_at_their_limits), cmocka_unit_test(test_cbor__lengths_at_their_limits),
        cmocka_unit_test(test_cbor__simple_values_and_tags),   cmocka_unit_test(test_cbor__keys_of_maps),
        cmocka_unit_test(test_cbor__depth_and_counts_of_skip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
