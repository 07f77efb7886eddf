/*
 * attested - the time in the words of validators, asked for through a node that is not trusted. Zone H.
 */
#ifndef FWL_CLIENT_CLI_ATTESTED_H
#define FWL_CLIENT_CLI_ATTESTED_H

#include "client/verify/verify.h"

/**
 * fwl_attested_ask - set v->now_ms, as a device without a clock does.
 *
 * Shape:   @v was begun with now 0. @bytes is the answer or bundle to be checked, @url the API of a node (NULL:
 *          $FWLEDGER_NODE).
 * Fills:   @err for a tip or an attestation that does not hold; then nothing is printed.
 * Returns: 0; an exit code, after printing why, when the node does not answer; 1 with @err.
 */
int fwl_attested_ask(struct fwl_verify *v, enum fwl_err *err, struct fwl_span bytes, const char *url);

#endif
