/* Transactions and their actions as JSON. */
#include "core/hex.h"
#include "core/time.h"
#include "core/version.h"
#include "ledger/json/entry.h"
#include "ledger/json/release.h"

static void
set(json_t *object, const char *member, json_t *value)
{
    (void)json_object_set_new(object, member, value);
}

static void
set_number(json_t *object, const char *member, uint64_t number)
{
    set(object, member, json_integer((json_int_t)number));
}

static void
set_text(json_t *object, const char *member, struct fwl_span text)
{
    set(object, member, fwl_json_text(text));
}

static void
set_hash(json_t *object, const char *member, const struct fwl_hash32 *hash)
{
    set(object, member, fwl_json_hex(fwl_hash32_span(hash)));
}

static json_t *
hashes(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_hash32 hash;

    for (fwl_list_begin(&it, list); fwl_list_next_hash(&it, &hash);) {
        (void)json_array_append_new(array, fwl_json_hex(fwl_hash32_span(&hash)));
    }
    return array;
}

static void
set_participant(json_t *object, const struct fwl_action *action)
{
    json_t *keys = json_array();
    json_t *roles = json_array();
    struct fwl_reader it;
    struct fwl_key key;
    uint64_t role = 0;

    if (action->code != FWL_ACTION_PARTICIPANT_ROTATE) {
        set_text(object, "id", action->u.participant.id);
    }
    if (action->code != FWL_ACTION_PARTICIPANT_WITHDRAW) {
        for (fwl_list_begin(&it, action->u.participant.keys); fwl_key_next(&it, &key);) {
            (void)json_array_append_new(keys, fwl_json_key(&key));
        }
        set(object, "keys", json_incref(keys));
        set_number(object, "threshold", action->u.participant.threshold);
    }
    if (action->code == FWL_ACTION_PARTICIPANT_PUT) {
        const struct fwl_quotas *q = &action->u.participant.quotas;

        for (fwl_list_begin(&it, action->u.participant.roles); fwl_list_next_uint(&it, &role);) {
            (void)json_array_append_new(roles, json_string(fwl_json_role_name(role)));
        }
        set(object, "roles", json_incref(roles));
        set(object, "quotas",
            json_pack("{s:I,s:I,s:I,s:I}", "classes", (json_int_t)q->classes, "fleets", (json_int_t)q->fleets,
                      "live_releases", (json_int_t)q->live_releases, "transactions_a_day",
                      (json_int_t)q->transactions_a_day));
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
    set(object, "validators", array);
    set(object, "starts_epoch", json_boolean((action->has & FWL_HAS(2)) != 0));
}

static void
set_vendor(json_t *object, const struct fwl_action *action)
{
    set_text(object, "vendor", action->u.vendor.vendor);
    if (action->code == FWL_ACTION_VENDOR_GRANT || action->code == FWL_ACTION_VENDOR_TRANSFER) {
        set_text(object, "owner", action->u.vendor.owner);
    }
    if (action->code == FWL_ACTION_VENDOR_GRANT) {
        set(object, "encrypted_only", json_boolean((action->has & FWL_HAS(3)) != 0 && action->u.vendor.encrypted_only));
    } else if (action->code == FWL_ACTION_VENDOR_SUSPEND) {
        set_text(object, "reason", action->u.vendor.reason);
    } else if (action->code == FWL_ACTION_VENDOR_FLOOR) {
        set_number(object, "floor_epoch", action->u.vendor.floor);
    }
}

static void
set_publish(json_t *object, const struct fwl_action *action)
{
    struct fwl_hash32 id;
    struct fwl_release record;

    fwl_release_id(&id, action->u.publish.record);
    set_hash(object, "release", &id);
    if (fwl_release_decode(&record, NULL, action->u.publish.record, 0) == FWL_OK) {
        set_text(object, "class", record.class_name);
        set_text(object, "version", record.version);
    }
    set_number(object, "record_bytes", action->u.publish.record.size);
    if ((action->has & FWL_HAS(2)) != 0) {
        set(object, "replaces", hashes(action->u.publish.replaces));
    }
}

static void
set_rollout(json_t *object, const struct fwl_action *action)
{
    set_text(object, "fleet", action->u.rollout.fleet);
    set_hash(object, "release", &action->u.rollout.release);
    if (action->code == FWL_ACTION_ROLLOUT_START) {
        set_text(object, "template", action->u.rollout.template_name);
    } else if (action->code == FWL_ACTION_PROGRESS_REPORT) {
        set_number(object, "stage", action->u.rollout.stage);
        set_number(object, "attempted", action->u.rollout.counters.attempted);
        set_number(object, "succeeded", action->u.rollout.counters.succeeded);
        set_number(object, "failed", action->u.rollout.counters.failed);
        set_hash(object, "reports_root", &action->u.rollout.reports_root);
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
    set_text(object, "id", action->u.advisory.id);
    set(object, "classes", classes);
    if ((action->has & FWL_HAS(3)) != 0) {
        set_text(object, "min", action->u.advisory.min);
    }
    if ((action->has & FWL_HAS(4)) != 0) {
        set_text(object, "max", action->u.advisory.max);
    }
    set_number(object, "severity", action->u.advisory.severity);
}

static void
set_release(json_t *object, const struct fwl_action *action)
{
    if (action->code == FWL_ACTION_RELEASE_AMEND) {
        set_hash(object, "release", &action->u.amend.id);
        set_number(object, "fields", action->u.amend.fields.count);
    } else if (action->code == FWL_ACTION_RELEASE_WITHDRAW) {
        set_hash(object, "release", &action->u.withdraw.id);
        set_text(object, "reason", action->u.withdraw.reason);
    } else {
        set_hash(object, "release", &action->u.attest.id);
        set(object, "rebuilt", fwl_json_digest(&action->u.attest.rebuilt));
    }
}

static void
set_fleet(json_t *object, const struct fwl_action *action)
{
    set_text(object, "fleet", action->u.fleet.name);
    if (action->code == FWL_ACTION_POLICY_SET) {
        set_number(object, "replaces", action->u.fleet.replaces);
        set_number(object, "source_bytes", action->u.fleet.source.size);
    }
}

static json_t *
action_value(const struct fwl_action *action)
{
    json_t *object = json_object();

    set(object, "action", json_string(fwl_action_name(action->code)));
    switch (action->code) {
    case FWL_ACTION_PARTICIPANT_PUT:
    case FWL_ACTION_PARTICIPANT_WITHDRAW:
    case FWL_ACTION_PARTICIPANT_ROTATE: set_participant(object, action); break;
    case FWL_ACTION_VALIDATORS_CHANGE: set_validators(object, action); break;
    case FWL_ACTION_PARAMS_SET: set(object, "params", fwl_json_params(&action->u.params)); break;
    case FWL_ACTION_VENDOR_GRANT:
    case FWL_ACTION_VENDOR_TRANSFER:
    case FWL_ACTION_VENDOR_SUSPEND:
    case FWL_ACTION_VENDOR_RESTORE:
    case FWL_ACTION_VENDOR_FLOOR: set_vendor(object, action); break;
    case FWL_ACTION_CLASS_REGISTER:
        set_text(object, "class", action->u.class_register.name);
        set(object, "scheme", json_string(fwl_scheme_name(action->u.class_register.scheme)));
        break;
    case FWL_ACTION_RELEASE_PUBLISH: set_publish(object, action); break;
    case FWL_ACTION_RELEASE_AMEND:
    case FWL_ACTION_RELEASE_WITHDRAW:
    case FWL_ACTION_RELEASE_ATTEST: set_release(object, action); break;
    case FWL_ACTION_ADVISORY_PUBLISH: set_advisory(object, action); break;
    case FWL_ACTION_VERDICT_PUBLISH:
        set(object, "image", fwl_json_digest(&action->u.verdict.image));
        set(object, "verdict", json_string(action->u.verdict.verdict == 1 ? "clean" : "malicious"));
        set_text(object, "engine", action->u.verdict.engine);
        set(object, "releases", hashes(action->u.verdict.releases));
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
    set_hash(object, "txid", &txid);
    set_text(object, "participant", tx->participant);
    set_number(object, "expires", tx->expires_s);
    set(object, "actions", actions);
    set(object, "signatures", signatures);
    return object;
}
