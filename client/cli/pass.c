#include "client/cli/pass.h"

#include <string.h>

#include "client/cli/commands.h"
#include "client/cli/print.h"
#include "client/cli/tally.h"

static int
take_line(struct fwl_pass *pass, int (*take)(struct fwl_pass *pass, void *cookie, json_t *value), void *cookie,
          json_t *value)
{
    int code = take(pass, cookie, value);

    if (code == FWL_EXIT_NO) { /* the line is to blame: go on */
        fwl_lines_say(&pass->lines, pass->error);
        pass->failed++;
        return 0;
    }
    if (code != 0) {
        fwl_bar_wipe(&pass->lines.bar);
        (void)fputs("fwledger: ", stderr);
        fwl_print_text(stderr, pass->error);
        (void)fputc('\n', stderr);
    }
    return code;
}

int
fwl_pass_lines(struct fwl_pass *pass, const char *path, int (*take)(struct fwl_pass *pass, void *cookie, json_t *value),
               void *cookie)
{
    json_t *value = NULL;
    enum fwl_err err = FWL_OK;
    int code = fwl_lines_open(&pass->lines, path);

    fwl_lines_bar(&pass->lines, "deciding");
    while (code == 0 && (err = fwl_lines_next(&pass->lines, &value)) != FWL_ERR_ABSENT) {
        if (err == FWL_ERR_STORAGE || err == FWL_ERR_MEMORY) {
            code = fwl_commands_fail_file(path, err);
        } else if (err != FWL_OK) {
            pass->failed++;
            fwl_lines_say(&pass->lines, pass->lines.error);
        } else {
            code = take_line(pass, take, cookie, value);
        }
        json_decref(value);
        if (code == 0 && ferror(stdout)) {
            break;
        }
    }
    fwl_lines_close(&pass->lines);
    return code == 0 ? fwl_commands_flush() : code;
}

struct fwl_span
fwl_pass_text(struct fwl_pass *pass, const struct fwl_json_decision *d)
{
    struct fwl_writer w;
    struct fwl_span text;
    enum fwl_err err = FWL_OK;

    fwl_writer_init(&w, pass->text, sizeof(pass->text));
    fwl_json_decision_put(&w, d);
    err = fwl_writer_finish(&w, &text);
    FWL_ASSERT(err == FWL_OK); /* every decision fits */
    return text;
}

void
fwl_pass_left_out(uint64_t lines)
{
    char n[FWL_TALLY_NUMBER];

    if (lines > 0) {
        (void)fprintf(stderr, "%s line%s left out, see above\n", fwl_tally_number(n, lines),
                      lines == 1 ? " was" : "s were");
    }
}

void
fwl_pass_print(struct fwl_span text)
{
    (void)fwrite(text.p, 1, text.size, stdout);
}

/* Rules that are in the way. */
static unsigned
hurdles(const struct fwl_candidate *c)
{
    unsigned count = 0;

    for (uint64_t mask = c->refusing; mask != 0; mask &= mask - 1) {
        count++;
    }
    return count;
}

/* Did @a come at least as far as @b? Checks have the order of enum fwl_refusal. */
static bool
came_as_far(const struct fwl_candidate *a, const struct fwl_candidate *b)
{
    return a->refusal != b->refusal ? a->refusal > b->refusal : hurdles(a) <= hurdles(b);
}

void
fwl_pass_reason(struct fwl_json_reason *out, const struct fwl_json_decision *d)
{
    size_t count = d->entry == NULL || d->decision->nothing != FWL_NOTHING_REFUSED ? 0 : d->entry->live.count;
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        const struct fwl_candidate *c = &d->candidates[i];

        if (c->fits && c->newer && (best == SIZE_MAX || came_as_far(c, &d->candidates[best]))) {
            best = i;
        }
    }
    fwl_json_decision_reason(out, d, best);
}

void
fwl_pass_outcome(char *out, size_t room, const struct fwl_json_decision *d)
{
    struct fwl_json_reason reason;

    switch (d->decision->kind) {
    case FWL_DECISION_INSTALL:
        (void)snprintf(out, room, "install %.*s%s", (int)d->version.size, (const char *)d->version.p,
                       d->decision->forced ? " (forced)" : "");
        break;
    case FWL_DECISION_CURRENT: (void)snprintf(out, room, "current"); break;
    case FWL_DECISION_NOTHING:
        fwl_pass_reason(&reason, d);
        (void)snprintf(out, room, "nothing: %.*s", (int)reason.rule.size, (const char *)reason.rule.p);
        break;
    }
}
