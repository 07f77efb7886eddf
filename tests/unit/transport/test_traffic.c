#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "p2p/wire/parts.h"
#include "tests/unit/transport/net.h"

enum {
    OBJECT = 16 << 20,
};

static const uint8_t vote[111] = {1};

/* Two nodes, a accepting and b dialling, both up. */
static void
connect_two(struct node *a, struct node *b)
{
    net_start(a);
    net_start(b);
    net_dial(b, a);
    net_until(net_is_up, a);
    net_until(net_is_up, b);
}

static void
stop_two(struct node *a, struct node *b)
{
    net_stop(a);
    net_stop(b);
}

struct want {
    const struct node *n;
    enum fwl_frame_type type;
    uint32_t count;
};

static bool
has_frames(void *cookie)
{
    const struct want *w = cookie;

    return w->n->frames[w->type] >= w->count;
}

static void
until_frames(struct node *n, enum fwl_frame_type type, uint32_t count)
{
    struct want w = {n, type, count};

    net_until(has_frames, &w);
}

static void
test_traffic__send_both_ways(void **state)
{
    static uint8_t tx[FWL_TX_MAX + 1];
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    connect_two(&a, &b);
    assert_int_equal(fwl_transport_send(a.host, a.peer, FWL_FRAME_TX, fwl_span(tx, FWL_TX_MAX)), FWL_OK);
    assert_int_equal(fwl_transport_send(a.host, a.peer, FWL_FRAME_TX, fwl_span(tx, sizeof(tx))), FWL_ERR_LIMIT);
    assert_int_equal(fwl_transport_send(a.host, a.peer + 1, FWL_FRAME_TX, fwl_span(tx, 1)), FWL_ERR_ABSENT);
    assert_int_equal(fwl_transport_send(b.host, b.peer, FWL_FRAME_GETSNAPINFO, fwl_span(NULL, 0)), FWL_OK);
    fwl_transport_broadcast(b.host, 0, FWL_FRAME_VOTE, fwl_span(vote, sizeof(vote)));
    fwl_transport_broadcast(b.host, b.peer, FWL_FRAME_VOTE, fwl_span(vote, sizeof(vote)));
    until_frames(&b, FWL_FRAME_TX, 1);
    until_frames(&a, FWL_FRAME_VOTE, 1);
    assert_int_equal(a.frames[FWL_FRAME_GETSNAPINFO], 1);
    assert_int_equal(a.frames[FWL_FRAME_VOTE], 1);
    assert_int_equal(net_stats(&b).bytes_in[FWL_FRAME_TX], 8 + FWL_TX_MAX);
    assert_int_equal(net_stats(&a).bytes_out[FWL_FRAME_TX], 8 + FWL_TX_MAX);
    assert_int_equal(fwl_transport_peer_next(a.host, 0), a.peer);
    assert_int_equal(fwl_transport_peer_next(a.host, a.peer), 0);
    stop_two(&a, &b);
}

/* A head over the limit of its type is refused at once: no payload ever follows it here. */
static void
test_traffic__oversize(void **state)
{
    uint8_t head[FWL_FRAME_HEAD_SIZE];
    struct node a;
    struct raw r;

    (void)state;
    net_node(&a);
    a.access = FWL_ACCESS_VALIDATOR; /* so that no ban stands in the way */
    net_start(&a);
    for (unsigned type = 1; type < FWL_FRAME_TYPE_COUNT; type++) {
        net_raw_dial(&r, a.port);
        net_raw_auth(&r, &a, FWL_ROLE_DIALER);
        net_until(net_is_up, &a);
        fwl_frame_head_encode(head, (enum fwl_frame_type)type, fwl_frame_max((uint8_t)type, FWL_BLOCK_MAX_MAX) + 1);
        net_raw_write(&r, fwl_span(head, sizeof(head)));
        net_until_ended(&a, FWL_DOWN_MALFORMED, type);
        net_raw_close(&r);
    }
    net_stop(&a);
}

/* Blocks may be larger at the height of who is ahead: its proposal is read past, and it stays. */
static void
test_traffic__larger_proposal(void **state)
{
    static uint8_t proposal[FWL_BLOCK_MAX_MAX + FWL_FRAME_JUST_MAX];
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    a.config.max_block = FWL_BLOCK_MAX_MIN;
    a.config.bytes_in_s = 1U << 30;
    b.config.max_block = FWL_BLOCK_MAX_MAX;
    b.config.out_urgent = b.config.out_drop = 1U << 30;
    connect_two(&a, &b);
    for (size_t size = FWL_BLOCK_MAX_MIN + FWL_FRAME_JUST_MAX; size <= sizeof(proposal); size += 1032192) {
        assert_int_equal(fwl_transport_send(b.host, b.peer, FWL_FRAME_PROPOSE, fwl_span(proposal, size)), FWL_OK);
        assert_int_equal(fwl_transport_send(b.host, b.peer, FWL_FRAME_VOTE, fwl_span(vote, sizeof(vote))), FWL_OK);
    }
    until_frames(&a, FWL_FRAME_VOTE, 9);
    assert_int_equal(a.frames[FWL_FRAME_PROPOSE], 1); /* what is just as large as here */
    fwl_transport_set_max_block(a.host, FWL_BLOCK_MAX_MAX);
    assert_int_equal(fwl_transport_send(b.host, b.peer, FWL_FRAME_PROPOSE, fwl_span(proposal, sizeof(proposal))),
                     FWL_OK);
    until_frames(&a, FWL_FRAME_PROPOSE, 2);
    assert_int_equal(a.downs, 0);
    stop_two(&a, &b);
}

/* A peer that never reads is dropped, and what waits for it never grows beyond the limit and one frame. */
static void
test_traffic__never_reading_peer(void **state)
{
    static uint8_t tx[FWL_TX_MAX];
    struct fwl_transport_stats stats;
    uint64_t most = 0;
    bool busy = false;
    struct node a;
    struct raw r;

    (void)state;
    net_node(&a);
    net_start(&a);
    net_raw_dial(&r, a.port);
    net_raw_auth(&r, &a, FWL_ROLE_DIALER);
    net_until(net_is_up, &a);
    (void)bufferevent_disable(r.bev, EV_READ);
    while (net_is_up(&a)) {
        for (int i = 0; i < 1000; i++) {
            enum fwl_err err = fwl_transport_send(a.host, a.peer, FWL_FRAME_TX, fwl_span(tx, sizeof(tx)));

            busy = busy || err == FWL_ERR_BUSY;
            err = fwl_transport_send(a.host, a.peer, FWL_FRAME_VOTE, fwl_span(vote, sizeof(vote)));
            assert_true(err == FWL_OK || err == FWL_ERR_BUSY || err == FWL_ERR_ABSENT); /* the two: dropped */
        }
        stats = net_stats(&a);
        most = FWL_MAX(most, stats.pending_bytes);
        assert_int_equal(event_base_loop(net_base, EVLOOP_NONBLOCK), 0);
    }
    assert_true(busy); /* transactions stopped long before the votes did */
    assert_int_equal(a.reason, FWL_DOWN_SLOW);
    assert_true(most > (7U << 20) && most <= (8U << 20) + 8 + sizeof(vote));
    net_raw_close(&r);
    net_stop(&a);
}

/* An object of OBJECT bytes, made on demand and put together at the other side. */

static struct fwl_parts parts;
static uint8_t object[OBJECT];
static uint32_t parts_before_vote;
static uint32_t releases;
static enum fwl_err released;

static uint8_t
object_byte(uint32_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) + (i >> 16));
}

static enum fwl_err
read_object(void *cookie, uint8_t *out, uint32_t offset, uint32_t size)
{
    uint32_t *fail_at = cookie;

    if (fail_at != NULL && offset >= *fail_at) {
        return FWL_ERR_STORAGE;
    }
    for (uint32_t i = 0; i < size; i++) {
        out[i] = object_byte(offset + i);
    }
    return FWL_OK;
}

static void
release_object(void *cookie, enum fwl_err err)
{
    (void)cookie;
    releases++;
    released = err;
}

static void
take_part(struct node *n, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_parts_piece piece;

    if (type == FWL_FRAME_VOTE) {
        parts_before_vote = n->frames[FWL_FRAME_CHUNK];
        return;
    }
    assert_int_equal(type, FWL_FRAME_CHUNK);
    assert_int_equal(fwl_parts_decode(&piece, payload, fwl_frame_object_max(type, 0)), FWL_OK);
    assert_int_equal(fwl_parts_add(&parts, &piece), FWL_OK);
}

static bool
is_whole(void *cookie)
{
    (void)cookie;
    return parts.done;
}

static void
test_traffic__vote_overtakes_object(void **state)
{
    struct fwl_transport_source source = {.total = OBJECT, .read = read_object, .release = release_object};
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    b.config.bytes_in_s = 1U << 30;
    b.on_frame = take_part;
    connect_two(&a, &b);
    releases = 0;
    fwl_parts_init(&parts, object, sizeof(object), 0);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &source), FWL_OK);
    until_frames(&b, FWL_FRAME_CHUNK, 2);
    assert_int_equal(fwl_transport_send(a.host, a.peer, FWL_FRAME_VOTE, fwl_span(vote, sizeof(vote))), FWL_OK);
    assert_true(net_stats(&a).pending_bytes <= FWL_FRAME_PART_MAX + 8 + 8 + sizeof(vote));
    net_until(is_whole, NULL);
    assert_int_equal(b.frames[FWL_FRAME_VOTE], 1);
    assert_true(parts_before_vote < 20); /* of 65: what TCP itself holds, and one part */
    assert_int_equal(b.frames[FWL_FRAME_CHUNK], OBJECT / FWL_PARTS_BYTES_MAX + 1);
    for (uint32_t i = 0; i < OBJECT; i++) {
        assert_int_equal(object[i], object_byte(i));
    }
    assert_int_equal(releases, 1);
    assert_int_equal(released, FWL_OK);
    stop_two(&a, &b);
}

static void
test_traffic__object_errors(void **state)
{
    uint32_t fail_at = 1;
    struct fwl_transport_source source = {.total = 600000, .read = read_object, .release = release_object};
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    a.config.jobs_max = 2;
    b.on_frame = take_part;
    connect_two(&a, &b);
    releases = 0;
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_TX, &source), FWL_ERR_ARG);
    source.start = 600000;
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &source), FWL_ERR_ARG);
    source.start = 0;
    source.total = FWL_FRAME_CHUNK_MAX + 1;
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &source), FWL_ERR_LIMIT);
    source.total = 600000;
    source.cookie = &fail_at; /* the second part cannot be read: the object is abandoned, the peer stays */
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &source), FWL_OK);
    source.cookie = NULL;
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &source), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &source), FWL_ERR_BUSY);
    fwl_parts_init(&parts, object, sizeof(object), 0);
    net_until(is_whole, NULL);
    assert_int_equal(releases, 2);
    source = (struct fwl_transport_source){0}; /* not here */
    fwl_parts_init(&parts, object, sizeof(object), 7);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &source), FWL_OK);
    net_until(is_whole, NULL);
    assert_true(parts.absent);
    source = (struct fwl_transport_source){.total = OBJECT, .read = read_object, .release = release_object};
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &source), FWL_OK);
    stop_two(&a, &b);
    assert_int_equal(releases, 3);
    assert_int_equal(released, FWL_ERR_NETWORK);
}

static bool
is_released(void *cookie)
{
    return releases >= *(const uint32_t *)cookie;
}

static void
until_released(uint32_t count)
{
    net_until(is_released, &count);
}

/* Blocks from when they were larger are served, and bodies. */
static void
test_traffic__old_larger_block(void **state)
{
    static const enum fwl_frame_type types[] = {FWL_FRAME_BLOCK, FWL_FRAME_BODY};
    struct fwl_transport_source source = {.read = read_object, .release = release_object};
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    a.config.max_block = b.config.max_block = FWL_BLOCK_MAX_MIN;
    b.config.bytes_in_s = 1U << 30;
    connect_two(&a, &b);
    releases = 0;
    for (uint32_t i = 0; i < FWL_COUNT(types); i++) {
        source.total = fwl_frame_object_max(types[i], FWL_BLOCK_MAX_MAX);
        assert_int_equal(fwl_transport_send_object(a.host, a.peer, types[i], &source), FWL_OK);
        until_frames(&b, types[i], source.total / FWL_PARTS_BYTES_MAX + 1);
        until_released(i + 1);
        assert_int_equal(released, FWL_OK);
        source.total++;
        assert_int_equal(fwl_transport_send_object(a.host, a.peer, types[i], &source), FWL_ERR_LIMIT);
    }
    assert_int_equal(b.downs, 0);
    stop_two(&a, &b);
}

/* A block that cannot be read takes those queued behind it with it, and nothing else: no gap is seen. */
static void
test_traffic__no_block_after_a_gap(void **state)
{
    uint32_t fail_at = 1;
    struct fwl_transport_source good = {.total = 600000, .read = read_object, .release = release_object};
    struct fwl_transport_source bad = good;
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    connect_two(&a, &b);
    releases = 0;
    bad.cookie = &fail_at; /* after its first part */
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BLOCK, &good), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BLOCK, &bad), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_CHUNK, &good), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BLOCK, &good), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BODY, &good), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BLOCK, &good), FWL_OK);
    until_released(6);
    until_frames(&b, FWL_FRAME_BODY, 3);
    assert_int_equal(b.frames[FWL_FRAME_CHUNK], 3);
    assert_int_equal(b.frames[FWL_FRAME_BLOCK], 3 + 1);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BLOCK, &good), FWL_OK);
    until_frames(&b, FWL_FRAME_BLOCK, 3 + 1 + 3); /* it is asked again */
    stop_two(&a, &b);
}

/* Bodies wait in memory: two of them, however many are asked for. */
static void
test_traffic__few_bodies_wait(void **state)
{
    struct fwl_transport_source source = {.total = 600000, .read = read_object, .release = release_object};
    struct fwl_transport_source none = {0};
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    connect_two(&a, &b);
    releases = 0;
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BODY, &source), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BODY, &source), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BODY, &source), FWL_ERR_BUSY);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BODY, &none), FWL_OK);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BLOCK, &source), FWL_OK);
    until_frames(&b, FWL_FRAME_BLOCK, 3);
    assert_int_equal(b.frames[FWL_FRAME_BODY], 3 + 3 + 1);
    assert_int_equal(fwl_transport_send_object(a.host, a.peer, FWL_FRAME_BODY, &source), FWL_OK);
    until_frames(&b, FWL_FRAME_BODY, 3 + 3 + 1 + 3);
    stop_two(&a, &b);
}

static void
test_traffic__reconnect(void **state)
{
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    connect_two(&a, &b);
    net_stop(&a);
    net_until(net_is_down, &b);
    net_start(&a); /* the same port and key */
    net_until(net_is_up, &b);
    assert_int_equal(b.ups, 2);
    assert_int_equal(b.downs, 1);
    fwl_transport_undial(b.host, &a.key);
    fwl_transport_close(b.host, b.peer);
    net_until(net_is_down, &b);
    assert_int_equal(b.reason, FWL_DOWN_OWNER);
    stop_two(&a, &b);
}

static void
test_traffic__ban(void **state)
{
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    a.config.ban_ms = 300;
    connect_two(&a, &b);
    fwl_transport_misbehaved(a.host, a.peer, FWL_FAULT_SIGNATURE);
    assert_int_equal(a.downs, 0); /* never from inside a call */
    net_until_ended(&a, FWL_DOWN_MISBEHAVED, 1);
    net_until_ended(&a, FWL_DOWN_BANNED, 1);
    assert_int_equal(a.ups, 1);
    net_until(net_is_up, &a); /* the ban ends */
    assert_int_equal(a.ups, 2);
    a.access = FWL_ACCESS_VALIDATOR;
    fwl_transport_recheck(a.host);
    fwl_transport_misbehaved(a.host, a.peer, FWL_FAULT_MALFORMED);
    net_until_ended(&a, FWL_DOWN_MALFORMED, 1);
    uint64_t banned = net_stats(&a).ended[FWL_DOWN_BANNED];
    net_until(net_is_up, &a); /* a validator comes back at once */
    assert_int_equal(net_stats(&a).ended[FWL_DOWN_BANNED], banned);
    a.access = FWL_ACCESS_REFUSED;
    fwl_transport_recheck(a.host);
    net_until_ended(&a, FWL_DOWN_NOT_ALLOWED, 1);
    stop_two(&a, &b);
}

static void
send_status(struct node *n, uint64_t height)
{
    struct fwl_message_status status = {.height = height};
    uint8_t bytes[FWL_MESSAGE_STATUS_SIZE];
    struct fwl_span out;
    struct fwl_writer w;

    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_message_status_encode(&w, &status);
    assert_int_equal(fwl_writer_finish(&w, &out), FWL_OK);
    assert_int_equal(fwl_transport_send(n->host, n->peer, FWL_FRAME_STATUS, out), FWL_OK);
}

static bool
is_up_twice(void *cookie)
{
    const struct node *n = cookie;

    return n->ups == 2 && n->peer != 0;
}

static void
test_traffic__status_never_falls(void **state)
{
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    connect_two(&a, &b);
    send_status(&b, 5);
    send_status(&b, 5);
    until_frames(&a, FWL_FRAME_STATUS, 2);
    send_status(&b, 4);
    net_until_ended(&a, FWL_DOWN_MISBEHAVED, 1);
    assert_int_equal(a.frames[FWL_FRAME_STATUS], 2);
    net_until(net_is_up, &a); /* no ban */
    net_until(is_up_twice, &b);
    assert_int_equal(fwl_transport_send(b.host, b.peer, FWL_FRAME_STATUS, fwl_span(vote, 3)), FWL_OK);
    net_until_ended(&a, FWL_DOWN_MALFORMED, 1);
    stop_two(&a, &b);
}

static bool
is_paused(void *cookie)
{
    return net_stats(cookie).pauses > 0;
}

static void
test_traffic__full_queue_stops_reading(void **state)
{
    struct fwl_transport_peer_info info;
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    a.work = FWL_WORK_QUEUED;
    connect_two(&a, &b);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(fwl_transport_send(b.host, b.peer, FWL_FRAME_VOTE, fwl_span(vote, sizeof(vote))), FWL_OK);
    }
    net_until(is_paused, &a);
    while (net_stats(&b).pending_bytes > 0) { /* everything is on its way, and still nothing more is taken */
        assert_int_equal(event_base_loop(net_base, EVLOOP_ONCE), 0);
    }
    assert_int_equal(a.frames[FWL_FRAME_VOTE], 257);
    assert_int_equal(fwl_transport_peer_info(a.host, a.peer, &info), FWL_OK);
    assert_int_equal(info.queued, 257);
    for (uint32_t done = 0; done < 1000; done++) {
        until_frames(&a, FWL_FRAME_VOTE, done + 1);
        fwl_transport_done(a.host, a.peer);
    }
    assert_int_equal(a.frames[FWL_FRAME_VOTE], 1000);
    stop_two(&a, &b);
}

static void
test_traffic__budgets(void **state)
{
    static const uint8_t from[8] = {0};
    struct node a;
    struct node b;

    (void)state;
    net_node(&a);
    net_node(&b);
    a.config.requests_s = 100;
    connect_two(&a, &b);
    for (int i = 0; i < 130; i++) {
        assert_int_equal(fwl_transport_send(b.host, b.peer, FWL_FRAME_GETEPOCHS, fwl_span(from, 8)), FWL_OK);
    }
    until_frames(&a, FWL_FRAME_GETEPOCHS, 130); /* slower, but all: never dropped for good traffic */
    assert_true(net_stats(&a).pauses > 0);
    assert_int_equal(a.downs, 0);
    fwl_transport_charge(a.host, a.peer, 220);
    assert_int_equal(fwl_transport_send(b.host, b.peer, FWL_FRAME_VOTE, fwl_span(vote, sizeof(vote))), FWL_OK);
    until_frames(&a, FWL_FRAME_VOTE, 1);
    stop_two(&a, &b);
}

static void
test_traffic__idle_peer_is_dropped(void **state)
{
    struct node a;
    struct raw r;

    (void)state;
    net_node(&a);
    a.config.idle_ms = 1;
    net_start(&a);
    net_raw_dial(&r, a.port);
    net_raw_auth(&r, &a, FWL_ROLE_DIALER);
    net_until(net_is_up, &a);
    net_until(net_is_down, &a);
    assert_int_equal(a.reason, FWL_DOWN_IDLE);
    net_raw_close(&r);
    net_stop(&a);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_traffic__##name, net_setup, net_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(send_both_ways),
        CASE(oversize),
        CASE(larger_proposal),
        CASE(never_reading_peer),
        CASE(vote_overtakes_object),
        CASE(object_errors),
        CASE(old_larger_block),
        CASE(no_block_after_a_gap),
        CASE(few_bodies_wait),
        CASE(reconnect),
        CASE(ban),
        CASE(status_never_falls),
        CASE(full_queue_stops_reading),
        CASE(budgets),
        CASE(idle_peer_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
