/*
 * api_part - what the parts of the API share. Zone H. Internal to the module.
 */
#ifndef FWL_NODE_API_PART_H
#define FWL_NODE_API_PART_H

#include <jansson.h>

#include "ledger/query/query.h"
#include "node/api.h"

enum {
    FWL_API_CACHE_SLOTS = 1024,  /* a thread */
    FWL_API_CACHE_BYTES = 16384, /* the longest answer that is kept */
    FWL_API_KEY_MAX = FWL_FLEET_MAX + FWL_CLASS_MAX + 24,
};

struct fwl_api_slot {
    char key[FWL_API_KEY_MAX]; /* "" is free */
    uint8_t *bytes;
    size_t size;
};

/* Memory of one API thread. */
struct fwl_api_thread {
    struct fwl_query_work work;
    uint64_t cached_tip;
    struct fwl_api_slot cache[FWL_API_CACHE_SLOTS];
};

struct fwl_api {
    struct fwl_api_backend backend;
    const struct fwl_log *log;
    struct fwl_api_thread *threads;
    unsigned thread_count;
};

/* One request: what a handler gets. */
struct fwl_api_call {
    struct fwl_api *api;
    struct fwl_api_thread *thread;
    struct fwl_http_request *request;
    const char *arg[5]; /* the variable segments of the path */
    size_t arg_count;
    enum fwl_table table; /* that the route is of; 0: none */
    struct fwl_read read; /* open when the route reads */
    uint64_t tip_height;  /* of the view, when the route reads */
    uint64_t tip_time_ms;
};

/** fwl_api_fail - answer with a problem; @detail and @field may be NULL. */
void fwl_api_fail(struct fwl_api_call *c, enum fwl_err err, const char *detail, const char *field);
/** fwl_api_json - answer 200 with @value, whose reference is taken; NULL answers 503 (out of memory). */
void fwl_api_json(struct fwl_api_call *c, json_t *value);
/** fwl_api_height - a number in decimal, without leading zeros; false answers 400. */
bool fwl_api_height(struct fwl_api_call *c, uint64_t *out, const char *text, const char *field);
/** fwl_api_hash - 64 lower-case hexadecimal digits; false answers 400. */
bool fwl_api_hash(struct fwl_api_call *c, struct fwl_hash32 *out, const char *text, const char *field);
/** fwl_api_limit - the query parameter `limit`, 1 to FWL_API_LIST_MAX, FWL_API_LIST_DEFAULT without one; false answers
 * 400. */
bool fwl_api_limit(struct fwl_api_call *c, size_t *out);
/** fwl_api_join - @count segments with "/" between; false when they do not fit. */
bool fwl_api_join(char *out, size_t room, const char *const *segments, size_t count);
/** fwl_api_list - answer with a list: takes @items; @next NULL at the end. */
void fwl_api_list(struct fwl_api_call *c, json_t *items, const char *next);

/* Handlers of routes. */
typedef void fwl_api_route(struct fwl_api_call *c);

fwl_api_route fwl_api_state_list, fwl_api_state_entry; /* of the route's table */
fwl_api_route fwl_api_state_class, fwl_api_state_release, fwl_api_state_policy, fwl_api_state_params,
    fwl_api_state_validators;
fwl_api_route fwl_api_chain_blocks, fwl_api_chain_block, fwl_api_chain_header, fwl_api_chain_certificate,
    fwl_api_chain_transaction, fwl_api_chain_submit;
fwl_api_route fwl_api_answer_answer, fwl_api_answer_bundle, fwl_api_answer_value, fwl_api_answer_decision;
fwl_api_route fwl_api_attest_get;
fwl_api_route fwl_api_info_status, fwl_api_info_health, fwl_api_info_ready;
fwl_api_route fwl_api_consensus_get, fwl_api_metrics_get;

#endif
