/*
 * fwledger - the command line of authors, administrators, operators and auditors.
 */
#include <string.h>

#include "client/cli/commands.h"

static const struct fwl_command *const tables[] = {
    fwl_commands_keys,      fwl_commands_genesis,  fwl_commands_anchor, fwl_commands_chain,      fwl_commands_governors,
    fwl_commands_release,   fwl_commands_import,   fwl_commands_policy, fwl_commands_policy_try, fwl_commands_simulate,
    fwl_commands_rollout,   fwl_commands_verify,   fwl_commands_ask,    fwl_commands_version,    fwl_commands_fsck,
    fwl_commands_forensics, fwl_commands_snapshot, fwl_commands_backup,
};

/* The first line of @text, wrapped between columns @left and 80; the cursor stands at @left. */
static void
print_wrapped(FILE *to, const char *text, size_t left)
{
    size_t size = strcspn(text, "\n");
    size_t room = 80 - left;

    while (size > room) {
        size_t at = room;

        while (at > 0 && text[at] != ' ') {
            at--;
        }
        if (at == 0) {
            break; /* one long word */
        }
        (void)fprintf(to, "%.*s\n%*s", (int)at, text, (int)left, "");
        text += at + 1;
        size -= at + 1;
    }
    (void)fprintf(to, "%.*s\n", (int)size, text);
}

static void
overview(FILE *to)
{
    (void)fprintf(to, "fwledger " FWL_VERSION_TEXT ": what may run on devices, agreed on and provable\n\n"
                      "usage: fwledger COMMAND [options] [operands]\n\nCommands:\n");
    for (size_t t = 0; t < FWL_COUNT(tables); t++) {
        for (const struct fwl_command *c = tables[t]; c->name != NULL; c++) {
            (void)fprintf(to, "  %-22s ", c->name);
            print_wrapped(to, c->summary, 25);
        }
    }
    (void)fprintf(to, "\nEach command explains itself with --help. Exit codes: 0 yes or done; 1 no, or a\n"
                      "line failed; 2 usage; 3 configuration; 4 cannot reach a node; 10 certificate;\n"
                      "11 proof or missing value; 12 stale; 13 rollback; 14 malformed; 15 author\n"
                      "signature; 20 storage; 21 second instance of a key; 22 local fault.\n"
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

/* "fwledger release": the commands that begin so, as help. */
static bool
list_group(const char *group)
{
    size_t size = strlen(group);
    bool any = false;

    for (size_t t = 0; t < FWL_COUNT(tables); t++) {
        for (const struct fwl_command *c = tables[t]; c->name != NULL; c++) {
            if (strncmp(c->name, group, size) == 0 && c->name[size] == ' ') {
                (void)fprintf(stderr, "%s  fwledger %s %s\n", any ? "" : "usage:\n", c->name, c->operands);
                any = true;
            }
        }
    }
    return any;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        overview(stderr);
        return FWL_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        overview(stdout);
        return FWL_EXIT_YES;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("fwledger " FWL_VERSION_TEXT "\n");
        return FWL_EXIT_YES;
    }
    for (size_t t = 0; t < FWL_COUNT(tables); t++) {
        for (const struct fwl_command *c = tables[t]; c->name != NULL; c++) {
            int words = matches(c, argc - 1, argv + 1);

            if (words > 0) {
                return c->run(c, argc - 1 - words, argv + 1 + words);
            }
        }
    }
    if (!list_group(argv[1])) {
        (void)fprintf(stderr, "fwledger: there is no command \"%s\"; fwledger --help lists them\n", argv[1]);
    }
    return FWL_EXIT_USAGE;
}
