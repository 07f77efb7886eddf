#include "contracts/json/decision.h"

#include "core/time.h"
#include "ledger/json/release.h"

static void
set(json_t *object, const char *member, json_t *value)
{
    (void)json_object_set_new(object, member, value);
}

const char *
fwl_json_refusal_name(enum fwl_refusal refusal)
{
    switch (refusal) {
    case FWL_REFUSAL_NONE: return "";
    case FWL_REFUSAL_NOTHING: return "nothing";
    case FWL_REFUSAL_CLASS: return "class";
    case FWL_REFUSAL_UNKNOWN: return "unknown";
    case FWL_REFUSAL_HARDWARE: return "hardware";
    case FWL_REFUSAL_MALICIOUS: return "malicious";
    case FWL_REFUSAL_INVALID: return "invalid";
    case FWL_REFUSAL_REGION: return "region";
    case FWL_REFUSAL_WINDOW: return "window";
    case FWL_REFUSAL_DEPENDENCY: return "dependency";
    case FWL_REFUSAL_CONFLICT: return "conflict";
    case FWL_REFUSAL_BREAKS: return "breaks";
    case FWL_REFUSAL_FLOOR: return "floor";
    case FWL_REFUSAL_NOT_NEWER: return "not-newer";
    case FWL_REFUSAL_NO_PERMIT: return "no-permit";
    case FWL_REFUSAL_RULE: return "rule";
    case FWL_REFUSAL_COST: return "cost";
    case FWL_REFUSAL_NO_ROLLOUT: return "no-rollout";
    case FWL_REFUSAL_ROLLOUT_STATE: return "rollout-state";
    case FWL_REFUSAL_ROLLOUT_SHARE: return "rollout-share";
    }
    return "unknown";
}

static const char *
nothing_name(enum fwl_nothing nothing)
{
    switch (nothing) {
    case FWL_NOTHING_NONE: return "";
    case FWL_NOTHING_NO_VENDOR: return "vendor";
    case FWL_NOTHING_SUSPENDED: return "suspended";
    case FWL_NOTHING_NO_CLASS: return "class";
    case FWL_NOTHING_NO_FLEET: return "fleet";
    case FWL_NOTHING_NO_HARDWARE: return "hardware";
    case FWL_NOTHING_REFUSED: return "refused";
    }
    return "unknown";
}

/* The names of the rules whose bits are set in @mask, in the order of the policy. */
static json_t *
rule_names(const struct fwl_policy_entry *policy, uint64_t mask)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_rule rule;

    if (policy == NULL) {
        return array;
    }
    fwl_list_begin(&it, policy->rules);
    for (unsigned i = 0; i < 64 && fwl_policy_next_rule(&it, &rule); i++) {
        if ((mask >> i & 1) != 0) {
            (void)json_array_append_new(array, fwl_json_text(rule.name));
        }
    }
    return array;
}

/* The first rule that refuses: its name and its message. */
static bool
set_rule(json_t *object, const struct fwl_policy_entry *policy, const struct fwl_candidate *candidate)
{
    struct fwl_reader it;
    struct fwl_rule rule;

    if (policy == NULL || candidate->refusing == 0) {
        return false;
    }
    fwl_list_begin(&it, policy->rules);
    for (unsigned i = 0; i < 64 && fwl_policy_next_rule(&it, &rule); i++) {
        if ((candidate->refusing >> i & 1) == 0) {
            continue;
        }
        set(object, "rule", fwl_json_text(rule.name));
        set(object, "message",
            rule.message.size > 0               ? fwl_json_text(rule.message)
            : (candidate->errors >> i & 1) != 0 ? json_string("the rule ended in an error")
                                                : json_string(fwl_refusal_text(candidate->refusal)));
        return true;
    }
    return false;
}

static json_t *
refused_value(const struct fwl_json_decision *d)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_live live;

    if (d->entry == NULL || d->candidates == NULL || d->decision->nothing == FWL_NOTHING_SUSPENDED ||
        d->decision->nothing == FWL_NOTHING_NO_VENDOR || d->decision->nothing == FWL_NOTHING_NO_FLEET) {
        if (d->decision->nothing != FWL_NOTHING_NONE) {
            (void)json_array_append_new(array, json_pack("{s:s,s:s}", "rule", nothing_name(d->decision->nothing),
                                                         "message", fwl_nothing_text(d->decision->nothing)));
        }
        return array;
    }
    fwl_list_begin(&it, d->entry->live);
    for (size_t i = 0; fwl_entry_next_live(&it, &live); i++) {
        const struct fwl_candidate *candidate = &d->candidates[i];
        json_t *object = NULL;

        if (candidate->refusal == FWL_REFUSAL_NONE) {
            continue;
        }
        object = json_object();
        set(object, "release", fwl_json_hex(fwl_hash32_span(&live.id)));
        if (candidate->refusal != FWL_REFUSAL_RULE || !set_rule(object, d->policy, candidate)) {
            set(object, "rule", json_string(fwl_json_refusal_name(candidate->refusal)));
            set(object, "message", json_string(fwl_refusal_text(candidate->refusal)));
        }
        (void)json_array_append_new(array, object);
    }
    return array;
}

static json_t *
advisories_value(const struct fwl_json_decision *d)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_advisory advisory;

    if (d->entry == NULL) {
        return array;
    }
    fwl_list_begin(&it, d->entry->advisories);
    for (unsigned i = 0; i < 16 && fwl_entry_next_advisory(&it, &advisory); i++) {
        if ((d->decision->advisories >> i & 1) != 0) {
            (void)json_array_append_new(array, fwl_json_text(advisory.id));
        }
    }
    return array;
}

json_t *
fwl_json_decision(const struct fwl_json_decision *d)
{
    json_t *object = json_object();

    if (object == NULL) {
        return NULL;
    }
    set(object, "device", fwl_json_text(d->facts->id));
    set(object, "class", fwl_json_text(d->facts->class_name));
    set(object, "decision", json_string(fwl_decision_name(d->decision->kind)));
    if (d->decision->kind == FWL_DECISION_INSTALL) {
        set(object, "release", fwl_json_hex(fwl_hash32_span(&d->decision->release)));
        set(object, "version", fwl_json_text(d->version));
    }
    set(object, "forced", json_boolean(d->decision->forced));
    set(object, "rules", rule_names(d->policy, d->decision->rules));
    set(object, "refused", refused_value(d));
    set(object, "running", json_string(fwl_running_name(d->decision->running)));
    set(object, "advisories", advisories_value(d));
    if (d->has_tip) {
        char text[FWL_TIME_TEXT_SIZE];

        fwl_time_text(text, d->time_ms);
        set(object, "height", json_integer((json_int_t)d->height));
        set(object, "time", json_string(text));
    }
    return object;
}
