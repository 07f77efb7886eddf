/*
 * Durable records: what was written reads back; what was not written, under this key, is CORRUPT.
 */
#include "p2p/consensus/rec.h"
#include "rig.h"

static struct fwl_rec
sample(unsigned flags)
{
    struct fwl_rec rec;

    memset(&rec, 0, sizeof(rec));
    if (flags & 1) {
        rec.proposed = true;
        memset(&rec.proposed_hash, 1, 32);
        memset(&rec.proposed_sig, 2, 64);
    }
    if (flags & 2) {
        rec.notarize = true;
        memset(&rec.notarize_hash, 3, 32);
        memset(&rec.notarize_sig, 4, 64);
    }
    if (flags & 4) {
        rec.nullify = true;
        memset(&rec.nullify_sig, 5, 64);
    }
    if (flags & 8) {
        rec.finalize = true;
        memset(&rec.finalize_hash, 6, 32);
        memset(&rec.finalize_sig, 7, 64);
    }
    return rec;
}

static void
test_consensus_rec__round_trip(void **state)
{
    uint8_t key[40];
    uint8_t bytes[FWL_REC_SIZE_MAX];
    struct fwl_span k = fwl_span(key, fwl_rec_key(key, 7, 3));

    (void)state;
    for (unsigned flags = 0; flags < 16; flags++) {
        struct fwl_rec rec = sample(flags);
        struct fwl_rec back;
        size_t size = fwl_rec_encode(bytes, k, &rec);
        size_t want = 1 + 32 + (flags & 1) * 96u + (flags >> 1 & 1) * 96u + (flags >> 2 & 1) * 64u;

        assert_int_equal(size, want + (flags >> 3) * 96u);
        memset(&back, 0xff, sizeof(back));
        if ((flags & 12) == 12) { /* convicts: no engine wrote it */
            assert_int_equal(fwl_rec_decode(&back, k, fwl_span(bytes, size)), FWL_ERR_CORRUPT);
            continue;
        }
        assert_int_equal(fwl_rec_decode(&back, k, fwl_span(bytes, size)), FWL_OK);
        assert_memory_equal(&back, &rec, sizeof(rec));
    }
}

static void
test_consensus_rec__damaged(void **state)
{
    uint8_t key[40];
    uint8_t bytes[FWL_REC_SIZE_MAX + 1] = {0};
    struct fwl_span k = fwl_span(key, fwl_rec_key(key, 7, 3));
    struct fwl_rec rec = sample(1 | 2 | 8);
    struct fwl_rec back;
    static const struct fwl_rec none;
    size_t size = fwl_rec_encode(bytes, k, &rec);

    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(fwl_rec_decode(&back, k, fwl_span(bytes, cut)), FWL_ERR_CORRUPT);
        assert_memory_equal(&back, &none, sizeof(back));
    }
    assert_int_equal(fwl_rec_decode(&back, k, fwl_span(bytes, size + 1)), FWL_ERR_CORRUPT);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(fwl_rec_decode(&back, k, fwl_span(bytes, size)), FWL_ERR_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * k.size; bit++) { /* a record of another height or view */
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(fwl_rec_decode(&back, k, fwl_span(bytes, size)), FWL_ERR_CORRUPT);
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(fwl_rec_decode(&back, k, fwl_span(bytes, size)), FWL_OK);
}

/* Sealed and still not a record: unknown flags, bytes left over, bytes missing. */
static void
test_consensus_rec__sealed_nonsense(void **state)
{
    uint8_t key[40];
    uint8_t bytes[FWL_REC_SIZE_MAX];
    struct fwl_span k = fwl_span(key, fwl_rec_key(key, 7, 3));
    struct fwl_rec back;

    (void)state;
    for (unsigned flags = 0; flags < 256; flags++) {
        for (size_t size = 0; size <= 98; size++) {
            bool good = size == (flags == 0   ? 1u
                                 : flags == 4 ? 65u
                                              : 97u) &&
                        (flags == 0 || flags == 1 || flags == 2 || flags == 4 || flags == 8);

            memset(bytes, 9, sizeof(bytes));
            bytes[0] = (uint8_t)flags;
            assert_int_equal(fwl_rec_decode(&back, k, fwl_span(bytes, fwl_rec_seal(bytes, size, k))),
                             good ? FWL_OK : FWL_ERR_CORRUPT);
        }
    }
}

static void
test_consensus_rec__keys(void **state)
{
    struct fwl_hash32 hash;
    uint8_t key[40];

    (void)state;
    memset(&hash, 0xab, sizeof(hash));
    assert_int_equal(fwl_rec_key(key, 0x0102030405060708, 0x090a0b0c), 12);
    assert_memory_equal(key, "\1\2\3\4\5\6\7\10\11\12\13\14", 12);
    assert_int_equal(fwl_rec_cert_key(key, 1, 2, FWL_VOTE_NULLIFY), 13);
    assert_memory_equal(key, "\0\0\0\0\0\0\0\1\0\0\0\2\2", 13);
    assert_int_equal(fwl_rec_body_key(key, 1, &hash), 40);
    assert_memory_equal(key, "\0\0\0\0\0\0\0\1", 8);
    assert_memory_equal(key + 8, hash.b, 32);
    assert_int_equal(fwl_rec_name_key(key, "voting"), 6);
    assert_memory_equal(key, "voting", 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus_rec__round_trip),
        cmocka_unit_test(test_consensus_rec__damaged),
        cmocka_unit_test(test_consensus_rec__sealed_nonsense),
        cmocka_unit_test(test_consensus_rec__keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
