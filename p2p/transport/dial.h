/*
 * dial - the configured peers and when to dial them again. Internal to the module. Zone H.
 */
#ifndef FWL_P2P_TRANSPORT_DIAL_H
#define FWL_P2P_TRANSPORT_DIAL_H

#include "p2p/transport/link.h"

/** fwl_dial_start, fwl_dial_stop - as fwl_transport_dial and fwl_transport_undial. */
FWL_NODISCARD enum fwl_err fwl_dial_start(struct fwl_transport *host, const struct fwl_pubkey32 *node_key,
                                          const char *address);
void fwl_dial_stop(struct fwl_transport *host, const struct fwl_pubkey32 *node_key);

/** fwl_dial_find - the configured peer with this key, or NULL. */
struct fwl_link_dial *fwl_dial_find(const struct fwl_transport *host, const struct fwl_pubkey32 *key);

/** fwl_dial_is_configured - is it the address of a configured peer, whatever the port? */
FWL_NODISCARD bool fwl_dial_is_configured(const struct fwl_transport *host, const struct sockaddr *address);

/** fwl_dial_again - dial after the present wait, and double it. */
void fwl_dial_again(struct fwl_link_dial *d);

/** fwl_dial_free - forget a configured peer that has no link. */
void fwl_dial_free(struct fwl_link_dial *d);

#endif
