/* fsck: the stores of a stopped node, checked by ledger/fsck and votes. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli/bar.h"
#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/print.h"
#include "client/cli/votes.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "ledger/query/query.h"
#include "ledger/store/memstore.h"
#include "ledger/store/store.h"

enum {
    PATH_BYTES = 4096,
};

struct check {
    const char *dir;
    bool json, execute;
    char data[PATH_BYTES]; /* the folder that has `chain` in it */
    struct fwl_store *chain, *votes;
    struct fwl_fsck_fault fault;
};

static void
show(void *cookie, const char *part, uint64_t done, uint64_t total)
{
    fwl_bar_show(cookie, part, done, total);
}

static bool
is_there(char *out, const char *dir, const char *name)
{
    struct stat st;
    int n = snprintf(out, PATH_BYTES, "%s/%s", dir, name);

    return n > 0 && n < PATH_BYTES && stat(out, &st) == 0;
}

/* Prints the finding; the exit code. */
static int
report(const struct check *c, enum fwl_err err, uint64_t height)
{
    const struct fwl_fsck_fault *fault = &c->fault;
    const char *space = fault->what == NULL ? NULL : fwl_space_name(fault->space);
    const char *what = fault->what != NULL ? fault->what : fwl_err_text(err);
    char key[2 * FWL_KV_KEY_MAX + 1] = "";
    json_t *out = json_object();

    if (out == NULL) {
        return fwl_commands_fail(c->dir, FWL_ERR_MEMORY);
    }
    (void)json_object_set_new(out, "sound", json_boolean(err == FWL_OK));
    if (err == FWL_OK) {
        (void)json_object_set_new(out, "height", json_integer((json_int_t)height));
        (void)json_object_set_new(out, "executed", json_boolean(c->execute));
    } else {
        fwl_hex_encode(key, sizeof(key), fwl_span(fault->key, fault->key_size));
        if (space != NULL) {
            (void)json_object_set_new(out, "table", json_string(space));
            (void)json_object_set_new(out, "key", json_string(key));
        }
        if (fault->has_height) {
            (void)json_object_set_new(out, "height", json_integer((json_int_t)fault->height));
        }
        (void)json_object_set_new(out, "what", json_string(what));
    }
    fwl_print_value(stdout, out, c->json);
    json_decref(out);
    return err == FWL_OK ? FWL_EXIT_YES : FWL_EXIT_STORAGE;
}

/* ---- the check itself ---- */

static enum fwl_err
execute(struct check *c, const struct fwl_kv *kv, const struct fwl_fsck_config *config)
{
    struct fwl_memstore *memory = fwl_memstore_new();
    uint8_t *body = fwl_malloc(FWL_BLOCK_MAX_MAX);
    struct fwl_chain_config chain = {.verify = fwl_state_verify_real,
                                     .verify_vote = fwl_cert_schnorr,
                                     .arena_bytes = fwl_chain_arena_bytes(FWL_BLOCK_WORK_MAX),
                                     .body_max = FWL_BLOCK_MAX_MAX};
    size_t size = fwl_chain_footprint(&chain);
    void *room = fwl_malloc(size);
    enum fwl_err err = FWL_ERR_MEMORY;

    if (memory != NULL && body != NULL && room != NULL) {
        chain.store = fwl_memstore_storage(memory);
        err = fwl_fsck_replay(kv, fwl_chain_init(room, size, &chain), &chain.store, body, &c->fault, config);
    }
    fwl_free(room);
    fwl_free(body);
    fwl_memstore_free(memory);
    return err;
}

static enum fwl_err
check_chain(struct check *c, const struct fwl_kv *kv, uint64_t *height)
{
    struct fwl_bar bar;
    const struct fwl_fsck_config config = {.progress = show, .cookie = &bar};
    struct fwl_query_tip tip;
    enum fwl_err err = FWL_OK;

    fwl_bar_begin(&bar, "");
    bar.on = bar.on && !c->json;
    err = fwl_fsck_chain(kv, &c->fault, &config);

    if (err == FWL_OK && c->execute) {
        err = execute(c, kv, &config);
    }
    fwl_bar_wipe(&bar);
    err = err == FWL_OK ? fwl_query_tip(kv, &tip) : err;
    *height = err == FWL_OK ? tip.header.height : 0;
    return err;
}

static enum fwl_err
check_votes(struct check *c, const struct fwl_kv *chain)
{
    struct fwl_storage storage = fwl_store_storage(c->votes);
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&storage, &read);

    if (err == FWL_OK) {
        err = fwl_votes_check(&read.kv, chain, &c->fault);
        fwl_read_end(&read);
    }
    return err;
}

/* FWL_ERR_LOCKED is not a finding about the data. */
static int
check_open(struct check *c)
{
    struct fwl_storage storage;
    struct fwl_read read;
    char folder[PATH_BYTES];
    char file[PATH_BYTES];
    uint64_t height = 0;
    enum fwl_err err = FWL_OK;

    if (!is_there(folder, c->data, "chain")) {
        return fwl_commands_fail(c->data, FWL_ERR_STORAGE);
    }
    err = fwl_store_open(&c->chain, folder, FWL_STORE_CHAIN, 0);
    if (err == FWL_OK && is_there(file, c->data, "votes/data.mdb") && is_there(folder, c->data, "votes")) {
        err = fwl_store_open(&c->votes, folder, FWL_STORE_VOTES, 0);
    }
    if (err == FWL_ERR_LOCKED) {
        (void)fprintf(stderr, "fwledger: %s: a running node has it open; stop the node first\n", c->dir);
        return FWL_EXIT_STORAGE;
    }
    if (err == FWL_OK) {
        storage = fwl_store_storage(c->chain);
        err = fwl_read_begin(&storage, &read);
    }
    if (err != FWL_OK) {
        return report(c, err, 0);
    }
    err = check_chain(c, &read.kv, &height);
    err = err == FWL_OK && c->votes != NULL ? check_votes(c, &read.kv) : err;
    fwl_read_end(&read);
    return report(c, err, height);
}

/* LMDB believes its pages: damaged ones may end the process that reads them. So that is another one. */
static int
check_apart(struct check *c)
{
    pid_t child = 0;
    int status = 0;

    (void)fflush(NULL);
    child = fork();
    if (child == 0) {
        int code = check_open(c);

        fwl_store_close(c->votes);
        fwl_store_close(c->chain);
        exit(code);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return fwl_commands_fail("a process for the check", FWL_ERR_MEMORY);
    }
    if (WIFEXITED(status) && (WEXITSTATUS(status) == FWL_EXIT_YES || WEXITSTATUS(status) == FWL_EXIT_STORAGE)) {
        return WEXITSTATUS(status);
    }
    c->fault = (struct fwl_fsck_fault){.err = FWL_ERR_CORRUPT};
    return report(c, FWL_ERR_CORRUPT, 0);
}

static int
run_fsck(const struct fwl_command *self, int argc, char **argv)
{
    struct check c = {0};
    char file[PATH_BYTES];
    struct fwl_operands operands;
    const struct fwl_option options[] = {
        {.name = "--execute",
         .help = "execute every block again and compare all tables (in memory)",
         .flag = &c.execute},
        {.name = "--json", .help = "the finding as one line of JSON", .flag = &c.json},
    };
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    c.dir = operands.values[0];
    if (is_there(file, c.dir, "chain/data.mdb")) {
        (void)is_there(c.data, c.dir, ".");
    } else if (is_there(file, c.dir, "data/chain/data.mdb")) {
        (void)is_there(c.data, c.dir, "data");
    } else {
        return fwl_data_fail_absent(c.dir, "chain");
    }
    return check_apart(&c);
}

const struct fwl_command fwl_commands_fsck[] = {
    {"fsck", "DIR",
     "Check the data of a stopped node; DIR is its folder or its data folder.\n"
     "Exit code 0: sound. 20: damaged (table, height and key of the first fault are printed), or the node runs.",
     "fwledger fsck /var/lib/fwledger\nfwledger fsck --execute --json node0", run_fsck},
    {0},
};
