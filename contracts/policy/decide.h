/*
 * decide - what may this device install? One function for node and device. Zone F.
 *
 * Pure: the same proven entries, facts and time give the same decision everywhere. Memory is the caller's; nothing is
 * allocated and the stack is constant. ledger.md section 7 in four steps:
 *   1. candidates: listed, valid, of this class, fitting hardware, region, window, dependencies, floor, newer
 *   2. rules: a permit is true, every require is true, no forbid is true, and a staged class waits for its rollout
 *   3. choice: the highest version, or the first in the vendor's list; force makes it mandatory
 *   4. result, with the reason for every release that was refused, and what is known of the running image
 *
 * Releases are fed one at a time (fwl_decide_begin, fwl_decide_release per listed release, fwl_decide_end), so that a
 * device holds one decoded release; fwl_decide does it over an array. Rules are loaded once per decision.
 * Source: docs/spec/ledger.md "Policy and decision", docs/spec/rules.md.
 */
#ifndef FWL_CONTRACTS_POLICY_DECIDE_H
#define FWL_CONTRACTS_POLICY_DECIDE_H

#include "contracts/cel/eval/condition.h"
#include "contracts/policy/facts.h"
#include "ledger/model/entry.h"
#include "ledger/model/policy.h"

/* A listed release, decoded: the entry behind its hash, and the record in it (with the scheme of the class). */
struct fwl_listed {
    struct fwl_release_entry entry;
    struct fwl_release record;
};

/* Why a listed release is not installable: the first check that refused it. Printed by name, not stored. */
enum fwl_refusal {
    FWL_REFUSAL_NONE = 0,      /* installable */
    FWL_REFUSAL_NOTHING,       /* not judged: fwl_decision.nothing says why */
    FWL_REFUSAL_CLASS,         /* published for another class */
    FWL_REFUSAL_UNKNOWN,       /* has a field that this program does not know */
    FWL_REFUSAL_HARDWARE,      /* no hardware condition matches */
    FWL_REFUSAL_MALICIOUS,     /* scanners found its image malicious */
    FWL_REFUSAL_INVALID,       /* its provider marked it not valid */
    FWL_REFUSAL_REGION,        /* not for the device's region */
    FWL_REFUSAL_WINDOW,        /* the running version is outside its window */
    FWL_REFUSAL_DEPENDENCY,    /* a dependency is not installed */
    FWL_REFUSAL_CONFLICT,      /* conflicts with an installed component, or one with it */
    FWL_REFUSAL_BREAKS,        /* an installed component would lose what it depends on */
    FWL_REFUSAL_FLOOR,         /* security counter below the device's floor */
    FWL_REFUSAL_NOT_NEWER,     /* not newer than the running version, and no rollback is permitted */
    FWL_REFUSAL_NO_PERMIT,     /* no permit rule is true */
    FWL_REFUSAL_RULE,          /* a require or forbid rule refuses: fwl_candidate.refusing */
    FWL_REFUSAL_COST,          /* the rules exceed FWL_CEL_POLICY_COST on this release */
    FWL_REFUSAL_NO_ROLLOUT,    /* staged, and the fleet has no rollout of it */
    FWL_REFUSAL_ROLLOUT_STATE, /* its rollout is paused, halted or cancelled */
    FWL_REFUSAL_ROLLOUT_SHARE, /* its rollout has not come to this device yet, or the device told no id */
};

/** fwl_refusal_text - one sentence for people; static, never NULL. */
const char *fwl_refusal_text(enum fwl_refusal refusal);

/* What became of one listed release. Bit i of a mask is rule i of the policy entry. */
struct fwl_candidate {
    enum fwl_refusal refusal;
    bool fits;         /* class and hardware fit: it counts for `current` */
    bool newer;        /* than the running version */
    uint64_t permits;  /* permit rules that are true */
    uint64_t forces;   /* force rules that are true */
    uint64_t refusing; /* require rules that are false, forbid rules that are true, and those of them in error */
    uint64_t errors;   /* rules that ended in an error */
    uint64_t dry_run;  /* dry-run rules that would have refused (require, forbid) or are true (permit, force) */
};

enum fwl_decision_kind {
    FWL_DECISION_NOTHING = 0,
    FWL_DECISION_CURRENT = 1, /* no live release that fits the hardware is newer than the running one */
    FWL_DECISION_INSTALL = 2,
};

/* Why FWL_DECISION_NOTHING; FWL_NOTHING_REFUSED: see the candidates. */
enum fwl_nothing {
    FWL_NOTHING_NONE = 0, /* the decision is another one */
    FWL_NOTHING_NO_VENDOR,
    FWL_NOTHING_SUSPENDED, /* the governors suspended the vendor */
    FWL_NOTHING_NO_CLASS,
    FWL_NOTHING_NO_FLEET,
    FWL_NOTHING_NO_HARDWARE, /* no listed release fits the hardware */
    FWL_NOTHING_REFUSED,
};

/** fwl_nothing_text - one sentence for people; static, never NULL. */
const char *fwl_nothing_text(enum fwl_nothing nothing);

/* What is known of the running version; the worst that applies, in this order. */
enum fwl_running {
    FWL_RUNNING_UNKNOWN = 0, /* not told, or never seen by the class entry */
    FWL_RUNNING_LIVE = 1,
    FWL_RUNNING_VULNERABLE = 2, /* advisories name it */
    FWL_RUNNING_WITHDRAWN = 3,
    FWL_RUNNING_MALICIOUS = 4,
};

/** fwl_running_name - "unknown", "live", "vulnerable", "withdrawn", "malicious". fwl_decision_name - "nothing",
 * "current", "install". */
const char *fwl_running_name(enum fwl_running running);
const char *fwl_decision_name(enum fwl_decision_kind kind);

struct fwl_decision {
    enum fwl_decision_kind kind;
    enum fwl_nothing nothing;
    bool forced;               /* the device may not decline */
    size_t chosen;             /* install: index in the class's list */
    struct fwl_hash32 release; /* install: id of the chosen release */
    uint64_t rules;            /* install: permit and force rules that are true for it */
    enum fwl_running running;
    uint16_t advisories; /* bit i: advisory i of the class entry names the running version */
};

/* What is decided upon. Entries are proven; NULL is a proven absence. All are borrowed until fwl_decide_end. */
struct fwl_decide_input {
    const struct fwl_vendor_entry *vendor; /* of the first segment of facts->class_name */
    const struct fwl_class_entry *entry;   /* of facts->class_name */
    const struct fwl_fleet_entry *fleet;   /* of facts->fleet */
    const struct fwl_policy_entry *policy; /* named by @fleet; NULL: the fleet has none, which permits nothing */
    const struct fwl_facts *facts;         /* fwl_facts_check holds */
    uint64_t now_ms;                       /* time of the proven tip */
};

/* A rule of the policy, ready to run. */
struct fwl_decide_rule {
    struct fwl_cel_program program; /* .code NULL: loaded at each use, its constants found no room */
    struct fwl_span code;
    uint8_t effect;
    uint8_t index; /* in the policy entry */
    bool dry_run;
    bool broken; /* unknown lang, or the code does not load: an error */
};

/*
 * Memory of a decision, about 10 KiB. Before fwl_decide_begin the caller sets @cells and @cell_count: at least
 * FWL_DECIDE_CELLS of these facts; what is left over holds constants of rules, and more of it saves loading them
 * again. In a class of scheme opaque the caller also sets @versions: order is the place in the list.
 */
struct fwl_decide_work {
    struct fwl_cel_cell *cells;
    size_t cell_count;
    /* private; what is used most comes first, where a microcontroller reaches it with short instructions */
    const struct fwl_decide_input *in;
    size_t next;            /* index of the next release */
    struct fwl_reader live; /* at the next release in the class's list */
    size_t cells_used;
    size_t rule_count;        /* of those in scope */
    enum fwl_nothing nothing; /* set when no release needs to be looked at */
    bool fits;                /* a release fits the hardware */
    bool newer;               /* such a one is newer */
    bool has_best;
    unsigned seen_exact; /* what is known of releases with the running version: bits of enum fwl_running */
    unsigned seen_equal; /* the same, of versions that differ in text only */
    size_t best_version_size;
    uint64_t best_rank;
    uint64_t rollback;        /* permit rules in scope that admit older releases; bits as in fwl_candidate */
    struct fwl_decision best; /* the choice so far */
    uint8_t best_version[FWL_VERSION_BYTES_MAX];
    struct fwl_class_name name; /* of the class */
    char release_id[65];
    struct fwl_cel_cell slots[FWL_CEL_SLOTS];
    struct fwl_decide_rule rules[FWL_POLICY_RULES_MAX];
    struct fwl_cel_workspace cel;
    /* public again; opaque: versions of the listed releases; fwl_decide sets them */
    struct fwl_span versions[FWL_CLASS_RELEASES_MAX];
};

/* Cells for the lists of the facts and of one release. */
#define FWL_DECIDE_BUILDERS 64 /* attestations of a release */
#define FWL_DECIDE_RELEASE_CELLS                                                                                       \
    (2 * FWL_LABELS_MAX + FWL_CLASS_ADVISORIES_MAX + FWL_POLICY_APPROVERS_MAX + FWL_DECIDE_BUILDERS)
#define FWL_DECIDE_CELLS(groups, labels, installed)                                                                    \
    (FWL_DECIDE_RELEASE_CELLS + (groups) + 2 * (labels) + 2 * (installed))
/* Enough for every facts, with room for the constants of usual policies. */
#define FWL_DECIDE_CELLS_MAX                                                                                           \
    (FWL_DECIDE_CELLS(FWL_FACT_GROUPS_MAX, FWL_FACT_LABELS_MAX, FWL_FACT_INSTALLED_MAX) + 4 * FWL_CEL_CONSTANTS)

/**
 * fwl_decide_begin - prepare a decision: facts to variables, rules of the policy whose scope matches to programs.
 *
 * Returns: FWL_OK
 *          FWL_ERR_VERSION  the running version is none of the class's scheme
 *          FWL_ERR_SPACE    work->cell_count is below FWL_DECIDE_CELLS of these facts
 *          FWL_ERR_NAME     facts->class_name is no class
 * Cost:    one verification of each rule in scope.
 */
FWL_NODISCARD enum fwl_err fwl_decide_begin(struct fwl_decide_work *work, const struct fwl_decide_input *in);

/**
 * fwl_decide_release - judge the next release of the class's list.
 *
 * Shape:   called once for each listed release, in the order of the list.
 * Owns:    borrows @release.
 * Fills:   @out.
 * Cost:    the rules in scope; linear in conditions, clauses and installed components.
 */
void fwl_decide_release(struct fwl_decide_work *work, struct fwl_candidate *out, const struct fwl_listed *release);

/** fwl_decide_end - the decision; every listed release was judged, or none where the vendor, class or fleet is absent
 * or the vendor suspended (FWL_ASSERT). */
void fwl_decide_end(struct fwl_decide_work *work, struct fwl_decision *out);

/**
 * fwl_decide - the three calls over an array.
 *
 * Shape:   @candidates and @releases hold as many elements as the class entry lists; NULL when it is absent.
 * Returns: as fwl_decide_begin.
 */
FWL_NODISCARD enum fwl_err fwl_decide(struct fwl_decision *out, struct fwl_candidate *candidates,
                                      struct fwl_decide_work *work, const struct fwl_decide_input *in,
                                      const struct fwl_listed *releases);

#endif
