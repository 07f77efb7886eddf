/*
 * A store out of a snapshot decides like the one it was made of: the same blocks are valid on both, with the same
 * result. Whatever comes in the wrong order, or is not what it must be, changes nothing; after a crash at any commit it
 * goes on.
 */
#include "ledger/chain/restore.h"
#include "ledger/query/query.h"
#include "ledger/snapshot/file/snapfile.h"
#include "ledger/snapshot/file/snapmake.h"
#include "tests/unit/chain/chain_help.h"
#include "tests/unit/store/same.h"

enum { BLOCKS = 1030, CHANGE = 700, SECOND = 1025 };

static struct help_chain *chain;
static struct fwl_snapfile *file; /* at BLOCKS */
static const struct fwl_snapshot *snap;
static struct fwl_restore *restore;
static uint8_t arena[FWL_RESTORE_ARENA_BYTES];

/* ---- help ---- */

static void
change_set(struct help_chain *h, const uint8_t *members, size_t count, uint64_t epoch, int added, uint64_t back)
{
    uint8_t key[8];
    uint8_t header[FWL_HEADER_SIZE];
    size_t size = 0;
    struct fwl_hash32 hash;
    uint64_t height = fwl_chain_tip(h->chain)->header.height - back;

    fwl_store_be64(key, height);
    assert_int_equal(help_get(h, header, sizeof(header), &size, FWL_SPACE_HDR, fwl_span(key, 8)), FWL_OK);
    fwl_header_hash_bytes(&hash, fwl_span(header, size));
    h->tx[h->count] =
        world_change(h->world, h->txs[h->count], members, count, epoch, added, height, &hash, help_expires(h));
    h->count++;
}

static void
add_block(struct help_chain *h, uint32_t height)
{
    static const uint8_t first[] = {0, 1, 2, 3, 4};
    static const uint8_t second[] = {0, 1, 2, 4};

    help_add(h, height % 90, height % 3 == 0 ? FWL_ROLE_ADVISOR : 0);
    if (height == CHANGE) {
        change_set(h, first, FWL_COUNT(first), 1, 4, 0);
    } else if (height == SECOND) {
        change_set(h, second, FWL_COUNT(second), 2, -1, 0);
    }
    assert_int_equal(help_commit(h, help_build(h, 0, height % 450 < 2 ? 80000000 : 700, false)), FWL_OK);
    assert_int_equal(h->refused, 0);
}

static struct fwl_snapfile *
make_snapshot(struct fwl_memstore *store)
{
    struct fwl_storage storage = fwl_memstore_storage(store);
    const struct fwl_snapmake_config config = {.split = 0};
    struct fwl_snapfile *made = NULL;
    struct fwl_read read;
    FILE *f = tmpfile();

    assert_non_null(f);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    assert_int_equal(fwl_snapmake(&read.kv, f, &config), FWL_OK);
    fwl_read_end(&read);
    assert_int_equal(fwl_snapfile_map(&made, fileno(f)), FWL_OK);
    (void)fclose(f);
    return made;
}

static enum fwl_err
open_restore(struct fwl_memstore *store)
{
    const struct fwl_restore_config config = {.to = fwl_memstore_storage(store),
                                              .arena = arena,
                                              .arena_bytes = sizeof(arena),
                                              .verify = help_verify_vote,
                                              .cookie = chain->world};

    return fwl_restore_open(restore, &config, chain->world->genesis);
}

/* Every entry is found by its hash. */
static void
assert_values(const struct help_chain *h)
{
    struct fwl_storage storage = fwl_memstore_storage(h->store);
    struct fwl_read read;
    struct fwl_kv_entry e = {0};
    struct fwl_hash32 hash;
    struct fwl_span value;
    enum fwl_err err = FWL_OK;

    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    for (err = fwl_kv_seek(&read.kv, &e, FWL_SPACE_KV, e.key); err == FWL_OK;
         err = fwl_kv_next(&read.kv, &e, FWL_SPACE_KV, e.key)) {
        fwl_tree_value_hash(&hash, e.value);
        assert_int_equal(fwl_query_value(&read.kv, &value, &hash), FWL_OK);
        assert_true(fwl_span_equal(value, e.value));
    }
    fwl_read_end(&read);
}

static int
build(void **state)
{
    (void)state;
    restore = calloc(1, sizeof(*restore));
    chain = help_chain_new(help_world_new(false, 16));
    for (uint32_t height = 1; height <= BLOCKS; height++) {
        add_block(chain, height);
    }
    file = make_snapshot(chain->store);
    snap = &file->snapshot;
    return restore == NULL || snap->step_count != 2 ? -1 : 0;
}

static int
clean(void **state)
{
    struct world *w = chain->world;

    (void)state;
    fwl_snapfile_close(file);
    help_chain_free(chain);
    free(w);
    free(restore);
    return 0;
}

/* ---- cases ---- */

/* Both chains take the same blocks: a change of validators that names the oldest block allowed, expiring ids. */
static void
test_restore__decides_like_the_other(void **state)
{
    static const uint8_t third[] = {0, 1, 2, 4, 5};
    struct fwl_memstore *source = fwl_memstore_new();
    struct fwl_memstore *store = fwl_memstore_new();
    struct help_chain *a;
    struct help_chain *b;

    (void)state;
    assert_true(source != NULL && store != NULL);
    assert_int_equal(fwl_memstore_copy(source, chain->store), FWL_OK);
    a = help_over(chain, source);
    assert_int_equal(open_restore(store), FWL_OK);
    assert_int_equal(fwl_restore_snapshot(restore, snap, NULL, NULL), FWL_OK);
    assert_int_equal(open_restore(store), FWL_ERR_STATE); /* it is a chain now */
    b = help_over(chain, store);
    for (uint32_t i = 0; i < 40; i++) {
        uint8_t body[FWL_BLOCK_MAX_MIN];
        struct fwl_span built;
        struct fwl_state_refusal why;

        help_add(a, i % 7, FWL_ROLE_ADVISOR);
        if (i == 0) {
            change_set(a, third, FWL_COUNT(third), 3, 5, 999);
        }
        built = help_build(a, 0, i % 20 < 2 ? 80000000 : 700, false);
        assert_true(a->refused == 0 && built.size <= sizeof(body));
        memcpy(body, built.p, built.size);
        built.p = body;
        if (fwl_chain_check(b->chain, &why, built) != FWL_OK) {
            fail_msg("block %u: %s: %s", i, why.field, why.rule);
        }
        assert_int_equal(help_commit(b, built), FWL_OK);
        assert_int_equal(help_commit(a, built), FWL_OK);
    }
    assert_memory_equal(&fwl_chain_tip(a->chain)->hash, &fwl_chain_tip(b->chain)->hash, 32);
    assert_int_equal(fwl_chain_tip(b->chain)->epoch, 3);
    help_same_space(a->store, b->store, FWL_SPACE_KV);
    help_same_space(a->store, b->store, FWL_SPACE_SMT);
    help_same_space(a->store, b->store, FWL_SPACE_EXP);
    help_same_space(a->store, b->store, FWL_SPACE_SET);
    assert_values(b);
    help_chain_free(a);
    help_chain_free(b);
}

/* A snapshot of a restored store is the one that it came from. */
static void
test_restore__makes_the_same_snapshot(void **state)
{
    struct fwl_memstore *store = fwl_memstore_new();
    struct fwl_snapfile *again = NULL;

    (void)state;
    assert_non_null(store);
    assert_int_equal(open_restore(store), FWL_OK);
    assert_int_equal(fwl_restore_snapshot(restore, snap, NULL, NULL), FWL_OK);
    again = make_snapshot(store);
    assert_true(fwl_span_equal(again->bytes, file->bytes));
    fwl_snapfile_close(again);
    fwl_memstore_free(store);
}

/* Power goes at the nth commit, with and without it being durable. */
static void
test_restore__crash_at_every_commit(void **state)
{
    struct fwl_memstore *store = fwl_memstore_new();
    struct fwl_memstore *whole = fwl_memstore_new();
    struct help_chain *a;
    struct help_chain *b;
    uint64_t commits = 0;

    (void)state;
    assert_true(store != NULL && whole != NULL);
    assert_int_equal(open_restore(whole), FWL_OK);
    assert_int_equal(fwl_restore_snapshot(restore, snap, NULL, NULL), FWL_OK);
    commits = fwl_memstore_commits(whole);
    assert_true(commits > 50);
    for (uint64_t n = 1; n <= commits; n += n < 12 || n + 12 > commits ? 1 : 17) {
        for (int durable = 0; durable < 2; durable++) {
            struct fwl_memstore *fresh = fwl_memstore_new();
            enum fwl_err err = FWL_OK;

            assert_int_equal(fwl_memstore_copy(store, fresh), FWL_OK);
            fwl_memstore_free(fresh);
            fwl_memstore_fail(store, n, durable == 1 ? FWL_MEMSTORE_UNANSWERED : FWL_MEMSTORE_LOST, false);
            err = open_restore(store);
            err = err == FWL_OK ? fwl_restore_snapshot(restore, snap, NULL, NULL) : err;
            assert_int_equal(err, FWL_ERR_STORAGE);
            fwl_memstore_crash(store);
            err = open_restore(store);
            assert_int_equal(err, n == commits && durable == 1 ? FWL_ERR_STATE : FWL_OK);
            if (err == FWL_OK) {
                assert_int_equal(fwl_restore_snapshot(restore, snap, NULL, NULL), FWL_OK);
            }
            a = help_over(chain, whole);
            b = help_over(chain, store);
            for (unsigned s = FWL_SPACE_HDR; s <= FWL_SPACE_META; s++) {
                help_same_space(a->store, b->store, (enum fwl_space)s);
            }
            free(a->memory);
            free(a);
            free(b->memory);
            free(b);
        }
    }
    fwl_memstore_free(store);
    fwl_memstore_free(whole);
}

static struct fwl_span
headers(uint64_t first, uint64_t count)
{
    return fwl_span(snap->headers.p + (size_t)(first - snap->first) * FWL_HEADER_SIZE, (size_t)count * FWL_HEADER_SIZE);
}

static void
test_restore__only_in_order(void **state)
{
    struct fwl_memstore *store = fwl_memstore_new();
    struct fwl_reader it;
    struct fwl_span step[2];
    uint32_t chunk = 0;

    (void)state;
    assert_non_null(store);
    fwl_reader_init(&it, snap->steps);
    assert_true(fwl_snapshot_step(&it, &step[0]) && fwl_snapshot_step(&it, &step[1]));
    assert_int_equal(open_restore(store), FWL_OK);
    assert_int_equal(fwl_restore_info(restore, snap->info_bytes), FWL_ERR_EPOCH);
    assert_int_equal(fwl_restore_headers(restore, headers(BLOCKS - 1, 1)), FWL_ERR_STATE);
    assert_int_equal(fwl_restore_chunk(restore, 0, fwl_snapshot_chunk(snap, 0)), FWL_ERR_STATE);
    assert_int_equal(fwl_restore_finish(restore), FWL_ERR_STATE);
    assert_int_not_equal(fwl_restore_step(restore, step[1]), FWL_OK);
    assert_int_equal(fwl_restore_step(restore, step[0]), FWL_OK);
    assert_int_equal(fwl_restore_info(restore, snap->info_bytes), FWL_ERR_EPOCH);
    assert_int_equal(fwl_restore_step(restore, step[1]), FWL_OK);
    assert_int_equal(fwl_restore_info(restore, fwl_span(snap->info_bytes.p, snap->info_bytes.size - 1)),
                     FWL_ERR_TRUNCATED);
    assert_false(restore->has_info);
    assert_int_equal(fwl_restore_info(restore, snap->info_bytes), FWL_OK);
    assert_int_equal(fwl_restore_info(restore, snap->info_bytes), FWL_ERR_STATE);
    assert_int_equal(fwl_restore_stage(restore), FWL_RESTORE_HEADERS);
    assert_int_equal(fwl_restore_headers(restore, headers(BLOCKS - 2, 1)), FWL_ERR_HASH); /* a gap */
    assert_int_equal(fwl_restore_headers(restore, headers(BLOCKS - 257, 257)), FWL_ERR_RANGE);
    assert_int_equal(fwl_restore_headers(restore, headers(BLOCKS - 2, 0)), FWL_ERR_RANGE);
    assert_int_equal(fwl_restore_headers(restore, fwl_span(snap->headers.p, 343)), FWL_ERR_RANGE);
    for (uint64_t left = snap->headers.size / FWL_HEADER_SIZE; left > 0;) {
        uint64_t count = FWL_MIN(left, 256U);

        assert_int_equal(fwl_restore_finish(restore), FWL_ERR_STATE);
        assert_int_equal(fwl_restore_headers(restore, headers(snap->first + left - count, count)), FWL_OK);
        left -= count;
    }
    assert_int_equal(restore->lowest, BLOCKS - FWL_SNAPSHOT_HEADERS);
    assert_int_equal(fwl_restore_headers(restore, headers(snap->first, 1)), FWL_ERR_STATE); /* there are enough */
    for (chunk = fwl_restore_missing(restore, 0); fwl_restore_missing(restore, chunk + 1) < snap->info.chunks;
         chunk = fwl_restore_missing(restore, chunk + 1)) {
        uint32_t next = fwl_restore_missing(restore, chunk + 1);

        assert_int_not_equal(fwl_restore_chunk(restore, chunk, fwl_snapshot_chunk(snap, next)), FWL_OK);
        assert_int_not_equal(fwl_restore_chunk(restore, chunk, (struct fwl_span){0}), FWL_OK);
        assert_int_equal(fwl_restore_chunk(restore, chunk, fwl_snapshot_chunk(snap, chunk)), FWL_OK);
        assert_int_equal(fwl_restore_chunk(restore, chunk, fwl_snapshot_chunk(snap, chunk)), FWL_OK);
        assert_int_equal(fwl_restore_finish(restore), FWL_ERR_STATE);
    }
    assert_int_equal(fwl_restore_chunk(restore, chunk, fwl_snapshot_chunk(snap, chunk)), FWL_OK);
    assert_int_equal(restore->left, 0);
    assert_int_equal(fwl_restore_finish(restore), FWL_OK);
    fwl_memstore_free(store);
}

/* Steps and SNAPINFO in a new store. */
static struct fwl_memstore *
begun(void)
{
    struct fwl_memstore *store = fwl_memstore_new();
    struct fwl_reader it;
    struct fwl_span step;

    assert_non_null(store);
    assert_int_equal(open_restore(store), FWL_OK);
    for (fwl_reader_init(&it, snap->steps); fwl_snapshot_step(&it, &step);) {
        assert_int_equal(fwl_restore_step(restore, step), FWL_OK);
    }
    assert_int_equal(fwl_restore_info(restore, snap->info_bytes), FWL_OK);
    return store;
}

static void
test_restore__other_chains_and_snapshots(void **state)
{
    struct world *w = help_world_new(false, 17);
    struct fwl_memstore *store = begun();
    struct fwl_memstore *whole = fwl_memstore_new();
    struct fwl_restore_config config = {.to = fwl_memstore_storage(store)};
    struct help_chain *longer;
    struct fwl_snapfile *later;

    (void)state;
    assert_non_null(whole);
    assert_int_equal(open_restore(chain->store), FWL_ERR_STATE);
    assert_int_equal(fwl_restore_open(restore, &config, w->genesis), FWL_ERR_CHAIN);
    assert_int_equal(fwl_restore_open(restore, &config, fwl_span(w->genesis.p, 10)), FWL_ERR_TRUNCATED);
    assert_int_equal(fwl_memstore_copy(whole, chain->store), FWL_OK);
    longer = help_over(chain, whole);
    add_block(longer, BLOCKS + 1);
    later = make_snapshot(whole);
    assert_int_equal(open_restore(store), FWL_OK);
    assert_int_equal(fwl_restore_snapshot(restore, &later->snapshot, NULL, NULL), FWL_ERR_CONFLICT);
    fwl_snapfile_close(later);
    fwl_memstore_free(store);
    help_chain_free(longer);
    free(w);
}

/* The tree loses its root record before the end: that is found before the store becomes a chain. */
static void
test_restore__finish_asks_for_the_root(void **state)
{
    struct fwl_memstore *store = begun();
    struct fwl_overlay o;
    uint8_t nothing[1] = {0};

    (void)state;
    for (uint32_t i = 0; i < snap->info.chunks; i++) {
        assert_int_equal(fwl_restore_chunk(restore, i, fwl_snapshot_chunk(snap, i)), FWL_OK);
    }
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_delete(&o, FWL_SPACE_SMT, fwl_span(nothing, 1)), FWL_OK);
    assert_int_equal(fwl_storage_commit(&restore->config.to, &o), FWL_OK);
    assert_int_equal(fwl_restore_snapshot(restore, snap, NULL, NULL), FWL_ERR_CORRUPT);
    fwl_memstore_free(store);
}

/* ---- a node that had blocks already ---- */

static enum fwl_err
restore_knowing(struct fwl_memstore *store, uint64_t known, bool other)
{
    struct fwl_restore_config config = {.to = fwl_memstore_storage(store),
                                        .arena = arena,
                                        .arena_bytes = sizeof(arena),
                                        .verify = help_verify_vote,
                                        .cookie = chain->world,
                                        .known = known};
    uint8_t key[8];
    uint8_t header[FWL_HEADER_SIZE];
    size_t size = 0;
    enum fwl_err err = FWL_OK;

    fwl_store_be64(key, FWL_MIN(known, (uint64_t)BLOCKS));
    assert_int_equal(help_get(chain, header, sizeof(header), &size, FWL_SPACE_HDR, fwl_span(key, 8)), FWL_OK);
    fwl_header_hash_bytes(&config.known_hash, fwl_span(header, size));
    config.known_hash.b[9] ^= other;
    err = fwl_restore_open(restore, &config, chain->world->genesis);
    return err == FWL_OK ? fwl_restore_snapshot(restore, snap, NULL, NULL) : err;
}

/* Headers below the snapshot's, from the whole chain. */
static enum fwl_err
bring(struct help_chain *to, uint64_t count)
{
    static uint8_t bytes[300 * FWL_HEADER_SIZE];
    uint64_t first = fwl_chain_lowest(to->chain) - FWL_MIN(count, fwl_chain_lowest(to->chain));
    uint8_t key[8];
    size_t size = 0;

    for (uint64_t i = 0; i < count && i < 300; i++) {
        fwl_store_be64(key, first + i);
        assert_int_equal(help_get(chain, bytes + i * FWL_HEADER_SIZE, FWL_HEADER_SIZE, &size, FWL_SPACE_HDR,
                                  fwl_span(key, sizeof(key))),
                         FWL_OK);
    }
    return fwl_chain_headers(to->chain, fwl_span(bytes, (size_t)count * FWL_HEADER_SIZE));
}

static void
test_restore__above_the_known_block(void **state)
{
    static const uint64_t heights[] = {BLOCKS, BLOCKS - 1, BLOCKS - FWL_SNAPSHOT_HEADERS, 5};
    uint8_t junk[2 * FWL_HEADER_SIZE];

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(heights); i++) {
        for (int other = 0; other < 2; other++) {
            struct fwl_memstore *store = fwl_memstore_new();
            bool low = heights[i] < BLOCKS - FWL_SNAPSHOT_HEADERS;
            enum fwl_err err = restore_knowing(store, heights[i], other == 1);
            struct help_chain *h = NULL;

            if (!low && other == 1) {
                assert_int_equal(err, FWL_ERR_CONFLICT);
                assert_int_equal(open_restore(store), FWL_OK); /* it is no chain */
                fwl_memstore_free(store);
                continue;
            }
            assert_int_equal(err, FWL_OK);
            assert_int_equal(restore_knowing(store, BLOCKS - 1, false), FWL_ERR_STATE);
            assert_int_equal(restore_knowing(store, BLOCKS, false), FWL_ERR_CHAIN); /* this node is as far itself */
            h = help_over(chain, store);
            assert_int_equal(fwl_chain_lowest(h->chain), BLOCKS - FWL_SNAPSHOT_HEADERS);
            assert_int_equal(fwl_chain_headers(h->chain, (struct fwl_span){0}), FWL_ERR_RANGE);
            assert_int_equal(bring(h, 257), FWL_ERR_RANGE);
            memset(junk, 0, sizeof(junk));
            assert_int_not_equal(fwl_chain_headers(h->chain, fwl_span(junk, sizeof(junk))), FWL_OK);
            assert_int_equal(fwl_chain_headers(h->chain, fwl_span(junk, sizeof(junk) - 1)), FWL_ERR_RANGE);
            assert_int_equal(fwl_chain_headers(h->chain, fwl_span(snap->headers.p, FWL_HEADER_SIZE)), FWL_ERR_HASH);
            assert_int_equal(bring(h, 10), FWL_OK);
            assert_int_equal(help_reopen(h), FWL_OK);
            assert_int_equal(fwl_chain_lowest(h->chain), BLOCKS - FWL_SNAPSHOT_HEADERS - 10);
            err = bring(h, fwl_chain_lowest(h->chain));
            assert_int_equal(err, low && other == 1 ? FWL_ERR_CONFLICT : FWL_OK);
            if (err == FWL_OK) {
                assert_int_equal(fwl_chain_lowest(h->chain), 0);
                help_same_space(chain->store, h->store, FWL_SPACE_HDR);
                help_same_space(chain->store, h->store, FWL_SPACE_HASH);
                help_same_space(chain->store, h->store, FWL_SPACE_HIST);
                assert_int_equal(fwl_chain_headers(h->chain, fwl_span(junk, FWL_HEADER_SIZE)), FWL_ERR_RANGE);
            }
            help_chain_free(h);
        }
    }
    {
        struct fwl_memstore *store = fwl_memstore_new();

        assert_int_equal(restore_knowing(store, BLOCKS + 1, false), FWL_ERR_STATE); /* it would go back */
        fwl_memstore_free(store);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restore__decides_like_the_other),
        cmocka_unit_test(test_restore__makes_the_same_snapshot),
        cmocka_unit_test(test_restore__crash_at_every_commit),
        cmocka_unit_test(test_restore__only_in_order),
        cmocka_unit_test(test_restore__other_chains_and_snapshots),
        cmocka_unit_test(test_restore__finish_asks_for_the_root),
        cmocka_unit_test(test_restore__above_the_known_block),
    };

    return cmocka_run_group_tests(tests, build, clean);
}
