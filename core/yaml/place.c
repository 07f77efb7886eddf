#include "core/yaml/place.h"

enum {
    BEFORE = 70, /* code points of a line that are shown before the caret, and in all */
    SHOWN = 110,
};

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
continues(uint8_t c)
{
    return (c & 0xc0) == 0x80; /* a byte of a character that is not its first */
}

/* ---- lines ---- */

/* The offset of line @number, from 1; file.size when there is none. */
static size_t
line_start(struct fwl_span file, size_t number)
{
    size_t at = 0;

    for (; number > 1 && at < file.size; at++) {
        number -= file.p[at] == '\n';
    }
    return number > 1 ? file.size : at;
}

static size_t
offset_of(struct fwl_span file, struct fwl_yaml_mark mark)
{
    size_t at = line_start(file, mark.line);

    for (size_t column = 1; at < file.size && file.p[at] != '\n'; at++) {
        if (!continues(file.p[at]) && column++ == mark.column) {
            break;
        }
    }
    return at;
}

static struct fwl_yaml_mark
mark_of(struct fwl_span file, size_t offset)
{
    struct fwl_yaml_mark mark = {.line = 1, .column = 1};

    for (size_t i = 0; i < offset; i++) {
        if (file.p[i] == '\n') {
            mark = (struct fwl_yaml_mark){.line = mark.line + 1, .column = 1};
        } else {
            mark.column += !continues(file.p[i]);
        }
    }
    return mark;
}

void
fwl_place_mark(struct fwl_place *out, struct fwl_span file, struct fwl_yaml_mark at)
{
    size_t from = at.line == 0 ? file.size : line_start(file, at.line);
    size_t to = from;

    while (to < file.size && file.p[to] != '\n' && file.p[to] != '\r') {
        to++;
    }
    *out = (struct fwl_place){.at = at, .line = fwl_span(file.p == NULL ? file.p : file.p + from, to - from)};
}

/* ---- texts ---- */

/* The walk: where we are in the file, and how the text is spelled there. */
struct walk {
    struct fwl_span file;
    size_t at;
    uint8_t style; /* quote or block indicator; 0: plain */
};

/* Bytes of the escape at @w (a backslash), and whether it stands for a blank or for none at all. */
static size_t
escape(const struct walk *w, bool *blank)
{
    uint8_t c = w->at + 1 < w->file.size ? w->file.p[w->at + 1] : 0;
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    uint32_t value = 0;

    for (size_t i = 0; i < digits && w->at + 2 + i < w->file.size; i++) {
        uint8_t d = w->file.p[w->at + 2 + i];

        value = value * 16 + (uint32_t)(d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
    }
    *blank = digits > 0 ? value < 0x80 && is_blank((uint8_t)value)
                        : c == 'n' || c == 't' || c == 'r' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
    return 2 + digits;
}

static void
skip_blanks(struct walk *w)
{
    while (w->at < w->file.size) {
        bool blank = is_blank(w->file.p[w->at]);
        size_t size = 1;

        if (w->style == '"' && w->file.p[w->at] == '\\') {
            size = escape(w, &blank);
        }
        if (!blank) {
            return;
        }
        w->at += size;
    }
    w->at = w->file.size;
}

/* One character of the text, spelled somehow; false when the file has another one. */
static bool
pass(struct walk *w, struct fwl_span c)
{
    bool blank = false;
    size_t size = c.size;

    if (w->style == '"' && w->at < w->file.size && w->file.p[w->at] == '\\') {
        size = escape(w, &blank);
    } else if (w->file.size - w->at < c.size || memcmp(w->file.p + w->at, c.p, c.size) != 0) {
        return false;
    } else if (w->style == '\'' && c.p[0] == '\'') {
        size = 2;
    }
    w->at = FWL_MIN(w->at + size, w->file.size);
    return true;
}

static void
enter(struct walk *w)
{
    uint8_t c = w->at < w->file.size ? w->file.p[w->at] : 0;

    if (c == '"' || c == '\'') {
        w->style = c;
        w->at++;
    } else if (c == '|' || c == '>') {
        w->style = c;
        while (w->at < w->file.size && w->file.p[w->at] != '\n') {
            w->at++;
        }
    }
}

void
fwl_place_text(struct fwl_place *out, struct fwl_span file, struct fwl_yaml_mark start, struct fwl_span text,
               size_t offset)
{
    struct walk w = {.file = file, .at = offset_of(file, start)};
    size_t i = 0;

    enter(&w);
    while (i < offset && i < text.size) {
        size_t size = 1;

        if (is_blank(text.p[i])) {
            i++;
            continue;
        }
        while (i + size < text.size && continues(text.p[i + size])) {
            size++;
        }
        if (i + size > offset) {
            break; /* within this one */
        }
        skip_blanks(&w);
        if (!pass(&w, fwl_span(text.p + i, size))) {
            fwl_place_mark(out, file, start);
            return;
        }
        i += size;
    }
    if (i < text.size && !is_blank(text.p[i])) {
        skip_blanks(&w);
    }
    fwl_place_mark(out, file, mark_of(file, w.at));
}

/* ---- printing ---- */

static size_t
columns_of(struct fwl_span line)
{
    size_t columns = 0;

    for (size_t i = 0; i < line.size; i++) {
        columns += !continues(line.p[i]);
    }
    return columns;
}

void
fwl_place_print(FILE *to, const struct fwl_place *place)
{
    struct fwl_span line = place->line;
    bool fits = columns_of(line) <= SHOWN || place->at.column <= BEFORE;
    size_t first = fits ? 1 : place->at.column - BEFORE;
    size_t column = 0;

    if (place->at.line == 0) {
        return;
    }
    (void)fputs(first > 1 ? "    ..." : "    ", to);
    for (size_t i = 0; i < line.size; i++) {
        column += !continues(line.p[i]);
        if (column >= first && column < first + SHOWN) {
            (void)fputc((line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f ? '?' : line.p[i], to);
        }
    }
    (void)fputs(column >= first + SHOWN ? "...\n    " : "\n    ", to);
    (void)fputs(first > 1 ? "   " : "", to);
    column = 0;
    for (size_t i = 0; i < line.size && column + 1 < place->at.column; i++) {
        column += !continues(line.p[i]);
        if (column >= first && !continues(line.p[i])) {
            (void)fputc(line.p[i] == '\t' ? '\t' : ' ', to);
        }
    }
    (void)fputs("^\n", to);
}
