/*
 * fwledger validators change, params set - what the governors decide about the chain itself.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/anchor.h"
#include "client/cli/commands.h"
#include "client/cli/spec.h"
#include "client/cli/submit.h"
#include "core/hex.h"
#include "core/host/heap.h"
#include "ledger/model/header.h"
#include "ledger/model/statement.h"
#include "signer/host/caller.h"

enum {
    SIGNER_MS = 5000,
};

/* A set of governors and its signatures of the epoch statement. */
struct consent {
    struct fwl_governors set;
    uint8_t keys[33 * FWL_KEYS_MAX];
    uint8_t bitmap[2];
    uint8_t sigs[64 * FWL_KEYS_MAX];
};

struct change {
    struct fwl_submit_args submit;
    const char *new_key;          /* secret of an added or changed validator */
    struct fwl_arg_list old_keys; /* of the governors before their keys changed */
    struct fwl_spec spec;
    struct consent now, old;
    struct fwl_action action;
};

/* Keys and threshold of governors, as the node tells them. */
static enum fwl_err
read_governors(struct consent *out, const json_t *value)
{
    struct fwl_key keys[FWL_KEYS_MAX];
    uint8_t items[FWL_KEYS_MAX * 48];
    struct fwl_list list = {0};
    struct fwl_writer w;
    const json_t *array = json_object_get(value, "keys");
    enum fwl_err err = FWL_OK;

    list.count = json_array_size(array);
    if (list.count == 0 || list.count > FWL_KEYS_MAX) {
        return FWL_ERR_VALUE;
    }
    for (size_t i = 0; i < list.count && err == FWL_OK; i++) {
        const char *text = json_string_value(json_array_get(array, i));

        err = text == NULL ? FWL_ERR_VALUE : fwl_anchor_key(&keys[i], fwl_span_text(text));
    }
    if (err == FWL_OK) {
        fwl_writer_init(&w, items, sizeof(items));
        fwl_key_put_list(&w, keys, list.count);
        err = fwl_writer_finish(&w, &list.items);
    }
    return err == FWL_OK ? fwl_key_governors(&out->set, out->keys, list,
                                             (uint64_t)json_integer_value(json_object_get(value, "threshold")))
                         : err;
}

/* The governors of today, from their participant entry, and those of the last epoch step. */
static int
take_governors(struct change *c, struct fwl_session *session)
{
    static const char *const path[] = {"/v1/participants/governors", "/v1/validators"};

    for (size_t i = 0; i < FWL_COUNT(path); i++) {
        json_t *value = NULL;
        int code = fwl_session_json(session, &value, path[i]);
        enum fwl_err err = FWL_OK;

        if (code == 0) {
            err =
                i == 0 ? read_governors(&c->now, value) : read_governors(&c->old, json_object_get(value, "governors"));
        }
        json_decref(value);
        if (code != 0 || err != FWL_OK) {
            return code != 0 ? code : fwl_commands_fail(path[i], err);
        }
    }
    return 0;
}

/* Signs @digest with each given key, in the order of the set: bitmap and signatures. */
static int
sign_statement(struct consent *c, const struct fwl_arg_list *files, const char *whose, const struct fwl_hash32 *digest)
{
    struct fwl_sig64 by_member[FWL_KEYS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < files->count && count < c->set.threshold; i++) {
        struct fwl_secret secret;
        struct fwl_pubkey33 point;
        int64_t alg = 0;
        int code = fwl_commands_secret(&secret, files->values[i], FWL_KEY_PARTICIPANT, 0);

        if (code != 0) {
            return code;
        }
        fwl_secret_point(&alg, &point, &secret);
        for (size_t m = 0; m < c->set.count; m++) {
            if (memcmp(c->set.keys.p + 33 * m, point.b, 33) == 0 && (c->bitmap[m / 8] >> (m % 8) & 1) == 0) {
                fwl_ecdsa_sign(&by_member[m], &secret, digest);
                c->bitmap[m / 8] = (uint8_t)(c->bitmap[m / 8] | 1U << (m % 8));
                count++;
            }
        }
        fwl_secret_clear(&secret);
    }
    if (count < c->set.threshold) {
        (void)fprintf(stderr, "fwledger: %u of the governors' %s are needed, given: %zu\n", c->set.threshold, whose,
                      count);
        return FWL_EXIT_NO;
    }
    count = 0;
    for (size_t m = 0; m < c->set.count; m++) {
        if ((c->bitmap[m / 8] >> (m % 8) & 1) != 0) {
            memcpy(c->sigs + 64 * count++, by_member[m].b, 64);
        }
    }
    return 0;
}

/* The consent of today's governors and, if their keys changed since the last epoch step, of those whom devices know. */
static int
sign_both(struct change *c, const struct fwl_hash32 *digest)
{
    struct fwl_governor_signatures *s = &c->action.u.validators.signatures;
    int code = sign_statement(&c->now, &c->submit.keys, "keys (--key)", digest);

    c->action.has |= FWL_HAS(2);
    s->bitmap = fwl_span(c->now.bitmap, ((size_t)c->now.set.count + 7) / 8);
    s->sigs = fwl_span(c->now.sigs, 64 * (size_t)c->now.set.threshold);
    if (code != 0 || fwl_governors_equal(&c->now.set, &c->old.set)) {
        return code;
    }
    s->old_bitmap = fwl_span(c->old.bitmap, ((size_t)c->old.set.count + 7) / 8);
    s->old_sigs = fwl_span(c->old.sigs, 64 * (size_t)c->old.set.threshold);
    return sign_statement(&c->old, &c->old_keys, "keys of the last change of validators (--old-key)", digest);
}

/* The key is with a signer, whose socket @path is. */
static int
ask_signer(struct fwl_possession *p, const char *path, const struct fwl_hash32 *chain_id)
{
    const struct fwl_signing_request hello = {
        .type = FWL_SIGNING_HELLO, .protocol = FWL_SIGNING_PROTOCOL, .chain_id = *chain_id};
    const struct fwl_signing_request possession = {
        .type = FWL_SIGNING_POSSESSION, .height = p->height, .hash = p->block_hash};
    struct fwl_signing_answer answer = {.code = FWL_SIGNING_DONE};
    int fd = -1;
    enum fwl_err err = fwl_caller_open(&fd, path);

    err = err == FWL_OK ? fwl_caller_ask(&answer, fd, &hello, SIGNER_MS) : err;
    if (err == FWL_OK && answer.code == FWL_SIGNING_DONE) {
        err = fwl_caller_ask(&answer, fd, &possession, SIGNER_MS);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (err == FWL_OK && answer.code != FWL_SIGNING_DONE) {
        (void)fprintf(stderr, "fwledger: %s: the signer refuses: %s\n", path, answer.text);
        return FWL_EXIT_NO;
    }
    p->sig = answer.sig;
    return err == FWL_OK ? 0 : fwl_commands_fail(path, err);
}

static int
sign_here(struct fwl_possession *p, const char *path, const struct fwl_hash32 *chain_id)
{
    struct fwl_secret secret;
    struct fwl_hash32 digest;
    int code = fwl_commands_secret(&secret, path, FWL_KEY_VALIDATOR, 0);

    if (code != 0) {
        return code;
    }
    fwl_statement_possession(&digest, chain_id, p->height, &p->block_hash);
    fwl_schnorr_sign(&p->sig, &secret, &digest);
    fwl_secret_clear(&secret);
    return 0;
}

/* A new key shows that it is live: it signs the newest block. */
static int
prove_possession(struct change *c, struct fwl_session *session, const struct fwl_header *header)
{
    struct fwl_possession *p = &c->action.u.validators.possession;
    struct stat info;

    p->height = header->height;
    fwl_header_hash(&p->block_hash, header);
    c->action.has |= FWL_HAS(3);
    if (stat(c->new_key, &info) == 0 && S_ISSOCK(info.st_mode)) {
        return ask_signer(p, c->new_key, &session->chain_id);
    }
    return sign_here(p, c->new_key, &session->chain_id);
}

static int
complete(struct change *c, struct fwl_session *session)
{
    struct fwl_http_response response = {0};
    struct fwl_header header = {0};
    struct fwl_validators set;
    uint8_t keys[32 * FWL_VALIDATORS_MAX];
    struct fwl_hash32 validators_hash;
    struct fwl_hash32 governors_hash;
    struct fwl_hash32 digest;
    uint64_t epoch = 0; /* of the block that may have the change */
    char path[64];
    int code = 0;

    (void)snprintf(path, sizeof(path), "/v1/headers/%llu", (unsigned long long)session->height);
    code = fwl_session_get(session, &response, path);
    if (code == 0 && fwl_header_decode(&header, fwl_span(response.body, response.size)) != FWL_OK) {
        code = fwl_commands_fail(path, FWL_ERR_VALUE);
    }
    fwl_http_response_clear(&response);
    if (code != 0 || fwl_member_set(&set, keys, c->spec.list) != FWL_OK) {
        return code != 0 ? code : fwl_commands_fail("validators", FWL_ERR_LIMIT);
    }
    fwl_validators_hash(&validators_hash, &set);
    if (fwl_hash32_equal(&validators_hash, &header.next_validators_hash)) {
        return 0; /* only node or log keys change: no epoch starts, nothing is to be signed */
    }
    epoch = header.epoch + !fwl_hash32_equal(&header.validators_hash, &header.next_validators_hash);
    code = take_governors(c, session);
    if (code == 0) {
        fwl_governors_hash(&governors_hash, &c->now.set);
        fwl_statement_epoch(&digest, &session->chain_id, epoch + 1, &validators_hash, &governors_hash);
        code = sign_both(c, &digest);
    }
    return code == 0 && c->new_key != NULL ? prove_possession(c, session, &header) : code;
}

static int
send(struct change *c, const char *path)
{
    struct fwl_session session;
    int code = 0;

    if (fwl_spec_validators(&c->spec, path) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s\n", c->spec.error);
        return FWL_EXIT_CONFIG;
    }
    c->action.code = FWL_ACTION_VALIDATORS_CHANGE;
    c->action.has = fwl_action_required(FWL_ACTION_VALIDATORS_CHANGE);
    c->action.u.validators.members = c->spec.list;
    code = fwl_session_open(&session, c->submit.node);
    code = code == 0 ? complete(c, &session) : code;
    fwl_session_close(&session);
    return code == 0 ? fwl_submit_one(&c->action, &c->submit) : code;
}

static int
run_change(const struct fwl_command *self, int argc, char **argv)
{
    struct change *c = fwl_calloc(1, sizeof(*c));
    struct fwl_operands operands;
    int code = 0;

    if (c == NULL) {
        return fwl_commands_fail(self->name, FWL_ERR_MEMORY);
    }
    const struct fwl_option options[] = {
        {.name = "--new-key",
         .value_name = "FILE",
         .help = "key of the added or changed validator, or the socket of its signer: it is live",
         .value = &c->new_key},
        {.name = "--old-key",
         .value_name = "FILE",
         .help = "a key that the governors had at the last change of validators",
         .list = &c->old_keys},
        FWL_SUBMIT_OPTIONS(&c->submit)};
    code = fwl_args_parse(self, options, FWL_COUNT(options), &operands, 1, 1, argc, argv);
    code = code == -1 ? send(c, operands.values[0]) : code;
    fwl_free(c);
    return code;
}

/* The parameters in force, from the node. */
static int
take_present(struct fwl_params *p, struct fwl_session *session)
{
    const struct {
        const char *member;
        uint64_t *to;
    } members[] = {
        {"heartbeat_ms", &p->heartbeat_ms}, {"leader_term", &p->leader_term}, {"precision_ms", &p->precision_ms},
        {"msgdelay_ms", &p->msgdelay_ms},   {"max_block", &p->max_block},     {"max_work", &p->max_work},
        {"verdict_k", &p->verdict_k},
    };
    json_t *value = NULL;
    const json_t *protocol = NULL;
    int code = fwl_session_json(session, &value, "/v1/params");

    fwl_params_default(p);
    for (size_t i = 0; i < FWL_COUNT(members); i++) {
        *members[i].to = (uint64_t)json_integer_value(json_object_get(value, members[i].member));
    }
    protocol = json_object_get(value, "protocol");
    p->protocol.number = (uint64_t)json_integer_value(json_object_get(protocol, "number"));
    p->protocol.activation_height = (uint64_t)json_integer_value(json_object_get(protocol, "activation_height"));
    json_decref(value);
    return code;
}

static int
run_params(const struct fwl_command *self, int argc, char **argv)
{
    struct fwl_submit_args args = {0};
    struct fwl_operands operands;
    struct fwl_action action = {.code = FWL_ACTION_PARAMS_SET, .has = fwl_action_required(FWL_ACTION_PARAMS_SET)};
    struct fwl_session session;
    struct fwl_spec *spec = NULL;
    int code = fwl_submit_parse(self, &args, &operands, 1, argc, argv);

    if (code != -1) {
        return code;
    }
    spec = fwl_calloc(1, sizeof(*spec));
    if (spec == NULL) {
        return fwl_commands_fail(self->name, FWL_ERR_MEMORY);
    }
    code = fwl_session_connect(&session, args.node);
    code = code == 0 ? take_present(&spec->params, &session) : code;
    fwl_session_close(&session);
    if (code == 0 && fwl_spec_params(spec, operands.values[0]) != FWL_OK) {
        (void)fprintf(stderr, "fwledger: %s\n", spec->error);
        code = FWL_EXIT_CONFIG;
    }
    if (code == 0) {
        action.u.params = spec->params;
        code = fwl_submit_one(&action, &args);
    }
    fwl_free(spec);
    return code;
}

#define GOVERNORS " --as governors --key governor0.key --key governor1.key"

const struct fwl_command fwl_commands_chain[] = {
    {"validators change", "FILE",
     "Governors change the validators, one member at a time.\n"
     "FILE names the whole next set: validators: [{key, participant, nodes, log_keys}].\n"
     "The same keys sign the epoch statement; if the governors' keys changed since the\n"
     "last such change, so do those of then (--old-key): devices know these.",
     "fwledger validators change next.yaml --new-key validator4.key" GOVERNORS, run_change},
    {"params set", "FILE", "Governors change parameters; FILE: heartbeat, leader_term, max_block, ...; the rest stays.",
     "echo 'heartbeat: 60s' >params.yaml; fwledger params set params.yaml" GOVERNORS, run_params},
    {0},
};
