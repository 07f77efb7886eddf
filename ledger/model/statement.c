#include "ledger/model/statement.h"

#include "core/writer.h"

static void
digest(struct fwl_hash32 *out, const char *tag, struct fwl_writer *w)
{
    struct fwl_span message;

    FWL_ASSERT(fwl_writer_finish(w, &message) == FWL_OK);
    fwl_tagged_hash(out, tag, message);
}

void
fwl_statement_epoch(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, uint64_t epoch,
                    const struct fwl_hash32 *validators_hash, const struct fwl_hash32 *governors_hash)
{
    uint8_t message[32 + 8 + 32 + 32];
    struct fwl_writer w;

    fwl_writer_init(&w, message, sizeof(message));
    fwl_writer_bytes(&w, chain_id->b, 32);
    fwl_writer_u64(&w, epoch);
    fwl_writer_bytes(&w, validators_hash->b, 32);
    fwl_writer_bytes(&w, governors_hash->b, 32);
    digest(out, "fwledger/epoch/v1", &w);
}

void
fwl_statement_anchor(struct fwl_hash32 *out, const struct fwl_anchor_statement *a)
{
    uint8_t message[5 * 32 + 3 * 8];
    struct fwl_writer w;

    fwl_writer_init(&w, message, sizeof(message));
    fwl_writer_bytes(&w, a->stored_chain_id.b, 32);
    fwl_writer_bytes(&w, a->new_chain_id.b, 32);
    fwl_writer_u64(&w, a->epoch);
    fwl_writer_u64(&w, a->height);
    fwl_writer_u64(&w, a->time_ms);
    fwl_writer_bytes(&w, a->block_hash.b, 32);
    fwl_writer_bytes(&w, a->validators_hash.b, 32);
    fwl_writer_bytes(&w, a->governors_hash.b, 32);
    digest(out, "fwledger/anchor/v1", &w);
}

void
fwl_statement_possession(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, uint64_t height,
                         const struct fwl_hash32 *block_hash)
{
    uint8_t message[32 + 8 + 32];
    struct fwl_writer w;

    fwl_writer_init(&w, message, sizeof(message));
    fwl_writer_bytes(&w, chain_id->b, 32);
    fwl_writer_u64(&w, height);
    fwl_writer_bytes(&w, block_hash->b, 32);
    digest(out, "fwledger/possession/v1", &w);
}

void
fwl_statement_attest(struct fwl_hash32 *out, const struct fwl_hash32 *chain_id, const uint8_t nonce[16],
                     uint64_t height, const struct fwl_hash32 *block_hash, uint64_t time_ms)
{
    uint8_t message[32 + 16 + 8 + 32 + 8];
    struct fwl_writer w;

    fwl_writer_init(&w, message, sizeof(message));
    fwl_writer_bytes(&w, chain_id->b, 32);
    fwl_writer_bytes(&w, nonce, 16);
    fwl_writer_u64(&w, height);
    fwl_writer_bytes(&w, block_hash->b, 32);
    fwl_writer_u64(&w, time_ms);
    digest(out, "fwledger/attest/v1", &w);
}
