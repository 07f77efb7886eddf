/*
 * answer - what a node says about a (fleet, class), and the file that carries it with all its values. Zone F.
 *
 * Answer:  "FWA1" || more u8 || step_count u16 || step_count times (length u16 || epoch step) || header 344 ||
 *          length u16 || FINAL certificate in short form || 3 times (length u16 || proof): vendor, class, fleet
 * Bundle:  "FWB1" || length u32 || answer || value_count u16 || value_count times (length u32 || value)
 *          Values in this order, absent ones left out: vendor entry, class entry, fleet entry, policy, then the entry
 *          of every listed release in the order of the list.
 *
 * Every part has its length before it, since only a reader who knows the validator set could tell where a certificate
 * ends. Decoding checks the framing; what is inside the parts is judged by client/verify. Encoders and decoders are
 * inverse: decode(encode(x)) == x and encode(decode(bytes)) == bytes.
 * Source: docs/spec/answer.md.
 */
#ifndef FWL_LEDGER_MODEL_ANSWER_H
#define FWL_LEDGER_MODEL_ANSWER_H

#include "core/limits.h"
#include "core/writer.h"
#include "ledger/model/fault.h"

enum {
    FWL_ANSWER_PROOFS = 3,
    FWL_BUNDLE_VALUES_MAX = FWL_ANSWER_PROOFS + 1 + FWL_CLASS_RELEASES_MAX,
};

/* Which proof is which. */
enum fwl_answer_entry {
    FWL_ANSWER_VENDOR = 0,
    FWL_ANSWER_CLASS = 1,
    FWL_ANSWER_FLEET = 2,
};

struct fwl_answer {
    bool more; /* there are further epoch steps: ask again from the epoch reached */
    uint16_t step_count;
    struct fwl_span steps;                     /* view: step_count times (length u16 || epoch step) */
    struct fwl_span header;                    /* view: FWL_HEADER_SIZE bytes */
    struct fwl_span cert;                      /* view */
    struct fwl_span proofs[FWL_ANSWER_PROOFS]; /* views */
};

struct fwl_bundle {
    struct fwl_span answer; /* view: an answer; not decoded here */
    uint16_t value_count;
    struct fwl_span values; /* view: value_count times (length u32 || value) */
};

/**
 * fwl_answer_decode - take the framing of an answer apart.
 *
 * Fills:   @out with views of @in; zeros on failure. @fault may be NULL.
 * Returns: FWL_OK
 *          FWL_ERR_UNKNOWN    it does not begin with "FWA1"
 *          FWL_ERR_VALUE      `more` is neither 0 nor 1, or a part is empty
 *          FWL_ERR_LIMIT      more than FWL_EPOCH_STEPS_MAX steps, or a proof above FWL_PROOF_MAX
 *          FWL_ERR_TRUNCATED, FWL_ERR_TRAILING
 * Cost:    one pass over the lengths.
 */
FWL_NODISCARD enum fwl_err fwl_answer_decode(struct fwl_answer *out, struct fwl_fault *fault, struct fwl_span in);

/** fwl_answer_put - the inverse. FWL_ERR_LIMIT on the writer for a part that its length cannot tell. */
void fwl_answer_put(struct fwl_writer *w, const struct fwl_answer *answer);

/** fwl_answer_steps_begin - point @it at the first epoch step. fwl_answer_step_next - the next; false at the end. */
void fwl_answer_steps_begin(struct fwl_reader *it, const struct fwl_answer *answer);
bool fwl_answer_step_next(struct fwl_reader *it, struct fwl_span *step);
/** fwl_answer_step_put - length and bytes of one step, as fwl_answer.steps holds them. */
void fwl_answer_step_put(struct fwl_writer *w, struct fwl_span step);

/**
 * fwl_bundle_decode - take the framing of a bundle apart.
 *
 * Fills:   @out with views of @in; zeros on failure. @fault may be NULL.
 * Returns: FWL_OK
 *          FWL_ERR_UNKNOWN    it does not begin with "FWB1"
 *          FWL_ERR_VALUE      an empty value
 *          FWL_ERR_LIMIT      more than FWL_BUNDLE_VALUES_MAX values, or a value above FWL_ENTRY_MAX
 *          FWL_ERR_TRUNCATED, FWL_ERR_TRAILING
 */
FWL_NODISCARD enum fwl_err fwl_bundle_decode(struct fwl_bundle *out, struct fwl_fault *fault, struct fwl_span in);

/** fwl_bundle_put_begin - magic, answer and number of values; fwl_bundle_put_value - then each value. */
void fwl_bundle_put_begin(struct fwl_writer *w, struct fwl_span answer, uint16_t value_count);
void fwl_bundle_put_value(struct fwl_writer *w, struct fwl_span value);

/** fwl_bundle_values_begin - point @it at the first value. fwl_bundle_value_next - the next; false at the end. */
void fwl_bundle_values_begin(struct fwl_reader *it, const struct fwl_bundle *bundle);
bool fwl_bundle_value_next(struct fwl_reader *it, struct fwl_span *value);

#endif
