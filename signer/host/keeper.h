/*
 * keeper - the socket of a signer: connections in, requests to the guard, answers out. Zone H.
 *
 * One thread, one request at a time. A connection that sends what is no frame, or does not read its answers, is closed;
 * everything else that is wrong is answered. Nothing has to be done at the end of the process: what an answer says is
 * durable before it leaves.
 */
#ifndef FWL_SIGNER_HOST_KEEPER_H
#define FWL_SIGNER_HOST_KEEPER_H

#include <sys/stat.h>

#include "core/host/log.h"
#include "signer/host/guard.h"

enum {
    FWL_KEEPER_CONNECTIONS_MAX = 16, /* one more closes the one that has been silent for longest and votes not */
};

/**
 * fwl_keeper_listen - a socket at @path with @mode; a dead one that lies there is replaced.
 *
 * Fills:   @fd, which the caller closes; the file stays.
 * Returns: FWL_OK; FWL_ERR_LIMIT for a path that no socket can have; FWL_ERR_LOCKED when somebody listens there;
 *          FWL_ERR_NETWORK with errno set.
 */
FWL_NODISCARD enum fwl_err fwl_keeper_listen(int *fd, const char *path, mode_t mode);

/**
 * fwl_keeper_run - serve, until the store of the guard fails.
 *
 * Shape:   @fd of fwl_keeper_listen.
 * Returns: the error of the store; FWL_ERR_NETWORK with errno set.
 */
FWL_NODISCARD enum fwl_err fwl_keeper_run(int fd, struct fwl_guard *guard, const struct fwl_log *log);

#endif
