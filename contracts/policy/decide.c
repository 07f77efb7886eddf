#include "contracts/policy/decide.h"

#include "contracts/policy/fit.h"
#include "contracts/policy/order.h"
#include "contracts/policy/rules.h"
#include "contracts/policy/running.h"
#include "contracts/policy/variables.h"

enum {
    SHARES = 10000, /* a rollout's share is of these */
};

static enum fwl_nothing
nothing_from(const struct fwl_decide_input *in)
{
    if (in->vendor == NULL) {
        return FWL_NOTHING_NO_VENDOR;
    }
    if (in->vendor->suspended) {
        return FWL_NOTHING_SUSPENDED;
    }
    if (in->entry == NULL) {
        return FWL_NOTHING_NO_CLASS;
    }
    return in->fleet == NULL ? FWL_NOTHING_NO_FLEET : FWL_NOTHING_NONE;
}

enum fwl_err
fwl_decide_begin(struct fwl_decide_work *work, const struct fwl_decide_input *in)
{
    const struct fwl_facts *facts = in->facts;
    enum fwl_err err = fwl_name_class(&work->name, facts->class_name);

    work->in = in;
    work->nothing = nothing_from(in);
    work->next = 0;
    work->fits = false;
    work->newer = false;
    work->has_best = false;
    if (err != FWL_OK || in->entry == NULL) {
        return err;
    }
    if (facts->version.size != 0 && fwl_version_check(in->entry->scheme, facts->version, NULL) != FWL_OK) {
        return FWL_ERR_VERSION;
    }
    if (work->cell_count < (size_t)FWL_DECIDE_CELLS(facts->group_count, facts->label_count, facts->installed_count)) {
        return FWL_ERR_SPACE;
    }
    fwl_list_begin(&work->live, in->entry->live);
    fwl_running_begin(work);
    fwl_variables_device(work);
    fwl_rules_load(work);
    return FWL_OK;
}

static enum fwl_refusal
rollout_refusal(const struct fwl_decide_work *work, const struct fwl_rollout *rollout)
{
    struct fwl_span id = work->in->facts->id;
    bool staged = work->in->policy != NULL && fwl_rules_in_scope(work, &work->in->policy->staged);

    if (!staged || (rollout != NULL && rollout->state == FWL_ROLLOUT_DONE)) {
        return FWL_REFUSAL_NONE;
    }
    if (rollout == NULL) {
        return FWL_REFUSAL_NO_ROLLOUT;
    }
    if (rollout->state != FWL_ROLLOUT_ACTIVE) {
        return FWL_REFUSAL_ROLLOUT_STATE;
    }
    if (id.size == 0 || fwl_cel_bucket(id, rollout->salt, SHARES) >= rollout->share) {
        return FWL_REFUSAL_ROLLOUT_SHARE;
    }
    return FWL_REFUSAL_NONE;
}

/* Step 2, and the part of step 1 that depends on the permit rules. */
static enum fwl_refusal
rules_refusal(struct fwl_decide_work *work, struct fwl_candidate *out, const struct fwl_live *live,
              const struct fwl_listed *release)
{
    struct fwl_rollout found;
    const struct fwl_rollout *rollout = NULL;

    if (!out->newer && work->rollback == 0) {
        return FWL_REFUSAL_NOT_NEWER;
    }
    if (fwl_entry_find_rollout(&found, work->in->fleet, &live->id)) {
        rollout = &found;
    }
    fwl_variables_release(work, live, release, rollout);
    if (!fwl_rules_judge(work, out)) {
        return FWL_REFUSAL_COST;
    }
    if (!out->newer && (out->permits == 0 || (out->permits & ~work->rollback) != 0)) {
        return FWL_REFUSAL_NOT_NEWER; /* every true permit rule says rollback, or none counts */
    }
    if (out->permits == 0) {
        return FWL_REFUSAL_NO_PERMIT;
    }
    return out->refusing != 0 ? FWL_REFUSAL_RULE : rollout_refusal(work, rollout);
}

static enum fwl_refusal
judge(struct fwl_decide_work *work, struct fwl_candidate *out, const struct fwl_live *live,
      const struct fwl_listed *release)
{
    const struct fwl_release *record = &release->record;
    enum fwl_refusal refusal = FWL_REFUSAL_NONE;

    if (!fwl_span_equal(record->class_name, work->in->facts->class_name)) {
        return FWL_REFUSAL_CLASS;
    }
    if (!fwl_fit_hardware(record, work->in->facts)) {
        return FWL_REFUSAL_HARDWARE;
    }
    out->fits = true;
    out->newer = fwl_order_newer(work, record->version);
    if (record->extra.unknown) {
        return FWL_REFUSAL_UNKNOWN;
    }
    if (fwl_running_malicious(live, release)) {
        return FWL_REFUSAL_MALICIOUS;
    }
    if ((live->flags & FWL_LIVE_VALID) == 0 || !record->valid || release->entry.status != FWL_RELEASE_LIVE) {
        return FWL_REFUSAL_INVALID;
    }
    refusal = fwl_fit_refusal(work, record);
    return refusal != FWL_REFUSAL_NONE ? refusal : rules_refusal(work, out, live, release);
}

/* Step 3: is this one to be chosen before the best so far? */
static bool
is_better(const struct fwl_decide_work *work, const struct fwl_release *record, uint64_t rank)
{
    struct fwl_span best = fwl_span(work->best_version, work->best_version_size);

    if (!work->has_best) {
        return true;
    }
    if (work->in->policy->select == FWL_SELECT_LISTED) {
        return rank < work->best_rank; /* equal ones: the one that was published first, and releases ascend by seq */
    }
    return fwl_order_compare(work, record->version, best) >= 0;
}

static void
choose(struct fwl_decide_work *work, const struct fwl_candidate *c, const struct fwl_live *live,
       const struct fwl_release *record)
{
    /* a release without a rank comes after all that have one */
    uint64_t rank = (record->has & FWL_HAS(FWL_RELEASE_RANK)) != 0 ? record->rank : UINT64_MAX;

    if (!is_better(work, record, rank)) {
        return;
    }
    work->has_best = true;
    work->best_rank = rank;
    work->best_version_size = FWL_MIN(record->version.size, sizeof(work->best_version));
    memcpy(work->best_version, record->version.p, work->best_version_size);
    work->best = (struct fwl_decision){.kind = FWL_DECISION_INSTALL,
                                       .forced = c->forces != 0,
                                       .chosen = work->next,
                                       .release = live->id,
                                       .rules = c->permits | c->forces};
}

void
fwl_decide_release(struct fwl_decide_work *work, struct fwl_candidate *out, const struct fwl_listed *release)
{
    struct fwl_live live;
    bool listed = false;

    listed = work->in->entry != NULL && fwl_entry_next_live(&work->live, &live);
    FWL_ASSERT(listed);
    *out = (struct fwl_candidate){.refusal = FWL_REFUSAL_NOTHING};
    fwl_running_release(work, &live, release);
    if (work->nothing == FWL_NOTHING_NONE) {
        out->refusal = judge(work, out, &live, release);
        work->fits = work->fits || out->fits;
        work->newer = work->newer || (out->fits && out->newer);
        if (out->refusal == FWL_REFUSAL_NONE) {
            choose(work, out, &live, &release->record);
        }
    }
    work->next++;
}

void
fwl_decide_end(struct fwl_decide_work *work, struct fwl_decision *out)
{
    *out = (struct fwl_decision){.kind = FWL_DECISION_NOTHING, .nothing = work->nothing};
    if (work->has_best) {
        *out = work->best;
    } else if (work->nothing == FWL_NOTHING_NONE && !work->fits) {
        out->nothing = FWL_NOTHING_NO_HARDWARE;
    } else if (work->nothing == FWL_NOTHING_NONE && work->newer) {
        out->nothing = FWL_NOTHING_REFUSED;
    } else if (work->nothing == FWL_NOTHING_NONE) {
        out->kind = FWL_DECISION_CURRENT;
    }
    if (work->in->entry != NULL) {
        FWL_ASSERT(work->next == work->in->entry->live.count);
        fwl_running_end(work, out);
    }
}

enum fwl_err
fwl_decide(struct fwl_decision *out, struct fwl_candidate *candidates, struct fwl_decide_work *work,
           const struct fwl_decide_input *in, const struct fwl_listed *releases)
{
    size_t count = in->entry == NULL ? 0 : in->entry->live.count;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_decision){.kind = FWL_DECISION_NOTHING};
    for (size_t i = 0; i < count; i++) {
        work->versions[i] = releases[i].record.version;
    }
    err = fwl_decide_begin(work, in);
    for (size_t i = 0; err == FWL_OK && i < count; i++) {
        fwl_decide_release(work, &candidates[i], &releases[i]);
    }
    if (err == FWL_OK) {
        fwl_decide_end(work, out);
    }
    return err;
}
