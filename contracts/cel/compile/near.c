/* The names nearest to one that is not known, for hints. */
#include "contracts/cel/compile/compiler.h"

enum {
    NAME_MAX = 48, /* bytes of a name that is compared with others */
};

/* Edits that make @b of @a; Levenshtein with one row. */
static unsigned
distance(struct fwl_span a, struct fwl_span b)
{
    uint8_t row[NAME_MAX + 1];

    if (a.size > NAME_MAX || b.size > NAME_MAX) {
        return NAME_MAX;
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

void
fwl_cel_near_try(struct fwl_cel_near *near, struct fwl_span wanted, struct fwl_span name, const char *show)
{
    unsigned most = wanted.size < 3 ? 1 : (unsigned)FWL_MAX(2, wanted.size / 2);
    unsigned d = distance(wanted, name);
    size_t i = near->count;

    if (d > most) {
        return;
    }
    for (size_t j = 0; j < near->count; j++) {
        if (fwl_span_is(fwl_span_text(show), near->names[j])) {
            return;
        }
    }
    while (i > 0 && near->distances[i - 1] > d) {
        i--;
    }
    if (i == FWL_CEL_NEAR_MAX) {
        return;
    }
    near->count = FWL_MIN(near->count + 1, FWL_CEL_NEAR_MAX);
    for (size_t j = near->count - 1; j > i; j--) {
        near->names[j] = near->names[j - 1];
        near->distances[j] = near->distances[j - 1];
    }
    near->names[i] = show;
    near->distances[i] = (uint8_t)d;
}

void
fwl_cel_near_hint(struct fwl_cel_compiler *c, const struct fwl_cel_near *near)
{
    char text[FWL_CEL_MESSAGE_BYTES];
    struct fwl_writer w;
    struct fwl_span out = {0};

    fwl_writer_init(&w, text, sizeof(text));
    for (size_t i = 0; i < near->count; i++) {
        fwl_writer_span(&w, fwl_span_text(i > 0 ? ", " : "did you mean "));
        fwl_writer_span(&w, fwl_span_text(near->names[i]));
    }
    if (near->count > 0 && fwl_writer_finish(&w, &out) == FWL_OK) {
        fwl_cel_compiler_hint(c, "%?", out, fwl_cel_none());
    }
}
