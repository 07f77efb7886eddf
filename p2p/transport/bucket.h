/*
 * bucket - a token bucket that may go below zero. Zone H, but without a clock of its own.
 *
 * It holds at most one second's worth. What is taken is always given; whoever is below zero waits until it is made
 * up, so one large frame passes and is paid for afterwards.
 */
#ifndef FWL_P2P_TRANSPORT_BUCKET_H
#define FWL_P2P_TRANSPORT_BUCKET_H

#include "core/base.h"

struct fwl_bucket {
    int64_t level;  /* thousandths of a token */
    uint64_t at_ms; /* when level was right */
    uint32_t rate;  /* tokens a second, > 0 */
};

/** fwl_bucket_init - a full bucket of @rate tokens a second, > 0 (FWL_ASSERT). */
void fwl_bucket_init(struct fwl_bucket *b, uint32_t rate, uint64_t now_ms);

/** fwl_bucket_take - take @count tokens; the debt is bounded by INT64_MAX / 4 thousandths. */
void fwl_bucket_take(struct fwl_bucket *b, uint32_t count, uint64_t now_ms);

/** fwl_bucket_wait_ms - how long until the level is not negative; 0 when it is not. */
uint64_t fwl_bucket_wait_ms(struct fwl_bucket *b, uint64_t now_ms);

#endif
