/*
 * relay - what is sent again, what is asked for, and when to wake up. Zone P.
 *
 * Every Tr while WANT or v > 0, to peers not known to be past v: the certificate that led into v, own NOTARIZE and
 * NULLIFY of v, own FINALIZE of the last 8 views, PROPOSE of v if leader. One pull in flight of each kind.
 */
#ifndef FWL_P2P_CONSENSUS_RELAY_H
#define FWL_P2P_CONSENSUS_RELAY_H

#include "p2p/consensus/engine.h"

/** fwl_relay_propose - own PROPOSE of v with the certificates that justify it; needs its body (else nothing). */
void fwl_relay_propose(struct fwl_consensus *c, struct fwl_peer_set to);
/** fwl_relay_pull_certs - ask for NULL of the views before v without it: a scan for what may be voted for, or proposed,
 * stopped at one. The same question whichever block it was for, so two blocks of one leader are no reason for two. */
void fwl_relay_pull_certs(struct fwl_consensus *c);
/** fwl_relay_pull_bodies - ask for the body of FINAL, or for those of the newest NOTAR and of the proposals of v side
 * by side: a leader who has shown nobody its block holds up nothing that a quorum has. */
void fwl_relay_pull_bodies(struct fwl_consensus *c);
/** fwl_relay_mismatch - the bytes of @hash were not the block's: who was asked last had its turn, the next one gets it
 * after the usual time. */
void fwl_relay_mismatch(struct fwl_consensus *c, const struct fwl_hash32 *hash);
/** fwl_relay_run - resend and STATUS when due; sets the timer. */
void fwl_relay_run(struct fwl_consensus *c);

#endif
