#include "contracts/policy/facts.h"

#include "contracts/cel/eval/time.h"
#include "core/cbor.h"
#include "ledger/model/name.h"
#include "ledger/model/release.h"

static enum fwl_err
check_text(struct fwl_span text)
{
    if (text.size > FWL_FACT_TEXT_MAX) {
        return FWL_ERR_LIMIT;
    }
    return fwl_utf8_check(text) ? FWL_OK : FWL_ERR_UTF8;
}

/* Keys of a CBOR map ascend by length, then bytewise. */
static enum fwl_err
check_ascend(struct fwl_span before, struct fwl_span key)
{
    int order = before.size != key.size ? (before.size < key.size ? -1 : 1) : fwl_span_compare(before, key);

    return order < 0 ? FWL_OK : order == 0 ? FWL_ERR_DUPLICATE : FWL_ERR_ORDER;
}

static enum fwl_err
check_texts(const char **field, const struct fwl_facts *facts)
{
    const struct {
        const char *name;
        struct fwl_span text;
    } texts[] = {{"id", facts->id},           {"vendor", facts->maker},  {"hardware", facts->model},
                 {"version", facts->version}, {"region", facts->region}, {"utc_offset", facts->utc_offset}};

    for (size_t i = 0; i < FWL_COUNT(texts); i++) {
        enum fwl_err err = check_text(texts[i].text);

        if (err != FWL_OK) {
            *field = texts[i].name;
            return err;
        }
    }
    return FWL_OK;
}

/* What rules read as a code or an offset has its form: a mistyped one would match no rule and never be noticed. */
static enum fwl_err
check_place(const char **field, const struct fwl_facts *facts)
{
    int32_t seconds = 0;

    *field = "region";
    if (facts->region.size != 0 && fwl_name_region(facts->region) != FWL_OK) {
        return FWL_ERR_NAME;
    }
    *field = "utc_offset";
    return facts->utc_offset.size == 0 || fwl_cel_time_parse_zone(&seconds, facts->utc_offset) ? FWL_OK : FWL_ERR_VALUE;
}

/* Relations of one kind, walked to the end: the evaluation trusts their form. */
static enum fwl_err
check_relations(struct fwl_list list)
{
    struct fwl_reader it;
    struct fwl_relation relation;

    for (fwl_list_begin(&it, list); fwl_release_next_relation(&it, &relation);) {
    }
    return it.err;
}

static enum fwl_err
check_kept(const struct fwl_installed *installed)
{
    struct fwl_reader it;
    struct fwl_provision provision;
    struct fwl_list clause;
    enum fwl_err err = FWL_OK;

    for (fwl_list_begin(&it, installed->provides); fwl_release_next_provision(&it, &provision);) {
    }
    if (it.err != FWL_OK) {
        return it.err;
    }
    for (fwl_list_begin(&it, installed->dependencies); err == FWL_OK && fwl_release_next_clause(&it, &clause);) {
        err = check_relations(clause);
    }
    if (err == FWL_OK) {
        err = it.err;
    }
    return err == FWL_OK ? check_relations(installed->conflicts) : err;
}

static enum fwl_err
check_installed(const struct fwl_facts *facts)
{
    enum fwl_err err = facts->installed_count > FWL_FACT_INSTALLED_MAX ? FWL_ERR_LIMIT : FWL_OK;

    for (size_t i = 0; err == FWL_OK && i < facts->installed_count; i++) {
        const struct fwl_installed *one = &facts->installed[i];

        err = one->name.size == 0 ? FWL_ERR_NAME : check_text(one->name);
        if (err == FWL_OK && i > 0) {
            err = check_ascend(facts->installed[i - 1].name, one->name);
        }
        if (err == FWL_OK) {
            err = check_text(one->version);
        }
        if (err == FWL_OK) {
            err = check_kept(one);
        }
    }
    return err;
}

static enum fwl_err
check_labels(const struct fwl_facts *facts)
{
    enum fwl_err err = facts->label_count > FWL_FACT_LABELS_MAX ? FWL_ERR_LIMIT : FWL_OK;

    for (size_t i = 0; err == FWL_OK && i < facts->label_count; i++) {
        err = check_text(facts->labels[i].key);
        if (err == FWL_OK && i > 0) {
            err = check_ascend(facts->labels[i - 1].key, facts->labels[i].key);
        }
        if (err == FWL_OK) {
            err = check_text(facts->labels[i].value);
        }
    }
    return err;
}

static enum fwl_err
check_groups(const struct fwl_facts *facts)
{
    enum fwl_err err = facts->group_count > FWL_FACT_GROUPS_MAX ? FWL_ERR_LIMIT : FWL_OK;

    for (size_t i = 0; err == FWL_OK && i < facts->group_count; i++) {
        err = check_text(facts->groups[i]);
    }
    return err;
}

static enum fwl_err
check_floors(const struct fwl_facts *facts)
{
    enum fwl_err err = facts->floor_count > FWL_FACT_INSTALLED_MAX ? FWL_ERR_LIMIT : FWL_OK;

    for (size_t i = 0; err == FWL_OK && i < facts->floor_count; i++) {
        err = check_text(facts->floors[i].component);
    }
    return err;
}

static enum fwl_err
check_names(const char **field, const struct fwl_facts *facts)
{
    *field = "fleet";
    if (facts->fleet.size == 0) {
        return FWL_ERR_MISSING;
    }
    if (fwl_name_fleet(NULL, facts->fleet) != FWL_OK) {
        return FWL_ERR_NAME;
    }
    *field = "class";
    if (facts->class_name.size == 0) {
        return FWL_ERR_MISSING;
    }
    return fwl_name_class(NULL, facts->class_name);
}

enum fwl_err
fwl_facts_check(const char **field, const struct fwl_facts *facts)
{
    static const struct {
        const char *name;
        enum fwl_err (*check)(const struct fwl_facts *facts);
    } lists[] = {
        {"installed", check_installed}, {"labels", check_labels}, {"groups", check_groups}, {"floor", check_floors}};
    const char *at = NULL;
    enum fwl_err err = check_names(&at, facts);

    if (err == FWL_OK) {
        err = check_texts(&at, facts);
    }
    if (err == FWL_OK) {
        err = check_place(&at, facts);
    }
    for (size_t i = 0; err == FWL_OK && i < FWL_COUNT(lists); i++) {
        at = lists[i].name;
        err = lists[i].check(facts);
    }
    if (err == FWL_OK && facts->has_battery && (facts->battery < 0 || facts->battery > 100)) {
        at = "battery";
        err = FWL_ERR_RANGE;
    }
    if (err == FWL_OK && facts->has_uptime && (facts->uptime_s < 0 || facts->uptime_s > INT64_MAX / 1000000000)) {
        at = "uptime";
        err = FWL_ERR_RANGE;
    }
    if (field != NULL) {
        *field = err == FWL_OK ? NULL : at;
    }
    return err;
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
