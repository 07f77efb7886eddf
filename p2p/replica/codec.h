/*
 * codec - frames from and to messages of the engine. Zone P. Internal to the module.
 */
#ifndef FWL_P2P_REPLICA_CODEC_H
#define FWL_P2P_REPLICA_CODEC_H

#include "p2p/consensus/consensus.h"
#include "p2p/wire/message.h"

/** fwl_codec_is_engine - is it a frame that the engine takes (STATUS, PROPOSE, VOTE, CERT, GETCERTS)? */
bool fwl_codec_is_engine(enum fwl_frame_type type);

/**
 * fwl_codec_decode - the engine's message of a frame; views into @payload.
 *
 * Shape:   fwl_codec_is_engine(@type) (FWL_ASSERT).
 * Returns: FWL_OK, or the error of the frame's decoder.
 */
FWL_NODISCARD enum fwl_err fwl_codec_decode(struct fwl_consensus_msg *out, enum fwl_frame_type type,
                                            struct fwl_span payload);

/**
 * fwl_codec_encode - the frame of a message that the engine sends.
 *
 * Shape:   any type but BODY, which no engine sends (FWL_ASSERT).
 * @base and @time_ms complete a STATUS: lowest height served, our clock.
 * Returns: FWL_OK with the payload in @out, a view of @buffer; FWL_ERR_SPACE.
 */
FWL_NODISCARD enum fwl_err fwl_codec_encode(enum fwl_frame_type *type, struct fwl_span *out, void *buffer, size_t room,
                                            const struct fwl_consensus_msg *msg, uint64_t base, uint64_t time_ms);

#endif
