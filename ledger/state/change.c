/* validators.change (consensus.md 2.10) */
#include "core/mutant.h"
#include "ledger/model/statement.h"
#include "ledger/state/work.h"

enum { CHANGE_SIGS_MAX = 2 + 64 * FWL_KEYS_MAX };

/* How the named set differs from the present one; at most one member does. */
struct change_diff {
    unsigned added, removed, altered;
    struct fwl_member new_member; /* added or altered */
    struct fwl_member old_member; /* removed or altered */
};

static bool
change_same(const struct fwl_member *a, const struct fwl_member *b)
{
    return fwl_span_equal(a->organisation, b->organisation) && fwl_span_equal(a->node_keys.items, b->node_keys.items) &&
           (a->has & FWL_HAS(4)) == (b->has & FWL_HAS(4)) &&
           ((a->has & FWL_HAS(4)) == 0 || fwl_span_equal(a->log_keys.items, b->log_keys.items));
}

static void
change_compare(struct change_diff *d, struct fwl_list old_list, struct fwl_list new_list)
{
    struct fwl_reader old_it;
    struct fwl_reader new_it;
    struct fwl_member o;
    struct fwl_member n;
    bool has_old, has_new;

    *d = (struct change_diff){0};
    fwl_list_begin(&old_it, old_list);
    fwl_list_begin(&new_it, new_list);
    has_old = fwl_member_next(&old_it, &o);
    has_new = fwl_member_next(&new_it, &n);
    while (has_old || has_new) {
        int order = !has_old ? 1 : !has_new ? -1 : memcmp(o.key.b, n.key.b, sizeof(o.key.b));

        if (order < 0) {
            d->removed++;
            d->old_member = o;
        } else if (order > 0) {
            d->added++;
            d->new_member = n;
        } else if (!change_same(&o, &n)) {
            d->altered++;
            d->old_member = o;
            d->new_member = n;
        }
        if (order <= 0) {
            has_old = fwl_member_next(&old_it, &o);
        }
        if (order >= 0) {
            has_new = fwl_member_next(&new_it, &n);
        }
    }
}

static enum fwl_err
change_check_diff(struct fwl_state *s, const struct change_diff *d)
{
    if (d->added + d->removed + d->altered == 0) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "validators", "the set named is the present one");
    }
    if (d->added > 1 || d->removed > 1 || d->altered > 1 || (d->altered == 1 && d->added + d->removed > 0)) {
        return fwl_work_refuse(s, FWL_ERR_LIMIT, "validators", "at most one member differs from the present set");
    }
    if (((d->added == 1 && d->removed == 1) || d->altered == 1) &&
        !fwl_span_equal(d->old_member.organisation, d->new_member.organisation)) {
        return fwl_work_refuse(s, FWL_ERR_LIMIT, "validators", "a changed member stays with its organisation");
    }
    return FWL_OK;
}

/* A node key belongs to one member, and is no consensus key. */
static enum fwl_err
change_check_nodes(struct fwl_state *s, const struct fwl_member *m, struct fwl_list members)
{
    struct fwl_reader it;
    struct fwl_reader keys;
    struct fwl_member other;
    struct fwl_hash32 key;

    for (fwl_list_begin(&it, members); fwl_member_next(&it, &other);) {
        if (fwl_list_has_hash(other.node_keys, &m->key)) {
            return fwl_work_refuse(s, FWL_ERR_DUPLICATE, "validators", "a consensus key is no node key");
        }
        for (fwl_list_begin(&keys, m->node_keys); fwl_list_next_hash(&keys, &key);) {
            if (fwl_hash32_equal(&key, &other.key) ||
                (!fwl_hash32_equal(&m->key, &other.key) && fwl_list_has_hash(other.node_keys, &key))) {
                return fwl_work_refuse(s, FWL_ERR_DUPLICATE, "validators", "a node key belongs to one member only");
            }
        }
    }
    return FWL_OK;
}

/* The new key is live, was never used, and its owner holds it. */
static enum fwl_err
change_possession(struct fwl_state *s, const struct fwl_action *a, const struct fwl_hash32 *key)
{
    const struct fwl_possession *p = &a->u.validators.possession;
    struct fwl_pubkey32 point;
    struct fwl_hash32 hash;
    struct fwl_hash32 digest;
    struct fwl_span value;
    uint8_t height[8];
    enum fwl_err err = fwl_work_get(s, &value, FWL_TABLE_VALIDATORS, fwl_hash32_span(key));

    if (err == FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_EXISTS, "validators", "a key that left the set is never used again");
    }
    if (err != FWL_ERR_ABSENT) {
        return err;
    }
    if ((a->has & FWL_HAS(3)) == 0) {
        return fwl_work_refuse(s, FWL_ERR_MISSING, "possession", "a new key must prove that its owner holds it");
    }
    if (p->height >= s->block.height ||
        (s->block.height - p->height > FWL_POSSESSION_BLOCKS_MAX && !FWL_MUTANT(16, 3))) { /* however old */
        return fwl_work_refuse(s, FWL_ERR_RANGE, "possession.height", "it names a block of the last 1,000 heights");
    }
    fwl_store_be64(height, p->height);
    err = fwl_kv_get(&s->kv, &value, FWL_SPACE_HDR, fwl_span(height, sizeof(height)));
    if (err != FWL_OK || value.size != FWL_HEADER_SIZE) {
        return err == FWL_OK || err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    fwl_header_hash_bytes(&hash, value);
    if (!fwl_hash32_equal(&hash, &p->block_hash)) {
        return fwl_work_refuse(s, FWL_ERR_HASH, "possession.block_hash", "it is not the block of that height");
    }
    memcpy(point.b, key->b, sizeof(point.b));
    fwl_statement_possession(&digest, &s->block.chain_id, p->height, &p->block_hash);
    if (fwl_schnorr_verify(&p->sig, &digest, &point) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_SIGNATURE, "possession.sig", "the new key did not sign this statement");
    }
    return FWL_OK;
}

static enum fwl_err
change_verify(struct fwl_state *s, const struct fwl_governors *set, struct fwl_span bitmap, struct fwl_span sigs,
              const struct fwl_hash32 *digest)
{
    uint8_t buffer[CHANGE_SIGS_MAX];
    struct fwl_writer w;
    struct fwl_span both;
    enum fwl_err err;

    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_writer_span(&w, bitmap);
    fwl_writer_span(&w, sigs);
    err = fwl_writer_finish(&w, &both);
    if (err == FWL_OK && bitmap.size != (set->count + 7U) / 8) {
        err = FWL_ERR_KEYS;
    }
    if (err == FWL_OK) {
        err = fwl_governors_verify(set, both, digest);
    }
    if (err != FWL_OK) {
        return fwl_work_refuse(s, err == FWL_ERR_SPACE ? FWL_ERR_KEYS : err, "signatures",
                               "exactly the threshold of governors must sign the epoch statement");
    }
    return FWL_OK;
}

/* The governors' consent to the next epoch: by their present keys, and by those of the last epoch step if others. */
static enum fwl_err
change_governors(struct fwl_state *s, const struct fwl_action *a, const struct fwl_governors *now,
                 struct fwl_span stored_bytes)
{
    const struct fwl_governor_signatures *sig = &a->u.validators.signatures;
    struct fwl_hash32 governors_hash;
    struct fwl_hash32 digest;
    struct fwl_governors stored;
    enum fwl_err err;

    if ((a->has & FWL_HAS(2)) == 0) {
        return fwl_work_refuse(s, FWL_ERR_MISSING, "signatures", "a change of the set needs the governors' signatures");
    }
    if (fwl_governors_decode(&stored, stored_bytes) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    fwl_governors_hash(&governors_hash, now);
    fwl_statement_epoch(&digest, &s->block.chain_id, s->block.epoch + 1, &s->tx_result.next_validators_hash,
                        &governors_hash);
    err = change_verify(s, now, sig->bitmap, sig->sigs, &digest);
    if (err == FWL_OK && !fwl_governors_equal(now, &stored)) {
        err = change_verify(s, &stored, sig->old_bitmap, sig->old_sigs, &digest);
    } else if (err == FWL_OK && sig->old_bitmap.size + sig->old_sigs.size > 0) {
        err = fwl_work_refuse(s, FWL_ERR_KEYS, "signatures", "the old key set is the present one and signs once");
    }
    return err;
}

/* A new epoch: consent, possession, tombstone. */
static enum fwl_err
change_epoch(struct fwl_state *s, const struct fwl_action *a, const struct change_diff *d,
             const struct fwl_governors *now, struct fwl_span stored)
{
    struct fwl_pubkey32 point;
    struct fwl_writer w;
    uint8_t number[16];
    enum fwl_err err;

    if (a->u.validators.members.count < 4 && !s->block.development) {
        return fwl_work_refuse(s, FWL_ERR_VALUE, "validators", "a set has at least 4 members");
    }
    if (d->added == 1) {
        memcpy(point.b, d->new_member.key.b, sizeof(point.b));
        if (fwl_schnorr_key_check(&point) != FWL_OK) {
            return fwl_work_refuse(s, FWL_ERR_VALUE, "validators", "each key must be a point of its curve");
        }
        err = change_possession(s, a, &d->new_member.key);
    } else if ((a->has & FWL_HAS(3)) != 0) {
        err = fwl_work_refuse(s, FWL_ERR_VALUE, "possession", "only a new key proves possession");
    } else {
        err = FWL_OK;
    }
    if (err == FWL_OK) {
        err = change_governors(s, a, now, stored);
    }
    if (err == FWL_OK && d->removed == 1) {
        fwl_writer_init(&w, number, sizeof(number));
        fwl_cbor_put_uint(&w, s->block.height + 1);
        err = fwl_work_put_writer(s, FWL_TABLE_VALIDATORS, fwl_hash32_span(&d->old_member.key), &w, sizeof(number));
    }
    if (err == FWL_OK) {
        s->tx_result.validators_changed = true;
        s->tx_result.signatures = a->u.validators.signatures;
    }
    return err;
}

enum fwl_err
fwl_work_validators_change(struct fwl_state *s, const struct fwl_action *a)
{
    uint8_t keys[33 * FWL_KEYS_MAX];
    uint8_t set_bytes[FWL_GOVERNORS_SIZE_MAX];
    struct fwl_governors now;
    struct fwl_validators next;
    struct fwl_validators_entry e;
    struct change_diff d;
    struct fwl_span value;
    struct fwl_writer w;
    bool epoch;
    enum fwl_err err = fwl_work_role(s, FWL_ROLE_GOVERNORS);

    if (err == FWL_OK && (s->change_seen || s->tx_change)) {
        return fwl_work_refuse(s, FWL_ERR_STATE, "", "a block has at most one validators.change");
    }
    if (err == FWL_OK) {
        err = fwl_work_get(s, &value, FWL_TABLE_VALIDATORS, fwl_span(NULL, 0));
    }
    if (err != FWL_OK || fwl_entry_validators(&e, NULL, value) != FWL_OK) {
        return err == FWL_OK || err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    change_compare(&d, e.members, a->u.validators.members);
    err = change_check_diff(s, &d);
    if (err == FWL_OK && d.added + d.altered > 0) {
        err = change_check_nodes(s, &d.new_member, a->u.validators.members);
    }
    if (err == FWL_OK) {
        err = fwl_work_governors(s, &now, keys);
    }
    if (err == FWL_OK && fwl_member_set(&next, s->set[1], a->u.validators.members) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_LIMIT, "validators", "a set has at most 100 members");
    }
    if (err != FWL_OK) {
        return err;
    }
    fwl_validators_hash(&s->tx_result.next_validators_hash, &next);
    epoch = d.added + d.removed > 0;
    if (!epoch && (a->has & (FWL_HAS(2) | FWL_HAS(3))) != 0) {
        return fwl_work_refuse(s, FWL_ERR_VALUE, "signatures",
                               "a change of node or log keys starts no epoch and carries no such signatures");
    }
    if (epoch) {
        err = change_epoch(s, a, &d, &now, e.governors);
        if (err != FWL_OK) {
            return err;
        }
        fwl_writer_init(&w, set_bytes, sizeof(set_bytes));
        fwl_governors_put(&w, &now);
        if (fwl_writer_finish(&w, &e.governors) != FWL_OK) {
            return FWL_ERR_CORRUPT;
        }
    }
    s->tx_change = true;
    e.members = a->u.validators.members;
    fwl_writer_init(&w, s->scratch[0], FWL_WORK_SCRATCH);
    fwl_entry_put_validators(&w, &e);
    return fwl_work_put_writer(s, FWL_TABLE_VALIDATORS, fwl_span(NULL, 0), &w, FWL_ENTRY_MAX);
}
