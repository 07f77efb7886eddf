/*
 * bodies - block bodies by hash in five slots. Zone P.
 *
 * What is kept is decided by need: FINAL, own candidate, proposals of v, newest NOTAR, the rest. A body under check is
 * never moved. What was evicted is pulled again; f + 1 correct notarizers hold every notarized body on disk.
 */
#ifndef FWL_P2P_CONSENSUS_BODIES_H
#define FWL_P2P_CONSENSUS_BODIES_H

#include "p2p/consensus/engine.h"

/** fwl_bodies_clear - a new height. */
void fwl_bodies_clear(struct fwl_consensus *c);
/** fwl_bodies_find - the slot of a body that is held, checked or not, or NULL. */
struct fwl_body_slot *fwl_bodies_find(struct fwl_consensus *c, const struct fwl_hash32 *hash);
/** fwl_bodies_valid - the slot of a body that is held and VALID, or NULL. */
struct fwl_body_slot *fwl_bodies_valid(struct fwl_consensus *c, const struct fwl_hash32 *hash);
/** fwl_bodies_need - how much is this body needed: 0 not at all, 5 most. */
unsigned fwl_bodies_need(struct fwl_consensus *c, const struct fwl_hash32 *hash);

/**
 * fwl_bodies_put - keep a body if it is well-formed, of this height and needed.
 *
 * Shape:   @hash NULL takes whatever hash its header has. @durable: it is in the votes store already.
 * Returns: FWL_OK          it is held, now or since before
 *          FWL_ERR_ABSENT  not needed, or no slot is free for it
 *          FWL_ERR_HASH    not the body of @hash, or of another height
 *          else what fwl_body_decode says
 */
FWL_NODISCARD enum fwl_err fwl_bodies_put(struct fwl_consensus *c, struct fwl_span body, const struct fwl_hash32 *hash,
                                          bool durable);
/** fwl_bodies_ask - ask for the check of the most needed body unless one is under way. */
void fwl_bodies_ask(struct fwl_consensus *c);
/** fwl_bodies_answer - the verdict of a check. Returns false when the bytes turned out not to be the block's. */
bool fwl_bodies_answer(struct fwl_consensus *c, const struct fwl_hash32 *hash, enum fwl_check_verdict verdict);

#endif
