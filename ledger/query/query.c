#include "ledger/query/query.h"

#include "ledger/merkle/build/smt.h"
#include "ledger/model/epoch.h"
#include "ledger/model/genesis.h"
#include "ledger/model/name.h"
#include "ledger/query/layout.h"

/* A read whose absence is damage: something that is stored names it. */
static enum fwl_err
get_named(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_space space, struct fwl_span key)
{
    enum fwl_err err = fwl_kv_get(kv, value, space, key);

    return err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
}

static enum fwl_err
get_height(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_space space, uint64_t height)
{
    uint8_t key[8];

    fwl_store_be64(key, height);
    return fwl_kv_get(kv, value, space, fwl_span(key, sizeof(key)));
}

/* A height of space `meta`. */
static enum fwl_err
meta_height(const struct fwl_kv *kv, uint64_t *height, const char *key)
{
    struct fwl_span value;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_META, fwl_span_text(key));

    *height = 0;
    if (err == FWL_OK && value.size != 8) {
        err = FWL_ERR_CORRUPT;
    }
    if (err == FWL_OK) {
        *height = fwl_load_be64(value.p);
    }
    return err;
}

/* Header and certificate of a height; the certificate is empty when there is none. */
static enum fwl_err
get_block(const struct fwl_kv *kv, struct fwl_query_block *out, uint64_t height)
{
    enum fwl_err err = get_height(kv, &out->header_bytes, FWL_SPACE_HDR, height);

    if (err == FWL_OK && fwl_header_decode(&out->header, out->header_bytes) != FWL_OK) {
        err = FWL_ERR_CORRUPT;
    }
    if (err == FWL_OK) {
        fwl_header_hash_bytes(&out->hash, out->header_bytes);
        err = get_height(kv, &out->cert, FWL_SPACE_FIN, height);
        err = err == FWL_ERR_ABSENT ? FWL_OK : err;
    }
    return err;
}

enum fwl_err
fwl_query_tip(const struct fwl_kv *kv, struct fwl_query_tip *out)
{
    struct fwl_query_block block = {0};
    uint64_t height = 0;
    enum fwl_err err = meta_height(kv, &height, FWL_LAYOUT_META_HEIGHT);

    *out = (struct fwl_query_tip){0};
    if (err == FWL_OK) {
        err = get_block(kv, &block, height);
        err = err == FWL_ERR_ABSENT || (err == FWL_OK && block.cert.size == 0 && height > 0) ? FWL_ERR_CORRUPT : err;
    }
    if (err == FWL_OK) {
        *out = (struct fwl_query_tip){
            .header = block.header, .header_bytes = block.header_bytes, .hash = block.hash, .cert = block.cert};
    }
    return err;
}

enum fwl_err
fwl_query_base(const struct fwl_kv *kv, uint64_t *height)
{
    enum fwl_err err = meta_height(kv, height, FWL_LAYOUT_META_BASE);

    *height = err == FWL_ERR_ABSENT ? 1 : *height;
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

enum fwl_err
fwl_query_lowest(const struct fwl_kv *kv, uint64_t *height)
{
    enum fwl_err err = meta_height(kv, height, FWL_LAYOUT_META_HEADERS);

    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* The epoch steps from `since` on into work->steps. */
static enum fwl_err
collect_steps(const struct fwl_kv *kv, struct fwl_query_work *work, struct fwl_answer *answer, uint64_t since,
              uint64_t epoch)
{
    struct fwl_writer w;

    fwl_writer_init(&w, work->steps, sizeof(work->steps));
    for (; since < epoch; since++) {
        struct fwl_layout_set set;
        struct fwl_span value;
        enum fwl_err err = get_height(kv, &value, FWL_SPACE_SET, since);

        if (err == FWL_OK) {
            err = fwl_layout_set(&set, value);
        }
        if (err == FWL_OK && set.step.size == 0) {
            err = FWL_ERR_CORRUPT;
        }
        if (err != FWL_OK) {
            return err;
        }
        if (answer->step_count == FWL_EPOCH_STEPS_MAX || w.size + 2 + set.step.size > w.room) {
            answer->more = true;
            break;
        }
        fwl_answer_step_put(&w, set.step);
        answer->step_count++;
    }
    return fwl_writer_finish(&w, &answer->steps);
}

static enum fwl_err
prove(const struct fwl_kv *kv, struct fwl_query_work *work, struct fwl_answer *answer, enum fwl_answer_entry which,
      enum fwl_table table, struct fwl_span key, const struct fwl_hash32 *state_root)
{
    struct fwl_hash32 key_hash;
    struct fwl_hash32 root;
    size_t size = 0;
    enum fwl_err err = FWL_OK;

    fwl_tree_key_hash(&key_hash, (uint8_t)table, key);
    err = fwl_smt_prove(kv, work->proofs[which], &size, &root, &key_hash);
    if (err == FWL_OK && !fwl_hash32_equal(&root, state_root)) {
        err = FWL_ERR_CORRUPT;
    }
    answer->proofs[which] = fwl_span(work->proofs[which], err == FWL_OK ? size : 0);
    return err;
}

enum fwl_err
fwl_query_answer(const struct fwl_kv *kv, struct fwl_query_work *work, struct fwl_writer *w,
                 const struct fwl_query_ask *ask)
{
    struct fwl_answer answer = {0};
    struct fwl_class_name name;
    struct fwl_query_tip tip;
    enum fwl_err err = fwl_name_class(&name, ask->class_name);

    if (err == FWL_OK) {
        err = fwl_name_fleet(NULL, ask->fleet);
    }
    if (err == FWL_OK) {
        err = fwl_query_tip(kv, &tip);
    }
    if (err == FWL_OK && tip.cert.size == 0) {
        err = FWL_ERR_ABSENT;
    }
    if (err == FWL_OK && ask->has_since) {
        err = collect_steps(kv, work, &answer, ask->since, tip.header.epoch);
    }
    if (err == FWL_OK) {
        err = prove(kv, work, &answer, FWL_ANSWER_VENDOR, FWL_TABLE_VENDOR, name.vendor, &tip.header.state_root);
    }
    if (err == FWL_OK) {
        err = prove(kv, work, &answer, FWL_ANSWER_CLASS, FWL_TABLE_CLASS, ask->class_name, &tip.header.state_root);
    }
    if (err == FWL_OK) {
        err = prove(kv, work, &answer, FWL_ANSWER_FLEET, FWL_TABLE_FLEET, ask->fleet, &tip.header.state_root);
    }
    if (err == FWL_OK) {
        answer.header = tip.header_bytes;
        answer.cert = tip.cert;
        fwl_answer_put(w, &answer);
        err = w->err;
    }
    return err;
}

/* An entry, or a span with NULL when it is absent. */
static enum fwl_err
get_optional(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_table table, struct fwl_span key)
{
    enum fwl_err err = fwl_query_entry(kv, value, table, key);

    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

static enum fwl_err
get_releases(const struct fwl_kv *kv, struct fwl_query_values *out)
{
    struct fwl_class_entry entry;
    struct fwl_live live;
    struct fwl_reader it;
    enum fwl_err err = fwl_entry_class(&entry, NULL, out->class_entry);

    if (err != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    for (fwl_list_begin(&it, entry.live); err == FWL_OK && fwl_entry_next_live(&it, &live); out->release_count++) {
        if (out->release_count == FWL_CLASS_RELEASES_MAX) {
            return FWL_ERR_CORRUPT;
        }
        err = fwl_query_entry(kv, &out->releases[out->release_count], FWL_TABLE_RELEASE, fwl_hash32_span(&live.id));
        err = err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    return err;
}

enum fwl_err
fwl_query_values(const struct fwl_kv *kv, struct fwl_query_values *out, const struct fwl_query_ask *ask)
{
    struct fwl_class_name name;
    struct fwl_fleet_entry fleet;
    enum fwl_err err = fwl_name_class(&name, ask->class_name);

    *out = (struct fwl_query_values){0};
    if (err == FWL_OK) {
        err = fwl_name_fleet(NULL, ask->fleet);
    }
    if (err == FWL_OK) {
        err = get_optional(kv, &out->vendor, FWL_TABLE_VENDOR, name.vendor);
    }
    if (err == FWL_OK) {
        err = get_optional(kv, &out->class_entry, FWL_TABLE_CLASS, ask->class_name);
    }
    if (err == FWL_OK) {
        err = get_optional(kv, &out->fleet, FWL_TABLE_FLEET, ask->fleet);
    }
    if (err == FWL_OK && out->fleet.p != NULL) {
        err = fwl_entry_fleet(&fleet, NULL, out->fleet) == FWL_OK ? FWL_OK : FWL_ERR_CORRUPT;
        if (err == FWL_OK && fleet.policy.some) {
            err = fwl_query_entry(kv, &out->policy, FWL_TABLE_POLICY, ask->fleet);
            err = err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
        }
    }
    if (err == FWL_OK && out->class_entry.p != NULL) {
        err = get_releases(kv, out);
    }
    if (err != FWL_OK) {
        *out = (struct fwl_query_values){0};
    }
    return err;
}

enum fwl_err
fwl_query_bundle(const struct fwl_kv *kv, struct fwl_writer *w, struct fwl_span answer, const struct fwl_query_ask *ask)
{
    struct fwl_query_values v;
    struct fwl_span first[4];
    size_t count = 0;
    enum fwl_err err = fwl_query_values(kv, &v, ask);

    if (err != FWL_OK) {
        return err;
    }
    first[0] = v.vendor;
    first[1] = v.class_entry;
    first[2] = v.fleet;
    first[3] = v.policy;
    count = v.release_count;
    for (size_t i = 0; i < FWL_COUNT(first); i++) {
        count += first[i].p != NULL;
    }
    fwl_bundle_put_begin(w, answer, (uint16_t)count);
    for (size_t i = 0; i < FWL_COUNT(first); i++) {
        if (first[i].p != NULL) {
            fwl_bundle_put_value(w, first[i]);
        }
    }
    for (size_t i = 0; i < v.release_count; i++) {
        fwl_bundle_put_value(w, v.releases[i]);
    }
    return w->err;
}

enum fwl_err
fwl_query_value(const struct fwl_kv *kv, struct fwl_span *value, const struct fwl_hash32 *hash)
{
    struct fwl_layout_value where;
    struct fwl_span bytes;
    uint8_t key[1 + sizeof(hash->b)];
    enum fwl_err err = FWL_OK;

    *value = fwl_span(NULL, 0);
    key[0] = FWL_LAYOUT_VAL_BY_HASH;
    memcpy(key + 1, hash->b, sizeof(hash->b));
    err = fwl_kv_get(kv, &bytes, FWL_SPACE_VAL, fwl_span(key, sizeof(key)));
    if (err == FWL_OK) {
        err = fwl_layout_value(&where, bytes);
    }
    if (err == FWL_OK && where.replaced) {
        *value = where.bytes;
    } else if (err == FWL_OK) {
        err = get_named(kv, value, FWL_SPACE_KV, where.key);
    }
    return err;
}

/* table || key, as space `kv` has it. */
static struct fwl_span
entry_key(uint8_t buffer[FWL_KV_KEY_MAX], enum fwl_table table, struct fwl_span key)
{
    buffer[0] = (uint8_t)table;
    if (key.size > 0) {
        memcpy(buffer + 1, key.p, key.size);
    }
    return fwl_span(buffer, 1 + key.size);
}

enum fwl_err
fwl_query_entry(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_table table, struct fwl_span key)
{
    uint8_t buffer[FWL_KV_KEY_MAX];

    *value = fwl_span(NULL, 0);
    if (key.size > sizeof(buffer) - 1) {
        return FWL_ERR_ABSENT;
    }
    return fwl_kv_get(kv, value, FWL_SPACE_KV, entry_key(buffer, table, key));
}

enum fwl_err
fwl_query_next(const struct fwl_kv *kv, struct fwl_span *key, struct fwl_span *value, enum fwl_table table,
               struct fwl_span after)
{
    uint8_t buffer[FWL_KV_KEY_MAX];
    struct fwl_kv_entry entry;
    enum fwl_err err = FWL_OK;

    *key = fwl_span(NULL, 0);
    *value = fwl_span(NULL, 0);
    if (after.size > sizeof(buffer) - 1) {
        return FWL_ERR_ABSENT;
    }
    /* table alone is below every key of the table, and itself a key where the table has the empty one */
    err = fwl_kv_next(kv, &entry, FWL_SPACE_KV, entry_key(buffer, table, after));
    if (err == FWL_OK && (entry.key.size == 0 || entry.key.p[0] != (uint8_t)table)) {
        err = FWL_ERR_ABSENT;
    }
    if (err == FWL_OK) {
        *key = fwl_span(entry.key.p + 1, entry.key.size - 1);
        *value = entry.value;
    }
    return err;
}

enum fwl_err
fwl_query_header(const struct fwl_kv *kv, struct fwl_span *bytes, uint64_t height)
{
    enum fwl_err err = get_height(kv, bytes, FWL_SPACE_HDR, height);

    return err == FWL_OK && bytes->size != FWL_HEADER_SIZE ? FWL_ERR_CORRUPT : err;
}

enum fwl_err
fwl_query_block(const struct fwl_kv *kv, struct fwl_query_block *out, uint64_t height)
{
    struct fwl_span stored;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_query_block){0};
    err = get_block(kv, out, height);
    if (err == FWL_OK) {
        err = get_height(kv, &stored, FWL_SPACE_BLK, height);
        out->has_txs = err == FWL_OK;
        err = err == FWL_ERR_ABSENT ? FWL_OK : err;
    }
    if (err == FWL_OK && out->has_txs) {
        err = fwl_layout_block(&out->txs, stored, out->header.txs_count);
    }
    if (err != FWL_OK) {
        *out = (struct fwl_query_block){0};
    }
    return err;
}

void
fwl_query_block_begin(struct fwl_reader *it, const struct fwl_query_block *block)
{
    fwl_reader_init(it, block->txs);
}

bool
fwl_query_block_next(struct fwl_reader *it, struct fwl_span *tx)
{
    *tx = fwl_span(NULL, 0);
    if (it->left == 0 || !fwl_reader_ok(it)) {
        return false;
    }
    *tx = fwl_reader_bytes(it, fwl_reader_u32(it));
    return fwl_reader_ok(it);
}

enum fwl_err
fwl_query_place(const struct fwl_kv *kv, uint64_t *height, uint32_t *index, const struct fwl_hash32 *txid)
{
    struct fwl_span value;
    struct fwl_reader r;
    enum fwl_err err = fwl_kv_get(kv, &value, FWL_SPACE_TXID, fwl_hash32_span(txid));

    fwl_reader_init(&r, value);
    *height = err == FWL_OK ? fwl_reader_u64(&r) : 0;
    *index = err == FWL_OK ? fwl_reader_u32(&r) : 0;
    if (err == FWL_OK && fwl_reader_finish(&r) != FWL_OK) {
        *height = 0;
        *index = 0;
        err = FWL_ERR_CORRUPT;
    }
    return err;
}

enum fwl_err
fwl_query_set(const struct fwl_kv *kv, struct fwl_query_set *out, uint64_t height)
{
    struct fwl_query_tip tip;
    struct fwl_header header;
    struct fwl_layout_set set;
    struct fwl_span bytes;
    uint64_t epoch = 0;
    enum fwl_err err = fwl_query_tip(kv, &tip);

    *out = (struct fwl_query_set){0};
    if (err == FWL_OK && height == tip.header.height + 1) {
        epoch = tip.header.epoch + !fwl_hash32_equal(&tip.header.validators_hash, &tip.header.next_validators_hash);
    } else if (err == FWL_OK) {
        err = fwl_query_header(kv, &bytes, height);
        if (err == FWL_OK && fwl_header_decode(&header, bytes) != FWL_OK) {
            err = FWL_ERR_CORRUPT;
        }
        epoch = err == FWL_OK ? header.epoch : 0;
    }
    if (err == FWL_OK) {
        err = get_height(kv, &bytes, FWL_SPACE_SET, epoch);
    }
    if (err == FWL_OK) {
        err = fwl_layout_set(&set, bytes);
    }
    if (err == FWL_OK) {
        *out = (struct fwl_query_set){.epoch = epoch, .first = set.first, .validators = set.validators};
    }
    return err;
}

enum fwl_err
fwl_query_certificate(const struct fwl_kv *kv, struct fwl_cert *out, const struct fwl_query_block *block)
{
    uint64_t height = block->header.height;
    struct fwl_query_set set;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_cert){.n = 0};
    if (block->cert.size == 0) {
        return FWL_ERR_ABSENT;
    }
    err = fwl_query_set(kv, &set, height);
    err = err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err; /* the header is here, and no set for it */
    if (err == FWL_OK && fwl_cert_decode_short(out, block->cert, set.validators.n, height, &block->hash) != FWL_OK) {
        *out = (struct fwl_cert){.n = 0};
        err = FWL_ERR_CORRUPT;
    }
    return err;
}

static enum fwl_err
first_governors(const struct fwl_kv *kv, struct fwl_governors *out, uint8_t buffer[33 * FWL_KEYS_MAX])
{
    struct fwl_genesis genesis;
    struct fwl_span document;
    enum fwl_err err = fwl_kv_get(kv, &document, FWL_SPACE_META, fwl_span_text("genesis"));

    if (err != FWL_OK) {
        return err;
    }
    err = fwl_genesis_decode(&genesis, NULL, document);
    err = err == FWL_OK ? fwl_key_governors(out, buffer, genesis.governors, genesis.threshold) : err;
    return err == FWL_OK ? FWL_OK : FWL_ERR_CORRUPT;
}

enum fwl_err
fwl_query_governors(const struct fwl_kv *kv, struct fwl_governors *out, uint8_t buffer[33 * FWL_KEYS_MAX],
                    uint64_t epoch)
{
    struct fwl_layout_set set;
    struct fwl_epoch_step step;
    struct fwl_span bytes;
    enum fwl_err err = FWL_OK;

    *out = (struct fwl_governors){0};
    if (epoch == 0) {
        return first_governors(kv, out, buffer);
    }
    err = get_height(kv, &bytes, FWL_SPACE_SET, epoch - 1);
    err = err == FWL_OK ? fwl_layout_set(&set, bytes) : err;
    if (err != FWL_OK) {
        return err;
    }
    if (fwl_epoch_decode(&step, set.step, set.validators.n) != FWL_OK) {
        return FWL_ERR_CORRUPT;
    }
    *out = step.governors;
    return FWL_OK;
}
