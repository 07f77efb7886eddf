#include "ledger/snapshot/snapinfo.h"

#include "core/mutant.h"

enum {
    FOLD_WIDTH = 256, /* parts folded at once: what fits the stack */
};

static_assert(FWL_SNAPSHOT_CHUNKS_MAX / FOLD_WIDTH <= FOLD_WIDTH, "two rounds fold all chunks");

static void
read_frontier(struct fwl_frontier *out, struct fwl_reader *r, uint64_t size)
{
    struct fwl_hash32 nodes[FWL_FRONTIER_LEVELS];
    size_t count = (size_t)__builtin_popcountll(size);

    if (size >= (uint64_t)1 << FWL_FRONTIER_LEVELS) {
        fwl_reader_fail(r, FWL_ERR_LIMIT);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        fwl_reader_copy(r, nodes[i].b, sizeof(nodes[i].b));
    }
    if (fwl_reader_ok(r) && fwl_frontier_from(out, size, nodes, count) != FWL_OK) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
    }
}

static void
read_cert(struct fwl_snapinfo *out, struct fwl_reader *r)
{
    const uint8_t *at = NULL;
    uint16_t n = 0;

    fwl_reader_field(r, "snapshot.n");
    n = fwl_reader_u16(r);
    if (n == 0 || n > FWL_VALIDATORS_MAX) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
        return;
    }
    at = r->at;
    fwl_cert_read_short(&out->cert, r, n, out->header.height, &out->hash);
    out->cert_bytes = fwl_span(at, fwl_reader_ok(r) ? (size_t)(r->at - at) : 0);
}

static void
read_parts(struct fwl_snapinfo *out, struct fwl_reader *r)
{
    fwl_reader_field(r, "snapshot.chunks");
    out->chunks = fwl_reader_u16(r);
    if (out->chunks != FWL_SNAPSHOT_CHUNKS_MIN && out->chunks != FWL_SNAPSHOT_CHUNKS_MAX) {
        fwl_reader_fail(r, FWL_ERR_VALUE);
        return;
    }
    out->parts = fwl_reader_bytes(r, (size_t)out->chunks * FWL_SNAPINFO_PART_BYTES);
    for (uint32_t i = 0; i < out->chunks && fwl_reader_ok(r); i++) {
        struct fwl_tree_part part;

        fwl_snapinfo_part(&part, out, i);
        if (part.count > 2 || (part.count == 0) != fwl_hash32_is_zero(&part.hash)) {
            fwl_reader_fail(r, FWL_ERR_VALUE);
        }
    }
}

enum fwl_err
fwl_snapinfo_decode(struct fwl_snapinfo *out, struct fwl_span in)
{
    struct fwl_reader r;
    const uint8_t *rest = NULL;

    memset(out, 0, sizeof(*out));
    fwl_reader_init(&r, in);
    fwl_header_read(&out->header, &r);
    fwl_reader_field(&r, "snapshot.header.height");
    if (fwl_reader_ok(&r) && out->header.height == 0) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    if (fwl_reader_ok(&r)) {
        out->header_bytes = fwl_span(in.p, FWL_HEADER_SIZE);
        fwl_header_hash_bytes(&out->hash, out->header_bytes);
    }
    read_cert(out, &r);
    rest = r.at;
    read_parts(out, &r);
    fwl_reader_field(&r, "snapshot.history");
    read_frontier(&out->history, &r, out->header.height);
    fwl_reader_field(&r, "snapshot.log");
    read_frontier(&out->log, &r, out->header.log_size);
    if (fwl_reader_finish(&r) != FWL_OK) {
        memset(out, 0, sizeof(*out));
        return r.err;
    }
    out->rest = fwl_span(rest, (size_t)(in.p + in.size - rest));
    return FWL_OK;
}

static void
put_frontier(struct fwl_writer *w, const struct fwl_frontier *f)
{
    struct fwl_hash32 nodes[FWL_FRONTIER_LEVELS];
    size_t count = fwl_frontier_list(f, nodes);

    for (size_t i = 0; i < count; i++) {
        fwl_writer_bytes(w, nodes[i].b, sizeof(nodes[i].b));
    }
}

void
fwl_snapinfo_put(struct fwl_writer *w, const struct fwl_snapinfo *info)
{
    fwl_writer_span(w, info->header_bytes);
    fwl_writer_u16(w, info->cert.n);
    fwl_cert_put_short(w, &info->cert);
    fwl_writer_u16(w, info->chunks);
    fwl_writer_span(w, info->parts);
    put_frontier(w, &info->history);
    put_frontier(w, &info->log);
}

void
fwl_snapinfo_part(struct fwl_tree_part *out, const struct fwl_snapinfo *info, uint32_t index)
{
    const uint8_t *p = info->parts.p + (size_t)index * FWL_SNAPINFO_PART_BYTES;

    FWL_ASSERT(index < info->chunks);
    out->count = p[0];
    memcpy(out->hash.b, p + 1, sizeof(out->hash.b));
}

unsigned
fwl_snapinfo_bits(uint32_t chunks)
{
    return chunks == FWL_SNAPSHOT_CHUNKS_MAX ? 12 : 8;
}

uint32_t
fwl_snapinfo_chunk(uint32_t chunks, const struct fwl_hash32 *key_hash)
{
    return (uint32_t)fwl_load_be16(key_hash->b) >> (16 - fwl_snapinfo_bits(chunks));
}

enum fwl_err
fwl_snapinfo_roots(const struct fwl_snapinfo *info)
{
    struct fwl_tree_part group[FOLD_WIDTH];
    struct fwl_tree_part all[FWL_SNAPSHOT_CHUNKS_MAX / FOLD_WIDTH];
    struct fwl_tree_part root;
    struct fwl_hash32 history;
    struct fwl_hash32 log;
    size_t groups = info->chunks / FOLD_WIDTH;
    enum fwl_err err = FWL_OK;

    for (uint32_t i = 0; i < info->chunks && err == FWL_OK; i++) {
        fwl_snapinfo_part(&group[i % FOLD_WIDTH], info, i);
        if (FWL_MUTANT(17, 7) && group[i % FOLD_WIDTH].count == 1) { /* one leaf is not told from more */
            group[i % FOLD_WIDTH].count = 2;
        }
        if (i % FOLD_WIDTH == FOLD_WIDTH - 1) {
            err = fwl_tree_fold(&all[i / FOLD_WIDTH], group, FOLD_WIDTH);
        }
    }
    err = err == FWL_OK ? fwl_tree_fold(&root, all, groups) : err;
    if (err != FWL_OK) {
        return FWL_ERR_PROOF;
    }
    fwl_frontier_root(&info->history, &history);
    fwl_frontier_root(&info->log, &log);
    return fwl_hash32_equal(&root.hash, &info->header.state_root) &&
                   fwl_hash32_equal(&history, &info->header.history_root) &&
                   fwl_hash32_equal(&log, &info->header.log_root)
               ? FWL_OK
               : FWL_ERR_PROOF;
}

enum fwl_err
fwl_snapinfo_verify(const struct fwl_snapinfo *info, const struct fwl_validators *set,
                    const struct fwl_hash32 *chain_id, fwl_cert_verifier verify, void *cookie)
{
    struct fwl_hash32 hash;
    enum fwl_err err = FWL_OK;

    if (!fwl_hash32_equal(&info->header.chain_id, chain_id)) {
        return FWL_ERR_CHAIN;
    }
    fwl_validators_hash(&hash, set);
    if (!fwl_hash32_equal(&info->header.validators_hash, &hash)) {
        return FWL_ERR_EPOCH;
    }
    err = fwl_cert_verify_with(&info->cert, set, chain_id, verify, cookie);
    return err == FWL_OK ? fwl_snapinfo_roots(info) : err;
}
