#include "contracts/json/decision.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/hex.h"
#include "core/host/heap.h"
#include "core/time.h"

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

/* ---- text ---- */

#define LITERAL(w, text) fwl_writer_bytes(w, text, sizeof(text) - 1)

/* As much of @text as needs no escape. */
static size_t
plain(struct fwl_span text)
{
    size_t size = 0;

    while (size < text.size && text.p[size] >= ' ' && text.p[size] != '"' && text.p[size] != '\\') {
        size++;
    }
    return size;
}

/* A string; @text is valid UTF-8. */
static void
put_text(struct fwl_writer *w, struct fwl_span text)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char *const short_form = "btn?fr"; /* of 8 to 13 */

    LITERAL(w, "\"");
    while (text.size > 0) {
        size_t size = plain(text);
        uint8_t c = size < text.size ? text.p[size] : 0;

        fwl_writer_bytes(w, text.p, size);
        if (size < text.size && (c >= ' ' || (c >= '\b' && c <= '\r' && c != '\v'))) {
            fwl_writer_u8(w, '\\');
            fwl_writer_u8(w, c >= ' ' ? c : (uint8_t)short_form[c - '\b']);
        } else if (size < text.size) {
            LITERAL(w, "\\u00");
            fwl_writer_u8(w, (uint8_t)digits[c >> 4]);
            fwl_writer_u8(w, (uint8_t)digits[c & 15]);
        }
        size = FWL_MIN(size + 1, text.size);
        text = fwl_span(text.p + size, text.size - size);
    }
    LITERAL(w, "\"");
}

static void
put_hex(struct fwl_writer *w, const struct fwl_hash32 *hash)
{
    char hex[65];

    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(hash));
    put_text(w, fwl_span(hex, sizeof(hex) - 1));
}

/* ---- rules of the policy ---- */

struct rules {
    struct fwl_json_reason at[FWL_POLICY_RULES_MAX]; /* name and message */
    size_t count;
};

static void
list_rules(struct rules *rules, const struct fwl_policy_entry *policy)
{
    struct fwl_reader it;
    struct fwl_rule rule;

    rules->count = 0;
    if (policy == NULL) {
        return;
    }
    fwl_list_begin(&it, policy->rules);
    while (rules->count < FWL_POLICY_RULES_MAX && fwl_policy_next_rule(&it, &rule)) {
        rules->at[rules->count++] = (struct fwl_json_reason){.rule = rule.name, .message = rule.message};
    }
}

/* The first rule that refuses, with its own message where it has one; else the check that does. */
static void
find_reason(struct fwl_json_reason *out, const struct rules *rules, const struct fwl_candidate *candidate)
{
    size_t i = 0;

    while (i < rules->count && (candidate->refusing >> i & 1) == 0) {
        i++;
    }
    if (candidate->refusal != FWL_REFUSAL_RULE || i == rules->count) {
        out->rule = fwl_span_text(fwl_json_refusal_name(candidate->refusal));
        out->message = fwl_span_text(fwl_refusal_text(candidate->refusal));
        return;
    }
    *out = rules->at[i];
    if (out->message.size == 0) {
        out->message = fwl_span_text((candidate->errors >> i & 1) != 0 ? "the rule ended in an error"
                                                                       : fwl_refusal_text(candidate->refusal));
    }
}

/* Was no release looked at? */
static bool
judged_none(const struct fwl_json_decision *d)
{
    return d->entry == NULL || d->candidates == NULL || d->decision->nothing == FWL_NOTHING_SUSPENDED ||
           d->decision->nothing == FWL_NOTHING_NO_VENDOR || d->decision->nothing == FWL_NOTHING_NO_FLEET;
}

static void
nothing_reason(struct fwl_json_reason *out, enum fwl_nothing nothing)
{
    out->rule = fwl_span_text(nothing_name(nothing));
    out->message = fwl_span_text(fwl_nothing_text(nothing));
}

void
fwl_json_decision_reason(struct fwl_json_reason *out, const struct fwl_json_decision *d, size_t index)
{
    struct rules rules;

    if (judged_none(d) || index >= d->entry->live.count || d->candidates[index].refusal == FWL_REFUSAL_NONE) {
        nothing_reason(out, d->decision->nothing);
        return;
    }
    list_rules(&rules, d->policy);
    find_reason(out, &rules, &d->candidates[index]);
}

/* ---- members ---- */

/* The names of the rules whose bits are set in @mask, in the order of the policy. */
static void
put_rules(struct fwl_writer *w, const struct rules *rules, uint64_t mask)
{
    bool comma = false;

    LITERAL(w, ",\"rules\":[");
    for (size_t i = 0; i < rules->count; i++) {
        if ((mask >> i & 1) != 0) {
            fwl_writer_bytes(w, ",", comma ? 1 : 0);
            put_text(w, rules->at[i].rule);
            comma = true;
        }
    }
    LITERAL(w, "]");
}

/* The end of an element of "refused". */
static void
put_reason(struct fwl_writer *w, const struct fwl_json_reason *reason)
{
    LITERAL(w, "\"rule\":");
    put_text(w, reason->rule);
    LITERAL(w, ",\"message\":");
    put_text(w, reason->message);
    LITERAL(w, "}");
}

static void
put_refused(struct fwl_writer *w, const struct fwl_json_decision *d, const struct rules *rules)
{
    struct fwl_json_reason reason;
    struct fwl_reader it;
    struct fwl_live live;
    bool comma = false;

    if (judged_none(d)) {
        if (d->decision->nothing != FWL_NOTHING_NONE) {
            nothing_reason(&reason, d->decision->nothing);
            LITERAL(w, "{");
            put_reason(w, &reason);
        }
        return;
    }
    fwl_list_begin(&it, d->entry->live);
    for (size_t i = 0; i < d->entry->live.count; i++) {
        if (d->names == NULL && !fwl_entry_next_live(&it, &live)) {
            return;
        }
        if (d->candidates[i].refusal == FWL_REFUSAL_NONE) {
            continue;
        }
        fwl_writer_bytes(w, ",", comma ? 1 : 0);
        LITERAL(w, "{\"release\":");
        if (d->names != NULL) {
            put_text(w, d->names[i]);
        } else {
            put_hex(w, &live.id);
        }
        LITERAL(w, ",");
        find_reason(&reason, rules, &d->candidates[i]);
        put_reason(w, &reason);
        comma = true;
    }
}

static void
put_advisories(struct fwl_writer *w, const struct fwl_json_decision *d)
{
    struct fwl_reader it;
    struct fwl_advisory advisory;
    bool comma = false;

    if (d->entry == NULL || d->decision->advisories == 0) {
        return;
    }
    fwl_list_begin(&it, d->entry->advisories);
    for (unsigned i = 0; i < FWL_CLASS_ADVISORIES_MAX && fwl_entry_next_advisory(&it, &advisory); i++) {
        if ((d->decision->advisories >> i & 1) != 0) {
            fwl_writer_bytes(w, ",", comma ? 1 : 0);
            put_text(w, advisory.id);
            comma = true;
        }
    }
}

static void
put_tip(struct fwl_writer *w, const struct fwl_json_decision *d)
{
    char text[FWL_TIME_TEXT_SIZE];
    char height[24];

    fwl_time_text(text, d->time_ms);
    LITERAL(w, ",\"height\":");
    fwl_writer_bytes(w, height, (size_t)snprintf(height, sizeof(height), "%" PRIu64, d->height));
    LITERAL(w, ",\"time\":");
    put_text(w, fwl_span_text(text));
}

void
fwl_json_decision_put(struct fwl_writer *w, const struct fwl_json_decision *d)
{
    struct rules rules;

    list_rules(&rules, d->policy);
    LITERAL(w, "{\"device\":");
    put_text(w, d->facts->id);
    LITERAL(w, ",\"class\":");
    put_text(w, d->facts->class_name);
    LITERAL(w, ",\"decision\":");
    put_text(w, fwl_span_text(fwl_decision_name(d->decision->kind)));
    if (d->decision->kind == FWL_DECISION_INSTALL) {
        LITERAL(w, ",\"release\":");
        if (d->names != NULL) {
            put_text(w, d->names[d->decision->chosen]);
        } else {
            put_hex(w, &d->decision->release);
        }
        LITERAL(w, ",\"version\":");
        put_text(w, d->version);
    }
    LITERAL(w, ",\"forced\":");
    fwl_writer_span(w, fwl_span_text(d->decision->forced ? "true" : "false"));
    put_rules(w, &rules, d->decision->rules);
    LITERAL(w, ",\"refused\":[");
    put_refused(w, d, &rules);
    LITERAL(w, "],\"running\":");
    put_text(w, fwl_span_text(fwl_running_name(d->decision->running)));
    LITERAL(w, ",\"advisories\":[");
    put_advisories(w, d);
    LITERAL(w, "]");
    if (d->has_tip) {
        put_tip(w, d);
    }
    LITERAL(w, "}");
}

json_t *
fwl_json_decision(const struct fwl_json_decision *d)
{
    uint8_t *text = fwl_malloc(FWL_JSON_DECISION_MAX);
    struct fwl_writer w;
    struct fwl_span bytes;
    json_t *value = NULL;

    if (text == NULL) {
        return NULL;
    }
    fwl_writer_init(&w, text, FWL_JSON_DECISION_MAX);
    fwl_json_decision_put(&w, d);
    if (fwl_writer_finish(&w, &bytes) == FWL_OK) {
        value = json_loadb((const char *)bytes.p, bytes.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    }
    fwl_free(text);
    return value;
}
