/*
 * boot - R0 and the start of a height: durable state back into memory. Zone P.
 */
#ifndef FWL_P2P_CONSENSUS_BOOT_H
#define FWL_P2P_CONSENSUS_BOOT_H

#include "p2p/consensus/engine.h"

/** fwl_boot_start - the first event. fwl_boot_height - height tip->height + 1 begins. Halts on damaged records. */
void fwl_boot_start(struct fwl_consensus *c, const struct fwl_event *in);
void fwl_boot_height(struct fwl_consensus *c, const struct fwl_consensus_tip *tip, const struct fwl_kv *votes);
/** fwl_boot_reports - rule 2.8: turn voting on once n - f other validators have said where they are. */
void fwl_boot_reports(struct fwl_consensus *c);

#endif
