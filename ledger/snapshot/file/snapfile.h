/*
 * snapfile - a snapshot file, mapped to read it. Zone H.
 *
 * The form is checked when it is opened, the content by who uses it (fwl_snapshot_verify, a receiver's own checks).
 * Whoever else writes to the file while it is open can end the process that reads it: keep snapshots in folders of the
 * node.
 */
#ifndef FWL_LEDGER_SNAPSHOT_FILE_SNAPFILE_H
#define FWL_LEDGER_SNAPSHOT_FILE_SNAPFILE_H

#include "ledger/snapshot/snapshot.h"

struct fwl_snapfile {
    struct fwl_snapshot snapshot; /* views the map */
    struct fwl_span bytes;        /* all of the file */
};

/**
 * fwl_snapfile_open - map the file at @path.
 *
 * Owns:    *out is closed with fwl_snapfile_close.
 * Returns: FWL_OK; FWL_ERR_ABSENT; FWL_ERR_MEMORY; FWL_ERR_STORAGE; the errors of fwl_snapshot_decode
 */
FWL_NODISCARD enum fwl_err fwl_snapfile_open(struct fwl_snapfile **out, const char *path);
/** fwl_snapfile_map - the same of an open file, which may be closed afterwards. */
FWL_NODISCARD enum fwl_err fwl_snapfile_map(struct fwl_snapfile **out, int fd);

/** fwl_snapfile_close - NULL is fine. */
void fwl_snapfile_close(struct fwl_snapfile *file);

#endif
