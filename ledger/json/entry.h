/*
 * entry - entries of the state, headers, blocks and transactions as JSON, for the API and the command line. Zone H.
 *
 * Every object carries the key that it is found by ("id", "vendor", "class", "fleet", "height", "txid"); the caller
 * adds the height of the tip it was read at. Hashes and keys are lower-case hexadecimal, public keys of participants
 * "es256k:HEX" or "esp256:HEX" as key files print them, stored times numbers. Optional members are there iff the entry
 * has them. All arguments are borrowed; decoded objects are as their decoders left them, since what they view is read.
 *
 * Every function returns a new reference that the caller owns, or NULL when out of memory.
 */
#ifndef FWL_LEDGER_JSON_ENTRY_H
#define FWL_LEDGER_JSON_ENTRY_H

#include <jansson.h>

#include "core/base.h"
#include "ledger/model/body.h"
#include "ledger/model/cert.h"
#include "ledger/model/entry.h"
#include "ledger/model/evidence.h"
#include "ledger/model/genesis.h"
#include "ledger/model/policy.h"
#include "ledger/model/tx.h"

/** fwl_json_participant - {"id", "keys", "threshold", "roles", "quotas", "used", "withdrawn"}. */
FWL_NODISCARD json_t *fwl_json_participant(struct fwl_span id, const struct fwl_participant_entry *entry);

/** fwl_json_vendor - {"vendor", "owner", "suspended", "reason"?, "floor_epoch", "encrypted_only"}. */
FWL_NODISCARD json_t *fwl_json_vendor(struct fwl_span vendor, const struct fwl_vendor_entry *entry);

/**
 * fwl_json_class - {"class", "scheme", "next_seq", "releases", "departed", "advisories", "notes"?}.
 *
 * "releases" lists the live ones in publication order: {"id", "seq", "valid", "malicious", "value"} and, where the
 * caller has their entries, "version", "filename", "size", "channel"?, "severity"?.
 * Shape:   @releases holds entry->live.count bytes of table 9 entries in the order of the list, or is NULL; an element
 *          with size 0 is not at hand.
 */
FWL_NODISCARD json_t *fwl_json_class(struct fwl_span name, const struct fwl_class_entry *entry,
                                     const struct fwl_span *releases);

/** fwl_json_release - {"id", "status", "reason"?, "published_ms", "changed_ms", "attestations", "record"}; "record" as
 * fwl_json_release_value, null when it does not decode. */
FWL_NODISCARD json_t *fwl_json_release(const struct fwl_hash32 *id, const struct fwl_release_entry *entry);

/** fwl_json_fleet - {"fleet", "administrator", "policy_version", "policy" (value hash or null), "max_age_ms",
 * "rollouts"}. */
FWL_NODISCARD json_t *fwl_json_fleet(struct fwl_span name, const struct fwl_fleet_entry *entry);

/**
 * fwl_json_policy - {"fleet", "version", "select", "staged", "trackers"?, "approvers", "params", "rules", "rollouts",
 * "source" (SHA-256 of the source), "source_cbor"?}.
 *
 * @source: the bytes of table 13, empty when not at hand; "source_cbor" is their hexadecimal, and each rule then has
 * "when". Rules also have "code_bytes" and "lang".
 */
FWL_NODISCARD json_t *fwl_json_policy(struct fwl_span fleet, const struct fwl_policy_entry *entry,
                                      struct fwl_span source);

/** fwl_json_evidence - {"id" (signer and type), "signer", "type", "act", "evidence_height", "view", "evidence"}: a
 * record against the validator with the key in @key (33 bytes, of table 8). */
FWL_NODISCARD json_t *fwl_json_evidence(struct fwl_span key, struct fwl_span record, const struct fwl_evidence *ev);

/** fwl_json_governors - {"threshold", "keys"}. */
FWL_NODISCARD json_t *fwl_json_governors(const struct fwl_governors *set);

/** fwl_json_validators - {"validators": [{"key", "participant", "nodes", "log_keys"?}], "governors": {"threshold",
 * "keys"}}; the caller adds height and epoch. */
FWL_NODISCARD json_t *fwl_json_validators(const struct fwl_validators_entry *entry);

/** fwl_json_params - {"heartbeat_ms", "leader_term", ..., "protocol": {"number", "activation_height"}}. */
FWL_NODISCARD json_t *fwl_json_params(const struct fwl_params *params);

/** fwl_json_image - {"digest": {"sha256": HEX}, "verdicts": [{"scanner", "verdict", "engine"}]}. */
FWL_NODISCARD json_t *fwl_json_image(const struct fwl_digest *digest, const struct fwl_image_entry *entry);

/** fwl_json_header - every field by name, "block_hash", and "time" as text beside "time_ms". */
FWL_NODISCARD json_t *fwl_json_header(const struct fwl_header *header);

/** fwl_json_block - the header's members, "transactions": [{"txid", "participant", "actions": [names]}], and
 * "certificate": {"view", "signers": [indices]} when @cert is not NULL. */
FWL_NODISCARD json_t *fwl_json_block(const struct fwl_body *body, const struct fwl_cert *cert);

/** fwl_json_transaction - {"txid", "participant", "expires", "actions": [{"action", ...}], "signatures": [kids]}; each
 * action with the names, ids and numbers that it carries; records and policies by their size and id. */
FWL_NODISCARD json_t *fwl_json_transaction(const struct fwl_tx *tx);

/** fwl_json_genesis - {"chain_id", "name"?, "time", "time_ms", "development", "params", "validators", "governors"}. */
FWL_NODISCARD json_t *fwl_json_genesis(const struct fwl_genesis *genesis, const struct fwl_hash32 *chain_id);

/** fwl_json_key - "es256k:HEX" or "esp256:HEX". */
FWL_NODISCARD json_t *fwl_json_key(const struct fwl_key *key);

/** fwl_json_role_name - "governors" etc.; NULL when @role is none. fwl_json_role - the inverse, 0 when there is none.
 */
const char *fwl_json_role_name(uint64_t role);
uint64_t fwl_json_role(struct fwl_span name);

#endif
