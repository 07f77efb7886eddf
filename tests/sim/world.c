#include "tests/sim/world.h"

#include <stdio.h>

#include "ledger/model/statement.h"

static void
secret_of(struct fwl_secret *out, enum fwl_key_kind kind, uint8_t number)
{
    *out = (struct fwl_secret){.kind = kind};
    memset(out->b, 0x11, sizeof(out->b));
    out->b[31] = number;
}

/* ---- signatures ---- */

static void
stand_in(struct fwl_sig64 *out, struct fwl_span signer, const struct fwl_hash32 *digest)
{
    const struct fwl_span parts[] = {fwl_span_text("stand-in"), signer, fwl_hash32_span(digest)};
    struct fwl_hash32 h;

    fwl_sha256_parts(&h, parts, FWL_COUNT(parts));
    memcpy(out->b, h.b, 32);
    memcpy(out->b + 32, h.b, 32);
}

size_t
world_number(const struct world *w, const struct fwl_pubkey32 *key)
{
    size_t who = 0;

    while (who < WORLD_KEYS && memcmp(&w->key[who], key, sizeof(*key)) != 0) {
        who++;
    }
    FWL_ASSERT(who < WORLD_KEYS);
    return who;
}

void
world_sign(const struct world *w, struct fwl_sig64 *out, size_t who, const struct fwl_hash32 *digest)
{
    if (w->real) {
        fwl_schnorr_sign(out, &w->secret[who], digest);
    } else {
        stand_in(out, fwl_span(w->key[who].b, 32), digest);
    }
}

enum fwl_err
world_verify(const struct world *w, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest,
             const struct fwl_pubkey32 *key)
{
    struct fwl_sig64 right;

    if (w->real) {
        return fwl_schnorr_verify(sig, digest, key);
    }
    stand_in(&right, fwl_span(key->b, 32), digest);
    return memcmp(right.b, sig->b, sizeof(right.b)) == 0 ? FWL_OK : FWL_ERR_SIGNATURE;
}

enum fwl_err
world_verify_tx(const struct world *w, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold,
                struct fwl_list new_keys, uint64_t new_threshold)
{
    struct fwl_reader it;
    struct fwl_tx_signature s;
    uint64_t count = 0;

    if (w->real) {
        return fwl_state_verify_real(NULL, tx, keys, threshold, new_keys, new_threshold);
    }
    for (fwl_list_begin(&it, tx->signatures); fwl_tx_next_signature(&it, &s); count++) {
        struct fwl_key key;
        struct fwl_hash32 digest;
        struct fwl_sig64 right;

        if (!fwl_key_find(&key, keys, &s.kid)) {
            return FWL_ERR_KEYS;
        }
        fwl_tx_digest(&digest, s.alg, &s.kid, tx->payload);
        stand_in(&right, fwl_span(key.point.b, sizeof(key.point.b)), &digest);
        if (memcmp(right.b, s.sig.b, sizeof(right.b)) != 0) {
            return FWL_ERR_SIGNATURE;
        }
    }
    return count == threshold ? FWL_OK : FWL_ERR_KEYS;
}

/* ---- genesis ---- */

static struct fwl_list
governors(const struct world *w, uint8_t *buffer, size_t room)
{
    struct fwl_key keys[1] = {w->governor_key};
    struct fwl_list list = {.count = 1};
    struct fwl_writer out;

    fwl_writer_init(&out, buffer, room);
    fwl_key_put_list(&out, keys, 1);
    FWL_ASSERT(fwl_writer_finish(&out, &list.items) == FWL_OK);
    return list;
}

static struct fwl_list
members_of(const struct world *w, uint8_t *buffer, size_t room, const uint8_t *numbers, size_t count)
{
    struct fwl_list list = {.count = count};
    struct fwl_writer out;
    bool done[WORLD_KEYS] = {false};

    fwl_writer_init(&out, buffer, room);
    for (size_t i = 0; i < count; i++) {
        struct fwl_member m = {.has = 0xe, .organisation = fwl_span_text("org")};
        uint8_t node[40];
        struct fwl_writer nodes;
        size_t least = WORLD_KEYS;

        for (size_t j = 0; j < count; j++) { /* ascending by key */
            if (!done[numbers[j]] && (least == WORLD_KEYS || memcmp(w->key[numbers[j]].b, w->key[least].b, 32) < 0)) {
                least = numbers[j];
            }
        }
        done[least] = true;
        memcpy(m.key.b, w->key[least].b, 32);
        fwl_writer_init(&nodes, node, sizeof(node));
        fwl_cbor_put_bytes(&nodes, fwl_span(w->node[least].b, 32));
        FWL_ASSERT(fwl_writer_finish(&nodes, &m.node_keys.items) == FWL_OK);
        m.node_keys.count = 1;
        fwl_member_put(&out, &m);
    }
    FWL_ASSERT(fwl_writer_finish(&out, &list.items) == FWL_OK);
    return list;
}

/* A world with the keys alone, made once: 25 points of the curve take longer than many a run. */
static const struct world *
keys_of_all(void)
{
    static struct world w;
    static bool made;

    if (made) {
        return &w;
    }
    secret_of(&w.governor, FWL_KEY_PARTICIPANT, 1);
    fwl_secret_point(&w.governor_key.alg, &w.governor_key.point, &w.governor);
    fwl_key_kid(&w.governor_kid, &w.governor_key);
    for (unsigned i = 0; i < WORLD_KEYS; i++) {
        struct fwl_secret node;

        secret_of(&w.secret[i], FWL_KEY_VALIDATOR, (uint8_t)(50 + i));
        secret_of(&node, FWL_KEY_NODE, (uint8_t)(100 + i));
        fwl_secret_xonly(&w.key[i], &w.secret[i]);
        fwl_secret_xonly(&w.node[i], &node);
    }
    made = true;
    return &w;
}

void
world_make(struct world *w, size_t n, bool real, const struct fwl_params *params)
{
    static const uint8_t numbers[WORLD_KEYS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    struct fwl_genesis g = {.has = 0x7e, .time_ms = WORLD_START_MS, .threshold = 1, .development = n < 4};
    uint8_t keys[256];
    uint8_t members[4096];
    struct fwl_writer out;

    *w = *keys_of_all();
    w->real = real;
    if (params == NULL) {
        fwl_params_default(&w->params);
    } else {
        w->params = *params;
    }
    g.params = w->params;
    g.governors = governors(w, keys, sizeof(keys));
    g.members = members_of(w, members, sizeof(members), numbers, n);
    fwl_writer_init(&out, w->genesis_bytes, sizeof(w->genesis_bytes));
    fwl_genesis_put(&out, &g);
    FWL_ASSERT(fwl_writer_finish(&out, &w->genesis) == FWL_OK);
    fwl_genesis_chain_id(&w->chain_id, w->genesis);
}

/* ---- transactions ---- */

struct fwl_span
world_tx(struct world *w, uint8_t out[WORLD_TX_ROOM], const struct fwl_action *action, uint64_t expires_s)
{
    return world_tx_by(w, out, "governors", action, expires_s);
}

struct fwl_span
world_tx_by(struct world *w, uint8_t out[WORLD_TX_ROOM], const char *participant, const struct fwl_action *action,
            uint64_t expires_s)
{
    uint8_t items[WORLD_TX_ROOM];
    uint8_t payload[WORLD_TX_ROOM];
    uint8_t salt[8];
    struct fwl_tx tx = {.has = 0x3e,
                        .chain_id = w->chain_id,
                        .participant = fwl_span_text(participant),
                        .expires_s = expires_s,
                        .salt = fwl_span(salt, sizeof(salt)),
                        .actions.count = 1};
    struct fwl_tx_signature s = {.alg = w->governor_key.alg, .kid = w->governor_kid};
    struct fwl_hash32 digest;
    struct fwl_span bytes;
    struct fwl_writer writer;

    fwl_store_be64(salt, ++w->salt);
    fwl_writer_init(&writer, items, sizeof(items));
    fwl_action_put(&writer, action);
    FWL_ASSERT(fwl_writer_finish(&writer, &tx.actions.items) == FWL_OK);
    fwl_writer_init(&writer, payload, sizeof(payload));
    fwl_tx_put_payload(&writer, &tx);
    FWL_ASSERT(fwl_writer_finish(&writer, &bytes) == FWL_OK);
    fwl_tx_digest(&digest, s.alg, &s.kid, bytes);
    if (w->real) {
        fwl_ecdsa_sign(&s.sig, &w->governor, &digest);
    } else {
        stand_in(&s.sig, fwl_span(w->governor_key.point.b, sizeof(w->governor_key.point.b)), &digest);
    }
    fwl_writer_init(&writer, out, WORLD_TX_ROOM);
    fwl_tx_put(&writer, bytes, &s, 1);
    FWL_ASSERT(fwl_writer_finish(&writer, &bytes) == FWL_OK);
    return bytes;
}

struct fwl_span
world_put(struct world *w, uint8_t out[WORLD_TX_ROOM], uint32_t number, uint64_t role, uint64_t expires_s)
{
    char id[16];

    (void)snprintf(id, sizeof(id), "p%u", number);
    return world_participant(w, out, id, role == 0 ? FWL_ROLE_AUDITOR : (enum fwl_role)role, expires_s);
}

struct fwl_span
world_participant(struct world *w, uint8_t out[WORLD_TX_ROOM], const char *id, enum fwl_role role, uint64_t expires_s)
{
    uint8_t keys[256];
    uint8_t roles[1] = {(uint8_t)role};
    struct fwl_action a = {.code = FWL_ACTION_PARTICIPANT_PUT};

    a.has = fwl_action_required(a.code);
    a.u.participant.id = fwl_span_text(id);
    a.u.participant.keys = governors(w, keys, sizeof(keys));
    a.u.participant.threshold = 1;
    a.u.participant.roles = (struct fwl_list){.items = fwl_span(roles, 1), .count = 1};
    a.u.participant.quotas = (struct fwl_quotas){10, 10, 10, 1000};
    return world_tx(w, out, &a, expires_s);
}

struct fwl_span
world_change(struct world *w, uint8_t out[WORLD_TX_ROOM], const uint8_t *members, size_t count, uint64_t epoch,
             int added, uint64_t height, const struct fwl_hash32 *hash, uint64_t expires_s)
{
    uint8_t items[4096];
    uint8_t set[FWL_VALIDATORS_SIZE_MAX];
    uint8_t keys[256];
    uint8_t points[33 * FWL_KEYS_MAX];
    uint8_t bitmap[1] = {1};
    struct fwl_action a = {.code = FWL_ACTION_VALIDATORS_CHANGE};
    struct fwl_validators v;
    struct fwl_governors g;
    struct fwl_hash32 vh;
    struct fwl_hash32 gh;
    struct fwl_hash32 digest;
    struct fwl_sig64 sig;

    a.has = fwl_action_required(a.code) | FWL_HAS(2);
    a.u.validators.members = members_of(w, items, sizeof(items), members, count);
    FWL_ASSERT(fwl_member_set(&v, set, a.u.validators.members) == FWL_OK);
    fwl_validators_hash(&vh, &v);
    FWL_ASSERT(fwl_key_governors(&g, points, governors(w, keys, sizeof(keys)), 1) == FWL_OK);
    fwl_governors_hash(&gh, &g);
    fwl_statement_epoch(&digest, &w->chain_id, epoch, &vh, &gh);
    fwl_ecdsa_sign(&sig, &w->governor, &digest); /* execution checks these for real */
    a.u.validators.signatures.bitmap = fwl_span(bitmap, 1);
    a.u.validators.signatures.sigs = fwl_span(sig.b, sizeof(sig.b));
    if (added >= 0) {
        struct fwl_possession *p = &a.u.validators.possession;

        a.has |= FWL_HAS(3);
        p->height = height;
        p->block_hash = *hash;
        fwl_statement_possession(&digest, &w->chain_id, height, hash);
        fwl_schnorr_sign(&p->sig, &w->secret[added], &digest);
    }
    return world_tx(w, out, &a, expires_s);
}

void
world_txid(struct fwl_hash32 *out, struct fwl_span tx)
{
    struct fwl_tx decoded;

    FWL_ASSERT(fwl_tx_decode(&decoded, NULL, tx) == FWL_OK);
    fwl_tx_id(out, decoded.payload);
}
