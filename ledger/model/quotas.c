#include "ledger/model/quotas.h"

#include "core/limits.h"

void
fwl_quotas_read(struct fwl_reader *r, void *at)
{
    struct fwl_quotas *q = at;

    fwl_cbor_array_exact(r, 4);
    q->classes = fwl_cbor_uint_max(r, FWL_QUOTA_MAX);
    q->fleets = fwl_cbor_uint_max(r, FWL_QUOTA_MAX);
    q->live_releases = fwl_cbor_uint_max(r, FWL_QUOTA_MAX);
    q->transactions_a_day = fwl_cbor_uint_max(r, FWL_QUOTA_MAX);
}

void
fwl_quotas_put(struct fwl_writer *w, const void *at)
{
    const struct fwl_quotas *q = at;

    fwl_cbor_put_array(w, 4);
    fwl_cbor_put_uint(w, q->classes);
    fwl_cbor_put_uint(w, q->fleets);
    fwl_cbor_put_uint(w, q->live_releases);
    fwl_cbor_put_uint(w, q->transactions_a_day);
}
