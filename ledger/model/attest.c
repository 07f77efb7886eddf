#include "ledger/model/attest.h"

static const uint8_t magic[4] = {'F', 'W', 'T', '1'};

bool
fwl_attest_same(const struct fwl_attest_request *a, const struct fwl_attest_request *b)
{
    return a->height == b->height && memcmp(a->nonce, b->nonce, sizeof(a->nonce)) == 0 &&
           fwl_hash32_equal(&a->block_hash, &b->block_hash);
}

static void
read_one(struct fwl_attest *out, struct fwl_reader *r)
{
    out->idx = fwl_reader_u16(r);
    out->time_ms = fwl_reader_u64(r);
    fwl_reader_copy(r, out->sig.b, sizeof(out->sig.b));
}

/* Validators ascend strictly. */
static void
check_order(struct fwl_reader *r, const struct fwl_attests *attests)
{
    struct fwl_reader it;
    struct fwl_attest a;
    uint32_t least = 0;

    for (fwl_attest_begin(&it, attests); fwl_reader_ok(r) && fwl_attest_next(&it, &a);) {
        if (a.idx < least) {
            fwl_reader_fail(r, (uint32_t)a.idx + 1 == least ? FWL_ERR_DUPLICATE : FWL_ERR_ORDER);
        }
        least = (uint32_t)a.idx + 1;
    }
}

enum fwl_err
fwl_attest_decode(struct fwl_attests *out, struct fwl_fault *fault, struct fwl_span in)
{
    struct fwl_reader r;
    struct fwl_span bytes;

    *out = (struct fwl_attests){0};
    fwl_reader_init(&r, in);
    fwl_reader_field(&r, "attests");
    bytes = fwl_reader_bytes(&r, sizeof(magic));
    if (fwl_reader_ok(&r) && memcmp(bytes.p, magic, sizeof(magic)) != 0) {
        fwl_reader_fail(&r, FWL_ERR_UNKNOWN);
    }
    fwl_reader_copy(&r, out->request.nonce, sizeof(out->request.nonce));
    out->request.height = fwl_reader_u64(&r);
    fwl_reader_copy(&r, out->request.block_hash.b, sizeof(out->request.block_hash.b));
    fwl_reader_field(&r, "attests.count");
    out->count = fwl_reader_u16(&r);
    if (out->count > FWL_VALIDATORS_MAX) {
        fwl_reader_fail(&r, FWL_ERR_LIMIT);
    }
    fwl_reader_field(&r, "attests.items");
    out->items = fwl_reader_bytes(&r, (size_t)out->count * FWL_ATTEST_SIZE);
    check_order(&r, out);
    if (fwl_reader_finish(&r) != FWL_OK) {
        *out = (struct fwl_attests){0};
    }
    return fwl_fault_from_reader(fault, &r);
}

void
fwl_attest_begin(struct fwl_reader *it, const struct fwl_attests *attests)
{
    fwl_reader_init(it, attests->items);
}

bool
fwl_attest_next(struct fwl_reader *it, struct fwl_attest *out)
{
    if (it->left < FWL_ATTEST_SIZE) {
        return false;
    }
    read_one(out, it);
    return true;
}

void
fwl_attest_put(struct fwl_writer *w, const struct fwl_attest_request *request, const struct fwl_attest *attests,
               size_t count)
{
    if (count > FWL_VALIDATORS_MAX) {
        fwl_writer_fail(w, FWL_ERR_LIMIT);
        return;
    }
    fwl_writer_bytes(w, magic, sizeof(magic));
    fwl_writer_bytes(w, request->nonce, sizeof(request->nonce));
    fwl_writer_u64(w, request->height);
    fwl_writer_span(w, fwl_hash32_span(&request->block_hash));
    fwl_writer_u16(w, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        fwl_writer_u16(w, attests[i].idx);
        fwl_writer_u64(w, attests[i].time_ms);
        fwl_writer_bytes(w, attests[i].sig.b, sizeof(attests[i].sig.b));
    }
}
