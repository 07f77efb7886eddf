#include "contracts/policy/variables.h"

#include "contracts/policy/order.h"
#include "core/hex.h"

#define TIME_LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static void
set_time(struct fwl_cel_cell *at, uint64_t ms)
{
    uint32_t rest = (uint32_t)fwl_divide(&ms, 1000);

    fwl_cel_set_time(at, (int64_t)ms, rest * 1000000);
    if (ms > (uint64_t)TIME_LAST) {
        fwl_cel_set(at, FWL_CEL_ABSENT, 0);
    }
}

static void
set_number(struct fwl_cel_cell *at, uint64_t n)
{
    fwl_cel_set(at, n > INT64_MAX ? FWL_CEL_ABSENT : FWL_CEL_INT, (int64_t)n);
}

static void
set_text(struct fwl_cel_cell *at, struct fwl_span text)
{
    fwl_cel_set_view(at, FWL_CEL_STRING, text);
}

/* A text that was told. */
static void
set_told(struct fwl_cel_cell *at, struct fwl_span text)
{
    fwl_cel_set_view(at, text.size == 0 ? FWL_CEL_ABSENT : FWL_CEL_STRING, text);
}

static void
set_version(struct fwl_cel_cell *at, const struct fwl_decide_work *work, struct fwl_span version)
{
    fwl_cel_set_version(at, work->in->entry->scheme, version, fwl_order_place(work, version));
}

/* The version of another component: read as one of this class's scheme, an error where it is none. */
static void
set_installed(struct fwl_cel_cell *at, const struct fwl_decide_work *work, struct fwl_span version)
{
    set_version(at, work, version);
    if (fwl_version_check(work->in->entry->scheme, version, NULL) != FWL_OK) {
        fwl_cel_set(at, FWL_CEL_ERROR, 0);
        at->size = version.size == 0 ? FWL_CEL_ERR_UNSET : FWL_CEL_ERR_VERSION;
    }
}

/* The variable @slot becomes a list of @count cells, or a map of so many pairs, that lie at the end of those in use. */
static FWL_NOINLINE struct fwl_cel_cell *
take_cells(struct fwl_decide_work *work, enum fwl_cel_slot slot, enum fwl_cel_kind kind, size_t count)
{
    struct fwl_cel_cell *cells = work->cells + work->cells_used;

    fwl_cel_set_view(&work->slots[slot], kind, fwl_span(cells, count));
    count = kind == FWL_CEL_MAP ? 2 * count : count;
    FWL_DCHECK(count <= work->cell_count - work->cells_used); /* fwl_decide_begin saw to it */
    work->cells_used += count;
    return cells;
}

static void
set_lists(struct fwl_decide_work *work, const struct fwl_facts *facts)
{
    struct fwl_cel_cell *cells = NULL;

    if (facts->groups != NULL) {
        cells = take_cells(work, FWL_CEL_SLOT_DEVICE_GROUPS, FWL_CEL_LIST, facts->group_count);
        for (size_t i = 0; i < facts->group_count; i++) {
            set_text(cells++, facts->groups[i]);
        }
    }
    if (facts->labels != NULL) {
        cells = take_cells(work, FWL_CEL_SLOT_DEVICE_LABELS, FWL_CEL_MAP, facts->label_count);
        for (size_t i = 0; i < facts->label_count; i++) {
            set_text(cells++, facts->labels[i].key);
            set_text(cells++, facts->labels[i].value);
        }
    }
    if (facts->installed != NULL) {
        cells = take_cells(work, FWL_CEL_SLOT_DEVICE_INSTALLED, FWL_CEL_MAP, facts->installed_count);
        for (size_t i = 0; i < facts->installed_count; i++) {
            set_text(cells++, facts->installed[i].name);
            set_installed(cells++, work, facts->installed[i].version);
        }
    }
}

static void
set_param(struct fwl_cel_cell *at, const struct fwl_param *param)
{
    static const uint8_t kinds[] = {[FWL_PARAM_INT] = FWL_CEL_INT,
                                    [FWL_PARAM_BOOL] = FWL_CEL_BOOL,
                                    [FWL_PARAM_DURATION] = FWL_CEL_DURATION,
                                    [FWL_PARAM_TIMESTAMP] = FWL_CEL_TIMESTAMP,
                                    [FWL_PARAM_TEXT] = FWL_CEL_STRING};

    if (param->kind == FWL_PARAM_TEXT) {
        set_text(at, param->text);
    } else if (param->kind != FWL_PARAM_TIMESTAMP || (param->number >= 0 && param->number <= TIME_LAST)) {
        fwl_cel_set(at, (enum fwl_cel_kind)kinds[param->kind], param->number);
    }
}

static FWL_NOINLINE void
set_params(struct fwl_cel_cell *slots, const struct fwl_policy_entry *policy)
{
    struct fwl_reader it;
    struct fwl_param param;
    size_t slot = FWL_CEL_SLOT_PARAMS;

    if (policy == NULL) {
        return;
    }
    for (fwl_list_begin(&it, policy->params); slot < FWL_CEL_SLOTS && fwl_policy_next_param(&it, &param);) {
        set_param(&slots[slot++], &param);
    }
}

void
fwl_variables_device(struct fwl_decide_work *work)
{
    const struct fwl_facts *facts = work->in->facts;
    struct fwl_cel_cell *slots = work->slots;

    memset(slots, 0, sizeof(work->slots));
    set_time(&slots[FWL_CEL_SLOT_NOW], work->in->now_ms);
    set_told(&slots[FWL_CEL_SLOT_DEVICE_ID], facts->id);
    set_told(&slots[FWL_CEL_SLOT_DEVICE_VENDOR], facts->maker);
    set_told(&slots[FWL_CEL_SLOT_DEVICE_HARDWARE], facts->model);
    set_told(&slots[FWL_CEL_SLOT_DEVICE_REGION], facts->region);
    set_told(&slots[FWL_CEL_SLOT_DEVICE_UTC_OFFSET], facts->utc_offset);
    if (facts->version.size != 0) {
        set_version(&slots[FWL_CEL_SLOT_DEVICE_VERSION], work, facts->version);
    }
    if (facts->has_revision) {
        fwl_cel_set(&slots[FWL_CEL_SLOT_DEVICE_REVISION], FWL_CEL_INT, facts->revision);
    }
    if (facts->has_battery) {
        fwl_cel_set(&slots[FWL_CEL_SLOT_DEVICE_BATTERY], FWL_CEL_INT, facts->battery);
    }
    if (facts->has_uptime) {
        fwl_cel_set(&slots[FWL_CEL_SLOT_DEVICE_UPTIME], FWL_CEL_DURATION, facts->uptime_s * 1000000000);
    }
    work->cells_used = FWL_DECIDE_RELEASE_CELLS;
    set_lists(work, facts);
    set_params(slots, work->in->policy);
}

static const char *
severity_name(const struct fwl_release *record)
{
    uint64_t severity = (record->has & FWL_HAS(FWL_RELEASE_SEVERITY)) != 0 ? record->severity : FWL_SEVERITY_NORMAL;

    return severity == FWL_SEVERITY_NORMAL ? "normal" : severity == FWL_SEVERITY_SECURITY ? "security" : "critical";
}

/* The texts of @list, at most @max; of a map of texts the keys and values in turn. */
static size_t
set_texts(struct fwl_cel_cell *cells, struct fwl_list list, size_t max)
{
    struct fwl_reader it;
    struct fwl_span text;
    size_t n = 0;

    for (fwl_list_begin(&it, list); n < max && fwl_list_next_text(&it, &text); n++) {
        set_text(&cells[n], text);
    }
    return n;
}

/* Lists of one release; each has its fixed place at the start of work->cells. */
static void
set_release_lists(struct fwl_decide_work *work, const struct fwl_listed *release, const struct fwl_rollout *rollout)
{
    struct fwl_cel_cell *labels = work->cells;
    struct fwl_cel_cell *advisories = labels + 2 * (size_t)FWL_LABELS_MAX;
    struct fwl_cel_cell *approvals = advisories + FWL_CLASS_ADVISORIES_MAX;
    struct fwl_cel_cell *builders = approvals + FWL_POLICY_APPROVERS_MAX;
    struct fwl_reader it;
    struct fwl_advisory advisory;
    struct fwl_attestation attestation;
    size_t n = set_texts(labels, release->record.labels, 2 * (size_t)FWL_LABELS_MAX);

    fwl_cel_set_view(&work->slots[FWL_CEL_SLOT_RELEASE_LABELS], FWL_CEL_MAP, fwl_span(labels, n / 2));
    n = rollout == NULL ? 0 : set_texts(approvals, rollout->approvals, FWL_POLICY_APPROVERS_MAX);
    fwl_cel_set_view(&work->slots[FWL_CEL_SLOT_RELEASE_APPROVALS], FWL_CEL_LIST, fwl_span(approvals, n));
    n = 0;
    for (fwl_list_begin(&it, work->in->entry->advisories);
         n < FWL_CLASS_ADVISORIES_MAX && fwl_entry_next_advisory(&it, &advisory);) {
        if (fwl_order_within(work, &advisory.range, release->record.version)) {
            set_text(&advisories[n++], advisory.id);
        }
    }
    fwl_cel_set_view(&work->slots[FWL_CEL_SLOT_RELEASE_ADVISORIES], FWL_CEL_LIST, fwl_span(advisories, n));
    n = 0;
    for (fwl_list_begin(&it, release->entry.attestations);
         n < FWL_DECIDE_BUILDERS && fwl_entry_next_attestation(&it, &attestation);) {
        if (fwl_digest_equal(&attestation.digest, &release->record.digest)) {
            set_text(&builders[n++], attestation.builder);
        }
    }
    fwl_cel_set_view(&work->slots[FWL_CEL_SLOT_RELEASE_ATTESTED_BY], FWL_CEL_LIST, fwl_span(builders, n));
}

void
fwl_variables_counters(struct fwl_cel_cell *slots, const struct fwl_counters *counters)
{
    set_number(&slots[FWL_CEL_SLOT_ROLLOUT_ATTEMPTED], counters->attempted);
    set_number(&slots[FWL_CEL_SLOT_ROLLOUT_SUCCEEDED], counters->succeeded);
    set_number(&slots[FWL_CEL_SLOT_ROLLOUT_FAILED], counters->failed);
}

/* Sums over the trackers of the policy, of the stage under way: counters begin anew with each; absent when a sum is no
 * int. */
static void
set_sums(struct fwl_decide_work *work, const struct fwl_rollout *rollout)
{
    struct fwl_reader it;
    struct fwl_report report;
    struct fwl_counters sum = {0};
    bool fits = true;

    for (fwl_list_begin(&it, rollout->reports); fwl_entry_next_report(&it, &report);) {
        if (work->in->policy != NULL && report.stage == rollout->stage &&
            fwl_list_has_text(work->in->policy->trackers.of, report.tracker)) {
            fits = fits && fwl_add_u64(&sum.attempted, sum.attempted, report.counters.attempted) &&
                   fwl_add_u64(&sum.succeeded, sum.succeeded, report.counters.succeeded) &&
                   fwl_add_u64(&sum.failed, sum.failed, report.counters.failed);
        }
    }
    if (!fits) {
        sum = (struct fwl_counters){UINT64_MAX, UINT64_MAX, UINT64_MAX};
    }
    fwl_variables_counters(work->slots, &sum);
}

/* @rollout NULL: the variables are absent. */
static void
set_rollout(struct fwl_cel_cell *slots, const struct fwl_rollout *rollout, char release_id[65])
{
    memset(&slots[FWL_CEL_SLOT_ROLLOUT_ID], 0,
           (FWL_CEL_SLOT_ROLLOUT_FAILED - FWL_CEL_SLOT_ROLLOUT_ID + 1) * sizeof(*slots));
    if (rollout != NULL) {
        set_text(&slots[FWL_CEL_SLOT_ROLLOUT_ID], fwl_span(release_id, 64));
        set_text(&slots[FWL_CEL_SLOT_ROLLOUT_SALT], rollout->salt);
        set_time(&slots[FWL_CEL_SLOT_ROLLOUT_STARTED], rollout->started_ms);
        set_number(&slots[FWL_CEL_SLOT_ROLLOUT_PERCENT], (uint32_t)rollout->share / 100);
    }
}

void
fwl_variables_rollout(struct fwl_cel_cell *slots, char release_id[65], const struct fwl_policy_entry *policy,
                      const struct fwl_rollout *rollout, uint64_t now_ms)
{
    memset(slots, 0, FWL_CEL_SLOTS * sizeof(*slots));
    fwl_hex_encode(release_id, 65, fwl_hash32_span(&rollout->release));
    set_time(&slots[FWL_CEL_SLOT_NOW], now_ms);
    set_params(slots, policy);
    set_rollout(slots, rollout, release_id);
}

void
fwl_variables_release(struct fwl_decide_work *work, const struct fwl_live *live, const struct fwl_listed *release,
                      const struct fwl_rollout *rollout)
{
    const struct fwl_release *record = &release->record;
    struct fwl_cel_cell *slots = work->slots;

    fwl_hex_encode(work->release_id, sizeof(work->release_id), fwl_hash32_span(&live->id));
    set_text(&slots[FWL_CEL_SLOT_RELEASE_ID], fwl_span(work->release_id, 64));
    set_text(&slots[FWL_CEL_SLOT_RELEASE_SEVERITY], fwl_span_text(severity_name(record)));
    set_text(&slots[FWL_CEL_SLOT_RELEASE_CHANNEL], record->channel);
    set_version(&slots[FWL_CEL_SLOT_RELEASE_VERSION], work, record->version);
    set_number(&slots[FWL_CEL_SLOT_RELEASE_SIZE], record->size);
    fwl_cel_set_view(&slots[FWL_CEL_SLOT_RELEASE_DIGEST], FWL_CEL_BYTES, record->digest.bytes);
    set_time(&slots[FWL_CEL_SLOT_RELEASE_PUBLISHED], release->entry.published_ms);
    set_time(&slots[FWL_CEL_SLOT_RELEASE_CHANGED], release->entry.changed_ms);
    set_number(&slots[FWL_CEL_SLOT_RELEASE_SECURITY_COUNTER], record->counter);
    set_release_lists(work, release, rollout);
    set_rollout(slots, rollout, work->release_id);
    if (rollout != NULL) {
        set_sums(work, rollout);
    }
}
