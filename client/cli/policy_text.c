#include "client/cli/policy_text.h"

#include <inttypes.h>

#include "core/time.h"

/* A text in double quotes, escaped as YAML and JSON do. */
static void
quoted(FILE *to, struct fwl_span text)
{
    (void)fputc('"', to);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.p[i];

        if (c == '"' || c == '\\') {
            (void)fprintf(to, "\\%c", c);
        } else if (c == '\n') {
            (void)fputs("\\n", to);
        } else if (c < ' ' || c == 0x7f) {
            (void)fprintf(to, "\\x%02x", c);
        } else if (c == 0xc2 && i + 1 < text.size && text.p[i + 1] < 0xa0) { /* U+0080 to U+009F are no text of YAML */
            (void)fprintf(to, "\\x%02x", text.p[++i]);
        } else {
            (void)fputc(c, to);
        }
    }
    (void)fputc('"', to);
}

static void
quoted_list(FILE *to, struct fwl_list list)
{
    struct fwl_reader it;
    struct fwl_span text;
    const char *comma = "";

    (void)fputc('[', to);
    for (fwl_list_begin(&it, list); fwl_list_next_text(&it, &text); comma = ", ") {
        (void)fputs(comma, to);
        quoted(to, text);
    }
    (void)fputc(']', to);
}

/* The largest unit that divides it. */
static void
duration(FILE *to, uint64_t ms)
{
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};

    for (size_t i = 0; i < FWL_COUNT(units); i++) {
        if (ms > 0 && ms % units[i].ms == 0) {
            (void)fprintf(to, "%" PRIu64 "%s", ms / units[i].ms, units[i].unit);
            return;
        }
    }
    (void)fprintf(to, "%" PRIu64 "ms", ms);
}

static void
print_param(FILE *to, const struct fwl_param *param)
{
    char text[FWL_TIME_TEXT_SIZE];

    (void)fprintf(to, "  %.*s: ", (int)param->name.size, (const char *)param->name.p);
    switch ((enum fwl_param_kind)param->kind) {
    case FWL_PARAM_INT: (void)fprintf(to, "%" PRId64, param->number); break;
    case FWL_PARAM_TEXT: quoted(to, param->text); break;
    case FWL_PARAM_BOOL: (void)fputs(param->number != 0 ? "true" : "false", to); break;
    case FWL_PARAM_DURATION: duration(to, (uint64_t)param->number / 1000000); break;
    case FWL_PARAM_TIMESTAMP:
        fwl_time_text(text, (uint64_t)param->number * 1000);
        (void)fputs(text, to);
        break;
    }
    (void)fputc('\n', to);
}

static void
print_rule(FILE *to, const struct fwl_rule_source *rule)
{
    static const char *const effects[] = {"permit", "require", "forbid", "force"};

    (void)fprintf(to, "  - name: ");
    quoted(to, rule->name);
    (void)fprintf(to, "\n    effect: %s\n", effects[rule->effect - 1]);
    if ((rule->has & FWL_HAS(3)) != 0) {
        (void)fprintf(to, "    classes: ");
        quoted_list(to, rule->classes);
        (void)fputc('\n', to);
    }
    (void)fprintf(to, "    when: ");
    quoted(to, rule->when);
    (void)fputc('\n', to);
    if ((rule->has & FWL_HAS(5)) != 0) {
        (void)fprintf(to, "    message: ");
        quoted(to, rule->message);
        (void)fputc('\n', to);
    }
    if ((rule->has & FWL_HAS(6)) != 0 && rule->dry_run) {
        (void)fprintf(to, "    mode: dry-run\n");
    }
    if ((rule->has & FWL_HAS(7)) != 0) {
        (void)fprintf(to, "    rollback: %s\n", rule->rollback ? "true" : "false");
    }
}

static void
print_template(FILE *to, const struct fwl_template *t)
{
    struct fwl_reader it;
    struct fwl_stage stage;

    (void)fprintf(to, "  ");
    quoted(to, t->name);
    (void)fprintf(to, ":\n    stages:\n");
    for (fwl_list_begin(&it, t->stages); fwl_policy_next_stage(&it, &stage);) {
        (void)fprintf(to, "      - {percent: %" PRIu64, stage.percent);
        if (stage.hold_ms > 0) {
            (void)fprintf(to, ", hold: ");
            duration(to, stage.hold_ms);
        }
        (void)fprintf(to, "}\n");
    }
    (void)fprintf(to, "    advance_when: ");
    quoted(to, t->advance_when);
    (void)fprintf(to, "\n    halt_when: ");
    quoted(to, t->halt_when);
    (void)fprintf(to, "\n    auto_last: %s\n", t->auto_last ? "true" : "false");
}

static void
print_head(FILE *to, struct fwl_span fleet, const struct fwl_policy_source *source)
{
    (void)fprintf(to, "fleet: %.*s\nselect: %s\nmax_age: ", (int)fleet.size, (const char *)fleet.p,
                  source->select == FWL_SELECT_HIGHEST ? "highest" : "listed");
    duration(to, source->max_age_ms);
    (void)fputc('\n', to);
    if ((source->has & FWL_HAS(3)) != 0) {
        (void)fputs("staged: ", to);
        quoted_list(to, source->staged);
        (void)fputc('\n', to);
    }
}

void
fwl_policy_text_print(FILE *to, struct fwl_span fleet, const struct fwl_policy_source *source)
{
    struct fwl_reader it;
    struct fwl_param param;
    struct fwl_rule_source rule;
    struct fwl_template t;

    print_head(to, fleet, source);
    if ((source->has & FWL_HAS(4)) != 0) {
        (void)fputs("params:\n", to);
        for (fwl_list_begin(&it, source->params); fwl_policy_next_param(&it, &param);) {
            print_param(to, &param);
        }
    }
    if ((source->has & FWL_HAS(5)) != 0) {
        (void)fprintf(to, "trackers: {k: %" PRIu64 ", of: ", source->trackers.k);
        quoted_list(to, source->trackers.of);
        (void)fputs("}\n", to);
    }
    if ((source->has & FWL_HAS(6)) != 0) {
        (void)fputs("approvers: ", to);
        quoted_list(to, source->approvers);
        (void)fputc('\n', to);
    }
    if ((source->has & FWL_HAS(7)) != 0) {
        (void)fputs("rules:\n", to);
        for (fwl_list_begin(&it, source->rules); fwl_policy_next_rule_source(&it, &rule);) {
            print_rule(to, &rule);
        }
    }
    if ((source->has & FWL_HAS(8)) != 0) {
        (void)fputs("rollouts:\n", to);
        for (fwl_list_begin(&it, source->templates); fwl_policy_next_template_source(&it, &t);) {
            print_template(to, &t);
        }
    }
}
