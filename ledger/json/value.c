/* A release record as JSON: the inverse of release.c. */
#include "core/hex.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/json/fields.h"
#include "ledger/json/release_parts.h"

json_t *
fwl_json_text(struct fwl_span text)
{
    return json_stringn(text.p == NULL ? "" : (const char *)text.p, text.size);
}

json_t *
fwl_json_hex(struct fwl_span bytes)
{
    size_t room = 2 * bytes.size + 1;
    char *text = fwl_malloc(room);
    json_t *value = NULL;

    if (text != NULL) {
        fwl_hex_encode(text, room, bytes);
        value = json_string(text);
        fwl_free(text);
    }
    return value;
}

static json_t *
labels_value(struct fwl_list list)
{
    json_t *object = json_object();
    struct fwl_reader it;
    struct fwl_span key;
    struct fwl_span value;

    for (fwl_list_begin(&it, list); fwl_list_next_pair(&it, &key, &value);) {
        (void)json_object_setn_new(object, (const char *)key.p, key.size, fwl_json_text(value));
    }
    return object;
}

static json_t *
relation_value(const struct fwl_relation *relation)
{
    static const char *const ops[] = {"<<", "<=", "=", ">=", ">>"};
    static const char *const extras[] = {"arch", "kind"};
    json_t *object = json_object();
    struct fwl_reader it;

    fwl_fields_set(object, "name", fwl_json_text(relation->name));
    if ((relation->has & FWL_HAS(2)) != 0) {
        fwl_fields_set(object, "op", json_string(ops[relation->op - 1]));
        fwl_fields_set(object, "version", fwl_json_text(relation->version));
    }
    fwl_list_begin(&it, relation->extra.negative);
    for (size_t i = 0; i < relation->extra.negative.count; i++) {
        int64_t key = fwl_cbor_int(&it);

        if (key >= -2 && fwl_cbor_peek(&it) == FWL_CBOR_TEXT) {
            fwl_fields_set(object, extras[-1 - key], fwl_json_text(fwl_cbor_text(&it, FWL_RELATION_NAME_MAX)));
        } else {
            (void)fwl_cbor_skip(&it);
        }
    }
    return object;
}

static json_t *
relations_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_relation relation;

    for (fwl_list_begin(&it, list); fwl_release_next_relation(&it, &relation);) {
        (void)json_array_append_new(array, relation_value(&relation));
    }
    return array;
}

static json_t *
dependencies_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_list alternatives;

    for (fwl_list_begin(&it, list); fwl_release_next_clause(&it, &alternatives);) {
        (void)json_array_append_new(array, relations_value(alternatives));
    }
    return array;
}

static json_t *
provides_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_provision provision;

    for (fwl_list_begin(&it, list); fwl_release_next_provision(&it, &provision);) {
        json_t *object = json_object();

        fwl_fields_set(object, "name", fwl_json_text(provision.name));
        if (provision.version.size > 0) {
            fwl_fields_set(object, "version", fwl_json_text(provision.version));
        }
        (void)json_array_append_new(array, object);
    }
    return array;
}

static json_t *
hardware_value(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_condition c;

    for (fwl_list_begin(&it, list); fwl_release_next_condition(&it, &c);) {
        json_t *object = json_object();

        if ((c.has & FWL_HAS(1)) != 0) {
            fwl_fields_set(object, "models", fwl_fields_texts(c.models));
        }
        if ((c.has & FWL_HAS(2)) != 0) {
            fwl_fields_set(object, "makers", fwl_fields_texts(c.makers));
        }
        if ((c.has & FWL_HAS(3)) != 0) {
            json_t *range = json_array();

            (void)json_array_append_new(range, c.revision.has_min ? json_integer(c.revision.min) : json_null());
            (void)json_array_append_new(range, c.revision.has_max ? json_integer(c.revision.max) : json_null());
            fwl_fields_set(object, "revision", range);
        }
        (void)json_array_append_new(array, object);
    }
    return array;
}

/* "replaces" stands in the informative pair -1. */
static void
set_replaces(json_t *object, struct fwl_list negative)
{
    struct fwl_reader it;
    struct fwl_list list = {0};

    fwl_list_begin(&it, negative);
    for (size_t i = 0; i < negative.count; i++) {
        int64_t key = fwl_cbor_int(&it);

        if (key == -1 && fwl_cbor_peek(&it) == FWL_CBOR_ARRAY) {
            struct fwl_reader items = {0};

            fwl_reader_init(&items, fwl_cbor_skip(&it));
            list.count = fwl_cbor_array(&items, FWL_RELATIONS_MAX);
            list.items = fwl_reader_rest(&items);
            fwl_fields_set(object, "replaces", relations_value(list));
        } else {
            (void)fwl_cbor_skip(&it);
        }
    }
}

static void
set_optional_text(json_t *object, const char *member, struct fwl_span text)
{
    if (text.size > 0) {
        fwl_fields_set(object, member, fwl_json_text(text));
    }
}

static void
set_amendable(json_t *object, const struct fwl_release *r)
{
    if (r->links.count > 0) {
        fwl_fields_set(object, "links", fwl_fields_texts(r->links));
    }
    set_optional_text(object, "notes", r->notes);
    if (r->labels.count > 0) {
        fwl_fields_set(object, "labels", labels_value(r->labels));
    }
    fwl_fields_set(object, "valid", json_boolean(r->valid));
    if (r->hardware.count > 0) {
        fwl_fields_set(object, "hardware", hardware_value(r->hardware));
    }
    if ((r->has & FWL_HAS(FWL_RELEASE_WINDOW)) != 0) {
        json_t *window = json_object();

        set_optional_text(window, "min", r->window.min);
        set_optional_text(window, "max", r->window.max);
        fwl_fields_set(object, "window", window);
    }
    if (r->dependencies.count > 0) {
        fwl_fields_set(object, "dependencies", dependencies_value(r->dependencies));
    }
    if (r->regions.count > 0) {
        fwl_fields_set(object, "regions", fwl_fields_texts(r->regions));
    }
}

static void
set_fixed(json_t *object, const struct fwl_release *r)
{
    static const char *const severities[] = {"normal", "security", "critical"};

    fwl_fields_set(object, "provider", fwl_json_text(r->provider));
    fwl_fields_set(object, "class", fwl_json_text(r->class_name));
    fwl_fields_set(object, "version", fwl_json_text(r->version));
    fwl_fields_set(object, "size", json_integer((json_int_t)r->size));
    fwl_fields_set(object, "filename", fwl_json_text(r->file_name));
    if ((r->has & FWL_HAS(FWL_RELEASE_PUBLISHED)) != 0) {
        char text[FWL_TIME_TEXT_SIZE];

        fwl_time_text(text, r->published_s * 1000);
        fwl_fields_set(object, "published", json_string(text));
    }
    fwl_fields_set(object, "counter", json_integer((json_int_t)r->counter));
    set_optional_text(object, "channel", r->channel);
    if ((r->has & FWL_HAS(FWL_RELEASE_SEVERITY)) != 0) {
        fwl_fields_set(object, "severity", json_string(severities[r->severity - 1]));
    }
    if ((r->has & FWL_HAS(FWL_RELEASE_RANK)) != 0) {
        fwl_fields_set(object, "rank", json_integer((json_int_t)r->rank));
    }
    if ((r->has & FWL_HAS(FWL_RELEASE_SCHEME)) != 0) {
        fwl_fields_set(object, "scheme", json_string(fwl_scheme_name(r->scheme)));
    }
    if (r->provides.count > 0) {
        fwl_fields_set(object, "provides", provides_value(r->provides));
    }
    if (r->conflicts.count > 0) {
        fwl_fields_set(object, "conflicts", relations_value(r->conflicts));
    }
}

json_t *
fwl_json_release_value(const struct fwl_release *release)
{
    json_t *object = json_object();

    if (object != NULL) {
        set_fixed(object, release);
        fwl_release_parts_set_image(object, release);
        set_amendable(object, release);
        set_replaces(object, release->extra.negative);
    }
    return object;
}
