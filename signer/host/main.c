/* fwledger-signer - keeps a validator key in a process of its own and never signs two conflicting votes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hex.h"
#include "core/host/heap.h"
#include "core/host/streams.h"
#include "ledger/model/genesis.h"
#include "ledger/store/store.h"
#include "signer/host/keeper.h"

enum { /* exit codes, docs/spec/interfaces.md */
       EXIT_USAGE = 2,
       EXIT_CONFIG = 3,
       EXIT_STORAGE = 20,
};

struct arguments {
    const char *key;
    const char *genesis;
    const char *data;
    const char *socket;
    const char *resume;
    const char *mode;
};

static void
usage(FILE *to)
{
    (void)fprintf(to, "fwledger-signer " FWL_VERSION_TEXT ": keeps a validator key in a process of its own\n\n");
    (void)fputs("usage: fwledger-signer --key FILE --genesis FILE --data DIR --socket PATH\n"
                "                       [--socket-mode MODE] [--resume-at HEIGHT]\n\n"
                "  --key FILE           the validator key; FILE.instance beside it moves with it\n"
                "  --genesis FILE       of the chain that it signs for\n"
                "  --data DIR           what was signed; made if needed. Never restore it from a\n"
                "                       backup\n"
                "  --socket PATH        where the node asks; `signer: PATH` in its configuration\n"
                "  --socket-mode MODE   octal, default 0600: the same user; 0660: the same group\n"
                "  --resume-at HEIGHT   sign from HEIGHT on although DIR is not what the key last\n"
                "                       signed with\n"
                "  --version, --help\n\n"
                "It runs in the foreground, logs to standard error, and may be killed at any\n"
                "moment.\n\n"
                "Exit codes: 2 usage; 3 configuration, key or socket; 20 storage, or DIR is not\n"
                "what the key last signed with.\n\n"
                "Example:\n"
                "  fwledger-signer --key validator.key --genesis genesis.cbor --data signer-data \\\n"
                "      --socket signer.sock\n",
                to);
}

/* -1: go on; else the exit code. */
static int
parse(struct arguments *a, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **to;
    } options[] = {{"--key", &a->key},       {"--genesis", &a->genesis},  {"--data", &a->data},
                   {"--socket", &a->socket}, {"--resume-at", &a->resume}, {"--socket-mode", &a->mode}};

    for (int i = 1; i < argc; i++) {
        size_t k = 0;

        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            usage(stdout);
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            (void)printf("fwledger-signer " FWL_VERSION_TEXT "\n");
            return 0;
        }
        while (k < FWL_COUNT(options) && strcmp(argv[i], options[k].name) != 0) {
            k++;
        }
        if (k == FWL_COUNT(options) || i + 1 == argc) {
            (void)fprintf(stderr, "fwledger-signer: \"%s\" is no argument, or lacks its value; see --help\n", argv[i]);
            return EXIT_USAGE;
        }
        *options[k].to = argv[++i];
    }
    if (a->key == NULL || a->genesis == NULL || a->data == NULL || a->socket == NULL) {
        (void)fprintf(stderr, "fwledger-signer: --key, --genesis, --data and --socket are needed; see --help\n");
        return EXIT_USAGE;
    }
    return -1;
}

/* A whole number of @base; false when it is none or over @max. */
static bool
number(unsigned long long *out, const char *text, int base, unsigned long long max)
{
    char *end = NULL;

    errno = 0;
    *out = strtoull(text, &end, base);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out <= max;
}

static int
fail(int code, const char *what, const char *where, enum fwl_err err)
{
    (void)fprintf(stderr, "fwledger-signer: %s: %s: %s\n", what, where,
                  err == FWL_ERR_NETWORK ? strerror(errno) : fwl_err_text(err));
    return code;
}

static int
read_chain(struct fwl_hash32 *chain_id, const char *path)
{
    uint8_t *bytes = fwl_malloc(FWL_GENESIS_MAX + 1);
    FILE *f = fopen(path, "re");
    size_t size = f == NULL || bytes == NULL ? 0 : fread(bytes, 1, FWL_GENESIS_MAX + 1, f);
    struct fwl_genesis genesis;
    enum fwl_err err = f == NULL ? FWL_ERR_NETWORK : FWL_OK; /* errno says it */

    err = err == FWL_OK ? fwl_genesis_decode(&genesis, NULL, fwl_span(bytes, size)) : err;
    if (err == FWL_OK) {
        fwl_genesis_chain_id(chain_id, fwl_span(bytes, size));
    } else {
        (void)fail(EXIT_CONFIG, "the genesis document cannot be used", path, err);
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    fwl_free(bytes);
    return err == FWL_OK ? 0 : EXIT_CONFIG;
}

static int
serve(struct fwl_guard *guard, const char *path, mode_t mode)
{
    const struct fwl_log log = {.to = stderr, .level = FWL_LOG_INFO};
    char key[17];
    char chain[17];
    int fd = -1;
    enum fwl_err err = fwl_keeper_listen(&fd, path, mode);

    if (err != FWL_OK) {
        return fail(EXIT_CONFIG, "the socket cannot be used", path, err);
    }
    fwl_hex_encode(key, sizeof(key), fwl_span(guard->key.b, 8));
    fwl_hex_encode(chain, sizeof(chain), fwl_span(guard->chain_id.b, 8));
    fwl_log(&log, FWL_LOG_INFO, "signer", "started",
            "version=" FWL_VERSION_TEXT " key=%s chain=%s from=%llu last=%llu socket=\"%s\"", key, chain,
            (unsigned long long)guard->floor, (unsigned long long)guard->top, path);
    err = fwl_keeper_run(fd, guard, &log);
    (void)close(fd);
    fwl_log(&log, FWL_LOG_BROKEN, "signer", "stopped", "reason=%s", fwl_err_name(err));
    return err == FWL_ERR_NETWORK ? EXIT_CONFIG : EXIT_STORAGE;
}

static int
guard_fault(const struct arguments *a, enum fwl_err err)
{
    if (err == FWL_ERR_CONFLICT) {
        (void)fprintf(
            stderr,
            "fwledger-signer: %s is not what %s last signed with. When it is certain which height the key has\n"
            "reached, --resume-at HEIGHT signs from there on: the greatest height that any validator tells,\n"
            "plus 3 (docs/operator.md)\n",
            a->data, a->key);
        return EXIT_STORAGE;
    }
    if (err == FWL_ERR_CHAIN) {
        return fail(EXIT_CONFIG, "the data is of another key or chain", a->data, err);
    }
    if (err >= FWL_ERR_STORAGE && err < FWL_ERR_NETWORK && err != FWL_ERR_ABSENT) {
        return fail(EXIT_STORAGE, "the key or its data cannot be used", a->key, err);
    }
    (void)fprintf(stderr, "fwledger-signer: the key cannot be used: %s: %s\n", a->key, fwl_secret_why(err));
    return EXIT_CONFIG;
}

int
main(int argc, char **argv)
{
    struct arguments a = {.mode = "0600", .resume = "0"};
    struct fwl_store *store = NULL;
    struct fwl_storage votes;
    struct fwl_guard guard;
    struct fwl_hash32 chain_id;
    unsigned long long resume_at = 0;
    unsigned long long mode = 0;
    int code = fwl_streams_hold() ? parse(&a, argc, argv) : EXIT_CONFIG;
    enum fwl_err err = FWL_OK;

    if (code >= 0) {
        return code;
    }
    if (!number(&resume_at, a.resume, 10, UINT64_MAX - 1) || !number(&mode, a.mode, 8, 0777)) {
        (void)fprintf(stderr, "fwledger-signer: --resume-at takes a height, --socket-mode an octal mode\n");
        return EXIT_USAGE;
    }
    code = read_chain(&chain_id, a.genesis);
    if (code != 0) {
        return code;
    }
    err = fwl_store_open(&store, a.data, FWL_STORE_VOTES, 0);
    if (err != FWL_OK) {
        return fail(EXIT_STORAGE, "the data cannot be opened", a.data, err);
    }
    votes = fwl_store_storage(store);
    err = fwl_guard_open(&guard, &votes, a.key, &chain_id, resume_at);
    code = err == FWL_OK ? serve(&guard, a.socket, (mode_t)mode) : guard_fault(&a, err);
    fwl_guard_close(&guard);
    fwl_store_close(store);
    return code;
}
