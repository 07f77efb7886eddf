/*
 * fwledger release import - a whole releases file: see import.h for how.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/commands.h"
#include "client/cli/import.h"
#include "client/cli/print.h"
#include "client/cli/submit.h"
#include "core/hex.h"
#include "core/host/clock.h"
#include "core/host/heap.h"

enum {
    REFUSALS_MAX = 16, /* of one batch; then the rest of it is not tried */
    BUSY_TRIES = 100,
    BUSY_WAIT_MS = 200,
    BAR = 40,
};

enum batch_state { BATCH_WAITS, BATCH_FLIES, BATCH_OVER };

/* What the threads share; everything below the lock. */
struct flight {
    pthread_mutex_t lock;
    pthread_cond_t landed;
    struct fwl_import *import;
    const struct fwl_submit_args *args;
    struct fwl_import_batch *batches;
    enum batch_state *states;
    size_t batch_count;
    size_t lines_over;
    size_t todo;
    bool bar;      /* standard error is a terminal */
    int exit_code; /* the worst reason that is not a refusal: the node is away */
};

/* One thread's own things. */
struct pilot {
    struct flight *flight;
    struct fwl_session session;
    struct fwl_submission *submission;
    size_t refusals;
};

static void
say(struct flight *f, size_t line, const char *problem)
{
    (void)fprintf(stderr, "%sfwledger: %s:%zu: ", f->bar ? "\r\033[K" : "", f->import->path, line);
    fwl_print_text(stderr, problem);
    (void)fputc('\n', stderr);
}

static void
settle(struct flight *f, size_t from, size_t to, enum fwl_import_state state)
{
    (void)pthread_mutex_lock(&f->lock);
    for (size_t i = from; i < to; i++) {
        f->import->lines[i].state = state;
        if (state == FWL_IMPORT_DONE) {
            f->import->classes[f->import->lines[i].class_index].registered = true;
        }
    }
    f->lines_over += to - from;
    if (f->bar) {
        size_t filled = f->lines_over * BAR / f->todo;

        (void)fprintf(stderr, "\r[%.*s%*s] %zu of %zu", (int)filled, "########################################",
                      (int)(BAR - filled), "", f->lines_over, f->todo);
        (void)fflush(stderr);
    }
    (void)pthread_mutex_unlock(&f->lock);
}

/* Fills the pilot's submission with the lines and the classes that they need. */
static bool
load(struct pilot *p, size_t from, size_t to)
{
    struct fwl_import *import = p->flight->import;
    bool fits = true;

    fwl_submit_begin(p->submission);
    for (size_t i = from; i < to && fits; i++) {
        const struct fwl_import_line *line = &import->lines[i];
        const struct fwl_import_class *class_of = &import->classes[line->class_index];
        struct fwl_action publish = {.code = FWL_ACTION_RELEASE_PUBLISH,
                                     .has = fwl_action_required(FWL_ACTION_RELEASE_PUBLISH)};

        if (!class_of->registered && (i == from || line[-1].class_index != line->class_index)) {
            struct fwl_action reg = {.code = FWL_ACTION_CLASS_REGISTER,
                                     .has = fwl_action_required(FWL_ACTION_CLASS_REGISTER)};

            reg.u.class_register.name = fwl_span_text(class_of->name);
            reg.u.class_register.scheme = import->scheme;
            fits = fwl_submit_add(p->submission, &reg);
        }
        publish.u.publish.record = fwl_span(line->record, line->size);
        fits = fits && fwl_submit_add(p->submission, &publish);
    }
    return fits;
}

static int
send_one(struct pilot *p, size_t from, size_t to)
{
    const struct fwl_import_group *group = &p->flight->import->groups[p->flight->import->lines[from].group];
    struct fwl_submit_args args = *p->flight->args;
    const struct timespec wait = {.tv_nsec = BUSY_WAIT_MS * 1000000L};
    int code = 0;

    args.participant = group->participant;
    args.keys = (struct fwl_arg_list){.values = {group->key}, .count = 1};
    if (!load(p, from, to)) {
        (void)snprintf(p->submission->problem, sizeof(p->submission->problem), "it does not fit a transaction");
        return FWL_EXIT_NO;
    }
    for (size_t tries = 0; tries < BUSY_TRIES; tries++) {
        code = fwl_submit_send(p->submission, &p->session, &args);
        if (p->submission->status != 503) {
            break;
        }
        (void)nanosleep(&wait, NULL);
    }
    return code;
}

/* Is the whole transaction refused (signatures, expiry, quota) and no action of it to blame? The node's sentence begins
 * with the name of the action. Then no half of it would fare better. */
static bool
is_whole(const char *problem)
{
    return strstr(problem, ": transaction, ") != NULL;
}

/* A refused range is halved until the line to blame is alone; the others still get through. */
static void
// NOLINTNEXTLINE(misc-no-recursion): a batch of at most 128 lines is halved: 8 deep
send_range(struct pilot *p, size_t from, size_t to)
{
    struct flight *f = p->flight;
    int code = 0;

    if (p->refusals >= REFUSALS_MAX) {
        settle(f, from, to, FWL_IMPORT_FAILED);
        return;
    }
    code = send_one(p, from, to);
    if (code == 0) {
        settle(f, from, to, FWL_IMPORT_DONE);
    } else if (code == FWL_EXIT_NO && to - from > 1 && p->submission->status >= 400 && p->submission->status < 500 &&
               !is_whole(p->submission->problem)) {
        send_range(p, from, from + (to - from) / 2);
        send_range(p, from + (to - from) / 2, to);
    } else {
        p->refusals++;
        (void)pthread_mutex_lock(&f->lock);
        say(f, f->import->lines[from].number, p->submission->problem[0] != '\0' ? p->submission->problem : "not sent");
        f->exit_code = code == FWL_EXIT_NO ? f->exit_code : code;
        (void)pthread_mutex_unlock(&f->lock);
        p->refusals = code == FWL_EXIT_NO && !is_whole(p->submission->problem) ? p->refusals : REFUSALS_MAX;
        settle(f, from, to, FWL_IMPORT_FAILED);
    }
}

/* The next batch that may start; false when none is left. Waits while one is held back by another. */
static bool
take(struct flight *f, size_t *index)
{
    bool found = false;
    bool waiting = true;

    (void)pthread_mutex_lock(&f->lock);
    while (!found && waiting) {
        waiting = false;
        for (size_t i = 0; i < f->batch_count && !found; i++) {
            if (f->states[i] == BATCH_WAITS && (!f->batches[i].follows || f->states[i - 1] == BATCH_OVER)) {
                f->states[i] = BATCH_FLIES;
                *index = i;
                found = true;
            }
            waiting = waiting || f->states[i] == BATCH_WAITS;
        }
        if (!found && waiting) {
            (void)pthread_cond_wait(&f->landed, &f->lock);
        }
    }
    (void)pthread_mutex_unlock(&f->lock);
    return found;
}

static void *
fly(void *cookie)
{
    struct pilot *p = cookie;
    struct flight *f = p->flight;
    size_t i = 0;

    while (take(f, &i)) {
        p->refusals = 0;
        send_range(p, f->batches[i].from, f->batches[i].to);
        (void)pthread_mutex_lock(&f->lock);
        f->states[i] = BATCH_OVER;
        (void)pthread_cond_broadcast(&f->landed);
        (void)pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

/* Sends all batches with a few threads. Returns the exit code of what was no refusal. */
static int
send_all(struct flight *f)
{
    struct pilot pilots[FWL_IMPORT_FLIGHT_MAX] = {0};
    pthread_t threads[FWL_IMPORT_FLIGHT_MAX];
    size_t count = FWL_MIN(f->batch_count, (size_t)FWL_IMPORT_FLIGHT_MAX);
    size_t started = 0;

    for (size_t i = 0; i < count && f->exit_code == 0; i++) {
        pilots[i].flight = f;
        pilots[i].submission = fwl_malloc(sizeof(*pilots[i].submission));
        f->exit_code = pilots[i].submission == NULL ? fwl_commands_fail("release import", FWL_ERR_MEMORY)
                                                    : fwl_session_open(&pilots[i].session, f->args->node);
    }
    while (f->exit_code == 0 && started < count &&
           pthread_create(&threads[started], NULL, fly, &pilots[started]) == 0) {
        started++;
    }
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < count; i++) {
        fwl_session_close(&pilots[i].session);
        fwl_free(pilots[i].submission);
    }
    if (f->bar) {
        (void)fputc('\n', stderr);
    }
    return started == 0 && f->exit_code == 0 && count > 0 ? fwl_commands_fail("release import", FWL_ERR_MEMORY)
                                                          : f->exit_code;
}

/* Which classes and releases does the node have? Lines that it has are done. */
static int
leave_out(struct fwl_import *import, struct fwl_session *session, size_t class_index)
{
    struct fwl_http_response response;
    char path[512];
    json_t *value = NULL;
    const json_t *item = NULL;
    size_t i = 0;
    int code = 0;
    enum fwl_err err = FWL_OK;

    (void)snprintf(path, sizeof(path), "/v1/classes/%s", import->classes[class_index].name);
    err = fwl_http_get(session->http, &response, path, FWL_SUBMIT_TIMEOUT_S);
    if (err != FWL_OK || (response.status != 200 && response.status != 404)) {
        char problem[FWL_HTTP_ERROR_MAX];

        if (err == FWL_OK) {
            fwl_session_problem(problem, &response);
        }
        (void)fprintf(stderr, "fwledger: %s: %s\n", path, err == FWL_OK ? problem : response.error);
        code = err == FWL_OK ? FWL_EXIT_NO : fwl_commands_exit(err);
    } else if (response.status == 200) {
        import->classes[class_index].registered = true;
        value = json_loadb((const char *)response.body, response.size, 0, NULL);
    }
    fwl_http_response_clear(&response);
    json_array_foreach(json_object_get(value, "releases"), i, item)
    {
        const char *text = json_string_value(json_object_get(item, "id"));
        struct fwl_hash32 id;

        if (text == NULL || fwl_hex_decode(id.b, sizeof(id.b), fwl_span_text(text)) != FWL_OK) {
            continue;
        }
        for (size_t line = 0; line < import->line_count; line++) {
            if (import->lines[line].class_index == class_index && fwl_hash32_equal(&import->lines[line].id, &id)) {
                import->lines[line].state = FWL_IMPORT_THERE;
            }
        }
    }
    json_decref(value);
    return code;
}

static int
publish(struct fwl_import *import, const struct fwl_submit_args *args)
{
    struct flight f = {.lock = PTHREAD_MUTEX_INITIALIZER,
                       .landed = PTHREAD_COND_INITIALIZER,
                       .import = import,
                       .args = args,
                       .bar = isatty(STDERR_FILENO) != 0};
    struct fwl_session session;
    int code = fwl_session_open(&session, args->node);
    enum fwl_err err = FWL_OK;

    for (size_t i = 0; i < import->class_count && code == 0; i++) {
        code = leave_out(import, &session, i);
    }
    fwl_session_close(&session);
    if (code != 0) {
        return code;
    }
    err = fwl_import_plan(import, &f.batches, &f.batch_count);
    f.states = err == FWL_OK ? fwl_calloc(f.batch_count + 1, sizeof(*f.states)) : NULL;
    if (f.states == NULL) {
        code = fwl_commands_fail("release import", FWL_ERR_MEMORY);
    } else if (f.batch_count > 0) {
        f.todo = f.batches[f.batch_count - 1].to;
        code = send_all(&f);
    }
    fwl_free(f.states);
    fwl_free(f.batches);
    return code;
}

static int
summary(const struct fwl_import *import, uint64_t ms, bool json)
{
    size_t counts[4] = {0};

    for (size_t i = 0; i < import->line_count; i++) {
        counts[import->lines[i].state]++;
    }
    counts[FWL_IMPORT_FAILED] += import->bad + counts[FWL_IMPORT_TODO];
    printf(json ? "{\"published\":%zu,\"there\":%zu,\"failed\":%zu,\"seconds\":%" PRIu64 ".%03" PRIu64 "}\n"
                : "published %zu, already there %zu, failed %zu; %" PRIu64 ".%03" PRIu64 " s\n",
           counts[FWL_IMPORT_DONE], counts[FWL_IMPORT_THERE], counts[FWL_IMPORT_FAILED], ms / 1000, ms % 1000);
    return counts[FWL_IMPORT_FAILED] == 0 ? FWL_EXIT_YES : FWL_EXIT_NO;
}

static int
import_file(const char *path, const struct fwl_import_templates *templates, const struct fwl_submit_args *args)
{
    struct fwl_import import = {.path = path};
    uint64_t start = fwl_clock_mono_ms();
    FILE *file = fopen(path, "r");
    enum fwl_err err = FWL_OK;
    int code = 0;
    int result = 0;

    if (file == NULL) {
        return fwl_commands_fail_file(path, errno == ENOENT ? FWL_ERR_ABSENT : FWL_ERR_STORAGE);
    }
    err = fwl_import_read(&import, file, templates);
    (void)fclose(file);
    if (err == FWL_ERR_STORAGE) {
        (void)fprintf(stderr, "fwledger: %s: cannot be read to its end; is it a file? Nothing was published\n", path);
        fwl_import_clear(&import);
        return FWL_EXIT_CONFIG;
    }
    code = err == FWL_OK ? publish(&import, args) : fwl_commands_fail(path, err);
    result = summary(&import, fwl_clock_mono_ms() - start, args->json);
    fwl_import_clear(&import);
    return code != 0 ? code : result;
}

static int
run_import(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_import_templates templates = {0};
    const char *scheme = "";
    const char *author_path = NULL;
    struct fwl_operands operands;
    struct fwl_secret author;
    const struct fwl_option options[] = {
        {.name = "--class",
         .value_name = "TEMPLATE",
         .help = "class of a line (required)",
         .value = &templates.class_name},
        {.name = "--scheme", .value_name = "S", .help = "version scheme of new classes (required)", .value = &scheme},
        {.name = "--author-key", .value_name = "FILE", .help = "sign each record as its author", .value = &author_path},
        FWL_SUBMIT_SIGN_OPTIONS(&args)};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    templates.scheme = fwl_scheme_from_name(fwl_span_text(scheme));
    templates.participant = args.participant;
    if (templates.class_name == NULL || templates.participant == NULL || args.keys.count != 1) {
        return fwl_args_usage(self, "--class, --as and one --key are needed; each may have {provider} and {name}");
    }
    if (templates.scheme == 0) {
        return fwl_args_usage(self, "--scheme is one of semver, number, dotted, debian, opaque");
    }
    templates.key = args.keys.values[0];
    code = author_path == NULL ? 0 : fwl_commands_secret(&author, author_path, FWL_KEY_AUTHOR, FWL_KEY_AUTHOR_P256);
    if (code != 0) {
        return code;
    }
    templates.author = author_path == NULL ? NULL : &author;
    code = import_file(operands.values[0], &templates, &args);
    fwl_secret_clear(&author);
    return code;
}

const struct fwl_command fwl_commands_import[] = {
    {"release import", "FILE",
     "Publish a file with one release a line.\n"
     "What is there already is left out, so run it again after a failure. "
     "--class, --as and --key may have {provider} and {name} of the line: a provider in lower "
     "case with - for other characters, a name as it stands. "
     "Classes that do not exist are registered with --scheme.",
     "fwledger release import releases.jsonl --class 'zigbee-{provider}/{name}/image' --scheme number "
     "--as 'zigbee-{provider}' --key 'keys/zigbee-{provider}.key'",
     run_import},
    {0},
};
