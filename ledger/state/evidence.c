/* Evidence records (consensus.md 2.11): alone in a transaction, judged by the pair alone. */
#include "ledger/model/evidence.h"

#include "ledger/state/work.h"

/* V(height) of a past height from space `set`: the last epoch whose first height is not above it. */
static enum fwl_err
evidence_set(struct fwl_state *s, struct fwl_validators *out, uint64_t height)
{
    uint64_t low = 0;
    uint64_t high = s->block.epoch;

    for (;;) {
        uint64_t middle = low + (high - low + 1) / 2;
        uint8_t key[8];
        struct fwl_span value;
        struct fwl_reader r;
        uint64_t first;
        enum fwl_err err;

        fwl_store_be64(key, middle);
        err = fwl_kv_get(&s->kv, &value, FWL_SPACE_SET, fwl_span(key, sizeof(key)));
        if (err != FWL_OK) {
            return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
        }
        fwl_reader_init(&r, value);
        first = fwl_reader_u64(&r);
        if (low == high) {
            struct fwl_span set = fwl_reader_bytes(&r, fwl_reader_u16(&r));

            return fwl_reader_ok(&r) && fwl_validators_decode(out, set) == FWL_OK ? FWL_OK : FWL_ERR_CORRUPT;
        }
        if (first <= height) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
}

enum fwl_err
fwl_work_evidence(struct fwl_state *s, struct fwl_span record)
{
    struct fwl_evidence ev;
    struct fwl_validators set;
    struct fwl_pubkey32 signer;
    uint8_t key[33];
    uint8_t value[FWL_EVIDENCE_SIZE + 3];
    struct fwl_span old;
    struct fwl_writer w;
    enum fwl_err err = fwl_evidence_decode(&ev, record);

    if (err != FWL_OK) {
        return fwl_work_refuse(s, err, "votes", "the pair is no conflict of one signer");
    }
    if (ev.first.height == 0 || ev.first.height > s->block.height ||
        s->block.height - ev.first.height > FWL_EVIDENCE_BLOCKS_MAX) {
        return fwl_work_refuse(s, FWL_ERR_RANGE, "height", "it is at most 100,000 heights back");
    }
    err = evidence_set(s, &set, ev.first.height);
    if (err != FWL_OK) {
        return err;
    }
    if (ev.first.idx >= set.n) {
        return fwl_work_refuse(s, FWL_ERR_RANGE, "index", "the signer was no member of the set of that height");
    }
    fwl_validators_key(&signer, &set, ev.first.idx);
    memcpy(key, signer.b, sizeof(signer.b));
    key[32] = (uint8_t)ev.type;
    err = fwl_work_get(s, &old, FWL_TABLE_EVIDENCE, fwl_span(key, sizeof(key)));
    if (err == FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_EXISTS, "", "there is one record for a signer and type");
    }
    if (err != FWL_ERR_ABSENT) {
        return err;
    }
    if (fwl_evidence_verify(&ev, &s->block.chain_id, &signer, s->block.verify_vote, s->block.verify_cookie) != FWL_OK) {
        return fwl_work_refuse(s, FWL_ERR_SIGNATURE, "votes", "both votes must be signed by the member they name");
    }
    fwl_writer_init(&w, value, sizeof(value));
    fwl_cbor_put_bytes(&w, record);
    return fwl_work_put_writer(s, FWL_TABLE_EVIDENCE, fwl_span(key, sizeof(key)), &w, sizeof(value));
}
