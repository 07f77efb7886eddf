#include "ledger/model/entry.h"

#include "ledger/model/name.h"

static void
item_live(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_live live;

    (void)fwl_entry_next_live(r, &live);
    if (fwl_reader_ok(r)) {
        uint8_t seq[8];

        fwl_store_be64(seq, live.seq);
        fwl_form_ascend(r, order, fwl_span(seq, sizeof(seq)));
        memcpy(order->copy, seq, sizeof(seq));
        order->key = fwl_span(order->copy, sizeof(seq));
    }
}

static void
item_departed(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_departed departed;

    (void)order;
    (void)fwl_entry_next_departed(r, &departed);
}

static void
item_advisory(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_advisory advisory;

    (void)order;
    (void)fwl_entry_next_advisory(r, &advisory);
}

static void
item_rollout(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_rollout rollout;
    const uint8_t *start = r->at;

    (void)fwl_entry_next_rollout(r, &rollout);
    if (fwl_reader_ok(r)) {
        /* map head of at most 11 pairs, key 0x01, head 0x58 0x20: the id is at offset 4 of the item */
        fwl_form_ascend(r, order, fwl_span(start + 4, 32));
    }
}

static void
item_attestation(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_attestation attestation;

    if (fwl_entry_next_attestation(r, &attestation)) {
        fwl_form_ascend(r, order, attestation.builder);
    }
}

static void
item_verdict(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_verdict verdict;

    if (fwl_entry_next_verdict(r, &verdict)) {
        fwl_form_ascend(r, order, verdict.scanner);
    }
}

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
read_policy(struct fwl_reader *r, void *at)
{
    struct fwl_policy_ref *p = at;

    *p = (struct fwl_policy_ref){.some = !fwl_cbor_try_null(r)};
    if (p->some) {
        fwl_cbor_bytes_exact(r, p->hash.b, 32);
    }
}

static void
put_policy(struct fwl_writer *w, const void *at)
{
    const struct fwl_policy_ref *p = at;

    if (p->some) {
        fwl_cbor_put_bytes(w, fwl_hash32_span(&p->hash));
    } else {
        fwl_cbor_put_null(w);
    }
}

static void
read_usage(struct fwl_reader *r, void *at)
{
    struct fwl_usage *u = at;

    fwl_cbor_array_exact(r, 5);
    u->classes = fwl_cbor_uint(r);
    u->fleets = fwl_cbor_uint(r);
    u->live_releases = fwl_cbor_uint(r);
    u->day = fwl_cbor_uint(r);
    u->transactions = fwl_cbor_uint(r);
}

static void
put_usage(struct fwl_writer *w, const void *at)
{
    const struct fwl_usage *u = at;

    fwl_cbor_put_array(w, 5);
    fwl_cbor_put_uint(w, u->classes);
    fwl_cbor_put_uint(w, u->fleets);
    fwl_cbor_put_uint(w, u->live_releases);
    fwl_cbor_put_uint(w, u->day);
    fwl_cbor_put_uint(w, u->transactions);
}

static const struct fwl_form_field class_fields[] = {
    FWL_F_UINT(1, false, struct fwl_class_entry, scheme, FWL_SCHEME_SEMVER, FWL_SCHEME_OPAQUE, "class.scheme"),
    FWL_F_UINT(2, false, struct fwl_class_entry, next_seq, 0, UINT64_MAX, "class.seq"),
    FWL_F_LIST(3, false, struct fwl_class_entry, live, 0, FWL_CLASS_RELEASES_MAX, item_live, "class.releases"),
    FWL_F_LIST(4, false, struct fwl_class_entry, departed, 0, FWL_CLASS_DEPARTED_MAX, item_departed, "class.departed"),
    FWL_F_LIST(5, false, struct fwl_class_entry, advisories, 0, FWL_CLASS_ADVISORIES_MAX, item_advisory,
               "class.advisories"),
    FWL_F_TEXT(6, true, struct fwl_class_entry, notes, 1, FWL_CLASS_NOTES_MAX, "class.notes"),
};
static const struct fwl_form_field fleet_fields[] = {
    FWL_F_NAME(1, false, struct fwl_fleet_entry, administrator, FWL_PARTICIPANT_ID_MAX, fwl_name_participant,
               "fleet.administrator"),
    FWL_F_UINT(2, false, struct fwl_fleet_entry, policy_version, 0, UINT64_MAX, "fleet.policy_version"),
    FWL_F_CUSTOM(3, false, struct fwl_fleet_entry, policy, read_policy, put_policy, "fleet.policy"),
    FWL_F_UINT(4, false, struct fwl_fleet_entry, max_age_ms, 0, UINT64_MAX, "fleet.max_age"),
    FWL_F_LIST(5, false, struct fwl_fleet_entry, rollouts, 0, FWL_FLEET_ROLLOUTS_MAX, item_rollout, "fleet.rollouts"),
};
static const struct fwl_form_field participant_fields[] = {
    FWL_F_LIST(1, false, struct fwl_participant_entry, keys, 1, FWL_KEYS_MAX, fwl_key_item, "participant.keys"),
    FWL_F_UINT(2, false, struct fwl_participant_entry, threshold, 1, FWL_KEYS_MAX, "participant.threshold"),
    FWL_F_LIST(3, false, struct fwl_participant_entry, roles, 1, FWL_ROLES_MAX, item_role, "participant.roles"),
    FWL_F_CUSTOM(4, false, struct fwl_participant_entry, quotas, fwl_quotas_read, fwl_quotas_put, "participant.quotas"),
    FWL_F_CUSTOM(5, false, struct fwl_participant_entry, used, read_usage, put_usage, "participant.used"),
    FWL_F_BOOL(6, false, struct fwl_participant_entry, withdrawn, "participant.withdrawn"),
};
static const struct fwl_form_field validators_fields[] = {
    FWL_F_LIST(1, false, struct fwl_validators_entry, members, 1, FWL_VALIDATORS_MAX, fwl_member_item,
               "validators.members"),
    FWL_F_BYTES(2, false, struct fwl_validators_entry, governors, 2, FWL_GOVERNORS_SIZE_MAX, "validators.governors"),
};
static const struct fwl_form_field release_fields[] = {
    FWL_F_BYTES(1, false, struct fwl_release_entry, record, 1, FWL_RELEASE_MAX, "release.record"),
    FWL_F_UINT(2, false, struct fwl_release_entry, published_ms, 0, UINT64_MAX, "release.published_ms"),
    FWL_F_UINT(3, false, struct fwl_release_entry, changed_ms, 0, UINT64_MAX, "release.changed_ms"),
    FWL_F_UINT(4, false, struct fwl_release_entry, status, FWL_RELEASE_LIVE, FWL_RELEASE_MALICIOUS, "release.status"),
    FWL_F_TEXT(5, true, struct fwl_release_entry, reason, 1, FWL_REASON_MAX, "release.reason"),
    FWL_F_LIST(6, false, struct fwl_release_entry, attestations, 0, FWL_ATTESTATIONS_MAX, item_attestation,
               "release.attestations"),
};
static const struct fwl_form_field vendor_fields[] = {
    FWL_F_NAME(1, false, struct fwl_vendor_entry, owner, FWL_PARTICIPANT_ID_MAX, fwl_name_participant, "vendor.owner"),
    FWL_F_BOOL(2, false, struct fwl_vendor_entry, suspended, "vendor.suspended"),
    FWL_F_UINT(3, false, struct fwl_vendor_entry, floor_epoch, 0, UINT64_MAX, "vendor.floor_epoch"),
    FWL_F_BOOL(4, false, struct fwl_vendor_entry, encrypted_only, "vendor.encrypted_only"),
    FWL_F_TEXT(5, true, struct fwl_vendor_entry, reason, 1, FWL_REASON_MAX, "vendor.reason"),
};
static const struct fwl_form_field image_fields[] = {
    FWL_F_LIST(1, false, struct fwl_image_entry, verdicts, 0, FWL_IMAGE_VERDICTS_MAX, item_verdict, "image.verdicts"),
};

#define ENTRY(name, MAX)                                                                                               \
    enum fwl_err fwl_entry_##name(struct fwl_##name##_entry *out, struct fwl_fault *fault, struct fwl_span in)         \
    {                                                                                                                  \
        struct fwl_reader r;                                                                                           \
                                                                                                                       \
        memset(out, 0, sizeof(*out));                                                                                  \
        fwl_fault_begin(&r, in, MAX);                                                                                  \
        fwl_form_read(&r, out, &out->has, name##_fields, FWL_COUNT(name##_fields));                                    \
        return fwl_fault_finish(fault, &r, out, sizeof(*out));                                                         \
    }                                                                                                                  \
    void fwl_entry_put_##name(struct fwl_writer *w, const struct fwl_##name##_entry *e)                                \
    {                                                                                                                  \
        fwl_form_put(w, e, e->has, name##_fields, FWL_COUNT(name##_fields), (struct fwl_list){0});                     \
    }

ENTRY(class, FWL_CLASS_ENTRY_MAX)
ENTRY(fleet, FWL_ENTRY_MAX)
ENTRY(participant, FWL_ENTRY_MAX)
ENTRY(validators, FWL_ENTRY_MAX)
ENTRY(release, FWL_ENTRY_MAX)
ENTRY(vendor, FWL_ENTRY_MAX)
ENTRY(image, FWL_ENTRY_MAX)

enum fwl_err
fwl_entry_number(uint64_t *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_fault_begin(&r, in, 9);
    fwl_reader_field(&r, "number");
    *out = fwl_cbor_uint(&r);
    return fwl_fault_finish(fault, &r, out, sizeof(*out));
}

bool
fwl_entry_find_live(struct fwl_live *out, const struct fwl_class_entry *e, const struct fwl_hash32 *id)
{
    struct fwl_reader it;

    for (fwl_list_begin(&it, e->live); fwl_entry_next_live(&it, out);) {
        if (fwl_hash32_equal(&out->id, id)) {
            return true;
        }
    }
    return false;
}

bool
fwl_entry_find_rollout(struct fwl_rollout *out, const struct fwl_fleet_entry *e, const struct fwl_hash32 *id)
{
    struct fwl_reader it;

    for (fwl_list_begin(&it, e->rollouts); fwl_entry_next_rollout(&it, out);) {
        if (fwl_hash32_equal(&out->release, id)) {
            return true;
        }
    }
    return false;
}

void
fwl_entry_value_hash(struct fwl_hash32 *out, struct fwl_span value)
{
    fwl_hash1(out, FWL_HASH_STATE_VALUE, value);
}
