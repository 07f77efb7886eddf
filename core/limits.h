/*
 * limits - every maximum of protocol 1, in one place. Zone F.
 *
 * These are constants of the protocol number, not parameters (ledger.md "Growth"): a change is a new protocol.
 * Sizes are bytes unless the name says otherwise. Each has a test at max and at max + 1.
 */
#ifndef FWL_CORE_LIMITS_H
#define FWL_CORE_LIMITS_H

#include <assert.h> /* static_assert only; libc's assert() is not used */

#include "core/base.h"

#define FWL_PROTOCOL 1

/* names, ledger.md 1 */
#define FWL_PARTICIPANT_ID_MAX 63
#define FWL_SEGMENT_MAX        63
#define FWL_CLASS_MAX          (3 * FWL_SEGMENT_MAX + 2)
#define FWL_FLEET_MAX          (2 * FWL_PARTICIPANT_ID_MAX + 1)

/* participants, ledger.md 2 */
#define FWL_KEYS_MAX  16
#define FWL_ROLES_MAX 8
#define FWL_QUOTA_MAX 1000000000

/* transactions, ledger.md 3 */
#define FWL_TX_MAX              65535
#define FWL_TX_ACTIONS_MAX      256
#define FWL_TX_LIFE_S           86400
#define FWL_TX_LIFE_GOVERNORS_S 2592000
#define FWL_TX_WORK_MAX         4194304            /* bytes of entries that one transaction reads and writes */
#define FWL_TX_SIGNATURES_MAX   (2 * FWL_KEYS_MAX) /* a rotation: the union of old and new */

/* release records, ledger.md 5 */
#define FWL_RELEASE_MAX         16384
#define FWL_FILENAME_MAX        255
#define FWL_NOTES_MAX           4096
#define FWL_LINKS_MAX           8
#define FWL_LINK_MAX            1024
#define FWL_LABELS_MAX          16
#define FWL_LABEL_KEY_MAX       63
#define FWL_LABEL_VALUE_MAX     256
#define FWL_CHANNEL_MAX         63
#define FWL_CONDITIONS_MAX      32
#define FWL_CONDITION_NAMES_MAX 512
#define FWL_CONDITION_NAME_MAX  128
#define FWL_CLAUSES_MAX         256
#define FWL_ALTERNATIVES_MAX    16
#define FWL_RELATIONS_MAX       256
#define FWL_RELATION_NAME_MAX   128
#define FWL_REGIONS_MAX         256
#define FWL_DIGESTS_MAX         4
#define FWL_AUTHOR_SIG_MAX      512
#define FWL_ENCRYPTION_MAX      4096
#define FWL_MANIFEST_MAX        8192
#define FWL_REPLACES_MAX        64

/* entries, ledger.md 6 */
#define FWL_ENTRY_MAX            65536
#define FWL_CLASS_ENTRY_MAX      16384
#define FWL_CLASS_NOTES_MAX      1024
#define FWL_CLASS_RELEASES_MAX   64
#define FWL_CLASS_DEPARTED_MAX   16
#define FWL_CLASS_ADVISORIES_MAX 16
#define FWL_FLEET_ROLLOUTS_MAX   256
#define FWL_FLEET_ROLLOUTS_BYTES 65024 /* of their items in an entry, each with room for any reason */
#define FWL_REASON_MAX           512
#define FWL_ADVISORY_ID_MAX      64
#define FWL_ADVISORY_CLASSES_MAX 8
#define FWL_ENGINE_MAX           64
#define FWL_VERDICT_RELEASES_MAX 16
#define FWL_IMAGE_VERDICTS_MAX   16
#define FWL_ATTESTATIONS_MAX     64
#define FWL_ROLLOUT_SALT_MAX     64

/* policies, ledger.md 7 and the rule language, lang 1 */
#define FWL_POLICY_MAX           65536
#define FWL_POLICY_RULES_MAX     64
#define FWL_POLICY_STAGED_MAX    32
#define FWL_POLICY_PARAMS_MAX    32
#define FWL_POLICY_TRACKERS_MAX  16
#define FWL_POLICY_APPROVERS_MAX 16
#define FWL_POLICY_TEMPLATES_MAX 8
#define FWL_POLICY_STAGES_MAX    16
#define FWL_RULE_NAME_MAX        63
#define FWL_RULE_SOURCE_MAX      4096
#define FWL_RULE_MESSAGE_MAX     160
#define FWL_RULE_SCOPE_MAX       16

/* facts of a device */
#define FWL_FACT_TEXT_MAX      256
#define FWL_FACT_GROUPS_MAX    16
#define FWL_FACT_LABELS_MAX    16
#define FWL_FACT_INSTALLED_MAX 256

/* consensus, consensus.md 2 and 3 */
#define FWL_VALIDATORS_MAX        100
#define FWL_VALIDATOR_NODES_MAX   8
#define FWL_HEADER_SIZE           344
#define FWL_BLOCK_MAX_DEFAULT     1048576
#define FWL_BLOCK_MAX_MIN         131072
#define FWL_BLOCK_MAX_MAX         8388608
#define FWL_BLOCK_ENTRIES_MAX     16384 /* entries that the transactions of a block write */
#define FWL_BLOCK_WORK_DEFAULT    33554432
#define FWL_BLOCK_WORK_MIN        4194304
#define FWL_BLOCK_WORK_MAX        67108864
#define FWL_HEARTBEAT_MIN_MS      1000
#define FWL_HEARTBEAT_MAX_MS      3600000
#define FWL_PRECISION_MAX_MS      60000
#define FWL_MSGDELAY_MAX_MS       600000
#define FWL_LEADER_TERM_MAX       1024
#define FWL_EPOCH_STEPS_MAX       64
#define FWL_PROOF_MAX             8258
#define FWL_POSSESSION_BLOCKS_MAX 1000
#define FWL_EVIDENCE_BLOCKS_MAX   100000
#define FWL_TX_REMOVALS_BASE      1024

/* snapshots, consensus.md 3.5 */
#define FWL_SNAPSHOT_CHUNKS_MIN  256
#define FWL_SNAPSHOT_CHUNKS_MAX  4096
#define FWL_SNAPSHOT_CHUNK_SPLIT 16777216 /* a chunk above it: 4,096 chunks instead of 256 */
#define FWL_SNAPSHOT_CHUNK_MAX   67108864
#define FWL_SNAPSHOT_HEADERS     (FWL_POSSESSION_BLOCKS_MAX - 1) /* before that of the snapshot */

static_assert(FWL_TX_MAX <= UINT16_MAX, "a transaction is a log entry with a 16-bit length");
static_assert(FWL_RELEASE_MAX < FWL_TX_MAX, "a release record fits a transaction");
static_assert(FWL_POLICY_MAX <= FWL_ENTRY_MAX && FWL_CLASS_ENTRY_MAX <= FWL_ENTRY_MAX, "every entry has one bound");
static_assert(FWL_TX_MAX + FWL_HEADER_SIZE + 8 <= FWL_BLOCK_MAX_MIN, "every transaction fits a block");
static_assert(FWL_FLEET_ROLLOUTS_BYTES + 512 <= FWL_ENTRY_MAX, "the rest of a fleet is smaller");
static_assert(FWL_TX_WORK_MAX <= FWL_BLOCK_WORK_MIN, "every valid transaction fits a block");
static_assert(FWL_BLOCK_MAX_DEFAULT <= FWL_BLOCK_MAX_MAX, "the default is within its bounds");

#endif
