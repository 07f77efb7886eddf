#include "ledger/model/action.h"

#include "core/version.h"
#include "ledger/model/member.h"
#include "ledger/model/name.h"
#include "ledger/model/release.h"

#define A struct fwl_action /* the tables below name it in every line */

static void
item_role(struct fwl_reader *r, struct fwl_form_order *order)
{
    const uint8_t *start = r->at;

    (void)fwl_form_uint(r, FWL_ROLE_GOVERNORS, FWL_ROLE_AUDITOR);
    if (fwl_reader_ok(r)) {
        fwl_form_ascend(r, order, fwl_span(start, 1));
    }
}

static void
item_class(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_span text = fwl_cbor_text(r, FWL_CLASS_MAX);

    if (fwl_reader_ok(r) && fwl_name_class(NULL, text) != FWL_OK) {
        fwl_reader_fail(r, FWL_ERR_NAME);
    }
    fwl_form_ascend(r, order, text);
}

/* A pair of an amendment: its value is judged when it is applied (fwl_release_amend). */
static void
item_amendment(struct fwl_reader *r, struct fwl_form_order *order)
{
    const uint8_t *start = r->at;
    int64_t key = fwl_cbor_int(r);

    if (fwl_reader_ok(r) && (key < FWL_RELEASE_LINKS || key > FWL_RELEASE_REGIONS)) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
    }
    if (fwl_reader_ok(r)) {
        fwl_form_ascend(r, order, fwl_span(start, (size_t)(r->at - start)));
    }
    (void)fwl_cbor_skip(r);
}

static enum fwl_err
check_class(struct fwl_span text)
{
    return fwl_name_class(NULL, text);
}

static enum fwl_err
check_fleet(struct fwl_span text)
{
    return fwl_name_fleet(NULL, text);
}

static void
read_signatures(struct fwl_reader *r, void *at)
{
    struct fwl_governor_signatures *s = at;
    size_t parts = fwl_cbor_array(r, 4);

    if (fwl_reader_ok(r) && parts != 2 && parts != 4) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    s->bitmap = fwl_cbor_bytes(r, (FWL_KEYS_MAX + 7) / 8);
    s->sigs = fwl_cbor_bytes(r, 64 * FWL_KEYS_MAX);
    if (fwl_reader_ok(r) && parts == 4) {
        s->old_bitmap = fwl_cbor_bytes(r, (FWL_KEYS_MAX + 7) / 8);
        s->old_sigs = fwl_cbor_bytes(r, 64 * FWL_KEYS_MAX);
        if (fwl_reader_ok(r) && s->old_bitmap.size == 0) {
            fwl_reader_fail(r, FWL_ERR_VALUE); /* an empty pair is written by leaving it out */
        }
    }
}

static void
put_signatures(struct fwl_writer *w, const void *at)
{
    const struct fwl_governor_signatures *s = at;
    bool old = s->old_bitmap.size != 0;

    fwl_cbor_put_array(w, old ? 4 : 2);
    fwl_cbor_put_bytes(w, s->bitmap);
    fwl_cbor_put_bytes(w, s->sigs);
    if (old) {
        fwl_cbor_put_bytes(w, s->old_bitmap);
        fwl_cbor_put_bytes(w, s->old_sigs);
    }
}

static void
read_possession(struct fwl_reader *r, void *at)
{
    struct fwl_possession *p = at;

    fwl_cbor_array_exact(r, 3);
    p->height = fwl_cbor_uint(r);
    fwl_cbor_bytes_exact(r, p->block_hash.b, 32);
    fwl_cbor_bytes_exact(r, p->sig.b, 64);
}

static void
put_possession(struct fwl_writer *w, const void *at)
{
    const struct fwl_possession *p = at;

    fwl_cbor_put_array(w, 3);
    fwl_cbor_put_uint(w, p->height);
    fwl_cbor_put_bytes(w, fwl_hash32_span(&p->block_hash));
    fwl_cbor_put_bytes(w, fwl_span(p->sig.b, 64));
}

static void
read_counters(struct fwl_reader *r, void *at)
{
    struct fwl_counters *c = at;

    fwl_cbor_array_exact(r, 3);
    c->attempted = fwl_cbor_uint(r);
    c->succeeded = fwl_cbor_uint(r);
    c->failed = fwl_cbor_uint(r);
}

static void
put_counters(struct fwl_writer *w, const void *at)
{
    const struct fwl_counters *c = at;

    fwl_cbor_put_array(w, 3);
    fwl_cbor_put_uint(w, c->attempted);
    fwl_cbor_put_uint(w, c->succeeded);
    fwl_cbor_put_uint(w, c->failed);
}

#define PARTICIPANT(k)                                                                                                 \
    FWL_F_NAME(k, false, A, u.participant.id, FWL_PARTICIPANT_ID_MAX, fwl_name_participant, "action.participant")
#define KEYS(k)      FWL_F_LIST(k, false, A, u.participant.keys, 1, FWL_KEYS_MAX, fwl_key_item, "action.keys")
#define THRESHOLD(k) FWL_F_UINT(k, false, A, u.participant.threshold, 1, FWL_KEYS_MAX, "action.threshold")
#define VENDOR       FWL_F_NAME(1, false, A, u.vendor.vendor, FWL_SEGMENT_MAX, fwl_name_segment, "action.vendor")
#define OWNER        FWL_F_NAME(2, false, A, u.vendor.owner, FWL_PARTICIPANT_ID_MAX, fwl_name_participant, "action.owner")
#define FLEET        FWL_F_NAME(1, false, A, u.rollout.fleet, FWL_FLEET_MAX, check_fleet, "action.fleet")
#define RELEASE      FWL_F_HASH(2, false, A, u.rollout.release, "action.release")

static const struct fwl_form_field participant_put[] = {
    PARTICIPANT(1),
    KEYS(2),
    THRESHOLD(3),
    FWL_F_LIST(4, false, A, u.participant.roles, 1, FWL_ROLES_MAX, item_role, "action.roles"),
    FWL_F_CUSTOM(5, false, A, u.participant.quotas, fwl_quotas_read, fwl_quotas_put, "action.quotas"),
};
static const struct fwl_form_field participant_withdraw[] = {PARTICIPANT(1)};
static const struct fwl_form_field participant_rotate[] = {KEYS(1), THRESHOLD(2)};
static const struct fwl_form_field validators_change[] = {
    FWL_F_LIST(1, false, A, u.validators.members, 1, FWL_VALIDATORS_MAX, fwl_member_item, "action.validators"),
    FWL_F_CUSTOM(2, true, A, u.validators.signatures, read_signatures, put_signatures, "action.signatures"),
    FWL_F_CUSTOM(3, true, A, u.validators.possession, read_possession, put_possession, "action.possession"),
};
static const struct fwl_form_field params_set[] = {
    FWL_F_CUSTOM(1, false, A, u.params, fwl_params_read, fwl_params_put, "action.params"),
};
static const struct fwl_form_field vendor_grant[] = {
    VENDOR,
    OWNER,
    FWL_F_BOOL(3, true, A, u.vendor.encrypted_only, "action.encrypted_only"),
};
static const struct fwl_form_field vendor_transfer[] = {VENDOR, OWNER};
static const struct fwl_form_field vendor_suspend[] = {
    VENDOR,
    FWL_F_TEXT(2, false, A, u.vendor.reason, 1, FWL_REASON_MAX, "action.reason"),
};
static const struct fwl_form_field vendor_restore[] = {VENDOR};
static const struct fwl_form_field vendor_floor[] = {
    VENDOR,
    FWL_F_UINT(2, false, A, u.vendor.floor, 0, UINT64_MAX, "action.floor"),
};
static const struct fwl_form_field class_register[] = {
    FWL_F_NAME(1, false, A, u.class_register.name, FWL_CLASS_MAX, check_class, "action.class"),
    FWL_F_UINT(2, false, A, u.class_register.scheme, FWL_SCHEME_SEMVER, FWL_SCHEME_OPAQUE, "action.scheme"),
    FWL_F_TEXT(3, true, A, u.class_register.notes, 1, FWL_CLASS_NOTES_MAX, "action.notes"),
};
static const struct fwl_form_field release_publish[] = {
    FWL_F_BYTES(1, false, A, u.publish.record, 1, FWL_RELEASE_MAX, "action.release"),
    FWL_F_LIST(2, true, A, u.publish.replaces, 1, FWL_REPLACES_MAX, fwl_form_item_hash, "action.replaces"),
};
static const struct fwl_form_field release_amend[] = {
    FWL_F_HASH(1, false, A, u.amend.id, "action.release"),
    FWL_F_MAP(2, false, A, u.amend.fields, 1, FWL_RELEASE_REGIONS - FWL_RELEASE_LINKS + 1, item_amendment,
              "action.fields"),
};
static const struct fwl_form_field release_withdraw[] = {
    FWL_F_HASH(1, false, A, u.withdraw.id, "action.release"),
    FWL_F_TEXT(2, false, A, u.withdraw.reason, 1, FWL_REASON_MAX, "action.reason"),
};
static const struct fwl_form_field release_attest[] = {
    FWL_F_HASH(1, false, A, u.attest.id, "action.release"),
    FWL_F_CUSTOM(2, false, A, u.attest.rebuilt, fwl_digest_read, fwl_digest_put, "action.rebuilt"),
    FWL_F_CUSTOM(3, true, A, u.attest.recipe, fwl_digest_read, fwl_digest_put, "action.recipe"),
};
static const struct fwl_form_field advisory_publish[] = {
    FWL_F_TEXT(1, false, A, u.advisory.id, 1, FWL_ADVISORY_ID_MAX, "action.advisory"),
    FWL_F_LIST(2, false, A, u.advisory.classes, 1, FWL_ADVISORY_CLASSES_MAX, item_class, "action.classes"),
    FWL_F_TEXT(3, true, A, u.advisory.min, 1, FWL_VERSION_BYTES_MAX, "action.min"),
    FWL_F_TEXT(4, true, A, u.advisory.max, 1, FWL_VERSION_BYTES_MAX, "action.max"),
    FWL_F_UINT(5, false, A, u.advisory.severity, FWL_SEVERITY_NORMAL, FWL_SEVERITY_CRITICAL, "action.severity"),
};
static const struct fwl_form_field verdict_publish[] = {
    FWL_F_CUSTOM(1, false, A, u.verdict.image, fwl_digest_read, fwl_digest_put, "action.image"),
    FWL_F_UINT(2, false, A, u.verdict.verdict, 1, 2, "action.verdict"),
    FWL_F_TEXT(3, false, A, u.verdict.engine, 1, FWL_ENGINE_MAX, "action.engine"),
    FWL_F_LIST(4, true, A, u.verdict.releases, 1, FWL_VERDICT_RELEASES_MAX, fwl_form_item_hash, "action.releases"),
};
static const struct fwl_form_field fleet_create[] = {
    FWL_F_NAME(1, false, A, u.fleet.name, FWL_FLEET_MAX, check_fleet, "action.fleet"),
};
static const struct fwl_form_field policy_set[] = {
    FWL_F_NAME(1, false, A, u.fleet.name, FWL_FLEET_MAX, check_fleet, "action.fleet"),
    FWL_F_UINT(2, false, A, u.fleet.replaces, 0, UINT64_MAX, "action.replaces"),
    FWL_F_BYTES(3, false, A, u.fleet.source, 1, FWL_POLICY_MAX, "action.policy"),
};
static const struct fwl_form_field rollout_start[] = {
    FLEET,
    RELEASE,
    FWL_F_NAME(3, false, A, u.rollout.template_name, FWL_RULE_NAME_MAX, fwl_name_participant, "action.template"),
    FWL_F_TEXT(4, true, A, u.rollout.salt, 1, FWL_ROLLOUT_SALT_MAX, "action.salt"),
};
static const struct fwl_form_field rollout[] = {FLEET, RELEASE};
static const struct fwl_form_field progress_report[] = {
    FLEET,
    RELEASE,
    FWL_F_UINT(3, false, A, u.rollout.stage, 0, FWL_POLICY_STAGES_MAX - 1, "action.stage"),
    FWL_F_CUSTOM(4, false, A, u.rollout.counters, read_counters, put_counters, "action.counters"),
    FWL_F_HASH(5, false, A, u.rollout.reports_root, "action.reports_root"),
};

struct kind {
    enum fwl_action_code code;
    const char *name;
    const struct fwl_form_field *fields;
    size_t count;
};

#define KIND(CODE, NAME, TABLE)                                                                                        \
    {                                                                                                                  \
        FWL_ACTION_##CODE, NAME, TABLE, FWL_COUNT(TABLE)                                                               \
    }

static const struct kind kinds[] = {
    KIND(PARTICIPANT_PUT, "participant.put", participant_put),
    KIND(PARTICIPANT_WITHDRAW, "participant.withdraw", participant_withdraw),
    KIND(PARTICIPANT_ROTATE, "participant.rotate", participant_rotate),
    KIND(VALIDATORS_CHANGE, "validators.change", validators_change),
    KIND(PARAMS_SET, "params.set", params_set),
    KIND(VENDOR_GRANT, "vendor.grant", vendor_grant),
    KIND(VENDOR_TRANSFER, "vendor.transfer", vendor_transfer),
    KIND(VENDOR_SUSPEND, "vendor.suspend", vendor_suspend),
    KIND(VENDOR_RESTORE, "vendor.restore", vendor_restore),
    KIND(VENDOR_FLOOR, "vendor.floor", vendor_floor),
    KIND(CLASS_REGISTER, "class.register", class_register),
    KIND(RELEASE_PUBLISH, "release.publish", release_publish),
    KIND(RELEASE_AMEND, "release.amend", release_amend),
    KIND(RELEASE_WITHDRAW, "release.withdraw", release_withdraw),
    KIND(RELEASE_ATTEST, "release.attest", release_attest),
    KIND(ADVISORY_PUBLISH, "advisory.publish", advisory_publish),
    KIND(VERDICT_PUBLISH, "verdict.publish", verdict_publish),
    KIND(FLEET_CREATE, "fleet.create", fleet_create),
    KIND(POLICY_SET, "policy.set", policy_set),
    KIND(ROLLOUT_START, "rollout.start", rollout_start),
    KIND(ROLLOUT_PAUSE, "rollout.pause", rollout),
    KIND(ROLLOUT_RESUME, "rollout.resume", rollout),
    KIND(ROLLOUT_CANCEL, "rollout.cancel", rollout),
    KIND(ROLLOUT_FORGET, "rollout.forget", rollout),
    KIND(ROLLOUT_APPROVE, "rollout.approve", rollout),
    KIND(PROGRESS_REPORT, "progress.report", progress_report),
    KIND(ROLLOUT_ADVANCE, "rollout.advance", rollout),
};

static const struct kind *
find(uint64_t code)
{
    for (size_t i = 0; i < FWL_COUNT(kinds); i++) {
        if ((uint64_t)kinds[i].code == code) {
            return &kinds[i];
        }
    }
    return NULL;
}

void
fwl_action_read(struct fwl_reader *r, struct fwl_action *out)
{
    const struct kind *k = NULL;

    memset(out, 0, sizeof(*out));
    fwl_reader_field(r, "action");
    fwl_cbor_array_exact(r, 2);
    k = find(fwl_cbor_uint(r));
    if (k == NULL) {
        fwl_reader_fail(r, FWL_ERR_UNKNOWN);
        return;
    }
    out->code = k->code;
    fwl_form_read(r, out, &out->has, k->fields, k->count);
    if (fwl_reader_ok(r) && (k->fields == participant_put || k->fields == participant_rotate) &&
        out->u.participant.threshold > out->u.participant.keys.count) {
        fwl_reader_field(r, "action.threshold");
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

enum fwl_err
fwl_action_decode(struct fwl_action *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_fault_begin(&r, in, FWL_TX_MAX);
    fwl_action_read(&r, out);
    return fwl_fault_finish(fault, &r, out, sizeof(*out));
}

void
fwl_action_put(struct fwl_writer *w, const struct fwl_action *action)
{
    const struct kind *k = find((uint64_t)action->code);

    if (k == NULL) {
        fwl_writer_fail(w, FWL_ERR_UNKNOWN);
        return;
    }
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, (uint64_t)action->code);
    fwl_form_put(w, action, action->has, k->fields, k->count, (struct fwl_list){0});
}

const char *
fwl_action_name(uint64_t code)
{
    const struct kind *k = find(code);

    return k == NULL ? NULL : k->name;
}

uint64_t
fwl_action_required(uint64_t code)
{
    const struct kind *k = find(code);
    uint64_t has = 0;

    for (size_t i = 0; k != NULL && i < k->count; i++) {
        has |= k->fields[i].optional ? 0 : FWL_HAS(k->fields[i].key);
    }
    return has;
}

void
fwl_action_item(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_action action;

    (void)order;
    fwl_action_read(r, &action);
}
