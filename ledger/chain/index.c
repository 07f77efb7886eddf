/* The tables of a node's store that are indexes of blocks and values (docs/spec/storage.md). */
#include "core/sha256.h"
#include "ledger/chain/internal.h"
#include "ledger/merkle/tree.h"
#include "ledger/model/epoch.h"

enum {
    VALUE_KEPT_MS = 86400000, /* a replaced value stays reachable for a day */
    FORGET_MAX = 256,         /* values forgotten per block */
    VAL_HASH = 1,             /* first byte of keys in space `val` */
    VAL_QUEUE = 2,
    VAL_AT = 1, /* forms of a value */
    VAL_BYTES = 2,
    VAL_BYTES_AT = 13, /* where the bytes begin: after references, form and time */
};

static struct fwl_span
be64(uint8_t buffer[8], uint64_t v)
{
    fwl_store_be64(buffer, v);
    return fwl_span(buffer, 8);
}

enum fwl_err
fwl_index_block(struct fwl_chain_slot *slot, const struct fwl_body *body, const struct fwl_hash32 *hash,
                const struct fwl_hash32 *txids)
{
    struct fwl_overlay *o = &slot->overlay;
    uint8_t height[8];
    uint8_t place[12];
    struct fwl_span key = be64(height, body->header.height);
    uint8_t *blk = NULL;
    enum fwl_err err = fwl_overlay_put(o, FWL_SPACE_HDR, key, body->header_bytes);

    err = err == FWL_OK ? fwl_overlay_put(o, FWL_SPACE_HASH, fwl_hash32_span(hash), key) : err;
    err = err == FWL_OK ? fwl_overlay_reserve(o, &blk, FWL_SPACE_BLK, key, 4 + body->txs.size) : err;
    if (err != FWL_OK) {
        return err;
    }
    fwl_store_be32(blk, body->count);
    if (body->txs.size > 0) {
        memcpy(blk + 4, body->txs.p, body->txs.size);
    }
    for (uint32_t i = 0; i < body->count && err == FWL_OK; i++) {
        fwl_store_be64(place, body->header.height);
        fwl_store_be32(place + 8, i);
        err = fwl_overlay_put(o, FWL_SPACE_TXID, fwl_hash32_span(&txids[i]), fwl_span(place, sizeof(place)));
    }
    err = err == FWL_OK ? fwl_overlay_put(o, FWL_SPACE_META, fwl_span_text("height"), key) : err;
    return err;
}

/* ---- values by their hash ---- */

static struct fwl_span
val_key(uint8_t buffer[33], const struct fwl_hash32 *hash)
{
    buffer[0] = VAL_HASH;
    memcpy(buffer + 1, hash->b, 32);
    return fwl_span(buffer, 33);
}

static uint32_t
references(struct fwl_span value)
{
    return value.size < 5 ? 0 : fwl_load_be32(value.p);
}

/* A value that @count entries have, the one at @at among them. */
static enum fwl_err
put_at(struct fwl_overlay *o, struct fwl_span key, uint32_t count, struct fwl_span at)
{
    uint8_t *to = NULL;
    enum fwl_err err = fwl_overlay_reserve(o, &to, FWL_SPACE_VAL, key, 5 + at.size);

    if (err == FWL_OK) {
        memmove(to + 5, at.p, at.size); /* @at may lie in the value that is being replaced */
        fwl_store_be32(to, count);
        to[4] = VAL_AT;
    }
    return err;
}

/* The bytes themselves. With @count 0 they were replaced at @time_ms and leave a day later, unless that changes. */
static enum fwl_err
put_bytes(struct fwl_overlay *o, struct fwl_span key, uint32_t count, uint64_t time_ms, struct fwl_span bytes)
{
    uint8_t *to = NULL;
    enum fwl_err err = fwl_overlay_reserve(o, &to, FWL_SPACE_VAL, key, VAL_BYTES_AT + bytes.size);

    if (err == FWL_OK) {
        memmove(to + VAL_BYTES_AT, bytes.p, bytes.size);
        fwl_store_be32(to, count);
        to[4] = VAL_BYTES;
        fwl_store_be64(to + 5, count == 0 ? time_ms : 0);
    }
    return err;
}

/* Does the value wait to be forgotten since @time_ms? Used again and replaced later, it waits in another place too. */
static bool
waits_since(struct fwl_span value, uint64_t time_ms)
{
    return value.size >= VAL_BYTES_AT && references(value) == 0 && value.p[4] == VAL_BYTES &&
           fwl_load_be64(value.p + 5) == time_ms;
}

enum fwl_err
fwl_index_reference(struct fwl_overlay *o, struct fwl_span value, struct fwl_span at)
{
    struct fwl_kv kv = fwl_overlay_kv(o);
    struct fwl_hash32 hash;
    struct fwl_span old = {0};
    uint8_t buffer[33];
    enum fwl_err err = FWL_OK;

    fwl_tree_value_hash(&hash, value);
    err = fwl_kv_get(&kv, &old, FWL_SPACE_VAL, val_key(buffer, &hash));
    if (err != FWL_OK && err != FWL_ERR_ABSENT) {
        return err;
    }
    return put_at(o, fwl_span(buffer, sizeof(buffer)), references(old) + 1, at);
}

/* The entry at @at does not have @value any more; the bytes stay for a day. */
static enum fwl_err
drop_reference(struct fwl_overlay *o, struct fwl_span value, struct fwl_span at, uint64_t time_ms)
{
    struct fwl_kv kv = fwl_overlay_kv(o);
    struct fwl_hash32 hash;
    struct fwl_span old = {0};
    uint8_t key[33];
    uint8_t queue[41];
    uint32_t count = 0;
    bool named = false;
    enum fwl_err err = FWL_OK;

    fwl_tree_value_hash(&hash, value);
    err = fwl_kv_get(&kv, &old, FWL_SPACE_VAL, val_key(key, &hash));
    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_OK : err; /* restored from a snapshot: it was never indexed */
    }
    count = references(old) > 0 ? references(old) - 1 : 0;
    named = old.size >= 5 && old.p[4] == VAL_AT && fwl_span_equal(fwl_span(old.p + 5, old.size - 5), at);
    if (named || count == 0 || old.p[4] == VAL_BYTES) {
        err = put_bytes(o, fwl_span(key, sizeof(key)), count, time_ms, value);
    } else {
        err = put_at(o, fwl_span(key, sizeof(key)), count, fwl_span(old.p + 5, old.size - 5));
    }
    if (err == FWL_OK && count == 0) {
        queue[0] = VAL_QUEUE;
        fwl_store_be64(queue + 1, time_ms);
        memcpy(queue + 9, hash.b, 32);
        err = fwl_overlay_put(o, FWL_SPACE_VAL, fwl_span(queue, sizeof(queue)), (struct fwl_span){0});
    }
    return err;
}

/* Forgets the values that were replaced more than a day ago, oldest first, unless an entry has them again. */
static enum fwl_err
forget(struct fwl_overlay *o, uint64_t time_ms)
{
    struct fwl_kv kv = fwl_overlay_kv(o);
    uint8_t at[41] = {VAL_QUEUE};
    size_t at_size = 1;
    enum fwl_err err = FWL_OK;

    for (size_t i = 0; i < FORGET_MAX; i++) {
        struct fwl_kv_entry entry;
        struct fwl_span value = {0};
        struct fwl_hash32 hash;
        uint8_t key[33];

        err = fwl_kv_seek(&kv, &entry, FWL_SPACE_VAL, fwl_span(at, at_size));
        if (err != FWL_OK || entry.key.size != sizeof(at) || entry.key.p[0] != VAL_QUEUE ||
            fwl_load_be64(entry.key.p + 1) + VALUE_KEPT_MS > time_ms) {
            return err == FWL_ERR_ABSENT ? FWL_OK : err;
        }
        memcpy(at, entry.key.p, sizeof(at));
        at_size = sizeof(at);
        memcpy(hash.b, at + 9, 32);
        err = fwl_overlay_delete(o, FWL_SPACE_VAL, fwl_span(at, sizeof(at)));
        err = err == FWL_OK ? fwl_kv_get(&kv, &value, FWL_SPACE_VAL, val_key(key, &hash)) : err;
        if (err == FWL_OK && waits_since(value, fwl_load_be64(at + 1))) {
            err = fwl_overlay_delete(o, FWL_SPACE_VAL, fwl_span(key, sizeof(key)));
        }
        if (err != FWL_OK && err != FWL_ERR_ABSENT) {
            return err;
        }
    }
    return FWL_OK;
}

enum fwl_err
fwl_index_values(struct fwl_chain_slot *slot, const struct fwl_kv *base, uint64_t time_ms)
{
    struct fwl_overlay *o = &slot->overlay;
    struct fwl_overlay_write w = {0};
    enum fwl_err err = FWL_OK;

    /* Only space `kv` is looked at, and only space `val` is written: the iteration stays what it was. */
    while (err == FWL_OK && fwl_overlay_next(o, &w)) {
        struct fwl_span old = {0};
        enum fwl_err had = FWL_ERR_ABSENT;

        if (w.space != FWL_SPACE_KV) {
            continue;
        }
        if (base != NULL) {
            had = fwl_kv_get(base, &old, FWL_SPACE_KV, w.key);
        }
        if (had != FWL_OK && had != FWL_ERR_ABSENT) {
            return had;
        }
        if (had == FWL_OK && !w.deleted && fwl_span_equal(old, w.value)) {
            continue;
        }
        if (had == FWL_OK) {
            err = drop_reference(o, old, w.key, time_ms);
        }
        if (err == FWL_OK && !w.deleted) {
            err = fwl_index_reference(o, w.value, w.key);
        }
    }
    return err == FWL_OK ? forget(o, time_ms) : err;
}

/* ---- certificates and epochs ---- */

enum fwl_err
fwl_index_set(struct fwl_overlay *o, uint64_t epoch, uint64_t first_height, struct fwl_span set)
{
    uint8_t key[8];
    uint8_t *to = NULL;
    enum fwl_err err = fwl_overlay_reserve(o, &to, FWL_SPACE_SET, be64(key, epoch), 10 + set.size);

    if (err == FWL_OK) {
        fwl_store_be64(to, first_height);
        fwl_store_be16(to + 8, (uint16_t)set.size);
        memcpy(to + 10, set.p, set.size);
    }
    return err;
}

/* The line of the epoch that ends, with the step out of it appended. */
static enum fwl_err
end_epoch(struct fwl_chain_slot *slot, const struct fwl_kv *kv, const struct fwl_header *header, struct fwl_span cert)
{
    uint8_t key[8];
    uint8_t head[FWL_HEADER_SIZE];
    struct fwl_span line;
    struct fwl_span old;
    uint8_t *to = NULL;
    uint8_t buffer[10 + FWL_VALIDATORS_SIZE_MAX];
    enum fwl_err err = fwl_kv_get(kv, &old, FWL_SPACE_SET, be64(key, header->epoch));

    if (err != FWL_OK || old.size > sizeof(buffer)) {
        return err == FWL_OK || err == FWL_ERR_ABSENT ? FWL_ERR_CORRUPT : err;
    }
    memcpy(buffer, old.p, old.size);
    line = fwl_span(buffer, old.size);
    fwl_header_encode(head, header);
    err = fwl_overlay_reserve(&slot->overlay, &to, FWL_SPACE_SET, fwl_span(key, 8),
                              line.size + sizeof(head) + cert.size + slot->step_tail_size);
    if (err == FWL_OK) {
        memcpy(to, line.p, line.size);
        memcpy(to + line.size, head, sizeof(head));
        memcpy(to + line.size + sizeof(head), cert.p, cert.size);
        memcpy(to + line.size + sizeof(head) + cert.size, slot->step_tail, slot->step_tail_size);
    }
    return err;
}

enum fwl_err
fwl_index_final(struct fwl_chain_slot *slot, const struct fwl_kv *kv, const struct fwl_header *header,
                const struct fwl_cert *cert)
{
    uint8_t buffer[4 + (FWL_VALIDATORS_MAX + 7) / 8 + 64 * FWL_VALIDATORS_MAX];
    uint8_t key[8];
    struct fwl_writer w;
    struct fwl_span short_form;
    struct fwl_reader r;
    struct fwl_validators next;
    enum fwl_err err = FWL_OK;

    fwl_writer_init(&w, buffer, sizeof(buffer));
    fwl_cert_put_short(&w, cert);
    err = fwl_writer_finish(&w, &short_form);
    err = err == FWL_OK ? fwl_overlay_put(&slot->overlay, FWL_SPACE_FIN, be64(key, header->height), short_form) : err;
    if (err != FWL_OK || slot->step_tail_size == 0) {
        return err;
    }
    err = end_epoch(slot, kv, header, short_form);
    fwl_reader_init(&r, fwl_span(slot->step_tail, slot->step_tail_size));
    fwl_validators_read(&next, &r);
    FWL_ASSERT(fwl_reader_ok(&r)); /* we wrote it */
    return err == FWL_OK ? fwl_index_set(&slot->overlay, header->epoch + 1, header->height + 1,
                                         fwl_span(slot->step_tail, FWL_VALIDATORS_SIZE(next.n)))
                         : err;
}
