/*
 * args - options and operands of a command, from one table. Zone H.
 *
 * A command declares its options; parsing, "--help" and the usage error come from the same table, so they cannot
 * disagree. Options may stand before or after operands; "--" ends them; "--name=value" and "--name value" both work.
 */
#ifndef FWL_CLIENT_CLI_ARGS_H
#define FWL_CLIENT_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/span.h"

enum {
    FWL_ARGS_REPEAT_MAX = 64, /* values of one repeatable option */
    FWL_ARGS_OPERANDS_MAX = 64,
};

struct fwl_arg_list {
    const char *values[FWL_ARGS_REPEAT_MAX];
    size_t count;
};

/* One option. Exactly one of flag, value and list is set: where the parsed option goes. */
struct fwl_option {
    const char *name;       /* "--node" */
    const char *value_name; /* "URL"; NULL for a flag */
    const char *help;
    bool *flag;
    const char **value;
    struct fwl_arg_list *list; /* may be given more than once */
};

struct fwl_command {
    const char *name;     /* "release publish" */
    const char *operands; /* "FILE [FILE ...]" or "" */
    const char *summary;  /* one line that stands for itself; behind a newline a paragraph more, for --help */
    const char *example;  /* one or more whole command lines, separated by newlines */
    int (*run)(const struct fwl_command *self, int argc, char **argv);
};

struct fwl_operands {
    const char *values[FWL_ARGS_OPERANDS_MAX];
    size_t count;
};

/**
 * fwl_args_parse - take @argv apart by @options.
 *
 * @argv holds what follows the command's own words. "--help" or "-h" prints the command's help to standard output.
 * Fills:   the targets of @options, @operands; all views into @argv.
 * Returns: -1    go on
 *          0     help was printed: exit so
 *          2     a usage error was printed: unknown option, missing value, or operands out of [min, max]
 */
int fwl_args_parse(const struct fwl_command *command, const struct fwl_option *options, size_t option_count,
                   struct fwl_operands *operands, size_t min, size_t max, int argc, char **argv);

/** fwl_args_parse_json - the same for a command with @count operands and no option but --json. */
int fwl_args_parse_json(const struct fwl_command *command, bool *json, struct fwl_operands *operands, size_t count,
                        int argc, char **argv);

/** fwl_args_usage - print "usage: ..." and @reason to standard error; returns 2, the exit code for it. */
int fwl_args_usage(const struct fwl_command *command, const char *reason);

/** fwl_args_usage_line - "fwledger NAME [options] OPERANDS" and a newline. */
void fwl_args_usage_line(FILE *to, const struct fwl_command *command);

/** fwl_args_wrap - print @text and a newline, as words on lines of columns @left to 79; the cursor stands at @left. */
void fwl_args_wrap(FILE *to, struct fwl_span text, unsigned left);

/** fwl_args_help - print the whole help of a command to @to. */
void fwl_args_help(const struct fwl_command *command, const struct fwl_option *options, size_t option_count, FILE *to);

#endif
