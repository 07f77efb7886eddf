/* Names, functions and types. Recursion: depth of the tree, bounded by limits->nesting. */
#include "contracts/cel/compile/compiler.h"
#include "contracts/cel/eval/time.h"

static const struct fwl_cel_type *
simple(enum fwl_cel_type_kind kind)
{
    return fwl_cel_type_simple(kind);
}

/* A type that nothing is known about does here what dyn does. */
static const struct fwl_cel_type *
known(const struct fwl_cel_type *t)
{
    t = fwl_cel_type_resolve(t);
    return t->kind == FWL_CEL_T_VAR ? simple(FWL_CEL_T_DYN) : t;
}

static bool
assignable(struct fwl_cel_compiler *c, const struct fwl_cel_type *to, const struct fwl_cel_type *from)
{
    c->trail_count = 0;
    return fwl_cel_type_assignable(c, to, from);
}

static void
want(struct fwl_cel_compiler *c, const struct fwl_cel_node *n, enum fwl_cel_type_kind kind)
{
    if (c->err == FWL_OK && !assignable(c, simple(kind), n->type)) {
        fwl_cel_compiler_fail(c, FWL_ERR_TYPE, n->at, "% is needed here, this is %", fwl_cel_type_text(c, simple(kind)),
                              fwl_cel_type_text(c, n->type));
    }
}

static const struct fwl_cel_type *
literal_type(const struct fwl_cel_cell *cell)
{
    switch ((enum fwl_cel_kind)cell->kind) {
    case FWL_CEL_NULL: return simple(FWL_CEL_T_NULL);
    case FWL_CEL_BOOL: return simple(FWL_CEL_T_BOOL);
    case FWL_CEL_INT: return simple(FWL_CEL_T_INT);
    case FWL_CEL_UINT: return simple(FWL_CEL_T_UINT);
    case FWL_CEL_STRING: return simple(FWL_CEL_T_STRING);
    case FWL_CEL_BYTES: return simple(FWL_CEL_T_BYTES);
    case FWL_CEL_ABSENT:
    case FWL_CEL_ERROR:
    case FWL_CEL_LIST:
    case FWL_CEL_MAP:
    case FWL_CEL_TIMESTAMP:
    case FWL_CEL_DURATION:
    case FWL_CEL_TYPE:
    case FWL_CEL_OPTIONAL:
    case FWL_CEL_VERSION:
    case FWL_CEL_IP:
    case FWL_CEL_CIDR:
    case FWL_CEL_KINDS: break;
    }
    return simple(FWL_CEL_T_DYN);
}

/* The type of the field of an object: the values of a map; through an optional, an optional. */
static const struct fwl_cel_type *
field_type(struct fwl_cel_compiler *c, const struct fwl_cel_node *n, const struct fwl_cel_type *object, bool optional)
{
    const struct fwl_cel_type *t = known(object);
    const struct fwl_cel_type *value = simple(FWL_CEL_T_DYN);

    if (t->kind == FWL_CEL_T_OPTIONAL) {
        optional = true;
        t = known(t->params[0]);
    }
    if (t->kind == FWL_CEL_T_MAP) {
        value = t->params[1];
    } else if (t->kind != FWL_CEL_T_DYN) {
        fwl_cel_compiler_fail(c, FWL_ERR_TYPE, n->at, "% has no fields, so no `%`", fwl_cel_type_text(c, t), n->name);
        if (fwl_cel_functions_next(NULL, n->name, true) != NULL) {
            fwl_cel_compiler_hint(c, "it is a function: %()", n->name, fwl_cel_none());
        }
    }
    return optional ? fwl_cel_type_make(c, FWL_CEL_T_OPTIONAL, value, NULL) : value;
}

static void
check_select(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    if (n->kind == FWL_CEL_N_SELECT && fwl_cel_names_resolve(c, n)) {
        return;
    }
    if (n->first->kind == FWL_CEL_N_IDENT && !fwl_cel_names_resolve(c, n->first)) {
        fwl_cel_names_unknown(c, n);
        if (c->err != FWL_OK) {
            return;
        }
    }
    if (n->first->type == NULL) {
        fwl_cel_check(c, n->first);
    }
    if (c->err == FWL_OK) {
        n->type = field_type(c, n, n->first->type, n->optional);
    }
    if (n->kind == FWL_CEL_N_HAS) {
        n->type = simple(FWL_CEL_T_BOOL);
    }
}

/* Do the arguments fit the overload? Its result, or NULL. */
static const struct fwl_cel_type *
try_overload(struct fwl_cel_compiler *c, const struct fwl_cel_overload *o, const struct fwl_cel_node *n)
{
    const struct fwl_cel_type *vars[2] = {NULL, NULL};
    uint8_t *mark = c->arena;
    const char *at = o->signature;
    const struct fwl_cel_type *result = fwl_cel_functions_instance(c, &at, vars);
    const struct fwl_cel_node *argument = n->first;
    bool fits = true;

    c->trail_count = 0;
    for (; argument != NULL && *at != '\0' && fits; argument = argument->next) {
        fits = fwl_cel_type_assignable(c, fwl_cel_functions_instance(c, &at, vars), argument->type);
    }
    if (!fits || argument != NULL || *at != '\0') {
        fwl_cel_type_rollback(c, 0);
        c->arena_left += (size_t)(c->arena - mark); /* nothing refers to the types of this attempt */
        c->arena = mark;
        return NULL;
    }
    return result;
}

static struct fwl_span
argument_types(struct fwl_cel_compiler *c, const struct fwl_cel_node *n)
{
    char *text = fwl_cel_compiler_alloc(c, FWL_CEL_MESSAGE_BYTES);
    struct fwl_writer w;

    if (text == NULL) {
        return fwl_cel_none();
    }
    fwl_writer_init(&w, text, FWL_CEL_MESSAGE_BYTES);
    for (const struct fwl_cel_node *k = n->first; k != NULL; k = k->next) {
        struct fwl_span type = fwl_cel_type_text(c, k->type);

        if (w.size + type.size + 2 > FWL_CEL_MESSAGE_BYTES) {
            break;
        }
        fwl_writer_span(&w, fwl_span_text(k == n->first ? "" : ", "));
        fwl_writer_span(&w, type);
    }
    return fwl_span(text, w.size);
}

static const struct fwl_cel_overload *
next_overload(const struct fwl_cel_node *n, const struct fwl_cel_overload *after)
{
    return n->kind == FWL_CEL_N_CALL ? fwl_cel_functions_next(after, n->name, n->receiver)
                                     : fwl_cel_functions_operator(after, (enum fwl_cel_op)n->op);
}

/* Find the overloads that fit; several with different results make dyn. */
static void
choose_overload(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    const struct fwl_cel_type *type = NULL;
    const struct fwl_cel_overload *first = next_overload(n, NULL);

    if (first == NULL) {
        const char *advice = fwl_cel_advice_function(n->name);

        if (c->options->unchecked && advice == NULL) {
            fwl_cel_names_unbound(n);
            return;
        }
        fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, n->at,
                              advice == NULL ? "there is no function `%` (undeclared reference)"
                                             : "`%` is not in the rule language",
                              n->name, fwl_cel_none());
        if (advice != NULL) {
            fwl_cel_compiler_hint(c, "%", fwl_span_text(advice), fwl_cel_none());
        }
        fwl_cel_advice_nearest(c, n);
        return;
    }
    for (const struct fwl_cel_overload *o = first; o != NULL && c->err == FWL_OK; o = next_overload(n, o)) {
        const struct fwl_cel_type *result = try_overload(c, o, n);

        if (result != NULL && type == NULL) {
            type = result;
        } else if (result != NULL && !fwl_cel_type_same(c, type, result)) {
            type = simple(FWL_CEL_T_DYN);
        }
    }
    if (type == NULL) {
        bool call = n->kind == FWL_CEL_N_CALL;

        fwl_cel_compiler_fail(c, FWL_ERR_TYPE, n->at, "`%` cannot be applied to (%)",
                              fwl_span_text(call ? first->name : fwl_cel_functions_symbol((enum fwl_cel_op)n->op)),
                              argument_types(c, n));
        fwl_cel_advice_operands(c, n);
    }
    n->type = type;
    if (n->kind == FWL_CEL_N_CALL) {
        n->op = first->function;
    }
}

/* optional.of, ip.isCanonical: a free name before the dot belongs to the name of the function. */
static void
qualify(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct fwl_span space = n->first->name;
    uint8_t *name = NULL;

    if (!n->receiver || n->first->kind != FWL_CEL_N_IDENT || !fwl_cel_names_is_free(c, n->first)) {
        return;
    }
    name = fwl_cel_compiler_alloc(c, space.size + 1 + n->name.size);
    if (name == NULL) {
        return;
    }
    memcpy(name, space.p, space.size);
    name[space.size] = '.';
    memcpy(name + space.size + 1, n->name.p, n->name.size);
    if (fwl_cel_functions_next(NULL, fwl_span(name, space.size + 1 + n->name.size), false) != NULL) {
        n->name = fwl_span(name, space.size + 1 + n->name.size);
        n->first = n->first->next;
        n->count--;
        n->receiver = false;
    }
}

/* version(text) becomes version(text, scheme). */
static void
add_scheme(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct fwl_cel_node *scheme = NULL;

    if (c->options->scheme == 0) {
        fwl_cel_compiler_fail(c, FWL_ERR_VALUE, n->at,
                              "version() needs a scope of classes that all have one version scheme", fwl_cel_none(),
                              fwl_cel_none());
        fwl_cel_compiler_hint(c, "list the classes of the rule without *, or use semver()", fwl_cel_none(),
                              fwl_cel_none());
        return;
    }
    scheme = fwl_cel_parser_node(c, FWL_CEL_N_LITERAL, n->at);
    fwl_cel_parser_add(c, n, scheme);
    if (scheme != NULL) {
        scheme->literal = fwl_cel_cell_int(c->options->scheme);
    }
}

static void
check_zone(struct fwl_cel_compiler *c, const struct fwl_cel_node *zone)
{
    int32_t seconds = 0;

    if (zone->kind == FWL_CEL_N_LITERAL && zone->literal.kind == FWL_CEL_STRING &&
        !fwl_cel_time_parse_zone(&seconds, fwl_cel_cell_span(&zone->literal))) {
        fwl_cel_compiler_fail(c, FWL_ERR_VALUE, zone->at, "rules know no names of time zones, only offsets",
                              fwl_cel_none(), fwl_cel_none());
        fwl_cel_compiler_hint(c, "use \"UTC\" or an offset such as \"+03:00\"; device.utc_offset is the device's",
                              fwl_cel_none(), fwl_cel_none());
    }
}

/* A macro with another number of arguments was left as a call; there is no function of that name. */
static void
refuse_macro(struct fwl_cel_compiler *c, const struct fwl_cel_node *n)
{
    const char *use = n->receiver ? fwl_cel_macro_use(n->name) : NULL;

    if (use != NULL) {
        fwl_cel_compiler_fail(c, FWL_ERR_FORM, n->at, "`%` takes another number of arguments", n->name, fwl_cel_none());
        fwl_cel_compiler_hint(c, "write: %", fwl_span_text(use), fwl_cel_none());
    }
}

static void
check_call(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    bool known = false;

    if (n->first != NULL) {
        qualify(c, n);
    }
    refuse_macro(c, n);
    /* an unknown function is the better message than what is wrong with its arguments */
    known = fwl_cel_functions_next(NULL, n->name, n->receiver) != NULL;
    for (struct fwl_cel_node *k = n->first; k != NULL && known && c->err == FWL_OK; k = k->next) {
        fwl_cel_check(c, k);
    }
    if (c->err == FWL_OK) {
        choose_overload(c, n);
    }
    if (c->err != FWL_OK || n->kind != FWL_CEL_N_CALL) {
        return;
    }
    if (n->op == FWL_CEL_FN_DYN && c->options->profile == FWL_CEL_PUBLISH) {
        fwl_cel_compiler_fail(c, FWL_ERR_VALUE, n->at, "dyn() cannot be published: every type must be known",
                              fwl_cel_none(), fwl_cel_none());
    }
    if (n->op == FWL_CEL_FN_VERSION) {
        add_scheme(c, n);
    }
    if (n->op >= FWL_CEL_FN_FULL_YEAR && n->op <= FWL_CEL_FN_MILLISECONDS && n->count == 2) {
        check_zone(c, n->last);
    }
    fwl_cel_fold(c, n);
}

/* The type of the elements so far and of one more: the less specific, or dyn when they do not fit. */
static const struct fwl_cel_type *
join(struct fwl_cel_compiler *c, const struct fwl_cel_type *so_far, const struct fwl_cel_node *n)
{
    const struct fwl_cel_type *type = n->type;

    if (n->splice) {
        const struct fwl_cel_type *optional = known(type);

        if (optional->kind != FWL_CEL_T_OPTIONAL && optional->kind != FWL_CEL_T_DYN) {
            fwl_cel_compiler_fail(c, FWL_ERR_TYPE, n->at, "an element with ? must be an optional, this is %",
                                  fwl_cel_type_text(c, type), fwl_cel_none());
        }
        type = optional->kind == FWL_CEL_T_OPTIONAL ? optional->params[0] : optional;
    }
    if (so_far == NULL) {
        return type;
    }
    if (assignable(c, so_far, type)) {
        return fwl_cel_type_general(c, so_far, type);
    }
    if (c->options->profile == FWL_CEL_PUBLISH) {
        fwl_cel_compiler_fail(c, FWL_ERR_VALUE, n->at, "a literal of mixed types cannot be published: % and %",
                              fwl_cel_type_text(c, so_far), fwl_cel_type_text(c, type));
    }
    return simple(FWL_CEL_T_DYN);
}

static void
check_literal(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    const struct fwl_cel_type *joined[2] = {NULL, NULL};
    unsigned which = 0;

    if (n->count > c->limits->entries * (n->kind == FWL_CEL_N_MAP ? 2 : 1)) {
        fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, n->at, "the literal has more than % entries",
                              fwl_cel_compiler_number(c, c->limits->entries), fwl_cel_none());
    }
    for (struct fwl_cel_node *k = n->first; k != NULL && c->err == FWL_OK; k = k->next) {
        fwl_cel_check(c, k);
        if (c->err != FWL_OK) {
            return;
        }
        joined[which] = join(c, joined[which], k);
        which ^= n->kind == FWL_CEL_N_MAP;
    }
    for (unsigned i = 0; i < 2; i++) {
        joined[i] = joined[i] == NULL ? fwl_cel_type_var(c) : joined[i];
    }
    n->type = fwl_cel_type_make(c, n->kind == FWL_CEL_N_MAP ? FWL_CEL_T_MAP : FWL_CEL_T_LIST, joined[0],
                                n->kind == FWL_CEL_N_MAP ? joined[1] : NULL);
}

static void
enter(struct fwl_cel_compiler *c, struct fwl_cel_node *n, const struct fwl_cel_type *type)
{
    n->scope = fwl_cel_compiler_alloc(c, sizeof(*n->scope));
    if (n->scope != NULL) {
        n->scope->name = n->name;
        n->scope->type = type;
        n->scope->outer = c->scope;
        c->scope = n->scope;
    }
}

static const struct fwl_cel_type *
element_type(struct fwl_cel_compiler *c, const struct fwl_cel_node *range)
{
    const struct fwl_cel_type *t = known(range->type);

    if (t->kind == FWL_CEL_T_LIST || t->kind == FWL_CEL_T_MAP) {
        return t->params[0];
    }
    if (t->kind != FWL_CEL_T_DYN) {
        fwl_cel_compiler_fail(c, FWL_ERR_TYPE, range->at, "a list or map is needed here, this is %",
                              fwl_cel_type_text(c, t), fwl_cel_none());
    }
    return simple(FWL_CEL_T_DYN);
}

static void
check_loop(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct fwl_cel_scope *outer = c->scope;
    const struct fwl_cel_type *element = NULL;
    bool each = n->op == FWL_CEL_MAP_EACH || n->op == FWL_CEL_MAP_WHEN;

    fwl_cel_check(c, n->first);
    if (c->err != FWL_OK) {
        return;
    }
    element = element_type(c, n->first);
    if (c->loops++ == c->limits->loops) {
        fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, n->at, "loops are nested more than % deep",
                              fwl_cel_compiler_number(c, c->limits->loops), fwl_cel_none());
    }
    enter(c, n, element);
    for (struct fwl_cel_node *k = n->first->next; k != NULL && c->err == FWL_OK; k = k->next) {
        fwl_cel_check(c, k);
        if (!each || k != n->last) {
            want(c, k, FWL_CEL_T_BOOL);
        }
    }
    c->scope = outer;
    c->loops--;
    if (c->err != FWL_OK) {
        return;
    }
    if (each) {
        n->type = fwl_cel_type_make(c, FWL_CEL_T_LIST, n->last->type, NULL);
    } else if (n->op == FWL_CEL_FILTER) {
        n->type = fwl_cel_type_make(c, FWL_CEL_T_LIST, element, NULL);
    } else {
        n->type = simple(FWL_CEL_T_BOOL);
    }
}

/* cel.bind, optMap, optFlatMap */
static void
check_bind(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct fwl_cel_scope *outer = c->scope;
    const struct fwl_cel_type *bound = NULL;

    fwl_cel_check(c, n->first);
    if (c->err != FWL_OK) {
        return;
    }
    bound = n->first->type;
    if (n->kind == FWL_CEL_N_OPT) {
        bound = known(bound);
        if (bound->kind != FWL_CEL_T_OPTIONAL && bound->kind != FWL_CEL_T_DYN) {
            fwl_cel_compiler_fail(c, FWL_ERR_TYPE, n->first->at, "an optional is needed here, this is %",
                                  fwl_cel_type_text(c, bound), fwl_cel_none());
        }
        bound = bound->kind == FWL_CEL_T_OPTIONAL ? bound->params[0] : bound;
    }
    enter(c, n, bound);
    fwl_cel_check(c, n->last);
    c->scope = outer;
    n->type = n->last->type;
    if (c->err == FWL_OK && n->kind == FWL_CEL_N_OPT && n->op == FWL_CEL_OP_OPT_MAP) {
        n->type = fwl_cel_type_make(c, FWL_CEL_T_OPTIONAL, n->type, NULL);
    }
}

static void
check_cond(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    struct fwl_cel_node *yes = n->first->next;

    fwl_cel_check(c, n->first);
    fwl_cel_check(c, yes);
    fwl_cel_check(c, n->last);
    if (c->err != FWL_OK) {
        return;
    }
    want(c, n->first, FWL_CEL_T_BOOL);
    if (!assignable(c, yes->type, n->last->type)) {
        fwl_cel_compiler_fail(c, FWL_ERR_TYPE, n->at, "both branches of ?: must have one type, not % and %",
                              fwl_cel_type_text(c, yes->type), fwl_cel_type_text(c, n->last->type));
    }
    n->type = fwl_cel_type_general(c, yes->type, n->last->type);
}

static void
check_operands(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    for (struct fwl_cel_node *k = n->first; k != NULL && c->err == FWL_OK; k = k->next) {
        fwl_cel_check(c, k);
        if (n->kind == FWL_CEL_N_LOGIC) {
            want(c, k, FWL_CEL_T_BOOL);
        }
    }
    if (n->kind == FWL_CEL_N_LOGIC) {
        n->type = simple(FWL_CEL_T_BOOL);
        return;
    }
    if (n->kind == FWL_CEL_N_INDEX) {
        n->op = n->optional ? FWL_CEL_OP_OPT_INDEX : FWL_CEL_OP_INDEX;
    }
    if (c->err == FWL_OK) {
        choose_overload(c, n);
    }
}

void
fwl_cel_check(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    if (c->err != FWL_OK || n == NULL) {
        return;
    }
    switch (n->kind) {
    case FWL_CEL_N_LITERAL: n->type = literal_type(&n->literal); break;
    case FWL_CEL_N_IDENT:
        if (!fwl_cel_names_resolve(c, n)) {
            fwl_cel_names_unknown(c, n);
        }
        break;
    case FWL_CEL_N_SELECT:
    case FWL_CEL_N_HAS: check_select(c, n); break;
    case FWL_CEL_N_CALL: check_call(c, n); break;
    case FWL_CEL_N_INDEX:
    case FWL_CEL_N_OP:
    case FWL_CEL_N_LOGIC: check_operands(c, n); break;
    case FWL_CEL_N_COND: check_cond(c, n); break;
    case FWL_CEL_N_LIST:
    case FWL_CEL_N_MAP: check_literal(c, n); break;
    case FWL_CEL_N_LOOP: check_loop(c, n); break;
    case FWL_CEL_N_BIND:
    case FWL_CEL_N_OPT: check_bind(c, n); break;
    case FWL_CEL_N_SLOT:
    case FWL_CEL_N_LOCAL:
    case FWL_CEL_N_TYPE: break;
    }
    if (n->type == NULL || c->options->unchecked) {
        n->type = simple(FWL_CEL_T_DYN);
    }
}
