/*
 * fwledger anchor, anchor show, anchor author - trust anchors for devices.
 */
#include "client/cli/anchor.h"
#include "client/cli/commands.h"
#include "client/cli/print.h"
#include "client/cli/submit.h"
#include "core/hex.h"
#include "core/time.h"
#include "ledger/model/header.h"
#include "ledger/model/name.h"

/* An anchor document from what a node says about one height; what is not in the header is the node's word. */
static json_t *
assemble(const struct fwl_header *header, const json_t *set)
{
    json_t *doc = NULL;
    json_t *keys = json_array();
    const json_t *item = NULL;
    size_t i = 0;
    struct fwl_anchor anchor = {
        .chain_id = header->chain_id, .epoch = header->epoch, .height = header->height, .time_ms = header->time_ms};

    json_array_foreach(json_object_get(set, "validators"), i, item)
    {
        (void)json_array_append(keys, json_object_get(item, "key"));
    }
    fwl_header_hash(&anchor.block_hash, header);
    doc = fwl_anchor_json(&anchor);
    (void)json_object_set_new(doc, "validators", keys);
    (void)json_object_set(doc, "governors", json_object_get(set, "governors"));
    return doc;
}

/* The anchor is good in form, and its validators are those that the header commits to. */
static int
check(struct fwl_anchor_file *file, const struct fwl_header *header, json_t *doc, const struct fwl_session *session)
{
    char error[256];
    struct fwl_hash32 hash;

    if (fwl_anchor_parse(file, error, doc) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: %s\n", session->url, error);
        return FWL_EXIT_MALFORMED;
    }
    fwl_validators_hash(&hash, &file->anchor.validators);
    if (!fwl_hash32_equal(&hash, &header->validators_hash) ||
        !fwl_hash32_equal(&header->chain_id, &session->chain_id)) {
        (void)fprintf(stderr, "fwledger: %s: its validators or its chain are not those of its own block\n",
                      session->url);
        return FWL_EXIT_CERTIFICATE;
    }
    return 0;
}

static int
export_anchor(struct fwl_session *session, const char *out, bool json)
{
    struct fwl_anchor_file file = {0};
    struct fwl_http_response response = {0};
    struct fwl_header header;
    json_t *set = NULL;
    char path[64];
    int code = 0;

    (void)snprintf(path, sizeof(path), "/v1/headers/%llu", (unsigned long long)session->height);
    code = fwl_session_get(session, &response, path);
    if (code == 0 && fwl_header_decode(&header, fwl_span(response.body, response.size)) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: the header is malformed\n", session->url);
        code = FWL_EXIT_MALFORMED;
    }
    (void)snprintf(path, sizeof(path), "/v1/validators?height=%llu", (unsigned long long)session->height);
    code = code == 0 ? fwl_session_json(session, &set, path) : code;
    code = code == 0 ? check(&file, &header, assemble(&header, set), session) : code;
    if (code == 0 && out != NULL) {
        code = fwl_anchor_save(file.doc, out);
    }
    if (code == 0 && out != NULL) {
        (void)fprintf(stderr,
                      "%s: the validators match the block. That it is the right chain, and who its governors are, "
                      "compare with somebody you trust: fwledger anchor show %s\n",
                      out, out);
    }
    if (code == 0 && (out == NULL || json)) {
        fwl_print_value(stdout, file.doc, true);
    }
    json_decref(set);
    fwl_anchor_close(&file);
    fwl_http_response_clear(&response);
    return code;
}

static int
run_anchor(const struct fwl_command *self, int argc, char **argv)
{
    const char *node = NULL;
    const char *out = NULL;
    bool json = false;
    struct fwl_operands operands;
    struct fwl_session session;
    const struct fwl_option options[] = {
        {.name = "--node", .value_name = "URL", .help = "API of a node; default $FWLEDGER_NODE", .value = &node},
        {.name = "--out", .value_name = "FILE", .help = "where to write it; default standard output", .value = &out},
        {.name = "--json", .help = "print the anchor as one line", .flag = &json}};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 0, 0, argc, argv);

    if (code != -1) {
        return code;
    }
    code = fwl_session_open(&session, node);
    code = code == 0 ? export_anchor(&session, out, json) : code;
    fwl_session_close(&session);
    return code;
}

static int
run_show(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    struct fwl_operands operands;
    struct fwl_anchor_file file = {0};
    char text[FWL_TIME_TEXT_SIZE];
    int code = fwl_args_parse_json(self, &json, &operands, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    code = fwl_anchor_open(&file, operands.values[0]);
    if (code == 0 && json) {
        fwl_print_value(stdout, file.doc, true);
    } else if (code == 0) {
        fwl_time_text(text, file.anchor.time_ms);
        printf("%u validators, %u must agree on a block\n%u governors, %u must agree on a change of validators\n"
               "trusts block %llu of epoch %llu, %s\n%s\n",
               file.anchor.validators.n, fwl_validators_quorum(file.anchor.validators.n), file.anchor.governors.count,
               file.anchor.governors.threshold, (unsigned long long)file.anchor.height,
               (unsigned long long)file.anchor.epoch, text,
               fwl_anchor_has_authors(&file) ? "installs what one of the vendor's author keys signed"
                                             : "checks no author: what the quorum certifies is enough");
        fwl_print_value(stdout, file.doc, false);
    }
    fwl_anchor_close(&file);
    return code;
}

static int
run_author(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    struct fwl_operands operands;
    struct fwl_anchor_file file = {0};
    struct fwl_key key;
    json_t *authors = NULL;
    json_t *keys = NULL;
    int code = fwl_args_parse_json(self, &json, &operands, 3, argc, argv);

    if (code != -1) {
        return code;
    }
    if (fwl_name_segment(fwl_span_text(operands.values[1])) != FWL_OK) {
        return fwl_args_usage(self, "VENDOR is the first segment of classes");
    }
    if (fwl_anchor_key(&key, fwl_span_text(operands.values[2])) != FWL_OK) {
        return fwl_args_usage(self, "KEY is es256k:HEX or esp256:HEX, as key show prints it");
    }
    code = fwl_anchor_open(&file, operands.values[0]);
    if (code == 0) {
        authors = json_object_get(file.doc, "authors");
        if (authors == NULL) {
            authors = json_object();
            (void)json_object_set_new(file.doc, "authors", authors);
        }
        keys = json_object_get(authors, operands.values[1]);
        if (keys == NULL) {
            keys = json_array();
            (void)json_object_set_new(authors, operands.values[1], keys);
        }
        if (json_array_size(keys) == FWL_ANCHOR_AUTHORS_MAX) {
            (void)fprintf(stderr, "fwledger: %s: a vendor has at most %d author keys\n", operands.values[0],
                          FWL_ANCHOR_AUTHORS_MAX);
            code = FWL_EXIT_CONFIG;
        } else {
            (void)json_array_append_new(keys, json_string(operands.values[2]));
            code = fwl_anchor_save(file.doc, operands.values[0]);
        }
    }
    if (code == 0 && json) {
        fwl_print_value(stdout, file.doc, true);
    }
    fwl_anchor_close(&file);
    return code;
}

const struct fwl_command fwl_commands_anchor[] = {
    {"anchor show", "FILE", "Explain a trust anchor.", "fwledger anchor show anchor.json", run_show},
    {"anchor author", "FILE VENDOR KEY", "Add an author's key to an anchor: devices then want that signature too.",
     "fwledger anchor author anchor.json acme $(fwledger key show author.key)", run_author},
    {"anchor", "", "Export a trust anchor from a node.", "fwledger anchor --out anchor.json", run_anchor},
    {0},
};
