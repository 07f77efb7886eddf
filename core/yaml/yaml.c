#include "core/yaml/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/host/heap.h"

static yaml_node_t *
node_of(struct fwl_yaml *y, int node)
{
    return y->loaded && node > 0 ? yaml_document_get_node(&y->document, node) : NULL;
}

static struct fwl_yaml_mark
mark_of(const yaml_mark_t *mark)
{
    return (struct fwl_yaml_mark){.line = mark->line + 1, .column = mark->column + 1};
}

struct fwl_yaml_mark
fwl_yaml_mark(struct fwl_yaml *y, int node)
{
    const yaml_node_t *n = node_of(y, node);

    return n == NULL ? (struct fwl_yaml_mark){0} : mark_of(&n->start_mark);
}

void
fwl_yaml_fail(struct fwl_yaml *y, int node, enum fwl_err err, const char *format, ...)
{
    const yaml_node_t *n = node_of(y, node);
    va_list args;
    int used = 0;

    if (y->err != FWL_OK) {
        return;
    }
    y->err = err;
    y->at = fwl_yaml_mark(y, node);
    used = n == NULL ? snprintf(y->error, sizeof(y->error), "%s: ", y->name)
                     : snprintf(y->error, sizeof(y->error), "%s:%zu: ", y->name, n->start_mark.line + 1);
    if (used > 0 && (size_t)used < sizeof(y->error)) {
        va_start(args, format);
        (void)vsnprintf(y->error + used, sizeof(y->error) - (size_t)used, format, args);
        va_end(args);
    }
}

static void
parse(struct fwl_yaml *y, struct fwl_span text)
{
    yaml_parser_t parser;

    if (yaml_parser_initialize(&parser) == 0) {
        fwl_yaml_fail(y, 0, FWL_ERR_MEMORY, "out of memory");
        return;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text.p == NULL ? (const uint8_t *)"" : text.p, text.size);
    if (yaml_parser_load(&parser, &y->document) == 0) {
        y->err = FWL_ERR_VALUE;
        y->at = mark_of(&parser.problem_mark);
        (void)snprintf(y->error, sizeof(y->error), "%s:%zu: not YAML: %s", y->name, parser.problem_mark.line + 1,
                       parser.problem == NULL ? "it cannot be parsed" : parser.problem);
    } else {
        y->loaded = true;
        if (!fwl_yaml_is_map(y, 1)) {
            fwl_yaml_fail(y, 0, FWL_ERR_VALUE, "the file must hold one map of keys and values");
        }
    }
    yaml_parser_delete(&parser);
}

enum fwl_err
fwl_yaml_load(struct fwl_yaml *y, const char *name, struct fwl_span text)
{
    memset(y, 0, sizeof(*y));
    y->name = name;
    if (text.size > FWL_YAML_BYTES_MAX) {
        fwl_yaml_fail(y, 0, FWL_ERR_LIMIT, "the file is larger than %d bytes", FWL_YAML_BYTES_MAX);
    } else {
        parse(y, text);
    }
    return y->err;
}

enum fwl_err
fwl_yaml_load_file(struct fwl_yaml *y, const char *path)
{
    FILE *f = fopen(path, "rbe");
    uint8_t *text = NULL;
    size_t size = 0;

    memset(y, 0, sizeof(*y));
    y->name = path;
    if (f == NULL) {
        fwl_yaml_fail(y, 0, errno == ENOENT ? FWL_ERR_ABSENT : FWL_ERR_STORAGE, "cannot be opened: %s",
                      strerror(errno));
        return y->err;
    }
    text = fwl_malloc(FWL_YAML_BYTES_MAX + 1);
    if (text == NULL) {
        fwl_yaml_fail(y, 0, FWL_ERR_MEMORY, "out of memory");
    } else {
        size = fread(text, 1, FWL_YAML_BYTES_MAX + 1, f);
        if (ferror(f) != 0) {
            fwl_yaml_fail(y, 0, FWL_ERR_STORAGE, "cannot be read: %s", strerror(errno));
        } else {
            (void)fwl_yaml_load(y, path, fwl_span(text, size));
        }
    }
    fwl_free(text);
    (void)fclose(f);
    return y->err;
}

void
fwl_yaml_deinit(struct fwl_yaml *y)
{
    if (y->loaded) {
        yaml_document_delete(&y->document);
        y->loaded = false;
    }
}

int
fwl_yaml_root(struct fwl_yaml *y)
{
    return y->loaded ? 1 : 0;
}

bool
fwl_yaml_is_map(struct fwl_yaml *y, int node)
{
    const yaml_node_t *n = node_of(y, node);

    return n != NULL && n->type == YAML_MAPPING_NODE;
}

bool
fwl_yaml_is_text(struct fwl_yaml *y, int node)
{
    const yaml_node_t *n = node_of(y, node);

    return n != NULL && n->type == YAML_SCALAR_NODE;
}

static struct fwl_span
scalar(struct fwl_yaml *y, int node)
{
    const yaml_node_t *n = node_of(y, node);

    return n != NULL && n->type == YAML_SCALAR_NODE ? fwl_span(n->data.scalar.value, n->data.scalar.length)
                                                    : (struct fwl_span){0};
}

bool
fwl_yaml_pair(struct fwl_yaml *y, int map, size_t index, struct fwl_span *key, int *value)
{
    const yaml_node_t *n = node_of(y, map);
    const yaml_node_pair_t *pair = NULL;

    if (n == NULL || n->type != YAML_MAPPING_NODE ||
        index >= (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start)) {
        return false;
    }
    pair = &n->data.mapping.pairs.start[index];
    *key = scalar(y, pair->key);
    *value = pair->value;
    return true;
}

/* Letters that two words share at the start: enough to suggest "peers" for "peer" or "percent" for "percnt". */
static size_t
common_prefix(struct fwl_span a, const char *b)
{
    size_t n = 0;

    while (n < a.size && b[n] != '\0' && a.p[n] == (uint8_t)b[n]) {
        n++;
    }
    return n;
}

static void
unknown_key(struct fwl_yaml *y, int value, struct fwl_span key, const char *const *known, size_t count)
{
    const char *nearest = NULL;
    size_t best = 2;
    char list[FWL_YAML_ERROR_MAX / 2] = "";
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        size_t common = common_prefix(key, known[i]);

        if (common > best) {
            best = common;
            nearest = known[i];
        }
        if (used < sizeof(list)) {
            int n = snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ", known[i]);

            used += n > 0 ? (size_t)n : 0;
        }
    }
    if (nearest != NULL) {
        fwl_yaml_fail(y, value, FWL_ERR_UNKNOWN, "unknown key \"%.*s\"; did you mean \"%s\"?", (int)key.size,
                      (const char *)key.p, nearest);
    } else {
        fwl_yaml_fail(y, value, FWL_ERR_UNKNOWN, "unknown key \"%.*s\"; known here: %s", (int)key.size,
                      (const char *)key.p, list);
    }
}

static bool
is_known(struct fwl_span key, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fwl_span_is(key, known[i])) {
            return true;
        }
    }
    return false;
}

void
fwl_yaml_keys(struct fwl_yaml *y, int map, const char *const *known, size_t count)
{
    struct fwl_span key;
    struct fwl_span earlier;
    int value = 0;
    int other = 0;

    if (map == 0 || y->err != FWL_OK) {
        return;
    }
    if (!fwl_yaml_is_map(y, map)) {
        fwl_yaml_fail(y, map, FWL_ERR_TYPE, "a map of keys and values is expected here");
        return;
    }
    for (size_t i = 0; fwl_yaml_pair(y, map, i, &key, &value); i++) {
        if (!is_known(key, known, count)) {
            unknown_key(y, value, key, known, count);
        }
        for (size_t j = 0; j < i && fwl_yaml_pair(y, map, j, &earlier, &other); j++) {
            if (fwl_span_equal(key, earlier)) {
                fwl_yaml_fail(y, value, FWL_ERR_DUPLICATE, "the key \"%.*s\" occurs twice", (int)key.size,
                              (const char *)key.p);
            }
        }
    }
}

int
fwl_yaml_get(struct fwl_yaml *y, int map, const char *key)
{
    struct fwl_span name;
    int value = 0;

    for (size_t i = 0; fwl_yaml_pair(y, map, i, &name, &value); i++) {
        if (fwl_span_is(name, key)) {
            return value;
        }
    }
    return 0;
}

int
fwl_yaml_need(struct fwl_yaml *y, int map, const char *key)
{
    int value = fwl_yaml_get(y, map, key);

    if (value == 0) {
        fwl_yaml_fail(y, map, FWL_ERR_MISSING, "the key \"%s\" is missing", key);
    }
    return value;
}

size_t
fwl_yaml_list(struct fwl_yaml *y, int node, size_t max)
{
    const yaml_node_t *n = node_of(y, node);
    size_t count = 0;

    if (n == NULL || y->err != FWL_OK) {
        return 0;
    }
    if (n->type != YAML_SEQUENCE_NODE) {
        fwl_yaml_fail(y, node, FWL_ERR_TYPE, "a list is expected here");
        return 0;
    }
    count = (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
    if (count > max) {
        fwl_yaml_fail(y, node, FWL_ERR_LIMIT, "the list has %zu elements, at most %zu are possible", count, max);
        return 0;
    }
    return count;
}

int
fwl_yaml_item(struct fwl_yaml *y, int list, size_t index)
{
    const yaml_node_t *n = node_of(y, list);

    FWL_ASSERT(n != NULL && n->type == YAML_SEQUENCE_NODE &&
               index < (size_t)(n->data.sequence.items.top - n->data.sequence.items.start));
    return n->data.sequence.items.start[index];
}

struct fwl_span
fwl_yaml_text(struct fwl_yaml *y, int node, size_t max)
{
    struct fwl_span text = scalar(y, node);

    if (node == 0 || y->err != FWL_OK) {
        return (struct fwl_span){0};
    }
    if (!fwl_yaml_is_text(y, node)) {
        fwl_yaml_fail(y, node, FWL_ERR_TYPE, "a text is expected here");
        return (struct fwl_span){0};
    }
    if (text.size > max) {
        fwl_yaml_fail(y, node, FWL_ERR_LIMIT, "the text has %zu bytes, at most %zu are possible", text.size, max);
        return (struct fwl_span){0};
    }
    return text;
}

bool
fwl_yaml_plain(struct fwl_yaml *y, int node)
{
    const yaml_node_t *n = node_of(y, node);

    return n != NULL && n->type == YAML_SCALAR_NODE && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

int64_t
fwl_yaml_int(struct fwl_yaml *y, int node, int64_t min, int64_t max)
{
    struct fwl_span text = fwl_yaml_text(y, node, 32);
    bool negative = text.size > 0 && text.p[0] == '-';
    int64_t v = 0;
    bool ok = text.size > (negative ? 1U : 0U);

    if (node == 0 || y->err != FWL_OK) {
        return 0;
    }
    for (size_t i = negative ? 1 : 0; ok && i < text.size; i++) {
        int digit = text.p[i] - '0';

        ok = digit >= 0 && digit <= 9 && !__builtin_mul_overflow(v, 10, &v) &&
             !__builtin_sub_overflow(v, digit, &v); /* negative, since INT64_MIN has no positive twin */
    }
    ok = ok && (negative || v != INT64_MIN);
    v = negative || !ok ? v : -v;
    if (!ok || v < min || v > max) {
        fwl_yaml_fail(y, node, FWL_ERR_RANGE, "\"%.*s\" is not a whole number from %" PRId64 " to %" PRId64,
                      (int)text.size, (const char *)text.p, min, max);
        return 0;
    }
    return v;
}

bool
fwl_yaml_bool(struct fwl_yaml *y, int node)
{
    struct fwl_span text = fwl_yaml_text(y, node, 32);

    if (node == 0 || y->err != FWL_OK) {
        return false;
    }
    if (!fwl_span_is(text, "true") && !fwl_span_is(text, "false")) {
        fwl_yaml_fail(y, node, FWL_ERR_VALUE, "\"%.*s\" is neither true nor false", (int)text.size,
                      (const char *)text.p);
        return false;
    }
    return fwl_span_is(text, "true");
}

static const struct {
    const char *name;
    uint64_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

/* The milliseconds of the unit at text[*at..], which it steps over; 0 when there is none. */
static uint64_t
unit_at(struct fwl_span text, size_t *at)
{
    size_t end = *at;

    while (end < text.size && text.p[end] >= 'a' && text.p[end] <= 'z') {
        end++;
    }
    for (size_t i = 0; i < FWL_COUNT(units); i++) {
        if (fwl_span_is(fwl_span(text.p + *at, end - *at), units[i].name)) {
            *at = end;
            return units[i].ms;
        }
    }
    return 0;
}

static bool
parse_duration(struct fwl_span text, uint64_t *total)
{
    size_t at = 0;

    *total = 0;
    while (at < text.size) {
        uint64_t number = 0;
        uint64_t unit = 0;
        size_t start = at;

        while (at < text.size && text.p[at] >= '0' && text.p[at] <= '9') {
            if (!fwl_mul_u64(&number, number, 10) || !fwl_add_u64(&number, number, text.p[at] - (uint64_t)'0')) {
                return false;
            }
            at++;
        }
        unit = at == start ? 0 : unit_at(text, &at);
        if (unit == 0 || !fwl_mul_u64(&number, number, unit) || !fwl_add_u64(total, *total, number)) {
            return false;
        }
    }
    return text.size > 0;
}

uint64_t
fwl_yaml_duration_ms(struct fwl_yaml *y, int node, uint64_t min, uint64_t max)
{
    struct fwl_span text = fwl_yaml_text(y, node, 64);
    uint64_t total = 0;

    if (node == 0 || y->err != FWL_OK) {
        return 0;
    }
    if (!parse_duration(text, &total)) {
        fwl_yaml_fail(y, node, FWL_ERR_VALUE, "\"%.*s\" is not a duration such as 500ms, 15m, 72h or 2d",
                      (int)text.size, (const char *)text.p);
        return 0;
    }
    if (total < min || total > max) {
        fwl_yaml_fail(y, node, FWL_ERR_RANGE, "%.*s is not between %" PRIu64 " and %" PRIu64 " ms", (int)text.size,
                      (const char *)text.p, min, max);
        return 0;
    }
    return total;
}
