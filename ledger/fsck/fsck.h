/*
 * fsck - is the store `chain` of a stopped node sound? Zone P.
 *
 * Nothing that is stored is believed: the genesis document gives the chain id and the first governors, each certificate
 * is verified under the set of its epoch and each set under the one before, transactions and headers are hashed into
 * their trees again, and each entry of the state is proven against the state root of the tip, which reads every record
 * of the state tree. Indexes are compared with what they index, in both directions. The first fault ends the check.
 *
 * What the indexes keep beyond the chain itself cannot be told from the tables alone: that a replaced value which
 * should still be reachable is gone, once the chain is older than a day, and that two wrong reference counts of `val`
 * cancel each other. fwl_fsck_replay finds these as well. Tables: docs/spec/storage.md.
 */
#ifndef FWL_LEDGER_FSCK_FSCK_H
#define FWL_LEDGER_FSCK_FSCK_H

#include "ledger/chain/chain.h"
#include "ledger/kv/kv.h"

/* The first thing that is wrong. */
struct fwl_fsck_fault {
    enum fwl_err err;     /* FWL_OK: nothing */
    enum fwl_space space; /* where; of a record that is missing: where it should be */
    bool has_height;
    uint64_t height; /* of the block that was being checked */
    uint8_t key[FWL_KV_KEY_MAX];
    size_t key_size;
    const char *what; /* a sentence; static */
};

/** How far the check is: @done of @total heights or records of @part; @total 0 when it is not known. */
typedef void (*fwl_fsck_progress)(void *cookie, const char *part, uint64_t done, uint64_t total);

struct fwl_fsck_config {
    fwl_fsck_progress progress; /* may be NULL */
    void *cookie;
};

/**
 * fwl_fsck_chain - check all tables.
 *
 * Fills:   @fault, always.
 * Returns: FWL_OK           sound
 *          FWL_ERR_CORRUPT  damaged: @fault says where
 *          FWL_ERR_ABSENT   there is no chain in the store yet
 *          other            a read failed (FWL_ERR_STORAGE); @fault says where
 * Cost:    one certificate and one pass over its bytes a block; a proof an entry. Memory does not grow with the store.
 */
FWL_NODISCARD enum fwl_err fwl_fsck_chain(const struct fwl_kv *kv, struct fwl_fsck_fault *fault,
                                          const struct fwl_fsck_config *config);

/**
 * fwl_fsck_execute - execute the blocks up to @to again, from genesis or from a snapshot.
 *
 * Shape:   @c is a chain above an empty store, or one that a snapshot of this chain was restored into; it is opened
 *          here. A tip that is not below @to stays. @body is working memory of FWL_BLOCK_MAX_MAX bytes.
 *          The verifier of @c decides about signatures of transactions.
 * Returns: FWL_OK
 *          FWL_ERR_STATE    with @fault: the store does not have all blocks from there on (pruned, or from a
 *                           snapshot itself)
 *          FWL_ERR_CORRUPT  with @fault: a block cannot be read, or has another result than its header says
 *          the errors of fwl_chain_open and fwl_chain_commit
 */
FWL_NODISCARD enum fwl_err fwl_fsck_execute(const struct fwl_kv *kv, struct fwl_chain *c, uint64_t to, uint8_t *body,
                                            struct fwl_fsck_fault *fault, const struct fwl_fsck_config *config);

/**
 * fwl_fsck_replay - execute every block again, from genesis, and compare all tables record by record.
 *
 * Shape:   @kv was found sound by fwl_fsck_chain; @scratch is the store below @c; the rest as for fwl_fsck_execute.
 * Returns: as fwl_fsck_chain, and the errors of fwl_chain_open.
 * Cost:    the store @scratch becomes as large as the checked one.
 */
FWL_NODISCARD enum fwl_err fwl_fsck_replay(const struct fwl_kv *kv, struct fwl_chain *c,
                                           const struct fwl_storage *scratch, uint8_t *body,
                                           struct fwl_fsck_fault *fault, const struct fwl_fsck_config *config);

#endif
