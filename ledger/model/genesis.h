/*
 * genesis - the document that a chain starts from. Zone F.
 */
#ifndef FWL_LEDGER_MODEL_GENESIS_H
#define FWL_LEDGER_MODEL_GENESIS_H

#include "ledger/model/fault.h"
#include "ledger/model/header.h"
#include "ledger/model/key.h"
#include "ledger/model/member.h"
#include "ledger/model/params.h"

#define FWL_GENESIS_MAX      FWL_ENTRY_MAX /* bytes */
#define FWL_GENESIS_NAME_MAX 64

struct fwl_genesis {
    uint64_t has;
    uint64_t time_ms;
    struct fwl_params params;
    bool development;          /* fewer than 4 validators allowed */
    struct fwl_list members;   /* fwl_member_next */
    struct fwl_list governors; /* fwl_key_next, ES256K only */
    uint64_t threshold;
    struct fwl_span name; /* key 7 */
};

/** fwl_genesis_decode - FWL_ERR_VALUE for fewer than 4 validators without the development flag or a threshold above
 * the number of keys; FWL_ERR_UNKNOWN for governors' keys that are not ES256K; the errors of the parts. */
FWL_NODISCARD enum fwl_err fwl_genesis_decode(struct fwl_genesis *out, struct fwl_fault *fault, struct fwl_span in);
/** fwl_genesis_put - the inverse; lists are written as they stand. */
void fwl_genesis_put(struct fwl_writer *w, const struct fwl_genesis *g);
/** fwl_genesis_chain_id - SHA-256(0x22 || document). */
void fwl_genesis_chain_id(struct fwl_hash32 *out, struct fwl_span document);
/** fwl_genesis_header - header 0 of a decoded document, given the root of the first state. */
void fwl_genesis_header(struct fwl_header *out, const struct fwl_genesis *g, const struct fwl_hash32 *chain_id,
                        const struct fwl_hash32 *state_root);

#endif
