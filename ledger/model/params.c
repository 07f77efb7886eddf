#include "ledger/model/params.h"

static void
read_protocol(struct fwl_reader *r, void *at)
{
    struct fwl_protocol *p = at;

    fwl_cbor_array_exact(r, 2);
    p->number = fwl_form_uint(r, 1, UINT32_MAX);
    p->activation_height = fwl_cbor_uint(r);
}

static void
put_protocol(struct fwl_writer *w, const void *at)
{
    const struct fwl_protocol *p = at;

    fwl_cbor_put_array(w, 2);
    fwl_cbor_put_uint(w, p->number);
    fwl_cbor_put_uint(w, p->activation_height);
}

static const struct fwl_form_field fields[] = {
    FWL_F_UINT(1, false, struct fwl_params, heartbeat_ms, FWL_HEARTBEAT_MIN_MS, FWL_HEARTBEAT_MAX_MS,
               "params.heartbeat_ms"),
    FWL_F_UINT(2, false, struct fwl_params, leader_term, 1, FWL_LEADER_TERM_MAX, "params.leader_term"),
    FWL_F_UINT(3, false, struct fwl_params, precision_ms, 1, FWL_PRECISION_MAX_MS, "params.precision_ms"),
    FWL_F_UINT(4, false, struct fwl_params, msgdelay_ms, 1, FWL_MSGDELAY_MAX_MS, "params.msgdelay_ms"),
    FWL_F_UINT(5, false, struct fwl_params, max_block, FWL_BLOCK_MAX_MIN, FWL_BLOCK_MAX_MAX, "params.max_block"),
    FWL_F_UINT(6, false, struct fwl_params, max_work, FWL_BLOCK_WORK_MIN, FWL_BLOCK_WORK_MAX, "params.max_work"),
    FWL_F_UINT(7, false, struct fwl_params, verdict_k, 1, FWL_KEYS_MAX, "params.verdict_k"),
    FWL_F_CUSTOM(8, false, struct fwl_params, protocol, read_protocol, put_protocol, "params.protocol"),
};

void
fwl_params_default(struct fwl_params *out)
{
    *out = (struct fwl_params){.has = 0x1fe,
                               .heartbeat_ms = 300000,
                               .leader_term = 16,
                               .precision_ms = 500,
                               .msgdelay_ms = 4000,
                               .max_block = FWL_BLOCK_MAX_DEFAULT,
                               .max_work = FWL_BLOCK_WORK_DEFAULT,
                               .verdict_k = 2,
                               .protocol = {.number = FWL_PROTOCOL}};
}

void
fwl_params_read(struct fwl_reader *r, void *at)
{
    struct fwl_params *out = at;

    fwl_form_read(r, out, &out->has, fields, FWL_COUNT(fields));
}

void
fwl_params_put(struct fwl_writer *w, const void *at)
{
    const struct fwl_params *params = at;

    fwl_form_put(w, params, params->has, fields, FWL_COUNT(fields), (struct fwl_list){0});
}

enum fwl_err
fwl_params_decode(struct fwl_params *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;

    fwl_fault_begin(&r, in, FWL_PARAMS_SIZE_MAX);
    fwl_params_read(&r, out);
    return fwl_fault_finish(fault, &r, out, sizeof(*out));
}

void
fwl_params_hash(struct fwl_hash32 *out, const struct fwl_params *params)
{
    uint8_t bytes[FWL_PARAMS_SIZE_MAX];
    struct fwl_writer w;
    struct fwl_span entry;

    fwl_writer_init(&w, bytes, sizeof(bytes));
    fwl_params_put(&w, params);
    FWL_ASSERT(fwl_writer_finish(&w, &entry) == FWL_OK);
    fwl_hash1(out, FWL_HASH_PARAMS, entry);
}
