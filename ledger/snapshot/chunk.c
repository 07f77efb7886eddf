#include "ledger/snapshot/chunk.h"

#include "ledger/kv/kv.h"
#include "ledger/merkle/build/leaves.h"

void
fwl_chunk_put(struct fwl_writer *w, const struct fwl_chunk_entry *e)
{
    fwl_writer_u16(w, (uint16_t)e->key.size);
    fwl_writer_span(w, e->key);
    fwl_writer_u32(w, (uint32_t)e->value.size);
    fwl_writer_span(w, e->value);
}

bool
fwl_chunk_next(struct fwl_reader *it, struct fwl_chunk_entry *e)
{
    uint32_t size = 0;

    if (it->left == 0 || !fwl_reader_ok(it)) {
        return false;
    }
    fwl_reader_field(it, "chunk.key");
    size = fwl_reader_u16(it);
    if (fwl_reader_ok(it) && (size == 0 || size > FWL_KV_KEY_MAX)) {
        fwl_reader_fail(it, FWL_ERR_VALUE);
    }
    e->key = fwl_reader_bytes(it, size);
    fwl_reader_field(it, "chunk.value");
    size = fwl_reader_u32(it);
    if (fwl_reader_ok(it) && (size == 0 || size > FWL_ENTRY_MAX)) {
        fwl_reader_fail(it, FWL_ERR_VALUE);
    }
    e->value = fwl_reader_bytes(it, size);
    return fwl_reader_ok(it);
}

void
fwl_chunk_key_hash(struct fwl_hash32 *out, const struct fwl_chunk_entry *e)
{
    fwl_tree_key_hash(out, e->key.p[0], fwl_span(e->key.p + 1, e->key.size - 1));
}

enum fwl_err
fwl_chunk_verify(const struct fwl_snapinfo *info, uint32_t index, struct fwl_span chunk)
{
    struct fwl_leaves leaves;
    struct fwl_chunk_entry e;
    struct fwl_tree_part want;
    struct fwl_tree_part part;
    struct fwl_reader it;
    enum fwl_err err = FWL_OK;

    if (chunk.size > FWL_SNAPSHOT_CHUNK_MAX) {
        return FWL_ERR_LIMIT;
    }
    fwl_snapinfo_part(&want, info, index);
    fwl_leaves_begin(&leaves);
    for (fwl_reader_init(&it, chunk); fwl_chunk_next(&it, &e);) {
        struct fwl_hash32 key_hash;
        struct fwl_hash32 value_hash;

        fwl_chunk_key_hash(&key_hash, &e);
        if (fwl_snapinfo_chunk(info->chunks, &key_hash) != index) {
            return FWL_ERR_PROOF;
        }
        fwl_tree_value_hash(&value_hash, e.value);
        err = fwl_leaves_add(&leaves, &key_hash, &value_hash);
        if (err != FWL_OK) {
            return err;
        }
    }
    err = fwl_reader_finish(&it);
    if (err != FWL_OK) {
        return err;
    }
    fwl_leaves_end(&leaves, &part, fwl_snapinfo_bits(info->chunks));
    /* Not the count: where the sibling has leaves as well, 1 and 2 give the same root, so a liar may have changed it.
     */
    return fwl_hash32_equal(&part.hash, &want.hash) ? FWL_OK : FWL_ERR_PROOF;
}
