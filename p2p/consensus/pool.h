/*
 * pool - votes and proposals of views v-8..v+2, first vote per (kind, view, signer). Zone P.
 *
 * Source: docs/spec/agreement.md "Counting". A different later vote goes to evidence, never to the count.
 */
#ifndef FWL_P2P_CONSENSUS_POOL_H
#define FWL_P2P_CONSENSUS_POOL_H

#include "p2p/consensus/engine.h"

/** fwl_pool_view - the window's entry of @view, cleared when it was another view's; NULL outside the window. */
struct fwl_pool_view *fwl_pool_view(struct fwl_consensus *c, uint32_t view);
/** fwl_pool_vote - the first vote pooled of @idx, NULL when there is none. */
const struct fwl_pooled *fwl_pool_vote(struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view, uint32_t idx);
/** fwl_pool_clear - a new height. */
void fwl_pool_clear(struct fwl_consensus *c);
/** fwl_pool_voters - distinct validators with any vote of @view pooled. */
uint32_t fwl_pool_voters(struct fwl_consensus *c, uint32_t view);

/**
 * fwl_pool_offer - a vote of this height from outside: checks signer, window and signature, looks for conflicts,
 * counts.
 *
 * Returns: false when the signature does not hold, there is no such signer, or it is a PROPOSE (fwl_pool_propose).
 * Votes outside the window and those known already are passed over unverified: true.
 */
bool fwl_pool_offer(struct fwl_consensus *c, const struct fwl_vote *vote);
/** fwl_pool_count - a vote whose signature is known to hold; forms a certificate when it is the q-th. */
void fwl_pool_count(struct fwl_consensus *c, const struct fwl_vote *vote);
/** fwl_pool_absorb - the same without forming a certificate: votes out of certificates. */
void fwl_pool_absorb(struct fwl_consensus *c, const struct fwl_vote *vote);
/** fwl_pool_propose - a proposal whose signature holds; a second hash is evidence, a third is dropped. */
void fwl_pool_propose(struct fwl_consensus *c, uint32_t view, const struct fwl_hash32 *hash,
                      const struct fwl_sig64 *sig);
/** fwl_pool_signed - does the signature of @vote hold? Index below n (FWL_ASSERT). */
bool fwl_pool_signed(const struct fwl_consensus *c, const struct fwl_vote *vote);
/** fwl_pool_foreign - is this vote of our own key unknown to our records, at a height at which we may vote? */
bool fwl_pool_foreign(const struct fwl_consensus *c, const struct fwl_vote *vote);

#endif
