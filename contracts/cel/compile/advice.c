/* What to write instead: hints for what people bring along from other languages and from the rest of CEL. */
#include "contracts/cel/compile/compiler.h"

const char *
fwl_cel_advice_function(struct fwl_span name)
{
    static const struct {
        const char *name;
        const char *advice;
    } outside[] = {
        {"matches", "use startsWith, endsWith, contains"},
        {"double", "rules have no fractions: count in smaller units, such as percent or parts per million"},
        {"existsOne", "use exists_one with one variable"},
        {"transformList", "use map"},
        {"transformMap", "use map, or a test with all or exists"},
        {"transformMapEntry", "use map, or a test with all or exists"},
        {"lowerAscii", "compare with in [...] and list the spellings"},
        {"upperAscii", "compare with in [...] and list the spellings"},
        {"format", "join texts with +"},
        {"join", "join texts with +"},
        {"charAt", "use startsWith, endsWith, contains"},
        {"indexOf", "use startsWith, endsWith, contains"},
        {"lastIndexOf", "use startsWith, endsWith, contains"},
        {"substring", "use startsWith, endsWith, contains"},
        {"replace", "use startsWith, endsWith, contains"},
        {"split", "give the parts as a list, or as fields of their own"},
        {"trim", "compare with in [...] and list the spellings"},
        {"quote", "join texts with +"},
        {"reverse", "write the list or text in the other order"},
    };

    for (size_t i = 0; i < FWL_COUNT(outside); i++) {
        if (fwl_span_is(name, outside[i].name)) {
            return outside[i].advice;
        }
    }
    return NULL;
}

void
fwl_cel_advice_nearest(struct fwl_cel_compiler *c, const struct fwl_cel_node *n)
{
    static const struct {
        const char *name;
        const char *instead;
    } habits[] = {
        {"length", "size"},        {"len", "size"},
        {"count", "size"},         {"any", "exists"},
        {"some", "exists"},        {"every", "all"},
        {"includes", "contains"},  {"has", "in"},
        {"containsKey", "in"},     {"hasPrefix", "startsWith"},
        {"hasSuffix", "endsWith"}, {"now", "the variable now"},
        {"toString", "string()"},  {"lower", "in [...]"},
        {"upper", "in [...]"},
    };
    static const char *const macros[] = {"all", "exists", "exists_one", "map", "filter", "optMap", "optFlatMap", "has"};
    struct fwl_cel_near near = {0};
    const struct fwl_cel_overload *o = NULL;

    for (size_t i = 0; i < FWL_COUNT(habits); i++) {
        if (fwl_span_is(n->name, habits[i].name)) {
            fwl_cel_compiler_hint(c, "use %", fwl_span_text(habits[i].instead), fwl_cel_none());
            return;
        }
    }
    while ((o = fwl_cel_functions_each(o)) != NULL) {
        fwl_cel_near_try(&near, n->name, fwl_span_text(o->name), o->name);
    }
    for (size_t i = 0; i < FWL_COUNT(macros); i++) {
        fwl_cel_near_try(&near, n->name, fwl_span_text(macros[i]), macros[i]);
    }
    fwl_cel_near_hint(c, &near);
}

/* Two operands of these kinds, in either order, of an operator of this group. */
enum group { ORDER, EQUALITY, ARITHMETIC, MEMBERSHIP, METHOD };

static const struct {
    uint8_t groups; /* bit of enum group */
    uint8_t one;    /* enum fwl_cel_type_kind */
    uint8_t other;  /* the same; DYN: whatever it is */
    const char *hint;
} pairs[] = {
    {1 << ORDER, FWL_CEL_T_VERSION, FWL_CEL_T_DYN,
     "versions have methods: a.isLessThan(b), a.isGreaterThan(b), a.compareTo(b) >= 0"},
    {1 << EQUALITY | 1 << METHOD, FWL_CEL_T_VERSION, FWL_CEL_T_STRING,
     "make a version of the text: semver(\"1.2.3\"), or version(\"...\") in the scheme of the class"},
    {0xff, FWL_CEL_T_OPTIONAL, FWL_CEL_T_DYN,
     "take the value out of the optional: m[?\"k\"].orValue(\"\"), or ask hasValue() first"},
    {0xff, FWL_CEL_T_INT, FWL_CEL_T_UINT, "one is int, one is uint: leave out the u, or convert with int() or uint()"},
    {0xff, FWL_CEL_T_DURATION, FWL_CEL_T_INT, "write a duration with its unit: duration(\"1h30m\")"},
    {0xff, FWL_CEL_T_DURATION, FWL_CEL_T_STRING, "write a duration as duration(\"1h30m\")"},
    {0xff, FWL_CEL_T_TIMESTAMP, FWL_CEL_T_INT,
     "write a time as timestamp(\"2026-01-31T12:00:00Z\"), a distance as duration(\"24h\")"},
    {0xff, FWL_CEL_T_TIMESTAMP, FWL_CEL_T_STRING, "write a time as timestamp(\"2026-01-31T12:00:00Z\")"},
    {1 << ORDER | 1 << EQUALITY, FWL_CEL_T_TIMESTAMP, FWL_CEL_T_DURATION,
     "a time minus a time is a duration: now - release.published >= duration(\"72h\")"},
    {1 << MEMBERSHIP, FWL_CEL_T_STRING, FWL_CEL_T_STRING, "for a part of a text: text.contains(part)"},
    {1 << ARITHMETIC, FWL_CEL_T_STRING, FWL_CEL_T_DYN, "convert with string() before joining texts"},
};

static enum group
group_of(const struct fwl_cel_node *n)
{
    if (n->kind != FWL_CEL_N_OP) {
        return METHOD;
    }
    if (n->op == FWL_CEL_OP_IN) {
        return MEMBERSHIP;
    }
    if (n->op >= FWL_CEL_OP_LT && n->op <= FWL_CEL_OP_GE) {
        return ORDER;
    }
    return n->op == FWL_CEL_OP_EQ || n->op == FWL_CEL_OP_NE ? EQUALITY : ARITHMETIC;
}

/* The overloads of a function, as they are written: "known: bucket(string, string, int)". */
static void
hint_signatures(struct fwl_cel_compiler *c, const struct fwl_cel_node *n)
{
    char text[FWL_CEL_MESSAGE_BYTES];
    struct fwl_writer w;
    struct fwl_span out = {0};

    fwl_writer_init(&w, text, sizeof(text));
    for (const struct fwl_cel_overload *o = fwl_cel_functions_next(NULL, n->name, n->receiver); o != NULL;
         o = fwl_cel_functions_next(o, n->name, n->receiver)) {
        fwl_writer_span(&w, fwl_span_text(w.size > 0 ? ", " : "known: "));
        fwl_cel_functions_put(&w, o);
    }
    if (fwl_writer_finish(&w, &out) == FWL_OK) {
        fwl_cel_compiler_hint(c, "%", out, fwl_cel_none());
    }
}

void
fwl_cel_advice_operands(struct fwl_cel_compiler *c, const struct fwl_cel_node *n)
{
    bool two = n->count == 2;
    enum fwl_cel_type_kind a = two ? fwl_cel_type_resolve(n->first->type)->kind : FWL_CEL_T_DYN;
    enum fwl_cel_type_kind b = two ? fwl_cel_type_resolve(n->last->type)->kind : FWL_CEL_T_DYN;

    for (size_t i = 0; two && i < FWL_COUNT(pairs); i++) {
        enum fwl_cel_type_kind one = (enum fwl_cel_type_kind)pairs[i].one;
        enum fwl_cel_type_kind other = (enum fwl_cel_type_kind)pairs[i].other;

        if ((pairs[i].groups >> group_of(n) & 1) != 0 && ((a == one && (b == other || other == FWL_CEL_T_DYN)) ||
                                                          (b == one && (a == other || other == FWL_CEL_T_DYN)))) {
            fwl_cel_compiler_hint(c, "%", fwl_span_text(pairs[i].hint), fwl_cel_none());
            return;
        }
    }
    if (n->kind == FWL_CEL_N_CALL) {
        hint_signatures(c, n);
    }
}

void
fwl_cel_advice_token(struct fwl_cel_compiler *c, struct fwl_span p)
{
    static const struct {
        const char *token;
        const char *hint;
    } tokens[] = {
        {"=", "equality is written =="},
        {"&", "and is written &&"},
        {"|", "or is written ||"},
        {"and", "and is written &&"},
        {"or", "or is written ||"},
        {"not", "not is written !"},
        {"\xe2\x80\x9c", "texts stand in plain quotes, \" or '"},
        {"\xe2\x80\x9d", "texts stand in plain quotes, \" or '"},
        {"\xe2\x80\x98", "texts stand in plain quotes, \" or '"},
        {"\xe2\x80\x99", "texts stand in plain quotes, \" or '"},
        {"#", "a comment begins with //"},
        {";", "a rule is one expression; a name for a value: cel.bind(x, value, expression)"},
        {"let", "a name for a value: cel.bind(x, value, expression)"},
        {"if", "a choice is written condition ? value : other"},
    };

    for (size_t i = 0; i < FWL_COUNT(tokens); i++) {
        if (fwl_span_is(p, tokens[i].token)) {
            fwl_cel_compiler_hint(c, "%", fwl_span_text(tokens[i].hint), fwl_cel_none());
            return;
        }
    }
}
