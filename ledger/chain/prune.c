/* Forgetting old blocks: their transactions, certificates and the index of the transactions. */
#include "ledger/chain/internal.h"
#include "ledger/model/evidence.h"

enum {
    IDS_MAX = 8192, /* transactions that a call forgets, one more block apart */
};

uint64_t
fwl_chain_base(const struct fwl_chain *c)
{
    return c->base;
}

/* Deletes the ids of a block's transactions; their number is added to @ids. */
static enum fwl_err
forget_ids(struct fwl_overlay *o, struct fwl_span block, size_t *ids)
{
    struct fwl_reader r;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, block);
    for (uint32_t left = fwl_reader_u32(&r); left > 0 && err == FWL_OK && fwl_reader_ok(&r); left--) {
        struct fwl_hash32 txid;

        if (fwl_evidence_txid(&txid, fwl_reader_bytes(&r, fwl_reader_u32(&r)))) {
            err = fwl_overlay_delete(o, FWL_SPACE_TXID, fwl_hash32_span(&txid));
            (*ids)++;
        }
    }
    return err;
}

static enum fwl_err
forget_block(struct fwl_overlay *o, const struct fwl_kv *kv, uint64_t height, size_t *ids)
{
    uint8_t key[8];
    struct fwl_span at = fwl_span(key, sizeof(key));
    struct fwl_span block;
    enum fwl_err err = FWL_OK;

    fwl_store_be64(key, height);
    err = fwl_kv_get(kv, &block, FWL_SPACE_BLK, at);
    err = err == FWL_OK ? forget_ids(o, block, ids) : err == FWL_ERR_ABSENT ? FWL_OK : err;
    err = err == FWL_OK ? fwl_overlay_delete(o, FWL_SPACE_BLK, at) : err;
    return err == FWL_OK ? fwl_overlay_delete(o, FWL_SPACE_FIN, at) : err;
}

/* From height @from up to @below or until it is enough for one commit; *at is the new base. */
static enum fwl_err
forget(struct fwl_overlay *o, const struct fwl_kv *kv, uint64_t *at, uint64_t below)
{
    /* The block below the base: height 0, or that of a snapshot, which has a certificate and no transactions. */
    uint64_t end = FWL_MIN(below, *at + FWL_CHAIN_PRUNED_MAX);
    size_t ids = 0;
    uint8_t key[8];
    enum fwl_err err = forget_block(o, kv, *at - 1, &ids);

    while (err == FWL_OK && *at < end && ids < IDS_MAX) {
        err = forget_block(o, kv, *at, &ids);
        (*at)++;
    }
    fwl_store_be64(key, *at);
    return err == FWL_OK ? fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("base"), fwl_span(key, sizeof(key))) : err;
}

enum fwl_err
fwl_chain_prune(struct fwl_chain *c, uint64_t below)
{
    uint64_t base = c->base;
    struct fwl_read read;
    enum fwl_err err = FWL_OK;

    FWL_ASSERT(below <= c->tip.header.height);
    if (below <= base) {
        return FWL_OK;
    }
    err = fwl_read_begin(&c->config.store, &read);
    if (err != FWL_OK) {
        return err;
    }
    fwl_overlay_init(&c->scratch.overlay, NULL, c->scratch.arena, c->config.arena_bytes);
    err = forget(&c->scratch.overlay, &read.kv, &base, below);
    fwl_read_end(&read);
    err = err == FWL_OK ? fwl_storage_commit(&c->config.store, &c->scratch.overlay) : err;
    c->base = err == FWL_OK ? base : c->base;
    return err;
}
