/*
 * inbox - frames of peers: what counts now, what waits for the next height, what is dropped. Zone P.
 */
#ifndef FWL_P2P_CONSENSUS_INBOX_H
#define FWL_P2P_CONSENSUS_INBOX_H

#include "p2p/consensus/engine.h"

/** fwl_inbox_take - a frame of a peer that is up; sets bad_peer in the effects when it is malformed or forged, or a
 * STATUS whose height went down. */
void fwl_inbox_take(struct fwl_consensus *c, uint32_t peer, const struct fwl_consensus_msg *msg);
/** fwl_inbox_replay - the buffered frames of the height that just began; bad_late in the effects has the senders of
 * those that are forged. fwl_inbox_drop - forget them. fwl_inbox_gone - forget only that they were this peer's. */
void fwl_inbox_replay(struct fwl_consensus *c);
void fwl_inbox_gone(struct fwl_consensus *c, uint32_t peer);
void fwl_inbox_drop(struct fwl_consensus *c);

#endif
