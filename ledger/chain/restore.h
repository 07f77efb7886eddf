/*
 * restore - a store `chain` out of a snapshot, piece by piece, each checked before it is kept. Zone P.
 *
 * Order: epoch steps from genesis to the snapshot's epoch; SNAPINFO, which the set of that epoch must have certified;
 * when the snapshot's block ends its epoch, the step out of it; headers, downwards; chunks, in any order; finish. Every
 * call commits what it took, so a process that dies goes on where it was: fwl_restore_open finds out where that is.
 * Until fwl_restore_finish the store is no chain (fwl_chain_open refuses it), afterwards it is one like any other, but
 * for what lies before the snapshot: docs/spec/snapshot.md.
 *
 * Errors FWL_ERR_FULL, _STORAGE, _CORRUPT, _MEMORY, _BUSY and _SPACE are this node's: begin again with fwl_restore_open
 * when they have passed. Every other one is the sender's, and nothing has changed.
 */
#ifndef FWL_LEDGER_CHAIN_RESTORE_H
#define FWL_LEDGER_CHAIN_RESTORE_H

#include "ledger/kv/storage.h"
#include "ledger/merkle/build/smt.h"
#include "ledger/snapshot/snapshot.h"

enum {
    FWL_RESTORE_BATCH = 512,           /* entries a commit */
    FWL_RESTORE_BATCH_BYTES = 1 << 20, /* of entries a commit, one more entry apart */
    FWL_RESTORE_ARENA_BYTES = 4 << 20, /* enough for a batch with its tree records and indexes */
};

struct fwl_restore_config {
    struct fwl_storage to; /* environment `chain`: empty, or what an earlier restore left */
    void *arena;           /* working memory of a commit */
    size_t arena_bytes;    /* FWL_RESTORE_ARENA_BYTES */
    fwl_cert_verifier verify;
    void *cookie;
    uint64_t known;               /* height of a final block that this node has already; 0: none */
    struct fwl_hash32 known_hash; /* its hash: the snapshot must lie above it */
};

/* What comes next. */
enum fwl_restore_stage {
    FWL_RESTORE_STEPS,   /* the step out of epoch trail.at.epoch; before SNAPINFO, only if that is not yet its epoch */
    FWL_RESTORE_HEADERS, /* those below `lowest` */
    FWL_RESTORE_CHUNKS,  /* fwl_restore_missing */
    FWL_RESTORE_FINISH,
};

/* About 200 KiB; fields are read by everybody, written by this unit alone. It is not copied. */
struct fwl_restore {
    struct fwl_restore_config config;
    struct fwl_trail trail;
    bool has_info; /* before that: steps, then SNAPINFO */
    struct fwl_snapinfo info;
    uint64_t lowest; /* height of the lowest header that is here, with has_info */
    uint32_t left;   /* chunks that are not */
    uint8_t done[FWL_SNAPSHOT_CHUNKS_MAX / 8];
    uint8_t info_bytes[FWL_SNAPINFO_MAX];
    struct fwl_smt_change changes[FWL_RESTORE_BATCH];
};

/**
 * fwl_restore_open - begin, or go on.
 *
 * Owns:    keeps what @config names. Borrows @genesis.
 * Returns: FWL_OK
 *          FWL_ERR_CHAIN  the store was begun for another genesis document, or is a chain and not above config.known
 *          FWL_ERR_STATE  the store is a chain already, above config.known
 *          the errors of fwl_genesis_decode; this node's failures
 * Cost:    the steps that are there are verified again.
 */
FWL_NODISCARD enum fwl_err fwl_restore_open(struct fwl_restore *r, const struct fwl_restore_config *config,
                                            struct fwl_span genesis);

/** fwl_restore_know - this node has come further meanwhile, to the final block @hash at height @known. */
void fwl_restore_know(struct fwl_restore *r, uint64_t known, const struct fwl_hash32 *hash);

/** fwl_restore_stage - what comes next, once there is a SNAPINFO (FWL_ASSERT). */
enum fwl_restore_stage fwl_restore_stage(const struct fwl_restore *r);
/** fwl_restore_missing - the first chunk from @from on that is not here; info.chunks when there is none. */
uint32_t fwl_restore_missing(const struct fwl_restore *r, uint32_t from);

/** fwl_restore_step - the step out of epoch trail.at.epoch. The errors of fwl_trail_step; this node's. */
FWL_NODISCARD enum fwl_err fwl_restore_step(struct fwl_restore *r, struct fwl_span step);

/**
 * fwl_restore_info - choose the snapshot.
 *
 * Returns: FWL_OK
 *          FWL_ERR_STATE  there is one already
 *          FWL_ERR_EPOCH  it is not of the epoch that the steps have reached
 *          the errors of fwl_snapinfo_decode and fwl_snapinfo_verify; this node's
 */
FWL_NODISCARD enum fwl_err fwl_restore_info(struct fwl_restore *r, struct fwl_span info);

/**
 * fwl_restore_headers - headers ascending, the last one of height lowest - 1, none below the snapshot's first.
 *
 * Returns: FWL_OK; FWL_ERR_STATE not wanted now; FWL_ERR_RANGE none, too many, or bytes that are no headers; the errors
 * of fwl_snapshot_headers_linked; this node's. At most 256 are taken at a time.
 */
FWL_NODISCARD enum fwl_err fwl_restore_headers(struct fwl_restore *r, struct fwl_span headers);

/**
 * fwl_restore_chunk - chunk @index < info.chunks (FWL_ASSERT); one that is here already changes nothing.
 *
 * Returns: FWL_OK; FWL_ERR_STATE without SNAPINFO; the errors of fwl_chunk_verify; this node's
 * Cost:    hashing, then a commit for every FWL_RESTORE_BATCH entries.
 */
FWL_NODISCARD enum fwl_err fwl_restore_chunk(struct fwl_restore *r, uint32_t index, struct fwl_span chunk);

/**
 * fwl_restore_finish - make it a chain.
 *
 * Returns: FWL_OK
 *          FWL_ERR_STATE     something is missing, or config.known lies above the snapshot
 *          FWL_ERR_CONFLICT  the snapshot has another block at config.known: two certified blocks at one height
 *          FWL_ERR_CORRUPT   the state is not that of the header, though every chunk was
 *          this node's
 */
FWL_NODISCARD enum fwl_err fwl_restore_finish(struct fwl_restore *r);

/**
 * fwl_restore_snapshot - all of it, from a decoded snapshot: what is here already is passed over.
 *
 * @progress may be NULL.
 * Returns: FWL_OK; the errors of the functions above; FWL_ERR_CONFLICT when the store was begun with another snapshot
 */
FWL_NODISCARD enum fwl_err fwl_restore_snapshot(struct fwl_restore *r, const struct fwl_snapshot *s,
                                                fwl_snapshot_progress progress, void *cookie);

#endif
