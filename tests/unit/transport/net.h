/* Real nodes and raw TLS clients on one event base, driven by events with a deadline. */
#ifndef FWL_TESTS_UNIT_TRANSPORT_NET_H
#define FWL_TESTS_UNIT_TRANSPORT_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <openssl/ssl.h>

#include "core/host/keys.h"
#include "p2p/transport/transport.h"

struct bufferevent;

struct node {
    struct fwl_transport *host;
    struct fwl_transport_config config;
    struct fwl_secret secret;
    struct fwl_pubkey32 key;
    uint16_t port;
    enum fwl_transport_access access; /* answer for every key */
    enum fwl_transport_work work;     /* answer for every frame */
    uint64_t height;
    /* what was seen */
    uint32_t ups;
    uint32_t downs;
    fwl_peer_id peer; /* the last one up, 0 when it is down */
    struct fwl_pubkey32 peer_key;
    uint64_t peer_height;
    enum fwl_transport_reason reason;
    uint32_t frames[FWL_FRAME_TYPE_COUNT];
    void (*on_frame)(struct node *n, enum fwl_frame_type type, struct fwl_span payload);
};

/* A TLS connection without any manners. */
struct raw {
    struct bufferevent *bev;
    SSL_CTX *tls;
    bool connected;
    bool closed;
    struct fwl_secret secret;
    struct fwl_pubkey32 key;
};

extern struct event_base *net_base;

int net_setup(void **state);
int net_teardown(void **state);

/* A node with its own key; change n->config before net_start. */
void net_node(struct node *n);
void net_start(struct node *n); /* makes the host, listens on 127.0.0.1 */
void net_stop(struct node *n);
void net_dial(struct node *from, const struct node *to);

/* Run the loop until check(cookie) holds; fails the test after ten seconds. */
void net_until(bool (*check)(void *cookie), void *cookie);
bool net_is_up(void *node);
bool net_is_down(void *node); /* had a peer, has none */
/* Run until @n has ended @count connections for @reason. */
void net_until_ended(struct node *n, enum fwl_transport_reason reason, uint64_t count);
struct fwl_transport_stats net_stats(const struct node *n);

void net_raw_dial(struct raw *r, uint16_t port); /* returns when TLS is done */
void net_raw_accept(struct raw *r, int fd);      /* TLS goes on in the loop */
bool net_raw_closed(void *raw);
void net_raw_auth(struct raw *r, const struct node *to, enum fwl_message_role role);
/* The same with one bit of the payload flipped. */
void net_raw_auth_flipped(struct raw *r, const struct node *to, enum fwl_message_role role, size_t bit);
void net_raw_write(struct raw *r, struct fwl_span bytes);
void net_raw_close(struct raw *r);
int net_connect(uint32_t from_ip, uint16_t port); /* a plain socket, from an address of 127/8 */

#endif
