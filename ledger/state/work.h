/*
 * work - what the actions of one block share: reading and writing entries, counted, and refusing. Zone P. Internal.
 *
 * A transaction runs in `tx`, an overlay above that of its block. Views of an entry die when that entry is written; so
 * an action decodes, writes the new entry into a scratch buffer, and puts it.
 */
#ifndef FWL_LEDGER_STATE_WORK_H
#define FWL_LEDGER_STATE_WORK_H

#include "contracts/policy/compile/policy_compile.h"
#include "contracts/policy/progress.h"
#include "ledger/merkle/build/smt.h"
#include "ledger/state/state.h"

enum {
    /* All that FWL_TX_WORK_MAX bytes of writes can take, each at most an entry; so the counted limit is met first. */
    FWL_WORK_TX_ARENA = FWL_TX_WORK_MAX + FWL_BLOCK_ENTRIES_MAX * (FWL_OVERLAY_NODE_BYTES + 40) + FWL_ENTRY_MAX,
    FWL_WORK_CHANGES = FWL_BLOCK_ENTRIES_MAX + FWL_TX_REMOVALS_BASE + 2 * FWL_BLOCK_ENTRIES_MAX,
    FWL_WORK_SCRATCH = 2 * FWL_ENTRY_MAX,
};

struct fwl_state {
    struct fwl_state_block block;
    struct fwl_overlay *o; /* of the block */
    struct fwl_overlay tx; /* of the transaction */
    struct fwl_kv kv;      /* of tx */
    struct fwl_state_refusal why;
    uint64_t work, entries;       /* of the block, accepted transactions */
    uint64_t tx_work, tx_entries; /* of this transaction */
    uint32_t txs;                 /* accepted */
    bool change_seen;             /* a validators.change in this block */
    bool tx_change;               /* ... in this transaction */
    struct fwl_state_result result;
    struct fwl_state_result tx_result;
    struct fwl_tx decoded;
    uint8_t scratch[3][FWL_WORK_SCRATCH];
    uint8_t participant[2048]; /* an entry: 16 keys of 40 bytes, 8 roles, 10 numbers */
    struct fwl_policy_compiler compiler;
    struct fwl_progress_work progress;
    uint8_t set[2][FWL_VALIDATORS_SIZE_MAX];
    struct fwl_smt_change changes[FWL_WORK_CHANGES];
    max_align_t arena[FWL_WORK_TX_ARENA / sizeof(max_align_t) + 1];
};

/** fwl_work_refuse - note why, and return @err, which is not FWL_OK. Inline so that the analyzer sees that. */
static inline enum fwl_err
fwl_work_refuse(struct fwl_state *s, enum fwl_err err, const char *field, const char *rule)
{
    FWL_ASSERT(err != FWL_OK);
    s->why.err = err;
    s->why.field = field;
    s->why.rule = rule;
    return err;
}

/** fwl_work_spend - count work that is no entry, in units like bytes: FWL_OK, FWL_ERR_WORK (noted). */
FWL_NODISCARD enum fwl_err fwl_work_spend(struct fwl_state *s, uint64_t units);

/** fwl_work_get - an entry; FWL_OK, FWL_ERR_ABSENT (nothing noted), FWL_ERR_WORK (noted), or a local failure. */
FWL_NODISCARD enum fwl_err fwl_work_get(struct fwl_state *s, struct fwl_span *value, enum fwl_table table,
                                        struct fwl_span key);
/** fwl_work_put - write an entry. FWL_OK, FWL_ERR_WORK (noted), FWL_ERR_SPACE. */
FWL_NODISCARD enum fwl_err fwl_work_put(struct fwl_state *s, enum fwl_table table, struct fwl_span key,
                                        struct fwl_span value);
/** fwl_work_put_writer - the same from a finished writer; an entry above @max bytes is refused (FWL_ERR_LIMIT). */
FWL_NODISCARD enum fwl_err fwl_work_put_writer(struct fwl_state *s, enum fwl_table table, struct fwl_span key,
                                               struct fwl_writer *w, size_t max);

/* Decoded entries; FWL_ERR_ABSENT, FWL_ERR_CORRUPT. */
FWL_NODISCARD enum fwl_err fwl_work_participant(struct fwl_state *s, struct fwl_participant_entry *out,
                                                struct fwl_span id);
FWL_NODISCARD enum fwl_err fwl_work_put_participant(struct fwl_state *s, struct fwl_span id,
                                                    const struct fwl_participant_entry *e);
FWL_NODISCARD enum fwl_err fwl_work_vendor(struct fwl_state *s, struct fwl_vendor_entry *out, struct fwl_span vendor);
FWL_NODISCARD enum fwl_err fwl_work_class(struct fwl_state *s, struct fwl_class_entry *out, struct fwl_span name);
FWL_NODISCARD enum fwl_err fwl_work_fleet(struct fwl_state *s, struct fwl_fleet_entry *out, struct fwl_span name);

FWL_NODISCARD enum fwl_err fwl_work_put_fleet(struct fwl_state *s, struct fwl_span name,
                                              const struct fwl_fleet_entry *e);
/** fwl_work_fleet_owner - is the signer the administrator in the fleet's name? FWL_ERR_ROLE, FWL_ERR_NAME,
 * FWL_ERR_OWNER. */
FWL_NODISCARD enum fwl_err fwl_work_fleet_owner(struct fwl_state *s, struct fwl_span name);

/** fwl_work_role - does the signing participant have @role? Else FWL_ERR_ROLE. */
FWL_NODISCARD enum fwl_err fwl_work_role(struct fwl_state *s, enum fwl_role role);
/** fwl_work_with_role - is @id a participant that is not withdrawn and has @role (0: any)? FWL_ERR_NOT_FOUND,
 * FWL_ERR_ROLE. */
FWL_NODISCARD enum fwl_err fwl_work_with_role(struct fwl_state *s, struct fwl_span id, enum fwl_role role,
                                              const char *field);

enum fwl_work_quota { FWL_WORK_CLASSES, FWL_WORK_FLEETS, FWL_WORK_RELEASES };
/** fwl_work_use - count @delta (1 or -1) against a quota of @id; FWL_ERR_QUOTA when it is used up. */
FWL_NODISCARD enum fwl_err fwl_work_use(struct fwl_state *s, struct fwl_span id, enum fwl_work_quota which, int delta);

/* The actions. FWL_OK, a refusal (noted), or a local failure. */
enum fwl_err fwl_work_participants(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_validators_change(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_params_set(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_vendors(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_class_register(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_release_publish(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_release_amend(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_release_withdraw(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_fleet_create(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_policy_set(struct fwl_state *s, const struct fwl_action *a);
enum fwl_err fwl_work_rollouts(struct fwl_state *s, const struct fwl_action *a);
/** fwl_work_evidence - a stand-alone Evidence record. */
enum fwl_err fwl_work_evidence(struct fwl_state *s, struct fwl_span record);

/** fwl_work_rules - compile a policy source; @out views it and s->compiler. Refuses with FWL_ERR_RULE, FWL_ERR_LIMIT.
 */
enum fwl_err fwl_work_rules(struct fwl_state *s, const struct fwl_policy_source *source, struct fwl_policy_entry *out);

/** fwl_work_tree - update the state tree with all entries that @o wrote. */
enum fwl_err fwl_work_tree(struct fwl_state *s, struct fwl_overlay *o, struct fwl_hash32 *root);
/** fwl_work_governors - the present GovernorSet of the participant `governors`; @buffer as fwl_key_governors. */
enum fwl_err fwl_work_governors(struct fwl_state *s, struct fwl_governors *out, uint8_t *buffer);

#endif
