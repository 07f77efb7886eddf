#include "node/waiters.h"

void
fwl_waiters_init(struct fwl_waiters *w, size_t max)
{
    *w = (struct fwl_waiters){.max = max};
}

void
fwl_waiters_limit(struct fwl_waiters *w, size_t max)
{
    w->max = max;
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

    if (w->count >= w->max) {
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

/* All that @is says yes to. */
static struct fwl_api_submission *
take_those(struct fwl_waiters *w, bool (*is)(const struct fwl_api_submission *s, uint64_t unix_s), uint64_t unix_s)
{
    struct fwl_api_submission *taken = NULL;

    for (size_t i = 0; i < FWL_WAITERS_BUCKETS && w->count > 0; i++) {
        struct fwl_api_submission **at = &w->buckets[i];

        while (*at != NULL) {
            if (is(*at, unix_s)) {
                move(w, at, &taken);
            } else {
                at = &(*at)->next;
            }
        }
    }
    return taken;
}

static bool
is_expired(const struct fwl_api_submission *s, uint64_t unix_s)
{
    return s->expires_s < unix_s || unix_s == UINT64_MAX;
}

static bool
is_gone(const struct fwl_api_submission *s, uint64_t unix_s)
{
    (void)unix_s;
    return fwl_http_gone(s->answer);
}

struct fwl_api_submission *
fwl_waiters_expired(struct fwl_waiters *w, uint64_t unix_s)
{
    return take_those(w, is_expired, unix_s);
}

struct fwl_api_submission *
fwl_waiters_gone(struct fwl_waiters *w)
{
    return take_those(w, is_gone, 0);
}
