/*
 * replica - a whole node without its sockets, disks and clock. Zone P.
 *
 * One object binds the consensus engine, the chain (execution), the pool of transactions, gossip and catch-up. The
 * driver gives it events (a frame, a timer, a transaction, a peer that comes or goes) with the time, and a table of
 * effects (storage, sending, signing, a timer). fwledgerd drives one over LMDB and TLS; the simulator drives many over
 * memory and a seeded network: the same object files.
 *
 * The outbox rule (consensus.md 2.4) is kept here: what a step of the engine writes is committed to the votes store
 * before anything it sends leaves. After a failed commit nothing leaves: FULL drops the engine and stops voting until
 * a write succeeds again (R0); any other failure is final and the driver is told to halt.
 *
 * One thread owns a replica. Effects are called from inside the functions below and must not call back into it.
 */
#ifndef FWL_P2P_REPLICA_REPLICA_H
#define FWL_P2P_REPLICA_REPLICA_H

#include "core/host/log.h"
#include "ledger/kv/storage.h"
#include "ledger/model/cert.h"
#include "ledger/model/header.h"
#include "p2p/wire/frame.h"

#endif
