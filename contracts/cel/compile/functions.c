/*
 * The functions and operators of lang 1 and their types. A signature is the result and the arguments, one letter each:
 *   b bool  i int  u uint  s string  y bytes  t timestamp  d duration  V Version  P address  C network  D dyn
 *   T type  A B any type, the same wherever it stands  Lx list of x  Mxy map of x to y  Ox optional x
 */
#include "contracts/cel/compile/compiler.h"

#define G false
#define R true

static const struct fwl_cel_overload functions[] = {
    {"size", FWL_CEL_FN_SIZE, G, "is"},
    {"size", FWL_CEL_FN_SIZE, G, "iy"},
    {"size", FWL_CEL_FN_SIZE, G, "iLA"},
    {"size", FWL_CEL_FN_SIZE, G, "iMAB"},
    {"size", FWL_CEL_FN_SIZE, R, "is"},
    {"size", FWL_CEL_FN_SIZE, R, "iy"},
    {"size", FWL_CEL_FN_SIZE, R, "iLA"},
    {"size", FWL_CEL_FN_SIZE, R, "iMAB"},
    {"contains", FWL_CEL_FN_CONTAINS, R, "bss"},
    {"startsWith", FWL_CEL_FN_STARTS_WITH, R, "bss"},
    {"endsWith", FWL_CEL_FN_ENDS_WITH, R, "bss"},
    {"int", FWL_CEL_FN_INT, G, "ii"},
    {"int", FWL_CEL_FN_INT, G, "iu"},
    {"int", FWL_CEL_FN_INT, G, "is"},
    {"int", FWL_CEL_FN_INT, G, "it"},
    {"uint", FWL_CEL_FN_UINT, G, "uu"},
    {"uint", FWL_CEL_FN_UINT, G, "ui"},
    {"uint", FWL_CEL_FN_UINT, G, "us"},
    {"string", FWL_CEL_FN_STRING, G, "ss"},
    {"string", FWL_CEL_FN_STRING, G, "sb"},
    {"string", FWL_CEL_FN_STRING, G, "si"},
    {"string", FWL_CEL_FN_STRING, G, "su"},
    {"string", FWL_CEL_FN_STRING, G, "sy"},
    {"string", FWL_CEL_FN_STRING, G, "st"},
    {"string", FWL_CEL_FN_STRING, G, "sd"},
    {"string", FWL_CEL_FN_STRING, G, "sV"},
    {"string", FWL_CEL_FN_STRING, G, "sP"},
    {"string", FWL_CEL_FN_STRING, G, "sC"},
    {"bytes", FWL_CEL_FN_BYTES, G, "yy"},
    {"bytes", FWL_CEL_FN_BYTES, G, "ys"},
    {"bool", FWL_CEL_FN_BOOL, G, "bb"},
    {"bool", FWL_CEL_FN_BOOL, G, "bs"},
    {"type", FWL_CEL_FN_TYPE, G, "TA"},
    {"dyn", FWL_CEL_FN_DYN, G, "DA"},
    {"duration", FWL_CEL_FN_DURATION, G, "dd"},
    {"duration", FWL_CEL_FN_DURATION, G, "ds"},
    {"timestamp", FWL_CEL_FN_TIMESTAMP, G, "tt"},
    {"timestamp", FWL_CEL_FN_TIMESTAMP, G, "ts"},
    {"timestamp", FWL_CEL_FN_TIMESTAMP, G, "ti"},
    {"getFullYear", FWL_CEL_FN_FULL_YEAR, R, "it"},
    {"getFullYear", FWL_CEL_FN_FULL_YEAR, R, "its"},
    {"getMonth", FWL_CEL_FN_MONTH, R, "it"},
    {"getMonth", FWL_CEL_FN_MONTH, R, "its"},
    {"getDate", FWL_CEL_FN_DATE, R, "it"},
    {"getDate", FWL_CEL_FN_DATE, R, "its"},
    {"getDayOfMonth", FWL_CEL_FN_DAY_OF_MONTH, R, "it"},
    {"getDayOfMonth", FWL_CEL_FN_DAY_OF_MONTH, R, "its"},
    {"getDayOfWeek", FWL_CEL_FN_DAY_OF_WEEK, R, "it"},
    {"getDayOfWeek", FWL_CEL_FN_DAY_OF_WEEK, R, "its"},
    {"getDayOfYear", FWL_CEL_FN_DAY_OF_YEAR, R, "it"},
    {"getDayOfYear", FWL_CEL_FN_DAY_OF_YEAR, R, "its"},
    {"getHours", FWL_CEL_FN_HOURS, R, "it"},
    {"getHours", FWL_CEL_FN_HOURS, R, "its"},
    {"getHours", FWL_CEL_FN_HOURS, R, "id"},
    {"getMinutes", FWL_CEL_FN_MINUTES, R, "it"},
    {"getMinutes", FWL_CEL_FN_MINUTES, R, "its"},
    {"getMinutes", FWL_CEL_FN_MINUTES, R, "id"},
    {"getSeconds", FWL_CEL_FN_SECONDS, R, "it"},
    {"getSeconds", FWL_CEL_FN_SECONDS, R, "its"},
    {"getSeconds", FWL_CEL_FN_SECONDS, R, "id"},
    {"getMilliseconds", FWL_CEL_FN_MILLISECONDS, R, "it"},
    {"getMilliseconds", FWL_CEL_FN_MILLISECONDS, R, "its"},
    {"getMilliseconds", FWL_CEL_FN_MILLISECONDS, R, "id"},
    {"optional.of", FWL_CEL_FN_OPTIONAL_OF, G, "OAA"},
    {"optional.none", FWL_CEL_FN_OPTIONAL_NONE, G, "OA"},
    {"optional.ofNonZeroValue", FWL_CEL_FN_OPTIONAL_OF_NON_ZERO, G, "OAA"},
    {"hasValue", FWL_CEL_FN_HAS_VALUE, R, "bOA"},
    {"value", FWL_CEL_FN_VALUE, R, "AOA"},
    {"or", FWL_CEL_FN_OPTIONAL_OR, R, "OAOAOA"},
    {"orValue", FWL_CEL_FN_OR_VALUE, R, "AOAA"},
    {"semver", FWL_CEL_FN_SEMVER, G, "Vs"},
    {"semver", FWL_CEL_FN_SEMVER, G, "Vsb"},
    {"isSemver", FWL_CEL_FN_IS_SEMVER, G, "bs"},
    {"isSemver", FWL_CEL_FN_IS_SEMVER, G, "bsb"},
    {"version", FWL_CEL_FN_VERSION, G, "Vs"},
    {"isLessThan", FWL_CEL_FN_IS_LESS_THAN, R, "bVV"},
    {"isGreaterThan", FWL_CEL_FN_IS_GREATER_THAN, R, "bVV"},
    {"compareTo", FWL_CEL_FN_COMPARE_TO, R, "iVV"},
    {"major", FWL_CEL_FN_MAJOR, R, "iV"},
    {"minor", FWL_CEL_FN_MINOR, R, "iV"},
    {"patch", FWL_CEL_FN_PATCH, R, "iV"},
    {"bucket", FWL_CEL_FN_BUCKET, G, "issi"},
    {"ip", FWL_CEL_FN_IP, G, "Ps"},
    {"ip", FWL_CEL_FN_IP, R, "PC"},
    {"isIP", FWL_CEL_FN_IS_IP, G, "bs"},
    {"cidr", FWL_CEL_FN_CIDR, G, "Cs"},
    {"isCIDR", FWL_CEL_FN_IS_CIDR, G, "bs"},
    {"ip.isCanonical", FWL_CEL_FN_IS_CANONICAL, G, "bs"},
    {"family", FWL_CEL_FN_FAMILY, R, "iP"},
    {"isUnspecified", FWL_CEL_FN_IS_UNSPECIFIED, R, "bP"},
    {"isLoopback", FWL_CEL_FN_IS_LOOPBACK, R, "bP"},
    {"isGlobalUnicast", FWL_CEL_FN_IS_GLOBAL_UNICAST, R, "bP"},
    {"isLinkLocalMulticast", FWL_CEL_FN_IS_LINK_LOCAL_MULTICAST, R, "bP"},
    {"isLinkLocalUnicast", FWL_CEL_FN_IS_LINK_LOCAL_UNICAST, R, "bP"},
    {"containsIP", FWL_CEL_FN_CONTAINS_IP, R, "bCP"},
    {"containsIP", FWL_CEL_FN_CONTAINS_IP, R, "bCs"},
    {"containsCIDR", FWL_CEL_FN_CONTAINS_CIDR, R, "bCC"},
    {"containsCIDR", FWL_CEL_FN_CONTAINS_CIDR, R, "bCs"},
    {"prefixLength", FWL_CEL_FN_PREFIX_LENGTH, R, "iC"},
    {"masked", FWL_CEL_FN_MASKED, R, "CC"},
};

static const struct fwl_cel_overload operators[] = {
    {"!", FWL_CEL_OP_NOT, G, "bb"},
    {"-", FWL_CEL_OP_NEG, G, "ii"},
    {"==", FWL_CEL_OP_EQ, G, "bAA"},
    {"!=", FWL_CEL_OP_NE, G, "bAA"},
    {"<", FWL_CEL_OP_LT, G, "bbb"},
    {"<", FWL_CEL_OP_LT, G, "bii"},
    {"<", FWL_CEL_OP_LT, G, "buu"},
    {"<", FWL_CEL_OP_LT, G, "bss"},
    {"<", FWL_CEL_OP_LT, G, "byy"},
    {"<", FWL_CEL_OP_LT, G, "btt"},
    {"<", FWL_CEL_OP_LT, G, "bdd"},
    {"in", FWL_CEL_OP_IN, G, "bALA"},
    {"in", FWL_CEL_OP_IN, G, "bAMAB"},
    {"+", FWL_CEL_OP_ADD, G, "iii"},
    {"+", FWL_CEL_OP_ADD, G, "uuu"},
    {"+", FWL_CEL_OP_ADD, G, "sss"},
    {"+", FWL_CEL_OP_ADD, G, "yyy"},
    {"+", FWL_CEL_OP_ADD, G, "LALALA"},
    {"+", FWL_CEL_OP_ADD, G, "ttd"},
    {"+", FWL_CEL_OP_ADD, G, "tdt"},
    {"+", FWL_CEL_OP_ADD, G, "ddd"},
    {"-", FWL_CEL_OP_SUB, G, "iii"},
    {"-", FWL_CEL_OP_SUB, G, "uuu"},
    {"-", FWL_CEL_OP_SUB, G, "dtt"},
    {"-", FWL_CEL_OP_SUB, G, "ttd"},
    {"-", FWL_CEL_OP_SUB, G, "ddd"},
    {"*", FWL_CEL_OP_MUL, G, "iii"},
    {"*", FWL_CEL_OP_MUL, G, "uuu"},
    {"/", FWL_CEL_OP_DIV, G, "iii"},
    {"/", FWL_CEL_OP_DIV, G, "uuu"},
    {"%", FWL_CEL_OP_MOD, G, "iii"},
    {"%", FWL_CEL_OP_MOD, G, "uuu"},
    {"[]", FWL_CEL_OP_INDEX, G, "ALAi"},
    {"[]", FWL_CEL_OP_INDEX, G, "BMABA"},
    {"[]", FWL_CEL_OP_INDEX, G, "OAOLAi"},
    {"[]", FWL_CEL_OP_INDEX, G, "OBOMABA"},
    {"[?]", FWL_CEL_OP_OPT_INDEX, G, "OALAi"},
    {"[?]", FWL_CEL_OP_OPT_INDEX, G, "OBMABA"},
    {"[?]", FWL_CEL_OP_OPT_INDEX, G, "OAOLAi"},
    {"[?]", FWL_CEL_OP_OPT_INDEX, G, "OBOMABA"},
};

const struct fwl_cel_overload *
fwl_cel_functions_next(const struct fwl_cel_overload *after, struct fwl_span name, bool receiver)
{
    const struct fwl_cel_overload *end = functions + FWL_COUNT(functions);

    for (const struct fwl_cel_overload *o = after == NULL ? functions : after + 1; o < end; o++) {
        if (o->receiver == receiver && (uint8_t)o->name[0] == name.p[0] && fwl_span_is(name, o->name)) {
            return o;
        }
    }
    return NULL;
}

const struct fwl_cel_overload *
fwl_cel_functions_each(const struct fwl_cel_overload *after)
{
    const struct fwl_cel_overload *next = after == NULL ? functions : after + 1;

    return next < functions + FWL_COUNT(functions) ? next : NULL;
}

const struct fwl_cel_overload *
fwl_cel_functions_operator(const struct fwl_cel_overload *after, enum fwl_cel_op op)
{
    const struct fwl_cel_overload *end = operators + FWL_COUNT(operators);

    /* the four orders have one set of overloads */
    op = op >= FWL_CEL_OP_LT && op <= FWL_CEL_OP_GE ? FWL_CEL_OP_LT : op;
    for (const struct fwl_cel_overload *o = after == NULL ? operators : after + 1; o < end; o++) {
        if (o->function == (uint8_t)op) {
            return o;
        }
    }
    return NULL;
}

static const char letters[] = "Dnbiusytd" /* in the order of fwl_cel_type_kind */ "VPCT";

const struct fwl_cel_type *
fwl_cel_functions_instance(struct fwl_cel_compiler *c, const char **at, const struct fwl_cel_type *vars[2])
{
    const struct fwl_cel_type *first = NULL;
    char letter = *(*at)++;

    if (letter == 'A' || letter == 'B') {
        unsigned i = letter == 'B';

        vars[i] = vars[i] == NULL ? fwl_cel_type_var(c) : vars[i];
        return vars[i];
    }
    if (letter == 'L' || letter == 'O') {
        first = fwl_cel_functions_instance(c, at, vars);
        return fwl_cel_type_make(c, letter == 'L' ? FWL_CEL_T_LIST : FWL_CEL_T_OPTIONAL, first, NULL);
    }
    if (letter == 'M') {
        first = fwl_cel_functions_instance(c, at, vars);
        return fwl_cel_type_make(c, FWL_CEL_T_MAP, first, fwl_cel_functions_instance(c, at, vars));
    }
    for (unsigned kind = 0; letters[kind] != '\0'; kind++) {
        if (letters[kind] == letter) {
            return fwl_cel_type_simple((enum fwl_cel_type_kind)kind);
        }
    }
    return fwl_cel_type_simple(FWL_CEL_T_DYN);
}

const char *
fwl_cel_functions_symbol(enum fwl_cel_op op)
{
    static const char orders[][3] = {"<", "<=", ">", ">="};
    const struct fwl_cel_overload *o = fwl_cel_functions_operator(NULL, op);

    return op >= FWL_CEL_OP_LT && op <= FWL_CEL_OP_GE ? orders[op - FWL_CEL_OP_LT] : o != NULL ? o->name : "";
}

/* A type of a signature as text. Recursion: types of the table above, two deep. */
static void
put_type(struct fwl_writer *w, const char **at)
{
    char letter = *(*at)++;

    for (unsigned kind = 0; letters[kind] != '\0'; kind++) {
        if (letters[kind] == letter) {
            fwl_writer_span(w, fwl_span_text(fwl_cel_type_name((enum fwl_cel_type_kind)kind)));
            return;
        }
    }
    if (letter != 'L' && letter != 'M' && letter != 'O') {
        fwl_writer_span(w, fwl_span_text("any"));
        return;
    }
    fwl_writer_span(w, fwl_span_text(letter == 'L' ? "list(" : letter == 'M' ? "map(" : "optional("));
    put_type(w, at);
    if (letter == 'M') {
        fwl_writer_span(w, fwl_span_text(", "));
        put_type(w, at);
    }
    fwl_writer_u8(w, ')');
}

void
fwl_cel_functions_put(struct fwl_writer *w, const struct fwl_cel_overload *o)
{
    struct fwl_writer result;
    const char *at = o->signature;
    const char *between = "";

    fwl_writer_init(&result, NULL, 0);
    put_type(&result, &at); /* not shown */
    if (o->receiver) {
        put_type(w, &at);
        fwl_writer_u8(w, '.');
    }
    fwl_writer_span(w, fwl_span_text(o->name));
    for (fwl_writer_u8(w, '('); *at != '\0'; between = ", ") {
        fwl_writer_span(w, fwl_span_text(between));
        put_type(w, &at);
    }
    fwl_writer_u8(w, ')');
}
