#include "node/api.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/hex.h"
#include "core/host/heap.h"
#include "node/api_part.h"

const int64_t fwl_api_interval_bounds[FWL_HISTOGRAM_BOUNDS] = {50,   100,   250,   500,   1000,   2500,
                                                               5000, 10000, 30000, 60000, 300000, 1000000};

struct route {
    const char *path; /* segments; "*" is a variable one */
    fwl_api_route *handler;
    enum fwl_http_method method; /* GET stands for HEAD too */
    bool reads;                  /* open a view of the chain before */
    enum fwl_table table;        /* for routes that several tables share */
};

static const struct route routes[] = {
    {"v1/answers/*/*/*/*/*", fwl_api_answer_answer, FWL_HTTP_GET, false, 0},
    {"v1/values/*", fwl_api_answer_value, FWL_HTTP_GET, true, 0},
    {"v1/bundles/*/*/*/*/*", fwl_api_answer_bundle, FWL_HTTP_GET, true, 0},
    {"v1/attest", fwl_api_attest_get, FWL_HTTP_GET, false, 0},
    {"v1/decisions", fwl_api_answer_decision, FWL_HTTP_POST, true, 0},
    {"v1/status", fwl_api_info_status, FWL_HTTP_GET, true, 0},
    {"v1/consensus", fwl_api_consensus_get, FWL_HTTP_GET, true, 0},
    {"v1/transactions", fwl_api_chain_submit, FWL_HTTP_POST, false, 0},
    {"v1/transactions/*", fwl_api_chain_transaction, FWL_HTTP_GET, true, 0},
    {"v1/blocks", fwl_api_chain_blocks, FWL_HTTP_GET, true, 0},
    {"v1/blocks/*", fwl_api_chain_block, FWL_HTTP_GET, true, 0},
    {"v1/blocks/*/certificate", fwl_api_chain_certificate, FWL_HTTP_GET, true, 0},
    {"v1/headers/*", fwl_api_chain_header, FWL_HTTP_GET, true, 0},
    {"v1/participants", fwl_api_state_list, FWL_HTTP_GET, true, FWL_TABLE_PARTICIPANT},
    {"v1/participants/*", fwl_api_state_entry, FWL_HTTP_GET, true, FWL_TABLE_PARTICIPANT},
    {"v1/vendors", fwl_api_state_list, FWL_HTTP_GET, true, FWL_TABLE_VENDOR},
    {"v1/vendors/*", fwl_api_state_entry, FWL_HTTP_GET, true, FWL_TABLE_VENDOR},
    {"v1/classes", fwl_api_state_list, FWL_HTTP_GET, true, FWL_TABLE_CLASS},
    {"v1/classes/*/*/*", fwl_api_state_class, FWL_HTTP_GET, true, 0},
    {"v1/releases/*", fwl_api_state_release, FWL_HTTP_GET, true, 0},
    {"v1/fleets", fwl_api_state_list, FWL_HTTP_GET, true, FWL_TABLE_FLEET},
    {"v1/fleets/*/*", fwl_api_state_entry, FWL_HTTP_GET, true, FWL_TABLE_FLEET},
    {"v1/policies/*/*", fwl_api_state_policy, FWL_HTTP_GET, true, 0},
    {"v1/validators", fwl_api_state_validators, FWL_HTTP_GET, true, 0},
    {"v1/evidence", fwl_api_state_list, FWL_HTTP_GET, true, FWL_TABLE_EVIDENCE},
    {"v1/params", fwl_api_state_params, FWL_HTTP_GET, true, 0},
    {"health", fwl_api_info_health, FWL_HTTP_GET, false, 0},
    {"ready", fwl_api_info_ready, FWL_HTTP_GET, false, 0},
    {"metrics", fwl_api_metrics_get, FWL_HTTP_GET, true, 0},
};

int
fwl_api_http_status(enum fwl_err err)
{
    static const struct {
        enum fwl_err err;
        int status;
    } special[] = {
        {FWL_ERR_MEMORY, 503}, {FWL_ERR_FULL, 503},     {FWL_ERR_ABSENT, 404}, {FWL_ERR_EXISTS, 409},
        {FWL_ERR_REPLAY, 409}, {FWL_ERR_CONFLICT, 409}, {FWL_ERR_LOCAL, 500},
    };
    int number = (int)err;

    for (size_t i = 0; i < FWL_COUNT(special); i++) {
        if (special[i].err == err) {
            return special[i].status;
        }
    }
    if (number == 0) {
        return 200;
    }
    if (number < 40) {
        return 400;
    }
    if (number < 60 || number >= 100) {
        return 422;
    }
    return number < 80 ? 500 : 503;
}

void
fwl_api_fail(struct fwl_api_call *c, enum fwl_err err, const char *detail, const char *field)
{
    const struct fwl_http_problem problem = {
        .status = fwl_api_http_status(err), .err = err, .detail = detail, .field = field};

    if (problem.status == 500) {
        fwl_log(c->api->log, FWL_LOG_UNUSUAL, "api", "a request failed", "reason=%s", fwl_err_name(err));
    }
    fwl_http_reply_problem(c->request, &problem);
}

void
fwl_api_json(struct fwl_api_call *c, json_t *value)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);

    json_decref(value);
    if (text == NULL) {
        fwl_api_fail(c, FWL_ERR_MEMORY, NULL, NULL);
        return;
    }
    fwl_http_reply(c->request, 200, "application/json", fwl_span_text(text));
    free(text);
}

/* Decimal without sign, blanks or leading zeros. */
static bool
parse_number(uint64_t *out, const char *text)
{
    uint64_t v = 0;

    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || !fwl_mul_u64(&v, v, 10) || !fwl_add_u64(&v, v, (uint64_t)(*text - '0'))) {
            return false;
        }
    }
    *out = v;
    return true;
}

bool
fwl_api_height(struct fwl_api_call *c, uint64_t *out, const char *text, const char *field)
{
    if (!parse_number(out, text)) {
        fwl_api_fail(c, FWL_ERR_VALUE, "not a number in decimal", field);
        return false;
    }
    return true;
}

bool
fwl_api_hash(struct fwl_api_call *c, struct fwl_hash32 *out, const char *text, const char *field)
{
    if (fwl_hex_decode(out->b, sizeof(out->b), fwl_span_text(text)) != FWL_OK) {
        fwl_api_fail(c, FWL_ERR_VALUE, "not 64 lower-case hexadecimal digits", field);
        return false;
    }
    return true;
}

bool
fwl_api_limit(struct fwl_api_call *c, size_t *out)
{
    const char *text = fwl_http_query(c->request, "limit");
    uint64_t v = FWL_API_LIST_DEFAULT;

    if (text != NULL && (!parse_number(&v, text) || v < 1 || v > FWL_API_LIST_MAX)) {
        fwl_api_fail(c, FWL_ERR_RANGE, "a limit is 1 to 100", "limit");
        return false;
    }
    *out = (size_t)v;
    return true;
}

bool
fwl_api_join(char *out, size_t room, const char *const *segments, size_t count)
{
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        int n = snprintf(out + used, room - used, "%s%s", i == 0 ? "" : "/", segments[i]);

        if (n < 0 || (size_t)n >= room - used) {
            return false;
        }
        used += (size_t)n;
    }
    return true;
}

void
fwl_api_list(struct fwl_api_call *c, json_t *items, const char *next)
{
    if (items == NULL) {
        fwl_api_fail(c, FWL_ERR_MEMORY, NULL, NULL);
        return;
    }
    fwl_api_json(c, json_pack("{s:o, s:I, s:s?}", "items", items, "height", (json_int_t)c->tip_height, "next", next));
}

/* Does the path fit? Fills the variable segments. */
static bool
route_fits(const struct route *route, struct fwl_api_call *c)
{
    const char *at = route->path;

    c->arg_count = 0;
    for (size_t i = 0; i < c->request->segment_count; i++) {
        size_t size = strcspn(at, "/");

        if (size == 0) {
            return false;
        }
        if (size == 1 && at[0] == '*') {
            c->arg[c->arg_count++] = c->request->segments[i];
        } else if (!fwl_span_equal(fwl_span(at, size), fwl_span_text(c->request->segments[i]))) {
            return false;
        }
        at += at[size] == '/' ? size + 1 : size;
    }
    return *at == '\0';
}

static void
run(const struct route *route, struct fwl_api_call *c)
{
    struct fwl_query_tip tip;
    enum fwl_err err = FWL_OK;

    if (!route->reads) {
        route->handler(c);
        return;
    }
    err = fwl_read_begin(&c->api->backend.chain, &c->read);
    if (err != FWL_OK) {
        fwl_api_fail(c, err, NULL, NULL);
        return;
    }
    err = fwl_query_tip(&c->read.kv, &tip);
    if (err != FWL_OK) {
        fwl_api_fail(c, err, "the chain has not been read", NULL);
    } else {
        c->tip_height = tip.header.height;
        c->tip_time_ms = tip.header.time_ms;
        route->handler(c);
    }
    fwl_read_end(&c->read);
}

void
fwl_api_handle(void *cookie, struct fwl_http_request *request)
{
    struct fwl_api *api = cookie;
    struct fwl_api_call c = {.api = api, .request = request};
    enum fwl_http_method method = request->method == FWL_HTTP_HEAD ? FWL_HTTP_GET : request->method;
    const char *allow = NULL;

    FWL_ASSERT(request->thread < api->thread_count);
    c.thread = &api->threads[request->thread];
    for (size_t i = 0; i < FWL_COUNT(routes); i++) {
        if (!route_fits(&routes[i], &c)) {
            continue;
        }
        if (routes[i].method == method) {
            c.table = routes[i].table;
            run(&routes[i], &c);
            return;
        }
        allow = routes[i].method == FWL_HTTP_POST ? "POST" : "GET, HEAD";
    }
    if (allow != NULL) {
        fwl_http_header(request, "Allow", allow);
        fwl_http_reply_problem(request, &(struct fwl_http_problem){.status = 405,
                                                                   .err = FWL_ERR_UNKNOWN,
                                                                   .detail = "this path has another method"});
        return;
    }
    fwl_api_fail(&c, FWL_ERR_ABSENT, "there is no such path; docs/openapi.yaml lists them", NULL);
}

struct fwl_api *
fwl_api_new(const struct fwl_api_backend *backend, unsigned threads, const struct fwl_log *log)
{
    struct fwl_api *api = fwl_calloc(1, sizeof(*api));

    if (api == NULL) {
        return NULL;
    }
    api->backend = *backend;
    api->log = log;
    api->thread_count = threads;
    api->threads = fwl_calloc(threads, sizeof(*api->threads));
    if (api->threads == NULL) {
        fwl_free(api);
        return NULL;
    }
    return api;
}

void
fwl_api_free(struct fwl_api *api)
{
    if (api == NULL) {
        return;
    }
    for (unsigned t = 0; t < api->thread_count; t++) {
        for (size_t i = 0; i < FWL_API_CACHE_SLOTS; i++) {
            fwl_free(api->threads[t].cache[i].bytes);
        }
    }
    fwl_free(api->threads);
    fwl_free(api);
}
