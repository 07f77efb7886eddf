#include "contracts/policy/running.h"

#include "contracts/policy/order.h"

static void
note(struct fwl_decide_work *work, struct fwl_span version, enum fwl_running what)
{
    struct fwl_span running = work->in->facts->version;

    if (running.size == 0) {
        return;
    }
    if (fwl_span_equal(running, version)) {
        work->seen_exact |= 1U << what;
    } else if (fwl_order_compare(work, running, version) == 0) {
        work->seen_equal |= 1U << what;
    }
}

void
fwl_running_begin(struct fwl_decide_work *work)
{
    struct fwl_reader it;
    struct fwl_departed departed;

    work->seen_exact = 0;
    work->seen_equal = 0;
    for (fwl_list_begin(&it, work->in->entry->departed); fwl_entry_next_departed(&it, &departed);) {
        note(work, departed.version, departed.why == 2 ? FWL_RUNNING_MALICIOUS : FWL_RUNNING_WITHDRAWN);
    }
}

bool
fwl_running_malicious(const struct fwl_live *live, const struct fwl_listed *release)
{
    return (live->flags & FWL_LIVE_MALICIOUS) != 0 || release->entry.status == FWL_RELEASE_MALICIOUS;
}

void
fwl_running_release(struct fwl_decide_work *work, const struct fwl_live *live, const struct fwl_listed *release)
{
    note(work, release->record.version,
         fwl_running_malicious(live, release) ? FWL_RUNNING_MALICIOUS : FWL_RUNNING_LIVE);
}

void
fwl_running_end(const struct fwl_decide_work *work, struct fwl_decision *out)
{
    unsigned seen = work->seen_exact != 0 ? work->seen_exact : work->seen_equal;
    struct fwl_reader it;
    struct fwl_advisory advisory;
    unsigned i = 0;

    if (work->in->facts->version.size == 0) {
        return;
    }
    for (fwl_list_begin(&it, work->in->entry->advisories);
         i < FWL_CLASS_ADVISORIES_MAX && fwl_entry_next_advisory(&it, &advisory); i++) {
        if (fwl_order_within(work, &advisory.range, work->in->facts->version)) {
            out->advisories |= (uint16_t)(1U << i);
        }
    }
    if (out->advisories != 0) {
        seen |= 1U << FWL_RUNNING_VULNERABLE;
    }
    for (unsigned what = FWL_RUNNING_LIVE; what <= FWL_RUNNING_MALICIOUS; what++) {
        if ((seen >> what & 1) != 0) {
            out->running = (enum fwl_running)what;
        }
    }
}
