/*
 * fwledger rollout start|pause|resume|cancel|forget|approve|advance|show|list, progress report - a release on its way
 * through a fleet, stage by stage (docs/spec/ledger.md "Rollouts").
 */
#include <inttypes.h>
#include <string.h>

#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "client/cli/submit.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/merkle/rfc6962.h"
#include "ledger/model/name.h"

enum {
    REPORTS_MAX = 256 << 20, /* bytes of a file of device reports */
    SHARE_WHOLE = 10000,
};

/* ---- which rollout ---- */

static int
check_fleet(const struct fwl_command *self, const char *fleet)
{
    return fwl_name_fleet(NULL, fwl_span_text(fleet)) == FWL_OK ? 0
                                                                : fwl_args_usage(self, "FLEET is administrator/name");
}

/* FLEET RELEASE, the operands of all commands but the list. */
static int
take_rollout(const struct fwl_command *self, struct fwl_action *out, enum fwl_action_code code,
             const struct fwl_operands *operands)
{
    *out = (struct fwl_action){.code = code, .has = fwl_action_required(code)};
    out->u.rollout.fleet = fwl_span_text(operands->values[0]);
    if (fwl_hex_decode(out->u.rollout.release.b, 32, fwl_span_text(operands->values[1])) != FWL_OK) {
        return fwl_args_usage(self, "RELEASE is the id of a release: 64 lower-case hexadecimal digits");
    }
    return check_fleet(self, operands->values[0]);
}

/* ---- what the administrator, approvers and anybody say ---- */

static int
send_plain(const struct fwl_command *self, enum fwl_action_code action_code, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action;
    int code = fwl_submit_parse(self, &args, &operands, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    code = take_rollout(self, &action, action_code, &operands);
    return code == 0 ? fwl_submit_one(&action, &args) : code;
}

static int
run_pause(const struct fwl_command *self, int argc, char **argv)
{
    return send_plain(self, FWL_ACTION_ROLLOUT_PAUSE, argc, argv);
}

static int
run_resume(const struct fwl_command *self, int argc, char **argv)
{
    return send_plain(self, FWL_ACTION_ROLLOUT_RESUME, argc, argv);
}

static int
run_cancel(const struct fwl_command *self, int argc, char **argv)
{
    return send_plain(self, FWL_ACTION_ROLLOUT_CANCEL, argc, argv);
}

static int
run_forget(const struct fwl_command *self, int argc, char **argv)
{
    return send_plain(self, FWL_ACTION_ROLLOUT_FORGET, argc, argv);
}

static int
run_approve(const struct fwl_command *self, int argc, char **argv)
{
    return send_plain(self, FWL_ACTION_ROLLOUT_APPROVE, argc, argv);
}

static int
run_advance(const struct fwl_command *self, int argc, char **argv)
{
    return send_plain(self, FWL_ACTION_ROLLOUT_ADVANCE, argc, argv);
}

static int
run_start(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action;
    const char *template_name = NULL;
    const char *salt = NULL;
    const struct fwl_option options[] = {{.name = "--template",
                                          .value_name = "NAME",
                                          .help = "the rollout template of the fleet's policy (required)",
                                          .value = &template_name},
                                         {.name = "--salt",
                                          .value_name = "TEXT",
                                          .help = "orders the devices; default the release's first 16 digits",
                                          .value = &salt},
                                         FWL_SUBMIT_OPTIONS(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    if (template_name == NULL || template_name[0] == '\0') {
        return fwl_args_usage(self, "--template NAME is needed; \"fwledger policy show FLEET\" lists them");
    }
    if (salt != NULL && (salt[0] == '\0' || strlen(salt) > FWL_ROLLOUT_SALT_MAX)) {
        return fwl_args_usage(self, "--salt has 1 to 64 bytes");
    }
    code = take_rollout(self, &action, FWL_ACTION_ROLLOUT_START, &operands);
    if (code != 0) {
        return code;
    }
    action.u.rollout.template_name = fwl_span_text(template_name);
    if (salt != NULL) {
        action.u.rollout.salt = fwl_span_text(salt);
        action.has |= FWL_HAS(4);
    }
    return fwl_submit_one(&action, &args);
}

/* ---- what trackers report ---- */

/* The root of the tree whose leaves are the lines of a file, without their newlines; NULL: the empty tree. */
static int
root_of_lines(struct fwl_hash32 *root, const char *path)
{
    struct fwl_frontier tree = {0};
    struct fwl_span bytes = {0};
    struct fwl_hash32 leaf;
    enum fwl_err err = path == NULL ? FWL_OK : fwl_files_read(&bytes, path, REPORTS_MAX);
    size_t at = 0;

    if (err != FWL_OK) {
        return fwl_commands_fail_file(path, err);
    }
    while (err == FWL_OK && at < bytes.size) {
        const uint8_t *end = memchr(bytes.p + at, '\n', bytes.size - at);
        size_t size = end == NULL ? bytes.size - at : (size_t)(end - (bytes.p + at));

        fwl_rfc6962_leaf(&leaf, fwl_span(bytes.p + at, size));
        err = fwl_frontier_append(&tree, &leaf);
        at += size + 1;
    }
    fwl_frontier_root(&tree, root);
    fwl_free((void *)(uintptr_t)bytes.p);
    return err == FWL_OK ? 0 : fwl_commands_fail(path, err);
}

static int
run_report(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action;
    const char *stage = NULL;
    const char *attempted = NULL;
    const char *succeeded = NULL;
    const char *failed = NULL;
    const char *reports = NULL;
    const struct fwl_option options[] = {
        {.name = "--stage", .value_name = "N", .help = "the stage under way (required)", .value = &stage},
        {.name = "--attempted", .value_name = "N", .help = "devices that began (required)", .value = &attempted},
        {.name = "--succeeded", .value_name = "N", .help = "of these, now well (required)", .value = &succeeded},
        {.name = "--failed", .value_name = "N", .help = "of these, not well (required)", .value = &failed},
        {.name = "--reports",
         .value_name = "FILE",
         .help = "device reports behind the counters, one a line",
         .value = &reports},
        FWL_SUBMIT_OPTIONS(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);
    struct fwl_counters *c = &action.u.rollout.counters;

    if (code != -1) {
        return code;
    }
    if (stage == NULL || attempted == NULL || succeeded == NULL || failed == NULL) {
        return fwl_args_usage(self, "--stage, --attempted, --succeeded and --failed are needed, each with a number");
    }
    code = take_rollout(self, &action, FWL_ACTION_PROGRESS_REPORT, &operands);
    code = code == 0
               ? fwl_commands_take_number(self, &action.u.rollout.stage, stage, 0, FWL_POLICY_STAGES_MAX - 1, "--stage")
               : code;
    code = code == 0 ? fwl_commands_take_number(self, &c->attempted, attempted, 0, INT64_MAX, "--attempted") : code;
    code = code == 0 ? fwl_commands_take_number(self, &c->succeeded, succeeded, 0, INT64_MAX, "--succeeded") : code;
    code = code == 0 ? fwl_commands_take_number(self, &c->failed, failed, 0, INT64_MAX, "--failed") : code;
    code = code == 0 ? root_of_lines(&action.u.rollout.reports_root, reports) : code;
    return code == 0 ? fwl_submit_one(&action, &args) : code;
}

/* ---- looking ---- */

static void
print_text_member(const json_t *item, const char *member)
{
    const char *text = json_string_value(json_object_get(item, member));

    fwl_print_text(stdout, text == NULL ? "?" : text);
}

/* "ID  active  stage 1: 20.00 % since 2026-11-28T07:00:00Z  advanced: ..." */
static void
print_line(const json_t *item)
{
    json_int_t share = json_integer_value(json_object_get(item, "share"));
    char since[FWL_TIME_TEXT_SIZE];

    fwl_time_text(since, (uint64_t)json_integer_value(json_object_get(item, "entered_ms")));
    print_text_member(item, "release");
    (void)fputs("  ", stdout);
    print_text_member(item, "state");
    printf("  stage %" JSON_INTEGER_FORMAT ": %" JSON_INTEGER_FORMAT ".%02" JSON_INTEGER_FORMAT " %% since %s  ",
           json_integer_value(json_object_get(item, "stage")), share / (SHARE_WHOLE / 100), share % (SHARE_WHOLE / 100),
           since);
    print_text_member(item, "reason");
    (void)fputc('\n', stdout);
}

/* The rollouts of a fleet, or the one of @release. Returns an exit code; FWL_EXIT_NO when there is no such one. */
static int
look(const char *node, const char *fleet, const char *release, bool json)
{
    struct fwl_session session;
    json_t *value = NULL;
    const json_t *item = NULL;
    size_t i = 0;
    bool found = false;
    char path[256];
    int code = fwl_session_connect(&session, node);

    (void)snprintf(path, sizeof(path), "/v1/fleets/%s", fleet);
    code = code == 0 ? fwl_session_json(&session, &value, path) : code;
    json_array_foreach(json_object_get(value, "rollouts"), i, item)
    {
        const char *id = json_string_value(json_object_get(item, "release"));

        if (release == NULL && !json) {
            print_line(item);
        } else if (release == NULL || (id != NULL && strcmp(id, release) == 0)) {
            found = true;
            fwl_print_value(stdout, item, json);
        }
    }
    if (code == 0 && release != NULL && !found) {
        (void)fprintf(stderr, "fwledger: %s has no rollout of this release\n", fleet);
        code = FWL_EXIT_NO;
    }
    json_decref(value);
    fwl_session_close(&session);
    return code;
}

static int
run_look(const struct fwl_command *self, size_t operand_count, int argc, char **argv)
{
    const char *node = NULL;
    bool json = false;
    struct fwl_operands operands;
    struct fwl_action checked;
    const struct fwl_option options[] = {
        {.name = "--node", .value_name = "URL", .help = "API of a node; default $FWLEDGER_NODE", .value = &node},
        {.name = "--json", .help = "print JSON objects, one a line", .flag = &json}};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, operand_count, operand_count, argc, argv);

    if (code != -1) {
        return code;
    }
    code = operand_count == 2 ? take_rollout(self, &checked, FWL_ACTION_ROLLOUT_ADVANCE, &operands)
                              : check_fleet(self, operands.values[0]);
    return code == 0 ? look(node, operands.values[0], operand_count == 2 ? operands.values[1] : NULL, json) : code;
}

static int
run_show(const struct fwl_command *self, int argc, char **argv)
{
    return run_look(self, 2, argc, argv);
}

static int
run_list(const struct fwl_command *self, int argc, char **argv)
{
    return run_look(self, 1, argc, argv);
}

#define AT "plant-ops/line-7 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define BY " --as plant-ops --key plant-ops.key"

const struct fwl_command fwl_commands_rollout[] = {
    {"rollout start", "FLEET RELEASE", "Begin to bring a release to a fleet in the stages of a template of its policy.",
     "fwledger rollout start " AT " --template careful" BY, run_start},
    {"rollout pause", "FLEET RELEASE", "Hold a rollout: no device gets the release until it is resumed.",
     "fwledger rollout pause " AT BY, run_pause},
    {"rollout resume", "FLEET RELEASE", "Go on with a paused or halted rollout; the hold of its stage begins again.",
     "fwledger rollout resume " AT BY, run_resume},
    {"rollout cancel", "FLEET RELEASE", "End a rollout for good: the release is held back from the fleet.",
     "fwledger rollout cancel " AT BY, run_cancel},
    {"rollout forget", "FLEET RELEASE",
     "Remove a rollout that is cancelled or done, or whose release is gone. A staged class then waits for a new one.",
     "fwledger rollout forget " AT BY, run_forget},
    {"rollout approve", "FLEET RELEASE", "Approve a rollout, as a participant that the policy lists as approver.",
     "fwledger rollout approve " AT " --as safety --key safety.key", run_approve},
    {"rollout advance", "FLEET RELEASE",
     "Judge a rollout now: it goes to its next stage, halts, or the answer says what it waits for.",
     "fwledger rollout advance " AT BY, run_advance},
    {"rollout show", "FLEET RELEASE", "One rollout: stage, share, state and why, reports, approvals.",
     "fwledger rollout show " AT, run_show},
    {"rollout list", "FLEET", "The rollouts of a fleet, a line each.", "fwledger rollout list plant-ops/line-7",
     run_list},
    {"progress report", "FLEET RELEASE",
     "Report, as a tracker that the policy lists, how the stage goes: totals since the stage began.",
     "fwledger progress report " AT
     " --stage 0 --attempted 40 --succeeded 39 --failed 1 --as tracker-1 --key tracker-1.key",
     run_report},
    {0},
};
