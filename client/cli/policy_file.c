#include "client/cli/policy_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/cli/files.h"
#include "core/cbor.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/model/name.h"

/* The types of params, as in docs/spec/ledger.cddl. */
enum {
    PARAM_INT = 1,
    PARAM_STRING = 2,
    PARAM_BOOL = 3,
    PARAM_DURATION = 4,
    PARAM_TIMESTAMP = 5,
};

/* A document on its way to CBOR. */
struct conversion {
    struct fwl_yaml *y;
    struct fwl_writer w;
    struct fwl_policy_file *out;
};

/* One param on its way from file order to key order. */
struct param {
    struct fwl_span name;
    int node;
};

static size_t
enum_of(struct fwl_yaml *y, int node, const char *const *names, size_t count, const char *what)
{
    struct fwl_span text = fwl_yaml_text(y, node, 32);

    for (size_t i = 0; i < count; i++) {
        if (fwl_span_is(text, names[i])) {
            return i + 1;
        }
    }
    fwl_yaml_fail(y, node, FWL_ERR_VALUE, "%s", what);
    return 0;
}

/* What is written next to the source stands at @node. */
static void
mark(struct conversion *c, int node)
{
    struct fwl_policy_file *out = c->out;

    if (c->y->err == FWL_OK && out->mark_count < FWL_POLICY_FILE_MARKS) {
        out->marks[out->mark_count].offset = (uint32_t)FWL_MIN(c->w.size, (size_t)UINT32_MAX);
        out->marks[out->mark_count++].at = fwl_yaml_mark(c->y, node);
    }
}

static void
put_text(struct conversion *c, int node, size_t max)
{
    mark(c, node);
    fwl_cbor_put_text(&c->w, fwl_yaml_text(c->y, node, max));
}

/* A list of texts; absent lists are left out by the caller. */
static void
put_texts(struct conversion *c, int list, size_t max_count, size_t max_bytes)
{
    size_t count = fwl_yaml_list(c->y, list, max_count);

    mark(c, list);
    fwl_cbor_put_array(&c->w, count);
    for (size_t i = 0; i < count; i++) {
        put_text(c, fwl_yaml_item(c->y, list, i), max_bytes);
    }
}

static void
put_int(struct conversion *c, uint64_t type, int64_t v)
{
    fwl_cbor_put_array(&c->w, 2);
    fwl_cbor_put_uint(&c->w, type);
    fwl_cbor_put_int(&c->w, v);
}

static bool
all_digits(struct fwl_span text)
{
    size_t i = text.size > 0 && text.p[0] == '-' ? 1 : 0;
    size_t first = i;

    while (i < text.size && text.p[i] >= '0' && text.p[i] <= '9') {
        i++;
    }
    return i > first && i == text.size;
}

static void
put_param(struct conversion *c, int node)
{
    struct fwl_span text = fwl_yaml_text(c->y, node, FWL_LABEL_VALUE_MAX);
    int64_t seconds = 0;

    if (!fwl_yaml_plain(c->y, node)) {
        fwl_cbor_put_array(&c->w, 2);
        fwl_cbor_put_uint(&c->w, PARAM_STRING);
        fwl_cbor_put_text(&c->w, text);
    } else if (fwl_span_is(text, "true") || fwl_span_is(text, "false")) {
        fwl_cbor_put_array(&c->w, 2);
        fwl_cbor_put_uint(&c->w, PARAM_BOOL);
        fwl_cbor_put_bool(&c->w, fwl_span_is(text, "true"));
    } else if (all_digits(text)) {
        put_int(c, PARAM_INT, fwl_yaml_int(c->y, node, INT64_MIN, INT64_MAX));
    } else if (fwl_time_parse(&seconds, text) == FWL_OK) {
        put_int(c, PARAM_TIMESTAMP, seconds);
    } else if (text.size > 0 && text.p[0] >= '0' && text.p[0] <= '9') {
        put_int(c, PARAM_DURATION, (int64_t)fwl_yaml_duration_ms(c->y, node, 0, INT64_MAX / 1000000) * 1000000);
    } else {
        fwl_yaml_fail(c->y, node, FWL_ERR_VALUE,
                      "\"%.*s\" is no number, bool, duration or time; put a string into quotes", (int)text.size,
                      (const char *)text.p);
    }
}

/* Order of deterministic CBOR: shorter texts first, then bytewise. */
static int
by_key(const void *a, const void *b)
{
    struct fwl_span x = ((const struct param *)a)->name;
    struct fwl_span y = ((const struct param *)b)->name;

    if (x.size != y.size) {
        return x.size < y.size ? -1 : 1;
    }
    return fwl_span_compare(x, y);
}

static void
put_params(struct conversion *c, int map)
{
    struct param params[FWL_POLICY_PARAMS_MAX];
    struct fwl_span key;
    int value = 0;
    size_t count = 0;

    if (!fwl_yaml_is_map(c->y, map)) {
        fwl_yaml_fail(c->y, map, FWL_ERR_TYPE, "params is a map of names and values");
        return;
    }
    while (fwl_yaml_pair(c->y, map, count, &key, &value)) {
        if (count == FWL_POLICY_PARAMS_MAX || key.size > FWL_LABEL_KEY_MAX) {
            fwl_yaml_fail(c->y, value, FWL_ERR_LIMIT, "at most %d params, with names of at most %d bytes",
                          FWL_POLICY_PARAMS_MAX, FWL_LABEL_KEY_MAX);
            return;
        }
        params[count++] = (struct param){.name = key, .node = value};
    }
    qsort(params, count, sizeof(params[0]), by_key);
    fwl_cbor_put_map(&c->w, count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && fwl_span_equal(params[i].name, params[i - 1].name)) {
            fwl_yaml_fail(c->y, params[i].node, FWL_ERR_DUPLICATE, "the param \"%.*s\" occurs twice",
                          (int)params[i].name.size, (const char *)params[i].name.p);
        }
        mark(c, params[i].node);
        fwl_cbor_put_text(&c->w, params[i].name);
        put_param(c, params[i].node);
    }
}

static void
put_trackers(struct conversion *c, int map)
{
    static const char *const known[] = {"k", "of"};

    fwl_yaml_keys(c->y, map, known, FWL_COUNT(known));
    fwl_cbor_put_array(&c->w, 2);
    fwl_cbor_put_uint(&c->w, (uint64_t)fwl_yaml_int(c->y, fwl_yaml_need(c->y, map, "k"), 1, FWL_POLICY_TRACKERS_MAX));
    put_texts(c, fwl_yaml_need(c->y, map, "of"), FWL_POLICY_TRACKERS_MAX, FWL_PARTICIPANT_ID_MAX);
}

static void
put_rule(struct conversion *c, int map)
{
    static const char *const known[] = {"name", "effect", "classes", "when", "message", "mode", "rollback"};
    static const char *const effects[] = {"permit", "require", "forbid", "force"};
    static const char *const modes[] = {"enforce", "dry-run"};
    int classes = fwl_yaml_get(c->y, map, "classes");
    int message = fwl_yaml_get(c->y, map, "message");
    int mode = fwl_yaml_get(c->y, map, "mode");
    int rollback = fwl_yaml_get(c->y, map, "rollback");
    bool dry = false;

    fwl_yaml_keys(c->y, map, known, FWL_COUNT(known));
    dry = mode != 0 && enum_of(c->y, mode, modes, FWL_COUNT(modes), "the mode is enforce or dry-run") == 2;
    fwl_cbor_put_map(&c->w, 3U + (classes != 0) + (message != 0) + dry + (rollback != 0));
    fwl_cbor_put_uint(&c->w, 1);
    put_text(c, fwl_yaml_need(c->y, map, "name"), FWL_RULE_NAME_MAX);
    fwl_cbor_put_uint(&c->w, 2);
    fwl_cbor_put_uint(&c->w, enum_of(c->y, fwl_yaml_need(c->y, map, "effect"), effects, FWL_COUNT(effects),
                                     "the effect is one of permit, require, forbid, force"));
    if (classes != 0) {
        fwl_cbor_put_uint(&c->w, 3);
        put_texts(c, classes, FWL_RULE_SCOPE_MAX, FWL_CLASS_MAX);
    }
    fwl_cbor_put_uint(&c->w, 4);
    put_text(c, fwl_yaml_need(c->y, map, "when"), FWL_RULE_SOURCE_MAX);
    if (message != 0) {
        fwl_cbor_put_uint(&c->w, 5);
        put_text(c, message, FWL_RULE_MESSAGE_MAX);
    }
    if (dry) {
        fwl_cbor_put_uint(&c->w, 6);
        fwl_cbor_put_bool(&c->w, true);
    }
    if (rollback != 0) {
        fwl_cbor_put_uint(&c->w, 7);
        fwl_cbor_put_bool(&c->w, fwl_yaml_bool(c->y, rollback));
    }
}

static void
put_rules(struct conversion *c, int list)
{
    size_t count = fwl_yaml_list(c->y, list, FWL_POLICY_RULES_MAX);

    fwl_cbor_put_array(&c->w, count);
    for (size_t i = 0; i < count; i++) {
        int rule = fwl_yaml_item(c->y, list, i);
        struct fwl_span name = fwl_yaml_text(c->y, fwl_yaml_get(c->y, rule, "name"), FWL_RULE_NAME_MAX);

        for (size_t k = 0; k < i && name.size > 0; k++) {
            int earlier = fwl_yaml_get(c->y, fwl_yaml_item(c->y, list, k), "name");

            if (fwl_span_equal(name, fwl_yaml_text(c->y, earlier, FWL_RULE_NAME_MAX))) {
                fwl_yaml_fail(c->y, fwl_yaml_get(c->y, rule, "name"), FWL_ERR_DUPLICATE,
                              "another rule is called \"%.*s\", too", (int)name.size, (const char *)name.p);
            }
        }
        put_rule(c, rule);
    }
}

static void
put_stages(struct conversion *c, int list)
{
    static const char *const known[] = {"percent", "hold"};
    size_t count = fwl_yaml_list(c->y, list, FWL_POLICY_STAGES_MAX);
    int64_t before = 0;

    fwl_cbor_put_array(&c->w, count);
    for (size_t i = 0; i < count; i++) {
        int stage = fwl_yaml_item(c->y, list, i);
        int64_t percent = 0;

        fwl_yaml_keys(c->y, stage, known, FWL_COUNT(known));
        fwl_cbor_put_array(&c->w, 2);
        percent = fwl_yaml_int(c->y, fwl_yaml_need(c->y, stage, "percent"), 1, 100);
        if (c->y->err == FWL_OK && (percent <= before || (i + 1 == count && percent != 100))) {
            fwl_yaml_fail(c->y, fwl_yaml_get(c->y, stage, "percent"), FWL_ERR_VALUE,
                          "the percents of stages ascend, and the last one is 100");
        }
        before = percent;
        fwl_cbor_put_uint(&c->w, (uint64_t)percent);
        fwl_cbor_put_uint(
            &c->w, fwl_yaml_duration_ms(c->y, fwl_yaml_get(c->y, stage, "hold"), 0, UINT32_MAX * UINT64_C(1000)));
    }
}

static void
put_template(struct conversion *c, struct fwl_span name, int map)
{
    static const char *const known[] = {"stages", "advance_when", "halt_when", "auto_last"};
    int auto_last = fwl_yaml_get(c->y, map, "auto_last");

    fwl_yaml_keys(c->y, map, known, FWL_COUNT(known));
    fwl_cbor_put_map(&c->w, 5);
    fwl_cbor_put_uint(&c->w, 1);
    mark(c, map);
    fwl_cbor_put_text(&c->w, name);
    fwl_cbor_put_uint(&c->w, 2);
    put_stages(c, fwl_yaml_need(c->y, map, "stages"));
    fwl_cbor_put_uint(&c->w, 3);
    put_text(c, fwl_yaml_need(c->y, map, "advance_when"), FWL_RULE_SOURCE_MAX);
    fwl_cbor_put_uint(&c->w, 4);
    put_text(c, fwl_yaml_need(c->y, map, "halt_when"), FWL_RULE_SOURCE_MAX);
    fwl_cbor_put_uint(&c->w, 5);
    fwl_cbor_put_bool(&c->w, fwl_yaml_bool(c->y, auto_last));
}

static void
put_templates(struct conversion *c, int map)
{
    struct fwl_span name;
    int value = 0;
    size_t count = 0;

    if (!fwl_yaml_is_map(c->y, map)) {
        fwl_yaml_fail(c->y, map, FWL_ERR_TYPE, "rollouts is a map of template names");
        return;
    }
    while (fwl_yaml_pair(c->y, map, count, &name, &value)) {
        count++;
    }
    if (count == 0 || count > FWL_POLICY_TEMPLATES_MAX) {
        fwl_yaml_fail(c->y, map, FWL_ERR_LIMIT, "1 to %d rollout templates are possible", FWL_POLICY_TEMPLATES_MAX);
        return;
    }
    fwl_cbor_put_array(&c->w, count);
    for (size_t i = 0; fwl_yaml_pair(c->y, map, i, &name, &value); i++) {
        put_template(c, name, value);
    }
}

static void
put_source(struct conversion *c)
{
    static const char *const orders[] = {"highest", "listed"};
    int root = fwl_yaml_root(c->y);
    int optional[6] = {
        fwl_yaml_get(c->y, root, "staged"),    fwl_yaml_get(c->y, root, "params"), fwl_yaml_get(c->y, root, "trackers"),
        fwl_yaml_get(c->y, root, "approvers"), fwl_yaml_get(c->y, root, "rules"),  fwl_yaml_get(c->y, root, "rollouts"),
    };
    size_t pairs = 2;

    for (size_t i = 0; i < FWL_COUNT(optional); i++) {
        pairs += optional[i] != 0;
    }
    fwl_cbor_put_map(&c->w, pairs);
    fwl_cbor_put_uint(&c->w, 1);
    fwl_cbor_put_uint(&c->w, enum_of(c->y, fwl_yaml_need(c->y, root, "select"), orders, FWL_COUNT(orders),
                                     "select is highest or listed"));
    fwl_cbor_put_uint(&c->w, 2);
    fwl_cbor_put_uint(&c->w,
                      fwl_yaml_duration_ms(c->y, fwl_yaml_need(c->y, root, "max_age"), 1000, UINT64_C(31622400000)));
    for (size_t i = 0; i < FWL_COUNT(optional); i++) {
        if (optional[i] == 0) {
            continue;
        }
        fwl_cbor_put_uint(&c->w, 3 + i);
        switch (i) {
        case 0: put_texts(c, optional[i], FWL_POLICY_STAGED_MAX, FWL_CLASS_MAX); break;
        case 1: put_params(c, optional[i]); break;
        case 2: put_trackers(c, optional[i]); break;
        case 3: put_texts(c, optional[i], FWL_POLICY_APPROVERS_MAX, FWL_PARTICIPANT_ID_MAX); break;
        case 4: put_rules(c, optional[i]); break;
        default: put_templates(c, optional[i]); break;
        }
    }
}

static void
convert(struct fwl_policy_file *out, struct fwl_yaml *y)
{
    static const char *const known[] = {"fleet",    "select",    "max_age", "staged",  "params",
                                        "trackers", "approvers", "rules",   "rollouts"};
    struct conversion c = {.y = y, .out = out};
    struct fwl_span bytes;
    struct fwl_span fleet;

    fwl_writer_init(&c.w, out->source, sizeof(out->source));
    fwl_yaml_keys(y, fwl_yaml_root(y), known, FWL_COUNT(known));
    fleet = fwl_yaml_text(y, fwl_yaml_get(y, fwl_yaml_root(y), "fleet"), FWL_FLEET_MAX);
    if (fwl_yaml_get(y, fwl_yaml_root(y), "fleet") != 0 && fwl_name_fleet(NULL, fleet) != FWL_OK) {
        fwl_yaml_fail(y, fwl_yaml_get(y, fwl_yaml_root(y), "fleet"), FWL_ERR_NAME, "a fleet is administrator/name");
    } else if (fleet.size > 0) {
        memcpy(out->fleet, fleet.p, fleet.size);
    }
    if (y->err == FWL_OK) {
        put_source(&c);
    }
    if (y->err == FWL_OK && fwl_writer_finish(&c.w, &bytes) != FWL_OK) {
        fwl_yaml_fail(y, 0, FWL_ERR_LIMIT, "the policy takes %zu bytes, at most %d are possible", c.w.size,
                      FWL_POLICY_MAX);
    }
    out->source_size = y->err == FWL_OK ? c.w.size : 0;
}

enum fwl_err
fwl_policy_file_parse(struct fwl_policy_file *out, const char *name, struct fwl_span text)
{
    uint8_t *copy = fwl_malloc(text.size + 1);
    struct fwl_yaml y;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_policy_file){.mark_count = 0};
    if (copy == NULL) {
        (void)snprintf(out->error, sizeof(out->error), "%s: out of memory", name);
        return FWL_ERR_MEMORY;
    }
    if (text.size > 0) {
        memcpy(copy, text.p, text.size);
    }
    out->text = fwl_span(copy, text.size);
    if (fwl_yaml_load(&y, name, out->text) == FWL_OK) {
        convert(out, &y);
    }
    err = y.err;
    memcpy(out->error, y.error, sizeof(out->error));
    fwl_place_mark(&out->place, out->text, y.at);
    fwl_yaml_deinit(&y);
    return err;
}

enum fwl_err
fwl_policy_file_load(struct fwl_policy_file *out, const char *path)
{
    struct fwl_span text;
    enum fwl_err err = fwl_files_read(&text, path, FWL_YAML_BYTES_MAX);

    if (err == FWL_OK) {
        err = fwl_policy_file_parse(out, path, text);
        fwl_free((void *)(uintptr_t)text.p);
        return err;
    }
    *out = (struct fwl_policy_file){.mark_count = 0};
    if (err == FWL_ERR_LIMIT) {
        (void)snprintf(out->error, sizeof(out->error), "%s: the file is larger than %d bytes", path,
                       FWL_YAML_BYTES_MAX);
    } else {
        char why[128];

        fwl_files_why(why, sizeof(why), err);
        (void)snprintf(out->error, sizeof(out->error), "%s: %s", path, why);
    }
    return err;
}

void
fwl_policy_file_clear(struct fwl_policy_file *file)
{
    fwl_free((void *)(uintptr_t)file->text.p);
    file->text = (struct fwl_span){0};
    file->place = (struct fwl_place){.at = {0}};
}

/* Decoders complain behind what they read. */
void
fwl_policy_file_find(struct fwl_place *out, const struct fwl_policy_file *file, size_t offset)
{
    size_t i = file->mark_count;

    while (i > 0 && file->marks[i - 1].offset >= offset) {
        i--;
    }
    fwl_place_mark(out, file->text, i == 0 ? (struct fwl_yaml_mark){0} : file->marks[i - 1].at);
}

void
fwl_policy_file_find_text(struct fwl_place *out, const struct fwl_policy_file *file, struct fwl_span text,
                          size_t offset)
{
    fwl_policy_file_find(out, file, (size_t)(text.p - file->source));
    if (out->at.line != 0) {
        fwl_place_text(out, file->text, out->at, text, offset);
    }
}
