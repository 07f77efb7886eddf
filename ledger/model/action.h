/*
 * action - what a transaction does. Zone F.
 *
 * One action = [code, {fields}]; docs/spec/ledger.cddl lists them. A decoded action is one struct with a union; @has
 * tells which optional fields were there (FWL_HAS(key)).
 */
#ifndef FWL_LEDGER_MODEL_ACTION_H
#define FWL_LEDGER_MODEL_ACTION_H

#include "ledger/model/digest.h"
#include "ledger/model/fault.h"
#include "ledger/model/key.h"
#include "ledger/model/params.h"
#include "ledger/model/quotas.h"

/* stored: append only */
enum fwl_action_code {
    FWL_ACTION_PARTICIPANT_PUT = 1,
    FWL_ACTION_PARTICIPANT_WITHDRAW = 2,
    FWL_ACTION_PARTICIPANT_ROTATE = 3,
    FWL_ACTION_VALIDATORS_CHANGE = 10,
    FWL_ACTION_PARAMS_SET = 11,
    FWL_ACTION_VENDOR_GRANT = 20,
    FWL_ACTION_VENDOR_TRANSFER = 21,
    FWL_ACTION_VENDOR_SUSPEND = 22,
    FWL_ACTION_VENDOR_RESTORE = 23,
    FWL_ACTION_VENDOR_FLOOR = 24,
    FWL_ACTION_CLASS_REGISTER = 30,
    FWL_ACTION_RELEASE_PUBLISH = 40,
    FWL_ACTION_RELEASE_AMEND = 41,
    FWL_ACTION_RELEASE_WITHDRAW = 42,
    FWL_ACTION_RELEASE_ATTEST = 43,
    FWL_ACTION_ADVISORY_PUBLISH = 50,
    FWL_ACTION_VERDICT_PUBLISH = 51,
    FWL_ACTION_FLEET_CREATE = 60,
    FWL_ACTION_POLICY_SET = 61,
    FWL_ACTION_ROLLOUT_START = 70,
    FWL_ACTION_ROLLOUT_PAUSE = 71,
    FWL_ACTION_ROLLOUT_RESUME = 72,
    FWL_ACTION_ROLLOUT_CANCEL = 73,
    FWL_ACTION_ROLLOUT_FORGET = 74,
    FWL_ACTION_ROLLOUT_APPROVE = 75,
    FWL_ACTION_PROGRESS_REPORT = 80,
    FWL_ACTION_ROLLOUT_ADVANCE = 81,
};

/* stored: append only */
enum fwl_role {
    FWL_ROLE_GOVERNORS = 1,
    FWL_ROLE_PROVIDER = 2,
    FWL_ROLE_ADMINISTRATOR = 3,
    FWL_ROLE_TRACKER = 4,
    FWL_ROLE_SCANNER = 5,
    FWL_ROLE_ADVISOR = 6,
    FWL_ROLE_BUILDER = 7,
    FWL_ROLE_AUDITOR = 8,
};

struct fwl_counters { /* of devices */
    uint64_t attempted, succeeded, failed;
};

struct fwl_governor_signatures { /* as in an epoch step, bitmap and signatures apart */
    struct fwl_span bitmap, sigs;
    struct fwl_span old_bitmap, old_sigs; /* empty when the key sets are the same */
};

struct fwl_possession {
    uint64_t height;
    struct fwl_hash32 block_hash;
    struct fwl_sig64 sig;
};

struct fwl_action {
    enum fwl_action_code code;
    uint64_t has;
    union {
        struct { /* participant.put; .withdraw: id only; .rotate: keys and threshold only */
            struct fwl_span id;
            struct fwl_list keys; /* fwl_key_next */
            uint64_t threshold;
            struct fwl_list roles; /* fwl_list_next_uint */
            struct fwl_quotas quotas;
        } participant;
        struct {
            struct fwl_list members;                   /* fwl_member_next */
            struct fwl_governor_signatures signatures; /* key 2 */
            struct fwl_possession possession;          /* key 3 */
        } validators;
        struct fwl_params params;
        struct { /* vendor.*: the fields that the code has */
            struct fwl_span vendor;
            struct fwl_span owner;
            bool encrypted_only; /* key 3 */
            struct fwl_span reason;
            uint64_t floor;
        } vendor;
        struct {
            struct fwl_span name;
            uint64_t scheme;
            struct fwl_span notes; /* key 3 */
        } class_register;
        struct {
            struct fwl_span record;   /* a release record, not yet decoded */
            struct fwl_list replaces; /* key 2; fwl_list_next_hash */
        } publish;
        struct {
            struct fwl_hash32 id;
            struct fwl_list fields; /* pairs for fwl_release_amend */
        } amend;
        struct {
            struct fwl_hash32 id;
            struct fwl_span reason;
        } withdraw;
        struct {
            struct fwl_hash32 id;
            struct fwl_digest rebuilt;
            struct fwl_digest recipe; /* key 3 */
        } attest;
        struct {
            struct fwl_span id;       /* CVE, OSV, ... */
            struct fwl_list classes;  /* fwl_list_next_text, ascending */
            struct fwl_span min, max; /* keys 3, 4; inclusive */
            uint64_t severity;        /* enum fwl_severity */
        } advisory;
        struct {
            struct fwl_digest image;
            uint64_t verdict; /* 1 clean, 2 malicious */
            struct fwl_span engine;
            struct fwl_list releases; /* key 4; fwl_list_next_hash */
        } verdict;
        struct { /* fleet.create, policy.set */
            struct fwl_span name;
            uint64_t replaces; /* policy version, 0 = none yet */
            struct fwl_span source;
        } fleet;
        struct { /* rollout.*, progress.report */
            struct fwl_span fleet;
            struct fwl_hash32 release;
            struct fwl_span template_name;
            struct fwl_span salt; /* key 4 */
            uint64_t stage;
            struct fwl_counters counters;
            struct fwl_hash32 reports_root;
        } rollout;
    } u;
};

/** fwl_action_read - one action from a transaction; FWL_ERR_UNKNOWN for a code that protocol 1 does not have. */
void fwl_action_read(struct fwl_reader *r, struct fwl_action *out);
/** fwl_action_decode - exactly one action; the same errors and those of its fields, FWL_ERR_TRAILING; @fault (may be
 * NULL) names the field; @out views @in. */
FWL_NODISCARD enum fwl_err fwl_action_decode(struct fwl_action *out, struct fwl_fault *fault, struct fwl_span in);
/** fwl_action_put - the inverse; FWL_ERR_MISSING or FWL_ERR_UNKNOWN on the writer when @has does not fit the code. */
void fwl_action_put(struct fwl_writer *w, const struct fwl_action *action);
/** fwl_action_name - "release.publish" etc.; NULL for an unknown code. fwl_action_required - bits of the required
 * fields, a start for @has of an action that is being made. */
const char *fwl_action_name(uint64_t code);
uint64_t fwl_action_required(uint64_t code);
/** fwl_action_item - item reader; internal. */
void fwl_action_item(struct fwl_reader *r, struct fwl_form_order *order);

#endif
