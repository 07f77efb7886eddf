/*
 * storage - what a durable store offers: read transactions and all-or-nothing commits. Zone P.
 *
 * Implemented by ledger/store/store.h (LMDB) and ledger/store/memstore.h (memory, with faults for tests and the
 * simulator). The driver of consensus sees only this interface, so what is simulated is what runs.
 *
 * A commit is durable when it returns FWL_OK (the outbox rule, consensus.md 2.4), and on any other code the store holds
 * exactly what it held before. FWL_ERR_FULL passes once there is space again. FWL_ERR_STORAGE is final: the
 * store refuses everything from then on, whether that commit survived is known only after a restart, and the
 * process must stop voting and exit.
 */
#ifndef FWL_LEDGER_KV_STORAGE_H
#define FWL_LEDGER_KV_STORAGE_H

#include "ledger/kv/overlay.h"

struct fwl_storage_ops {
    enum fwl_err (*commit)(void *ctx, const struct fwl_overlay *writes);
    enum fwl_err (*read_begin)(void *ctx, void **read, struct fwl_kv *kv);
    void (*read_end)(void *ctx, void *read);
};

/* A store; copied freely, owns nothing. */
struct fwl_storage {
    const struct fwl_storage_ops *ops;
    void *ctx;
};

/* An open read transaction: one consistent version of all spaces. */
struct fwl_read {
    struct fwl_kv kv;
    struct fwl_storage of;
    void *handle;
};

/**
 * fwl_storage_commit - apply the writes of @writes (its base is not looked at) and make them durable.
 *
 * Shape:   the calling thread has no read transaction of this store open (FWL_ASSERT): a map that is to grow waits for
 *          readers. One thread commits at a time; others read meanwhile. Every space belongs to this store
 *          (FWL_ASSERT).
 * Returns: FWL_OK
 *          FWL_ERR_SPACE    @writes has itself failed
 *          FWL_ERR_FULL     disk or map is full; nothing is committed
 *          FWL_ERR_MEMORY   nothing is committed
 *          FWL_ERR_STORAGE  final, see above
 *          FWL_ERR_CORRUPT  the environment is damaged; final as well
 * Cost:    LMDB: the puts, one fdatasync, one synchronous page; about 0.4 ms for a small batch on an SSD.
 */
FWL_NODISCARD enum fwl_err fwl_storage_commit(const struct fwl_storage *storage, const struct fwl_overlay *writes);

/**
 * fwl_read_begin, fwl_read_end - a read transaction, ended by the thread that began it.
 *
 * Reads stay short (proof < 50 ms): they pin pages of LMDB and delay the growth of its map.
 * Returns: FWL_OK; FWL_ERR_BUSY too many readers; FWL_ERR_MEMORY; FWL_ERR_STORAGE or FWL_ERR_CORRUPT. After a failure
 *          fwl_read_end does nothing.
 */
FWL_NODISCARD enum fwl_err fwl_read_begin(const struct fwl_storage *storage, struct fwl_read *read);
void fwl_read_end(struct fwl_read *read);

#endif
