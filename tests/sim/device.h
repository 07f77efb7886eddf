/*
 * device - a device in the simulator: the real client/verify, two slots of flash, and what it must never do.
 *
 * It starts from the genesis block, runs version 1.0.0 of the catalog's class and asks with a bundle. After each answer
 * it is checked that what it trusts has not gone back, and that a refusal before the clock rule changed nothing.
 */
#ifndef FWL_TESTS_SIM_DEVICE_H
#define FWL_TESTS_SIM_DEVICE_H

#include "client/verify/verify.h"
#include "ledger/model/attest.h"
#include "tests/sim/catalog.h"

enum {
    DEVICE_BUNDLE_ROOM = 1 << 16,
    DEVICE_STEPS = 16,
    DEVICE_VALUES = 32,
    QUESTION_MS = 6000, /* no answer comes later */
};

struct device {
    struct fwl_device state;
    uint8_t flash[2][FWL_SLOT_SIZE_MAX];
    size_t size[2]; /* of what was written there */
    bool written;   /* state.slot was, since the last boot */
    struct fwl_key author;
    struct fwl_verify_settings settings;
};

/** device_start - trusts the genesis block and the author of the catalog; the net has begun. */
void device_start(struct sim *s, struct device *d);

/**
 * device_ask - what it makes of @bundle at @now_ms; saves to flash what must be.
 *
 * Fills:   @installs (may be NULL) with the minor of the version that it would install, 0: none.
 * Returns: as fwl_verify_bundle. sim_fail when something went back or a refusal left a trace.
 */
enum fwl_err device_ask(struct sim *s, struct device *d, struct fwl_span bundle, uint64_t now_ms, unsigned *installs);

/* What a device without a clock has asked validators, through @node. */
struct question {
    struct fwl_attest_request request;
    uint32_t node;
    uint64_t client; /* the node's number for it */
    uint64_t sent_ms;
};

/** device_question - ask for the time, with a fresh nonce, because of @bundle. FWL_OK, as fwl_verify_tip or as
 * fwl_replica_attest. */
enum fwl_err device_question(struct sim *s, struct device *d, struct question *q, uint32_t node,
                             struct fwl_span bundle);

/** device_waits - no answer yet, but it may come. device_await - runs the net while that is so. */
bool device_waits(const struct sim *s, const struct question *q);
void device_await(struct sim *s, const struct question *q);

/** device_words - the answer, a view of @out; empty when there is none of a quorum. */
struct fwl_span device_words(const struct sim *s, const struct question *q, uint8_t out[FWL_ATTESTS_SIZE_MAX]);

/** words_load - the words of a well-formed file; their number. words_store - the file; a view of @out. */
size_t words_load(struct fwl_attest words[SIM_NODES + 1], struct fwl_span file);
struct fwl_span words_store(uint8_t out[FWL_ATTESTS_SIZE_MAX], const struct fwl_attest_request *request,
                            const struct fwl_attest *words, size_t count);

/**
 * device_ask_timed - what a device without a clock makes of @bundle and @words, @elapsed_ms after its question.
 *
 * Fills:   @now_ms (may be NULL) with what it takes for now; 0 when it takes nothing. @installs as device_ask.
 * Returns: as fwl_verify_tip, fwl_verify_clock and device_ask, with its checks.
 */
enum fwl_err device_ask_timed(struct sim *s, struct device *d, struct fwl_span bundle, const struct question *q,
                              struct fwl_span words, uint64_t elapsed_ms, uint64_t *now_ms, unsigned *installs);

/** device_boot - forget everything but the flash. FWL_OK or the error of fwl_slots_decode. */
enum fwl_err device_boot(struct device *d);

/** device_bundle - what node @node serves to a device of epoch @since; a view of @out. FWL_OK or that of the query. */
enum fwl_err device_bundle(struct sim *s, uint32_t node, uint64_t since, struct fwl_span class_name,
                           uint8_t out[DEVICE_BUNDLE_ROOM], struct fwl_span *bundle);

/* A bundle taken apart, to be put together otherwise. Everything views the bundle, or memory of whoever changed it. */
struct forgery {
    struct fwl_answer answer;
    struct fwl_header header; /* of the tip */
    struct fwl_span steps[DEVICE_STEPS];
    uint16_t step_count;
    struct fwl_span values[DEVICE_VALUES];
    uint16_t value_count;
    uint8_t header_bytes[FWL_HEADER_SIZE];
    uint8_t cert[4 + 1 + 64 * WORLD_KEYS];
    uint8_t step_bytes[DEVICE_BUNDLE_ROOM / 4];
};

/** forgery_open - FWL_ASSERT: the bundle is well-formed. forgery_close - the bytes; a view of @out. */
void forgery_open(struct forgery *f, struct fwl_span bundle);
struct fwl_span forgery_close(struct forgery *f, uint8_t out[DEVICE_BUNDLE_ROOM]);

/** forgery_cert - the answer's tip becomes f->header, signed by a quorum of @set; all keys are the world's.
 * @signed_for: the chain id that they sign for. */
void forgery_cert(const struct sim *s, struct forgery *f, const struct fwl_validators *set,
                  const struct fwl_hash32 *signed_for);

#endif
