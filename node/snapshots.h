/*
 * snapshots - the snapshots that a node makes and serves, and the one that it receives. Zone H. Internal to the module.
 *
 * They lie in DATA/snapshots as HEIGHT.fws; the newest few are kept. Making one reads the whole state, which would keep
 * pages of the store from being used again and a map that must grow waiting; so another process does it, this program
 * itself with --write-snapshot. A snapshot that is being received lies in DATA/restore.
 */
#ifndef FWL_NODE_SNAPSHOTS_H
#define FWL_NODE_SNAPSHOTS_H

#include <sys/types.h>

#include "core/host/log.h"
#include "ledger/snapshot/file/snapfile.h"
#include "ledger/store/store.h"
#include "p2p/transport/transport.h"

enum {
    FWL_SNAPSHOTS_KEEP_MAX = 16,
    FWL_SNAPSHOTS_PATH_MAX = 1100,
};

struct fwl_snapshots_config {
    const char *data;    /* the data folder */
    const char *program; /* makes them; NULL: none are made */
    uint64_t every;      /* blocks; 0: none are made */
    unsigned keep;       /* 1..FWL_SNAPSHOTS_KEEP_MAX */
    const struct fwl_hash32 *chain_id;
    const struct fwl_log *log;
};

/* An open snapshot; objects that are being sent hold it too. */
struct fwl_snapshots_file {
    struct fwl_snapfile *file;
    unsigned holders;
};

struct fwl_snapshots {
    struct fwl_snapshots_config config;
    struct fwl_snapshots_file *kept[FWL_SNAPSHOTS_KEEP_MAX]; /* newest first */
    size_t count;
    pid_t child;   /* makes one; 0: none */
    uint64_t next; /* height from which on the next one is made */
    bool failed;   /* the last attempt; told once */
    char folder[FWL_SNAPSHOTS_PATH_MAX];
    char restore[FWL_SNAPSHOTS_PATH_MAX];
    struct fwl_store *received; /* open */
};

/** fwl_snapshots_open - make the folder, open what is in it; files that are no snapshots of this chain are deleted.
 * FWL_OK, FWL_ERR_STORAGE, FWL_ERR_MEMORY. fwl_snapshots_close in every case. */
FWL_NODISCARD enum fwl_err fwl_snapshots_open(struct fwl_snapshots *s, const struct fwl_snapshots_config *config);

/** fwl_snapshots_close - stop making one, close all. Objects that are being sent were released before. */
void fwl_snapshots_close(struct fwl_snapshots *s);

/** fwl_snapshots_height - of the newest; 0: none. */
uint64_t fwl_snapshots_height(const struct fwl_snapshots *s);

/** fwl_snapshots_tick - with the height of the tip: is one due, or finished? True when fwl_snapshots_height has
 * changed. */
bool fwl_snapshots_tick(struct fwl_snapshots *s, uint64_t tip);

/** fwl_snapshots_send_info, fwl_snapshots_send_chunk - answer a peer; as fwl_transport_send, fwl_transport_send_object.
 */
FWL_NODISCARD enum fwl_err fwl_snapshots_send_info(const struct fwl_snapshots *s, struct fwl_transport *transport,
                                                   fwl_peer_id peer);
FWL_NODISCARD enum fwl_err fwl_snapshots_send_chunk(struct fwl_snapshots *s, struct fwl_transport *transport,
                                                    fwl_peer_id peer, uint64_t height, uint16_t chunk, uint32_t offset);

/** fwl_snapshots_receive - the store of the snapshot that is being received, opened or made. fwl_snapshots_drop -
 * delete it. fwl_snapshots_adopt - put it in the place of @chain; as fwl_store_replace. */
FWL_NODISCARD enum fwl_err fwl_snapshots_receive(struct fwl_snapshots *s, struct fwl_storage *to);
void fwl_snapshots_drop(struct fwl_snapshots *s);
FWL_NODISCARD enum fwl_err fwl_snapshots_adopt(struct fwl_snapshots *s, struct fwl_store *chain);

/** fwl_snapshots_write - what the other process does: the snapshot of the store in folder @chain to @path. An exit
 * code. */
int fwl_snapshots_write(const char *chain, const char *path);

#endif
