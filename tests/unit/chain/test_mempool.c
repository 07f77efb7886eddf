/* The pool: limits, order, what is remembered, what is dropped. */
#include "chain_help.h"

struct help_pool {
    struct world *world;
    struct help_chain *chain;
    struct fwl_mempool *pool;
    void *memory;
    size_t dropped;
};

static struct help_pool
pool_new(size_t transactions_max, size_t bytes_max)
{
    struct fwl_mempool_config config = {.transactions_max = transactions_max, .bytes_max = bytes_max, .seed = 7};
    size_t size = fwl_mempool_footprint(&config);
    struct help_pool p = {.world = help_world_new(false, 16), .memory = malloc(size)};

    assert_non_null(p.memory);
    p.chain = help_chain_new(p.world);
    p.pool = fwl_mempool_init(p.memory, size, &config);
    return p;
}

static void
pool_free(struct help_pool *p)
{
    help_chain_free(p->chain);
    free(p->world);
    free(p->memory);
}

static enum fwl_err
add(struct help_pool *p, struct fwl_hash32 *txid, struct fwl_span tx)
{
    return fwl_mempool_add(p->pool, p->chain->chain, NULL, txid, tx, WORLD_START_MS + 1000);
}

static enum fwl_err
add_put(struct help_pool *p, struct fwl_hash32 *txid, uint32_t number)
{
    uint8_t bytes[WORLD_TX_ROOM];

    return add(p, txid, world_put(p->world, bytes, number, 0, help_expires(p->chain)));
}

static void
test_mempool__limits(void **unused)
{
    struct help_pool p = pool_new(3, FWL_TX_MAX);
    struct fwl_hash32 txid;

    (void)unused;
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(add_put(&p, &txid, i), FWL_OK);
    }
    assert_int_equal(add_put(&p, &txid, 4), FWL_ERR_BUSY);
    assert_int_equal(fwl_mempool_count(p.pool), 3);
    pool_free(&p);
}

static void
test_mempool__bytes(void **unused)
{
    struct help_pool p = pool_new(100000, FWL_TX_MAX);
    struct fwl_hash32 txid;
    uint8_t bytes[WORLD_TX_ROOM];
    uint32_t i = 1000;
    size_t size = world_put(p.world, bytes, i, 0, help_expires(p.chain)).size;

    (void)unused;
    while (add_put(&p, &txid, ++i) == FWL_OK) {
    }
    assert_int_equal(fwl_mempool_count(p.pool), FWL_TX_MAX / size);
    assert_int_equal(fwl_mempool_bytes(p.pool), FWL_TX_MAX / size * size);
    assert_int_equal(add_put(&p, &txid, ++i), FWL_ERR_BUSY);
    pool_free(&p);
}

/* A good payload with a bad signature does not shut the good one out; the bad bytes are known from then on. */
static void
test_mempool__refused(void **unused)
{
    struct help_pool p = pool_new(10, FWL_TX_MAX);
    struct fwl_hash32 txid;
    struct fwl_hash32 again;
    uint8_t bytes[WORLD_TX_ROOM];
    struct fwl_span tx = world_put(p.world, bytes, 1, 0, help_expires(p.chain));

    (void)unused;
    bytes[tx.size - 1] ^= 1;
    assert_int_equal(add(&p, &txid, tx), FWL_ERR_SIGNATURE);
    assert_int_equal(add(&p, &txid, tx), FWL_ERR_STATE);
    bytes[tx.size - 1] ^= 1;
    assert_int_equal(add(&p, &txid, tx), FWL_OK);
    assert_int_equal(add(&p, &again, tx), FWL_ERR_EXISTS);
    assert_true(fwl_hash32_equal(&txid, &again));
    assert_int_equal(add(&p, &txid, fwl_span(bytes, tx.size - 1)), FWL_ERR_TRUNCATED);
    pool_free(&p);
}

static void
on_dropped(void *cookie, const struct fwl_hash32 *txid, const struct fwl_state_refusal *why)
{
    (void)txid;
    assert_int_not_equal(why->err, FWL_OK);
    ((struct help_pool *)cookie)->dropped++;
}

static void
test_mempool__replay_and_recheck(void **unused)
{
    struct help_pool p = pool_new(10, FWL_TX_MAX);
    struct fwl_hash32 txid;
    struct fwl_span waiting;

    (void)unused;
    help_add(p.chain, 1, 0);
    assert_int_equal(add(&p, &txid, p.chain->tx[0]), FWL_OK);
    assert_int_equal(add_put(&p, &txid, 2), FWL_OK);
    assert_int_equal(help_commit(p.chain, help_build(p.chain, 0, 10, false)), FWL_OK);
    fwl_mempool_recheck(p.pool, p.chain->chain, WORLD_START_MS + 2000, 10, on_dropped, &p);
    assert_int_equal(p.dropped, 1);
    assert_int_equal(fwl_mempool_count(p.pool), 1);
    assert_true(fwl_mempool_find(p.pool, &waiting, &txid));
    for (int i = 0; i < 3; i++) { /* told so each time */
        assert_int_equal(add(&p, &txid, p.chain->tx[0]), FWL_ERR_REPLAY);
    }
    fwl_mempool_recheck(p.pool, p.chain->chain, WORLD_START_MS + UINT64_C(86400000) * 3, 10, on_dropped, &p);
    assert_int_equal(p.dropped, 2); /* expired */
    assert_int_equal(fwl_mempool_count(p.pool), 0);
    assert_int_equal(fwl_mempool_bytes(p.pool), 0);
    pool_free(&p);
}

/* The node's own failure says nothing about a transaction: it goes on waiting, and no reason is told. */
static void
test_mempool__own_failure(void **unused)
{
    struct help_pool p = pool_new(10, FWL_TX_MAX);
    struct fwl_state_refusal why = {.err = FWL_ERR_STATE};
    struct fwl_hash32 txid;
    struct fwl_hash32 tried;
    struct fwl_span waiting;
    uint8_t key[64];

    (void)unused;
    assert_int_equal(add_put(&p, &txid, 1), FWL_OK);
    assert_true(fwl_mempool_find(p.pool, &waiting, &txid));
    help_put(p.chain, FWL_SPACE_KV, fwl_state_key(key, sizeof(key), FWL_TABLE_PARTICIPANT, fwl_span_text("governors")),
             fwl_span_text("x"));
    assert_int_equal(fwl_chain_try(p.chain->chain, &why, &tried, waiting, WORLD_START_MS + 1000), FWL_ERR_CORRUPT);
    assert_int_equal(why.err, FWL_OK);
    fwl_mempool_recheck(p.pool, p.chain->chain, WORLD_START_MS + 2000, 10, on_dropped, &p);
    assert_int_equal(p.dropped, 0);
    assert_int_equal(fwl_mempool_count(p.pool), 1);
    pool_free(&p);
}

/* Many come and go: order of arrival stays, through compactions. */
static void
test_mempool__order(void **unused)
{
    struct help_pool p = pool_new(8, FWL_TX_MAX);
    struct fwl_hash32 ids[200];
    size_t oldest = 0;

    (void)unused;
    for (size_t i = 0; i < 200; i++) {
        struct fwl_hash32 id;
        struct fwl_span tx;
        size_t at = 0;
        size_t seen = 0;

        assert_int_equal(add_put(&p, &ids[i], (uint32_t)i), FWL_OK);
        if (i % 3 == 2) { /* from the middle */
            fwl_mempool_remove(p.pool, &ids[i - 1]);
            fwl_mempool_remove(p.pool, &ids[i - 1]);
            ids[i - 1] = ids[i];
            fwl_mempool_remove(p.pool, &ids[i]);
            assert_false(fwl_mempool_find(p.pool, &tx, &ids[i]));
            memset(ids[i].b, 0, 32);
            memset(ids[i - 1].b, 0, 32);
        }
        while (fwl_mempool_count(p.pool) > 5) {
            fwl_mempool_remove(p.pool, &ids[oldest++]);
        }
        for (size_t k = oldest; fwl_mempool_next(p.pool, &at, &tx, &id); k++, seen++) {
            while (k < i && !fwl_hash32_equal(&ids[k], &id)) {
                k++;
            }
            assert_true(fwl_hash32_equal(&ids[k], &id));
        }
        assert_int_equal(seen, fwl_mempool_count(p.pool));
    }
    pool_free(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mempool__limits),      cmocka_unit_test(test_mempool__bytes),
        cmocka_unit_test(test_mempool__refused),     cmocka_unit_test(test_mempool__replay_and_recheck),
        cmocka_unit_test(test_mempool__own_failure), cmocka_unit_test(test_mempool__order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
