/* Texts and numbers as they are written in the source. */
#include "contracts/cel/compile/compiler.h"

static uint8_t
byte_at(const struct fwl_cel_compiler *c, uint32_t offset)
{
    return offset < c->source.size ? c->source.p[offset] : 0;
}

static int
digit_of(uint8_t b)
{
    if (b >= '0' && b <= '9') {
        return b - '0';
    }
    b |= 0x20;
    return b >= 'a' && b <= 'f' ? b - 'a' + 10 : 99;
}

static void
refuse_double(struct fwl_cel_compiler *c, uint32_t at)
{
    fwl_cel_compiler_fail(c, FWL_ERR_UNKNOWN, at, "rules have no fractions (double)", fwl_cel_none(), fwl_cel_none());
    fwl_cel_compiler_hint(c, "count in smaller units: percent, parts per million, milliseconds", fwl_cel_none(),
                          fwl_cel_none());
}

bool
fwl_cel_literal_number(struct fwl_cel_compiler *c, uint64_t *out, bool *is_uint)
{
    uint32_t start = c->position;
    bool hex =
        byte_at(c, start) == '0' && (byte_at(c, start + 1) | 0x20) == 'x' && digit_of(byte_at(c, start + 2)) < 16;
    uint64_t base = hex ? 16 : 10;
    bool fits = true;
    uint8_t b = 0;

    *out = 0;
    c->position += hex ? 2 : 0;
    for (; (uint64_t)digit_of(byte_at(c, c->position)) < base; c->position++) {
        fits =
            fits && fwl_mul_u64(out, *out, base) && fwl_add_u64(out, *out, (uint64_t)digit_of(byte_at(c, c->position)));
    }
    b = byte_at(c, c->position);
    if (!hex && ((b == '.' && digit_of(byte_at(c, c->position + 1)) < 10) || (b | 0x20) == 'e')) {
        refuse_double(c, start);
        return false;
    }
    *is_uint = (b | 0x20) == 'u';
    c->position += *is_uint;
    if (!fits) {
        fwl_cel_compiler_fail(c, FWL_ERR_VALUE, start, "the number does not fit 64 bits", fwl_cel_none(),
                              fwl_cel_none());
    }
    return fits;
}

/* A text being built in the arena. */
struct builder {
    struct fwl_cel_compiler *c;
    uint8_t *to;
    size_t size;
    bool bytes;
};

static void
put_point(struct builder *b, uint32_t point)
{
    uint8_t *to = b->to + b->size;

    if (point < 0x80 || b->bytes) {
        to[0] = (uint8_t)point;
        b->size += 1;
    } else if (point < 0x800) {
        to[0] = (uint8_t)(0xc0 | point >> 6);
        to[1] = (uint8_t)(0x80 | (point & 63));
        b->size += 2;
    } else if (point < 0x10000) {
        to[0] = (uint8_t)(0xe0 | point >> 12);
        to[1] = (uint8_t)(0x80 | (point >> 6 & 63));
        to[2] = (uint8_t)(0x80 | (point & 63));
        b->size += 3;
    } else {
        to[0] = (uint8_t)(0xf0 | point >> 18);
        to[1] = (uint8_t)(0x80 | (point >> 12 & 63));
        to[2] = (uint8_t)(0x80 | (point >> 6 & 63));
        to[3] = (uint8_t)(0x80 | (point & 63));
        b->size += 4;
    }
}

static bool
bad_escape(struct builder *b, uint32_t at)
{
    fwl_cel_compiler_fail(b->c, FWL_ERR_FORM, at, "no such escape", fwl_cel_none(), fwl_cel_none());
    fwl_cel_compiler_hint(b->c,
                          "known: \\a \\b \\f \\n \\r \\t \\v \\\\ \\? \\\" \\' \\` \\xHH \\ooo \\uHHHH \\UHHHHHHHH",
                          fwl_cel_none(), fwl_cel_none());
    return false;
}

/* a number of @digits digits; the position is behind them */
static bool
escape_number(struct builder *b, uint32_t at, int digits, uint32_t base)
{
    uint32_t point = 0;

    for (int i = 0; i < digits; i++, b->c->position++) {
        uint32_t digit = (uint32_t)digit_of(byte_at(b->c, b->c->position));

        if (digit >= base) {
            return bad_escape(b, at);
        }
        point = point * base + digit;
    }
    if (digits >= 4 && (b->bytes || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))) {
        return bad_escape(b, at);
    }
    if (base == 8 && point > 255) {
        return bad_escape(b, at);
    }
    put_point(b, point);
    return true;
}

static bool
escape(struct builder *b)
{
    static const char names[] = "abfnrtv\\?\"'`";
    static const char values[] = "\a\b\f\n\r\t\v\\?\"'`";
    uint32_t at = b->c->position++;
    uint8_t e = byte_at(b->c, b->c->position);

    for (size_t i = 0; names[i] != '\0'; i++) {
        if (e == (uint8_t)names[i]) {
            b->c->position++;
            put_point(b, (uint8_t)values[i]);
            return true;
        }
    }
    if (e >= '0' && e <= '3') {
        return escape_number(b, at, 3, 8);
    }
    b->c->position++;
    if (e == 'x' || e == 'X') {
        return escape_number(b, at, 2, 16);
    }
    if (e == 'u') {
        return escape_number(b, at, 4, 16);
    }
    return e == 'U' ? escape_number(b, at, 8, 16) : bad_escape(b, at);
}

/* the closing quotes stand at the position */
static bool
closes(const struct fwl_cel_compiler *c, uint8_t quote, bool triple)
{
    return byte_at(c, c->position) == quote &&
           (!triple || (byte_at(c, c->position + 1) == quote && byte_at(c, c->position + 2) == quote));
}

bool
fwl_cel_literal_text(struct fwl_cel_compiler *c, struct fwl_cel_cell *out)
{
    struct builder b = {.c = c};
    uint32_t start = c->position;
    bool raw = false;
    bool triple = false;
    uint8_t quote = 0;

    for (; (quote = byte_at(c, c->position)) != '"' && quote != '\''; c->position++) {
        raw = raw || (quote | 0x20) == 'r';
        b.bytes = b.bytes || (quote | 0x20) == 'b';
    }
    triple = byte_at(c, c->position + 1) == quote && byte_at(c, c->position + 2) == quote;
    c->position += triple ? 3 : 1;
    /* a text is never longer than its source, except \x80 to \xff and \200 to \377, where 4 bytes become 2 */
    b.to = fwl_cel_compiler_alloc(c, c->source.size - c->position + 1);
    if (b.to == NULL) {
        return false;
    }
    while (!closes(c, quote, triple)) {
        uint8_t at = byte_at(c, c->position);

        if (c->position >= c->source.size || (!triple && (at == '\n' || at == '\r'))) {
            fwl_cel_compiler_fail(c, FWL_ERR_FORM, start, "the text does not end", fwl_cel_none(), fwl_cel_none());
            return false;
        }
        if (at == '\\' && !raw) {
            if (!escape(&b)) {
                return false;
            }
        } else {
            b.to[b.size++] = at;
            c->position++;
        }
    }
    c->position += triple ? 3 : 1;
    fwl_cel_compiler_shrink(c, b.to, b.size);
    *out = b.bytes ? fwl_cel_cell_bytes(fwl_span(b.to, b.size)) : fwl_cel_cell_string(fwl_span(b.to, b.size));
    return true;
}
