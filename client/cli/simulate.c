/*
 * fwledger simulate - what a policy would do to a fleet, before any device meets it.
 */
#include <inttypes.h>

#include "client/cli/commands.h"
#include "client/cli/pass.h"
#include "client/cli/tally.h"
#include "core/host/heap.h"

struct simulation {
    struct fwl_pass pass;
    const struct fwl_world_policy *policy;
    uint64_t devices, install, forced, current, nothing;
    struct fwl_tally releases, reasons, dry_run;
};

/* Rules in dry-run that would have had a say about the release that is installed, or about the one that is not. */
static void
count_dry_run(struct simulation *s, const struct fwl_json_decision *d, uint64_t mask)
{
    static const char *const would[] = {[FWL_EFFECT_PERMIT] = "permit it",
                                        [FWL_EFFECT_REQUIRE] = "refuse it",
                                        [FWL_EFFECT_FORBID] = "refuse it",
                                        [FWL_EFFECT_FORCE] = "force it"};
    char text[128];
    struct fwl_reader it;
    struct fwl_rule rule;

    fwl_list_begin(&it, d->policy->rules);
    for (unsigned i = 0; i < FWL_POLICY_RULES_MAX && fwl_policy_next_rule(&it, &rule); i++) {
        if ((mask >> i & 1) != 0) {
            (void)snprintf(text, sizeof(text), "%.*s would %s", (int)rule.name.size, (const char *)rule.name.p,
                           would[rule.effect]);
            fwl_tally_add(&s->dry_run, text);
        }
    }
}

static void
count_decision(struct simulation *s, const struct fwl_json_decision *d)
{
    struct fwl_json_reason why;
    char text[512];

    s->devices++;
    switch (d->decision->kind) {
    case FWL_DECISION_INSTALL:
        s->install++;
        s->forced += d->decision->forced;
        (void)snprintf(text, sizeof(text), "%.*s %.*s", (int)d->facts->class_name.size,
                       (const char *)d->facts->class_name.p, (int)d->version.size, (const char *)d->version.p);
        fwl_tally_add(&s->releases, text);
        if (d->candidates[d->decision->chosen].dry_run != 0) {
            count_dry_run(s, d, d->candidates[d->decision->chosen].dry_run);
        }
        break;
    case FWL_DECISION_CURRENT: s->current++; break;
    case FWL_DECISION_NOTHING:
        s->nothing++;
        fwl_pass_reason(&why, d);
        (void)snprintf(text, sizeof(text), "%.*s: %.*s", (int)why.rule.size, (const char *)why.rule.p,
                       (int)why.message.size, (const char *)why.message.p);
        fwl_tally_add(&s->reasons, text);
        break;
    }
}

static int
simulate_device(struct fwl_pass *pass, void *cookie, json_t *facts)
{
    struct simulation *s = cookie;
    const struct fwl_json_decision *d = NULL;
    int code = fwl_world_decide(pass->world, s->policy, &d, pass->error, facts);

    if (code == 0) {
        fwl_pass_print(fwl_pass_text(pass, d));
        fwl_pass_print(fwl_span_text("\n"));
        count_decision(s, d);
    }
    return code;
}

static void
summary(const struct simulation *s, bool json)
{
    uint64_t failed = s->pass.failed + fwl_world_bad(s->pass.world);
    char n[5][FWL_TALLY_NUMBER];

    if (json) {
        (void)fprintf(stderr,
                      "{\"devices\":%" PRIu64 ",\"install\":%" PRIu64 ",\"forced\":%" PRIu64 ",\"current\":%" PRIu64
                      ",\"nothing\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n",
                      s->devices, s->install, s->forced, s->current, s->nothing, failed);
        return;
    }
    fwl_world_describe(stderr, s->pass.world);
    (void)fprintf(stderr, "of %s device%s %s would install, %s %s current, %s get%s nothing\n",
                  fwl_tally_number(n[0], s->devices), s->devices == 1 ? "" : "s", fwl_tally_number(n[1], s->install),
                  fwl_tally_number(n[2], s->current), s->current == 1 ? "is" : "are",
                  fwl_tally_number(n[3], s->nothing), s->nothing == 1 ? "s" : "");
    fwl_tally_print(stderr, &s->releases, "install");
    fwl_tally_print(stderr, &s->reasons, "nothing, because of");
    fwl_tally_print(stderr, &s->dry_run, "rules in dry-run, of what is installed");
    if (s->forced > 0) {
        (void)fprintf(stderr, "%s of the installations may not be declined\n", fwl_tally_number(n[4], s->forced));
    }
    fwl_pass_left_out(failed);
}

static int
simulate(struct simulation *s, const struct fwl_command *self, const struct fwl_world_options *from, const char *policy,
         const char *devices)
{
    struct fwl_world_policy *compiled = NULL;
    int code = fwl_world_open(&s->pass.world, self, from);

    code = code == 0 && policy != NULL ? fwl_world_policy(&compiled, s->pass.world, policy) : code;
    s->policy = compiled;
    code = code == 0 ? fwl_pass_lines(&s->pass, devices, simulate_device, s) : code;
    fwl_world_policy_free(compiled);
    return code;
}

static int
run_simulate(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_world_options from = {0};
    const char *policy = NULL;
    const char *devices = NULL;
    bool json = false;
    struct fwl_operands operands;
    struct simulation *s = NULL;
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
        {.name = "--json", .help = "the summary as one JSON object", .flag = &json},
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
    s = fwl_calloc(1, sizeof(*s));
    if (s == NULL) {
        return fwl_commands_fail("simulate", FWL_ERR_MEMORY);
    }
    code = simulate(s, self, &from, policy, devices);
    if (code == 0) {
        summary(s, json);
        code = s->pass.failed + fwl_world_bad(s->pass.world) == 0 ? FWL_EXIT_YES : FWL_EXIT_NO;
    }
    fwl_tally_clear(&s->releases);
    fwl_tally_clear(&s->reasons);
    fwl_tally_clear(&s->dry_run);
    fwl_world_close(s->pass.world);
    fwl_free(s);
    return code;
}

const struct fwl_command fwl_commands_simulate[] = {
    {"simulate", "",
     "What devices would be told: one decision a line, and a summary on standard error.\n"
     "Releases come from a file, a node, a node's folder, or a snapshot; the policy is the ledger's,\n"
     "or a file. Without --releases, --data and --snapshot the node of --node or $FWLEDGER_NODE is asked.",
     "fwledger simulate --policy policy.yaml --releases releases.jsonl --devices devices.jsonl >decisions.jsonl\n"
     "fwledger simulate --policy policy.yaml --node http://127.0.0.1:7200 --devices devices.jsonl\n"
     "fwledger simulate --data node4 --at 2026-03-01T00:00:00Z --devices devices.jsonl",
     run_simulate},
    {0},
};
