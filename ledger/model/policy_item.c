/* The items of policies: parameters, stages, rules, templates. */
#include "ledger/model/name.h"
#include "ledger/model/policy.h"

static void
read_param(struct fwl_reader *r, struct fwl_param *out)
{
    out->name = fwl_form_name(r, FWL_RULE_NAME_MAX, fwl_name_param);
    fwl_cbor_array_exact(r, 2);
    out->kind = fwl_form_uint(r, FWL_PARAM_INT, FWL_PARAM_TIMESTAMP);
    if (out->kind == FWL_PARAM_TEXT) {
        out->text = fwl_cbor_text(r, FWL_FACT_TEXT_MAX);
    } else if (out->kind == FWL_PARAM_BOOL) {
        out->number = fwl_cbor_bool(r);
    } else {
        out->number = fwl_cbor_int(r);
    }
}

void
fwl_policy_put_param(struct fwl_writer *w, const struct fwl_param *param)
{
    fwl_cbor_put_text(w, param->name);
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, param->kind);
    if (param->kind == FWL_PARAM_TEXT) {
        fwl_cbor_put_text(w, param->text);
    } else if (param->kind == FWL_PARAM_BOOL) {
        fwl_cbor_put_bool(w, param->number != 0);
    } else {
        fwl_cbor_put_int(w, param->number);
    }
}

static void
read_stage(struct fwl_reader *r, struct fwl_stage *out)
{
    fwl_cbor_array_exact(r, 2);
    out->percent = fwl_form_uint(r, 1, 100);
    out->hold_ms = fwl_cbor_uint(r);
}

void
fwl_policy_put_stage(struct fwl_writer *w, const struct fwl_stage *stage)
{
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, stage->percent);
    fwl_cbor_put_uint(w, stage->hold_ms);
}

static void
item_stage(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_stage stage = {0};

    read_stage(r, &stage);
    if (fwl_reader_ok(r)) {
        uint8_t percent = (uint8_t)stage.percent;

        fwl_form_ascend(r, order, fwl_span(&percent, 1));
        order->copy[0] = percent;
        order->key = fwl_span(order->copy, 1);
    }
}

#define TEMPLATE_FIELDS(KIND, MAX)                                                                                     \
    FWL_F_NAME(1, false, struct fwl_template, name, FWL_RULE_NAME_MAX, fwl_name_participant, "template.name"),         \
        FWL_F_LIST(2, false, struct fwl_template, stages, 1, FWL_POLICY_STAGES_MAX, item_stage, "template.stages"),    \
        KIND(3, false, struct fwl_template, advance_when, 1, MAX, "template.advance_when"),                            \
        KIND(4, false, struct fwl_template, halt_when, 1, MAX, "template.halt_when"),                                  \
        FWL_F_BOOL(5, false, struct fwl_template, auto_last, "template.auto_last")

static const struct fwl_form_field template_source_fields[] = {TEMPLATE_FIELDS(FWL_F_TEXT, FWL_RULE_SOURCE_MAX)};
static const struct fwl_form_field template_fields[] = {TEMPLATE_FIELDS(FWL_F_BYTES, FWL_POLICY_MAX)};

/* Stages ascend, so the last is 100 iff some is. */
static void
check_last_stage(struct fwl_reader *r, const struct fwl_template *t)
{
    struct fwl_reader it;
    struct fwl_stage stage = {0};

    for (fwl_list_begin(&it, t->stages); fwl_policy_next_stage(&it, &stage);) {
        if (stage.percent == 100) {
            return;
        }
    }
    if (fwl_reader_ok(r)) {
        fwl_reader_field(r, "template.stages");
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
read_template_source(struct fwl_reader *r, struct fwl_template *out)
{
    fwl_form_read(r, out, &out->has, template_source_fields, FWL_COUNT(template_source_fields));
    check_last_stage(r, out);
}

void
fwl_policy_put_template_source(struct fwl_writer *w, const struct fwl_template *t)
{
    fwl_form_put(w, t, t->has, template_source_fields, FWL_COUNT(template_source_fields), (struct fwl_list){0});
}

static void
read_template(struct fwl_reader *r, struct fwl_template *out)
{
    fwl_form_read(r, out, &out->has, template_fields, FWL_COUNT(template_fields));
    check_last_stage(r, out);
}

void
fwl_policy_put_template(struct fwl_writer *w, const struct fwl_template *t)
{
    fwl_form_put(w, t, t->has, template_fields, FWL_COUNT(template_fields), (struct fwl_list){0});
}

static const struct fwl_form_field rule_source_fields[] = {
    FWL_F_NAME(1, false, struct fwl_rule_source, name, FWL_RULE_NAME_MAX, fwl_name_participant, "rule.name"),
    FWL_F_UINT(2, false, struct fwl_rule_source, effect, FWL_EFFECT_PERMIT, FWL_EFFECT_FORCE, "rule.effect"),
    FWL_F_LIST(3, true, struct fwl_rule_source, classes, 1, FWL_RULE_SCOPE_MAX, fwl_form_item_pattern, "rule.classes"),
    FWL_F_TEXT(4, false, struct fwl_rule_source, when, 1, FWL_RULE_SOURCE_MAX, "rule.when"),
    FWL_F_TEXT(5, true, struct fwl_rule_source, message, 1, FWL_RULE_MESSAGE_MAX, "rule.message"),
    FWL_F_BOOL(6, true, struct fwl_rule_source, dry_run, "rule.dry_run"),
    FWL_F_BOOL(7, true, struct fwl_rule_source, rollback, "rule.rollback"),
};

static void
read_rule_source(struct fwl_reader *r, struct fwl_rule_source *out)
{
    fwl_form_read(r, out, &out->has, rule_source_fields, FWL_COUNT(rule_source_fields));
}

void
fwl_policy_put_rule_source(struct fwl_writer *w, const struct fwl_rule_source *rule)
{
    fwl_form_put(w, rule, rule->has, rule_source_fields, FWL_COUNT(rule_source_fields), (struct fwl_list){0});
}

static const struct fwl_form_field rule_fields[] = {
    FWL_F_NAME(1, false, struct fwl_rule, name, FWL_RULE_NAME_MAX, fwl_name_participant, "rule.name"),
    FWL_F_UINT(2, false, struct fwl_rule, effect, FWL_EFFECT_PERMIT, FWL_EFFECT_FORCE, "rule.effect"),
    FWL_F_LIST(3, false, struct fwl_rule, scope, 0, FWL_RULE_SCOPE_MAX, fwl_form_item_pattern, "rule.scope"),
    FWL_F_UINT(4, false, struct fwl_rule, lang, 0, UINT64_MAX, "rule.lang"),
    FWL_F_BOOL(5, false, struct fwl_rule, dry_run, "rule.dry_run"),
    FWL_F_BYTES(6, false, struct fwl_rule, code, 0, FWL_POLICY_MAX, "rule.code"),
    FWL_F_TEXT(7, false, struct fwl_rule, message, 0, FWL_RULE_MESSAGE_MAX, "rule.message"),
    FWL_F_BOOL(8, false, struct fwl_rule, rollback, "rule.rollback"),
};

static void
read_rule(struct fwl_reader *r, struct fwl_rule *out)
{
    fwl_form_read_growing(r, out, &out->has, rule_fields, FWL_COUNT(rule_fields), &out->extra);
}

void
fwl_policy_put_rule(struct fwl_writer *w, const struct fwl_rule *rule)
{
    if (rule->extra.unknown) {
        fwl_writer_fail(w, FWL_ERR_UNKNOWN);
        return;
    }
    fwl_form_put(w, rule, rule->has, rule_fields, FWL_COUNT(rule_fields), rule->extra.negative);
}

#define NEXT(name, type)                                                                                               \
    bool fwl_policy_next_##name(struct fwl_reader *it, struct type *out)                                               \
    {                                                                                                                  \
        bool more = it->left != 0;                                                                                     \
                                                                                                                       \
        memset(out, 0, sizeof(*out));                                                                                  \
        if (more) {                                                                                                    \
            read_##name(it, out);                                                                                      \
        }                                                                                                              \
        return more && fwl_reader_ok(it);                                                                              \
    }

NEXT(param, fwl_param)
NEXT(stage, fwl_stage)
NEXT(rule_source, fwl_rule_source)
NEXT(rule, fwl_rule)
NEXT(template_source, fwl_template)
NEXT(template, fwl_template)
