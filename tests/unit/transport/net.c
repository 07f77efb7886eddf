#include "tests/unit/transport/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>

#include "p2p/transport/tls.h"

struct event_base *net_base;

int
net_setup(void **state)
{
    (void)state;
    net_base = event_base_new();
    return net_base == NULL;
}

int
net_teardown(void **state)
{
    (void)state;
    (void)event_base_loop(net_base, EVLOOP_NONBLOCK); /* libevent frees the last of its connections */
    event_base_free(net_base);
    return 0;
}

/* The owner. */

static enum fwl_transport_access
owner_access(void *cookie, const struct fwl_pubkey32 *key)
{
    (void)key;
    return ((struct node *)cookie)->access;
}

static enum fwl_err
owner_sign(void *cookie, struct fwl_sig64 *out, const struct fwl_hash32 *digest)
{
    fwl_schnorr_sign(out, &((struct node *)cookie)->secret, digest);
    return FWL_OK;
}

static uint64_t
owner_height(void *cookie)
{
    return ((struct node *)cookie)->height;
}

static void
owner_up(void *cookie, fwl_peer_id peer, const struct fwl_pubkey32 *key, uint64_t height, uint32_t features)
{
    struct node *n = cookie;

    (void)features;
    assert_int_not_equal(peer, 0);
    n->ups++;
    n->peer = peer;
    n->peer_key = *key;
    n->peer_height = height;
}

static enum fwl_transport_work
owner_frame(void *cookie, fwl_peer_id peer, enum fwl_frame_type type, struct fwl_span payload)
{
    struct node *n = cookie;

    assert_int_equal(peer, n->peer);
    n->frames[type]++;
    if (n->on_frame != NULL) {
        n->on_frame(n, type, payload);
    }
    return n->work;
}

static void
owner_down(void *cookie, fwl_peer_id peer, enum fwl_transport_reason reason)
{
    struct node *n = cookie;

    n->downs++;
    n->reason = reason;
    if (peer == n->peer) {
        n->peer = 0;
    }
}

void
net_node(struct node *n)
{
    *n = (struct node){.access = FWL_ACCESS_FOLLOWER, .height = 1};
    fwl_secret_generate(&n->secret, FWL_KEY_NODE);
    fwl_secret_xonly(&n->key, &n->secret);
    fwl_transport_config_init(&n->config);
    n->config.chain_id.b[0] = 7;
    n->config.node_key = n->key;
    n->config.redial_min_ms = 20;
    n->config.redial_max_ms = 100;
}

void
net_start(struct node *n)
{
    static const struct fwl_transport_owner owner = {
        .access = owner_access,
        .sign = owner_sign,
        .height = owner_height,
        .on_peer_up = owner_up,
        .on_frame = owner_frame,
        .on_peer_down = owner_down,
    };
    char address[32];

    assert_int_equal(fwl_transport_new(&n->host, net_base, &n->config, &owner, n), FWL_OK);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", n->port);
    assert_int_equal(fwl_transport_listen(n->host, address, &n->port), FWL_OK);
    assert_int_not_equal(n->port, 0);
}

void
net_stop(struct node *n)
{
    fwl_transport_free(n->host);
    n->host = NULL;
}

void
net_dial(struct node *from, const struct node *to)
{
    char address[32];

    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", to->port);
    assert_int_equal(fwl_transport_dial(from->host, &to->key, address), FWL_OK);
}

/* The loop. */

static void
on_late(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd;
    (void)what;
    *(bool *)cookie = true;
}

void
net_until(bool (*check)(void *cookie), void *cookie)
{
    struct timeval limit = {.tv_sec = 10};
    bool late = false;
    struct event *timer = evtimer_new(net_base, on_late, &late);

    assert_non_null(timer);
    assert_int_equal(evtimer_add(timer, &limit), 0);
    while (!check(cookie) && !late) {
        assert_int_equal(event_base_loop(net_base, EVLOOP_ONCE), 0);
    }
    event_free(timer);
    assert_false(late);
}

bool
net_is_up(void *node)
{
    return ((const struct node *)node)->peer != 0;
}

bool
net_is_down(void *node)
{
    const struct node *n = node;

    return n->downs > 0 && n->peer == 0;
}

struct fwl_transport_stats
net_stats(const struct node *n)
{
    struct fwl_transport_stats stats;

    fwl_transport_stats(n->host, &stats);
    return stats;
}

struct ended {
    const struct node *n;
    enum fwl_transport_reason reason;
    uint64_t count;
};

static bool
has_ended(void *cookie)
{
    const struct ended *e = cookie;

    return net_stats(e->n).ended[e->reason] >= e->count;
}

void
net_until_ended(struct node *n, enum fwl_transport_reason reason, uint64_t count)
{
    struct ended e = {n, reason, count};

    net_until(has_ended, &e);
}

/* Raw connections. */

static void
on_raw_event(struct bufferevent *bev, short what, void *cookie)
{
    struct raw *r = cookie;

    while (bufferevent_get_openssl_error(bev) != 0) {
    }
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        r->connected = true;
    } else {
        r->closed = true;
    }
}

static bool
raw_connected(void *raw)
{
    return ((const struct raw *)raw)->connected;
}

bool
net_raw_closed(void *raw)
{
    return ((const struct raw *)raw)->closed;
}

static void
raw_open(struct raw *r, int fd, enum bufferevent_ssl_state how)
{
    *r = (struct raw){.tls = fwl_tls_new()};
    assert_non_null(r->tls);
    fwl_secret_generate(&r->secret, FWL_KEY_NODE);
    fwl_secret_xonly(&r->key, &r->secret);
    r->bev = bufferevent_openssl_socket_new(net_base, fd, SSL_new(r->tls), how,
                                            BEV_OPT_DEFER_CALLBACKS | BEV_OPT_CLOSE_ON_FREE);
    assert_non_null(r->bev);
    bufferevent_setcb(r->bev, NULL, NULL, on_raw_event, r);
    (void)bufferevent_enable(r->bev, EV_READ | EV_WRITE);
}

void
net_raw_accept(struct raw *r, int fd)
{
    raw_open(r, fd, BUFFEREVENT_SSL_ACCEPTING);
}

void
net_raw_dial(struct raw *r, uint16_t port)
{
    int fd = net_connect(INADDR_LOOPBACK, port);

    assert_int_equal(evutil_make_socket_nonblocking(fd), 0);
    raw_open(r, fd, BUFFEREVENT_SSL_CONNECTING);
    net_until(raw_connected, r);
}

void
net_raw_write(struct raw *r, struct fwl_span bytes)
{
    assert_int_equal(bufferevent_write(r->bev, bytes.p, bytes.size), 0);
}

static void
raw_auth(struct raw *r, const struct node *to, enum fwl_message_role role, size_t bit)
{
    struct fwl_message_auth auth = {.proto = to->config.proto, .chain_id = to->config.chain_id, .role = role};
    uint8_t frame[FWL_FRAME_HEAD_SIZE + FWL_MESSAGE_AUTH_SIZE];
    struct fwl_hash32 exporter;
    struct fwl_hash32 digest;
    struct fwl_span bytes;
    struct fwl_writer w;

    auth.node_key = r->key;
    assert_int_equal(fwl_tls_exporter(&exporter, bufferevent_openssl_get_ssl(r->bev)), FWL_OK);
    fwl_message_auth_digest(&digest, &auth.chain_id, &exporter, role, &auth.node_key);
    fwl_schnorr_sign(&auth.sig, &r->secret, &digest);
    fwl_frame_head_encode(frame, FWL_FRAME_AUTH, FWL_MESSAGE_AUTH_SIZE);
    fwl_writer_init(&w, frame + FWL_FRAME_HEAD_SIZE, FWL_MESSAGE_AUTH_SIZE);
    fwl_message_auth_encode(&w, &auth);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    if (bit < 8 * (size_t)FWL_MESSAGE_AUTH_SIZE) {
        frame[FWL_FRAME_HEAD_SIZE + bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    net_raw_write(r, fwl_span(frame, sizeof(frame)));
}

void
net_raw_auth(struct raw *r, const struct node *to, enum fwl_message_role role)
{
    raw_auth(r, to, role, SIZE_MAX);
}

void
net_raw_auth_flipped(struct raw *r, const struct node *to, enum fwl_message_role role, size_t bit)
{
    raw_auth(r, to, role, bit);
}

void
net_raw_close(struct raw *r)
{
    bufferevent_free(r->bev);
    SSL_CTX_free(r->tls);
}

int
net_connect(uint32_t from_ip, uint16_t port)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(from_ip)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0); /* the kernel's backlog takes it */
    return fd;
}
