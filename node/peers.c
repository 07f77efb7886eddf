/* Dialling the configured peers; names are resolved without blocking the loop. */
#include <stdio.h>
#include <string.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

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

static void
on_resolved(int result, struct evutil_addrinfo *found, void *cookie)
{
    struct fwl_node_named *named = cookie;
    char host[FWL_CONFIG_HOST_MAX];
    const void *address = NULL;

    named->asking = false;
    if (result == EVUTIL_EAI_CANCEL) {
        return;
    }
    if (result != 0 || found == NULL) {
        fwl_log(named->node->log, FWL_LOG_UNUSUAL, "node", "the name of a peer does not resolve", "host=%s",
                named->peer->address.host);
        return;
    }
    if (found->ai_family == AF_INET6) {
        address = &((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_addr;
    } else {
        address = &((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr;
    }
    if (evutil_inet_ntop(found->ai_family, address, host, sizeof(host)) == NULL ||
        dial(named->node, named->peer, host) != FWL_OK) {
        fwl_log(named->node->log, FWL_LOG_UNUSUAL, "node", "a peer cannot be dialled", "host=%s",
                named->peer->address.host);
    }
    evutil_freeaddrinfo(found);
}

void
fwl_peers_resolve(struct fwl_node *n)
{
    const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

    for (size_t i = 0; i < n->named_count; i++) {
        struct fwl_node_named *named = &n->named[i];

        if (!named->asking) {
            named->asking = true;
            (void)evdns_getaddrinfo(n->dns, named->peer->address.host, NULL, &hints, on_resolved, named);
        }
    }
}

enum fwl_err
fwl_peers_dial(struct fwl_node *n)
{
    for (size_t i = 0; i < n->config->peer_count; i++) {
        const struct fwl_config_peer *peer = &n->config->peers[i];
        enum fwl_err err = FWL_OK;

        if (memcmp(peer->node_key.b, n->node_key.b, sizeof(n->node_key.b)) == 0) {
            return FWL_ERR_ARG;
        }
        if (!peer->dial) {
            continue;
        }
        err = dial(n, peer, peer->address.host);
        if (err == FWL_ERR_ARG) { /* no numeric address: a name */
            n->named[n->named_count++] = (struct fwl_node_named){.node = n, .peer = peer};
        } else if (err != FWL_OK) {
            return err;
        }
    }
    if (n->named_count > 0) {
        n->dns = evdns_base_new(n->base, EVDNS_BASE_INITIALIZE_NAMESERVERS);
        if (n->dns == NULL) {
            return FWL_ERR_NETWORK;
        }
        fwl_peers_resolve(n);
    }
    return FWL_OK;
}
