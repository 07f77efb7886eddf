/* Dialling the configured peers; names are resolved without blocking the loop. */
#include <stdio.h>
#include <string.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "core/host/heap.h"
#include "node/node_part.h"

enum {
    ADDRESS_ROOM = FWL_CONFIG_HOST_MAX + 16,
};

static enum fwl_err
dial(struct fwl_node *n, const struct fwl_config_peer *peer, const char *host)
{
    char address[ADDRESS_ROOM];

    (void)snprintf(address, sizeof(address), strchr(host, ':') == NULL ? "%s:%u" : "[%s]:%u", host, peer->address.port);
    return fwl_transport_dial(n->transport, &peer->node_key, address);
}

/* A peer with a name: it is asked for now and then. One that is not configured any more goes with its answer. */
struct fwl_node_named {
    struct fwl_node *node;
    struct fwl_config_peer peer;
    bool asking;
    bool gone;
    struct fwl_node_named *next;
};

/* Frees those that are gone and are not waited for; at the end @all. */
static void
sweep(struct fwl_node *n, bool all)
{
    struct fwl_node_named **at = &n->named;

    while (*at != NULL) {
        struct fwl_node_named *named = *at;

        if (all || (named->gone && !named->asking)) {
            *at = named->next;
            fwl_free(named);
        } else {
            at = &named->next;
        }
    }
}

static void
dial_found(const struct fwl_node_named *named, const struct evutil_addrinfo *found)
{
    char host[FWL_CONFIG_HOST_MAX];
    const void *address = NULL;

    if (found->ai_family == AF_INET6) {
        address = &((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_addr;
    } else {
        address = &((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr;
    }
    if (evutil_inet_ntop(found->ai_family, address, host, sizeof(host)) == NULL ||
        dial(named->node, &named->peer, host) != FWL_OK) {
        fwl_log(named->node->log, FWL_LOG_UNUSUAL, "node", "a peer cannot be dialled", "host=%s",
                named->peer.address.host);
    }
}

static void
on_resolved(int result, struct evutil_addrinfo *found, void *cookie)
{
    struct fwl_node_named *named = cookie;
    struct fwl_node *n = named->node;

    named->asking = false;
    if (result == EVUTIL_EAI_CANCEL) {
        return;
    }
    if (!named->gone && (result != 0 || found == NULL)) {
        fwl_log(n->log, FWL_LOG_UNUSUAL, "node", "the name of a peer does not resolve", "host=%s",
                named->peer.address.host);
    } else if (!named->gone) {
        dial_found(named, found);
    }
    if (found != NULL) {
        evutil_freeaddrinfo(found);
    }
}

void
fwl_peers_resolve(struct fwl_node *n)
{
    const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

    sweep(n, false);
    for (struct fwl_node_named *named = n->named; named != NULL; named = named->next) {
        if (!named->asking && !named->gone) {
            named->asking = true;
            (void)evdns_getaddrinfo(n->dns, named->peer.address.host, NULL, &hints, on_resolved, named);
        }
    }
}

static bool
same_peer(const struct fwl_config_peer *a, const struct fwl_config_peer *b)
{
    return memcmp(a->node_key.b, b->node_key.b, sizeof(a->node_key.b)) == 0 && a->dial == b->dial &&
           a->address.port == b->address.port && strcmp(a->address.host, b->address.host) == 0;
}

static enum fwl_err
name(struct fwl_node *n, const struct fwl_config_peer *peer)
{
    struct fwl_node_named *named = fwl_calloc(1, sizeof(*named));

    if (n->dns == NULL) {
        n->dns = evdns_base_new(n->base, EVDNS_BASE_INITIALIZE_NAMESERVERS);
    }
    if (n->dns == NULL || named == NULL) {
        fwl_free(named);
        return n->dns == NULL ? FWL_ERR_NETWORK : FWL_ERR_MEMORY;
    }
    *named = (struct fwl_node_named){.node = n, .peer = *peer, .next = n->named};
    n->named = named;
    return FWL_OK;
}

bool
fwl_peers_has_own(const struct fwl_node *n, const struct fwl_config *config)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        if (memcmp(config->peers[i].node_key.b, n->node_key.b, sizeof(n->node_key.b)) == 0) {
            return true;
        }
    }
    return false;
}

enum fwl_err
fwl_peers_dial(struct fwl_node *n)
{
    enum fwl_err first = FWL_OK;

    if (fwl_peers_has_own(n, n->config)) {
        return FWL_ERR_ARG;
    }
    for (size_t i = 0; i < n->config->peer_count; i++) {
        const struct fwl_config_peer *peer = &n->config->peers[i];
        enum fwl_err err = FWL_OK;

        if (!peer->dial) {
            continue;
        }
        err = dial(n, peer, peer->address.host);
        if (err == FWL_ERR_ARG) { /* no numeric address */
            err = name(n, peer);
        }
        first = first == FWL_OK ? err : first;
    }
    fwl_peers_resolve(n);
    return first;
}

enum fwl_err
fwl_peers_change(struct fwl_node *n, const struct fwl_config *next)
{
    enum fwl_err err = FWL_OK;

    for (struct fwl_node_named *named = n->named; named != NULL; named = named->next) {
        named->gone = true; /* those that stay are asked for at once */
    }
    for (size_t i = 0; i < n->config->peer_count; i++) {
        const struct fwl_config_peer *old = &n->config->peers[i];
        size_t at = 0;

        while (at < next->peer_count && !same_peer(old, &next->peers[at])) {
            at++;
        }
        if (old->dial && at == next->peer_count) {
            fwl_transport_undial(n->transport, &old->node_key);
        }
    }
    memcpy(n->config->peers, next->peers, sizeof(next->peers));
    n->config->peer_count = next->peer_count;
    n->config->accept_anyone = next->accept_anyone;
    err = fwl_peers_dial(n);
    fwl_transport_recheck(n->transport);
    return err;
}

void
fwl_peers_close(struct fwl_node *n)
{
    if (n->dns != NULL) {
        evdns_base_free(n->dns, 1);
        (void)event_base_loop(n->base, EVLOOP_NONBLOCK); /* runs the callbacks of cancelled requests */
    }
    sweep(n, true);
}
