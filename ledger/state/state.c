#include "ledger/state/state.h"

#include "ledger/state/work.h"

size_t
fwl_state_footprint(void)
{
    return sizeof(struct fwl_state);
}

struct fwl_state *
fwl_state_init(void *memory, size_t size)
{
    struct fwl_state *s = memory;

    FWL_ASSERT(size >= sizeof(*s));
    s->o = NULL;
    return s;
}

bool
fwl_state_own_failure(enum fwl_err err)
{
    return err == FWL_ERR_SPACE || err == FWL_ERR_STORAGE || err == FWL_ERR_CORRUPT || err == FWL_ERR_FULL ||
           err == FWL_ERR_MEMORY || err == FWL_ERR_BUSY;
}

struct fwl_span
fwl_state_key(uint8_t *buffer, size_t room, enum fwl_table table, struct fwl_span key)
{
    FWL_ASSERT(key.size < room);
    buffer[0] = (uint8_t)table;
    if (key.size > 0) {
        memcpy(buffer + 1, key.p, key.size);
    }
    return fwl_span(buffer, key.size + 1);
}

enum fwl_err
fwl_state_get(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_table table, struct fwl_span key)
{
    uint8_t buffer[FWL_KV_KEY_MAX];

    return fwl_kv_get(kv, value, FWL_SPACE_KV, fwl_state_key(buffer, sizeof(buffer), table, key));
}

enum fwl_err
fwl_state_params(const struct fwl_kv *kv, struct fwl_params *out, struct fwl_hash32 *hash)
{
    struct fwl_span value;
    enum fwl_err err = fwl_state_get(kv, &value, FWL_TABLE_PARAMS, fwl_span(NULL, 0));

    *out = (struct fwl_params){0};
    if (err == FWL_ERR_ABSENT || (err == FWL_OK && fwl_params_decode(out, NULL, value) != FWL_OK)) {
        return FWL_ERR_CORRUPT;
    }
    if (err == FWL_OK && hash != NULL) {
        fwl_params_hash(hash, out);
    }
    return err;
}

enum fwl_err
fwl_state_validators(const struct fwl_kv *kv, struct fwl_validators *out, uint8_t *buffer, struct fwl_hash32 *hash)
{
    struct fwl_validators_entry e;
    struct fwl_span value;
    enum fwl_err err = fwl_state_get(kv, &value, FWL_TABLE_VALIDATORS, fwl_span(NULL, 0));

    *out = (struct fwl_validators){0};
    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    if (fwl_entry_validators(&e, NULL, value) != FWL_OK || fwl_member_set(out, buffer, e.members) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    if (hash != NULL) {
        fwl_validators_hash(hash, out);
    }
    return FWL_OK;
}

enum fwl_err
fwl_state_verify_real(void *cookie, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold,
                      struct fwl_list new_keys, uint64_t new_threshold)
{
    (void)cookie;
    if (new_keys.count == 0) {
        return fwl_tx_verify(tx, keys, threshold);
    }
    return fwl_tx_verify_rotation(tx, keys, threshold, new_keys, new_threshold);
}
