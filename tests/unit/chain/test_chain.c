/* VALID field by field, building, committing, indexes, epochs. */
#include "chain_help.h"
#include "ledger/merkle/tree.h"
#include "ledger/model/epoch.h"

/* ---- VALID ---- */

struct wrong {
    const char *field;
    void (*make)(struct fwl_header *h);
};

#define FLIP(field)                                                                                                    \
    static void flip_##field(struct fwl_header *h)                                                                     \
    {                                                                                                                  \
        h->field.b[5] ^= 1;                                                                                            \
    }
#define PLUS(name, field, by)                                                                                          \
    static void plus_##name(struct fwl_header *h)                                                                      \
    {                                                                                                                  \
        h->field += (by);                                                                                              \
    }

FLIP(chain_id)
FLIP(prev_hash)
FLIP(state_root)
FLIP(validators_hash)
FLIP(next_validators_hash)
FLIP(history_root)
FLIP(log_root)
FLIP(params_hash)
PLUS(height, height, 1)
PLUS(log_size, log_size, 1)
PLUS(epoch, epoch, 1)
PLUS(epoch_start, epoch_start, 1)
PLUS(proposer, proposer, 1)
PLUS(view, view, 1) /* then the proposer is not its leader */

static void
time_of_parent(struct fwl_header *h)
{
    h->time_ms = WORLD_START_MS;
}

static const struct wrong wrongs[] = {
    {"header.chain_id", flip_chain_id},
    {"header.height", plus_height},
    {"header.prev_hash", flip_prev_hash},
    {"header.validators_hash", flip_validators_hash},
    {"header.epoch", plus_epoch},
    {"header.epoch", plus_epoch_start},
    {"header.params_hash", flip_params_hash},
    {"header.proposer", plus_proposer},
    {"header.proposer", plus_view},
    {"header.time_ms", time_of_parent},
    {"header.history_root", flip_history_root},
    {"header.state_root", flip_state_root},
    {"header.next_validators_hash", flip_next_validators_hash},
    {"header.log_size", plus_log_size},
    {"header.log_root", flip_log_root},
};

/* What a leader has built it checks like any other block, from the bytes: a bug in building stays with it. */
static void
test_chain__own_block_is_checked(void **unused)
{
    struct world *w = help_world_new(false, 16);
    struct help_chain *h = help_chain_new(w);
    struct fwl_state_refusal why;
    struct fwl_span body;

    (void)unused;
    help_add(h, 1, 0);
    body = help_build(h, 0, 100, false);
    w->real = true; /* the signatures hold no longer */
    assert_int_equal(fwl_chain_check(h->chain, &why, body), FWL_ERR_BLOCK);
    w->real = false;
    assert_int_equal(fwl_chain_check(h->chain, &why, body), FWL_OK);
    help_chain_free(h);
    free(w);
}

static void
test_chain__valid_fields(void **unused)
{
    static uint8_t copy[FWL_BLOCK_MAX_MIN];
    struct world *w = help_world_new(false, 16);
    struct help_chain *a = help_chain_new(w);
    struct help_chain *b = help_chain_new(w);
    struct fwl_span body;
    struct fwl_header good;

    (void)unused;
    help_add(a, 1, 0);
    help_add(a, 2, 0);
    body = help_build(a, 0, 100, false);
    assert_int_equal(fwl_header_decode(&good, fwl_span(body.p, FWL_HEADER_SIZE)), FWL_OK);
    assert_int_equal(good.txs_count, 2);
    for (size_t i = 0; i < FWL_COUNT(wrongs); i++) {
        struct fwl_header h = good;
        struct fwl_state_refusal why = {0};

        wrongs[i].make(&h);
        memcpy(copy, body.p, body.size);
        fwl_header_encode(copy, &h);
        assert_int_equal(fwl_chain_check(b->chain, &why, fwl_span(copy, body.size)), FWL_ERR_BLOCK);
        assert_string_equal(why.field, wrongs[i].field);
        assert_int_equal(why.err, FWL_ERR_BLOCK);
    }
    memcpy(copy, body.p, body.size);
    copy[body.size - 1] ^= 1; /* other transactions than the header names: says nothing about the block */
    assert_int_equal(fwl_chain_check(b->chain, NULL, fwl_span(copy, body.size)), FWL_ERR_HASH);
    for (uint32_t delta = 0; delta < 2; delta++) {
        struct fwl_header h = good;

        h.txs_count += delta;
        h.body_size += 1 - delta;
        memcpy(copy, body.p, body.size);
        fwl_header_encode(copy, &h);
        assert_int_equal(fwl_chain_check(b->chain, NULL, fwl_span(copy, body.size)), FWL_ERR_HASH);
    }
    assert_int_equal(fwl_chain_check(b->chain, NULL, fwl_span(body.p, body.size - 1)), FWL_ERR_HASH);
    assert_int_equal(fwl_chain_check(b->chain, NULL, body), FWL_OK);
    assert_int_equal(fwl_chain_check(b->chain, NULL, body), FWL_OK); /* kept */
    help_chain_free(a);
    help_chain_free(b);
    free(w);
}

static void
test_chain__heartbeat(void **unused)
{
    static uint8_t copy[FWL_BLOCK_MAX_MIN];
    struct world *w = help_world_new(false, 16);
    struct help_chain *a = help_chain_new(w);
    struct fwl_state_refusal why = {0};
    struct fwl_header h;
    struct fwl_span body;

    (void)unused;
    assert_int_equal(help_build(a, 0, 50, false).size, 0); /* nothing to build */
    body = help_build(a, 0, HELP_BEAT, true);
    assert_int_equal(body.size, FWL_BODY_SIZE_START);
    memcpy(copy, body.p, body.size);
    assert_int_equal(fwl_header_decode(&h, fwl_span(copy, FWL_HEADER_SIZE)), FWL_OK);
    assert_true(h.time_ms == WORLD_START_MS + HELP_BEAT);
    h.time_ms--;
    fwl_header_encode(copy, &h);
    assert_int_equal(fwl_chain_check(a->chain, &why, fwl_span(copy, body.size)), FWL_ERR_BLOCK);
    assert_string_equal(why.field, "header.time_ms");
    assert_int_equal(help_commit(a, body), FWL_OK);
    assert_int_equal(fwl_chain_tip(a->chain)->header.height, 1);
    help_chain_free(a);
    free(w);
}

/* Leaders stay for K heights; a view passes the turn on; at every K-th height it goes on by itself. */
static void
test_chain__leader(void **unused)
{
    struct world *w = help_world_new(false, 4);
    struct help_chain *a = help_chain_new(w);
    uint16_t last = 0;

    (void)unused;
    for (uint32_t height = 1; height <= 20; height++) {
        const struct fwl_chain_tip *tip = fwl_chain_tip(a->chain);
        uint16_t expect = (uint16_t)((last + (height % 4 == 0 ? 1 : 0)) % 4);
        uint32_t view = height % 5 == 0 ? 2 : 0;

        assert_int_equal(fwl_chain_leader(tip, 0), expect);
        assert_int_equal(fwl_chain_leader(tip, 7), (expect + 7) % 4);
        last = (uint16_t)((expect + view) % 4);
        help_add(a, height, 0);
        assert_int_equal(help_commit(a, help_build(a, view, 10, false)), FWL_OK);
        assert_int_equal(fwl_chain_tip(a->chain)->header.proposer, last);
    }
    help_chain_free(a);
    free(w);
}

/* The last proposer leaves the set just before a K-th height: h mod n, plus 1. */
static void
test_chain__leader_gone(void **unused)
{
    struct world *w = help_world_new(false, 4);
    struct fwl_chain_tip tip = {.params = w->params};
    uint8_t keys[4 * 32];

    (void)unused;
    for (size_t i = 0; i < sizeof(keys); i++) {
        keys[i] = (uint8_t)(1 + i / 32);
    }
    tip.validators = (struct fwl_validators){.n = 4, .keys = fwl_span(keys, sizeof(keys))};
    memset(tip.proposer_key.b, 9, 32);
    tip.header.height = 6;
    assert_int_equal(fwl_chain_leader(&tip, 0), 7 % 4);
    tip.header.height = 7;
    assert_int_equal(fwl_chain_leader(&tip, 0), 8 % 4 + 1);
    free(w);
}

/* ---- building, committing ---- */

static void
test_chain__refused_candidates(void **unused)
{
    struct world *w = help_world_new(false, 16);
    struct help_chain *a = help_chain_new(w);
    struct fwl_span body;
    struct fwl_header h;

    (void)unused;
    help_add(a, 1, 0);
    help_add(a, 2, 0);
    a->tx[2] = a->tx[1]; /* twice in a block */
    a->count = 3;
    help_add(a, 3, 0);
    a->txs[3][a->tx[3].size - 1] ^= 1; /* signature */
    help_add(a, 4, 0);
    a->tx[4].size--;
    help_add(a, 5, 0);
    body = help_build(a, 0, 10, false);
    assert_int_equal(a->refused, 3);
    assert_int_equal(fwl_header_decode(&h, fwl_span(body.p, FWL_HEADER_SIZE)), FWL_OK);
    assert_int_equal(h.txs_count, 3);
    assert_int_equal(help_commit(a, body), FWL_OK);
    a->tx[0] = a->tx[5]; /* in the chain already */
    a->count = 1;
    assert_int_equal(help_build(a, 0, 10, false).size, 0);
    assert_int_equal(a->refused, 1);
    help_chain_free(a);
    free(w);
}

static void
test_chain__faults(void **unused)
{
    static uint8_t copy[FWL_BLOCK_MAX_MIN];
    struct world *w = help_world_new(false, 16);
    struct help_chain *a = help_chain_new(w);
    struct fwl_hash32 hash;
    struct fwl_span body;

    (void)unused;
    help_add(a, 1, 0);
    body = help_build(a, 0, 10, false);
    memcpy(copy, body.p, body.size);
    body = fwl_span(copy, body.size);
    hash = fwl_chain_tip(a->chain)->hash;
    fwl_memstore_fail(a->store, 1, FWL_MEMSTORE_FULL, false);
    assert_int_equal(help_commit(a, body), FWL_ERR_FULL);
    assert_true(fwl_hash32_equal(&fwl_chain_tip(a->chain)->hash, &hash));
    assert_int_equal(help_commit(a, body), FWL_OK); /* there is space again */
    assert_int_equal(fwl_chain_tip(a->chain)->header.height, 1);
    hash = fwl_chain_tip(a->chain)->hash;
    help_add(a, 2, 0);
    body = help_build(a, 0, 10, false);
    fwl_memstore_fail(a->store, 1, FWL_MEMSTORE_LOST, false);
    assert_int_equal(help_commit(a, body), FWL_ERR_STORAGE);
    fwl_memstore_crash(a->store);
    assert_int_equal(help_reopen(a), FWL_OK);
    assert_true(fwl_hash32_equal(&fwl_chain_tip(a->chain)->hash, &hash));
    copy[200] ^= 1; /* a certified block that is not valid here */
    assert_int_equal(help_commit(a, fwl_span(copy, FWL_BODY_SIZE_START)), FWL_ERR_LOCAL);
    w->genesis_bytes[w->genesis.size - 1] ^= 2;
    assert_int_not_equal(help_reopen(a), FWL_OK); /* another genesis */
    help_chain_free(a);
    free(w);
}

/* A store that has too many readers once in a while. */
struct help_busy {
    struct fwl_storage inner;
    unsigned reads; /* that succeed before one does not; 0: all do */
};

static enum fwl_err
busy_commit(void *ctx, const struct fwl_overlay *writes)
{
    struct help_busy *b = ctx;

    return b->inner.ops->commit(b->inner.ctx, writes);
}

static enum fwl_err
busy_read_begin(void *ctx, void **read, struct fwl_kv *kv)
{
    struct help_busy *b = ctx;

    if (b->reads > 0 && --b->reads == 0) {
        return FWL_ERR_BUSY;
    }
    return b->inner.ops->read_begin(b->inner.ctx, read, kv);
}

static void
busy_read_end(void *ctx, void *read)
{
    struct help_busy *b = ctx;

    b->inner.ops->read_end(b->inner.ctx, read);
}

/* A block that is durable while its state cannot be read: the chain's memory is behind its store, and says so for good.
 * Were that a passing failure, the same block would be tried again, upon itself. */
static void
test_chain__committed_unread(void **unused)
{
    static const struct fwl_storage_ops ops = {
        .commit = busy_commit, .read_begin = busy_read_begin, .read_end = busy_read_end};
    struct world *w = help_world_new(false, 16);
    struct help_chain *a = help_chain_new(w);
    struct help_busy busy = {.inner = fwl_memstore_storage(a->store)};
    struct fwl_span body;

    (void)unused;
    a->storage = (struct fwl_storage){.ops = &ops, .ctx = &busy};
    assert_int_equal(help_reopen(a), FWL_OK);
    help_add(a, 1, 0);
    body = help_build(a, 0, 10, false);
    busy.reads = 1; /* before the commit: it passes */
    assert_int_equal(help_commit(a, body), FWL_ERR_BUSY);
    busy.reads = 3; /* behind it: the second before it was for executing the block that was built */
    assert_int_equal(help_commit(a, body), FWL_ERR_STORAGE);
    assert_int_equal(help_reopen(a), FWL_OK);
    assert_int_equal(fwl_chain_tip(a->chain)->header.height, 1);
    help_chain_free(a);
    free(w);
}

/* Another node executes the stored bytes of 200 blocks: equal roots; opened again, the same tip. */
static void
test_chain__replay(void **unused)
{
    static uint8_t object[FWL_BLOCK_MAX_MIN];
    struct world *w = help_world_new(false, 16);
    struct help_chain *a = help_chain_new(w);
    struct help_chain *b = help_chain_new(w);
    uint32_t number = 0;

    (void)unused;
    for (uint64_t height = 1; height <= 200; height++) {
        for (uint64_t i = 0; i < height % 4; i++) {
            number++;
            help_add(a, number % 60, number % 3 == 0 ? FWL_ROLE_ADVISOR : 0);
        }
        assert_int_equal(help_commit(a, help_build(a, (uint32_t)height % 3, 700, true)), FWL_OK);
    }
    for (uint64_t height = 1; height <= 200; height++) {
        uint8_t key[8];
        size_t head = 0;
        size_t rest = 0;

        fwl_store_be64(key, height);
        assert_int_equal(help_get(a, object, sizeof(object), &head, FWL_SPACE_HDR, fwl_span(key, 8)), FWL_OK);
        assert_int_equal(help_get(a, object + head, sizeof(object) - head, &rest, FWL_SPACE_BLK, fwl_span(key, 8)),
                         FWL_OK);
        assert_int_equal(help_commit(b, fwl_span(object, head + rest)), FWL_OK);
    }
    assert_true(fwl_hash32_equal(&fwl_chain_tip(a->chain)->hash, &fwl_chain_tip(b->chain)->hash));
    assert_true(fwl_chain_tip(b->chain)->header.log_size > 250);
    fwl_memstore_crash(b->store);
    assert_int_equal(help_reopen(b), FWL_OK);
    assert_int_equal(fwl_chain_tip(b->chain)->header.height, 200);
    assert_true(fwl_hash32_equal(&fwl_chain_tip(a->chain)->hash, &fwl_chain_tip(b->chain)->hash));
    help_chain_free(a);
    help_chain_free(b);
    free(w);
}

/* ---- values by hash ---- */

static bool
has_value(const struct help_chain *h, const struct fwl_hash32 *hash)
{
    uint8_t key[33] = {1};
    uint8_t value[4096];
    size_t size = 0;

    memcpy(key + 1, hash->b, 32);
    return help_get(h, value, sizeof(value), &size, FWL_SPACE_VAL, fwl_span(key, sizeof(key))) == FWL_OK;
}

static void
value_hash(const struct help_chain *h, struct fwl_hash32 *out, const char *id)
{
    uint8_t key[FWL_KV_KEY_MAX];
    uint8_t value[4096];
    size_t size = 0;

    assert_int_equal(help_get(h, value, sizeof(value), &size, FWL_SPACE_KV,
                              fwl_state_key(key, sizeof(key), FWL_TABLE_PARTICIPANT, fwl_span_text(id))),
                     FWL_OK);
    fwl_tree_value_hash(out, fwl_span(value, size));
}

static void
test_chain__values(void **unused)
{
    struct world *w = help_world_new(false, 16);
    struct help_chain *a = help_chain_new(w);
    struct fwl_hash32 first;
    struct fwl_hash32 second;
    struct fwl_hash32 shared;

    (void)unused;
    help_add(a, 1, 0);
    help_add(a, 2, 0);
    assert_int_equal(help_commit(a, help_build(a, 0, 10, false)), FWL_OK);
    value_hash(a, &first, "p1");
    value_hash(a, &shared, "p2");
    assert_true(fwl_hash32_equal(&first, &shared)); /* one value in two entries */
    assert_true(has_value(a, &first));
    help_add(a, 1, FWL_ROLE_ADVISOR);
    assert_int_equal(help_commit(a, help_build(a, 0, 10, false)), FWL_OK);
    value_hash(a, &second, "p1");
    assert_true(has_value(a, &second));
    assert_true(has_value(a, &first)); /* p2 has it still */
    assert_int_equal(help_commit(a, help_build(a, 0, 90000000, true)), FWL_OK);
    assert_true(has_value(a, &first)); /* and keeps it a day later */
    help_add(a, 2, FWL_ROLE_ADVISOR);
    assert_int_equal(help_commit(a, help_build(a, 0, 10, false)), FWL_OK);
    assert_true(has_value(a, &first)); /* replaced, kept for a day */
    assert_int_equal(help_commit(a, help_build(a, 0, 86400000 - 1, true)), FWL_OK);
    assert_true(has_value(a, &first));
    assert_int_equal(help_commit(a, help_build(a, 0, HELP_BEAT, true)), FWL_OK);
    assert_false(has_value(a, &first));
    assert_true(has_value(a, &second));
    help_chain_free(a);
    free(w);
}

/* Replaced, used again and replaced again: the day counts from the last time. */
static void
test_chain__value_replaced_twice(void **unused)
{
    struct world *w = help_world_new(false, 16);
    struct help_chain *a = help_chain_new(w);
    struct fwl_hash32 first;

    (void)unused;
    help_add(a, 1, 0);
    assert_int_equal(help_commit(a, help_build(a, 0, 10, false)), FWL_OK);
    value_hash(a, &first, "p1");
    help_add(a, 1, FWL_ROLE_ADVISOR);
    assert_int_equal(help_commit(a, help_build(a, 0, 10, false)), FWL_OK);
    help_add(a, 2, 0);
    assert_int_equal(help_commit(a, help_build(a, 0, 80000000, false)), FWL_OK);
    help_add(a, 2, FWL_ROLE_ADVISOR);
    assert_int_equal(help_commit(a, help_build(a, 0, 10, false)), FWL_OK);
    assert_int_equal(help_commit(a, help_build(a, 0, 10000000, true)), FWL_OK); /* a day after the first time */
    assert_true(has_value(a, &first));
    assert_int_equal(help_commit(a, help_build(a, 0, 86400000 - 10000000 - 1, true)), FWL_OK);
    assert_true(has_value(a, &first));
    assert_int_equal(help_commit(a, help_build(a, 0, HELP_BEAT, true)), FWL_OK);
    assert_false(has_value(a, &first));
    help_chain_free(a);
    free(w);
}

/* ---- epochs ---- */

static void
test_chain__epoch_step(void **unused)
{
    static const uint8_t members[] = {0, 1, 2, 3, 4};
    struct world *w = help_world_new(true, 16);
    struct help_chain *a = help_chain_new(w);
    const struct fwl_chain_tip *tip = fwl_chain_tip(a->chain);
    uint8_t line[8192];
    uint8_t old[FWL_VALIDATORS_SIZE_MAX];
    uint8_t key[8] = {0};
    struct fwl_governors governors;
    struct fwl_epoch_step step;
    struct fwl_epoch_trusted trusted = {.chain_id = w->chain_id, .time_ms = WORLD_START_MS};
    size_t size = 0;
    size_t set = 0;

    (void)unused;
    help_add(a, 1, 0);
    assert_int_equal(help_commit(a, help_build(a, 0, 10, false)), FWL_OK);
    a->tx[0] = world_change(w, a->txs[0], members, 5, 1, 4, 1, &tip->hash, help_expires(a));
    a->count = 1;
    assert_int_equal(help_commit(a, help_build(a, 0, 10, false)), FWL_OK);
    assert_int_equal(tip->epoch, 1);
    assert_int_equal(tip->epoch_start, 3);
    assert_int_equal(tip->validators.n, 5);
    assert_int_equal(help_get(a, line, sizeof(line), &size, FWL_SPACE_SET, fwl_span(key, 8)), FWL_OK);
    set = fwl_load_be16(line + 8);
    assert_int_equal(set, FWL_VALIDATORS_SIZE(4));
    memcpy(old, line + 10, set);
    assert_int_equal(fwl_validators_decode(&trusted.validators, fwl_span(old, set)), FWL_OK);
    assert_int_equal(fwl_epoch_decode(&step, fwl_span(line + 10 + set, size - 10 - set), 4), FWL_OK);
    governors = step.governors;
    trusted.governors = governors;
    assert_int_equal(fwl_epoch_verify(&step, &trusted), FWL_OK);
    assert_int_equal(step.validators.n, 5);
    fwl_memstore_crash(a->store);
    assert_int_equal(help_reopen(a), FWL_OK);
    tip = fwl_chain_tip(a->chain);
    assert_int_equal(tip->epoch, 1);
    help_add(a, 2, 0);
    assert_int_equal(help_commit(a, help_build(a, 1, 10, false)), FWL_OK);
    assert_int_equal(tip->header.epoch, 1);
    help_chain_free(a);
    free(w);
}

/* ---- pruning ---- */

static bool
has(const struct help_chain *h, enum fwl_space space, uint64_t height)
{
    static uint8_t value[FWL_BLOCK_MAX_MIN];
    uint8_t key[8];
    size_t size = 0;

    fwl_store_be64(key, height);
    return help_get(h, value, sizeof(value), &size, space, fwl_span(key, sizeof(key))) == FWL_OK;
}

static void
test_chain__prune(void **unused)
{
    enum { HEIGHTS = 300 };
    static struct fwl_hash32 id[HEIGHTS + 2];
    struct world *w = help_world_new(false, 16);
    struct help_chain *h = help_chain_new(w);
    uint8_t place[12];
    size_t size = 0;
    uint64_t commits = 0;

    (void)unused;
    for (uint32_t height = 1; height <= HEIGHTS + 1; height++) {
        help_add(h, height % 50, height % 2 == 0 ? FWL_ROLE_ADVISOR : 0);
        world_txid(&id[height], h->tx[0]);
        if (height > HEIGHTS) {
            break;
        }
        assert_int_equal(help_commit(h, help_build(h, 0, 500, false)), FWL_OK);
    }
    assert_int_equal(fwl_chain_base(h->chain), 1);
    assert_int_equal(fwl_chain_prune(h->chain, 1), FWL_OK); /* nothing to do */
    fwl_memstore_fail(h->store, 1, FWL_MEMSTORE_FULL, false);
    assert_int_equal(fwl_chain_prune(h->chain, 290), FWL_ERR_FULL);
    assert_true(fwl_chain_base(h->chain) == 1 && has(h, FWL_SPACE_BLK, 0) && has(h, FWL_SPACE_FIN, 1));
    commits = fwl_memstore_commits(h->store);
    assert_int_equal(fwl_chain_prune(h->chain, 290), FWL_OK);
    assert_int_equal(fwl_memstore_commits(h->store), commits + 1);
    assert_int_equal(fwl_chain_base(h->chain), 1 + FWL_CHAIN_PRUNED_MAX);
    assert_int_equal(help_reopen(h), FWL_OK); /* and after a restart */
    assert_int_equal(fwl_chain_base(h->chain), 1 + FWL_CHAIN_PRUNED_MAX);
    assert_int_equal(fwl_chain_prune(h->chain, 290), FWL_OK);
    assert_int_equal(fwl_chain_prune(h->chain, 200), FWL_OK); /* never back */
    assert_int_equal(fwl_chain_base(h->chain), 290);
    for (uint64_t height = 0; height <= HEIGHTS; height++) {
        assert_true(has(h, FWL_SPACE_HDR, height));
        assert_int_equal(has(h, FWL_SPACE_BLK, height), height >= 290);
        assert_int_equal(has(h, FWL_SPACE_FIN, height), height >= 290);
        if (height > 0) {
            assert_int_equal(help_get(h, place, sizeof(place), &size, FWL_SPACE_TXID, fwl_hash32_span(&id[height])),
                             height >= 290 ? FWL_OK : FWL_ERR_ABSENT);
        }
    }
    help_add(h, 7, 0); /* and it goes on; a transaction that was forgotten is still known to have been there */
    assert_int_equal(help_commit(h, help_build(h, 0, 500, false)), FWL_OK);
    assert_int_equal(fwl_chain_tip(h->chain)->header.height, HEIGHTS + 1);
    assert_int_equal(fwl_chain_prune(h->chain, HEIGHTS + 1), FWL_OK); /* all but the tip */
    assert_int_equal(fwl_chain_base(h->chain), HEIGHTS + 1);
    help_add(h, 8, 0);
    assert_int_equal(help_commit(h, help_build(h, 0, 500, false)), FWL_OK);
    help_chain_free(h);
    free(w);
}

/* ---- a damaged store ---- */

/* Whichever bit of this entry is wrong: the store is not opened, and is when the bit is right again. */
static void
flip_each(struct help_chain *h, enum fwl_space space, struct fwl_span key)
{
    uint8_t bytes[FWL_HEADER_SIZE];
    size_t size = 0;

    assert_int_equal(help_get(h, bytes, sizeof(bytes), &size, space, key), FWL_OK);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        help_put(h, space, key, fwl_span(bytes, size));
        assert_int_equal(fwl_chain_open(h->chain, h->world->genesis), FWL_ERR_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    help_put(h, space, key, fwl_span(bytes, size));
    assert_int_equal(help_reopen(h), FWL_OK);
}

/* An older height is the worst of it: header, hash and set of that height are all there. */
static void
test_chain__damaged_tip(void **unused)
{
    struct world *w = help_world_new(false, 1);
    struct help_chain *h = help_chain_new(w);
    uint8_t key[8];

    (void)unused;
    for (uint64_t height = 1; height <= 3; height++) {
        if (height == 2) {
            help_add(h, 1, 0);
        }
        assert_int_equal(help_commit(h, help_build(h, 0, HELP_BEAT, true)), FWL_OK);
        fwl_store_be64(key, height);
        flip_each(h, FWL_SPACE_META, fwl_span_text("height"));
        flip_each(h, FWL_SPACE_HDR, fwl_span(key, sizeof(key)));
    }
    help_chain_free(h);
    free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain__own_block_is_checked),
        cmocka_unit_test(test_chain__valid_fields),
        cmocka_unit_test(test_chain__heartbeat),
        cmocka_unit_test(test_chain__leader),
        cmocka_unit_test(test_chain__leader_gone),
        cmocka_unit_test(test_chain__refused_candidates),
        cmocka_unit_test(test_chain__faults),
        cmocka_unit_test(test_chain__committed_unread),
        cmocka_unit_test(test_chain__replay),
        cmocka_unit_test(test_chain__values),
        cmocka_unit_test(test_chain__value_replaced_twice),
        cmocka_unit_test(test_chain__epoch_step),
        cmocka_unit_test(test_chain__prune),
        cmocka_unit_test(test_chain__damaged_tip),

    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
