/*
 * policy - policy source (as administrators write it) and policy entry (compiled, what devices evaluate). Zone F.
 */
#ifndef FWL_LEDGER_MODEL_POLICY_H
#define FWL_LEDGER_MODEL_POLICY_H

#include "ledger/model/fault.h"
#include "ledger/model/form.h"

/* stored: append only */
enum fwl_select { FWL_SELECT_HIGHEST = 1, FWL_SELECT_LISTED = 2 };
enum fwl_effect { FWL_EFFECT_PERMIT = 1, FWL_EFFECT_REQUIRE = 2, FWL_EFFECT_FORBID = 3, FWL_EFFECT_FORCE = 4 };
enum fwl_param_kind {
    FWL_PARAM_INT = 1,
    FWL_PARAM_TEXT = 2,
    FWL_PARAM_BOOL = 3,
    FWL_PARAM_DURATION = 4,  /* ns */
    FWL_PARAM_TIMESTAMP = 5, /* Unix s */
};

struct fwl_param {
    struct fwl_span name;
    uint64_t kind;        /* enum fwl_param_kind */
    int64_t number;       /* INT, DURATION, TIMESTAMP; BOOL: 0 or 1 */
    struct fwl_span text; /* TEXT */
};

struct fwl_stage {
    uint64_t percent; /* 1..100, ascending, the last 100 */
    uint64_t hold_ms;
};

struct fwl_trackers {
    uint64_t k;
    struct fwl_list of; /* participants */
};

struct fwl_rule_source {
    uint64_t has;
    struct fwl_span name;
    uint64_t effect;
    struct fwl_list classes; /* key 3, patterns; absent: all */
    struct fwl_span when;
    struct fwl_span message; /* key 5 */
    bool dry_run;            /* key 6 */
    bool rollback;           /* key 7 */
};

struct fwl_template { /* source: texts of the rule language; entry: code */
    uint64_t has;
    struct fwl_span name;
    struct fwl_list stages; /* fwl_policy_next_stage */
    struct fwl_span advance_when, halt_when;
    bool auto_last;
};

struct fwl_policy_source {
    uint64_t has;
    uint64_t select;
    uint64_t max_age_ms;
    struct fwl_list staged; /* key 3 */
    struct fwl_list params; /* key 4; fwl_policy_next_param */
    struct fwl_trackers trackers;
    struct fwl_list approvers; /* key 6 */
    struct fwl_list rules;     /* key 7; fwl_policy_next_rule_source */
    struct fwl_list templates; /* key 8; fwl_policy_next_template_source */
};

struct fwl_rule {
    uint64_t has;
    struct fwl_span name;
    uint64_t effect;
    struct fwl_list scope; /* patterns, empty = all */
    uint64_t lang;
    bool dry_run;
    struct fwl_span code;
    struct fwl_span message; /* empty = none */
    bool rollback;
    struct fwl_form_extra extra; /* extra.unknown: the rule is an error */
};

struct fwl_policy_entry {
    uint64_t has;
    uint64_t version;
    uint64_t select;
    struct fwl_list staged;
    struct fwl_trackers trackers;
    struct fwl_list approvers;
    struct fwl_list params;
    struct fwl_list rules;     /* fwl_policy_next_rule */
    struct fwl_list templates; /* fwl_policy_next_template */
    struct fwl_hash32 source;  /* SHA-256 of the source */
};

/** fwl_policy_source_decode, fwl_policy_entry_decode - at most FWL_POLICY_MAX bytes; @fault (may be NULL) names the
 * field. In a source the names of rules and of templates are distinct (FWL_ERR_DUPLICATE); an entry is made from a
 * checked source. Texts are not compiled here. */
FWL_NODISCARD enum fwl_err fwl_policy_source_decode(struct fwl_policy_source *out, struct fwl_fault *fault,
                                                    struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_policy_entry_decode(struct fwl_policy_entry *out, struct fwl_fault *fault,
                                                   struct fwl_span in);
/** fwl_policy_source_put, fwl_policy_entry_put - the inverse; FWL_ERR_MISSING or FWL_ERR_UNKNOWN on the writer when
 * @has does not fit the form. */
void fwl_policy_source_put(struct fwl_writer *w, const struct fwl_policy_source *p);
void fwl_policy_entry_put(struct fwl_writer *w, const struct fwl_policy_entry *p);

/* Iterators over checked lists (false at the end) and the writers of their items. */
bool fwl_policy_next_param(struct fwl_reader *it, struct fwl_param *param);
bool fwl_policy_next_stage(struct fwl_reader *it, struct fwl_stage *stage);
bool fwl_policy_next_rule_source(struct fwl_reader *it, struct fwl_rule_source *rule);
bool fwl_policy_next_rule(struct fwl_reader *it, struct fwl_rule *rule);
bool fwl_policy_next_template_source(struct fwl_reader *it, struct fwl_template *t);
bool fwl_policy_next_template(struct fwl_reader *it, struct fwl_template *t);
/** fwl_policy_put_param - one pair of the map of parameters; the caller writes them in the order of their names (short
 * before long, then bytewise). */
void fwl_policy_put_param(struct fwl_writer *w, const struct fwl_param *param);
void fwl_policy_put_stage(struct fwl_writer *w, const struct fwl_stage *stage);
void fwl_policy_put_rule_source(struct fwl_writer *w, const struct fwl_rule_source *rule);
void fwl_policy_put_rule(struct fwl_writer *w, const struct fwl_rule *rule);
void fwl_policy_put_template_source(struct fwl_writer *w, const struct fwl_template *t);
void fwl_policy_put_template(struct fwl_writer *w, const struct fwl_template *t);
/** fwl_policy_find_template - by name; false when there is none. */
bool fwl_policy_find_template(struct fwl_template *out, const struct fwl_policy_entry *p, struct fwl_span name);

#endif
