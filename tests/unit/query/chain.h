/*
 * chain - a small stored chain made by hand: heights 0 to 5, epoch 70, one of each entry. For tests.
 *
 * Participants acme (a publisher) and ops; vendor "acme"; class "acme/cam/os" with two live releases; fleet "ops/eu"
 * with a policy that has no rules; fleet "ops/bare" without one; sets of epochs 0..70 with one validator; block 1 has
 * two transactions and a value that was replaced is still there by its hash. Signatures are not real.
 */
#ifndef FWL_TESTS_UNIT_QUERY_CHAIN_H
#define FWL_TESTS_UNIT_QUERY_CHAIN_H

#include "ledger/model/entry.h"
#include "ledger/store/memstore.h"

enum {
    CHAIN_HEIGHT = 5,
    CHAIN_EPOCH = 70,
    CHAIN_RELEASES = 2,
    CHAIN_STEP = 100, /* bytes of each epoch step */
};

#define CHAIN_CLASS "acme/cam/os"
#define CHAIN_FLEET "ops/eu"
#define CHAIN_BARE  "ops/bare"

/* What was put into the store, for comparison. */
struct chain {
    struct fwl_memstore *store;
    struct fwl_hash32 chain_id;
    struct fwl_hash32 state_root;
    struct fwl_hash32 release_id[CHAIN_RELEASES];
    struct fwl_hash32 replaced; /* hash of the value "old" */
    struct fwl_hash32 txid;     /* at height 1, index 1 */
    struct fwl_pubkey32 validator;
};

/** chain_make - FWL_ASSERT on any failure. chain_free - its end. */
void chain_make(struct chain *c);
void chain_free(struct chain *c);

/** chain_put - one more commit: write @value (NULL deletes) under @key of @space. */
void chain_put(struct chain *c, enum fwl_space space, struct fwl_span key, struct fwl_span value);

/** chain_grow - the next block, empty and with a certificate. */
void chain_grow(struct chain *c);

#endif
