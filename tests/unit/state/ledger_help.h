/* A small ledger in memory for tests of execution: blocks of transactions on an overlay that plays the store. */
#ifndef FWL_TESTS_UNIT_STATE_LEDGER_HELP_H
#define FWL_TESTS_UNIT_STATE_LEDGER_HELP_H

#include <stdio.h>
#include <stdlib.h>

#include "core/host/keys.h"
#include "ledger/state/state.h"

#define HELP_T0 UINT64_C(1790000000000) /* time of genesis, ms */

struct help_ledger {
    struct fwl_state *state;
    struct fwl_overlay base, block;
    struct fwl_state_block at;
    struct fwl_hash32 root;
    struct fwl_state_refusal why;
    void *memory[3];
    bool real; /* real signatures */
};

static struct fwl_secret help_governor;
static uint64_t help_salt;

static inline void
help_secret(struct fwl_secret *out, uint8_t n)
{
    *out = (struct fwl_secret){.kind = FWL_KEY_PARTICIPANT};
    memset(out->b, 0x11, sizeof(out->b));
    out->b[31] = n;
}

static inline enum fwl_err
help_yes(void *cookie, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold, struct fwl_list new_keys,
         uint64_t new_threshold)
{
    (void)cookie, (void)tx, (void)keys, (void)threshold, (void)new_keys, (void)new_threshold;
    return FWL_OK;
}

static inline struct fwl_list
help_keys(uint8_t *buffer, size_t room, uint8_t first, size_t count)
{
    struct fwl_key keys[FWL_KEYS_MAX];
    struct fwl_list list = {.count = count};
    struct fwl_writer w;

    for (size_t i = 0; i < count; i++) {
        struct fwl_secret secret;

        help_secret(&secret, (uint8_t)(first + i));
        fwl_secret_point(&keys[i].alg, &keys[i].point, &secret);
    }
    fwl_writer_init(&w, buffer, room);
    fwl_key_put_list(&w, keys, count);
    FWL_ASSERT(fwl_writer_finish(&w, &list.items) == FWL_OK);
    return list;
}

static inline struct fwl_list
help_members(uint8_t *buffer, size_t room, const uint8_t *numbers, size_t count)
{
    struct fwl_member m[8];
    struct fwl_list list = {.count = count};
    struct fwl_writer w;

    for (size_t i = 0; i < count; i++) {
        struct fwl_secret secret;
        struct fwl_pubkey32 key;

        help_secret(&secret, numbers[i]);
        secret.kind = FWL_KEY_VALIDATOR;
        fwl_secret_xonly(&key, &secret);
        m[i] = (struct fwl_member){.has = 0xe, .organisation = fwl_span_text("org")};
        memcpy(m[i].key.b, key.b, sizeof(key.b));
    }
    for (size_t i = 0; i < count; i++) { /* ascending by key */
        for (size_t j = i + 1; j < count; j++) {
            if (memcmp(m[j].key.b, m[i].key.b, 32) < 0) {
                struct fwl_member t = m[i];
                m[i] = m[j];
                m[j] = t;
            }
        }
    }
    fwl_writer_init(&w, buffer, room);
    for (size_t i = 0; i < count; i++) {
        fwl_member_put(&w, &m[i]);
    }
    FWL_ASSERT(fwl_writer_finish(&w, &list.items) == FWL_OK);
    return list;
}

/* In memory of the caller: fwl_state_footprint() bytes, those for the store and those for a block. */
static inline void
help_open_in(struct help_ledger *l, void *const memory[3], size_t base_room, size_t block_room)
{
    static const uint8_t numbers[] = {101, 102, 103, 104};
    uint8_t keys[2048], members[2048];
    struct fwl_genesis g = {.has = 0x7e, .time_ms = HELP_T0, .threshold = 1};

    *l = (struct help_ledger){0};
    help_secret(&help_governor, 1);
    memcpy(l->memory, memory, sizeof(l->memory));
    l->state = fwl_state_init(l->memory[0], fwl_state_footprint());
    fwl_overlay_init(&l->base, NULL, l->memory[1], base_room);
    struct fwl_kv base = fwl_overlay_kv(&l->base);
    fwl_overlay_init(&l->block, &base, l->memory[2], block_room);
    fwl_params_default(&g.params);
    g.governors = help_keys(keys, sizeof(keys), 1, 1);
    g.members = help_members(members, sizeof(members), numbers, FWL_COUNT(numbers));
    FWL_ASSERT(fwl_state_genesis(l->state, &l->base, &l->root, &g) == FWL_OK);
    memset(l->at.chain_id.b, 0xc1, 32);
    l->at.time_ms = HELP_T0;
    l->at.params = g.params;
    l->at.verify = help_yes;
    l->at.verify_vote = fwl_cert_schnorr;
}

static inline void
help_open(struct help_ledger *l)
{
    const size_t sizes[] = {fwl_state_footprint(), 256U << 20, 64U << 20};
    void *memory[3];

    for (size_t i = 0; i < FWL_COUNT(sizes); i++) {
        memory[i] = malloc(sizes[i]);
        FWL_ASSERT(memory[i] != NULL);
    }
    help_open_in(l, memory, sizes[1], sizes[2]);
}

static inline void
help_close(struct help_ledger *l)
{
    for (size_t i = 0; i < FWL_COUNT(l->memory); i++) {
        free(l->memory[i]);
    }
}

static inline void
help_begin(struct help_ledger *l)
{
    l->at.height++;
    l->at.time_ms += 1000;
    l->at.verify = l->real ? fwl_state_verify_real : help_yes;
    fwl_overlay_reset(&l->block);
    fwl_state_begin(l->state, &l->block, &l->at);
}

static inline void
help_end(struct help_ledger *l)
{
    struct fwl_state_result result;

    FWL_ASSERT(fwl_state_end(l->state, &result) == FWL_OK);
    FWL_ASSERT(fwl_overlay_merge(&l->base, &l->block) == FWL_OK);
    l->root = result.state_root;
}

/* A transaction of @count actions, signed by @signer. */
static inline struct fwl_span
help_tx(const struct help_ledger *l, uint8_t *out, size_t room, const char *participant,
        const struct fwl_action *actions, size_t count, const struct fwl_secret *signer)
{
    static uint8_t items[2 * FWL_TX_MAX], payload[2 * FWL_TX_MAX];
    uint8_t salt[8];
    struct fwl_tx tx = {.has = 0x3e, .chain_id = l->at.chain_id, .participant = fwl_span_text(participant)};
    struct fwl_tx_signature sig;
    struct fwl_hash32 digest;
    struct fwl_key key;
    struct fwl_writer w;
    struct fwl_span bytes, done;

    fwl_store_be64(salt, ++help_salt);
    tx.salt = fwl_span(salt, sizeof(salt));
    tx.expires_s = l->at.time_ms / 1000 + 600;
    fwl_writer_init(&w, items, sizeof(items));
    for (size_t i = 0; i < count; i++) {
        fwl_action_put(&w, &actions[i]);
    }
    FWL_ASSERT(fwl_writer_finish(&w, &tx.actions.items) == FWL_OK);
    tx.actions.count = count;
    fwl_writer_init(&w, payload, sizeof(payload));
    fwl_tx_put_payload(&w, &tx);
    FWL_ASSERT(fwl_writer_finish(&w, &bytes) == FWL_OK);
    fwl_secret_point(&key.alg, &key.point, signer);
    sig.alg = key.alg;
    fwl_key_kid(&sig.kid, &key);
    fwl_tx_digest(&digest, sig.alg, &sig.kid, bytes);
    memset(&sig.sig, 0, sizeof(sig.sig));
    if (l->real) { /* otherwise nobody looks at it, and signing would be most of the time */
        fwl_ecdsa_sign(&sig.sig, signer, &digest);
    }
    fwl_writer_init(&w, out, room);
    fwl_tx_put(&w, bytes, &sig, 1);
    FWL_ASSERT(fwl_writer_finish(&w, &done) == FWL_OK);
    return done;
}

/* One action in a transaction of its own, in the open block. */
static inline enum fwl_err
help_do(struct help_ledger *l, const char *participant, struct fwl_action a)
{
    static uint8_t bytes[2 * FWL_TX_MAX];

    a.has |= fwl_action_required(a.code);
    return fwl_state_apply(l->state, &l->why, NULL,
                           help_tx(l, bytes, sizeof(bytes), participant, &a, 1, &help_governor));
}

static inline enum fwl_err
help_put(struct help_ledger *l, const char *id, uint8_t role, struct fwl_quotas quotas)
{
    uint8_t keys[256], roles[1] = {role};
    struct fwl_action a = {.code = FWL_ACTION_PARTICIPANT_PUT};

    a.u.participant.id = fwl_span_text(id);
    a.u.participant.keys = help_keys(keys, sizeof(keys), 20, 1);
    a.u.participant.threshold = 1;
    a.u.participant.roles = (struct fwl_list){.items = fwl_span(roles, 1), .count = 1};
    a.u.participant.quotas = quotas;
    return help_do(l, "governors", a);
}

static inline enum fwl_err
help_vendor(struct help_ledger *l, enum fwl_action_code code, const char *vendor, const char *owner, uint64_t floor)
{
    struct fwl_action a = {.code = code};

    a.u.vendor.vendor = fwl_span_text(vendor);
    a.u.vendor.owner = fwl_span_text(owner);
    a.u.vendor.reason = fwl_span_text("because");
    a.u.vendor.floor = floor;
    return help_do(l, "governors", a);
}

static inline enum fwl_err
help_class(struct help_ledger *l, const char *participant, const char *name)
{
    struct fwl_action a = {.code = FWL_ACTION_CLASS_REGISTER};

    a.u.class_register.name = fwl_span_text(name);
    a.u.class_register.scheme = FWL_SCHEME_SEMVER;
    return help_do(l, participant, a);
}

static inline struct fwl_span
help_record(uint8_t *buffer, size_t room, const char *provider, const char *class_name, unsigned patch)
{
    char version[32];
    uint8_t digest[32] = {0};
    struct fwl_release r = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(3) | FWL_HAS(4) | FWL_HAS(5) | FWL_HAS(7) |
                                   FWL_HAS(9) | FWL_HAS(FWL_RELEASE_VALID)};
    struct fwl_writer w;
    struct fwl_span out;

    snprintf(version, sizeof(version), "1.0.%u", patch);
    fwl_store_be32(digest, patch);
    r.provider = fwl_span_text(provider);
    r.class_name = fwl_span_text(class_name);
    r.version = fwl_span_text(version);
    r.digest.alg = -16;
    r.digest.bytes = fwl_span(digest, sizeof(digest));
    r.size = 1000;
    r.file_name = fwl_span_text("image.bin");
    r.counter = 1;
    r.valid = true;
    fwl_writer_init(&w, buffer, room);
    fwl_release_put(&w, &r);
    FWL_ASSERT(fwl_writer_finish(&w, &out) == FWL_OK);
    return out;
}

static inline enum fwl_err
help_publish(struct help_ledger *l, const char *participant, const char *class_name, unsigned patch,
             struct fwl_hash32 *id, const struct fwl_hash32 *replaces)
{
    uint8_t record[1024], bytes[40];
    struct fwl_action a = {.code = FWL_ACTION_RELEASE_PUBLISH};
    struct fwl_writer w;

    a.u.publish.record = help_record(record, sizeof(record), participant, class_name, patch);
    if (id != NULL) {
        fwl_release_id(id, a.u.publish.record);
    }
    if (replaces != NULL) {
        fwl_writer_init(&w, bytes, sizeof(bytes));
        fwl_cbor_put_bytes(&w, fwl_hash32_span(replaces));
        a.has = FWL_HAS(2);
        a.u.publish.replaces = (struct fwl_list){.items = fwl_span(bytes, w.size), .count = 1};
    }
    return help_do(l, participant, a);
}

/* acme (provider) with vendor acme and class acme/gw/fw, ops (administrator). */
static inline void
help_world(struct help_ledger *l)
{
    struct fwl_quotas plenty = {1000, 1000, 1000, 100000};

    help_begin(l);
    FWL_ASSERT(help_put(l, "acme", FWL_ROLE_PROVIDER, plenty) == FWL_OK);
    FWL_ASSERT(help_put(l, "ops", FWL_ROLE_ADMINISTRATOR, plenty) == FWL_OK);
    FWL_ASSERT(help_vendor(l, FWL_ACTION_VENDOR_GRANT, "acme", "acme", 0) == FWL_OK);
    FWL_ASSERT(help_class(l, "acme", "acme/gw/fw") == FWL_OK);
    help_end(l);
}

/* A policy with one rollout template, "slow". */
struct help_plan {
    struct fwl_stage stages[4];
    size_t stage_count;
    const char *advance_when, *halt_when;
    bool auto_last;
    uint64_t k;
    const char *trackers[3]; /* ascending */
    const char *approvers[3];
};

static inline struct fwl_list
help_texts(uint8_t *buffer, size_t room, const char *const *names)
{
    struct fwl_list list = {0};
    struct fwl_writer w;

    fwl_writer_init(&w, buffer, room);
    for (; names[list.count] != NULL; list.count++) {
        fwl_cbor_put_text(&w, fwl_span_text(names[list.count]));
    }
    FWL_ASSERT(fwl_writer_finish(&w, &list.items) == FWL_OK);
    return list;
}

/* policy.set that replaces this version. */
static inline enum fwl_err
help_policy(struct help_ledger *l, const char *participant, const char *fleet, uint64_t replaces,
            const struct help_plan *plan)
{
    static uint8_t stages[256], templates[4096], trackers[512], approvers[512], source[8192];
    struct fwl_template t = {.has = 0x3e,
                             .name = fwl_span_text("slow"),
                             .advance_when = fwl_span_text(plan->advance_when),
                             .halt_when = fwl_span_text(plan->halt_when),
                             .auto_last = plan->auto_last};
    struct fwl_policy_source p = {.has = FWL_HAS(1) | FWL_HAS(2) | FWL_HAS(8), .select = FWL_SELECT_HIGHEST};
    struct fwl_action set = {.code = FWL_ACTION_POLICY_SET};
    struct fwl_writer w;

    fwl_writer_init(&w, stages, sizeof(stages));
    for (size_t i = 0; i < plan->stage_count; i++) {
        fwl_policy_put_stage(&w, &plan->stages[i]);
    }
    t.stages = (struct fwl_list){.items = fwl_span(stages, w.size), .count = plan->stage_count};
    fwl_writer_init(&w, templates, sizeof(templates));
    fwl_policy_put_template_source(&w, &t);
    p.templates = (struct fwl_list){.items = fwl_span(templates, w.size), .count = 1};
    p.max_age_ms = 2 * l->at.params.heartbeat_ms + 60000;
    if (plan->trackers[0] != NULL) {
        p.has |= FWL_HAS(5);
        p.trackers = (struct fwl_trackers){plan->k, help_texts(trackers, sizeof(trackers), plan->trackers)};
    }
    if (plan->approvers[0] != NULL) {
        p.has |= FWL_HAS(6);
        p.approvers = help_texts(approvers, sizeof(approvers), plan->approvers);
    }
    fwl_writer_init(&w, source, sizeof(source));
    fwl_policy_source_put(&w, &p);
    FWL_ASSERT(w.err == FWL_OK);
    set.u.fleet.name = fwl_span_text(fleet);
    set.u.fleet.replaces = replaces;
    set.u.fleet.source = fwl_span(source, w.size);
    return help_do(l, participant, set);
}

#endif
