/*
 * proof - verification of state proofs (docs/spec/state-tree.md, consensus.md 3.4). Zone F.
 *
 * A proof says for ONE key that it is absent from the state under a root, or present with a value of a given hash.
 * There is one encoding for each statement. The value never travels in the proof: fetch it by its hash and ask
 * fwl_tree_value_check. Memory: one hash, whatever the size of the tree.
 */
#ifndef FWL_LEDGER_MERKLE_PROOF_H
#define FWL_LEDGER_MERKLE_PROOF_H

#include "ledger/merkle/tree.h"

/* stored: append only */
enum fwl_proof_kind {
    FWL_PROOF_PRESENT = 1,
    FWL_PROOF_ABSENT_EMPTY = 2, /* the key's place is an empty subtree */
    FWL_PROOF_ABSENT_OTHER = 3, /* the key's place is a subtree whose only leaf has another key */
};

/* What was proven; read only after FWL_OK. */
struct fwl_proven {
    bool present;
    struct fwl_hash32 value_hash; /* zeros when absent */
};

/**
 * fwl_proof_verify - what does @proof prove about (@table, @key) under @root?
 *
 * Fills:   @out; absent and zeros on failure, which is no statement about the key.
 * Returns: FWL_OK              read @out
 *          FWL_ERR_PROOF       it leads to another root, or names another leaf that is not in the key's place
 *          FWL_ERR_TRUNCATED, FWL_ERR_TRAILING
 *          FWL_ERR_UNKNOWN     a kind that does not exist
 *          FWL_ERR_FORM        padding bits set, a sibling listed that is empty, or the deepest sibling empty
 * Cost:    one hash a level, 255 at most; constant memory.
 */
FWL_NODISCARD enum fwl_err fwl_proof_verify(struct fwl_proven *out, const struct fwl_hash32 *root, uint8_t table,
                                            struct fwl_span key, struct fwl_span proof);

/** fwl_proof_verify_hash - the same for a key whose hash the caller has. */
FWL_NODISCARD enum fwl_err fwl_proof_verify_hash(struct fwl_proven *out, const struct fwl_hash32 *root,
                                                 const struct fwl_hash32 *key_hash, struct fwl_span proof);

/**
 * fwl_proof_size - length of the proof that @bytes begins with, for proofs laid one after the other.
 *
 * Returns: FWL_OK with @size; FWL_ERR_TRUNCATED, FWL_ERR_UNKNOWN. Nothing is verified.
 */
FWL_NODISCARD enum fwl_err fwl_proof_size(size_t *size, struct fwl_span bytes);

#endif
