/*
 * data - the stores of a node, for commands that read them. Zone H.
 */
#ifndef FWL_CLIENT_CLI_DATA_H
#define FWL_CLIENT_CLI_DATA_H

#include "ledger/model/cert.h"
#include "ledger/store/store.h"

struct fwl_data {
    struct fwl_store *store;
    struct fwl_storage storage;
    struct fwl_read read; /* read.kv: one view of the store */
};

/**
 * fwl_data_open - open the store of @kind ("chain" or "votes") below @dir, a node's folder or its data folder.
 *
 * Prints why not, and returns an exit code; 0 when @out is open. fwl_data_close in every case.
 */
int fwl_data_open(struct fwl_data *out, const char *dir, enum fwl_store_kind kind);
/** fwl_data_open_reader - the same, also while the node runs. */
int fwl_data_open_reader(struct fwl_data *out, const char *dir, enum fwl_store_kind kind);
/** fwl_data_fail_absent - print that @dir has no store @name; FWL_EXIT_STORAGE. */
int fwl_data_fail_absent(const char *dir, const char *name);
void fwl_data_close(struct fwl_data *data);

/** fwl_data_certificate - the FINAL certificate of the block at @height of a chain store in its long form, as a view of
 * @buffer. FWL_OK; FWL_ERR_ABSENT where the store has none; FWL_ERR_CORRUPT. */
FWL_NODISCARD enum fwl_err fwl_data_certificate(struct fwl_span *out, uint8_t buffer[FWL_CERT_SIZE_MAX],
                                                const struct fwl_kv *chain, uint64_t height);

#endif
