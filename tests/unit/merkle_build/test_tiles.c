#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/merkle/build/tiles.h"

enum {
    ARENA_BYTES = 64 << 20,
    LARGE = 66000, /* three levels of tiles */
};

static struct fwl_overlay overlay;
static struct fwl_kv kv;
static struct fwl_hash32 leaves[LARGE];

static int
setup(void **state)
{
    static uint8_t *arena;

    (void)state;
    if (arena == NULL) {
        arena = malloc(ARENA_BYTES);
        for (uint32_t i = 0; i < LARGE; i++) {
            uint8_t data[4];

            fwl_store_be32(data, i);
            fwl_rfc6962_leaf(&leaves[i], fwl_span(data, 4));
        }
    }
    fwl_overlay_init(&overlay, NULL, arena, ARENA_BYTES);
    kv = fwl_overlay_kv(&overlay);
    return arena == NULL ? -1 : 0;
}

static void
assert_proofs(uint64_t size, const struct fwl_hash32 *root, uint64_t index, uint64_t old,
              const struct fwl_hash32 *old_root)
{
    struct fwl_hash32 path[FWL_TILES_PATH_MAX];
    size_t count;

    assert_int_equal(fwl_tiles_inclusion(&kv, FWL_SPACE_LOG, path, &count, index, size), FWL_OK);
    assert_int_equal(fwl_rfc6962_inclusion(root, size, index, &leaves[index], path, count), FWL_OK);
    assert_int_equal(fwl_tiles_consistency(&kv, FWL_SPACE_LOG, path, &count, old, size), FWL_OK);
    assert_int_equal(fwl_rfc6962_consistency(old, old_root, size, root, path, count), FWL_OK);
}

static void
test_tiles__every_proof_of_small_trees(void **state)
{
    struct fwl_hash32 root[65];
    struct fwl_frontier f = {.size = 0};

    (void)state;
    for (uint64_t size = 1; size <= 64; size++) {
        struct fwl_hash32 want;
        uint64_t stored;

        assert_int_equal(fwl_tiles_append(&overlay, &root[size], &stored, FWL_SPACE_LOG, &leaves[size - 1], 1), FWL_OK);
        assert_int_equal(stored, size);
        assert_int_equal(fwl_frontier_append(&f, &leaves[size - 1]), FWL_OK);
        fwl_frontier_root(&f, &want);
        assert_true(fwl_hash32_equal(&root[size], &want));
    }
    for (uint64_t size = 1; size <= 64; size++) { /* older sizes too, from the tiles of the newest */
        for (uint64_t i = 0; i < size; i++) {
            assert_proofs(size, &root[size], i, i + 1, &root[i + 1]);
        }
    }
}

/* Batches of all sizes across the borders of tiles leave the same bytes as one leaf at a time. */
static void
test_tiles__large_tree(void **state)
{
    static const size_t batches[] = {1, 255, 1, 255, 256, 257, 1000, 3000, 60800};
    static struct fwl_hash32 roots[FWL_COUNT(batches)];
    uint64_t sizes[FWL_COUNT(batches)];
    struct fwl_frontier f = {.size = 0};
    struct fwl_span tile;
    uint64_t size = 0;
    size_t last = FWL_COUNT(batches) - 1;

    (void)state;
    for (size_t b = 0; b < FWL_COUNT(batches); b++) {
        struct fwl_hash32 want;
        uint64_t stored;

        assert_int_equal(fwl_tiles_append(&overlay, &roots[b], &stored, FWL_SPACE_LOG, &leaves[size], batches[b]),
                         FWL_OK);
        for (size_t i = 0; i < batches[b]; i++) {
            assert_int_equal(fwl_frontier_append(&f, &leaves[size + i]), FWL_OK);
        }
        size += batches[b];
        assert_int_equal(stored, size);
        sizes[b] = size;
        fwl_frontier_root(&f, &want);
        assert_true(fwl_hash32_equal(&roots[b], &want));
    }
    for (uint64_t i = 0; i < size; i += 997) {
        size_t b = (size_t)i % last;

        assert_proofs(size, &roots[last], i, sizes[b], &roots[b]);
    }
    assert_int_equal(fwl_tiles_get(&kv, FWL_SPACE_LOG, &tile, 0, 3), FWL_OK);
    assert_true(fwl_span_equal(tile, fwl_span(&leaves[768], 8192)));
    assert_int_equal(fwl_tiles_get(&kv, FWL_SPACE_LOG, &tile, 1, 0), FWL_OK);
    assert_int_equal(tile.size, 8192);
    assert_int_equal(fwl_tiles_get(&kv, FWL_SPACE_LOG, &tile, 1, 1), FWL_OK); /* 65,825 leaves */
    assert_int_equal(tile.size, 32);
    assert_int_equal(fwl_tiles_get(&kv, FWL_SPACE_LOG, &tile, 2, 0), FWL_OK);
    assert_int_equal(tile.size, 32);
    assert_int_equal(fwl_tiles_get(&kv, FWL_SPACE_LOG, &tile, 3, 0), FWL_ERR_ABSENT);
    assert_int_equal(fwl_tiles_get(&kv, FWL_SPACE_LOG, &tile, 0, size / 256), FWL_OK);
    assert_int_equal(tile.size, size % 256 * 32);
    assert_int_equal(fwl_tiles_get(&kv, FWL_SPACE_HIST, &tile, 0, 0), FWL_ERR_ABSENT);
}

/* From the frontier alone the tree goes on to the same roots; proofs over what was not seen are absent, others hold. */
static void
test_tiles_restore__goes_on(void **state)
{
    struct fwl_hash32 path[FWL_TILES_PATH_MAX];
    struct fwl_hash32 root;
    struct fwl_hash32 want;
    struct fwl_frontier f = {.size = 0};
    uint64_t size;
    size_t count;

    (void)state;
    for (size_t i = 0; i < 700; i++) {
        assert_int_equal(fwl_frontier_append(&f, &leaves[i]), FWL_OK);
    }
    assert_int_equal(fwl_tiles_restore(&overlay, FWL_SPACE_LOG, &f), FWL_OK);
    assert_int_equal(fwl_tiles_root(&kv, FWL_SPACE_LOG, &root, &size), FWL_OK);
    fwl_frontier_root(&f, &want);
    assert_int_equal(size, 700);
    assert_true(fwl_hash32_equal(&root, &want));
    assert_int_equal(fwl_tiles_append(&overlay, &root, &size, FWL_SPACE_LOG, &leaves[700], 400), FWL_OK);
    for (size_t i = 700; i < 1100; i++) {
        assert_int_equal(fwl_frontier_append(&f, &leaves[i]), FWL_OK);
    }
    fwl_frontier_root(&f, &want);
    assert_true(fwl_hash32_equal(&root, &want));
    assert_int_equal(fwl_tiles_inclusion(&kv, FWL_SPACE_LOG, path, &count, 3, 1100), FWL_ERR_ABSENT);
    assert_int_equal(fwl_tiles_inclusion(&kv, FWL_SPACE_LOG, path, &count, 1050, 1100), FWL_ERR_ABSENT);
    assert_int_equal(count, 0);
}

/* What was not seen comes later, downwards in windows of any size: then every tile is as if it had been seen. */
static void
test_tiles_fill__nothing_missing(void **state)
{
    static const size_t windows[] = {256, 100, 1, 255, 257, 1000};
    static const size_t bounds[][2] = {{700, 1100}, {65600, 66000}, {65536, 65537}, {256, 512}, {3, 9}};

    (void)state;
    for (size_t b = 0; b < FWL_COUNT(bounds); b++) {
        struct fwl_frontier f = {.size = 0};
        struct fwl_hash32 root;
        struct fwl_kv_entry e = {0};
        uint64_t size = 0;
        enum fwl_err err = FWL_OK;

        fwl_overlay_reset(&overlay);
        for (size_t i = 0; i < bounds[b][0]; i++) {
            assert_int_equal(fwl_frontier_append(&f, &leaves[i]), FWL_OK);
        }
        assert_int_equal(fwl_tiles_restore(&overlay, FWL_SPACE_HIST, &f), FWL_OK);
        assert_int_equal(
            fwl_tiles_append(&overlay, &root, &size, FWL_SPACE_HIST, &leaves[f.size], bounds[b][1] - bounds[b][0]),
            FWL_OK);
        for (size_t at = bounds[b][0], n = 0; at > 0; n++) {
            size_t count = FWL_MIN(at, windows[n % FWL_COUNT(windows)]);

            at -= count;
            assert_int_equal(fwl_tiles_fill(&overlay, FWL_SPACE_HIST, at, &leaves[at], count), FWL_OK);
        }
        assert_int_equal(fwl_tiles_append(&overlay, &root, &size, FWL_SPACE_LOG, leaves, bounds[b][1]), FWL_OK);
        for (err = fwl_kv_seek(&kv, &e, FWL_SPACE_LOG, e.key); err == FWL_OK;
             err = fwl_kv_next(&kv, &e, FWL_SPACE_LOG, e.key)) {
            struct fwl_span other;

            assert_int_equal(fwl_kv_get(&kv, &other, FWL_SPACE_HIST, e.key), FWL_OK);
            assert_true(fwl_span_equal(other, e.value));
        }
    }
}

static void
test_tiles__codes(void **state)
{
    struct fwl_hash32 path[FWL_TILES_PATH_MAX];
    struct fwl_frontier f = {.size = ((uint64_t)1 << FWL_FRONTIER_LEVELS) - 2};
    struct fwl_hash32 root;
    struct fwl_span tile;
    uint64_t size;
    size_t count;

    (void)state;
    assert_int_equal(fwl_tiles_root(&kv, FWL_SPACE_HIST, &root, &size), FWL_OK);
    assert_int_equal(size, 0);
    assert_int_equal(root.b[0], 0xe3); /* SHA256("") */
    assert_int_equal(fwl_tiles_append(&overlay, &root, &size, FWL_SPACE_HIST, leaves, 0), FWL_OK);
    assert_int_equal(overlay.count, 0);
    assert_int_equal(fwl_tiles_append(&overlay, &root, &size, FWL_SPACE_HIST, leaves, 5), FWL_OK);
    assert_int_equal(fwl_tiles_inclusion(&kv, FWL_SPACE_HIST, path, &count, 5, 5), FWL_ERR_RANGE);
    assert_int_equal(fwl_tiles_inclusion(&kv, FWL_SPACE_HIST, path, &count, 0, 6), FWL_ERR_RANGE);
    assert_int_equal(fwl_tiles_inclusion(&kv, FWL_SPACE_HIST, path, &count, 0, 0), FWL_ERR_RANGE);
    assert_int_equal(fwl_tiles_consistency(&kv, FWL_SPACE_HIST, path, &count, 0, 5), FWL_ERR_RANGE);
    assert_int_equal(fwl_tiles_consistency(&kv, FWL_SPACE_HIST, path, &count, 4, 3), FWL_ERR_RANGE);
    assert_int_equal(fwl_tiles_consistency(&kv, FWL_SPACE_HIST, path, &count, 5, 6), FWL_ERR_RANGE);
    assert_int_equal(fwl_tiles_get(&kv, FWL_SPACE_HIST, &tile, FWL_TILES_LEVELS, 0), FWL_ERR_ABSENT);
    assert_int_equal(fwl_tiles_restore(&overlay, FWL_SPACE_LOG, &f), FWL_OK);
    assert_int_equal(fwl_tiles_append(&overlay, &root, &size, FWL_SPACE_LOG, leaves, 2), FWL_ERR_LIMIT);
    assert_int_equal(fwl_tiles_append(&overlay, &root, &size, FWL_SPACE_LOG, leaves, 1), FWL_OK);
    assert_int_equal(fwl_overlay_put(&overlay, FWL_SPACE_HIST, fwl_span("\xff", 1), fwl_span_text("short")), FWL_OK);
    assert_int_equal(fwl_tiles_root(&kv, FWL_SPACE_HIST, &root, &size), FWL_ERR_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_tiles__every_proof_of_small_trees, setup),
        cmocka_unit_test_setup(test_tiles__large_tree, setup),
        cmocka_unit_test_setup(test_tiles_restore__goes_on, setup),
        cmocka_unit_test_setup(test_tiles_fill__nothing_missing, setup),
        cmocka_unit_test_setup(test_tiles__codes, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
