#include "contracts/policy/relations.h"

enum match {
    MATCH_NO,
    MATCH_YES,
    MATCH_UNKNOWN, /* the name matches, the versions do not compare */
};

static bool
operator_holds(uint64_t op, int order)
{
    /* bit 0: lower, bit 1: equal, bit 2: higher */
    static const uint8_t holds[] = {
        [FWL_OP_LT] = 1, [FWL_OP_LE] = 3, [FWL_OP_EQ] = 2, [FWL_OP_GE] = 6, [FWL_OP_GT] = 4};
    unsigned bit = order < 0 ? 1 : order == 0 ? 2 : 4;

    return op < FWL_COUNT(holds) && (holds[op] & bit) != 0;
}

/* Does a relation mean this name and version? A @provided name without version matches only relations without one. */
static enum match
match_offer(const struct fwl_relations *rel, const struct fwl_relation *relation, const struct fwl_provision *offer,
            bool provided)
{
    int order = 0;

    if (!fwl_span_equal(relation->name, offer->name)) {
        return MATCH_NO;
    }
    if (relation->version.size == 0) {
        return MATCH_YES;
    }
    if (offer->version.size == 0) {
        return provided ? MATCH_NO : MATCH_UNKNOWN;
    }
    if (rel->scheme == FWL_SCHEME_OPAQUE) {
        if (relation->op != FWL_OP_EQ) {
            return MATCH_UNKNOWN;
        }
        return fwl_span_equal(relation->version, offer->version) ? MATCH_YES : MATCH_NO;
    }
    if (fwl_version_check(rel->scheme, offer->version, NULL) != FWL_OK ||
        fwl_version_check(rel->scheme, relation->version, NULL) != FWL_OK) {
        return MATCH_UNKNOWN;
    }
    order = fwl_version_compare((enum fwl_scheme)rel->scheme, offer->version, relation->version);
    return operator_holds(relation->op, order) ? MATCH_YES : MATCH_NO;
}

/* The best match with a component or what it provides. */
static enum match
match_component(const struct fwl_relations *rel, const struct fwl_relation *relation, const struct fwl_installed *one)
{
    struct fwl_provision offer = {.name = one->name, .version = one->version};
    enum match best = match_offer(rel, relation, &offer, false);
    struct fwl_reader it;

    for (fwl_list_begin(&it, one->provides); best != MATCH_YES && fwl_release_next_provision(&it, &offer);) {
        enum match match = match_offer(rel, relation, &offer, true);

        best = match == MATCH_NO ? best : match;
    }
    return best;
}

static bool
is_self(const struct fwl_relations *rel, const struct fwl_installed *one)
{
    return fwl_span_equal(one->name, rel->self.name);
}

/* OR of relations, each with any installed component; with @after the release stands in place of its component. */
static bool
clause_holds(const struct fwl_relations *rel, struct fwl_list clause, bool after)
{
    struct fwl_reader it;
    struct fwl_relation relation;

    for (fwl_list_begin(&it, clause); fwl_release_next_relation(&it, &relation);) {
        for (size_t i = 0; i < rel->facts->installed_count; i++) {
            const struct fwl_installed *one = &rel->facts->installed[i];

            one = after && is_self(rel, one) ? &rel->self : one;
            if (match_component(rel, &relation, one) == MATCH_YES) {
                return true;
            }
        }
    }
    return false;
}

bool
fwl_relations_depend(const struct fwl_relations *rel)
{
    struct fwl_reader it;
    struct fwl_list clause;

    for (fwl_list_begin(&it, rel->self.dependencies); fwl_release_next_clause(&it, &clause);) {
        if (!clause_holds(rel, clause, false)) {
            return false;
        }
    }
    return true;
}

/* Does a relation of @list match @one, whatever its version where @by_name says so? */
static bool
any_matches(const struct fwl_relations *rel, struct fwl_list list, const struct fwl_installed *one, bool by_name)
{
    struct fwl_reader it;
    struct fwl_relation relation;

    for (fwl_list_begin(&it, list); fwl_release_next_relation(&it, &relation);) {
        relation.version.size = by_name ? 0 : relation.version.size;
        if (match_component(rel, &relation, one) != MATCH_NO) {
            return true;
        }
    }
    return false;
}

bool
fwl_relations_conflict(const struct fwl_relations *rel)
{
    for (size_t i = 0; i < rel->facts->installed_count; i++) {
        const struct fwl_installed *one = &rel->facts->installed[i];

        if (!is_self(rel, one) && (any_matches(rel, rel->self.conflicts, one, false) ||
                                   any_matches(rel, one->conflicts, &rel->self, false))) {
            return true;
        }
    }
    return false;
}

/* Only a clause that names the component, or what it provides, can change with it. */
bool
fwl_relations_break(const struct fwl_relations *rel)
{
    const struct fwl_installed *now = NULL;

    for (size_t i = 0; i < rel->facts->installed_count && now == NULL; i++) {
        now = is_self(rel, &rel->facts->installed[i]) ? &rel->facts->installed[i] : NULL;
    }
    for (size_t i = 0; now != NULL && i < rel->facts->installed_count; i++) {
        const struct fwl_installed *one = &rel->facts->installed[i];
        struct fwl_reader it;
        struct fwl_list clause;

        for (fwl_list_begin(&it, one->dependencies); one != now && fwl_release_next_clause(&it, &clause);) {
            if (any_matches(rel, clause, now, true) && clause_holds(rel, clause, false) &&
                !clause_holds(rel, clause, true)) {
                return true;
            }
        }
    }
    return false;
}
