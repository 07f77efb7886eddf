#include "contracts/policy/progress.h"

#include "contracts/policy/variables.h"

bool
fwl_progress_stage(uint64_t *share, uint64_t *hold_ms, bool *last, const struct fwl_template *t, uint64_t stage)
{
    struct fwl_reader it;
    struct fwl_stage s;
    uint64_t at = 0;

    for (fwl_list_begin(&it, t->stages); fwl_policy_next_stage(&it, &s); at++) {
        if (at == stage) {
            *share = s.percent * 100;
            *hold_ms = s.hold_ms;
            *last = stage + 1 == t->stages.count;
            return true;
        }
    }
    return false;
}

bool
fwl_progress_halts(const struct fwl_progress *p)
{
    return p->why == FWL_PROGRESS_NO_TEMPLATE || p->why == FWL_PROGRESS_HALT_TRUE || p->why == FWL_PROGRESS_HALT_ERROR;
}

const char *
fwl_progress_text(enum fwl_progress_why why)
{
    switch (why) {
    case FWL_PROGRESS_NO_TEMPLATE: return "the policy has no such template, or it has fewer stages";
    case FWL_PROGRESS_HALT_TRUE: return "halt_when is true for the report of a tracker";
    case FWL_PROGRESS_HALT_ERROR: return "halt_when cannot be evaluated for the report of a tracker";
    case FWL_PROGRESS_HOLD: return "the hold of this stage is not over";
    case FWL_PROGRESS_TRACKERS: return "advance_when does not hold for the reports of enough trackers";
    case FWL_PROGRESS_ADMINISTRATOR: return "this step waits for the administrator";
    case FWL_PROGRESS_ADVANCES: return "every condition for the next stage holds";
    }
    return "";
}

static enum fwl_cel_outcome
ask(struct fwl_progress *out, struct fwl_progress_work *work, struct fwl_span code)
{
    struct fwl_cel_verdict verdict = {.outcome = FWL_CEL_FAILED};

    if (fwl_cel_condition_eval(&verdict, &work->cel, code, work->slots, FWL_CEL_SLOTS) != FWL_OK) {
        return FWL_CEL_FAILED;
    }
    out->cost += verdict.cost;
    return verdict.outcome;
}

/* Asks both conditions about each report of this stage; true when one of them halts. */
static bool
judge_reports(struct fwl_progress *out, struct fwl_progress_work *work, const struct fwl_policy_entry *policy,
              const struct fwl_rollout *rollout, const struct fwl_template *t)
{
    struct fwl_reader it;
    struct fwl_report report;

    for (fwl_list_begin(&it, rollout->reports); fwl_entry_next_report(&it, &report);) {
        enum fwl_cel_outcome halt = FWL_CEL_FALSE;

        if (report.stage != rollout->stage || !fwl_list_has_text(policy->trackers.of, report.tracker)) {
            continue;
        }
        fwl_variables_counters(work->slots, &report.counters);
        halt = ask(out, work, t->halt_when);
        if (halt != FWL_CEL_FALSE) {
            out->why = halt == FWL_CEL_TRUE ? FWL_PROGRESS_HALT_TRUE : FWL_PROGRESS_HALT_ERROR;
            out->tracker = report.tracker;
            return true;
        }
        out->count += ask(out, work, t->advance_when) == FWL_CEL_TRUE;
    }
    return false;
}

void
fwl_progress_judge(struct fwl_progress *out, struct fwl_progress_work *work, const struct fwl_policy_entry *policy,
                   const struct fwl_rollout *rollout, uint64_t now_ms, bool administrator)
{
    struct fwl_template t;
    uint64_t hold_ms = 0;
    uint64_t ignored = 0;
    bool last = false;
    bool next_is_last = false;

    *out = (struct fwl_progress){.why = FWL_PROGRESS_NO_TEMPLATE, .k = policy->trackers.k};
    if (!fwl_policy_find_template(&t, policy, rollout->template_name) ||
        !fwl_progress_stage(&ignored, &hold_ms, &last, &t, rollout->stage)) {
        return;
    }
    fwl_variables_rollout(work->slots, work->release_id, policy, rollout, now_ms);
    if (judge_reports(out, work, policy, rollout, &t)) {
        return;
    }
    hold_ms = FWL_MAX(hold_ms, 1); /* a stage lasts at least a block, and block times rise */
    if (!fwl_add_u64(&out->until_ms, rollout->entered_ms, hold_ms)) {
        out->until_ms = UINT64_MAX;
    }
    out->done = last;
    out->stage = last ? rollout->stage : rollout->stage + 1;
    if (!fwl_progress_stage(&out->share, &ignored, &next_is_last, &t, out->stage)) {
        return;
    }
    if (now_ms < out->until_ms) {
        out->why = FWL_PROGRESS_HOLD;
    } else if (out->count < out->k) {
        out->why = FWL_PROGRESS_TRACKERS;
    } else if (!administrator && (out->k == 0 || (!last && next_is_last && !t.auto_last))) {
        out->why = FWL_PROGRESS_ADMINISTRATOR;
    } else {
        out->why = FWL_PROGRESS_ADVANCES;
    }
}
