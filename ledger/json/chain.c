/* Validators, parameters, genesis, headers and blocks as JSON. */
#include "core/hex.h"
#include "core/time.h"
#include "ledger/json/entry.h"
#include "ledger/json/fields.h"
#include "ledger/json/release.h"

static void
set_time(json_t *object, uint64_t time_ms)
{
    char text[FWL_TIME_TEXT_SIZE];

    fwl_time_text(text, time_ms);
    fwl_fields_number(object, "time_ms", time_ms);
    fwl_fields_set(object, "time", json_string(text));
}

static json_t *
members_value(struct fwl_list members)
{
    json_t *array = json_array();
    struct fwl_reader it;
    struct fwl_member member;

    for (fwl_list_begin(&it, members); fwl_member_next(&it, &member);) {
        json_t *object = json_object();

        fwl_fields_hash(object, "key", &member.key);
        fwl_fields_set(object, "participant", fwl_json_text(member.organisation));
        fwl_fields_set(object, "nodes", fwl_fields_hashes(member.node_keys));
        if (member.log_keys.count > 0) {
            fwl_fields_set(object, "log_keys", fwl_fields_hashes(member.log_keys));
        }
        (void)json_array_append_new(array, object);
    }
    return array;
}

json_t *
fwl_json_governors(const struct fwl_governors *set)
{
    json_t *object = json_object();
    json_t *keys = json_array();

    for (size_t i = 0; i < set->count; i++) {
        struct fwl_key key = {.alg = FWL_ALG_ES256K};

        memcpy(key.point.b, set->keys.p + 33 * i, 33);
        (void)json_array_append_new(keys, fwl_json_key(&key));
    }
    fwl_fields_number(object, "threshold", set->threshold);
    fwl_fields_set(object, "keys", keys);
    return object;
}

json_t *
fwl_json_validators(const struct fwl_validators_entry *entry)
{
    json_t *object = json_object();
    struct fwl_governors governors;

    fwl_fields_set(object, "validators", members_value(entry->members));
    fwl_fields_set(object, "governors",
                   fwl_governors_decode(&governors, entry->governors) == FWL_OK ? fwl_json_governors(&governors)
                                                                                : json_null());
    return object;
}

json_t *
fwl_json_evidence(struct fwl_span key, struct fwl_span record, const struct fwl_evidence *ev)
{
    json_t *object = json_object();

    fwl_fields_set(object, "id", fwl_json_hex(key));
    fwl_fields_set(object, "signer", fwl_json_hex(fwl_span(key.p, 32)));
    fwl_fields_number(object, "type", (uint64_t)ev->type);
    fwl_fields_set(object, "act", json_string(fwl_evidence_text(ev->type)));
    fwl_fields_number(object, "evidence_height", ev->first.height);
    fwl_fields_number(object, "view", ev->first.view);
    fwl_fields_set(object, "evidence", fwl_json_hex(record));
    return object;
}

json_t *
fwl_json_params(const struct fwl_params *params)
{
    json_t *object = json_object();
    json_t *protocol = json_object();

    fwl_fields_number(object, "heartbeat_ms", params->heartbeat_ms);
    fwl_fields_number(object, "leader_term", params->leader_term);
    fwl_fields_number(object, "precision_ms", params->precision_ms);
    fwl_fields_number(object, "msgdelay_ms", params->msgdelay_ms);
    fwl_fields_number(object, "max_block", params->max_block);
    fwl_fields_number(object, "max_work", params->max_work);
    fwl_fields_number(object, "verdict_k", params->verdict_k);
    fwl_fields_number(protocol, "number", params->protocol.number);
    fwl_fields_number(protocol, "activation_height", params->protocol.activation_height);
    fwl_fields_set(object, "protocol", protocol);
    return object;
}

json_t *
fwl_json_genesis(const struct fwl_genesis *genesis, const struct fwl_hash32 *chain_id)
{
    json_t *object = json_object();
    uint8_t buffer[33 * FWL_KEYS_MAX];
    struct fwl_governors governors;

    fwl_fields_hash(object, "chain_id", chain_id);
    if (genesis->name.size > 0) {
        fwl_fields_set(object, "name", fwl_json_text(genesis->name));
    }
    set_time(object, genesis->time_ms);
    fwl_fields_set(object, "development", json_boolean(genesis->development));
    fwl_fields_set(object, "params", fwl_json_params(&genesis->params));
    fwl_fields_set(object, "validators", members_value(genesis->members));
    fwl_fields_set(object, "governors",
                   fwl_key_governors(&governors, buffer, genesis->governors, genesis->threshold) == FWL_OK
                       ? fwl_json_governors(&governors)
                       : json_null());
    return object;
}

json_t *
fwl_json_header(const struct fwl_header *header)
{
    json_t *object = json_object();
    struct fwl_hash32 hash;

    fwl_header_hash(&hash, header);
    fwl_fields_number(object, "version", header->version);
    fwl_fields_hash(object, "chain_id", &header->chain_id);
    fwl_fields_number(object, "height", header->height);
    fwl_fields_hash(object, "block_hash", &hash);
    fwl_fields_number(object, "view", header->view);
    fwl_fields_number(object, "proposer", header->proposer);
    set_time(object, header->time_ms);
    fwl_fields_hash(object, "prev_hash", &header->prev_hash);
    fwl_fields_hash(object, "txs_root", &header->txs_root);
    fwl_fields_number(object, "txs_count", header->txs_count);
    fwl_fields_number(object, "body_size", header->body_size);
    fwl_fields_hash(object, "state_root", &header->state_root);
    fwl_fields_hash(object, "validators_hash", &header->validators_hash);
    fwl_fields_hash(object, "next_validators_hash", &header->next_validators_hash);
    fwl_fields_hash(object, "history_root", &header->history_root);
    fwl_fields_number(object, "log_size", header->log_size);
    fwl_fields_hash(object, "log_root", &header->log_root);
    fwl_fields_number(object, "epoch", header->epoch);
    fwl_fields_number(object, "epoch_start", header->epoch_start);
    fwl_fields_hash(object, "params_hash", &header->params_hash);
    return object;
}

/* One line of a block: which transaction, whose, and what it does. An Evidence record is no transaction. */
static json_t *
summary(struct fwl_span bytes)
{
    json_t *object = json_object();
    json_t *actions = json_array();
    struct fwl_tx tx;
    struct fwl_hash32 txid;
    struct fwl_reader it;
    struct fwl_action action;

    if (fwl_tx_decode(&tx, NULL, bytes) != FWL_OK) {
        fwl_tx_id(&txid, bytes);
        fwl_fields_hash(object, "txid", &txid);
        (void)json_array_append_new(actions, json_string("evidence"));
        fwl_fields_set(object, "actions", actions);
        return object;
    }
    fwl_tx_id(&txid, tx.payload);
    for (fwl_list_begin(&it, tx.actions); fwl_tx_next_action(&it, &action);) {
        (void)json_array_append_new(actions, json_string(fwl_action_name(action.code)));
    }
    fwl_fields_hash(object, "txid", &txid);
    fwl_fields_set(object, "participant", fwl_json_text(tx.participant));
    fwl_fields_set(object, "actions", actions);
    return object;
}

json_t *
fwl_json_block(const struct fwl_body *body, const struct fwl_cert *cert)
{
    json_t *object = fwl_json_header(&body->header);
    json_t *transactions = json_array();
    struct fwl_reader it;
    struct fwl_span tx;

    for (fwl_body_begin(&it, body); fwl_body_next(&it, &tx);) {
        (void)json_array_append_new(transactions, summary(tx));
    }
    fwl_fields_set(object, "transactions", transactions);
    if (cert != NULL) {
        json_t *certificate = json_object();
        json_t *signers = json_array();

        for (uint32_t i = 0; i < cert->n; i++) {
            if (fwl_cert_signed(cert, i)) {
                (void)json_array_append_new(signers, json_integer((json_int_t)i));
            }
        }
        fwl_fields_number(certificate, "view", cert->view);
        fwl_fields_set(certificate, "signers", signers);
        fwl_fields_set(object, "certificate", certificate);
    }
    return object;
}
