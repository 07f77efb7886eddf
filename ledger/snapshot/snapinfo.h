/*
 * snapinfo - what a snapshot is: a certified header and the roots of its chunks. Zone P.
 *
 *   header 344 || n u16 || FINAL certificate in short form, of n members || chunks u16 (256 or 4096)
 *   || chunks times (leaves u8: 0, 1, 2 = more; subtree root 32)
 *   || roots of the full subtrees of the header tree before this header, largest first || the same of the log with it
 *
 * Sizes of the trees are the header's height and log_size, so the counts of the last two lists follow. The chunk roots
 * fold to state_root and the others give history_root and log_root: once the certificate holds, every chunk can be
 * checked alone, whoever sends it. docs/spec/snapshot.md.
 */
#ifndef FWL_LEDGER_SNAPSHOT_SNAPINFO_H
#define FWL_LEDGER_SNAPSHOT_SNAPINFO_H

#include "ledger/merkle/rfc6962.h"
#include "ledger/merkle/tree.h"
#include "ledger/model/cert.h"
#include "ledger/model/header.h"

enum {
    FWL_SNAPINFO_PART_BYTES = 33,
    FWL_SNAPINFO_MAX = FWL_HEADER_SIZE + 2 + FWL_CERT_SIZE_SHORT_MAX + 2 +
                       FWL_SNAPSHOT_CHUNKS_MAX * FWL_SNAPINFO_PART_BYTES + 2 * 32 * FWL_FRONTIER_LEVELS,
};

struct fwl_snapinfo {
    struct fwl_header header;
    struct fwl_span header_bytes; /* view */
    struct fwl_hash32 hash;       /* of the block */
    struct fwl_cert cert;         /* FINAL; views */
    struct fwl_span cert_bytes;   /* view: the short form */
    uint16_t chunks;
    struct fwl_span parts; /* view: fwl_snapinfo_part */
    struct fwl_frontier history;
    struct fwl_frontier log;
    struct fwl_span rest; /* view: everything after the certificate; two certificates of one block are as good */
};

/**
 * fwl_snapinfo_decode - the form alone.
 *
 * Owns:    @out views @in; zeros on failure.
 * Returns: FWL_OK
 *          FWL_ERR_VALUE  n, the number of chunks or a count of leaves is none; a root is zero and should not be, or
 *                         should be and is not; height 0, which has no certificate
 *          FWL_ERR_LIMIT  height or log_size is beyond any tree
 *          the errors of header and certificate; FWL_ERR_TRUNCATED, FWL_ERR_TRAILING
 */
FWL_NODISCARD enum fwl_err fwl_snapinfo_decode(struct fwl_snapinfo *out, struct fwl_span in);
/** fwl_snapinfo_put - the inverse. */
void fwl_snapinfo_put(struct fwl_writer *w, const struct fwl_snapinfo *info);

/** fwl_snapinfo_part - subtree root and count of chunk @index < chunks (FWL_ASSERT). */
void fwl_snapinfo_part(struct fwl_tree_part *out, const struct fwl_snapinfo *info, uint32_t index);
/** fwl_snapinfo_bits - leading bits of a key hash that choose its chunk: 8 or 12. fwl_snapinfo_chunk - that chunk. */
unsigned fwl_snapinfo_bits(uint32_t chunks);
uint32_t fwl_snapinfo_chunk(uint32_t chunks, const struct fwl_hash32 *key_hash);

/** fwl_snapinfo_roots - do the roots belong to the header? FWL_OK or FWL_ERR_PROOF. Cost: a hash a chunk. */
FWL_NODISCARD enum fwl_err fwl_snapinfo_roots(const struct fwl_snapinfo *info);

/**
 * fwl_snapinfo_verify - is it a snapshot of this chain, certified by @set, the validators of its height?
 *
 * Returns: FWL_OK
 *          FWL_ERR_CHAIN        another chain
 *          FWL_ERR_EPOCH        the header names another set
 *          FWL_ERR_CERTIFICATE  the certificate does not hold
 *          FWL_ERR_PROOF        the roots do not belong to the header
 */
FWL_NODISCARD enum fwl_err fwl_snapinfo_verify(const struct fwl_snapinfo *info, const struct fwl_validators *set,
                                               const struct fwl_hash32 *chain_id, fwl_cert_verifier verify,
                                               void *cookie);

#endif
