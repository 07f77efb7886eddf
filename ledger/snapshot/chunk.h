/*
 * chunk - a part of the state on its way: the entries whose key hashes begin with the same 8 (or 12) bits. Zone P.
 *
 *   entry: key_size u16 || table u8, key || value_size u32 || value      ascending by key hash
 *
 * A receiver hashes every key and value and compares the subtree with the one that the SNAPINFO names, before it uses
 * anything. docs/spec/snapshot.md.
 */
#ifndef FWL_LEDGER_SNAPSHOT_CHUNK_H
#define FWL_LEDGER_SNAPSHOT_CHUNK_H

#include "ledger/snapshot/snapinfo.h"

#define FWL_CHUNK_ENTRY_BYTES(key_size, value_size) (6 + (size_t)(key_size) + (size_t)(value_size))

struct fwl_chunk_entry {
    struct fwl_span key; /* table u8 || key, as in space `kv`; view */
    struct fwl_span value;
};

/** fwl_chunk_put - write an entry. */
void fwl_chunk_put(struct fwl_writer *w, const struct fwl_chunk_entry *e);

/**
 * fwl_chunk_next - the next entry of a chunk under @it (fwl_reader_init).
 *
 * Returns: true with @e, views; false at the end or at bytes that are no entry: fwl_reader_finish tells which
 *          (FWL_ERR_TRUNCATED, FWL_ERR_VALUE for an empty or longer key or value than any entry has).
 */
bool fwl_chunk_next(struct fwl_reader *it, struct fwl_chunk_entry *e);

/** fwl_chunk_key_hash - the place of an entry in the state tree. */
void fwl_chunk_key_hash(struct fwl_hash32 *out, const struct fwl_chunk_entry *e);

/**
 * fwl_chunk_verify - is it chunk @index of this snapshot?
 *
 * Returns: FWL_OK
 *          FWL_ERR_LIMIT  longer than FWL_SNAPSHOT_CHUNK_MAX
 *          FWL_ERR_ORDER  entries do not ascend by key hash
 *          FWL_ERR_PROOF  an entry of another chunk, or the subtree is another one
 *          malformed      as fwl_chunk_next
 * Cost:    about four hashes an entry.
 */
FWL_NODISCARD enum fwl_err fwl_chunk_verify(const struct fwl_snapinfo *info, uint32_t index, struct fwl_span chunk);

#endif
