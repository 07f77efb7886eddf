#include "ledger/json/entry.h"

#include <stdio.h>

#include "core/hex.h"
#include "core/version.h"
#include "ledger/json/fields.h"
#include "ledger/json/release.h"

/* Names of numbers, from 1. */
static const char *const roles[] = {"governors", "provider", "administrator", "tracker",
                                    "scanner",   "advisor",  "builder",       "auditor"};
static const char *const severities[] = {"normal", "security", "critical"};

static const char *
name_of(const char *const *names, size_t count, uint64_t number)
{
    return number >= 1 && number <= count ? names[number - 1] : "unknown";
}

const char *
fwl_json_role_name(uint64_t role)
{
    return role >= 1 && role <= FWL_COUNT(roles) ? roles[role - 1] : NULL;
}

uint64_t
fwl_json_role(struct fwl_span name)
{
    for (size_t i = 0; i < FWL_COUNT(roles); i++) {
        if (fwl_span_is(name, roles[i])) {
            return i + 1;
        }
    }
    return 0;
}

json_t *
fwl_json_key(const struct fwl_key *key)
{
    char text[8 + 2 * sizeof(key->point.b)];
    size_t size = (size_t)snprintf(text, sizeof(text), "%s:", key->alg == FWL_ALG_ES256K ? "es256k" : "esp256");

    fwl_hex_encode(text + size, sizeof(text) - size, fwl_span(key->point.b, sizeof(key->point.b)));
    return json_string(text);
}

static json_t *
keys_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_key key;

    for (fwl_list_begin(&it, list); fwl_key_next(&it, &key);) {
        (void)json_array_append_new(array, fwl_json_key(&key));
    }
    return array;
}

json_t *
fwl_json_participant(struct fwl_span id, const struct fwl_participant_entry *entry)
{
    json_t *object = json_object();
    json_t *names = json_array();
    json_t *quotas = json_object();
    json_t *used = json_object();
    struct fwl_reader it;
    uint64_t role = 0;

    for (fwl_list_begin(&it, entry->roles); fwl_list_next_uint(&it, &role);) {
        (void)json_array_append_new(names, json_string(name_of(roles, FWL_COUNT(roles), role)));
    }
    fwl_fields_number(quotas, "classes", entry->quotas.classes);
    fwl_fields_number(quotas, "fleets", entry->quotas.fleets);
    fwl_fields_number(quotas, "live_releases", entry->quotas.live_releases);
    fwl_fields_number(quotas, "transactions_a_day", entry->quotas.transactions_a_day);
    fwl_fields_number(used, "classes", entry->used.classes);
    fwl_fields_number(used, "fleets", entry->used.fleets);
    fwl_fields_number(used, "live_releases", entry->used.live_releases);
    fwl_fields_number(used, "day", entry->used.day);
    fwl_fields_number(used, "transactions", entry->used.transactions);
    fwl_fields_text(object, "id", id);
    fwl_fields_set(object, "keys", keys_value(entry->keys));
    fwl_fields_number(object, "threshold", entry->threshold);
    fwl_fields_set(object, "roles", names);
    fwl_fields_set(object, "quotas", quotas);
    fwl_fields_set(object, "used", used);
    fwl_fields_set(object, "withdrawn", json_boolean(entry->withdrawn));
    return object;
}

json_t *
fwl_json_vendor(struct fwl_span vendor, const struct fwl_vendor_entry *entry)
{
    json_t *object = json_object();

    fwl_fields_text(object, "vendor", vendor);
    fwl_fields_text(object, "owner", entry->owner);
    fwl_fields_set(object, "suspended", json_boolean(entry->suspended));
    if (entry->reason.size > 0) {
        fwl_fields_text(object, "reason", entry->reason);
    }
    fwl_fields_number(object, "floor_epoch", entry->floor_epoch);
    fwl_fields_set(object, "encrypted_only", json_boolean(entry->encrypted_only));
    return object;
}

/* What people want to see of a listed release without asking for each. */
static void
set_listed(json_t *object, struct fwl_span bytes)
{
    struct fwl_release_entry entry;
    struct fwl_release record;

    if (bytes.size == 0 || fwl_entry_release(&entry, NULL, bytes) != FWL_OK ||
        fwl_release_decode(&record, NULL, entry.record, 0) != FWL_OK) {
        return;
    }
    fwl_fields_text(object, "version", record.version);
    fwl_fields_text(object, "filename", record.file_name);
    fwl_fields_number(object, "size", record.size);
    if ((record.has & FWL_HAS(FWL_RELEASE_CHANNEL)) != 0) {
        fwl_fields_text(object, "channel", record.channel);
    }
    if ((record.has & FWL_HAS(FWL_RELEASE_SEVERITY)) != 0) {
        fwl_fields_set(object, "severity", json_string(name_of(severities, FWL_COUNT(severities), record.severity)));
    }
}

static json_t *
live_value(struct fwl_list list, const struct fwl_span *releases)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_live live;

    fwl_list_begin(&it, list);
    for (size_t i = 0; fwl_entry_next_live(&it, &live); i++) {
        json_t *object = json_object();

        fwl_fields_hash(object, "id", &live.id);
        fwl_fields_number(object, "seq", live.seq);
        fwl_fields_set(object, "valid", json_boolean((live.flags & FWL_LIVE_VALID) != 0));
        fwl_fields_set(object, "malicious", json_boolean((live.flags & FWL_LIVE_MALICIOUS) != 0));
        fwl_fields_hash(object, "value", &live.value);
        if (releases != NULL) {
            set_listed(object, releases[i]);
        }
        (void)json_array_append_new(array, object);
    }
    return array;
}

static json_t *
departed_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_departed departed;

    for (fwl_list_begin(&it, list); fwl_entry_next_departed(&it, &departed);) {
        json_t *object = json_object();

        fwl_fields_text(object, "version", departed.version);
        fwl_fields_set(object, "why", json_string(departed.why == 1 ? "withdrawn" : "malicious"));
        (void)json_array_append_new(array, object);
    }
    return array;
}

static json_t *
advisories_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_advisory advisory;

    for (fwl_list_begin(&it, list); fwl_entry_next_advisory(&it, &advisory);) {
        json_t *object = json_object();

        fwl_fields_text(object, "id", advisory.id);
        fwl_fields_set(object, "min", advisory.range.min.size > 0 ? fwl_json_text(advisory.range.min) : json_null());
        fwl_fields_set(object, "max", advisory.range.max.size > 0 ? fwl_json_text(advisory.range.max) : json_null());
        fwl_fields_set(object, "severity", json_string(name_of(severities, FWL_COUNT(severities), advisory.severity)));
        fwl_fields_text(object, "issuer", advisory.issuer);
        (void)json_array_append_new(array, object);
    }
    return array;
}

json_t *
fwl_json_class(struct fwl_span name, const struct fwl_class_entry *entry, const struct fwl_span *releases)
{
    json_t *object = json_object();

    fwl_fields_text(object, "class", name);
    fwl_fields_set(object, "scheme", json_string(fwl_scheme_name(entry->scheme)));
    fwl_fields_number(object, "next_seq", entry->next_seq);
    fwl_fields_set(object, "releases", live_value(entry->live, releases));
    fwl_fields_set(object, "departed", departed_value(entry->departed));
    fwl_fields_set(object, "advisories", advisories_value(entry->advisories));
    if (entry->notes.size > 0) {
        fwl_fields_text(object, "notes", entry->notes);
    }
    return object;
}

json_t *
fwl_json_release(const struct fwl_hash32 *id, const struct fwl_release_entry *entry)
{
    static const char *const states[] = {"live", "withdrawn", "malicious"};
    json_t *object = json_object();
    json_t *attestations = json_array();
    struct fwl_reader it;
    struct fwl_attestation attestation;
    struct fwl_release record;
    bool good = fwl_release_decode(&record, NULL, entry->record, 0) == FWL_OK;

    for (fwl_list_begin(&it, entry->attestations); fwl_entry_next_attestation(&it, &attestation);) {
        json_t *item = json_object();

        fwl_fields_text(item, "builder", attestation.builder);
        fwl_fields_set(item, "digest", fwl_json_digest(&attestation.digest));
        (void)json_array_append_new(attestations, item);
    }
    fwl_fields_hash(object, "id", id);
    fwl_fields_set(object, "status", json_string(name_of(states, FWL_COUNT(states), entry->status)));
    if (entry->reason.size > 0) {
        fwl_fields_text(object, "reason", entry->reason);
    }
    fwl_fields_number(object, "published_ms", entry->published_ms);
    fwl_fields_number(object, "changed_ms", entry->changed_ms);
    fwl_fields_set(object, "attestations", attestations);
    fwl_fields_set(object, "record", good ? fwl_json_release_value(&record) : json_null());
    return object;
}

static json_t *
reports_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_report report;

    for (fwl_list_begin(&it, list); fwl_entry_next_report(&it, &report);) {
        json_t *object = json_object();

        fwl_fields_text(object, "tracker", report.tracker);
        fwl_fields_number(object, "stage", report.stage);
        fwl_fields_number(object, "attempted", report.counters.attempted);
        fwl_fields_number(object, "succeeded", report.counters.succeeded);
        fwl_fields_number(object, "failed", report.counters.failed);
        fwl_fields_hash(object, "reports_root", &report.root);
        (void)json_array_append_new(array, object);
    }
    return array;
}

static json_t *
rollout_value(const struct fwl_rollout *rollout)
{
    static const char *const states[] = {"active", "paused", "halted", "cancelled", "done"};
    json_t *object = json_object();

    fwl_fields_hash(object, "release", &rollout->release);
    fwl_fields_set(object, "state", json_string(name_of(states, FWL_COUNT(states), rollout->state)));
    fwl_fields_text(object, "template", rollout->template_name);
    fwl_fields_number(object, "stage", rollout->stage);
    fwl_fields_number(object, "share", rollout->share);
    fwl_fields_text(object, "salt", rollout->salt);
    fwl_fields_number(object, "started_ms", rollout->started_ms);
    fwl_fields_number(object, "entered_ms", rollout->entered_ms);
    fwl_fields_set(object, "reports", reports_value(rollout->reports));
    fwl_fields_set(object, "approvals", fwl_fields_texts(rollout->approvals));
    if (rollout->reason.size > 0) {
        fwl_fields_text(object, "reason", rollout->reason);
    }
    return object;
}

json_t *
fwl_json_fleet(struct fwl_span name, const struct fwl_fleet_entry *entry)
{
    json_t *object = json_object();
    json_t *rollouts = json_array();
    struct fwl_reader it;
    struct fwl_rollout rollout;

    for (fwl_list_begin(&it, entry->rollouts); fwl_entry_next_rollout(&it, &rollout);) {
        (void)json_array_append_new(rollouts, rollout_value(&rollout));
    }
    fwl_fields_text(object, "fleet", name);
    fwl_fields_text(object, "administrator", entry->administrator);
    fwl_fields_number(object, "policy_version", entry->policy_version);
    fwl_fields_set(object, "policy",
                   entry->policy.some ? fwl_json_hex(fwl_hash32_span(&entry->policy.hash)) : json_null());
    fwl_fields_number(object, "max_age_ms", entry->max_age_ms);
    fwl_fields_set(object, "rollouts", rollouts);
    return object;
}

json_t *
fwl_json_image(const struct fwl_digest *digest, const struct fwl_image_entry *entry)
{
    json_t *object = json_object();
    json_t *verdicts = json_array();
    struct fwl_reader it;
    struct fwl_verdict verdict;

    for (fwl_list_begin(&it, entry->verdicts); fwl_entry_next_verdict(&it, &verdict);) {
        json_t *item = json_object();

        fwl_fields_text(item, "scanner", verdict.scanner);
        fwl_fields_set(item, "verdict", json_string(verdict.verdict == 1 ? "clean" : "malicious"));
        fwl_fields_text(item, "engine", verdict.engine);
        (void)json_array_append_new(verdicts, item);
    }
    fwl_fields_set(object, "digest", fwl_json_digest(digest));
    fwl_fields_set(object, "verdicts", verdicts);
    return object;
}
