/*
 * facts - what a device (or its gateway) tells about itself. Zone F.
 *
 * Nothing here comes from an answer. A fact that was not told is a state of its own: a condition that asks for it does
 * not match, and a rule that reads it is an error. A text is not told when it is empty; a list when its pointer is
 * NULL; a number when its flag is false.
 */
#ifndef FWL_CONTRACTS_POLICY_FACTS_H
#define FWL_CONTRACTS_POLICY_FACTS_H

#include "core/limits.h"
#include "core/version.h"
#include "ledger/model/list.h"

/* One component that the device has, with what it kept of its release record. */
struct fwl_installed {
    struct fwl_span name;         /* component or package name */
    struct fwl_span version;      /* empty: not told */
    struct fwl_list provides;     /* as in a release record, items only (ledger/model/list.h) */
    struct fwl_list conflicts;    /* the same */
    struct fwl_list dependencies; /* the same: clauses of relations */
};

/* The security counter of the last confirmed image of a component, and the floor epoch of its vendor at that time. */
struct fwl_floor {
    struct fwl_span component;
    uint64_t counter;
    uint64_t epoch;
};

struct fwl_fact_label {
    struct fwl_span key;
    struct fwl_span value;
};

struct fwl_facts {
    struct fwl_span id;
    struct fwl_span fleet;      /* administrator/name; required */
    struct fwl_span class_name; /* vendor/model/component; required */
    struct fwl_span maker;      /* device.vendor */
    struct fwl_span model;      /* device.hardware */
    struct fwl_span version;    /* running, in the scheme of the class; not told = lower than every release */
    struct fwl_span region;     /* ISO 3166-1 alpha-2 */
    struct fwl_span utc_offset; /* "+03:00" */
    bool has_revision;
    bool has_battery;
    bool has_uptime;
    int64_t revision;                      /* hardware revision */
    int64_t battery;                       /* percent */
    int64_t uptime_s;                      /* seconds */
    const struct fwl_installed *installed; /* ascending as keys of a CBOR map: shorter names first, then bytewise */
    size_t installed_count;                /* <= FWL_FACT_INSTALLED_MAX */
    const struct fwl_floor *floors;
    size_t floor_count; /* <= FWL_FACT_INSTALLED_MAX */
    const struct fwl_span *groups;
    size_t group_count;                  /* <= FWL_FACT_GROUPS_MAX */
    const struct fwl_fact_label *labels; /* ascending like installed */
    size_t label_count;                  /* <= FWL_FACT_LABELS_MAX */
};

/**
 * fwl_facts_check - are these facts within the limits, and in one order for every caller?
 *
 * Fills:   @field with the name of the offending fact (static text), NULL on success; may be NULL.
 * Returns: FWL_OK
 *          FWL_ERR_MISSING    fleet or class is not told
 *          FWL_ERR_NAME       fleet or class is no such name, region no country code
 *          FWL_ERR_VALUE      utc_offset is none ("+03:00")
 *          FWL_ERR_LIMIT      a text above FWL_FACT_TEXT_MAX, or too many elements
 *          FWL_ERR_UTF8       a text that is not valid UTF-8
 *          FWL_ERR_ORDER, FWL_ERR_DUPLICATE  installed or labels
 *          FWL_ERR_RANGE      battery outside 0..100, uptime negative or above 292 years
 * The version is checked by the decision, which knows the scheme.
 */
FWL_NODISCARD enum fwl_err fwl_facts_check(const char **field, const struct fwl_facts *facts);

/** fwl_facts_floor - the floor of @component, or NULL. */
const struct fwl_floor *fwl_facts_floor(const struct fwl_facts *facts, struct fwl_span component);

#endif
