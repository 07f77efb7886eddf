#include "client/cli/policy_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/cbor.h"
#include "core/host/heap.h"
#include "core/time.h"

/* The types of params, as in docs/spec/ledger.cddl. */
enum {
    PARAM_INT = 1,
    PARAM_STRING = 2,
    PARAM_BOOL = 3,
    PARAM_DURATION = 4,
    PARAM_TIMESTAMP = 5,
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

/* A list of texts; absent lists are left out by the caller. */
static void
put_texts(struct fwl_yaml *y, struct fwl_writer *w, int list, size_t max_count, size_t max_bytes)
{
    size_t count = fwl_yaml_list(y, list, max_count);

    fwl_cbor_put_array(w, count);
    for (size_t i = 0; i < count; i++) {
        fwl_cbor_put_text(w, fwl_yaml_text(y, fwl_yaml_item(y, list, i), max_bytes));
    }
}

static void
put_int(struct fwl_writer *w, uint64_t type, int64_t v)
{
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, type);
    fwl_cbor_put_int(w, v);
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
put_param(struct fwl_yaml *y, struct fwl_writer *w, int node)
{
    struct fwl_span text = fwl_yaml_text(y, node, FWL_LABEL_VALUE_MAX);
    int64_t seconds = 0;

    if (!fwl_yaml_plain(y, node)) {
        fwl_cbor_put_array(w, 2);
        fwl_cbor_put_uint(w, PARAM_STRING);
        fwl_cbor_put_text(w, text);
    } else if (fwl_span_is(text, "true") || fwl_span_is(text, "false")) {
        fwl_cbor_put_array(w, 2);
        fwl_cbor_put_uint(w, PARAM_BOOL);
        fwl_cbor_put_bool(w, fwl_span_is(text, "true"));
    } else if (all_digits(text)) {
        put_int(w, PARAM_INT, fwl_yaml_int(y, node, INT64_MIN, INT64_MAX));
    } else if (fwl_time_parse(&seconds, text) == FWL_OK) {
        put_int(w, PARAM_TIMESTAMP, seconds);
    } else if (text.size > 0 && text.p[0] >= '0' && text.p[0] <= '9') {
        put_int(w, PARAM_DURATION, (int64_t)fwl_yaml_duration_ms(y, node, 0, INT64_MAX / 1000000) * 1000000);
    } else {
        fwl_yaml_fail(y, node, FWL_ERR_VALUE, "\"%.*s\" is no number, bool, duration or time; put a string into quotes",
                      (int)text.size, (const char *)text.p);
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
put_params(struct fwl_yaml *y, struct fwl_writer *w, int map)
{
    struct param params[FWL_POLICY_PARAMS_MAX];
    struct fwl_span key;
    int value = 0;
    size_t count = 0;

    if (!fwl_yaml_is_map(y, map)) {
        fwl_yaml_fail(y, map, FWL_ERR_TYPE, "params is a map of names and values");
        return;
    }
    while (fwl_yaml_pair(y, map, count, &key, &value)) {
        if (count == FWL_POLICY_PARAMS_MAX || key.size > FWL_LABEL_KEY_MAX) {
            fwl_yaml_fail(y, value, FWL_ERR_LIMIT, "at most %d params, with names of at most %d bytes",
                          FWL_POLICY_PARAMS_MAX, FWL_LABEL_KEY_MAX);
            return;
        }
        params[count++] = (struct param){.name = key, .node = value};
    }
    qsort(params, count, sizeof(params[0]), by_key);
    fwl_cbor_put_map(w, count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && fwl_span_equal(params[i].name, params[i - 1].name)) {
            fwl_yaml_fail(y, params[i].node, FWL_ERR_DUPLICATE, "the param \"%.*s\" occurs twice",
                          (int)params[i].name.size, (const char *)params[i].name.p);
        }
        fwl_cbor_put_text(w, params[i].name);
        put_param(y, w, params[i].node);
    }
}

static void
put_trackers(struct fwl_yaml *y, struct fwl_writer *w, int map)
{
    static const char *const known[] = {"k", "of"};

    fwl_yaml_keys(y, map, known, FWL_COUNT(known));
    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, (uint64_t)fwl_yaml_int(y, fwl_yaml_need(y, map, "k"), 1, FWL_POLICY_TRACKERS_MAX));
    put_texts(y, w, fwl_yaml_need(y, map, "of"), FWL_POLICY_TRACKERS_MAX, FWL_PARTICIPANT_ID_MAX);
}

static void
put_rule(struct fwl_yaml *y, struct fwl_writer *w, int map)
{
    static const char *const known[] = {"name", "effect", "classes", "when", "message", "mode", "rollback"};
    static const char *const effects[] = {"permit", "require", "forbid", "force"};
    static const char *const modes[] = {"enforce", "dry-run"};
    int classes = fwl_yaml_get(y, map, "classes");
    int message = fwl_yaml_get(y, map, "message");
    int mode = fwl_yaml_get(y, map, "mode");
    int rollback = fwl_yaml_get(y, map, "rollback");
    bool dry = false;

    fwl_yaml_keys(y, map, known, FWL_COUNT(known));
    dry = mode != 0 && enum_of(y, mode, modes, FWL_COUNT(modes), "the mode is enforce or dry-run") == 2;
    fwl_cbor_put_map(w, 3U + (classes != 0) + (message != 0) + dry + (rollback != 0));
    fwl_cbor_put_uint(w, 1);
    fwl_cbor_put_text(w, fwl_yaml_text(y, fwl_yaml_need(y, map, "name"), FWL_RULE_NAME_MAX));
    fwl_cbor_put_uint(w, 2);
    fwl_cbor_put_uint(w, enum_of(y, fwl_yaml_need(y, map, "effect"), effects, FWL_COUNT(effects),
                                 "the effect is one of permit, require, forbid, force"));
    if (classes != 0) {
        fwl_cbor_put_uint(w, 3);
        put_texts(y, w, classes, FWL_RULE_SCOPE_MAX, FWL_CLASS_MAX);
    }
    fwl_cbor_put_uint(w, 4);
    fwl_cbor_put_text(w, fwl_yaml_text(y, fwl_yaml_need(y, map, "when"), FWL_RULE_SOURCE_MAX));
    if (message != 0) {
        fwl_cbor_put_uint(w, 5);
        fwl_cbor_put_text(w, fwl_yaml_text(y, message, FWL_RULE_MESSAGE_MAX));
    }
    if (dry) {
        fwl_cbor_put_uint(w, 6);
        fwl_cbor_put_bool(w, true);
    }
    if (rollback != 0) {
        fwl_cbor_put_uint(w, 7);
        fwl_cbor_put_bool(w, fwl_yaml_bool(y, rollback));
    }
}

static void
put_rules(struct fwl_yaml *y, struct fwl_writer *w, int list)
{
    size_t count = fwl_yaml_list(y, list, FWL_POLICY_RULES_MAX);

    fwl_cbor_put_array(w, count);
    for (size_t i = 0; i < count; i++) {
        put_rule(y, w, fwl_yaml_item(y, list, i));
    }
}

static void
put_stages(struct fwl_yaml *y, struct fwl_writer *w, int list)
{
    static const char *const known[] = {"percent", "hold"};
    size_t count = fwl_yaml_list(y, list, FWL_POLICY_STAGES_MAX);

    fwl_cbor_put_array(w, count);
    for (size_t i = 0; i < count; i++) {
        int stage = fwl_yaml_item(y, list, i);

        fwl_yaml_keys(y, stage, known, FWL_COUNT(known));
        fwl_cbor_put_array(w, 2);
        fwl_cbor_put_uint(w, (uint64_t)fwl_yaml_int(y, fwl_yaml_need(y, stage, "percent"), 1, 100));
        fwl_cbor_put_uint(w, fwl_yaml_duration_ms(y, fwl_yaml_get(y, stage, "hold"), 0, UINT32_MAX * UINT64_C(1000)));
    }
}

static void
put_template(struct fwl_yaml *y, struct fwl_writer *w, struct fwl_span name, int map)
{
    static const char *const known[] = {"stages", "advance_when", "halt_when", "auto_last"};
    int auto_last = fwl_yaml_get(y, map, "auto_last");

    fwl_yaml_keys(y, map, known, FWL_COUNT(known));
    fwl_cbor_put_map(w, 5);
    fwl_cbor_put_uint(w, 1);
    fwl_cbor_put_text(w, name);
    fwl_cbor_put_uint(w, 2);
    put_stages(y, w, fwl_yaml_need(y, map, "stages"));
    fwl_cbor_put_uint(w, 3);
    fwl_cbor_put_text(w, fwl_yaml_text(y, fwl_yaml_need(y, map, "advance_when"), FWL_RULE_SOURCE_MAX));
    fwl_cbor_put_uint(w, 4);
    fwl_cbor_put_text(w, fwl_yaml_text(y, fwl_yaml_need(y, map, "halt_when"), FWL_RULE_SOURCE_MAX));
    fwl_cbor_put_uint(w, 5);
    fwl_cbor_put_bool(w, fwl_yaml_bool(y, auto_last));
}

static void
put_templates(struct fwl_yaml *y, struct fwl_writer *w, int map)
{
    struct fwl_span name;
    int value = 0;
    size_t count = 0;

    if (!fwl_yaml_is_map(y, map)) {
        fwl_yaml_fail(y, map, FWL_ERR_TYPE, "rollouts is a map of template names");
        return;
    }
    while (fwl_yaml_pair(y, map, count, &name, &value)) {
        count++;
    }
    if (count == 0 || count > FWL_POLICY_TEMPLATES_MAX) {
        fwl_yaml_fail(y, map, FWL_ERR_LIMIT, "1 to %d rollout templates are possible", FWL_POLICY_TEMPLATES_MAX);
        return;
    }
    fwl_cbor_put_array(w, count);
    for (size_t i = 0; fwl_yaml_pair(y, map, i, &name, &value); i++) {
        put_template(y, w, name, value);
    }
}

static void
put_source(struct fwl_yaml *y, struct fwl_writer *w)
{
    static const char *const orders[] = {"highest", "listed"};
    int root = fwl_yaml_root(y);
    int optional[6] = {
        fwl_yaml_get(y, root, "staged"),    fwl_yaml_get(y, root, "params"), fwl_yaml_get(y, root, "trackers"),
        fwl_yaml_get(y, root, "approvers"), fwl_yaml_get(y, root, "rules"),  fwl_yaml_get(y, root, "rollouts"),
    };
    size_t pairs = 2;

    for (size_t i = 0; i < FWL_COUNT(optional); i++) {
        pairs += optional[i] != 0;
    }
    fwl_cbor_put_map(w, pairs);
    fwl_cbor_put_uint(w, 1);
    fwl_cbor_put_uint(
        w, enum_of(y, fwl_yaml_need(y, root, "select"), orders, FWL_COUNT(orders), "select is highest or listed"));
    fwl_cbor_put_uint(w, 2);
    fwl_cbor_put_uint(w, fwl_yaml_duration_ms(y, fwl_yaml_need(y, root, "max_age"), 1000, UINT64_C(31622400000)));
    for (size_t i = 0; i < FWL_COUNT(optional); i++) {
        if (optional[i] == 0) {
            continue;
        }
        fwl_cbor_put_uint(w, 3 + i);
        switch (i) {
        case 0: put_texts(y, w, optional[i], FWL_POLICY_STAGED_MAX, FWL_CLASS_MAX); break;
        case 1: put_params(y, w, optional[i]); break;
        case 2: put_trackers(y, w, optional[i]); break;
        case 3: put_texts(y, w, optional[i], FWL_POLICY_APPROVERS_MAX, FWL_PARTICIPANT_ID_MAX); break;
        case 4: put_rules(y, w, optional[i]); break;
        default: put_templates(y, w, optional[i]); break;
        }
    }
}

static enum fwl_err
convert(struct fwl_policy_file *out, struct fwl_yaml *y)
{
    static const char *const known[] = {"fleet",    "select",    "max_age", "staged",  "params",
                                        "trackers", "approvers", "rules",   "rollouts"};
    struct fwl_writer w;
    struct fwl_span bytes;
    struct fwl_span fleet;

    fwl_writer_init(&w, out->source, sizeof(out->source));
    fwl_yaml_keys(y, fwl_yaml_root(y), known, FWL_COUNT(known));
    fleet = fwl_yaml_text(y, fwl_yaml_get(y, fwl_yaml_root(y), "fleet"), FWL_FLEET_MAX);
    if (fleet.size > 0) {
        memcpy(out->fleet, fleet.p, fleet.size);
    }
    if (y->err == FWL_OK) {
        put_source(y, &w);
    }
    if (y->err == FWL_OK && fwl_writer_finish(&w, &bytes) != FWL_OK) {
        fwl_yaml_fail(y, 0, FWL_ERR_LIMIT, "the policy takes %zu bytes, at most %d are possible", w.size,
                      FWL_POLICY_MAX);
    }
    out->source_size = y->err == FWL_OK ? w.size : 0;
    memcpy(out->error, y->error, sizeof(out->error));
    return y->err;
}

enum fwl_err
fwl_policy_file_load(struct fwl_policy_file *out, const char *path)
{
    struct fwl_yaml y;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_policy_file){0};
    err = fwl_yaml_load_file(&y, path);
    if (err == FWL_OK) {
        err = convert(out, &y);
    } else {
        memcpy(out->error, y.error, sizeof(out->error));
    }
    fwl_yaml_deinit(&y);
    return err;
}

enum fwl_err
fwl_policy_file_parse(struct fwl_policy_file *out, const char *name, struct fwl_span text)
{
    struct fwl_yaml y;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_policy_file){0};
    err = fwl_yaml_load(&y, name, text);
    if (err == FWL_OK) {
        err = convert(out, &y);
    } else {
        memcpy(out->error, y.error, sizeof(out->error));
    }
    fwl_yaml_deinit(&y);
    return err;
}
