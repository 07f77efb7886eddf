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
    struct fwl_span name; /* how the file calls it */
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

/* What the line calls it, or its id in hexadecimal; a NULL span when out of memory. */
static struct fwl_span
name_of(struct files *f, const json_t *value, const struct fwl_hash32 *id)
{
    struct fwl_span text = fwl_parse_text(json_object_get(value, "id"));
    char hex[65];
    char *copy = NULL;

    fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(id));
    text = text.p == NULL ? fwl_span(hex, sizeof(hex) - 1) : text;
    copy = fwl_malloc(text.size + 1);
    if (!fwl_world_keep(f->world, copy)) {
        return (struct fwl_span){0};
    }
    memcpy(copy, text.p, text.size);
    return fwl_span(copy, text.size);
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
                          .name = name_of(f, value, &f->record.id)};
    if (!fwl_world_keep(f->world, line->record) || line->name.p == NULL) {
        return FWL_ERR_MEMORY;
    }
    memcpy(line->record, f->record.bytes, f->record.size);
    line->class_of = fwl_world_find_class(f->world, class_name);
    line->class_of = line->class_of == NULL ? fwl_world_add_class(f->world, class_name) : line->class_of;
    f->count++;
    return line->class_of == NULL ? FWL_ERR_MEMORY : FWL_OK;
}

/* Who publishes it: a participant that is called like the vendor. */
static void
provider_of(char out[FWL_SEGMENT_MAX + 1], const char *class_name)
{
    size_t size = strcspn(class_name, "/");

    size = FWL_MIN(size, (size_t)FWL_SEGMENT_MAX);
    for (size_t i = 0; i < size; i++) {
        out[i] = fwl_record_slug(class_name[i]);
    }
    out[size] = '\0';
}

/* FWL_OK, FWL_ERR_MEMORY, or a bad line with its reason in record.error. */
static enum fwl_err
take_line(struct files *f, const json_t *value)
{
    char class_name[FWL_CLASS_MAX + 1];
    char provider[FWL_SEGMENT_MAX + 1];
    const char *own_name = json_string_value(json_object_get(value, "class"));
    bool named = own_name != NULL || f->class_name == NULL;
    const json_t *id = json_object_get(value, "id");
    enum fwl_err err = FWL_ERR_VALUE;

    if (id != NULL && (json_string_length(id) == 0 || json_string_length(id) > FWL_JSON_DECISION_NAME_MAX)) {
        (void)snprintf(f->record.error, sizeof(f->record.error), "id: a text of 1 to %d bytes is expected",
                       FWL_JSON_DECISION_NAME_MAX);
        return err;
    }

    if (!named && !fwl_record_expand(class_name, sizeof(class_name), f->record.error, f->class_name, value)) {
        return err;
    }
    provider_of(provider, !named ? class_name : own_name == NULL ? "" : own_name);
    err = fwl_record_make(&f->record, &f->work, value, provider, named ? NULL : class_name,
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
            return fwl_commands_fail_file(f->lines.path, err);
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

/* The narrowest scheme that all versions fit, or 0. */
static uint64_t
fitting_scheme(const struct line *lines, size_t count)
{
    static const enum fwl_scheme narrow_first[] = {FWL_SCHEME_NUMBER, FWL_SCHEME_SEMVER, FWL_SCHEME_DOTTED,
                                                   FWL_SCHEME_DEBIAN};

    for (size_t i = 0; i < FWL_COUNT(narrow_first); i++) {
        if (all_fit(lines, count, narrow_first[i])) {
            return narrow_first[i];
        }
    }
    return 0;
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

/* What was published before in this class is not published again; nor is another release called the same. */
static const char *
already(const struct fwl_world_class *c, const struct line *lines, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (fwl_hash32_equal(&lines[i].id, &lines[at].id)) {
            return "the same release as on an earlier line";
        }
        if (fwl_span_equal(lines[i].name, lines[at].name)) {
            return "id: another release of the class has it, too";
        }
    }
    return c->entry.live.count == FWL_CLASS_RELEASES_MAX
               ? "the class has 64 releases already: withdraw older ones, that is, leave out their lines"
               : NULL;
}

static enum fwl_err
make_class(struct files *f, const struct line *lines, size_t count, uint64_t scheme)
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
    c->entry = (struct fwl_class_entry){.has = 0x3e, .scheme = scheme, .next_seq = 1};
    fwl_writer_init(&w, items, kept * LIVE_BYTES);
    for (size_t i = 0; err == FWL_OK && i < count; i++) {
        const char *why = already(c, lines, i);

        if (why == NULL) {
            err = list_release(c, &w, &lines[i]);
        } else {
            f->lines.number = lines[i].number;
            fwl_lines_say(&f->lines, why);
            f->world->bad++;
        }
    }
    f->world->releases += c->entry.live.count;
    f->world->schemes[scheme]++;
    return err == FWL_OK ? fwl_writer_finish(&w, &c->entry.live.items) : err;
}

/* All classes of a vendor. Vendors write their versions in one way: what two classes of it look like says more than one
 * does, where a Debian version can pass for a semantic one. */
static enum fwl_err
make_vendor(struct files *f, const struct line *lines, size_t count)
{
    uint64_t scheme = f->world->scheme != 0 ? f->world->scheme : fitting_scheme(lines, count);
    enum fwl_err err = FWL_OK;
    size_t to = 0;

    for (size_t from = 0; from < count && err == FWL_OK; from = to) {
        uint64_t own = scheme;

        for (to = from; to < count && lines[to].class_of == lines[from].class_of; to++) {
        }
        own = own != 0 ? own : fitting_scheme(lines + from, to - from);
        err = make_class(f, lines + from, to - from, own != 0 ? own : FWL_SCHEME_OPAQUE);
    }
    return err;
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
        size_t vendor = strcspn(f->all[from].class_of->name, "/") + 1;

        for (to = from; to < f->count && strncmp(f->all[to].class_of->name, f->all[from].class_of->name, vendor) == 0;
             to++) {
        }
        err = make_vendor(f, f->all + from, to - from);
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
