/* Recursive descent over the grammar of cel.md section 2; binary operators by precedence. */
#include "contracts/cel/compile/compiler.h"

static struct fwl_cel_node *parse_expr(struct fwl_cel_compiler *c);

static bool
at_punct(const struct fwl_cel_compiler *c, const char *text)
{
    return c->token.kind == FWL_CEL_TOK_PUNCT && fwl_span_is(c->token.text, text);
}

static bool
at_keyword(const struct fwl_cel_compiler *c, const char *text)
{
    return c->token.kind == FWL_CEL_TOK_KEYWORD && fwl_span_is(c->token.text, text);
}

static bool
accept(struct fwl_cel_compiler *c, const char *text)
{
    if (!at_punct(c, text)) {
        return false;
    }
    fwl_cel_lexer_next(c);
    return true;
}

static void
unexpected(struct fwl_cel_compiler *c, const char *wanted)
{
    if (c->token.kind == FWL_CEL_TOK_END) {
        fwl_cel_compiler_fail(c, FWL_ERR_FORM, c->token.at, "the rule ends too early: % is missing",
                              fwl_span_text(wanted), fwl_cel_none());
    } else {
        fwl_cel_compiler_fail(c, FWL_ERR_FORM, c->token.at, "% was expected, not `%`", fwl_span_text(wanted),
                              fwl_span(c->source.p + c->token.at, c->position - c->token.at));
        fwl_cel_advice_token(c, c->token.text);
    }
}

static void
expect(struct fwl_cel_compiler *c, const char *text)
{
    if (!accept(c, text)) {
        unexpected(c, text);
    }
}

static void *
too_deep(struct fwl_cel_compiler *c, uint32_t at)
{
    return fwl_cel_compiler_fail(c, FWL_ERR_LIMIT, at, "the expression is nested more than % deep",
                                 fwl_cel_compiler_number(c, c->limits->nesting), fwl_cel_none());
}

struct fwl_cel_node *
fwl_cel_parser_node(struct fwl_cel_compiler *c, enum fwl_cel_node_kind kind, uint32_t at)
{
    struct fwl_cel_node *n = fwl_cel_compiler_alloc(c, sizeof(*n));

    if (n != NULL) {
        n->kind = kind;
        n->at = at;
        n->start = at;
        n->end = c->last_end;
        n->depth = 1;
    }
    return n;
}

void
fwl_cel_parser_add(struct fwl_cel_compiler *c, struct fwl_cel_node *parent, struct fwl_cel_node *kid)
{
    if (parent == NULL || kid == NULL) {
        return;
    }
    if (parent->last != NULL) {
        parent->last->next = kid;
    } else {
        parent->first = kid;
    }
    parent->last = kid;
    parent->count++;
    parent->start = FWL_MIN(parent->start, kid->start);
    parent->end = FWL_MAX(parent->end, c->last_end);
    if (kid->depth >= parent->depth) {
        parent->depth = (uint16_t)(kid->depth + 1);
    }
    if (parent->depth > c->limits->nesting) {
        too_deep(c, parent->at);
    }
}

static struct fwl_cel_node *
literal(struct fwl_cel_compiler *c, struct fwl_cel_cell value)
{
    uint32_t at = c->token.at;
    struct fwl_cel_node *n = NULL;

    fwl_cel_lexer_next(c);
    n = fwl_cel_parser_node(c, FWL_CEL_N_LITERAL, at);
    if (n != NULL) {
        n->literal = value;
    }
    return n;
}

/* An int literal; @negative when a minus stands before it, so that -9223372036854775808 can be written. */
static struct fwl_cel_node *
int_literal(struct fwl_cel_compiler *c, bool negative)
{
    uint64_t magnitude = c->token.value.v.u;

    if (magnitude > (uint64_t)INT64_MAX + negative) {
        return fwl_cel_compiler_fail(c, FWL_ERR_VALUE, c->token.at, "the number does not fit an int (64 bits, signed)",
                                     fwl_cel_none(), fwl_cel_none());
    }
    return literal(c, fwl_cel_cell_int((int64_t)(negative ? 0 - magnitude : magnitude)));
}

static bool
is_reserved(struct fwl_span word)
{
    static const char words[][10] = {"as",        "break",  "const",  "continue", "else", "for",
                                     "function",  "if",     "import", "let",      "loop", "package",
                                     "namespace", "return", "var",    "void",     "while"};

    for (size_t i = 0; i < FWL_COUNT(words); i++) {
        if (fwl_span_is(word, words[i])) {
            return true;
        }
    }
    return false;
}

/* the arguments after an opening parenthesis, up to the closing one */
static void
arguments(struct fwl_cel_compiler *c, struct fwl_cel_node *call)
{
    if (!at_punct(c, ")")) {
        do {
            fwl_cel_parser_add(c, call, parse_expr(c));
        } while (c->err == FWL_OK && accept(c, ","));
    }
    expect(c, ")");
    if (call != NULL) {
        call->end = c->last_end;
    }
}

static struct fwl_cel_node *
identifier(struct fwl_cel_compiler *c, bool global)
{
    uint32_t at = c->token.at;
    struct fwl_span name = c->token.text;
    struct fwl_cel_node *n = NULL;

    if (c->token.kind != FWL_CEL_TOK_IDENT) {
        unexpected(c, "a value");
        return NULL;
    }
    if (is_reserved(name)) {
        fwl_cel_compiler_fail(c, FWL_ERR_FORM, at, "`%` is a reserved word", name, fwl_cel_none());
        fwl_cel_advice_token(c, name);
        return NULL;
    }
    fwl_cel_lexer_next(c);
    n = fwl_cel_parser_node(c, FWL_CEL_N_IDENT, at);
    if (n == NULL) {
        return NULL;
    }
    n->name = name;
    n->global = global;
    if (accept(c, "(")) {
        n->kind = FWL_CEL_N_CALL;
        arguments(c, n);
        return c->err == FWL_OK ? fwl_cel_macro_expand(c, n) : NULL;
    }
    return n;
}

/* The bracket belongs to the literal. */
static struct fwl_cel_node *
close_literal(struct fwl_cel_compiler *c, struct fwl_cel_node *n, const char *bracket)
{
    expect(c, bracket);
    if (n != NULL) {
        n->end = c->last_end;
    }
    return n;
}

static struct fwl_cel_node *
list_literal(struct fwl_cel_compiler *c)
{
    struct fwl_cel_node *n = fwl_cel_parser_node(c, FWL_CEL_N_LIST, c->token.at);

    fwl_cel_lexer_next(c);
    while (c->err == FWL_OK && !at_punct(c, "]")) {
        bool splice = accept(c, "?");
        struct fwl_cel_node *element = parse_expr(c);

        if (element != NULL) {
            element->splice = splice;
        }
        fwl_cel_parser_add(c, n, element);
        if (!accept(c, ",")) {
            break;
        }
    }
    return close_literal(c, n, "]");
}

static struct fwl_cel_node *
map_literal(struct fwl_cel_compiler *c)
{
    struct fwl_cel_node *n = fwl_cel_parser_node(c, FWL_CEL_N_MAP, c->token.at);

    fwl_cel_lexer_next(c);
    while (c->err == FWL_OK && !at_punct(c, "}")) {
        bool splice = accept(c, "?");
        struct fwl_cel_node *value = NULL;

        fwl_cel_parser_add(c, n, parse_expr(c));
        expect(c, ":");
        value = c->err == FWL_OK ? parse_expr(c) : NULL;
        if (value != NULL) {
            value->splice = splice;
        }
        fwl_cel_parser_add(c, n, value);
        if (!accept(c, ",")) {
            break;
        }
    }
    return close_literal(c, n, "}");
}

static struct fwl_cel_node *
keyword(struct fwl_cel_compiler *c)
{
    if (at_keyword(c, "true") || at_keyword(c, "false")) {
        return literal(c, fwl_cel_cell_bool(at_keyword(c, "true")));
    }
    if (at_keyword(c, "null")) {
        return literal(c, fwl_cel_cell_null());
    }
    unexpected(c, "a value");
    return NULL;
}

static struct fwl_cel_node *
primary(struct fwl_cel_compiler *c)
{
    struct fwl_cel_node *n = NULL;

    switch (c->token.kind) {
    case FWL_CEL_TOK_INT: return int_literal(c, false);
    case FWL_CEL_TOK_LITERAL: return literal(c, c->token.value);
    case FWL_CEL_TOK_KEYWORD: return keyword(c);
    case FWL_CEL_TOK_IDENT: return identifier(c, false);
    case FWL_CEL_TOK_QUOTED:
    case FWL_CEL_TOK_END: unexpected(c, "a value"); return NULL;
    case FWL_CEL_TOK_PUNCT: break;
    }
    if (at_punct(c, "[")) {
        return list_literal(c);
    }
    if (at_punct(c, "{")) {
        return map_literal(c);
    }
    if (accept(c, ".")) {
        return identifier(c, true);
    }
    if (!accept(c, "(")) {
        unexpected(c, "a value");
        return NULL;
    }
    n = parse_expr(c);
    expect(c, ")");
    return n;
}

/* after a dot: .f .?f .`f` .f(args) */
static struct fwl_cel_node *
select(struct fwl_cel_compiler *c, struct fwl_cel_node *object)
{
    bool optional = accept(c, "?");
    bool quoted = c->token.kind == FWL_CEL_TOK_QUOTED;
    struct fwl_span name = c->token.text;
    struct fwl_cel_node *n = NULL;
    uint32_t at = c->token.at;

    if (c->token.kind != FWL_CEL_TOK_IDENT && !quoted) {
        unexpected(c, "a field name");
        return NULL;
    }
    fwl_cel_lexer_next(c);
    n = fwl_cel_parser_node(c, FWL_CEL_N_SELECT, at);
    fwl_cel_parser_add(c, n, object);
    if (n == NULL) {
        return NULL;
    }
    n->name = name;
    n->optional = optional;
    if (!optional && !quoted && accept(c, "(")) {
        n->kind = FWL_CEL_N_CALL;
        n->receiver = true;
        arguments(c, n);
        return c->err == FWL_OK ? fwl_cel_macro_expand(c, n) : NULL;
    }
    return n;
}

static struct fwl_cel_node *
index_of(struct fwl_cel_compiler *c, struct fwl_cel_node *object, uint32_t at)
{
    bool optional = accept(c, "?");
    struct fwl_cel_node *n = fwl_cel_parser_node(c, FWL_CEL_N_INDEX, at);

    fwl_cel_parser_add(c, n, object);
    fwl_cel_parser_add(c, n, parse_expr(c));
    expect(c, "]");
    if (n != NULL) {
        n->optional = optional;
        n->end = c->last_end;
    }
    return n;
}

static struct fwl_cel_node *
member(struct fwl_cel_compiler *c, struct fwl_cel_node *n)
{
    while (c->err == FWL_OK) {
        uint32_t at = c->token.at;

        if (accept(c, ".")) {
            n = select(c, n);
        } else if (accept(c, "[")) {
            n = index_of(c, n, at);
        } else if (at_punct(c, "{") && n != NULL && (n->kind == FWL_CEL_N_IDENT || n->kind == FWL_CEL_N_SELECT)) {
            fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, at, "rules have no messages: `%{...}`",
                                  fwl_span(c->source.p + n->start, n->end - n->start), fwl_cel_none());
            fwl_cel_compiler_hint(c, "use a map: {\"key\": value}", fwl_cel_none(), fwl_cel_none());
        } else {
            return n;
        }
    }
    return NULL;
}

static struct fwl_cel_node *
operation(struct fwl_cel_compiler *c, enum fwl_cel_op op, uint32_t at, struct fwl_cel_node *a, struct fwl_cel_node *b)
{
    bool logic = op == FWL_CEL_OP_AND || op == FWL_CEL_OP_OR;
    struct fwl_cel_node *n = fwl_cel_parser_node(c, logic ? FWL_CEL_N_LOGIC : FWL_CEL_N_OP, at);

    if (n != NULL) {
        n->op = (uint8_t)op;
    }
    fwl_cel_parser_add(c, n, a);
    fwl_cel_parser_add(c, n, b);
    return n;
}

/* One or more ! or -, of which pairs are kept as two: !!x is a check that x is a bool. */
static struct fwl_cel_node *
unary(struct fwl_cel_compiler *c)
{
    bool minus = at_punct(c, "-");
    const char *sign = minus ? "-" : "!";
    uint32_t at = c->token.at;
    unsigned count = 0;
    bool negative = false;
    struct fwl_cel_node *n = NULL;

    while (at_punct(c, sign)) {
        fwl_cel_lexer_next(c);
        count++;
    }
    if (count == 0) {
        return member(c, primary(c));
    }
    if (minus) {
        negative = c->token.kind == FWL_CEL_TOK_INT;
    } else if (accept(c, "-")) {
        negative = true;
        if (c->token.kind != FWL_CEL_TOK_INT) {
            unexpected(c, "a number");
            return NULL;
        }
    }
    n = member(c, negative ? int_literal(c, true) : primary(c));
    count -= negative && minus;
    for (count = count == 0 ? 0 : 2 - count % 2; count > 0 && c->err == FWL_OK; count--) {
        n = operation(c, minus ? FWL_CEL_OP_NEG : FWL_CEL_OP_NOT, at, n, NULL);
    }
    return n;
}

/* The operator at the token: its precedence, 1 (||) to 5 (* / %), or 0. */
static int
precedence(const struct fwl_cel_compiler *c, enum fwl_cel_op *op)
{
    static const struct {
        char text[3];
        uint8_t op;
        uint8_t precedence;
    } operators[] = {
        {"||", FWL_CEL_OP_OR, 1}, {"&&", FWL_CEL_OP_AND, 2}, {"==", FWL_CEL_OP_EQ, 3}, {"!=", FWL_CEL_OP_NE, 3},
        {"<", FWL_CEL_OP_LT, 3},  {"<=", FWL_CEL_OP_LE, 3},  {">", FWL_CEL_OP_GT, 3},  {">=", FWL_CEL_OP_GE, 3},
        {"+", FWL_CEL_OP_ADD, 4}, {"-", FWL_CEL_OP_SUB, 4},  {"*", FWL_CEL_OP_MUL, 5}, {"/", FWL_CEL_OP_DIV, 5},
        {"%", FWL_CEL_OP_MOD, 5},
    };

    if (at_keyword(c, "in")) {
        *op = FWL_CEL_OP_IN;
        return 3;
    }
    for (size_t i = 0; c->token.kind == FWL_CEL_TOK_PUNCT && i < FWL_COUNT(operators); i++) {
        if (fwl_span_is(c->token.text, operators[i].text)) {
            *op = (enum fwl_cel_op)operators[i].op;
            return operators[i].precedence;
        }
    }
    return 0;
}

/* Operators of at least this precedence, left-associative. Recursion: at most once per precedence. */
static struct fwl_cel_node *
binary(struct fwl_cel_compiler *c, int least)
{
    struct fwl_cel_node *left = unary(c);
    enum fwl_cel_op op = FWL_CEL_OP_EQ;
    int p = 0;

    while (c->err == FWL_OK && (p = precedence(c, &op)) >= least && p != 0) {
        uint32_t at = c->token.at;
        struct fwl_cel_node *right = NULL;

        fwl_cel_lexer_next(c);
        right = binary(c, p + 1);
        left = operation(c, op, at, left, right);
    }
    return left;
}

static struct fwl_cel_node *
parse_expr(struct fwl_cel_compiler *c)
{
    struct fwl_cel_node *n = NULL;
    struct fwl_cel_node *condition = NULL;

    if (c->depth == c->limits->nesting) {
        return too_deep(c, c->token.at);
    }
    c->depth++;
    n = binary(c, 1);
    if (c->err == FWL_OK && at_punct(c, "?")) {
        condition = n;
        n = fwl_cel_parser_node(c, FWL_CEL_N_COND, c->token.at);
        fwl_cel_lexer_next(c);
        fwl_cel_parser_add(c, n, condition);
        fwl_cel_parser_add(c, n, binary(c, 1));
        expect(c, ":");
        fwl_cel_parser_add(c, n, c->err == FWL_OK ? parse_expr(c) : NULL);
    }
    c->depth--;
    return c->err == FWL_OK ? n : NULL;
}

struct fwl_cel_node *
fwl_cel_parser_parse(struct fwl_cel_compiler *c)
{
    struct fwl_cel_node *n = NULL;

    fwl_cel_lexer_next(c);
    n = parse_expr(c);
    if (c->err == FWL_OK && c->token.kind != FWL_CEL_TOK_END) {
        unexpected(c, "an operator or the end");
        fwl_cel_advice_token(c, n->kind == FWL_CEL_N_IDENT ? n->name : fwl_cel_none()); /* not x */
    }
    return c->err == FWL_OK ? n : NULL;
}
