#include "p2p/transport/bans.h"

void
fwl_bans_init(struct fwl_bans *bans, uint64_t first_ms, uint64_t max_ms)
{
    *bans = (struct fwl_bans){.first_ms = first_ms, .max_ms = max_ms};
}

static uint32_t
find(const struct fwl_bans *bans, const struct fwl_pubkey32 *key)
{
    uint32_t i = 0;

    while (i < bans->count && memcmp(bans->entries[i].key.b, key->b, sizeof(key->b)) != 0) {
        i++;
    }
    return i;
}

/* The place for a new entry: the end, or that of the ban that ends first. */
static uint32_t
place(struct fwl_bans *bans)
{
    uint32_t first = 0;

    if (bans->count < FWL_BANS_MAX) {
        return bans->count++;
    }
    for (uint32_t i = 1; i < bans->count; i++) {
        if (bans->entries[i].until_ms < bans->entries[first].until_ms) {
            first = i;
        }
    }
    return first;
}

uint64_t
fwl_bans_add(struct fwl_bans *bans, const struct fwl_pubkey32 *key, uint64_t now_ms)
{
    uint64_t length = bans->first_ms;
    uint32_t i = find(bans, key);

    if (i == bans->count) {
        i = place(bans);
    } else if (now_ms < bans->entries[i].until_ms + bans->max_ms) {
        length = FWL_MIN(2 * bans->entries[i].length_ms, bans->max_ms);
    }
    bans->entries[i].key = *key;
    bans->entries[i].length_ms = length;
    bans->entries[i].until_ms = now_ms + length;
    return bans->entries[i].until_ms;
}

uint64_t
fwl_bans_until(const struct fwl_bans *bans, const struct fwl_pubkey32 *key, uint64_t now_ms)
{
    uint32_t i = find(bans, key);

    return i < bans->count && bans->entries[i].until_ms > now_ms ? bans->entries[i].until_ms : 0;
}
