/*
 * attest - what validators say about the time, for devices without a clock: question, answer, file. Zone F.
 *
 * A device asks with a nonce that it uses once and the tip that it holds; a validator whose tip this is signs its own
 * clock (fwl_statement_attest). A node collects the words of q validators into one file:
 *
 * Attests: "FWT1" || nonce 16 || height u64 || block_hash 32 || count u16 || count times (idx u16 || time_ms u64 ||
 *          sig 64), strictly ascending by idx
 *
 * Decoding checks the framing; signatures and their number are judged by client/verify. Encoder and decoder are
 * inverse. Source: docs/spec/answer.md "Time".
 */
#ifndef FWL_LEDGER_MODEL_ATTEST_H
#define FWL_LEDGER_MODEL_ATTEST_H

#include "core/limits.h"
#include "core/writer.h"
#include "ledger/model/fault.h"

enum {
    FWL_ATTEST_NONCE_SIZE = 16,
    FWL_ATTEST_SIZE = 2 + 8 + 64,
    FWL_ATTESTS_SIZE_MAX = 4 + FWL_ATTEST_NONCE_SIZE + 8 + 32 + 2 + FWL_ATTEST_SIZE * FWL_VALIDATORS_MAX,
};

struct fwl_attest_request {
    uint8_t nonce[FWL_ATTEST_NONCE_SIZE];
    uint64_t height; /* of the tip that the device holds */
    struct fwl_hash32 block_hash;
};

/* One validator's word. */
struct fwl_attest {
    uint16_t idx;     /* of the validator in the set of the tip's height */
    uint64_t time_ms; /* of its clock */
    struct fwl_sig64 sig;
};

struct fwl_attests {
    struct fwl_attest_request request;
    uint16_t count;
    struct fwl_span items; /* view: FWL_ATTEST_SIZE bytes each */
};

/** fwl_attest_same - are both the same question? */
bool fwl_attest_same(const struct fwl_attest_request *a, const struct fwl_attest_request *b);

/**
 * fwl_attest_decode - take a file of attestations apart.
 *
 * Fills:   @out, its items a view of @in; zeros on failure. @fault may be NULL.
 * Returns: FWL_OK
 *          FWL_ERR_UNKNOWN    it does not begin with "FWT1"
 *          FWL_ERR_LIMIT      more than FWL_VALIDATORS_MAX attestations
 *          FWL_ERR_ORDER, FWL_ERR_DUPLICATE  validators do not ascend
 *          FWL_ERR_TRUNCATED, FWL_ERR_TRAILING
 */
FWL_NODISCARD enum fwl_err fwl_attest_decode(struct fwl_attests *out, struct fwl_fault *fault, struct fwl_span in);

/** fwl_attest_begin - point @it at the first attestation. fwl_attest_next - the next; false at the end. */
void fwl_attest_begin(struct fwl_reader *it, const struct fwl_attests *attests);
bool fwl_attest_next(struct fwl_reader *it, struct fwl_attest *out);

/** fwl_attest_put - the inverse. FWL_ERR_LIMIT on the writer beyond FWL_VALIDATORS_MAX. */
void fwl_attest_put(struct fwl_writer *w, const struct fwl_attest_request *request, const struct fwl_attest *attests,
                    size_t count);

#endif
