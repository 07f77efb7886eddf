/*
 * tiles - the append-only trees in the store: append, root, proofs. Zone P.
 *
 * Space `hist` (headers) or `log` (transactions). A tile (level, index) holds up to 256 hashes: entry j of level L is
 * the root of the 256^L leaves beginning at (256 * index + j) * 256^L; full subtrees only, so a tile only grows. These
 * are the tiles of C2SP tlog-tiles, served as they are. Beside them lies the frontier, from which the root follows
 * without reading a tile; a node restored from a snapshot starts with the frontier alone, and entries it has never seen
 * are zeros in its tiles until somebody fills them. Bytes in docs/spec/state-tree.md.
 */
#ifndef FWL_LEDGER_MERKLE_BUILD_TILES_H
#define FWL_LEDGER_MERKLE_BUILD_TILES_H

#include "core/writer.h"
#include "ledger/kv/overlay.h"
#include "ledger/merkle/rfc6962.h"

enum {
    FWL_TILES_WIDTH = 256,
    FWL_TILES_LEVELS = FWL_FRONTIER_LEVELS / 8,
    FWL_TILES_PATH_MAX = FWL_FRONTIER_LEVELS + 1, /* hashes in a proof */
};

/** fwl_tiles_frontier - size and full subtrees of a tree; the empty one when there is nothing. FWL_OK, FWL_ERR_CORRUPT,
 * or the error of the read. */
FWL_NODISCARD enum fwl_err fwl_tiles_frontier(const struct fwl_kv *kv, enum fwl_space space, struct fwl_frontier *out);

/** fwl_tiles_bytes - the stored frontier (size u64 || roots, largest first), a view; FWL_ERR_ABSENT for an empty tree,
 * or the error of the read. fwl_tiles_decode - its fields; FWL_OK or FWL_ERR_CORRUPT with the empty tree. */
FWL_NODISCARD enum fwl_err fwl_tiles_bytes(const struct fwl_kv *kv, enum fwl_space space, struct fwl_span *value);
FWL_NODISCARD enum fwl_err fwl_tiles_decode(struct fwl_frontier *out, struct fwl_span value);
/** fwl_tiles_put - write them in that form. */
void fwl_tiles_put(struct fwl_writer *w, const struct fwl_frontier *f);

/** fwl_tiles_root - root and size of the tree, from its frontier. Codes as fwl_tiles_frontier; zeros on failure. */
FWL_NODISCARD enum fwl_err fwl_tiles_root(const struct fwl_kv *kv, enum fwl_space space, struct fwl_hash32 *root,
                                          uint64_t *size);

/**
 * fwl_tiles_append - append @count leaf hashes.
 *
 * Fills:   @root and @size of the tree afterwards; zeros on failure.
 * Returns: FWL_OK, FWL_ERR_LIMIT, FWL_ERR_CORRUPT, FWL_ERR_SPACE, or the error of the read. After a failure the overlay
 *          holds a part of the change and is to be thrown away.
 * Cost:    one hash a leaf; each touched tile read and written once a call, so append a block's leaves in one call.
 */
FWL_NODISCARD enum fwl_err fwl_tiles_append(struct fwl_overlay *o, struct fwl_hash32 *root, uint64_t *size,
                                            enum fwl_space space, const struct fwl_hash32 *leaves, size_t count);

/** fwl_tiles_restore - begin a tree from the frontier of a snapshot whose root was checked. FWL_OK or FWL_ERR_SPACE. */
FWL_NODISCARD enum fwl_err fwl_tiles_restore(struct fwl_overlay *o, enum fwl_space space, const struct fwl_frontier *f);

/**
 * fwl_tiles_fill - write leaf hashes @first to @first + @count - 1 that were not known, and all that follows from them.
 *
 * The tree has these leaves (FWL_ASSERT), its frontier does not change.
 * Returns: FWL_OK, FWL_ERR_CORRUPT, FWL_ERR_SPACE, or the error of the read
 * Cost:    a tile read and written for every 256 leaves, and one more where a tile becomes complete.
 */
FWL_NODISCARD enum fwl_err fwl_tiles_fill(struct fwl_overlay *o, enum fwl_space space, uint64_t first,
                                          const struct fwl_hash32 *leaves, size_t count);

/**
 * fwl_tiles_inclusion, fwl_tiles_consistency - proofs for the tree as it was at @size (@new_size) leaves.
 *
 * Fills:   @path and its @count, 0 on failure.
 * Returns: FWL_OK
 *          FWL_ERR_RANGE   index < size <= the size stored, 1 <= old_size <= new_size <= the size stored does not hold
 *          FWL_ERR_ABSENT  an entry is not here (restored from a snapshot and not filled yet)
 *          FWL_ERR_CORRUPT or the error of the read
 * Cost:    at most 255 hashes a level of tiles.
 */
FWL_NODISCARD enum fwl_err fwl_tiles_inclusion(const struct fwl_kv *kv, enum fwl_space space,
                                               struct fwl_hash32 path[FWL_TILES_PATH_MAX], size_t *count,
                                               uint64_t index, uint64_t size);
FWL_NODISCARD enum fwl_err fwl_tiles_consistency(const struct fwl_kv *kv, enum fwl_space space,
                                                 struct fwl_hash32 path[FWL_TILES_PATH_MAX], size_t *count,
                                                 uint64_t old_size, uint64_t new_size);

/** fwl_tiles_get - the hashes of a tile, 32 bytes each, a view. FWL_OK, FWL_ERR_ABSENT, FWL_ERR_CORRUPT, or the error
 * of the read. */
FWL_NODISCARD enum fwl_err fwl_tiles_get(const struct fwl_kv *kv, enum fwl_space space, struct fwl_span *hashes,
                                         unsigned level, uint64_t index);

#endif
