/*
 * store - the durable store over LMDB. Zone H.
 *
 * One environment is a folder with data.mdb, lock.mdb and LOCK, the file whose flock keeps a second node out. Every
 * space is a named database of the environment. Commits are synchronous (data pages, fdatasync, meta page): never
 * MDB_WRITEMAP, MDB_NOSYNC, MDB_NOMETASYNC or MDB_MAPASYNC, and no network file systems. Open after any fork, once a
 * process. A full map grows and the commit is tried again; a full disk is FWL_ERR_FULL with nothing committed; any
 * other failure of a commit is final. Source: lmdb.h "Caveats"; consensus.md 3.5.
 */
#ifndef FWL_LEDGER_STORE_STORE_H
#define FWL_LEDGER_STORE_STORE_H

#include "core/histogram.h"
#include "ledger/kv/storage.h"

enum {
    FWL_STORE_SCHEMA = 1, /* written into new stores; newer ones are refused */
};

/* stored: append only */
enum fwl_store_kind {
    FWL_STORE_CHAIN = 1, /* spaces hdr..meta */
    FWL_STORE_VOTES = 2, /* spaces rec..vmeta */
};

struct fwl_store;

/**
 * fwl_store_open - open the environment in @folder, or make it (the folder too; its parent exists).
 *
 * Shape:   @map_bytes is the first size of the map, rounded up to pages; 0 for the default (1 GiB chain, 64 MiB votes).
 *          The map grows by itself; an existing larger one stays. Slots of dead readers are cleared.
 * Owns:    *out is closed with fwl_store_close.
 * Returns: FWL_OK
 *          FWL_ERR_LOCKED   somebody has it open
 *          FWL_ERR_SCHEMA   a newer fwledger wrote it
 *          FWL_ERR_CORRUPT  it is damaged, or of another kind
 *          FWL_ERR_FULL, FWL_ERR_MEMORY
 *          FWL_ERR_STORAGE  the folder cannot be made or used
 */
FWL_NODISCARD enum fwl_err fwl_store_open(struct fwl_store **out, const char *folder, enum fwl_store_kind kind,
                                          size_t map_bytes);

/**
 * fwl_store_open_reader - open an environment to read it, also while a node has it open.
 *
 * Commits to it are a bug (FWL_ASSERT). A read keeps the pages it sees from being used again by the node: finish soon,
 * and not in the process of the node.
 * Owns:    *out is closed with fwl_store_close.
 * Returns: FWL_OK; FWL_ERR_ABSENT there is none in @folder; FWL_ERR_SCHEMA, FWL_ERR_CORRUPT, FWL_ERR_MEMORY,
 *          FWL_ERR_STORAGE as fwl_store_open
 */
FWL_NODISCARD enum fwl_err fwl_store_open_reader(struct fwl_store **out, const char *folder, enum fwl_store_kind kind);

/**
 * fwl_store_copy - write a compacted copy into @folder, which exists and has no data.mdb.
 *
 * One consistent version; on success file and folder are synced, on failure a part of it may be left there.
 * Returns: FWL_OK; FWL_ERR_FULL; FWL_ERR_MEMORY; FWL_ERR_STORAGE, also when it could not be synced
 */
FWL_NODISCARD enum fwl_err fwl_store_copy(struct fwl_store *store, const char *folder);

/**
 * fwl_store_replace - put the environment in folder @from, which nobody has open, in the place of this one.
 *
 * Waits for reads to end; those that begin later see the new one. Atomic: after a crash it is the one or the other.
 * Returns: FWL_OK; FWL_ERR_STORAGE or FWL_ERR_CORRUPT: final, as of a commit.
 */
FWL_NODISCARD enum fwl_err fwl_store_replace(struct fwl_store *store, const char *from);

/** fwl_store_close - close; no read is open. NULL is fine. */
void fwl_store_close(struct fwl_store *store);

/** fwl_store_storage - the store as storage.h sees it. Keeps @store. */
struct fwl_storage fwl_store_storage(struct fwl_store *store);

/** fwl_store_check_readers - clear slots of readers that died (hourly); their number. */
int fwl_store_check_readers(struct fwl_store *store);

/* How long commits take, microseconds, since the store was opened; failed ones do not count. */
struct fwl_store_times {
    struct fwl_histogram commit; /* all of it: writes put into the trees, then what follows */
    struct fwl_histogram sync;   /* of that: pages to the disk, fdatasync, the meta page */
};
extern const int64_t fwl_store_time_bounds[FWL_HISTOGRAM_BOUNDS];

/** fwl_store_times - for metrics. Waits for a commit that is under way. */
void fwl_store_times(struct fwl_store *store, struct fwl_store_times *out);

/** fwl_store_sizes - for metrics: bytes of the map, and bytes of it in use. */
void fwl_store_sizes(struct fwl_store *store, uint64_t *map_bytes, uint64_t *used_bytes);

#endif
