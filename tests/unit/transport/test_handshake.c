#include <netinet/in.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "core/host/descriptors.h"
#include "core/host/heap.h"
#include "tests/unit/transport/net.h"

static void
test_handshake__good(void **state)
{
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    a.height = 41;
    b.height = 17;
    net_start(&a);
    net_start(&b);
    net_dial(&b, &a);
    net_until(net_is_up, &a);
    net_until(net_is_up, &b);
    assert_memory_equal(a.peer_key.b, b.key.b, 32);
    assert_memory_equal(b.peer_key.b, a.key.b, 32);
    assert_int_equal(a.peer_height, 17);
    assert_int_equal(b.peer_height, 41);
    assert_int_equal(net_stats(&a).peers, 1);
    assert_int_equal(net_stats(&a).pending, 0);
    assert_int_equal(net_stats(&a).handshakes, 1);
    net_stop(&b);
    net_until(net_is_down, &a);
    assert_int_equal(a.reason, FWL_DOWN_CLOSED);
    net_stop(&a);
}

/* Two nodes of which one refuses the other for @reason; neither sees a peer that stays. */
static void
refused(struct node *a, struct node *b, struct node *who, enum fwl_transport_reason reason)
{
    net_until_ended(who, reason, 1);
    assert_int_equal(who->ups, 0);
    net_stop(a);
    net_stop(b);
}

static void
test_handshake__other_chain(void **state)
{
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    b.config.chain_id.b[0] ^= 1;
    net_start(&a);
    net_start(&b);
    net_dial(&b, &a);
    refused(&a, &b, &a, FWL_DOWN_AUTH);
}

static void
test_handshake__other_protocol(void **state)
{
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    b.config.proto++;
    net_start(&a);
    net_start(&b);
    net_dial(&b, &a);
    refused(&a, &b, &a, FWL_DOWN_AUTH);
}

static void
test_handshake__wrong_key_dialled(void **state)
{
    struct node a;
    struct node b;
    struct node other;

    (void)state;
    net_node(&a);
    net_node(&b);
    net_node(&other);
    net_start(&a);
    net_start(&b);
    other.port = a.port;
    net_dial(&b, &other);
    refused(&a, &b, &b, FWL_DOWN_WRONG_KEY);
}

static void
test_handshake__not_allowed(void **state)
{
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    a.access = FWL_ACCESS_REFUSED;
    net_start(&a);
    net_start(&b);
    net_dial(&b, &a);
    refused(&a, &b, &a, FWL_DOWN_NOT_ALLOWED);
}

static void
test_handshake__reflected_role(void **state)
{
    struct node a;
    struct raw r;

    (void)state;
    net_node(&a);
    net_start(&a);
    net_raw_dial(&r, a.port);
    net_raw_auth(&r, &a, FWL_ROLE_ACCEPTOR); /* well signed, but the role of the other side */
    net_until_ended(&a, FWL_DOWN_AUTH, 1);
    net_raw_close(&r);
    net_raw_dial(&r, a.port);
    net_raw_auth(&r, &a, FWL_ROLE_DIALER); /* the same with the right one */
    net_until(net_is_up, &a);
    net_raw_close(&r);
    net_until(net_is_down, &a);
    net_stop(&a);
}

static bool
has_auth(void *raw)
{
    const struct raw *r = raw;

    return evbuffer_get_length(bufferevent_get_input(r->bev)) >= FWL_FRAME_HEAD_SIZE + FWL_MESSAGE_AUTH_SIZE;
}

/* A node's own AUTH sent back to it. */
static void
test_handshake__reflected_auth(void **state)
{
    struct node a;
    struct raw r;

    (void)state;
    net_node(&a);
    net_start(&a);
    net_raw_dial(&r, a.port);
    net_until(has_auth, &r);
    assert_int_equal(bufferevent_write_buffer(r.bev, bufferevent_get_input(r.bev)), 0);
    net_until_ended(&a, FWL_DOWN_AUTH, 1);
    assert_int_equal(a.ups, 0);
    net_raw_close(&r);
    net_stop(&a);
}

static void
on_middle(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size, void *cookie)
{
    (void)listener;
    (void)address;
    (void)size;
    net_raw_accept(cookie, fd);
}

static bool
is_open(void *raw)
{
    return ((const struct raw *)raw)->bev != NULL && has_auth(raw);
}

/* Somebody between two honest nodes ends both TLS sessions and passes AUTH on: the exporters differ. */
static void
test_handshake__relayed_auth(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(any);
    struct evconnlistener *listener = NULL;
    struct raw to_b = {0};
    struct raw to_a = {0};
    struct node a;
    struct node b;
    struct node middle;

    (void)state;
    net_node(&a);
    net_node(&b);
    net_start(&a);
    net_start(&b);
    listener = evconnlistener_new_bind(net_base, on_middle, &to_b, LEV_OPT_CLOSE_ON_FREE, 1, (struct sockaddr *)&any,
                                       sizeof(any));
    assert_non_null(listener);
    assert_int_equal(getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&any, &size), 0);
    middle = a; /* b believes to dial a */
    middle.port = ntohs(any.sin_port);
    net_dial(&b, &middle);
    net_until(is_open, &to_b);
    (void)evconnlistener_disable(listener);
    net_raw_dial(&to_a, a.port);
    net_until(has_auth, &to_a);
    assert_int_equal(bufferevent_write_buffer(to_a.bev, bufferevent_get_input(to_b.bev)), 0);
    assert_int_equal(bufferevent_write_buffer(to_b.bev, bufferevent_get_input(to_a.bev)), 0);
    net_until_ended(&a, FWL_DOWN_AUTH, 1);
    net_until_ended(&b, FWL_DOWN_AUTH, 1);
    assert_int_equal(a.ups + b.ups, 0);
    net_raw_close(&to_a);
    net_raw_close(&to_b);
    evconnlistener_free(listener);
    net_stop(&a);
    net_stop(&b);
}

static void
test_handshake__frames_before_auth(void **state)
{
    uint8_t head[FWL_FRAME_HEAD_SIZE];
    struct node a;
    struct raw r;

    (void)state;
    net_node(&a);
    net_start(&a);
    for (unsigned type = 0; type <= FWL_FRAME_TYPE_COUNT; type++) {
        uint64_t before = net_stats(&a).ended[FWL_DOWN_AUTH];

        net_raw_dial(&r, a.port);
        fwl_frame_head_encode(head, (enum fwl_frame_type)type, type == FWL_FRAME_AUTH ? FWL_FRAME_AUTH_MAX + 1 : 0);
        net_raw_write(&r, fwl_span(head, sizeof(head)));
        net_until_ended(&a, FWL_DOWN_AUTH, before + 1);
        net_raw_close(&r);
    }
    assert_int_equal(a.ups, 0);
    net_stop(&a);
}

/* A good AUTH with one bit flipped in each byte; height and features alone are only protected by TLS. */
static void
test_handshake__flipped_auth(void **state)
{
    enum {
        HEIGHT_AT = 67,
        SIG_AT = 79,
    };
    uint64_t refused_count = 0;
    struct node a;
    struct raw r;

    (void)state;
    net_node(&a);
    net_start(&a);
    for (size_t byte = 0; byte < FWL_MESSAGE_AUTH_SIZE; byte++) {
        if (byte < HEIGHT_AT || byte >= SIG_AT) {
            net_raw_dial(&r, a.port);
            net_raw_auth_flipped(&r, &a, FWL_ROLE_DIALER, byte * 8 + byte % 8);
            net_until_ended(&a, FWL_DOWN_AUTH, ++refused_count);
            net_raw_close(&r);
        }
    }
    assert_int_equal(a.ups, 0);
    net_stop(&a);
}

static void
test_handshake__garbage_instead_of_tls(void **state)
{
    static const char garbage[] = "GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n";
    struct node a;
    struct node b;
    int fd = -1;

    (void)state;
    net_node(&a);
    net_node(&b);
    net_start(&a);
    net_start(&b);
    fd = net_connect(INADDR_LOOPBACK, a.port);
    assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
    net_until_ended(&a, FWL_DOWN_TLS, 1);
    (void)close(fd);
    net_dial(&b, &a); /* nothing stale is left in OpenSSL's error queue */
    net_until(net_is_up, &a);
    assert_int_equal(net_stats(&a).ended[FWL_DOWN_TLS], 1);
    net_stop(&a);
    net_stop(&b);
}

static void
test_handshake__late(void **state)
{
    struct node a;
    struct raw r;
    int fd = -1;

    (void)state;
    net_node(&a);
    a.config.auth_ms = 200;
    net_start(&a);
    fd = net_connect(INADDR_LOOPBACK, a.port); /* half-open: says nothing */
    net_raw_dial(&r, a.port);                  /* TLS, and then nothing */
    net_raw_write(&r, fwl_span("\0\0\0\217\1\1\0\0", 8));
    net_until_ended(&a, FWL_DOWN_AUTH_LATE, 2);
    net_until(net_raw_closed, &r);
    assert_int_equal(net_stats(&a).pending, 0);
    (void)close(fd);
    net_raw_close(&r);
    net_stop(&a);
}

static void
test_handshake__both_dial(void **state)
{
    struct fwl_transport_peer_info info;
    struct node a;
    struct node b;
    bool a_is_lower = false;

    (void)state;
    for (int round = 0; round < 8; round++) {
        net_node(&a);
        net_node(&b);
        net_start(&a);
        net_start(&b);
        a_is_lower = memcmp(a.key.b, b.key.b, 32) < 0;
        net_dial(&a, &b);
        net_dial(&b, &a);
        net_until(net_is_up, &a);
        net_until(net_is_up, &b);
        while (net_stats(&a).pending + net_stats(&b).pending > 0) {
            assert_int_equal(event_base_loop(net_base, EVLOOP_ONCE), 0);
        }
        net_until(net_is_up, &a);
        net_until(net_is_up, &b);
        assert_int_equal(net_stats(&a).peers, 1);
        assert_int_equal(net_stats(&b).peers, 1);
        assert_int_equal(fwl_transport_peer_info(a.host, a.peer, &info), FWL_OK);
        if (a.ups + b.ups > 2) { /* there was a tie */
            assert_int_equal(info.dialled, a_is_lower);
        }
        net_stop(&a);
        net_stop(&b);
    }
}

static bool
is_settled(void *cookie)
{
    const struct node *n = cookie;
    struct fwl_transport_stats stats = net_stats(n);

    return stats.accepted + stats.refused >= 1000;
}

/* A thousand connections that say nothing: the limit holds, and a configured peer still gets in. */
static void
test_handshake__flood(void **state)
{
    static int fds[1000];
    struct node a;
    struct node b;

    (void)state;
    for (int many_networks = 0; many_networks < 2; many_networks++) {
        net_node(&a);
        net_node(&b);
        net_start(&a);
        net_start(&b);
        for (uint32_t i = 0; i < FWL_COUNT(fds); i++) {
            fds[i] = net_connect(0x7f090001U + (many_networks ? i << 8 : 0), a.port);
            assert_int_equal(event_base_loop(net_base, EVLOOP_NONBLOCK), 0);
        }
        net_until(is_settled, &a);
        assert_int_equal(net_stats(&a).pending, many_networks ? 64 : 4);
        assert_int_equal(net_stats(&a).refused, many_networks ? 936 : 996);
        net_dial(&a, &b); /* makes 127.0.0.1 the address of a configured peer */
        net_until(net_is_up, &b);
        net_stop(&b);
        net_until(net_is_down, &a);
        net_start(&b);
        net_dial(&b, &a);
        net_until(net_is_up, &b);
        for (size_t i = 0; i < FWL_COUNT(fds); i++) {
            (void)close(fds[i]);
        }
        net_stop(&a);
        net_stop(&b);
    }
}

static void
test_handshake__new_fails_cleanly(void **state)
{
    static const struct fwl_transport_owner owner = {0};
    struct fwl_transport *host = NULL;
    struct fwl_transport_config config;
    enum fwl_err err = FWL_ERR_MEMORY;

    (void)state;
    fwl_transport_config_init(&config);
    config.max_block = FWL_BLOCK_MAX_MAX + 1;
    assert_int_equal(fwl_transport_new(&host, net_base, &config, &owner, NULL), FWL_ERR_ARG);
    fwl_transport_config_init(&config);
    config.unauth_max = 0;
    assert_int_equal(fwl_transport_new(&host, net_base, &config, &owner, NULL), FWL_ERR_ARG);
    fwl_transport_config_init(&config);
    for (size_t i = 1; err != FWL_OK; i++) {
        fwl_heap_fail_after(i);
        err = fwl_transport_new(&host, net_base, &config, &owner, NULL);
        fwl_heap_fail_after(0);
        assert_true(err == FWL_OK ? i > 1 : err == FWL_ERR_MEMORY && host == NULL);
    }
    assert_int_equal(fwl_transport_listen(host, "nowhere", NULL), FWL_ERR_ARG);
    assert_int_equal(fwl_transport_listen(host, "127.0.0.1", NULL), FWL_ERR_ARG);
    assert_int_equal(fwl_transport_listen(host, "[::1]:0", NULL), FWL_OK);
    assert_int_equal(fwl_transport_listen(host, "127.0.0.1:0", NULL), FWL_ERR_STATE);
    assert_int_equal(fwl_transport_dial(host, &config.node_key, "127.0.0.1:1"), FWL_ERR_ARG);
    fwl_transport_free(host);
    fwl_transport_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_handshake__##name, net_setup, net_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(good),
        CASE(other_chain),
        CASE(other_protocol),
        CASE(wrong_key_dialled),
        CASE(not_allowed),
        CASE(reflected_role),
        CASE(reflected_auth),
        CASE(relayed_auth),
        CASE(frames_before_auth),
        CASE(flipped_auth),
        CASE(garbage_instead_of_tls),
        CASE(late),
        CASE(both_dial),
        CASE(flood),
        CASE(new_fails_cleanly),
    };

    (void)fwl_descriptors_raise(); /* for the flood, of which this process is both sides */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
