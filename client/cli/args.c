#include "client/cli/args.h"

#include <string.h>

#include "core/base.h"

enum {
    COLUMNS = 80,
    HELP_LEFT = 27, /* where the explanation of an option begins */
};

void
fwl_args_usage_line(FILE *to, const struct fwl_command *command)
{
    (void)fprintf(to, "fwledger %s [options]%s%s\n", command->name, command->operands[0] == '\0' ? "" : " ",
                  command->operands);
}

int
fwl_args_usage(const struct fwl_command *command, const char *reason)
{
    (void)fprintf(stderr, "fwledger %s: %s\nusage: ", command->name, reason);
    fwl_args_usage_line(stderr, command);
    (void)fprintf(stderr, "Try: fwledger %s --help\n", command->name);
    return 2;
}

void
fwl_args_wrap(FILE *to, struct fwl_span text, unsigned left)
{
    size_t column = left;

    for (size_t i = 0; i < text.size;) {
        size_t end = i;

        while (end < text.size && text.p[end] != ' ' && text.p[end] != '\n') {
            end++;
        }
        if (column > left && column + 1 + (end - i) > COLUMNS) {
            (void)fprintf(to, "\n%*s", (int)left, "");
            column = left;
        }
        column += (size_t)fprintf(to, "%s%.*s", column > left ? " " : "", (int)(end - i), (const char *)text.p + i);
        i = end + 1;
    }
    (void)fputc('\n', to);
}

void
fwl_args_help(const struct fwl_command *command, const struct fwl_option *options, size_t option_count, FILE *to)
{
    size_t first = strcspn(command->summary, "\n");

    fwl_args_wrap(to, fwl_span(command->summary, first), 0);
    if (command->summary[first] != '\0') {
        fwl_args_wrap(to, fwl_span_text(command->summary + first + 1), 0);
    }
    (void)fputs("\nusage: ", to);
    fwl_args_usage_line(to, command);
    if (option_count > 0) {
        (void)fprintf(to, "\nOptions:\n");
    }
    for (size_t i = 0; i < option_count; i++) {
        char left[64];
        char help[256];

        (void)snprintf(left, sizeof(left), "%s%s%s", options[i].name, options[i].value_name == NULL ? "" : " ",
                       options[i].value_name == NULL ? "" : options[i].value_name);
        (void)snprintf(help, sizeof(help), "%s%s", options[i].help, options[i].list == NULL ? "" : " (repeatable)");
        (void)fprintf(to, "  %-24s ", left);
        fwl_args_wrap(to, fwl_span_text(help), HELP_LEFT);
    }
    (void)fprintf(to, "\nExample:\n");
    for (const char *line = command->example; line != NULL && *line != '\0';) {
        size_t size = strcspn(line, "\n");

        (void)fprintf(to, "  %.*s\n", (int)size, line);
        line += size + (line[size] == '\n');
    }
}

static const struct fwl_option *
find(const struct fwl_option *options, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(options[i].name) == size && strncmp(options[i].name, name, size) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static int
complain(const struct fwl_command *command, const char *what, const char *argument)
{
    char reason[256];

    (void)snprintf(reason, sizeof(reason), "%s: %s", what, argument);
    return fwl_args_usage(command, reason);
}

/* Stores the option at argv[*at], stepping over its value. Returns -1 or the exit code of a usage error. */
static int
take_option(const struct fwl_command *command, const struct fwl_option *options, size_t option_count, int argc,
            char **argv, int *at)
{
    const char *arg = argv[*at];
    size_t size = strcspn(arg, "=");
    const struct fwl_option *option = find(options, option_count, arg, size);
    const char *value = arg[size] == '=' ? arg + size + 1 : NULL;

    if (option == NULL) {
        return complain(command, "unknown option", arg);
    }
    if (option->flag != NULL) {
        if (value != NULL) {
            return complain(command, "this option takes no value", arg);
        }
        *option->flag = true;
        return -1;
    }
    if (value == NULL && ++*at >= argc) {
        return complain(command, "this option needs a value", arg);
    }
    value = value == NULL ? argv[*at] : value;
    FWL_ASSERT(option->value != NULL || option->list != NULL); /* a command sets exactly one of the three */
    if (option->value != NULL) {
        *option->value = value;
    } else if (option->list->count == FWL_ARGS_REPEAT_MAX) {
        return complain(command, "this option is given too often", arg);
    } else {
        option->list->values[option->list->count++] = value;
    }
    return -1;
}

int
// NOLINTNEXTLINE(readability-function-size): argc and argv are one parameter in two
fwl_args_parse(const struct fwl_command *command, const struct fwl_option *options, size_t option_count,
               struct fwl_operands *operands, size_t min, size_t max, int argc, char **argv)
{
    bool only_operands = false;

    *operands = (struct fwl_operands){0};
    for (int i = 0; i < argc; i++) {
        if (!only_operands && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            fwl_args_help(command, options, option_count, stdout);
            return 0;
        }
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && argv[i][0] == '-' && argv[i][1] == '-') {
            int result = take_option(command, options, option_count, argc, argv, &i);

            if (result != -1) {
                return result;
            }
        } else if (operands->count == max || operands->count == FWL_ARGS_OPERANDS_MAX) {
            return complain(command, "one operand too many", argv[i]);
        } else {
            operands->values[operands->count++] = argv[i];
        }
    }
    return operands->count < min ? fwl_args_usage(command, "an operand is missing") : -1;
}

int
fwl_args_parse_json(const struct fwl_command *command, bool *json, struct fwl_operands *operands, size_t count,
                    int argc, char **argv)
{
    const struct fwl_option options[] = {{.name = "--json", .help = "print one JSON object", .flag = json}};

    return fwl_args_parse(command, options, FWL_COUNT(options), operands, count, count, argc, argv);
}
