/*
 * remote - a signer in a process of its own (fwledger-signer), asked over its socket. Zone H.
 *
 * Opening waits for the signer. Then the connection belongs to an event base: nothing waits any more, a request that is
 * under way is FWL_ERR_BUSY, and its answer is kept until it is asked for again. A signer that goes is dialled again;
 * what was under way is asked anew, and gives the same signature. A refusal is remembered for a second, so that a vote
 * that the signer does not sign costs a request a second and not one an event. The process ignores SIGPIPE.
 * Source: docs/spec/signer.md.
 */
#ifndef FWL_NODE_REMOTE_H
#define FWL_NODE_REMOTE_H

#include "core/host/log.h"
#include "node/signer.h"

struct event_base;

enum {
    FWL_REMOTE_PENDING_MAX = 64, /* requests that are under way or answered and not fetched; the oldest makes place */
    FWL_REMOTE_ANSWER_MS = 3000, /* a signer that takes longer is dialled again */
    FWL_REMOTE_REFUSED_MS = 1000,
};

/* Called from the event loop. */
struct fwl_remote_owner {
    void (*ready)(void *cookie); /* something may be signed now that could not be before */
    void (*taken)(void *cookie); /* the signer says that another node votes with the key: stop */
    void *cookie;
};

/**
 * fwl_remote_open - connect to the signer at @path, waiting up to @ms for it to be there.
 *
 * Owns:    keeps @path and @log. Ends with fwl_signer_close.
 * Fills:   @out; signing is FWL_ERR_BUSY until fwl_remote_attach.
 * Returns: FWL_OK
 *          FWL_ERR_NETWORK, FWL_ERR_TIMEOUT  there is none
 *          FWL_ERR_STATE   it refuses: it is for another chain, or has another protocol; the sentence has been logged
 *          FWL_ERR_LIMIT, FWL_ERR_MEMORY; codes 20..39 for an answer that is none
 */
FWL_NODISCARD enum fwl_err fwl_remote_open(struct fwl_signer *out, const char *path, const struct fwl_hash32 *chain_id,
                                           const struct fwl_log *log, int ms);

/** fwl_remote_claim - vote with the store that has @instance, after the tie was checked or renewed. FWL_OK;
 * FWL_ERR_CONFLICT another node votes with this key; the errors above. */
FWL_NODISCARD enum fwl_err fwl_remote_claim(const struct fwl_signer *signer, const struct fwl_instance *instance);

/** fwl_remote_attach - from here on over @base. FWL_OK, FWL_ERR_MEMORY. */
FWL_NODISCARD enum fwl_err fwl_remote_attach(const struct fwl_signer *signer, struct event_base *base,
                                             const struct fwl_remote_owner *owner);

struct fwl_remote_info {
    bool up;          /* connected and claimed */
    uint64_t refused; /* answers that were no signature */
};

/** fwl_remote_info - of a signer of fwl_remote_open. */
void fwl_remote_info(const struct fwl_signer *signer, struct fwl_remote_info *out);

#endif
