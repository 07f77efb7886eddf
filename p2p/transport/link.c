#include "p2p/transport/link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>

#include "core/host/clock.h"
#include "core/host/heap.h"
#include "p2p/transport/address.h"
#include "p2p/wire/parts.h"

enum {
    READ_AHEAD = 65536,       /* bytes taken from the socket beyond the frame that is awaited */
    UNSENT_IN_KERNEL = 131072 /* TCP_NOTSENT_LOWAT: what a vote can wait behind below us */
};

void
fwl_link_doom(struct fwl_link *l, enum fwl_transport_reason reason)
{
    if (l->doomed) {
        return;
    }
    l->doomed = true;
    l->reason = reason;
    (void)bufferevent_disable(l->bev, EV_READ | EV_WRITE);
    event_active(l->host->reaper, 0, 0);
}

void
fwl_link_ban(struct fwl_link *l, enum fwl_transport_reason reason)
{
    if (l->up && !l->doomed && !l->validator) {
        (void)fwl_bans_add(&l->host->bans, &l->key, fwl_clock_mono_ms());
        fwl_log(l->host->config.log, FWL_LOG_UNUSUAL, "transport", "banned", "peer=%s reason=%s", l->address,
                fwl_transport_reason_name(reason));
    }
    fwl_link_doom(l, reason);
}

size_t
fwl_link_pending(const struct fwl_link *l)
{
    return evbuffer_get_length(bufferevent_get_output(l->bev));
}

struct fwl_link *
fwl_link_find(const struct fwl_transport *host, const struct fwl_pubkey32 *key)
{
    for (uint32_t i = 0; i < host->link_max; i++) {
        struct fwl_link *l = host->links[i];

        if (l != NULL && l->up && !l->doomed && memcmp(l->key.b, key->b, sizeof(key->b)) == 0) {
            return l;
        }
    }
    return NULL;
}

/* Out. */

static enum fwl_err
write_frame(struct fwl_link *l, enum fwl_frame_type type, struct fwl_span payload)
{
    struct evbuffer *out = bufferevent_get_output(l->bev);
    uint8_t head[FWL_FRAME_HEAD_SIZE];
    size_t size = sizeof(head) + payload.size;

    fwl_frame_head_encode(head, type, (uint32_t)payload.size);
    if (evbuffer_expand(out, size) != 0 || evbuffer_add(out, head, sizeof(head)) != 0 ||
        (payload.size > 0 && evbuffer_add(out, payload.p, payload.size) != 0)) {
        fwl_link_doom(l, FWL_DOWN_LOCAL);
        return FWL_ERR_MEMORY;
    }
    l->bytes_out += size;
    l->host->stats.bytes_out[type] += size;
    return FWL_OK;
}

enum fwl_err
fwl_link_send(struct fwl_link *l, enum fwl_frame_type type, struct fwl_span payload)
{
    bool urgent = type == FWL_FRAME_VOTE || type == FWL_FRAME_CERT || type == FWL_FRAME_STATUS;
    size_t pending = fwl_link_pending(l);

    if (payload.size > fwl_frame_max(type, l->host->config.max_block)) {
        return FWL_ERR_LIMIT;
    }
    if (pending > l->host->config.out_drop) {
        fwl_link_doom(l, FWL_DOWN_SLOW);
        return FWL_ERR_BUSY;
    }
    if (pending > l->host->config.out_urgent && !urgent) {
        return FWL_ERR_BUSY;
    }
    return write_frame(l, type, payload);
}

/* Bodies wait in memory; other objects are read from a store. */
static bool
is_full(const struct fwl_link *l, enum fwl_frame_type type, const struct fwl_transport_source *source)
{
    const struct fwl_link_job *job = NULL;
    uint32_t bodies = 0;

    if (l->job_count >= l->host->config.jobs_max) {
        return true;
    }
    STAILQ_FOREACH(job, &l->jobs, next)
    {
        bodies += job->type == FWL_FRAME_BODY && job->source.total > 0;
    }
    return type == FWL_FRAME_BODY && source->total > 0 && bodies >= l->host->config.bodies_max;
}

enum fwl_err
fwl_link_send_object(struct fwl_link *l, enum fwl_frame_type type, const struct fwl_transport_source *source)
{
    uint32_t max = fwl_frame_object_max(type, FWL_BLOCK_MAX_MAX); /* blocks may have been larger than they are now */
    struct fwl_link_job *job = NULL;

    if (max == 0 || (source->total == 0 ? source->start != 0 : source->start >= source->total) ||
        (source->total > 0 && source->read == NULL)) {
        return FWL_ERR_ARG;
    }
    if (source->total > max) {
        return FWL_ERR_LIMIT;
    }
    if (is_full(l, type, source)) {
        return FWL_ERR_BUSY;
    }
    job = fwl_malloc(sizeof(*job));
    if (job == NULL) {
        return FWL_ERR_MEMORY;
    }
    *job = (struct fwl_link_job){.source = *source, .type = type, .at = source->start};
    STAILQ_INSERT_TAIL(&l->jobs, job, next);
    l->job_count++;
    fwl_link_wake(l);
    return FWL_OK;
}

static void
drop_job(struct fwl_link *l, struct fwl_link_job *job, enum fwl_err err)
{
    STAILQ_REMOVE(&l->jobs, job, fwl_link_job, next);
    l->job_count--;
    if (job->source.release != NULL) {
        job->source.release(job->source.cookie, err);
    }
    fwl_free(job);
}

/* The first job cannot go on. Blocks are taken in order only, so with a block go those that are queued behind it. */
static void
abandon(struct fwl_link *l, enum fwl_err err)
{
    struct fwl_link_job *job = STAILQ_FIRST(&l->jobs);
    struct fwl_link_job *next = STAILQ_NEXT(job, next);
    bool blocks = job->type == FWL_FRAME_BLOCK;

    drop_job(l, job, err);
    for (job = next; blocks && job != NULL; job = next) {
        next = STAILQ_NEXT(job, next);
        if (job->type == FWL_FRAME_BLOCK) {
            drop_job(l, job, err);
        }
    }
}

/* Queue one part of the first job; the job is over when it was the last. */
static void
write_part(struct fwl_link *l)
{
    struct fwl_link_job *job = STAILQ_FIRST(&l->jobs);
    uint32_t size = FWL_MIN(job->source.total - job->at, (uint32_t)FWL_PARTS_BYTES_MAX);
    uint8_t *bytes = l->host->scratch + FWL_PARTS_HEAD_SIZE;
    enum fwl_err err = size == 0 ? FWL_OK : job->source.read(job->source.cookie, bytes, job->at, size);

    if (l->doomed) {
        return; /* by the owner, inside read; the reaper releases the job */
    }
    if (err == FWL_OK) {
        fwl_store_be32(l->host->scratch, job->at);
        fwl_store_be32(l->host->scratch + 4, job->source.total);
        err = write_frame(l, job->type, fwl_span(l->host->scratch, FWL_PARTS_HEAD_SIZE + size));
    }
    if (err != FWL_OK) {
        abandon(l, err);
        return;
    }
    job->at += size;
    if (job->at == job->source.total) {
        drop_job(l, job, FWL_OK);
    }
}

static void
feed(struct fwl_link *l)
{
    while (l->up && !l->doomed && !STAILQ_EMPTY(&l->jobs) && fwl_link_pending(l) == 0) {
        write_part(l);
    }
}

/* In. */

static uint64_t
budget_wait_ms(struct fwl_link *l)
{
    uint64_t now = fwl_clock_mono_ms();
    uint64_t wait = 0;

    for (int i = 0; i < FWL_LINK_BUCKETS; i++) {
        uint64_t w = fwl_bucket_wait_ms(&l->buckets[i], now);

        wait = FWL_MAX(wait, w);
    }
    return wait;
}

void
fwl_link_throttle(struct fwl_link *l)
{
    uint64_t wait = l->doomed || !l->up ? 0 : budget_wait_ms(l);
    struct timeval t = {.tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000 * 1000)};

    if (wait == 0 && l->queued <= l->host->config.in_queue_max) {
        return;
    }
    if (!l->paused) {
        l->paused = true;
        l->host->stats.pauses++;
        (void)bufferevent_disable(l->bev, EV_READ);
    }
    if (wait > 0 && event_add(l->wake, &t) != 0) {
        fwl_link_doom(l, FWL_DOWN_LOCAL);
    }
}

static void
charge_frame(struct fwl_link *l, const struct fwl_frame_head *head)
{
    uint64_t now = fwl_clock_mono_ms();
    uint32_t size = FWL_FRAME_HEAD_SIZE + head->length;

    l->bytes_in += size;
    l->host->stats.bytes_in[head->type] += size;
    l->host->stats.frames_in[head->type]++;
    fwl_bucket_take(&l->buckets[FWL_LINK_BYTES], size, now);
    if (head->type == FWL_FRAME_ATTESTREQ) {
        fwl_bucket_take(&l->buckets[FWL_LINK_ATTESTS], 1, now);
    }
    if (head->type == FWL_FRAME_GETCERTS || head->type == FWL_FRAME_GETBODY || head->type == FWL_FRAME_GETBLOCKS ||
        head->type == FWL_FRAME_GETHEADERS || head->type == FWL_FRAME_GETEPOCHS || head->type == FWL_FRAME_GETCHUNK ||
        head->type == FWL_FRAME_GETSNAPINFO) {
        fwl_bucket_take(&l->buckets[FWL_LINK_REQUESTS], 1, now);
    }
    if (head->type == FWL_FRAME_GETTX) { /* out of memory, and as often as others tell: not among what costs reads */
        fwl_bucket_take(&l->buckets[FWL_LINK_TXS], 1, now);
    }
}

static void
fill_buckets(struct fwl_link *l)
{
    const struct fwl_transport_config *config = &l->host->config;

    fwl_bucket_init(&l->buckets[FWL_LINK_BYTES], config->bytes_in_s, l->up_ms);
    fwl_bucket_init(&l->buckets[FWL_LINK_REQUESTS], config->requests_s, l->up_ms);
    fwl_bucket_init(&l->buckets[FWL_LINK_ATTESTS], config->attests_s, l->up_ms);
    fwl_bucket_init(&l->buckets[FWL_LINK_TXS], config->txs_s, l->up_ms);
}

static void
take_auth(struct fwl_link *l, struct fwl_span payload)
{
    enum fwl_transport_reason reason = FWL_DOWN_AUTH;
    struct fwl_message_auth auth;

    if (fwl_message_auth_decode(&auth, payload) == FWL_OK) {
        reason = fwl_auth_check(l, &auth);
    }
    if (reason != FWL_DOWN_COUNT) {
        fwl_link_doom(l, reason);
        return;
    }
    if (!fwl_transport_admit(l, &auth.node_key)) {
        return;
    }
    l->up = true;
    l->up_ms = fwl_clock_mono_ms();
    l->heard_ms = l->up_ms;
    l->key = auth.node_key;
    l->status_height = auth.height;
    fill_buckets(l);
    (void)event_del(l->deadline);
    if (l->dial != NULL) {
        l->dial->wait_ms = l->host->config.redial_min_ms;
    }
    l->host->stats.handshakes++;
    fwl_log(l->host->config.log, FWL_LOG_INFO, "transport", "peer up", "peer=%s dialled=%d", l->address,
            l->dial != NULL);
    l->host->owner.on_peer_up(l->host->cookie, l->id, &l->key, auth.height, auth.features);
}

static void
take_frame(struct fwl_link *l, const struct fwl_frame_head *head, struct fwl_span payload)
{
    struct fwl_message_status status;

    charge_frame(l, head);
    if (head->type == FWL_FRAME_STATUS) {
        if (fwl_message_status_decode(&status, payload) != FWL_OK) {
            fwl_link_ban(l, FWL_DOWN_MALFORMED);
            return;
        }
        if (status.height < l->status_height) {
            fwl_link_doom(l, FWL_DOWN_MISBEHAVED);
            return;
        }
        l->status_height = status.height;
    }
    if (l->host->owner.on_frame(l->host->cookie, l->id, head->type, payload) == FWL_WORK_QUEUED) {
        l->queued++;
    }
    fwl_link_throttle(l);
}

static void
await(struct fwl_link *l, size_t size)
{
    size_t ahead = l->up ? READ_AHEAD : FWL_FRAME_HEAD_SIZE + FWL_FRAME_AUTH_MAX;

    bufferevent_setwatermark(l->bev, EV_READ, size, FWL_MAX(size, ahead));
}

/* The head of the next frame. False: wait for more, or the end. */
static bool
take_head(struct fwl_link *l, struct fwl_frame_head *head, struct evbuffer *in)
{
    uint8_t bytes[FWL_FRAME_HEAD_SIZE];

    if (evbuffer_copyout(in, bytes, sizeof(bytes)) < (ev_ssize_t)sizeof(bytes)) {
        await(l, sizeof(bytes));
        return false;
    }
    if (fwl_frame_head_decode(head, fwl_span(bytes, sizeof(bytes)), FWL_BLOCK_MAX_MAX) != FWL_OK ||
        (head->type == FWL_FRAME_AUTH) == l->up) {
        fwl_link_ban(l, l->up ? FWL_DOWN_MALFORMED : FWL_DOWN_AUTH);
        return false;
    }
    return true;
}

/* Is it a proposal with a block that would be too large here? Its sender may be at a height where it is not. */
static bool
is_oversize(const struct fwl_link *l, const struct fwl_frame_head *head)
{
    return head->length > fwl_frame_max(head->type, l->host->config.max_block);
}

/* Drain what is there of a frame that is not taken. False: wait for more. */
static bool
pass_over(struct fwl_link *l, struct evbuffer *in)
{
    size_t size = FWL_MIN(l->skip, evbuffer_get_length(in));

    (void)evbuffer_drain(in, size);
    l->skip -= size;
    if (l->skip > 0) {
        await(l, 1);
    }
    return l->skip == 0;
}

/* Take the frames that are complete. */
static void
pump(struct fwl_link *l)
{
    struct evbuffer *in = bufferevent_get_input(l->bev);
    struct fwl_frame_head head;

    l->heard_ms = fwl_clock_mono_ms();
    while (!l->doomed && !l->paused) {
        size_t size = FWL_FRAME_HEAD_SIZE;
        const uint8_t *frame = NULL;

        if (!pass_over(l, in) || !take_head(l, &head, in)) {
            return;
        }
        size += head.length;
        if (is_oversize(l, &head)) {
            l->skip = size;
            charge_frame(l, &head);
            fwl_link_throttle(l);
            continue;
        }
        if (evbuffer_get_length(in) < size) {
            await(l, size);
            return;
        }
        frame = evbuffer_pullup(in, (ev_ssize_t)size);
        if (frame == NULL) {
            fwl_link_doom(l, FWL_DOWN_LOCAL);
            return;
        }
        if (l->up) {
            take_frame(l, &head, fwl_span(frame + FWL_FRAME_HEAD_SIZE, head.length));
        } else {
            take_auth(l, fwl_span(frame + FWL_FRAME_HEAD_SIZE, head.length));
        }
        (void)evbuffer_drain(in, size);
    }
}

/* Events. */

static void
on_read(struct bufferevent *bev, void *cookie)
{
    struct fwl_link *l = cookie;

    (void)bev;
    if (!l->doomed && l->connected && !l->paused) {
        pump(l);
    }
}

static void
on_write(struct bufferevent *bev, void *cookie)
{
    (void)bev;
    feed(cookie);
}

static void
on_wake(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_link *l = cookie;

    (void)fd;
    (void)what;
    if (l->doomed || !l->up) {
        return;
    }
    feed(l);
    if (l->doomed || !l->paused) {
        return;
    }
    if (l->queued > l->host->config.in_queue_max / 2 || budget_wait_ms(l) > 0) {
        fwl_link_throttle(l); /* sets the timer again when a budget is the reason */
        return;
    }
    l->paused = false;
    (void)bufferevent_enable(l->bev, EV_READ);
    pump(l);
}

void
fwl_link_tick(struct fwl_link *l, uint64_t now_ms)
{
    size_t size = evbuffer_get_length(bufferevent_get_input(l->bev));

    if (size != l->heard_size || l->paused) { /* a long frame on its way, or we do not listen */
        l->heard_size = size;
        l->heard_ms = now_ms;
    } else if (now_ms - l->heard_ms > l->host->config.idle_ms) {
        fwl_link_doom(l, FWL_DOWN_IDLE);
    }
}

void
fwl_link_wake(struct fwl_link *l)
{
    event_active(l->wake, 0, 0);
}

static void
on_deadline(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd;
    (void)what;
    fwl_link_doom(cookie, FWL_DOWN_AUTH_LATE);
}

static void
set_socket_options(evutil_socket_t fd)
{
    int one = 1;
    int unsent = UNSENT_IN_KERNEL;

    /* Without these it is slower, not wrong. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

static void
send_auth(struct fwl_link *l)
{
    const struct fwl_transport *host = l->host;
    struct fwl_message_auth auth = {
        .proto = host->config.proto,
        .chain_id = host->config.chain_id,
        .role = l->dial != NULL ? FWL_ROLE_DIALER : FWL_ROLE_ACCEPTOR,
        .node_key = host->config.node_key,
        .features = host->config.features,
    };
    uint8_t payload[FWL_MESSAGE_AUTH_SIZE];
    struct fwl_span bytes = {0};
    struct fwl_hash32 digest;
    struct fwl_writer w;

    if (fwl_tls_exporter(&l->exporter, bufferevent_openssl_get_ssl(l->bev)) != FWL_OK) {
        fwl_link_doom(l, FWL_DOWN_TLS);
        return;
    }
    fwl_message_auth_digest(&digest, &auth.chain_id, &l->exporter, auth.role, &auth.node_key);
    auth.height = host->owner.height(host->cookie);
    if (host->owner.sign(host->cookie, &auth.sig, &digest) != FWL_OK) {
        fwl_link_doom(l, FWL_DOWN_LOCAL);
        return;
    }
    fwl_writer_init(&w, payload, sizeof(payload));
    fwl_message_auth_encode(&w, &auth);
    FWL_ASSERT(fwl_writer_finish(&w, &bytes) == FWL_OK);
    if (write_frame(l, FWL_FRAME_AUTH, bytes) == FWL_OK) {
        await(l, FWL_FRAME_HEAD_SIZE);
    }
}

static void
on_event(struct bufferevent *bev, short what, void *cookie)
{
    struct fwl_link *l = cookie;
    bool tls_failed = false;

    while (bufferevent_get_openssl_error(bev) != 0) {
        tls_failed = true; /* an error left in the queue would be read as one of the next connection */
    }
    ERR_clear_error();
    if (l->doomed) {
        return;
    }
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        l->connected = true;
        set_socket_options(bufferevent_getfd(bev));
        send_auth(l);
        return;
    }
    fwl_link_doom(l, tls_failed && !l->connected ? FWL_DOWN_TLS : FWL_DOWN_CLOSED);
}

/* Life. */

static bool
take_place(struct fwl_link *l)
{
    struct fwl_transport *host = l->host;

    for (uint32_t i = 0; i < host->link_max; i++) {
        if (host->links[i] == NULL) {
            host->links[i] = l;
            l->id = (++host->serial << 16) | i;
            return true;
        }
    }
    return false;
}

static void
close_socket(int fd)
{
    if (fd >= 0) {
        (void)evutil_closesocket(fd);
    }
}

static bool
open_link(struct fwl_link *l, int fd)
{
    struct fwl_transport *host = l->host;
    struct timeval late = {.tv_sec = (time_t)(host->config.auth_ms / 1000),
                           .tv_usec = (suseconds_t)(host->config.auth_ms % 1000 * 1000)};
    SSL *ssl = SSL_new(host->tls);

    if (ssl == NULL) {
        close_socket(fd);
        return false;
    }
    l->bev = bufferevent_openssl_socket_new(host->base, fd, ssl,
                                            fd < 0 ? BUFFEREVENT_SSL_CONNECTING : BUFFEREVENT_SSL_ACCEPTING,
                                            BEV_OPT_DEFER_CALLBACKS | BEV_OPT_CLOSE_ON_FREE);
    if (l->bev == NULL) {
        SSL_free(ssl);
        close_socket(fd);
        return false;
    }
    l->deadline = evtimer_new(host->base, on_deadline, l);
    l->wake = evtimer_new(host->base, on_wake, l);
    bufferevent_setcb(l->bev, on_read, on_write, on_event, l);
    await(l, FWL_FRAME_HEAD_SIZE);
    return l->deadline != NULL && l->wake != NULL && evtimer_add(l->deadline, &late) == 0 &&
           bufferevent_enable(l->bev, EV_READ | EV_WRITE) == 0;
}

struct fwl_link *
fwl_link_new(struct fwl_transport *host, int fd, struct fwl_link_dial *dial, const struct sockaddr *address,
             int address_size)
{
    struct fwl_link *l = fwl_calloc(1, sizeof(*l));

    if (l == NULL) {
        close_socket(fd);
        return NULL;
    }
    l->host = host;
    l->dial = dial;
    l->net = fwl_address_network(address);
    fwl_address_format(l->address, sizeof(l->address), address);
    STAILQ_INIT(&l->jobs);
    if (!take_place(l)) {
        close_socket(fd);
        fwl_free(l);
        return NULL;
    }
    if (!open_link(l, fd) || (dial != NULL && bufferevent_socket_connect(l->bev, address, address_size) != 0)) {
        fwl_link_free(l);
        return NULL;
    }
    return l;
}

void
fwl_link_free(struct fwl_link *l)
{
    while (!STAILQ_EMPTY(&l->jobs)) {
        drop_job(l, STAILQ_FIRST(&l->jobs), FWL_ERR_NETWORK);
    }
    l->host->links[l->id & 0xffff] = NULL;
    if (l->wake != NULL) {
        event_free(l->wake);
    }
    if (l->deadline != NULL) {
        event_free(l->deadline);
    }
    if (l->bev != NULL) {
        bufferevent_free(l->bev);
    }
    ERR_clear_error();
    fwl_free(l);
}
