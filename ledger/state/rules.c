/* Compiling a policy: its rules and templates become code of lang 1. */
#include "ledger/state/work.h"

static const char *
rules_type(uint64_t kind)
{
    static const char *const type[] = {"int", "string", "bool", "duration", "timestamp"};

    return kind >= FWL_PARAM_INT && kind <= FWL_PARAM_TIMESTAMP ? type[kind - FWL_PARAM_INT] : "dyn";
}

static enum fwl_err
rules_params(struct fwl_state *s, struct fwl_work_params *out, struct fwl_list params)
{
    struct fwl_reader it;
    static const char prefix[] = {'p', 'a', 'r', 'a', 'm', 's', '.'}; /* @out is zeroed, so the name ends in a zero */
    struct fwl_param p;

    memset(out, 0, sizeof(*out));
    for (fwl_list_begin(&it, params); fwl_policy_next_param(&it, &p); out->count++) {
        if (out->count == FWL_POLICY_PARAMS_MAX || p.name.size > FWL_SEGMENT_MAX) {
            return fwl_work_refuse(s, FWL_ERR_LIMIT, "policy.params", "there are too many, or a name is too long");
        }
        char *name = out->name[out->count];
        memcpy(name, prefix, sizeof(prefix));
        memcpy(name + sizeof(prefix), p.name.p, p.name.size);
        out->variable[out->count] = (struct fwl_cel_variable){
            .name = name,
            .type = rules_type(p.kind),
            .slot = (uint16_t)(FWL_CEL_SLOT_PARAMS + out->count),
            .size_max = p.kind == FWL_PARAM_TEXT ? FWL_LABEL_VALUE_MAX : 0,
            .from = FWL_CEL_FROM_CHAIN,
        };
    }
    return FWL_OK;
}

/* The one scheme of a scope that lists registered classes and no pattern, or 0 in @scheme. */
static enum fwl_err
rules_scheme(struct fwl_state *s, uint64_t *scheme, struct fwl_list scope)
{
    struct fwl_reader it;
    struct fwl_span name;

    *scheme = 0;
    for (fwl_list_begin(&it, scope); fwl_list_next_text(&it, &name);) {
        struct fwl_class_entry c;
        enum fwl_err err = FWL_ERR_ABSENT;

        if (fwl_name_class(NULL, name) == FWL_OK) {
            err = fwl_work_class(s, &c, name);
        }
        if (err == FWL_ERR_ABSENT || (err == FWL_OK && *scheme != 0 && *scheme != c.scheme)) {
            *scheme = 0;
            return FWL_OK;
        }
        if (err != FWL_OK) {
            return err;
        }
        *scheme = c.scheme;
    }
    return FWL_OK;
}

/* Append to the detail of a refusal; what does not fit is left out, at whole code points. */
static void
rules_detail(struct fwl_state *s, struct fwl_span text)
{
    size_t size = strlen(s->why.detail);
    size_t take = FWL_MIN(text.size, sizeof(s->why.detail) - 1 - size);

    while (take < text.size && take > 0 && (text.p[take] & 0xc0) == 0x80) {
        take--;
    }
    for (size_t i = 0; i < take; i++) {
        s->why.detail[size + i] = (char)text.p[i];
    }
    s->why.detail[size + take] = '\0';
}

static void
rules_number(struct fwl_state *s, uint64_t n)
{
    uint8_t digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (uint8_t)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    rules_detail(s, fwl_span(digits + at, sizeof(digits) - at));
}

/* rule emergency, line 1, column 8: `device` has no field `regin`; did you mean device.region? */
static enum fwl_err
rules_refuse(struct fwl_state *s, const struct fwl_cel_diagnostic *d, const char *field, struct fwl_span name)
{
    enum fwl_err err = fwl_work_refuse(s, FWL_ERR_RULE, field, "a condition of the policy does not compile");

    rules_detail(s, name);
    rules_detail(s, fwl_span_text(", line "));
    rules_number(s, d->line);
    rules_detail(s, fwl_span_text(", column "));
    rules_number(s, d->column);
    rules_detail(s, fwl_span_text(": "));
    rules_detail(s, fwl_span_text(d->message));
    if (d->hint[0] != '\0') {
        rules_detail(s, fwl_span_text("; "));
        rules_detail(s, fwl_span_text(d->hint));
    }
    return err;
}

/* What a condition belongs to: the field, the name of its rule or template, and the scope of a rule. */
struct place {
    const char *field;
    struct fwl_span name;
    const struct fwl_list *scope; /* NULL: a condition of a rollout */
};

static enum fwl_err
rules_compile(struct fwl_state *s, struct fwl_cel_compiled *out, const struct fwl_work_params *params,
              struct fwl_span text, const struct place *place)
{
    struct fwl_cel_schema schema = {.variables = params->variable, .count = params->count};
    struct fwl_cel_diagnostic d;
    enum fwl_err compiled =
        place->scope == NULL
            ? fwl_cel_compile_progress(out, &d, s->cel, sizeof(s->cel), text, schema)
            : fwl_cel_compile_condition(out, &d, s->cel, sizeof(s->cel), text, schema, (enum fwl_scheme)0);

    if (compiled != FWL_OK && place->scope != NULL && place->scope->count > 0) {
        uint64_t scheme;
        enum fwl_err err = rules_scheme(s, &scheme, *place->scope);

        if (err != FWL_OK) {
            return err;
        }
        if (scheme != 0) {
            compiled =
                fwl_cel_compile_condition(out, &d, s->cel, sizeof(s->cel), text, schema, (enum fwl_scheme)scheme);
        }
    }
    return compiled == FWL_OK ? FWL_OK : rules_refuse(s, &d, place->field, place->name);
}

static enum fwl_err
rules_list(struct fwl_state *s, struct fwl_list *out, const struct fwl_work_params *params, struct fwl_list rules)
{
    struct fwl_rule_source from;
    struct fwl_reader it;
    struct fwl_writer w;
    struct fwl_span dearest = {0};
    uint64_t most = 0;
    uint64_t cost = 0;

    fwl_writer_init(&w, s->scratch[1], FWL_ENTRY_MAX);
    for (fwl_list_begin(&it, rules); fwl_policy_next_rule_source(&it, &from); out->count++) {
        struct fwl_rule to = {.has = 0x1fe, .name = from.name, .effect = from.effect, .lang = FWL_CEL_LANG};
        const struct place place = {"policy.rules.when", from.name, &to.scope};
        struct fwl_cel_compiled c;
        enum fwl_err err;

        if ((from.has & FWL_HAS(3)) != 0) {
            to.scope = from.classes;
        }
        err = rules_compile(s, &c, params, from.when, &place);
        if (err != FWL_OK) {
            return err;
        }
        cost += c.cost;
        if (c.cost > most) {
            most = c.cost;
            dearest = from.name;
        }
        to.code = c.code;
        to.dry_run = (from.has & FWL_HAS(6)) != 0 && from.dry_run;
        to.rollback = (from.has & FWL_HAS(7)) != 0 && from.rollback;
        if ((from.has & FWL_HAS(5)) != 0) {
            to.message = from.message;
        }
        fwl_policy_put_rule(&w, &to);
    }
    if (cost > FWL_CEL_POLICY_COST) {
        enum fwl_err err =
            fwl_work_refuse(s, FWL_ERR_LIMIT, "policy.rules", "the worst-case cost of all rules is at most 100,000");

        rules_detail(s, fwl_span_text("the dearest rule is "));
        rules_detail(s, dearest);
        rules_detail(s, fwl_span_text(" with "));
        rules_number(s, most);
        return err;
    }
    if (fwl_writer_finish(&w, &out->items) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_LIMIT, "policy.rules", "a compiled policy has at most 64 KiB");
    }
    return FWL_OK;
}

static enum fwl_err
rules_templates(struct fwl_state *s, struct fwl_list *out, const struct fwl_work_params *params,
                struct fwl_list templates)
{
    struct fwl_reader it;
    struct fwl_writer w;
    struct fwl_template t;

    fwl_writer_init(&w, s->scratch[2], FWL_ENTRY_MAX);
    for (fwl_list_begin(&it, templates); fwl_policy_next_template_source(&it, &t); out->count++) {
        uint8_t advance[FWL_CEL_CODE_BYTES];
        const struct place advance_place = {"policy.rollouts.advance_when", t.name, NULL};
        const struct place halt_place = {"policy.rollouts.halt_when", t.name, NULL};
        struct fwl_cel_compiled c;
        enum fwl_err err = rules_compile(s, &c, params, t.advance_when, &advance_place);

        if (err == FWL_OK) {
            FWL_ASSERT(c.code.size <= sizeof(advance));
            memcpy(advance, c.code.p, c.code.size);
            t.advance_when = fwl_span(advance, c.code.size);
            err = rules_compile(s, &c, params, t.halt_when, &halt_place);
        }
        if (err != FWL_OK) {
            return err;
        }
        t.halt_when = c.code;
        fwl_policy_put_template(&w, &t);
    }
    if (fwl_writer_finish(&w, &out->items) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_LIMIT, "policy.rollouts", "a compiled policy has at most 64 KiB");
    }
    return FWL_OK;
}

enum fwl_err
fwl_work_rules(struct fwl_state *s, const struct fwl_policy_source *source, struct fwl_list *rules,
               struct fwl_list *templates)
{
    enum fwl_err err = rules_params(s, &s->params, source->params);

    *rules = *templates = (struct fwl_list){0};
    if (err == FWL_OK) {
        err = rules_list(s, rules, &s->params, source->rules);
    }
    return err == FWL_OK ? rules_templates(s, templates, &s->params, source->templates) : err;
}
