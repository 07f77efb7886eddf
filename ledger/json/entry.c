#include "ledger/json/entry.h"

#include <stdio.h>

#include "core/hex.h"
#include "core/version.h"
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
texts(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_span text;

    for (fwl_list_begin(&it, list); fwl_list_next_text(&it, &text);) {
        (void)json_array_append_new(array, fwl_json_text(text));
    }
    return array;
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
    set_number(quotas, "classes", entry->quotas.classes);
    set_number(quotas, "fleets", entry->quotas.fleets);
    set_number(quotas, "live_releases", entry->quotas.live_releases);
    set_number(quotas, "transactions_a_day", entry->quotas.transactions_a_day);
    set_number(used, "classes", entry->used.classes);
    set_number(used, "fleets", entry->used.fleets);
    set_number(used, "live_releases", entry->used.live_releases);
    set_number(used, "day", entry->used.day);
    set_number(used, "transactions", entry->used.transactions);
    set_text(object, "id", id);
    set(object, "keys", keys_value(entry->keys));
    set_number(object, "threshold", entry->threshold);
    set(object, "roles", names);
    set(object, "quotas", quotas);
    set(object, "used", used);
    set(object, "withdrawn", json_boolean(entry->withdrawn));
    return object;
}

json_t *
fwl_json_vendor(struct fwl_span vendor, const struct fwl_vendor_entry *entry)
{
    json_t *object = json_object();

    set_text(object, "vendor", vendor);
    set_text(object, "owner", entry->owner);
    set(object, "suspended", json_boolean(entry->suspended));
    if (entry->reason.size > 0) {
        set_text(object, "reason", entry->reason);
    }
    set_number(object, "floor_epoch", entry->floor_epoch);
    set(object, "encrypted_only", json_boolean(entry->encrypted_only));
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
    set_text(object, "version", record.version);
    set_text(object, "filename", record.file_name);
    set_number(object, "size", record.size);
    if ((record.has & FWL_HAS(FWL_RELEASE_CHANNEL)) != 0) {
        set_text(object, "channel", record.channel);
    }
    if ((record.has & FWL_HAS(FWL_RELEASE_SEVERITY)) != 0) {
        set(object, "severity", json_string(name_of(severities, FWL_COUNT(severities), record.severity)));
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

        set_hash(object, "id", &live.id);
        set_number(object, "seq", live.seq);
        set(object, "valid", json_boolean((live.flags & FWL_LIVE_VALID) != 0));
        set(object, "malicious", json_boolean((live.flags & FWL_LIVE_MALICIOUS) != 0));
        set_hash(object, "value", &live.value);
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

        set_text(object, "version", departed.version);
        set(object, "why", json_string(departed.why == 1 ? "withdrawn" : "malicious"));
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

        set_text(object, "id", advisory.id);
        set(object, "min", advisory.range.min.size > 0 ? fwl_json_text(advisory.range.min) : json_null());
        set(object, "max", advisory.range.max.size > 0 ? fwl_json_text(advisory.range.max) : json_null());
        set(object, "severity", json_string(name_of(severities, FWL_COUNT(severities), advisory.severity)));
        set_text(object, "issuer", advisory.issuer);
        (void)json_array_append_new(array, object);
    }
    return array;
}

json_t *
fwl_json_class(struct fwl_span name, const struct fwl_class_entry *entry, const struct fwl_span *releases)
{
    json_t *object = json_object();

    set_text(object, "class", name);
    set(object, "scheme", json_string(fwl_scheme_name(entry->scheme)));
    set_number(object, "next_seq", entry->next_seq);
    set(object, "releases", live_value(entry->live, releases));
    set(object, "departed", departed_value(entry->departed));
    set(object, "advisories", advisories_value(entry->advisories));
    if (entry->notes.size > 0) {
        set_text(object, "notes", entry->notes);
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

        set_text(item, "builder", attestation.builder);
        set(item, "digest", fwl_json_digest(&attestation.digest));
        (void)json_array_append_new(attestations, item);
    }
    set_hash(object, "id", id);
    set(object, "status", json_string(name_of(states, FWL_COUNT(states), entry->status)));
    if (entry->reason.size > 0) {
        set_text(object, "reason", entry->reason);
    }
    set_number(object, "published_ms", entry->published_ms);
    set_number(object, "changed_ms", entry->changed_ms);
    set(object, "attestations", attestations);
    set(object, "record", good ? fwl_json_release_value(&record) : json_null());
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

        set_text(object, "tracker", report.tracker);
        set_number(object, "stage", report.stage);
        set_number(object, "attempted", report.counters.attempted);
        set_number(object, "succeeded", report.counters.succeeded);
        set_number(object, "failed", report.counters.failed);
        set_hash(object, "reports_root", &report.root);
        (void)json_array_append_new(array, object);
    }
    return array;
}

static json_t *
rollout_value(const struct fwl_rollout *rollout)
{
    static const char *const states[] = {"active", "paused", "halted", "cancelled", "done"};
    json_t *object = json_object();

    set_hash(object, "release", &rollout->release);
    set(object, "state", json_string(name_of(states, FWL_COUNT(states), rollout->state)));
    set_text(object, "template", rollout->template_name);
    set_number(object, "stage", rollout->stage);
    set_number(object, "share", rollout->share);
    set_text(object, "salt", rollout->salt);
    set_number(object, "started_ms", rollout->started_ms);
    set_number(object, "entered_ms", rollout->entered_ms);
    set(object, "reports", reports_value(rollout->reports));
    set(object, "approvals", texts(rollout->approvals));
    if (rollout->halted.size > 0) {
        set_text(object, "halted", rollout->halted);
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
    set_text(object, "fleet", name);
    set_text(object, "administrator", entry->administrator);
    set_number(object, "policy_version", entry->policy_version);
    set(object, "policy", entry->policy.some ? fwl_json_hex(fwl_hash32_span(&entry->policy.hash)) : json_null());
    set_number(object, "max_age_ms", entry->max_age_ms);
    set(object, "rollouts", rollouts);
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

        set_text(item, "scanner", verdict.scanner);
        set(item, "verdict", json_string(verdict.verdict == 1 ? "clean" : "malicious"));
        set_text(item, "engine", verdict.engine);
        (void)json_array_append_new(verdicts, item);
    }
    set(object, "digest", fwl_json_digest(digest));
    set(object, "verdicts", verdicts);
    return object;
}
