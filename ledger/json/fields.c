#include "ledger/json/fields.h"

#include "ledger/json/release.h"

void
fwl_fields_set(json_t *object, const char *member, json_t *value)
{
    (void)json_object_set_new(object, member, value);
}

void
fwl_fields_number(json_t *object, const char *member, uint64_t number)
{
    fwl_fields_set(object, member, json_integer((json_int_t)number));
}

void
fwl_fields_text(json_t *object, const char *member, struct fwl_span text)
{
    fwl_fields_set(object, member, fwl_json_text(text));
}

void
fwl_fields_hash(json_t *object, const char *member, const struct fwl_hash32 *hash)
{
    fwl_fields_set(object, member, fwl_json_hex(fwl_hash32_span(hash)));
}

json_t *
fwl_fields_texts(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_span text;

    for (fwl_list_begin(&it, list); fwl_list_next_text(&it, &text);) {
        (void)json_array_append_new(array, fwl_json_text(text));
    }
    return array;
}

json_t *
fwl_fields_hashes(struct fwl_list list)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_hash32 hash;

    for (fwl_list_begin(&it, list); fwl_list_next_hash(&it, &hash);) {
        (void)json_array_append_new(array, fwl_json_hex(fwl_hash32_span(&hash)));
    }
    return array;
}
