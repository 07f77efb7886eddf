/*
 * chain - a synthetic chain of four validators and five governors for tests of the light client, with real keys.
 *
 * The state is that of a world (tests/unit/policy) and some keys beside it; the tree and its proofs are made here by
 * the plainest recursion, which shares no code with ledger/merkle/build.
 */
#ifndef FWL_TESTS_UNIT_VERIFY_CHAIN_H
#define FWL_TESTS_UNIT_VERIFY_CHAIN_H

#include "../policy/world.h"
#include "client/verify/verify.h"
#include "core/host/keys.h"

enum {
    CHAIN_N = 4,
    CHAIN_GOVERNORS = 5,
    CHAIN_THRESHOLD = 3,
    CHAIN_SETS = 3, /* three sets of validators and of governors, to go from one to the next */
    CHAIN_LEAVES = 32,
};

#define CHAIN_TIME UINT64_C(1800000000000) /* of the anchor */

struct chain_leaf {
    struct fwl_hash32 key;
    struct fwl_hash32 value;
};

struct chain {
    struct world *w;
    struct fwl_secret validators[CHAIN_SETS][CHAIN_N];        /* ascending by public key */
    struct fwl_secret governors[CHAIN_SETS][CHAIN_GOVERNORS]; /* ascending by point */
    struct fwl_secret author;
    struct fwl_key author_key;
    uint8_t keys[CHAIN_SETS][32 * CHAIN_N];
    uint8_t points[CHAIN_SETS][33 * CHAIN_GOVERNORS];
    struct fwl_validators validator_sets[CHAIN_SETS];
    struct fwl_governors governor_sets[CHAIN_SETS];
    struct fwl_anchor anchor; /* sets 0, epoch 5, height 100 */
    struct fwl_header tip;    /* what the next answer carries; change it as a test likes */
    unsigned signers;         /* index of the validators that sign it */
    struct fwl_span steps;    /* of the next answer */
    uint16_t step_count;
    bool more;
    struct chain_leaf leaves[CHAIN_LEAVES];
    size_t leaf_count;
    struct fwl_span values[FWL_BUNDLE_VALUES_MAX]; /* of the next bundle, in its order */
    uint16_t value_count;
};

/* chain_new - anchor at epoch 5, height 100; a tip 20 blocks later whose state is that of the world: a device of
 * acme/gw100/app that runs 1.0.0, and release 2.0.0 signed by the author. */
struct chain *chain_new(void);
void chain_free(struct chain *c);

/* chain_seal - entries of the world to values, leaves and state root. */
void chain_seal(struct chain *c);
/* chain_proof - a proof for any key. */
struct fwl_span chain_proof(struct chain *c, enum fwl_table table, struct fwl_span key);
/* chain_answer, chain_bundle - made of the tip, the steps, the world's three proofs and the values. */
struct fwl_span chain_answer(struct chain *c);
struct fwl_span chain_bundle(struct chain *c);
/* chain_cert - a FINAL certificate of @header by validators @set, short form. */
struct fwl_span chain_cert(struct chain *c, const struct fwl_header *header, unsigned set);
/* chain_sigs - bitmap and signatures of governors @set over @digest. */
struct fwl_span chain_sigs(struct chain *c, unsigned set, const struct fwl_hash32 *digest);

/* What to do wrong in an epoch step. */
struct chain_flaw {
    bool bad_quorum;     /* signed by the new validators instead of the old ones */
    bool bad_governors;  /* signed by a foreign key set */
    bool no_old;         /* new governors without the old ones' signatures */
    uint64_t epoch_more; /* skips an epoch */
    bool same_set;       /* no change */
    uint64_t lower;      /* height below the trusted one by this much */
    uint64_t at;         /* no flaw: at this height and the time of the tip */
};
/* chain_step - append the step to set @to (governors @governors) after @from; advances the tip's epoch. */
void chain_step(struct chain *c, unsigned from, unsigned to, unsigned governors_from, unsigned governors_to,
                struct chain_flaw flaw);

#endif
