/*
 * fwledger verify - what may this device install? Checked offline, against a trust anchor, trusting no node.
 */
#include <stdlib.h>

#include "client/cli/anchor.h"
#include "client/cli/attested.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "client/verify/verify.h"
#include "contracts/json/decision.h"
#include "contracts/json/facts.h"
#include "core/hex.h"
#include "core/host/clock.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/json/entry.h"
#include "ledger/json/release.h"

enum {
    BUNDLE_MAX = 16 * 1024 * 1024,
    FACTS_MAX = 1048576,
};

struct verify_args {
    const char *anchor;
    const char *state;
    const char *facts;
    const char *now;
    const char *attest; /* API of a node */
    const char *author;
    const char *records;
    bool json;
};

/* Everything a run needs; on the heap, since it is large. */
struct run {
    struct fwl_anchor_file anchor;
    struct fwl_device device;
    struct fwl_json_facts facts;
    struct fwl_key authors[FWL_ANCHOR_AUTHORS_MAX];
    struct fwl_verify_settings settings;
    struct fwl_verify verify;
    struct fwl_decide_work work;
    struct fwl_candidate candidates[FWL_CLASS_RELEASES_MAX];
    struct fwl_cel_cell cells[FWL_DECIDE_CELLS_MAX];
    struct fwl_span bundle;
    json_t *facts_doc;
    const char *author; /* policy in words, for people */
    uint64_t now_ms;
};

static int
take_now(const struct fwl_command *self, struct run *run, const struct verify_args *args)
{
    int64_t seconds = 0;

    if (args->attest != NULL) {
        run->now_ms = 0; /* nothing is young enough until validators have said what time it is */
        return args->now == NULL ? 0 : fwl_args_usage(self, "either --now or --attest");
    }
    if (args->now == NULL) {
        run->now_ms = fwl_clock_unix_ms();
        return 0;
    }
    if (fwl_time_parse(&seconds, fwl_span_text(args->now)) != FWL_OK || seconds < 0) {
        return fwl_args_usage(self, "--now is a time like 2026-01-31T23:59:59Z");
    }
    run->now_ms = (uint64_t)seconds * 1000;
    return 0;
}

static int
take_facts(struct run *run, const struct verify_args *args)
{
    struct fwl_span bytes;
    json_error_t where;
    enum fwl_err err = fwl_files_read(&bytes, args->facts, FACTS_MAX);

    if (err != FWL_OK) {
        (void)fwl_commands_fail_file(args->facts, err);
        return FWL_EXIT_CONFIG;
    }
    run->facts_doc = json_loadb((const char *)bytes.p, bytes.size, JSON_REJECT_DUPLICATES, &where);
    fwl_free((void *)(uintptr_t)bytes.p);
    if (run->facts_doc == NULL) {
        (void)fprintf(stderr, "fwledger: %s:%d:%d: %s\n", args->facts, where.line, where.column, where.text);
        return FWL_EXIT_CONFIG;
    }
    if (fwl_json_facts_parse(&run->facts, run->facts_doc) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: %s\n", args->facts, run->facts.parse.error);
        return FWL_EXIT_CONFIG;
    }
    return 0;
}

/* An anchor with authors asks for their keys; one without says that the author is not checked. --author overrules. */
static int
take_authors(const struct fwl_command *self, struct run *run, const struct verify_args *args)
{
    const char *author = args->author;
    struct fwl_class_name name;
    enum fwl_err err = fwl_name_class(&name, run->facts.facts.class_name);
    size_t count = 0;

    author = author != NULL ? author : fwl_anchor_has_authors(&run->anchor) ? "keys" : "none";
    err = err == FWL_OK ? fwl_anchor_authors(run->authors, &count, &run->anchor, name.vendor) : err;
    if (err != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: authors.%.*s: %s\n", args->anchor, (int)name.vendor.size,
                      (const char *)name.vendor.p, fwl_err_text(err));
        return FWL_EXIT_CONFIG;
    }
    run->author = author;
    if (strcmp(author, "keys") == 0) {
        run->settings.authors.keys = run->authors;
        run->settings.authors.count = count;
    } else if (strcmp(author, "image") == 0) {
        run->settings.authors.image = true;
    } else if (strcmp(author, "none") == 0) {
        run->settings.authors.none = true;
    } else {
        return fwl_args_usage(self, "--author is keys, image or none");
    }
    return 0;
}

/* ---- the state file: two slots of FWL_SLOT_SIZE_MAX bytes ---- */

/* An anchor comes by a trusted way: a newer one of the same chain takes the place of what the device trusts, as when it
 * was set up; it is what helps after the trusting period. Nothing goes back, and the floors stay. */
static enum fwl_err
take_newer_anchor(struct run *run, const struct verify_args *args)
{
    const struct fwl_anchor *anchor = &run->anchor.anchor;
    struct fwl_trust *trust = &run->device.trust;

    if (anchor->epoch < trust->epoch || anchor->height <= trust->height || anchor->time_ms < trust->time_ms) {
        return FWL_OK;
    }
    (void)fprintf(stderr, "fwledger: %s is newer than %s and is used in its place: block %llu of epoch %llu\n",
                  args->anchor, args->state, (unsigned long long)anchor->height, (unsigned long long)anchor->epoch);
    return fwl_trust_start(trust, anchor);
}

static int
load_state(struct run *run, const struct verify_args *args)
{
    struct fwl_span bytes = {0};
    enum fwl_err err = FWL_ERR_ABSENT;

    if (args->state != NULL) {
        err = fwl_files_lock(args->state); /* two runs at once must not take turns in forgetting */
        err = err == FWL_OK ? fwl_files_read(&bytes, args->state, (size_t)2 * FWL_SLOT_SIZE_MAX) : err;
    }
    if (err == FWL_OK) {
        size_t first = FWL_MIN(bytes.size, (size_t)FWL_SLOT_SIZE_MAX);

        err = fwl_slots_decode(&run->device, fwl_span(bytes.p, first), fwl_span(bytes.p + first, bytes.size - first));
        err = err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err; /* erased flash is a new device; an empty file was lost */
        fwl_free((void *)(uintptr_t)bytes.p);
        if (err == FWL_OK && !fwl_hash32_equal(&run->device.trust.chain_id, &run->anchor.anchor.chain_id)) {
            (void)fprintf(stderr, "fwledger: %s belongs to another chain than %s\n", args->state, args->anchor);
            return FWL_EXIT_CERTIFICATE;
        }
        err = err == FWL_OK ? take_newer_anchor(run, args) : err;
    }
    if (err == FWL_ERR_ABSENT) {
        err = fwl_device_start(&run->device, &run->anchor.anchor);
    }
    if (err == FWL_ERR_CORRUPT || err == FWL_ERR_LIMIT) {
        (void)fprintf(stderr,
                      "fwledger: %s: this is no state file, or both copies in it are damaged. Without it the device "
                      "forgets what it has seen: set it up again, with an anchor as new as you can get\n",
                      args->state);
        return FWL_EXIT_STORAGE;
    }
    return err == FWL_OK ? 0 : fwl_commands_fail(args->state == NULL ? args->anchor : args->state, err);
}

static int
save_state(struct run *run, const struct verify_args *args)
{
    uint8_t file[2 * FWL_SLOT_SIZE_MAX] = {0};
    struct fwl_span slot;
    struct fwl_span old = {0};
    size_t at = (size_t)fwl_slot_next(&run->device) * FWL_SLOT_SIZE_MAX;
    enum fwl_err err = FWL_OK;

    if (args->state == NULL || !fwl_device_must_save(&run->device, true)) {
        return 0;
    }
    if (fwl_files_read(&old, args->state, sizeof(file)) == FWL_OK) {
        memcpy(file, old.p, old.size);
        fwl_free((void *)(uintptr_t)old.p);
    }
    memset(file + at, 0, FWL_SLOT_SIZE_MAX);
    err = fwl_slot_encode(&slot, file + at, FWL_SLOT_SIZE_MAX, &run->device);
    err = err == FWL_OK ? fwl_files_replace(args->state, fwl_span(file, sizeof(file))) : err;
    if (err != FWL_OK) {
        return fwl_commands_fail_write(args->state);
    }
    fwl_device_saved(&run->device);
    return 0;
}

/* ---- what came out ---- */

static json_t *
decision_value(const struct run *run)
{
    const struct fwl_verify *v = &run->verify;
    const struct fwl_json_decision d = {
        .decision = &v->decision,
        .facts = &v->facts,
        .entry = v->present[FWL_ANSWER_CLASS] ? &v->entry : NULL,
        .policy = v->has_policy ? &v->policy : NULL,
        .candidates = run->candidates,
        .version = v->chosen.record.version,
        .has_tip = true,
        .height = v->header.height,
        .time_ms = v->header.time_ms,
    };

    return fwl_json_decision(&d);
}

/* The version of a listed release, by the hexadecimal digits of its id, and the first of them. */
static void
print_release(const struct run *run, const char *id)
{
    const struct fwl_verify *v = &run->verify;
    struct fwl_reader it;
    struct fwl_live live;
    struct fwl_hash32 wanted;
    struct fwl_release_entry entry;
    struct fwl_release record;

    if (id == NULL || fwl_hex_decode(wanted.b, sizeof(wanted.b), fwl_span_text(id)) != FWL_OK) {
        printf("anything");
        return;
    }
    fwl_list_begin(&it, v->entry.live);
    for (size_t i = 0; i < v->release_count && fwl_entry_next_live(&it, &live); i++) {
        if (fwl_hash32_equal(&live.id, &wanted) && fwl_entry_release(&entry, NULL, v->releases[i]) == FWL_OK &&
            fwl_release_decode(&record, NULL, entry.record, v->entry.scheme) == FWL_OK) {
            printf("%.*s (%.12s)", (int)record.version.size, (const char *)record.version.p, id);
            return;
        }
    }
    printf("%.12s", id);
}

static void
print_people(const struct run *run, const json_t *value)
{
    const struct fwl_decision *d = &run->verify.decision;
    const json_t *item = NULL;
    size_t i = 0;
    char text[FWL_TIME_TEXT_SIZE];

    fwl_time_text(text, run->verify.header.time_ms);
    if (d->kind == FWL_DECISION_INSTALL) {
        printf("install version %s%s\nrelease %s\n", json_string_value(json_object_get(value, "version")),
               d->forced ? ", and do not decline" : "", json_string_value(json_object_get(value, "release")));
    } else {
        printf("%s\n", d->kind == FWL_DECISION_CURRENT ? "current: nothing newer for this hardware"
                                                       : "nothing may be installed");
    }
    json_array_foreach(json_object_get(value, "refused"), i, item)
    {
        const char *release = json_string_value(json_object_get(item, "release"));

        if (d->kind == FWL_DECISION_CURRENT) {
            break;
        }
        printf("  not ");
        print_release(run, release);
        printf(": ");
        fwl_print_text(stdout, json_string_value(json_object_get(item, "message")));
        printf(" (");
        fwl_print_text(stdout, json_string_value(json_object_get(item, "rule")));
        printf(")\n");
    }
    printf("the running version is %s\n",
           d->running == FWL_RUNNING_UNKNOWN ? "unknown to the ledger" : fwl_running_name(d->running));
    printf("proven at height %llu, %s; author: %s\n", (unsigned long long)run->verify.header.height, text,
           strcmp(run->author, "none") == 0    ? "none, only the validators' quorum was checked"
           : strcmp(run->author, "image") == 0 ? "image, the installer must check its signature"
                                               : "keys of the anchor");
    if (run->now_ms == 0) {
        fwl_time_text(text, run->verify.now_ms);
        printf("now it is %s: a quorum of validators signed that\n", text);
    }
}

/* Every proven release of the class as a line of JSON with its id. */
static int
save_records(const struct run *run, const struct verify_args *args)
{
    const struct fwl_verify *v = &run->verify;
    FILE *file = NULL;
    struct fwl_reader it;
    struct fwl_live live;
    bool good = true;

    if (args->records == NULL) {
        return 0;
    }
    file = fopen(args->records, "w");
    if (file == NULL) {
        return fwl_commands_fail_write(args->records);
    }
    fwl_list_begin(&it, v->entry.live);
    for (size_t i = 0; v->present[FWL_ANSWER_CLASS] && i < v->release_count && fwl_entry_next_live(&it, &live); i++) {
        struct fwl_release_entry entry;
        struct fwl_release record;
        json_t *value = NULL;

        if (fwl_entry_release(&entry, NULL, v->releases[i]) == FWL_OK &&
            fwl_release_decode(&record, NULL, entry.record, v->entry.scheme) == FWL_OK) {
            value = fwl_json_release_value(&record);
        }
        (void)json_object_set_new(value, "id", fwl_json_hex(fwl_hash32_span(&live.id)));
        good = value != NULL && json_dumpf(value, file, JSON_COMPACT) == 0 && fputc('\n', file) != EOF && good;
        json_decref(value);
    }
    good = fclose(file) == 0 && good;
    return good ? 0 : fwl_commands_fail_write(args->records);
}

/* A file with as many epoch steps as an answer holds and more to come: how to go on. @moved: with some of them. */
static int
explain_more(const struct run *run, const struct verify_args *args, const char *path, bool moved)
{
    unsigned long long epoch = run->verify.trust.epoch;

    (void)fprintf(stderr, "fwledger: %s: there are more epoch steps than an answer holds: ", path);
    if (moved && args->state != NULL) {
        (void)fprintf(stderr, "the device went on to epoch %llu; ", epoch);
    } else if (moved || run->device.trust.epoch != epoch) {
        (void)fprintf(stderr,
                      "with --state and a right clock, so without --attest, the device goes on to epoch %llu; then ",
                      epoch);
    }
    (void)fprintf(stderr, "ask again with --since %llu\n", epoch);
    return fwl_verify_exit(FWL_ERR_EPOCH);
}

static void
explain(const struct run *run, enum fwl_err err, const char *path)
{
    const struct fwl_verify *v = &run->verify;
    char hex[65];

    (void)fprintf(stderr, "fwledger: %s: %s", path, fwl_err_text(err));
    if (err == FWL_ERR_NO_VALUE) {
        fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&v->missing));
        (void)fprintf(stderr, ": %s", hex);
    }
    if (v->fault.field != NULL && err >= 20 && err < 40) {
        (void)fprintf(stderr, ": %s at byte %zu", v->fault.field, v->fault.offset);
    }
    if (v->expired) {
        (void)fprintf(stderr, "; the trusting period is over, a new anchor from the governors is needed");
    } else if (v->fork) {
        (void)fprintf(stderr, "; two certified blocks of one height: keep both files, they convict validators");
    } else if (err == FWL_ERR_AUTHOR) {
        (void)fprintf(stderr, "; a release is offered, but its author is not one that the anchor names");
    } else if (err == FWL_ERR_ROLLBACK) {
        (void)fprintf(stderr, "; what the device or its anchor knows is newer: fetch it again");
    } else if (err == FWL_ERR_PROOF) {
        (void)fprintf(stderr, "; it is damaged, or not for the fleet and class of the facts");
    } else if (err == FWL_ERR_STALE) {
        (void)fprintf(stderr, "; fetch it again, or check this machine's clock");
    }
    (void)fprintf(stderr, "\n");
}

static int
check(const struct fwl_command *self, struct run *run, const struct verify_args *args, const char *path)
{
    enum fwl_err err = fwl_files_read(&run->bundle, path, BUNDLE_MAX);
    json_t *value = NULL;
    bool moved = false;
    int code = 0;

    if (err != FWL_OK) {
        (void)fwl_commands_fail_file(path, err);
        return err == FWL_ERR_LIMIT ? FWL_EXIT_MALFORMED : FWL_EXIT_CONFIG;
    }
    code = take_now(self, run, args);
    code = code == 0 ? fwl_anchor_open(&run->anchor, args->anchor) : code;
    code = code == 0 ? take_facts(run, args) : code;
    code = code == 0 ? take_authors(self, run, args) : code;
    code = code == 0 ? load_state(run, args) : code;
    if (code != 0) {
        return code;
    }
    run->work.cells = run->cells;
    run->work.cell_count = FWL_COUNT(run->cells);
    err = fwl_verify_init(&run->verify, &run->device, &run->settings, &run->facts.facts, run->now_ms);
    code = err == FWL_OK && args->attest != NULL ? fwl_attested_ask(&run->verify, &err, run->bundle, args->attest) : 0;
    if (code != 0 && err == FWL_OK) {
        return code; /* it has told why */
    }
    err = err == FWL_OK ? fwl_verify_bundle(&run->verify, run->candidates, &run->work, run->bundle) : err;
    moved = fwl_verify_keep_steps(&run->verify);
    code = run->verify.fresh || moved ? save_state(run, args) : 0;
    if (err == FWL_ERR_VERSION && run->verify.fault.field != NULL &&
        strcmp(run->verify.fault.field, FWL_VERIFY_FACTS_VERSION) == 0) {
        (void)fprintf(stderr, "fwledger: %s: version: %s\n", args->facts, fwl_err_text(err));
        return FWL_EXIT_CONFIG;
    }
    if (run->verify.more) {
        return code == 0 ? explain_more(run, args, path, moved) : code;
    }
    if (err != FWL_OK) {
        explain(run, err, path);
        return fwl_verify_exit(err);
    }
    code = code == 0 ? save_records(run, args) : code;
    value = decision_value(run);
    if (code == 0 && args->json) {
        fwl_print_value(stdout, value, true);
    } else if (code == 0) {
        print_people(run, value);
    }
    json_decref(value);
    return code;
}

static int
run_verify(const struct fwl_command *self, int argc, char **argv)
{
    struct verify_args args = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {
        {.name = "--anchor", .value_name = "FILE", .help = "trust anchor (required)", .value = &args.anchor},
        {.name = "--facts", .value_name = "FILE", .help = "facts of the device, JSON (required)", .value = &args.facts},
        {.name = "--state",
         .value_name = "FILE",
         .help = "what this device knows; made from the anchor at first",
         .value = &args.state},
        {.name = "--now", .value_name = "TIME", .help = "RFC 3339; default the clock", .value = &args.now},
        {.name = "--attest",
         .value_name = "URL",
         .help = "trust no clock: ask validators for the time, through the node at URL",
         .value = &args.attest},
        {.name = "--author",
         .value_name = "HOW",
         .help = "keys, image or none; default keys where the anchor has some",
         .value = &args.author},
        {.name = "--records",
         .value_name = "FILE",
         .help = "write the proven releases of the class, JSON lines",
         .value = &args.records},
        {.name = "--json", .help = "print the decision object", .flag = &args.json},
    };
    struct run *run = NULL;
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    if (args.anchor == NULL || args.facts == NULL) {
        return fwl_args_usage(self, "--anchor FILE and --facts FILE are needed");
    }
    run = fwl_calloc(1, sizeof(*run));
    if (run == NULL) {
        return fwl_commands_fail("verify", FWL_ERR_MEMORY);
    }
    code = check(self, run, &args, operands.values[0]);
    fwl_anchor_close(&run->anchor);
    json_decref(run->facts_doc);
    fwl_free((void *)(uintptr_t)run->bundle.p);
    fwl_free(run);
    return code;
}

const struct fwl_command fwl_commands_verify[] = {
    {"verify", "BUNDLE",
     "What may this device install? Checks a bundle against a trust anchor and decides, trusting no node.\n"
     "Fleet and class come from the facts. Exit codes 10 to 15 say what is wrong with the bundle.",
     "fwledger verify --anchor anchor.json --state device.state --facts device.json modem.fwb", run_verify},
    {0},
};
