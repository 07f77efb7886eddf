#include "p2p/replica/internal.h"

enum {
    ALIGN = 16,
    VOTES_SPARE = 4 * 1024 * 1024, /* of the votes arena, beside one body */
    RETRY_MS = 1000,
    TX_MIN = 64,
};

static size_t
aligned(size_t size)
{
    return (size + ALIGN - 1) / ALIGN * ALIGN;
}

static void *
carve(uint8_t **at, size_t size)
{
    void *piece = *at;

    *at += aligned(size);
    return piece;
}

/* ---- what the parts are given ---- */

static enum fwl_err
sign(void *cookie, struct fwl_sig64 *out, const struct fwl_hash32 *digest)
{
    struct fwl_replica *r = cookie;

    return r->config.io.sign(r->config.io.ctx, out, digest);
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
                                         .cookie = r};
}

static struct fwl_chain_config
chain_config(struct fwl_replica *r, const struct fwl_replica_config *config)
{
    return (struct fwl_chain_config){.store = config->io.chain,
                                     .verify = verify_tx,
                                     .verify_cookie = r,
                                     .arena_bytes = config->arena_bytes,
                                     .body_max = config->body_max};
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
    return aligned(sizeof(struct fwl_replica)) + aligned(engine_bytes) + aligned(fwl_chain_footprint(&chain)) +
           aligned(fwl_mempool_footprint(&config->mempool)) + aligned(config->body_max + FWL_REPLICA_CERT_MAX) +
           aligned(config->body_max + 8) + aligned(config->body_max + FWL_FRAME_JUST_MAX) +
           aligned(config->body_max + VOTES_SPARE) +
           aligned((config->body_max / TX_MIN + 1) * sizeof(struct fwl_hash32));
}

struct fwl_replica *
fwl_replica_init(void *memory, size_t size, const struct fwl_replica_config *config)
{
    uint8_t *at = memory;
    struct fwl_replica *r = carve(&at, sizeof(*r));
    struct fwl_consensus_config engine = engine_config(r, config);
    struct fwl_chain_config chain = chain_config(r, config);

    FWL_ASSERT(size >= fwl_replica_footprint(config));
    memset(r, 0, sizeof(*r));
    r->config = *config;
    r->engine_bytes = fwl_consensus_footprint(&engine);
    r->engine_memory = carve(&at, r->engine_bytes);
    r->chain = fwl_chain_init(carve(&at, fwl_chain_footprint(&chain)), fwl_chain_footprint(&chain), &chain);
    r->pool = fwl_mempool_init(carve(&at, fwl_mempool_footprint(&config->mempool)),
                               fwl_mempool_footprint(&config->mempool), &config->mempool);
    r->block = carve(&at, config->body_max + FWL_REPLICA_CERT_MAX);
    r->body = carve(&at, config->body_max + 8);
    r->frame_bytes = config->body_max + FWL_FRAME_JUST_MAX;
    r->frame = carve(&at, r->frame_bytes);
    r->votes_bytes = config->body_max + VOTES_SPARE;
    r->votes_arena = carve(&at, r->votes_bytes);
    r->txids_max = config->body_max / TX_MIN + 1;
    r->txids = carve(&at, r->txids_max * sizeof(struct fwl_hash32));
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
        r->config.io.note(r->config.io.ctx, true, "the disk is full: voting stops", "", fwl_replica_tip(r)->header.height);
    }
    r->stalled = true;
    r->booted = false;
    r->retry_at = r->now.mono_ms + RETRY_MS;
}

const struct fwl_chain_tip *
fwl_replica_tip(const struct fwl_replica *r)
{
    return fwl_chain_tip(r->chain);
}

/* ---- the outbox: writes, then sends ---- */

static enum fwl_err
delete_below(struct fwl_replica *r, struct fwl_overlay *o, const struct fwl_consensus_write *w)
{
    struct fwl_read read;
    struct fwl_kv_entry entry;
    enum fwl_err err = fwl_read_begin(&r->config.io.votes, &read);

    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_seek(&read.kv, &entry, w->space, (struct fwl_span){0});
    while (err == FWL_OK && entry.key.size >= 8 && fwl_load_be64(entry.key.p) < w->below) {
        err = fwl_overlay_delete(o, w->space, entry.key);
        err = err == FWL_OK ? fwl_kv_next(&read.kv, &entry, w->space, entry.key) : err;
    }
    fwl_read_end(&read);
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static enum fwl_err
write_votes(struct fwl_replica *r)
{
    const struct fwl_effects *e = &r->effects;
    struct fwl_overlay o;
    enum fwl_err err = FWL_OK;

    if (e->nwrites == 0) {
        return FWL_OK;
    }
    fwl_overlay_init(&o, NULL, r->votes_arena, r->votes_bytes);
    for (uint32_t i = 0; i < e->nwrites && err == FWL_OK; i++) {
        const struct fwl_consensus_write *w = &e->writes[i];

        if (w->op == FWL_WRITE_PUT) {
            err = fwl_overlay_put(&o, w->space, fwl_span(w->key, w->key_size), w->value);
        } else {
            err = delete_below(r, &o, w);
        }
    }
    return err == FWL_OK ? fwl_storage_commit(&r->config.io.votes, &o) : err;
}

static uint64_t
served_from(const struct fwl_replica *r)
{
    (void)r;
    return 1; /* every block is kept */
}

/* Sends a message to each peer of the set, encoded once. */
static void
send_message(struct fwl_replica *r, const struct fwl_consensus_send *send)
{
    enum fwl_frame_type type = FWL_FRAME_STATUS;
    struct fwl_span payload;

    if (send->msg.type != FWL_MSG_GETBLOCKS &&
        fwl_codec_encode(&type, &payload, r->frame, r->frame_bytes, &send->msg, served_from(r), r->now.wall_ms) !=
            FWL_OK) {
        fwl_replica_end(r, FWL_REPLICA_LIMIT, FWL_ERR_SPACE);
        return;
    }
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX; i++) {
        if (!fwl_peer_set_has(&send->to, i) || r->peers[i].id == 0) {
            continue;
        }
        if (send->msg.type == FWL_MSG_GETBLOCKS) {
            fwl_fetch_start(r, &r->peers[i]);
            continue;
        }
        if (send->msg.type == FWL_MSG_GETBODY) {
            fwl_fetch_pull(r, r->peers[i].id, send->msg.height, &send->msg.hash);
        }
        r->config.io.send(r->config.io.ctx, r->peers[i].id, type, payload);
    }
}

static void
note_evidence(struct fwl_replica *r)
{
    static const char *const kinds[] = {"", "E1: two blocks notarized in one view", "E2: two blocks finalized in one view",
                                        "E3: finalized and nullified one view", "E4: two proposals in one view"};

    for (uint32_t i = 0; i < r->effects.nevidence; i++) {
        unsigned type = (unsigned)r->effects.evidence[i].type;

        r->evidence_seen++;
        r->config.io.note(r->config.io.ctx, true, "evidence against a validator", type < FWL_COUNT(kinds) ? kinds[type] : "",
                          fwl_replica_tip(r)->header.height + 1);
    }
}

/* Writes, sends, and a note of what is still to be done. False when the replica does not go on. */
static bool
release_effects(struct fwl_replica *r, struct fwl_replica_todo *todo, uint32_t from_peer)
{
    const struct fwl_effects *e = &r->effects;
    enum fwl_err err = write_votes(r);

    if (err == FWL_ERR_FULL) {
        fwl_replica_stall(r);
        return false;
    }
    if (err != FWL_OK) {
        fwl_replica_end(r, FWL_REPLICA_STORAGE, err);
        return false;
    }
    note_evidence(r);
    for (uint32_t i = 0; i < e->nsends && !r->halted; i++) {
        send_message(r, &e->sends[i]);
    }
    r->engine_timer = e->timer_at;
    if (e->bad_peer && from_peer < FWL_CONSENSUS_PEERS_MAX && r->peers[from_peer].id != 0) {
        r->config.io.drop_peer(r->config.io.ctx, r->peers[from_peer].id, FWL_REPLICA_FORGED);
    }
    if (e->halt != FWL_HALT_NONE) {
        static const enum fwl_replica_end ends[] = {
            [FWL_HALT_NONE] = FWL_REPLICA_LIMIT,          [FWL_HALT_SECOND_INSTANCE] = FWL_REPLICA_SECOND_INSTANCE,
            [FWL_HALT_LOCAL_FAULT] = FWL_REPLICA_LOCAL_FAULT, [FWL_HALT_CORRUPT] = FWL_REPLICA_STORAGE,
            [FWL_HALT_FORK] = FWL_REPLICA_FORK,           [FWL_HALT_LIMIT] = FWL_REPLICA_LIMIT,
        };

        fwl_replica_end(r, ends[e->halt], e->halt == FWL_HALT_CORRUPT ? FWL_ERR_CORRUPT : FWL_ERR_LOCAL);
    }
    *todo = (struct fwl_replica_todo){.check = e->has_check,
                                      .check_hash = e->check.hash,
                                      .check_body = e->check.body,
                                      .build = e->has_build,
                                      .build_of = e->build,
                                      .commit = e->has_commit,
                                      .commit_of = e->commit};
    return !r->halted;
}

/* ---- what the engine asks for ---- */

/* Where a block under construction is in the pool. */
struct cursor {
    struct fwl_replica *r;
    size_t at;
};

static bool
next_candidate(void *cookie, struct fwl_span *tx)
{
    struct fwl_hash32 txid;
    struct cursor *c = cookie;

    return fwl_mempool_next(c->r->pool, &c->at, tx, &txid);
}

static void
candidate_refused(void *cookie, struct fwl_span tx, const struct fwl_state_refusal *why)
{
    struct cursor *c = cookie;
    struct fwl_tx decoded;
    struct fwl_hash32 txid;

    if (fwl_tx_decode(&decoded, NULL, tx) == FWL_OK) {
        fwl_tx_id(&txid, decoded.payload);
        fwl_mempool_remove(c->r->pool, &txid);
        c->r->config.io.refused(c->r->config.io.ctx, &txid, why);
    }
}

/* A failure of this node while it executes: full is for now, everything else for good. */
static void
own_failure(struct fwl_replica *r, enum fwl_err err)
{
    if (err == FWL_ERR_FULL || err == FWL_ERR_BUSY || err == FWL_ERR_MEMORY) {
        fwl_replica_stall(r);
    } else {
        fwl_replica_end(r, FWL_REPLICA_STORAGE, err);
    }
}

static bool
do_check(struct fwl_replica *r, struct fwl_event *next, const struct fwl_replica_todo *todo)
{
    struct fwl_state_refusal why = {0};
    enum fwl_err err = fwl_chain_check(r->chain, &why, todo->check_body);

    *next = (struct fwl_event){.type = FWL_EVENT_CHECKED, .hash = todo->check_hash};
    if (err == FWL_OK) {
        next->verdict = FWL_CHECK_VALID;
    } else if (err == FWL_ERR_BLOCK) {
        next->verdict = FWL_CHECK_INVALID;
        r->config.io.note(r->config.io.ctx, true, "a proposed block is not valid", why.rule,
                          fwl_replica_tip(r)->header.height + 1);
    } else if (err == FWL_ERR_HASH) {
        next->verdict = FWL_CHECK_MISMATCH;
    } else {
        own_failure(r, err);
        return false;
    }
    return true;
}

static bool
do_build(struct fwl_replica *r, struct fwl_event *next, const struct fwl_replica_todo *todo)
{
    struct cursor cursor = {.r = r};
    const struct fwl_chain_candidates candidates = {
        .cookie = &cursor, .next = next_candidate, .refused = candidate_refused};
    const struct fwl_chain_proposal proposal = {.view = todo->build_of.view,
                                                .proposer = todo->build_of.proposer,
                                                .time_ms = todo->build_of.time_ms,
                                                .time_empty_ms = todo->build_of.time_empty_ms,
                                                .may_be_empty = todo->build_of.may_be_empty};
    enum fwl_err err = FWL_OK;

    *next = (struct fwl_event){.type = FWL_EVENT_BUILT};
    if (todo->build_of.height != fwl_replica_tip(r)->header.height + 1) {
        return true; /* it caught up meanwhile: nothing to build */
    }
    err = fwl_chain_build(r->chain, &next->body, &proposal, &candidates);
    if (err != FWL_OK) {
        own_failure(r, err);
    }
    return err == FWL_OK;
}

static struct fwl_consensus_tip
engine_tip(const struct fwl_replica *r)
{
    const struct fwl_chain_tip *tip = fwl_chain_tip(r->chain);

    return (struct fwl_consensus_tip){.height = tip->header.height,
                                      .hash = tip->hash,
                                      .time_ms = tip->header.time_ms,
                                      .proposer_key = tip->proposer_key,
                                      .next = tip->validators,
                                      .params = tip->params};
}

/* Ids of the transactions of a committed block leave the pool; then a part of the others is asked again. */
static size_t
take_committed(struct fwl_replica *r, struct fwl_span bytes)
{
    struct fwl_body body;
    struct fwl_reader it;
    struct fwl_span tx;
    size_t count = 0;

    if (fwl_body_decode(&body, bytes, r->config.body_max) != FWL_OK) {
        return 0; /* it was committed, so it decodes */
    }
    for (fwl_body_begin(&it, &body); count < r->txids_max && fwl_body_next(&it, &tx);) {
        struct fwl_tx decoded;

        if (fwl_tx_decode(&decoded, NULL, tx) == FWL_OK) {
            fwl_tx_id(&r->txids[count], decoded.payload);
            fwl_mempool_remove(r->pool, &r->txids[count]);
            count++;
        }
    }
    return count;
}

enum fwl_err
fwl_replica_commit(struct fwl_replica *r, struct fwl_span body, const struct fwl_cert *cert)
{
    enum fwl_err err = fwl_chain_commit(r->chain, body, cert);
    size_t count = 0;

    if (err == FWL_ERR_LOCAL) {
        fwl_replica_end(r, FWL_REPLICA_LOCAL_FAULT, err);
    } else if (err != FWL_OK) {
        own_failure(r, err);
    }
    if (err != FWL_OK) {
        return err;
    }
    count = take_committed(r, body);
    r->config.io.committed(r->config.io.ctx, fwl_chain_tip(r->chain), r->txids, count);
    fwl_mempool_recheck(r->pool, r->chain, r->now.wall_ms, FWL_REPLICA_RECHECK, r->config.io.refused,
                        r->config.io.ctx);
    if (fwl_replica_tip(r)->params.protocol.number != FWL_PROTOCOL &&
        fwl_replica_tip(r)->header.height + 1 >= fwl_replica_tip(r)->params.protocol.activation_height) {
        fwl_replica_end(r, FWL_REPLICA_PROTOCOL, FWL_ERR_PROTOCOL);
        return FWL_ERR_PROTOCOL;
    }
    return FWL_OK;
}

static bool
do_commit(struct fwl_replica *r, struct fwl_event *next, const struct fwl_replica_todo *todo)
{
    struct fwl_cert cert;

    if (todo->commit_of.height != fwl_replica_tip(r)->header.height + 1) {
        return false; /* caught up meanwhile; the engine was told */
    }
    if (fwl_cert_decode(&cert, todo->commit_of.cert, fwl_replica_tip(r)->validators.n) != FWL_OK) {
        fwl_replica_end(r, FWL_REPLICA_LOCAL_FAULT, FWL_ERR_LOCAL); /* the engine made or checked it */
        return false;
    }
    if (fwl_replica_commit(r, todo->commit_of.body, &cert) != FWL_OK) {
        return false;
    }
    *next = (struct fwl_event){.type = FWL_EVENT_COMMITTED};
    return true;
}

/* ---- one event and what follows ---- */

static void
one_step(struct fwl_replica *r, struct fwl_event *event, struct fwl_replica_todo *todo)
{
    struct fwl_consensus_tip tip;
    uint32_t from = event->type == FWL_EVENT_MESSAGE ? event->peer : FWL_CONSENSUS_PEERS_MAX;

    *todo = (struct fwl_replica_todo){0};
    if (event->type == FWL_EVENT_COMMITTED || event->type == FWL_EVENT_BOOT) {
        tip = engine_tip(r);
        event->tip = &tip;
    }
    event->now_ms = r->now.wall_ms;
    event->mono_ms = r->now.mono_ms;
    event->have_txs = fwl_mempool_count(r->pool) > 0;
    fwl_consensus_step(r->engine, event, &r->effects);
    (void)release_effects(r, todo, from);
}

/*
 * Follow-ups come one after the other, newest first done: the answer to a check may ask for a commit, and so on.
 * Each loop does one piece of work that the engine asked for and tells it the result; the engine asks for a bounded
 * number of them per height, so the loop ends.
 */
void
fwl_replica_step(struct fwl_replica *r, struct fwl_event *event)
{
    struct fwl_replica_todo todo;
    struct fwl_event next;

    if (!r->booted) {
        return;
    }
    one_step(r, event, &todo);
    while (r->booted && (todo.commit || todo.check || todo.build)) {
        struct fwl_replica_todo mine = todo;
        bool tell = false;

        if (mine.commit) {
            tell = do_commit(r, &next, &mine);
        } else if (mine.check) {
            tell = do_check(r, &next, &mine);
        } else {
            tell = do_build(r, &next, &mine);
        }
        if (!tell) {
            break;
        }
        one_step(r, &next, &todo);
        /* What was asked before and is not answered yet stays to be done, unless the height is over. */
        if (mine.commit) {
            continue;
        }
        if (mine.check && mine.build && !todo.build) {
            todo.build = true;
            todo.build_of = mine.build_of;
        }
    }
}

static void
boot_engine(struct fwl_replica *r, bool votes_lost, bool votes_forced)
{
    struct fwl_consensus_config engine = engine_config(r, &r->config);
    struct fwl_event event = {.type = FWL_EVENT_BOOT, .votes_lost = votes_lost, .votes_forced = votes_forced};
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&r->config.io.votes, &read);
    struct fwl_replica_todo todo;

    if (err != FWL_OK) {
        own_failure(r, err);
        return;
    }
    engine.chain_id = *fwl_chain_id(r->chain);
    r->engine = fwl_consensus_init(r->engine_memory, r->engine_bytes, &engine);
    event.votes = read.kv;
    event.now_ms = r->now.wall_ms;
    event.mono_ms = r->now.mono_ms;
    event.have_txs = fwl_mempool_count(r->pool) > 0;
    {
        struct fwl_consensus_tip tip = engine_tip(r);

        event.tip = &tip;
        fwl_consensus_step(r->engine, &event, &r->effects);
    }
    fwl_read_end(&read); /* before the writes: a commit waits for readers */
    r->booted = true;
    r->stalled = false;
    (void)release_effects(r, &todo, FWL_CONSENSUS_PEERS_MAX);
    for (uint32_t i = 0; i < FWL_CONSENSUS_PEERS_MAX && r->booted; i++) {
        if (r->peers[i].id != 0) {
            struct fwl_event up = {.type = FWL_EVENT_PEER_UP, .peer = i, .validator = FWL_CONSENSUS_NOBODY};

            fwl_replica_step(r, &up);
        }
    }
    if (r->booted) { /* whatever the first step asked for is asked for again */
        struct fwl_event tick = {.type = FWL_EVENT_TICK};

        fwl_replica_step(r, &tick);
    }
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
    boot_engine(r, votes_lost, votes_forced);
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

/* Index, in the set in force, of the validator whose node this is. */
static uint16_t
validator_of(const struct fwl_replica *r, const struct fwl_pubkey32 *node_key)
{
    struct fwl_read read;
    struct fwl_span value;
    struct fwl_validators_entry entry;
    struct fwl_member member;
    struct fwl_reader it;
    uint16_t index = 0;
    uint16_t found = FWL_CONSENSUS_NOBODY;
    struct fwl_hash32 key;

    memcpy(key.b, node_key->b, sizeof(key.b));
    if (fwl_read_begin(&r->config.io.chain, &read) != FWL_OK) {
        return found;
    }
    if (fwl_state_get(&read.kv, &value, FWL_TABLE_VALIDATORS, (struct fwl_span){0}) == FWL_OK &&
        fwl_entry_validators(&entry, NULL, value) == FWL_OK) {
        for (fwl_list_begin(&it, entry.members); fwl_member_next(&it, &member); index++) {
            if (found == FWL_CONSENSUS_NOBODY && fwl_list_has_hash(member.node_keys, &key)) {
                found = index;
            }
        }
    }
    fwl_read_end(&read);
    return found;
}

bool
fwl_replica_is_validator_node(const struct fwl_replica *r, const struct fwl_pubkey32 *node_key)
{
    return validator_of(r, node_key) != FWL_CONSENSUS_NOBODY;
}

void
fwl_replica_peer_up(struct fwl_replica *r, struct fwl_replica_time now, uint64_t peer,
                    const struct fwl_pubkey32 *node_key)
{
    struct fwl_replica_peer *slot = NULL;
    struct fwl_event event = {.type = FWL_EVENT_PEER_UP};

    if (!begin(r, now) || fwl_replica_find(r, peer) != NULL || (slot = fwl_replica_find(r, 0)) == NULL) {
        return;
    }
    *slot = (struct fwl_replica_peer){.id = peer, .node_key = *node_key};
    r->peer_count++;
    event.peer = (uint32_t)(slot - r->peers);
    event.validator = validator_of(r, node_key);
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
    *slot = (struct fwl_replica_peer){0};
    r->peer_count--;
    if (r->fetch.peer == peer) {
        r->fetch.peer = 0;
    }
    if (r->pull.peer == peer) {
        r->pull.peer = 0;
    }
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
    } else {
        fwl_serve_frame(r, from, type, payload);
    }
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
        boot_engine(r, false, false);
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
    if (now.mono_ms >= r->gossip_at) {
        r->gossip_at = now.mono_ms + r->config.timing.tr;
        fwl_gossip_again(r);
    }
    fwl_replica_step(r, &tick);
    fwl_replica_timer(r);
}

void
fwl_replica_timer(struct fwl_replica *r)
{
    uint64_t at = r->booted ? r->engine_timer : UINT64_MAX;

    if (r->halted) {
        return;
    }
    at = r->stalled ? FWL_MIN(at, r->retry_at) : at;
    at = fwl_mempool_count(r->pool) > 0 ? FWL_MIN(at, r->gossip_at) : at;
    at = r->fetch.peer != 0 ? FWL_MIN(at, r->fetch.until_ms) : at;
    r->config.io.timer(r->config.io.ctx, at);
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
    err = fwl_mempool_add(r->pool, r->chain, why, txid, tx, now.wall_ms);
    if (err == FWL_OK) {
        fwl_gossip_tell(r, txid, 0);
        fwl_replica_step(r, &tick);
        fwl_replica_timer(r);
    }
    return err;
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
                                       .evidence_seen = r->evidence_seen};
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
    out->syncing = out->best_height > tip->header.height + 1;
}
