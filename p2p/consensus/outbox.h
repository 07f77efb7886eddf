/*
 * outbox - puts effects into the step under way. Zone P.
 *
 * Room is reserved by fwl_outbox_room before a rule fires, so a rule never fires by half.
 */
#ifndef FWL_P2P_CONSENSUS_OUTBOX_H
#define FWL_P2P_CONSENSUS_OUTBOX_H

#include "p2p/consensus/engine.h"

/** fwl_outbox_begin, fwl_outbox_finish - around a step; finish encodes the records that changed. */
void fwl_outbox_begin(struct fwl_consensus *c, struct fwl_effects *out);
void fwl_outbox_finish(struct fwl_consensus *c);
/** fwl_outbox_room - is there room for one more rule? */
bool fwl_outbox_room(const struct fwl_consensus *c);

/** fwl_outbox_cert - write a certificate; @bytes are the engine's own, and the effects point to them. */
void fwl_outbox_cert(struct fwl_consensus *c, enum fwl_vote_kind kind, uint32_t view, struct fwl_span bytes);
/** fwl_outbox_body - write a body unless it is durable. */
void fwl_outbox_body(struct fwl_consensus *c, struct fwl_body_slot *slot);
/** fwl_outbox_rec - the record of @view changed. */
void fwl_outbox_rec(struct fwl_consensus *c, uint32_t view);

/** Recipients: every peer; one; those not known to be past @view of this height. */
struct fwl_peer_set fwl_outbox_all(const struct fwl_consensus *c);
struct fwl_peer_set fwl_outbox_one(uint32_t peer);
struct fwl_peer_set fwl_outbox_not_past(const struct fwl_consensus *c, uint32_t view);

/** fwl_outbox_send - a frame of this height to fill in further; NULL when nobody would get it. */
struct fwl_consensus_msg *fwl_outbox_send(struct fwl_consensus *c, struct fwl_peer_set to,
                                          enum fwl_consensus_msg_type type);
/** fwl_outbox_status, fwl_outbox_vote - a STATUS of where this node is; a vote. Nothing when nobody would get it. */
void fwl_outbox_status(struct fwl_consensus *c, struct fwl_peer_set to);
void fwl_outbox_vote(struct fwl_consensus *c, struct fwl_peer_set to, const struct fwl_vote *vote);
/** fwl_outbox_evidence - report two votes of one signer that conflict, once a signer, type and height; nothing when
 * they do not, or when the effects are full. */
void fwl_outbox_evidence(struct fwl_consensus *c, const struct fwl_vote *a, const struct fwl_vote *b);
/** fwl_outbox_halt - the engine stops for good; the first reason stays. */
void fwl_outbox_halt(struct fwl_consensus *c, enum fwl_consensus_halt why);

#endif
