/* The first state: participant `governors`, validators, parameters. */
#include "ledger/state/work.h"

static enum fwl_err
first_check(const struct fwl_genesis *g)
{
    struct fwl_reader it;
    struct fwl_member m;

    for (fwl_list_begin(&it, g->members); fwl_member_next(&it, &m);) {
        struct fwl_pubkey32 key;

        memcpy(key.b, m.key.b, sizeof(key.b));
        if (fwl_schnorr_key_check(&key) != FWL_OK) {
            return FWL_ERR_VALUE;
        }
    }
    return fwl_key_check_points(g->governors);
}

static void
first_put(struct fwl_state *s, enum fwl_table table, const char *key, struct fwl_writer *w, enum fwl_err *err)
{
    uint8_t buffer[FWL_KV_KEY_MAX];
    struct fwl_span value;

    if (*err == FWL_OK) {
        *err = fwl_writer_finish(w, &value);
    }
    if (*err == FWL_OK) {
        *err = fwl_overlay_put(s->o, FWL_SPACE_KV, fwl_state_key(buffer, sizeof(buffer), table, fwl_span_text(key)),
                               value);
    }
}

enum fwl_err
fwl_state_genesis(struct fwl_state *s, struct fwl_overlay *o, struct fwl_hash32 *root,
                  const struct fwl_genesis *genesis)
{
    uint8_t roles[] = {FWL_ROLE_GOVERNORS};
    uint8_t keys[33 * FWL_KEYS_MAX];
    struct fwl_participant_entry p = {
        .has = 0x7e,
        .keys = genesis->governors,
        .threshold = genesis->threshold,
        .roles = {.items = fwl_span(roles, 1), .count = 1},
        .quotas = {FWL_QUOTA_MAX, FWL_QUOTA_MAX, FWL_QUOTA_MAX, FWL_QUOTA_MAX},
    };
    struct fwl_governors governors;
    struct fwl_validators_entry v = {.has = 6, .members = genesis->members};
    struct fwl_writer w;
    enum fwl_err err = first_check(genesis);

    *root = (struct fwl_hash32){0};
    s->o = o;
    if (err != FWL_OK || fwl_key_governors(&governors, keys, genesis->governors, genesis->threshold) != FWL_OK) {
        return FWL_ERR_VALUE;
    }
    fwl_writer_init(&w, s->scratch[0], FWL_ENTRY_MAX);
    fwl_entry_put_participant(&w, &p);
    first_put(s, FWL_TABLE_PARTICIPANT, "governors", &w, &err);
    fwl_writer_init(&w, s->scratch[1], FWL_ENTRY_MAX);
    fwl_governors_put(&w, &governors);
    if (err == FWL_OK) {
        err = fwl_writer_finish(&w, &v.governors);
    }
    fwl_writer_init(&w, s->scratch[0], FWL_WORK_SCRATCH);
    fwl_entry_put_validators(&w, &v);
    first_put(s, FWL_TABLE_VALIDATORS, "", &w, &err);
    fwl_writer_init(&w, s->scratch[0], FWL_ENTRY_MAX);
    fwl_params_put(&w, &genesis->params);
    first_put(s, FWL_TABLE_PARAMS, "", &w, &err);
    return err == FWL_OK ? fwl_work_tree(s, o, root) : err;
}
