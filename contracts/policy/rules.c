#include "contracts/policy/rules.h"

#include "ledger/model/name.h"

bool
fwl_rules_in_scope(const struct fwl_decide_work *work, const struct fwl_list *patterns)
{
    struct fwl_reader it;
    struct fwl_span pattern;

    for (fwl_list_begin(&it, *patterns); fwl_list_next_text(&it, &pattern);) {
        if (fwl_name_match(pattern, work->in->facts->class_name)) {
            return true;
        }
    }
    return false;
}

/* Keep a rule ready to run while its constants find room; otherwise it is loaded at each use. */
static void
add_rule(struct fwl_decide_work *work, const struct fwl_rule *rule, uint8_t index)
{
    struct fwl_decide_rule *to = &work->rules[work->rule_count++];

    to->program.code = NULL;
    to->code = rule->code;
    to->effect = (uint8_t)rule->effect;
    to->index = index;
    to->dry_run = rule->dry_run;
    to->broken = rule->lang != FWL_CEL_LANG || rule->extra.unknown;
    if (!to->broken && work->cell_count - work->cells_used >= FWL_CEL_CONSTANTS) {
        to->broken = fwl_cel_load(&to->program, work->cells + work->cells_used, FWL_CEL_CONSTANTS, rule->code,
                                  &fwl_cel_limits_lang1) != FWL_OK;
        work->cells_used += to->program.constant_count;
    }
    if (rule->effect == FWL_EFFECT_PERMIT && rule->rollback && !rule->dry_run) {
        work->rollback |= UINT64_C(1) << index;
    }
}

void
fwl_rules_load(struct fwl_decide_work *work)
{
    struct fwl_reader it;
    struct fwl_rule rule;
    uint8_t index = 0;

    work->rule_count = 0;
    work->rollback = 0;
    if (work->in->policy == NULL) {
        return;
    }
    for (fwl_list_begin(&it, work->in->policy->rules); index < FWL_POLICY_RULES_MAX && fwl_policy_next_rule(&it, &rule);
         index++) {
        if (rule.scope.count == 0 || fwl_rules_in_scope(work, &rule.scope)) {
            add_rule(work, &rule, index);
        }
    }
}

static FWL_NOINLINE enum fwl_cel_outcome
run(struct fwl_decide_work *work, const struct fwl_decide_rule *rule, uint32_t *cost)
{
    const struct fwl_cel_memory memory = {work->cel.stack, FWL_CEL_STACK_CELLS, work->cel.arena,
                                          sizeof(work->cel.arena)};
    const struct fwl_cel_program *program = &rule->program;
    struct fwl_cel_program loaded;
    struct fwl_cel_result result;

    if (rule->broken) {
        return FWL_CEL_FAILED;
    }
    if (program->code == NULL) {
        if (fwl_cel_load(&loaded, work->cel.constants, FWL_CEL_CONSTANTS, rule->code, &fwl_cel_limits_lang1) !=
            FWL_OK) {
            return FWL_CEL_FAILED;
        }
        program = &loaded;
    }
    fwl_cel_eval(&result, &memory, program, work->slots, FWL_CEL_SLOTS, &fwl_cel_limits_lang1);
    *cost += result.cost;
    if (result.err != FWL_CEL_OK || result.value.kind != FWL_CEL_BOOL) {
        return FWL_CEL_FAILED;
    }
    return fwl_cel_cell_true(&result.value) ? FWL_CEL_TRUE : FWL_CEL_FALSE;
}

/* Where a rule is noted when it speaks. */
static FWL_NOINLINE uint64_t *
mask_of(struct fwl_candidate *out, const struct fwl_decide_rule *rule)
{
    if (rule->dry_run) {
        return &out->dry_run;
    }
    return rule->effect == FWL_EFFECT_PERMIT  ? &out->permits
           : rule->effect == FWL_EFFECT_FORCE ? &out->forces
                                              : &out->refusing;
}

/* permit and force speak when they are true; require unless it is true, forbid unless it is false. */
static bool
speaks(const struct fwl_decide_rule *rule, enum fwl_cel_outcome outcome)
{
    if (rule->effect == FWL_EFFECT_FORBID) {
        return outcome != FWL_CEL_FALSE;
    }
    return (outcome == FWL_CEL_TRUE) == (rule->effect != FWL_EFFECT_REQUIRE);
}

bool
fwl_rules_judge(struct fwl_decide_work *work, struct fwl_candidate *out)
{
    uint32_t cost = 0;

    for (size_t i = 0; i < work->rule_count; i++) {
        const struct fwl_decide_rule *rule = &work->rules[i];
        enum fwl_cel_outcome outcome = run(work, rule, &cost);
        uint64_t bit = UINT64_C(1) << rule->index;

        if (cost > FWL_CEL_POLICY_COST) {
            return false;
        }
        if (speaks(rule, outcome)) {
            *mask_of(out, rule) |= bit;
        }
        if (outcome == FWL_CEL_FAILED) {
            out->errors |= bit;
        }
    }
    return true;
}
