#include "contracts/policy/compile/policy_compile.h"

#include "contracts/cel/eval/condition.h"
#include "contracts/cel/eval/slots.h"
#include "ledger/model/name.h"

static enum fwl_err
refuse(struct fwl_policy_compiler *c, enum fwl_err err, const char *field, const char *why)
{
    c->field = field;
    c->why = why;
    return err;
}

/* ---- the variables params.* ---- */

static const char *
type_of(uint64_t kind)
{
    static const char *const type[] = {"int", "string", "bool", "duration", "timestamp"};

    return kind >= FWL_PARAM_INT && kind <= FWL_PARAM_TIMESTAMP ? type[kind - FWL_PARAM_INT] : "dyn";
}

static enum fwl_err
take_params(struct fwl_policy_compiler *c, struct fwl_list params)
{
    static const char prefix[] = {'p', 'a', 'r', 'a', 'm', 's', '.'};
    struct fwl_reader it;
    struct fwl_param p;

    c->variable_count = 0;
    for (fwl_list_begin(&it, params); fwl_policy_next_param(&it, &p); c->variable_count++) {
        char *name = NULL;

        if (c->variable_count == FWL_POLICY_PARAMS_MAX || p.name.size > FWL_SEGMENT_MAX) {
            return refuse(c, FWL_ERR_LIMIT, "policy.params", "there are too many, or a name is too long");
        }
        name = c->variable_name[c->variable_count];
        memcpy(name, prefix, sizeof(prefix));
        memcpy(name + sizeof(prefix), p.name.p, p.name.size);
        name[sizeof(prefix) + p.name.size] = '\0';
        c->variable[c->variable_count] = (struct fwl_cel_variable){
            .name = name,
            .type = type_of(p.kind),
            .slot = (uint16_t)(FWL_CEL_SLOT_PARAMS + c->variable_count),
            .size_max = p.kind == FWL_PARAM_TEXT ? FWL_LABEL_VALUE_MAX : 0,
            .from = FWL_CEL_FROM_CHAIN,
        };
    }
    return FWL_OK;
}

/* ---- conditions ---- */

/* The one scheme of a scope that lists registered classes and no pattern, or 0 in @scheme. */
static enum fwl_err
scheme_of_scope(const struct fwl_policy_compiler *c, uint64_t *scheme, struct fwl_list scope)
{
    struct fwl_reader it;
    struct fwl_span name;

    *scheme = 0;
    for (fwl_list_begin(&it, scope); fwl_list_next_text(&it, &name);) {
        uint64_t one = 0;
        enum fwl_err err = fwl_name_class(NULL, name) == FWL_OK ? c->scheme_of(c->cookie, &one, name) : FWL_ERR_ABSENT;

        if (err == FWL_ERR_ABSENT || (err == FWL_OK && *scheme != 0 && *scheme != one)) {
            *scheme = 0;
            return FWL_OK;
        }
        if (err != FWL_OK) {
            return err;
        }
        *scheme = one;
    }
    return FWL_OK;
}

/* What a condition belongs to: the field, the name of its rule or template, and the scope of a rule. */
struct place {
    const char *field;
    struct fwl_span name;
    const struct fwl_list *scope; /* NULL: a condition of a rollout */
};

static enum fwl_err
compile_text(struct fwl_policy_compiler *c, struct fwl_cel_compiled *out, struct fwl_span text,
             const struct place *place)
{
    struct fwl_cel_schema params = {.variables = c->variable, .count = c->variable_count};
    struct fwl_cel_diagnostic *d = &c->diagnostic;
    enum fwl_err compiled =
        place->scope == NULL
            ? fwl_cel_compile_progress(out, d, c->cel, sizeof(c->cel), text, params)
            : fwl_cel_compile_condition(out, d, c->cel, sizeof(c->cel), text, params, (enum fwl_scheme)0);

    if (compiled != FWL_OK && place->scope != NULL && place->scope->count > 0) {
        uint64_t scheme = 0;
        enum fwl_err err = scheme_of_scope(c, &scheme, *place->scope);

        if (err != FWL_OK) {
            return err;
        }
        if (scheme != 0) {
            compiled = fwl_cel_compile_condition(out, d, c->cel, sizeof(c->cel), text, params, (enum fwl_scheme)scheme);
        }
    }
    if (compiled == FWL_OK) {
        return FWL_OK;
    }
    c->name = place->name;
    c->text = text;
    c->broken = true;
    (void)refuse(c, FWL_ERR_RULE, place->field, "a condition of the policy does not compile");
    if (c->refused == NULL) {
        return FWL_ERR_RULE;
    }
    c->refused(c->cookie, c);
    *out = (struct fwl_cel_compiled){0};
    return FWL_OK;
}

/* ---- rules and templates ---- */

static enum fwl_err
compile_rules(struct fwl_policy_compiler *c, struct fwl_list *out, struct fwl_list rules)
{
    struct fwl_rule_source from;
    struct fwl_reader it;
    struct fwl_writer w;
    struct fwl_span dearest = {0};

    c->cost = 0;
    c->most = 0;
    fwl_writer_init(&w, c->rules, sizeof(c->rules));
    for (fwl_list_begin(&it, rules); fwl_policy_next_rule_source(&it, &from); out->count++) {
        struct fwl_rule to = {.has = 0x1fe, .name = from.name, .effect = from.effect, .lang = FWL_CEL_LANG};
        const struct place place = {"policy.rules.when", from.name, &to.scope};
        struct fwl_cel_compiled compiled;
        enum fwl_err err = FWL_OK;

        if ((from.has & FWL_HAS(3)) != 0) {
            to.scope = from.classes;
        }
        err = compile_text(c, &compiled, from.when, &place);
        if (err != FWL_OK) {
            return err;
        }
        c->cost += compiled.cost;
        if (compiled.cost > c->most) {
            c->most = compiled.cost;
            dearest = from.name;
        }
        to.code = compiled.code;
        to.dry_run = (from.has & FWL_HAS(6)) != 0 && from.dry_run;
        to.rollback = (from.has & FWL_HAS(7)) != 0 && from.rollback;
        if ((from.has & FWL_HAS(5)) != 0) {
            to.message = from.message;
        }
        fwl_policy_put_rule(&w, &to);
    }
    if (!c->broken && c->cost > FWL_CEL_POLICY_COST) {
        c->name = dearest;
        return refuse(c, FWL_ERR_LIMIT, "policy.rules", "the worst-case cost of all rules is at most 100,000");
    }
    c->most = 0;
    return fwl_writer_finish(&w, &out->items) == FWL_OK
               ? FWL_OK
               : refuse(c, FWL_ERR_LIMIT, "policy.rules", "a compiled policy has at most 64 KiB");
}

static enum fwl_err
compile_templates(struct fwl_policy_compiler *c, struct fwl_list *out, struct fwl_list templates)
{
    struct fwl_reader it;
    struct fwl_writer w;
    struct fwl_template t;

    fwl_writer_init(&w, c->templates, sizeof(c->templates));
    for (fwl_list_begin(&it, templates); fwl_policy_next_template_source(&it, &t); out->count++) {
        uint8_t advance[FWL_CEL_CODE_BYTES];
        const struct place advance_place = {"policy.rollouts.advance_when", t.name, NULL};
        const struct place halt_place = {"policy.rollouts.halt_when", t.name, NULL};
        struct fwl_cel_compiled compiled;
        enum fwl_err err = compile_text(c, &compiled, t.advance_when, &advance_place);

        if (err == FWL_OK) {
            FWL_ASSERT(compiled.code.size <= sizeof(advance));
            if (compiled.code.size > 0) { /* nothing of a broken one */
                memcpy(advance, compiled.code.p, compiled.code.size);
            }
            t.advance_when = fwl_span(advance, compiled.code.size);
            err = compile_text(c, &compiled, t.halt_when, &halt_place);
        }
        if (err != FWL_OK) {
            return err;
        }
        t.halt_when = compiled.code;
        fwl_policy_put_template(&w, &t);
    }
    return fwl_writer_finish(&w, &out->items) == FWL_OK
               ? FWL_OK
               : refuse(c, FWL_ERR_LIMIT, "policy.rollouts", "a compiled policy has at most 64 KiB");
}

enum fwl_err
fwl_policy_compile(struct fwl_policy_compiler *c, struct fwl_policy_entry *out, const struct fwl_policy_source *source)
{
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_policy_entry){
        .has = 0x3fe,
        .select = source->select,
        .staged = source->staged,
        .trackers = source->trackers,
        .approvers = source->approvers,
        .params = source->params,
    };
    c->name = c->text = (struct fwl_span){0};
    c->broken = false;
    c->diagnostic = (struct fwl_cel_diagnostic){0};
    err = take_params(c, source->params);
    err = err == FWL_OK ? compile_rules(c, &out->rules, source->rules) : err;
    err = err == FWL_OK ? compile_templates(c, &out->templates, source->templates) : err;
    return err == FWL_OK && c->broken ? FWL_ERR_RULE : err;
}
