/*
 * transport - authenticated connections between nodes. Zone H.
 *
 * One host object lives on one event base and belongs to its thread. It listens, dials the configured peers and
 * dials again, runs mutual TLS 1.3, proves node keys over the TLS exporter (AUTH), cuts the stream into frames, and
 * keeps every limit: sockets without identity, bytes in and out, requests per second, bans. What frames mean is for
 * the owner. No callback is called from inside a function of this header, but `access` by fwl_transport_recheck and the
 * `release` of sources by fwl_transport_free. The memory of a peer is bounded whatever the peer does.
 * Source: docs/spec/transport.md.
 */
#ifndef FWL_P2P_TRANSPORT_TRANSPORT_H
#define FWL_P2P_TRANSPORT_TRANSPORT_H

#include "core/host/log.h"
#include "core/signature.h"
#include "p2p/wire/message.h"

struct event_base;
struct fwl_transport;

enum {
    FWL_TRANSPORT_DIALS_MAX = 256, /* configured peers */
};

/* Names one authenticated connection; never 0 and never used again. */
typedef uint64_t fwl_peer_id;

enum fwl_transport_access {
    FWL_ACCESS_REFUSED,
    FWL_ACCESS_FOLLOWER,
    FWL_ACCESS_VALIDATOR, /* a node of a member of the validator set: never banned, no limit on their number */
};

/* Why a connection ended, or was not made. Also the index of fwl_transport_stats.ended. */
enum fwl_transport_reason {
    FWL_DOWN_CLOSED,      /* the other side closed, or the network did */
    FWL_DOWN_TLS,         /* no TLS 1.3 session came about */
    FWL_DOWN_AUTH_LATE,   /* no AUTH within auth_ms */
    FWL_DOWN_AUTH,        /* AUTH is malformed, of another chain, reflected or badly signed */
    FWL_DOWN_WRONG_KEY,   /* we dialled another key */
    FWL_DOWN_NOT_ALLOWED, /* the owner does not want this key */
    FWL_DOWN_BANNED,
    FWL_DOWN_FULL,      /* a limit on the number of peers */
    FWL_DOWN_DUPLICATE, /* another connection of the same key stays */
    FWL_DOWN_MALFORMED, /* a frame that cannot be */
    FWL_DOWN_MISBEHAVED,
    FWL_DOWN_SLOW,  /* it does not read: out_drop */
    FWL_DOWN_IDLE,  /* it says nothing: idle_ms */
    FWL_DOWN_OWNER, /* fwl_transport_close */
    FWL_DOWN_LOCAL, /* our own failure: memory, signing */
    FWL_DOWN_COUNT,
};

/* What the owner did with a frame. */
enum fwl_transport_work {
    FWL_WORK_DONE,
    FWL_WORK_QUEUED, /* it is copied into the owner's queue until fwl_transport_done */
};

/* What fwl_transport_misbehaved judges. */
enum fwl_transport_fault {
    FWL_FAULT_MALFORMED, /* bytes no correct node sends */
    FWL_FAULT_SIGNATURE, /* a signature or certificate that does not verify */
    FWL_FAULT_BLOCK,     /* a block that is not valid */
};

/* Every limit is a configuration key. fwl_transport_config_init gives the defaults in brackets. */
struct fwl_transport_config {
    struct fwl_hash32 chain_id;
    struct fwl_pubkey32 node_key; /* the key that the owner's sign callback signs with */
    uint16_t proto;               /* [FWL_PROTOCOL] */
    uint32_t features;            /* [0] */
    uint32_t max_block;           /* [FWL_BLOCK_MAX_DEFAULT] bytes; fwl_transport_set_max_block follows the parameter */
    const struct fwl_log *log;    /* [NULL] keeps */
    uint32_t unauth_max;          /* [64] connections without identity */
    uint32_t unauth_net_max;      /* [4] of them from one /24 (IPv4) or /64 (IPv6) */
    uint32_t peers_max;           /* [128] authenticated peers that are no validators and that we did not dial */
    uint32_t auth_ms;             /* [5,000] from connect or accept to a good AUTH */
    uint32_t idle_ms;             /* [30,000] without a byte of the peer */
    uint32_t tie_ms;              /* [10,000] two connections younger than this are a tie */
    uint32_t out_drop;            /* [8 MiB] bytes waiting for a peer: drop it */
    uint32_t out_urgent;          /* [1 MiB] above it only VOTE, CERT and STATUS are sent */
    uint32_t in_queue_max;        /* [256] frames in the owner's queue: above it the peer is not read */
    uint32_t jobs_max;            /* [64] objects queued for a peer */
    uint32_t bodies_max;          /* [2] of them BODY with bytes: these wait in memory */
    uint32_t requests_s;          /* [20] GET frames but GETTX, a second */
    uint32_t attests_s;           /* [10] ATTESTREQ a second */
    uint32_t bytes_in_s;          /* [8 MiB] */
    uint32_t txs_s;               /* [200] fwl_transport_charge, and GETTX */
    uint32_t redial_min_ms;       /* [500] first wait before dialling again, doubled each time */
    uint32_t redial_max_ms;       /* [30,000] */
    uint32_t ban_ms;              /* [600,000] first ban, doubled each time */
    uint32_t ban_max_ms;          /* [86,400,000] */
};

/* The owner's side. Called from the event loop only, but for `access` (see fwl_transport_recheck). */
struct fwl_transport_owner {
    /** May this key connect, and is it a validator's? Also asked again by fwl_transport_recheck. */
    enum fwl_transport_access (*access)(void *cookie, const struct fwl_pubkey32 *node_key);
    /** Sign @digest (an AUTH digest) with the node key; not FWL_OK ends the connection. */
    enum fwl_err (*sign)(void *cookie, struct fwl_sig64 *out, const struct fwl_hash32 *digest);
    /** First undecided height, for AUTH. */
    uint64_t (*height)(void *cookie);
    /** An authenticated peer is there. */
    void (*on_peer_up)(void *cookie, fwl_peer_id peer, const struct fwl_pubkey32 *node_key, uint64_t height,
                       uint32_t features);
    /** A whole frame within its limit; @payload dies with the call. Never AUTH. */
    enum fwl_transport_work (*on_frame)(void *cookie, fwl_peer_id peer, enum fwl_frame_type type,
                                        struct fwl_span payload);
    /** Exactly once for each on_peer_up, except in fwl_transport_free; the id is dead afterwards. */
    void (*on_peer_down)(void *cookie, fwl_peer_id peer, enum fwl_transport_reason reason);
};

/* An object that is sent in parts, read piece by piece as the connection drains. */
struct fwl_transport_source {
    uint32_t total; /* bytes of the whole object; 0 says "I do not have it" */
    uint32_t start; /* offset of the first part, < total (0 when total is 0) */
    /** Fill @out with bytes [offset, offset + size) of the object; not FWL_OK abandons it, and with a BLOCK all BLOCKs
     * that are queued behind it. NULL when total is 0. */
    enum fwl_err (*read)(void *cookie, uint8_t *out, uint32_t offset, uint32_t size);
    /** Exactly once when the source is no longer needed: sent (FWL_OK), abandoned, or the peer is gone. May be NULL. */
    void (*release)(void *cookie, enum fwl_err err);
    void *cookie;
};

struct fwl_transport_stats {
    uint32_t peers;         /* authenticated */
    uint32_t pending;       /* connections without identity */
    uint64_t accepted;      /* connections taken from the listener */
    uint64_t refused;       /* closed at once: limits on connections without identity */
    uint64_t dialled;       /* attempts */
    uint64_t handshakes;    /* AUTH accepted */
    uint64_t pauses;        /* a peer was not read for a while: queue or budget */
    uint64_t pending_bytes; /* waiting to be sent, all peers */
    uint64_t bytes_in[FWL_FRAME_TYPE_COUNT];
    uint64_t bytes_out[FWL_FRAME_TYPE_COUNT];
    uint64_t frames_in[FWL_FRAME_TYPE_COUNT];
    uint64_t ended[FWL_DOWN_COUNT]; /* connections, by reason, with identity or without */
};

struct fwl_transport_peer_info {
    struct fwl_pubkey32 node_key;
    char address[64]; /* numeric, with port */
    bool validator;
    bool dialled;           /* by us */
    uint32_t pending_bytes; /* waiting to be sent */
    uint32_t queued;        /* frames in the owner's queue */
    uint64_t bytes_in;
    uint64_t bytes_out;
};

/** fwl_transport_config_init - all zero but for the defaults. */
void fwl_transport_config_init(struct fwl_transport_config *config);

/** fwl_transport_reason_name - "closed" etc. for metrics and logs; never NULL. */
const char *fwl_transport_reason_name(enum fwl_transport_reason reason);

/**
 * fwl_transport_new - a host without connections. Makes its TLS certificate; the process ignores SIGPIPE from then on.
 *
 * Owns:    keeps @base, @cookie and config->log; copies @config and @owner. *out is freed with fwl_transport_free.
 * Returns: FWL_OK
 *          FWL_ERR_ARG     a limit is 0, max_block is outside its bounds, a maximum is below its minimum, or
 *                          2 unauth_max + peers_max is 32,768 or more
 *          FWL_ERR_MEMORY  no memory, or OpenSSL has no Ed25519
 */
FWL_NODISCARD enum fwl_err fwl_transport_new(struct fwl_transport **out, struct event_base *base,
                                             const struct fwl_transport_config *config,
                                             const struct fwl_transport_owner *owner, void *cookie);

/**
 * fwl_transport_free - close everything at once; nothing is flushed and on_peer_down is not called. NULL is fine.
 *
 * Sources still queued are released with FWL_ERR_NETWORK. libevent frees the last of a connection when the base next
 * runs or is freed. Not from inside a callback.
 */
void fwl_transport_free(struct fwl_transport *host);

/**
 * fwl_transport_listen - accept connections on a numeric @address ("0.0.0.0:7100", "[::]:7100"; port 0 takes any).
 *
 * Fills:   @port with the port; may be NULL.
 * Returns: FWL_OK; FWL_ERR_ARG for an address that is none; FWL_ERR_STATE when it listens already; FWL_ERR_NETWORK
 *          with errno set when the system refuses (a taken port: EADDRINUSE).
 */
FWL_NODISCARD enum fwl_err fwl_transport_listen(struct fwl_transport *host, const char *address, uint16_t *port);

/**
 * fwl_transport_dial - keep a connection to a configured peer: dial now, and again after every loss.
 *
 * A second call for the same key moves it to the new address, from the next attempt on: a connection that is up stays.
 *
 * Returns: FWL_OK; FWL_ERR_ARG for an address that is no numeric host:port or for the own key; FWL_ERR_LIMIT over
 *          FWL_TRANSPORT_DIALS_MAX; FWL_ERR_MEMORY.
 */
FWL_NODISCARD enum fwl_err fwl_transport_dial(struct fwl_transport *host, const struct fwl_pubkey32 *node_key,
                                              const char *address);

/** fwl_transport_undial - stop dialling @node_key; a connection that is up stays. No effect when it is not dialled. */
void fwl_transport_undial(struct fwl_transport *host, const struct fwl_pubkey32 *node_key);

/**
 * fwl_transport_send - queue one frame. Copies the payload.
 *
 * Returns: FWL_OK
 *          FWL_ERR_ABSENT  there is no such peer (any more)
 *          FWL_ERR_BUSY    too much waits for the peer: not sent; over out_drop the peer is dropped too
 *          FWL_ERR_LIMIT   the payload is over the limit of its type
 *          FWL_ERR_MEMORY  and the peer is dropped
 */
FWL_NODISCARD enum fwl_err fwl_transport_send(struct fwl_transport *host, fwl_peer_id peer, enum fwl_frame_type type,
                                              struct fwl_span payload);

/** fwl_transport_broadcast - send to every peer but @except (0: none); a peer that cannot take it is passed over. */
void fwl_transport_broadcast(struct fwl_transport *host, fwl_peer_id except, enum fwl_frame_type type,
                             struct fwl_span payload);

/**
 * fwl_transport_send_object - queue BODY, BLOCK or CHUNK, in parts of at most FWL_FRAME_PART_MAX.
 *
 * A part is read and queued only when nothing else waits for the peer, so other frames overtake the object. Objects
 * of one peer go out in the order of the calls and do not interleave.
 *
 * Owns:    copies @source; its read and release come later, from the event loop.
 * Returns: FWL_OK; FWL_ERR_ABSENT; FWL_ERR_BUSY over jobs_max or bodies_max; FWL_ERR_LIMIT for a total over
 *          fwl_frame_object_max (of FWL_BLOCK_MAX_MAX: old blocks may be larger than the parameter); FWL_ERR_ARG for
 *          another type, a start outside the object, or no read for one; FWL_ERR_MEMORY. release is called only
 *          after FWL_OK.
 */
FWL_NODISCARD enum fwl_err fwl_transport_send_object(struct fwl_transport *host, fwl_peer_id peer,
                                                     enum fwl_frame_type type,
                                                     const struct fwl_transport_source *source);

/** fwl_transport_done - one frame for which on_frame said FWL_WORK_QUEUED has left the owner's queue (FWL_ASSERT: there
 * was one). No effect when the peer is gone. */
void fwl_transport_done(struct fwl_transport *host, fwl_peer_id peer);

/** fwl_transport_charge - take @count from the transactions of @peer, for those that the owner has refused; below zero
 * it is not read until it is made up. */
void fwl_transport_charge(struct fwl_transport *host, fwl_peer_id peer, uint32_t count);

/** fwl_transport_misbehaved - drop the peer; its key is banned unless it is a validator's. */
void fwl_transport_misbehaved(struct fwl_transport *host, fwl_peer_id peer, enum fwl_transport_fault fault);

/** fwl_transport_close - drop the peer without a ban. A configured peer is dialled again. */
void fwl_transport_close(struct fwl_transport *host, fwl_peer_id peer);

/** fwl_transport_recheck - ask `access` about every peer again (registry or allow-list changed); drop those refused. */
void fwl_transport_recheck(struct fwl_transport *host);

/** fwl_transport_set_max_block - the parameter changed; within FWL_BLOCK_MAX_MIN and _MAX (FWL_ASSERT). */
void fwl_transport_set_max_block(struct fwl_transport *host, uint32_t max_block);

/** fwl_transport_stats - counters for metrics. */
void fwl_transport_stats(const struct fwl_transport *host, struct fwl_transport_stats *out);

/** fwl_transport_peer_next - the first peer after @peer (0: the first of all), 0 at the end; order is arbitrary. */
fwl_peer_id fwl_transport_peer_next(const struct fwl_transport *host, fwl_peer_id peer);

/** fwl_transport_peer_info - fills @out; FWL_ERR_ABSENT when there is no such peer. */
FWL_NODISCARD enum fwl_err fwl_transport_peer_info(const struct fwl_transport *host, fwl_peer_id peer,
                                                   struct fwl_transport_peer_info *out);

#endif
