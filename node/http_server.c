/* Threads, connections and their limits; the end of it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/thread.h>

#include "core/host/clock.h"
#include "core/host/heap.h"
#include "node/http_part.h"

enum {
    IDLE_TIMEOUT_S = 60,
    SWEEP_MS = 250,
    PRESSED_IDLE_MS = 1000,    /* with all places taken: how long one is kept for who asks nothing */
    PRESSED_UNREAD_MS = 10000, /* ... and for who does not read its answer */
    DRAIN_MS = 5,              /* between looks at what is still to be sent when stopping */
    DRAIN_LOOKS = 200,         /* then whoever does not read is cut off */
};

/* A place at the server. */
struct connection {
    struct bufferevent *bev;         /* with a reference of ours */
    uint64_t since_ms;               /* when it was accepted, or its last request was handled; monotonic */
    struct fwl_http_deferred *waits; /* its answer is deferred: it is we who are slow; NULL: it is not */
};

struct fwl_http_worker {
    struct fwl_http_server *server;
    unsigned index;
    struct event_base *base;
    struct evhttp *http;
    struct evconnlistener *listener;
    struct event *wake; /* deferred answers are waiting */
    struct event *sweep;
    struct connection *connections;
    size_t connection_count;
    size_t connection_room; /* of the array; never less than connection_max */
    size_t connection_max;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    struct fwl_http_deferred *done; /* answered, to be sent; under lock */
    size_t wanted_max;              /* connection_max from the next sweep on; under lock */
    bool stop;                      /* under lock */
    unsigned looks;                 /* when stopping */
};

struct fwl_http_server {
    struct fwl_http_server_config config;
    uint16_t port;
    struct fwl_http_worker *workers;
    unsigned worker_count;
};

void
fwl_http_server_note(struct fwl_http_worker *w, struct evhttp_request *raw, struct fwl_http_deferred *waits)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(raw);
    const struct bufferevent *bev = connection == NULL ? NULL : evhttp_connection_get_bufferevent(connection);

    for (size_t i = 0; i < w->connection_count; i++) {
        if (w->connections[i].bev == bev) {
            w->connections[i].since_ms = fwl_clock_mono_ms();
            w->connections[i].waits = waits;
        }
    }
}

void
fwl_http_server_answered(struct fwl_http_deferred *deferred)
{
    struct fwl_http_worker *w = deferred->worker;

    (void)pthread_mutex_lock(&w->lock);
    deferred->next = w->done;
    w->done = deferred;
    (void)pthread_mutex_unlock(&w->lock);
    event_active(w->wake, EV_READ, 0);
}

static void
on_wake(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_http_worker *w = cookie;
    struct fwl_http_deferred *d = NULL;
    bool stop = false;

    (void)fd;
    (void)what;
    (void)pthread_mutex_lock(&w->lock);
    d = w->done;
    w->done = NULL;
    stop = w->stop;
    (void)pthread_mutex_unlock(&w->lock);
    while (d != NULL) {
        struct fwl_http_deferred *next = d->next;

        fwl_http_server_note(w, d->raw, NULL);
        fwl_http_send(d->raw, d->status, d->type, fwl_span(d->body, d->size));
        fwl_free(d->body);
        fwl_free(d);
        d = next;
    }
    if (stop) {
        const struct timeval soon = {.tv_usec = DRAIN_MS * 1000};

        (void)evconnlistener_disable(w->listener);
        w->looks = 1;
        (void)event_add(w->sweep, &soon);
    }
}

static void
on_request(struct evhttp_request *raw, void *cookie)
{
    struct fwl_http_worker *w = cookie;

    fwl_http_server_note(w, raw, NULL);
    fwl_http_handle(&w->server->config, w, w->index, raw);
}

/*
 * evhttp does not count its connections. Each gets its bufferevent here, with a second reference that the sweep
 * drops once evhttp has let go of it (its callbacks are gone then). At the limit the listener rests, and who holds a
 * place without asking anything loses it, so that nobody can keep others out by connecting alone.
 */
static struct bufferevent *
on_connection(struct event_base *base, void *cookie)
{
    struct fwl_http_worker *w = cookie;
    struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    if (bev != NULL && w->connection_count < w->connection_max) {
        bufferevent_incref(bev);
        w->connections[w->connection_count++] = (struct connection){.bev = bev, .since_ms = fwl_clock_mono_ms()};
    }
    if (w->connection_count >= w->connection_max) {
        (void)evconnlistener_disable(w->listener);
    }
    return bev;
}

/* Has everything that was answered left this process? */
static bool
is_drained(const struct fwl_http_worker *w)
{
    for (size_t i = 0; i < w->connection_count; i++) {
        if (evbuffer_get_length(bufferevent_get_output(w->connections[i].bev)) > 0) {
            return false;
        }
    }
    return true;
}

/* All places are taken: those that are held idly are given up. The end of the socket reaches evhttp as an event. */
static void
make_room(struct fwl_http_worker *w)
{
    uint64_t now = fwl_clock_mono_ms();

    for (size_t i = 0; i < w->connection_count; i++) {
        const struct connection *c = &w->connections[i];
        bool unread = evbuffer_get_length(bufferevent_get_output(c->bev)) > 0;

        if (c->waits == NULL && now - c->since_ms > (unread ? PRESSED_UNREAD_MS : PRESSED_IDLE_MS)) {
            (void)shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
        }
    }
}

/* evhttp does not read while an answer is deferred, so it does not see who closes meanwhile. */
static void
find_gone(const struct fwl_http_worker *w)
{
    for (size_t i = 0; i < w->connection_count; i++) {
        const struct connection *c = &w->connections[i];
        uint8_t byte = 0;

        if (c->waits != NULL && recv(bufferevent_getfd(c->bev), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
            atomic_store(&c->waits->gone, true);
        }
    }
}

/* fwl_http_server_limit, on the thread whose connections they are. */
static void
take_limit(struct fwl_http_worker *w)
{
    struct connection *more = NULL;
    size_t wanted = 0;

    (void)pthread_mutex_lock(&w->lock);
    wanted = w->wanted_max;
    (void)pthread_mutex_unlock(&w->lock);
    if (wanted > w->connection_room) {
        more = fwl_realloc(w->connections, wanted * sizeof(*more));
        if (more == NULL) {
            return;
        }
        w->connections = more;
        w->connection_room = wanted;
    }
    w->connection_max = wanted;
}

static void
on_sweep(evutil_socket_t fd, short what, void *cookie)
{
    struct fwl_http_worker *w = cookie;
    bufferevent_data_cb readcb = NULL;
    bufferevent_data_cb writecb = NULL;
    bufferevent_event_cb eventcb = NULL;
    void *arg = NULL;

    (void)fd;
    (void)what;
    for (size_t i = w->connection_count; i-- > 0;) {
        bufferevent_getcb(w->connections[i].bev, &readcb, &writecb, &eventcb, &arg);
        if (readcb == NULL && writecb == NULL && eventcb == NULL) {
            (void)bufferevent_decref(w->connections[i].bev);
            w->connections[i] = w->connections[--w->connection_count];
        }
    }
    find_gone(w);
    take_limit(w);
    if (w->looks > 0) {
        if (is_drained(w) || w->looks++ == DRAIN_LOOKS) {
            (void)event_base_loopbreak(w->base);
        }
    } else if (w->connection_count < w->connection_max) {
        (void)evconnlistener_enable(w->listener);
    } else {
        (void)evconnlistener_disable(w->listener);
        make_room(w);
    }
}

static void *
work(void *cookie)
{
    struct fwl_http_worker *w = cookie;

    (void)event_base_dispatch(w->base);
    return NULL;
}

/* The first worker binds; the others listen on the same socket, so that no other process can share the port. */
static struct evconnlistener *
bind_first(struct fwl_http_worker *w, const char *host, uint16_t port)
{
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = EVUTIL_AI_PASSIVE};
    struct evutil_addrinfo *found = NULL;
    struct evconnlistener *listener = NULL;
    char service[8];

    (void)snprintf(service, sizeof(service), "%u", port);
    if (evutil_getaddrinfo(host, service, &hints, &found) != 0 || found == NULL) {
        return NULL;
    }
    listener =
        evconnlistener_new_bind(w->base, NULL, NULL, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                                128, found->ai_addr, (int)found->ai_addrlen);
    evutil_freeaddrinfo(found);
    return listener;
}

static struct evconnlistener *
bind_again(struct fwl_http_worker *w, const struct fwl_http_worker *first)
{
    struct evconnlistener *listener = NULL;
    int fd = fcntl(evconnlistener_get_fd(first->listener), F_DUPFD_CLOEXEC, 0);

    if (fd >= 0) {
        listener = evconnlistener_new(w->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 0, fd);
        if (listener == NULL) {
            (void)evutil_closesocket(fd);
        }
    }
    return listener;
}

static bool
worker_bind(struct fwl_http_worker *w)
{
    const struct fwl_http_server_config *config = &w->server->config;

    w->listener = w->index == 0 ? bind_first(w, config->host, config->port) : bind_again(w, &w->server->workers[0]);
    if (w->listener == NULL) {
        return false;
    }
    if (evhttp_bind_listener(w->http, w->listener) == NULL) {
        evconnlistener_free(w->listener);
        w->listener = NULL;
        return false;
    }
    return true;
}

/* The part of one thread. */
static size_t
share(const struct fwl_http_server *server, unsigned connections_max)
{
    return FWL_MAX(connections_max / server->config.threads, 1U);
}

static bool
worker_init(struct fwl_http_worker *w, struct fwl_http_server *server, unsigned index)
{
    const struct timeval sweep = {.tv_usec = SWEEP_MS * 1000};

    w->server = server;
    w->index = index;
    w->wanted_max = share(server, server->config.connections_max);
    w->connection_max = w->wanted_max;
    w->connection_room = w->wanted_max;
    w->connections = fwl_calloc(w->connection_room, sizeof(struct connection));
    (void)pthread_mutex_init(&w->lock, NULL);
    w->base = event_base_new();
    w->http = w->base == NULL ? NULL : evhttp_new(w->base);
    w->wake = w->base == NULL ? NULL : event_new(w->base, -1, EV_PERSIST, on_wake, w);
    w->sweep = w->base == NULL ? NULL : event_new(w->base, -1, EV_PERSIST, on_sweep, w);
    if (w->connections == NULL || w->http == NULL || w->wake == NULL || w->sweep == NULL ||
        event_add(w->wake, NULL) != 0 || event_add(w->sweep, &sweep) != 0) {
        return false;
    }
    evhttp_set_max_body_size(w->http, FWL_HTTP_BODY_BYTES_MAX);
    evhttp_set_max_headers_size(w->http, FWL_HTTP_HEADER_BYTES_MAX);
    evhttp_set_timeout(w->http, IDLE_TIMEOUT_S);
    evhttp_set_allowed_methods(w->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST);
    evhttp_set_bevcb(w->http, on_connection, w);
    evhttp_set_gencb(w->http, on_request, w);
    return true;
}

static void
worker_deinit(struct fwl_http_worker *w)
{
    for (size_t i = 0; i < w->connection_count; i++) {
        (void)bufferevent_decref(w->connections[i].bev);
    }
    if (w->sweep != NULL) {
        event_free(w->sweep);
    }
    if (w->wake != NULL) {
        event_free(w->wake);
    }
    if (w->http != NULL) {
        evhttp_free(w->http);
    }
    if (w->base != NULL) {
        event_base_free(w->base);
    }
    fwl_free(w->connections);
    if (w->server != NULL) {
        (void)pthread_mutex_destroy(&w->lock);
    }
}

static uint16_t
bound_port(struct evconnlistener *listener)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    char service[8];

    if (getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size) != 0 ||
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, service, sizeof(service), NI_NUMERICSERV) != 0) {
        return 0;
    }
    return (uint16_t)strtoul(service, NULL, 10);
}

enum fwl_err
fwl_http_server_start(struct fwl_http_server **out, const struct fwl_http_server_config *config)
{
    struct fwl_http_server *s = fwl_calloc(1, sizeof(*s));
    enum fwl_err err = FWL_ERR_MEMORY;
    int cause = 0;

    FWL_ASSERT(config->threads > 0);
    *out = NULL;
    if (s == NULL || evthread_use_pthreads() != 0) {
        fwl_free(s);
        return err;
    }
    s->config = *config;
    s->port = config->port;
    s->workers = fwl_calloc(config->threads, sizeof(*s->workers));
    for (unsigned i = 0; s->workers != NULL && i < config->threads; i++) {
        struct fwl_http_worker *w = &s->workers[i];

        s->worker_count++;
        if (!worker_init(w, s, i)) {
            goto stop;
        }
        if (!worker_bind(w)) {
            err = FWL_ERR_NETWORK;
            goto stop;
        }
        s->port = i == 0 ? bound_port(w->listener) : s->port;
        if (pthread_create(&w->thread, NULL, work, w) != 0) {
            goto stop;
        }
        w->running = true;
    }
    if (s->workers != NULL) {
        *out = s;
        return FWL_OK;
    }
stop:
    cause = errno;
    fwl_http_server_stop(s);
    errno = cause;
    return err;
}

uint16_t
fwl_http_server_port(const struct fwl_http_server *server)
{
    return server->port;
}

void
fwl_http_server_limit(struct fwl_http_server *server, unsigned connections_max)
{
    for (unsigned i = 0; i < server->worker_count; i++) {
        struct fwl_http_worker *w = &server->workers[i];

        (void)pthread_mutex_lock(&w->lock);
        w->wanted_max = share(server, connections_max);
        (void)pthread_mutex_unlock(&w->lock);
    }
}

void
fwl_http_server_stop(struct fwl_http_server *server)
{
    if (server == NULL) {
        return;
    }
    for (unsigned i = 0; server->workers != NULL && i < server->worker_count; i++) {
        struct fwl_http_worker *w = &server->workers[i];

        if (w->running) {
            (void)pthread_mutex_lock(&w->lock);
            w->stop = true;
            (void)pthread_mutex_unlock(&w->lock);
            event_active(w->wake, EV_READ, 0);
            (void)pthread_join(w->thread, NULL);
        }
        worker_deinit(w);
    }
    fwl_free(server->workers);
    fwl_free(server);
}
