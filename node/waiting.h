/*
 * waiting - why the chain waits, in a sentence: "2 of 3 NOTARIZE, missing acme-2". Zone H.
 *
 * A validator is called by its participant; where a participant has several, the first digits of the key follow.
 */
#ifndef FWL_NODE_WAITING_H
#define FWL_NODE_WAITING_H

#include "ledger/kv/kv.h"
#include "p2p/replica/replica.h"

enum {
    FWL_WAITING_NAME_ROOM = FWL_PARTICIPANT_ID_MAX + 12,
    FWL_WAITING_TEXT_ROOM = 1024, /* always enough */
};

struct fwl_waiting_names {
    char participant[FWL_VALIDATORS_MAX][FWL_PARTICIPANT_ID_MAX + 1]; /* "": the registry does not have the key */
    char name[FWL_VALIDATORS_MAX][FWL_WAITING_NAME_ROOM];             /* unique; the digits of the key alone, then */
};

/** fwl_waiting_names - names of the members of @tally, out of the store `chain`. */
void fwl_waiting_names(struct fwl_waiting_names *out, const struct fwl_kv *chain, const struct fwl_tally *tally);

/**
 * fwl_waiting_text - what is there of the votes that the next block needs, and who has not voted.
 *
 * @own says what is the matter with this node itself, and comes first; NULL: nothing. "" when there is neither.
 */
void fwl_waiting_text(char out[FWL_WAITING_TEXT_ROOM], const char *own, const struct fwl_replica_watch *watch,
                      const struct fwl_waiting_names *names);

#endif
