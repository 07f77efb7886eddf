/*
 * policy_compile - from the source of a policy to the entry that nodes and devices evaluate. Zone P.
 *
 * Validators run it while policy.set executes, and `fwledger simulate` before: the same source gives the same bytes.
 * Each rule is compiled without a scheme first; one that needs it, because it says version(), takes the scheme of its
 * scope when that is a list of registered classes of one scheme. Conditions of rollouts have a schema of their own.
 * Source: docs/spec/ledger.md policy.set.
 */
#ifndef FWL_CONTRACTS_POLICY_COMPILE_POLICY_COMPILE_H
#define FWL_CONTRACTS_POLICY_COMPILE_POLICY_COMPILE_H

#include <stddef.h>

#include "contracts/cel/compile/compile.h"
#include "ledger/model/policy.h"

/* Memory of one compilation, about 700 KiB, and what is wrong after a failure. */
struct fwl_policy_compiler {
    /* The scheme of a registered class; FWL_ERR_ABSENT when there is none, another error ends the compilation. */
    enum fwl_err (*scheme_of)(void *cookie, uint64_t *scheme, struct fwl_span class_name);
    /* Called for each condition that does not compile, with the account of it in @c; the others are looked at then,
     * too. NULL: the first ends the compilation. */
    void (*refused)(void *cookie, const struct fwl_policy_compiler *c);
    void *cookie; /* of both */
    /* after a failure */
    const char *field;                    /* "policy.rules.when", ... */
    const char *why;                      /* a sentence; static */
    struct fwl_span name;                 /* of the rule or template; FWL_ERR_LIMIT of all costs: of the dearest */
    struct fwl_span text;                 /* FWL_ERR_RULE: the condition, a view of the source */
    uint64_t cost;                        /* FWL_ERR_LIMIT of all costs: of all rules */
    uint64_t most;                        /* of that dearest one: its cost */
    struct fwl_cel_diagnostic diagnostic; /* FWL_ERR_RULE: what is wrong and where */
    /* private */
    bool broken; /* a condition was refused */
    struct fwl_cel_variable variable[FWL_POLICY_PARAMS_MAX];
    char variable_name[FWL_POLICY_PARAMS_MAX][7 + FWL_SEGMENT_MAX + 1];
    size_t variable_count;
    uint8_t rules[FWL_ENTRY_MAX];
    uint8_t templates[FWL_ENTRY_MAX];
    max_align_t cel[FWL_CEL_COMPILE_ARENA / sizeof(max_align_t)];
};

/**
 * fwl_policy_compile - compile a decoded source.
 *
 * Shape:   @c->scheme_of is set.
 * Owns:    @out views @source and @c; its version and source hash are left zero, for the caller.
 * Fills:   @out, @c's account of a failure.
 * Returns: FWL_OK
 *          FWL_ERR_RULE   a condition does not compile: @c->diagnostic, of the first, or with @c->refused the last
 *          FWL_ERR_LIMIT  too many parameters, too dear together, or more than 64 KiB of code
 *          the error of scheme_of
 * Cost:    about 10 us a rule.
 */
FWL_NODISCARD enum fwl_err fwl_policy_compile(struct fwl_policy_compiler *c, struct fwl_policy_entry *out,
                                              const struct fwl_policy_source *source);

#endif
