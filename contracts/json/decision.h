/*
 * decision - a decision as JSON: what decide, verify --json, simulate and POST /v1/decisions print. Zone H.
 *
 * The text is written at once, without a value in between: a simulation prints millions of refusals.
 */
#ifndef FWL_CONTRACTS_JSON_DECISION_H
#define FWL_CONTRACTS_JSON_DECISION_H

#include <jansson.h>

#include "contracts/policy/decide.h"
#include "core/writer.h"

enum {
    FWL_JSON_DECISION_MAX = 262144, /* bytes of the text: 64 refusals with names and messages, all of them escaped */
    FWL_JSON_DECISION_NAME_MAX = 128,
};

/* A decision and what it was made from; the same objects that fwl_decide took and filled. */
struct fwl_json_decision {
    const struct fwl_decision *decision;
    const struct fwl_facts *facts;
    const struct fwl_class_entry *entry;    /* NULL: absent; then there are no candidates */
    const struct fwl_policy_entry *policy;  /* NULL: none */
    const struct fwl_candidate *candidates; /* one a listed release */
    const struct fwl_span *names;           /* what the listed releases are called, each at most
                                               FWL_JSON_DECISION_NAME_MAX bytes; NULL: their ids in hexadecimal */
    struct fwl_span version;                /* install: of the chosen record */
    bool has_tip;                           /* height and time are known */
    uint64_t height;
    uint64_t time_ms;
};

/**
 * fwl_json_decision_put - the decision object of docs/spec/interfaces.md, as one line without its end.
 *
 * A refused release has "rule", the name of the first rule that refuses it or of the check that does ("hardware",
 * "window", ...), and "message", the rule's own message or a sentence. Where nothing was judged, "refused" has one
 * element without "release" that says why ("vendor", "suspended", "class", "fleet").
 * Shape:   FWL_JSON_DECISION_MAX bytes of @w are enough; else FWL_ERR_SPACE on the writer.
 */
void fwl_json_decision_put(struct fwl_writer *w, const struct fwl_json_decision *d);

/** fwl_json_decision - the same as a value: a new reference, NULL when out of memory. */
FWL_NODISCARD json_t *fwl_json_decision(const struct fwl_json_decision *d);

/* Why a release is refused: "rule" and "message" of the object. */
struct fwl_json_reason {
    struct fwl_span rule, message;
};

/** fwl_json_decision_reason - why the release at @index of the class's list is refused; of one that is not, or where
 * nothing was judged, why the decision is nothing. Views @d->policy, or static. */
void fwl_json_decision_reason(struct fwl_json_reason *out, const struct fwl_json_decision *d, size_t index);

/** fwl_json_refusal_name - "hardware", "window", "no-permit" etc.: the rule of a refusal that no rule is behind. */
const char *fwl_json_refusal_name(enum fwl_refusal refusal);

#endif
