/*
 * submit - making, signing and sending transactions. Zone H.
 *
 * Commands fill one transaction with actions and submit it; it is acknowledged once it is final. The chain id comes
 * from the node or, where an anchor is given, from there, so that a lying node cannot make a signer sign for another
 * chain.
 */
#ifndef FWL_CLIENT_CLI_SUBMIT_H
#define FWL_CLIENT_CLI_SUBMIT_H

#include <jansson.h>

#include "client/cli/args.h"
#include "client/cli/http.h"
#include "core/host/keys.h"
#include "ledger/model/tx.h"

enum {
    FWL_SUBMIT_TIMEOUT_S = 120,
};

/* The options that every command which writes has; FWL_SUBMIT_OPTIONS puts them into its table. */
struct fwl_submit_args {
    const char *node;
    const char *participant;
    struct fwl_arg_list keys;
    const char *anchor;
    const char *expires;
    const char *write;   /* keep the signed transaction in this file instead of sending it */
    const char *release; /* id of what the command publishes, for its answer; no option */
    bool json;
    bool no_wait;
};

/* Who signs what for which chain, and where it goes. */
#define FWL_SUBMIT_SIGN_OPTIONS(a)                                                                                     \
    {.name = "--node", .value_name = "URL", .help = "API of a node; default $FWLEDGER_NODE", .value = &(a)->node},     \
        {.name = "--as", .value_name = "ID", .help = "the participant that signs", .value = &(a)->participant},        \
        {.name = "--key", .value_name = "FILE", .help = "a key of that participant", .list = &(a)->keys},              \
        {.name = "--anchor",                                                                                           \
         .value_name = "FILE",                                                                                         \
         .help = "take the chain id from a trust anchor",                                                              \
         .value = &(a)->anchor},                                                                                       \
        {.name = "--expires",                                                                                          \
         .value_name = "SECONDS",                                                                                      \
         .help = "validity from now; default 3600",                                                                    \
         .value = &(a)->expires},                                                                                      \
    {                                                                                                                  \
        .name = "--json", .help = "print one JSON object", .flag = &(a)->json                                          \
    }

#define FWL_SUBMIT_OPTIONS(a)                                                                                          \
    FWL_SUBMIT_SIGN_OPTIONS(a),                                                                                        \
        {.name = "--write",                                                                                            \
         .value_name = "FILE",                                                                                         \
         .help = "write the signed transaction, do not send it",                                                       \
         .value = &(a)->write},                                                                                        \
    {                                                                                                                  \
        .name = "--no-wait", .help = "do not wait until it is final", .flag = &(a)->no_wait                            \
    }

/** fwl_submit_parse - the command line of a writing command with @count operands and no other options. Returns as
 * fwl_args_parse. */
int fwl_submit_parse(const struct fwl_command *self, struct fwl_submit_args *args, struct fwl_operands *operands,
                     size_t count, int argc, char **argv);
/** fwl_submit_parse_reason - the same with one operand and a --reason of 1 to FWL_REASON_MAX bytes, which is required.
 */
int fwl_submit_parse_reason(const struct fwl_command *self, struct fwl_submit_args *args, struct fwl_operands *operands,
                            struct fwl_span *reason, int argc, char **argv);

/* A node to talk to and the chain it is of. */
struct fwl_session {
    struct fwl_http *http;
    const char *url;
    bool unnamed; /* nobody named a node: @url is the default */
    struct fwl_hash32 chain_id;
    uint64_t height;  /* of the node's tip */
    uint64_t time_ms; /* of the node's tip */
};

/** fwl_session_connect - remember @url (NULL: $FWLEDGER_NODE, where that is absent or empty http://127.0.0.1:7200);
 * nothing is asked yet. Returns an exit code; fwl_session_close in every case. */
int fwl_session_connect(struct fwl_session *session, const char *url);

/** fwl_session_open - the same, and read the node's status: chain id, height, time.
 * Prints the reason and returns an exit code; 0 when it is open. fwl_session_close in every case. */
int fwl_session_open(struct fwl_session *session, const char *url);
void fwl_session_close(struct fwl_session *session);

/** fwl_session_get - GET @path; 0 with a body to clear, or an exit code after printing the node's problem. */
int fwl_session_get(struct fwl_session *session, struct fwl_http_response *out, const char *path);

/** fwl_session_post - the same for POST. fwl_session_json - GET @path as JSON; a new reference. */
int fwl_session_post(struct fwl_session *session, struct fwl_http_response *out, const char *path,
                     const char *content_type, struct fwl_span body);
int fwl_session_json(struct fwl_session *session, json_t **out, const char *path);

/** fwl_session_problem - the problem document of a response that is no success, as a sentence. */
void fwl_session_problem(char out[FWL_HTTP_ERROR_MAX], const struct fwl_http_response *response);

struct fwl_submission {
    uint8_t actions[FWL_TX_MAX];
    struct fwl_writer w; /* fwl_action_put writes here */
    size_t action_count;
    uint8_t bytes[FWL_TX_MAX + 4096];
    char txid[65];
    uint64_t height;                  /* where it became final; 0 without waiting */
    long status;                      /* of the node's answer; 0 when none came */
    char problem[FWL_HTTP_ERROR_MAX]; /* why it failed, when the node or the connection is the reason */
};

/** fwl_submit_begin - an empty transaction. fwl_submit_add - append an action; false when it does not fit any more. */
void fwl_submit_begin(struct fwl_submission *s);
bool fwl_submit_add(struct fwl_submission *s, const struct fwl_action *action);

/**
 * fwl_submit_send - sign with every key of @args, send, and wait until it is final.
 *
 * Returns 0, or the exit code; then s->problem has the reason, or is empty when it was printed (keys, options).
 */
int fwl_submit_send(struct fwl_submission *s, struct fwl_session *session, const struct fwl_submit_args *args);

/** fwl_submit_report - print the result of a submission, with the id of the @release that it publishes unless NULL, or
 * why it failed; returns @code. */
int fwl_submit_report(const struct fwl_submission *s, int code, bool json, const char *release);

/** fwl_submit_bytes - send a transaction that was signed before; prints the result and returns the exit code. */
int fwl_submit_bytes(struct fwl_span tx, const char *node, bool no_wait, bool json);

/** fwl_submit_one - open a session, send one action, print the result; the whole of most writing commands. */
int fwl_submit_one(const struct fwl_action *action, const struct fwl_submit_args *args);

#endif
