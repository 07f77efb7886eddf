/*
 * waiters - requests that wait for what becomes of their transaction, by its id. Zone H. One thread.
 */
#ifndef FWL_NODE_WAITERS_H
#define FWL_NODE_WAITERS_H

#include "node/api.h"

enum {
    FWL_WAITERS_BUCKETS = 1024,
};

struct fwl_waiters {
    struct fwl_api_submission *buckets[FWL_WAITERS_BUCKETS];
    size_t count;
    size_t max;
};

/** fwl_waiters_init - empty, for at most @max requests. fwl_waiters_limit - another one; who waits already stays. */
void fwl_waiters_init(struct fwl_waiters *w, size_t max);
void fwl_waiters_limit(struct fwl_waiters *w, size_t max);

/** fwl_waiters_add - takes @s on FWL_OK; FWL_ERR_BUSY when there are max or more. Several may wait for one id. */
FWL_NODISCARD enum fwl_err fwl_waiters_add(struct fwl_waiters *w, struct fwl_api_submission *s);

/** fwl_waiters_take - all that wait for @txid, as a list over `next`, which the caller now owns; NULL for none. */
struct fwl_api_submission *fwl_waiters_take(struct fwl_waiters *w, const struct fwl_hash32 *txid);

/** fwl_waiters_remove - give @s back alone; false when it is not (any more) here. */
bool fwl_waiters_remove(struct fwl_waiters *w, const struct fwl_api_submission *s, const struct fwl_hash32 *txid);

/** fwl_waiters_expired - all whose transaction expired before @unix_s, as a list. UINT64_MAX takes all. */
struct fwl_api_submission *fwl_waiters_expired(struct fwl_waiters *w, uint64_t unix_s);

/** fwl_waiters_gone - all whose client has gone, as a list. */
struct fwl_api_submission *fwl_waiters_gone(struct fwl_waiters *w);

#endif
