/*
 * http - the HTTP server under a node's API. Zone H.
 *
 * N threads, each with its own event base and a listener on the one socket; a request is handled
 * from start to end on the thread that accepted it. A handler answers at once or defers; a deferred request is
 * completed from any thread and answered on its own. Connections, header and body sizes and idle times are
 * bounded before anything is handled; libevent's own pages answer what cannot be parsed.
 */
#ifndef FWL_NODE_HTTP_H
#define FWL_NODE_HTTP_H

#include "core/error.h"
#include "core/span.h"

enum {
    FWL_HTTP_SEGMENTS_MAX = 12,   /* of a path */
    FWL_HTTP_PARAMETERS_MAX = 16, /* of a query, each name once */
    FWL_HTTP_PATH_MAX = 1024,
    FWL_HTTP_BODY_BYTES_MAX = 131072, /* a transaction is at most 65,535 */
    FWL_HTTP_HEADER_BYTES_MAX = 16384,
};

#define FWL_HTTP_RETRY_AFTER_S "1" /* with every 503 */

struct fwl_http_server;
struct fwl_http_deferred;

enum fwl_http_method {
    FWL_HTTP_GET,
    FWL_HTTP_HEAD,
    FWL_HTTP_POST,
};

/* A request while its handler runs; views die with the handler's return. */
struct fwl_http_request {
    enum fwl_http_method method;
    const char *segments[FWL_HTTP_SEGMENTS_MAX]; /* of the path, decoded: "/v1/status" is {"v1", "status"} */
    size_t segment_count;
    struct fwl_span body;
    unsigned thread; /* 0 .. threads - 1 */
    void *raw;       /* of this unit */
};

/** fwl_http_handler - called on an API thread; must call exactly one of the reply functions or fwl_http_defer. */
typedef void fwl_http_handler(void *cookie, struct fwl_http_request *request);

struct fwl_http_server_config {
    const char *host;
    uint16_t port; /* 0: any; fwl_http_server_port tells */
    unsigned threads;
    unsigned connections_max; /* in all, shared out evenly; each thread has one at least */
    fwl_http_handler *handler;
    void *cookie;
};

/**
 * fwl_http_server_start - bind and serve.
 *
 * Shape:   at least one thread (FWL_ASSERT).
 * Owns:    keeps the handler's cookie. fwl_http_server_stop frees.
 * Returns: FWL_OK; FWL_ERR_NETWORK when the address cannot be bound, errno has the cause; FWL_ERR_MEMORY, also for a
 *          thread that cannot be started.
 */
FWL_NODISCARD enum fwl_err fwl_http_server_start(struct fwl_http_server **out,
                                                 const struct fwl_http_server_config *config);

/** fwl_http_server_port - the port that was bound. */
uint16_t fwl_http_server_port(const struct fwl_http_server *server);

/** fwl_http_server_limit - another connections_max, from any thread. It holds within a quarter of a second; above a
 * lower one nobody is taken, and those that ask nothing are given up as at any full server. No effect without memory.
 */
void fwl_http_server_limit(struct fwl_http_server *server, unsigned connections_max);

/** fwl_http_server_stop - stop accepting, send what was answered (for a second at most), end the threads, free; NULL is
 * fine. Deferred requests must be completed before. */
void fwl_http_server_stop(struct fwl_http_server *server);

/** fwl_http_query - the decoded value of a query parameter, NULL when absent; a view that dies with the handler. */
const char *fwl_http_query(struct fwl_http_request *request, const char *name);

/** fwl_http_request_header - a header of the request, NULL when absent. */
const char *fwl_http_request_header(struct fwl_http_request *request, const char *name);

/** fwl_http_header - set a header of the response, before the reply. */
void fwl_http_header(struct fwl_http_request *request, const char *name, const char *value);

/** fwl_http_reply - answer with @body of @type; borrows both. 503 when memory is short. HEAD gets the length alone. */
void fwl_http_reply(struct fwl_http_request *request, int status, const char *type, struct fwl_span body);

/* An RFC 9457 problem document. */
struct fwl_http_problem {
    int status;
    enum fwl_err err;       /* gives type and title */
    const char *detail;     /* a sentence; may be NULL */
    const char *field;      /* may be NULL */
    const uint64_t *height; /* the tip that it stands on; may be NULL */
};

/** fwl_http_reply_problem - answer with @problem as application/problem+json; borrows it. */
void fwl_http_reply_problem(struct fwl_http_request *request, const struct fwl_http_problem *problem);

/** fwl_http_defer - keep the request open after the handler returned; NULL when out of memory (then reply now). */
struct fwl_http_deferred *fwl_http_defer(struct fwl_http_request *request);

/** fwl_http_gone - has the client of a deferred request closed its side of the connection? Seen within a quarter of a
 * second. From any thread, before it is answered. */
bool fwl_http_gone(const struct fwl_http_deferred *deferred);

/** fwl_http_finish, fwl_http_finish_problem - answer a deferred request, from any thread, exactly once; @deferred is
 * gone then. Copies @body, borrows @problem; @type is static text. 503 without a body when memory is short. */
void fwl_http_finish(struct fwl_http_deferred *deferred, int status, const char *type, struct fwl_span body);
void fwl_http_finish_problem(struct fwl_http_deferred *deferred, const struct fwl_http_problem *problem);

#endif
