/*
 * fwledger forensics - who signed both sides of a fork? The data folders of stopped nodes give chain id, set and the
 * certificates of that height; ledger/forensics finds the pairs of votes that convict.
 */
#include "ledger/forensics/forensics.h"

#include <stdlib.h>

#include "client/cli/commands.h"
#include "client/cli/data.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "ledger/json/release.h"
#include "ledger/model/entry.h"
#include "ledger/query/query.h"

enum {
    CERT_MAX = 64 * 1024,
    VOTES_MAX = 1 << 18, /* of one height; 100 views of 255 validators that vote thrice, and more */
    SIDES = 2,
};

struct hearing {
    bool json;
    struct fwl_arg_list data;
    struct fwl_span files[SIDES]; /* the two certificates */
    struct fwl_cert certs[SIDES];
    struct fwl_validators set;
    uint8_t keys[32 * FWL_VALIDATORS_MAX];
    bool has_set;
    struct fwl_forensics f;
    size_t stored;   /* certificates taken from data folders */
    json_t *members; /* {key: participant} */
};

static int
fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "fwledger: %s: %s\n", what, why);
    return FWL_EXIT_NO;
}

/* ---- what a data folder tells ---- */

/* The set of the height, of the first folder that knows it; the others must agree. */
static int
take_set(struct hearing *h, const struct fwl_kv *chain, const char *dir)
{
    struct fwl_query_tip tip;
    struct fwl_query_set set;
    enum fwl_err err = fwl_query_tip(chain, &tip);

    if (err != FWL_OK) {
        return fwl_commands_fail(dir, err);
    }
    if (h->f.height > tip.header.height + 1 || fwl_query_set(chain, &set, h->f.height) != FWL_OK) {
        return fail(dir, "this node had not come to the height of the certificates yet");
    }
    if (!h->has_set) {
        h->has_set = true;
        h->f.chain_id = tip.header.chain_id;
        h->set.n = set.validators.n;
        memcpy(h->keys, set.validators.keys.p, set.validators.keys.size);
        h->set.keys = fwl_span(h->keys, set.validators.keys.size);
        return 0;
    }
    if (!fwl_hash32_equal(&h->f.chain_id, &tip.header.chain_id)) {
        return fail(dir, "this is the data of another chain");
    }
    if (h->set.n != set.validators.n || !fwl_span_equal(h->set.keys, set.validators.keys)) {
        return fail(dir, "it has another validator set at this height: the fork is at a lower height; compare there");
    }
    return 0;
}

/* Which organisation a key belongs to, as far as the folder's newest entry knows. */
static void
take_names(struct hearing *h, const struct fwl_kv *chain)
{
    struct fwl_validators_entry entry;
    struct fwl_member member;
    struct fwl_reader it;
    struct fwl_span value;
    char hex[65];

    if (fwl_query_entry(chain, &value, FWL_TABLE_VALIDATORS, (struct fwl_span){0}) != FWL_OK ||
        fwl_entry_validators(&entry, NULL, value) != FWL_OK) {
        return;
    }
    for (fwl_list_begin(&it, entry.members); fwl_member_next(&it, &member);) {
        fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&member.key));
        (void)json_object_set_new(h->members, hex, fwl_json_text(member.organisation));
    }
}

/* A stored certificate that does not hold is a fault of that disk and proves nothing: it is passed over. */
static void
take_cert(struct hearing *h, struct fwl_span bytes)
{
    h->stored += fwl_forensics_cert(&h->f, NULL, bytes) == FWL_OK;
}

/* The FINAL certificate of the block that this node holds at the height. */
static void
take_final(struct hearing *h, const struct fwl_kv *chain)
{
    uint8_t buffer[FWL_CERT_SIZE_MAX];
    struct fwl_span bytes;

    if (fwl_data_certificate(&bytes, buffer, chain, h->f.height) == FWL_OK) {
        take_cert(h, bytes);
    }
}

static void
take_votes(struct hearing *h, const struct fwl_kv *votes)
{
    struct fwl_kv_entry e;
    uint8_t from[8];
    enum fwl_err err = FWL_OK;

    fwl_store_be64(from, h->f.height);
    err = fwl_kv_seek(votes, &e, FWL_SPACE_CERT, fwl_span(from, sizeof(from)));
    while (err == FWL_OK && e.key.size >= 8 && fwl_load_be64(e.key.p) == h->f.height) {
        take_cert(h, e.value);
        err = fwl_kv_next(votes, &e, FWL_SPACE_CERT, e.key);
    }
}

/* Opens `chain` or `votes` of a node's folder or data folder, and does @take with it. */
static int
with_store(struct hearing *h, const char *dir, enum fwl_store_kind kind,
           int (*take)(struct hearing *h, const struct fwl_kv *kv, const char *dir))
{
    struct fwl_data data;
    int code = fwl_data_open(&data, dir, kind);

    code = code == 0 ? take(h, &data.read.kv, dir) : code;
    fwl_data_close(&data);
    return code;
}

static int
take_chain(struct hearing *h, const struct fwl_kv *kv, const char *dir)
{
    int code = take_set(h, kv, dir);

    if (code == 0) {
        take_names(h, kv);
        take_final(h, kv);
    }
    return code;
}

static int
take_undecided(struct hearing *h, const struct fwl_kv *kv, const char *dir)
{
    (void)dir;
    take_votes(h, kv);
    return 0;
}

/* ---- the two certificates ---- */

/* Both are read before any set is known; the height alone stands at a fixed place. */
static int
read_certs(struct hearing *h, const struct fwl_operands *operands)
{
    for (size_t i = 0; i < SIDES; i++) {
        enum fwl_err err = fwl_files_read(&h->files[i], operands->values[i], CERT_MAX);

        if (err != FWL_OK) {
            return fwl_commands_fail_file(operands->values[i], err);
        }
        if (h->files[i].size < 45) {
            return fwl_commands_fail(operands->values[i], FWL_ERR_TRUNCATED);
        }
    }
    h->f.height = fwl_load_be64(h->files[0].p + 1);
    return 0;
}

static int
judge_certs(struct hearing *h, const struct fwl_operands *operands)
{
    for (size_t i = 0; i < SIDES; i++) {
        enum fwl_err err = fwl_forensics_cert(&h->f, &h->certs[i], h->files[i]);

        if (err == FWL_ERR_RANGE) {
            return fail(operands->values[i], "the certificates are of different heights");
        }
        if (err != FWL_OK) {
            return fwl_commands_fail(operands->values[i], err);
        }
        if (h->certs[i].kind != FWL_VOTE_FINALIZE) {
            return fail(operands->values[i], "this is no FINAL certificate");
        }
    }
    if (fwl_hash32_equal(&h->certs[0].block_hash, &h->certs[1].block_hash)) {
        return fail("no fork", "both certificates are of the same block");
    }
    return 0;
}

/* ---- the finding ---- */

static json_t *
pair_value(const struct hearing *h, const struct fwl_evidence *ev)
{
    uint8_t record[FWL_EVIDENCE_SIZE];
    char key[65];
    char hex[2 * FWL_EVIDENCE_SIZE + 1];
    const char *name = NULL;

    fwl_evidence_encode(record, ev);
    fwl_hex_encode(hex, sizeof(hex), fwl_span(record, sizeof(record)));
    fwl_hex_encode(key, sizeof(key), fwl_span(h->keys + 32 * (size_t)ev->first.idx, 32));
    name = json_string_value(json_object_get(h->members, key));
    return json_pack("{s:s*, s:s, s:s, s:i, s:s*}", "participant", name, "key", key, "act", fwl_evidence_text(ev->type),
                     "view", (int)ev->first.view, "evidence", h->json ? hex : NULL);
}

static int
report(const struct hearing *h)
{
    struct fwl_forensics_walk walk = {0};
    struct fwl_evidence ev;
    json_t *culprits = json_array();
    json_t *blocks = json_array();
    size_t count = 0;
    size_t faulty = fwl_validators_faulty(h->set.n);
    uint32_t last = UINT32_MAX;
    json_t *out = NULL;

    for (size_t i = 0; i < SIDES; i++) {
        char hex[65];

        fwl_hex_encode(hex, sizeof(hex), fwl_hash32_span(&h->certs[i].block_hash));
        (void)json_array_append_new(blocks, json_pack("{s:s, s:i}", "block", hex, "view", (int)h->certs[i].view));
    }
    while (fwl_forensics_next(&h->f, &walk, &ev)) {
        count += ev.first.idx != last;
        last = ev.first.idx;
        (void)json_array_append_new(culprits, pair_value(h, &ev));
    }
    out = json_pack("{s:I, s:o, s:i, s:i, s:i, s:i, s:o}", "height", (json_int_t)h->f.height, "final", blocks,
                    "validators", (int)h->set.n, "tolerated", (int)faulty, "certificates", (int)h->stored, "convicted",
                    (int)count, "culprits", culprits);
    if (out == NULL) {
        return fwl_commands_fail("the finding", FWL_ERR_MEMORY);
    }
    fwl_print_value(stdout, out, h->json);
    json_decref(out);
    if (count > faulty) {
        return FWL_EXIT_YES;
    }
    (void)fprintf(stderr,
                  "fwledger: fewer than %zu are convicted: the certificates between the two views are missing; add "
                  "--data of nodes that took part on either side\n",
                  faulty + 1);
    return FWL_EXIT_NO;
}

static int
hear(struct hearing *h, const struct fwl_operands *operands)
{
    int code = read_certs(h, operands);

    for (size_t i = 0; code == 0 && i < h->data.count; i++) {
        code = with_store(h, h->data.values[i], FWL_STORE_CHAIN, take_chain);
        code = code == 0 ? with_store(h, h->data.values[i], FWL_STORE_VOTES, take_undecided) : code;
    }
    code = code == 0 ? judge_certs(h, operands) : code;
    return code == 0 ? report(h) : code;
}

static int
run_forensics(const struct fwl_command *self, int argc, char **argv)
{
    struct hearing h = {.f = {.verify = NULL}};
    struct fwl_operands operands;
    const struct fwl_option options[] = {
        {.name = "--data", .value_name = "DIR", .help = "folder of a stopped node", .list = &h.data},
        {.name = "--json", .help = "the finding as one line of JSON", .flag = &h.json},
    };
    int code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 2, 2, argc, argv);

    if (code != -1) {
        return code;
    }
    if (h.data.count == 0) {
        return fwl_args_usage(self, "--data is needed at least once: it tells chain and validator set");
    }
    h.members = json_object();
    h.f.set = &h.set;
    h.f.verify = fwl_cert_schnorr;
    h.f.room = VOTES_MAX;
    h.f.votes = fwl_malloc(VOTES_MAX * sizeof(*h.f.votes));
    code =
        h.members == NULL || h.f.votes == NULL ? fwl_commands_fail("forensics", FWL_ERR_MEMORY) : hear(&h, &operands);
    fwl_free(h.f.votes);
    fwl_free((void *)(uintptr_t)h.files[0].p);
    fwl_free((void *)(uintptr_t)h.files[1].p);
    json_decref(h.members);
    return code;
}

const struct fwl_command fwl_commands_forensics[] = {
    {"forensics", "CERT1 CERT2",
     "Two FINAL certificates of one height: name the validators that signed both sides.\n"
     "CERT is a whole certificate (fwledger block HEIGHT --certificate FILE). Nothing is believed: what convicts is a\n"
     "pair of signatures by one key, which --json prints as evidence. Exit code 0: more than a third are convicted; 1: "
     "fewer, or\n"
     "there is no fork.",
     "fwledger forensics one.cert two.cert --data node1 --data node2", run_forensics},
    {0},
};
