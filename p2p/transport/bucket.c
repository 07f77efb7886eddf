#include "p2p/transport/bucket.h"

static int64_t
full(const struct fwl_bucket *b)
{
    return (int64_t)b->rate * 1000;
}

static void
refill(struct fwl_bucket *b, uint64_t now_ms)
{
    uint64_t missing = (uint64_t)(full(b) - b->level);
    uint64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;

    b->at_ms = FWL_MAX(b->at_ms, now_ms);
    if (passed >= missing / b->rate + 1) {
        b->level = full(b);
    } else {
        b->level += (int64_t)(passed * b->rate);
    }
    b->level = FWL_MIN(b->level, full(b));
}

void
fwl_bucket_init(struct fwl_bucket *b, uint32_t rate, uint64_t now_ms)
{
    FWL_ASSERT(rate > 0);
    *b = (struct fwl_bucket){.level = (int64_t)rate * 1000, .at_ms = now_ms, .rate = rate};
}

void
fwl_bucket_take(struct fwl_bucket *b, uint32_t count, uint64_t now_ms)
{
    refill(b, now_ms);
    b->level -= (int64_t)count * 1000;
    b->level = FWL_MAX(b->level, -(INT64_MAX / 4));
}

uint64_t
fwl_bucket_wait_ms(struct fwl_bucket *b, uint64_t now_ms)
{
    refill(b, now_ms);
    return b->level >= 0 ? 0 : ((uint64_t)-b->level + b->rate - 1) / b->rate;
}
