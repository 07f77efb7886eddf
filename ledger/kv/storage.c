#include "ledger/kv/storage.h"

enum fwl_err
fwl_storage_commit(const struct fwl_storage *storage, const struct fwl_overlay *writes)
{
    if (writes->err != FWL_OK) {
        return writes->err;
    }
    return storage->ops->commit(storage->ctx, writes);
}

enum fwl_err
fwl_read_begin(const struct fwl_storage *storage, struct fwl_read *read)
{
    enum fwl_err err;

    *read = (struct fwl_read){.of = *storage};
    err = storage->ops->read_begin(storage->ctx, &read->handle, &read->kv);
    if (err != FWL_OK) {
        *read = (struct fwl_read){.handle = NULL};
    }
    return err;
}

void
fwl_read_end(struct fwl_read *read)
{
    if (read->of.ops != NULL) {
        read->of.ops->read_end(read->of.ctx, read->handle);
    }
    *read = (struct fwl_read){.handle = NULL};
}
