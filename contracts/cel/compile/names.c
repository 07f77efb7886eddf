/* What identifiers and dotted chains mean: locals of macros first, then variables (the longest name), then types. */
#include "contracts/cel/compile/compiler.h"

enum {
    CHAIN_MAX = 4, /* names in a chain that can be a variable or a type */
};

static const struct {
    const char *name;
    uint8_t kind;
} type_names[] = {
    {"bool", FWL_CEL_BOOL},       {"int", FWL_CEL_INT},
    {"uint", FWL_CEL_UINT},       {"string", FWL_CEL_STRING},
    {"bytes", FWL_CEL_BYTES},     {"null_type", FWL_CEL_NULL},
    {"list", FWL_CEL_LIST},       {"map", FWL_CEL_MAP},
    {"type", FWL_CEL_TYPE},       {"optional_type", FWL_CEL_OPTIONAL},
    {"Version", FWL_CEL_VERSION}, {"net.IP", FWL_CEL_IP},
    {"net.CIDR", FWL_CEL_CIDR},
};

/* The names of a chain a.b.c, outermost first; 0 when it is none or too long. */
static size_t
chain_of(const struct fwl_cel_node *n, struct fwl_span names[CHAIN_MAX])
{
    size_t count = 0;

    for (const struct fwl_cel_node *at = n;; at = at->first) {
        if (count == CHAIN_MAX) {
            return 0;
        }
        count++;
        if (at->kind == FWL_CEL_N_IDENT) {
            break;
        }
        if (at->kind != FWL_CEL_N_SELECT || at->optional) {
            return 0;
        }
    }
    for (size_t i = count; i > 0; i--, n = n->first) {
        names[i - 1] = n->name;
    }
    return count;
}

/* Is the dotted @name made of exactly these names? With @prefix: or does it begin with them and a dot? */
static bool
is_name(const char *name, const struct fwl_span *names, size_t count, bool prefix)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(name) < names[i].size || memcmp(name, names[i].p, names[i].size) != 0) {
            return false;
        }
        name += names[i].size;
        if (i + 1 < count && *name++ != '.') {
            return false;
        }
    }
    return *name == (prefix ? '.' : '\0');
}

static const struct fwl_cel_schema *
schema_of(const struct fwl_cel_compiler *c, int which)
{
    return which == 0 ? &c->options->schema : &c->options->extra;
}

/* May a rule of this profile use it? Others are not worth a hint. */
static bool
is_usable(const struct fwl_cel_compiler *c, const struct fwl_cel_variable *v)
{
    return c->options->profile == FWL_CEL_SUITE || (v->from != FWL_CEL_FROM_NODE && v->from != FWL_CEL_FROM_TEST);
}

static const struct fwl_cel_variable *
find_variable(const struct fwl_cel_compiler *c, const struct fwl_span *names, size_t count, bool prefix)
{
    for (int which = 0; which < 2; which++) {
        const struct fwl_cel_schema *s = schema_of(c, which);

        for (size_t i = 0; i < s->count; i++) {
            if (is_name(s->variables[i].name, names, count, prefix)) {
                return &s->variables[i];
            }
        }
    }
    return NULL;
}

static const struct fwl_cel_variable *
variable_of(const struct fwl_cel_compiler *c, uint8_t slot)
{
    for (int which = 0; which < 2; which++) {
        const struct fwl_cel_schema *s = schema_of(c, which);

        for (size_t i = 0; i < s->count; i++) {
            if (s->variables[i].slot == slot) {
                return &s->variables[i];
            }
        }
    }
    return NULL;
}

struct fwl_cel_bound
fwl_cel_names_bound(struct fwl_cel_compiler *c, uint8_t slot)
{
    const struct fwl_cel_variable *v = variable_of(c, slot);
    const struct fwl_cel_type *type = v != NULL ? fwl_cel_type_parse(c, fwl_span_text(v->type)) : NULL;
    uint32_t strings = FWL_MIN(c->limits->string_bytes, UINT16_MAX);
    uint32_t entries = FWL_MIN(c->limits->entries, UINT16_MAX);
    uint32_t any = FWL_MAX(strings, entries);
    uint32_t size = 0;
    uint32_t element = 0;

    if (type == NULL) {
        size = 0; /* unbound */
    } else if (type->kind == FWL_CEL_T_VERSION) {
        size = FWL_VERSION_BYTES_MAX;
    } else if (type->kind == FWL_CEL_T_STRING || type->kind == FWL_CEL_T_BYTES) {
        size = v->size_max != 0 ? v->size_max : strings;
    } else if (type->kind == FWL_CEL_T_LIST || type->kind == FWL_CEL_T_MAP) {
        size = v->size_max != 0 ? v->size_max : entries;
        element = v->element_max != 0 ? v->element_max : any;
    } else if (type->kind == FWL_CEL_T_DYN || type->kind == FWL_CEL_T_OPTIONAL) {
        size = any;
        element = any;
    }
    return (struct fwl_cel_bound){(uint16_t)size, (uint16_t)element};
}

static struct fwl_cel_scope *
find_local(const struct fwl_cel_compiler *c, const struct fwl_cel_node *ident)
{
    struct fwl_cel_scope *s = ident->global ? NULL : c->scope;

    while (s != NULL && !fwl_span_equal(s->name, ident->name)) {
        s = s->outer;
    }
    return s;
}

bool
fwl_cel_names_is_free(const struct fwl_cel_compiler *c, const struct fwl_cel_node *ident)
{
    return find_local(c, ident) == NULL && find_variable(c, &ident->name, 1, false) == NULL &&
           find_variable(c, &ident->name, 1, true) == NULL;
}

static void
to_slot(struct fwl_cel_compiler *c, struct fwl_cel_node *n, const struct fwl_cel_variable *v, size_t steps)
{
    if (!is_usable(c, v)) {
        fwl_cel_compiler_fail(c, FWL_ERR_VALUE, n->start,
                              v->from == FWL_CEL_FROM_NODE
                                  ? "`%` is known to a node only: a device cannot check a rule that uses it"
                                  : "`%` is for tests only and cannot stand in a rule",
                              fwl_span_text(v->name), fwl_cel_none());
        return;
    }
    n->kind = FWL_CEL_N_SLOT;
    n->op = (uint8_t)v->slot;
    n->steps = (uint8_t)steps;
    n->type = fwl_cel_type_parse(c, fwl_span_text(v->type));
    if (n->type == NULL) {
        fwl_cel_compiler_fail(c, FWL_ERR_ARG, n->start, "the schema gives `%` no type: %", fwl_span_text(v->name),
                              fwl_span_text(v->type));
    }
}

bool
fwl_cel_names_resolve(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct fwl_span names[CHAIN_MAX];
    size_t count = chain_of(n, names);
    const struct fwl_cel_node *root = n;
    struct fwl_cel_scope *local = NULL;
    const struct fwl_cel_variable *variable = NULL;

    if (count == 0) {
        return false;
    }
    while (root->kind == FWL_CEL_N_SELECT) {
        root = root->first;
    }
    local = find_local(c, root);
    if (local != NULL) {
        if (count > 1) {
            return false;
        }
        n->kind = FWL_CEL_N_LOCAL;
        n->scope = local;
        n->type = local->type;
        return true;
    }
    variable = find_variable(c, names, count, false);
    if (variable != NULL) {
        to_slot(c, n, variable, count);
        return true;
    }
    for (size_t i = 0; i < FWL_COUNT(type_names); i++) {
        if (is_name(type_names[i].name, names, count, false)) {
            n->kind = FWL_CEL_N_TYPE;
            n->op = type_names[i].kind;
            n->type = fwl_cel_type_simple(FWL_CEL_T_TYPE);
            return true;
        }
    }
    return false;
}

/* What stands behind the first name of a variable, or the variable itself when it has one name. */
static const char *
field_of(const char *name)
{
    const char *dot = name;

    while (*dot != '.' && *dot != '\0') {
        dot++;
    }
    return *dot == '.' ? dot + 1 : name;
}

/* The nearest fields of @space. */
static void
hint_nearest_field(struct fwl_cel_compiler *c, struct fwl_span wanted, const struct fwl_span *space)
{
    struct fwl_cel_near near = {0};

    for (int which = 0; which < 2; which++) {
        const struct fwl_cel_schema *s = schema_of(c, which);

        for (size_t i = 0; i < s->count; i++) {
            if (is_usable(c, &s->variables[i]) && is_name(s->variables[i].name, space, 1, true)) {
                fwl_cel_near_try(&near, wanted, fwl_span_text(field_of(s->variables[i].name)), s->variables[i].name);
            }
        }
    }
    fwl_cel_near_hint(c, &near);
}

/* The nearest variables to @chain, the unknown first name and what follows it, or to @root, that name alone. */
static void
hint_nearest(struct fwl_cel_compiler *c, struct fwl_span chain, struct fwl_span root)
{
    struct fwl_cel_near near = {0};

    for (int which = 0; which < 2; which++) {
        const struct fwl_cel_schema *s = schema_of(c, which);

        for (size_t i = 0; i < s->count; i++) {
            const char *name = s->variables[i].name;

            if (is_usable(c, &s->variables[i])) {
                fwl_cel_near_try(&near, chain, fwl_span_text(name), name);
                fwl_cel_near_try(&near, root, fwl_span_text(field_of(name)), name);
            }
        }
    }
    fwl_cel_near_hint(c, &near);
}

/* Every field of a first name, as long as they fit. */
static void
hint_fields(struct fwl_cel_compiler *c, const struct fwl_span *space)
{
    char text[FWL_CEL_MESSAGE_BYTES];
    struct fwl_writer w;
    size_t size = 0;

    fwl_writer_init(&w, text, sizeof(text));
    for (int which = 0; which < 2; which++) {
        const struct fwl_cel_schema *s = schema_of(c, which);

        for (size_t i = 0; i < s->count; i++) {
            if (is_usable(c, &s->variables[i]) && is_name(s->variables[i].name, space, 1, true) &&
                w.size + strlen(s->variables[i].name) + 2 < 160) {
                fwl_writer_span(&w, fwl_span_text(w.size > 0 ? ", " : ""));
                fwl_writer_span(&w, fwl_span_text(s->variables[i].name + space->size + 1));
            }
        }
    }
    size = FWL_MIN(w.size, sizeof(text));
    fwl_cel_compiler_hint(c, "known fields: %", fwl_span(text, size), fwl_cel_none());
}

void
fwl_cel_names_unbound(struct fwl_cel_node *n)
{
    n->kind = FWL_CEL_N_SLOT;
    n->op = FWL_CEL_SLOT_UNBOUND;
    n->steps = 1;
    n->first = NULL;
    n->last = NULL;
    n->type = fwl_cel_type_simple(FWL_CEL_T_DYN);
}

/* a.b, as one text */
static struct fwl_span
joined(struct fwl_cel_compiler *c, struct fwl_span a, struct fwl_span b)
{
    uint8_t *text = fwl_cel_compiler_alloc(c, a.size + 1 + b.size);

    if (text == NULL) {
        return a;
    }
    memcpy(text, a.p, a.size);
    text[a.size] = '.';
    memcpy(text + a.size + 1, b.p, b.size);
    return fwl_span(text, a.size + 1 + b.size);
}

/* The field @n of a known first name is not there, or cannot be asked for in this way. */
static void
unknown_field(struct fwl_cel_compiler *c, const struct fwl_cel_node *n, struct fwl_span space)
{
    const struct fwl_span names[2] = {space, n->name};

    if (find_variable(c, names, 2, false) != NULL) { /* has(device.id), device.?id */
        fwl_cel_compiler_fail(c, FWL_ERR_TYPE, n->at, "`%` is a variable: only a field of a map can be asked for",
                              joined(c, space, n->name), fwl_cel_none());
        fwl_cel_compiler_hint(
            c,
            "a fact that was not told is an error where it is read: require and forbid refuse, permit and force fail",
            fwl_cel_none(), fwl_cel_none());
        return;
    }
    fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, n->at, "`%` has no field `%` (undeclared)", space, n->name);
    hint_nearest_field(c, n->name, &space);
    hint_fields(c, &space);
}

void
fwl_cel_names_unknown(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct fwl_cel_node *root = n->kind == FWL_CEL_N_IDENT ? n : n->first;

    if (c->options->unchecked) {
        fwl_cel_names_unbound(root);
        return;
    }
    if (n != root && find_variable(c, &root->name, 1, true) != NULL) {
        unknown_field(c, n, root->name);
    } else if (find_variable(c, &root->name, 1, true) != NULL) {
        fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, root->at, "`%` is not a value by itself", root->name, fwl_cel_none());
        hint_fields(c, &root->name);
    } else {
        fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, root->at, "`%` is undeclared", root->name, fwl_cel_none());
        if (root->at > 1 && c->source.p[root->at - 1] == '-' && c->source.p[root->at - 2] > ' ') { /* m.a-b */
            fwl_cel_compiler_hint(c, "a key with a dash is written m[\"a-b\"]", fwl_cel_none(), fwl_cel_none());
        }
        hint_nearest(c, n == root ? root->name : joined(c, root->name, n->name), root->name);
    }
}
