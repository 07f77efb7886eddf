/*
 * turns - leaders and time: integer arithmetic alone. Zone P.
 *
 * Source: docs/spec/agreement.md "Predicates", "Timers".
 */
#ifndef FWL_P2P_CONSENSUS_TURNS_H
#define FWL_P2P_CONSENSUS_TURNS_H

#include "p2p/consensus/consensus.h"

/** fwl_turns_leader - index of the leader of @view at height tip->height + 1 (fwl_validators_leader). */
uint16_t fwl_turns_leader(const struct fwl_consensus_tip *tip, uint32_t view);
/** fwl_turns_timeout - T(v), milliseconds. */
uint64_t fwl_turns_timeout(const struct fwl_consensus_timing *t, uint32_t view);
/** fwl_turns_delay - MSGDELAY widened by a quarter a view, at most 24 h. */
uint64_t fwl_turns_delay(uint64_t msgdelay_ms, uint32_t view);
/** fwl_turns_timely - received - delay(view) - PRECISION <= time <= received + PRECISION. */
bool fwl_turns_timely(const struct fwl_params *params, uint32_t view, uint64_t received_ms, uint64_t time_ms);
/** fwl_turns_heartbeat_due - when the next empty block is due, Unix milliseconds; saturates. */
uint64_t fwl_turns_heartbeat_due(const struct fwl_consensus_tip *tip);

#endif
