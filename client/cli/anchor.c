#include "client/cli/anchor.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "ledger/json/entry.h"
#include "ledger/json/release.h"

static struct fwl_span
text_of(const json_t *value)
{
    return fwl_span(json_string_value(value), json_string_length(value));
}

enum fwl_err
fwl_anchor_key(struct fwl_key *out, struct fwl_span text)
{
    struct fwl_span hex = text;

    *out = (struct fwl_key){.alg = FWL_ALG_ES256K};
    if (text.size > 7 && memcmp(text.p, "es256k:", 7) == 0) {
        hex = fwl_span(text.p + 7, text.size - 7);
    } else if (text.size > 7 && memcmp(text.p, "esp256:", 7) == 0) {
        out->alg = FWL_ALG_ESP256;
        hex = fwl_span(text.p + 7, text.size - 7);
    }
    if (fwl_hex_decode(out->point.b, sizeof(out->point.b), hex) != FWL_OK ||
        fwl_ecdsa_key_check(out->alg, &out->point) != FWL_OK) {
        *out = (struct fwl_key){0};
        return FWL_ERR_VALUE;
    }
    return FWL_OK;
}

static enum fwl_err
fail(char error[256], const char *member, const char *what)
{
    (void)snprintf(error, 256, "%s: %s", member, what);
    return FWL_ERR_VALUE;
}

static enum fwl_err
take_hash(struct fwl_hash32 *out, char error[256], const json_t *doc, const char *member)
{
    return fwl_hex_decode(out->b, sizeof(out->b), text_of(json_object_get(doc, member))) == FWL_OK
               ? FWL_OK
               : fail(error, member, "64 lower-case hexadecimal digits are expected");
}

static enum fwl_err
take_number(uint64_t *out, char error[256], const json_t *doc, const char *member)
{
    const json_t *value = json_object_get(doc, member);

    *out = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0
               ? FWL_OK
               : fail(error, member, "a whole number from 0 is expected");
}

static int
by_bytes_32(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static int
by_bytes_33(const void *a, const void *b)
{
    return memcmp(a, b, 33);
}

static enum fwl_err
take_validators(struct fwl_anchor_file *out, char error[256], const json_t *doc)
{
    const json_t *list = json_object_get(doc, "validators");
    size_t count = json_array_size(list);

    if (count == 0 || count > FWL_VALIDATORS_MAX) {
        return fail(error, "validators", "a list of 1 to 100 keys is expected");
    }
    for (size_t i = 0; i < count; i++) {
        struct fwl_pubkey32 key;

        if (fwl_hex_decode(key.b, sizeof(key.b), text_of(json_array_get(list, i))) != FWL_OK ||
            fwl_schnorr_key_check(&key) != FWL_OK) {
            return fail(error, "validators", "an element is no key: 64 lower-case hexadecimal digits of a point");
        }
        memcpy(out->validators + 32 * i, key.b, 32);
    }
    qsort(out->validators, count, 32, by_bytes_32);
    for (size_t i = 1; i < count; i++) {
        if (memcmp(out->validators + 32 * (i - 1), out->validators + 32 * i, 32) == 0) {
            return fail(error, "validators", "a key occurs twice");
        }
    }
    out->anchor.validators.n = (uint16_t)count;
    out->anchor.validators.keys = fwl_span(out->validators, 32 * count);
    return FWL_OK;
}

static enum fwl_err
take_governors(struct fwl_anchor_file *out, char error[256], const json_t *doc)
{
    const json_t *object = json_object_get(doc, "governors");
    const json_t *list = json_object_get(object, "keys");
    size_t count = json_array_size(list);
    uint64_t threshold = 0;
    enum fwl_err err = take_number(&threshold, error, object, "threshold");

    if (err != FWL_OK || count == 0 || count > FWL_KEYS_MAX || threshold == 0 || threshold > count) {
        return fail(error, "governors", "keys (1 to 16) and a threshold of at most their number are expected");
    }
    for (size_t i = 0; i < count; i++) {
        struct fwl_key key;

        if (fwl_anchor_key(&key, text_of(json_array_get(list, i))) != FWL_OK || key.alg != FWL_ALG_ES256K) {
            return fail(error, "governors.keys", "an element is no ES256K key: 66 lower-case hexadecimal digits");
        }
        memcpy(out->governors + 33 * i, key.point.b, 33);
    }
    qsort(out->governors, count, 33, by_bytes_33);
    for (size_t i = 1; i < count; i++) {
        if (memcmp(out->governors + 33 * (i - 1), out->governors + 33 * i, 33) == 0) {
            return fail(error, "governors.keys", "a key occurs twice");
        }
    }
    out->anchor.governors.threshold = (uint8_t)threshold;
    out->anchor.governors.count = (uint8_t)count;
    out->anchor.governors.keys = fwl_span(out->governors, 33 * count);
    return FWL_OK;
}

enum fwl_err
fwl_anchor_parse(struct fwl_anchor_file *out, char error[256], json_t *doc)
{
    struct fwl_anchor *a = &out->anchor;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_anchor_file){.doc = doc};
    error[0] = '\0';
    if (json_integer_value(json_object_get(doc, "fwledger_anchor")) != 1) {
        return fail(error, "fwledger_anchor", "this is no trust anchor of version 1");
    }
    err = take_hash(&a->chain_id, error, doc, "chain_id");
    err = err == FWL_OK ? take_number(&a->epoch, error, doc, "epoch") : err;
    err = err == FWL_OK ? take_number(&a->height, error, doc, "height") : err;
    err = err == FWL_OK ? take_number(&a->time_ms, error, doc, "time_ms") : err;
    err = err == FWL_OK ? take_hash(&a->block_hash, error, doc, "block_hash") : err;
    err = err == FWL_OK ? take_validators(out, error, doc) : err;
    err = err == FWL_OK ? take_governors(out, error, doc) : err;
    if (err == FWL_OK && fwl_anchor_has_authors(out) && !json_is_object(json_object_get(doc, "authors"))) {
        err = fail(error, "authors", "an object {vendor: [keys]} is expected");
    }
    return err;
}

int
fwl_anchor_open(struct fwl_anchor_file *out, const char *path)
{
    struct fwl_span bytes;
    json_error_t where;
    char error[256];
    json_t *doc = NULL;
    enum fwl_err err = fwl_files_read(&bytes, path, FWL_ANCHOR_FILE_MAX);

    *out = (struct fwl_anchor_file){0};
    if (err != FWL_OK) {
        return fwl_commands_fail_file(path, err);
    }
    doc = json_loadb((const char *)bytes.p, bytes.size, JSON_REJECT_DUPLICATES, &where);
    fwl_free((void *)(uintptr_t)bytes.p);
    if (doc == NULL) {
        (void)fprintf(stderr, "fwledger: %s:%d:%d: %s\n", path, where.line, where.column, where.text);
        return FWL_EXIT_CONFIG;
    }
    if (fwl_anchor_parse(out, error, doc) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: %s\n", path, error);
        return FWL_EXIT_CONFIG;
    }
    return 0;
}

void
fwl_anchor_close(struct fwl_anchor_file *file)
{
    json_decref(file->doc);
    *file = (struct fwl_anchor_file){0};
}

bool
fwl_anchor_has_authors(const struct fwl_anchor_file *file)
{
    return json_object_get(file->doc, "authors") != NULL;
}

enum fwl_err
fwl_anchor_authors(struct fwl_key keys[FWL_ANCHOR_AUTHORS_MAX], size_t *count, const struct fwl_anchor_file *file,
                   struct fwl_span vendor)
{
    char name[FWL_SEGMENT_MAX + 1] = "";
    const json_t *list = NULL;

    *count = 0;
    if (vendor.size > FWL_SEGMENT_MAX) {
        return FWL_ERR_LIMIT;
    }
    memcpy(name, vendor.p, vendor.size);
    list = json_object_get(json_object_get(file->doc, "authors"), name);
    if (json_array_size(list) > FWL_ANCHOR_AUTHORS_MAX) {
        return FWL_ERR_LIMIT;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        enum fwl_err err = fwl_anchor_key(&keys[i], text_of(json_array_get(list, i)));

        if (err != FWL_OK) {
            return err;
        }
    }
    *count = json_array_size(list);
    return FWL_OK;
}

json_t *
fwl_anchor_json(const struct fwl_anchor *anchor)
{
    json_t *validators = json_array();
    json_t *keys = json_array();
    json_t *governors = json_object();
    json_t *doc = json_object();

    for (size_t i = 0; i < anchor->validators.n; i++) {
        (void)json_array_append_new(validators, fwl_json_hex(fwl_span(anchor->validators.keys.p + 32 * i, 32)));
    }
    for (size_t i = 0; i < anchor->governors.count; i++) {
        (void)json_array_append_new(keys, fwl_json_hex(fwl_span(anchor->governors.keys.p + 33 * i, 33)));
    }
    (void)json_object_set_new(governors, "threshold", json_integer(anchor->governors.threshold));
    (void)json_object_set_new(governors, "keys", keys);
    (void)json_object_set_new(doc, "fwledger_anchor", json_integer(1));
    (void)json_object_set_new(doc, "chain_id", fwl_json_hex(fwl_hash32_span(&anchor->chain_id)));
    (void)json_object_set_new(doc, "epoch", json_integer((json_int_t)anchor->epoch));
    (void)json_object_set_new(doc, "validators", validators);
    (void)json_object_set_new(doc, "governors", governors);
    (void)json_object_set_new(doc, "height", json_integer((json_int_t)anchor->height));
    (void)json_object_set_new(doc, "time_ms", json_integer((json_int_t)anchor->time_ms));
    (void)json_object_set_new(doc, "block_hash", fwl_json_hex(fwl_hash32_span(&anchor->block_hash)));
    return doc;
}

int
fwl_anchor_save(const json_t *doc, const char *path)
{
    char *text = json_dumps(doc, JSON_INDENT(2));
    enum fwl_err err = text == NULL ? FWL_ERR_MEMORY : fwl_files_replace(path, fwl_span_text(text));
    int code = err == FWL_OK ? 0 : err == FWL_ERR_MEMORY ? fwl_commands_fail(path, err) : fwl_commands_fail_write(path);

    free(text); /* of jansson, so of the C library */
    return code;
}

int
fwl_anchor_chain_id(struct fwl_hash32 *out, const char *path)
{
    struct fwl_anchor_file file;
    int code = fwl_anchor_open(&file, path);

    *out = file.anchor.chain_id;
    fwl_anchor_close(&file);
    return code;
}
