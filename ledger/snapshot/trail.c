#include "ledger/snapshot/trail.h"

enum fwl_err
fwl_trail_begin(struct fwl_trail *t, struct fwl_span document)
{
    struct fwl_genesis genesis;
    enum fwl_err err = fwl_genesis_decode(&genesis, NULL, document);

    memset(t, 0, sizeof(*t));
    err = err == FWL_OK ? fwl_member_set(&t->at.validators, t->validators, genesis.members) : err;
    err = err == FWL_OK ? fwl_key_governors(&t->at.governors, t->governors, genesis.governors, genesis.threshold) : err;
    if (err != FWL_OK) {
        memset(t, 0, sizeof(*t));
        return err;
    }
    fwl_genesis_chain_id(&t->at.chain_id, document);
    t->at.time_ms = genesis.time_ms;
    return FWL_OK;
}

enum fwl_err
fwl_trail_step(struct fwl_trail *t, struct fwl_span bytes, fwl_cert_verifier verify, void *cookie)
{
    struct fwl_epoch_step step;
    enum fwl_err err = t->at.validators.n == 0 ? FWL_ERR_STATE : FWL_OK;

    err = err == FWL_OK ? fwl_epoch_decode(&step, bytes, t->at.validators.n) : err;
    err = err == FWL_OK ? fwl_epoch_verify_with(&step, &t->at, verify, cookie) : err;
    if (err != FWL_OK) {
        return err;
    }
    t->at.epoch++;
    t->at.height = step.header.height;
    t->at.time_ms = step.header.time_ms;
    t->first = step.header.height + 1;
    memcpy(t->validators, step.validators.keys.p, step.validators.keys.size);
    memcpy(t->governors, step.governors.keys.p, step.governors.keys.size);
    t->at.validators = step.validators;
    t->at.validators.keys.p = t->validators;
    t->at.governors = step.governors;
    t->at.governors.keys.p = t->governors;
    return FWL_OK;
}

enum fwl_err
fwl_trail_leads_to(const struct fwl_trail *t, const struct fwl_header *header)
{
    struct fwl_hash32 hash;

    fwl_validators_hash(&hash, &t->at.validators);
    return fwl_hash32_equal(&hash, &header->next_validators_hash) ? FWL_OK : FWL_ERR_EPOCH;
}
