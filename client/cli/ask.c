/*
 * fwledger status, validators, block, transaction show, X show, X list, answer, bundle, decide - questions to a node.
 *
 * Names become parts of a path as they are: they are checked first, so no name can leave its place in it.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "client/cli/submit.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "ledger/model/name.h"

enum {
    PATH_ROOM = 1024,
    FACTS_MAX = 1048576,
    PAGES_MAX = 1000000,
};

struct ask {
    const char *node;
    const char *out;
    const char *since;
    const char *height;
    const char *data;
    bool json;
};

#define NODE_OPTION(a)                                                                                                 \
    {                                                                                                                  \
        .name = "--node", .value_name = "URL", .help = "API of a node; default $FWLEDGER_NODE", .value = &(a)->node    \
    }
#define JSON_OPTION(a)                                                                                                 \
    {                                                                                                                  \
        .name = "--json", .help = "print one JSON object", .flag = &(a)->json                                          \
    }

/* ---- names in paths ---- */

enum name_kind { NAME_PARTICIPANT, NAME_VENDOR, NAME_CLASS, NAME_FLEET, NAME_HASH, NAME_NUMBER };

static const char *const name_forms[] = {
    [NAME_PARTICIPANT] = "a participant's id: [a-z0-9][a-z0-9-]*, at most 63 characters",
    [NAME_VENDOR] = "a vendor: [A-Za-z0-9][A-Za-z0-9._+~-]*, at most 63 characters",
    [NAME_CLASS] = "a class: vendor/model/component",
    [NAME_FLEET] = "a fleet: administrator/name",
    [NAME_HASH] = "64 lower-case hexadecimal digits",
    [NAME_NUMBER] = "a whole number",
};

static bool
is_name(enum name_kind kind, const char *text)
{
    struct fwl_span span = fwl_span_text(text);
    struct fwl_hash32 hash;
    uint64_t number = 0;

    switch (kind) {
    case NAME_PARTICIPANT: return fwl_name_participant(span) == FWL_OK;
    case NAME_VENDOR: return fwl_name_segment(span) == FWL_OK;
    case NAME_CLASS: return fwl_name_class(NULL, span) == FWL_OK;
    case NAME_FLEET: return fwl_name_fleet(NULL, span) == FWL_OK;
    case NAME_HASH: return fwl_hex_decode(hash.b, sizeof(hash.b), span) == FWL_OK;
    case NAME_NUMBER: return fwl_commands_number(&number, text, INT64_MAX);
    }
    return false;
}

static int
check_name(const struct fwl_command *self, enum name_kind kind, const char *text)
{
    char reason[256];

    if (is_name(kind, text)) {
        return 0;
    }
    (void)snprintf(reason, sizeof(reason), "\"%.64s\" is not %s", text, name_forms[kind]);
    return fwl_args_usage(self, reason);
}

static int
print_path(const struct ask *args, const char *path)
{
    struct fwl_session session;
    json_t *value = NULL;
    int code = fwl_session_connect(&session, args->node);

    code = code == 0 ? fwl_session_json(&session, &value, path) : code;
    if (code == 0) {
        fwl_print_value(stdout, value, args->json);
    }
    json_decref(value);
    fwl_session_close(&session);
    return code;
}

static int
save_bytes(const struct ask *args, struct fwl_span bytes)
{
    if (fwl_files_replace(args->out, bytes) != FWL_OK) {
        return fwl_commands_fail_write(args->out);
    }
    if (args->json) {
        json_t *value = json_pack("{s:s,s:I}", "file", args->out, "bytes", (json_int_t)bytes.size);

        fwl_print_value(stdout, value, true);
        json_decref(value);
    } else {
        printf("%s: %zu bytes\n", args->out, bytes.size);
    }
    return 0;
}

/* The bytes behind a path, as they are, into a file. */
static int
save(const struct ask *args, const char *path)
{
    struct fwl_session session;
    struct fwl_http_response response = {0};
    int code = fwl_session_connect(&session, args->node);

    code = code == 0 ? fwl_session_get(&session, &response, path) : code;
    code = code == 0 ? save_bytes(args, fwl_span(response.body, response.size)) : code;
    fwl_http_response_clear(&response);
    fwl_session_close(&session);
    return code;
}

/* Every "X show NAME" is the same but for the path and what a name looks like. */
static int
show(const struct fwl_command *self, enum name_kind kind, const char *prefix, int argc, char **argv)
{
    struct ask args = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {NODE_OPTION(&args), JSON_OPTION(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);
    char path[PATH_ROOM];

    if (code != -1) {
        return code;
    }
    code = check_name(self, kind, operands.values[0]);
    if (code != 0) {
        return code;
    }
    (void)snprintf(path, sizeof(path), "%s%s", prefix, operands.values[0]);
    return print_path(&args, path);
}

/* @text as a value in a query: "+" would be read as a blank. */
static void
quote(char *out, size_t room, const char *text)
{
    size_t size = 0;

    for (; *text != '\0' && size + 4 < room; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("-._~/", *text) != NULL;

        size += (size_t)snprintf(out + size, room - size, plain ? "%c" : "%%%02X", (unsigned char)*text);
    }
    out[size] = '\0';
}

/* One page of a list after another. With --json one object a line, so that a list of any length can be read. */
static int
print_list(const struct ask *args, const char *prefix, const char *member)
{
    struct fwl_session session;
    char path[PATH_ROOM];
    char after[PATH_ROOM / 2] = "";
    size_t pages = 0;
    int code = fwl_session_connect(&session, args->node);

    do {
        json_t *page = NULL;
        const json_t *item = NULL;
        const char *next = NULL;
        size_t i = 0;

        (void)snprintf(path, sizeof(path), "%s?limit=100%s%s", prefix, after[0] == '\0' ? "" : "&after=", after);
        code = code == 0 ? fwl_session_json(&session, &page, path) : code;
        json_array_foreach(json_object_get(page, "items"), i, item)
        {
            const char *name = json_string_value(json_object_get(item, member));

            if (args->json || name == NULL) {
                fwl_print_value(stdout, item, args->json);
            } else {
                fwl_print_text(stdout, name);
                (void)fputc('\n', stdout);
            }
        }
        next = json_string_value(json_object_get(page, "next"));
        pages++;
        if (pages == PAGES_MAX) {
            next = NULL; /* a node that repeats itself */
        }
        quote(after, sizeof(after), next == NULL ? "" : next);
        json_decref(page);
    } while (code == 0 && after[0] != '\0');
    fwl_session_close(&session);
    return code;
}

static int
list(const struct fwl_command *self, const char *prefix, const char *member, int argc, char **argv)
{
    struct ask args = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {NODE_OPTION(&args), JSON_OPTION(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 0, 0, argc, argv);

    return code != -1 ? code : print_list(&args, prefix, member);
}

static int
run_participant_show(const struct fwl_command *self, int argc, char **argv)
{
    return show(self, NAME_PARTICIPANT, "/v1/participants/", argc, argv);
}

static int
run_participant_list(const struct fwl_command *self, int argc, char **argv)
{
    return list(self, "/v1/participants", "id", argc, argv);
}

static int
run_vendor_show(const struct fwl_command *self, int argc, char **argv)
{
    return show(self, NAME_VENDOR, "/v1/vendors/", argc, argv);
}

static int
run_vendor_list(const struct fwl_command *self, int argc, char **argv)
{
    return list(self, "/v1/vendors", "vendor", argc, argv);
}

static int
run_class_show(const struct fwl_command *self, int argc, char **argv)
{
    return show(self, NAME_CLASS, "/v1/classes/", argc, argv);
}

static int
run_class_list(const struct fwl_command *self, int argc, char **argv)
{
    return list(self, "/v1/classes", "class", argc, argv);
}

static int
run_fleet_show(const struct fwl_command *self, int argc, char **argv)
{
    return show(self, NAME_FLEET, "/v1/fleets/", argc, argv);
}

static int
run_fleet_list(const struct fwl_command *self, int argc, char **argv)
{
    return list(self, "/v1/fleets", "fleet", argc, argv);
}

static int
run_evidence_list(const struct fwl_command *self, int argc, char **argv)
{
    return list(self, "/v1/evidence", "", argc, argv); /* whole records: an id alone says nothing */
}

static int
run_release_show(const struct fwl_command *self, int argc, char **argv)
{
    return show(self, NAME_HASH, "/v1/releases/", argc, argv);
}

static int
run_transaction_show(const struct fwl_command *self, int argc, char **argv)
{
    return show(self, NAME_HASH, "/v1/transactions/", argc, argv);
}

/* A node that halted for a fork does not answer: its folder has the certificate. @height is a number. */
static int
save_certificate(const struct ask *args, const char *height)
{
    uint8_t buffer[FWL_CERT_SIZE_MAX];
    struct fwl_data data;
    struct fwl_span bytes;
    int code = fwl_data_open_reader(&data, args->data, FWL_STORE_CHAIN);

    if (code == 0) {
        enum fwl_err err = fwl_data_certificate(&bytes, buffer, &data.read.kv, strtoull(height, NULL, 10));

        if (err == FWL_ERR_ABSENT) {
            (void)fprintf(stderr, "fwledger: %s: it has no certificate of height %s\n", args->data, height);
            code = FWL_EXIT_NO;
        } else {
            code = err == FWL_OK ? save_bytes(args, bytes) : fwl_commands_fail(args->data, err);
        }
    }
    fwl_data_close(&data);
    return code;
}

static int
run_block(const struct fwl_command *self, int argc, char **argv)
{
    struct ask args = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {NODE_OPTION(&args),
                                         JSON_OPTION(&args),
                                         {.name = "--certificate",
                                          .value_name = "FILE",
                                          .help = "write its FINAL certificate, for forensics",
                                          .value = &args.out},
                                         {.name = "--data",
                                          .value_name = "DIR",
                                          .help = "... out of the folder of a node that does not answer",
                                          .value = &args.data}};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);
    char path[PATH_ROOM];

    code = code == -1 ? check_name(self, NAME_NUMBER, operands.values[0]) : code;
    if (code != 0 || operands.count == 0) {
        return code;
    }
    if (args.data != NULL && (args.out == NULL || args.node != NULL)) {
        return fwl_args_usage(self, "--data goes with --certificate, and without --node");
    }
    if (args.data != NULL) {
        return save_certificate(&args, operands.values[0]);
    }
    (void)snprintf(path, sizeof(path), "/v1/blocks/%s%s", operands.values[0], args.out == NULL ? "" : "/certificate");
    return args.out == NULL ? print_path(&args, path) : save(&args, path);
}

static int
run_release_list(const struct fwl_command *self, int argc, char **argv)
{
    struct ask args = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {NODE_OPTION(&args), JSON_OPTION(&args)};
    struct fwl_session session;
    json_t *value = NULL;
    const json_t *item = NULL;
    size_t i = 0;
    char path[PATH_ROOM];
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    code = check_name(self, NAME_CLASS, operands.values[0]);
    if (code != 0) {
        return code;
    }
    (void)snprintf(path, sizeof(path), "/v1/classes/%s", operands.values[0]);
    code = fwl_session_connect(&session, args.node);
    code = code == 0 ? fwl_session_json(&session, &value, path) : code;
    json_array_foreach(json_object_get(value, "releases"), i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));
        const char *version = json_string_value(json_object_get(item, "version"));

        if (args.json) {
            fwl_print_value(stdout, item, true);
            continue;
        }
        fwl_print_text(stdout, id == NULL ? "?" : id);
        (void)fputs("  ", stdout);
        fwl_print_text(stdout, version == NULL ? "" : version);
        (void)fputs(json_is_false(json_object_get(item, "valid")) ? "  not valid" : "", stdout);
        (void)fputs(json_is_true(json_object_get(item, "malicious")) ? "  malicious\n" : "\n", stdout);
    }
    json_decref(value);
    fwl_session_close(&session);
    return code;
}

static int
run_status(const struct fwl_command *self, int argc, char **argv)
{
    struct ask args = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {NODE_OPTION(&args), JSON_OPTION(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 0, 0, argc, argv);

    return code != -1 ? code : print_path(&args, "/v1/status");
}

static int
run_validators(const struct fwl_command *self, int argc, char **argv)
{
    struct ask args = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {NODE_OPTION(&args),
                                         {.name = "--height",
                                          .value_name = "H",
                                          .help = "in force at this height; default the tip",
                                          .value = &args.height},
                                         JSON_OPTION(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 0, 0, argc, argv);
    char path[PATH_ROOM];

    if (code != -1) {
        return code;
    }
    code = args.height == NULL ? 0 : check_name(self, NAME_NUMBER, args.height);
    if (code != 0) {
        return code;
    }
    (void)snprintf(path, sizeof(path), "/v1/validators%s%s",
                   args.height == NULL ? "" : "?height=", args.height == NULL ? "" : args.height);
    return print_path(&args, path);
}

/* ---- files of a (fleet, class) ---- */

static int
fetch(const struct fwl_command *self, const char *kind, int argc, char **argv)
{
    struct ask args = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {
        NODE_OPTION(&args),
        {.name = "--out", .value_name = "FILE", .help = "where to write it (required)", .value = &args.out},
        {.name = "--since",
         .value_name = "EPOCH",
         .help = "epoch of the asker: later epoch steps come along",
         .value = &args.since},
        JSON_OPTION(&args)};
    char path[PATH_ROOM];
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    code = check_name(self, NAME_FLEET, operands.values[0]);
    code = code == 0 ? check_name(self, NAME_CLASS, operands.values[1]) : code;
    code = code == 0 && args.since != NULL ? check_name(self, NAME_NUMBER, args.since) : code;
    if (code == 0 && args.out == NULL) {
        code = fwl_args_usage(self, "--out FILE says where to write it");
    }
    if (code != 0) {
        return code;
    }
    (void)snprintf(path, sizeof(path), "/v1/%s/%s/%s?since=%s", kind, operands.values[0], operands.values[1],
                   args.since == NULL ? "0" : args.since);
    return save(&args, path);
}

static int
run_answer(const struct fwl_command *self, int argc, char **argv)
{
    return fetch(self, "answers", argc, argv);
}

static int
run_bundle(const struct fwl_command *self, int argc, char **argv)
{
    return fetch(self, "bundles", argc, argv);
}

static int
run_decide(const struct fwl_command *self, int argc, char **argv)
{
    struct ask args = {0};
    const char *facts = NULL;
    struct fwl_operands operands;
    const struct fwl_option options[] = {NODE_OPTION(&args),
                                         {.name = "--facts",
                                          .value_name = "FILE",
                                          .help = "facts of the device, JSON; - is standard input",
                                          .value = &facts},
                                         JSON_OPTION(&args)};
    struct fwl_session session;
    struct fwl_http_response response = {0};
    struct fwl_span body = {0};
    enum fwl_err err = FWL_OK;
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 0, 0, argc, argv);

    if (code != -1) {
        return code;
    }
    if (facts == NULL) {
        return fwl_args_usage(self, "--facts FILE is missing");
    }
    err = fwl_files_read(&body, facts, FACTS_MAX);
    if (err != FWL_OK) {
        return fwl_commands_fail_file(facts, err);
    }
    code = fwl_session_connect(&session, args.node);
    code = code == 0 ? fwl_session_post(&session, &response, "/v1/decisions", "application/json", body) : code;
    if (code == 0) {
        json_t *value = json_loadb((const char *)response.body, response.size, 0, NULL);

        fwl_print_value(stdout, value, args.json);
        json_decref(value);
    }
    fwl_http_response_clear(&response);
    fwl_free((void *)(uintptr_t)body.p);
    fwl_session_close(&session);
    return code;
}

static int
run_transaction_send(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_operands operands;
    struct fwl_span tx = {0};
    const char *node = NULL;
    bool no_wait = false;
    bool json = false;
    const struct fwl_option options[] = {
        {.name = "--node", .value_name = "URL", .help = "API of a node; default $FWLEDGER_NODE", .value = &node},
        {.name = "--no-wait", .help = "do not wait until it is final", .flag = &no_wait},
        {.name = "--json", .help = "print one JSON object", .flag = &json},
    };
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);
    enum fwl_err err = FWL_OK;

    if (code != -1) {
        return code;
    }
    err = fwl_files_read(&tx, operands.values[0], 2 * FWL_TX_MAX); /* a node says what is wrong with a larger one */
    if (err != FWL_OK) {
        return fwl_commands_fail_file(operands.values[0], err);
    }
    code = fwl_submit_bytes(tx, node, no_wait, json);
    fwl_free((void *)(uintptr_t)tx.p);
    return code;
}

const struct fwl_command fwl_commands_ask[] = {
    {"status", "", "Height, time, peers and identity of a node.", "fwledger status --node http://127.0.0.1:7200",
     run_status},
    {"validators", "", "The validator set in force.", "fwledger validators --height 1000", run_validators},
    {"block", "HEIGHT", "A block: header, transactions, who certified it.",
     "fwledger block 12\nfwledger block 12 --certificate 12.cert\n"
     "fwledger block 12 --certificate 12.cert --data /var/lib/fwledger",
     run_block},
    {"transaction send", "FILE", "Send a transaction that --write has kept, and wait until it is final.",
     "fwledger transaction send suspend.tx --node http://127.0.0.1:7200", run_transaction_send},
    {"transaction show", "TXID", "A transaction: what it did, and where it became final.",
     "fwledger transaction show 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
     run_transaction_show},
    {"participant show", "ID", "A participant: keys, threshold, roles, quotas.", "fwledger participant show acme",
     run_participant_show},
    {"participant list", "", "All participants.", "fwledger participant list", run_participant_list},
    {"vendor show", "VENDOR", "A vendor: owner, suspension, floor epoch.", "fwledger vendor show acme",
     run_vendor_show},
    {"vendor list", "", "All vendors.", "fwledger vendor list", run_vendor_list},
    {"class show", "CLASS", "A class with its live releases and advisories.", "fwledger class show acme/gw100/modem",
     run_class_show},
    {"class list", "", "All classes.", "fwledger class list", run_class_list},
    {"evidence list", "", "Validators that signed conflicting votes, as the ledger records them.",
     "fwledger evidence list --json", run_evidence_list},
    {"release show", "ID", "A release: its record, status and attestations.",
     "fwledger release show 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", run_release_show},
    {"release list", "CLASS", "The live releases of a class, in publication order.",
     "fwledger release list acme/gw100/modem", run_release_list},
    {"fleet show", "FLEET", "A fleet: policy version, rollouts with their progress.",
     "fwledger fleet show plant-ops/line-7", run_fleet_show},
    {"fleet list", "", "All fleets.", "fwledger fleet list --json", run_fleet_list},
    {0},
};

const struct fwl_command fwl_commands_decide[] = {
    {"answer", "FLEET CLASS", "Fetch the answer for a fleet and a class: tip and proofs, without values.",
     "fwledger answer plant-ops/line-7 acme/gw100/modem --out modem.fwa", run_answer},
    {"bundle", "FLEET CLASS", "Fetch the answer with all its values in one file, for verify.",
     "fwledger bundle plant-ops/line-7 acme/gw100/modem --out modem.fwb", run_bundle},
    {"decide", "", "Ask a node that you trust what a device may install; verify trusts none.",
     "fwledger decide --facts device.json", run_decide},
    {0},
};
