#include "ledger/model/genesis.h"

static const struct fwl_form_field fields[] = {
    FWL_F_UINT(1, false, struct fwl_genesis, time_ms, 0, UINT64_MAX, "genesis.time_ms"),
    FWL_F_CUSTOM(2, false, struct fwl_genesis, params, fwl_params_read, fwl_params_put, "genesis.params"),
    FWL_F_BOOL(3, false, struct fwl_genesis, development, "genesis.development"),
    FWL_F_LIST(4, false, struct fwl_genesis, members, 1, FWL_VALIDATORS_MAX, fwl_member_item, "genesis.validators"),
    FWL_F_LIST(5, false, struct fwl_genesis, governors, 1, FWL_KEYS_MAX, fwl_key_item, "genesis.governors"),
    FWL_F_UINT(6, false, struct fwl_genesis, threshold, 1, FWL_KEYS_MAX, "genesis.threshold"),
    FWL_F_TEXT(7, true, struct fwl_genesis, name, 1, FWL_GENESIS_NAME_MAX, "genesis.name"),
};

static void
check(struct fwl_reader *r, const struct fwl_genesis *g)
{
    uint8_t buffer[33 * FWL_KEYS_MAX];
    struct fwl_governors governors;
    enum fwl_err err = fwl_key_governors(&governors, buffer, g->governors, g->threshold);

    if (g->members.count < 4 && !g->development) {
        fwl_reader_field(r, "genesis.validators");
        fwl_reader_fail(r, FWL_ERR_VALUE);
    } else if (err != FWL_OK) {
        fwl_reader_field(r, err == FWL_ERR_VALUE ? "genesis.threshold" : "genesis.governors");
        fwl_reader_fail(r, err);
    }
}

enum fwl_err
fwl_genesis_decode(struct fwl_genesis *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;

    memset(out, 0, sizeof(*out));
    fwl_fault_begin(&r, in, FWL_GENESIS_MAX);
    fwl_form_read(&r, out, &out->has, fields, FWL_COUNT(fields));
    if (fwl_reader_finish(&r) == FWL_OK) {
        check(&r, out);
    }
    return fwl_fault_finish(fault, &r, out, sizeof(*out));
}

void
fwl_genesis_put(struct fwl_writer *w, const struct fwl_genesis *g)
{
    fwl_form_put(w, g, g->has, fields, FWL_COUNT(fields), (struct fwl_list){0});
}

void
fwl_genesis_chain_id(struct fwl_hash32 *out, struct fwl_span document)
{
    fwl_hash1(out, FWL_HASH_GENESIS, document);
}

/* The ValidatorSet of up to 100 members would be 3.2 KB of stack, so it is hashed from where it stands. */
static void
hash_members(struct fwl_hash32 *out, struct fwl_list members)
{
    struct fwl_span parts[2 + FWL_VALIDATORS_MAX];
    uint8_t head[3] = {FWL_HASH_VALIDATORS};
    struct fwl_reader it;
    struct fwl_member m;
    size_t n = 0;
    const uint8_t *start = NULL;

    fwl_list_begin(&it, members);
    for (start = it.at; n < FWL_VALIDATORS_MAX && fwl_member_next(&it, &m); start = it.at) {
        parts[1 + n++] = fwl_span(start + 4, 32);
    }
    fwl_store_be16(head + 1, (uint16_t)n);
    parts[0] = fwl_span(head, sizeof(head));
    fwl_sha256_parts(out, parts, 1 + n);
}

void
fwl_genesis_header(struct fwl_header *out, const struct fwl_genesis *g, const struct fwl_hash32 *chain_id,
                   const struct fwl_hash32 *state_root)
{
    struct fwl_hash32 empty;

    fwl_sha256(&empty, fwl_span(NULL, 0));
    *out = (struct fwl_header){.version = FWL_HEADER_VERSION,
                               .chain_id = *chain_id,
                               .time_ms = g->time_ms,
                               .txs_root = empty,
                               .body_size = FWL_HEADER_SIZE + 4,
                               .state_root = *state_root,
                               .history_root = empty,
                               .log_root = empty};
    hash_members(&out->validators_hash, g->members);
    out->next_validators_hash = out->validators_hash;
    fwl_params_hash(&out->params_hash, &g->params);
}
