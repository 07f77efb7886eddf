/*
 * fwledger release publish|amend|withdraw - one release at a time; release import takes whole files.
 */
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/record.h"
#include "client/cli/submit.h"
#include "core/hex.h"
#include "core/host/heap.h"

enum {
    JSON_MAX = 1048576,
};

/* A whole JSON object from a file; NULL after printing why not. */
static json_t *
load(const char *path)
{
    struct fwl_span bytes;
    json_error_t where;
    json_t *object = NULL;
    enum fwl_err err = fwl_files_read(&bytes, path, JSON_MAX);

    if (err != FWL_OK) {
        (void)fwl_commands_fail_file(path, err);
        return NULL;
    }
    object = json_loadb((const char *)bytes.p, bytes.size, JSON_REJECT_DUPLICATES, &where);
    if (object == NULL) {
        (void)fprintf(stderr, "fwledger: %s:%d:%d: %s\n", path, where.line, where.column, where.text);
    }
    fwl_free((void *)(uintptr_t)bytes.p);
    return object;
}

static int
publish(struct fwl_submit_args *args, const char *path, const struct fwl_secret *author, struct fwl_list replaces)
{
    struct fwl_json_release *work = fwl_malloc(sizeof(*work));
    struct fwl_record *record = fwl_malloc(sizeof(*record));
    struct fwl_action action = {.code = FWL_ACTION_RELEASE_PUBLISH,
                                .has = fwl_action_required(FWL_ACTION_RELEASE_PUBLISH)};
    json_t *object = load(path);
    char id[65];
    int code = FWL_EXIT_CONFIG;

    if (work == NULL || record == NULL) {
        code = fwl_commands_fail(path, FWL_ERR_MEMORY);
    } else if (object != NULL && fwl_record_make(record, work, object, args->participant, NULL, 0, author) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: %s\n", path, record->error);
    } else if (object != NULL) {
        action.u.publish.record = fwl_span(record->bytes, record->size);
        action.u.publish.replaces = replaces;
        action.has |= replaces.count > 0 ? FWL_HAS(2) : 0;
        fwl_hex_encode(id, sizeof(id), fwl_hash32_span(&record->id));
        args->release = id;
        code = fwl_submit_one(&action, args);
        args->release = NULL;
    }
    json_decref(object);
    fwl_free(record);
    fwl_free(work);
    return code;
}

static int
take_ids(const struct fwl_command *self, struct fwl_list *out, struct fwl_writer *w, const struct fwl_arg_list *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        struct fwl_hash32 id;

        if (fwl_hex_decode(id.b, sizeof(id.b), fwl_span_text(texts->values[i])) != FWL_OK) {
            return fwl_args_usage(self, "--replaces is the id of a release: 64 lower-case hexadecimal digits");
        }
        fwl_cbor_put_bytes(w, fwl_hash32_span(&id));
    }
    out->count = texts->count;
    return fwl_writer_finish(w, &out->items) == FWL_OK ? 0 : fwl_commands_fail("--replaces", w->err);
}

static int
run_publish(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_arg_list replaces = {0};
    const char *author_path = NULL;
    struct fwl_operands operands;
    struct fwl_secret author;
    struct fwl_list ids = {0};
    uint8_t buffer[FWL_REPLACES_MAX * 34];
    struct fwl_writer w;
    const struct fwl_option options[] = {
        {.name = "--author-key", .value_name = "FILE", .help = "sign the record as its author", .value = &author_path},
        {.name = "--replaces", .value_name = "ID", .help = "withdraw this release at the same time", .list = &replaces},
        FWL_SUBMIT_OPTIONS(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    if (args.participant == NULL) {
        return fwl_args_usage(self, "say who signs: --as PARTICIPANT --key FILE");
    }
    fwl_writer_init(&w, buffer, sizeof(buffer));
    code = take_ids(self, &ids, &w, &replaces);
    if (code == 0 && author_path != NULL) {
        code = fwl_commands_secret(&author, author_path, FWL_KEY_AUTHOR, FWL_KEY_AUTHOR_P256);
    }
    if (code != 0) {
        return code;
    }
    code = publish(&args, operands.values[0], author_path == NULL ? NULL : &author, ids);
    fwl_secret_clear(&author);
    return code;
}

static int
run_amend(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_RELEASE_AMEND, .has = fwl_action_required(FWL_ACTION_RELEASE_AMEND)};
    int code = fwl_submit_parse(self, &args, &operands, 2, argc, argv);
    struct fwl_json_release *work = NULL;
    uint8_t buffer[FWL_RELEASE_MAX];
    char error[FWL_PARSE_ERROR_MAX];
    json_t *object = NULL;

    if (code != -1) {
        return code;
    }
    if (fwl_hex_decode(action.u.amend.id.b, 32, fwl_span_text(operands.values[0])) != FWL_OK) {
        return fwl_args_usage(self, "ID is 64 lower-case hexadecimal digits");
    }
    object = load(operands.values[1]);
    work = fwl_malloc(sizeof(*work));
    if (object == NULL || work == NULL) {
        code = object == NULL ? FWL_EXIT_CONFIG : fwl_commands_fail(operands.values[1], FWL_ERR_MEMORY);
    } else if (fwl_record_amendment(&action.u.amend.fields, error, buffer, sizeof(buffer), work, object) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: %s\n", operands.values[1], error);
        code = FWL_EXIT_CONFIG;
    } else {
        code = fwl_submit_one(&action, &args);
    }
    json_decref(object);
    fwl_free(work);
    return code;
}

static int
run_withdraw(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_RELEASE_WITHDRAW,
                                .has = fwl_action_required(FWL_ACTION_RELEASE_WITHDRAW)};
    int code = fwl_submit_parse_reason(self, &args, &operands, &action.u.withdraw.reason, argc, argv);

    if (code != -1) {
        return code;
    }
    if (fwl_hex_decode(action.u.withdraw.id.b, 32, fwl_span_text(operands.values[0])) != FWL_OK) {
        return fwl_args_usage(self, "ID is 64 lower-case hexadecimal digits");
    }
    return fwl_submit_one(&action, &args);
}

#define ID "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

const struct fwl_command fwl_commands_release[] = {
    {"release publish", "FILE", "Publish one release: a JSON object with class, version, sha256, size, filename, ...",
     "fwledger release publish modem-2.3.4.json --author-key author.key --as acme --key acme.key", run_publish},
    {"release amend", "ID FILE",
     "Change what may change: links, notes, labels, valid, hardware, window, dependencies, regions.\n"
     "FILE is a JSON object with the new members; null removes one.",
     "echo '{\"valid\": false}' | fwledger release amend " ID " - --as acme --key acme.key", run_amend},
    {"release withdraw", "ID", "Withdraw a release, for ever.",
     "fwledger release withdraw " ID " --reason 'bricks revision 3' --as acme --key acme.key", run_withdraw},
    {0},
};
