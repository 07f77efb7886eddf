/*
 * fwledger policy test, policy diff - cases with what is expected; what changes between two policies.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "client/cli/commands.h"
#include "client/cli/pass.h"
#include "client/cli/print.h"
#include "client/cli/tally.h"
#include "core/host/heap.h"

struct trial {
    struct fwl_pass pass;
    struct fwl_world_policy *compiled[2]; /* as given */
    const struct fwl_world_policy *policy;
    const struct fwl_world_policy *other; /* diff: the new one */
    uint64_t count;                       /* cases that pass, or devices */
    uint64_t changed;
    struct fwl_tally changes;
    uint8_t before[FWL_JSON_DECISION_MAX];
};

static int
open_trial(struct trial *t, const struct fwl_command *self, const struct fwl_world_options *from,
           const char *const *policies, size_t count)
{
    int code = fwl_world_open(&t->pass.world, self, from);

    for (size_t i = 0; i < count && code == 0; i++) {
        code = fwl_world_policy(&t->compiled[i], t->pass.world, policies[i]);
    }
    return code;
}

static void
close_trial(struct trial *t)
{
    fwl_world_policy_free(t->compiled[0]);
    fwl_world_policy_free(t->compiled[1]);
    fwl_world_close(t->pass.world);
    fwl_tally_clear(&t->changes);
    fwl_free(t);
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

/* Appends "MEMBER: expected ..., decided ..." for a member of @want that @got does not say. */
static void
explain(char *out, size_t room, const char *member, const json_t *want, const json_t *got)
{
    size_t size = strlen(out);
    char *wanted = json_dumps(want, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    char *is = got == NULL ? NULL : json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);

    (void)snprintf(out + size, room - size, "; %s: expected %.300s, decided %.300s", member,
                   wanted == NULL ? "?" : wanted, is == NULL ? "none" : is);
    free(wanted); /* of jansson, so of the C library */
    free(is);
}

static int
compare_case(struct fwl_pass *pass, const char *name, json_t *want, const struct fwl_json_decision *d)
{
    json_t *got = fwl_json_decision(d);
    const char *member = NULL;
    json_t *value = NULL;
    bool passes = says(got, want);
    char outcome[160];
    size_t size = 0;

    (void)snprintf(pass->error, sizeof(pass->error), "%.200s", name);
    json_object_foreach(want, member, value)
    {
        if (!says(json_object_get(got, member), value)) {
            explain(pass->error, sizeof(pass->error), member, value, json_object_get(got, member));
        }
    }
    fwl_pass_outcome(outcome, sizeof(outcome), d);
    size = strlen(pass->error);
    (void)snprintf(pass->error + size, sizeof(pass->error) - size, " (%s)", outcome);
    json_decref(got);
    return passes ? 0 : FWL_EXIT_NO;
}

/* {"name": ..., "device": {facts}, "expect": {members of the decision}} */
static int
test_case(struct fwl_pass *pass, void *cookie, json_t *value)
{
    struct trial *t = cookie;
    const char *name = json_string_value(json_object_get(value, "name"));
    json_t *facts = json_object_get(value, "device");
    json_t *want = json_object_get(value, "expect");
    const struct fwl_json_decision *d = NULL;
    int code = 0;

    if (!json_is_object(facts) || !json_is_object(want) || json_object_size(want) == 0) {
        (void)snprintf(
            pass->error, sizeof(pass->error),
            "a case is {\"name\", \"device\": {facts}, \"expect\": {members of the decision, at least one}}");
        return FWL_EXIT_NO;
    }
    code = fwl_world_decide(pass->world, t->policy, &d, pass->error, facts);
    if (code != 0) {
        return code;
    }
    code = compare_case(pass, name == NULL ? "a case without a name" : name, want, d);
    t->count += code == 0;
    return code;
}

static int
run_test(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_world_options from = {0};
    struct fwl_operands operands;
    struct trial *t = NULL;
    bool json = false;
    const struct fwl_option options[] = {FWL_WORLD_OPTIONS(&from),
                                         {.name = "--json", .help = "the totals as one JSON object", .flag = &json}};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    t = fwl_calloc(1, sizeof(*t));
    if (t == NULL) {
        return fwl_commands_fail(self->name, FWL_ERR_MEMORY);
    }
    code = open_trial(t, self, &from, operands.values, 1);
    if (code == 0) {
        t->policy = t->compiled[0];
        code = fwl_pass_lines(&t->pass, operands.values[1], test_case, t);
    }
    if (code == 0 && t->count + t->pass.failed == 0) {
        (void)fprintf(stderr, "fwledger: %s: there is no case in it\n", operands.values[1]);
        code = FWL_EXIT_NO;
    } else if (code == 0) {
        t->pass.failed += fwl_world_bad(t->pass.world);
        printf(json ? "{\"passed\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n" : "%" PRIu64 " passed, %" PRIu64 " failed\n",
               t->count, t->pass.failed);
        code = t->pass.failed == 0 ? FWL_EXIT_YES : FWL_EXIT_NO;
    }
    close_trial(t);
    return code;
}

/* ---- policy diff ---- */

/* {"device", "class", "before", "after"}, the latter two decisions. */
static void
print_change(struct fwl_pass *pass, struct fwl_span before, const struct fwl_json_decision *d)
{
    struct fwl_span after = fwl_pass_text(pass, d);
    size_t shared = 0; /* both decisions begin with device and class */

    while (shared < after.size && memcmp(after.p + shared, ",\"decision\":", 12) != 0) {
        shared++;
    }
    fwl_pass_print(fwl_span(after.p, shared));
    fwl_pass_print(fwl_span_text(",\"before\":"));
    fwl_pass_print(before);
    fwl_pass_print(fwl_span_text(",\"after\":"));
    fwl_pass_print(after);
    fwl_pass_print(fwl_span_text("}\n"));
}

static int
diff_device(struct fwl_pass *pass, void *cookie, json_t *facts)
{
    struct trial *t = cookie;
    const struct fwl_json_decision *d = NULL;
    struct fwl_span before = {0};
    size_t chosen = 0;
    char was[160];
    char is[160];
    char text[384];
    int code = fwl_world_decide(pass->world, t->policy, &d, pass->error, facts);

    if (code == 0) {
        before = fwl_pass_text(pass, d);
        memcpy(t->before, before.p, before.size);
        before.p = t->before;
        chosen = d->decision->chosen;
        fwl_pass_outcome(was, sizeof(was), d);
        code = fwl_world_decide(pass->world, t->other, &d, pass->error, facts);
    }
    if (code != 0) {
        return code;
    }
    t->count++;
    fwl_pass_outcome(is, sizeof(is), d);
    if (strcmp(was, is) != 0 || chosen != d->decision->chosen) {
        t->changed++;
        (void)snprintf(text, sizeof(text), "%s -> %s", was, is);
        fwl_tally_add(&t->changes, text);
        print_change(pass, before, d);
    }
    return 0;
}

static int
run_diff(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_world_options from = {0};
    const char *devices = NULL;
    struct fwl_operands operands;
    struct trial *t = NULL;
    char n[2][FWL_TALLY_NUMBER];
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
    t = fwl_calloc(1, sizeof(*t));
    if (t == NULL) {
        return fwl_commands_fail(self->name, FWL_ERR_MEMORY);
    }
    code = open_trial(t, self, &from, operands.values, operands.count);
    if (code == 0) {
        t->policy = operands.count == 2 ? t->compiled[0] : NULL;
        t->other = t->compiled[operands.count - 1];
        code = fwl_pass_lines(&t->pass, devices, diff_device, t);
    }
    if (code == 0) {
        uint64_t failed = t->pass.failed + fwl_world_bad(t->pass.world);

        (void)fprintf(stderr, "of %s device%s %s get%s another answer\n", fwl_tally_number(n[0], t->count),
                      t->count == 1 ? "" : "s", fwl_tally_number(n[1], t->changed), t->changed == 1 ? "s" : "");
        fwl_tally_print(stderr, &t->changes, "changes");
        fwl_pass_left_out(failed);
        code = failed == 0 ? FWL_EXIT_YES : FWL_EXIT_NO;
    }
    close_trial(t);
    return code;
}

const struct fwl_command fwl_commands_policy_try[] = {
    {"policy test", "FILE CASES",
     "Decide the cases of a file with a policy, and compare.\n"
     "One case a line: {\"name\", \"device\": {facts}, \"expect\": {members of the decision}}.",
     "fwledger policy test policy.yaml cases.jsonl --releases releases.jsonl", run_test},
    {"policy diff", "[OLD] NEW",
     "Which devices would get another decision under a new policy.\n"
     "One line each, and a summary on standard error. Without OLD the policy in force is the old one.",
     "fwledger policy diff policy.yaml --devices devices.jsonl\n"
     "fwledger policy diff old.yaml new.yaml --releases releases.jsonl --devices devices.jsonl",
     run_diff},
    {0},
};
