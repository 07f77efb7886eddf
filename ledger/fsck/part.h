/*
 * part - what the parts of the check share. Zone P. Internal.
 */
#ifndef FWL_LEDGER_FSCK_PART_H
#define FWL_LEDGER_FSCK_PART_H

#include "ledger/fsck/fsck.h"
#include "ledger/merkle/rfc6962.h"
#include "ledger/model/genesis.h"

struct fwl_fsck {
    struct fwl_kv kv;
    struct fwl_fsck_config config;
    struct fwl_fsck_fault *fault;
    struct fwl_hash32 chain_id;
    struct fwl_genesis genesis; /* views into the store */
    uint64_t tip;
    uint64_t base;   /* lowest height of a whole block; 0 when nothing was forgotten */
    uint64_t lowest; /* of the headers */
    bool restored;   /* from a snapshot, whose height and trees are: */
    uint64_t restored_at;
    struct fwl_frontier restored_history; /* without its own header */
    struct fwl_frontier restored_log;     /* with its transactions */
    struct fwl_header header;             /* of the block under check; of the tip afterwards */
};

static inline struct fwl_span
fwl_fsck_be64(uint8_t buffer[8], uint64_t v)
{
    fwl_store_be64(buffer, v);
    return fwl_span(buffer, 8);
}

/** fwl_fsck_fail - note a fault. FWL_ERR_CORRUPT. */
enum fwl_err fwl_fsck_fail(struct fwl_fsck *f, enum fwl_space space, struct fwl_span key, const char *what);
/** fwl_fsck_get - a record that must be there; @missing is said when it is not. FWL_OK, or the fault that was noted. */
enum fwl_err fwl_fsck_get(struct fwl_fsck *f, struct fwl_span *value, enum fwl_space space, struct fwl_span key,
                          const char *missing);
/** fwl_fsck_next - the record after @key (empty: the first). FWL_OK, FWL_ERR_ABSENT at the end (not noted), or a fault.
 */
enum fwl_err fwl_fsck_next(struct fwl_fsck *f, struct fwl_kv_entry *e, enum fwl_space space, struct fwl_span key);
/** fwl_fsck_count - how many records @space has. FWL_OK or a fault. */
enum fwl_err fwl_fsck_count(struct fwl_fsck *f, uint64_t *count, enum fwl_space space);
void fwl_fsck_tell(const struct fwl_fsck *f, const char *part, uint64_t done, uint64_t total);

/* The parts, in this order. FWL_OK or a fault. */
enum fwl_err fwl_fsck_blocks(struct fwl_fsck *f); /* hdr hash blk fin set txid, and the roots of hist and log */
enum fwl_err fwl_fsck_trees(struct fwl_fsck *f);  /* hist log */
enum fwl_err fwl_fsck_state(struct fwl_fsck *f);  /* kv smt exp val ev */

#endif
