/*
 * fwledger policy set|show|check - the rules of a fleet.
 */
#include "ledger/model/policy.h"

#include <inttypes.h>

#include "client/cli/commands.h"
#include "client/cli/policy_check.h"
#include "client/cli/policy_text.h"
#include "client/cli/print.h"
#include "client/cli/submit.h"
#include "client/cli/tally.h"
#include "contracts/cel/eval/condition.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "core/sha256.h"
#include "ledger/model/name.h"

static void
print_good(const struct fwl_policy_check *check, bool json)
{
    size_t expressions = check->entry.rules.count + 2 * check->entry.templates.count;
    char n[4][FWL_TALLY_NUMBER];

    if (json) {
        printf("{\"ok\":true,\"expressions\":%zu,\"cost\":%" PRIu64 ",\"bytes\":%zu}\n", expressions,
               check->compiler.cost, check->file.source_size);
        return;
    }
    printf("ok: %zu expression%s, worst-case cost %s of %s, %s of %s bytes\n", expressions, expressions == 1 ? "" : "s",
           fwl_tally_number(n[0], check->compiler.cost), fwl_tally_number(n[1], FWL_CEL_POLICY_COST),
           fwl_tally_number(n[2], check->file.source_size), fwl_tally_number(n[3], FWL_POLICY_MAX));
}

static int
run_check(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    struct fwl_operands operands;
    struct fwl_policy_check *check = NULL;
    int code = fwl_args_parse_json(self, &json, &operands, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    check = fwl_calloc(1, sizeof(*check));
    if (check == NULL) {
        return fwl_commands_fail(operands.values[0], FWL_ERR_MEMORY);
    }
    code = fwl_policy_check_load(check, operands.values[0]);
    if (code == 0) {
        print_good(check, json);
    }
    fwl_policy_check_clear(check);
    fwl_free(check);
    return code;
}

/* The version that a new policy replaces: that of the node's fleet entry. */
static int
present_version(uint64_t *version, const struct fwl_submit_args *args, const char *fleet)
{
    struct fwl_session session;
    char path[256];
    json_t *value = NULL;
    int code = fwl_session_connect(&session, args->node);

    (void)snprintf(path, sizeof(path), "/v1/fleets/%s", fleet);
    code = code == 0 ? fwl_session_json(&session, &value, path) : code;
    *version = (uint64_t)json_integer_value(json_object_get(value, "policy_version"));
    json_decref(value);
    fwl_session_close(&session);
    return code;
}

static int
set_policy(const struct fwl_command *self, const struct fwl_submit_args *args, const char *fleet, const char *path,
           const char *replaces)
{
    struct fwl_policy_check *check = fwl_calloc(1, sizeof(*check));
    const struct fwl_policy_file *file = NULL;
    struct fwl_action action = {.code = FWL_ACTION_POLICY_SET, .has = fwl_action_required(FWL_ACTION_POLICY_SET)};
    int code = 0;

    if (check == NULL) {
        return fwl_commands_fail(path, FWL_ERR_MEMORY);
    }
    code = fwl_policy_check_load(check, path);
    file = &check->file;
    if (code == 0 && file->fleet[0] != '\0' && strcmp(file->fleet, fleet) != 0) {
        (void)fprintf(stderr, "fwledger: %s is the policy of %s, not of %s\n", path, file->fleet, fleet);
        code = FWL_EXIT_CONFIG;
    }
    if (code == 0 && replaces != NULL && !fwl_commands_number(&action.u.fleet.replaces, replaces, INT64_MAX)) {
        code = fwl_args_usage(self, "--replaces is a version: a whole number, 0 = there is none yet");
    } else if (code == 0 && replaces == NULL) {
        code = present_version(&action.u.fleet.replaces, args, fleet);
    }
    if (code == 0) {
        action.u.fleet.name = fwl_span_text(fleet);
        action.u.fleet.source = fwl_span(file->source, file->source_size);
        code = fwl_submit_one(&action, args);
    }
    fwl_policy_check_clear(check);
    fwl_free(check);
    return code;
}

static int
run_set(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    const char *replaces = NULL;
    struct fwl_operands operands;
    const struct fwl_option options[] = {{.name = "--replaces",
                                          .value_name = "VERSION",
                                          .help = "refuse unless this one is in force; default: ask the node",
                                          .value = &replaces},
                                         FWL_SUBMIT_OPTIONS(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    if (fwl_name_fleet(NULL, fwl_span_text(operands.values[0])) != FWL_OK) {
        return fwl_args_usage(self, "FLEET is administrator/name");
    }
    return set_policy(self, &args, operands.values[0], operands.values[1], replaces);
}

/* The source of a policy entry: bytes that have the hash which the entry names. */
static int
print_source(const char *fleet, const json_t *value)
{
    const char *hex = json_string_value(json_object_get(value, "source_cbor"));
    const char *hash_hex = json_string_value(json_object_get(value, "source"));
    size_t size = hex == NULL ? 0 : strlen(hex) / 2;
    uint8_t *bytes = fwl_malloc(size + 1);
    struct fwl_policy_source source;
    struct fwl_hash32 want;
    struct fwl_hash32 got;
    int code = FWL_EXIT_PROOF;

    if (bytes == NULL) {
        return fwl_commands_fail(fleet, FWL_ERR_MEMORY);
    }
    if (size == 0 || hash_hex == NULL || fwl_hex_decode(want.b, 32, fwl_span_text(hash_hex)) != FWL_OK ||
        fwl_hex_decode(bytes, size, fwl_span_text(hex)) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: the node does not have the source of this policy\n");
    } else {
        fwl_sha256(&got, fwl_span(bytes, size));
        if (!fwl_hash32_equal(&want, &got) ||
            fwl_policy_source_decode(&source, NULL, fwl_span(bytes, size)) != FWL_OK) {
            (void)fprintf(stderr, "fwledger: the source that the node gave is not that of the policy\n");
        } else {
            printf("# version %lld\n", (long long)json_integer_value(json_object_get(value, "version")));
            fwl_policy_text_print(stdout, fwl_span_text(fleet), &source);
            code = 0;
        }
    }
    fwl_free(bytes);
    return code;
}

static int
run_show(const struct fwl_command *self, int argc, char **argv)
{
    const char *node = NULL;
    bool json = false;
    struct fwl_operands operands;
    const struct fwl_option options[] = {
        {.name = "--node", .value_name = "URL", .help = "API of a node; default $FWLEDGER_NODE", .value = &node},
        {.name = "--json", .help = "print one JSON object", .flag = &json}};
    struct fwl_session session;
    char path[256];
    json_t *value = NULL;
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    if (fwl_name_fleet(NULL, fwl_span_text(operands.values[0])) != FWL_OK) {
        return fwl_args_usage(self, "FLEET is administrator/name");
    }
    (void)snprintf(path, sizeof(path), "/v1/policies/%s", operands.values[0]);
    code = fwl_session_connect(&session, node);
    code = code == 0 ? fwl_session_json(&session, &value, path) : code;
    if (code == 0 && json) {
        fwl_print_value(stdout, value, true);
    } else if (code == 0) {
        code = print_source(operands.values[0], value);
    }
    json_decref(value);
    fwl_session_close(&session);
    return code;
}

const struct fwl_command fwl_commands_policy[] = {
    {"policy set", "FLEET FILE", "Put a policy (YAML) in force; every rule is compiled here and by the validators.",
     "fwledger policy set plant-ops/line-7 policy.yaml --as plant-ops --key plant-ops.key", run_set},
    {"policy show", "FLEET", "Print the policy in force as YAML, from the source on the ledger.",
     "fwledger policy show plant-ops/line-7 >policy.yaml", run_show},
    {"policy check", "FILE", "Compile every rule of a policy file, offline.", "fwledger policy check policy.yaml",
     run_check},
    {0},
};
