/*
 * http_part - what the two halves of the HTTP server share: http.c has requests and replies, http_server.c threads and
 * connections. Zone H. Internal to the module.
 */
#ifndef FWL_NODE_HTTP_PART_H
#define FWL_NODE_HTTP_PART_H

#include <stdatomic.h>

#include "node/http.h"

struct evhttp_request;
struct fwl_http_worker; /* a thread of the server */

/* A request that is answered later. */
struct fwl_http_deferred {
    struct evhttp_request *raw;
    struct fwl_http_worker *worker; /* whose request it is */
    int status;
    const char *type;
    uint8_t *body; /* on the heap */
    size_t size;
    atomic_bool gone; /* the client is */
    struct fwl_http_deferred *next;
};

/** fwl_http_handle - take a request apart and give it to the handler of @config, on thread @thread, which is @worker's.
 */
void fwl_http_handle(const struct fwl_http_server_config *config, struct fwl_http_worker *worker, unsigned thread,
                     struct evhttp_request *raw);

/** fwl_http_send - answer a request, on its own thread; borrows the arguments. */
void fwl_http_send(struct evhttp_request *raw, int status, const char *type, struct fwl_span body);

/** fwl_http_server_note - the connection of @raw has just asked, or was answered late; @waits: its answer is deferred,
 * NULL: it is not. */
void fwl_http_server_note(struct fwl_http_worker *worker, struct evhttp_request *raw, struct fwl_http_deferred *waits);

/** fwl_http_server_answered - @deferred has its answer, from any thread: its own one sends it and frees it. */
void fwl_http_server_answered(struct fwl_http_deferred *deferred);

#endif
