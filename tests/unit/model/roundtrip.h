/* One input of one kind: decode; if accepted, encode and compare. Shared by test_record and fuzz_model. */
#ifndef FWL_TESTS_UNIT_MODEL_ROUNDTRIP_H
#define FWL_TESTS_UNIT_MODEL_ROUNDTRIP_H

#include "ledger/model/attest.h"
#include "ledger/model/entry.h"
#include "ledger/model/epoch.h"
#include "ledger/model/evidence.h"
#include "ledger/model/genesis.h"
#include "ledger/model/policy.h"
#include "ledger/model/tx.h"

/* As KINDS of tests/vectors/model/make.py; certificates are those of four members. */
enum {
    ROUNDTRIP_HEADER = 0,
    ROUNDTRIP_CERT = 1,
    ROUNDTRIP_EPOCH = 2,
    ROUNDTRIP_TX = 4,
    ROUNDTRIP_VOTE = 19,
    ROUNDTRIP_ATTESTS = 20,
    ROUNDTRIP_KINDS = 21,
};

/* Walks the actions and signatures of a transaction and writes it again. */
static inline void
roundtrip_tx(struct fwl_writer *w, const struct fwl_tx *tx)
{
    static uint8_t action_bytes[FWL_TX_MAX + 1];
    struct fwl_tx_signature sigs[FWL_TX_SIGNATURES_MAX];
    struct fwl_writer a;
    struct fwl_span done;
    struct fwl_reader it;
    struct fwl_action action;
    size_t count = 0;

    fwl_writer_init(&a, action_bytes, sizeof(action_bytes));
    for (fwl_list_begin(&it, tx->actions); fwl_tx_next_action(&it, &action);) {
        fwl_action_put(&a, &action);
    }
    FWL_ASSERT(fwl_writer_finish(&a, &done) == FWL_OK && fwl_span_equal(done, tx->actions.items));
    fwl_writer_init(&a, action_bytes, sizeof(action_bytes));
    fwl_tx_put_payload(&a, tx);
    FWL_ASSERT(fwl_writer_finish(&a, &done) == FWL_OK && fwl_span_equal(done, tx->payload));
    for (fwl_list_begin(&it, tx->signatures); fwl_tx_next_signature(&it, &sigs[count]); count++) {
        FWL_ASSERT(count < FWL_TX_SIGNATURES_MAX - 1 || it.left == 0);
        if (it.left == 0) {
            count++;
            break;
        }
    }
    fwl_tx_put(w, tx->payload, sigs, count);
}

static inline void
roundtrip_attests(struct fwl_writer *w, const struct fwl_attests *attests)
{
    struct fwl_attest words[FWL_VALIDATORS_MAX];
    struct fwl_reader it;
    size_t count = 0;

    for (fwl_attest_begin(&it, attests); count < attests->count && fwl_attest_next(&it, &words[count]);) {
        count++;
    }
    FWL_ASSERT(count == attests->count && it.left == 0);
    fwl_attest_put(w, &attests->request, words, count);
}

#define ROUNDTRIP(type, decode, put)                                                                                   \
    {                                                                                                                  \
        struct type x;                                                                                                 \
        err = decode;                                                                                                  \
        if (err == FWL_OK) {                                                                                           \
            put;                                                                                                       \
        }                                                                                                              \
        break;                                                                                                         \
    }

static inline enum fwl_err
roundtrip(uint8_t kind, struct fwl_span in)
{
    static uint8_t buffer[2 * FWL_TX_MAX];
    struct fwl_writer w;
    struct fwl_span out;
    enum fwl_err err = FWL_ERR_ARG;

    fwl_writer_init(&w, buffer, sizeof(buffer));
    switch (kind % ROUNDTRIP_KINDS) {
    case ROUNDTRIP_HEADER:
        ROUNDTRIP(fwl_header, fwl_header_decode(&x, in), (fwl_header_encode(buffer, &x), w.size = FWL_HEADER_SIZE))
    case ROUNDTRIP_CERT: ROUNDTRIP(fwl_cert, fwl_cert_decode(&x, in, 4), fwl_cert_put(&w, &x))
    case ROUNDTRIP_EPOCH: ROUNDTRIP(fwl_epoch_step, fwl_epoch_decode(&x, in, 4), fwl_epoch_put(&w, &x))
    case 3:
        ROUNDTRIP(fwl_evidence, fwl_evidence_decode(&x, in),
                  (fwl_evidence_encode(buffer, &x), w.size = FWL_EVIDENCE_SIZE))
    case ROUNDTRIP_TX: ROUNDTRIP(fwl_tx, fwl_tx_decode(&x, NULL, in), roundtrip_tx(&w, &x))
    case 5:
        ROUNDTRIP(fwl_release, fwl_release_decode(&x, NULL, in, FWL_SCHEME_SEMVER), if (x.extra.unknown) return FWL_OK;
                  fwl_release_put(&w, &x))
    case 6: ROUNDTRIP(fwl_policy_source, fwl_policy_source_decode(&x, NULL, in), fwl_policy_source_put(&w, &x))
    case 7: ROUNDTRIP(fwl_policy_entry, fwl_policy_entry_decode(&x, NULL, in), fwl_policy_entry_put(&w, &x))
    case 8: ROUNDTRIP(fwl_genesis, fwl_genesis_decode(&x, NULL, in), fwl_genesis_put(&w, &x))
    case 9: ROUNDTRIP(fwl_class_entry, fwl_entry_class(&x, NULL, in), fwl_entry_put_class(&w, &x))
    case 10: ROUNDTRIP(fwl_fleet_entry, fwl_entry_fleet(&x, NULL, in), fwl_entry_put_fleet(&w, &x))
    case 11: ROUNDTRIP(fwl_participant_entry, fwl_entry_participant(&x, NULL, in), fwl_entry_put_participant(&w, &x))
    case 12: ROUNDTRIP(fwl_validators_entry, fwl_entry_validators(&x, NULL, in), fwl_entry_put_validators(&w, &x))
    case 13: ROUNDTRIP(fwl_release_entry, fwl_entry_release(&x, NULL, in), fwl_entry_put_release(&w, &x))
    case 14: ROUNDTRIP(fwl_vendor_entry, fwl_entry_vendor(&x, NULL, in), fwl_entry_put_vendor(&w, &x))
    case 15: ROUNDTRIP(fwl_image_entry, fwl_entry_image(&x, NULL, in), fwl_entry_put_image(&w, &x))
    case 16: ROUNDTRIP(fwl_params, fwl_params_decode(&x, NULL, in), fwl_params_put(&w, &x))
    case 17: ROUNDTRIP(fwl_validators, fwl_validators_decode(&x, in), fwl_validators_put(&w, &x))
    case 18: ROUNDTRIP(fwl_governors, fwl_governors_decode(&x, in), fwl_governors_put(&w, &x))
    case ROUNDTRIP_VOTE: ROUNDTRIP(fwl_vote, fwl_vote_decode(&x, in), fwl_vote_put(&w, &x))
    case ROUNDTRIP_ATTESTS: ROUNDTRIP(fwl_attests, fwl_attest_decode(&x, NULL, in), roundtrip_attests(&w, &x))
    default: break;
    }
    if (err == FWL_OK) {
        FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK);
        FWL_ASSERT(fwl_span_equal(out, in));
    }
    return err;
}

#endif
