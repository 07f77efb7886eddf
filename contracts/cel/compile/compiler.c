#include "contracts/cel/compile/compiler.h"

void *
fwl_cel_compiler_alloc(struct fwl_cel_compiler *c, size_t size)
{
    size_t rounded = (size + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
    void *p = c->arena;

    if (rounded < size || rounded > c->arena_left) {
        return fwl_cel_compiler_fail(c, FWL_ERR_MEMORY, c->position, "the arena of the compiler is too small",
                                     fwl_cel_none(), fwl_cel_none());
    }
    c->arena += rounded;
    c->arena_left -= rounded;
    memset(p, 0, rounded);
    return p;
}

void
fwl_cel_compiler_shrink(struct fwl_cel_compiler *c, uint8_t *p, size_t size)
{
    size_t rounded = (size + sizeof(void *) - 1) & ~(sizeof(void *) - 1);

    c->arena_left += (size_t)(c->arena - (p + rounded));
    c->arena = p + rounded;
}

/* Fill a template; cut off at whole code points. */
static void
fill(char out[FWL_CEL_MESSAGE_BYTES], const char *template, struct fwl_span a, struct fwl_span b)
{
    size_t size = 0;

    for (; *template != '\0'; template ++) {
        struct fwl_span piece = *template == '%' ? a : fwl_span(template, 1);

        if (*template == '%') {
            a = b;
        }
        for (size_t i = 0; i < piece.size && size < FWL_CEL_MESSAGE_BYTES - 1; i++) {
            /* a control character of the source would garble the line it is printed on */
            out[size++] = (char)(piece.p[i] < 0x20 ? ' ' : piece.p[i]);
        }
    }
    if (size == FWL_CEL_MESSAGE_BYTES - 1) {
        while (size > 0 && ((uint8_t)out[size - 1] & 0x80) != 0) {
            size--;
        }
    }
    out[size] = '\0';
}

/* Line, column and the text of the line that holds @offset. */
static void
locate(struct fwl_cel_diagnostic *d, struct fwl_span source, uint32_t offset)
{
    size_t start = 0;
    size_t end = 0;

    d->offset = offset;
    d->line = 1;
    d->column = 1;
    for (size_t i = 0; i < offset && i < source.size; i++) {
        if (source.p[i] == '\n') {
            d->line++;
            d->column = 1;
            start = i + 1;
        } else {
            d->column += (source.p[i] & 0xc0) != 0x80;
        }
    }
    for (end = start; end < source.size && source.p[end] != '\n' && source.p[end] != '\r';) {
        end++;
    }
    if (end > start) {
        d->text = fwl_span(source.p + start, end - start);
    }
}

void *
fwl_cel_compiler_fail(struct fwl_cel_compiler *c, enum fwl_err err, uint32_t at, const char *message, struct fwl_span a,
                      struct fwl_span b)
{
    if (c->err == FWL_OK) {
        c->err = err;
        c->diagnostic->err = err;
        c->diagnostic->hint[0] = '\0';
        fill(c->diagnostic->message, message, a, b);
        locate(c->diagnostic, c->source, at);
    }
    return NULL;
}

void
fwl_cel_compiler_hint(struct fwl_cel_compiler *c, const char *hint, struct fwl_span a, struct fwl_span b)
{
    if (c->err != FWL_OK && c->diagnostic->hint[0] == '\0') {
        fill(c->diagnostic->hint, hint, a, b);
    }
}

struct fwl_span
fwl_cel_compiler_number(struct fwl_cel_compiler *c, uint32_t n)
{
    enum { DIGITS = 10 };
    uint8_t *text = fwl_cel_compiler_alloc(c, DIGITS);
    size_t at = DIGITS;

    if (text == NULL) {
        return fwl_cel_none();
    }
    do {
        text[--at] = (uint8_t)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    return fwl_span(text + at, DIGITS - at);
}
