/* A block: its transactions one after the other, then expired ids and the tree. */
#include "core/mutant.h"
#include "ledger/model/evidence.h"
#include "ledger/state/work.h"

enum { EXP_KEY = 8 + 32 };

void
fwl_state_begin(struct fwl_state *s, struct fwl_overlay *o, const struct fwl_state_block *block)
{
    struct fwl_kv base = fwl_overlay_kv(o);

    s->block = *block;
    s->o = o;
    s->work = s->entries = 0;
    s->txs = 0;
    s->change_seen = false;
    s->result = (struct fwl_state_result){0};
    fwl_overlay_init(&s->tx, &base, s->arena, sizeof(s->arena));
    s->kv = fwl_overlay_kv(&s->tx);
}

static enum fwl_err
execute_action(struct fwl_state *s, const struct fwl_action *a)
{
    switch (a->code) {
    case FWL_ACTION_PARTICIPANT_PUT:
    case FWL_ACTION_PARTICIPANT_WITHDRAW:
    case FWL_ACTION_PARTICIPANT_ROTATE: return fwl_work_participants(s, a);
    case FWL_ACTION_VALIDATORS_CHANGE: return fwl_work_validators_change(s, a);
    case FWL_ACTION_PARAMS_SET: return fwl_work_params_set(s, a);
    case FWL_ACTION_VENDOR_GRANT:
    case FWL_ACTION_VENDOR_TRANSFER:
    case FWL_ACTION_VENDOR_SUSPEND:
    case FWL_ACTION_VENDOR_RESTORE:
    case FWL_ACTION_VENDOR_FLOOR: return fwl_work_vendors(s, a);
    case FWL_ACTION_CLASS_REGISTER: return fwl_work_class_register(s, a);
    case FWL_ACTION_RELEASE_PUBLISH: return fwl_work_release_publish(s, a);
    case FWL_ACTION_RELEASE_AMEND: return fwl_work_release_amend(s, a);
    case FWL_ACTION_RELEASE_WITHDRAW: return fwl_work_release_withdraw(s, a);
    case FWL_ACTION_FLEET_CREATE: return fwl_work_fleet_create(s, a);
    case FWL_ACTION_POLICY_SET: return fwl_work_policy_set(s, a);
    case FWL_ACTION_ROLLOUT_START:
    case FWL_ACTION_ROLLOUT_PAUSE:
    case FWL_ACTION_ROLLOUT_RESUME:
    case FWL_ACTION_ROLLOUT_CANCEL:
    case FWL_ACTION_ROLLOUT_FORGET:
    case FWL_ACTION_ROLLOUT_APPROVE:
    case FWL_ACTION_PROGRESS_REPORT:
    case FWL_ACTION_ROLLOUT_ADVANCE: return fwl_work_rollouts(s, a);
    case FWL_ACTION_RELEASE_ATTEST:
    case FWL_ACTION_ADVISORY_PUBLISH:
    case FWL_ACTION_VERDICT_PUBLISH: break;
    }
    return fwl_work_refuse(s, FWL_ERR_PROTOCOL, "", "this action is not executed by this version of the protocol");
}

/* Everything about the envelope that needs no state but table 6. */
static enum fwl_err
execute_envelope(struct fwl_state *s, const struct fwl_hash32 *txid)
{
    const struct fwl_tx *tx = &s->decoded;
    uint64_t life_s = fwl_span_is(tx->participant, "governors") ? FWL_TX_LIFE_GOVERNORS_S : FWL_TX_LIFE_S;
    uint64_t expires_ms;
    struct fwl_span value;
    enum fwl_err err;

    if (!fwl_hash32_equal(&tx->chain_id, &s->block.chain_id)) {
        return fwl_work_refuse(s, FWL_ERR_CHAIN, "chain id", "the transaction is for another chain");
    }
    if (!fwl_mul_u64(&expires_ms, tx->expires_s, 1000) || expires_ms < s->block.time_ms ||
        expires_ms - s->block.time_ms > life_s * 1000) {
        return fwl_work_refuse(s, FWL_ERR_EXPIRED, "expires",
                               "it must lie between the block's time and 24 hours (governors: 30 days) later");
    }
    err = FWL_MUTANT(16, 2) ? fwl_kv_get(&s->kv, &value, FWL_SPACE_TXID, fwl_hash32_span(txid)) /* an index */
                            : fwl_work_get(s, &value, FWL_TABLE_TX, fwl_hash32_span(txid));
    if (err == FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_REPLAY, "", "a transaction is accepted once");
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* The participant's entry, its quota of transactions and its signatures. */
static enum fwl_err
execute_signer(struct fwl_state *s)
{
    const struct fwl_tx *tx = &s->decoded;
    uint64_t day = s->block.time_ms / 86400000;
    struct fwl_participant_entry e;
    struct fwl_list new_keys = {0};
    uint64_t new_threshold = 0;
    struct fwl_reader it;
    struct fwl_action a;
    enum fwl_err err = fwl_work_participant(s, &e, tx->participant);

    if (err == FWL_ERR_ABSENT || (err == FWL_OK && e.withdrawn)) {
        return fwl_work_refuse(s, FWL_ERR_NO_PARTICIPANT, "participant", "there is no such participant, or no more");
    }
    if (err != FWL_OK) {
        return err;
    }
    for (fwl_list_begin(&it, tx->actions); fwl_tx_next_action(&it, &a);) {
        if (a.code == FWL_ACTION_PARTICIPANT_ROTATE) {
            if (tx->actions.count != 1) {
                return fwl_work_refuse(s, FWL_ERR_STATE, "actions", "participant.rotate stands alone");
            }
            new_keys = a.u.participant.keys;
            new_threshold = a.u.participant.threshold;
        }
    }
    if (e.used.day != day) {
        e.used.day = day;
        e.used.transactions = 0;
    }
    if (e.used.transactions >= e.quotas.transactions_a_day) {
        return fwl_work_refuse(s, FWL_ERR_QUOTA, "quotas", "the quota of transactions a day is used up");
    }
    e.used.transactions++;
    err = s->block.verify(s->block.verify_cookie, tx, e.keys, e.threshold, new_keys, new_threshold);
    if (err != FWL_OK) {
        return fwl_work_refuse(s, err, "signatures",
                               "exactly the threshold of the participant's keys must sign, and each must verify");
    }
    return fwl_work_put_participant(s, tx->participant, &e);
}

static enum fwl_err
execute_record(struct fwl_state *s, const struct fwl_hash32 *txid)
{
    uint8_t number[16];
    uint8_t key[EXP_KEY];
    struct fwl_writer w;
    enum fwl_err err;

    fwl_writer_init(&w, number, sizeof(number));
#ifdef FWL_MUTANT_EXECUTION
    fwl_cbor_put_uint(&w, s->decoded.expires_s + 1);
#else
    fwl_cbor_put_uint(&w, s->decoded.expires_s);
#endif
    err = fwl_work_put_writer(s, FWL_TABLE_TX, fwl_hash32_span(txid), &w, sizeof(number));
    if (err != FWL_OK) {
        return err;
    }
    fwl_store_be64(key, s->decoded.expires_s);
    memcpy(key + 8, txid->b, sizeof(txid->b));
    return fwl_overlay_put(&s->tx, FWL_SPACE_EXP, fwl_span(key, sizeof(key)), fwl_span(NULL, 0));
}

static enum fwl_err
execute_tx(struct fwl_state *s, struct fwl_hash32 *txid, struct fwl_span tx)
{
    struct fwl_fault fault = {0};
    struct fwl_reader it;
    struct fwl_action a;
    enum fwl_err err;
    size_t index = 0;

    if (fwl_evidence_is(tx)) {
        fwl_tx_id(txid, tx);
        s->why.action = "evidence";
        return fwl_work_evidence(s, tx);
    }
    err = fwl_tx_decode(&s->decoded, &fault, tx);
    if (err != FWL_OK) {
        return fwl_work_refuse(s, err, fault.field, "the bytes are no transaction of protocol 1");
    }
    fwl_tx_id(txid, s->decoded.payload);
    err = execute_envelope(s, txid);
    if (err == FWL_OK) {
        err = execute_signer(s);
    }
    for (fwl_list_begin(&it, s->decoded.actions); err == FWL_OK && fwl_tx_next_action(&it, &a); index++) {
        s->why.action_index = index;
        s->why.action = fwl_action_name(a.code);
        err = execute_action(s, &a);
    }
    return err == FWL_OK ? execute_record(s, txid) : err;
}

enum fwl_err
fwl_state_apply(struct fwl_state *s, struct fwl_state_refusal *why, struct fwl_hash32 *txid, struct fwl_span tx)
{
    struct fwl_hash32 id = {0};
    enum fwl_err err;

    s->why = (struct fwl_state_refusal){.action = "transaction", .field = "", .rule = ""};
    s->tx_work = s->tx_entries = 0;
    s->tx_change = false;
    s->tx_result = (struct fwl_state_result){0};
    fwl_overlay_reset(&s->tx);
    err = execute_tx(s, &id, tx);
    if (txid != NULL) {
        *txid = id;
    }
    if (err == FWL_OK) {
        err = fwl_overlay_merge(s->o, &s->tx);
    }
    if (why != NULL) {
        s->why.err = err;
        *why = err == FWL_OK || fwl_state_own_failure(err) ? (struct fwl_state_refusal){0} : s->why;
    }
    if (err != FWL_OK) {
        return err;
    }
    s->work += s->tx_work;
    s->entries += s->tx_entries;
    s->txs++;
    if (s->tx_change) {
        s->change_seen = true;
        s->result = s->tx_result;
    }
    return FWL_OK;
}

/* Ids whose time has come, oldest first, overlay and base merged; docs/spec/ledger.md "Removal". */
static enum fwl_err
execute_removal(struct fwl_state *s)
{
    struct fwl_kv kv = fwl_overlay_kv(s->o);
    uint64_t left = FWL_TX_REMOVALS_BASE + 2 * (uint64_t)s->txs;
    uint8_t key[EXP_KEY] = {0};
    uint8_t entry[FWL_KV_KEY_MAX];

    for (; left > 0; left--) {
        struct fwl_kv_entry e;
        enum fwl_err err = fwl_kv_next(&kv, &e, FWL_SPACE_EXP, fwl_span(key, sizeof(key)));

        if (err != FWL_OK) {
            return err == FWL_ERR_ABSENT ? FWL_OK : err;
        }
        if (e.key.size != EXP_KEY) {
            return FWL_ERR_CORRUPT;
        }
        memcpy(key, e.key.p, sizeof(key));
        if (fwl_load_be64(key) * 1000 >= s->block.time_ms) {
            return FWL_OK;
        }
        err = fwl_overlay_delete(s->o, FWL_SPACE_EXP, fwl_span(key, sizeof(key)));
        if (err == FWL_OK) {
            err = fwl_overlay_delete(
                s->o, FWL_SPACE_KV,
                fwl_state_key(entry, sizeof(entry), FWL_TABLE_TX, fwl_span(key + 8, sizeof(struct fwl_hash32))));
        }
        if (err != FWL_OK) {
            return err;
        }
    }
    return FWL_OK;
}

enum fwl_err
fwl_state_end(struct fwl_state *s, struct fwl_state_result *out)
{
    struct fwl_kv kv = fwl_overlay_kv(s->o);
    struct fwl_validators next;
    enum fwl_err err = execute_removal(s);

    if (err == FWL_OK) {
        err = fwl_work_tree(s, s->o, &s->result.state_root);
    }
    if (err == FWL_OK) {
        err = fwl_state_validators(&kv, &next, s->set[0], &s->result.next_validators_hash);
    }
    *out = err == FWL_OK ? s->result : (struct fwl_state_result){0};
    return err;
}
