/*
 * signer - the validator key behind an interface, and the memory that belongs to it. Zone H.
 *
 * Consensus asks for signatures over digests only and never sees the secret, so that the key can move to another
 * process or machine. The file signer answers at once; another kind may answer FWL_ERR_BUSY and is asked again with
 * the next tick (fwl_consensus_sign).
 *
 * The instance id ties a votes store to its key: 16 random bytes in the store and in KEYFILE.instance beside the key.
 * Whoever moves a key moves that file with it. When the two differ, or one is missing, what the key has signed is not
 * known here, and the node does not vote until the others have told it where it is safe again.
 * Source: docs/spec/agreement.md "Lost or restored votes", consensus.md 2.8.
 */
#ifndef FWL_NODE_SIGNER_H
#define FWL_NODE_SIGNER_H

#include "core/host/keys.h"
#include "ledger/kv/storage.h"

struct fwl_signer {
    struct fwl_pubkey32 key; /* zeros: there is none, a follower */
    /** Sign @digest; FWL_OK, FWL_ERR_BUSY: not yet, anything else: refused. */
    enum fwl_err (*sign)(void *ctx, struct fwl_sig64 *out, const struct fwl_hash32 *digest);
    void (*close)(void *ctx);
    void *ctx;
};

/**
 * fwl_signer_open_file - the signer over a key file of kind "validator".
 *
 * Returns: FWL_OK; as fwl_secret_load; FWL_ERR_TYPE for a key of another kind; FWL_ERR_MEMORY. @out is a follower's
 *          then.
 */
FWL_NODISCARD enum fwl_err fwl_signer_open_file(struct fwl_signer *out, const char *path);

/** fwl_signer_sign - FWL_ERR_STATE for a follower. */
FWL_NODISCARD enum fwl_err fwl_signer_sign(const struct fwl_signer *signer, struct fwl_sig64 *out,
                                           const struct fwl_hash32 *digest);
/** fwl_signer_close - forget the secret; a follower again. */
void fwl_signer_close(struct fwl_signer *signer);

/**
 * fwl_signer_instance_check - do store and key belong together?
 *
 * A key whose file says "new" and a store without the id are new: both are given an id. The file comes first, so a
 * crash in between is reported as lost, never as new. A key without the file is not new: nobody knows where it voted.
 * Shape:   @votes: the store `votes`; @key_path: of the key file.
 * Fills:   @lost: the id is missing on one side or differs.
 * Returns: FWL_OK; FWL_ERR_CORRUPT for a file that is no instance file; the errors of the store; FWL_ERR_STORAGE when
 *          the file cannot be read or written.
 */
FWL_NODISCARD enum fwl_err fwl_signer_instance_check(bool *lost, const struct fwl_storage *votes, const char *key_path);

/** fwl_signer_instance_renew - a new id on both sides, once the engine has durably noted that the votes were lost. */
FWL_NODISCARD enum fwl_err fwl_signer_instance_renew(const struct fwl_storage *votes, const char *key_path);

#endif
