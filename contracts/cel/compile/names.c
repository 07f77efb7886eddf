/* What identifiers and dotted chains mean: locals of macros first, then variables (the longest name), then types. */
#include "contracts/cel/compile/compiler.h"

enum {
    CHAIN_MAX = 4,   /* names in a chain that can be a variable or a type */
    NAME_MAX = 48,   /* bytes of a name that is compared with others */
    NEAREST = 3,     /* names in a hint */
    DISTANCE_MAX = 4 /* edits up to which a name counts as near */
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

const struct fwl_cel_variable *
fwl_cel_names_variable(const struct fwl_cel_compiler *c, uint8_t slot)
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
    if (c->options->profile == FWL_CEL_PUBLISH && (v->from == FWL_CEL_FROM_NODE || v->from == FWL_CEL_FROM_TEST)) {
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

/* Edits that make @b of @a, up to a small number; Levenshtein with one row. */
static unsigned
distance(struct fwl_span a, struct fwl_span b)
{
    uint8_t row[NAME_MAX + 1];

    if (a.size > NAME_MAX || b.size > NAME_MAX) {
        return DISTANCE_MAX + 1;
    }
    for (size_t j = 0; j <= b.size; j++) {
        row[j] = (uint8_t)j;
    }
    for (size_t i = 1; i <= a.size; i++) {
        uint8_t diagonal = row[0];

        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.size; j++) {
            unsigned change = diagonal + (a.p[i - 1] != b.p[j - 1] ? 1U : 0U);
            unsigned edit = FWL_MIN(row[j], row[j - 1]) + 1U;

            diagonal = row[j];
            row[j] = (uint8_t)FWL_MIN(change, edit);
        }
    }
    return row[b.size];
}

/* Append the variables that are exactly @d edits away, at most @room; how many there were. */
static size_t
list_at_distance(struct fwl_writer *w, const struct fwl_cel_schema *s, struct fwl_span wanted,
                 const struct fwl_span *space, unsigned d, size_t room)
{
    size_t listed = 0;

    for (size_t i = 0; i < s->count && listed < room; i++) {
        const char *name = s->variables[i].name;
        const char *field = name + (space == NULL ? 0 : space->size + 1);

        if ((space == NULL || is_name(name, space, 1, true)) && distance(wanted, fwl_span_text(field)) == d) {
            fwl_writer_span(w, fwl_span_text(w->size > 0 ? ", " : "did you mean "));
            fwl_writer_span(w, fwl_span_text(name));
            listed++;
        }
    }
    return listed;
}

/* The nearest variables, by edits; with @space only those that begin with it and a dot. */
static void
hint_nearest(struct fwl_cel_compiler *c, struct fwl_span wanted, const struct fwl_span *space)
{
    char text[FWL_CEL_MESSAGE_BYTES];
    struct fwl_writer w;
    struct fwl_span out = {0};
    size_t listed = 0;

    fwl_writer_init(&w, text, sizeof(text));
    for (unsigned d = 0; d <= DISTANCE_MAX; d++) {
        for (int which = 0; which < 2; which++) {
            listed += list_at_distance(&w, schema_of(c, which), wanted, space, d, NEAREST - listed);
        }
    }
    if (listed > 0 && fwl_writer_finish(&w, &out) == FWL_OK) {
        fwl_cel_compiler_hint(c, "%?", out, fwl_cel_none());
    }
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
            if (is_name(s->variables[i].name, space, 1, true) && w.size + strlen(s->variables[i].name) + 2 < 160) {
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

void
fwl_cel_names_unknown(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct fwl_cel_node *root = n->kind == FWL_CEL_N_IDENT ? n : n->first;

    if (c->options->unchecked) {
        fwl_cel_names_unbound(root);
        return;
    }
    if (n->kind == FWL_CEL_N_SELECT && find_variable(c, &root->name, 1, true) != NULL) {
        fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, n->at, "`%` has no field `%` (undeclared)", root->name, n->name);
        hint_nearest(c, n->name, &root->name);
        hint_fields(c, &root->name);
    } else if (find_variable(c, &root->name, 1, true) != NULL) {
        fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, root->at, "`%` is not a value by itself", root->name, fwl_cel_none());
        hint_fields(c, &root->name);
    } else {
        fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, root->at, "`%` is undeclared", root->name, fwl_cel_none());
        hint_nearest(c, root->name, NULL);
    }
}
