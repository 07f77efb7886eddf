/*
 * facts - what a device tells about itself, from JSON. Zone H.
 *
 * The shape is that of docs/spec/interfaces.md "Device facts and decisions". An absent member was not told; an unknown
 * one is an error, so that a misspelt fact is not taken for an untold one.
 */
#ifndef FWL_CONTRACTS_JSON_FACTS_H
#define FWL_CONTRACTS_JSON_FACTS_H

#include <jansson.h>

#include "contracts/policy/facts.h"
#include "core/error.h"
#include "ledger/json/parse.h"

#define FWL_JSON_FACTS_SCRATCH 262144 /* bytes for provides, conflicts and dependencies of what is installed */

/* About 300 KiB: allocate it. */
struct fwl_json_facts {
    struct fwl_facts facts; /* views this object and the JSON value */
    bool has_now;
    uint64_t now_ms;        /* the member "now", for simulations */
    struct fwl_parse parse; /* parse.error: a sentence that names the member */
    struct fwl_installed installed[FWL_FACT_INSTALLED_MAX];
    struct fwl_floor floors[FWL_FACT_INSTALLED_MAX];
    struct fwl_span groups[FWL_FACT_GROUPS_MAX];
    struct fwl_fact_label labels[FWL_FACT_LABELS_MAX];
    uint8_t scratch[FWL_JSON_FACTS_SCRATCH];
};

/**
 * fwl_json_facts_parse - facts from a JSON object.
 *
 * "floor" has {component: counter} or {component: {"counter", "epoch"}}; installed and labels are sorted here.
 * Owns:    out->facts views @out and @object, which stay where they are.
 * Fills:   @out; out->parse.error on failure.
 * Returns: FWL_OK; FWL_ERR_TYPE, _UNKNOWN, _VALUE, _LIMIT, _MISSING, _RANGE, or as fwl_facts_check
 */
FWL_NODISCARD enum fwl_err fwl_json_facts_parse(struct fwl_json_facts *out, const json_t *object);

#endif
