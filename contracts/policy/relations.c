#include "contracts/policy/relations.h"

enum match {
    MATCH_NO,
    MATCH_YES,
    MATCH_UNKNOWN, /* the name matches, the versions do not compare */
};

/* Something that a relation can mean: a component, or what one provides. */
struct offer {
    struct fwl_span name;
    struct fwl_span version; /* empty: none */
    bool provided;           /* a provided name without version matches only relations without one */
};

static bool
operator_holds(uint64_t op, int order)
{
    switch ((enum fwl_relation_op)op) {
    case FWL_OP_LT: return order < 0;
    case FWL_OP_LE: return order <= 0;
    case FWL_OP_EQ: return order == 0;
    case FWL_OP_GE: return order >= 0;
    case FWL_OP_GT: return order > 0;
    }
    return false;
}

static enum match
match_offer(const struct fwl_relation *relation, const struct offer *offer, uint64_t scheme)
{
    int order = 0;

    if (!fwl_span_equal(relation->name, offer->name)) {
        return MATCH_NO;
    }
    if (relation->version.size == 0) {
        return MATCH_YES;
    }
    if (offer->version.size == 0) {
        return offer->provided ? MATCH_NO : MATCH_UNKNOWN;
    }
    if (scheme == FWL_SCHEME_OPAQUE) {
        if (relation->op != FWL_OP_EQ) {
            return MATCH_UNKNOWN;
        }
        return fwl_span_equal(relation->version, offer->version) ? MATCH_YES : MATCH_NO;
    }
    if (fwl_version_check(scheme, offer->version, NULL) != FWL_OK ||
        fwl_version_check(scheme, relation->version, NULL) != FWL_OK) {
        return MATCH_UNKNOWN;
    }
    order = fwl_version_compare((enum fwl_scheme)scheme, offer->version, relation->version);
    return operator_holds(relation->op, order) ? MATCH_YES : MATCH_NO;
}

/* The best match of a relation with a component of this name and version that provides these names. */
static enum match
match_component(const struct fwl_relation *relation, struct fwl_span name, struct fwl_span version,
                struct fwl_list provides, uint64_t scheme)
{
    const struct offer self = {.name = name, .version = version};
    enum match best = match_offer(relation, &self, scheme);
    struct fwl_reader it;
    struct fwl_provision provision;

    for (fwl_list_begin(&it, provides); best != MATCH_YES && fwl_release_next_provision(&it, &provision);) {
        const struct offer offer = {.name = provision.name, .version = provision.version, .provided = true};
        enum match match = match_offer(relation, &offer, scheme);

        best = match == MATCH_NO ? best : match;
    }
    return best;
}

static bool
is_self(const struct fwl_relations *rel, const struct fwl_installed *one)
{
    return fwl_span_equal(one->name, rel->component);
}

/* The best match among all installed components; with @after the release stands in place of its component. */
static enum match
match_installed(const struct fwl_relations *rel, const struct fwl_relation *relation, bool after)
{
    enum match best = MATCH_NO;

    for (size_t i = 0; best != MATCH_YES && i < rel->facts->installed_count; i++) {
        const struct fwl_installed *one = &rel->facts->installed[i];
        enum match match = MATCH_NO;

        if (after && is_self(rel, one)) {
            match = match_component(relation, rel->component, rel->record->version, rel->record->provides, rel->scheme);
        } else {
            match = match_component(relation, one->name, one->version, one->provides, rel->scheme);
        }
        best = match == MATCH_NO ? best : match;
    }
    return best;
}

/* OR of relations. */
static bool
clause_holds(const struct fwl_relations *rel, struct fwl_list clause, bool after)
{
    struct fwl_reader it;
    struct fwl_relation relation;

    for (fwl_list_begin(&it, clause); fwl_release_next_relation(&it, &relation);) {
        if (match_installed(rel, &relation, after) == MATCH_YES) {
            return true;
        }
    }
    return false;
}

bool
fwl_relations_depend(const struct fwl_relations *rel)
{
    struct fwl_reader it;
    struct fwl_list clause;

    for (fwl_list_begin(&it, rel->record->dependencies); fwl_release_next_clause(&it, &clause);) {
        if (!clause_holds(rel, clause, false)) {
            return false;
        }
    }
    return true;
}

bool
fwl_relations_conflict(const struct fwl_relations *rel)
{
    const struct fwl_release *record = rel->record;

    for (size_t i = 0; i < rel->facts->installed_count; i++) {
        const struct fwl_installed *one = &rel->facts->installed[i];
        struct fwl_reader it;
        struct fwl_relation relation;

        if (is_self(rel, one)) {
            continue;
        }
        for (fwl_list_begin(&it, record->conflicts); fwl_release_next_relation(&it, &relation);) {
            if (match_component(&relation, one->name, one->version, one->provides, rel->scheme) != MATCH_NO) {
                return true;
            }
        }
        for (fwl_list_begin(&it, one->conflicts); fwl_release_next_relation(&it, &relation);) {
            if (match_component(&relation, rel->component, record->version, record->provides, rel->scheme) !=
                MATCH_NO) {
                return true;
            }
        }
    }
    return false;
}

/* Could replacing @self change whether this clause holds? Only where it names it or what it provides. */
static bool
clause_names(const struct fwl_installed *self, struct fwl_list clause)
{
    struct fwl_reader it;
    struct fwl_relation relation;

    for (fwl_list_begin(&it, clause); fwl_release_next_relation(&it, &relation);) {
        struct fwl_reader provides;
        struct fwl_provision provision;

        if (fwl_span_equal(relation.name, self->name)) {
            return true;
        }
        for (fwl_list_begin(&provides, self->provides); fwl_release_next_provision(&provides, &provision);) {
            if (fwl_span_equal(relation.name, provision.name)) {
                return true;
            }
        }
    }
    return false;
}

bool
fwl_relations_break(const struct fwl_relations *rel)
{
    const struct fwl_installed *self = NULL;

    for (size_t i = 0; i < rel->facts->installed_count && self == NULL; i++) {
        self = is_self(rel, &rel->facts->installed[i]) ? &rel->facts->installed[i] : NULL;
    }
    for (size_t i = 0; self != NULL && i < rel->facts->installed_count; i++) {
        struct fwl_reader it;
        struct fwl_list clause;

        if (&rel->facts->installed[i] == self) {
            continue;
        }
        for (fwl_list_begin(&it, rel->facts->installed[i].dependencies); fwl_release_next_clause(&it, &clause);) {
            if (clause_names(self, clause) && clause_holds(rel, clause, false) && !clause_holds(rel, clause, true)) {
                return true;
            }
        }
    }
    return false;
}
