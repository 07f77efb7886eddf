#include "p2p/transport/transport.h"

#include <signal.h>

#include <event2/event.h>
#include <event2/listener.h>

#include "core/host/clock.h"
#include "core/host/heap.h"
#include "p2p/transport/address.h"
#include "p2p/transport/dial.h"

enum {
    BACKLOG = 128,
    LINKS_ID_BITS = 16, /* of an id name the place */
};

void
fwl_transport_config_init(struct fwl_transport_config *config)
{
    *config = (struct fwl_transport_config){
        .proto = FWL_PROTOCOL,
        .max_block = FWL_BLOCK_MAX_DEFAULT,
        .unauth_max = 64,
        .unauth_net_max = 4,
        .peers_max = 128,
        .auth_ms = 5000,
        .idle_ms = 30000,
        .tie_ms = 10000,
        .out_drop = 8U << 20,
        .out_urgent = 1U << 20,
        .in_queue_max = 256,
        .jobs_max = 64,
        .bodies_max = 2,
        .requests_s = 20,
        .attests_s = 10,
        .bytes_in_s = 8U << 20,
        .txs_s = 200,
        .redial_min_ms = 500,
        .redial_max_ms = 30000,
        .ban_ms = 600000,
        .ban_max_ms = 86400000,
    };
}

const char *
fwl_transport_reason_name(enum fwl_transport_reason reason)
{
    static const char *const names[FWL_DOWN_COUNT] = {
        [FWL_DOWN_CLOSED] = "closed",
        [FWL_DOWN_TLS] = "tls",
        [FWL_DOWN_AUTH_LATE] = "auth_late",
        [FWL_DOWN_AUTH] = "auth",
        [FWL_DOWN_WRONG_KEY] = "wrong_key",
        [FWL_DOWN_NOT_ALLOWED] = "not_allowed",
        [FWL_DOWN_BANNED] = "banned",
        [FWL_DOWN_FULL] = "full",
        [FWL_DOWN_DUPLICATE] = "duplicate",
        [FWL_DOWN_MALFORMED] = "malformed",
        [FWL_DOWN_MISBEHAVED] = "misbehaved",
        [FWL_DOWN_SLOW] = "slow",
        [FWL_DOWN_IDLE] = "idle",
        [FWL_DOWN_OWNER] = "owner",
        [FWL_DOWN_LOCAL] = "local",
    };

    return reason < FWL_DOWN_COUNT ? names[reason] : "unknown";
}

static struct fwl_link *
find_peer(const struct fwl_transport *host, fwl_peer_id peer)
{
    uint64_t place = peer & ((1U << LINKS_ID_BITS) - 1);
    struct fwl_link *l = place < host->link_max ? host->links[place] : NULL;

    return l != NULL && l->id == peer && l->up && !l->doomed ? l : NULL;
}

/* The end of connections. */

static void
reap(struct fwl_link *l)
{
    struct fwl_transport *host = l->host;
    enum fwl_transport_reason reason = l->reason;
    struct fwl_link_dial *d = l->dial != NULL ? l->dial : (l->up ? fwl_dial_find(host, &l->key) : NULL);
    uint64_t id = l->id;
    bool up = l->up;

    host->stats.ended[reason]++;
    fwl_log(host->config.log, up ? FWL_LOG_INFO : FWL_LOG_DEBUG, "transport", up ? "peer down" : "no peer",
            "peer=%s reason=%s", l->address, fwl_transport_reason_name(reason));
    if (l->dial != NULL) {
        l->dial->link = NULL;
    }
    fwl_link_free(l);
    if (d != NULL && d->link == NULL && !d->timed) {
        fwl_dial_again(d);
    }
    if (up) {
        host->owner.on_peer_down(host->cookie, id, reason);
    }
}

static void
on_reap(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_transport *host = cookie;

    (void)fd;
    (void)what;
    for (uint32_t i = 0; i < host->link_max; i++) {
        if (host->links[i] != NULL && host->links[i]->doomed) {
            reap(host->links[i]);
        }
    }
}

/* Admission. */

static uint32_t
count_strangers(const struct fwl_transport *host)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < host->link_max; i++) {
        const struct fwl_link *l = host->links[i];

        count += l != NULL && l->up && !l->doomed && !l->validator && l->dial == NULL;
    }
    return count;
}

/* Both dialled each other: the connection that the lower key dialled stays. Otherwise the newer one does. */
static bool
newer_stays(const struct fwl_link *newer, const struct fwl_link *older, const struct fwl_pubkey32 *key)
{
    const struct fwl_transport_config *config = &newer->host->config;
    bool we_are_lower = memcmp(config->node_key.b, key->b, sizeof(key->b)) < 0;

    if ((newer->dial != NULL) == (older->dial != NULL) || fwl_clock_mono_ms() - older->up_ms >= config->tie_ms) {
        return true;
    }
    return we_are_lower == (newer->dial != NULL);
}

bool
fwl_transport_admit(struct fwl_link *l, const struct fwl_pubkey32 *key)
{
    struct fwl_transport *host = l->host;
    enum fwl_transport_access access = host->owner.access(host->cookie, key);
    struct fwl_link *older = fwl_link_find(host, key);

    l->validator = access == FWL_ACCESS_VALIDATOR;
    if (access == FWL_ACCESS_REFUSED) {
        fwl_link_doom(l, FWL_DOWN_NOT_ALLOWED);
    } else if (!l->validator && fwl_bans_until(&host->bans, key, fwl_clock_mono_ms()) != 0) {
        fwl_link_doom(l, FWL_DOWN_BANNED);
    } else if (older != NULL && !newer_stays(l, older, key)) {
        fwl_link_doom(l, FWL_DOWN_DUPLICATE);
    } else if (older == NULL && !l->validator && l->dial == NULL && count_strangers(host) >= host->config.peers_max) {
        fwl_link_doom(l, FWL_DOWN_FULL);
    } else if (older != NULL) {
        fwl_link_doom(older, FWL_DOWN_DUPLICATE);
        reap(older); /* now, so that the owner sees the old one go before the new one comes */
    }
    return !l->doomed;
}

/* May one more connection wait for its AUTH? */
static bool
has_room(const struct fwl_transport *host, uint64_t network, bool exempt)
{
    uint32_t all = 0;
    uint32_t net = 0;

    for (uint32_t i = 0; i < host->link_max; i++) {
        const struct fwl_link *l = host->links[i];

        if (l != NULL && !l->up && l->dial == NULL && l->exempt == exempt) {
            all++;
            net += l->net == network;
        }
    }
    return all < host->config.unauth_max && (exempt || net < host->config.unauth_net_max);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size, void *cookie)
{
    struct fwl_transport *host = cookie;
    bool exempt = fwl_dial_is_configured(host, address);
    struct fwl_link *l = NULL;

    (void)listener;
    if (!has_room(host, fwl_address_network(address), exempt)) {
        host->stats.refused++;
        (void)evutil_closesocket(fd);
        return;
    }
    l = fwl_link_new(host, fd, NULL, address, size);
    if (l == NULL) {
        host->stats.refused++;
        return;
    }
    l->exempt = exempt;
    host->stats.accepted++;
}

static void
on_accept_error(struct evconnlistener *listener, void *cookie)
{
    struct fwl_transport *host = cookie;

    fwl_log(host->config.log, FWL_LOG_UNUSUAL, "transport", "cannot accept", "errno=%d", EVUTIL_SOCKET_ERROR());
    (void)evconnlistener_disable(listener); /* out of descriptors: the tick tries again */
}

enum fwl_err
fwl_transport_listen(struct fwl_transport *host, const char *address, uint16_t *port)
{
    struct sockaddr_storage parsed;
    socklen_t length = sizeof(parsed);
    int size = 0;

    if (!fwl_address_parse(&parsed, &size, address, true)) {
        return FWL_ERR_ARG;
    }
    if (host->listener != NULL) {
        return FWL_ERR_STATE;
    }
    host->listener = evconnlistener_new_bind(host->base, on_accept, host,
                                             LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
                                             (struct sockaddr *)&parsed, size);
    if (host->listener == NULL) {
        return FWL_ERR_NETWORK;
    }
    evconnlistener_set_error_cb(host->listener, on_accept_error);
    if (port != NULL) {
        if (getsockname(evconnlistener_get_fd(host->listener), (struct sockaddr *)&parsed, &length) != 0) {
            return FWL_ERR_NETWORK;
        }
        *port = fwl_address_port(&parsed);
    }
    return FWL_OK;
}

/* Time. */

static void
on_tick(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_transport *host = cookie;
    uint64_t now = fwl_clock_mono_ms();

    (void)fd;
    (void)what;
    if (host->listener != NULL) {
        (void)evconnlistener_enable(host->listener);
    }
    for (uint32_t i = 0; i < host->link_max; i++) {
        if (host->links[i] != NULL && host->links[i]->up && !host->links[i]->doomed) {
            fwl_link_tick(host->links[i], now);
        }
    }
}

/* Life. */

static bool
config_ok(const struct fwl_transport_config *c)
{
    uint64_t places = (uint64_t)c->unauth_max * 2 + c->peers_max;

    return c->max_block >= FWL_BLOCK_MAX_MIN && c->max_block <= FWL_BLOCK_MAX_MAX && c->unauth_max > 0 &&
           c->unauth_net_max > 0 && c->peers_max > 0 && places < 32768 && c->auth_ms > 0 && c->idle_ms > 0 &&
           c->out_drop > 0 && c->out_urgent > 0 && c->in_queue_max > 0 && c->jobs_max > 0 && c->bodies_max > 0 &&
           c->requests_s > 0 && c->attests_s > 0 && c->bytes_in_s > 0 && c->txs_s > 0 && c->redial_min_ms > 0 &&
           c->redial_max_ms >= c->redial_min_ms && c->ban_ms > 0 && c->ban_max_ms >= c->ban_ms;
}

static bool
start(struct fwl_transport *host)
{
    struct timeval second = {.tv_sec = 1};

    host->tls = fwl_tls_new();
    host->links = fwl_calloc(host->link_max, sizeof(struct fwl_link *));
    host->reaper = event_new(host->base, -1, EV_PERSIST, on_reap, host);
    host->tick = event_new(host->base, -1, EV_PERSIST, on_tick, host);
    return host->tls != NULL && host->links != NULL && host->reaper != NULL && host->tick != NULL &&
           event_add(host->tick, &second) == 0;
}

enum fwl_err
fwl_transport_new(struct fwl_transport **out, struct event_base *base, const struct fwl_transport_config *config,
                  const struct fwl_transport_owner *owner, void *cookie)
{
    struct fwl_transport *host = NULL;

    *out = NULL;
    if (!config_ok(config)) {
        return FWL_ERR_ARG;
    }
    host = fwl_calloc(1, sizeof(*host));
    if (host == NULL) {
        return FWL_ERR_MEMORY;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a peer's reset would end the process */
    host->base = base;
    host->config = *config;
    host->owner = *owner;
    host->cookie = cookie;
    host->link_max = config->unauth_max * 2 + config->peers_max + FWL_TRANSPORT_DIALS_MAX +
                     FWL_VALIDATORS_MAX * FWL_VALIDATOR_NODES_MAX;
    LIST_INIT(&host->dials);
    fwl_bans_init(&host->bans, config->ban_ms, config->ban_max_ms);
    if (!start(host)) {
        fwl_transport_free(host);
        return FWL_ERR_MEMORY;
    }
    *out = host;
    return FWL_OK;
}

void
fwl_transport_free(struct fwl_transport *host)
{
    if (host == NULL) {
        return;
    }
    for (uint32_t i = 0; host->links != NULL && i < host->link_max; i++) {
        if (host->links[i] != NULL) {
            fwl_link_free(host->links[i]);
        }
    }
    while (!LIST_EMPTY(&host->dials)) {
        fwl_dial_free(LIST_FIRST(&host->dials));
    }
    if (host->listener != NULL) {
        evconnlistener_free(host->listener);
    }
    if (host->tick != NULL) {
        event_free(host->tick);
    }
    if (host->reaper != NULL) {
        event_free(host->reaper);
    }
    SSL_CTX_free(host->tls);
    fwl_free(host->links);
    fwl_free(host);
}

/* For the owner. */

enum fwl_err
fwl_transport_dial(struct fwl_transport *host, const struct fwl_pubkey32 *node_key, const char *address)
{
    return fwl_dial_start(host, node_key, address);
}

void
fwl_transport_undial(struct fwl_transport *host, const struct fwl_pubkey32 *node_key)
{
    fwl_dial_stop(host, node_key);
}

enum fwl_err
fwl_transport_send(struct fwl_transport *host, fwl_peer_id peer, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_link *l = find_peer(host, peer);

    return l == NULL ? FWL_ERR_ABSENT : fwl_link_send(l, type, payload);
}

void
fwl_transport_broadcast(struct fwl_transport *host, fwl_peer_id except, enum fwl_frame_type type,
                        struct fwl_span payload)
{
    for (uint32_t i = 0; i < host->link_max; i++) {
        struct fwl_link *l = host->links[i];

        if (l != NULL && l->up && !l->doomed && l->id != except) {
            enum fwl_err err = fwl_link_send(l, type, payload);

            if (err == FWL_ERR_LIMIT) {
                fwl_log(host->config.log, FWL_LOG_BROKEN, "transport", "frame over its limit", "type=%s size=%zu",
                        fwl_frame_name(type), payload.size);
                return;
            }
        }
    }
}

enum fwl_err
fwl_transport_send_object(struct fwl_transport *host, fwl_peer_id peer, enum fwl_frame_type type,
                          const struct fwl_transport_source *source)
{
    struct fwl_link *l = find_peer(host, peer);

    return l == NULL ? FWL_ERR_ABSENT : fwl_link_send_object(l, type, source);
}

void
fwl_transport_done(struct fwl_transport *host, fwl_peer_id peer)
{
    struct fwl_link *l = find_peer(host, peer);

    if (l == NULL) {
        return;
    }
    FWL_ASSERT(l->queued > 0);
    l->queued--;
    if (l->paused && l->queued <= host->config.in_queue_max / 2) {
        fwl_link_wake(l);
    }
}

void
fwl_transport_charge(struct fwl_transport *host, fwl_peer_id peer, uint32_t count)
{
    struct fwl_link *l = find_peer(host, peer);

    if (l != NULL) {
        fwl_bucket_take(&l->buckets[FWL_LINK_TXS], count, fwl_clock_mono_ms());
        fwl_link_throttle(l);
    }
}

void
fwl_transport_misbehaved(struct fwl_transport *host, fwl_peer_id peer, enum fwl_transport_fault fault)
{
    struct fwl_link *l = find_peer(host, peer);

    if (l != NULL) {
        fwl_link_ban(l, fault == FWL_FAULT_MALFORMED ? FWL_DOWN_MALFORMED : FWL_DOWN_MISBEHAVED);
    }
}

void
fwl_transport_close(struct fwl_transport *host, fwl_peer_id peer)
{
    struct fwl_link *l = find_peer(host, peer);

    if (l != NULL) {
        fwl_link_doom(l, FWL_DOWN_OWNER);
    }
}

void
fwl_transport_recheck(struct fwl_transport *host)
{
    for (uint32_t i = 0; i < host->link_max; i++) {
        struct fwl_link *l = host->links[i];

        if (l != NULL && l->up && !l->doomed) {
            enum fwl_transport_access access = host->owner.access(host->cookie, &l->key);

            l->validator = access == FWL_ACCESS_VALIDATOR;
            if (access == FWL_ACCESS_REFUSED) {
                fwl_link_doom(l, FWL_DOWN_NOT_ALLOWED);
            }
        }
    }
}

void
fwl_transport_set_max_block(struct fwl_transport *host, uint32_t max_block)
{
    FWL_ASSERT(max_block >= FWL_BLOCK_MAX_MIN && max_block <= FWL_BLOCK_MAX_MAX);
    host->config.max_block = max_block;
}

void
fwl_transport_stats(const struct fwl_transport *host, struct fwl_transport_stats *out)
{
    *out = host->stats;
    for (uint32_t i = 0; i < host->link_max; i++) {
        const struct fwl_link *l = host->links[i];

        if (l != NULL && !l->doomed) {
            out->peers += l->up;
            out->pending += !l->up;
            out->pending_bytes += fwl_link_pending(l);
        }
    }
}

fwl_peer_id
fwl_transport_peer_next(const struct fwl_transport *host, fwl_peer_id peer)
{
    uint64_t place = peer == 0 ? 0 : (peer & ((1U << LINKS_ID_BITS) - 1)) + 1;

    for (; place < host->link_max; place++) {
        const struct fwl_link *l = host->links[place];

        if (l != NULL && l->up && !l->doomed) {
            return l->id;
        }
    }
    return 0;
}

enum fwl_err
fwl_transport_peer_info(const struct fwl_transport *host, fwl_peer_id peer, struct fwl_transport_peer_info *out)
{
    const struct fwl_link *l = find_peer(host, peer);

    *out = (struct fwl_transport_peer_info){0};
    if (l == NULL) {
        return FWL_ERR_ABSENT;
    }
    out->node_key = l->key;
    memcpy(out->address, l->address, sizeof(out->address));
    out->validator = l->validator;
    out->dialled = l->dial != NULL;
    out->pending_bytes = (uint32_t)fwl_link_pending(l);
    out->queued = l->queued;
    out->bytes_in = l->bytes_in;
    out->bytes_out = l->bytes_out;
    return FWL_OK;
}
