/* What devices ask: answers, bundles, values, decisions. */
#include <stdio.h>

#include "contracts/json/decision.h"
#include "contracts/json/facts.h"
#include "core/host/heap.h"
#include "node/api_part.h"

/* The question in the path and the query; false has answered. @name has room for FWL_API_KEY_MAX. */
static bool
read_ask(struct fwl_api_call *c, struct fwl_query_ask *ask, char *fleet, char *class_name)
{
    const char *since = fwl_http_query(c->request, "since");

    *ask = (struct fwl_query_ask){0};
    if (!fwl_api_join(fleet, FWL_FLEET_MAX + 1, c->arg, 2)) {
        fwl_api_fail(c, FWL_ERR_NAME, NULL, "fleet");
        return false;
    }
    if (!fwl_api_join(class_name, FWL_CLASS_MAX + 1, c->arg + 2, 3)) {
        fwl_api_fail(c, FWL_ERR_NAME, NULL, "class");
        return false;
    }
    ask->fleet = fwl_span_text(fleet);
    ask->class_name = fwl_span_text(class_name);
    ask->has_since = since != NULL;
    return since == NULL || fwl_api_height(c, &ask->since, since, "since");
}

/* The slot of this question; the cache of the thread is emptied when the tip has moved. */
static struct fwl_api_slot *
find_slot(struct fwl_api_call *c, char key[FWL_API_KEY_MAX], const struct fwl_query_ask *ask, uint64_t tip)
{
    struct fwl_api_thread *t = c->thread;
    char since[24] = "";
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a; a collision costs a miss */

    if (t->cached_tip != tip) {
        for (size_t i = 0; i < FWL_API_CACHE_SLOTS; i++) {
            t->cache[i].key[0] = '\0';
        }
        t->cached_tip = tip;
    }
    if (ask->has_since) {
        (void)snprintf(since, sizeof(since), "%llu", (unsigned long long)ask->since);
    }
    (void)snprintf(key, FWL_API_KEY_MAX, "%s|%s|%s", (const char *)ask->fleet.p, (const char *)ask->class_name.p,
                   since);
    for (const char *p = key; *p != '\0'; p++) {
        hash = (hash ^ (uint8_t)*p) * UINT64_C(1099511628211);
    }
    return &t->cache[hash % FWL_API_CACHE_SLOTS];
}

/* Keeps an answer; without memory it is not kept. */
static void
fill_slot(struct fwl_api_slot *slot, const char *key, struct fwl_span answer)
{
    uint8_t *bytes = answer.size > FWL_API_CACHE_BYTES ? NULL : fwl_realloc(slot->bytes, answer.size);

    if (bytes == NULL) {
        return;
    }
    memcpy(bytes, answer.p, answer.size);
    slot->bytes = bytes;
    slot->size = answer.size;
    memcpy(slot->key, key, strlen(key) + 1);
}

static void
fail_ask(struct fwl_api_call *c, enum fwl_err err)
{
    if (err == FWL_ERR_ABSENT) {
        fwl_http_reply_problem(c->request,
                               &(struct fwl_http_problem){.status = 503,
                                                          .err = err,
                                                          .detail = "no block is final yet, or an epoch step that was "
                                                                    "asked for is not kept here"});
        return;
    }
    fwl_api_fail(c, err, NULL, err == FWL_ERR_NAME ? "fleet or class" : NULL);
}

/* An answer into memory of the heap, which the caller frees whatever is returned. */
static enum fwl_err
make_answer(struct fwl_api_call *c, const struct fwl_kv *kv, const struct fwl_query_ask *ask, uint8_t **buffer,
            struct fwl_span *out)
{
    const size_t room = FWL_QUERY_STEPS_BYTES + sizeof(c->thread->work.proofs) + 16384;
    struct fwl_writer w;
    enum fwl_err err = FWL_OK;

    *buffer = fwl_malloc(room);
    if (*buffer == NULL) {
        return FWL_ERR_MEMORY;
    }
    fwl_writer_init(&w, *buffer, room);
    err = fwl_query_answer(kv, &c->thread->work, &w, ask);
    return err == FWL_OK ? fwl_writer_finish(&w, out) : err;
}

void
fwl_api_answer_answer(struct fwl_api_call *c)
{
    static const char type[] = "application/fwledger-answer";
    char fleet[FWL_FLEET_MAX + 1];
    char class_name[FWL_CLASS_MAX + 1];
    char key[FWL_API_KEY_MAX];
    struct fwl_query_ask ask;
    struct fwl_api_slot *slot = NULL;
    uint8_t *buffer = NULL;
    struct fwl_span answer;
    enum fwl_err err = FWL_OK;

    if (!read_ask(c, &ask, fleet, class_name)) {
        return;
    }
    /* The height is read before the view is opened: what is kept under it is never older. */
    slot = find_slot(c, key, &ask, c->api->backend.tip(c->api->backend.cookie));
    if (slot->bytes != NULL && strcmp(slot->key, key) == 0) {
        fwl_http_reply(c->request, 200, type, fwl_span(slot->bytes, slot->size));
        return;
    }
    err = fwl_read_begin(&c->api->backend.chain, &c->read);
    if (err == FWL_OK) {
        err = make_answer(c, &c->read.kv, &ask, &buffer, &answer);
        fwl_read_end(&c->read);
    }
    if (err != FWL_OK) {
        fail_ask(c, err);
    } else {
        fill_slot(slot, key, answer);
        fwl_http_reply(c->request, 200, type, answer);
    }
    fwl_free(buffer);
}

/* A bundle into memory of the heap, which the caller frees whatever is returned: once to measure, once to write. */
static enum fwl_err
make_bundle(struct fwl_api_call *c, const struct fwl_query_ask *ask, struct fwl_span answer, uint8_t **bundle,
            struct fwl_span *out)
{
    struct fwl_writer w;
    size_t size = 0;
    enum fwl_err err = FWL_OK;

    fwl_writer_init(&w, NULL, 0);
    err = fwl_query_bundle(&c->read.kv, &w, answer, ask);
    if (err != FWL_ERR_SPACE) {
        return err;
    }
    size = w.size;
    *bundle = fwl_malloc(size);
    if (*bundle == NULL) {
        return FWL_ERR_MEMORY;
    }
    fwl_writer_init(&w, *bundle, size);
    err = fwl_query_bundle(&c->read.kv, &w, answer, ask);
    return err == FWL_OK ? fwl_writer_finish(&w, out) : err;
}

void
fwl_api_answer_bundle(struct fwl_api_call *c)
{
    char fleet[FWL_FLEET_MAX + 1];
    char class_name[FWL_CLASS_MAX + 1];
    struct fwl_query_ask ask;
    struct fwl_span answer = {0};
    struct fwl_span out = {0};
    uint8_t *buffer = NULL;
    uint8_t *bundle = NULL;
    enum fwl_err err = FWL_OK;

    if (!read_ask(c, &ask, fleet, class_name)) {
        return;
    }
    err = make_answer(c, &c->read.kv, &ask, &buffer, &answer);
    if (err == FWL_OK) {
        err = make_bundle(c, &ask, answer, &bundle, &out);
    }
    if (err != FWL_OK) {
        fail_ask(c, err);
    } else {
        fwl_http_reply(c->request, 200, "application/fwledger-bundle", out);
    }
    fwl_free(bundle);
    fwl_free(buffer);
}

void
fwl_api_answer_value(struct fwl_api_call *c)
{
    struct fwl_span value;
    struct fwl_hash32 hash;
    enum fwl_err err = FWL_OK;

    if (!fwl_api_hash(c, &hash, c->arg[0], "hash")) {
        return;
    }
    err = fwl_query_value(&c->read.kv, &value, &hash);
    if (err != FWL_OK) {
        fwl_api_fail(c, err, "no entry has this value", "hash");
        return;
    }
    fwl_http_header(c->request, "Cache-Control", "public, max-age=31536000, immutable");
    fwl_http_reply(c->request, 200, "application/fwledger-value", value);
}

/* Everything that a decision takes, on the heap. */
struct decision {
    struct fwl_json_facts facts;
    struct fwl_query_values values;
    struct fwl_vendor_entry vendor;
    struct fwl_class_entry entry;
    struct fwl_fleet_entry fleet;
    struct fwl_policy_entry policy;
    struct fwl_decide_input in;
    struct fwl_listed releases[FWL_CLASS_RELEASES_MAX];
    struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
    struct fwl_decide_work work;
    struct fwl_decision out;
    struct fwl_cel_cell cells[FWL_DECIDE_CELLS_MAX];
    uint8_t text[FWL_JSON_DECISION_MAX];
};

static enum fwl_err
decode_releases(struct decision *d)
{
    for (size_t i = 0; i < d->values.release_count; i++) {
        struct fwl_listed *l = &d->releases[i];

        if (fwl_entry_release(&l->entry, NULL, d->values.releases[i]) != FWL_OK ||
            fwl_release_decode(&l->record, NULL, l->entry.record, d->entry.scheme) != FWL_OK) {
            return FWL_ERR_CORRUPT;
        }
    }
    return FWL_OK;
}

/* The values of the class and fleet that the facts name, decoded. */
static enum fwl_err
load(struct fwl_api_call *c, struct decision *d)
{
    const struct fwl_query_ask ask = {.fleet = d->facts.facts.fleet, .class_name = d->facts.facts.class_name};
    enum fwl_err err = fwl_query_values(&c->read.kv, &d->values, &ask);

    d->in = (struct fwl_decide_input){.facts = &d->facts.facts, .now_ms = c->tip_time_ms};
    if (err == FWL_OK && d->values.vendor.p != NULL) {
        err = fwl_entry_vendor(&d->vendor, NULL, d->values.vendor);
        d->in.vendor = &d->vendor;
    }
    if (err == FWL_OK && d->values.class_entry.p != NULL) {
        err = fwl_entry_class(&d->entry, NULL, d->values.class_entry);
        d->in.entry = &d->entry;
    }
    if (err == FWL_OK && d->values.fleet.p != NULL) {
        err = fwl_entry_fleet(&d->fleet, NULL, d->values.fleet);
        d->in.fleet = &d->fleet;
    }
    if (err == FWL_OK && d->values.policy.p != NULL) {
        err = fwl_policy_entry_decode(&d->policy, NULL, d->values.policy);
        d->in.policy = &d->policy;
    }
    return err == FWL_OK ? decode_releases(d) : err == FWL_ERR_NAME ? err : FWL_ERR_CORRUPT;
}

static void
reply(struct fwl_api_call *c, struct decision *d)
{
    struct fwl_json_decision j = {.decision = &d->out,
                                  .facts = &d->facts.facts,
                                  .entry = d->in.entry,
                                  .policy = d->in.policy,
                                  .candidates = d->candidates,
                                  .has_tip = true,
                                  .height = c->tip_height,
                                  .time_ms = c->tip_time_ms};
    struct fwl_writer w;
    struct fwl_span text;

    if (d->out.kind == FWL_DECISION_INSTALL) {
        j.version = d->releases[d->out.chosen].record.version;
    }
    fwl_writer_init(&w, d->text, sizeof(d->text));
    fwl_json_decision_put(&w, &j);
    FWL_ASSERT(fwl_writer_finish(&w, &text) == FWL_OK); /* every decision fits */
    fwl_http_reply(c->request, 200, "application/json", text);
}

/* @d is zeros but for what is filled here. */
static void
decide(struct fwl_api_call *c, struct decision *d, const json_t *object)
{
    enum fwl_err err = fwl_json_facts_parse(&d->facts, object);

    if (err != FWL_OK) {
        fwl_api_fail(c, err, d->facts.parse.error, NULL);
        return;
    }
    err = load(c, d);
    if (err != FWL_OK) {
        fwl_api_fail(c, err, NULL, NULL);
        return;
    }
    d->work.cells = d->cells;
    d->work.cell_count = FWL_COUNT(d->cells);
    err = fwl_decide(&d->out, d->candidates, &d->work, &d->in, d->releases);
    if (err != FWL_OK) {
        fwl_api_fail(c, err, NULL, err == FWL_ERR_VERSION ? "version" : NULL);
        return;
    }
    reply(c, d);
}

void
fwl_api_answer_decision(struct fwl_api_call *c)
{
    json_error_t why;
    struct fwl_span body = c->request->body;
    json_t *object = json_loadb((const char *)body.p, body.size, JSON_REJECT_DUPLICATES, &why);
    struct decision *d = NULL;

    if (!json_is_object(object)) {
        fwl_api_fail(c, FWL_ERR_TYPE, object == NULL ? why.text : "the facts are one JSON object", NULL);
        json_decref(object);
        return;
    }
    d = fwl_calloc(1, sizeof(*d));
    if (d == NULL) {
        fwl_api_fail(c, FWL_ERR_MEMORY, NULL, NULL);
    } else {
        decide(c, d, object);
    }
    fwl_free(d);
    json_decref(object);
}
