/*
 * bans - node keys that are not talked to for a while. Zone H, but without a clock of its own.
 *
 * Each ban of a key is twice as long as its last one, up to a maximum; a key that kept quiet for that maximum after
 * its ban starts afresh. The table is bounded: when it is full the ban that ends first gives way.
 */
#ifndef FWL_P2P_TRANSPORT_BANS_H
#define FWL_P2P_TRANSPORT_BANS_H

#include "core/span.h"

enum {
    FWL_BANS_MAX = 256,
};

struct fwl_bans {
    uint64_t first_ms;
    uint64_t max_ms;
    uint32_t count;
    struct {
        struct fwl_pubkey32 key;
        uint64_t until_ms;
        uint64_t length_ms; /* of the last ban */
    } entries[FWL_BANS_MAX];
};

/** fwl_bans_init - no bans; the first of a key takes @first_ms, none more than @max_ms. */
void fwl_bans_init(struct fwl_bans *bans, uint64_t first_ms, uint64_t max_ms);

/** fwl_bans_add - ban @key from @now_ms on; returns when it ends. */
uint64_t fwl_bans_add(struct fwl_bans *bans, const struct fwl_pubkey32 *key, uint64_t now_ms);

/** fwl_bans_until - when the ban of @key ends; 0 when it is not banned at @now_ms. */
uint64_t fwl_bans_until(const struct fwl_bans *bans, const struct fwl_pubkey32 *key, uint64_t now_ms);

#endif
