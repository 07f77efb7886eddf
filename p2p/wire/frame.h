/*
 * frame - the frames between nodes: their types, the 8-byte head, the longest payload of each type. Zone F.
 *
 * A frame is a head (u32 length | u8 type | u8 version | u16 zero, big-endian) and `length` bytes of payload. The
 * limit of the type is applied to the head alone, before anybody waits for the payload or allocates for it.
 * Source: docs/spec/transport.md 1.
 */
#ifndef FWL_P2P_WIRE_FRAME_H
#define FWL_P2P_WIRE_FRAME_H

#include "core/limits.h"
#include "core/reader.h"
#include "core/writer.h"

enum {
    FWL_FRAME_HEAD_SIZE = 8,
    FWL_FRAME_VERSION = 1,
    FWL_FRAME_TYPE_COUNT = 24, /* one more than the highest type: the size of a table by type */
};

/* stored: append only */
enum fwl_frame_type {
    FWL_FRAME_AUTH = 1,
    FWL_FRAME_STATUS = 2,
    FWL_FRAME_PROPOSE = 3,
    FWL_FRAME_VOTE = 4,
    FWL_FRAME_CERT = 5,
    FWL_FRAME_GETCERTS = 6,
    FWL_FRAME_GETBODY = 7,
    FWL_FRAME_BODY = 8, /* a part of: height u64 || Body */
    FWL_FRAME_GETBLOCKS = 9,
    FWL_FRAME_BLOCK = 10, /* a part of: Body || short FINAL certificate */
    FWL_FRAME_GETHEADERS = 11,
    FWL_FRAME_HEADERS = 12, /* 0 to 256 headers */
    FWL_FRAME_GETEPOCHS = 13,
    FWL_FRAME_EPOCH = 14, /* one epoch step */
    FWL_FRAME_ATTESTREQ = 15,
    FWL_FRAME_ATTEST = 16,
    FWL_FRAME_TX = 17, /* one transaction */
    FWL_FRAME_TXINV = 18,
    FWL_FRAME_GETTX = 19,
    FWL_FRAME_SNAPINFO = 20, /* empty: the sender has no snapshot */
    FWL_FRAME_GETCHUNK = 21,
    FWL_FRAME_CHUNK = 22,       /* a part of a snapshot chunk */
    FWL_FRAME_GETSNAPINFO = 23, /* empty; asks for SNAPINFO */
};

#define FWL_FRAME_AUTH_MAX      512
#define FWL_FRAME_JUST_MAX      65536 /* PROPOSE: everything but the body */
#define FWL_FRAME_VOTE_MAX      256
#define FWL_FRAME_PART_MAX      262144 /* payload of BODY, BLOCK, CHUNK, offset and total included */
#define FWL_FRAME_SNAP_MAX      1048576
#define FWL_FRAME_CHUNK_MAX     67108864 /* a whole chunk */
#define FWL_FRAME_VIEWS_MAX     64
#define FWL_FRAME_BLOCKS_MAX    32
#define FWL_FRAME_HEADERS_MAX   256
#define FWL_FRAME_TXIDS_MAX     512
#define FWL_FRAME_QUORUM_MAX    (2 * FWL_VALIDATORS_MAX / 3 + 1)
#define FWL_FRAME_BITMAP_MAX    ((FWL_VALIDATORS_MAX + 7) / 8)
#define FWL_FRAME_CERT_MAX      (45 + FWL_FRAME_BITMAP_MAX + 64 * FWL_FRAME_QUORUM_MAX)
#define FWL_FRAME_FINAL_MAX     (4 + FWL_FRAME_BITMAP_MAX + 64 * FWL_FRAME_QUORUM_MAX) /* the short form */
#define FWL_FRAME_GOVERNORS_MAX 16
/* header, certificate, validator set, governor set, signatures of the new and of the old governors */
#define FWL_FRAME_EPOCH_MAX                                                                                            \
    (FWL_HEADER_SIZE + FWL_FRAME_FINAL_MAX + 2 + 32 * FWL_VALIDATORS_MAX + 2 + 33 * FWL_FRAME_GOVERNORS_MAX +          \
     2 * ((FWL_FRAME_GOVERNORS_MAX + 7) / 8 + 64 * FWL_FRAME_GOVERNORS_MAX))

struct fwl_frame_head {
    uint32_t length; /* bytes of payload */
    enum fwl_frame_type type;
};

/** fwl_frame_name - "AUTH" etc. for metrics and logs, NULL when @type is none. */
const char *fwl_frame_name(uint64_t type);

/**
 * fwl_frame_max - the longest payload of @type when blocks have at most @max_block bytes (parameter); 0 when @type is
 * none, and for GETSNAPINFO, which has none.
 *
 * Source: docs/spec/transport.md 1, the table.
 */
uint32_t fwl_frame_max(uint64_t type, uint32_t max_block);

/**
 * fwl_frame_object_max - the longest whole object of BODY, BLOCK or CHUNK, checked against `total` at the first part;
 * 0 for another type.
 */
uint32_t fwl_frame_object_max(uint64_t type, uint32_t max_block);

/**
 * fwl_frame_head_decode - judge a head before its payload is waited for.
 *
 * Shape:   @in holds exactly FWL_FRAME_HEAD_SIZE bytes.
 * Returns: FWL_OK
 *          FWL_ERR_TRUNCATED, FWL_ERR_TRAILING  @in has another size
 *          FWL_ERR_UNKNOWN                      type or version is unknown
 *          FWL_ERR_VALUE                        the last two bytes are not zero
 *          FWL_ERR_LIMIT                        length is over fwl_frame_max
 */
FWL_NODISCARD enum fwl_err fwl_frame_head_decode(struct fwl_frame_head *out, struct fwl_span in, uint32_t max_block);

/** fwl_frame_head_encode - write the head of a frame with @length bytes of payload. */
void fwl_frame_head_encode(uint8_t out[FWL_FRAME_HEAD_SIZE], enum fwl_frame_type type, uint32_t length);

#endif
