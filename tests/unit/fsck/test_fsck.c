/*
 * A sound chain is found sound; with one bit flipped in any record, or one record gone, it is not, and nothing crashes.
 * Blocks hold participants with new and replaced values, and one change of the validator set, all with real signatures.
 */
#include "core/hex.h"
#include "ledger/fsck/fsck.h"
#include "tests/unit/chain/chain_help.h"

enum { BLOCKS = 12 };

static struct help_chain *chain;
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

    assert_int_equal(fwl_memstore_copy(copy, chain->store), FWL_OK);
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

/* Every record of a space: gone, and with its first, middle and last byte changed. The store's own schema number in
 * `meta` is asked when the store is opened. */
static size_t
damage_all(const struct fwl_kv *kv, enum fwl_space space)
{
    struct fwl_kv_entry e;
    size_t count = 0;
    enum fwl_err err = fwl_kv_seek(kv, &e, space, (struct fwl_span){0});

    for (; err == FWL_OK; err = fwl_kv_next(kv, &e, space, e.key)) {
        if (space == FWL_SPACE_META && fwl_span_is(e.key, "schema")) {
            continue;
        }
        must_find(space, &e, -1);
        if (e.value.size > 0) {
            must_find(space, &e, 0);
            must_find(space, &e, (long)(e.value.size / 2));
            must_find(space, &e, (long)e.value.size - 1);
        }
        count++;
    }
    assert_int_equal(err, FWL_ERR_ABSENT);
    return count;
}

static void
test_fsck__sound(void **state)
{
    struct fwl_fsck_fault fault = {0};

    (void)state;
    assert_int_equal(check(chain->store, &fault), FWL_OK);
    assert_int_equal(fault.err, FWL_OK);
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
    struct fwl_storage storage = fwl_memstore_storage(chain->store);
    struct fwl_read read;

    (void)state;
    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    for (int space = FWL_SPACE_HDR; space <= FWL_SPACE_META; space++) {
        size_t count = damage_all(&read.kv, (enum fwl_space)space);

        assert_true(count > 0 || space == FWL_SPACE_EV); /* no evidence in this chain */
    }
    fwl_read_end(&read);
}

static int
build(void **state)
{
    static const uint8_t next[] = {0, 1, 2, 3, 4};
    struct world *w = help_world_new(true, 16);

    (void)state;
    chain = help_chain_new(w);
    copy = fwl_memstore_new();
    for (uint32_t height = 1; height <= BLOCKS; height++) {
        help_add(chain, height % 5, height % 2 == 0 ? FWL_ROLE_ADVISOR : 0);
        if (height == 6) {
            chain->tx[chain->count] = world_change(w, chain->txs[chain->count], next, FWL_COUNT(next), 1, 4,
                                                   fwl_chain_tip(chain->chain)->header.height,
                                                   &fwl_chain_tip(chain->chain)->hash, help_expires(chain));
            chain->count++;
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
        cmocka_unit_test(test_fsck__sound),
        cmocka_unit_test(test_fsck__empty),
        cmocka_unit_test(test_fsck__every_record),
    };

    return cmocka_run_group_tests(tests, build, clean);
}
