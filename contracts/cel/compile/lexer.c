#include "contracts/cel/compile/compiler.h"

static bool
is_letter(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '_';
}

static bool
is_digit(uint8_t b)
{
    return b >= '0' && b <= '9';
}

static uint8_t
byte_at(const struct fwl_cel_compiler *c, uint32_t offset)
{
    return offset < c->source.size ? c->source.p[offset] : 0;
}

static void
skip_space(struct fwl_cel_compiler *c)
{
    for (;;) {
        uint8_t b = byte_at(c, c->position);

        if (b == ' ' || b == '\t' || b == '\n' || b == '\f' || b == '\r') {
            c->position++;
        } else if (b == '/' && byte_at(c, c->position + 1) == '/') {
            while (c->position < c->source.size && c->source.p[c->position] != '\n') {
                c->position++;
            }
        } else {
            return;
        }
    }
}

/* r, b, br, rb in either case, directly before a quote */
static bool
starts_text(const struct fwl_cel_compiler *c)
{
    uint32_t i = c->position;
    bool raw = false;
    bool bytes = false;

    for (; i < c->position + 2; i++) {
        uint8_t b = byte_at(c, i) | 0x20;

        if (b == 'r' && !raw) {
            raw = true;
        } else if (b == 'b' && !bytes && !raw) {
            bytes = true;
        } else {
            break;
        }
    }
    return byte_at(c, i) == '"' || byte_at(c, i) == '\'';
}

static void
word(struct fwl_cel_compiler *c, struct fwl_cel_token *t)
{
    static const char keywords[][6] = {"true", "false", "null", "in"};
    uint32_t start = c->position;

    while (is_letter(byte_at(c, c->position)) || is_digit(byte_at(c, c->position))) {
        c->position++;
    }
    t->kind = FWL_CEL_TOK_IDENT;
    t->text = fwl_span(c->source.p + start, c->position - start);
    for (size_t i = 0; i < FWL_COUNT(keywords); i++) {
        if (fwl_span_is(t->text, keywords[i])) {
            t->kind = FWL_CEL_TOK_KEYWORD;
        }
    }
}

/* `a-b.c/d e`: a field that is no identifier */
static void
quoted(struct fwl_cel_compiler *c, struct fwl_cel_token *t)
{
    uint32_t start = ++c->position;

    for (;; c->position++) {
        uint8_t b = byte_at(c, c->position);

        if (!is_letter(b) && !is_digit(b) && b != '.' && b != '-' && b != '/' && b != ' ') {
            break;
        }
    }
    t->text = fwl_span(c->source.p + start, c->position - start);
    if (byte_at(c, c->position) != '`' || t->text.size == 0) {
        fwl_cel_compiler_fail(c, FWL_ERR_FORM, c->position,
                              "a quoted field holds letters, digits and _ . - / and space, and ends with `",
                              fwl_cel_none(), fwl_cel_none());
        return;
    }
    c->position++;
    t->kind = FWL_CEL_TOK_QUOTED;
}

static void
number(struct fwl_cel_compiler *c, struct fwl_cel_token *t)
{
    uint64_t n = 0;
    bool is_uint = false;

    if (fwl_cel_literal_number(c, &n, &is_uint)) {
        t->kind = is_uint ? FWL_CEL_TOK_LITERAL : FWL_CEL_TOK_INT;
        t->value = fwl_cel_cell_uint(n);
    }
}

static void
punctuation(struct fwl_cel_compiler *c, struct fwl_cel_token *t)
{
    static const char two[][3] = {"&&", "||", "==", "!=", "<=", ">="};
    static const char one[] = "()[]{}.,:?+-*/%!<>";
    const uint8_t *p = c->source.p + c->position;
    size_t size = 0;

    for (size_t i = 0; i < FWL_COUNT(two) && size == 0; i++) {
        if (p[0] == (uint8_t)two[i][0] && byte_at(c, c->position + 1) == (uint8_t)two[i][1]) {
            size = 2;
        }
    }
    for (size_t i = 0; one[i] != '\0' && size == 0; i++) {
        size = p[0] == (uint8_t)one[i];
    }
    if (size == 0) {
        size_t length = 1;

        while (c->position + length < c->source.size && (p[length] & 0xc0) == 0x80) {
            length++;
        }
        fwl_cel_compiler_fail(c, FWL_ERR_FORM, c->position, "`%` cannot stand here", fwl_span(p, length),
                              fwl_cel_none());
        fwl_cel_advice_token(c, fwl_span(p, length));
        return;
    }
    t->kind = FWL_CEL_TOK_PUNCT;
    t->text = fwl_span(p, size);
    c->position += (uint32_t)size;
}

void
fwl_cel_lexer_next(struct fwl_cel_compiler *c)
{
    struct fwl_cel_token *t = &c->token;
    uint8_t b = 0;

    c->last_end = c->position;
    skip_space(c);
    memset(t, 0, sizeof(*t));
    t->at = c->position;
    if (c->err != FWL_OK || c->position >= c->source.size) {
        return;
    }
    b = c->source.p[c->position];
    if (b == '"' || b == '\'' || starts_text(c)) {
        if (fwl_cel_literal_text(c, &t->value)) {
            t->kind = FWL_CEL_TOK_LITERAL;
        }
    } else if (is_letter(b)) {
        word(c, t);
    } else if (b == '`') {
        quoted(c, t);
    } else if (is_digit(b) || (b == '.' && is_digit(byte_at(c, c->position + 1)))) {
        number(c, t);
    } else {
        punctuation(c, t);
    }
}
