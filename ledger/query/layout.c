#include "ledger/query/layout.h"

enum {
    VALUE_AT = 1,
    VALUE_BYTES = 2,
};

enum fwl_err
fwl_layout_value(struct fwl_layout_value *out, struct fwl_span in)
{
    struct fwl_reader r;
    uint8_t kind = 0;

    *out = (struct fwl_layout_value){0};
    fwl_reader_init(&r, in);
    (void)fwl_reader_u32(&r); /* references */
    kind = fwl_reader_u8(&r);
    out->replaced = kind == VALUE_BYTES;
    out->replaced_ms = out->replaced ? fwl_reader_u64(&r) : 0;
    if ((kind != VALUE_AT && kind != VALUE_BYTES) || !fwl_reader_ok(&r) || r.left == 0) {
        *out = (struct fwl_layout_value){0};
        return FWL_ERR_CORRUPT;
    }
    *(out->replaced ? &out->bytes : &out->key) = fwl_reader_rest(&r);
    return FWL_OK;
}

enum fwl_err
fwl_layout_set(struct fwl_layout_set *out, struct fwl_span in)
{
    struct fwl_reader r;
    struct fwl_span set;

    fwl_reader_init(&r, in);
    out->first = fwl_reader_u64(&r);
    set = fwl_reader_bytes(&r, fwl_reader_u16(&r));
    out->step = fwl_reader_rest(&r);
    if (fwl_reader_finish(&r) != FWL_OK || fwl_validators_decode(&out->validators, set) != FWL_OK) {
        *out = (struct fwl_layout_set){0};
        return FWL_ERR_CORRUPT;
    }
    return FWL_OK;
}

enum fwl_err
fwl_layout_block(struct fwl_span *txs, struct fwl_span in, uint32_t count)
{
    struct fwl_reader r;

    fwl_reader_init(&r, in);
    if (fwl_reader_u32(&r) != count) {
        fwl_reader_fail(&r, FWL_ERR_CORRUPT);
    }
    *txs = fwl_span(r.at, fwl_reader_ok(&r) ? r.left : 0);
    for (uint32_t i = 0; i < count && fwl_reader_ok(&r); i++) {
        (void)fwl_reader_bytes(&r, fwl_reader_u32(&r));
    }
    if (fwl_reader_finish(&r) != FWL_OK) {
        *txs = fwl_span(NULL, 0);
        return FWL_ERR_CORRUPT;
    }
    return FWL_OK;
}
