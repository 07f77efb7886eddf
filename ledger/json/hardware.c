/* Hardware conditions: models, makers and revisions, or architectures. */
#include <stdio.h>

#include "ledger/json/release_parts.h"

static enum fwl_err
take_revision(struct fwl_json_release *out, struct fwl_condition *c, const json_t *value, bool low)
{
    if (!json_is_integer(value)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "hardware: a revision is a whole number");
    }
    c->has |= FWL_HAS(3);
    if (low) {
        c->revision.has_min = true;
        c->revision.min = json_integer_value(value);
    } else {
        c->revision.has_max = true;
        c->revision.max = json_integer_value(value);
    }
    return FWL_OK;
}

/* One member of a hardware condition; the line of images of a Zigbee entry is part of the class. */
static enum fwl_err
parse_condition_member(struct fwl_json_release *out, struct fwl_condition *c, const char *key, const json_t *value)
{
    if (strcmp(key, "models") == 0 || strcmp(key, "modelId") == 0) {
        c->has |= FWL_HAS(1);
        return fwl_parse_names(&out->parse, &c->models, value, key);
    }
    if (strcmp(key, "makers") == 0 || strcmp(key, "manufacturerName") == 0) {
        c->has |= FWL_HAS(2);
        return fwl_parse_names(&out->parse, &c->makers, value, key);
    }
    if (strcmp(key, "hardwareMin") == 0 || strcmp(key, "hardwareMax") == 0) {
        return take_revision(out, c, value, strcmp(key, "hardwareMin") == 0);
    }
    if (strcmp(key, "revision") == 0 && json_is_array(value) && json_array_size(value) == 2) {
        for (size_t i = 0; i < 2; i++) {
            const json_t *end = json_array_get(value, i);
            enum fwl_err err = json_is_null(end) ? FWL_OK : take_revision(out, c, end, i == 0);

            if (err != FWL_OK) {
                return err;
            }
        }
        return FWL_OK;
    }
    if (strcmp(key, "manufacturerCode") == 0 || strcmp(key, "imageType") == 0) {
        return FWL_OK;
    }
    return fwl_parse_fail(&out->parse, FWL_ERR_UNKNOWN, "hardware: unknown member \"%.64s\"", key);
}

/* manufacturerCode and imageType must be what the name, and so the class, says. */
static enum fwl_err
check_line(struct fwl_json_release *out, const json_t *condition, struct fwl_span name)
{
    const json_t *code = json_object_get(condition, "manufacturerCode");
    const json_t *type = json_object_get(condition, "imageType");
    char line[64];

    if (code == NULL && type == NULL) {
        return FWL_OK;
    }
    (void)snprintf(line, sizeof(line), "%lld-%lld", (long long)json_integer_value(code),
                   (long long)json_integer_value(type));
    if (!json_is_integer(code) || !json_is_integer(type) || !fwl_span_is(name, line)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_VALUE,
                              "hardware: manufacturerCode and imageType differ from the name");
    }
    return FWL_OK;
}

static enum fwl_err
put_condition(struct fwl_json_release *out, struct fwl_writer *w, size_t *count, const json_t *condition,
              struct fwl_span name)
{
    struct fwl_condition c = {0};
    enum fwl_err err = check_line(out, condition, name);
    json_t *object = (json_t *)(uintptr_t)condition; /* jansson's iterators want it so; nothing is changed */

    for (void *it = json_object_iter(object); it != NULL && err == FWL_OK; it = json_object_iter_next(object, it)) {
        err = parse_condition_member(out, &c, json_object_iter_key(it), json_object_iter_value(it));
    }
    if (err == FWL_OK && c.has != 0) {
        fwl_release_put_condition(w, &c);
        (*count)++;
    }
    return err;
}

/* ["amd64", ...] is one condition on the model; "all" fits every hardware. */
static enum fwl_err
put_architectures(struct fwl_json_release *out, struct fwl_writer *w, size_t *count, const json_t *list)
{
    struct fwl_condition c = {.has = FWL_HAS(1)};
    const json_t *item = NULL;
    size_t i = 0;
    enum fwl_err err = FWL_OK;

    json_array_foreach(list, i, item)
    {
        if (json_is_string(item) && fwl_span_is(fwl_parse_text(item), "all")) {
            return json_array_size(list) == 1
                       ? FWL_OK
                       : fwl_parse_fail(&out->parse, FWL_ERR_VALUE, "hardware: \"all\" cannot stand beside others");
        }
    }
    err = fwl_parse_names(&out->parse, &c.models, list, "models");
    if (err == FWL_OK) {
        fwl_release_put_condition(w, &c);
        (*count)++;
    }
    return err;
}

/* Conditions are made in a buffer of their own, since the names in them go through the scratch. */
static enum fwl_err
keep(struct fwl_json_release *out, struct fwl_writer *items, size_t count)
{
    struct fwl_span bytes;
    struct fwl_writer w = fwl_parse_open(&out->parse);

    if (fwl_writer_finish(items, &bytes) != FWL_OK) {
        return fwl_parse_fail(&out->parse, FWL_ERR_LIMIT, "hardware: too long; a record has at most %d bytes",
                              FWL_RELEASE_MAX);
    }
    fwl_writer_span(&w, bytes);
    return fwl_parse_close(&out->parse, &out->release.hardware, &w, count, "hardware");
}

enum fwl_err
fwl_release_parts_hardware(struct fwl_json_release *out, const json_t *object)
{
    uint8_t buffer[FWL_RELEASE_MAX];
    struct fwl_writer items;
    struct fwl_span name = fwl_parse_text(json_object_get(object, "name"));
    const json_t *list = NULL;
    const json_t *item = NULL;
    size_t i = 0;
    size_t count = 0;
    enum fwl_err err = fwl_parse_get_list(&out->parse, &list, object, "hardware");

    if (err != FWL_OK || json_array_size(list) == 0) {
        return err;
    }
    fwl_writer_init(&items, buffer, sizeof(buffer));
    if (json_is_string(json_array_get(list, 0))) {
        err = put_architectures(out, &items, &count, list);
    } else {
        json_array_foreach(list, i, item)
        {
            if (err == FWL_OK) {
                err = json_is_object(item)
                          ? put_condition(out, &items, &count, item, name)
                          : fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "hardware: objects or strings, not both");
            }
        }
    }
    if (err == FWL_OK && count > 0) {
        /* A condition without members would match everything, and so would the whole OR. */
        if (count != json_array_size(list) && !json_is_string(json_array_get(list, 0))) {
            return fwl_parse_fail(&out->parse, FWL_ERR_VALUE,
                                  "hardware: a condition without restrictions makes the others void");
        }
        out->release.has |= FWL_HAS(FWL_RELEASE_HARDWARE);
        err = keep(out, &items, count);
    }
    return err;
}
