#include "ledger/model/evidence.h"

#include "ledger/model/tx.h"

const char *
fwl_evidence_text(enum fwl_evidence_type type)
{
    switch (type) {
    case FWL_EVIDENCE_NOTARIZE: return "E1: notarized two blocks in one view";
    case FWL_EVIDENCE_FINALIZE: return "E2: finalized two blocks in one view";
    case FWL_EVIDENCE_FINALIZE_NULLIFY: return "E3: finalized and nullified one view";
    case FWL_EVIDENCE_PROPOSE: return "E4: proposed two blocks in one view";
    }
    return "no conflict";
}

bool
fwl_evidence_is(struct fwl_span tx)
{
    return tx.size > 0 && tx.p[0] == FWL_EVIDENCE_TAG;
}

bool
fwl_evidence_txid(struct fwl_hash32 *out, struct fwl_span tx)
{
    struct fwl_tx decoded;
    bool evidence = fwl_evidence_is(tx);

    if (!evidence && fwl_tx_decode(&decoded, NULL, tx) != FWL_OK) {
        memset(out, 0, sizeof(*out));
        return false;
    }
    fwl_tx_id(out, evidence ? tx : decoded.payload);
    return true;
}

/* The type of conflict between two votes, 0 when there is none. */
static unsigned
conflict(const struct fwl_vote *a, const struct fwl_vote *b)
{
    bool same_hash = fwl_hash32_equal(&a->block_hash, &b->block_hash);

    if (a->height != b->height || a->view != b->view || a->idx != b->idx) {
        return 0;
    }
    if (a->kind != b->kind) {
        bool e3 = (a->kind == FWL_VOTE_NULLIFY && b->kind == FWL_VOTE_FINALIZE) ||
                  (a->kind == FWL_VOTE_FINALIZE && b->kind == FWL_VOTE_NULLIFY);

        return e3 ? FWL_EVIDENCE_FINALIZE_NULLIFY : 0;
    }
    if (same_hash) {
        return 0;
    }
    switch (a->kind) {
    case FWL_VOTE_PROPOSE: return FWL_EVIDENCE_PROPOSE;
    case FWL_VOTE_NOTARIZE: return FWL_EVIDENCE_NOTARIZE;
    case FWL_VOTE_NULLIFY: return 0;
    case FWL_VOTE_FINALIZE: return FWL_EVIDENCE_FINALIZE;
    }
    return 0;
}

enum fwl_err
fwl_evidence_decode(struct fwl_evidence *out, struct fwl_span in)
{
    struct fwl_reader r;
    uint8_t type = 0;
    enum fwl_err err = FWL_OK;

    fwl_reader_init(&r, in);
    fwl_reader_field(&r, "evidence");
    if (fwl_reader_u8(&r) != FWL_EVIDENCE_TAG) {
        fwl_reader_fail(&r, FWL_ERR_VALUE);
    }
    type = fwl_reader_u8(&r);
    fwl_vote_read(&out->first, &r);
    fwl_vote_read(&out->second, &r);
    out->type = (enum fwl_evidence_type)type;
    err = fwl_reader_finish(&r);
    if (err == FWL_OK && (type == 0 || conflict(&out->first, &out->second) != type)) {
        err = FWL_ERR_VALUE;
    }
    if (err == FWL_OK && memcmp(in.p + 2, in.p + 2 + FWL_VOTE_SIZE, FWL_VOTE_SIZE) >= 0) {
        err = FWL_ERR_ORDER;
    }
    if (err != FWL_OK) {
        memset(out, 0, sizeof(*out));
    }
    return err;
}

void
fwl_evidence_encode(uint8_t out[FWL_EVIDENCE_SIZE], const struct fwl_evidence *ev)
{
    out[0] = FWL_EVIDENCE_TAG;
    out[1] = (uint8_t)ev->type;
    fwl_vote_encode(out + 2, &ev->first);
    fwl_vote_encode(out + 2 + FWL_VOTE_SIZE, &ev->second);
}

enum fwl_err
fwl_evidence_make(struct fwl_evidence *out, const struct fwl_vote *a, const struct fwl_vote *b)
{
    uint8_t x[FWL_VOTE_SIZE];
    uint8_t y[FWL_VOTE_SIZE];
    unsigned type = conflict(a, b);
    bool swap = false;

    if (type == 0) {
        memset(out, 0, sizeof(*out));
        return FWL_ERR_VALUE;
    }
    fwl_vote_encode(x, a);
    fwl_vote_encode(y, b);
    swap = memcmp(x, y, FWL_VOTE_SIZE) > 0;
    *out =
        (struct fwl_evidence){.type = (enum fwl_evidence_type)type, .first = swap ? *b : *a, .second = swap ? *a : *b};
    return FWL_OK;
}

static enum fwl_err
verify_vote(const struct fwl_vote *vote, const struct fwl_hash32 *chain_id, const struct fwl_pubkey32 *key,
            fwl_cert_verifier verify, void *cookie)
{
    struct fwl_hash32 digest;

    fwl_vote_digest(&digest, chain_id, vote->kind, vote->height, vote->view, &vote->block_hash);
    return verify(cookie, &vote->sig, &digest, key) == FWL_OK ? FWL_OK : FWL_ERR_SIGNATURE;
}

enum fwl_err
fwl_evidence_verify(const struct fwl_evidence *ev, const struct fwl_hash32 *chain_id, const struct fwl_pubkey32 *key,
                    fwl_cert_verifier verify, void *cookie)
{
    enum fwl_err err = verify_vote(&ev->first, chain_id, key, verify, cookie);

    return err != FWL_OK ? err : verify_vote(&ev->second, chain_id, key, verify, cookie);
}
