/*
 * votes - is the store `votes` of a stopped node sound? Zone H.
 *
 * Records by their checksums, certificates under the set of their height, bodies by header and transactions
 * (p2p/consensus/rec.h). Nothing here tells whether a record is missing: only the node knew what it signed.
 */
#ifndef FWL_CLIENT_CLI_VOTES_H
#define FWL_CLIENT_CLI_VOTES_H

#include "ledger/fsck/fsck.h"

/** fwl_votes_check - @chain is the store `chain`, found sound. Fills @fault; FWL_OK, FWL_ERR_CORRUPT, or the error of a
 * read. */
FWL_NODISCARD enum fwl_err fwl_votes_check(const struct fwl_kv *votes, const struct fwl_kv *chain,
                                           struct fwl_fsck_fault *fault);

#endif
