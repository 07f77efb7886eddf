#include "node/http.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/thread.h>
#include <jansson.h>

#include "core/host/heap.h"

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
    struct bufferevent *bev; /* with a reference of ours */
    uint64_t since_ms;       /* when it was accepted, or its last request was handled; monotonic */
    bool waits;              /* its answer is deferred: it is we who are slow */
};

struct worker {
    struct fwl_http_server *server;
    unsigned index;
    struct event_base *base;
    struct evhttp *http;
    struct evconnlistener *listener;
    struct event *wake; /* deferred answers are waiting */
    struct event *sweep;
    struct connection *connections;
    size_t connection_count;
    size_t connection_max;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    struct fwl_http_deferred *done; /* answered, to be sent; under lock */
    bool stop;                      /* under lock */
    unsigned looks;                 /* when stopping */
};

struct fwl_http_server {
    struct fwl_http_server_config config;
    uint16_t port;
    struct worker *workers;
    unsigned worker_count;
};

struct fwl_http_deferred {
    struct evhttp_request *raw;
    struct worker *worker;
    int status;
    const char *type;
    uint8_t *body;
    size_t size;
    struct fwl_http_deferred *next;
};

static uint64_t
now_ms(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The connection of @raw has just asked, or was answered late. */
static void
note_activity(struct worker *w, struct evhttp_request *raw, bool waits)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(raw);
    const struct bufferevent *bev = connection == NULL ? NULL : evhttp_connection_get_bufferevent(connection);

    for (size_t i = 0; i < w->connection_count; i++) {
        if (w->connections[i].bev == bev) {
            w->connections[i].since_ms = now_ms();
            w->connections[i].waits = waits;
        }
    }
}

/* What stands behind fwl_http_request.raw while a handler runs. */
struct current {
    struct worker *worker;
    struct evhttp_request *raw;
    struct evkeyvalq query;
    char path[FWL_HTTP_PATH_MAX];
    bool answered;
};

static void
send_reply(struct evhttp_request *raw, int status, const char *type, struct fwl_span body)
{
    struct evbuffer *out = evbuffer_new();
    char length[24];

    (void)evhttp_add_header(evhttp_request_get_output_headers(raw), "Content-Type", type);
    if (evhttp_request_get_command(raw) == EVHTTP_REQ_HEAD) { /* libevent would send the body */
        (void)snprintf(length, sizeof(length), "%zu", body.size);
        (void)evhttp_add_header(evhttp_request_get_output_headers(raw), "Content-Length", length);
        body.size = 0;
    }
    if (out == NULL || evbuffer_add(out, body.p, body.size) != 0) {
        evhttp_send_error(raw, HTTP_SERVUNAVAIL, "out of memory");
    } else {
        evhttp_send_reply(raw, status, NULL, out);
    }
    if (out != NULL) {
        evbuffer_free(out);
    }
}

void
fwl_http_reply(struct fwl_http_request *request, int status, const char *type, struct fwl_span body)
{
    struct current *c = request->raw;

    FWL_ASSERT(!c->answered);
    c->answered = true;
    send_reply(c->raw, status, type, body);
}

/* The document as text that the caller frees with free(); NULL when out of memory. */
static char *
problem_text(const struct fwl_http_problem *p)
{
    char type[64];
    json_t *doc = NULL;
    json_t *height = p->height == NULL ? NULL : json_integer((json_int_t)*p->height);
    char *text = NULL;

    (void)snprintf(type, sizeof(type), "urn:fwledger:error:%s", fwl_err_name(p->err));
    doc = json_pack("{s:s, s:s, s:i, s:s*, s:s*, s:o*}", "type", type, "title", fwl_err_text(p->err), "status",
                    p->status, "detail", p->detail, "field", p->field, "height", height);
    text = doc == NULL ? NULL : json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    return text;
}

void
fwl_http_reply_problem(struct fwl_http_request *request, const struct fwl_http_problem *problem)
{
    char *text = problem_text(problem);

    fwl_http_reply(request, problem->status, "application/problem+json", fwl_span_text(text == NULL ? "{}" : text));
    free(text);
}

const char *
fwl_http_query(struct fwl_http_request *request, const char *name)
{
    struct current *c = request->raw;

    return evhttp_find_header(&c->query, name);
}

const char *
fwl_http_request_header(struct fwl_http_request *request, const char *name)
{
    struct current *c = request->raw;

    return evhttp_find_header(evhttp_request_get_input_headers(c->raw), name);
}

void
fwl_http_header(struct fwl_http_request *request, const char *name, const char *value)
{
    struct current *c = request->raw;

    (void)evhttp_add_header(evhttp_request_get_output_headers(c->raw), name, value);
}

struct fwl_http_deferred *
fwl_http_defer(struct fwl_http_request *request)
{
    struct current *c = request->raw;
    struct fwl_http_deferred *d = fwl_calloc(1, sizeof(*d));

    FWL_ASSERT(!c->answered);
    if (d != NULL) {
        c->answered = true;
        d->raw = c->raw;
        d->worker = c->worker;
        note_activity(c->worker, c->raw, true);
    }
    return d;
}

void
fwl_http_finish(struct fwl_http_deferred *d, int status, const char *type, struct fwl_span body)
{
    struct worker *w = d->worker;

    d->body = fwl_malloc(body.size);
    d->status = d->body == NULL ? HTTP_SERVUNAVAIL : status;
    d->type = type;
    d->size = d->body == NULL ? 0 : body.size;
    if (d->size > 0) {
        memcpy(d->body, body.p, body.size);
    }
    (void)pthread_mutex_lock(&w->lock);
    d->next = w->done;
    w->done = d;
    (void)pthread_mutex_unlock(&w->lock);
    event_active(w->wake, EV_READ, 0);
}

void
fwl_http_finish_problem(struct fwl_http_deferred *deferred, const struct fwl_http_problem *problem)
{
    char *text = problem_text(problem);

    fwl_http_finish(deferred, problem->status, "application/problem+json", fwl_span_text(text == NULL ? "{}" : text));
    free(text);
}

static void
on_wake(evutil_socket_t fd, short what, void *cookie)
{
    struct worker *w = cookie;
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

        note_activity(w, d->raw, false);
        send_reply(d->raw, d->status, d->type, fwl_span(d->body, d->size));
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
refuse(struct fwl_http_problem *problem, enum fwl_err err, const char *detail)
{
    *problem = (struct fwl_http_problem){.status = HTTP_BADREQUEST, .err = err, .detail = detail};
}

/* Cuts the path at its slashes, in place, after decoding. */
static void
split_path(struct fwl_http_request *request, struct current *c, struct fwl_http_problem *problem)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(c->raw);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    size_t size = 0;
    size_t at = 0;
    char *decoded = path == NULL ? NULL : evhttp_uridecode(path, 0, &size);

    if (decoded == NULL) {
        refuse(problem, FWL_ERR_MISSING, "there is no path");
    } else if (size >= sizeof(c->path)) {
        refuse(problem, FWL_ERR_LIMIT, "the path is longer than 1023 bytes");
    } else if (memchr(decoded, '\0', size) != NULL) {
        refuse(problem, FWL_ERR_VALUE, "the path has a zero byte (%00)");
    } else {
        memcpy(c->path, decoded, size + 1);
    }
    free(decoded);
    while (problem->status == 0 && at < size) {
        size_t end = at;

        while (end < size && c->path[end] != '/') {
            end++;
        }
        c->path[end] = '\0';
        if (end > at && request->segment_count == FWL_HTTP_SEGMENTS_MAX) {
            refuse(problem, FWL_ERR_LIMIT, "the path has more than 12 segments");
        } else if (end > at) {
            request->segments[request->segment_count++] = c->path + at;
        }
        at = end + 1;
    }
}

/* A parameter that is there twice is refused: which one is meant would be a guess. */
static void
check_query(const struct evkeyvalq *query, struct fwl_http_problem *problem)
{
    unsigned count = 0;

    for (const struct evkeyval *a = TAILQ_FIRST(query); a != NULL; a = TAILQ_NEXT(a, next)) {
        if (++count > FWL_HTTP_PARAMETERS_MAX) {
            refuse(problem, FWL_ERR_LIMIT, "the query has more than 16 parameters");
            return;
        }
        for (const struct evkeyval *b = TAILQ_FIRST(query); b != a; b = TAILQ_NEXT(b, next)) {
            if (evutil_ascii_strcasecmp(a->key, b->key) == 0) {
                refuse(problem, FWL_ERR_DUPLICATE, "the parameter is there twice");
                problem->field = a->key;
                return;
            }
        }
    }
}

/* Path and query of a request; false when it was answered. */
static bool
take_apart(struct fwl_http_request *request, struct current *c)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(c->raw);
    const char *query = uri == NULL ? NULL : evhttp_uri_get_query(uri);
    struct fwl_http_problem problem = {.status = 0};

    split_path(request, c, &problem);
    if (problem.status == 0 && query != NULL && evhttp_parse_query_str(query, &c->query) != 0) {
        refuse(&problem, FWL_ERR_VALUE, "the query is malformed: it is name=value, joined by &");
    }
    if (problem.status == 0) {
        check_query(&c->query, &problem);
    }
    if (problem.status != 0) {
        fwl_http_reply_problem(request, &problem);
    }
    return problem.status == 0;
}

static void
on_request(struct evhttp_request *raw, void *cookie)
{
    struct worker *w = cookie;
    struct current c = {.worker = w, .raw = raw};
    struct fwl_http_request request = {.raw = &c, .thread = w->index};
    struct evbuffer *in = evhttp_request_get_input_buffer(raw);
    enum evhttp_cmd_type command = evhttp_request_get_command(raw);

    TAILQ_INIT(&c.query);
    note_activity(w, raw, false);
    request.method = command == EVHTTP_REQ_POST   ? FWL_HTTP_POST
                     : command == EVHTTP_REQ_HEAD ? FWL_HTTP_HEAD
                                                  : FWL_HTTP_GET;
    request.body = fwl_span(evbuffer_pullup(in, -1), evbuffer_get_length(in));
    if (take_apart(&request, &c)) {
        w->server->config.handler(w->server->config.cookie, &request);
        FWL_ASSERT(c.answered);
    }
    evhttp_clear_headers(&c.query);
}

/*
 * evhttp does not count its connections. Each gets its bufferevent here, with a second reference that the sweep
 * drops once evhttp has let go of it (its callbacks are gone then). At the limit the listener rests, and who holds a
 * place without asking anything loses it, so that nobody can keep others out by connecting alone.
 */
static struct bufferevent *
on_connection(struct event_base *base, void *cookie)
{
    struct worker *w = cookie;
    struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    if (bev != NULL && w->connection_count < w->connection_max) {
        bufferevent_incref(bev);
        w->connections[w->connection_count++] = (struct connection){.bev = bev, .since_ms = now_ms()};
    }
    if (w->connection_count == w->connection_max) {
        (void)evconnlistener_disable(w->listener);
    }
    return bev;
}

/* Has everything that was answered left this process? */
static bool
is_drained(const struct worker *w)
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
make_room(struct worker *w)
{
    uint64_t now = now_ms();

    for (size_t i = 0; i < w->connection_count; i++) {
        const struct connection *c = &w->connections[i];
        bool unread = evbuffer_get_length(bufferevent_get_output(c->bev)) > 0;

        if (!c->waits && now - c->since_ms > (unread ? PRESSED_UNREAD_MS : PRESSED_IDLE_MS)) {
            (void)shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
        }
    }
}

static void
on_sweep(evutil_socket_t fd, short what, void *cookie)
{
    struct worker *w = cookie;
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
    if (w->looks > 0) {
        if (is_drained(w) || w->looks++ == DRAIN_LOOKS) {
            (void)event_base_loopbreak(w->base);
        }
    } else if (w->connection_count < w->connection_max) {
        (void)evconnlistener_enable(w->listener);
    } else {
        make_room(w);
    }
}

static void *
work(void *cookie)
{
    struct worker *w = cookie;

    (void)event_base_dispatch(w->base);
    return NULL;
}

/* The first worker binds; the others listen on the same socket, so that no other process can share the port. */
static struct evconnlistener *
bind_first(struct worker *w, const char *host, uint16_t port)
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
bind_again(struct worker *w, const struct worker *first)
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
worker_bind(struct worker *w)
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

static bool
worker_init(struct worker *w, struct fwl_http_server *server, unsigned index)
{
    const struct timeval sweep = {.tv_usec = SWEEP_MS * 1000};

    w->server = server;
    w->index = index;
    w->connection_max = FWL_MAX(server->config.connections_max / server->config.threads, 1U);
    w->connections = fwl_calloc(w->connection_max, sizeof(struct connection));
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
worker_deinit(struct worker *w)
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
        struct worker *w = &s->workers[i];

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
    fwl_http_server_stop(s);
    return err;
}

uint16_t
fwl_http_server_port(const struct fwl_http_server *server)
{
    return server->port;
}

void
fwl_http_server_stop(struct fwl_http_server *server)
{
    if (server == NULL) {
        return;
    }
    for (unsigned i = 0; server->workers != NULL && i < server->worker_count; i++) {
        struct worker *w = &server->workers[i];

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
