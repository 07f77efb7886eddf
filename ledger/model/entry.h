/*
 * entry - the values of the state (ledger.md section 6): decode, encode. Zone F.
 *
 * Each decoder takes the bytes of a value, checks its limit, and keeps lists as views. To change an entry, write the
 * items of a new list (`_put_...`) and encode again.
 */
#ifndef FWL_LEDGER_MODEL_ENTRY_H
#define FWL_LEDGER_MODEL_ENTRY_H

#include "ledger/model/action.h"
#include "ledger/model/member.h"
#include "ledger/model/release.h"

/* tables of the state; stored: append only */
enum fwl_table {
    FWL_TABLE_CLASS = 1,
    FWL_TABLE_FLEET = 2,
    FWL_TABLE_PARTICIPANT = 3,
    FWL_TABLE_VALIDATORS = 4, /* empty key: the set; 32-byte key: tombstone */
    FWL_TABLE_PARAMS = 5,
    FWL_TABLE_TX = 6,
    FWL_TABLE_EVIDENCE = 8,
    FWL_TABLE_RELEASE = 9,
    FWL_TABLE_VENDOR = 10,
    FWL_TABLE_IMAGE = 11,
    FWL_TABLE_POLICY = 12,
    FWL_TABLE_SOURCE = 13,
};

enum { /* flags of a live release */
       FWL_LIVE_VALID = 1,
       FWL_LIVE_MALICIOUS = 2,
};

struct fwl_live {
    struct fwl_hash32 id;
    uint64_t seq; /* publication order */
    uint64_t flags;
    struct fwl_hash32 value; /* hash of the table 9 entry */
};

struct fwl_departed {
    struct fwl_span version;
    uint64_t why; /* 1 withdrawn, 2 malicious */
};

struct fwl_advisory {
    struct fwl_span id;
    struct fwl_version_range range;
    uint64_t severity;
    struct fwl_span issuer;
};

struct fwl_class_entry {
    uint64_t has;
    uint64_t scheme;
    uint64_t next_seq;
    struct fwl_list live;       /* fwl_entry_next_live, ascending seq */
    struct fwl_list departed;   /* fwl_entry_next_departed, oldest first */
    struct fwl_list advisories; /* fwl_entry_next_advisory */
    struct fwl_span notes;      /* key 6 */
};

struct fwl_report { /* of one tracker */
    struct fwl_span tracker;
    uint64_t stage;
    struct fwl_counters counters;
    struct fwl_hash32 root;
};

/* stored: append only */
enum fwl_rollout_state {
    FWL_ROLLOUT_ACTIVE = 1,
    FWL_ROLLOUT_PAUSED = 2,
    FWL_ROLLOUT_HALTED = 3,
    FWL_ROLLOUT_CANCELLED = 4,
    FWL_ROLLOUT_DONE = 5,
};

struct fwl_rollout {
    uint64_t has;
    struct fwl_hash32 release;
    uint64_t stage;
    uint64_t share; /* of 10,000 */
    struct fwl_span salt;
    uint64_t started_ms, entered_ms;
    uint64_t state; /* enum fwl_rollout_state */
    struct fwl_span template_name;
    struct fwl_list reports;   /* fwl_entry_next_report */
    struct fwl_list approvals; /* fwl_list_next_text, ascending */
    struct fwl_span reason;    /* key 11: of the last change of state or stage */
};

struct fwl_fleet_entry {
    uint64_t has;
    struct fwl_span administrator;
    uint64_t policy_version; /* 0 = none yet */
    struct fwl_policy_ref {
        bool some;
        struct fwl_hash32 hash;
    } policy; /* value hash of the table 12 entry */
    uint64_t max_age_ms;
    struct fwl_list rollouts; /* fwl_entry_next_rollout, ascending release id */
};

struct fwl_usage {
    uint64_t classes, fleets, live_releases;
    uint64_t day, transactions; /* day = unix s / 86400 */
};

struct fwl_participant_entry {
    uint64_t has;
    struct fwl_list keys; /* fwl_key_next */
    uint64_t threshold;
    struct fwl_list roles;
    struct fwl_quotas quotas;
    struct fwl_usage used;
    bool withdrawn;
};

struct fwl_validators_entry {
    uint64_t has;
    struct fwl_list members;   /* fwl_member_next */
    struct fwl_span governors; /* GovernorSet bytes of the last epoch step */
};

enum { /* status of a release */
       FWL_RELEASE_LIVE = 1,
       FWL_RELEASE_WITHDRAWN = 2,
       FWL_RELEASE_MALICIOUS = 3,
};

struct fwl_attestation {
    struct fwl_span builder;
    struct fwl_digest digest;
};

struct fwl_release_entry {
    uint64_t has;
    struct fwl_span record; /* as amended; fwl_release_decode */
    uint64_t published_ms, changed_ms;
    uint64_t status;
    struct fwl_span reason;       /* key 5 */
    struct fwl_list attestations; /* fwl_entry_next_attestation, ascending builder */
};

struct fwl_vendor_entry {
    uint64_t has;
    struct fwl_span owner;
    bool suspended;
    uint64_t floor_epoch;
    bool encrypted_only;
    struct fwl_span reason; /* key 5 */
};

struct fwl_verdict {
    struct fwl_span scanner;
    uint64_t verdict; /* 1 clean, 2 malicious */
    struct fwl_span engine;
};

struct fwl_image_entry {
    uint64_t has;
    struct fwl_list verdicts; /* fwl_entry_next_verdict, ascending scanner */
};

/** Decoders: FWL_OK or why not, and @fault (may be NULL) names the field. FWL_ERR_LIMIT above the table's maximum;
 * the errors of core/cbor.h, FWL_ERR_UNKNOWN and FWL_ERR_MISSING (a key), and those of the fields. @out views @in,
 * zeros on failure. Cost: one pass. */
FWL_NODISCARD enum fwl_err fwl_entry_class(struct fwl_class_entry *out, struct fwl_fault *fault, struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_entry_fleet(struct fwl_fleet_entry *out, struct fwl_fault *fault, struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_entry_participant(struct fwl_participant_entry *out, struct fwl_fault *fault,
                                                 struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_entry_validators(struct fwl_validators_entry *out, struct fwl_fault *fault,
                                                struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_entry_release(struct fwl_release_entry *out, struct fwl_fault *fault,
                                             struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_entry_vendor(struct fwl_vendor_entry *out, struct fwl_fault *fault, struct fwl_span in);
FWL_NODISCARD enum fwl_err fwl_entry_image(struct fwl_image_entry *out, struct fwl_fault *fault, struct fwl_span in);
/** fwl_entry_number - a tombstone (height) or a transaction id's entry (expires): one unsigned integer. */
FWL_NODISCARD enum fwl_err fwl_entry_number(uint64_t *out, struct fwl_fault *fault, struct fwl_span in);

/** Encoders, the inverse: fields are there iff their bit of @has is set (FWL_ERR_MISSING, FWL_ERR_UNKNOWN on the writer
 * where it does not fit the table). */
void fwl_entry_put_class(struct fwl_writer *w, const struct fwl_class_entry *e);
void fwl_entry_put_fleet(struct fwl_writer *w, const struct fwl_fleet_entry *e);
void fwl_entry_put_participant(struct fwl_writer *w, const struct fwl_participant_entry *e);
void fwl_entry_put_validators(struct fwl_writer *w, const struct fwl_validators_entry *e);
void fwl_entry_put_release(struct fwl_writer *w, const struct fwl_release_entry *e);
void fwl_entry_put_vendor(struct fwl_writer *w, const struct fwl_vendor_entry *e);
void fwl_entry_put_image(struct fwl_writer *w, const struct fwl_image_entry *e);

/* Iterators over checked lists (false at the end) and the writers of their items. */
bool fwl_entry_next_live(struct fwl_reader *it, struct fwl_live *live);
bool fwl_entry_next_departed(struct fwl_reader *it, struct fwl_departed *departed);
bool fwl_entry_next_advisory(struct fwl_reader *it, struct fwl_advisory *advisory);
bool fwl_entry_next_rollout(struct fwl_reader *it, struct fwl_rollout *rollout);
bool fwl_entry_next_report(struct fwl_reader *it, struct fwl_report *report);
bool fwl_entry_next_attestation(struct fwl_reader *it, struct fwl_attestation *attestation);
bool fwl_entry_next_verdict(struct fwl_reader *it, struct fwl_verdict *verdict);
void fwl_entry_put_live(struct fwl_writer *w, const struct fwl_live *live);
void fwl_entry_put_departed(struct fwl_writer *w, const struct fwl_departed *departed);
void fwl_entry_put_advisory(struct fwl_writer *w, const struct fwl_advisory *advisory);
void fwl_entry_put_rollout(struct fwl_writer *w, const struct fwl_rollout *rollout);
void fwl_entry_put_report(struct fwl_writer *w, const struct fwl_report *report);
void fwl_entry_put_attestation(struct fwl_writer *w, const struct fwl_attestation *attestation);
void fwl_entry_put_verdict(struct fwl_writer *w, const struct fwl_verdict *verdict);

/** fwl_entry_find_live - the live release with this id; false when there is none. */
bool fwl_entry_find_live(struct fwl_live *out, const struct fwl_class_entry *e, const struct fwl_hash32 *id);
/** fwl_entry_find_rollout - the rollout of this release; false when there is none. */
bool fwl_entry_find_rollout(struct fwl_rollout *out, const struct fwl_fleet_entry *e, const struct fwl_hash32 *id);
/** fwl_entry_value_hash - SHA-256(0x13 || bytes): how a value is named. */
void fwl_entry_value_hash(struct fwl_hash32 *out, struct fwl_span value);

#endif
