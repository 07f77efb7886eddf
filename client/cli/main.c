/*
 * fwledger - the command line of authors, administrators, operators and auditors.
 */
#include <string.h>

#include "client/cli/commands.h"
#include "core/host/streams.h"

/* All commands, in the order in which people meet them; a table without title belongs to the one above. */
static const struct {
    const char *title;
    const struct fwl_command *commands;
} tables[] = {
    {"Keys", fwl_commands_keys},
    {"Genesis, trust anchors, validators, parameters", fwl_commands_genesis},
    {NULL, fwl_commands_anchor},
    {NULL, fwl_commands_chain},
    {"Participants, vendors, classes, fleets", fwl_commands_governors},
    {"Releases", fwl_commands_release},
    {NULL, fwl_commands_import},
    {NULL, fwl_commands_version},
    {"Policies and rollouts", fwl_commands_policy},
    {NULL, fwl_commands_policy_try},
    {NULL, fwl_commands_simulate},
    {NULL, fwl_commands_rollout},
    {"What a device may install", fwl_commands_verify},
    {NULL, fwl_commands_decide},
    {"Questions to a node", fwl_commands_ask},
    {"Data of a node", fwl_commands_fsck},
    {NULL, fwl_commands_snapshot},
    {NULL, fwl_commands_backup},
    {NULL, fwl_commands_forensics},
};

static void
overview(FILE *to)
{
    (void)fprintf(to, "fwledger " FWL_VERSION_TEXT ": what may run on devices, agreed on and provable\n\n"
                      "usage: fwledger COMMAND [options] [operands]\n");
    for (size_t t = 0; t < FWL_COUNT(tables); t++) {
        if (tables[t].title != NULL) {
            (void)fprintf(to, "\n%s:\n", tables[t].title);
        }
        for (const struct fwl_command *c = tables[t].commands; c->name != NULL; c++) {
            (void)fprintf(to, "  %-21s ", c->name);
            fwl_args_wrap(to, fwl_span(c->summary, strcspn(c->summary, "\n")), 24);
        }
    }
    (void)fprintf(to, "\nfwledger COMMAND --help explains a command. Exit codes: 0 yes or done; 1 no, or\n"
                      "a line failed; 2 usage; 3 configuration or an input file; 4 cannot reach a node\n"
                      "or a signer; 10 certificate; 11 proof or missing value; 12 stale; 13 rollback;\n"
                      "14 malformed; 15 author signature; 20 storage; 22 local fault.\n"
                      "\nExample:\n  fwledger verify --anchor anchor.json --facts device.json bundle.fwb\n");
}

/* How many of the words in @argv name the command: "release publish" takes two; 0 when they do not. */
static int
matches(const struct fwl_command *command, int argc, char **argv)
{
    const char *name = command->name;
    int words = 0;

    while (words < argc) {
        size_t size = strcspn(name, " ");

        if (strlen(argv[words]) != size || strncmp(name, argv[words], size) != 0) {
            return 0;
        }
        words++;
        if (name[size] == '\0') {
            return words;
        }
        name += size + 1;
    }
    return 0;
}

/* Is @word the first word of the command @name? */
static bool
begins(const char *name, const char *word)
{
    size_t size = strlen(word);

    return strncmp(name, word, size) == 0 && (name[size] == ' ' || name[size] == '\0');
}

/* Is @word another word of it, or does it begin as its first one does? For who misspelt or forgot something. */
static bool
is_near(const char *name, const char *word)
{
    const char *rest = strchr(name, ' ');
    size_t same = 0;

    while (word[same] != '\0' && word[same] == name[same]) {
        same++;
    }
    return same >= 3 || (rest != NULL && strcmp(rest + 1, word) == 0);
}

/* The usage of all commands that @fits says to belong to @word. Returns whether there are any. */
static bool
list(FILE *to, const char *title, const char *word, bool (*fits)(const char *name, const char *word))
{
    bool any = false;

    for (size_t t = 0; t < FWL_COUNT(tables); t++) {
        for (const struct fwl_command *c = tables[t].commands; c->name != NULL; c++) {
            if (fits(c->name, word)) {
                (void)fputs(any ? "" : title, to);
                (void)fputs("  ", to);
                fwl_args_usage_line(to, c);
                any = true;
            }
        }
    }
    return any;
}

/* No command: help for "fwledger release --help", else what is wrong and what is near. */
static int
explain(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[2], "--help") == 0 && list(stdout, "usage:\n", argv[1], begins)) {
        return FWL_EXIT_YES;
    }
    if (argc > 2 && argv[2][0] != '-') {
        (void)fprintf(stderr, "fwledger: there is no command \"%s %s\"; fwledger --help lists them\n", argv[1],
                      argv[2]);
    } else {
        (void)fprintf(stderr, "fwledger: there is no command \"%s\"; fwledger --help lists them\n", argv[1]);
    }
    if (!list(stderr, "usage:\n", argv[1], begins)) {
        (void)list(stderr, "near to it:\n", argv[1], is_near);
    }
    return FWL_EXIT_USAGE;
}

static int
run(int argc, char **argv)
{
    if (argc < 2) {
        overview(stderr);
        return FWL_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        overview(stdout);
        return FWL_EXIT_YES;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("fwledger " FWL_VERSION_TEXT "\n");
        return FWL_EXIT_YES;
    }
    for (size_t t = 0; t < FWL_COUNT(tables); t++) {
        for (const struct fwl_command *c = tables[t].commands; c->name != NULL; c++) {
            int words = matches(c, argc - 1, argv + 1);

            if (words > 0) {
                return c->run(c, argc - 1 - words, argv + 1 + words);
            }
        }
    }
    return explain(argc, argv);
}

int
main(int argc, char **argv)
{
    int code = fwl_streams_hold() ? run(argc, argv) : FWL_EXIT_CONFIG;

    return code == FWL_EXIT_YES ? fwl_commands_flush() : code; /* an answer that nobody got is none */
}
