/*
 * quotas - how much of the ledger a participant may use: [classes, fleets, live releases, transactions a day]. Zone F.
 */
#ifndef FWL_LEDGER_MODEL_QUOTAS_H
#define FWL_LEDGER_MODEL_QUOTAS_H

#include "core/cbor.h"

struct fwl_quotas { /* each <= FWL_QUOTA_MAX */
    uint64_t classes, fleets, live_releases, transactions_a_day;
};

/** fwl_quotas_read, fwl_quotas_put - as custom fields of a form (form.h): @at is a struct fwl_quotas. */
void fwl_quotas_read(struct fwl_reader *r, void *at);
void fwl_quotas_put(struct fwl_writer *w, const void *at);

#endif
