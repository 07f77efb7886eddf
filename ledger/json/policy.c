/* Policies as JSON. */
#include "core/sha256.h"
#include "ledger/json/entry.h"
#include "ledger/json/fields.h"
#include "ledger/json/release.h"

static json_t *
params_value(struct fwl_list list)
{
    static const char *const kinds[] = {"int", "string", "bool", "duration_ns", "timestamp"};
    json_t *object = json_object();
    struct fwl_reader it;
    struct fwl_param param;

    for (fwl_list_begin(&it, list); fwl_policy_next_param(&it, &param);) {
        json_t *value = json_object();

        fwl_fields_set(value, kinds[param.kind - 1],
                       param.kind == FWL_PARAM_TEXT   ? fwl_json_text(param.text)
                       : param.kind == FWL_PARAM_BOOL ? json_boolean(param.number != 0)
                                                      : json_integer(param.number));
        (void)json_object_setn_new(object, (const char *)param.name.p, param.name.size, value);
    }
    return object;
}

/* The text of the rule called @name in the source. */
static bool
find_when(struct fwl_span *when, const struct fwl_policy_source *source, struct fwl_span name)
{
    struct fwl_reader it;
    struct fwl_rule_source rule;

    for (fwl_list_begin(&it, source->rules); fwl_policy_next_rule_source(&it, &rule);) {
        if (fwl_span_equal(rule.name, name)) {
            *when = rule.when;
            return true;
        }
    }
    return false;
}

static json_t *
rules_value(struct fwl_list list, const struct fwl_policy_source *source)
{
    static const char *const effects[] = {"permit", "require", "forbid", "force"};
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_rule rule;
    struct fwl_span when;

    for (fwl_list_begin(&it, list); fwl_policy_next_rule(&it, &rule);) {
        json_t *object = json_object();

        fwl_fields_set(object, "name", fwl_json_text(rule.name));
        fwl_fields_set(object, "effect", json_string(effects[rule.effect - 1]));
        fwl_fields_set(object, "classes", fwl_fields_texts(rule.scope));
        if (find_when(&when, source, rule.name)) {
            fwl_fields_set(object, "when", fwl_json_text(when));
        }
        if (rule.message.size > 0) {
            fwl_fields_set(object, "message", fwl_json_text(rule.message));
        }
        fwl_fields_set(object, "mode", json_string(rule.dry_run ? "dry-run" : "enforce"));
        fwl_fields_set(object, "rollback", json_boolean(rule.rollback));
        fwl_fields_number(object, "lang", rule.lang);
        fwl_fields_number(object, "code_bytes", rule.code.size);
        (void)json_array_append_new(array, object);
    }
    return array;
}

static json_t *
templates_value(struct fwl_list list)
{
    json_t *object = json_object();
    struct fwl_reader it;
    struct fwl_template t;

    for (fwl_list_begin(&it, list); fwl_policy_next_template(&it, &t);) {
        json_t *value = json_object();
        json_t *stages = json_array();
        struct fwl_reader stage_it;
        struct fwl_stage stage;

        for (fwl_list_begin(&stage_it, t.stages); fwl_policy_next_stage(&stage_it, &stage);) {
            json_t *item = json_object();

            fwl_fields_number(item, "percent", stage.percent);
            fwl_fields_number(item, "hold_ms", stage.hold_ms);
            (void)json_array_append_new(stages, item);
        }
        fwl_fields_set(value, "stages", stages);
        fwl_fields_set(value, "auto_last", json_boolean(t.auto_last));
        (void)json_object_setn_new(object, (const char *)t.name.p, t.name.size, value);
    }
    return object;
}

json_t *
fwl_json_policy(struct fwl_span fleet, const struct fwl_policy_entry *entry, struct fwl_span source)
{
    json_t *object = json_object();
    struct fwl_policy_source decoded = {0};

    if (source.size > 0 && fwl_policy_source_decode(&decoded, NULL, source) != FWL_OK) {
        source = (struct fwl_span){0};
    }
    fwl_fields_set(object, "fleet", fwl_json_text(fleet));
    fwl_fields_number(object, "version", entry->version);
    fwl_fields_set(object, "select", json_string(entry->select == FWL_SELECT_HIGHEST ? "highest" : "listed"));
    fwl_fields_set(object, "staged", fwl_fields_texts(entry->staged));
    if (entry->trackers.of.count > 0) {
        json_t *trackers = json_object();

        fwl_fields_number(trackers, "k", entry->trackers.k);
        fwl_fields_set(trackers, "of", fwl_fields_texts(entry->trackers.of));
        fwl_fields_set(object, "trackers", trackers);
    }
    fwl_fields_set(object, "approvers", fwl_fields_texts(entry->approvers));
    fwl_fields_set(object, "params", params_value(entry->params));
    fwl_fields_set(object, "rules", rules_value(entry->rules, &decoded));
    fwl_fields_set(object, "rollouts", templates_value(entry->templates));
    fwl_fields_set(object, "source", fwl_json_hex(fwl_hash32_span(&entry->source)));
    if (source.size > 0) {
        fwl_fields_set(object, "source_cbor", fwl_json_hex(source));
    }
    return object;
}
