/* Every block executed again, and what that leaves compared with what is stored. */
#include "ledger/fsck/part.h"
#include "ledger/query/query.h"

/* The block at @height as fwl_chain_commit takes it: header and stored transactions; @body has FWL_BLOCK_MAX_MAX bytes.
 */
static enum fwl_err
replay_block(struct fwl_fsck *f, struct fwl_chain *c, uint8_t *body, uint64_t height)
{
    const struct fwl_validators *set = &fwl_chain_tip(c)->validators;
    uint8_t key[8];
    struct fwl_span at = fwl_fsck_be64(key, height);
    struct fwl_query_block block;
    struct fwl_cert cert;
    enum fwl_err err = fwl_query_block(&f->kv, &block, height);

    if (err != FWL_OK || !block.has_txs || block.header.body_size > FWL_BLOCK_MAX_MAX ||
        FWL_BODY_SIZE_START + block.txs.size != block.header.body_size) {
        return fwl_fsck_fail(f, FWL_SPACE_BLK, at, "the block cannot be read");
    }
    memcpy(body, block.header_bytes.p, FWL_HEADER_SIZE);
    fwl_store_be32(body + FWL_HEADER_SIZE, block.header.txs_count);
    if (block.txs.size > 0) {
        memcpy(body + FWL_BODY_SIZE_START, block.txs.p, block.txs.size);
    }
    if (fwl_cert_decode_short(&cert, block.cert, set->n, height, &block.hash) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_FIN, at, "the certificate cannot be read");
    }
    err = fwl_chain_commit(c, fwl_span(body, block.header.body_size), &cert);
    if (err == FWL_ERR_LOCAL) {
        return fwl_fsck_fail(f, FWL_SPACE_BLK, at, "executing the block gives another result than its header");
    }
    return err;
}

/* Both stores have the same records in @space; who wrote the store (`schema`) is not the chain's. */
static enum fwl_err
compare(struct fwl_fsck *f, const struct fwl_kv *right, enum fwl_space space)
{
    struct fwl_kv_entry a = {0};
    struct fwl_kv_entry b = {0};
    enum fwl_err has = FWL_OK;
    enum fwl_err err = FWL_OK;

    for (;;) {
        has = fwl_fsck_next(f, &a, space, a.key);
        if (has == FWL_OK && space == FWL_SPACE_META && fwl_span_is(a.key, "schema")) {
            continue;
        }
        err = b.key.size == 0 ? fwl_kv_seek(right, &b, space, b.key) : fwl_kv_next(right, &b, space, b.key);
        if ((has != FWL_OK && has != FWL_ERR_ABSENT) || (err != FWL_OK && err != FWL_ERR_ABSENT)) {
            return has != FWL_OK && has != FWL_ERR_ABSENT ? has : err;
        }
        if (has == FWL_ERR_ABSENT && err == FWL_ERR_ABSENT) {
            return FWL_OK;
        }
        if (has == FWL_ERR_ABSENT || (err == FWL_OK && fwl_span_compare(a.key, b.key) > 0)) {
            return fwl_fsck_fail(f, space, b.key, "executing all blocks gives a record that is not stored");
        }
        if (err == FWL_ERR_ABSENT || !fwl_span_equal(a.key, b.key)) {
            return fwl_fsck_fail(f, space, a.key, "executing all blocks does not give this record");
        }
        if (!fwl_span_equal(a.value, b.value)) {
            return fwl_fsck_fail(f, space, a.key, "executing all blocks gives another value");
        }
    }
}

static enum fwl_err
compare_all(struct fwl_fsck *f, const struct fwl_storage *scratch)
{
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(scratch, &read);

    if (err != FWL_OK) {
        return err;
    }
    for (unsigned s = FWL_SPACE_HDR; s <= FWL_SPACE_META && err == FWL_OK; s++) {
        err = compare(f, &read.kv, (enum fwl_space)s);
        fwl_fsck_tell(f, "tables", s, FWL_SPACE_META);
    }
    fwl_read_end(&read);
    return err;
}

enum fwl_err
fwl_fsck_execute(const struct fwl_kv *kv, struct fwl_chain *c, uint64_t to, uint8_t *body, struct fwl_fsck_fault *fault,
                 const struct fwl_fsck_config *config)
{
    struct fwl_fsck f = {.kv = *kv, .config = *config, .fault = fault};
    struct fwl_span genesis = {0};
    uint64_t base = 0;
    uint64_t next = 0;
    enum fwl_err err = FWL_OK;

    *fault = (struct fwl_fsck_fault){0};
    err = fwl_fsck_get(&f, &genesis, FWL_SPACE_META, fwl_span_text("genesis"), "it is missing");
    err = err == FWL_OK ? fwl_query_base(kv, &base) : err;
    err = err == FWL_OK ? fwl_chain_open(c, genesis) : err;
    if (err != FWL_OK) {
        return err;
    }
    next = fwl_chain_tip(c)->header.height + 1;
    if (base > next && next <= to) {
        fault->what = "blocks were forgotten: only a node that keeps all of them can execute them again";
        return FWL_ERR_STATE;
    }
    fault->has_height = true;
    for (uint64_t height = next; err == FWL_OK && height <= to; height++) {
        fault->height = height;
        err = replay_block(&f, c, body, height);
        fwl_fsck_tell(&f, "execution", height, to);
    }
    fault->has_height = err != FWL_OK;
    return err;
}

enum fwl_err
fwl_fsck_replay(const struct fwl_kv *kv, struct fwl_chain *c, const struct fwl_storage *scratch, uint8_t *body,
                struct fwl_fsck_fault *fault, const struct fwl_fsck_config *config)
{
    struct fwl_fsck f = {.kv = *kv, .config = *config, .fault = fault};
    struct fwl_query_tip tip;
    enum fwl_err err = FWL_OK;

    *fault = (struct fwl_fsck_fault){0};
    err = fwl_query_tip(kv, &tip);
    err = err == FWL_OK ? fwl_fsck_execute(kv, c, tip.header.height, body, fault, config) : err;
    return err == FWL_OK ? compare_all(&f, scratch) : err;
}
