#include "ledger/model/epoch.h"

#include "core/mutant.h"
#include "ledger/model/statement.h"

enum fwl_err
fwl_epoch_decode(struct fwl_epoch_step *out, struct fwl_span in, uint16_t n)
{
    struct fwl_reader r;
    struct fwl_hash32 hash;

    memset(out, 0, sizeof(*out));
    fwl_reader_init(&r, in);
    fwl_header_read(&out->header, &r);
    fwl_header_hash(&hash, &out->header);
    fwl_cert_read_short(&out->cert, &r, n, out->header.height, &hash);
    fwl_validators_read(&out->validators, &r);
    fwl_governors_read(&out->governors, &r);
    fwl_reader_field(&r, "epoch step.signatures");
    out->sigs = fwl_reader_bytes(&r, fwl_governors_sigs_size(&out->governors));
    out->old_sigs = fwl_reader_rest(&r);
    if (out->old_sigs.size > (FWL_KEYS_MAX + 7) / 8 + 64 * FWL_KEYS_MAX) {
        fwl_reader_fail(&r, FWL_ERR_LIMIT);
    }
    if (fwl_reader_finish(&r) != FWL_OK) {
        memset(out, 0, sizeof(*out));
    }
    return r.err;
}

void
fwl_epoch_put(struct fwl_writer *w, const struct fwl_epoch_step *step)
{
    uint8_t header[FWL_HEADER_SIZE];

    fwl_header_encode(header, &step->header);
    fwl_writer_bytes(w, header, sizeof(header));
    fwl_cert_put_short(w, &step->cert);
    fwl_validators_put(w, &step->validators);
    fwl_governors_put(w, &step->governors);
    fwl_writer_span(w, step->sigs);
    fwl_writer_span(w, step->old_sigs);
}

/* Everything but signatures. */
static enum fwl_err
check_links(const struct fwl_epoch_step *step, const struct fwl_epoch_trusted *trusted)
{
    const struct fwl_header *h = &step->header;
    struct fwl_hash32 stored;
    struct fwl_hash32 next;
    struct fwl_hash32 block;

    if (!fwl_hash32_equal(&h->chain_id, &trusted->chain_id)) {
        return FWL_ERR_CHAIN;
    }
    fwl_validators_hash(&stored, &trusted->validators);
    fwl_validators_hash(&next, &step->validators);
    if (h->epoch != trusted->epoch || h->epoch == UINT64_MAX || !fwl_hash32_equal(&h->validators_hash, &stored) ||
        !fwl_hash32_equal(&h->next_validators_hash, &next) || fwl_hash32_equal(&stored, &next)) {
        return FWL_ERR_EPOCH;
    }
    if (h->height < trusted->height || h->time_ms < trusted->time_ms) {
        return FWL_ERR_ROLLBACK;
    }
    /* A step put together by hand could name another block in its certificate than its header. */
    fwl_header_hash(&block, h);
    if (step->cert.kind != FWL_VOTE_FINALIZE || step->cert.height != h->height ||
        !fwl_hash32_equal(&step->cert.block_hash, &block)) {
        return FWL_ERR_CERTIFICATE;
    }
    return FWL_OK;
}

enum fwl_err
fwl_epoch_verify(const struct fwl_epoch_step *step, const struct fwl_epoch_trusted *trusted)
{
    return fwl_epoch_verify_with(step, trusted, fwl_cert_schnorr, NULL);
}

enum fwl_err
fwl_epoch_verify_with(const struct fwl_epoch_step *step, const struct fwl_epoch_trusted *trusted,
                      fwl_cert_verifier verify, void *cookie)
{
    bool same = fwl_governors_equal(&step->governors, &trusted->governors);
    struct fwl_hash32 governors;
    struct fwl_hash32 digest;
    enum fwl_err err = check_links(step, trusted);

    if (err == FWL_OK && same && step->old_sigs.size != 0) {
        err = FWL_ERR_KEYS;
    }
    if (err == FWL_OK) {
        err = fwl_cert_verify_with(&step->cert, &trusted->validators, &trusted->chain_id, verify, cookie);
    }
    if (err == FWL_OK) {
        fwl_governors_hash(&governors, &step->governors);
        fwl_statement_epoch(&digest, &trusted->chain_id, trusted->epoch + 1, &step->header.next_validators_hash,
                            &governors);
        err = FWL_MUTANT(18, 10) ? FWL_OK : fwl_governors_verify(&step->governors, step->sigs, &digest);
    }
    if (err == FWL_OK && !same && !FWL_MUTANT(18, 11)) {
        err = fwl_governors_verify(&trusted->governors, step->old_sigs, &digest);
    }
    return err;
}
