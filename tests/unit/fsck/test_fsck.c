/*
 * A sound chain is found sound; with one bit flipped in any record, or one record gone, it is not, and nothing crashes.
 * Blocks hold participants with new and replaced values, and one change of the validator set, all with real signatures.
 * The same for a store that has forgotten blocks, one out of a snapshot, and one whose older headers have not come yet.
 */
#include "core/hex.h"
#include "ledger/chain/restore.h"
#include "ledger/fsck/fsck.h"
#include "ledger/snapshot/file/snapfile.h"
#include "ledger/snapshot/file/snapmake.h"
#include "tests/unit/chain/chain_help.h"

enum { BLOCKS = 12, LONG = 1273 };

static struct help_chain *chain;
static struct fwl_memstore *source; /* the store that is damaged; chain->store, or one made of it */
static struct fwl_memstore *copy;
static uint8_t arena[1 << 16];

static enum fwl_err
check(struct fwl_memstore *store, struct fwl_fsck_fault *fault)
{
    struct fwl_storage storage = fwl_memstore_storage(store);
    const struct fwl_fsck_config config = {.progress = NULL};
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    err = fwl_fsck_chain(&read.kv, fault, &config);
    fwl_read_end(&read);
    return err;
}

/* One record of the copy changed: @flip < 0 deletes it, else this byte of its value gets another lowest bit. */
static void
damage(enum fwl_space space, struct fwl_span key, struct fwl_span value, long flip)
{
    struct fwl_storage storage = fwl_memstore_storage(copy);
    struct fwl_overlay o;
    uint8_t *to = NULL;

    assert_int_equal(fwl_memstore_copy(copy, source), FWL_OK);
    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    if (flip < 0) {
        assert_int_equal(fwl_overlay_delete(&o, space, key), FWL_OK);
    } else {
        assert_int_equal(fwl_overlay_reserve(&o, &to, space, key, value.size), FWL_OK);
        memcpy(to, value.p, value.size);
        to[flip] ^= 1;
    }
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_OK);
}

static void
must_find(enum fwl_space space, const struct fwl_kv_entry *e, long flip)
{
    struct fwl_fsck_fault fault = {0};
    char key[2 * 16 + 1];
    enum fwl_err err = FWL_OK;

    /* A value that several entries have names one of them; naming another one of them is as right. */
    if (space == FWL_SPACE_VAL && e->value.size > 5 && fwl_load_be32(e->value.p) > 1 && flip > 5) {
        return;
    }
    damage(space, e->key, e->value, flip);
    err = check(copy, &fault);
    if (err != FWL_ERR_CORRUPT || fault.what == NULL) {
        fwl_hex_encode(key, sizeof(key), fwl_span(e->key.p, FWL_MIN(e->key.size, (size_t)16)));
        fail_msg("%s %s: %s, byte %ld of %zu", fwl_space_name(space), key, fwl_err_name(err), flip, e->value.size);
    }
}

/* Every @step-th record of a space: gone, and with its first, middle and last byte changed. The store's own schema
 * number in `meta` is asked when the store is opened. */
static size_t
damage_all(const struct fwl_kv *kv, enum fwl_space space, size_t step)
{
    struct fwl_kv_entry e;
    size_t count = 0;
    enum fwl_err err = fwl_kv_seek(kv, &e, space, (struct fwl_span){0});

    for (; err == FWL_OK; err = fwl_kv_next(kv, &e, space, e.key)) {
        if (space == FWL_SPACE_META && fwl_span_is(e.key, "schema")) {
            continue;
        }
        if (count++ % step != 0) {
            continue;
        }
        must_find(space, &e, -1);
        if (e.value.size > 0) {
            must_find(space, &e, 0);
            must_find(space, &e, (long)(e.value.size / 2));
            must_find(space, &e, (long)e.value.size - 1);
        }
    }
    assert_int_equal(err, FWL_ERR_ABSENT);
    return count;
}

static void
assert_sound(void)
{
    struct fwl_fsck_fault fault = {0};

    if (check(source, &fault) != FWL_OK) {
        fail_msg("%s: %s at %llu", fwl_space_name(fault.space), fault.what, (unsigned long long)fault.height);
    }
    assert_int_equal(fault.err, FWL_OK);
}

static void
damage_spaces(size_t step)
{
    struct fwl_storage storage = fwl_memstore_storage(source);
    struct fwl_read read;

    assert_sound();
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    for (int space = FWL_SPACE_HDR; space <= FWL_SPACE_META; space++) {
        size_t count = damage_all(&read.kv, (enum fwl_space)space, space == FWL_SPACE_META ? 1 : step);

        assert_true(count > 0 || space == FWL_SPACE_EV); /* no evidence in this chain */
    }
    fwl_read_end(&read);
}

static void
test_fsck__empty(void **state)
{
    struct fwl_memstore *empty = fwl_memstore_new();
    struct fwl_fsck_fault fault = {0};

    (void)state;
    assert_int_equal(check(empty, &fault), FWL_ERR_ABSENT);
    fwl_memstore_free(empty);
}

static void
test_fsck__every_record(void **state)
{
    (void)state;
    source = chain->store;
    damage_spaces(1);
}

static struct fwl_memstore *
copy_of(const struct help_chain *h)
{
    struct fwl_memstore *store = fwl_memstore_new();

    assert_non_null(store);
    assert_int_equal(fwl_memstore_copy(store, h->store), FWL_OK);
    return store;
}

static void
test_fsck__pruned(void **state)
{
    struct help_chain *h = help_over(chain, copy_of(chain));
    struct help_chain *empty = NULL;
    struct fwl_fsck_fault fault;
    const struct fwl_fsck_config config = {.progress = NULL};
    struct fwl_storage storage = fwl_memstore_storage(h->store);
    struct fwl_read read;

    (void)state;
    assert_int_equal(fwl_chain_prune(h->chain, BLOCKS - 3), FWL_OK);
    assert_int_equal(fwl_chain_base(h->chain), BLOCKS - 3);
    source = h->store;
    damage_spaces(1);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    empty = help_over(chain, fwl_memstore_new());
    assert_int_equal(fwl_fsck_execute(&read.kv, empty->chain, BLOCKS, NULL, &fault, &config), FWL_ERR_STATE);
    assert_non_null(fault.what);
    help_chain_free(empty);
    fwl_read_end(&read);
    help_chain_free(h);
}

/* A chain out of the snapshot of @from. */
static struct help_chain *
restored(struct fwl_memstore *from)
{
    static uint8_t work[FWL_RESTORE_ARENA_BYTES];
    struct fwl_memstore *store = fwl_memstore_new();
    struct fwl_restore *r = calloc(1, sizeof(*r));
    const struct fwl_restore_config config = {
        .to = fwl_memstore_storage(store), .arena = work, .arena_bytes = sizeof(work), .verify = fwl_cert_schnorr};
    struct fwl_storage storage = fwl_memstore_storage(from);
    struct fwl_snapfile *file = NULL;
    struct fwl_read read;
    FILE *f = tmpfile();

    assert_true(f != NULL && r != NULL && store != NULL);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    assert_int_equal(fwl_snapmake(&read.kv, f, &(struct fwl_snapmake_config){.split = 0}), FWL_OK);
    fwl_read_end(&read);
    assert_int_equal(fwl_snapfile_map(&file, fileno(f)), FWL_OK);
    assert_int_equal(fwl_restore_open(r, &config, chain->world->genesis), FWL_OK);
    assert_int_equal(fwl_restore_snapshot(r, &file->snapshot, NULL, NULL), FWL_OK);
    fwl_snapfile_close(file);
    (void)fclose(f);
    free(r);
    return help_over(chain, store);
}

static void
go_on(struct help_chain *h, uint32_t blocks)
{
    for (uint32_t i = 0; i < blocks; i++) {
        help_add(h, i % 3, i % 2 == 0 ? FWL_ROLE_ADVISOR : 0);
        assert_int_equal(help_commit(h, help_build(h, 0, 700, false)), FWL_OK);
        assert_int_equal(h->refused, 0);
    }
}

static void
test_fsck__restored(void **state)
{
    struct help_chain *h = restored(chain->store);

    (void)state;
    source = h->store;
    assert_sound(); /* at the snapshot itself: no block is here */
    go_on(h, 4);
    damage_spaces(1);
    assert_int_equal(fwl_chain_prune(h->chain, BLOCKS + 3), FWL_OK);
    damage_spaces(1);
    help_chain_free(h);
}

/* A snapshot and the blocks after it: as good as all blocks, as long as none of these is missing. */
static void
test_fsck__from_snapshot(void **state)
{
    static uint8_t body[FWL_BLOCK_MAX_MAX];
    struct help_chain *all = help_over(chain, copy_of(chain));
    struct help_chain *h = restored(chain->store);
    struct help_chain *late = restored(chain->store);
    const struct fwl_fsck_config config = {.progress = NULL};
    struct fwl_storage storage = fwl_memstore_storage(all->store);
    struct fwl_fsck_fault fault;
    struct fwl_read read;

    (void)state;
    go_on(all, 4);
    assert_int_equal(fwl_chain_prune(all->chain, BLOCKS + 1), FWL_OK);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    assert_int_equal(fwl_fsck_execute(&read.kv, h->chain, BLOCKS + 3, body, &fault, &config), FWL_OK);
    assert_int_equal(fwl_chain_tip(h->chain)->header.height, BLOCKS + 3);
    assert_int_equal(fwl_fsck_execute(&read.kv, h->chain, BLOCKS, body, &fault, &config), FWL_OK); /* it stays */
    assert_int_equal(fwl_chain_tip(h->chain)->header.height, BLOCKS + 3);
    fwl_read_end(&read);
    assert_int_equal(fwl_chain_prune(all->chain, BLOCKS + 2), FWL_OK);
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    assert_int_equal(fwl_fsck_execute(&read.kv, late->chain, BLOCKS + 3, body, &fault, &config), FWL_ERR_STATE);
    assert_non_null(fault.what);
    assert_int_equal(fwl_fsck_execute(&read.kv, late->chain, BLOCKS, body, &fault, &config), FWL_OK);
    fwl_read_end(&read);
    help_chain_free(late);
    help_chain_free(h);
    help_chain_free(all);
}

/* Hands the headers below the lowest one from @from to @to, @count of them. */
static void
bring_headers(struct help_chain *to, const struct help_chain *from, uint64_t count)
{
    static uint8_t bytes[FWL_CHAIN_HEADERS_MAX * FWL_HEADER_SIZE];
    uint64_t lowest = fwl_chain_lowest(to->chain);
    uint8_t key[8];
    size_t size = 0;

    for (uint64_t i = 0; i < count; i++) {
        fwl_store_be64(key, lowest - count + i);
        assert_int_equal(help_get(from, bytes + i * FWL_HEADER_SIZE, FWL_HEADER_SIZE, &size, FWL_SPACE_HDR,
                                  fwl_span(key, sizeof(key))),
                         FWL_OK);
    }
    assert_int_equal(fwl_chain_headers(to->chain, fwl_span(bytes, (size_t)count * FWL_HEADER_SIZE)), FWL_OK);
    assert_int_equal(fwl_chain_lowest(to->chain), lowest - count);
}

static void
test_fsck__older_headers_come(void **state)
{
    struct help_chain *all = help_over(chain, copy_of(chain));
    struct help_chain *h;
    struct fwl_span body;

    (void)state;
    go_on(all, LONG - BLOCKS);
    source = all->store;
    assert_sound();
    h = restored(all->store);
    source = h->store;
    assert_int_equal(fwl_chain_lowest(h->chain), LONG - FWL_SNAPSHOT_HEADERS);
    assert_sound();
    go_on(h, 5);
    damage_spaces(331);
    help_add(h, 0, 0);
    body = help_build(h, 0, 700, false); /* completes a tile, as the older headers do that come before it is final */
    assert_int_equal((fwl_chain_tip(h->chain)->header.height + 2) % 256, 0);
    assert_int_equal(fwl_chain_check(h->chain, NULL, body), FWL_OK);
    bring_headers(h, all, 40);
    assert_int_equal(help_commit(h, body), FWL_OK);
    damage_spaces(331);
    bring_headers(h, all, 200);
    assert_sound();
    bring_headers(h, all, fwl_chain_lowest(h->chain));
    assert_int_equal(fwl_chain_lowest(h->chain), 0);
    damage_spaces(331);
    help_chain_free(h);
    help_chain_free(all);
}

static void
change_set(struct help_chain *h, const uint8_t *members, size_t count, uint64_t epoch, int added)
{
    const struct fwl_chain_tip *tip = fwl_chain_tip(h->chain);

    h->tx[h->count] = world_change(h->world, h->txs[h->count], members, count, epoch, added, tip->header.height,
                                   &tip->hash, help_expires(h));
    h->count++;
}

/* The certificate of the block came with a snapshot, that of the step with the epochs: of one block there are several.
 */
static void
test_fsck__two_certificates(void **state)
{
    struct help_chain *h = help_over(chain, copy_of(chain));
    uint8_t buffer[4096];
    uint8_t key[8];
    uint8_t value[4096];
    struct fwl_cert other;
    struct fwl_writer w;
    struct fwl_span body;

    (void)state;
    change_set(h, (const uint8_t[]){0, 1, 2, 3}, 4, 2, -1);
    body = help_build(h, 0, 700, false);
    other = help_cert(h, buffer, body, 1);
    assert_int_equal(help_commit(h, body), FWL_OK);
    assert_int_equal(fwl_chain_tip(h->chain)->epoch, 2);
    fwl_writer_init(&w, value, sizeof(value));
    fwl_cert_put_short(&w, &other);
    fwl_store_be64(key, BLOCKS + 1);
    help_put(h, FWL_SPACE_FIN, fwl_span(key, sizeof(key)), fwl_span(value, w.size));
    source = h->store;
    assert_sound();
    help_chain_free(h);
}

static int
build(void **state)
{
    static const uint8_t next[] = {0, 1, 2, 3, 4};
    struct world *w = help_world_new(true, 16);

    (void)state;
    chain = help_chain_new(w);
    source = chain->store;
    copy = fwl_memstore_new();
    for (uint32_t height = 1; height <= BLOCKS; height++) {
        help_add(chain, height % 5, height % 2 == 0 ? FWL_ROLE_ADVISOR : 0);
        if (height == 6) {
            change_set(chain, next, FWL_COUNT(next), 1, 4);
        }
        if (help_commit(chain, help_build(chain, 0, 700, false)) != FWL_OK || chain->refused > 0) {
            return -1;
        }
    }
    return copy == NULL || fwl_chain_tip(chain->chain)->epoch != 1 ? -1 : 0;
}

static int
clean(void **state)
{
    struct world *w = chain->world;

    (void)state;
    fwl_memstore_free(copy);
    help_chain_free(chain);
    free(w);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fsck__empty),
        cmocka_unit_test(test_fsck__every_record),
        cmocka_unit_test(test_fsck__pruned),
        cmocka_unit_test(test_fsck__restored),
        cmocka_unit_test(test_fsck__from_snapshot),
        cmocka_unit_test(test_fsck__older_headers_come),
        cmocka_unit_test(test_fsck__two_certificates),
    };

    return cmocka_run_group_tests(tests, build, clean);
}
