/*
 * signer - the validator key behind an interface. Zone H.
 *
 * Consensus asks for signatures over what it shows and never sees the secret. The file signer has the key in this
 * process and answers at once; a remote one (node/remote.h) answers FWL_ERR_BUSY and is asked again with the next tick
 * (fwl_consensus_sign). Either has the key's side of the tie to the store of votes.
 */
#ifndef FWL_NODE_SIGNER_H
#define FWL_NODE_SIGNER_H

#include "core/host/keys.h"
#include "signer/host/tie.h"
#include "signer/signing.h"

struct fwl_signer {
    struct fwl_pubkey32 key; /* zeros: there is none, a follower */
    /** Sign @digest, which is that of @request (VOTE or ATTEST; its id is ignored). FWL_OK, FWL_ERR_BUSY: not yet,
     * anything else: refused. */
    enum fwl_err (*sign)(void *ctx, struct fwl_sig64 *out, const struct fwl_signing_request *request,
                         const struct fwl_hash32 *digest);
    void (*close)(void *ctx);
    void *ctx;
    struct fwl_tie tie;
};

/**
 * fwl_signer_open_file - the signer over a key file of kind "validator".
 *
 * @hold: nobody else on this machine signs with that file until fwl_signer_close; false only to look whether it is
 * good. Owns:    keeps @path. Returns: FWL_OK; as fwl_secret_load; FWL_ERR_LOCKED as fwl_secret_hold; FWL_ERR_TYPE for
 * a key of another kind; FWL_ERR_MEMORY. @out is a follower's then.
 */
FWL_NODISCARD enum fwl_err fwl_signer_open_file(struct fwl_signer *out, const char *path, bool hold);

/** fwl_signer_sign - FWL_ERR_STATE for a follower. */
FWL_NODISCARD enum fwl_err fwl_signer_sign(const struct fwl_signer *signer, struct fwl_sig64 *out,
                                           const struct fwl_signing_request *request, const struct fwl_hash32 *digest);
/** fwl_signer_close - forget the secret, close the connection; a follower again. */
void fwl_signer_close(struct fwl_signer *signer);

#endif
