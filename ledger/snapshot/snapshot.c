#include "ledger/snapshot/snapshot.h"

uint32_t
fwl_snapshot_headers(uint64_t height)
{
    return (uint32_t)FWL_MIN(height, (uint64_t)FWL_SNAPSHOT_HEADERS);
}

uint64_t
fwl_snapshot_steps(const struct fwl_header *header)
{
    return header->epoch + !fwl_hash32_equal(&header->next_validators_hash, &header->validators_hash);
}

static struct fwl_span
read_sized(struct fwl_reader *r)
{
    return fwl_reader_bytes(r, fwl_reader_u32(r));
}

static void
read_steps(struct fwl_snapshot *out, struct fwl_reader *r)
{
    const uint8_t *at = NULL;

    fwl_reader_field(r, "snapshot.steps");
    out->step_count = fwl_reader_u32(r);
    at = r->at;
    for (uint32_t i = 0; i < out->step_count && fwl_reader_ok(r); i++) {
        (void)read_sized(r);
    }
    out->steps = fwl_span(at, fwl_reader_ok(r) ? (size_t)(r->at - at) : 0);
}

static void
read_info(struct fwl_snapshot *out, struct fwl_reader *r, uint32_t headers)
{
    enum fwl_err err = FWL_OK;

    fwl_reader_field(r, "snapshot.info");
    out->info_bytes = read_sized(r);
    if (!fwl_reader_ok(r)) {
        return;
    }
    err = fwl_snapinfo_decode(&out->info, out->info_bytes);
    if (err == FWL_OK && (headers != fwl_snapshot_headers(out->info.header.height) ||
                          out->step_count != fwl_snapshot_steps(&out->info.header))) {
        err = FWL_ERR_VALUE;
    }
    if (err != FWL_OK) {
        fwl_reader_fail(r, err);
        return;
    }
    out->first = out->info.header.height - headers;
}

static void
read_chunks(struct fwl_snapshot *out, struct fwl_reader *r)
{
    uint64_t total = 0;

    fwl_reader_field(r, "snapshot.sizes");
    out->sizes = fwl_reader_bytes(r, 4 * (size_t)out->info.chunks);
    for (uint32_t i = 0; i < out->info.chunks && fwl_reader_ok(r); i++) {
        uint32_t size = fwl_load_be32(out->sizes.p + 4 * (size_t)i);

        if (size > FWL_SNAPSHOT_CHUNK_MAX) {
            fwl_reader_fail(r, FWL_ERR_LIMIT);
        }
        total += size;
    }
    fwl_reader_field(r, "snapshot.chunks");
    out->chunks = fwl_reader_bytes(r, (size_t)total);
}

enum fwl_err
fwl_snapshot_decode(struct fwl_snapshot *out, struct fwl_span in)
{
    struct fwl_span magic = fwl_span_text(FWL_SNAPSHOT_MAGIC);
    struct fwl_reader r;
    uint32_t headers = 0;

    memset(out, 0, sizeof(*out));
    fwl_reader_init(&r, in);
    if (!fwl_span_equal(fwl_reader_bytes(&r, magic.size), magic)) {
        fwl_reader_fail(&r, FWL_ERR_UNKNOWN);
    }
    fwl_reader_field(&r, "snapshot.genesis");
    out->genesis = read_sized(&r);
    read_steps(out, &r);
    fwl_reader_field(&r, "snapshot.headers");
    headers = fwl_reader_u32(&r);
    if (headers > FWL_SNAPSHOT_HEADERS) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    out->headers = fwl_reader_bytes(&r, (size_t)headers * FWL_HEADER_SIZE);
    read_info(out, &r, headers);
    read_chunks(out, &r);
    if (fwl_reader_finish(&r) != FWL_OK) {
        memset(out, 0, sizeof(*out));
    }
    return r.err;
}

bool
fwl_snapshot_step(struct fwl_reader *it, struct fwl_span *step)
{
    if (it->left == 0) {
        return false;
    }
    *step = read_sized(it);
    return fwl_reader_ok(it);
}

struct fwl_span
fwl_snapshot_chunk(const struct fwl_snapshot *s, uint32_t index)
{
    size_t at = 0;

    FWL_ASSERT(index < s->info.chunks);
    for (uint32_t i = 0; i < index; i++) {
        at += fwl_load_be32(s->sizes.p + 4 * (size_t)i);
    }
    return fwl_span(s->chunks.p + at, fwl_load_be32(s->sizes.p + 4 * (size_t)index));
}

enum fwl_err
fwl_snapshot_headers_linked(struct fwl_span headers, uint64_t last, const struct fwl_hash32 *next_prev_hash)
{
    struct fwl_hash32 want = *next_prev_hash;

    for (size_t left = headers.size / FWL_HEADER_SIZE; left > 0; left--, last--) {
        struct fwl_span bytes = fwl_span(headers.p + (left - 1) * FWL_HEADER_SIZE, FWL_HEADER_SIZE);
        struct fwl_header header;
        struct fwl_hash32 hash;
        enum fwl_err err = fwl_header_decode(&header, bytes);

        if (err != FWL_OK) {
            return err;
        }
        fwl_header_hash_bytes(&hash, bytes);
        if (!fwl_hash32_equal(&hash, &want)) {
            return FWL_ERR_HASH;
        }
        if (header.height != last) {
            return FWL_ERR_VALUE;
        }
        want = header.prev_hash;
    }
    return FWL_OK;
}

/* The header is certified by the set that the steps lead to; then on to the epoch of the next height. */
static enum fwl_err
verify_header(const struct fwl_snapshot *s, struct fwl_trail *trail)
{
    struct fwl_reader it;
    struct fwl_span step;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&it, s->steps);
    while (err == FWL_OK && trail->at.epoch < s->info.header.epoch && fwl_snapshot_step(&it, &step)) {
        err = fwl_trail_step(trail, step, fwl_cert_schnorr, NULL);
    }
    err = err == FWL_OK
              ? fwl_snapinfo_verify(&s->info, &trail->at.validators, &trail->at.chain_id, fwl_cert_schnorr, NULL)
              : err;
    if (err == FWL_OK && fwl_snapshot_step(&it, &step)) {
        err = fwl_trail_step(trail, step, fwl_cert_schnorr, NULL);
    }
    return err == FWL_OK ? fwl_trail_leads_to(trail, &s->info.header) : err;
}

enum fwl_err
fwl_snapshot_verify(const struct fwl_snapshot *s, struct fwl_trail *trail, const struct fwl_hash32 *chain_id,
                    fwl_snapshot_progress progress, void *cookie)
{
    size_t at = 0;
    enum fwl_err err = fwl_trail_begin(trail, s->genesis);

    if (err == FWL_OK && !fwl_hash32_equal(&trail->at.chain_id, chain_id)) {
        err = FWL_ERR_CHAIN;
    }
    err = err == FWL_OK ? verify_header(s, trail) : err;
    err = err == FWL_OK ? fwl_snapshot_headers_linked(s->headers, s->info.header.height - 1, &s->info.header.prev_hash)
                        : err;
    for (uint32_t i = 0; i < s->info.chunks && err == FWL_OK; i++) {
        uint32_t size = fwl_load_be32(s->sizes.p + 4 * (size_t)i);

        err = fwl_chunk_verify(&s->info, i, fwl_span(s->chunks.p + at, size));
        at += size;
        if (err == FWL_OK && progress != NULL) {
            progress(cookie, i + 1, s->info.chunks);
        }
    }
    return err;
}
