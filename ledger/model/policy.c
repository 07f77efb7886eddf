#include "ledger/model/policy.h"

#include "ledger/model/name.h"

#define S struct fwl_policy_source /* the tables below name them in every line */
#define E struct fwl_policy_entry

static void
read_trackers_min(struct fwl_reader *r, struct fwl_trackers *t, size_t min)
{
    fwl_cbor_array_exact(r, 2);
    t->k = fwl_form_uint(r, min, FWL_POLICY_TRACKERS_MAX);
    fwl_form_array(r, &t->of, min, FWL_POLICY_TRACKERS_MAX, fwl_form_item_participant_any);
    if (fwl_reader_ok(r) && t->k > t->of.count) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
read_trackers(struct fwl_reader *r, void *at)
{
    read_trackers_min(r, at, 1);
}

static void
read_trackers_or_none(struct fwl_reader *r, void *at)
{
    read_trackers_min(r, at, 0);
}

static void
put_trackers(struct fwl_writer *w, const void *at)
{
    const struct fwl_trackers *t = at;

    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, t->k);
    fwl_list_put_array(w, t->of);
}

static void
item_param(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_param param;
    const uint8_t *start = r->at;

    if (fwl_policy_next_param(r, &param)) {
        /* the encoded name: names of up to 63 bytes have a head of one or two */
        fwl_form_ascend(r, order, fwl_span(start, param.name.size + (param.name.size < 24 ? 1 : 2)));
    }
}

#define ITEM(name, type)                                                                                               \
    static void item_##name(struct fwl_reader *r, struct fwl_form_order *order)                                        \
    {                                                                                                                  \
        struct type x;                                                                                                 \
                                                                                                                       \
        (void)order;                                                                                                   \
        (void)fwl_policy_next_##name(r, &x);                                                                           \
    }

ITEM(rule_source, fwl_rule_source)
ITEM(rule, fwl_rule)
ITEM(template_source, fwl_template)
ITEM(template, fwl_template)

static const struct fwl_form_field source_fields[] = {
    FWL_F_UINT(1, false, S, select, FWL_SELECT_HIGHEST, FWL_SELECT_LISTED, "policy.select"),
    FWL_F_UINT(2, false, S, max_age_ms, 0, UINT64_MAX, "policy.max_age"),
    FWL_F_LIST(3, true, S, staged, 1, FWL_POLICY_STAGED_MAX, fwl_form_item_pattern, "policy.staged"),
    FWL_F_MAP(4, true, S, params, 1, FWL_POLICY_PARAMS_MAX, item_param, "policy.params"),
    FWL_F_CUSTOM(5, true, S, trackers, read_trackers, put_trackers, "policy.trackers"),
    FWL_F_LIST(6, true, S, approvers, 1, FWL_POLICY_APPROVERS_MAX, fwl_form_item_participant_any, "policy.approvers"),
    FWL_F_LIST(7, true, S, rules, 1, FWL_POLICY_RULES_MAX, item_rule_source, "policy.rules"),
    FWL_F_LIST(8, true, S, templates, 1, FWL_POLICY_TEMPLATES_MAX, item_template_source, "policy.templates"),
};
static const struct fwl_form_field entry_fields[] = {
    FWL_F_UINT(1, false, E, version, 0, UINT64_MAX, "policy.version"),
    FWL_F_UINT(2, false, E, select, FWL_SELECT_HIGHEST, FWL_SELECT_LISTED, "policy.select"),
    FWL_F_LIST(3, false, E, staged, 0, FWL_POLICY_STAGED_MAX, fwl_form_item_pattern, "policy.staged"),
    FWL_F_CUSTOM(4, false, E, trackers, read_trackers_or_none, put_trackers, "policy.trackers"),
    FWL_F_LIST(5, false, E, approvers, 0, FWL_POLICY_APPROVERS_MAX, fwl_form_item_participant_any, "policy.approvers"),
    FWL_F_MAP(6, false, E, params, 0, FWL_POLICY_PARAMS_MAX, item_param, "policy.params"),
    FWL_F_LIST(7, false, E, rules, 0, FWL_POLICY_RULES_MAX, item_rule, "policy.rules"),
    FWL_F_LIST(8, false, E, templates, 0, FWL_POLICY_TEMPLATES_MAX, item_template, "policy.templates"),
    FWL_F_HASH(9, false, E, source, "policy.source"),
};

/* Quadratic in at most 64 rules and 8 templates. */
static void
check_names(struct fwl_reader *r, const struct fwl_policy_source *p)
{
    struct fwl_reader a;
    struct fwl_reader b;
    struct fwl_rule_source x;
    struct fwl_rule_source y;
    struct fwl_template t;
    struct fwl_template u;

    fwl_reader_field(r, "policy.rules");
    for (fwl_list_begin(&a, p->rules); fwl_policy_next_rule_source(&a, &x);) {
        for (b = a; fwl_policy_next_rule_source(&b, &y);) {
            if (fwl_span_equal(x.name, y.name)) {
                fwl_reader_fail(r, FWL_ERR_DUPLICATE);
            }
        }
    }
    fwl_reader_field(r, "policy.templates");
    for (fwl_list_begin(&a, p->templates); fwl_policy_next_template_source(&a, &t);) {
        for (b = a; fwl_policy_next_template_source(&b, &u);) {
            if (fwl_span_equal(t.name, u.name)) {
                fwl_reader_fail(r, FWL_ERR_DUPLICATE);
            }
        }
    }
}

enum fwl_err
fwl_policy_source_decode(struct fwl_policy_source *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;

    memset(out, 0, sizeof(*out));
    fwl_fault_begin(&r, in, FWL_POLICY_MAX);
    fwl_form_read(&r, out, &out->has, source_fields, FWL_COUNT(source_fields));
    if (fwl_reader_finish(&r) == FWL_OK) {
        check_names(&r, out);
    }
    return fwl_fault_finish(fault, &r, out, sizeof(*out));
}

enum fwl_err
fwl_policy_entry_decode(struct fwl_policy_entry *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;

    memset(out, 0, sizeof(*out));
    fwl_fault_begin(&r, in, FWL_POLICY_MAX);
    fwl_form_read(&r, out, &out->has, entry_fields, FWL_COUNT(entry_fields));
    return fwl_fault_finish(fault, &r, out, sizeof(*out));
}

void
fwl_policy_source_put(struct fwl_writer *w, const struct fwl_policy_source *p)
{
    fwl_form_put(w, p, p->has, source_fields, FWL_COUNT(source_fields), (struct fwl_list){0});
}

void
fwl_policy_entry_put(struct fwl_writer *w, const struct fwl_policy_entry *p)
{
    fwl_form_put(w, p, p->has, entry_fields, FWL_COUNT(entry_fields), (struct fwl_list){0});
}

bool
fwl_policy_find_template(struct fwl_template *out, const struct fwl_policy_entry *p, struct fwl_span name)
{
    struct fwl_reader it;

    for (fwl_list_begin(&it, p->templates); fwl_policy_next_template(&it, out);) {
        if (fwl_span_equal(out->name, name)) {
            return true;
        }
    }
    return false;
}
