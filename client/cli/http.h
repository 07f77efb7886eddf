/*
 * http - requests to a node. Zone H.
 */
#ifndef FWL_CLIENT_CLI_HTTP_H
#define FWL_CLIENT_CLI_HTTP_H

#include "core/error.h"
#include "core/span.h"

enum {
    FWL_HTTP_BODY_MAX = 16 * 1024 * 1024, /* of a response; more is FWL_ERR_LIMIT */
    FWL_HTTP_ERROR_MAX = 2048,
};

struct fwl_http; /* a connection that is kept open between requests; not for threads */

struct fwl_http_response {
    long status;
    uint8_t *body; /* fwl_http_response_clear frees it; terminated by a NUL that size does not count */
    size_t size;
    char error[FWL_HTTP_ERROR_MAX]; /* why there is no response, when the call failed */
};

/** fwl_http_new - a client of the node at @url ("http://127.0.0.1:7200"); NULL when out of memory. */
struct fwl_http *fwl_http_new(const char *url);
void fwl_http_free(struct fwl_http *http);

/**
 * fwl_http_get, fwl_http_post - one request; @path begins with '/'.
 *
 * Fills:   @out; clear it in every case.
 * Returns: FWL_OK           a response arrived, whatever its status
 *          FWL_ERR_NETWORK  the node cannot be reached or the connection broke
 *          FWL_ERR_TIMEOUT  no answer within @timeout_s seconds
 *          FWL_ERR_LIMIT    the response is larger than FWL_HTTP_BODY_MAX
 */
FWL_NODISCARD enum fwl_err fwl_http_get(struct fwl_http *http, struct fwl_http_response *out, const char *path,
                                        long timeout_s);
FWL_NODISCARD enum fwl_err fwl_http_post(struct fwl_http *http, struct fwl_http_response *out, const char *path,
                                         const char *content_type, struct fwl_span body, long timeout_s);

void fwl_http_response_clear(struct fwl_http_response *response);

#endif
