/*
 * fwledger simulate, policy test, policy diff - what a policy would do, before any device meets it.
 */
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/commands.h"
#include "client/cli/lines.h"
#include "client/cli/print.h"
#include "client/cli/world.h"
#include "core/host/heap.h"

enum {
    TALLIES_SHOWN = 10, /* lines of a summary a kind; the rest is summed up */
};

/* ---- counting by text ---- */

/* How often something was said, by what it is. */
struct tally {
    struct tally *next;
    uint64_t count;
    char text[];
};

struct tallies {
    void *tree; /* of tsearch: finds one by its text */
    struct tally *all;
    size_t count;
};

static int
by_text(const void *a, const void *b)
{
    return strcmp(((const struct tally *)a)->text, ((const struct tally *)b)->text);
}

static int
by_count(const void *a, const void *b)
{
    const struct tally *x = *(struct tally *const *)a;
    const struct tally *y = *(struct tally *const *)b;

    return x->count != y->count ? (x->count > y->count ? -1 : 1) : strcmp(x->text, y->text);
}

/* One more of @text; silently none when out of memory, which the sums beside it show. */
static void
count_text(struct tallies *t, const char *text)
{
    size_t size = strlen(text) + 1;
    struct tally *one = fwl_calloc(1, sizeof(*one) + size);
    void *const *node = NULL;

    if (one == NULL) {
        return;
    }
    memcpy(one->text, text, size);
    node = tsearch(one, &t->tree, by_text);
    if (node == NULL) {
        fwl_free(one);
        return;
    }
    if (*node != one) {
        fwl_free(one);
        one = *node;
    } else {
        one->next = t->all;
        t->all = one;
        t->count++;
    }
    one->count++;
}

static void
forget(void *element)
{
    fwl_free(element);
}

/* 1234567 as "1,234,567". */
static const char *
grouped(char out[32], uint64_t n)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, n);
    size_t at = 0;

    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* The most frequent ones first, below a title, to standard error; forgets them. */
static void
print_tallies(struct tallies *t, const char *title)
{
    struct tally **sorted = fwl_calloc(t->count + 1, sizeof(struct tally *));
    uint64_t rest = 0;
    char number[32];
    size_t i = 0;

    for (struct tally *one = t->all; sorted != NULL && one != NULL; one = one->next) {
        sorted[i++] = one;
    }
    if (i > 0) {
        qsort(sorted, i, sizeof(struct tally *), by_count);
        (void)fprintf(stderr, "%s\n", title);
    }
    for (size_t k = 0; k < i; k++) {
        if (k >= TALLIES_SHOWN) {
            rest += sorted[k]->count;
            continue;
        }
        (void)fprintf(stderr, "  %10s  ", grouped(number, sorted[k]->count));
        fwl_print_text(stderr, sorted[k]->text);
        (void)fputc('\n', stderr);
    }
    if (rest > 0) {
        (void)fprintf(stderr, "  %10s  %zu others\n", grouped(number, rest), i - TALLIES_SHOWN);
    }
    fwl_free(sorted);
    tdestroy(t->tree, forget);
    *t = (struct tallies){.tree = NULL};
}

/* ---- devices, one after the other ---- */

static const char *
text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text == NULL ? "" : text;
}

static void
print_json(const json_t *value)
{
    (void)json_dumpf(value, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
}

/* Calls @take for each line of @path; a line that is no JSON, or that @take refuses, is printed and counted. */
struct pass {
    struct fwl_lines lines;
    struct fwl_world *world;
    const struct fwl_world_policy *policy;
    const struct fwl_world_policy *other; /* policy diff: the new one */
    char error[FWL_WORLD_ERROR_MAX];
    uint64_t devices, failed;
    uint64_t install, forced, current, nothing; /* of devices; policy test: forced is not used */
    uint64_t changed;
    struct tallies releases, reasons;
};

static int
each_line(struct pass *p, const char *path, int (*take)(struct pass *p, json_t *value))
{
    json_t *value = NULL;
    enum fwl_err err = FWL_OK;
    int code = fwl_lines_open(&p->lines, path);

    fwl_lines_bar(&p->lines);
    while (code == 0 && (err = fwl_lines_next(&p->lines, &value)) != FWL_ERR_ABSENT) {
        if (err == FWL_ERR_STORAGE) {
            code = fwl_commands_fail(path, err);
        } else if (err != FWL_OK) {
            p->failed++;
            fwl_lines_say(&p->lines, p->lines.error);
        } else {
            code = take(p, value);
            if (code != 0) {
                fwl_lines_say(&p->lines, p->error);
            }
            p->failed += code == FWL_EXIT_NO;
            code = code == FWL_EXIT_NO ? 0 : code; /* the line is to blame: go on */
        }
        json_decref(value);
    }
    fwl_lines_close(&p->lines);
    return code;
}

/* Of the releases that a device does not get, the one it could: the last published that is for its hardware and newer
 * than what it runs. Of others only where there is none. */
static const json_t *
main_reason(const json_t *decision)
{
    static const char *const unfit[] = {"hardware", "not-newer", "class", "region"};
    const json_t *refused = json_object_get(decision, "refused");
    const json_t *last = json_array_get(refused, json_array_size(refused) - 1);

    for (size_t i = json_array_size(refused); i > 0; i--) {
        const json_t *one = json_array_get(refused, i - 1);
        bool fits = true;

        for (size_t k = 0; k < FWL_COUNT(unfit); k++) {
            fits = fits && strcmp(text_of(one, "rule"), unfit[k]) != 0;
        }
        if (fits) {
            return one;
        }
    }
    return last;
}

/* ---- simulate ---- */

static void
count_decision(struct pass *p, const json_t *decision)
{
    const char *kind = text_of(decision, "decision");
    char text[512];

    p->devices++;
    if (strcmp(kind, "install") == 0) {
        p->install++;
        p->forced += json_is_true(json_object_get(decision, "forced"));
        (void)snprintf(text, sizeof(text), "%.255s %.64s", text_of(decision, "class"), text_of(decision, "version"));
        count_text(&p->releases, text);
    } else if (strcmp(kind, "current") == 0) {
        p->current++;
    } else {
        const json_t *why = main_reason(decision);

        p->nothing++;
        (void)snprintf(text, sizeof(text), "%.64s: %.200s", text_of(why, "rule"), text_of(why, "message"));
        count_text(&p->reasons, text);
    }
}

static int
simulate_device(struct pass *p, json_t *facts)
{
    json_t *decision = NULL;
    int code = fwl_world_decide(p->world, p->policy, &decision, p->error, facts);

    if (code == 0) {
        print_json(decision);
        count_decision(p, decision);
    }
    json_decref(decision);
    return code;
}

static void
simulate_summary(struct pass *p, bool json)
{
    char n[5][32];

    if (json) {
        (void)fprintf(stderr,
                      "{\"devices\":%" PRIu64 ",\"install\":%" PRIu64 ",\"forced\":%" PRIu64 ",\"current\":%" PRIu64
                      ",\"nothing\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n",
                      p->devices, p->install, p->forced, p->current, p->nothing, p->failed + fwl_world_bad(p->world));
        return;
    }
    (void)fprintf(stderr, "of %s devices %s would install, %s are current, %s get nothing\n", grouped(n[0], p->devices),
                  grouped(n[1], p->install), grouped(n[2], p->current), grouped(n[3], p->nothing));
    print_tallies(&p->releases, "install");
    print_tallies(&p->reasons, "nothing, because of");
    if (p->forced > 0) {
        (void)fprintf(stderr, "%s of the installations may not be declined\n", grouped(n[4], p->forced));
    }
    if (p->failed + fwl_world_bad(p->world) > 0) {
        (void)fprintf(stderr, "%s lines were left out, see above\n",
                      grouped(n[4], p->failed + fwl_world_bad(p->world)));
    }
}

static int
run_simulate(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_world_options from = {0};
    const char *policy = NULL;
    const char *devices = NULL;
    bool json = false;
    struct fwl_operands operands;
    struct fwl_world_policy *compiled = NULL;
    struct pass p = {0};
    const struct fwl_option options[] = {
        {.name = "--policy",
         .value_name = "FILE",
         .help = "a policy in place of the ledger's; needed with --releases",
         .value = &policy},
        {.name = "--devices",
         .value_name = "FILE",
         .help = "facts of devices, one a line; - is standard input (required)",
         .value = &devices},
        FWL_WORLD_OPTIONS(&from),
        {.name = "--json", .help = "the summary as one JSON object, too", .flag = &json},
    };
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 0, 0, argc, argv);

    if (code != -1) {
        return code;
    }
    if (devices == NULL) {
        return fwl_args_usage(self, "--devices FILE is missing");
    }
    if (policy == NULL && from.releases != NULL) {
        return fwl_args_usage(self, "--policy FILE is needed with --releases: a file of releases has none");
    }
    code = fwl_world_open(&p.world, self, &from);
    code = code == 0 && policy != NULL ? fwl_world_policy(&compiled, p.world, policy) : code;
    p.policy = compiled;
    code = code == 0 ? each_line(&p, devices, simulate_device) : code;
    if (code == 0) {
        simulate_summary(&p, json);
        code = p.failed + fwl_world_bad(p.world) == 0 ? FWL_EXIT_YES : FWL_EXIT_NO;
    }
    fwl_world_policy_free(compiled);
    fwl_world_close(p.world);
    return code;
}

/* ---- policy test ---- */

/* Is everything that @want says true of @got? Members of an object that it does not name may be anything; each element
 * of a list that it names must be there. */
static bool
says(const json_t *got, const json_t *want) /* NOLINT(misc-no-recursion): as deep as the case file, jansson's limit */
{
    const char *key = NULL;
    json_t *member = NULL;
    const json_t *element = NULL;
    size_t i = 0;

    if (json_is_object(want)) {
        json_object_foreach((json_t *)(uintptr_t)want, key, member)
        {
            if (!says(json_object_get(got, key), member)) {
                return false;
            }
        }
        return json_is_object(got);
    }
    if (!json_is_array(want)) {
        return json_equal(got, want);
    }
    json_array_foreach(want, i, element)
    {
        const json_t *other = NULL;
        bool found = false;
        size_t k = 0;

        json_array_foreach(got, k, other)
        {
            found = found || says(other, element);
        }
        if (!found) {
            return false;
        }
    }
    return json_is_array(got);
}

/* {"name": ..., "device": {facts}, "expect": {members of the decision}} */
static int
test_case(struct pass *p, json_t *value)
{
    json_t *facts = json_object_get(value, "device");
    const json_t *want = json_object_get(value, "expect");
    json_t *decision = NULL;
    char *wanted = NULL;
    char *got = NULL;
    int code = FWL_EXIT_NO;

    if (!json_is_object(facts) || !json_is_object(want) || json_object_size(want) == 0) {
        (void)snprintf(p->error, sizeof(p->error),
                       "a case is {\"name\", \"device\": {facts}, \"expect\": {members of "
                       "the decision, at least one}}");
        return code;
    }
    code = fwl_world_decide(p->world, p->policy, &decision, p->error, facts);
    if (code == 0 && says(decision, want)) {
        p->devices++;
    } else if (code == 0) {
        wanted = json_dumps(want, JSON_COMPACT | JSON_SORT_KEYS);
        got = json_dumps(decision, JSON_COMPACT);
        (void)snprintf(p->error, sizeof(p->error), "%s: expected %s, got %s", text_of(value, "name"),
                       wanted == NULL ? "?" : wanted, got == NULL ? "?" : got);
        code = FWL_EXIT_NO;
    }
    free(wanted); /* of jansson, so of the C library */
    free(got);
    json_decref(decision);
    return code;
}

static int
run_test(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_world_options from = {0};
    struct fwl_operands operands;
    struct fwl_world_policy *compiled = NULL;
    struct pass p = {0};
    bool json = false;
    const struct fwl_option options[] = {FWL_WORLD_OPTIONS(&from),
                                         {.name = "--json", .help = "the totals as one JSON object", .flag = &json}};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    code = fwl_world_open(&p.world, self, &from);
    code = code == 0 ? fwl_world_policy(&compiled, p.world, operands.values[0]) : code;
    p.policy = compiled;
    code = code == 0 ? each_line(&p, operands.values[1], test_case) : code;
    if (code == 0 && p.devices + p.failed == 0) {
        (void)fprintf(stderr, "fwledger: %s: there is no case in it\n", operands.values[1]);
        code = FWL_EXIT_NO;
    } else if (code == 0) {
        p.failed += fwl_world_bad(p.world);
        printf(json ? "{\"passed\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n" : "%" PRIu64 " passed, %" PRIu64 " failed\n",
               p.devices, p.failed);
        code = p.failed == 0 ? FWL_EXIT_YES : FWL_EXIT_NO;
    }
    fwl_world_policy_free(compiled);
    fwl_world_close(p.world);
    return code;
}

/* ---- policy diff ---- */

/* "install 2.3.4", "current", "nothing: charged" */
static void
outcome(char *out, size_t room, const json_t *decision)
{
    const char *kind = text_of(decision, "decision");

    if (strcmp(kind, "install") == 0) {
        (void)snprintf(out, room, "install %s%s", text_of(decision, "version"),
                       json_is_true(json_object_get(decision, "forced")) ? " (forced)" : "");
    } else if (strcmp(kind, "nothing") == 0) {
        (void)snprintf(out, room, "nothing: %s", text_of(main_reason(decision), "rule"));
    } else {
        (void)snprintf(out, room, "%s", kind);
    }
}

static int
diff_device(struct pass *p, json_t *facts)
{
    json_t *before = NULL;
    json_t *after = NULL;
    char was[160];
    char is[160];
    char text[384];
    int code = fwl_world_decide(p->world, p->policy, &before, p->error, facts);

    code = code == 0 ? fwl_world_decide(p->world, p->other, &after, p->error, facts) : code;
    if (code == 0) {
        p->devices++;
        outcome(was, sizeof(was), before);
        outcome(is, sizeof(is), after);
        if (strcmp(was, is) != 0) {
            json_t *line = json_pack("{s:O?,s:O?,s:O,s:O}", "device", json_object_get(before, "device"), "class",
                                     json_object_get(before, "class"), "before", before, "after", after);

            p->changed++;
            (void)snprintf(text, sizeof(text), "%s -> %s", was, is);
            count_text(&p->reasons, text);
            print_json(line);
            json_decref(line);
        }
    }
    json_decref(before);
    json_decref(after);
    return code;
}

static int
run_diff(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_world_options from = {0};
    const char *devices = NULL;
    struct fwl_operands operands;
    struct fwl_world_policy *compiled[2] = {0};
    struct pass p = {0};
    char n[2][32];
    const struct fwl_option options[] = {
        {.name = "--devices",
         .value_name = "FILE",
         .help = "facts of devices, one a line; - is standard input (required)",
         .value = &devices},
        FWL_WORLD_OPTIONS(&from),
    };
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    if (devices == NULL) {
        return fwl_args_usage(self, "--devices FILE is missing");
    }
    if (from.releases != NULL && operands.count == 1) {
        return fwl_args_usage(self, "OLD is needed with --releases: a file of releases has no policy in force");
    }
    code = fwl_world_open(&p.world, self, &from);
    for (size_t i = 0; i < operands.count && code == 0; i++) {
        code = fwl_world_policy(&compiled[i], p.world, operands.values[i]);
    }
    p.policy = operands.count == 2 ? compiled[0] : NULL;
    p.other = operands.count == 2 ? compiled[1] : compiled[0];
    code = code == 0 ? each_line(&p, devices, diff_device) : code;
    if (code == 0) {
        (void)fprintf(stderr, "of %s devices %s get another answer\n", grouped(n[0], p.devices),
                      grouped(n[1], p.changed));
        print_tallies(&p.reasons, "changes");
        code = p.failed + fwl_world_bad(p.world) == 0 ? FWL_EXIT_YES : FWL_EXIT_NO;
    }
    fwl_world_policy_free(compiled[0]);
    fwl_world_policy_free(compiled[1]);
    fwl_world_close(p.world);
    return code;
}

const struct fwl_command fwl_commands_simulate[] = {
    {"simulate", "",
     "What devices would be told: one decision a line, and a summary on standard error.\n"
     "Releases come from a file, a node, or the data of a stopped node; the policy is the\n"
     "ledger's, or a file.",
     "fwledger simulate --policy policy.yaml --releases releases.jsonl --devices devices.jsonl >decisions.jsonl\n"
     "fwledger simulate --policy policy.yaml --node http://127.0.0.1:7200 --devices devices.jsonl\n"
     "fwledger simulate --data node4 --at 2026-03-01T00:00:00Z --devices devices.jsonl",
     run_simulate},
    {"policy test", "FILE CASES",
     "Decide the cases of a file with a policy, and compare: one case a line,\n"
     "{\"name\", \"device\": {facts}, \"expect\": {members of the decision}}.",
     "fwledger policy test policy.yaml cases.jsonl --releases releases.jsonl", run_test},
    {"policy diff", "[OLD] NEW",
     "Which devices would get another decision under NEW than under OLD, or, without OLD, than\n"
     "under the policy in force: one line each, and a summary on standard error.",
     "fwledger policy diff policy.yaml --devices devices.jsonl\n"
     "fwledger policy diff old.yaml new.yaml --releases releases.jsonl --devices devices.jsonl",
     run_diff},
    {0},
};
