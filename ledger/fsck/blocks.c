/* Headers, transactions, certificates, sets and the indexes of blocks, from genesis to the tip. */
#include "ledger/fsck/part.h"
#include "ledger/merkle/build/tiles.h"
#include "ledger/model/body.h"
#include "ledger/model/epoch.h"
#include "ledger/model/evidence.h"
#include "ledger/model/tx.h"
#include "ledger/query/layout.h"

struct walk {
    struct fwl_fsck *f;
    struct fwl_header *h; /* f->header */
    struct fwl_header parent;
    struct fwl_span header_bytes;
    struct fwl_hash32 hash, parent_hash;
    struct fwl_layout_set set; /* of this height */
    uint64_t epoch;
    struct fwl_governors governors;
    uint8_t governor_keys[33 * FWL_KEYS_MAX];
    struct fwl_frontier history, log;
    bool has_history, has_log; /* both begin at genesis, or at the snapshot that the store comes from */
    struct fwl_span tile;      /* level 0 of the log, where its last leaf is */
    uint64_t ids;              /* transactions that are here */
};

static bool
same_frontier(const struct fwl_frontier *a, const struct fwl_frontier *b)
{
    struct fwl_hash32 nodes[2][FWL_FRONTIER_LEVELS];
    size_t count = fwl_frontier_list(a, nodes[0]);

    return a->size == b->size && fwl_frontier_list(b, nodes[1]) == count && memcmp(nodes[0], nodes[1], 32 * count) == 0;
}

/* The record of height @height, which must be the next one in @space. */
static enum fwl_err
at_height(struct fwl_fsck *f, struct fwl_span *value, enum fwl_space space, uint64_t height, bool first)
{
    uint8_t before[8];
    uint8_t key[8];
    struct fwl_span want = fwl_fsck_be64(key, height);
    struct fwl_kv_entry e;
    enum fwl_err err = fwl_fsck_next(f, &e, space, first ? fwl_span(NULL, 0) : fwl_fsck_be64(before, height - 1));

    if (err == FWL_OK && fwl_span_equal(e.key, want)) {
        *value = e.value;
        return FWL_OK;
    }
    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        return err;
    }
    if (err == FWL_OK && fwl_span_compare(e.key, want) < 0) {
        return fwl_fsck_fail(f, space, e.key, "no height has this key");
    }
    return fwl_fsck_fail(f, space, want, "the record of this height is missing");
}

/* Nothing follows the tip. */
static enum fwl_err
ends(struct fwl_fsck *f, enum fwl_space space, uint64_t last)
{
    uint8_t key[8];
    struct fwl_kv_entry e;
    enum fwl_err err = fwl_fsck_next(f, &e, space, fwl_fsck_be64(key, last));

    if (err == FWL_OK) {
        return fwl_fsck_fail(f, space, e.key, "there is a record beyond the tip");
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* ---- sets ---- */

/* Makes the set of @epoch the present one. */
static enum fwl_err
enter_epoch(struct walk *w, uint64_t epoch, uint64_t first, const struct fwl_hash32 *hash)
{
    struct fwl_fsck *f = w->f;
    uint8_t key[8];
    struct fwl_span value = {0};
    struct fwl_hash32 own;
    enum fwl_err err = at_height(f, &value, FWL_SPACE_SET, epoch, epoch == 0);

    if (err != FWL_OK) {
        return err;
    }
    (void)fwl_fsck_be64(key, epoch);
    if (fwl_layout_set(&w->set, value) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_SET, fwl_span(key, 8), "it is no validator set");
    }
    fwl_validators_hash(&own, &w->set.validators);
    if (!fwl_hash32_equal(&own, hash)) {
        return fwl_fsck_fail(f, FWL_SPACE_SET, fwl_span(key, 8), "it is not the set that the headers name");
    }
    if (w->set.first != first) {
        return fwl_fsck_fail(f, FWL_SPACE_SET, fwl_span(key, 8), "the set does not begin where its epoch does");
    }
    w->epoch = epoch;
    return FWL_OK;
}

/* The step out of an epoch at @at; of a block that is here (@h), it must be of that block. */
static enum fwl_err
leave_epoch(struct walk *w, const struct fwl_header *h)
{
    struct fwl_fsck *f = w->f;
    uint8_t key[8];
    struct fwl_span at = fwl_fsck_be64(key, w->epoch);
    struct fwl_span step_bytes = w->set.step;
    struct fwl_epoch_step step;
    struct fwl_epoch_trusted trusted = {.chain_id = f->chain_id,
                                        .epoch = w->epoch,
                                        .height = h == NULL ? 0 : h->height,
                                        .time_ms = h == NULL ? 0 : h->time_ms,
                                        .validators = w->set.validators,
                                        .governors = w->governors};

    if (step_bytes.size == 0) {
        return fwl_fsck_fail(f, FWL_SPACE_SET, at, "the step out of this epoch is missing");
    }
    if (fwl_epoch_decode(&step, step_bytes, w->set.validators.n) != FWL_OK ||
        fwl_epoch_verify(&step, &trusted) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_SET, at, "the step out of this epoch does not verify");
    }
    if (h != NULL && !fwl_span_equal(fwl_span(step_bytes.p, FWL_HEADER_SIZE), w->header_bytes)) {
        return fwl_fsck_fail(f, FWL_SPACE_SET, at, "the step has another header than the block");
    }
    w->governors = step.governors;
    return enter_epoch(w, w->epoch + 1, step.header.height + 1, &step.header.next_validators_hash);
}

/* From genesis to the epoch of the lowest header that is here. */
static enum fwl_err
first_epochs(struct walk *w)
{
    struct fwl_fsck *f = w->f;
    struct fwl_hash32 unknown = {{0}};
    struct fwl_header first;
    enum fwl_err err = FWL_OK;

    fwl_genesis_header(&first, &f->genesis, &f->chain_id, &unknown);
    err = enter_epoch(w, 0, 0, &first.validators_hash);
    while (err == FWL_OK && f->lowest > 0 && w->set.step.size >= FWL_HEADER_SIZE) {
        struct fwl_header last;

        if (fwl_header_decode(&last, fwl_span(w->set.step.p, FWL_HEADER_SIZE)) == FWL_OK && last.height >= f->lowest) {
            break;
        }
        err = leave_epoch(w, NULL);
    }
    return err;
}

/* ---- one block ---- */

static enum fwl_err
check_hash_index(struct walk *w)
{
    uint8_t key[8];
    struct fwl_span height = {0};
    struct fwl_span at = fwl_hash32_span(&w->hash);
    enum fwl_err err = fwl_fsck_get(w->f, &height, FWL_SPACE_HASH, at, "the block is not in the index of hashes");

    if (err == FWL_OK && !fwl_span_equal(height, fwl_fsck_be64(key, w->h->height))) {
        return fwl_fsck_fail(w->f, FWL_SPACE_HASH, at, "the index names another height");
    }
    return err;
}

static const char *
lineage_fault(const struct walk *w)
{
    const struct fwl_header *h = w->h;
    struct fwl_hash32 set;
    bool new_epoch = !fwl_hash32_equal(&w->parent.next_validators_hash, &w->parent.validators_hash);

    if (h->height == w->f->lowest) { /* after a snapshot nothing else is known of what was before */
        fwl_validators_hash(&set, &w->set.validators);
        return fwl_hash32_equal(&h->validators_hash, &set) && h->epoch == w->epoch && h->epoch_start == w->set.first
                   ? NULL
                   : "the header is not of the epoch that the steps lead to";
    }
    if (!fwl_hash32_equal(&h->prev_hash, &w->parent_hash)) {
        return "the header does not follow the block before";
    }
    if (!fwl_hash32_equal(&h->validators_hash, &w->parent.next_validators_hash)) {
        return "the header has another set than the block before names";
    }
    if (h->time_ms <= w->parent.time_ms) {
        return "the time does not rise";
    }
    if (h->epoch != w->parent.epoch + new_epoch || h->epoch_start != (new_epoch ? h->height : w->parent.epoch_start)) {
        return "the epoch or its start does not follow from the block before";
    }
    return NULL;
}

/* The trees of the snapshot that the store comes from: taken over, or compared with those of the blocks. */
static enum fwl_err
meet_snapshot(struct walk *w, uint64_t height)
{
    struct fwl_fsck *f = w->f;

    if (!f->restored || height != f->restored_at) {
        return FWL_OK;
    }
    if (w->has_history && !same_frontier(&w->history, &f->restored_history)) {
        return fwl_fsck_fail(f, FWL_SPACE_META, fwl_span_text("restored"),
                             "the header tree of the snapshot is not that of the headers");
    }
    w->history = f->restored_history;
    w->log = f->restored_log;
    w->has_history = w->has_log = true;
    return FWL_OK;
}

static const char *
header_fault(const struct walk *w, uint64_t height)
{
    const struct fwl_fsck *f = w->f;
    const struct fwl_header *h = w->h;
    uint8_t encoded[FWL_HEADER_SIZE];
    struct fwl_header first;
    struct fwl_hash32 root;

    fwl_frontier_root(&w->history, &root);
    if (h->height != height) {
        return "the header has another height";
    }
    if (!fwl_hash32_equal(&h->chain_id, &f->chain_id)) {
        return "the header is of another chain";
    }
    if (w->has_history && !fwl_hash32_equal(&h->history_root, &root)) {
        return "the header has another history";
    }
    if (height > 0) {
        return lineage_fault(w);
    }
    fwl_genesis_header(&first, &f->genesis, &f->chain_id, &h->state_root);
    fwl_header_encode(encoded, &first);
    return fwl_span_equal(fwl_span(encoded, sizeof(encoded)), w->header_bytes)
               ? NULL
               : "the header is not the one of the genesis document";
}

static enum fwl_err
check_header(struct walk *w, uint64_t height)
{
    struct fwl_fsck *f = w->f;
    uint8_t key[8];
    const char *what = NULL;
    enum fwl_err err = at_height(f, &w->header_bytes, FWL_SPACE_HDR, height, height == f->lowest);

    err = err == FWL_OK ? meet_snapshot(w, height) : err;
    if (err != FWL_OK) {
        return err;
    }
    what = fwl_header_decode(w->h, w->header_bytes) != FWL_OK ? "it is no header" : header_fault(w, height);
    if (what != NULL) {
        return fwl_fsck_fail(f, FWL_SPACE_HDR, fwl_fsck_be64(key, height), what);
    }
    fwl_header_hash_bytes(&w->hash, w->header_bytes);
    return check_hash_index(w);
}

/* The lowest height whose certificate is here; that of a snapshot's block, which has no transactions, among them. */
static uint64_t
first_cert(const struct fwl_fsck *f)
{
    return f->restored && f->base == f->restored_at + 1 ? f->restored_at : FWL_MAX(f->base, (uint64_t)1);
}

static enum fwl_err
check_cert(struct walk *w)
{
    uint8_t key[8];
    struct fwl_span bytes = {0};
    struct fwl_cert cert;
    uint64_t height = w->h->height;
    enum fwl_err err = FWL_OK;

    if (height > 0 && w->h->proposer >= w->set.validators.n) {
        return fwl_fsck_fail(w->f, FWL_SPACE_HDR, fwl_fsck_be64(key, height), "the proposer is no member of the set");
    }
    if (height < first_cert(w->f)) {
        return FWL_OK;
    }
    err = at_height(w->f, &bytes, FWL_SPACE_FIN, height, height == first_cert(w->f));
    if (err != FWL_OK) {
        return err;
    }
    if (fwl_cert_decode_short(&cert, bytes, w->set.validators.n, height, &w->hash) != FWL_OK ||
        fwl_cert_verify(&cert, &w->set.validators, &w->f->chain_id) != FWL_OK) {
        return fwl_fsck_fail(w->f, FWL_SPACE_FIN, fwl_fsck_be64(key, height), "the certificate does not verify");
    }
    return FWL_OK;
}

static struct fwl_span
tile_key(uint8_t key[9], uint64_t leaf)
{
    key[0] = 0;
    fwl_store_be64(key + 1, leaf / FWL_TILES_WIDTH);
    return fwl_span(key, 9);
}

/* Leaf @at of the log as its tile has it; leaves are asked for in their order. */
static enum fwl_err
next_leaf(struct walk *w, struct fwl_hash32 *leaf, uint64_t at)
{
    uint8_t key[9];
    size_t place = 32 * (size_t)(at % FWL_TILES_WIDTH);
    enum fwl_err err = FWL_OK;

    if (place == 0 || w->tile.p == NULL) {
        err = fwl_fsck_get(w->f, &w->tile, FWL_SPACE_LOG, tile_key(key, at), "a tile of the log is missing");
    }
    if (err == FWL_OK && w->tile.size < place + 32) {
        err = fwl_fsck_fail(w->f, FWL_SPACE_LOG, tile_key(key, at), "the tile ends too early");
    }
    memset(leaf, 0, sizeof(*leaf));
    if (err == FWL_OK) {
        memcpy(leaf->b, w->tile.p + place, 32);
    }
    return err;
}

/* Transaction @index: its leaf in the log, and the index that finds it. */
static enum fwl_err
check_tx(struct walk *w, struct fwl_frontier *block, struct fwl_span bytes, uint32_t index)
{
    struct fwl_fsck *f = w->f;
    uint8_t place[12];
    uint64_t at = w->log.size;
    struct fwl_hash32 leaf;
    struct fwl_hash32 known;
    struct fwl_hash32 id;
    struct fwl_span value = {0};
    enum fwl_err err = FWL_OK;

    fwl_rfc6962_leaf(&leaf, bytes);
    if (fwl_frontier_append(block, &leaf) != FWL_OK || fwl_frontier_append(&w->log, &leaf) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_LOG, fwl_span(NULL, 0), "there are too many transactions");
    }
    err = next_leaf(w, &known, at);
    if (err == FWL_OK && !fwl_hash32_equal(&known, &leaf)) {
        uint8_t key[9];

        err = fwl_fsck_fail(f, FWL_SPACE_LOG, tile_key(key, at), "the tile has another transaction");
    }
    if (err != FWL_OK) {
        return err;
    }
    w->ids++;
    if (!fwl_evidence_txid(&id, bytes)) {
        return fwl_fsck_fail(f, FWL_SPACE_BLK, fwl_fsck_be64(place, w->h->height), "a transaction cannot be read");
    }
    err = fwl_fsck_get(f, &value, FWL_SPACE_TXID, fwl_hash32_span(&id), "a transaction is not in the index of ids");
    fwl_store_be64(place, w->h->height);
    fwl_store_be32(place + 8, index);
    if (err == FWL_OK && !fwl_span_equal(value, fwl_span(place, sizeof(place)))) {
        return fwl_fsck_fail(f, FWL_SPACE_TXID, fwl_hash32_span(&id), "the index names another place");
    }
    return err;
}

/* The transactions are read twice: their root says whether the block is damaged before an index is blamed. */
static enum fwl_err
check_root(struct walk *w, struct fwl_span txs)
{
    struct fwl_frontier block = {0};
    struct fwl_hash32 root;
    struct fwl_hash32 leaf;
    struct fwl_reader r;
    uint8_t key[8];

    fwl_reader_init(&r, txs);
    while (r.left > 0 && fwl_reader_ok(&r)) {
        fwl_rfc6962_leaf(&leaf, fwl_reader_bytes(&r, fwl_reader_u32(&r)));
        if (fwl_frontier_append(&block, &leaf) != FWL_OK) {
            break;
        }
    }
    fwl_frontier_root(&block, &root);
    if (!fwl_hash32_equal(&root, &w->h->txs_root) || FWL_BODY_SIZE_START + txs.size != w->h->body_size) {
        return fwl_fsck_fail(w->f, FWL_SPACE_BLK, fwl_fsck_be64(key, w->h->height),
                             "the transactions are not those of the header");
    }
    return FWL_OK;
}

/* The leaves of a block whose transactions were forgotten are still in the log. */
static enum fwl_err
count_forgotten(struct walk *w)
{
    enum fwl_err err = FWL_OK;

    while (err == FWL_OK && w->log.size < w->h->log_size) {
        struct fwl_hash32 leaf;

        err = next_leaf(w, &leaf, w->log.size);
        if (err == FWL_OK && fwl_frontier_append(&w->log, &leaf) != FWL_OK) {
            return fwl_fsck_fail(w->f, FWL_SPACE_LOG, fwl_span(NULL, 0), "there are too many transactions");
        }
    }
    return err;
}

static enum fwl_err
check_kept(struct walk *w)
{
    struct fwl_fsck *f = w->f;
    struct fwl_frontier block = {0};
    struct fwl_span value = {0};
    struct fwl_span txs;
    struct fwl_reader r;
    uint8_t key[8];
    enum fwl_err err = at_height(f, &value, FWL_SPACE_BLK, w->h->height, w->h->height == f->base);

    if (err != FWL_OK) {
        return err;
    }
    if (fwl_layout_block(&txs, value, w->h->txs_count) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_BLK, fwl_fsck_be64(key, w->h->height),
                             "these are not as many transactions as the header says");
    }
    err = check_root(w, txs);
    fwl_reader_init(&r, txs);
    for (uint32_t i = 0; i < w->h->txs_count && err == FWL_OK; i++) {
        err = check_tx(w, &block, fwl_reader_bytes(&r, fwl_reader_u32(&r)), i);
    }
    return err;
}

static enum fwl_err
check_txs(struct walk *w)
{
    struct fwl_hash32 root;
    uint8_t key[8];
    enum fwl_err err = FWL_OK;

    if (!w->has_log) {
        return FWL_OK;
    }
    err = w->h->height < w->f->base ? count_forgotten(w) : check_kept(w);
    if (err != FWL_OK) {
        return err;
    }
    fwl_frontier_root(&w->log, &root);
    if (w->log.size != w->h->log_size || !fwl_hash32_equal(&root, &w->h->log_root)) {
        return fwl_fsck_fail(w->f, FWL_SPACE_HDR, fwl_fsck_be64(key, w->h->height), "the header has another log");
    }
    return FWL_OK;
}

/* The header tree before the tip, which a snapshot states. */
static enum fwl_err
check_before(struct walk *w)
{
    struct fwl_fsck *f = w->f;
    struct fwl_span at = fwl_span_text("history");
    struct fwl_span value = {0};
    struct fwl_frontier stored;
    enum fwl_err err = FWL_OK;

    if (f->tip == 0) {
        return fwl_kv_get(&f->kv, &value, FWL_SPACE_META, at) == FWL_ERR_ABSENT
                   ? FWL_OK
                   : fwl_fsck_fail(f, FWL_SPACE_META, at, "there are no headers before the first");
    }
    err = fwl_fsck_get(f, &value, FWL_SPACE_META, at, "the frontier before the tip is missing");
    if (err == FWL_OK && (fwl_tiles_decode(&stored, value) != FWL_OK || !same_frontier(&stored, &w->history))) {
        return fwl_fsck_fail(f, FWL_SPACE_META, at, "it is not the frontier of the headers before the tip");
    }
    return err;
}

static enum fwl_err
check_block(struct walk *w, uint64_t height)
{
    struct fwl_hash32 leaf;
    enum fwl_err err = check_header(w, height);

    err = err == FWL_OK ? check_cert(w) : err;
    err = err == FWL_OK ? check_txs(w) : err;
    if (err == FWL_OK && !fwl_hash32_equal(&w->h->validators_hash, &w->h->next_validators_hash)) {
        err = leave_epoch(w, w->h);
    } else if (err == FWL_OK && height == w->f->tip && w->set.step.size > 0) {
        uint8_t key[8];

        err = fwl_fsck_fail(w->f, FWL_SPACE_SET, fwl_fsck_be64(key, w->epoch), "there is a step out of this epoch");
    }
    err = err == FWL_OK && height == w->f->tip ? check_before(w) : err;
    if (err != FWL_OK) {
        return err;
    }
    fwl_rfc6962_leaf(&leaf, w->header_bytes);
    w->parent = *w->h;
    w->parent_hash = w->hash;
    return w->has_history ? fwl_frontier_append(&w->history, &leaf) : FWL_OK;
}

/* What is stored of a tree to append to it. */
static enum fwl_err
check_frontier(struct fwl_fsck *f, enum fwl_space space, const struct fwl_frontier *own)
{
    static const uint8_t key[1] = {0xff};
    struct fwl_frontier stored;

    if (fwl_tiles_frontier(&f->kv, space, &stored) != FWL_OK || !same_frontier(&stored, own)) {
        return fwl_fsck_fail(f, space, fwl_span(key, sizeof(key)), "the frontier is not the one of the blocks");
    }
    return FWL_OK;
}

static enum fwl_err
check_ends(struct walk *w)
{
    struct fwl_fsck *f = w->f;
    uint64_t count = 0;
    enum fwl_err err = ends(f, FWL_SPACE_HDR, f->tip);

    err = err == FWL_OK ? ends(f, FWL_SPACE_BLK, f->tip) : err;
    err = err == FWL_OK ? ends(f, FWL_SPACE_FIN, f->tip) : err;
    err = err == FWL_OK ? ends(f, FWL_SPACE_SET, w->epoch) : err;
    err = err == FWL_OK ? fwl_fsck_count(f, &count, FWL_SPACE_BLK) : err;
    if (err == FWL_OK && count != f->tip + 1 - f->base) {
        err = fwl_fsck_fail(f, FWL_SPACE_BLK, fwl_span(NULL, 0), "there are blocks that should be forgotten");
    }
    err = err == FWL_OK ? fwl_fsck_count(f, &count, FWL_SPACE_HASH) : err;
    if (err == FWL_OK && count != f->tip + 1 - f->lowest) {
        err = fwl_fsck_fail(f, FWL_SPACE_HASH, fwl_span(NULL, 0), "the index has hashes that no block has");
    }
    err = err == FWL_OK ? fwl_fsck_count(f, &count, FWL_SPACE_TXID) : err;
    if (err == FWL_OK && count != w->ids) {
        err = fwl_fsck_fail(f, FWL_SPACE_TXID, fwl_span(NULL, 0), "the index has ids that no transaction has");
    }
    err = err == FWL_OK ? check_frontier(f, FWL_SPACE_HIST, &w->history) : err;
    return err == FWL_OK ? check_frontier(f, FWL_SPACE_LOG, &w->log) : err;
}

enum fwl_err
fwl_fsck_blocks(struct fwl_fsck *f)
{
    struct walk w = {.f = f, .h = &f->header, .has_history = f->lowest == 0, .has_log = !f->restored};
    enum fwl_err err = fwl_key_governors(&w.governors, w.governor_keys, f->genesis.governors, f->genesis.threshold);

    FWL_ASSERT(err == FWL_OK); /* fwl_genesis_decode checked them */
    err = first_epochs(&w);
    if (err != FWL_OK) {
        return err;
    }
    f->fault->has_height = true;
    for (uint64_t height = f->lowest; height <= f->tip; height++) {
        f->fault->height = height;
        err = check_block(&w, height);
        if (err != FWL_OK) {
            return err;
        }
        fwl_fsck_tell(f, "blocks", height, f->tip);
    }
    f->fault->has_height = false;
    f->fault->height = 0;
    return check_ends(&w);
}
