/* Dependencies, conflicts, provides, replaces, and the window that a dependency on the own name is. */
#include "ledger/json/parse.h"
#include "ledger/json/release_parts.h"

static const char *const ops[] = {"<<", "<=", "=", ">=", ">>"};

enum {
    EXTRA_MAX = 2 * (FWL_RELATION_NAME_MAX + 4), /* bytes of the informative pairs of a relation */
};

/* The informative pairs of a relation: architecture and kind. */
static enum fwl_err
put_relation_extra(struct fwl_parse *out, struct fwl_writer *w, struct fwl_relation *relation, const json_t *leaf,
                   const char *member)
{
    static const char *const members[] = {"arch", "kind"};

    for (size_t i = 0; i < FWL_COUNT(members); i++) {
        struct fwl_span text = {0};
        enum fwl_err err = fwl_parse_get_text(out, &text, leaf, members[i]);

        if (err != FWL_OK) {
            return err;
        }
        if (text.size > FWL_RELATION_NAME_MAX) {
            return fwl_parse_fail(out, FWL_ERR_LIMIT, "%s: %s has %zu bytes, at most %d are possible", member,
                                  members[i], text.size, FWL_RELATION_NAME_MAX);
        }
        if (text.p != NULL) {
            fwl_cbor_put_int(w, -1 - (int64_t)i);
            fwl_cbor_put_text(w, text);
            relation->extra.negative.count++;
        }
    }
    return fwl_writer_finish(w, &relation->extra.negative.items);
}

static enum fwl_err
take_op(struct fwl_parse *out, struct fwl_relation *relation, struct fwl_span op, const char *member)
{
    if ((op.p == NULL) != (relation->version.p == NULL)) {
        return fwl_parse_fail(out, FWL_ERR_VALUE, "%s: op and version come together", member);
    }
    if (op.p == NULL) {
        return FWL_OK;
    }
    relation->has |= FWL_HAS(2) | FWL_HAS(3);
    while (relation->op < FWL_COUNT(ops) && !fwl_span_is(op, ops[relation->op])) {
        relation->op++;
    }
    if (relation->op++ == FWL_COUNT(ops)) {
        return fwl_parse_fail(out, FWL_ERR_VALUE, "%s: op is one of << <= = >= >>", member);
    }
    return FWL_OK;
}

static enum fwl_err
put_relation(struct fwl_parse *out, struct fwl_writer *w, const json_t *leaf, const char *member)
{
    static const char *const known[] = {"name", "op", "version", "arch", "kind"};
    struct fwl_relation relation = {.has = FWL_HAS(1)};
    uint8_t extra[EXTRA_MAX];
    struct fwl_writer extra_writer;
    struct fwl_span op = {0};
    enum fwl_err err = FWL_OK;

    if (!json_is_object(leaf)) {
        return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: objects with name, op and version are expected", member);
    }
    fwl_writer_init(&extra_writer, extra, sizeof(extra));
    err = fwl_parse_members(out, leaf, known, FWL_COUNT(known), member);
    err = err == FWL_OK ? fwl_parse_need_text(out, &relation.name, leaf, "name") : err;
    err = err == FWL_OK ? fwl_parse_get_text(out, &op, leaf, "op") : err;
    err = err == FWL_OK ? fwl_parse_get_text(out, &relation.version, leaf, "version") : err;
    err = err == FWL_OK ? take_op(out, &relation, op, member) : err;
    err = err == FWL_OK ? put_relation_extra(out, &extra_writer, &relation, leaf, member) : err;
    if (err == FWL_OK) {
        fwl_release_put_relation(w, &relation);
    }
    return err;
}

static enum fwl_err
put_relations(struct fwl_parse *out, struct fwl_writer *w, const json_t *list, const char *member)
{
    size_t i = 0;
    const json_t *leaf = NULL;
    enum fwl_err err = FWL_OK;

    json_array_foreach(list, i, leaf)
    {
        err = err == FWL_OK ? put_relation(out, w, leaf, member) : err;
    }
    return err;
}

enum fwl_err
fwl_parse_relations(struct fwl_parse *out, struct fwl_list *to, const json_t *list, const char *member)
{
    struct fwl_writer w = fwl_parse_open(out);
    enum fwl_err err = put_relations(out, &w, list, member);

    return err == FWL_OK ? fwl_parse_close(out, to, &w, json_array_size(list), member) : err;
}

enum fwl_err
fwl_parse_clauses(struct fwl_parse *out, struct fwl_list *to, const json_t *list, const char *member)
{
    struct fwl_writer w = fwl_parse_open(out);
    const json_t *clause = NULL;
    size_t i = 0;
    enum fwl_err err = FWL_OK;

    json_array_foreach(list, i, clause)
    {
        if (!json_is_array(clause) || json_array_size(clause) == 0) {
            return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: a list of lists of alternatives is expected", member);
        }
        fwl_cbor_put_array(&w, json_array_size(clause));
        err = put_relations(out, &w, clause, member);
        if (err != FWL_OK) {
            return err;
        }
    }
    return fwl_parse_close(out, to, &w, json_array_size(list), member);
}

enum fwl_err
fwl_parse_provisions(struct fwl_parse *out, struct fwl_list *to, const json_t *list, const char *member)
{
    static const char *const known[] = {"name", "version"};
    struct fwl_writer w = fwl_parse_open(out);
    size_t i = 0;
    const json_t *leaf = NULL;

    json_array_foreach(list, i, leaf)
    {
        struct fwl_provision provision = {0};
        enum fwl_err err = FWL_OK;

        if (!json_is_object(leaf)) {
            return fwl_parse_fail(out, FWL_ERR_TYPE, "%s: objects with name and version are expected", member);
        }
        err = fwl_parse_members(out, leaf, known, FWL_COUNT(known), member);
        err = err == FWL_OK ? fwl_parse_need_text(out, &provision.name, leaf, "name") : err;
        err = err == FWL_OK ? fwl_parse_get_text(out, &provision.version, leaf, "version") : err;
        if (err != FWL_OK) {
            return err;
        }
        fwl_release_put_provision(&w, &provision);
    }
    return fwl_parse_close(out, to, &w, json_array_size(list), member);
}

/* ---- the members of a release ---- */

static bool
is_own(const json_t *clause, struct fwl_span name)
{
    return name.p != NULL && json_array_size(clause) == 1 &&
           fwl_span_equal(fwl_parse_text(json_object_get(json_array_get(clause, 0), "name")), name);
}

/* A dependency of a release on its own name is a window on the running version. */
static enum fwl_err
take_own(struct fwl_json_release *out, const json_t *leaf)
{
    static const char *const known[] = {"name", "op", "version"};
    struct fwl_span op = fwl_parse_text(json_object_get(leaf, "op"));
    struct fwl_span version = fwl_parse_text(json_object_get(leaf, "version"));
    bool low = fwl_span_is(op, ">=");
    struct fwl_span *end = low ? &out->release.window.min : &out->release.window.max;
    enum fwl_err err = fwl_parse_members(&out->parse, leaf, known, FWL_COUNT(known), "dependencies");

    if (err != FWL_OK) {
        return err;
    }
    if ((!low && !fwl_span_is(op, "<=")) || version.size == 0 || end->size != 0) {
        return fwl_parse_fail(&out->parse, FWL_ERR_VALUE,
                              "dependencies: on its own name a release can only ask >= and <=, each once");
    }
    *end = version;
    out->release.has |= FWL_HAS(FWL_RELEASE_WINDOW);
    return FWL_OK;
}

static enum fwl_err
parse_dependencies(struct fwl_json_release *out, const json_t *object)
{
    struct fwl_span name = fwl_parse_text(json_object_get(object, "name"));
    const json_t *list = NULL;
    json_t *clause = NULL;
    json_t *rest = json_array(); /* its texts stay those of @object */
    size_t i = 0;
    enum fwl_err err = fwl_parse_get_list(&out->parse, &list, object, "dependencies");

    json_array_foreach(list, i, clause)
    {
        if (err == FWL_OK && is_own(clause, name)) {
            err = take_own(out, json_array_get(clause, 0));
        } else if (err == FWL_OK && json_array_append(rest, clause) != 0) {
            err = fwl_parse_fail(&out->parse, FWL_ERR_MEMORY, "dependencies: out of memory");
        }
    }
    if (err == FWL_OK && json_array_size(rest) > 0) {
        out->release.has |= FWL_HAS(FWL_RELEASE_DEPENDENCIES);
        err = fwl_parse_clauses(&out->parse, &out->release.dependencies, rest, "dependencies");
    }
    json_decref(rest);
    return err;
}

static enum fwl_err
parse_window(struct fwl_json_release *out, const json_t *object)
{
    static const char *const known[] = {"min", "max"};
    const json_t *window = json_object_get(object, "window");
    enum fwl_err err = FWL_OK;

    if (window == NULL) {
        return FWL_OK;
    }
    if (!json_is_object(window) || (out->release.has & FWL_HAS(FWL_RELEASE_WINDOW)) != 0) {
        return fwl_parse_fail(&out->parse, FWL_ERR_TYPE, "window: one object with min and max is expected");
    }
    out->release.has |= FWL_HAS(FWL_RELEASE_WINDOW);
    err = fwl_parse_members(&out->parse, window, known, FWL_COUNT(known), "window");
    err = err == FWL_OK ? fwl_parse_get_text(&out->parse, &out->release.window.min, window, "min") : err;
    return err == FWL_OK ? fwl_parse_get_text(&out->parse, &out->release.window.max, window, "max") : err;
}

/* "replaces" has no field: it is the informative pair -1. */
static enum fwl_err
parse_replaces(struct fwl_json_release *out, const json_t *object)
{
    const json_t *value = NULL;
    struct fwl_list list = {0};
    struct fwl_relation relation;
    struct fwl_reader it;
    struct fwl_writer w;
    size_t count = 0;
    enum fwl_err err = fwl_parse_get_list(&out->parse, &value, object, "replaces");

    if (err != FWL_OK || json_array_size(value) == 0) {
        return err;
    }
    err = fwl_parse_relations(&out->parse, &list, value, "replaces");
    if (err != FWL_OK) {
        return err;
    }
    /* Decoders do not look into informative pairs, so the limits of relations are asked here. */
    for (fwl_list_begin(&it, list); fwl_release_next_relation(&it, &relation);) {
        count++;
    }
    if (count != list.count || count > FWL_RELATIONS_MAX) {
        return fwl_parse_fail(&out->parse, FWL_ERR_LIMIT,
                              "replaces: at most %d relations, with names of at most %d bytes", FWL_RELATIONS_MAX,
                              FWL_RELATION_NAME_MAX);
    }
    w = fwl_parse_open(&out->parse);
    fwl_cbor_put_int(&w, -1);
    fwl_list_put_array(&w, list);
    return fwl_parse_close(&out->parse, &out->release.extra.negative, &w, 1, "replaces");
}

enum fwl_err
fwl_release_parts_relations(struct fwl_json_release *out, const json_t *object)
{
    struct fwl_release *r = &out->release;
    const json_t *list = NULL;
    enum fwl_err err = parse_dependencies(out, object);

    err = err == FWL_OK ? parse_window(out, object) : err;
    err = err == FWL_OK ? fwl_parse_get_list(&out->parse, &list, object, "provides") : err;
    if (err == FWL_OK && json_array_size(list) > 0) {
        r->has |= FWL_HAS(FWL_RELEASE_PROVIDES);
        err = fwl_parse_provisions(&out->parse, &r->provides, list, "provides");
    }
    err = err == FWL_OK ? fwl_parse_get_list(&out->parse, &list, object, "conflicts") : err;
    if (err == FWL_OK && json_array_size(list) > 0) {
        r->has |= FWL_HAS(FWL_RELEASE_CONFLICTS);
        err = fwl_parse_relations(&out->parse, &r->conflicts, list, "conflicts");
    }
    return err == FWL_OK ? parse_replaces(out, object) : err;
}
