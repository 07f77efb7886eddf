#include "contracts/policy/fit.h"

#include "contracts/policy/order.h"
#include "contracts/policy/relations.h"

enum { /* keys of a condition */
       CONDITION_MODELS = 1,
       CONDITION_MAKERS = 2,
       CONDITION_REVISION = 3,
};

/* Was @text told, and is it in the list? */
static FWL_NOINLINE bool
in_list(const struct fwl_list *list, struct fwl_span text)
{
    return text.size != 0 && fwl_list_has_text(*list, text);
}

static bool
condition_matches(const struct fwl_condition *condition, const struct fwl_facts *facts)
{
    if ((condition->has & FWL_HAS(CONDITION_MODELS)) != 0 && !in_list(&condition->models, facts->model)) {
        return false;
    }
    if ((condition->has & FWL_HAS(CONDITION_MAKERS)) != 0 && !in_list(&condition->makers, facts->maker)) {
        return false;
    }
    if ((condition->has & FWL_HAS(CONDITION_REVISION)) == 0) {
        return true;
    }
    return facts->has_revision && (!condition->revision.has_min || facts->revision >= condition->revision.min) &&
           (!condition->revision.has_max || facts->revision <= condition->revision.max);
}

bool
fwl_fit_hardware(const struct fwl_release *record, const struct fwl_facts *facts)
{
    struct fwl_reader it;
    struct fwl_condition condition;

    if ((record->has & FWL_HAS(FWL_RELEASE_HARDWARE)) == 0) {
        return true;
    }
    for (fwl_list_begin(&it, record->hardware); fwl_release_next_condition(&it, &condition);) {
        if (condition_matches(&condition, facts)) {
            return true;
        }
    }
    return false;
}

/* The floor counts until the governors raise the vendor's floor epoch above the one it was set in. */
static bool
below_floor(const struct fwl_decide_work *work, const struct fwl_release *record)
{
    const struct fwl_floor *floor = fwl_facts_floor(work->in->facts, work->name.component);

    return floor != NULL && floor->epoch >= work->in->vendor->floor_epoch && record->counter < floor->counter;
}

enum fwl_refusal
fwl_fit_refusal(const struct fwl_decide_work *work, const struct fwl_release *record)
{
    const struct fwl_facts *facts = work->in->facts;
    const struct fwl_relations rel = {
        .facts = facts,
        .self = {.name = work->name.component,
                 .version = record->version,
                 .provides = record->provides,
                 .conflicts = record->conflicts,
                 .dependencies = record->dependencies},
        .scheme = (record->has & FWL_HAS(FWL_RELEASE_SCHEME)) != 0 ? record->scheme : work->in->entry->scheme};

    if ((record->has & FWL_HAS(FWL_RELEASE_REGIONS)) != 0 && !in_list(&record->regions, facts->region)) {
        return FWL_REFUSAL_REGION;
    }
    if ((record->has & FWL_HAS(FWL_RELEASE_WINDOW)) != 0 && !fwl_order_within(work, &record->window, facts->version)) {
        return FWL_REFUSAL_WINDOW;
    }
    if (!fwl_relations_depend(&rel)) {
        return FWL_REFUSAL_DEPENDENCY;
    }
    if (fwl_relations_conflict(&rel)) {
        return FWL_REFUSAL_CONFLICT;
    }
    if (fwl_relations_break(&rel)) {
        return FWL_REFUSAL_BREAKS;
    }
    return below_floor(work, record) ? FWL_REFUSAL_FLOOR : FWL_REFUSAL_NONE;
}
