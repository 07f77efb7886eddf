#include "client/cli/submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/cli/anchor.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "core/hex.h"
#include "core/host/heap.h"

enum {
    EXPIRES_DEFAULT_S = 3600,
};

void
fwl_session_problem(char out[FWL_HTTP_ERROR_MAX], const struct fwl_http_response *response)
{
    json_t *doc = json_loadb((const char *)response->body, response->size, 0, NULL);
    const char *title = json_string_value(json_object_get(doc, "title"));
    const char *detail = json_string_value(json_object_get(doc, "detail"));
    const char *field = json_string_value(json_object_get(doc, "field"));

    if (response->status == 404 && detail != NULL) { /* says it better than the title */
        (void)snprintf(out, FWL_HTTP_ERROR_MAX, "not found (404): %s", detail);
    } else {
        (void)snprintf(out, FWL_HTTP_ERROR_MAX, "%s (%ld): %s%s%s%s%s",
                       response->status == 404 ? "not found" : "refused", response->status,
                       title == NULL ? "the node gave no reason" : title, field == NULL ? "" : "; field ",
                       field == NULL ? "" : field, detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
    }
    json_decref(doc);
}

/* Prints why a request was no success, and returns the exit code; 0 when it was one. */
static int
judge(const struct fwl_session *session, struct fwl_http_response *out, enum fwl_err err)
{
    char problem[FWL_HTTP_ERROR_MAX];

    if (err == FWL_OK && (out->status == 200 || out->status == 202)) {
        return 0;
    }
    if (err == FWL_OK) {
        fwl_session_problem(problem, out);
    }
    (void)fprintf(stderr, "fwledger: ");
    fwl_print_text(stderr, err == FWL_OK ? problem : out->error);
    (void)fprintf(stderr, "%s\n",
                  err != FWL_OK && session->unnamed ? "; --node URL or $FWLEDGER_NODE names a node" : "");
    fwl_http_response_clear(out);
    return err == FWL_OK ? FWL_EXIT_NO : fwl_commands_exit(err);
}

int
fwl_session_get(struct fwl_session *session, struct fwl_http_response *out, const char *path)
{
    return judge(session, out, fwl_http_get(session->http, out, path, FWL_SUBMIT_TIMEOUT_S));
}

int
fwl_session_post(struct fwl_session *session, struct fwl_http_response *out, const char *path, const char *content_type,
                 struct fwl_span body)
{
    return judge(session, out, fwl_http_post(session->http, out, path, content_type, body, FWL_SUBMIT_TIMEOUT_S));
}

int
fwl_session_json(struct fwl_session *session, json_t **out, const char *path)
{
    struct fwl_http_response response;
    int code = fwl_session_get(session, &response, path);

    *out = NULL;
    if (code != 0) {
        return code;
    }
    *out = json_loadb((const char *)response.body, response.size, JSON_REJECT_DUPLICATES, NULL);
    fwl_http_response_clear(&response);
    if (*out == NULL) {
        (void)fprintf(stderr, "fwledger: %s: the answer to %s is not JSON\n", session->url, path);
        return FWL_EXIT_NODE;
    }
    return 0;
}

int
fwl_session_connect(struct fwl_session *session, const char *url)
{
    *session = (struct fwl_session){0};
    url = url != NULL ? url : getenv("FWLEDGER_NODE");
    session->unnamed = url == NULL || url[0] == '\0';
    session->url = session->unnamed ? "http://127.0.0.1:7200" : url;
    session->http = fwl_http_new(session->url);
    return session->http == NULL ? fwl_commands_fail(session->url, FWL_ERR_MEMORY) : 0;
}

int
fwl_session_open(struct fwl_session *session, const char *url)
{
    json_t *status = NULL;
    const char *chain = NULL;
    int code = fwl_session_connect(session, url);

    code = code == 0 ? fwl_session_json(session, &status, "/v1/status") : code;
    if (code != 0) {
        return code;
    }
    chain = json_string_value(json_object_get(status, "chain_id"));
    if (chain == NULL || fwl_hex_decode(session->chain_id.b, 32, fwl_span_text(chain)) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s is not a fwledger node\n", session->url);
        code = FWL_EXIT_NODE;
    }
    session->height = (uint64_t)json_integer_value(json_object_get(status, "height"));
    session->time_ms = (uint64_t)json_integer_value(json_object_get(status, "time_ms"));
    json_decref(status);
    return code;
}

void
fwl_session_close(struct fwl_session *session)
{
    fwl_http_free(session->http);
    *session = (struct fwl_session){0};
}

void
fwl_submit_begin(struct fwl_submission *s)
{
    fwl_writer_init(&s->w, s->actions, FWL_TX_MAX - 4096); /* room for signatures and the rest of the payload */
    s->action_count = 0;
    s->txid[0] = '\0';
    s->height = 0;
    s->status = 0;
    s->problem[0] = '\0';
}

bool
fwl_submit_add(struct fwl_submission *s, const struct fwl_action *action)
{
    struct fwl_writer before = s->w;

    if (s->action_count == FWL_TX_ACTIONS_MAX) {
        return false;
    }
    fwl_action_put(&s->w, action);
    if (s->w.err != FWL_OK) {
        s->w = before;
        return false;
    }
    s->action_count++;
    return true;
}

/* Signs @payload with each key file; the secrets live no longer than the call. */
static int
sign(struct fwl_tx_signature *signatures, const struct fwl_arg_list *keys, struct fwl_span payload)
{
    for (size_t i = 0; i < keys->count; i++) {
        struct fwl_secret secret;
        struct fwl_key key;
        struct fwl_hash32 digest;
        int code = fwl_commands_secret(&secret, keys->values[i], FWL_KEY_PARTICIPANT, FWL_KEY_PARTICIPANT_P256);

        if (code != 0) {
            return code;
        }
        fwl_secret_point(&key.alg, &key.point, &secret);
        signatures[i].alg = key.alg;
        fwl_key_kid(&signatures[i].kid, &key);
        fwl_tx_digest(&digest, key.alg, &signatures[i].kid, payload);
        fwl_ecdsa_sign(&signatures[i].sig, &secret, &digest);
        fwl_secret_clear(&secret);
    }
    return 0;
}

/* The time that expiry counts from: ours, or the chain's where that is ahead. */
static uint64_t
now_s(const struct fwl_session *session)
{
    uint64_t ours = (uint64_t)time(NULL);

    return FWL_MAX(ours, session->time_ms / 1000);
}

static int
make(struct fwl_span *out, struct fwl_submission *s, const struct fwl_session *session,
     const struct fwl_submit_args *args)
{
    uint8_t payload_buffer[FWL_TX_MAX];
    uint8_t salt[FWL_TX_SALT_SIZE];
    struct fwl_tx_signature signatures[FWL_ARGS_REPEAT_MAX];
    struct fwl_tx tx = {.chain_id = session->chain_id, .participant = fwl_span_text(args->participant)};
    struct fwl_hash32 txid;
    struct fwl_span payload;
    struct fwl_writer w;
    uint64_t life = EXPIRES_DEFAULT_S;
    int code = 0;

    fwl_random(salt, sizeof(salt));
    tx.salt = fwl_span(salt, sizeof(salt));
    if (args->expires != NULL && !fwl_commands_number(&life, args->expires, FWL_TX_LIFE_GOVERNORS_S)) {
        (void)fprintf(stderr, "fwledger: --expires: a number of seconds, at most %d (governors), %d (others)\n",
                      FWL_TX_LIFE_GOVERNORS_S, FWL_TX_LIFE_S);
        return FWL_EXIT_USAGE;
    }
    tx.expires_s = now_s(session) + life;
    if (args->anchor != NULL) {
        code = fwl_anchor_chain_id(&tx.chain_id, args->anchor);
        if (code != 0) {
            return code;
        }
    }
    tx.actions = (struct fwl_list){.items = fwl_span(s->actions, s->w.size), .count = s->action_count};
    fwl_writer_init(&w, payload_buffer, sizeof(payload_buffer));
    fwl_tx_put_payload(&w, &tx);
    if (fwl_writer_finish(&w, &payload) != FWL_OK) {
        return fwl_commands_fail("the transaction", FWL_ERR_LIMIT);
    }
    code = sign(signatures, &args->keys, payload);
    if (code != 0) {
        return code;
    }
    fwl_tx_id(&txid, payload);
    fwl_hex_encode(s->txid, sizeof(s->txid), fwl_hash32_span(&txid));
    fwl_writer_init(&w, s->bytes, sizeof(s->bytes));
    fwl_tx_put(&w, payload, signatures, args->keys.count);
    if (fwl_writer_finish(&w, out) != FWL_OK || out->size > FWL_TX_MAX) {
        return fwl_commands_fail("the transaction", w.err == FWL_OK ? FWL_ERR_LIMIT : w.err);
    }
    return 0;
}

/* Sends signed bytes and notes the outcome. */
static int
post(struct fwl_submission *s, struct fwl_session *session, struct fwl_span bytes, bool no_wait)
{
    struct fwl_http_response response;
    json_t *doc = NULL;
    const char *txid = NULL;
    int code = 0;
    enum fwl_err err =
        fwl_http_post(session->http, &response, no_wait ? "/v1/transactions" : "/v1/transactions?wait=final",
                      "application/cbor", bytes, FWL_SUBMIT_TIMEOUT_S);

    s->status = response.status;
    if (err != FWL_OK) {
        memcpy(s->problem, response.error, sizeof(s->problem));
        code = fwl_commands_exit(err);
    } else if (response.status != 200 && response.status != 202) {
        fwl_session_problem(s->problem, &response);
        code = FWL_EXIT_NO;
    } else {
        doc = json_loadb((const char *)response.body, response.size, 0, NULL);
        s->height = (uint64_t)json_integer_value(json_object_get(doc, "height"));
        txid = json_string_value(json_object_get(doc, "txid"));
        if (txid != NULL) {
            (void)snprintf(s->txid, sizeof(s->txid), "%s", txid);
        }
        json_decref(doc);
    }
    fwl_http_response_clear(&response);
    return code;
}

int
fwl_submit_send(struct fwl_submission *s, struct fwl_session *session, const struct fwl_submit_args *args)
{
    struct fwl_span bytes = {0};
    int code = 0;

    s->status = 0;
    s->problem[0] = '\0';
    if (args->participant == NULL || args->keys.count == 0) {
        (void)fprintf(stderr, "fwledger: say who signs: --as PARTICIPANT --key FILE\n");
        return FWL_EXIT_USAGE;
    }
    code = make(&bytes, s, session, args);
    if (code != 0) {
        return code;
    }
    if (args->write != NULL) {
        return fwl_files_replace(args->write, bytes) == FWL_OK ? 0 : fwl_commands_fail_write(args->write);
    }
    return post(s, session, bytes, args->no_wait);
}

int
fwl_submit_bytes(struct fwl_span tx, const char *node, bool no_wait, bool json)
{
    struct fwl_submission *s = fwl_calloc(1, sizeof(*s));
    struct fwl_session session;
    int code = 0;

    if (s == NULL) {
        return fwl_commands_fail("transaction", FWL_ERR_MEMORY);
    }
    code = fwl_session_connect(&session, node);
    code = code == 0 ? post(s, &session, tx, no_wait) : code;
    code = fwl_submit_report(s, code, json, NULL);
    fwl_session_close(&session);
    fwl_free(s);
    return code;
}

/* The transaction is with a node, perhaps, and nobody said what became of it. */
static bool
is_open(const struct fwl_submission *s, int code)
{
    return s->txid[0] != '\0' && (code == FWL_EXIT_NODE || s->status == 503);
}

int
fwl_submit_report(const struct fwl_submission *s, int code, bool json, const char *release)
{
    const char *of = release == NULL ? "" : release;

    if (code != 0 && s->problem[0] != '\0') {
        (void)fprintf(stderr, "fwledger: ");
        fwl_print_text(stderr, s->problem);
        (void)fprintf(stderr, "\n");
        if (is_open(s, code)) {
            (void)fprintf(stderr,
                          "whether it becomes final is not known; before you send another, ask:\n"
                          "  fwledger transaction show %s\n",
                          s->txid);
        }
    } else if (code == 0 && json) {
        printf("{%s%s%s\"txid\":\"%s\",\"height\":%" PRIu64 "}\n", *of == '\0' ? "" : "\"release\":\"", of,
               *of == '\0' ? "" : "\",", s->txid, s->height);
    } else if (code == 0) {
        printf("%s%s%s", *of == '\0' ? "" : "release ", of, *of == '\0' ? "" : "\n");
        if (s->height > 0) {
            printf("final at height %" PRIu64 ", transaction %s\n", s->height, s->txid);
        } else {
            printf("transaction %s\n", s->txid);
        }
    }
    return code;
}

int
fwl_submit_one(const struct fwl_action *action, const struct fwl_submit_args *args)
{
    struct fwl_submission *s = fwl_malloc(sizeof(*s));
    struct fwl_session session;
    int code = 0;

    if (s == NULL) {
        return fwl_commands_fail("transaction", FWL_ERR_MEMORY);
    }
    /* Written offline, with the chain id of an anchor: no node is asked. */
    if (args->write != NULL && args->anchor != NULL) {
        session = (struct fwl_session){0};
    } else {
        code = fwl_session_open(&session, args->node);
    }
    if (code == 0) {
        fwl_submit_begin(s);
        code = fwl_submit_add(s, action)
                   ? fwl_submit_send(s, &session, args)
                   : fwl_commands_fail("the action", s->w.err == FWL_OK ? FWL_ERR_LIMIT : s->w.err);
    }
    code = fwl_submit_report(s, code, args->json, args->release);
    fwl_session_close(&session);
    fwl_free(s);
    return code;
}

/* ---- the command line ---- */

int
fwl_submit_parse(const struct fwl_command *self, struct fwl_submit_args *args, struct fwl_operands *operands,
                 size_t count, int argc, char **argv)
{
    const struct fwl_option options[] = {FWL_SUBMIT_OPTIONS(args)};

    return fwl_args_parse(self, options, FWL_COUNT(options), operands, count, count, argc, argv);
}

int
fwl_submit_parse_reason(const struct fwl_command *self, struct fwl_submit_args *args, struct fwl_operands *operands,
                        struct fwl_span *reason, int argc, char **argv)
{
    const char *text = "";
    const struct fwl_option options[] = {
        {.name = "--reason", .value_name = "TEXT", .help = "why (required)", .value = &text}, FWL_SUBMIT_OPTIONS(args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), operands, 1, 1, argc, argv);

    *reason = fwl_span_text(text);
    if (code == -1 && (reason->size == 0 || reason->size > FWL_REASON_MAX)) {
        code = fwl_args_usage(self, "--reason TEXT is needed, 1 to 512 bytes");
    }
    return code;
}
