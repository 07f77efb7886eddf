/*
 * tie - which store of votes belongs to a key: an id on both sides. Zone H.
 *
 * 16 random bytes stand in the store and beside the key. Beside a key file that is KEYFILE.instance; a key in a signer
 * of its own has the id in there. Whoever moves a key moves that along. When the two differ, or one is missing, what
 * the key has signed is not known in this store. Source: docs/spec/agreement.md "Lost or restored votes",
 * consensus.md 2.8.
 */
#ifndef FWL_SIGNER_HOST_TIE_H
#define FWL_SIGNER_HOST_TIE_H

#include "core/host/instance.h"
#include "ledger/kv/storage.h"

/* The key's side. Both return FWL_OK or what is documented for them where they are made. */
struct fwl_tie {
    enum fwl_err (*read)(void *ctx, struct fwl_instance *out);
    enum fwl_err (*write)(void *ctx, const struct fwl_instance *instance);
    void *ctx;
};

/** fwl_tie_file - the side of a key file: fwl_instance_read and fwl_instance_write. Keeps @key_path. */
struct fwl_tie fwl_tie_file(const char *key_path);

/**
 * fwl_tie_check - do store and key belong together?
 *
 * A key that is "new" and a store without an id are new: both are given one. The key's side comes first, so a crash
 * in between is reported as lost, never as new. A key without an id is not new: nobody knows where it voted.
 * Fills:   @lost: the id is missing on one side or differs.
 * Returns: FWL_OK; the errors of the store; those of @tie.
 */
FWL_NODISCARD enum fwl_err fwl_tie_check(bool *lost, const struct fwl_storage *votes, const struct fwl_tie *tie);

/** fwl_tie_renew - a new id on both sides, once it is durably noted that the votes were lost. Errors as above. */
FWL_NODISCARD enum fwl_err fwl_tie_renew(const struct fwl_storage *votes, const struct fwl_tie *tie);

/** fwl_tie_stored - the id in the store: FWL_INSTANCE_USED or FWL_INSTANCE_NONE. FWL_OK; the errors of the store. */
FWL_NODISCARD enum fwl_err fwl_tie_stored(struct fwl_instance *out, const struct fwl_storage *votes);

#endif
