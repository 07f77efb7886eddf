/* A chain over a store in memory, with blocks of stand-in signatures. */
#ifndef FWL_TESTS_UNIT_CHAIN_HELP_H
#define FWL_TESTS_UNIT_CHAIN_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/chain/mempool.h"
#include "ledger/store/memstore.h"
#include "tests/sim/world.h"

enum { HELP_ARENA = 4 << 20, HELP_TXS = 16, HELP_BEAT = 10000 };

struct help_chain {
    struct world *world;
    struct fwl_memstore *store;
    struct fwl_storage storage; /* a test's, before it; zeros: none */
    struct fwl_chain *chain;
    void *memory;
    size_t size;
    uint8_t txs[HELP_TXS][WORLD_TX_ROOM]; /* candidates of the next block */
    struct fwl_span tx[HELP_TXS];
    size_t count, at, refused;
    struct fwl_state_refusal why;
};

static inline enum fwl_err
help_verify(void *cookie, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold, struct fwl_list new_keys,
            uint64_t new_threshold)
{
    return world_verify_tx(cookie, tx, keys, threshold, new_keys, new_threshold);
}

static inline enum fwl_err
help_verify_vote(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
                 const struct fwl_pubkey32 *key)
{
    return world_verify(cookie, sig, digest, key);
}

/* Opens the chain over its store, new or not. */
static inline enum fwl_err
help_reopen(struct help_chain *h)
{
    struct fwl_chain_config config = {.store = h->storage.ops == NULL ? fwl_memstore_storage(h->store) : h->storage,
                                      .verify = help_verify,
                                      .verify_vote = help_verify_vote,
                                      .verify_cookie = h->world,
                                      .arena_bytes = HELP_ARENA,
                                      .body_max = FWL_BLOCK_MAX_MIN};

    free(h->memory);
    h->size = fwl_chain_footprint(&config);
    h->memory = malloc(h->size);
    assert_non_null(h->memory);
    h->chain = fwl_chain_init(h->memory, h->size, &config);
    return fwl_chain_open(h->chain, h->world->genesis);
}

static inline struct help_chain *
help_chain_new(struct world *world)
{
    struct help_chain *h = calloc(1, sizeof(*h));

    assert_non_null(h);
    h->world = world;
    h->store = fwl_memstore_new();
    assert_non_null(h->store);
    assert_int_equal(help_reopen(h), FWL_OK);
    return h;
}

static inline void
help_chain_free(struct help_chain *h)
{
    fwl_memstore_free(h->store);
    free(h->memory);
    free(h);
}

static inline struct world *
help_world_new(bool real, uint64_t leader_term)
{
    struct world *w = calloc(1, sizeof(*w));
    struct fwl_params params;

    assert_non_null(w);
    fwl_params_default(&params);
    params.heartbeat_ms = HELP_BEAT;
    params.leader_term = leader_term;
    params.max_block = FWL_BLOCK_MAX_MIN;
    params.max_work = FWL_BLOCK_WORK_MIN;
    world_make(w, 4, real, &params);
    return w;
}

static inline uint64_t
help_expires(const struct help_chain *h)
{
    return fwl_chain_tip(h->chain)->header.time_ms / 1000 + 86400;
}

static inline void
help_add(struct help_chain *h, uint32_t number, uint64_t role)
{
    assert_true(h->count < HELP_TXS);
    h->tx[h->count] = world_put(h->world, h->txs[h->count], number, role, help_expires(h));
    h->count++;
}

static inline bool
help_next(void *cookie, struct fwl_span *tx)
{
    struct help_chain *h = cookie;

    if (h->at == h->count) {
        return false;
    }
    *tx = h->tx[h->at++];
    return true;
}

static inline void
help_refused(void *cookie, struct fwl_span tx, const struct fwl_state_refusal *why)
{
    struct help_chain *h = cookie;

    (void)tx;
    assert_int_not_equal(why->err, FWL_OK);
    h->refused++;
}

/* Builds a block of the candidates, @after_ms after the tip. Empties the list. */
static inline struct fwl_span
help_build(struct help_chain *h, uint32_t view, uint64_t after_ms, bool may_be_empty)
{
    const struct fwl_chain_tip *tip = fwl_chain_tip(h->chain);
    struct fwl_chain_candidates candidates = {.cookie = h, .next = help_next, .refused = help_refused};
    struct fwl_chain_proposal p = {.view = view,
                                   .proposer = fwl_chain_leader(tip, view),
                                   .time_ms = tip->header.time_ms + after_ms,
                                   .time_empty_ms = tip->header.time_ms + FWL_MAX(after_ms, (uint64_t)HELP_BEAT),
                                   .may_be_empty = may_be_empty};
    struct fwl_span body;

    h->at = h->refused = 0;
    assert_int_equal(fwl_chain_build(h->chain, &body, &p, &candidates), FWL_OK);
    h->count = 0;
    return body;
}

/* A FINAL certificate for @body by the quorum of the set that begins with @first; @buffer 4096. */
static inline struct fwl_cert
help_cert(const struct help_chain *h, uint8_t *buffer, struct fwl_span body, uint16_t first)
{
    const struct fwl_chain_tip *tip = fwl_chain_tip(h->chain);
    uint32_t q = fwl_validators_quorum(tip->validators.n);
    struct fwl_vote votes[WORLD_KEYS];
    const struct fwl_vote *pointers[WORLD_KEYS];
    struct fwl_cert cert;
    struct fwl_hash32 hash;

    fwl_header_hash_bytes(&hash, fwl_span(body.p, FWL_HEADER_SIZE));
    for (uint16_t i = 0; i < q; i++) {
        struct fwl_pubkey32 key;
        struct fwl_hash32 digest;

        votes[i] = (struct fwl_vote){.kind = FWL_VOTE_FINALIZE,
                                     .height = tip->header.height + 1,
                                     .block_hash = hash,
                                     .idx = (uint16_t)(first + i)};
        fwl_validators_key(&key, &tip->validators, votes[i].idx);
        fwl_vote_digest(&digest, &h->world->chain_id, FWL_VOTE_FINALIZE, votes[i].height, 0, &hash);
        world_sign(h->world, &votes[i].sig, world_number(h->world, &key), &digest);
        pointers[i] = &votes[i];
    }
    assert_int_equal(fwl_cert_make(&cert, buffer, 4096, tip->validators.n, pointers, q), FWL_OK);
    return cert;
}

static inline enum fwl_err
help_commit(struct help_chain *h, struct fwl_span body)
{
    uint8_t buffer[4096];
    struct fwl_cert cert = help_cert(h, buffer, body, 0);

    return fwl_chain_commit(h->chain, body, &cert);
}

/* A chain of the same world over another store, which it owns from now on. */
static inline struct help_chain *
help_over(const struct help_chain *chain, struct fwl_memstore *store)
{
    struct help_chain *h = calloc(1, sizeof(*h));

    assert_non_null(h);
    h->world = chain->world;
    h->store = store;
    assert_int_equal(help_reopen(h), FWL_OK);
    return h;
}

/* A copy of a value in the store; absent: size 0 and p NULL. */
static inline enum fwl_err
help_get(const struct help_chain *h, uint8_t *out, size_t room, size_t *size, enum fwl_space space, struct fwl_span key)
{
    struct fwl_storage storage = fwl_memstore_storage(h->store);
    struct fwl_read read;
    struct fwl_span value;
    enum fwl_err err = FWL_OK;

    assert_int_equal(fwl_read_begin(&storage, &read), FWL_OK);
    err = fwl_kv_get(&read.kv, &value, space, key);
    *size = value.size;
    if (err == FWL_OK) {
        assert_true(value.size <= room);
        memcpy(out, value.p, value.size);
    }
    fwl_read_end(&read);
    return err;
}

/* The store says @value at @key, whatever the chain thinks. */
static inline void
help_put(struct help_chain *h, enum fwl_space space, struct fwl_span key, struct fwl_span value)
{
    static uint8_t arena[1 << 16];
    struct fwl_storage storage = fwl_memstore_storage(h->store);
    struct fwl_overlay o;

    fwl_overlay_init(&o, NULL, arena, sizeof(arena));
    assert_int_equal(fwl_overlay_put(&o, space, key, value), FWL_OK);
    assert_int_equal(fwl_storage_commit(&storage, &o), FWL_OK);
}

#endif
