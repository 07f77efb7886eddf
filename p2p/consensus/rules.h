/*
 * rules - R1 and R3 to R8, resend and pulls; run after every event until none fires. Zone P.
 *
 * Source: docs/spec/agreement.md "Rules". R2 is in pool and certs, R0 in boot.
 */
#ifndef FWL_P2P_CONSENSUS_RULES_H
#define FWL_P2P_CONSENSUS_RULES_H

#include "p2p/consensus/engine.h"

/** fwl_rules_run - everything that the state now demands, and the next timer. */
void fwl_rules_run(struct fwl_consensus *c);
/** fwl_rules_advance - R3 alone; true when the view moved. */
bool fwl_rules_advance(struct fwl_consensus *c);
/** fwl_rules_want - WANT: is there a reason to decide this height? */
bool fwl_rules_want(struct fwl_consensus *c);
/** fwl_rules_view_entered - timers of a view start afresh. */
void fwl_rules_view_entered(struct fwl_consensus *c, bool by_notar);

#endif
