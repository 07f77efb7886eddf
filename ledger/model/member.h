/*
 * member - a validator as the ledger records it: consensus key, organisation, node keys, log keys. Zone F.
 */
#ifndef FWL_LEDGER_MODEL_MEMBER_H
#define FWL_LEDGER_MODEL_MEMBER_H

#include "ledger/model/form.h"
#include "ledger/model/validators.h"

struct fwl_member {
    uint64_t has;
    struct fwl_hash32 key; /* x-only consensus key */
    struct fwl_span organisation;
    struct fwl_list node_keys; /* x-only, at most 8; fwl_list_next_hash */
    struct fwl_list log_keys;  /* Ed25519, at most 8; key 4, optional */
};

/** fwl_member_next - the next of a checked list; false at the end. */
bool fwl_member_next(struct fwl_reader *it, struct fwl_member *member);
/** fwl_member_read, fwl_member_put - one member, and the inverse. */
void fwl_member_read(struct fwl_reader *r, struct fwl_member *out);
void fwl_member_put(struct fwl_writer *w, const struct fwl_member *member);
/** fwl_member_item - item reader; ascending by key. Internal. */
void fwl_member_item(struct fwl_reader *r, struct fwl_form_order *order);
/** fwl_member_set - the ValidatorSet of a checked list. Fills @buffer (32 * FWL_VALIDATORS_MAX); @out points into it.
 * FWL_ERR_LIMIT above FWL_VALIDATORS_MAX members. */
FWL_NODISCARD enum fwl_err fwl_member_set(struct fwl_validators *out, uint8_t *buffer, struct fwl_list members);

#endif
