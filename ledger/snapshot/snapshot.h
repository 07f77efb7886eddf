/*
 * snapshot - a whole snapshot as one file: everything that a node needs to decide like any other. Zone P.
 *
 *   "fwledger snapshot 1\n" || genesis size u32, document || steps u32, each: size u32, epoch step
 *   || headers u32, the headers before that of the snapshot, ascending || info size u32, SNAPINFO
 *   || size u32 of each chunk || the chunks
 *
 * Headers are min(height, 999): with that of the snapshot the last 1,000, which a change of validators may name.
 * Nothing in it is believed: the genesis document must be that of the chain, steps lead from its validators to those of
 * the snapshot's height, these certify the header, headers are linked to it by prev_hash, chunks are checked against
 * its state root. docs/spec/snapshot.md.
 */
#ifndef FWL_LEDGER_SNAPSHOT_SNAPSHOT_H
#define FWL_LEDGER_SNAPSHOT_SNAPSHOT_H

#include "ledger/snapshot/chunk.h"
#include "ledger/snapshot/trail.h"

#define FWL_SNAPSHOT_MAGIC "fwledger snapshot 1\n"

struct fwl_snapshot {
    struct fwl_span genesis;
    uint32_t step_count;
    struct fwl_span steps;   /* view: fwl_snapshot_step */
    struct fwl_span headers; /* view: FWL_HEADER_SIZE each */
    uint64_t first;          /* height of the first of them; the snapshot's own when there are none */
    struct fwl_span info_bytes;
    struct fwl_snapinfo info;
    struct fwl_span sizes;  /* view: u32 a chunk */
    struct fwl_span chunks; /* view */
};

/** fwl_snapshot_headers - how many headers a snapshot of @height has beside its own. */
uint32_t fwl_snapshot_headers(uint64_t height);
/** fwl_snapshot_steps - how many epoch steps: those into the epoch of the height after it. */
uint64_t fwl_snapshot_steps(const struct fwl_header *header);

/**
 * fwl_snapshot_decode - the form: where the parts are. Chunks are not looked at.
 *
 * Owns:    @out views @in; zeros on failure.
 * Returns: FWL_OK
 *          FWL_ERR_UNKNOWN  it is no snapshot, or of a later version
 *          FWL_ERR_VALUE    the number of steps or headers is not that of its height
 *          FWL_ERR_LIMIT    a chunk is longer than FWL_SNAPSHOT_CHUNK_MAX
 *          the errors of fwl_snapinfo_decode; FWL_ERR_TRUNCATED, FWL_ERR_TRAILING
 */
FWL_NODISCARD enum fwl_err fwl_snapshot_decode(struct fwl_snapshot *out, struct fwl_span in);

/** fwl_snapshot_step - the next epoch step, @it being fwl_reader_init over s->steps; false at the end. */
bool fwl_snapshot_step(struct fwl_reader *it, struct fwl_span *step);
/** fwl_snapshot_chunk - chunk @index < info.chunks (FWL_ASSERT). Cost: the sizes before it. */
struct fwl_span fwl_snapshot_chunk(const struct fwl_snapshot *s, uint32_t index);

/**
 * fwl_snapshot_headers_linked - do @headers, ascending, end at the block that @next_prev_hash names?
 *
 * @last is the height of the last of them.
 * Returns: FWL_OK; FWL_ERR_HASH one does not follow from the next; the errors of fwl_header_decode; FWL_ERR_VALUE
 *          another height.
 */
FWL_NODISCARD enum fwl_err fwl_snapshot_headers_linked(struct fwl_span headers, uint64_t last,
                                                       const struct fwl_hash32 *next_prev_hash);

/** How far it is: chunks done of all. */
typedef void (*fwl_snapshot_progress)(void *cookie, uint32_t done, uint32_t total);

/**
 * fwl_snapshot_verify - everything: is this snapshot of the chain @chain_id, and is every byte what it must be?
 *
 * @trail is working memory; afterwards it is at the epoch of the height after the snapshot. @progress may be NULL.
 * Returns: FWL_OK
 *          FWL_ERR_CHAIN  another chain
 *          the errors of fwl_trail_begin, fwl_trail_step, fwl_snapinfo_verify, fwl_snapshot_headers_linked and
 *          fwl_chunk_verify
 */
FWL_NODISCARD enum fwl_err fwl_snapshot_verify(const struct fwl_snapshot *s, struct fwl_trail *trail,
                                               const struct fwl_hash32 *chain_id, fwl_snapshot_progress progress,
                                               void *cookie);

#endif
