/*
 * fwledger version compare|check - the order of versions, from the command line or a stream of lines.
 */
#include "core/version.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/commands.h"

/* What is wrong with a text, in words: the scheme and the offending character. */
static void
describe(char out[160], enum fwl_scheme scheme, struct fwl_span text, size_t bad)
{
    const char *name = fwl_scheme_name(scheme);

    if (text.size == 0) {
        (void)snprintf(out, 160, "a %s version cannot be empty", name);
    } else if (text.size > FWL_VERSION_BYTES_MAX) {
        (void)snprintf(out, 160, "a version has at most %d bytes, this one has %zu", FWL_VERSION_BYTES_MAX, text.size);
    } else if (bad >= text.size) {
        (void)snprintf(out, 160, "the %s version ends too early", name);
    } else if (text.p[bad] > ' ' && text.p[bad] < 0x7f) {
        (void)snprintf(out, 160, "'%c' at position %zu does not fit a %s version", text.p[bad], bad + 1, name);
    } else {
        (void)snprintf(out, 160, "byte 0x%02x at position %zu does not fit a %s version", text.p[bad], bad + 1, name);
    }
}

static bool
check_text(char reason[160], enum fwl_scheme scheme, struct fwl_span text)
{
    size_t bad = 0;

    if (fwl_version_check(scheme, text, &bad) == FWL_OK) {
        return true;
    }
    describe(reason, scheme, text, bad);
    return false;
}

/* The sign of a comparison; NULL and a reason when there is none. */
static const char *
compare_texts(char reason[160], enum fwl_scheme scheme, struct fwl_span a, struct fwl_span b)
{
    int order = 0;

    if (!check_text(reason, scheme, a) || !check_text(reason, scheme, b)) {
        return NULL;
    }
    if (scheme == FWL_SCHEME_OPAQUE) {
        (void)snprintf(reason, 160, "opaque versions have no order of their own, only that of publication");
        return fwl_span_equal(a, b) ? "=" : NULL;
    }
    order = fwl_version_compare(scheme, a, b);
    return order < 0 ? "<" : order > 0 ? ">" : "=";
}

static int
report(const char *answer, const char *reason)
{
    if (answer == NULL) {
        printf("!\t%s\n", reason);
        return FWL_EXIT_NO;
    }
    printf("%s\n", answer);
    return FWL_EXIT_YES;
}

/* One line "A<tab>B" or "A" of the stream. */
static int
answer_line(enum fwl_scheme scheme, bool compare, struct fwl_span line)
{
    char reason[160] = "";
    const uint8_t *tab = line.size == 0 ? NULL : memchr(line.p, '\t', line.size);
    struct fwl_span a = line;
    struct fwl_span b = {0};

    if (!compare) {
        return report(check_text(reason, scheme, line) ? "ok" : NULL, reason);
    }
    if (tab == NULL) {
        return report(NULL, "two versions separated by a tab are expected");
    }
    a.size = (size_t)(tab - line.p);
    b = fwl_span(tab + 1, line.size - a.size - 1);
    return report(compare_texts(reason, scheme, a, b), reason);
}

static int
answer_stream(enum fwl_scheme scheme, bool compare)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t got = 0;
    int code = FWL_EXIT_YES;

    while ((got = getline(&line, &room, stdin)) >= 0) {
        size_t size = (size_t)got;

        if (size > 0 && line[size - 1] == '\n') {
            size--;
        }
        if (answer_line(scheme, compare, fwl_span(line, size)) != FWL_EXIT_YES) {
            code = FWL_EXIT_NO;
        }
    }
    free(line); /* of getline, so of the C library */
    return code;
}

static int
run(const struct fwl_command *self, bool compare, int argc, char **argv)
{
    struct fwl_operands operands;
    size_t texts = compare ? 2 : 1;
    int parsed = fwl_args_parse(self, NULL, 0, &operands, 2, 1 + texts, argc, argv);
    enum fwl_scheme scheme = 0;
    char reason[160] = "";

    if (parsed != -1) {
        return parsed;
    }
    scheme = fwl_scheme_from_name(fwl_span_text(operands.values[0]));
    if (scheme == 0) {
        return fwl_args_usage(self, "the scheme is one of semver, number, dotted, debian, opaque");
    }
    if (operands.count == 2 && strcmp(operands.values[1], "-") == 0) {
        return answer_stream(scheme, compare);
    }
    if (operands.count != 1 + texts) {
        return fwl_args_usage(self, "an operand is missing");
    }
    if (compare) {
        return report(
            compare_texts(reason, scheme, fwl_span_text(operands.values[1]), fwl_span_text(operands.values[2])),
            reason);
    }
    return report(check_text(reason, scheme, fwl_span_text(operands.values[1])) ? "ok" : NULL, reason);
}

static int
run_compare(const struct fwl_command *self, int argc, char **argv)
{
    return run(self, true, argc, argv);
}

static int
run_check(const struct fwl_command *self, int argc, char **argv)
{
    return run(self, false, argc, argv);
}

const struct fwl_command fwl_commands_version[] = {
    {"version compare", "SCHEME A B | SCHEME -",
     "Compare two versions: prints <, = or >.\n"
     "With - reads lines of two versions separated by a tab; an invalid one prints ! and the reason.",
     "fwledger version compare debian 1.0~rc1 1.0\nprintf '10.9\\t10.10\\n' | fwledger version compare dotted -",
     run_compare},
    {"version check", "SCHEME A | SCHEME -", "Is the text a version of the scheme? Prints ok, or ! and the reason.",
     "fwledger version check semver 1.2.3-rc.1", run_check},
    {0},
};
