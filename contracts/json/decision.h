/*
 * decision - a decision as JSON: what decide, verify --json, simulate and POST /v1/decisions print. Zone H.
 */
#ifndef FWL_CONTRACTS_JSON_DECISION_H
#define FWL_CONTRACTS_JSON_DECISION_H

#include <jansson.h>

#include "contracts/policy/decide.h"

/* A decision and what it was made from; the same objects that fwl_decide took and filled. */
struct fwl_json_decision {
    const struct fwl_decision *decision;
    const struct fwl_facts *facts;
    const struct fwl_class_entry *entry;    /* NULL: absent; then there are no candidates */
    const struct fwl_policy_entry *policy;  /* NULL: none */
    const struct fwl_candidate *candidates; /* one a listed release */
    struct fwl_span version;                /* install: of the chosen record */
    bool has_tip;                           /* height and time are known */
    uint64_t height;
    uint64_t time_ms;
};

/**
 * fwl_json_decision - the decision object of docs/spec/interfaces.md.
 *
 * A refused release has "rule", the name of the first rule that refuses it or of the check that does ("hardware",
 * "window", ...), and "message", the rule's own message or a sentence. Where nothing was judged, "refused" has one
 * element without "release" that says why ("vendor", "suspended", "class", "fleet").
 * Returns: a new reference, NULL when out of memory.
 */
FWL_NODISCARD json_t *fwl_json_decision(const struct fwl_json_decision *d);

/** fwl_json_refusal_name - "hardware", "window", "no-permit" etc.: the rule of a refusal that no rule is behind. */
const char *fwl_json_refusal_name(enum fwl_refusal refusal);

#endif
