/* Checking, building and committing blocks. */
#include "core/mutant.h"
#include "ledger/chain/internal.h"
#include "ledger/merkle/build/tiles.h"

/* Mutant 15: VALID without one of its rules, by the number of the variant. */
static bool
is_left_out(const char *rule)
{
    static const char *const rules[] = {"it does not follow the last final block",
                                        "executing the block gives another state",
                                        "it is not the set that the parent names",
                                        "executing the block gives another set",
                                        "it is another history",
                                        "it is another transaction log",
                                        "epoch or its start do not follow from the parent",
                                        "these are not the parameters in force",
                                        "it is not the leader of the view",
                                        "it is not after the parent's",
                                        "an empty block comes before the heartbeat is due",
                                        NULL, /* body_size: ledger/model/body.c */
                                        "the transaction log has another size"};

    for (int i = 0; i < (int)FWL_COUNT(rules); i++) {
        if (FWL_MUTANT(15, i) && rules[i] != NULL && strcmp(rule, rules[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum fwl_err
blame(struct fwl_state_refusal *why, const char *field, const char *rule)
{
    if (is_left_out(rule)) {
        return FWL_OK;
    }
    if (why != NULL) {
        *why = (struct fwl_state_refusal){.err = FWL_ERR_BLOCK, .action = "block", .field = field, .rule = rule};
    }
    return FWL_ERR_BLOCK;
}

static struct fwl_chain_slot *
find_slot(struct fwl_chain *c, const struct fwl_hash32 *hash)
{
    for (size_t i = 0; i < FWL_CHAIN_SLOTS; i++) {
        if (c->slots[i].used && fwl_hash32_equal(&c->slots[i].hash, hash)) {
            c->slots[i].age = ++c->clock;
            return &c->slots[i];
        }
    }
    return NULL;
}

void
fwl_chain_forget_slots(struct fwl_chain *c)
{
    for (size_t i = 0; i < FWL_CHAIN_SLOTS; i++) {
        c->slots[i].used = false;
    }
}

/* The oldest slot, emptied, with its overlay above @base. */
static struct fwl_chain_slot *
take_slot(struct fwl_chain *c, const struct fwl_kv *base)
{
    struct fwl_chain_slot *oldest = &c->slots[0];

    for (size_t i = 1; i < FWL_CHAIN_SLOTS; i++) {
        if (!c->slots[i].used || (oldest->used && c->slots[i].age < oldest->age)) {
            oldest = &c->slots[i];
        }
    }
    oldest->used = false;
    oldest->step_tail_size = 0;
    fwl_overlay_init(&oldest->overlay, base, oldest->arena, c->config.arena_bytes);
    return oldest;
}

static void
keep_slot(struct fwl_chain *c, struct fwl_chain_slot *slot, const struct fwl_hash32 *hash)
{
    slot->used = true;
    slot->hash = *hash;
    slot->age = ++c->clock;
}

/* RFC 6962 root over @count leaf hashes. */
static void
root_of(struct fwl_hash32 *root, const struct fwl_hash32 *leaves, size_t count)
{
    struct fwl_frontier f = {0};

    for (size_t i = 0; i < count; i++) {
        FWL_ASSERT(fwl_frontier_append(&f, &leaves[i]) == FWL_OK); /* a block has fewer than 2^48 transactions */
    }
    fwl_frontier_root(&f, root);
}

/* ---- what follows from the parent ---- */

static enum fwl_err
check_lineage(const struct fwl_chain *c, struct fwl_state_refusal *why, const struct fwl_header *h)
{
    const struct fwl_chain_tip *tip = &c->tip;

    if (!fwl_hash32_equal(&h->chain_id, &c->chain_id)) {
        return blame(why, "header.chain_id", "it is of another chain");
    }
    if (h->height != tip->header.height + 1) {
        return blame(why, "header.height", "it is not the next height");
    }
    if (!fwl_hash32_equal(&h->prev_hash, &tip->hash)) {
        return blame(why, "header.prev_hash", "it does not follow the last final block");
    }
    if (!fwl_hash32_equal(&h->validators_hash, &tip->header.next_validators_hash)) {
        return blame(why, "header.validators_hash", "it is not the set that the parent names");
    }
    if (h->epoch != tip->epoch || h->epoch_start != tip->epoch_start) {
        return blame(why, "header.epoch", "epoch or its start do not follow from the parent");
    }
    if (!fwl_hash32_equal(&h->params_hash, &tip->params_hash)) {
        return blame(why, "header.params_hash", "these are not the parameters in force");
    }
    if (h->proposer != fwl_chain_leader(tip, h->view)) {
        return blame(why, "header.proposer", "it is not the leader of the view");
    }
    return FWL_OK;
}

static enum fwl_err
check_time(const struct fwl_chain *c, struct fwl_state_refusal *why, const struct fwl_header *h)
{
    uint64_t parent = c->tip.header.time_ms;

    if (h->time_ms <= parent) {
        return blame(why, "header.time_ms", "it is not after the parent's");
    }
    if (h->txs_count == 0 && h->time_ms - parent < c->tip.params.heartbeat_ms) {
        return blame(why, "header.time_ms", "an empty block comes before the heartbeat is due");
    }
    return FWL_OK;
}

static enum fwl_err
check_history(const struct fwl_kv *kv, struct fwl_state_refusal *why, const struct fwl_header *h)
{
    struct fwl_hash32 root;
    uint64_t size = 0;
    enum fwl_err err = fwl_tiles_root(kv, FWL_SPACE_HIST, &root, &size);

    if (err != FWL_OK) {
        return err;
    }
    if (size != h->height) {
        return FWL_ERR_CORRUPT;
    }
    return fwl_hash32_equal(&root, &h->history_root) ? FWL_OK
                                                     : blame(why, "header.history_root", "it is another history");
}

/* ---- execution ---- */

/* The rest of an epoch step, kept until the certificate is there. */
static enum fwl_err
keep_step(struct fwl_chain_slot *slot, const struct fwl_state_result *result)
{
    uint8_t set[FWL_VALIDATORS_SIZE_MAX];
    struct fwl_kv kv = fwl_overlay_kv(&slot->overlay);
    struct fwl_validators validators;
    struct fwl_validators_entry entry;
    struct fwl_hash32 hash;
    struct fwl_span value;
    struct fwl_span tail;
    struct fwl_writer w;
    enum fwl_err err = FWL_OK;

    if (!result->validators_changed) {
        return FWL_OK;
    }
    err = fwl_state_validators(&kv, &validators, set, &hash);
    err = err == FWL_OK ? fwl_state_get(&kv, &value, FWL_TABLE_VALIDATORS, (struct fwl_span){0}) : err;
    if (err != FWL_OK || fwl_entry_validators(&entry, NULL, value) != FWL_OK) {
        return err == FWL_OK ? FWL_ERR_CORRUPT : err;
    }
    fwl_writer_init(&w, slot->step_tail, sizeof(slot->step_tail));
    fwl_validators_put(&w, &validators);
    fwl_writer_span(&w, entry.governors);
    fwl_writer_span(&w, result->signatures.bitmap);
    fwl_writer_span(&w, result->signatures.sigs);
    fwl_writer_span(&w, result->signatures.old_bitmap);
    fwl_writer_span(&w, result->signatures.old_sigs);
    err = fwl_writer_finish(&w, &tail);
    slot->step_tail_size = tail.size;
    return err;
}

/* State, log and roots after the transactions were applied; @count of them have their leaves in c->leaves. */
static enum fwl_err
finish_execution(struct fwl_chain *c, struct fwl_chain_slot *slot, struct fwl_chain_executed *out, size_t count)
{
    enum fwl_err err = fwl_state_end(c->state, &out->state);

    err = err == FWL_OK ? keep_step(slot, &out->state) : err;
    if (err == FWL_OK) {
        err = fwl_tiles_append(&slot->overlay, &out->log_root, &out->log_size, FWL_SPACE_LOG, c->leaves, count);
    }
    root_of(&out->txs_root, c->leaves, count);
    return err;
}

static enum fwl_err
execute(struct fwl_chain *c, struct fwl_chain_slot *slot, struct fwl_chain_executed *out, struct fwl_state_refusal *why,
        const struct fwl_body *body)
{
    struct fwl_state_block block = fwl_chain_next_block(c, body->header.time_ms);
    struct fwl_reader it;
    struct fwl_span tx;
    size_t i = 0;

    fwl_state_begin(c->state, &slot->overlay, &block);
    for (fwl_body_begin(&it, body); fwl_body_next(&it, &tx); i++) {
        enum fwl_err err = fwl_state_apply(c->state, why, &c->txids[i], tx);

        if (err != FWL_OK) {
            return fwl_state_own_failure(err) ? err : FWL_ERR_BLOCK;
        }
    }
    return finish_execution(c, slot, out, i);
}

static enum fwl_err
check_results(struct fwl_state_refusal *why, const struct fwl_header *h, const struct fwl_chain_executed *done)
{
    if (!fwl_hash32_equal(&h->state_root, &done->state.state_root)) {
        return blame(why, "header.state_root", "executing the block gives another state");
    }
    if (!fwl_hash32_equal(&h->next_validators_hash, &done->state.next_validators_hash)) {
        return blame(why, "header.next_validators_hash", "executing the block gives another set");
    }
    if (h->log_size != done->log_size) {
        return blame(why, "header.log_size", "the transaction log has another size");
    }
    if (!fwl_hash32_equal(&h->log_root, &done->log_root)) {
        return blame(why, "header.log_root", "it is another transaction log");
    }
    return FWL_OK;
}

/* What is committed beside the state: indexes and the header's place in the history. */
static enum fwl_err
write_indexes(struct fwl_chain *c, struct fwl_chain_slot *slot, const struct fwl_kv *base, const struct fwl_body *body,
              const struct fwl_hash32 *hash)
{
    struct fwl_hash32 leaf;
    struct fwl_hash32 root;
    struct fwl_span before;
    uint64_t size = 0;
    enum fwl_err err = fwl_index_values(slot, base, body->header.time_ms);

    fwl_rfc6962_leaf(&leaf, body->header_bytes);
    err = err == FWL_OK ? fwl_tiles_bytes(base, FWL_SPACE_HIST, &before) : err;
    err = err == FWL_OK ? fwl_overlay_put(&slot->overlay, FWL_SPACE_META, fwl_span_text("history"), before) : err;
    err = err == FWL_OK ? fwl_tiles_append(&slot->overlay, &root, &size, FWL_SPACE_HIST, &leaf, 1) : err;
    return err == FWL_OK ? fwl_index_block(slot, body, hash, c->txids) : err;
}

static enum fwl_err
check_in(struct fwl_chain *c, struct fwl_state_refusal *why, const struct fwl_kv *base, const struct fwl_body *body,
         const struct fwl_hash32 *hash)
{
    struct fwl_chain_slot *slot = take_slot(c, base);
    struct fwl_chain_executed done = {0};
    enum fwl_err err = check_lineage(c, why, &body->header);

    err = err == FWL_OK ? check_time(c, why, &body->header) : err;
    err = err == FWL_OK ? check_history(base, why, &body->header) : err;
    err = err == FWL_OK ? execute(c, slot, &done, why, body) : err;
    err = err == FWL_OK ? check_results(why, &body->header, &done) : err;
    err = err == FWL_OK ? write_indexes(c, slot, base, body, hash) : err;
    if (err == FWL_OK) {
        keep_slot(c, slot, hash);
    }
    return err;
}

/* Are the transactions those that the header names? */
static enum fwl_err
match_transactions(struct fwl_chain *c, const struct fwl_body *body)
{
    struct fwl_reader it;
    struct fwl_span tx;
    struct fwl_hash32 root;
    size_t i = 0;

    for (fwl_body_begin(&it, body); fwl_body_next(&it, &tx); i++) {
        if (i == c->txs_max) {
            return FWL_ERR_HASH;
        }
        fwl_rfc6962_leaf(&c->leaves[i], tx);
    }
    root_of(&root, c->leaves, i);
    return fwl_hash32_equal(&root, &body->header.txs_root) ? FWL_OK : FWL_ERR_HASH;
}

enum fwl_err
fwl_chain_check(struct fwl_chain *c, struct fwl_state_refusal *why, struct fwl_span bytes)
{
    struct fwl_body body;
    struct fwl_hash32 hash;
    struct fwl_read read;
    enum fwl_err err = fwl_body_decode(&body, bytes, c->tip.params.max_block);

    if (err == FWL_OK) {
        err = match_transactions(c, &body);
    }
    if (err != FWL_OK) {
        return FWL_ERR_HASH;
    }
    fwl_header_hash_bytes(&hash, body.header_bytes);
    if (find_slot(c, &hash) != NULL) {
        return FWL_OK;
    }
    err = fwl_read_begin(&c->config.store, &read);
    if (err == FWL_OK) {
        err = check_in(c, why, &read.kv, &body, &hash);
        fwl_read_end(&read);
    }
    return err;
}

/* ---- building ---- */

/* A block under construction. */
struct draft {
    struct fwl_header header;
    struct fwl_writer w; /* transactions, behind the room for header and count */
    size_t count;
};

/* Applies candidates until one does not fit; tells those that are refused. */
static enum fwl_err
take_candidates(struct fwl_chain *c, struct draft *d, const struct fwl_chain_candidates *candidates)
{
    size_t max = FWL_MIN((size_t)c->tip.params.max_block, c->config.body_max);
    struct fwl_span tx;

    while (d->count < c->txs_max && candidates->next(candidates->cookie, &tx)) {
        struct fwl_state_refusal why = {0};
        enum fwl_err err = FWL_OK;

        if (FWL_BODY_SIZE_START + d->w.size + FWL_BODY_SIZE_TX(tx.size) > max) {
            break;
        }
        err = fwl_state_apply(c->state, &why, &c->txids[d->count], tx);
        if (fwl_state_own_failure(err)) {
            return err;
        }
        if (err == FWL_ERR_WORK && d->count > 0) {
            break; /* the block is full; the next one has room, or refuses it as its first */
        }
        if (err != FWL_OK) {
            candidates->refused(candidates->cookie, tx, &why);
            continue;
        }
        fwl_rfc6962_leaf(&c->leaves[d->count++], tx);
        fwl_body_put_tx(&d->w, tx);
    }
    return FWL_OK;
}

static enum fwl_err
fill_header(struct fwl_chain *c, struct draft *d, const struct fwl_kv *base, const struct fwl_chain_proposal *proposal,
            const struct fwl_chain_executed *done)
{
    uint64_t size = 0;

    d->header = (struct fwl_header){.version = FWL_HEADER_VERSION,
                                    .chain_id = c->chain_id,
                                    .height = c->tip.header.height + 1,
                                    .view = proposal->view,
                                    .proposer = proposal->proposer,
                                    .time_ms = d->count > 0 ? proposal->time_ms : proposal->time_empty_ms,
                                    .prev_hash = c->tip.hash,
                                    .txs_root = done->txs_root,
                                    .txs_count = (uint32_t)d->count,
                                    .body_size = (uint32_t)(FWL_BODY_SIZE_START + d->w.size),
                                    .state_root = done->state.state_root,
                                    .validators_hash = c->tip.header.next_validators_hash,
                                    .next_validators_hash = done->state.next_validators_hash,
                                    .log_size = done->log_size,
                                    .log_root = done->log_root,
                                    .epoch = c->tip.epoch,
                                    .epoch_start = c->tip.epoch_start,
                                    .params_hash = c->tip.params_hash};
    if (FWL_MUTANT(15, 20) || FWL_MUTANT(15, 21)) { /* a leader builds wrong blocks */
        d->header.state_root.b[0] ^= 1;
    }
    return fwl_tiles_root(base, FWL_SPACE_HIST, &d->header.history_root, &size);
}

/* The block is not kept as executed: its leader checks it like any other before it proposes it. */
static enum fwl_err
build_in(struct fwl_chain *c, struct fwl_span *out, const struct fwl_kv *base,
         const struct fwl_chain_proposal *proposal, const struct fwl_chain_candidates *candidates)
{
    struct fwl_state_block block = fwl_chain_next_block(c, proposal->time_ms);
    struct fwl_chain_slot *slot = take_slot(c, base);
    struct fwl_chain_executed done = {0};
    struct draft d = {.count = 0};
    struct fwl_writer w;
    struct fwl_hash32 hash;
    enum fwl_err err = FWL_OK;

    fwl_writer_init(&d.w, c->body + FWL_BODY_SIZE_START, c->config.body_max - FWL_BODY_SIZE_START);
    fwl_state_begin(c->state, &slot->overlay, &block);
    err = take_candidates(c, &d, candidates);
    if (err != FWL_OK || (d.count == 0 && !proposal->may_be_empty)) {
        return err;
    }
    if (d.count == 0) { /* an empty block has a time of its own, which execution knows */
        block.time_ms = proposal->time_empty_ms;
        fwl_overlay_reset(&slot->overlay);
        fwl_state_begin(c->state, &slot->overlay, &block);
    }
    err = finish_execution(c, slot, &done, d.count);
    err = err == FWL_OK ? fill_header(c, &d, base, proposal, &done) : err;
    if (err != FWL_OK) {
        return err;
    }
    fwl_writer_init(&w, c->body, FWL_BODY_SIZE_START);
    fwl_body_put_start(&w, &d.header);
    FWL_ASSERT(w.err == FWL_OK && d.w.err == FWL_OK); /* sizes were watched above */
    if (FWL_MUTANT(15, 21)) {                         /* its own blocks are not checked */
        fwl_header_hash(&hash, &d.header);
        keep_slot(c, slot, &hash);
    }
    *out = fwl_span(c->body, d.header.body_size);
    return FWL_OK;
}

enum fwl_err
fwl_chain_build(struct fwl_chain *c, struct fwl_span *body, const struct fwl_chain_proposal *proposal,
                const struct fwl_chain_candidates *candidates)
{
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&c->config.store, &read);

    *body = (struct fwl_span){0};
    if (err == FWL_OK) {
        err = build_in(c, body, &read.kv, proposal, candidates);
        fwl_read_end(&read);
    }
    return err;
}

/* ---- committing ---- */

static enum fwl_err
prepare_final(struct fwl_chain *c, struct fwl_chain_slot *slot, const struct fwl_header *header,
              const struct fwl_cert *cert)
{
    struct fwl_read read;
    enum fwl_err err = fwl_read_begin(&c->config.store, &read);

    if (err == FWL_OK) {
        err = fwl_index_final(slot, &read.kv, header, cert);
        fwl_read_end(&read);
    }
    return err;
}

enum fwl_err
fwl_chain_commit(struct fwl_chain *c, struct fwl_span bytes, const struct fwl_cert *cert)
{
    struct fwl_chain_slot *slot = NULL;
    struct fwl_body body;
    struct fwl_hash32 hash;
    enum fwl_err err = fwl_chain_check(c, NULL, bytes);

    if (err == FWL_ERR_BLOCK || err == FWL_ERR_HASH) {
        return FWL_ERR_LOCAL; /* a quorum says that it is valid */
    }
    if (err != FWL_OK) {
        return err;
    }
    err = fwl_body_decode(&body, bytes, c->tip.params.max_block);
    FWL_ASSERT(err == FWL_OK); /* it was checked */
    fwl_header_hash_bytes(&hash, body.header_bytes);
    slot = find_slot(c, &hash);
    FWL_ASSERT(slot != NULL);
    err = prepare_final(c, slot, &body.header, cert);
    err = err == FWL_OK ? fwl_storage_commit(&c->config.store, &slot->overlay) : err;
    if (err != FWL_OK) {
        return err;
    }
    fwl_chain_forget_slots(c); /* executed above the state that is gone */
    /* Committed, but this object does not know where it is: whatever the reason, only a restart helps. */
    return fwl_chain_reload(c) == FWL_OK ? FWL_OK : FWL_ERR_STORAGE;
}
