/* snapshot create, snapshot verify. */
#include "client/cli/snapshots.h"

#include <unistd.h>

#include "client/cli/anchor.h"
#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/snapshot/file/snapmake.h"

/* ---- what several commands share ---- */

int
fwl_snapshots_open(struct fwl_snapfile **out, const char *path)
{
    enum fwl_err err = fwl_snapfile_open(out, path);

    if (err == FWL_ERR_UNKNOWN) {
        (void)fprintf(stderr, "fwledger: %s: it is no snapshot\n", path);
        return FWL_EXIT_MALFORMED;
    }
    return err == FWL_OK ? 0 : fwl_commands_fail_file(path, err);
}

/* The anchor's validators and governors are those of its epoch on the way from genesis to the snapshot. */
static enum fwl_err
meets_anchor(const struct fwl_snapshot *s, const struct fwl_anchor *anchor)
{
    struct fwl_trail trail;
    struct fwl_reader it;
    struct fwl_span step;
    struct fwl_hash32 want;
    struct fwl_hash32 got;
    enum fwl_err err = fwl_trail_begin(&trail, s->genesis);

    fwl_reader_init(&it, s->steps);
    while (err == FWL_OK && trail.at.epoch < anchor->epoch) {
        if (!fwl_snapshot_step(&it, &step)) {
            return FWL_ERR_ROLLBACK;
        }
        err = fwl_trail_step(&trail, step, fwl_cert_schnorr, NULL);
    }
    if (err != FWL_OK) {
        return err;
    }
    fwl_validators_hash(&want, &anchor->validators);
    fwl_validators_hash(&got, &trail.at.validators);
    return fwl_hash32_equal(&want, &got) && fwl_governors_equal(&anchor->governors, &trail.at.governors)
               ? FWL_OK
               : FWL_ERR_EPOCH;
}

static int
trust_anchor(const struct fwl_snapfile *file, const char *path, const struct fwl_hash32 *chain_id, const char *anchor)
{
    struct fwl_anchor_file a;
    int code = fwl_anchor_open(&a, anchor);
    enum fwl_err err = FWL_OK;

    if (code == 0) {
        err = fwl_hash32_equal(&a.anchor.chain_id, chain_id) ? meets_anchor(&file->snapshot, &a.anchor) : FWL_ERR_CHAIN;
        code = err == FWL_OK ? 0 : fwl_commands_fail(path, err);
    }
    fwl_anchor_close(&a);
    return code;
}

int
fwl_snapshots_trusted(const struct fwl_snapfile *file, const char *path, const struct fwl_snapshots_trust *trust)
{
    struct fwl_hash32 chain_id;
    struct fwl_span genesis;
    enum fwl_err err = FWL_OK;

    fwl_genesis_chain_id(&chain_id, file->snapshot.genesis);
    if (trust->anchor != NULL) {
        return trust_anchor(file, path, &chain_id, trust->anchor);
    }
    err = fwl_files_read(&genesis, trust->genesis, FWL_GENESIS_MAX);
    if (err != FWL_OK) {
        return fwl_commands_fail_file(trust->genesis, err);
    }
    err = fwl_span_equal(genesis, file->snapshot.genesis) ? FWL_OK : FWL_ERR_CHAIN;
    fwl_free((void *)(uintptr_t)genesis.p);
    return err == FWL_OK ? 0 : fwl_commands_fail(path, err);
}

static void
show(void *cookie, uint32_t done, uint32_t total)
{
    (void)cookie;
    (void)fprintf(stderr, done < total ? "\rchunks %3u %%\x1b[K" : "\r\x1b[K", 100 * done / total);
}

fwl_snapshot_progress
fwl_snapshots_show(void)
{
    return isatty(STDERR_FILENO) ? show : NULL;
}

/* ---- the commands ---- */

static int
print(const struct fwl_snapfile *file, bool json)
{
    const struct fwl_snapshot *s = &file->snapshot;
    char time[FWL_TIME_TEXT_SIZE];
    char chain[65];
    char block[65];
    char root[65];
    struct fwl_hash32 chain_id;
    json_t *out = NULL;

    fwl_genesis_chain_id(&chain_id, s->genesis);
    fwl_time_text(time, s->info.header.time_ms);
    fwl_hex_encode(chain, sizeof(chain), fwl_hash32_span(&chain_id));
    fwl_hex_encode(block, sizeof(block), fwl_hash32_span(&s->info.hash));
    fwl_hex_encode(root, sizeof(root), fwl_hash32_span(&s->info.header.state_root));
    out = json_pack("{s:s, s:I, s:s, s:s, s:s, s:I, s:i, s:I}", "chain_id", chain, "height",
                    (json_int_t)s->info.header.height, "time", time, "block_hash", block, "state_root", root, "epoch",
                    (json_int_t)s->info.header.epoch, "chunks", (int)s->info.chunks, "bytes",
                    (json_int_t)file->bytes.size);
    if (out == NULL) {
        return fwl_commands_fail("snapshot", FWL_ERR_MEMORY);
    }
    fwl_print_value(stdout, out, json);
    json_decref(out);
    return FWL_EXIT_YES;
}

static int
create(const char *dir, const char *path, bool json)
{
    const struct fwl_snapmake_config config = {.split = 0};
    struct fwl_snapfile *file = NULL;
    struct fwl_data data;
    int code = fwl_data_open_reader(&data, dir, FWL_STORE_CHAIN);
    enum fwl_err err = FWL_OK;

    if (code == 0) {
        err = fwl_snapmake_file(&data.read.kv, path, &config);
    }
    fwl_data_close(&data);
    if (code != 0) {
        return code;
    }
    if (err == FWL_ERR_STATE) {
        (void)fprintf(stderr, "fwledger: %s: there is no block yet\n", dir);
        return FWL_EXIT_NO;
    }
    if (err != FWL_OK) {
        return fwl_commands_fail(path, err);
    }
    code = fwl_snapshots_open(&file, path);
    code = code == 0 ? print(file, json) : code;
    fwl_snapfile_close(file);
    return code;
}

static int
run_create(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    struct fwl_operands operands;
    int code = fwl_args_parse_json(self, &json, &operands, 2, argc, argv);

    return code == -1 ? create(operands.values[0], operands.values[1], json) : code;
}

static int
verify(const char *path, const struct fwl_snapshots_trust *trust, bool json)
{
    struct fwl_trail trail;
    struct fwl_hash32 chain_id;
    struct fwl_snapfile *file = NULL;
    int code = fwl_snapshots_open(&file, path);
    enum fwl_err err = FWL_OK;

    code = code == 0 ? fwl_snapshots_trusted(file, path, trust) : code;
    if (code == 0) {
        fwl_genesis_chain_id(&chain_id, file->snapshot.genesis);
        err = fwl_snapshot_verify(&file->snapshot, &trail, &chain_id, fwl_snapshots_show(), NULL);
        code = err == FWL_OK ? print(file, json) : fwl_commands_fail(path, err);
    }
    fwl_snapfile_close(file);
    return code;
}

static int
run_verify(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    struct fwl_snapshots_trust trust = {0};
    struct fwl_operands operands;
    const struct fwl_option options[] = {
        FWL_SNAPSHOTS_OPTIONS(&trust),
        {.name = "--json", .help = "print one JSON object", .flag = &json},
    };
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    if ((trust.genesis == NULL) == (trust.anchor == NULL)) {
        return fwl_args_usage(self, "--genesis FILE or --anchor FILE is needed: it says which chain is trusted");
    }
    return verify(operands.values[0], &trust, json);
}

const struct fwl_command fwl_commands_snapshot[] = {
    {"snapshot create", "DIR FILE",
     "Write a snapshot of a node's newest state; the node may run.\n"
     "DIR is its folder or its data folder. Whoever has the genesis document can check every byte\n"
     "of FILE, and a new node starts from it (restore).",
     "fwledger snapshot create /var/lib/fwledger state.fws", run_create},
    {"snapshot verify", "FILE",
     "Check a snapshot: validators, certificate, and every entry of its state.\n"
     "Exit code 10: not certified by the chain's validators. 11: the state is another one.",
     "fwledger snapshot verify state.fws --genesis genesis.cbor", run_verify},
    {0},
};
