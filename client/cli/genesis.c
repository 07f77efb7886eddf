/*
 * fwledger genesis create|show - the document that a chain starts from, and the first trust anchor.
 */
#include <time.h>

#include "client/cli/anchor.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "client/cli/spec.h"
#include "core/host/heap.h"
#include "core/time.h"
#include "ledger/json/entry.h"
#include "ledger/kv/overlay.h"
#include "ledger/state/state.h"

enum {
    ARENA = 4 * 1024 * 1024,
};

/* The root of the first state, by executing the document on an empty store as every node does. */
static enum fwl_err
first_root(struct fwl_hash32 *root, const struct fwl_genesis *genesis)
{
    size_t state_size = fwl_state_footprint();
    void *memory = fwl_malloc(state_size);
    void *arena = fwl_malloc(ARENA);
    struct fwl_overlay *overlay = fwl_malloc(sizeof(*overlay));
    enum fwl_err err = FWL_ERR_MEMORY;

    if (memory != NULL && arena != NULL && overlay != NULL) {
        fwl_overlay_init(overlay, NULL, arena, ARENA);
        err = fwl_state_genesis(fwl_state_init(memory, state_size), overlay, root, genesis);
    }
    fwl_free(overlay);
    fwl_free(arena);
    fwl_free(memory);
    return err;
}

/* The anchor of block 0. */
static enum fwl_err
first_anchor(json_t **doc, const struct fwl_genesis *genesis, struct fwl_span document)
{
    struct fwl_anchor anchor = {0};
    struct fwl_header header;
    struct fwl_hash32 root;
    uint8_t validators[32 * FWL_VALIDATORS_MAX];
    uint8_t governors[33 * FWL_KEYS_MAX];
    enum fwl_err err = first_root(&root, genesis);

    *doc = NULL;
    err = err == FWL_OK ? fwl_member_set(&anchor.validators, validators, genesis->members) : err;
    err = err == FWL_OK ? fwl_key_governors(&anchor.governors, governors, genesis->governors, genesis->threshold) : err;
    if (err != FWL_OK) {
        return err;
    }
    fwl_genesis_chain_id(&anchor.chain_id, document);
    fwl_genesis_header(&header, genesis, &anchor.chain_id, &root);
    fwl_header_hash(&anchor.block_hash, &header);
    anchor.epoch = header.epoch;
    anchor.height = header.height;
    anchor.time_ms = header.time_ms;
    *doc = fwl_anchor_json(&anchor);
    return *doc == NULL ? FWL_ERR_MEMORY : FWL_OK;
}

static int
finish(const struct fwl_spec *spec, const char *path, const char *out, const char *anchor_path, bool json)
{
    struct fwl_genesis genesis;
    struct fwl_fault fault = {0};
    json_t *anchor = NULL;
    struct fwl_span document = fwl_span(spec->document, spec->document_size);
    enum fwl_err err = fwl_genesis_decode(&genesis, &fault, document);
    int code = 0;

    if (err == FWL_ERR_VALUE && genesis.members.count < 4 && !genesis.development) {
        (void)fprintf(
            stderr, "fwledger: %s: validators: at least 4, or \"development: true\" for a chain to play with\n", path);
        return FWL_EXIT_CONFIG;
    }
    if (err != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s: %s: %s\n", path, fault.field, fwl_err_text(err));
        return FWL_EXIT_CONFIG;
    }
    err = first_anchor(&anchor, &genesis, document);
    if (err != FWL_OK) {
        (void)fwl_commands_fail(path, err);
        return FWL_EXIT_CONFIG;
    }
    err = fwl_files_replace(out, document);
    code = err == FWL_OK ? fwl_anchor_save(anchor, anchor_path) : fwl_commands_fail_write(out);
    if (code == 0) {
        struct fwl_hash32 chain_id;
        json_t *value = NULL;

        fwl_genesis_chain_id(&chain_id, document);
        value = fwl_json_genesis(&genesis, &chain_id);
        fwl_print_value(stdout, value, json);
        json_decref(value);
    }
    json_decref(anchor);
    return code;
}

static int
run_create(const struct fwl_command *self, int argc, char **argv)
{
    const char *out = NULL;
    const char *anchor = NULL;
    bool json = false;
    struct fwl_operands operands;
    struct fwl_spec *spec = NULL;
    const struct fwl_option options[] = {
        {.name = "--out", .value_name = "FILE", .help = "the genesis document (required)", .value = &out},
        {.name = "--anchor", .value_name = "FILE", .help = "the first trust anchor (required)", .value = &anchor},
        {.name = "--json", .help = "print one JSON object", .flag = &json}};
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    if (out == NULL || anchor == NULL) {
        return fwl_args_usage(self, "--out FILE and --anchor FILE are needed");
    }
    spec = fwl_malloc(sizeof(*spec));
    if (spec == NULL) {
        return fwl_commands_fail("genesis create", FWL_ERR_MEMORY);
    }
    if (fwl_spec_genesis(spec, operands.values[0], (uint64_t)time(NULL) * 1000) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s\n", spec->error);
        code = FWL_EXIT_CONFIG;
    } else {
        code = finish(spec, operands.values[0], out, anchor, json);
    }
    fwl_free(spec);
    return code;
}

static int
run_show(const struct fwl_command *self, int argc, char **argv)
{
    bool json = false;
    struct fwl_operands operands;
    struct fwl_span bytes = {0};
    struct fwl_genesis genesis;
    struct fwl_fault fault = {0};
    struct fwl_hash32 chain_id;
    json_t *value = NULL;
    int code = fwl_args_parse_json(self, &json, &operands, 1, argc, argv);
    enum fwl_err err = FWL_OK;

    if (code != -1) {
        return code;
    }
    err = fwl_files_read(&bytes, operands.values[0], FWL_GENESIS_MAX);
    if (err != FWL_OK) {
        return fwl_commands_fail_file(operands.values[0], err);
    }
    err = fwl_genesis_decode(&genesis, &fault, bytes);
    if (err == FWL_OK) {
        fwl_genesis_chain_id(&chain_id, bytes);
        value = fwl_json_genesis(&genesis, &chain_id);
        fwl_print_value(stdout, value, json);
        json_decref(value);
    } else {
        (void)fprintf(stderr, "fwledger: %s: it is no genesis document: %s%s%s\n", operands.values[0],
                      fault.field == NULL ? "" : fault.field, fault.field == NULL || fault.field[0] == '\0' ? "" : ": ",
                      fwl_err_text(err));
    }
    fwl_free((void *)(uintptr_t)bytes.p);
    return err == FWL_OK ? FWL_EXIT_YES : FWL_EXIT_MALFORMED;
}

const struct fwl_command fwl_commands_genesis[] = {
    {"genesis create", "SPEC",
     "Make the document that a chain starts from, and its trust anchor.\n"
     "SPEC is a YAML file: name, time (default now), development, parameters {heartbeat, ...}, governors {threshold, "
     "keys},\n"
     "validators [{key, participant, nodes, log_keys}].",
     "fwledger genesis create genesis.yaml --out genesis.cbor --anchor anchor.json", run_create},
    {"genesis show", "FILE", "Explain a genesis document.", "fwledger genesis show genesis.cbor", run_show},
    {0},
};
