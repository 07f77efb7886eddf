/* The items of the lists in entries: readers, writers, iterators. */
#include "ledger/model/entry.h"
#include "ledger/model/name.h"

static void
read_live(struct fwl_reader *r, struct fwl_live *out)
{
    fwl_cbor_array_exact(r, 4);
    fwl_cbor_bytes_exact(r, out->id.b, 32);
    out->seq = fwl_cbor_uint(r);
    out->flags = fwl_cbor_uint_max(r, FWL_LIVE_VALID | FWL_LIVE_MALICIOUS);
    fwl_cbor_bytes_exact(r, out->value.b, 32);
}

void
fwl_entry_put_live(struct fwl_writer *w, const struct fwl_live *live)
{
    fwl_cbor_put_array(w, 4);
    fwl_cbor_put_bytes(w, fwl_hash32_span(&live->id));
    fwl_cbor_put_uint(w, live->seq);
    fwl_cbor_put_uint(w, live->flags);
    fwl_cbor_put_bytes(w, fwl_hash32_span(&live->value));
}

static void
read_departed(struct fwl_reader *r, struct fwl_departed *out)
{
    fwl_cbor_array_exact(r, 2);
    out->version = fwl_form_text(r, 1, FWL_VERSION_BYTES_MAX);
    out->why = fwl_form_uint(r, 1, 2);
}

void
fwl_entry_put_departed(struct fwl_writer *w, const struct fwl_departed *departed)
{
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_text(w, departed->version);
    fwl_cbor_put_uint(w, departed->why);
}

static void
read_advisory(struct fwl_reader *r, struct fwl_advisory *out)
{
    fwl_cbor_array_exact(r, 5);
    out->id = fwl_form_text(r, 1, FWL_ADVISORY_ID_MAX);
    out->range.min = fwl_form_version(r);
    out->range.max = fwl_form_version(r);
    out->severity = fwl_form_uint(r, FWL_SEVERITY_NORMAL, FWL_SEVERITY_CRITICAL);
    out->issuer = fwl_form_name(r, FWL_PARTICIPANT_ID_MAX, fwl_name_participant);
}

void
fwl_entry_put_advisory(struct fwl_writer *w, const struct fwl_advisory *advisory)
{
    fwl_cbor_put_array(w, 5);
    fwl_cbor_put_text(w, advisory->id);
    fwl_form_put_version(w, advisory->range.min);
    fwl_form_put_version(w, advisory->range.max);
    fwl_cbor_put_uint(w, advisory->severity);
    fwl_cbor_put_text(w, advisory->issuer);
}

static void
read_report(struct fwl_reader *r, struct fwl_report *out)
{
    fwl_cbor_array_exact(r, 6);
    out->tracker = fwl_form_name(r, FWL_PARTICIPANT_ID_MAX, fwl_name_participant);
    out->stage = fwl_cbor_uint_max(r, FWL_POLICY_STAGES_MAX - 1);
    out->counters.attempted = fwl_cbor_uint(r);
    out->counters.succeeded = fwl_cbor_uint(r);
    out->counters.failed = fwl_cbor_uint(r);
    fwl_cbor_bytes_exact(r, out->root.b, 32);
}

void
fwl_entry_put_report(struct fwl_writer *w, const struct fwl_report *report)
{
    fwl_cbor_put_array(w, 6);
    fwl_cbor_put_text(w, report->tracker);
    fwl_cbor_put_uint(w, report->stage);
    fwl_cbor_put_uint(w, report->counters.attempted);
    fwl_cbor_put_uint(w, report->counters.succeeded);
    fwl_cbor_put_uint(w, report->counters.failed);
    fwl_cbor_put_bytes(w, fwl_hash32_span(&report->root));
}

static void
read_attestation(struct fwl_reader *r, struct fwl_attestation *out)
{
    fwl_cbor_array_exact(r, 2);
    out->builder = fwl_form_name(r, FWL_PARTICIPANT_ID_MAX, fwl_name_participant);
    fwl_digest_read(r, &out->digest);
}

void
fwl_entry_put_attestation(struct fwl_writer *w, const struct fwl_attestation *attestation)
{
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_text(w, attestation->builder);
    fwl_digest_put(w, &attestation->digest);
}

static void
read_verdict(struct fwl_reader *r, struct fwl_verdict *out)
{
    fwl_cbor_array_exact(r, 3);
    out->scanner = fwl_form_name(r, FWL_PARTICIPANT_ID_MAX, fwl_name_participant);
    out->verdict = fwl_form_uint(r, 1, 2);
    out->engine = fwl_form_text(r, 1, FWL_ENGINE_MAX);
}

void
fwl_entry_put_verdict(struct fwl_writer *w, const struct fwl_verdict *verdict)
{
    fwl_cbor_put_array(w, 3);
    fwl_cbor_put_text(w, verdict->scanner);
    fwl_cbor_put_uint(w, verdict->verdict);
    fwl_cbor_put_text(w, verdict->engine);
}

static void
item_report(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_report report;

    (void)order;
    read_report(r, &report);
}

static const struct fwl_form_field rollout_fields[] = {
    FWL_F_HASH(1, false, struct fwl_rollout, release, "rollout.release"),
    FWL_F_UINT(2, false, struct fwl_rollout, stage, 0, FWL_POLICY_STAGES_MAX - 1, "rollout.stage"),
    FWL_F_UINT(3, false, struct fwl_rollout, share, 0, 10000, "rollout.share"),
    FWL_F_TEXT(4, false, struct fwl_rollout, salt, 1, FWL_ROLLOUT_SALT_MAX, "rollout.salt"),
    FWL_F_UINT(5, false, struct fwl_rollout, started_ms, 0, UINT64_MAX, "rollout.started"),
    FWL_F_UINT(6, false, struct fwl_rollout, entered_ms, 0, UINT64_MAX, "rollout.entered"),
    FWL_F_UINT(7, false, struct fwl_rollout, state, FWL_ROLLOUT_ACTIVE, FWL_ROLLOUT_DONE, "rollout.state"),
    FWL_F_NAME(8, false, struct fwl_rollout, template_name, FWL_RULE_NAME_MAX, fwl_name_participant,
               "rollout.template"),
    FWL_F_LIST(9, false, struct fwl_rollout, reports, 0, FWL_POLICY_TRACKERS_MAX, item_report, "rollout.reports"),
    FWL_F_LIST(10, false, struct fwl_rollout, approvals, 0, FWL_POLICY_APPROVERS_MAX, fwl_form_item_participant,
               "rollout.approvals"),
    FWL_F_TEXT(11, true, struct fwl_rollout, reason, 0, FWL_REASON_MAX, "rollout.reason"),
};

static void
read_rollout(struct fwl_reader *r, struct fwl_rollout *out)
{
    fwl_form_read(r, out, &out->has, rollout_fields, FWL_COUNT(rollout_fields));
}

void
fwl_entry_put_rollout(struct fwl_writer *w, const struct fwl_rollout *rollout)
{
    fwl_form_put(w, rollout, rollout->has, rollout_fields, FWL_COUNT(rollout_fields), (struct fwl_list){0});
}

#define NEXT(name)                                                                                                     \
    bool fwl_entry_next_##name(struct fwl_reader *it, struct fwl_##name *out)                                          \
    {                                                                                                                  \
        bool more = it->left != 0;                                                                                     \
                                                                                                                       \
        memset(out, 0, sizeof(*out));                                                                                  \
        if (more) {                                                                                                    \
            read_##name(it, out);                                                                                      \
        }                                                                                                              \
        return more && fwl_reader_ok(it);                                                                              \
    }

NEXT(live)
NEXT(departed)
NEXT(advisory)
NEXT(rollout)
NEXT(report)
NEXT(attestation)
NEXT(verdict)
