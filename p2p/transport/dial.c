#include "p2p/transport/dial.h"

#include <event2/event.h>

#include "core/host/clock.h"
#include "core/host/heap.h"
#include "core/host/keys.h"
#include "p2p/transport/address.h"

bool
fwl_dial_is_configured(const struct fwl_transport *host, const struct sockaddr *address)
{
    const struct fwl_link_dial *d = NULL;

    LIST_FOREACH(d, &host->dials, next)
    {
        if (fwl_address_same_host(address, &d->address)) {
            return true;
        }
    }
    return false;
}

static void
schedule(struct fwl_link_dial *d, uint64_t ms)
{
    struct timeval t = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

    if (evtimer_add(d->timer, &t) == 0) {
        d->timed = true;
    }
}

/* Half of the wait is fixed, half is drawn, so that nodes that lost each other do not dial in step. */
void
fwl_dial_again(struct fwl_link_dial *d)
{
    uint32_t random = 0;

    fwl_random(&random, sizeof(random));
    schedule(d, d->wait_ms / 2 + random % (d->wait_ms / 2 + 1));
    d->wait_ms = (uint32_t)FWL_MIN((uint64_t)d->wait_ms * 2, (uint64_t)d->host->config.redial_max_ms);
}

static void
on_dial(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_link_dial *d = cookie;
    uint64_t now = fwl_clock_mono_ms();
    uint64_t banned = fwl_bans_until(&d->host->bans, &d->key, now);

    (void)fd;
    (void)what;
    d->timed = false;
    if (d->link != NULL || fwl_link_find(d->host, &d->key) != NULL) {
        return; /* the end of that connection dials again */
    }
    if (banned != 0) {
        schedule(d, banned - now);
        return;
    }
    d->host->stats.dialled++;
    d->link = fwl_link_new(d->host, -1, d, (struct sockaddr *)&d->address, d->address_size);
    if (d->link == NULL) {
        fwl_dial_again(d);
    }
}

struct fwl_link_dial *
fwl_dial_find(const struct fwl_transport *host, const struct fwl_pubkey32 *key)
{
    struct fwl_link_dial *d = NULL;

    LIST_FOREACH(d, &host->dials, next)
    {
        if (memcmp(d->key.b, key->b, sizeof(key->b)) == 0) {
            return d;
        }
    }
    return NULL;
}

enum fwl_err
fwl_dial_start(struct fwl_transport *host, const struct fwl_pubkey32 *node_key, const char *address)
{
    struct fwl_link_dial *d = fwl_dial_find(host, node_key);
    struct sockaddr_storage parsed;
    int size = 0;

    if (!fwl_address_parse(&parsed, &size, address, false) ||
        memcmp(node_key->b, host->config.node_key.b, sizeof(node_key->b)) == 0) {
        return FWL_ERR_ARG;
    }
    if (d == NULL) {
        if (host->dial_count >= FWL_TRANSPORT_DIALS_MAX) {
            return FWL_ERR_LIMIT;
        }
        d = fwl_calloc(1, sizeof(*d));
        if (d == NULL) {
            return FWL_ERR_MEMORY;
        }
        d->timer = evtimer_new(host->base, on_dial, d);
        if (d->timer == NULL) {
            fwl_free(d);
            return FWL_ERR_MEMORY;
        }
        d->host = host;
        d->key = *node_key;
        LIST_INSERT_HEAD(&host->dials, d, next);
        host->dial_count++;
    }
    d->address = parsed;
    d->address_size = size;
    d->wait_ms = host->config.redial_min_ms;
    schedule(d, 0);
    return FWL_OK;
}

void
fwl_dial_free(struct fwl_link_dial *d)
{
    LIST_REMOVE(d, next);
    d->host->dial_count--;
    event_free(d->timer);
    fwl_free(d);
}

void
fwl_dial_stop(struct fwl_transport *host, const struct fwl_pubkey32 *node_key)
{
    struct fwl_link_dial *d = fwl_dial_find(host, node_key);

    if (d == NULL) {
        return;
    }
    if (d->link != NULL && !d->link->up) {
        fwl_link_doom(d->link, FWL_DOWN_OWNER);
    }
    if (d->link != NULL) {
        d->link->dial = NULL;
    }
    fwl_dial_free(d);
}
