/*
 * object - what a node sends in parts: blocks out of the store, bodies out of memory. Zone H.
 *
 * A block is read part by part as the connection drains, each part under a read transaction of its own, so a slow peer
 * costs no memory. A block that is pruned meanwhile abandons the object, and the blocks that are queued behind it.
 */
#ifndef FWL_NODE_OBJECT_H
#define FWL_NODE_OBJECT_H

#include "ledger/kv/storage.h"
#include "p2p/transport/transport.h"

/** fwl_object_send_block - queue BLOCK (Body || short FINAL certificate) of @height, or "I do not have it", which is
 * FWL_ERR_ABSENT. As fwl_transport_send_object; FWL_ERR_MEMORY; the errors of the store. */
FWL_NODISCARD enum fwl_err fwl_object_send_block(struct fwl_transport *transport, fwl_peer_id peer,
                                                 const struct fwl_storage *chain, uint64_t height);

/** fwl_object_send_body - queue BODY with a copy of @object; empty says "I do not have it". As
 * fwl_transport_send_object. */
FWL_NODISCARD enum fwl_err fwl_object_send_body(struct fwl_transport *transport, fwl_peer_id peer,
                                                struct fwl_span object);

#endif
