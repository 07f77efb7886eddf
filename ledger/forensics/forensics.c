#include "ledger/forensics/forensics.h"

static int
compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int
order(const struct fwl_vote *a, const struct fwl_vote *b)
{
    int by = compare_u64(a->idx, b->idx);

    by = by != 0 ? by : compare_u64(a->view, b->view);
    by = by != 0 ? by : compare_u64((uint64_t)a->kind, (uint64_t)b->kind);
    return by != 0 ? by : memcmp(a->block_hash.b, b->block_hash.b, sizeof(a->block_hash.b));
}

/* The first place whose vote is not before @vote. */
static size_t
place_of(const struct fwl_forensics *f, const struct fwl_vote *vote)
{
    size_t low = 0;
    size_t high = f->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (order(&f->votes[middle], vote) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Takes a vote whose signature holds. */
static enum fwl_err
take(struct fwl_forensics *f, const struct fwl_vote *vote)
{
    size_t at = place_of(f, vote);

    if (at < f->count && order(&f->votes[at], vote) == 0) {
        return FWL_OK;
    }
    if (f->count == f->room) {
        return FWL_ERR_SPACE;
    }
    memmove(&f->votes[at + 1], &f->votes[at], (f->count - at) * sizeof(*vote));
    f->votes[at] = *vote;
    f->count++;
    return FWL_OK;
}

enum fwl_err
fwl_forensics_vote(struct fwl_forensics *f, const struct fwl_vote *vote)
{
    struct fwl_hash32 digest;
    struct fwl_pubkey32 key;

    if (vote->height != f->height || vote->idx >= f->set->n) {
        return FWL_ERR_RANGE;
    }
    fwl_validators_key(&key, f->set, vote->idx);
    fwl_vote_digest(&digest, &f->chain_id, vote->kind, vote->height, vote->view, &vote->block_hash);
    return f->verify(f->cookie, &vote->sig, &digest, &key) == FWL_OK ? take(f, vote) : FWL_ERR_SIGNATURE;
}

enum fwl_err
fwl_forensics_cert(struct fwl_forensics *f, struct fwl_cert *out, struct fwl_span bytes)
{
    struct fwl_cert cert;
    enum fwl_err err = fwl_cert_decode(&cert, bytes, f->set->n);

    if (out != NULL) {
        memset(out, 0, sizeof(*out));
    }
    if (err != FWL_OK) {
        return err;
    }
    if (cert.height != f->height) {
        return FWL_ERR_RANGE;
    }
    err = fwl_cert_verify_with(&cert, f->set, &f->chain_id, f->verify, f->cookie);
    if (err == FWL_OK && cert.sigs.size / 64 > f->room - f->count) {
        err = FWL_ERR_SPACE;
    }
    for (uint32_t i = 0; err == FWL_OK && i < cert.sigs.size / 64; i++) {
        struct fwl_vote vote;

        fwl_cert_vote(&vote, &cert, i);
        err = take(f, &vote);
    }
    if (err == FWL_OK && out != NULL) {
        *out = cert;
    }
    return err;
}

/*
 * In the order of the votes of one member and view, a vote conflicts with the one right after it (two hashes of one
 * kind; NULLIFY comes right before FINALIZE), so neighbours are enough: a third hash of a kind tells nothing new.
 */
bool
fwl_forensics_next(const struct fwl_forensics *f, struct fwl_forensics_walk *walk, struct fwl_evidence *out)
{
    while (walk->at + 1 < f->count) {
        const struct fwl_vote *a = &f->votes[walk->at];

        walk->at++;
        if (a->idx != walk->idx) {
            walk->idx = a->idx;
            walk->told = 0;
        }
        if (fwl_evidence_make(out, a, a + 1) == FWL_OK && (walk->told >> out->type & 1) == 0) {
            walk->told = (uint8_t)(walk->told | 1U << out->type);
            return true;
        }
    }
    memset(out, 0, sizeof(*out));
    return false;
}
