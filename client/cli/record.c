#include "client/cli/record.h"

#include <stdio.h>

static enum fwl_err
fail(char error[FWL_PARSE_ERROR_MAX], enum fwl_err err, const char *what, const char *detail)
{
    (void)snprintf(error, FWL_PARSE_ERROR_MAX, "%s%s%s", what, detail == NULL ? "" : ": ",
                   detail == NULL ? "" : detail);
    return err;
}

static enum fwl_err
sign(struct fwl_record *out, struct fwl_json_release *work, const struct fwl_secret *author)
{
    struct fwl_release *r = &work->release;
    struct fwl_key key;
    struct fwl_kid kid;
    struct fwl_hash32 digest;
    struct fwl_sig64 sig;
    struct fwl_writer w = fwl_parse_open(&work->parse);

    if ((r->has & FWL_HAS(FWL_RELEASE_AUTHOR)) != 0) {
        return fail(out->error, FWL_ERR_DUPLICATE, "author_sig", "the record has one already");
    }
    fwl_secret_point(&key.alg, &key.point, author);
    fwl_key_kid(&kid, &key);
    fwl_release_author_digest(&digest, r, key.alg, &kid);
    fwl_ecdsa_sign(&sig, author, &digest);
    fwl_release_author_put(&w, key.alg, &kid, &sig);
    r->author.kind = FWL_AUTHOR_RECORD;
    r->has |= FWL_HAS(FWL_RELEASE_AUTHOR);
    return fwl_writer_finish(&w, &r->author.sig);
}

static enum fwl_err
encode(struct fwl_record *out, const struct fwl_release *release)
{
    struct fwl_writer w;
    struct fwl_span bytes;
    enum fwl_err err = FWL_OK;

    fwl_writer_init(&w, out->bytes, sizeof(out->bytes));
    fwl_release_put(&w, release);
    err = fwl_writer_finish(&w, &bytes);
    out->size = bytes.size;
    if (err == FWL_ERR_SPACE) {
        (void)snprintf(out->error, sizeof(out->error), "the record has %zu bytes, at most %d are possible", w.size,
                       FWL_RELEASE_MAX);
        return FWL_ERR_LIMIT;
    }
    return err == FWL_OK ? err : fail(out->error, err, "the record", fwl_err_text(err));
}

enum fwl_err
fwl_record_make(struct fwl_record *out, struct fwl_json_release *work, const json_t *object, const char *provider,
                const char *class_name, enum fwl_scheme scheme, const struct fwl_secret *author)
{
    struct fwl_release decoded;
    struct fwl_fault fault = {0};
    enum fwl_err err = fwl_json_release_parse(work, object, provider, class_name);

    out->size = 0;
    if (err != FWL_OK) {
        return fail(out->error, err, work->parse.error, NULL);
    }
    err = author == NULL ? FWL_OK : sign(out, work, author);
    err = err == FWL_OK ? encode(out, &work->release) : err;
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_release_decode(&decoded, &fault, fwl_span(out->bytes, out->size), scheme);
    if (err != FWL_OK) {
        return fail(out->error, err, fault.field, fwl_err_text(err));
    }
    err = fwl_release_check_publish(&decoded);
    if (err != FWL_OK) {
        return fail(out->error, err, "hardware", fwl_err_text(err));
    }
    fwl_release_id(&out->id, fwl_span(out->bytes, out->size));
    return FWL_OK;
}

/* ---- amendments ---- */

static const struct {
    const char *member;
    int64_t key;
} amendable[] = {
    {"links", FWL_RELEASE_LINKS},
    {"notes", FWL_RELEASE_NOTES},
    {"labels", FWL_RELEASE_LABELS},
    {"valid", FWL_RELEASE_VALID},
    {"hardware", FWL_RELEASE_HARDWARE},
    {"window", FWL_RELEASE_WINDOW},
    {"dependencies", FWL_RELEASE_DEPENDENCIES},
    {"regions", FWL_RELEASE_REGIONS},
};

/* The members of @object in a record whose other fields nobody looks at. */
static json_t *
complete(char error[FWL_PARSE_ERROR_MAX], enum fwl_err *err, const json_t *object)
{
    json_t *all =
        json_pack("{s:s,s:s,s:s,s:i,s:s}", "class", "a/b/c", "version", "0", "sha256",
                  "0000000000000000000000000000000000000000000000000000000000000000", "size", 0, "filename", "f");
    size_t known = 0;

    for (size_t i = 0; i < FWL_COUNT(amendable); i++) {
        json_t *value = json_object_get(object, amendable[i].member);

        known += value != NULL;
        if (value != NULL && !json_is_null(value)) {
            (void)json_object_set(all, amendable[i].member, value);
        }
    }
    *err = FWL_OK;
    if (known == 0) {
        *err = fail(error, FWL_ERR_MISSING, "nothing to amend",
                    "links, notes, labels, valid, hardware, window, "
                    "dependencies or regions");
    } else if (known != json_object_size(object)) {
        *err = fail(error, FWL_ERR_UNKNOWN, "only these can be amended",
                    "links, notes, labels, valid, hardware, window, dependencies, regions");
    }
    return all;
}

/* Copies the pair of @key out of an encoded record; false when it is not there. */
static bool
copy_pair(struct fwl_writer *w, struct fwl_span record, int64_t wanted)
{
    struct fwl_reader r;
    struct fwl_cbor_map map;
    int64_t key = 0;

    fwl_reader_init(&r, record);
    map = fwl_cbor_map_begin(&r, 64);
    while (fwl_cbor_map_next_int(&r, &map, &key)) {
        struct fwl_span value = fwl_cbor_skip(&r);

        if (key == wanted) {
            fwl_cbor_put_int(w, key);
            fwl_writer_span(w, value);
            return true;
        }
    }
    return false;
}

enum fwl_err
fwl_record_amendment(struct fwl_list *out, char error[FWL_PARSE_ERROR_MAX], uint8_t *buffer, size_t room,
                     struct fwl_json_release *work, const json_t *object)
{
    uint8_t record[FWL_RELEASE_MAX];
    struct fwl_writer w;
    struct fwl_span bytes = {0};
    enum fwl_err err = FWL_OK;
    json_t *all = complete(error, &err, object);

    *out = (struct fwl_list){0};
    if (err == FWL_OK) {
        err = fwl_json_release_parse(work, all, "a", NULL);
        if (err != FWL_OK) {
            err = fail(error, err, work->parse.error, NULL);
        }
    }
    if (err == FWL_OK) {
        fwl_writer_init(&w, record, sizeof(record));
        fwl_release_put(&w, &work->release);
        err = fwl_writer_finish(&w, &bytes);
        err = err == FWL_OK ? err : fail(error, FWL_ERR_LIMIT, "the amendment", "too long");
    }
    fwl_writer_init(&w, buffer, room);
    for (size_t i = 0; i < FWL_COUNT(amendable) && err == FWL_OK; i++) {
        const json_t *value = json_object_get(object, amendable[i].member);

        if (value == NULL) {
            continue;
        }
        if (json_is_null(value)) {
            fwl_cbor_put_int(&w, amendable[i].key);
            fwl_cbor_put_null(&w);
        } else if (!copy_pair(&w, bytes, amendable[i].key)) {
            err = fail(error, FWL_ERR_VALUE, amendable[i].member, "empty; null removes it");
        }
        out->count++;
    }
    err = err == FWL_OK ? fwl_writer_finish(&w, &out->items) : err;
    json_decref(all);
    return err;
}

/* ---- templates ---- */

char
fwl_record_slug(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        return c;
    }
    return '-';
}

bool
fwl_record_expand(char *out, size_t room, char error[FWL_PARSE_ERROR_MAX], const char *template_text,
                  const json_t *object)
{
    size_t size = 0;

    while (*template_text != '\0') {
        const char *value = NULL;
        size_t value_size = 1;
        bool verbatim = true; /* of the template, or a name; a provider's name is free text */
        const char *end = strchr(template_text, '}');

        if (*template_text != '{') {
            value = template_text++;
        } else if (strncmp(template_text, "{provider}", 10) == 0 || strncmp(template_text, "{name}", 6) == 0) {
            const json_t *member = json_object_get(object, template_text[1] == 'p' ? "provider" : "name");

            value = json_string_value(member);
            value_size = json_string_length(member);
            verbatim = template_text[1] == 'n';
            if (verbatim && value != NULL && (memchr(value, '/', value_size) != NULL || strlen(value) != value_size)) {
                (void)fail(error, FWL_ERR_NAME, "name", "a name in a template cannot hold \"/\"");
                return false;
            }
            template_text = end + 1;
        } else {
            (void)fail(error, FWL_ERR_UNKNOWN, "a template can have {provider} and {name}", template_text);
            return false;
        }
        if (value == NULL || size + value_size >= room) {
            (void)fail(error, FWL_ERR_MISSING, "a template",
                       value == NULL ? "the line lacks provider or name" : "what it gives is too long");
            return false;
        }
        for (size_t i = 0; i < value_size; i++) {
            out[size++] = (char)(verbatim ? value[i] : fwl_record_slug(value[i]));
        }
    }
    out[size] = '\0';
    return true;
}
