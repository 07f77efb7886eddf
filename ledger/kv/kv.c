#include "ledger/kv/kv.h"

const char *
fwl_space_name(enum fwl_space space)
{
    static const char *const names[FWL_SPACE_LAST + 1] = {
        [FWL_SPACE_HDR] = "hdr",   [FWL_SPACE_HASH] = "hash",   [FWL_SPACE_BLK] = "blk",   [FWL_SPACE_FIN] = "fin",
        [FWL_SPACE_KV] = "kv",     [FWL_SPACE_VAL] = "val",     [FWL_SPACE_SMT] = "smt",   [FWL_SPACE_HIST] = "hist",
        [FWL_SPACE_LOG] = "log",   [FWL_SPACE_SET] = "set",     [FWL_SPACE_TXID] = "txid", [FWL_SPACE_EXP] = "exp",
        [FWL_SPACE_EV] = "ev",     [FWL_SPACE_META] = "meta",   [FWL_SPACE_REC] = "rec",   [FWL_SPACE_CERT] = "cert",
        [FWL_SPACE_BODY] = "body", [FWL_SPACE_VMETA] = "vmeta",
    };

    return (unsigned)space <= FWL_SPACE_LAST ? names[space] : NULL;
}

enum fwl_err
fwl_kv_get(const struct fwl_kv *kv, struct fwl_span *value, enum fwl_space space, struct fwl_span key)
{
    FWL_ASSERT(key.size >= 1 && key.size <= FWL_KV_KEY_MAX);
    *value = fwl_span(NULL, 0);
    return kv->ops->get(kv->ctx, value, space, key);
}

static enum fwl_err
seek(const struct fwl_kv *kv, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span key, bool after)
{
    struct fwl_kv_entry found = {.key = {NULL, 0}, .value = {NULL, 0}};
    enum fwl_err err;

    FWL_ASSERT(key.size <= FWL_KV_KEY_MAX);
    err = kv->ops->seek(kv->ctx, &found, space, key, after);
    if (err != FWL_OK) {
        found = (struct fwl_kv_entry){.key = {NULL, 0}, .value = {NULL, 0}};
    }
    *entry = found;
    return err;
}

enum fwl_err
fwl_kv_seek(const struct fwl_kv *kv, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span from)
{
    return seek(kv, entry, space, from, false);
}

enum fwl_err
fwl_kv_next(const struct fwl_kv *kv, struct fwl_kv_entry *entry, enum fwl_space space, struct fwl_span key)
{
    return seek(kv, entry, space, key, true);
}
