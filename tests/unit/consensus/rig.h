/*
 * rig - one engine under the hand of a test: a store in memory, virtual clocks, signatures of any validator.
 *
 * Height is 5, the leader of view v is v mod n. Signatures are fakes that bind key and digest. Whatever the engine lets
 * out is kept for ever, across restarts, and compared with all that it let out before: a pair that would convict it
 * (E1 to E4) fails the test at once. So does an effect out of its bounds.
 */
#ifndef FWL_TESTS_UNIT_CONSENSUS_RIG_H
#define FWL_TESTS_UNIT_CONSENSUS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "p2p/consensus/engine.h"

enum { RIG_N = 7, RIG_ROOM = 1024, RIG_ITEMS = 512, RIG_SENT = 1024, RIG_HEIGHT = 5, RIG_VIEWS = 32 };

struct rig_item {
    enum fwl_space space;
    uint8_t key_size, key[40];
    uint8_t *value;
    size_t size;
};

struct rig_block {
    struct fwl_hash32 hash;
    size_t size;
    uint8_t bytes[RIG_ROOM];
};

struct rig {
    uint32_t n, me;
    uint8_t keys[32 * RIG_N];
    struct fwl_consensus_config cfg;
    struct fwl_consensus_tip tip;
    void *memory;
    size_t memory_size;
    struct fwl_consensus *c;
    struct fwl_effects out;
    uint64_t now, mono;
    bool have_txs, lost, forced;
    enum fwl_err signer; /* its answer */
    uint64_t verified;   /* signatures that were checked */
    struct rig_item items[RIG_ITEMS];
    uint32_t nitems;
    struct fwl_vote sent[RIG_SENT]; /* PROPOSE as votes of kind PROPOSE */
    uint32_t nsent;
};

/** rig_new - a store, no engine yet. rig_boot - (re)start an engine on the store, then its peers come up. */
struct rig *rig_new(uint32_t n, uint32_t me);
void rig_boot(struct rig *r);
/** rig_open - both. rig_free - everything. */
struct rig *rig_open(uint32_t n, uint32_t me);
void rig_free(struct rig *r);

/** rig_step - clocks and mempool are filled in; writes are applied, what is sent is judged. */
void rig_step(struct rig *r, struct fwl_event *ev);
void rig_tick(struct rig *r, uint64_t ms);
void rig_message(struct rig *r, uint32_t peer, const struct fwl_consensus_msg *m);
/** rig_commit - the driver committed (or caught up to) @height, made by @proposer. */
void rig_commit(struct rig *r, uint64_t height, uint32_t proposer);

/** rig_block - a block of this height without transactions; @salt makes it differ. */
struct rig_block rig_block(const struct rig *r, uint32_t view, uint32_t proposer, uint64_t time_ms, uint8_t salt);
struct fwl_vote rig_signed(const struct rig *r, enum fwl_vote_kind kind, uint64_t height, uint32_t view,
                           const struct fwl_hash32 *hash, uint32_t idx);
/** rig_vote - validator @idx votes at this height; @hash NULL for NULLIFY. */
void rig_vote(struct rig *r, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash, uint32_t idx);
/** rig_cert_bytes - a valid certificate by the first q of the validators other than @without. Returns its size. */
size_t rig_cert_bytes(const struct rig *r, uint8_t out[RIG_ROOM], enum fwl_vote_kind kind, uint32_t view,
                      const struct fwl_hash32 *hash, uint32_t without);
/** rig_cert - such a certificate arrives; this node is not among its signers. */
void rig_cert(struct rig *r, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash);
/** rig_propose - PROPOSE by the leader of @view without justification. */
void rig_propose(struct rig *r, uint32_t view, const struct rig_block *b);
void rig_check(struct rig *r, const struct rig_block *b, enum fwl_check_verdict verdict);
/** rig_offer - rig_propose, then VALID. */
void rig_offer(struct rig *r, uint32_t view, const struct rig_block *b);
/** rig_built - answer a build with @b, then VALID. */
void rig_built(struct rig *r, const struct rig_block *b);

/** rig_sends - messages of @type in the last step. rig_send - the first of them, or NULL. */
uint32_t rig_sends(const struct rig *r, enum fwl_consensus_msg_type type);
const struct fwl_consensus_send *rig_send(const struct rig *r, enum fwl_consensus_msg_type type);
/** rig_voted - did this node ever let out such a vote? @hash NULL: any. */
bool rig_voted(const struct rig *r, enum fwl_vote_kind kind, uint32_t view, const struct fwl_hash32 *hash);
struct fwl_consensus_info rig_info(const struct rig *r);

/** rig_put - write into the store as it is. rig_find - the entry, or NULL. */
void rig_put(struct rig *r, enum fwl_space space, struct fwl_span key, struct fwl_span value);
struct rig_item *rig_find(struct rig *r, enum fwl_space space, struct fwl_span key);

#endif
