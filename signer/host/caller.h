/*
 * caller - the other end of a signer's socket, for programs that wait for the answer. Zone H.
 *
 * Source: docs/spec/signer.md.
 */
#ifndef FWL_SIGNER_HOST_CALLER_H
#define FWL_SIGNER_HOST_CALLER_H

#include "signer/signing.h"

/** fwl_caller_open - connect to the socket at @path; @fd, which the caller closes, is -1 on failure. FWL_OK;
 * FWL_ERR_LIMIT for a path that no socket can have; FWL_ERR_NETWORK with errno set. */
FWL_NODISCARD enum fwl_err fwl_caller_open(int *fd, const char *path);

/**
 * fwl_caller_ask - send one request and wait for its answer.
 *
 * Fills:   @answer, whatever its code.
 * Returns: FWL_OK; FWL_ERR_NETWORK; FWL_ERR_TIMEOUT after @ms without the answer; the errors of
 *          fwl_signing_answer_decode, and FWL_ERR_CONFLICT for the answer to something else. The connection is of no
 *          use after an error.
 */
FWL_NODISCARD enum fwl_err fwl_caller_ask(struct fwl_signing_answer *answer, int fd,
                                          const struct fwl_signing_request *request, int ms);

#endif
