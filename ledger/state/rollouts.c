/* rollout.start, .pause, .resume, .cancel, .forget, .approve, .advance and progress.report (docs/spec/ledger.md
 * "Rollouts"). */
#include "core/hex.h"
#include "ledger/state/work.h"

enum {
    ALL_FIELDS = 0x7fe, /* of a rollout but the reason */
    SALT_BYTES = 8,     /* of the release id, as hexadecimal: the salt when none is given */
    REASON_ROOM = 128,  /* the longest reason, a sentence of progress and a tracker, is shorter */
};

/* A rollout under change, and what its fleet says. Views die with the one write at the end. */
struct rollouts_at {
    struct fwl_span name; /* of the fleet */
    struct fwl_fleet_entry fleet;
    struct fwl_policy_entry policy;
    struct fwl_rollout rollout;
    bool found;
    char reason[FWL_REASON_MAX];
};

/* ---- reading ---- */

static enum fwl_err
rollouts_policy(struct fwl_state *s, struct fwl_policy_entry *out, struct fwl_span name)
{
    struct fwl_span value;
    enum fwl_err err = fwl_work_get(s, &value, FWL_TABLE_POLICY, name);

    if (err == FWL_ERR_ABSENT) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "fleet", "the fleet has no policy yet");
    }
    if (err != FWL_OK) {
        return err;
    }
    return fwl_policy_entry_decode(out, NULL, value) == FWL_OK ? FWL_OK : FWL_ERR_CORRUPT;
}

static enum fwl_err
rollouts_open(struct fwl_state *s, struct rollouts_at *at, const struct fwl_action *a)
{
    enum fwl_err err = FWL_OK;

    at->name = a->u.rollout.fleet;
    err = fwl_work_fleet(s, &at->fleet, at->name);
    if (err == FWL_ERR_ABSENT) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "fleet", "the fleet was not created");
    }
    err = err == FWL_OK ? rollouts_policy(s, &at->policy, at->name) : err;
    if (err != FWL_OK) {
        return err;
    }
    at->found = fwl_entry_find_rollout(&at->rollout, &at->fleet, &a->u.rollout.release);
    if (!at->found && a->code != FWL_ACTION_ROLLOUT_START) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "release", "the fleet has no rollout of this release");
    }
    return FWL_OK;
}

/* Is the release listed: published, and neither withdrawn nor malicious? */
static enum fwl_err
rollouts_is_live(struct fwl_state *s, bool *live, const struct fwl_hash32 *id)
{
    struct fwl_release_entry e;
    struct fwl_span value;
    enum fwl_err err = fwl_work_get(s, &value, FWL_TABLE_RELEASE, fwl_hash32_span(id));

    *live = false;
    if (err == FWL_ERR_ABSENT) {
        return FWL_OK;
    }
    if (err == FWL_OK && fwl_entry_release(&e, NULL, value) != FWL_OK) {
        err = FWL_ERR_CORRUPT;
    }
    *live = err == FWL_OK && e.status == FWL_RELEASE_LIVE;
    return err;
}

/* ---- writing ---- */

/* Why the state or stage is what it is now: @text, and @who where it is somebody's doing. */
static void
rollouts_reason(struct rollouts_at *at, const char *text, struct fwl_span who)
{
    struct fwl_span parts[] = {fwl_span_text(text), who.size > 0 ? fwl_span_text(": ") : who, who};
    size_t size = 0;

    for (size_t i = 0; i < FWL_COUNT(parts); i++) {
        size_t take = FWL_MIN(parts[i].size, sizeof(at->reason) - size);

        if (take > 0) {
            memcpy(at->reason + size, parts[i].p, take);
            size += take;
        }
    }
    at->rollout.reason = fwl_span(at->reason, size);
    at->rollout.has |= FWL_HAS(11);
}

/* Appends a rollout; its bytes, as if it had the longest reason there is. */
static size_t
rollouts_append(struct fwl_writer *w, struct fwl_list *list, const struct fwl_rollout *r)
{
    size_t before = w->size;

    fwl_entry_put_rollout(w, r);
    list->count++;
    return w->size - before + REASON_ROOM - r->reason.size;
}

/* Writes the fleet with at->rollout in its place of the list, or without it. What changes the state of a rollout and
 * its reason alone, a pause, a cancellation or a halt, is never refused: the longest reasons have room from the start.
 */
static enum fwl_err
rollouts_put(struct fwl_state *s, struct rollouts_at *at, bool keep)
{
    struct fwl_fleet_entry next = at->fleet;
    struct fwl_rollout other;
    struct fwl_reader it;
    struct fwl_writer w;
    size_t size = 0;
    bool placed = !keep;

    next.rollouts.count = 0;
    fwl_writer_init(&w, s->scratch[1], FWL_WORK_SCRATCH);
    for (fwl_list_begin(&it, at->fleet.rollouts); fwl_entry_next_rollout(&it, &other);) {
        int order = memcmp(other.release.b, at->rollout.release.b, sizeof(other.release.b));

        if (!placed && order >= 0) {
            size += rollouts_append(&w, &next.rollouts, &at->rollout);
            placed = true;
        }
        if (order != 0) {
            size += rollouts_append(&w, &next.rollouts, &other);
        }
    }
    if (!placed) {
        size += rollouts_append(&w, &next.rollouts, &at->rollout);
    }
    if (next.rollouts.count > FWL_FLEET_ROLLOUTS_MAX) {
        return fwl_work_refuse(s, FWL_ERR_LIMIT, "release", "a fleet has at most 256 rollouts: forget old ones first");
    }
    if (keep && size > FWL_FLEET_ROLLOUTS_BYTES) {
        return fwl_work_refuse(
            s, FWL_ERR_LIMIT, "release",
            "the rollouts of a fleet have at most 65,024 bytes with all reports: forget old ones first");
    }
    if (fwl_writer_finish(&w, &next.rollouts.items) != FWL_OK) {
        return FWL_ERR_SPACE;
    }
    return fwl_work_put_fleet(s, at->name, &next);
}

/* ---- what the administrator does ---- */

static enum fwl_err
rollouts_start(struct fwl_state *s, struct rollouts_at *at, const struct fwl_action *a)
{
    struct fwl_template t;
    char salt[2 * SALT_BYTES + 1];
    uint64_t hold_ms = 0;
    bool last = false;
    bool live = false;
    enum fwl_err err = rollouts_is_live(s, &live, &a->u.rollout.release);

    if (err != FWL_OK) {
        return err;
    }
    if (!live) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "release", "no live release has this id");
    }
    if (at->found) {
        return fwl_work_refuse(s, FWL_ERR_EXISTS, "release",
                               "the fleet has a rollout of this release: cancel and forget it first");
    }
    if (!fwl_policy_find_template(&t, &at->policy, a->u.rollout.template_name)) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "template", "the fleet's policy has no such rollout template");
    }
    fwl_hex_encode(salt, sizeof(salt), fwl_span(a->u.rollout.release.b, SALT_BYTES));
    at->rollout = (struct fwl_rollout){
        .has = ALL_FIELDS,
        .release = a->u.rollout.release,
        .salt = (a->has & FWL_HAS(4)) != 0 ? a->u.rollout.salt : fwl_span(salt, sizeof(salt) - 1),
        .started_ms = s->block.time_ms,
        .entered_ms = s->block.time_ms,
        .state = FWL_ROLLOUT_ACTIVE,
        .template_name = a->u.rollout.template_name,
    };
    if (!fwl_progress_stage(&at->rollout.share, &hold_ms, &last, &t, 0)) {
        return FWL_ERR_CORRUPT;
    }
    rollouts_reason(at, "started by the administrator", (struct fwl_span){0});
    return rollouts_put(s, at, true);
}

static enum fwl_err
rollouts_pause(struct fwl_state *s, struct rollouts_at *at)
{
    if (at->rollout.state != FWL_ROLLOUT_ACTIVE) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "release", "only an active rollout can be paused");
    }
    at->rollout.state = FWL_ROLLOUT_PAUSED;
    rollouts_reason(at, "paused by the administrator", (struct fwl_span){0});
    return rollouts_put(s, at, true);
}

/* The hold begins again: what went wrong may need its time to show. */
static enum fwl_err
rollouts_resume(struct fwl_state *s, struct rollouts_at *at)
{
    if (at->rollout.state != FWL_ROLLOUT_PAUSED && at->rollout.state != FWL_ROLLOUT_HALTED) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "release", "only a paused or halted rollout can be resumed");
    }
    at->rollout.state = FWL_ROLLOUT_ACTIVE;
    at->rollout.entered_ms = s->block.time_ms;
    rollouts_reason(at, "resumed by the administrator", (struct fwl_span){0});
    return rollouts_put(s, at, true);
}

static enum fwl_err
rollouts_cancel(struct fwl_state *s, struct rollouts_at *at)
{
    if (at->rollout.state == FWL_ROLLOUT_CANCELLED) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "release", "the rollout is cancelled already");
    }
    at->rollout.state = FWL_ROLLOUT_CANCELLED;
    rollouts_reason(at, "cancelled by the administrator", (struct fwl_span){0});
    return rollouts_put(s, at, true);
}

static enum fwl_err
rollouts_forget(struct fwl_state *s, struct rollouts_at *at)
{
    bool live = false;
    enum fwl_err err = rollouts_is_live(s, &live, &at->rollout.release);

    if (err != FWL_OK) {
        return err;
    }
    if (live && at->rollout.state != FWL_ROLLOUT_CANCELLED && at->rollout.state != FWL_ROLLOUT_DONE) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "release",
                               "a rollout that is not over is cancelled before it is forgotten");
    }
    return rollouts_put(s, at, false);
}

/* ---- what others say ---- */

static enum fwl_err
rollouts_approve(struct fwl_state *s, struct rollouts_at *at)
{
    struct fwl_span me = s->decoded.participant;
    struct fwl_span other;
    struct fwl_reader it;
    struct fwl_writer w;
    uint64_t count = 1;
    bool placed = false;

    if (!fwl_list_has_text(at->policy.approvers, me)) {
        return fwl_work_refuse(s, FWL_ERR_ROLE, "participant", "the policy does not list it among the approvers");
    }
    if (fwl_list_has_text(at->rollout.approvals, me)) {
        return fwl_work_refuse(s, FWL_ERR_EXISTS, "participant", "it has approved this rollout already");
    }
    if (at->rollout.state == FWL_ROLLOUT_CANCELLED) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "release", "the rollout is cancelled");
    }
    fwl_writer_init(&w, s->scratch[2], FWL_WORK_SCRATCH);
    for (fwl_list_begin(&it, at->rollout.approvals); fwl_list_next_text(&it, &other);) {
        if (!fwl_list_has_text(at->policy.approvers, other)) {
            continue; /* who is no approver any more makes room */
        }
        count++;
        if (!placed && fwl_span_compare(me, other) < 0) {
            fwl_cbor_put_text(&w, me);
            placed = true;
        }
        fwl_cbor_put_text(&w, other);
    }
    if (!placed) {
        fwl_cbor_put_text(&w, me);
    }
    at->rollout.approvals.count = count;
    if (fwl_writer_finish(&w, &at->rollout.approvals.items) != FWL_OK) {
        return FWL_ERR_SPACE;
    }
    return rollouts_put(s, at, true);
}

/* What the reports say now, and the administrator's word: halts, or begins the next stage. */
static enum fwl_err
rollouts_judge(struct fwl_state *s, struct rollouts_at *at, struct fwl_progress *p, bool administrator)
{
    bool live = false;
    enum fwl_err err = rollouts_is_live(s, &live, &at->rollout.release);

    if (err != FWL_OK) {
        return err;
    }
    fwl_progress_judge(p, &s->progress, &at->policy, &at->rollout, s->block.time_ms, administrator);
    err = fwl_work_spend(s, p->cost);
    if (err != FWL_OK) {
        return err;
    }
    if (!live) {
        at->rollout.state = FWL_ROLLOUT_HALTED;
        rollouts_reason(at, "halted: the release is no longer live", (struct fwl_span){0});
    } else if (fwl_progress_halts(p)) {
        at->rollout.state = FWL_ROLLOUT_HALTED;
        rollouts_reason(at, fwl_progress_text(p->why), p->tracker);
    } else if (p->why == FWL_PROGRESS_ADVANCES) {
        at->rollout.stage = p->stage;
        at->rollout.share = p->share;
        at->rollout.entered_ms = s->block.time_ms;
        at->rollout.state = p->done ? FWL_ROLLOUT_DONE : FWL_ROLLOUT_ACTIVE;
        rollouts_reason(at, administrator ? "advanced by the administrator" : fwl_progress_text(p->why),
                        (struct fwl_span){0});
    }
    return FWL_OK;
}

/* The list of reports with this tracker's replaced or added; items in scratch 2. */
static enum fwl_err
rollouts_report(struct fwl_state *s, struct rollouts_at *at, const struct fwl_report *mine)
{
    struct fwl_report other;
    struct fwl_reader it;
    struct fwl_writer w;
    uint64_t count = 0;

    fwl_writer_init(&w, s->scratch[2], FWL_WORK_SCRATCH);
    for (fwl_list_begin(&it, at->rollout.reports); fwl_entry_next_report(&it, &other);) {
        bool same = fwl_span_equal(other.tracker, mine->tracker);

        if (same && other.stage == mine->stage &&
            (mine->counters.attempted < other.counters.attempted ||
             mine->counters.succeeded < other.counters.succeeded || mine->counters.failed < other.counters.failed)) {
            return fwl_work_refuse(s, FWL_ERR_RANGE, "counters", "counters of a stage never go back");
        }
        /* who is no tracker any more makes room */
        if (!same && fwl_list_has_text(at->policy.trackers.of, other.tracker)) {
            fwl_entry_put_report(&w, &other);
            count++;
        }
    }
    fwl_entry_put_report(&w, mine);
    at->rollout.reports.count = count + 1;
    return fwl_writer_finish(&w, &at->rollout.reports.items);
}

static enum fwl_err
rollouts_progress(struct fwl_state *s, struct rollouts_at *at, const struct fwl_action *a)
{
    const struct fwl_counters *c = &a->u.rollout.counters;
    struct fwl_report mine = {.tracker = s->decoded.participant,
                              .stage = a->u.rollout.stage,
                              .counters = *c,
                              .root = a->u.rollout.reports_root};
    const struct fwl_list before = at->rollout.reports;
    struct fwl_progress p;
    uint64_t known = 0;
    bool halts = false;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_TRACKER);

    if (err != FWL_OK) {
        return err;
    }
    if (!fwl_list_has_text(at->policy.trackers.of, mine.tracker)) {
        return fwl_work_refuse(s, FWL_ERR_ROLE, "participant", "the policy does not list it among the trackers");
    }
    if (at->rollout.state == FWL_ROLLOUT_CANCELLED || at->rollout.state == FWL_ROLLOUT_DONE) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "release", "the rollout is over");
    }
    if (mine.stage != at->rollout.stage) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "stage", "the rollout is in another stage");
    }
    if (!fwl_add_u64(&known, c->succeeded, c->failed) || known > c->attempted) {
        return fwl_work_refuse(s, FWL_ERR_RANGE, "counters", "succeeded and failed are at most attempted, together");
    }
    err = rollouts_report(s, at, &mine);
    if (err == FWL_OK && at->rollout.state == FWL_ROLLOUT_ACTIVE) {
        err = rollouts_judge(s, at, &p, false);
        halts = at->rollout.state == FWL_ROLLOUT_HALTED;
    }
    err = err == FWL_OK ? rollouts_put(s, at, true) : err;
    if (err == FWL_ERR_LIMIT && halts) { /* it halts in any case: without the counters when they have no room */
        at->rollout.reports = before;
        err = rollouts_put(s, at, true);
    }
    return err;
}

static enum fwl_err
rollouts_advance(struct fwl_state *s, struct rollouts_at *at)
{
    struct fwl_fleet_name name;
    struct fwl_progress p = {.why = FWL_PROGRESS_HOLD};
    bool administrator =
        fwl_name_fleet(&name, at->name) == FWL_OK && fwl_span_equal(name.administrator, s->decoded.participant);
    enum fwl_err err = FWL_OK;

    if (at->rollout.state != FWL_ROLLOUT_ACTIVE) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "release", "only an active rollout can advance");
    }
    err = rollouts_judge(s, at, &p, administrator);
    if (err != FWL_OK) {
        return err;
    }
    if (at->rollout.state == FWL_ROLLOUT_ACTIVE && p.why != FWL_PROGRESS_ADVANCES) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "release", fwl_progress_text(p.why));
    }
    return rollouts_put(s, at, true);
}

enum fwl_err
fwl_work_rollouts(struct fwl_state *s, const struct fwl_action *a)
{
    struct rollouts_at at = {.found = false};
    bool others = a->code == FWL_ACTION_ROLLOUT_APPROVE || a->code == FWL_ACTION_PROGRESS_REPORT ||
                  a->code == FWL_ACTION_ROLLOUT_ADVANCE;
    enum fwl_err err = others ? FWL_OK : fwl_work_fleet_owner(s, a->u.rollout.fleet);

    err = err == FWL_OK ? rollouts_open(s, &at, a) : err;
    if (err != FWL_OK) {
        return err;
    }
    if (a->code == FWL_ACTION_ROLLOUT_START) {
        return rollouts_start(s, &at, a);
    }
    if (a->code == FWL_ACTION_ROLLOUT_PAUSE) {
        return rollouts_pause(s, &at);
    }
    if (a->code == FWL_ACTION_ROLLOUT_RESUME) {
        return rollouts_resume(s, &at);
    }
    if (a->code == FWL_ACTION_ROLLOUT_CANCEL) {
        return rollouts_cancel(s, &at);
    }
    if (a->code == FWL_ACTION_ROLLOUT_FORGET) {
        return rollouts_forget(s, &at);
    }
    if (a->code == FWL_ACTION_ROLLOUT_APPROVE) {
        return rollouts_approve(s, &at);
    }
    return a->code == FWL_ACTION_PROGRESS_REPORT ? rollouts_progress(s, &at, a) : rollouts_advance(s, &at);
}
