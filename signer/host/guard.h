/*
 * guard - a validator key that never signs two conflicting votes, whoever asks. Zone H.
 *
 * What was signed is a record a view, in the form that a node keeps too (p2p/consensus/rec.h), in a store of the kind
 * `votes`. It is durable before a signature leaves:
 *
 *   PROPOSE, NOTARIZE, FINALIZE   one hash a view each
 *   NULLIFY                       never where FINALIZE was signed, and the other way round
 *   the same vote again           the same signature, out of the record
 *
 * Records reach back FWL_GUARD_RETAIN heights behind the greatest that was signed; below that nothing is signed.
 *
 * One node votes at a time: the one that has claimed the key with the id of its own store of votes, until it goes. The
 * id stays, so a node with another store is told that the votes it has are not all that there were. Source:
 * docs/spec/signer.md (operations.md 6; agreement.md "Durable form").
 */
#ifndef FWL_SIGNER_HOST_GUARD_H
#define FWL_SIGNER_HOST_GUARD_H

#include "core/host/keys.h"
#include "ledger/kv/storage.h"
#include "signer/signing.h"

enum {
    FWL_GUARD_RETAIN = 1000, /* heights */
    FWL_GUARD_CLOCK_S = 10,  /* an attested time may differ so much from the own clock */
    FWL_GUARD_VIEWS = 65536, /* views a height that are signed: more cannot be honest (consensus.h views_max) */
};

/* One connection. Zeroed for a new one. */
struct fwl_guard_caller {
    bool greeted;
};

struct fwl_guard {
    struct fwl_storage votes;
    struct fwl_secret secret;
    int key_fd; /* nobody else on this machine signs with the key file; -1 */
    struct fwl_hash32 chain_id;
    struct fwl_pubkey32 key;
    uint64_t floor;                       /* nothing is signed below */
    uint64_t top;                         /* greatest height that was signed */
    const struct fwl_guard_caller *voter; /* who has claimed the key; NULL: nobody */
};

/**
 * fwl_guard_open - the key in @key_path with its memory in @votes.
 *
 * @resume_at: first height that may be signed although the memory is not the key's (lost, restored, or the key was used
 * without this guard before); 0: there is none, and such a memory is refused.
 * Owns:    keeps @votes. Ends with fwl_guard_close, also after an error.
 * Returns: FWL_OK
 *          as fwl_secret_load and fwl_secret_hold, and FWL_ERR_TYPE for a key of another kind
 *          FWL_ERR_CHAIN    the memory is of another chain or key
 *          FWL_ERR_CONFLICT the memory is not the key's, and @resume_at is 0
 *          FWL_ERR_CORRUPT  the memory or the file beside the key is damaged
 *          the errors of the store
 */
FWL_NODISCARD enum fwl_err fwl_guard_open(struct fwl_guard *out, const struct fwl_storage *votes, const char *key_path,
                                          const struct fwl_hash32 *chain_id, uint64_t resume_at);
/** fwl_guard_close - forget the secret. */
void fwl_guard_close(struct fwl_guard *guard);

/**
 * fwl_guard_answer - answer a request of @caller.
 *
 * HELLO comes first; VOTE and ATTEST only from who has claimed the key. @unix_ms is the own clock, for ATTEST.
 * Fills:   @answer: DONE and the result, or another code and a sentence.
 * Returns: FWL_OK when there is an answer; the error of the store when it is broken: then nothing may be answered any
 *          more.
 * Cost:    a commit for what is signed the first time.
 */
FWL_NODISCARD enum fwl_err fwl_guard_answer(struct fwl_guard *guard, struct fwl_guard_caller *caller,
                                            struct fwl_signing_answer *answer,
                                            const struct fwl_signing_request *request, uint64_t unix_ms);

/** fwl_guard_leave - @caller has gone, and its claim with it. */
void fwl_guard_leave(struct fwl_guard *guard, const struct fwl_guard_caller *caller);

#endif
