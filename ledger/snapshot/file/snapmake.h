/*
 * snapmake - write the snapshot of a store at its tip. Zone H.
 *
 * The state is kept by table and key, a snapshot by key hash. So the entries are sorted outside: one pass over them
 * counts the bytes of each chunk, which fixes its place in the file; a second puts every entry into its chunk as it
 * comes; then one chunk after the other is read back, sorted in memory, checked against the state tree and written
 * again. Memory is a few times the largest chunk, whatever the size of the state.
 */
#ifndef FWL_LEDGER_SNAPSHOT_FILE_SNAPMAKE_H
#define FWL_LEDGER_SNAPSHOT_FILE_SNAPMAKE_H

#include <stdio.h>

#include "ledger/kv/kv.h"
#include "ledger/snapshot/snapshot.h"

struct fwl_snapmake_config {
    uint32_t split;      /* bytes: a chunk above it makes 4,096 chunks of 256; 0: FWL_SNAPSHOT_CHUNK_SPLIT */
    size_t buffer_bytes; /* of the second pass, all chunks together; 0: 16 MiB */
    uint64_t *height;    /* of the snapshot, when it was made; may be NULL */
};

/**
 * fwl_snapmake - write a snapshot to @to, an empty file open for reading and writing.
 *
 * @kv is one consistent view of the store `chain`. Nothing is synced.
 * Returns: FWL_OK
 *          FWL_ERR_STATE    there is no block yet: nothing is certified
 *          FWL_ERR_ABSENT   a header, an epoch step or the frontier before the tip is not in the store
 *          FWL_ERR_LIMIT    a chunk would be longer than FWL_SNAPSHOT_CHUNK_MAX
 *          FWL_ERR_CORRUPT  what is stored is not the state of the tip
 *          FWL_ERR_FULL, FWL_ERR_STORAGE  of the file; FWL_ERR_MEMORY; the errors of a read
 */
FWL_NODISCARD enum fwl_err fwl_snapmake(const struct fwl_kv *kv, FILE *to, const struct fwl_snapmake_config *config);

/** fwl_snapmake_file - the same at @path, atomically and synced: a file of that name is replaced. Errors as above. */
FWL_NODISCARD enum fwl_err fwl_snapmake_file(const struct fwl_kv *kv, const char *path,
                                             const struct fwl_snapmake_config *config);

#endif
