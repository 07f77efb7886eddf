/*
 * snapshots - snapshot files for commands: opening them, and whether they are of the chain that is trusted. Zone H.
 */
#ifndef FWL_CLIENT_CLI_SNAPSHOTS_H
#define FWL_CLIENT_CLI_SNAPSHOTS_H

#include "client/cli/args.h"
#include "ledger/snapshot/file/snapfile.h"

/* What says which chain it must be; exactly one is given. */
struct fwl_snapshots_trust {
    const char *genesis; /* the genesis document */
    const char *anchor;  /* a trust anchor */
};

/* Two options of a command, inside its table. */
#define FWL_SNAPSHOTS_OPTIONS(t)                                                                                       \
    {.name = "--genesis",                                                                                              \
     .value_name = "FILE",                                                                                             \
     .help = "the genesis document of the chain that it must be of",                                                   \
     .value = &(t)->genesis},                                                                                          \
    {                                                                                                                  \
        .name = "--anchor", .value_name = "FILE", .help = "or a trust anchor of that chain", .value = &(t)->anchor     \
    }

/** fwl_snapshots_open - map the file; prints why not. An exit code, 0 when it is open. */
int fwl_snapshots_open(struct fwl_snapfile **out, const char *path);

/**
 * fwl_snapshots_trusted - is the snapshot of the trusted chain, and not older than an anchor's epoch?
 *
 * Its header is not checked here, but the steps that lead to it are. Prints why not. An exit code, 0 when it is.
 */
int fwl_snapshots_trusted(const struct fwl_snapfile *file, const char *path, const struct fwl_snapshots_trust *trust);

/** fwl_snapshots_show - progress on a terminal, for fwl_snapshot_verify and fwl_restore_snapshot; NULL elsewhere. */
fwl_snapshot_progress fwl_snapshots_show(void);

#endif
