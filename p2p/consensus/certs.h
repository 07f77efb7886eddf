/*
 * certs - the certificates held at this height, and JUST. Zone P.
 *
 * One NOTAR and one NULL a view for every view of the height, one FINAL. Certificates are written in the step in which
 * they become held.
 */
#ifndef FWL_P2P_CONSENSUS_CERTS_H
#define FWL_P2P_CONSENSUS_CERTS_H

#include "p2p/consensus/engine.h"

/** fwl_certs_clear - a new height. */
void fwl_certs_clear(struct fwl_consensus *c);
/** fwl_certs_held - is a certificate of this kind and view held? */
bool fwl_certs_held(const struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view);
/** fwl_certs_bytes - long form of a certificate that is held (FWL_ASSERT). */
struct fwl_span fwl_certs_bytes(const struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view);
/** fwl_certs_hold - keep a certificate known to be valid, write it, look for conflicts in it; known ones are skipped.
 */
void fwl_certs_hold(struct fwl_consensus *c, const struct fwl_cert *cert);
/** fwl_certs_load - the same at boot, without writing. */
void fwl_certs_load(struct fwl_consensus *c, const struct fwl_cert *cert);
/** fwl_certs_offer - a certificate from outside, whose height the caller has compared; false when it does not hold.
 * What is held already, or of a view beyond views_max, is passed over unverified. */
bool fwl_certs_offer(struct fwl_consensus *c, const struct fwl_cert *cert);

/**
 * fwl_certs_just - JUST(view, hash) for a header of view @header_view.
 *
 * Fills:   @hole with the view at which the scan had to stop for want of a certificate, UINT32_MAX when it did not.
 * Returns: whether the certificates held justify a proposal of @hash in @view.
 */
bool fwl_certs_just(const struct fwl_consensus *c, uint32_t *hole, uint32_t view, const struct fwl_hash32 *hash,
                    uint32_t header_view);

#endif
