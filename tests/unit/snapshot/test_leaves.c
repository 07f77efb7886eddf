/* The subtree over leaves in order is what the stored tree says, at every level where a chunk may begin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/merkle/build/leaves.h"
#include "ledger/merkle/build/smt.h"

enum { ARENA_BYTES = 16 << 20, MOST = 600 };

static uint64_t seed = 7;
static struct fwl_leaves leaves;
static struct fwl_smt_change change[MOST];

static uint32_t
rnd(uint32_t below)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(seed >> 33) % below;
}

static int
order(const void *a, const void *b)
{
    return memcmp(((const struct fwl_smt_change *)a)->key_hash.b, ((const struct fwl_smt_change *)b)->key_hash.b, 32);
}

/* Keys of which many share long beginnings: a new one, or an older one with another bit. Sorted, distinct. */
static size_t
draw(size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        uint8_t name[4];

        fwl_store_be32(name, rnd(1U << 30));
        fwl_tree_key_hash(&change[i].key_hash, 9, fwl_span(name, 4));
        if (i > 0 && rnd(2) == 0) {
            uint32_t bit = rnd(4) == 0 ? 255 - rnd(3) : rnd(256);

            change[i].key_hash = change[rnd((uint32_t)i)].key_hash;
            change[i].key_hash.b[bit / 8] ^= (uint8_t)(0x80U >> bit % 8);
        }
        fwl_tree_value_hash(&change[i].value_hash, fwl_span(name, 4));
        change[i].removed = false;
    }
    qsort(change, count, sizeof(change[0]), order);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || order(&change[kept - 1], &change[i]) != 0) {
            change[kept++] = change[i];
        }
    }
    return kept;
}

static bool
in_part(const struct fwl_smt_change *c, uint32_t prefix, unsigned bits)
{
    return bits == 0 || (uint32_t)fwl_load_be16(c->key_hash.b) >> (16 - bits) == prefix;
}

static void
compare_parts(const struct fwl_kv *kv, size_t count, unsigned bits)
{
    for (uint32_t prefix = 0; prefix < 1U << bits; prefix++) {
        struct fwl_hash32 at = {.b = {0}};
        struct fwl_tree_part want;
        struct fwl_tree_part part;

        fwl_leaves_begin(&leaves);
        for (size_t i = 0; i < count; i++) {
            if (in_part(&change[i], prefix, bits)) {
                assert_int_equal(fwl_leaves_add(&leaves, &change[i].key_hash, &change[i].value_hash), FWL_OK);
            }
        }
        fwl_leaves_end(&leaves, &part, bits);
        fwl_store_be16(at.b, (uint16_t)(bits == 0 ? 0 : prefix << (16 - bits)));
        assert_int_equal(fwl_smt_part(kv, &want, &at, bits / 4), FWL_OK);
        assert_int_equal(part.count, want.count);
        assert_memory_equal(part.hash.b, want.hash.b, 32);
    }
}

static void
test_leaves__as_the_stored_tree(void **state)
{
    static const size_t counts[] = {0, 1, 2, 3, 4, 7, 30, 200, MOST};
    uint8_t *arena = malloc(ARENA_BYTES);

    (void)state;
    assert_non_null(arena);
    for (unsigned round = 0; round < 60; round++) {
        size_t count = draw(counts[round % FWL_COUNT(counts)]);
        struct fwl_overlay o;
        struct fwl_kv kv;
        struct fwl_hash32 root;

        fwl_overlay_init(&o, NULL, arena, ARENA_BYTES);
        kv = fwl_overlay_kv(&o);
        assert_int_equal(fwl_smt_update(&o, &root, change, count), FWL_OK);
        compare_parts(&kv, count, 0);
        compare_parts(&kv, count, 4);
        compare_parts(&kv, count, 8);
        if (round % 10 == 0) {
            compare_parts(&kv, count, 12);
        }
    }
    free(arena);
}

static void
test_leaves__order(void **state)
{
    struct fwl_tree_part part;
    size_t count = draw(100);

    (void)state;
    fwl_leaves_begin(&leaves);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(fwl_leaves_add(&leaves, &change[i].key_hash, &change[i].value_hash), FWL_OK);
        assert_int_equal(fwl_leaves_add(&leaves, &change[i].key_hash, &change[i].value_hash), FWL_ERR_ORDER);
        assert_int_equal(fwl_leaves_add(&leaves, &change[i / 2].key_hash, &change[i].value_hash), FWL_ERR_ORDER);
    }
    fwl_leaves_end(&leaves, &part, 0);
    assert_int_equal(part.count, 2);
    fwl_leaves_end(&leaves, &part, 0); /* begun anew */
    assert_int_equal(part.count, 0);
    assert_true(fwl_hash32_is_zero(&part.hash));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves__as_the_stored_tree),
        cmocka_unit_test(test_leaves__order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
