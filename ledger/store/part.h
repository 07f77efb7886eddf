/*
 * part - what the parts of the store share. Zone H. Internal to the module.
 */
#ifndef FWL_LEDGER_STORE_PART_H
#define FWL_LEDGER_STORE_PART_H

#include <pthread.h>

#include <lmdb.h>

#include "ledger/store/store.h"

enum {
    FWL_STORE_PATH_BYTES = 4096,
};

struct fwl_store_read;

struct fwl_store {
    MDB_env *env;
    MDB_dbi dbi[FWL_SPACE_LAST + 1];
    enum fwl_store_kind kind;
    bool reader; /* opened to read alone, beside a node */
    int lock_fd;
    pthread_mutex_t commit_lock;  /* one commit at a time; the map is grown under it */
    struct fwl_store_times times; /* under commit_lock */
    pthread_mutex_t lock;         /* the fields below */
    pthread_cond_t changed;
    struct fwl_store_read *readers;
    bool growing;       /* no read begins */
    enum fwl_err final; /* FWL_OK, or what every commit returns from now on */
    char folder[FWL_STORE_PATH_BYTES];
};

/** fwl_store_first, fwl_store_last - spaces of a kind. */
enum fwl_space fwl_store_first(enum fwl_store_kind kind);
enum fwl_space fwl_store_last(enum fwl_store_kind kind);
/** fwl_store_error - a code of LMDB or errno as ours; MDB_MAP_FULL is FULL too. */
enum fwl_err fwl_store_error(int rc);
/** fwl_store_pause - no read begins and none is open, until fwl_store_go_on. */
void fwl_store_pause(struct fwl_store *store);
void fwl_store_go_on(struct fwl_store *store);

#endif
