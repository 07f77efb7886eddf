#include "tests/cel/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    NANOS = 1000000000,
};

static struct fwl_cel_cell *
take(struct values *v, size_t count)
{
    struct fwl_cel_cell *cells = v->cells + v->cell_count;

    if (count > VALUES_CELLS - v->cell_count) {
        return NULL;
    }
    v->cell_count += count;
    return cells;
}

static bool
signed_number(int64_t *out, const json_t *value)
{
    const char *text = json_string_value(value);
    char *end = NULL;

    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    if (text == NULL || text[0] == '\0') {
        return false;
    }
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool
unsigned_number(uint64_t *out, const json_t *value)
{
    const char *text = json_string_value(value);
    char *end = NULL;

    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return true;
    }
    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* [seconds, nanoseconds of the same sign] */
static bool
seconds_and_nanos(int64_t *seconds, int64_t *nanos, const json_t *pair)
{
    return json_array_size(pair) == 2 && signed_number(seconds, json_array_get(pair, 0)) &&
           signed_number(nanos, json_array_get(pair, 1)) && *nanos > -NANOS && *nanos < NANOS;
}

static enum values_verdict
read_list(struct values *v, struct fwl_cel_cell *out, const json_t *items)
{
    size_t count = json_array_size(items);
    struct fwl_cel_cell *cells = take(v, count);

    if (cells == NULL || !json_is_array(items)) {
        return VALUES_MALFORMED;
    }
    for (size_t i = 0; i < count; i++) {
        enum values_verdict verdict = values_read(v, &cells[i], json_array_get(items, i));

        if (verdict != VALUES_OK) {
            return verdict;
        }
    }
    *out = fwl_cel_cell_list(cells, count);
    return VALUES_OK;
}

static enum values_verdict
read_map(struct values *v, struct fwl_cel_cell *out, const json_t *pairs)
{
    size_t count = json_array_size(pairs);
    struct fwl_cel_cell *cells = take(v, 2 * count);

    if (cells == NULL || !json_is_array(pairs)) {
        return VALUES_MALFORMED;
    }
    for (size_t i = 0; i < 2 * count; i++) {
        enum values_verdict verdict = values_read(v, &cells[i], json_array_get(json_array_get(pairs, i / 2), i % 2));

        if (verdict != VALUES_OK) {
            return verdict;
        }
    }
    *out = fwl_cel_cell_map(cells, count);
    return VALUES_OK;
}

static int
nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum values_verdict
read_bytes(struct values *v, struct fwl_cel_cell *out, const json_t *value)
{
    const char *hex = json_string_value(value);
    size_t size = json_string_length(value) / 2;
    uint8_t *start = v->bytes + v->byte_count;

    if (hex == NULL || json_string_length(value) % 2 != 0 || size > VALUES_BYTES - v->byte_count) {
        return VALUES_MALFORMED;
    }
    for (size_t i = 0; i < size; i++) {
        int high = nibble(hex[2 * i]);
        int low = nibble(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            return VALUES_MALFORMED;
        }
        start[i] = (uint8_t)(high * 16 + low);
    }
    v->byte_count += size;
    *out = fwl_cel_cell_bytes(fwl_span(start, size));
    return VALUES_OK;
}

static enum values_verdict
read_type(struct fwl_cel_cell *out, const json_t *value)
{
    static const struct {
        const char *name;
        enum fwl_cel_kind kind;
    } types[] = {
        {"bool", FWL_CEL_BOOL},         {"int", FWL_CEL_INT},
        {"uint", FWL_CEL_UINT},         {"string", FWL_CEL_STRING},
        {"bytes", FWL_CEL_BYTES},       {"list", FWL_CEL_LIST},
        {"map", FWL_CEL_MAP},           {"type", FWL_CEL_TYPE},
        {"null_type", FWL_CEL_NULL},    {"timestamp", FWL_CEL_TIMESTAMP},
        {"duration", FWL_CEL_DURATION}, {"optional_type", FWL_CEL_OPTIONAL},
        {"Version", FWL_CEL_VERSION},   {"net.IP", FWL_CEL_IP},
        {"net.CIDR", FWL_CEL_CIDR},
    };

    for (size_t i = 0; json_is_string(value) && i < FWL_COUNT(types); i++) {
        if (strcmp(types[i].name, json_string_value(value)) == 0) {
            *out = (struct fwl_cel_cell){.kind = FWL_CEL_TYPE, .v.u = types[i].kind};
            return VALUES_OK;
        }
    }
    return json_is_string(value) ? VALUES_FOREIGN : VALUES_MALFORMED;
}

static enum values_verdict
read_timestamp(struct fwl_cel_cell *out, const json_t *value)
{
    int64_t seconds = 0;
    int64_t nanos = 0;

    if (!seconds_and_nanos(&seconds, &nanos, value) || nanos < 0 || seconds < INT64_C(-62135596800) ||
        seconds > INT64_C(253402300799)) {
        return VALUES_MALFORMED;
    }
    *out = fwl_cel_cell_timestamp(seconds, (uint32_t)nanos);
    return VALUES_OK;
}

static enum values_verdict
read_duration(struct fwl_cel_cell *out, const json_t *value)
{
    int64_t seconds = 0;
    int64_t nanos = 0;

    if (!seconds_and_nanos(&seconds, &nanos, value) || __builtin_mul_overflow(seconds, (int64_t)NANOS, &seconds) ||
        __builtin_add_overflow(seconds, nanos, &nanos)) {
        return VALUES_MALFORMED;
    }
    *out = fwl_cel_cell_duration(nanos);
    return VALUES_OK;
}

static enum values_verdict
read_text(struct fwl_cel_cell *out, const json_t *value, bool is_version)
{
    struct fwl_span text = fwl_span(json_string_value(value), json_string_length(value));

    if (!json_is_string(value) || (is_version && fwl_version_check(FWL_SCHEME_SEMVER, text, NULL) != FWL_OK)) {
        return VALUES_MALFORMED;
    }
    *out = is_version ? fwl_cel_cell_version(FWL_SCHEME_SEMVER, text, 0) : fwl_cel_cell_string(text);
    return VALUES_OK;
}

static enum values_verdict
read_number(struct fwl_cel_cell *out, const json_t *value, bool is_uint)
{
    int64_t i = 0;
    uint64_t u = 0;

    if (is_uint ? !unsigned_number(&u, value) : !signed_number(&i, value)) {
        return VALUES_MALFORMED;
    }
    *out = is_uint ? fwl_cel_cell_uint(u) : fwl_cel_cell_int(i);
    return VALUES_OK;
}

enum values_verdict
values_read(struct values *v, struct fwl_cel_cell *out, const json_t *value)
{
    const char *kind = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)value));
    const json_t *payload = kind == NULL ? NULL : json_object_get(value, kind);

    if (kind == NULL || json_object_size(value) != 1) {
        return VALUES_MALFORMED;
    }
    if (strcmp(kind, "null") == 0) {
        *out = fwl_cel_cell_null();
        return VALUES_OK;
    }
    if (strcmp(kind, "bool") == 0) {
        *out = fwl_cel_cell_bool(json_is_true(payload));
        return json_is_boolean(payload) ? VALUES_OK : VALUES_MALFORMED;
    }
    if (strcmp(kind, "int") == 0 || strcmp(kind, "uint") == 0) {
        return read_number(out, payload, kind[0] == 'u');
    }
    if (strcmp(kind, "string") == 0 || strcmp(kind, "semver") == 0) {
        return read_text(out, payload, strcmp(kind, "semver") == 0);
    }
    if (strcmp(kind, "bytes") == 0) {
        return read_bytes(v, out, payload);
    }
    if (strcmp(kind, "list") == 0) {
        return read_list(v, out, payload);
    }
    if (strcmp(kind, "map") == 0) {
        return read_map(v, out, payload);
    }
    if (strcmp(kind, "type") == 0) {
        return read_type(out, payload);
    }
    if (strcmp(kind, "timestamp") == 0) {
        return read_timestamp(out, payload);
    }
    return strcmp(kind, "duration") == 0 ? read_duration(out, payload) : VALUES_FOREIGN;
}

static bool
same_lists(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    for (uint32_t i = 0; a->size == b->size && i < a->size; i++) {
        if (!values_same(&a->v.cells[i], &b->v.cells[i])) {
            return false;
        }
    }
    return a->size == b->size;
}

static bool
same_maps(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    for (size_t i = 0; a->size == b->size && i < a->size; i++) {
        size_t j = 0;

        while (j < b->size && !values_same(&a->v.cells[2 * i], &b->v.cells[2 * j])) {
            j++;
        }
        if (j == b->size || !values_same(&a->v.cells[2 * i + 1], &b->v.cells[2 * j + 1])) {
            return false;
        }
    }
    return a->size == b->size;
}

bool
values_same(const struct fwl_cel_cell *a, const struct fwl_cel_cell *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == FWL_CEL_LIST) {
        return same_lists(a, b);
    }
    return a->kind == FWL_CEL_MAP ? same_maps(a, b) : fwl_cel_equal(a, b);
}
