#include "ledger/json/parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/hex.h"

void
// NOLINTNEXTLINE(readability-non-const-parameter): @scratch is kept and written later
fwl_parse_begin(struct fwl_parse *out, uint8_t *scratch, size_t room)
{
    *out = (struct fwl_parse){.scratch = scratch, .scratch_room = room};
}

enum fwl_err
fwl_parse_fail(struct fwl_parse *out, enum fwl_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(out->error, sizeof(out->error), format, args);
    va_end(args);
    return err;
}

/* ---- scratch: lists are written one after the other, each ends before the next begins ---- */

struct fwl_writer
fwl_parse_open(struct fwl_parse *out)
{
    struct fwl_writer w;

    fwl_writer_init(&w, out->scratch + out->scratch_used, out->scratch_room - out->scratch_used);
    return w;
}

enum fwl_err
fwl_parse_close(struct fwl_parse *out, struct fwl_list *list, struct fwl_writer *w, size_t count, const char *member)
{
    if (fwl_writer_finish(w, &list->items) != FWL_OK) {
        return fwl_parse_fail(out, FWL_ERR_LIMIT, "%s: too long; %zu bytes are possible", member, out->scratch_room);
    }
    list->count = count;
    out->scratch_used += list->items.size;
    return FWL_OK;
}

/* ---- members ---- */

struct fwl_span
fwl_parse_text(const json_t *value)
{
    return fwl_span(json_string_value(value), json_string_length(value));
}

/* An optional text; @out is empty when it is absent. */
enum fwl_err
fwl_parse_get_text(struct fwl_parse *out, struct fwl_span *text, const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);

    *text = (struct fwl_span){0};
    if (value == NULL) {
        return FWL_OK;
    }
    if (!json_is_string(value)) {
        return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: a string is expected", member);
    }
    *text = fwl_parse_text(value);
    return FWL_OK;
}

enum fwl_err
fwl_parse_need_text(struct fwl_parse *out, struct fwl_span *text, const json_t *object, const char *member)
{
    enum fwl_err err = fwl_parse_get_text(out, text, object, member);

    if (err == FWL_OK && text->p == NULL) {
        return fwl_parse_fail(out, FWL_ERR_MISSING, "%s: this member is missing", member);
    }
    return err;
}

enum fwl_err
fwl_parse_get_uint(struct fwl_parse *out, uint64_t *number, bool *there, const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);

    *there = value != NULL;
    if (value == NULL) {
        return FWL_OK;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: a whole number from 0 is expected", member);
    }
    *number = (uint64_t)json_integer_value(value);
    return FWL_OK;
}

enum fwl_err
fwl_parse_get_list(struct fwl_parse *out, const json_t **list, const json_t *object, const char *member)
{
    *list = json_object_get(object, member);
    if (*list != NULL && !json_is_array(*list)) {
        return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: a list is expected", member);
    }
    return FWL_OK;
}

enum fwl_err
fwl_parse_members(struct fwl_parse *out, const json_t *object, const char *const *known, size_t count, const char *what)
{
    json_t *all = (json_t *)(uintptr_t)object; /* jansson's iterators want it so; nothing is changed */

    for (void *it = json_object_iter(all); it != NULL; it = json_object_iter_next(all, it)) {
        const char *key = json_object_iter_key(it);
        size_t i = 0;

        while (i < count && strcmp(key, known[i]) != 0) {
            i++;
        }
        if (i == count) {
            return fwl_parse_fail(out, FWL_ERR_UNKNOWN, "%s%sunknown member \"%.64s\"", what,
                                  what[0] == '\0' ? "" : ": ", key);
        }
    }
    return FWL_OK;
}

enum fwl_err
fwl_parse_hex(struct fwl_parse *out, struct fwl_span *bytes, const json_t *value, size_t max, const char *member)
{
    struct fwl_span text = fwl_parse_text(value);
    uint8_t *to = out->scratch + out->scratch_used;
    size_t size = text.size / 2;

    *bytes = (struct fwl_span){0};
    if (text.size == 0 || text.size % 2 != 0) {
        return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: a string of lower-case hexadecimal digits is expected", member);
    }
    if (size > max || size > out->scratch_room - out->scratch_used) {
        return fwl_parse_fail(out, FWL_ERR_LIMIT, "%s: %zu bytes are too long; at most %zu are possible", member, size,
                              max);
    }
    if (fwl_hex_decode(to, size, text) != FWL_OK) {
        return fwl_parse_fail(out, FWL_ERR_VALUE, "%s: a string of lower-case hexadecimal digits is expected", member);
    }
    out->scratch_used += size;
    *bytes = fwl_span(to, size);
    return FWL_OK;
}

enum fwl_err
fwl_parse_names(struct fwl_parse *out, struct fwl_list *to, const json_t *value, const char *member)
{
    struct fwl_writer w = fwl_parse_open(out);
    const json_t *item = NULL;
    size_t i = 0;

    if (json_is_string(value)) {
        fwl_cbor_put_text(&w, fwl_parse_text(value));
        return fwl_parse_close(out, to, &w, 1, member);
    }
    if (!json_is_array(value)) {
        return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: a string or a list of strings is expected", member);
    }
    json_array_foreach(value, i, item)
    {
        if (!json_is_string(item)) {
            return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: a list of strings is expected", member);
        }
        fwl_cbor_put_text(&w, fwl_parse_text(item));
    }
    return fwl_parse_close(out, to, &w, json_array_size(value), member);
}
