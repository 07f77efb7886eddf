/* fwledgerd - a node of the ledger: validator or follower. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/host/heap.h"
#include "core/host/streams.h"
#include "node/node.h"
#include "node/snapshots.h"

struct arguments {
    const char *config;
    struct fwl_node_options options;
};

static void
usage(FILE *to)
{
    (void)fprintf(to, "fwledgerd " FWL_VERSION_TEXT ": a node of the ledger, validator or follower\n\n");
    (void)fputs("usage: fwledgerd --config FILE [--check] [--force-voting]\n\n"
                "  --config FILE    configuration in YAML; paths in it are relative to its folder\n"
                "  --check          read configuration, genesis and keys, say whether they are\n"
                "                   usable; starts nothing\n"
                "  --force-voting   vote although the votes store is not the one this key last\n"
                "                   voted with. Only when it is certain that the key has voted\n"
                "                   nowhere else at the present height\n"
                "  --version, --help\n\n"
                "It runs in the foreground, logs to standard error, ends on SIGTERM or SIGINT,\n"
                "and reads FILE again on SIGHUP. It calls itself with --write-snapshot.\n\n"
                "Exit codes: 0 stopped as told; 2 usage; 3 configuration; 4 no signer;\n"
                "20 storage; 21 second instance of a key; 22 local fault: own execution differs.\n\n"
                "Example:\n  fwledgerd --config /var/lib/fwledger/config.yaml --check\n",
                to);
}

/* -1: go on; else the exit code. */
static int
parse(struct arguments *a, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            usage(stdout);
            return FWL_NODE_EXIT_DONE;
        }
        if (strcmp(argv[i], "--version") == 0) {
            (void)printf("fwledgerd " FWL_VERSION_TEXT "\n");
            return FWL_NODE_EXIT_DONE;
        }
        if (strcmp(argv[i], "--write-snapshot") == 0 && i + 2 < argc) {
            return fwl_snapshots_write(argv[i + 1], argv[i + 2]);
        }
        if (strcmp(argv[i], "--check") == 0) {
            a->options.check_only = true;
        } else if (strcmp(argv[i], "--force-voting") == 0) {
            a->options.force_voting = true;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            a->config = argv[++i];
        } else {
            (void)fprintf(stderr, "fwledgerd: \"%s\" is no argument, or lacks its value; see --help\n", argv[i]);
            return FWL_NODE_EXIT_USAGE;
        }
    }
    if (a->config == NULL) {
        (void)fprintf(stderr, "fwledgerd: --config FILE is missing; see --help\n");
        return FWL_NODE_EXIT_USAGE;
    }
    return -1;
}

static enum fwl_node_exit
run(struct arguments *a, struct fwl_config *config)
{
    char error[FWL_CONFIG_ERROR_MAX];
    struct fwl_log log = {.to = stderr};
    struct fwl_node *node = NULL;
    enum fwl_node_exit code = FWL_NODE_EXIT_CONFIG;

    if (fwl_config_load(config, error, a->config) != FWL_OK) {
        (void)fprintf(stderr, "fwledgerd: %s\n", error);
        return code;
    }
    log.level = config->log_level;
    log.json = config->log_json;
    a->options.config_path = a->config;
    code = fwl_node_open(&node, config, &a->options, &log);
    if (node != NULL) {
        code = fwl_node_run(node);
        fwl_node_close(node);
    } else if (code == FWL_NODE_EXIT_DONE) {
        (void)printf("%s is usable\n", a->config);
    }
    return code;
}

/* A page of a mapped store that the disk cannot give comes as SIGBUS. Whatever was acknowledged is as durable as
 * before. */
static void
on_bus_error(int number)
{
    static const char text[] = "broken node: stopped: a page of a store cannot be read\n";

    (void)number;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(FWL_NODE_EXIT_STORAGE);
}

int
main(int argc, char **argv)
{
    struct arguments a = {.options = {.signals = true, .program = "/proc/self/exe"}};
    struct fwl_config *config = NULL;
    int code = fwl_streams_hold() ? parse(&a, argc, argv) : FWL_NODE_EXIT_CONFIG;

    if (code >= 0) {
        return code;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN); /* until the event loop takes it, and when it has ended */
    (void)signal(SIGBUS, on_bus_error);
    config = fwl_calloc(1, sizeof(*config));
    code = (int)(config == NULL ? FWL_NODE_EXIT_CONFIG : run(&a, config));
    fwl_free(config);
    return code;
}
