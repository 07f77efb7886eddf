/*
 * progress - does a rollout halt, go on, or wait? Zone F.
 *
 * A rollout goes through the stages of a template of its fleet's policy, each a share of the fleet. Trackers that the
 * policy names report counters of the stage under way; this unit judges them, purely: the same policy, rollout and time
 * give the same answer on every validator, in the simulation of an administrator and in a test.
 *
 *   1. no template of that name any more, or none of that many stages: halts
 *   2. halt_when is true, or an error, for the report of any tracker: halts
 *   3. the stage has lasted its hold, and at least a block
 *   4. advance_when is true for the reports of k trackers (an error is no)
 *   5. the administrator's word, where it is needed: into the last stage unless auto_last, and always without trackers
 *
 * Then the next stage begins, or, after the last one, the rollout is done. Source: docs/spec/ledger.md "Rollouts".
 */
#ifndef FWL_CONTRACTS_POLICY_PROGRESS_H
#define FWL_CONTRACTS_POLICY_PROGRESS_H

#include "contracts/cel/eval/condition.h"
#include "contracts/cel/eval/slots.h"
#include "ledger/model/entry.h"
#include "ledger/model/policy.h"

/* What comes of it, and why. Printed by name, not stored. */
enum fwl_progress_why {
    FWL_PROGRESS_NO_TEMPLATE,   /* halts: the policy has no such template, or it has fewer stages */
    FWL_PROGRESS_HALT_TRUE,     /* halts: halt_when is true for @tracker */
    FWL_PROGRESS_HALT_ERROR,    /* halts: halt_when cannot be evaluated for @tracker */
    FWL_PROGRESS_HOLD,          /* waits until @until_ms */
    FWL_PROGRESS_TRACKERS,      /* waits: advance_when holds for @count of @k trackers */
    FWL_PROGRESS_ADMINISTRATOR, /* waits for the administrator */
    FWL_PROGRESS_ADVANCES,      /* into @stage with @share, or @done */
};

struct fwl_progress {
    enum fwl_progress_why why;
    struct fwl_span tracker;
    uint64_t until_ms;
    uint64_t count, k;
    uint64_t cost; /* units of the rule language that the conditions spent */
    uint64_t stage, share;
    bool done;
};

/* Working memory, about 5 KiB. */
struct fwl_progress_work {
    struct fwl_cel_cell slots[FWL_CEL_SLOTS];
    struct fwl_cel_workspace cel;
    char release_id[65];
};

/**
 * fwl_progress_judge - judge an active rollout at @now_ms.
 *
 * @administrator: the fleet's administrator asks.
 * Owns:    borrows everything; out->tracker views @rollout.
 * Cost:    two conditions for each tracker.
 */
void fwl_progress_judge(struct fwl_progress *out, struct fwl_progress_work *work, const struct fwl_policy_entry *policy,
                        const struct fwl_rollout *rollout, uint64_t now_ms, bool administrator);

/** fwl_progress_halts - does it say that the rollout halts? */
bool fwl_progress_halts(const struct fwl_progress *p);
/** fwl_progress_text - a sentence for people; static, never NULL; the tracker is not in it. */
const char *fwl_progress_text(enum fwl_progress_why why);

/** fwl_progress_stage - share (of 10,000) and hold of a stage; false when the template has no such stage. @last: is it
 * the last one? */
bool fwl_progress_stage(uint64_t *share, uint64_t *hold_ms, bool *last, const struct fwl_template *t, uint64_t stage);

#endif
