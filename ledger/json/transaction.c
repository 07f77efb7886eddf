/* Transactions and their actions as JSON. */
#include "core/hex.h"
#include "core/time.h"
#include "core/version.h"
#include "ledger/json/entry.h"
#include "ledger/json/fields.h"
#include "ledger/json/release.h"

static void
set_participant(json_t *object, const struct fwl_action *action)
{
    json_t *keys = json_array();
    json_t *roles = json_array();
    struct fwl_reader it;
    struct fwl_key key;
    uint64_t role = 0;

    if (action->code != FWL_ACTION_PARTICIPANT_ROTATE) {
        fwl_fields_text(object, "id", action->u.participant.id);
    }
    if (action->code != FWL_ACTION_PARTICIPANT_WITHDRAW) {
        for (fwl_list_begin(&it, action->u.participant.keys); fwl_key_next(&it, &key);) {
            (void)json_array_append_new(keys, fwl_json_key(&key));
        }
        fwl_fields_set(object, "keys", json_incref(keys));
        fwl_fields_number(object, "threshold", action->u.participant.threshold);
    }
    if (action->code == FWL_ACTION_PARTICIPANT_PUT) {
        const struct fwl_quotas *q = &action->u.participant.quotas;

        for (fwl_list_begin(&it, action->u.participant.roles); fwl_list_next_uint(&it, &role);) {
            (void)json_array_append_new(roles, json_string(fwl_json_role_name(role)));
        }
        fwl_fields_set(object, "roles", json_incref(roles));
        fwl_fields_set(object, "quotas",
                       json_pack("{s:I,s:I,s:I,s:I}", "classes", (json_int_t)q->classes, "fleets",
                                 (json_int_t)q->fleets, "live_releases", (json_int_t)q->live_releases,
                                 "transactions_a_day", (json_int_t)q->transactions_a_day));
    }
    json_decref(keys);
    json_decref(roles);
}

static void
set_validators(json_t *object, const struct fwl_action *action)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_member member;

    for (fwl_list_begin(&it, action->u.validators.members); fwl_member_next(&it, &member);) {
        (void)json_array_append_new(array, fwl_json_hex(fwl_hash32_span(&member.key)));
    }
    fwl_fields_set(object, "validators", array);
    fwl_fields_set(object, "starts_epoch", json_boolean((action->has & FWL_HAS(2)) != 0));
}

static void
set_vendor(json_t *object, const struct fwl_action *action)
{
    fwl_fields_text(object, "vendor", action->u.vendor.vendor);
    if (action->code == FWL_ACTION_VENDOR_GRANT || action->code == FWL_ACTION_VENDOR_TRANSFER) {
        fwl_fields_text(object, "owner", action->u.vendor.owner);
    }
    if (action->code == FWL_ACTION_VENDOR_GRANT) {
        fwl_fields_set(object, "encrypted_only",
                       json_boolean((action->has & FWL_HAS(3)) != 0 && action->u.vendor.encrypted_only));
    } else if (action->code == FWL_ACTION_VENDOR_SUSPEND) {
        fwl_fields_text(object, "reason", action->u.vendor.reason);
    } else if (action->code == FWL_ACTION_VENDOR_FLOOR) {
        fwl_fields_number(object, "floor_epoch", action->u.vendor.floor);
    }
}

static void
set_publish(json_t *object, const struct fwl_action *action)
{
    struct fwl_hash32 id;
    struct fwl_release record;

    fwl_release_id(&id, action->u.publish.record);
    fwl_fields_hash(object, "release", &id);
    if (fwl_release_decode(&record, NULL, action->u.publish.record, 0) == FWL_OK) {
        fwl_fields_text(object, "class", record.class_name);
        fwl_fields_text(object, "version", record.version);
    }
    fwl_fields_number(object, "record_bytes", action->u.publish.record.size);
    if ((action->has & FWL_HAS(2)) != 0) {
        fwl_fields_set(object, "replaces", fwl_fields_hashes(action->u.publish.replaces));
    }
}

static void
set_rollout(json_t *object, const struct fwl_action *action)
{
    fwl_fields_text(object, "fleet", action->u.rollout.fleet);
    fwl_fields_hash(object, "release", &action->u.rollout.release);
    if (action->code == FWL_ACTION_ROLLOUT_START) {
        fwl_fields_text(object, "template", action->u.rollout.template_name);
    } else if (action->code == FWL_ACTION_PROGRESS_REPORT) {
        fwl_fields_number(object, "stage", action->u.rollout.stage);
        fwl_fields_number(object, "attempted", action->u.rollout.counters.attempted);
        fwl_fields_number(object, "succeeded", action->u.rollout.counters.succeeded);
        fwl_fields_number(object, "failed", action->u.rollout.counters.failed);
        fwl_fields_hash(object, "reports_root", &action->u.rollout.reports_root);
    }
}

static void
set_advisory(json_t *object, const struct fwl_action *action)
{
    json_t *classes = json_array();
    struct fwl_reader it;
    struct fwl_span text;

    for (fwl_list_begin(&it, action->u.advisory.classes); fwl_list_next_text(&it, &text);) {
        (void)json_array_append_new(classes, fwl_json_text(text));
    }
    fwl_fields_text(object, "id", action->u.advisory.id);
    fwl_fields_set(object, "classes", classes);
    if ((action->has & FWL_HAS(3)) != 0) {
        fwl_fields_text(object, "min", action->u.advisory.min);
    }
    if ((action->has & FWL_HAS(4)) != 0) {
        fwl_fields_text(object, "max", action->u.advisory.max);
    }
    fwl_fields_number(object, "severity", action->u.advisory.severity);
}

static void
set_release(json_t *object, const struct fwl_action *action)
{
    if (action->code == FWL_ACTION_RELEASE_AMEND) {
        fwl_fields_hash(object, "release", &action->u.amend.id);
        fwl_fields_number(object, "fields", action->u.amend.fields.count);
    } else if (action->code == FWL_ACTION_RELEASE_WITHDRAW) {
        fwl_fields_hash(object, "release", &action->u.withdraw.id);
        fwl_fields_text(object, "reason", action->u.withdraw.reason);
    } else {
        fwl_fields_hash(object, "release", &action->u.attest.id);
        fwl_fields_set(object, "rebuilt", fwl_json_digest(&action->u.attest.rebuilt));
    }
}

static void
set_fleet(json_t *object, const struct fwl_action *action)
{
    fwl_fields_text(object, "fleet", action->u.fleet.name);
    if (action->code == FWL_ACTION_POLICY_SET) {
        fwl_fields_number(object, "replaces", action->u.fleet.replaces);
        fwl_fields_number(object, "source_bytes", action->u.fleet.source.size);
    }
}

static json_t *
action_value(const struct fwl_action *action)
{
    json_t *object = json_object();

    fwl_fields_set(object, "action", json_string(fwl_action_name(action->code)));
    switch (action->code) {
    case FWL_ACTION_PARTICIPANT_PUT:
    case FWL_ACTION_PARTICIPANT_WITHDRAW:
    case FWL_ACTION_PARTICIPANT_ROTATE: set_participant(object, action); break;
    case FWL_ACTION_VALIDATORS_CHANGE: set_validators(object, action); break;
    case FWL_ACTION_PARAMS_SET: fwl_fields_set(object, "params", fwl_json_params(&action->u.params)); break;
    case FWL_ACTION_VENDOR_GRANT:
    case FWL_ACTION_VENDOR_TRANSFER:
    case FWL_ACTION_VENDOR_SUSPEND:
    case FWL_ACTION_VENDOR_RESTORE:
    case FWL_ACTION_VENDOR_FLOOR: set_vendor(object, action); break;
    case FWL_ACTION_CLASS_REGISTER:
        fwl_fields_text(object, "class", action->u.class_register.name);
        fwl_fields_set(object, "scheme", json_string(fwl_scheme_name(action->u.class_register.scheme)));
        break;
    case FWL_ACTION_RELEASE_PUBLISH: set_publish(object, action); break;
    case FWL_ACTION_RELEASE_AMEND:
    case FWL_ACTION_RELEASE_WITHDRAW:
    case FWL_ACTION_RELEASE_ATTEST: set_release(object, action); break;
    case FWL_ACTION_ADVISORY_PUBLISH: set_advisory(object, action); break;
    case FWL_ACTION_VERDICT_PUBLISH:
        fwl_fields_set(object, "image", fwl_json_digest(&action->u.verdict.image));
        fwl_fields_set(object, "verdict", json_string(action->u.verdict.verdict == 1 ? "clean" : "malicious"));
        fwl_fields_text(object, "engine", action->u.verdict.engine);
        fwl_fields_set(object, "releases", fwl_fields_hashes(action->u.verdict.releases));
        break;
    case FWL_ACTION_FLEET_CREATE:
    case FWL_ACTION_POLICY_SET: set_fleet(object, action); break;
    case FWL_ACTION_ROLLOUT_START:
    case FWL_ACTION_ROLLOUT_PAUSE:
    case FWL_ACTION_ROLLOUT_RESUME:
    case FWL_ACTION_ROLLOUT_CANCEL:
    case FWL_ACTION_ROLLOUT_FORGET:
    case FWL_ACTION_ROLLOUT_APPROVE:
    case FWL_ACTION_PROGRESS_REPORT:
    case FWL_ACTION_ROLLOUT_ADVANCE: set_rollout(object, action); break;
    }
    return object;
}

json_t *
fwl_json_transaction(const struct fwl_tx *tx)
{
    json_t *object = json_object();
    json_t *actions = json_array();
    json_t *signatures = json_array();
    struct fwl_hash32 txid;
    struct fwl_reader it;
    struct fwl_action action;
    struct fwl_tx_signature signature;

    fwl_tx_id(&txid, tx->payload);
    for (fwl_list_begin(&it, tx->actions); fwl_tx_next_action(&it, &action);) {
        (void)json_array_append_new(actions, action_value(&action));
    }
    for (fwl_list_begin(&it, tx->signatures); fwl_tx_next_signature(&it, &signature);) {
        (void)json_array_append_new(signatures, fwl_json_hex(fwl_span(signature.kid.b, sizeof(signature.kid.b))));
    }
    fwl_fields_hash(object, "txid", &txid);
    fwl_fields_text(object, "participant", tx->participant);
    fwl_fields_number(object, "expires", tx->expires_s);
    fwl_fields_set(object, "actions", actions);
    fwl_fields_set(object, "signatures", signatures);
    return object;
}
