#include "contracts/policy/variables.h"

#include "contracts/policy/order.h"
#include "core/hex.h"

#define TIME_LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static struct fwl_cel_cell
time_cell(uint64_t ms)
{
    if (ms / 1000 > (uint64_t)TIME_LAST) {
        return fwl_cel_cell_absent();
    }
    return fwl_cel_cell_timestamp((int64_t)(ms / 1000), (uint32_t)(ms % 1000) * 1000000);
}

static struct fwl_cel_cell
number_cell(uint64_t n)
{
    return n > INT64_MAX ? fwl_cel_cell_absent() : fwl_cel_cell_int((int64_t)n);
}

/* A text that was told. */
static struct fwl_cel_cell
told_cell(struct fwl_span text)
{
    return text.size == 0 ? fwl_cel_cell_absent() : fwl_cel_cell_string(text);
}

static struct fwl_cel_cell
version_cell(const struct fwl_decide_work *work, struct fwl_span version)
{
    return fwl_cel_cell_version((enum fwl_scheme)work->in->entry->scheme, version, fwl_order_place(work, version));
}

/* The version of another component: read as one of this class's scheme, an error where it is none. */
static struct fwl_cel_cell
installed_cell(const struct fwl_decide_work *work, struct fwl_span version)
{
    if (version.size == 0) {
        return (struct fwl_cel_cell){.kind = FWL_CEL_ERROR, .size = FWL_CEL_ERR_UNSET};
    }
    if (fwl_version_check(work->in->entry->scheme, version, NULL) != FWL_OK) {
        return (struct fwl_cel_cell){.kind = FWL_CEL_ERROR, .size = FWL_CEL_ERR_VERSION};
    }
    return version_cell(work, version);
}

static struct fwl_cel_cell *
take_cells(struct fwl_decide_work *work, size_t count)
{
    struct fwl_cel_cell *cells = work->cells + work->cells_used;

    FWL_ASSERT(count <= work->cell_count - work->cells_used);
    work->cells_used += count;
    return cells;
}

static void
set_lists(struct fwl_decide_work *work, const struct fwl_facts *facts)
{
    struct fwl_cel_cell *slots = work->slots;
    struct fwl_cel_cell *cells = NULL;

    if (facts->groups != NULL) {
        cells = take_cells(work, facts->group_count);
        for (size_t i = 0; i < facts->group_count; i++) {
            cells[i] = fwl_cel_cell_string(facts->groups[i]);
        }
        slots[FWL_CEL_SLOT_DEVICE_GROUPS] = fwl_cel_cell_list(cells, facts->group_count);
    }
    if (facts->labels != NULL) {
        cells = take_cells(work, 2 * facts->label_count);
        for (size_t i = 0; i < facts->label_count; i++) {
            cells[2 * i] = fwl_cel_cell_string(facts->labels[i].key);
            cells[2 * i + 1] = fwl_cel_cell_string(facts->labels[i].value);
        }
        slots[FWL_CEL_SLOT_DEVICE_LABELS] = fwl_cel_cell_map(cells, facts->label_count);
    }
    if (facts->installed != NULL) {
        cells = take_cells(work, 2 * facts->installed_count);
        for (size_t i = 0; i < facts->installed_count; i++) {
            cells[2 * i] = fwl_cel_cell_string(facts->installed[i].name);
            cells[2 * i + 1] = installed_cell(work, facts->installed[i].version);
        }
        slots[FWL_CEL_SLOT_DEVICE_INSTALLED] = fwl_cel_cell_map(cells, facts->installed_count);
    }
}

static struct fwl_cel_cell
param_cell(const struct fwl_param *param)
{
    switch ((enum fwl_param_kind)param->kind) {
    case FWL_PARAM_INT: return fwl_cel_cell_int(param->number);
    case FWL_PARAM_TEXT: return fwl_cel_cell_string(param->text);
    case FWL_PARAM_BOOL: return fwl_cel_cell_bool(param->number != 0);
    case FWL_PARAM_DURATION: return fwl_cel_cell_duration(param->number);
    case FWL_PARAM_TIMESTAMP:
        if (param->number >= 0) {
            return time_cell((uint64_t)param->number > UINT64_MAX / 1000 ? UINT64_MAX : (uint64_t)param->number * 1000);
        }
        break;
    }
    return fwl_cel_cell_absent();
}

static void
set_params(struct fwl_cel_cell *slots, const struct fwl_policy_entry *policy)
{
    struct fwl_reader it;
    struct fwl_param param;
    size_t slot = FWL_CEL_SLOT_PARAMS;

    if (policy == NULL) {
        return;
    }
    for (fwl_list_begin(&it, policy->params); slot < FWL_CEL_SLOTS && fwl_policy_next_param(&it, &param);) {
        slots[slot++] = param_cell(&param);
    }
}

void
fwl_variables_device(struct fwl_decide_work *work)
{
    const struct fwl_facts *facts = work->in->facts;
    struct fwl_cel_cell *slots = work->slots;

    memset(slots, 0, sizeof(work->slots));
    slots[FWL_CEL_SLOT_NOW] = time_cell(work->in->now_ms);
    slots[FWL_CEL_SLOT_DEVICE_ID] = told_cell(facts->id);
    slots[FWL_CEL_SLOT_DEVICE_VENDOR] = told_cell(facts->maker);
    slots[FWL_CEL_SLOT_DEVICE_HARDWARE] = told_cell(facts->model);
    slots[FWL_CEL_SLOT_DEVICE_REGION] = told_cell(facts->region);
    slots[FWL_CEL_SLOT_DEVICE_UTC_OFFSET] = told_cell(facts->utc_offset);
    if (facts->version.size != 0) {
        slots[FWL_CEL_SLOT_DEVICE_VERSION] = version_cell(work, facts->version);
    }
    if (facts->has_revision) {
        slots[FWL_CEL_SLOT_DEVICE_REVISION] = fwl_cel_cell_int(facts->revision);
    }
    if (facts->has_battery) {
        slots[FWL_CEL_SLOT_DEVICE_BATTERY] = fwl_cel_cell_int(facts->battery);
    }
    if (facts->has_uptime) {
        slots[FWL_CEL_SLOT_DEVICE_UPTIME] = fwl_cel_cell_duration(facts->uptime_s * 1000000000);
    }
    work->cells_used = FWL_DECIDE_RELEASE_CELLS;
    set_lists(work, facts);
    set_params(slots, work->in->policy);
}

static struct fwl_span
severity_name(const struct fwl_release *record)
{
    if ((record->has & FWL_HAS(FWL_RELEASE_SEVERITY)) == 0 || record->severity == FWL_SEVERITY_NORMAL) {
        return fwl_span_text("normal");
    }
    return fwl_span_text(record->severity == FWL_SEVERITY_SECURITY ? "security" : "critical");
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
    struct fwl_span key;
    struct fwl_span value;
    struct fwl_advisory advisory;
    struct fwl_attestation attestation;
    size_t n = 0;

    for (fwl_list_begin(&it, release->record.labels); n < FWL_LABELS_MAX && fwl_list_next_pair(&it, &key, &value);
         n++) {
        labels[2 * n] = fwl_cel_cell_string(key);
        labels[2 * n + 1] = fwl_cel_cell_string(value);
    }
    work->slots[FWL_CEL_SLOT_RELEASE_LABELS] = fwl_cel_cell_map(labels, n);
    n = 0;
    for (fwl_list_begin(&it, work->in->entry->advisories);
         n < FWL_CLASS_ADVISORIES_MAX && fwl_entry_next_advisory(&it, &advisory);) {
        if (fwl_order_within(work, &advisory.range, release->record.version)) {
            advisories[n++] = fwl_cel_cell_string(advisory.id);
        }
    }
    work->slots[FWL_CEL_SLOT_RELEASE_ADVISORIES] = fwl_cel_cell_list(advisories, n);
    n = 0;
    if (rollout != NULL) {
        for (fwl_list_begin(&it, rollout->approvals); n < FWL_POLICY_APPROVERS_MAX && fwl_list_next_text(&it, &key);
             n++) {
            approvals[n] = fwl_cel_cell_string(key);
        }
    }
    work->slots[FWL_CEL_SLOT_RELEASE_APPROVALS] = fwl_cel_cell_list(approvals, n);
    n = 0;
    for (fwl_list_begin(&it, release->entry.attestations);
         n < FWL_DECIDE_BUILDERS && fwl_entry_next_attestation(&it, &attestation);) {
        if (fwl_digest_equal(&attestation.digest, &release->record.digest)) {
            builders[n++] = fwl_cel_cell_string(attestation.builder);
        }
    }
    work->slots[FWL_CEL_SLOT_RELEASE_ATTESTED_BY] = fwl_cel_cell_list(builders, n);
}

void
fwl_variables_counters(struct fwl_cel_cell *slots, const struct fwl_counters *counters)
{
    slots[FWL_CEL_SLOT_ROLLOUT_ATTEMPTED] = number_cell(counters->attempted);
    slots[FWL_CEL_SLOT_ROLLOUT_SUCCEEDED] = number_cell(counters->succeeded);
    slots[FWL_CEL_SLOT_ROLLOUT_FAILED] = number_cell(counters->failed);
}

/* Sums over the trackers of the policy; absent when a sum is no int. */
static void
set_sums(struct fwl_decide_work *work, const struct fwl_rollout *rollout)
{
    struct fwl_reader it;
    struct fwl_report report;
    struct fwl_counters sum = {0};
    bool fits = true;

    for (fwl_list_begin(&it, rollout->reports); fwl_entry_next_report(&it, &report);) {
        if (work->in->policy != NULL && fwl_list_has_text(work->in->policy->trackers.of, report.tracker)) {
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

static void
set_rollout(struct fwl_cel_cell *slots, const struct fwl_rollout *rollout, struct fwl_span id)
{
    for (size_t slot = FWL_CEL_SLOT_ROLLOUT_ID; slot <= FWL_CEL_SLOT_ROLLOUT_FAILED; slot++) {
        slots[slot] = fwl_cel_cell_absent();
    }
    if (rollout != NULL) {
        slots[FWL_CEL_SLOT_ROLLOUT_ID] = fwl_cel_cell_string(id);
        slots[FWL_CEL_SLOT_ROLLOUT_SALT] = fwl_cel_cell_string(rollout->salt);
        slots[FWL_CEL_SLOT_ROLLOUT_STARTED] = time_cell(rollout->started_ms);
        slots[FWL_CEL_SLOT_ROLLOUT_PERCENT] = fwl_cel_cell_int((int64_t)(rollout->share / 100));
    }
}

void
fwl_variables_rollout(struct fwl_cel_cell *slots, char release_id[65], const struct fwl_policy_entry *policy,
                      const struct fwl_rollout *rollout, uint64_t now_ms)
{
    memset(slots, 0, FWL_CEL_SLOTS * sizeof(*slots));
    fwl_hex_encode(release_id, 65, fwl_hash32_span(&rollout->release));
    slots[FWL_CEL_SLOT_NOW] = time_cell(now_ms);
    set_params(slots, policy);
    set_rollout(slots, rollout, fwl_span(release_id, 64));
}

void
fwl_variables_release(struct fwl_decide_work *work, const struct fwl_live *live, const struct fwl_listed *release,
                      const struct fwl_rollout *rollout)
{
    const struct fwl_release *record = &release->record;
    struct fwl_cel_cell *slots = work->slots;

    fwl_hex_encode(work->release_id, sizeof(work->release_id), fwl_hash32_span(&live->id));
    slots[FWL_CEL_SLOT_RELEASE_ID] = fwl_cel_cell_string(fwl_span(work->release_id, 64));
    slots[FWL_CEL_SLOT_RELEASE_SEVERITY] = fwl_cel_cell_string(severity_name(record));
    slots[FWL_CEL_SLOT_RELEASE_CHANNEL] = fwl_cel_cell_string(record->channel);
    slots[FWL_CEL_SLOT_RELEASE_VERSION] = version_cell(work, record->version);
    slots[FWL_CEL_SLOT_RELEASE_SIZE] = number_cell(record->size);
    slots[FWL_CEL_SLOT_RELEASE_DIGEST] = fwl_cel_cell_bytes(record->digest.bytes);
    slots[FWL_CEL_SLOT_RELEASE_PUBLISHED] = time_cell(release->entry.published_ms);
    slots[FWL_CEL_SLOT_RELEASE_CHANGED] = time_cell(release->entry.changed_ms);
    slots[FWL_CEL_SLOT_RELEASE_SECURITY_COUNTER] = number_cell(record->counter);
    set_release_lists(work, release, rollout);
    set_rollout(slots, rollout, fwl_span(work->release_id, 64));
    if (rollout != NULL) {
        set_sums(work, rollout);
    }
}
