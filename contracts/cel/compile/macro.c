#include "contracts/cel/compile/compiler.h"

static struct fwl_cel_node *
kid(const struct fwl_cel_node *n, unsigned number)
{
    struct fwl_cel_node *k = n->first;

    while (number-- > 0) {
        k = k->next;
    }
    return k;
}

static struct fwl_span
text_of(const struct fwl_cel_compiler *c, const struct fwl_cel_node *n)
{
    return fwl_span(c->source.p + n->start, n->end - n->start);
}

/* has(e.f) */
static struct fwl_cel_node *
has(struct fwl_cel_compiler *c, struct fwl_cel_node *call)
{
    struct fwl_cel_node *field = call->first;

    if (field->kind != FWL_CEL_N_SELECT || field->optional) {
        fwl_cel_compiler_fail(c, FWL_ERR_FORM, field->at, "has() takes a field, as in has(m.f)", fwl_cel_none(),
                              fwl_cel_none());
        if (field->kind == FWL_CEL_N_INDEX) {
            fwl_cel_compiler_hint(c, "write: % in %", text_of(c, kid(field, 1)), text_of(c, kid(field, 0)));
        }
        return NULL;
    }
    field->kind = FWL_CEL_N_HAS;
    field->at = call->at;
    field->start = call->start;
    field->end = call->end;
    return field;
}

/* The first argument becomes the variable; the node keeps the receiver and the bodies. */
static struct fwl_cel_node *
with_variable(struct fwl_cel_compiler *c, struct fwl_cel_node *call, enum fwl_cel_node_kind kind, unsigned op)
{
    struct fwl_cel_node *variable = kid(call, 1);

    if (variable->kind != FWL_CEL_N_IDENT || variable->global) {
        return fwl_cel_compiler_fail(c, FWL_ERR_FORM, variable->at,
                                     "the first argument of % names the variable: a simple identifier", call->name,
                                     fwl_cel_none());
    }
    call->kind = kind;
    call->op = (uint8_t)op;
    call->name = variable->name;
    call->first->next = variable->next;
    call->count--;
    return call;
}

/* cel.bind(x, value, body): the receiver is only the name cel */
static struct fwl_cel_node *
bind(struct fwl_cel_compiler *c, struct fwl_cel_node *call)
{
    struct fwl_cel_node *n = with_variable(c, call, FWL_CEL_N_BIND, 0);

    if (n != NULL) {
        n->first = n->first->next;
        n->count--;
    }
    return n;
}

static const struct {
    char name[12];
    uint8_t kind;
    uint8_t op;
    uint8_t count; /* of kids, the receiver included */
    const char *use;
} macros[] = {
    {"all", FWL_CEL_N_LOOP, FWL_CEL_ALL, 3, "list.all(x, x > 0)"},
    {"exists", FWL_CEL_N_LOOP, FWL_CEL_EXISTS, 3, "list.exists(x, x > 0)"},
    {"exists_one", FWL_CEL_N_LOOP, FWL_CEL_EXISTS_ONE, 3, "list.exists_one(x, x > 0)"},
    {"map", FWL_CEL_N_LOOP, FWL_CEL_MAP_EACH, 3, "list.map(x, x + 1), or with a filter list.map(x, x > 0, x + 1)"},
    {"map", FWL_CEL_N_LOOP, FWL_CEL_MAP_WHEN, 4, NULL},
    {"filter", FWL_CEL_N_LOOP, FWL_CEL_FILTER, 3, "list.filter(x, x > 0)"},
    {"optMap", FWL_CEL_N_OPT, FWL_CEL_OP_OPT_MAP, 3, "optional.optMap(x, x + 1)"},
    {"optFlatMap", FWL_CEL_N_OPT, FWL_CEL_OP_OPT_FLAT, 3, "optional.optFlatMap(x, x[?\"k\"])"},
};

const char *
fwl_cel_macro_use(struct fwl_span name)
{
    for (size_t i = 0; i < FWL_COUNT(macros); i++) {
        if (fwl_span_is(name, macros[i].name)) {
            return macros[i].use;
        }
    }
    return NULL;
}

struct fwl_cel_node *
fwl_cel_macro_expand(struct fwl_cel_compiler *c, struct fwl_cel_node *call)
{
    if (!call->receiver) {
        return fwl_span_is(call->name, "has") && call->count == 1 ? has(c, call) : call;
    }
    if (fwl_span_is(call->name, "bind") && call->count == 4 && call->first->kind == FWL_CEL_N_IDENT &&
        fwl_span_is(call->first->name, "cel")) {
        return bind(c, call);
    }
    for (size_t i = 0; i < FWL_COUNT(macros); i++) {
        if (call->count == macros[i].count && fwl_span_is(call->name, macros[i].name)) {
            return with_variable(c, call, (enum fwl_cel_node_kind)macros[i].kind, macros[i].op);
        }
    }
    return call;
}
