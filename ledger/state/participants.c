/* participant.put, .withdraw, .rotate; params.set */
#include "ledger/state/work.h"

static bool
participants_is_governors(struct fwl_span id)
{
    return fwl_span_is(id, "governors");
}

/* Keys of validators and nodes may not serve as participant keys. */
static enum fwl_err
participants_check_members(struct fwl_state *s, struct fwl_list keys)
{
    struct fwl_validators_entry v;
    struct fwl_span value;
    struct fwl_reader it;
    struct fwl_reader members;
    struct fwl_member m;
    struct fwl_key key;
    enum fwl_err err = fwl_work_get(s, &value, FWL_TABLE_VALIDATORS, fwl_span(NULL, 0));

    if (err != FWL_OK || fwl_entry_validators(&v, NULL, value) != FWL_OK) {
        return err == FWL_OK || err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    for (fwl_list_begin(&members, v.members); fwl_member_next(&members, &m);) {
        for (fwl_list_begin(&it, keys); fwl_key_next(&it, &key);) {
            struct fwl_hash32 x;

            memcpy(x.b, key.point.b + 1, sizeof(x.b));
            if (key.alg == FWL_ALG_ES256K && (fwl_hash32_equal(&x, &m.key) || fwl_list_has_hash(m.node_keys, &x))) {
                return fwl_work_refuse(s, FWL_ERR_VALUE, "keys",
                                       "a validator's or node's key may not serve as a participant's");
            }
        }
    }
    return FWL_OK;
}

static enum fwl_err
participants_check_keys(struct fwl_state *s, struct fwl_span id, struct fwl_list keys, uint64_t threshold)
{
    uint8_t buffer[33 * FWL_KEYS_MAX];
    struct fwl_governors set;

    if (threshold == 0 || threshold > keys.count) {
        return fwl_work_refuse(s, FWL_ERR_VALUE, "threshold", "it is at least 1 and at most the number of keys");
    }
    if (fwl_key_check_points(keys) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_VALUE, "keys", "each key must be a point of its curve");
    }
    if (participants_is_governors(id)) {
        if (fwl_key_governors(&set, buffer, keys, threshold) != FWL_OK) {
            return fwl_work_refuse(s, FWL_ERR_UNKNOWN, "keys", "keys of governors are ES256K");
        }
        if (s->change_seen || s->tx_change) {
            return fwl_work_refuse(s, FWL_ERR_STATE, "keys",
                                   "the governors' keys stay as they are after validators.change in the same block");
        }
    }
    return participants_check_members(s, keys);
}

static enum fwl_err
participants_put(struct fwl_state *s, const struct fwl_action *a)
{
    struct fwl_span id = a->u.participant.id;
    bool governors = participants_is_governors(id);
    struct fwl_participant_entry e;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_GOVERNORS);

    if (err != FWL_OK) {
        return err;
    }
    if (fwl_list_has_uint(a->u.participant.roles, FWL_ROLE_GOVERNORS) != governors ||
        (governors && a->u.participant.roles.count != 1)) {
        return fwl_work_refuse(s, FWL_ERR_ROLE, "roles",
                               "the participant governors, and no other, has the role governors, and no other role");
    }
    if (governors && a->u.participant.quotas.transactions_a_day == 0) {
        return fwl_work_refuse(s, FWL_ERR_RANGE, "quotas",
                               "the governors keep at least 1 transaction a day, or nobody could ever change it again");
    }
    err = participants_check_keys(s, id, a->u.participant.keys, a->u.participant.threshold);
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_work_participant(s, &e, id);
    if (err == FWL_OK && e.withdrawn) {
        return fwl_work_refuse(s, FWL_ERR_EXISTS, "id", "the id of a withdrawn participant is never used again");
    }
    if (err == FWL_ERR_ABSENT) {
        e = (struct fwl_participant_entry){.has = 0x7e};
    } else if (err != FWL_OK) {
        return err;
    }
    e.keys = a->u.participant.keys;
    e.threshold = a->u.participant.threshold;
    e.roles = a->u.participant.roles;
    e.quotas = a->u.participant.quotas;
    return fwl_work_put_participant(s, id, &e);
}

static enum fwl_err
participants_withdraw(struct fwl_state *s, struct fwl_span id)
{
    struct fwl_participant_entry e;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_GOVERNORS);

    if (err != FWL_OK) {
        return err;
    }
    if (participants_is_governors(id)) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "id", "governors cannot be withdrawn");
    }
    err = fwl_work_participant(s, &e, id);
    if (err == FWL_ERR_ABSENT || (err == FWL_OK && e.withdrawn)) {
        return fwl_work_refuse(s, FWL_ERR_NOT_FOUND, "id", "there is no such participant, or no more");
    }
    if (err != FWL_OK) {
        return err;
    }
    e.withdrawn = true;
    return fwl_work_put_participant(s, id, &e);
}

static enum fwl_err
participants_rotate(struct fwl_state *s, const struct fwl_action *a)
{
    struct fwl_participant_entry e;
    struct fwl_span id = s->decoded.participant;
    enum fwl_err err = participants_check_keys(s, id, a->u.participant.keys, a->u.participant.threshold);

    if (err == FWL_OK) {
        err = fwl_work_participant(s, &e, id);
    }
    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    e.keys = a->u.participant.keys;
    e.threshold = a->u.participant.threshold;
    return fwl_work_put_participant(s, id, &e);
}

enum fwl_err
fwl_work_participants(struct fwl_state *s, const struct fwl_action *a)
{
    if (a->code == FWL_ACTION_PARTICIPANT_PUT) {
        return participants_put(s, a);
    }
    if (a->code == FWL_ACTION_PARTICIPANT_WITHDRAW) {
        return participants_withdraw(s, a->u.participant.id);
    }
    return participants_rotate(s, a);
}

enum fwl_err
fwl_work_params_set(struct fwl_state *s, const struct fwl_action *a)
{
    const struct fwl_params *p = &a->u.params;
    struct fwl_params now;
    struct fwl_span value;
    struct fwl_writer w;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_GOVERNORS);

    if (err == FWL_OK) {
        err = fwl_work_get(s, &value, FWL_TABLE_PARAMS, fwl_span(NULL, 0));
    }
    if (err != FWL_OK || fwl_params_decode(&now, NULL, value) != FWL_OK) {
        return err == FWL_OK || err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    if ((p->protocol.number != now.protocol.number ||
         p->protocol.activation_height != now.protocol.activation_height) &&
        (p->protocol.number < FWL_PROTOCOL || p->protocol.activation_height <= s->block.height)) {
        return fwl_work_refuse(s, FWL_ERR_VALUE, "protocol",
                               "another protocol is at least this one and begins at a later height");
    }
    fwl_writer_init(&w, s->scratch[0], FWL_PARAMS_SIZE_MAX);
    fwl_params_put(&w, p);
    return fwl_work_put_writer(s, FWL_TABLE_PARAMS, fwl_span(NULL, 0), &w, FWL_PARAMS_SIZE_MAX);
}
