#include "p2p/consensus/turns.h"

#define DAY_MS 86400000u

static uint64_t
add(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;

    return fwl_add_u64(&sum, a, b) ? sum : UINT64_MAX;
}

uint16_t
fwl_turns_leader(const struct fwl_consensus_tip *tip, uint32_t view)
{
    return fwl_validators_leader(&tip->next, &tip->proposer_key, tip->height + 1, tip->params.leader_term, view);
}

uint64_t
fwl_turns_timeout(const struct fwl_consensus_timing *t, uint32_t view)
{
    return FWL_MIN(t->t0 + (uint64_t)view * t->td, (uint64_t)t->tmax);
}

uint64_t
fwl_turns_delay(uint64_t msgdelay_ms, uint32_t view)
{
    uint64_t d = msgdelay_ms;

    for (uint32_t i = 0; i < view && d >= 4 && d < DAY_MS; i++) {
        d += d / 4;
    }
    return FWL_MIN(d, (uint64_t)DAY_MS);
}

bool
fwl_turns_timely(const struct fwl_params *params, uint32_t view, uint64_t received_ms, uint64_t time_ms)
{
    uint64_t slack = add(fwl_turns_delay(params->msgdelay_ms, view), params->precision_ms);

    return add(time_ms, slack) >= received_ms && time_ms <= add(received_ms, params->precision_ms);
}

uint64_t
fwl_turns_heartbeat_due(const struct fwl_consensus_tip *tip)
{
    return add(tip->time_ms, tip->params.heartbeat_ms);
}
