/*
 * verify - from an answer to a decision that the device itself has made. Zone F.
 *
 *   fwl_verify_init    facts, clock, settings
 *   fwl_verify_answer  epoch steps, tip, clock rule, three proofs        -> which entries are there, by hash
 *   fwl_verify_values  the values behind the hashes, decide, author      -> the decision, and everything proven
 *   fwl_verify_bundle  both, from one file
 *
 * A device without a clock begins with now 0, asks validators for the time of the tip that it was shown, and goes on:
 *
 *   fwl_verify_tip     epoch steps and tip of an answer or bundle: what to ask about
 *   fwl_verify_clock   the attestations that came: now
 *   fwl_verify_bundle  the same answer again, as above
 *
 * An answer is complete iff the bytes behind every hash on its way are at hand; anything else is an error, never
 * "up to date". The device's trust moves only when the tip has passed the clock rule, or with fwl_verify_keep_steps;
 * what must then be written fwl_device_must_save says. Checks come in an order in which a damaged file is never
 * reported as stale or as a rollback: certificate before height, height before clock. Source: docs/spec/answer.md "What
 * a device checks" (consensus.md 3.2 to 3.4).
 */
#ifndef FWL_CLIENT_VERIFY_VERIFY_H
#define FWL_CLIENT_VERIFY_VERIFY_H

#include "client/verify/device.h"
#include "contracts/policy/decide.h"

#define FWL_VERIFY_FACTS_VERSION "facts.version" /* field of a fault that is the caller's */

/*
 * Who must have signed what is installed, beside the quorum. With keys, a release needs `author_sig: record` by one of
 * them; where the installer checks the image, `author_sig: image` will do. Both may be set. `none` is an explicit
 * setting and never a fallback; with nothing set, nothing is installed.
 */
struct fwl_authors {
    const struct fwl_key *keys; /* of the vendor of the device's class */
    size_t count;
    bool image; /* the installer checks the signature inside the image */
    bool none;  /* author: none */
};

/* How a device is set up; zero gives the defaults and installs nothing, for want of an author. */
struct fwl_verify_settings {
    uint64_t max_age_ms; /* own cap; 0 = FWL_TRUST_MAX_AGE_MS. The fleet's max_age counts where it is smaller */
    uint64_t period_ms;  /* trusting period; 0 = FWL_TRUST_PERIOD_MS */
    struct fwl_authors authors;
};

/* One question being answered; about 7 KiB. Fill with fwl_verify_init. Of two at a time about one device, the tip of
 * the one that ends later is judged by what the device knows by then: FWL_ERR_ROLLBACK when it is older, a fork when it
 * is another block of that height. */
struct fwl_verify {
    struct fwl_device *device;
    const struct fwl_verify_settings *settings;
    struct fwl_facts facts; /* as given, with the device's own floor in place of a told one */
    struct fwl_floor floor;
    uint64_t now_ms;
    struct fwl_trust trust; /* working copy: epoch steps taken so far */

    /* what a refusal says besides its code */
    bool more;                 /* FWL_ERR_EPOCH: ask again with since = trust.epoch, for this same object, or for
                                  another one after fwl_verify_keep_steps */
    bool fork;                 /* FWL_ERR_CERTIFICATE: another certified block of a known height; keep both */
    bool expired;              /* FWL_ERR_EPOCH: beyond the trusting period; only a re-anchor helps */
    struct fwl_hash32 missing; /* FWL_ERR_NO_VALUE: whose bytes are missing; fetch them and call again */
    struct fwl_fault fault;    /* malformed: where */

    bool fresh; /* the tip passed the clock rule: device->trust is at the tip, and may be saved */

    /* proven, after fwl_verify_answer */
    bool checked;
    struct fwl_header header;        /* the tip */
    bool present[FWL_ANSWER_PROOFS]; /* enum fwl_answer_entry */
    struct fwl_hash32 hashes[FWL_ANSWER_PROOFS];

    /* proven, after fwl_verify_values; views of the values */
    bool decided;
    struct fwl_vendor_entry vendor; /* present[FWL_ANSWER_VENDOR] */
    struct fwl_class_entry entry;   /* present[FWL_ANSWER_CLASS] */
    struct fwl_fleet_entry fleet;   /* present[FWL_ANSWER_FLEET] */
    bool has_policy;
    struct fwl_policy_entry policy;
    size_t release_count;                             /* listed */
    struct fwl_span releases[FWL_CLASS_RELEASES_MAX]; /* their entries, in the order of the list */
    struct fwl_listed chosen;                         /* decision FWL_DECISION_INSTALL: what to install */
    struct fwl_decision decision;
};

/**
 * fwl_verify_init - begin with what the device knows.
 *
 * Owns:    keeps @device, @settings and what @facts points to.
 * Returns: as fwl_facts_check.
 */
FWL_NODISCARD enum fwl_err fwl_verify_init(struct fwl_verify *v, struct fwl_device *device,
                                           const struct fwl_verify_settings *settings, const struct fwl_facts *facts,
                                           uint64_t now_ms);

/**
 * fwl_verify_answer - epoch steps, tip, clock, proofs.
 *
 * On success, and when only the proofs fail, device->trust has moved to the tip.
 * Fills:   @v as it says there. The answer's bytes are not needed afterwards.
 * Returns: FWL_OK
 *          FWL_ERR_CHAIN, FWL_ERR_EPOCH, FWL_ERR_CERTIFICATE, FWL_ERR_KEYS, FWL_ERR_SIGNATURE, FWL_ERR_ROLLBACK  as
 *                         fwl_trust_step and fwl_trust_tip
 *          FWL_ERR_STALE  the clock rule
 *          FWL_ERR_PROOF  a proof does not lead to the state root
 *          malformed      codes 20..39 and FWL_ERR_LIMIT, v->fault says where
 * Cost:    q BIP-340 verifications, more for epoch steps; 3 * 256 hashes at most. Constant stack.
 */
FWL_NODISCARD enum fwl_err fwl_verify_answer(struct fwl_verify *v, struct fwl_span answer);

/**
 * fwl_verify_keep_steps - after an answer or bundle that says `more`: move device->trust to the epoch reached.
 *
 * For a device that does not keep @v until the next answer is there: it saves, and begins anew with since = that epoch.
 * Each step was checked; the trusting period as well, if the clock is one: with a clock that is behind the last step by
 * more than FWL_TRUST_FUTURE_MS nothing is kept, so never without a clock.
 * Returns: true when device->trust has moved and must be saved
 */
bool fwl_verify_keep_steps(struct fwl_verify *v);

/**
 * fwl_verify_tip - for a device without a clock: the tip of an answer, everything but its age.
 *
 * Shape:   @bytes is an answer or a bundle. device->trust stays; v->trust is at the tip afterwards.
 * Fills:   @request, but for the nonce: what validators are asked. Zeros on failure.
 * Returns: as fwl_verify_answer, without FWL_ERR_STALE and FWL_ERR_PROOF
 */
FWL_NODISCARD enum fwl_err fwl_verify_tip(struct fwl_verify *v, struct fwl_attest_request *request,
                                          struct fwl_span bytes);

/**
 * fwl_verify_clock - for a device without a clock: now is what validators say of the tip of fwl_verify_tip.
 *
 * Shape:   @nonce is random, and was made for this question. @elapsed_ms went by since it was sent: what validators say
 *          is at most so old, and the tip must be young enough all the same.
 * Returns: FWL_OK         v->now_ms is set
 *          FWL_ERR_EPOCH  an epoch step was taken beyond the trusting period; v->expired
 *          FWL_ERR_STALE, FWL_ERR_CERTIFICATE, malformed  as fwl_trust_time
 */
FWL_NODISCARD enum fwl_err fwl_verify_clock(struct fwl_verify *v, const uint8_t nonce[FWL_ATTEST_NONCE_SIZE],
                                            struct fwl_span attests, uint64_t elapsed_ms);

/** Where values come from: a view of the bytes behind @hash, valid as long as @v; FWL_ERR_NO_VALUE when they are not at
 * hand. The verifier hashes them. */
typedef enum fwl_err (*fwl_verify_source)(void *cookie, struct fwl_span *value, const struct fwl_hash32 *hash);

/**
 * fwl_verify_values - all values of a checked answer, and the decision.
 *
 * Shape:   fwl_verify_answer succeeded (FWL_ASSERT). @candidates has room for FWL_CLASS_RELEASES_MAX.
 * Owns:    borrows @work and @candidates; @v views the values.
 * Fills:   @v, and a candidate for each of v->release_count listed releases.
 * Returns: FWL_OK            v->decision holds
 *          FWL_ERR_NO_VALUE  v->missing
 *          FWL_ERR_HASH      bytes that are not those of the hash
 *          FWL_ERR_STALE     the fleet's max_age is smaller than the age of the tip
 *          FWL_ERR_AUTHOR    it would install, but the author's signature is missing or wrong; v->decision and
 *                            v->chosen tell of what, and nothing may be installed
 *          FWL_ERR_VERSION   the facts' version is none of the class's scheme; v->fault.field is
 *                            FWL_VERIFY_FACTS_VERSION, which no fault of the answer has
 *          FWL_ERR_SPACE     as fwl_decide_begin
 *          malformed         codes 20..39 and FWL_ERR_LIMIT
 */
FWL_NODISCARD enum fwl_err fwl_verify_values(struct fwl_verify *v, struct fwl_candidate *candidates,
                                             struct fwl_decide_work *work, fwl_verify_source source, void *cookie);

/**
 * fwl_verify_bundle - answer and values from one file; it holds exactly what the answer needs.
 *
 * Returns: as both; FWL_ERR_NO_VALUE when the file ends before the last value, FWL_ERR_TRAILING for values that nothing
 *          names. FWL_ERR_EPOCH with v->more decides nothing, whatever values there are.
 */
FWL_NODISCARD enum fwl_err fwl_verify_bundle(struct fwl_verify *v, struct fwl_candidate *candidates,
                                             struct fwl_decide_work *work, struct fwl_span bundle);

/** fwl_verify_exit - the exit code of programs for a result: 0, 10 certificate, 11 proof or missing value, 12 stale,
 * 13 rollback, 14 malformed, 15 author, 1 anything else. */
int fwl_verify_exit(enum fwl_err err);

#endif
