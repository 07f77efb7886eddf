#include "ledger/fsck/fsck.h"

#include "ledger/fsck/part.h"
#include "ledger/merkle/build/tiles.h"

enum {
    TELL_EVERY = 256,
};

enum fwl_err
fwl_fsck_fail(struct fwl_fsck *f, enum fwl_space space, struct fwl_span key, const char *what)
{
    f->fault->err = FWL_ERR_CORRUPT;
    f->fault->space = space;
    f->fault->key_size = FWL_MIN(key.size, sizeof(f->fault->key));
    if (key.size > 0) {
        memcpy(f->fault->key, key.p, f->fault->key_size);
    }
    f->fault->what = what;
    return FWL_ERR_CORRUPT;
}

static enum fwl_err
fail_read(struct fwl_fsck *f, enum fwl_space space, struct fwl_span key, enum fwl_err err)
{
    (void)fwl_fsck_fail(f, space, key, "the record cannot be read");
    f->fault->err = err;
    return err;
}

enum fwl_err
fwl_fsck_get(struct fwl_fsck *f, struct fwl_span *value, enum fwl_space space, struct fwl_span key, const char *missing)
{
    enum fwl_err err = fwl_kv_get(&f->kv, value, space, key);

    if (err == FWL_ERR_ABSENT) {
        return fwl_fsck_fail(f, space, key, missing);
    }
    return err == FWL_OK ? FWL_OK : fail_read(f, space, key, err);
}

enum fwl_err
fwl_fsck_next(struct fwl_fsck *f, struct fwl_kv_entry *e, enum fwl_space space, struct fwl_span key)
{
    enum fwl_err err = key.size == 0 ? fwl_kv_seek(&f->kv, e, space, key) : fwl_kv_next(&f->kv, e, space, key);

    if (err == FWL_OK && key.size > 0 && fwl_span_compare(e->key, key) <= 0) {
        return fwl_fsck_fail(f, space, e->key, "the keys are out of order");
    }
    return err == FWL_OK || err == FWL_ERR_ABSENT ? err : fail_read(f, space, key, err);
}

enum fwl_err
fwl_fsck_count(struct fwl_fsck *f, uint64_t *count, enum fwl_space space)
{
    struct fwl_kv_entry e = {0};
    enum fwl_err err = FWL_OK;

    for (*count = 0;; (*count)++) {
        err = fwl_fsck_next(f, &e, space, e.key);
        if (err != FWL_OK) {
            return err == FWL_ERR_ABSENT ? FWL_OK : err;
        }
    }
}

void
fwl_fsck_tell(const struct fwl_fsck *f, const char *part, uint64_t done, uint64_t total)
{
    if (f->config.progress != NULL && (done % TELL_EVERY == 0 || done == total)) {
        f->config.progress(f->config.cookie, part, done, total);
    }
}

/* ---- meta ---- */

static enum fwl_err
check_names(struct fwl_fsck *f)
{
    static const char *const names[] = {"base",    "chain_id", "genesis", "headers", "height",
                                        "history", "restored", "schema",  "was"};
    struct fwl_kv_entry e = {0};
    enum fwl_err err = FWL_OK;

    while ((err = fwl_fsck_next(f, &e, FWL_SPACE_META, e.key)) == FWL_OK) {
        bool known = false;

        for (size_t i = 0; i < FWL_COUNT(names); i++) {
            known = known || fwl_span_is(e.key, names[i]);
        }
        if (!known) {
            return fwl_fsck_fail(f, FWL_SPACE_META, e.key, "a name that this version does not know");
        }
    }
    return err == FWL_ERR_ABSENT ? FWL_OK : err;
}

/* Of header and transactions: one alone is a fault of its own table. */
static int
blocks_at(const struct fwl_fsck *f, uint64_t height)
{
    uint8_t key[8];
    struct fwl_span at = fwl_fsck_be64(key, height);
    struct fwl_span value;

    return (fwl_kv_get(&f->kv, &value, FWL_SPACE_HDR, at) == FWL_OK) +
           (fwl_kv_get(&f->kv, &value, FWL_SPACE_BLK, at) == FWL_OK);
}

/* A height that may be absent (@out is 0 then). */
static enum fwl_err
get_bound(struct fwl_fsck *f, uint64_t *out, const char *name, uint64_t most)
{
    struct fwl_span value = {0};
    enum fwl_err err = fwl_kv_get(&f->kv, &value, FWL_SPACE_META, fwl_span_text(name));

    *out = 0;
    if (err != FWL_OK) {
        return err == FWL_ERR_ABSENT ? FWL_OK : fail_read(f, FWL_SPACE_META, fwl_span_text(name), err);
    }
    *out = value.size == 8 ? fwl_load_be64(value.p) : 0;
    if (*out == 0 || *out > most) {
        return fwl_fsck_fail(f, FWL_SPACE_META, fwl_span_text(name), "it is no height up to the tip");
    }
    return FWL_OK;
}

static enum fwl_err
get_restored(struct fwl_fsck *f)
{
    struct fwl_span at = fwl_span_text("restored");
    struct fwl_span value = {0};
    struct fwl_reader r;
    size_t size = 0;
    enum fwl_err err = fwl_kv_get(&f->kv, &value, FWL_SPACE_META, at);

    if (err == FWL_ERR_ABSENT) {
        return f->lowest == 0 ? FWL_OK
                              : fwl_fsck_fail(f, FWL_SPACE_META, at,
                                              "headers or blocks are missing, but not because of a snapshot");
    }
    if (err != FWL_OK) {
        return fail_read(f, FWL_SPACE_META, at, err);
    }
    fwl_reader_init(&r, value);
    f->restored_at = fwl_reader_u64(&r);
    size = 8 + 32 * (size_t)__builtin_popcountll(f->restored_at);
    err = fwl_tiles_decode(&f->restored_history, fwl_reader_bytes(&r, size));
    if (err == FWL_OK) {
        err = fwl_tiles_decode(&f->restored_log, fwl_reader_rest(&r));
    }
    if (err != FWL_OK || !fwl_reader_ok(&r) || f->restored_history.size != f->restored_at || f->restored_at == 0 ||
        f->restored_at > f->tip || f->base <= f->restored_at || f->lowest > f->restored_at ||
        (f->base > f->tip && f->restored_at != f->tip)) {
        return fwl_fsck_fail(f, FWL_SPACE_META, at, "it describes no snapshot that this store can come from");
    }
    f->restored = true;
    return FWL_OK;
}

static enum fwl_err
check_meta(struct fwl_fsck *f)
{
    struct fwl_span value = {0};
    enum fwl_err err = check_names(f);

    if (err == FWL_OK) {
        err = fwl_fsck_get(f, &value, FWL_SPACE_META, fwl_span_text("genesis"), "the genesis document is missing");
    }
    if (err != FWL_OK) {
        return err;
    }
    fwl_genesis_chain_id(&f->chain_id, value);
    if (fwl_genesis_decode(&f->genesis, NULL, value) != FWL_OK) {
        return fwl_fsck_fail(f, FWL_SPACE_META, fwl_span_text("genesis"), "it is no genesis document");
    }
    err = fwl_fsck_get(f, &value, FWL_SPACE_META, fwl_span_text("chain_id"), "the chain id is missing");
    if (err != FWL_OK) {
        return err;
    }
    if (!fwl_span_equal(value, fwl_hash32_span(&f->chain_id))) {
        return fwl_fsck_fail(f, FWL_SPACE_META, fwl_span_text("chain_id"),
                             "the chain id is not the hash of the stored genesis document");
    }
    err = fwl_fsck_get(f, &value, FWL_SPACE_META, fwl_span_text("height"), "the height of the tip is missing");
    if (err != FWL_OK) {
        return err;
    }
    if (value.size != 8 || fwl_load_be64(value.p) >= UINT64_MAX - 1) {
        return fwl_fsck_fail(f, FWL_SPACE_META, fwl_span_text("height"), "the height of the tip is no height");
    }
    f->tip = fwl_load_be64(value.p);
    if (blocks_at(f, f->tip + 1) == 2 || blocks_at(f, f->tip) == 0) {
        return fwl_fsck_fail(f, FWL_SPACE_META, fwl_span_text("height"), "it is not the height of the last block");
    }
    err = get_bound(f, &f->base, "base", f->tip + 1);
    err = err == FWL_OK ? get_bound(f, &f->lowest, "headers", f->tip) : err;
    return err == FWL_OK ? get_restored(f) : err;
}

enum fwl_err
fwl_fsck_chain(const struct fwl_kv *kv, struct fwl_fsck_fault *fault, const struct fwl_fsck_config *config)
{
    struct fwl_fsck f = {.kv = *kv, .config = *config, .fault = fault};
    struct fwl_kv_entry first;
    enum fwl_err err = FWL_OK;

    *fault = (struct fwl_fsck_fault){0};
    if (fwl_kv_seek(kv, &first, FWL_SPACE_HDR, fwl_span(NULL, 0)) == FWL_ERR_ABSENT &&
        fwl_kv_seek(kv, &first, FWL_SPACE_KV, fwl_span(NULL, 0)) == FWL_ERR_ABSENT &&
        fwl_kv_get(kv, &first.value, FWL_SPACE_META, fwl_span_text("genesis")) == FWL_ERR_ABSENT) {
        return FWL_ERR_ABSENT;
    }
    err = check_meta(&f);
    err = err == FWL_OK ? fwl_fsck_blocks(&f) : err;
    err = err == FWL_OK ? fwl_fsck_trees(&f) : err;
    return err == FWL_OK ? fwl_fsck_state(&f) : err;
}
