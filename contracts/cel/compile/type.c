/*
 * Types with variables, after the rules of cel-go's checker: a variable is bound to what it meets first and widened to
 * the less specific of two assignable types; dyn is assignable both ways.
 */
#include "contracts/cel/compile/compiler.h"

enum {
    STEPS_MAX = 100000, /* of recursions over types in one source */
    DEPTH_MAX = 200,
};

static const char names[][27] = {
    [FWL_CEL_T_DYN] = "dyn",           [FWL_CEL_T_NULL] = "null_type",
    [FWL_CEL_T_BOOL] = "bool",         [FWL_CEL_T_INT] = "int",
    [FWL_CEL_T_UINT] = "uint",         [FWL_CEL_T_STRING] = "string",
    [FWL_CEL_T_BYTES] = "bytes",       [FWL_CEL_T_TIMESTAMP] = "timestamp",
    [FWL_CEL_T_DURATION] = "duration", [FWL_CEL_T_VERSION] = "Version",
    [FWL_CEL_T_IP] = "net.IP",         [FWL_CEL_T_CIDR] = "net.CIDR",
    [FWL_CEL_T_TYPE] = "type",         [FWL_CEL_T_LIST] = "list",
    [FWL_CEL_T_MAP] = "map",           [FWL_CEL_T_OPTIONAL] = "optional_type",
    [FWL_CEL_T_VAR] = "dyn",
};

const char *
fwl_cel_type_name(enum fwl_cel_type_kind kind)
{
    return names[kind];
}

static unsigned
param_count(enum fwl_cel_type_kind kind)
{
    return kind == FWL_CEL_T_MAP ? 2 : kind == FWL_CEL_T_LIST || kind == FWL_CEL_T_OPTIONAL ? 1 : 0;
}

const struct fwl_cel_type *
fwl_cel_type_simple(enum fwl_cel_type_kind kind)
{
    static const struct fwl_cel_type simple[FWL_CEL_T_LIST] = {
        {FWL_CEL_T_DYN, {0}, 0},     {FWL_CEL_T_NULL, {0}, 0},      {FWL_CEL_T_BOOL, {0}, 0},
        {FWL_CEL_T_INT, {0}, 0},     {FWL_CEL_T_UINT, {0}, 0},      {FWL_CEL_T_STRING, {0}, 0},
        {FWL_CEL_T_BYTES, {0}, 0},   {FWL_CEL_T_TIMESTAMP, {0}, 0}, {FWL_CEL_T_DURATION, {0}, 0},
        {FWL_CEL_T_VERSION, {0}, 0}, {FWL_CEL_T_IP, {0}, 0},        {FWL_CEL_T_CIDR, {0}, 0},
        {FWL_CEL_T_TYPE, {0}, 0},
    };

    FWL_ASSERT(kind < FWL_CEL_T_LIST);
    return &simple[kind];
}

const struct fwl_cel_type *
fwl_cel_type_make(struct fwl_cel_compiler *c, enum fwl_cel_type_kind kind, const struct fwl_cel_type *first,
                  const struct fwl_cel_type *second)
{
    struct fwl_cel_type *t = fwl_cel_compiler_alloc(c, sizeof(*t));

    if (t == NULL) {
        return fwl_cel_type_simple(FWL_CEL_T_DYN);
    }
    t->kind = kind;
    t->params[0] = first;
    t->params[1] = second;
    return t;
}

const struct fwl_cel_type *
fwl_cel_type_var(struct fwl_cel_compiler *c)
{
    struct fwl_cel_type *t = fwl_cel_compiler_alloc(c, sizeof(*t));
    const struct fwl_cel_type **bound = fwl_cel_compiler_alloc(c, sizeof(const struct fwl_cel_type *));

    if (t == NULL || bound == NULL) {
        return fwl_cel_type_simple(FWL_CEL_T_DYN);
    }
    t->kind = FWL_CEL_T_VAR;
    t->bound = bound;
    return t;
}

const struct fwl_cel_type *
fwl_cel_type_resolve(const struct fwl_cel_type *t)
{
    while (t->kind == FWL_CEL_T_VAR && *t->bound != NULL) {
        t = *t->bound;
    }
    return t;
}

/*
 * Variables let a short source make types that are very deep, or very large when written out. So every recursion over
 * types counts its steps and its depth, and gives up with an error: false means stop.
 */
static bool
enter(struct fwl_cel_compiler *c)
{
    if (c->type_steps == STEPS_MAX || c->type_depth == DEPTH_MAX) {
        fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, 0, "the types are too involved", fwl_cel_none(), fwl_cel_none());
    }
    if (c->err != FWL_OK) {
        return false;
    }
    c->type_steps++;
    c->type_depth++;
    return true;
}

static bool
leave(struct fwl_cel_compiler *c, bool result)
{
    c->type_depth--;
    return result;
}

bool
fwl_cel_type_same(struct fwl_cel_compiler *c, const struct fwl_cel_type *a, const struct fwl_cel_type *b)
{
    bool same = true;

    a = fwl_cel_type_resolve(a);
    b = fwl_cel_type_resolve(b);
    if (a == b) {
        return true;
    }
    if (a->kind != b->kind || a->kind == FWL_CEL_T_VAR || !enter(c)) {
        return false;
    }
    for (unsigned i = 0; i < param_count(a->kind) && same; i++) {
        same = fwl_cel_type_same(c, a->params[i], b->params[i]);
    }
    return leave(c, same);
}

/* is @a dyn, unknown, or the same as @b in all known parts? */
static bool
is_less_specific(struct fwl_cel_compiler *c, const struct fwl_cel_type *a, const struct fwl_cel_type *b)
{
    bool less = true;

    a = fwl_cel_type_resolve(a);
    b = fwl_cel_type_resolve(b);
    if (a->kind == FWL_CEL_T_DYN || a->kind == FWL_CEL_T_VAR) {
        return true;
    }
    if (a->kind != b->kind || !enter(c)) {
        return false;
    }
    for (unsigned i = 0; i < param_count(a->kind) && less; i++) {
        less = is_less_specific(c, a->params[i], b->params[i]);
    }
    return leave(c, less);
}

const struct fwl_cel_type *
fwl_cel_type_general(struct fwl_cel_compiler *c, const struct fwl_cel_type *a, const struct fwl_cel_type *b)
{
    if (fwl_cel_type_resolve(b)->kind == FWL_CEL_T_NULL) {
        return a; /* a null stands for any type that takes it */
    }
    return is_less_specific(c, a, b) ? a : b;
}

static bool
occurs(struct fwl_cel_compiler *c, const struct fwl_cel_type *var, const struct fwl_cel_type *in)
{
    bool found = false;

    in = fwl_cel_type_resolve(in);
    if (in == var || !enter(c)) {
        return true;
    }
    for (unsigned i = 0; i < param_count(in->kind) && !found; i++) {
        found = occurs(c, var, in->params[i]);
    }
    return leave(c, found);
}

static bool
set_bound(struct fwl_cel_compiler *c, const struct fwl_cel_type *var, const struct fwl_cel_type *to)
{
    if (c->trail_count == FWL_CEL_TRAIL_MAX) {
        fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, 0, "the types are too involved", fwl_cel_none(), fwl_cel_none());
        return false;
    }
    c->trail[c->trail_count++] = (struct fwl_cel_trail){var->bound, *var->bound};
    *var->bound = to;
    return true;
}

static bool assign(struct fwl_cel_compiler *c, const struct fwl_cel_type *to, const struct fwl_cel_type *from);

/* @var meets @other: the first time it is bound to it, later it is widened, if the two fit. */
static bool
assign_var(struct fwl_cel_compiler *c, const struct fwl_cel_type *var, const struct fwl_cel_type *other)
{
    const struct fwl_cel_type *general = NULL;

    while (*var->bound != NULL && (*var->bound)->kind == FWL_CEL_T_VAR) {
        var = *var->bound;
    }
    if (*var->bound == NULL) {
        return fwl_cel_type_resolve(other) == var || (!occurs(c, var, other) && set_bound(c, var, other));
    }
    if (!assign(c, other, *var->bound)) {
        return false;
    }
    /* resolved, so that no variable on the way is @var itself: it would be bound to itself */
    general = fwl_cel_type_resolve(fwl_cel_type_general(c, other, *var->bound));
    return general == *var->bound || occurs(c, var, general) || set_bound(c, var, general);
}

static bool
takes_null(enum fwl_cel_type_kind kind)
{
    return kind == FWL_CEL_T_TIMESTAMP || kind == FWL_CEL_T_DURATION || kind == FWL_CEL_T_OPTIONAL ||
           kind == FWL_CEL_T_NULL || kind == FWL_CEL_T_VERSION || kind == FWL_CEL_T_IP || kind == FWL_CEL_T_CIDR;
}

static bool
assign(struct fwl_cel_compiler *c, const struct fwl_cel_type *to, const struct fwl_cel_type *from)
{
    bool fits = true;

    if (to == from) {
        return true;
    }
    if (from->kind == FWL_CEL_T_VAR) {
        return assign_var(c, from, to);
    }
    if (to->kind == FWL_CEL_T_VAR) {
        return assign_var(c, to, from);
    }
    if (to->kind == FWL_CEL_T_DYN || from->kind == FWL_CEL_T_DYN) {
        return true;
    }
    if (to->kind == FWL_CEL_T_NULL || from->kind == FWL_CEL_T_NULL) {
        return takes_null(to->kind) && takes_null(from->kind);
    }
    if (to->kind != from->kind || !enter(c)) {
        return false;
    }
    for (unsigned i = 0; i < param_count(to->kind) && fits; i++) {
        fits = assign(c, to->params[i], from->params[i]);
    }
    return leave(c, fits);
}

void
fwl_cel_type_rollback(struct fwl_cel_compiler *c, size_t mark)
{
    while (c->trail_count > mark) {
        c->trail_count--;
        *c->trail[c->trail_count].bound = c->trail[c->trail_count].before;
    }
}

bool
fwl_cel_type_assignable(struct fwl_cel_compiler *c, const struct fwl_cel_type *to, const struct fwl_cel_type *from)
{
    size_t mark = c->trail_count;

    if (assign(c, to, from)) {
        return true;
    }
    fwl_cel_type_rollback(c, mark);
    return false;
}

static struct fwl_span
trim(struct fwl_span text)
{
    while (text.size > 0 && text.p[0] == ' ') {
        text = fwl_span(text.p + 1, text.size - 1);
    }
    while (text.size > 0 && text.p[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

/* list(T), map(K, V): the comma that separates the parameters is the one outside inner parentheses */
static const struct fwl_cel_type *
parse_params(struct fwl_cel_compiler *c, enum fwl_cel_type_kind kind, struct fwl_span inner)
{
    const struct fwl_cel_type *first = NULL;
    const struct fwl_cel_type *second = NULL;
    size_t comma = inner.size;
    unsigned open = 0;

    for (size_t i = 0; i < inner.size && comma == inner.size; i++) {
        open += inner.p[i] == '(';
        open -= inner.p[i] == ')';
        comma = inner.p[i] == ',' && open == 0 ? i : comma;
    }
    first = fwl_cel_type_parse(c, fwl_span(inner.p, comma));
    if (kind == FWL_CEL_T_MAP && comma < inner.size) {
        second = fwl_cel_type_parse(c, fwl_span(inner.p + comma + 1, inner.size - comma - 1));
    }
    if (first == NULL || (kind == FWL_CEL_T_MAP) != (second != NULL) || (second == NULL && comma != inner.size)) {
        return NULL;
    }
    return fwl_cel_type_make(c, kind, first, second);
}

const struct fwl_cel_type *
fwl_cel_type_parse(struct fwl_cel_compiler *c, struct fwl_span text)
{
    size_t open = 0;

    text = trim(text);
    if (fwl_span_is(text, "google.protobuf.Timestamp")) {
        return fwl_cel_type_simple(FWL_CEL_T_TIMESTAMP);
    }
    if (fwl_span_is(text, "google.protobuf.Duration")) {
        return fwl_cel_type_simple(FWL_CEL_T_DURATION);
    }
    while (open < text.size && text.p[open] != '(') {
        open++;
    }
    for (unsigned kind = 0; kind < FWL_CEL_T_VAR; kind++) {
        if (!fwl_span_is(fwl_span(text.p, open), names[kind])) {
            continue;
        }
        if (kind < FWL_CEL_T_LIST) {
            return open == text.size ? fwl_cel_type_simple((enum fwl_cel_type_kind)kind) : NULL;
        }
        if (open + 2 > text.size || text.p[text.size - 1] != ')') {
            return NULL;
        }
        return parse_params(c, (enum fwl_cel_type_kind)kind, fwl_span(text.p + open + 1, text.size - open - 2));
    }
    return NULL;
}

static void
put(struct fwl_cel_compiler *c, struct fwl_writer *w, const struct fwl_cel_type *t)
{
    t = fwl_cel_type_resolve(t);
    if (!enter(c)) {
        return;
    }
    fwl_writer_span(w, fwl_span_text(names[t->kind]));
    for (unsigned i = 0; i < param_count(t->kind); i++) {
        fwl_writer_span(w, fwl_span_text(i == 0 ? "(" : ", "));
        put(c, w, t->params[i]);
    }
    if (param_count(t->kind) > 0) {
        fwl_writer_u8(w, ')');
    }
    (void)leave(c, true);
}

struct fwl_span
fwl_cel_type_text(struct fwl_cel_compiler *c, const struct fwl_cel_type *t)
{
    struct fwl_writer w;
    struct fwl_span out = {0};
    uint8_t *buffer = NULL;

    fwl_writer_init(&w, NULL, 0);
    put(c, &w, t);
    buffer = fwl_cel_compiler_alloc(c, w.size + 1);
    if (buffer == NULL) {
        return fwl_span_text("");
    }
    fwl_writer_init(&w, buffer, w.size);
    put(c, &w, t);
    return fwl_writer_finish(&w, &out) == FWL_OK ? out : fwl_span_text("");
}
