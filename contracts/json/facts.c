#include "contracts/json/facts.h"

#include <stdlib.h>
#include <string.h>

#include "core/time.h"

/* Order of the keys of a deterministic CBOR map: short ones first, then bytewise. */
static int
key_order(struct fwl_span a, struct fwl_span b)
{
    if (a.size != b.size) {
        return a.size < b.size ? -1 : 1;
    }
    return fwl_span_compare(a, b);
}

static int
by_name(const void *a, const void *b)
{
    return key_order(((const struct fwl_installed *)a)->name, ((const struct fwl_installed *)b)->name);
}

static int
by_key(const void *a, const void *b)
{
    return key_order(((const struct fwl_fact_label *)a)->key, ((const struct fwl_fact_label *)b)->key);
}

/* An object member of at most @max pairs; *object is NULL when it was not told. */
static enum fwl_err
get_object(struct fwl_json_facts *out, json_t **object, const json_t *facts, const char *member, size_t max)
{
    *object = json_object_get(facts, member);
    if (*object != NULL && !json_is_object(*object)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "%s: an object is expected", member);
    }
    if (json_object_size(*object) > max) {
        return fwl_parse_fail(&out->parse, FWL_ERR_LIMIT, "%s: %zu entries, at most %zu are possible", member,
                              json_object_size(*object), max);
    }
    return FWL_OK;
}

static enum fwl_err
parse_component(struct fwl_json_facts *out, struct fwl_installed *component, const json_t *value)
{
    static const char *const known[] = {"version", "provides", "conflicts", "dependencies"};
    struct fwl_parse *parse = &out->parse;
    const json_t *list = NULL;
    enum fwl_err err = FWL_OK;

    if (json_is_string(value)) {
        component->version = fwl_parse_text(value);
        return FWL_OK;
    }
    if (!json_is_object(value)) {
        return fwl_parse_fail(parse, FWL_ERR_TYPE, "installed: a version, or an object with version, is expected");
    }
    err = fwl_parse_members(parse, value, known, FWL_COUNT(known), "installed");
    err = err == FWL_OK ? fwl_parse_get_text(parse, &component->version, value, "version") : err;
    err = err == FWL_OK ? fwl_parse_get_list(parse, &list, value, "provides") : err;
    err = err == FWL_OK ? fwl_parse_provisions(parse, &component->provides, list, "provides") : err;
    err = err == FWL_OK ? fwl_parse_get_list(parse, &list, value, "conflicts") : err;
    err = err == FWL_OK ? fwl_parse_relations(parse, &component->conflicts, list, "conflicts") : err;
    err = err == FWL_OK ? fwl_parse_get_list(parse, &list, value, "dependencies") : err;
    return err == FWL_OK ? fwl_parse_clauses(parse, &component->dependencies, list, "dependencies") : err;
}

static enum fwl_err
parse_installed(struct fwl_json_facts *out, const json_t *facts)
{
    json_t *object = NULL;
    enum fwl_err err = get_object(out, &object, facts, "installed", FWL_FACT_INSTALLED_MAX);
    size_t count = 0;

    if (err != FWL_OK || object == NULL) {
        return err;
    }
    for (void *it = json_object_iter(object); it != NULL && err == FWL_OK; it = json_object_iter_next(object, it)) {
        struct fwl_installed *component = &out->installed[count++];

        *component = (struct fwl_installed){0};
        component->name = fwl_span(json_object_iter_key(it), json_object_iter_key_len(it));
        err = parse_component(out, component, json_object_iter_value(it));
    }
    qsort(out->installed, count, sizeof(out->installed[0]), by_name);
    out->facts.installed = out->installed;
    out->facts.installed_count = count;
    return err;
}

/* {component: counter}, or {component: {"counter", "epoch"}} where the vendor's floor epoch was raised. */
static enum fwl_err
parse_floor(struct fwl_json_facts *out, const json_t *facts)
{
    static const char *const known[] = {"counter", "epoch"};
    json_t *object = NULL;
    enum fwl_err err = get_object(out, &object, facts, "floor", FWL_FACT_INSTALLED_MAX);
    size_t count = 0;

    for (void *it = json_object_iter(object); it != NULL && err == FWL_OK; it = json_object_iter_next(object, it)) {
        struct fwl_floor *floor = &out->floors[count++];
        const json_t *value = json_object_iter_value(it);
        bool there = false;

        *floor = (struct fwl_floor){.component = fwl_span(json_object_iter_key(it), json_object_iter_key_len(it))};
        if (json_is_object(value)) {
            err = fwl_parse_members(&out->parse, value, known, FWL_COUNT(known), "floor");
            err = err == FWL_OK ? fwl_parse_get_uint(&out->parse, &floor->counter, &there, value, "counter") : err;
            err = err == FWL_OK ? fwl_parse_get_uint(&out->parse, &floor->epoch, &there, value, "epoch") : err;
        } else if (json_is_integer(value) && json_integer_value(value) >= 0) {
            floor->counter = (uint64_t)json_integer_value(value);
        } else {
            err = fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "floor: a counter, a whole number from 0, is expected");
        }
    }
    out->facts.floors = out->floors;
    out->facts.floor_count = count;
    return err;
}

static enum fwl_err
parse_groups(struct fwl_json_facts *out, const json_t *facts)
{
    const json_t *list = NULL;
    const json_t *item = NULL;
    size_t i = 0;
    enum fwl_err err = fwl_parse_get_list(&out->parse, &list, facts, "groups");

    if (err != FWL_OK || list == NULL) {
        return err;
    }
    if (json_array_size(list) > FWL_FACT_GROUPS_MAX) {
        return fwl_parse_fail(&out->parse, FWL_ERR_LIMIT, "groups: %zu, at most %d are possible", json_array_size(list),
                              FWL_FACT_GROUPS_MAX);
    }
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item)) {
            return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "groups: a list of strings is expected");
        }
        out->groups[i] = fwl_parse_text(item);
    }
    out->facts.groups = out->groups;
    out->facts.group_count = json_array_size(list);
    return FWL_OK;
}

static enum fwl_err
parse_labels(struct fwl_json_facts *out, const json_t *facts)
{
    json_t *object = NULL;
    enum fwl_err err = get_object(out, &object, facts, "labels", FWL_FACT_LABELS_MAX);
    size_t count = 0;

    if (err != FWL_OK || object == NULL) {
        return err;
    }
    for (void *it = json_object_iter(object); it != NULL; it = json_object_iter_next(object, it)) {
        if (!json_is_string(json_object_iter_value(it))) {
            return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "labels: an object of strings is expected");
        }
        out->labels[count++] = (struct fwl_fact_label){
            .key = fwl_span(json_object_iter_key(it), json_object_iter_key_len(it)),
            .value = fwl_parse_text(json_object_iter_value(it)),
        };
    }
    qsort(out->labels, count, sizeof(out->labels[0]), by_key);
    out->facts.labels = out->labels;
    out->facts.label_count = count;
    return FWL_OK;
}

static enum fwl_err
parse_int(struct fwl_json_facts *out, int64_t *number, bool *there, const json_t *facts, const char *member)
{
    const json_t *value = json_object_get(facts, member);

    *there = value != NULL;
    if (value != NULL && !json_is_integer(value)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "%s: a whole number is expected", member);
    }
    *number = json_integer_value(value);
    return FWL_OK;
}

static enum fwl_err
parse_now(struct fwl_json_facts *out, const json_t *facts)
{
    struct fwl_span text = {0};
    int64_t seconds = 0;
    enum fwl_err err = fwl_parse_get_text(&out->parse, &text, facts, "now");

    if (err != FWL_OK || text.p == NULL) {
        return err;
    }
    if (fwl_time_parse(&seconds, text) != FWL_OK || seconds < 0) {
        return fwl_parse_fail(&out->parse, FWL_ERR_VALUE, "now: a time like 2026-01-31T23:59:59Z is expected");
    }
    out->has_now = true;
    out->now_ms = (uint64_t)seconds * 1000;
    return FWL_OK;
}

static enum fwl_err
parse_texts(struct fwl_json_facts *out, const json_t *facts)
{
    struct fwl_facts *f = &out->facts;
    const struct {
        const char *member;
        struct fwl_span *to;
    } texts[] = {
        {"id", &f->id},          {"fleet", &f->fleet},     {"class", &f->class_name}, {"vendor", &f->maker},
        {"hardware", &f->model}, {"version", &f->version}, {"region", &f->region},    {"utc_offset", &f->utc_offset},
    };
    enum fwl_err err = FWL_OK;

    for (size_t i = 0; i < FWL_COUNT(texts) && err == FWL_OK; i++) {
        err = fwl_parse_get_text(&out->parse, texts[i].to, facts, texts[i].member);
    }
    return err;
}

static enum fwl_err
parse_all(struct fwl_json_facts *out, const json_t *object)
{
    static const char *const known[] = {"id",      "fleet",     "class",  "vendor", "hardware",   "revision",
                                        "version", "installed", "floor",  "region", "utc_offset", "groups",
                                        "labels",  "battery",   "uptime", "now"};
    struct fwl_facts *f = &out->facts;
    enum fwl_err err = fwl_parse_members(&out->parse, object, known, FWL_COUNT(known), "");

    err = err == FWL_OK ? parse_texts(out, object) : err;
    err = err == FWL_OK ? parse_int(out, &f->revision, &f->has_revision, object, "revision") : err;
    err = err == FWL_OK ? parse_int(out, &f->battery, &f->has_battery, object, "battery") : err;
    err = err == FWL_OK ? parse_int(out, &f->uptime_s, &f->has_uptime, object, "uptime") : err;
    err = err == FWL_OK ? parse_installed(out, object) : err;
    err = err == FWL_OK ? parse_floor(out, object) : err;
    err = err == FWL_OK ? parse_groups(out, object) : err;
    err = err == FWL_OK ? parse_labels(out, object) : err;
    return err == FWL_OK ? parse_now(out, object) : err;
}

enum fwl_err
fwl_json_facts_parse(struct fwl_json_facts *out, const json_t *object)
{
    const char *field = NULL;
    enum fwl_err err = FWL_OK;

    out->facts = (struct fwl_facts){0};
    out->has_now = false;
    out->now_ms = 0;
    fwl_parse_begin(&out->parse, out->scratch, sizeof(out->scratch));
    if (!json_is_object(object)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "a JSON object with the facts of a device is expected");
    }
    err = parse_all(out, object);
    if (err == FWL_OK) {
        err = fwl_facts_check(&field, &out->facts);
        if (err != FWL_OK) {
            (void)fwl_parse_fail(&out->parse, err, "%s: %s", field,
                                 strcmp(field, "region") == 0       ? "a country code like DE is expected (ISO 3166-1)"
                                 : strcmp(field, "utc_offset") == 0 ? "an offset like +03:00 is expected"
                                                                    : fwl_err_text(err));
        }
    }
    if (err != FWL_OK) {
        out->facts = (struct fwl_facts){0};
    }
    return err;
}
