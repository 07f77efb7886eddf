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
