#include "p2p/wire/frame.h"

static_assert(FWL_BLOCK_MAX_MAX <= UINT32_MAX - FWL_FRAME_JUST_MAX, "a PROPOSE length fits its field");
static_assert(FWL_TX_MAX <= FWL_BLOCK_MAX_MIN, "a transaction is no longer than a block");

const char *
fwl_frame_name(uint64_t type)
{
    static const char *const names[FWL_FRAME_TYPE_COUNT] = {
        NULL,     "AUTH",      "STATUS", "PROPOSE",    "VOTE",     "CERT",      "GETCERTS", "GETBODY",
        "BODY",   "GETBLOCKS", "BLOCK",  "GETHEADERS", "HEADERS",  "GETEPOCHS", "EPOCH",    "ATTESTREQ",
        "ATTEST", "TX",        "TXINV",  "GETTX",      "SNAPINFO", "GETCHUNK",  "CHUNK",    "GETSNAPINFO",
    };

    return type < FWL_FRAME_TYPE_COUNT ? names[type] : NULL;
}

uint32_t
fwl_frame_max(uint64_t type, uint32_t max_block)
{
    static const uint32_t max[FWL_FRAME_TYPE_COUNT] = {
        [FWL_FRAME_AUTH] = FWL_FRAME_AUTH_MAX,
        [FWL_FRAME_STATUS] = 60,
        [FWL_FRAME_PROPOSE] = FWL_FRAME_JUST_MAX, /* and a block */
        [FWL_FRAME_VOTE] = FWL_FRAME_VOTE_MAX,
        [FWL_FRAME_CERT] = FWL_FRAME_CERT_MAX,
        [FWL_FRAME_GETCERTS] = 8 + 2 + 4 * FWL_FRAME_VIEWS_MAX,
        [FWL_FRAME_GETBODY] = 40,
        [FWL_FRAME_BODY] = FWL_FRAME_PART_MAX,
        [FWL_FRAME_GETBLOCKS] = 16,
        [FWL_FRAME_BLOCK] = FWL_FRAME_PART_MAX,
        [FWL_FRAME_GETHEADERS] = 16,
        [FWL_FRAME_HEADERS] = FWL_FRAME_HEADERS_MAX * FWL_HEADER_SIZE,
        [FWL_FRAME_GETEPOCHS] = 8,
        [FWL_FRAME_EPOCH] = FWL_FRAME_EPOCH_MAX,
        [FWL_FRAME_ATTESTREQ] = 56,
        [FWL_FRAME_ATTEST] = 130,
        [FWL_FRAME_TX] = FWL_TX_MAX,
        [FWL_FRAME_TXINV] = 2 + 32 * FWL_FRAME_TXIDS_MAX,
        [FWL_FRAME_GETTX] = 2 + 32 * FWL_FRAME_TXIDS_MAX,
        [FWL_FRAME_SNAPINFO] = FWL_FRAME_SNAP_MAX,
        [FWL_FRAME_GETCHUNK] = 14,
        [FWL_FRAME_CHUNK] = FWL_FRAME_PART_MAX,
        [FWL_FRAME_GETSNAPINFO] = 0,
    };

    if (type >= FWL_FRAME_TYPE_COUNT) {
        return 0;
    }
    return type == FWL_FRAME_PROPOSE ? max[type] + FWL_MIN(max_block, (uint32_t)FWL_BLOCK_MAX_MAX) : max[type];
}

uint32_t
fwl_frame_object_max(uint64_t type, uint32_t max_block)
{
    uint32_t block = FWL_MIN(max_block, (uint32_t)FWL_BLOCK_MAX_MAX);

    if (type == FWL_FRAME_BODY) {
        return 8 + block;
    }
    if (type == FWL_FRAME_BLOCK) {
        return block + FWL_FRAME_FINAL_MAX;
    }
    return type == FWL_FRAME_CHUNK ? FWL_FRAME_CHUNK_MAX : 0;
}

enum fwl_err
fwl_frame_head_decode(struct fwl_frame_head *out, struct fwl_span in, uint32_t max_block)
{
    struct fwl_reader r;
    uint32_t length = 0;
    uint8_t type = 0;

    *out = (struct fwl_frame_head){0};
    fwl_reader_init(&r, in);
    fwl_reader_field(&r, "length");
    length = fwl_reader_u32(&r);
    fwl_reader_field(&r, "type");
    type = fwl_reader_u8(&r);
    if (fwl_reader_ok(&r) && fwl_frame_name(type) == NULL) {
        fwl_reader_fail(&r, FWL_ERR_UNKNOWN);
    }
    fwl_reader_field(&r, "version");
    if (fwl_reader_u8(&r) != FWL_FRAME_VERSION) {
        fwl_reader_fail(&r, FWL_ERR_UNKNOWN);
    }
    fwl_reader_field(&r, "zero");
    if (fwl_reader_u16(&r) != 0) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    if (fwl_reader_ok(&r) && length > fwl_frame_max(type, max_block)) {
        fwl_reader_fail(&r, FWL_ERR_LIMIT);
    }
    if (fwl_reader_finish(&r) == FWL_OK) {
        *out = (struct fwl_frame_head){.length = length, .type = (enum fwl_frame_type)type};
    }
    return r.err;
}

void
fwl_frame_head_encode(uint8_t out[FWL_FRAME_HEAD_SIZE], enum fwl_frame_type type, uint32_t length)
{
    fwl_store_be32(out, length);
    out[4] = (uint8_t)type;
    out[5] = FWL_FRAME_VERSION;
    fwl_store_be16(out + 6, 0);
}
