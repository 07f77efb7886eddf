#include "ledger/json/release.h"

#include "core/time.h"
#include "ledger/json/release_parts.h"

/* ---- labels: those given, and what has no field of its own ---- */

struct label {
    struct fwl_span key;
    struct fwl_span value;
};

struct labels {
    struct label at[FWL_LABELS_MAX];
    size_t count;
};

static enum fwl_err
add_label(struct fwl_json_release *out, struct labels *labels, struct fwl_span key, const json_t *value)
{
    struct label label = {.key = key};
    size_t i = labels->count;

    if (value == NULL) {
        return FWL_OK;
    }
    if (!json_is_string(value) && !json_is_true(value)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "%.*s: a string is expected", (int)key.size,
                              (const char *)key.p);
    }
    label.value = json_is_true(value) ? fwl_span_text("true") : fwl_parse_text(value);
    if (labels->count == FWL_LABELS_MAX) {
        return fwl_parse_fail(&out->parse, FWL_ERR_LIMIT, "labels: at most %d are possible", FWL_LABELS_MAX);
    }
    /* Deterministic CBOR: short keys first, then bytewise. */
    while (i > 0 && (labels->at[i - 1].key.size > key.size ||
                     (labels->at[i - 1].key.size == key.size && fwl_span_compare(labels->at[i - 1].key, key) >= 0))) {
        if (fwl_span_equal(labels->at[i - 1].key, key)) {
            return fwl_parse_fail(&out->parse, FWL_ERR_DUPLICATE, "labels: \"%.*s\" occurs twice", (int)key.size,
                                  (const char *)key.p);
        }
        labels->at[i] = labels->at[i - 1];
        i--;
    }
    labels->at[i] = label;
    labels->count++;
    return FWL_OK;
}

static enum fwl_err
parse_labels(struct fwl_json_release *out, const json_t *object)
{
    static const char *const members[] = {"list", "multiarch", "essential"};
    struct labels labels = {.count = 0};
    json_t *given = json_object_get(object, "labels");
    const json_t *source = json_object_get(object, "source");
    struct fwl_writer w = fwl_parse_open(&out->parse);
    enum fwl_err err = FWL_OK;

    if (given != NULL && !json_is_object(given)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "labels: an object of strings is expected");
    }
    for (void *it = json_object_iter(given); it != NULL && err == FWL_OK; it = json_object_iter_next(given, it)) {
        err = add_label(out, &labels, fwl_span(json_object_iter_key(it), json_object_iter_key_len(it)),
                        json_object_iter_value(it));
    }
    /* The source's own name for the provider; the participant's id is no news. */
    if (err == FWL_OK && json_object_get(given, "provider") == NULL &&
        !fwl_span_equal(fwl_parse_text(json_object_get(object, "provider")), out->release.provider)) {
        err = add_label(out, &labels, fwl_span_text("provider"), json_object_get(object, "provider"));
    }
    for (size_t i = 0; i < FWL_COUNT(members) && err == FWL_OK; i++) {
        err = add_label(out, &labels, fwl_span_text(members[i]), json_object_get(object, members[i]));
    }
    err = err == FWL_OK ? add_label(out, &labels, fwl_span_text("source"), json_object_get(source, "name")) : err;
    err = err == FWL_OK ? add_label(out, &labels, fwl_span_text("source-version"), json_object_get(source, "version"))
                        : err;
    if (err != FWL_OK || labels.count == 0) {
        return err;
    }
    for (size_t i = 0; i < labels.count; i++) {
        fwl_cbor_put_text(&w, labels.at[i].key);
        fwl_cbor_put_text(&w, labels.at[i].value);
    }
    out->release.has |= FWL_HAS(FWL_RELEASE_LABELS);
    return fwl_parse_close(&out->parse, &out->release.labels, &w, labels.count, "labels");
}

/* ---- the rest ---- */

static enum fwl_err
parse_links(struct fwl_json_release *out, const json_t *object)
{
    struct fwl_span url = {0};
    const json_t *list = NULL;
    const json_t *item = NULL;
    size_t i = 0;
    size_t count = 0;
    enum fwl_err err = fwl_parse_get_text(&out->parse, &url, object, "url");
    struct fwl_writer w = fwl_parse_open(&out->parse);

    err = err == FWL_OK ? fwl_parse_get_list(&out->parse, &list, object, "links") : err;
    if (err != FWL_OK) {
        return err;
    }
    if (url.p != NULL) {
        fwl_cbor_put_text(&w, url);
        count++;
    }
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item)) {
            return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "links: a list of strings is expected");
        }
        fwl_cbor_put_text(&w, fwl_parse_text(item));
        count++;
    }
    if (count > 0) {
        out->release.has |= FWL_HAS(FWL_RELEASE_LINKS);
        err = fwl_parse_close(&out->parse, &out->release.links, &w, count, "links");
    }
    return err;
}

static enum fwl_err
parse_regions(struct fwl_json_release *out, const json_t *object)
{
    const json_t *list = NULL;
    enum fwl_err err = fwl_parse_get_list(&out->parse, &list, object, "regions");

    if (err != FWL_OK || json_array_size(list) == 0) {
        return err;
    }
    out->release.has |= FWL_HAS(FWL_RELEASE_REGIONS);
    return fwl_parse_names(&out->parse, &out->release.regions, list, "regions");
}

static enum fwl_err
parse_severity(struct fwl_json_release *out, const json_t *object)
{
    static const char *const names[] = {"normal", "security", "critical"};
    struct fwl_span text = {0};
    enum fwl_err err = fwl_parse_get_text(&out->parse, &text, object, "severity");

    if (err != FWL_OK || text.p == NULL) {
        return err;
    }
    while (out->release.severity < FWL_COUNT(names) && !fwl_span_is(text, names[out->release.severity])) {
        out->release.severity++;
    }
    if (out->release.severity++ == FWL_COUNT(names)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_VALUE, "severity: one of normal, security, critical");
    }
    out->release.has |= FWL_HAS(FWL_RELEASE_SEVERITY);
    return FWL_OK;
}

static enum fwl_err
parse_published(struct fwl_json_release *out, const json_t *object)
{
    struct fwl_span text = {0};
    int64_t seconds = 0;
    enum fwl_err err = fwl_parse_get_text(&out->parse, &text, object, "published");

    if (err != FWL_OK || text.p == NULL) {
        return err;
    }
    if (fwl_time_parse(&seconds, text) != FWL_OK || seconds < 0) {
        return fwl_parse_fail(&out->parse, FWL_ERR_VALUE, "published: a time like 2026-01-31T23:59:59Z is expected");
    }
    out->release.published_s = (uint64_t)seconds;
    out->release.has |= FWL_HAS(FWL_RELEASE_PUBLISHED);
    return FWL_OK;
}

static enum fwl_err
parse_scheme(struct fwl_json_release *out, const json_t *object)
{
    struct fwl_span text = {0};
    enum fwl_err err = fwl_parse_get_text(&out->parse, &text, object, "scheme");

    if (err != FWL_OK || text.p == NULL) {
        return err;
    }
    out->release.scheme = fwl_scheme_from_name(text);
    out->release.has |= FWL_HAS(FWL_RELEASE_SCHEME);
    return out->release.scheme != 0
               ? FWL_OK
               : fwl_parse_fail(&out->parse, FWL_ERR_VALUE, "scheme: one of semver, number, dotted, debian, opaque");
}

static enum fwl_err
parse_scalars(struct fwl_json_release *out, const json_t *object)
{
    struct fwl_release *r = &out->release;
    const json_t *valid = json_object_get(object, "valid");
    bool there = false;
    enum fwl_err err = fwl_parse_need_text(&out->parse, &r->version, object, "version");

    err = err == FWL_OK ? fwl_parse_need_text(&out->parse, &r->file_name, object, "filename") : err;
    err = err == FWL_OK ? fwl_parse_get_uint(&out->parse, &r->size, &there, object, "size") : err;
    if (err == FWL_OK && !there) {
        return fwl_parse_fail(&out->parse, FWL_ERR_MISSING, "size: this member is missing");
    }
    err = err == FWL_OK ? fwl_parse_get_uint(&out->parse, &r->counter, &there, object, "counter") : err;
    err = err == FWL_OK ? fwl_parse_get_uint(&out->parse, &r->rank, &there, object, "rank") : err;
    r->has |= err == FWL_OK && there ? FWL_HAS(FWL_RELEASE_RANK) : 0;
    err = err == FWL_OK ? fwl_parse_get_text(&out->parse, &r->channel, object, "channel") : err;
    r->has |= r->channel.p != NULL ? FWL_HAS(FWL_RELEASE_CHANNEL) : 0;
    err = err == FWL_OK ? fwl_parse_get_text(&out->parse, &r->notes, object, "notes") : err;
    r->has |= r->notes.p != NULL ? FWL_HAS(FWL_RELEASE_NOTES) : 0;
    if (err == FWL_OK && valid != NULL && !json_is_boolean(valid)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "valid: true or false is expected");
    }
    r->valid = valid == NULL || json_is_true(valid);
    r->has |= FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3) | FWL_HAS(4) | FWL_HAS(5) | FWL_HAS(7) | FWL_HAS(9) |
              FWL_HAS(FWL_RELEASE_VALID);
    return err;
}

enum fwl_err
fwl_json_release_parse(struct fwl_json_release *out, const json_t *object, const char *provider, const char *class_name)
{
    static const char *const known[] = {
        "id",           "class",      "provider", "name",     "version",   "published", "sha256",  "sha384",
        "sha512",       "url",        "links",    "filename", "size",      "counter",   "rank",    "channel",
        "severity",     "valid",      "notes",    "labels",   "hardware",  "window",    "regions", "provides",
        "dependencies", "conflicts",  "replaces", "source",   "multiarch", "essential", "list",    "scheme",
        "encryption",   "author_sig", "manifest", "sbom",     "build",     "digests",
    };
    enum fwl_err err = FWL_OK;

    fwl_parse_begin(&out->parse, out->scratch, sizeof(out->scratch));
    memset(&out->release, 0, sizeof(out->release));
    if (!json_is_object(object)) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "a JSON object is expected");
    }
    out->release.provider = fwl_span_text(provider);
    if (class_name != NULL) {
        out->release.class_name = fwl_span_text(class_name);
    } else {
        err = fwl_parse_need_text(&out->parse, &out->release.class_name, object, "class");
    }
    err = err == FWL_OK ? fwl_parse_members(&out->parse, object, known, FWL_COUNT(known), "") : err;
    err = err == FWL_OK ? parse_scalars(out, object) : err;
    err = err == FWL_OK ? parse_published(out, object) : err;
    err = err == FWL_OK ? parse_severity(out, object) : err;
    err = err == FWL_OK ? parse_scheme(out, object) : err;
    err = err == FWL_OK ? parse_links(out, object) : err;
    err = err == FWL_OK ? parse_labels(out, object) : err;
    err = err == FWL_OK ? parse_regions(out, object) : err;
    err = err == FWL_OK ? fwl_release_parts_image(out, object) : err;
    err = err == FWL_OK ? fwl_release_parts_hardware(out, object) : err;
    err = err == FWL_OK ? fwl_release_parts_relations(out, object) : err;
    if (err != FWL_OK) {
        memset(&out->release, 0, sizeof(out->release));
    }
    return err;
}
