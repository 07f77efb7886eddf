/* backup, restore. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/print.h"
#include "client/cli/snapshots.h"
#include "core/host/folder.h"
#include "core/host/heap.h"
#include "ledger/chain/restore.h"
#include "ledger/query/query.h"

enum {
    PATH_BYTES = 4096,
};

/* FOLDER/NAME; a path that is too long is cut, and then there is no such file. */
static char *
join(char out[PATH_BYTES], const char *folder, const char *name)
{
    (void)snprintf(out, PATH_BYTES, "%.3900s/%s", folder, name);
    return out;
}

static bool
is_there(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    struct stat st;

    return stat(join(path, folder, name), &st) == 0;
}

static int
fail_errno(const char *path)
{
    (void)fprintf(stderr, "fwledger: %s: %s\n", path, strerror(errno));
    return FWL_EXIT_STORAGE;
}

static int
print(const struct fwl_kv *kv, const char *folder, bool json)
{
    char path[PATH_BYTES];
    struct fwl_query_tip tip;
    struct stat st;
    json_t *out = NULL;
    enum fwl_err err = fwl_query_tip(kv, &tip);

    if (err != FWL_OK) {
        return fwl_commands_fail(folder, err);
    }
    if (stat(join(path, folder, "data.mdb"), &st) != 0) {
        return fail_errno(path);
    }
    out = json_pack("{s:I, s:I}", "height", (json_int_t)tip.header.height, "bytes", (json_int_t)st.st_size);
    if (out == NULL) {
        return fwl_commands_fail(folder, FWL_ERR_MEMORY);
    }
    fwl_print_value(stdout, out, json);
    json_decref(out);
    return FWL_EXIT_YES;
}

/* The same for a store that nobody has open. */
static int
print_store(const char *folder, bool json)
{
    struct fwl_store *store = NULL;
    struct fwl_storage storage;
    struct fwl_read read;
    int code = 0;
    enum fwl_err err = fwl_store_open_reader(&store, folder, FWL_STORE_CHAIN);

    if (err == FWL_OK) {
        storage = fwl_store_storage(store);
        err = fwl_read_begin(&storage, &read);
    }
    if (err == FWL_OK) {
        code = print(&read.kv, folder, json);
        fwl_read_end(&read);
    }
    fwl_store_close(store);
    return err == FWL_OK ? code : fwl_commands_fail(folder, err);
}

/* ---- backup ---- */

/* A copy of the store in @out/chain, which must not be there yet. */
static int
copy_chain(struct fwl_store *store, const char *out)
{
    char folder[PATH_BYTES];
    bool made = mkdir(out, S_IRWXU) == 0;
    enum fwl_err err = FWL_OK;

    if (!made && errno != EEXIST) {
        return fail_errno(out);
    }
    if (mkdir(join(folder, out, "chain"), S_IRWXU) != 0) {
        return fail_errno(folder);
    }
    err = fwl_store_copy(store, folder);
    err = err == FWL_OK ? fwl_folder_sync(out) : err;
    err = err == FWL_OK && made ? fwl_folder_sync_of(out) : err;
    if (err != FWL_OK) {
        char file[PATH_BYTES];

        (void)unlink(join(file, folder, "data.mdb"));
        (void)rmdir(folder);
        return fwl_commands_fail(folder, err);
    }
    return 0;
}

static int
run_backup(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    char folder[PATH_BYTES];
    struct fwl_operands operands;
    struct fwl_data data;
    int code = fwl_args_parse_json(self, &json, &operands, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    code = fwl_data_open_reader(&data, operands.values[0], FWL_STORE_CHAIN);
    if (code == 0) {
        fwl_read_end(&data.read); /* the copy takes a view of its own */
        code = copy_chain(data.store, operands.values[1]);
    }
    fwl_data_close(&data);
    return code == 0 ? print_store(join(folder, operands.values[1], "chain"), json) : code;
}

/* ---- restore ---- */

struct restoring {
    const char *source;
    char data[PATH_BYTES];  /* the node's data folder */
    char chain[PATH_BYTES]; /* its store, in the end */
    char draft[PATH_BYTES]; /* where it is made */
    struct fwl_snapshots_trust trust;
    bool replace;
};

/* Is no process using this store? */
static int
keep_out(const char *data, const char *name)
{
    struct fwl_store *store = NULL;
    char folder[PATH_BYTES];
    char file[PATH_BYTES];
    struct stat st;

    if (stat(join(file, join(folder, data, name), "data.mdb"), &st) != 0) {
        return 0;
    }
    if (fwl_store_open(&store, folder, strcmp(name, "chain") == 0 ? FWL_STORE_CHAIN : FWL_STORE_VOTES, 0) ==
        FWL_ERR_LOCKED) {
        (void)fprintf(stderr, "fwledger: %s: a running node has it open; stop the node first\n", folder);
        return FWL_EXIT_STORAGE;
    }
    fwl_store_close(store);
    return 0;
}

static int
remove_store(const char *folder)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "LOCK"};
    char file[PATH_BYTES];

    for (size_t i = 0; i < FWL_COUNT(names); i++) {
        if (unlink(join(file, folder, names[i])) != 0 && errno != ENOENT && errno != ENOTDIR) {
            return fail_errno(file);
        }
    }
    return rmdir(folder) != 0 && errno != ENOENT ? fail_errno(folder) : 0;
}

/* Entries come from the snapshot in order; what it claims is checked as it is written. */
static int
from_snapshot(struct restoring *r)
{
    struct fwl_restore *restore = fwl_malloc(sizeof(*restore));
    void *arena = fwl_malloc(FWL_RESTORE_ARENA_BYTES);
    struct fwl_restore_config config = {
        .arena = arena, .arena_bytes = FWL_RESTORE_ARENA_BYTES, .verify = fwl_cert_schnorr};
    struct fwl_snapfile *file = NULL;
    struct fwl_store *store = NULL;
    enum fwl_err err = FWL_ERR_MEMORY;
    int code = fwl_snapshots_open(&file, r->source);

    code = code == 0 ? fwl_snapshots_trusted(file, r->source, &r->trust) : code;
    if (code == 0 && restore != NULL && arena != NULL) {
        err = fwl_store_open(&store, r->draft, FWL_STORE_CHAIN, 0);
    }
    if (code == 0 && err == FWL_OK) {
        config.to = fwl_store_storage(store);
        err = fwl_restore_open(restore, &config, file->snapshot.genesis);
        err = err == FWL_OK ? fwl_restore_snapshot(restore, &file->snapshot, fwl_snapshots_show(), NULL) : err;
    }
    if (code == 0 && err != FWL_OK) {
        code = fwl_commands_fail(r->source, err);
    }
    fwl_store_close(store);
    fwl_snapfile_close(file);
    fwl_free(arena);
    fwl_free(restore);
    return code;
}

static int
from_backup(const struct restoring *r)
{
    struct fwl_data data;
    int code = fwl_data_open_reader(&data, r->source, FWL_STORE_CHAIN);
    enum fwl_err err = FWL_OK;

    if (code == 0) {
        fwl_read_end(&data.read);
        if (mkdir(r->draft, S_IRWXU) != 0) {
            code = fail_errno(r->draft);
        }
    }
    if (code == 0) {
        err = fwl_store_copy(data.store, r->draft);
        code = err == FWL_OK ? 0 : fwl_commands_fail(r->draft, err);
    }
    fwl_data_close(&data);
    return code;
}

/* Nothing is deleted before the new chain is on disk. The votes first: without them a validator waits until it is safe
 * to vote, with a chain that is older it would not. */
static int
put_in_place(struct restoring *r)
{
    char votes[PATH_BYTES];
    bool had = is_there(r->data, "votes/data.mdb");
    const char *unsynced = fwl_folder_sync(r->draft) != FWL_OK  ? r->draft
                           : fwl_folder_sync(r->data) != FWL_OK ? r->data
                                                                : NULL;
    int code = unsynced == NULL ? remove_store(join(votes, r->data, "votes")) : fail_errno(unsynced);

    code = code == 0 ? remove_store(r->chain) : code;
    if (code == 0 && rename(r->draft, r->chain) != 0) {
        code = fail_errno(r->chain);
    }
    if (code == 0 && fwl_folder_sync(r->data) != FWL_OK) {
        code = fail_errno(r->data);
    }
    if (code == 0 && had) {
        (void)fprintf(stderr,
                      "fwledger: the votes of this node were deleted: a validator votes again when the others have "
                      "told where that is safe\n");
    }
    return code;
}

/* DIR/data if there is one or DIR is a node's folder, else DIR itself. */
static int
find_data(struct restoring *r, const char *dir)
{
    bool node = is_there(dir, "data") || is_there(dir, "config.yaml");

    (void)snprintf(r->data, sizeof(r->data), node ? "%.3800s/data" : "%.3800s", dir);
    if (mkdir(r->data, S_IRWXU) != 0 && errno != EEXIST) {
        return fail_errno(r->data);
    }
    (void)join(r->chain, r->data, "chain");
    (void)join(r->draft, r->data, "chain.new");
    return 0;
}

static int
restore(struct restoring *r, const char *dir)
{
    bool backup = is_there(r->source, "chain/data.mdb") || is_there(r->source, "data/chain/data.mdb");
    int code = find_data(r, dir);

    code = code == 0 ? keep_out(r->data, "chain") : code;
    code = code == 0 ? keep_out(r->data, "votes") : code;
    if (code == 0 && is_there(r->data, "chain/data.mdb") && !r->replace) {
        (void)fprintf(stderr, "fwledger: %s: there is a chain already; --replace deletes it\n", r->chain);
        return FWL_EXIT_STORAGE;
    }
    code = code == 0 ? remove_store(r->draft) : code; /* of an attempt that did not finish */
    if (code != 0) {
        return code;
    }
    code = backup ? from_backup(r) : from_snapshot(r);
    if (code != 0) {
        (void)remove_store(r->draft);
        return code;
    }
    return put_in_place(r);
}

static int
run_restore(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    struct restoring *r = fwl_calloc(1, sizeof(*r));
    struct fwl_operands operands;
    int code = 0;

    if (r == NULL) {
        return fwl_commands_fail(self->name, FWL_ERR_MEMORY);
    }
    const struct fwl_option options[] = {
        FWL_SNAPSHOTS_OPTIONS(&r->trust),
        {.name = "--replace", .help = "delete the chain that is there", .flag = &r->replace},
        {.name = "--json", .help = "print one JSON object", .flag = &json},
    };
    code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);
    if (code == -1) {
        struct stat st;

        r->source = operands.values[0];
        if (stat(r->source, &st) != 0) {
            code = fwl_commands_fail_file(r->source, FWL_ERR_ABSENT);
        } else if (!S_ISDIR(st.st_mode) && (r->trust.genesis == NULL) == (r->trust.anchor == NULL)) {
            code = fwl_args_usage(self, "of a snapshot, --genesis FILE or --anchor FILE says which chain is trusted");
        } else {
            code = restore(r, operands.values[1]);
            code = code == 0 ? print_store(r->chain, json) : code;
        }
    }
    fwl_free(r);
    return code;
}

const struct fwl_command fwl_commands_backup[] = {
    {"backup", "DIR OUT",
     "Copy a node's chain, compacted; the node may run.\n"
     "DIR is its folder or its data folder; OUT is a new folder. Keys are not copied, and never the\n"
     "votes: an older copy of them would forget what was signed.",
     "fwledger backup /var/lib/fwledger /backup/monday", run_backup},
    {"restore", "SOURCE DIR",
     "Give a stopped node the chain of a backup or of a snapshot.\n"
     "SOURCE is what backup made, or a snapshot file, of which every byte is checked. DIR is the\n"
     "node's folder or its data folder. Its votes are deleted. The node then fetches what is newer.",
     "fwledger restore /backup/monday /var/lib/fwledger --replace\n"
     "fwledger restore state.fws /var/lib/fwledger --genesis genesis.cbor",
     run_restore},
    {0},
};
