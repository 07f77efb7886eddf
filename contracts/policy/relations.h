/*
 * relations - dependencies and conflicts between a release and what is installed. Zone F; internal.
 *
 * A relation names a component or a virtual name that some component provides. Versions are compared in the scheme of
 * the release under judgement; with scheme opaque only "=" can hold. A version that was not told, or is none of that
 * scheme, satisfies no dependency and fails a conflict closed.
 */
#ifndef FWL_CONTRACTS_POLICY_RELATIONS_H
#define FWL_CONTRACTS_POLICY_RELATIONS_H

#include "contracts/policy/decide.h"

struct fwl_relations {
    const struct fwl_facts *facts;
    struct fwl_installed self; /* the release as it would be installed; its name: third segment of the class */
    uint64_t scheme;
};

/** fwl_relations_depend - AND of OR: is every dependency installed? */
bool fwl_relations_depend(const struct fwl_relations *rel);
/** fwl_relations_conflict - does it conflict with another installed component, or one with it? */
bool fwl_relations_conflict(const struct fwl_relations *rel);
/** fwl_relations_break - would a dependency of another component that holds now no longer hold? */
bool fwl_relations_break(const struct fwl_relations *rel);

#endif
