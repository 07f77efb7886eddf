/* Requests taken apart, and their replies. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>

#include "core/host/heap.h"
#include "node/http_part.h"

/* What stands behind fwl_http_request.raw while a handler runs. */
struct current {
    struct fwl_http_worker *worker;
    struct evhttp_request *raw;
    struct evkeyvalq query;
    char path[FWL_HTTP_PATH_MAX];
    bool answered;
};

void
fwl_http_send(struct evhttp_request *raw, int status, const char *type, struct fwl_span body)
{
    struct evbuffer *out = evbuffer_new();
    char length[24];

    (void)evhttp_add_header(evhttp_request_get_output_headers(raw), "Content-Type", type);
    if (status == HTTP_SERVUNAVAIL) {
        (void)evhttp_add_header(evhttp_request_get_output_headers(raw), "Retry-After", FWL_HTTP_RETRY_AFTER_S);
    }
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
    fwl_http_send(c->raw, status, type, body);
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

bool
fwl_http_gone(const struct fwl_http_deferred *d)
{
    return atomic_load(&d->gone);
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
        fwl_http_server_note(c->worker, c->raw, d);
    }
    return d;
}

void
fwl_http_finish(struct fwl_http_deferred *d, int status, const char *type, struct fwl_span body)
{
    d->body = fwl_malloc(body.size);
    d->status = d->body == NULL ? HTTP_SERVUNAVAIL : status;
    d->type = type;
    d->size = d->body == NULL ? 0 : body.size;
    if (d->size > 0) {
        memcpy(d->body, body.p, body.size);
    }
    fwl_http_server_answered(d);
}

void
fwl_http_finish_problem(struct fwl_http_deferred *deferred, const struct fwl_http_problem *problem)
{
    char *text = problem_text(problem);

    fwl_http_finish(deferred, problem->status, "application/problem+json", fwl_span_text(text == NULL ? "{}" : text));
    free(text);
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

void
fwl_http_handle(const struct fwl_http_server_config *config, struct fwl_http_worker *worker, unsigned thread,
                struct evhttp_request *raw)
{
    struct current c = {.worker = worker, .raw = raw};
    struct fwl_http_request request = {.raw = &c, .thread = thread};
    struct evbuffer *in = evhttp_request_get_input_buffer(raw);
    enum evhttp_cmd_type command = evhttp_request_get_command(raw);

    TAILQ_INIT(&c.query);
    request.method = command == EVHTTP_REQ_POST   ? FWL_HTTP_POST
                     : command == EVHTTP_REQ_HEAD ? FWL_HTTP_HEAD
                                                  : FWL_HTTP_GET;
    request.body = fwl_span(evbuffer_pullup(in, -1), evbuffer_get_length(in));
    if (take_apart(&request, &c)) {
        config->handler(config->cookie, &request);
        FWL_ASSERT(c.answered);
    }
    evhttp_clear_headers(&c.query);
}
