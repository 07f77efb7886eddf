#include "ledger/model/vote.h"

void
fwl_vote_read(struct fwl_vote *out, struct fwl_reader *r)
{
    uint8_t kind = 0;

    fwl_reader_field(r, "vote");
    kind = fwl_reader_u8(r);
    if (kind > FWL_VOTE_FINALIZE) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    out->kind = (enum fwl_vote_kind)kind;
    out->height = fwl_reader_u64(r);
    out->view = fwl_reader_u32(r);
    fwl_reader_copy(r, out->block_hash.b, 32);
    out->idx = fwl_reader_u16(r);
    fwl_reader_copy(r, out->sig.b, 64);
    if (fwl_reader_ok(r) && out->kind == FWL_VOTE_NULLIFY && !fwl_hash32_is_zero(&out->block_hash)) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
    if (!fwl_reader_ok(r)) {
        *out = (struct fwl_vote){.kind = FWL_VOTE_PROPOSE};
    }
}

enum fwl_err
fwl_vote_decode(struct fwl_vote *out, struct fwl_span in)
{
    struct fwl_reader r;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, in);
    fwl_vote_read(out, &r);
    err = fwl_reader_finish(&r);
    if (err != FWL_OK) {
        *out = (struct fwl_vote){.kind = FWL_VOTE_PROPOSE};
    }
    return err;
}

void
fwl_vote_put(struct fwl_writer *w, const struct fwl_vote *vote)
{
    fwl_writer_u8(w, (uint8_t)vote->kind);
    fwl_writer_u64(w, vote->height);
    fwl_writer_u32(w, vote->view);
    fwl_writer_bytes(w, vote->block_hash.b, 32);
    fwl_writer_u16(w, vote->idx);
    fwl_writer_bytes(w, vote->sig.b, 64);
}

void
fwl_vote_encode(uint8_t out[FWL_VOTE_SIZE], const struct fwl_vote *vote)
{
    struct fwl_writer w;
    struct fwl_span done;

    fwl_writer_init(&w, out, FWL_VOTE_SIZE);
    fwl_vote_put(&w, vote);
    FWL_ASSERT(fwl_writer_finish(&w, &done) == FWL_OK && done.size == FWL_VOTE_SIZE);
}

void
fwl_vote_digest(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, enum fwl_vote_kind kind, uint64_t height,
                uint32_t view, const struct fwl_hash32 *block_hash)
{
    uint8_t message[1 + 32 + 8 + 4 + 32];

    message[0] = (uint8_t)kind;
    memcpy(message + 1, chain_id->b, 32);
    fwl_store_be64(message + 33, height);
    fwl_store_be32(message + 41, view);
    memcpy(message + 45, block_hash->b, 32);
    fwl_tagged_hash(out, "fwledger/vote/v1", fwl_span(message, sizeof(message)));
}

enum fwl_err
fwl_vote_verify(const struct fwl_vote *vote, const struct fwl_hash32 *chain_id, const struct fwl_pubkey32 *key)
{
    struct fwl_hash32 digest;

    fwl_vote_digest(&digest, chain_id, vote->kind, vote->height, vote->view, &vote->block_hash);
    return fwl_schnorr_verify(&vote->sig, &digest, key);
}
