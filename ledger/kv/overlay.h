/*
 * overlay - an ordered set of writes above a base, itself readable as fwl_kv. Zone P.
 *
 * Every change of the ledger is made in an overlay first: a block executes in one above the store, a transaction in
 * one above that of its block (undone by fwl_overlay_reset, kept by fwl_overlay_merge), a consensus step in one above
 * nothing; a store then commits the writes of the bottom overlay as one batch. Reads and iteration merge overlay and
 * base: a put hides the base's value, a delete its entry.
 *
 * All memory is one arena of the caller. Writes sit in an AVL tree in the order (space, key), so the worst case
 * is logarithmic whatever keys strangers choose, and contents and order depend on the writes alone. A write takes
 * FWL_OVERLAY_NODE_BYTES plus key and value, rounded up; a new value reuses the old one's memory when it fits. Once the
 * arena is full the overlay has failed: every later write returns FWL_ERR_SPACE, so that no half of a change is kept.
 * Source: AVL tree, Knuth TAOCP 3, 6.2.3.
 */
#ifndef FWL_LEDGER_KV_OVERLAY_H
#define FWL_LEDGER_KV_OVERLAY_H

#include "ledger/kv/kv.h"

#define FWL_OVERLAY_NODE_BYTES 56 /* memory of one write beside its key and value, rounding apart */

struct fwl_overlay_node;

/* Fields are read by everybody, written by this unit alone. */
struct fwl_overlay {
    struct fwl_kv base; /* ops NULL: nothing below */
    struct fwl_overlay_node *root;
    uint8_t *arena;
    size_t arena_bytes;
    size_t used_bytes; /* of the arena */
    size_t count;      /* keys written, deleted ones included */
    enum fwl_err err;  /* FWL_OK, or FWL_ERR_SPACE for ever */
};

/* One write, in iteration; views. */
struct fwl_overlay_write {
    enum fwl_space space; /* 0 before the first */
    bool deleted;
    struct fwl_span key;
    struct fwl_span value; /* empty when deleted */
};

/**
 * fwl_overlay_init - an empty overlay.
 *
 * Shape:   @base NULL for nothing below (every key is absent there).
 * Owns:    keeps @arena and what @base refers to until the overlay is no longer used; nothing is to be freed.
 */
void fwl_overlay_init(struct fwl_overlay *o, const struct fwl_kv *base, void *arena, size_t arena_bytes);

/** fwl_overlay_reset - forget all writes and a failure; base and arena stay. */
void fwl_overlay_reset(struct fwl_overlay *o);

/** fwl_overlay_kv - the overlay as a view. Keeps @o. */
struct fwl_kv fwl_overlay_kv(struct fwl_overlay *o);

/**
 * fwl_overlay_put, fwl_overlay_delete - write.
 *
 * Shape:   @key has 1..FWL_KV_KEY_MAX bytes, @value less than 4 GiB (FWL_ASSERT). Deleting what does not exist is fine.
 * Owns:    copies @key and @value; they may be views taken from @o.
 * Returns: FWL_OK, or FWL_ERR_SPACE now and for ever.
 */
FWL_NODISCARD enum fwl_err fwl_overlay_put(struct fwl_overlay *o, enum fwl_space space, struct fwl_span key,
                                           struct fwl_span value);
FWL_NODISCARD enum fwl_err fwl_overlay_delete(struct fwl_overlay *o, enum fwl_space space, struct fwl_span key);

/**
 * fwl_overlay_reserve - put a value of @size bytes that the caller writes afterwards, all of it.
 *
 * Fills:   @value with the memory; NULL on failure. When this key had a value in this overlay, the memory begins with
 *          that value or does not overlap it: a view of it stays readable while the new value is written over.
 * Returns: as fwl_overlay_put.
 */
FWL_NODISCARD enum fwl_err fwl_overlay_reserve(struct fwl_overlay *o, uint8_t **value, enum fwl_space space,
                                               struct fwl_span key, size_t size);

/**
 * fwl_overlay_merge - apply all writes of @from to @into, in order.
 *
 * Returns: FWL_OK, or FWL_ERR_SPACE: @from had failed (nothing is applied), or @into has now.
 */
FWL_NODISCARD enum fwl_err fwl_overlay_merge(struct fwl_overlay *into, const struct fwl_overlay *from);

/**
 * fwl_overlay_next - iterate the writes, ascending by (space, key).
 *
 * Shape:   @w is in/out; all zero to begin with.
 * Returns: true with the next write in @w, or false after the last.
 * Cost:    logarithmic a step.
 */
FWL_NODISCARD bool fwl_overlay_next(const struct fwl_overlay *o, struct fwl_overlay_write *w);

#endif
