/*
 * world - a small proven state in memory for tests of decisions: made with the encoders, read with the decoders.
 */
#ifndef FWL_TESTS_UNIT_POLICY_WORLD_H
#define FWL_TESTS_UNIT_POLICY_WORLD_H

#include "contracts/policy/decide.h"
#include "core/writer.h"

struct world {
    struct fwl_vendor_entry vendor; /* acme */
    struct fwl_class_entry entry;   /* acme/gw100/app */
    struct fwl_fleet_entry fleet;   /* ops/line */
    struct fwl_policy_entry policy;
    struct fwl_facts facts;
    uint64_t now_ms;
    bool no_vendor, no_class, no_fleet, no_policy;
    struct fwl_listed releases[FWL_CLASS_RELEASES_MAX];
    uint64_t flags[FWL_CLASS_RELEASES_MAX];
    struct fwl_hash32 values[FWL_CLASS_RELEASES_MAX]; /* value hashes of the releases' entries */
    struct fwl_span entries[FWL_CLASS_RELEASES_MAX];  /* their bytes */
    size_t count;
    struct fwl_decide_work work;
    struct fwl_cel_cell cells[FWL_DECIDE_CELLS_MAX];
    struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
    struct fwl_decision decision;
    size_t used;
    uint8_t bytes[1 << 20]; /* everything that is viewed */
};

/** world_new - a vendor, a class of scheme semver, a fleet whose policy permits everything, a device that runs 1.0.0.
 * world_free - the end. */
struct world *world_new(void);
void world_free(struct world *w);

/** world_release - a record of @version with defaults, to be changed and given to world_add. */
struct fwl_release world_release(const char *version);
/** world_add - list it: encoded, decoded, published at 1000 s. Returns its index. */
size_t world_add(struct world *w, const struct fwl_release *release);
/** world_add_version - both. */
size_t world_add_version(struct world *w, const char *version);
/** world_id - the id of release @i. */
struct fwl_hash32 world_id(const struct world *w, size_t i);

/** world_rule - add a rule for all classes. */
void world_rule(struct world *w, enum fwl_effect effect, struct fwl_span code);
/** world_rule_put - add any rule. */
void world_rule_put(struct world *w, const struct fwl_rule *rule);
/** world_no_rules - a policy without rules. */
void world_no_rules(struct world *w);
/** world_rollout - add a rollout of release @i. */
void world_rollout(struct world *w, size_t i, enum fwl_rollout_state state, uint64_t share);

/** world_begin, world_end - write into w->bytes; world_end gives what was written, kept until world_free. */
struct fwl_writer world_begin(struct world *w);
struct fwl_span world_end(struct world *w, const struct fwl_writer *writer);
/** world_append - one more item, just written, at the end of a list. */
struct fwl_list world_append(struct world *w, struct fwl_list list, struct fwl_span item);
/** world_texts - a list of @count texts. */
struct fwl_list world_texts(struct world *w, size_t count, const char *const *texts);
/** world_relation - a list of one relation; @op 0: any version. world_clause - a list of clauses of one relation each
 * appended. */
struct fwl_list world_relation(struct world *w, const char *name, uint64_t op, const char *version);
struct fwl_list world_clause(struct world *w, struct fwl_list clauses, struct fwl_list relations);
struct fwl_list world_provision(struct world *w, const char *name, const char *version);

/** world_seal - make the class entry from the releases. world_decide - seal and decide. */
void world_seal(struct world *w);
enum fwl_err world_decide(struct world *w);
struct fwl_decide_input world_input(const struct world *w);

/** world_expect - decide and compare; world_expect_install - the chosen release; world_expect_refusal - why the only
 * release is refused. */
void world_expect(struct world *w, enum fwl_decision_kind kind, enum fwl_nothing nothing);
void world_expect_install(struct world *w, size_t chosen);
void world_expect_refusal(struct world *w, enum fwl_refusal refusal);

/* Code of the rule language, put together by hand (docs/spec/rules.md). */
struct fwl_span code_bool(struct world *w, bool value);                     /* true, false */
struct fwl_span code_error(struct world *w);                                /* 1 / 0 == 0 */
struct fwl_span code_text(struct world *w, uint8_t slot, const char *text); /* slot == "text" */
struct fwl_span code_has(struct world *w, uint8_t slot, const char *text);  /* "text" in slot */
struct fwl_span code_int(struct world *w, uint8_t slot, int8_t n);          /* slot >= n */
struct fwl_span code_newer(struct world *w, uint8_t a, uint8_t b);          /* a.isGreaterThan(b) */

#endif
