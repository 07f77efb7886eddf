/*
 * fwledger policy set|show|check - the rules of a fleet.
 */
#include "ledger/model/policy.h"

#include <inttypes.h>

#include "client/cli/commands.h"
#include "client/cli/policy_file.h"
#include "client/cli/policy_text.h"
#include "client/cli/print.h"
#include "client/cli/submit.h"
#include "contracts/cel/compile/compile.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "core/sha256.h"
#include "ledger/model/name.h"

/* What the compiler needs to know of the policy around a rule. */
struct check {
    const char *path;
    struct fwl_policy_source source;
    struct fwl_cel_variable variables[FWL_POLICY_PARAMS_MAX];
    char names[FWL_POLICY_PARAMS_MAX][8 + FWL_LABEL_KEY_MAX];
    struct fwl_cel_schema params;
    void *arena;
    size_t errors;
    size_t texts;
    uint64_t cost; /* worst case of the rules on one release */
    uint64_t most; /* of the dearest of them */
    struct fwl_span dearest;
};

static void
take_params(struct check *c)
{
    static const char *const types[] = {"int", "string", "bool", "duration", "timestamp"};
    struct fwl_reader it;
    struct fwl_param param;
    size_t count = 0;

    for (fwl_list_begin(&it, c->source.params); fwl_policy_next_param(&it, &param); count++) {
        (void)snprintf(c->names[count], sizeof(c->names[count]), "params.%.*s", (int)param.name.size,
                       (const char *)param.name.p);
        c->variables[count] = (struct fwl_cel_variable){.name = c->names[count],
                                                        .type = types[param.kind - 1],
                                                        .slot = (uint16_t)(FWL_CEL_SLOT_PARAMS + count),
                                                        .from = FWL_CEL_FROM_CHAIN};
    }
    c->params = (struct fwl_cel_schema){.variables = c->variables, .count = count};
}

/* The line of the source and below it a caret; a tab stays a tab in both, other control characters go to no terminal.
 */
static void
print_place(struct fwl_span text, uint32_t column)
{
    (void)fputs("    ", stderr);
    for (size_t i = 0; i < text.size; i++) {
        (void)fputc(text.p[i] < ' ' && text.p[i] != '\t' ? '?' : text.p[i], stderr);
    }
    (void)fputs("\n    ", stderr);
    for (size_t i = 0; i < text.size && column > 1; i++) {
        if ((text.p[i] & 0xc0) != 0x80) { /* columns are code points */
            (void)fputc(text.p[i] == '\t' ? '\t' : ' ', stderr);
            column--;
        }
    }
    (void)fputs(column > 1 ? " ^\n" : "^\n", stderr);
}

/* One expression; an error shows the line of it with a caret below the place. Its worst-case cost, 0 after an error. */
static uint32_t
check_text(struct check *c, struct fwl_span name, const char *what, struct fwl_span text)
{
    struct fwl_cel_compiled compiled;
    struct fwl_cel_diagnostic d = {0};

    c->texts++;
    /* Which scheme the classes of a rule have is on the ledger: any will do here, the node checks it. */
    if (fwl_cel_compile_condition(&compiled, &d, c->arena, FWL_CEL_COMPILE_ARENA, text, c->params, FWL_SCHEME_DOTTED) ==
        FWL_OK) {
        return compiled.cost;
    }
    c->errors++;
    (void)fprintf(stderr, "fwledger: %s: %.*s: %s: line %u, column %u: %s\n", c->path, (int)name.size,
                  (const char *)name.p, what, d.line, d.column, d.message);
    print_place(d.text, d.column);
    if (d.hint[0] != '\0') {
        (void)fprintf(stderr, "    hint: %s\n", d.hint);
    }
    return 0;
}

static void
check_rules(struct check *c)
{
    struct fwl_reader it;
    struct fwl_rule_source rule;

    for (fwl_list_begin(&it, c->source.rules); fwl_policy_next_rule_source(&it, &rule);) {
        uint32_t cost = check_text(c, rule.name, "when", rule.when);

        c->cost += cost;
        if (cost > c->most) {
            c->most = cost;
            c->dearest = rule.name;
        }
    }
    if (c->cost > FWL_CEL_POLICY_COST) {
        c->errors++;
        (void)fprintf(stderr,
                      "fwledger: %s: rules: all rules together may cost %" PRIu64
                      " units, %d are possible; the dearest is %.*s with %" PRIu64 "\n",
                      c->path, c->cost, FWL_CEL_POLICY_COST, (int)c->dearest.size, (const char *)c->dearest.p, c->most);
    }
}

/* Compiles every rule and every condition of a rollout, offline. Returns an exit code. */
static int
check_source(const char *path, struct fwl_span bytes, size_t *texts)
{
    struct check *c = fwl_calloc(1, sizeof(*c));
    struct fwl_fault fault = {0};
    struct fwl_reader it;
    struct fwl_template t;
    int code = FWL_EXIT_NO;

    *texts = 0;
    if (c == NULL) {
        return fwl_commands_fail(path, FWL_ERR_MEMORY);
    }
    c->path = path;
    c->arena = fwl_malloc(FWL_CEL_COMPILE_ARENA);
    if (c->arena == NULL) {
        code = fwl_commands_fail(path, FWL_ERR_MEMORY);
    } else if (fwl_policy_source_decode(&c->source, &fault, bytes) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: %s: %s\n", path, fault.field, fwl_err_text(fault.err));
    } else {
        take_params(c);
        check_rules(c);
        for (fwl_list_begin(&it, c->source.templates); fwl_policy_next_template_source(&it, &t);) {
            (void)check_text(c, t.name, "advance_when", t.advance_when);
            (void)check_text(c, t.name, "halt_when", t.halt_when);
        }
        *texts = c->texts;
        code = c->errors == 0 ? FWL_EXIT_YES : FWL_EXIT_NO;
    }
    fwl_free(c->arena);
    fwl_free(c);
    return code;
}

/* Reads and compiles a policy file; prints why not and returns an exit code. */
static int
load(struct fwl_policy_file *file, const char *path, size_t *texts)
{
    if (fwl_policy_file_load(file, path) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s\n", file->error);
        return FWL_EXIT_CONFIG;
    }
    return check_source(path, fwl_span(file->source, file->source_size), texts);
}

static int
run_check(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    struct fwl_operands operands;
    const struct fwl_option options[] = {{.name = "--json", .help = "print one JSON object", .flag = &json}};
    struct fwl_policy_file *file = NULL;
    size_t texts = 0;
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    file = fwl_malloc(sizeof(*file));
    if (file == NULL) {
        return fwl_commands_fail(operands.values[0], FWL_ERR_MEMORY);
    }
    code = load(file, operands.values[0], &texts);
    if (code == 0) {
        printf(json ? "{\"ok\":true,\"expressions\":%zu,\"bytes\":%zu}\n" : "ok: %zu expressions compile, %zu bytes\n",
               texts, file->source_size);
    }
    fwl_free(file);
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
    struct fwl_policy_file *file = fwl_malloc(sizeof(*file));
    struct fwl_action action = {.code = FWL_ACTION_POLICY_SET, .has = fwl_action_required(FWL_ACTION_POLICY_SET)};
    size_t texts = 0;
    int code = 0;

    if (file == NULL) {
        return fwl_commands_fail(path, FWL_ERR_MEMORY);
    }
    code = load(file, path, &texts);
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
    fwl_free(file);
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
