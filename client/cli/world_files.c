/* A world from a file of releases that nobody published yet. */
#include <stdlib.h>

#include "client/cli/commands.h"
#include "client/cli/lines.h"
#include "client/cli/record.h"
#include "client/cli/world_part.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/model/name.h"

enum {
    LIVE_BYTES = 128, /* of an item of a class's list, at most */
};

/* A line of the file, as a record. */
struct line {
    struct fwl_world_class *class_of;
    size_t number;
    uint8_t *record;
    size_t size;
    struct fwl_hash32 id;
    char *name; /* how the file calls it */
    uint64_t published_ms;
};

struct files {
    struct fwl_world *world;
    struct fwl_lines lines;
    const char *class_name; /* template, or NULL */
    struct line *all;
    size_t count, room;
    struct fwl_json_release work;
    struct fwl_record record;
};

/* ---- lines ---- */

static char *
name_of(const json_t *value, const struct fwl_hash32 *id)
{
    const char *text = json_string_value(json_object_get(value, "id"));
    char hex[65];

    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(id));
    return fwl_strdup(text == NULL ? hex : text);
}

static uint64_t
published_of(const json_t *value)
{
    const char *text = json_string_value(json_object_get(value, "published"));
    int64_t seconds = 0;

    return text != NULL && fwl_time_parse(&seconds, fwl_span_text(text)) == FWL_OK && seconds > 0
               ? (uint64_t)seconds * 1000
               : 0;
}

static enum fwl_err
keep(struct files *f, const json_t *value)
{
    struct fwl_span class_name = f->work.release.class_name;
    struct line *line = NULL;

    if (f->count == f->room) {
        size_t room = f->room == 0 ? 256 : 2 * f->room;
        struct line *grown = fwl_realloc(f->all, room * sizeof(*grown));

        if (grown == NULL) {
            return FWL_ERR_MEMORY;
        }
        f->all = grown;
        f->room = room;
    }
    line = &f->all[f->count];
    *line = (struct line){.number = f->lines.number,
                          .size = f->record.size,
                          .id = f->record.id,
                          .published_ms = published_of(value),
                          .record = fwl_malloc(f->record.size),
                          .name = name_of(value, &f->record.id)};
    if (!fwl_world_keep(f->world, line->record) || !fwl_world_keep(f->world, line->name)) {
        return FWL_ERR_MEMORY;
    }
    memcpy(line->record, f->record.bytes, f->record.size);
    line->class_of = fwl_world_find_class(f->world, class_name);
    line->class_of = line->class_of == NULL ? fwl_world_add_class(f->world, class_name) : line->class_of;
    f->count++;
    return line->class_of == NULL ? FWL_ERR_MEMORY : FWL_OK;
}

/* FWL_OK, FWL_ERR_MEMORY, or a bad line with its reason in record.error. */
static enum fwl_err
take_line(struct files *f, const json_t *value)
{
    char class_name[FWL_CLASS_MAX + 1];
    bool named = json_object_get(value, "class") != NULL || f->class_name == NULL;
    enum fwl_err err = FWL_ERR_VALUE;

    if (!named && !fwl_record_expand(class_name, sizeof(class_name), f->record.error, f->class_name, value)) {
        return err;
    }
    err = fwl_record_make(&f->record, &f->work, value, "provider", named ? NULL : class_name,
                          (enum fwl_scheme)f->world->scheme, NULL);
    if (err == FWL_OK && fwl_name_class(NULL, f->work.release.class_name) != FWL_OK) {
        (void)snprintf(f->record.error, sizeof(f->record.error), "class: %s", fwl_err_text(FWL_ERR_NAME));
        err = FWL_ERR_NAME;
    }
    return err == FWL_OK ? keep(f, value) : err;
}

static int
read_lines(struct files *f)
{
    json_t *value = NULL;
    enum fwl_err err = FWL_OK;

    while ((err = fwl_lines_next(&f->lines, &value)) != FWL_ERR_ABSENT) {
        const char *why = f->lines.error;

        if (err == FWL_OK) {
            err = take_line(f, value);
            why = f->record.error;
        }
        json_decref(value);
        if (err == FWL_ERR_STORAGE || err == FWL_ERR_MEMORY) {
            return fwl_commands_fail(f->lines.path, err);
        }
        if (err != FWL_OK) {
            fwl_lines_say(&f->lines, why);
            f->world->bad++;
        }
    }
    return 0;
}

/* ---- classes ---- */

static int
by_class(const void *a, const void *b)
{
    const struct line *x = a;
    const struct line *y = b;
    int order = strcmp(x->class_of->name, y->class_of->name);

    if (order != 0) {
        return order;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool
all_fit(const struct line *lines, size_t count, uint64_t scheme)
{
    for (size_t i = 0; i < count; i++) {
        struct fwl_release record;

        if (fwl_release_decode(&record, NULL, fwl_span(lines[i].record, lines[i].size), scheme) != FWL_OK) {
            return false;
        }
    }
    return true;
}

/* What --scheme says, or the narrowest scheme that all versions fit; opaque fits everything. */
static uint64_t
scheme_of(const struct files *f, const struct line *lines, size_t count)
{
    static const enum fwl_scheme narrow_first[] = {FWL_SCHEME_NUMBER, FWL_SCHEME_SEMVER, FWL_SCHEME_DOTTED,
                                                   FWL_SCHEME_DEBIAN};

    if (f->world->scheme != 0) {
        return f->world->scheme;
    }
    for (size_t i = 0; i < FWL_COUNT(narrow_first); i++) {
        if (all_fit(lines, count, narrow_first[i])) {
            return narrow_first[i];
        }
    }
    return FWL_SCHEME_OPAQUE;
}

/* One release into its class; as publication would have it. */
static enum fwl_err
list_release(struct fwl_world_class *c, struct fwl_writer *w, const struct line *line)
{
    size_t at = c->entry.live.count;
    struct fwl_listed *l = &c->releases[at];
    struct fwl_live live = {.id = line->id, .seq = c->entry.next_seq++};
    enum fwl_err err = FWL_OK;

    l->entry = (struct fwl_release_entry){.has = 0x5e,
                                          .status = FWL_RELEASE_LIVE,
                                          .record = fwl_span(line->record, line->size),
                                          .published_ms = line->published_ms,
                                          .changed_ms = line->published_ms};
    err = fwl_release_decode(&l->record, NULL, l->entry.record, c->entry.scheme);
    live.flags = err == FWL_OK && l->record.valid ? FWL_LIVE_VALID : 0;
    fwl_entry_put_live(w, &live);
    c->names[at] = line->name;
    c->entry.live.count++;
    return err;
}

static enum fwl_err
make_class(struct files *f, const struct line *lines, size_t count)
{
    struct fwl_world_class *c = lines[0].class_of;
    size_t kept = FWL_MIN(count, FWL_CLASS_RELEASES_MAX);
    uint8_t *items = fwl_malloc(kept * LIVE_BYTES);
    struct fwl_writer w;
    enum fwl_err err = FWL_OK;

    c->releases = fwl_calloc(kept, sizeof(*c->releases));
    c->names = fwl_calloc(kept, sizeof(*c->names));
    if (!fwl_world_keep(f->world, items) || !fwl_world_keep(f->world, c->releases) ||
        !fwl_world_keep(f->world, c->names)) {
        return FWL_ERR_MEMORY;
    }
    c->has_vendor = c->has_entry = true;
    c->vendor = (struct fwl_vendor_entry){.has = 0x1e};
    c->entry = (struct fwl_class_entry){.has = 0x3e, .scheme = scheme_of(f, lines, count), .next_seq = 1};
    fwl_writer_init(&w, items, kept * LIVE_BYTES);
    for (size_t i = 0; err == FWL_OK && i < kept; i++) {
        err = list_release(c, &w, &lines[i]);
    }
    for (size_t i = kept; i < count; i++) {
        f->lines.number = lines[i].number;
        fwl_lines_say(&f->lines,
                      "the class has 64 releases already: withdraw older ones, that is, leave out their lines");
        f->world->bad++;
    }
    return err == FWL_OK ? fwl_writer_finish(&w, &c->entry.live.items) : err;
}

static int
make_classes(struct files *f)
{
    enum fwl_err err = FWL_OK;
    size_t to = 0;

    if (f->count > 0) {
        qsort(f->all, f->count, sizeof(*f->all), by_class);
    }
    for (size_t from = 0; from < f->count && err == FWL_OK; from = to) {
        for (to = from; to < f->count && f->all[to].class_of == f->all[from].class_of; to++) {
        }
        err = make_class(f, f->all + from, to - from);
    }
    return err == FWL_OK ? 0 : fwl_commands_fail(f->lines.path, err);
}

int
fwl_world_files(struct fwl_world *world, const struct fwl_command *self, const struct fwl_world_options *options)
{
    struct files *f = fwl_calloc(1, sizeof(*f));
    int code = 0;

    if (f == NULL) {
        return fwl_commands_fail(options->releases, FWL_ERR_MEMORY);
    }
    f->world = world;
    f->class_name = options->class_name;
    f->world->scheme = options->scheme == NULL ? 0 : fwl_scheme_from_name(fwl_span_text(options->scheme));
    if (options->scheme != NULL && f->world->scheme == 0) {
        code = fwl_args_usage(self, "--scheme is one of semver, number, dotted, debian, opaque");
    } else {
        code = fwl_lines_open(&f->lines, options->releases);
        code = code == 0 ? read_lines(f) : code;
        code = code == 0 ? make_classes(f) : code;
        fwl_lines_close(&f->lines);
    }
    fwl_free(f->all);
    fwl_free(f);
    return code;
}
