#include "ledger/model/fault.h"

enum fwl_err
fwl_fault_from_reader(struct fwl_fault *fault, const struct fwl_reader *r)
{
    if (fault != NULL) {
        *fault = (struct fwl_fault){0};
        if (r->err != FWL_OK) {
            *fault = (struct fwl_fault){.err = r->err, .field = r->field == NULL ? "" : r->field, .offset = r->offset};
        }
    }
    return r->err;
}

void
fwl_fault_begin(struct fwl_reader *r, struct fwl_span in, size_t max)
{
    fwl_reader_init(r, in);
    if (in.size > max) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
    }
}

enum fwl_err
fwl_fault_finish(struct fwl_fault *fault, struct fwl_reader *r, void *out, size_t size)
{
    if (fwl_reader_finish(r) != FWL_OK) {
        memset(out, 0, size);
    }
    return fwl_fault_from_reader(fault, r);
}
