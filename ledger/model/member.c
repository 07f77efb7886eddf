#include "ledger/model/member.h"

#include "ledger/model/name.h"

static const struct fwl_form_field fields[] = {
    FWL_F_HASH(1, false, struct fwl_member, key, "validator.key"),
    FWL_F_NAME(2, false, struct fwl_member, organisation, FWL_PARTICIPANT_ID_MAX, fwl_name_participant,
               "validator.organisation"),
    FWL_F_LIST(3, false, struct fwl_member, node_keys, 0, FWL_VALIDATOR_NODES_MAX, fwl_form_item_hash,
               "validator.node_keys"),
    FWL_F_LIST(4, true, struct fwl_member, log_keys, 0, FWL_VALIDATOR_NODES_MAX, fwl_form_item_hash,
               "validator.log_keys"),
};

void
fwl_member_read(struct fwl_reader *r, struct fwl_member *out)
{
    *out = (struct fwl_member){0};
    fwl_form_read(r, out, &out->has, fields, FWL_COUNT(fields));
}

void
fwl_member_put(struct fwl_writer *w, const struct fwl_member *member)
{
    fwl_form_put(w, member, member->has, fields, FWL_COUNT(fields), (struct fwl_list){0});
}

bool
fwl_member_next(struct fwl_reader *it, struct fwl_member *member)
{
    bool more = it->left != 0;

    *member = (struct fwl_member){0};
    if (more) {
        fwl_member_read(it, member);
    }
    return more && fwl_reader_ok(it);
}

void
fwl_member_item(struct fwl_reader *r, struct fwl_form_order *order)
{
    struct fwl_member m;
    const uint8_t *start = r->at;

    fwl_member_read(r, &m);
    if (fwl_reader_ok(r)) {
        /* map head 0xa3 or 0xa4, key 0x01, head 0x58 0x20: the key's bytes are at offset 4 of the item */
        fwl_form_ascend(r, order, fwl_span(start + 4, 32));
    }
}

enum fwl_err
fwl_member_set(struct fwl_validators *out, uint8_t *buffer, struct fwl_list members)
{
    struct fwl_reader it;
    struct fwl_member m;
    uint16_t n = 0;

    *out = (struct fwl_validators){0};
    for (fwl_list_begin(&it, members); fwl_member_next(&it, &m); n++) {
        if (n == FWL_VALIDATORS_MAX) {
            return FWL_ERR_LIMIT;
        }
        memcpy(buffer + 32 * (size_t)n, m.key.b, 32);
    }
    *out = (struct fwl_validators){.n = n, .keys = fwl_span(buffer, 32 * (size_t)n)};
    return FWL_OK;
}
