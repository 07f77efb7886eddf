/*
 * signing - what a node asks its signer, and what it answers. Zone F.
 *
 * A frame is u16 length | u8 type | u32 id | body, big-endian, over a stream socket; `length` counts what follows it.
 * An answer has the type and the id of its request and a code before its body. Every request has one answer; a refusal
 * is an answer too, with a sentence for people. Source: docs/spec/signer.md.
 */
#ifndef FWL_SIGNER_SIGNING_H
#define FWL_SIGNER_SIGNING_H

#include "core/signature.h"
#include "ledger/model/vote.h"

enum {
    FWL_SIGNING_PROTOCOL = 1,
    FWL_SIGNING_HEAD_SIZE = 2,
    FWL_SIGNING_FRAME_MAX = 256, /* the length and all that follows */
    FWL_SIGNING_TEXT_MAX = 200,
    FWL_SIGNING_NONCE_SIZE = 16,
    FWL_SIGNING_INSTANCE_SIZE = 16,
};

/* stored: append only */
enum fwl_signing_type {
    FWL_SIGNING_HELLO = 1,      /* protocol, chain_id -> key; the first of a connection */
    FWL_SIGNING_VOTE = 2,       /* kind, height, view, hash -> sig */
    FWL_SIGNING_ATTEST = 3,     /* nonce, height, hash, time_ms -> sig */
    FWL_SIGNING_POSSESSION = 4, /* height, hash -> sig */
    FWL_SIGNING_INSTANCE = 5,   /* -> known, instance */
    FWL_SIGNING_CLAIM = 6,      /* instance: this connection votes with that store */
    FWL_SIGNING_RENEW = 7,      /* instance: the same, and the store before it does not count any more */
};

/* stored: append only */
enum fwl_signing_code {
    FWL_SIGNING_DONE = 0,
    FWL_SIGNING_REFUSED = 1, /* and always will be */
    FWL_SIGNING_LATER = 2,   /* the same request may be good later: no space, a clock */
    FWL_SIGNING_TAKEN = 3,   /* another node votes with this signer */
};

/* stored: append only */
enum fwl_signing_known {
    FWL_SIGNING_NOBODY = 0, /* the key has a past, and no store that belongs to it */
    FWL_SIGNING_FRESH = 1,  /* the key has never voted */
    FWL_SIGNING_STORE = 2,  /* `instance` is the store that it votes with */
};

struct fwl_signing_request {
    enum fwl_signing_type type;
    uint32_t id;
    uint8_t protocol;
    struct fwl_hash32 chain_id;
    enum fwl_vote_kind kind;
    uint64_t height;
    uint32_t view;
    struct fwl_hash32 hash;
    uint8_t nonce[FWL_SIGNING_NONCE_SIZE];
    uint64_t time_ms;
    uint8_t instance[FWL_SIGNING_INSTANCE_SIZE];
};

struct fwl_signing_answer {
    enum fwl_signing_type type;
    uint32_t id;
    enum fwl_signing_code code;
    struct fwl_pubkey32 key;
    struct fwl_sig64 sig;
    enum fwl_signing_known known;
    uint8_t instance[FWL_SIGNING_INSTANCE_SIZE];
    char text[FWL_SIGNING_TEXT_MAX + 1]; /* of every code but DONE; printable ASCII */
};

/** fwl_signing_digest - what is signed for a request of type VOTE, ATTEST or POSSESSION (FWL_ASSERT). */
void fwl_signing_digest(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id,
                        const struct fwl_signing_request *request);

/**
 * fwl_signing_frame - the first whole frame of @in.
 *
 * Fills:   @frame, what follows its length; empty when more bytes have to come. A frame and its length are
 *          FWL_SIGNING_HEAD_SIZE + frame.size bytes of @in.
 * Returns: FWL_OK; FWL_ERR_LIMIT for a length over FWL_SIGNING_FRAME_MAX, FWL_ERR_VALUE for one below a type and an id.
 */
FWL_NODISCARD enum fwl_err fwl_signing_frame(struct fwl_span *frame, struct fwl_span in);

/**
 * fwl_signing_request_decode - a frame without its length. fwl_signing_answer_decode - the same of an answer.
 *
 * Fills:   @out; after an error its type and id as far as they were read, the rest zero.
 * Returns: FWL_OK, FWL_ERR_TRUNCATED, FWL_ERR_TRAILING, FWL_ERR_UNKNOWN (type, code or known), FWL_ERR_VALUE (a vote
 *          that is none, text that is not printable ASCII), FWL_ERR_LIMIT (text)
 */
FWL_NODISCARD enum fwl_err fwl_signing_request_decode(struct fwl_signing_request *out, struct fwl_span frame);
FWL_NODISCARD enum fwl_err fwl_signing_answer_decode(struct fwl_signing_answer *out, struct fwl_span frame);

/** fwl_signing_request_encode, fwl_signing_answer_encode - with the length; return the size. */
size_t fwl_signing_request_encode(uint8_t out[FWL_SIGNING_FRAME_MAX], const struct fwl_signing_request *request);
size_t fwl_signing_answer_encode(uint8_t out[FWL_SIGNING_FRAME_MAX], const struct fwl_signing_answer *answer);

#endif
