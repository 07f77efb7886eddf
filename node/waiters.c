#include "node/waiters.h"

void
fwl_waiters_init(struct fwl_waiters *w, size_t max)
{
    *w = (struct fwl_waiters){.max = max};
}

/* Transaction ids are hashes: any bits of them spread well, and a stranger who makes them collide pays for it alone. */
static struct fwl_api_submission **
bucket(struct fwl_waiters *w, const struct fwl_hash32 *txid)
{
    return &w->buckets[fwl_load_be32(txid->b) % FWL_WAITERS_BUCKETS];
}

enum fwl_err
fwl_waiters_add(struct fwl_waiters *w, struct fwl_api_submission *s)
{
    struct fwl_api_submission **at = bucket(w, &s->txid);

    if (w->count == w->max) {
        return FWL_ERR_BUSY;
    }
    s->next = *at;
    *at = s;
    w->count++;
    return FWL_OK;
}

/* From its place to the front of @taken. */
static void
move(struct fwl_waiters *w, struct fwl_api_submission **at, struct fwl_api_submission **taken)
{
    struct fwl_api_submission *s = *at;

    *at = s->next;
    s->next = *taken;
    *taken = s;
    w->count--;
}

struct fwl_api_submission *
fwl_waiters_take(struct fwl_waiters *w, const struct fwl_hash32 *txid)
{
    struct fwl_api_submission **at = bucket(w, txid);
    struct fwl_api_submission *taken = NULL;

    while (*at != NULL) {
        if (fwl_hash32_equal(&(*at)->txid, txid)) {
            move(w, at, &taken);
        } else {
            at = &(*at)->next;
        }
    }
    return taken;
}

bool
fwl_waiters_remove(struct fwl_waiters *w, const struct fwl_api_submission *s, const struct fwl_hash32 *txid)
{
    for (struct fwl_api_submission **at = bucket(w, txid); *at != NULL; at = &(*at)->next) {
        if (*at == s) {
            *at = s->next;
            w->count--;
            return true;
        }
    }
    return false;
}

struct fwl_api_submission *
fwl_waiters_expired(struct fwl_waiters *w, uint64_t unix_s)
{
    struct fwl_api_submission *taken = NULL;

    for (size_t i = 0; i < FWL_WAITERS_BUCKETS && w->count > 0; i++) {
        struct fwl_api_submission **at = &w->buckets[i];

        while (*at != NULL) {
            if ((*at)->expires_s < unix_s || unix_s == UINT64_MAX) {
                move(w, at, &taken);
            } else {
                at = &(*at)->next;
            }
        }
    }
    return taken;
}
