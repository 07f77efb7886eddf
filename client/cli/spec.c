#include "client/cli/spec.h"

#include <stdlib.h>

#include "client/cli/anchor.h"
#include "core/hex.h"
#include "core/time.h"

/* One validator on its way from file order to key order. */
struct member {
    struct fwl_hash32 key;
    int node;
};

static int
by_key(const void *a, const void *b)
{
    return memcmp(((const struct member *)a)->key.b, ((const struct member *)b)->key.b, 32);
}

static void
take_hash(struct fwl_yaml *y, struct fwl_hash32 *out, int node, const char *what)
{
    if (fwl_hex_decode(out->b, sizeof(out->b), fwl_yaml_text(y, node, 128)) != FWL_OK) {
        fwl_yaml_fail(y, node, FWL_ERR_VALUE,
                      "%s is 64 lower-case hexadecimal digits; fwledger key show prints it after \"bip340:\"", what);
    }
}

/* A list of keys as CBOR byte strings. */
static void
take_keys(struct fwl_yaml *y, struct fwl_list *out, struct fwl_writer *w, int list, const char *what)
{
    out->count = fwl_yaml_list(y, list, FWL_VALIDATOR_NODES_MAX);
    for (size_t i = 0; i < out->count; i++) {
        struct fwl_hash32 key = {0};

        take_hash(y, &key, fwl_yaml_item(y, list, i), what);
        fwl_cbor_put_bytes(w, fwl_hash32_span(&key));
    }
    if (fwl_writer_finish(w, &out->items) != FWL_OK) {
        fwl_yaml_fail(y, list, w->err, "%s: %s", what, fwl_err_text(w->err));
    }
}

static void
put_member(struct fwl_yaml *y, struct fwl_writer *w, const struct member *m)
{
    uint8_t nodes[FWL_VALIDATOR_NODES_MAX * 34];
    uint8_t logs[FWL_VALIDATOR_NODES_MAX * 34];
    struct fwl_writer nodes_writer;
    struct fwl_writer logs_writer;
    struct fwl_member member = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3), .key = m->key};
    int log_keys = fwl_yaml_get(y, m->node, "log_keys");

    fwl_writer_init(&nodes_writer, nodes, sizeof(nodes));
    fwl_writer_init(&logs_writer, logs, sizeof(logs));
    member.organisation = fwl_yaml_text(y, fwl_yaml_need(y, m->node, "participant"), FWL_PARTICIPANT_ID_MAX);
    take_keys(y, &member.node_keys, &nodes_writer, fwl_yaml_get(y, m->node, "nodes"), "a node key");
    if (log_keys != 0) {
        take_keys(y, &member.log_keys, &logs_writer, log_keys, "a log key");
        member.has |= FWL_HAS(4);
    }
    fwl_member_put(w, &member);
}

static void
put_members(struct fwl_spec *out, struct fwl_yaml *y, int list)
{
    static const char *const known[] = {"key", "participant", "nodes", "log_keys"};
    struct member members[FWL_VALIDATORS_MAX];
    size_t count = fwl_yaml_list(y, list, FWL_VALIDATORS_MAX);
    struct fwl_writer w;

    for (size_t i = 0; i < count; i++) {
        members[i] = (struct member){.node = fwl_yaml_item(y, list, i)};
        fwl_yaml_keys(y, members[i].node, known, FWL_COUNT(known));
        take_hash(y, &members[i].key, fwl_yaml_need(y, members[i].node, "key"), "the key of a validator");
    }
    qsort(members, count, sizeof(members[0]), by_key);
    fwl_writer_init(&w, out->members, sizeof(out->members));
    for (size_t i = 0; i < count && y->err == FWL_OK; i++) {
        if (i > 0 && fwl_hash32_equal(&members[i].key, &members[i - 1].key)) {
            fwl_yaml_fail(y, members[i].node, FWL_ERR_DUPLICATE, "two validators have the same key");
        }
        put_member(y, &w, &members[i]);
    }
    out->list.count = count;
    if (y->err == FWL_OK && fwl_writer_finish(&w, &out->list.items) != FWL_OK) {
        fwl_yaml_fail(y, list, w.err, "validators: %s", fwl_err_text(w.err));
    }
}

static void
take_int(struct fwl_yaml *y, uint64_t *out, int map, const char *key, uint64_t min, uint64_t max)
{
    int node = fwl_yaml_get(y, map, key);

    if (node != 0) {
        *out = (uint64_t)fwl_yaml_int(y, node, (int64_t)min, (int64_t)max);
    }
}

static void
take_duration(struct fwl_yaml *y, uint64_t *out, int map, const char *key, uint64_t min, uint64_t max)
{
    int node = fwl_yaml_get(y, map, key);

    if (node != 0) {
        *out = fwl_yaml_duration_ms(y, node, min, max);
    }
}

static void
take_params(struct fwl_params *p, struct fwl_yaml *y, int map)
{
    static const char *const known[] = {"heartbeat", "leader_term", "precision", "msgdelay",
                                        "max_block", "max_work",    "verdict_k", "protocol"};
    static const char *const protocol_known[] = {"number", "activation_height"};
    int protocol = fwl_yaml_get(y, map, "protocol");

    fwl_yaml_keys(y, map, known, FWL_COUNT(known));
    take_duration(y, &p->heartbeat_ms, map, "heartbeat", FWL_HEARTBEAT_MIN_MS, FWL_HEARTBEAT_MAX_MS);
    take_int(y, &p->leader_term, map, "leader_term", 1, FWL_LEADER_TERM_MAX);
    take_duration(y, &p->precision_ms, map, "precision", 1, FWL_PRECISION_MAX_MS);
    take_duration(y, &p->msgdelay_ms, map, "msgdelay", 1, FWL_MSGDELAY_MAX_MS);
    take_int(y, &p->max_block, map, "max_block", FWL_BLOCK_MAX_MIN, FWL_BLOCK_MAX_MAX);
    take_int(y, &p->max_work, map, "max_work", FWL_BLOCK_WORK_MIN, FWL_BLOCK_WORK_MAX);
    take_int(y, &p->verdict_k, map, "verdict_k", 1, 16);
    if (protocol != 0) {
        fwl_yaml_keys(y, protocol, protocol_known, FWL_COUNT(protocol_known));
        take_int(y, &p->protocol.number, protocol, "number", 1, INT64_MAX);
        take_int(y, &p->protocol.activation_height, protocol, "activation_height", 0, INT64_MAX);
    }
}

static void
take_governors(struct fwl_yaml *y, struct fwl_genesis *g, struct fwl_writer *w, int map)
{
    static const char *const known[] = {"threshold", "keys"};
    struct fwl_key keys[FWL_KEYS_MAX];
    int list = 0;

    fwl_yaml_keys(y, map, known, FWL_COUNT(known));
    list = fwl_yaml_need(y, map, "keys");
    g->governors.count = fwl_yaml_list(y, list, FWL_KEYS_MAX);
    g->threshold = (uint64_t)fwl_yaml_int(y, fwl_yaml_need(y, map, "threshold"), 1,
                                          g->governors.count > 0 ? (int64_t)g->governors.count : 1);
    for (size_t i = 0; i < g->governors.count; i++) {
        int item = fwl_yaml_item(y, list, i);

        if (fwl_anchor_key(&keys[i], fwl_yaml_text(y, item, 128)) != FWL_OK || keys[i].alg != FWL_ALG_ES256K) {
            fwl_yaml_fail(y, item, FWL_ERR_VALUE, "a governors' key is es256k:HEX, as fwledger key show prints it");
            return;
        }
    }
    fwl_key_put_list(w, keys, g->governors.count);
    if (fwl_writer_finish(w, &g->governors.items) != FWL_OK) {
        fwl_yaml_fail(y, list, w->err, "governors.keys: %s", fwl_err_text(w->err));
    }
}

static uint64_t
take_time(struct fwl_yaml *y, int node, uint64_t now_ms)
{
    int64_t seconds = 0;

    if (node == 0) {
        return now_ms;
    }
    if (fwl_time_parse(&seconds, fwl_yaml_text(y, node, 40)) != FWL_OK || seconds < 0) {
        fwl_yaml_fail(y, node, FWL_ERR_VALUE, "time is like 2026-01-31T23:59:59Z");
        return 0;
    }
    return (uint64_t)seconds * 1000;
}

static void
put_genesis(struct fwl_spec *out, struct fwl_yaml *y, uint64_t now_ms)
{
    static const char *const known[] = {"name", "time", "development", "parameters", "governors", "validators"};
    uint8_t keys[FWL_KEYS_MAX * 48];
    struct fwl_genesis g = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3) | FWL_HAS(4) | FWL_HAS(5) | FWL_HAS(6)};
    struct fwl_writer w;
    struct fwl_span bytes;
    int root = fwl_yaml_root(y);
    int parameters = fwl_yaml_get(y, root, "parameters");
    int name = fwl_yaml_get(y, root, "name");
    int development = fwl_yaml_get(y, root, "development");

    fwl_yaml_keys(y, root, known, FWL_COUNT(known));
    fwl_params_default(&g.params);
    if (parameters != 0) {
        take_params(&g.params, y, parameters);
    }
    if (name != 0) {
        g.name = fwl_yaml_text(y, name, FWL_GENESIS_NAME_MAX);
        g.has |= FWL_HAS(7);
    }
    g.development = development != 0 && fwl_yaml_bool(y, development);
    g.time_ms = take_time(y, fwl_yaml_get(y, root, "time"), now_ms);
    fwl_writer_init(&w, keys, sizeof(keys));
    take_governors(y, &g, &w, fwl_yaml_need(y, root, "governors"));
    put_members(out, y, fwl_yaml_need(y, root, "validators"));
    g.members = out->list;
    if (y->err != FWL_OK) {
        return;
    }
    fwl_writer_init(&w, out->document, sizeof(out->document));
    fwl_genesis_put(&w, &g);
    if (fwl_writer_finish(&w, &bytes) != FWL_OK) {
        fwl_yaml_fail(y, 0, w.err, "the document: %s", fwl_err_text(w.err));
    }
    out->document_size = bytes.size;
}

static enum fwl_err
finish(struct fwl_spec *out, struct fwl_yaml *y)
{
    enum fwl_err err = y->err;

    memcpy(out->error, y->error, sizeof(out->error));
    fwl_yaml_deinit(y);
    return err;
}

enum fwl_err
fwl_spec_genesis(struct fwl_spec *out, const char *path, uint64_t now_ms)
{
    struct fwl_yaml y;

    if (fwl_yaml_load_file(&y, path) == FWL_OK) {
        put_genesis(out, &y, now_ms);
    }
    return finish(out, &y);
}

enum fwl_err
fwl_spec_validators(struct fwl_spec *out, const char *path)
{
    static const char *const known[] = {"validators"};
    struct fwl_yaml y;

    if (fwl_yaml_load_file(&y, path) == FWL_OK) {
        fwl_yaml_keys(&y, fwl_yaml_root(&y), known, FWL_COUNT(known));
        put_members(out, &y, fwl_yaml_need(&y, fwl_yaml_root(&y), "validators"));
    }
    return finish(out, &y);
}

enum fwl_err
fwl_spec_params(struct fwl_spec *out, const char *path)
{
    struct fwl_yaml y;

    if (fwl_yaml_load_file(&y, path) == FWL_OK) {
        take_params(&out->params, &y, fwl_yaml_root(&y));
    }
    return finish(out, &y);
}
