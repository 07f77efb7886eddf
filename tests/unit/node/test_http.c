/* The server over real sockets: replies, problems, deferred answers, limits, many connections. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/http.h"

static struct fwl_http_server *server;
enum { DEFERRED_MAX = 32 };

static struct fwl_http_deferred *waiting[DEFERRED_MAX];
static size_t waiting_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void
handle(void *cookie, struct fwl_http_request *request)
{
    char text[256];
    const char *q = fwl_http_query(request, "q");

    (void)cookie;
    if (request->segment_count > 0 && fwl_span_is(fwl_span_text(request->segments[0]), "wait")) {
        (void)pthread_mutex_lock(&lock);
        FWL_ASSERT(waiting_count < DEFERRED_MAX);
        waiting[waiting_count++] = fwl_http_defer(request);
        (void)pthread_cond_signal(&changed);
        (void)pthread_mutex_unlock(&lock);
        return;
    }
    if (request->segment_count > 0 && fwl_span_is(fwl_span_text(request->segments[0]), "problem")) {
        fwl_http_reply_problem(
            request,
            &(struct fwl_http_problem){.status = 422, .err = FWL_ERR_ROLE, .detail = "not \"you\"", .field = "action"});
        return;
    }
    (void)snprintf(text, sizeof(text), "%zu %s %s %zu", request->segment_count,
                   request->segment_count > 1 ? request->segments[1] : "-", q == NULL ? "-" : q, request->body.size);
    fwl_http_header(request, "X-Test", "1");
    fwl_http_reply(request, 200, "text/plain", fwl_span_text(text));
}

static int
dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(fwl_http_server_port(server))};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void
put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads until @until occurs; the text so far stays in a static buffer. */
static const char *
get(int fd, const char *until)
{
    static char text[8192];
    size_t size = 0;

    text[0] = '\0';
    while (strstr(text, until) == NULL) {
        ssize_t got = read(fd, text + size, sizeof(text) - 1 - size);

        if (got <= 0) {
            fail_msg("\"%s\" did not come; got \"%s\"", until, text);
        }
        size += (size_t)got;
        text[size] = '\0';
    }
    return text;
}

static void
test_http__reply(void **state)
{
    int fd = dial();

    (void)state;
    put(fd, "GET /v1/a%2Fb/c?q=x%20y HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)get(fd, "4 a x y 0"); /* an encoded slash separates like a plain one */
    put(fd, "POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_non_null(strstr(get(fd, "2 x - 3"), "X-Test: 1"));
    (void)close(fd);
}

static void
test_http__problem(void **state)
{
    int fd = dial();
    const char *text = NULL;

    (void)state;
    put(fd, "GET /problem HTTP/1.1\r\nHost: a\r\n\r\n");
    text = get(fd, "\"field\":\"action\"}");
    assert_non_null(strstr(text, "HTTP/1.1 422"));
    assert_non_null(strstr(text, "application/problem+json"));
    assert_non_null(strstr(text, "\"type\":\"urn:fwledger:error:ROLE\""));
    assert_non_null(strstr(text, "\"detail\":\"not \\\"you\\\"\""));
    (void)close(fd);
}

static struct fwl_http_deferred *
await(void)
{
    struct fwl_http_deferred *d = NULL;

    (void)pthread_mutex_lock(&lock);
    while (waiting_count == 0) {
        (void)pthread_cond_wait(&changed, &lock);
    }
    d = waiting[--waiting_count];
    (void)pthread_mutex_unlock(&lock);
    return d;
}

static void
test_http__deferred(void **state)
{
    int fd = dial();

    (void)state;
    put(fd, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    fwl_http_finish(await(), 200, "text/plain", fwl_span_text("late"));
    assert_non_null(strstr(get(fd, "late"), "200 OK"));
    (void)close(fd);
}

static void
test_http__deferred_client_gone(void **state)
{
    int fd = dial();
    struct fwl_http_deferred *d = NULL;

    (void)state;
    put(fd, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    d = await();
    (void)close(fd);
    fwl_http_finish(d, 200, "text/plain", fwl_span_text("nobody"));
    test_http__reply(state); /* the server goes on */
}

static void
test_http__body_limit(void **state)
{
    static char body[FWL_HTTP_BODY_BYTES_MAX + 2];
    char head[128];
    int fd = dial();

    (void)state;
    memset(body, 'a', sizeof(body) - 1);
    (void)snprintf(head, sizeof(head), "POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
                   FWL_HTTP_BODY_BYTES_MAX);
    put(fd, head);
    body[FWL_HTTP_BODY_BYTES_MAX] = '\0';
    put(fd, body);
    (void)get(fd, "2 x - 131072");
    (void)snprintf(head, sizeof(head), "POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
                   FWL_HTTP_BODY_BYTES_MAX + 1);
    put(fd, head);
    assert_non_null(strstr(get(fd, "\r\n\r\n"), " 413 "));
    (void)close(fd);
}

static void
test_http__path_limit(void **state)
{
    static char line[4096];
    int fd = dial();

    (void)state;
    (void)snprintf(line, sizeof(line), "GET /%01100d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    put(fd, line);
    assert_non_null(strstr(get(fd, "\r\n\r\n"), " 400 "));
    put(fd, "GET /1/2/3/4/5/6/7/8/9/10/11/12/13 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_non_null(strstr(get(fd, "\r\n\r\n"), " 400 "));
    (void)close(fd);
}

/* More connections than the limit: the surplus waits in the queue and is served once others close. */
static void
test_http__connection_limit(void **state)
{
    enum { COUNT = 40 };
    int fds[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial();
    }
    for (int i = 0; i < COUNT; i++) {
        put(fds[i], "GET /v1/y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    for (int i = 0; i < COUNT; i++) {
        (void)get(fds[i], "2 y - 0");
        (void)close(fds[i]);
    }
}

/* All places are held by connections that ask nothing, or a little at a time: somebody who asks is still served. */
static void
test_http__idle_holders(void **state)
{
    enum { COUNT = 24 };
    int fds[COUNT];
    int fd = -1;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial();
        put(fds[i], i % 2 == 0 ? "GET /v1" : "");
    }
    fd = dial();
    put(fd, "GET /v1/y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    (void)get(fd, "2 y - 0"); /* fails after the 20 s of dial(), before the 60 s after which all idle ones end */
    (void)close(fd);
    for (int i = 0; i < COUNT; i++) {
        (void)close(fds[i]);
    }
}

/* Waits until @count requests are deferred; false when that does not happen for @ms. */
static bool
deferred(size_t count, long ms)
{
    struct timespec end;
    int err = 0;
    bool all = false;

    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += ms / 1000;
    end.tv_nsec += ms % 1000 * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&lock);
    while (waiting_count < count && err == 0) {
        err = pthread_cond_timedwait(&changed, &lock, &end);
    }
    all = waiting_count >= count;
    (void)pthread_mutex_unlock(&lock);
    return all;
}

/* @count connections that are served only when as many have a place at once: each is kept waiting. How many were. */
static size_t
places(size_t count, long ms)
{
    int fds[DEFERRED_MAX];
    size_t taken = 0;

    for (size_t i = 0; i < count; i++) {
        fds[i] = dial();
        put(fds[i], "GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    (void)deferred(count, ms);
    (void)pthread_mutex_lock(&lock);
    taken = waiting_count;
    (void)pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < count; i++) { /* one that ends makes room for one in the queue */
        fwl_http_finish(await(), 200, "text/plain", fwl_span_text("late"));
    }
    for (size_t i = 0; i < count; i++) {
        (void)get(fds[i], "late");
        (void)close(fds[i]);
    }
    return taken;
}

static void
test_http__limit_changes(void **state)
{
    enum { SOON_MS = 1000, LATE_MS = 20000, TRIES = 20 };
    size_t taken = 0;

    (void)state;
    assert_int_equal(places(DEFERRED_MAX, SOON_MS), 8);
    fwl_http_server_limit(server, DEFERRED_MAX);
    assert_int_equal(places(DEFERRED_MAX, LATE_MS), DEFERRED_MAX);
    fwl_http_server_limit(server, 1); /* each of the two threads has one at least */
    for (int i = 0; i < TRIES && taken != 2; i++) {
        taken = places(4, SOON_MS);
    }
    assert_int_equal(taken, 2);
    fwl_http_server_limit(server, 8);
}

static int
start(void **state)
{
    const struct fwl_http_server_config config = {
        .host = "127.0.0.1", .threads = 2, .connections_max = 8, .handler = handle};

    (void)state;
    return fwl_http_server_start(&server, &config) == FWL_OK ? 0 : -1;
}

static int
stop(void **state)
{
    (void)state;
    fwl_http_server_stop(server);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http__reply),
        cmocka_unit_test(test_http__problem),
        cmocka_unit_test(test_http__deferred),
        cmocka_unit_test(test_http__deferred_client_gone),
        cmocka_unit_test(test_http__body_limit),
        cmocka_unit_test(test_http__path_limit),
        cmocka_unit_test(test_http__connection_limit),
        cmocka_unit_test(test_http__idle_holders),
        cmocka_unit_test(test_http__limit_changes),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
