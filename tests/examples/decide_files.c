/*
 * decide_files --policy P.yaml --releases R.jsonl --devices D.jsonl --now TIME --scheme SCHEME
 *
 * For the tests of the example policies: what a fleet with this policy would tell each device, one decision a line. The
 * parts are the real ones: the policy is compiled as for publication, each release is encoded and decoded as a record,
 * and fwl_decide decides. All classes have one scheme and one provider; "release" in the output is the "id" of the
 * line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/policy_file.h"
#include "client/cli/record.h"
#include "contracts/cel/compile/compile.h"
#include "contracts/json/decision.h"
#include "contracts/json/facts.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "core/version.h"

enum {
    CLASSES = 4096,
    LIVE_BYTES = FWL_CLASS_RELEASES_MAX * 128,
};

/* A class and its releases in the order of the file. */
struct class
{
    char name[FWL_CLASS_MAX + 1];
    struct fwl_class_entry entry;
    struct fwl_listed releases[FWL_CLASS_RELEASES_MAX];
    char *ids[FWL_CLASS_RELEASES_MAX];
    uint8_t live[LIVE_BYTES];
    struct fwl_writer writer; /* of live */
};

struct run {
    const char *policy, *releases, *devices, *now, *scheme_name;
    enum fwl_scheme scheme;
    uint64_t now_ms;
    struct class *classes[CLASSES];
    size_t class_count;
    struct fwl_policy_file file;
    uint8_t rules[1 << 20];
    struct fwl_policy_entry entry;
    void *arena[FWL_CEL_COMPILE_ARENA / sizeof(void *)];
    struct fwl_json_release work;
    struct fwl_json_facts facts;
    struct fwl_decide_work decide;
    struct fwl_cel_cell cells[FWL_DECIDE_CELLS_MAX];
    struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
};

static _Noreturn void
die(const char *what, const char *why)
{
    (void)fprintf(stderr, "decide_files: %s: %s\n", what, why);
    exit(2);
}

static void *
allocate(size_t size)
{
    void *p = fwl_calloc(1, size);

    if (p == NULL) {
        die("memory", "too little");
    }
    return p;
}

static void
check(enum fwl_err err, const char *what)
{
    if (err != FWL_OK) {
        die(what, fwl_err_text(err));
    }
}

/* ---- the policy ---- */

static void
load_policy(struct run *r)
{
    const struct fwl_cel_schema no_params = {0};
    struct fwl_policy_source source;
    struct fwl_rule_source from;
    struct fwl_reader it;
    struct fwl_writer w;

    if (fwl_policy_file_load(&r->file, r->policy) != FWL_OK) {
        die(r->policy, r->file.error);
    }
    check(fwl_policy_source_decode(&source, NULL, fwl_span(r->file.source, r->file.source_size)), r->policy);
    fwl_writer_init(&w, r->rules, sizeof(r->rules));
    for (fwl_list_begin(&it, source.rules); fwl_policy_next_rule_source(&it, &from);) {
        struct fwl_rule to = {.has = 0x1fe, .name = from.name, .effect = from.effect, .lang = FWL_CEL_LANG};
        struct fwl_cel_compiled compiled;
        struct fwl_cel_diagnostic d;

        if (fwl_cel_compile_condition(&compiled, &d, r->arena, sizeof(r->arena), from.when, no_params, r->scheme) !=
            FWL_OK) {
            die(r->policy, d.message);
        }
        to.scope = (from.has & FWL_HAS(3)) != 0 ? from.classes : (struct fwl_list){0};
        to.message = from.message;
        to.dry_run = from.dry_run;
        to.rollback = from.rollback;
        to.code = compiled.code;
        fwl_policy_put_rule(&w, &to);
        r->entry.rules.count++;
    }
    check(fwl_writer_finish(&w, &r->entry.rules.items), r->policy);
    r->entry.has = 0x3fe;
    r->entry.version = 1;
    r->entry.select = source.select;
    r->entry.staged = source.staged;
}

/* ---- releases ---- */

static struct class *
find_class(const struct run *r, struct fwl_span name)
{
    for (size_t i = 0; i < r->class_count; i++) {
        if (fwl_span_is(name, r->classes[i]->name)) {
            return r->classes[i];
        }
    }
    return NULL;
}

static struct class *
class_of(struct run *r, struct fwl_span name)
{
    struct class *c = find_class(r, name);

    if (c != NULL) {
        return c;
    }
    if (r->class_count == CLASSES || name.size > FWL_CLASS_MAX) {
        die(r->releases, "too many classes, or a name too long");
    }
    c = r->classes[r->class_count++] = allocate(sizeof(*c));
    memcpy(c->name, name.p, name.size);
    c->entry = (struct fwl_class_entry){.has = 0x3e, .scheme = r->scheme};
    fwl_writer_init(&c->writer, c->live, sizeof(c->live));
    return c;
}

static char *
copy(const char *text)
{
    char *out = allocate(strlen(text) + 1);

    memcpy(out, text, strlen(text));
    return out;
}

static void
add_release(struct run *r, const json_t *line)
{
    struct fwl_record *record = allocate(sizeof(*record));
    const char *id = json_string_value(json_object_get(line, "id"));
    const char *published = json_string_value(json_object_get(line, "published"));
    struct fwl_release_entry entry = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3) | FWL_HAS(4) | FWL_HAS(6),
                                      .status = FWL_RELEASE_LIVE};
    struct class *c = NULL;
    struct fwl_listed *listed = NULL;
    struct fwl_live live = {.flags = FWL_LIVE_VALID};
    struct fwl_writer w;
    int64_t seconds = 0;

    if (fwl_record_make(record, &r->work, line, "provider", NULL, r->scheme, NULL) != FWL_OK) {
        die(r->releases, record->error);
    }
    c = class_of(r, r->work.release.class_name);
    if (c->entry.live.count == FWL_CLASS_RELEASES_MAX || id == NULL) {
        die(c->name, "too many releases, or one without an id");
    }
    if (published != NULL && fwl_time_parse(&seconds, fwl_span_text(published)) == FWL_OK) {
        entry.published_ms = entry.changed_ms = (uint64_t)seconds * 1000;
    }
    listed = &c->releases[c->entry.live.count];
    c->ids[c->entry.live.count] = copy(id);
    entry.record = fwl_span(record->bytes, record->size);
    fwl_writer_init(&w, allocate(2 * record->size + 256), 2 * record->size + 256);
    fwl_entry_put_release(&w, &entry);
    check(fwl_entry_release(&listed->entry, NULL, fwl_span(w.to, w.size)), id);
    check(fwl_release_decode(&listed->record, NULL, listed->entry.record, r->scheme), id);
    live.id = record->id;
    live.seq = c->entry.live.count++;
    fwl_entry_put_live(&c->writer, &live);
    check(fwl_writer_finish(&c->writer, &c->entry.live.items), id);
    fwl_free(record);
}

/* ---- decisions ---- */

/* The ids of the records become those of the file. */
static void
rename_releases(json_t *decision, const struct run *r, const struct class *c, const struct fwl_decision *d)
{
    json_t *refused = json_object_get(decision, "refused");
    size_t next = 0;

    if (d->kind == FWL_DECISION_INSTALL) {
        (void)json_object_set_new(decision, "release", json_string(c->ids[d->chosen]));
    }
    for (size_t i = 0; c != NULL && i < c->entry.live.count; i++) {
        if (r->candidates[i].refusal != FWL_REFUSAL_NONE && next < json_array_size(refused)) {
            (void)json_object_set_new(json_array_get(refused, next++), "release", json_string(c->ids[i]));
        }
    }
}

static void
decide(struct run *r, const json_t *line)
{
    static const struct fwl_vendor_entry vendor = {.has = 0x1e};
    static const struct fwl_fleet_entry fleet = {.has = 0x3e, .policy_version = 1};
    struct fwl_decide_input in = {.vendor = &vendor, .fleet = &fleet, .policy = &r->entry, .facts = &r->facts.facts};
    struct fwl_decision d;
    struct class *c = NULL;
    json_t *out = NULL;
    char *text = NULL;

    if (fwl_json_facts_parse(&r->facts, line) != FWL_OK) {
        die(r->devices, r->facts.parse.error);
    }
    c = find_class(r, r->facts.facts.class_name);
    in.entry = c == NULL ? NULL : &c->entry;
    in.now_ms = r->facts.has_now ? r->facts.now_ms : r->now_ms;
    r->decide.cells = r->cells;
    r->decide.cell_count = FWL_COUNT(r->cells);
    check(fwl_decide(&d, r->candidates, &r->decide, &in, c == NULL ? NULL : c->releases), r->devices);
    out = fwl_json_decision(&(struct fwl_json_decision){.decision = &d,
                                                        .facts = &r->facts.facts,
                                                        .entry = in.entry,
                                                        .policy = &r->entry,
                                                        .candidates = r->candidates,
                                                        .version = d.kind == FWL_DECISION_INSTALL && c != NULL
                                                                       ? c->releases[d.chosen].record.version
                                                                       : (struct fwl_span){0}});
    rename_releases(out, r, c, &d);
    text = json_dumps(out, JSON_COMPACT);
    (void)puts(text);
    free(text);
    json_decref(out);
}

/* Each line of a file as JSON. */
static void
each_line(struct run *r, const char *path, void (*take)(struct run *r, const json_t *line))
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;

    if (f == NULL) {
        die(path, "cannot be opened");
    }
    while (getline(&line, &room, f) > 0) {
        json_error_t error;
        json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, &error);

        if (value == NULL) {
            die(path, error.text);
        }
        take(r, value);
        json_decref(value);
    }
    free(line);
    (void)fclose(f);
}

static void
parse_options(struct run *r, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--policy", &r->policy},
                   {"--releases", &r->releases},
                   {"--devices", &r->devices},
                   {"--now", &r->now},
                   {"--scheme", &r->scheme_name}};
    int64_t seconds = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        for (size_t o = 0; o < FWL_COUNT(options); o++) {
            if (strcmp(argv[i], options[o].name) == 0) {
                *options[o].value = argv[i + 1];
            }
        }
    }
    for (size_t o = 0; o < FWL_COUNT(options); o++) {
        if (*options[o].value == NULL) {
            die(options[o].name, "missing");
        }
    }
    r->scheme = fwl_scheme_from_name(fwl_span_text(r->scheme_name));
    if (r->scheme == 0) {
        die(r->scheme_name, "no such scheme");
    }
    check(fwl_time_parse(&seconds, fwl_span_text(r->now)), "--now");
    r->now_ms = (uint64_t)seconds * 1000;
}

int
main(int argc, char **argv)
{
    static struct run r;

    parse_options(&r, argc, argv);
    load_policy(&r);
    each_line(&r, r.releases, add_release);
    each_line(&r, r.devices, decide);
    return 0; /* memory lives as long as the program */
}
