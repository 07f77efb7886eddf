#include "contracts/policy/facts.h"

#include "contracts/cel/eval/time.h"
#include "core/cbor.h"
#include "ledger/model/name.h"
#include "ledger/model/release.h"

/* A check under way: the first failure stays, with the name of the fact that was under check. */
struct check {
    const char *field;
    enum fwl_err err;
};

static void
field(struct check *c, const char *name)
{
    if (c->err == FWL_OK) {
        c->field = name;
    }
}

static FWL_NOINLINE void
note(struct check *c, enum fwl_err err)
{
    if (c->err == FWL_OK) {
        c->err = err;
    }
}

static void
text(struct check *c, struct fwl_span text)
{
    note(c, text.size > FWL_FACT_TEXT_MAX ? FWL_ERR_LIMIT : fwl_utf8_check(text) ? FWL_OK : FWL_ERR_UTF8);
}

static void
named_text(struct check *c, const char *name, struct fwl_span t)
{
    field(c, name);
    text(c, t);
}

/* A key after the key @before it (NULL: the first). Keys of a CBOR map ascend by length, then bytewise. */
static void
key(struct check *c, const struct fwl_span *before, struct fwl_span key)
{
    int order = -1;

    text(c, key);
    if (before != NULL) {
        order = before->size != key.size ? (before->size < key.size ? -1 : 1) : fwl_span_compare(*before, key);
    }
    note(c, order < 0 ? FWL_OK : order == 0 ? FWL_ERR_DUPLICATE : FWL_ERR_ORDER);
}

/* The elements of a list to look at: all, or none when they are too many. */
static size_t
list(struct check *c, const char *name, size_t count, size_t max)
{
    field(c, name);
    note(c, count > max ? FWL_ERR_LIMIT : FWL_OK);
    return c->err == FWL_OK ? count : 0;
}

/* Relations of one kind, walked to the end: the evaluation trusts their form. */
static void
relations(struct check *c, struct fwl_list relations)
{
    struct fwl_reader it;
    struct fwl_relation relation;

    for (fwl_list_begin(&it, relations); fwl_release_next_relation(&it, &relation);) {
    }
    note(c, it.err);
}

static void
kept(struct check *c, const struct fwl_installed *installed)
{
    struct fwl_reader it;
    struct fwl_provision provision;
    struct fwl_list clause;

    for (fwl_list_begin(&it, installed->provides); fwl_release_next_provision(&it, &provision);) {
    }
    note(c, it.err);
    for (fwl_list_begin(&it, installed->dependencies); fwl_release_next_clause(&it, &clause);) {
        relations(c, clause);
    }
    note(c, it.err);
    relations(c, installed->conflicts);
}

static void
lists(struct check *c, const struct fwl_facts *facts)
{
    size_t count = list(c, "installed", facts->installed_count, FWL_FACT_INSTALLED_MAX);

    for (size_t i = 0; i < count; i++) {
        const struct fwl_installed *one = &facts->installed[i];

        note(c, one->name.size == 0 ? FWL_ERR_NAME : FWL_OK);
        key(c, i == 0 ? NULL : &one[-1].name, one->name);
        text(c, one->version);
        kept(c, one);
    }
    count = list(c, "labels", facts->label_count, FWL_FACT_LABELS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct fwl_fact_label *one = &facts->labels[i];

        key(c, i == 0 ? NULL : &one[-1].key, one->key);
        text(c, one->value);
    }
    count = list(c, "groups", facts->group_count, FWL_FACT_GROUPS_MAX);
    for (size_t i = 0; i < count; i++) {
        text(c, facts->groups[i]);
    }
    count = list(c, "floor", facts->floor_count, FWL_FACT_INSTALLED_MAX);
    for (size_t i = 0; i < count; i++) {
        text(c, facts->floors[i].component);
    }
}

enum fwl_err
fwl_facts_check(const char **name, const struct fwl_facts *facts)
{
    struct check c = {.field = "fleet"};
    int32_t seconds = 0;

    note(&c, facts->fleet.size == 0 ? FWL_ERR_MISSING : fwl_name_fleet(NULL, facts->fleet));
    field(&c, "class");
    note(&c, facts->class_name.size == 0 ? FWL_ERR_MISSING : fwl_name_class(NULL, facts->class_name));
    named_text(&c, "id", facts->id);
    named_text(&c, "vendor", facts->maker);
    named_text(&c, "hardware", facts->model);
    named_text(&c, "version", facts->version);
    /* What rules read as a code or an offset has its form: a mistyped one would match no rule and never be noticed. */
    named_text(&c, "region", facts->region);
    note(&c, facts->region.size == 0 ? FWL_OK : fwl_name_region(facts->region));
    named_text(&c, "utc_offset", facts->utc_offset);
    if (facts->utc_offset.size != 0 && !fwl_cel_time_parse_zone(&seconds, facts->utc_offset)) {
        note(&c, FWL_ERR_VALUE);
    }
    lists(&c, facts);
    field(&c, "battery");
    if (facts->has_battery && (facts->battery < 0 || facts->battery > 100)) {
        note(&c, FWL_ERR_RANGE);
    }
    field(&c, "uptime");
    if (facts->has_uptime && (facts->uptime_s < 0 || facts->uptime_s > INT64_MAX / 1000000000)) {
        note(&c, FWL_ERR_RANGE);
    }
    if (name != NULL) {
        *name = c.err == FWL_OK ? NULL : c.field;
    }
    return c.err;
}

const struct fwl_floor *
fwl_facts_floor(const struct fwl_facts *facts, struct fwl_span component)
{
    for (size_t i = 0; i < facts->floor_count; i++) {
        if (fwl_span_equal(facts->floors[i].component, component)) {
            return &facts->floors[i];
        }
    }
    return NULL;
}
