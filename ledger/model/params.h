/*
 * params - the parameters of the chain (state table 5), changed by params.set. Zone F.
 */
#ifndef FWL_LEDGER_MODEL_PARAMS_H
#define FWL_LEDGER_MODEL_PARAMS_H

#include "core/sha256.h"
#include "ledger/model/fault.h"
#include "ledger/model/form.h"

#define FWL_PARAMS_SIZE_MAX 96

struct fwl_params {
    uint64_t has; /* all of bits 1..8 */
    uint64_t heartbeat_ms;
    uint64_t leader_term; /* heights; K of the leader rule */
    uint64_t precision_ms;
    uint64_t msgdelay_ms;
    uint64_t max_block; /* bytes */
    uint64_t max_work;  /* bytes of entries read and written by a block */
    uint64_t verdict_k; /* scanners that make a verdict */
    struct fwl_protocol {
        uint64_t number;
        uint64_t activation_height;
    } protocol;
};

/** fwl_params_default - the values that `genesis` proposes. */
void fwl_params_default(struct fwl_params *out);
/** fwl_params_read, fwl_params_put - as custom fields of a form (form.h): @at is a struct fwl_params. FWL_ERR_RANGE for
 * a value out of its bounds (core/limits.h). */
void fwl_params_read(struct fwl_reader *r, void *at);
void fwl_params_put(struct fwl_writer *w, const void *at);
/** fwl_params_decode - exactly one entry of at most FWL_PARAMS_SIZE_MAX bytes; @fault (may be NULL) names the field. */
FWL_NODISCARD enum fwl_err fwl_params_decode(struct fwl_params *out, struct fwl_fault *fault, struct fwl_span in);
/** fwl_params_hash - params_hash: SHA-256(0x23 || entry). */
void fwl_params_hash(struct fwl_hash32 *out, const struct fwl_params *params);

#endif
