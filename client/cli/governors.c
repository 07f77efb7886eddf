/*
 * fwledger participant put|withdraw|rotate, vendor grant|transfer|suspend|restore|floor, class register, fleet create:
 * commands that send one action made of names and numbers.
 */
#include <stdlib.h>

#include "client/cli/anchor.h"
#include "client/cli/commands.h"
#include "client/cli/submit.h"
#include "core/version.h"
#include "ledger/json/entry.h"
#include "ledger/model/name.h"

enum {
    QUOTA_TRANSACTIONS = 10000, /* a day; what is not said otherwise */
};

/* ---- lists of keys and roles from options ---- */

static int
take_keys(const struct fwl_command *self, struct fwl_list *out, struct fwl_writer *w, const struct fwl_arg_list *texts)
{
    struct fwl_key keys[FWL_KEYS_MAX];
    char reason[256];

    if (texts->count == 0 || texts->count > FWL_KEYS_MAX) {
        return fwl_args_usage(self, "--public alg:HEX is needed 1 to 16 times");
    }
    for (size_t i = 0; i < texts->count; i++) {
        if (strchr(texts->values[i], ':') == NULL ||
            fwl_anchor_key(&keys[i], fwl_span_text(texts->values[i])) != FWL_OK) {
            (void)snprintf(reason, sizeof(reason),
                           "--public: \"%.80s\" is no key; key show prints one, like es256k:02ab...", texts->values[i]);
            return fwl_args_usage(self, reason);
        }
    }
    fwl_key_put_list(w, keys, texts->count);
    out->count = texts->count;
    if (fwl_writer_finish(w, &out->items) != FWL_OK) {
        return fwl_args_usage(self, "--public: a key is given twice");
    }
    return 0;
}

static int
take_roles(const struct fwl_command *self, struct fwl_list *out, struct fwl_writer *w, const struct fwl_arg_list *texts)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < texts->count; i++) {
        uint64_t role = fwl_json_role(fwl_span_text(texts->values[i]));

        if (role == 0) {
            return fwl_args_usage(self,
                                  "--role is one of governors, provider, administrator, tracker, scanner, advisor, "
                                  "builder, auditor");
        }
        mask |= FWL_HAS(role);
    }
    if (mask == 0) {
        return fwl_args_usage(self, "--role is needed at least once");
    }
    for (uint64_t role = 1; role <= FWL_ROLES_MAX; role++) {
        if ((mask & FWL_HAS(role)) != 0) {
            fwl_cbor_put_uint(w, role);
            out->count++;
        }
    }
    return fwl_writer_finish(w, &out->items) == FWL_OK ? 0 : fwl_commands_fail("--role", w->err);
}

struct participant_args {
    struct fwl_submit_args submit;
    struct fwl_arg_list publics;
    struct fwl_arg_list roles;
    const char *threshold;
    const char *classes;
    const char *fleets;
    const char *releases;
    const char *transactions;
};

static int
take_quotas(const struct fwl_command *self, struct fwl_quotas *q, const struct participant_args *args)
{
    int code = fwl_commands_take_number(self, &q->classes, args->classes, 0, FWL_QUOTA_MAX, "--classes");

    code = code == 0 ? fwl_commands_take_number(self, &q->fleets, args->fleets, 0, FWL_QUOTA_MAX, "--fleets") : code;
    code = code == 0 ? fwl_commands_take_number(self, &q->live_releases, args->releases, 0, FWL_QUOTA_MAX, "--releases")
                     : code;
    return code == 0 ? fwl_commands_take_number(self, &q->transactions_a_day, args->transactions, QUOTA_TRANSACTIONS,
                                                FWL_QUOTA_MAX, "--transactions")
                     : code;
}

static int
run_participant_put(const struct fwl_command *self, int argc, char **argv)
{
    struct participant_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_PARTICIPANT_PUT,
                                .has = fwl_action_required(FWL_ACTION_PARTICIPANT_PUT)};
    uint8_t keys[FWL_KEYS_MAX * 48];
    uint8_t roles[FWL_ROLES_MAX];
    struct fwl_writer keys_writer;
    struct fwl_writer roles_writer;
    const struct fwl_option options[] = {
        {.name = "--public",
         .value_name = "KEY",
         .help = "a public key, es256k:HEX or esp256:HEX",
         .list = &args.publics},
        {.name = "--threshold", .value_name = "K", .help = "keys that must sign; default 1", .value = &args.threshold},
        {.name = "--role", .value_name = "ROLE", .help = "provider, administrator, tracker, ...", .list = &args.roles},
        {.name = "--classes", .value_name = "N", .help = "quota of classes; default 0", .value = &args.classes},
        {.name = "--fleets", .value_name = "N", .help = "quota of fleets; default 0", .value = &args.fleets},
        {.name = "--releases", .value_name = "N", .help = "quota of live releases; default 0", .value = &args.releases},
        {.name = "--transactions",
         .value_name = "N",
         .help = "transactions a day; default 10000",
         .value = &args.transactions},
        FWL_SUBMIT_OPTIONS(&args.submit),
    };
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    action.u.participant.id = fwl_span_text(operands.values[0]);
    if (fwl_name_participant(action.u.participant.id) != FWL_OK) {
        return fwl_args_usage(self, "ID has letters a-z, digits and -, begins with no -, at most 63 characters");
    }
    fwl_writer_init(&keys_writer, keys, sizeof(keys));
    fwl_writer_init(&roles_writer, roles, sizeof(roles));
    code = take_keys(self, &action.u.participant.keys, &keys_writer, &args.publics);
    code = code == 0 ? take_roles(self, &action.u.participant.roles, &roles_writer, &args.roles) : code;
    code = code == 0 ? fwl_commands_take_number(self, &action.u.participant.threshold, args.threshold, 1,
                                                args.publics.count, "--threshold (not above the number of keys)")
                     : code;
    code = code == 0 ? take_quotas(self, &action.u.participant.quotas, &args) : code;
    return code == 0 ? fwl_submit_one(&action, &args.submit) : code;
}

static int
run_participant_rotate(const struct fwl_command *self, int argc, char **argv)
{
    struct participant_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_PARTICIPANT_ROTATE,
                                .has = fwl_action_required(FWL_ACTION_PARTICIPANT_ROTATE)};
    uint8_t keys[FWL_KEYS_MAX * 48];
    struct fwl_writer w;
    const struct fwl_option options[] = {
        {.name = "--public", .value_name = "KEY", .help = "a key of the new list", .list = &args.publics},
        {.name = "--threshold", .value_name = "K", .help = "the new threshold; default 1", .value = &args.threshold},
        FWL_SUBMIT_OPTIONS(&args.submit),
    };
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 0, 0, argc, argv);

    if (code != -1) {
        return code;
    }
    fwl_writer_init(&w, keys, sizeof(keys));
    code = take_keys(self, &action.u.participant.keys, &w, &args.publics);
    code = code == 0 ? fwl_commands_take_number(self, &action.u.participant.threshold, args.threshold, 1,
                                                args.publics.count, "--threshold (not above the number of keys)")
                     : code;
    return code == 0 ? fwl_submit_one(&action, &args.submit) : code;
}

static int
run_participant_withdraw(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_PARTICIPANT_WITHDRAW,
                                .has = fwl_action_required(FWL_ACTION_PARTICIPANT_WITHDRAW)};
    int code = fwl_submit_parse(self, &args, &operands, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    action.u.participant.id = fwl_span_text(operands.values[0]);
    return fwl_submit_one(&action, &args);
}

/* ---- vendors ---- */

static int
check_vendor(const struct fwl_command *self, struct fwl_action *action, const char *vendor)
{
    action->has = fwl_action_required(action->code);
    action->u.vendor.vendor = fwl_span_text(vendor);
    return fwl_name_segment(action->u.vendor.vendor) == FWL_OK
               ? 0
               : fwl_args_usage(self, "VENDOR is the first segment of classes: letters, digits and ._+~-, at most 63");
}

static int
run_vendor_grant(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_VENDOR_GRANT};
    const struct fwl_option options[] = {
        {.name = "--encrypted-only", .help = "take encrypted releases only", .flag = &action.u.vendor.encrypted_only},
        FWL_SUBMIT_OPTIONS(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    code = check_vendor(self, &action, operands.values[0]);
    action.has |= action.u.vendor.encrypted_only ? FWL_HAS(3) : 0;
    action.u.vendor.owner = fwl_span_text(operands.values[1]);
    return code == 0 ? fwl_submit_one(&action, &args) : code;
}

static int
run_vendor_transfer(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_VENDOR_TRANSFER};
    int code = fwl_submit_parse(self, &args, &operands, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    code = check_vendor(self, &action, operands.values[0]);
    action.u.vendor.owner = fwl_span_text(operands.values[1]);
    return code == 0 ? fwl_submit_one(&action, &args) : code;
}

static int
run_vendor_suspend(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_VENDOR_SUSPEND};
    struct fwl_span reason;
    int code = fwl_submit_parse_reason(self, &args, &operands, &reason, argc, argv);

    if (code != -1) {
        return code;
    }
    code = check_vendor(self, &action, operands.values[0]);
    action.u.vendor.reason = reason;
    return code == 0 ? fwl_submit_one(&action, &args) : code;
}

static int
run_vendor_restore(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_VENDOR_RESTORE};
    int code = fwl_submit_parse(self, &args, &operands, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    code = check_vendor(self, &action, operands.values[0]);
    return code == 0 ? fwl_submit_one(&action, &args) : code;
}

static int
run_vendor_floor(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_VENDOR_FLOOR};
    int code = fwl_submit_parse(self, &args, &operands, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    code = check_vendor(self, &action, operands.values[0]);
    code = code == 0 ? fwl_commands_take_number(self, &action.u.vendor.floor, operands.values[1], 0, INT64_MAX, "EPOCH")
                     : code;
    return code == 0 ? fwl_submit_one(&action, &args) : code;
}

/* ---- classes and fleets ---- */

static int
run_class_register(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_CLASS_REGISTER,
                                .has = fwl_action_required(FWL_ACTION_CLASS_REGISTER)};
    const char *scheme = "";
    const char *notes = NULL;
    const struct fwl_option options[] = {
        {.name = "--scheme",
         .value_name = "S",
         .help = "semver, number, dotted, debian or opaque (required)",
         .value = &scheme},
        {.name = "--notes", .value_name = "TEXT", .help = "what the class is", .value = &notes},
        FWL_SUBMIT_OPTIONS(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    action.u.class_register.name = fwl_span_text(operands.values[0]);
    action.u.class_register.scheme = fwl_scheme_from_name(fwl_span_text(scheme));
    if (fwl_name_class(NULL, action.u.class_register.name) != FWL_OK) {
        return fwl_args_usage(self, "CLASS is vendor/model/component");
    }
    if (action.u.class_register.scheme == 0) {
        return fwl_args_usage(self, "--scheme is one of semver, number, dotted, debian, opaque");
    }
    if (notes != NULL) {
        action.has |= FWL_HAS(3);
        action.u.class_register.notes = fwl_span_text(notes);
    }
    return fwl_submit_one(&action, &args);
}

static int
run_fleet_create(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_FLEET_CREATE, .has = fwl_action_required(FWL_ACTION_FLEET_CREATE)};
    int code = fwl_submit_parse(self, &args, &operands, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    action.u.fleet.name = fwl_span_text(operands.values[0]);
    if (fwl_name_fleet(NULL, action.u.fleet.name) != FWL_OK) {
        return fwl_args_usage(self, "FLEET is administrator/name");
    }
    return fwl_submit_one(&action, &args);
}

#define GOVERNORS " --as governors --key governor0.key --key governor1.key"

const struct fwl_command fwl_commands_governors[] = {
    {"participant put", "ID", "Governors register a participant, or replace its keys, roles and quotas.",
     "fwledger participant put acme --public $(fwledger key show acme.key) --role provider --classes 100 "
     "--releases 1000" GOVERNORS,
     run_participant_put},
    {"participant rotate", "", "A participant replaces its own keys; the old and the new threshold sign.",
     "fwledger participant rotate --public $(fwledger key show new.key) --as acme --key old.key --key new.key",
     run_participant_rotate},
    {"participant withdraw", "ID", "Governors withdraw a participant, for ever.",
     "fwledger participant withdraw acme" GOVERNORS, run_participant_withdraw},
    {"vendor grant", "VENDOR OWNER", "Governors give a vendor's name to its owner.",
     "fwledger vendor grant acme acme" GOVERNORS, run_vendor_grant},
    {"vendor transfer", "VENDOR OWNER", "Governors give a vendor to another owner.",
     "fwledger vendor transfer acme acme-2" GOVERNORS, run_vendor_transfer},
    {"vendor suspend", "VENDOR", "Governors suspend a vendor: nothing of it is installable.",
     "fwledger vendor suspend acme --reason 'key stolen'" GOVERNORS, run_vendor_suspend},
    {"vendor restore", "VENDOR", "Governors end a suspension.", "fwledger vendor restore acme" GOVERNORS,
     run_vendor_restore},
    {"vendor floor", "VENDOR EPOCH", "Governors raise the floor epoch: devices take the counter in force.",
     "fwledger vendor floor acme 2" GOVERNORS, run_vendor_floor},
    {"class register", "CLASS", "Register a class with its version scheme, for ever.",
     "fwledger class register acme/gw100/modem --scheme semver --as acme --key acme.key", run_class_register},
    {"fleet create", "FLEET", "Create a fleet of yours.",
     "fwledger fleet create plant-ops/line-7 --as plant-ops --key plant-ops.key", run_fleet_create},
    {0},
};
