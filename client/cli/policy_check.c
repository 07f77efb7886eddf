#include "client/cli/policy_check.h"

#include <inttypes.h>

#include "client/cli/commands.h"
#include "client/cli/print.h"

static enum fwl_err
scheme_of(void *cookie, uint64_t *scheme, struct fwl_span class_name)
{
    const struct fwl_policy_check *c = cookie;

    if (c->scheme_of != NULL) {
        return c->scheme_of(c->cookie, scheme, class_name);
    }
    *scheme = FWL_SCHEME_DOTTED;
    return FWL_OK;
}

/* "fwledger: policy.yaml:12:8: " */
static void
print_head(const struct fwl_policy_check *c, const struct fwl_place *place)
{
    (void)fprintf(stderr, "fwledger: %s:", c->path);
    if (place->at.line != 0) {
        (void)fprintf(stderr, "%zu:%zu:", place->at.line, place->at.column);
    }
    (void)fputc(' ', stderr);
}

/* One condition that does not compile: of which rule, why, the place, what to write instead. */
static void
refused(void *cookie, const struct fwl_policy_compiler *compiler)
{
    const struct fwl_policy_check *c = cookie;
    const struct fwl_cel_diagnostic *d = &compiler->diagnostic;
    const char *part = strrchr(compiler->field, '.'); /* policy.rules.when, policy.rollouts.halt_when */
    struct fwl_place place;

    fwl_policy_file_find_text(&place, &c->file, compiler->text, d->offset);
    print_head(c, &place);
    (void)fprintf(stderr, "%.*s: ", (int)compiler->name.size, (const char *)compiler->name.p);
    if (strcmp(part, ".when") != 0) {
        (void)fprintf(stderr, "%s: ", part + 1);
    }
    fwl_print_text(stderr, d->message);
    (void)fputc('\n', stderr);
    fwl_place_print(stderr, &place);
    if (d->hint[0] != '\0') {
        (void)fputs("    hint: ", stderr);
        fwl_print_text(stderr, d->hint);
        (void)fputc('\n', stderr);
    } else if (d->err == FWL_ERR_UNKNOWN && strcmp(part, ".when") != 0) {
        (void)fputs("    hint: conditions of a rollout know now, params.* and rollout.*\n", stderr);
    }
}

/* What a field that the decoder refuses must look like; empty where the error says enough. */
static const char *
form_of(const char *field)
{
    static const struct {
        const char *field, *form;
    } forms[] = {
        {"rule.name", "lower-case letters, digits and hyphens, at most 63"},
        {"template.name", "lower-case letters, digits and hyphens, at most 63"},
        {"policy.params", "names have letters, digits and underscores and begin with no digit, at most 63"},
        {"rule.classes", "vendor/model/component, * for a whole part"},
        {"policy.staged", "vendor/model/component, * for a whole part"},
        {"policy.trackers", "ids of participants, and k at most their number"},
        {"policy.approvers", "ids of participants"},
    };

    for (size_t i = 0; i < FWL_COUNT(forms); i++) {
        if (strcmp(forms[i].field, field) == 0) {
            return forms[i].form;
        }
    }
    return "";
}

static void
print_limit(const struct fwl_policy_check *c)
{
    const struct fwl_policy_compiler *compiler = &c->compiler;
    struct fwl_place place = {.at = {0}};

    if (compiler->most == 0) {
        (void)fprintf(stderr, "fwledger: %s: %s: %s\n", c->path, compiler->field, compiler->why);
        return;
    }
    fwl_policy_file_find_text(&place, &c->file, compiler->name, 0);
    print_head(c, &place);
    (void)fprintf(
        stderr,
        "all rules together may cost %" PRIu64 " units, %d are possible; the dearest is %.*s with %" PRIu64 "\n",
        compiler->cost, FWL_CEL_POLICY_COST, (int)compiler->name.size, (const char *)compiler->name.p, compiler->most);
    fwl_place_print(stderr, &place);
}

int
fwl_policy_check_load(struct fwl_policy_check *check, const char *path)
{
    struct fwl_fault fault = {0};
    struct fwl_place place;
    enum fwl_err err = fwl_policy_file_load(&check->file, path);

    check->path = path;
    if (err != FWL_OK) {
        (void)fputs("fwledger: ", stderr);
        fwl_print_text(stderr, check->file.error);
        (void)fputc('\n', stderr);
        fwl_place_print(stderr, &check->file.place);
        return FWL_EXIT_CONFIG;
    }
    err = fwl_policy_source_decode(&check->source, &fault, fwl_span(check->file.source, check->file.source_size));
    if (err != FWL_OK) {
        fwl_policy_file_find(&place, &check->file, fault.offset);
        print_head(check, &place);
        (void)fprintf(stderr, "%s: %s\n", fault.field, fwl_err_text(err));
        fwl_place_print(stderr, &place);
        if (form_of(fault.field)[0] != '\0') {
            (void)fprintf(stderr, "    hint: %s\n", form_of(fault.field));
        }
        return FWL_EXIT_NO;
    }
    check->compiler.scheme_of = scheme_of;
    check->compiler.refused = refused;
    check->compiler.cookie = check;
    err = fwl_policy_compile(&check->compiler, &check->entry, &check->source);
    if (err == FWL_ERR_LIMIT) {
        print_limit(check);
    }
    check->entry.version = 1;
    return err == FWL_OK ? 0 : err == FWL_ERR_RULE || err == FWL_ERR_LIMIT ? FWL_EXIT_NO : -1;
}

void
fwl_policy_check_clear(struct fwl_policy_check *check)
{
    fwl_policy_file_clear(&check->file);
}
