/*
 * message - payloads of the frames: decode, encode. Zone F.
 *
 * Every integer is big-endian, nothing is optional, trailing bytes are refused, so encode(decode(x)) == x. Votes,
 * certificates, headers, bodies and transactions belong to ledger/model; here they are views. Decoders check syntax
 * alone: whether a signature holds or a height makes sense is for others.
 *
 * Every decoder borrows @in, zeroes @out on failure and returns FWL_OK, FWL_ERR_TRUNCATED or FWL_ERR_TRAILING, and
 * what is said beside it. Every encoder writes into a writer of the caller, whose fwl_writer_finish gives the result;
 * a count or range outside its limits is FWL_ERR_LIMIT there.
 * Source: docs/spec/transport.md 2.
 */
#ifndef FWL_P2P_WIRE_MESSAGE_H
#define FWL_P2P_WIRE_MESSAGE_H

#include "core/sha256.h"
#include "ledger/model/attest.h"
#include "p2p/wire/frame.h"

enum {
    FWL_MESSAGE_AUTH_SIZE = 143,
    FWL_MESSAGE_STATUS_SIZE = 60,
    FWL_MESSAGE_PROPOSE_HEAD = 110, /* before the certificates */
    FWL_MESSAGE_ATTESTREQ_SIZE = 56,
    FWL_MESSAGE_ATTEST_SIZE = 130,
};

/* stored: append only */
enum fwl_message_role {
    FWL_ROLE_DIALER = 1,
    FWL_ROLE_ACCEPTOR = 2,
};

struct fwl_message_auth {
    uint16_t proto; /* protocol number */
    struct fwl_hash32 chain_id;
    enum fwl_message_role role;
    struct fwl_pubkey32 node_key;
    uint64_t height;   /* first undecided */
    uint32_t features; /* bit set */
    struct fwl_sig64 sig;
};

struct fwl_message_status {
    uint64_t height; /* first undecided */
    uint32_t view;
    struct fwl_hash32 tip_hash;
    uint64_t base;    /* lowest height served */
    uint64_t time_ms; /* Unix time of the sender's clock */
};

struct fwl_message_propose {
    uint64_t height;
    uint32_t view;
    struct fwl_hash32 block_hash;
    struct fwl_sig64 sig;
    uint16_t njust;       /* certificates at the start of rest, newest view first */
    struct fwl_span rest; /* view: njust certificates, whose length n of the height gives, then the Body */
};

struct fwl_message_getcerts {
    uint64_t height;
    uint16_t count;                      /* 1 to FWL_FRAME_VIEWS_MAX */
    uint32_t views[FWL_FRAME_VIEWS_MAX]; /* strictly ascending */
};

struct fwl_message_getbody {
    uint64_t height;
    struct fwl_hash32 hash;
};

struct fwl_message_range { /* GETBLOCKS, GETHEADERS */
    uint64_t from;
    uint64_t to; /* the last one, itself included */
};

struct fwl_message_attest {
    struct fwl_attest_request request;
    struct fwl_attest attest;
};

struct fwl_message_txids { /* TXINV, GETTX */
    uint16_t count;        /* 1 to FWL_FRAME_TXIDS_MAX */
    struct fwl_span txids; /* view: count times 32 bytes */
};

struct fwl_message_getchunk {
    uint64_t height; /* of the snapshot */
    uint16_t chunk;
    uint32_t offset; /* bytes already held; the answer starts there */
};

/**
 * fwl_message_auth_digest - what a node key signs in AUTH.
 *
 * tagged("fwledger/p2p-auth/v1", chain_id || exporter || role || node_key), exporter being the TLS channel binding.
 */
void fwl_message_auth_digest(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id,
                             const struct fwl_hash32 *exporter, enum fwl_message_role role,
                             const struct fwl_pubkey32 *node_key);

/** FWL_ERR_VALUE: the role is neither 1 nor 2. */
FWL_NODISCARD enum fwl_err fwl_message_auth_decode(struct fwl_message_auth *out, struct fwl_span in);
void fwl_message_auth_encode(struct fwl_writer *w, const struct fwl_message_auth *m);

FWL_NODISCARD enum fwl_err fwl_message_status_decode(struct fwl_message_status *out, struct fwl_span in);
void fwl_message_status_encode(struct fwl_writer *w, const struct fwl_message_status *m);

/** The certificates and the Body stay a view: they need the model and n of the height. */
FWL_NODISCARD enum fwl_err fwl_message_propose_decode(struct fwl_message_propose *out, struct fwl_span in);
void fwl_message_propose_encode(struct fwl_writer *w, const struct fwl_message_propose *m);

/** FWL_ERR_LIMIT: more than FWL_FRAME_VIEWS_MAX; FWL_ERR_VALUE: none; FWL_ERR_ORDER: views do not ascend strictly. */
FWL_NODISCARD enum fwl_err fwl_message_getcerts_decode(struct fwl_message_getcerts *out, struct fwl_span in);
void fwl_message_getcerts_encode(struct fwl_writer *w, const struct fwl_message_getcerts *m);

FWL_NODISCARD enum fwl_err fwl_message_getbody_decode(struct fwl_message_getbody *out, struct fwl_span in);
void fwl_message_getbody_encode(struct fwl_writer *w, const struct fwl_message_getbody *m);

/** @max is FWL_FRAME_BLOCKS_MAX or FWL_FRAME_HEADERS_MAX. FWL_ERR_RANGE: to < from; FWL_ERR_LIMIT: more than @max. */
FWL_NODISCARD enum fwl_err fwl_message_range_decode(struct fwl_message_range *out, struct fwl_span in, uint64_t max);
void fwl_message_range_encode(struct fwl_writer *w, const struct fwl_message_range *m, uint64_t max);

/** GETEPOCHS: the first epoch whose step is wanted. */
FWL_NODISCARD enum fwl_err fwl_message_getepochs_decode(uint64_t *from, struct fwl_span in);
void fwl_message_getepochs_encode(struct fwl_writer *w, uint64_t from);

FWL_NODISCARD enum fwl_err fwl_message_attestreq_decode(struct fwl_attest_request *out, struct fwl_span in);
void fwl_message_attestreq_encode(struct fwl_writer *w, const struct fwl_attest_request *m);
FWL_NODISCARD enum fwl_err fwl_message_attest_decode(struct fwl_message_attest *out, struct fwl_span in);
void fwl_message_attest_encode(struct fwl_writer *w, const struct fwl_message_attest *m);

/** FWL_ERR_LIMIT: more than FWL_FRAME_TXIDS_MAX; FWL_ERR_VALUE: none. */
FWL_NODISCARD enum fwl_err fwl_message_txids_decode(struct fwl_message_txids *out, struct fwl_span in);
void fwl_message_txids_encode(struct fwl_writer *w, const struct fwl_message_txids *m);
/** fwl_message_txid - copy transaction id @i, i < m->count (FWL_ASSERT). */
void fwl_message_txid(struct fwl_hash32 *out, const struct fwl_message_txids *m, uint16_t i);

FWL_NODISCARD enum fwl_err fwl_message_getchunk_decode(struct fwl_message_getchunk *out, struct fwl_span in);
void fwl_message_getchunk_encode(struct fwl_writer *w, const struct fwl_message_getchunk *m);

#endif
