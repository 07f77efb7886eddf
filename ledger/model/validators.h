/*
 * validators - ValidatorSet: n u16 || n x-only keys of 32 bytes, strictly ascending. Zone F.
 */
#ifndef FWL_LEDGER_MODEL_VALIDATORS_H
#define FWL_LEDGER_MODEL_VALIDATORS_H

#include "core/limits.h"
#include "core/reader.h"
#include "core/sha256.h"
#include "core/writer.h"

#define FWL_VALIDATORS_SIZE(n)  (2 + 32 * (size_t)(n))
#define FWL_VALIDATORS_SIZE_MAX FWL_VALIDATORS_SIZE(FWL_VALIDATORS_MAX)

struct fwl_validators {
    uint16_t n;           /* 1..FWL_VALIDATORS_MAX */
    struct fwl_span keys; /* view: 32 n bytes */
};

/** fwl_validators_quorum - q = floor(2n/3) + 1. fwl_validators_faulty - f = floor((n-1)/3). */
static inline uint32_t
fwl_validators_quorum(uint32_t n)
{
    return 2 * n / 3 + 1;
}
static inline uint32_t
fwl_validators_faulty(uint32_t n)
{
    return n == 0 ? 0 : (n - 1) / 3;
}

/** fwl_validators_read - from a reader; FWL_ERR_LIMIT (n), FWL_ERR_VALUE (n = 0), FWL_ERR_ORDER, FWL_ERR_DUPLICATE. */
void fwl_validators_read(struct fwl_validators *out, struct fwl_reader *r);
/** fwl_validators_decode - exactly one set; the errors above, FWL_ERR_TRUNCATED, FWL_ERR_TRAILING; @out views @in.
 * fwl_validators_put - the inverse. */
FWL_NODISCARD enum fwl_err fwl_validators_decode(struct fwl_validators *out, struct fwl_span in);
void fwl_validators_put(struct fwl_writer *w, const struct fwl_validators *set);
/** fwl_validators_hash - SHA-256(0x21 || ValidatorSet). */
void fwl_validators_hash(struct fwl_hash32 *out, const struct fwl_validators *set);
/** fwl_validators_key - the key at @index < n (FWL_ASSERT). */
void fwl_validators_key(struct fwl_pubkey32 *out, const struct fwl_validators *set, uint32_t index);
/** fwl_validators_find - true and the index of @key, or false. Cost: log n. */
bool fwl_validators_find(uint16_t *index, const struct fwl_validators *set, const struct fwl_pubkey32 *key);

/**
 * fwl_validators_leader - who leads @view at @height: whoever made the last block, the next one at every height that
 * @leader_term divides, and one further for every view.
 *
 * Shape:   @set is that of @height; @proposer made the block below, @leader_term > 0. A proposer that is gone from the
 *          set counts as index @height mod n.
 * Source:  docs/spec/agreement.md "Predicates".
 */
uint16_t fwl_validators_leader(const struct fwl_validators *set, const struct fwl_pubkey32 *proposer, uint64_t height,
                               uint64_t leader_term, uint32_t view);

#endif
