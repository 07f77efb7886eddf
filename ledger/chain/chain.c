#include "core/carve.h"
#include "ledger/chain/internal.h"
#include "ledger/merkle/build/smt.h"
#include "ledger/merkle/build/tiles.h"

enum {
    TX_MIN = 64, /* no transaction is smaller: bounds their number in a block */
};

size_t
fwl_chain_arena_bytes(uint64_t max_work)
{
    /* Entries as written, twice (a value that is replaced stays by its hash), the records of the state tree around
     * each, the block itself with its indexes. */
    return (size_t)(3 * max_work) + (size_t)FWL_BLOCK_ENTRIES_MAX * 2048 + 2 * (size_t)FWL_BLOCK_MAX_MAX;
}

size_t
fwl_chain_footprint(const struct fwl_chain_config *config)
{
    size_t txs = config->body_max / TX_MIN + 1;

    return fwl_carve_size(sizeof(struct fwl_chain)) + fwl_carve_size(fwl_state_footprint()) +
           (FWL_CHAIN_SLOTS + 1) * fwl_carve_size(config->arena_bytes) + fwl_carve_size(config->body_max) +
           2 * fwl_carve_size(txs * sizeof(struct fwl_hash32));
}

struct fwl_chain *
fwl_chain_init(void *memory, size_t size, const struct fwl_chain_config *config)
{
    uint8_t *at = memory;
    struct fwl_chain *c = fwl_carve(&at, sizeof(*c));

    FWL_ASSERT(size >= fwl_chain_footprint(config));
    memset(c, 0, sizeof(*c));
    c->config = *config;
    c->txs_max = config->body_max / TX_MIN + 1;
    c->state = fwl_state_init(fwl_carve(&at, fwl_state_footprint()), fwl_state_footprint());
    for (size_t i = 0; i < FWL_CHAIN_SLOTS; i++) {
        c->slots[i].arena = fwl_carve(&at, config->arena_bytes);
    }
    c->scratch.arena = fwl_carve(&at, config->arena_bytes);
    c->body = fwl_carve(&at, config->body_max);
    c->leaves = fwl_carve(&at, c->txs_max * sizeof(struct fwl_hash32));
    c->txids = fwl_carve(&at, c->txs_max * sizeof(struct fwl_hash32));
    return c;
}

const struct fwl_chain_tip *
fwl_chain_tip(const struct fwl_chain *c)
{
    return &c->tip;
}

const struct fwl_hash32 *
fwl_chain_id(const struct fwl_chain *c)
{
    return &c->chain_id;
}

uint16_t
fwl_chain_leader(const struct fwl_chain_tip *tip, uint32_t view)
{
    return fwl_validators_leader(&tip->validators, &tip->proposer_key, tip->header.height + 1, tip->params.leader_term,
                                 view);
}

/* ---- the tip ---- */

/* A height in `meta`, or what it is when it is not there. */
static enum fwl_err
read_bound(const struct fwl_kv *kv, uint64_t *out, const char *name, uint64_t otherwise)
{
    struct fwl_span value;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_META, fwl_span_text(name));

    *out = err == FWL_OK && value.size == 8 ? fwl_load_be64(value.p) : otherwise;
    return err == FWL_ERR_ABSENT ? FWL_OK : err == FWL_OK && value.size != 8 ? FWL_ERR_CORRUPT : err;
}

/* Are the heads of the three trees, height and hash those of the tip's header? A store with the tip of another height
 * would go on from a state that is not that height's, and announce less than it did. */
static enum fwl_err
check_heads(const struct fwl_chain_tip *tip, const struct fwl_kv *kv)
{
    const struct fwl_header *h = &tip->header;
    struct fwl_hash32 state_root;
    struct fwl_hash32 log_root;
    struct fwl_hash32 history_root; /* with the tip's own header: no header has it yet */
    struct fwl_span height = {0};
    uint64_t log_size = 0;
    uint64_t headers = 0;
    enum fwl_err err = fwl_smt_root(kv, &state_root);

    err = err == FWL_OK ? fwl_tiles_root(kv, FWL_SPACE_LOG, &log_root, &log_size) : err;
    err = err == FWL_OK ? fwl_tiles_root(kv, FWL_SPACE_HIST, &history_root, &headers) : err;
    err = err == FWL_OK ? fwl_kv_get(kv, &height, FWL_SPACE_HASH, fwl_hash32_span(&tip->hash)) : err;
    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    return fwl_hash32_equal(&state_root, &h->state_root) && fwl_hash32_equal(&log_root, &h->log_root) &&
                   log_size == h->log_size && headers == h->height + 1 && height.size == 8 &&
                   fwl_load_be64(height.p) == h->height
               ? FWL_OK
               : FWL_ERR_CORRUPT;
}

/* Everything of the tip that the store tells: after opening and after each commit. */
static enum fwl_err
read_tip(struct fwl_chain *c, const struct fwl_kv *kv)
{
    uint8_t key[8];
    struct fwl_chain_tip tip = {0};
    struct fwl_span value;
    struct fwl_span set;
    struct fwl_validators old;
    struct fwl_hash32 set_hash;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_META, fwl_span_text("height"));

    err = err == FWL_OK && value.size != 8 ? FWL_ERR_CORRUPT : err;
    err = err == FWL_OK ? fwl_kv_get(kv, &value, FWL_SPACE_HDR, value) : err;
    if (err != FWL_OK || fwl_header_decode(&tip.header, value) != FWL_OK) {
        return err == FWL_ERR_STORAGE ? err : FWL_ERR_CORRUPT;
    }
    fwl_header_hash_bytes(&tip.hash, value);
    fwl_store_be64(key, tip.header.epoch);
    err = fwl_kv_get(kv, &set, FWL_SPACE_SET, fwl_span(key, sizeof(key)));
    if (err != FWL_OK || set.size < 10 || fwl_load_be16(set.p + 8) > set.size - 10 ||
        fwl_validators_decode(&old, fwl_span(set.p + 10, fwl_load_be16(set.p + 8))) != FWL_OK ||
        tip.header.proposer >= old.n) {
        return err == FWL_ERR_STORAGE ? err : FWL_ERR_CORRUPT;
    }
    fwl_validators_key(&tip.proposer_key, &old, tip.header.proposer);
    err = fwl_state_params(kv, &tip.params, &tip.params_hash);
    err = err == FWL_OK ? fwl_state_validators(kv, &tip.validators, c->validators, &set_hash) : err;
    if (err != FWL_OK) {
        return err;
    }
    if (!fwl_hash32_equal(&set_hash, &tip.header.next_validators_hash)) {
        return FWL_ERR_CORRUPT;
    }
    err = read_bound(kv, &c->base, "base", 1);
    err = err == FWL_OK ? read_bound(kv, &c->lowest, "headers", 0) : err;
    if (err != FWL_OK) {
        return err;
    }
    tip.epoch = tip.header.epoch;
    tip.epoch_start = tip.header.epoch_start;
    if (!fwl_hash32_equal(&tip.header.next_validators_hash, &tip.header.validators_hash)) {
        tip.epoch++;
        tip.epoch_start = tip.header.height + 1;
    }
    err = check_heads(&tip, kv);
    c->tip = err == FWL_OK ? tip : c->tip;
    return err;
}

static enum fwl_err
check_protocol(const struct fwl_chain *c)
{
    const struct fwl_params *p = &c->tip.params;

    return p->protocol.number != FWL_PROTOCOL && c->tip.header.height + 1 >= p->protocol.activation_height
               ? FWL_ERR_PROTOCOL
               : FWL_OK;
}

/* ---- genesis ---- */

static enum fwl_err
write_genesis(struct fwl_chain *c, struct fwl_span document, const struct fwl_genesis *genesis)
{
    struct fwl_chain_slot *slot = &c->slots[0];
    struct fwl_overlay *o = &slot->overlay;
    uint8_t bytes[FWL_BODY_SIZE_START];
    uint8_t keys[FWL_VALIDATORS_SIZE_MAX];
    uint8_t encoded[FWL_VALIDATORS_SIZE_MAX];
    struct fwl_span set = {0};
    struct fwl_writer w;
    struct fwl_body body = {0};
    struct fwl_hash32 root;
    struct fwl_hash32 leaf;
    struct fwl_hash32 hash;
    struct fwl_validators validators;
    uint64_t size = 0;
    struct fwl_kv kv;
    enum fwl_err err = FWL_OK;

    fwl_overlay_init(o, NULL, slot->arena, c->config.arena_bytes);
    err = fwl_state_genesis(c->state, o, &root, genesis);
    if (err != FWL_OK) {
        return err;
    }
    fwl_genesis_header(&body.header, genesis, &c->chain_id, &root);
    fwl_header_encode(bytes, &body.header);
    body.header_bytes = fwl_span(bytes, FWL_HEADER_SIZE);
    fwl_header_hash(&hash, &body.header);
    fwl_rfc6962_leaf(&leaf, body.header_bytes);
    kv = fwl_overlay_kv(o);
    err = fwl_tiles_append(o, &root, &size, FWL_SPACE_HIST, &leaf, 1);
    err = err == FWL_OK ? fwl_index_block(slot, &body, &hash, NULL) : err;
    err = err == FWL_OK ? fwl_index_values(slot, NULL, body.header.time_ms) : err;
    err = err == FWL_OK ? fwl_state_validators(&kv, &validators, keys, NULL) : err;
    if (err == FWL_OK) {
        fwl_writer_init(&w, encoded, sizeof(encoded));
        fwl_validators_put(&w, &validators);
        err = fwl_writer_finish(&w, &set);
    }
    err = err == FWL_OK ? fwl_index_set(o, 0, 0, set) : err;
    err = err == FWL_OK ? fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("genesis"), document) : err;
    err = err == FWL_OK ? fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("chain_id"), fwl_hash32_span(&c->chain_id))
                        : err;
    return err == FWL_OK ? fwl_storage_commit(&c->config.store, o) : err;
}

/* FWL_ERR_ABSENT: the store is empty. */
enum fwl_err
fwl_chain_reload(struct fwl_chain *c)
{
    struct fwl_read read;
    struct fwl_span id;
    enum fwl_err err = fwl_read_begin(&c->config.store, &read);

    if (err != FWL_OK) {
        return err;
    }
    err = fwl_kv_get(&read.kv, &id, FWL_SPACE_META, fwl_span_text("chain_id"));
    if (err == FWL_OK && !fwl_span_equal(id, fwl_hash32_span(&c->chain_id))) {
        err = FWL_ERR_CHAIN;
    }
    err = err == FWL_OK ? read_tip(c, &read.kv) : err;
    fwl_read_end(&read);
    return err;
}

enum fwl_err
fwl_chain_open(struct fwl_chain *c, struct fwl_span document)
{
    struct fwl_genesis genesis;
    enum fwl_err err = fwl_genesis_decode(&genesis, NULL, document);

    if (err != FWL_OK) {
        return err;
    }
    fwl_chain_forget_slots(c); /* of another store, when it is opened again */
    fwl_genesis_chain_id(&c->chain_id, document);
    c->development = genesis.development;
    err = fwl_chain_reload(c);
    if (err == FWL_ERR_ABSENT) {
        err = write_genesis(c, document, &genesis);
        err = err == FWL_OK ? fwl_chain_reload(c) : err;
    }
    return err == FWL_OK ? check_protocol(c) : err;
}

/* ---- trying a transaction ---- */

struct fwl_state_block
fwl_chain_next_block(const struct fwl_chain *c, uint64_t time_ms)
{
    return (struct fwl_state_block){.chain_id = c->chain_id,
                                    .height = c->tip.header.height + 1,
                                    .time_ms = time_ms,
                                    .epoch = c->tip.epoch,
                                    .development = c->development,
                                    .params = c->tip.params,
                                    .verify = c->config.verify,
                                    .verify_vote = c->config.verify_vote,
                                    .verify_cookie = c->config.verify_cookie};
}

enum fwl_err
fwl_chain_try(struct fwl_chain *c, struct fwl_state_refusal *why, struct fwl_hash32 *txid, struct fwl_span tx,
              uint64_t time_ms)
{
    struct fwl_state_block block = fwl_chain_next_block(c, FWL_MAX(time_ms, c->tip.header.time_ms + 1));
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&c->config.store, &read);

    *txid = (struct fwl_hash32){{0}};
    if (why != NULL) {
        *why = (struct fwl_state_refusal){0};
    }
    if (err != FWL_OK) {
        return err;
    }
    fwl_overlay_init(&c->scratch.overlay, &read.kv, c->scratch.arena, c->config.arena_bytes);
    fwl_state_begin(c->state, &c->scratch.overlay, &block);
    err = fwl_state_apply(c->state, why, txid, tx);
    fwl_read_end(&read);
    return err;
}
