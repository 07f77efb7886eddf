/*
 * query - what a node can say about its chain, from one consistent view. Zone P.
 *
 * Every function reads a fwl_kv of the store `chain` that the caller holds open, so what is put together by one or by
 * several calls over one view agrees: header, certificate and the three proofs of an answer are of one height. Nothing
 * is cached here and nothing is verified but what is needed to find one's way; results are views that live as long as
 * the view.
 *
 * Beside the codes that are named, every function returns the error of a read (FWL_ERR_STORAGE) and FWL_ERR_CORRUPT
 * when stored bytes are not what they must be.
 * Source: docs/spec/answer.md, docs/spec/storage.md.
 */
#ifndef FWL_LEDGER_QUERY_QUERY_H
#define FWL_LEDGER_QUERY_QUERY_H

#include "ledger/kv/kv.h"
#include "ledger/model/answer.h"
#include "ledger/model/cert.h"
#include "ledger/model/entry.h"
#include "ledger/model/governors.h"
#include "ledger/model/header.h"
#include "ledger/model/validators.h"

enum {
    FWL_QUERY_STEPS_BYTES = 131072, /* epoch steps of one answer; what does not fit is said by `more` */
};

struct fwl_query_tip {
    struct fwl_header header;
    struct fwl_span header_bytes; /* view */
    struct fwl_hash32 hash;
    struct fwl_span cert; /* view: FINAL in short form; empty for height 0, which has none */
};

/** fwl_query_tip - the last final block. FWL_ERR_ABSENT when the store has no chain yet. */
FWL_NODISCARD enum fwl_err fwl_query_tip(const struct fwl_kv *kv, struct fwl_query_tip *out);

/** fwl_query_base - the lowest height whose transactions and certificate are here: 1, or more where older ones were
 * forgotten or the store comes from a snapshot. fwl_query_lowest - the same of headers: 0, or more. */
FWL_NODISCARD enum fwl_err fwl_query_base(const struct fwl_kv *kv, uint64_t *height);
FWL_NODISCARD enum fwl_err fwl_query_lowest(const struct fwl_kv *kv, uint64_t *height);

/* Working memory of answers, about 160 KiB; the caller keeps one a thread. */
struct fwl_query_work {
    uint8_t proofs[FWL_ANSWER_PROOFS][FWL_PROOF_MAX];
    uint8_t steps[FWL_QUERY_STEPS_BYTES];
};

/* The question of a device. */
struct fwl_query_ask {
    struct fwl_span fleet;      /* administrator/name */
    struct fwl_span class_name; /* vendor/model/component */
    bool has_since;             /* without it no epoch steps come along */
    uint64_t since;             /* epoch of the asking device */
};

/**
 * fwl_query_answer - tip, proofs of vendor, class and fleet, and the epoch steps from @ask->since on.
 *
 * Shape:   at most FWL_EPOCH_STEPS_MAX steps and FWL_QUERY_STEPS_BYTES of them; `more` says that there are others.
 *          A `since` at or above the present epoch gets none.
 * Fills:   @w with one answer (ledger/model/answer.h). @work: the answer is copied, so it is free again afterwards.
 * Returns: FWL_OK
 *          FWL_ERR_NAME    fleet or class is no such name
 *          FWL_ERR_ABSENT  nothing is final yet, or a step that was asked for is not stored here
 *          FWL_ERR_SPACE   the writer is too small; its size says how much is needed
 * Cost:    three proofs of about 20 records each.
 */
FWL_NODISCARD enum fwl_err fwl_query_answer(const struct fwl_kv *kv, struct fwl_query_work *work, struct fwl_writer *w,
                                            const struct fwl_query_ask *ask);

/* The entries behind an answer; a span with NULL is absent. */
struct fwl_query_values {
    struct fwl_span vendor, class_entry, fleet, policy;
    struct fwl_span releases[FWL_CLASS_RELEASES_MAX]; /* entries of table 9, in the order of the class's list */
    size_t release_count;
};

/**
 * fwl_query_values - the values that an answer to @ask names, directly and by hash.
 *
 * Returns: FWL_OK; FWL_ERR_NAME.
 */
FWL_NODISCARD enum fwl_err fwl_query_values(const struct fwl_kv *kv, struct fwl_query_values *out,
                                            const struct fwl_query_ask *ask);

/**
 * fwl_query_bundle - an answer with all its values in the normative order.
 *
 * Shape:   @answer is what fwl_query_answer wrote over the same view.
 * Fills:   @w with one bundle.
 * Returns: FWL_OK; FWL_ERR_NAME, FWL_ERR_SPACE as above.
 */
FWL_NODISCARD enum fwl_err fwl_query_bundle(const struct fwl_kv *kv, struct fwl_writer *w, struct fwl_span answer,
                                            const struct fwl_query_ask *ask);

/** fwl_query_value - the bytes behind a value hash, also of a value that was replaced less than a day of chain time
 * ago; FWL_ERR_ABSENT when there are none (any more). */
FWL_NODISCARD enum fwl_err fwl_query_value(const struct fwl_kv *kv, struct fwl_span *value,
                                           const struct fwl_hash32 *hash);

/** fwl_query_entry - the value of an entry of the state; FWL_ERR_ABSENT. @key is at most 510 bytes, else
 * FWL_ERR_ABSENT. */
FWL_NODISCARD enum fwl_err fwl_query_entry(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_table table,
                                           struct fwl_span key);

/**
 * fwl_query_next - the first entry of @table whose key is greater than @after (empty: the first of all).
 *
 * Shape:   single entries, whose key is empty (params, validators), are not met here: fwl_query_entry.
 * Fills:   @key (without the table) and @value, views.
 * Returns: FWL_OK; FWL_ERR_ABSENT after the last.
 */
FWL_NODISCARD enum fwl_err fwl_query_next(const struct fwl_kv *kv, struct fwl_span *key, struct fwl_span *value,
                                          enum fwl_table table, struct fwl_span after);

struct fwl_query_block {
    struct fwl_header header;
    struct fwl_span header_bytes; /* view */
    struct fwl_hash32 hash;
    bool has_txs;         /* false: the transactions were pruned */
    struct fwl_span txs;  /* view: header.txs_count times (length u32 || transaction); fwl_query_block_next */
    struct fwl_span cert; /* view: FINAL in short form; empty when there is none: height 0, or pruned */
};

/** fwl_query_header - the 344 bytes of the header at @height; FWL_ERR_ABSENT. */
FWL_NODISCARD enum fwl_err fwl_query_header(const struct fwl_kv *kv, struct fwl_span *bytes, uint64_t height);
/** fwl_query_block - a block by its height; FWL_ERR_ABSENT. */
FWL_NODISCARD enum fwl_err fwl_query_block(const struct fwl_kv *kv, struct fwl_query_block *out, uint64_t height);
/** fwl_query_block_begin - point @it at the first transaction. fwl_query_block_next - the next; false at the end. */
void fwl_query_block_begin(struct fwl_reader *it, const struct fwl_query_block *block);
bool fwl_query_block_next(struct fwl_reader *it, struct fwl_span *tx);

/** fwl_query_place - height and index of a transaction in the chain; FWL_ERR_ABSENT. */
FWL_NODISCARD enum fwl_err fwl_query_place(const struct fwl_kv *kv, uint64_t *height, uint32_t *index,
                                           const struct fwl_hash32 *txid);

struct fwl_query_set {
    uint64_t epoch;
    uint64_t first; /* height from which the set is in force */
    struct fwl_validators validators;
};

/**
 * fwl_query_governors - the GovernorSet that devices of an epoch know: of the step into it, or of genesis.
 *
 * Fills:   @out, which views the store, or @buffer for epoch 0.
 * Returns: FWL_OK; FWL_ERR_ABSENT; FWL_ERR_CORRUPT when the step or the genesis document does not decode.
 */
FWL_NODISCARD enum fwl_err fwl_query_governors(const struct fwl_kv *kv, struct fwl_governors *out,
                                               uint8_t buffer[33 * FWL_KEYS_MAX], uint64_t epoch);

/** fwl_query_set - the validator set in force at @height, which may be one above the tip; FWL_ERR_ABSENT beyond, and
 * below fwl_query_lowest. */
FWL_NODISCARD enum fwl_err fwl_query_set(const struct fwl_kv *kv, struct fwl_query_set *out, uint64_t height);

/**
 * fwl_query_certificate - the FINAL certificate of a block that fwl_query_block found; views. No signature is checked.
 *
 * Returns: FWL_OK; FWL_ERR_ABSENT where there is none: height 0, or pruned; FWL_ERR_CORRUPT
 */
FWL_NODISCARD enum fwl_err fwl_query_certificate(const struct fwl_kv *kv, struct fwl_cert *out,
                                                 const struct fwl_query_block *block);

#endif
