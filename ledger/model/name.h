/*
 * name - names of participants, classes, fleets, rules and patterns (ledger.md section 1). Zone F.
 *
 * Names are compared byte for byte. Checks return FWL_OK or FWL_ERR_NAME.
 */
#ifndef FWL_LEDGER_MODEL_NAME_H
#define FWL_LEDGER_MODEL_NAME_H

#include "core/error.h"
#include "core/span.h"

struct fwl_class_name { /* views into the checked text */
    struct fwl_span vendor;
    struct fwl_span model;
    struct fwl_span component;
};

struct fwl_fleet_name {
    struct fwl_span administrator;
    struct fwl_span name;
};

/** fwl_name_participant - [a-z0-9][a-z0-9-]{0,62}; also names of rules and rollout templates. */
FWL_NODISCARD enum fwl_err fwl_name_participant(struct fwl_span text);
/** fwl_name_segment - [A-Za-z0-9][A-Za-z0-9._+~-]{0,62}: a vendor, model or component. */
FWL_NODISCARD enum fwl_err fwl_name_segment(struct fwl_span text);
/** fwl_name_param - [A-Za-z_][A-Za-z0-9_]{0,62}: an identifier of the rule language. */
FWL_NODISCARD enum fwl_err fwl_name_param(struct fwl_span text);
/** fwl_name_region - [A-Z]{2}, a country code of ISO 3166-1; FWL_ERR_NAME. */
FWL_NODISCARD enum fwl_err fwl_name_region(struct fwl_span text);
/** fwl_name_class - three segments with "/" between; fills @out (may be NULL), empty views on failure. */
FWL_NODISCARD enum fwl_err fwl_name_class(struct fwl_class_name *out, struct fwl_span text);
/** fwl_name_fleet - two participant names with "/" between; fills @out (may be NULL), empty views on failure. */
FWL_NODISCARD enum fwl_err fwl_name_fleet(struct fwl_fleet_name *out, struct fwl_span text);
/** fwl_name_pattern - a class in which "*" may stand for a whole segment. */
FWL_NODISCARD enum fwl_err fwl_name_pattern(struct fwl_span text);
/** fwl_name_match - does the checked pattern match the checked class? */
bool fwl_name_match(struct fwl_span pattern, struct fwl_span class_name);
/** fwl_name_equal_nocase - equal but for the case of ASCII letters: vendors are unique in this sense. */
bool fwl_name_equal_nocase(struct fwl_span a, struct fwl_span b);

#endif
