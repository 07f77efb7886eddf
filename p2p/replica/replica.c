#include "core/carve.h"
#include "p2p/replica/internal.h"

enum {
    VOTES_SPARE = 4 * 1024 * 1024, /* of the votes arena, beside the bodies */
    RETRY_MS = 1000,
    OWES_MS = 600000, /* that blocks which are owed weigh beside other debts */
    TX_MIN = 64,
};

/* ---- what the parts are given ---- */

static enum fwl_err
sign(void *cookie, struct fwl_sig64 *out, const struct fwl_vote *vote, const struct fwl_hash32 *digest)
{
    struct fwl_replica *r = cookie;

    return r->config.io.sign(r->config.io.ctx, out, vote, digest);
}

static enum fwl_err
verify(void *cookie, const struct fwl_sig64 *sig, const struct fwl_hash32 *digest, const struct fwl_pubkey32 *key)
{
    struct fwl_replica *r = cookie;

    return r->config.io.verify(r->config.io.ctx, sig, digest, key);
}

static void
number(struct fwl_span *part, uint8_t buffer[8], uint64_t v)
{
    fwl_store_be64(buffer, v);
    *part = fwl_span(buffer, 8);
}

/*
 * Signatures of a transaction are judged when it enters the pool, when a block is built and when one is checked.
 * The answer is a pure function of the transaction and the keys, so a yes is remembered by the hash of all of them.
 */
static enum fwl_err
verify_tx(void *cookie, const struct fwl_tx *tx, struct fwl_list keys, uint64_t threshold, struct fwl_list new_keys,
          uint64_t new_threshold)
{
    struct fwl_replica *r = cookie;
    uint8_t numbers[4][8];
    struct fwl_span parts[8] = {tx->payload, tx->signatures.items, keys.items, new_keys.items};
    struct fwl_hash32 name;
    struct fwl_hash32 *slot = NULL;
    enum fwl_err err = FWL_OK;

    number(&parts[4], numbers[0], threshold);
    number(&parts[5], numbers[1], new_threshold);
    number(&parts[6], numbers[2], tx->payload.size);
    number(&parts[7], numbers[3], keys.items.size);
    fwl_sha256_parts(&name, parts, FWL_COUNT(parts));
    slot = &r->verified[fwl_load_be32(name.b) % FWL_REPLICA_VERIFIED];
    if (fwl_hash32_equal(slot, &name)) {
        return FWL_OK;
    }
    err = r->config.io.verify_tx(r->config.io.ctx, tx, keys, threshold, new_keys, new_threshold);
    if (err == FWL_OK) {
        *slot = name;
    }
    return err;
}

static struct fwl_consensus_config
engine_config(struct fwl_replica *r, const struct fwl_replica_config *config)
{
    return (struct fwl_consensus_config){.key = config->validator,
                                         .validators_max = config->validators_max,
                                         .views_max = config->views_max,
                                         .body_max = config->body_max,
                                         .timing = config->timing,
                                         .sign = sign,
                                         .verify = verify,
                                         .cookie = r,
                                         .tally = r == NULL ? NULL : &r->tally};
}

static struct fwl_chain_config
chain_config(struct fwl_replica *r, const struct fwl_replica_config *config)
{
    return (struct fwl_chain_config){.store = config->io.chain,
                                     .verify = verify_tx,
                                     .verify_vote = verify,
                                     .verify_cookie = r,
                                     .arena_bytes = config->arena_bytes,
                                     .body_max = config->body_max};
}

static size_t
votes_bytes(const struct fwl_replica_config *config)
{
    return (size_t)FWL_CONSENSUS_BODIES_MAX * config->body_max + VOTES_SPARE;
}

size_t
fwl_replica_footprint(const struct fwl_replica_config *config)
{
    struct fwl_consensus_config engine = engine_config(NULL, config);
    struct fwl_chain_config chain = chain_config(NULL, config);
    size_t engine_bytes = fwl_consensus_footprint(&engine);

    if (engine_bytes == 0) {
        return 0;
    }
    return fwl_carve_size(sizeof(struct fwl_replica)) + fwl_carve_size(engine_bytes) +
           fwl_carve_size(fwl_chain_footprint(&chain)) + fwl_carve_size(fwl_mempool_footprint(&config->mempool)) +
           fwl_carve_size(config->body_max + FWL_CERT_SIZE_SHORT_MAX) + fwl_carve_size(config->body_max + 8) +
           fwl_carve_size(config->body_max + FWL_FRAME_JUST_MAX) + fwl_carve_size(votes_bytes(config)) +
           fwl_carve_size(config->chunk_max) +
           fwl_carve_size((config->body_max / TX_MIN + 1) * sizeof(struct fwl_hash32));
}

struct fwl_replica *
fwl_replica_init(void *memory, size_t size, const struct fwl_replica_config *config)
{
    uint8_t *at = memory;
    struct fwl_replica *r = fwl_carve(&at, sizeof(*r));
    struct fwl_consensus_config engine = engine_config(r, config);
    struct fwl_chain_config chain = chain_config(r, config);

    FWL_ASSERT(size >= fwl_replica_footprint(config));
    memset(r, 0, sizeof(*r));
    r->config = *config;
    r->engine_bytes = fwl_consensus_footprint(&engine);
    r->engine_memory = fwl_carve(&at, r->engine_bytes);
    r->chain = fwl_chain_init(fwl_carve(&at, fwl_chain_footprint(&chain)), fwl_chain_footprint(&chain), &chain);
    r->pool = fwl_mempool_init(fwl_carve(&at, fwl_mempool_footprint(&config->mempool)),
                               fwl_mempool_footprint(&config->mempool), &config->mempool);
    r->block = fwl_carve(&at, config->body_max + FWL_CERT_SIZE_SHORT_MAX);
    r->body = fwl_carve(&at, config->body_max + 8);
    r->frame_bytes = config->body_max + FWL_FRAME_JUST_MAX;
    r->frame = fwl_carve(&at, r->frame_bytes);
    r->votes_bytes = votes_bytes(config);
    r->votes_arena = fwl_carve(&at, r->votes_bytes);
    r->sync.buffer = fwl_carve(&at, config->chunk_max);
    r->txids_max = config->body_max / TX_MIN + 1;
    r->txids = fwl_carve(&at, r->txids_max * sizeof(struct fwl_hash32));
    r->engine_timer = UINT64_MAX;
    return r;
}

void
fwl_replica_end(struct fwl_replica *r, enum fwl_replica_end why, enum fwl_err err)
{
    if (!r->halted) {
        r->halted = true;
        r->booted = false;
        r->config.io.halt(r->config.io.ctx, why, err);
    }
}

void
fwl_replica_stall(struct fwl_replica *r)
{
    if (!r->stalled) {
        r->config.io.note(r->config.io.ctx, true, "the disk is full: voting stops", "",
                          fwl_replica_tip(r)->header.height);
    }
    r->stalled = true;
    r->booted = false;
    fwl_sync_close(r);
    fwl_fetch_stop(r); /* what comes still is of no use: asked for again when writing goes on */
    r->pull.peer = 0;
    r->retry_at = r->now.mono_ms + RETRY_MS;
}

const struct fwl_chain_tip *
fwl_replica_tip(const struct fwl_replica *r)
{
    return fwl_chain_tip(r->chain);
}

/* The consensus key of the validator whose node this is; false when it is none's. */
static bool
validator_of(struct fwl_pubkey32 *out, const struct fwl_replica *r, const struct fwl_pubkey32 *node_key)
{
    struct fwl_read read;
    struct fwl_span value;
    struct fwl_validators_entry entry;
    struct fwl_member member;
    struct fwl_reader it;
    struct fwl_hash32 key;
    bool found = false;

    memset(out, 0, sizeof(*out));
    memcpy(key.b, node_key->b, sizeof(key.b));
    if (fwl_read_begin(&r->config.io.chain, &read) != FWL_OK) {
        return false;
    }
    if (fwl_state_get(&read.kv, &value, FWL_TABLE_VALIDATORS, (struct fwl_span){0}) == FWL_OK &&
        fwl_entry_validators(&entry, NULL, value) == FWL_OK) {
        for (fwl_list_begin(&it, entry.members); !found && fwl_member_next(&it, &member);) {
            found = fwl_list_has_hash(member.node_keys, &key);
            if (found) {
                memcpy(out->b, member.key.b, sizeof(out->b));
            }
        }
    }
    fwl_read_end(&read);
    return found;
}

bool
fwl_replica_members(struct fwl_replica *r)
{
    const struct fwl_hash32 before = r->members;
    struct fwl_read read;
    struct fwl_span value;

    if (fwl_read_begin(&r->config.io.chain, &read) != FWL_OK) {
        return true; /* it may be */
    }
    if (fwl_state_get(&read.kv, &value, FWL_TABLE_VALIDATORS, (struct fwl_span){0}) == FWL_OK) {
        fwl_sha256(&r->members, value);
    }
    fwl_read_end(&read);
    return !fwl_hash32_equal(&before, &r->members);
}

void
fwl_replica_know(struct fwl_replica *r)
{
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        if (r->peers[i].id != 0) {
            struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = i};

            (void)validator_of(&up.validator_key, r, &r->peers[i].node_key);
            fwl_replica_step(r, &up);
        }
    }
}

/* That the votes store is not the key's counts until the engine has written from when on it votes, also when the disk
 * is full meanwhile. */
static void
boot_engine(struct fwl_replica *r)
{
    struct fwl_consensus_config engine = engine_config(r, &r->config);
    struct fwl_event event = {.type = FWL_EVENT_BOOT, .votes_lost = r->votes_lost, .votes_forced = r->votes_forced};
    struct fwl_event tick = {.type = FWL_EVENT_TICK};

    engine.chain_id = *fwl_chain_id(r->chain);
    r->engine = fwl_consensus_init(r->engine_memory, r->engine_bytes, &engine);
    r->booted = true;
    r->stalled = false;
    fwl_replica_step(r, &event);
    if (r->booted) {
        r->votes_lost = r->votes_forced = false;
    }
    (void)fwl_replica_members(r);
    r->members_moved = false;
    fwl_replica_know(r);
    fwl_replica_step(r, &tick);
}

void
fwl_replica_reboot(struct fwl_replica *r)
{
    boot_engine(r);
}

enum fwl_err
fwl_replica_boot(struct fwl_replica *r, struct fwl_replica_time now, bool votes_lost, bool votes_forced)
{
    enum fwl_err err = fwl_chain_open(r->chain, r->config.genesis);

    if (err != FWL_OK) {
        return err;
    }
    r->now = now;
    r->gossip_at = now.mono_ms + r->config.timing.tr;
    r->votes_lost = votes_lost;
    r->votes_forced = votes_forced;
    boot_engine(r);
    fwl_replica_timer(r);
    return FWL_OK;
}

/* ---- events ---- */

struct fwl_replica_peer *
fwl_replica_find(struct fwl_replica *r, uint64_t peer)
{
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        if (r->peers[i].id == peer) {
            return &r->peers[i];
        }
    }
    return NULL;
}

static bool
begin(struct fwl_replica *r, struct fwl_replica_time now)
{
    r->now = now;
    return !r->halted;
}

bool
fwl_replica_is_validator_node(const struct fwl_replica *r, const struct fwl_pubkey32 *node_key)
{
    struct fwl_pubkey32 key;

    return validator_of(&key, r, node_key);
}

/* What is known of a node when it comes and when it goes: nothing but its debts. */
static struct fwl_replica_peer
with_debts(const struct fwl_replica_peer *slot, uint64_t id, const struct fwl_pubkey32 *node_key)
{
    return (struct fwl_replica_peer){.id = id,
                                     .node_key = *node_key,
                                     .owes = slot->owes,
                                     .asked = slot->asked,
                                     .withheld_ms = slot->withheld_ms,
                                     .denied_ms = slot->denied_ms,
                                     .silent = slot->silent};
}

/* How much would be forgotten with a free slot; 0 when nobody had it. */
static uint64_t
debts(const struct fwl_replica_peer *slot)
{
    static const struct fwl_pubkey32 nobody;

    return memcmp(&slot->node_key, &nobody, sizeof(nobody)) == 0
               ? 0
               : 1 + FWL_MAX(slot->denied_ms, slot->withheld_ms) + (slot->owes > 0 ? OWES_MS : 0);
}

/* The one that this peer had, so that who comes back is known by its debts; else one, made empty, whose debts count
 * least, or two peers could wipe out each other's by turns; NULL: none is free. */
static struct fwl_replica_peer *
free_slot(struct fwl_replica *r, const struct fwl_pubkey32 *node_key)
{
    struct fwl_replica_peer *slot = NULL;

    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        struct fwl_replica_peer *p = &r->peers[i];

        if (p->id == 0 && memcmp(&p->node_key, node_key, sizeof(*node_key)) == 0) {
            return p;
        }
        slot = p->id == 0 && (slot == NULL || debts(p) < debts(slot)) ? p : slot;
    }
    if (slot != NULL) {
        *slot = (struct fwl_replica_peer){0};
    }
    return slot;
}

void
fwl_replica_peer_up(struct fwl_replica *r, struct fwl_replica_time now, uint64_t peer,
                    const struct fwl_pubkey32 *node_key)
{
    struct fwl_replica_peer *slot = NULL;
    struct fwl_event event = {.type = FWL_EVENT_PEER_UP};

    if (!begin(r, now) || fwl_replica_find(r, peer) != NULL || (slot = free_slot(r, node_key)) == NULL) {
        return;
    }
    *slot = with_debts(slot, peer, node_key);
    r->peer_count++;
    event.peer = (uint32_t)(slot - r->peers);
    (void)validator_of(&event.validator_key, r, node_key);
    fwl_replica_step(r, &event);
    fwl_gossip_inventory(r, peer, FWL_FRAME_TXIDS_MAX);
    fwl_replica_timer(r);
}

void
fwl_replica_peer_down(struct fwl_replica *r, struct fwl_replica_time now, uint64_t peer)
{
    struct fwl_replica_peer *slot = fwl_replica_find(r, peer);
    struct fwl_event event = {.type = FWL_EVENT_PEER_DOWN};

    if (!begin(r, now) || slot == NULL || peer == 0) {
        return;
    }
    event.peer = (uint32_t)(slot - r->peers);
    fwl_replica_step(r, &event);
    *slot = with_debts(slot, 0, &slot->node_key);
    r->peer_count--;
    if (r->fetch.peer == peer) {
        r->fetch.peer = 0;
        fwl_fetch_owes(slot);
    }
    if (r->pull.peer == peer) {
        r->pull.peer = 0;
    }
    fwl_sync_gone(r, peer, slot);
    fwl_history_gone(r, peer);
    fwl_replica_timer(r);
}

static void
engine_frame(struct fwl_replica *r, struct fwl_replica_peer *from, enum fwl_frame_type type, struct fwl_span payload)
{
    struct fwl_consensus_msg msg;
    struct fwl_event event = {.type = FWL_EVENT_MESSAGE, .peer = (uint32_t)(from - r->peers), .msg = &msg};
    struct fwl_message_status status;

    if (fwl_codec_decode(&msg, type, payload) != FWL_OK) {
        r->config.io.drop_peer(r->config.io.ctx, from->id, FWL_REPLICA_MALFORMED);
        return;
    }
    if (type == FWL_FRAME_STATUS && fwl_message_status_decode(&status, payload) == FWL_OK) {
        from->height = status.height;
        from->base = status.base;
        fwl_fetch_heard(r, from);
    }
    fwl_replica_step(r, &event);
}

void
fwl_replica_frame(struct fwl_replica *r, struct fwl_replica_time now, uint64_t peer, enum fwl_frame_type type,
                  struct fwl_span payload)
{
    struct fwl_replica_peer *from = peer == 0 ? NULL : fwl_replica_find(r, peer);

    if (!begin(r, now) || from == NULL) {
        return;
    }
    if (fwl_codec_is_engine(type)) {
        engine_frame(r, from, type, payload);
    } else if (type == FWL_FRAME_TX || type == FWL_FRAME_TXINV || type == FWL_FRAME_GETTX) {
        fwl_gossip_frame(r, from, type, payload);
    } else if (type == FWL_FRAME_BLOCK) {
        fwl_fetch_block(r, from, payload);
    } else if (type == FWL_FRAME_BODY) {
        fwl_fetch_body(r, from, (uint32_t)(from - r->peers), payload);
    } else if (type == FWL_FRAME_HEADERS && r->sync.wait != FWL_SYNC_HEADERS) {
        fwl_history_headers(r, from, payload);
    } else if (type == FWL_FRAME_SNAPINFO || type == FWL_FRAME_EPOCH || type == FWL_FRAME_HEADERS ||
               type == FWL_FRAME_CHUNK) {
        fwl_sync_frame(r, from, type, payload);
    } else if (type == FWL_FRAME_ATTESTREQ || type == FWL_FRAME_ATTEST) {
        fwl_attestor_frame(r, from, type, payload);
    } else {
        fwl_serve_frame(r, from, type, payload);
    }
    fwl_attestor_moved(r);
    fwl_replica_timer(r);
}

/* After a full disk: does a write succeed again? Then everything starts anew from what is durable. */
static void
try_again(struct fwl_replica *r)
{
    uint8_t probe[8];
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    fwl_store_be64(probe, r->now.wall_ms);
    fwl_overlay_init(&o, NULL, r->votes_arena, r->votes_bytes);
    err = fwl_overlay_put(&o, FWL_SPACE_VMETA, fwl_span_text("probe"), fwl_span(probe, sizeof(probe)));
    err = err == FWL_OK ? fwl_storage_commit(&r->config.io.votes, &o) : err;
    if (err == FWL_OK) {
        r->config.io.note(r->config.io.ctx, true, "there is space again: voting resumes", "",
                          fwl_replica_tip(r)->header.height);
        boot_engine(r);
    } else if (err == FWL_ERR_FULL || err == FWL_ERR_MEMORY) {
        r->retry_at = r->now.mono_ms + RETRY_MS;
    } else {
        fwl_replica_end(r, FWL_REPLICA_STORAGE, err);
    }
}

void
fwl_replica_tick(struct fwl_replica *r, struct fwl_replica_time now)
{
    struct fwl_event tick = {.type = FWL_EVENT_TICK};

    if (!begin(r, now)) {
        return;
    }
    if (r->stalled && now.mono_ms >= r->retry_at) {
        try_again(r);
    }
    fwl_fetch_tick(r);
    fwl_sync_tick(r);
    fwl_history_tick(r);
    fwl_gossip_tick(r);
    fwl_replica_step(r, &tick);
    fwl_attestor_tick(r);
    fwl_replica_timer(r);
}

void
fwl_replica_tell(struct fwl_replica *r, uint64_t except, enum fwl_frame_type type, struct fwl_span payload)
{
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        if (r->peers[i].id != 0 && r->peers[i].id != except) {
            r->config.io.send(r->config.io.ctx, r->peers[i].id, type, payload);
        }
    }
}

void
fwl_replica_timer(struct fwl_replica *r)
{
    uint64_t at = r->booted ? r->engine_timer : UINT64_MAX;

    if (r->halted) {
        return;
    }
    at = r->stalled ? FWL_MIN(at, r->retry_at) : at;
    at = FWL_MIN(at, fwl_gossip_at(r));
    at = FWL_MIN(at, fwl_fetch_at(r));
    at = r->sync.wait != FWL_SYNC_NOTHING ? FWL_MIN(at, r->sync.until_ms) : at;
    at = FWL_MIN(at, fwl_history_at(r));
    at = FWL_MIN(at, fwl_attestor_at(r));
    r->config.io.timer(r->config.io.ctx, at);
}

void
fwl_replica_snapshot(struct fwl_replica *r, struct fwl_replica_time now, uint64_t height)
{
    if (begin(r, now)) {
        r->snapshot = height;
    }
}

enum fwl_err
fwl_replica_admit(struct fwl_replica *r, struct fwl_state_refusal *why, struct fwl_hash32 *txid, struct fwl_span tx)
{
    enum fwl_err err = fwl_mempool_add(r->pool, r->chain, why, txid, tx, r->now.wall_ms);

    if (err != FWL_OK) {
        FWL_ASSERT((unsigned)err < FWL_REPLICA_REASONS_MAX);
        r->rejected[err]++;
    }
    return err;
}

enum fwl_err
fwl_replica_submit(struct fwl_replica *r, struct fwl_state_refusal *why, struct fwl_hash32 *txid,
                   struct fwl_replica_time now, struct fwl_span tx)
{
    struct fwl_event tick = {.type = FWL_EVENT_TICK};
    enum fwl_err err = FWL_OK;

    memset(txid, 0, sizeof(*txid));
    if (!begin(r, now) || r->stalled) {
        return FWL_ERR_FULL;
    }
    err = fwl_replica_admit(r, why, txid, tx);
    if (err == FWL_OK) {
        fwl_gossip_tell(r, txid);
        fwl_replica_step(r, &tick);
        fwl_replica_timer(r);
    }
    return err;
}

enum fwl_err
fwl_replica_attest(struct fwl_replica *r, struct fwl_replica_time now, uint64_t client,
                   const struct fwl_attest_request *request)
{
    enum fwl_err err = FWL_ERR_STATE;

    FWL_ASSERT(client != 0);
    if (begin(r, now)) {
        err = fwl_attestor_ask(r, client, request);
        fwl_replica_timer(r);
    }
    return err;
}

/*
 * Have those who are ahead forgotten the next block? That is not asked for, so it cannot show who says it falsely: more
 * than a third of the peers must say so.
 */
static bool
is_pruned_away(const struct fwl_replica *r)
{
    size_t count = 0;

    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        count += fwl_fetch_says_ahead(r, &r->peers[i]) && !fwl_fetch_has_next(r, &r->peers[i]);
    }
    return !fwl_fetch_is_possible(r) && 3 * count > r->peer_count;
}

void
fwl_replica_status(const struct fwl_replica *r, struct fwl_replica_status *out)
{
    const struct fwl_chain_tip *tip = fwl_chain_tip(r->chain);
    struct fwl_consensus_info info = {0};
    uint16_t own = 0;

    *out = (struct fwl_replica_status){.height = tip->header.height,
                                       .hash = tip->hash,
                                       .time_ms = tip->header.time_ms,
                                       .epoch = tip->epoch,
                                       .stalled = r->stalled,
                                       .peers = r->peer_count,
                                       .mempool_transactions = fwl_mempool_count(r->pool),
                                       .mempool_bytes = fwl_mempool_bytes(r->pool),
                                       .evidence_seen = r->evidence_seen,
                                       .attests_signed = r->attestor.signed_count,
                                       .attests_answered = r->attestor.answered,
                                       .attests_failed = r->attestor.failed};
    if (r->booted) {
        fwl_consensus_info(&info, r->engine);
    }
    out->view = info.view;
    out->voting = info.voting;
    out->want = info.want;
    out->validator = fwl_validators_find(&own, &tip->validators, &r->config.validator);
    fwl_validators_key(&out->leader, &tip->validators, fwl_chain_leader(tip, info.view));
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        out->best_height = r->peers[i].id != 0 ? FWL_MAX(out->best_height, r->peers[i].height) : out->best_height;
    }
    out->restoring = r->sync.wait > FWL_SYNC_INFO;
    out->pruned_away = !out->restoring && is_pruned_away(r);
    out->syncing = out->restoring || out->pruned_away || fwl_fetch_is_possible(r);
    out->base = fwl_chain_base(r->chain);
}

void
fwl_replica_watch(const struct fwl_replica *r, struct fwl_replica_watch *out)
{
    struct fwl_consensus_info info = {0};
    uint32_t top = 0;

    memset(out, 0, sizeof(*out));
    out->running = r->booted;
    out->tally = r->tally;
    out->fetched = r->fetched;
    memcpy(out->rejected, r->rejected, sizeof(out->rejected));
    if (!r->booted) {
        return;
    }
    fwl_consensus_info(&info, r->engine);
    out->want = info.want;
    out->height = info.height;
    out->view = info.view;
    out->n = info.n;
    out->leader = info.leader;
    out->own = info.index;
    out->voting = info.voting;
    out->voting_from = info.voting_from;
    top = info.view + 2;
    for (uint32_t i = 0; i < FWL_REPLICA_VIEWS && i <= top; i++) {
        out->view_count += fwl_tally_view(&out->views[out->view_count], r->engine, top - i);
    }
    for (uint32_t i = 0; i < info.n; i++) {
        fwl_tally_peer(&out->peers[i], r->engine, i);
    }
}
