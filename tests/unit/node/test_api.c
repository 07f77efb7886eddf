/* Every path of the API over a real socket, on a chain made by hand and with a chain's thread that is played here. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "client.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "ledger/model/answer.h"
#include "ledger/model/header.h"
#include "ledger/model/tx.h"
#include "node/api.h"
#include "tests/unit/query/chain.h"

#define ANSWER "/v1/answers/" CHAIN_FLEET "/" CHAIN_CLASS
#define BUNDLE "/v1/bundles/" CHAIN_FLEET "/" CHAIN_CLASS

static struct chain chain;
static struct fwl_api *api;
static struct fwl_http_server *server;
static struct client_reply reply;
static uint64_t tip;
static struct fwl_api_status status;
static struct fwl_api_watch watch;

/* What the chain's thread does with a transaction. */
static enum {
    PLAY_TAKEN,
    PLAY_FINAL,
    PLAY_REFUSED,
    PLAY_CONFLICT,
    PLAY_UNKNOWN,
    PLAY_BUSY,
    PLAY_CLOSING,
} play;
static struct fwl_hash32 seen_txid;
static bool seen_wait;
static size_t seen_size;

static uint64_t
fake_tip(void *cookie)
{
    (void)cookie;
    return tip;
}

static void
fake_status(void *cookie, struct fwl_api_status *out)
{
    (void)cookie;
    *out = status;
}

static void
fake_watch(void *cookie, struct fwl_api_watch *out)
{
    (void)cookie;
    *out = watch;
}

static enum fwl_err
fake_submit(void *cookie, struct fwl_api_submission *s)
{
    (void)cookie;
    seen_txid = s->txid;
    seen_wait = s->wait_final;
    seen_size = s->size;
    switch (play) {
    case PLAY_TAKEN: fwl_api_submission_taken(s); break;
    case PLAY_FINAL: fwl_api_submission_final(s, 77); break;
    case PLAY_REFUSED:
        fwl_api_submission_refused(s, FWL_ERR_ROLE, 7, "class.register, action 0: not yours", "class.name");
        break;
    case PLAY_CONFLICT: fwl_api_submission_refused(s, FWL_ERR_EXISTS, 7, NULL, NULL); break;
    case PLAY_UNKNOWN: fwl_api_submission_unknown(s, FWL_ERR_EXPIRED, "expired"); break;
    case PLAY_BUSY: return FWL_ERR_BUSY;
    case PLAY_CLOSING: return FWL_ERR_STATE;
    }
    return FWL_OK;
}

/* What it does with a question about the time. */
static struct fwl_attest_request seen_question;

static enum fwl_err
fake_attest(void *cookie, struct fwl_api_question *q)
{
    static const struct fwl_attest words[] = {{.idx = 1, .time_ms = 5, .sig = {{1}}}, {.idx = 3, .time_ms = 6}};

    (void)cookie;
    seen_question = q->request;
    switch (play) {
    case PLAY_FINAL: fwl_api_question_answered(q, words, FWL_COUNT(words)); break;
    case PLAY_CONFLICT: fwl_api_question_failed(q, FWL_ERR_CONFLICT, "another tip"); break;
    case PLAY_REFUSED: fwl_api_question_failed(q, FWL_ERR_EXISTS, "again"); break;
    case PLAY_BUSY: return FWL_ERR_BUSY;
    case PLAY_CLOSING: return FWL_ERR_STATE;
    case PLAY_TAKEN:
    case PLAY_UNKNOWN: fwl_api_question_failed(q, FWL_ERR_TIMEOUT, "too few"); break;
    }
    return FWL_OK;
}

static int
setup(void **state)
{
    struct fwl_api_backend backend = {
        .tip = fake_tip, .status = fake_status, .watch = fake_watch, .submit = fake_submit, .attest = fake_attest};
    struct fwl_http_server_config http = {
        .host = "127.0.0.1", .threads = 1, .connections_max = 8, .handler = fwl_api_handle};

    (void)state;
    chain_make(&chain);
    tip = CHAIN_HEIGHT;
    status = (struct fwl_api_status){.storage_good = true, .ready = true, .voting = true, .view = 3};
    play = PLAY_TAKEN;
    backend.chain = fwl_memstore_storage(chain.store);
    backend.chain_id = chain.chain_id;
    api = fwl_api_new(&backend, 1, NULL);
    assert_non_null(api);
    http.cookie = api;
    assert_int_equal(fwl_http_server_start(&server, &http), FWL_OK);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    fwl_http_server_stop(server);
    fwl_api_free(api);
    chain_free(&chain);
    return 0;
}

static int
get(const char *path)
{
    return client_get(fwl_http_server_port(server), &reply, path);
}

static int
post(const char *path, struct fwl_span body)
{
    return client_do(fwl_http_server_port(server), &reply, "POST", path, body);
}

static json_t *
json_body(void)
{
    json_t *value = json_loadb((const char *)reply.body, reply.size, 0, NULL);

    assert_non_null(value);
    return value;
}

/* The last answer is a problem document of this status and type. */
static void
assert_problem(int code, const char *name)
{
    char type[64];
    json_t *doc = json_body();

    (void)snprintf(type, sizeof(type), "urn:fwledger:error:%s", name);
    assert_int_equal(reply.status, code);
    assert_non_null(strstr(reply.head, "application/problem+json"));
    assert_string_equal(json_string_value(json_object_get(doc, "type")), type);
    assert_int_equal(json_integer_value(json_object_get(doc, "status")), code);
    assert_true(json_is_string(json_object_get(doc, "title")));
    json_decref(doc);
}

static void
test_api__every_path_answers(void **state)
{
    char release[160];
    char value[160];
    char tx[160];
    char hex[65];
    const struct {
        const char *path;
        const char *type;
        const char *has;
    } paths[] = {
        {"/v1/status", "application/json", "\"height\":5"},
        {"/v1/blocks", "application/json", "\"items\":["},
        {"/v1/blocks/1", "application/json", "\"signers\":[0]"},
        {"/v1/blocks/0", "application/json", "\"height\":0"},
        {"/v1/blocks/1/certificate", "application/octet-stream", ""},
        {"/v1/headers/1", "application/octet-stream", ""},
        {"/v1/participants", "application/json", "\"acme\""},
        {"/v1/participants/acme", "application/json", "\"id\":\"acme\""},
        {"/v1/vendors", "application/json", "\"vendor\":\"acme\""},
        {"/v1/vendors/acme", "application/json", "\"owner\":\"acme\""},
        {"/v1/classes", "application/json", "\"class\":\"" CHAIN_CLASS},
        {"/v1/classes/" CHAIN_CLASS, "application/json", "\"version\":\"1.1.0\""},
        {"/v1/fleets", "application/json", "\"fleet\":\"" CHAIN_BARE},
        {"/v1/fleets/" CHAIN_FLEET, "application/json", "\"policy_version\":1"},
        {"/v1/policies/" CHAIN_FLEET, "application/json", "\"select\""},
        {ANSWER, "application/fwledger-answer", "FWA1"},
        {BUNDLE, "application/fwledger-bundle", "FWB1"},
        {"/v1/validators", "application/json", "\"participant\":\"acme\""},
        {"/v1/validators?height=1", "application/json", "\"epoch\":0"},
        {"/v1/params", "application/json", "\"heartbeat_ms\""},
        {"/v1/evidence", "application/json", "\"items\":[]"},
        {release, "application/json", "\"record\":{"},
        {value, "application/fwledger-value", "old"},
        {tx, "application/json", "\"index\":1"},
        {"/health", "text/plain", "ok"},
        {"/ready", "text/plain", "ok"},
        {"/metrics", "text/plain", "fwledger_consensus_height 5\n"},
    };

    (void)state;
    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&chain.release_id[0]));
    (void)snprintf(release, sizeof(release), "/v1/releases/%s", hex);
    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&chain.replaced));
    (void)snprintf(value, sizeof(value), "/v1/values/%s", hex);
    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&chain.txid));
    (void)snprintf(tx, sizeof(tx), "/v1/transactions/%s", hex);
    for (size_t i = 0; i < FWL_COUNT(paths); i++) {
        if (get(paths[i].path) != 200 || !client_has(&reply, paths[i].has) ||
            strstr(reply.head, paths[i].type) == NULL) {
            fail_msg("%s: %d %.*s", paths[i].path, reply.status, (int)reply.size, (const char *)reply.body);
        }
    }
}

static void
test_api__absent_is_404(void **state)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const char *const paths[] = {"/",
                                        "/v1",
                                        "/v1/status/more",
                                        "/v2/status",
                                        "/v1/blocks/6",
                                        "/v1/blocks/0/certificate",
                                        "/v1/blocks/6/certificate",
                                        "/v1/headers/6",
                                        "/v1/blocks/18446744073709551615",
                                        "/v1/participants/none",
                                        "/v1/vendors/none",
                                        "/v1/classes/a/b/c",
                                        "/v1/fleets/a/b",
                                        ("/v1/policies/" CHAIN_BARE),
                                        "/v1/validators?height=7",
                                        "/v1/answers/a/b/c/d"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(paths); i++) {
        (void)get(paths[i]);
        assert_problem(404, "ABSENT");
    }
    (void)snprintf(path, sizeof(path), "/v1/values/%s", zeros);
    (void)get(path);
    assert_problem(404, "ABSENT");
    (void)snprintf(path, sizeof(path), "/v1/transactions/%s", zeros);
    (void)get(path);
    assert_problem(404, "ABSENT");
    (void)snprintf(path, sizeof(path), "/v1/releases/%s", zeros);
    (void)get(path);
    assert_problem(404, "ABSENT");
}

static void
test_api__malformed_is_400(void **state)
{
    static const struct {
        const char *path;
        const char *name;
    } paths[] = {{"/v1/blocks/x", "VALUE"},
                 {"/v1/participants/ac%00me", "VALUE"},
                 {"/v1/a/b/c/d/e/f/g/h/i/j/k/l", "LIMIT"},
                 {"/v1/fleets?limit=1&limit=1", "DUPLICATE"},
                 {"/v1/fleets?limit=1&after=x&Limit=2", "DUPLICATE"},
                 {"/v1/fleets?a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=&q=", "LIMIT"},
                 {"/v1/blocks/01", "VALUE"},
                 {"/v1/blocks/-1", "VALUE"},
                 {"/v1/headers/18446744073709551616", "VALUE"},
                 {"/v1/values/12", "VALUE"},
                 {"/v1/transactions/" CHAIN_CLASS, "ABSENT"},
                 {"/v1/releases/ZZ", "VALUE"},
                 {"/v1/fleets?limit=0", "RANGE"},
                 {"/v1/fleets?limit=101", "RANGE"},
                 {"/v1/blocks?limit=x", "RANGE"},
                 {"/v1/blocks?after=x", "VALUE"},
                 {"/v1/evidence?after=x", "VALUE"},
                 {"/v1/validators?height=x", "VALUE"},
                 {ANSWER "?since=x", "VALUE"},
                 {"/v1/answers/OPS/eu/" CHAIN_CLASS, "NAME"},
                 {"/v1/answers/" CHAIN_FLEET "/a/b/%2a", "NAME"},
                 {"/v1/bundles/OPS/eu/" CHAIN_CLASS, "NAME"}};

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(paths); i++) {
        (void)get(paths[i].path);
        assert_problem(strcmp(paths[i].name, "ABSENT") == 0 ? 404 : 400, paths[i].name);
    }
}

static void
test_api__methods(void **state)
{
    (void)state;
    assert_int_equal(post("/v1/status", fwl_span_text("x")), 405);
    assert_non_null(strstr(reply.head, "Allow: GET, HEAD"));
    assert_int_equal(get("/v1/decisions"), 405);
    assert_non_null(strstr(reply.head, "Allow: POST"));
    assert_int_equal(client_do(fwl_http_server_port(server), &reply, "HEAD", "/v1/status", fwl_span(NULL, 0)), 200);
    assert_int_equal(reply.size, 0);
    assert_non_null(strstr(reply.head, "Content-Length: "));
    assert_null(strstr(reply.head, "Content-Length: 0"));
}

/* Walks a list with @limit; the number of items, each page checked. */
static size_t
walk(const char *path, size_t limit)
{
    char after[128] = "";
    size_t count = 0;

    for (size_t pages = 0; pages < 20; pages++) {
        char full[300];
        json_t *doc = NULL;
        const char *next = NULL;

        (void)snprintf(full, sizeof(full), "%s?limit=%zu%s%s", path, limit, after[0] == '\0' ? "" : "&after=", after);
        assert_int_equal(get(full), 200);
        doc = json_body();
        assert_true(json_array_size(json_object_get(doc, "items")) <= limit);
        count += json_array_size(json_object_get(doc, "items"));
        next = json_string_value(json_object_get(doc, "next"));
        (void)snprintf(after, sizeof(after), "%s", next == NULL ? "" : next);
        json_decref(doc);
        if (after[0] == '\0') {
            return count;
        }
    }
    fail_msg("%s does not end", path);
    return 0;
}

static void
test_api__lists_page(void **state)
{
    (void)state;
    assert_int_equal(walk("/v1/fleets", 1), 2);
    assert_int_equal(walk("/v1/fleets", 2), 2);
    assert_int_equal(walk("/v1/fleets", 100), 2);
    assert_int_equal(walk("/v1/participants", 1), 2);
    assert_int_equal(walk("/v1/blocks", 4), CHAIN_HEIGHT + 1);
    assert_int_equal(walk("/v1/blocks", 1), CHAIN_HEIGHT + 1);
}

static void
test_api__values_are_immutable(void **state)
{
    char hex[65];
    char path[128];

    (void)state;
    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&chain.replaced));
    (void)snprintf(path, sizeof(path), "/v1/values/%s", hex);
    assert_int_equal(get(path), 200);
    assert_non_null(strstr(reply.head, "immutable"));
    assert_int_equal(get(ANSWER), 200);
    assert_null(strstr(reply.head, "immutable"));
}

/* Height of the answer to the last request. */
static uint64_t
answer_height(void)
{
    struct fwl_answer a;
    struct fwl_header h;

    assert_int_equal(fwl_answer_decode(&a, NULL, fwl_span(reply.body, reply.size)), FWL_OK);
    assert_int_equal(fwl_header_decode(&h, a.header), FWL_OK);
    return h.height;
}

static void
test_api__answers_are_cached_until_the_next_block(void **state)
{
    struct fwl_answer a;

    (void)state;
    assert_int_equal(get(ANSWER), 200);
    assert_int_equal(answer_height(), CHAIN_HEIGHT);
    chain_grow(&chain);
    assert_int_equal(get(ANSWER), 200); /* nobody has said that there is a block */
    assert_int_equal(answer_height(), CHAIN_HEIGHT);
    assert_int_equal(get(ANSWER "?since=69"), 200); /* another question is not answered from it */
    assert_int_equal(answer_height(), CHAIN_HEIGHT + 1);
    assert_int_equal(fwl_answer_decode(&a, NULL, fwl_span(reply.body, reply.size)), FWL_OK);
    assert_int_equal(a.step_count, 1);
    tip++;
    assert_int_equal(get(ANSWER), 200);
    assert_int_equal(answer_height(), CHAIN_HEIGHT + 1);
}

static void
test_api__no_final_block_is_503(void **state)
{
    static const uint8_t zero[8] = {0};

    (void)state;
    chain_put(&chain, FWL_SPACE_META, fwl_span_text("height"), fwl_span(zero, sizeof(zero)));
    (void)get(ANSWER);
    assert_problem(503, "ABSENT");
    (void)get(BUNDLE);
    assert_problem(503, "ABSENT");
    assert_int_equal(get("/v1/status"), 200);
}

static void
test_api__damaged_store_is_500(void **state)
{
    uint8_t key[] = {FWL_TABLE_VENDOR, 'a', 'c', 'm', 'e'};

    (void)state;
    chain_put(&chain, FWL_SPACE_KV, fwl_span(key, sizeof(key)), fwl_span_text("junk"));
    (void)get("/v1/vendors/acme");
    assert_problem(500, "CORRUPT");
    (void)get("/v1/vendors");
    assert_problem(500, "CORRUPT");
}

static void
test_api__health_and_ready(void **state)
{
    (void)state;
    status.ready = false;
    (void)get("/ready");
    assert_problem(503, "STATE");
    assert_int_equal(get("/health"), 200);
    status.storage_good = false;
    (void)get("/health");
    assert_problem(503, "STATE");
}

/* A transaction of @participant with a valid form and a signature that nobody checks. */
static struct fwl_span
make_tx(uint8_t *out, size_t room, const struct fwl_hash32 *chain_id)
{
    struct fwl_tx tx = {.has = 0x3e, .chain_id = *chain_id, .participant = fwl_span_text("acme"), .expires_s = 99};
    struct fwl_action a = {.code = FWL_ACTION_CLASS_REGISTER};
    struct fwl_tx_signature sig = {.alg = FWL_ALG_ES256K};
    uint8_t items[256];
    uint8_t payload[512];
    struct fwl_span bytes;
    struct fwl_writer w;

    a.has = fwl_action_required(a.code);
    a.u.class_register.name = fwl_span_text("acme/cam/radio");
    a.u.class_register.scheme = FWL_SCHEME_SEMVER;
    tx.salt = fwl_span("saltsalt", FWL_TX_SALT_SIZE);
    fwl_writer_init(&w, items, sizeof(items));
    fwl_action_put(&w, &a);
    assert_int_equal(fwl_writer_finish(&w, &tx.actions.items), FWL_OK);
    tx.actions.count = 1;
    fwl_writer_init(&w, payload, sizeof(payload));
    fwl_tx_put_payload(&w, &tx);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    fwl_tx_id(&seen_txid, bytes);
    fwl_writer_init(&w, out, room);
    fwl_tx_put(&w, bytes, &sig, 1);
    assert_int_equal(fwl_writer_finish(&w, &bytes), FWL_OK);
    return bytes;
}

/* A chain that waits for its third vote, with one member, as the store has it, and three that it does not know. */
static void
wait_for_votes(void)
{
    struct fwl_replica_watch *w = &watch.replica;

    watch = (struct fwl_api_watch){.waited_ms = 18250};
    *w = (struct fwl_replica_watch){
        .running = true, .want = true, .height = 6, .view = 1, .n = 4, .leader = 1, .own = 0, .view_count = 2};
    w->tally.n = 4;
    memcpy(w->tally.members[0].key.b, chain.validator.b, 32);
    for (unsigned i = 1; i < 4; i++) {
        memset(w->tally.members[i].key.b, (int)i, 32);
    }
    w->tally.members[1].last_signed = 5;
    w->tally.members[2].missed = 7;
    w->peers[1] = (struct fwl_tally_peer){.connected = true, .told = true, .height = 6, .view = 1};
    w->views[0] = (struct fwl_tally_view){.view = 1, .proposals = 1, .proposal = {{0xab}}};
    w->views[0].kinds[0] = (struct fwl_tally_votes){.hash = {{0xab}}, .count = 2, .voters = {0x3}};
    w->views[1] = (struct fwl_tally_view){.view = 0, .null = true};
}

static void
test_api__consensus(void **state)
{
    json_t *doc = NULL;
    json_t *view = NULL;
    json_t *member = NULL;

    (void)state;
    wait_for_votes();
    assert_int_equal(get("/v1/consensus"), 200);
    doc = json_body();
    assert_string_equal(json_string_value(json_object_get(doc, "waiting")),
                        "2 of 3 NOTARIZE, missing (02020202), (03030303)");
    assert_int_equal(json_integer_value(json_object_get(doc, "height")), 6);
    assert_int_equal(json_integer_value(json_object_get(doc, "quorum")), 3);
    assert_string_equal(json_string_value(json_object_get(doc, "leader")), "(01010101)");
    assert_true(json_real_value(json_object_get(doc, "seconds")) > 18.2);
    member = json_array_get(json_object_get(doc, "members"), 1);
    assert_true(json_is_true(json_object_get(member, "connected")));
    assert_int_equal(json_integer_value(json_object_get(member, "last_signed_height")), 5);
    assert_int_equal(json_integer_value(json_object_get(member, "view")), 1);
    member = json_array_get(json_object_get(doc, "members"), 2);
    assert_true(json_is_false(json_object_get(member, "connected")));
    assert_null(json_object_get(member, "view"));
    member = json_array_get(json_object_get(doc, "members"), 0);
    assert_string_equal(json_string_value(json_object_get(member, "name")), "acme");
    assert_true(json_is_true(json_object_get(member, "connected"))); /* this node itself */
    assert_int_equal(json_array_size(json_object_get(doc, "views")), 2);
    view = json_array_get(json_object_get(doc, "views"), 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(view, "notarize"), "count")), 2);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(json_object_get(view, "notarize"), "voters"), 0)), "acme");
    assert_null(json_object_get(view, "nullify"));
    view = json_array_get(json_object_get(doc, "views"), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(view, "certificates"), 0)), "NULLIFY");
    json_decref(doc);
    watch = (struct fwl_api_watch){.own = "the disk is full"}; /* no engine runs */
    assert_int_equal(get("/v1/consensus"), 200);
    doc = json_body();
    assert_string_equal(json_string_value(json_object_get(doc, "waiting")), "the disk is full");
    assert_int_equal(json_integer_value(json_object_get(doc, "height")), CHAIN_HEIGHT + 1);
    json_decref(doc);
    watch = (struct fwl_api_watch){.replica = {.running = true}}; /* nothing is wanted */
    assert_int_equal(get("/v1/consensus"), 200);
    assert_false(client_has(&reply, "\"waiting\""));
}

/* Every sample stands below the line with the type of its metric, and the ranges of a histogram add up. */
static void
test_api__metrics(void **state)
{
    uint8_t evidence[34];
    char type[128] = "";
    char *line = NULL;
    char *next = NULL;
    unsigned samples = 0;

    (void)state;
    wait_for_votes();
    fwl_histogram_add(&watch.interval, fwl_api_interval_bounds, 60);
    fwl_histogram_add(&watch.interval, fwl_api_interval_bounds, 1000001);
    watch.replica.rejected[FWL_ERR_KEYS] = 3;
    watch.evidence_seen = 2;
    for (unsigned i = 0; i < 3; i++) { /* two records against one signer, one against another */
        memset(evidence, i < 2 ? 5 : 6, sizeof(evidence));
        evidence[0] = FWL_TABLE_EVIDENCE;
        evidence[33] = (uint8_t)(i + 1);
        chain_put(&chain, FWL_SPACE_KV, fwl_span(evidence, sizeof(evidence)), fwl_span_text("pair"));
    }
    assert_int_equal(get("/metrics"), 200);
    assert_true(client_has(&reply, "fwledger_consensus_block_interval_seconds_bucket{le=\"0.05\"} 0\n"));
    assert_true(client_has(&reply, "fwledger_consensus_block_interval_seconds_bucket{le=\"0.1\"} 1\n"));
    assert_true(client_has(&reply, "fwledger_consensus_block_interval_seconds_bucket{le=\"1000\"} 1\n"));
    assert_true(client_has(&reply, "fwledger_consensus_block_interval_seconds_bucket{le=\"+Inf\"} 2\n"));
    assert_true(client_has(&reply, "fwledger_consensus_block_interval_seconds_sum 1000.061000\n"));
    assert_true(client_has(&reply, "fwledger_mempool_rejected{reason=\"KEYS\"} 3\n"));
    assert_true(client_has(&reply, "fwledger_consensus_byzantine_validators 2\n"));
    assert_true(client_has(&reply, "participant=\"acme\"} 0\n"));
    assert_true(client_has(&reply, "fwledger_consensus_waiting_seconds 18.250\n"));
    for (line = (char *)reply.body; *line != '\0'; line = next) {
        next = strchr(line, '\n');
        assert_non_null(next);
        *next++ = '\0';
        if (sscanf(line, "# TYPE %127s", type) != 1) {
            assert_int_equal(strncmp(line, type, strlen(type)), 0);
            samples++;
        }
    }
    assert_true(samples > 150);
}

static void
test_api__submission(void **state)
{
    uint8_t bytes[1024];
    struct fwl_span tx = make_tx(bytes, sizeof(bytes), &chain.chain_id);
    const struct fwl_hash32 txid = seen_txid;
    char hex[65];

    (void)state;
    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&txid));
    assert_int_equal(post("/v1/transactions", tx), 202);
    assert_true(client_has(&reply, hex));
    assert_true(fwl_hash32_equal(&txid, &seen_txid));
    assert_int_equal(seen_size, tx.size);
    assert_false(seen_wait);
    play = PLAY_FINAL;
    assert_int_equal(post("/v1/transactions?wait=final", tx), 200);
    assert_true(seen_wait);
    assert_true(client_has(&reply, "\"height\":77"));
    play = PLAY_REFUSED;
    (void)post("/v1/transactions", tx);
    assert_problem(422, "ROLE");
    assert_true(client_has(&reply, "\"field\":\"class.name\""));
    assert_true(client_has(&reply, "not yours"));
    assert_true(client_has(&reply, "\"height\":7"));
    play = PLAY_CONFLICT;
    (void)post("/v1/transactions", tx);
    assert_problem(409, "EXISTS");
    play = PLAY_UNKNOWN;
    (void)post("/v1/transactions?wait=final", tx);
    assert_problem(503, "EXPIRED");
    play = PLAY_BUSY;
    (void)post("/v1/transactions", tx);
    assert_problem(503, "BUSY");
    play = PLAY_CLOSING;
    (void)post("/v1/transactions", tx);
    assert_problem(503, "STATE");
}

static void
test_api__bad_submissions(void **state)
{
    static uint8_t large[FWL_TX_MAX + 1];
    static uint8_t larger[FWL_HTTP_BODY_BYTES_MAX + 1];
    static const struct fwl_hash32 other = {{1}};
    uint8_t bytes[1024];
    struct fwl_span tx = make_tx(bytes, sizeof(bytes), &chain.chain_id);

    (void)state;
    seen_size = 0;
    (void)post("/v1/transactions?wait=maybe", tx);
    assert_problem(400, "VALUE");
    for (size_t size = 0; size < tx.size; size += 7) {
        assert_int_equal(post("/v1/transactions", fwl_span(tx.p, size)), 400);
    }
    (void)post("/v1/transactions", fwl_span(large, sizeof(large)));
    assert_problem(400, "LIMIT");
    assert_int_equal(post("/v1/transactions", fwl_span(larger, sizeof(larger))), 413);
    (void)post("/v1/transactions", make_tx(bytes, sizeof(bytes), &other));
    assert_problem(422, "CHAIN");
    assert_int_equal(seen_size, 0); /* none of them came to the chain's thread */
}

static void
test_api__decisions(void **state)
{
    static const char facts[] =
        "{\"id\":\"d1\",\"fleet\":\"" CHAIN_FLEET "\",\"class\":\"" CHAIN_CLASS "\",\"version\":\"1.0.0\"}";
    json_t *doc = NULL;

    (void)state;
    assert_int_equal(post("/v1/decisions", fwl_span_text(facts)), 200);
    doc = json_body();
    assert_string_equal(json_string_value(json_object_get(doc, "decision")), "nothing"); /* no rule permits */
    assert_string_equal(json_string_value(json_object_get(doc, "running")), "live");
    assert_int_equal(json_integer_value(json_object_get(doc, "height")), CHAIN_HEIGHT);
    assert_int_equal(json_array_size(json_object_get(doc, "refused")), CHAIN_RELEASES);
    json_decref(doc);
    assert_int_equal(post("/v1/decisions", fwl_span_text("{\"fleet\":\"" CHAIN_FLEET "\",\"class\":\"a/b/c\"}")), 200);
    (void)post("/v1/decisions", fwl_span_text("[]"));
    assert_problem(400, "TYPE");
    (void)post("/v1/decisions", fwl_span_text("{"));
    assert_problem(400, "TYPE");
    (void)post("/v1/decisions", fwl_span_text("{}"));
    assert_int_equal(reply.status, 400);
    (void)post("/v1/decisions",
               fwl_span_text("{\"fleet\":\"" CHAIN_FLEET "\",\"class\":\"" CHAIN_CLASS "\",\"version\":\"one\"}"));
    assert_problem(400, "VERSION");
    (void)post("/v1/decisions", fwl_span_text("{\"fleet\":\"x\",\"class\":\"" CHAIN_CLASS "\"}"));
    assert_problem(400, "NAME");
}

#define NONCE "000102030405060708090a0b0c0d0e0f"
#define HASH  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
test_api__attest(void **state)
{
    static const char path[] = "/v1/attest?nonce=" NONCE "&height=7&hash=" HASH;
    static const struct {
        const char *path;
        const char *problem;
        const char *field;
    } bad[] = {
        {"/v1/attest?height=7&hash=" HASH, "MISSING", "nonce"},
        {"/v1/attest?nonce=" NONCE "&hash=" HASH, "MISSING", "height"},
        {"/v1/attest?nonce=" NONCE "&height=7", "MISSING", "hash"},
        {"/v1/attest?nonce=" NONCE "00&height=7&hash=" HASH, "VALUE", "nonce"},
        {"/v1/attest?nonce=00&height=7&hash=" HASH, "VALUE", "nonce"},
        {"/v1/attest?nonce=" NONCE "&height=07&hash=" HASH, "VALUE", "height"},
        {"/v1/attest?nonce=" NONCE "&height=7&hash=00", "VALUE", "hash"},
    };
    struct fwl_attests attests;
    struct fwl_attest a;
    struct fwl_reader it;

    (void)state;
    play = PLAY_FINAL;
    assert_int_equal(get(path), 200);
    assert_non_null(strstr(reply.head, "application/fwledger-attest"));
    assert_non_null(strstr(reply.head, "Cache-Control: no-store"));
    assert_true(seen_question.height == 7 && seen_question.nonce[15] == 15 && seen_question.block_hash.b[31] == 31);
    assert_int_equal(fwl_attest_decode(&attests, NULL, fwl_span(reply.body, reply.size)), FWL_OK);
    assert_true(fwl_attest_same(&attests.request, &seen_question));
    assert_int_equal(attests.count, 2);
    fwl_attest_begin(&it, &attests);
    assert_true(fwl_attest_next(&it, &a) && a.idx == 1 && a.time_ms == 5 && a.sig.b[0] == 1);
    play = PLAY_CONFLICT;
    (void)get(path);
    assert_problem(409, "CONFLICT");
    play = PLAY_REFUSED;
    (void)get(path);
    assert_problem(409, "EXISTS");
    assert_true(client_has(&reply, "\"field\":\"nonce\""));
    play = PLAY_UNKNOWN;
    (void)get(path);
    assert_problem(503, "TIMEOUT");
    assert_non_null(strstr(reply.head, "Retry-After: 1"));
    play = PLAY_BUSY;
    (void)get(path);
    assert_problem(503, "BUSY");
    play = PLAY_CLOSING;
    (void)get(path);
    assert_problem(503, "NETWORK");
    for (size_t i = 0; i < FWL_COUNT(bad); i++) {
        char field[64];

        (void)snprintf(field, sizeof(field), "\"field\":\"%s\"", bad[i].field);
        (void)get(bad[i].path);
        assert_problem(400, bad[i].problem);
        assert_true(client_has(&reply, field));
    }
}

static void
test_api__pruned_block(void **state)
{
    static const uint8_t one[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t two[8] = {0, 0, 0, 0, 0, 0, 0, 2};
    static const char says[] = "this node keeps blocks from height 2 on";

    (void)state;
    chain_put(&chain, FWL_SPACE_BLK, fwl_span(one, sizeof(one)), fwl_span(NULL, 0));
    chain_put(&chain, FWL_SPACE_META, fwl_span_text("base"), fwl_span(two, sizeof(two)));
    assert_int_equal(get("/v1/blocks/1"), 404);
    assert_true(client_has(&reply, says));
    assert_int_equal(get("/v1/blocks/1/certificate"), 404);
    assert_true(client_has(&reply, says));
    assert_int_equal(get("/v1/headers/1"), 200);
    assert_int_equal(get("/v1/transactions/0000000000000000000000000000000000000000000000000000000000000000"), 404);
    assert_true(client_has(&reply, says));
}

static void
test_api__status_of_errors(void **state)
{
    static const struct {
        enum fwl_err err;
        int status;
    } wanted[] = {{FWL_OK, 200},          {FWL_ERR_LIMIT, 400},     {FWL_ERR_MEMORY, 503},   {FWL_ERR_TRUNCATED, 400},
                  {FWL_ERR_VERSION, 400}, {FWL_ERR_SIGNATURE, 422}, {FWL_ERR_STORAGE, 500},  {FWL_ERR_FULL, 503},
                  {FWL_ERR_ABSENT, 404},  {FWL_ERR_BUSY, 503},      {FWL_ERR_TIMEOUT, 503},  {FWL_ERR_ROLE, 422},
                  {FWL_ERR_REPLAY, 409},  {FWL_ERR_EXISTS, 409},    {FWL_ERR_CONFLICT, 409}, {FWL_ERR_NOT_FOUND, 422},
                  {FWL_ERR_LOCAL, 500}};

    (void)state;
    for (size_t i = 0; i < FWL_COUNT(wanted); i++) {
        assert_int_equal(fwl_api_http_status(wanted[i].err), wanted[i].status);
    }
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(test_api__##f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(every_path_answers),
        CASE(absent_is_404),
        CASE(malformed_is_400),
        CASE(methods),
        CASE(lists_page),
        CASE(values_are_immutable),
        CASE(answers_are_cached_until_the_next_block),
        CASE(no_final_block_is_503),
        CASE(damaged_store_is_500),
        CASE(health_and_ready),
        CASE(consensus),
        CASE(metrics),
        CASE(submission),
        CASE(bad_submissions),
        CASE(decisions),
        CASE(attest),
        CASE(pruned_block),
        CASE(status_of_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
